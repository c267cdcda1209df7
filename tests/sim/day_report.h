/* What people went through while they looked for opponents, by percentile: the table of sim_day. It
 * knows nothing of how they were paired. */
#ifndef DUEL_TESTS_SIM_DAY_REPORT_H
#define DUEL_TESTS_SIM_DAY_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define DAY_ALL UINT32_MAX

/* What became of a ticket; of a pair there are two. */
struct day_record {
    uint32_t wait_ms;
    uint32_t gap; /* of ratings */
    uint8_t block;
    bool paired; /* or timed out */
    bool again;  /* with the last opponent */
    bool told;   /* was not paired at once */
    bool knew;   /* eta_ms was known, and it is known how long the wait would have been */
    bool covered;
};

struct day_block {
    uint32_t tickets, paired, timeouts, at_once, again;
    uint32_t judged, covered;   /* of those who were told */
    uint32_t known, covered_all; /* of all */
    uint32_t wait50_ms, wait80_ms, wait95_ms, told80_ms, gap50, gap90;
};

static int day_compare(const void *a, const void *b)
{
    uint32_t one = *(const uint32_t *)a, two = *(const uint32_t *)b;
    return (one > two) - (one < two);
}

/* Of values in order. */
static uint32_t day_percentile(const uint32_t *values, uint32_t count, uint32_t percent)
{
    return count == 0 ? 0 : values[(uint64_t)(count - 1) * percent / 100];
}

static double day_share(uint32_t part, uint32_t whole)
{
    return whole == 0 ? 0 : 100.0 * part / whole;
}

static void day_count(struct day_block *block, const struct day_record *record)
{
    block->tickets++;
    block->paired += record->paired;
    block->timeouts += !record->paired;
    block->again += record->again;
    block->at_once += !record->told;
    block->known += record->knew;
    block->covered_all += record->knew && record->covered;
    block->judged += record->knew && record->told;
    block->covered += record->knew && record->told && record->covered;
}

/* Of one block, or of all. */
static struct day_block day_judge(const struct day_record *records, uint32_t count, uint32_t which)
{
    struct day_block block = { 0 };
    uint32_t *waits = malloc(3 * (size_t)count * sizeof *waits + 1);
    if (waits == NULL) {
        abort();
    }
    uint32_t *told = waits + count, *gaps = told + count;
    uint32_t told_count = 0, gaps_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct day_record *record = &records[i];
        if (which != DAY_ALL && record->block != which) {
            continue;
        }
        waits[block.tickets] = record->wait_ms;
        day_count(&block, record);
        if (record->paired) {
            gaps[gaps_count++] = record->gap;
        }
        if (record->told) {
            told[told_count++] = record->wait_ms;
        }
    }
    qsort(waits, block.tickets, sizeof *waits, day_compare);
    qsort(told, told_count, sizeof *told, day_compare);
    qsort(gaps, gaps_count, sizeof *gaps, day_compare);
    block.wait50_ms = day_percentile(waits, block.tickets, 50);
    block.wait80_ms = day_percentile(waits, block.tickets, 80);
    block.wait95_ms = day_percentile(waits, block.tickets, 95);
    block.told80_ms = day_percentile(told, told_count, 80);
    block.gap50 = day_percentile(gaps, gaps_count, 50);
    block.gap90 = day_percentile(gaps, gaps_count, 90);
    free(waits);
    return block;
}

static void day_print_head(const char *name, uint64_t seed)
{
    printf("%s, seed %llu: waits in s, shares in %%\n", name, (unsigned long long)seed);
    printf("  %-8s %6s %7s | %6s %6s %6s | %5s %5s | %7s %7s %6s | %7s %7s %6s\n", "", "people",
           "tickets", "wait50", "wait80", "wait95", "gap50", "gap90", "timeout", "at once",
           "again", "told80", "covered", "of all");
}

/* told80: the 80th percentile of those who were told eta_ms; covered: so many of them got an
 * opponent within it; of all: the same of all tickets. */
static void day_print(const char *name, const struct day_block *block, double people)
{
    printf("  %-8s %6.0f %7u | %6.2f %6.2f %6.2f | %5u %5u | %7.2f %7.1f %6.1f | %7.2f %7.1f"
           " %6.1f\n",
           name, people, block->tickets, block->wait50_ms / 1e3, block->wait80_ms / 1e3,
           block->wait95_ms / 1e3, block->gap50, block->gap90,
           day_share(block->timeouts, block->tickets), day_share(block->at_once, block->tickets),
           day_share(block->again, block->paired), block->told80_ms / 1e3,
           day_share(block->covered, block->judged),
           day_share(block->covered_all, block->known));
}

#endif
