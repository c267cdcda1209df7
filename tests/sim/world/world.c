/* The world's clock and its one queue of things to come; see world.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tests/sim/world/world.h>

#define REST_MINUTES 20

uint32_t world_random(struct world *world, uint32_t below)
{
    return rng_below(&world->rng, below);
}

bool world_chance(struct world *world, uint32_t permille)
{
    return permille > 0 && world_random(world, 1000) < permille;
}

void world_fault(struct world *world, const char *what)
{
    if (world->fault == NULL) {
        world->fault = what;
        printf("  at %.6f s: %s\n",
               (double)(world->now_us - world->start_us) / WORLD_SECOND_US, what);
    }
}

/* ---- what is to come ---- */

static bool is_sooner(const struct world_item *a, const struct world_item *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

static void swap(struct world *world, uint32_t a, uint32_t b)
{
    struct world_item *aside = world->items[a];
    world->items[a] = world->items[b];
    world->items[b] = aside;
}

struct world_item *world_plan(struct world *world, uint64_t delay_us, enum world_item_kind kind)
{
    if (world->items_count == world->items_max) {
        world->items_max = world->items_max == 0 ? 1024 : world->items_max * 2;
        world->items = realloc(world->items, world->items_max * sizeof *world->items);
    }
    struct world_item *item = calloc(1, sizeof *item);
    if (world->items == NULL || item == NULL) {
        abort();
    }
    item->at_us = world->now_us + delay_us;
    item->order = world->order++;
    item->kind = kind;
    uint32_t place = world->items_count++;
    world->items[place] = item;
    while (place > 0 && is_sooner(item, world->items[(place - 1) / 2])) {
        swap(world, place, (place - 1) / 2);
        place = (place - 1) / 2;
    }
    return item;
}

/* The earliest item, taken out of the queue: a binary heap. */
static struct world_item *take(struct world *world)
{
    struct world_item *first = world->items[0];
    world->items[0] = world->items[--world->items_count];
    for (uint32_t place = 0;;) {
        uint32_t child = 2 * place + 1;
        if (child >= world->items_count) {
            return first;
        }
        if (child + 1 < world->items_count &&
            is_sooner(world->items[child + 1], world->items[child])) {
            child++;
        }
        if (!is_sooner(world->items[child], world->items[place])) {
            return first;
        }
        swap(world, place, child);
        place = child;
    }
}

static void discard(struct world_item *item)
{
    free(item->bytes);
    free(item);
}

/* ---- the hub ---- */

static void mix(struct world *world, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    uint64_t hash = world->tally->hash;
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    }
    world->tally->hash = hash;
}

/* What io would fill in. */
static void fill(struct hub_effect_send *send, struct text *url, char memory[64])
{
    struct message *message = &send->message;
    /* A ticket is good for a seat; which one is all that clients here need of it. */
    struct text resume = send->slot == 0 ? TEXT("0bcdefghijklmnopqrstuvwxyzabcdefghijklmnopq")
                                         : TEXT("1bcdefghijklmnopqrstuvwxyzabcdefghijklmnopq");
    if (url != NULL) {
        int size = snprintf(memory, 64, "/f/%.*s", TEXT_ARG(*url));
        *url = (struct text){ memory, (uint32_t)size };
    }
    if (message->type == MSG_matched) {
        message->matched.resume = resume;
        message->matched.path = TEXT("/m");
    } else if (message->type == MSG_welcome) {
        message->welcome.resume = resume;
    } else if (message->type == MSG_me && message->me.has_match) {
        message->me.match.path = TEXT("/m");
    }
}

static struct text *url_of(struct message *message)
{
    if (message->type == MSG_frame) {
        return &message->frame.url;
    }
    if (message->type == MSG_welcome && message->welcome.has_frame) {
        return &message->welcome.frame.url;
    }
    return NULL;
}

