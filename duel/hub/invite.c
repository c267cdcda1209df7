/* Invitations; see invite.h. */
#include <duel/base/assert.h>
#include <duel/hub/arena.h>
#include <duel/hub/invite.h>
#include <duel/hub/keeper.h>
#include <duel/hub/players.h>
#include <duel/hub/saved.h>
#include <duel/hub/session.h>
#include <duel/hub/tell.h>

/* The seat of who made it, as his ticket says. */
#define INVITER 0

/* ---- made and taken back ---- */

static struct text card_of(struct hub *hub, const struct player *player)
{
    struct text_buffer buffer = out_buffer(&hub->out, SAVED_CARD_SIZE_MAX);
    return saved_card(player, player->rating, 0, &buffer);
}

static struct text terms_of(struct hub *hub, bool rated)
{
    struct text_buffer buffer = out_buffer(&hub->out, SAVED_TERMS_SIZE_MAX);
    return saved_terms(&(struct terms){ .rated = rated }, &buffer);
}

/* Valkey is asked something for a request. */
static void ask_for(struct hub *hub, struct session *session, struct player *player)
{
    session->state = SESSION_ASKING;
    session->player = pool_ref(&hub->players, player);
    players_hold(hub, player);
}

void invite_make(struct hub *hub, struct session *session, struct player *player)
{
    if (session->rated && player->opponents < HUB_OPPONENTS_MAX) {
        session_refuse(hub, session, 403, HUB_ERROR_RATED_NEEDS_OPPONENTS, 0);
        return;
    }
    if (!hub->up[HUB_VALKEY]) {
        session_refuse(hub, session, 503, HUB_ERROR_UNAVAILABLE, SESSION_RETRY_S);
        return;
    }
    /* Several may be made in one step, which has one draw of entropy. */
    uint64_t draw = hub->event->entropy[0] + hub->draws++ * UINT64_C(0x9e3779b97f4a7c15);
    session->sought = uuid_random(draw, hub->event->entropy[1]);
    session->expires_ms = hub->now_ms + hub->limits.invite_ms;
    ask_for(hub, session, player);
    struct text card = card_of(hub, player);
    struct text terms = terms_of(hub, session->rated);
    struct hub_effect *effect = out_effect(&hub->out, HUB_FX_INVITE);
    effect->invite.conn = session->conn;
    effect->invite.match = session->sought;
    effect->invite.player = player->id;
    effect->invite.card = card;
    effect->invite.terms = terms;
    effect->invite.rated = session->rated;
    effect->invite.expires_ms = session->expires_ms;
}

/* The request that waits for an answer, which is no player's session any more; or NULL. */
static struct session *asking(struct hub *hub, struct ref conn, enum hub_door door)
{
    struct session *session = session_get(hub, conn);
    if (session == NULL || session->state != SESSION_ASKING || session->door != door) {
        hub->late++;
        return NULL;
    }
    players_drop(hub, pool_get(&hub->players, session->player));
    session->player = REF_NONE;
    return session;
}

static void reply_invite(struct hub *hub, struct session *session)
{
    struct hub_effect_send *send = out_send(&hub->out, HUB_FX_REPLY, session->conn, MSG_invite);
    send->match = session->sought;
    send->message.invite.match = session->sought;
    send->message.invite.expires_at = session->expires_ms;
    send->message.invite.rated = session->rated;
    session->state = SESSION_CLOSING;
}

void invite_made(struct hub *hub, const struct hub_event_invited *event)
{
    struct session *session = asking(hub, event->conn, HUB_DOOR_INVITE);
    if (session == NULL) {
        return;
    }
    switch (event->reply) {
    case HUB_OK:
        out_note(&hub->out, HUB_NOTE_INVITE_MADE, &session->sought, NULL, TEXT_NONE, 0);
        reply_invite(hub, session);
        break;
    case HUB_REFUSED:
        session_refuse(hub, session, 409, HUB_ERROR_TOO_MANY_INVITES, 0);
        break;
    case HUB_UNAVAILABLE:
        session_refuse(hub, session, 503, HUB_ERROR_UNAVAILABLE, SESSION_RETRY_S);
        break;
    }
}

static void ask_withdrawal(struct hub *hub, const struct session *session,
                           const struct player *player)
{
    struct hub_effect *effect = out_effect(&hub->out, HUB_FX_WITHDRAW);
    effect->withdraw.conn = session->conn;
    effect->withdraw.player = player->id;
    effect->withdraw.match = session->sought;
}

