/* Worker threads: one queue of jobs behind a mutex, and an ev_async watcher that brings them
 * back. */
#include <duel/base/assert.h>
#include <duel/io/worker.h>
#include <ev.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 8
#define NICENESS 10 /* players wait for the loop: beside two of these it has 4/5 of a core */
#define END_WAIT_S 3
#define BACK_MAX 32 /* jobs given back in a turn of the loop; what becomes of one may take 50 us */

struct jobs {
    struct worker_job *first;
    struct worker_job **last; /* where the next one is linked */
};

struct worker {
    struct loop *loop;
    struct ev_async wake;
    pthread_mutex_t mutex; /* guards the two queues and `stopping` */
    pthread_cond_t submitted;
    struct jobs todo;
    struct jobs finished;
    bool stopping;
    pthread_t threads[THREADS_MAX];
    uint32_t threads_count;
    uint32_t waiting; /* the loop's alone */
};

static void jobs_init(struct jobs *jobs)
{
    jobs->first = NULL;
    jobs->last = &jobs->first;
}

static void jobs_put(struct jobs *jobs, struct worker_job *job)
{
    job->next = NULL;
    *jobs->last = job;
    jobs->last = &job->next;
}

static struct worker_job *jobs_take(struct jobs *jobs)
{
    struct worker_job *job = jobs->first;
    if (job != NULL) {
        jobs->first = job->next;
        if (jobs->first == NULL) {
            jobs->last = &jobs->first;
        }
        job->next = NULL;
    }
    return job;
}

static void lock(struct worker *worker)
{
    int failed = pthread_mutex_lock(&worker->mutex);
    ASSERT(failed == 0);
}

static void unlock(struct worker *worker)
{
    int failed = pthread_mutex_unlock(&worker->mutex);
    ASSERT(failed == 0);
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    (void)!nice(NICENESS); /* of this thread alone, on Linux */
    lock(worker);
    while (!worker->stopping) {
        struct worker_job *job = jobs_take(&worker->todo);
        if (job == NULL) {
            pthread_cond_wait(&worker->submitted, &worker->mutex);
            continue;
        }
        unlock(worker);
        job->run(job);
        lock(worker);
        jobs_put(&worker->finished, job);
        if (!worker->stopping) { /* else nobody waits, and the loop may be gone */
            ev_async_send(loop_ev(worker->loop), &worker->wake);
        }
    }
    unlock(worker);
    return NULL;
}

/* At most `max` of those that are finished. */
static void give_back(struct worker *worker, uint32_t max)
{
    while (max-- > 0) {
        lock(worker);
        struct worker_job *job = jobs_take(&worker->finished);
        unlock(worker);
        if (job == NULL) {
            return;
        }
        worker->waiting--;
        job->done(job);
    }
    ev_async_send(loop_ev(worker->loop), &worker->wake); /* the others in the next turn */
}

static void woken(struct ev_loop *ev, struct ev_async *wake, int events)
{
    (void)ev;
    (void)events;
    give_back(wake->data, BACK_MAX);
}

/* Signals belong to the loop's thread. */
static bool start_threads(struct worker *worker, uint32_t threads)
{
    sigset_t all, before;
    sigfillset(&all);
    const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT }; /* a thread's own */
    for (uint32_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        sigdelset(&all, faults[i]);
    }
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (uint32_t i = 0; i < threads; i++) {
        if (pthread_create(&worker->threads[i], NULL, work, worker) != 0) {
            break;
        }
        worker->threads_count++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return worker->threads_count == threads;
}

struct worker *worker_create(struct loop *loop, uint32_t threads)
{
    ASSERT(threads >= 1 && threads <= THREADS_MAX);
    struct worker *worker = calloc(1, sizeof(*worker));
    if (worker == NULL) {
        return NULL;
    }
    worker->loop = loop;
    jobs_init(&worker->todo);
    jobs_init(&worker->finished);
    pthread_mutex_init(&worker->mutex, NULL);
    pthread_cond_init(&worker->submitted, NULL);
    ev_async_init(&worker->wake, woken);
    worker->wake.data = worker;
    ev_async_start(loop_ev(loop), &worker->wake);
    if (!start_threads(worker, threads)) {
        worker_destroy(worker);
        return NULL;
    }
    return worker;
}

/* False when a thread does not end: a name look-up cannot be stopped, and may take longer than
 * anybody who ends a server wants to wait. */
static bool join_threads(struct worker *worker)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += END_WAIT_S;
    for (uint32_t i = 0; i < worker->threads_count; i++) {
        if (pthread_timedjoin_np(worker->threads[i], NULL, &until) != 0) {
            return false;
        }
    }
    return true;
}

void worker_destroy(struct worker *worker)
{
    if (worker == NULL) {
        return;
    }
    lock(worker);
    worker->stopping = true;
    pthread_cond_broadcast(&worker->submitted);
    unlock(worker);
    if (!join_threads(worker)) {
        return;
    }
    give_back(worker, UINT32_MAX);
    for (struct worker_job *job = jobs_take(&worker->todo); job != NULL;
         job = jobs_take(&worker->todo)) {
        worker->waiting--;
        job->done(job);
    }
    ASSERT(worker->waiting == 0);
    ev_async_stop(loop_ev(worker->loop), &worker->wake);
    pthread_cond_destroy(&worker->submitted);
    pthread_mutex_destroy(&worker->mutex);
    free(worker);
}

void worker_submit(struct worker *worker, struct worker_job *job)
{
    ASSERT(job->run != NULL && job->done != NULL);
    worker->waiting++;
    lock(worker);
    jobs_put(&worker->todo, job);
    pthread_cond_signal(&worker->submitted);
    unlock(worker);
}

uint32_t worker_waiting(const struct worker *worker)
{
    return worker->waiting;
}
