/* What operators do; see operate.h. */
#include <duel/base/assert.h>
#include <duel/hub/arena.h>
#include <duel/hub/keeper.h>
#include <duel/hub/lobby.h>
#include <duel/hub/operate.h>
#include <duel/hub/players.h>
#include <duel/hub/session.h>
#include <duel/hub/stage.h>
#include <string.h>

/* ---- bans ---- */

static void remember_ban(struct hub *hub, const struct uuid *id, int64_t until_ms)
{
    uint32_t place = hub->bans_count++ % BANS_MAX;
    hub->bans[place].id = *id;
    hub->bans[place].until_ms = until_ms;
}

int64_t operate_banned_until_ms(const struct hub *hub, const struct uuid *id)
{
    uint32_t oldest = hub->bans_count > BANS_MAX ? hub->bans_count - BANS_MAX : 0;
    for (uint32_t i = hub->bans_count; i-- > oldest;) {
        if (uuid_equal(&hub->bans[i % BANS_MAX].id, id)) {
            return hub->bans[i % BANS_MAX].until_ms;
        }
    }
    return 0;
}

bool operate_refuses(struct hub *hub, const struct player *player, struct session *session)
{
    if (player->banned_until_ms <= hub->now_ms) {
        return false;
    }
    session_end_banned(hub, session, player->banned_until_ms);
    return true;
}

/* The seat of the player in the match, or 2. */
static uint8_t seat_of(const struct live *live, struct ref player)
{
    return ref_equal(live->seats[0].player, player) ? 0
           : ref_equal(live->seats[1].player, player) ? 1 : 2;
}

/* Whether the session is there to play; who only looks something up is answered. */
static bool is_players(struct hub *hub, const struct session *session, struct ref player)
{
    bool plays = session_is_websocket(session) || session->door == HUB_DOOR_JOIN ||
                 session->door == HUB_DOOR_INVITE;
    const struct live *live = pool_get(&hub->matches, session->match);
    switch (session->state) {
    case SESSION_FREE:
    case SESSION_CLOSING:
        break;
    case SESSION_LOADING:
    case SESSION_ASKING:
    case SESSION_QUEUED:
    case SESSION_PARKED:
        return plays && ref_equal(session->player, player);
    case SESSION_PLAYING:
        return seat_of(live, player) == session->slot;
    }
    return false;
}

/* His live match goes on as if he had left. One that nobody has come to yet, or that may have gone
 * on elsewhere, is kept from him by the door. */
static void leave_match(struct hub *hub, const struct player *player)
{
    struct live *live = pool_get(&hub->matches, player->match);
    if (live == NULL || live->dormant || live->unproven || !stage_settle(hub, live) ||
        live->match.phase >= MATCH_OVER) {
        return;
    }
    struct match_event event = { .type = MATCH_EV_LEAVE,
                                 .slot = seat_of(live, pool_ref(&hub->players, player)) };
    stage_step(hub, live, event, NULL);
}

static void ban(struct hub *hub, const struct hub_event_act *act)
{
    struct player *player = players_find_id(hub, &act->id);
    remember_ban(hub, &act->id, act->until_ms);
    if (player == NULL || player->banned_until_ms == act->until_ms) {
        return;
    }
    player->banned_until_ms = act->until_ms;
    if (act->until_ms <= hub->now_ms) {
        return;
    }
    struct ref ref = pool_ref(&hub->players, player);
    out_note(&hub->out, HUB_NOTE_PLAYER_BANNED, NULL, &player->id, TEXT_NONE, 0);
    players_hold(hub, player);
    leave_match(hub, player);
    for (uint32_t i = 0; i < hub->limits.connections_max; i++) {
        if (is_players(hub, &hub->sessions[i], ref)) {
            session_banish(hub, &hub->sessions[i], act->until_ms);
        }
    }
    if (player->ticket.wanted) {
        lobby_leave(hub, player); /* he has polled */
    }
    players_drop(hub, player);
}

static void unban(struct hub *hub, const struct uuid *id)
{
    struct player *player = players_find_id(hub, id);
    remember_ban(hub, id, 0);
    if (player != NULL) {
        player->banned_until_ms = 0;
    }
}

/* ---- matches ---- */

static void void_match(struct hub *hub, const struct uuid *id)
{
    struct live *live = arena_find(hub, id);
    if (live == NULL || live->dormant || live->unproven || !stage_settle(hub, live) ||
        live->match.phase >= MATCH_OVER) {
        return;
    }
    out_note(&hub->out, HUB_NOTE_MATCH_VOIDED, id, NULL, TEXT_NONE, 0);
    for (uint32_t slot = 0; slot < 2; slot++) {
        if (!ref_is_none(live->seats[slot].conn) && !live->seats[slot].unwelcomed) {
            out_error(&hub->out, live->seats[slot].conn, HUB_ERROR_MATCH_VOID, MSG_NIL, MSG_NIL);
        }
    }
    stage_step(hub, live, (struct match_event){ .type = MATCH_EV_VOID }, NULL);
}

