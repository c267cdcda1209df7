/* Several processes of the server as Valkey sees them: each a struct valkey with a boot id of its
 * own, on one loop and one Valkey. One is asked at a time, and its answer waited for.
 *
 * A process "dies" by losing its lease, which is all that others see of it; it can go on afterwards
 * as one that was frozen does. */
#ifndef DUEL_TESTS_VALKEY_WORLD_H
#define DUEL_TESTS_VALKEY_WORLD_H

#include "stores.h"
#include "valkey_server.h"

#define PROCESSES_MAX 3
#define SINCE_MS ((int64_t)(loop_now_us(world_loop) / 1000))
#define CHECK_STRING(actual, expected) CHECK_TEXT(text_from(actual), expected)

struct process {
    struct settings settings;
    struct valkey *valkey;
};

static struct process processes[PROCESSES_MAX];
static struct process *asked; /* what is asked next is asked of this one */
static enum hub_event_type awaited;

static void world_perform(void *context, struct hub_effect *effect)
{
    (void)context;
    struct valkey *valkey = asked->valkey;
    if (effect->type == HUB_FX_QUEUE_JOIN) {
        valkey_join(valkey, effect);
    } else if (effect->type == HUB_FX_QUEUE_LEAVE) {
        valkey_leave(valkey, effect->leave.player, &effect->leave.id);
    } else if (effect->type == HUB_FX_SAVE) {
        valkey_save(valkey, effect);
    } else if (effect->type == HUB_FX_SEEK) {
        valkey_seek(valkey, effect);
    } else if (effect->type == HUB_FX_SWEEP) {
        valkey_sweep(valkey, effect);
    } else if (effect->type == HUB_FX_LEASE) {
        valkey_lease(valkey, effect);
    } else if (effect->type == HUB_FX_RELEASE) {
        valkey_release(valkey, effect);
    } else if (effect->type == HUB_FX_LOCATE) {
        valkey_locate(valkey, effect);
    } else if (effect->type == HUB_FX_LOOK) {
        valkey_look(valkey, effect);
    } else if (effect->type == HUB_FX_REMATCH) {
        valkey_rematch(valkey, effect);
    } else if (effect->type == HUB_FX_INVITE) {
        valkey_invite(valkey, effect);
    } else if (effect->type == HUB_FX_WITHDRAW) {
        valkey_withdraw(valkey, effect);
    } else if (effect->type == HUB_FX_LEFT) {
        valkey_left(valkey, effect);
    } else {
        valkey_publish(valkey, effect);
    }
}

static inline bool asked_is_up(void)
{
    return valkey_is_up(asked->valkey);
}

/* The loop and a process 0 that is not waited for. */
static inline void process_open(uint32_t index, const char *url, const char *node)
{
    (void)signal(SIGPIPE, SIG_IGN); /* as the server does */
    asked = &processes[index];
    world_settings = (struct settings){
        .valkey_url = url,
        .node_id = node,
        .window = 100,
        .window_step = 50,
        .window_step_ms = 5000,
        .queue_timeout_ms = 30000,
        .lease_ms = 60000,
        .rated_invites = "on",
    };
    asked->settings = world_settings;
    asked->valkey = valkey_create(world_loop, world_worker, &asked->settings, world_up, NULL);
}

static inline void process_close(uint32_t index)
{
    valkey_destroy(processes[index].valkey);
    processes[index].valkey = NULL;
}

static inline void processes_close(void)
{
    for (uint32_t i = 0; i < PROCESSES_MAX; i++) {
        process_close(i);
    }
    world_close();
}

static inline const char *boot_of(uint32_t index)
{
    return valkey_self(processes[index].valkey)->boot;
}

/* Has what was asked performed, and gives the event that ends the answer. */
static inline bool has_answer(void)
{
    return world_hub.records_count > 0 &&
           world_hub.records[world_hub.records_count - 1].type == awaited;
}

static inline struct record *answer_of(enum hub_event_type type)
{
    static struct record none;
    awaited = type;
    world_hub.records_count = 0;
    return world_run(has_answer) ? &world_hub.records[world_hub.records_count - 1] : &none;
}

/* ---- what is asked; `index` is the process ---- */

