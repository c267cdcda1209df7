/* Requests that only read; see reading.h. */
#include <duel/base/assert.h>
#include <duel/base/rate.h>
#include <duel/io/log.h>
#include <duel/io/reading.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define RATES 4096 /* players whose pace is remembered; a power of two */
#define RATE_PROBES 8
#define NUMBER_SIZE 12

struct read {
    struct inquiry inquiry;
    struct reading *reading;
    bool is_used;
    struct reading_question question;
    struct ref conn;
    reading_done *done;
    void *context;
    uint32_t sub_size;
    char sub[HUB_SUB_SIZE_MAX];
    char missing[UUID_TEXT_SIZE + 32]; /* OWN_RANK: the correction if the set lacks the caller */
};

/* When a player's allowance is full again; told apart by a keyed hash. */
struct rate {
    uint64_t player;
    uint64_t at_us;
};

struct reading {
    struct loop *loop;
    struct pg *pg;
    struct valkey *valkey;
    struct ranking *ranking;
    uint64_t seed;
    struct read reads[READING_AT_ONCE_MAX];
    struct rate rates[RATES];
};

/* ---- pace ---- */

/* FNV-1a from a start that nobody knows, then mixed (splitmix64): players do not choose their
 * `sub`. */
static uint64_t hash(uint64_t seed, struct text sub)
{
    uint64_t hash = seed ^ 0xcbf29ce484222325u;
    for (uint32_t i = 0; i < sub.size; i++) {
        hash = (hash ^ (uint8_t)sub.data[i]) * 0x100000001b3u;
    }
    hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9u;
    hash = (hash ^ hash >> 27) * 0x94d049bb133111ebu;
    return hash ^ hash >> 31;
}

/* Places of players whose allowance is full are free. When none is near, nobody is refused for
 * what others do. */
static bool is_in_time(struct reading *reading, struct text sub)
{
    uint64_t player = hash(reading->seed, sub);
    uint64_t now_us = loop_now_us(reading->loop);
    struct rate *place = NULL;
    for (uint32_t i = 0; i < RATE_PROBES; i++) {
        struct rate *rate = &reading->rates[(player + i) & (RATES - 1)];
        if (rate->player == player) {
            place = rate;
            break;
        }
        if (place == NULL && rate->at_us <= now_us) {
            place = rate;
        }
    }
    if (place == NULL) {
        return true;
    }
    if (place->player != player) {
        *place = (struct rate){ .player = player };
    }
    return rate_take(&place->at_us, now_us, READING_PER_S);
}

/* ---- ends ---- */

static void finish(struct read *read, enum reading_outcome outcome, struct text data)
{
    ASSERT(read->is_used);
    read->is_used = false;
    read->done(read->context, read->conn, outcome, data);
}

static void finish_unavailable(struct read *read)
{
    finish(read, READING_UNAVAILABLE, TEXT_NONE);
}

static void finish_with(struct read *read, struct text data)
{
    if (data.data == NULL || data.size > READING_DATA_SIZE_MAX) {
        log_number(LOG_LEVEL_ERROR, "an answer of PostgreSQL that cannot be sent", "bytes",
                   data.size);
        finish_unavailable(read);
        return;
    }
    finish(read, READING_OK, data);
}

static enum reading_outcome outcome_of(struct text code)
{
    if (code.size == 0) {
        return READING_OK;
    }
    if (text_equal(code, TEXT("BAD_CURSOR"))) {
        return READING_BAD_CURSOR;
    }
    if (text_equal(code, TEXT("NO_SUCH_MATCH"))) {
        return READING_NO_SUCH_MATCH;
    }
    ASSERT(text_equal(code, TEXT("AUTH_BAD_SUBJECT")));
    return READING_BAD_SUBJECT;
}

/* {code, data} */
static void on_answer(struct inquiry *inquiry, enum hub_reply reply, const struct text *texts)
{
    struct read *read = inquiry->context;
    if (reply != HUB_OK) {
        finish_unavailable(read);
    } else if (texts[0].size != 0) {
        finish(read, outcome_of(texts[0]), TEXT_NONE);
    } else {
        finish_with(read, texts[1]);
    }
}

/* ---- asking PostgreSQL ---- */

