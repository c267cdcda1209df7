/* The reports of a run: the JSON is right, and no text of a run is taken for anything else. */
#include "test.h"
#include <fcntl.h>
#include <jansson.h>
#include <loadtest/load/report.h>
#include <loadtest/load/screen.h>
#include <math.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000)

static struct options options;
static struct stats *stats;
static char *text;
static size_t text_size;

static bool near(double a, double b)
{
    return fabs(a - b) < 1e-6 * (fabs(a) + fabs(b) + 1e-9);
}

/* A run of 10 s, 4 s of them measured. */
static void a_run(void)
{
    options = (struct options){ .mode = MODE_REALISTIC, .host = "127.0.0.1", .port = 4100,
                                .matches = 1234, .ramp_s = 6, .seconds = 4, .seed = UINT64_MAX };
    stats = stats_create();
    stats->started_us = 50 * SECOND;
    stats_begin(stats, 56 * SECOND);
    for (uint64_t us = 1; us <= 1000; us++) {
        stats_time(stats, LATENCY_verdict, us);
        stats_count(stats, COUNT_guesses, 1);
    }
    stats->first = (struct stats_server){ .cpu_s = 10, .rss_bytes = 80e6, .frame_bytes = 1000,
                                          .writes = 100, .messages_out = 400,
                                          .read_us = 56 * SECOND };
    stats->last = (struct stats_server){ .cpu_s = 12, .rss_bytes = 81e6, .frame_bytes = 1001000,
                                         .writes = 3100, .messages_out = 8400,
                                         .read_us = 60 * SECOND };
    stats->samples_count = 0;
    stats_sample(stats, 51 * SECOND, 100, 200, &stats->first);
    struct stats_server most = stats->last;
    most.rss_bytes = 85e6;
    stats_sample(stats, 60 * SECOND, 1234, 2468, &most);
    stats_end(stats, 60 * SECOND);
    stats->checks = 77;
}

static void written(void (*report)(FILE *, const struct options *, const struct stats *))
{
    free(text);
    text = NULL;
    FILE *out = open_memstream(&text, &text_size);
    report(out, &options, stats);
    fclose(out);
}

static json_t *at(json_t *json, const char *first, const char *second)
{
    json_t *found = json_object_get(json, first);
    return second == NULL ? found : json_object_get(found, second);
}

static void done(json_t *json)
{
    json_decref(json);
    stats_destroy(stats);
    free(text);
    text = NULL;
}

TEST(the_json_has_the_figures_of_the_window)
{
    a_run();
    written(report_json);
    json_t *json = json_loads(text, 0, NULL);
    CHECK(json != NULL);
    CHECK(strcmp(json_string_value(at(json, "mode", NULL)), "realistic") == 0);
    CHECK_INT(json_integer_value(at(json, "options", "matches")), 1234);
    CHECK(near(json_real_value(at(json, "window_from_s", NULL)), 6));
    CHECK(near(json_real_value(at(json, "window_s", NULL)), 4));
    json_t *verdict = at(json, "latency", "verdict");
    CHECK_INT(json_integer_value(at(verdict, "count", NULL)), 1000);
    uint64_t median_us = histogram_at(&stats->latency[LATENCY_verdict], 500000);
    CHECK_INT(json_integer_value(at(verdict, "p50_us", NULL)), median_us);
    CHECK_INT(json_integer_value(at(verdict, "max_us", NULL)), 1000);
    json_t *bucket;
    size_t i;
    uint64_t sum = 0;
    json_array_foreach(at(verdict, "buckets", NULL), i, bucket) {
        sum += (uint64_t)json_integer_value(json_array_get(bucket, 1));
    }
    CHECK_INT(sum, 1000);
    CHECK(at(json, "latency", "resume") == NULL); /* never recorded */
    CHECK_INT(json_integer_value(at(json, "counts", "guesses")), 1000);
    CHECK_INT(json_integer_value(at(json, "checks", NULL)), 77);
    CHECK(json_is_null(at(json, "storm", NULL)) && json_is_null(at(json, "fairness", NULL)));
    CHECK_INT(json_array_size(at(json, "samples", NULL)), 2);
    done(json);
}

TEST(what_the_server_cost_is_the_difference_over_the_window)
{
    a_run();
    written(report_json);
    json_t *json = json_loads(text, 0, NULL);
    CHECK(near(json_real_value(at(json, "server", "cpu_s")), 2));
    CHECK(near(json_real_value(at(json, "server", "cpu_share")), 0.5));
    CHECK(near(json_real_value(at(json, "server", "cpu_us_per_guess")), 2000));
    CHECK_INT(json_integer_value(at(json, "server", "rss_bytes_first")), 80000000);
    CHECK_INT(json_integer_value(at(json, "server", "rss_bytes_max")), 85000000);
    CHECK(near(json_real_value(at(json, "server", "frame_mbit_per_s")), 2));
    CHECK(near(json_real_value(at(json, "server", "writes_per_guess")), 3));
    CHECK(near(json_real_value(at(json, "server", "messages_per_guess")), 8));
    done(json);
}

TEST(what_is_not_known_is_null)
{
    a_run();
    stats->first.cpu_s = -1;
    stats->last = (struct stats_server){ -1, -1, -1, -1, -1, -1, -1, -1, 0 };
    stats->samples_count = 0;
    written(report_json);
    json_t *json = json_loads(text, 0, NULL);
    static const char *const names[] = { "cpu_s", "cpu_share", "cpu_us_per_guess", "rss_bytes_last",
                                         "rss_bytes_max", "longest_turn_s", "frame_mbit_per_s",
                                         "writes_per_guess", "messages_per_guess" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        CHECK(json_is_null(at(json, "server", names[i])));
    }
    done(json);
}

