/* Valkey's part in invitations: they are open, taken back or used, and who comes to one makes its
 * match. */
#include <tests/sim/world/world_valkey.h>

#define OPEN_MAX 3
#define DAY_MS 86400000

static bool is_open(const struct world *world, const struct key *invite)
{
    return invite->state == INVITE_OPEN && invite->open_until_ms > valkey_now_ms(world);
}

static void close_invite(struct world *world, struct key *invite, enum invite_state state)
{
    invite->state = state;
    key_remove(world, key_find(world, KEY_INVITES, &invite->player[0], 0), &invite->id, 0);
}

static void withdraw(struct world *world, struct key *invite)
{
    close_invite(world, invite, INVITE_WITHDRAWN);
    if (invite->owner != 0) {
        valkey_nudge(world, invite->owner, &invite->id);
    }
}

/* ---- made and taken back ---- */

static uint32_t count_open(struct world *world, const struct uuid *player)
{
    const struct key *list = key_find(world, KEY_INVITES, player, 0);
    uint32_t count = 0;
    for (uint32_t i = 0; list != NULL && i < list->members_count; i++) {
        const struct key *invite = key_find(world, KEY_INVITE, &list->members[i].id, 0);
        count += invite != NULL && is_open(world, invite);
    }
    return count;
}

void model_invite(struct world *world, const struct hub_effect *effect, struct hub_event *event)
{
    const struct uuid *id = &effect->invite.match;
    if (key_find(world, KEY_INVITE, id, 0) != NULL) {
        return;
    }
    if (count_open(world, &effect->invite.player) >= OPEN_MAX) {
        event->invited.reply = HUB_REFUSED;
        world->tally->too_many_invites++;
        return;
    }
    int64_t lasts_ms = effect->invite.expires_ms - valkey_now_ms(world);
    struct key *invite = key_put(world, KEY_INVITE, id, 0, lasts_ms + DAY_MS);
    invite->player[0] = effect->invite.player;
    invite->open_until_ms = effect->invite.expires_ms;
    invite->rated = effect->invite.rated;
    key_set_blob(invite, 0, effect->invite.card);
    key_set_blob(invite, 3, effect->invite.terms);
    key_add(key_put(world, KEY_INVITES, &effect->invite.player, 0, DAY_MS),
            &(struct key_member){ .id = *id });
    world->tally->invites++;
}

void model_withdraw(struct world *world, const struct hub_effect *effect, struct hub_event *event)
{
    struct key *invite = key_find(world, KEY_INVITE, &effect->withdraw.match, 0);
    if (invite == NULL || !uuid_equal(&invite->player[0], &effect->withdraw.player)) {
        return;
    }
    if (is_open(world, invite)) {
        withdraw(world, invite);
        world->tally->withdrawn++;
    }
    event->withdrawn.found = invite->state == INVITE_WITHDRAWN;
}

void model_withdraw_all(struct world *world, const struct uuid *player)
{
    struct key *list = key_find(world, KEY_INVITES, player, 0);
    while (list != NULL) {
        struct uuid id = list->members[0].id;
        struct key *invite = key_find(world, KEY_INVITE, &id, 0);
        if (invite != NULL && is_open(world, invite)) {
            withdraw(world, invite);
            world->tally->withdrawn++;
        }
        key_remove(world, key_find(world, KEY_INVITES, player, 0), &id, 0);
        list = key_find(world, KEY_INVITES, player, 0);
    }
}

/* ---- who comes ---- */

static bool is_busy(struct world *world, const struct uuid *player)
{
    uint8_t slot;
    return valkey_playing(world, player, &slot) != NULL || valkey_is_missed(world, player);
}

/* Who waits in the queue, with whatever process, is in the match instead. */
static void end_waiting(struct world *world, const struct uuid *player)
{
    const struct key *ticket = key_find(world, KEY_TICKET, player, 0);
    uint64_t boot = ticket == NULL ? 0 : ticket->owner;
    model_take_out(world, player);
    if (boot != 0 && boot != world->valkey->me) {
        valkey_nudge(world, boot, player);
    }
}

