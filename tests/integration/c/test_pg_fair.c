/* PostgreSQL: wins over the same opponent again and again, matches that are not rated,
 * and what is known of a player who comes. Needs DATABASE_URL; see database.h. */
#include "books.h"
#include "pg_world.h"
#include <duel/core/rating.h>

#define HOUR_MS 3600000
#define NOON_MS INT64_C(1767268800000)

static struct uuid a, b, c;
static uint32_t numbers; /* of the matches */

static void set_up(void)
{
    pg_set_up("pg_fair");
    a = make_player("a");
    b = make_player("b");
    c = make_player("c");
    numbers = 0;
}

/* A match between these two that ended at `at_ms`, not yet stored. */
static struct hub_result *ended(struct uuid winner, struct uuid loser, int64_t at_ms)
{
    static struct hub_result result;
    uint32_t number = ++numbers;
    bool turned = number % 2 == 0;
    make_result(&result, number, turned ? loser : winner, turned ? winner : loser);
    result.winner = turned;
    result.fence = 1;
    result.started_ms = at_ms - 60000;
    result.completed_ms = at_ms;
    return &result;
}

/* Stores it. What the winner gained (or seat 0 of a draw); and what the full change would be. */
static int stored(const struct hub_result *result, int *ret_full)
{
    struct record *record = store(result);
    CHECK_INT(record->reply, HUB_OK);
    CHECK(record->event.stored.rated);
    const int32_t *before = record->event.stored.before, *after = record->event.stored.after;
    int seat = result->winner == 1;
    CHECK_INT(before[0] + before[1], after[0] + after[1]);
    *ret_full = rating_change(before[seat], before[1 - seat],
                              result->winner == MATCH_NOBODY ? RATING_DRAW : RATING_WIN);
    return after[seat] - before[seat];
}

static int expected(int wins, int full)
{
    return wins < 3 ? full : wins == 3 ? full / 2 : wins == 4 ? full / 4 : 0;
}

/* Stores it and checks what it moves, after so many other wins. A full change that cannot be halved
 * and quartered would show nothing. */
#define CHECK_AFTER(wins, result)                                 \
    do {                                                          \
        int test_full, test_change = stored(result, &test_full);  \
        CHECK_INT(test_change, expected(wins, test_full));        \
        CHECK(test_full > 3);                                     \
    } while (0)

TEST(R_62_the_database_lessens_as_the_server_does)
{
    set_up();
    PGresult *rows = PQexec(database_admin, "select d, w, duel_lessened(duel_elo_gain(d), w) from"
                                            " generate_series(-1500, 1500) d,"
                                            " generate_series(0, 7) w");
    CHECK_INT(PQntuples(rows), 3001 * 8);
    for (int i = 0; i < PQntuples(rows); i++) {
        int distance = atoi(PQgetvalue(rows, i, 0)), gain = atoi(PQgetvalue(rows, i, 2));
        uint32_t wins = (uint32_t)atoi(PQgetvalue(rows, i, 1));
        CHECK_INT(gain, rating_change_repeated(2000 + distance, 2000, RATING_WIN, wins));
        CHECK_INT(-gain, rating_change_repeated(2000, 2000 + distance, RATING_LOSS, wins));
    }
    PQclear(rows);
    tear_down();
}

TEST(R_62_the_fourth_win_is_halved_the_fifth_quartered_and_then_nothing)
{
    set_up();
    for (int i = 0; i < 8; i++) {
        CHECK_AFTER(i, ended(a, b, NOON_MS + i * 100000));
    }
    CHECK_STRING(database_ask("select string_agg(wins || ' ' || losses, ', ' order by wins desc)"
                              " from duel_ratings"), "8 0, 0 8");
    CHECK(books_are_right());
    CHECK(books_are_in_order());
    tear_down();
}

