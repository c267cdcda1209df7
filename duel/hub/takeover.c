/* Matches that come from another process, and go to one; see takeover.h. */
#include <duel/base/assert.h>
#include <duel/hub/arena.h>
#include <duel/hub/keeper.h>
#include <duel/hub/leavers.h>
#include <duel/hub/ledger.h>
#include <duel/hub/lobby.h>
#include <duel/hub/players.h>
#include <duel/hub/recorder.h>
#include <duel/hub/saved.h>
#include <duel/hub/session.h>
#include <duel/hub/stage.h>
#include <duel/hub/takeover.h>
#include <duel/hub/tell.h>

#define AGAIN_US 1000000u
/* How long a match that was taken over waits here for its players. */
#define DORMANT_US UINT64_C(600000000)

/* ---- from a copy ---- */

static void take_seat(struct hub *hub, struct live *live, uint32_t slot, struct player *player,
                      const struct saved_card *card)
{
    live->seats[slot] = (struct live_seat){
        .player = pool_ref(&hub->players, player),
        .rating = card->rating,
        .since_ms = card->since_ms < hub->now_ms ? card->since_ms : hub->now_ms,
    };
    players_hold(hub, player);
}

/* Nobody will ever read this copy: another release wrote it, a video of it was deleted, or it is
 * damaged. Its players are not to be bound by it. `players`: who they are, where that is known. */
static void give_up(struct hub *hub, const struct uuid *id, const struct uuid players[2],
                    struct text what)
{
    static const struct uuid unknown[2];
    out_note(&hub->out, HUB_NOTE_MATCH_UNREADABLE, id, NULL, what, 0);
    stage_remember_end(hub, id);
    keeper_release(hub, id, players != NULL ? players : unknown);
}

/* A match and its record, both new, with its seats taken; or NULL. */
static struct live *make(struct hub *hub, const struct uuid *id, const struct hub_copy *copy)
{
    struct saved_card cards[2];
    struct player *players[2];
    struct terms terms;
    struct ref ref;
    if (!saved_read_terms(copy->terms, &terms)) {
        give_up(hub, id, NULL, TEXT("terms"));
        return NULL;
    }
    for (uint32_t slot = 0; slot < 2; slot++) {
        if (!saved_read_card(copy->card[slot], &cards[slot])) {
            give_up(hub, id, NULL, TEXT("card"));
            return NULL;
        }
    }
    for (uint32_t slot = 0; slot < 2; slot++) {
        players[slot] = players_from_card(hub, &cards[slot]);
    }
    if (players[0] == NULL || players[1] == NULL) {
        out_note(&hub->out, HUB_NOTE_FULL, id, NULL, TEXT("players"), 0);
        return NULL;
    }
    if (players[0] == players[1]) {
        give_up(hub, id, NULL, TEXT("players"));
        return NULL;
    }
    struct live *live = pool_acquire(&hub->matches, &ref);
    ASSERT(live != NULL);
    live->id = *id;
    live->terms = terms;
    live->fence = copy->fence;
    table_put(&hub->matches_by_id, live->id.bytes, sizeof live->id.bytes, ref.index);
    take_seat(hub, live, 0, players[0], &cards[0]);
    take_seat(hub, live, 1, players[1], &cards[1]);
    live->record = pool_ref(&hub->records, ledger_open(hub, ref, live));
    return live;
}

/* Its players are in it, and in nothing else. (In another live match only when Valkey lost what it
 * knew of that: then that one stays theirs.) */
static void claim_players(struct hub *hub, struct live *live)
{
    for (uint32_t slot = 0; slot < 2; slot++) {
        struct player *player = pool_get(&hub->players, live->seats[slot].player);
        if (ref_is_none(player->match)) {
            player->match = pool_ref(&hub->matches, live);
            lobby_taken(hub, player);
        }
    }
}

