/* PostgreSQL: players and finished matches. Needs DATABASE_URL; see database.h. */
#include "books.h"
#include "pg_world.h"
#include "unit/io/capture.h"
#include <duel/core/rating.h>

static void set_up(void)
{
    pg_set_up("pg");
}

/* ---- players ---- */

TEST(a_player_is_made_once_and_found_again)
{
    set_up();
    struct record first = *load_player(TEXT("logto0sub001"));
    CHECK_INT(first.reply, HUB_OK);
    CHECK(ref_equal(first.ref, (struct ref){ 7, 3 }));
    CHECK_STRING(first.name, "Player");
    CHECK(!first.has_avatar);
    CHECK_INT(first.event.player.rating, 1000);
    struct record again = *load_player(TEXT("logto0sub001"));
    CHECK(uuid_equal(&first.event.player.id, &again.event.player.id));
    database_do(database_admin, "update users set display_name = 'Zoë', avatar_url = 'https://a/b',"
                                " country_code = 'BR'");
    struct record named = *load_player(TEXT("logto0sub001"));
    CHECK_STRING(named.name, "Zoë");
    CHECK(named.has_avatar);
    CHECK_STRING(database_ask("select count(*) from users"), "1");
    tear_down();
}

TEST(a_deleted_player_and_a_broken_sub_are_refused)
{
    set_up();
    CHECK_INT(load_player(TEXT("gone"))->reply, HUB_OK);
    database_do(database_admin, "update users set deleted_at = now()");
    CHECK_INT(load_player(TEXT("gone"))->reply, HUB_REFUSED);
    CHECK_INT(load_player(TEXT("a\0b"))->reply, HUB_REFUSED);
    CHECK_INT(load_player(TEXT("\xff\xfe"))->reply, HUB_REFUSED);
    CHECK_INT(load_player(TEXT("'; drop table users; --"))->reply, HUB_OK);
    CHECK_STRING(database_ask("select count(*) from users"), "2");
    tear_down();
}

#define TOGETHER 150

static struct text sub_of(char memory[16], uint32_t number)
{
    /* Against the order of their names, with which they are asked for. */
    (void)snprintf(memory, 16, "crowd%03u", TOGETHER - number);
    return text_from(memory);
}

/* Each of those who come in one turn gets the answer that is his own. `broken` comes with a sub
 * that no text can hold, for which the statement fails that he is in. */
static void come_together(uint32_t broken)
{
    static char subs[TOGETHER][16];
    char wanted[64];
    for (uint32_t i = 0; i < TOGETHER; i++) {
        struct hub_effect *effect = world_ask(HUB_FX_LOAD_PLAYER);
        effect->load.player = (struct ref){ i, 3 };
        effect->load.sub = i == broken ? TEXT("\xff\xfe") : sub_of(subs[i], i);
    }
    CHECK(world_run_events(TOGETHER));
    bool told[TOGETHER] = { false };
    for (uint32_t i = 0; i < TOGETHER; i++) {
        const struct record *record = &world_hub.records[i];
        uint32_t number = record->ref.index;
        CHECK(number < TOGETHER && record->ref.generation == 3 && !told[number]);
        told[number] = true;
        CHECK_INT(record->reply, number == broken || number % 50 == 7 ? HUB_REFUSED : HUB_OK);
        (void)snprintf(wanted, sizeof wanted, "Number %u", number);
        if (record->reply == HUB_OK && number % 3 == 0) {
            CHECK_STRING(record->name, wanted);
        }
    }
}

TEST(many_who_come_at_once_get_their_own_answers)
{
    set_up();
    /* Some are there, some of those are deleted, the others are new. */
    database_do(database_admin,
                "insert into users (auth_provider_id, display_name, deleted_at)"
                " select 'crowd' || lpad((150 - i)::text, 3, '0'), 'Number ' || i,"
                " case when i % 50 = 7 then now() end"
                " from generate_series(0, 149) i where i % 3 = 0 or i % 50 = 7");
    come_together(UINT32_MAX);
    CHECK_STRING(database_ask("select count(*) from users"), "150");
    come_together(2);
    come_together(100);
    CHECK_STRING(database_ask("select count(*) from users"), "150");
    tear_down();
}

