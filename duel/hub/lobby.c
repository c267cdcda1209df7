/* Queue tickets; see lobby.h. */
#include <duel/base/assert.h>
#include <duel/hub/arena.h>
#include <duel/hub/counts.h>
#include <duel/hub/keeper.h>
#include <duel/hub/lobby.h>
#include <duel/hub/lobby_tell.h>
#include <duel/hub/pair.h>
#include <duel/hub/players.h>
#include <duel/hub/rematch.h>
#include <duel/hub/saved.h>
#include <duel/hub/session.h>
#include <string.h>

/* A ticket is renewed at least so often, because any key of Valkey may vanish (contract section
 * 7). */
#define RENEW_US 5000000u
#define LATER_US 250000u /* while Valkey is told again what it has lost */

/* ---- sockets ---- */

/* who was paired at once never waited, and nobody was told what he had to expect. */
static void remember_wait(struct hub *hub, const struct ticket *ticket, bool paired)
{
    uint32_t eta_ms;
    if (ticket->told_us == 0) {
        return;
    }
    waits_add(&hub->waits, hub->now_ms - ticket->asked_ms, paired);
    if (waits_expect(&hub->waits, &eta_ms)) {
        hub->eta_ms = eta_ms;
    }
}

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
        lobby_tell_replaced(hub, oldest);
        players_drop(hub, player);
    }
    ticket->sockets[ticket->sockets_count++] = session->conn;
    session->state = SESSION_QUEUED;
    session->player = pool_ref(&hub->players, player);
    players_hold(hub, player);
}

/* Ends what the player wants, with an opponent or without, and hands out the sockets, which no list
 * holds any more. */
static uint32_t stop(struct hub *hub, struct player *player, bool paired,
                     struct session *ret_sessions[QUEUE_SOCKETS_MAX])
{
    struct ticket *ticket = &player->ticket;
    ASSERT(ticket->wanted && hub->tickets_count > 0);
    remember_wait(hub, ticket, paired);
    if (paired) {
        counts_matched(hub, ticket);
    }
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
    ticket->polled_until_us = 0;
    hub->tickets_count--;
    return count;
}

void lobby_stop_unavailable(struct hub *hub, struct player *player)
{
    struct session *sessions[QUEUE_SOCKETS_MAX];
    uint32_t count = stop(hub, player, false, sessions);
    for (uint32_t i = 0; i < count; i++) {
        session_end_unavailable(hub, sessions[i]);
    }
}

static void stop_cooldown(struct hub *hub, struct player *player, int64_t until_ms)
{
    struct session *sessions[QUEUE_SOCKETS_MAX];
    out_note(&hub->out, HUB_NOTE_PLAYER_COOLDOWN, NULL, &player->id, TEXT_NONE,
             until_ms - hub->now_ms);
    uint32_t count = stop(hub, player, false, sessions);
    for (uint32_t i = 0; i < count; i++) {
        session_end_cooldown(hub, sessions[i], until_ms);
    }
}

static void stop_timeout(struct hub *hub, struct player *player)
{
    struct session *sessions[QUEUE_SOCKETS_MAX];
    out_note(&hub->out, HUB_NOTE_QUEUE_TIMEOUT, NULL, &player->id, TEXT_NONE,
             hub->now_ms - player->ticket.since_ms);
    uint32_t count = stop(hub, player, false, sessions);
    for (uint32_t i = 0; i < count; i++) {
        lobby_tell_timeout(hub, sessions[i]);
    }
}

