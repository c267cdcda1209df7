/* Connections; see session.h. */
#include <duel/base/assert.h>
#include <duel/hub/arena.h>
#include <duel/hub/lobby.h>
#include <duel/hub/players.h>
#include <duel/hub/session.h>
#include <duel/hub/tell.h>
#include <string.h>

#define RETRY_S 5 /* for Retry-After and `until` when a store is gone */

static bool is_websocket(const struct session *session)
{
    return session->door == HUB_DOOR_QUEUE || session->door == HUB_DOOR_MATCH;
}

struct session *session_get(struct hub *hub, struct ref conn)
{
    ASSERT(conn.index < hub->limits.connections_max);
    struct session *session = &hub->sessions[conn.index];
    if (session->state == SESSION_FREE || !ref_equal(session->conn, conn)) {
        return NULL;
    }
    return session;
}

/* ---- time ---- */

static void arm(struct hub *hub, struct session *session)
{
    uint64_t deadline_us = TIMERQ_NEVER;
    if (is_websocket(session) && session->state != SESSION_CLOSING &&
        session->state != SESSION_FREE) {
        bool playing = session->state == SESSION_PLAYING;
        const struct hub_limits *limits = &hub->limits;
        uint64_t ping_ms = playing ? limits->ping_match_ms : limits->ping_idle_ms;
        uint64_t silence_ms = playing ? limits->silence_match_ms : limits->silence_idle_ms;
        uint64_t silent_us = session->heard_us + silence_ms * 1000;
        deadline_us = session->pinged_us + ping_ms * 1000;
        deadline_us = silent_us < deadline_us ? silent_us : deadline_us;
        if (hub->draining) {
            deadline_us = hub->now_us; /* whatever else moves it: it is to be closed */
        }
    }
    timerq_set(&hub->timers, timer_of_session(hub, session), deadline_us);
}

void session_ping(struct hub *hub, struct session *session)
{
    ASSERT(is_websocket(session) && session->state != SESSION_CLOSING);
    out_effect(&hub->out, HUB_FX_PING)->conn = session->conn;
    session->pinged_us = hub->now_us;
    arm(hub, session);
}

/* ---- the ways out ---- */

/* Takes the session out of whatever list holds it; what stays only waits for HUB_EV_CLOSED. */
static void detach(struct hub *hub, struct session *session)
{
    enum session_state was = session->state;
    struct player *player = pool_get(&hub->players, session->player);
    struct live *live = pool_get(&hub->matches, session->match);
    session->state = SESSION_CLOSING;
    session->player = REF_NONE;
    session->match = REF_NONE;
    arm(hub, session);
    switch (was) {
    case SESSION_LOADING:
        players_unwait(hub, player, session);
        break;
    case SESSION_QUEUED:
        lobby_socket_gone(hub, player, session);
        break;
    case SESSION_PLAYING:
        arena_socket_gone(hub, live, session);
        break;
    case SESSION_FREE:
    case SESSION_CLOSING:
        break;
    }
}

static void close_and_detach(struct hub *hub, struct session *session, uint16_t code,
                             struct text reason)
{
    ASSERT(session->state != SESSION_CLOSING && is_websocket(session));
    out_close(&hub->out, session->conn, code, reason);
    detach(hub, session);
}

void session_end(struct hub *hub, struct session *session, uint16_t code, struct text reason)
{
    ASSERT(session->state != SESSION_FREE && session->state != SESSION_CLOSING);
    out_close(&hub->out, session->conn, code, reason);
    session->state = SESSION_CLOSING;
    session->player = REF_NONE;
    session->match = REF_NONE;
    arm(hub, session);
}

void session_end_unavailable(struct hub *hub, struct session *session)
{
    out_error(&hub->out, session->conn, HUB_ERROR_UNAVAILABLE, hub->now_ms + RETRY_S * 1000,
              MSG_NIL);
    session_end(hub, session, 4503, out_error_code(HUB_ERROR_UNAVAILABLE));
}

static void refuse_request(struct hub *hub, struct session *session, uint16_t status,
                           enum hub_error error, uint32_t retry_after_s)
{
    ASSERT(!is_websocket(session));
    out_reply_error(&hub->out, session->conn, status, error, retry_after_s);
    session->state = SESSION_CLOSING;
    session->player = REF_NONE;
}

