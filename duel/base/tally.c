/* Counts by bounds; see tally.h. */
#include <duel/base/assert.h>
#include <duel/base/tally.h>

static const struct {
    uint32_t count;
    uint32_t us[TALLY_BOUNDS_MAX];
} scales[TALLY_SCALES] = {
    [TALLY_TURNS] = { 12, { 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 100000 } },
    [TALLY_SAVES] = { 6, { 500, 1000, 2000, 5000, 20000, 100000 } },
    [TALLY_STORES] = { 14, { 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000,
                             500000, 1000000, 5000000 } },
    [TALLY_LINES] = { 10, { 1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000, 250000,
                            500000 } },
    [TALLY_PEOPLE] = { 11, { 10000, 100000, 500000, 1000000, 2000000, 5000000, 10000000, 15000000,
                             20000000, 30000000, 60000000 } },
};

uint32_t tally_bounds_count(enum tally_scale scale)
{
    ASSERT(scale < TALLY_SCALES);
    return scales[scale].count;
}

uint32_t tally_bound_us(enum tally_scale scale, uint32_t at)
{
    ASSERT(at < tally_bounds_count(scale));
    return scales[scale].us[at];
}

void tally_add(struct tally *tally, enum tally_scale scale, uint64_t us)
{
    uint32_t count = tally_bounds_count(scale);
    uint32_t at = 0;
    while (at < count && us > scales[scale].us[at]) {
        at++;
    }
    tally->counts[at]++;
    tally->sum_us += us;
}
