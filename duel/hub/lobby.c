/* Queue tickets; see lobby.h. */
#include <duel/base/assert.h>
#include <duel/hub/arena.h>
#include <duel/hub/keeper.h>
#include <duel/hub/lobby.h>
#include <duel/hub/pair.h>
#include <duel/hub/players.h>
#include <duel/hub/saved.h>
#include <duel/hub/session.h>
#include <string.h>

/* A ticket is renewed at least so often, because any key of Valkey may vanish (contract section
 * 7). */
#define RENEW_US 5000000u
#define TELL_US 1000000u /* `queued` goes out at most once in this time (contract section 3) */
#define ETA_WAITS_MIN 8

/* ---- what is told ---- */

/* The wait that four of five recent ones did not exceed. */
static int64_t expected_wait_ms(const struct hub *hub)
{
    uint32_t sorted[WAITS_MAX];
    uint32_t count = hub->waits_count < WAITS_MAX ? hub->waits_count : WAITS_MAX;
    if (count < ETA_WAITS_MIN) {
        return MSG_NIL;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t place = i;
        for (; place > 0 && sorted[place - 1] > hub->waits[i]; place--) {
            sorted[place] = sorted[place - 1];
        }
        sorted[place] = hub->waits[i];
    }
    return sorted[(count - 1) * 4 / 5];
}

void lobby_remember_wait(struct hub *hub, const struct player *player)
{
    int64_t waited_ms = hub->now_ms - player->ticket.since_ms;
    ASSERT(waited_ms >= 0);
    hub->waits[hub->waits_count % WAITS_MAX] =
        waited_ms < UINT32_MAX ? (uint32_t)waited_ms : UINT32_MAX;
    hub->waits_count++;
    hub->eta_ms = expected_wait_ms(hub);
}

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

static void tell_queued(struct hub *hub, const struct player *player, struct ref conn)
{
    struct hub_effect_send *send = out_send(&hub->out, HUB_FX_SEND, conn, MSG_queued);
    lobby_describe(hub, player, &send->message.queued);
}

static bool has_changed(const struct hub *hub, const struct player *player)
{
    const struct ticket *ticket = &player->ticket;
    struct msg_queued queued;
    lobby_describe(hub, player, &queued);
    return ticket->told_us == 0 || queued.window != ticket->told_window ||
           queued.waiting != ticket->told_waiting || queued.eta_ms != ticket->told_eta_ms;
}

static void tell_changes(struct hub *hub, struct player *player)
{
    struct ticket *ticket = &player->ticket;
    if (!ticket->wanted || !ticket->known ||
        (ticket->told_us != 0 && hub->now_us < ticket->told_us + TELL_US) ||
        !has_changed(hub, player)) {
        return;
    }
    struct msg_queued queued;
    lobby_describe(hub, player, &queued);
    ticket->told_us = hub->now_us;
    ticket->told_window = queued.window;
    ticket->told_waiting = queued.waiting;
    ticket->told_eta_ms = queued.eta_ms;
    for (uint32_t i = 0; i < ticket->sockets_count; i++) {
        tell_queued(hub, player, ticket->sockets[i]);
    }
}

/* `matched` without the opponent, to be filled in. */
static struct hub_effect_send *tell_match(struct hub *hub, struct ref conn,
                                          const struct uuid *match, uint8_t slot)
{
    struct hub_effect_send *send = out_send(&hub->out, HUB_FX_SEND, conn, MSG_matched);
    send->match = *match;
    send->slot = slot;
    send->by_node = hub->siblings;
    send->message.matched.match = *match;
    return send;
}

void lobby_tell_matched(struct hub *hub, struct player *player, struct ref conn)
{
    const struct live *live = pool_get(&hub->matches, player->match);
    ASSERT(live != NULL);
    struct ref self = pool_ref(&hub->players, player);
    uint8_t slot = ref_equal(live->seats[0].player, self) ? 0 : 1;
    const struct live_seat *other = &live->seats[1 - slot];
    const struct player *opponent = pool_get(&hub->players, other->player);
    ASSERT(opponent != NULL);
    tell_match(hub, conn, &live->id, slot)->message.matched.opponent = (struct msg_opponent_card){
        .name = out_text(&hub->out, player_name(opponent)),
        .avatar = out_text(&hub->out, player_avatar(opponent)),
        .country = out_text(&hub->out, player_country(opponent)),
        .rating = other->rating,
    };
}

/* ---- sockets ---- */

