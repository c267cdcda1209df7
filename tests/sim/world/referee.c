/* The rules once more, worked out from the history of a match; see referee.h. */
#include <stddef.h>
#include <string.h>
#include <tests/sim/world/referee.h>

#define MS UINT64_C(1000)
#define NEVER UINT64_MAX

void referee_init(struct referee *r, const struct match_rules *rules, uint64_t now_us)
{
    memset(r, 0, sizeof *r);
    r->rules = *rules;
    r->last = now_us;
    r->since = now_us;
    r->round = 1;
    r->winner = -1;
}

/* what stands is left alone, the rest is as if nobody had ever been there. */
void referee_resume(struct referee *r, uint64_t now_us)
{
    r->last = now_us;
    r->heir = true;
    r->awaited = true;
    r->opened = false;
    r->stage = STAGE_GATHER;
    r->round = r->results_count + 1;
    r->guess_round = 0;
    r->asked = false;
    r->framed = false;
    r->frame_failures = 0;
    for (int slot = 0; slot < 2; slot++) {
        struct referee_seat *seat = &r->seats[slot];
        seat->here = false;
        seat->ready = false;
        seat->gone_at = 0;
        seat->pings_count = 0;
        seat->guesses_count = 0;
    }
}

static struct match_effect *say(struct referee_sheet *sheet, enum match_effect_type type)
{
    struct match_effect *effect = &sheet->says[sheet->count++];
    memset(effect, 0, sizeof *effect);
    effect->type = type;
    return effect;
}

/* ---- what follows from the history ---- */

static bool in_play(const struct referee *r)
{
    return r->stage == STAGE_COUNT || r->stage == STAGE_PLAY || r->stage == STAGE_PAUSE;
}

/* the lag by the pings that came back before event number `index` and before the time
 * `at`. */
static uint64_t lag_by(const struct referee *r, int slot, uint64_t index, uint64_t at)
{
    const struct referee_seat *seat = &r->seats[slot];
    uint64_t lag = NEVER;
    int seen = 0;
    for (uint32_t back = 1; back <= REFEREE_PINGS && back <= seat->pings_count && seen < 8;
         back++) {
        const struct referee_ping *ping = &seat->pings[(seat->pings_count - back) % REFEREE_PINGS];
        if (ping->index < index && ping->at < at) {
            lag = ping->rtt < lag ? ping->rtt : lag;
            seen++;
        }
    }
    if (seen == 0) {
        return 0;
    }
    return lag < r->rules.lag_cap_ms * MS ? lag : r->rules.lag_cap_ms * MS;
}

static const struct referee_guess *solution(const struct referee *r, int slot)
{
    for (uint32_t i = 0; i < r->seats[slot].guesses_count; i++) {
        if (r->seats[slot].guesses[i].correct) {
            return &r->seats[slot].guesses[i];
        }
    }
    return NULL;
}

/* */
static uint32_t raw_of(const struct referee *r, const struct referee_guess *guess)
{
    return (uint32_t)((guess->at - r->since) / MS);
}

static uint32_t ms_of(const struct referee *r, int slot, const struct referee_guess *guess)
{
    uint64_t lag = lag_by(r, slot, guess->index, NEVER);
    uint64_t raw = guess->at - r->since;
    return (uint32_t)((lag > raw ? 0 : raw - lag) / MS);
}

/* when a seat's time is up, and below until when a guess of it counts, its lag included
 * (before that time: as far as is known yet). */
static uint64_t time_up(const struct referee *r, int slot)
{
    uint64_t end = r->since + r->rules.round_ms * MS;
    const struct referee_guess *rival = solution(r, 1 - slot);
    return rival != NULL && rival->at < end ? rival->at : end;
}

static uint64_t closing(const struct referee *r, int slot)
{
    uint64_t end = r->since + r->rules.round_ms * MS;
    const struct referee_guess *rival = solution(r, 1 - slot);
    if (rival == NULL || rival->at >= end) {
        return end + lag_by(r, slot, NEVER, end);
    }
    return rival->at + lag_by(r, slot, rival->index, NEVER);
}

