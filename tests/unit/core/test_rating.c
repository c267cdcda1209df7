/* Elo in integers against Elo in floating point, over every difference that matters. */
#include <duel/core/rating.h>
#include <test.h>

/* 10^(lead / 400) without libm: 10^(1/400), multiplied. */
static long double power(int lead)
{
    long double result = 1;
    for (int i = 0; i < abs(lead); i++) {
        result *= 1.005773063061655453138L;
    }
    return lead < 0 ? 1 / result : result;
}

static int rounded(long double value)
{
    return value < 0 ? -(int)(-value + 0.5L) : (int)(value + 0.5L);
}

/* */
TEST(R_60_equals_the_formula_for_every_difference)
{
    for (int lead = -3000; lead <= 3000; lead++) {
        long double expected = 1 / (1 + 1 / power(lead));
        CHECK_INT(rating_change(1500 + lead, 1500, RATING_WIN), rounded(32 * (1 - expected)));
        CHECK_INT(rating_change(1500 + lead, 1500, RATING_DRAW), rounded(32 * (0.5L - expected)));
        CHECK_INT(rating_change(1500 + lead, 1500, RATING_LOSS), rounded(-32 * expected));
    }
}

/* */
TEST(R_61_what_one_gains_the_other_loses)
{
    for (int a = -2000; a <= 4000; a += 7) {
        for (int b = -2000; b <= 4000; b += 11) {
            CHECK_INT(rating_change(a, b, RATING_WIN), -rating_change(b, a, RATING_LOSS));
            CHECK_INT(rating_change(a, b, RATING_DRAW), -rating_change(b, a, RATING_DRAW));
        }
    }
}

TEST(R_60_known_values)
{
    CHECK_INT(rating_change(1000, 1000, RATING_WIN), 16);
    CHECK_INT(rating_change(1000, 1000, RATING_DRAW), 0);
    CHECK_INT(rating_change(1000, 1000, RATING_LOSS), -16);
    CHECK_INT(rating_change(1000, 1400, RATING_WIN), 29);
    CHECK_INT(rating_change(1400, 1000, RATING_WIN), 3);
    CHECK_INT(rating_change(1400, 1000, RATING_DRAW), -13);
    CHECK_INT(rating_change(2400, 1000, RATING_WIN), 0);
}

/* */
TEST(R_62_wins_over_the_same_opponent_are_worth_less)
{
    static const int32_t expected[] = { 29, 29, 29, 14, 7, 0, 0 };
    for (uint32_t wins = 0; wins < 7; wins++) {
        CHECK_INT(rating_change_repeated(1000, 1400, RATING_WIN, wins), expected[wins]);
        CHECK_INT(rating_change_repeated(1400, 1000, RATING_LOSS, wins), -expected[wins]);
        CHECK_INT(rating_change_repeated(1000, 1400, RATING_DRAW, wins), 13);
    }
    CHECK_INT(rating_change_repeated(1000, 1400, RATING_WIN, UINT32_MAX), 0);
}

/* */
TEST(R_62_stays_zero_sum)
{
    for (uint32_t wins = 0; wins < 7; wins++) {
        for (int lead = -900; lead <= 900; lead++) {
            CHECK_INT(rating_change_repeated(1000 + lead, 1000, RATING_WIN, wins),
                      -rating_change_repeated(1000, 1000 + lead, RATING_LOSS, wins));
        }
    }
}

TEST(R_60_any_integer_can_be_asked)
{
    CHECK_INT(rating_change(INT32_MAX, INT32_MIN, RATING_WIN), 0);
    CHECK_INT(rating_change(INT32_MIN, INT32_MAX, RATING_WIN), 32);
    CHECK_INT(rating_change(INT32_MAX, INT32_MIN, RATING_LOSS), -32);
}

TEST_MAIN
