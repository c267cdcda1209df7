/* The loop's turn on libev: a check watcher reads the clock right after the sleep, a prepare
 * watcher ends the turn right before the next one.
 *
 * It knows the hub and nothing about what performs its effects. */
#include <duel/base/assert.h>
#include <duel/base/timerq.h>
#include <duel/io/loop.h>
#include <duel/io/metrics.h>
#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define FLUSHES_MAX 4
#define ENTROPY_SIZE 4096 /* bytes drawn from the kernel at once */
#define DEFERRED_COUNT_FIRST 64
#define SOON_COUNT_FIRST 64
#define US_PER_S 1000000ULL
#define READY_MAX 128 /* descriptors in a turn: to close one, the dearest, takes up to 80 us */

struct call {
    void (*call)(void *context);
    void *context;
};

struct loop {
    struct ev_loop *ev;
    struct ev_check begin;
    struct ev_prepare end;
    struct ev_timer tick;
    uint64_t epoch_us; /* Unix time when the monotonic clock was 0 */
    uint64_t now_us;
    uint64_t tick_us; /* what `tick` is set to; TIMERQ_NEVER: not running */
    struct hub *hub;
    loop_perform *perform;
    void *perform_context;
    bool performing;
    struct hub_event *deferred; /* a queue: the first deferred_first are done */
    uint32_t deferred_first;
    uint32_t deferred_count;
    uint32_t deferred_count_max;
    struct call *soon; /* a queue: the first soon_first are done */
    uint32_t soon_first;
    uint32_t soon_count;
    uint32_t soon_count_max;
    struct call flushes[FLUSHES_MAX];
    uint32_t flushes_count;
    struct loop_times times;
    uint32_t entropy_used;
    uint8_t entropy[ENTROPY_SIZE];
};

/* In the place of libc's, for libev: that takes all that are ready at once, and when thousands hang
 * up or speak together the turn is as long as all of them need. Who is left over comes first in the
 * next turn, before those who were served. */
int epoll_wait(int fd, struct epoll_event *events, int max, int timeout_ms)
{
    return (int)syscall(SYS_epoll_pwait, fd, events, max < READY_MAX ? max : READY_MAX, timeout_ms,
                        NULL, 0);
}

static uint64_t read_clock_us(clockid_t clock)
{
    struct timespec time;
    int failed = clock_gettime(clock, &time);
    ASSERT(failed == 0);
    return (uint64_t)time.tv_sec * US_PER_S + (uint64_t)time.tv_nsec / 1000;
}

uint64_t loop_read_us(const struct loop *loop)
{
    return loop->epoch_us + read_clock_us(CLOCK_MONOTONIC);
}

uint64_t loop_wall_us(const struct loop *loop)
{
    (void)loop;
    return read_clock_us(CLOCK_REALTIME);
}

uint64_t loop_now_us(const struct loop *loop)
{
    return loop->now_us;
}

struct ev_loop *loop_ev(struct loop *loop)
{
    return loop->ev;
}

static void draw_entropy(struct loop *loop, uint64_t ret_entropy[HUB_ENTROPY])
{
    const uint32_t size = HUB_ENTROPY * sizeof(uint64_t);
    if (loop->entropy_used + size > ENTROPY_SIZE) {
        uint32_t filled = 0;
        while (filled < ENTROPY_SIZE) {
            ssize_t got = getrandom(loop->entropy + filled, ENTROPY_SIZE - filled, 0);
            ASSERT(got > 0 || errno == EINTR);
            filled += got > 0 ? (uint32_t)got : 0;
        }
        loop->entropy_used = 0;
    }
    uint8_t *bits = loop->entropy + loop->entropy_used;
    memcpy(ret_entropy, bits, size);
    memset(bits, 0, size);
    loop->entropy_used += size;
}

void loop_event(struct loop *loop, struct hub_event *event)
{
    ASSERT(loop->hub != NULL);
    ASSERT(!loop->performing);
    event->now_us = loop->now_us;
    draw_entropy(loop, event->entropy);
    loop->performing = true;
    hub_step(loop->hub, event);
    for (struct hub_effect *effect = hub_take(loop->hub); effect != NULL;
         effect = hub_take(loop->hub)) {
        loop->perform(loop->perform_context, effect);
    }
    loop->performing = false;
}

void loop_defer(struct loop *loop, const struct hub_event *event)
{
    if (loop->deferred_count == loop->deferred_count_max) {
        uint32_t count_max = loop->deferred_count_max * 2;
        struct hub_event *grown = realloc(loop->deferred, count_max * sizeof(*grown));
        ASSERT(grown != NULL); /* a lost answer would leave the hub waiting for ever */
        loop->deferred = grown;
        loop->deferred_count_max = count_max;
    }
    loop->deferred[loop->deferred_count++] = *event;
}

void loop_soon(struct loop *loop, void (*call)(void *context), void *context)
{
    if (loop->soon_count == loop->soon_count_max) {
        uint32_t count_max = loop->soon_count_max * 2;
        struct call *grown = realloc(loop->soon, count_max * sizeof(*grown));
        ASSERT(grown != NULL);
        loop->soon = grown;
        loop->soon_count_max = count_max;
    }
    loop->soon[loop->soon_count++] = (struct call){ call, context };
}

static void call_soon(struct loop *loop)
{
    while (loop->soon_first < loop->soon_count) {
        struct call next = loop->soon[loop->soon_first++];
        next.call(next.context);
    }
    loop->soon_first = 0;
    loop->soon_count = 0;
}

