/* What operators do to players and matches: ban, unban, void, notice, drain, undrain, forget.
 *
 * Each is one call of an SQL function (deploy/migrations/007_operating.sql), which writes the act
 * into the log in the same transaction; the nodes read it there. So this needs no running server,
 * and works for any number of them. */
#include <duel/base/uuid.h>
#include <duel/command/command.h>
#include <duel/command/stores.h>
#include <hiredis/hiredis.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHY_SIZE_MAX 500
#define INTERVAL_SIZE 32

/* What was said on the command line; NULL or false: nothing. */
struct act {
    const char *word;
    const char *subject; /* the one argument that is no option */
    const char *why;
    const char *who;
    const char *until;
    const char *node;
    bool clear;
    char interval[INTERVAL_SIZE]; /* of --for, as PostgreSQL reads it; or "" */
};

static void print_help(const char *word, const char *arguments)
{
    printf("usage: duel-server %s %s\n", word, arguments);
    puts("  --why TEXT    the reason, for the log");
    puts("  --who NAME    who does it; else the name of the user who runs this");
}

/* ---- the command line ---- */

/* "90s", "30m", "12h", "3d", "2w" as an interval of PostgreSQL. */
static bool read_interval(const char *text, char ret_interval[INTERVAL_SIZE])
{
    static const char *const units[] = { ['s'] = "seconds", ['m'] = "minutes", ['h'] = "hours",
                                         ['d'] = "days",    ['w'] = "weeks" };
    char *end;
    long count = strtol(text, &end, 10);
    unsigned char unit = (unsigned char)*end;
    if (end == text || count < 1 || count > 100000 || unit >= sizeof units / sizeof units[0] ||
        units[unit] == NULL || end[1] != '\0') {
        return false;
    }
    snprintf(ret_interval, INTERVAL_SIZE, "%ld %s", count, units[unit]);
    return true;
}

static bool read_option(struct act *act, const char *option, const char *value)
{
    const struct {
        const char *name;
        const char **place;
    } texts[] = { { "--why", &act->why }, { "--who", &act->who }, { "--until", &act->until },
                  { "--node", &act->node } };
    if (value == NULL) {
        return false;
    }
    if (strcmp(option, "--for") == 0) {
        return read_interval(value, act->interval);
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strcmp(option, texts[i].name) == 0) {
            *texts[i].place = value;
            return value[0] != '\0' && strlen(value) <= WHY_SIZE_MAX;
        }
    }
    return false;
}

static bool read_act(struct act *act, int argc, char **argv)
{
    act->word = argv[0];
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--clear") == 0) {
            act->clear = true;
        } else if (strncmp(argv[i], "--", 2) == 0) {
            if (!read_option(act, argv[i], i + 1 < argc ? argv[i + 1] : NULL)) {
                fprintf(stderr, "duel-server %s: cannot understand %s\n", act->word, argv[i]);
                return false;
            }
            i++;
        } else if (act->subject == NULL) {
            act->subject = argv[i];
        } else {
            fprintf(stderr, "duel-server %s: too many arguments: %s\n", act->word, argv[i]);
            return false;
        }
    }
    if (act->who == NULL) {
        const char *sudo = getenv("SUDO_USER"), *user = getenv("USER");
        act->who = sudo != NULL && sudo[0] != '\0'   ? sudo
                   : user != NULL && user[0] != '\0' ? user
                                                     : "operator";
    }
    return true;
}

/* ---- the work ---- */

/* Asks, prints the first column, and gives the row for whom it concerns; NULL: it failed. */
static PGresult *run(const struct settings *settings, const char *word, const char *sql,
                     const char *const *params, int count)
{
    PGconn *conn = stores_postgresql(settings, word);
    if (conn == NULL) {
        return NULL;
    }
    PGresult *rows = stores_ask(conn, word, sql, params, count);
    PQfinish(conn);
    if (rows != NULL && PQntuples(rows) == 1) {
        puts(PQgetvalue(rows, 0, 0));
    }
    return rows;
}

