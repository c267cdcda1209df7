/* Normal forms inside the catalogue: the split form, reading code points, digits.
 *
 * A normal form holds letters and numbers of every script, fully decomposed and case-folded, and
 * single spaces between words. It is well-formed UTF-8 by construction, so reading it needs no
 * checks. */
#ifndef DUEL_CORE_TITLES_NORMAL_H
#define DUEL_CORE_TITLES_NORMAL_H

#include <duel/base/text.h>

/* Like titles_normalise(), but punctuation and symbols separate words: "Spider-Man" is "spider
 * man". Without its spaces it is the normal form without its spaces. */
bool normal_split(struct text text, struct text_buffer *buffer);

/* The value 0…9 of a decimal digit of any script (category Nd), -1 for anything else. */
int32_t normal_digit(uint32_t code_point);

/* The code point at `*offset` of well-formed UTF-8; moves `*offset` behind it. */
static inline uint32_t normal_read(struct text text, uint32_t *offset)
{
    const uint8_t *at = (const uint8_t *)text.data + *offset;
    if (at[0] < 0x80) {
        *offset += 1;
        return at[0];
    }
    if (at[0] < 0xe0) {
        *offset += 2;
        return (at[0] & 0x1fu) << 6 | (at[1] & 0x3fu);
    }
    if (at[0] < 0xf0) {
        *offset += 3;
        return (at[0] & 0x0fu) << 12 | (at[1] & 0x3fu) << 6 | (at[2] & 0x3fu);
    }
    *offset += 4;
    return (at[0] & 0x07u) << 18 | (at[1] & 0x3fu) << 12 | (at[2] & 0x3fu) << 6 | (at[3] & 0x3fu);
}

/* The longest prefix of at most `size_max` bytes that does not cut a code point in two. */
static inline struct text normal_cut(struct text text, uint32_t size_max)
{
    if (text.size > size_max) {
        text.size = size_max;
        while (text.size != 0 && ((uint8_t)text.data[text.size] & 0xc0) == 0x80) {
            text.size--;
        }
    }
    return text;
}

#endif