void invite_withdraw(struct hub *hub, struct session *session, struct player *player)
{
    if (!hub->up[HUB_VALKEY]) {
        session_refuse(hub, session, 503, HUB_ERROR_UNAVAILABLE, SESSION_RETRY_S);
        return;
    }
    ask_for(hub, session, player);
    ask_withdrawal(hub, session, player);
}

/* The answer to `leave`. An invitation that cannot be taken back any more may have been accepted
 * just now. */
static void left(struct hub *hub, struct session *session, enum hub_reply reply, bool found)
{
    session->leaving = false;
    if (reply != HUB_OK) {
        out_error(&hub->out, session->conn, HUB_ERROR_UNAVAILABLE,
                  hub->now_ms + SESSION_RETRY_S * 1000, MSG_NIL);
    } else if (found) {
        invite_unpark(hub, session);
        session_end(hub, session, 1000, TEXT("left"));
    } else {
        invite_ask(hub, session);
    }
}

void invite_withdrawn(struct hub *hub, struct ref conn, enum hub_reply reply, bool found)
{
    struct session *session = session_get(hub, conn);
    if (session != NULL && session->state == SESSION_PARKED) {
        left(hub, session, reply, found);
        return;
    }
    session = asking(hub, conn, HUB_DOOR_WITHDRAW);
    if (session == NULL) {
        return;
    }
    if (reply == HUB_OK && found) {
        struct hub_effect_send *send =
            out_send(&hub->out, HUB_FX_REPLY, conn, MSG_withdrawn);
        send->message.withdrawn.status = TEXT("withdrawn");
        session->state = SESSION_CLOSING;
    } else if (reply == HUB_OK) {
        session_refuse(hub, session, 404, HUB_ERROR_NO_SUCH_INVITE, 0);
    } else {
        session_refuse(hub, session, 503, HUB_ERROR_UNAVAILABLE, SESSION_RETRY_S);
    }
}

/* ---- who comes ---- */

void invite_seek(struct hub *hub, const struct session *session, const struct player *player,
                 const struct uuid *match)
{
    bool can_play = player != NULL && arena_takes_new(hub);
    struct text card = can_play ? card_of(hub, player) : TEXT("");
    struct text terms = terms_of(hub, false);
    struct hub_effect *effect = out_effect(&hub->out, HUB_FX_SEEK);
    effect->seek.conn = session->conn;
    effect->seek.match = *match;
    effect->seek.slot = session->slot;
    effect->seek.parked = session->state == SESSION_PARKED;
    effect->seek.card = card;
    effect->seek.terms = terms;
    if (player != NULL) {
        effect->seek.player = player->id;
        effect->seek.rated =
            hub->limits.rated_invites && player->opponents >= HUB_OPPONENTS_MAX;
    }
}

/* The socket that waits in the invitation of this id, or NULL. */
static struct session *parked(struct hub *hub, const struct uuid *match)
{
    uint32_t index;
    if (!table_get(&hub->parked, match->bytes, sizeof match->bytes, &index)) {
        return NULL;
    }
    return &hub->sessions[index];
}

void invite_park(struct hub *hub, struct session *session, const struct hub_event_sought *sought)
{
    struct saved_card card;
    struct terms terms;
    struct player *player = NULL;
    if (saved_read_card(sought->copy.card[INVITER], &card) &&
        saved_read_terms(sought->copy.terms, &terms)) {
        player = players_from_card(hub, &card);
    }
    if (player == NULL) {
        out_note(&hub->out, HUB_NOTE_MATCH_UNREADABLE, &sought->match, NULL, TEXT("invitation"),
                 0);
        session_end_unavailable(hub, session);
        return;
    }
    struct session *before = parked(hub, &sought->match);
    if (before != NULL) {
        out_note(&hub->out, HUB_NOTE_SESSION_REPLACED, &sought->match, &player->id,
                 TEXT("invitation"), 0);
        invite_unpark(hub, before);
        session_end(hub, before, 4409, TEXT("replaced"));
    }
    session->state = SESSION_PARKED;
    session->slot = INVITER;
    session->player = pool_ref(&hub->players, player);
    session->sought = sought->match;
    session->expires_ms = sought->until_ms;
    table_put(&hub->parked, session->sought.bytes, sizeof session->sought.bytes,
              session->conn.index);
    players_hold(hub, player);
    session_arm(hub, session);
    tell_invited(hub, session->conn, &sought->match, player, &terms, sought->until_ms);
    /* Once more: that somebody accepted may have been said before there was anybody to hear it. */
    invite_ask(hub, session);
}

/* Why an invitation is nothing to wait in any more; 0: it is. Of a match, its place is another
 * matter. */
