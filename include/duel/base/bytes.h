/* Numbers, texts and ids as bytes that another process can read, and back.
 *
 * A blob is a version (1 byte), what was put, and the CRC-32 of both. Integers are little-endian, a
 * text has its size (2 bytes) before it. Who reads says the bounds of each thing: what is beyond
 * them, or beyond the end, makes the reader bad, and then all that is got is zero or no text. So a
 * reader is asked once, at the end, whether all went well. */
#ifndef DUEL_BASE_BYTES_H
#define DUEL_BASE_BYTES_H

#include <duel/base/text.h>
#include <duel/base/uuid.h>

#define BYTES_TEXT_SIZE_MAX (UINT16_MAX - 1)

/* Begins a blob where `buffer` ends; returns that place, for bytes_end(). */
uint32_t bytes_begin(struct text_buffer *buffer, uint8_t version);
void bytes_put_u8(struct text_buffer *buffer, uint8_t value);
void bytes_put_u16(struct text_buffer *buffer, uint16_t value);
void bytes_put_u32(struct text_buffer *buffer, uint32_t value);
void bytes_put_u64(struct text_buffer *buffer, uint64_t value);
/* Seven bits a byte, the lowest first (LEB128): 1 to 10 bytes. */
void bytes_put_varint(struct text_buffer *buffer, uint64_t value);
void bytes_put_uuid(struct text_buffer *buffer, const struct uuid *uuid);
/* At most BYTES_TEXT_SIZE_MAX bytes, or no text. */
void bytes_put_text(struct text_buffer *buffer, struct text text);
/* Any bytes, at most BYTES_TEXT_SIZE_MAX, or none. */
void bytes_put_raw(struct text_buffer *buffer, struct text bytes);
/* The blob that began at `start`. `buffer` must not be full: who owns it knows the bounds. */
struct text bytes_end(struct text_buffer *buffer, uint32_t start);

struct bytes_reader {
    const uint8_t *at;
    uint32_t left;
    bool bad;
};

/* False: cut, damaged, or of another version. `blob` must live as long as the reader, and as the
 * texts that it gives out. */
bool bytes_open(struct bytes_reader *reader, struct text blob, uint8_t version);
uint8_t bytes_get_u8(struct bytes_reader *reader, uint8_t max);
uint16_t bytes_get_u16(struct bytes_reader *reader, uint16_t max);
uint32_t bytes_get_u32(struct bytes_reader *reader, uint32_t max);
uint64_t bytes_get_u64(struct bytes_reader *reader, uint64_t max);
/* Bad too when it is longer than it need be. */
uint64_t bytes_get_varint(struct bytes_reader *reader, uint64_t max);
bool bytes_get_bool(struct bytes_reader *reader);
struct uuid bytes_get_uuid(struct bytes_reader *reader);
/* A view into the blob, or no text. Not UTF-8 is bad too. */
struct text bytes_get_text(struct bytes_reader *reader, uint32_t size_max);
/* The same of bytes that are no text. */
struct text bytes_get_raw(struct bytes_reader *reader, uint32_t size_max);
/* Whether nothing was bad and nothing is left. */
bool bytes_is_done(const struct bytes_reader *reader);

#endif
