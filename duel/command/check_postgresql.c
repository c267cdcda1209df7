/* The part of `duel-server check` that is about PostgreSQL: the way there, the schema, the rights,
 * the catalogue. It reads only. */
#include <duel/command/check.h>
#include <duel/io/address.h>
#include <duel/io/pg_private.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AREA "PostgreSQL"
#define OWN_NETWORKS "127.0.0.0/8 ::1 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7"

static const char role_sql[] = {
#include <deploy/postgresql/role.sql.inc>
    0
};

/* What libpq says, and what helps. The first that fits. */
static const struct {
    const char *said;
    const char *cure;
} cures[] = {
    { "certificate", "name the authority's file in DATABASE_URL (sslrootcert=FILE), and the"
                     " host as the certificate has it" },
    { "SSL", "switch TLS on in PostgreSQL, or leave sslmode out of DATABASE_URL on your own"
             " network" },
    { "password", "put the right user and password into DATABASE_URL, with % and such as %25" },
    { "translate host name", "use the host's name as this container knows it: in Coolify the"
                             " internal URL, on the same network" },
    { "role", "make the role (deploy/postgresql/role.sql), or name another user in DATABASE_URL" },
    { "database", "name Framedle's database at the end of DATABASE_URL" },
    { "", "start PostgreSQL, and mend host and port in DATABASE_URL" },
};

static const char *find_cure(const char *said)
{
    size_t i = 0;
    while (strstr(said, cures[i].said) == NULL) {
        i++;
    }
    return cures[i].cure;
}

static PGconn *connect_to(struct checks *checks, const struct settings *settings)
{
    const char *const names[] = { "connect_timeout", "dbname", NULL };
    const char *const values[] = { "5", settings->database_url, NULL };
    PGconn *conn = PQconnectdbParams(names, values, 1);
    if (PQstatus(conn) != CONNECTION_OK) {
        const char *said = PQerrorMessage(conn);
        checks_add(checks, CHECK_FAIL, AREA, "connection", find_cure(said), "%s", said);
        PQfinish(conn);
        return NULL;
    }
    return conn;
}

/* NULL: a row says why. */
static PGresult *ask(struct checks *checks, PGconn *conn, const char *what, const char *sql,
                     const char *const *params, int count)
{
    PGresult *rows = PQexecParams(conn, sql, count, NULL, params, NULL, NULL, 0);
    if (PQresultStatus(rows) == PGRES_TUPLES_OK && PQntuples(rows) > 0) {
        return rows;
    }
    const char *message = PQresultErrorField(rows, PG_DIAG_MESSAGE_PRIMARY);
    checks_add(checks, CHECK_FAIL, AREA, what,
               "name Framedle's database in DATABASE_URL, and a role with the rights of"
               " deploy/postgresql/role.sql",
               "%s", message != NULL ? message : PQerrorMessage(conn));
    PQclear(rows);
    return NULL;
}

static bool is_own_network(const char *host)
{
    struct address_ranges own;
    struct address address;
    return host == NULL || host[0] == '\0' ||
           (address_ranges_parse(TEXT(OWN_NETWORKS), &own) &&
            address_parse(text_from(host), &address) && address_ranges_hold(&own, &address));
}

static const char *option_value(const PQconninfoOption *options, const char *keyword)
{
    while (options != NULL && options->keyword != NULL && strcmp(options->keyword, keyword) != 0) {
        options++;
    }
    return options != NULL && options->keyword != NULL && options->val != NULL ? options->val : "";
}

static void check_connection(struct checks *checks, PGconn *conn)
{
    const char *version = PQparameterStatus(conn, "server_version");
    int size = version != NULL ? (int)strcspn(version, " ") : 0;
    bool own = is_own_network(PQhostaddr(conn));
    PQconninfoOption *options = PQconninfo(conn);
    const char *mode = option_value(options, "sslmode");
    bool verified = strcmp(mode, "verify-full") == 0;
    const char *cure = "add ?sslmode=verify-full&sslrootcert=system to DATABASE_URL (a file in"
                       " place of system for an authority of your own)";
    const char *tls = !PQsslInUse(conn) ? "no TLS" : PQsslAttribute(conn, "protocol");
    checks_add(checks, own || (PQsslInUse(conn) && verified) ? CHECK_OK : CHECK_WARN, AREA,
               "connection", cure, "%.*s, %s (sslmode=%s)%s", size, version, tls, mode,
               own ? ", on your own network" : ", over a foreign network");
    PQconninfoFree(options);
}

