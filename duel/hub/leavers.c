/* Who leaves rated matches early; see leavers.h. */
#include <duel/base/assert.h>
#include <duel/hub/leavers.h>

void leavers_begin(const struct hub *hub, struct live *live)
{
    for (uint32_t store = 0; store < HUB_STORES; store++) {
        live->disturbed = live->disturbed || !hub->up[store];
    }
}

void leavers_disturb(struct hub *hub)
{
    uint32_t index = 0;
    struct live *live;
    while ((live = pool_next(&hub->matches, &index)) != NULL) {
        live->disturbed = true;
    }
}

static bool has_left(const struct match *match, uint32_t slot)
{
    const struct match_seat *seat = &match->seats[slot];
    const struct match_seat *other = &match->seats[1 - slot];
    bool left = seat->left || seat->past_grace;
    switch (match->cause) {
    case MATCH_CAUSE_NONE:
        return left && match->reason == MATCH_BY_FORFEIT;
    case MATCH_CAUSE_LEFT:
        return left;
    case MATCH_CAUSE_NO_SHOW:
        return !seat->was_here && other->was_here;
    case MATCH_CAUSE_BOTH:
    case MATCH_CAUSE_FRAMES:
    case MATCH_CAUSE_OUTAGE:
    case MATCH_CAUSE_VOID:
        break;
    }
    return false;
}

void leavers_over(struct hub *hub, const struct live *live)
{
    ASSERT(live->match.phase >= MATCH_OVER);
    if (!live->terms.rated || live->disturbed || live->taken) {
        return;
    }
    for (uint32_t slot = 0; slot < 2; slot++) {
        if (has_left(&live->match, slot)) {
            const struct player *player = pool_get(&hub->players, live->seats[slot].player);
            out_note(&hub->out, HUB_NOTE_PLAYER_LEFT_EARLY, &live->id, &player->id, TEXT_NONE, 0);
            struct hub_effect *effect = out_effect(&hub->out, HUB_FX_LEFT);
            effect->left.player = player->id;
            effect->left.match = live->id;
        }
    }
}
