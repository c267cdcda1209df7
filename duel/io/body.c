/* Small JSON bodies. libwebsockets hands chunks over as they came (RFC 9112 section 7.1), so they
 * are read here. */
#include <duel/base/assert.h>
#include <duel/io/body.h>
#include <jansson.h>
#include <string.h>
#include <strings.h>

#define LENGTH_DIGITS_MAX 18
#define CHUNK_DIGITS_MAX 8
#define CHUNK_LINE_SIZE_MAX 256 /* extensions, which mean nothing here */
#define TRAILERS_SIZE_MAX 1024  /* nor do trailers */

enum chunk_place {
    CHUNK_SIZE,
    CHUNK_EXTENSION, /* behind the size, up to the end of its line */
    CHUNK_SIZE_END,  /* the line feed */
    CHUNK_DATA,
    CHUNK_DATA_CR,
    CHUNK_DATA_LF,
    CHUNK_TRAILER_START,
    CHUNK_TRAILER,
    CHUNK_TRAILER_END, /* the line feed of a trailer */
    CHUNK_LAST_LF,
};

/* ---- the head ---- */

static bool is_word(struct text text, const char *word)
{
    return text.size == strlen(word) && strncasecmp(text.data, word, text.size) == 0;
}

static struct text trim(struct text text)
{
    while (text.size > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
        text.data++;
        text.size--;
    }
    while (text.size > 0 &&
           (text.data[text.size - 1] == ' ' || text.data[text.size - 1] == '\t')) {
        text.size--;
    }
    return text;
}

/* Of the type itself; parameters say nothing, JSON is UTF-8. */
static bool is_json(const struct body_head *head)
{
    struct text type = head->type;
    const char *end = type.size == 0 ? NULL : memchr(type.data, ';', type.size);
    if (end != NULL) {
        type.size = (uint32_t)(end - type.data);
    }
    struct text encoding = trim(head->encoding);
    return is_word(trim(type), "application/json") &&
           (encoding.size == 0 || is_word(encoding, "identity"));
}

static bool parse_length(struct text digits, uint64_t *ret_length)
{
    uint64_t length = 0;
    if (digits.size == 0 || digits.size > LENGTH_DIGITS_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < digits.size; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9') {
            return false;
        }
        length = length * 10 + (uint64_t)(digits.data[i] - '0');
    }
    *ret_length = length;
    return true;
}

enum body_state body_begin(struct body *body, const struct body_head *head)
{
    uint64_t length = 0;
    body->size = 0;
    body->left = 0;
    body->digits = 0;
    body->line_size = 0;
    body->trailers = 0;
    body->place = CHUNK_SIZE;
    body->is_chunked = head->transfer.data != NULL;
    body->state = BODY_BROKEN;
    /* Both fields at once are how one request is smuggled inside another. */
    if (body->is_chunked &&
        (head->length.data != NULL || !is_word(trim(head->transfer), "chunked"))) {
        return body->state;
    }
    if (head->length.data != NULL && !parse_length(trim(head->length), &length)) {
        return body->state;
    }
    if (!body->is_chunked && length == 0) {
        body->state = BODY_WHOLE;
    } else if (length > BODY_SIZE_MAX) {
        body->state = BODY_TOO_LARGE;
    } else if (!is_json(head)) {
        body->state = BODY_BAD_TYPE;
    } else {
        body->left = (uint32_t)length;
        body->state = BODY_MORE;
    }
    return body->state;
}

/* ---- chunks ---- */

