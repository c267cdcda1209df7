/* Scenarios of guesses and the end of a round: R-22 … R-35. */
#include "scenario.h"

/* */
SCENARIO(R_22_raw_and_credited_time, ROUND_1,
         { 3100, "rtt 0 80000", "" },
         { 4000.999, "guess 0 1 seq 1 wrong",
           "verdict 0 seq 1 wrong 920/1000 ms left 5 locked 5000.999 | "
           "tell 1 opponent guessing 1" })

SCENARIO(R_22_never_below_zero, ROUND_1,
         { 3000, "rtt 0 80000", "" },
         { 3050, "guess 0 1 seq 1 right",
           "verdict 0 seq 1 right 0/50 ms left 5 | tell 1 opponent guessing 1" })

/* */
TEST(R_23_the_smallest_of_the_last_eight)
{
    struct match match = PLAY(&usual, ROUND_1, { 3000, "rtt 0 20000", "" });
    CHECK_INT(match_lag_us(&match, 0), 20000);
    match = PLAY(&usual, ROUND_1, { 3000, "rtt 0 20000", "" }, { 3001, "rtt 0 90000", "" },
                 { 3002, "rtt 0 80000", "" }, { 3003, "rtt 0 90000", "" },
                 { 3004, "rtt 0 90000", "" }, { 3005, "rtt 0 90000", "" },
                 { 3006, "rtt 0 90000", "" }, { 3007, "rtt 0 90000", "" });
    CHECK_INT(match_lag_us(&match, 0), 20000);
    CHECK_INT(match_lag_us(&match, 1), 0);
    match = PLAY(&usual, ROUND_1, { 3000, "rtt 0 20000", "" }, { 3001, "rtt 0 90000", "" },
                 { 3002, "rtt 0 80000", "" }, { 3003, "rtt 0 90000", "" },
                 { 3004, "rtt 0 90000", "" }, { 3005, "rtt 0 90000", "" },
                 { 3006, "rtt 0 90000", "" }, { 3007, "rtt 0 90000", "" },
                 { 3008, "rtt 0 90000", "" });
    CHECK_INT(match_lag_us(&match, 0), 80000);
}

SCENARIO(R_23_the_lag_has_a_cap, ROUND_1,
         { 3100, "rtt 0 900000", "" },
         { 4000, "guess 0 1 seq 1 wrong",
           "verdict 0 seq 1 wrong 750/1000 ms left 5 locked 5000 | tell 1 opponent guessing 1" })

SCENARIO(R_23_it_outlives_reconnections, ROUND_1,
         { 3100, "rtt 0 40000", "" },
         { 3200, "disconnect 0", "player 0 gone until 18200" },
         { 3300, "connect 0", "player 0 here" },
         { 4000, "guess 0 1 seq 1 wrong",
           "verdict 0 seq 1 wrong 960/1000 ms left 5 locked 5000 | tell 1 opponent guessing 1" })

/* */
SCENARIO(R_24_no_round_is_running, BOTH_CONNECT,
         { 100, "guess 0 1 seq 1 right", "reject 0 NOT_IN_ROUND" },
         { 100, "guess 0 0 seq 1 right", "reject 0 NOT_IN_ROUND" })

SCENARIO(R_24_another_round, ROUND_1,
         { 4000, "guess 0 2 seq 1 right", "reject 0 NOT_IN_ROUND" },
         { 4001, "guess 0 0 seq 1 right", "reject 0 NOT_IN_ROUND" })

SCENARIO(R_24_who_is_not_connected_cannot_guess, ROUND_1,
         { 4000, "disconnect 0", "player 0 gone until 19000" },
         { 4001, "guess 0 1 seq 1 right", "reject 0 NOT_IN_ROUND" })

SCENARIO(R_24_the_order_of_refusals, ROUND_1,
         { 4000, "guess 0 1 seq 5 wrong",
           "verdict 0 seq 5 wrong 1000/1000 ms left 5 locked 5000 | tell 1 opponent guessing 1" },
         { 4100, "guess 0 1 seq 4 right", "reject 0 BAD_SEQ" },
         { 4200, "guess 0 1 seq 6 right", "reject 0 LOCKED" },
         /* The refused ones used up nothing, not even their seq. */
         { 5000, "guess 0 1 seq 6 right",
           "verdict 0 seq 6 right 2000/2000 ms left 4 | tell 1 opponent guessing 2" },
         { 5000, "guess 0 1 seq 7 right", "reject 0 ALREADY_SOLVED" },
         { 5000, "guess 0 1 seq 2 right", "reject 0 BAD_SEQ" })

