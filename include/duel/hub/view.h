/* A match as operators see it: where it stands, never what would give an answer away early or let
 * somebody in (no keys, no tokens, no tickets, not the running round's title). */
#ifndef DUEL_HUB_VIEW_H
#define DUEL_HUB_VIEW_H

#include <duel/hub/hub.h>

struct hub_view {
    struct uuid match;
    struct text phase; /* as in `welcome` */
    uint64_t phase_ends_us; /* or MATCH_NEVER */
    int64_t started_ms;
    uint32_t round;    /* current or coming */
    bool rated;
    bool dormant;      /* taken over, and nobody has come since */
    bool disturbed;
    uint64_t fence;
    uint32_t best_of;
    uint32_t score[2];
    struct hub_view_seat {
        struct uuid id; /* users.id */
        struct text name;
        int32_t rating;
        bool connected;
        bool ready;
        uint32_t lag_us;
        uint32_t guesses_count; /* in the current round, or the one before: */
        uint32_t guesses_round;
        struct match_guess guesses[MATCH_GUESSES_MAX];
    } seats[2];
    uint32_t rounds_count; /* finished ones */
    struct match_round rounds[MATCH_ROUNDS_MAX];
    struct text videos[MATCH_ROUNDS_MAX]; /* YouTube ids of them */
};

/* The next live match from *index on (0: the first), which then stands behind it. False: there is
 * none. Texts live until the next step. */
bool hub_view_next(const struct hub *hub, uint32_t *index, struct hub_view *ret_view);
/* The match with this id, live or over and still remembered. */
bool hub_view_match(const struct hub *hub, const struct uuid *id, struct hub_view *ret_view);

#endif
