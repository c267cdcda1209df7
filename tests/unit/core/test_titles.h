/* What the tests of the catalogue share: rows in short form, random Unicode. */
#ifndef DUEL_TESTS_UNIT_CORE_TEST_TITLES_H
#define DUEL_TESTS_UNIT_CORE_TEST_TITLES_H

#include <duel/core/titles.h>
#include <test.h>

#define ROW(id, name, by, seen)                                                               \
    {                                                                                         \
        .video = { id, sizeof(id) - 1 }, .title = { name, sizeof(name) - 1 },                 \
        .channel = { by, sizeof(by) - 1 }, .views = seen, .drawn = true                       \
    }
#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))

static inline uint32_t put_code_point(char *to, uint32_t c)
{
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        to[0] = (char)(0xc0 | c >> 6);
        to[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        to[0] = (char)(0xe0 | c >> 12);
        to[1] = (char)(0x80 | (c >> 6 & 0x3f));
        to[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    to[0] = (char)(0xf0 | c >> 18);
    to[1] = (char)(0x80 | (c >> 12 & 0x3f));
    to[2] = (char)(0x80 | (c >> 6 & 0x3f));
    to[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

/* `count` random code points, at least 4 * count bytes of room: of any kind when `wild`, else of a
 * few letters of several scripts, so that texts share some. */
static inline struct text random_text(struct rng *rng, char *memory, uint32_t count, bool wild)
{
    static const uint32_t letters[] = { 'a', 'b', 'c', 'A', ' ', ' ', '1', '2', 0xe7, 0xe3, 0x430,
                                        0x431, 0x4e2d, 0x6587, 0xac00, 0x1f525, 0x661, '-' };
    uint32_t size = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t c = letters[rng_below(rng, COUNT(letters))];
        if (wild) {
            static const uint32_t ends[] = { 0x80, 0x250, 0x3000, 0x10000, 0x110000 };
            do {
                c = rng_below(rng, ends[rng_below(rng, COUNT(ends))]);
            } while (c == 0 || (c >= 0xd800 && c < 0xe000));
        }
        size += put_code_point(memory + size, c);
    }
    return (struct text){ memory, size };
}

#endif
