/* `duel-server acts`: what operators did, and who, and why; the latest last. */
#include <duel/command/command.h>
#include <duel/command/stores.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_row(const PGresult *rows, int row)
{
    printf("%5s  %s  %-7s  %s\n       by %s: %s%s%s\n", PQgetvalue(rows, row, 0),
           PQgetvalue(rows, row, 1), PQgetvalue(rows, row, 2), PQgetvalue(rows, row, 3),
           PQgetvalue(rows, row, 4), PQgetvalue(rows, row, 5),
           PQgetisnull(rows, row, 6) ? "" : " — until ", PQgetvalue(rows, row, 6));
}

static int print_acts(const struct settings *settings, const char *limit, bool json)
{
    PGconn *conn = stores_postgresql(settings, "acts");
    if (conn == NULL) {
        return EXIT_FAILURE;
    }
    const char *sql =
        json ? "select coalesce(json_agg(a order by a.id), '[]') from (select * from"
               " public.duel_acts order by id desc limit $1::integer) a"
             : "select * from (select id, to_char(at, 'YYYY-MM-DD HH24:MI:SS'), act,"
               " case act when 'notice' then coalesce(nullif(detail ->> 'text', ''), '(none)')"
               " else subject end, who, why, to_char(until, 'YYYY-MM-DD HH24:MI:SS')"
               " from public.duel_acts order by id desc limit $1::integer) a order by id";
    PGresult *rows = stores_ask(conn, "acts", sql, &limit, 1);
    for (int row = 0; rows != NULL && row < PQntuples(rows); row++) {
        if (json) {
            puts(PQgetvalue(rows, row, 0));
        } else {
            print_row(rows, row);
        }
    }
    int status = rows != NULL ? EXIT_SUCCESS : EXIT_FAILURE;
    PQclear(rows);
    PQfinish(conn);
    return status;
}

int command_acts(const struct settings *settings, int argc, char **argv)
{
    char limit[12] = "50";
    bool json = false;
    for (int i = 1; i < argc; i++) {
        long count = 0;
        if (strcmp(argv[i], "--help") == 0) {
            puts("usage: duel-server acts [--limit 50] [--json]");
            return EXIT_SUCCESS;
        }
        if (strcmp(argv[i], "--limit") == 0 && i + 1 < argc) {
            count = strtol(argv[++i], NULL, 10);
            snprintf(limit, sizeof limit, "%ld", count);
        }
        json = json || strcmp(argv[i], "--json") == 0;
        if (strcmp(argv[i], "--json") != 0 && (count < 1 || count > 10000)) {
            fprintf(stderr, "duel-server acts: cannot understand %s\n", argv[i]);
            return EXIT_USAGE;
        }
    }
    return print_acts(settings, limit, json);
}
