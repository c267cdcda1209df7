/* Records of matches; see ledger.h. */
#include <duel/base/assert.h>
#include <duel/hub/arena.h>
#include <duel/hub/counts.h>
#include <duel/hub/ledger.h>
#include <duel/hub/players.h>
#include <duel/hub/recorder.h>
#include <string.h>

#define RETRY_US 5000000u

static struct record *record_at(struct hub *hub, uint32_t index)
{
    return (struct record *)(void *)(hub->records.items + (size_t)index * sizeof(struct record));
}

/* ---- the list of finished ones ---- */

static void list_append(struct hub *hub, struct record *record)
{
    uint32_t index = pool_ref(&hub->records, record).index;
    record->next = NO_INDEX;
    record->previous = hub->results_last;
    if (hub->results_last == NO_INDEX) {
        hub->results_first = index;
    } else {
        record_at(hub, hub->results_last)->next = index;
    }
    hub->results_last = index;
    hub->results_count++;
}

static void list_remove(struct hub *hub, struct record *record)
{
    if (record->previous == NO_INDEX) {
        hub->results_first = record->next;
    } else {
        record_at(hub, record->previous)->next = record->next;
    }
    if (record->next == NO_INDEX) {
        hub->results_last = record->previous;
    } else {
        record_at(hub, record->next)->previous = record->previous;
    }
    ASSERT(hub->results_count > 0);
    hub->results_count--;
}

/* ---- the log ---- */

/* In order (entry.h). Of a frame that was drawn again the last one counts; the rounds come when it
 * is over. */

static void log_kept(struct hub *hub, struct record *record, const struct entry *entry)
{
    char bytes[ENTRY_SIZE_MAX];
    struct text_buffer packed;
    text_buffer_init(&packed, bytes, sizeof bytes);
    entry_put(&packed, entry);
    chain_append_kept(hub, &record->log, text_of(&packed));
    hub->log_bytes += packed.size;
}

/* A guess with its text, if there is room for that. */
static bool log_with_text(struct hub *hub, struct record *record, const struct entry *entry)
{
    char bytes[ENTRY_SIZE_MAX + ENTRY_TEXT_SIZE_MAX];
    struct text_buffer packed;
    struct text text = entry->guess.text;
    if (text.data == NULL || text.size > hub->limits.guess_log_max - record->text_size) {
        return false;
    }
    text_buffer_init(&packed, bytes, sizeof bytes);
    entry_put(&packed, entry);
    if (!chain_append(hub, &record->log, text_of(&packed))) {
        return false;
    }
    record->text_size += text.size;
    hub->log_bytes += packed.size;
    return true;
}

void ledger_copy_guess(struct hub *hub, struct record *record, const struct hub_guess *guess)
{
    ASSERT(record->state == RECORD_LIVE);
    if (record->result.guesses_count == hub->guesses_max) {
        return; /* of a match taken over from a process that allowed more of them */
    }
    struct entry entry = { .kind = ENTRY_GUESS, .guess = *guess };
    if (!log_with_text(hub, record, &entry)) {
        entry.guess.text = TEXT_NONE;
        log_kept(hub, record, &entry);
    }
    record->result.guesses_count++;
}

void ledger_guess(struct hub *hub, struct record *record, const struct match_effect *verdict,
                  uint32_t round, const struct msg_guess *guess)
{
    bool is_video = guess->video.data != NULL;
    counts_judged(hub, &verdict->guess);
    ledger_copy_guess(hub, record, &(struct hub_guess){
        .round = (uint8_t)round,
        .slot = verdict->slot,
        .is_video = is_video,
        .correct = verdict->guess.correct,
        .seq = verdict->guess.seq,
        .similarity = verdict->guess.similarity,
        .ms = verdict->guess.ms,
        .raw_ms = verdict->guess.raw_ms,
        .text = is_video ? guess->video : guess->text,
    });
}

void ledger_frame(struct hub *hub, struct record *record, uint32_t round, const struct uuid *frame)
{
    ASSERT(record->state == RECORD_LIVE && round >= 1 && round <= MATCH_ROUNDS_MAX);
    log_kept(hub, record, &(struct entry){ .kind = ENTRY_FRAME, .round = (uint8_t)round,
                                           .frame = *frame });
}

/* ---- reading it ---- */

struct ledger_reader ledger_read(const struct hub *hub, const struct record *record)
{
    return (struct ledger_reader){ .log = chain_read(hub, &record->log) };
}

bool ledger_next(struct ledger_reader *reader, struct hub_guess *ret_guess)
{
    struct entry entry;
    while (entry_next(&reader->log, &entry, reader->text)) {
        if (entry.kind == ENTRY_GUESS) {
            *ret_guess = entry.guess;
            return true;
        }
    }
    return false;
}

void ledger_frames(const struct hub *hub, const struct record *record,
                   struct uuid ret_frames[MATCH_ROUNDS_MAX])
{
    struct ledger_reader reader = ledger_read(hub, record);
    struct entry entry;
    while (entry_next(&reader.log, &entry, reader.text)) {
        if (entry.kind == ENTRY_FRAME) {
            ret_frames[entry.round - 1] = entry.frame;
        }
    }
}

