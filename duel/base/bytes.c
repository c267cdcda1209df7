/* Blobs; see bytes.h. */
#include <duel/base/assert.h>
#include <duel/base/bytes.h>
#include <duel/base/crc32.h>
#include <string.h>

#define CRC_SIZE 4
#define VARINT_SIZE_MAX 10
#define NO_TEXT UINT16_MAX /* instead of a size */

/* ---- writing ---- */

static void put(struct text_buffer *buffer, uint64_t value, uint32_t size)
{
    char bytes[8];
    for (uint32_t i = 0; i < size; i++) {
        bytes[i] = (char)(uint8_t)(value >> (8 * i));
    }
    text_append(buffer, (struct text){ bytes, size });
}

uint32_t bytes_begin(struct text_buffer *buffer, uint8_t version)
{
    uint32_t start = buffer->size;
    bytes_put_u8(buffer, version);
    return start;
}

void bytes_put_u8(struct text_buffer *buffer, uint8_t value)
{
    put(buffer, value, 1);
}

void bytes_put_u16(struct text_buffer *buffer, uint16_t value)
{
    put(buffer, value, 2);
}

void bytes_put_u32(struct text_buffer *buffer, uint32_t value)
{
    put(buffer, value, 4);
}

void bytes_put_u64(struct text_buffer *buffer, uint64_t value)
{
    put(buffer, value, 8);
}

void bytes_put_varint(struct text_buffer *buffer, uint64_t value)
{
    char bytes[VARINT_SIZE_MAX];
    uint32_t size = 0;
    for (; value >= 0x80; value >>= 7) {
        bytes[size++] = (char)(uint8_t)(value | 0x80);
    }
    bytes[size++] = (char)(uint8_t)value;
    text_append(buffer, (struct text){ bytes, size });
}

void bytes_put_uuid(struct text_buffer *buffer, const struct uuid *uuid)
{
    text_append(buffer, (struct text){ (const char *)uuid->bytes, sizeof uuid->bytes });
}

void bytes_put_text(struct text_buffer *buffer, struct text text)
{
    ASSERT(text.size <= BYTES_TEXT_SIZE_MAX);
    put(buffer, text.data == NULL ? NO_TEXT : text.size, 2);
    text_append(buffer, text);
}

void bytes_put_raw(struct text_buffer *buffer, struct text bytes)
{
    bytes_put_text(buffer, bytes);
}

struct text bytes_end(struct text_buffer *buffer, uint32_t start)
{
    ASSERT(start < buffer->size);
    bytes_put_u32(buffer, crc32_sum(buffer->data + start, buffer->size - start));
    ASSERT(!buffer->full);
    return (struct text){ buffer->data + start, buffer->size - start };
}

/* ---- reading ---- */

/* The next `size` (<= 16) bytes. */
static const uint8_t *take(struct bytes_reader *reader, uint32_t size)
{
    static const uint8_t nothing[16];
    if (reader->bad || size > reader->left) {
        reader->bad = true;
        return nothing;
    }
    const uint8_t *bytes = reader->at;
    reader->at += size;
    reader->left -= size;
    return bytes;
}

static uint64_t get(struct bytes_reader *reader, uint32_t size, uint64_t max)
{
    const uint8_t *bytes = take(reader, size);
    uint64_t value = 0;
    for (uint32_t i = 0; i < size; i++) {
        value |= (uint64_t)bytes[i] << (8 * i);
    }
    if (value > max) {
        reader->bad = true;
        return 0;
    }
    return value;
}

bool bytes_open(struct bytes_reader *reader, struct text blob, uint8_t version)
{
    if (blob.data == NULL || blob.size < 1 + CRC_SIZE) {
        return false;
    }
    uint32_t size = blob.size - CRC_SIZE;
    struct bytes_reader sum = { (const uint8_t *)blob.data + size, CRC_SIZE, false };
    if (crc32_sum(blob.data, size) != bytes_get_u32(&sum, UINT32_MAX)) {
        return false;
    }
    *reader = (struct bytes_reader){ (const uint8_t *)blob.data, size, false };
    return bytes_get_u8(reader, UINT8_MAX) == version;
}

uint8_t bytes_get_u8(struct bytes_reader *reader, uint8_t max)
{
    return (uint8_t)get(reader, 1, max);
}

uint16_t bytes_get_u16(struct bytes_reader *reader, uint16_t max)
{
    return (uint16_t)get(reader, 2, max);
}

uint32_t bytes_get_u32(struct bytes_reader *reader, uint32_t max)
{
    return (uint32_t)get(reader, 4, max);
}

uint64_t bytes_get_u64(struct bytes_reader *reader, uint64_t max)
{
    return get(reader, 8, max);
}

uint64_t bytes_get_varint(struct bytes_reader *reader, uint64_t max)
{
    uint64_t value = 0;
    for (uint32_t i = 0; i < VARINT_SIZE_MAX && !reader->bad; i++) {
        uint8_t byte = bytes_get_u8(reader, UINT8_MAX);
        uint64_t bits = byte & 0x7fu;
        if ((i == VARINT_SIZE_MAX - 1 && bits > 1) || (byte == 0 && i > 0)) {
            break;
        }
        value |= bits << (7 * i);
        if ((byte & 0x80) == 0 && !reader->bad && value <= max) {
            return value;
        }
        if ((byte & 0x80) == 0) {
            break;
        }
    }
    reader->bad = true;
    return 0;
}

bool bytes_get_bool(struct bytes_reader *reader)
{
    return get(reader, 1, 1) == 1;
}

struct uuid bytes_get_uuid(struct bytes_reader *reader)
{
    struct uuid uuid;
    memcpy(uuid.bytes, take(reader, sizeof uuid.bytes), sizeof uuid.bytes);
    return uuid;
}

struct text bytes_get_raw(struct bytes_reader *reader, uint32_t size_max)
{
    uint32_t size = bytes_get_u16(reader, UINT16_MAX);
    if (reader->bad || size == NO_TEXT) {
        return TEXT_NONE;
    }
    struct text text = { (const char *)reader->at, size };
    if (size > size_max || size > reader->left) {
        reader->bad = true;
        return TEXT_NONE;
    }
    reader->at += size;
    reader->left -= size;
    return text;
}

struct text bytes_get_text(struct bytes_reader *reader, uint32_t size_max)
{
    struct text text = bytes_get_raw(reader, size_max);
    if (text.data != NULL && !text_is_utf8(text)) {
        reader->bad = true;
        return TEXT_NONE;
    }
    return text;
}

bool bytes_is_done(const struct bytes_reader *reader)
{
    return !reader->bad && reader->left == 0;
}