static void deliver_deferred(struct loop *loop)
{
    while (loop->deferred_first < loop->deferred_count) {
        /* A copy: what is performed may defer more and move the queue. */
        struct hub_event event = loop->deferred[loop->deferred_first++];
        loop_event(loop, &event);
    }
    loop->deferred_first = 0;
    loop->deferred_count = 0;
}

void loop_at_turn_end(struct loop *loop, void (*flush)(void *context), void *context)
{
    ASSERT(loop->flushes_count < FLUSHES_MAX);
    loop->flushes[loop->flushes_count++] = (struct call){ flush, context };
}

/* Sets the one timer to the hub's deadline, if it is not already. */
static void arm_tick(struct loop *loop)
{
    uint64_t deadline_us = loop->hub == NULL ? TIMERQ_NEVER : hub_deadline_us(loop->hub);
    if (deadline_us == loop->tick_us) {
        return;
    }
    loop->tick_us = deadline_us;
    ev_timer_stop(loop->ev, &loop->tick);
    if (deadline_us == TIMERQ_NEVER) {
        return;
    }
    /* libev counts from its own reading of the clock, which is this turn's beginning, as now_us
     * is. */
    uint64_t wait_us = deadline_us > loop->now_us ? deadline_us - loop->now_us : 0;
    ev_timer_set(&loop->tick, (double)wait_us / (double)US_PER_S, 0.0);
    ev_timer_start(loop->ev, &loop->tick);
}

static void tick_is_due(struct ev_loop *ev, struct ev_timer *timer, int events)
{
    (void)ev;
    (void)events;
    struct loop *loop = timer->data;
    loop->tick_us = TIMERQ_NEVER;
    if (loop->hub != NULL) {
        struct hub_event event = { .type = HUB_EV_TICK };
        loop_event(loop, &event);
    }
}

static void begin_turn(struct ev_loop *ev, struct ev_check *check, int events)
{
    (void)ev;
    (void)events;
    struct loop *loop = check->data;
    loop->now_us = loop_read_us(loop);
}

static void end_turn(struct ev_loop *ev, struct ev_prepare *prepare, int events)
{
    (void)ev;
    (void)events;
    struct loop *loop = prepare->data;
    do {
        do {
            call_soon(loop);
            deliver_deferred(loop);
        } while (loop->soon_count != 0);
        for (uint32_t i = 0; i < loop->flushes_count; i++) {
            loop->flushes[i].call(loop->flushes[i].context);
        }
    } while (loop->deferred_count + loop->soon_count != 0);
    arm_tick(loop);
    uint64_t took_us = loop_read_us(loop) - loop->now_us;
    metrics_observe(METRIC_LOOP_TURN, took_us);
    loop->times.turns++;
    loop->times.sum_us += took_us;
    if (took_us > loop->times.longest_us) {
        loop->times.longest_us = took_us;
    }
}

struct loop *loop_create(void)
{
    struct loop *loop = calloc(1, sizeof(*loop));
    if (loop == NULL) {
        return NULL;
    }
    loop->soon_count_max = SOON_COUNT_FIRST;
    loop->soon = malloc(SOON_COUNT_FIRST * sizeof(*loop->soon));
    loop->deferred_count_max = DEFERRED_COUNT_FIRST;
    loop->deferred = malloc(DEFERRED_COUNT_FIRST * sizeof(*loop->deferred));
    loop->ev = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
    if (loop->soon == NULL || loop->deferred == NULL || loop->ev == NULL) {
        loop_destroy(loop);
        return NULL;
    }
    loop->epoch_us = read_clock_us(CLOCK_REALTIME) - read_clock_us(CLOCK_MONOTONIC);
    loop->now_us = loop_read_us(loop);
    loop->tick_us = TIMERQ_NEVER;
    loop->entropy_used = ENTROPY_SIZE;

    ev_check_init(&loop->begin, begin_turn);
    loop->begin.data = loop;
    ev_set_priority(&loop->begin, EV_MAXPRI); /* before every callback of the turn */
    ev_check_start(loop->ev, &loop->begin);
    ev_prepare_init(&loop->end, end_turn);
    loop->end.data = loop;
    ev_set_priority(&loop->end, EV_MINPRI);
    ev_prepare_start(loop->ev, &loop->end);
    ev_timer_init(&loop->tick, tick_is_due, 0.0, 0.0);
    loop->tick.data = loop;
    return loop;
}

void loop_destroy(struct loop *loop)
{
    if (loop == NULL) {
        return;
    }
    call_soon(loop);
    if (loop->ev != NULL) {
        ev_timer_stop(loop->ev, &loop->tick);
        ev_prepare_stop(loop->ev, &loop->end);
        ev_check_stop(loop->ev, &loop->begin);
        ev_loop_destroy(loop->ev);
    }
    free(loop->soon);
    free(loop->deferred);
    free(loop);
}

void loop_attach(struct loop *loop, struct hub *hub, loop_perform *perform, void *context)
{
    ASSERT(!loop->performing);
    loop->hub = hub;
    loop->perform = perform;
    loop->perform_context = context;
}

void loop_run(struct loop *loop)
{
    /* Much time may have gone since the loop was made, and the first turn ends before it sleeps. */
    ev_now_update(loop->ev);
    loop->now_us = loop_read_us(loop);
    ev_run(loop->ev, 0);
}

void loop_stop(struct loop *loop)
{
    ev_break(loop->ev, EVBREAK_ALL);
}

struct loop_times loop_measure(const struct loop *loop)
{
    return loop->times;
}
