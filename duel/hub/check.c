/* Every invariant of the hub, worked out again from what lies in its pools; slow, for tests and
 * simulation. It trusts no counter and no list. */
#include <duel/base/assert.h>
#include <duel/hub/hub.h>
#include <duel/hub/ledger.h>
#include <duel/hub/recorder.h>
#include <duel/hub/state.h>

static uint64_t deadline_of(const struct hub *hub, uint32_t id)
{
    return hub->timers.places[id] == 0 ? TIMERQ_NEVER : hub->timers.deadlines[id];
}

/* ---- connections ---- */

static void check_loading(const struct hub *hub, const struct session *session, uint32_t index)
{
    const struct player *player = pool_get(&hub->players, session->player);
    ASSERT(player != NULL && player->loading);
    uint32_t found = 0;
    for (uint32_t i = player->loading_first; i != NO_INDEX; i = hub->sessions[i].next) {
        found += i == index;
        ASSERT(hub->sessions[i].state == SESSION_LOADING);
    }
    ASSERT(found == 1);
    ASSERT(session->door != HUB_DOOR_SEARCH);
}

static void check_queued(const struct hub *hub, const struct session *session)
{
    const struct player *player = pool_get(&hub->players, session->player);
    ASSERT(player != NULL && player->ticket.wanted);
    uint32_t found = 0;
    for (uint32_t i = 0; i < player->ticket.sockets_count; i++) {
        found += ref_equal(player->ticket.sockets[i], session->conn);
    }
    ASSERT(found == 1);
    ASSERT(session->door == HUB_DOOR_QUEUE || session->door == HUB_DOOR_JOIN ||
           session->door == HUB_DOOR_POLL);
}

static void check_parked(const struct hub *hub, const struct session *session, uint32_t index)
{
    uint32_t found;
    ASSERT(pool_get(&hub->players, session->player) != NULL);
    ASSERT(table_get(&hub->parked, session->sought.bytes, 16, &found) && found == index);
}

static void check_session(const struct hub *hub, uint32_t index)
{
    const struct session *session = &hub->sessions[index];
    bool has_deadline = deadline_of(hub, index) != TIMERQ_NEVER;
    bool is_websocket = session->door == HUB_DOOR_QUEUE || session->door == HUB_DOOR_MATCH;
    switch (session->state) {
    case SESSION_FREE:
    case SESSION_CLOSING:
        ASSERT(!has_deadline);
        ASSERT(ref_is_none(session->player) && ref_is_none(session->match));
        return;
    case SESSION_LOADING:
        check_loading(hub, session, index);
        ASSERT(has_deadline == is_websocket);
        break;
    case SESSION_ASKING:
        ASSERT(session->door != HUB_DOOR_QUEUE && session->door != HUB_DOOR_SEARCH);
        ASSERT(has_deadline == is_websocket);
        break;
    case SESSION_QUEUED:
        check_queued(hub, session);
        ASSERT(has_deadline == is_websocket);
        break;
    case SESSION_PARKED:
        ASSERT(has_deadline && session->door == HUB_DOOR_MATCH);
        check_parked(hub, session, index);
        break;
    case SESSION_PLAYING: {
        const struct live *live = pool_get(&hub->matches, session->match);
        ASSERT(live != NULL && session->slot < 2 && session->door == HUB_DOOR_MATCH);
        ASSERT(ref_equal(live->seats[session->slot].conn, session->conn));
        ASSERT(has_deadline);
        break;
    }
    }
    ASSERT(session->conn.index == index);
}

static void check_sessions(const struct hub *hub)
{
    uint32_t count = 0;
    uint32_t parked = 0;
    for (uint32_t i = 0; i < hub->limits.connections_max; i++) {
        count += hub->sessions[i].state != SESSION_FREE;
        parked += hub->sessions[i].state == SESSION_PARKED;
        check_session(hub, i);
    }
    ASSERT(count == hub->sessions_count && parked == hub->parked.count);
}

/* ---- players ---- */

static uint32_t count_refs(const struct hub *hub, const struct player *player)
{
    struct ref ref = pool_ref(&hub->players, player);
    uint32_t refs = 0;
    for (uint32_t i = 0; i < hub->limits.connections_max; i++) {
        const struct session *session = &hub->sessions[i];
        refs += session->state != SESSION_FREE && ref_equal(session->player, ref);
    }
    uint32_t index = 0;
    const struct live *live;
    while ((live = pool_next(&hub->matches, &index)) != NULL) {
        refs += ref_equal(live->seats[0].player, ref);
        refs += ref_equal(live->seats[1].player, ref);
    }
    return refs;
}

