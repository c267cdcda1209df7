/* Draws of how people play. */
#include "test.h"
#include <loadtest/load/think.h>

#define DRAWS 20000

static struct rng rng;

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

TEST(a_given_span_is_kept_and_filled)
{
    struct options options = { .think_min_ms = 1000, .think_max_ms = 5000 };
    uint64_t least = UINT64_MAX, most = 0, sum = 0;
    rng_seed(&rng, 1);
    for (uint32_t i = 0; i < DRAWS; i++) {
        uint64_t us = think_guess_us(&options, &rng);
        least = us < least ? us : least;
        most = us > most ? us : most;
        sum += us;
    }
    CHECK(least >= 1000000 && least < 1010000);
    CHECK(most <= 5000000 && most > 4990000);
    CHECK(sum / DRAWS > 2950000 && sum / DRAWS < 3050000);
}

TEST(people_take_two_and_a_half_seconds_and_never_more_than_twenty)
{
    static uint64_t draws[DRAWS];
    struct options options = { 0 };
    rng_seed(&rng, 2);
    for (uint32_t i = 0; i < DRAWS; i++) {
        draws[i] = think_guess_us(&options, &rng);
    }
    qsort(draws, DRAWS, sizeof(draws[0]), compare);
    CHECK(draws[DRAWS / 2] > 2400000 && draws[DRAWS / 2] < 2600000);
    CHECK(draws[DRAWS / 40] > 900000 && draws[DRAWS / 40] < 1100000);
    CHECK(draws[DRAWS - DRAWS / 40] > 6000000 && draws[DRAWS - DRAWS / 40] < 7000000);
    CHECK(draws[DRAWS - 1] <= 20000000);
}

TEST(nobody_types_more_than_ten_keys_a_second)
{
    rng_seed(&rng, 3);
    for (uint32_t i = 0; i < DRAWS; i++) {
        uint64_t us = think_key_us(&rng);
        CHECK(us > 100000 && us < 500000);
    }
}

TEST(chances_come_as_often_as_asked)
{
    uint32_t never = 0, some = 0, always = 0;
    rng_seed(&rng, 4);
    for (uint32_t i = 0; i < DRAWS; i++) {
        never += think_chance(&rng, 0);
        some += think_chance(&rng, 30);
        always += think_chance(&rng, 100);
    }
    CHECK_INT(never, 0);
    CHECK(some > DRAWS * 28 / 100 && some < DRAWS * 32 / 100);
    CHECK_INT(always, DRAWS);
}

TEST(accidents_come_at_their_rate)
{
    uint64_t sum = 0;
    rng_seed(&rng, 5);
    for (uint32_t i = 0; i < DRAWS; i++) {
        sum += think_next_us(&rng, 4);
    }
    CHECK(sum / DRAWS > 14500000 && sum / DRAWS < 15500000);
}

TEST_MAIN
