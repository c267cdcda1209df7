/* When the key set is fetched: every 10 minutes, with back-off after failures, and for an
 * unknown kid at most every 30 s (contract section 2), so that tokens which anyone can make up
 * cost Logto next to nothing. It holds no clock and fetches nothing itself. */
#include <duel/base/assert.h>
#include <duel/io/jwks.h>

void jwks_schedule_init(struct jwks_schedule *schedule, uint64_t now_us)
{
    *schedule = (struct jwks_schedule){ .due_us = now_us, .retry_us = JWKS_RETRY_MIN_US };
}

bool jwks_schedule_begin(struct jwks_schedule *schedule, uint64_t now_us)
{
    if (schedule->fetching || now_us < schedule->due_us) {
        return false;
    }
    schedule->fetching = true;
    return true;
}

bool jwks_schedule_begin_unknown(struct jwks_schedule *schedule, uint64_t now_us)
{
    if (schedule->fetching || now_us < schedule->unknown_us) {
        return false;
    }
    schedule->fetching = true;
    schedule->unknown_us = now_us + JWKS_UNKNOWN_US;
    return true;
}

void jwks_schedule_end(struct jwks_schedule *schedule, uint64_t now_us, bool ok)
{
    ASSERT(schedule->fetching);
    schedule->fetching = false;
    if (ok) {
        schedule->due_us = now_us + JWKS_REFRESH_US;
        schedule->retry_us = JWKS_RETRY_MIN_US;
        return;
    }
    schedule->due_us = now_us + schedule->retry_us;
    schedule->retry_us *= 2;
    if (schedule->retry_us > JWKS_RETRY_MAX_US) {
        schedule->retry_us = JWKS_RETRY_MAX_US;
    }
}
