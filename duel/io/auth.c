/* Tokens on their way through a worker thread, and the key set behind them: see the header.
 *
 * All of this runs on the loop, except the two run_* functions, which see only their own job,
 * the key set (which never changes) and the settings. A job that is under way keeps the struct
 * alive, so auth_destroy() and worker_destroy() may come in either order. */
#include <duel/base/assert.h>
#include <duel/io/jwks.h>
#include <duel/io/jwt.h>
#include <duel/io/log.h>
#include <duel/io/metrics.h>
#include <duel/io/ticket.h>

#include <ev.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#define WAITING_MAX 1000 /* tokens that wait for a fetch, each with up to 3.5 KiB */

struct auth {
    struct loop *loop;
    struct worker *checks;
    struct worker *slow;
    const char *jwks_url;
    struct jwt_rules rules;
    struct jwks *keys; /* NULL: none yet */
    uint32_t keys_generation;
    uint64_t keys_us; /* when they were fetched */
    struct jwks_schedule schedule;
    ev_timer timer;
    struct token_job *waiting;
    uint32_t waiting_count;
    uint32_t jobs; /* with the worker */
    bool destroyed;
    bool failing; /* the last fetch did; said once */
    bool secret_is_ours; /* DUEL_SECRET */
    atomic_bool stop;
    struct ticket_key *tickets; /* NULL: the secret is not known yet */
};

/* A token: first with the worker, perhaps then in the list of those that wait, and then there
 * again. */
struct token_job {
    struct worker_job job;
    struct auth *auth;
    struct token_job *next;
    struct ref conn;
    auth_done *done;
    void *context;
    struct jwks *keys;
    uint32_t keys_generation;
    uint64_t now_us;
    bool has_run;
    bool has_waited;
    struct jwt_answer answer;
    struct text token; /* its bytes follow the struct */
};

struct fetch_job {
    struct worker_job job;
    struct auth *auth;
    bool has_run;
    struct jwks *keys;
    char problem[JWKS_PROBLEM_SIZE];
};

static const char *const words[AUTH_CODES] = {
#define AUTH_CODE(name, text, doc) text,
#include <duel/io/auth_codes.def>
};

static const char *const messages[AUTH_CODES] = {
#define AUTH_CODE(name, text, doc) doc,
#include <duel/io/auth_codes.def>
};

const char *auth_code_word(enum auth_code code)
{
    ASSERT(code < AUTH_CODES);
    return words[code];
}

const char *auth_code_message(enum auth_code code)
{
    ASSERT(code < AUTH_CODES);
    return messages[code];
}

/* ---- tokens ---- */

static void run_token(struct worker_job *job)
{
    struct token_job *token = (struct token_job *)job;
    jwt_check(token->token, token->keys, &token->auth->rules, token->now_us, &token->answer);
    token->has_run = true;
}

static void submit(struct auth *auth, struct token_job *token)
{
    token->keys = jwks_hold(auth->keys);
    token->keys_generation = auth->keys_generation;
    token->now_us = loop_wall_us(auth->loop);
    token->has_run = false;
    auth->jobs++;
    worker_submit(auth->checks, &token->job);
}

static void answer(struct token_job *token, enum auth_code code)
{
    struct auth_verdict verdict = { .code = code };
    metrics_add(code == AUTH_OK ? METRIC_TOKENS_ACCEPTED : METRIC_TOKENS_REFUSED, 1);
    if (code == AUTH_OK) {
        verdict.sub = (struct text){ token->answer.sub, token->answer.sub_size };
    }
    token->done(token->context, token->conn, &verdict);
    free(token);
}

static void start_fetch(struct auth *auth);

/* Whether there is a fetch that may bring the key: one under way, or one that may begin now. */
static bool may_get_key(struct auth *auth)
{
    if (auth->schedule.fetching) {
        return true;
    }
    /* Without any key the back-off alone decides: a token must not hurry it. */
    if (auth->keys != NULL &&
        jwks_schedule_begin_unknown(&auth->schedule, loop_now_us(auth->loop))) {
        start_fetch(auth);
        return true;
    }
    return false;
}