TEST(R_63_only_rated_wins_of_the_same_over_the_same_count)
{
    struct hub_result *result;
    int full;
    set_up();
    for (int i = 0; i < 3; i++) {
        CHECK_AFTER(i, ended(a, b, NOON_MS));
    }
    for (int i = 0; i < 3; i++) {
        CHECK_AFTER(i, ended(b, a, NOON_MS)); /* revenge */
        CHECK_AFTER(i, ended(a, c, NOON_MS)); /* another */
        result = ended(a, b, NOON_MS);
        result->rated = false;
        CHECK_INT(store(result)->reply, HUB_OK);
        result = ended(a, b, NOON_MS);
        result->reason = MATCH_ABANDONED;
        result->winner = MATCH_NOBODY;
        CHECK_INT(store(result)->reply, HUB_OK);
        result = ended(a, b, NOON_MS);
        result->winner = MATCH_NOBODY;
        int change = stored(result, &full);
        CHECK_INT(change, full); /* of a draw, never less */
    }
    CHECK_AFTER(3, ended(a, b, NOON_MS));
    result = ended(a, b, NOON_MS);
    result->winner = MATCH_NOBODY;
    CHECK_INT(stored(result, &full), full);
    result = ended(b, a, NOON_MS);
    result->reason = MATCH_BY_FORFEIT;
    CHECK_AFTER(3, result);
    CHECK(books_are_right());
    CHECK(books_are_in_order());
    tear_down();
}

TEST(R_63_those_that_ended_within_a_day_count)
{
    set_up();
    CHECK_AFTER(0, ended(a, b, NOON_MS));
    CHECK_AFTER(1, ended(a, b, NOON_MS + HOUR_MS));
    CHECK_AFTER(2, ended(a, b, NOON_MS + 2 * HOUR_MS));
    CHECK_AFTER(3, ended(a, b, NOON_MS + 24 * HOUR_MS - 1));
    CHECK_AFTER(3, ended(a, b, NOON_MS + 24 * HOUR_MS)); /* not the first any more */
    CHECK_AFTER(2, ended(a, b, NOON_MS + 26 * HOUR_MS)); /* the last two */
    CHECK_AFTER(0, ended(a, b, NOON_MS + 60 * HOUR_MS));
    CHECK(books_are_in_order());
    tear_down();
}

/* Results that waited for PostgreSQL come in any order. */
TEST(R_63_late_results_get_no_more_than_those_in_time)
{
    set_up();
    for (int i = 0; i < 7; i++) {
        CHECK_AFTER(i, ended(a, b, NOON_MS - i * HOUR_MS));
    }
    CHECK(books_are_in_order());
    tear_down();
}

TEST(R_63_what_was_told_stands_however_often_it_is_stored)
{
    struct hub_result kept[6];
    struct record first[6];
    set_up();
    for (int i = 0; i < 6; i++) {
        kept[i] = *ended(a, b, NOON_MS + i);
        first[i] = *store(&kept[i]);
    }
    for (int i = 6; i-- > 0;) {
        kept[i].fence++;
        struct record again = *store(&kept[i]);
        CHECK(memcmp(again.event.stored.after, first[i].event.stored.after,
                     sizeof again.event.stored.after) == 0);
    }
    CHECK(books_are_right());
    CHECK(books_are_in_order());
    tear_down();
}

TEST(R_63_a_win_that_was_taken_back_counts_no_more)
{
    struct hub_result kept[5];
    int full;
    set_up();
    for (int i = 0; i < 5; i++) {
        kept[i] = *ended(a, b, NOON_MS + i);
        CHECK_AFTER(i, &kept[i]);
    }
    kept[4].fence = 2; /* of a quarter: it is that quarter that is taken back */
    kept[4].rated = false;
    CHECK(!store(&kept[4])->event.stored.rated);
    CHECK(books_are_right());
    CHECK(books_are_in_order());
    for (int i = 0; i < 2; i++) {
        kept[i].fence = 2;
        kept[i].winner = (int8_t)(1 - kept[i].winner);
        CHECK_AFTER(i, &kept[i]); /* the other's first and second */
    }
    CHECK_AFTER(2, ended(a, b, NOON_MS + 10));
    CHECK_AFTER(3, ended(a, b, NOON_MS + 11));
    CHECK_INT(stored(ended(b, a, NOON_MS + 12), &full), full);
    CHECK_STRING(rating_row(a) + strcspn(rating_row(a), " "), " 4 3 0");
    CHECK(books_are_right());
    tear_down();
}

