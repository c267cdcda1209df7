/* Metrics: counters count, and the text is what Prometheus reads (exposition format 0.0.4). */
#include "test.h"

#include <duel/io/metrics.h>

static char text[65536];

static const char *render(const struct metrics_gauges *gauges)
{
    uint32_t size = metrics_text(gauges, text, sizeof text - 1);
    CHECK(size != 0);
    text[size] = '\0';
    return text;
}

static struct metrics_gauges some(void)
{
    return (struct metrics_gauges){
        .hub = { .sessions = 3, .matches = 2, .results = 1, .result_oldest_ms = 995500,
                 .matches_by_phase = { [MATCH_ROUND] = 2 } },
        .loop = { .turns = 10, .sum_us = 2500000, .longest_us = 1500 },
        .connections = 5,
        .postgresql_up = true,
        .keys_age_ms = -1,
        .memory_bytes = 12345678901,
        .cpu_s = 12.25,
        .now_s = 1000,
        .version = "v1 \"x\"\\\n",
    };
}

TEST(counters_count)
{
    CHECK_INT(metrics_get(METRIC_ACCEPTED), 0);
    metrics_add(METRIC_ACCEPTED, 2);
    metrics_add(METRIC_ACCEPTED, 1);
    CHECK_INT(metrics_get(METRIC_ACCEPTED), 3);
    CHECK_INT(metrics_get(METRIC_UPGRADES), 0);
    metrics_note(HUB_NOTE_MATCH_MADE);
    const struct metrics_gauges gauges = some();
    const char *told = render(&gauges);
    CHECK(strstr(told, "\nduel_connections_accepted_total 3\n") != NULL);
    CHECK(strstr(told, "\nduel_websocket_upgrades_total 0\n") != NULL);
    CHECK(strstr(told, "\nduel_events_total{event=\"match_made\"} 1\n") != NULL);
    CHECK(strstr(told, "\nduel_events_total{event=\"full\"} 0\n") != NULL);
}

TEST(gauges_are_told_as_they_are)
{
    struct metrics_gauges gauges = some();
    const char *told = render(&gauges);
    CHECK(strstr(told, "\nduel_connections 5\n") != NULL);
    CHECK(strstr(told, "\nduel_matches_live 2\n") != NULL);
    CHECK(strstr(told, "\nduel_matches{phase=\"round\"} 2\n") != NULL);
    CHECK(strstr(told, "\nduel_matches{phase=\"waiting\"} 0\n") != NULL);
    CHECK(strstr(told, "\nduel_results_oldest_age_seconds 4.5\n") != NULL);
    CHECK(strstr(told, "\nduel_postgresql_up 1\n") != NULL);
    CHECK(strstr(told, "\nduel_valkey_up 0\n") != NULL);
    CHECK(strstr(told, "\nduel_keys_age_seconds -1\n") != NULL);
    CHECK(strstr(told, "\nduel_loop_busy_seconds_total 2.5\n") != NULL);
    CHECK(strstr(told, "\nduel_loop_longest_turn_seconds 0.0015\n") != NULL);
    CHECK(strstr(told, "\nprocess_resident_memory_bytes 12345678901\n") != NULL);
    CHECK(strstr(told, "\nprocess_cpu_seconds_total 12.25\n") != NULL);
    CHECK(strstr(told, "\nduel_build_info{version=\"v1 \\\"x\\\"\\\\\\n\"} 1\n") != NULL);
    gauges.hub.result_oldest_ms = 0;
    CHECK(strstr(render(&gauges), "\nduel_results_oldest_age_seconds 0\n") != NULL);
    gauges.hub.result_oldest_ms = 2000000; /* the clock was set back */
    CHECK(strstr(render(&gauges), "\nduel_results_oldest_age_seconds 0\n") != NULL);
}

