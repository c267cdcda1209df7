/* The loop's turn, with a hub that only writes down what it is told: the loop's source is compiled
 * here with other names for the hub's functions. */
#define hub_step told_step
#define hub_take told_take
#define hub_deadline_us told_deadline_us
#include <duel/io/loop.c>

#include "test.h"

#define LOG_MAX 64 /* steps that are remembered */

/* ---- a hub of our own ---- */

static struct {
    uint32_t steps;
    enum hub_event_type types[LOG_MAX];
    uint64_t times_us[LOG_MAX];
    uint64_t entropy[LOG_MAX][HUB_ENTROPY];
    uint64_t deadline_us;
    uint32_t effects; /* still to be taken of the last step */
    uint32_t effects_each;
} told;

void hub_step(struct hub *hub, const struct hub_event *event)
{
    (void)hub;
    uint32_t place = told.steps++ % LOG_MAX;
    told.types[place] = event->type;
    told.times_us[place] = event->now_us;
    memcpy(told.entropy[place], event->entropy, sizeof(event->entropy));
    told.effects = told.effects_each;
    if (event->type == HUB_EV_TICK) {
        told.deadline_us = TIMERQ_NEVER;
    }
}

struct hub_effect *hub_take(struct hub *hub)
{
    static struct hub_effect effect;
    (void)hub;
    if (told.effects == 0) {
        return NULL;
    }
    told.effects--;
    effect.type = HUB_FX_PING;
    return &effect;
}

uint64_t hub_deadline_us(const struct hub *hub)
{
    (void)hub;
    return told.deadline_us;
}

/* ---- helpers ---- */

static struct loop *loop;
static uint32_t performed;
static uint32_t flushed;
static uint32_t flushed_after_steps; /* steps before the latest flush */
static uint32_t defer_in_perform;

static void perform(void *context, struct hub_effect *effect)
{
    (void)context;
    (void)effect;
    performed++;
    if (defer_in_perform > 0) {
        defer_in_perform--;
        struct hub_event event = { .type = HUB_EV_QUEUE_LEFT };
        loop_defer(loop, &event);
    }
}

static void note_flush(void *context)
{
    (void)context;
    flushed++;
    flushed_after_steps = told.steps;
}

static void begin(void)
{
    memset(&told, 0, sizeof(told));
    told.deadline_us = TIMERQ_NEVER;
    performed = 0;
    flushed = 0;
    defer_in_perform = 0;
    loop = loop_create();
    CHECK(loop != NULL);
    loop_attach(loop, (struct hub *)&told, perform, NULL);
    loop_at_turn_end(loop, note_flush, NULL);
}

static void stop_on_timer(struct ev_loop *ev, struct ev_timer *timer, int events)
{
    (void)ev;
    (void)timer;
    (void)events;
    loop_stop(loop);
}

static uint32_t called;

/* Calls itself once more, and makes something happen. */
static void called_soon(void *context)
{
    CHECK(context == &called);
    if (++called == 1) {
        struct hub_event event = { .type = HUB_EV_QUEUE_LEFT };
        loop_soon(loop, called_soon, &called);
        loop_event(loop, &event);
    }
}

/* Runs the loop for so long, or until something stops it. */
static void run_for(double seconds)
{
    struct ev_timer timer;
    ev_timer_init(&timer, stop_on_timer, seconds, 0.0);
    ev_timer_start(loop_ev(loop), &timer);
    loop_run(loop);
    ev_timer_stop(loop_ev(loop), &timer);
}

static void end(void)
{
    loop_destroy(loop);
    loop = NULL;
}

static void block_for_us(uint64_t us)
{
    uint64_t until_us = loop_read_us(loop) + us;
    while (loop_read_us(loop) < until_us) {
    }
}

/* ---- tests ---- */

