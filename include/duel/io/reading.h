/* Requests that only read what is stored: history, finished matches, the ranking (contract section
 * 1).
 *
 * They do not go through the hub, which knows nothing of them and would only pass them on
 * (docs/decisions.md). PostgreSQL makes the answers; the order of the ranking comes from Valkey
 * when it is good there, else from PostgreSQL too, with the same answer. It knows who may read
 * what and how often; it knows nothing of HTTP. */
#ifndef DUEL_IO_READING_H
#define DUEL_IO_READING_H

#include <duel/io/ranking.h>

#define READING_PER_S 10       /* of one player, all that needs a token together */
#define READING_AT_ONCE_MAX 64 /* so that readers never crowd the results out of PostgreSQL */
#define READING_LIMIT_MAX 100
#define READING_OFFSET_MAX 10000
#define READING_DISTANCE 5          /* how many above and below are shown around one's own rank */
#define READING_DATA_SIZE_MAX 393216 /* bytes of JSON */

struct reading;

enum reading_what {
    READING_NOTHING,
    READING_HISTORY,     /* the caller's matches, latest first: limit, id */
    READING_MATCH,       /* a finished match: id */
    READING_LEADERBOARD, /* limit, offset; needs no caller */
    READING_OWN_RANK,    /* the caller's place */
};

struct reading_question {
    enum reading_what what;
    uint32_t limit;  /* 1 to READING_LIMIT_MAX */
    uint32_t offset; /* 0 to READING_OFFSET_MAX */
    struct uuid id;  /* of a match; of HISTORY: the one before, or none */
};

enum reading_outcome {
    READING_OK,
    READING_BAD_CURSOR,    /* HISTORY: `id` is no match of the caller's */
    READING_NO_SUCH_MATCH, /* MATCH: none that has ended and is stored */
    READING_BAD_SUBJECT,   /* the caller was deleted */
    READING_SLOW_DOWN,
    READING_UNAVAILABLE,
};

/* `data` is JSON, at most READING_DATA_SIZE_MAX bytes, when READING_OK, until the call returns. */
typedef void reading_done(void *context, struct ref conn, enum reading_outcome outcome,
                          struct text data);

/* NULL: out of memory. Destroyed after the stores and after those it answers. */
struct reading *reading_create(struct loop *loop, struct pg *pg, struct valkey *valkey);
void reading_destroy(struct reading *reading);
void reading_store_changed(struct reading *reading, enum hub_store store, bool up);

/* READING_OK: exactly one `done` follows, never inside the call. Else that is the answer. `sub` is
 * the caller by Logto's name, none for LEADERBOARD. */
enum reading_outcome reading_ask(struct reading *reading, const struct reading_question *question,
                                 struct text sub, struct ref conn, reading_done *done,
                                 void *context);

#endif
