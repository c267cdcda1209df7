/* Scripts called through one connection to Valkey, and what happens when it is lost.
 *
 * hiredis frees a context that failed, never to be used again, and calls back everything that
 * was under way with no reply: that becomes HUB_UNAVAILABLE (it may have happened). Answers are
 * positional, so a late one cannot be told from the next: a connection whose oldest command is
 * not answered in time is dropped as a whole. That is counted in ticks of a timer and not read
 * from a clock, because a process that was itself suspended must not take its own sleep for the
 * server's. An idle connection is asked PING, so that a frozen server is noticed before somebody
 * needs it.
 *
 * What such a server still has of ours it may do when it goes on, after what was asked since over
 * the next connection. So connections are numbered, the latest number is kept in Valkey, and a
 * script that was sent over an earlier one does nothing. */
#include <duel/base/assert.h>
#include <duel/base/rng.h>
#include <duel/io/log.h>
#include <duel/io/metrics.h>
#include <duel/io/valkey_private.h>
#include <ev.h>
#include <hiredis/async.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define STALL_TICKS 5
#define PING_TICKS 5 /* of nothing under way */
#define BACKOFF_FIRST_MS 50
#define BACKOFF_MAX_MS 2000
#define SETTLING_LEASES 2
#define GUARD_S "3600"  /* by then nothing is left of the connection before */
#define OWN_ARGUMENTS 3 /* of each script: common.lua */
#define NUMBER_SIZE 12

/* What was sent and is not answered yet. */
struct request {
    struct valkey_link *link;
    struct valkey_ask ask; /* arguments point into `bytes` */
    uint64_t asked_us;
    char bytes[];
};

struct valkey_link {
    struct loop *loop;
    struct valkey_dial *dial;
    const struct valkey_self *self;
    valkey_told *told;
    void (*up)(void *context, bool up);
    void *context;
    redisAsyncContext *redis; /* there only while up */
    uint32_t connection;      /* its number */
    struct valkey_hashes hashes;
    uint32_t in_flight;
    uint32_t ticks; /* of the watchdog since an answer, or since one is waited for */
    uint32_t backoff_ms;
    struct rng rng;
    ev_timer watchdog;
    ev_timer retry;
};

static void schedule_retry(struct valkey_link *link)
{
    uint32_t half = link->backoff_ms / 2;
    uint32_t ms = half + rng_below(&link->rng, half + 1);
    link->backoff_ms = link->backoff_ms * 2 < BACKOFF_MAX_MS ? link->backoff_ms * 2
                                                             : BACKOFF_MAX_MS;
    ev_timer_stop(loop_ev(link->loop), &link->retry);
    ev_timer_set(&link->retry, ms / 1000.0, 0);
    ev_timer_start(loop_ev(link->loop), &link->retry);
}

/* The context is hiredis' to free: nothing goes to it any more. */
static void forget(struct valkey_link *link, const char *why)
{
    log_text(LOG_LEVEL_WARN, "Valkey dropped", "reason",
             why != NULL && why[0] != 0 ? why : "connection lost");
    link->redis = NULL;
    link->in_flight = link->ticks = 0;
    ev_timer_stop(loop_ev(link->loop), &link->watchdog);
    schedule_retry(link);
    link->up(link->context, false);
}

static void drop(struct valkey_link *link, const char *why)
{
    redisAsyncContext *redis = link->redis;
    forget(link, why);
    redisAsyncFree(redis); /* answers what was under way */
}

/* ---- calls ---- */

/* What an error means to who asked: a fault of ours is refused, all else is the server's state. */
static enum hub_reply judge(const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ERROR) {
        return HUB_OK;
    }
    log_text(LOG_LEVEL_ERROR, "Valkey could not do a command", "reason", reply->str);
    bool fault = strncmp(reply->str, "ERR ", 4) == 0 || strncmp(reply->str, "WRONGTYPE ", 10) == 0;
    return fault ? HUB_REFUSED : HUB_UNAVAILABLE;
}

static void on_reply(redisAsyncContext *redis, void *answer, void *context);

