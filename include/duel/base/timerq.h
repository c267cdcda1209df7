/* Deadlines ordered by time: an indexed binary heap over ids 0…count_max-1.
 *
 * It has no clock: who asks brings the time. Each id has at most one deadline; setting it again
 * moves it. All operations are O(log n) in the ids that have one. Equal deadlines come out in order
 * of id, so that a run can be repeated exactly. */
#ifndef DUEL_BASE_TIMERQ_H
#define DUEL_BASE_TIMERQ_H

#include <stdbool.h>
#include <stdint.h>

#define TIMERQ_NEVER UINT64_MAX

struct timerq {
    uint64_t *deadlines; /* by id */
    uint32_t *heap;      /* ids */
    uint32_t *places;    /* by id: place in heap + 1, 0 = none */
    uint32_t count;
    uint32_t count_max;
};

bool timerq_create(struct timerq *queue, uint32_t count_max);
void timerq_destroy(struct timerq *queue);
/* Sets, moves or (TIMERQ_NEVER) clears the deadline of `id`. */
void timerq_set(struct timerq *queue, uint32_t id, uint64_t deadline_us);
/* The earliest deadline, TIMERQ_NEVER when there is none. */
uint64_t timerq_next(const struct timerq *queue);
/* Takes one id whose deadline is <= now_us, earliest first; false when there is none. */
bool timerq_take(struct timerq *queue, uint64_t now_us, uint32_t *ret_id);

#endif
