/* Going through the ranking; see ranking.h. */
#include <duel/base/assert.h>
#include <duel/io/log.h>
#include <duel/io/metrics.h>
#include <duel/io/ranking.h>
#include <ev.h>
#include <stdlib.h>
#include <string.h>

#define AGAIN_MS 1000 /* after a pass that failed, or that found nothing to rank */
#define TOKEN_SIZE 24 /* a stamp or a cursor: digits */

struct ranking {
    struct loop *loop;
    struct pg *pg;
    struct valkey *valkey;
    struct inquiry step;    /* of the pass */
    struct inquiry correct; /* ranking_correct() */
    bool passing;
    bool correcting;
    bool again; /* Valkey is another one since the pass began */
    bool good;
    bool empty; /* the pass found nothing to rank */
    char after[UUID_TEXT_SIZE + 1]; /* the last player of the page before */
    char stamp[TOKEN_SIZE];
    char cursor[TOKEN_SIZE];
    struct ev_timer timer;
};

static void start(struct ranking *ranking);

static void schedule(struct ranking *ranking, uint32_t ms)
{
    struct ev_loop *ev = loop_ev(ranking->loop);
    ev_timer_stop(ev, &ranking->timer);
    ev_timer_set(&ranking->timer, ms / 1000.0, 0);
    ev_timer_start(ev, &ranking->timer);
}

static void fail(struct ranking *ranking)
{
    ranking->passing = false;
    schedule(ranking, AGAIN_MS);
}

static void end(struct ranking *ranking)
{
    ranking->passing = false;
    ranking->good = true;
    metrics_add(METRIC_RANKING_PASSES, 1);
    log_line(LOG_LEVEL_DEBUG, "the ranking is what is stored");
    schedule(ranking, RANKING_PASS_MS);
}

/* ---- one step: ask, and what comes next ---- */

static void ask_pg(struct ranking *ranking, const char *sql, struct text argument,
                   void (*done)(struct inquiry *inquiry, enum hub_reply reply,
                                const struct text *texts))
{
    ranking->step.done = done;
    if (!pg_inquire(ranking->pg, &ranking->step, sql, &argument, 1)) {
        fail(ranking);
    }
}

static void ask_valkey(struct ranking *ranking, const struct text *arguments, uint32_t count,
                       uint32_t texts,
                       void (*done)(struct inquiry *inquiry, enum hub_reply reply,
                                    const struct text *texts))
{
    ranking->step.done = done;
    if (!valkey_inquire(ranking->valkey, &ranking->step, arguments, count, texts)) {
        fail(ranking);
    }
}

/* Whether the pass goes on; else it has been ended, and begun anew where that makes sense. */
static bool goes_on(struct ranking *ranking, enum hub_reply reply)
{
    if (ranking->again) {
        ranking->passing = false;
        start(ranking);
        return false;
    }
    if (reply != HUB_OK) {
        fail(ranking);
    }
    return reply == HUB_OK;
}

/* False: longer than anything that was asked for. */
static bool keep(char *memory, size_t size, struct text text)
{
    if (text.size >= size) {
        return false;
    }
    if (text.size != 0) {
        memcpy(memory, text.data, text.size);
    }
    memory[text.size] = 0;
    return true;
}

/* ---- what differs ---- */

static void scan(struct ranking *ranking);

static void on_sealed(struct inquiry *inquiry, enum hub_reply reply, const struct text *texts)
{
    struct ranking *ranking = inquiry->context;
    if (!goes_on(ranking, reply)) {
        return;
    }
    if (texts[0].size == 0) { /* it vanished after it had been filled */
        fail(ranking);
    } else {
        end(ranking);
    }
}

static void seal(struct ranking *ranking)
{
    if (ranking->empty) {
        end(ranking); /* a sorted set without members is none */
        return;
    }
    const struct text arguments[] = { TEXT("seal"), text_from(ranking->stamp) };
    ask_valkey(ranking, arguments, 2, 1, on_sealed);
}

static void scan_on(struct ranking *ranking)
{
    if (strcmp(ranking->cursor, "0") == 0) {
        seal(ranking);
    } else {
        scan(ranking);
    }
}

static void count_corrections(struct text made)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < made.size && i < 9; i++) {
        count = count * 10 + (uint64_t)(made.data[i] - '0');
    }
    metrics_add(METRIC_RANKING_CORRECTIONS, count);
}

static void on_mended(struct inquiry *inquiry, enum hub_reply reply, const struct text *texts)
{
    struct ranking *ranking = inquiry->context;
    if (goes_on(ranking, reply)) {
        count_corrections(texts[0]);
        scan_on(ranking);
    }
}

static void on_checked(struct inquiry *inquiry, enum hub_reply reply, const struct text *texts)
{
    struct ranking *ranking = inquiry->context;
    if (!goes_on(ranking, reply)) {
        return;
    }
    if (texts[0].size == 0) {
        scan_on(ranking);
        return;
    }
    const struct text arguments[] = { TEXT("mend"), texts[0] };
    ask_valkey(ranking, arguments, 2, 1, on_mended);
}

