/* A match run again from its journal, and what is stored of it held against that. Private to
 * duel/command. */
#ifndef DUEL_COMMAND_REPLAY_H
#define DUEL_COMMAND_REPLAY_H

#include <duel/core/journal.h>

struct json_t; /* jansson */

/* What is told: lists of objects with texts. */
struct replay {
    struct json_t *lines;       /* at_ms, seat (1, 2, or null), text */
    struct json_t *differences; /* texts */
    enum journal_state state;
    uint32_t judged_again; /* guesses whose text was compared with the title once more */
    struct journal_outcome outcome;
};

/* Runs it and writes the lines. */
void replay_run(struct replay *replay, struct text journal);
/* `stored` has score, points, best_of, reason, winner (null: nobody) and rounds, as they stand in
 * duel_matches. */
void replay_compare(struct replay *replay, const struct json_t *stored);
__attribute__((format(printf, 2, 3))) void replay_differs(struct replay *replay,
                                                          const char *format, ...);

#endif
