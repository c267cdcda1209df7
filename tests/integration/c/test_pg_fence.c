/* Several results of one match: whatever comes first, and however many store at once, the
 * same one stands, and the books add up. Needs DATABASE_URL; see database.h. Speaks to PostgreSQL
 * by itself because many sessions are wanted; what a result looks like there is pg_json's. */
#include "books.h"
#include <duel/base/rng.h>
#include <duel/core/rating.h>
#include <duel/io/pg_private.h>
#include <fcntl.h>
#include <poll.h>

#define PLAYERS_MAX 64
#define MATCHES_MAX 256

/* One result of a match, as one process saw it end. */
struct ending {
    uint32_t match;
    uint32_t fence;
    bool completed;
    bool rated;
    int8_t winner;
};

static const char store_sql[] = "select rated, p1_before, p2_before, p1_after, p2_after"
                                " from public.duel_store_match($1::jsonb)";

static void migrate(void)
{
    struct settings settings = { .database_url = database_url };
    (void)fflush(stdout);
    int out = dup(STDOUT_FILENO), null = open("/dev/null", O_WRONLY);
    (void)dup2(null, STDOUT_FILENO);
    int status = pg_migrate_command(&settings);
    (void)fflush(stdout);
    (void)dup2(out, STDOUT_FILENO);
    close(out);
    close(null);
    CHECK_INT(status, 0);
}

static void add_players(uint32_t count)
{
    char sql[256];
    (void)snprintf(sql, sizeof sql, "insert into users (id, auth_provider_id) select format('"
                   "00000002-0000-4000-8000-%%s', lpad(i::text, 12, '0'))::uuid, 'player' || i"
                   " from generate_series(0, %u) i", count - 1);
    database_do(database_admin, sql);
}

static void set_up(uint32_t players)
{
    database_open("pg_fence", true);
    migrate();
    add_players(players);
    database_do(database_admin, "set synchronous_commit = off");
}

/* The id as add_players() made it: its number in decimal digits at the end. */
static struct uuid numbered(uint32_t kind, uint32_t number)
{
    char text[UUID_TEXT_SIZE + 1];
    struct uuid uuid;
    (void)snprintf(text, sizeof text, "%08u-0000-4000-8000-%012u", kind, number);
    bool parsed = uuid_parse(text_from(text), &uuid);
    CHECK(parsed);
    return uuid;
}

/* Who plays a match; each test has its own rule. */
static uint32_t (*seat_of)(uint32_t match, uint32_t slot);

static char *make_json(const struct ending *ending, uint32_t *ret_size)
{
    static struct hub_result result;
    memset(&result, 0, sizeof result);
    result.match = numbered(1, ending->match);
    result.fence = ending->fence;
    result.player[0] = numbered(2, seat_of(ending->match, 0));
    result.player[1] = numbered(2, seat_of(ending->match, 1));
    result.rated = ending->rated;
    result.reason = ending->completed ? MATCH_BY_SCORE : MATCH_ABANDONED;
    result.winner = ending->completed ? ending->winner : MATCH_NOBODY;
    result.best_of = 5;
    result.score[0] = ending->winner == 0 ? 3 : 1;
    result.score[1] = ending->winner == 1 ? 3 : 1;
    result.points[0] = 100 * ending->fence; /* tells whose row it is */
    result.started_ms = 1767225600123;
    result.completed_ms = 1767225660456 + ending->fence;
    result.won_ms = 4000;
    return pg_json_result(&result, ret_size);
}

static void send_ending(PGconn *conn, const struct ending *ending)
{
    uint32_t size = 0;
    char *json = make_json(ending, &size);
    const char *values[1] = { json };
    const int sizes[1] = { (int)size }, formats[1] = { 1 };
    const Oid types[1] = { 25 };
    CHECK(json != NULL);
    int sent = PQsendQueryParams(conn, store_sql, 1, types, values, sizes, formats, 0);
    free(json);
    CHECK_INT(sent, 1);
}

struct figures {
    bool rated;
    int before[2];
    int after[2];
};

