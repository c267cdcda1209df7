/* Builds the index of suggestions: ranks, compact forms and the sorted starts of words. */
#include <duel/base/assert.h>
#include <duel/core/titles_normal.h>
#include <duel/core/titles_search.h>
#include <stdlib.h>
#include <string.h>

/* Merges two sorted neighbouring runs of `from` into `to`. */
static void merge(const struct search_place *from, struct search_place *to, uint32_t start,
                  uint32_t middle, uint32_t end, search_before *before, const void *context)
{
    uint32_t left = start;
    uint32_t right = middle;
    for (uint32_t i = start; i < end; i++) {
        bool take_right = left == middle;
        if (left < middle && right < end) {
            const struct search_place *a = &from[left];
            const struct search_place *b = &from[right];
            take_right = a->key != b->key ? b->key < a->key : before(context, b, a);
        }
        to[i] = take_right ? from[right++] : from[left++];
    }
}

bool search_sort(struct search_place *places, uint32_t count, search_before *before,
                 const void *context)
{
    struct search_place *scratch = malloc((count + 1) * sizeof(*scratch));
    struct search_place *from = places;
    struct search_place *to = scratch;
    if (scratch == NULL) {
        return false;
    }
    for (uint32_t width = 1; width < count; width *= 2) {
        for (uint32_t start = 0; start < count; start += 2 * width) {
            uint32_t middle = start + width < count ? start + width : count;
            uint32_t end = middle + width < count ? middle + width : count;
            merge(from, to, start, middle, end, before, context);
        }
        struct search_place *other = from;
        from = to;
        to = other;
    }
    if (from != places) {
        memcpy(places, from, count * sizeof(*places));
    }
    free(scratch);
    return true;
}

