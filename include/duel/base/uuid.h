/* 128-bit identifiers (RFC 9562) of matches and players. All zeros means "none". */
#ifndef DUEL_BASE_UUID_H
#define DUEL_BASE_UUID_H

#include <duel/base/text.h>

#define UUID_TEXT_SIZE 36

struct uuid {
    uint8_t bytes[16];
};

/* Parses the 36-character form, either case. False (and `ret` untouched) for anything else. */
bool uuid_parse(struct text text, struct uuid *ret);
/* Writes 36 lower-case characters and a terminating zero. */
void uuid_format(const struct uuid *uuid, char ret[UUID_TEXT_SIZE + 1]);
/* A version 4 UUID from 128 random bits. */
struct uuid uuid_random(uint64_t high, uint64_t low);
bool uuid_equal(const struct uuid *a, const struct uuid *b);
bool uuid_is_none(const struct uuid *uuid);

#endif
