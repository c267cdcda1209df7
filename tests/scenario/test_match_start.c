/* Scenarios of getting together, frames and `ready`: R-1 … R-21. */
#include "scenario.h"

/* */
SCENARIO(R_02_R_03_a_late_clock_changes_nothing,
         { 0, "connect 0", "want frame 1 | player 0 here" },
         { 0, "connect 1", "player 1 here | countdown until 3000" },
         { 100, "frame 1 ok", "offer frame 1" },
         { 200, "disconnect 1", "player 1 gone until 15200" },
         /* Nobody ticked: the connection itself finds the grace over, with the rematch time running
          * from the end of the grace. */
         { 40000, "connect 1", "over abandoned left 0-0 until 45200 | player 1 here" })

SCENARIO(R_03_at_its_deadline_a_span_is_over, BOTH_CONNECT,
         { 1000, "disconnect 1", "player 1 gone until 16000" },
         { 16000, "connect 1", "over abandoned left 0-0 until 46000 | player 1 here" })

/* */
SCENARIO(R_05_the_countdown_starts_when_both_are_connected,
         { 0, "connect 0", "want frame 1 | player 0 here" },
         { 29999, "connect 1", "player 1 here | countdown until 32999" })

SCENARIO(R_05_going_away_while_waiting_costs_nothing,
         { 0, "connect 0", "want frame 1 | player 0 here" },
         { 1000, "disconnect 0", "player 0 gone" },
         { 2000, "connect 1", "player 1 here" },
         { 29000, "connect 0", "player 0 here | countdown until 32000" },
         { 29001, "disconnect 0", "player 0 gone until 44001" })

/* */
SCENARIO(R_06_not_both_there_in_time,
         { 0, "connect 0", "want frame 1 | player 0 here" },
         { 30000, "connect 1", "over abandoned no show 0-0 until 60000 | player 1 here" })

/* */
TEST(R_07_who_leaves_before_round_1_ends_the_match)
{
    struct match match = PLAY(&usual, BOTH_CONNECT,
                              { 2999, "leave 1", "over abandoned left 0-0 until 32999" });
    CHECK(match.seats[1].left);
    CHECK(!match.seats[0].left);
    PLAY(&usual, { 0, "connect 0", "want frame 1 | player 0 here" },
         { 10, "leave 0", "over abandoned left 0-0 until 30010" });
}

/* */
TEST(R_08_staying_away_in_the_countdown)
{
    struct match match =
        PLAY(&usual, BOTH_CONNECT, { 100, "disconnect 0", "player 0 gone until 15100" },
             { 15100, "tick", "over abandoned left 0-0 until 45100" });
    CHECK(match.seats[0].past_grace);
}

/* */
SCENARIO(R_10_the_first_step_asks_for_a_frame, { 0, "tick", "want frame 1" }, { 1, "tick", "" })

SCENARIO(R_10_later_frames_are_asked_for_in_the_intermission, ROUND_1,
         { 33000, "tick", "" },
         { 33000.001, "tick", "end of round 1 nobody next 36000 | want frame 2" })

/* */
SCENARIO(R_11_a_frame_that_was_there_first_is_told_with_the_countdown,
         { 0, "connect 0", "want frame 1 | player 0 here" },
         { 50, "frame 1 ok", "" },
         { 60, "connect 1", "player 1 here | countdown until 3060 | offer frame 1" },
         { 70, "frame 1 ok", "" })

/* */
SCENARIO(R_12_a_frame_is_tried_three_times, BOTH_CONNECT,
         { 10, "frame 1 bad", "want frame 1" },
         { 20, "frame 2 ok", "" },
         { 30, "frame 1 bad", "want frame 1" },
         { 40, "frame 1 bad", "over abandoned no frame 0-0 until 30040" },
         { 50, "frame 1 ok", "" })

SCENARIO(R_12_failures_are_counted_by_the_round, BOTH_CONNECT,
         { 10, "frame 1 bad", "want frame 1" },
         { 20, "frame 1 bad", "want frame 1" },
         { 30, "frame 1 ok", "offer frame 1" },
         { 3000, "tick", "" },
         { 6000, "tick", "round 1 first 0 until 36000" },
         { 36001, "tick", "end of round 1 nobody next 39000 | want frame 2" },
         { 36010, "frame 2 bad", "want frame 2" },
         { 36020, "frame 2 bad", "want frame 2" },
         { 36030, "frame 2 bad", "over abandoned no frame 0-0 until 66030" })

/* */
SCENARIO(R_15_both_are_ready_in_time, ROUND_1)