static void add_socket(struct hub *hub, struct player *player, struct session *session)
{
    struct ticket *ticket = &player->ticket;
    if (ticket->sockets_count == QUEUE_SOCKETS_MAX) {
        struct session *oldest = session_get(hub, ticket->sockets[0]);
        ASSERT(oldest != NULL && oldest->state == SESSION_QUEUED);
        ticket->sockets_count--;
        memmove(ticket->sockets, ticket->sockets + 1,
                ticket->sockets_count * sizeof *ticket->sockets);
        out_note(&hub->out, HUB_NOTE_SESSION_REPLACED, NULL, &player->id, TEXT("queue"), 0);
        session_end(hub, oldest, 4409, TEXT("replaced"));
        players_drop(hub, player);
    }
    ticket->sockets[ticket->sockets_count++] = session->conn;
    session->state = SESSION_QUEUED;
    session->player = pool_ref(&hub->players, player);
    players_hold(hub, player);
}

/* Ends what the player wants, and hands out the sockets, which no list holds any more. */
static uint32_t stop(struct hub *hub, struct player *player,
                     struct session *ret_sessions[QUEUE_SOCKETS_MAX])
{
    struct ticket *ticket = &player->ticket;
    ASSERT(ticket->wanted && hub->tickets_count > 0);
    uint32_t count = ticket->sockets_count;
    for (uint32_t i = 0; i < count; i++) {
        ret_sessions[i] = session_get(hub, ticket->sockets[i]);
        ASSERT(ret_sessions[i] != NULL && ret_sessions[i]->state == SESSION_QUEUED);
    }
    ASSERT(player->refs >= count);
    player->refs -= count;
    ticket->sockets_count = 0;
    ticket->wanted = false;
    ticket->again = false;
    hub->tickets_count--;
    return count;
}

void lobby_stop_unavailable(struct hub *hub, struct player *player)
{
    struct session *sessions[QUEUE_SOCKETS_MAX];
    uint32_t count = stop(hub, player, sessions);
    for (uint32_t i = 0; i < count; i++) {
        session_end_unavailable(hub, sessions[i]);
    }
}

static void stop_timeout(struct hub *hub, struct player *player)
{
    struct session *sessions[QUEUE_SOCKETS_MAX];
    out_note(&hub->out, HUB_NOTE_QUEUE_TIMEOUT, NULL, &player->id, TEXT_NONE,
             hub->now_ms - player->ticket.since_ms);
    uint32_t count = stop(hub, player, sessions);
    for (uint32_t i = 0; i < count; i++) {
        out_send(&hub->out, HUB_FX_SEND, sessions[i]->conn, MSG_timeout);
        session_end(hub, sessions[i], 4408, TEXT("timeout"));
    }
}

static void stop_matched(struct hub *hub, struct player *player)
{
    struct session *sessions[QUEUE_SOCKETS_MAX];
    uint32_t count = stop(hub, player, sessions);
    for (uint32_t i = 0; i < count; i++) {
        lobby_tell_matched(hub, player, sessions[i]->conn);
        session_end(hub, sessions[i], 1000, TEXT("matched"));
    }
}

void lobby_taken(struct hub *hub, struct player *player)
{
    ASSERT(!ref_is_none(player->match));
    if (player->ticket.wanted) {
        stop_matched(hub, player);
        lobby_proceed(hub, player);
    }
}

/* The same for a match that is to be played by another node: `card` is the opponent's. */
void lobby_stop_elsewhere(struct hub *hub, struct player *player, uint8_t slot,
                           const struct hub_event_queue *event, const struct saved_card *card)
{
    struct session *sessions[QUEUE_SOCKETS_MAX];
    uint32_t count = stop(hub, player, sessions);
    for (uint32_t i = 0; i < count; i++) {
        struct text node = out_text(&hub->out, event->node);
        struct msg_opponent_card opponent = {
            .name = out_text(&hub->out, card->name),
            .avatar = out_text(&hub->out, card->avatar),
            .country = out_text(&hub->out, card->country),
            .rating = card->rating,
        };
        struct hub_effect_send *send =
            tell_match(hub, sessions[i]->conn, &event->match, slot);
        send->node = node;
        send->message.matched.opponent = opponent;
        session_end(hub, sessions[i], 1000, TEXT("matched"));
    }
}

void lobby_leave(struct hub *hub, struct player *player)
{
    struct session *sessions[QUEUE_SOCKETS_MAX];
    out_note(&hub->out, HUB_NOTE_PLAYER_LEFT_QUEUE, NULL, &player->id, TEXT_NONE, 0);
    uint32_t count = stop(hub, player, sessions);
    for (uint32_t i = 0; i < count; i++) {
        session_end(hub, sessions[i], 1000, TEXT("left"));
    }
    lobby_proceed(hub, player);
}

