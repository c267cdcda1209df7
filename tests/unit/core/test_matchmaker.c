/* Who may play whom (docs/rules.md, R-70 … R-72). */
#include <duel/core/matchmaker.h>
#include <test.h>

static const struct matchmaker_rules usual = {
    .window = 100, .step = 50, .step_ms = 5000, .timeout_ms = 30000,
};

static struct matchmaker_ticket ticket(uint8_t player, int32_t rating, int64_t since_ms)
{
    struct matchmaker_ticket made = { .since_ms = since_ms, .rating = rating };
    made.player.bytes[15] = player;
    return made;
}

/* */
TEST(R_70_the_window_widens)
{
    CHECK_INT(matchmaker_window(&usual, -5), 100);
    CHECK_INT(matchmaker_window(&usual, 0), 100);
    CHECK_INT(matchmaker_window(&usual, 4999), 100);
    CHECK_INT(matchmaker_window(&usual, 5000), 150);
    CHECK_INT(matchmaker_window(&usual, 19999), 250);
    CHECK(matchmaker_window(&usual, 20000) == MATCHMAKER_UNBOUNDED);
    CHECK(matchmaker_window(&usual, INT64_MAX) == MATCHMAKER_UNBOUNDED);
}

TEST(R_70_the_last_third_is_never_early)
{
    struct matchmaker_rules rules = usual;
    rules.timeout_ms = 100;
    rules.step = 0;
    CHECK_INT(matchmaker_window(&rules, 66), 100);
    CHECK(matchmaker_window(&rules, 67) == MATCHMAKER_UNBOUNDED);
}

TEST(R_70_a_huge_window_is_unbounded)
{
    struct matchmaker_rules rules = { UINT32_MAX - 1, UINT32_MAX, 1, UINT32_MAX };
    CHECK_INT(matchmaker_window(&rules, 0), UINT32_MAX - 1);
    CHECK(matchmaker_window(&rules, 1) == MATCHMAKER_UNBOUNDED);
    CHECK(matchmaker_window(&rules, 2000000000) == MATCHMAKER_UNBOUNDED);
}

TEST(R_70_next_is_when_the_window_really_widens)
{
    for (int64_t now = 990; now < 32000; now += 3) {
        int64_t next = matchmaker_next_ms(&usual, 1000, now);
        uint32_t window = matchmaker_window(&usual, now - 1000);
        if (window == MATCHMAKER_UNBOUNDED) {
            CHECK(next == INT64_MAX);
        } else {
            CHECK(next > now);
            CHECK_INT(matchmaker_window(&usual, next - 1 - 1000), window);
            CHECK(matchmaker_window(&usual, next - 1000) > window);
        }
    }
}

/* */
TEST(R_71_each_stands_in_the_others_window)
{
    struct matchmaker_ticket a = ticket(1, 1000, 0);
    struct matchmaker_ticket b = ticket(2, 1100, 10000);
    CHECK(matchmaker_fits(&usual, &a, &b, 10000));
    b.rating = 1101;
    /* a's window is 200 by now, b's is 100. */
    CHECK(!matchmaker_fits(&usual, &a, &b, 10000));
    CHECK(!matchmaker_fits(&usual, &b, &a, 10000));
    CHECK(matchmaker_fits(&usual, &a, &b, 15000));
}

TEST(R_71_in_the_last_third_the_wider_counts)
{
    struct matchmaker_ticket a = ticket(1, INT32_MIN, 0);
    struct matchmaker_ticket b = ticket(2, INT32_MAX, 19000);
    CHECK(!matchmaker_fits(&usual, &a, &b, 19999));
    CHECK(matchmaker_fits(&usual, &a, &b, 20000));
    CHECK(matchmaker_fits(&usual, &b, &a, 20000));
}

/* */
TEST(R_72_the_nearest_then_the_longest_then_the_smaller_id)
{
    struct matchmaker_ticket me = ticket(9, 1000, 500);
    struct matchmaker_ticket others[] = {
        ticket(5, 1060, 100), ticket(4, 950, 300), ticket(3, 1050, 200),
        ticket(2, 1050, 200), ticket(9, 1000, 100), ticket(1, 1200, 0),
    };
    CHECK_INT(matchmaker_choose(&usual, &me, others, 6, 500), 3);
    CHECK_INT(matchmaker_choose(&usual, &me, others, 3, 500), 2);
    CHECK_INT(matchmaker_choose(&usual, &me, others, 2, 500), 1);
    CHECK_INT(matchmaker_choose(&usual, &me, others, 1, 500), 0);
    CHECK_INT(matchmaker_choose(&usual, &me, others + 4, 2, 500), -1);
    CHECK_INT(matchmaker_choose(&usual, &me, others, 0, 500), -1);
}

TEST(R_72_not_the_last_opponent_while_somebody_else_fits)
{
    struct matchmaker_ticket me = ticket(9, 1000, 0);
    struct matchmaker_ticket others[] = { ticket(1, 1000, 0), ticket(2, 1100, 0) };
    me.last_opponent = others[0].player;
    CHECK_INT(matchmaker_choose(&usual, &me, others, 2, 0), 1);
    CHECK_INT(matchmaker_choose(&usual, &me, others, 1, 0), 0);
    me.last_opponent = (struct uuid){ { 0 } };
    others[0].last_opponent = me.player;
    CHECK_INT(matchmaker_choose(&usual, &me, others, 2, 0), 1);
    others[1].last_opponent = me.player;
    CHECK_INT(matchmaker_choose(&usual, &me, others, 2, 0), 0);
}

TEST(R_72_the_order_of_the_others_makes_no_difference)
{
    struct matchmaker_ticket me = ticket(9, 1000, 0);
    struct matchmaker_ticket others[] = {
        ticket(1, 1040, 20), ticket(2, 960, 10), ticket(3, 990, 5), ticket(4, 1010, 5),
    };
    for (int turn = 0; turn < 4; turn++) {
        int32_t chosen = matchmaker_choose(&usual, &me, others, 4, 100);
        CHECK_INT(others[chosen].player.bytes[15], 3);
        struct matchmaker_ticket first = others[0];
        memmove(others, others + 1, 3 * sizeof first);
        others[3] = first;
    }
}

TEST_MAIN
