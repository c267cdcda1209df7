/* Frames of matches: which token stands for which picture, how often it was served, and the jobs on
 * the worker that read and seal: see the header. Pictures of a store come from frames_load.c.
 *
 * A key is used for one plaintext only: the picture's digest is kept with the token, and if
 * the file has changed by the time it is fetched, nothing is served. Known and unknown tokens,
 * cached and uncached pictures all take the way over the worker. A job that is under way keeps
 * the struct alive, so frames_destroy() and worker_destroy() may come in either order. */
#include <duel/base/assert.h>
#include <duel/io/frames_cache.h>
#include <duel/io/frames_health.h>
#include <duel/io/frames_load.h>
#include <duel/io/log.h>
#include <duel/io/metrics.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

/* The frames of one match, at the index of its reference. */
struct offer {
    struct ref match;
    uint32_t round;
    uint64_t until_us; /* how long the round waits for a store that is down */
    uint64_t serial;   /* of the seal that made or is making it; 0: none */
    bool ready;
    char *path;
    uint32_t path_size;
    uint8_t digest[FRAMES_DIGEST_SIZE];
    struct frames_picture *picture; /* of a store: kept until each seat was served once */
    struct frames_seat seats[2];
};

struct frames {
    struct loop *loop;
    struct worker *worker;
    const char *directory;      /* NULL: pictures are in a store */
    struct frames_loads *loads; /* NULL: they are in the directory */
    uint64_t kept_bytes;        /* of the offers' pictures */
    uint64_t kept_bytes_max;
    uint32_t size_max;
    uint32_t wait_ms;
    uint32_t matches_max;
    struct offer *offers;
    struct table by_token; /* value: 2 * index + seat */
    struct frames_cache cache;
    struct frames_dice dice;
    uint64_t serial;
    uint32_t jobs; /* with the worker, or: */
    uint32_t waiting; /* for the store */
    bool destroyed;
};

/* Common to both jobs: the picture, which is brought along or read. */
struct reading {
    struct worker_job job;
    struct frames_waiter waiter; /* while it is fetched from the store */
    struct frames *frames;
    struct frames_picture *picture;
    char *path; /* NULL: nothing to read */
    uint32_t path_size;
};

struct seal_job {
    struct reading reading;
    struct ref match;
    uint32_t round;
    uint64_t serial;
    uint64_t asked_us;
};

struct fetch_job {
    struct reading reading;
    struct ref conn;
    frames_done *done;
    void *context;
    uint8_t digest[FRAMES_DIGEST_SIZE];
    struct frames_seat seat;
    uint8_t *body;
    uint32_t body_size;
};

/* ---- reading ---- */

static void run_reading(struct reading *reading)
{
    const struct frames *frames = reading->frames;
    if (reading->picture == NULL && reading->path != NULL && frames->directory != NULL) {
        reading->picture = frames_read(frames->directory,
                                       (struct text){ reading->path, reading->path_size },
                                       frames->size_max);
    }
}

/* The store has answered; the job goes on as if the picture had been there. */
static void loaded(struct frames_waiter *waiter, struct frames_picture *picture)
{
    struct reading *reading =
        (struct reading *)((char *)waiter - offsetof(struct reading, waiter));
    struct frames *frames = reading->frames;
    ASSERT(frames->waiting > 0);
    frames->waiting--;
    reading->picture = picture;
    if (frames->destroyed) {
        reading->job.done(&reading->job); /* the worker may be gone */
        return;
    }
    if (picture != NULL) {
        frames_cache_put(&frames->cache, picture);
    }
    worker_submit(frames->worker, &reading->job);
}

/* A job that a thread has nothing to do for: handing it over and back would cost more than it
 * does. */
static void done_soon(void *context)
{
    struct worker_job *job = context;
    job->done(job);
}

/* `path` is copied. The picture may be there already; `is_work`: a thread is needed even then. */
static void start_reading(struct frames *frames, struct reading *reading, struct text path,
                          bool is_work)
{
    reading->frames = frames;
    if (path.data != NULL) {
        reading->path = malloc(path.size + 1u);
        ASSERT(reading->path != NULL);
        memcpy(reading->path, path.data, path.size);
        reading->path[path.size] = '\0';
        reading->path_size = path.size;
        if (reading->picture == NULL) {
            reading->picture = frames_cache_get(&frames->cache, path);
        }
    }
    frames->jobs++;
    bool is_there = path.data == NULL || reading->picture != NULL;
    if (is_there && !is_work) {
        loop_soon(frames->loop, done_soon, &reading->job);
        return;
    }
    if (frames->loads == NULL || is_there) {
        worker_submit(frames->worker, &reading->job);
        return;
    }
    reading->waiter.done = loaded;
    frames->waiting++;
    frames_load(frames->loads, path, &reading->waiter);
}

