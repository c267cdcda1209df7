/* Inside the Valkey adapter, for duel/io/valkey*.c and their tests only.
 *
 *   valkey.c          life; asking, and the queue and finished matches
 *   valkey_matches.c  live matches: saved, sought, swept, leased, released
 *   valkey_look.c     where they are, for those who only want to know
 *   valkey_rematch.c  rematches, and who left early
 *   valkey_invite.c   invitations
 *   valkey_ranking.c  the ranking, for those who only read
 *   valkey_ask.c      arguments of a call put together, answers taken apart
 *   valkey_link.c     scripts called through one connection, and its loss
 *   valkey_listen.c   nudges from other processes, through another
 *   valkey_dial.c     making such a connection: name, handshake, scripts
 *   valkey_url.c      VALKEY_URL taken apart
 *
 * hiredis' structs appear by name only. */
#ifndef DUEL_IO_VALKEY_PRIVATE_H
#define DUEL_IO_VALKEY_PRIVATE_H

#include <duel/io/valkey.h>
#include <duel/io/valkey_url.h>

struct redisReply;        /* hiredis */
struct redisAsyncContext; /* hiredis */

#define VALKEY_BOOT_SIZE 16

/* By what other processes know this one. */
struct valkey_self {
    char boot[VALKEY_BOOT_SIZE + 1]; /* random, hexadecimal */
    struct text node;                /* lives as long as the settings */
    int64_t born_us;                 /* by the system's clock */
    uint32_t lease_ms;
};

/* ---- dialling ---- */

#define VALKEY_HASH_SIZE 40

enum valkey_script {
    VALKEY_PAIR,
    VALKEY_LEAVE,
    VALKEY_SAVE,
    VALKEY_SEEK,
    VALKEY_SWEEP,
    VALKEY_LEASE,
    VALKEY_RELEASE,
    VALKEY_LOCATE,
    VALKEY_LOOK,
    VALKEY_REMATCH,
    VALKEY_LEFT,
    VALKEY_PUBLISH,
    VALKEY_INVITE,
    VALKEY_WITHDRAW,
    VALKEY_RANKING,
    VALKEY_SCRIPTS
};

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
/* Its connections are not for scripts: none are loaded, and there are no hashes. */
void valkey_dial_without_scripts(struct valkey_dial *dial);
/* Exactly one valkey_dialled call follows, perhaps inside this one, unless it is stopped before. */
void valkey_dial_start(struct valkey_dial *dial);
void valkey_dial_stop(struct valkey_dial *dial);
const char *valkey_script_text(enum valkey_script script);

/* ---- the link ---- */

struct valkey_link;
struct valkey_ask;

#define VALKEY_ARGUMENTS_MAX 16

/* One call of a script; its arguments are those after the three that common.lua names. */
struct valkey_ask {
    enum valkey_script script;
    struct ref ref;   /* for the answer, and so is: */
    struct uuid uuid;
    /* Makes the event that answers it; `answer` is there when `reply` is HUB_OK, and lives while
     * the event does. What comes before that event is told to the hub inside. NULL: nobody is told
     * what came of it. */
    struct hub_event (*answer)(struct valkey *valkey, const struct valkey_ask *ask,
                               enum hub_reply reply, const struct redisReply *answer);
    struct inquiry *inquiry; /* told instead of the hub, when there is one: so many */
    uint32_t texts;
    uint32_t count;
    struct text arguments[VALKEY_ARGUMENTS_MAX];
};

/* `ask` lives until `told` returns, and `answer` too; it is there when `reply` is HUB_OK. */
typedef void valkey_told(void *context, const struct valkey_ask *ask, enum hub_reply reply,
                         const struct redisReply *answer);

struct valkey_link *valkey_link_create(struct loop *loop, struct worker *worker,
                                       const struct settings *settings,
                                       const struct valkey_self *self, valkey_told *told,
                                       void (*up)(void *context, bool up), void *context);
void valkey_link_destroy(struct valkey_link *link);
bool valkey_link_is_up(const struct valkey_link *link);
/* Sends a call; arguments are copied. Answers exactly once, never inside the call, and not at
 * all when the link is destroyed first. False: there is no connection and nothing will be
 * answered. */
bool valkey_link_ask(struct valkey_link *link, const struct valkey_ask *ask);
/* Sends a deletion at once, without waiting for the loop's turn or for an answer. */
void valkey_link_delete(struct valkey_link *link, const char *key);

/* For tests: another stall time. */
void valkey_set_stall(struct valkey *valkey, uint32_t stall_ms);
void valkey_link_set_stall(struct valkey_link *link, uint32_t stall_ms);

/* ---- nudges ---- */

struct valkey_listen;

/* NULL: out of memory. */
struct valkey_listen *valkey_listen_create(struct loop *loop, struct worker *worker,
                                           const struct settings *settings,
                                           const struct valkey_self *self);
void valkey_listen_destroy(struct valkey_listen *listen);
/* Whether the server can be reached: the link knows. While it cannot, nothing is tried. */
void valkey_listen_set(struct valkey_listen *listen, bool up);

/* ---- calls ---- */

/* A call being put together: the ask, and memory for what has no text yet. */
struct valkey_call {
    struct valkey_ask ask;
    uint32_t used;
    char memory[320];
};

void valkey_add(struct valkey_call *call, struct text text);
void valkey_add_number(struct valkey_call *call, int64_t number);
void valkey_add_flag(struct valkey_call *call, bool flag);
void valkey_add_uuid(struct valkey_call *call, const struct uuid *uuid); /* none: empty */
/* Asks; what cannot be asked is answered HUB_UNAVAILABLE, later. */
void valkey_send(struct valkey *valkey, const struct valkey_call *call);
/* Asks for an inquiry, or where no answer is told. False: there is no connection, and nothing will
 * be answered. */
bool valkey_try(struct valkey *valkey, const struct valkey_call *call);
/* The answer to it. */
void valkey_inquired(const struct valkey_ask *ask, enum hub_reply reply,
                     const struct redisReply *answer);

/* What is at a place of an answer. False, or none: it is not of that kind. */
uint32_t valkey_count(const struct redisReply *answer); /* 0: no array */
struct text valkey_text_at(const struct redisReply *answer, uint32_t at);
bool valkey_number_at(const struct redisReply *answer, uint32_t at, int64_t *ret_number);
bool valkey_uuid_at(const struct redisReply *answer, uint32_t at, struct uuid *ret_uuid);
/* A node's name, or an empty one as none. */
bool valkey_node_at(const struct redisReply *answer, uint32_t at, struct text *ret_node);
/* Where a match is, in the scripts' words. */
bool valkey_read_place(struct text word, enum hub_place *ret_place);
/* Fence, two cards, the data and the terms. */
bool valkey_copy_at(const struct redisReply *answer, uint32_t at, struct hub_copy *ret_copy);

struct loop *valkey_loop(const struct valkey *valkey);
const struct valkey_self *valkey_self(const struct valkey *valkey);
uint32_t valkey_lease_ms(const struct valkey *valkey);
/* Whether the answer of the last sweep has arrived. */
bool valkey_has_swept(const struct valkey *valkey);
void valkey_set_swept(struct valkey *valkey, bool swept);

#endif