TEST(storm_pairing_and_fairness_when_there_was_one)
{
    a_run();
    stats->storm_connections = 500;
    stats->storm_from_us = 1 * SECOND;
    stats->storm_to_us = 3 * SECOND;
    stats->pairing_players = 10;
    stats->pairing_from_us = 1 * SECOND;
    stats->pairing_to_us = 2 * SECOND;
    stats->won[1] = 3;
    written(report_json);
    json_t *json = json_loads(text, 0, NULL);
    CHECK(near(json_real_value(at(json, "storm", "per_s")), 250));
    CHECK(json_is_null(at(json, "storm", "server_cpu_s")));
    CHECK(near(json_real_value(at(json, "pairing", "s")), 1));
    CHECK_INT(json_integer_value(json_array_get(at(json, "fairness", "won"), 1)), 3);
    done(json);
}

TEST(no_secret_is_in_a_report)
{
    a_run();
    options.token.key_path = "/etc/the-private-key.pem";
    options.token.tokens_path = "/etc/the-tokens";
    written(report_json);
    CHECK(strstr(text, "the-private-key") == NULL && strstr(text, "the-tokens") == NULL);
    done(NULL);
}

/* What is between the page's data element and its end. */
static json_t *data_of_page(void)
{
    static const char open[] = "<script type=\"application/json\" id=\"data\">";
    char *from = strstr(text, open);
    CHECK(from != NULL);
    from += strlen(open);
    char *to = strstr(from, "</script>");
    CHECK(to != NULL);
    return json_loadb(from, (size_t)(to - from), 0, NULL);
}

TEST(the_page_holds_the_same_data)
{
    a_run();
    written(report_html);
    json_t *page = data_of_page();
    written(report_json);
    json_t *json = json_loads(text, 0, NULL);
    CHECK(page != NULL);
    CHECK(json_equal(at(page, "latency", NULL), at(json, "latency", NULL)));
    CHECK(json_equal(at(page, "server", NULL), at(json, "server", NULL)));
    json_decref(page);
    done(json);
}

TEST(the_page_asks_nobody_for_anything)
{
    a_run();
    written(report_html);
    CHECK(strstr(text, "default-src 'none'") != NULL);
    CHECK(strstr(text, "@DATA@") == NULL);
    CHECK(strstr(text, "src=\"http") == NULL && strstr(text, "href=\"http") == NULL);
    done(NULL);
}

TEST(hostile_texts_stay_texts)
{
    static const char hostile[] = "</script><script>alert(1)</script><!-- \"\\ é";
    a_run();
    options.answer = hostile;
    stats_error(stats, "%s", hostile);
    stats_broken(stats, "cut \xc3");
    written(report_html);
    json_t *page = data_of_page();
    CHECK(page != NULL);
    CHECK(strstr(text, "<script>alert") == NULL);
    CHECK(strcmp(json_string_value(at(page, "options", "answer")), hostile) == 0);
    json_t *error = json_array_get(at(page, "errors", NULL), 0);
    CHECK(strcmp(json_string_value(json_object_get(error, "what")), hostile) == 0);
    json_t *broken = json_array_get(at(page, "broken", NULL), 0);
    CHECK(strcmp(json_string_value(json_object_get(broken, "what")), "cut ?") == 0);
    done(page);
}

/* Standard output, for as long as the summary is written. */
static void summary(void)
{
    fflush(stdout);
    int before = dup(STDOUT_FILENO);
    FILE *file = tmpfile();
    dup2(fileno(file), STDOUT_FILENO);
    screen_summary(&options, stats);
    fflush(stdout);
    dup2(before, STDOUT_FILENO);
    close(before);
    free(text);
    text = calloc(1, 16384);
    rewind(file);
    text_size = fread(text, 1, 16383, file);
    fclose(file);
}

TEST(the_summary_says_what_a_person_asks)
{
    a_run();
    options.quiet = true;
    stats_error(stats, "closed: 1006");
    summary();
    CHECK(strstr(text, "realistic, 1,234 matches asked for, measured for 4.0 s\n") != NULL);
    CHECK(strstr(text, "guess to verdict ") != NULL);
    CHECK(strstr(text, "1.00 ms\n") != NULL);                /* the slowest ends its row */
    CHECK(strstr(text, "join to matched") == NULL);          /* an empty row */
    CHECK(strstr(text, "50.0 % of a core, 2000.0 µs a guess\n") != NULL);
    CHECK(strstr(text, "81.0 MB, 80.0 MB when the window began\n") != NULL);
    CHECK(strstr(text, "errors: 1\n           1  closed: 1006\n") != NULL);
    CHECK(strstr(text, "no rule broken in 77 checks\n") != NULL);
    done(NULL);
}

TEST(the_summary_leaves_standard_output_to_the_json)
{
    a_run();
    options.quiet = true;
    options.json_path = "-";
    fflush(stderr);
    int before = dup(STDERR_FILENO), nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(nowhere, STDERR_FILENO);
    summary();
    dup2(before, STDERR_FILENO);
    close(before);
    close(nowhere);
    CHECK_INT(text_size, 0);
    done(NULL);
}

TEST_MAIN
