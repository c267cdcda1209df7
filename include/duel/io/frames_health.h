/* Whether a store of pictures is there, judged by its answers.
 *
 * It is asked for one object at the start; it is down when that cannot be had, or when three
 * objects in a row cannot be had later, for reasons of the store. Then it is asked ever more rarely
 * until an answer is good. An answer about one object (it is absent, too large) is a good one. It
 * refuses to know how objects are asked for and who waits for them. */
#ifndef DUEL_IO_FRAMES_HEALTH_H
#define DUEL_IO_FRAMES_HEALTH_H

#include <duel/base/text.h>
#include <stdbool.h>
#include <stdint.h>

#define FRAMES_HEALTH_OBJECTS 3            /* in a row are the store */
#define FRAMES_HEALTH_PROBE_MIN_US 500000u /* while down, doubled each time … */
#define FRAMES_HEALTH_PROBE_MAX_US 5000000u /* … up to this */

enum frames_health_state {
    FRAMES_HEALTH_UNKNOWN, /* nothing was answered yet */
    FRAMES_HEALTH_UP,
    FRAMES_HEALTH_DOWN,
};

struct frames_health {
    enum frames_health_state state;
    bool probing;          /* an object is asked for, to hear of the store */
    uint64_t probe_due_us; /* while it is not up */
    uint64_t probe_wait_us;
    char *failed[FRAMES_HEALTH_OBJECTS]; /* different ones, since the last good answer */
    uint32_t failed_count;
    char *known[FRAMES_HEALTH_OBJECTS]; /* worth asking for */
    uint32_t known_count;
    uint32_t probe_next;
    uint64_t log_due_us;
    uint32_t log_unsaid;
};

/* All zeros is a good beginning. Frees what it holds. */
void frames_health_destroy(struct frames_health *health);
/* Objects of the catalogue, which are asked for when nobody wants any; at most
 * FRAMES_HEALTH_OBJECTS of `paths` are kept, in place of the earlier ones. */
void frames_health_know(struct frames_health *health, const struct text *paths, uint32_t count);

void frames_health_good(struct frames_health *health);
/* `path` could not be had for a reason of the store. */
void frames_health_bad(struct frames_health *health, struct text path, const char *reason,
                       uint64_t now_us);
/* The probe under way has ended; said before what came of it. */
void frames_health_probed(struct frames_health *health, uint64_t now_us);

/* Whether `path` is among those that could not be had since the last good answer. */
bool frames_health_has_failed(const struct frames_health *health, struct text path);
/* A path to ask for, each time another one; TEXT_NONE: none is known. */
struct text frames_health_next(struct frames_health *health);
/* A line each five seconds says that `path` was not had, and how many others were not told of. */
void frames_health_log(struct frames_health *health, struct text path, const char *reason,
                       uint64_t now_us);

#endif
