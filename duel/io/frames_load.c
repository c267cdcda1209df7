/* Loads of pictures: see the header. */
#include <duel/base/assert.h>
#include <duel/io/frames_cache.h>
#include <duel/io/frames_health.h>
#include <duel/io/frames_load.h>
#include <duel/io/metrics.h>
#include <duel/io/s3.h>

#include <ev.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(FRAMES_PATH_SIZE_MAX <= S3_KEY_SIZE_MAX, "every path can be asked for");

#define BUCKETS 1024
#define TICK_S 0.1

/* One object that is wanted. It is with the store, with the worker, or waits for its turn. */
struct load {
    struct worker_job job; /* makes a picture of `bytes` */
    struct frames_loads *loads; /* NULL: they are gone, only the job knows of this */
    struct load *next;          /* in its bucket */
    struct frames_waiter *waiters;
    bool under_way;
    bool with_worker;
    bool probe;   /* the request under way is to hear of the store */
    bool suspect; /* failed; held until it is known whether the store is down */
    uint32_t attempts;
    uint64_t asked_us, due_us; /* of this attempt, of the next */
    struct frames_picture *picture;
    uint8_t *bytes;
    uint32_t bytes_size;
    uint32_t bucket;
    uint32_t path_size;
    char path[];
};

struct frames_loads {
    struct loop *loop;
    struct worker *worker;
    struct s3 *s3;
    struct ev_timer timer;
    struct load *buckets[BUCKETS];
    uint32_t count;
    uint32_t suspects;
    uint32_t probe_bucket; /* where the latest one was chosen */
    struct frames_health health;
    frames_changed *changed;
    void *context;
};

static struct text path_of(const struct load *load)
{
    return (struct text){ load->path, load->path_size };
}

static uint64_t now_us(const struct frames_loads *loads)
{
    return loop_now_us(loads->loop);
}

/* ---- loads ---- */

static uint32_t bucket_of(struct text path)
{
    uint8_t digest[FRAMES_DIGEST_SIZE];
    frames_digest(path.data, path.size, digest);
    return ((uint32_t)digest[0] << 8 | digest[1]) % BUCKETS;
}

static struct load *find(const struct frames_loads *loads, uint32_t bucket, struct text path)
{
    struct load *load = loads->buckets[bucket];
    while (load != NULL && !text_equal(path_of(load), path)) {
        load = load->next;
    }
    return load;
}

static void run_job(struct worker_job *job);
static void job_done(struct worker_job *job);

/* The load of `path`, new or not. */
static struct load *get_load(struct frames_loads *loads, struct text path)
{
    uint32_t bucket = bucket_of(path);
    struct load *load = find(loads, bucket, path);
    if (load == NULL) {
        load = calloc(1, sizeof(*load) + path.size);
        ASSERT(load != NULL);
        load->job = (struct worker_job){ .run = run_job, .done = job_done };
        load->loads = loads;
        load->bucket = bucket;
        load->path_size = path.size;
        memcpy(load->path, path.data, path.size);
        load->next = loads->buckets[bucket];
        loads->buckets[bucket] = load;
        loads->count++;
    }
    return load;
}

static void free_load(struct load *load)
{
    frames_picture_release(load->picture);
    free(load->bytes);
    free(load);
}

static void remove_load(struct frames_loads *loads, struct load *load)
{
    struct load **at = &loads->buckets[load->bucket];
    while (*at != load) {
        at = &(*at)->next;
    }
    *at = load->next;
    loads->count--;
    loads->suspects -= load->suspect;
    free_load(load);
}

static void tell(struct frames_waiter *waiter, struct frames_picture *picture)
{
    if (picture != NULL) {
        picture->references++;
    }
    waiter->done(waiter, picture);
}

/* Tells all who wait, and forgets the load. */
static void finish(struct frames_loads *loads, struct load *load)
{
    while (load->waiters != NULL) {
        struct frames_waiter *waiter = load->waiters;
        load->waiters = waiter->next;
        tell(waiter, load->picture);
    }
    remove_load(loads, load);
}

