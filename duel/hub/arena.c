/* Live matches; see arena.h. */
#include <duel/base/assert.h>
#include <duel/hub/arena.h>
#include <duel/hub/keeper.h>
#include <duel/hub/ledger.h>
#include <duel/hub/lobby.h>
#include <duel/hub/leavers.h>
#include <duel/hub/players.h>
#include <duel/hub/recorder.h>
#include <duel/hub/rematch.h>
#include <duel/hub/saved.h>
#include <duel/hub/session.h>
#include <duel/hub/stage.h>
#include <duel/hub/takeover.h>
#include <duel/hub/tell.h>
#include <string.h>

/* ---- life ---- */

struct live *arena_find(struct hub *hub, const struct uuid *id)
{
    uint32_t index;
    if (!table_get(&hub->matches_by_id, id->bytes, sizeof id->bytes, &index)) {
        return NULL;
    }
    return (struct live *)(void *)(hub->matches.items + (size_t)index * sizeof(struct live));
}

bool arena_has_ended(const struct hub *hub, const struct uuid *id)
{
    uint32_t place;
    return table_get(&hub->ended_by_id, id->bytes, sizeof id->bytes, &place);
}

bool arena_has_room(const struct hub *hub)
{
    return !hub->draining && hub->titles != NULL && titles_drawn_count(hub->titles) > 0 &&
           hub->matches.count + hub->sweep_room < hub->matches.count_max &&
           ledger_room(hub) > hub->sweep_room;
}

bool arena_takes_new(const struct hub *hub)
{
    return arena_has_room(hub) && hub->up[HUB_FRAMES] && !hub->closed;
}

/* ---- sockets ---- */

void arena_enter(struct hub *hub, struct live *live, struct session *session)
{
    uint8_t slot = session->slot;
    struct live_seat *seat = &live->seats[slot];
    if (takeover_expire(hub, live)) {
        session_end(hub, session, 1012, TEXT("restarting")); /* and is told what became of it */
        return;
    }
    if (!stage_settle(hub, live)) {
        session_end(hub, session, 4410, TEXT("match over"));
        return;
    }
    if (live->dormant && !hub->up[HUB_VALKEY]) {
        session_end_unavailable(hub, session);
        return;
    }
    if (!ref_is_none(seat->conn)) {
        out_note(&hub->out, HUB_NOTE_SESSION_REPLACED, &live->id, NULL, TEXT("match"), slot);
        session_end(hub, session_get(hub, seat->conn), 4409, TEXT("replaced"));
    }
    seat->conn = session->conn;
    session->state = SESSION_PLAYING;
    session->match = pool_ref(&hub->matches, live);
    session->came_late = live->match.phase == MATCH_OVER;
    if (live->dormant) {
        takeover_wake(hub, live);
    }
    seat->unwelcomed = live->held || live->unproven;
    if (!seat->unwelcomed) {
        tell_welcome(hub, live, slot);
        if (live->end_told) {
            tell_match_end(hub, live, slot);
            rematch_tell(hub, live, slot);
        }
    }
    session_ping(hub, session);
    if (live->unproven) {
        stage_rest(hub, live); /* the match hears of nobody before */
    } else if (stage_step(hub, live,
                          (struct match_event){ .type = MATCH_EV_CONNECT, .slot = slot }, NULL)) {
        rematch_proceed(hub, live);
    }
}

void arena_socket_gone(struct hub *hub, struct live *live, struct session *session)
{
    struct live_seat *seat = &live->seats[session->slot];
    ASSERT(ref_equal(seat->conn, session->conn));
    seat->conn = REF_NONE;
    seat->unwelcomed = false;
    if (live->unproven) {
        return; /* the match does not know of it */
    }
    stage_step(hub, live,
         (struct match_event){ .type = MATCH_EV_DISCONNECT, .slot = session->slot }, NULL);
}

/* ---- what players send ---- */

static void take_guess(struct hub *hub, struct live *live, uint8_t slot,
                       const struct msg_guess *guess)
{
    /* First, so that the guess is judged against the round that is being played now. */
    if (!stage_settle(hub, live)) {
        return;
    }
    struct match_event event = { .type = MATCH_EV_GUESS, .slot = slot,
                                 .round = (uint32_t)guess->round, .seq = (uint32_t)guess->seq };
    if (live->match.phase == MATCH_ROUND && live->match.round == event.round) {
        uint32_t answer = live->match.video;
        struct titles_verdict verdict =
            guess->video.data != NULL ? titles_judge_video(hub->titles, answer, guess->video)
                                      : titles_judge_text(hub->titles, answer, guess->text);
        event.similarity = verdict.similarity;
        event.correct = verdict.correct;
    }
    stage_step(hub, live, event, guess);
}

void arena_message(struct hub *hub, struct live *live, struct session *session,
                   const struct message *message)
{
    uint8_t slot = session->slot;
    struct match_event event = { .slot = slot };
    ASSERT(ref_equal(live->seats[slot].conn, session->conn));
    if (live->unproven && live->match.resumed) {
        return; /* said before the welcome, which tells the state anew */
    }
    if (message->type == MSG_guess) {
        take_guess(hub, live, slot, &message->guess);
    } else if (message->type == MSG_ready) {
        event.type = MATCH_EV_READY;
        event.round = (uint32_t)message->ready.round;
        stage_step(hub, live, event, NULL);
    } else if (message->type == MSG_leave) {
        event.type = MATCH_EV_LEAVE;
        stage_step(hub, live, event, NULL);
    } else if (message->type == MSG_client_rematch) {
        if (stage_settle(hub, live)) {
            rematch_message(hub, live, slot, message->client_rematch.accept);
        }
    } else {
        out_error(&hub->out, session->conn, HUB_ERROR_WRONG_SOCKET, MSG_NIL, MSG_NIL);
    }
}