TEST(first_arrivals_on_several_nodes_at_once_make_one_player)
{
    set_up();
    PGconn *nodes[8];
    for (int i = 0; i < 8; i++) {
        nodes[i] = database_connect(database_url);
    }
    for (int round = 0; round < 25; round++) {
        char sql[256], id[8][128];
        for (int i = 0; i < 8; i++) {
            /* Two at a time; every second node names them the other way round. */
            (void)snprintf(sql, sizeof sql,
                           "select string_agg(id::text, ' ' order by number %s)"
                           " from duel_arrivals(array['racer%d%c', 'racer%d%c'])",
                           i % 2 == 0 ? "asc" : "desc", round, i % 2 == 0 ? 'a' : 'b', round,
                           i % 2 == 0 ? 'b' : 'a');
            CHECK(PQsendQuery(nodes[i], sql) == 1);
        }
        for (int i = 0; i < 8; i++) {
            PGresult *result = PQgetResult(nodes[i]);
            CHECK_INT(PQresultStatus(result), PGRES_TUPLES_OK);
            (void)snprintf(id[i], sizeof id[i], "%s", PQgetvalue(result, 0, 0));
            CHECK_INT(strlen(id[i]), 73); /* two ids */
            PQclear(result);
            PQclear(PQgetResult(nodes[i]));
            CHECK(strcmp(id[i], id[0]) == 0);
        }
    }
    for (int i = 0; i < 8; i++) {
        PQfinish(nodes[i]);
    }
    tear_down();
}

/* ---- ratings ---- */

TEST(the_database_rates_as_the_server_does)
{
    set_up();
    PGresult *gains = PQexec(database_admin, "select d, duel_elo_gain(d) from"
                                             " generate_series(-1500, 1500) d");
    CHECK_INT(PQntuples(gains), 3001);
    for (int i = 0; i < PQntuples(gains); i++) {
        int distance = atoi(PQgetvalue(gains, i, 0)), gain = atoi(PQgetvalue(gains, i, 1));
        CHECK_INT(gain, rating_change(2000 + distance, 2000, RATING_WIN));
        CHECK_INT(gain - 16, rating_change(2000 + distance, 2000, RATING_DRAW));
        CHECK_INT(-gain, rating_change(2000, 2000 + distance, RATING_LOSS));
    }
    PQclear(gains);
    tear_down();
}

TEST(ratings_move_by_win_loss_draw_and_forfeit_and_sum_to_zero)
{
    struct hub_result result;
    set_up();
    struct uuid a = make_player("a"), b = make_player("b");
    make_result(&result, 1, a, b);
    struct record won = *store(&result);
    CHECK_INT(won.reply, HUB_OK);
    CHECK(won.event.stored.rated);
    CHECK_INT(won.event.stored.before[0], 1000);
    CHECK_INT(won.event.stored.after[0], 1016);
    CHECK_INT(won.event.stored.before[1], 1000);
    CHECK_INT(won.event.stored.after[1], 984);
    make_result(&result, 2, a, b);
    result.winner = 1;
    result.reason = MATCH_BY_FORFEIT;
    struct record lost = *store(&result);
    CHECK_INT(lost.event.stored.after[0], 1016 + rating_change(1016, 984, RATING_LOSS));
    CHECK_INT(lost.event.stored.after[0] + lost.event.stored.after[1], 2000);
    make_result(&result, 3, b, a);
    result.winner = MATCH_NOBODY;
    result.won_ms = MATCH_NO_TIME;
    struct record drawn = *store(&result);
    CHECK_INT(drawn.event.stored.before[0], lost.event.stored.after[1]);
    CHECK_INT(drawn.event.stored.after[0] - drawn.event.stored.before[0],
              rating_change(lost.event.stored.after[1], lost.event.stored.after[0], RATING_DRAW));
    CHECK_STRING(rating_row(a), "999 1 1 1");
    CHECK_STRING(rating_row(b), "1001 1 1 1");
    CHECK_INT(load_player(TEXT("b"))->event.player.rating, 1001);
    CHECK_INT(world_hub.records[0].event.player.wins, 1);
    tear_down();
}