/* A bucket holds what is at most its bound, and all that the smaller ones hold. */
TEST(histograms_add_up)
{
    const struct metrics_gauges gauges = some();
    metrics_observe(METRIC_ROUND_SKEW, 0);
    metrics_observe(METRIC_ROUND_SKEW, 10);
    metrics_observe(METRIC_ROUND_SKEW, 11);
    metrics_observe(METRIC_ROUND_SKEW, 1000);
    metrics_observe(METRIC_ROUND_SKEW, 100000);
    metrics_observe(METRIC_ROUND_SKEW, 5000000000); /* the process was stopped meanwhile */
    const char *told = render(&gauges);
#define SKEW "\nduel_round_skew_seconds"
    CHECK(strstr(told, SKEW "_bucket{le=\"1e-05\"} 2\n") != NULL);
    CHECK(strstr(told, SKEW "_bucket{le=\"2e-05\"} 3\n") != NULL);
    CHECK(strstr(told, SKEW "_bucket{le=\"0.0005\"} 3\n") != NULL);
    CHECK(strstr(told, SKEW "_bucket{le=\"0.001\"} 4\n") != NULL);
    CHECK(strstr(told, SKEW "_bucket{le=\"0.02\"} 4\n") != NULL);
    CHECK(strstr(told, SKEW "_bucket{le=\"0.1\"} 5\n") != NULL);
    CHECK(strstr(told, SKEW "_bucket{le=\"+Inf\"} 6\n") != NULL);
    CHECK(strstr(told, SKEW "_sum 5000.101021\n") != NULL);
    CHECK(strstr(told, SKEW "_count 6\n") != NULL);
#undef SKEW
    CHECK(strstr(told, "\nduel_loop_turn_seconds_count 0\n") != NULL);
}

/* One name, several labels; `le` comes behind the label, and all of them have one head. */
TEST(histograms_of_one_name_share_a_head)
{
    const struct metrics_gauges gauges = some();
    metrics_observe(METRIC_STORE_VALKEY, 300);
    metrics_observe(METRIC_STORE_POSTGRESQL, 1500);
    metrics_observe(METRIC_STORE_POSTGRESQL, 6000000);
    const char *told = render(&gauges);
#define ANSWER "\nduel_store_answer_seconds"
    CHECK(strstr(told, ANSWER "_bucket{store=\"valkey\",le=\"0.0005\"} 1\n") != NULL);
    CHECK(strstr(told, ANSWER "_bucket{store=\"postgresql\",le=\"0.001\"} 0\n") != NULL);
    CHECK(strstr(told, ANSWER "_bucket{store=\"postgresql\",le=\"5\"} 1\n") != NULL);
    CHECK(strstr(told, ANSWER "_sum{store=\"postgresql\"} 6.0015\n") != NULL);
    CHECK(strstr(told, ANSWER "_count{store=\"postgresql\"} 2\n") != NULL);
    CHECK(strstr(told, ANSWER "_count{store=\"frames\"} 0\n") != NULL);
    const char *head = strstr(told, "# TYPE duel_store_answer_seconds histogram\n");
    CHECK(head != NULL && strstr(head + 1, "# TYPE duel_store_answer_seconds") == NULL);
#undef ANSWER
}

TEST(what_the_hub_counts_is_told)
{
    struct metrics_gauges gauges = some();
    gauges.hub.ended[HUB_ENDED_FORFEIT] = 3;
    tally_add(&gauges.hub.queue_waits, TALLY_PEOPLE, 12000000);
    tally_add(&gauges.hub.lag_credits, TALLY_LINES, 40000);
    tally_add(&gauges.hub.save_waits, TALLY_SAVES, 700);
    const char *told = render(&gauges);
    CHECK(strstr(told, "\nduel_matches_ended_total{outcome=\"forfeit\"} 3\n") != NULL);
    CHECK(strstr(told, "\nduel_matches_ended_total{outcome=\"no_show\"} 0\n") != NULL);
    CHECK(strstr(told, "\nduel_queue_wait_seconds_bucket{le=\"10\"} 0\n") != NULL);
    CHECK(strstr(told, "\nduel_queue_wait_seconds_bucket{le=\"15\"} 1\n") != NULL);
    CHECK(strstr(told, "\nduel_lag_credit_seconds_bucket{le=\"0.05\"} 1\n") != NULL);
    CHECK(strstr(told, "\nduel_save_wait_seconds_bucket{le=\"0.0005\"} 0\n") != NULL);
    CHECK(strstr(told, "\nduel_save_wait_seconds_bucket{le=\"0.001\"} 1\n") != NULL);
}

