/* Elo in integers (docs/rules.md, R-60 … R-63). It knows two numbers, no players. */
#include <duel/base/assert.h>
#include <duel/core/rating.h>
#include <stdbool.h>

#define FULL_WINS 3 /* over the same opponent, before a win is worth less */

/* thresholds[k - 1] = floor(400 * log10(32 / (k - 0.5) - 1)): the largest lead own - other with
 * which a win still gains k, because 32 / (1 + 10^(lead / 400)) rounds to at least k. */
static const int16_t thresholds[RATING_K] = {
    719, 523, 428, 364,  314,  273,  237,  205,  176,  149,  124,  100,  77,   54,   32,   10,
    -11, -33, -55, -78,  -101, -125, -150, -177, -206, -238, -274, -315, -365, -429, -524, -720,
};

static int32_t gain_of_win(int32_t own, int32_t other)
{
    int64_t lead = (int64_t)own - other;
    int32_t gain = 0;
    while (gain < RATING_K && lead <= thresholds[gain]) {
        gain++;
    }
    return gain;
}

int32_t rating_change(int32_t own, int32_t other, enum rating_outcome outcome)
{
    switch (outcome) {
    case RATING_WIN:
        return gain_of_win(own, other);
    case RATING_DRAW:
        return gain_of_win(own, other) - RATING_K / 2;
    case RATING_LOSS:
        return -gain_of_win(other, own);
    }
    ASSERT(false);
    return 0;
}

int32_t rating_change_repeated(int32_t own, int32_t other, enum rating_outcome outcome,
                               uint32_t wins)
{
    int32_t change = rating_change(own, other, outcome);
    if (outcome == RATING_DRAW || wins < FULL_WINS) {
        return change;
    }
    if (wins == FULL_WINS) {
        return change / 2;
    }
    return wins == FULL_WINS + 1 ? change / 4 : 0;
}
