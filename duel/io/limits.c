/* How much one address may do.
 *
 * An address that has nothing open is kept as long as it has spent some of its allowance, in the
 * order in which it was left: the one left longest ago is the first to be forgotten. There are more
 * places than connections, so one can always be had, and whoever floods from many addresses only
 * makes the table forget others' spending. */
#include <duel/base/assert.h>
#include <duel/base/table.h>
#include <duel/io/limits.h>
#include <stdlib.h>

#define SPARE 8192 /* addresses remembered beyond those that hold a connection */

struct entry {
    struct address address;
    uint64_t full_us; /* when the allowance is whole again */
    uint32_t connections;
    uint32_t unauthenticated;
    uint32_t before; /* of the idle ones; LIMITS_NONE: the end */
    uint32_t next;
};

struct limits {
    struct limits_bounds bounds;
    uint64_t step_us; /* a request's part of the allowance */
    uint64_t burst_us;
    struct table table; /* address to entry */
    struct entry *entries;
    uint32_t entries_max;
    uint32_t entries_used; /* ever */
    uint32_t idle_first;
    uint32_t idle_last;
};

struct limits *limits_create(const struct limits_bounds *bounds, uint32_t holds_max, uint64_t seed)
{
    struct limits *limits = calloc(1, sizeof(*limits));
    if (limits == NULL) {
        return NULL;
    }
    limits->bounds = *bounds;
    limits->entries_max = holds_max + SPARE;
    limits->idle_first = LIMITS_NONE;
    limits->idle_last = LIMITS_NONE;
    if (bounds->rate_per_s != 0) {
        limits->step_us = 1000000 / bounds->rate_per_s;
        limits->burst_us = limits->step_us * (bounds->burst == 0 ? 1 : bounds->burst);
    }
    limits->entries = calloc(limits->entries_max, sizeof(*limits->entries));
    if (limits->entries == NULL ||
        !table_create(&limits->table, limits->entries_max,
                      sizeof(((struct address *)0)->bytes), seed)) {
        free(limits->entries);
        free(limits);
        return NULL;
    }
    return limits;
}

void limits_destroy(struct limits *limits)
{
    if (limits != NULL) {
        table_destroy(&limits->table);
        free(limits->entries);
        free(limits);
    }
}

/* ---- the idle ones ---- */

static void add_idle(struct limits *limits, uint32_t index)
{
    struct entry *entry = &limits->entries[index];
    entry->next = LIMITS_NONE;
    entry->before = limits->idle_last;
    *(entry->before == LIMITS_NONE ? &limits->idle_first : &limits->entries[entry->before].next) =
        index;
    limits->idle_last = index;
}

static void remove_idle(struct limits *limits, uint32_t index)
{
    const struct entry *entry = &limits->entries[index];
    *(entry->before == LIMITS_NONE ? &limits->idle_first : &limits->entries[entry->before].next) =
        entry->next;
    *(entry->next == LIMITS_NONE ? &limits->idle_last : &limits->entries[entry->next].before) =
        entry->before;
}

/* A place for a new address: the idlest one's when that has spent nothing, else a fresh one, else
 * the idlest one's all the same. */
static uint32_t take_place(struct limits *limits, uint64_t now_us)
{
    uint32_t index = limits->idle_first;
    bool is_whole = index != LIMITS_NONE && limits->entries[index].full_us <= now_us;
    if (!is_whole && limits->entries_used < limits->entries_max) {
        return limits->entries_used++;
    }
    ASSERT(index != LIMITS_NONE); /* there are more places than connections */
    remove_idle(limits, index);
    const struct address *address = &limits->entries[index].address;
    table_remove(&limits->table, address->bytes, sizeof(address->bytes));
    return index;
}

/* ---- use ---- */

bool limits_enter(struct limits *limits, const struct address *address, uint64_t now_us,
                  uint32_t *ret_entry)
{
    uint32_t index;
    struct entry *entry;
    if (table_get(&limits->table, address->bytes, sizeof(address->bytes), &index)) {
        entry = &limits->entries[index];
        if (limits->bounds.connections != 0 && entry->connections >= limits->bounds.connections) {
            return false;
        }
        if (entry->connections == 0) {
            remove_idle(limits, index);
        }
    } else {
        index = take_place(limits, now_us);
        entry = &limits->entries[index];
        *entry = (struct entry){ .address = *address };
        table_put(&limits->table, address->bytes, sizeof(address->bytes), index);
    }
    entry->connections++;
    *ret_entry = index;
    return true;
}

void limits_leave(struct limits *limits, uint32_t index)
{
    if (index == LIMITS_NONE) {
        return;
    }
    struct entry *entry = &limits->entries[index];
    ASSERT(entry->connections > 0);
    if (--entry->connections == 0) {
        ASSERT(entry->unauthenticated == 0);
        add_idle(limits, index);
    }
}

bool limits_charge(struct limits *limits, uint32_t index, uint64_t now_us, uint64_t *ret_wait_us)
{
    if (limits->step_us == 0) {
        return true;
    }
    struct entry *entry = &limits->entries[index];
    uint64_t full_us = entry->full_us > now_us ? entry->full_us : now_us;
    uint64_t spent_us = full_us - now_us + limits->step_us;
    if (spent_us > limits->burst_us) {
        *ret_wait_us = spent_us - limits->burst_us;
        return false;
    }
    entry->full_us = full_us + limits->step_us;
    return true;
}

void limits_add_unauthenticated(struct limits *limits, uint32_t index)
{
    if (index != LIMITS_NONE) {
        limits->entries[index].unauthenticated++;
    }
}

void limits_remove_unauthenticated(struct limits *limits, uint32_t index)
{
    if (index != LIMITS_NONE) {
        ASSERT(limits->entries[index].unauthenticated > 0);
        limits->entries[index].unauthenticated--;
    }
}

bool limits_has_unauthenticated_room(const struct limits *limits, uint32_t index)
{
    return limits->bounds.unauthenticated == 0 ||
           limits->entries[index].unauthenticated < limits->bounds.unauthenticated;
}

uint32_t limits_addresses(const struct limits *limits)
{
    return limits->table.count;
}
