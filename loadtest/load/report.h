/* The reports of a run: JSON for programs, one self-contained HTML page for people. */
#ifndef LOAD_REPORT_H
#define LOAD_REPORT_H

#include <loadtest/load/options.h>
#include <loadtest/load/stats.h>
#include <stdio.h>

/* One object; times in µs and s as their names say, figures that are not known null:
 * {mode, began_at, options, machine: {cpu, cores, memory_bytes, kernel}, window_from_s, window_s,
 *  latency: {verdict: {title, count, mean_us, p50_us, p90_us, p99_us, p999_us, max_us,
 *  buckets: [[us, count], …]}, …} without those never recorded,
 *  counts: {guesses, …}, count_titles: {guesses: "guesses", …},
 *  errors, broken: [{what, count}], errors_count, broken_count, checks,
 *  server: {cpu_s, cpu_share, cpu_us_per_guess, rss_bytes_first, rss_bytes_last, rss_bytes_max,
 *  longest_turn_s, frame_mbit_per_s, writes_per_guess, messages_per_guess},
 *  load: {cpu_s, cpu_share},
 *  storm: {connections, s, per_s, server_cpu_s} or null, pairing: {players, s} or null,
 *  fairness: {won: [n, n], won_by_nobody} or null,
 *  samples: [{at_s, matches, sockets, guesses_per_s, verdict_p50_us, verdict_p99_us,
 *  verdict_max_us, server_cpu, load_cpu, server_rss_bytes, server_matches}, …]} */
void report_json(FILE *out, const struct options *options, const struct stats *stats);
/* The same object in a page that draws it; needs no network. */
void report_html(FILE *out, const struct options *options, const struct stats *stats);

#endif
