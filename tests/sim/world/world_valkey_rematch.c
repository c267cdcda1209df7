/* Valkey's part in rematches, and in who has to wait after leaving rated matches early. */
#include <tests/sim/world/world_valkey.h>

#define HOUR_MS 3600000
#define COOLDOWN_MS 120000
#define LEFT_MAX 3

/* ---- who left early ---- */

void model_left(struct world *world, const struct uuid *player, const struct uuid *match)
{
    struct key *left = key_put(world, KEY_LEFT, player, 0, HOUR_MS);
    if (!key_has(left, match)) {
        key_add(left, &(struct key_member){ .id = *match, .score = valkey_now_ms(world) });
    }
}

int64_t model_cooldown_ms(struct world *world, const struct uuid *player)
{
    const struct key *left = key_find(world, KEY_LEFT, player, 0);
    int64_t now_ms = valkey_now_ms(world);
    int64_t latest_ms = 0;
    uint32_t count = 0;
    for (uint32_t i = 0; left != NULL && i < left->members_count; i++) {
        int64_t at_ms = left->members[i].score;
        count += at_ms >= now_ms - HOUR_MS;
        latest_ms = at_ms > latest_ms ? at_ms : latest_ms;
    }
    int64_t rest_ms = latest_ms + COOLDOWN_MS - now_ms;
    return count >= LEFT_MAX && rest_ms > 0 ? rest_ms : 0;
}

/* ---- rematches ---- */

static bool is_between(const struct world *world, const struct key *match,
                       const struct uuid players[2])
{
    return match != NULL && match->owner == world->valkey->me &&
           ((uuid_equal(&match->player[0], &players[0]) &&
             uuid_equal(&match->player[1], &players[1])) ||
            (uuid_equal(&match->player[0], &players[1]) &&
             uuid_equal(&match->player[1], &players[0])));
}

/* Whether the two may play; else the reply says why not. */
static bool may_be_made(struct world *world, const struct hub_effect *effect,
                        struct hub_event *event)
{
    uint8_t seat;
    event->rematched.reply = HUB_UNAVAILABLE;
    if (key_find(world, KEY_ENDED, &effect->rematch.id, 0) != NULL) {
        return false;
    }
    for (uint32_t slot = 0; slot < 2; slot++) {
        const struct uuid *player = &effect->rematch.player[slot];
        const struct key *match = valkey_playing(world, player, &seat);
        if (match == NULL && valkey_is_missed(world, player)) {
            return false;
        }
        int64_t wait_ms = effect->rematch.rated ? model_cooldown_ms(world, player) : 0;
        bool busy = match != NULL || model_is_queued(world, player);
        if (busy || wait_ms > 0) {
            event->rematched.reply = HUB_REFUSED;
            event->rematched.player = *player;
            event->rematched.cooldown_until_ms = busy ? 0 : valkey_now_ms(world) + wait_ms;
            return false;
        }
    }
    return !valkey_is_untold(world, 0);
}

void model_rematch(struct world *world, const struct hub_effect *effect, struct world_item *answer)
{
    struct hub_event *event = &answer->answers[answer->answers_count++];
    struct key *match = valkey_match(world, &effect->rematch.id);
    if (!is_between(world, match, effect->rematch.player)) {
        if (!may_be_made(world, effect, event)) {
            return;
        }
        model_take_out(world, &effect->rematch.player[0]);
        model_take_out(world, &effect->rematch.player[1]);
        match = model_make(world, &effect->rematch.id, effect->rematch.player,
                           effect->rematch.card, NULL, effect->rematch.terms);
    }
    event->rematched.reply = HUB_OK;
    valkey_copy(answer, match, &event->rematched.copy);
    answer->marks[answer->answers_count - 1] = match->mark;
}
