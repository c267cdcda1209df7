/* The match as phases, seats and deadlines. What a guess does is in match_guess.c, questions
 * without consequences are in match_query.c. It refuses to know what match.h says it refuses to
 * know. */
#include <duel/base/assert.h>
#include <duel/core/match_inside.h>
#include <string.h>

#define BOTH_GONE_US UINT64_C(2000000) /* */

static uint64_t us(uint32_t ms)
{
    return (uint64_t)ms * 1000;
}

static uint64_t min_us(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Grace is for those who were both there. */
static bool is_playing(const struct match *match)
{
    return match->phase == MATCH_COUNTDOWN || match->phase == MATCH_ROUND ||
           match->phase == MATCH_INTERMISSION;
}

/* Between rounds: `ready` counts and a frame can be offered. */
static bool is_between(const struct match *match)
{
    return match->phase == MATCH_COUNTDOWN || match->phase == MATCH_INTERMISSION;
}

/* ---- phases ---- */

static void want_frame(struct match *match, struct match_effects *effects)
{
    ASSERT(!match->frame_wanted && !match->frame_ready);
    match->frame_wanted = true;
    match_emit(effects, MATCH_FX_WANT_FRAME)->round = match->round;
}

static void offer_frame(const struct match *match, struct match_effects *effects)
{
    match_emit(effects, MATCH_FX_FRAME_OFFER)->round = match->round;
}

static void enter_countdown(struct match *match, struct match_effects *effects)
{
    match->phase_ends_us = match->now_us + us(match->rules.countdown_ms);
    match_emit(effects, MATCH_FX_COUNTDOWN)->until_us = match->phase_ends_us;
    if (match->frame_ready) {
        offer_frame(match, effects);
    }
}

static void enter_round(struct match *match, struct match_effects *effects)
{
    match->begun = true;
    match->phase_over = false;
    match->round_starts_us = match->now_us;
    match->round_ends_us = match->now_us + us(match->rules.round_ms);
    match->phase_ends_us = match->round_ends_us;
    match->guesses_round = match->round;
    match_guess_reset(match);
    match->seats[0].ready = false;
    match->seats[1].ready = false;
    struct match_effect *effect = match_emit(effects, MATCH_FX_ROUND);
    effect->round = match->round;
    effect->slot = (match->round - 1) & 1; /* */
    effect->until_us = match->round_ends_us;
}

static void enter_intermission(struct match *match, struct match_effects *effects)
{
    match->phase_ends_us = match->now_us + us(match->rules.intermission_ms);
    match->round++;
    match->frame_ready = false;
    match->frame_tries = 0;
    want_frame(match, effects);
}

static void enter_over(struct match *match, struct match_effects *effects)
{
    match->phase_over = false;
    match->frame_wanted = false;
    match->seats[0].grace_until_us = 0;
    match->seats[1].grace_until_us = 0;
    match->phase_ends_us = match->now_us + us(match->rules.rematch_ms);
    match_emit(effects, MATCH_FX_OVER)->until_us = match->phase_ends_us;
}

#define PHASE(phase) (1u << (phase))

/* The legal successors of each phase: the picture in docs/rules.md. */
static const uint8_t successors[] = {
    [MATCH_WAITING] = PHASE(MATCH_COUNTDOWN) | PHASE(MATCH_OVER),
    [MATCH_COUNTDOWN] = PHASE(MATCH_ROUND) | PHASE(MATCH_OVER),
    [MATCH_ROUND] = PHASE(MATCH_INTERMISSION) | PHASE(MATCH_OVER),
    [MATCH_INTERMISSION] = PHASE(MATCH_ROUND) | PHASE(MATCH_OVER),
    [MATCH_OVER] = PHASE(MATCH_CLOSED),
    [MATCH_CLOSED] = 0,
};

/* The one door between phases; all entry actions are behind it. */
static void enter(struct match *match, enum match_phase phase, struct match_effects *effects)
{
    ASSERT((successors[match->phase] & PHASE(phase)) != 0);
    match->phase = phase;
    switch (phase) {
    case MATCH_WAITING:
        break; /* nobody's successor */
    case MATCH_COUNTDOWN:
        enter_countdown(match, effects);
        break;
    case MATCH_ROUND:
        enter_round(match, effects);
        break;
    case MATCH_INTERMISSION:
        enter_intermission(match, effects);
        break;
    case MATCH_OVER:
        enter_over(match, effects);
        break;
    case MATCH_CLOSED:
        match->phase_ends_us = MATCH_NEVER;
        match_emit(effects, MATCH_FX_CLOSED);
        break;
    }
}

static void end_by_score(struct match *match, struct match_effects *effects)
{
    match->reason = MATCH_BY_SCORE;
    match->winner = match->score[0] > match->score[1]   ? 0
                    : match->score[1] > match->score[0] ? 1
                                                        : MATCH_NOBODY;
    enter(match, MATCH_OVER, effects);
}

static void end_by_forfeit(struct match *match, uint8_t winner, struct match_effects *effects)
{
    match->reason = MATCH_BY_FORFEIT;
    match->winner = (int8_t)winner;
    enter(match, MATCH_OVER, effects);
}

static void abandon(struct match *match, enum match_cause cause, struct match_effects *effects)
{
    match->reason = MATCH_ABANDONED;
    match->cause = cause;
    enter(match, MATCH_OVER, effects);
}

/* ---- deadlines ---- */

/* */
static void end_round(struct match *match, struct match_effects *effects)
{
    match_guess_record(match, effects);
    const uint32_t to_win = match->rules.best_of / 2 + 1;
    bool last = match->rounds_count == match->rules.best_of || match->score[0] == to_win ||
                match->score[1] == to_win;
    struct match_effect *effect = match_emit(effects, MATCH_FX_ROUND_END);
    effect->round = match->round;
    effect->until_us = last ? 0 : match->now_us + us(match->rules.intermission_ms);
    if (last) {
        end_by_score(match, effects);
    } else {
        enter(match, MATCH_INTERMISSION, effects);
    }
}

/* Whether the end of the round's time has been settled: nobody's guesses count for ever. */
static bool is_time_up(const struct match *match)
{
    return match->seats[0].closes_us != MATCH_NEVER && match->seats[1].closes_us != MATCH_NEVER;
}

/* When the phase has to be looked at next. A round's last moment still counts, so the
 * round is due one microsecond after it. */
static uint64_t phase_due_us(const struct match *match)
{
    if (match->phase != MATCH_ROUND) {
        return match->phase_over ? MATCH_NEVER : match->phase_ends_us;
    }
    uint64_t closes_us;
    switch (match_guess_state(match, &closes_us)) {
    case MATCH_ROUND_OPEN:
        return match->round_ends_us;
    case MATCH_ROUND_SETTLING:
        return is_time_up(match) ? closes_us + 1 : min_us(closes_us + 1, match->round_ends_us);
    case MATCH_ROUND_DECIDED:
        break;
    }
    return match->now_us;
}

static void settle_round(struct match *match, uint64_t due_us, struct match_effects *effects)
{
    uint64_t closes_us;
    enum match_round_state state = match_guess_state(match, &closes_us);
    /* A window that closed just before the end is over, even if nobody looked until the end. */
    bool is_settled = state == MATCH_ROUND_SETTLING && closes_us < due_us;
    if (state != MATCH_ROUND_DECIDED && !is_settled && due_us == match->round_ends_us &&
        !is_time_up(match)) {
        match->now_us = due_us;
        match_guess_close(match, 0);
        match_guess_close(match, 1);
        return;
    }
    /* Its last moment is over already when the seat with the longer lag used up its guesses
     * inside it. */
    if (state == MATCH_ROUND_SETTLING && closes_us > match->now_us) {
        match->now_us = closes_us;
    }
    end_round(match, effects);
}

static void settle_phase(struct match *match, uint64_t due_us, struct match_effects *effects)
{
    if (match->phase == MATCH_ROUND) {
        settle_round(match, due_us, effects);
        return;
    }
    match->now_us = due_us;
    switch (match->phase) {
    case MATCH_WAITING:
        abandon(match, match->resumed ? MATCH_CAUSE_OUTAGE : MATCH_CAUSE_NO_SHOW, effects);
        break;
    case MATCH_COUNTDOWN:
    case MATCH_INTERMISSION:
        match->phase_over = true;
        match->phase_ends_us =
            match->frame_ready ? match->now_us + us(match->rules.ready_wait_ms) : MATCH_NEVER;
        break;
    case MATCH_OVER:
        enter(match, MATCH_CLOSED, effects);
        break;
    case MATCH_ROUND:
    case MATCH_CLOSED:
        ASSERT(false);
    }
}

/* The grace of `slot` has run out (R-8, R-51 … ). */
static void settle_grace(struct match *match, uint8_t slot, struct match_effects *effects)
{
    struct match_seat *seat = &match->seats[slot];
    const struct match_seat *other = &match->seats[match_other(slot)];
    match->now_us = seat->grace_until_us;
    seat->grace_until_us = 0;
    seat->past_grace = true;
    if (!match->begun) {
        abandon(match, MATCH_CAUSE_LEFT, effects);
    } else if (other->connected) {
        end_by_forfeit(match, match_other(slot), effects);
    } else if (other->past_grace) {
        bool first = seat->gone_us < other->gone_us;
        uint64_t apart_us =
            first ? other->gone_us - seat->gone_us : seat->gone_us - other->gone_us;
        if (apart_us <= BOTH_GONE_US) {
            abandon(match, MATCH_CAUSE_BOTH, effects);
        } else {
            end_by_forfeit(match, first ? match_other(slot) : slot, effects);
        }
    }
}

static uint64_t grace_due_us(const struct match *match, uint8_t slot)
{
    uint64_t until_us = match->seats[slot].grace_until_us;
    return until_us != 0 ? until_us : MATCH_NEVER;
}

/* */
static bool can_start(const struct match *match, uint64_t now_us)
{
    return is_between(match) && match->phase_over && match->frame_ready &&
           ((match->seats[0].ready && match->seats[1].ready) || now_us >= match->phase_ends_us);
}

/* Everything that is due up to now_us, in order of time. match->now_us is meanwhile the
 * time of what is being settled. A round starts at now_us itself: its key can leave no earlier. */
static void settle(struct match *match, uint64_t now_us, struct match_effects *effects)
{
    while (match->phase != MATCH_CLOSED) {
        uint64_t phase_us = phase_due_us(match);
        uint8_t slot = grace_due_us(match, 1) < grace_due_us(match, 0);
        uint64_t grace_us = grace_due_us(match, slot);
        if (min_us(phase_us, grace_us) > now_us) {
            break;
        }
        if (phase_us <= grace_us) { /* */
            settle_phase(match, phase_us, effects);
        } else {
            settle_grace(match, slot, effects);
        }
    }
    match->now_us = now_us;
    if (can_start(match, now_us)) {
        enter(match, MATCH_ROUND, effects);
    }
}

uint64_t match_deadline_us(const struct match *match)
{
    if (match->phase == MATCH_CLOSED) {
        return MATCH_NEVER;
    }
    uint64_t phase_us = match->phase_over ? match->phase_ends_us : phase_due_us(match);
    return min_us(phase_us, min_us(grace_due_us(match, 0), grace_due_us(match, 1)));
}

/* ---- events ---- */

static void tell_presence(const struct match *match, uint8_t slot, struct match_effects *effects)
{
    struct match_effect *effect = match_emit(effects, MATCH_FX_PLAYER);
    effect->slot = slot;
    effect->connected = match->seats[slot].connected;
    effect->until_us = match->seats[slot].grace_until_us;
}

/* What an absence has used up of the whole match's grace. */
static void charge_absence(struct match *match, struct match_seat *seat)
{
    uint64_t absent_ms = (match->now_us - seat->gone_us + 999) / 1000;
    seat->grace_left_ms =
        absent_ms >= seat->grace_left_ms ? 0 : seat->grace_left_ms - (uint32_t)absent_ms;
}

static void on_connect(struct match *match, uint8_t slot, struct match_effects *effects)
{
    struct match_seat *seat = &match->seats[slot];
    const struct match_seat *other = &match->seats[match_other(slot)];
    seat->ready = false; /* */
    if (seat->connected) {
        return;
    }
    if (is_playing(match)) {
        charge_absence(match, seat);
    }
    seat->connected = true;
    seat->was_here = true;
    seat->gone_us = 0;
    seat->grace_until_us = 0;
    seat->past_grace = false;
    tell_presence(match, slot, effects);
    if (match->phase_ends_us == MATCH_NEVER && match->phase == MATCH_WAITING) {
        match->phase_ends_us = match->now_us + us(match->rules.waiting_ms); /* */
    }
    if (match->phase == MATCH_WAITING && other->connected) {
        enter(match, MATCH_COUNTDOWN, effects);
    } else if (is_playing(match) && other->past_grace) {
        end_by_forfeit(match, slot, effects); /* */
    }
}

static void on_disconnect(struct match *match, uint8_t slot, struct match_effects *effects)
{
    struct match_seat *seat = &match->seats[slot];
    if (!seat->connected) {
        return;
    }
    seat->connected = false;
    seat->ready = false;
    seat->gone_us = match->now_us;
    if (is_playing(match)) {
        uint64_t grace_us = min_us(us(match->rules.grace_ms), us(seat->grace_left_ms));
        seat->grace_until_us = match->now_us + grace_us;
    }
    tell_presence(match, slot, effects);
}

/* */
static void on_ready(struct match *match, const struct match_event *event,
                     struct match_effects *effects)
{
    struct match_seat *seat = &match->seats[event->slot];
    if (match->phase == MATCH_OVER) {
        match_reject(effects, event, MATCH_IS_OVER);
    } else if (event->round > match->round) {
        match_reject(effects, event, MATCH_NOT_IN_ROUND);
    } else if (is_between(match) && event->round == match->round && seat->connected) {
        seat->ready = true;
    }
}

static void on_leave(struct match *match, const struct match_event *event,
                     struct match_effects *effects)
{
    if (match->phase == MATCH_OVER) {
        match_reject(effects, event, MATCH_IS_OVER);
        return;
    }
    match->seats[event->slot].left = true;
    if (match->begun) {
        end_by_forfeit(match, match_other(event->slot), effects); /* */
    } else {
        abandon(match, MATCH_CAUSE_LEFT, effects); /* */
    }
}

static void on_rtt(struct match_seat *seat, uint32_t rtt_us)
{
    seat->rtt_us[seat->rtt_count % MATCH_RTT_SAMPLES] = rtt_us;
    seat->rtt_count++;
}

/* */
static void on_frame(struct match *match, const struct match_event *event,
                     struct match_effects *effects)
{
    if (!match->frame_wanted || event->round != match->round) {
        return;
    }
    match->frame_wanted = false;
    if (!event->ok) {
        match->frame_tries++;
        if (match->frame_tries == MATCH_FRAME_TRIES) {
            abandon(match, MATCH_CAUSE_FRAMES, effects);
        } else {
            want_frame(match, effects);
        }
        return;
    }
    match->frame_ready = true;
    match->video = event->video;
    if (is_between(match)) {
        offer_frame(match, effects);
    }
    if (match->phase_over) { /* the frame is late, the wait for `ready` starts with it */
        match->phase_ends_us = match->now_us + us(match->rules.ready_wait_ms);
    }
}

static void handle(struct match *match, const struct match_event *event,
                   struct match_effects *effects)
{
    switch (event->type) {
    case MATCH_EV_TICK:
        break;
    case MATCH_EV_CONNECT:
        on_connect(match, event->slot, effects);
        break;
    case MATCH_EV_DISCONNECT:
        on_disconnect(match, event->slot, effects);
        break;
    case MATCH_EV_READY:
        on_ready(match, event, effects);
        break;
    case MATCH_EV_GUESS:
        match_guess_take(match, event, effects);
        break;
    case MATCH_EV_LEAVE:
        on_leave(match, event, effects);
        break;
    case MATCH_EV_RTT:
        on_rtt(&match->seats[event->slot], event->rtt_us);
        break;
    case MATCH_EV_FRAME:
        on_frame(match, event, effects);
        break;
    case MATCH_EV_VOID:
        if (match->phase < MATCH_OVER) {
            abandon(match, MATCH_CAUSE_VOID, effects);
        }
        break;
    }
}

void match_step(struct match *match, const struct match_event *event,
                struct match_effects *effects)
{
    ASSERT(event->now_us >= match->now_us);
    ASSERT(event->slot < 2);
    effects->count = 0;
    settle(match, event->now_us, effects);
    if (match->phase == MATCH_WAITING && !match->frame_wanted && !match->frame_ready) {
        want_frame(match, effects); /* the first step */
    }
    if (match->phase != MATCH_CLOSED) {
        handle(match, event, effects);
        settle(match, event->now_us, effects);
    }
}