static uint16_t code_of(enum hub_place place, struct text *ret_reason)
{
    switch (place) {
    case HUB_NOWHERE:
        *ret_reason = TEXT("no such match");
        return 4404;
    case HUB_EXPIRED:
        *ret_reason = out_error_code(HUB_ERROR_INVITE_EXPIRED);
        return 4408;
    case HUB_WITHDRAWN:
        *ret_reason = out_error_code(HUB_ERROR_INVITE_WITHDRAWN);
        return 4404;
    case HUB_USED:
        *ret_reason = TEXT("match over");
        return 4410;
    case HUB_REPLACED:
        *ret_reason = TEXT("replaced");
        return 4409;
    case HUB_ELSEWHERE:
    case HUB_SUCCESSOR:
    case HUB_FOREIGN:
    case HUB_OURS:
    case HUB_INVITED:
    case HUB_BUSY:
    case HUB_COOLDOWN:
    case HUB_FULL:
        break;
    }
    return 0;
}

void invite_sought(struct hub *hub, struct session *session,
                   const struct hub_event_sought *sought)
{
    struct text reason;
    session->asking = false;
    if (sought->reply != HUB_OK) {
        return; /* it is asked again */
    }
    uint16_t code = code_of(sought->place, &reason);
    if (code != 0) {
        invite_unpark(hub, session);
        session_end(hub, session, code, reason);
    } else if (sought->place == HUB_ELSEWHERE || sought->place == HUB_SUCCESSOR) {
        invite_unpark(hub, session);
        session_redirect(hub, session, &sought->match,
                         sought->place == HUB_ELSEWHERE ? sought->node : TEXT_NONE);
    } else if (sought->place == HUB_OURS) {
        invite_unpark(hub, session);
        session_end_unavailable(hub, session); /* and there is no room for it */
    }
}

void invite_accepted(struct hub *hub, struct live *live)
{
    struct session *session = parked(hub, &live->id);
    if (session == NULL) {
        return;
    }
    bool is_seated = ref_equal(live->seats[INVITER].player, session->player);
    invite_unpark(hub, session);
    if (is_seated) {
        arena_enter(hub, live, session);
    } else {
        session_end(hub, session, 4403, TEXT("not a player of this match"));
    }
}

void invite_release(struct hub *hub, const struct hub_event_sought *sought)
{
    struct saved_card card;
    struct uuid players[2];
    for (uint32_t slot = 0; slot < 2; slot++) {
        if (!saved_read_card(sought->copy.card[slot], &card)) {
            return; /* nobody can play it: it expires */
        }
        players[slot] = card.id;
    }
    keeper_release(hub, &sought->match, players);
}

bool invite_nudged(struct hub *hub, const struct uuid *match)
{
    struct session *session = parked(hub, match);
    if (session == NULL) {
        return false;
    }
    invite_ask(hub, session);
    return true;
}

/* ---- who waits ---- */

void invite_ask(struct hub *hub, struct session *session)
{
    ASSERT(session->state == SESSION_PARKED);
    if (session->asking || !hub->up[HUB_VALKEY]) {
        return;
    }
    session->asking = true;
    invite_seek(hub, session, pool_get(&hub->players, session->player), &session->sought);
}

void invite_message(struct hub *hub, struct session *session, const struct message *message)
{
    if (message->type == MSG_leave) {
        if (!session->leaving) {
            session->leaving = true;
            ask_withdrawal(hub, session, pool_get(&hub->players, session->player));
        }
    } else if (message->type == MSG_guess) {
        out_error(&hub->out, session->conn, HUB_ERROR_NOT_IN_ROUND, MSG_NIL, message->guess.seq);
    } else if (message->type == MSG_client_rematch) {
        out_error(&hub->out, session->conn, HUB_ERROR_NOT_OVER, MSG_NIL, MSG_NIL);
    } else if (message->type != MSG_ready) { /* which says nothing before the countdown */
        out_error(&hub->out, session->conn, HUB_ERROR_WRONG_SOCKET, MSG_NIL, MSG_NIL);
    }
}

void invite_expire(struct hub *hub, struct session *session)
{
    invite_unpark(hub, session);
    session_end(hub, session, 4408, out_error_code(HUB_ERROR_INVITE_EXPIRED));
}

void invite_unpark(struct hub *hub, struct session *session)
{
    struct player *player = pool_get(&hub->players, session->player);
    ASSERT(parked(hub, &session->sought) == session);
    table_remove(&hub->parked, session->sought.bytes, sizeof session->sought.bytes);
    session->player = REF_NONE;
    session->asking = false;
    session->leaving = false;
    players_drop(hub, player);
}
