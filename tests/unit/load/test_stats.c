/* What a run of the load generator measured, and what it reads of a server's metrics. */
#include "test.h"
#include <loadtest/load/scrape.h>
#include <loadtest/load/stats.h>
#include <math.h>

#define SECOND UINT64_C(1000000)

static const struct stats_server nothing_known = { -1, -1, -1, -1, -1, -1, -1, -1, 0 };

static bool near(double a, double b)
{
    return fabs(a - b) < 1e-6 * (fabs(a) + fabs(b) + 1e-9);
}

TEST(nothing_is_known_of_a_server_that_was_not_asked)
{
    struct stats *stats = stats_create();
    CHECK(stats->first.cpu_s < 0 && stats->last.rss_bytes < 0 && stats->storm_server_cpu_s < 0);
    CHECK_INT(stats_errors(stats) + stats_brokens(stats), 0);
    stats_destroy(stats);
}

TEST(the_window_forgets_what_was_timed_before_but_no_error)
{
    struct stats *stats = stats_create();
    stats_time(stats, LATENCY_verdict, 5000);
    stats_count(stats, COUNT_guesses, 3);
    stats->won[1] = 4;
    stats_error(stats, "refused");
    stats_broken(stats, "a lie");
    stats_begin(stats, 7 * SECOND);
    CHECK_INT(stats->measured_from_us, 7 * SECOND);
    CHECK_INT(stats->latency[LATENCY_verdict].count, 0);
    CHECK_INT(stats->latency[LATENCY_verdict].max_us, 0);
    CHECK_INT(stats->count[COUNT_guesses], 0);
    CHECK_INT(stats->won[1], 0);
    CHECK_INT(stats_errors(stats), 1);
    CHECK_INT(stats_brokens(stats), 1);
    stats_time(stats, LATENCY_skew, 30);
    stats_end(stats, 9 * SECOND);
    CHECK_INT(stats->latency[LATENCY_skew].count, 1);
    CHECK_INT(stats->measured_to_us, 9 * SECOND);
    CHECK(stats->load_cpu_last_s >= stats->load_cpu_first_s);
    stats_destroy(stats);
}

TEST(a_run_that_ended_early_has_no_window)
{
    struct stats *stats = stats_create();
    CHECK(near(stats_window_s(stats), 0));
    stats_end(stats, 9 * SECOND);
    CHECK(near(stats_window_s(stats), 0));
    stats_begin(stats, 10 * SECOND);
    CHECK(near(stats_window_s(stats), 0));
    stats_end(stats, 12 * SECOND);
    CHECK(near(stats_window_s(stats), 2));
    stats_destroy(stats);
}

TEST(errors_are_counted_by_kind)
{
    struct stats *stats = stats_create();
    stats_error(stats, "closed: %d", 1006);
    stats_error(stats, "closed: %d", 4503);
    stats_error(stats, "closed: %d", 1006);
    CHECK_INT(stats->errors_count, 2);
    CHECK(strcmp(stats->errors[0].what, "closed: 1006") == 0);
    CHECK_INT(stats->errors[0].count, 2);
    CHECK_INT(stats->errors[1].count, 1);
    CHECK_INT(stats_errors(stats), 3);
    CHECK_INT(stats->broken_count, 0);
    stats_destroy(stats);
}

TEST(too_many_kinds_end_in_one)
{
    struct stats *stats = stats_create();
    for (int i = 0; i < 1000; i++) {
        stats_broken(stats, "kind %d", i);
    }
    CHECK_INT(stats->broken_count, STATS_KINDS_MAX);
    CHECK(strcmp(stats->broken[STATS_KINDS_MAX - 1].what, "other") == 0);
    CHECK_INT(stats->broken[STATS_KINDS_MAX - 1].count, 1000 - (STATS_KINDS_MAX - 1));
    CHECK_INT(stats_brokens(stats), 1000);
    stats_destroy(stats);
}

TEST(a_kind_is_cut_and_moves_no_cursor)
{
    struct stats *stats = stats_create();
    char text[400];
    memset(text, 'x', sizeof(text));
    text[0] = '\033';
    text[1] = '\n';
    text[sizeof(text) - 1] = '\0';
    stats_error(stats, "%s", text);
    CHECK_INT(strlen(stats->errors[0].what), STATS_KIND_SIZE - 1);
    CHECK(strncmp(stats->errors[0].what, "??xx", 4) == 0);
    stats_destroy(stats);
}