void session_closed(struct hub *hub, struct ref conn)
{
    struct session *session = session_get(hub, conn);
    if (session == NULL) {
        hub->late++;
        return;
    }
    detach(hub, session);
    session->state = SESSION_FREE;
    ASSERT(hub->sessions_count > 0);
    hub->sessions_count--;
}

void session_timer(struct hub *hub, struct session *session)
{
    ASSERT(is_websocket(session) && session->state != SESSION_FREE &&
           session->state != SESSION_CLOSING);
    bool playing = session->state == SESSION_PLAYING;
    uint32_t silence_ms = playing ? hub->limits.silence_match_ms : hub->limits.silence_idle_ms;
    if (hub->draining) {
        close_and_detach(hub, session, 1012, TEXT("restarting"));
    } else if (hub->now_us >= session->heard_us + (uint64_t)silence_ms * 1000) {
        out_note(&hub->out, HUB_NOTE_SESSION_SILENT, NULL, NULL, TEXT_NONE, session->conn.index);
        close_and_detach(hub, session, 1001, TEXT("silent"));
    } else {
        session_ping(hub, session);
    }
}

void session_drain(struct hub *hub)
{
    for (uint32_t i = 0; i < hub->limits.connections_max; i++) {
        struct session *session = &hub->sessions[i];
        if (session->state != SESSION_FREE && session->state != SESSION_CLOSING &&
            is_websocket(session)) {
            arm(hub, session);
        }
    }
}

/* ---- GET me, GET search ---- */

static void describe_match(struct hub *hub, const struct player *player, struct msg_me *me)
{
    const struct live *live = pool_get(&hub->matches, player->match);
    if (live == NULL) {
        return;
    }
    me->has_match = true;
    me->match.match = live->id;
    me->match.phase = tell_phase(live->match.phase);
}

static void describe_queue(const struct hub *hub, const struct player *player,
                           struct msg_me_queue *queue)
{
    struct msg_queued queued;
    *queue = (struct msg_me_queue){ .since = MSG_NIL, .rating = MSG_NIL, .window = MSG_NIL,
                                    .waiting = MSG_NIL, .eta_ms = MSG_NIL,
                                    .expires_at = MSG_NIL };
    if (!ref_is_none(player->match)) {
        queue->status = TEXT("matched");
        return;
    }
    if (!player->ticket.wanted) {
        queue->status = TEXT("idle");
        return;
    }
    lobby_describe(hub, player, &queued);
    queue->status = TEXT("queued");
    queue->since = queued.since;
    queue->rating = queued.rating;
    queue->window = queued.window;
    queue->waiting = player->ticket.known ? queued.waiting : MSG_NIL;
    queue->eta_ms = queued.eta_ms;
    queue->expires_at = queued.expires_at;
}

static void reply_me(struct hub *hub, struct session *session, const struct player *player)
{
    ASSERT(player->loaded);
    struct hub_effect_send *send = out_send(&hub->out, HUB_FX_REPLY, session->conn, MSG_me);
    struct msg_me *me = &send->message.me;
    me->id = player->id;
    me->name = out_text(&hub->out, player_name(player));
    me->avatar = out_text(&hub->out, player_avatar(player));
    me->country = out_text(&hub->out, player_country(player));
    me->rating = player->rating;
    me->wins = player->wins;
    me->losses = player->losses;
    me->draws = player->draws;
    describe_match(hub, player, me);
    if (me->has_match) {
        send->match = me->match.match;
    }
    describe_queue(hub, player, &me->queue);
    session->state = SESSION_CLOSING;
    session->player = REF_NONE;
}

static void open_search(struct hub *hub, struct session *session, const struct hub_event_open *open)
{
    struct player *player = players_need(hub, open->sub);
    if (player == NULL || hub->titles == NULL) {
        refuse_request(hub, session, 503, HUB_ERROR_UNAVAILABLE, RETRY_S);
        return;
    }
    bool in_time = rate_take(&player->search_us, hub->now_us, hub->limits.searches_per_s);
    players_arm(hub, player);
    if (!in_time) {
        refuse_request(hub, session, 429, HUB_ERROR_SLOW_DOWN, 1);
        return;
    }
    struct hub_effect_send *send = out_send(&hub->out, HUB_FX_REPLY, session->conn, MSG_search);
    struct msg_search *search = &send->message.search;
    uint32_t max = open->limit < TITLES_SUGGESTIONS_MAX ? open->limit : TITLES_SUGGESTIONS_MAX;
    search->items_count = tell_videos(hub->titles, open->query, max, search->items);
    session->state = SESSION_CLOSING;
}