static inline struct uuid player_id(uint32_t player)
{
    return test_uuid(2, player);
}

static inline struct uuid match_id(uint32_t match)
{
    return test_uuid(1, match);
}

static inline const char *text_of_uuid(struct uuid id)
{
    static char texts[8][UUID_TEXT_SIZE + 1]; /* several in one command */
    static uint32_t next;
    char *text = texts[next++ % 8];
    uuid_format(&id, text);
    return text;
}

static inline const char *name(uint32_t player)
{
    return text_of_uuid(player_id(player));
}

static inline const char *match_name(uint32_t match)
{
    return text_of_uuid(match_id(match));
}

static inline struct text card_of(uint32_t player)
{
    static char cards[16][12];
    char *card = cards[player % 16];
    (void)snprintf(card, 12, "c%u", player);
    return text_from(card);
}

static inline struct hub_effect *ask_join(uint32_t player, int32_t rating, int64_t since_ms,
                                          int64_t expires_ms)
{
    struct hub_effect *effect = world_ask(HUB_FX_QUEUE_JOIN);
    effect->join.player = (struct ref){ player, 1 };
    effect->join.ticket.player = player_id(player);
    effect->join.ticket.rating = rating;
    effect->join.ticket.since_ms = since_ms;
    effect->join.expires_ms = expires_ms;
    effect->join.card = card_of(player);
    effect->join.match = match_id(player);
    effect->join.slot = (uint8_t)(player & 1);
    return effect;
}

/* A match that is made has the joining player's number, and seats by whether that is odd. */
static inline struct hub_event_queue join_at(uint32_t index, uint32_t player, int32_t rating)
{
    asked = &processes[index];
    (void)ask_join(player, rating, SINCE_MS, SINCE_MS + 30000);
    return answer_of(HUB_EV_QUEUE)->event.queue;
}

static inline struct hub_event_sought seek_at(uint32_t index, uint32_t match)
{
    asked = &processes[index];
    struct hub_effect *effect = world_ask(HUB_FX_SEEK);
    effect->seek.conn = (struct ref){ 5, 1 };
    effect->seek.match = match_id(match);
    return answer_of(HUB_EV_SOUGHT)->event.sought;
}

/* Between players 1 and 2, unless the test changes the effect. */
static inline struct hub_effect *ask_save(uint32_t index, uint32_t match, uint64_t fence)
{
    asked = &processes[index];
    struct hub_effect *effect = world_ask(HUB_FX_SAVE);
    effect->save.match = (struct ref){ match, 1 };
    effect->save.id = match_id(match);
    effect->save.fence = fence;
    effect->save.player[0] = player_id(1);
    effect->save.player[1] = player_id(2);
    effect->save.card[0] = card_of(1);
    effect->save.card[1] = card_of(2);
    effect->save.data = TEXT("data");
    effect->save.phase = TEXT("round");
    return effect;
}

static inline struct hub_event_saved saved(void)
{
    return answer_of(HUB_EV_SAVED)->event.saved;
}

static inline struct hub_event_saved save_at(uint32_t index, uint32_t match, uint64_t fence,
                                             bool awake)
{
    ask_save(index, match, fence)->save.awake = awake;
    return saved();
}

/* HUB_EV_TAKEN are the records before the last. */
static inline struct record *sweep_at(uint32_t index)
{
    asked = &processes[index];
    world_ask(HUB_FX_SWEEP)->sweep.max = 1000;
    return answer_of(HUB_EV_SWEPT);
}

static inline struct record *lease_told(uint32_t index, uint32_t load, bool draining, bool told)
{
    asked = &processes[index];
    struct hub_effect *effect = world_ask(HUB_FX_LEASE);
    effect->lease.load = load;
    effect->lease.draining = draining;
    effect->lease.told = told;
    return answer_of(HUB_EV_LEASED);
}

static inline struct record *lease_with(uint32_t index, uint32_t load, bool draining)
{
    return lease_told(index, load, draining, true);
}

static inline struct record *lease_at(uint32_t index)
{
    return lease_with(index, 0, false);
}

/* It has nothing to tell of what Valkey may have lost, and says so. */
static inline void tell_at(uint32_t index)
{
    CHECK_INT(lease_told(index, 0, false, false)->reply, HUB_OK);
    CHECK_INT(lease_at(index)->reply, HUB_OK);
}

