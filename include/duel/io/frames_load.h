/* Pictures from an S3 store, with patience: faults are retried, and a store that is away is waited
 * for.
 *
 * One object is fetched once, whoever waits for it. What is wrong with an object (absent, too
 * large, no picture) is told at once. A fault is tried three times; then others that the catalogue
 * knows are asked for: one good answer, and the fault is the object's; none, and the store is down
 * (frames_health.h): from then on nobody is told no before their time is up, one object at a time
 * is asked for, ever more rarely, and the first good answer lets all go on. It refuses to know what
 * pictures are for. All of it runs on the loop's thread. */
#ifndef DUEL_IO_FRAMES_LOAD_H
#define DUEL_IO_FRAMES_LOAD_H

#include <duel/io/frames_parts.h>

#define FRAMES_LOAD_ATTEMPTS 3
#define FRAMES_LOAD_RETRY_US 250000u /* after the first fault, then four times this */

struct frames_loads;
struct frames_waiter;

/* `picture` is held for the callee; NULL: it cannot be had. May come inside frames_load(). Must
 * not call frames_load(). */
typedef void frames_loaded(struct frames_waiter *waiter, struct frames_picture *picture);

/* Who waits; the caller's, until it was told. */
struct frames_waiter {
    struct frames_waiter *next;
    frames_loaded *done;
    uint64_t until_us;      /* of loop_now_us(): told no then, whatever the store does */
    uint64_t until_down_us; /* the same, as soon as this has come and the store is not up */
};

/* The store is that of the R2_ settings. `changed` is called when it is found there or away, first
 * when that is known. NULL: out of memory or threads. */
struct frames_loads *frames_loads_create(struct loop *loop, struct worker *worker,
                                         const struct settings *settings, frames_changed *changed,
                                         void *context);
/* Tells all who wait that there is nothing. May come before worker_destroy() or after it. NULL is
 * allowed. */
void frames_loads_destroy(struct frames_loads *loads);
/* Tells `waiter` once. A path that has an empty, "." or ".." part cannot be had. */
void frames_load(struct frames_loads *loads, struct text path, struct frames_waiter *waiter);
/* Does what is due by now; its own timer calls it. */
void frames_loads_tick(struct frames_loads *loads);
/* Objects that should be there, to ask for when only the store's state is wanted: at once, when
 * nothing is known of that yet. */
void frames_loads_know(struct frames_loads *loads, const struct text *paths, uint32_t count);
/* False also when nothing is known yet. */
bool frames_loads_is_up(const struct frames_loads *loads);

#endif
