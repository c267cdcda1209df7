/* What a run measured; see the header. */
#include <loadtest/load/stats.h>

#include <duel/base/assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define SAMPLES_FIRST 256
#define SPAN_MIN_S 0.1 /* of a sample: over less a share says nothing */

static double own_cpu_s(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

struct stats *stats_create(void)
{
    struct stats *stats = calloc(1, sizeof(*stats));
    if (stats == NULL) {
        return NULL;
    }
    const struct stats_server unknown = { -1, -1, -1, -1, -1, -1, -1, -1, 0 };
    stats->first = unknown;
    stats->last = unknown;
    stats->storm_server_cpu_s = -1;
    return stats;
}

void stats_destroy(struct stats *stats)
{
    if (stats != NULL) {
        free(stats->samples);
        free(stats);
    }
}

void stats_start(struct stats *stats, uint64_t now_us)
{
    stats->started_us = now_us;
    stats->sampled_load_cpu_s = own_cpu_s(); /* what tokens took to mint is no part of it */
}

void stats_begin(struct stats *stats, uint64_t now_us)
{
    stats->measured_from_us = now_us;
    memset(stats->latency, 0, sizeof(stats->latency));
    memset(stats->count, 0, sizeof(stats->count));
    memset(stats->won, 0, sizeof(stats->won));
    stats->won_by_nobody = 0;
    stats->load_cpu_first_s = own_cpu_s();
}

void stats_end(struct stats *stats, uint64_t now_us)
{
    stats->measured_to_us = now_us;
    stats->load_cpu_last_s = own_cpu_s();
}

double stats_window_s(const struct stats *stats)
{
    bool was_there = stats->measured_from_us > 0 && stats->measured_to_us > stats->measured_from_us;
    return was_there ? (double)(stats->measured_to_us - stats->measured_from_us) / 1e6 : 0;
}

void stats_time(struct stats *stats, enum latency latency, uint64_t us)
{
    histogram_add(&stats->latency[latency], us);
    if (latency == LATENCY_verdict) {
        histogram_add(&stats->verdict_second, us);
    }
}

void stats_count(struct stats *stats, enum count count, uint64_t more)
{
    stats->count[count] += more;
}

/* A server's words may be in it: nothing that moves a terminal's cursor. */
static void without_controls(char *what)
{
    for (; *what != '\0'; what++) {
        if ((unsigned char)*what < 0x20 || *what == 0x7f) {
            *what = '?';
        }
    }
}

static void add_kind(struct stats_kind *kinds, uint32_t *count, const char *what)
{
    for (uint32_t i = 0; i < *count; i++) {
        if (strcmp(kinds[i].what, what) == 0) {
            kinds[i].count++;
            return;
        }
    }
    if (*count == STATS_KINDS_MAX) {
        kinds[STATS_KINDS_MAX - 1].count++;
        return;
    }
    if (*count == STATS_KINDS_MAX - 1) {
        what = "other";
    }
    struct stats_kind *kind = &kinds[(*count)++];
    snprintf(kind->what, sizeof(kind->what), "%s", what);
    kind->count = 1;
}

void stats_error(struct stats *stats, const char *format, ...)
{
    char what[STATS_KIND_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    without_controls(what);
    add_kind(stats->errors, &stats->errors_count, what);
}

void stats_broken(struct stats *stats, const char *format, ...)
{
    char what[STATS_KIND_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    without_controls(what);
    add_kind(stats->broken, &stats->broken_count, what);
}

static uint64_t sum_kinds(const struct stats_kind *kinds, uint32_t count)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        sum += kinds[i].count;
    }
    return sum;
}

uint64_t stats_errors(const struct stats *stats)
{
    return sum_kinds(stats->errors, stats->errors_count);
}

uint64_t stats_brokens(const struct stats *stats)
{
    return sum_kinds(stats->broken, stats->broken_count);
}

/* SAMPLES_FIRST, then at each power of two, it grows. */
static struct stats_sample *next_sample(struct stats *stats)
{
    uint32_t count = stats->samples_count;
    if (count == 0 || (count >= SAMPLES_FIRST && (count & (count - 1)) == 0)) {
        size_t count_max = count == 0 ? SAMPLES_FIRST : 2 * (size_t)count;
        stats->samples = realloc(stats->samples, count_max * sizeof(*stats->samples));
        ASSERT(stats->samples != NULL);
    }
    return &stats->samples[stats->samples_count++];
}

void stats_sample(struct stats *stats, uint64_t now_us, uint32_t matches, uint32_t sockets,
                  const struct stats_server *server)
{
    double at_s = (double)(now_us - stats->started_us) / 1e6;
    double span_s = at_s - stats->sampled_at_s;
    if (span_s < SPAN_MIN_S) {
        return; /* the loop was held up, and the timer is due again */
    }
    double load_cpu_s = own_cpu_s();
    struct stats_sample *sample = next_sample(stats);
    *sample = (struct stats_sample){
        .at_s = at_s,
        .matches = matches,
        .sockets = sockets,
        .guesses_per_s = (double)stats->verdict_second.count / span_s,
        .verdict_p50_us = histogram_at(&stats->verdict_second, 500000),
        .verdict_p99_us = histogram_at(&stats->verdict_second, 990000),
        .verdict_max_us = stats->verdict_second.max_us,
        .server_cpu = -1,
        .load_cpu = (load_cpu_s - stats->sampled_load_cpu_s) / span_s,
        .server_rss_bytes = server->rss_bytes,
        .server_matches = server->matches,
    };
    if (server->cpu_s >= 0 && stats->sampled_server.cpu_s >= 0 &&
        server->read_us > stats->sampled_server.read_us && stats->sampled_server.read_us > 0) {
        sample->server_cpu = (server->cpu_s - stats->sampled_server.cpu_s) * 1e6 /
                             (double)(server->read_us - stats->sampled_server.read_us);
    }
    stats->sampled_at_s = at_s;
    stats->sampled_load_cpu_s = load_cpu_s;
    stats->sampled_server = *server;
    histogram_clear(&stats->verdict_second);
}
