/* Matches by the thousand, each from its own seed, each watched by the referee and played twice.
 *
 * sim_match [--seed=N] [--matches=N]. The first match has seed N, the next N + 1, and so on: a
 * faulty one is printed and can be seen again with --seed=<its seed> --matches=1. TEST_LONG=1
 * plays more of them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tests/sim/world/referee_duel.h>
#include <time.h>

#define COVER_MATCHES 5000 /* from so many on, everything has to have happened */

static int failed;
static uint64_t failed_seed; /* of the first */

static void play(uint64_t seed, struct duel_tally *tally)
{
    struct match first, second;
    struct duel_tally again = { 0 };
    uint64_t steps = tally->steps;
    tally->hash = 0;
    enum duel_kind kind = seed % 16 == 0 ? DUEL_CALM : DUEL_WILD;
    const char *fault = referee_duel(seed, kind, true, false, tally, &first);
    referee_duel(seed, kind, false, false, &again, &second);
    if (fault == NULL && (again.hash != tally->hash || again.steps != tally->steps - steps ||
                          memcmp(&first, &second, sizeof first) != 0)) {
        fault = "the same seed gave another match";
    }
    if (fault == NULL) {
        return;
    }
    printf("FAULT in the match of seed %" PRIu64 ": %s\n", seed, fault);
    if (failed++ == 0) {
        failed_seed = seed;
        struct duel_tally aside = { 0 };
        referee_duel(seed, kind, false, true, &aside, &second);
    }
}

static void cover(const char *what, uint64_t count, uint64_t matches)
{
    printf("  %-34s %" PRIu64 "\n", what, count);
    if (count == 0 && matches >= COVER_MATCHES) {
        printf("FAULT: it never happened\n");
        failed++;
    }
}

static void report(const struct duel_tally *tally, uint64_t matches)
{
    cover("steps", tally->steps, matches);
    cover("rounds", tally->rounds, matches);
    cover("rounds, both in the same ms", tally->rounds_tied, matches);
    cover("rounds won by who was second", tally->rounds_turned, matches);
    cover("suspect solutions", tally->suspects, matches);
    cover("opponent solved", tally->statuses[MATCH_SOLVED], matches);
    cover("opponent out", tally->statuses[MATCH_OUT], matches);
    cover("frames that could not be had", tally->frames_redrawn, matches);
    cover("repeated verdicts", tally->verdicts_again, matches);
    cover("refused: NOT_IN_ROUND", tally->rejects[MATCH_NOT_IN_ROUND], matches);
    cover("refused: LOCKED", tally->rejects[MATCH_LOCKED], matches);
    cover("refused: ALREADY_SOLVED", tally->rejects[MATCH_ALREADY_SOLVED], matches);
    cover("refused: NO_GUESSES_LEFT", tally->rejects[MATCH_NO_GUESSES_LEFT], matches);
    cover("refused: BAD_SEQ", tally->rejects[MATCH_BAD_SEQ], matches);
    cover("refused: MATCH_IS_OVER", tally->rejects[MATCH_IS_OVER], matches);
    cover("by score", tally->by_score, matches);
    cover("draws", tally->draws, matches);
    cover("by forfeit", tally->forfeits, matches);
    cover("abandoned: no show", tally->causes[MATCH_CAUSE_NO_SHOW], matches);
    cover("abandoned: left", tally->causes[MATCH_CAUSE_LEFT], matches);
    cover("abandoned: both gone", tally->causes[MATCH_CAUSE_BOTH], matches);
    cover("abandoned: no frame", tally->causes[MATCH_CAUSE_FRAMES], matches);
    cover("abandoned: outage", tally->causes[MATCH_CAUSE_OUTAGE], matches);
    cover("taken over in waiting", tally->resumed[MATCH_WAITING], matches);
    cover("taken over in the countdown", tally->resumed[MATCH_COUNTDOWN], matches);
    cover("taken over in a round", tally->resumed[MATCH_ROUND], matches);
    cover("taken over in an intermission", tally->resumed[MATCH_INTERMISSION], matches);
    cover("rounds after a takeover", tally->restarted, matches);
    cover("taken over, nobody came", tally->forgotten, matches);
    cover("effects of one step, at most", tally->effects_most, matches);
}

int main(int argc, char **argv)
{
    uint64_t seed = (uint64_t)time(NULL) * 1000000;
    uint64_t matches = getenv("TEST_LONG") != NULL ? 1000000 : 20000;
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--seed=", 7) == 0) {
            seed = strtoull(argv[i] + 7, NULL, 10);
        } else if (strncmp(argv[i], "--matches=", 10) == 0) {
            matches = strtoull(argv[i] + 10, NULL, 10);
        } else {
            fprintf(stderr, "usage: %s [--seed=N] [--matches=N]\n", argv[0]);
            return 2;
        }
    }
    printf("sim_match --seed=%" PRIu64 " --matches=%" PRIu64 "\n", seed, matches);
    struct duel_tally tally = { 0 };
    for (uint64_t i = 0; i < matches && failed < 10; i++) {
        play(seed + i, &tally);
    }
    report(&tally, matches);
    if (failed_seed != 0) {
        printf("the first fault again: %s --seed=%" PRIu64 " --matches=1\n", argv[0], failed_seed);
    }
    printf("%" PRIu64 " passed, %d failed\n", matches - (uint64_t)failed, failed);
    return failed != 0;
}