/* What another process played so far; nothing that Valkey would know of without `data`. */
static bool resume(struct hub *hub, struct live *live, struct text data)
{
    struct record *record = pool_get(&hub->records, live->record);
    live->taken = data.size != 0;
    if (data.size == 0) {
        match_init(&live->match, &hub->limits.rules, hub->now_us);
        recorder_begin(hub, record, &live->match);
        match_resume(&live->match, hub->now_us);
        recorder_resume(hub, record);
        leavers_begin(hub, live);
    } else if (!saved_read_match(hub, data, live, record)) {
        give_up(hub, &live->id, record->result.player, TEXT("match"));
        ledger_discard(hub, record);
        stage_forget(hub, live);
        return false;
    }
    out_note(&hub->out, HUB_NOTE_MATCH_TAKEN, &live->id, NULL, TEXT_NONE,
             live->match.rounds_count);
    if (live->match.phase < MATCH_OVER) {
        live->dormant = true;
        live->dormant_until_us = hub->now_us + DORMANT_US;
        claim_players(hub, live);
    } else {
        live->end_told = true; /* by whoever had it, or by the welcome of who comes back */
        if (live->played) {
            ledger_restored(hub, record, live);
        } else {
            ledger_discard(hub, record);
            live->record = REF_NONE;
        }
    }
    stage_arm(hub, live);
    return true;
}

struct live *takeover_take(struct hub *hub, const struct uuid *id, const struct hub_copy *copy,
                        bool is_new)
{
    struct live *live = arena_find(hub, id);
    if (live != NULL && (live->dormant || live->unproven) && !live->end_told &&
        copy->fence > live->fence) {
        /* It was somebody else's meanwhile, and may have been played on. */
        takeover_let_go(hub, live, HUB_NOTE_MATCH_LOST, TEXT_NONE);
        live = NULL;
    }
    if (live != NULL) {
        struct record *record = pool_get(&hub->records, live->record);
        live->fence = copy->fence > live->fence ? copy->fence : live->fence;
        if (record != NULL) {
            record->result.fence = live->fence;
        }
        return live;
    }
    if (arena_has_ended(hub, id)) {
        return NULL;
    }
    if (!arena_has_room(hub)) {
        out_note(&hub->out, HUB_NOTE_FULL, id, NULL, TEXT("matches"), 0);
        return NULL;
    }
    live = make(hub, id, copy);
    if (live == NULL) {
        return NULL;
    }
    if (!is_new) {
        return resume(hub, live, copy->data) ? live : NULL;
    }
    out_note(&hub->out, HUB_NOTE_MATCH_MADE, id, NULL, TEXT_NONE, 0);
    match_init(&live->match, &hub->limits.rules, hub->now_us);
    recorder_begin(hub, pool_get(&hub->records, live->record), &live->match);
    claim_players(hub, live);
    for (uint32_t slot = 0; slot < 2; slot++) {
        const struct player *player = pool_get(&hub->players, live->seats[slot].player);
        out_note(&hub->out, HUB_NOTE_PLAYER_MATCHED, id, &player->id, TEXT_NONE, 0);
    }
    live->dormant = true; /* until then Valkey's word alone makes it ours */
    live->dormant_until_us = TIMERQ_NEVER;
    live->checked = true;
    leavers_begin(hub, live);
    stage_step(hub, live, (struct match_event){ .type = MATCH_EV_TICK }, NULL);
    return live;
}

void takeover_let_go(struct hub *hub, struct live *live, enum hub_note why, struct text node)
{
    struct record *record = pool_get(&hub->records, live->record);
    ASSERT(!live->end_told);
    out_note(&hub->out, why, &live->id, NULL, out_text(&hub->out, node),
             live->match.rounds_count);
    stage_drop_frames(hub, pool_ref(&hub->matches, live));
    for (uint32_t slot = 0; slot < 2; slot++) {
        struct ref conn = stage_empty_seat(live, slot);
        if (!ref_is_none(conn)) {
            session_redirect(hub, session_get(hub, conn), &live->id, node);
        }
    }
    if (record != NULL) {
        ledger_discard(hub, record);
    }
    stage_forget(hub, live);
}

bool takeover_expire(struct hub *hub, struct live *live)
{
    bool nobody_came = hub->now_us >= match_deadline_us(&live->match); /* to one made here */
    if (!live->dormant || !(nobody_came || hub->now_us >= live->dormant_until_us)) {
        return false;
    }
    if (nobody_came) {
        const struct record *record = pool_get(&hub->records, live->record);
        keeper_release(hub, &live->id, record->result.player);
    }
    takeover_let_go(hub, live, HUB_NOTE_MATCH_FORGOTTEN, TEXT_NONE);
    return true;
}

/* ---- whether it may go on here ---- */

static void check(struct hub *hub, struct live *live)
{
    if (hub->up[HUB_POSTGRESQL] && !live->checked && !live->checking) {
        live->checking = true;
        struct hub_effect *effect = out_effect(&hub->out, HUB_FX_CHECK);
        effect->check.match = pool_ref(&hub->matches, live);
        effect->check.id = live->id;
    }
}

