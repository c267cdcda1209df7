/* `duel-server matches` and `match`: what is being played, and one match with its rounds and
 * guesses.
 *
 * The process of this environment is asked on its operators' listener; of other nodes' matches
 * Valkey knows where and how far they are; what is finished PostgreSQL has. Nothing is changed. */
#include <duel/base/uuid.h>
#include <duel/command/command.h>
#include <duel/command/ops_ask.h>
#include <duel/command/stores.h>
#include <hiredis/hiredis.h>
#include <jansson.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ANSWER_SIZE_MAX (128 * 1024)
#define KEY_START "duel:match:"

/* ---- the server here ---- */

/* The body as JSON, or NULL: nobody answers, or not with it. */
static json_t *ask_server(const struct settings *settings, const char *path)
{
    static char answer[ANSWER_SIZE_MAX];
    const char *body = ops_ask(settings->ops_listen, path, answer, sizeof answer);
    return body != NULL ? json_loads(body, 0, NULL) : NULL;
}

/* All live matches of the server here, page by page. */
static json_t *list_here(const struct settings *settings)
{
    json_t *all = json_array();
    json_int_t from = 0;
    bool more = true;
    while (more) {
        char path[64];
        snprintf(path, sizeof path, "/matches?from=%" JSON_INTEGER_FORMAT, from);
        json_t *page = ask_server(settings, path);
        json_t *match, *next = json_object_get(page, "next");
        size_t i;
        json_array_foreach(json_object_get(page, "matches"), i, match) {
            json_object_set(match, "node", json_object_get(page, "node"));
            json_array_append(all, match);
        }
        more = json_is_integer(next) && json_integer_value(next) > from;
        from = json_integer_value(next);
        json_decref(page);
    }
    return all;
}

/* ---- Valkey ---- */

static bool is_listed(const json_t *list, const char *id)
{
    const json_t *match;
    size_t i;
    json_array_foreach(list, i, match) {
        const char *listed = json_string_value(json_object_get(match, "match"));
        if (listed != NULL && strcmp(listed, id) == 0) {
            return true;
        }
    }
    return false;
}

static json_t *word_of(const redisReply *field)
{
    json_t *word = field->type == REDIS_REPLY_STRING ? json_stringn(field->str, field->len) : NULL;
    return word != NULL ? word : json_null();
}

static void add_saved(redisContext *valkey, const char *key, json_t *list)
{
    const char *id = key + sizeof KEY_START - 1;
    redisReply *match = redisCommand(valkey, "HMGET %s node phase over p0 p1", key);
    if (match != NULL && match->type == REDIS_REPLY_ARRAY && match->elements == 5 &&
        !is_listed(list, id)) {
        redisReply **field = match->element;
        bool over = field[2]->type == REDIS_REPLY_STRING && strcmp(field[2]->str, "1") == 0;
        if (!over && field[0]->type == REDIS_REPLY_STRING) {
            json_array_append_new(list,
                                  json_pack("{ss so so s[{so}{so}]}", "match", id, "node",
                                            word_of(field[0]), "phase", word_of(field[1]),
                                            "players", "id", word_of(field[3]), "id",
                                            word_of(field[4])));
        }
    }
    freeReplyObject(match);
}

/* SCAN goes through the keys in small steps, so Valkey serves everybody else between them. */
static bool list_elsewhere(redisContext *valkey, json_t *list)
{
    char cursor[32] = "0";
    do {
        redisReply *page = redisCommand(valkey, "SCAN %s MATCH " KEY_START "* COUNT 1000", cursor);
        if (page == NULL || page->type != REDIS_REPLY_ARRAY || page->elements != 2) {
            freeReplyObject(page);
            return false;
        }
        snprintf(cursor, sizeof cursor, "%s", page->element[0]->str);
        for (size_t i = 0; i < page->element[1]->elements; i++) {
            add_saved(valkey, page->element[1]->element[i]->str, list);
        }
        freeReplyObject(page);
    } while (strcmp(cursor, "0") != 0);
    return true;
}

/* ---- printing ---- */

static const char *text_at(const json_t *object, const char *key, const char *otherwise)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : otherwise;
}

static const char *player_of(const json_t *match, size_t slot)
{
    const json_t *player = json_array_get(json_object_get(match, "players"), slot);
    return text_at(player, "name", text_at(player, "id", "-"));
}