/* Waits for the answer to send_ending(). */
static struct figures read_figures(PGconn *conn)
{
    struct figures figures = { .rated = false };
    PGresult *result = PQgetResult(conn);
    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        printf("  %s", PQerrorMessage(conn));
    }
    CHECK_INT(PQresultStatus(result), PGRES_TUPLES_OK);
    figures.rated = PQgetvalue(result, 0, 0)[0] == 't';
    for (int i = 0; i < 2; i++) {
        figures.before[i] = atoi(PQgetvalue(result, 0, 1 + i));
        figures.after[i] = atoi(PQgetvalue(result, 0, 3 + i));
    }
    PQclear(result);
    PQclear(PQgetResult(conn));
    return figures;
}

static struct figures store(const struct ending *ending)
{
    send_ending(database_admin, ending);
    return read_figures(database_admin);
}

#define CHECK_STRING(actual, expected) CHECK_TEXT(text_from(actual), expected)

static const char *match_row(uint32_t match)
{
    return database_ask("select concat_ws(' ', status, fence, case winner_id when player1_id then 0"
                        " when player2_id then 1 else -1 end, score_p1, score_p2, points_p1,"
                        " extract(epoch from completed_at), rating_p1_before, rating_p1_after,"
                        " rating_p2_before, rating_p2_after, case when rated_seq > 0 then 'rated'"
                        " end) from duel_matches where id = '00000001-0000-4000-8000-%012u'",
                        match);
}

static const char *rating_row(uint32_t player)
{
    return database_ask("select concat_ws(' ', rating, wins, losses, draws) from duel_ratings"
                        " where user_id = '00000002-0000-4000-8000-%012u'", player);
}

/* ---- what should be ---- */

struct player_model {
    int rating, wins, losses, draws;
};

struct match_model {
    bool there;
    struct ending stands;
    struct figures figures;
};

static struct player_model players[PLAYERS_MAX];
static struct match_model matches[MATCHES_MAX];

static void model_clear(void)
{
    memset(matches, 0, sizeof matches);
    for (uint32_t i = 0; i < PLAYERS_MAX; i++) {
        players[i] = (struct player_model){ .rating = 1000 };
    }
}

static bool outranks(const struct ending *a, const struct ending *b)
{
    return a->completed != b->completed ? a->completed : a->fence > b->fence;
}

/* Counts a rated match for both, or with sign -1 counts it no more. */
static void model_count(const struct match_model *match, int sign)
{
    for (uint32_t slot = 0; slot < 2; slot++) {
        struct player_model *player = &players[seat_of(match->stands.match, slot)];
        int8_t winner = match->stands.winner;
        player->rating += sign * (match->figures.after[slot] - match->figures.before[slot]);
        player->wins += sign * (winner == (int8_t)slot);
        player->losses += sign * (winner == (int8_t)(1 - slot));
        player->draws += sign * (winner == MATCH_NOBODY);
    }
}

/* How often who wins this match has won a rated one of the same other; all end within a
 * second. */
static uint32_t model_wins(const struct match_model *match)
{
    uint32_t wins = 0;
    int8_t winner = match->stands.winner;
    for (uint32_t i = 0; i < MATCHES_MAX && winner != MATCH_NOBODY; i++) {
        const struct match_model *other = &matches[i];
        uint32_t won = (uint32_t)other->stands.winner;
        wins += other->figures.rated && other->stands.winner != MATCH_NOBODY &&
                seat_of(i, won) == seat_of(match->stands.match, (uint32_t)winner) &&
                seat_of(i, 1 - won) == seat_of(match->stands.match, 1 - (uint32_t)winner);
    }
    return wins;
}

static void model_rate(struct match_model *match)
{
    static const enum rating_outcome outcomes[] = { RATING_DRAW, RATING_WIN, RATING_LOSS };
    int r1 = players[seat_of(match->stands.match, 0)].rating;
    int r2 = players[seat_of(match->stands.match, 1)].rating;
    int change = rating_change_repeated(r1, r2, outcomes[match->stands.winner + 1],
                                        model_wins(match));
    match->figures = (struct figures){ true, { r1, r2 }, { r1 + change, r2 - change } };
    model_count(match, 1);
}