static void release(struct frames *frames)
{
    if (frames->destroyed && frames->jobs == 0) {
        free(frames);
    }
}

/* Frees what the reading holds; the job itself is its caller's. */
static void end_reading(struct reading *reading)
{
    struct frames *frames = reading->frames;
    ASSERT(frames->jobs > 0);
    frames->jobs--;
    if (!frames->destroyed && reading->picture != NULL) {
        frames_cache_put(&frames->cache, reading->picture);
    }
    frames_picture_release(reading->picture);
    free(reading->path);
}

/* ---- sealing ---- */

/* What was offered can be had, whatever happens to the store in the meantime. */
static void keep_picture(struct frames *frames, struct offer *offer, struct frames_picture *picture)
{
    if (frames->loads != NULL && picture->size <= frames->kept_bytes_max - frames->kept_bytes) {
        frames->kept_bytes += picture->size;
        picture->references++;
        offer->picture = picture;
    }
}

static void drop_picture(struct frames *frames, struct offer *offer)
{
    if (offer->picture != NULL) {
        frames->kept_bytes -= offer->picture->size;
        frames_picture_release(offer->picture);
        offer->picture = NULL;
    }
}

static void clear_offer(struct frames *frames, struct offer *offer)
{
    drop_picture(frames, offer);
    for (uint32_t seat = 0; seat < 2 && offer->ready; seat++) {
        table_remove(&frames->by_token, offer->seats[seat].token, HUB_TOKEN_SIZE);
    }
    free(offer->path);
    OPENSSL_cleanse(offer, sizeof(*offer));
}

static struct offer *offer_of(struct frames *frames, struct ref match)
{
    ASSERT(match.index < frames->matches_max && match.generation != 0);
    return &frames->offers[match.index];
}

static void run_seal(struct worker_job *job)
{
    run_reading((struct reading *)job);
}

/* The picture is there: from now on its tokens are good. Takes the path from the job. */
static void make_offer(struct frames *frames, struct offer *offer, struct reading *reading)
{
    offer->path = reading->path;
    offer->path_size = reading->path_size;
    reading->path = NULL;
    memcpy(offer->digest, reading->picture->digest, FRAMES_DIGEST_SIZE);
    uint32_t index = (uint32_t)(offer - frames->offers);
    for (uint32_t seat = 0; seat < 2; seat++) {
        frames_draw_seat(&frames->dice, &offer->seats[seat]);
        table_put(&frames->by_token, offer->seats[seat].token, HUB_TOKEN_SIZE, 2 * index + seat);
    }
    offer->ready = true;
    keep_picture(frames, offer, reading->picture);
    metrics_add(METRIC_FRAMES_SEALED, 2);
}

static void answer_seal(struct seal_job *seal)
{
    struct frames *frames = seal->reading.frames;
    const struct frames_picture *picture = seal->reading.picture;
    struct offer *offer = offer_of(frames, seal->match);
    struct hub_event event = { .type = HUB_EV_FRAME };
    event.frame.match = seal->match;
    event.frame.round = seal->round;
    if (picture == NULL) {
        metrics_add(METRIC_FRAME_FAILURES, 1);
        if (frames->loads == NULL) { /* else it has said more than is known here */
            log_text(LOG_LEVEL_WARN, "frame not readable", "path", seal->reading.path);
        }
    } else if (offer->serial == seal->serial) {
        make_offer(frames, offer, &seal->reading);
        metrics_observe(METRIC_FRAME_READY, loop_now_us(frames->loop) - seal->asked_us);
        event.frame.ok = true;
        event.frame.size = frames_sealed_size(picture->size);
        event.frame.type = text_from(picture->type);
        for (uint32_t seat = 0; seat < 2; seat++) {
            event.frame.token[seat] = (struct text){ offer->seats[seat].token, HUB_TOKEN_SIZE };
            memcpy(event.frame.key[seat], offer->seats[seat].key, FRAMES_KEY_SIZE);
        }
    }
    loop_event(frames->loop, &event);
    OPENSSL_cleanse(&event.frame, sizeof(event.frame));
}

