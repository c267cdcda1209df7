/* The index behind suggestions: what titles_index.c builds and titles_suggest.c reads.
 *
 * The videos that may be suggested are numbered by rank: popular before obscure, then shorter
 * before longer. Among hits of one kind the lower rank is the better one, so rank is all the order
 * there is besides how well the query fits.
 *
 * A title is searched in its compact form: the normal form without spaces, and a list of the
 * offsets at which words start (punctuation separates words here, so "Homem-Aranha" has two). A
 * word that was typed may run on over the end of a word: "homemaranha" is found as well as
 * "aranha". */
#ifndef DUEL_CORE_TITLES_SEARCH_H
#define DUEL_CORE_TITLES_SEARCH_H

#include <duel/core/titles_catalogue.h>

/* Ranks whose grams stand together: numbers within a block fit 16 bits, counters the cache. */
#define SEARCH_BLOCK_RANKS 16384u
#define SEARCH_KEY_SIZE 8

/* A compact form and where its words start. */
struct search_words {
    const char *compact;
    const uint16_t *starts; /* ascending; the first is 0 */
    uint16_t size;
    uint16_t starts_count;
};

/* One video, by rank. */
struct search_entry {
    struct search_words title;
    struct search_words channel;
    uint32_t index;
    uint32_t trigrams_count; /* of the normal title, as pg_trgm counts them */
};

/* A start of a word, sorted by the text from there to the end of the compact form. */
struct search_place {
    uint64_t key;  /* the first bytes of that text, big-endian, zeros behind */
    uint32_t rank;
    uint16_t offset; /* with SEARCH_IN_CHANNEL when it is in the channel's name */
    uint16_t size;   /* of that text */
};
#define SEARCH_IN_CHANNEL 0x8000u
#define SEARCH_OFFSET 0x7fffu

/* For each gram (a 24-bit code) the ranks of a block that hold it, ascending. */
struct search_grams {
    uint32_t *codes;  /* ascending */
    uint32_t *starts; /* of the ranks of codes[i]; one more at the end */
    uint16_t *ranks;  /* less the block's first */
    uint32_t codes_count;
};

struct search_block {
    struct search_grams trigrams; /* of the normal title, as pg_trgm makes them */
    struct search_grams pairs;    /* of the compact title: see search_pair_code() */
};

struct titles_search {
    struct search_entry *entries;
    uint32_t entries_count;
    struct search_place *places;
    uint32_t places_count;
    struct search_block *blocks;
    uint32_t blocks_count;
    struct titles_arena arena; /* compact forms and starts */
};

/* The code of two neighbouring code points, or of one alone (`second` = 0; kept for letters beyond
 * ASCII only: one Latin letter in the middle of a word means nothing). Different pairs may share
 * one. */
static inline uint32_t search_pair_code(uint32_t first, uint32_t second)
{
    return (first * 2654435769u ^ second * 2246822519u) >> 8;
}

/* The text from a place to the end of its compact form. */
static inline struct text search_place_text(const struct titles_search *search,
                                            const struct search_place *place)
{
    const struct search_entry *entry = &search->entries[place->rank];
    const struct search_words *words =
        (place->offset & SEARCH_IN_CHANNEL) != 0 ? &entry->channel : &entry->title;
    return (struct text){ words->compact + (place->offset & SEARCH_OFFSET), place->size };
}

/* The first bytes of a text as a number that sorts like the text. */
static inline uint64_t search_key(struct text text)
{
    uint64_t key = 0;
    uint32_t size = text.size < SEARCH_KEY_SIZE ? text.size : SEARCH_KEY_SIZE;
    for (uint32_t i = 0; i < size; i++) {
        key |= (uint64_t)(uint8_t)text.data[i] << (8 * (SEARCH_KEY_SIZE - 1 - i));
    }
    return key;
}

/* The stretch start…end-1 of a list. */
struct search_range {
    uint32_t start;
    uint32_t end;
};

/* The ranks of a block that hold `code`. */
struct search_range search_find_code(const struct search_grams *grams, uint32_t code);

/* Sorts by key; `before` decides between equal keys (a total order). */
typedef bool search_before(const void *context, const struct search_place *a,
                           const struct search_place *b);
/* False: out of memory. */
bool search_sort(struct search_place *places, uint32_t count, search_before *before,
                 const void *context);

/* Fills a block's grams from its entries. False: out of memory. */
bool search_build_block(struct search_block *block, const struct titles *titles,
                        struct search_entry *entries, uint32_t entries_count);
void search_destroy_block(struct search_block *block);

/* ---- one query ---- */

#define SEARCH_QUERY_WORDS_MAX 64
#define SEARCH_QUERY_SIZE_MAX 512 /* bytes of its normal form that are looked at */

struct search_query {
    struct text normal;
    struct text compact;                     /* without the spaces */
    uint32_t starts[SEARCH_QUERY_WORDS_MAX]; /* of the words, in the compact form */
    uint32_t words_count;
    bool closed; /* ends in a space: the last word is complete */
    char normal_memory[TITLES_NORMAL_SIZE_MAX];
    char compact_memory[SEARCH_QUERY_SIZE_MAX];
};

/* False when there is nothing to search for. */
bool search_query_init(struct search_query *query, struct text text);
struct text search_query_word(const struct search_query *query, uint32_t number);

/* Kinds of hit, best first. */
enum search_tier {
    SEARCH_EXACT,   /* the whole title */
    SEARCH_PREFIX,  /* its beginning */
    SEARCH_PHRASE,  /* the words in a row, from the start of a word */
    SEARCH_ORDER,   /* each word starts a word, in the same order */
    SEARCH_WORDS,   /* … in any order */
    SEARCH_CHANNEL, /* … with some of them, or all, in the channel's name */
    SEARCH_JOINED,  /* in a row, but a word that was typed starts within a word */
    SEARCH_MIDDLE,  /* in the middle of a word */
    SEARCH_SIMILAR  /* misspelt: by trigrams */
};

/* A hit as a number, lower is better: tier, then `detail` (at most TITLES_EXACT), then rank. */
uint64_t search_hit_key(enum search_tier tier, uint32_t detail, uint32_t rank);

/* The best hits so far, best first, each video once. */
struct search_best {
    uint64_t keys[TITLES_SUGGESTIONS_MAX];
    uint32_t count;
    uint32_t count_max;
};

/* Whether a hit with this key would get in. */
bool search_best_wants(const struct search_best *best, uint64_t key);
void search_best_add(struct search_best *best, uint64_t key);

/* The last stage: titles that are similar. */
void search_add_similar(const struct titles_search *search, const struct search_query *query,
                        struct search_best *best);

#endif
