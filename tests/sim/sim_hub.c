/* Whole worlds around one or two nodes, each from its own seed: bad lines, failing stores, late
 * timers, rude clients, crashes and deploys, watched by a witness; each is run twice and must go
 * the same way.
 *
 * sim_hub [--seed=N] [--runs=N] [--minutes=N] [--talk]. The first run has seed N, the next N +
 * 1, and so on. What to type to see a fault again is printed with it. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tests/sim/world/world.h>
#include <time.h>
#include <unistd.h>

#define COVER_RUNS 20 /* from so many on, everything has to have happened */

static const char *program;
static char again[200]; /* how to see the running one again */
static int failed;

static void on_abort(int number)
{
    (void)number;
    ssize_t written = write(STDOUT_FILENO, again, strlen(again));
    _exit(written < 0 ? 3 : 1);
}

/* All of a tally but the hash is counters. */
static void add(struct world_tally *sum, const struct world_tally *tally)
{
    uint64_t hash = sum->hash ^ tally->hash;
    for (size_t i = 0; i < sizeof *sum / sizeof(uint64_t); i++) {
        ((uint64_t *)sum)[i] += ((const uint64_t *)tally)[i];
    }
    sum->hash = hash;
}

#define SEED 9000

static void run(uint64_t seed, uint32_t minutes, bool talk, struct world_tally *sum)
{
    struct world_tally first, second;
    (void)snprintf(again, sizeof again,
                   "FAULT. See it again: %s --seed=%" PRIu64 " --runs=1 --minutes=%u\n", program,
                   seed, minutes);
    const char *fault = world_run(seed, minutes, talk, &first);
    if (fault == NULL) {
        world_run(seed, minutes, false, &second);
        if (first.hash != second.hash || first.steps != second.steps) {
            fault = "the same seed went another way";
        }
    }
    if (fault != NULL) {
        failed++;
        printf("%s: %s", fault, again);
    }
    add(sum, &first);
}

static void cover(const char *what, uint64_t count, uint32_t runs)
{
    printf("  %-44s %" PRIu64 "\n", what, count);
    if (count == 0 && runs >= COVER_RUNS) {
        printf("FAULT: it never happened\n");
        failed++;
    }
}

/* Rare: may be missing from as few runs as usual. */
static void cover_rare(const char *what, uint64_t count, uint32_t runs)
{
    cover(what, count, runs / 10);
}

/* What is allowed to be missing. */
static void count(const char *what, uint64_t count)
{
    printf("  %-44s %" PRIu64 "\n", what, count);
}

static void report_lasting(const struct world_tally *sum, uint32_t runs)
{
    cover("crashes", sum->crashes, runs);
    cover("deploys", sum->deploys, runs);
    cover("runs with two nodes", sum->nodes_two, runs);
    cover_rare("times a node was cut from Valkey", sum->partitions, runs);
    cover("keys of Valkey that vanished", sum->evicted, runs);
    cover_rare("times that Valkey was emptied", sum->emptied, runs);
    cover("matches taken over", sum->taken, runs);
    cover("matches come back to", sum->resumed, runs);
    cover("rounds played again", sum->replayed, runs);
    cover_rare("matches given up to another process", sum->lost, runs);
    cover("matches handed over", sum->handed_over, runs);
    cover_rare("matches to which nobody came back", sum->forgotten, runs);
    cover_rare("matches taken over that were over", sum->was_over, runs);
    cover_rare("clients sent to another node", sum->redirects, runs);
    cover("answers to who waits by asking", sum->polled, runs);
    cover("matches that they were told of", sum->polled_matches, runs);
    cover("looks at live matches", sum->looks, runs);
    cover_rare("pairs made for another node", sum->elsewhere, runs);
    cover("tickets that kept their place", sum->kept_place, runs);
    count("news told before it was saved", sum->told_early);
    count("rows replaced", sum->re_stored);
    count("matches that two processes played at once", sum->split);
    count("matches of which two things were lost", sum->excused);
    count("contradictions, of these two kinds", sum->contradicted);
    count("matches begun that left no trace", sum->vanished);
    count("rows that were not published", sum->unpublished);
    count("welcomes to a match whose result is stored", sum->resurrected);
}