void lobby_socket_gone(struct hub *hub, struct player *player, struct session *session)
{
    struct ticket *ticket = &player->ticket;
    uint32_t i = 0;
    while (!ref_equal(ticket->sockets[i], session->conn)) {
        i++;
        ASSERT(i < ticket->sockets_count);
    }
    ticket->sockets_count--;
    memmove(ticket->sockets + i, ticket->sockets + i + 1,
            (ticket->sockets_count - i) * sizeof *ticket->sockets);
    players_drop(hub, player);
    if (ticket->sockets_count == 0) {
        struct session *none[QUEUE_SOCKETS_MAX];
        out_note(&hub->out, HUB_NOTE_PLAYER_LEFT_QUEUE, NULL, &player->id, TEXT_NONE, 0);
        stop(hub, player, none);
        lobby_proceed(hub, player);
    }
}

/* ---- operations in Valkey ---- */

static void join(struct hub *hub, struct player *player)
{
    struct ticket *ticket = &player->ticket;
    ASSERT(ticket->op == TICKET_IDLE && ticket->wanted);
    ticket->op = TICKET_JOINING;
    ticket->again = false;
    struct text_buffer buffer = out_buffer(&hub->out, SAVED_CARD_SIZE_MAX);
    struct text card = saved_card(player, player->rating, ticket->since_ms, &buffer);
    /* Several may join in one step, which has one draw of entropy. */
    uint64_t draw = hub->event->entropy[0] + hub->draws++ * UINT64_C(0x9e3779b97f4a7c15);
    struct hub_effect *effect = out_effect(&hub->out, HUB_FX_QUEUE_JOIN);
    effect->join.player = pool_ref(&hub->players, player);
    effect->join.ticket = (struct matchmaker_ticket){
        .player = player->id,
        .since_ms = ticket->since_ms,
        .rating = player->rating,
    };
    effect->join.expires_ms = ticket->expires_ms;
    effect->join.card = card;
    ticket->match = uuid_random(draw, hub->event->entropy[1]);
    effect->join.match = ticket->match;
    /* Seats are drawn, because the first writer alternates from seat 0 on. */
    effect->join.slot = hub->event->entropy[3] & 1;
}

static void leave(struct hub *hub, struct player *player)
{
    struct ticket *ticket = &player->ticket;
    ASSERT(ticket->op == TICKET_IDLE && !ticket->wanted);
    ticket->op = TICKET_LEAVING;
    ticket->kept = false;
    struct hub_effect *effect = out_effect(&hub->out, HUB_FX_QUEUE_LEAVE);
    effect->leave.player = pool_ref(&hub->players, player);
    effect->leave.id = player->id;
}

/* What to ask next. A ticket that nobody wants and that cannot be taken out does no harm: it
 * expires, and whoever is paired with it is joined again. */
void lobby_proceed(struct hub *hub, struct player *player)
{
    struct ticket *ticket = &player->ticket;
    if (ticket->op == TICKET_IDLE && hub->up[HUB_VALKEY]) {
        if (ticket->wanted && ticket->again) {
            join(hub, player);
        } else if (!ticket->wanted && ticket->kept && !hub->draining) {
            leave(hub, player);
        }
    }
    tell_changes(hub, player);
    players_arm(hub, player);
}

static void plan_renewal(const struct hub *hub, struct ticket *ticket)
{
    int64_t next_ms =
        matchmaker_next_ms(&hub->limits.matchmaker, ticket->since_ms, hub->now_ms);
    ASSERT(next_ms > hub->now_ms);
    ticket->renew_us = hub->now_us + RENEW_US;
    if (next_ms < INT64_MAX && (uint64_t)next_ms * 1000 < ticket->renew_us) {
        ticket->renew_us = (uint64_t)next_ms * 1000;
    }
}

static void start(struct hub *hub, struct player *player)
{
    struct ticket *ticket = &player->ticket;
    bool old = player->old_since_ms != 0 && hub->now_us < player->old_until_us;
    ASSERT(!ticket->wanted && ticket->sockets_count == 0 && ref_is_none(player->match));
    ticket->wanted = true;
    ticket->again = true;
    ticket->known = false;
    ticket->told_us = 0;
    ticket->renew_us = hub->now_us;
    ticket->since_ms = old ? player->old_since_ms : hub->now_ms;
    ticket->expires_ms = hub->now_ms + hub->limits.matchmaker.timeout_ms;
    player->old_since_ms = 0;
    hub->tickets_count++;
    out_note(&hub->out, HUB_NOTE_PLAYER_JOINED_QUEUE, NULL, &player->id, TEXT_NONE, 0);
}

