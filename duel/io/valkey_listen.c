/* Nudges from other processes: a subscription on a connection of its own (a connection that listens
 * can ask nothing else in RESP2).
 *
 * A nudge is only a hint: what it is about is found without it, later. So a lost subscription is
 * made again after a while, and nobody is told. There is a connection only while the link has one.
 * It is watched by subscribing again, which changes nothing and is answered: hiredis cannot tell
 * the answers of other commands from messages here. */
#include <duel/io/log.h>
#include <duel/io/valkey_private.h>
#include <ev.h>
#include <hiredis/async.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_S 1.0
#define WATCH_S (VALKEY_STALL_MS / 1000.0)

struct valkey_listen {
    struct loop *loop;
    struct valkey_dial *dial;
    char channel[sizeof "duel:nudge:" + VALKEY_BOOT_SIZE];
    redisAsyncContext *redis; /* subscribed, or about to be */
    bool up;                  /* the link is */
    bool asked;               /* a SUBSCRIBE is not answered yet */
    ev_timer watch;
    ev_timer retry;
};

static void retry_later(struct valkey_listen *listen)
{
    ev_timer_stop(loop_ev(listen->loop), &listen->watch);
    ev_timer_stop(loop_ev(listen->loop), &listen->retry);
    if (listen->up) {
        ev_timer_set(&listen->retry, RETRY_S, 0);
        ev_timer_start(loop_ev(listen->loop), &listen->retry);
    }
}

/* The context is hiredis' to free. */
static void forget(struct valkey_listen *listen)
{
    listen->redis = NULL;
    retry_later(listen);
}

static void drop(struct valkey_listen *listen)
{
    redisAsyncContext *redis = listen->redis;
    if (redis != NULL) {
        redis->data = NULL; /* calls back to nobody from here on */
        forget(listen);
        redisAsyncFree(redis);
    }
}

static struct text text_at(const redisReply *reply, size_t at)
{
    const redisReply *element = at < reply->elements ? reply->element[at] : NULL;
    return element != NULL && element->type == REDIS_REPLY_STRING
               ? (struct text){ element->str, (uint32_t)element->len }
               : TEXT_NONE;
}

/* {"subscribe", channel, count} or {"message", channel, text} */
static void on_message(redisAsyncContext *redis, void *answer, void *context)
{
    (void)context;
    const redisReply *reply = answer;
    struct valkey_listen *listen = redis->data;
    if (listen == NULL || reply == NULL || reply->type != REDIS_REPLY_ARRAY) {
        return; /* on_disconnect follows a missing reply */
    }
    if (!text_equal(text_at(reply, 0), TEXT("message"))) {
        listen->asked = false;
        return;
    }
    struct hub_event event = { .type = HUB_EV_NUDGE };
    struct text text = text_at(reply, 2);
    if (text.data != NULL && (text.size == 0 || uuid_parse(text, &event.nudged))) {
        loop_event(listen->loop, &event);
    }
}

static bool subscribe(struct valkey_listen *listen)
{
    listen->asked = true;
    return redisAsyncCommand(listen->redis, on_message, NULL, "SUBSCRIBE %s", listen->channel) ==
           REDIS_OK;
}

static void on_disconnect(const redisAsyncContext *redis, int status)
{
    (void)status;
    struct valkey_listen *listen = redis->data;
    if (listen != NULL) {
        log_text(LOG_LEVEL_DEBUG, "Valkey's nudges dropped", "reason", redis->errstr);
        forget(listen);
    }
}

static void on_dialled(void *context, redisAsyncContext *redis, const struct valkey_hashes *hashes)
{
    (void)hashes;
    struct valkey_listen *listen = context;
    if (redis == NULL) {
        retry_later(listen);
        return;
    }
    listen->redis = redis;
    redis->data = listen;
    (void)redisAsyncSetDisconnectCallback(redis, on_disconnect);
    if (!subscribe(listen)) {
        drop(listen);
        return;
    }
    ev_timer_again(loop_ev(listen->loop), &listen->watch);
}

static void on_watch(struct ev_loop *ev, ev_timer *timer, int events)
{
    (void)ev;
    (void)events;
    struct valkey_listen *listen = timer->data;
    if (listen->asked || !subscribe(listen)) {
        drop(listen);
    }
}

static void on_retry(struct ev_loop *ev, ev_timer *timer, int events)
{
    (void)ev;
    (void)events;
    struct valkey_listen *listen = timer->data;
    valkey_dial_start(listen->dial);
}

void valkey_listen_set(struct valkey_listen *listen, bool up)
{
    listen->up = up;
    valkey_dial_stop(listen->dial);
    drop(listen);
    ev_timer_stop(loop_ev(listen->loop), &listen->retry);
    if (up) {
        valkey_dial_start(listen->dial);
    }
}

struct valkey_listen *valkey_listen_create(struct loop *loop, struct worker *worker,
                                           const struct settings *settings,
                                           const struct valkey_self *self)
{
    struct valkey_listen *listen = calloc(1, sizeof *listen);
    if (listen == NULL) {
        return NULL;
    }
    listen->dial = valkey_dial_create(loop, worker, settings, on_dialled, listen);
    if (listen->dial == NULL) {
        free(listen);
        return NULL;
    }
    valkey_dial_without_scripts(listen->dial);
    listen->loop = loop;
    (void)snprintf(listen->channel, sizeof listen->channel, "duel:nudge:%s", self->boot);
    ev_timer_init(&listen->watch, on_watch, 0, WATCH_S);
    ev_init(&listen->retry, on_retry);
    listen->watch.data = listen->retry.data = listen;
    return listen;
}

void valkey_listen_destroy(struct valkey_listen *listen)
{
    if (listen == NULL) {
        return;
    }
    listen->up = false;
    drop(listen);
    ev_timer_stop(loop_ev(listen->loop), &listen->retry);
    valkey_dial_destroy(listen->dial);
    free(listen);
}
