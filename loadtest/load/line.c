/* A delayed, lossy line; see the header. */
#include <loadtest/load/line.h>

#define RTO_MIN_US 200000 /* Linux' TCP_RTO_MIN */
#define RTO_MAX_US 3200000

bool line_is_straight(const struct line_settings *settings)
{
    return settings->delay_us == 0 && settings->jitter_us == 0 && settings->loss_per_mille == 0;
}

void line_init(struct line *line, const struct line_settings *settings)
{
    line->settings = *settings;
    line->last_us = 0;
}

static uint64_t draw_delay_us(const struct line_settings *settings, struct rng *rng)
{
    uint64_t delay_us = settings->delay_us;
    if (settings->jitter_us == 0) {
        return delay_us;
    }
    delay_us += rng_below(rng, 2 * settings->jitter_us + 1);
    return delay_us > settings->jitter_us ? delay_us - settings->jitter_us : 0;
}

uint64_t line_pass(struct line *line, struct rng *rng, uint64_t now_us)
{
    const struct line_settings *settings = &line->settings;
    /* RFC 6298: a segment is sent again after the round trip and four times its variation, doubled
     * each time; here the line's own figures stand for the measured ones. */
    uint64_t rto_us = 2 * (uint64_t)settings->delay_us + 4 * (uint64_t)settings->jitter_us;
    rto_us = rto_us > RTO_MIN_US ? rto_us : RTO_MIN_US;
    uint64_t out_us = now_us;
    while (settings->loss_per_mille > 0 && rng_below(rng, 1000) < settings->loss_per_mille &&
           rto_us < RTO_MAX_US) {
        out_us += rto_us;
        rto_us *= 2;
    }
    out_us += draw_delay_us(settings, rng);
    if (out_us < line->last_us) {
        out_us = line->last_us;
    }
    line->last_us = out_us;
    return out_us;
}