TEST(a_match_is_stored_once)
{
    struct hub_result result;
    set_up();
    make_result(&result, 1, make_player("a"), make_player("b"));
    CHECK_INT(store(&result)->reply, HUB_OK);
    struct record again = *store(&result);
    CHECK_INT(again.reply, HUB_OK);
    CHECK_INT(again.event.stored.before[0], 1000);
    CHECK_INT(again.event.stored.after[0], 1016);
    CHECK_STRING(rating_row(result.player[0]), "1016 1 0 0");
    CHECK_STRING(database_ask("select count(*) from duel_matches"), "1");
    tear_down();
}

/* Another node stores the same match and is slow to commit: we wait, and answer with its
 * figures. */
TEST(a_match_stored_by_two_nodes_at_once_is_rated_once)
{
    struct hub_result result;
    uint32_t size = 0;
    set_up();
    make_result(&result, 1, make_player("a"), make_player("b"));
    char *json = pg_json_result(&result, &size);
    char *sql = malloc(size + 64);
    CHECK(json != NULL && sql != NULL);
    (void)snprintf(sql, size + 64, "select duel_store_match('%.*s')", (int)size, json);
    database_do(database_admin, "begin");
    database_do(database_admin, sql);
    CHECK(PQsendQuery(database_admin, "do $$ begin while not exists (select 1 from pg_stat_activity"
                      " where wait_event_type = 'Lock' and datname = current_database())"
                      " loop perform pg_stat_clear_snapshot(); end loop; end $$; commit") == 1);
    struct record stored = *store(&result);
    CHECK_INT(stored.reply, HUB_OK);
    CHECK_INT(stored.event.stored.after[0], 1016);
    for (PGresult *done = PQgetResult(database_admin); done != NULL;
         done = PQgetResult(database_admin)) {
        CHECK_INT(PQresultStatus(done), PGRES_COMMAND_OK);
        PQclear(done);
    }
    CHECK_STRING(rating_row(result.player[0]), "1016 1 0 0");
    free(sql);
    free(json);
    tear_down();
}

/* The same people in either order, from several nodes at once: no deadlock, nothing lost. */
TEST(matches_of_the_same_people_on_several_nodes_do_not_lock_each_other_up)
{
    struct hub_result result;
    PGconn *nodes[4];
    set_up();
    struct uuid a = make_player("a"), b = make_player("b");
    for (int i = 0; i < 4; i++) {
        nodes[i] = database_connect(database_url);
    }
    for (uint32_t round = 0; round < 30; round++) {
        for (uint32_t i = 0; i < 4; i++) {
            uint32_t size = 0;
            make_result(&result, 100 + round * 4 + i, i % 2 ? a : b, i % 2 ? b : a);
            char *json = pg_json_result(&result, &size);
            const char *values[1] = { json };
            const int sizes[1] = { (int)size }, formats[1] = { 1 };
            const Oid types[1] = { 25 };
            CHECK(PQsendQueryParams(nodes[i], "select duel_store_match($1::jsonb)", 1, types,
                                    values, sizes, formats, 0) == 1);
            free(json);
        }
        for (int i = 0; i < 4; i++) {
            PGresult *stored = PQgetResult(nodes[i]);
            CHECK_INT(PQresultStatus(stored), PGRES_TUPLES_OK);
            PQclear(stored);
            PQclear(PQgetResult(nodes[i]));
        }
    }
    CHECK_STRING(database_ask("select concat_ws(' ', sum(rating), sum(wins), sum(losses)) from"
                              " duel_ratings"), "2000 120 120");
    CHECK(books_are_in_order()); /* the wins, too, are counted one after another */
    for (int i = 0; i < 4; i++) {
        PQfinish(nodes[i]);
    }
    tear_down();
}

/* ---- what is stored ---- */

