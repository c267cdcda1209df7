/* The world of one server process as a state machine: callers, players, queue tickets, live matches
 * and results on their way into the stores. Pure: no socket, clock, library, log or randomness of
 * its own.
 *
 *   hub_step(hub, event)   one thing that happened, with its time
 *   hub_take(hub)          what must be done because of it, in order, until NULL
 *   hub_deadline_us(hub)   when HUB_EV_TICK is due at the latest
 *
 * Ownership: texts and pointers inside an event live until hub_step returns; those inside an effect
 * until the next hub_step. Whoever drives it performs the effects of a step before the next step.
 *
 * Every effect that asks the world for something (marked "asks") is answered by exactly one event
 * that carries the same reference: ok, refused, or unavailable, where unavailable includes "it may
 * have happened and nobody knows", so all that is asked can safely be asked again. The hub repeats
 * what must not be lost. Valkey's answers come in the order of the asking (one connection).
 *
 * Each live match is saved in Valkey and owned by one process, by a lease that the process renews
 * for all of them together, and a fence, a number that only rises with each change of owner. What
 * is told of a match's rounds and of its end waits for the save, for save_wait_ms at most. A
 * process takes over matches whose owner's lease has run out.
 *
 * A connection is a WebSocket or a waiting HTTP request. Its reference is made by the gateway, with
 * index < limits.connections_max; the hub keeps its session at the same index. */
#ifndef DUEL_HUB_HUB_H
#define DUEL_HUB_HUB_H

#include <duel/base/tally.h>
#include <duel/core/match.h>
#include <duel/core/matchmaker.h>
#include <duel/hub/effect.h>
#include <duel/hub/event.h>

struct hub;

struct hub_limits {
    uint32_t connections_max;
    uint32_t matches_max;
    uint32_t results_max;        /* finished matches that wait for a store */
    uint32_t guess_log_max;      /* bytes of guess texts kept for one match; the rest is dropped */
    uint32_t settle_wait_ms;     /* how long match_end waits for its rating, before going without */
    uint32_t save_wait_ms;       /* how long news of a match waits for its save */
    uint32_t renew_ms;           /* how often the lease is renewed; well below what it lasts */
    uint32_t drain_ms;           /* how long a round may go on once the process was asked to stop */
    uint32_t invite_ms;          /* how long an invitation is open */
    bool rated_invites;          /* invitations may be for rating */
    uint32_t suggests_per_s;     /* 10 */
    uint32_t searches_per_s;     /* 10 */
    uint32_t ping_match_ms;      /* 5,000 */
    uint32_t ping_idle_ms;       /* 15,000 */
    uint32_t silence_match_ms;   /* 15,000 */
    uint32_t silence_idle_ms;    /* 30,000 */
    struct match_rules rules;
    struct matchmaker_rules matchmaker;
};

/* Allocates everything it will ever need. `seed` keys its hash tables. NULL: out of memory. */
struct hub *hub_create(const struct hub_limits *limits, uint64_t seed);
void hub_destroy(struct hub *hub);

void hub_step(struct hub *hub, const struct hub_event *event);
/* The next effect of the last step, NULL when there is none left. It may be written to. */
struct hub_effect *hub_take(struct hub *hub);
uint64_t hub_deadline_us(const struct hub *hub);
/* Whether an operator wants no new matches here. */
bool hub_is_closed(const struct hub *hub);
/* Which match is being stepped, or was last; none yet. For who looks at a crash: the address stays
 * good as long as the hub. */
const struct uuid *hub_at(const struct hub *hub);
/* Asserts every invariant; slow, for tests and simulation. */
void hub_check(const struct hub *hub);

/* How matches end, as they are counted. */
enum hub_outcome {
    HUB_ENDED_SCORE,
    HUB_ENDED_DRAW,
    HUB_ENDED_FORFEIT,
    HUB_ENDED_NO_SHOW,   /* abandoned, and why: enum match_cause */
    HUB_ENDED_LEFT,
    HUB_ENDED_BOTH_LEFT,
    HUB_ENDED_NO_FRAMES,
    HUB_ENDED_OUTAGE,
    HUB_ENDED_VOID,
    HUB_OUTCOMES /* not an outcome */
};

/* Gauges for metrics and readiness. */
struct hub_counts {
    uint32_t sessions;
    uint32_t players;
    uint32_t tickets;
    uint32_t matches;               /* live: not yet over */
    uint32_t matches_by_phase[MATCH_CLOSED + 1];
    uint32_t dormant;               /* of these: taken over, and no player has come yet */
    uint32_t unsaved;               /* whose copy in Valkey is behind */
    uint32_t results;               /* waiting for a store */
    uint32_t results_max;           /* as many fit */
    int64_t result_oldest_ms;       /* when the oldest of them ended; 0 when none */
    uint32_t matches_max;           /* as many fit, those that are over included */
    uint64_t ended[HUB_OUTCOMES];   /* that were played to their end here */
    struct tally save_waits;        /* TALLY_SAVES: of the news of a round's end */
    struct tally queue_waits;       /* TALLY_PEOPLE: of tickets, until they were matched */
    struct tally lag_credits;       /* TALLY_LINES: of guesses */
    uint64_t guess_log_bytes;       /* kept now, over all matches */
    uint64_t late;                  /* answers to something that was gone */
};
struct hub_counts hub_count(const struct hub *hub);

#endif