static void seal_done(struct worker_job *job)
{
    struct seal_job *seal = (struct seal_job *)job;
    struct frames *frames = seal->reading.frames;
    if (!frames->destroyed) {
        answer_seal(seal);
    }
    end_reading(&seal->reading);
    free(seal);
    release(frames);
}

/* All tries of a round share the time for a store that is down. */
static uint64_t wait_of(const struct frames *frames, const struct offer *offer, struct ref match,
                        uint32_t round)
{
    bool again = ref_equal(offer->match, match) && offer->round == round;
    return again ? offer->until_us
                 : loop_now_us(frames->loop) + (uint64_t)frames->wait_ms * 1000;
}

void frames_seal(struct frames *frames, struct ref match, uint32_t round, struct text path)
{
    ASSERT(path.data != NULL);
    struct offer *offer = offer_of(frames, match);
    uint64_t until_us = wait_of(frames, offer, match, round);
    clear_offer(frames, offer);
    offer->match = match;
    offer->round = round;
    offer->until_us = until_us;
    offer->serial = ++frames->serial;
    struct seal_job *seal = calloc(1, sizeof(*seal));
    ASSERT(seal != NULL);
    seal->reading.job = (struct worker_job){ .run = run_seal, .done = seal_done };
    seal->match = match;
    seal->round = round;
    seal->serial = offer->serial;
    seal->asked_us = loop_now_us(frames->loop);
    uint64_t try_us = loop_now_us(frames->loop) + FRAMES_TRY_WAIT_MS * 1000u;
    seal->reading.waiter.until_us = try_us > until_us ? try_us : until_us;
    seal->reading.waiter.until_down_us = until_us;
    start_reading(frames, &seal->reading, path, false);
}

void frames_drop(struct frames *frames, struct ref match)
{
    struct offer *offer = offer_of(frames, match);
    if (ref_equal(offer->match, match)) {
        clear_offer(frames, offer);
    }
}

/* ---- fetching ---- */

static void run_fetch(struct worker_job *job)
{
    struct fetch_job *fetch = (struct fetch_job *)job;
    run_reading(&fetch->reading);
    const struct frames_picture *picture = fetch->reading.picture;
    if (picture != NULL && memcmp(picture->digest, fetch->digest, FRAMES_DIGEST_SIZE) == 0) {
        fetch->body = frames_seal_body(&fetch->seat, picture->bytes, picture->size);
        fetch->body_size = frames_sealed_size(picture->size);
    }
}

static void fetch_done(struct worker_job *job)
{
    struct fetch_job *fetch = (struct fetch_job *)job;
    struct frames *frames = fetch->reading.frames;
    if (frames->destroyed) {
        free(fetch->body);
    } else {
        if (fetch->body == NULL && fetch->reading.path != NULL) {
            metrics_add(METRIC_FRAME_FAILURES, 1); /* the picture has gone, or is another one */
        }
        fetch->done(fetch->context, fetch->conn, fetch->body,
                    fetch->body != NULL ? fetch->body_size : 0);
    }
    end_reading(&fetch->reading);
    OPENSSL_cleanse(fetch, sizeof(*fetch));
    free(fetch);
    release(frames);
}

/* The seat whose token this is and who may still load, or NULL. Counts the serving at once, so
 * that five at the same time are five. */
static struct frames_seat *take_serving(struct frames *frames, struct text token,
                                        struct offer **ret_offer)
{
    uint32_t value = 0;
    if (token.size != HUB_TOKEN_SIZE ||
        !table_get(&frames->by_token, token.data, HUB_TOKEN_SIZE, &value)) {
        return NULL;
    }
    struct offer *offer = &frames->offers[value / 2];
    struct frames_seat *seat = &offer->seats[value % 2];
    ASSERT(offer->ready && memcmp(seat->token, token.data, HUB_TOKEN_SIZE) == 0);
    if (seat->serves == FRAMES_SERVES_MAX) {
        return NULL;
    }
    seat->serves++;
    *ret_offer = offer;
    return seat;
}

