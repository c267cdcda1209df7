/* Saves, the lease and the sweep; see keeper.h. */
#include <duel/base/assert.h>
#include <duel/hub/arena.h>
#include <duel/hub/keeper.h>
#include <duel/hub/ledger.h>
#include <duel/hub/lobby.h>
#include <duel/hub/players.h>
#include <duel/hub/saved.h>
#include <duel/hub/stage.h>
#include <duel/hub/takeover.h>
#include <duel/hub/tell.h>

#define SAVE_AGAIN_US 1000000u
#define SWEEP_US 1000000u
#define SWEEP_MAX 16u
#define TELLING_US 100000u /* others may have to wait until all is told again */

/* ---- saves ---- */

/* A finished match that PostgreSQL has needs no copy any more. */
static bool is_kept(const struct live *live)
{
    return !live->lost && !ref_is_none(live->record);
}

static bool can_save(const struct hub *hub, const struct live *live)
{
    return is_kept(live) && hub->up[HUB_VALKEY] && !live->saving &&
           hub->now_us >= live->save_again_us;
}

static struct text card_of(struct hub *hub, const struct live *live, uint32_t slot)
{
    const struct live_seat *seat = &live->seats[slot];
    const struct player *player = pool_get(&hub->players, seat->player);
    struct text_buffer buffer = out_buffer(&hub->out, SAVED_CARD_SIZE_MAX);
    return saved_card(player, seat->rating, seat->since_ms, &buffer);
}

static struct text data_of(struct hub *hub, const struct live *live, const struct record *record)
{
    struct text_buffer buffer;
    text_buffer_init(&buffer, hub->scratch, hub->scratch_size);
    struct text data = saved_match(hub, live, record, &buffer);
    ASSERT(!buffer.full);
    return out_text(&hub->out, data);
}

static void save(struct hub *hub, struct live *live)
{
    const struct record *record = pool_get(&hub->records, live->record);
    ASSERT(record != NULL);
    live->saving = true;
    live->claiming = live->unproven;
    live->unsaved = false;
    live->save_again_us = 0;
    struct text cards[2] = { card_of(hub, live, 0), card_of(hub, live, 1) };
    struct text data = data_of(hub, live, record);
    struct hub_effect *effect = out_effect(&hub->out, HUB_FX_SAVE);
    effect->save.match = pool_ref(&hub->matches, live);
    effect->save.id = live->id;
    effect->save.fence = live->fence;
    effect->save.awake = !live->unproven && !live->dormant;
    effect->save.claim = live->unproven;
    effect->save.hand_over = live->handing;
    effect->save.over = live->match.phase >= MATCH_OVER;
    effect->save.data = data;
    effect->save.phase = tell_phase(live->match.phase);
    for (uint32_t slot = 0; slot < 2; slot++) {
        effect->save.player[slot] = record->result.player[slot];
        effect->save.card[slot] = cards[slot];
    }
}

void keeper_changed(struct hub *hub, struct live *live)
{
    (void)hub;
    live->unsaved = true;
}

void keeper_hold(struct hub *hub, struct live *live)
{
    keeper_changed(hub, live);
    if (!live->held) {
        live->held = true;
        live->held_since_us = hub->now_us;
        live->held_until_us = hub->now_us + (uint64_t)hub->limits.save_wait_ms * 1000;
    }
}

void keeper_let_news_go(struct hub *hub, struct live *live)
{
    ASSERT(live->held);
    live->held = false;
    tally_add(&hub->save_waits, TALLY_SAVES, hub->now_us - live->held_since_us);
}

void keeper_flush(struct hub *hub, struct live *live)
{
    if (live->unsaved && can_save(hub, live)) {
        save(hub, live);
    }
    if (live->held && !live->unproven && (!live->saving || hub->now_us >= live->held_until_us)) {
        out_note(&hub->out, HUB_NOTE_SAVE_LATE, &live->id, NULL, TEXT_NONE, live->news_round);
        stage_tell_news(hub, live);
    }
}

