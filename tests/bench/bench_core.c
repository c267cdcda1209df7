/* How many whole matches the core plays a minute on one core, with the referee attached, and how
 * large a match is. Lines: bench <name> <value> <unit>. An argument is the number of matches. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <tests/sim/world/referee_duel.h>
#include <time.h>

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int measure(const char *name, enum duel_kind kind, uint64_t matches)
{
    struct duel_tally tally = { 0 };
    struct match match;
    double start = seconds();
    for (uint64_t i = 0; i < matches; i++) {
        const char *fault = referee_duel(i + 1, kind, false, false, &tally, &match);
        if (fault != NULL) {
            fprintf(stderr, "seed %" PRIu64 ": %s\n", i + 1, fault);
            return 1;
        }
    }
    double spent = seconds() - start;
    printf("bench core_%s_matches %.0f matches/min\n", name, (double)matches / spent * 60);
    printf("bench core_%s_rounds %.2f rounds/match\n", name,
           (double)tally.rounds / (double)matches);
    printf("bench core_%s_steps %.1f steps/match\n", name, (double)tally.steps / (double)matches);
    printf("bench core_%s_step %.0f ns\n", name, spent / (double)tally.steps * 1e9);
    return 0;
}

int main(int argc, char **argv)
{
    uint64_t matches = argc > 1 ? strtoull(argv[1], NULL, 10) : 30000;
    printf("bench core_match_size %zu bytes\n", sizeof(struct match));
    return measure("calm", DUEL_CALM, matches) | measure("wild", DUEL_WILD, matches);
}
