/* UUIDs as text and back (RFC 9562 section 4). */
#include <duel/base/uuid.h>
#include <string.h>

static int32_t hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

static bool is_dash_place(uint32_t place)
{
    return place == 8 || place == 13 || place == 18 || place == 23;
}

bool uuid_parse(struct text text, struct uuid *ret)
{
    if (text.size != UUID_TEXT_SIZE) {
        return false;
    }
    struct uuid uuid = { { 0 } };
    uint32_t nibble = 0;
    for (uint32_t i = 0; i < UUID_TEXT_SIZE; i++) {
        if (is_dash_place(i)) {
            if (text.data[i] != '-') {
                return false;
            }
            continue;
        }
        int32_t value = hex_value(text.data[i]);
        if (value < 0) {
            return false;
        }
        uuid.bytes[nibble / 2] = (uint8_t)(uuid.bytes[nibble / 2] << 4 | value);
        nibble++;
    }
    *ret = uuid;
    return true;
}

void uuid_format(const struct uuid *uuid, char ret[UUID_TEXT_SIZE + 1])
{
    static const char hex[] = "0123456789abcdef";
    uint32_t nibble = 0;
    for (uint32_t i = 0; i < UUID_TEXT_SIZE; i++) {
        if (is_dash_place(i)) {
            ret[i] = '-';
            continue;
        }
        uint8_t byte = uuid->bytes[nibble / 2];
        ret[i] = hex[nibble % 2 == 0 ? byte >> 4 : byte & 0x0f];
        nibble++;
    }
    ret[UUID_TEXT_SIZE] = '\0';
}

struct uuid uuid_random(uint64_t high, uint64_t low)
{
    struct uuid uuid;
    for (uint32_t i = 0; i < 8; i++) {
        uuid.bytes[i] = (uint8_t)(high >> (56 - 8 * i));
        uuid.bytes[8 + i] = (uint8_t)(low >> (56 - 8 * i));
    }
    uuid.bytes[6] = (uint8_t)((uuid.bytes[6] & 0x0f) | 0x40); /* version 4 */
    uuid.bytes[8] = (uint8_t)((uuid.bytes[8] & 0x3f) | 0x80); /* variant of RFC 9562 */
    return uuid;
}

bool uuid_equal(const struct uuid *a, const struct uuid *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

bool uuid_is_none(const struct uuid *uuid)
{
    static const struct uuid none;
    return uuid_equal(uuid, &none);
}