/* What stands in the way of the match; HUB_OURS: nothing. */
static enum hub_place hindrance(struct world *world, const struct key *invite, bool rated,
                                const struct hub_effect *effect)
{
    const struct uuid *friend = &effect->seek.player;
    if (valkey_is_untold(world, 0)) {
        return HUB_SUCCESSOR;
    }
    if (is_busy(world, friend) || is_busy(world, &invite->player[0])) {
        return HUB_BUSY;
    }
    if (rated && model_cooldown_ms(world, friend) > 0) {
        return HUB_COOLDOWN;
    }
    if (rated && model_cooldown_ms(world, &invite->player[0]) > 0) {
        return HUB_BUSY;
    }
    return effect->seek.card.size == 0 ? HUB_FULL : HUB_OURS;
}

static void accept(struct world *world, struct key *invite, const struct hub_effect *effect,
                   struct world_item *answer)
{
    struct hub_event *event = &answer->answers[answer->answers_count - 1];
    bool rated = invite->rated && effect->seek.rated;
    event->sought.place = hindrance(world, invite, rated, effect);
    const struct world_process *caller = world->valkey->caller;
    if (event->sought.place == HUB_COOLDOWN && caller != NULL) {
        event->sought.until_ms = (int64_t)(process_clock(world, caller) / 1000) +
                                 model_cooldown_ms(world, &effect->seek.player);
    }
    if (event->sought.place != HUB_OURS) {
        world->tally->not_accepted++;
        return;
    }
    const struct uuid players[2] = { invite->player[0], effect->seek.player };
    const struct text cards[2] = { invite->texts[0], effect->seek.card };
    end_waiting(world, &players[0]);
    end_waiting(world, &players[1]);
    close_invite(world, invite, INVITE_USED);
    invite->player[1] = players[1];
    const struct key *match = model_make(world, &invite->id, players, cards, NULL,
                                         rated ? invite->texts[3] : effect->seek.terms);
    witness_invited(world, &invite->id, rated);
    world->tally->accepted++;
    world->tally->accepted_rated += rated;
    if (invite->owner != 0 && invite->owner != world->valkey->me) {
        valkey_nudge(world, invite->owner, &invite->id);
    }
    event->sought.made = true;
    valkey_copy(answer, match, &event->sought.copy);
    answer->marks[answer->answers_count - 1] = match->mark;
}

static void wait(struct world *world, struct key *invite, const struct hub_effect *effect,
                 struct world_item *answer)
{
    struct hub_event *event = &answer->answers[answer->answers_count - 1];
    uint64_t me = world->valkey->me;
    if (effect->seek.parked && invite->owner != me && valkey_is_alive(world, invite->owner)) {
        event->sought.place = HUB_REPLACED;
        return;
    }
    if (invite->owner != me && invite->owner != 0) {
        valkey_nudge(world, invite->owner, &invite->id);
    }
    invite->owner = me;
    if (effect->seek.card.size != 0) {
        key_set_blob(invite, 0, effect->seek.card);
    }
    event->sought.place = HUB_INVITED;
    event->sought.copy.card[0] = world_keep(answer, invite->texts[0]);
    event->sought.copy.terms = world_keep(answer, invite->texts[3]);
    event->sought.until_ms = invite->open_until_ms;
}

bool model_is_used(struct world *world, const struct uuid *match)
{
    const struct key *invite = key_find(world, KEY_INVITE, match, 0);
    return invite == NULL || invite->state == INVITE_USED;
}

void model_come(struct world *world, const struct hub_effect *effect, struct world_item *answer)
{
    struct hub_event *event = &answer->answers[answer->answers_count - 1];
    struct key *invite = key_find(world, KEY_INVITE, &effect->seek.match, 0);
    if (invite == NULL) {
        return;
    }
    bool by_ticket = uuid_is_none(&effect->seek.player);
    bool is_inviter = by_ticket ? effect->seek.slot == 0
                                : uuid_equal(&effect->seek.player, &invite->player[0]);
    if (invite->state == INVITE_USED) {
        bool is_other = !by_ticket && !is_inviter &&
                        !uuid_equal(&effect->seek.player, &invite->player[1]);
        event->sought.place = is_other ? HUB_FOREIGN : HUB_USED;
    } else if (invite->state == INVITE_WITHDRAWN) {
        event->sought.place = HUB_WITHDRAWN;
    } else if (!is_open(world, invite)) {
        event->sought.place = HUB_EXPIRED;
    } else if (is_inviter) {
        wait(world, invite, effect, answer);
    } else if (by_ticket) {
        event->sought.place = HUB_NOWHERE;
    } else {
        accept(world, invite, effect, answer);
    }
}
