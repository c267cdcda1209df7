/* One step of the world: due timers first, then the event; see hub.h. The rooms behind the doors
 * are in session, players, lobby, arena and ledger. */
#include <duel/base/assert.h>
#include <duel/hub/arena.h>
#include <duel/hub/door.h>
#include <duel/hub/hub.h>
#include <duel/hub/invite.h>
#include <duel/hub/keeper.h>
#include <duel/hub/leavers.h>
#include <duel/hub/ledger.h>
#include <duel/hub/lobby.h>
#include <duel/hub/look.h>
#include <duel/hub/operate.h>
#include <duel/hub/players.h>
#include <duel/hub/recorder.h>
#include <duel/hub/rematch.h>
#include <duel/hub/session.h>
#include <duel/hub/takeover.h>
#include <stdlib.h>
#include <string.h>

/* Chunks that all chains share, for each record, whatever one match may take: a usual match needs
 * eight. */
#define CHUNKS_PER_RECORD 24

/* So late no timer is but after the process was away. */
#define AWAY_US UINT64_C(5000000)

static void check_limits(const struct hub_limits *limits)
{
    ASSERT(limits->connections_max > 0 && limits->connections_max <= 1000000);
    ASSERT(limits->matches_max > 0 && limits->matches_max <= 1000000);
    ASSERT(limits->results_max > 0 && limits->results_max <= 1000000);
    ASSERT(limits->rules.best_of >= 1 && limits->rules.best_of <= MATCH_ROUNDS_MAX);
    ASSERT(limits->rules.max_guesses >= 1 && limits->rules.max_guesses <= MATCH_GUESSES_MAX);
    ASSERT(limits->matchmaker.timeout_ms > 0 && limits->matchmaker.step_ms > 0);
    ASSERT(limits->ping_match_ms > 0 && limits->ping_idle_ms > 0);
    ASSERT(limits->silence_match_ms > 0 && limits->silence_idle_ms > 0);
}

/* Most names are short, and most addresses of avatars are. */
static bool allocate_texts(struct hub *hub, uint32_t players_max)
{
    static const uint32_t sizes[PLAYER_TEXTS] = { 32, 144, NAME_SIZE_MAX + AVATAR_SIZE_MAX };
    bool made = true;
    for (uint32_t i = 0; i < PLAYER_TEXTS; i++) {
        made = made && pool_create(&hub->player_texts[i], sizes[i], players_max);
    }
    return made;
}

static bool allocate(struct hub *hub, uint64_t seed)
{
    const struct hub_limits *limits = &hub->limits;
    uint32_t players_max = 2 * limits->connections_max + 2 * limits->matches_max;
    uint32_t records_max = limits->matches_max + limits->results_max;
    uint32_t timers_max =
        limits->connections_max + players_max + limits->matches_max + records_max + 1;
    hub->scratch_size = SAVED_MATCH_SIZE_MAX + limits->guess_log_max;
    hub->scratch = malloc(hub->scratch_size);
    hub->guesses_max = 2 * limits->rules.best_of * limits->rules.max_guesses;
    hub->sessions = calloc(limits->connections_max, sizeof *hub->sessions);
    hub->guesses = calloc(hub->guesses_max, sizeof *hub->guesses);
    hub->texts = malloc(limits->guess_log_max + 1);
    hub->journal = malloc(RECORDER_SIZE_MAX);
    hub->chunks_shared = records_max * CHUNKS_PER_RECORD;
    uint32_t reserve = records_max * CHAIN_CHUNKS(LEDGER_KEPT_SIZE(hub->guesses_max));
    return hub->sessions != NULL && hub->guesses != NULL && hub->texts != NULL &&
           hub->journal != NULL &&
           hub->scratch != NULL &&
           out_create(&hub->out, hub->scratch_size) &&
           timerq_create(&hub->timers, timers_max) &&
           pool_create(&hub->players, sizeof(struct player), players_max) &&
           allocate_texts(hub, players_max) &&
           table_create(&hub->players_by_sub, players_max, HUB_SUB_SIZE_MAX, seed) &&
           table_create(&hub->players_by_id, players_max, sizeof(struct uuid), seed + 1) &&
           pool_create(&hub->matches, sizeof(struct live), limits->matches_max) &&
           (hub->drawn = calloc(limits->matches_max, DRAWN_MAX * sizeof *hub->drawn)) != NULL &&
           table_create(&hub->matches_by_id, limits->matches_max, sizeof(struct uuid), seed + 2) &&
           table_create(&hub->parked, limits->connections_max, sizeof(struct uuid), seed + 4) &&
           (hub->ended = calloc(ENDED_MAX, sizeof *hub->ended)) != NULL &&
           table_create(&hub->ended_by_id, ENDED_MAX, sizeof(struct uuid), seed + 3) &&
           pool_create(&hub->records, sizeof(struct record), records_max) &&
           pool_create(&hub->chunks, sizeof(struct chunk), hub->chunks_shared + reserve);
}

