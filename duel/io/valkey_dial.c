/* Making a connection to Valkey: the name looked up elsewhere, then everything that begins a
 * connection sent at once (password, database, name, scripts), then PING.
 *
 * It makes one attempt each time it is asked and says how that ended; when to try again is not
 * its business. hiredis frees a context whose connection failed, and calls back what was asked
 * with no reply; a context that we give up is freed by us. */
#include <duel/base/assert.h>
#include <duel/io/log.h>
#include <duel/io/resolve.h>
#include <duel/io/valkey_private.h>
#include <duel/io/valkey_tls.h>
#include <ev.h>
#include <hiredis/adapters/libev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_MS 3000
#define PROBLEM_SIZE 128

/* Each begins with what all share. */
static const char pair_lua[] = {
#include <deploy/valkey/common.lua.inc>
#include <deploy/valkey/pair.lua.inc>
    0
};
static const char leave_lua[] = {
#include <deploy/valkey/common.lua.inc>
#include <deploy/valkey/leave.lua.inc>
    0
};
static const char save_lua[] = {
#include <deploy/valkey/common.lua.inc>
#include <deploy/valkey/save.lua.inc>
    0
};
static const char seek_lua[] = {
#include <deploy/valkey/common.lua.inc>
#include <deploy/valkey/seek.lua.inc>
    0
};
static const char sweep_lua[] = {
#include <deploy/valkey/common.lua.inc>
#include <deploy/valkey/sweep.lua.inc>
    0
};
static const char lease_lua[] = {
#include <deploy/valkey/common.lua.inc>
#include <deploy/valkey/lease.lua.inc>
    0
};
static const char release_lua[] = {
#include <deploy/valkey/common.lua.inc>
#include <deploy/valkey/release.lua.inc>
    0
};
static const char locate_lua[] = {
#include <deploy/valkey/common.lua.inc>
#include <deploy/valkey/locate.lua.inc>
    0
};
static const char look_lua[] = {
#include <deploy/valkey/common.lua.inc>
#include <deploy/valkey/look.lua.inc>
    0
};
static const char rematch_lua[] = {
#include <deploy/valkey/common.lua.inc>
#include <deploy/valkey/rematch.lua.inc>
    0
};
static const char left_lua[] = {
#include <deploy/valkey/common.lua.inc>
#include <deploy/valkey/left.lua.inc>
    0
};
static const char publish_lua[] = {
#include <deploy/valkey/common.lua.inc>
#include <deploy/valkey/publish.lua.inc>
    0
};
static const char invite_lua[] = {
#include <deploy/valkey/common.lua.inc>
#include <deploy/valkey/invite.lua.inc>
    0
};
static const char withdraw_lua[] = {
#include <deploy/valkey/common.lua.inc>
#include <deploy/valkey/withdraw.lua.inc>
    0
};
static const char ranking_lua[] = {
#include <deploy/valkey/common.lua.inc>
#include <deploy/valkey/ranking.lua.inc>
    0
};

static const char *const scripts[VALKEY_SCRIPTS] = {
    [VALKEY_PAIR] = pair_lua,
    [VALKEY_LEAVE] = leave_lua,
    [VALKEY_SAVE] = save_lua,
    [VALKEY_SEEK] = seek_lua,
    [VALKEY_SWEEP] = sweep_lua,
    [VALKEY_LEASE] = lease_lua,
    [VALKEY_RELEASE] = release_lua,
    [VALKEY_LOCATE] = locate_lua,
    [VALKEY_LOOK] = look_lua,
    [VALKEY_REMATCH] = rematch_lua,
    [VALKEY_LEFT] = left_lua,
    [VALKEY_PUBLISH] = publish_lua,
    [VALKEY_INVITE] = invite_lua,
    [VALKEY_WITHDRAW] = withdraw_lua,
    [VALKEY_RANKING] = ranking_lua,
};

struct valkey_dial {
    struct loop *loop;
    struct valkey_address address;
    struct valkey_tls *tls; /* of rediss://, else NULL */
    char name[64]; /* for CLIENT SETNAME */
    valkey_dialled *done;
    void *context;
    struct resolver *resolver;
    redisAsyncContext *redis; /* being made */
    struct valkey_hashes hashes;
    bool without_scripts;
    char problem[PROBLEM_SIZE]; /* of the last failure, so that it is logged once */
    ev_timer limit;
};

const char *valkey_script_text(enum valkey_script script)
{
    ASSERT(script < VALKEY_SCRIPTS);
    return scripts[script];
}

