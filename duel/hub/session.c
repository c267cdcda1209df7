/* Connections; see session.h. */
#include <duel/base/assert.h>
#include <duel/hub/arena.h>
#include <duel/hub/invite.h>
#include <duel/hub/lobby.h>
#include <duel/hub/operate.h>
#include <duel/hub/players.h>
#include <duel/hub/session.h>
#include <duel/hub/tell.h>
#include <string.h>

bool session_is_websocket(const struct session *session)
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

void session_arm(struct hub *hub, struct session *session)
{
    uint64_t deadline_us = TIMERQ_NEVER;
    if (session_is_websocket(session) && session->state != SESSION_CLOSING &&
        session->state != SESSION_FREE) {
        bool playing = session->state == SESSION_PLAYING;
        const struct hub_limits *limits = &hub->limits;
        uint64_t ping_ms = playing ? limits->ping_match_ms : limits->ping_idle_ms;
        uint64_t silence_ms = playing ? limits->silence_match_ms : limits->silence_idle_ms;
        uint64_t silent_us = session->heard_us + silence_ms * 1000;
        deadline_us = session->pinged_us + ping_ms * 1000;
        deadline_us = silent_us < deadline_us ? silent_us : deadline_us;
        uint64_t expires_us = (uint64_t)session->expires_ms * 1000;
        if (session->state == SESSION_PARKED && expires_us < deadline_us) {
            deadline_us = expires_us;
        }
        if ((hub->draining && !playing) || operate_owes_notice(hub, session)) {
            deadline_us = hub->now_us; /* whatever else moves it: it is to be closed, or told */
        }
    }
    timerq_set(&hub->timers, timer_of_session(hub, session), deadline_us);
}

void session_ping(struct hub *hub, struct session *session)
{
    ASSERT(session_is_websocket(session) && session->state != SESSION_CLOSING);
    out_effect(&hub->out, HUB_FX_PING)->conn = session->conn;
    session->pinged_us = hub->now_us;
    session_arm(hub, session);
}

/* ---- the ways out ---- */

/* Takes the session out of whatever list holds it; what stays only waits for HUB_EV_CLOSED. */
static void detach(struct hub *hub, struct session *session)
{
    enum session_state was = session->state;
    if (was == SESSION_PARKED) {
        invite_unpark(hub, session);
    }
    struct player *player = pool_get(&hub->players, session->player);
    struct live *live = pool_get(&hub->matches, session->match);
    session->state = SESSION_CLOSING;
    session->player = REF_NONE;
    session->match = REF_NONE;
    session_arm(hub, session);
    switch (was) {
    case SESSION_LOADING:
        players_unwait(hub, player, session);
        break;
    case SESSION_ASKING:
        if (player != NULL) {
            players_drop(hub, player);
        }
        break;
    case SESSION_QUEUED:
        lobby_socket_gone(hub, player, session);
        break;
    case SESSION_PLAYING:
        arena_socket_gone(hub, live, session);
        break;
    case SESSION_FREE:
    case SESSION_PARKED:
    case SESSION_CLOSING:
        break;
    }
}

static void close_and_detach(struct hub *hub, struct session *session, uint16_t code,
                             struct text reason)
{
    ASSERT(session->state != SESSION_CLOSING && session_is_websocket(session));
    out_close(&hub->out, session->conn, code, reason);
    detach(hub, session);
}

static void finish(struct hub *hub, struct session *session)
{
    session->state = SESSION_CLOSING;
    session->player = REF_NONE;
    session->match = REF_NONE;
    session_arm(hub, session);
}

void session_end(struct hub *hub, struct session *session, uint16_t code, struct text reason)
{
    ASSERT(session->state != SESSION_FREE && session->state != SESSION_CLOSING);
    out_close(&hub->out, session->conn, code, reason);
    finish(hub, session);
}

void session_redirect(struct hub *hub, struct session *session, const struct uuid *match,
                      struct text node)
{
    if (node.size == 0) {
        session_end(hub, session, 1012, TEXT("restarting"));
        return;
    }
    ASSERT(session->state != SESSION_FREE && session->state != SESSION_CLOSING);
    out_close_elsewhere(&hub->out, session->conn, match, node);
    finish(hub, session);
}

void session_end_unavailable(struct hub *hub, struct session *session)
{
    if (!session_is_websocket(session)) {
        session_refuse(hub, session, 503, HUB_ERROR_UNAVAILABLE, SESSION_RETRY_S);
        return;
    }
    out_error(&hub->out, session->conn, HUB_ERROR_UNAVAILABLE, hub->now_ms + SESSION_RETRY_S * 1000,
              MSG_NIL);
    session_end(hub, session, 4503, out_error_code(HUB_ERROR_UNAVAILABLE));
}

void session_refuse(struct hub *hub, struct session *session, uint16_t status,
                    enum hub_error error, uint32_t retry_after_s)
{
    ASSERT(!session_is_websocket(session));
    out_reply_error(&hub->out, session->conn, status, error, retry_after_s);
    session->state = SESSION_CLOSING;
    session->player = REF_NONE;
}

struct hub_effect_send *session_reply(struct hub *hub, struct session *session,
                                      enum message_type type)
{
    ASSERT(!session_is_websocket(session) && session->state != SESSION_CLOSING);
    finish(hub, session);
    return out_send(&hub->out, HUB_FX_REPLY, session->conn, type);
}