struct hub *hub_create(const struct hub_limits *limits, uint64_t seed)
{
    check_limits(limits);
    struct hub *hub = calloc(1, sizeof *hub);
    if (hub == NULL) {
        return NULL;
    }
    hub->limits = *limits;
    hub->up[HUB_FRAMES] = true; /* until something else is heard of it */
    hub->idle_first = NO_INDEX;
    hub->eta_ms = MSG_NIL;
    hub->idle_last = NO_INDEX;
    hub->results_first = NO_INDEX;
    hub->results_last = NO_INDEX;
    if (!allocate(hub, seed)) {
        hub_destroy(hub);
        return NULL;
    }
    return hub;
}

void hub_destroy(struct hub *hub)
{
    if (hub == NULL) {
        return;
    }
    free(hub->sessions);
    free(hub->guesses);
    free(hub->texts);
    free(hub->journal);
    free(hub->scratch);
    out_destroy(&hub->out);
    timerq_destroy(&hub->timers);
    pool_destroy(&hub->players);
    for (uint32_t i = 0; i < PLAYER_TEXTS; i++) {
        pool_destroy(&hub->player_texts[i]);
    }
    table_destroy(&hub->players_by_sub);
    table_destroy(&hub->players_by_id);
    pool_destroy(&hub->matches);
    free(hub->drawn);
    table_destroy(&hub->matches_by_id);
    table_destroy(&hub->parked);
    table_destroy(&hub->ended_by_id);
    free(hub->ended);
    pool_destroy(&hub->records);
    pool_destroy(&hub->chunks);
    free(hub);
}

/* ---- timers ---- */

static void *item_at(const struct pool *pool, uint32_t index)
{
    ASSERT(index < pool->count_max && pool->generations[index] % 2 == 1);
    return pool->items + (size_t)index * pool->item_size;
}

static void run_timer(struct hub *hub, uint32_t id)
{
    uint32_t index = id;
    if (index < hub->limits.connections_max) {
        session_timer(hub, &hub->sessions[index]);
        return;
    }
    index -= hub->limits.connections_max;
    if (index < hub->players.count_max) {
        players_timer(hub, item_at(&hub->players, index));
        return;
    }
    index -= hub->players.count_max;
    if (index < hub->matches.count_max) {
        arena_timer(hub, item_at(&hub->matches, index));
        return;
    }
    index -= hub->matches.count_max;
    if (index < hub->records.count_max) {
        ledger_timer(hub, item_at(&hub->records, index));
        return;
    }
    keeper_timer(hub);
}

/* What finds no room now is done in the next step, which hub_deadline_us() asks for at once. */
static void run_timers(struct hub *hub)
{
    uint32_t id;
    while (out_has_room_for_timers(&hub->out) && timerq_take(&hub->timers, hub->now_us, &id)) {
        run_timer(hub, id);
        ASSERT(hub->timers.places[id] == 0 || hub->timers.deadlines[id] > hub->now_us);
    }
}

/* ---- events ---- */

