/* The world's clock and its one queue of things to come; see world.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tests/sim/world/world.h>

uint32_t world_random(struct world *world, uint32_t below)
{
    return rng_below(&world->rng, below);
}

bool world_chance(struct world *world, uint32_t permille)
{
    return permille > 0 && world_random(world, 1000) < permille;
}

bool world_rarely(struct world *world, uint32_t of_ten_thousand)
{
    return of_ten_thousand > 0 && world_random(world, 10000) < of_ten_thousand;
}

uint32_t world_between(struct world *world, uint32_t low, uint32_t high)
{
    return low + world_random(world, high - low + 1);
}

void world_say_line(const struct world *world, const char *format, ...)
{
    if (world->talk) {
        va_list list;
        const struct world_process *self = world->self;
        printf("%.6f %s%u ", (double)(world->now_us - world->start_us) / WORLD_SECOND_US,
               self == NULL ? "-" : process_node(self).data, self == NULL ? 0 : self->life);
        va_start(list, format);
        vprintf(format, list);
        va_end(list);
        putchar('\n');
    }
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
    while (item->kept != NULL) {
        struct world_kept *next = item->kept->next;
        free(item->kept);
        item->kept = next;
    }
    free(item->bytes);
    free(item->effect);
    free(item->answers);
    free(item->marks);
    free(item);
}

void *world_keep_bytes(struct world_item *item, const void *bytes, size_t size)
{
    struct world_kept *kept = malloc(sizeof *kept + size);
    if (kept == NULL) {
        abort();
    }
    memcpy(kept->data, bytes, size);
    kept->next = item->kept;
    item->kept = kept;
    return kept->data;
}

struct text world_keep(struct world_item *item, struct text text)
{
    if (text.data != NULL) {
        text.data = world_keep_bytes(item, text.data, text.size);
    }
    return text;
}

/* ---- a run ---- */

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
    case ITEM_ASK:
    case ITEM_ANSWER:
    case ITEM_NUDGE:
    case ITEM_STORE_UP:
        stores_item(world, item);
        break;
    case ITEM_START:
    case ITEM_CRASH:
    case ITEM_DRAIN:
    case ITEM_END:
        processes_item(world, item);
        break;
    case ITEM_TURN:
        stores_turn(world);
        processes_turn(world);
        world_plan(world, WORLD_SECOND_US, ITEM_TURN);
        break;
    }
    discard(item);
}

static void run_until(struct world *world, uint64_t end_us)
{
    while (world->fault == NULL) {
        uint64_t at_us = world->items_count == 0 ? UINT64_MAX : world->items[0]->at_us;
        uint64_t tick_us = processes_next_us(world);
        uint64_t next_us = tick_us <= at_us ? tick_us : at_us;
        if (next_us > end_us) {
            break;
        }
        world->now_us = next_us > world->now_us ? next_us : world->now_us;
        if (tick_us <= at_us) {
            processes_tick(world, tick_us);
        } else {
            handle(world, take(world));
        }
    }
    world->now_us = world->fault == NULL ? end_us : world->now_us;
}

static void play(struct world *world, uint32_t minutes)
{
    world_plan(world, WORLD_SECOND_US, ITEM_TURN);
    run_until(world, world->start_us + (uint64_t)minutes * 60 * WORLD_SECOND_US);
    /* The liveness phase: nothing fails any more, and everybody plays on for a while. */
    world->faults = (struct world_faults){ 0 };
    world->calm_us = world->now_us;
    processes_calm(world);
    uint64_t matches = world->tally->matches;
    run_until(world, world->now_us + 120 * WORLD_SECOND_US);
    if (world->fault == NULL && world->tally->matches == matches) {
        world_fault(world, "without faults nobody was paired any more");
    }
    world->ending = true;
    if (world->fault == NULL && world_chance(world, 300)) {
        processes_drain(world);
    }
    run_until(world, world->now_us + WORLD_REST_MINUTES * 60ull * WORLD_SECOND_US);
    if (world->fault == NULL) {
        processes_check_empty(world);
        valkey_end(world);
        postgresql_end(world);
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
    world_draw(world);
    world->codec = codec_create();
    world->witness = witness_create();
    if (world->codec == NULL) {
        abort();
    }
    bots_init(world);
    stores_init(world);
    processes_init(world);
    play(world, minutes);
    const char *fault = world->fault;
    for (uint32_t i = 0; i < world->items_count; i++) {
        discard(world->items[i]);
    }
    free(world->items);
    free(world->frames);
    processes_destroy(world);
    valkey_destroy_model(world);
    witness_destroy(world->witness);
    codec_destroy(world->codec);
    free(world);
    return fault;
}
