/* What the parts of a crowd know of each other; nobody else includes it. */
#ifndef LOAD_CROWD_INSIDE_H
#define LOAD_CROWD_INSIDE_H

#include <duel/base/pool.h>
#include <duel/base/table.h>
#include <loadtest/load/crowd.h>
#include <loadtest/load/player.h>
#include <loadtest/load/scrape.h>

enum phase { PHASE_RAMP, PHASE_NOTICE, PHASE_BEGIN, PHASE_WINDOW, PHASE_END, PHASE_DONE };

struct crowd {
    struct players all;
    const struct options *options;
    struct stats *stats;
    struct ev_loop *loop;
    struct scrape *scrape;
    struct pool bouts;
    struct table by_match;
    struct ev_prepare turn;
    struct ev_io alarm;
    struct ev_timer second;
    struct ev_signal interrupt, terminate;
    uint64_t armed_us;
    uint64_t phase_us; /* when it began */
    uint64_t ramp_end_us, progress_us;
    uint32_t count;    /* players */
    uint32_t progress; /* most that have come so far */
    uint32_t arrived;  /* players who were in a match once */
    char **fresh;      /* tokens for a storm, by player */
    /* Those who are called at once, a bounded number under way. */
    struct player **called;
    uint32_t called_count, called_next, under_way, came;
    bool interrupted;
    uint8_t phase;
};

/* Calls those whose turn it is: joins in pairing, connects in a storm. */
void crowd_call(struct crowd *crowd);
void crowd_begin_pairing(struct crowd *crowd);
/* --playing matches begin to be played; all other players lose their line. */
void crowd_cut(struct crowd *crowd);
/* Those who were cut come back. */
void crowd_begin_storm(struct crowd *crowd);
/* Callbacks of players. */
void crowd_on_come(struct player *player);
void crowd_on_welcomed(struct player *player);
void crowd_on_matched(struct player *player);

#endif
