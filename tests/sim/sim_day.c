/* What people who look for opponents go through (docs/rules.md, R-70 … R-74; docs/matchmaking.md):
 * waits, gaps of ratings and what eta_ms is worth, by percentile, for a few, for many, and for a
 * day with its night. The figures are checked over several seeds together: of one alone they
 * scatter by about as much as the limits are away. They hold for the habits given here; TEST_LONG=1
 * also prints them for others, with which some do not. */
#include "day_world.h"

/* Prints a line for each block of hours, if there are several, and one for all. */
static struct day_block report(uint64_t seed)
{
    const struct day_record *records = day.records + day.records_first;
    uint32_t count = day.records_count - day.records_first;
    const struct scenario *scenario = day.scenario;
    uint32_t blocks = (scenario->hours + scenario->block_hours - 1) / scenario->block_hours;
    uint64_t present_ms = 0;
    day_print_head(scenario->name, seed);
    for (uint32_t i = 0; i < blocks; i++) {
        char name[24];
        (void)snprintf(name, sizeof name, "%02u-%02u h", i * scenario->block_hours,
                       (i + 1) * scenario->block_hours);
        present_ms += day.present_ms[i];
        if (blocks > 1) {
            struct day_block block = day_judge(records, count, i);
            day_print(name, &block,
                      (double)day.present_ms[i] / (double)(scenario->block_hours * HOUR_MS));
        }
    }
    struct day_block all = day_judge(records, count, DAY_ALL);
    day_print("all", &all, (double)present_ms / (double)(scenario->hours * HOUR_MS));
    printf("  timeouts of one person in a row: at most %u\n", day.timeouts_most);
    return all;
}

/* Several runs from seed 1 on, and all of them together. */
static struct day_block run_seeds(const struct scenario *scenario, uint32_t seeds)
{
    day.records_count = 0;
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        run(scenario, seed);
        (void)report(seed);
    }
    struct day_block all = day_judge(day.records, day.records_count, DAY_ALL);
    day_print("together", &all, scenario->people);
    return all;
}

static bool covers_four_of_five(const struct day_block *block)
{
    double percent = day_share(block->covered, block->judged);
    return percent >= 75 && percent <= 85;
}

TEST(R_72_twenty_five_people_who_play_one_duel_after_another)
{
    static const struct scenario few = { "25 people", 25, 100, 100, 5000, 12, 0 };
    struct day_block all = run_seeds(&few, 4);
    CHECK(all.wait95_ms <= 25000);
    CHECK(all.gap90 <= 300);
    CHECK(all.timeouts * 20 < all.tickets);
    CHECK(covers_four_of_five(&all));
}

TEST(R_72_two_hundred_and_fifty_people_who_play_one_duel_after_another)
{
    static const struct scenario many = { "250 people", 250, 24, 24, 5000, 12, 0 };
    struct day_block all = run_seeds(&many, 3);
    CHECK(all.wait95_ms < 5000);
    CHECK(all.gap90 < 120);
    CHECK_INT(all.timeouts, 0);
    CHECK(covers_four_of_five(&all));
}

/* A third is ready to leave within 20 s. Were those left out who do, or taken for people who found
 * somebody, the others would be promised too short a wait. */
TEST(R_74_people_who_lose_patience)
{
    static const struct scenario few = { "25 people, a third impatient", 25, 50, 50, 5000, 12, 33 };
    static const struct scenario many = { "250 people, a third impatient", 250, 4, 4, 5000, 12,
                                          33 };
    struct day_block all = run_seeds(&few, 2);
    CHECK(covers_four_of_five(&all));
    all = run_seeds(&many, 2);
    CHECK(covers_four_of_five(&all));
}

/* Few at night, when there may be nobody to play with; but who asks while another can wait no
 * longer gets him, which time_out() checks. */
TEST(R_73_a_whole_day)
{
    static const struct scenario whole = { "a day", 0, 24, 3, 5000, 12, 0 };
    struct day_block all = run_seeds(&whole, 2);
    CHECK(covers_four_of_five(&all));
    CHECK(all.timeouts * 20 < all.tickets);
}

/* Not judged: how far the figures depend on what people are supposed to do. */
TEST(other_habits)
{
    static const uint32_t pauses_ms[] = { 0, 5000, 10000 };
    static const uint32_t duels[] = { 8, 12, 20 };
    if (getenv("TEST_LONG") == NULL) {
        return;
    }
    for (uint32_t i = 0; i < 18; i++) {
        char name[64];
        uint32_t people = i < 9 ? 25 : 250;
        uint32_t hours = i < 9 ? 400 : 80;
        struct scenario scenario = { name, people, hours, hours, pauses_ms[i / 3 % 3], duels[i % 3],
                                     0 };
        (void)snprintf(name, sizeof name, "%u people, pauses up to %u s, %u duels", people,
                       scenario.pause_max_ms / 1000, scenario.duels);
        (void)run_seeds(&scenario, 1);
    }
}

TEST_MAIN
