/* Whether the server kept the rules, as far as its players can see: an opinion of our own, from the
 * contract alone.
 *
 * Both seats of a match are in this process, so what one was told is held against what the other
 * was told, and against what either was told before. Pure: no clock, no sockets. */
#ifndef LOAD_UMPIRE_H
#define LOAD_UMPIRE_H

#include <duel/protocol/messages.h>
#include <loadtest/load/stats.h>

#define UMPIRE_ROUNDS_MAX 25
#define UMPIRE_GUESSES_MAX 12
#define UMPIRE_KEY_SIZE 16

struct umpire_round {
    int64_t starts_at, ends_at; /* 0: not told to anybody yet */
    uint8_t keys[2][UMPIRE_KEY_SIZE];
    bool told[2];               /* its start, by slot */
    bool ended;                 /* told to somebody */
    int8_t winner;              /* -1: nobody's */
    int64_t ms[2];
};

/* One guess of a seat in the running round. */
struct umpire_guess {
    uint32_t seq;
    bool right;   /* as we know */
    bool judged;
    bool correct; /* what the verdict said */
};

struct umpire_seat {
    uint32_t round;      /* the running or last one that it was told of */
    uint32_t rounds_ended; /* told to this seat */
    int64_t score[2];
    bool over;
    uint32_t settled; /* the round that was told to be solved by the other; 0: none */
    uint32_t guesses_count; /* in `round` */
    struct umpire_guess guesses[UMPIRE_GUESSES_MAX];
    bool has_rating;
    int64_t rating_change;
    int64_t outcome;     /* 1 win, -1 loss, 0 draw or none */
};

/* One match as it was told to its two seats. */
struct umpire {
    struct stats *stats;
    uint32_t best_of;
    struct umpire_round rounds[UMPIRE_ROUNDS_MAX];
    struct umpire_seat seats[2];
};

void umpire_init(struct umpire *umpire, struct stats *stats);
void umpire_welcome(struct umpire *umpire, uint32_t slot, const struct msg_welcome *welcome);
void umpire_round(struct umpire *umpire, uint32_t slot, const struct msg_round *round);
/* Before it is sent. */
void umpire_guess(struct umpire *umpire, uint32_t slot, uint32_t seq, bool right);
void umpire_verdict(struct umpire *umpire, uint32_t slot, const struct msg_verdict *verdict);
void umpire_opponent(struct umpire *umpire, uint32_t slot, const struct msg_opponent *opponent);
void umpire_round_end(struct umpire *umpire, uint32_t slot, const struct msg_round_end *end);
void umpire_match_end(struct umpire *umpire, uint32_t slot, const struct msg_match_end *end);

#endif