static bool finished(const struct referee *r, int slot)
{
    return solution(r, slot) != NULL || r->seats[slot].guesses_count == r->rules.max_guesses;
}

/* R-30 … R-32: if nothing happens meanwhile, the round ends at *ret_end, seen at the returned
 * time. */
static uint64_t round_due(const struct referee *r, uint64_t *ret_end)
{
    uint64_t end = r->last, due = r->last;
    for (int slot = 0; slot < 2; slot++) {
        if (finished(r, slot)) {
            continue;
        }
        bool here = r->seats[slot].here;
        uint64_t seat_end = here ? closing(r, slot) : time_up(r, slot);
        uint64_t seat_due = here ? seat_end + 1 : seat_end;
        end = seat_end > end ? seat_end : end;
        due = seat_due > due ? seat_due : due;
    }
    *ret_end = end;
    return due;
}

/* the moment from which an absent seat is past its grace. */
static uint64_t grace_end(const struct referee *r, int slot)
{
    const struct referee_seat *seat = &r->seats[slot];
    uint64_t total = r->rules.grace_total_ms;
    uint64_t left = seat->away_ms < total ? total - seat->away_ms : 0;
    uint64_t grace = left < r->rules.grace_ms ? left : r->rules.grace_ms;
    return seat->gone_at + grace * MS;
}

static bool past(const struct referee *r, int slot, uint64_t at)
{
    return !r->seats[slot].here && at >= grace_end(r, slot);
}

struct ruling {
    bool over;
    enum match_reason reason;
    enum match_cause cause;
    int winner;
};

/* …: what the absences mean at a moment. */
static struct ruling rule_absence(const struct referee *r, uint64_t at)
{
    struct ruling none = { false, MATCH_BY_SCORE, MATCH_CAUSE_NONE, -1 };
    bool past0 = past(r, 0, at), past1 = past(r, 1, at);
    if (!past0 && !past1) {
        return none;
    }
    if (!r->started) {
        return (struct ruling){ true, MATCH_ABANDONED, MATCH_CAUSE_LEFT, -1 };
    }
    if (past0 && past1) {
        int64_t apart = (int64_t)(r->seats[1].gone_at - r->seats[0].gone_at);
        if (apart >= -2000 * (int64_t)MS && apart <= 2000 * (int64_t)MS) {
            return (struct ruling){ true, MATCH_ABANDONED, MATCH_CAUSE_BOTH, -1 };
        }
        return (struct ruling){ true, MATCH_BY_FORFEIT, MATCH_CAUSE_NONE, apart > 0 ? 1 : 0 };
    }
    int other = past0 ? 1 : 0;
    if (r->seats[other].here) {
        return (struct ruling){ true, MATCH_BY_FORFEIT, MATCH_CAUSE_NONE, other };
    }
    return none;
}

/* The first moment at which somebody's absence ends the match; NEVER: not without an event. */
static uint64_t absence_due(const struct referee *r)
{
    uint64_t due = NEVER;
    for (int slot = 0; slot < 2 && in_play(r); slot++) {
        if (!r->seats[slot].here) {
            uint64_t end = grace_end(r, slot);
            if (end < due && rule_absence(r, end).over) {
                due = end;
            }
        }
    }
    return due;
}

/* ---- what has to be said ---- */

static void ask_frame(struct referee *r, struct referee_sheet *sheet)
{
    r->asked = true;
    say(sheet, MATCH_FX_WANT_FRAME)->round = r->round;
}

static void finish(struct referee *r, struct ruling ruling, uint64_t at,
                   struct referee_sheet *sheet)
{
    r->stage = STAGE_DONE;
    r->since = at;
    r->asked = false;
    r->awaited = false;
    r->reason = ruling.reason;
    r->cause = ruling.cause;
    r->winner = ruling.winner;
    say(sheet, MATCH_FX_OVER)->until_us = at + r->rules.rematch_ms * MS;
}

