/* Trigrams as PostgreSQL's pg_trgm makes them, so that similarities are the same to the digit.
 *
 * A word gets two spaces before and one behind it; each three neighbouring characters are a
 * trigram. One of three bytes is kept as it is, a longer one as 24 bits of pg_trgm's own checksum,
 * so that even the rare collisions of that checksum are the same. A normal form holds nothing but
 * word characters and single spaces, and it is in lower case already. */
#include <duel/base/assert.h>
#include <duel/core/titles_catalogue.h>
#include <duel/core/titles_normal.h>
#include <string.h>

#define CODE_BITS 24
#define DIGIT_BITS 8
#define DIGIT_COUNT (1u << DIGIT_BITS)

/* One byte of "legacy CRC-32" (PostgreSQL's pg_crc.h): the table of the reflected polynomial,
 * walked the other way round. The table's entry is worked out: eight steps, and only for letters
 * beyond ASCII. */
static uint32_t checksum_byte(uint32_t checksum, uint8_t byte)
{
    uint32_t entry = (checksum >> 24) ^ byte;
    for (int i = 0; i < 8; i++) {
        entry = (entry & 1) != 0 ? (entry >> 1) ^ 0xedb88320u : entry >> 1;
    }
    return entry ^ (checksum << 8);
}

static uint32_t code_of(const uint8_t *bytes, uint32_t size)
{
    if (size == 3) {
        return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16;
    }
    uint32_t checksum = UINT32_MAX;
    for (uint32_t i = 0; i < size; i++) {
        checksum = checksum_byte(checksum, bytes[i]);
    }
    return ~checksum & ((1u << CODE_BITS) - 1);
}

/* Appends the trigrams of one word. */
static uint32_t word_trigrams(struct text word, uint32_t *codes, uint32_t count)
{
    uint8_t padded[TITLES_NORMAL_SIZE_MAX + 3];
    uint32_t size = word.size + 3;
    memset(padded, ' ', 2);
    memcpy(padded + 2, word.data, word.size);
    padded[word.size + 2] = ' ';
    struct text text = { (const char *)padded, size };
    uint32_t start = 0;
    uint32_t middle = 1;
    uint32_t end = 2;
    while (end < size) {
        normal_read(text, &end);
        ASSERT(count < TITLES_TRIGRAMS_MAX);
        codes[count++] = code_of(padded + start, end - start);
        start = middle;
        normal_read(text, &middle);
    }
    return count;
}

/* Ascending, by one stable counting pass for each byte. */
static void sort_codes(uint32_t *codes, uint32_t count)
{
    uint32_t scratch[TITLES_TRIGRAMS_MAX];
    uint32_t *from = codes;
    uint32_t *to = scratch;
    for (uint32_t shift = 0; shift < CODE_BITS; shift += DIGIT_BITS) {
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
        uint32_t *other = from;
        from = to;
        to = other;
    }
    memcpy(codes, scratch, count * sizeof(*codes)); /* an odd number of passes ends in `scratch` */
}

uint32_t titles_trigrams(struct text normal, uint32_t ret_codes[TITLES_TRIGRAMS_MAX])
{
    uint32_t count = 0;
    ASSERT(normal.size <= TITLES_NORMAL_SIZE_MAX);
    for (uint32_t start = 0; start < normal.size;) {
        const char *at = normal.data + start;
        const char *space = memchr(at, ' ', normal.size - start);
        uint32_t size = space == NULL ? normal.size - start : (uint32_t)(space - at);
        if (size != 0) {
            count = word_trigrams((struct text){ at, size }, ret_codes, count);
        }
        start += size + 1;
    }
    sort_codes(ret_codes, count);
    uint32_t distinct = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (distinct == 0 || ret_codes[distinct - 1] != ret_codes[i]) {
            ret_codes[distinct++] = ret_codes[i];
        }
    }
    return distinct;
}

uint32_t titles_trigram_similarity(struct text normal_a, struct text normal_b)
{
    uint32_t a[TITLES_TRIGRAMS_MAX];
    uint32_t b[TITLES_TRIGRAMS_MAX];
    uint32_t a_count = titles_trigrams(normal_a, a);
    uint32_t b_count = titles_trigrams(normal_b, b);
    uint32_t shared = 0;
    for (uint32_t i = 0, j = 0; i < a_count && j < b_count;) {
        if (a[i] == b[j]) {
            shared++;
            i++;
            j++;
        } else if (a[i] < b[j]) {
            i++;
        } else {
            j++;
        }
    }
    uint32_t all = a_count + b_count - shared;
    /* Rounded, not floored: never further than half a millionth from the true figure. */
    return all == 0 ? 0 : (uint32_t)(((uint64_t)TITLES_EXACT * shared + all / 2) / all);
}