void session_ask_elsewhere(struct hub *hub, struct session *session, const struct uuid *match,
                           struct text node)
{
    ASSERT(!session_is_websocket(session) && session->state != SESSION_CLOSING);
    node = out_text(&hub->out, node);
    struct hub_effect *effect = out_effect(&hub->out, HUB_FX_REPLY_ELSEWHERE);
    effect->reply_elsewhere.conn = session->conn;
    effect->reply_elsewhere.node = node;
    if (match != NULL) {
        effect->reply_elsewhere.match = *match;
    }
    finish(hub, session);
}

void session_read(struct hub *hub, struct session *session, bool unsure)
{
    ASSERT(session->door == HUB_DOOR_LOOK && session->state != SESSION_CLOSING);
    struct hub_effect *effect = out_effect(&hub->out, HUB_FX_READ);
    effect->read.conn = session->conn;
    effect->read.unsure = unsure;
    finish(hub, session);
}

void session_end_cooldown(struct hub *hub, struct session *session, int64_t until_ms)
{
    if (session_is_websocket(session)) {
        out_error(&hub->out, session->conn, HUB_ERROR_COOLDOWN, until_ms, MSG_NIL);
        session_end(hub, session, 4429, out_error_code(HUB_ERROR_COOLDOWN));
    } else {
        int64_t rest_ms = until_ms > hub->now_ms ? until_ms - hub->now_ms : 0;
        session_refuse(hub, session, 429, HUB_ERROR_COOLDOWN, (uint32_t)(rest_ms / 1000) + 1);
    }
}

static void tell_banned(struct hub *hub, const struct session *session, int64_t until_ms)
{
    int64_t until = until_ms == HUB_FOR_EVER ? MSG_NIL : until_ms;
    if (session_is_websocket(session)) {
        out_error(&hub->out, session->conn, HUB_ERROR_BANNED, until, MSG_NIL);
        out_close(&hub->out, session->conn, 4403, out_error_code(HUB_ERROR_BANNED));
    } else {
        out_reply_error(&hub->out, session->conn, 403, HUB_ERROR_BANNED, 0);
    }
}

void session_end_banned(struct hub *hub, struct session *session, int64_t until_ms)
{
    ASSERT(session->state != SESSION_FREE && session->state != SESSION_CLOSING);
    tell_banned(hub, session, until_ms);
    finish(hub, session);
}

void session_banish(struct hub *hub, struct session *session, int64_t until_ms)
{
    ASSERT(session->state != SESSION_FREE && session->state != SESSION_CLOSING);
    tell_banned(hub, session, until_ms);
    detach(hub, session);
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
    ASSERT(session_is_websocket(session) && session->state != SESSION_FREE &&
           session->state != SESSION_CLOSING);
    bool playing = session->state == SESSION_PLAYING;
    uint32_t silence_ms = playing ? hub->limits.silence_match_ms : hub->limits.silence_idle_ms;
    if (hub->draining && !playing) {
        close_and_detach(hub, session, 1012, TEXT("restarting"));
    } else if (hub->now_us >= session->heard_us + (uint64_t)silence_ms * 1000) {
        out_note(&hub->out, HUB_NOTE_SESSION_SILENT, NULL, NULL, TEXT_NONE, session->conn.index);
        close_and_detach(hub, session, 1001, TEXT("silent"));
    } else if (session->state == SESSION_PARKED && hub->now_ms >= session->expires_ms) {
        invite_expire(hub, session);
    } else if (operate_owes_notice(hub, session)) {
        operate_notice(hub, session);
        session_arm(hub, session);
    } else {
        session_ping(hub, session);
        if (session->state == SESSION_PARKED) {
            invite_ask(hub, session);
        }
    }
}

void session_shift(struct hub *hub, uint64_t us)
{
    for (uint32_t i = 0; i < hub->limits.connections_max; i++) {
        struct session *session = &hub->sessions[i];
        if (session->state != SESSION_FREE && session->state != SESSION_CLOSING) {
            session->heard_us += us;
            session->pinged_us += us;
            session_arm(hub, session);
        }
    }
}

void session_drain(struct hub *hub)
{
    for (uint32_t i = 0; i < hub->limits.connections_max; i++) {
        struct session *session = &hub->sessions[i];
        if (session->state != SESSION_FREE && session->state != SESSION_CLOSING &&
            session->state != SESSION_PLAYING && session_is_websocket(session)) {
            session_arm(hub, session);
        }
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
    ASSERT(session_is_websocket(session) && message != NULL);
    session->heard_us = hub->now_us;
    session_arm(hub, session);
    if (message->type == MSG_ping) {
        tell_pong(hub, conn, message->ping.ts);
    } else if (message->type == MSG_auth) {
        out_error(&hub->out, conn, HUB_ERROR_ALREADY_AUTHENTICATED, MSG_NIL, MSG_NIL);
    } else if (session->state != SESSION_PLAYING && session->state != SESSION_PARKED) {
        queue_message(hub, session, message);
    } else if (message->type == MSG_suggest) {
        suggest(hub, session, &message->suggest);
    } else if (session->state == SESSION_PARKED) {
        invite_message(hub, session, message);
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
    session_arm(hub, session);
    if (session->state == SESSION_PLAYING) {
        arena_pong(hub, pool_get(&hub->matches, session->match), session, rtt_us);
    }
}
