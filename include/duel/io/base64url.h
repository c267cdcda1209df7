/* Base64url without padding (RFC 4648 section 5), read strictly: no padding, no white space, no
 * character of another alphabet, and only the one canonical text of each value (unused bits are
 * zero).
 *
 * It knows nothing of what the bytes are. */
#ifndef DUEL_IO_BASE64URL_H
#define DUEL_IO_BASE64URL_H

#include <duel/base/text.h>

/* Characters that `bytes` bytes take. */
#define BASE64URL_SIZE(bytes) (((bytes) * 4 + 2) / 3)

/* Writes BASE64URL_SIZE(size) characters and a terminating zero. */
void base64url_encode(const uint8_t *bytes, uint32_t size, char *ret_text);
/* False, with the outputs untouched, for a text that is not canonical or whose value is longer than
 * `size_max` bytes. An empty text is the empty value. */
bool base64url_decode(struct text text, uint32_t size_max, uint8_t *ret_bytes, uint32_t *ret_size);

#endif
