/* The ways in; see door.h. */
#include <duel/base/assert.h>
#include <duel/hub/arena.h>
#include <duel/hub/door.h>
#include <duel/hub/invite.h>
#include <duel/hub/lobby.h>
#include <duel/hub/lobby_tell.h>
#include <duel/hub/look.h>
#include <duel/hub/operate.h>
#include <duel/hub/players.h>
#include <duel/hub/poll.h>
#include <duel/hub/session.h>
#include <duel/hub/takeover.h>
#include <duel/hub/tell.h>

#define INVITES_PER_S 10 /* of one player; three are open at most */

/* ---- GET me, GET search ---- */

/* The player's live match: here, or as Valkey `located` it (or NULL). */
static void describe_match(struct hub *hub, const struct player *player,
                           const struct hub_event_located *located, struct hub_effect_send *send)
{
    struct msg_me *me = &send->message.me;
    const struct live *live = pool_get(&hub->matches, player->match);
    if (live != NULL) {
        me->has_match = true;
        me->match.match = live->id;
        me->match.phase = tell_phase(live->match.phase);
    } else if (located != NULL && located->found) {
        me->has_match = true;
        me->match.match = located->match;
        me->match.phase = tell_known_phase(located->phase);
        send->node = out_text(&hub->out, located->node);
    }
    send->match = me->match.match;
    send->by_node = hub->siblings;
}

static void describe_queue(const struct hub *hub, const struct player *player, bool has_match,
                           struct msg_me_queue *queue)
{
    struct msg_queued queued;
    *queue = (struct msg_me_queue){ .since = MSG_NIL, .rating = MSG_NIL, .window = MSG_NIL,
                                    .waiting = MSG_NIL, .eta_ms = MSG_NIL,
                                    .expires_at = MSG_NIL };
    if (has_match) {
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

static void reply_me(struct hub *hub, struct session *session, const struct player *player,
                     const struct hub_event_located *located)
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
    describe_match(hub, player, located, send);
    describe_queue(hub, player, me->has_match, &me->queue);
    me->has_notice = operate_describe_notice(hub, &me->notice);
    session->state = SESSION_CLOSING;
    session->player = REF_NONE;
}

static void open_search(struct hub *hub, struct session *session, const struct hub_event_open *open)
{
    struct player *player = players_need(hub, open->sub);
    if (player == NULL || hub->titles == NULL) {
        session_refuse(hub, session, 503, HUB_ERROR_UNAVAILABLE, SESSION_RETRY_S);
        return;
    }
    bool in_time = rate_take(&player->search_us, hub->now_us, hub->limits.searches_per_s);
    players_arm(hub, player);
    if (!in_time) {
        session_refuse(hub, session, 429, HUB_ERROR_SLOW_DOWN, 1);
        return;
    }
    struct hub_effect_send *send = out_send(&hub->out, HUB_FX_REPLY, session->conn, MSG_search);
    struct msg_search *search = &send->message.search;
    uint32_t max = open->limit < TITLES_SUGGESTIONS_MAX ? open->limit : TITLES_SUGGESTIONS_MAX;
    search->items_count = tell_videos(hub->titles, open->query, max, search->items);
    session->state = SESSION_CLOSING;
}

/* ---- the ways in ---- */

bool door_wait_for_player(struct hub *hub, struct session *session, struct player *player)
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
        reply_me(hub, session, player, NULL);
    } else if (player == NULL || hub->draining) {
        session_refuse(hub, session, 503, HUB_ERROR_UNAVAILABLE, SESSION_RETRY_S);
    } else if (!door_wait_for_player(hub, session, player)) {
        session_refuse(hub, session, 429, HUB_ERROR_SLOW_DOWN, 1);
    }
}