TEST(an_event_is_stepped_and_performed_at_once)
{
    begin();
    told.effects_each = 3;
    struct hub_event event = { .type = HUB_EV_STORE_UP };
    loop_event(loop, &event);
    CHECK_INT(told.steps, 1);
    CHECK_INT(told.types[0], HUB_EV_STORE_UP);
    CHECK_INT(performed, 3);
    CHECK_INT(flushed, 0);
    end();
}

TEST(each_event_brings_fresh_entropy)
{
    begin();
    struct hub_event event = { .type = HUB_EV_STORE_UP };
    for (uint32_t i = 0; i < 200; i++) { /* more than one draw from the kernel */
        loop_event(loop, &event);
    }
    for (uint32_t i = 0; i < LOG_MAX; i++) {
        for (uint32_t j = 0; j < HUB_ENTROPY; j++) {
            CHECK(told.entropy[i][j] != 0);
        }
        CHECK(i == 0 || memcmp(told.entropy[i], told.entropy[i - 1], sizeof(told.entropy[i])) != 0);
    }
    end();
}

TEST(the_time_is_the_epoch)
{
    begin();
    uint64_t now_us = loop_now_us(loop) / 1000000;
    time_t real = time(NULL);
    CHECK(now_us + 2 >= (uint64_t)real && now_us <= (uint64_t)real + 2);
    end();
}

TEST(deferred_events_come_in_the_same_turn_before_the_flush)
{
    begin();
    told.effects_each = 1;
    defer_in_perform = 2;
    struct hub_event event = { .type = HUB_EV_STORE_UP };
    loop_event(loop, &event);
    CHECK_INT(told.steps, 1); /* not inside the call */
    ev_run(loop_ev(loop), EVRUN_NOWAIT);
    CHECK_INT(told.steps, 3); /* the one that was deferred deferred another */
    CHECK_INT(told.types[1], HUB_EV_QUEUE_LEFT);
    CHECK_INT(told.types[2], HUB_EV_QUEUE_LEFT);
    CHECK_INT(flushed, 1);
    CHECK_INT(flushed_after_steps, 3);
    CHECK_INT(told.times_us[2], told.times_us[0]);
    end();
}

TEST(many_deferred_events_keep_their_order)
{
    begin();
    for (uint32_t i = 0; i < 1000; i++) {
        struct hub_event event = { .type = i % 2 ? HUB_EV_STORE_UP : HUB_EV_STORE_DOWN };
        loop_defer(loop, &event);
    }
    ev_run(loop_ev(loop), EVRUN_NOWAIT);
    CHECK_INT(told.steps, 1000);
    for (uint32_t i = 1000 - LOG_MAX; i < 1000; i++) {
        CHECK_INT(told.types[i % LOG_MAX], i % 2 ? HUB_EV_STORE_UP : HUB_EV_STORE_DOWN);
    }
    end();
}

TEST(one_tick_at_the_deadline)
{
    begin();
    told.deadline_us = loop_read_us(loop) + 20000;
    uint64_t deadline_us = told.deadline_us;
    run_for(0.2);
    CHECK_INT(told.steps, 1);
    CHECK_INT(told.types[0], HUB_EV_TICK);
    CHECK(told.times_us[0] + 1000 >= deadline_us);
    end();
}

TEST(a_nearer_deadline_takes_the_place_of_a_farther_one)
{
    begin();
    told.deadline_us = loop_read_us(loop) + 3600000000ULL;
    ev_run(loop_ev(loop), EVRUN_NOWAIT);
    CHECK_INT(told.steps, 0);
    told.deadline_us = loop_read_us(loop) + 1000;
    run_for(0.2);
    CHECK_INT(told.steps, 1);
    told.deadline_us = 1; /* long past: at once */
    run_for(0.2);
    CHECK_INT(told.steps, 2);
    end();
}

static void block_then_stop(struct ev_loop *ev, struct ev_timer *timer, int events)
{
    (void)ev;
    (void)events;
    uint64_t before_us = loop_now_us(loop);
    block_for_us(50000);
    CHECK_INT(loop_now_us(loop), before_us); /* the turn's time stands still */
    CHECK(loop_read_us(loop) >= before_us + 50000);
    struct hub_event event = { .type = HUB_EV_STORE_UP };
    loop_event(loop, &event);
    timer->data = &told;
}

