/* Matches as bytes; see saved.h. What is read has to be within its bounds and of one piece: the
 * rules of a match assert what they are given. */
#include <duel/base/assert.h>
#include <duel/base/bytes.h>
#include <duel/hub/ledger.h>
#include <duel/hub/saved.h>
#include <string.h>

#define VERSION 0xd3    /* another one when anything that is written changes */
#define WON_BY_NOBODY 2 /* instead of a slot */

/* ---- rules ---- */

static void put_rules(struct text_buffer *buffer, const struct match_rules *rules)
{
    bytes_put_u32(buffer, rules->best_of);
    bytes_put_u32(buffer, rules->waiting_ms);
    bytes_put_u32(buffer, rules->countdown_ms);
    bytes_put_u32(buffer, rules->round_ms);
    bytes_put_u32(buffer, rules->intermission_ms);
    bytes_put_u32(buffer, rules->rematch_ms);
    bytes_put_u32(buffer, rules->grace_ms);
    bytes_put_u32(buffer, rules->grace_total_ms);
    bytes_put_u32(buffer, rules->max_guesses);
    bytes_put_u32(buffer, rules->lockout_ms);
    bytes_put_u32(buffer, rules->lag_cap_ms);
    bytes_put_u32(buffer, rules->ready_wait_ms);
}

/* Within what can be set (and so what clients can be told). */
static struct match_rules get_rules(struct bytes_reader *reader)
{
    struct match_rules rules;
    rules.best_of = bytes_get_u32(reader, UINT32_MAX);
    rules.waiting_ms = bytes_get_u32(reader, UINT32_MAX);
    rules.countdown_ms = bytes_get_u32(reader, UINT32_MAX);
    rules.round_ms = bytes_get_u32(reader, UINT32_MAX);
    rules.intermission_ms = bytes_get_u32(reader, UINT32_MAX);
    rules.rematch_ms = bytes_get_u32(reader, UINT32_MAX);
    rules.grace_ms = bytes_get_u32(reader, UINT32_MAX);
    rules.grace_total_ms = bytes_get_u32(reader, UINT32_MAX);
    rules.max_guesses = bytes_get_u32(reader, UINT32_MAX);
    rules.lockout_ms = bytes_get_u32(reader, UINT32_MAX);
    rules.lag_cap_ms = bytes_get_u32(reader, UINT32_MAX);
    rules.ready_wait_ms = bytes_get_u32(reader, UINT32_MAX);
    reader->bad = reader->bad || !match_rules_are_sane(&rules);
    return rules;
}

/* No time of a guess is longer. */
static uint32_t longest_ms(const struct match_rules *rules)
{
    return rules->round_ms + rules->lag_cap_ms;
}

/* ---- rounds ---- */

static void put_video(const struct hub *hub, struct text_buffer *buffer, uint32_t video)
{
    bytes_put_text(buffer, titles_get(hub->titles, video).video);
}

static uint32_t get_video(const struct hub *hub, struct bytes_reader *reader)
{
    struct text video = bytes_get_text(reader, TITLES_VIDEO_ID_SIZE_MAX);
    return video.size == 0 || reader->bad ? TITLES_NONE : titles_find(hub->titles, video);
}

static void put_winner(struct text_buffer *buffer, int8_t winner)
{
    bytes_put_u8(buffer, winner == MATCH_NOBODY ? WON_BY_NOBODY : (uint8_t)winner);
}

static int8_t get_winner(struct bytes_reader *reader)
{
    uint8_t winner = bytes_get_u8(reader, WON_BY_NOBODY);
    return winner == WON_BY_NOBODY ? MATCH_NOBODY : (int8_t)winner;
}

static void put_rounds(const struct hub *hub, const struct match *match,
                       const struct record *record, struct text_buffer *buffer)
{
    struct uuid frames[MATCH_ROUNDS_MAX] = { 0 };
    ledger_frames(hub, record, frames);
    bytes_put_u8(buffer, (uint8_t)match->rounds_count);
    for (uint32_t i = 0; i < match->rounds_count; i++) {
        const struct match_round *round = &match->rounds[i];
        put_video(hub, buffer, round->video);
        bytes_put_u32(buffer, round->ms[0]);
        bytes_put_u32(buffer, round->ms[1]);
        put_winner(buffer, round->winner);
        bytes_put_u8(buffer, round->suspect[0]);
        bytes_put_u8(buffer, round->suspect[1]);
        bytes_put_uuid(buffer, &frames[i]);
    }
}

static uint32_t get_ms(struct bytes_reader *reader, const struct match_rules *rules)
{
    uint32_t ms = bytes_get_u32(reader, UINT32_MAX);
    if (ms != MATCH_NO_TIME && ms > longest_ms(rules)) {
        reader->bad = true;
    }
    return ms;
}

