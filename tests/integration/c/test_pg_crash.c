/* PostgreSQL, all of it, killed with -9 while results are being stored, and started again: each
 * result is there once. Brings a server of its own; see postgres_server.h. */
#include "books.h"
#include "postgres_server.h"
#include "results.h"

#define KILLS 3

static void set_up(void)
{
    server_open();
    pg_set_up("pg_crash");
    make_results();
    for (uint32_t i = 0; i < MATCHES; i++) {
        results[i].fence = 10 + i;
    }
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
        CHECK(world_run(pg_is_ready));
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
    server_close();
}

TEST_MAIN
