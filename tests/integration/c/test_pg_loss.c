/* PostgreSQL going away, freezing and coming back, and the catalogue. Needs DATABASE_URL;
 * database.h. */
#include "books.h"
#include "results.h"
#include <signal.h>

static void set_up(void)
{
    pg_set_up("pg_loss");
}

static void ask_player(void)
{
    struct hub_effect *effect = world_ask(HUB_FX_LOAD_PLAYER);
    effect->load.player = (struct ref){ 7, 3 };
    effect->load.sub = TEXT("somebody");
}

static int backend(void)
{
    return atoi(database_ask("select pid from pg_stat_activity where datname = current_database()"
                             " and application_name = 'duel-server'"));
}

/* ---- losses ---- */

TEST(without_a_server_questions_are_answered_unavailable)
{
    pg_begin("postgresql://nobody@127.0.0.1:1/none");
    ask_player();
    CHECK(world_run_events(1));
    CHECK_INT(world_hub.records[0].reply, HUB_UNAVAILABLE);
    CHECK(!pg_is_up(pg));
    pg_end();
}

TEST(a_terminated_backend_loses_nothing_and_stores_nothing_twice)
{
    uint32_t asked;
    char sql[128];
    set_up();
    make_results();
    for (int round = 0; round < 3; round++) { /* killed three times in the middle of the work */
        CHECK(world_run(pg_is_ready));
        asked = ask_stores();
        world_hub.records_count = 0;
        CHECK(world_run(some_are_stored));
        (void)snprintf(sql, sizeof sql, "select pg_terminate_backend(%d)", backend());
        database_do(database_admin, sql);
        world_target = asked;
        CHECK(world_run(world_enough));
        CHECK(note_answers(asked));
    }
    CHECK_INT(world_hub.downs, 3);
    CHECK(world_run(pg_is_ready));
    asked = ask_stores();
    CHECK(asked > 0); /* else nothing was ever lost and this shows nothing */
    CHECK(world_run_events(asked));
    CHECK(note_answers(asked));
    CHECK_INT(ask_stores(), 0);
    CHECK_TEXT(text_from(database_ask("select count(*) from duel_matches")), "300");
    CHECK_TEXT(text_from(database_ask("select concat_ws(' ', sum(rating), sum(wins), sum(losses))"
                                      " from duel_ratings")), "2000 300 300");
    CHECK(books_are_right());
    CHECK(books_are_in_order());
    tear_down();
}

static bool is_down(void)
{
    return world_hub.downs > 0;
}

TEST(a_frozen_backend_is_noticed_and_left)
{
    set_up();
    pg_set_stall(pg, 200);
    int pid = backend();
    CHECK(pid > 0 && kill(pid, SIGSTOP) == 0);
    ask_player();
    ask_player();
    bool answered = world_run_events(2);
    kill(pid, SIGCONT);
    CHECK(answered);
    CHECK_INT(world_hub.records[0].reply, HUB_UNAVAILABLE);
    CHECK_INT(world_hub.records[1].reply, HUB_UNAVAILABLE);
    CHECK_INT(world_hub.downs, 1);
    CHECK(world_run(pg_is_ready));
    ask_player();
    CHECK(world_run_events(1));
    CHECK_INT(world_hub.records[0].reply, HUB_OK);
    tear_down();
}

/* A link that gives up before the server does (their limits are the other way round in service). */
TEST(a_lock_that_is_held_too_long_answers_unavailable)
{
    set_up();
    make_results();
    pg_set_stall(pg, 200);
    database_do(database_admin, "begin; lock table duel_matches");
    struct hub_effect *effect = world_ask(HUB_FX_STORE);
    effect->store.data = &results[0];
    CHECK(world_run_events(1));
    CHECK_INT(world_hub.records[0].reply, HUB_UNAVAILABLE);
    CHECK_INT(world_hub.downs, 1);
    /* The backend that was left waits no longer, though the lock is still held. */
    database_do(database_admin, "do $$ begin while exists (select 1 from pg_locks where relation ="
                " 'duel_matches'::regclass and not granted) and clock_timestamp() < now() +"
                " interval '20s' loop end loop; end $$");
    CHECK_TEXT(text_from(database_ask("select count(*) from pg_locks where relation ="
                                      " 'duel_matches'::regclass and not granted")), "0");
    database_do(database_admin, "rollback");
    tear_down();
}

