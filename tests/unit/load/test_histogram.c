/* The histogram of times: against the times themselves, sorted. */
#include "test.h"
#include <duel/base/rng.h>
#include <loadtest/load/histogram.h>

static struct histogram histogram, other;

static int compare(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

/* From microseconds to minutes, as evenly in their logarithms as in a run. */
static uint64_t draw(struct rng *rng)
{
    return rng_below(rng, 1U << (1 + rng_below(rng, 31)));
}

TEST(an_empty_one_says_nought)
{
    histogram_clear(&histogram);
    uint32_t place = 0, count;
    uint64_t us;
    CHECK_INT(histogram_at(&histogram, 500000), 0);
    CHECK(histogram_mean_us(&histogram) <= 0);
    CHECK(!histogram_next(&histogram, &place, &us, &count));
}

TEST(short_times_are_exact)
{
    histogram_clear(&histogram);
    for (uint64_t us = 0; us < 128; us++) {
        histogram_add(&histogram, us);
    }
    for (uint32_t i = 0; i < 128; i++) {
        CHECK_INT(histogram_at(&histogram, (i + 1) * 1000000 / 128), i);
    }
}

TEST(percentiles_are_those_of_the_sorted_times_within_a_64th)
{
    enum { COUNT = 20000 };
    static uint64_t times[COUNT];
    struct rng rng;
    rng_seed(&rng, 7);
    histogram_clear(&histogram);
    for (uint32_t i = 0; i < COUNT; i++) {
        times[i] = draw(&rng);
        histogram_add(&histogram, times[i]);
    }
    qsort(times, COUNT, sizeof(times[0]), compare);
    static const uint32_t points[] = { 1,      100,    10000,  250000, 500000,
                                       900000, 990000, 999000, 999999, 1000000 };
    for (uint32_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        uint64_t rank = ((uint64_t)COUNT * points[i] + 999999) / 1000000;
        uint64_t exact = times[rank - 1], told = histogram_at(&histogram, points[i]);
        CHECK(told >= exact);
        CHECK(told <= exact + exact / 64);
    }
    CHECK_INT(histogram_at(&histogram, 1000000), times[COUNT - 1]);
    CHECK_INT(histogram.max_us, times[COUNT - 1]);
}

TEST(what_is_longer_than_an_hour_is_kept_as_the_longest)
{
    histogram_clear(&histogram);
    histogram_add(&histogram, UINT64_C(9000000000));
    CHECK_INT(histogram.max_us, 9000000000);
    CHECK_INT(histogram_at(&histogram, 1000000), UINT32_MAX);
    CHECK_INT(histogram.counts[HISTOGRAM_BUCKETS - 1], 1);
}

TEST(two_that_are_merged_are_one_that_saw_both)
{
    struct rng rng;
    rng_seed(&rng, 8);
    static struct histogram both;
    histogram_clear(&histogram);
    histogram_clear(&other);
    histogram_clear(&both);
    for (uint32_t i = 0; i < 2000; i++) {
        uint64_t us = draw(&rng);
        histogram_add(i % 3 == 0 ? &histogram : &other, us);
        histogram_add(&both, us);
    }
    histogram_merge(&histogram, &other);
    CHECK(memcmp(&histogram, &both, sizeof(both)) == 0);
}

TEST(a_walk_meets_every_time_once_in_order)
{
    struct rng rng;
    rng_seed(&rng, 9);
    histogram_clear(&histogram);
    for (uint32_t i = 0; i < 2000; i++) {
        histogram_add(&histogram, draw(&rng));
    }
    uint32_t place = 0, count;
    uint64_t us, before = 0, seen = 0;
    while (histogram_next(&histogram, &place, &us, &count)) {
        CHECK(seen == 0 || us > before);
        before = us;
        seen += count;
    }
    CHECK_INT(seen, 2000);
    CHECK(before >= histogram.max_us);
}

TEST(the_mean_is_exact)
{
    histogram_clear(&histogram);
    histogram_add(&histogram, 1000001);
    histogram_add(&histogram, 2000000);
    CHECK_INT((uint64_t)(2 * histogram_mean_us(&histogram)), 3000001);
}

TEST_MAIN
