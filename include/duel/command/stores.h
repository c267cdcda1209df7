/* The stores as a subcommand asks them: synchronous, one question after the other. Private to
 * duel/command. The libraries' structs appear by name only. */
#ifndef DUEL_COMMAND_STORES_H
#define DUEL_COMMAND_STORES_H

#include <duel/io/settings.h>

struct pg_conn;      /* libpq */
struct pg_result;    /* libpq */
struct redisContext; /* hiredis */

#define STORES_TIMEOUT_S 5
#define STORES_PROBLEM_SIZE 160

/* NULL: it was said on standard error why not, without secrets. */
struct pg_conn *stores_postgresql(const struct settings *settings, const char *word);
/* Asks `sql` with texts ("" stays, NULL is null). NULL: what PostgreSQL objected to was said on
 * standard error. */
struct pg_result *stores_ask(struct pg_conn *conn, const char *word, const char *sql,
                             const char *const *params, int count);
/* NULL likewise. */
struct redisContext *stores_valkey(const struct settings *settings, const char *word);
/* The same; NULL: `ret_problem` says why, and nothing was printed. */
struct redisContext *stores_open_valkey(const struct settings *settings,
                                        char ret_problem[STORES_PROBLEM_SIZE]);

#endif
