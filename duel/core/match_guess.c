/* What a guess does, and when a round is settled (docs/rules.md, R-20 … R-34). */
#include <duel/base/assert.h>
#include <duel/core/match_inside.h>
#include <string.h>

#define SUSPECT_MS 500 /* */

void match_guess_reset(struct match *match)
{
    for (uint8_t slot = 0; slot < 2; slot++) {
        struct match_seat *seat = &match->seats[slot];
        memset(seat->guesses, 0, sizeof seat->guesses);
        seat->guesses_count = 0;
        seat->locked_until_us = 0;
        seat->closes_us = MATCH_NEVER;
        seat->solved = false;
        seat->suspect = false;
    }
}

void match_guess_close(struct match *match, uint8_t slot)
{
    if (match->seats[slot].closes_us == MATCH_NEVER) { /* what comes first counts */
        match->seats[slot].closes_us = match->now_us + match_lag_us(match, slot);
    }
}

/* Whether no guess of this seat can count any more, whatever the time. */
static bool is_done(const struct match *match, const struct match_seat *seat)
{
    return seat->solved || seat->guesses_count == match->rules.max_guesses ||
           (!seat->connected && seat->closes_us != MATCH_NEVER); /* */
}

enum match_round_state match_guess_state(const struct match *match, uint64_t *ret_closes_us)
{
    ASSERT(match->phase == MATCH_ROUND);
    uint64_t closes_us = 0;
    for (uint8_t slot = 0; slot < 2; slot++) {
        const struct match_seat *seat = &match->seats[slot];
        if (!is_done(match, seat) && seat->closes_us > closes_us) {
            closes_us = seat->closes_us;
        }
    }
    if (closes_us == 0) {
        return MATCH_ROUND_DECIDED;
    }
    if (closes_us == MATCH_NEVER) {
        return MATCH_ROUND_OPEN;
    }
    *ret_closes_us = closes_us;
    return MATCH_ROUND_SETTLING;
}

/* ---- one guess ---- */

/* The number of the guess with this `seq`, guesses_count when there is none. */
static uint32_t find(const struct match_seat *seat, uint32_t seq)
{
    uint32_t i = 0;
    while (i < seat->guesses_count && seat->guesses[i].seq != seq) {
        i++;
    }
    return i;
}

struct match_guess match_guess_told(const struct match *match, uint8_t slot, uint32_t number)
{
    const struct match_seat *seat = &match->seats[slot];
    ASSERT(number < seat->guesses_count);
    const struct match_try *tried = &seat->guesses[number];
    bool locks = !tried->correct && match->rules.lockout_ms > 0; /* */
    return (struct match_guess){
        .seq = tried->seq,
        .similarity = tried->similarity,
        .guesses_left = (match->rules.max_guesses - 1 - number) & 0x7f,
        .correct = tried->correct,
        .raw_ms = tried->raw_us / 1000,
        .ms = tried->ms,
        .locked_until_us = locks ? match->round_starts_us + tried->raw_us +
                                       (uint64_t)match->rules.lockout_ms * 1000 : 0,
    };
}

/* Whether and why it is refused, in the order of R-24. */
static bool is_refused(const struct match *match, const struct match_event *event,
                       enum match_reject *ret_why)
{
    const struct match_seat *seat = &match->seats[event->slot];
    if (match->phase != MATCH_ROUND || event->round != match->round || !seat->connected ||
        match->now_us > seat->closes_us) {
        *ret_why = MATCH_NOT_IN_ROUND;
    } else if (seat->guesses_count > 0 &&
               event->seq <= seat->guesses[seat->guesses_count - 1].seq) {
        *ret_why = MATCH_BAD_SEQ;
    } else if (seat->solved) {
        *ret_why = MATCH_ALREADY_SOLVED;
    } else if (seat->guesses_count == match->rules.max_guesses) {
        *ret_why = MATCH_NO_GUESSES_LEFT;
    } else if (match->now_us < seat->locked_until_us) {
        *ret_why = MATCH_LOCKED;
    } else {
        return false;
    }
    return true;
}

/* */
static void accept(struct match *match, const struct match_event *event)
{
    struct match_seat *seat = &match->seats[event->slot];
    uint64_t raw_us = match->now_us - match->round_starts_us;
    uint64_t lag_us = match_lag_us(match, event->slot);
    struct match_try *guess = &seat->guesses[seat->guesses_count++];
    ASSERT(raw_us <= UINT32_MAX);
    guess->seq = event->seq;
    guess->similarity = event->similarity & 0xffffff;
    guess->correct = event->correct;
    guess->raw_us = (uint32_t)raw_us;
    guess->ms = (uint32_t)(raw_us > lag_us ? (raw_us - lag_us) / 1000 : 0);
    if (event->correct) {
        seat->solved = true;
        seat->suspect = guess->ms < SUSPECT_MS;
        match_guess_close(match, match_other(event->slot));
    } else if (match->rules.lockout_ms > 0) {
        seat->locked_until_us = match->now_us + (uint64_t)match->rules.lockout_ms * 1000;
    }
}

static void tell_verdict(const struct match *match, uint8_t slot, uint32_t number, bool again,
                         struct match_effects *effects)
{
    struct match_effect *effect = match_emit(effects, MATCH_FX_VERDICT);
    effect->slot = slot;
    effect->round = match->guesses_round;
    effect->again = again;
    effect->guess = match_guess_told(match, slot, number);
}

static void tell_opponent(const struct match *match, uint8_t about, enum match_status status,
                          struct match_effects *effects)
{
    struct match_effect *effect = match_emit(effects, MATCH_FX_OPPONENT);
    effect->slot = match_other(about);
    effect->round = match->round;
    effect->status = status;
    effect->count = match->seats[about].guesses_count;
}

void match_guess_take(struct match *match, const struct match_event *event,
                      struct match_effects *effects)
{
    const struct match_seat *seat = &match->seats[event->slot];
    uint32_t before = seat->guesses_count;
    uint32_t same = event->round == match->guesses_round ? find(seat, event->seq) : before;
    if (same < before) { /* */
        tell_verdict(match, event->slot, same, true, effects);
        return;
    }
    enum match_reject why;
    if (is_refused(match, event, &why)) {
        match_reject(effects, event, why);
        return;
    }
    accept(match, event);
    tell_verdict(match, event->slot, before, false, effects);
    tell_opponent(match, event->slot, MATCH_GUESSING, effects); /* right or wrong */
}

/* ---- the end of a round ---- */

/* MATCH_NO_TIME is larger than every time. */
static int8_t winner_of(const uint32_t ms[2])
{
    if (ms[0] == ms[1]) {
        return MATCH_NOBODY;
    }
    return ms[0] < ms[1] ? 0 : 1;
}

void match_guess_record(struct match *match, struct match_effects *effects)
{
    ASSERT(match->rounds_count < match->rules.best_of);
    struct match_round *round = &match->rounds[match->rounds_count++];
    round->video = match->video;
    for (uint8_t slot = 0; slot < 2; slot++) {
        const struct match_seat *seat = &match->seats[slot];
        round->suspect[slot] = seat->suspect;
        round->ms[slot] =
            seat->solved ? seat->guesses[seat->guesses_count - 1].ms : MATCH_NO_TIME;
        if (seat->solved) {
            tell_opponent(match, slot, MATCH_SOLVED, effects);
        } else if (seat->guesses_count == match->rules.max_guesses) {
            tell_opponent(match, slot, MATCH_OUT, effects);
        }
    }
    round->winner = winner_of(round->ms);
    if (round->winner != MATCH_NOBODY) {
        match->score[round->winner]++;
    }
}
