/* One player: from the queue into a match, through its rounds, and again.
 *
 * It speaks only the contract (sections 2-4). What makes players come, and when the run is over, is
 * the crowd's business. */
#ifndef LOAD_PLAYER_H
#define LOAD_PLAYER_H

#include <duel/base/timerq.h>
#include <duel/base/uuid.h>
#include <loadtest/load/http.h>
#include <loadtest/load/options.h>
#include <loadtest/load/umpire.h>
#include <loadtest/load/socket.h>
#include <loadtest/load/stats.h>

#define PLAYER_PATH_SIZE 288
#define PLAYER_TICKET_SIZE 46
#define PLAYER_VIDEO_SIZE 24

enum player_state {
    PLAYER_AWAY,   /* joins when its timer is due; for ever away without one */
    PLAYER_FRIEND, /* waits for the friend it always plays with, or for the invitation */
    PLAYER_QUEUE,  /* has a queue socket */
    PLAYER_FOUND,  /* knows its match; the socket that told it has not closed yet */
    PLAYER_MATCH,  /* has a match socket */
    PLAYER_LOST    /* its line was cut: comes back when its timer is due */
};

struct player;

/* One match: the two players and what they were told. */
struct bout {
    struct uuid match;
    struct player *players[2]; /* by slot; NULL: not known yet, or gone for good */
    struct umpire umpire;
};

/* What all players share. */
struct players {
    const struct options *options;
    struct stats *stats;
    struct wire *wire;
    struct http *http;
    struct rng rng;
    struct timerq timers; /* by player */
    struct player *list;  /* by number */
    void *context;        /* of the callbacks' owner */
    struct bout *(*bout_get)(struct players *players, const struct uuid *match);
    void (*bout_release)(struct players *players, struct bout *bout);
    /* What the crowd waits for. */
    void (*opened)(struct player *player); /* a queue socket that waits for player_auth() */
    void (*matched)(struct player *player);
    void (*welcomed)(struct player *player);
    void (*gone)(struct player *player); /* its match is over, or it gave up */
    uint32_t live; /* players with a match socket that was welcomed */
    uint32_t refused; /* players whose tokens were: they do not come again */
    bool stay;     /* who found a match does not connect to it */
    bool stopping; /* nobody joins any more */
};

struct player {
    struct players *all;
    struct socket *socket;
    struct http_call *fetch;  /* of a frame, or of an invitation */
    struct bout *bout;
    char *token; /* NULL: none is needed */
    uint32_t number;
    uint8_t state;
    uint8_t slot;
    bool quiet;    /* makes no guesses */
    bool by_token; /* comes (back) to a match with its token instead of the ticket */
    bool awaited;  /* the crowd's: it waits for this one to come */
    bool arrived;  /* the crowd's: was in a match once */
    bool waits_to_auth; /* an opened queue socket stays unauthenticated until player_auth() */
    bool queued;   /* `queued` came: nobody who fits was there at once */
    bool cooling;  /* has left too often */
    bool welcomed;
    bool resuming; /* was in this match before */
    bool new_match; /* its first round has not come yet */
    uint8_t again; /* tries in a row that failed */
    uint32_t round; /* running; 0: none */
    uint32_t seq;
    uint32_t keys_left; /* of a guess that is being typed */
    uint32_t max_guesses, lockout_ms;
    uint64_t joined_us;  /* meant to join */
    uint64_t connect_us; /* meant to (re)connect; 0: was welcomed */
    uint64_t guess_us;   /* the next one is meant then; 0: none */
    uint64_t drop_us;    /* the line is cut then; 0: never */
    uint64_t leave_us;
    uint64_t meant_us;   /* the guess whose verdict is awaited; 0: none */
    uint64_t round_us;   /* own view of `round`; 0: known from a `welcome` */
    uint64_t suggest_us;
    uint32_t suggest_seq;
    uint64_t fetch_us;
    uint8_t *sealed;     /* the frame of the coming round */
    uint32_t sealed_size;
    uint32_t sealed_round;
    int64_t video_starts_at; /* start of the round whose picture shows `video`; 0: none */
    int64_t starts_at;       /* of `round` */
    char frame_token[64];
    char video[PLAYER_VIDEO_SIZE];
    char path[PLAYER_PATH_SIZE];
    char ticket[PLAYER_TICKET_SIZE];
};

void player_init(struct player *player, struct players *all, uint32_t number, char *token);
/* `meant_us` is when it was meant to happen: times are counted from there. */
void player_join(struct player *player, uint64_t meant_us);
/* Sends `auth` on a queue socket that waits for it; the join counts from `meant_us`. */
void player_auth(struct player *player, uint64_t meant_us);
/* A quiet player begins to play, in the round that runs too. */
void player_wake(struct player *player);
/* Connects to the match that it is in. */
void player_connect(struct player *player, uint64_t meant_us);
/* As a phone in a tunnel: comes back at `back_us`; UINT64_MAX: when player_connect() is called. */
void player_drop(struct player *player, uint64_t back_us);
/* What its timer was set for, which was due at `due_us`. */
void player_due(struct player *player, uint64_t due_us);
/* At the end of the window: a verdict that is waited for too long belongs to the latencies, though
 * nobody knows how long it would have taken, and is a fault. */
void player_unanswered(struct player *player, uint64_t now_us);
/* Cuts and frees what it has. */
void player_done(struct player *player);

#endif
