/* A run as one JSON value; see the header. */
#include <loadtest/load/report_data.h>

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* Adding a NULL value is an error that jansson reports and that can only be lack of memory: the
 * report would then lack a figure, which is better than no report. */

static json_t *whole(uint64_t value)
{
    return json_integer((json_int_t)value);
}

/* Below zero is how stats.h says "not known". */
static json_t *known(double value)
{
    return value >= 0 ? json_real(value) : json_null();
}

static json_t *known_bytes(double value)
{
    return value >= 0 ? json_integer((json_int_t)value) : json_null();
}

/* JSON is UTF-8; texts of the command line and of errors need not be. */
static json_t *string(const char *text)
{
    if (text == NULL) {
        return json_null();
    }
    if (text_is_utf8(text_from(text))) {
        return json_string(text);
    }
    char copy[STATS_KIND_SIZE];
    size_t size = strnlen(text, sizeof(copy) - 1);
    for (size_t i = 0; i < size; i++) {
        copy[i] = (unsigned char)text[i] < 0x80 ? text[i] : '?';
    }
    return json_stringn(copy, size);
}

/* ---- the machine ---- */

/* "model name : X" in /proc/cpuinfo; empty where the processor does not say. */
static void read_cpu(char *model, size_t size)
{
    char line[512];
    model[0] = '\0';
    FILE *file = fopen("/proc/cpuinfo", "re");
    if (file == NULL) {
        return;
    }
    while (fgets(line, sizeof(line), file) != NULL) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) == 0 && colon != NULL) {
            const char *value = colon + 1 + (colon[1] == ' ');
            snprintf(model, size, "%.*s", (int)strcspn(value, "\n"), value);
            break;
        }
    }
    fclose(file);
}

static json_t *machine(void)
{
    char model[256], kernel[512] = "";
    struct utsname names;
    read_cpu(model, sizeof(model));
    if (uname(&names) == 0) {
        snprintf(kernel, sizeof(kernel), "%s %s %s", names.sysname, names.release, names.machine);
    }
    json_t *object = json_object();
    json_object_set_new(object, "cpu", string(model));
    json_object_set_new(object, "cores", json_integer(sysconf(_SC_NPROCESSORS_ONLN)));
    json_object_set_new(object, "memory_bytes",
                        json_integer((json_int_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE)));
    json_object_set_new(object, "kernel", string(kernel));
    return object;
}

/* ---- what was asked for ---- */

static void add_options_of_play(json_t *object, const struct options *options)
{
    json_object_set_new(object, "right_percent", whole(options->right_percent));
    json_object_set_new(object, "answer", string(options->answer));
    json_object_set_new(object, "frames", json_boolean(options->frames));
    json_object_set_new(object, "suggest_percent", whole(options->suggest_percent));
    json_object_set_new(object, "drops_per_minute", json_real(options->drops_per_minute));
    json_object_set_new(object, "leave_percent", whole(options->leave_percent));
    json_object_set_new(object, "rematch_percent", whole(options->rematch_percent));
    json_object_set_new(object, "invite_percent", whole(options->invite_percent));
    json_object_set_new(object, "even", json_boolean(options->even));
    if (options->think_max_ms > 0) {
        json_object_set_new(object, "think_min_ms", whole(options->think_min_ms));
        json_object_set_new(object, "think_max_ms", whole(options->think_max_ms));
    }
    if (!line_is_straight(&options->line)) {
        json_object_set_new(object, "line_delay_ms", json_real(options->line.delay_us / 1e3));
        json_object_set_new(object, "line_jitter_ms", json_real(options->line.jitter_us / 1e3));
        json_object_set_new(object, "line_loss_percent",
                            json_real(options->line.loss_per_mille / 10.0));
    }
}

/* No token and no path of a key: a report is shown around. */
static json_t *asked(const struct options *options)
{
    json_t *object = json_object();
    json_object_set_new(object, "server", json_sprintf("%s:%u", options->host, options->port));
    json_object_set_new(object, "direct", json_boolean(options->direct));
    json_object_set_new(object, "matches", whole(options->matches));
    json_object_set_new(object, "ramp_s", json_real(options->ramp_s));
    json_object_set_new(object, "seconds", json_real(options->seconds));
    add_options_of_play(object, options);
    if (options->mode == MODE_STORM) {
        json_object_set_new(object, "storm_by",
                            string(options->storm_by == STORM_TOKEN ? "token" : "ticket"));
        json_object_set_new(object, "playing", whole(options->playing));
    }
    json_object_set_new(object, "sources", whole(options->sources));
    json_object_set_new(object, "seed", json_sprintf("%llu", (unsigned long long)options->seed));
    return object;
}

/* ---- what was measured ---- */