/* ---- not rated ---- */

TEST(a_match_that_is_not_rated_is_stored_and_read_as_such)
{
    char match[UUID_TEXT_SIZE + 1];
    set_up();
    database_do(database_admin, "insert into achievements select i, '', '', '' from unnest(array["
                                "'first_blood', 'rival', 'gladiator', 'speed_demon']) i");
    struct hub_result *result = ended(a, b, NOON_MS);
    result->rated = false;
    result->won_ms = 4000;
    struct record *record = store(result);
    CHECK_INT(record->reply, HUB_OK);
    CHECK(!record->event.stored.rated);
    CHECK_STRING(database_ask("select concat_ws(' ', status, reason, winner_id = player1_id,"
                              " num_nulls(rating_p1_before, rating_p1_after, rating_p2_before,"
                              " rating_p2_after, rated_seq)) from duel_matches"),
                 "completed score t 5");
    CHECK_STRING(database_ask("select count(*) from duel_ratings"), "0");
    CHECK_STRING(achievements(a), "first_blood speed_demon");
    CHECK_STRING(achievements(b), "first_blood");
    uuid_format(&result->match, match);
    CHECK_STRING(database_ask("select concat_ws(' ', data ->> 'rated', data -> 'rating',"
                              " data -> 'winner') from duel_match('a', '%s')", match),
                 "false null 0");
    CHECK_STRING(database_ask("select concat_ws(' ', data -> 0 ->> 'rated', data -> 0 -> 'rating',"
                              " data -> 0 ->> 'outcome') from duel_history('a', '', 10)"),
                 "false null win");
    CHECK(books_are_right());
    tear_down();
}

/* ---- who comes ---- */

static uint32_t opponents_of(const char *sub)
{
    struct record *record = load_player(text_from(sub));
    CHECK_INT(record->reply, HUB_OK);
    return record->event.player.opponents;
}

TEST(different_opponents_of_rated_matches_are_counted_up_to_ten)
{
    struct hub_result *result;
    set_up();
    CHECK_INT(opponents_of("a"), 0);
    for (int i = 0; i < 4; i++) { /* in both seats */
        CHECK_INT(store(ended(a, b, NOON_MS))->reply, HUB_OK);
    }
    CHECK_INT(opponents_of("a"), 1);
    CHECK_INT(opponents_of("b"), 1);
    result = ended(a, c, NOON_MS);
    result->rated = false;
    CHECK_INT(store(result)->reply, HUB_OK);
    result = ended(c, a, NOON_MS);
    result->reason = MATCH_ABANDONED;
    result->winner = MATCH_NOBODY;
    CHECK_INT(store(result)->reply, HUB_OK);
    CHECK_INT(opponents_of("a"), 1);
    CHECK_INT(opponents_of("c"), 0);
    for (int i = 0; i < 12; i++) {
        char sub[32];
        (void)snprintf(sub, sizeof sub, "other%d", i);
        CHECK_INT(store(ended(i % 3 ? a : make_player(sub), i % 3 ? make_player(sub) : a,
                              NOON_MS))->reply, HUB_OK);
        CHECK_INT(opponents_of("a"), i + 2 < HUB_OPPONENTS_MAX ? i + 2 : HUB_OPPONENTS_MAX);
    }
    database_do(database_admin, "update users set deleted_at = now(), auth_provider_id = null,"
                                " anon_fingerprint = 'gone' where auth_provider_id = 'a'");
    CHECK_INT(opponents_of("b"), 1); /* he was met all the same */
    CHECK_INT(load_player(TEXT("a"))->event.player.opponents, 0); /* somebody new */
    tear_down();
}

/* A match with these videos in its rounds, the first played first. */
static struct hub_result *shown(struct hub_result *result, const char *const *videos)
{
    static struct hub_round rounds[MATCH_ROUNDS_MAX];
    for (result->rounds_count = 0; videos[result->rounds_count] != NULL; result->rounds_count++) {
        rounds[result->rounds_count] = (struct hub_round){
            .played = { .ms = { MATCH_NO_TIME, MATCH_NO_TIME }, .winner = MATCH_NOBODY },
            .video = text_from(videos[result->rounds_count]), .title = TEXT("x"),
        };
    }
    result->rounds = rounds;
    return result;
}

