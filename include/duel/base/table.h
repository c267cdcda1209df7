/* A fixed-capacity hash table from a short byte key to a 32-bit value (an index of a pool).
 *
 * Keys are copied; the hash is keyed by a seed, so that a peer who chooses keys cannot choose
 * collisions. Open addressing, at most three quarters full. */
#ifndef DUEL_BASE_TABLE_H
#define DUEL_BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TABLE_KEY_SIZE_MAX 64

struct table_entry {
    uint32_t value; /* of a free entry: the next free one */
    uint32_t hash;
    uint8_t key_size;
    uint8_t key[];
};

/* The slots are small and scattered, the keys lie densely beside them: a table that is mostly empty
 * touches little memory. */
struct table {
    uint32_t *slots; /* entry + 1, 0: empty */
    uint8_t *entries; /* entry_size bytes each */
    size_t entry_size;
    uint64_t seed;
    uint32_t mask;
    uint32_t count;
    uint32_t count_max;
    uint32_t entries_used; /* entries ever used lie below */
    uint32_t first_free;   /* entry + 1, 0: none */
};

/* key_size_max: 1…TABLE_KEY_SIZE_MAX bytes. False when there is no memory. */
bool table_create(struct table *table, uint32_t count_max, uint32_t key_size_max, uint64_t seed);
void table_destroy(struct table *table);
/* False when the key is not there; then `ret_value` is untouched. */
bool table_get(const struct table *table, const void *key, uint32_t key_size, uint32_t *ret_value);
/* Adds or replaces. The table must not be full (pools bound it). Returns its copy of the key, which
 * stays where it is until it is removed. */
const uint8_t *table_put(struct table *table, const void *key, uint32_t key_size, uint32_t value);
/* Removes; a key that is not there is no error. */
void table_remove(struct table *table, const void *key, uint32_t key_size);

#endif
