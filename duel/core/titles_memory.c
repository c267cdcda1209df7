/* The catalogue's memory: an arena for what is copied, and sets of indexes found by text. */
#include <duel/base/assert.h>
#include <duel/core/titles_catalogue.h>
#include <stdlib.h>

#define CHUNK_SIZE (256u * 1024)
#define ALIGNMENT 8u

struct titles_chunk {
    struct titles_chunk *next;
    uint32_t size;
    uint32_t size_max;
    uint64_t memory[];
};

void *titles_arena_take(struct titles_arena *arena, uint32_t size)
{
    struct titles_chunk *chunk = arena->chunks;
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (chunk == NULL || size > chunk->size_max - chunk->size) {
        uint32_t size_max = size > CHUNK_SIZE ? size : CHUNK_SIZE;
        chunk = malloc(sizeof(*chunk) + size_max);
        if (chunk == NULL) {
            return NULL;
        }
        *chunk = (struct titles_chunk){ .next = arena->chunks, .size_max = size_max };
        arena->chunks = chunk;
    }
    void *taken = chunk->memory + chunk->size / sizeof(chunk->memory[0]);
    chunk->size += size;
    return taken;
}

void titles_arena_destroy(struct titles_arena *arena)
{
    while (arena->chunks != NULL) {
        struct titles_chunk *next = arena->chunks->next;
        free(arena->chunks);
        arena->chunks = next;
    }
}

bool titles_map_create(struct titles_map *map, uint32_t count_max)
{
    uint32_t slots_count = 2;
    while (slots_count < 2 * count_max) {
        slots_count *= 2;
    }
    map->slots = calloc(slots_count, sizeof(*map->slots));
    map->mask = slots_count - 1;
    return map->slots != NULL;
}

void titles_map_destroy(struct titles_map *map)
{
    free(map->slots);
    map->slots = NULL;
}

void titles_map_put(struct titles_map *map, uint32_t hash, uint32_t index)
{
    uint32_t slot = hash & map->mask;
    while (map->slots[slot] != 0) {
        slot = (slot + 1) & map->mask;
    }
    map->slots[slot] = index + 1;
}

uint32_t titles_hash(uint32_t hash, struct text text)
{
    for (uint32_t i = 0; i < text.size; i++) {
        hash = (hash ^ (uint8_t)text.data[i]) * 16777619u;
    }
    return hash;
}