TEST(a_server_that_became_read_only_is_left_and_nothing_is_refused)
{
    set_up();
    make_results();
    database_do(database_admin, "do $$ begin execute format('alter database %I set"
                                " default_transaction_read_only = on', current_database());"
                                " end $$");
    char sql[128];
    (void)snprintf(sql, sizeof sql, "select pg_terminate_backend(%d)", backend());
    database_do(database_admin, sql);
    CHECK(world_run(is_down));
    ask_player();
    CHECK(world_run_events(1));
    CHECK_INT(world_hub.records[0].reply, HUB_UNAVAILABLE);
    CHECK(!pg_is_up(pg));
    database_do(database_admin, "set default_transaction_read_only = off; do $$ begin execute"
                                " format('alter database %I reset default_transaction_read_only',"
                                " current_database()); end $$");
    CHECK(world_run(pg_is_ready));
    tear_down();
}

/* The functions are dropped under a running server: it looks again, and says unavailable until
 * then. */
TEST(a_database_that_lost_its_schema_is_migrated_again)
{
    set_up();
    database_do(database_admin, "drop table duel_migrations;"
                                "drop function duel_arrivals(text[])");
    ask_player();
    CHECK(world_run_events(1));
    CHECK_INT(world_hub.records[0].reply, HUB_UNAVAILABLE);
    CHECK(world_run(pg_is_ready));
    ask_player();
    CHECK(world_run_events(1));
    CHECK_INT(world_hub.records[0].reply, HUB_OK);
    tear_down();
}

/* More than are under way at once, but far fewer than a second is needed for. */
TEST(what_was_asked_is_sent_before_the_end)
{
    struct hub_event tick = { .type = HUB_EV_TICK };
    set_up();
    make_results();
    (void)ask_stores();
    world_hub.effects_count = 140;
    loop_event(world_loop, &tick);
    pg_end();
    CHECK_INT(world_hub.records_count, 0);
    CHECK_INT(atoi(database_ask("select count(*) from duel_matches")), 140);
    database_close();
}

/* ---- the catalogue ---- */

static bool has_catalogue(void)
{
    return pg_told.loads + pg_told.sames > 0;
}

static bool load_catalogue(void)
{
    memset(&pg_told, 0, sizeof pg_told);
    world_ask(HUB_FX_NOTE);
    return world_run(has_catalogue);
}

static void add_videos(int first, int last)
{
    char sql[1024];
    (void)snprintf(sql, sizeof sql,
        "insert into videos (video_id, title, channel, duration, view_count, difficulty)"
        " select 'video' || i, 'Título ' || i, 'Channel ' || i %% 7, 60, i, 1 + i %% 10"
        " from generate_series(%d, %d) i;"
        "insert into frames (video_id, rank, timestamp_sec, heatmap_value, r2_path)"
        " select 'video' || i, r, 1, 1, 'frames/video' || i || '/f0' || r || '.webp'"
        " from generate_series(%d, %d) i, generate_series(1, 6) r where r <= 1 + i %% 6",
        first, last, first, last);
    database_do(database_admin, sql);
}

TEST(an_empty_catalogue_is_one)
{
    set_up();
    CHECK(load_catalogue());
    CHECK(pg_told.ok);
    CHECK_INT(pg_told.count, 0);
    tear_down();
}

