/* What the scenarios do not show: queries, plain data, deadlines, odd rules. */
#include <duel/core/match.h>
#include <test.h>

#define START_US UINT64_C(5000000)

static const struct match_rules usual = {
    .best_of = 5, .waiting_ms = 30000, .countdown_ms = 3000, .round_ms = 30000,
    .intermission_ms = 3000, .rematch_ms = 30000, .grace_ms = 15000, .grace_total_ms = 45000,
    .max_guesses = 6, .lockout_ms = 1000, .lag_cap_ms = 250, .ready_wait_ms = 3000,
};

static struct match_effects effects;

static void step(struct match *match, uint64_t ms, enum match_event_type type, uint8_t slot)
{
    struct match_event event = {
        .now_us = START_US + ms * 1000, .type = type, .slot = slot, .ok = true, .correct = true,
        .round = match->round, .seq = 1, .video = 77, .rtt_us = 30000, .similarity = 1000000,
    };
    match_step(match, &event, &effects);
    match_check(match);
}

/* */
TEST(R_28_a_similarity_is_told_rounded_down)
{
    CHECK_INT(match_similarity_told(0, false), 0);
    CHECK_INT(match_similarity_told(499999, false), 0);
    CHECK_INT(match_similarity_told(500000, false), 500);
    CHECK_INT(match_similarity_told(699999, false), 500);
    CHECK_INT(match_similarity_told(700000, false), 700);
    CHECK_INT(match_similarity_told(800000, false), 800);
    CHECK_INT(match_similarity_told(1000000, false), 800);
    CHECK_INT(match_similarity_told(0, true), 1000);
    CHECK_INT(match_similarity_told(900000, true), 1000);
}

TEST(a_match_is_plain_data)
{
    struct match a, b;
    memset(&a, 0x55, sizeof a);
    memset(&b, 0xaa, sizeof b);
    match_init(&a, &usual, START_US);
    match_init(&b, &usual, START_US);
    CHECK(memcmp(&a, &b, sizeof a) == 0);
    step(&a, 1, MATCH_EV_CONNECT, 0);
    step(&a, 2, MATCH_EV_RTT, 0);
    b = a;
    step(&a, 3, MATCH_EV_CONNECT, 1);
    step(&b, 3, MATCH_EV_CONNECT, 1);
    CHECK(memcmp(&a, &b, sizeof a) == 0);
}

TEST(the_deadline_is_the_next_thing_that_time_brings)
{
    struct match match;
    match_init(&match, &usual, START_US);
    CHECK_INT(match_deadline_us(&match), START_US + 30000000);
    step(&match, 0, MATCH_EV_CONNECT, 0);
    step(&match, 1000, MATCH_EV_CONNECT, 1);
    CHECK_INT(match_deadline_us(&match), START_US + 4000000);
    step(&match, 4000, MATCH_EV_TICK, 0);
    CHECK(match.frame_wanted);
    CHECK(match_deadline_us(&match) == MATCH_NEVER);
    step(&match, 5000, MATCH_EV_DISCONNECT, 1);
    CHECK_INT(match_deadline_us(&match), START_US + 20000000);
    step(&match, 6000, MATCH_EV_CONNECT, 1);
    step(&match, 7000, MATCH_EV_FRAME, 0);
    CHECK_INT(match_deadline_us(&match), START_US + 10000000);
    step(&match, 10000, MATCH_EV_TICK, 0);
    CHECK_INT(match.phase, MATCH_ROUND);
    CHECK_INT(match_deadline_us(&match), START_US + 40000000);
    step(&match, 40000, MATCH_EV_TICK, 0);
    CHECK_INT(match.phase, MATCH_ROUND);
    CHECK_INT(match_deadline_us(&match), START_US + 40000001);
}

