/* Pictures kept in memory, by path, up to a number of bytes; the one unused for longest goes first.
 *
 * It belongs to the loop's thread. A picture that a job still uses outlives its place in the
 * cache. */
#ifndef DUEL_IO_FRAMES_CACHE_H
#define DUEL_IO_FRAMES_CACHE_H

#include <duel/base/table.h>
#include <duel/io/frames_parts.h>

#define FRAMES_CACHE_COUNT_MAX 4096

struct frames_cache {
    struct table by_name;
    struct frames_picture **pictures; /* by the table's values */
    uint32_t *free_places;
    uint32_t free_count;
    struct frames_picture *newest;
    struct frames_picture *oldest;
    uint64_t bytes;
    uint64_t bytes_max;
};

bool frames_cache_create(struct frames_cache *cache, uint64_t bytes_max, uint64_t seed);
void frames_cache_destroy(struct frames_cache *cache);
/* The picture of a path, held for the caller and now the newest; NULL: not there. */
struct frames_picture *frames_cache_get(struct frames_cache *cache, struct text path);
/* Keeps the picture if there is room for it; the caller's hold stays the caller's. */
void frames_cache_put(struct frames_cache *cache, struct frames_picture *picture);
/* Gives a hold back; the last one frees the picture. NULL is allowed. */
void frames_picture_release(struct frames_picture *picture);

#endif