static void check_ticket(const struct player *player)
{
    const struct ticket *ticket = &player->ticket;
    ASSERT(ticket->wanted == (ticket->sockets_count > 0 || ticket->polled_until_us != 0));
    ASSERT(ticket->sockets_count <= QUEUE_SOCKETS_MAX);
    ASSERT(!ticket->wanted || player->loaded);
    /* Nobody waits for a match while in one (contract section 3). */
    ASSERT(!ticket->wanted || ref_is_none(player->match));
    ASSERT(!ticket->again || ticket->wanted);
    ASSERT(ticket->op == TICKET_IDLE || player->loaded);
}

static void check_player(const struct hub *hub, const struct player *player)
{
    uint32_t index = pool_ref(&hub->players, player).index;
    uint32_t found;
    ASSERT(table_get(&hub->players_by_sub, player->sub.data, player->sub.size, &found));
    ASSERT(found == index);
    if (player->loaded) {
        ASSERT(table_get(&hub->players_by_id, player->id.bytes, 16, &found) && found == index);
        ASSERT(player->name.data == pool_get(&hub->player_texts[player->texts_kind],
                                             player->texts));
    }
    ASSERT(player->refs == count_refs(hub, player));
    ASSERT(player->loading_count <= LOADING_MAX);
    check_ticket(player);
    bool needed = player->refs > 0 || player->loading || player->ticket.op != TICKET_IDLE ||
                  player->ticket.wanted;
    ASSERT(player->idle == !needed);
    uint64_t deadline_us = deadline_of(hub, timer_of_player(hub, player));
    ASSERT((deadline_us == TIMERQ_NEVER) == (needed && !player->ticket.wanted));
    if (!ref_is_none(player->offer)) {
        const struct live *live = pool_get(&hub->matches, player->offer);
        struct ref ref = pool_ref(&hub->players, player);
        ASSERT(live != NULL);
        ASSERT(live->rematch.offered[ref_equal(live->seats[0].player, ref) ? 0 : 1]);
    }
    if (!ref_is_none(player->match)) {
        const struct live *live = pool_get(&hub->matches, player->match);
        struct ref ref = pool_ref(&hub->players, player);
        ASSERT(live != NULL && live->match.phase < MATCH_OVER);
        ASSERT(ref_equal(live->seats[0].player, ref) != ref_equal(live->seats[1].player, ref));
    }
}

static void check_players(const struct hub *hub)
{
    uint32_t index = 0;
    uint32_t count = 0;
    uint32_t loaded = 0;
    uint32_t tickets = 0;
    uint32_t idle = 0;
    const struct player *player;
    while ((player = pool_next(&hub->players, &index)) != NULL) {
        count++;
        loaded += player->loaded;
        tickets += player->ticket.wanted;
        idle += player->idle;
        check_player(hub, player);
    }
    ASSERT(count == hub->players.count && count == hub->players_by_sub.count);
    ASSERT(loaded == hub->players_by_id.count && tickets == hub->tickets_count);
    const struct player *players = (const void *)hub->players.items;
    for (uint32_t i = hub->idle_first; i != NO_INDEX; i = players[i].idle_next) {
        ASSERT(idle > 0 && players[i].idle);
        idle--;
    }
    ASSERT(idle == 0);
}

/* ---- matches ---- */

static void check_live(const struct hub *hub, const struct live *live)
{
    struct ref ref = pool_ref(&hub->matches, live);
    uint32_t found;
    match_check(&live->match);
    ASSERT(live->match.phase != MATCH_CLOSED && !live->closed);
    ASSERT(table_get(&hub->matches_by_id, live->id.bytes, 16, &found) && found == ref.index);
    ASSERT(!ref_equal(live->seats[0].player, live->seats[1].player));
    bool over = live->match.phase >= MATCH_OVER;
    for (uint32_t slot = 0; slot < 2; slot++) {
        const struct live_seat *seat = &live->seats[slot];
        const struct player *player = pool_get(&hub->players, seat->player);
        ASSERT(player != NULL);
        /* A live match is its players' only one, unless Valkey forgot that they had one. */
        ASSERT(!over || !ref_equal(player->match, ref));
        ASSERT(!seat->unwelcomed ||
               ((live->held || live->unproven) && !ref_is_none(seat->conn)));
        ASSERT(live->match.seats[slot].connected ==
               (!ref_is_none(seat->conn) && !live->unproven));
        if (!ref_is_none(seat->conn)) {
            ASSERT(seat->conn.index < hub->limits.connections_max);
            const struct session *session = &hub->sessions[seat->conn.index];
            ASSERT(session->state == SESSION_PLAYING && ref_equal(session->match, ref));
        }
    }
    const struct record *record = pool_get(&hub->records, live->record);
    ASSERT(over || (record != NULL && record->state == RECORD_LIVE));
    ASSERT(over || live->sealing == live->match.frame_wanted);
    ASSERT(!live->end_told || over);
    ASSERT(live->held || (live->news_round == 0 && !live->news_frame));
    ASSERT(!live->dormant || (!over && !live->held));
    if (live->dormant) {
        ASSERT(ref_is_none(live->seats[0].conn) && ref_is_none(live->seats[1].conn));
    }
    ASSERT(live->fence == 0 || record == NULL || record->result.fence == live->fence);
    /* While nothing but a frame is waited for there is no deadline, and its answer will come. */
    ASSERT(deadline_of(hub, timer_of_match(hub, live)) != TIMERQ_NEVER || live->sealing ||
           (live->unproven && (live->saving || live->checking)));
}