static void print_match(const json_t *match)
{
    char round[16] = "-", score[16] = "-", since[32] = "-";
    const json_t *points = json_object_get(match, "score");
    time_t started = (time_t)(json_integer_value(json_object_get(match, "started_at")) / 1000);
    struct tm tm;
    if (points != NULL) {
        snprintf(round, sizeof round, "%d",
                 (int)json_integer_value(json_object_get(match, "round")));
        snprintf(score, sizeof score, "%d-%d", (int)json_integer_value(json_array_get(points, 0)),
                 (int)json_integer_value(json_array_get(points, 1)));
    }
    if (started != 0 && gmtime_r(&started, &tm) != NULL) {
        strftime(since, sizeof since, "%H:%M:%S", &tm);
    }
    printf("%-36s  %-8s  %-12s  %5s  %5s  %-8s  %s, %s\n", text_at(match, "match", "-"),
           text_at(match, "node", "-"), text_at(match, "phase", "-"), round, score, since,
           player_of(match, 0), player_of(match, 1));
}

static void print_list(const json_t *list)
{
    const json_t *match;
    size_t i;
    printf("%-36s  %-8s  %-12s  %5s  %5s  %-8s  %s\n", "MATCH", "NODE", "PHASE", "ROUND", "SCORE",
           "SINCE", "PLAYERS");
    json_array_foreach(list, i, match) {
        print_match(match);
    }
}

static void print_json(const json_t *value)
{
    char *text = json_dumps(value, JSON_INDENT(2));
    puts(text != NULL ? text : "null");
    free(text);
}

int command_matches(const struct settings *settings, int argc, char **argv)
{
    bool json = argc == 2 && strcmp(argv[1], "--json") == 0;
    if (argc > 1 && !json) {
        bool help = strcmp(argv[1], "--help") == 0;
        fputs("usage: duel-server matches [--json]\n", help ? stdout : stderr);
        return help ? EXIT_SUCCESS : EXIT_USAGE;
    }
    redisContext *valkey = stores_valkey(settings, argv[0]);
    if (valkey == NULL) {
        return EXIT_FAILURE;
    }
    json_t *list = list_here(settings);
    bool good = list_elsewhere(valkey, list);
    redisFree(valkey);
    if (!good) {
        fputs("duel-server matches: Valkey does not list its matches\n", stderr);
    } else if (json) {
        print_json(list);
    } else {
        print_list(list);
    }
    json_decref(list);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- one ---- */

/* A stored match as its row, with players' names; NULL: there is none, or it was said why not. */
static json_t *read_stored(const struct settings *settings, const char *id, bool *ret_asked)
{
    static const char sql[] =
        "select json_build_object('match', m.id, 'phase', 'over', 'status', m.status, 'reason',"
        " m.reason, 'score', json_build_array(m.score_p1, m.score_p2), 'players',"
        " json_build_array(json_build_object('id', a.id, 'name', a.display_name),"
        " json_build_object('id', b.id, 'name', b.display_name)), 'round',"
        " jsonb_array_length(m.rounds), 'winner', case m.winner_id when a.id then 0 when b.id then"
        " 1 end, 'rating', json_build_array(json_build_array(m.rating_p1_before,"
        " m.rating_p1_after), json_build_array(m.rating_p2_before, m.rating_p2_after)),"
        " 'void', (select v.why from public.duel_voids v where v.match_id = m.id), 'started_at',"
        " public.duel_ms(m.started_at), 'completed_at', public.duel_ms(m.completed_at), 'rounds',"
        " m.rounds) from public.duel_matches m join public.users a on a.id = m.player1_id"
        " join public.users b on b.id = m.player2_id where m.id = $1::uuid";
    struct pg_conn *conn = stores_postgresql(settings, "match");
    PGresult *rows = conn != NULL ? stores_ask(conn, "match", sql, &id, 1) : NULL;
    *ret_asked = rows != NULL;
    bool is_there = rows != NULL && PQntuples(rows) == 1;
    json_t *match = is_there ? json_loads(PQgetvalue(rows, 0, 0), 0, NULL) : NULL;
    PQclear(rows);
    PQfinish(conn);
    return match;
}

int command_match(const struct settings *settings, int argc, char **argv)
{
    struct uuid id;
    bool asked = true;
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        puts("usage: duel-server match MATCH    as JSON: live here, or finished");
        return EXIT_SUCCESS;
    }
    if (argc != 2 || !uuid_parse(text_from(argv[1]), &id)) {
        fputs("usage: duel-server match MATCH\n", stderr);
        return EXIT_USAGE;
    }
    char path[16 + UUID_TEXT_SIZE] = "/matches/";
    uuid_format(&id, path + strlen(path));
    json_t *match = ask_server(settings, path);
    const char *phase = text_at(match, "phase", "over");
    if (strcmp(phase, "over") == 0) {
        json_t *stored = read_stored(settings, path + strlen("/matches/"), &asked);
        if (stored != NULL) {
            json_decref(match);
            match = stored;
        }
    }
    if (match == NULL) {
        if (asked) {
            fputs("duel-server match: neither live on this node nor finished\n", stderr);
        }
        return EXIT_FAILURE;
    }
    print_json(match);
    json_decref(match);
    return EXIT_SUCCESS;
}