static void report_afterwards(const struct world_tally *sum, uint32_t runs)
{
    cover("offers of a rematch told", sum->offers, runs);
    cover("declined", sum->declined, runs);
    cover("expired", sum->expired, runs);
    cover("rematches made", sum->rematches, runs);
    cover("invitations made", sum->invites, runs);
    cover_rare("too many at once", sum->too_many_invites, runs);
    cover("waited in", sum->parked, runs);
    cover("withdrawn", sum->withdrawn, runs);
    cover("accepted", sum->accepted, runs);
    cover_rare("for rating", sum->accepted_rated, runs);
    cover("in vain", sum->not_accepted, runs);
    cover("matches left early", sum->left_early, runs);
    cover_rare("players who had to wait for that", sum->cooldowns, runs);
}

static void report(const struct world_tally *sum, uint32_t runs)
{
    cover("steps", sum->steps, runs);
    cover("effects", sum->effects, runs);
    cover("verdicts", sum->verdicts, runs);
    cover("rounds", sum->rounds, runs);
    cover("matches played", sum->matches, runs);
    cover("by score", sum->by_score, runs);
    cover("draws", sum->draws, runs);
    cover("by forfeit", sum->forfeits, runs);
    cover("abandoned", sum->abandoned, runs);
    cover_rare("abandoned and stored", sum->abandoned_stored, runs);
    cover("results stored", sum->stored, runs);
    cover("ratings told after match_end", sum->ratings_late, runs);
    cover("welcomes after the first round began", sum->reconnects, runs);
    cover("connections replaced", sum->replaced, runs);
    cover_rare("connections given up as silent", sum->silent, runs);
    cover_rare("nobody found in time", sum->timeouts, runs);
    cover("told UNAVAILABLE in the queue", sum->unavailable, runs);
    cover("outages of a store", sum->outages, runs);
    cover_rare("servers stopped under way", sum->drains, runs);
    cover_rare("answers to something that was gone", sum->late, runs);
    report_afterwards(sum, runs);
    report_lasting(sum, runs);
}

int main(int argc, char **argv)
{
    uint64_t seed = SEED; /* the same worlds each time, so that a change is to blame for a fault */
    uint32_t runs = COVER_RUNS;
    uint32_t minutes = 3;
    bool talk = false;
    struct world_tally sum = { 0 };
    program = argv[0];
    if (getenv("TEST_LONG") != NULL) {
        seed = (uint64_t)time(NULL) * 1000;
        runs = 400;
    }
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--seed=", 7) == 0) {
            seed = strtoull(argv[i] + 7, NULL, 10);
        } else if (strncmp(argv[i], "--runs=", 7) == 0) {
            runs = (uint32_t)strtoul(argv[i] + 7, NULL, 10);
        } else if (strncmp(argv[i], "--minutes=", 10) == 0) {
            minutes = (uint32_t)strtoul(argv[i] + 10, NULL, 10);
        } else if (strcmp(argv[i], "--talk") == 0) {
            talk = true;
        } else {
            fprintf(stderr, "usage: sim_hub [--seed=N] [--runs=N] [--minutes=N] [--talk]\n");
            return 2;
        }
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGABRT, on_abort);
    printf("%u runs of %u simulated minutes from --seed=%" PRIu64 "\n", runs, minutes, seed);
    for (uint32_t i = 0; i < runs && failed < 3; i++) {
        run(seed + i, minutes, talk, &sum);
    }
    report(&sum, runs);
    printf("%u passed, %d failed\n", failed == 0 ? runs : 0, failed);
    return failed != 0;
}