/* EVALSHA, or EVAL when the server has forgotten the script. False when there is no connection. */
static bool send_call(struct request *request, bool whole)
{
    struct valkey_link *link = request->link;
    const struct valkey_ask *ask = &request->ask;
    struct text parts[3 + OWN_ARGUMENTS + VALKEY_ARGUMENTS_MAX];
    const char *texts[3 + OWN_ARGUMENTS + VALKEY_ARGUMENTS_MAX];
    size_t sizes[3 + OWN_ARGUMENTS + VALKEY_ARGUMENTS_MAX];
    char number[NUMBER_SIZE];
    (void)snprintf(number, sizeof number, "%u", link->connection);
    parts[0] = whole ? TEXT("EVAL") : TEXT("EVALSHA");
    parts[1] = text_from(whole ? valkey_script_text(ask->script) : link->hashes.text[ask->script]);
    parts[2] = TEXT("0");
    parts[3] = text_from(link->self->boot);
    parts[4] = text_from(number);
    parts[5] = link->self->node;
    memcpy(parts + 3 + OWN_ARGUMENTS, ask->arguments, ask->count * sizeof parts[0]);
    uint32_t count = 3 + OWN_ARGUMENTS + ask->count;
    for (uint32_t i = 0; i < count; i++) {
        texts[i] = parts[i].data != NULL ? parts[i].data : "";
        sizes[i] = parts[i].size;
    }
    if (redisAsyncCommandArgv(link->redis, on_reply, request, (int)count, texts, sizes) !=
        REDIS_OK) {
        return false;
    }
    metrics_add(METRIC_VALKEY_COMMANDS, 1);
    if (link->in_flight++ == 0) {
        link->ticks = 0;
    }
    return true;
}

static void finish(struct request *request, const redisReply *reply)
{
    enum hub_reply verdict = reply != NULL ? judge(reply) : HUB_UNAVAILABLE;
    if (verdict != HUB_OK) {
        metrics_add(METRIC_VALKEY_FAILURES, 1);
    }
    request->link->told(request->link->context, &request->ask, verdict, reply);
    free(request);
}

static bool has_prefix(const redisReply *reply, const char *word)
{
    return reply != NULL && reply->type == REDIS_REPLY_ERROR &&
           strncmp(reply->str, word, strlen(word)) == 0;
}

/* No reply at all: hiredis is about to free the context and ends its calls first. */
static void lost_by(redisAsyncContext *redis, const redisReply *reply)
{
    struct valkey_link *link = redis->data;
    if (reply == NULL && link->redis == redis) {
        forget(link, redis->errstr);
    }
}

static void on_reply(redisAsyncContext *redis, void *answer, void *context)
{
    struct request *request = context;
    const redisReply *reply = answer;
    struct valkey_link *link = redis->data;
    if (link == NULL) { /* destroyed: nobody is there to be told */
        free(request);
        return;
    }
    if (link->redis == redis && reply != NULL) {
        link->in_flight--;
        link->ticks = 0;
        metrics_observe(METRIC_STORE_VALKEY, loop_now_us(link->loop) - request->asked_us);
        if (has_prefix(reply, "NOSCRIPT") && send_call(request, true)) {
            return;
        }
    }
    bool moved = has_prefix(reply, "READONLY") || has_prefix(reply, "NOAUTH") ||
                 has_prefix(reply, "STALE");
    lost_by(redis, reply);
    finish(request, reply);
    if (moved && link->redis == redis) {
        drop(link, "not the server it was");
    }
}

bool valkey_link_ask(struct valkey_link *link, const struct valkey_ask *ask)
{
    ASSERT(ask->count <= VALKEY_ARGUMENTS_MAX);
    if (link->redis == NULL) {
        return false;
    }
    size_t size = 0;
    for (uint32_t i = 0; i < ask->count; i++) {
        size += ask->arguments[i].size;
    }
    struct request *request = malloc(sizeof *request + size);
    if (request == NULL) {
        return false;
    }
    *request = (struct request){ .link = link, .ask = *ask,
                                 .asked_us = loop_now_us(link->loop) };
    size = 0;
    for (uint32_t i = 0; i < ask->count; i++) {
        if (ask->arguments[i].size != 0) {
            memcpy(request->bytes + size, ask->arguments[i].data, ask->arguments[i].size);
        }
        request->ask.arguments[i].data = request->bytes + size;
        size += ask->arguments[i].size;
    }
    if (!send_call(request, false)) {
        free(request);
        return false;
    }
    return true;
}

/* ---- commands of the link's own ---- */

/* What it answers does not matter. */
static void on_aside(redisAsyncContext *redis, void *answer, void *context)
{
    (void)context;
    struct valkey_link *link = redis->data;
    if (link == NULL) {
        return;
    }
    if (answer != NULL && link->redis == redis) {
        link->in_flight--;
        link->ticks = 0;
    }
    lost_by(redis, answer);
}

static void send_aside(struct valkey_link *link, int count, const char **words)
{
    if (redisAsyncCommandArgv(link->redis, on_aside, NULL, count, words, NULL) == REDIS_OK &&
        link->in_flight++ == 0) {
        link->ticks = 0;
    }
}

/* The first command of a connection: earlier ones have no say from here on. */
static void send_number(struct valkey_link *link)
{
    char key[sizeof "duel:conn:" + VALKEY_BOOT_SIZE], number[NUMBER_SIZE];
    link->connection++;
    (void)snprintf(key, sizeof key, "duel:conn:%s", link->self->boot);
    (void)snprintf(number, sizeof number, "%u", link->connection);
    const char *words[] = { "SET", key, number, "EX", GUARD_S };
    send_aside(link, 5, words);
}