static void catalogue(struct hub *hub, const struct titles *titles)
{
    ASSERT(titles != NULL);
    hub->titles = titles;
}

static void store_changed(struct hub *hub, enum hub_store store, bool up)
{
    ASSERT(store < HUB_STORES);
    hub->up[store] = up;
    if (!up) {
        leavers_disturb(hub);
    }
    if (store == HUB_FRAMES) {
        keeper_renew(hub); /* others hear at once whether matches may be placed here */
        if (up) {
            lobby_join_all(hub);
        }
    } else if (up) {
        ledger_store_up(hub, store);
        if (store == HUB_VALKEY) {
            keeper_valkey_up(hub);
            lobby_join_all(hub);
        }
    }
}

/* Everybody is told to come back; matches go on until they can be handed over. */
static void drain(struct hub *hub)
{
    hub->draining = true;
    hub->drained_us = hub->now_us + (uint64_t)hub->limits.drain_ms * 1000;
    keeper_renew(hub);
    session_drain(hub);
    lobby_drain(hub);
    arena_drain(hub);
}

/* Answers about matches that Valkey keeps, and whose they are. */
static void handle_kept(struct hub *hub, const struct hub_event *event)
{
    if (event->type == HUB_EV_SAVED) {
        keeper_saved(hub, &event->saved);
    } else if (event->type == HUB_EV_SOUGHT) {
        door_sought(hub, &event->sought);
    } else if (event->type == HUB_EV_TAKEN) {
        hub->sweep_room = 0; /* it was kept for this one and those behind it */
        takeover_swept_in(hub, &event->taken.match, &event->taken.copy);
    } else if (event->type == HUB_EV_SWEPT) {
        keeper_swept(hub, event->swept.reply, event->swept.more);
    } else if (event->type == HUB_EV_LOST) {
        keeper_lost(hub, &event->lost.match, event->lost.node, event->lost.vanished);
    } else if (event->type == HUB_EV_LEASED) {
        keeper_leased(hub, event);
    } else if (event->type == HUB_EV_LOCATED) {
        door_located(hub, &event->located);
    } else if (event->type == HUB_EV_INVITED) {
        invite_made(hub, &event->invited);
    } else if (event->type == HUB_EV_WITHDRAWN) {
        invite_withdrawn(hub, event->withdrawn.conn, event->withdrawn.reply,
                         event->withdrawn.found);
    } else if (event->type == HUB_EV_REMATCHED) {
        rematch_answered(hub, &event->rematched);
    } else if (event->type == HUB_EV_NUDGE && !invite_nudged(hub, &event->nudged)) {
        lobby_nudged(hub, &event->nudged);
    }
}

static void handle(struct hub *hub, const struct hub_event *event)
{
    switch (event->type) {
    case HUB_EV_TICK:
    case HUB_EV_CATALOGUE: /* handled before the timers */
        break;
    case HUB_EV_OPEN:
        door_open(hub, &event->open);
        break;
    case HUB_EV_CLOSED:
        session_closed(hub, event->conn);
        break;
    case HUB_EV_MESSAGE:
        session_message(hub, event->message.conn, event->message.message);
        break;
    case HUB_EV_PONG:
        session_pong(hub, event->pong.conn, event->pong.rtt_us);
        break;
    case HUB_EV_PLAYER:
        players_loaded(hub, &event->player);
        break;
    case HUB_EV_QUEUE:
        lobby_joined(hub, &event->queue);
        break;
    case HUB_EV_QUEUE_LEFT:
        lobby_left(hub, event->left.player);
        break;
    case HUB_EV_SAVED:
    case HUB_EV_SOUGHT:
    case HUB_EV_TAKEN:
    case HUB_EV_SWEPT:
    case HUB_EV_LOST:
    case HUB_EV_LEASED:
    case HUB_EV_RELEASED:
    case HUB_EV_LOCATED:
    case HUB_EV_INVITED:
    case HUB_EV_WITHDRAWN:
    case HUB_EV_REMATCHED:
    case HUB_EV_NUDGE:
        handle_kept(hub, event);
        break;
    case HUB_EV_LOOKED:
        look_looked(hub, &event->looked);
        break;
    case HUB_EV_FRAME:
        arena_frame(hub, &event->frame);
        break;
    case HUB_EV_CHECKED:
        takeover_checked(hub, event->checked.match, event->checked.reply, event->checked.stored);
        break;
    case HUB_EV_STORED:
        ledger_stored(hub, &event->stored);
        break;
    case HUB_EV_PUBLISHED:
        ledger_published(hub, event->published.result, event->published.reply);
        break;
    case HUB_EV_STORE_UP:
        store_changed(hub, event->store, true);
        break;
    case HUB_EV_STORE_DOWN:
        store_changed(hub, event->store, false);
        break;
    case HUB_EV_DRAIN:
        drain(hub);
        break;
    case HUB_EV_ACT:
        operate_act(hub, &event->act);
        break;
    }
}