static void finish_round(struct referee *r, uint64_t at, struct referee_sheet *sheet)
{
    struct referee_result *result = &r->results[r->results_count++];
    result->video = r->video;
    for (int slot = 0; slot < 2; slot++) {
        const struct referee_guess *right = solution(r, slot);
        result->ms[slot] = right != NULL ? ms_of(r, slot, right) : UINT32_MAX;
        if (finished(r, slot)) {
            struct match_effect *effect = say(sheet, MATCH_FX_OPPONENT);
            effect->slot = (uint8_t)(1 - slot);
            effect->round = r->round;
            effect->status = right != NULL ? MATCH_SOLVED : MATCH_OUT;
            effect->count = r->seats[slot].guesses_count;
        }
    }
    result->winner = -1;
    if (result->ms[0] < result->ms[1]) {
        result->winner = 0;
    } else if (result->ms[1] < result->ms[0]) {
        result->winner = 1;
    }
    if (result->winner >= 0) {
        r->score[result->winner]++;
    }
    bool decided = r->score[0] * 2 > r->rules.best_of || r->score[1] * 2 > r->rules.best_of ||
                   r->results_count == r->rules.best_of;
    struct match_effect *effect = say(sheet, MATCH_FX_ROUND_END);
    effect->round = r->round;
    if (decided) {
        int winner = r->score[0] == r->score[1] ? -1 : r->score[0] > r->score[1] ? 0 : 1;
        finish(r, (struct ruling){ true, MATCH_BY_SCORE, MATCH_CAUSE_NONE, winner }, at, sheet);
        return;
    }
    r->stage = STAGE_PAUSE;
    r->since = at;
    effect->until_us = at + r->rules.intermission_ms * MS;
    r->round++;
    r->framed = false;
    r->frame_failures = 0;
    ask_frame(r, sheet);
}

/* until when both are waited for, once the stage is over and the frame is there. */
static uint64_t patience_end(const struct referee *r)
{
    uint64_t end = r->since + (r->stage == STAGE_COUNT ? r->rules.countdown_ms
                                                       : r->rules.intermission_ms) * MS;
    uint64_t from = r->framed_at > end ? r->framed_at : end;
    return from + r->rules.ready_wait_ms * MS;
}

static bool may_start(const struct referee *r, uint64_t now)
{
    if (r->stage != STAGE_COUNT && r->stage != STAGE_PAUSE) {
        return false;
    }
    uint32_t span = r->stage == STAGE_COUNT ? r->rules.countdown_ms : r->rules.intermission_ms;
    return r->framed && now >= r->since + span * MS &&
           ((r->seats[0].ready && r->seats[1].ready) || now >= patience_end(r));
}

static void start(struct referee *r, uint64_t now, struct referee_sheet *sheet)
{
    r->stage = STAGE_PLAY;
    r->started = true;
    r->since = now;
    r->guess_round = r->round;
    for (int slot = 0; slot < 2; slot++) {
        r->seats[slot].guesses_count = 0;
        r->seats[slot].ready = false;
    }
    struct match_effect *effect = say(sheet, MATCH_FX_ROUND);
    effect->round = r->round;
    effect->slot = r->round % 2 == 1 ? 0 : 1;
    effect->until_us = now + r->rules.round_ms * MS;
}

/* When the stage ends by itself; *ret_end is the time from which the next one counts. */
static uint64_t stage_due(const struct referee *r, uint64_t *ret_end)
{
    uint64_t due = NEVER;
    if (r->stage == STAGE_GATHER) {
        due = r->awaited ? NEVER : r->since + r->rules.waiting_ms * MS;
    } else if (r->stage == STAGE_PLAY) {
        return round_due(r, ret_end);
    } else if (r->stage == STAGE_DONE) {
        due = r->since + r->rules.rematch_ms * MS;
    }
    *ret_end = due;
    return due;
}

