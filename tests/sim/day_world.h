/* People who look for opponents, play, pause and leave, and a queue that treats their tickets as
 * the hub and the pairing script do: each is looked at when it is put and whenever it is renewed.
 * The rule of pairing and the estimate of waits are the real ones; nothing takes time but waiting,
 * playing and pausing. In every moment it is checked that no two who wait fit each other and that
 * nobody is in two matches.
 *
 * It knows neither the hub nor the script (other tests hold those to the same rules), nor what
 * figures are wanted. */
#ifndef DUEL_TESTS_SIM_DAY_WORLD_H
#define DUEL_TESTS_SIM_DAY_WORLD_H

#include "day_report.h"
#include <duel/base/assert.h>
#include <duel/base/rng.h>
#include <duel/base/timerq.h>
#include <duel/core/matchmaker.h>
#include <duel/core/waits.h>
#include <test.h>

#define PEOPLE_MAX 600
#define ARRIVALS PEOPLE_MAX /* the timer of who comes next */
#define BLOCKS_MAX 8
#define HOUR_MS INT64_C(3600000)
#define RENEW_MS 5000
#define TICK_MS 250 /* at most one comes in this time */
#define NOBODY UINT32_MAX
#define NEVER INT64_MAX

static const struct matchmaker_rules rules = {
    .window = 100, .step = 50, .step_ms = 5000, .timeout_ms = 30000,
};

struct scenario {
    const char *name;
    uint32_t people;        /* always so many; 0: they come and go with the hour */
    uint32_t hours;
    uint32_t block_hours;   /* what is told apart */
    uint32_t pause_max_ms;  /* between two duels, from none to this */
    uint32_t duels;         /* on average; then somebody leaves */
    uint32_t impatient_pct; /* so many would leave the queue within 20 s */
};

/* How many come in an hour of the day, the busiest having 100: few at night, most in the
 * evening. */
static const uint32_t curve[24] = {
    25, 12, 6, 3, 2, 2, 3, 6, 12, 18, 22, 28, 38, 34, 30, 30, 36, 46, 62, 80, 100, 96, 74, 46,
};
#define ARRIVALS_PEAK_PER_HOUR 700

#define MATCH_MIN_MS 60000
#define MATCH_MAX_MS 150000

enum state { AWAY, PAUSING, WAITING, PLAYING };

struct person {
    enum state state;
    struct matchmaker_ticket ticket;
    int64_t expires_ms;
    int64_t renew_ms;
    int64_t leaves_ms;  /* the queue, out of impatience */
    int64_t until_ms;   /* PAUSING, PLAYING */
    uint32_t opponent;  /* PLAYING */
    uint32_t timeouts;  /* one after another */
    uint32_t company;   /* how many asked after the last third had begun */
    bool told;          /* had to wait, and heard eta_ms */
    bool knew;          /* eta_ms was known when it asked */
    uint32_t eta_ms;
};

static struct {
    const struct scenario *scenario;
    struct rng rng;
    struct timerq timers;
    struct waits waits;
    int64_t now_ms;
    struct person people[PEOPLE_MAX];
    uint32_t waiting[PEOPLE_MAX];
    uint32_t waiting_count;
    uint32_t places; /* of `people` that were ever taken */
    uint32_t playing, present;
    bool checked; /* that the matches are sound, since one was made or ended */
    uint64_t present_ms[BLOCKS_MAX];
    uint64_t people_ever;
    uint32_t timeouts_most;
    struct day_record *records;
    uint32_t records_count, records_max;
    uint32_t records_first; /* of this run; those of the runs before are kept */
} day;

/* ---- chance ---- */

static uint32_t between(uint32_t low, uint32_t high)
{
    return low + rng_below(&day.rng, high - low + 1);
}

/* N(1000, 200), as the sum of 48 uniform numbers, whose variance is 4. */
static int32_t draw_rating(void)
{
    uint64_t sum = 0;
    for (int i = 0; i < 48; i++) {
        sum += rng_below(&day.rng, 1u << 20);
    }
    int64_t from_mean = (int64_t)sum - (INT64_C(24) << 20);
    return (int32_t)(1000 + from_mean * 100 / (1 << 20));
}