static bool is_won(const struct match *match)
{
    uint32_t to_win = match->rules.best_of / 2 + 1; /* */
    return match->score[0] == to_win || match->score[1] == to_win;
}

/* The rounds, and by them the score. */
static void get_rounds(struct hub *hub, struct bytes_reader *reader, struct match *match,
                       struct record *record)
{
    uint32_t count = bytes_get_u8(reader, (uint8_t)match->rules.best_of);
    for (uint32_t i = 0; i < count && !reader->bad; i++) {
        struct match_round *round = &match->rounds[i];
        bool decided = is_won(match); /* before this round */
        round->video = get_video(hub, reader);
        round->ms[0] = get_ms(reader, &match->rules);
        round->ms[1] = get_ms(reader, &match->rules);
        round->winner = get_winner(reader);
        round->suspect[0] = bytes_get_bool(reader);
        round->suspect[1] = bytes_get_bool(reader);
        struct uuid frame = bytes_get_uuid(reader);
        ledger_frame(hub, record, i + 1, &frame);
        int8_t faster = round->ms[0] == round->ms[1] ? MATCH_NOBODY
                                                     : (int8_t)(round->ms[1] < round->ms[0]);
        if (decided || round->video == TITLES_NONE || round->winner != faster) {
            reader->bad = true;
        } else if (faster != MATCH_NOBODY) {
            match->score[faster]++;
        }
    }
    match->rounds_count = count;
}

/* ---- videos that are not to be drawn again ---- */

static void put_drawn(const struct hub *hub, const struct live *live, struct text_buffer *buffer)
{
    bytes_put_u8(buffer, (uint8_t)live->drawn_count);
    for (uint32_t i = 0; i < live->drawn_count; i++) {
        put_video(hub, buffer, *live_drawn(hub, live, i));
    }
}

static bool was_played(const struct match *match, uint32_t video)
{
    for (uint32_t i = 0; i < match->rounds_count; i++) {
        if (match->rounds[i].video == video) {
            return true;
        }
    }
    return false;
}

static bool was_drawn(const struct hub *hub, const struct live *live, uint32_t video)
{
    for (uint32_t i = 0; i < live->drawn_count; i++) {
        if (*live_drawn(hub, live, i) == video) {
            return true;
        }
    }
    return false;
}

static void forget_oldest_unplayed(const struct hub *hub, struct live *live)
{
    uint32_t i = 0;
    while (was_played(&live->match, *live_drawn(hub, live, i))) {
        i++;
    }
    live->drawn_count--;
    ASSERT(i <= live->drawn_count);
    for (; i < live->drawn_count; i++) {
        *live_drawn(hub, live, i) = *live_drawn(hub, live, i + 1);
    }
}

/* Leaves room for what the match can still draw: each takeover lets a round draw anew. */
static void get_drawn(const struct hub *hub, struct bytes_reader *reader, struct live *live)
{
    uint32_t rounds_left = live->match.rules.best_of - live->match.rounds_count;
    uint32_t count = bytes_get_u8(reader, DRAWN_MAX);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t video = get_video(hub, reader);
        if (video != TITLES_NONE && !was_drawn(hub, live, video)) {
            *live_drawn(hub, live, live->drawn_count++) = video;
        }
    }
    while (live->drawn_count > DRAWN_MAX - MATCH_FRAME_TRIES * rounds_left) {
        forget_oldest_unplayed(hub, live);
    }
}

/* ---- guesses ---- */

/* Of finished rounds: a running one is void, and one that was running at the end is not stored
 * (R-42). */
static bool is_kept(const struct match *match, const struct hub_guess *guess)
{
    return guess->round <= match->rounds_count;
}

static void put_guess(const struct hub_guess *guess, struct text_buffer *buffer)
{
    bytes_put_u8(buffer, guess->round);
    bytes_put_u8(buffer, guess->slot);
    bytes_put_u8(buffer, guess->is_video);
    bytes_put_u8(buffer, guess->correct);
    bytes_put_u32(buffer, guess->seq);
    bytes_put_u32(buffer, guess->similarity);
    bytes_put_u32(buffer, guess->ms);
    bytes_put_u32(buffer, guess->raw_ms);
    bytes_put_text(buffer, guess->text);
}

static void put_guesses(const struct hub *hub, const struct match *match,
                        const struct record *record, struct text_buffer *buffer)
{
    struct hub_guess guess;
    uint32_t count = 0;
    struct ledger_reader counted = ledger_read(hub, record);
    while (ledger_next(&counted, &guess)) {
        count += is_kept(match, &guess);
    }
    ASSERT(count <= UINT16_MAX);
    bytes_put_u16(buffer, (uint16_t)count);
    struct ledger_reader reader = ledger_read(hub, record);
    while (ledger_next(&reader, &guess)) {
        if (is_kept(match, &guess)) {
            put_guess(&guess, buffer);
        }
    }
}

