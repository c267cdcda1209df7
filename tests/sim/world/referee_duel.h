/* A whole match between two simulated players, watched by the referee.
 *
 * All chance comes from one seed: rules, pings, patience, skill, faults, how late the clock is,
 * and when another process takes the match over. */
#ifndef DUEL_TESTS_REFEREE_DUEL_H
#define DUEL_TESTS_REFEREE_DUEL_H

#include <duel/core/match.h>

enum duel_kind {
    DUEL_CALM, /* the default rules, people with usual lines who play to the end */
    DUEL_WILD, /* any rules, any fault */
};

struct duel_tally {
    uint64_t steps;
    uint64_t by_score;
    uint64_t draws;
    uint64_t forfeits;
    uint64_t causes[MATCH_CAUSE_OUTAGE + 1];
    uint64_t rejects[MATCH_IS_OVER + 1];
    uint64_t statuses[MATCH_OUT + 1];
    uint64_t verdicts_again;
    uint64_t suspects;
    uint64_t rounds;
    uint64_t rounds_tied;   /* both solved, nobody won */
    uint64_t rounds_turned; /* won by who solved it second: lag credit */
    uint64_t frames_redrawn;
    uint64_t resumed[MATCH_OVER]; /* taken over, by the phase in which it was */
    uint64_t restarted;           /* rounds started in a match that was taken over */
    uint64_t forgotten;           /* taken over, and nobody came back */
    uint64_t hash; /* of all effects, to compare runs */
    uint32_t effects_most;
};

/* NULL, or what was wrong (static text). Adds to `tally`; leaves the match as it ended. `talk`:
 * print every step. `check`: assert every invariant after every step. */
const char *referee_duel(uint64_t seed, enum duel_kind kind, bool check, bool talk,
                         struct duel_tally *tally, struct match *ret_match);

#endif