static void check_rematch(const struct hub *hub, const struct live *live)
{
    const struct rematch *rematch = &live->rematch;
    for (uint32_t slot = 0; slot < 2; slot++) {
        const struct player *player = pool_get(&hub->players, live->seats[slot].player);
        ASSERT(!rematch->offered[slot] || (live->end_told && !rematch->made));
        ASSERT(rematch->offered[slot] ==
               ref_equal(player->offer, pool_ref(&hub->matches, live)));
        ASSERT(!rematch->asking || rematch->offered[slot]);
    }
    ASSERT((!rematch->asking && !rematch->made) || !uuid_is_none(&rematch->next));
    ASSERT(uuid_is_none(&rematch->next) || live->match.reason != MATCH_ABANDONED);
}

static void check_matches(const struct hub *hub)
{
    uint32_t index = 0;
    uint32_t count = 0;
    const struct live *live;
    while ((live = pool_next(&hub->matches, &index)) != NULL) {
        check_live(hub, live);
        check_rematch(hub, live);
        count++;
    }
    ASSERT(count == hub->matches.count && count == hub->matches_by_id.count);
}

/* ---- records ---- */

/* Its chunks. */
static uint32_t check_chain(const struct hub *hub, const struct chain *chain)
{
    uint32_t chunks = 0;
    for (struct ref ref = chain->first; !ref_is_none(ref); chunks++) {
        const struct chunk *chunk = pool_get(&hub->chunks, ref);
        ASSERT(chunk != NULL);
        ASSERT(!ref_is_none(chunk->next) || ref_equal(ref, chain->last));
        ref = chunk->next;
    }
    ASSERT(chunks == CHAIN_CHUNKS(chain->size));
    return chunks;
}

static void check_log(const struct hub *hub, const struct record *record)
{
    struct ledger_reader reader = ledger_read(hub, record);
    struct hub_guess guess;
    uint32_t text_size = 0;
    uint32_t count = 0;
    while (ledger_next(&reader, &guess)) {
        text_size += guess.text.size;
        count++;
    }
    ASSERT(text_size == record->text_size && text_size <= hub->limits.guess_log_max);
    ASSERT(count == record->result.guesses_count && count <= hub->guesses_max);
}

static void check_records(const struct hub *hub)
{
    uint32_t index = 0;
    uint32_t finished = 0;
    uint32_t chunks = 0;
    uint64_t log_bytes = 0;
    const struct record *record;
    while ((record = pool_next(&hub->records, &index)) != NULL) {
        check_log(hub, record);
        chunks += check_chain(hub, &record->log) + check_chain(hub, &record->journal);
        ASSERT(record->journal.size < RECORDER_SIZE_MAX);
        log_bytes += record->log.size;
        uint64_t deadline_us = deadline_of(hub, timer_of_record(hub, record));
        bool waits =
            (record->state == RECORD_UNSTORED && hub->up[HUB_POSTGRESQL]) ||
            (record->state == RECORD_UNPUBLISHED && hub->up[HUB_VALKEY]);
        ASSERT(!waits || deadline_us != TIMERQ_NEVER);
        ASSERT(record->state != RECORD_STORING || deadline_us == TIMERQ_NEVER);
        if (record->state == RECORD_LIVE) {
            const struct live *live = pool_get(&hub->matches, record->match);
            ASSERT(live != NULL && ref_equal(live->record, pool_ref(&hub->records, record)));
        } else {
            finished++;
        }
    }
    ASSERT(finished == hub->results_count && chunks == hub->chunks.count);
    ASSERT(log_bytes == hub->log_bytes);
    const struct record *records = (const void *)hub->records.items;
    uint32_t before = NO_INDEX;
    for (uint32_t i = hub->results_first; i != NO_INDEX; i = records[i].next) {
        ASSERT(finished > 0 && records[i].previous == before);
        ASSERT(records[i].state != RECORD_LIVE);
        before = i;
        finished--;
    }
    ASSERT(finished == 0 && before == hub->results_last);
}

void hub_check(const struct hub *hub)
{
    check_sessions(hub);
    check_players(hub);
    check_matches(hub);
    check_records(hub);
    ASSERT(hub->results_count <= hub->limits.results_max + hub->limits.matches_max);
}
