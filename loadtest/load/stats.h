/* What a run of the load generator measured: counted while it goes on, told at its end.
 *
 * Players and the crowd write it, the screen and the reports read it. */
#ifndef LOAD_STATS_H
#define LOAD_STATS_H

#include <duel/base/text.h>
#include <loadtest/load/histogram.h>

/* name (in JSON), title (for people) */
#define LATENCIES(X) \
    X(verdict, "guess to verdict")           /* from the moment the guess was meant to leave */ \
    X(matched, "join to matched")            /* from the join to `matched` */ \
    X(matched_fit, "join to matched, opponent waits") /* a fitting one did wait */ \
    X(first_round, "join to first round") \
    X(welcome, "connect to welcome")         /* from connect(), with token or ticket */ \
    X(resume, "cut to welcome")              /* from the intended return after a drop */ \
    X(skew, "key skew between the seats")    /* |arrival of `round` at seat 0 − at seat 1| */ \
    X(frame, "frame fetch")                  /* GET to last byte */ \
    X(suggest, "suggest to suggestions") \
    X(late, "load generator's own lateness") /* from intended to actual sending */

/* name, title */
#define COUNTS(X) \
    X(joins, "joins") X(matches_started, "matches started") \
    X(matches_finished, "matches finished") X(rounds, "rounds played") X(guesses, "guesses") \
    X(verdicts, "verdicts") X(correct, "correct guesses") \
    X(suggests, "suggests") X(drops, "connections dropped") X(resumes, "connections resumed") \
    X(leaves, "matches left") X(rematches, "rematches") X(frames, "frames fetched") \
    X(frame_bytes, "bytes of frames") X(queue_timeouts, "queue timeouts") X(redirects, "redirects")

enum latency {
#define X(name, title) LATENCY_##name,
    LATENCIES(X)
#undef X
    LATENCY_COUNT
};

enum count {
#define X(name, title) COUNT_##name,
    COUNTS(X)
#undef X
    COUNT_COUNT
};

#define STATS_KINDS_MAX 64 /* of errors and of broken rules; more are counted under "other" */
#define STATS_KIND_SIZE 96

struct stats_kind {
    char what[STATS_KIND_SIZE];
    uint64_t count;
};

/* Once a second. */
struct stats_sample {
    double at_s;         /* since the run began */
    uint32_t matches;    /* live, as the players know */
    uint32_t sockets;
    double guesses_per_s;
    uint64_t verdict_p50_us, verdict_p99_us, verdict_max_us; /* of this second */
    double server_cpu;   /* of one core, 0…; <0: not known */
    double load_cpu;     /* our own */
    double server_rss_bytes; /* <0: not known */
    double server_matches; /* duel_matches_live; <0: not known */
};

/* What the server's ops listener said; all <0 when not known. */
struct stats_server {
    double cpu_s;        /* process_cpu_seconds_total */
    double rss_bytes;    /* process_resident_memory_bytes */
    double matches;      /* duel_matches_live */
    double connections;  /* duel_connections */
    double longest_turn_s; /* duel_loop_longest_turn_seconds */
    double frame_bytes;  /* duel_frame_bytes_total */
    double writes;       /* duel_writes_total */
    double messages_out; /* duel_messages_sent_total */
    uint64_t read_us;    /* when that was so, monotonic; 0: never */
};

struct stats {
    uint64_t started_us; /* monotonic: the run */
    uint64_t measured_from_us; /* the window that is judged; stats_begin() clears what was before */
    uint64_t measured_to_us;
    struct histogram latency[LATENCY_COUNT];
    struct histogram verdict_second; /* since the last sample */
    uint64_t count[COUNT_COUNT];
    struct stats_kind errors[STATS_KINDS_MAX];
    uint32_t errors_count;
    struct stats_kind broken[STATS_KINDS_MAX]; /* rules that the server broke: none may be */
    uint32_t broken_count;
    uint64_t checks;     /* rules looked at */
    struct stats_sample *samples;
    uint32_t samples_count;
    double sampled_at_s, sampled_load_cpu_s; /* the last one: what the next is counted from */
    struct stats_server sampled_server;
    /* A storm: connections asked for at storm_from_us, welcomed by storm_to_us. */
    uint32_t storm_connections;
    uint64_t storm_from_us, storm_to_us;
    double storm_server_cpu_s; /* <0: not known */
    /* Pairing: so many joined at pairing_from_us and all had `matched` by pairing_to_us. */
    uint32_t pairing_players;
    uint64_t pairing_from_us, pairing_to_us;
    /* Fairness (--even): rounds won by players of even and odd numbers; the odd have the line. */
    uint64_t won[2], won_by_nobody;
    struct stats_server first, last; /* at the window's ends */
    double load_cpu_first_s, load_cpu_last_s;
};

struct stats *stats_create(void); /* NULL: out of memory */
void stats_destroy(struct stats *stats);
/* The run begins: from now on it is sampled. */
void stats_start(struct stats *stats, uint64_t now_us);
/* The window begins: histograms and counts are cleared, errors, broken rules and samples stay. */
void stats_begin(struct stats *stats, uint64_t now_us);
void stats_end(struct stats *stats, uint64_t now_us);
/* How long the window was; 0 for a run that ended before it. */
double stats_window_s(const struct stats *stats);
void stats_time(struct stats *stats, enum latency latency, uint64_t us);
void stats_count(struct stats *stats, enum count count, uint64_t more);
/* printf-style kinds; text that differs each time (ids, numbers) does not belong in a kind. */
void stats_error(struct stats *stats, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void stats_broken(struct stats *stats, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
uint64_t stats_errors(const struct stats *stats);
uint64_t stats_brokens(const struct stats *stats);
/* Closes the second: `matches` and `sockets` from the crowd, `server` from the scrape. */
void stats_sample(struct stats *stats, uint64_t now_us, uint32_t matches, uint32_t sockets,
                  const struct stats_server *server);

#endif