/* The process itself was away: suspended, or starved. That time counts for nobody. */
static void sleep_over(struct hub *hub, uint64_t deadline_us)
{
    uint64_t away_us = hub->now_us > deadline_us ? hub->now_us - deadline_us : 0;
    if (away_us < AWAY_US) {
        return;
    }
    out_note(&hub->out, HUB_NOTE_PROCESS_AWAY, NULL, NULL, TEXT_NONE, (int64_t)(away_us / 1000));
    session_shift(hub, away_us);
    arena_shift(hub, away_us);
}

void hub_step(struct hub *hub, const struct hub_event *event)
{
    uint64_t deadline_us = hub_deadline_us(hub);
    deadline_us = deadline_us > hub->now_us ? deadline_us : hub->now_us;
    ASSERT(event->now_us >= hub->now_us && event->now_us > 0);
    out_begin(&hub->out);
    hub->event = event;
    hub->draws = 0;
    hub->now_us = event->now_us;
    hub->now_ms = (int64_t)(event->now_us / 1000);
    if (event->type == HUB_EV_CATALOGUE) {
        /* First of all, so that no text of the older one goes out any more. */
        catalogue(hub, event->titles);
    }
    sleep_over(hub, deadline_us);
    run_timers(hub);
    handle(hub, event);
    hub->event = NULL;
}

struct hub_effect *hub_take(struct hub *hub)
{
    struct hub_effect *effect = out_take(&hub->out);
    if (effect != NULL && (effect->type == HUB_FX_STORE || effect->type == HUB_FX_PUBLISH)) {
        effect->store.data = ledger_result(hub, effect->store.result);
    }
    return effect;
}

uint64_t hub_deadline_us(const struct hub *hub)
{
    return timerq_next(&hub->timers);
}

struct hub_counts hub_count(const struct hub *hub)
{
    struct hub_counts counts = {
        .sessions = hub->sessions_count,
        .players = hub->players.count,
        .tickets = hub->tickets_count,
        .results = hub->results_count,
        .results_max = hub->limits.results_max,
        .guess_log_bytes = ledger_log_bytes(hub),
        .late = hub->late,
        .matches_max = hub->limits.matches_max,
        .save_waits = hub->save_waits,
        .queue_waits = hub->queue_waits,
        .lag_credits = hub->lag_credits,
    };
    memcpy(counts.ended, hub->ended_by, sizeof counts.ended);
    uint32_t index = 0;
    const struct live *live;
    while ((live = pool_next(&hub->matches, &index)) != NULL) {
        counts.matches_by_phase[live->match.phase]++;
        counts.matches += live->match.phase < MATCH_OVER;
        counts.dormant += live->dormant && live->match.resumed;
        counts.unsaved += live->unsaved || live->saving;
    }
    if (hub->results_first != NO_INDEX) {
        const struct record *oldest = item_at(&hub->records, hub->results_first);
        counts.result_oldest_ms = oldest->result.completed_ms;
    }
    return counts;
}

const struct uuid *hub_at(const struct hub *hub)
{
    return &hub->at;
}
