/* The last stage of suggestions: titles that share trigrams with a query that was misspelt. */
#include <duel/base/assert.h>
#include <duel/core/titles_search.h>
#include <string.h>

/* Trigrams of a query that are looked at; counters of a byte stay below 128. */
#define TRIGRAMS_MAX 120
/* A word of two letters has three trigrams and says nothing. */
#define TRIGRAMS_MIN 4

#define LANES 8 /* counters in a 64-bit number */
#define LANES_ONE 0x0101010101010101u
#define LANES_HIGH 0x8080808080808080u

/* A title is a hit when it is at least this similar (pg_trgm's own threshold), or has at least
 * this share of the query's trigrams: a query is rarely the whole title. Since no title is more
 * similar than the share it has, the lower of the two decides who is looked at. */
#define SIMILARITY_MIN 300000
#define COVERAGE_MIN 400000

/* How far a title is from the query, in millionths: a quarter by pg_trgm's similarity, the rest by
 * the share of the query's trigrams that it has. More than TITLES_EXACT: no hit. */
static uint32_t distance_of(uint32_t shared, uint32_t query_count, uint32_t title_count)
{
    ASSERT(shared <= query_count && shared <= title_count);
    uint64_t similarity = (uint64_t)TITLES_EXACT * shared / (query_count + title_count - shared);
    uint64_t coverage = (uint64_t)TITLES_EXACT * shared / query_count;
    if (similarity < SIMILARITY_MIN && coverage < COVERAGE_MIN) {
        return UINT32_MAX;
    }
    return (uint32_t)(TITLES_EXACT - (similarity + 3 * coverage) / 4);
}

/* Counts for each title of a block how many trigrams of the query it has. */
static void count_shared(const struct search_grams *grams, const uint32_t *codes,
                         uint32_t codes_count, uint8_t *counters)
{
    for (uint32_t i = 0; i < codes_count; i++) {
        struct search_range range = search_find_code(grams, codes[i]);
        const uint16_t *rank = grams->ranks + range.start;
        const uint16_t *end = grams->ranks + range.end;
        while (rank < end) {
            counters[*rank++]++;
        }
    }
}

static void add_block(const struct titles_search *search, uint32_t block, const uint32_t *codes,
                      uint32_t codes_count, uint32_t shared_min, struct search_best *best)
{
    _Alignas(8) uint8_t counters[SEARCH_BLOCK_RANKS];
    uint32_t first = block * SEARCH_BLOCK_RANKS;
    uint32_t left = search->entries_count - first;
    uint32_t count = left < SEARCH_BLOCK_RANKS ? left : SEARCH_BLOCK_RANKS;
    uint64_t lift = LANES_ONE * (0x80 - shared_min);
    memset(counters, 0, (count + LANES - 1) / LANES * LANES);
    count_shared(&search->blocks[block].trigrams, codes, codes_count, counters);
    for (uint32_t i = 0; i < count; i += LANES) {
        uint64_t lanes;
        memcpy(&lanes, counters + i, LANES);
        if (((lanes + lift) & LANES_HIGH) == 0) {
            continue; /* none of the eight has enough */
        }
        for (uint32_t k = i; k < i + LANES; k++) {
            if (counters[k] >= shared_min) {
                const struct search_entry *entry = &search->entries[first + k];
                uint32_t distance = distance_of(counters[k], codes_count, entry->trigrams_count);
                if (distance <= TITLES_EXACT) {
                    search_best_add(best, search_hit_key(SEARCH_SIMILAR, distance, first + k));
                }
            }
        }
    }
}

void search_add_similar(const struct titles_search *search, const struct search_query *query,
                        struct search_best *best)
{
    uint32_t codes[TITLES_TRIGRAMS_MAX];
    uint32_t count = titles_trigrams(query->normal, codes);
    if (count < TRIGRAMS_MIN) {
        return;
    }
    count = count < TRIGRAMS_MAX ? count : TRIGRAMS_MAX;
    uint32_t shared_min = (count * (SIMILARITY_MIN / 1000) + 999) / 1000;
    for (uint32_t i = 0; i < search->blocks_count; i++) {
        add_block(search, i, codes, count, shared_min, best);
    }
}
