/* Threads for work that would hold the loop: signature checks, name look-ups, file reads, key sets.
 *
 * A job is run on one of the threads and then given back on the loop. Jobs start in the order they
 * were submitted. What a job touches while it runs belongs to it alone. */
#ifndef DUEL_IO_WORKER_H
#define DUEL_IO_WORKER_H

#include <duel/io/loop.h>

struct worker;

/* Embed as the first member of the job's own struct. */
struct worker_job {
    void (*run)(struct worker_job *job);  /* on a thread */
    void (*done)(struct worker_job *job); /* on the loop; frees the job */
    struct worker_job *next;
};

/* `threads` 1…8. NULL: out of memory or threads. */
struct worker *worker_create(struct loop *loop, uint32_t threads);
/* Finishes what runs, gives back what is done, drops what has not begun by calling its `done`. A
 * job that runs on for three seconds is left behind with all that belongs to the worker: the
 * process is ending. */
void worker_destroy(struct worker *worker);
void worker_submit(struct worker *worker, struct worker_job *job);
/* Jobs submitted and not yet given back. */
uint32_t worker_waiting(const struct worker *worker);

#endif
