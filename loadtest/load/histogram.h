/* Times in a log-linear histogram: 1 µs to 1 h with an error of at most 1/64, in fixed memory.
 *
 * Percentiles are over what was recorded; who records a time from when something was meant to
 * happen (not from when it did) gets figures free of coordinated omission. */
#ifndef LOAD_HISTOGRAM_H
#define LOAD_HISTOGRAM_H

#include <stdbool.h>
#include <stdint.h>

#define HISTOGRAM_SUB_BITS 6
#define HISTOGRAM_BUCKETS 1728 /* 2^6 exact ones, then 2^6 for each doubling up to 2^32 */

struct histogram {
    uint64_t count;
    uint64_t sum_us;
    uint64_t max_us;
    uint32_t counts[HISTOGRAM_BUCKETS];
};

void histogram_clear(struct histogram *histogram);
void histogram_add(struct histogram *histogram, uint64_t us);
void histogram_merge(struct histogram *into, const struct histogram *from);
/* The upper edge of the bucket that holds it, at most max_us; `per_million` 500000 is the median.
 * 0 when empty. */
uint64_t histogram_at(const struct histogram *histogram, uint32_t per_million);
double histogram_mean_us(const struct histogram *histogram);
/* Walks the buckets that hold something: *place from 0; false at the end. *ret_us: upper edge. */
bool histogram_next(const struct histogram *histogram, uint32_t *place, uint64_t *ret_us,
                    uint32_t *ret_count);

#endif
