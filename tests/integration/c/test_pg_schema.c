/* PostgreSQL: the migrations, by hand and at a server's start. Needs DATABASE_URL; database.h. */
#include "pg_world.h"
#include <signal.h>
#include <sys/wait.h>

static int migrate_in_child(const char *url)
{
    struct settings settings = { .database_url = url };
    pid_t child = fork();
    if (child == 0) {
        if (freopen("/dev/null", "w", stdout) == NULL ||
            freopen("/dev/null", "w", stderr) == NULL) {
            _exit(99);
        }
        _exit(pg_migrate_command(&settings));
    }
    return child;
}

static int outcome(pid_t child)
{
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 100;
}

TEST(migrate_refuses_a_database_without_framedles_tables)
{
    database_open("pg_schema", false);
    CHECK_INT(outcome(migrate_in_child(database_url)), 1);
    CHECK_STRING(database_ask("select count(*) from pg_tables where schemaname = 'public'"), "0");
    database_close();
}

TEST(many_migrate_at_once)
{
    database_open("pg_schema", true);
    pid_t children[6];
    for (int i = 0; i < 6; i++) {
        children[i] = migrate_in_child(database_url);
    }
    for (int i = 0; i < 6; i++) {
        CHECK_INT(outcome(children[i]), 0);
    }
    CHECK_STRING(database_ask("select string_agg(name, ' ' order by version) from duel_migrations"),
                 "001_duels 002_functions 003_fences 004_reading 005_fair_play"
                 " 006_arrivals 007_operating 008_events 009_crowds");
    database_close();
}

/* The transaction of the first is held open: the second waits, reads the version again and runs
 * nothing. */
TEST(a_second_migration_waits_for_the_first_and_has_nothing_to_do)
{
    database_open("pg_schema", true);
    database_do(database_admin, "begin; select pg_advisory_xact_lock(4931150724);"
                                "create table duel_migrations (version integer primary key,"
                                " name text not null, applied_at timestamptz default now());"
                                "insert into duel_migrations values (1, 'other'), (2, 'other'),"
                                " (3, 'other'), (4, 'other'), (5, 'other'), (6, 'other'),"
                                " (7, 'other'), (8, 'other')");
    PGconn *watcher = database_connect(database_url);
    pid_t child = migrate_in_child(database_url);
    bool waits = false;
    while (!waits) {
        PGresult *result = PQexec(watcher, "select 1 from pg_locks where locktype = 'advisory'"
                                           " and not granted and database = (select oid from"
                                           " pg_database where datname = current_database())");
        waits = PQntuples(result) == 1;
        PQclear(result);
    }
    PQfinish(watcher);
    database_do(database_admin, "commit");
    CHECK_INT(outcome(child), 0);
    CHECK_STRING(database_ask("select to_regclass('duel_ratings') is null"), "t");
    database_close();
}

/* Whether a backend still waits for the advisory lock. Asked until `wanted`, at most 20 s. */
static bool migration_waits(bool wanted)
{
    static const char waiting[] =
        "select 1 from pg_locks where locktype = 'advisory' and not granted and database ="
        " (select oid from pg_database where datname = current_database())";
    PGconn *watcher = database_connect(database_url);
    char sql[512];
    (void)snprintf(sql, sizeof sql, "do $$ begin while %s exists (%s) and clock_timestamp() <"
                   " now() + interval '20s' loop end loop; end $$", wanted ? "not" : "", waiting);
    database_do(watcher, sql);
    PGresult *result = PQexec(watcher, waiting);
    bool waits = PQntuples(result) > 0;
    PQclear(result);
    PQfinish(watcher);
    return waits;
}

/* A node that goes while another migrates leaves no backend behind that waits on. */
TEST(a_migration_that_is_given_up_waits_no_longer)
{
    database_open("pg_schema", true);
    database_do(database_admin, "begin; select pg_advisory_xact_lock(4931150724)");
    pid_t child = migrate_in_child(database_url);
    CHECK(migration_waits(true));
    kill(child, SIGKILL);
    CHECK_INT(outcome(child), 100);
    CHECK(!migration_waits(false));
    database_do(database_admin, "commit");
    database_close();
}

TEST(who_may_not_create_can_serve_a_database_that_is_up_to_date)
{
    char role[64], sql[512], url[1024];
    pg_set_up("pg_schema");
    (void)snprintf(role, sizeof role, "duel_role_%d", (int)getpid());
    (void)snprintf(sql, sizeof sql, "create role %s login; grant select, insert, update on all"
                   " tables in schema public to %s", role, role);
    database_do(database_admin, sql);
    database_make_url(url, sizeof url, database_name, role);
    struct settings settings = { .database_url = url };
    CHECK_INT(pg_migrate_command(&settings), 0);
    uint8_t first[AUTH_SECRET_SIZE];
    memcpy(first, pg_secret, sizeof first);
    pg_end();
    pg_begin(url);
    CHECK(world_run(pg_is_ready));
    CHECK(memcmp(first, pg_secret, sizeof first) == 0); /* one secret, whoever asks */
    CHECK_INT(load_player(TEXT("somebody"))->reply, HUB_OK);
    struct hub_result result;
    make_result(&result, 1, make_player("a"), make_player("b"));
    CHECK(store(&result)->event.stored.rated);
    pg_end();
    (void)snprintf(sql, sizeof sql, "drop owned by %s; drop role %s", role, role);
    database_do(database_admin, sql);
    database_close();
}

TEST_MAIN