uint64_t keeper_deadline_us(const struct hub *hub, const struct live *live)
{
    uint64_t deadline_us = TIMERQ_NEVER;
    if (live->held) {
        deadline_us = live->held_until_us;
    }
    if (live->unsaved && is_kept(live) && hub->up[HUB_VALKEY] && !live->saving &&
        live->save_again_us < deadline_us) {
        deadline_us = live->save_again_us;
    }
    return deadline_us;
}

void keeper_hand_over(struct hub *hub, struct live *live)
{
    live->handing = true;
    keeper_changed(hub, live);
    keeper_flush(hub, live);
    uint64_t until_us = hub->now_us;
    if (live->saving) {
        until_us += (uint64_t)hub->limits.save_wait_ms * 1000;
    }
    live->handing_until_us = until_us > hub->drained_us ? until_us : hub->drained_us;
}

/* It is in Valkey as it is now, or as it was when the save was asked. */
static void saved(struct hub *hub, struct live *live, uint64_t fence)
{
    struct record *record = pool_get(&hub->records, live->record);
    live->fence = fence > live->fence ? fence : live->fence;
    live->untold = false;
    if (record != NULL) {
        record->result.fence = live->fence;
    }
    if (live->unproven && live->claiming) {
        live->claimed = true;
        takeover_prove(hub, live);
    }
    if (live->unsaved) {
        if (can_save(hub, live)) {
            save(hub, live);
        }
    } else if (live->held) {
        stage_tell_news(hub, live);
    }
}

void keeper_saved(struct hub *hub, const struct hub_event_saved *event)
{
    struct live *live = pool_get(&hub->matches, event->match);
    if (live == NULL || !live->saving) {
        hub->late++;
        return;
    }
    bool handed = live->handing && !live->unsaved && live->match.phase < MATCH_OVER;
    live->saving = false;
    switch (event->reply) {
    case HUB_OK:
        if (handed) {
            takeover_let_go(hub, live, HUB_NOTE_MATCH_HANDED_OVER, TEXT_NONE);
            return;
        }
        saved(hub, live, event->fence);
        break;
    case HUB_REFUSED:
        if (live->match.phase < MATCH_OVER || (live->held && !live->end_told)) {
            takeover_let_go(hub, live, HUB_NOTE_MATCH_LOST, event->node);
            return;
        }
        live->lost = true; /* its end was told, so it is stored all the same */
        live->unsaved = false;
        break;
    case HUB_UNAVAILABLE:
        if (live->unproven && !live->claimed) {
            takeover_cannot_claim(hub, live);
            break;
        }
        out_note(&hub->out, HUB_NOTE_SAVE_FAILED, &live->id, NULL, TEXT_NONE, 0);
        live->unsaved = true;
        live->save_again_us = hub->now_us + SAVE_AGAIN_US;
        break;
    }
    stage_rest(hub, live);
}

void keeper_release(struct hub *hub, const struct uuid *match, const struct uuid players[2])
{
    /* Not repeated: who comes to a match that has ended is told so, and its key expires. */
    struct hub_effect *effect = out_effect(&hub->out, HUB_FX_RELEASE);
    effect->release.match = *match;
    effect->release.player[0] = players[0];
    effect->release.player[1] = players[1];
}

/* ---- ownership ---- */

void keeper_lost(struct hub *hub, const struct uuid *match, struct text node, bool vanished)
{
    struct live *live = arena_find(hub, match);
    if (live == NULL || live->match.phase >= MATCH_OVER) {
        return;
    }
    bool has_players = live->match.seats[0].connected || live->match.seats[1].connected;
    if (vanished || (has_players && !live->unproven)) {
        /* Whose players are here may take it back; the save will tell. */
        keeper_changed(hub, live);
        stage_rest(hub, live);
        return;
    }
    takeover_let_go(hub, live, HUB_NOTE_MATCH_LOST, node);
}

/* All that should stand in Valkey is put there again, through the timers, which are bounded in what
 * one step sends. */