TEST(one_step_can_settle_everything)
{
    struct match match;
    match_init(&match, &usual, START_US);
    step(&match, 0, MATCH_EV_CONNECT, 0);
    step(&match, 0, MATCH_EV_CONNECT, 1);
    step(&match, 0, MATCH_EV_FRAME, 0);
    step(&match, 6000, MATCH_EV_TICK, 0);
    CHECK_INT(match.phase, MATCH_ROUND);
    step(&match, 7000, MATCH_EV_DISCONNECT, 0);
    step(&match, 86400000, MATCH_EV_GUESS, 1);
    CHECK_INT(match.phase, MATCH_CLOSED);
    CHECK_INT(match.reason, MATCH_BY_FORFEIT);
    CHECK_INT(match.winner, 1);
    CHECK_INT(effects.count, 2);
    CHECK(match_deadline_us(&match) == MATCH_NEVER);
    step(&match, 86400001, MATCH_EV_LEAVE, 1);
    CHECK_INT(effects.count, 0);
}

/* what stands is all that a match carries into another process. */
TEST(R_81_two_matches_with_the_same_rounds_are_taken_over_alike)
{
    struct match a, b;
    match_init(&a, &usual, START_US);
    step(&a, 0, MATCH_EV_CONNECT, 0);
    step(&a, 0, MATCH_EV_CONNECT, 1);
    step(&a, 0, MATCH_EV_FRAME, 0);
    step(&a, 6000, MATCH_EV_TICK, 0);
    step(&a, 7000, MATCH_EV_GUESS, 0);
    step(&a, 7001, MATCH_EV_TICK, 0);
    CHECK_INT(a.rounds_count, 1);
    b = a;
    step(&b, 7100, MATCH_EV_FRAME, 0);
    step(&b, 7200, MATCH_EV_RTT, 1);
    step(&b, 14000, MATCH_EV_TICK, 0);
    CHECK_INT(b.phase, MATCH_ROUND);
    step(&b, 15000, MATCH_EV_GUESS, 1);
    /* The other machine's clock is behind. */
    match_resume(&a, START_US - 1000000);
    match_resume(&b, START_US - 1000000);
    match_check(&a);
    CHECK(memcmp(&a, &b, sizeof a) == 0);
    CHECK(match_deadline_us(&a) == MATCH_NEVER);
    CHECK_INT(a.round, 2);
    match_resume(&b, START_US - 1000000);
    CHECK(memcmp(&a, &b, sizeof a) == 0);
}

/* */
TEST(R_82_the_waiting_time_begins_with_the_first_who_comes)
{
    struct match match;
    match_init(&match, &usual, START_US);
    match_resume(&match, START_US);
    step(&match, 1000, MATCH_EV_TICK, 0);
    CHECK(match_deadline_us(&match) == MATCH_NEVER);
    step(&match, 1000, MATCH_EV_FRAME, 0);
    CHECK(match_deadline_us(&match) == MATCH_NEVER);
    step(&match, 2000, MATCH_EV_CONNECT, 1);
    CHECK_INT(match_deadline_us(&match), START_US + 32000000);
    step(&match, 3000, MATCH_EV_CONNECT, 1);
    step(&match, 4000, MATCH_EV_DISCONNECT, 1);
    CHECK_INT(match_deadline_us(&match), START_US + 32000000);
}

TEST(all_times_may_be_nothing)
{
    struct match match;
    struct match_rules rules = { .best_of = 25, .round_ms = 1, .max_guesses = 12 };
    rules.waiting_ms = 1;
    match_init(&match, &rules, START_US);
    step(&match, 0, MATCH_EV_CONNECT, 0);
    step(&match, 0, MATCH_EV_CONNECT, 1);
    for (uint64_t i = 0; i < 25; i++) {
        CHECK_INT(match.phase, i == 0 ? MATCH_COUNTDOWN : MATCH_INTERMISSION);
        step(&match, 10 * i, MATCH_EV_FRAME, 0);
        CHECK_INT(match.phase, MATCH_ROUND);
        CHECK_INT(match.round, i + 1);
        step(&match, 10 * i + 5, MATCH_EV_TICK, 0);
    }
    CHECK_INT(match.phase, MATCH_CLOSED);
    CHECK_INT(match.rounds_count, 25);
    CHECK_INT(match.winner, MATCH_NOBODY);
    CHECK_INT(match.rounds[24].video, 77);
}

TEST_MAIN