static json_t *times(const struct histogram *histogram, const char *title)
{
    json_t *object = json_object();
    json_object_set_new(object, "title", string(title));
    json_object_set_new(object, "count", whole(histogram->count));
    json_object_set_new(object, "mean_us", json_real(histogram_mean_us(histogram)));
    json_object_set_new(object, "p50_us", whole(histogram_at(histogram, 500000)));
    json_object_set_new(object, "p90_us", whole(histogram_at(histogram, 900000)));
    json_object_set_new(object, "p99_us", whole(histogram_at(histogram, 990000)));
    json_object_set_new(object, "p999_us", whole(histogram_at(histogram, 999000)));
    json_object_set_new(object, "max_us", whole(histogram->max_us));
    json_t *buckets = json_array();
    uint32_t place = 0, count;
    uint64_t us;
    while (histogram_next(histogram, &place, &us, &count)) {
        json_t *bucket = json_array();
        json_array_append_new(bucket, whole(us));
        json_array_append_new(bucket, whole(count));
        json_array_append_new(buckets, bucket);
    }
    json_object_set_new(object, "buckets", buckets);
    return object;
}

static json_t *latencies(const struct stats *stats)
{
    json_t *object = json_object();
#define X(name, title)                                                                     \
    if (stats->latency[LATENCY_##name].count > 0) {                                        \
        json_object_set_new(object, #name, times(&stats->latency[LATENCY_##name], title)); \
    }
    LATENCIES(X)
#undef X
    return object;
}

static void add_counts(json_t *object, const struct stats *stats)
{
    json_t *counts = json_object(), *titles = json_object();
#define X(name, title)                                                          \
    json_object_set_new(counts, #name, whole(stats->count[COUNT_##name]));      \
    json_object_set_new(titles, #name, string(title));
    COUNTS(X)
#undef X
    json_object_set_new(object, "counts", counts);
    json_object_set_new(object, "count_titles", titles);
}

static json_t *kinds(const struct stats_kind *kinds, uint32_t count)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < count; i++) {
        json_t *kind = json_object();
        json_object_set_new(kind, "what", string(kinds[i].what));
        json_object_set_new(kind, "count", whole(kinds[i].count));
        json_array_append_new(array, kind);
    }
    return array;
}

static double rss_max(const struct stats *stats)
{
    double max = stats->last.rss_bytes;
    for (uint32_t i = 0; i < stats->samples_count; i++) {
        double rss = stats->samples[i].server_rss_bytes;
        max = rss > max ? rss : max;
    }
    return max;
}

/* What a counter of the server grew by in the window, divided; -1 where one is not known. */
static double grown(double first, double last, double divisor)
{
    return first >= 0 && last >= first && divisor > 0 ? (last - first) / divisor : -1;
}

static json_t *server(const struct stats *stats)
{
    const struct stats_server *first = &stats->first, *last = &stats->last;
    bool knows_span = first->read_us > 0 && last->read_us > first->read_us;
    double span_s = knows_span ? (double)(last->read_us - first->read_us) / 1e6 : 0;
    double guesses = (double)stats->count[COUNT_guesses];
    double cpu_per_guess = grown(first->cpu_s, last->cpu_s, guesses);
    double bytes_per_s = grown(first->frame_bytes, last->frame_bytes, span_s);
    json_t *object = json_object();
    json_object_set_new(object, "cpu_s", known(grown(first->cpu_s, last->cpu_s, 1)));
    json_object_set_new(object, "cpu_share", known(grown(first->cpu_s, last->cpu_s, span_s)));
    json_object_set_new(object, "cpu_us_per_guess", known(cpu_per_guess * 1e6));
    json_object_set_new(object, "rss_bytes_first", known_bytes(first->rss_bytes));
    json_object_set_new(object, "rss_bytes_last", known_bytes(last->rss_bytes));
    json_object_set_new(object, "rss_bytes_max", known_bytes(rss_max(stats)));
    json_object_set_new(object, "longest_turn_s", known(last->longest_turn_s));
    json_object_set_new(object, "frame_mbit_per_s", known(bytes_per_s * 8 / 1e6));
    json_object_set_new(object, "writes_per_guess",
                        known(grown(first->writes, last->writes, guesses)));
    json_object_set_new(object, "messages_per_guess",
                        known(grown(first->messages_out, last->messages_out, guesses)));
    return object;
}

static json_t *load(const struct stats *stats, double window_s)
{
    double cpu_s = stats->load_cpu_last_s - stats->load_cpu_first_s;
    json_t *object = json_object();
    json_object_set_new(object, "cpu_s", known(cpu_s));
    json_object_set_new(object, "cpu_share", window_s > 0 ? known(cpu_s / window_s) : json_null());
    return object;
}

static json_t *storm(const struct stats *stats)
{
    if (stats->storm_to_us <= stats->storm_from_us) {
        return json_null();
    }
    double span_s = (double)(stats->storm_to_us - stats->storm_from_us) / 1e6;
    json_t *object = json_object();
    json_object_set_new(object, "connections", whole(stats->storm_connections));
    json_object_set_new(object, "s", json_real(span_s));
    json_object_set_new(object, "per_s", json_real(stats->storm_connections / span_s));
    json_object_set_new(object, "server_cpu_s", known(stats->storm_server_cpu_s));
    return object;
}

static json_t *pairing(const struct stats *stats)
{
    if (stats->pairing_to_us <= stats->pairing_from_us) {
        return json_null();
    }
    json_t *object = json_object();
    json_object_set_new(object, "players", whole(stats->pairing_players));
    json_object_set_new(object, "s",
                        json_real((double)(stats->pairing_to_us - stats->pairing_from_us) / 1e6));
    return object;
}

static json_t *fairness(const struct stats *stats)
{
    if (stats->won[0] + stats->won[1] + stats->won_by_nobody == 0) {
        return json_null();
    }
    json_t *object = json_object(), *won = json_array();
    json_array_append_new(won, whole(stats->won[0]));
    json_array_append_new(won, whole(stats->won[1]));
    json_object_set_new(object, "won", won);
    json_object_set_new(object, "won_by_nobody", whole(stats->won_by_nobody));
    return object;
}

static json_t *samples(const struct stats *stats)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < stats->samples_count; i++) {
        const struct stats_sample *sample = &stats->samples[i];
        json_t *object = json_object();
        json_object_set_new(object, "at_s", json_real(sample->at_s));
        json_object_set_new(object, "matches", whole(sample->matches));
        json_object_set_new(object, "sockets", whole(sample->sockets));
        json_object_set_new(object, "guesses_per_s", json_real(sample->guesses_per_s));
        json_object_set_new(object, "verdict_p50_us", whole(sample->verdict_p50_us));
        json_object_set_new(object, "verdict_p99_us", whole(sample->verdict_p99_us));
        json_object_set_new(object, "verdict_max_us", whole(sample->verdict_max_us));
        json_object_set_new(object, "server_cpu", known(sample->server_cpu));
        json_object_set_new(object, "load_cpu", known(sample->load_cpu));
        json_object_set_new(object, "server_rss_bytes", known_bytes(sample->server_rss_bytes));
        json_object_set_new(object, "server_matches", known_bytes(sample->server_matches));
        json_array_append_new(array, object);
    }
    return array;
}