/* Everything that time brings up to `now`. */
static void advance(struct referee *r, uint64_t now, struct referee_sheet *sheet)
{
    for (;;) {
        uint64_t end;
        uint64_t stage = stage_due(r, &end);
        uint64_t absence = absence_due(r);
        if (stage <= absence && stage <= now && r->stage != STAGE_SHUT) {
            if (r->stage == STAGE_GATHER) {
                /* */
                enum match_cause cause = r->heir ? MATCH_CAUSE_OUTAGE : MATCH_CAUSE_NO_SHOW;
                finish(r, (struct ruling){ true, MATCH_ABANDONED, cause, -1 }, end, sheet);
            } else if (r->stage == STAGE_PLAY) {
                finish_round(r, end, sheet);
            } else {
                r->stage = STAGE_SHUT;
                say(sheet, MATCH_FX_CLOSED);
            }
        } else if (absence <= now) {
            finish(r, rule_absence(r, absence), absence, sheet);
        } else {
            break;
        }
    }
    r->last = now;
    if (may_start(r, now)) {
        start(r, now, sheet);
    }
}

static void refuse(const struct match_event *event, enum match_reject why,
                   struct referee_sheet *sheet)
{
    struct match_effect *effect = say(sheet, MATCH_FX_REJECT);
    effect->slot = event->slot;
    effect->reject = why;
    effect->seq = event->seq;
}

static void come(struct referee *r, int slot, struct referee_sheet *sheet)
{
    struct referee_seat *seat = &r->seats[slot];
    seat->ready = false;
    if (seat->here) {
        return;
    }
    if (in_play(r)) {
        seat->away_ms += (r->last - seat->gone_at) / MS + ((r->last - seat->gone_at) % MS != 0);
    }
    seat->here = true;
    struct match_effect *effect = say(sheet, MATCH_FX_PLAYER);
    effect->slot = (uint8_t)slot;
    effect->connected = true;
    if (r->awaited) {
        r->awaited = false;
        r->since = r->last;
    }
    if (r->stage == STAGE_GATHER && r->seats[1 - slot].here) {
        r->stage = STAGE_COUNT;
        r->since = r->last;
        say(sheet, MATCH_FX_COUNTDOWN)->until_us = r->last + r->rules.countdown_ms * MS;
        if (r->framed) {
            say(sheet, MATCH_FX_FRAME_OFFER)->round = r->round;
        }
    } else if (in_play(r) && rule_absence(r, r->last).over) {
        finish(r, rule_absence(r, r->last), r->last, sheet);
    }
}

static void go(struct referee *r, int slot, struct referee_sheet *sheet)
{
    struct referee_seat *seat = &r->seats[slot];
    if (!seat->here) {
        return;
    }
    seat->here = false;
    seat->ready = false;
    seat->gone_at = r->last;
    struct match_effect *effect = say(sheet, MATCH_FX_PLAYER);
    effect->slot = (uint8_t)slot;
    effect->until_us = in_play(r) ? grace_end(r, slot) : 0;
}

static void leave(struct referee *r, const struct match_event *event, struct referee_sheet *sheet)
{
    if (r->stage == STAGE_DONE) {
        refuse(event, MATCH_IS_OVER, sheet);
    } else if (!r->started) {
        finish(r, (struct ruling){ true, MATCH_ABANDONED, MATCH_CAUSE_LEFT, -1 }, r->last, sheet);
    } else {
        int winner = event->slot == 0 ? 1 : 0;
        finish(r, (struct ruling){ true, MATCH_BY_FORFEIT, MATCH_CAUSE_NONE, winner }, r->last,
               sheet);
    }
}

static void ready(struct referee *r, const struct match_event *event, struct referee_sheet *sheet)
{
    bool between = r->stage == STAGE_COUNT || r->stage == STAGE_PAUSE;
    if (r->stage == STAGE_DONE) {
        refuse(event, MATCH_IS_OVER, sheet);
    } else if (event->round > r->round) {
        refuse(event, MATCH_NOT_IN_ROUND, sheet);
    } else if (between && event->round == r->round) {
        r->seats[event->slot].ready = r->seats[event->slot].here;
    }
}

