/* Questions to a match that change nothing, and its invariants. */
#include <duel/base/assert.h>
#include <duel/core/match_inside.h>

#define POINTS_A_ROUND 200 /* */

uint32_t match_lag_us(const struct match *match, uint8_t slot)
{
    ASSERT(slot < 2);
    const struct match_seat *seat = &match->seats[slot];
    if (seat->rtt_count == 0) {
        return 0;
    }
    uint32_t kept =
        seat->rtt_count < MATCH_RTT_SAMPLES ? seat->rtt_count : (uint32_t)MATCH_RTT_SAMPLES;
    uint64_t lag_us = (uint64_t)match->rules.lag_cap_ms * 1000;
    for (uint32_t i = 0; i < kept; i++) {
        if (seat->rtt_us[i] < lag_us) {
            lag_us = seat->rtt_us[i];
        }
    }
    ASSERT(lag_us <= UINT32_MAX);
    return (uint32_t)lag_us;
}

uint32_t match_points(const struct match *match, uint8_t slot)
{
    static const uint32_t bonus[3] = { 300, 150, 50 };
    ASSERT(slot < 2);
    uint32_t points = POINTS_A_ROUND * match->score[slot];
    if (match->rules.best_of == 5 && match->score[slot] == 3) { /* over by score, then */
        points += bonus[match->score[match_other(slot)]];
    }
    return points;
}

uint32_t match_average_ms(const struct match *match, uint8_t slot)
{
    ASSERT(slot < 2);
    uint64_t sum_ms = 0;
    uint32_t solved = 0;
    for (uint32_t i = 0; i < match->rounds_count; i++) {
        if (match->rounds[i].ms[slot] != MATCH_NO_TIME) {
            sum_ms += match->rounds[i].ms[slot];
            solved++;
        }
    }
    return solved == 0 ? MATCH_NO_TIME : (uint32_t)(sum_ms / solved);
}

uint32_t match_similarity_told(uint32_t similarity, bool correct)
{
    if (correct) {
        return 1000;
    }
    if (similarity >= 800000) {
        return 800;
    }
    if (similarity >= 700000) {
        return 700;
    }
    return similarity >= 500000 ? 500 : 0;
}

/* ---- invariants ---- */

static void check_guesses(const struct match *match, const struct match_seat *seat)
{
    ASSERT(seat->guesses_count <= match->rules.max_guesses);
    for (uint32_t i = 0; i < seat->guesses_count; i++) {
        const struct match_try *guess = &seat->guesses[i];
        bool last = i + 1 == seat->guesses_count;
        ASSERT(i == 0 || guess->seq > seat->guesses[i - 1].seq);
        ASSERT(i == 0 || guess->raw_us >= seat->guesses[i - 1].raw_us);
        ASSERT(guess->ms <= guess->raw_us / 1000);
        ASSERT(guess->raw_us / 1000 - guess->ms <= match->rules.lag_cap_ms + 1);
        ASSERT(guess->correct == (last && seat->solved));
    }
    ASSERT(!seat->solved || seat->guesses_count > 0);
    ASSERT(!seat->suspect || seat->solved);
}

static void check_seat(const struct match *match, const struct match_seat *seat)
{
    bool playing = match->phase > MATCH_WAITING && match->phase < MATCH_OVER;
    ASSERT(seat->was_here || !seat->connected);
    ASSERT(!(seat->connected && seat->gone_us != 0));
    ASSERT(seat->gone_us <= match->now_us);
    ASSERT(seat->grace_left_ms <= match->rules.grace_total_ms);
    ASSERT(!(seat->connected && (seat->grace_until_us != 0 || seat->past_grace)));
    ASSERT(!(seat->grace_until_us != 0 && seat->past_grace));
    ASSERT(seat->grace_until_us == 0 || (playing && seat->grace_until_us > match->now_us));
    if (playing) {
        ASSERT(seat->was_here && !seat->left);
        ASSERT(seat->connected || seat->grace_until_us != 0 || seat->past_grace);
    }
    ASSERT(!seat->ready || (seat->connected && match->phase != MATCH_WAITING));
    ASSERT(!seat->ready || match->phase != MATCH_ROUND);
    check_guesses(match, seat);
}

static void check_rounds(const struct match *match)
{
    uint32_t score[2] = { 0, 0 };
    ASSERT(match->rounds_count <= match->rules.best_of);
    for (uint32_t i = 0; i < match->rounds_count; i++) {
        const struct match_round *round = &match->rounds[i];
        ASSERT(round->winner >= MATCH_NOBODY && round->winner <= 1);
        if (round->winner != MATCH_NOBODY) {
            uint8_t winner = (uint8_t)round->winner;
            score[winner]++;
            ASSERT(round->ms[winner] < round->ms[match_other(winner)]);
        } else {
            ASSERT(round->ms[0] == round->ms[1]);
        }
    }
    const uint32_t to_win = match->rules.best_of / 2 + 1;
    for (uint8_t slot = 0; slot < 2; slot++) {
        ASSERT(match->score[slot] == score[slot]);
        ASSERT(score[slot] <= to_win);
        ASSERT(score[slot] < to_win || match->phase >= MATCH_OVER);
    }
}