static void stop_matched(struct hub *hub, struct player *player)
{
    struct session *sessions[QUEUE_SOCKETS_MAX];
    uint32_t count = stop(hub, player, true, sessions);
    for (uint32_t i = 0; i < count; i++) {
        lobby_tell_matched(hub, player, sessions[i]);
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
    uint32_t count = stop(hub, player, true, sessions);
    for (uint32_t i = 0; i < count; i++) {
        lobby_tell_elsewhere(hub, sessions[i], &event->match, slot, event->node, card);
    }
}

void lobby_leave(struct hub *hub, struct player *player)
{
    struct session *sessions[QUEUE_SOCKETS_MAX];
    out_note(&hub->out, HUB_NOTE_PLAYER_LEFT_QUEUE, NULL, &player->id, TEXT_NONE, 0);
    uint32_t count = stop(hub, player, false, sessions);
    for (uint32_t i = 0; i < count; i++) {
        lobby_tell_left(hub, sessions[i]);
    }
    lobby_proceed(hub, player);
}

static void stop_when_nobody_waits(struct hub *hub, struct player *player)
{
    struct session *none[QUEUE_SOCKETS_MAX];
    const struct ticket *ticket = &player->ticket;
    if (ticket->wanted && ticket->sockets_count == 0 && ticket->polled_until_us == 0) {
        out_note(&hub->out, HUB_NOTE_PLAYER_LEFT_QUEUE, NULL, &player->id, TEXT_NONE, 0);
        stop(hub, player, false, none);
        lobby_proceed(hub, player);
    }
}

/* Who polls has not asked for too long, or is to ask another process. */
static void stop_polling(struct hub *hub, struct player *player)
{
    struct ticket *ticket = &player->ticket;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < ticket->sockets_count; i++) {
        struct ref conn = ticket->sockets[i];
        struct session *session = session_get(hub, conn);
        if (session_is_websocket(session)) {
            ticket->sockets[kept++] = conn;
        } else {
            session_end_unavailable(hub, session);
        }
    }
    player->refs -= ticket->sockets_count - kept;
    ticket->sockets_count = kept;
    ticket->polled_until_us = 0;
    stop_when_nobody_waits(hub, player);
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
    stop_when_nobody_waits(hub, player);
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
    lobby_tell_changes(hub, player);
    stop_when_nobody_waits(hub, player); /* the last was a request that only asked */
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
    ticket->asked_ms = hub->now_ms;
    ticket->expires_ms = hub->now_ms + hub->limits.matchmaker.timeout_ms;
    player->old_since_ms = 0;
    (void)rematch_withdraw(hub, player);
    hub->tickets_count++;
    out_note(&hub->out, HUB_NOTE_PLAYER_JOINED_QUEUE, NULL, &player->id, TEXT_NONE, 0);
}

bool lobby_is_open(const struct hub *hub)
{
    return hub->up[HUB_VALKEY] && hub->up[HUB_FRAMES] && !hub->closed;
}

void lobby_wait(struct hub *hub, struct player *player, struct session *session)
{
    ASSERT(player->ticket.wanted);
    add_socket(hub, player, session);
}

void lobby_enter(struct hub *hub, struct player *player, struct session *session)
{
    ASSERT(player->loaded);
    if (hub->draining) {
        session_end(hub, session, 1012, TEXT("restarting"));
    } else if (!ref_is_none(player->match)) {
        lobby_tell_matched(hub, player, session);
    } else if (!lobby_is_open(hub)) {
        session_end_unavailable(hub, session);
    } else if (player->ticket.wanted) {
        add_socket(hub, player, session);
        if (player->ticket.known) {
            lobby_tell_queued(hub, player, session);
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
        if (ticket->wanted && event->later) {
            ticket->renew_us = hub->now_us + LATER_US;
        }
        if (event->matched) {
            pair_made(hub, player, event);
        } else if (event->cooldown_until_ms != 0) {
            ticket->kept = false;
            if (ticket->wanted) {
                stop_cooldown(hub, player, event->cooldown_until_ms);
            }
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
    if (hub->closed) {
        return hub->now_us;
    }
    uint64_t deadline_us = (uint64_t)ticket->expires_ms * 1000;
    uint64_t polled_us = hub->draining ? hub->now_us : ticket->polled_until_us;
    if (ticket->polled_until_us != 0 && polled_us < deadline_us) {
        deadline_us = polled_us;
    }
    if (ticket->op == TICKET_IDLE && lobby_is_open(hub) && ticket->renew_us < deadline_us) {
        deadline_us = ticket->renew_us;
    }
    uint64_t told_us = ticket->told_us + LOBBY_TELL_US;
    if (ticket->known && lobby_has_changed(hub, player) && told_us < deadline_us) {
        deadline_us = told_us;
    }
    return deadline_us;
}

void lobby_timer(struct hub *hub, struct player *player)
{
    struct ticket *ticket = &player->ticket;
    ASSERT(ticket->wanted);
    if (hub->now_ms >= ticket->expires_ms) {
        stop_timeout(hub, player);
    } else if (hub->closed) {
        lobby_stop_unavailable(hub, player);
    } else if (ticket->polled_until_us != 0 &&
               (hub->draining || hub->now_us >= ticket->polled_until_us)) {
        stop_polling(hub, player);
    }
    /* Both at once when the process was held up. */
    if (ticket->wanted && ticket->op == TICKET_IDLE && lobby_is_open(hub) &&
        hub->now_us >= ticket->renew_us) {
        ticket->again = true;
    }
    lobby_proceed(hub, player);
}

void lobby_drain(struct hub *hub)
{
    uint32_t index = 0;
    struct player *player;
    while ((player = pool_next(&hub->players, &index)) != NULL) {
        if (player->ticket.polled_until_us != 0) {
            players_arm(hub, player);
        }
    }
}

void lobby_join_all(struct hub *hub)
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
