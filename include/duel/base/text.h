/* Text as a view, and a bounded buffer to build text in.
 *
 * A view never owns its bytes and is not terminated; who hands one out says how long it lives.
 * Bytes are UTF-8 where a human reads them. `data == NULL` means "no text" (nil on the wire),
 * which is not the same as an empty text. */
#ifndef DUEL_BASE_TEXT_H
#define DUEL_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
    const char *data;
    uint32_t size; /* bytes */
};

#define TEXT(literal) ((struct text){ "" literal, sizeof("" literal) - 1 })
#define TEXT_NONE ((struct text){ NULL, 0 })
/* For printf: printf("%.*s", TEXT_ARG(t)). */
#define TEXT_ARG(t) ((int)(t).size), ((t).data ? (t).data : "")

struct text text_from(const char *terminated);
bool text_equal(struct text a, struct text b);

/* A buffer over memory that the caller owns. Appending past the end sets `full` and drops the
 * rest; what is there stays valid UTF-8 as long as whole code points are appended. */
struct text_buffer {
    char *data;
    uint32_t size;
    uint32_t size_max;
    bool full;
};

void text_buffer_init(struct text_buffer *buffer, char *memory, uint32_t size_max);
void text_append(struct text_buffer *buffer, struct text text);
void text_append_int(struct text_buffer *buffer, int64_t value);
struct text text_of(const struct text_buffer *buffer);

/* Whether all of `text` is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool text_is_utf8(struct text text);

/* Copies a display name into `buffer`: control and bidirectional control characters left out, cut
 * at `code_points_max` code points, invalid bytes replaced by U+FFFD (contract section 2: names are
 * cut at 32). */
void text_append_name(struct text_buffer *buffer, struct text name, uint32_t code_points_max);

#endif
