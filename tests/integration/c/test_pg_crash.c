/* PostgreSQL, all of it, killed with -9 while results are being stored, and started again: each
 * result is there once. Brings a server of its own; see postgres_server.h. */
#include "books.h"
#include "postgres_server.h"
#include "results.h"
#include <duel/io/pg_private.h>

#define KILLS 3

static struct pg *pg;
static uint32_t secrets;

static void world_perform(void *context, struct hub_effect *effect)
{
    (void)context;
    pg_store(pg, effect->store.result, effect->store.data);
}

static void on_secret(void *context, const uint8_t key[AUTH_SECRET_SIZE])
{
    (void)context;
    (void)key;
    secrets++;
    world_look();
}

static void on_catalogue(void *context, bool ok, const struct titles_row *rows, uint32_t count)
{
    (void)context;
    (void)ok;
    (void)rows;
    (void)count;
}

static const struct pg_callbacks callbacks = { NULL, world_up, on_secret, on_catalogue, NULL };

static bool is_ready(void)
{
    return secrets > world_hub.downs && pg_is_up(pg);
}

static void set_up(void)
{
    server_open();
    database_open("pg_crash", true);
    world_open();
    secrets = 0;
    world_settings.database_url = database_url;
    pg = pg_create(world_loop, world_worker, &world_settings, &callbacks);
    CHECK(world_run(is_ready));
    make_results();
    for (uint32_t i = 0; i < MATCHES; i++) {
        results[i].fence = 10 + i;
    }
}

static void tear_down(void)
{
    pg_destroy(pg);
    world_close();
    database_close();
    server_close();
}

/* Stores all results, with the server killed KILLS times in the middle of it. */
static void store_all(void)
{
    uint32_t asked;
    memset(stored, 0, sizeof stored);
    for (int i = 0; i < KILLS; i++) {
        asked = ask_stores();
        CHECK(asked > 20);
        world_hub.records_count = 0;
        CHECK(world_run(some_are_stored));
        server_kill();
        world_target = asked;
        CHECK(world_run(world_enough));
        CHECK(note_answers(asked));
        CHECK(!pg_is_up(pg));
        server_start();
        CHECK(world_run(is_ready));
    }
    asked = ask_stores();
    CHECK(asked > 0); /* else nothing was ever lost and this shows nothing */
    CHECK(world_run_events(asked));
    CHECK(note_answers(asked));
    PQreset(database_admin);
}

static void check_rows(void)
{
    PGresult *rows = PQexec(database_admin, "select id, fence, winner_id = player1_id,"
                                            " rating_p1_before is not null from duel_matches"
                                            " order by fence % 1000");
    CHECK_INT(PQntuples(rows), MATCHES);
    for (int i = 0; i < MATCHES; i++) {
        char id[UUID_TEXT_SIZE + 1];
        uuid_format(&results[i].match, id);
        CHECK_TEXT(text_from(PQgetvalue(rows, i, 0)), id);
        CHECK_INT(atoi(PQgetvalue(rows, i, 1)), results[i].fence);
        CHECK_TEXT(text_from(PQgetvalue(rows, i, 2)), results[i].winner == 0 ? "t" : "f");
        CHECK_TEXT(text_from(PQgetvalue(rows, i, 3)), "t");
    }
    PQclear(rows);
    CHECK(books_are_right());
}

TEST(a_killed_server_has_each_result_once)
{
    set_up();
    store_all();
    check_rows();
    CHECK(books_are_in_order());
    for (uint32_t i = 0; i < MATCHES; i++) { /* another process saw most of them end otherwise */
        results[i].fence += 1000;
        results[i].winner = (int8_t)(i % 3 == 0 ? results[i].winner : 1 - results[i].winner);
    }
    store_all();
    check_rows();
    CHECK_INT(world_hub.downs, 2 * KILLS);
    tear_down();
}

TEST_MAIN
