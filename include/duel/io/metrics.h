/* Counters, times and their Prometheus text (exposition format 0.0.4). One thread: the loop's. */
#ifndef DUEL_IO_METRICS_H
#define DUEL_IO_METRICS_H

#include <duel/hub/hub.h>
#include <duel/io/loop.h>

enum metric {
#define COUNTER(name, prometheus, help) METRIC_##name,
#include <duel/io/metrics.def>
    METRICS /* not a metric */
};

enum metric_histogram {
#define HISTOGRAM(name, prometheus, label, scale, help) METRIC_##name,
#include <duel/io/metrics.def>
    METRIC_HISTOGRAMS /* not a histogram */
};

void metrics_add(enum metric metric, uint64_t count);
uint64_t metrics_get(enum metric metric);
/* One more time of `us`. */
void metrics_observe(enum metric_histogram histogram, uint64_t us);
void metrics_note(enum hub_note note);
/* A request was answered with this HTTP status. */
void metrics_answered(uint32_t status);
/* The server closes a WebSocket with this code. */
void metrics_closed(uint16_t code);
/* A client was told this code (docs/protocol.md): something was not done. */
void metrics_refused(struct text code);

/* What is read when it is asked for. */
struct metrics_gauges {
    struct hub_counts hub;
    struct loop_times loop;
    uint32_t connections;
    uint32_t connections_max;
    uint32_t unauthenticated;
    bool ready;
    bool postgresql_up;
    bool valkey_up;
    bool frames_up;
    uint32_t frames_waiting;
    bool keys_known;
    int64_t keys_age_ms; /* of the key set; -1: none */
    uint32_t catalogue_videos;
    uint64_t memory_bytes; /* resident */
    double cpu_s;          /* of all threads, user and system */
    double started_s;      /* Unix epoch, by the system's clock */
    uint32_t now_s;
    const char *version;
};

/* The text; returns its size, or 0 when it did not fit in `size_max`. */
uint32_t metrics_text(const struct metrics_gauges *gauges, char *ret_text, uint32_t size_max);
void metrics_print_markdown(void);

#endif