/* The worker looked at the token with a key set that does not have its key. */
static void settle_unknown(struct auth *auth, struct token_job *token)
{
    if (token->keys_generation != auth->keys_generation) {
        submit(auth, token); /* a newer set came meanwhile */
        return;
    }
    if (token->answer.newer_keys_may_help && !token->has_waited &&
        auth->waiting_count < WAITING_MAX && may_get_key(auth)) {
        token->has_waited = true;
        token->next = auth->waiting;
        auth->waiting = token;
        auth->waiting_count++;
        return;
    }
    answer(token, auth->keys == NULL ? AUTH_UNAVAILABLE : AUTH_UNKNOWN_KEY);
}

static void release(struct auth *auth)
{
    if (auth->destroyed && auth->jobs == 0) {
        free(auth);
    }
}

static void token_done(struct worker_job *job)
{
    struct token_job *token = (struct token_job *)job;
    struct auth *auth = token->auth;
    ASSERT(auth->jobs > 0);
    auth->jobs--;
    jwks_release(token->keys);
    token->keys = NULL;
    if (auth->destroyed) {
        free(token);
    } else if (!token->has_run) {
        answer(token, AUTH_UNAVAILABLE); /* the worker stops */
    } else if (token->answer.code == AUTH_UNKNOWN_KEY) {
        settle_unknown(auth, token);
    } else {
        answer(token, token->answer.code);
    }
    release(auth);
}

void auth_verify(struct auth *auth, struct text token, struct ref conn, auth_done *done,
                 void *context)
{
    /* What is too long is not kept, only refused; one byte more than allowed is enough for that. */
    uint32_t size = token.size > AUTH_TOKEN_SIZE_MAX ? AUTH_TOKEN_SIZE_MAX + 1 : token.size;
    struct token_job *job = calloc(1, sizeof(*job) + size);
    ASSERT(job != NULL);
    job->job = (struct worker_job){ .run = run_token, .done = token_done };
    job->auth = auth;
    job->conn = conn;
    job->done = done;
    job->context = context;
    if (size > 0) {
        memcpy(job + 1, token.data, size);
    }
    job->token = (struct text){ (const char *)(job + 1), size };
    submit(auth, job);
}

/* ---- keys ---- */

static void arm(struct auth *auth)
{
    uint64_t now_us = loop_now_us(auth->loop), due_us = auth->schedule.due_us;
    ev_timer_stop(loop_ev(auth->loop), &auth->timer);
    ev_timer_set(&auth->timer, due_us > now_us ? (double)(due_us - now_us) / 1e6 : 0.0, 0.0);
    ev_timer_start(loop_ev(auth->loop), &auth->timer);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    struct auth *auth = timer->data;
    if (jwks_schedule_begin(&auth->schedule, loop_now_us(auth->loop))) {
        start_fetch(auth);
    } else if (!auth->schedule.fetching) {
        arm(auth); /* the two clocks differ by a little */
    }
}

static void run_fetch(struct worker_job *job)
{
    struct fetch_job *fetch = (struct fetch_job *)job;
    fetch->keys = jwks_fetch(fetch->auth->jwks_url, &fetch->auth->stop, fetch->problem);
    fetch->has_run = true;
}

/* Whoever waited gets another look if there is a new set, else the answer. */
static void resume_waiting(struct auth *auth)
{
    struct token_job *token = auth->waiting;
    auth->waiting = NULL;
    auth->waiting_count = 0;
    while (token != NULL) {
        struct token_job *next = token->next;
        settle_unknown(auth, token);
        token = next;
    }
}

static void take_keys(struct auth *auth, struct fetch_job *fetch)
{
    metrics_add(METRIC_JWKS_FETCHES, 1);
    if (fetch->keys != NULL) {
        jwks_release(auth->keys);
        auth->keys = jwks_hold(fetch->keys);
        auth->keys_generation++;
        auth->keys_us = loop_now_us(auth->loop);
        if (auth->failing || auth->keys_generation == 1) {
            log_number(LOG_LEVEL_INFO, "key set fetched", "keys", jwks_count(auth->keys));
        }
        auth->failing = false;
        return;
    }
    metrics_add(METRIC_JWKS_FAILURES, 1);
    if (!auth->failing) {
        log_text(LOG_LEVEL_WARN, "key set not fetched", "reason", fetch->problem);
    }
    auth->failing = true;
}

