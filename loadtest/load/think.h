/* How people play: pure draws from distributions. */
#ifndef LOAD_THINK_H
#define LOAD_THINK_H

#include <duel/base/rng.h>
#include <loadtest/load/options.h>

/* How long after the picture appeared, or after the last guess, the next guess is made, in µs.
 * By --think uniform; else as people do: a log-normal reaction with a median of 2.5 s (95 % between
 * 1 and 6.5 s), at most 20 s. */
uint64_t think_guess_us(const struct options *options, struct rng *rng);
/* Between two keys: 120-320 ms, so never more than ten `suggest` a second. */
uint64_t think_key_us(struct rng *rng);
/* Whether something that happens in so many of 100 cases happens now. */
bool think_chance(struct rng *rng, uint32_t percent);
/* When the next thing happens that comes `per_minute` times a minute, by chance (exponential). */
uint64_t think_next_us(struct rng *rng, double per_minute);

#endif