static void open_queue(struct hub *hub, struct session *session, struct text sub)
{
    struct player *player = players_need(hub, sub);
    bool plays = player != NULL && player->loaded && !ref_is_none(player->match);
    if (player != NULL && operate_refuses(hub, player, session)) {
        return;
    }
    if (plays && !hub->draining) {
        /* Back to the match; no store is needed for that. */
        lobby_enter(hub, player, session);
        return;
    }
    if (player == NULL || hub->draining || !lobby_is_open(hub)) {
        if (player == NULL) {
            out_note(&hub->out, HUB_NOTE_FULL, NULL, NULL, TEXT("players"), 0);
        }
        session_end_unavailable(hub, session);
        return;
    }
    if (player->loaded) {
        session_ping(hub, session);
        lobby_enter(hub, player, session);
    } else if (door_wait_for_player(hub, session, player)) {
        session_ping(hub, session);
    } else {
        out_error(&hub->out, session->conn, HUB_ERROR_SLOW_DOWN, hub->now_ms + 1000, MSG_NIL);
        session_end(hub, session, 4429, out_error_code(HUB_ERROR_SLOW_DOWN));
    }
}

/* Who has proved to be a player of the match, by ticket, or is one, by token. A seat's player
 * always has a record, so nothing need be loaded. */
static void enter(struct hub *hub, struct session *session, struct live *live)
{
    bool by_ticket = ref_is_none(session->player);
    for (uint8_t slot = 0; slot < 2 && !by_ticket; slot++) {
        if (ref_equal(live->seats[slot].player, session->player)) {
            session->slot = slot;
            by_ticket = true;
        }
    }
    session->player = REF_NONE;
    const struct player *player = pool_get(&hub->players, live->seats[session->slot].player);
    if (by_ticket && operate_refuses(hub, player, session)) {
        return;
    }
    if (by_ticket) {
        arena_enter(hub, live, session);
    } else {
        session_end(hub, session, 4403, TEXT("not a player of this match"));
    }
}

/* Nobody here knows the match: another process may have it, or have had it. */
static void seek(struct hub *hub, struct session *session, struct player *player,
                 const struct uuid *match)
{
    session->state = SESSION_ASKING;
    if (player != NULL) {
        session->player = pool_ref(&hub->players, player);
        players_hold(hub, player);
    }
    session_ping(hub, session);
    invite_seek(hub, session, player, match);
}

static void found(struct hub *hub, struct session *session, const struct hub_event_sought *sought,
                  struct live *live)
{
    bool was = ref_is_none(session->player) || arena_has_ended(hub, &sought->match);
    switch (sought->place) {
    case HUB_NOWHERE:
        /* A good ticket is proof that there was such a match. */
        session_end(hub, session, was ? 4410 : 4404,
                    was ? TEXT("match over") : TEXT("no such match"));
        break;
    case HUB_ELSEWHERE:
    case HUB_SUCCESSOR:
        session_redirect(hub, session, &sought->match,
                         sought->place == HUB_ELSEWHERE ? sought->node : TEXT_NONE);
        break;
    case HUB_FOREIGN:
        session_end(hub, session, 4403, TEXT("not a player of this match"));
        break;
    case HUB_OURS:
        if (live != NULL) {
            enter(hub, session, live);
        } else if (arena_has_ended(hub, &sought->match)) {
            session_end(hub, session, 4410, TEXT("match over"));
        } else {
            session_end_unavailable(hub, session);
        }
        break;
    case HUB_INVITED:
        invite_park(hub, session, sought);
        break;
    case HUB_EXPIRED:
        session_end(hub, session, 4404, out_error_code(HUB_ERROR_INVITE_EXPIRED));
        break;
    case HUB_WITHDRAWN:
        session_end(hub, session, 4404, out_error_code(HUB_ERROR_INVITE_WITHDRAWN));
        break;
    case HUB_USED:
        session_end(hub, session, 4410, TEXT("match over"));
        break;
    case HUB_BUSY:
        out_error(&hub->out, session->conn, HUB_ERROR_PLAYER_BUSY, MSG_NIL, MSG_NIL);
        session_end(hub, session, 4503, out_error_code(HUB_ERROR_PLAYER_BUSY));
        break;
    case HUB_COOLDOWN:
        session_end_cooldown(hub, session, sought->until_ms);
        break;
    case HUB_FULL:
        session_end_unavailable(hub, session);
        break;
    case HUB_REPLACED:
        session_end(hub, session, 4409, TEXT("replaced"));
        break;
    }
}