/* What a seat has guessed in the round that is being read. */
struct tries {
    uint32_t count;
    uint32_t seq;
    bool solved;
};

static struct hub_guess get_guess(struct bytes_reader *reader, const struct match *match)
{
    struct hub_guess guess;
    guess.round = bytes_get_u8(reader, (uint8_t)match->rounds_count);
    guess.slot = bytes_get_u8(reader, 1);
    guess.is_video = bytes_get_bool(reader);
    guess.correct = bytes_get_bool(reader);
    guess.seq = bytes_get_u32(reader, UINT32_MAX);
    guess.similarity = bytes_get_u32(reader, TITLES_EXACT);
    guess.ms = bytes_get_u32(reader, longest_ms(&match->rules));
    guess.raw_ms = bytes_get_u32(reader, longest_ms(&match->rules));
    guess.text = bytes_get_text(reader, guess.is_video ? TITLES_VIDEO_ID_SIZE_MAX
                                                 : TITLES_GUESS_SIZE_MAX);
    return guess;
}

/* Whether it can follow on what the seat guessed before (R-22 … R-25). */
static bool is_next(const struct match *match, const struct hub_guess *guess,
                    const struct tries *before)
{
    return !before->solved && before->count < match->rules.max_guesses &&
           (before->count == 0 || guess->seq > before->seq) && guess->ms <= guess->raw_ms &&
           (!guess->correct || guess->ms == match->rounds[guess->round - 1].ms[guess->slot]);
}

static void get_guesses(struct hub *hub, struct bytes_reader *reader, const struct match *match,
                        struct record *record)
{
    struct tries tries[2] = { { 0, 0, false }, { 0, 0, false } };
    uint32_t round = 1;
    uint32_t count = bytes_get_u16(reader, 2 * MATCH_ROUNDS_MAX * MATCH_GUESSES_MAX);
    for (uint32_t i = 0; i < count && !reader->bad; i++) {
        struct hub_guess guess = get_guess(reader, match);
        if (reader->bad || guess.round < round) { /* 0 too */
            reader->bad = true;
            return;
        }
        if (guess.round > round) {
            memset(tries, 0, sizeof tries);
            round = guess.round;
        }
        struct tries *before = &tries[guess.slot];
        if (!is_next(match, &guess, before)) {
            reader->bad = true;
            return;
        }
        *before = (struct tries){ before->count + 1, guess.seq, guess.correct };
        ledger_copy_guess(hub, record, &guess);
    }
}

/* ---- the journal ---- */

static void put_journal(const struct hub *hub, const struct record *record,
                        struct text_buffer *buffer)
{
    char bytes[RECORDER_SIZE_MAX];
    struct text_buffer journal;
    text_buffer_init(&journal, bytes, sizeof bytes);
    bytes_put_u8(buffer, record->journal_full);
    bytes_put_raw(buffer, recorder_text(hub, record, &journal));
}

/* Only who runs it again looks into it. */
static void get_journal(struct hub *hub, struct bytes_reader *reader, struct record *record)
{
    bool full = bytes_get_bool(reader);
    struct text journal = bytes_get_raw(reader, RECORDER_SIZE_MAX);
    recorder_restore(hub, record, journal, full);
}

/* ---- the end ---- */

static void put_end_of_match(const struct live *live, const struct record *record,
                             struct text_buffer *buffer)
{
    const struct match *match = &live->match;
    bytes_put_u8(buffer, match->resumed);
    bytes_put_u8(buffer, (uint8_t)match->reason);
    bytes_put_u8(buffer, (uint8_t)match->cause);
    put_winner(buffer, match->winner);
    bytes_put_u64(buffer, (uint64_t)record->result.completed_ms);
    bytes_put_u64(buffer, live->rematch_until_us / 1000);
}

/* Whether this cause can have ended this match. */
static bool is_cause(const struct match *match)
{
    switch (match->cause) {
    case MATCH_CAUSE_NONE:
        return false;
    case MATCH_CAUSE_NO_SHOW:
        return !match->begun && !match->resumed;
    case MATCH_CAUSE_LEFT:
        return !match->begun;
    case MATCH_CAUSE_BOTH:
        return match->begun;
    case MATCH_CAUSE_FRAMES:
    case MATCH_CAUSE_VOID:
        return true;
    case MATCH_CAUSE_OUTAGE:
        return match->resumed;
    }
    return false;
}

static bool is_decided(const struct match *match)
{
    return is_won(match) || match->rounds_count == match->rules.best_of;
}