/* ---- people ---- */

static uint32_t block_now(void)
{
    return (uint32_t)(day.now_ms / (HOUR_MS * day.scenario->block_hours));
}

static void arm(uint32_t who)
{
    const struct person *person = &day.people[who];
    int64_t due_ms = NEVER;
    switch (person->state) {
    case AWAY:
        break;
    case PAUSING:
    case PLAYING:
        due_ms = person->until_ms;
        break;
    case WAITING:
        due_ms = person->expires_ms < person->renew_ms ? person->expires_ms : person->renew_ms;
        due_ms = person->leaves_ms < due_ms ? person->leaves_ms : due_ms;
        break;
    }
    timerq_set(&day.timers, who, due_ms == NEVER ? TIMERQ_NEVER : (uint64_t)due_ms);
}

static void pause(uint32_t who)
{
    struct person *person = &day.people[who];
    person->state = PAUSING;
    person->until_ms = day.now_ms + between(0, day.scenario->pause_max_ms);
    arm(who);
}

static void come(uint32_t who)
{
    day.people[who] = (struct person){
        .ticket.player = uuid_random(rng_next(&day.rng), day.people_ever++),
        .ticket.rating = draw_rating(),
    };
    day.places = who < day.places ? day.places : who + 1;
    day.present++;
    pause(who);
}

static void go(uint32_t who)
{
    day.people[who].state = AWAY;
    day.present--;
    arm(who);
    if (day.scenario->people > 0) {
        come(who); /* somebody else takes the place */
    }
}

static void stop_waiting(uint32_t who)
{
    uint32_t i = 0;
    while (day.waiting[i] != who) {
        i++;
        ASSERT(i < day.waiting_count);
    }
    day.waiting[i] = day.waiting[--day.waiting_count];
}

/* The ticket is done with. Who left out of impatience leaves no record, since nobody knows how long
 * he would have waited; nor is any other impatient one a witness for eta_ms. */
static void record(uint32_t who, bool paired, uint32_t gap, bool again)
{
    const struct person *person = &day.people[who];
    int64_t waited_ms = day.now_ms - person->ticket.since_ms;
    if (person->told) {
        waits_add(&day.waits, waited_ms, paired);
    }
    if (day.now_ms >= person->leaves_ms) {
        return;
    }
    if (day.records_count == day.records_max) {
        day.records_max = day.records_max * 2 + 1024;
        day.records = realloc(day.records, day.records_max * sizeof *day.records);
        ASSERT(day.records != NULL);
    }
    day.records[day.records_count++] = (struct day_record){
        .wait_ms = (uint32_t)waited_ms,
        .gap = gap,
        .block = (uint8_t)block_now(),
        .paired = paired,
        .again = again,
        .told = person->told,
        .knew = person->knew && person->leaves_ms == NEVER,
        .covered = paired && waited_ms <= person->eta_ms,
    };
}

/* ---- pairing ---- */

static void check_idle(uint32_t who)
{
    CHECK(day.people[who].state == WAITING);
    for (uint32_t i = 0; i < day.places; i++) {
        CHECK(day.people[i].state != PLAYING || day.people[i].opponent != who);
    }
}

/* The distance that somebody accepts, by contract section 3; -1: any. */
static int32_t window_of(const struct matchmaker_ticket *ticket)
{
    int64_t waited_ms = day.now_ms - ticket->since_ms;
    return waited_ms >= 20000 ? -1 : 100 + 50 * (int32_t)(waited_ms / 5000);
}

/* The rule once more, so that what checks does not believe what is checked. */
static bool may_play(const struct matchmaker_ticket *a, const struct matchmaker_ticket *b)
{
    int32_t gap = abs(a->rating - b->rating);
    int32_t one = window_of(a), two = window_of(b);
    return one < 0 || two < 0 || (gap <= one && gap <= two);
}

static bool met_last(const struct matchmaker_ticket *a, const struct matchmaker_ticket *b)
{
    return uuid_equal(&a->last_opponent, &b->player) || uuid_equal(&b->last_opponent, &a->player);
}