TEST(R_24_no_guesses_left)
{
    struct match_rules rules = usual;
    rules.max_guesses = 2;
    rules.lockout_ms = 0;
    PLAY(&rules, ROUND_1,
         { 4000, "guess 0 1 seq 1 wrong",
           "verdict 0 seq 1 wrong 1000/1000 ms left 1 | tell 1 opponent guessing 1" },
         { 4000, "guess 0 1 seq 2 wrong",
           "verdict 0 seq 2 wrong 1000/1000 ms left 0 | tell 1 opponent guessing 2" },
         { 4001, "guess 0 1 seq 3 right", "reject 0 NO_GUESSES_LEFT" });
}

/* */
SCENARIO(R_25_the_same_seq_gets_its_first_verdict_again, ROUND_1,
         { 4000, "guess 0 1 seq 1 wrong",
           "verdict 0 seq 1 wrong 1000/1000 ms left 5 locked 5000 | tell 1 opponent guessing 1" },
         { 4500, "guess 0 1 seq 1 right",
           "verdict 0 seq 1 wrong 1000/1000 ms left 5 locked 5000 again" },
         { 6000, "guess 0 1 seq 2 wrong",
           "verdict 0 seq 2 wrong 3000/3000 ms left 4 locked 7000 | tell 1 opponent guessing 2" },
         { 6100, "guess 0 1 seq 1 right",
           "verdict 0 seq 1 wrong 1000/1000 ms left 5 locked 5000 again" },
         { 33001, "tick", "end of round 1 nobody next 36000 | want frame 2" },
         { 33100, "guess 0 1 seq 2 right",
           "verdict 0 seq 2 wrong 3000/3000 ms left 4 locked 7000 again" },
         { 33200, "guess 0 1 seq 3 right", "reject 0 NOT_IN_ROUND" },
         { 33300, "leave 1", "over by forfeit winner 0 0-0 until 63300" },
         { 33400, "guess 0 1 seq 2 right",
           "verdict 0 seq 2 wrong 3000/3000 ms left 4 locked 7000 again" })

SCENARIO(R_25_no_longer_once_the_next_round_runs, ROUND_1,
         { 4000, "guess 0 1 seq 1 wrong",
           "verdict 0 seq 1 wrong 1000/1000 ms left 5 locked 5000 | tell 1 opponent guessing 1" },
         { 33001, "tick", "end of round 1 nobody next 36000 | want frame 2" },
         { 33100, "frame 2 ok", "offer frame 2" },
         { 38999, "guess 0 1 seq 1 wrong",
           "verdict 0 seq 1 wrong 1000/1000 ms left 5 locked 5000 again" },
         { 39000, "guess 0 1 seq 1 wrong", "round 2 first 1 until 69000 | reject 0 NOT_IN_ROUND" })

/* */
SCENARIO(R_26_a_lockout_does_not_reach_into_the_next_round, ROUND_1,
         { 32900, "guess 0 1 seq 1 wrong",
           "verdict 0 seq 1 wrong 29900/29900 ms left 5 locked 33900 | "
           "tell 1 opponent guessing 1" },
         { 33001, "tick", "end of round 1 nobody next 36000 | want frame 2" },
         { 33100, "frame 2 ok", "offer frame 2" },
         { 33200, "ready 0 2", "" },
         { 33200, "ready 1 2", "" },
         { 33800, "ready 0 2", "" },
         { 36000, "tick", "round 2 first 1 until 66000" },
         { 36001, "guess 0 2 seq 1 wrong",
           "verdict 0 seq 1 wrong 1/1 ms left 5 locked 37001 | tell 1 opponent guessing 1" })

/* */
SCENARIO(R_27_solved_and_out_are_told_at_the_end_only, ROUND_1,
         { 3000, "rtt 1 100000", "" },
         { 5000, "guess 0 1 seq 1 right",
           "verdict 0 seq 1 right 2000/2000 ms left 5 | tell 1 opponent guessing 1" },
         { 5050, "guess 1 1 seq 1 wrong",
           "verdict 1 seq 1 wrong 1950/2050 ms left 5 locked 6050 | tell 0 opponent guessing 1" },
         { 5100, "tick", "" },
         { 5100.001, "tick",
           "tell 1 opponent solved 1 | end of round 1 winner 0 next 8100 | want frame 2" })