static void log_failure(struct frames_loads *loads, const struct load *load, const char *reason)
{
    frames_health_log(&loads->health, path_of(load), reason, now_us(loads));
}

static void fail(struct frames_loads *loads, struct load *load, const char *reason)
{
    log_failure(loads, load, reason);
    finish(loads, load);
}

/* ---- the state of the store ---- */

bool frames_loads_is_up(const struct frames_loads *loads)
{
    return loads->health.state == FRAMES_HEALTH_UP;
}

/* Between attempts: for a while, or until the store is back. */
static void put_off(struct frames_loads *loads, struct load *load, uint64_t wait_us)
{
    load->due_us = now_us(loads) + wait_us;
    if (load->waiters == NULL) {
        remove_load(loads, load);
    }
}

static void hold(struct frames_loads *loads, struct load *load)
{
    load->attempts = 0;
    put_off(loads, load, 0);
}

/* It is known now whose fault it was that they failed: theirs, or the store's, which is waited
 * for. */
static void judge_suspects(struct frames_loads *loads, bool guilty)
{
    for (uint32_t i = 0; i < BUCKETS && loads->suspects > 0; i++) {
        struct load *next = NULL;
        for (struct load *load = loads->buckets[i]; load != NULL; load = next) {
            next = load->next;
            if (!load->suspect) {
                continue;
            }
            load->suspect = false;
            loads->suspects--;
            if (guilty) {
                finish(loads, load);
            } else {
                hold(loads, load);
            }
        }
    }
}

static void start(struct frames_loads *loads, struct load *load);

/* Asks for another object that should be there, to learn whose fault it is. */
static void ask_others(struct frames_loads *loads)
{
    if (loads->health.probing || loads->suspects == 0) {
        return;
    }
    for (uint32_t i = 0; i < loads->health.known_count; i++) {
        struct text path = frames_health_next(&loads->health);
        struct load *load = find(loads, bucket_of(path), path);
        bool busy = load != NULL && load->under_way;
        if (!busy && !frames_health_has_failed(&loads->health, path)) {
            load = get_load(loads, path);
            load->probe = true;
            loads->health.probing = true;
            start(loads, load);
            return;
        }
    }
    judge_suspects(loads, true);
}

static void suspect(struct frames_loads *loads, struct load *load, const char *reason)
{
    if (load->waiters == NULL) {
        remove_load(loads, load);
        return;
    }
    log_failure(loads, load, reason);
    load->suspect = true;
    loads->suspects++;
}

/* ---- an attempt ---- */

/* The store's fault, or it refuses us. */
static void take_bad(struct frames_loads *loads, struct load *load, const char *reason, bool retry)
{
    bool probe = load->probe;
    load->probe = false;
    if (!probe && retry && frames_loads_is_up(loads) && load->attempts < FRAMES_LOAD_ATTEMPTS) {
        put_off(loads, load, load->attempts == 1 ? FRAMES_LOAD_RETRY_US : 4 * FRAMES_LOAD_RETRY_US);
        return;
    }
    if (probe) {
        frames_health_probed(&loads->health, now_us(loads));
    }
    frames_health_bad(&loads->health, path_of(load), reason, now_us(loads));
    if (frames_loads_is_up(loads)) {
        suspect(loads, load, reason);
        ask_others(loads);
    } else {
        hold(loads, load);
        judge_suspects(loads, false);
    }
}

static void run_job(struct worker_job *job)
{
    struct load *load = (struct load *)job;
    load->picture = frames_picture_of(path_of(load), load->bytes, load->bytes_size);
}

static void job_done(struct worker_job *job)
{
    struct load *load = (struct load *)job;
    struct frames_loads *loads = load->loads;
    if (loads == NULL) {
        free_load(load);
    } else if (load->picture != NULL) {
        finish(loads, load);
    } else {
        metrics_add(METRIC_STORE_UNFIT, 1);
        fail(loads, load, "no picture");
    }
}

