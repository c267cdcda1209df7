/* Worker threads: what is submitted is run elsewhere and given back here, once, in order. */
#include <duel/io/worker.h>
#include <ev.h>
#include <pthread.h>

#include "test.h"

#define JOBS 100

struct job {
    struct worker_job base; /* first */
    pthread_t ran_on;
    bool ran;
    uint32_t done_count;
    uint32_t done_place;
    struct job *next; /* submitted when this one is done, or NULL */
};

static struct loop *loop;
static struct worker *worker;
static pthread_t main_thread;
static struct job jobs[JOBS];
static uint32_t done_total;
static uint32_t expected;
static bool done_elsewhere;

static void run(struct worker_job *base)
{
    struct job *job = (struct job *)base;
    job->ran_on = pthread_self();
    job->ran = true;
}

static void done(struct worker_job *base)
{
    struct job *job = (struct job *)base;
    if (!pthread_equal(pthread_self(), main_thread)) {
        done_elsewhere = true;
    }
    job->done_count++;
    job->done_place = done_total++;
    if (job->next != NULL) {
        worker_submit(worker, &job->next->base);
    }
    if (done_total == expected) {
        loop_stop(loop);
    }
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void run_behind_gate(struct worker_job *base)
{
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
    run(base);
}

static void begin(uint32_t threads, uint32_t wanted)
{
    memset(jobs, 0, sizeof(jobs));
    for (uint32_t i = 0; i < JOBS; i++) {
        jobs[i].base = (struct worker_job){ .run = run, .done = done };
    }
    main_thread = pthread_self();
    done_total = 0;
    done_elsewhere = false;
    expected = wanted;
    loop = loop_create();
    CHECK(loop != NULL);
    worker = worker_create(loop, threads);
    CHECK(worker != NULL);
}

static void end(void)
{
    worker_destroy(worker);
    loop_destroy(loop);
}

TEST(jobs_run_on_threads_and_come_back_on_the_loop)
{
    begin(4, JOBS);
    for (uint32_t i = 0; i < JOBS; i++) {
        worker_submit(worker, &jobs[i].base);
    }
    CHECK_INT(worker_waiting(worker), JOBS);
    CHECK_INT(done_total, 0); /* not before the loop runs */
    loop_run(loop);
    for (uint32_t i = 0; i < JOBS; i++) {
        CHECK(jobs[i].ran);
        CHECK(!pthread_equal(jobs[i].ran_on, main_thread));
        CHECK_INT(jobs[i].done_count, 1);
    }
    CHECK(!done_elsewhere);
    CHECK_INT(worker_waiting(worker), 0);
    end();
}

TEST(one_thread_keeps_the_order)
{
    begin(1, JOBS);
    for (uint32_t i = 0; i < JOBS; i++) {
        worker_submit(worker, &jobs[i].base);
    }
    loop_run(loop);
    for (uint32_t i = 0; i < JOBS; i++) {
        CHECK_INT(jobs[i].done_place, i);
    }
    end();
}

TEST(what_is_done_may_submit_more)
{
    begin(2, JOBS);
    for (uint32_t i = 0; i + 1 < JOBS; i++) {
        jobs[i].next = &jobs[i + 1];
    }
    worker_submit(worker, &jobs[0].base);
    loop_run(loop);
    CHECK_INT(done_total, JOBS);
    end();
}

TEST(the_end_finishes_what_runs_and_drops_the_rest)
{
    begin(1, 0);
    pthread_mutex_lock(&gate);
    jobs[0].base.run = run_behind_gate;
    for (uint32_t i = 0; i < 10; i++) {
        worker_submit(worker, &jobs[i].base);
    }
    pthread_mutex_unlock(&gate);
    end();
    CHECK_INT(done_total, 10); /* each is told, run or not */
    bool dropped = false;
    for (uint32_t i = 0; i < 10; i++) {
        CHECK_INT(jobs[i].done_count, 1);
        CHECK(!(dropped && jobs[i].ran)); /* none after the first that was dropped */
        dropped = dropped || !jobs[i].ran;
    }
}

TEST_MAIN