/* ---- the ways in ---- */

static bool waits_for_player(struct hub *hub, struct session *session, struct player *player)
{
    if (!players_wait(hub, player, session)) {
        return false;
    }
    session->state = SESSION_LOADING;
    session->player = pool_ref(&hub->players, player);
    return true;
}

static void open_me(struct hub *hub, struct session *session, struct text sub)
{
    struct player *player = players_need(hub, sub);
    if (player != NULL && player->loaded && !player->stale && !ref_is_none(player->match)) {
        /* Back after a reload of the page: not made to wait for a store. */
        reply_me(hub, session, player);
    } else if (player == NULL || hub->draining) {
        refuse_request(hub, session, 503, HUB_ERROR_UNAVAILABLE, RETRY_S);
    } else if (!waits_for_player(hub, session, player)) {
        refuse_request(hub, session, 429, HUB_ERROR_SLOW_DOWN, 1);
    }
}

static void open_queue(struct hub *hub, struct session *session, struct text sub)
{
    struct player *player = players_need(hub, sub);
    bool plays = player != NULL && player->loaded && !ref_is_none(player->match);
    if (plays && !hub->draining) {
        /* Back to the match; no store is needed for that. */
        lobby_enter(hub, player, session);
        return;
    }
    if (player == NULL || hub->draining || !hub->up[HUB_VALKEY]) {
        if (player == NULL) {
            out_note(&hub->out, HUB_NOTE_FULL, NULL, NULL, TEXT("players"), 0);
        }
        session_end_unavailable(hub, session);
        return;
    }
    if (player->loaded) {
        session_ping(hub, session);
        lobby_enter(hub, player, session);
    } else if (waits_for_player(hub, session, player)) {
        session_ping(hub, session);
    } else {
        out_error(&hub->out, session->conn, HUB_ERROR_SLOW_DOWN, hub->now_ms + 1000, MSG_NIL);
        session_end(hub, session, 4429, out_error_code(HUB_ERROR_SLOW_DOWN));
    }
}

/* The seat of an authenticated caller; a seat's player always has a record, so nothing need be
 * loaded. -1: somebody else's match. */
static int32_t seat_of(struct hub *hub, const struct live *live, const struct hub_event_open *open)
{
    if (open->sub.data == NULL) {
        return open->slot;
    }
    const struct player *player = players_find(hub, open->sub);
    if (player != NULL) {
        for (int32_t slot = 0; slot < 2; slot++) {
            if (ref_equal(live->seats[slot].player, pool_ref(&hub->players, player))) {
                return slot;
            }
        }
    }
    return -1;
}

static void open_match(struct hub *hub, struct session *session, const struct hub_event_open *open)
{
    struct live *live = arena_find(hub, &open->match);
    if (hub->draining) {
        session_end(hub, session, 1012, TEXT("restarting"));
        return;
    }
    if (live == NULL) {
        /* A good ticket is proof that there was such a match. */
        bool was = open->sub.data == NULL || arena_has_ended(hub, &open->match);
        session_end(hub, session, was ? 4410 : 4404,
                    was ? TEXT("match over") : TEXT("no such match"));
        return;
    }
    int32_t slot = seat_of(hub, live, open);
    if (slot < 0) {
        session_end(hub, session, 4403, TEXT("not a player of this match"));
        return;
    }
    ASSERT(slot < 2);
    session->slot = (uint8_t)slot;
    arena_enter(hub, live, session);
}

void session_open(struct hub *hub, const struct hub_event_open *open)
{
    ASSERT(open->conn.index < hub->limits.connections_max && !ref_is_none(open->conn));
    struct session *session = &hub->sessions[open->conn.index];
    ASSERT(session->state == SESSION_FREE);
    /* LOADING stands for "not in any list yet" until the door has decided. */
    *session = (struct session){ .conn = open->conn, .state = SESSION_LOADING,
                                 .door = open->door, .next = NO_INDEX,
                                 .heard_us = hub->now_us, .pinged_us = hub->now_us };
    hub->sessions_count++;
    switch (open->door) {
    case HUB_DOOR_QUEUE:
        open_queue(hub, session, open->sub);
        break;
    case HUB_DOOR_MATCH:
        open_match(hub, session, open);
        break;
    case HUB_DOOR_ME:
        open_me(hub, session, open->sub);
        break;
    case HUB_DOOR_SEARCH:
        open_search(hub, session, open);
        break;
    }
}