/* When the run began, by the wall clock, in RFC 3339. */
static json_t *began_at(const struct stats *stats)
{
    struct timespec steady;
    clock_gettime(CLOCK_MONOTONIC, &steady);
    int64_t ago_s = (int64_t)steady.tv_sec - (int64_t)(stats->started_us / 1000000);
    time_t began_s = time(NULL) - (time_t)ago_s;
    struct tm parts;
    char text[32] = "";
    if (gmtime_r(&began_s, &parts) != NULL) {
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
    }
    return string(text);
}

json_t *report_data(const struct options *options, const struct stats *stats)
{
    json_t *object = json_object();
    if (object == NULL) {
        return NULL;
    }
    double window_s = stats_window_s(stats);
    double from_s = window_s > 0 ? (double)(stats->measured_from_us - stats->started_us) / 1e6 : 0;
    json_object_set_new(object, "mode", string(options_mode_name(options->mode)));
    json_object_set_new(object, "began_at", began_at(stats));
    json_object_set_new(object, "options", asked(options));
    json_object_set_new(object, "machine", machine());
    json_object_set_new(object, "window_from_s", json_real(from_s));
    json_object_set_new(object, "window_s", json_real(window_s));
    json_object_set_new(object, "latency", latencies(stats));
    add_counts(object, stats);
    json_object_set_new(object, "errors", kinds(stats->errors, stats->errors_count));
    json_object_set_new(object, "broken", kinds(stats->broken, stats->broken_count));
    json_object_set_new(object, "errors_count", whole(stats_errors(stats)));
    json_object_set_new(object, "broken_count", whole(stats_brokens(stats)));
    json_object_set_new(object, "checks", whole(stats->checks));
    json_object_set_new(object, "server", server(stats));
    json_object_set_new(object, "load", load(stats, window_s));
    json_object_set_new(object, "storm", storm(stats));
    json_object_set_new(object, "pairing", pairing(stats));
    json_object_set_new(object, "fairness", fairness(stats));
    json_object_set_new(object, "samples", samples(stats));
    return object;
}
