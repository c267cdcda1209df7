/* Statements through one connection in pipeline mode, and what happens when it is lost.
 *
 * Each statement has a Sync of its own, so each is a transaction of its own. Answers come in the
 * order of the questions. Whatever is lost with a connection is answered HUB_UNAVAILABLE: it may
 * have happened. A frozen server gives no error at all, so the statement that is first in line
 * has `stall_ms` to be answered; that is counted in ticks of a timer and not read from a clock,
 * because a process that was itself suspended must not take its own sleep for the server's. A
 * server that is awake ends a statement sooner by itself (pg_schema.c), and the link stays. */
#include <duel/base/assert.h>
#include <duel/base/rng.h>
#include <duel/io/log.h>
#include <duel/io/metrics.h>
#include <duel/io/pg_private.h>
#include <ev.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define WINDOW 128 /* statements under way at once; more wait here, not in the socket */
#define STALL_TICKS 5
#define BACKOFF_FIRST_MS 50
#define BACKOFF_MAX_MS 2000
#define FAREWELL_MS 1000

struct request {
    struct request *next;
    struct pg_ask ask; /* parameters point into `bytes` */
    uint64_t asked_us;
    char bytes[];
};

struct pg_link {
    struct loop *loop;
    struct pg_callbacks callbacks;
    struct pg_dial *dial;
    PGconn *conn; /* there only while up */
    PGresult *result; /* of the first request, until its Sync */
    struct request *first; /* under way, oldest first, and then those not yet sent */
    struct request **last;
    struct request *unsent;
    uint32_t in_flight;
    uint32_t stalled_ticks; /* of the watchdog since the first request became the first */
    uint32_t stall_ms;
    uint32_t backoff_ms;
    struct rng rng;
    const char *broken; /* why the connection must be dropped, soon */
    ev_io io;
    ev_timer watchdog;
    ev_timer retry;
    ev_timer soon; /* drops a broken connection from the loop, never inside a question */
};

static void drop(struct pg_link *link, const char *why);

static void must_drop(struct pg_link *link, const char *why)
{
    if (link->broken == NULL) {
        link->broken = why;
        ev_timer_set(&link->soon, 0, 0);
        ev_timer_start(loop_ev(link->loop), &link->soon);
    }
}

/* ---- sending ---- */

static bool send_request(struct pg_link *link, const struct request *request)
{
    const char *values[PG_PARAMS_MAX];
    int sizes[PG_PARAMS_MAX], formats[PG_PARAMS_MAX];
    Oid types[PG_PARAMS_MAX];
    for (uint32_t i = 0; i < request->ask.params_count; i++) {
        values[i] = request->ask.params[i].data;
        sizes[i] = (int)request->ask.params[i].size;
        formats[i] = 1; /* binary: a text may hold any byte; PostgreSQL judges it */
        types[i] = 25;  /* text */
    }
    return PQsendQueryParams(link->conn, request->ask.sql, (int)request->ask.params_count, types,
                             values, sizes, formats, 0) == 1 &&
           PQpipelineSync(link->conn) == 1;
}

static void watch(struct pg_link *link, int events)
{
    struct ev_loop *ev = loop_ev(link->loop);
    int fd = PQsocket(link->conn);
    if (ev_is_active(&link->io) && (link->io.events & 3) == events && link->io.fd == fd) {
        return;
    }
    ev_io_stop(ev, &link->io);
    ev_io_set(&link->io, fd, events);
    ev_io_start(ev, &link->io);
}

/* Whether all that libpq has been given is on its way. */
static bool flush(struct pg_link *link)
{
    int left = PQflush(link->conn);
    if (left < 0) {
        must_drop(link, "cannot write");
    } else {
        watch(link, left > 0 ? EV_READ | EV_WRITE : EV_READ);
    }
    return left == 0;
}

static bool is_blocked(struct pg_link *link)
{
    return ev_is_active(&link->io) && (link->io.events & EV_WRITE) != 0;
}

/* Nothing more is given to libpq while the socket takes nothing: with each statement it would try
 * again, and move all that waits. */
static void pump(struct pg_link *link)
{
    while (flush(link) && link->unsent != NULL && link->in_flight < WINDOW &&
           link->broken == NULL) {
        if (!send_request(link, link->unsent)) {
            must_drop(link, "cannot write");
            return;
        }
        metrics_add(METRIC_PG_QUERIES, 1);
        if (link->in_flight++ == 0) {
            link->stalled_ticks = 0;
        }
        link->unsent = link->unsent->next;
    }
}

void pg_link_ask(struct pg_link *link, const struct pg_ask *ask)
{
    ASSERT(link->conn != NULL && ask->params_count <= PG_PARAMS_MAX);
    size_t size = 0;
    for (uint32_t i = 0; i < ask->params_count; i++) {
        ASSERT(ask->params[i].data != NULL);
        size += ask->params[i].size;
    }
    struct request *request = malloc(sizeof *request + size);
    ASSERT(request != NULL); /* a few hundred bytes; results are bounded by the hub */
    request->next = NULL;
    request->ask = *ask;
    request->asked_us = loop_now_us(link->loop);
    size = 0;
    for (uint32_t i = 0; i < ask->params_count; i++) {
        memcpy(request->bytes + size, ask->params[i].data, ask->params[i].size);
        request->ask.params[i].data = request->bytes + size;
        size += ask->params[i].size;
    }
    *link->last = request;
    link->last = &request->next;
    if (link->unsent == NULL) {
        link->unsent = request;
    }
    if (!is_blocked(link)) {
        pump(link);
    }
}