/* The last opponent is taken only when nobody else fits who looks. */
static void check_nobody_else(uint32_t who)
{
    const struct matchmaker_ticket *own = &day.people[who].ticket;
    for (uint32_t i = 0; i < day.waiting_count; i++) {
        const struct matchmaker_ticket *other = &day.people[day.waiting[i]].ticket;
        CHECK(day.waiting[i] == who || met_last(own, other) ||
              !may_play(own, other));
    }
}

static void pair(uint32_t one, uint32_t two)
{
    uint32_t who[2] = { one, two };
    int64_t until_ms = day.now_ms + between(MATCH_MIN_MS, MATCH_MAX_MS);
    int32_t gap = day.people[one].ticket.rating - day.people[two].ticket.rating;
    bool again = met_last(&day.people[one].ticket, &day.people[two].ticket);
    CHECK(one != two && may_play(&day.people[one].ticket, &day.people[two].ticket));
    if (again) {
        check_nobody_else(one);
    }
    for (int i = 0; i < 2; i++) {
        struct person *person = &day.people[who[i]];
        check_idle(who[i]);
        record(who[i], true, (uint32_t)(gap < 0 ? -gap : gap), again);
        stop_waiting(who[i]);
        person->timeouts = 0;
        person->until_ms = until_ms;
        person->ticket.last_opponent = day.people[who[1 - i]].ticket.player;
    }
    for (int i = 0; i < 2; i++) {
        day.people[who[i]].state = PLAYING;
        day.people[who[i]].opponent = who[1 - i];
        arm(who[i]);
    }
    day.playing += 2;
    day.checked = false;
}

/* What the pairing script does for a ticket that is put or renewed. */
static void look(uint32_t who)
{
    struct matchmaker_ticket tickets[PEOPLE_MAX];
    struct person *person = &day.people[who];
    for (uint32_t i = 0; i < day.waiting_count; i++) {
        tickets[i] = day.people[day.waiting[i]].ticket;
    }
    int32_t chosen = matchmaker_choose(&rules, &person->ticket, tickets, day.waiting_count,
                                       day.now_ms);
    if (chosen >= 0) {
        pair(who, day.waiting[chosen]);
        return;
    }
    person->told = true;
    int64_t next_ms = matchmaker_next_ms(&rules, person->ticket.since_ms, day.now_ms);
    person->renew_ms = day.now_ms + RENEW_MS < next_ms ? day.now_ms + RENEW_MS : next_ms;
    arm(who);
}

static void ask(uint32_t who)
{
    struct person *person = &day.people[who];
    person->state = WAITING;
    person->ticket.since_ms = day.now_ms;
    person->expires_ms = day.now_ms + rules.timeout_ms;
    person->leaves_ms = NEVER;
    if (rng_below(&day.rng, 100) < day.scenario->impatient_pct) {
        person->leaves_ms = day.now_ms + between(1, 20000);
    }
    person->company = 0;
    person->told = false;
    person->knew = waits_expect(&day.waits, &person->eta_ms);
    for (uint32_t i = 0; i < day.waiting_count; i++) {
        struct person *other = &day.people[day.waiting[i]];
        other->company += day.now_ms - other->ticket.since_ms > 20000;
    }
    day.waiting[day.waiting_count++] = who;
    look(who);
}

/* nobody is timed out when there was somebody to play with. */
static void time_out(uint32_t who)
{
    struct person *person = &day.people[who];
    CHECK_INT(day.now_ms - person->ticket.since_ms, rules.timeout_ms);
    CHECK_INT(day.waiting_count, 1);
    CHECK_INT(person->company, 0);
    record(who, false, 0, false);
    stop_waiting(who);
    person->timeouts++;
    if (person->timeouts > day.timeouts_most) {
        day.timeouts_most = person->timeouts;
    }
    ask(who);
}

static void finish_match(uint32_t who)
{
    uint32_t both[2] = { who, day.people[who].opponent };
    CHECK(day.people[both[1]].state == PLAYING && day.people[both[1]].opponent == who);
    CHECK(day.people[both[1]].until_ms == day.now_ms);
    day.playing -= 2;
    day.checked = false;
    for (int i = 0; i < 2; i++) {
        day.people[both[i]].opponent = NOBODY;
        pause(both[i]);
    }
    for (int i = 0; i < 2; i++) {
        if (rng_below(&day.rng, day.scenario->duels) == 0) {
            go(both[i]);
        }
    }
}