const struct hub_result *ledger_result(struct hub *hub, struct ref ref)
{
    const struct record *record = pool_get(&hub->records, ref);
    ASSERT(record != NULL && record->state != RECORD_LIVE);
    struct chain_reader log = chain_read(hub, &record->log);
    struct entry entry;
    uint32_t guesses = 0;
    uint32_t texts = 0;
    memset(hub->rounds, 0, sizeof hub->rounds);
    while (entry_next(&log, &entry, hub->texts + texts)) {
        if (entry.kind == ENTRY_GUESS) {
            hub->guesses[guesses++] = entry.guess;
            texts += entry.guess.text.size;
        } else if (entry.kind == ENTRY_FRAME) {
            hub->rounds[entry.round - 1].frame = entry.frame;
        } else {
            struct titles_video video = titles_get(hub->titles, entry.played.video);
            struct hub_round *round = &hub->rounds[entry.round - 1];
            round->played = entry.played;
            round->video = video.video;
            round->title = video.title;
        }
    }
    ASSERT(guesses == record->result.guesses_count && texts == record->text_size);
    hub->result = record->result;
    hub->result.rounds = hub->rounds;
    hub->result.guesses = hub->guesses;
    struct text_buffer journal;
    text_buffer_init(&journal, hub->journal, RECORDER_SIZE_MAX);
    hub->result.journal = recorder_text(hub, record, &journal);
    return &hub->result;
}

uint64_t ledger_log_bytes(const struct hub *hub)
{
    return hub->log_bytes;
}

/* ---- life ---- */

uint32_t ledger_room(const struct hub *hub)
{
    uint32_t records = hub->records.count_max - hub->records.count;
    if (hub->results_count >= hub->limits.results_max) {
        return 0;
    }
    uint32_t results = hub->limits.results_max - hub->results_count;
    return results < records ? results : records;
}

struct record *ledger_open(struct hub *hub, struct ref match, const struct live *live)
{
    struct ref ref;
    struct record *record = pool_acquire(&hub->records, &ref);
    ASSERT(record != NULL);
    record->state = RECORD_LIVE;
    record->match = match;
    record->result.match = live->id;
    record->result.fence = live->fence;
    record->result.best_of = hub->limits.rules.best_of;
    record->result.started_ms = hub->now_ms;
    for (uint32_t slot = 0; slot < 2; slot++) {
        const struct player *player = pool_get(&hub->players, live->seats[slot].player);
        record->result.player[slot] = player->id;
    }
    return record;
}

void ledger_started(struct hub *hub, struct record *record, uint32_t round)
{
    ASSERT(record->state == RECORD_LIVE && round >= 1);
    if (round == 1) {
        record->result.started_ms = hub->now_ms;
    }
}

static void forget(struct hub *hub, struct record *record)
{
    timerq_set(&hub->timers, timer_of_record(hub, record), TIMERQ_NEVER);
    hub->log_bytes -= record->log.size;
    chain_free(hub, &record->log);
    chain_free(hub, &record->journal);
    pool_release(&hub->records, pool_ref(&hub->records, record));
}

void ledger_discard(struct hub *hub, struct record *record)
{
    ASSERT(record->state == RECORD_LIVE || record->state == RECORD_HELD);
    if (record->state == RECORD_HELD) {
        list_remove(hub, record);
    }
    forget(hub, record);
}

/* ---- into the stores ---- */

/* How long who comes back is told of the end. */
static uint32_t keep_ms(struct hub *hub, const struct record *record)
{
    const struct live *live = pool_get(&hub->matches, record->match);
    if (live == NULL || live->rematch_until_us <= hub->now_us) {
        return 0;
    }
    return (uint32_t)((live->rematch_until_us - hub->now_us) / 1000);
}

static void ask(struct hub *hub, struct record *record)
{
    bool stored = record->state == RECORD_UNPUBLISHED;
    ASSERT(stored || record->state == RECORD_UNSTORED);
    enum hub_store store = stored ? HUB_VALKEY : HUB_POSTGRESQL;
    timerq_set(&hub->timers, timer_of_record(hub, record), TIMERQ_NEVER);
    if (!hub->up[store]) {
        return; /* HUB_EV_STORE_UP asks again */
    }
    record->state = stored ? RECORD_PUBLISHING : RECORD_STORING;
    struct hub_effect *effect =
        out_effect(&hub->out, stored ? HUB_FX_PUBLISH : HUB_FX_STORE);
    effect->store.result = pool_ref(&hub->records, record);
    effect->store.keep_ms = stored ? keep_ms(hub, record) : 0;
}

static void ask_later(struct hub *hub, struct record *record)
{
    timerq_set(&hub->timers, timer_of_record(hub, record), hub->now_us + RETRY_US);
}