static void perform(struct world *world, struct hub_effect *effect)
{
    static uint8_t bytes[MESSAGE_SERVER_SIZE_MAX];
    uint32_t size = 0;
    mix(world, &effect->type, sizeof effect->type);
    if (effect->type == HUB_FX_SEND || effect->type == HUB_FX_REPLY) {
        char memory[64];
        fill(&effect->send, url_of(&effect->send.message), memory);
        size = effect->type == HUB_FX_SEND
                   ? codec_encode(&effect->send.message, bytes, sizeof bytes)
                   : codec_json(&effect->send.message, (char *)bytes, sizeof bytes);
        if (size == 0) {
            world_fault(world, "a message could not be encoded");
        }
        mix(world, &effect->send.conn, sizeof effect->send.conn);
        mix(world, bytes, size);
        if (world->talk) {
            printf("%.6f   %u.%u <- %s\n", (double)(world->now_us - world->start_us) / 1e6,
                   effect->send.conn.index, effect->send.conn.generation,
                   message_name(effect->send.message.type));
        }
        witness_effect(world, effect, bytes, size);
    } else {
        if (world->talk) {
            printf("%.6f   effect %u on %u.%u\n",
                   (double)(world->now_us - world->start_us) / 1e6, effect->type,
                   effect->conn.index, effect->conn.generation);
        }
        witness_effect(world, effect, NULL, 0);
    }
    net_effect(world, effect, bytes, size);
    stores_effect(world, effect);
}

void world_step(struct world *world, struct hub_event *event)
{
    struct hub_effect *effect;
    event->now_us = world->now_us;
    if (world->talk) {
        printf("%.6f event %u of %u.%u\n", (double)(world->now_us - world->start_us) / 1e6,
               event->type, event->conn.index, event->conn.generation);
    }
    for (uint32_t i = 0; i < HUB_ENTROPY; i++) {
        event->entropy[i] = rng_next(&world->rng);
    }
    hub_step(world->hub, event);
    world->tally->steps++;
    while ((effect = hub_take(world->hub)) != NULL) {
        world->tally->effects++;
        perform(world, effect);
    }
    witness_after(world);
    if (world->tally->steps % 8 == 0) {
        hub_check(world->hub);
        uint64_t log_bytes = hub_count(world->hub).guess_log_bytes;
        if (log_bytes > world->tally->log_bytes_most) {
            world->tally->log_bytes_most = log_bytes;
        }
    }
}

/* ---- a run ---- */

static uint32_t between(struct world *world, uint32_t low, uint32_t high)
{
    return low + world_random(world, high - low + 1);
}

/* Often none at all: an edge of its own. */
static uint32_t up_to(struct world *world, uint32_t high)
{
    return world_chance(world, 150) ? 0 : between(world, 0, high);
}

static void draw_rules(struct world *world)
{
    struct match_rules *rules = &world->limits.rules;
    rules->best_of = between(world, 1, 7);
    rules->waiting_ms = between(world, 2000, 15000);
    rules->countdown_ms = up_to(world, 3000);
    rules->round_ms = between(world, 300, 15000);
    rules->intermission_ms = up_to(world, 3000);
    rules->rematch_ms = up_to(world, 8000);
    rules->grace_ms = up_to(world, 8000);
    rules->grace_total_ms = 3 * rules->grace_ms;
    rules->max_guesses = between(world, 1, 8);
    rules->lockout_ms = up_to(world, 1000);
    rules->lag_cap_ms = up_to(world, 400);
    rules->ready_wait_ms = up_to(world, 3000);
    world->limits.matchmaker = (struct matchmaker_rules){
        .window = up_to(world, 150),
        .step = up_to(world, 100),
        .step_ms = between(world, 200, 5000),
        .timeout_ms = between(world, 3000, 30000),
    };
}

