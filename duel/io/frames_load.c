/* Loads of pictures and the state of the store: see the header. */
#include <duel/base/assert.h>
#include <duel/io/frames_cache.h>
#include <duel/io/frames_load.h>
#include <duel/io/log.h>
#include <duel/io/metrics.h>
#include <duel/io/s3.h>

#include <ev.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(FRAMES_PATH_SIZE_MAX <= S3_KEY_SIZE_MAX, "every path can be asked for");

#define BUCKETS 1024
#define TICK_S 0.1
#define LOG_EVERY_US 5000000u

/* One object that is wanted. It is with the store, with the worker, or waits for its turn. */
struct load {
    struct worker_job job; /* makes a picture of `bytes` */
    struct frames_loads *loads; /* NULL: they are gone, only the job knows of this */
    struct load *next;          /* in its bucket */
    struct frames_waiter *waiters;
    bool under_way;
    bool with_worker;
    bool probe;
    uint32_t attempts;
    uint64_t due_us; /* of the next attempt */
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
    /* The state of the store. */
    bool down;
    bool probing;
    uint32_t failed_count; /* objects in a row, for reasons of the store */
    char *failed[FRAMES_LOAD_DOWN_AFTER]; /* the latest of them, terminated: to probe with */
    uint32_t probe_next;
    uint32_t probe_bucket;
    uint64_t probe_wait_us;
    uint64_t probe_due_us;
    /* What the log was not told. */
    uint64_t log_due_us;
    uint32_t log_unsaid;
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

/* A line each five seconds says how many were left out. */
static void log_failure(struct frames_loads *loads, const struct load *load, const char *reason)
{
    if (now_us(loads) < loads->log_due_us) {
        loads->log_unsaid++;
        return;
    }
    const struct log_field fields[] = {
        { .key = "path", .kind = LOG_FIELD_TEXT, .text = path_of(load) },
        { .key = "reason", .kind = LOG_FIELD_TEXT, .text = text_from(reason) },
        { .key = "unsaid", .kind = LOG_FIELD_INT, .number = loads->log_unsaid },
        { .key = NULL },
    };
    log_fields(LOG_LEVEL_WARN, "picture not had from the store", fields);
    loads->log_due_us = now_us(loads) + LOG_EVERY_US;
    loads->log_unsaid = 0;
}

static void fail(struct frames_loads *loads, struct load *load, const char *reason)
{
    log_failure(loads, load, reason);
    finish(loads, load);
}

/* ---- the state of the store ---- */

static void note_good(struct frames_loads *loads)
{
    loads->failed_count = 0;
    if (loads->down) {
        loads->down = false;
        loads->probing = false;
        log_line(LOG_LEVEL_INFO, "the store of the frames is back");
    }
}

static bool has_failed(const struct frames_loads *loads, const struct load *load)
{
    for (uint32_t i = 0; i < loads->failed_count; i++) {
        if (text_equal(text_from(loads->failed[i]), path_of(load))) {
            return true;
        }
    }
    return false;
}

/* The load ended for a reason of the store. */
static void note_bad(struct frames_loads *loads, const struct load *load, const char *reason)
{
    if (loads->down || has_failed(loads, load)) {
        return;
    }
    char **failed = &loads->failed[loads->failed_count++];
    free(*failed);
    *failed = strndup(load->path, load->path_size);
    ASSERT(*failed != NULL);
    if (loads->failed_count == FRAMES_LOAD_DOWN_AFTER) {
        loads->down = true;
        loads->probe_wait_us = FRAMES_LOAD_PROBE_MIN_US;
        loads->probe_due_us = now_us(loads) + loads->probe_wait_us;
        metrics_add(METRIC_STORE_OUTAGES, 1);
        log_text(LOG_LEVEL_WARN, "frames cannot be had: the store is down", "reason", reason);
    }
}

bool frames_loads_is_up(const struct frames_loads *loads)
{
    return !loads->down;
}

/* ---- an attempt ---- */

/* Between attempts: for a while, or until the store is back. */
static void put_off(struct frames_loads *loads, struct load *load, uint64_t wait_us)
{
    load->due_us = now_us(loads) + wait_us;
    if (load->waiters == NULL) {
        remove_load(loads, load);
    }
}

static void probe_failed(struct frames_loads *loads)
{
    loads->probing = false;
    loads->probe_wait_us *= 2;
    if (loads->probe_wait_us > FRAMES_LOAD_PROBE_MAX_US) {
        loads->probe_wait_us = FRAMES_LOAD_PROBE_MAX_US;
    }
    loads->probe_due_us = now_us(loads) + loads->probe_wait_us;
}

/* The store's fault, or it refuses us. */
static void take_bad(struct frames_loads *loads, struct load *load, const char *reason, bool retry)
{
    bool probe = load->probe;
    load->probe = false;
    if (retry && !loads->down && load->attempts < FRAMES_LOAD_ATTEMPTS) {
        put_off(loads, load, load->attempts == 1 ? FRAMES_LOAD_RETRY_US : 4 * FRAMES_LOAD_RETRY_US);
        return;
    }
    note_bad(loads, load, reason);
    if (probe && loads->down) {
        probe_failed(loads);
    }
    if (loads->down) {
        load->attempts = 0;
        put_off(loads, load, 0);
    } else {
        fail(loads, load, reason);
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
    note_good(loads);
    load->probe = false;
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
    bool was_down = loads->down;
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
    if (was_down && !loads->down) {
        frames_loads_tick(loads); /* all that were held go on */
    }
}

static void start(struct frames_loads *loads, struct load *load)
{
    ASSERT(!load->under_way);
    load->under_way = true;
    load->attempts++;
    s3_get(loads->s3, path_of(load), answered, load);
}

/* ---- time ---- */

/* One that is held, each time from another bucket; else the path of one that failed. */
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
    loads->probe_next = (loads->probe_next + 1) % FRAMES_LOAD_DOWN_AFTER;
    struct load *load = get_load(loads, text_from(loads->failed[loads->probe_next]));
    return load->under_way ? NULL : load;
}

static void probe(struct frames_loads *loads)
{
    struct load *load = choose_probe(loads);
    if (load != NULL) {
        loads->probing = true;
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
        if (waiter->until_us <= now_us(loads)) {
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
    } else if (!loads->down && load->due_us <= now_us(loads)) {
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
    if (loads->down && !loads->probing && loads->probe_due_us <= now_us(loads)) {
        probe(loads);
    }
    if (loads->count == 0 && !loads->down) {
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
    if (!load->under_way && load->attempts == 0 && !loads->down) {
        start(loads, load);
    }
    ev_timer_start(loop_ev(loads->loop), &loads->timer);
}

/* ---- life ---- */

struct frames_loads *frames_loads_create(struct loop *loop, struct worker *worker,
                                         const struct settings *settings)
{
    const struct s3_options options = { .endpoint = settings->r2_endpoint,
                                        .bucket = settings->frames_bucket,
                                        .region = settings->r2_region,
                                        .access_key = settings->r2_access_key,
                                        .secret_key = settings->r2_secret_key,
                                        .size_max = (uint32_t)settings->frame_max };
    struct frames_loads *loads = calloc(1, sizeof(*loads));
    if (loads == NULL) {
        return NULL;
    }
    loads->loop = loop;
    loads->worker = worker;
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
    for (uint32_t i = 0; i < FRAMES_LOAD_DOWN_AFTER; i++) {
        free(loads->failed[i]);
    }
    free(loads);
}