/* */
TEST(R_27_R_30_both_are_out)
{
    struct match_rules rules = usual;
    rules.max_guesses = 1;
    PLAY(&rules, ROUND_1,
         { 5000, "guess 0 1 seq 1 wrong",
           "verdict 0 seq 1 wrong 2000/2000 ms left 0 locked 6000 | tell 1 opponent guessing 1" },
         { 7000, "guess 1 1 seq 1 wrong",
           "verdict 1 seq 1 wrong 4000/4000 ms left 0 locked 8000 | tell 0 opponent guessing 1 | "
           "tell 1 opponent out 1 | tell 0 opponent out 1 | "
           "end of round 1 nobody next 10000 | want frame 2" });
}

SCENARIO(R_30_both_have_solved_it, ROUND_1,
         { 3000, "rtt 1 200000", "" },
         { 5000, "guess 0 1 seq 1 right",
           "verdict 0 seq 1 right 2000/2000 ms left 5 | tell 1 opponent guessing 1" },
         { 5150, "guess 1 1 seq 1 right",
           "verdict 1 seq 1 right 1950/2150 ms left 5 | tell 0 opponent guessing 1 | "
           "tell 1 opponent solved 1 | tell 0 opponent solved 1 | "
           /* the second one was faster: it had the longer way */
           "end of round 1 winner 1 next 8150 | want frame 2" })

/* */
SCENARIO(R_31_a_guess_in_flight_after_time_is_up, ROUND_1,
         { 4000, "rtt 1 100000", "" },
         { 33000.001, "guess 0 1 seq 1 right", "reject 0 NOT_IN_ROUND" },
         { 33100, "guess 1 1 seq 1 right",
           "verdict 1 seq 1 right 30000/30100 ms left 5 | tell 0 opponent guessing 1 | "
           "tell 0 opponent solved 1 | end of round 1 winner 1 next 36100 | want frame 2" })

SCENARIO(R_31_too_late, ROUND_1,
         { 4000, "rtt 1 100000", "" },
         { 33100.001, "guess 1 1 seq 1 right",
           "end of round 1 nobody next 36100 | want frame 2 | reject 1 NOT_IN_ROUND" })

SCENARIO(R_31_exactly_at_the_end_counts, ROUND_1,
         { 33000, "guess 0 1 seq 1 right",
           "verdict 0 seq 1 right 30000/30000 ms left 5 | tell 1 opponent guessing 1" },
         { 33000.001, "tick",
           "tell 1 opponent solved 1 | end of round 1 winner 0 next 36000 | want frame 2" })

SCENARIO(R_31_the_lag_of_that_moment_counts, ROUND_1,
         { 4000, "rtt 1 200000", "" },
         { 33000, "tick", "" },
         { 33010, "rtt 1 10000", "" },
         { 33150, "guess 1 1 seq 1 right",
           "verdict 1 seq 1 right 30140/30150 ms left 5 | tell 0 opponent guessing 1 | "
           "tell 0 opponent solved 1 | end of round 1 winner 1 next 36150 | want frame 2" })

/* Found by simulation: a right guess inside the lag, after time was up, must not make the
 * other's lag start anew. */
SCENARIO(R_31_what_comes_first_closes_a_seat, ROUND_1,
         { 4000, "rtt 0 150000", "" },
         { 4000, "rtt 1 200000", "" },
         { 33100, "guess 0 1 seq 1 right",
           "verdict 0 seq 1 right 29950/30100 ms left 5 | tell 1 opponent guessing 1" },
         { 33110, "rtt 1 20000", "" },
         { 33199, "guess 1 1 seq 1 wrong",
           "verdict 1 seq 1 wrong 30179/30199 ms left 5 locked 34199 | "
           "tell 0 opponent guessing 1" },
         { 33200.001, "tick",
           "tell 1 opponent solved 1 | end of round 1 winner 0 next 36200 | want frame 2" })

/* Found by simulation: who has solved it is told so while the round lasts for him, no longer. */
SCENARIO(R_24_R_31_time_is_up_for_who_has_solved_it_too, ROUND_1,
         { 4000, "rtt 1 200000", "" },
         { 32950, "guess 0 1 seq 1 right",
           "verdict 0 seq 1 right 29950/29950 ms left 5 | tell 1 opponent guessing 1" },
         { 33000, "guess 0 1 seq 2 right", "reject 0 ALREADY_SOLVED" },
         { 33001, "guess 0 1 seq 2 right", "reject 0 NOT_IN_ROUND" })

