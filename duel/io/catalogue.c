/* The catalogue's round: ask PostgreSQL, build on a thread, hand to the hub, wait, ask again. */
#include <duel/base/assert.h>
#include <duel/io/catalogue.h>
#include <duel/io/log.h>
#include <duel/io/metrics.h>
#include <ev.h>
#include <stdlib.h>

#define RETRY_MS 2000 /* after a load that failed or a lost connection, if that is sooner */

struct catalogue {
    struct worker_job job; /* first: the worker gives it back */
    struct loop *loop;
    struct worker *worker;
    struct pg *pg;
    struct ev_timer timer;
    uint32_t every_ms;
    bool building;
    bool asked_again; /* while building: the rows must stay as they are until that is done */
    struct titles *titles;
    /* The job's, while it runs. */
    const struct titles_row *rows;
    uint32_t rows_count;
    struct titles *built; /* NULL: out of memory, or not begun */
};

static void wait(struct catalogue *catalogue, uint32_t wait_ms)
{
    struct ev_loop *ev = loop_ev(catalogue->loop);
    ev_timer_stop(ev, &catalogue->timer);
    ev_timer_set(&catalogue->timer, wait_ms / 1000.0, 0.0);
    ev_timer_start(ev, &catalogue->timer);
}

static void wait_to_retry(struct catalogue *catalogue)
{
    wait(catalogue, catalogue->every_ms < RETRY_MS ? catalogue->every_ms : RETRY_MS);
}

static void load(struct catalogue *catalogue)
{
    if (catalogue->building) {
        catalogue->asked_again = true;
        return;
    }
    ev_timer_stop(loop_ev(catalogue->loop), &catalogue->timer);
    pg_load_catalogue(catalogue->pg);
}

static void time_to_load(struct ev_loop *ev, struct ev_timer *timer, int events)
{
    (void)ev;
    (void)events;
    load(timer->data);
}

static void build(struct worker_job *job)
{
    struct catalogue *catalogue = (struct catalogue *)job;
    catalogue->built = titles_create(catalogue->rows, catalogue->rows_count, catalogue->titles);
}

static void swap(struct catalogue *catalogue)
{
    struct titles *older = catalogue->titles;
    catalogue->titles = catalogue->built;
    catalogue->built = NULL;
    struct hub_event event = { .type = HUB_EV_CATALOGUE, .titles = catalogue->titles };
    loop_event(catalogue->loop, &event);
    titles_destroy(older);
    metrics_add(METRIC_CATALOGUE_BUILDS, 1);
    const struct log_field fields[] = {
        { .key = "videos", .kind = LOG_FIELD_INT, .number = titles_count(catalogue->titles) },
        { .key = "drawn", .kind = LOG_FIELD_INT, .number = titles_drawn_count(catalogue->titles) },
        { .key = NULL },
    };
    log_fields(LOG_LEVEL_INFO, "catalogue loaded", fields);
}

static void built(struct worker_job *job)
{
    struct catalogue *catalogue = (struct catalogue *)job;
    ASSERT(catalogue->building);
    catalogue->building = false;
    if (catalogue->built != NULL) {
        swap(catalogue);
    } else {
        log_line(LOG_LEVEL_ERROR, "no memory for the catalogue, the older one stays");
    }
    if (catalogue->asked_again) {
        catalogue->asked_again = false;
        load(catalogue);
    } else {
        wait(catalogue, catalogue->every_ms);
    }
}

void catalogue_rows(void *context, bool ok, const struct titles_row *rows, uint32_t count)
{
    struct catalogue *catalogue = context;
    ASSERT(!catalogue->building);
    if (!ok) {
        wait_to_retry(catalogue);
        return;
    }
    catalogue->rows = rows;
    catalogue->rows_count = count;
    catalogue->built = NULL;
    catalogue->building = true;
    worker_submit(catalogue->worker, &catalogue->job);
}

void catalogue_same(void *context)
{
    struct catalogue *catalogue = context;
    wait(catalogue, catalogue->every_ms);
}

struct catalogue *catalogue_create(struct loop *loop, struct worker *worker, uint32_t every_ms)
{
    struct catalogue *catalogue = calloc(1, sizeof(*catalogue));
    if (catalogue == NULL) {
        return NULL;
    }
    catalogue->loop = loop;
    catalogue->worker = worker;
    catalogue->every_ms = every_ms;
    catalogue->job.run = build;
    catalogue->job.done = built;
    ev_timer_init(&catalogue->timer, time_to_load, 0.0, 0.0);
    catalogue->timer.data = catalogue;
    return catalogue;
}

void catalogue_destroy(struct catalogue *catalogue)
{
    if (catalogue == NULL) {
        return;
    }
    ASSERT(!catalogue->building);
    ev_timer_stop(loop_ev(catalogue->loop), &catalogue->timer);
    titles_destroy(catalogue->titles);
    free(catalogue);
}

void catalogue_start(struct catalogue *catalogue, struct pg *pg)
{
    catalogue->pg = pg;
    if (catalogue->titles == NULL) {
        load(catalogue);
    } else {
        wait_to_retry(catalogue);
    }
}

uint32_t catalogue_count(const struct catalogue *catalogue)
{
    return catalogue->titles == NULL ? 0 : titles_count(catalogue->titles);
}

uint32_t catalogue_drawn_count(const struct catalogue *catalogue)
{
    return catalogue->titles == NULL ? 0 : titles_drawn_count(catalogue->titles);
}
