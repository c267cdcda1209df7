/* What the tests of the stores share: the real loop and worker around a stand-in hub.
 *
 * The stand-in has the three functions that the loop calls, so the linker leaves the real hub
 * out: it hands out the effects that a test has queued (asked for inside a step, as in the
 * server) and records every event. A test runs the loop until a condition holds; a loop that
 * runs for 30 s fails it. */
#ifndef DUEL_TESTS_STORES_H
#define DUEL_TESTS_STORES_H

#include "test.h"
#include <duel/base/assert.h>
#include <duel/io/log.h>
#include <duel/io/loop.h>
#include <duel/io/settings.h>
#include <duel/io/worker.h>
#include <ev.h>

#define RECORDS_MAX 4096

struct record {
    enum hub_event_type type;
    struct ref ref;
    enum hub_reply reply;
    struct hub_event event; /* views in it are gone; `name` is kept */
    char name[64];
    bool has_avatar;
};

struct hub {
    struct hub_effect effects[RECORDS_MAX];
    uint32_t effects_count;
    uint32_t effects_taken;
    struct record records[RECORDS_MAX];
    uint32_t records_count;
    uint32_t ups;
    uint32_t downs;
};

static struct hub world_hub;
static struct loop *world_loop;
static struct worker *world_worker;
static struct settings world_settings;
static bool (*world_until)(void);
static bool world_late;

static inline void world_look(void)
{
    if (world_until != NULL && world_until()) {
        loop_stop(world_loop);
    }
}

static inline void record_event(struct record *record, const struct hub_event *event)
{
    record->type = event->type;
    record->event = *event;
    if (event->type == HUB_EV_PLAYER) {
        record->ref = event->player.player;
        record->reply = event->player.reply;
        snprintf(record->name, sizeof record->name, "%.*s", TEXT_ARG(event->player.name));
        record->has_avatar = event->player.avatar.data != NULL;
    } else if (event->type == HUB_EV_STORED) {
        record->ref = event->stored.result;
        record->reply = event->stored.reply;
    } else if (event->type == HUB_EV_QUEUE) {
        record->ref = event->queue.player;
        record->reply = event->queue.reply;
    } else if (event->type == HUB_EV_QUEUE_LEFT) {
        record->ref = event->left.player;
        record->reply = event->left.reply;
    } else if (event->type == HUB_EV_PUBLISHED) {
        record->ref = event->published.result;
        record->reply = event->published.reply;
    }
}

void hub_step(struct hub *hub, const struct hub_event *event)
{
    if (event->type == HUB_EV_TICK) {
        return; /* only there so that queued effects are taken */
    }
    ASSERT(hub->records_count < RECORDS_MAX);
    record_event(&hub->records[hub->records_count++], event);
    world_look();
}

struct hub_effect *hub_take(struct hub *hub)
{
    if (hub->effects_taken == hub->effects_count) {
        hub->effects_taken = hub->effects_count = 0;
        return NULL;
    }
    return &hub->effects[hub->effects_taken++];
}

uint64_t hub_deadline_us(const struct hub *hub)
{
    (void)hub;
    return UINT64_MAX;
}

/* Performs an effect of a store; each test program has one. */
static void world_perform(void *context, struct hub_effect *effect);

static inline void world_up(void *context, bool up)
{
    (void)context;
    world_hub.ups += up;
    world_hub.downs += !up;
    world_look();
}

static inline void world_open(void)
{
    memset(&world_hub, 0, sizeof world_hub);
    log_set_level(LOG_LEVEL_ERROR);
    world_loop = loop_create();
    world_worker = worker_create(world_loop, 1);
    loop_attach(world_loop, &world_hub, world_perform, NULL);
}

static inline void world_close(void)
{
    worker_destroy(world_worker);
    loop_destroy(world_loop);
    world_until = NULL;
}

static inline struct hub_effect *world_ask(enum hub_effect_type type)
{
    ASSERT(world_hub.effects_count < RECORDS_MAX);
    struct hub_effect *effect = &world_hub.effects[world_hub.effects_count++];
    memset(effect, 0, sizeof *effect);
    effect->type = type;
    return effect;
}

static inline void world_too_late(struct ev_loop *ev, ev_timer *timer, int events)
{
    (void)ev;
    (void)timer;
    (void)events;
    world_late = true;
    loop_stop(world_loop);
}

/* Has the queued effects performed and runs until `until` holds. */
static inline bool world_run(bool (*until)(void))
{
    struct hub_event tick = { .type = HUB_EV_TICK };
    ev_timer limit;
    if (world_hub.effects_count == 0 && until()) {
        return true;
    }
    world_until = until;
    world_late = false;
    ev_timer_init(&limit, world_too_late, 30, 0);
    ev_timer_start(loop_ev(world_loop), &limit);
    loop_defer(world_loop, &tick);
    loop_run(world_loop);
    ev_timer_stop(loop_ev(world_loop), &limit);
    world_until = NULL;
    return !world_late;
}

/* Runs until `count` more events have come. */
static uint32_t world_target;

static inline bool world_enough(void)
{
    return world_hub.records_count >= world_target;
}

static inline bool world_run_events(uint32_t count)
{
    world_target = count;
    world_hub.records_count = 0;
    return world_run(world_enough);
}

static inline struct uuid test_uuid(uint32_t kind, uint32_t number)
{
    return uuid_random((uint64_t)kind << 32 | number, number);
}

#endif
