/* Valkey's keys: they are found, written, expire by its own clock, and vanish. */
#include <stdlib.h>
#include <string.h>
#include <tests/sim/world/world_valkey.h>

#define LOST_MS 60000
#define DAY_MS 86400000

int64_t valkey_now_ms(const struct world *world)
{
    return (int64_t)(world->now_us / 1000) + world->valkey->offset_ms;
}

static void forget(struct world *world, uint32_t index)
{
    struct key *key = world->valkey->keys[index];
    world->valkey->keys[index] = world->valkey->keys[--world->valkey->count];
    if (key->kind == KEY_MATCH || key->kind == KEY_PLAYING) {
        bool whole = key->kind == KEY_MATCH;
        witness_evicted(world, whole ? &key->id : &key->player[0], whole);
    }
    for (uint32_t i = 0; i < 4; i++) {
        free(key->blobs[i]);
    }
    free(key->members);
    free(key);
}

struct key *key_find(struct world *world, enum key_kind kind, const struct uuid *id,
                     uint64_t boot)
{
    static const struct uuid none;
    const struct uuid *wanted = id == NULL ? &none : id;
    for (uint32_t i = 0; i < world->valkey->count; i++) {
        struct key *key = world->valkey->keys[i];
        if (key->kind == kind && key->boot == boot && uuid_equal(&key->id, wanted)) {
            if (key->expires_ms > valkey_now_ms(world)) {
                return key;
            }
            forget(world, i);
            return NULL;
        }
    }
    return NULL;
}

struct key *key_put(struct world *world, enum key_kind kind, const struct uuid *id, uint64_t boot,
                    int64_t lasts_ms)
{
    struct valkey_model *valkey = world->valkey;
    struct key *key = key_find(world, kind, id, boot);
    if (key == NULL) {
        if (valkey->count == valkey->max) {
            valkey->max = valkey->max == 0 ? 64 : 2 * valkey->max;
            valkey->keys = realloc(valkey->keys, valkey->max * sizeof(struct key *));
        }
        key = calloc(1, sizeof *key);
        if (valkey->keys == NULL || key == NULL) {
            abort();
        }
        valkey->keys[valkey->count++] = key;
        key->kind = kind;
        key->boot = boot;
        if (id != NULL) {
            key->id = *id;
        }
    }
    key->expires_ms = valkey_now_ms(world) + lasts_ms;
    return key;
}

void key_drop(struct world *world, struct key *key)
{
    for (uint32_t i = 0; key != NULL && i < world->valkey->count; i++) {
        if (world->valkey->keys[i] == key) {
            forget(world, i);
            return;
        }
    }
}

void key_set_blob(struct key *key, uint32_t index, struct text text)
{
    free(key->blobs[index]);
    key->blobs[index] = NULL;
    key->texts[index] = TEXT_NONE;
    if (text.data != NULL) {
        key->blobs[index] = malloc(text.size + 1);
        if (key->blobs[index] == NULL) {
            abort();
        }
        memcpy(key->blobs[index], text.data, text.size);
        key->texts[index] = (struct text){ key->blobs[index], text.size };
    }
}

static struct key_member *member_of(struct key *key, const struct uuid *id, uint64_t boot)
{
    for (uint32_t i = 0; i < key->members_count; i++) {
        if (key->members[i].boot == boot && uuid_equal(&key->members[i].id, id)) {
            return &key->members[i];
        }
    }
    return NULL;
}

bool key_has(struct key *key, const struct uuid *id)
{
    return key != NULL && member_of(key, id, 0) != NULL;
}

void key_add(struct key *key, const struct key_member *member)
{
    struct key_member *there = member_of(key, &member->id, member->boot);
    if (there != NULL) {
        *there = *member;
        return;
    }
    if (key->members_count == key->members_max) {
        key->members_max = key->members_max == 0 ? 8 : 2 * key->members_max;
        key->members = realloc(key->members, key->members_max * sizeof *key->members);
        if (key->members == NULL) {
            abort();
        }
    }
    key->members[key->members_count++] = *member;
}

/* One without members does not exist. */
void key_remove(struct world *world, struct key *key, const struct uuid *id, uint64_t boot)
{
    static const struct uuid none;
    struct key_member *there = key == NULL ? NULL : member_of(key, id == NULL ? &none : id, boot);
    if (there != NULL) {
        *there = key->members[--key->members_count];
        if (key->members_count == 0 && key->whole == NOTES_UNMARKED) {
            key_drop(world, key);
        }
    }
}

/* ---- what the scripts share ---- */

struct text valkey_node_name(uint32_t node)
{
    return node == 0 ? TEXT("a") : TEXT("b");
}

bool valkey_is_alive(struct world *world, uint64_t boot)
{
    return boot != 0 &&
           (boot == world->valkey->me || key_find(world, KEY_LEASE, NULL, boot) != NULL);
}

struct key *valkey_match(struct world *world, const struct uuid *id)
{
    return key_find(world, KEY_MATCH, id, 0);
}

uint32_t valkey_place_of(struct world *world, const struct key *match)
{
    if (valkey_is_alive(world, match->owner) || match->node == world->valkey->here) {
        return match->node + 1;
    }
    const struct key *boots = key_find(world, KEY_BOOTS, NULL, 0);
    for (uint32_t i = 0; boots != NULL && i < boots->members_count; i++) {
        const struct key *lease = key_find(world, KEY_LEASE, NULL, boots->members[i].boot);
        if (lease != NULL && lease->node == match->node) {
            return match->node + 1;
        }
    }
    return 0;
}

bool valkey_is_abandoned(struct world *world, const struct key *match)
{
    return !valkey_is_alive(world, match->owner) &&
           (match->owner == 0 || match->node == world->valkey->here ||
            key_find(world, KEY_SETTLING, NULL, world->valkey->me) == NULL);
}