void takeover_swept_in(struct hub *hub, const struct uuid *id, const struct hub_copy *copy)
{
    struct live *live = takeover_take(hub, id, copy, false);
    if (live != NULL && live->dormant) {
        check(hub, live);
    }
}

/* The first player has come to a match that was taken over. Before anything is said Valkey has to
 * agree that it goes on here, and PostgreSQL that it is not over: the copy may be older than
 * that. */
void takeover_wake(struct hub *hub, struct live *live)
{
    live->dormant = false;
    live->unproven = true;
    live->claimed = false;
    live->check_is_old = live->checking;
    live->save_again_us = 0; /* Valkey is asked now, whatever became of a save without players */
    keeper_changed(hub, live);
    check(hub, live);
}

static void fall_asleep(struct hub *hub, struct live *live)
{
    live->unproven = false;
    live->unsaved = live->untold;
    live->save_again_us = live->untold ? hub->now_us + AGAIN_US : 0;
    live->checked = false;
    if (live->match.phase < MATCH_OVER) {
        live->dormant = true;
        live->dormant_until_us = hub->now_us + DORMANT_US;
    }
}

/* Whoever is here has to go; the match is as if nobody had come. */
static void clear_seats(struct hub *hub, struct live *live, uint16_t code, struct text reason)
{
    for (uint32_t slot = 0; slot < 2; slot++) {
        struct ref conn = stage_empty_seat(live, slot);
        if (!ref_is_none(conn)) {
            session_end(hub, session_get(hub, conn), code, reason);
        }
    }
}

void takeover_prove(struct hub *hub, struct live *live)
{
    if (!live->unproven || !live->claimed) {
        return;
    }
    check(hub, live); /* if PostgreSQL is only now there */
    if (live->checking) {
        return;
    }
    if (ref_is_none(live->seats[0].conn) && ref_is_none(live->seats[1].conn)) {
        fall_asleep(hub, live);
        return;
    }
    live->unproven = false;
    if (live->match.resumed) {
        out_note(&hub->out, HUB_NOTE_MATCH_RESUMED, &live->id, NULL, TEXT_NONE,
                 live->match.rounds_count);
    }
    /* First the step, which sets the time that is waited for the other. */
    for (uint8_t slot = 0; slot < 2; slot++) {
        if (!ref_is_none(live->seats[slot].conn)) {
            stage_step(hub, live, (struct match_event){ .type = MATCH_EV_CONNECT, .slot = slot },
                       NULL);
        }
    }
    for (uint8_t slot = 0; slot < 2; slot++) {
        live->seats[slot].unwelcomed = false;
        tell_welcome(hub, live, slot);
        if (live->end_told) {
            tell_match_end(hub, live, slot);
        }
    }
}

void takeover_outranked(struct hub *hub, struct live *live)
{
    live->end_told = true;
    for (uint8_t slot = 0; slot < 2; slot++) {
        struct ref conn = stage_empty_seat(live, slot);
        if (!ref_is_none(conn)) {
            session_end(hub, session_get(hub, conn), 4410, TEXT("match over"));
            stage_step(hub, live,
                       (struct match_event){ .type = MATCH_EV_DISCONNECT, .slot = slot }, NULL);
        }
    }
}

void takeover_cannot_claim(struct hub *hub, struct live *live)
{
    ASSERT(live->unproven);
    clear_seats(hub, live, 4503, TEXT("UNAVAILABLE"));
    fall_asleep(hub, live);
}

void takeover_checked(struct hub *hub, struct ref match, enum hub_reply reply, bool is_stored)
{
    struct live *live = pool_get(&hub->matches, match);
    if (live == NULL || !live->checking) {
        hub->late++;
        return;
    }
    live->checking = false;
    live->checked = live->unproven && !live->check_is_old;
    live->check_is_old = false;
    struct record *record = pool_get(&hub->records, live->record);
    if (reply == HUB_OK && is_stored && record != NULL && (live->unproven || live->dormant)) {
        out_note(&hub->out, HUB_NOTE_MATCH_WAS_OVER, &live->id, NULL, TEXT_NONE, 0);
        keeper_release(hub, &live->id, record->result.player);
        clear_seats(hub, live, 4410, TEXT("match over"));
        ledger_discard(hub, record);
        stage_remember_end(hub, &live->id);
        stage_forget(hub, live);
        return;
    }
    takeover_prove(hub, live);
    stage_rest(hub, live);
}
