/* What is counted, for who tells it: for duel/io/metrics*.c. */
#ifndef DUEL_IO_METRICS_PRIVATE_H
#define DUEL_IO_METRICS_PRIVATE_H

#include <duel/io/metrics.h>

#define METRICS_WORD_SIZE_MAX 64

/* Counters of one name that differ in one label. */
struct metrics_family {
    const char *name;
    const char *label;
    const char *help;
    uint32_t size;
    /* The label's value at a place below `size`, into `ret_word` if it has to be made; NULL: there
     * is nothing at this place. */
    const char *(*word)(uint32_t at, char ret_word[METRICS_WORD_SIZE_MAX]);
    const uint64_t *counts;
};

struct metrics_counter {
    const char *name;
    const char *help;
};

struct metrics_histogram {
    const char *name;
    const char *label; /* name="value", or empty */
    const char *help;
    enum tally_scale scale;
};

#define METRICS_FAMILIES 4

extern const struct metrics_family metrics_families[METRICS_FAMILIES];
extern const struct metrics_counter metrics_counters[METRICS];
extern const struct metrics_histogram metrics_histograms[METRIC_HISTOGRAMS];

const struct tally *metrics_tally(enum metric_histogram histogram);
/* A note's name in small letters. */
const char *metrics_event_word(uint32_t note, char ret_word[METRICS_WORD_SIZE_MAX]);

#endif