void lobby_enter(struct hub *hub, struct player *player, struct session *session)
{
    ASSERT(player->loaded);
    if (hub->draining) {
        session_end(hub, session, 1012, TEXT("restarting"));
    } else if (!ref_is_none(player->match)) {
        lobby_tell_matched(hub, player, session->conn);
        session_end(hub, session, 1000, TEXT("matched"));
    } else if (!hub->up[HUB_VALKEY]) {
        session_end_unavailable(hub, session);
    } else if (player->ticket.wanted) {
        add_socket(hub, player, session);
        if (player->ticket.known) {
            tell_queued(hub, player, session->conn);
            /* What the others have to be told comes a second later, so that this one does not
             * hear it too soon. */
            player->ticket.told_us = hub->now_us;
            players_arm(hub, player);
        }
    } else {
        start(hub, player);
        add_socket(hub, player, session);
        lobby_proceed(hub, player);
    }
}

void lobby_joined(struct hub *hub, const struct hub_event_queue *event)
{
    struct player *player = pool_get(&hub->players, event->player);
    if (player == NULL || player->ticket.op != TICKET_JOINING) {
        hub->late++;
        return;
    }
    struct ticket *ticket = &player->ticket;
    ticket->op = TICKET_IDLE;
    ticket->kept = true;
    if (ticket->wanted) {
        plan_renewal(hub, ticket);
    }
    if (event->reply == HUB_OK) {
        ticket->known = ticket->wanted;
        ticket->waiting = event->waiting > 0 ? event->waiting : 1; /* who asks waits */
        if (ticket->wanted && event->since_ms > 0 && event->since_ms < ticket->since_ms) {
            ticket->since_ms = event->since_ms; /* kept its place over a restart */
            plan_renewal(hub, ticket);
        }
        if (event->matched) {
            pair_made(hub, player, event);
        }
    } else if (ticket->wanted && !ticket->known && !(ticket->again && hub->up[HUB_VALKEY])) {
        lobby_stop_unavailable(hub, player);
    }
    lobby_proceed(hub, player);
}

void lobby_left(struct hub *hub, struct ref ref)
{
    struct player *player = pool_get(&hub->players, ref);
    if (player == NULL || player->ticket.op != TICKET_LEAVING) {
        hub->late++;
        return;
    }
    player->ticket.op = TICKET_IDLE;
    if (player->ticket.wanted && !hub->up[HUB_VALKEY]) {
        /* Came back while the old ticket was being taken out, and now there is no Valkey. */
        lobby_stop_unavailable(hub, player);
    }
    lobby_proceed(hub, player);
}

void lobby_nudged(struct hub *hub, const struct uuid *id)
{
    struct player *player = uuid_is_none(id) ? NULL : players_find_id(hub, id);
    if (player != NULL && player->ticket.wanted) {
        player->ticket.again = true;
        lobby_proceed(hub, player);
    } else if (uuid_is_none(id)) {
        keeper_renew(hub);
    }
}

/* ---- time ---- */

uint64_t lobby_deadline_us(const struct hub *hub, const struct player *player)
{
    const struct ticket *ticket = &player->ticket;
    if (!ticket->wanted) {
        return TIMERQ_NEVER;
    }
    uint64_t deadline_us = (uint64_t)ticket->expires_ms * 1000;
    if (ticket->op == TICKET_IDLE && hub->up[HUB_VALKEY] && ticket->renew_us < deadline_us) {
        deadline_us = ticket->renew_us;
    }
    if (ticket->known && has_changed(hub, player) && ticket->told_us + TELL_US < deadline_us) {
        deadline_us = ticket->told_us + TELL_US;
    }
    return deadline_us;
}

void lobby_timer(struct hub *hub, struct player *player)
{
    struct ticket *ticket = &player->ticket;
    ASSERT(ticket->wanted);
    if (hub->now_ms >= ticket->expires_ms) {
        stop_timeout(hub, player);
    } else if (ticket->op == TICKET_IDLE && hub->now_us >= ticket->renew_us) {
        ticket->again = true;
    }
    lobby_proceed(hub, player);
}

void lobby_valkey_up(struct hub *hub)
{
    uint32_t index = 0;
    struct player *player;
    while ((player = pool_next(&hub->players, &index)) != NULL) {
        struct ticket *ticket = &player->ticket;
        if (ticket->wanted) {
            /* Through the timers, which are bounded in what one step sends. */
            ticket->again = ticket->op != TICKET_IDLE;
            ticket->renew_us = hub->now_us;
            players_arm(hub, player);
        }
    }
}