/* Lets go of the attempt; the context is the caller's. */
static redisAsyncContext *settle(struct valkey_dial *dial)
{
    redisAsyncContext *redis = dial->redis;
    ev_timer_stop(loop_ev(dial->loop), &dial->limit);
    resolver_forget(dial->resolver);
    if (redis != NULL) {
        redis->data = NULL; /* calls back to nobody from here on */
    }
    dial->redis = NULL;
    return redis;
}

/* `ours`: the context is not one that hiredis is about to free. */
static void fail(struct valkey_dial *dial, const char *why, bool ours)
{
    char line[PROBLEM_SIZE]; /* `why` may die with the context */
    const char *untrusted = dial->redis != NULL ? valkey_tls_problem(dial->tls) : NULL;
    why = untrusted != NULL ? untrusted : why;
    (void)snprintf(line, sizeof line, "%s", why != NULL && why[0] != 0 ? why : "connection lost");
    bool news = strcmp(line, dial->problem) != 0;
    memcpy(dial->problem, line, sizeof line);
    log_text(news ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG, "no connection to Valkey", "reason", line);
    redisAsyncContext *redis = settle(dial);
    if (ours && redis != NULL) {
        redisAsyncFree(redis);
    }
    dial->done(dial->context, NULL, NULL);
}

/* ---- answers to the greeting ---- */

/* The dial that still waits for this reply, or NULL. No reply: hiredis is about to free the
 * context. */
static struct valkey_dial *waiting(redisAsyncContext *redis, const redisReply *reply)
{
    struct valkey_dial *dial = redis->data;
    if (dial != NULL && reply == NULL) {
        fail(dial, redis->errstr, false);
        return NULL;
    }
    return dial;
}

static void warn_of_eviction(const redisReply *reply)
{
    /* CONFIG may be forbidden; then nothing is known. */
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2) {
        return;
    }
    const char *policy = reply->element[1]->str;
    if (policy != NULL && strncmp(policy, "allkeys-", 8) == 0) {
        log_text(LOG_LEVEL_WARN,
                 "Valkey may evict the queue and the ranking; use noeviction or volatile-lru",
                 "policy", policy);
    }
}

static void on_policy(redisAsyncContext *redis, void *answer, void *context)
{
    (void)context;
    if (waiting(redis, answer) != NULL) {
        warn_of_eviction(answer);
    }
}

/* May fail without harm. */
static void on_name(redisAsyncContext *redis, void *answer, void *context)
{
    (void)context;
    (void)waiting(redis, answer);
}

/* AUTH, SELECT: must succeed, else the connection is of no use. */
static void on_must(redisAsyncContext *redis, void *answer, void *context)
{
    (void)context;
    const redisReply *reply = answer;
    struct valkey_dial *dial = waiting(redis, reply);
    if (dial != NULL && reply->type == REDIS_REPLY_ERROR) {
        fail(dial, reply->str, true);
    }
}

static void on_loaded(redisAsyncContext *redis, void *answer, void *context)
{
    const redisReply *reply = answer;
    struct valkey_dial *dial = waiting(redis, reply);
    if (dial == NULL) {
        return;
    }
    if (reply->type != REDIS_REPLY_STRING || reply->len != VALKEY_HASH_SIZE) {
        fail(dial, reply->str != NULL ? reply->str : "SCRIPT LOAD gave no hash", true);
        return;
    }
    memcpy(context, reply->str, VALKEY_HASH_SIZE);
}

/* PING, the last: the connection works. */
static void on_ready(redisAsyncContext *redis, void *answer, void *context)
{
    (void)context;
    const redisReply *reply = answer;
    struct valkey_dial *dial = waiting(redis, reply);
    if (dial == NULL) {
        return;
    }
    if (reply->type == REDIS_REPLY_ERROR) {
        fail(dial, reply->str, true);
        return;
    }
    dial->problem[0] = 0;
    dial->done(dial->context, settle(dial), &dial->hashes);
}

/* ---- connecting ---- */

/* All at once; it is sent when the connection stands and answered in order. */
static bool send_greeting(struct valkey_dial *dial)
{
    redisAsyncContext *redis = dial->redis;
    const struct valkey_address *address = &dial->address;
    int failed = REDIS_OK;
    if (address->user[0] != 0) {
        failed |= redisAsyncCommand(redis, on_must, NULL, "AUTH %s %s", address->user,
                                    address->password);
    } else if (address->password[0] != 0) {
        failed |= redisAsyncCommand(redis, on_must, NULL, "AUTH %s", address->password);
    }
    if (address->database != 0) {
        failed |= redisAsyncCommand(redis, on_must, NULL, "SELECT %u", address->database);
    }
    failed |= redisAsyncCommand(redis, on_name, NULL, "CLIENT SETNAME %s", dial->name);
    for (int i = 0; i < VALKEY_SCRIPTS && !dial->without_scripts; i++) {
        failed |= redisAsyncCommand(redis, on_loaded, dial->hashes.text[i], "SCRIPT LOAD %s",
                                    scripts[i]);
    }
    if (!dial->without_scripts) {
        failed |= redisAsyncCommand(redis, on_policy, NULL, "CONFIG GET maxmemory-policy");
    }
    failed |= redisAsyncCommand(redis, on_ready, NULL, "PING");
    return failed == REDIS_OK;
}

