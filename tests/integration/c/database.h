/* A database of its own for each test program, on the server that DATABASE_URL names: made,
 * filled with Framedle's tables (tests/schema/framedle.sql) and dropped at the end. */
#ifndef DUEL_TESTS_DATABASE_H
#define DUEL_TESTS_DATABASE_H

#include "test.h"
#include <libpq-fe.h>
#include <stdarg.h>
#include <stdbool.h>
#include <unistd.h>

static char database_url[1024]; /* of the test's own database */
static char database_name[64];
static PGconn *database_admin;  /* to the test's own database */

_Noreturn static inline void database_give_up(const char *what, const char *why)
{
    printf("%s: %s\n", what, why);
    exit(1);
}

/* The URL that was given, with another database and, when not NULL, another user. */
static inline void database_make_url(char *ret_url, size_t size_max, const char *name,
                                     const char *user)
{
    const char *given = getenv("DATABASE_URL");
    PQconninfoOption *options = given != NULL ? PQconninfoParse(given, NULL) : NULL;
    if (options == NULL) {
        database_give_up("DATABASE_URL", given != NULL ? "not understood" : "not set: the address "
                         "of a PostgreSQL server where databases may be made");
    }
    size_t size = 0;
    for (PQconninfoOption *option = options; option->keyword != NULL; option++) {
        const char *value = option->val;
        if (strcmp(option->keyword, "dbname") == 0) {
            value = name;
        } else if (strcmp(option->keyword, "user") == 0 && user != NULL) {
            value = user;
        }
        if (value != NULL) {
            size += (size_t)snprintf(ret_url + size, size_max - size, "%s='%s' ", option->keyword,
                                     value);
        }
    }
    PQconninfoFree(options);
}

static inline PGconn *database_connect(const char *url)
{
    PGconn *conn = PQconnectdb(url);
    if (PQstatus(conn) != CONNECTION_OK) {
        database_give_up("PostgreSQL", PQerrorMessage(conn));
    }
    return conn;
}

static inline void database_do(PGconn *conn, const char *sql)
{
    PGresult *result = PQexec(conn, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        printf("  %s\n  %s", sql, PQerrorMessage(conn));
        exit(1);
    }
    PQclear(result);
}

/* The first value of the first row, "" when there is none; lives until the next call. */
__attribute__((format(printf, 1, 2))) static inline const char *database_ask(const char *format,
                                                                            ...)
{
    static char sql[4096], value[4096];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(sql, sizeof sql, format, arguments);
    va_end(arguments);
    PGresult *result = PQexec(database_admin, sql);
    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        printf("  %s\n  %s", sql, PQerrorMessage(database_admin));
        exit(1);
    }
    (void)snprintf(value, sizeof value, "%s",
                   PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    return value;
}

static inline void ignore_notice(void *context, const PGresult *notice)
{
    (void)context;
    (void)notice;
}

/* A file's text; lives until the next call. */
static inline const char *database_read(const char *path)
{
    static char sql[65536];
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        database_give_up(path, "not found; run from the root of the checkout");
    }
    sql[fread(sql, 1, sizeof sql - 1, file)] = 0;
    fclose(file);
    return sql;
}

static inline void database_load(PGconn *conn, const char *path)
{
    database_do(conn, database_read(path));
}

/* Makes the database; `filled`: with Framedle's tables. */
static inline void database_open(const char *purpose, bool filled)
{
    char sql[256], base_url[1024];
    const char *given = getenv("DATABASE_URL");
    (void)snprintf(database_name, sizeof database_name, "duel_%s_%d", purpose, (int)getpid());
    database_make_url(database_url, sizeof database_url, database_name, NULL);
    (void)snprintf(base_url, sizeof base_url, "%s", given);
    PGconn *base = database_connect(base_url);
    PQsetNoticeReceiver(base, ignore_notice, NULL);
    (void)snprintf(sql, sizeof sql, "drop database if exists %s with (force)", database_name);
    database_do(base, sql); /* of a test that failed */
    (void)snprintf(sql, sizeof sql, "create database %s", database_name);
    database_do(base, sql);
    PQfinish(base);
    database_admin = database_connect(database_url);
    PQsetNoticeReceiver(database_admin, ignore_notice, NULL);
    if (filled) {
        database_load(database_admin, "tests/schema/framedle.sql");
    }
}

static inline void database_close(void)
{
    char sql[256];
    PQfinish(database_admin);
    PGconn *base = database_connect(getenv("DATABASE_URL"));
    (void)snprintf(sql, sizeof sql, "drop database %s with (force)", database_name);
    database_do(base, sql);
    PQfinish(base);
}

#endif
