/* What reached a match, and the match run again from it; see journal.h. What is read is checked
 * before the rules see it: they assert what they are given. */
#include <duel/base/assert.h>
#include <duel/base/bytes.h>
#include <duel/core/journal.h>
#include <string.h>

/* The first byte of an entry: its kind, then for events these bits. */
#define KIND_MASK 0x0fu
#define SLOT_BIT 0x10u
#define FLAG_BIT 0x20u /* FRAME: ok; GUESS: correct */

/* Kinds below are those of match events. */
#define KIND_SHIFT 13u
#define KIND_RESUME 14u
#define KIND_TRUNCATED 15u

#define TIME_US_MAX UINT64_C(253402300799999999) /* the end of the year 9999 */

_Static_assert(MATCH_EV_VOID < KIND_SHIFT, "events have the first kinds");

/* ---- writing ---- */

void journal_put_head(struct text_buffer *buffer, const struct match_rules *rules,
                      uint64_t now_us)
{
    bytes_put_u8(buffer, JOURNAL_VERSION);
    bytes_put_varint(buffer, now_us);
    bytes_put_varint(buffer, rules->best_of);
    bytes_put_varint(buffer, rules->waiting_ms);
    bytes_put_varint(buffer, rules->countdown_ms);
    bytes_put_varint(buffer, rules->round_ms);
    bytes_put_varint(buffer, rules->intermission_ms);
    bytes_put_varint(buffer, rules->rematch_ms);
    bytes_put_varint(buffer, rules->grace_ms);
    bytes_put_varint(buffer, rules->grace_total_ms);
    bytes_put_varint(buffer, rules->max_guesses);
    bytes_put_varint(buffer, rules->lockout_ms);
    bytes_put_varint(buffer, rules->lag_cap_ms);
    bytes_put_varint(buffer, rules->ready_wait_ms);
}

void journal_put_event(struct text_buffer *buffer, const struct match_event *event,
                       uint64_t since_us)
{
    bool flag = (event->type == MATCH_EV_FRAME && event->ok) ||
                (event->type == MATCH_EV_GUESS && event->correct);
    ASSERT(event->now_us >= since_us && event->slot < 2);
    bytes_put_u8(buffer, (uint8_t)((uint32_t)event->type | (event->slot != 0 ? SLOT_BIT : 0) |
                               (flag ? FLAG_BIT : 0)));
    bytes_put_varint(buffer, event->now_us - since_us);
    switch (event->type) {
    case MATCH_EV_GUESS:
        bytes_put_varint(buffer, event->round);
        bytes_put_varint(buffer, event->seq);
        bytes_put_varint(buffer, event->similarity);
        break;
    case MATCH_EV_READY:
    case MATCH_EV_FRAME:
        bytes_put_varint(buffer, event->round);
        break;
    case MATCH_EV_RTT:
        bytes_put_varint(buffer, event->rtt_us);
        break;
    case MATCH_EV_TICK:
    case MATCH_EV_CONNECT:
    case MATCH_EV_DISCONNECT:
    case MATCH_EV_LEAVE:
    case MATCH_EV_VOID:
        break;
    }
}

void journal_put_shift(struct text_buffer *buffer, uint64_t us)
{
    bytes_put_u8(buffer, KIND_SHIFT);
    bytes_put_varint(buffer, us);
}

void journal_put_resume(struct text_buffer *buffer, uint64_t now_us)
{
    bytes_put_u8(buffer, KIND_RESUME);
    bytes_put_varint(buffer, now_us);
}

void journal_put_truncated(struct text_buffer *buffer)
{
    bytes_put_u8(buffer, KIND_TRUNCATED);
}

/* ---- reading ---- */

/* 0 and a bad run when it is beyond `max`, cut, or longer than it need be. */
static uint64_t get(struct journal_run *run, uint64_t max)
{
    uint64_t value = bytes_get_varint(&run->bytes, max);
    if (run->bytes.bad) {
        run->state = JOURNAL_BAD;
    }
    return value;
}

static uint32_t get_u32(struct journal_run *run)
{
    return (uint32_t)get(run, UINT32_MAX);
}

static struct match_rules get_rules(struct journal_run *run)
{
    struct match_rules rules;
    rules.best_of = get_u32(run);
    rules.waiting_ms = get_u32(run);
    rules.countdown_ms = get_u32(run);
    rules.round_ms = get_u32(run);
    rules.intermission_ms = get_u32(run);
    rules.rematch_ms = get_u32(run);
    rules.grace_ms = get_u32(run);
    rules.grace_total_ms = get_u32(run);
    rules.max_guesses = get_u32(run);
    rules.lockout_ms = get_u32(run);
    rules.lag_cap_ms = get_u32(run);
    rules.ready_wait_ms = get_u32(run);
    return rules;
}

