/* One match as a state machine: the rules of the game (contract section 5, docs/rules.md),
 * nothing else.
 *
 * `struct match` is plain data without pointers: it can be copied, compared, saved and handed to
 * another process. Time comes in with each event; a step first settles every deadline up to
 * event->now_us and then looks at the event, so the outcome never depends on which of timer and
 * packet came first. A step cannot fail: what a peer does wrong becomes a MATCH_FX_REJECT
 * effect, what we do wrong an assertion. The rules are cited by their number in docs/rules.md
 * (R-1 …).
 *
 * It knows seats 0 and 1 and rounds by number. It refuses to know players, titles, sockets,
 * pictures, ratings and stores: whether a guess is right is told to it with the guess. */
#ifndef DUEL_CORE_MATCH_H
#define DUEL_CORE_MATCH_H

#include <stdbool.h>
#include <stdint.h>

#define MATCH_NEVER UINT64_MAX
#define MATCH_ROUNDS_MAX 25
#define MATCH_GUESSES_MAX 12
#define MATCH_RTT_SAMPLES 8
#define MATCH_NOBODY (-1)
#define MATCH_NO_TIME UINT32_MAX /* of a `ms`: not solved */
#define MATCH_FRAME_TRIES 3
#define MATCH_EFFECTS_MAX 48

/* Durations in milliseconds; all from settings (contract section 8). */
struct match_rules {
    uint32_t best_of; /* 1…MATCH_ROUNDS_MAX */
    uint32_t waiting_ms;
    uint32_t countdown_ms;
    uint32_t round_ms; /* at least 1 */
    uint32_t intermission_ms;
    uint32_t rematch_ms;
    uint32_t grace_ms;       /* of one absence */
    uint32_t grace_total_ms; /* of all absences of a seat in the match (45 s) */
    uint32_t max_guesses;    /* a round; 1…MATCH_GUESSES_MAX */
    uint32_t lockout_ms;
    uint32_t lag_cap_ms;
    uint32_t ready_wait_ms;
};

enum match_phase {
    MATCH_WAITING,      /* for both to connect */
    MATCH_COUNTDOWN,    /* before round 1; also its wait for `ready` and the frame */
    MATCH_ROUND,        /* being played, or settling */
    MATCH_INTERMISSION, /* between rounds; also the wait for `ready` and the frame */
    MATCH_OVER,         /* told; a rematch can be offered */
    MATCH_CLOSED,       /* nothing will happen any more; the owner may forget the match */
};

enum match_reason { MATCH_BY_SCORE, MATCH_BY_FORFEIT, MATCH_ABANDONED };

/* Why it was abandoned, for who tells the players and for who counts early leavers. */
enum match_cause {
    MATCH_CAUSE_NONE,
    MATCH_CAUSE_NO_SHOW, /* waiting ran out */
    MATCH_CAUSE_LEFT,    /* before round 1: seat.left, or seat.past_grace (stayed away) */
    MATCH_CAUSE_BOTH,    /* both went within 2 s of each other */
    MATCH_CAUSE_FRAMES,  /* three frames could not be had */
    MATCH_CAUSE_OUTAGE,  /* not both came back after the match was taken over */
    MATCH_CAUSE_VOID,    /* an operator has ended it */
};

enum match_event_type {
    MATCH_EV_TICK,       /* only time */
    MATCH_EV_CONNECT,    /* slot: a socket of it has been welcomed, or a newer one took over */
    MATCH_EV_DISCONNECT, /* slot: its last socket is gone; without one: nothing new */
    MATCH_EV_READY,      /* slot, round */
    MATCH_EV_GUESS,      /* slot, round, seq, similarity, correct */
    MATCH_EV_LEAVE,      /* slot */
    MATCH_EV_RTT,        /* slot, rtt_us: one ping came back */
    MATCH_EV_FRAME,      /* round, ok: the answer to MATCH_FX_WANT_FRAME */
    MATCH_EV_VOID,       /* it ends and does not count; over already: nothing */
};

