/* PostgreSQL (libpq): players, the catalogue, finished matches.
 *
 * One non-blocking connection in pipeline mode, a Sync after every statement, so each is a
 * transaction of its own and a refused one hurts no other. Every statement is one call of an SQL
 * function that may be repeated. A connection that is lost, or whose oldest statement is older
 * than PG_STALL_MS (a frozen backend), is dropped: what was under way is answered
 * HUB_UNAVAILABLE, and a new connection is tried with back-off. Migrations run at start and
 * again after each reconnect that follows a failed one, under an advisory lock. */
#ifndef DUEL_IO_PG_H
#define DUEL_IO_PG_H

#include <duel/io/auth.h>
#include <duel/io/inquiry.h>
#include <duel/io/settings.h>
#include <duel/io/worker.h>

#define PG_STALL_MS 5000

struct pg;

/* What the rest of the server gets told. All on the loop. */
struct pg_callbacks {
    void *context;
    /* The connection works and the schema is as it must be, or no longer. */
    void (*up)(void *context, bool up);
    /* The secret of the tickets, as stored (made there by the first who asks). After each `up`. */
    void (*secret)(void *context, const uint8_t secret[AUTH_SECRET_SIZE]);
    /* Answers pg_load_catalogue(): rows to build from (no videos yet: 0 rows and ok), or
     * ok=false. The rows live until the next pg_load_catalogue(), so a worker may build from
     * them meanwhile. */
    void (*catalogue)(void *context, bool ok, const struct titles_row *rows, uint32_t count);
    /* Answers it instead when nothing has changed since the last rows were handed out. NULL:
     * they are handed out again. */
    void (*catalogue_same)(void *context);
};

struct pg *pg_create(struct loop *loop, struct worker *worker, const struct settings *settings,
                     const struct pg_callbacks *callbacks);
/* What is said of results that are stored, to have been run by; it outlives `pg`. */
void pg_set_release(struct pg *pg, const char *release);
/* Sends what is queued if that takes less than a second, then closes. */
void pg_destroy(struct pg *pg);
bool pg_is_up(const struct pg *pg);

void pg_load_player(struct pg *pg, struct ref player, struct text sub); /* HUB_EV_PLAYER */
/* HUB_EV_CHECKED: whether duel_matches has a row of this match. */
void pg_check(struct pg *pg, struct ref match, const struct uuid *id);
void pg_store(struct pg *pg, struct ref result, const struct hub_result *data); /* HUB_EV_STORED */
/* Asks `sql` (static, its parameters are text) for one row of at most INQUIRY_TEXTS_MAX columns;
 * parameters are copied. False: there is no connection, and nothing will be answered. */
bool pg_inquire(struct pg *pg, struct inquiry *inquiry, const char *sql, const struct text *params,
                uint32_t count);
/* What operators did since: asked at once, before anybody is loaded over a new connection, so that
 * none is loaded as he was before an act that is never heard of. */
void pg_read_acts(struct pg *pg);
/* Asked again before it was answered: one answer for both. */
void pg_load_catalogue(struct pg *pg);

/* Whether libpq can read it as a URL or key=value list whose ports are ports. Asks nobody. */
bool pg_url_is_valid(const char *url);
/* `duel-server migrate`: blocking, for the command line. 0 or an exit status; says what it did. */
int pg_migrate_command(const struct settings *settings);

#endif