SCENARIO(R_15_the_last_one_to_be_ready_starts_the_round, BOTH_CONNECT,
         { 100, "frame 1 ok", "offer frame 1" },
         { 500, "ready 0 1", "" },
         { 3000, "tick", "" },
         { 4000, "ready 1 1", "round 1 first 0 until 34000" })

SCENARIO(R_15_they_are_waited_for_three_seconds, BOTH_CONNECT,
         { 100, "frame 1 ok", "offer frame 1" },
         { 500, "ready 0 1", "" },
         { 5999, "tick", "" },
         { 6000, "tick", "round 1 first 0 until 36000" })

SCENARIO(R_15_the_wait_counts_from_a_late_frame, BOTH_CONNECT,
         { 3000, "tick", "" },
         { 8000, "frame 1 ok", "offer frame 1" },
         { 10999, "tick", "" },
         { 11000, "tick", "round 1 first 0 until 41000" })

SCENARIO(R_15_a_late_frame_and_both_ready, BOTH_CONNECT,
         { 8000, "frame 1 ok", "offer frame 1" },
         { 8100, "ready 1 1", "" },
         { 8200, "ready 0 1", "round 1 first 0 until 38200" })

/* */
SCENARIO(R_16_who_was_away_is_not_ready, BOTH_CONNECT,
         { 100, "frame 1 ok", "offer frame 1" },
         { 500, "ready 0 1", "" },
         { 500, "ready 1 1", "" },
         { 600, "disconnect 0", "player 0 gone until 15600" },
         { 700, "connect 0", "player 0 here" },
         { 3000, "tick", "" },
         { 3500, "ready 0 1", "round 1 first 0 until 33500" })

SCENARIO(R_16_a_newer_socket_is_not_ready, BOTH_CONNECT,
         { 100, "frame 1 ok", "offer frame 1" },
         { 500, "ready 0 1", "" },
         { 500, "ready 1 1", "" },
         { 600, "connect 1", "" },
         { 3000, "tick", "" },
         { 6000, "tick", "round 1 first 0 until 36000" })

/* */
SCENARIO(R_17_ready_for_another_round,
         { 0, "connect 0", "want frame 1 | player 0 here" },
         { 1, "ready 0 1", "" },
         { 2, "ready 0 2", "reject 0 NOT_IN_ROUND" },
         { 10, "connect 1", "player 1 here | countdown until 3010" },
         { 20, "frame 1 ok", "offer frame 1" },
         { 30, "ready 0 0", "" },
         { 40, "ready 0 2", "reject 0 NOT_IN_ROUND" },
         { 50, "ready 1 1", "" },
         { 3010, "tick", "" },
         { 6010, "tick", "round 1 first 0 until 36010" },
         { 6020, "ready 0 1", "" },
         { 6030, "ready 0 2", "reject 0 NOT_IN_ROUND" })

/* */
SCENARIO(R_20_the_clock_starts_when_the_key_leaves, BOTH_CONNECT,
         { 100, "frame 1 ok", "offer frame 1" },
         { 500, "ready 0 1", "" },
         { 500, "ready 1 1", "" },
         { 3007, "tick", "round 1 first 0 until 33007" },
         { 5007, "guess 0 1 seq 1 wrong",
           "verdict 0 seq 1 wrong 2000/2000 ms left 5 locked 6007 | tell 1 opponent guessing 1" })

SCENARIO(R_20_a_disconnection_does_not_stop_it, ROUND_1,
         { 4000, "disconnect 0", "player 0 gone until 19000" },
         { 9000, "connect 0", "player 0 here" },
         { 10000, "guess 0 1 seq 1 wrong",
           "verdict 0 seq 1 wrong 7000/7000 ms left 5 locked 11000 | tell 1 opponent guessing 1" })

/* */
SCENARIO(R_21_the_first_writer_alternates, ROUND_1,
         { 33001, "tick", "end of round 1 nobody next 36000 | want frame 2" },
         { 33100, "frame 2 ok", "offer frame 2" },
         { 33200, "ready 0 2", "" },
         { 33200, "ready 1 2", "" },
         { 36000, "tick", "round 2 first 1 until 66000" },
         { 66001, "tick", "end of round 2 nobody next 69000 | want frame 3" },
         { 66100, "frame 3 ok", "offer frame 3" },
         { 66200, "ready 0 3", "" },
         { 66200, "ready 1 3", "" },
         { 69000, "tick", "round 3 first 0 until 99000" })

TEST_MAIN
