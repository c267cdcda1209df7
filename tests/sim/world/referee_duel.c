/* Two simulated players and their line, seen from the match; see referee_duel.h. */
#include <duel/base/rng.h>
#include <stdio.h>
#include <string.h>
#include <tests/sim/world/referee.h>
#include <tests/sim/world/referee_duel.h>
#include <tests/sim/world/referee_text.h>

#define MS UINT64_C(1000)
#define NEVER UINT64_MAX
#define START_US UINT64_C(1000000000)
#define STEPS_MAX 100000

/* What a seat will do next; each at most once at a time. */
enum deed {
    DEED_CONNECT,
    DEED_DISCONNECT,
    DEED_READY,
    DEED_GUESS,
    DEED_REPEAT, /* the latest guess once more */
    DEED_LEAVE,
    DEED_PING,
    DEEDS,
};

/* Chances are out of 1,000; times in microseconds. */
struct habits {
    uint32_t no_show;
    uint32_t leave;
    uint32_t drop;   /* the line breaks, in each phase */
    uint32_t return_;
    uint32_t repeat;
    uint32_t spam;   /* goes on guessing whatever the answer */
    uint32_t odd;    /* a guess or `ready` with a wrong number */
    uint32_t right;
    uint32_t never_ready;
    uint32_t think_max;
    uint32_t away_max;
    uint32_t late_to_come;
    uint32_t load_max;
    uint32_t rtt_min;
    uint32_t rtt_spread;
    uint32_t ping_every;
};

struct player {
    struct habits habits;
    uint64_t due[DEEDS];
    uint32_t round;
    uint32_t seq;
};

struct world {
    struct rng rng;
    struct match match;
    struct match_effects effects;
    struct referee referee;
    struct referee_sheet sheet;
    struct player players[2];
    struct duel_tally *tally;
    uint64_t now;
    uint64_t frame_due;
    uint64_t tick_due;
    uint32_t grain;      /* all of the world's times are multiples of it */
    uint32_t late_max;   /* of the clock */
    uint32_t frame_bad;  /* out of 1,000 */
    uint32_t frame_odd;
    uint32_t frame_max;
    uint32_t cut;        /* that a line breaks with the other's, out of 1,000 */
    uint32_t wanted;     /* round of the frame asked for */
    uint32_t crash;      /* that another process takes over before an event, out of 10,000 */
    uint32_t crashes_left;
    bool forgotten;      /* nobody will come any more to a match that was taken over */
    bool check;
    bool talk;
};

static bool chance(struct world *world, uint32_t of_1000)
{
    return of_1000 > 0 && rng_below(&world->rng, 1000) < of_1000;
}

static uint64_t soon(struct world *world, uint32_t max_us)
{
    uint64_t at = world->now + rng_below(&world->rng, max_us + 1);
    return (at + world->grain - 1) / world->grain * world->grain;
}

/* ---- what kind of world ---- */

static const struct match_rules usual_rules = {
    .best_of = 5, .waiting_ms = 30000, .countdown_ms = 3000, .round_ms = 30000,
    .intermission_ms = 3000, .rematch_ms = 30000, .grace_ms = 15000, .grace_total_ms = 45000,
    .max_guesses = 6, .lockout_ms = 1000, .lag_cap_ms = 250, .ready_wait_ms = 3000,
};

static uint32_t pick(struct world *world, const uint32_t *of, uint32_t count)
{
    return of[rng_below(&world->rng, count)];
}

#define PICK(world, ...)                                                       \
    pick(world, (const uint32_t[]){ __VA_ARGS__ },                             \
         (uint32_t)(sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t)))

static void choose_rules(struct world *world, struct match_rules *rules)
{
    *rules = usual_rules;
    if (chance(world, 400)) {
        return;
    }
    rules->best_of = PICK(world, 1, 2, 3, 4, 5, 5, 7, 25);
    rules->waiting_ms = chance(world, 50) ? PICK(world, 0, 100, 1000) : 30000;
    rules->countdown_ms = PICK(world, 0, 1, 100, 3000);
    rules->round_ms = PICK(world, 1, 300, 2000, 30000);
    rules->intermission_ms = PICK(world, 0, 1, 100, 3000);
    rules->rematch_ms = PICK(world, 0, 100, 30000);
    rules->grace_ms = PICK(world, 0, 50, 1000, 15000);
    rules->grace_total_ms = PICK(world, 0, 100, 2500, 45000);
    rules->max_guesses = PICK(world, 1, 2, 6, 12);
    rules->lockout_ms = PICK(world, 0, 1, 100, 1000);
    rules->lag_cap_ms = PICK(world, 0, 1, 20, 250);
    rules->ready_wait_ms = PICK(world, 0, 10, 500, 3000);
}

