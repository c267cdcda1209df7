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
#define KEPT_SIZE (1 << 20)

struct record {
    enum hub_event_type type;
    struct ref ref;
    enum hub_reply reply;
    struct hub_event event; /* views in it are gone but for those of Valkey's events and `met`;
                             * `name` is kept */
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
    uint32_t nudges; /* these come when they like, so they are no records */
    struct uuid nudged;
    char kept[KEPT_SIZE]; /* texts of the records */
    uint32_t kept_size;
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

/* A text of an event, for as long as its record lives. */
static inline void world_keep(struct text *text)
{
    if (text->data != NULL) {
        ASSERT(world_hub.kept_size + text->size < KEPT_SIZE);
        char *memory = world_hub.kept + world_hub.kept_size;
        memcpy(memory, text->data, text->size);
        memory[text->size] = 0;
        world_hub.kept_size += text->size + 1;
        text->data = memory;
    }
}

static inline void world_keep_copy(struct hub_copy *copy)
{
    world_keep(&copy->card[0]);
    world_keep(&copy->card[1]);
    world_keep(&copy->data);
    world_keep(&copy->terms);
}

/* The events that answer what is asked of Valkey for matches. */
static inline void record_match_event(struct record *record)
{
    struct hub_event *event = &record->event;
    if (event->type == HUB_EV_SAVED) {
        record->ref = event->saved.match;
        record->reply = event->saved.reply;
        world_keep(&event->saved.node);
    } else if (event->type == HUB_EV_SOUGHT) {
        record->ref = event->sought.conn;
        record->reply = event->sought.reply;
        world_keep(&event->sought.node);
        world_keep_copy(&event->sought.copy);
    } else if (event->type == HUB_EV_TAKEN) {
        world_keep_copy(&event->taken.copy);
    } else if (event->type == HUB_EV_SWEPT) {
        record->reply = event->swept.reply;
    } else if (event->type == HUB_EV_LOST) {
        world_keep(&event->lost.node);
    } else if (event->type == HUB_EV_LEASED) {
        record->reply = event->leased.reply;
    } else if (event->type == HUB_EV_REMATCHED) {
        record->ref = event->rematched.match;
        record->reply = event->rematched.reply;
        world_keep_copy(&event->rematched.copy);
    } else if (event->type == HUB_EV_INVITED) {
        record->ref = event->invited.conn;
        record->reply = event->invited.reply;
    } else if (event->type == HUB_EV_WITHDRAWN) {
        record->ref = event->withdrawn.conn;
        record->reply = event->withdrawn.reply;
    } else if (event->type == HUB_EV_RELEASED) {
        record->reply = event->released.reply;
    } else if (event->type == HUB_EV_LOCATED) {
        record->ref = event->located.conn;
        record->reply = event->located.reply;
        world_keep(&event->located.node);
        world_keep(&event->located.phase);
        world_keep(&event->located.card);
        world_keep(&event->located.queue_node);
    } else if (event->type == HUB_EV_LOOKED) {
        record->ref = event->looked.conn;
        record->reply = event->looked.reply;
        world_keep(&event->looked.node);
        world_keep(&event->looked.card[0]);
        world_keep(&event->looked.card[1]);
        world_keep(&event->looked.terms);
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
        for (uint32_t i = 0; i < event->player.met_count; i++) {
            world_keep(&record->event.player.met[i]);
        }
    } else if (event->type == HUB_EV_STORED) {
        record->ref = event->stored.result;
        record->reply = event->stored.reply;
    } else if (event->type == HUB_EV_QUEUE) {
        record->ref = event->queue.player;
        record->reply = event->queue.reply;
        world_keep(&record->event.queue.node);
        world_keep_copy(&record->event.queue.copy);
    } else if (event->type == HUB_EV_QUEUE_LEFT) {
        record->ref = event->left.player;
        record->reply = event->left.reply;
    } else if (event->type == HUB_EV_PUBLISHED) {
        record->ref = event->published.result;
        record->reply = event->published.reply;
    } else {
        record_match_event(record);
    }
}

void hub_step(struct hub *hub, const struct hub_event *event)
{
    if (event->type == HUB_EV_TICK) {
        return; /* only there so that queued effects are taken */
    }
    if (event->type == HUB_EV_NUDGE) {
        hub->nudges++;
        hub->nudged = event->nudged;
        world_look();
        return;
    }
    ASSERT(hub->records_count < RECORDS_MAX);
    if (hub->records_count == 0) {
        hub->kept_size = 0;
    }
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