TEST(a_second_is_counted_from_the_one_before)
{
    struct stats *stats = stats_create();
    struct stats_server server = nothing_known;
    stats->started_us = 100 * SECOND;
    for (uint64_t i = 1; i <= 100; i++) {
        stats_time(stats, LATENCY_verdict, i);
    }
    stats_sample(stats, 101 * SECOND, 5, 10, &server);
    const struct stats_sample *sample = &stats->samples[0];
    CHECK_INT(stats->samples_count, 1);
    CHECK(near(sample->at_s, 1) && near(sample->guesses_per_s, 100));
    CHECK_INT(sample->verdict_p50_us, 50);
    CHECK_INT(sample->verdict_p99_us, 99);
    CHECK_INT(sample->verdict_max_us, 100);
    CHECK(sample->server_cpu < 0 && sample->server_rss_bytes < 0);

    stats_time(stats, LATENCY_verdict, 7);
    stats_sample(stats, 101 * SECOND + SECOND / 2, 6, 11, &server);
    sample = &stats->samples[1];
    CHECK(near(sample->at_s, 1.5) && near(sample->guesses_per_s, 2));
    CHECK_INT(sample->verdict_max_us, 7);
    CHECK_INT(sample->matches, 6);
    stats_sample(stats, 101 * SECOND + SECOND / 2, 6, 11, &server);
    CHECK_INT(stats->samples_count, 2); /* no time has passed */
    stats_destroy(stats);
}

TEST(the_share_of_a_core_is_over_the_time_between_two_answers)
{
    struct stats *stats = stats_create();
    struct stats_server server = nothing_known;
    stats_sample(stats, 1 * SECOND, 0, 0, &server);
    server.cpu_s = 10;
    server.rss_bytes = 5e6;
    server.read_us = 2 * SECOND;
    stats_sample(stats, 2 * SECOND, 0, 0, &server);
    CHECK(stats->samples[1].server_cpu < 0); /* one answer is no difference */
    server.cpu_s = 10.75;
    server.read_us = 4 * SECOND;
    stats_sample(stats, 3 * SECOND, 0, 0, &server);
    CHECK(near(stats->samples[2].server_cpu, 0.375));
    CHECK(near(stats->samples[2].server_rss_bytes, 5e6));
    stats_sample(stats, 4 * SECOND, 0, 0, &server);
    CHECK(stats->samples[3].server_cpu < 0); /* no newer answer */
    stats_destroy(stats);
}

TEST(samples_grow_as_far_as_a_day)
{
    struct stats *stats = stats_create();
    for (uint64_t i = 1; i <= 86400; i++) {
        stats_sample(stats, i * SECOND, (uint32_t)i, 0, &nothing_known);
    }
    CHECK_INT(stats->samples_count, 86400);
    for (uint32_t i = 0; i < 86400; i++) {
        CHECK_INT(stats->samples[i].matches, i + 1);
    }
    stats_destroy(stats);
}

TEST(a_metric_is_found_by_its_whole_name)
{
    static const char text[] =
        "# HELP duel_connections Sockets.\n"
        "# TYPE duel_connections gauge\n"
        "duel_connections_accepted_total 7\n"
        "duel_connections 19600\n"
        "duel_loop_longest_turn_seconds 0.00425\n"
        "process_resident_memory_bytes 9.1234304e+07\n"
        "duel_events_total{event=\"x\"} 5\n"
        "last 3";
    CHECK_INT(scrape_find(text, "duel_connections"), 19600);
    CHECK(near(scrape_find(text, "duel_loop_longest_turn_seconds"), 0.00425));
    CHECK_INT(scrape_find(text, "process_resident_memory_bytes"), 91234304);
    CHECK_INT(scrape_find(text, "last"), 3);
    CHECK_INT(scrape_find(text, "duel_events_total"), -1);
    CHECK_INT(scrape_find(text, "connections"), -1);
    CHECK_INT(scrape_find("", "last"), -1);
}

TEST_MAIN
