/* xoshiro256** by Blackman and Vigna, seeded through SplitMix64; bounded draws after Lemire. */
#include <duel/base/assert.h>
#include <duel/base/rng.h>

static uint64_t rotate_left(uint64_t value, uint32_t bits)
{
    return value << bits | value >> (64 - bits);
}

void rng_seed(struct rng *rng, uint64_t seed)
{
    for (uint32_t i = 0; i < 4; i++) {
        seed += 0x9e3779b97f4a7c15ULL;
        uint64_t z = seed;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
        rng->state[i] = z ^ z >> 31;
    }
}

uint64_t rng_next(struct rng *rng)
{
    uint64_t *s = rng->state;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint32_t rng_below(struct rng *rng, uint32_t bound)
{
    ASSERT(bound > 0);
    /* Products below this come from an incomplete last interval and would favour some values. */
    uint32_t reject_below = (0U - bound) % bound;
    uint64_t product;
    do {
        product = (rng_next(rng) >> 32) * bound;
    } while ((uint32_t)product < reject_below);
    return (uint32_t)(product >> 32);
}
