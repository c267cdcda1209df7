/* Synchronous connections for subcommands; see stores.h. */
#include <duel/command/stores.h>
#include <duel/io/valkey_tls.h>
#include <duel/io/valkey_url.h>
#include <hiredis/hiredis.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void ignore_notice(void *context, const PGresult *notice)
{
    (void)context;
    (void)notice;
}

struct pg_conn *stores_postgresql(const struct settings *settings, const char *word)
{
    PGconn *conn = PQconnectdb(settings->database_url);
    if (PQstatus(conn) != CONNECTION_OK) {
        /* What libpq says about a URL that it cannot read may quote it, with the password. */
        PQconninfoOption *options = PQconninfoParse(settings->database_url, NULL);
        fprintf(stderr, "duel-server %s: %s\n", word,
                options != NULL ? PQerrorMessage(conn) : "DATABASE_URL cannot be understood");
        PQconninfoFree(options);
        PQfinish(conn);
        return NULL;
    }
    PQsetNoticeReceiver(conn, ignore_notice, NULL);
    PQclear(PQexec(conn, "set timezone = 'UTC'; set statement_timeout = '30s'"));
    return conn;
}

struct pg_result *stores_ask(struct pg_conn *conn, const char *word, const char *sql,
                             const char *const *params, int count)
{
    PGresult *rows = PQexecParams(conn, sql, count, NULL, params, NULL, NULL, 0);
    if (PQresultStatus(rows) == PGRES_TUPLES_OK) {
        return rows;
    }
    const char *state = PQresultErrorField(rows, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(rows, PG_DIAG_MESSAGE_PRIMARY);
    const char *cure = "";
    if (state != NULL && strcmp(state, "42501") == 0) {
        cure = ": run it with the DATABASE_URL of the tables' owner, as `migrate`";
    } else if (state != NULL && (strcmp(state, "42883") == 0 || strcmp(state, "42P01") == 0)) {
        cure = ": run `duel-server migrate` first";
    }
    fprintf(stderr, "duel-server %s: %s%s\n", word,
            message != NULL ? message : PQerrorMessage(conn), cure);
    PQclear(rows);
    return NULL;
}

/* Frees the reply. False: it is none, or an error; the problem says which. */
static bool is_good(const redisContext *valkey, redisReply *reply, char *ret_problem)
{
    bool good = reply != NULL && reply->type == REDIS_REPLY_STATUS;
    if (!good) {
        (void)snprintf(ret_problem, STORES_PROBLEM_SIZE, "%s",
                       reply != NULL && reply->str != NULL ? reply->str : valkey->errstr);
    }
    freeReplyObject(reply);
    return good;
}

/* TLS, password, database, PING. */
static bool greet(redisContext *valkey, const struct settings *settings,
                  const struct valkey_address *address, char *ret_problem)
{
    if (address->tls) {
        struct valkey_tls *tls = valkey_tls_create(settings->valkey_ca_file);
        bool good = tls != NULL && valkey_tls_begin(tls, valkey, address->host);
        const char *why = tls == NULL ? "VALKEY_CA_FILE holds no certificates"
                                      : valkey_tls_problem(tls);
        if (!good) {
            (void)snprintf(ret_problem, STORES_PROBLEM_SIZE, "TLS: %s%s",
                           tls != NULL && why != NULL ? "certificate: " : "",
                           why != NULL ? why : valkey->errstr);
        }
        valkey_tls_destroy(tls); /* the handshake is over */
        if (!good) {
            return false;
        }
    }
    const char *user = address->user, *password = address->password;
    return (password[0] == '\0' ||
            is_good(valkey,
                    user[0] != '\0' ? redisCommand(valkey, "AUTH %s %s", user, password)
                                    : redisCommand(valkey, "AUTH %s", password),
                    ret_problem)) &&
           (address->database == 0 ||
            is_good(valkey, redisCommand(valkey, "SELECT %u", address->database), ret_problem)) &&
           is_good(valkey, redisCommand(valkey, "PING"), ret_problem);
}

struct redisContext *stores_open_valkey(const struct settings *settings,
                                        char ret_problem[STORES_PROBLEM_SIZE])
{
    const struct timeval limit = { .tv_sec = STORES_TIMEOUT_S };
    struct valkey_address address;
    redisContext *valkey = NULL;
    if (valkey_url_parse(settings->valkey_url, &address)) {
        valkey = address.host[0] != '\0'
                     ? redisConnectWithTimeout(address.host, address.port, limit)
                     : redisConnectUnixWithTimeout(address.path, limit);
    }
    if (valkey == NULL || valkey->err != 0 || redisSetTimeout(valkey, limit) != REDIS_OK) {
        (void)snprintf(ret_problem, STORES_PROBLEM_SIZE, "%s",
                       valkey != NULL ? valkey->errstr : "out of memory");
    } else if (greet(valkey, settings, &address, ret_problem)) {
        return valkey;
    }
    if (valkey != NULL) {
        redisFree(valkey);
    }
    return NULL;
}

struct redisContext *stores_valkey(const struct settings *settings, const char *word)
{
    char problem[STORES_PROBLEM_SIZE];
    redisContext *valkey = stores_open_valkey(settings, problem);
    if (valkey == NULL) {
        fprintf(stderr, "duel-server %s: no connection to Valkey: %s\n", word, problem);
    }
    return valkey;
}