static void model_store(const struct ending *ending)
{
    struct match_model *match = &matches[ending->match];
    if (match->there && !outranks(ending, &match->stands)) {
        return;
    }
    bool rated = ending->rated && ending->completed;
    if (match->figures.rated && !(rated && match->stands.winner == ending->winner)) {
        model_count(match, -1);
        match->figures = (struct figures){ .rated = false };
    }
    match->there = true;
    match->stands = *ending;
    if (rated && !match->figures.rated) {
        model_rate(match);
    }
}

static bool figures_equal(const struct figures *a, const struct figures *b)
{
    return a->rated == b->rated &&
           (!a->rated || (memcmp(a->before, b->before, sizeof a->before) == 0 &&
                          memcmp(a->after, b->after, sizeof a->after) == 0));
}

static const char *model_row(uint32_t match)
{
    static char row[256];
    const struct ending *stands = &matches[match].stands;
    const struct figures *figures = &matches[match].figures;
    int winner = stands->completed ? stands->winner : -1;
    int size = snprintf(row, sizeof row, "%s %u %d %d %d %u 1767225660.%06u",
                        stands->completed ? "completed" : "abandoned", stands->fence, winner,
                        stands->winner == 0 ? 3 : 1, stands->winner == 1 ? 3 : 1,
                        100 * stands->fence, (456 + stands->fence) * 1000);
    if (figures->rated) {
        (void)snprintf(row + size, sizeof row - (size_t)size, " %d %d %d %d rated",
                       figures->before[0], figures->after[0], figures->before[1],
                       figures->after[1]);
    }
    return row;
}

/* ---- in any order ---- */

static uint32_t two_of_their_own(uint32_t match, uint32_t slot)
{
    return match * 2 + slot;
}

TEST(results_of_a_match_in_any_order_end_the_same)
{
    static const struct ending endings[4] = {
        { .fence = 1, .completed = false, .rated = true, .winner = MATCH_NOBODY },
        { .fence = 2, .completed = true, .rated = true, .winner = 0 },
        { .fence = 3, .completed = true, .rated = true, .winner = 1 },
        { .fence = 4, .completed = false, .rated = true, .winner = MATCH_NOBODY },
    };
    uint32_t match = 0;
    set_up(48);
    seat_of = two_of_their_own;
    model_clear();
    for (uint32_t order = 0; order < 256; order++) {
        uint32_t at[4] = { order & 3, order >> 2 & 3, order >> 4 & 3, order >> 6 };
        if ((1U << at[0] | 1U << at[1] | 1U << at[2] | 1U << at[3]) != 15) {
            continue; /* not each once */
        }
        for (uint32_t i = 0; i < 8; i++) { /* each twice */
            struct ending ending = endings[at[i / 2]];
            ending.match = match;
            struct figures figures = store(&ending);
            model_store(&ending);
            CHECK(figures_equal(&figures, &matches[match].figures));
        }
        CHECK_STRING(match_row(match),
                     "completed 3 1 1 3 300 1767225660.459000 1000 984 1000 1016 rated");
        CHECK_STRING(rating_row(match * 2), "984 0 1 0");
        CHECK_STRING(rating_row(match * 2 + 1), "1016 1 0 0");
        match++;
    }
    CHECK_INT(match, 24);
    CHECK_STRING(database_ask("select count(*) from duel_matches"), "24");
    CHECK(books_are_right());
    database_close();
}

static uint32_t the_same_two(uint32_t match, uint32_t slot)
{
    (void)match;
    return slot;
}

TEST(the_same_outcome_with_a_higher_fence_leaves_the_rating_as_it_was_told)
{
    struct ending first = { .match = 1, .fence = 5, .completed = true, .rated = true };
    struct ending other = { .match = 2, .fence = 5, .completed = true, .rated = true };
    set_up(2);
    seat_of = the_same_two;
    struct figures told = store(&first);
    (void)store(&other);
    first.fence = 9; /* who took the finished match over stores it again */
    struct figures again = store(&first);
    CHECK(figures_equal(&told, &again));
    CHECK_STRING(match_row(1), "completed 9 0 3 1 900 1767225660.465000 1000 1016 1000 984 rated");
    CHECK(books_are_right());
    CHECK(books_are_in_order());
    database_close();
}

