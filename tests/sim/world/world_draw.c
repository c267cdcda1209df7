/* What a run is made of: rules, limits, nodes and faults, drawn from its seed. */
#include <tests/sim/world/world.h>

/* Often none at all: an edge of its own. */
static uint32_t up_to(struct world *world, uint32_t high)
{
    return world_chance(world, 150) ? 0 : world_between(world, 0, high);
}

static void draw_rules(struct world *world)
{
    struct match_rules *rules = &world->limits.rules;
    rules->best_of = world_between(world, 1, 7);
    rules->waiting_ms = world_between(world, 2000, 15000);
    rules->countdown_ms = up_to(world, 3000);
    rules->round_ms = world_between(world, 300, 15000);
    rules->intermission_ms = up_to(world, 3000);
    rules->rematch_ms = up_to(world, 8000);
    rules->grace_ms = up_to(world, 8000);
    rules->grace_total_ms = 3 * rules->grace_ms;
    rules->max_guesses = world_between(world, 1, 8);
    rules->lockout_ms = up_to(world, 1000);
    rules->lag_cap_ms = up_to(world, 400);
    rules->ready_wait_ms = up_to(world, 3000);
    world->limits.matchmaker = (struct matchmaker_rules){
        .window = up_to(world, 150),
        .step = up_to(world, 100),
        .step_ms = world_between(world, 200, 5000),
        .timeout_ms = world_between(world, 3000, 30000),
    };
}

static void draw_limits(struct world *world)
{
    struct hub_limits *limits = &world->limits;
    limits->connections_max = world_between(world, 40, WORLD_CONNS_MAX);
    limits->matches_max = world_chance(world, 300) ? world_between(world, 1, 4) : 64;
    limits->results_max = world_chance(world, 300) ? world_between(world, 1, 4) : 64;
    limits->guess_log_max = world_chance(world, 500) ? world_between(world, 0, 400) : 16384;
    limits->settle_wait_ms = up_to(world, 1000);
    limits->save_wait_ms = up_to(world, 1000);
    limits->drain_ms = up_to(world, 20000);
    limits->invite_ms = world_between(world, 1000, 30000);
    limits->rated_invites = world_chance(world, 700);
    limits->suggests_per_s = 10;
    limits->searches_per_s = 10;
    limits->ping_match_ms = world_between(world, 1000, 3000);
    limits->ping_idle_ms = world_between(world, 2000, 6000);
    limits->silence_match_ms = 15000;
    limits->silence_idle_ms = 20000;
    world->lease_ms = world_between(world, 500, 4000);
    limits->renew_ms = world->lease_ms / 3;
    draw_rules(world);
    /* As the settings see to. */
    uint32_t least_ms = limits->save_wait_ms > limits->settle_wait_ms ? limits->save_wait_ms
                                                                      : limits->settle_wait_ms;
    if (limits->rules.rematch_ms < least_ms) {
        limits->rules.rematch_ms = least_ms;
    }
}

/* Each run has its own mixture: most kinds of fault are absent from most runs. */
static void draw_faults(struct world *world)
{
    struct world_faults *faults = &world->faults;
    if (world_chance(world, 500)) {
        faults->late = world_between(world, 1, 300);
        faults->late_max_us = world_between(world, 1, 3 * WORLD_SECOND_US);
        world->late_us = faults->late_max_us;
    }
    if (world_chance(world, 600)) {
        faults->lost = world_between(world, 1, 30);
        faults->half_open = world_between(world, 0, 500);
    }
    if (world_chance(world, 400)) {
        faults->unavailable = world_between(world, 1, 100);
        faults->unknown = world_between(world, 1, 100);
    }
    faults->vanish = world_chance(world, 300) ? world_between(world, 1, 300) : 0;
    faults->frame_fails = world_chance(world, 300) ? world_between(world, 1, 400) : 0;
    faults->rudeness = world_chance(world, 700) ? world_between(world, 1, 100) : 0;
    faults->outages = world_chance(world, 400) ? world_between(world, 5, 60) : 0;
}

/* Half of the runs are one process that lives; the others die, are deployed, or are two. */
static void draw_nodes(struct world *world)
{
    struct world_faults *faults = &world->faults;
    uint32_t roll = world_random(world, 100);
    world->nodes_count = roll >= 75 ? 2 : 1;
    if (roll < 50) {
        return;
    }
    faults->crashes = world_chance(world, 700) ? world_between(world, 20, 600) : 0;
    faults->deploys = world_chance(world, 600) ? world_between(world, 20, 400) : 0;
    faults->emptied = world_chance(world, 200) ? world_between(world, 20, 400) : 0;
    faults->deaf = up_to(world, 500);
    if (world->nodes_count == 2) {
        faults->partitions = world_chance(world, 300) ? world_between(world, 5, 60) : 0;
    }
    world->skew_us = world_chance(world, 500) ? up_to(world, 10 * WORLD_SECOND_US) : 0;
}

void world_draw(struct world *world)
{
    draw_limits(world);
    draw_faults(world);
    draw_nodes(world);
    world->tally->nodes_two = world->nodes_count == 2;
}
