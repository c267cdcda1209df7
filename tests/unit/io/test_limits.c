/* Limits by address: what one may do, what others do not notice, and the bounded table. */
#include "test.h"

#include <duel/base/rng.h>
#include <duel/io/limits.h>

#define SECOND 1000000ULL
#define START (1000 * SECOND)

static struct address numbered(uint32_t number)
{
    struct address address = { { 0x20, 0x01 } };
    memcpy(address.bytes + 2, &number, sizeof(number));
    return address;
}

static bool enter(struct limits *limits, uint32_t number, uint64_t now_us, uint32_t *ret_entry)
{
    struct address address = numbered(number);
    return limits_enter(limits, &address, now_us, ret_entry);
}

static struct limits *create(struct limits_bounds bounds, uint32_t holds_max)
{
    struct limits *limits = limits_create(&bounds, holds_max, 42);
    CHECK(limits != NULL);
    return limits;
}

TEST(connections)
{
    struct limits *limits = create((struct limits_bounds){ .connections = 2 }, 10);
    uint32_t a, b, c, other;
    CHECK(enter(limits, 1, START, &a) && enter(limits, 1, START, &b));
    CHECK(a == b);
    c = 77;
    CHECK(!enter(limits, 1, START, &c) && c == 77);
    CHECK(enter(limits, 2, START, &other) && other != a);
    limits_leave(limits, b);
    CHECK(enter(limits, 1, START, &b));
    limits_leave(limits, a);
    limits_leave(limits, b);
    limits_leave(limits, other);
    limits_leave(limits, LIMITS_NONE);
    CHECK(enter(limits, 1, START, &a) && enter(limits, 1, START, &b));
    CHECK(!enter(limits, 1, START, &c));
    limits_destroy(limits);
}

TEST(unauthenticated)
{
    struct limits *limits = create((struct limits_bounds){ .unauthenticated = 2 }, 10);
    uint32_t entry;
    CHECK(enter(limits, 1, START, &entry));
    CHECK(limits_has_unauthenticated_room(limits, entry));
    limits_add_unauthenticated(limits, entry);
    CHECK(limits_has_unauthenticated_room(limits, entry));
    limits_add_unauthenticated(limits, entry);
    CHECK(!limits_has_unauthenticated_room(limits, entry));
    limits_remove_unauthenticated(limits, entry);
    CHECK(limits_has_unauthenticated_room(limits, entry));
    limits_add_unauthenticated(limits, LIMITS_NONE);
    limits_remove_unauthenticated(limits, LIMITS_NONE);
    limits_destroy(limits);
}

TEST(rate_and_burst)
{
    struct limits *limits = create((struct limits_bounds){ .rate_per_s = 10, .burst = 5 }, 10);
    uint32_t entry, other;
    uint64_t wait_us = 7;
    CHECK(enter(limits, 1, START, &entry) && enter(limits, 2, START, &other));
    for (uint32_t i = 0; i < 5; i++) {
        CHECK(limits_charge(limits, entry, START, &wait_us) && wait_us == 7);
    }
    CHECK(!limits_charge(limits, entry, START, &wait_us));
    CHECK_INT(wait_us, SECOND / 10);
    CHECK(!limits_charge(limits, entry, START + SECOND / 10 - 1, &wait_us));
    CHECK_INT(wait_us, 1);
    CHECK(limits_charge(limits, entry, START + SECOND / 10, &wait_us));
    CHECK(!limits_charge(limits, entry, START + SECOND / 10, &wait_us));
    CHECK(limits_charge(limits, other, START, &wait_us)); /* somebody else's is untouched */
    /* Refusals cost nothing: after a second of them ten are there again, five at once. */
    uint32_t taken = 0;
    for (uint64_t now_us = START + SECOND; now_us < START + 2 * SECOND; now_us += 1000) {
        taken += limits_charge(limits, entry, now_us, &wait_us) ? 1 : 0;
    }
    CHECK_INT(taken, 5 + 9);
    limits_destroy(limits);
}