static void on_scanned(struct inquiry *inquiry, enum hub_reply reply, const struct text *texts)
{
    struct ranking *ranking = inquiry->context;
    if (!goes_on(ranking, reply)) {
        return;
    }
    if (!keep(ranking->cursor, sizeof ranking->cursor, texts[0])) {
        fail(ranking);
    } else if (texts[1].size == 0) {
        scan_on(ranking);
    } else {
        ask_pg(ranking, "select public.duel_ranking_check($1)", texts[1], on_checked);
    }
}

static void scan(struct ranking *ranking)
{
    const struct text arguments[] = { TEXT("scan"), text_from(ranking->cursor) };
    ask_valkey(ranking, arguments, 2, 2, on_scanned);
}

/* ---- what is missing ---- */

static void ask_page(struct ranking *ranking);

static void on_filled(struct inquiry *inquiry, enum hub_reply reply, const struct text *texts)
{
    struct ranking *ranking = inquiry->context;
    if (!goes_on(ranking, reply)) {
        return;
    }
    if (texts[0].size == 0 || !keep(ranking->stamp, sizeof ranking->stamp, texts[0])) {
        fail(ranking); /* it vanished under the filling */
    } else {
        ask_page(ranking);
    }
}

static void on_page(struct inquiry *inquiry, enum hub_reply reply, const struct text *texts)
{
    struct ranking *ranking = inquiry->context;
    if (!goes_on(ranking, reply)) {
        return;
    }
    if (texts[1].size == 0) {
        ranking->empty = ranking->after[0] == 0;
        memcpy(ranking->cursor, "0", 2);
        scan(ranking);
    } else if (keep(ranking->after, sizeof ranking->after, texts[1])) {
        const struct text arguments[] = { TEXT("fill"), text_from(ranking->stamp), texts[0] };
        ask_valkey(ranking, arguments, 3, 1, on_filled);
    } else {
        fail(ranking);
    }
}

/* 250 rows: 11 KB, some hundred microseconds of each store. */
static void ask_page(struct ranking *ranking)
{
    ask_pg(ranking, "select entries, last from public.duel_ranking_page($1, 250)",
           text_from(ranking->after), on_page);
}

static void start(struct ranking *ranking)
{
    if (ranking->passing || !pg_is_up(ranking->pg) || !valkey_is_up(ranking->valkey)) {
        return; /* it ends, or they come */
    }
    ev_timer_stop(loop_ev(ranking->loop), &ranking->timer);
    ranking->passing = true;
    ranking->again = false;
    ranking->after[0] = ranking->stamp[0] = 0;
    ask_page(ranking);
}

static void on_timer(struct ev_loop *ev, struct ev_timer *timer, int events)
{
    (void)ev;
    (void)events;
    start(timer->data);
}

/* ---- what others see ---- */

void ranking_store_changed(struct ranking *ranking, enum hub_store store, bool up)
{
    if (store == HUB_VALKEY) {
        ranking->good = false; /* it may come back empty, or as it was long ago */
        ranking->again = ranking->passing;
    }
    if (up && !ranking->good) {
        start(ranking);
    }
}

bool ranking_is_good(const struct ranking *ranking)
{
    return ranking->good;
}

void ranking_missed(struct ranking *ranking)
{
    if (!ranking->good) {
        return; /* it is being done */
    }
    ranking->good = false;
    if (ranking->empty) {
        schedule(ranking, AGAIN_MS);
    } else {
        start(ranking);
    }
}

static void on_corrected(struct inquiry *inquiry, enum hub_reply reply, const struct text *texts)
{
    struct ranking *ranking = inquiry->context;
    ranking->correcting = false;
    if (reply == HUB_OK) {
        count_corrections(texts[0]);
    }
}

void ranking_correct(struct ranking *ranking, struct text corrections)
{
    const struct text arguments[] = { TEXT("mend"), corrections };
    ranking->correcting = ranking->correcting ||
                          valkey_inquire(ranking->valkey, &ranking->correct, arguments, 2, 1);
}

struct ranking *ranking_create(struct loop *loop, struct pg *pg, struct valkey *valkey)
{
    struct ranking *ranking = calloc(1, sizeof *ranking);
    if (ranking == NULL) {
        return NULL;
    }
    ranking->loop = loop;
    ranking->pg = pg;
    ranking->valkey = valkey;
    ranking->step.context = ranking->correct.context = ranking;
    ranking->correct.done = on_corrected;
    ev_init(&ranking->timer, on_timer);
    ranking->timer.data = ranking;
    return ranking;
}

void ranking_destroy(struct ranking *ranking)
{
    if (ranking != NULL) {
        ev_timer_stop(loop_ev(ranking->loop), &ranking->timer);
        free(ranking);
    }
}