static void choose_calm(struct world *world)
{
    world->grain = 1;
    world->frame_max = 300 * MS;
    world->late_max = 2 * MS;
    for (int slot = 0; slot < 2; slot++) {
        world->players[slot].habits = (struct habits){
            .drop = 10, .return_ = 950, .right = 350, .think_max = 9000 * MS, .load_max = 800 * MS,
            .away_max = 6000 * MS, .late_to_come = 3000 * MS,
            .rtt_min = 5000 + rng_below(&world->rng, 120000),
            .rtt_spread = 30000, .ping_every = 5000 * MS,
        };
    }
}

static void choose_wild(struct world *world)
{
    world->grain = PICK(world, 1, 1000, 1000, 50000);
    world->late_max = PICK(world, 0, 0, 5000, 10000000);
    world->frame_bad = PICK(world, 0, 0, 100, 500);
    world->frame_odd = PICK(world, 0, 200);
    world->frame_max = PICK(world, 0, 100000, 8000000);
    world->cut = PICK(world, 0, 0, 0, 500);
    world->crash = PICK(world, 0, 0, 20, 200, 2000);
    world->crashes_left = 1 + rng_below(&world->rng, 8);
    uint32_t rare = PICK(world, 0, 0, 1); /* whether people are unreliable at all */
    for (int slot = 0; slot < 2; slot++) {
        struct habits *habits = &world->players[slot].habits;
        habits->no_show = rare * 20;
        habits->leave = rare * PICK(world, 0, 10, 50);
        habits->late_to_come = PICK(world, 0, 90000, 3000000);
        habits->drop = PICK(world, 0, 0, 50, 400);
        habits->return_ = PICK(world, 1000, 900, 300);
        habits->repeat = PICK(world, 0, 300);
        habits->spam = PICK(world, 0, 0, 500, 1000);
        habits->odd = PICK(world, 0, 0, 100);
        habits->right = PICK(world, 0, 100, 500, 1000);
        habits->never_ready = PICK(world, 0, 0, 200, 1000);
        habits->think_max = PICK(world, 100000, 1000000, 5000000, 35000000);
        habits->away_max = PICK(world, 2000, 1000000, 16000000, 60000000);
        habits->load_max = PICK(world, 0, 500000, 9000000);
        habits->rtt_min = PICK(world, 0, 20000, 200000, 2000000);
        habits->rtt_spread = PICK(world, 0, 1000, 300000);
        habits->ping_every = PICK(world, 200000, 2000000, 5000000);
    }
}

/* ---- what the players do about what they are told ---- */

static void plan_drop(struct world *world, uint8_t slot)
{
    struct player *player = &world->players[slot];
    if (chance(world, player->habits.drop)) {
        player->due[DEED_DISCONNECT] = soon(world, player->habits.away_max);
    }
    if (chance(world, player->habits.leave)) {
        player->due[DEED_LEAVE] = soon(world, 20000 * (uint32_t)MS);
    }
}

static void plan_guess(struct world *world, uint8_t slot)
{
    struct player *player = &world->players[slot];
    player->due[DEED_GUESS] = soon(world, player->habits.think_max);
}

static void hear_round(struct world *world, uint32_t round)
{
    for (uint8_t slot = 0; slot < 2; slot++) {
        world->players[slot].round = round;
        world->players[slot].seq = 0;
        plan_guess(world, slot);
        plan_drop(world, slot);
    }
}

static void hear_offer(struct world *world, uint32_t round)
{
    for (uint8_t slot = 0; slot < 2; slot++) {
        struct player *player = &world->players[slot];
        player->round = round;
        if (!chance(world, player->habits.never_ready)) {
            player->due[DEED_READY] = soon(world, player->habits.load_max);
        }
        plan_drop(world, slot);
    }
}