void arena_pong(struct hub *hub, struct live *live, struct session *session, uint32_t rtt_us)
{
    ASSERT(ref_equal(live->seats[session->slot].conn, session->conn));
    if (live->seats[session->slot].unwelcomed) {
        return; /* the match may not have heard of this seat yet */
    }
    stage_step(hub, live,
         (struct match_event){ .type = MATCH_EV_RTT, .slot = session->slot, .rtt_us = rtt_us },
         NULL);
}

/* ---- answers ---- */

static void keep_frame(struct live *live, const struct hub_event_frame *frame)
{
    for (uint32_t slot = 0; slot < 2; slot++) {
        ASSERT(frame->token[slot].size == HUB_TOKEN_SIZE);
        memcpy(live->seats[slot].token, frame->token[slot].data, HUB_TOKEN_SIZE);
        memcpy(live->seats[slot].key, frame->key[slot], sizeof live->seats[slot].key);
    }
    ASSERT(frame->type.size <= FRAME_TYPE_SIZE_MAX);
    memcpy(live->frame_type, frame->type.data, frame->type.size);
    live->frame_type_size = (uint8_t)frame->type.size;
    live->frame_size = frame->size;
    live->frame_round = frame->round;
}

void arena_frame(struct hub *hub, const struct hub_event_frame *frame)
{
    struct live *live = pool_get(&hub->matches, frame->match);
    if (live == NULL || !live->sealing) {
        hub->late++;
        stage_drop_frames(hub, frame->match);
        return;
    }
    live->sealing = false;
    if (live->match.phase >= MATCH_OVER) {
        stage_drop_frames(hub, frame->match);
        return;
    }
    ASSERT(frame->round == live->match.round && live->match.frame_wanted);
    if (frame->ok) {
        keep_frame(live, frame);
    } else {
        out_note(&hub->out, HUB_NOTE_FRAME_FAILED, &live->id, NULL, TEXT_NONE, frame->round);
    }
    stage_step(hub, live,
         (struct match_event){ .type = MATCH_EV_FRAME, .round = frame->round, .ok = frame->ok,
                               .video = live->drawing },
         NULL);
}

void arena_settled(struct hub *hub, struct live *live, const struct hub_event_stored *stored)
{
    ASSERT(live->match.phase >= MATCH_OVER && !live->settled);
    live->settled = true;
    live->record = REF_NONE;
    if (stored->reply == HUB_OK && stored->rated && live->match.reason != MATCH_ABANDONED) {
        live->has_rating = true;
        memcpy(live->before, stored->before, sizeof live->before);
        memcpy(live->after, stored->after, sizeof live->after);
    }
    live->unsaved = false;
    if (stored->reply == HUB_OK && stored->rated && live->match.reason == MATCH_ABANDONED &&
        !live->end_told) {
        takeover_outranked(hub, live);
    }
    if (live->end_told && live->has_rating) {
        tell_rating(hub, live, 0);
        tell_rating(hub, live, 1);
    }
    stage_rest(hub, live);
}

/* ---- time ---- */

/* Whoever is here is sent to come back; what is over stays until it is stored. */
static void drain(struct hub *hub, struct live *live)
{
    if (live->match.phase < MATCH_OVER) {
        if (!live->handing && !live->dormant) {
            keeper_hand_over(hub, live);
        }
        if (live->dormant || hub->now_us >= live->handing_until_us) {
            takeover_let_go(hub, live, HUB_NOTE_MATCH_HANDED_OVER, TEXT_NONE);
        } else {
            stage_arm(hub, live);
        }
        return;
    }
    for (uint8_t slot = 0; slot < 2; slot++) {
        struct ref conn = stage_empty_seat(live, slot);
        if (!ref_is_none(conn)) {
            session_end(hub, session_get(hub, conn), 1012, TEXT("restarting"));
            if (!stage_step(hub, live,
                            (struct match_event){ .type = MATCH_EV_DISCONNECT, .slot = slot },
                            NULL)) {
                return;
            }
        }
    }
}

void arena_timer(struct hub *hub, struct live *live)
{
    if (!takeover_expire(hub, live) && stage_settle(hub, live) && stage_rest(hub, live) &&
        stage_is_to_be_drained(hub, live)) {
        drain(hub, live);
    }
}

void arena_drain(struct hub *hub)
{
    uint32_t index = 0;
    struct live *live;
    while ((live = pool_next(&hub->matches, &index)) != NULL) {
        stage_arm(hub, live);
    }
}

void arena_shift(struct hub *hub, uint64_t us)
{
    uint32_t index = 0;
    struct live *live;
    leavers_disturb(hub);
    while ((live = pool_next(&hub->matches, &index)) != NULL) {
        match_shift(&live->match, us);
        recorder_shift(hub, live, us);
        live->held_until_us += us;
        live->end_due_us += us;
        if (live->dormant_until_us != TIMERQ_NEVER) {
            live->dormant_until_us += us;
        }
        stage_arm(hub, live);
    }
}
