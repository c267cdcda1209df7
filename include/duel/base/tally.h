/* How many times were at most so long: the counts behind a histogram of a metric. It refuses to
 * know what was timed, and what the counts are told as. */
#ifndef DUEL_BASE_TALLY_H
#define DUEL_BASE_TALLY_H

#include <stdint.h>

#define TALLY_BOUNDS_MAX 14

/* What is timed decides where its bounds lie. */
enum tally_scale {
    TALLY_TURNS,  /* of the loop, or inside one: 10 us … 100 ms */
    TALLY_SAVES,  /* one answer of Valkey: 500 us … 100 ms */
    TALLY_STORES, /* any answer of a store: 100 us … 5 s */
    TALLY_LINES,  /* round trips of players: 1 ms … 500 ms */
    TALLY_PEOPLE, /* what somebody waits for: 10 ms … 60 s */
    TALLY_SCALES  /* not a scale */
};

/* Zeroed, it is empty. */
struct tally {
    uint64_t counts[TALLY_BOUNDS_MAX + 1]; /* of each bound, those above the one before it; behind
                                            * the last bound, the rest */
    uint64_t sum_us;
};

/* The bounds of a scale, rising. */
uint32_t tally_bounds_count(enum tally_scale scale);
uint32_t tally_bound_us(enum tally_scale scale, uint32_t at);
/* One more time of `us`. A tally keeps to one scale. */
void tally_add(struct tally *tally, enum tally_scale scale, uint64_t us);

#endif
