/* MessagePack in and out, by the field tables of messages.def; the only code that knows msgpack.
 *
 * Decoding is strict and bounded: a pre-scan refuses counts larger than the bytes that are left,
 * nesting deeper than 4, more than 64 fields in a map, duplicate keys, keys that are not text,
 * trailing bytes and what is not MessagePack before msgpack-c sees it; then missing fields, wrong
 * types, invalid UTF-8 and values out of bounds are refused, naming the field. Unknown fields are
 * ignored; where a field may be nil or left out, both are read alike. */
#ifndef DUEL_PROTOCOL_CODEC_H
#define DUEL_PROTOCOL_CODEC_H

#include <duel/protocol/messages.h>

/* A decoded message and the memory its texts point into. */
struct codec;

/* One per process is enough; reused for every message. NULL: out of memory. */
struct codec *codec_create(void);
void codec_destroy(struct codec *codec);

/* Decodes one client message (one map). NULL when refused: then *ret_reason is a text of at most
 * 100 bytes that fits a close frame ("guess.seq: not an integer"). Result and reason live until the
 * next call with the same codec. Never fails for lack of bounds: size over MESSAGE_CLIENT_SIZE_MAX
 * is refused. */
const struct message *codec_decode_client(struct codec *codec, const void *data, uint32_t size,
                                          struct text *ret_reason);
/* The same for a server's message (one map, not an array): for bots and tests. */
const struct message *codec_decode_server(struct codec *codec, const void *data, uint32_t size,
                                          struct text *ret_reason);

/* What a frame of a server holds is one map, or an array of maps: the count of the latter's items
 * and the size of its head; 0 when it is none or empty. */
uint32_t codec_read_array_head(const void *data, uint32_t size, uint32_t *ret_head_size);
/* The size of the map that `data` begins with; 0 when it begins with no well-formed one. */
uint32_t codec_measure(const void *data, uint32_t size);

/* Encodes one message as a map with `t` first. Returns the size, or 0 when `size_max` is too small.
 * MESSAGE_SERVER_SIZE_MAX always suffices. A value out of the table's bounds is a fault of ours
 * (assert). */
#define MESSAGE_SERVER_SIZE_MAX 32768
uint32_t codec_encode(const struct message *message, uint8_t *ret_data, uint32_t size_max);

/* The head of an array of `count` maps (contract section 3); returns its size, 1…5 bytes. */
#define CODEC_ARRAY_HEAD_SIZE_MAX 5
uint32_t codec_array_head(uint32_t count, uint8_t ret_data[CODEC_ARRAY_HEAD_SIZE_MAX]);

/* The record as a JSON value, UUIDs and texts as strings, MSG_NIL and absent parts as null; a
 * record whose only field is the list `items` becomes that list. Returns the size, or 0 when it did
 * not fit. */
uint32_t codec_json(const struct message *message, char *ret_data, uint32_t size_max);
/* Appends `text` as a quoted JSON string (RFC 8259 section 7). */
void codec_json_string(struct text_buffer *buffer, struct text text);

/* The wire name of a message ("queued"), for logs and metrics. */
const char *message_name(enum message_type type);
/* Bytes of struct message that a message of this type uses. */
uint32_t message_size(enum message_type type);
/* Whether clients send it. */
bool message_is_client(enum message_type type);

/* Prints protocol/reference.md from the tables. */
void codec_print_reference(void);

#endif