struct match_event {
    uint64_t now_us; /* Unix epoch; never goes back */
    enum match_event_type type;
    uint8_t slot;
    bool ok;             /* FRAME */
    bool correct;        /* GUESS: as titles judged it */
    uint32_t round;      /* 1… */
    uint32_t seq;        /* GUESS */
    uint32_t similarity; /* GUESS: millionths */
    uint32_t rtt_us;     /* RTT */
    uint32_t video;      /* FRAME ok: what is shown (an index that only its owner understands) */
};

enum match_reject {
    MATCH_NOT_IN_ROUND,
    MATCH_LOCKED,
    MATCH_ALREADY_SOLVED,
    MATCH_NO_GUESSES_LEFT,
    MATCH_BAD_SEQ,
    MATCH_IS_OVER, /* LEAVE or READY after the end: nothing to do */
};

/* What the owner has to do, in order. Effects that tell something to a seat that is not
 * connected may be dropped: a welcome tells the whole state. */
enum match_effect_type {
    MATCH_FX_WANT_FRAME,   /* round: draw a video and seal its frame; answer with MATCH_EV_FRAME */
    MATCH_FX_FRAME_OFFER,  /* round: the frame is ready: tell both its address */
    MATCH_FX_PLAYER,       /* slot came or went: tell the other (connected, until_us: grace or 0) */
    MATCH_FX_COUNTDOWN,    /* until_us: tell both */
    MATCH_FX_ROUND,        /* round, slot = who is written to first: hand the key to both in this
                            * very turn (both clocks run from now); until_us: when time is up */
    MATCH_FX_VERDICT,      /* slot, guess: tell that seat. `again`: a repetition, not logged */
    MATCH_FX_OPPONENT,     /* slot = whom to tell, status, count */
    MATCH_FX_ROUND_END,    /* round: tell both; until_us = next_at or 0 */
    MATCH_FX_OVER,         /* match->reason, cause, winner: tell both, store the result unless
                            * nothing was played; until_us: how long a rematch can be offered */
    MATCH_FX_REJECT,       /* slot, reject, seq */
    MATCH_FX_CLOSED,       /* the rematch time is over */
};

enum match_status { MATCH_GUESSING, MATCH_SOLVED, MATCH_OUT };

/* As it is told. */
struct match_guess {
    uint32_t seq;
    uint32_t similarity : 24; /* millionths */
    uint32_t guesses_left : 7; /* after it */
    uint32_t correct : 1;
    uint32_t raw_ms; /* since the round was handed to the seat */
    uint32_t ms;     /* the same, lag credited */
    uint64_t locked_until_us; /* 0: not locked out by it */
};

struct match_effect {
    enum match_effect_type type;
    uint8_t slot;
    bool connected; /* PLAYER */
    bool again;     /* VERDICT */
    enum match_status status;
    enum match_reject reject;
    uint32_t round;
    uint32_t count; /* OPPONENT: guesses made */
    uint32_t seq;   /* REJECT */
    uint64_t until_us;
    struct match_guess guess; /* VERDICT */
};

struct match_effects {
    uint32_t count;
    struct match_effect list[MATCH_EFFECTS_MAX];
};

/* As it is kept: match_guess_told() works out the rest. */
struct match_try {
    uint32_t seq;
    uint32_t similarity : 24;
    uint32_t correct : 1;
    uint32_t raw_us; /* a round and its lag are little more than an hour at most */
    uint32_t ms;
};

/* A finished round. */
struct match_round {
    uint32_t video;
    uint32_t ms[2]; /* credited time of the correct guess, MATCH_NO_TIME */
    int8_t winner;  /* 0, 1, MATCH_NOBODY */
    bool suspect[2];
};

struct match_seat {
    uint64_t gone_us;        /* when the last socket went; 0 while connected or never here */
    uint64_t grace_until_us; /* 0: no grace running */
    uint64_t locked_until_us;
    uint64_t closes_us;     /* last moment at which its guess counts, once time is up or the other
                             * has solved the round; MATCH_NEVER until then */
    uint32_t grace_left_ms; /* of grace_total_ms */
    uint32_t rtt_us[MATCH_RTT_SAMPLES];
    uint32_t rtt_count; /* samples ever; the ring's next place is rtt_count % MATCH_RTT_SAMPLES */
    uint32_t guesses_count;
    struct match_try guesses[MATCH_GUESSES_MAX]; /* of match.guesses_round */
    bool connected;
    bool was_here;   /* connected at least once */
    bool past_grace; /* gone, and its grace has run out */
    bool ready;      /* its present socket is, for the coming round */
    bool solved;     /* match.guesses_round */
    bool suspect;    /* of that solution */
    bool left;       /* told us so */
};

