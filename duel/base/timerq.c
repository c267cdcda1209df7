/* An indexed binary heap of deadlines; see timerq.h. */
#include <duel/base/assert.h>
#include <duel/base/timerq.h>
#include <stdlib.h>

bool timerq_create(struct timerq *queue, uint32_t count_max)
{
    ASSERT(count_max > 0);
    *queue = (struct timerq){ .count_max = count_max };
    queue->deadlines = calloc(count_max, sizeof *queue->deadlines);
    queue->heap = calloc(count_max, sizeof *queue->heap);
    queue->places = calloc(count_max, sizeof *queue->places);
    if (queue->deadlines == NULL || queue->heap == NULL || queue->places == NULL) {
        timerq_destroy(queue);
        return false;
    }
    return true;
}

void timerq_destroy(struct timerq *queue)
{
    free(queue->deadlines);
    free(queue->heap);
    free(queue->places);
    *queue = (struct timerq){ 0 };
}

static bool is_before(const struct timerq *queue, uint32_t a, uint32_t b)
{
    if (queue->deadlines[a] != queue->deadlines[b]) {
        return queue->deadlines[a] < queue->deadlines[b];
    }
    return a < b;
}

static void put(struct timerq *queue, uint32_t place, uint32_t id)
{
    queue->heap[place] = id;
    queue->places[id] = place + 1;
}

static void sift_up(struct timerq *queue, uint32_t place)
{
    uint32_t id = queue->heap[place];
    while (place > 0) {
        uint32_t parent = (place - 1) / 2;
        if (!is_before(queue, id, queue->heap[parent])) {
            break;
        }
        put(queue, place, queue->heap[parent]);
        place = parent;
    }
    put(queue, place, id);
}

static void sift_down(struct timerq *queue, uint32_t place)
{
    uint32_t id = queue->heap[place];
    for (;;) {
        uint32_t child = 2 * place + 1;
        if (child >= queue->count) {
            break;
        }
        if (child + 1 < queue->count &&
            is_before(queue, queue->heap[child + 1], queue->heap[child])) {
            child++;
        }
        if (!is_before(queue, queue->heap[child], id)) {
            break;
        }
        put(queue, place, queue->heap[child]);
        place = child;
    }
    put(queue, place, id);
}

static void remove_at(struct timerq *queue, uint32_t place)
{
    uint32_t id = queue->heap[place];
    queue->places[id] = 0;
    queue->count--;
    if (place == queue->count) {
        return;
    }
    uint32_t moved = queue->heap[queue->count];
    put(queue, place, moved);
    sift_up(queue, place);
    sift_down(queue, queue->places[moved] - 1);
}

void timerq_set(struct timerq *queue, uint32_t id, uint64_t deadline_us)
{
    ASSERT(id < queue->count_max);
    uint32_t place = queue->places[id];
    if (deadline_us == TIMERQ_NEVER) {
        if (place != 0) {
            remove_at(queue, place - 1);
        }
        return;
    }
    queue->deadlines[id] = deadline_us;
    if (place == 0) {
        place = ++queue->count;
        put(queue, place - 1, id);
    }
    sift_up(queue, place - 1);
    sift_down(queue, queue->places[id] - 1);
}

uint64_t timerq_next(const struct timerq *queue)
{
    return queue->count == 0 ? TIMERQ_NEVER : queue->deadlines[queue->heap[0]];
}

bool timerq_take(struct timerq *queue, uint64_t now_us, uint32_t *ret_id)
{
    if (queue->count == 0 || queue->deadlines[queue->heap[0]] > now_us) {
        return false;
    }
    *ret_id = queue->heap[0];
    remove_at(queue, 0);
    return true;
}