static void on_connect(const redisAsyncContext *redis, int status)
{
    struct valkey_dial *dial = redis->data;
    if (status != REDIS_OK && dial != NULL) {
        fail(dial, redis->errstr, false);
    }
}

static void connect_to(struct valkey_dial *dial, const char *address)
{
    redisAsyncContext *redis = address != NULL ? redisAsyncConnect(address, dial->address.port)
                                               : redisAsyncConnectUnix(dial->address.path);
    dial->redis = redis;
    if (redis == NULL || redis->err != 0) {
        fail(dial, redis != NULL ? redis->errstr : "out of memory", true);
        return;
    }
    redis->data = dial;
    if (dial->tls != NULL && !valkey_tls_begin(dial->tls, &redis->c, dial->address.host)) {
        fail(dial, "TLS cannot be begun", true);
        return;
    }
    if (redisLibevAttach(loop_ev(dial->loop), redis) != REDIS_OK ||
        redisAsyncSetConnectCallback(redis, on_connect) != REDIS_OK || !send_greeting(dial)) {
        fail(dial, "out of memory", true);
    }
}

static void on_address(void *context, const char *address)
{
    struct valkey_dial *dial = context;
    if (address != NULL) {
        connect_to(dial, address);
    } else {
        fail(dial, "the name of the host was not found", true);
    }
}

static void on_limit(struct ev_loop *ev, ev_timer *timer, int events)
{
    (void)ev;
    (void)events;
    struct valkey_dial *dial = timer->data;
    bool unnamed = resolver_is_asked(dial->resolver);
    fail(dial, unnamed ? "the name was not looked up in time" : "timed out", true);
}

void valkey_dial_start(struct valkey_dial *dial)
{
    ASSERT(dial->redis == NULL && !resolver_is_asked(dial->resolver));
    ev_timer_stop(loop_ev(dial->loop), &dial->limit);
    ev_timer_set(&dial->limit, CONNECT_MS / 1000.0, 0);
    ev_timer_start(loop_ev(dial->loop), &dial->limit);
    if (dial->address.path[0] != 0) {
        connect_to(dial, NULL);
        return;
    }
    resolver_ask(dial->resolver, dial->address.host);
}

struct valkey_dial *valkey_dial_create(struct loop *loop, struct worker *worker,
                                       const struct settings *settings, valkey_dialled *done,
                                       void *context)
{
    struct valkey_dial *dial = calloc(1, sizeof *dial);
    if (dial == NULL) {
        return NULL;
    }
    if (!valkey_url_parse(settings->valkey_url, &dial->address)) {
        log_line(LOG_LEVEL_ERROR, "VALKEY_URL cannot be understood");
        free(dial);
        return NULL;
    }
    if (dial->address.tls) {
        dial->tls = valkey_tls_create(settings->valkey_ca_file);
        if (dial->tls == NULL) {
            log_line(LOG_LEVEL_ERROR, "VALKEY_CA_FILE holds no certificates");
            free(dial);
            return NULL;
        }
    }
    dial->resolver = resolver_create(worker, on_address, dial);
    if (dial->resolver == NULL) {
        valkey_tls_destroy(dial->tls);
        free(dial);
        return NULL;
    }
    dial->loop = loop;
    dial->done = done;
    dial->context = context;
    (void)snprintf(dial->name, sizeof dial->name, "duel-server-%s", settings->node_id);
    ev_init(&dial->limit, on_limit);
    dial->limit.data = dial;
    return dial;
}

void valkey_dial_without_scripts(struct valkey_dial *dial)
{
    dial->without_scripts = true;
}

void valkey_dial_stop(struct valkey_dial *dial)
{
    redisAsyncContext *redis = settle(dial);
    if (redis != NULL) {
        redisAsyncFree(redis);
    }
}

void valkey_dial_destroy(struct valkey_dial *dial)
{
    if (dial == NULL) {
        return;
    }
    valkey_dial_stop(dial);
    resolver_destroy(dial->resolver);
    valkey_tls_destroy(dial->tls);
    free(dial);
}