/* ---- answers ---- */

/* What an error means to who asked. Refused is only what is wrong with the question itself and
 * would be wrong again: SQLSTATE classes 21 and 22 (data), 23 (constraints), P0 (raised). All
 * else (connection, resources, locks, time limits, shutdown, read-only, missing privileges or
 * functions) is the server's state, which an operator or time will change, and nothing may be
 * lost by it. */
static enum hub_reply judge(struct pg_link *link, const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    char problem[256];
    pg_describe(result, problem, sizeof problem);
    if (state == NULL) {
        return HUB_UNAVAILABLE;
    }
    if (strncmp(state, "21", 2) == 0 || strncmp(state, "22", 2) == 0 ||
        strncmp(state, "23", 2) == 0 || strncmp(state, "P0", 2) == 0) {
        log_text(LOG_LEVEL_ERROR, "PostgreSQL refused a statement", "reason", problem);
        return HUB_REFUSED;
    }
    log_text(LOG_LEVEL_WARN, "PostgreSQL could not do a statement", "reason", problem);
    if (strcmp(state, "25006") == 0 || strncmp(state, "42", 2) == 0) {
        must_drop(link, "not the database it was"); /* the next connection looks at it anew */
    }
    return HUB_UNAVAILABLE;
}

/* The first request is over; takes it off the list before it is answered, because the answer may
 * ask. */
static void complete(struct pg_link *link)
{
    struct request *request = link->first;
    PGresult *result = link->result;
    ASSERT(request != NULL && link->in_flight > 0);
    link->result = NULL;
    link->stalled_ticks = 0;
    link->in_flight--;
    link->first = request->next;
    if (link->first == NULL) {
        link->last = &link->first;
    }
    enum hub_reply reply = HUB_UNAVAILABLE;
    if (result != NULL) {
        reply = PQresultStatus(result) == PGRES_TUPLES_OK ? HUB_OK : judge(link, result);
    }
    if (reply != HUB_OK) {
        metrics_add(METRIC_PG_FAILURES, 1);
    }
    metrics_observe(METRIC_STORE_POSTGRESQL, loop_now_us(link->loop) - request->asked_us);
    request->ask.answer(&request->ask, reply, reply == HUB_OK ? result : NULL);
    PQclear(result);
    free(request);
}

/* One NULL stands between two statements, two in a row mean that nothing more is there. */
static void read_answers(struct pg_link *link)
{
    int nulls = 0;
    while (link->in_flight > 0 && nulls < 2 && PQisBusy(link->conn) == 0) {
        PGresult *result = PQgetResult(link->conn);
        if (result == NULL) {
            nulls++;
            continue;
        }
        nulls = 0;
        if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
            PQclear(result);
            complete(link);
        } else {
            PQclear(link->result);
            link->result = result;
        }
    }
}

static void read_input(struct pg_link *link)
{
    if (PQconsumeInput(link->conn) != 1) {
        drop(link, "connection lost");
        return;
    }
    read_answers(link);
    if (PQstatus(link->conn) == CONNECTION_BAD) {
        drop(link, "connection lost");
    } else {
        pump(link);
    }
}

static void on_io(struct ev_loop *ev, ev_io *io, int events)
{
    (void)ev;
    struct pg_link *link = io->data;
    if ((events & EV_READ) != 0) {
        read_input(link);
    } else {
        pump(link);
    }
}

/* ---- coming and going ---- */

static void schedule_retry(struct pg_link *link)
{
    uint32_t half = link->backoff_ms / 2;
    uint32_t ms = half + rng_below(&link->rng, half + 1);
    link->backoff_ms = link->backoff_ms * 2 < BACKOFF_MAX_MS ? link->backoff_ms * 2
                                                             : BACKOFF_MAX_MS;
    ev_timer_set(&link->retry, ms / 1000.0, 0);
    ev_timer_start(loop_ev(link->loop), &link->retry);
}

/* Ends the connection and takes away all that was asked, oldest first. */
static struct request *detach(struct pg_link *link)
{
    struct ev_loop *ev = loop_ev(link->loop);
    ev_io_stop(ev, &link->io);
    ev_timer_stop(ev, &link->watchdog);
    ev_timer_stop(ev, &link->soon);
    PQclear(link->result);
    PQfinish(link->conn);
    struct request *lost = link->first;
    link->result = NULL;
    link->conn = NULL;
    link->first = link->unsent = NULL;
    link->last = &link->first;
    link->in_flight = link->stalled_ticks = 0;
    link->broken = NULL;
    return lost;
}