static void hear(struct world *world, const struct match_effect *effect)
{
    struct player *player = &world->players[effect->slot];
    switch (effect->type) {
    case MATCH_FX_WANT_FRAME:
        world->wanted = effect->round;
        world->frame_due = soon(world, world->frame_max);
        break;
    case MATCH_FX_FRAME_OFFER:
        hear_offer(world, effect->round);
        break;
    case MATCH_FX_ROUND:
        world->tally->restarted += world->match.resumed;
        hear_round(world, effect->round);
        break;
    case MATCH_FX_VERDICT:
        if (!effect->again && chance(world, player->habits.repeat)) {
            player->due[DEED_REPEAT] = soon(world, player->habits.think_max);
        }
        if (!effect->guess.correct || chance(world, player->habits.spam)) {
            plan_guess(world, effect->slot);
        }
        break;
    case MATCH_FX_REJECT:
        if (effect->reject == MATCH_LOCKED || chance(world, player->habits.spam / 2)) {
            plan_guess(world, effect->slot);
        }
        break;
    case MATCH_FX_OVER:
        for (uint8_t slot = 0; slot < 2; slot++) {
            plan_drop(world, slot);
            world->players[slot].due[DEED_READY] = soon(world, 40000 * (uint32_t)MS);
        }
        break;
    case MATCH_FX_PLAYER:
    case MATCH_FX_COUNTDOWN:
    case MATCH_FX_OPPONENT:
    case MATCH_FX_ROUND_END:
    case MATCH_FX_CLOSED:
        break;
    }
}

/* ---- tally ---- */