/* Whether the rounds and how it is said to have ended go together. */
static bool is_end(const struct match *match)
{
    int8_t ahead = match->score[0] == match->score[1] ? MATCH_NOBODY
                                                      : (int8_t)(match->score[1] > match->score[0]);
    switch (match->reason) {
    case MATCH_BY_SCORE:
        return is_decided(match) && match->winner == ahead && match->cause == MATCH_CAUSE_NONE;
    case MATCH_BY_FORFEIT:
        return !is_decided(match) && match->begun && match->winner != MATCH_NOBODY &&
               match->cause == MATCH_CAUSE_NONE;
    case MATCH_ABANDONED:
        return !is_decided(match) && match->winner == MATCH_NOBODY && is_cause(match);
    }
    return false;
}

/* The rest of a match that is over. The time for a rematch ends when it was told to, but goes on
 * here for a moment at least, and no longer than it can. */
static void get_end_of_match(const struct hub *hub, struct bytes_reader *reader, struct live *live,
                             struct record *record)
{
    struct match *match = &live->match;
    match->resumed = bytes_get_bool(reader);
    match->reason = (enum match_reason)bytes_get_u8(reader, MATCH_ABANDONED);
    match->cause = (enum match_cause)bytes_get_u8(reader, MATCH_CAUSE_VOID);
    match->winner = get_winner(reader);
    record->result.completed_ms = (int64_t)bytes_get_u64(reader, SAVED_TIME_MS_MAX);
    uint64_t until_us = bytes_get_u64(reader, SAVED_TIME_MS_MAX) * 1000;
    if (reader->bad || !is_end(match)) {
        reader->bad = true;
        return;
    }
    uint64_t last_us = hub->now_us + (uint64_t)match->rules.rematch_ms * 1000;
    until_us = until_us < last_us ? until_us : last_us;
    until_us = until_us > hub->now_us ? until_us : hub->now_us + 1;
    match->phase = MATCH_OVER;
    match->phase_ends_us = until_us;
    match->round = match->rounds_count + (match->reason == MATCH_BY_SCORE ? 0 : 1);
    live->rematch_until_us = until_us;
}

/* ---- matches ---- */

struct text saved_match(const struct hub *hub, const struct live *live, const struct record *record,
                        struct text_buffer *buffer)
{
    const struct match *match = &live->match;
    bool over = match->phase >= MATCH_OVER;
    uint32_t start = bytes_begin(buffer, VERSION);
    saved_put_terms(buffer, &live->terms);
    put_rules(buffer, &match->rules);
    bytes_put_u8(buffer, match->begun);
    bytes_put_u32(buffer, match->seats[0].grace_left_ms);
    bytes_put_u32(buffer, match->seats[1].grace_left_ms);
    bytes_put_u64(buffer, (uint64_t)record->result.started_ms);
    put_rounds(hub, match, record, buffer);
    put_drawn(hub, live, buffer);
    bytes_put_u8(buffer, over);
    if (over) {
        put_end_of_match(live, record, buffer);
    }
    put_guesses(hub, match, record, buffer);
    put_journal(hub, record, buffer);
    return bytes_end(buffer, start);
}

bool saved_read_match(struct hub *hub, struct text blob, struct live *live, struct record *record)
{
    struct match *match = &live->match;
    struct bytes_reader reader;
    if (hub->titles == NULL || !bytes_open(&reader, blob, VERSION)) {
        return false;
    }
    live->terms = saved_get_terms(&reader);
    struct match_rules rules = get_rules(&reader);
    if (reader.bad) {
        return false;
    }
    match_init(match, &rules, hub->now_us);
    match->begun = bytes_get_bool(&reader);
    match->seats[0].grace_left_ms = bytes_get_u32(&reader, rules.grace_total_ms);
    match->seats[1].grace_left_ms = bytes_get_u32(&reader, rules.grace_total_ms);
    record->result.best_of = rules.best_of;
    record->result.started_ms = (int64_t)bytes_get_u64(&reader, SAVED_TIME_MS_MAX);
    get_rounds(hub, &reader, match, record);
    get_drawn(hub, &reader, live);
    bool over = bytes_get_bool(&reader);
    if (over) {
        get_end_of_match(hub, &reader, live, record);
    }
    get_guesses(hub, &reader, match, record);
    get_journal(hub, &reader, record);
    live->played = match->begun;
    if (!bytes_is_done(&reader) || (match->rounds_count > 0 && !match->begun)) {
        return false;
    }
    if (over) {
        return true;
    }
    if (is_decided(match)) {
        return false;
    }
    match_resume(match, hub->now_us);
    recorder_resume(hub, record);
    return true;
}
