/* The buckets; see the header. */
#include <loadtest/load/histogram.h>
#include <string.h>

#define SUB (1U << HISTOGRAM_SUB_BITS)

void histogram_clear(struct histogram *histogram)
{
    memset(histogram, 0, sizeof(*histogram));
}

/* Values below 2 × SUB are exact; above, the top HISTOGRAM_SUB_BITS + 1 bits choose the bucket. */
static uint32_t bucket_of(uint64_t us)
{
    if (us > UINT32_MAX) {
        us = UINT32_MAX;
    }
    if (us < SUB) {
        return (uint32_t)us;
    }
    uint32_t shift = 31 - (uint32_t)__builtin_clz((uint32_t)us) - HISTOGRAM_SUB_BITS;
    return (shift + 1) * SUB + (((uint32_t)us >> shift) - SUB);
}

static uint64_t upper_edge(uint32_t bucket)
{
    if (bucket < SUB) {
        return bucket;
    }
    uint32_t shift = bucket / SUB - 1;
    return (((uint64_t)(bucket % SUB) + SUB + 1) << shift) - 1;
}

void histogram_add(struct histogram *histogram, uint64_t us)
{
    histogram->count++;
    histogram->sum_us += us;
    if (us > histogram->max_us) {
        histogram->max_us = us;
    }
    histogram->counts[bucket_of(us)]++;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
    into->count += from->count;
    into->sum_us += from->sum_us;
    if (from->max_us > into->max_us) {
        into->max_us = from->max_us;
    }
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        into->counts[i] += from->counts[i];
    }
}

uint64_t histogram_at(const struct histogram *histogram, uint32_t per_million)
{
    uint64_t rank = (histogram->count * per_million + 999999) / 1000000;
    uint64_t seen = 0;
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += histogram->counts[i];
        if (seen >= rank && seen > 0) {
            uint64_t edge_us = upper_edge(i);
            return edge_us < histogram->max_us ? edge_us : histogram->max_us;
        }
    }
    return 0;
}

double histogram_mean_us(const struct histogram *histogram)
{
    return histogram->count == 0 ? 0 : (double)histogram->sum_us / (double)histogram->count;
}

bool histogram_next(const struct histogram *histogram, uint32_t *place, uint64_t *ret_us,
                    uint32_t *ret_count)
{
    while (*place < HISTOGRAM_BUCKETS) {
        uint32_t bucket = (*place)++;
        if (histogram->counts[bucket] != 0) {
            *ret_us = upper_edge(bucket);
            *ret_count = histogram->counts[bucket];
            return true;
        }
    }
    return false;
}
