/* What may the player mean: suggestions for a query, best first (the kinds of hit:
 * docs/titles.md).
 *
 * Stages go from the best kind of hit to the worst and stop as soon as no later one can change the
 * result. The order depends on the query and the catalogue alone, never on a match, so it tells
 * nothing about an answer. Everything is on the stack and bounded; nothing is allocated. */
#include <duel/base/assert.h>
#include <duel/core/titles_normal.h>
#include <duel/core/titles_search.h>
#include <string.h>

/* Places of a word that are looked at closely, about. */
#define WORD_PLACES_MAX 2048

/* Below, at (the place's text starts with `prefix`) or above: negative, 0 or positive. */
static int compare_place(const struct titles_search *search, const struct search_place *place,
                         struct text prefix, uint64_t key)
{
    uint32_t size = prefix.size < SEARCH_KEY_SIZE ? prefix.size : SEARCH_KEY_SIZE;
    uint64_t mask = UINT64_MAX << (8 * (SEARCH_KEY_SIZE - size));
    uint64_t start = place->key & mask;
    if (start != key) {
        return start < key ? -1 : 1;
    }
    if (prefix.size <= SEARCH_KEY_SIZE) {
        return 0;
    }
    struct text text = search_place_text(search, place);
    uint32_t shorter = text.size < prefix.size ? text.size : prefix.size;
    int order = memcmp(text.data, prefix.data, shorter);
    return order != 0 ? order : -(text.size < prefix.size);
}