void valkey_connected(struct world *world, struct world_process *process)
{
    process->connections++;
    key_put(world, KEY_SETTLING, NULL, process->boot, 2 * (int64_t)world->lease_ms);
}

void valkey_nudge(struct world *world, uint64_t boot, const struct uuid *player)
{
    for (uint32_t i = 0; i < WORLD_PROCESSES_MAX; i++) {
        const struct world_process *process = &world->processes[i];
        if (process->alive && process->boot == boot && process->up[HUB_VALKEY] &&
            !world_chance(world, world->faults.deaf)) {
            struct world_item *item =
                world_plan(world, 200 + world_random(world, 20000), ITEM_NUDGE);
            item->process = i;
            item->life = process->life;
            if (player != NULL) {
                item->nudged = *player;
            }
        }
    }
}

void valkey_remind(struct world *world, uint64_t boot, const struct uuid *id)
{
    key_add(key_put(world, KEY_LOST, NULL, boot, LOST_MS), &(struct key_member){ .id = *id });
    valkey_nudge(world, boot, NULL);
}

void valkey_disown(struct world *world, const struct key *match)
{
    uint64_t owner = match->owner;
    if (owner == world->valkey->me || owner == 0) {
        return;
    }
    key_remove(world, key_find(world, KEY_OWNED, NULL, owner), &match->id, 0);
    for (uint32_t slot = 0; slot < 2; slot++) {
        valkey_forget_note(world, owner, &match->player[slot], &match->id);
    }
    if (valkey_is_alive(world, owner)) {
        valkey_remind(world, owner, &match->id);
    }
}

void valkey_own(struct world *world, const struct key *match)
{
    uint64_t me = world->valkey->me;
    uint8_t seat;
    key_add(key_put(world, KEY_OWNED, NULL, me, DAY_MS), &(struct key_member){ .id = match->id });
    key_remove(world, key_find(world, KEY_LOST, NULL, me), &match->id, 0);
    for (uint32_t slot = 0; slot < 2; slot++) {
        const struct key *other = valkey_playing(world, &match->player[slot], &seat);
        if (other == NULL || uuid_equal(&other->id, &match->id) || other->fence <= match->fence) {
            valkey_note(world, me, &match->player[slot], &match->id);
        }
    }
}

void valkey_take(struct world *world, struct key *match)
{
    uint64_t now_us = (uint64_t)valkey_now_ms(world) * 1000 + world->now_us % 1000;
    valkey_disown(world, match);
    match->owner = world->valkey->me;
    match->node = world->valkey->here;
    match->fence = match->fence + 1 > now_us ? match->fence + 1 : now_us;
    match->dormant = true;
    valkey_own(world, match);
}

void valkey_copy(struct world_item *answer, const struct key *match, struct hub_copy *ret_copy)
{
    ret_copy->fence = match->fence;
    ret_copy->card[0] = world_keep(answer, match->texts[0]);
    ret_copy->card[1] = world_keep(answer, match->texts[1]);
    ret_copy->data = world_keep(answer, match->texts[2]);
    ret_copy->terms = world_keep(answer, match->texts[3]);
}

/* ---- life ---- */

void valkey_init(struct world *world)
{
    world->valkey = calloc(1, sizeof *world->valkey);
    if (world->valkey == NULL) {
        abort();
    }
    if (world->skew_us > 0) {
        world->valkey->offset_ms = world_random(world, world->skew_us / 1000 + 1);
    }
}

void valkey_destroy_model(struct world *world)
{
    struct witness *witness = world->witness;
    world->witness = NULL; /* need not hear of it */
    while (world->valkey->count > 0) {
        forget(world, 0);
    }
    world->witness = witness;
    free(world->valkey->keys);
    free(world->valkey);
}

void *valkey_mark(struct world *world, const struct uuid *match)
{
    const struct key *key = valkey_match(world, match);
    return key == NULL ? NULL : key->mark;
}

bool valkey_has_ended(struct world *world, const struct uuid *match)
{
    return key_find(world, KEY_ENDED, match, 0) != NULL;
}

void valkey_lease_ended(struct world *world, const struct world_process *process)
{
    key_drop(world, key_find(world, KEY_LEASE, NULL, process->boot));
}

void valkey_turn(struct world *world)
{
    struct valkey_model *valkey = world->valkey;
    if (valkey->count > 0 && world_chance(world, world->faults.vanish)) {
        world->tally->evicted++;
        forget(world, world_random(world, valkey->count));
    }
    if (world_rarely(world, world->faults.emptied)) {
        world->tally->emptied++;
        world_say_line(world, "Valkey is emptied");
        while (valkey->count > 0) {
            forget(world, 0);
        }
    }
}

/* In the liveness phase nothing is left behind: no ticket that nobody wants. Who was sent away by a
 * process that stopped may have gone home: that ticket has run out. */
void valkey_end(struct world *world)
{
    for (uint32_t i = 0; i < world->valkey->count; i++) {
        const struct key *key = world->valkey->keys[i];
        if (key->expires_ms <= valkey_now_ms(world)) {
            continue;
        }
        if (key->kind == KEY_TICKET) {
            world_fault(world, "at the end: a ticket is left in Valkey");
        } else if (key->kind == KEY_QUEUE && key->members_count > 0 && world->nodes_count == 1 &&
                   !world->stopped) {
            for (uint32_t k = 0; k < key->members_count; k++) {
                if (key->members[k].score * 1000 > (int64_t)world->calm_us) {
                    world_fault(world, "at the end: somebody stands in the queue");
                }
            }
        }
    }
}