/* Taken over, and nobody has come yet. */
static bool is_unvisited(const struct match *match)
{
    return match->resumed && !match->seats[0].was_here && !match->seats[1].was_here;
}

/* A match that is taken over has begun or not already; one of this process begins with round 1. */
static void check_begun(const struct match *match)
{
    ASSERT(match->begun || match->rounds_count == 0);
    switch (match->phase) {
    case MATCH_WAITING:
    case MATCH_COUNTDOWN:
        ASSERT(match->resumed || !match->begun);
        break;
    case MATCH_ROUND:
    case MATCH_INTERMISSION:
        ASSERT(match->begun);
        break;
    case MATCH_OVER:
    case MATCH_CLOSED:
        ASSERT(match->begun || match->reason == MATCH_ABANDONED);
        break;
    }
}

static void check_cause(const struct match *match)
{
    switch (match->cause) {
    case MATCH_CAUSE_NONE:
    case MATCH_CAUSE_FRAMES:
    case MATCH_CAUSE_VOID:
        break;
    case MATCH_CAUSE_NO_SHOW:
        ASSERT(!match->resumed && !match->begun);
        break;
    case MATCH_CAUSE_LEFT:
        ASSERT(!match->begun);
        break;
    case MATCH_CAUSE_BOTH:
        ASSERT(match->begun);
        break;
    case MATCH_CAUSE_OUTAGE:
        ASSERT(match->resumed);
        break;
    }
}

static void check_between(const struct match *match)
{
    ASSERT(match->frame_ready != match->frame_wanted);
    ASSERT(match->round == match->rounds_count + 1);
    ASSERT((match->phase_ends_us == MATCH_NEVER) == (match->phase_over && match->frame_wanted));
    ASSERT(match->phase_ends_us > match->now_us);
    if (match->phase_over && match->frame_ready) {
        ASSERT(!(match->seats[0].ready && match->seats[1].ready));
    }
}

static void check_phase(const struct match *match)
{
    switch (match->phase) {
    case MATCH_WAITING:
        ASSERT(!match->frame_wanted || !match->frame_ready);
        ASSERT(!(match->seats[0].connected && match->seats[1].connected));
        ASSERT(match->round == match->rounds_count + 1);
        ASSERT(match->guesses_round == 0);
        ASSERT((match->phase_ends_us == MATCH_NEVER) == is_unvisited(match));
        break;
    case MATCH_COUNTDOWN:
        ASSERT(match->guesses_round == 0);
        check_between(match);
        break;
    case MATCH_INTERMISSION:
        ASSERT(match->round > 1);
        ASSERT(match->guesses_round == match->rounds_count);
        check_between(match);
        break;
    case MATCH_ROUND:
        ASSERT(match->frame_ready && !match->frame_wanted);
        ASSERT(match->guesses_round == match->round);
        ASSERT(match->round == match->rounds_count + 1);
        ASSERT(match->round_starts_us <= match->now_us);
        break;
    case MATCH_OVER:
    case MATCH_CLOSED:
        ASSERT(!match->frame_wanted);
        ASSERT((match->reason == MATCH_ABANDONED) == (match->cause != MATCH_CAUSE_NONE));
        ASSERT(match->reason != MATCH_ABANDONED || match->winner == MATCH_NOBODY);
        ASSERT(match->reason != MATCH_BY_FORFEIT || match->winner != MATCH_NOBODY);
        check_cause(match);
        break;
    }
    if (match->phase < MATCH_OVER) {
        ASSERT(match->winner == MATCH_NOBODY && match->cause == MATCH_CAUSE_NONE);
    }
}

/* Something will happen by itself, or somebody owes us an answer, or nobody is here to care. */
static void check_liveness(const struct match *match)
{
    uint64_t deadline_us = match_deadline_us(match);
    ASSERT(deadline_us > match->now_us);
    if (deadline_us == MATCH_NEVER) {
        ASSERT(match->phase == MATCH_CLOSED || match->frame_wanted ||
               (match->phase == MATCH_WAITING && is_unvisited(match)));
    }
}

void match_check(const struct match *match)
{
    ASSERT(match->phase <= MATCH_CLOSED);
    ASSERT(match->round >= 1 && match->round <= match->rules.best_of);
    ASSERT(!match->phase_over || match->phase == MATCH_COUNTDOWN ||
           match->phase == MATCH_INTERMISSION);
    ASSERT(match->frame_tries <= MATCH_FRAME_TRIES);
    check_seat(match, &match->seats[0]);
    check_seat(match, &match->seats[1]);
    check_rounds(match);
    check_begun(match);
    check_phase(match);
    check_liveness(match);
}

const char *match_reason_word(enum match_reason reason)
{
    switch (reason) {
    case MATCH_BY_SCORE:
        return "score";
    case MATCH_BY_FORFEIT:
        return "forfeit";
    case MATCH_ABANDONED:
        break;
    }
    return "abandoned";
}