TEST(what_was_spent_is_not_forgotten_by_leaving)
{
    struct limits *limits = create((struct limits_bounds){ .rate_per_s = 1, .burst = 1 }, 10);
    uint32_t entry;
    uint64_t wait_us;
    CHECK(enter(limits, 1, START, &entry) && limits_charge(limits, entry, START, &wait_us));
    limits_leave(limits, entry);
    CHECK(enter(limits, 1, START, &entry));
    CHECK(!limits_charge(limits, entry, START, &wait_us));
    limits_leave(limits, entry);
    for (uint32_t i = 2; i < 5000; i++) {
        CHECK(enter(limits, i, START, &entry) && limits_charge(limits, entry, START, &wait_us));
        limits_leave(limits, entry);
    }
    CHECK(enter(limits, 1, START, &entry) && !limits_charge(limits, entry, START, &wait_us));
    limits_destroy(limits);
}

TEST(zero_is_no_bound)
{
    struct limits *limits = create((struct limits_bounds){ 0 }, 3000);
    uint32_t entry;
    uint64_t wait_us;
    for (uint32_t i = 0; i < 3000; i++) {
        CHECK(enter(limits, 1, START, &entry));
        limits_add_unauthenticated(limits, entry);
        CHECK(limits_has_unauthenticated_room(limits, entry));
        CHECK(limits_charge(limits, entry, START, &wait_us));
    }
    limits_destroy(limits);
}

/* A caller with a /32 of IPv6 has four billion subnets. */
TEST(the_table_is_bounded_and_held_entries_stay)
{
    enum { HELD = 100 };
    struct limits *limits = create((struct limits_bounds){ .connections = 1, .rate_per_s = 1,
                                                           .burst = 1 }, HELD + 1);
    uint32_t held[HELD], entry;
    uint64_t wait_us;
    for (uint32_t i = 0; i < HELD; i++) {
        CHECK(enter(limits, i, START, &held[i]));
    }
    for (uint32_t i = HELD; i < 200000; i++) {
        CHECK(enter(limits, i, START, &entry) && limits_charge(limits, entry, START, &wait_us));
        limits_leave(limits, entry);
    }
    CHECK(limits_addresses(limits) < 10000);
    for (uint32_t i = 0; i < HELD; i++) {
        CHECK(!enter(limits, i, START, &entry)); /* still the one connection it may have */
        limits_leave(limits, held[i]);
    }
    limits_destroy(limits);
}

TEST(places_are_used_again_once_nothing_is_owed)
{
    struct limits *limits = create((struct limits_bounds){ .rate_per_s = 10, .burst = 10 }, 10);
    uint32_t entry;
    uint64_t wait_us;
    for (uint32_t i = 0; i < 100000; i++) {
        uint64_t now_us = START + i * SECOND;
        CHECK(enter(limits, i, now_us, &entry) && limits_charge(limits, entry, now_us, &wait_us));
        limits_leave(limits, entry);
    }
    CHECK(limits_addresses(limits) <= 2);
    limits_destroy(limits);
}

/* Against a model: counts by address, whoever comes and goes in whatever order. */
TEST(random_callers)
{
    enum { ADDRESSES = 50, HOLDS = 200, BOUND = 7 };
    struct limits *limits = create((struct limits_bounds){ .connections = BOUND }, HOLDS);
    uint32_t open[ADDRESSES] = { 0 }, holders[HOLDS], entries[HOLDS], holds = 0;
    struct rng rng;
    rng_seed(&rng, 1);
    for (uint32_t step = 0; step < 200000; step++) {
        if (holds < HOLDS && rng_below(&rng, 2) == 0) {
            uint32_t who = rng_below(&rng, ADDRESSES);
            bool entered = enter(limits, who, START + step, &entries[holds]);
            CHECK(entered == (open[who] < BOUND));
            if (entered) {
                open[who]++;
                holders[holds++] = who;
            }
        } else if (holds > 0) {
            uint32_t which = rng_below(&rng, holds);
            limits_leave(limits, entries[which]);
            open[holders[which]]--;
            holds--;
            holders[which] = holders[holds];
            entries[which] = entries[holds];
        }
    }
    CHECK(limits_addresses(limits) <= ADDRESSES);
    limits_destroy(limits);
}

TEST_MAIN