void door_sought(struct hub *hub, const struct hub_event_sought *sought)
{
    struct session *session = session_get(hub, sought->conn);
    struct live *live = NULL;
    if (sought->reply == HUB_OK && sought->place == HUB_OURS) {
        live = takeover_take(hub, &sought->match, &sought->copy, sought->made);
        if (live != NULL) {
            invite_accepted(hub, live);
        } else if (sought->made) {
            invite_release(hub, sought);
        }
    }
    if (session != NULL && session->state == SESSION_PARKED) {
        invite_sought(hub, session, sought);
        return;
    }
    if (session == NULL || session->state != SESSION_ASKING) {
        hub->late += session == NULL;
        return;
    }
    struct player *player = pool_get(&hub->players, session->player);
    if (player != NULL && operate_refuses(hub, player, session)) {
        players_drop(hub, player);
        return;
    }
    if (sought->reply == HUB_OK) {
        found(hub, session, sought, live);
    } else {
        session_end_unavailable(hub, session);
    }
    if (player != NULL) {
        players_drop(hub, player);
    }
}

/* Whether nothing need be asked before the match is sought. Who seems to lack opponents for a rated
 * invitation may have met some since. */
static bool is_known(const struct hub *hub, const struct player *player)
{
    return player->loaded &&
           (player->opponents >= HUB_OPPONENTS_MAX || !hub->up[HUB_POSTGRESQL]);
}

static void open_match(struct hub *hub, struct session *session, const struct hub_event_open *open)
{
    struct live *live = arena_find(hub, &open->match);
    struct player *player = open->sub.data != NULL ? players_need(hub, open->sub) : NULL;
    session->slot = open->slot;
    session->player = player != NULL ? pool_ref(&hub->players, player) : REF_NONE;
    if (hub->draining) {
        session_end(hub, session, 1012, TEXT("restarting"));
    } else if (player == NULL && open->sub.data != NULL) {
        out_note(&hub->out, HUB_NOTE_FULL, NULL, NULL, TEXT("players"), 0);
        session_end_unavailable(hub, session);
    } else if (live != NULL) {
        enter(hub, session, live);
    } else if (arena_has_ended(hub, &open->match)) {
        session_end(hub, session, 4410, TEXT("match over"));
    } else if (!hub->up[HUB_VALKEY]) {
        session_end_unavailable(hub, session);
    } else if (player != NULL && operate_refuses(hub, player, session)) {
        return;
    } else if (player == NULL || is_known(hub, player)) {
        seek(hub, session, player, &open->match);
    } else if (door_wait_for_player(hub, session, player)) {
        session->sought = open->match; /* nobody else's is sought */
        session_ping(hub, session);
    } else {
        session_end_unavailable(hub, session);
    }
}

static void open_invite(struct hub *hub, struct session *session, const struct hub_event_open *open)
{
    struct player *player = players_need(hub, open->sub);
    session->rated = open->rated;
    if (open->rated && !hub->limits.rated_invites) {
        session_refuse(hub, session, 403, HUB_ERROR_RATED_OFF, 0);
    } else if (player == NULL || hub->draining || hub->closed || !hub->up[HUB_VALKEY]) {
        session_refuse(hub, session, 503, HUB_ERROR_UNAVAILABLE, SESSION_RETRY_S);
    } else if (!rate_take(&player->invite_us, hub->now_us, INVITES_PER_S) ||
               !door_wait_for_player(hub, session, player)) {
        session_refuse(hub, session, 429, HUB_ERROR_SLOW_DOWN, 1);
    }
}

static void open_withdraw(struct hub *hub, struct session *session,
                          const struct hub_event_open *open)
{
    struct player *player = players_need(hub, open->sub);
    session->sought = open->match;
    if (player != NULL && player->loaded) {
        invite_withdraw(hub, session, player);
    } else if (player == NULL || hub->draining) {
        session_refuse(hub, session, 503, HUB_ERROR_UNAVAILABLE, SESSION_RETRY_S);
    } else if (!door_wait_for_player(hub, session, player)) {
        session_refuse(hub, session, 429, HUB_ERROR_SLOW_DOWN, 1);
    }
}

