/* Rematches; see rematch.h. */
#include <duel/base/assert.h>
#include <duel/hub/arena.h>
#include <duel/hub/keeper.h>
#include <duel/hub/rematch.h>
#include <duel/hub/saved.h>
#include <duel/hub/session.h>
#include <duel/hub/takeover.h>
#include <duel/hub/tell.h>

static struct player *player_of(struct hub *hub, const struct live *live, uint32_t slot)
{
    struct player *player = pool_get(&hub->players, live->seats[slot].player);
    ASSERT(player != NULL);
    return player;
}

static bool has_socket(const struct live *live, uint32_t slot)
{
    return !ref_is_none(live->seats[slot].conn);
}

/* ---- what is told ---- */

static void tell_both(struct hub *hub, const struct live *live, uint8_t slot, struct text status)
{
    tell_rematch(hub, live, 0, slot, status, NULL);
    tell_rematch(hub, live, 1, slot, status, NULL);
}

static void tell_error(struct hub *hub, const struct live *live, uint32_t slot,
                       enum hub_error error, int64_t until_ms)
{
    if (has_socket(live, slot)) {
        out_error(&hub->out, live->seats[slot].conn, error, until_ms, MSG_NIL);
    }
}

void rematch_tell(struct hub *hub, const struct live *live, uint8_t slot)
{
    const struct rematch *rematch = &live->rematch;
    const struct live *next = rematch->made ? arena_find(hub, &rematch->next) : NULL;
    for (uint8_t i = 0; i < 2; i++) {
        if (rematch->offered[i]) {
            tell_rematch(hub, live, slot, i, TEXT("offered"), NULL);
        }
    }
    if (next != NULL && next->match.phase < MATCH_OVER) {
        tell_rematch(hub, live, slot, rematch->accepter, TEXT("accepted"), next);
    }
}

/* ---- offers ---- */

static void drop_offer(struct hub *hub, struct live *live, uint32_t slot)
{
    if (live->rematch.offered[slot]) {
        live->rematch.offered[slot] = false;
        player_of(hub, live, slot)->offer = REF_NONE;
    }
}

/* Nobody wants the match any more that was asked for: should it have been made, it binds nobody. */
static void release_next(struct hub *hub, struct live *live)
{
    struct rematch *rematch = &live->rematch;
    if (uuid_is_none(&rematch->next) || rematch->made || rematch->asking) {
        return;
    }
    if (arena_find(hub, &rematch->next) == NULL) {
        struct uuid players[2] = { player_of(hub, live, 0)->id, player_of(hub, live, 1)->id };
        keeper_release(hub, &rematch->next, players);
    }
    rematch->next = (struct uuid){ { 0 } };
}

static void take_back(struct hub *hub, struct live *live, uint8_t slot)
{
    drop_offer(hub, live, slot);
    release_next(hub, live);
    tell_both(hub, live, slot, TEXT("declined"));
}

/* One of the two cannot play it, so he has declined. */
static void refuse(struct hub *hub, struct live *live, uint8_t slot, int64_t cooldown_until_ms)
{
    drop_offer(hub, live, 0);
    drop_offer(hub, live, 1);
    release_next(hub, live);
    if (cooldown_until_ms != 0) {
        tell_error(hub, live, slot, HUB_ERROR_COOLDOWN, cooldown_until_ms);
    }
    tell_both(hub, live, slot, TEXT("declined"));
}

static void decline(struct hub *hub, struct live *live, uint8_t slot)
{
    struct rematch *rematch = &live->rematch;
    if (rematch->offered[1 - slot]) {
        rematch->declined[1 - slot] = true;
        drop_offer(hub, live, 1u - slot);
        take_back(hub, live, slot);
    } else if (rematch->offered[slot]) {
        take_back(hub, live, slot);
    }
}

