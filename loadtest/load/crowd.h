/* All players of a run: when they come, what they do as a crowd, and when the run is over. */
#ifndef LOAD_CROWD_H
#define LOAD_CROWD_H

#include <loadtest/load/options.h>
#include <loadtest/load/stats.h>
#include <loadtest/load/token.h>

struct crowd;

/* Mints what tokens are needed: some milliseconds for ten. `mint` NULL: --direct. NULL with a
 * message on standard error. */
struct crowd *crowd_create(const struct options *options, struct stats *stats,
                           struct token_mint *mint);
/* Plays until the window is over or somebody interrupts it (SIGINT, SIGTERM). */
void crowd_run(struct crowd *crowd);
void crowd_destroy(struct crowd *crowd);

#endif