static void frame(struct referee *r, const struct match_event *event, struct referee_sheet *sheet)
{
    if (!r->asked || event->round != r->round) {
        return;
    }
    r->asked = false;
    if (event->ok) {
        r->framed = true;
        r->framed_at = r->last;
        r->video = event->video;
        if (r->stage != STAGE_GATHER) {
            say(sheet, MATCH_FX_FRAME_OFFER)->round = r->round;
        }
    } else if (++r->frame_failures < 3) {
        ask_frame(r, sheet);
    } else {
        finish(r, (struct ruling){ true, MATCH_ABANDONED, MATCH_CAUSE_FRAMES, -1 }, r->last, sheet);
    }
}

/* the end of the lockout that a guess brought. */
static uint64_t locked_until(const struct referee *r, const struct referee_guess *guess)
{
    return guess->correct || r->rules.lockout_ms == 0 ? 0 : guess->at + r->rules.lockout_ms * MS;
}

/* */
static const struct referee_guess *repeated(const struct referee *r,
                                            const struct match_event *event)
{
    const struct referee_seat *seat = &r->seats[event->slot];
    for (uint32_t i = 0; i < seat->guesses_count && event->round == r->guess_round; i++) {
        if (seat->guesses[i].seq == event->seq) {
            return &seat->guesses[i];
        }
    }
    return NULL;
}

static bool refusal(const struct referee *r, const struct match_event *event,
                    enum match_reject *why)
{
    const struct referee_seat *seat = &r->seats[event->slot];
    uint32_t highest = 0;
    uint64_t lock = 0;
    for (uint32_t i = 0; i < seat->guesses_count; i++) {
        highest = seat->guesses[i].seq > highest ? seat->guesses[i].seq : highest;
        uint64_t until = locked_until(r, &seat->guesses[i]);
        lock = until > lock ? until : lock;
    }
    if (r->stage != STAGE_PLAY || event->round != r->round || !seat->here ||
        r->last > closing(r, event->slot)) {
        *why = MATCH_NOT_IN_ROUND;
    } else if (seat->guesses_count > 0 && event->seq <= highest) {
        *why = MATCH_BAD_SEQ;
    } else if (solution(r, event->slot) != NULL) {
        *why = MATCH_ALREADY_SOLVED;
    } else if (seat->guesses_count >= r->rules.max_guesses) {
        *why = MATCH_NO_GUESSES_LEFT;
    } else if (r->last < lock) {
        *why = MATCH_LOCKED;
    } else {
        return false;
    }
    return true;
}

static void guess(struct referee *r, const struct match_event *event, struct referee_sheet *sheet)
{
    struct referee_seat *seat = &r->seats[event->slot];
    const struct referee_guess *first = repeated(r, event);
    enum match_reject why;
    if (first == NULL && refusal(r, event, &why)) {
        refuse(event, why, sheet);
        return;
    }
    bool again = first != NULL;
    if (!again) {
        seat->guesses[seat->guesses_count++] = (struct referee_guess){
            .at = r->last, .index = r->index, .seq = event->seq,
            .similarity = event->similarity, .correct = event->correct,
        };
        struct referee_guess *made = &seat->guesses[seat->guesses_count - 1];
        made->raw_ms = raw_of(r, made);
        made->ms = ms_of(r, event->slot, made);
        first = made;
    }
    struct match_effect *verdict = say(sheet, MATCH_FX_VERDICT);
    verdict->slot = event->slot;
    verdict->round = r->guess_round;
    verdict->again = again;
    verdict->guess.seq = first->seq;
    verdict->guess.similarity = first->similarity & 0xffffff;
    verdict->guess.correct = first->correct;
    verdict->guess.locked_until_us = locked_until(r, first);
    verdict->guess.guesses_left =
        (r->rules.max_guesses - 1 - (uint32_t)(first - seat->guesses)) & 0x7f;
    verdict->guess.raw_ms = first->raw_ms;
    verdict->guess.ms = first->ms;
    if (!again) {
        struct match_effect *opponent = say(sheet, MATCH_FX_OPPONENT);
        opponent->slot = (uint8_t)(1 - event->slot);
        opponent->round = r->round;
        opponent->status = MATCH_GUESSING;
        opponent->count = seat->guesses_count;
    }
}

