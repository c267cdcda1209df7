/* Objects from an S3 store (R2, Garage, AWS, …) over HTTP(S): path style, signed with SigV4.
 *
 * One thread of its own fetches several at once over connections that it keeps; the loop is never
 * held. Whatever a server at the other end does is bounded: time, size, redirects, protocols. A
 * request is tried once: whether to ask again is its caller's business. Keys and signatures never
 * leave this module but for the store. */
#ifndef DUEL_IO_S3_H
#define DUEL_IO_S3_H

#include <duel/io/loop.h>

#define S3_KEY_SIZE_MAX 1024 /* of an object's name, before encoding */
#define S3_REASON_SIZE 128
#define S3_REQUESTS_MAX 32 /* under way at once; others wait for their turn */
#define S3_CONNECT_TIMEOUT_MS 3000
#define S3_TIMEOUT_MS 5000 /* from the start of the request to the last byte */

enum s3_outcome {
    S3_GOT,
    S3_ABSENT,    /* no such object */
    S3_TOO_LARGE, /* over `size_max` */
    S3_REFUSED,   /* this object or all of them: keys, region, bucket or the clock are wrong */
    S3_BROKEN,    /* the store had a fault: 5xx, 429, an answer that was cut or is no HTTP */
    S3_UNREACHED, /* no connection, or no answer in time */
};

/* `bytes` belongs to who gets the answer, and is freed with free(); NULL unless S3_GOT. */
struct s3_answer {
    enum s3_outcome outcome;
    uint8_t *bytes;
    uint32_t size;
    char reason[S3_REASON_SIZE]; /* for the log; empty when S3_GOT */
};

struct s3_options {
    const char *endpoint; /* scheme, host and port, perhaps a slash */
    const char *bucket;
    const char *region;
    const char *access_key;
    const char *secret_key;
    const char *ca_file; /* PEM: whose certificates an https store may have; "": the system's */
    uint32_t size_max;   /* bytes of an object */
};

struct s3;

/* Called on the loop, never inside s3_get(). */
typedef void s3_done(void *context, struct s3_answer *answer);

/* Texts in `options` must outlive it. NULL: out of memory or threads. */
struct s3 *s3_create(struct loop *loop, const struct s3_options *options);
/* Ends within three seconds; what is under way is dropped without an answer. NULL is allowed. */
void s3_destroy(struct s3 *s3);
/* One answer through `done`. `key` is copied. */
void s3_get(struct s3 *s3, struct text key, s3_done *done, void *context);

#endif
