/* Builds the lists of grams of a block of titles: trigrams for what is misspelt, pairs of code
 * points for what stands in the middle of a word. */
#include <duel/base/assert.h>
#include <duel/core/titles_normal.h>
#include <duel/core/titles_search.h>
#include <stdlib.h>
#include <string.h>

#define CODE_BITS 24
#define RANK_BITS 16
#define DIGIT_BITS 12
#define DIGIT_COUNT (1u << DIGIT_BITS)

/* Grams being collected: code << RANK_BITS | rank in the block. */
struct collection {
    uint64_t *grams;
    uint64_t *scratch;
    uint32_t count;
    uint32_t count_max;
};

static void collect(struct collection *collection, uint32_t code, uint32_t rank)
{
    ASSERT(collection->count < collection->count_max && code < 1u << CODE_BITS);
    collection->grams[collection->count++] = (uint64_t)code << RANK_BITS | rank;
}

/* One stable counting pass. */
static void sort_pass(const uint64_t *from, uint64_t *to, uint32_t count, uint32_t shift)
{
    uint32_t places[DIGIT_COUNT + 1] = { 0 };
    for (uint32_t i = 0; i < count; i++) {
        places[(from[i] >> shift) % DIGIT_COUNT + 1]++;
    }
    for (uint32_t i = 0; i < DIGIT_COUNT; i++) {
        places[i + 1] += places[i];
    }
    for (uint32_t i = 0; i < count; i++) {
        to[places[(from[i] >> shift) % DIGIT_COUNT]++] = from[i];
    }
}

/* Sorts by code (ranks were collected in order) and leaves each gram once; returns the codes'
 * count. */
static uint32_t sort_grams(struct collection *collection)
{
    uint32_t distinct = 0;
    uint32_t codes_count = 0;
    sort_pass(collection->grams, collection->scratch, collection->count, RANK_BITS);
    sort_pass(collection->scratch, collection->grams, collection->count, RANK_BITS + DIGIT_BITS);
    for (uint32_t i = 0; i < collection->count; i++) {
        uint64_t gram = collection->grams[i];
        if (distinct != 0 && collection->grams[distinct - 1] == gram) {
            continue;
        }
        codes_count += distinct == 0 ||
                       collection->grams[distinct - 1] >> RANK_BITS != gram >> RANK_BITS;
        collection->grams[distinct++] = gram;
    }
    collection->count = distinct;
    return codes_count;
}

static bool write_grams(struct search_grams *grams, struct collection *collection)
{
    uint32_t codes_count = sort_grams(collection);
    grams->codes = malloc((codes_count + 1) * sizeof(*grams->codes));
    grams->starts = malloc((codes_count + 1) * sizeof(*grams->starts));
    grams->ranks = malloc((collection->count + 1) * sizeof(*grams->ranks));
    if (grams->codes == NULL || grams->starts == NULL || grams->ranks == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < collection->count; i++) {
        uint32_t code = (uint32_t)(collection->grams[i] >> RANK_BITS);
        if (grams->codes_count == 0 || grams->codes[grams->codes_count - 1] != code) {
            grams->codes[grams->codes_count] = code;
            grams->starts[grams->codes_count] = i;
            grams->codes_count++;
        }
        grams->ranks[i] = (uint16_t)collection->grams[i];
    }
    ASSERT(grams->codes_count == codes_count);
    grams->starts[codes_count] = collection->count;
    return true;
}

static void collect_pairs(struct collection *collection, const struct search_words *title,
                          uint32_t rank)
{
    struct text compact = { title->compact, title->size };
    uint32_t previous = 0;
    for (uint32_t offset = 0; offset < compact.size;) {
        uint32_t code_point = normal_read(compact, &offset);
        if (previous != 0) {
            collect(collection, search_pair_code(previous, code_point), rank);
        }
        if (code_point >= 0x80) {
            collect(collection, search_pair_code(code_point, 0), rank);
        }
        previous = code_point;
    }
}

static bool fill_block(struct search_block *block, const struct titles *titles,
                       struct search_entry *entries, uint32_t entries_count,
                       struct collection *collection)
{
    uint32_t codes[TITLES_TRIGRAMS_MAX];
    for (uint32_t i = 0; i < entries_count; i++) {
        uint32_t count = titles_trigrams(titles->items[entries[i].index].normal, codes);
        for (uint32_t k = 0; k < count; k++) {
            collect(collection, codes[k], i);
        }
        entries[i].trigrams_count = count;
    }
    if (!write_grams(&block->trigrams, collection)) {
        return false;
    }
    collection->count = 0;
    for (uint32_t i = 0; i < entries_count; i++) {
        collect_pairs(collection, &entries[i].title, i);
    }
    return write_grams(&block->pairs, collection);
}

bool search_build_block(struct search_block *block, const struct titles *titles,
                        struct search_entry *entries, uint32_t entries_count)
{
    struct collection collection = { .count_max = 1 };
    ASSERT(entries_count <= SEARCH_BLOCK_RANKS);
    for (uint32_t i = 0; i < entries_count; i++) {
        collection.count_max += 2 * titles->items[entries[i].index].normal.size;
    }
    collection.grams = malloc(collection.count_max * sizeof(*collection.grams));
    collection.scratch = malloc(collection.count_max * sizeof(*collection.scratch));
    bool ok = collection.grams != NULL && collection.scratch != NULL &&
              fill_block(block, titles, entries, entries_count, &collection);
    free(collection.grams);
    free(collection.scratch);
    return ok;
}

struct search_range search_find_code(const struct search_grams *grams, uint32_t code)
{
    uint32_t low = 0;
    uint32_t high = grams->codes_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (grams->codes[middle] < code) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == grams->codes_count || grams->codes[low] != code) {
        return (struct search_range){ 0, 0 };
    }
    return (struct search_range){ grams->starts[low], grams->starts[low + 1] };
}

static void destroy_grams(struct search_grams *grams)
{
    free(grams->codes);
    free(grams->starts);
    free(grams->ranks);
}

void search_destroy_block(struct search_block *block)
{
    destroy_grams(&block->trigrams);
    destroy_grams(&block->pairs);
}
