/* What is told of the queue; see lobby_tell.h. */
#include <duel/base/assert.h>
#include <duel/hub/lobby_tell.h>
#include <duel/hub/operate.h>
#include <duel/hub/players.h>
#include <duel/hub/session.h>

/* ---- waiting ---- */

void lobby_describe(const struct hub *hub, const struct player *player,
                    struct msg_queued *ret_queued)
{
    const struct ticket *ticket = &player->ticket;
    uint32_t window =
        matchmaker_window(&hub->limits.matchmaker, hub->now_ms - ticket->since_ms);
    *ret_queued = (struct msg_queued){
        .since = ticket->since_ms,
        .rating = player->rating,
        .window = window == MATCHMAKER_UNBOUNDED ? MSG_NIL : (int64_t)window,
        .waiting = ticket->waiting,
        .eta_ms = hub->eta_ms,
        .expires_at = ticket->expires_ms,
    };
}

bool lobby_has_changed(const struct hub *hub, const struct player *player)
{
    const struct ticket *ticket = &player->ticket;
    struct msg_queued queued;
    lobby_describe(hub, player, &queued);
    return ticket->told_us == 0 || queued.window != ticket->told_window ||
           queued.waiting != ticket->told_waiting || queued.eta_ms != ticket->told_eta_ms;
}

static void answer_queued(struct hub *hub, const struct player *player, struct session *session)
{
    struct msg_queued queued;
    lobby_describe(hub, player, &queued);
    session_reply(hub, session, MSG_queue_queued)->message.queue_queued =
        (struct msg_queue_queued){
            .status = TEXT("queued"),
            .since = queued.since,
            .rating = queued.rating,
            .window = queued.window,
            .waiting = queued.waiting,
            .eta_ms = queued.eta_ms,
            .expires_at = queued.expires_at,
        };
}

void lobby_tell_queued(struct hub *hub, const struct player *player, struct session *session)
{
    if (!session_is_websocket(session)) {
        answer_queued(hub, player, session);
        return;
    }
    struct hub_effect_send *send =
        out_send(&hub->out, HUB_FX_SEND, session->conn, MSG_queued);
    lobby_describe(hub, player, &send->message.queued);
    operate_notice(hub, session);
}

static void tell_all(struct hub *hub, struct player *player)
{
    struct ticket *ticket = &player->ticket;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < ticket->sockets_count; i++) {
        struct ref conn = ticket->sockets[i];
        struct session *session = session_get(hub, conn);
        ASSERT(session != NULL && session->state == SESSION_QUEUED);
        lobby_tell_queued(hub, player, session);
        if (session->state == SESSION_QUEUED) {
            ticket->sockets[kept++] = conn;
        }
    }
    player->refs -= ticket->sockets_count - kept;
    ticket->sockets_count = kept;
}

void lobby_tell_changes(struct hub *hub, struct player *player)
{
    struct ticket *ticket = &player->ticket;
    if (!ticket->wanted || !ticket->known ||
        (ticket->told_us != 0 && hub->now_us < ticket->told_us + LOBBY_TELL_US) ||
        !lobby_has_changed(hub, player)) {
        return;
    }
    struct msg_queued queued;
    lobby_describe(hub, player, &queued);
    ticket->told_us = hub->now_us;
    ticket->told_window = queued.window;
    ticket->told_waiting = queued.waiting;
    ticket->told_eta_ms = queued.eta_ms;
    tell_all(hub, player);
}

/* ---- the end of it ---- */

static void tell_match(struct hub *hub, struct session *session, const struct uuid *match,
                       uint8_t slot, struct text node, const struct msg_opponent_card *opponent)
{
    struct hub_effect_send *send;
    if (session_is_websocket(session)) {
        send = out_send(&hub->out, HUB_FX_SEND, session->conn, MSG_matched);
        send->message.matched = (struct msg_matched){ .match = *match, .opponent = *opponent };
        session_end(hub, session, 1000, TEXT("matched"));
    } else {
        send = session_reply(hub, session, MSG_queue_matched);
        send->message.queue_matched = (struct msg_queue_matched){
            .status = TEXT("matched"), .match = *match, .opponent = *opponent
        };
    }
    send->match = *match;
    send->slot = slot;
    send->by_node = hub->siblings;
    send->node = node;
}

void lobby_tell_matched(struct hub *hub, struct player *player, struct session *session)
{
    const struct live *live = pool_get(&hub->matches, player->match);
    ASSERT(live != NULL);
    struct ref self = pool_ref(&hub->players, player);
    uint8_t slot = ref_equal(live->seats[0].player, self) ? 0 : 1;
    const struct live_seat *other = &live->seats[1 - slot];
    const struct player *opponent = pool_get(&hub->players, other->player);
    ASSERT(opponent != NULL);
    struct msg_opponent_card card = {
        .name = out_text(&hub->out, player_name(opponent)),
        .avatar = out_text(&hub->out, player_avatar(opponent)),
        .country = out_text(&hub->out, player_country(opponent)),
        .rating = other->rating,
    };
    tell_match(hub, session, &live->id, slot, TEXT_NONE, &card);
}

void lobby_tell_elsewhere(struct hub *hub, struct session *session, const struct uuid *match,
                          uint8_t slot, struct text node, const struct saved_card *card)
{
    struct msg_opponent_card opponent = {
        .name = out_text(&hub->out, card->name),
        .avatar = out_text(&hub->out, card->avatar),
        .country = out_text(&hub->out, card->country),
        .rating = card->rating,
    };
    tell_match(hub, session, match, slot, out_text(&hub->out, node), &opponent);
}

void lobby_tell_idle(struct hub *hub, struct session *session)
{
    session_reply(hub, session, MSG_queue_idle)->message.queue_idle.status = TEXT("idle");
}

void lobby_tell_timeout(struct hub *hub, struct session *session)
{
    if (session_is_websocket(session)) {
        out_send(&hub->out, HUB_FX_SEND, session->conn, MSG_timeout);
        session_end(hub, session, 4408, TEXT("timeout"));
    } else {
        lobby_tell_idle(hub, session);
    }
}

void lobby_tell_left(struct hub *hub, struct session *session)
{
    if (session_is_websocket(session)) {
        session_end(hub, session, 1000, TEXT("left"));
    } else {
        lobby_tell_idle(hub, session);
    }
}

void lobby_tell_replaced(struct hub *hub, struct session *session)
{
    if (session_is_websocket(session)) {
        session_end(hub, session, 4409, TEXT("replaced"));
    } else {
        session_refuse(hub, session, 429, HUB_ERROR_SLOW_DOWN, 1);
    }
}
