/* `duel-server replay`: runs a finished match again from its journal, prints what happened in it,
 * and holds the result against what is stored. Nothing is changed. */
#include <duel/base/uuid.h>
#include <duel/command/command.h>
#include <duel/command/replay.h>
#include <duel/command/stores.h>
#include <jansson.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char match_sql[] =
    "select json_build_object('rounds', m.rounds, 'reason', m.reason, 'best_of', m.best_of,"
    " 'score', json_build_array(m.score_p1, m.score_p2),"
    " 'points', json_build_array(m.points_p1, m.points_p2),"
    " 'winner', case m.winner_id when m.player1_id then 0 when m.player2_id then 1 end),"
    " encode(e.events, 'hex'), e.release,"
    " to_char(e.created_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS')"
    " from public.duel_matches m left join public.duel_match_events e on e.match_id = m.id"
    " where m.id = $1::uuid";

enum { STORED, EVENTS, RELEASE, CREATED };

/* Allocated; NULL without memory. `hex` is PostgreSQL's. */
static char *read_hex(const char *hex, uint32_t *ret_size)
{
    size_t size = strlen(hex) / 2;
    char *bytes = malloc(size + 1);
    for (size_t i = 0; bytes != NULL && i < size; i++) {
        char pair[3] = { hex[2 * i], hex[2 * i + 1], '\0' };
        bytes[i] = (char)strtoul(pair, NULL, 16);
    }
    *ret_size = (uint32_t)size;
    return bytes;
}

static void print_lines(const struct replay *replay)
{
    size_t i;
    const json_t *line;
    json_array_foreach(replay->lines, i, line) {
        const json_t *seat = json_object_get(line, "seat");
        double at_ms = json_number_value(json_object_get(line, "at_ms"));
        char who[16] = "";
        if (json_is_integer(seat)) {
            (void)snprintf(who, sizeof who, "seat %d", (int)json_integer_value(seat));
        }
        printf("%12.6f  %-6s  %s\n", at_ms / 1000.0, who,
               json_string_value(json_object_get(line, "text")));
    }
}

static void print_verdict(const struct replay *replay)
{
    size_t i;
    const json_t *text;
    json_array_foreach(replay->differences, i, text) {
        printf("DIFFERENT  %s\n", json_string_value(text));
    }
    printf("%u verdicts, %u rounds: %s (%u texts judged again)\n",
           replay->outcome.verdicts_count, replay->outcome.match.rounds_count,
           json_array_size(replay->differences) == 0 ? "identical" : "not what is stored",
           replay->judged_again);
}

static void print_json(const struct replay *replay, const char *release, const char *created)
{
    json_t *all = json_pack(
        "{s:b,s:i,s:i,s:i,s:s,s:s,s:O,s:O}", "identical",
        json_array_size(replay->differences) == 0, "verdicts",
        (int)replay->outcome.verdicts_count, "rounds", (int)replay->outcome.match.rounds_count,
        "judged_again", (int)replay->judged_again, "release", release, "stored_at", created,
        "differences", replay->differences, "lines", replay->lines);
    json_dumpf(all, stdout, JSON_INDENT(1));
    puts("");
    json_decref(all);
}

static int replay_row(const PGresult *rows, bool as_json)
{
    static struct replay replay;
    uint32_t size = 0;
    json_t *stored = json_loads(PQgetvalue(rows, 0, STORED), 0, NULL);
    char *bytes = read_hex(PQgetvalue(rows, 0, EVENTS), &size);
    replay.lines = json_array();
    replay.differences = json_array();
    replay_run(&replay, (struct text){ bytes, size });
    if (replay.state == JOURNAL_CUT) {
        replay_differs(&replay, "the journal was full: what followed is not in it");
    } else if (replay.state == JOURNAL_BAD) {
        replay_differs(&replay, "the journal cannot be read further: damaged, or of another"
                                " release");
    } else {
        replay_compare(&replay, stored);
    }
    if (as_json) {
        print_json(&replay, PQgetvalue(rows, 0, RELEASE), PQgetvalue(rows, 0, CREATED));
    } else {
        printf("stored %s by %s, %u bytes; seconds since the match was made\n",
               PQgetvalue(rows, 0, CREATED), PQgetvalue(rows, 0, RELEASE), size);
        print_lines(&replay);
        print_verdict(&replay);
    }
    bool identical = json_array_size(replay.differences) == 0;
    json_decref(replay.lines);
    json_decref(replay.differences);
    json_decref(stored);
    free(bytes);
    return identical ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int replay_match(const struct settings *settings, const char *match, bool as_json)
{
    PGconn *conn = stores_postgresql(settings, "replay");
    if (conn == NULL) {
        return EXIT_FAILURE;
    }
    int status = EXIT_FAILURE;
    PGresult *rows =
        stores_ask(conn, "replay", match_sql, &match, 1);
    if (rows != NULL && PQntuples(rows) == 0) {
        fputs("duel-server replay: no such match is stored\n", stderr);
    } else if (rows != NULL && PQgetisnull(rows, 0, EVENTS)) {
        fputs("duel-server replay: its journal is not kept: stored by an older server, or longer"
              " ago than DUEL_EVENTS_DAYS\n", stderr);
    } else if (rows != NULL) {
        status = replay_row(rows, as_json);
    }
    PQclear(rows);
    PQfinish(conn);
    return status;
}

int command_replay(const struct settings *settings, int argc, char **argv)
{
    const char *match = NULL;
    bool as_json = false;
    for (int i = 1; i < argc; i++) {
        struct uuid id;
        if (strcmp(argv[i], "--help") == 0) {
            puts("usage: duel-server replay MATCH [--json]\n"
                 "Runs a finished match again from its journal. Exit status 0: it comes to what is"
                 " stored.");
            return EXIT_SUCCESS;
        }
        if (strcmp(argv[i], "--json") == 0) {
            as_json = true;
        } else if (match == NULL && uuid_parse(text_from(argv[i]), &id)) {
            match = argv[i];
        } else {
            fprintf(stderr, "duel-server replay: cannot understand %s\n", argv[i]);
            return EXIT_USAGE;
        }
    }
    if (match == NULL) {
        fputs("duel-server replay: which match?\n", stderr);
        return EXIT_USAGE;
    }
    return replay_match(settings, match, as_json);
}
