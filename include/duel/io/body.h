/* The small JSON body that some requests may have (contract section 1): from the head's fields and
 * the raw bytes behind it to a JSON object, bounded at every step. It refuses to know sockets,
 * routes, and what the object means. */
#ifndef DUEL_IO_BODY_H
#define DUEL_IO_BODY_H

#include <duel/base/text.h>

#define BODY_SIZE_MAX 4096 /* bytes, chunk heads not counted */

struct json_t;

/* What the head says; no text where a field is missing, lines of the same name joined by commas. */
struct body_head {
    struct text length;   /* Content-Length */
    struct text transfer; /* Transfer-Encoding */
    struct text type;     /* Content-Type */
    struct text encoding; /* Content-Encoding */
};

enum body_state {
    BODY_MORE,      /* not all of it is there */
    BODY_WHOLE,     /* perhaps empty */
    BODY_TOO_LARGE, /* 413 */
    BODY_BAD_TYPE,  /* 415: a body that is not application/json, or is compressed */
    BODY_BROKEN,    /* 400: where it ends cannot be told; nothing behind it may be served */
};

struct body {
    enum body_state state;
    bool is_chunked;
    uint8_t place;        /* of a chunked one: enum chunk_place of duel/io/body.c */
    uint8_t digits;       /* of the chunk size */
    uint32_t line_size;   /* of a chunk's extensions or a trailer */
    uint32_t trailers;    /* bytes */
    uint32_t left;        /* bytes of the body, or of the chunk */
    uint32_t size;
    char data[BODY_SIZE_MAX];
};

/* What the head alone decides: BODY_MORE, BODY_WHOLE for none, or a fault. A type matters only
 * where a body is announced. */
enum body_state body_begin(struct body *body, const struct body_head *head);
/* The next bytes of the connection. What is behind the end of the body is BODY_BROKEN: who sends
 * more does not wait for the answer. After BODY_WHOLE or a fault the state stays. */
enum body_state body_take(struct body *body, const void *data, size_t size);
/* The object that a whole body holds, for body_drop(); an empty body is an empty object. NULL: it
 * is no JSON (RFC 8259) object, or names a member twice (400). */
struct json_t *body_object(const struct body *body);
/* The member `name`, or `standard` where there is none. False: it is no boolean. */
bool body_member_bool(const struct json_t *object, const char *name, bool standard,
                      bool *ret_value);
void body_drop(struct json_t *object);

#endif
