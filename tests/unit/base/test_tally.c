/* Tallies: every time is counted once, under the first bound that it does not exceed. */
#include "test.h"
#include <duel/base/tally.h>

TEST(bounds_rise)
{
    for (uint32_t scale = 0; scale < TALLY_SCALES; scale++) {
        uint32_t count = tally_bounds_count(scale);
        CHECK(count > 0 && count <= TALLY_BOUNDS_MAX && tally_bound_us(scale, 0) > 0);
        for (uint32_t at = 1; at < count; at++) {
            CHECK(tally_bound_us(scale, at) > tally_bound_us(scale, at - 1));
        }
    }
}

TEST(a_bound_holds_what_equals_it)
{
    for (uint32_t scale = 0; scale < TALLY_SCALES; scale++) {
        struct tally tally = { 0 };
        uint64_t sum_us = 0;
        uint32_t count = tally_bounds_count(scale);
        for (uint32_t at = 0; at < count; at++) {
            tally_add(&tally, scale, tally_bound_us(scale, at));
            tally_add(&tally, scale, tally_bound_us(scale, at) + 1);
            sum_us += 2 * (uint64_t)tally_bound_us(scale, at) + 1;
        }
        CHECK_INT(tally.counts[0], 1);
        for (uint32_t at = 1; at < count; at++) {
            CHECK_INT(tally.counts[at], 2);
        }
        CHECK_INT(tally.counts[count], 1); /* the rest */
        CHECK_INT(tally.sum_us, sum_us);
    }
}

TEST(the_longest_time_is_counted)
{
    struct tally tally = { 0 };
    tally_add(&tally, TALLY_PEOPLE, UINT64_C(86400000000));
    CHECK_INT(tally.counts[tally_bounds_count(TALLY_PEOPLE)], 1);
    tally_add(&tally, TALLY_PEOPLE, 0);
    CHECK_INT(tally.counts[0], 1);
}

TEST_MAIN