/* A match of his was made void; what else was changed with it is read when he comes again. */
static void rate(struct hub *hub, const struct hub_event_act *act)
{
    struct player *player = players_find_id(hub, &act->id);
    if (player != NULL) {
        player->rating = act->rating;
        player->stale = true;
    }
}

/* ---- a notice ---- */

bool operate_describe_notice(const struct hub *hub, struct msg_notice *ret_notice)
{
    if (hub->notice_size == 0 || hub->notice_until_ms <= hub->now_ms) {
        return false;
    }
    ret_notice->message = (struct text){ hub->notice, hub->notice_size };
    ret_notice->until = hub->notice_until_ms == HUB_FOR_EVER ? MSG_NIL : hub->notice_until_ms;
    return true;
}

static bool knows_where_it_is(const struct hub *hub, const struct session *session)
{
    const struct live *live = pool_get(&hub->matches, session->match);
    const struct player *player = pool_get(&hub->players, session->player);
    switch (session->state) {
    case SESSION_QUEUED:
        return player->ticket.told_us != 0 && session_is_websocket(session);
    case SESSION_PLAYING:
        return !live->seats[session->slot].unwelcomed;
    case SESSION_PARKED:
        return true;
    case SESSION_FREE:
    case SESSION_LOADING:
    case SESSION_ASKING:
    case SESSION_CLOSING:
        break;
    }
    return false;
}

bool operate_owes_notice(const struct hub *hub, const struct session *session)
{
    struct msg_notice notice;
    return session->noticed != hub->notice_number && knows_where_it_is(hub, session) &&
           (session->noticed != 0 || operate_describe_notice(hub, &notice));
}

void operate_notice(struct hub *hub, struct session *session)
{
    struct msg_notice notice = { .message = TEXT_NONE, .until = MSG_NIL };
    bool stands = operate_describe_notice(hub, &notice);
    if (session->noticed == hub->notice_number || (session->noticed == 0 && !stands)) {
        return;
    }
    session->noticed = hub->notice_number;
    out_send(&hub->out, HUB_FX_SEND, session->conn, MSG_notice)->message.notice = notice;
}

/* Through the timers, which are bounded in what one step sends. */
static void set_notice(struct hub *hub, const struct hub_event_act *act)
{
    ASSERT(act->text.size <= HUB_NOTICE_SIZE_MAX);
    if (act->text.size == hub->notice_size && act->until_ms == hub->notice_until_ms &&
        memcmp(act->text.data, hub->notice, hub->notice_size) == 0) {
        return;
    }
    if (act->text.size > 0) {
        memcpy(hub->notice, act->text.data, act->text.size);
    }
    hub->notice_size = act->text.size;
    hub->notice_until_ms = act->until_ms;
    hub->notice_number++;
    out_note(&hub->out, HUB_NOTE_NOTICE_SET, NULL, NULL, TEXT_NONE, act->text.size);
    for (uint32_t i = 0; i < hub->limits.connections_max; i++) {
        if (operate_owes_notice(hub, &hub->sessions[i])) {
            session_arm(hub, &hub->sessions[i]);
        }
    }
}

/* ---- no new matches ---- */

bool hub_is_closed(const struct hub *hub)
{
    return hub->closed;
}

/* Who waits is sent away in the timers of this and the next steps. */
static void set_closed(struct hub *hub, bool closed)
{
    uint32_t index = 0;
    struct player *player;
    if (hub->closed == closed) {
        return;
    }
    hub->closed = closed;
    out_note(&hub->out, closed ? HUB_NOTE_NODE_CLOSED : HUB_NOTE_NODE_REOPENED, NULL, NULL,
             TEXT_NONE, 0);
    keeper_renew(hub); /* others hear at once whether matches may be placed here */
    while (closed && (player = pool_next(&hub->players, &index)) != NULL) {
        if (player->ticket.wanted) {
            players_arm(hub, player);
        }
    }
}

void operate_act(struct hub *hub, const struct hub_event_act *act)
{
    switch (act->act) {
    case HUB_ACT_BAN:
        ban(hub, act);
        break;
    case HUB_ACT_UNBAN:
        unban(hub, &act->id);
        break;
    case HUB_ACT_VOID:
        void_match(hub, &act->id);
        break;
    case HUB_ACT_RATING:
        rate(hub, act);
        break;
    case HUB_ACT_NOTICE:
        set_notice(hub, act);
        break;
    case HUB_ACT_CLOSE:
        set_closed(hub, true);
        break;
    case HUB_ACT_REOPEN:
        set_closed(hub, false);
        break;
    }
}
