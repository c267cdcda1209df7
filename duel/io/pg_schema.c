/* The migrations: which files there are, and the conversation that brings a database up to them.
 *
 * It refuses to know how statements travel: the server holds the conversation on its loop, the
 * command `migrate` blocking. All files run in one transaction under an advisory lock, and the
 * version is read again once the lock is held, so two who migrate at once run each file once. A
 * database that is up to date is only read. */
#include <duel/base/assert.h>
#include <duel/io/pg_private.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char file_001[] = {
#include <deploy/migrations/001_duels.sql.inc>
    0
};
static const char file_002[] = {
#include <deploy/migrations/002_functions.sql.inc>
    0
};
static const char file_003[] = {
#include <deploy/migrations/003_fences.sql.inc>
    0
};
static const char file_004[] = {
#include <deploy/migrations/004_reading.sql.inc>
    0
};
static const char file_005[] = {
#include <deploy/migrations/005_fair_play.sql.inc>
    0
};
static const char file_006[] = {
#include <deploy/migrations/006_arrivals.sql.inc>
    0
};
static const char file_007[] = {
#include <deploy/migrations/007_operating.sql.inc>
    0
};
static const char file_008[] = {
#include <deploy/migrations/008_events.sql.inc>
    0
};
static const char file_009[] = {
#include <deploy/migrations/009_crowds.sql.inc>
    0
};

static const struct {
    const char *name;
    const char *sql;
} files[] = {
    { "001_duels", file_001 },
    { "002_functions", file_002 },
    { "003_fences", file_003 },
    { "004_reading", file_004 },
    { "005_fair_play", file_005 },
    { "006_arrivals", file_006 },
    { "007_operating", file_007 },
    { "008_events", file_008 },
    { "009_crowds", file_009 },
};

#define FILES ((int)(sizeof files / sizeof files[0]))

enum { STEP_LIMITS, STEP_LOOK, STEP_VERSION, STEP_LOCK, STEP_RUN, STEP_READY };

/* Hanging up ends no statement that waits for a lock, so the server must end it, before the dial
 * (PG_CONNECT_MS) or the link (PG_STALL_MS) gives up: else each new attempt leaves another backend
 * behind. The second limit is one of PostgreSQL 14 on some systems, and may be missing. */
static const char limits_sql[] =
    "set statement_timeout = '4s';"
    "do $$ begin perform set_config('client_connection_check_interval', '2s', false);"
    " exception when others then null; end $$";

static const char look_sql[] =
    "select coalesce(string_agg(t, ', ') filter (where to_regclass('public.' || t) is null), ''),"
    " (to_regclass('public.duel_migrations') is not null)::int"
    " from unnest(array['users', 'videos', 'frames', 'achievements', 'user_achievements',"
    " 'duel_matches']) t";

static const char version_sql[] =
    "select coalesce(max(version), 0) from public.duel_migrations";

/* The lock's number is arbitrary; it must only be the same in every version of the server. Others
 * who migrate are waited for, but not for as long as PG_MIGRATE_MS. A table that somebody else
 * holds is not waited for longer than 5 s, because others would wait behind us. */
static const char lock_sql[] =
    "begin isolation level read committed;"
    "set local statement_timeout = '50s';"
    "set local client_min_messages = warning;"
    "set local search_path = public, pg_temp;"
    "select pg_advisory_xact_lock(4931150724);"
    "set local lock_timeout = '5s';"
    "create table if not exists public.duel_migrations (version integer primary key,"
    " name text not null, applied_at timestamptz not null default now());"
    "select coalesce(max(version), 0) from public.duel_migrations";

void pg_schema_init(struct pg_schema *schema)
{
    *schema = (struct pg_schema){ .sql = limits_sql, .step = STEP_LIMITS };
}

void pg_schema_done(struct pg_schema *schema)
{
    free(schema->script);
    schema->script = NULL;
    schema->sql = NULL;
}

bool pg_schema_is_slow(const struct pg_schema *schema)
{
    return schema->step == STEP_LOCK || schema->step == STEP_RUN;
}

const char *pg_schema_file(int version)
{
    return version >= 1 && version <= FILES ? files[version - 1].name : NULL;
}

