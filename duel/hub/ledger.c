/* Records of matches; see ledger.h. */
#include <duel/base/assert.h>
#include <duel/hub/arena.h>
#include <duel/hub/ledger.h>
#include <duel/hub/players.h>
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

/* ---- the log of guesses ---- */

/* A copy of `text` in the record's chunks, or no text when the log is full. */
static struct text log_text(struct hub *hub, struct record *record, struct text text)
{
    ASSERT(text.size <= CHUNK_TEXT_SIZE);
    if (text.data == NULL || text.size > hub->limits.guess_log_max - record->text_size) {
        return TEXT_NONE;
    }
    struct chunk *chunk = pool_get(&hub->chunks, record->chunk_last);
    if (chunk == NULL || text.size > CHUNK_TEXT_SIZE - chunk->used) {
        struct ref ref;
        struct chunk *fresh = pool_acquire(&hub->chunks, &ref);
        if (fresh == NULL) {
            return TEXT_NONE;
        }
        if (chunk == NULL) {
            record->chunk_first = ref;
        } else {
            chunk->next = ref;
        }
        record->chunk_last = ref;
        chunk = fresh;
    }
    char *copy = chunk->text + chunk->used;
    memcpy(copy, text.data, text.size);
    chunk->used += text.size;
    record->text_size += text.size;
    return (struct text){ copy, text.size };
}

static void release_log(struct hub *hub, struct record *record)
{
    struct ref ref = record->chunk_first;
    while (!ref_is_none(ref)) {
        struct chunk *chunk = pool_get(&hub->chunks, ref);
        ASSERT(chunk != NULL);
        struct ref next = chunk->next;
        pool_release(&hub->chunks, ref);
        ref = next;
    }
}

static struct hub_guess *guesses_of(struct hub *hub, const struct record *record)
{
    return hub->guesses + (size_t)pool_ref(&hub->records, record).index * hub->guesses_max;
}

void ledger_guess(struct hub *hub, struct record *record, const struct match_effect *verdict,
                  uint32_t round, const struct msg_guess *guess)
{
    struct hub_result *result = &record->result;
    ASSERT(record->state == RECORD_LIVE);
    if (result->guesses_count == hub->guesses_max) {
        return; /* of a match taken over from a process that allowed more of them */
    }
    bool is_video = guess->video.data != NULL;
    guesses_of(hub, record)[result->guesses_count++] = (struct hub_guess){
        .round = (uint8_t)round,
        .slot = verdict->slot,
        .is_video = is_video,
        .correct = verdict->guess.correct,
        .seq = verdict->guess.seq,
        .similarity = verdict->guess.similarity,
        .ms = verdict->guess.ms,
        .raw_ms = verdict->guess.raw_ms,
        .text = log_text(hub, record, is_video ? guess->video : guess->text),
    };
}

void ledger_copy_guess(struct hub *hub, struct record *record, const struct hub_guess *guess)
{
    struct hub_result *result = &record->result;
    ASSERT(record->state == RECORD_LIVE);
    if (result->guesses_count == hub->guesses_max) {
        return;
    }
    struct hub_guess *copy = &guesses_of(hub, record)[result->guesses_count++];
    *copy = *guess;
    copy->text = log_text(hub, record, guess->text);
}

uint64_t ledger_log_bytes(const struct hub *hub)
{
    return (uint64_t)hub->chunks.count * sizeof(struct chunk);
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
    record->result.guesses = guesses_of(hub, record);
    record->result.started_ms = hub->now_ms;
    for (uint32_t slot = 0; slot < 2; slot++) {
        const struct player *player = pool_get(&hub->players, live->seats[slot].player);
        record->result.player[slot] = player->id;
    }
    return record;
}

void ledger_frame(struct hub *hub, struct record *record, uint32_t round, const struct uuid *frame)
{
    (void)hub;
    ASSERT(record->state == RECORD_LIVE && round >= 1 && round <= MATCH_ROUNDS_MAX);
    record->result.frames[round - 1] = *frame;
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
    release_log(hub, record);
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
    effect->store.data = &record->result;
    effect->store.keep_ms = stored ? keep_ms(hub, record) : 0;
}

static void ask_later(struct hub *hub, struct record *record)
{
    timerq_set(&hub->timers, timer_of_record(hub, record), hub->now_us + RETRY_US);
}

static void fill_texts(const struct hub *hub, struct hub_result *result)
{
    for (uint32_t i = 0; i < result->rounds_count; i++) {
        struct titles_video video = titles_get(hub->titles, result->rounds[i].video);
        result->videos[i] = video.video;
        result->titles[i] = video.title;
    }
}

void ledger_catalogue(struct hub *hub)
{
    for (uint32_t i = hub->results_first; i != NO_INDEX; i = record_at(hub, i)->next) {
        fill_texts(hub, &record_at(hub, i)->result);
    }
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
    memcpy(result->rounds, match->rounds, sizeof result->rounds);
    fill_texts(hub, result);
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
