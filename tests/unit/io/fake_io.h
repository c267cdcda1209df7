/* A loop and a worker for tests of what runs on them: the test says when a job runs and what
 * time it is, so every order of things can be tried. Linked in place of loop.c, worker.c, log.c
 * and metrics.c. */
#ifndef DUEL_TESTS_UNIT_IO_FAKE_IO_H
#define DUEL_TESTS_UNIT_IO_FAKE_IO_H

#include <duel/io/log.h>
#include <duel/io/metrics.h>
#include <duel/io/worker.h>
#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct worker_job *fake_first;
static struct worker_job **fake_last = &fake_first;
static uint32_t fake_jobs;
static uint64_t fake_now_us = 1795352666000000;
static struct ev_loop *fake_ev;
static struct hub_event fake_event; /* the last one; its views are dead */
static char fake_tokens[2][64];     /* of that event, if it was HUB_EV_FRAME */
static uint32_t fake_events;
static uint64_t fake_wall_ahead_us; /* of the system's clock over the loop's */
static uint64_t fake_counts[METRICS];
static char fake_log[65536];

void worker_submit(struct worker *worker, struct worker_job *job)
{
    (void)worker;
    job->next = NULL;
    *fake_last = job;
    fake_last = &job->next;
    fake_jobs++;
}

/* Waits its turn like a job, of which nothing is run. */
struct fake_soon {
    struct worker_job job;
    void (*call)(void *context);
    void *context;
};

static void fake_run_soon(struct worker_job *job)
{
    (void)job;
}

static void fake_soon_done(struct worker_job *job)
{
    struct fake_soon soon = *(struct fake_soon *)job;
    free(job);
    soon.call(soon.context);
}

void loop_soon(struct loop *loop, void (*call)(void *context), void *context)
{
    (void)loop;
    struct fake_soon *soon = malloc(sizeof(*soon));
    *soon = (struct fake_soon){ { .run = fake_run_soon, .done = fake_soon_done }, call, context };
    worker_submit(NULL, &soon->job);
}

uint64_t loop_now_us(const struct loop *loop)
{
    (void)loop;
    return fake_now_us;
}

uint64_t loop_wall_us(const struct loop *loop)
{
    (void)loop;
    return fake_now_us + fake_wall_ahead_us;
}

struct ev_loop *loop_ev(struct loop *loop)
{
    (void)loop;
    if (fake_ev == NULL) {
        fake_ev = ev_loop_new(EVFLAG_AUTO);
    }
    return fake_ev;
}

void loop_event(struct loop *loop, struct hub_event *event)
{
    (void)loop;
    fake_event = *event;
    fake_events++;
    for (uint32_t i = 0; i < 2 && event->type == HUB_EV_FRAME; i++) {
        memset(fake_tokens[i], 0, sizeof(fake_tokens[i]));
        if (event->frame.token[i].data != NULL) {
            memcpy(fake_tokens[i], event->frame.token[i].data, event->frame.token[i].size);
        }
    }
}

void metrics_add(enum metric metric, uint64_t count)
{
    fake_counts[metric] += count;
}

void metrics_observe(enum metric_histogram histogram, uint64_t us)
{
    (void)histogram;
    (void)us;
}

void log_text(enum log_level level, const char *event, const char *key, const char *value)
{
    size_t used = strlen(fake_log);
    snprintf(fake_log + used, sizeof(fake_log) - used, "%d %s %s=%s\n", (int)level, event, key,
             value);
}

void log_number(enum log_level level, const char *event, const char *key, int64_t value)
{
    size_t used = strlen(fake_log);
    snprintf(fake_log + used, sizeof(fake_log) - used, "%d %s %s=%lld\n", (int)level, event, key,
             (long long)value);
}

static inline struct worker_job *fake_take(void)
{
    struct worker_job *job = fake_first;
    if (job != NULL) {
        fake_first = job->next;
        fake_last = fake_first == NULL ? &fake_first : fake_last;
        fake_jobs--;
    }
    return job;
}

/* Runs one job and gives it back; false: there was none. */
static inline bool fake_run_one(void)
{
    struct worker_job *job = fake_take();
    if (job != NULL) {
        job->run(job);
        job->done(job);
    }
    return job != NULL;
}

static inline void fake_run_all(void)
{
    while (fake_run_one()) {
    }
}

/* Gives jobs back that were not run, as a worker does that is being destroyed. */
static inline void fake_drop_all(void)
{
    for (struct worker_job *job = fake_take(); job != NULL; job = fake_take()) {
        job->done(job);
    }
}

#endif
