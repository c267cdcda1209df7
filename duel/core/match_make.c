/* How a match comes into this process: made anew, or taken over from another one. What happens in
 * it from then on is in match.c. */
#include <duel/base/assert.h>
#include <duel/core/match_inside.h>
#include <string.h>

#define DAY_MS 86400000u
#define HOUR_MS 3600000u
#define LAG_CAP_MS_MAX 10000u

bool match_rules_are_sane(const struct match_rules *rules)
{
    return rules->best_of >= 1 && rules->best_of <= MATCH_ROUNDS_MAX &&
           rules->waiting_ms <= DAY_MS && rules->countdown_ms <= DAY_MS && rules->round_ms >= 1 &&
           rules->round_ms <= HOUR_MS && rules->intermission_ms <= DAY_MS &&
           rules->rematch_ms <= DAY_MS && rules->grace_ms <= DAY_MS &&
           rules->grace_total_ms <= 3 * DAY_MS && rules->max_guesses >= 1 &&
           rules->max_guesses <= MATCH_GUESSES_MAX && rules->lockout_ms <= HOUR_MS &&
           rules->lag_cap_ms <= LAG_CAP_MS_MAX && rules->ready_wait_ms <= HOUR_MS;
}

/* Nobody has come to it yet. */
static void empty_seat(struct match_seat *seat, uint32_t grace_left_ms)
{
    memset(seat, 0, sizeof *seat);
    seat->closes_us = MATCH_NEVER;
    seat->grace_left_ms = grace_left_ms;
}

void match_init(struct match *match, const struct match_rules *rules, uint64_t now_us)
{
    ASSERT(now_us > 0);
    ASSERT(rules->best_of >= 1 && rules->best_of <= MATCH_ROUNDS_MAX);
    ASSERT(rules->max_guesses >= 1 && rules->max_guesses <= MATCH_GUESSES_MAX);
    ASSERT(rules->round_ms >= 1);
    memset(match, 0, sizeof *match);
    match->rules = *rules;
    match->now_us = now_us;
    match->phase = MATCH_WAITING;
    match->phase_ends_us = now_us + (uint64_t)rules->waiting_ms * 1000;
    match->round = 1;
    match->winner = MATCH_NOBODY;
    empty_seat(&match->seats[0], rules->grace_total_ms);
    empty_seat(&match->seats[1], rules->grace_total_ms);
}

void match_resume(struct match *match, uint64_t now_us)
{
    ASSERT(now_us > 0 && match->phase < MATCH_OVER);
    /* Another machine's clock may have been ahead of ours: nothing that is kept is a time of it. */
    match->now_us = now_us;
    match->phase = MATCH_WAITING;
    match->phase_ends_us = MATCH_NEVER; /* */
    match->round_starts_us = 0;
    match->round_ends_us = 0;
    match->round = match->rounds_count + 1; /* */
    match->video = 0;
    match->guesses_round = 0;
    match->frame_tries = 0;
    match->frame_ready = false;
    match->frame_wanted = false;
    match->phase_over = false;
    match->resumed = true;
    empty_seat(&match->seats[0], match->seats[0].grace_left_ms);
    empty_seat(&match->seats[1], match->seats[1].grace_left_ms);
}

/* 0 and MATCH_NEVER mean no time at all. */
static void shift(uint64_t *at_us, uint64_t us)
{
    if (*at_us != 0 && *at_us != MATCH_NEVER) {
        *at_us += us;
    }
}

void match_shift(struct match *match, uint64_t us)
{
    shift(&match->now_us, us);
    shift(&match->phase_ends_us, us);
    shift(&match->round_starts_us, us);
    shift(&match->round_ends_us, us);
    for (uint32_t slot = 0; slot < 2; slot++) {
        struct match_seat *seat = &match->seats[slot];
        shift(&seat->gone_us, us);
        shift(&seat->grace_until_us, us);
        shift(&seat->locked_until_us, us);
        shift(&seat->closes_us, us);
    }
}
