/* What to expect of a wait (docs/rules.md, R-74); see waits.h. */
#include <duel/core/waits.h>

#define ONE (UINT64_C(1) << 32) /* shares are in units of 2^-32 */

void waits_add(struct waits *waits, int64_t waited_ms, bool paired)
{
    int64_t ms = waited_ms < 0 ? 0 : waited_ms;
    waits->recent[waits->next] = (struct wait){
        .ms = ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX,
        .paired = paired,
    };
    waits->next = (waits->next + 1) % WAITS_MAX;
    if (waits->count < WAITS_MAX) {
        waits->count++;
    }
}

/* Who was paired after a time comes before who had given up by then. */
static bool is_before(const struct wait *a, const struct wait *b)
{
    return a->ms != b->ms ? a->ms < b->ms : a->paired && !b->paired;
}

static void sort(const struct waits *waits, struct wait ret_sorted[WAITS_MAX])
{
    for (uint32_t i = 0; i < waits->count; i++) {
        uint32_t place = i;
        for (; place > 0 && is_before(&waits->recent[i], &ret_sorted[place - 1]); place--) {
            ret_sorted[place] = ret_sorted[place - 1];
        }
        ret_sorted[place] = waits->recent[i];
    }
}

/* The product-limit estimate of Kaplan and Meier: each time somebody is paired, the share that
 * waits on shrinks by one of those who still waited then. With all paired it is the plain
 * quantile. */
bool waits_expect(const struct waits *waits, uint32_t *ret_ms)
{
    if (waits->count < WAITS_MIN) {
        return false;
    }
    struct wait sorted[WAITS_MAX];
    sort(waits, sorted);
    uint64_t left = ONE;
    for (uint32_t i = 0; i < waits->count; i++) {
        uint32_t waited = waits->count - i; /* so long or longer */
        if (sorted[i].paired) {
            left = left * (waited - 1) / waited;
        }
        if (left <= ONE / 5) {
            *ret_ms = sorted[i].ms;
            return true;
        }
    }
    *ret_ms = sorted[waits->count - 1].ms;
    return true;
}
