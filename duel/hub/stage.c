/* What the rules of a match want done; see stage.h. */
#include <duel/base/assert.h>
#include <duel/base/rng.h>
#include <duel/hub/counts.h>
#include <duel/hub/keeper.h>
#include <duel/hub/leavers.h>
#include <duel/hub/ledger.h>
#include <duel/hub/players.h>
#include <duel/hub/recorder.h>
#include <duel/hub/rematch.h>
#include <duel/hub/session.h>
#include <duel/hub/stage.h>
#include <duel/hub/tell.h>
#include <string.h>

/* How long a player is remembered after a match: for the videos met, and for an old `since`. */
#define PING_FRESH_US 200000
#define REMEMBER_US 600000000u
#define OLD_SINCE_US 60000000u

static uint64_t min_us(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static struct player *player_of(struct hub *hub, const struct live *live, uint32_t slot)
{
    struct player *player = pool_get(&hub->players, live->seats[slot].player);
    ASSERT(player != NULL);
    return player;
}

static struct record *record_of(struct hub *hub, const struct live *live)
{
    struct record *record = pool_get(&hub->records, live->record);
    ASSERT(record != NULL);
    return record;
}

/* Who was pinged just now is not pinged again: that round trip is as good as a new one. */
static void ping_both(struct hub *hub, const struct live *live)
{
    for (uint32_t slot = 0; slot < 2; slot++) {
        struct session *session = ref_is_none(live->seats[slot].conn)
                                      ? NULL
                                      : session_get(hub, live->seats[slot].conn);
        if (session != NULL && hub->now_us - session->pinged_us >= PING_FRESH_US) {
            session_ping(hub, session);
        }
    }
}

/* ---- frames ---- */

/* Videos that are not to be drawn: those of this match, then what either player met lately. */
static uint32_t avoided(struct hub *hub, const struct live *live,
                        uint32_t ret_videos[DRAWN_MAX + 2 * RECENT_MAX])
{
    uint32_t count = live->drawn_count;
    for (uint32_t i = 0; i < count; i++) {
        ret_videos[i] = *live_drawn(hub, live, i);
    }
    for (uint32_t slot = 0; slot < 2; slot++) {
        const struct player *player = player_of(hub, live, slot);
        uint32_t recent = player->recent_count < RECENT_MAX ? player->recent_count : RECENT_MAX;
        memcpy(ret_videos + count, player->recent, recent * sizeof *ret_videos);
        count += recent;
    }
    return count;
}

/* Draws the frame of the coming round and has it sealed. False when there is nothing to draw. */
static bool draw(struct hub *hub, struct live *live, uint32_t round)
{
    uint32_t avoid[DRAWN_MAX + 2 * RECENT_MAX];
    struct rng rng;
    ASSERT(!live->sealing && live->drawn_count < DRAWN_MAX);
    rng_seed(&rng, hub->event->entropy[2] + hub->draws++);
    uint32_t count = avoided(hub, live, avoid);
    uint32_t video = titles_draw(hub->titles, &rng, avoid, count, live->drawn_count);
    if (video == TITLES_NONE) {
        out_note(&hub->out, HUB_NOTE_FRAME_FAILED, &live->id, NULL, TEXT("nothing left to draw"),
                 round);
        return false;
    }
    struct titles_video drawn = titles_get(hub->titles, video);
    ASSERT(drawn.frames_count > 0);
    const struct titles_frame *frame = &drawn.frames[rng_below(&rng, drawn.frames_count)];
    live->drawing = video;
    *live_drawn(hub, live, live->drawn_count++) = video;
    live->sealing = true;
    ledger_frame(hub, record_of(hub, live), round, &frame->id);
    struct hub_effect *effect = out_effect(&hub->out, HUB_FX_FRAME_SEAL);
    effect->seal.match = pool_ref(&hub->matches, live);
    effect->seal.round = round;
    effect->seal.path = frame->path;
    return true;
}

void stage_drop_frames(struct hub *hub, struct ref match)
{
    out_effect(&hub->out, HUB_FX_FRAME_DROP)->match = match;
}

/* ---- the end ---- */

static void tell_end(struct hub *hub, struct live *live)
{
    ASSERT(!live->end_told && live->match.phase >= MATCH_OVER);
    live->end_told = true;
    for (uint8_t slot = 0; slot < 2; slot++) {
        tell_match_end(hub, live, slot);
    }
}

void stage_try_end(struct hub *hub, struct live *live)
{
    if (live->match.phase >= MATCH_OVER && !live->end_told && !live->held &&
        (live->settled || hub->now_us >= live->end_due_us)) {
        tell_end(hub, live);
    }
}

void stage_tell_news(struct hub *hub, struct live *live)
{
    struct record *record = pool_get(&hub->records, live->record);
    uint32_t round = live->news_round;
    bool frame = live->news_frame;
    if (record != NULL) {
        ledger_store(hub, record);
    }
    keeper_let_news_go(hub, live);
    live->news_round = 0;
    live->news_frame = false;
    for (uint8_t slot = 0; slot < 2; slot++) {
        struct live_seat *seat = &live->seats[slot];
        if (seat->unwelcomed) {
            seat->unwelcomed = false;
            tell_welcome(hub, live, slot);
            if (live->end_told) {
                tell_match_end(hub, live, slot);
                rematch_tell(hub, live, slot);
            }
            continue;
        }
        if (round != 0) {
            tell_round_end(hub, live, slot, round, live->news_next_us);
        }
        if (frame) {
            tell_frame(hub, live, slot);
        }
    }
    stage_try_end(hub, live);
}

/* Whether it was not this player's doing that nothing was played (contract section 5: who did
 * come is queued again with the old `since`). */
static bool did_come(const struct match *match, uint32_t slot)
{
    const struct match_seat *seat = &match->seats[slot];
    switch (match->cause) {
    case MATCH_CAUSE_NO_SHOW:
        return seat->was_here;
    case MATCH_CAUSE_LEFT:
        return !seat->left && !seat->past_grace;
    case MATCH_CAUSE_FRAMES:
        return true;
    case MATCH_CAUSE_OUTAGE:
        return seat->connected;
    case MATCH_CAUSE_NONE:
    case MATCH_CAUSE_BOTH:
    case MATCH_CAUSE_VOID:
        break;
    }
    return false;
}

static void release_players(struct hub *hub, struct live *live)
{
    bool nothing = live->match.reason == MATCH_ABANDONED && !live->played;
    for (uint32_t slot = 0; slot < 2; slot++) {
        struct player *player = player_of(hub, live, slot);
        if (ref_equal(player->match, pool_ref(&hub->matches, live))) {
            player->match = REF_NONE;
        }
        players_keep(player, hub->now_us + REMEMBER_US);
        if (nothing && did_come(&live->match, slot)) {
            player->old_since_ms = live->seats[slot].since_ms;
            player->old_until_us = hub->now_us + OLD_SINCE_US;
        }
    }
}

static void over(struct hub *hub, struct live *live, uint64_t rematch_until_us)
{
    const struct match *match = &live->match;
    bool abandoned = match->reason == MATCH_ABANDONED;
    counts_ended(hub, match);
    live->rematch_until_us = rematch_until_us;
    live->handing = false; /* there is nothing to be handed over any more */
    live->dormant = false;
    release_players(hub, live);
    stage_drop_frames(hub, pool_ref(&hub->matches, live));
    out_note(&hub->out, abandoned ? HUB_NOTE_MATCH_ABANDONED : HUB_NOTE_MATCH_ENDED, &live->id,
             NULL, TEXT_NONE, match->rounds_count);
    leavers_over(hub, live);
    /* For its rating; and of a match that was taken over another process may have stored a better
     * end. */
    bool waits = (live->terms.rated && !abandoned) || match->resumed;
    live->end_due_us =
        hub->now_us + (waits && live->played ? (uint64_t)hub->limits.settle_wait_ms * 1000 : 0);
    if (live->played) {
        keeper_hold(hub, live);
        ledger_finish(hub, record_of(hub, live), live);
    } else {
        keeper_release(hub, &live->id, record_of(hub, live)->result.player);
        ledger_discard(hub, record_of(hub, live));
        live->record = REF_NONE;
        live->unsaved = false;
    }
}

struct ref stage_empty_seat(struct live *live, uint32_t slot)
{
    struct ref conn = live->seats[slot].conn;
    live->seats[slot].conn = REF_NONE;
    live->seats[slot].unwelcomed = false;
    return conn;
}

static void closed(struct hub *hub, struct live *live)
{
    if (live->held) {
        stage_tell_news(hub, live);
    }
    if (!live->end_told) {
        tell_end(hub, live);
    }
    rematch_expire(hub, live);
    for (uint32_t slot = 0; slot < 2; slot++) {
        struct ref conn = stage_empty_seat(live, slot);
        if (!ref_is_none(conn)) {
            struct session *session = session_get(hub, conn);
            bool late = session->came_late;
            session_end(hub, session, late ? 4410 : 1000,
                        late ? TEXT("match over") : TEXT("done"));
        }
    }
    live->closed = true;
}

void stage_remember_end(struct hub *hub, const struct uuid *id)
{
    uint32_t place = hub->ended_count++ % ENDED_MAX;
    struct uuid *oldest = &hub->ended[place];
    if (hub->ended_count > ENDED_MAX) {
        table_remove(&hub->ended_by_id, oldest->bytes, sizeof oldest->bytes);
    }
    *oldest = *id;
    table_put(&hub->ended_by_id, id->bytes, sizeof id->bytes, place);
}

void stage_forget(struct hub *hub, struct live *live)
{
    struct ref ref = pool_ref(&hub->matches, live);
    for (uint32_t slot = 0; slot < 2; slot++) {
        struct player *player = player_of(hub, live, slot);
        ASSERT(ref_is_none(live->seats[slot].conn));
        if (ref_equal(player->match, ref)) {
            player->match = REF_NONE;
        }
        players_drop(hub, player);
    }
    table_remove(&hub->matches_by_id, live->id.bytes, sizeof live->id.bytes);
    timerq_set(&hub->timers, timer_of_match(hub, live), TIMERQ_NEVER);
    pool_release(&hub->matches, ref);
}

static void forget(struct hub *hub, struct live *live)
{
    ASSERT(live->match.phase == MATCH_CLOSED && live->end_told);
    stage_remember_end(hub, &live->id);
    stage_forget(hub, live);
}

/* ---- what the rules want done ---- */

static void reject(struct hub *hub, const struct live *live, const struct match_effect *effect)
{
    static const enum hub_error errors[] = {
        [MATCH_NOT_IN_ROUND] = HUB_ERROR_NOT_IN_ROUND,
        [MATCH_LOCKED] = HUB_ERROR_LOCKED,
        [MATCH_ALREADY_SOLVED] = HUB_ERROR_ALREADY_SOLVED,
        [MATCH_NO_GUESSES_LEFT] = HUB_ERROR_NO_GUESSES_LEFT,
        [MATCH_BAD_SEQ] = HUB_ERROR_BAD_SEQ,
        [MATCH_IS_OVER] = HUB_ERROR_MATCH_OVER,
    };
    struct ref conn = live->seats[effect->slot].conn;
    ASSERT(effect->reject < sizeof errors / sizeof *errors);
    if (!ref_is_none(conn)) {
        int64_t seq = effect->reject == MATCH_IS_OVER ? MSG_NIL : (int64_t)effect->seq;
        out_error(&hub->out, conn, errors[effect->reject], MSG_NIL, seq);
    }
}

static void round_started(struct hub *hub, struct live *live, const struct match_effect *effect)
{
    uint8_t first = effect->slot;
    bool welcomed[2];
    ASSERT(live->frame_round == effect->round);
    for (uint32_t slot = 0; slot < 2; slot++) {
        welcomed[slot] = !live->seats[slot].unwelcomed;
    }
    if (live->held) {
        /* The next round cannot wait: a welcome that did tells of it. */
        out_note(&hub->out, HUB_NOTE_SAVE_LATE, &live->id, NULL, TEXT_NONE, live->news_round);
        stage_tell_news(hub, live);
    }
    live->played = true;
    for (uint32_t slot = 0; slot < 2; slot++) {
        players_met(player_of(hub, live, slot), live->match.video);
    }
    ledger_started(hub, record_of(hub, live), effect->round);
    out_note(&hub->out, HUB_NOTE_ROUND_STARTED, &live->id, NULL, TEXT_NONE, effect->round);
    for (uint32_t i = 0; i < 2; i++) {
        uint8_t slot = i == 0 ? first : 1 - first;
        if (welcomed[slot]) {
            tell_round(hub, live, slot, effect);
        }
    }
}

static void round_ended(struct hub *hub, struct live *live, const struct match_effect *effect)
{
    out_note(&hub->out, HUB_NOTE_ROUND_ENDED, &live->id, NULL, TEXT_NONE, effect->round);
    ASSERT(live->news_round == 0);
    live->news_round = effect->round;
    live->news_next_us = effect->until_us;
    keeper_hold(hub, live);
    if (effect->until_us != 0) {
        ping_both(hub, live);
    }
}

/* One effect. False when a frame is wanted and there is none to draw. */
static bool apply(struct hub *hub, struct live *live, const struct match_effect *effect,
                  const struct msg_guess *guess)
{
    switch (effect->type) {
    case MATCH_FX_WANT_FRAME:
        return draw(hub, live, effect->round);
    case MATCH_FX_FRAME_OFFER:
        ASSERT(live->frame_round == effect->round);
        if (live->held) {
            live->news_frame = true;
            break;
        }
        tell_frame(hub, live, 0);
        tell_frame(hub, live, 1);
        break;
    case MATCH_FX_PLAYER:
        tell_player(hub, live, effect);
        break;
    case MATCH_FX_COUNTDOWN:
        out_note(&hub->out, HUB_NOTE_MATCH_STARTED, &live->id, NULL, TEXT_NONE, 0);
        tell_countdown(hub, live, 0, effect->until_us);
        tell_countdown(hub, live, 1, effect->until_us);
        ping_both(hub, live);
        break;
    case MATCH_FX_ROUND:
        round_started(hub, live, effect);
        break;
    case MATCH_FX_VERDICT:
        if (!effect->again) {
            ASSERT(guess != NULL);
            ledger_guess(hub, record_of(hub, live), effect, (uint32_t)guess->round, guess);
        }
        tell_verdict(hub, live, effect);
        break;
    case MATCH_FX_OPPONENT:
        tell_opponent(hub, live, effect);
        break;
    case MATCH_FX_ROUND_END:
        round_ended(hub, live, effect);
        break;
    case MATCH_FX_OVER:
        over(hub, live, effect->until_us);
        break;
    case MATCH_FX_REJECT:
        reject(hub, live, effect);
        break;
    case MATCH_FX_CLOSED:
        closed(hub, live);
        break;
    }
    return true;
}

bool stage_is_to_be_drained(const struct hub *hub, const struct live *live)
{
    bool late = hub->now_us >= hub->drained_us;
    if (!hub->draining) {
        return false;
    }
    if (live->handing) {
        return hub->now_us >= live->handing_until_us;
    }
    switch (live->match.phase) {
    case MATCH_ROUND:
        return late;
    case MATCH_OVER:
        return live->end_told &&
               !(ref_is_none(live->seats[0].conn) && ref_is_none(live->seats[1].conn));
    case MATCH_WAITING:
    case MATCH_COUNTDOWN:
    case MATCH_INTERMISSION:
    case MATCH_CLOSED:
        break;
    }
    return late || !live->held;
}

void stage_arm(struct hub *hub, struct live *live)
{
    uint64_t deadline_us = min_us(match_deadline_us(&live->match), keeper_deadline_us(hub, live));
    if (live->match.phase == MATCH_OVER && !live->end_told && !live->held) {
        deadline_us = min_us(deadline_us, live->end_due_us);
    }
    if (live->dormant) {
        deadline_us = min_us(deadline_us, live->dormant_until_us);
    }
    if (stage_is_to_be_drained(hub, live)) {
        deadline_us = hub->now_us;
    } else if (hub->draining && hub->drained_us > hub->now_us) {
        deadline_us = min_us(deadline_us, hub->drained_us);
    }
    if (live->handing) {
        deadline_us = min_us(deadline_us, live->handing_until_us);
    }
    timerq_set(&hub->timers, timer_of_match(hub, live), deadline_us);
}

/* No picture could be had: whoever is here, or comes back to see how it ended, is sent away
 * once that is told. False when the match is forgotten after it. */
static bool send_away(struct hub *hub, struct live *live)
{
    for (uint8_t slot = 0; slot < 2; slot++) {
        struct ref conn = stage_empty_seat(live, slot);
        if (!ref_is_none(conn)) {
            session_end(hub, session_get(hub, conn), 4503, TEXT("no frame can be had"));
            /* Comes here again for the other seat. */
            return stage_step(hub, live, (struct match_event){ .type = MATCH_EV_DISCONNECT,
                                                               .slot = slot }, NULL);
        }
    }
    return true;
}

bool stage_rest(struct hub *hub, struct live *live)
{
    keeper_flush(hub, live);
    stage_try_end(hub, live);
    if (live->match.cause == MATCH_CAUSE_FRAMES && live->end_told && !send_away(hub, live)) {
        return false;
    }
    stage_arm(hub, live);
    return true;
}

bool stage_step(struct hub *hub, struct live *live, struct match_event event,
                 const struct msg_guess *guess)
{
    struct match_effects effects;
    bool can_draw;
    do {
        can_draw = true;
        event.now_us = hub->now_us;
        recorder_step(hub, live, &event, &effects);
        for (uint32_t i = 0; i < effects.count; i++) {
            can_draw = apply(hub, live, &effects.list[i], guess) && can_draw;
        }
        /* Goes round at most MATCH_FRAME_TRIES times: then the rules give the match up. */
        event = (struct match_event){ .type = MATCH_EV_FRAME, .round = live->match.round };
        guess = NULL;
    } while (!can_draw && live->match.phase < MATCH_OVER);
    if (live->closed) {
        forget(hub, live);
        return false;
    }
    return stage_rest(hub, live);
}

bool stage_settle(struct hub *hub, struct live *live)
{
    if (match_deadline_us(&live->match) > hub->now_us) {
        return true;
    }
    return stage_step(hub, live, (struct match_event){ .type = MATCH_EV_TICK }, NULL);
}
