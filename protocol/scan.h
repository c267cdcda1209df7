/* A look over MessagePack bytes before anything is built from them. */
#ifndef DUEL_PROTOCOL_SCAN_H
#define DUEL_PROTOCOL_SCAN_H

#include <duel/base/text.h>

/* Whether `data` is exactly one well-formed map that is safe to unpack: no count larger than the
 * bytes that are left, nothing nested deeper than FIELDS_DEPTH_MAX, at most FIELDS_MAX fields a
 * map, every key valid UTF-8 text and there once, nothing cut off and nothing behind it. Texts that
 * are values are not looked at.
 *
 * NULL when it is, else what is wrong; *ret_key is then the key that is wrong, or no text. */
const char *scan_message(const uint8_t *data, uint32_t size, struct text *ret_key);

#endif
