/* Inside the PostgreSQL adapter, for duel/io/pg*.c and their tests only.
 *
 *   pg.c            what the server asks: results, rows for others
 *   pg_arrivals.c   players who come
 *   pg_catalogue.c  the catalogue, page by page
 *   pg_acts.c       what operators did
 *   pg_sweep.c      deleting what is too old
 *   pg_json.c       a finished match as JSON
 *   pg_url.c        whether DATABASE_URL can be understood
 *   pg_link.c       statements through one pipelined connection, and its loss
 *   pg_dial.c       making that connection: name, handshake, schema, secret
 *   pg_schema.c     the migrations
 *
 * libpq's structs appear by name only. */
#ifndef DUEL_IO_PG_PRIVATE_H
#define DUEL_IO_PG_PRIVATE_H

#include <duel/io/pg.h>

struct pg_conn;   /* libpq */
struct pg_result; /* libpq */

#define PG_CONNECT_MS 5000  /* for a connection to be made */
#define PG_MIGRATE_MS 60000 /* the same while it migrates, or waits for another who does */
#define PG_PARAMS_MAX 5
#define PG_CATALOGUE_PAGE 250 /* rows: about a millisecond of the loop */

/* For tests: another stall time. */
void pg_set_stall(struct pg *pg, uint32_t stall_ms);

/* ---- schema ---- */

enum pg_schema_state { PG_SCHEMA_ASK, PG_SCHEMA_READY, PG_SCHEMA_PROBLEM };

/* A conversation: send `sql` (one or several statements, simple protocol), give the last answer
 * (or the first error) to pg_schema_step(), until it is READY or there is a PROBLEM. Whoever
 * holds the conversation ends the connection after a problem, which rolls back. */
struct pg_schema {
    const char *sql;
    char *script; /* allocated; what `sql` points at while migrating */
    int step;
    int version;  /* found */
    int applied;  /* files that this conversation ran */
    char problem[256];
};

void pg_schema_init(struct pg_schema *schema);
void pg_schema_done(struct pg_schema *schema);
enum pg_schema_state pg_schema_step(struct pg_schema *schema, const struct pg_result *answer);
/* Whether it may have to wait for somebody else's migration. */
bool pg_schema_is_slow(const struct pg_schema *schema);
/* The file that made `version` (1…), or NULL. */
const char *pg_schema_file(int version);
/* An error's SQLSTATE and first line, for a log. */
void pg_describe(const struct pg_result *answer, char *ret_text, size_t size_max);

/* ---- dialling ---- */

struct pg_dial;

/* A connection in pipeline mode whose schema is as it must be (owned by the callee from here on)
 * and the stored secret; or NULL after a failure that was logged. */
typedef void pg_dialled(void *context, struct pg_conn *conn, const uint8_t *secret);

struct pg_dial *pg_dial_create(struct loop *loop, struct worker *worker, const char *url,
                               pg_dialled *done, void *context);
void pg_dial_destroy(struct pg_dial *dial);
/* Exactly one pg_dialled call follows, perhaps inside this one. */
void pg_dial_start(struct pg_dial *dial);

/* ---- the link ---- */

struct pg_link;

struct pg_ask;

/* `ask` is what was asked, `rows` is there when `reply` is HUB_OK; both until the call returns. */
typedef void pg_answer(const struct pg_ask *ask, enum hub_reply reply,
                       const struct pg_result *rows);

struct pg_ask {
    const char *sql; /* static; parameters are text */
    struct text params[PG_PARAMS_MAX];
    uint32_t params_count;
    struct ref ref;
    pg_answer *answer;
    void *context;
};

struct pg_link *pg_link_create(struct loop *loop, struct worker *worker, const char *url,
                               const struct pg_callbacks *callbacks);
void pg_link_destroy(struct pg_link *link);
bool pg_link_is_up(const struct pg_link *link);
void pg_link_set_stall(struct pg_link *link, uint32_t stall_ms);
/* Queues a statement; parameters are copied. Only while up. Answers exactly once, never inside
 * the call, and not at all when the link is destroyed first. */
void pg_link_ask(struct pg_link *link, const struct pg_ask *ask);

/* ---- players who come ---- */

struct pg_arrivals;

struct pg_arrivals *pg_arrivals_create(struct loop *loop, struct pg_link *link);
/* After the link, which answers nobody any more then. */
void pg_arrivals_destroy(struct pg_arrivals *arrivals);
/* HUB_EV_PLAYER follows, never inside the call. `sub` is copied; no line feed is in it. */
void pg_arrivals_ask(struct pg_arrivals *arrivals, struct ref player, struct text sub);

/* ---- what operators did ---- */

struct pg_acts;

/* `node`: the name of this one, which outlives it. */
struct pg_acts *pg_acts_create(struct loop *loop, struct pg_link *link, const char *node);
/* After the link, which answers nobody any more then. */
void pg_acts_destroy(struct pg_acts *acts);
/* HUB_EV_ACT follows for each new one; asked by itself every two seconds, too. */
void pg_acts_ask(struct pg_acts *acts);

/* ---- what is kept for a time only ---- */

struct pg_sweep;

struct pg_sweep *pg_sweep_create(struct loop *loop, struct pg_link *link,
                                 const struct settings *settings);
/* After the link, which answers nobody any more then. */
void pg_sweep_destroy(struct pg_sweep *sweep);

/* ---- the catalogue ---- */

struct pg_catalogue;

struct pg_catalogue *pg_catalogue_create(struct loop *loop, struct pg_link *link,
                                         const struct settings *settings,
                                         const struct pg_callbacks *callbacks);
void pg_catalogue_destroy(struct pg_catalogue *catalogue);
void pg_catalogue_load(struct pg_catalogue *catalogue);

/* ---- JSON ---- */

/* The argument of duel_store_match(). Allocated; NULL when there is no memory. */
char *pg_json_result(const struct hub_result *result, uint32_t *ret_size);
/* Bytes in hexadecimal. Allocated and terminated; NULL when there is no memory. */
char *pg_json_hex(struct text bytes);

#endif