static void check_migrations(struct checks *checks, PGconn *conn)
{
    PGresult *rows = ask(checks, conn, "migrations",
                         "select to_regclass('public.duel_migrations') is not null,"
                         " has_schema_privilege('public', 'create')", NULL, 0);
    if (rows == NULL) {
        return;
    }
    bool made = PQgetvalue(rows, 0, 0)[0] == 't', may_create = PQgetvalue(rows, 0, 1)[0] == 't';
    PQclear(rows);
    int version = 0, newest = 0;
    if (made) {
        rows = ask(checks, conn, "migrations",
                   "select coalesce(max(version), 0) from public.duel_migrations", NULL, 0);
        if (rows == NULL) {
            return;
        }
        version = (int)strtol(PQgetvalue(rows, 0, 0), NULL, 10);
        PQclear(rows);
    }
    while (pg_schema_file(newest + 1) != NULL) {
        newest++;
    }
    if (version < newest) {
        checks_add(checks, may_create ? CHECK_WARN : CHECK_FAIL, AREA, "migrations",
                   may_create ? "run `duel-server migrate`, or let the server do it when it starts"
                              : "run `duel-server migrate` with the DATABASE_URL of the tables'"
                                " owner",
                   "at version %d of %d", version, newest);
    } else {
        checks_add(checks, version > newest ? CHECK_WARN : CHECK_OK, AREA, "migrations",
                   "nothing to do, if a newer server ran here: it only added",
                   "at version %d of %d", version, newest);
    }
}

/* The grants of role.sql, which is what the server needs: how many are had, and those that are
 * not. A table that is not there yet is the migrations' row. */
static void check_rights(struct checks *checks, PGconn *conn)
{
    static const char sql[] =
        "with found as (select m[1] as verb, unnest(string_to_array(m[2], ',')) as name"
        "  from regexp_matches(regexp_replace($1, '--[^\\n]*', '', 'g'),"
        "   'grant (select|insert|update|delete) on ([a-z_, \\n]+) to', 'g') m),"
        " wanted as (select verb, name, has_table_privilege(to_regclass('public.' || name)::oid,"
        "   verb) as had from (select verb, btrim(name, E' \\n') as name from found) f),"
        " functions as (select p.proname, has_function_privilege(p.oid, 'execute') as had"
        "  from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
        "  where n.nspname = 'public' and p.proname ~ '^duel_')"
        " select (select count(*) from wanted where had) + (select count(*) from functions"
        "   where had), concat_ws(', ', (select string_agg(verb || ' on ' || name, ', ')"
        "   from wanted where not had), (select string_agg(proname || '()', ', ') from functions"
        "   where not had)), current_user";
    const char *const params[] = { role_sql };
    PGresult *rows = ask(checks, conn, "rights", sql, params, 1);
    if (rows == NULL) {
        return;
    }
    const char *missing = PQgetvalue(rows, 0, 1);
    checks_add(checks, missing[0] != '\0' ? CHECK_FAIL : CHECK_OK, AREA, "rights",
               "let the tables' owner run the grants of deploy/postgresql/role.sql for this role",
               missing[0] != '\0' ? "%s lacks %s" : "%s has all %s", PQgetvalue(rows, 0, 2),
               missing[0] != '\0' ? missing : PQgetvalue(rows, 0, 0));
    PQclear(rows);
}

static void check_catalogue(struct checks *checks, PGconn *conn, const struct settings *settings,
                            char ret_path[CHECK_TEXT_SIZE])
{
    static const char sql[] =
        "with shown as (select v.video_id, f.r2_path,"
        "  coalesce(v.difficulty between $1::int and $2::int, false) as drawn"
        "  from public.videos v join public.frames f on f.video_id = v.video_id"
        "  where v.processed_at is not null)"
        " select count(distinct video_id) filter (where drawn), count(*) filter (where drawn),"
        " count(distinct video_id), coalesce((select r2_path from shown where drawn"
        "  order by random() limit 1), '') from shown";
    char lowest[12], highest[12];
    (void)snprintf(lowest, sizeof lowest, "%d", settings->difficulty_min);
    (void)snprintf(highest, sizeof highest, "%d", settings->difficulty_max);
    const char *const params[] = { lowest, highest };
    PGresult *rows = ask(checks, conn, "catalogue", sql, params, 2);
    if (rows == NULL) {
        return;
    }
    long drawn = strtol(PQgetvalue(rows, 0, 0), NULL, 10);
    checks_add(checks,
               drawn == 0                  ? CHECK_FAIL
               : drawn < settings->best_of ? CHECK_WARN
                                           : CHECK_OK,
               AREA, "catalogue", "let Framedle process more videos, or widen DUEL_DIFFICULTY",
               "%ld videos of difficulty %s with %s frames, of %s in all", drawn,
               settings->difficulty, PQgetvalue(rows, 0, 1), PQgetvalue(rows, 0, 2));
    if (PQgetlength(rows, 0, 3) < CHECK_TEXT_SIZE) {
        (void)snprintf(ret_path, CHECK_TEXT_SIZE, "%s", PQgetvalue(rows, 0, 3));
    }
    PQclear(rows);
}

void check_postgresql(struct checks *checks, const struct settings *settings,
                      char ret_path[CHECK_TEXT_SIZE])
{
    PGconn *conn = connect_to(checks, settings);
    ret_path[0] = '\0';
    if (conn == NULL) {
        return;
    }
    PQclear(PQexec(conn, "set statement_timeout = '10s'; set default_transaction_read_only = on"));
    check_connection(checks, conn);
    check_migrations(checks, conn);
    check_rights(checks, conn);
    check_catalogue(checks, conn, settings, ret_path);
    PQfinish(conn);
}
