/* Scenarios of the end of a match and of going away: R-40 … R-54. */
#include "scenario.h"

/* One round for a seat, from the intermission that ends at `at` (round, and the seat as text):
 * both are ready, the seat solves it a second after the start, the other has no lag. */
#define ROUND_FOR(at, n, first, seat, rival, end)                                        \
    { at - 900, "frame " #n " ok", "offer frame " #n },                                  \
    { at - 800, "ready 0 " #n, "" },                                                     \
    { at - 800, "ready 1 " #n, "" },                                                     \
    { at, "tick", "round " #n " first " #first " until " #end },                         \
    { at + 1000, "guess " #seat " " #n " seq 1 right",                                   \
      "verdict " #seat " seq 1 right 1000/1000 ms left 5 | "                             \
      "tell " #rival " opponent guessing 1" }

#define WON(rival, n, seat) \
    "tell " #rival " opponent solved 1 | end of round " #n " winner " #seat

/* The frame of round 1 is late by nothing: its countdown ends at 3000. Rounds then start each 4
 * s. */
#define ONE_NIL                                                                          \
    BOTH_CONNECT, ROUND_FOR(3000, 1, 0, 0, 1, 33000),                                    \
        { 4001, "tick", WON(1, 1, 0) " next 7000 | want frame 2" }
#define TWO_NIL                                                                          \
    ONE_NIL, ROUND_FOR(7000, 2, 1, 0, 1, 37000),                                         \
        { 8001, "tick", WON(1, 2, 0) " next 11000 | want frame 3" }
#define TWO_ONE                                                                          \
    TWO_NIL, ROUND_FOR(11000, 3, 0, 1, 0, 41000),                                        \
        { 12001, "tick", WON(0, 3, 1) " next 15000 | want frame 4" }
#define TWO_TWO                                                                          \
    TWO_ONE, ROUND_FOR(15000, 4, 1, 1, 0, 45000),                                        \
        { 16001, "tick", WON(0, 4, 1) " next 19000 | want frame 5" }

/* */
TEST(R_40_R_43_three_nil)
{
    struct match match = PLAY(&usual, TWO_NIL, ROUND_FOR(11000, 3, 0, 0, 1, 41000),
                              { 12001, "tick",
                                WON(1, 3, 0) " | over by score winner 0 3-0 until 42000" });
    CHECK_INT(match_points(&match, 0), 900);
    CHECK_INT(match_points(&match, 1), 0);
    CHECK_INT(match_average_ms(&match, 0), 1000);
    CHECK(match_average_ms(&match, 1) == MATCH_NO_TIME);
}

TEST(R_40_R_43_three_one)
{
    struct match match = PLAY(&usual, TWO_ONE, ROUND_FOR(15000, 4, 1, 0, 1, 45000),
                              { 16001, "tick",
                                WON(1, 4, 0) " | over by score winner 0 3-1 until 46000" });
    CHECK_INT(match_points(&match, 0), 750);
    CHECK_INT(match_points(&match, 1), 200);
}

TEST(R_40_R_43_three_two)
{
    struct match match = PLAY(&usual, TWO_TWO, ROUND_FOR(19000, 5, 0, 1, 0, 49000),
                              { 20001, "tick",
                                WON(0, 5, 1) " | over by score winner 1 2-3 until 50000" });
    CHECK_INT(match_points(&match, 0), 400);
    CHECK_INT(match_points(&match, 1), 650);
}

TEST(R_40_equal_after_the_last_round_is_a_draw)
{
    struct match match = PLAY(&usual, TWO_TWO, { 16100, "frame 5 ok", "offer frame 5" },
                              { 22000, "tick", "round 5 first 0 until 52000" },
                              { 52001, "tick",
                                "end of round 5 nobody | over by score nobody 2-2 until 82000" });
    CHECK_INT(match_points(&match, 0), 400);
    CHECK_INT(match_points(&match, 1), 400);
}

TEST(R_40_fewer_rounds_can_be_asked_for)
{
    struct match_rules rules = usual;
    rules.best_of = 1;
    struct match match = PLAY(&rules, BOTH_CONNECT, ROUND_FOR(3000, 1, 0, 1, 0, 33000),
                              { 4001, "tick",
                                WON(0, 1, 1) " | over by score winner 1 0-1 until 34000" });
    CHECK_INT(match_points(&match, 1), 200); /* the bonus is of a best of 5 */
}

/* */
TEST(R_41_who_leaves_loses)
{
    struct match match =
        PLAY(&usual, TWO_NIL, { 9000, "leave 0", "over by forfeit winner 1 2-0 until 39000" });
    CHECK_INT(match_points(&match, 0), 400);
    CHECK_INT(match_points(&match, 1), 0);
    CHECK(match.seats[0].left);
}

SCENARIO(R_41_even_if_the_other_is_away, ROUND_1,
         { 4000, "disconnect 1", "player 1 gone until 19000" },
         { 5000, "leave 0", "over by forfeit winner 1 0-0 until 35000" })

/* */
TEST(R_42_the_running_round_counts_for_nobody)
{
    struct match match = PLAY(
        &usual, ROUND_1, { 3500, "rtt 1 200000", "" },
        { 4000, "guess 0 1 seq 1 right",
          "verdict 0 seq 1 right 1000/1000 ms left 5 | tell 1 opponent guessing 1" },
        { 4100, "leave 1", "over by forfeit winner 0 0-0 until 34100" });
    CHECK_INT(match.rounds_count, 0);
    CHECK_INT(match_points(&match, 0), 0);
}

/* */
SCENARIO(R_44_after_the_end, ROUND_1,
         { 4000, "leave 1", "over by forfeit winner 0 0-0 until 34000" },
         { 4001, "leave 0", "reject 0 MATCH_IS_OVER" },
         { 4002, "ready 0 2", "reject 0 MATCH_IS_OVER" },
         { 4003, "guess 0 1 seq 1 right", "reject 0 NOT_IN_ROUND" },
         { 5000, "disconnect 0", "player 0 gone" },
         { 33999, "connect 0", "player 0 here" },
         { 34000, "guess 0 1 seq 1 right", "closed" },
         { 34001, "connect 1", "" })

/* */
SCENARIO(R_50_back_within_the_grace, ROUND_1,
         { 4000, "disconnect 0", "player 0 gone until 19000" },
         { 18999.999, "connect 0", "player 0 here" })

SCENARIO(R_50_45_seconds_in_all, ROUND_1,
         { 4000, "disconnect 0", "player 0 gone until 19000" },
         { 18000, "connect 0", "player 0 here" },
         { 18000, "disconnect 0", "player 0 gone until 33000" },
         { 32000, "connect 0", "player 0 here" },
         { 32000, "disconnect 0", "player 0 gone until 47000" },
         { 46000, "connect 0", "end of round 1 nobody next 36000 | want frame 2 | player 0 here" },
         /* 42 s are used up. */
         { 46000, "disconnect 0", "player 0 gone until 49000" },
         { 49000, "tick", "over by forfeit winner 1 0-0 until 79000" })

/* */
SCENARIO(R_51_not_back_is_a_forfeit, ROUND_1,
         { 4000, "disconnect 0", "player 0 gone until 19000" },
         { 19000, "tick", "over by forfeit winner 1 0-0 until 49000" })

/* */
SCENARIO(R_52_the_first_comes_back_play_goes_on, ROUND_1,
         { 4000, "disconnect 0", "player 0 gone until 19000" },
         { 10000, "disconnect 1", "player 1 gone until 25000" },
         { 19000, "tick", "" },
         { 20000, "connect 0", "player 0 here" },
         { 24000, "connect 1", "player 1 here" },
         { 25000, "guess 0 1 seq 1 wrong",
           "verdict 0 seq 1 wrong 22000/22000 ms left 5 locked 26000 | "
           "tell 1 opponent guessing 1" })

SCENARIO(R_52_the_first_comes_back_and_the_other_does_not, ROUND_1,
         { 4000, "disconnect 0", "player 0 gone until 19000" },
         { 10000, "disconnect 1", "player 1 gone until 25000" },
         { 20000, "connect 0", "player 0 here" },
         { 25000, "tick", "over by forfeit winner 0 0-0 until 55000" })

SCENARIO(R_52_the_other_comes_back, ROUND_1,
         { 4000, "disconnect 0", "player 0 gone until 19000" },
         { 10000, "disconnect 1", "player 1 gone until 25000" },
         { 19000, "tick", "" },
         { 24999, "connect 1", "player 1 here | over by forfeit winner 1 0-0 until 54999" })

/* */
SCENARIO(R_53_who_went_first_loses, ROUND_1,
         { 4000, "disconnect 0", "player 0 gone until 19000" },
         { 6000.001, "disconnect 1", "player 1 gone until 21000.001" },
         { 21000.001, "tick", "over by forfeit winner 1 0-0 until 51000.001" })

SCENARIO(R_53_within_two_seconds_of_each_other, ROUND_1,
         { 4000, "disconnect 0", "player 0 gone until 19000" },
         { 6000, "disconnect 1", "player 1 gone until 21000" },
         { 21000, "tick", "over abandoned both gone 0-0 until 51000" })

TEST(R_53_first_is_who_went_first_not_whose_grace_ended_first)
{
    struct match_rules rules = usual;
    rules.grace_total_ms = 20000;
    PLAY(&rules, ROUND_1, { 4000, "disconnect 1", "player 1 gone until 19000" },
         { 18000, "connect 1", "player 1 here" },
         { 20000, "disconnect 0", "player 0 gone until 35000" },
         { 23000, "disconnect 1", "player 1 gone until 29000" },
         { 29000, "tick", "" },
         { 35000, "tick",
           "end of round 1 nobody next 36000 | want frame 2 | "
           "over by forfeit winner 1 0-0 until 65000" });
}

/* */
SCENARIO(R_54_rounds_go_on_while_someone_is_away, ROUND_1,
         { 20000, "disconnect 1", "player 1 gone until 35000" },
         { 21000, "guess 0 1 seq 1 right",
           "verdict 0 seq 1 right 18000/18000 ms left 5 | tell 1 opponent guessing 1 | "
           "tell 1 opponent solved 1 | end of round 1 winner 0 next 24000 | want frame 2" },
         { 21100, "frame 2 ok", "offer frame 2" },
         { 21200, "ready 0 2", "" },
         /* Who is away is not ready. */
         { 24000, "tick", "" },
         { 27000, "tick", "round 2 first 1 until 57000" })

/* */
TEST(R_04_the_phase_comes_before_a_grace)
{
    struct match_rules rules = usual;
    rules.best_of = 1;
    PLAY(&rules, ROUND_1, { 18000, "disconnect 1", "player 1 gone until 33000" },
         { 18000, "disconnect 0", "player 0 gone until 33000" },
         { 33000, "tick", "end of round 1 nobody | over by score nobody 0-0 until 63000" });
}

TEST_MAIN
