/* The witness runs the journal of every result again: it must come to the same, bit for bit. */
#include <duel/core/journal.h>
#include <string.h>
#include <tests/sim/world/world_witness.h>

static bool is_same_guess(const struct journal_verdict *verdict, const struct hub_guess *guess)
{
    return verdict->round == guess->round && verdict->slot == guess->slot &&
           verdict->guess.seq == guess->seq && verdict->guess.correct == guess->correct &&
           verdict->guess.similarity == guess->similarity && verdict->guess.ms == guess->ms &&
           verdict->guess.raw_ms == guess->raw_ms;
}

/* Guesses of a round that was not finished are nobody's business. */
static bool are_same_guesses(const struct journal_outcome *outcome,
                             const struct hub_result *result)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < result->guesses_count; i++) {
        const struct hub_guess *guess = &result->guesses[i];
        if (guess->round > result->rounds_count) {
            continue;
        }
        if (count == outcome->verdicts_count ||
            !is_same_guess(&outcome->verdicts[count++], guess)) {
            return false;
        }
    }
    return count == outcome->verdicts_count;
}

static bool is_same_match(const struct match *match, const struct hub_result *result)
{
    bool same = match->phase >= MATCH_OVER && match->reason == result->reason &&
                match->winner == result->winner && match->rules.best_of == result->best_of &&
                match->rounds_count == result->rounds_count;
    for (uint8_t slot = 0; slot < 2; slot++) {
        same = same && match->score[slot] == result->score[slot] &&
               match_points(match, slot) == result->points[slot];
    }
    for (uint32_t i = 0; i < match->rounds_count && same; i++) {
        const struct match_round *ours = &match->rounds[i];
        const struct match_round *theirs = &result->rounds[i].played;
        same = ours->ms[0] == theirs->ms[0] && ours->ms[1] == theirs->ms[1] &&
               ours->winner == theirs->winner && ours->suspect[0] == theirs->suspect[0] &&
               ours->suspect[1] == theirs->suspect[1];
    }
    return same;
}

void witness_journal(struct world *world, const struct hub_result *result)
{
    static struct journal_run run;
    static struct journal_outcome outcome;
    memset(&outcome, 0, sizeof outcome);
    journal_open(&run, result->journal);
    while (journal_next(&run)) {
        journal_gather(&run, &outcome);
    }
    if (run.state != JOURNAL_WHOLE) {
        world_fault(world, "a result without all of its journal");
    } else if (!is_same_match(&outcome.match, result) || !are_same_guesses(&outcome, result)) {
        world_fault(world, "a journal runs to something else");
    }
}