TEST(a_match_is_stored_in_the_shape_of_the_contract)
{
    struct hub_result result;
    const struct hub_guess guesses[] = {
        { .round = 1, .slot = 0, .seq = 1, .similarity = 412345, .ms = 900, .raw_ms = 950,
          .text = TEXT("say \"hi\" \\ \n 🎬\0end") },
        { .round = 1, .slot = 0, .seq = 2, .similarity = 1000000, .ms = 2400, .raw_ms = 2450,
          .is_video = true, .correct = true, .text = TEXT("dQw4w9WgXcQ") },
        { .round = 1, .slot = 1, .seq = 4, .ms = 100, .raw_ms = 300, .text = TEXT_NONE },
    };
    set_up();
    make_result(&result, 1, make_player("a"), make_player("b"));
    result.rounds_count = 2;
    const struct hub_round played[] = {
        { .played = { .ms = { 2400, MATCH_NO_TIME }, .winner = 0, .suspect = { true, false } },
          .frame = test_uuid(9, 1), .video = TEXT("dQw4w9WgXcQ"), .title = TEXT("Canção") },
        { .played = { .ms = { MATCH_NO_TIME, MATCH_NO_TIME }, .winner = MATCH_NOBODY },
          .video = TEXT("another"), .title = TEXT("Another") },
    };
    result.rounds = played;
    result.guesses = guesses;
    result.guesses_count = 3;
    result.fence = 1ULL << 53; /* the highest that Valkey's scripts can count to */
    CHECK_INT(store(&result)->reply, HUB_OK);
    char frame[UUID_TEXT_SIZE + 1], expected[1024];
    uuid_format(&played[0].frame, frame);
    (void)snprintf(expected, sizeof expected,
        "[{\"round\": 1, \"title\": \"Canção\", \"winner\": 0, \"guesses\": ["
        "{\"ms\": 900, \"seq\": 1, \"slot\": 0, \"text\": \"say \\\"hi\\\" \\\\ \\n 🎬\xef\xbf\xbd"
        "end\", \"raw_ms\": 950, \"similarity\": 0.412345}, "
        "{\"ms\": 2400, \"seq\": 2, \"slot\": 0, \"video\": \"dQw4w9WgXcQ\", \"raw_ms\": 2450,"
        " \"similarity\": 1.000000}, "
        "{\"ms\": 100, \"seq\": 4, \"slot\": 1, \"text\": null, \"raw_ms\": 300,"
        " \"similarity\": 0.000000}], \"p1_time\": 2400, \"p2_time\": null,"
        " \"suspect\": [true, false], \"frame_id\": \"%s\", \"p1_guess\": \"dQw4w9WgXcQ\","
        " \"p2_guess\": null, \"video_id\": \"dQw4w9WgXcQ\"}", frame);
    const char *rounds = database_ask("select rounds from duel_matches");
    CHECK(strncmp(rounds, expected, strlen(expected)) == 0);
    CHECK_STRING(database_ask("select concat_ws(' ', status, reason, score_p1, score_p2, best_of,"
                              " points_p1, points_p2, winner_id = player1_id,"
                              " extract(epoch from started_at), extract(epoch from completed_at),"
                              " jsonb_array_length(rounds), fence, rated_seq) from"
                              " duel_matches"),
                 "completed score 3 0 5 900 0 t 1767225600.123000 1767225660.456000 2"
                 " 9007199254740992 1");
    tear_down();
}

TEST(an_abandoned_match_moves_no_rating_and_earns_nothing)
{
    struct hub_result result;
    set_up();
    database_do(database_admin, "insert into achievements values ('first_blood', '', '', '')");
    make_result(&result, 1, make_player("a"), make_player("b"));
    result.reason = MATCH_ABANDONED;
    result.winner = MATCH_NOBODY;
    struct record stored = *store(&result);
    CHECK_INT(stored.reply, HUB_OK);
    CHECK(!stored.event.stored.rated);
    CHECK_STRING(database_ask("select concat_ws(' ', status, reason, winner_id is null,"
                              " rating_p1_before is null) from duel_matches"),
                 "abandoned abandoned t t");
    CHECK_STRING(database_ask("select count(*) from duel_ratings"), "0");
    CHECK_STRING(achievements(result.player[0]), "");
    tear_down();
}

