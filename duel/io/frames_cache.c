/* The cache of pictures: see the header. */
#include <duel/base/assert.h>
#include <duel/io/frames_cache.h>

#include <stdlib.h>

bool frames_cache_create(struct frames_cache *cache, uint64_t bytes_max, uint64_t seed)
{
    *cache = (struct frames_cache){ .bytes_max = bytes_max };
    cache->pictures = calloc(FRAMES_CACHE_COUNT_MAX, sizeof(struct frames_picture *));
    cache->free_places = calloc(FRAMES_CACHE_COUNT_MAX, sizeof(uint32_t));
    if (cache->pictures == NULL || cache->free_places == NULL ||
        !table_create(&cache->by_name, FRAMES_CACHE_COUNT_MAX, FRAMES_DIGEST_SIZE, seed)) {
        free(cache->pictures);
        free(cache->free_places);
        return false;
    }
    while (cache->free_count < FRAMES_CACHE_COUNT_MAX) {
        cache->free_places[cache->free_count] = cache->free_count;
        cache->free_count++;
    }
    return true;
}

void frames_picture_release(struct frames_picture *picture)
{
    if (picture == NULL) {
        return;
    }
    ASSERT(picture->references > 0);
    if (--picture->references == 0) {
        ASSERT(!picture->cached);
        free(picture);
    }
}

static void unlink_picture(struct frames_cache *cache, struct frames_picture *picture)
{
    *(picture->newer != NULL ? &picture->newer->older : &cache->newest) = picture->older;
    *(picture->older != NULL ? &picture->older->newer : &cache->oldest) = picture->newer;
    picture->newer = NULL;
    picture->older = NULL;
}

static void link_newest(struct frames_cache *cache, struct frames_picture *picture)
{
    picture->older = cache->newest;
    *(cache->newest != NULL ? &cache->newest->newer : &cache->oldest) = picture;
    cache->newest = picture;
}

static void remove_oldest(struct frames_cache *cache)
{
    struct frames_picture *picture = cache->oldest;
    uint32_t place = 0;
    bool found = table_get(&cache->by_name, picture->name, FRAMES_DIGEST_SIZE, &place);
    ASSERT(found && cache->pictures[place] == picture && cache->bytes >= picture->size);
    table_remove(&cache->by_name, picture->name, FRAMES_DIGEST_SIZE);
    cache->pictures[place] = NULL;
    cache->free_places[cache->free_count++] = place;
    cache->bytes -= picture->size;
    unlink_picture(cache, picture);
    picture->cached = false;
    frames_picture_release(picture);
}

void frames_cache_destroy(struct frames_cache *cache)
{
    while (cache->oldest != NULL) {
        remove_oldest(cache);
    }
    table_destroy(&cache->by_name);
    free(cache->pictures);
    free(cache->free_places);
}

struct frames_picture *frames_cache_get(struct frames_cache *cache, struct text path)
{
    uint8_t name[FRAMES_DIGEST_SIZE];
    uint32_t place = 0;
    frames_digest(path.data, path.size, name);
    if (!table_get(&cache->by_name, name, FRAMES_DIGEST_SIZE, &place)) {
        return NULL;
    }
    struct frames_picture *picture = cache->pictures[place];
    unlink_picture(cache, picture);
    link_newest(cache, picture);
    picture->references++;
    return picture;
}

void frames_cache_put(struct frames_cache *cache, struct frames_picture *picture)
{
    uint32_t place = 0;
    if (picture->cached || picture->size > cache->bytes_max ||
        table_get(&cache->by_name, picture->name, FRAMES_DIGEST_SIZE, &place)) {
        return; /* two jobs may have read the same file */
    }
    while (cache->bytes + picture->size > cache->bytes_max || cache->free_count == 0) {
        remove_oldest(cache);
    }
    place = cache->free_places[--cache->free_count];
    cache->pictures[place] = picture;
    table_put(&cache->by_name, picture->name, FRAMES_DIGEST_SIZE, place);
    cache->bytes += picture->size;
    picture->cached = true;
    picture->references++;
    link_newest(cache, picture);
}