TEST(the_catalogue_is_all_videos_that_have_a_frame)
{
    bool seen[1300] = { false };
    set_up();
    add_videos(1, 1203);
    database_do(database_admin, "insert into videos (video_id, title, channel, duration) values"
                                " ('frameless', 'x', 'y', 1);"
                                "update frames set r2_path = E'a\\nb' where video_id = 'video11'"
                                " and rank = 1");
    CHECK(load_catalogue());
    CHECK(pg_told.ok);
    CHECK_INT(pg_told.count, 1203);
    for (uint32_t i = 0; i < pg_told.count; i++) {
        const struct titles_row *row = &pg_told.rows[i];
        char expected[64];
        int number = atoi(row->video.data + 5);
        CHECK(number >= 1 && number <= 1203 && !seen[number]);
        seen[number] = true;
        (void)snprintf(expected, sizeof expected, "Título %d", number);
        CHECK_TEXT(row->title, expected);
        (void)snprintf(expected, sizeof expected, "Channel %d", number % 7);
        CHECK_TEXT(row->channel, expected);
        CHECK_INT(row->views, number);
        CHECK_INT(row->drawn, 1 + number % 10 >= 4 && 1 + number % 10 <= 6);
        CHECK_INT(row->frames_count, number == 11 ? 5 : 1 + number % 6); /* one path was broken */
        (void)snprintf(expected, sizeof expected, "frames/video%d/f0%d.webp", number,
                       number == 11 ? 2 : 1);
        CHECK_TEXT(row->frames[0].path, expected);
        CHECK(!uuid_is_none(&row->frames[0].id));
    }
    tear_down();
}

TEST(the_catalogue_is_read_again_only_after_a_change)
{
    static const char *const changes[] = {
        "update videos set title = 'Another' where video_id = 'video3'",
        "update videos set difficulty = difficulty % 10 + 1 where video_id = 'video4'",
        "update frames set r2_path = 'elsewhere' where video_id = 'video5' and rank = 1",
        "delete from videos where video_id = 'video6'",
    };
    set_up();
    add_videos(1, 20);
    CHECK(load_catalogue());
    CHECK_INT(pg_told.count, 20);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        CHECK(load_catalogue());
        CHECK_INT(pg_told.sames, 1);
        database_do(database_admin, changes[i]);
        CHECK(load_catalogue());
        CHECK_INT(pg_told.loads, 1);
        CHECK_INT(pg_told.count, i < 3 ? 20 : 19);
    }
    tear_down();
}

TEST(a_catalogue_load_that_breaks_off_says_so)
{
    char sql[128];
    set_up();
    add_videos(1, 1203);
    (void)snprintf(sql, sizeof sql, "select pg_terminate_backend(%d)", backend());
    database_do(database_admin, sql);
    CHECK(load_catalogue());
    CHECK(!pg_told.ok);
    CHECK_INT(pg_told.count, 0);
    CHECK(load_catalogue()); /* now without a connection, or with the next one */
    CHECK(world_run(pg_is_ready));
    CHECK(load_catalogue());
    CHECK(pg_told.sames == 1 || (pg_told.ok && pg_told.count == 1203));
    tear_down();
}

/* Somebody alters a table of Framedle's: the server ends our statement, the connection stays. */
TEST(a_catalogue_that_is_locked_costs_no_connection)
{
    set_up();
    add_videos(1, 3);
    int pid = backend();
    database_do(database_admin, "begin; lock table videos in access exclusive mode");
    CHECK(load_catalogue());
    CHECK_INT(pg_told.loads, 1);
    CHECK(!pg_told.ok);
    CHECK_INT(world_hub.downs, 0);
    ask_player();
    CHECK(world_run_events(1));
    CHECK_INT(world_hub.records[0].reply, HUB_OK);
    CHECK_INT(backend(), pid);
    database_do(database_admin, "rollback");
    CHECK(load_catalogue());
    CHECK(pg_told.ok);
    CHECK_INT(pg_told.count, 3);
    tear_down();
}

/* Not judged by time, only told: the longest turn of the loop while 10,000 videos came in. */
TEST(a_large_catalogue_comes_in_pieces)
{
    set_up();
    add_videos(1, 10000);
    uint64_t connecting_us = loop_measure(world_loop).longest_us;
    CHECK(load_catalogue());
    CHECK_INT(pg_told.count, 10000);
    struct loop_times times = loop_measure(world_loop);
    printf("10,000 videos: %llu turns, the longest %llu us (while connecting %llu us)\n",
           (unsigned long long)times.turns, (unsigned long long)times.longest_us,
           (unsigned long long)connecting_us);
    CHECK(times.turns > 10000 / PG_CATALOGUE_PAGE);
    tear_down();
}

TEST_MAIN
