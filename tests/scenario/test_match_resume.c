/* Scenarios of a match that another process takes over: R-81 … R-84. */
#include "scenario.h"

/* Both come back at `at`; their countdown ends at `end`. */
#define BACK(at, n, end)                                           \
    { at, "connect 0", "want frame " #n " | player 0 here" },      \
    { at, "connect 1", "player 1 here | countdown until " #end }

/* From the countdown that ends at `at`: both are ready in time, round `n` begins. */
#define AGAIN(at, n, first, until)                                 \
    { at - 900, "frame " #n " ok", "offer frame " #n },            \
    { at - 800, "ready 0 " #n, "" },                               \
    { at - 800, "ready 1 " #n, "" },                               \
    { at, "tick", "round " #n " first " #first " until " #until }

/* Round 1 is seat 0's, the intermission lasts from 4000 to 7000. */
#define ONE_NIL                                                                        \
    ROUND_1,                                                                           \
    { 4000, "guess 0 1 seq 1 right",                                                   \
      "verdict 0 seq 1 right 1000/1000 ms left 5 | tell 1 opponent guessing 1" },      \
    { 4001, "tick",                                                                    \
      "tell 1 opponent solved 1 | end of round 1 winner 0 next 7000 | want frame 2" }

/* ---- R-81, in each phase ---- */

SCENARIO(R_81_in_waiting,
         { 0, "connect 0", "want frame 1 | player 0 here" },
         { 10, "frame 1 ok", "" },
         { 20, "resume", "" },
         BACK(1000, 1, 4000), AGAIN(4000, 1, 0, 34000))

SCENARIO(R_81_in_the_countdown, BOTH_CONNECT,
         { 100, "frame 1 ok", "offer frame 1" },
         { 500, "ready 0 1", "" },
         { 600, "ready 1 1", "" },
         { 2000, "resume", "" },
         BACK(3000, 1, 6000),
         { 3100, "frame 1 ok", "offer frame 1" },
         /* Nobody is ready any more. */
         { 6000, "tick", "" },
         { 9000, "tick", "round 1 first 0 until 39000" })

SCENARIO(R_81_while_ready_is_waited_for, BOTH_CONNECT,
         { 100, "frame 1 ok", "offer frame 1" },
         { 3000, "tick", "" },
         { 5999, "resume", "" },
         { 6000, "tick", "want frame 1" },
         { 7000, "connect 1", "player 1 here" },
         { 7000, "connect 0", "player 0 here | countdown until 10000" },
         AGAIN(10000, 1, 0, 40000))

TEST(R_81_a_running_round_is_void)
{
    struct match match = PLAY(
        &usual, ROUND_1, { 3500, "rtt 1 200000", "" },
        { 4000, "guess 0 1 seq 1 right",
          "verdict 0 seq 1 right 1000/1000 ms left 5 | tell 1 opponent guessing 1" },
        { 4100, "resume", "" }, BACK(5000, 1, 8000),
        /* The seq of the void round was never used. */
        { 5100, "guess 0 1 seq 1 right", "reject 0 NOT_IN_ROUND" }, AGAIN(8000, 1, 0, 38000),
        { 9000, "guess 0 1 seq 1 wrong",
          "verdict 0 seq 1 wrong 1000/1000 ms left 5 locked 10000 | "
          "tell 1 opponent guessing 1" },
        /* Without a lag, which is measured anew. */
        { 9500, "guess 1 1 seq 1 right",
          "verdict 1 seq 1 right 1500/1500 ms left 5 | tell 0 opponent guessing 1" },
        { 9501, "tick",
          "tell 0 opponent solved 1 | end of round 1 winner 1 next 12500 | want frame 2" });
    CHECK_INT(match.rounds_count, 1);
    CHECK_INT(match.score[0], 0);
    CHECK_INT(match.score[1], 1);
}

SCENARIO(R_81_in_an_intermission, ONE_NIL,
         { 5000, "resume", "" },
         BACK(6000, 2, 9000),
         { 6100, "guess 0 1 seq 1 right", "reject 0 NOT_IN_ROUND" },
         AGAIN(9000, 2, 1, 39000))

TEST(R_81_finished_rounds_stand)
{
    struct match match =
        PLAY(&usual, ONE_NIL, { 5000, "frame 2 ok", "offer frame 2" },
             { 10000, "tick", "round 2 first 1 until 40000" }, { 20000, "resume", "" },
             BACK(21000, 2, 24000),
             AGAIN(24000, 2, 1, 54000),
             { 25000, "guess 1 2 seq 1 right",
               "verdict 1 seq 1 right 1000/1000 ms left 5 | tell 0 opponent guessing 1" },
             { 25001, "tick",
               "tell 0 opponent solved 1 | end of round 2 winner 1 next 28000 | want frame 3" },
             { 25100, "frame 3 ok", "offer frame 3" },
             { 31000, "tick", "round 3 first 0 until 61000" },
             { 32000, "leave 0", "over by forfeit winner 1 1-1 until 62000" });
    CHECK_INT(match.rounds_count, 2);
    CHECK_INT(match.rounds[0].winner, 0);
    CHECK_INT(match.rounds[0].ms[0], 1000);
    CHECK_INT(match_points(&match, 0), 200);
    CHECK(match.begun && match.resumed);
}

SCENARIO(R_81_more_than_once, ONE_NIL,
         { 5000, "resume", "" },
         { 6000, "connect 1", "want frame 2 | player 1 here" },
         { 6100, "frame 2 bad", "want frame 2" },
         { 6200, "frame 2 bad", "want frame 2" },
         { 6500, "resume", "" },
         BACK(7000, 2, 10000),
         { 7100, "resume", "" },
         BACK(8000, 2, 11000),
         /* Failures of the frame are counted anew. */
         { 8100, "frame 2 bad", "want frame 2" },
         { 8200, "frame 2 bad", "want frame 2" },
         { 8300, "frame 2 ok", "offer frame 2" },
         { 11000, "tick", "" },
         { 14000, "tick", "round 2 first 1 until 44000" })

TEST(R_81_what_is_left_of_the_grace_stands)
{
    struct match match = PLAY(&usual, ROUND_1,
                              { 4000, "disconnect 0", "player 0 gone until 19000" },
                              { 14000, "connect 0", "player 0 here" },
                              { 15000, "disconnect 0", "player 0 gone until 30000" },
                              /* This absence has not ended. */
                              { 16000, "resume", "" }, BACK(18000, 1, 21000));
    CHECK_INT(match.seats[0].grace_left_ms, 35000);
    CHECK_INT(match.seats[1].grace_left_ms, 45000);
}

/* ---- R-82 ---- */

SCENARIO(R_82_no_time_runs_until_one_has_come, ONE_NIL,
         { 5000, "resume", "" },
         { 6000, "tick", "want frame 2" },
         { 6100, "frame 2 ok", "" },
         { 86400000, "tick", "" },
         { 86400000, "connect 1", "player 1 here" },
         { 86429999, "connect 0", "player 0 here | countdown until 86432999 | offer frame 2" },
         { 86430000, "ready 0 2", "" },
         { 86430000, "ready 1 2", "" },
         { 86432999, "tick", "round 2 first 1 until 86462999" })

SCENARIO(R_82_it_runs_on_when_who_came_has_gone, ROUND_1,
         { 4000, "resume", "" },
         { 10000, "connect 0", "want frame 1 | player 0 here" },
         { 10500, "disconnect 0", "player 0 gone" },
         { 30000, "connect 1", "player 1 here" },
         { 31000, "disconnect 1", "player 1 gone" },
         { 40000, "tick", "over abandoned outage 0-0 until 70000" })

TEST(R_82_going_away_while_waiting_costs_nothing)
{
    struct match match = PLAY(&usual, ROUND_1, { 4000, "resume", "" },
                              { 10000, "connect 0", "want frame 1 | player 0 here" },
                              { 10500, "disconnect 0", "player 0 gone" },
                              { 30000, "connect 1", "player 1 here" },
                              { 39999, "connect 0", "player 0 here | countdown until 42999" },
                              { 40000, "disconnect 0", "player 0 gone until 55000" });
    CHECK_INT(match.seats[0].grace_left_ms, 45000);
}

SCENARIO(R_82_ready_before_the_countdown_is_ignored, ONE_NIL,
         { 5000, "resume", "" },
         { 6000, "connect 0", "want frame 2 | player 0 here" },
         { 6100, "frame 2 ok", "" },
         { 6200, "ready 0 2", "" },
         { 6300, "ready 0 3", "reject 0 NOT_IN_ROUND" },
         { 7000, "connect 1", "player 1 here | countdown until 10000 | offer frame 2" },
         { 7100, "ready 1 2", "" },
         { 10000, "tick", "" },
         { 13000, "tick", "round 2 first 1 until 43000" })

/* ---- R-83 ---- */

SCENARIO(R_83_not_both_back_in_time, ONE_NIL,
         { 5000, "resume", "" },
         { 6000, "connect 0", "want frame 2 | player 0 here" },
         { 36000, "connect 1", "over abandoned outage 1-0 until 66000 | player 1 here" },
         { 66000, "tick", "closed" })

SCENARIO(R_83_when_nothing_was_played_too, BOTH_CONNECT,
         { 1000, "resume", "" },
         { 6000, "connect 1", "want frame 1 | player 1 here" },
         { 36000, "tick", "over abandoned outage 0-0 until 66000" })

/* ---- R-84 ---- */

SCENARIO(R_84_who_leaves_before_a_round_was_ever_started, BOTH_CONNECT,
         { 1000, "resume", "" },
         { 2000, "connect 0", "want frame 1 | player 0 here" },
         { 2100, "leave 0", "over abandoned left 0-0 until 32100" })

SCENARIO(R_84_who_leaves_in_the_first_countdown, BOTH_CONNECT,
         { 1000, "resume", "" },
         BACK(2000, 1, 5000),
         { 2100, "leave 1", "over abandoned left 0-0 until 32100" })

SCENARIO(R_84_who_stays_away_in_the_first_countdown, BOTH_CONNECT,
         { 1000, "resume", "" },
         BACK(2000, 1, 5000),
         { 2100, "disconnect 1", "player 1 gone until 17100" },
         { 17100, "tick", "over abandoned left 0-0 until 47100" })

/* The round that ran is void, and still somebody was shown a picture. */
SCENARIO(R_84_who_leaves_while_waiting_loses, ROUND_1,
         { 4000, "resume", "" },
         { 5000, "connect 1", "want frame 1 | player 1 here" },
         { 5100, "leave 1", "over by forfeit winner 0 0-0 until 35100" })

SCENARIO(R_84_who_leaves_in_the_countdown_loses, ONE_NIL,
         { 5000, "resume", "" },
         BACK(6000, 2, 9000),
         { 6500, "leave 0", "over by forfeit winner 1 1-0 until 36500" })

SCENARIO(R_84_who_stays_away_in_the_countdown_loses, ONE_NIL,
         { 5000, "resume", "" },
         BACK(6000, 2, 9000),
         { 6500, "disconnect 0", "player 0 gone until 21500" },
         { 9000, "tick", "" },
         { 21500, "tick", "over by forfeit winner 1 1-0 until 51500" })

SCENARIO(R_84_the_other_comes_back_first, ROUND_1,
         { 4000, "resume", "" },
         BACK(5000, 1, 8000),
         { 6000, "disconnect 1", "player 1 gone until 21000" },
         { 7000, "disconnect 0", "player 0 gone until 22000" },
         { 21000, "tick", "" },
         { 21500, "connect 0", "player 0 here | over by forfeit winner 0 0-0 until 51500" })

SCENARIO(R_84_both_stay_away, ROUND_1,
         { 4000, "resume", "" },
         BACK(5000, 1, 8000),
         { 5100, "disconnect 1", "player 1 gone until 20100" },
         { 7100, "disconnect 0", "player 0 gone until 22100" },
         { 22100, "tick", "over abandoned both gone 0-0 until 52100" })

TEST_MAIN