TEST(another_outcome_takes_back_the_old_change_below_later_ones)
{
    struct ending first = { .match = 1, .fence = 5, .completed = true, .rated = true };
    struct ending other = { .match = 2, .fence = 5, .completed = true, .rated = true };
    set_up(2);
    seat_of = the_same_two;
    (void)store(&first);
    struct figures later = store(&other);
    first.fence = 6;
    first.winner = 1;
    struct figures anew = store(&first);
    int rest = 1000 + later.after[0] - later.before[0]; /* without the first match */
    CHECK_INT(anew.before[0], rest);
    CHECK_INT(anew.after[0] - rest, rating_change(rest, 2000 - rest, RATING_LOSS));
    CHECK_STRING(database_ask("select string_agg(right(id::text, 1), ' ' order by rated_seq) from"
                              " duel_matches"), "2 1");
    CHECK(books_are_right());
    first.fence = 7;
    first.rated = false; /* its player was found out, say */
    CHECK(!store(&first).rated);
    CHECK_STRING(database_ask("select sum(wins) || ' ' || sum(losses) from duel_ratings"), "1 1");
    CHECK(books_are_right());
    database_close();
}

TEST(achievements_are_never_taken_back)
{
    struct ending ending = { .match = 1, .fence = 5, .completed = true, .rated = true };
    set_up(2);
    seat_of = the_same_two;
    database_do(database_admin, "insert into achievements select i, '', '', '' from unnest(array["
                                "'first_blood', 'rival', 'gladiator', 'speed_demon']) i");
    (void)store(&ending);
    ending.fence = 6;
    ending.winner = 1;
    (void)store(&ending);
    CHECK_STRING(database_ask("select string_agg(right(user_id::text, 1) || ' ' || achievement_id,"
                              " ', ' order by user_id, achievement_id) from user_achievements"),
                 "0 first_blood, 0 speed_demon, 1 first_blood, 1 speed_demon");
    database_close();
}

TEST(a_result_with_other_players_is_refused)
{
    struct ending ending = { .match = 1, .fence = 5, .completed = true, .rated = true };
    set_up(4);
    seat_of = the_same_two;
    (void)store(&ending);
    seat_of = two_of_their_own;
    ending.fence = 6;
    send_ending(database_admin, &ending);
    PGresult *result = PQgetResult(database_admin);
    CHECK_STRING(PQresultErrorField(result, PG_DIAG_SQLSTATE), "P0001");
    PQclear(result);
    PQclear(PQgetResult(database_admin));
    CHECK_STRING(rating_row(0), "1016 1 0 0");
    database_close();
}

/* ---- databases and servers of before ---- */

TEST(results_of_before_there_were_fences_stand_as_fence_0)
{
    struct ending ending = { .match = 1, .fence = 0, .completed = true, .rated = true };
    database_open("pg_fence", true);
    database_load(database_admin, "deploy/migrations/001_duels.sql");
    database_load(database_admin, "deploy/migrations/002_functions.sql");
    database_do(database_admin, "create table duel_migrations (version integer primary key, name"
                                " text not null, applied_at timestamptz not null default now());"
                                "insert into duel_migrations values (1, 'a'), (2, 'b')");
    add_players(2);
    seat_of = the_same_two;
    (void)store(&ending); /* by the functions of then */
    migrate();
    CHECK_STRING(database_ask("select string_agg(name, ' ' order by version) from duel_migrations"),
                 "a b 003_fences 004_reading 005_fair_play 006_arrivals 007_operating"
                 " 008_events 009_crowds");
    CHECK_STRING(database_ask("select fence is null and rated_seq is null from duel_matches"), "t");
    CHECK(books_are_right());
    ending.winner = 1;
    CHECK_INT(store(&ending).after[0], 1016); /* no higher fence */
    ending.fence = 1;
    CHECK_INT(store(&ending).after[0], 984);
    CHECK_STRING(rating_row(0), "984 0 1 0");
    CHECK(books_are_right());
    database_do(database_admin, database_read("deploy/migrations/003_fences.sql"));
    CHECK_STRING(match_row(1), "completed 1 1 1 3 100 1767225660.457000 1000 984 1000 1016 rated");
    database_close();
}

