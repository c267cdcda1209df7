/* The loop's turn: one clock reading, callbacks, the hub, and what it wants done.
 *
 * Everything runs in one thread on one libev loop. A callback of a library turns what happened into
 * one hub event and calls loop_event(): the hub is stepped at once and its effects are performed
 * before that call returns; sends are collected and leave at the end of the turn
 * (loop_at_turn_end). The clock is read once a turn, after the sleep: all that arrived in one turn
 * arrived at the same time.
 *
 * An adapter never answers inside the call that asks it: it answers from a library's callback, or
 * through loop_defer(). */
#ifndef DUEL_IO_LOOP_H
#define DUEL_IO_LOOP_H

#include <duel/hub/hub.h>

struct loop;
struct ev_loop;

/* Performs one effect; set by who composes the server. */
typedef void loop_perform(void *context, struct hub_effect *effect);

struct loop *loop_create(void);
void loop_destroy(struct loop *loop);
void loop_attach(struct loop *loop, struct hub *hub, loop_perform *perform, void *context);

struct ev_loop *loop_ev(struct loop *loop);
/* The time of this turn: Unix epoch in microseconds, taken at start and carried on by the monotonic
 * clock, so it never goes back. */
uint64_t loop_now_us(const struct loop *loop);
/* The same clock read now: for round trips and for measuring, not for the rules. */
uint64_t loop_read_us(const struct loop *loop);
/* The system's clock read now, Unix epoch, which may be set back and forth: for what others have
 * stamped with a time (tokens), never for the rules. */
uint64_t loop_wall_us(const struct loop *loop);

/* Stamps time and entropy on `event`, steps the hub and performs the effects. Not to be called
 * while effects are being performed (asserted). */
void loop_event(struct loop *loop, struct hub_event *event);
/* Delivers a copy of `event`, which must hold no views, later in this turn. */
void loop_defer(struct loop *loop, const struct hub_event *event);
/* Calls `call` before this turn ends, after the callback that is under way; what it sends still
 * leaves in this turn. When the loop is destroyed first, then. */
void loop_soon(struct loop *loop, void (*call)(void *context), void *context);
/* Calls `flush` at the end of every turn in which something happened, before the loop sleeps. */
void loop_at_turn_end(struct loop *loop, void (*flush)(void *context), void *context);

/* Runs until loop_stop(). */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* Seconds that turns took, as a histogram for metrics: bounds in microseconds, cumulative
 * counts. */
struct loop_times {
    uint64_t turns;
    uint64_t sum_us;
    uint64_t longest_us;
};
struct loop_times loop_measure(const struct loop *loop);

#endif
