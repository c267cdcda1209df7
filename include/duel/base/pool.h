/* A fixed number of equal-sized slots with O(1) acquire and release.
 *
 * The memory is allocated once, at creation; a full pool is the back-pressure, not an error. A slot
 * is handed out zeroed. Invariant: a slot is either free or reachable through exactly one live
 * ref. */
#ifndef DUEL_BASE_POOL_H
#define DUEL_BASE_POOL_H

#include <duel/base/ref.h>
#include <stddef.h>

struct pool {
    uint8_t *items;
    uint32_t *generations; /* odd: in use; even: free */
    uint32_t *next_free;
    size_t item_size;
    uint32_t count_max;
    uint32_t count;
    uint32_t used_max;   /* items ever used lie below */
    uint32_t first_free; /* item + 1, 0: none of these */
};

/* Allocates room for `count_max` items of `item_size` bytes. False when there is no memory. */
bool pool_create(struct pool *pool, size_t item_size, uint32_t count_max);
void pool_destroy(struct pool *pool);

/* A zeroed item and its reference, or NULL when the pool is full. */
void *pool_acquire(struct pool *pool, struct ref *ret_ref);
/* Ends the item's life: `ref` and every copy of it are dead from here on. */
void pool_release(struct pool *pool, struct ref ref);
/* The item, or NULL when it is gone. */
void *pool_get(const struct pool *pool, struct ref ref);
/* The reference of an item that is in use. */
struct ref pool_ref(const struct pool *pool, const void *item);
/* Walks the items in use: start with index 0, pass *index on; NULL at the end. */
void *pool_next(const struct pool *pool, uint32_t *index);

#endif