static const char *met_by(const char *sub)
{
    static char list[1024];
    size_t size = 0;
    struct record *record = load_player(text_from(sub));
    CHECK_INT(record->reply, HUB_OK);
    list[0] = 0;
    for (uint32_t i = 0; i < record->event.player.met_count; i++) {
        size += (size_t)snprintf(list + size, sizeof list - size, "%s%.*s", i == 0 ? "" : " ",
                                 TEXT_ARG(record->event.player.met[i]));
    }
    return list;
}

TEST(R_13_videos_of_the_latest_matches_are_known_newest_first)
{
    static const char *const one[] = { "a1", "a2", "a3", NULL }, *const two[] = { "b1", NULL },
                             *const three[] = { "c1", "c2", NULL }, *const none[] = { NULL };
    set_up();
    CHECK_STRING(met_by("a"), "");
    CHECK_INT(store(shown(ended(a, b, NOON_MS + 2), two))->reply, HUB_OK);
    CHECK_INT(store(shown(ended(a, b, NOON_MS + 1), one))->reply, HUB_OK); /* comes late */
    struct hub_result *result = shown(ended(c, a, NOON_MS + 3), three);
    result->reason = MATCH_ABANDONED; /* they were seen all the same */
    result->winner = MATCH_NOBODY;
    CHECK_INT(store(result)->reply, HUB_OK);
    CHECK_STRING(met_by("a"), "c2 c1 b1 a3 a2 a1");
    CHECK_STRING(met_by("b"), "b1 a3 a2 a1");
    CHECK_STRING(met_by("c"), "c2 c1");
    for (int i = 0; i < 6; i++) { /* of the last 8, whichever seat */
        CHECK_INT(store(shown(ended(a, c, NOON_MS + 10 + i), none))->reply, HUB_OK);
    }
    CHECK_STRING(met_by("a"), "c2 c1 b1");
    database_do(database_admin, "update duel_matches set rounds = '{}'"
                                " where rounds @> '[{\"video_id\": \"c1\"}]';"
                                "update duel_matches set rounds = '[3, {}, {\"video_id\": null},"
                                " {\"video_id\": \"\"}]' where rounds = '[]'");
    CHECK_STRING(met_by("a"), "b1"); /* rows of others' making hurt nobody */
    tear_down();
}

TEST(R_13_no_more_than_24_videos_are_known)
{
    char ids[40][16];
    set_up();
    for (int i = 0; i < 8; i++) {
        const char *videos[6] = { NULL };
        for (int round = 0; round < 5; round++) {
            (void)snprintf(ids[i * 5 + round], sizeof ids[0], "v%d", i * 5 + round);
            videos[round] = ids[i * 5 + round];
        }
        CHECK_INT(store(shown(ended(a, b, NOON_MS + i), videos))->reply, HUB_OK);
    }
    CHECK_STRING(met_by("b"), "v39 v38 v37 v36 v35 v34 v33 v32 v31 v30 v29 v28 v27 v26 v25 v24 v23"
                              " v22 v21 v20 v19 v18 v17 v16");
    tear_down();
}

/* A node that was not replaced yet asks as it always did. */
TEST(a_server_of_before_finds_its_players)
{
    set_up();
    CHECK_AFTER(0, ended(a, b, NOON_MS));
    CHECK_STRING(database_ask("select concat_ws(' ', name, avatar, country, rating, wins, losses,"
                              " draws) from duel_player('a')"), "Player 1016 1 0 0");
    CHECK_STRING(database_ask("select row_to_json(p)::jsonb - 'id' from duel_player('c') p"),
                 "{\"name\": \"Player\", \"wins\": 0, \"draws\": 0, \"avatar\": null,"
                 " \"losses\": 0, \"rating\": 1000, \"country\": null}");
    tear_down();
}

TEST_MAIN
