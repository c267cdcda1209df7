/* Pictures from an S3 store, with patience: faults are retried, and a store that is away is waited
 * for.
 *
 * One object is fetched once, whoever waits for it. What is wrong with an object (absent, too
 * large, no picture) is told at once. A fault is tried three times; when three objects in a row
 * could not be had for reasons of the store, the store is down: from then on nobody is told no
 * before their time is up, one object at a time is asked for, ever more rarely, and the first good
 * answer lets all go on. It refuses to know what pictures are for. All of it runs on the loop's
 * thread. */
#ifndef DUEL_IO_FRAMES_LOAD_H
#define DUEL_IO_FRAMES_LOAD_H

#include <duel/io/frames_parts.h>

#define FRAMES_LOAD_ATTEMPTS 3
#define FRAMES_LOAD_RETRY_US 250000u     /* after the first fault, then four times this */
#define FRAMES_LOAD_DOWN_AFTER 3         /* objects in a row */
#define FRAMES_LOAD_PROBE_MIN_US 500000u /* while down, doubled each time … */
#define FRAMES_LOAD_PROBE_MAX_US 5000000u /* … up to this */

struct frames_loads;
struct frames_waiter;

/* `picture` is held for the callee; NULL: it cannot be had. May come inside frames_load(). Must
 * not call frames_load(). */
typedef void frames_loaded(struct frames_waiter *waiter, struct frames_picture *picture);

/* Who waits; the caller's, until it was told. */
struct frames_waiter {
    struct frames_waiter *next;
    frames_loaded *done;
    uint64_t until_us; /* of loop_now_us() */
};

/* The store is that of the R2_ settings. NULL: out of memory or threads. */
struct frames_loads *frames_loads_create(struct loop *loop, struct worker *worker,
                                         const struct settings *settings);
/* Tells all who wait that there is nothing. May come before worker_destroy() or after it. NULL is
 * allowed. */
void frames_loads_destroy(struct frames_loads *loads);
/* Tells `waiter` once. A path that has an empty, "." or ".." part cannot be had. */
void frames_load(struct frames_loads *loads, struct text path, struct frames_waiter *waiter);
/* Does what is due by now; its own timer calls it. */
void frames_loads_tick(struct frames_loads *loads);
bool frames_loads_is_up(const struct frames_loads *loads);

#endif
