/* What the rules of a match want done; see stage.h. */
#include <duel/base/assert.h>
#include <duel/base/rng.h>
#include <duel/hub/ledger.h>
#include <duel/hub/players.h>
#include <duel/hub/session.h>
#include <duel/hub/stage.h>
#include <duel/hub/tell.h>
#include <string.h>

/* How long a player is remembered after a match: for the videos met, and for an old `since`. */
#define REMEMBER_US 600000000u
#define OLD_SINCE_US 60000000u

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

static void ping_both(struct hub *hub, const struct live *live)
{
    for (uint32_t slot = 0; slot < 2; slot++) {
        if (!ref_is_none(live->seats[slot].conn)) {
            session_ping(hub, session_get(hub, live->seats[slot].conn));
        }
    }
}

/* ---- frames ---- */

/* Videos that are not to be drawn: those of this match first, then what either player met
 * lately. */
static uint32_t avoided(struct hub *hub, const struct live *live,
                        uint32_t ret_videos[DRAWN_MAX + 2 * RECENT_MAX])
{
    uint32_t count = live->drawn_count;
    memcpy(ret_videos, live->drawn, count * sizeof *ret_videos);
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
    live->drawn[live->drawn_count++] = video;
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

void stage_tell_end(struct hub *hub, struct live *live)
{
    ASSERT(!live->end_told && live->match.phase >= MATCH_OVER);
    live->end_told = true;
    for (uint8_t slot = 0; slot < 2; slot++) {
        tell_match_end(hub, live, slot);
    }
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
    case MATCH_CAUSE_NONE:
    case MATCH_CAUSE_BOTH:
        break;
    }
    return false;
}

static void release_players(struct hub *hub, struct live *live)
{
    bool nothing = live->match.reason == MATCH_ABANDONED && !live->played;
    for (uint32_t slot = 0; slot < 2; slot++) {
        struct player *player = player_of(hub, live, slot);
        ASSERT(ref_equal(player->match, pool_ref(&hub->matches, live)));
        player->match = REF_NONE;
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
    live->rematch_until_us = rematch_until_us;
    release_players(hub, live);
    stage_drop_frames(hub, pool_ref(&hub->matches, live));
    out_note(&hub->out, abandoned ? HUB_NOTE_MATCH_ABANDONED : HUB_NOTE_MATCH_ENDED, &live->id,
             NULL, TEXT_NONE, match->rounds_count);
    if (live->played) {
        ledger_finish(hub, record_of(hub, live), match);
    } else {
        ledger_discard(hub, record_of(hub, live));
        live->record = REF_NONE;
    }
    if (abandoned || hub->limits.settle_wait_ms == 0) {
        stage_tell_end(hub, live);
    } else {
        live->end_due_us = hub->now_us + (uint64_t)hub->limits.settle_wait_ms * 1000;
    }
}

static void closed(struct hub *hub, struct live *live)
{
    if (!live->end_told) {
        stage_tell_end(hub, live);
    }
    for (uint32_t slot = 0; slot < 2; slot++) {
        struct ref conn = live->seats[slot].conn;
        live->seats[slot].conn = REF_NONE;
        if (!ref_is_none(conn)) {
            struct session *session = session_get(hub, conn);
            bool late = session->came_late;
            session_end(hub, session, late ? 4410 : 1000,
                        late ? TEXT("match over") : TEXT("done"));
        }
    }
    live->closed = true;
}

static void remember_end(struct hub *hub, const struct uuid *id)
{
    uint32_t place = hub->ended_count++ % ENDED_MAX;
    struct uuid *oldest = &hub->ended[place];
    if (hub->ended_count > ENDED_MAX) {
        table_remove(&hub->ended_by_id, oldest->bytes, sizeof oldest->bytes);
    }
    *oldest = *id;
    table_put(&hub->ended_by_id, id->bytes, sizeof id->bytes, place);
}

static void forget(struct hub *hub, struct live *live)
{
    struct ref ref = pool_ref(&hub->matches, live);
    ASSERT(live->match.phase == MATCH_CLOSED && live->end_told);
    for (uint32_t slot = 0; slot < 2; slot++) {
        players_drop(hub, player_of(hub, live, slot));
    }
    table_remove(&hub->matches_by_id, live->id.bytes, sizeof live->id.bytes);
    remember_end(hub, &live->id);
    timerq_set(&hub->timers, timer_of_match(hub, live), TIMERQ_NEVER);
    pool_release(&hub->matches, ref);
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
    ASSERT(live->frame_round == effect->round);
    live->played = true;
    for (uint32_t slot = 0; slot < 2; slot++) {
        players_met(player_of(hub, live, slot), live->match.video);
    }
    ledger_started(hub, record_of(hub, live), effect->round);
    out_note(&hub->out, HUB_NOTE_ROUND_STARTED, &live->id, NULL, TEXT_NONE, effect->round);
    tell_round(hub, live, first, effect);
    tell_round(hub, live, 1 - first, effect);
}

static void round_ended(struct hub *hub, struct live *live, const struct match_effect *effect)
{
    out_note(&hub->out, HUB_NOTE_ROUND_ENDED, &live->id, NULL, TEXT_NONE, effect->round);
    tell_round_end(hub, live, 0, effect->round, effect->until_us);
    tell_round_end(hub, live, 1, effect->round, effect->until_us);
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

void stage_arm(struct hub *hub, struct live *live)
{
    uint64_t deadline_us = match_deadline_us(&live->match);
    if (live->match.phase == MATCH_OVER && !live->end_told && live->end_due_us < deadline_us) {
        deadline_us = live->end_due_us;
    }
    timerq_set(&hub->timers, timer_of_match(hub, live), deadline_us);
}

/* No picture could be had: whoever is here, or comes back to see how it ended, is sent
 * away. */
static bool send_away(struct hub *hub, struct live *live)
{
    for (uint8_t slot = 0; slot < 2; slot++) {
        struct ref conn = live->seats[slot].conn;
        if (!ref_is_none(conn)) {
            live->seats[slot].conn = REF_NONE;
            session_end(hub, session_get(hub, conn), 4503, TEXT("no frame can be had"));
            /* Comes here again for the other seat. */
            return stage_step(hub, live, (struct match_event){ .type = MATCH_EV_DISCONNECT,
                                                               .slot = slot }, NULL);
        }
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
        match_step(&live->match, &event, &effects);
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
    if (live->match.cause == MATCH_CAUSE_FRAMES) {
        return send_away(hub, live);
    }
    stage_arm(hub, live);
    return true;
}

bool stage_settle(struct hub *hub, struct live *live)
{
    if (match_deadline_us(&live->match) > hub->now_us) {
        return true;
    }
    return stage_step(hub, live, (struct match_event){ .type = MATCH_EV_TICK }, NULL);
}