TEST(a_server_of_before_stores_without_a_fence)
{
    struct ending ending = { .match = 1, .fence = 0, .completed = true, .rated = true };
    uint32_t size = 0;
    set_up(2);
    seat_of = the_same_two;
    char *json = make_json(&ending, &size);
    CHECK(json != NULL);
    CHECK_STRING(database_ask("select p1_after from duel_store_match('%.*s'::jsonb - 'fence')",
                              (int)size, json), "1016");
    free(json);
    CHECK_STRING(database_ask("select fence from duel_matches"), "0");
    CHECK_STRING(rating_row(0), "1016 1 0 0");
    database_close();
}

/* ---- at random ---- */

#define RANDOM_MATCHES 200
#define RANDOM_PLAYERS 5

static uint32_t one_of_five(uint32_t match, uint32_t slot)
{
    uint32_t first = match % RANDOM_PLAYERS;
    return slot == 0 ? first : (first + 1 + match / RANDOM_PLAYERS % (RANDOM_PLAYERS - 1)) %
                                   RANDOM_PLAYERS;
}

static struct ending draw_ending(struct rng *rng, uint32_t match, uint32_t fence)
{
    struct ending ending = { .match = match, .fence = fence };
    ending.completed = rng_below(rng, 3) > 0;
    ending.rated = rng_below(rng, 8) > 0;
    ending.winner = (int8_t)((int)rng_below(rng, 3) - 1);
    return ending;
}

TEST(random_results_are_stored_as_a_model_says)
{
    struct rng rng;
    uint32_t replaced = 0;
    set_up(RANDOM_PLAYERS);
    seat_of = one_of_five;
    model_clear();
    rng_seed(&rng, 86);
    for (uint32_t i = 0; i < 2000; i++) {
        uint32_t number = rng_below(&rng, RANDOM_MATCHES);
        struct ending ending = draw_ending(&rng, number, rng_below(&rng, 12));
        struct match_model *match = &matches[ending.match];
        replaced += match->figures.rated && outranks(&ending, &match->stands);
        struct figures figures = store(&ending);
        model_store(&ending);
        CHECK(figures_equal(&figures, &match->figures));
    }
    CHECK(replaced > 100);
    for (uint32_t i = 0; i < RANDOM_MATCHES; i++) {
        CHECK_STRING(match_row(i), matches[i].there ? model_row(i) : "");
    }
    for (uint32_t i = 0; i < RANDOM_PLAYERS; i++) {
        char expected[64];
        (void)snprintf(expected, sizeof expected, "%d %d %d %d", players[i].rating,
                       players[i].wins, players[i].losses, players[i].draws);
        CHECK_STRING(rating_row(i), expected);
    }
    CHECK(books_are_right());
    database_close();
}

/* ---- at once ---- */

#define SESSIONS 12
#define CROWD_MATCHES 60
#define CROWD_PLAYERS 5
#define CROWD_STORES 4800

/* Each fence has one outcome, as each owner of a match sees one; many sessions store the same. */
static struct ending draw_owned(struct rng *rng)
{
    struct rng owner;
    uint32_t match = rng_below(rng, CROWD_MATCHES), fence = rng_below(rng, 10);
    rng_seed(&owner, match * 100 + fence);
    return draw_ending(&owner, match, fence);
}

static void note_best(const struct ending *ending)
{
    struct match_model *match = &matches[ending->match];
    if (!match->there || outranks(ending, &match->stands)) {
        match->there = true;
        match->stands = *ending;
    }
}

