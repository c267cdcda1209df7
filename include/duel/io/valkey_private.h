/* Inside the Valkey adapter, for duel/io/valkey*.c and their tests only.
 *
 *   valkey.c       what the server asks: pairing, leaving, publishing
 *   valkey_link.c  scripts called through one connection, and its loss
 *   valkey_dial.c  making that connection: name, handshake, scripts
 *   valkey_url.c   VALKEY_URL taken apart
 *
 * hiredis' structs appear by name only. */
#ifndef DUEL_IO_VALKEY_PRIVATE_H
#define DUEL_IO_VALKEY_PRIVATE_H

#include <duel/io/valkey.h>
#include <duel/io/valkey_url.h>

struct redisReply;        /* hiredis */
struct redisAsyncContext; /* hiredis */

/* ---- dialling ---- */

#define VALKEY_HASH_SIZE 40

enum valkey_script { VALKEY_PAIR, VALKEY_LEAVE, VALKEY_PUBLISH, VALKEY_SCRIPTS };

/* By which the server knows the scripts. */
struct valkey_hashes {
    char text[VALKEY_SCRIPTS][VALKEY_HASH_SIZE + 1];
};

struct valkey_dial;

/* A connection that works (the callee frees it, and sets its disconnect callback and `data`) and
 * the hashes of its scripts; or NULL after a failure that was logged. */
typedef void valkey_dialled(void *context, struct redisAsyncContext *redis,
                            const struct valkey_hashes *hashes);

/* NULL: out of memory, or a VALKEY_URL that cannot be understood (logged). */
struct valkey_dial *valkey_dial_create(struct loop *loop, struct worker *worker,
                                       const struct settings *settings, valkey_dialled *done,
                                       void *context);
void valkey_dial_destroy(struct valkey_dial *dial);
/* Exactly one valkey_dialled call follows, perhaps inside this one. */
void valkey_dial_start(struct valkey_dial *dial);
const char *valkey_script_text(enum valkey_script script);

/* ---- the link ---- */

struct valkey_link;

#define VALKEY_ARGUMENTS_MAX 16

/* One call of a script. */
struct valkey_ask {
    enum valkey_script script;
    uint32_t keys_count; /* how many of the arguments, the first ones, are keys */
    uint32_t count;
    struct text arguments[VALKEY_ARGUMENTS_MAX];
    struct ref ref;
    /* `answer` is there when `reply` is HUB_OK, until the call returns. */
    void (*answer)(void *context, struct ref ref, enum hub_reply reply,
                   const struct redisReply *answer);
    void *context;
};

struct valkey_link *valkey_link_create(struct loop *loop, struct worker *worker,
                                       const struct settings *settings,
                                       void (*up)(void *context, bool up), void *context);
void valkey_link_destroy(struct valkey_link *link);
bool valkey_link_is_up(const struct valkey_link *link);
/* Sends a call; arguments are copied. Answers exactly once, never inside the call, and not at
 * all when the link is destroyed first. False: there is no connection and nothing will be
 * answered. */
bool valkey_link_ask(struct valkey_link *link, const struct valkey_ask *ask);

/* For tests: another stall time. */
void valkey_set_stall(struct valkey *valkey, uint32_t stall_ms);
void valkey_link_set_stall(struct valkey_link *link, uint32_t stall_ms);

#endif