static int finish(PGresult *rows)
{
    bool done = rows != NULL;
    PQclear(rows);
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Reads the line, prints help, and says what is missing. False: *ret_status is to be returned. */
static bool begin(struct act *act, const char *arguments, bool needs_why, int argc, char **argv,
                  int *ret_status)
{
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        print_help(argv[0], arguments);
        *ret_status = EXIT_SUCCESS;
        return false;
    }
    *ret_status = EXIT_USAGE;
    if (!read_act(act, argc, argv)) {
        return false;
    }
    bool has_subject = arguments[0] == '[' || act->subject != NULL;
    if (!has_subject || (needs_why && act->why == NULL)) {
        fprintf(stderr, "usage: duel-server %s %s\n", act->word, arguments);
        return false;
    }
    return true;
}

int command_ban(const struct settings *settings, int argc, char **argv)
{
    struct act act = { 0 };
    int status;
    if (!begin(&act, "PLAYER [--for 3d | --until TIME] --why TEXT", true, argc, argv, &status)) {
        return status;
    }
    const char *params[] = { act.subject, act.who, act.why, act.until,
                             act.interval[0] != '\0' ? act.interval : NULL };
    return finish(run(settings, act.word,
                      "select public.duel_ban($1, $2, $3, coalesce($4::timestamptz,"
                      " now() + $5::interval))", params, 5));
}

int command_unban(const struct settings *settings, int argc, char **argv)
{
    struct act act = { 0 };
    int status;
    if (!begin(&act, "PLAYER --why TEXT", true, argc, argv, &status)) {
        return status;
    }
    const char *params[] = { act.subject, act.who, act.why };
    return finish(run(settings, act.word, "select public.duel_unban($1, $2, $3)", params, 3));
}

/* "<player>:<rating>" with blanks between. Members that are in the ranking get their rating; all
 * else is the servers', who go through the ranking every ten minutes. */
static void rank(const struct settings *settings, const char *word, char *ratings)
{
    redisContext *valkey = ratings[0] != '\0' ? stores_valkey(settings, word) : NULL;
    char *rest = NULL;
    for (char *entry = strtok_r(ratings, " ", &rest); valkey != NULL && entry != NULL;
         entry = strtok_r(NULL, " ", &rest)) {
        char *colon = strchr(entry, ':');
        if (colon != NULL) {
            *colon = '\0';
            freeReplyObject(redisCommand(valkey, "ZADD lb:duels:elo XX %s %s", colon + 1, entry));
        }
    }
    if (valkey != NULL) {
        redisFree(valkey);
    } else if (ratings[0] != '\0') {
        fputs("The ranking follows within ten minutes.\n", stderr);
    }
}

int command_void(const struct settings *settings, int argc, char **argv)
{
    struct act act = { 0 };
    struct uuid id;
    int status;
    if (!begin(&act, "MATCH --why TEXT", true, argc, argv, &status)) {
        return status;
    }
    if (!uuid_parse(text_from(act.subject), &id)) {
        fprintf(stderr, "duel-server void: not the id of a match: %s\n", act.subject);
        return EXIT_USAGE;
    }
    const char *params[] = { act.subject, act.who, act.why };
    PGresult *rows = run(settings, act.word,
                         "select said, ratings from public.duel_void($1::uuid, $2, $3)",
                         params, 3);
    if (rows != NULL) {
        rank(settings, act.word, PQgetvalue(rows, 0, 1));
    }
    return finish(rows);
}