static void look_and_stop(struct ev_loop *ev, struct ev_prepare *prepare, int events)
{
    (void)ev;
    (void)events;
    struct ev_timer *timer = prepare->data;
    if (timer->data != NULL && told.steps == 2) {
        loop_stop(loop);
    }
}

TEST(after_a_blocked_turn_the_next_one_has_the_right_time)
{
    begin();
    struct ev_timer timer;
    struct ev_prepare prepare;
    ev_timer_init(&timer, block_then_stop, 0.001, 0.0);
    timer.data = NULL;
    ev_timer_start(loop_ev(loop), &timer);
    ev_prepare_init(&prepare, look_and_stop);
    prepare.data = &timer;
    ev_prepare_start(loop_ev(loop), &prepare);
    told.deadline_us = loop_read_us(loop) + 20000; /* will be over while the turn is blocked */
    run_for(2.0);
    CHECK_INT(told.steps, 2);
    CHECK_INT(told.types[0], HUB_EV_STORE_UP);
    CHECK_INT(told.types[1], HUB_EV_TICK);
    CHECK(told.times_us[1] >= told.times_us[0] + 50000);
    ev_prepare_stop(loop_ev(loop), &prepare);
    CHECK(loop_measure(loop).turns > 1);
    CHECK(loop_measure(loop).longest_us >= 50000);
    CHECK(loop_measure(loop).sum_us >= loop_measure(loop).longest_us);
    end();
}

TEST(what_is_called_soon_is_done_before_the_turn_is_flushed)
{
    begin();
    called = 0;
    loop_soon(loop, called_soon, &called);
    CHECK_INT(called, 0);
    run_for(0.001);
    CHECK_INT(called, 2);
    CHECK_INT(flushed_after_steps, 1);
    loop_soon(loop, called_soon, &called);
    loop_destroy(loop);
    CHECK_INT(called, 3);
}

#define CROWD 300

static struct {
    ev_io watchers[CROWD];
    uint32_t served[CROWD];
    uint32_t waiting; /* not served yet */
    uint32_t in_turn;
    uint32_t in_turn_max;
} crowd;

static void crowd_is_ready(struct ev_loop *ev, ev_io *watcher, int events)
{
    (void)ev;
    (void)events;
    crowd.in_turn++;
    if (crowd.served[watcher - crowd.watchers]++ == 0 && --crowd.waiting == 0) {
        loop_stop(loop);
    }
}

static void crowd_turn_ends(void *context)
{
    (void)context;
    crowd.in_turn_max = crowd.in_turn > crowd.in_turn_max ? crowd.in_turn : crowd.in_turn_max;
    crowd.in_turn = 0;
}

/* All are ready all the time. */
TEST(a_crowd_is_served_in_turns_and_nobody_is_passed_over)
{
    int ends[2];
    begin();
    memset(&crowd, 0, sizeof(crowd));
    crowd.waiting = CROWD;
    loop_at_turn_end(loop, crowd_turn_ends, NULL);
    CHECK_INT(pipe(ends), 0);
    CHECK_INT(write(ends[1], "x", 1), 1);
    for (uint32_t i = 0; i < CROWD; i++) {
        ev_io_init(&crowd.watchers[i], crowd_is_ready, dup(ends[0]), EV_READ);
        ev_io_start(loop_ev(loop), &crowd.watchers[i]);
    }
    run_for(20.0);
    CHECK_INT(crowd.waiting, 0);
    CHECK_INT(crowd.in_turn_max, READY_MAX);
    for (uint32_t i = 0; i < CROWD; i++) {
        CHECK(crowd.served[i] <= 2);
        ev_io_stop(loop_ev(loop), &crowd.watchers[i]);
        close(crowd.watchers[i].fd);
    }
    close(ends[0]);
    close(ends[1]);
    end();
}

TEST_MAIN
