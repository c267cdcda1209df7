/* Open addressing with linear probing and backward-shift removal; see table.h. */
#include <duel/base/assert.h>
#include <duel/base/table.h>
#include <stdlib.h>
#include <string.h>

bool table_create(struct table *table, uint32_t count_max, uint32_t key_size_max, uint64_t seed)
{
    ASSERT(count_max > 0 && count_max <= UINT32_MAX / 8);
    ASSERT(key_size_max > 0 && key_size_max <= TABLE_KEY_SIZE_MAX);
    size_t align = _Alignof(struct table_entry);
    *table = (struct table){ .seed = seed, .count_max = count_max };
    table->entry_size =
        (offsetof(struct table_entry, key) + key_size_max + align - 1) / align * align;
    uint32_t slots = 4;
    while (slots < count_max + (count_max + 2) / 3) {
        slots *= 2;
    }
    /* calloc, so that entries nobody used yet cost no memory. */
    table->slots = calloc(slots, sizeof *table->slots);
    table->entries = calloc(count_max, table->entry_size);
    table->mask = slots - 1;
    if (table->slots == NULL || table->entries == NULL) {
        table_destroy(table);
        return false;
    }
    return true;
}

void table_destroy(struct table *table)
{
    free(table->slots);
    free(table->entries);
    *table = (struct table){ 0 };
}

static struct table_entry *entry_at(const struct table *table, uint32_t index)
{
    return (struct table_entry *)(void *)(table->entries + index * table->entry_size);
}

/* A seeded 64-bit multiply-and-fold hash. */
static uint32_t hash_key(const struct table *table, const uint8_t *key, uint32_t key_size)
{
    uint64_t hash = table->seed ^ (key_size * 0x9e3779b97f4a7c15ULL);
    for (uint32_t i = 0; i < key_size; i++) {
        hash = (hash ^ key[i]) * 0xd6e8feb86659fd93ULL;
        hash ^= hash >> 32;
    }
    hash = (hash ^ table->seed) * 0xd6e8feb86659fd93ULL;
    return (uint32_t)(hash ^ hash >> 32);
}

/* Of a slot that is not empty. */
static struct table_entry *entry_of(const struct table *table, uint32_t place)
{
    return entry_at(table, table->slots[place] - 1);
}

/* The slot of the key, or the empty one where it would go. */
static uint32_t find(const struct table *table, const void *key, uint32_t key_size,
                     uint32_t *ret_hash)
{
    ASSERT(key_size <= TABLE_KEY_SIZE_MAX);
    uint32_t hash = hash_key(table, key, key_size);
    *ret_hash = hash;
    uint32_t place = hash & table->mask;
    while (table->slots[place] != 0) {
        const struct table_entry *entry = entry_of(table, place);
        if (entry->hash == hash && entry->key_size == key_size &&
            memcmp(entry->key, key, key_size) == 0) {
            return place;
        }
        place = (place + 1) & table->mask;
    }
    return place;
}

bool table_get(const struct table *table, const void *key, uint32_t key_size, uint32_t *ret_value)
{
    uint32_t hash;
    uint32_t place = find(table, key, key_size, &hash);
    if (table->slots[place] == 0) {
        return false;
    }
    *ret_value = entry_of(table, place)->value;
    return true;
}

static uint32_t acquire_entry(struct table *table)
{
    ASSERT(table->count < table->count_max);
    table->count++;
    if (table->first_free == 0) {
        return table->entries_used++;
    }
    uint32_t index = table->first_free - 1;
    table->first_free = entry_at(table, index)->value;
    return index;
}

static void release_entry(struct table *table, uint32_t index)
{
    ASSERT(table->count > 0);
    table->count--;
    entry_at(table, index)->value = table->first_free;
    table->first_free = index + 1;
}

const uint8_t *table_put(struct table *table, const void *key, uint32_t key_size, uint32_t value)
{
    ASSERT(offsetof(struct table_entry, key) + key_size <= table->entry_size);
    uint32_t hash;
    uint32_t place = find(table, key, key_size, &hash);
    if (table->slots[place] == 0) {
        table->slots[place] = acquire_entry(table) + 1;
        struct table_entry *entry = entry_of(table, place);
        entry->hash = hash;
        entry->key_size = (uint8_t)key_size;
        memcpy(entry->key, key, key_size);
    }
    entry_of(table, place)->value = value;
    return entry_of(table, place)->key;
}

void table_remove(struct table *table, const void *key, uint32_t key_size)
{
    uint32_t hash;
    uint32_t hole = find(table, key, key_size, &hash);
    if (table->slots[hole] == 0) {
        return;
    }
    release_entry(table, table->slots[hole] - 1);
    /* Move back whoever would not be found across the hole. */
    for (uint32_t place = (hole + 1) & table->mask; table->slots[place] != 0;
         place = (place + 1) & table->mask) {
        uint32_t home = entry_of(table, place)->hash & table->mask;
        uint32_t distance = (place - home) & table->mask;
        if (distance >= ((place - hole) & table->mask)) {
            table->slots[hole] = table->slots[place];
            hole = place;
        }
    }
    table->slots[hole] = 0;
}