/* Padding bytes are zero, so matches can be compared with memcmp. */
struct match {
    struct match_rules rules;
    uint64_t now_us;        /* of the latest step */
    uint64_t phase_ends_us; /* of COUNTDOWN and INTERMISSION: then of the wait for `ready`,
                             * MATCH_NEVER while a late frame is waited for; of ROUND: time is up */
    uint64_t round_starts_us;
    uint64_t round_ends_us;
    uint32_t round;       /* current or coming round, 1… */
    uint32_t video;       /* of the current or coming round, once its frame is there */
    uint32_t rounds_count; /* finished */
    uint32_t guesses_round; /* whose guesses the seats hold; 0: none yet */
    uint32_t frame_tries;   /* that failed, for the coming round */
    enum match_phase phase;
    enum match_reason reason;
    enum match_cause cause;
    int8_t winner; /* of the match: 0, 1, MATCH_NOBODY; when OVER */
    bool frame_ready;
    bool frame_wanted; /* asked for, not answered */
    bool phase_over;   /* COUNTDOWN and INTERMISSION as such; `ready` or the frame is waited for */
    bool begun;        /* a round was started, perhaps by another process */
    bool resumed;      /* taken over from another process */
    uint8_t score[2];
    struct match_seat seats[2];
    struct match_round rounds[MATCH_ROUNDS_MAX];
};

_Static_assert(sizeof(struct match) <= 1088, "thousands of them are kept");

/* Whether a match can be played by them: within the bounds above, and no duration beyond any that
 * can be set. For rules that come from outside. */
bool match_rules_are_sane(const struct match_rules *rules);
/* A new match in MATCH_WAITING. now_us > 0. */
void match_init(struct match *match, const struct match_rules *rules, uint64_t now_us);
/* Makes a match that is not over wait for its players again in this process: in
 * MATCH_WAITING before the round that comes after the finished ones, nobody connected, without any
 * deadline until the first MATCH_EV_CONNECT. Rules, score, finished rounds, `begun` and the grace
 * that each seat has left stay; the first step after it asks for the round's frame. */
void match_resume(struct match *match, uint64_t now_us);
/* Moves everything that is to come on by `us`: the process was away for so long, and nobody is to
 * lose by that. The latest step must lie at least so far back. */
void match_shift(struct match *match, uint64_t us);
/* One event; fills `effects` (cleared first). Asks for round 1's frame in the first step. */
void match_step(struct match *match, const struct match_event *event,
                struct match_effects *effects);
/* When the next MATCH_EV_TICK is due at the latest; after a step later than its now_us.
 * MATCH_NEVER only when CLOSED, while nothing but the answer to MATCH_FX_WANT_FRAME is waited for,
 * or while a resumed match waits for the first of its players. */
uint64_t match_deadline_us(const struct match *match);
/* Asserts every invariant. */
void match_check(const struct match *match);

/* The lag credited to a seat now: the smallest recent round trip, at most the cap. */
uint32_t match_lag_us(const struct match *match, uint8_t slot);
/* 200 a round won, and the bonus of a best of 5 that ended by score with three wins. */
uint32_t match_points(const struct match *match, uint8_t slot);
/* The seat's `number`th guess (0…) of match.guesses_round. */
struct match_guess match_guess_told(const struct match *match, uint8_t slot, uint32_t number);
/* Mean credited time over the finished rounds that the seat solved, MATCH_NO_TIME when none. */
uint32_t match_average_ms(const struct match *match, uint8_t slot);
/* A similarity as a player is told it: 0, 500, 700, 800 or 1000 (thousandths), rounded down. */
uint32_t match_similarity_told(uint32_t similarity, bool correct);

/* How a match ended, in the words of the contract: score, forfeit or abandoned (section 4). */
const char *match_reason_word(enum match_reason reason);

#endif