static void happen(struct referee *r, const struct match_event *event, struct referee_sheet *sheet)
{
    struct referee_seat *seat = &r->seats[event->slot];
    switch (event->type) {
    case MATCH_EV_TICK:
        break;
    case MATCH_EV_CONNECT:
        come(r, event->slot, sheet);
        break;
    case MATCH_EV_DISCONNECT:
        go(r, event->slot, sheet);
        break;
    case MATCH_EV_READY:
        ready(r, event, sheet);
        break;
    case MATCH_EV_GUESS:
        guess(r, event, sheet);
        break;
    case MATCH_EV_LEAVE:
        leave(r, event, sheet);
        break;
    case MATCH_EV_VOID: /* by operators, and there are none here */
        break;
    case MATCH_EV_RTT:
        seat->pings[seat->pings_count++ % REFEREE_PINGS] =
            (struct referee_ping){ r->last, r->index, event->rtt_us };
        break;
    case MATCH_EV_FRAME:
        frame(r, event, sheet);
        break;
    }
}

/* ---- the judgement ---- */

static const char *compare_guess(const struct match_guess *said, const struct match_guess *due)
{
    if (said->seq != due->seq || said->similarity != due->similarity ||
        said->correct != due->correct) {
        return "a verdict about another guess";
    }
    if (said->raw_ms != due->raw_ms || said->ms != due->ms) {
        return "a wrong time in a verdict";
    }
    if (said->locked_until_us != due->locked_until_us) {
        return "a wrong lockout";
    }
    return said->guesses_left != due->guesses_left ? "a wrong number of guesses left" : NULL;
}

static const char *compare_effect(const struct match_effect *said, const struct match_effect *due)
{
    if (said->type != due->type) {
        return "another effect than expected";
    }
    if (said->slot != due->slot || said->round != due->round) {
        return "an effect for another seat or round";
    }
    if (said->until_us != due->until_us) {
        return "a wrong time in an effect";
    }
    if (said->connected != due->connected || said->again != due->again ||
        said->status != due->status || said->reject != due->reject ||
        said->count != due->count || said->seq != due->seq) {
        return "a wrong detail in an effect";
    }
    return due->type == MATCH_FX_VERDICT ? compare_guess(&said->guess, &due->guess) : NULL;
}

/* The next moment at which time alone brings something. */
static uint64_t next_due(const struct referee *r)
{
    uint64_t end;
    uint64_t due = stage_due(r, &end);
    uint64_t absence = absence_due(r);
    due = absence < due ? absence : due;
    if (r->framed && (r->stage == STAGE_COUNT || r->stage == STAGE_PAUSE)) {
        uint64_t span = r->stage == STAGE_COUNT ? r->rules.countdown_ms : r->rules.intermission_ms;
        uint64_t begin =
            r->seats[0].ready && r->seats[1].ready ? r->since + span * MS : patience_end(r);
        due = begin < due ? begin : due;
    }
    return due;
}

static const char *judge_deadline(const struct referee *r, uint64_t deadline_us)
{
    if (r->stage == STAGE_SHUT) {
        return deadline_us == NEVER ? NULL : "a deadline after the end";
    }
    if (deadline_us <= r->last) {
        return "a deadline that is over";
    }
    if (deadline_us == NEVER && !r->asked && !(r->stage == STAGE_GATHER && r->awaited)) {
        return "nothing would ever happen again";
    }
    return deadline_us > next_due(r) ? "a deadline later than what is due" : NULL;
}