static void fetch_done(struct worker_job *job)
{
    struct fetch_job *fetch = (struct fetch_job *)job;
    struct auth *auth = fetch->auth;
    ASSERT(auth->jobs > 0);
    auth->jobs--;
    if (!auth->destroyed) {
        if (fetch->has_run) {
            take_keys(auth, fetch);
        }
        jwks_schedule_end(&auth->schedule, loop_now_us(auth->loop), fetch->keys != NULL);
        arm(auth);
        resume_waiting(auth);
    }
    jwks_release(fetch->keys);
    free(fetch);
    release(auth);
}

/* The schedule has said that it begins. */
static void start_fetch(struct auth *auth)
{
    ASSERT(auth->schedule.fetching);
    struct fetch_job *fetch = calloc(1, sizeof(*fetch));
    ASSERT(fetch != NULL);
    fetch->job = (struct worker_job){ .run = run_fetch, .done = fetch_done };
    fetch->auth = auth;
    auth->jobs++;
    worker_submit(auth->slow, &fetch->job);
}

bool auth_has_keys(const struct auth *auth)
{
    return auth->keys != NULL;
}

int64_t auth_keys_age_ms(const struct auth *auth)
{
    return auth->keys == NULL ? -1 : (int64_t)(loop_now_us(auth->loop) - auth->keys_us) / 1000;
}

/* ---- tickets ---- */

static void use_secret(struct auth *auth, const uint8_t secret[AUTH_SECRET_SIZE])
{
    struct ticket_key *key = ticket_key_create(secret);
    ASSERT(key != NULL);
    ticket_key_destroy(auth->tickets);
    auth->tickets = key;
}

void auth_set_secret(struct auth *auth, const uint8_t secret[AUTH_SECRET_SIZE])
{
    if (!auth->secret_is_ours) {
        use_secret(auth, secret);
    }
}

bool auth_has_secret(const struct auth *auth)
{
    return auth->tickets != NULL;
}

void auth_make_ticket(const struct auth *auth, const struct uuid *match, uint8_t slot,
                      char ret_ticket[AUTH_TICKET_SIZE + 1])
{
    ASSERT(auth->tickets != NULL);
    ticket_make(auth->tickets, match, slot, ret_ticket);
}

int32_t auth_check_ticket(const struct auth *auth, const struct uuid *match, struct text ticket)
{
    return auth->tickets != NULL ? ticket_check(auth->tickets, match, ticket) : -1;
}

/* ---- life ---- */

struct auth *auth_create(struct loop *loop, struct worker *checks, struct worker *slow,
                         const struct settings *settings)
{
    ASSERT(settings->issuer[0] != '\0' && settings->logto_api_resource[0] != '\0');
    struct auth *auth = calloc(1, sizeof(*auth));
    if (auth == NULL) {
        return NULL;
    }
    auth->loop = loop;
    auth->checks = checks;
    auth->slow = slow;
    auth->jwks_url = settings->jwks_url;
    auth->rules = (struct jwt_rules){ .issuer = settings->issuer,
                                      .audience = settings->logto_api_resource,
                                      .scope = settings->scope };
    atomic_init(&auth->stop, false);
    if (settings->secret[0] != '\0') {
        uint8_t secret[AUTH_SECRET_SIZE];
        ticket_secret_from(text_from(settings->secret), secret);
        use_secret(auth, secret);
        OPENSSL_cleanse(secret, sizeof(secret));
        auth->secret_is_ours = true;
    }
    ev_init(&auth->timer, on_timer);
    auth->timer.data = auth;
    jwks_schedule_init(&auth->schedule, loop_now_us(loop));
    bool begun = jwks_schedule_begin(&auth->schedule, loop_now_us(loop));
    ASSERT(begun);
    start_fetch(auth);
    return auth;
}

void auth_stop(struct auth *auth)
{
    atomic_store(&auth->stop, true);
    ev_timer_stop(loop_ev(auth->loop), &auth->timer);
}

uint32_t auth_jobs(const struct auth *auth)
{
    return auth->jobs;
}

void auth_destroy(struct auth *auth)
{
    if (auth == NULL) {
        return;
    }
    auth->destroyed = true;
    auth_stop(auth);
    while (auth->waiting != NULL) {
        struct token_job *next = auth->waiting->next;
        free(auth->waiting);
        auth->waiting = next;
    }
    jwks_release(auth->keys);
    auth->keys = NULL;
    ticket_key_destroy(auth->tickets);
    auth->tickets = NULL;
    release(auth);
}
