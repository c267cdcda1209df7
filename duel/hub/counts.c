/* How matches end, how long players wait and what lag they are credited; see counts.h. */
#include <duel/base/assert.h>
#include <duel/hub/counts.h>

static enum hub_outcome abandoned_by(enum match_cause cause)
{
    switch (cause) {
    case MATCH_CAUSE_NO_SHOW:
        return HUB_ENDED_NO_SHOW;
    case MATCH_CAUSE_LEFT:
        return HUB_ENDED_LEFT;
    case MATCH_CAUSE_BOTH:
        return HUB_ENDED_BOTH_LEFT;
    case MATCH_CAUSE_FRAMES:
        return HUB_ENDED_NO_FRAMES;
    case MATCH_CAUSE_VOID:
        return HUB_ENDED_VOID;
    case MATCH_CAUSE_OUTAGE:
    case MATCH_CAUSE_NONE:
        break;
    }
    return HUB_ENDED_OUTAGE;
}

static enum hub_outcome outcome_of(const struct match *match)
{
    switch (match->reason) {
    case MATCH_BY_SCORE:
        return match->winner == MATCH_NOBODY ? HUB_ENDED_DRAW : HUB_ENDED_SCORE;
    case MATCH_BY_FORFEIT:
        return HUB_ENDED_FORFEIT;
    case MATCH_ABANDONED:
        break;
    }
    return abandoned_by(match->cause);
}

void counts_ended(struct hub *hub, const struct match *match)
{
    ASSERT(match->phase >= MATCH_OVER);
    hub->ended_by[outcome_of(match)]++;
}

void counts_matched(struct hub *hub, const struct ticket *ticket)
{
    ASSERT(hub->now_ms >= ticket->asked_ms);
    tally_add(&hub->queue_waits, TALLY_PEOPLE, (uint64_t)(hub->now_ms - ticket->asked_ms) * 1000);
}

void counts_judged(struct hub *hub, const struct match_guess *guess)
{
    ASSERT(guess->ms <= guess->raw_ms);
    tally_add(&hub->lag_credits, TALLY_LINES, (uint64_t)(guess->raw_ms - guess->ms) * 1000);
}
