/* Who waits by polling; see poll.h. */
#include <duel/base/assert.h>
#include <duel/hub/door.h>
#include <duel/hub/lobby.h>
#include <duel/hub/lobby_tell.h>
#include <duel/hub/operate.h>
#include <duel/hub/players.h>
#include <duel/hub/poll.h>
#include <duel/hub/session.h>

/* A ticket that only waits for the next request. */
#define KEPT_US 10000000u

static void keep(const struct hub *hub, struct player *player)
{
    player->ticket.polled_until_us = hub->now_us + KEPT_US;
}

static void join(struct hub *hub, struct session *session, struct player *player)
{
    struct ticket *ticket = &player->ticket;
    if (ticket->wanted && ticket->known) {
        keep(hub, player);
        players_arm(hub, player);
        lobby_tell_queued(hub, player, session);
        return;
    }
    lobby_enter(hub, player, session);
    if (session->state == SESSION_QUEUED) { /* else it was refused, whoever else waits */
        keep(hub, player);
        players_arm(hub, player);
    }
}

/* Only who has joined by a request is kept by others: a socket that closes means what it says. */
static void look(struct hub *hub, struct session *session, struct player *player)
{
    struct ticket *ticket = &player->ticket;
    if (ticket->polled_until_us != 0) {
        keep(hub, player);
        players_arm(hub, player);
    }
    if (ticket->known) {
        lobby_tell_queued(hub, player, session);
    } else {
        lobby_wait(hub, player, session);
    }
}

static void leave(struct hub *hub, struct session *session, struct player *player)
{
    lobby_leave(hub, player);
    lobby_tell_idle(hub, session);
}

/* The player, who is loaded, is not known to wait or play here. */
static void locate(struct hub *hub, struct session *session, struct player *player)
{
    if (hub->up[HUB_VALKEY]) {
        door_locate(hub, session, player);
    } else {
        session_end_unavailable(hub, session);
    }
}

static void serve(struct hub *hub, struct session *session, struct player *player)
{
    if (session->door == HUB_DOOR_JOIN && operate_refuses(hub, player, session)) {
        return;
    }
    if (!ref_is_none(player->match)) {
        lobby_tell_matched(hub, player, session);
    } else if (session->door == HUB_DOOR_JOIN) {
        join(hub, session, player);
    } else if (!player->ticket.wanted) {
        locate(hub, session, player);
    } else if (session->door == HUB_DOOR_POLL) {
        look(hub, session, player);
    } else {
        leave(hub, session, player);
    }
}

void poll_open(struct hub *hub, struct session *session, struct text sub)
{
    struct player *player = players_need(hub, sub);
    if (player == NULL) {
        out_note(&hub->out, HUB_NOTE_FULL, NULL, NULL, TEXT("players"), 0);
    }
    if (player == NULL || hub->draining) {
        session_end_unavailable(hub, session);
    } else if (player->loaded) {
        serve(hub, session, player);
    } else if (!door_wait_for_player(hub, session, player)) {
        session_refuse(hub, session, 429, HUB_ERROR_SLOW_DOWN, 1);
    }
}

void poll_player(struct hub *hub, struct session *session, struct player *player,
                 enum hub_reply reply)
{
    if (reply == HUB_REFUSED) {
        session_refuse(hub, session, 401, HUB_ERROR_AUTH_BAD_SUBJECT, 0);
    } else if (!player->loaded || hub->draining) {
        session_end_unavailable(hub, session);
    } else {
        serve(hub, session, player);
    }
}

void poll_located(struct hub *hub, struct session *session, struct player *player,
                  const struct hub_event_located *located)
{
    struct saved_card card;
    ASSERT(session->door == HUB_DOOR_POLL || session->door == HUB_DOOR_LEAVE);
    if (!ref_is_none(player->match) || player->ticket.wanted) {
        serve(hub, session, player); /* since it was asked */
    } else if (located->reply != HUB_OK) {
        session_end_unavailable(hub, session);
    } else if (!located->found && located->queue_node.size != 0) {
        session_ask_elsewhere(hub, session, NULL, located->queue_node);
    } else if (!located->found) {
        /* One of a process that is dead would be paired all the same. */
        if (session->door == HUB_DOOR_LEAVE) {
            player->ticket.kept = true;
        }
        lobby_tell_idle(hub, session);
        lobby_proceed(hub, player);
    } else if (located->slot > 1 || !saved_read_card(located->card, &card)) {
        out_note(&hub->out, HUB_NOTE_MATCH_UNREADABLE, &located->match, &player->id,
                 TEXT("card"), located->slot);
        session_end_unavailable(hub, session);
    } else {
        lobby_tell_elsewhere(hub, session, &located->match, located->slot, located->node, &card);
    }
}