static void hash(struct duel_tally *tally, uint64_t value)
{
    tally->hash = (tally->hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    tally->hash ^= tally->hash >> 29;
}

static void count_effect(struct duel_tally *tally, const struct match_effect *effect)
{
    hash(tally, (uint64_t)effect->type << 32 | (uint64_t)effect->slot << 16 | effect->round);
    hash(tally, effect->until_us ^ effect->count ^ (uint64_t)effect->guess.ms << 32);
    switch (effect->type) {
    case MATCH_FX_REJECT:
        tally->rejects[effect->reject]++;
        break;
    case MATCH_FX_OPPONENT:
        tally->statuses[effect->status]++;
        break;
    case MATCH_FX_VERDICT:
        tally->verdicts_again += effect->again;
        break;
    case MATCH_FX_WANT_FRAME:
    case MATCH_FX_FRAME_OFFER:
    case MATCH_FX_PLAYER:
    case MATCH_FX_COUNTDOWN:
    case MATCH_FX_ROUND:
    case MATCH_FX_ROUND_END:
    case MATCH_FX_OVER:
    case MATCH_FX_CLOSED:
        break;
    }
}

/* Who solved the running or latest round second, by the clock on the wall, and still won it. */
static bool is_turned(const struct match *match, const struct match_round *round)
{
    if (round->winner < 0 || round->ms[0] == MATCH_NO_TIME || round->ms[1] == MATCH_NO_TIME) {
        return false;
    }
    const struct match_seat *won = &match->seats[round->winner];
    const struct match_seat *lost = &match->seats[1 - round->winner];
    return won->guesses[won->guesses_count - 1].raw_us >
           lost->guesses[lost->guesses_count - 1].raw_us;
}

static void count_round(struct duel_tally *tally, const struct match *match)
{
    const struct match_round *round = &match->rounds[match->rounds_count - 1];
    tally->rounds++;
    tally->suspects += (uint64_t)round->suspect[0] + (uint64_t)round->suspect[1];
    tally->rounds_tied += round->ms[0] == round->ms[1] && round->ms[0] != MATCH_NO_TIME;
    tally->rounds_turned += is_turned(match, round);
}

static void count_match(struct duel_tally *tally, const struct match *match)
{
    switch (match->reason) {
    case MATCH_BY_SCORE:
        tally->by_score++;
        tally->draws += match->winner == MATCH_NOBODY;
        break;
    case MATCH_BY_FORFEIT:
        tally->forfeits++;
        break;
    case MATCH_ABANDONED:
        tally->causes[match->cause]++;
        break;
    }
}

/* ---- the course of things ---- */

static void talk(const struct world *world, const struct match_event *event)
{
    char what[128], effects[2048];
    referee_event_text(event, START_US, what, sizeof what);
    referee_effects_text(&world->match, &world->effects, START_US, effects, sizeof effects);
    printf("    %-36s %s\n", what, effects);
}

static const char *step(struct world *world, struct match_event *event)
{
    uint32_t rounds = world->match.rounds_count;
    event->now_us = world->now;
    match_step(&world->match, event, &world->effects);
    world->tally->steps++;
    if (world->check) {
        match_check(&world->match);
    }
    if (world->talk) {
        talk(world, event);
    }
    uint64_t deadline_us = match_deadline_us(&world->match);
    const char *fault = referee_watch(&world->referee, event, &world->effects, deadline_us,
                                      &world->sheet);
    if (fault != NULL) {
        return fault;
    }
    if (world->match.rounds_count != rounds) {
        count_round(world->tally, &world->match);
        fault = referee_compare(&world->referee, &world->match);
    }
    for (uint32_t i = 0; i < world->effects.count; i++) {
        count_effect(world->tally, &world->effects.list[i]);
        hear(world, &world->effects.list[i]);
    }
    if (world->effects.count > world->tally->effects_most) {
        world->tally->effects_most = world->effects.count;
    }
    if (deadline_us != world->tick_due && deadline_us != NEVER) {
        world->tick_due = deadline_us + rng_below(&world->rng, world->late_max + 1);
    } else if (deadline_us == NEVER) {
        world->tick_due = NEVER;
    }
    return fault;
}

static void do_deed(struct world *world, uint8_t slot, enum deed deed, struct match_event *event)
{
    struct player *player = &world->players[slot];
    const struct habits *habits = &player->habits;
    player->due[deed] = NEVER;
    event->slot = slot;
    event->round = player->round;
    if (chance(world, habits->odd)) {
        event->round = rng_below(&world->rng, 4) + player->round - (player->round > 1);
    }
    switch (deed) {
    case DEED_CONNECT:
        event->type = MATCH_EV_CONNECT;
        player->due[DEED_READY] = soon(world, habits->load_max);
        break;
    case DEED_DISCONNECT:
        event->type = MATCH_EV_DISCONNECT;
        if (chance(world, world->cut)) {
            world->players[1 - slot].due[DEED_DISCONNECT] = soon(world, PICK(world, 0, 4000000)) +
                                                    PICK(world, 0, 2000000);
        }
        if (chance(world, habits->return_)) {
            player->due[DEED_CONNECT] = soon(world, habits->away_max);
        }
        break;
    case DEED_READY:
        event->type = MATCH_EV_READY;
        break;
    case DEED_GUESS:
        player->seq += 1 + rng_below(&world->rng, 2) - (chance(world, habits->odd) ? 2 : 0);
        event->type = MATCH_EV_GUESS;
        event->seq = player->seq;
        event->correct = chance(world, habits->right);
        event->similarity = rng_below(&world->rng, 1000001);
        break;
    case DEED_REPEAT:
        event->type = MATCH_EV_GUESS;
        event->seq = player->seq;
        break;
    case DEED_LEAVE:
        event->type = MATCH_EV_LEAVE;
        break;
    case DEED_PING:
    case DEEDS:
        event->type = MATCH_EV_RTT;
        event->rtt_us = habits->rtt_min + rng_below(&world->rng, habits->rtt_spread + 1);
        player->due[DEED_PING] = soon(world, habits->ping_every) + 20 * MS;
        break;
    }
}

static void do_frame(struct world *world, struct match_event *event)
{
    event->type = MATCH_EV_FRAME;
    event->round = world->wanted;
    event->ok = !chance(world, world->frame_bad);
    event->video = rng_below(&world->rng, 1000);
    world->tally->frames_redrawn += !event->ok;
    world->frame_due = NEVER;
    if (chance(world, world->frame_odd)) { /* a second answer, or one for another round */
        world->frame_due = soon(world, 2000 * (uint32_t)MS);
    }
}

/* The next event of the world; false when there is none left. */
static bool next(struct world *world, struct match_event *event)
{
    uint64_t at = world->tick_due < world->frame_due ? world->tick_due : world->frame_due;
    uint8_t who = 0;
    enum deed what = DEEDS;
    for (uint8_t slot = 0; slot < 2; slot++) {
        for (enum deed deed = 0; deed < DEEDS; deed++) {
            if (world->players[slot].due[deed] < at) {
                at = world->players[slot].due[deed];
                who = slot;
                what = deed;
            }
        }
    }
    if (at == NEVER) {
        return false;
    }
    memset(event, 0, sizeof *event);
    event->type = MATCH_EV_TICK;
    world->now = at > world->now ? at : world->now;
    if (what != DEEDS) {
        do_deed(world, who, what, event);
    } else if (at == world->frame_due) {
        do_frame(world, event);
    }
    return true;
}

/* ---- another process ---- */

/* Who comes back to the match, and what of the old process still arrives. */
static void plan_return(struct world *world, uint8_t slot)
{
    struct player *player = &world->players[slot];
    uint64_t ping_due = player->due[DEED_PING];
    for (enum deed deed = 0; deed < DEEDS; deed++) {
        player->due[deed] = NEVER;
    }
    player->due[DEED_PING] = ping_due;
    if (chance(world, player->habits.return_)) {
        player->due[DEED_CONNECT] = soon(world, player->habits.away_max);
    }
    if (chance(world, player->habits.repeat)) { /* of a verdict that may be lost */
        player->due[DEED_REPEAT] = soon(world, player->habits.think_max);
    }
    plan_drop(world, slot);
}

static const char *take_over(struct world *world)
{
    struct match saved = world->match; /* all that is left of the old process */
    world->tally->resumed[saved.phase]++;
    match_resume(&saved, world->now);
    if (world->check) {
        match_check(&saved);
    }
    memset(&world->match, 0x55, sizeof world->match);
    world->match = saved;
    referee_resume(&world->referee, world->now);
    plan_return(world, 0);
    plan_return(world, 1);
    /* The frame of the old process is of no use to the new one; its answer may come too late. */
    if (!chance(world, world->frame_odd)) {
        world->frame_due = NEVER;
    }
    world->tick_due = NEVER;
    world->forgotten = world->players[0].due[DEED_CONNECT] == NEVER &&
                       world->players[1].due[DEED_CONNECT] == NEVER;
    world->tally->forgotten += world->forgotten;
    if (world->talk) {
        printf("    taken over at %.3f\n", (double)(world->now - START_US) / 1000.0);
    }
    return referee_compare(&world->referee, &world->match);
}

static bool crashes(struct world *world)
{
    if (world->match.phase >= MATCH_OVER || world->crashes_left == 0 || world->crash == 0 ||
        rng_below(&world->rng, 10000) >= world->crash) {
        return false;
    }
    world->crashes_left--;
    return true;
}

static void open_world(struct world *world, uint64_t seed, enum duel_kind kind)
{
    struct match_rules rules = usual_rules;
    memset(world, 0, sizeof *world);
    rng_seed(&world->rng, seed);
    world->now = START_US;
    if (kind == DUEL_CALM) {
        choose_calm(world);
    } else {
        choose_rules(world, &rules);
        choose_wild(world);
    }
    world->frame_due = NEVER;
    for (uint8_t slot = 0; slot < 2; slot++) {
        struct player *player = &world->players[slot];
        for (enum deed deed = 0; deed < DEEDS; deed++) {
            player->due[deed] = NEVER;
        }
        if (!chance(world, player->habits.no_show)) {
            player->due[DEED_CONNECT] = soon(world, player->habits.late_to_come);
        }
        player->due[DEED_PING] = soon(world, 3000 * (uint32_t)MS);
        plan_drop(world, slot);
    }
    match_init(&world->match, &rules, world->now);
    referee_init(&world->referee, &rules, world->now);
    world->tick_due = match_deadline_us(&world->match);
}

const char *referee_duel(uint64_t seed, enum duel_kind kind, bool check, bool aloud,
                         struct duel_tally *tally, struct match *ret_match)
{
    struct world world;
    open_world(&world, seed, kind);
    world.tally = tally;
    world.check = check;
    world.talk = aloud;
    const char *fault = NULL;
    uint32_t steps = 0;
    while (fault == NULL && !world.forgotten && world.match.phase != MATCH_CLOSED) {
        struct match_event event;
        if (crashes(&world)) {
            fault = take_over(&world);
        } else if (!next(&world, &event)) {
            fault = "nothing happens any more";
        } else if (++steps > STEPS_MAX) {
            fault = "the match does not end";
        } else {
            fault = step(&world, &event);
        }
    }
    if (fault == NULL) {
        fault = referee_compare(&world.referee, &world.match);
    }
    if (!world.forgotten) {
        count_match(tally, &world.match);
    }
    *ret_match = world.match;
    return fault;
}