static void take_good(struct frames_loads *loads, struct load *load, struct s3_answer *answer)
{
    metrics_observe(METRIC_STORE_FRAMES, now_us(loads) - load->asked_us);
    if (load->probe) {
        frames_health_probed(&loads->health, now_us(loads));
        load->probe = false;
    }
    frames_health_good(&loads->health);
    judge_suspects(loads, true);
    if (answer->outcome == S3_GOT) {
        load->under_way = true;
        load->with_worker = true;
        load->bytes = answer->bytes;
        load->bytes_size = answer->size;
        worker_submit(loads->worker, &load->job);
    } else {
        fail(loads, load, answer->reason);
    }
}

static void answered(void *context, struct s3_answer *answer)
{
    static const enum metric counters[] = {
        [S3_GOT] = METRIC_STORE_GOT,         [S3_ABSENT] = METRIC_STORE_ABSENT,
        [S3_TOO_LARGE] = METRIC_STORE_UNFIT, [S3_REFUSED] = METRIC_STORE_REFUSED,
        [S3_BROKEN] = METRIC_STORE_BROKEN,   [S3_UNREACHED] = METRIC_STORE_UNREACHED,
    };
    struct load *load = context;
    struct frames_loads *loads = load->loads;
    enum frames_health_state before = loads->health.state;
    load->under_way = false;
    metrics_add(counters[answer->outcome], 1);
    switch (answer->outcome) {
    case S3_GOT:
    case S3_ABSENT:
    case S3_TOO_LARGE:
        take_good(loads, load, answer);
        break;
    case S3_REFUSED:
    case S3_BROKEN:
    case S3_UNREACHED:
        take_bad(loads, load, answer->reason, answer->outcome != S3_REFUSED);
        break;
    }
    if (loads->health.state != before) {
        frames_loads_tick(loads); /* all that were held go on */
        loads->changed(loads->context, frames_loads_is_up(loads));
    }
}

static void start(struct frames_loads *loads, struct load *load)
{
    ASSERT(!load->under_way);
    load->under_way = true;
    load->attempts++;
    load->asked_us = now_us(loads);
    s3_get(loads->s3, path_of(load), answered, load);
}

/* ---- time ---- */

/* One that is held, each time from another bucket; else one that is known. NULL: there is none. */
static struct load *choose_probe(struct frames_loads *loads)
{
    for (uint32_t i = 0; i < BUCKETS; i++) {
        loads->probe_bucket = (loads->probe_bucket + 1) % BUCKETS;
        for (struct load *load = loads->buckets[loads->probe_bucket]; load != NULL;
             load = load->next) {
            if (!load->under_way) {
                return load;
            }
        }
    }
    struct text path = frames_health_next(&loads->health);
    struct load *load = path.data != NULL ? get_load(loads, path) : NULL;
    return load == NULL || load->under_way ? NULL : load;
}

static void probe(struct frames_loads *loads)
{
    struct load *load = choose_probe(loads);
    if (load != NULL) {
        loads->health.probing = true;
        load->probe = true;
        start(loads, load);
    }
}

/* Tells those whose time is up. */
static void expire(struct frames_loads *loads, struct load *load)
{
    struct frames_waiter **at = &load->waiters;
    while (*at != NULL) {
        struct frames_waiter *waiter = *at;
        bool down = !frames_loads_is_up(loads) && waiter->until_down_us <= now_us(loads);
        if (down || waiter->until_us <= now_us(loads)) {
            *at = waiter->next;
            log_failure(loads, load, "waited long enough");
            tell(waiter, NULL);
        } else {
            at = &waiter->next;
        }
    }
}