static uint32_t find_edge(const struct titles_search *search, struct text prefix, uint32_t low,
                          int limit)
{
    uint64_t key = search_key(prefix);
    uint32_t high = search->places_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (compare_place(search, &search->places[middle], prefix, key) < limit) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The places whose text starts with `prefix`. */
static struct search_range find_range(const struct titles_search *search, struct text prefix)
{
    uint32_t start = find_edge(search, prefix, 0, 0);
    return (struct search_range){ start, find_edge(search, prefix, start, 1) };
}

static bool is_start(const struct search_words *words, uint32_t offset)
{
    for (uint32_t i = 0; i < words->starts_count && words->starts[i] <= offset; i++) {
        if (words->starts[i] == offset) {
            return true;
        }
    }
    return false;
}

static bool is_end(const struct search_words *words, uint32_t offset)
{
    return offset == words->size || is_start(words, offset);
}

/* Whether each word typed starts a word, when the query stands at `offset`. */
static bool is_aligned(const struct search_words *words, uint32_t offset,
                       const struct search_query *query)
{
    for (uint32_t i = 1; i < query->words_count; i++) {
        if (!is_start(words, offset + query->starts[i])) {
            return false;
        }
    }
    return true;
}

/* Stage 1: the whole query at the start of a word. */
static void add_phrases(const struct titles_search *search, const struct search_query *query,
                        struct search_best *best)
{
    struct search_range range = find_range(search, query->compact);
    for (uint32_t i = range.start; i < range.end; i++) {
        const struct search_place *place = &search->places[i];
        bool channel = (place->offset & SEARCH_IN_CHANNEL) != 0;
        uint32_t offset = place->offset & SEARCH_OFFSET;
        enum search_tier tier = channel                              ? SEARCH_CHANNEL
                         : offset != 0                        ? SEARCH_PHRASE
                         : place->size == query->compact.size ? SEARCH_EXACT
                                                              : SEARCH_PREFIX;
        if (!search_best_wants(best, search_hit_key(tier, 0, place->rank))) {
            continue;
        }
        const struct search_entry *entry = &search->entries[place->rank];
        const struct search_words *words = channel ? &entry->channel : &entry->title;
        if (tier != SEARCH_EXACT && !is_aligned(words, offset, query)) {
            tier = SEARCH_JOINED;
        }
        bool loose = query->closed && !is_end(words, offset + query->compact.size);
        search_best_add(best, search_hit_key(tier, loose, place->rank));
    }
}

/* Where a word that was typed stands. */
struct hit {
    bool found;
    bool whole; /* it ends where a word of the title ends */
    uint32_t end;
};

/* The first start of a word at or after `from` where `word` stands, whole before not whole. */
static struct hit find_word(const struct search_words *words, struct text word, uint32_t from)
{
    struct hit hit = { false, false, 0 };
    for (uint32_t i = 0; i < words->starts_count && !hit.whole; i++) {
        uint32_t start = words->starts[i];
        uint32_t end = start + word.size;
        if (end > words->size) {
            break;
        }
        if (start < from || memcmp(words->compact + start, word.data, word.size) != 0) {
            continue;
        }
        bool whole = is_end(words, end);
        if (!hit.found || whole) {
            hit = (struct hit){ true, whole, end };
        }
    }
    return hit;
}

/* How all words of the query fit one video: its key, or UINT64_MAX when they do not. */
static uint64_t judge_words(const struct search_entry *entry, uint32_t rank,
                            const struct search_query *query)
{
    uint32_t from = 0;
    bool ordered = true;
    bool in_title = true;
    bool loose = false;
    for (uint32_t i = 0; i < query->words_count; i++) {
        struct text word = search_query_word(query, i);
        struct hit hit = ordered ? find_word(&entry->title, word, from) : (struct hit){ 0 };
        if (!hit.found) {
            ordered = false;
            hit = find_word(&entry->title, word, 0);
        }
        if (!hit.found) {
            in_title = false;
            hit = find_word(&entry->channel, word, 0);
        }
        if (!hit.found) {
            return UINT64_MAX;
        }
        bool complete = i + 1 < query->words_count || query->closed;
        loose = loose || (complete && !hit.whole);
        from = hit.end;
    }
    enum search_tier tier = !in_title ? SEARCH_CHANNEL : ordered ? SEARCH_ORDER : SEARCH_WORDS;
    return search_hit_key(tier, loose, rank);
}

/* Stage 2: each word of the query at the start of some word. Only places of its rarest word are
 * looked at, and when even these are many, the most popular of them: what was typed is a few
 * letters then. */
static void add_words(const struct titles_search *search, const struct search_query *query,
                      struct search_best *best)
{
    struct search_range rarest = find_range(search, search_query_word(query, 0));
    for (uint32_t i = 1; i < query->words_count; i++) {
        struct search_range range = find_range(search, search_query_word(query, i));
        if (range.end - range.start < rarest.end - rarest.start) {
            rarest = range;
        }
    }
    uint32_t count = rarest.end - rarest.start;
    uint32_t rank_max = count <= WORD_PLACES_MAX
                            ? search->entries_count
                            : (uint32_t)((uint64_t)search->entries_count * WORD_PLACES_MAX / count);
    for (uint32_t i = rarest.start; i < rarest.end; i++) {
        uint32_t rank = search->places[i].rank;
        if (rank <= rank_max && search_best_wants(best, search_hit_key(SEARCH_ORDER, 0, rank))) {
            uint64_t key = judge_words(&search->entries[rank], rank, query);
            if (key != UINT64_MAX) {
                search_best_add(best, key);
            }
        }
    }
}

/* The ranks of the rarest pair of code points of `text`; of the code point itself when it is
 * alone. */
static struct search_range find_rarest_pair(const struct search_grams *pairs, struct text text)
{
    uint32_t offset = 0;
    uint32_t previous = normal_read(text, &offset);
    if (offset == text.size) {
        return search_find_code(pairs, search_pair_code(previous, 0));
    }
    struct search_range rarest = { 0, UINT32_MAX };
    while (offset < text.size) {
        uint32_t code_point = normal_read(text, &offset);
        struct search_range range = search_find_code(pairs, search_pair_code(previous, code_point));
        if (range.end - range.start < rarest.end - rarest.start) {
            rarest = range;
        }
        previous = code_point;
    }
    return rarest;
}

/* Stage 3: the query in the middle of a word. A single Latin letter is not looked for. */
static void add_middles(const struct titles_search *search, const struct search_query *query,
                        struct search_best *best)
{
    struct text text = query->compact;
    if (text.size == 1) {
        return;
    }
    for (uint32_t i = 0; i < search->blocks_count; i++) {
        const struct search_grams *pairs = &search->blocks[i].pairs;
        struct search_range range = find_rarest_pair(pairs, text);
        for (uint32_t k = range.start; k < range.end; k++) {
            uint32_t rank = i * SEARCH_BLOCK_RANKS + pairs->ranks[k];
            uint64_t key = search_hit_key(SEARCH_MIDDLE, 0, rank);
            if (!search_best_wants(best, key)) {
                return; /* ranks only rise from here */
            }
            const struct search_words *title = &search->entries[rank].title;
            if (memmem(title->compact, title->size, text.data, text.size) != NULL) {
                search_best_add(best, key);
            }
        }
    }
}

uint32_t titles_suggest(const struct titles *titles, struct text query_text,
                        uint32_t *ret_indexes, uint32_t ret_max)
{
    const struct titles_search *search = titles->search;
    struct search_query query;
    struct search_best best = { .count_max = ret_max };
    ASSERT(ret_max <= TITLES_SUGGESTIONS_MAX);
    if (ret_max == 0 || !search_query_init(&query, query_text)) {
        return 0;
    }
    add_phrases(search, &query, &best);
    if (query.words_count > 1 && search_best_wants(&best, search_hit_key(SEARCH_ORDER, 0, 0))) {
        add_words(search, &query, &best);
    }
    if (search_best_wants(&best, search_hit_key(SEARCH_MIDDLE, 0, 0))) {
        add_middles(search, &query, &best);
    }
    if (search_best_wants(&best, search_hit_key(SEARCH_SIMILAR, 0, 0))) {
        search_add_similar(search, &query, &best);
    }
    for (uint32_t i = 0; i < best.count; i++) {
        ret_indexes[i] = search->entries[(uint32_t)best.keys[i]].index;
    }
    return best.count;
}