static void drop(struct pg_link *link, const char *why)
{
    log_text(LOG_LEVEL_WARN, "PostgreSQL dropped", "reason", why);
    struct request *lost = detach(link);
    schedule_retry(link);
    link->callbacks.up(link->callbacks.context, false);
    while (lost != NULL) {
        struct request *request = lost;
        lost = request->next;
        metrics_add(METRIC_PG_FAILURES, 1);
        request->ask.answer(&request->ask, HUB_UNAVAILABLE, NULL);
        free(request);
    }
}

static void on_dialled(void *context, PGconn *conn, const uint8_t *secret)
{
    struct pg_link *link = context;
    if (conn == NULL) {
        schedule_retry(link);
        return;
    }
    link->conn = conn;
    link->backoff_ms = BACKOFF_FIRST_MS;
    link->stalled_ticks = 0;
    watch(link, EV_READ);
    ev_timer_again(loop_ev(link->loop), &link->watchdog);
    metrics_add(METRIC_PG_CONNECTS, 1);
    log_line(LOG_LEVEL_INFO, "PostgreSQL connected");
    link->callbacks.up(link->callbacks.context, true);
    link->callbacks.secret(link->callbacks.context, secret);
}

static void on_watchdog(struct ev_loop *ev, ev_timer *timer, int events)
{
    (void)ev;
    (void)events;
    struct pg_link *link = timer->data;
    if (link->in_flight > 0 && ++link->stalled_ticks > STALL_TICKS) {
        drop(link, "no answer in time");
    }
}

static void on_retry(struct ev_loop *ev, ev_timer *timer, int events)
{
    (void)ev;
    (void)events;
    struct pg_link *link = timer->data;
    pg_dial_start(link->dial);
}

static void on_soon(struct ev_loop *ev, ev_timer *timer, int events)
{
    (void)ev;
    (void)events;
    struct pg_link *link = timer->data;
    drop(link, link->broken);
}

void pg_link_set_stall(struct pg_link *link, uint32_t stall_ms)
{
    link->stall_ms = stall_ms;
    link->watchdog.repeat = stall_ms / 1000.0 / STALL_TICKS;
    if (link->conn != NULL) {
        ev_timer_again(loop_ev(link->loop), &link->watchdog);
    }
}

static void init_watchers(struct pg_link *link)
{
    ev_init(&link->io, on_io);
    ev_init(&link->watchdog, on_watchdog);
    ev_init(&link->retry, on_retry);
    ev_init(&link->soon, on_soon);
    link->io.data = link->watchdog.data = link->retry.data = link->soon.data = link;
    pg_link_set_stall(link, PG_STALL_MS);
}

struct pg_link *pg_link_create(struct loop *loop, struct worker *worker, const char *url,
                               const struct pg_callbacks *callbacks)
{
    struct pg_link *link = calloc(1, sizeof *link);
    if (link == NULL) {
        return NULL;
    }
    uint64_t seed = 0;
    (void)!getrandom(&seed, sizeof seed, 0); /* only spreads the retries of several nodes */
    rng_seed(&link->rng, seed);
    link->loop = loop;
    link->callbacks = *callbacks;
    link->backoff_ms = BACKOFF_FIRST_MS;
    link->last = &link->first;
    link->dial = pg_dial_create(loop, worker, url, on_dialled, link);
    if (link->dial == NULL) {
        free(link);
        return NULL;
    }
    init_watchers(link);
    ev_timer_set(&link->retry, 0, link->retry.repeat);
    ev_timer_start(loop_ev(loop), &link->retry); /* the first attempt, in the loop's first turn */
    return link;
}

bool pg_link_is_up(const struct pg_link *link)
{
    return link->conn != NULL && link->broken == NULL;
}

/* Waits, blocking, until all that was asked is done, at most FAREWELL_MS; nobody is told. */
static void say_farewell(struct pg_link *link)
{
    uint64_t until_us = loop_read_us(link->loop) + FAREWELL_MS * 1000;
    while (link->first != NULL && link->broken == NULL) {
        uint64_t now_us = loop_read_us(link->loop);
        struct pollfd socket = { PQsocket(link->conn), POLLIN, 0 };
        pump(link);
        socket.events = PQflush(link->conn) > 0 ? POLLIN | POLLOUT : POLLIN;
        if (now_us >= until_us || poll(&socket, 1, (int)((until_us - now_us) / 1000) + 1) <= 0 ||
            PQconsumeInput(link->conn) != 1) {
            return;
        }
        read_answers(link);
    }
}

static void ignore_answer(const struct pg_ask *ask, enum hub_reply reply,
                          const struct pg_result *rows)
{
    (void)ask;
    (void)reply;
    (void)rows;
}

void pg_link_destroy(struct pg_link *link)
{
    if (link == NULL) {
        return;
    }
    for (struct request *request = link->first; request != NULL; request = request->next) {
        request->ask.answer = ignore_answer;
    }
    if (link->conn != NULL) {
        say_farewell(link);
    }
    for (struct request *lost = detach(link), *next; lost != NULL; lost = next) {
        next = lost->next;
        free(lost);
    }
    ev_timer_stop(loop_ev(link->loop), &link->retry);
    pg_dial_destroy(link->dial);
    free(link);
}
