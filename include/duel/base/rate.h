/* A limit on how often something may happen: the generic cell rate algorithm (ITU-T I.371). */
#ifndef DUEL_BASE_RATE_H
#define DUEL_BASE_RATE_H

#include <stdbool.h>
#include <stdint.h>

/* One of at most `per_s` a second, with bursts of as many. False: too fast. `*at_us` is
 * the whole memory of a limit; it starts at 0. */
static inline bool rate_take(uint64_t *at_us, uint64_t now_us, uint32_t per_s)
{
    uint64_t interval_us = per_s == 0 ? 1000000 : 1000000 / per_s;
    uint64_t at = *at_us > now_us ? *at_us : now_us;
    if (at - now_us + interval_us > 1000000) {
        return false;
    }
    *at_us = at + interval_us;
    return true;
}

#endif
