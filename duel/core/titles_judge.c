/* Is a guess right (contract section 5): exact edit distances, digits, and other titles.
 *
 * The distance is Myers' bit-vector algorithm in blocks of 64 rows (Hyyrö 2003): each block runs
 * over the whole text before the next, and the horizontal differences at its lower edge are kept,
 * so the memory is one byte for each code point of the text and the result is exact for every
 * length. */
#include <duel/base/assert.h>
#include <duel/core/titles_catalogue.h>
#include <duel/core/titles_normal.h>
#include <string.h>

#define BLOCK_ROWS 64
#define ASCII_COUNT 128
#define PATTERN_SLOTS 128 /* twice the rows: at most half full */

/* For each code point of a block's rows, the rows it stands in. */
struct pattern {
    uint64_t ascii[ASCII_COUNT];
    uint32_t others[PATTERN_SLOTS]; /* 0: empty */
    uint64_t others_rows[PATTERN_SLOTS];
};

static uint32_t read_code_points(struct text normal, uint32_t ret[TITLES_NORMAL_SIZE_MAX])
{
    uint32_t count = 0;
    uint32_t offset = 0;
    ASSERT(normal.size <= TITLES_NORMAL_SIZE_MAX);
    while (offset < normal.size) {
        ret[count++] = normal_read(normal, &offset);
    }
    return count;
}

static uint32_t pattern_slot(const struct pattern *pattern, uint32_t code_point)
{
    uint32_t slot = (code_point * 2654435769u) >> 25;
    while (pattern->others[slot] != 0 && pattern->others[slot] != code_point) {
        slot = (slot + 1) % PATTERN_SLOTS;
    }
    return slot;
}

static void pattern_init(struct pattern *pattern, const uint32_t *rows, uint32_t rows_count)
{
    ASSERT(rows_count <= BLOCK_ROWS);
    memset(pattern, 0, sizeof(*pattern));
    for (uint32_t i = 0; i < rows_count; i++) {
        if (rows[i] < ASCII_COUNT) {
            pattern->ascii[rows[i]] |= (uint64_t)1 << i;
        } else {
            uint32_t slot = pattern_slot(pattern, rows[i]);
            pattern->others[slot] = rows[i];
            pattern->others_rows[slot] |= (uint64_t)1 << i;
        }
    }
}

static uint64_t pattern_rows(const struct pattern *pattern, uint32_t code_point)
{
    return code_point < ASCII_COUNT ? pattern->ascii[code_point]
                                    : pattern->others_rows[pattern_slot(pattern, code_point)];
}

/* Runs one block over the text. `edge` holds the horizontal differences (-1, 0, 1) above the block
 * and gets those of its last row. */
static void run_block(const uint32_t *rows, uint32_t rows_count, const uint32_t *text,
                      uint32_t text_count, int8_t *edge)
{
    struct pattern pattern;
    uint64_t plus = UINT64_MAX; /* vertical differences */
    uint64_t minus = 0;
    uint32_t last = rows_count - 1;
    pattern_init(&pattern, rows, rows_count);
    for (uint32_t i = 0; i < text_count; i++) {
        uint64_t equal = pattern_rows(&pattern, text[i]);
        uint64_t vertical = equal | minus;
        equal |= edge[i] < 0;
        uint64_t horizontal = (((equal & plus) + plus) ^ plus) | equal;
        uint64_t up = minus | ~(horizontal | plus);
        uint64_t down = plus & horizontal;
        uint64_t up_in = edge[i] > 0;
        uint64_t down_in = edge[i] < 0;
        edge[i] = (int8_t)((int)(up >> last & 1) - (int)(down >> last & 1));
        up = up << 1 | up_in;
        down = down << 1 | down_in;
        plus = down | ~(vertical | up);
        minus = up & vertical;
    }
}

uint32_t titles_distance(struct text normal_a, struct text normal_b, uint32_t *ret_longer)
{
    uint32_t memory_a[TITLES_NORMAL_SIZE_MAX];
    uint32_t memory_b[TITLES_NORMAL_SIZE_MAX];
    int8_t edge[TITLES_NORMAL_SIZE_MAX];
    uint32_t a_count = read_code_points(normal_a, memory_a);
    uint32_t b_count = read_code_points(normal_b, memory_b);
    bool swapped = a_count > b_count;
    const uint32_t *rows = swapped ? memory_b : memory_a;
    const uint32_t *text = swapped ? memory_a : memory_b;
    uint32_t rows_count = swapped ? b_count : a_count;
    uint32_t text_count = swapped ? a_count : b_count;
    memset(edge, 1, text_count); /* above the first row every step to the right costs one */
    for (uint32_t i = 0; i < rows_count; i += BLOCK_ROWS) {
        uint32_t left = rows_count - i;
        run_block(rows + i, left < BLOCK_ROWS ? left : BLOCK_ROWS, text, text_count, edge);
    }
    int32_t distance = (int32_t)rows_count;
    for (uint32_t i = 0; i < text_count; i++) {
        distance += edge[i];
    }
    ASSERT(distance >= 0 && distance <= (int32_t)text_count);
    *ret_longer = text_count;
    return (uint32_t)distance;
}

/* The next digit at or after `*offset`, -1 at the end. */
static int32_t next_digit(struct text normal, uint32_t *offset)
{
    while (*offset < normal.size) {
        int32_t digit = normal_digit(normal_read(normal, offset));
        if (digit >= 0) {
            return digit;
        }
    }
    return -1;
}

static bool same_digits(struct text a, struct text b)
{
    uint32_t a_offset = 0;
    uint32_t b_offset = 0;
    int32_t digit;
    do {
        digit = next_digit(a, &a_offset);
        if (digit != next_digit(b, &b_offset)) {
            return false;
        }
    } while (digit >= 0);
    return true;
}

struct titles_verdict titles_judge_text(const struct titles *titles, uint32_t answer,
                                        struct text text)
{
    struct titles_verdict verdict = { 0, false };
    char memory[TITLES_NORMAL_SIZE_MAX];
    struct text_buffer buffer;
    ASSERT(answer < titles->items_count);
    struct text wanted = titles->items[answer].normal;
    text_buffer_init(&buffer, memory, sizeof(memory));
    if (text.size > TITLES_GUESS_SIZE_MAX || !titles_normalise(text, &buffer)) {
        return verdict;
    }
    struct text guess = text_of(&buffer);
    if (guess.size == 0 || wanted.size == 0) {
        return verdict;
    }
    if (text_equal(guess, wanted)) {
        return (struct titles_verdict){ TITLES_EXACT, true };
    }
    uint32_t longer;
    uint32_t distance = titles_distance(guess, wanted, &longer);
    verdict.similarity = (uint32_t)((uint64_t)TITLES_EXACT * (longer - distance) / longer);
    verdict.correct = verdict.similarity >= TITLES_CORRECT && same_digits(guess, wanted) &&
                      titles_find_normal(titles, guess) == TITLES_NONE;
    return verdict;
}

struct titles_verdict titles_judge_video(const struct titles *titles, uint32_t answer,
                                         struct text video)
{
    ASSERT(answer < titles->items_count);
    uint32_t index = titles_find(titles, video);
    if (index == TITLES_NONE) {
        return (struct titles_verdict){ 0, false };
    }
    const struct titles_item *wanted = &titles->items[answer];
    bool correct = index == answer || (wanted->normal.size != 0 &&
                                       text_equal(titles->items[index].normal, wanted->normal));
    return (struct titles_verdict){ correct ? TITLES_EXACT : 0, correct };
}