/* As if its connection were an old one: leases that have run out are believed. */
static inline void settle(uint32_t index)
{
    asked = &processes[index];
    world_ask(HUB_FX_LOCATE)->locate.player = player_id(0);
    /* So what the connection began with has arrived. */
    CHECK_INT(answer_of(HUB_EV_LOCATED)->event.located.reply, HUB_OK);
    CHECK_STRING(server_ask("DEL duel:settling:%s", boot_of(index)), "1");
}

static inline enum hub_reply release_at(uint32_t index, uint32_t match)
{
    asked = &processes[index];
    struct hub_effect *effect = world_ask(HUB_FX_RELEASE);
    effect->release.match = match_id(match);
    effect->release.player[0] = player_id(1);
    effect->release.player[1] = player_id(2);
    return answer_of(HUB_EV_RELEASED)->reply;
}

static inline struct hub_event_located locate_at(uint32_t index, uint32_t player)
{
    asked = &processes[index];
    struct hub_effect *effect = world_ask(HUB_FX_LOCATE);
    effect->locate.conn = (struct ref){ 6, 1 };
    effect->locate.player = player_id(player);
    return answer_of(HUB_EV_LOCATED)->event.located;
}

static inline enum hub_reply publish_at(uint32_t index, const struct hub_result *result,
                                        uint32_t keep_ms)
{
    asked = &processes[index];
    struct hub_effect *effect = world_ask(HUB_FX_PUBLISH);
    effect->store.result = (struct ref){ 9, 2 };
    effect->store.data = result;
    effect->store.keep_ms = keep_ms;
    return answer_of(HUB_EV_PUBLISHED)->reply;
}

static inline void make_result(struct hub_result *result, uint32_t match)
{
    *result = (struct hub_result){
        .fence = UINT64_C(1) << 51, /* the highest that there is */
        .match = match_id(match),
        .player = { player_id(1), player_id(2) },
        .rated = true,
        .winner = 1,
        .score = { 1, 3 },
        .points = { 200, 750 },
        .after = { 984, 1016 },
    };
}

/* ---- what happens to a process ---- */

static inline void die(uint32_t index)
{
    (void)server_ask("DEL duel:lease:%s", boot_of(index));
}

/* Its last sign of life was long ago. */
static inline void die_long_ago(uint32_t index)
{
    die(index);
    (void)server_ask("ZADD duel:boots 1 %s", boot_of(index));
}

/* Whether its subscription stands; runs the loop until it does. */
static inline bool run_until_it_listens(uint32_t index)
{
    for (uint32_t turns = 0; turns < 1000; turns++) {
        if (strstr(server_ask("PUBSUB CHANNELS duel:nudge:%s", boot_of(index)), "duel:") != NULL) {
            return true;
        }
        ev_run(loop_ev(world_loop), EVRUN_ONCE);
    }
    return false;
}

/* ---- three processes, and what Valkey holds of them ---- */

/* Process 0 is node a, process 1 node b, process 2 node a again, started later. */
static inline void set_up_processes(void)
{
    static const char *const nodes[PROCESSES_MAX] = { "a", "b", "a" };
    server_open();
    world_open();
    for (uint32_t i = 0; i < PROCESSES_MAX; i++) {
        process_open(i, server_url, nodes[i]);
        CHECK(asked->valkey != NULL && world_run(asked_is_up));
        settle(i);
    }
    for (uint32_t i = 0; i < PROCESSES_MAX; i++) {
        tell_at(i);
    }
}

static inline void tear_down_processes(void)
{
    processes_close();
    server_close();
}

static inline bool is_match(struct uuid id, uint32_t match)
{
    struct uuid expected = match_id(match);
    return uuid_equal(&id, &expected);
}

static inline const char *owner_of(uint32_t match)
{
    return server_ask("HGET duel:match:%s owner", match_name(match));
}

static inline uint64_t fence_of(uint32_t match)
{
    return strtoull(server_ask("HGET duel:match:%s fence", match_name(match)), NULL, 10);
}

static inline const char *playing(uint32_t player)
{
    return server_ask("GET duel:playing:%s", name(player));
}

#endif