void journal_open(struct journal_run *run, struct text bytes)
{
    memset(run, 0, sizeof *run);
    run->bytes = (struct bytes_reader){ (const uint8_t *)bytes.data, bytes.size, false };
    if (bytes_get_u8(&run->bytes, UINT8_MAX) != JOURNAL_VERSION) {
        run->state = JOURNAL_BAD;
    }
    uint64_t now_us = get(run, TIME_US_MAX);
    struct match_rules rules = get_rules(run);
    if (run->state == JOURNAL_BAD || now_us == 0 || !match_rules_are_sane(&rules)) {
        run->state = JOURNAL_BAD;
        return;
    }
    match_init(&run->match, &rules, now_us);
}

static void get_event(struct journal_run *run, uint8_t first)
{
    struct match_event event = { .type = (enum match_event_type)(first & KIND_MASK) };
    bool flag = (first & FLAG_BIT) != 0;
    event.slot = (first & SLOT_BIT) != 0;
    event.now_us = run->match.now_us + get(run, TIME_US_MAX - run->match.now_us);
    switch (event.type) {
    case MATCH_EV_GUESS:
        event.round = get_u32(run);
        event.seq = get_u32(run);
        event.similarity = get_u32(run);
        event.correct = flag;
        break;
    case MATCH_EV_READY:
        event.round = get_u32(run);
        break;
    case MATCH_EV_FRAME:
        event.round = get_u32(run);
        event.video = event.round;
        event.ok = flag;
        break;
    case MATCH_EV_RTT:
        event.rtt_us = get_u32(run);
        break;
    case MATCH_EV_TICK:
    case MATCH_EV_CONNECT:
    case MATCH_EV_DISCONNECT:
    case MATCH_EV_LEAVE:
    case MATCH_EV_VOID:
        break;
    }
    run->entry.kind = JOURNAL_EVENT;
    run->entry.event = event;
    if (run->state != JOURNAL_BAD) {
        match_step(&run->match, &event, &run->effects);
    }
}

static void get_resume(struct journal_run *run)
{
    run->entry.kind = JOURNAL_RESUME;
    run->entry.us = get(run, TIME_US_MAX);
    if (run->entry.us == 0 || run->match.phase >= MATCH_OVER) {
        run->state = JOURNAL_BAD;
    } else if (run->state != JOURNAL_BAD) {
        match_resume(&run->match, run->entry.us);
    }
}

bool journal_next(struct journal_run *run)
{
    if (run->state != JOURNAL_RUNNING) {
        return false;
    }
    if (run->bytes.left == 0) {
        run->state = JOURNAL_WHOLE;
        return false;
    }
    memset(&run->entry, 0, sizeof run->entry);
    run->effects.count = 0;
    uint8_t first = bytes_get_u8(&run->bytes, UINT8_MAX);
    if ((first & KIND_MASK) <= MATCH_EV_VOID &&
        (first & ~(KIND_MASK | SLOT_BIT | FLAG_BIT)) == 0) {
        get_event(run, first);
    } else if (first == KIND_SHIFT) {
        run->entry.kind = JOURNAL_SHIFT;
        run->entry.us = get(run, TIME_US_MAX - run->match.now_us);
        match_shift(&run->match, run->entry.us);
    } else if (first == KIND_RESUME) {
        get_resume(run);
    } else {
        run->state = first == KIND_TRUNCATED ? JOURNAL_CUT : JOURNAL_BAD;
    }
    return run->state == JOURNAL_RUNNING;
}

/* ---- what came of it ---- */

static void drop_void_rounds(struct journal_outcome *outcome, uint32_t rounds_count)
{
    while (outcome->verdicts_count > 0 &&
           outcome->verdicts[outcome->verdicts_count - 1].round > rounds_count) {
        outcome->verdicts_count--;
    }
}

void journal_gather(const struct journal_run *run, struct journal_outcome *outcome)
{
    for (uint32_t i = 0; i < run->effects.count; i++) {
        const struct match_effect *effect = &run->effects.list[i];
        if (effect->type == MATCH_FX_VERDICT && !effect->again) {
            ASSERT(outcome->verdicts_count < JOURNAL_VERDICTS_MAX);
            outcome->verdicts[outcome->verdicts_count++] =
                (struct journal_verdict){ effect->round, effect->slot, effect->guess };
        }
    }
    outcome->match = run->match;
    if (run->entry.kind == JOURNAL_RESUME || run->match.phase >= MATCH_OVER) {
        drop_void_rounds(outcome, run->match.rounds_count);
    }
}
