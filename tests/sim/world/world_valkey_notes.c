/* What each process has noted in Valkey of who plays there, so that one lost key is not enough for
 * a player to be in two matches. */
#include <string.h>
#include <tests/sim/world/world_valkey.h>

#define DAY_MS 86400000
#define AGAIN_MS 3000
#define SINCE_MS 3000
#define BOOTS_MAX 64

static struct key_member *note_of(struct world *world, uint64_t boot, const struct uuid *player)
{
    struct key *notes = key_find(world, KEY_PLAYERS, NULL, boot);
    for (uint32_t i = 0; notes != NULL && i < notes->members_count; i++) {
        if (uuid_equal(&notes->members[i].id, player)) {
            return &notes->members[i];
        }
    }
    return NULL;
}

/* The caller first. */
static uint32_t boots(struct world *world, uint64_t ret_boots[BOOTS_MAX])
{
    const struct key *key = key_find(world, KEY_BOOTS, NULL, 0);
    uint32_t count = 0;
    ret_boots[count++] = world->valkey->me;
    for (uint32_t i = 0; key != NULL && i < key->members_count && count < BOOTS_MAX; i++) {
        if (key->members[i].boot != world->valkey->me) {
            ret_boots[count++] = key->members[i].boot;
        }
    }
    return count;
}

static struct key *seat_in(struct world *world, const struct uuid *id, const struct uuid *player,
                           uint8_t *ret_slot)
{
    struct key *match = valkey_match(world, id);
    for (uint8_t slot = 0; match != NULL && !match->over && slot < 2; slot++) {
        if (uuid_equal(&match->player[slot], player)) {
            *ret_slot = slot;
            return match;
        }
    }
    return NULL;
}

struct key *valkey_playing(struct world *world, const struct uuid *player, uint8_t *ret_slot)
{
    uint64_t list[BOOTS_MAX];
    const struct key *key = key_find(world, KEY_PLAYING, player, 0);
    struct key *match = key == NULL ? NULL : seat_in(world, &key->player[0], player, ret_slot);
    uint32_t count = boots(world, list);
    for (uint32_t i = 0; match == NULL && i < count; i++) {
        const struct key_member *note = note_of(world, list[i], player);
        match = note == NULL ? NULL : seat_in(world, &note->match, player, ret_slot);
    }
    return match;
}

bool valkey_is_missed(struct world *world, const struct uuid *player)
{
    uint64_t list[BOOTS_MAX];
    uint32_t count = boots(world, list);
    int64_t now_ms = valkey_now_ms(world);
    bool missed = false;
    for (uint32_t i = 0; i < count; i++) {
        struct key_member *note = note_of(world, list[i], player);
        if (note == NULL || valkey_match(world, &note->match) != NULL ||
            !valkey_is_alive(world, list[i])) {
            continue;
        }
        struct uuid id = note->match;
        bool is_old = note->till_ms != 0 && note->till_ms <= now_ms;
        if (is_old || key_find(world, KEY_ENDED, &id, 0) != NULL) {
            valkey_forget_note(world, list[i], player, &id);
            continue;
        }
        note->till_ms = note->till_ms != 0 ? note->till_ms : now_ms + AGAIN_MS;
        valkey_remind(world, list[i], &id);
        missed = true;
    }
    return missed;
}

void valkey_note(struct world *world, uint64_t boot, const struct uuid *player,
                 const struct uuid *match)
{
    struct key_member member = { .id = *player, .match = *match };
    key_add(key_put(world, KEY_PLAYERS, NULL, boot, DAY_MS), &member);
}

bool valkey_has_note(struct world *world, uint64_t boot, const struct uuid *player,
                     const struct uuid *match)
{
    const struct key_member *note = note_of(world, boot, player);
    return note != NULL && uuid_equal(&note->match, match);
}

void valkey_forget_note(struct world *world, uint64_t boot, const struct uuid *player,
                        const struct uuid *match)
{
    if (valkey_has_note(world, boot, player, match)) {
        key_remove(world, key_find(world, KEY_PLAYERS, NULL, boot), player, 0);
    }
}

void valkey_stop_playing(struct world *world, const struct uuid *player, const struct uuid *match)
{
    uint64_t list[BOOTS_MAX];
    uint32_t count = boots(world, list);
    struct key *key = key_find(world, KEY_PLAYING, player, 0);
    if (key != NULL && uuid_equal(&key->player[0], match)) {
        key_drop(world, key);
    }
    for (uint32_t i = 0; i < count; i++) {
        valkey_forget_note(world, list[i], player, match);
    }
}

bool valkey_is_untold(struct world *world, uint64_t known)
{
    int64_t now_ms = valkey_now_ms(world);
    const struct world_process *caller = world->valkey->caller;
    struct key *since = key_find(world, KEY_SINCE, NULL, 0);
    if (since == NULL) {
        since = key_put(world, KEY_SINCE, NULL, 0, INT64_C(1000) * DAY_MS);
        since->since_ms = now_ms;
    }
    if (now_ms - since->since_ms >= SINCE_MS) {
        return false;
    }
    if (caller != NULL && caller->connections > 1 &&
        key_find(world, KEY_SETTLING, NULL, world->valkey->me) != NULL) {
        return true;
    }
    for (uint32_t i = 0; i < WORLD_PROCESSES_MAX; i++) {
        const struct world_process *process = &world->processes[i];
        if (process->alive && process->up[HUB_VALKEY] && process->boot != known) {
            const struct key *notes = key_find(world, KEY_PLAYERS, NULL, process->boot);
            if (notes == NULL || notes->whole != NOTES_WHOLE) {
                return true;
            }
        }
    }
    return false;
}

bool valkey_renew_notes(struct world *world, bool told)
{
    struct key *notes = key_find(world, KEY_PLAYERS, NULL, world->valkey->me);
    bool kept = notes != NULL && notes->whole != NOTES_UNMARKED;
    if (kept || !told) {
        notes = key_put(world, KEY_PLAYERS, NULL, world->valkey->me, DAY_MS);
        notes->whole = told ? NOTES_WHOLE : NOTES_PARTIAL;
    }
    return kept || !told;
}