static struct text print_number(uint32_t number, char memory[NUMBER_SIZE])
{
    int size = snprintf(memory, NUMBER_SIZE, "%" PRIu32, number);
    return (struct text){ memory, (uint32_t)size };
}

static struct text print_id(const struct uuid *id, char memory[UUID_TEXT_SIZE + 1])
{
    if (uuid_is_none(id)) {
        return TEXT("");
    }
    uuid_format(id, memory);
    return (struct text){ memory, UUID_TEXT_SIZE };
}

static struct text sub_of(const struct read *read)
{
    return (struct text){ read->sub, read->sub_size };
}

static bool ask_pg(struct read *read, const char *sql, const struct text *params, uint32_t count,
                   void (*done)(struct inquiry *inquiry, enum hub_reply reply,
                                const struct text *texts))
{
    read->inquiry.done = done;
    return pg_inquire(read->reading->pg, &read->inquiry, sql, params, count);
}

/* What PostgreSQL answers alone. */
static bool ask_all(struct read *read)
{
    const struct reading_question *question = &read->question;
    char limit[NUMBER_SIZE], offset[NUMBER_SIZE], id[UUID_TEXT_SIZE + 1];
    struct text params[3] = { sub_of(read) };
    switch (question->what) {
    case READING_HISTORY:
        params[1] = print_id(&question->id, id);
        params[2] = print_number(question->limit, limit);
        return ask_pg(read, "select code, data from public.duel_history($1, $2, $3::integer)",
                      params, 3, on_answer);
    case READING_MATCH:
        params[1] = print_id(&question->id, id);
        return ask_pg(read, "select code, data from public.duel_match($1, $2::uuid)", params, 2,
                      on_answer);
    case READING_LEADERBOARD:
        params[0] = print_number(question->limit, limit);
        params[1] = print_number(question->offset, offset);
        return ask_pg(read, "select '', public.duel_leaderboard($1::integer, $2::integer)",
                      params, 2, on_answer);
    case READING_OWN_RANK:
        params[1] = print_number(READING_DISTANCE, limit);
        return ask_pg(read, "select code, data from public.duel_own_rank($1, $2::integer)",
                      params, 2, on_answer);
    case READING_NOTHING:
        break;
    }
    ASSERT(false);
    return false;
}

static void fall_back(struct read *read)
{
    if (!ask_all(read)) {
        finish_unavailable(read);
    }
}

/* ---- with Valkey's order ---- */

/* {corrections, data} */
static void on_rows(struct inquiry *inquiry, enum hub_reply reply, const struct text *texts)
{
    struct read *read = inquiry->context;
    if (reply == HUB_OK && texts[0].size != 0) {
        ranking_correct(read->reading->ranking, texts[0]);
        fall_back(read);
    } else if (reply == HUB_OK) {
        finish_with(read, texts[1]);
    } else {
        finish_unavailable(read);
    }
}

/* What Valkey gave, to PostgreSQL: {entries, position, rank[, own rank, total]} */
static void ask_rows(struct read *read, const struct text *order)
{
    const struct text params[] = { order[5], order[2], order[3],
                                   order[4].size != 0 ? order[4] : TEXT("0"), order[1] };
    bool asked;
    if (read->question.what == READING_LEADERBOARD) {
        asked = ask_pg(read, "select wrong, data"
                             " from public.duel_ranking($1, $2::integer, $3::integer)",
                       params, 3, on_rows);
    } else {
        asked = ask_pg(read, "select wrong, data from public.duel_ranking_around"
                             "($1, $2::integer, $3::integer, $4::integer, $5::integer)",
                       params, 5, on_rows);
    }
    if (!asked) {
        finish_unavailable(read);
    }
}

/* {whole, total, position, rank, own rank, entries}: ranking.lua */
static void on_order(struct inquiry *inquiry, enum hub_reply reply, const struct text *texts)
{
    struct read *read = inquiry->context;
    struct ranking *ranking = read->reading->ranking;
    if (reply != HUB_OK) {
        fall_back(read);
    } else if (!text_equal(texts[0], TEXT("1")) || texts[5].data == NULL) {
        ranking_missed(ranking);
        fall_back(read);
    } else if (read->missing[0] != 0 && texts[4].size == 0) {
        ranking_correct(ranking, text_from(read->missing));
        fall_back(read);
    } else {
        ask_rows(read, texts);
    }
}