TEST(codes_are_counted_by_themselves_and_strange_ones_together)
{
    const struct metrics_gauges gauges = some();
    metrics_refused(TEXT("AUTH_BAD_SUBJECT")); /* in two lists */
    metrics_refused(TEXT("BAD_LIMIT"));
    metrics_refused(TEXT("BAD_LIMI"));
    metrics_refused(TEXT(""));
    metrics_refused(TEXT_NONE);
    metrics_answered(404);
    metrics_answered(418);
    metrics_closed(4408);
    metrics_closed(1);
    const char *told = render(&gauges);
    const char *subject = strstr(told, "{reason=\"AUTH_BAD_SUBJECT\"}");
    CHECK(subject != NULL && strncmp(subject, "{reason=\"AUTH_BAD_SUBJECT\"} 1\n", 30) == 0);
    CHECK(strstr(subject + 1, "{reason=\"AUTH_BAD_SUBJECT\"}") == NULL);
    CHECK(strstr(told, "{reason=\"BAD_LIMIT\"} 1\n") != NULL);
    CHECK(strstr(told, "{reason=\"other\"} 3\n") != NULL);
    CHECK(strstr(told, "{reason=\"OK\"}") == NULL);
    CHECK(strstr(told, "\nduel_http_answers_total{status=\"404\"} 1\n") != NULL);
    CHECK(strstr(told, "\nduel_http_answers_total{status=\"other\"} 1\n") != NULL);
    CHECK(strstr(told, "\nduel_websockets_closed_total{code=\"4408\"} 1\n") != NULL);
    CHECK(strstr(told, "\nduel_websockets_closed_total{code=\"other\"} 1\n") != NULL);
}

/* Each family once, with help and type before its samples; nothing else. */
TEST(every_sample_belongs_to_the_family_before_it)
{
    const struct metrics_gauges gauges = some();
    char family[128] = "", type[16] = "";
    static char seen[65536];
    seen[0] = '\0';
    render(&gauges);
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        if (strncmp(line, "# HELP ", 7) == 0) {
            CHECK(sscanf(line, "# HELP %127s", family) == 1);
            strncat(family, " ", 2);
            CHECK(strstr(seen, family) == NULL);
            strncat(seen, family, sizeof seen - strlen(seen) - 1);
            family[strlen(family) - 1] = '\0';
        } else if (strncmp(line, "# TYPE ", 7) == 0) {
            char name[128];
            CHECK(sscanf(line, "# TYPE %127s %15s", name, type) == 2);
            CHECK(strcmp(name, family) == 0);
            bool counter = strcmp(type, "counter") == 0;
            CHECK(counter || strcmp(type, "gauge") == 0 || strcmp(type, "histogram") == 0);
            const char *total = strstr(name, "_total");
            CHECK(counter == (total != NULL && total[6] == '\0'));
        } else {
            size_t size = strcspn(line, "{ ");
            size_t name_size = strlen(family);
            CHECK(size >= name_size && strncmp(line, family, name_size) == 0);
            /* A histogram has _bucket, _sum and _count. */
            CHECK(size == name_size || strcmp(type, "histogram") == 0);
        }
    }
}

TEST(what_does_not_fit_is_not_told)
{
    const struct metrics_gauges gauges = some();
    uint32_t size = metrics_text(&gauges, text, sizeof text);
    CHECK_INT(metrics_text(&gauges, text, size), size);
    CHECK_INT(metrics_text(&gauges, text, size - 1), 0);
    CHECK_INT(metrics_text(&gauges, text, 0), 0);
}

/* For `promtool check metrics`: test_metrics --print. */
int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--print") == 0) {
        struct metrics_gauges gauges = some();
        gauges.version = "v1";
        uint32_t size = metrics_text(&gauges, text, sizeof text);
        return fwrite(text, 1, size, stdout) == size ? 0 : 1;
    }
    return test_main(argc, argv);
}