const char *referee_watch(struct referee *r, const struct match_event *event,
                          const struct match_effects *effects, uint64_t deadline_us,
                          struct referee_sheet *sheet)
{
    sheet->count = 0;
    bool first = !r->opened;
    r->opened = true;
    r->index++;
    advance(r, event->now_us, sheet);
    if (first && r->stage == STAGE_GATHER) {
        ask_frame(r, sheet);
    }
    if (r->stage != STAGE_SHUT) {
        happen(r, event, sheet);
        advance(r, event->now_us, sheet);
        for (uint32_t i = 0; i < effects->count && i < sheet->count; i++) {
            const char *fault = compare_effect(&effects->list[i], &sheet->says[i]);
            if (fault != NULL) {
                return fault;
            }
        }
    }
    if (effects->count > MATCH_EFFECTS_MAX) {
        return "more effects than allowed";
    }
    if (effects->count != sheet->count) {
        return effects->count < sheet->count ? "an effect is missing" : "an effect too many";
    }
    return judge_deadline(r, deadline_us);
}

/* */
static uint32_t points_of(const struct referee *r, int slot)
{
    uint32_t points = r->score[slot] * 200;
    bool won_by_score = r->stage >= STAGE_DONE && r->reason == MATCH_BY_SCORE && r->winner == slot;
    if (r->rules.best_of == 5 && won_by_score && r->score[slot] == 3) {
        uint32_t lost = r->score[1 - slot];
        points += lost == 0 ? 300 : lost == 1 ? 150 : 50;
    }
    return points;
}

static uint32_t average_of(const struct referee *r, int slot)
{
    uint64_t sum = 0, count = 0;
    for (uint32_t i = 0; i < r->results_count; i++) {
        if (r->results[i].ms[slot] != UINT32_MAX) {
            sum += r->results[i].ms[slot];
            count++;
        }
    }
    return count == 0 ? UINT32_MAX : (uint32_t)(sum / count);
}

const char *referee_compare(const struct referee *r, const struct match *match)
{
    static const enum match_phase phases[] = { MATCH_WAITING,      MATCH_COUNTDOWN, MATCH_ROUND,
                                               MATCH_INTERMISSION, MATCH_OVER,      MATCH_CLOSED };
    if (match->phase != phases[r->stage] || match->round != r->round) {
        return "another phase or round";
    }
    if (match->rounds_count != r->results_count) {
        return "another number of rounds";
    }
    if (match->begun != r->started) {
        return "a match that began, or did not";
    }
    if (r->stage >= STAGE_DONE && (match->reason != r->reason || match->cause != r->cause ||
                                   match->winner != r->winner)) {
        return "another outcome";
    }
    for (uint32_t i = 0; i < r->results_count; i++) {
        const struct match_round *round = &match->rounds[i];
        const struct referee_result *result = &r->results[i];
        if (round->video != result->video || round->winner != result->winner ||
            memcmp(round->ms, result->ms, sizeof round->ms) != 0) {
            return "another result of a round";
        }
        for (int slot = 0; slot < 2; slot++) {
            if (round->suspect[slot] != (result->ms[slot] < 500)) {
                return "a wrong suspicion";
            }
        }
    }
    for (int slot = 0; slot < 2; slot++) {
        if (match->score[slot] != r->score[slot]) {
            return "another score";
        }
        if (match_points(match, (uint8_t)slot) != points_of(r, slot)) {
            return "other points";
        }
        if (match_average_ms(match, (uint8_t)slot) != average_of(r, slot)) {
            return "another average";
        }
        if (match_lag_us(match, (uint8_t)slot) != lag_by(r, slot, NEVER, NEVER)) {
            return "another lag";
        }
        uint32_t total = r->rules.grace_total_ms;
        uint64_t away = r->seats[slot].away_ms;
        if (match->seats[slot].grace_left_ms != (away < total ? total - away : 0)) {
            return "another grace left";
        }
    }
    return NULL;
}