void door_open(struct hub *hub, const struct hub_event_open *open)
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
    case HUB_DOOR_JOIN:
    case HUB_DOOR_POLL:
    case HUB_DOOR_LEAVE:
        poll_open(hub, session, open->sub);
        break;
    case HUB_DOOR_LOOK:
        look_open(hub, session, open);
        break;
    case HUB_DOOR_INVITE:
        open_invite(hub, session, open);
        break;
    case HUB_DOOR_WITHDRAW:
        open_withdraw(hub, session, open);
        break;
    }
}

void door_locate(struct hub *hub, struct session *session, struct player *player)
{
    session->state = SESSION_ASKING;
    session->player = pool_ref(&hub->players, player);
    players_hold(hub, player);
    struct hub_effect *effect = out_effect(&hub->out, HUB_FX_LOCATE);
    effect->locate.conn = session->conn;
    effect->locate.player = player->id;
}

void door_located(struct hub *hub, const struct hub_event_located *located)
{
    struct session *session = session_get(hub, located->conn);
    if (session == NULL || session->state != SESSION_ASKING) {
        hub->late++;
        return;
    }
    struct player *player = pool_get(&hub->players, session->player);
    if (session->door == HUB_DOOR_ME) {
        reply_me(hub, session, player, located->reply == HUB_OK ? located : NULL);
    } else {
        poll_located(hub, session, player, located);
    }
    players_drop(hub, player);
}

static void me_arrived(struct hub *hub, struct session *session, struct player *player,
                       enum hub_reply reply)
{
    bool plays = player->loaded && !ref_is_none(player->match);
    if (reply == HUB_OK && !plays && hub->up[HUB_VALKEY]) {
        door_locate(hub, session, player);
    } else if (reply == HUB_OK || (reply == HUB_UNAVAILABLE && plays)) {
        reply_me(hub, session, player, NULL);
    } else if (reply == HUB_REFUSED) {
        session_refuse(hub, session, 401, HUB_ERROR_AUTH_BAD_SUBJECT, 0);
    } else {
        session_refuse(hub, session, 503, HUB_ERROR_UNAVAILABLE, SESSION_RETRY_S);
    }
}

/* The same for who wants to make or withdraw an invitation. */
static void inviter_arrived(struct hub *hub, struct session *session, struct player *player,
                            enum hub_reply reply)
{
    if (reply == HUB_REFUSED) {
        session_refuse(hub, session, 401, HUB_ERROR_AUTH_BAD_SUBJECT, 0);
    } else if (reply == HUB_UNAVAILABLE) {
        session_refuse(hub, session, 503, HUB_ERROR_UNAVAILABLE, SESSION_RETRY_S);
    } else if (session->door == HUB_DOOR_INVITE) {
        invite_make(hub, session, player);
    } else {
        invite_withdraw(hub, session, player);
    }
}

void door_player(struct hub *hub, struct session *session, struct player *player,
                    enum hub_reply reply)
{
    ASSERT(session->state == SESSION_LOADING);
    session->player = REF_NONE;
    bool plays = session_is_websocket(session) || session->door == HUB_DOOR_JOIN ||
                 session->door == HUB_DOOR_INVITE;
    if (plays && operate_refuses(hub, player, session)) {
        return;
    }
    if (session->door == HUB_DOOR_ME) {
        me_arrived(hub, session, player, reply);
        return;
    }
    if (session->door == HUB_DOOR_JOIN || session->door == HUB_DOOR_POLL ||
        session->door == HUB_DOOR_LEAVE) {
        poll_player(hub, session, player, reply);
        return;
    }
    if (session->door == HUB_DOOR_INVITE || session->door == HUB_DOOR_WITHDRAW) {
        inviter_arrived(hub, session, player, reply);
        return;
    }
    struct live *live = arena_find(hub, &session->sought);
    bool is_there = reply == HUB_OK || (reply == HUB_UNAVAILABLE && player->loaded);
    if (is_there && session->door == HUB_DOOR_MATCH) {
        session->player = pool_ref(&hub->players, player);
        if (live != NULL) {
            enter(hub, session, live);
        } else {
            seek(hub, session, player, &session->sought);
        }
    } else if (reply == HUB_OK) {
        lobby_enter(hub, player, session);
    } else if (reply == HUB_REFUSED) {
        session_end(hub, session, 4401, out_error_code(HUB_ERROR_AUTH_BAD_SUBJECT));
    } else {
        session_end_unavailable(hub, session);
    }
}