static void act(uint32_t who)
{
    struct person *person = &day.people[who];
    switch (person->state) {
    case AWAY:
        break;
    case PAUSING:
        ask(who);
        break;
    case PLAYING:
        finish_match(who);
        break;
    case WAITING:
        if (day.now_ms >= person->expires_ms) {
            time_out(who);
        } else if (day.now_ms >= person->leaves_ms) { /* comes back after a pause */
            record(who, false, 0, false);
            stop_waiting(who);
            pause(who);
        } else {
            look(who);
        }
        break;
    }
}

/* Who comes in the next tick of a day with a curve. */
static void arrive(void)
{
    uint32_t per_hour = ARRIVALS_PEAK_PER_HOUR * curve[day.now_ms / HOUR_MS % 24] / 100;
    timerq_set(&day.timers, ARRIVALS, (uint64_t)(day.now_ms + TICK_MS));
    if (rng_below(&day.rng, (uint32_t)(HOUR_MS / TICK_MS)) >= per_hour) {
        return;
    }
    uint32_t who = 0;
    while (day.people[who].state != AWAY) {
        who++;
        ASSERT(who < PEOPLE_MAX);
    }
    come(who);
}

/* ---- a day ---- */

/* no two who wait fit each other. */
static void check_queue(void)
{
    for (uint32_t i = 0; i < day.waiting_count; i++) {
        const struct person *one = &day.people[day.waiting[i]];
        CHECK(one->state == WAITING && one->expires_ms > day.now_ms);
        for (uint32_t j = 0; j < i; j++) {
            const struct person *two = &day.people[day.waiting[j]];
            CHECK(!may_play(&one->ticket, &two->ticket));
        }
    }
}

/* Who plays has an opponent who plays with him and nobody else. */
static void check_matches(void)
{
    uint32_t playing = 0;
    if (day.checked) {
        return;
    }
    for (uint32_t i = 0; i < day.places; i++) {
        const struct person *person = &day.people[i];
        if (person->state == PLAYING) {
            playing++;
            CHECK(person->opponent != i && day.people[person->opponent].state == PLAYING);
            CHECK(day.people[person->opponent].opponent == i);
        }
    }
    CHECK_INT(playing, day.playing);
    day.checked = true;
}

/* The moment is over: everything that was due in it has happened. */
static void pass_to(int64_t next_ms)
{
    check_queue();
    check_matches();
    day.present_ms[block_now()] += (uint64_t)day.present * (uint64_t)(next_ms - day.now_ms);
    day.now_ms = next_ms - 1;
    check_queue(); /* no window widened unnoticed */
    day.now_ms = next_ms;
}

/* Adds its records to those of the runs before. */
static void run(const struct scenario *scenario, uint64_t seed)
{
    struct day_record *records = day.records;
    uint32_t records_count = day.records_count, records_max = day.records_max;
    uint32_t who;
    memset(&day, 0, sizeof day);
    day.scenario = scenario;
    day.records = records;
    day.records_count = day.records_first = records_count;
    day.records_max = records_max;
    rng_seed(&day.rng, seed);
    ASSERT(timerq_create(&day.timers, PEOPLE_MAX + 1));
    for (who = 0; who < scenario->people; who++) {
        come(who);
        day.people[who].until_ms = between(0, 60000);
        arm(who);
    }
    if (scenario->people == 0) {
        arrive();
    }
    int64_t end_ms = (int64_t)scenario->hours * HOUR_MS;
    while ((int64_t)timerq_next(&day.timers) < end_ms) {
        int64_t next_ms = (int64_t)timerq_next(&day.timers);
        if (next_ms > day.now_ms) {
            pass_to(next_ms);
        }
        bool due = timerq_take(&day.timers, (uint64_t)day.now_ms, &who);
        ASSERT(due);
        if (who == ARRIVALS) {
            arrive();
        } else {
            act(who);
        }
    }
    timerq_destroy(&day.timers);
}

#endif