/* Others may have been cut off too, and get the time to say that they are alive. */
static void send_settling(struct valkey_link *link)
{
    char key[sizeof "duel:settling:" + VALKEY_BOOT_SIZE], number[NUMBER_SIZE];
    (void)snprintf(key, sizeof key, "duel:settling:%s", link->self->boot);
    (void)snprintf(number, sizeof number, "%u", SETTLING_LEASES * link->self->lease_ms);
    const char *words[] = { "SET", key, "1", "PX", number };
    send_aside(link, 5, words);
}

void valkey_link_delete(struct valkey_link *link, const char *key)
{
    if (link->redis == NULL) {
        return;
    }
    const char *words[] = { "DEL", key };
    send_aside(link, 2, words);
    int done = 0;
    (void)redisBufferWrite(&link->redis->c, &done); /* as far as the socket takes it */
}

/* ---- coming and going ---- */

static void on_disconnect(const redisAsyncContext *redis, int status)
{
    (void)status;
    struct valkey_link *link = redis->data;
    if (link != NULL && link->redis == redis) {
        forget(link, redis->errstr);
    }
}

static void on_dialled(void *context, redisAsyncContext *redis, const struct valkey_hashes *hashes)
{
    struct valkey_link *link = context;
    if (redis == NULL) {
        schedule_retry(link);
        return;
    }
    redis->data = link;
    (void)redisAsyncSetDisconnectCallback(redis, on_disconnect);
    link->redis = redis;
    link->hashes = *hashes;
    link->backoff_ms = BACKOFF_FIRST_MS;
    link->in_flight = link->ticks = 0;
    ev_timer_again(loop_ev(link->loop), &link->watchdog);
    send_number(link);
    send_settling(link);
    metrics_add(METRIC_VALKEY_CONNECTS, 1);
    log_line(LOG_LEVEL_INFO, "Valkey connected");
    link->up(link->context, true);
}

static void on_watchdog(struct ev_loop *ev, ev_timer *timer, int events)
{
    (void)ev;
    (void)events;
    struct valkey_link *link = timer->data;
    link->ticks++;
    if (link->in_flight > 0 && link->ticks > STALL_TICKS) {
        drop(link, "no answer in time");
    } else if (link->in_flight == 0 && link->ticks >= PING_TICKS) {
        link->ticks = 0;
        const char *words[] = { "PING" };
        send_aside(link, 1, words);
    }
}

static void on_retry(struct ev_loop *ev, ev_timer *timer, int events)
{
    (void)ev;
    (void)events;
    struct valkey_link *link = timer->data;
    valkey_dial_start(link->dial);
}

void valkey_link_set_stall(struct valkey_link *link, uint32_t stall_ms)
{
    link->watchdog.repeat = stall_ms / 1000.0 / STALL_TICKS;
    if (link->redis != NULL) {
        ev_timer_again(loop_ev(link->loop), &link->watchdog);
    }
}

struct valkey_link *valkey_link_create(struct loop *loop, struct worker *worker,
                                       const struct settings *settings,
                                       const struct valkey_self *self, valkey_told *told,
                                       void (*up)(void *context, bool up), void *context)
{
    struct valkey_link *link = calloc(1, sizeof *link);
    if (link == NULL) {
        return NULL;
    }
    link->dial = valkey_dial_create(loop, worker, settings, on_dialled, link);
    if (link->dial == NULL) {
        free(link);
        return NULL;
    }
    uint64_t seed = 0;
    (void)!getrandom(&seed, sizeof seed, 0); /* only spreads the retries of several nodes */
    rng_seed(&link->rng, seed);
    link->loop = loop;
    link->self = self;
    link->told = told;
    link->up = up;
    link->context = context;
    link->backoff_ms = BACKOFF_FIRST_MS;
    ev_init(&link->watchdog, on_watchdog);
    ev_init(&link->retry, on_retry);
    link->watchdog.data = link->retry.data = link;
    valkey_link_set_stall(link, VALKEY_STALL_MS);
    ev_timer_start(loop_ev(loop), &link->retry); /* the first attempt, in the loop's first turn */
    return link;
}

void valkey_link_destroy(struct valkey_link *link)
{
    if (link == NULL) {
        return;
    }
    ev_timer_stop(loop_ev(link->loop), &link->watchdog);
    ev_timer_stop(loop_ev(link->loop), &link->retry);
    valkey_dial_destroy(link->dial);
    if (link->redis != NULL) {
        link->redis->data = NULL;
        redisAsyncFree(link->redis);
    }
    free(link);
}

bool valkey_link_is_up(const struct valkey_link *link)
{
    return link->redis != NULL;
}