/* The winner's times over the rounds won (for an achievement); none without a round won. */
static uint32_t won_ms(const struct match *match)
{
    uint32_t sum = 0;
    if (match->winner == MATCH_NOBODY || match->score[match->winner] == 0) {
        return MATCH_NO_TIME;
    }
    for (uint32_t i = 0; i < match->rounds_count; i++) {
        if (match->rounds[i].winner == match->winner) {
            sum += match->rounds[i].ms[match->winner];
        }
    }
    return sum;
}

static void finish(struct hub *hub, struct record *record, const struct live *live)
{
    const struct match *match = &live->match;
    struct hub_result *result = &record->result;
    ASSERT(record->state == RECORD_LIVE && match->phase >= MATCH_OVER);
    result->rated = live->terms.rated && match->reason != MATCH_ABANDONED;
    result->reason = match->reason;
    result->winner = match->winner;
    for (uint8_t slot = 0; slot < 2; slot++) {
        result->score[slot] = match->score[slot];
        result->points[slot] = match_points(match, slot);
    }
    result->won_ms = won_ms(match);
    result->rounds_count = match->rounds_count;
    for (uint32_t i = 0; i < match->rounds_count; i++) {
        log_kept(hub, record, &(struct entry){ .kind = ENTRY_ROUND, .round = (uint8_t)(i + 1),
                                               .played = match->rounds[i] });
    }
    list_append(hub, record);
    record->state = RECORD_HELD;
}

void ledger_finish(struct hub *hub, struct record *record, const struct live *live)
{
    record->result.completed_ms = hub->now_ms;
    finish(hub, record, live);
}

void ledger_store(struct hub *hub, struct record *record)
{
    if (record->state == RECORD_HELD) {
        record->state = RECORD_UNSTORED;
        ask(hub, record);
    }
}

void ledger_restored(struct hub *hub, struct record *record, const struct live *live)
{
    finish(hub, record, live);
    ledger_store(hub, record);
}


static void update_players(struct hub *hub, const struct hub_result *result)
{
    for (uint32_t slot = 0; slot < 2; slot++) {
        struct player *player = players_find_id(hub, &result->player[slot]);
        if (player != NULL) {
            player->rating = result->after[slot];
            player->stale = true;
        }
    }
}

static void stored_or_refused(struct hub *hub, struct record *record,
                              const struct hub_event_stored *stored)
{
    struct live *live = pool_get(&hub->matches, record->match);
    bool refused = stored->reply == HUB_REFUSED;
    out_note(&hub->out, refused ? HUB_NOTE_RESULT_REFUSED : HUB_NOTE_RESULT_STORED,
             &record->result.match, NULL, TEXT_NONE, hub->now_ms - record->result.completed_ms);
    if (!refused && stored->rated) {
        memcpy(record->result.after, stored->after, sizeof record->result.after);
        update_players(hub, &record->result);
    }
    if (live != NULL) {
        arena_settled(hub, live, stored);
    }
}

void ledger_stored(struct hub *hub, const struct hub_event_stored *stored)
{
    struct record *record = pool_get(&hub->records, stored->result);
    if (record == NULL || record->state != RECORD_STORING) {
        hub->late++;
        return;
    }
    if (stored->reply == HUB_UNAVAILABLE) {
        record->state = RECORD_UNSTORED;
        ask_later(hub, record);
        return;
    }
    stored_or_refused(hub, record, stored);
    if (stored->reply == HUB_OK) {
        record->state = RECORD_UNPUBLISHED;
        ask(hub, record);
    } else {
        list_remove(hub, record);
        forget(hub, record);
    }
}

void ledger_published(struct hub *hub, struct ref ref, enum hub_reply reply)
{
    struct record *record = pool_get(&hub->records, ref);
    if (record == NULL || record->state != RECORD_PUBLISHING) {
        hub->late++;
        return;
    }
    if (reply == HUB_UNAVAILABLE) {
        record->state = RECORD_UNPUBLISHED;
        ask_later(hub, record);
        return;
    }
    /* A refusal is given up: the stream is a hint, the truth is in PostgreSQL (contract section
     * 7). */
    if (reply == HUB_OK) {
        out_note(&hub->out, HUB_NOTE_RESULT_PUBLISHED, &record->result.match, NULL, TEXT_NONE, 0);
    }
    list_remove(hub, record);
    forget(hub, record);
}

void ledger_store_up(struct hub *hub, enum hub_store store)
{
    enum record_state waiting =
        store == HUB_POSTGRESQL ? RECORD_UNSTORED : RECORD_UNPUBLISHED;
    for (uint32_t i = hub->results_first; i != NO_INDEX; i = record_at(hub, i)->next) {
        struct record *record = record_at(hub, i);
        if (record->state == waiting) {
            /* Through the timers, which are bounded in what one step asks. */
            timerq_set(&hub->timers, timer_of_record(hub, record), hub->now_us);
        }
    }
}

void ledger_timer(struct hub *hub, struct record *record)
{
    ask(hub, record);
}