static int32_t hex_value(char byte)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    char lower = (char)(byte | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static void follow_size(struct body *body, char byte)
{
    int32_t digit = hex_value(byte);
    if (digit >= 0 && body->digits < CHUNK_DIGITS_MAX) {
        body->digits++;
        body->left = body->left << 4 | (uint32_t)digit;
    } else if (digit >= 0 || body->digits == 0) {
        body->state = BODY_BROKEN;
    } else if (byte == '\r') {
        body->place = CHUNK_SIZE_END;
    } else if (byte == ';' || byte == ' ' || byte == '\t') {
        body->place = CHUNK_EXTENSION;
    } else {
        body->state = BODY_BROKEN;
    }
}

/* The line feed behind a chunk's size. */
static void begin_chunk(struct body *body)
{
    body->digits = 0;
    body->line_size = 0;
    body->place = body->left == 0 ? CHUNK_TRAILER_START : CHUNK_DATA;
    if (body->left > BODY_SIZE_MAX - body->size) {
        body->state = BODY_TOO_LARGE;
    }
}

/* `byte` must be `wanted`; then comes `next`. */
static bool expect(struct body *body, char byte, char wanted, enum chunk_place next)
{
    body->place = (uint8_t)next;
    if (byte != wanted) {
        body->state = BODY_BROKEN;
    }
    return byte == wanted;
}

/* Up to the carriage return, which leads to `next`. */
static void skip_line(struct body *body, char byte, uint32_t *size, uint32_t size_max,
                      enum chunk_place next)
{
    if (byte == '\r') {
        body->place = (uint8_t)next;
    } else if (byte == '\n' || ++*size > size_max) {
        body->state = BODY_BROKEN;
    }
}

/* Any byte but one of a chunk's data. */
static void follow_chunk(struct body *body, char byte)
{
    switch ((enum chunk_place)body->place) {
    case CHUNK_SIZE:
        follow_size(body, byte);
        break;
    case CHUNK_EXTENSION:
        skip_line(body, byte, &body->line_size, CHUNK_LINE_SIZE_MAX, CHUNK_SIZE_END);
        break;
    case CHUNK_SIZE_END:
        if (expect(body, byte, '\n', CHUNK_DATA)) {
            begin_chunk(body);
        }
        break;
    case CHUNK_DATA_CR:
        expect(body, byte, '\r', CHUNK_DATA_LF);
        break;
    case CHUNK_DATA_LF:
        expect(body, byte, '\n', CHUNK_SIZE);
        break;
    case CHUNK_TRAILER_START:
        body->place = byte == '\r' ? CHUNK_LAST_LF : CHUNK_TRAILER;
        if (byte != '\r') {
            skip_line(body, byte, &body->trailers, TRAILERS_SIZE_MAX, CHUNK_TRAILER_END);
        }
        break;
    case CHUNK_TRAILER:
        skip_line(body, byte, &body->trailers, TRAILERS_SIZE_MAX, CHUNK_TRAILER_END);
        break;
    case CHUNK_TRAILER_END:
        expect(body, byte, '\n', CHUNK_TRAILER_START);
        break;
    case CHUNK_LAST_LF:
        if (expect(body, byte, '\n', CHUNK_LAST_LF)) {
            body->state = BODY_WHOLE;
        }
        break;
    case CHUNK_DATA:
        ASSERT(false); /* body_take() reads these */
    }
}

/* ---- what arrives ---- */

/* As much of it as belongs to the body, or to the chunk. */
static size_t take_data(struct body *body, const char *data, size_t size)
{
    size_t taken = size < body->left ? size : body->left;
    ASSERT(taken <= BODY_SIZE_MAX - body->size);
    memcpy(body->data + body->size, data, taken);
    body->size += (uint32_t)taken;
    body->left -= (uint32_t)taken;
    if (body->left == 0 && body->is_chunked) {
        body->place = CHUNK_DATA_CR;
    } else if (body->left == 0) {
        body->state = BODY_WHOLE;
    }
    return taken;
}

enum body_state body_take(struct body *body, const void *data, size_t size)
{
    const char *bytes = data;
    size_t at = 0;
    while (at < size && body->state == BODY_MORE) {
        if (!body->is_chunked || body->place == CHUNK_DATA) {
            at += take_data(body, bytes + at, size - at);
        } else {
            follow_chunk(body, bytes[at++]);
        }
    }
    if (at < size && body->state == BODY_WHOLE) {
        body->state = BODY_BROKEN;
    }
    return body->state;
}

struct json_t *body_object(const struct body *body)
{
    ASSERT(body->state == BODY_WHOLE);
    if (body->size == 0) {
        return json_object();
    }
    json_t *json = json_loadb(body->data, body->size, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(json)) {
        json_decref(json);
        return NULL;
    }
    return json;
}

bool body_member_bool(const struct json_t *object, const char *name, bool standard,
                      bool *ret_value)
{
    const json_t *member = json_object_get(object, name);
    if (member != NULL && !json_is_boolean(member)) {
        return false;
    }
    *ret_value = member != NULL ? json_is_true(member) : standard;
    return true;
}

void body_drop(struct json_t *object)
{
    json_decref(object);
}
