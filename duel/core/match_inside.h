/* What the parts of the match share among themselves; nobody else includes it. */
#ifndef DUEL_CORE_MATCH_INSIDE_H
#define DUEL_CORE_MATCH_INSIDE_H

#include <duel/core/match.h>

/* The running round and its end. */
enum match_round_state {
    MATCH_ROUND_OPEN,     /* a seat may guess until the round's time is up */
    MATCH_ROUND_SETTLING, /* only inside the lag; *ret_closes_us is the last moment */
    MATCH_ROUND_DECIDED,  /* each seat has solved it, is out of guesses, or is gone for good */
};

static inline uint8_t match_other(uint8_t slot)
{
    return slot ^ 1;
}

/* match_effect.c: adds an effect, all other fields zero. */
struct match_effect *match_emit(struct match_effects *effects, enum match_effect_type type);
void match_reject(struct match_effects *effects, const struct match_event *event,
                  enum match_reject why);

/* match_guess.c: a MATCH_EV_GUESS at match->now_us. */
void match_guess_take(struct match *match, const struct match_event *event,
                      struct match_effects *effects);
/* Clears what seats keep of a round. */
void match_guess_reset(struct match *match);
/* Time is up for `slot`: from now on its guesses count only inside its lag. */
void match_guess_close(struct match *match, uint8_t slot);
enum match_round_state match_guess_state(const struct match *match, uint64_t *ret_closes_us);
/* Records the running round as finished, and tells what may be told now. */
void match_guess_record(struct match *match, struct match_effects *effects);

#endif
