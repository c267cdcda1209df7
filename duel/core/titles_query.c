/* A query taken apart, and the list of its best hits. */
#include <duel/base/assert.h>
#include <duel/core/titles_normal.h>
#include <duel/core/titles_search.h>
#include <string.h>

bool search_query_init(struct search_query *query, struct text text)
{
    struct text_buffer buffer;
    uint32_t size = 0;
    bool starting = true;
    query->words_count = 0;
    text_buffer_init(&buffer, query->normal_memory, sizeof(query->normal_memory));
    if (text.size > TITLES_QUERY_SIZE_MAX || !titles_normalise(text, &buffer)) {
        return false;
    }
    query->normal = normal_cut(text_of(&buffer), SEARCH_QUERY_SIZE_MAX);
    query->closed = text.size != 0 && text.data[text.size - 1] == ' ';
    for (uint32_t i = 0; i < query->normal.size; i++) {
        if (query->normal.data[i] == ' ') {
            starting = true;
            continue;
        }
        if (starting && query->words_count < SEARCH_QUERY_WORDS_MAX) {
            query->starts[query->words_count++] = size;
        }
        starting = false;
        query->compact_memory[size++] = query->normal.data[i];
    }
    query->compact = (struct text){ query->compact_memory, size };
    return size != 0;
}

struct text search_query_word(const struct search_query *query, uint32_t number)
{
    ASSERT(number < query->words_count);
    uint32_t start = query->starts[number];
    uint32_t end =
        number + 1 < query->words_count ? query->starts[number + 1] : query->compact.size;
    return (struct text){ query->compact.data + start, end - start };
}

uint64_t search_hit_key(enum search_tier tier, uint32_t detail, uint32_t rank)
{
    ASSERT(detail <= TITLES_EXACT);
    return (uint64_t)tier << 56 | (uint64_t)detail << 32 | rank;
}

bool search_best_wants(const struct search_best *best, uint64_t key)
{
    return best->count < best->count_max || key < best->keys[best->count - 1];
}

/* Makes room: leaves out the same video's older hit, or the worst one of a full list. False when
 * the older hit of the same video is at least as good. */
static bool make_room(struct search_best *best, uint64_t key)
{
    for (uint32_t i = 0; i < best->count; i++) {
        if ((uint32_t)best->keys[i] == (uint32_t)key) {
            if (best->keys[i] <= key) {
                return false;
            }
            best->count--;
            memmove(&best->keys[i], &best->keys[i + 1],
                    (best->count - i) * sizeof(best->keys[0]));
            return true;
        }
    }
    if (best->count == best->count_max) {
        best->count--;
    }
    return true;
}

void search_best_add(struct search_best *best, uint64_t key)
{
    if (!search_best_wants(best, key) || !make_room(best, key)) {
        return;
    }
    uint32_t place = best->count;
    while (place > 0 && best->keys[place - 1] > key) {
        best->keys[place] = best->keys[place - 1];
        place--;
    }
    best->keys[place] = key;
    best->count++;
}
