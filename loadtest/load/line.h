/* A slow or lossy line, as pure arithmetic: when bytes that enter it come out at the other end.
 *
 * TCP keeps the order: what was lost comes after a retransmission, and all behind it waits for
 * it. */
#ifndef LOAD_LINE_H
#define LOAD_LINE_H

#include <duel/base/rng.h>
#include <stdbool.h>

struct line_settings {
    uint32_t delay_us;    /* each way */
    uint32_t jitter_us;   /* each way, added or taken: uniform in ±jitter, never below 0 in sum */
    uint32_t loss_per_mille; /* of the segments; each costs a retransmission */
};

struct line {
    struct line_settings settings;
    uint64_t last_us; /* when what entered before comes out */
};

void line_init(struct line *line, const struct line_settings *settings);
/* When a segment that enters at `now_us` comes out; never before one that entered earlier. */
uint64_t line_pass(struct line *line, struct rng *rng, uint64_t now_us);
bool line_is_straight(const struct line_settings *settings);

#endif