/* Keeps every session busy until all is stored; an error (a deadlock is one) fails the test. */
static void store_at_once(PGconn *const sessions[SESSIONS], struct rng *rng)
{
    struct pollfd sockets[SESSIONS];
    bool busy[SESSIONS] = { false };
    uint32_t sent = 0, done = 0;
    while (done < CROWD_STORES) {
        for (uint32_t i = 0; i < SESSIONS; i++) {
            if (!busy[i] && sent < CROWD_STORES) {
                struct ending ending = draw_owned(rng);
                note_best(&ending);
                send_ending(sessions[i], &ending);
                busy[i] = true;
                sent++;
            }
            sockets[i] = (struct pollfd){ PQsocket(sessions[i]), POLLIN, 0 };
        }
        CHECK(poll(sockets, SESSIONS, 20000) > 0);
        for (uint32_t i = 0; i < SESSIONS; i++) {
            if (busy[i] && sockets[i].revents != 0) {
                CHECK(PQconsumeInput(sessions[i]) == 1);
                if (PQisBusy(sessions[i]) == 0) {
                    (void)read_figures(sessions[i]);
                    busy[i] = false;
                    done++;
                }
            }
        }
    }
}

static uint32_t one_of_a_crowd(uint32_t match, uint32_t slot)
{
    uint32_t first = match % CROWD_PLAYERS;
    return slot == 0 ? first : (first + 1 + match / CROWD_PLAYERS % (CROWD_PLAYERS - 1)) %
                                   CROWD_PLAYERS;
}

TEST(many_sessions_at_once_end_the_same_and_never_lock_each_other_up)
{
    PGconn *sessions[SESSIONS];
    struct rng rng;
    set_up(CROWD_PLAYERS);
    database_do(database_admin, "insert into achievements select i, '', '', '' from unnest(array["
                                "'first_blood', 'rival', 'gladiator', 'speed_demon']) i");
    seat_of = one_of_a_crowd;
    model_clear();
    rng_seed(&rng, 87);
    for (int i = 0; i < SESSIONS; i++) {
        sessions[i] = database_connect(database_url);
        database_do(sessions[i], "set synchronous_commit = off; set deadlock_timeout = '50ms'");
    }
    store_at_once(sessions, &rng);
    for (int i = 0; i < SESSIONS; i++) {
        PQfinish(sessions[i]);
    }
    for (uint32_t i = 0; i < CROWD_MATCHES; i++) {
        const struct ending *best = &matches[i].stands;
        char expected[64];
        (void)snprintf(expected, sizeof expected, "%s %u %d %d",
                       best->completed ? "completed" : "abandoned", best->fence,
                       best->completed ? best->winner : -1, best->completed && best->rated);
        CHECK_STRING(database_ask("select concat_ws(' ', status, fence, case winner_id when"
                                  " player1_id then 0 when player2_id then 1 else -1 end,"
                                  " (rating_p1_before is not null)::int) from duel_matches"
                                  " where id = '00000001-0000-4000-8000-%012u'", i), expected);
    }
    CHECK(books_are_right());
    database_close();
}

/* Two processes store the same match: one holds it, the other waits and then decides. */
TEST(who_waits_for_another_store_of_the_match_decides_by_what_that_stored)
{
    set_up(4);
    seat_of = two_of_their_own;
    PGconn *other = database_connect(database_url);
    for (uint32_t match = 0; match < 2; match++) {
        struct ending low = { match, 1, true, true, 0 }, high = { match, 2, true, true, 1 };
        database_do(database_admin, "begin");
        (void)store(match == 0 ? &low : &high);
        send_ending(other, match == 0 ? &high : &low);
        database_do(database_admin, "do $$ begin while not exists (select 1 from pg_stat_activity"
                    " where wait_event_type = 'Lock' and datname = current_database())"
                    " loop perform pg_stat_clear_snapshot(); end loop; end $$; commit");
        CHECK_INT(read_figures(other).after[0], 984);
        CHECK_STRING(match_row(match),
                     "completed 2 1 1 3 200 1767225660.458000 1000 984 1000 1016 rated");
    }
    CHECK(books_are_right());
    PQfinish(other);
    database_close();
}

TEST_MAIN