int command_notice(const struct settings *settings, int argc, char **argv)
{
    struct act act = { 0 };
    int status;
    if (!begin(&act, "[TEXT [--for 2h | --until TIME] | --clear] [--why TEXT]", false, argc, argv,
               &status)) {
        return status;
    }
    if (act.clear == (act.subject != NULL)) {
        fputs("duel-server notice: a text, or --clear\n", stderr);
        return EXIT_USAGE;
    }
    const char *params[] = { act.clear ? "" : act.subject, act.who,
                             act.why != NULL ? act.why : "notice", act.until,
                             act.interval[0] != '\0' ? act.interval : NULL };
    return finish(run(settings, act.word,
                      "select public.duel_notice($1, $2, $3, coalesce($4::timestamptz,"
                      " now() + $5::interval))", params, 5));
}

static int drain(const struct settings *settings, const char *on, int argc, char **argv)
{
    struct act act = { 0 };
    int status;
    if (!begin(&act, "[--node NODE] [--why TEXT]", false, argc, argv, &status)) {
        return status;
    }
    if (act.subject != NULL) {
        fprintf(stderr, "duel-server %s: a node is named by --node\n", act.word);
        return EXIT_USAGE;
    }
    const char *params[] = { act.node != NULL ? act.node : "*", on, act.who,
                             act.why != NULL ? act.why : act.word };
    return finish(run(settings, act.word,
                      "select public.duel_drain($1, $2::boolean, $3, $4)", params, 4));
}

int command_drain(const struct settings *settings, int argc, char **argv)
{
    return drain(settings, "true", argc, argv);
}

int command_undrain(const struct settings *settings, int argc, char **argv)
{
    return drain(settings, "false", argc, argv);
}

/* ---- forgetting ---- */

/* Whether a match or ticket of the player is in Valkey; asked twice it is the same. */
static bool is_here_now(redisContext *valkey, const char *id)
{
    redisReply *reply = redisCommand(valkey, "EXISTS duel:playing:%s duel:ticket:%s", id, id);
    bool here = reply == NULL || reply->type != REDIS_REPLY_INTEGER || reply->integer != 0;
    freeReplyObject(reply);
    return here;
}

static void forget_keys(redisContext *valkey, const char *id)
{
    freeReplyObject(redisCommand(valkey, "ZREM lb:duels:elo %s", id));
    freeReplyObject(redisCommand(valkey, "DEL duel:last:%s duel:left:%s duel:invites:%s", id, id,
                                 id));
}

/* The player's users.id, or "": it was said why not. */
static void find_player(const struct settings *settings, const struct act *act,
                        char ret_id[UUID_TEXT_SIZE + 1])
{
    PGconn *conn = stores_postgresql(settings, act->word);
    PGresult *rows = NULL;
    ret_id[0] = '\0';
    if (conn != NULL) {
        rows = stores_ask(conn, act->word,
                                      "select public.duel_player_named($1)", &act->subject, 1);
    }
    if (rows != NULL) {
        snprintf(ret_id, UUID_TEXT_SIZE + 1, "%s", PQgetvalue(rows, 0, 0));
    }
    PQclear(rows);
    PQfinish(conn);
}

int command_forget(const struct settings *settings, int argc, char **argv)
{
    struct act act = { 0 };
    char id[UUID_TEXT_SIZE + 1];
    int status;
    if (!begin(&act, "PLAYER --why TEXT", true, argc, argv, &status)) {
        return status;
    }
    redisContext *valkey = stores_valkey(settings, act.word);
    find_player(settings, &act, id);
    if (valkey == NULL || id[0] == '\0') {
        status = EXIT_FAILURE;
    } else if (is_here_now(valkey, id)) {
        fputs("duel-server forget: plays or searches now; ban the player, or wait\n", stderr);
        status = EXIT_FAILURE;
    } else {
        const char *params[] = { id, act.who, act.why };
        status = finish(run(settings, act.word, "select said from public.duel_forget($1, $2, $3)",
                            params, 3));
        if (status == EXIT_SUCCESS) {
            forget_keys(valkey, id);
        }
    }
    if (valkey != NULL) {
        redisFree(valkey);
    }
    return status;
}