static void draw_limits(struct world *world)
{
    struct hub_limits *limits = &world->limits;
    limits->connections_max = between(world, 40, WORLD_CONNS_MAX);
    limits->matches_max = world_chance(world, 300) ? between(world, 1, 4) : 64;
    limits->results_max = world_chance(world, 300) ? between(world, 1, 4) : 64;
    limits->guess_log_max = world_chance(world, 500) ? between(world, 0, 400) : 16384;
    limits->settle_wait_ms = up_to(world, 1000);
    limits->suggests_per_s = 10;
    limits->searches_per_s = 10;
    limits->ping_match_ms = between(world, 1000, 3000);
    limits->ping_idle_ms = between(world, 2000, 6000);
    limits->silence_match_ms = 15000;
    limits->silence_idle_ms = 20000;
    draw_rules(world);
}

/* Each run has its own mixture: most kinds of fault are absent from most runs. */
static void draw_faults(struct world *world)
{
    struct world_faults *faults = &world->faults;
    if (world_chance(world, 500)) {
        faults->late = between(world, 1, 300);
        faults->late_max_us = between(world, 1, 3 * WORLD_SECOND_US);
        world->late_us = faults->late_max_us;
    }
    if (world_chance(world, 600)) {
        faults->lost = between(world, 1, 30);
        faults->half_open = between(world, 0, 500);
    }
    if (world_chance(world, 400)) {
        faults->unavailable = between(world, 1, 100);
        faults->unknown = between(world, 1, 100);
    }
    faults->vanish = world_chance(world, 300) ? between(world, 1, 300) : 0;
    faults->frame_fails = world_chance(world, 300) ? between(world, 1, 400) : 0;
    faults->rudeness = world_chance(world, 700) ? between(world, 1, 100) : 0;
    faults->outages = world_chance(world, 400) ? between(world, 5, 60) : 0;
}

static void handle(struct world *world, struct world_item *item)
{
    switch (item->kind) {
    case ITEM_THINK:
        bots_think(world, item->bot);
        break;
    case ITEM_OPEN:
    case ITEM_SAY:
    case ITEM_PONG:
    case ITEM_CLOSED:
    case ITEM_TO_CLIENT:
    case ITEM_CLIENT_CLOSED:
    case ITEM_CLIENT_PING:
        net_item(world, item);
        break;
    case ITEM_PLAYER:
    case ITEM_STORE:
    case ITEM_JOIN:
    case ITEM_LEAVE:
    case ITEM_PUBLISH:
    case ITEM_ANSWER:
    case ITEM_STORE_UP:
        stores_item(world, item);
        break;
    case ITEM_TURN:
        stores_turn(world);
        world_plan(world, WORLD_SECOND_US, ITEM_TURN);
        break;
    }
    discard(item);
}

static void set_tick(struct world *world)
{
    uint64_t deadline_us = hub_deadline_us(world->hub);
    if (deadline_us == world->deadline_us && world->tick_us > world->now_us) {
        return;
    }
    world->deadline_us = deadline_us;
    if (deadline_us == UINT64_MAX) {
        world->tick_us = UINT64_MAX;
        return;
    }
    world->tick_us = deadline_us > world->now_us ? deadline_us : world->now_us;
    if (world_chance(world, world->faults.late)) {
        world->tick_us += world_random(world, world->faults.late_max_us);
    }
}

static void run_until(struct world *world, uint64_t end_us)
{
    while (world->fault == NULL) {
        uint64_t at_us = world->items_count == 0 ? UINT64_MAX : world->items[0]->at_us;
        set_tick(world);
        uint64_t next_us = world->tick_us <= at_us ? world->tick_us : at_us;
        if (next_us > end_us) {
            break;
        }
        world->now_us = next_us;
        if (world->tick_us <= at_us) {
            world->deadline_us = 0;
            witness_event(world, &(struct hub_event){ .type = HUB_EV_TICK }, NULL);
            world_step(world, &(struct hub_event){ .type = HUB_EV_TICK });
        } else {
            handle(world, take(world));
        }
    }
    world->now_us = world->fault == NULL ? end_us : world->now_us;
}

