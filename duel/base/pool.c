/* Fixed slots with generations; see pool.h. */
#include <duel/base/assert.h>
#include <duel/base/pool.h>
#include <stdlib.h>
#include <string.h>

bool pool_create(struct pool *pool, size_t item_size, uint32_t count_max)
{
    ASSERT(item_size > 0 && count_max > 0 && count_max < UINT32_MAX);
    *pool = (struct pool){ .item_size = item_size, .count_max = count_max };
    /* calloc, and free slots are listed only when they were used, so that others cost no memory. */
    pool->items = calloc(count_max, item_size);
    pool->generations = calloc(count_max, sizeof *pool->generations);
    pool->next_free = calloc(count_max, sizeof *pool->next_free);
    if (pool->items == NULL || pool->generations == NULL || pool->next_free == NULL) {
        pool_destroy(pool);
        return false;
    }
    return true;
}

void pool_destroy(struct pool *pool)
{
    free(pool->items);
    free(pool->generations);
    free(pool->next_free);
    *pool = (struct pool){ 0 };
}

void *pool_acquire(struct pool *pool, struct ref *ret_ref)
{
    if (pool->count == pool->count_max) {
        return NULL;
    }
    uint32_t index = pool->used_max;
    if (pool->first_free == 0) {
        pool->used_max++;
    } else {
        index = pool->first_free - 1;
        pool->first_free = pool->next_free[index];
    }
    ASSERT(index < pool->count_max && pool->generations[index] % 2 == 0);
    pool->generations[index]++;
    pool->count++;
    void *item = pool->items + (size_t)index * pool->item_size;
    memset(item, 0, pool->item_size);
    *ret_ref = (struct ref){ index, pool->generations[index] };
    return item;
}

void pool_release(struct pool *pool, struct ref ref)
{
    ASSERT(pool_get(pool, ref) != NULL);
    ASSERT(pool->count > 0);
    /* Wraps after 2^31 lives of one slot; 0 is even and stays "free". */
    pool->generations[ref.index]++;
    pool->next_free[ref.index] = pool->first_free;
    pool->first_free = ref.index + 1;
    pool->count--;
}

void *pool_get(const struct pool *pool, struct ref ref)
{
    if (ref.index >= pool->count_max || ref.generation % 2 == 0 ||
        pool->generations[ref.index] != ref.generation) {
        return NULL;
    }
    return pool->items + (size_t)ref.index * pool->item_size;
}

struct ref pool_ref(const struct pool *pool, const void *item)
{
    size_t offset = (size_t)((const uint8_t *)item - pool->items);
    ASSERT(offset % pool->item_size == 0 && offset / pool->item_size < pool->count_max);
    uint32_t index = (uint32_t)(offset / pool->item_size);
    ASSERT(pool->generations[index] % 2 == 1);
    return (struct ref){ index, pool->generations[index] };
}

void *pool_next(const struct pool *pool, uint32_t *index)
{
    while (*index < pool->used_max) {
        uint32_t i = (*index)++;
        if (pool->generations[i] % 2 == 1) {
            return pool->items + (size_t)i * pool->item_size;
        }
    }
    return NULL;
}