TEST(achievements_are_earned_once_and_unknown_ones_skipped)
{
    struct hub_result result;
    set_up();
    struct uuid a = make_player("a"), b = make_player("b");
    make_result(&result, 1, a, b);
    CHECK_INT(store(&result)->reply, HUB_OK);
    CHECK_STRING(achievements(a), ""); /* none of them is there */
    database_do(database_admin, "insert into achievements select i, '', '', '' from unnest(array["
                                "'first_blood', 'rival', 'gladiator', 'speed_demon']) i");
    for (uint32_t i = 2; i <= 9; i++) {
        make_result(&result, i, i % 2 ? a : b, i % 2 ? b : a);
        result.rated = i % 3 != 0;
        result.winner = i % 2 ? 0 : 1; /* always a */
        CHECK_INT(store(&result)->reply, HUB_OK);
    }
    CHECK_STRING(achievements(a), "first_blood");
    make_result(&result, 10, a, b);
    result.won_ms = 4999;
    CHECK_INT(store(&result)->reply, HUB_OK);
    CHECK_STRING(achievements(a), "first_blood rival speed_demon");
    CHECK_STRING(achievements(b), "first_blood rival");
    database_do(database_admin, "update duel_ratings set wins = 99");
    make_result(&result, 11, b, a);
    result.reason = MATCH_BY_FORFEIT; /* with no round won: no speed, but a win */
    result.score[0] = 0;
    result.won_ms = 0;
    CHECK_INT(store(&result)->reply, HUB_OK);
    CHECK_STRING(achievements(a), "first_blood rival speed_demon");
    CHECK_STRING(achievements(b), "first_blood gladiator rival");
    tear_down();
}

TEST(a_result_that_cannot_be_stored_is_refused_and_hurts_no_other)
{
    struct hub_result bad, good;
    set_up();
    make_result(&good, 2, make_player("a"), make_player("b"));
    make_result(&bad, 1, test_uuid(3, 1), test_uuid(3, 2)); /* nobody has these ids */
    world_ask(HUB_FX_STORE)->store.data = &bad;
    world_ask(HUB_FX_STORE)->store.data = &good;
    CHECK(world_run_events(2));
    CHECK_INT(world_hub.records[0].reply, HUB_REFUSED);
    CHECK_INT(world_hub.records[1].reply, HUB_OK);
    CHECK_STRING(database_ask("select count(*) from duel_matches"), "1");
    tear_down();
}

/* What the log's lines say about `json`, put together; moves nothing of it but its escapes. */
static void read_logged(const char *lines, char *ret_json, int *ret_lines)
{
    const char *at = lines;
    *ret_lines = 0;
    while ((at = strstr(at, " json=")) != NULL) {
        at += strlen(" json=");
        bool quoted = *at == '"';
        for (at += quoted; *at != (quoted ? '"' : '\n'); at++) {
            at += *at == '\\';
            *ret_json++ = *at;
        }
        (*ret_lines)++;
    }
    *ret_json = 0;
}

TEST(a_result_that_is_refused_is_logged_whole)
{
    const struct hub_guess guess = { .round = 1, .seq = 1,
                                     .text = TEXT("\"quoted\" \\ ação 🎬🎬🎬🎬🎬🎬🎬🎬🎬"
                                                  "🎬🎬🎬🎬🎬🎬🎬🎬🎬🎬🎬🎬🎬🎬🎬"
                                                  "🎬🎬🎬🎬🎬🎬🎬🎬🎬🎬🎬🎬🎬") };
    const struct hub_round played = { .video = TEXT("dQw4w9WgXcQ"), .title = TEXT("Canção") };
    struct hub_result result;
    struct capture capture;
    uint32_t size = 0;
    int lines = 0;
    set_up();
    make_result(&result, 1, test_uuid(3, 1), test_uuid(3, 2)); /* nobody has these ids */
    result.rounds_count = 1;
    result.rounds = &played;
    result.guesses = &guess;
    result.guesses_count = 1;
    capture_begin(&capture, STDERR_FILENO);
    enum hub_reply reply = store(&result)->reply;
    char *logged = capture_end(&capture);
    CHECK_INT(reply, HUB_REFUSED);
    char *expected = pg_json_result(&result, &size), *found = malloc(strlen(logged) + 1);
    CHECK(expected != NULL && found != NULL);
    read_logged(logged, found, &lines);
    CHECK(strstr(logged, "cut=true") == NULL);
    CHECK(lines > 3);
    CHECK_INT(strlen(found), size);
    CHECK(memcmp(found, expected, size) == 0);
    free(found);
    free(expected);
    free(logged);
    tear_down();
}

TEST_MAIN