static void check_empty(struct world *world)
{
    struct hub_counts counts = hub_count(world->hub);
    if (counts.sessions != 0) {
        world_fault(world, "at the end: sessions are left");
    } else if (counts.tickets != 0) {
        world_fault(world, "at the end: tickets are left");
    } else if (counts.matches != 0 || counts.matches_by_phase[MATCH_OVER] != 0) {
        world_fault(world, "at the end: matches are left");
    } else if (counts.results != 0) {
        world_fault(world, "at the end: results are left");
    } else if (counts.players != 0) {
        world_fault(world, "at the end: players are left");
    } else if (counts.guess_log_bytes != 0) {
        world_fault(world, "at the end: texts of guesses are left");
    }
    for (uint32_t i = 0; i < world->tickets_count; i++) {
        if (world->tickets[i].since_ms * 1000 > (int64_t)world->calm_us &&
            world->tickets_expire_ms[i] + WORLD_LEAVE_MS < (int64_t)(world->now_us / 1000)) {
            world_fault(world, "at the end: a ticket that nobody wants is left in Valkey");
        }
    }
    world->tally->late = counts.late;
}

/* The process is asked to stop: everybody has to be told, soon. */
static void drain(struct world *world)
{
    struct hub_event event = { .type = HUB_EV_DRAIN };
    world->tally->drains++;
    witness_event(world, &event, NULL);
    world_step(world, &event);
    run_until(world, world->now_us + 2 * WORLD_SECOND_US);
    for (uint32_t i = 0; i < WORLD_CONNS_MAX; i++) {
        const struct world_conn *conn = &world->conns[i];
        bool waits = conn->door == HUB_DOOR_ME; /* for its answer, which comes */
        if (conn->used && conn->opened && !conn->ending && !waits) {
            world_fault(world, "somebody is not told that the server stops");
        }
    }
}

static void play(struct world *world, uint32_t minutes)
{
    world_plan(world, WORLD_SECOND_US, ITEM_TURN);
    run_until(world, world->start_us + (uint64_t)minutes * 60 * WORLD_SECOND_US);
    /* The liveness phase: nothing fails any more, and everybody plays on for a while. */
    world->faults = (struct world_faults){ 0 };
    world->calm_us = world->now_us;
    uint64_t matches = world->tally->matches;
    run_until(world, world->now_us + 120 * WORLD_SECOND_US);
    if (world->fault == NULL && world->tally->matches == matches) {
        world_fault(world, "without faults nobody was paired any more");
    }
    world->ending = true;
    if (world->fault == NULL && world_chance(world, 300)) {
        drain(world);
    }
    run_until(world, world->now_us + REST_MINUTES * 60ull * WORLD_SECOND_US);
    if (world->fault == NULL) {
        hub_check(world->hub);
        check_empty(world);
        witness_end(world);
    }
}

const char *world_run(uint64_t seed, uint32_t minutes, bool talk, struct world_tally *ret_tally)
{
    struct world *world = calloc(1, sizeof *world);
    if (world == NULL) {
        abort();
    }
    *ret_tally = (struct world_tally){ .hash = UINT64_C(0xcbf29ce484222325) };
    world->seed = seed;
    world->talk = talk;
    world->tally = ret_tally;
    world->start_us = UINT64_C(1700000000000000);
    world->now_us = world->start_us;
    rng_seed(&world->rng, seed);
    draw_limits(world);
    draw_faults(world);
    world->codec = codec_create();
    world->hub = hub_create(&world->limits, seed);
    world->witness = witness_create();
    if (world->codec == NULL || world->hub == NULL) {
        abort();
    }
    stores_init(world);
    bots_init(world);
    play(world, minutes);
    const char *fault = world->fault;
    for (uint32_t i = 0; i < world->items_count; i++) {
        discard(world->items[i]);
    }
    free(world->items);
    free(world->frames);
    witness_destroy(world->witness);
    hub_destroy(world->hub);
    titles_destroy(world->titles);
    codec_destroy(world->codec);
    free(world);
    return fault;
}