/* The other's offer stands on. */
static void cannot_now(struct hub *hub, struct live *live)
{
    struct rematch *rematch = &live->rematch;
    drop_offer(hub, live, rematch->accepter);
    tell_error(hub, live, rematch->accepter, HUB_ERROR_UNAVAILABLE,
               hub->now_ms + SESSION_RETRY_S * 1000);
    for (uint8_t slot = 0; slot < 2; slot++) {
        if (rematch->doubted[slot]) {
            decline(hub, live, slot);
        }
    }
}

/* ---- the next match ---- */

static struct terms next_terms(const struct live *live, uint32_t seats)
{
    struct terms terms = { .rated = live->terms.rated };
    for (uint32_t slot = 0; slot < 2; slot++) {
        uint32_t series = live->terms.series[slot] + (live->match.winner == (int8_t)slot);
        terms.series[slot ^ seats] = series < SAVED_SERIES_MAX ? series : SAVED_SERIES_MAX;
    }
    return terms;
}

static void ask(struct hub *hub, struct live *live)
{
    struct rematch *rematch = &live->rematch;
    uint32_t seats = hub->event->entropy[3] & 1; /* 1: they change places */
    struct terms terms = next_terms(live, seats);
    struct text_buffer buffer = out_buffer(&hub->out, SAVED_TERMS_SIZE_MAX);
    struct text blob = saved_terms(&terms, &buffer);
    struct text cards[2];
    for (uint32_t slot = 0; slot < 2; slot++) {
        const struct player *player = player_of(hub, live, slot);
        buffer = out_buffer(&hub->out, SAVED_CARD_SIZE_MAX);
        cards[slot] = saved_card(player, player->rating, 0, &buffer);
    }
    if (uuid_is_none(&rematch->next)) {
        uint64_t draw = hub->event->entropy[0] + hub->draws++ * UINT64_C(0x9e3779b97f4a7c15);
        rematch->next = uuid_random(draw, hub->event->entropy[1]);
    } /* else asked again: it is made once */
    rematch->asking = true;
    rematch->doubted[0] = rematch->doubted[1] = false;
    struct hub_effect *effect = out_effect(&hub->out, HUB_FX_REMATCH);
    effect->rematch.match = pool_ref(&hub->matches, live);
    effect->rematch.id = rematch->next;
    effect->rematch.terms = blob;
    effect->rematch.rated = terms.rated;
    for (uint32_t slot = 0; slot < 2; slot++) {
        effect->rematch.player[slot ^ seats] = player_of(hub, live, slot)->id;
        effect->rematch.card[slot ^ seats] = cards[slot];
    }
}

/* Neither in another match nor in the queue. */
static bool is_free(const struct player *player)
{
    return ref_is_none(player->match) && !player->ticket.wanted;
}

void rematch_proceed(struct hub *hub, struct live *live)
{
    const struct rematch *rematch = &live->rematch;
    if (!rematch->offered[0] || !rematch->offered[1] || rematch->asking ||
        !has_socket(live, 0) || !has_socket(live, 1)) {
        return;
    }
    for (uint8_t slot = 0; slot < 2; slot++) {
        if (!is_free(player_of(hub, live, slot))) {
            refuse(hub, live, slot, 0);
            return;
        }
    }
    if (arena_takes_new(hub) && hub->up[HUB_VALKEY]) {
        ask(hub, live);
    } else {
        cannot_now(hub, live);
    }
}

static void made(struct hub *hub, struct live *live, const struct hub_event_rematched *event)
{
    struct rematch *rematch = &live->rematch;
    for (uint8_t slot = 0; slot < 2; slot++) {
        const struct live *other = pool_get(&hub->matches, player_of(hub, live, slot)->match);
        if (other != NULL && !uuid_equal(&other->id, &event->id)) {
            refuse(hub, live, slot, 0); /* Valkey did not know of that one */
            return;
        }
    }
    const struct live *next = takeover_take(hub, &event->id, &event->copy, true);
    if (next == NULL) {
        release_next(hub, live);
        cannot_now(hub, live);
        return;
    }
    rematch->made = true;
    drop_offer(hub, live, 0);
    drop_offer(hub, live, 1);
    rematch_tell(hub, live, 0);
    rematch_tell(hub, live, 1);
}

