/* What a person sees in the terminal: progress while it runs, the summary at the end. */
#ifndef LOAD_SCREEN_H
#define LOAD_SCREEN_H

#include <loadtest/load/options.h>
#include <loadtest/load/stats.h>

/* One line, rewritten in place on a terminal, and one every 10 s elsewhere; on standard error. To
 * be called after each stats_sample(). */
void screen_progress(const struct options *options, const struct stats *stats, const char *phase);
/* The table of latencies, counts, errors, broken rules, server CPU and memory; on standard output,
 * or on standard error when --json has that. */
void screen_summary(const struct options *options, const struct stats *stats);

#endif
