/* Reproducible random numbers (xoshiro256**, seeded through SplitMix64).
 *
 * Not for secrets: keys, tokens and tickets come from OpenSSL in io. */
#ifndef DUEL_BASE_RNG_H
#define DUEL_BASE_RNG_H

#include <stdint.h>

struct rng {
    uint64_t state[4];
};

void rng_seed(struct rng *rng, uint64_t seed);
uint64_t rng_next(struct rng *rng);
/* Uniform in [0, bound), without modulo bias; bound > 0. */
uint32_t rng_below(struct rng *rng, uint32_t bound);

#endif