static int compare_texts(struct text a, struct text b)
{
    uint32_t size = a.size < b.size ? a.size : b.size;
    int order = size == 0 ? 0 : memcmp(a.data, b.data, size);
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

/* Equally popular: shorter before longer, then by id, so that the order is the same in every
 * process. */
static bool is_shorter(const void *context, const struct search_place *a,
                       const struct search_place *b)
{
    const struct titles_item *items = context;
    const struct titles_item *item_a = &items[a->rank];
    const struct titles_item *item_b = &items[b->rank];
    if (item_a->normal.size != item_b->normal.size) {
        return item_a->normal.size < item_b->normal.size;
    }
    return compare_texts(item_a->video, item_b->video) < 0;
}

static bool is_text_before(const void *context, const struct search_place *a,
                           const struct search_place *b)
{
    const struct titles_search *search = context;
    int order = compare_texts(search_place_text(search, a), search_place_text(search, b));
    if (order != 0) {
        return order < 0;
    }
    return a->rank != b->rank ? a->rank < b->rank : a->offset < b->offset;
}

/* A player who sees the same title of the same channel twice can not tell them apart: one is
 * enough, and as a guess each is worth what the other is. */
static bool add_unless_twin(struct titles_map *map, const struct titles_item *items,
                            uint32_t index)
{
    const struct titles_item *item = &items[index];
    uint32_t hash = titles_hash(titles_hash(TITLES_HASH_START, item->title), item->channel);
    uint32_t slot = hash & map->mask;
    while (map->slots[slot] != 0) {
        const struct titles_item *other = &items[map->slots[slot] - 1];
        if (text_equal(other->title, item->title) && text_equal(other->channel, item->channel)) {
            return false;
        }
        slot = (slot + 1) & map->mask;
    }
    titles_map_put(map, hash, index);
    return true;
}

/* Numbers what may be suggested by rank. */
static bool rank_entries(struct titles_search *search, const struct titles *titles)
{
    struct titles_map seen = { NULL, 0 };
    struct search_place *order = malloc((titles->in_play_count + 1) * sizeof(*order));
    uint32_t count = 0;
    for (uint32_t i = 0; order != NULL && i < titles->items_count; i++) {
        if (titles->items[i].in_play) {
            order[count++] = (struct search_place){ .key = ~titles->items[i].views, .rank = i };
        }
    }
    bool ok = order != NULL && titles_map_create(&seen, count) &&
              search_sort(order, count, is_shorter, titles->items);
    for (uint32_t i = 0; ok && i < count; i++) {
        if (add_unless_twin(&seen, titles->items, order[i].rank)) {
            search->entries[search->entries_count++].index = order[i].rank;
        }
    }
    titles_map_destroy(&seen);
    free(order);
    return ok;
}

/* Cuts a split form into its compact form and the starts of its words. */
static bool make_words(struct titles_arena *arena, struct text text, struct search_words *words)
{
    char memory[TITLES_NORMAL_SIZE_MAX];
    uint16_t starts[TITLES_NORMAL_SIZE_MAX];
    struct text_buffer split;
    text_buffer_init(&split, memory, sizeof(memory));
    (void)normal_split(text, &split); /* what does not fit is not found by its words */
    uint16_t size = 0;
    uint16_t count = 0;
    bool starting = true;
    for (uint32_t i = 0; i < split.size; i++) {
        if (memory[i] == ' ') {
            starting = true;
            continue;
        }
        if (starting) {
            starts[count++] = size;
            starting = false;
        }
        memory[size++] = memory[i];
    }
    char *compact = titles_arena_take(arena, size + 1u);
    uint16_t *copy = titles_arena_take(arena, (uint32_t)((count + 1u) * sizeof(*copy)));
    if (compact == NULL || copy == NULL) {
        return false;
    }
    memcpy(compact, memory, size);
    memcpy(copy, starts, count * sizeof(*copy));
    *words = (struct search_words){ compact, copy, size, count };
    return true;
}

static bool make_entries(struct titles_search *search, const struct titles *titles)
{
    for (uint32_t i = 0; i < search->entries_count; i++) {
        struct search_entry *entry = &search->entries[i];
        const struct titles_item *item = &titles->items[entry->index];
        if (!make_words(&search->arena, item->title, &entry->title) ||
            !make_words(&search->arena, item->channel, &entry->channel)) {
            return false;
        }
        search->places_count += entry->title.starts_count;
        search->places_count += entry->channel.starts_count;
    }
    return true;
}

static uint32_t add_places(struct search_place *places, uint32_t count, uint32_t rank,
                           const struct search_words *words, uint32_t flag)
{
    for (uint32_t i = 0; i < words->starts_count; i++) {
        uint16_t start = words->starts[i];
        struct text text = { words->compact + start, (uint32_t)words->size - start };
        places[count++] = (struct search_place){ .key = search_key(text),
                                                 .rank = rank,
                                                 .offset = (uint16_t)(start | flag),
                                                 .size = (uint16_t)text.size };
    }
    return count;
}

static bool make_places(struct titles_search *search)
{
    uint32_t count = 0;
    search->places = malloc((search->places_count + 1) * sizeof(*search->places));
    if (search->places == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < search->entries_count; i++) {
        const struct search_entry *entry = &search->entries[i];
        count = add_places(search->places, count, i, &entry->title, 0);
        count = add_places(search->places, count, i, &entry->channel, SEARCH_IN_CHANNEL);
    }
    ASSERT(count == search->places_count);
    return search_sort(search->places, count, is_text_before, search);
}

static bool make_blocks(struct titles_search *search, const struct titles *titles)
{
    uint32_t count = search->entries_count;
    search->blocks_count = (count + SEARCH_BLOCK_RANKS - 1) / SEARCH_BLOCK_RANKS;
    search->blocks = calloc(search->blocks_count + 1, sizeof(*search->blocks));
    if (search->blocks == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < search->blocks_count; i++) {
        uint32_t first = i * SEARCH_BLOCK_RANKS;
        uint32_t size = count - first < SEARCH_BLOCK_RANKS ? count - first : SEARCH_BLOCK_RANKS;
        if (!search_build_block(&search->blocks[i], titles, &search->entries[first], size)) {
            return false;
        }
    }
    return true;
}

struct titles_search *titles_search_create(const struct titles *titles)
{
    struct titles_search *search = calloc(1, sizeof(*search));
    if (search == NULL) {
        return NULL;
    }
    search->entries = calloc(titles->in_play_count + 1, sizeof(*search->entries));
    if (search->entries == NULL || !rank_entries(search, titles) ||
        !make_entries(search, titles) || !make_places(search) || !make_blocks(search, titles)) {
        titles_search_destroy(search);
        return NULL;
    }
    return search;
}

void titles_search_destroy(struct titles_search *search)
{
    if (search == NULL) {
        return;
    }
    for (uint32_t i = 0; search->blocks != NULL && i < search->blocks_count; i++) {
        search_destroy_block(&search->blocks[i]);
    }
    free(search->blocks);
    free(search->places);
    free(search->entries);
    titles_arena_destroy(&search->arena);
    free(search);
}
