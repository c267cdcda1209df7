/* Draws; see the header. */
#include <loadtest/load/think.h>

#include <math.h>

#define MEDIAN_S 2.5
#define SIGMA 0.48
#define LONGEST_S 20.0
#define US_PER_MINUTE 60e6

/* In (0, 1]. */
static double draw(struct rng *rng)
{
    return ((double)(rng_next(rng) >> 11) + 1) / 9007199254740992.0;
}

uint64_t think_guess_us(const struct options *options, struct rng *rng)
{
    if (options->think_max_ms > 0) {
        uint32_t span_ms = options->think_max_ms - options->think_min_ms;
        return options->think_min_ms * 1000ULL + rng_below(rng, span_ms * 1000 + 1);
    }
    /* Box and Muller's normal deviate. */
    double normal = sqrt(-2 * log(draw(rng))) * cos(2 * 3.14159265358979 * draw(rng));
    double s = MEDIAN_S * exp(SIGMA * normal);
    return (uint64_t)((s < LONGEST_S ? s : LONGEST_S) * 1e6);
}

uint64_t think_key_us(struct rng *rng)
{
    return 120000 + rng_below(rng, 200000);
}

bool think_chance(struct rng *rng, uint32_t percent)
{
    return percent > 0 && rng_below(rng, 100) < percent;
}

uint64_t think_next_us(struct rng *rng, double per_minute)
{
    return (uint64_t)(-log(draw(rng)) * US_PER_MINUTE / per_minute);
}