static bool ask_valkey(struct read *read, struct text what, struct text first, struct text second)
{
    const struct text arguments[] = { what, first, second };
    read->inquiry.done = on_order;
    return valkey_inquire(read->reading->valkey, &read->inquiry, arguments, 3, 6);
}

/* {code, id, rating} */
static void on_caller(struct inquiry *inquiry, enum hub_reply reply, const struct text *texts)
{
    struct read *read = inquiry->context;
    if (reply != HUB_OK) {
        finish_unavailable(read);
        return;
    }
    if (texts[0].size != 0) {
        finish(read, outcome_of(texts[0]), TEXT_NONE);
        return;
    }
    char distance[NUMBER_SIZE];
    bool is_ranked = texts[1].size != 0 && texts[2].size != 0;
    if (is_ranked) {
        (void)snprintf(read->missing, sizeof read->missing, "%.*s::%.*s", TEXT_ARG(texts[1]),
                       TEXT_ARG(texts[2]));
    }
    if (!ask_valkey(read, TEXT("around"), is_ranked ? texts[1] : TEXT(""),
                    print_number(READING_DISTANCE, distance))) {
        fall_back(read);
    }
}

/* False: Valkey's order is of no use now, or not asked for. */
static bool ask_with_order(struct read *read)
{
    if (!ranking_is_good(read->reading->ranking)) {
        return false;
    }
    if (read->question.what == READING_LEADERBOARD) {
        char offset[NUMBER_SIZE], limit[NUMBER_SIZE];
        return ask_valkey(read, TEXT("page"), print_number(read->question.offset, offset),
                          print_number(read->question.limit, limit));
    }
    if (read->question.what == READING_OWN_RANK) {
        struct text sub = sub_of(read);
        return ask_pg(read, "select code, id, rating from public.duel_caller($1)", &sub, 1,
                      on_caller);
    }
    return false;
}

/* ---- what others see ---- */

static struct read *take(struct reading *reading)
{
    for (uint32_t i = 0; i < READING_AT_ONCE_MAX; i++) {
        if (!reading->reads[i].is_used) {
            return &reading->reads[i];
        }
    }
    return NULL;
}

enum reading_outcome reading_ask(struct reading *reading, const struct reading_question *question,
                                 struct text sub, struct ref conn, reading_done *done,
                                 void *context)
{
    ASSERT(question->what != READING_NOTHING && sub.size <= HUB_SUB_SIZE_MAX);
    ASSERT(question->what == READING_LEADERBOARD || sub.size != 0);
    if (sub.size != 0 && !is_in_time(reading, sub)) {
        return READING_SLOW_DOWN;
    }
    struct read *read = take(reading);
    if (read == NULL || !pg_is_up(reading->pg)) {
        return READING_UNAVAILABLE;
    }
    *read = (struct read){ .inquiry = { .context = read }, .reading = reading, .is_used = true,
                           .question = *question, .conn = conn, .done = done, .context = context,
                           .sub_size = sub.size };
    if (sub.size != 0) {
        memcpy(read->sub, sub.data, sub.size);
    }
    if (!ask_with_order(read) && !ask_all(read)) {
        read->is_used = false;
        return READING_UNAVAILABLE;
    }
    return READING_OK;
}

void reading_store_changed(struct reading *reading, enum hub_store store, bool up)
{
    ranking_store_changed(reading->ranking, store, up);
}

struct reading *reading_create(struct loop *loop, struct pg *pg, struct valkey *valkey)
{
    struct reading *reading = calloc(1, sizeof *reading);
    if (reading == NULL) {
        return NULL;
    }
    reading->loop = loop;
    reading->pg = pg;
    reading->valkey = valkey;
    reading->ranking = ranking_create(loop, pg, valkey);
    if (reading->ranking == NULL ||
        getrandom(&reading->seed, sizeof reading->seed, 0) != sizeof reading->seed) {
        reading_destroy(reading);
        return NULL;
    }
    return reading;
}

void reading_destroy(struct reading *reading)
{
    if (reading != NULL) {
        ranking_destroy(reading->ranking);
        free(reading);
    }
}