void pg_describe(const struct pg_result *answer, char *ret_text, size_t size_max)
{
    const char *state = PQresultErrorField(answer, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(answer, PG_DIAG_MESSAGE_PRIMARY);
    if (message == NULL) {
        message = PQresultErrorMessage(answer);
    }
    (void)snprintf(ret_text, size_max, "%s %s", state != NULL ? state : "-----", message);
}

static enum pg_schema_state ask(struct pg_schema *schema, int step, const char *sql)
{
    schema->step = step;
    schema->sql = sql;
    return PG_SCHEMA_ASK;
}

static enum pg_schema_state ready(struct pg_schema *schema)
{
    schema->step = STEP_READY;
    schema->sql = NULL;
    return PG_SCHEMA_READY;
}

static enum pg_schema_state looked(struct pg_schema *schema, const struct pg_result *answer)
{
    const char *missing = PQgetvalue(answer, 0, 0);
    if (missing[0] != 0) {
        (void)snprintf(schema->problem, sizeof schema->problem,
                       "tables of Framedle are missing in schema public (%s): is DATABASE_URL"
                       " the right database?", missing);
        return PG_SCHEMA_PROBLEM;
    }
    bool migrated = PQgetvalue(answer, 0, 1)[0] == '1';
    return migrated ? ask(schema, STEP_VERSION, version_sql) : ask(schema, STEP_LOCK, lock_sql);
}

/* The files above `version`, each with its entry in the list, and the end of the transaction. */
static char *write_script(int version)
{
    size_t size_max = 64;
    for (int i = version; i < FILES; i++) {
        size_max += strlen(files[i].sql) + strlen(files[i].name) + 128;
    }
    char *script = malloc(size_max);
    size_t size = 0;
    for (int i = version; script != NULL && i < FILES; i++) {
        size += (size_t)snprintf(script + size, size_max - size,
                                 "%s\n;insert into public.duel_migrations (version, name)"
                                 " values (%d, '%s');\n", files[i].sql, i + 1, files[i].name);
    }
    if (script != NULL) {
        (void)snprintf(script + size, size_max - size, "commit");
    }
    return script;
}

static enum pg_schema_state locked(struct pg_schema *schema)
{
    schema->applied = schema->version < FILES ? FILES - schema->version : 0;
    schema->script = write_script(schema->version);
    if (schema->script == NULL) {
        (void)snprintf(schema->problem, sizeof schema->problem, "out of memory");
        return PG_SCHEMA_PROBLEM;
    }
    return ask(schema, STEP_RUN, schema->script);
}

enum pg_schema_state pg_schema_step(struct pg_schema *schema, const struct pg_result *answer)
{
    ASSERT(schema->step != STEP_READY);
    ExecStatusType status = PQresultStatus(answer);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
        const char *doing = pg_schema_is_slow(schema) ? "migration failed: " : "";
        int size = snprintf(schema->problem, sizeof schema->problem, "%s", doing);
        pg_describe(answer, schema->problem + size, sizeof schema->problem - (size_t)size);
        return PG_SCHEMA_PROBLEM;
    }
    if (schema->step == STEP_LIMITS) {
        return ask(schema, STEP_LOOK, look_sql);
    }
    if (schema->step == STEP_RUN) {
        return ready(schema);
    }
    ASSERT(status == PGRES_TUPLES_OK && PQntuples(answer) == 1);
    if (schema->step == STEP_LOOK) {
        return looked(schema, answer);
    }
    schema->version = (int)strtol(PQgetvalue(answer, 0, 0), NULL, 10);
    if (schema->step == STEP_LOCK) {
        return locked(schema);
    }
    return schema->version >= FILES ? ready(schema) : ask(schema, STEP_LOCK, lock_sql);
}

/* ---- the command ---- */

static void ignore_notice(void *context, const PGresult *notice)
{
    (void)context;
    (void)notice;
}

static int print_outcome(const struct pg_schema *schema)
{
    if (schema->applied == 0) {
        printf("nothing to do: the database is at version %d\n", schema->version);
        return 0;
    }
    for (int version = schema->version + 1; version <= FILES; version++) {
        printf("applied %s\n", pg_schema_file(version));
    }
    return 0;
}

static int converse(PGconn *conn)
{
    struct pg_schema schema;
    pg_schema_init(&schema);
    enum pg_schema_state state = PG_SCHEMA_ASK;
    while (state == PG_SCHEMA_ASK) {
        PGresult *answer = PQexec(conn, schema.sql);
        state = pg_schema_step(&schema, answer);
        PQclear(answer);
    }
    int status = 1;
    if (state == PG_SCHEMA_READY) {
        status = print_outcome(&schema);
    } else {
        fprintf(stderr, "duel-server migrate: %s\n", schema.problem);
    }
    pg_schema_done(&schema);
    return status;
}

int pg_migrate_command(const struct settings *settings)
{
    PGconn *conn = PQconnectdb(settings->database_url);
    if (PQstatus(conn) != CONNECTION_OK) {
        /* What libpq says about a URL that it cannot read may quote it, with the password. */
        PQconninfoOption *options = PQconninfoParse(settings->database_url, NULL);
        fprintf(stderr, "duel-server migrate: %s\n",
                options != NULL ? PQerrorMessage(conn) : "DATABASE_URL cannot be understood");
        PQconninfoFree(options);
        PQfinish(conn);
        return 1;
    }
    PQsetNoticeReceiver(conn, ignore_notice, NULL);
    int status = converse(conn);
    PQfinish(conn);
    return status;
}