/* Made too late: nobody has heard of it. */
static void undo(struct hub *hub, const struct hub_event_rematched *event)
{
    struct saved_card cards[2];
    if (saved_read_card(event->copy.card[0], &cards[0]) &&
        saved_read_card(event->copy.card[1], &cards[1])) {
        struct uuid players[2] = { cards[0].id, cards[1].id };
        keeper_release(hub, &event->id, players);
    }
}

void rematch_answered(struct hub *hub, const struct hub_event_rematched *event)
{
    struct live *live = pool_get(&hub->matches, event->match);
    if (live == NULL || !live->rematch.asking) {
        hub->late++;
        if (event->reply == HUB_OK && arena_find(hub, &event->id) == NULL) {
            undo(hub, event);
        }
        return;
    }
    live->rematch.asking = false;
    switch (event->reply) {
    case HUB_OK:
        made(hub, live, event);
        break;
    case HUB_REFUSED:
        live->rematch.next = (struct uuid){ { 0 } }; /* was not made */
        refuse(hub, live, uuid_equal(&player_of(hub, live, 1)->id, &event->player),
               event->cooldown_until_ms);
        break;
    case HUB_UNAVAILABLE:
        cannot_now(hub, live);
        break;
    }
}

/* ---- what is said ---- */

static void agree(struct hub *hub, struct live *live, uint8_t slot)
{
    struct rematch *rematch = &live->rematch;
    struct player *player = player_of(hub, live, slot);
    bool others = rematch->offered[1 - slot];
    if (rematch->declined[slot] && !others) {
        tell_error(hub, live, slot, HUB_ERROR_REMATCH_DECLINED, MSG_NIL);
        return;
    }
    if (!rematch->offered[slot]) {
        if (!rematch_withdraw(hub, player)) { /* of another match */
            tell_error(hub, live, slot, HUB_ERROR_REMATCH_UNAVAILABLE, MSG_NIL);
            return;
        }
        rematch->offered[slot] = true;
        player->offer = pool_ref(&hub->matches, live);
        if (!others || !has_socket(live, 1u - slot)) {
            tell_both(hub, live, slot, TEXT("offered"));
        }
    }
    rematch->accepter = slot;
    rematch_proceed(hub, live);
}

void rematch_message(struct hub *hub, struct live *live, uint8_t slot, bool accept)
{
    if (live->match.phase < MATCH_OVER || !live->end_told) {
        tell_error(hub, live, slot, HUB_ERROR_NOT_OVER, MSG_NIL);
    } else if (live->match.reason == MATCH_ABANDONED || live->rematch.made) {
        tell_error(hub, live, slot, HUB_ERROR_REMATCH_UNAVAILABLE, MSG_NIL);
    } else if (live->rematch.asking) {
        live->rematch.doubted[slot] = !accept; /* both have agreed */
    } else if (accept) {
        agree(hub, live, slot);
    } else {
        decline(hub, live, slot);
    }
}

bool rematch_withdraw(struct hub *hub, struct player *player)
{
    struct live *live = pool_get(&hub->matches, player->offer);
    if (live == NULL) {
        return true;
    }
    if (live->rematch.asking) {
        return false;
    }
    struct ref self = pool_ref(&hub->players, player);
    take_back(hub, live, ref_equal(live->seats[0].player, self) ? 0 : 1);
    return true;
}

void rematch_expire(struct hub *hub, struct live *live)
{
    for (uint8_t slot = 0; slot < 2; slot++) {
        if (live->rematch.offered[slot]) {
            drop_offer(hub, live, slot);
            tell_both(hub, live, slot, TEXT("expired"));
        }
    }
    release_next(hub, live);
}
