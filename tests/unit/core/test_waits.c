/* What to expect of a wait (docs/rules.md, R-74). */
#include <duel/base/rng.h>
#include <duel/core/waits.h>
#include <test.h>

static struct waits waits;

static void begin(void)
{
    waits = (struct waits){ 0 };
}

/* -1: not known */
static long long expected(void)
{
    uint32_t ms = 4711;
    bool known = waits_expect(&waits, &ms);
    CHECK(known || ms == 4711);
    return known ? (long long)ms : -1;
}

TEST(R_74_nothing_is_said_of_few)
{
    begin();
    for (uint32_t i = 1; i < WAITS_MIN; i++) {
        waits_add(&waits, 1000, i % 2 == 0);
        CHECK_INT(expected(), -1);
    }
    waits_add(&waits, 1000, true);
    CHECK_INT(expected(), 1000);
}

TEST(R_74_four_of_five_do_not_wait_longer)
{
    begin();
    for (int64_t i = 1; i <= 10; i++) {
        waits_add(&waits, (i * 7 % 11) * 100, true); /* 100 … 1000 in some order */
    }
    CHECK_INT(expected(), 800);
    waits_add(&waits, 2000, true);
    CHECK_INT(expected(), 900);
}

TEST(R_74_the_latest_64_count)
{
    begin();
    for (int i = 0; i < 1000; i++) {
        waits_add(&waits, 9000, true);
    }
    for (int i = 0; i < 51; i++) {
        waits_add(&waits, 50, true);
    }
    CHECK_INT(expected(), 9000); /* 51 of 64 are not quite four of five */
    waits_add(&waits, 50, true);
    CHECK_INT(expected(), 50);
}

/* Ten came: two left after 1 s, unpaired. Of the eight others six have to be paired, and a bit:
 * the share that waits on falls by an eighth each time. */
TEST(R_74_who_left_early_says_little)
{
    begin();
    waits_add(&waits, 1000, false);
    waits_add(&waits, 1000, false);
    for (int64_t i = 2; i <= 9; i++) {
        waits_add(&waits, i * 1000, true);
    }
    CHECK_INT(expected(), 8000);
}

/* As many as were paired had no luck in 30 s: had they been left out, it would be 8 s. */
TEST(R_74_who_was_timed_out_waited_longer)
{
    begin();
    for (int64_t i = 1; i <= 10; i++) {
        waits_add(&waits, i * 1000, true);
        waits_add(&waits, 30000, false);
    }
    CHECK_INT(expected(), 30000);
    begin();
    for (int64_t i = 1; i <= 10; i++) {
        waits_add(&waits, i * 1000, true);
    }
    waits_add(&waits, 30000, false);
    CHECK_INT(expected(), 9000);
}

TEST(R_74_paired_and_gone_at_the_same_moment)
{
    begin();
    for (int i = 0; i < 2; i++) {
        waits_add(&waits, 5000, false);
    }
    for (int i = 0; i < 8; i++) {
        waits_add(&waits, 5000, true);
    }
    CHECK_INT(expected(), 5000);
    waits_add(&waits, 7000, true);
    waits_add(&waits, 8000, true);
    CHECK_INT(expected(), 7000); /* 8 of 12, and then half of the two who were left */
}

TEST(R_74_nobody_was_ever_paired)
{
    begin();
    for (int64_t i = 1; i <= WAITS_MIN; i++) {
        waits_add(&waits, i * 1000, false);
    }
    CHECK_INT(expected(), 8000);
}

TEST(R_74_impossible_waits_are_bounded)
{
    begin();
    for (uint32_t i = 0; i < WAITS_MIN; i++) {
        waits_add(&waits, INT64_MIN, true);
    }
    CHECK_INT(expected(), 0);
    for (uint32_t i = 0; i < WAITS_MAX; i++) {
        waits_add(&waits, INT64_MAX, i % 2 == 0);
    }
    CHECK_INT(expected(), UINT32_MAX);
}

/* Whatever the waits are spread like, the next one is covered four times of five, also when people
 * lose patience by themselves. */
TEST(R_74_covers_four_of_five_of_what_follows)
{
    for (uint32_t impatient = 0; impatient < 2; impatient++) {
        struct rng rng;
        uint32_t covered = 0, judged = 0;
        rng_seed(&rng, 74 + impatient);
        begin();
        for (uint32_t i = 0; i < 40000; i++) {
            uint32_t draw = 1 + rng_below(&rng, 1000);
            int64_t needs_ms = 1000000 / draw; /* 1 s to 1,000 s, few of them long */
            int64_t leaves_ms = 500 + (int64_t)rng_below(&rng, 9000);
            bool leaves = impatient && rng_below(&rng, 3) == 0 && leaves_ms < needs_ms;
            long long eta_ms = expected();
            if (eta_ms >= 0) {
                judged++;
                covered += needs_ms <= eta_ms;
            }
            waits_add(&waits, leaves ? leaves_ms : needs_ms, !leaves);
        }
        printf("  impatient %u: covers %u of %u\n", impatient, covered, judged);
        CHECK(covered * 100 >= judged * 78 && covered * 100 <= judged * 82);
    }
}

TEST_MAIN