static void save_all(struct hub *hub)
{
    uint32_t index = 0;
    struct live *live;
    while ((live = pool_next(&hub->matches, &index)) != NULL) {
        if (is_kept(live)) {
            live->unsaved = true;
            live->untold = true;
            live->save_again_us = 0;
            stage_arm(hub, live);
        }
    }
    hub->telling = true;
}

static bool has_told_all(struct hub *hub)
{
    uint32_t index = 0;
    struct live *live;
    while ((live = pool_next(&hub->matches, &index)) != NULL) {
        if (live->untold && is_kept(live)) {
            return false;
        }
    }
    return true;
}

static void arm(struct hub *hub)
{
    uint64_t deadline_us = TIMERQ_NEVER;
    if (hub->up[HUB_VALKEY] && hub->limits.renew_ms > 0) {
        if (!hub->leasing) {
            deadline_us = hub->renew_us;
        }
        if (!hub->sweeping && !hub->draining && hub->leased && hub->sweep_us < deadline_us) {
            deadline_us = hub->sweep_us;
        }
    }
    timerq_set(&hub->timers, timer_of_keeper(hub), deadline_us);
}

static void renew(struct hub *hub)
{
    hub->leasing = true;
    hub->renew_us = hub->now_us + (uint64_t)hub->limits.renew_ms * 1000;
    struct hub_effect *effect = out_effect(&hub->out, HUB_FX_LEASE);
    effect->lease.load = hub->matches.count;
    effect->lease.draining = !arena_takes_new(hub);
    effect->lease.told = !hub->telling;
}

void keeper_renew(struct hub *hub)
{
    hub->renew_us = hub->now_us;
    arm(hub);
}

void keeper_valkey_up(struct hub *hub)
{
    hub->renew_us = hub->now_us;
    hub->sweep_us = hub->now_us;
    save_all(hub);
    arm(hub);
}

void keeper_leased(struct hub *hub, const struct hub_event *event)
{
    bool had = hub->leased;
    ASSERT(hub->leasing);
    hub->leasing = false;
    if (event->leased.reply == HUB_OK) {
        hub->siblings = event->leased.siblings;
        hub->leased = true;
        if (had && !event->leased.was_there) {
            out_note(&hub->out, HUB_NOTE_LEASE_LOST, NULL, NULL, TEXT_NONE, 0);
            save_all(hub);
            lobby_join_all(hub);
        } else if (hub->telling && has_told_all(hub)) {
            hub->telling = false;
            hub->renew_us = hub->now_us;
        }
    }
    if (hub->telling && hub->now_us + TELLING_US < hub->renew_us) {
        hub->renew_us = hub->now_us + TELLING_US;
    }
    arm(hub);
}

void keeper_swept(struct hub *hub, enum hub_reply reply, bool more)
{
    ASSERT(hub->sweeping);
    hub->sweeping = false;
    hub->sweep_room = 0;
    hub->sweep_us = hub->now_us + (reply == HUB_OK && more ? 0 : SWEEP_US);
    arm(hub);
}

/* Nothing is swept without room, nor before there is something to draw. */
static void sweep(struct hub *hub)
{
    if (!arena_has_room(hub)) {
        hub->sweep_us = hub->now_us + SWEEP_US;
        return;
    }
    hub->sweeping = true;
    uint32_t results = ledger_room(hub);
    uint32_t matches = hub->matches.count_max - hub->matches.count;
    hub->sweep_room = results < matches ? results : matches;
    hub->sweep_room = hub->sweep_room < SWEEP_MAX ? hub->sweep_room : SWEEP_MAX;
    out_effect(&hub->out, HUB_FX_SWEEP)->sweep.max = hub->sweep_room;
}

void keeper_timer(struct hub *hub)
{
    if (!hub->up[HUB_VALKEY]) {
        arm(hub);
        return;
    }
    if (!hub->leasing && hub->now_us >= hub->renew_us) {
        renew(hub);
    }
    if (!hub->sweeping && !hub->draining && hub->leased && hub->now_us >= hub->sweep_us) {
        sweep(hub);
    }
    arm(hub);
}