/* Found by simulation: solved a microsecond before time was up, and nobody looked until later: the
 * round was over when it was solved. */
SCENARIO(R_35_a_window_that_closed_just_before_the_end, ROUND_1,
         { 32999.999, "guess 0 1 seq 1 right",
           "verdict 0 seq 1 right 29999/29999 ms left 5 | tell 1 opponent guessing 1" },
         { 33500, "tick",
           "tell 1 opponent solved 1 | end of round 1 winner 0 next 35999.999 | want frame 2" })

/* Found by simulation: the seat with the longer lag used up its guesses after the other's lag
 * was over. */
TEST(R_30_the_round_ends_when_the_last_one_is_done)
{
    struct match_rules rules = usual;
    rules.max_guesses = 1;
    PLAY(&rules, ROUND_1, { 4000, "rtt 0 50000", "" }, { 4000, "rtt 1 200000", "" },
         { 33150, "guess 1 1 seq 1 wrong",
           "verdict 1 seq 1 wrong 29950/30150 ms left 0 locked 34150 | "
           "tell 0 opponent guessing 1 | tell 0 opponent out 1 | end of round 1 nobody "
           "next 36150 | want frame 2" });
}

/* */
SCENARIO(R_32_no_lag_for_who_is_gone, ROUND_1,
         { 4000, "rtt 1 200000", "" },
         { 4500, "disconnect 1", "player 1 gone until 19500" },
         { 5000, "guess 0 1 seq 1 right",
           "verdict 0 seq 1 right 2000/2000 ms left 5 | tell 1 opponent guessing 1 | "
           "tell 1 opponent solved 1 | end of round 1 winner 0 next 8000 | want frame 2" })

SCENARIO(R_32_going_away_ends_the_lag, ROUND_1,
         { 4000, "rtt 1 200000", "" },
         { 5000, "guess 0 1 seq 1 right",
           "verdict 0 seq 1 right 2000/2000 ms left 5 | tell 1 opponent guessing 1" },
         { 5100, "disconnect 1",
           "player 1 gone until 20100 | "
           "tell 1 opponent solved 1 | end of round 1 winner 0 next 8100 | want frame 2" })

SCENARIO(R_32_an_unsolved_round_waits_for_who_is_gone, ROUND_1,
         { 22000, "disconnect 1", "player 1 gone until 37000" },
         { 33001, "tick", "end of round 1 nobody next 36000 | want frame 2" })

/* */
SCENARIO(R_33_the_same_millisecond_is_nobodys, ROUND_1,
         { 5000.100, "guess 0 1 seq 1 right",
           "verdict 0 seq 1 right 2000/2000 ms left 5 | tell 1 opponent guessing 1" },
         { 5000.100, "guess 1 1 seq 1 right",
           "verdict 1 seq 1 right 2000/2000 ms left 5 | tell 0 opponent guessing 1 | "
           "tell 1 opponent solved 1 | tell 0 opponent solved 1 | "
           "end of round 1 nobody next 8000.100 | want frame 2" })

/* */
TEST(R_34_under_half_a_second_is_suspect)
{
    struct match match = PLAY(
        &usual, ROUND_1, { 3000, "rtt 0 1000", "" },
        { 3500.999, "guess 0 1 seq 1 right",
          "verdict 0 seq 1 right 499/500 ms left 5 | tell 1 opponent guessing 1" },
        { 3501, "tick",
          "tell 1 opponent solved 1 | end of round 1 winner 0 next 6500.999 | want frame 2" });
    CHECK(match.rounds[0].suspect[0]);
    CHECK(!match.rounds[0].suspect[1]);
    match = PLAY(
        &usual, ROUND_1,
        { 3500, "guess 0 1 seq 1 right",
          "verdict 0 seq 1 right 500/500 ms left 5 | tell 1 opponent guessing 1" },
        { 3501, "tick",
          "tell 1 opponent solved 1 | end of round 1 winner 0 next 6500 | want frame 2" });
    CHECK(!match.rounds[0].suspect[0]);
}

/* */
SCENARIO(R_35_a_late_tick_does_not_shift_the_intermission, ROUND_1,
         { 33250, "tick", "end of round 1 nobody next 36000 | want frame 2" })

TEST_MAIN
