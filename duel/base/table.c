/* Open addressing with linear probing and backward-shift removal; see table.h. */
#include <duel/base/assert.h>
#include <duel/base/table.h>
#include <stdlib.h>
#include <string.h>

bool table_create(struct table *table, uint32_t count_max, uint64_t seed)
{
    ASSERT(count_max > 0 && count_max <= UINT32_MAX / 8);
    *table = (struct table){ .seed = seed, .count_max = count_max };
    uint32_t slots = 4;
    while (slots < 2 * count_max) {
        slots *= 2;
    }
    /* calloc, so that entries nobody used yet cost no memory. */
    table->slots = calloc(slots, sizeof *table->slots);
    table->entries = calloc(count_max, sizeof *table->entries);
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

/* A seeded 64-bit multiply-and-fold hash. Never 0, which marks an empty slot. */
static uint32_t hash_key(const struct table *table, const uint8_t *key, uint32_t key_size)
{
    uint64_t hash = table->seed ^ (key_size * 0x9e3779b97f4a7c15ULL);
    for (uint32_t i = 0; i < key_size; i++) {
        hash = (hash ^ key[i]) * 0xd6e8feb86659fd93ULL;
        hash ^= hash >> 32;
    }
    hash = (hash ^ table->seed) * 0xd6e8feb86659fd93ULL;
    uint32_t folded = (uint32_t)(hash ^ hash >> 32);
    return folded == 0 ? 1 : folded;
}

/* The slot of the key, or the empty one where it would go. */
static uint32_t find(const struct table *table, const void *key, uint32_t key_size,
                     uint32_t *ret_hash)
{
    ASSERT(key_size <= TABLE_KEY_SIZE_MAX);
    uint32_t hash = hash_key(table, key, key_size);
    *ret_hash = hash;
    uint32_t place = hash & table->mask;
    for (;;) {
        const struct table_slot *slot = &table->slots[place];
        if (slot->hash == 0) {
            return place;
        }
        const struct table_entry *entry = &table->entries[slot->entry];
        if (slot->hash == hash && entry->key_size == key_size &&
            memcmp(entry->key, key, key_size) == 0) {
            return place;
        }
        place = (place + 1) & table->mask;
    }
}

bool table_get(const struct table *table, const void *key, uint32_t key_size, uint32_t *ret_value)
{
    uint32_t hash;
    const struct table_slot *slot = &table->slots[find(table, key, key_size, &hash)];
    if (slot->hash == 0) {
        return false;
    }
    *ret_value = table->entries[slot->entry].value;
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
    table->first_free = table->entries[index].value;
    return index;
}

static void release_entry(struct table *table, uint32_t index)
{
    ASSERT(table->count > 0);
    table->count--;
    table->entries[index].value = table->first_free;
    table->first_free = index + 1;
}

void table_put(struct table *table, const void *key, uint32_t key_size, uint32_t value)
{
    uint32_t hash;
    struct table_slot *slot = &table->slots[find(table, key, key_size, &hash)];
    if (slot->hash == 0) {
        *slot = (struct table_slot){ .hash = hash, .entry = acquire_entry(table) };
        struct table_entry *entry = &table->entries[slot->entry];
        entry->key_size = (uint8_t)key_size;
        memcpy(entry->key, key, key_size);
    }
    table->entries[slot->entry].value = value;
}

void table_remove(struct table *table, const void *key, uint32_t key_size)
{
    uint32_t hash;
    uint32_t hole = find(table, key, key_size, &hash);
    if (table->slots[hole].hash == 0) {
        return;
    }
    release_entry(table, table->slots[hole].entry);
    /* Move back whoever would not be found across the hole. */
    for (uint32_t place = (hole + 1) & table->mask; table->slots[place].hash != 0;
         place = (place + 1) & table->mask) {
        uint32_t home = table->slots[place].hash & table->mask;
        uint32_t distance = (place - home) & table->mask;
        if (distance >= ((place - hole) & table->mask)) {
            table->slots[hole] = table->slots[place];
            hole = place;
        }
    }
    table->slots[hole].hash = 0;
}
