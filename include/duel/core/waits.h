/* How long an opponent is waited for, learned from those who waited lately (docs/rules.md, R-74).
 *
 * It is told how each wait ended and gives the time within which four of five of those who have to
 * wait get an opponent. Who gives up or is timed out counts as well: all that is known of him is
 * that it would have taken longer. It knows no clock, no queue and no player. */
#ifndef DUEL_CORE_WAITS_H
#define DUEL_CORE_WAITS_H

#include <stdbool.h>
#include <stdint.h>

#define WAITS_MAX 64 /* so many are remembered */
#define WAITS_MIN 8  /* nothing is said of fewer */

struct wait {
    uint32_t ms;
    bool paired; /* else it ended without an opponent */
};

/* All zeros is a good start. */
struct waits {
    struct wait recent[WAITS_MAX];
    uint32_t count; /* at most WAITS_MAX */
    uint32_t next;  /* the place of the next, which is the oldest's when there are WAITS_MAX */
};

/* A wait of waited_ms is over (below 0 counts as 0, above UINT32_MAX as that). */
void waits_add(struct waits *waits, int64_t waited_ms, bool paired);
/* The wait that four of five will not exceed, in ms; the longest known when so many of them did not
 * get anybody that it is not known. False, and ret_ms untouched, for fewer than WAITS_MIN. */
bool waits_expect(const struct waits *waits, uint32_t *ret_ms);

#endif