static void me_arrived(struct hub *hub, struct session *session, struct player *player,
                       enum hub_reply reply)
{
    if (reply == HUB_OK || (reply == HUB_UNAVAILABLE && player->loaded &&
                            !ref_is_none(player->match))) {
        reply_me(hub, session, player);
    } else if (reply == HUB_REFUSED) {
        refuse_request(hub, session, 401, HUB_ERROR_AUTH_BAD_SUBJECT, 0);
    } else {
        refuse_request(hub, session, 503, HUB_ERROR_UNAVAILABLE, RETRY_S);
    }
}

void session_player(struct hub *hub, struct session *session, struct player *player,
                    enum hub_reply reply)
{
    ASSERT(session->state == SESSION_LOADING);
    session->player = REF_NONE;
    if (session->door == HUB_DOOR_ME) {
        me_arrived(hub, session, player, reply);
        return;
    }
    ASSERT(session->door == HUB_DOOR_QUEUE);
    if (reply == HUB_OK) {
        lobby_enter(hub, player, session);
    } else if (reply == HUB_REFUSED) {
        session_end(hub, session, 4401, out_error_code(HUB_ERROR_AUTH_BAD_SUBJECT));
    } else {
        session_end_unavailable(hub, session);
    }
}

/* ---- what they say ---- */

static void queue_message(struct hub *hub, struct session *session, const struct message *message)
{
    if (message->type != MSG_leave) {
        out_error(&hub->out, session->conn, HUB_ERROR_WRONG_SOCKET, MSG_NIL, MSG_NIL);
    } else if (session->state == SESSION_QUEUED) {
        lobby_leave(hub, pool_get(&hub->players, session->player));
    } else {
        close_and_detach(hub, session, 1000, TEXT("left"));
    }
}

static void tell_pong(struct hub *hub, struct ref conn, int64_t ts)
{
    struct hub_effect_send *send = out_send(&hub->out, HUB_FX_SEND, conn, MSG_pong);
    send->message.pong.ts = ts;
    send->message.pong.now = hub->now_ms;
}

static void suggest(struct hub *hub, struct session *session, const struct msg_suggest *suggest)
{
    if (rate_take(&session->suggest_us, hub->now_us, hub->limits.suggests_per_s)) {
        tell_suggestions(hub, session->conn, suggest);
    } else {
        out_error(&hub->out, session->conn, HUB_ERROR_SLOW_DOWN, MSG_NIL, suggest->seq);
    }
}

void session_message(struct hub *hub, struct ref conn, const struct message *message)
{
    struct session *session = session_get(hub, conn);
    if (session == NULL) {
        hub->late++;
        return;
    }
    if (session->state == SESSION_CLOSING) {
        return;
    }
    ASSERT(is_websocket(session) && message != NULL);
    session->heard_us = hub->now_us;
    arm(hub, session);
    if (message->type == MSG_ping) {
        tell_pong(hub, conn, message->ping.ts);
    } else if (message->type == MSG_auth) {
        out_error(&hub->out, conn, HUB_ERROR_ALREADY_AUTHENTICATED, MSG_NIL, MSG_NIL);
    } else if (session->state != SESSION_PLAYING) {
        queue_message(hub, session, message);
    } else if (message->type == MSG_suggest) {
        suggest(hub, session, &message->suggest);
    } else {
        arena_message(hub, pool_get(&hub->matches, session->match), session, message);
    }
}

void session_pong(struct hub *hub, struct ref conn, uint32_t rtt_us)
{
    struct session *session = session_get(hub, conn);
    if (session == NULL) {
        hub->late++;
        return;
    }
    if (session->state == SESSION_CLOSING) {
        return;
    }
    session->heard_us = hub->now_us;
    arm(hub, session);
    if (session->state == SESSION_PLAYING) {
        arena_pong(hub, pool_get(&hub->matches, session->match), session, rtt_us);
    }
}