static void tick_load(struct frames_loads *loads, struct load *load)
{
    expire(loads, load);
    if (load->under_way) {
        return;
    }
    if (load->waiters == NULL) {
        remove_load(loads, load);
    } else if (frames_loads_is_up(loads) && !load->suspect && load->due_us <= now_us(loads)) {
        start(loads, load);
    }
}

void frames_loads_tick(struct frames_loads *loads)
{
    for (uint32_t i = 0; i < BUCKETS && loads->count > 0; i++) {
        struct load *next = NULL;
        for (struct load *load = loads->buckets[i]; load != NULL; load = next) {
            next = load->next;
            tick_load(loads, load);
        }
    }
    const struct frames_health *health = &loads->health;
    if (health->state != FRAMES_HEALTH_UP && !health->probing &&
        health->probe_due_us <= now_us(loads)) {
        probe(loads);
    }
    if (loads->count == 0 && frames_loads_is_up(loads)) {
        ev_timer_stop(loop_ev(loads->loop), &loads->timer);
    }
}

static void timer_rang(struct ev_loop *ev, struct ev_timer *timer, int events)
{
    (void)ev;
    (void)events;
    frames_loads_tick(timer->data);
}

/* ---- asking ---- */

void frames_load(struct frames_loads *loads, struct text path, struct frames_waiter *waiter)
{
    if (!frames_path_is_plain(path)) { /* a store, or a proxy before it, might follow ".." */
        metrics_add(METRIC_STORE_UNFIT, 1);
        waiter->done(waiter, NULL);
        return;
    }
    struct load *load = get_load(loads, path);
    waiter->next = load->waiters;
    load->waiters = waiter;
    if (!load->under_way && load->attempts == 0 && frames_loads_is_up(loads)) {
        start(loads, load);
    }
    ev_timer_start(loop_ev(loads->loop), &loads->timer);
}

void frames_loads_know(struct frames_loads *loads, const struct text *paths, uint32_t count)
{
    frames_health_know(&loads->health, paths, count);
    if (loads->health.state == FRAMES_HEALTH_UNKNOWN) {
        ev_timer_start(loop_ev(loads->loop), &loads->timer);
        frames_loads_tick(loads);
    }
}

/* ---- life ---- */

struct frames_loads *frames_loads_create(struct loop *loop, struct worker *worker,
                                         const struct settings *settings, frames_changed *changed,
                                         void *context)
{
    const struct s3_options options = { .endpoint = settings->r2_endpoint,
                                        .bucket = settings->frames_bucket,
                                        .region = settings->r2_region,
                                        .access_key = settings->r2_access_key,
                                        .secret_key = settings->r2_secret_key,
                                        .ca_file = settings->r2_ca_file,
                                        .size_max = (uint32_t)settings->frame_max };
    struct frames_loads *loads = calloc(1, sizeof(*loads));
    if (loads == NULL) {
        return NULL;
    }
    loads->loop = loop;
    loads->worker = worker;
    loads->changed = changed;
    loads->context = context;
    loads->s3 = s3_create(loop, &options);
    if (loads->s3 == NULL) {
        free(loads);
        return NULL;
    }
    ev_timer_init(&loads->timer, timer_rang, TICK_S, TICK_S);
    loads->timer.data = loads;
    return loads;
}

void frames_loads_destroy(struct frames_loads *loads)
{
    if (loads == NULL) {
        return;
    }
    ev_timer_stop(loop_ev(loads->loop), &loads->timer);
    s3_destroy(loads->s3);
    for (uint32_t i = 0; i < BUCKETS; i++) {
        while (loads->buckets[i] != NULL) {
            struct load *load = loads->buckets[i];
            loads->buckets[i] = load->next;
            while (load->waiters != NULL) {
                struct frames_waiter *waiter = load->waiters;
                load->waiters = waiter->next;
                tell(waiter, NULL);
            }
            load->loads = NULL;
            if (!load->with_worker) {
                free_load(load);
            }
        }
    }
    frames_health_destroy(&loads->health);
    free(loads);
}