void frames_fetch(struct frames *frames, struct text token, struct ref conn, frames_done *done,
                  void *context)
{
    struct fetch_job *fetch = calloc(1, sizeof(*fetch));
    ASSERT(fetch != NULL);
    fetch->reading.job = (struct worker_job){ .run = run_fetch, .done = fetch_done };
    fetch->conn = conn;
    fetch->done = done;
    fetch->context = context;
    struct text path = TEXT_NONE;
    struct offer *offer = NULL;
    const struct frames_seat *seat = take_serving(frames, token, &offer);
    if (seat != NULL) {
        fetch->seat = *seat;
        memcpy(fetch->digest, offer->digest, FRAMES_DIGEST_SIZE);
        path = (struct text){ offer->path, offer->path_size };
        if (offer->picture != NULL) {
            offer->picture->references++;
            fetch->reading.picture = offer->picture;
        }
        if (offer->seats[0].serves > 0 && offer->seats[1].serves > 0) {
            drop_picture(frames, offer);
        }
    }
    fetch->reading.waiter.until_us = loop_now_us(frames->loop) + FRAMES_FETCH_WAIT_MS * 1000u;
    fetch->reading.waiter.until_down_us = fetch->reading.waiter.until_us;
    start_reading(frames, &fetch->reading, path, seat != NULL);
}

/* ---- life ---- */

static void set_up(struct frames *frames, struct loop *loop, struct worker *worker,
                   const struct settings *settings)
{
    frames->loop = loop;
    frames->worker = worker;
    frames->directory = settings->frames_dir;
    frames->size_max = (uint32_t)settings->frame_max;
    frames->kept_bytes_max = (uint64_t)settings->frame_cache;
    frames->wait_ms = (uint32_t)settings->frame_wait_ms;
}

struct frames *frames_create(struct loop *loop, struct worker *worker,
                             const struct settings *settings, uint32_t matches_max,
                             frames_changed *changed, void *context)
{
    struct frames *frames = calloc(1, sizeof(*frames));
    struct offer *offers = calloc(matches_max, sizeof(struct offer));
    uint64_t seeds[2];
    bool ok = RAND_bytes((unsigned char *)seeds, sizeof(seeds)) == 1;
    ASSERT(ok);
    if (frames == NULL || offers == NULL ||
        !frames_cache_create(&frames->cache, (uint64_t)settings->frame_cache, seeds[0])) {
        free(offers);
        free(frames);
        return NULL;
    }
    if (!table_create(&frames->by_token, 2 * matches_max, HUB_TOKEN_SIZE, seeds[1])) {
        frames_cache_destroy(&frames->cache);
        free(offers);
        free(frames);
        return NULL;
    }
    set_up(frames, loop, worker, settings);
    frames->matches_max = matches_max;
    frames->offers = offers;
    if (settings->frames_bucket != NULL) {
        frames->loads = frames_loads_create(loop, worker, settings, changed, context);
        if (frames->loads == NULL) {
            frames_destroy(frames);
            return NULL;
        }
    }
    return frames;
}

bool frames_is_up(const struct frames *frames)
{
    return frames->loads == NULL || frames_loads_is_up(frames->loads);
}

uint32_t frames_waiting(const struct frames *frames)
{
    return frames->waiting;
}

/* From all over the catalogue, so that they have little in common. */
/* Only a path that would be asked for by a round too: it is the catalogue's, so anybody's. */
static bool is_known_by(const struct titles_row *row)
{
    return row->drawn && row->frames_count > 0 && frames_path_is_plain(row->frames[0].path);
}

void frames_know(struct frames *frames, const struct titles_row *rows, uint32_t count)
{
    struct text paths[FRAMES_HEALTH_OBJECTS];
    uint32_t found = 0;
    uint32_t next = 0; /* row */
    for (uint32_t i = 0; i < FRAMES_HEALTH_OBJECTS; i++) {
        uint32_t begin = (uint32_t)((uint64_t)count * i / FRAMES_HEALTH_OBJECTS);
        next = begin > next ? begin : next;
        while (next < count && !is_known_by(&rows[next])) {
            next++;
        }
        if (next < count) {
            paths[found++] = rows[next++].frames[0].path;
        }
    }
    if (frames->loads != NULL) {
        frames_loads_know(frames->loads, paths, found);
    }
}

void frames_destroy(struct frames *frames)
{
    if (frames == NULL) {
        return;
    }
    for (uint32_t i = 0; i < frames->matches_max; i++) {
        clear_offer(frames, &frames->offers[i]);
    }
    table_destroy(&frames->by_token);
    frames_cache_destroy(&frames->cache);
    free(frames->offers);
    OPENSSL_cleanse(&frames->dice, sizeof(frames->dice));
    frames->destroyed = true;
    frames->jobs++; /* ours: what waits for the store ends now, and must not free `frames` */
    frames_loads_destroy(frames->loads);
    frames->jobs--;
    release(frames);
}
