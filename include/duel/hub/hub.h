/* The world of one server process as a state machine: callers, players, queue tickets, live matches
 * and results on their way into the stores. Pure: no socket, clock, library, log or randomness of
 * its own.
 *
 *   hub_step(hub, event)   one thing that happened, with its time
 *   hub_take(hub)          what must be done because of it, in order, until NULL
 *   hub_deadline_us(hub)   when HUB_EV_TICK is due at the latest
 *
 * Ownership: texts and pointers inside an event live until hub_step returns; those inside an effect
 * until the next hub_step. Whoever drives it performs the effects of a step before the next step.
 *
 * Every effect that asks the world for something (marked "asks") is answered by exactly one event
 * that carries the same reference: ok, refused, or unavailable, where unavailable includes "it may
 * have happened and nobody knows", so all that is asked can safely be asked again. The hub repeats
 * what must not be lost. Valkey's answers come in the order of the asking (one connection).
 *
 * Each live match is saved in Valkey and owned by one process, by a lease that the process renews
 * for all of them together, and a fence, a number that only rises with each change of owner. What
 * is told of a match's rounds and of its end waits for the save, for save_wait_ms at most. A
 * process takes over matches whose owner's lease has run out.
 *
 * A connection is a WebSocket or a waiting HTTP request. Its reference is made by the gateway, with
 * index < limits.connections_max; the hub keeps its session at the same index. */
#ifndef DUEL_HUB_HUB_H
#define DUEL_HUB_HUB_H

#include <duel/base/ref.h>
#include <duel/core/match.h>
#include <duel/core/matchmaker.h>
#include <duel/core/titles.h>
#include <duel/protocol/messages.h>

#define HUB_SUB_SIZE_MAX 64    /* bytes of Logto's `sub` */
#define HUB_ENTROPY 4
#define HUB_TOKEN_SIZE 43      /* a frame's token: 32 random bytes, base64url */

struct hub;

struct hub_limits {
    uint32_t connections_max;
    uint32_t matches_max;
    uint32_t results_max;        /* finished matches that wait for a store */
    uint32_t guess_log_max;      /* bytes of guess texts kept for one match; the rest is dropped */
    uint32_t settle_wait_ms;     /* how long match_end waits for its rating, before going without */
    uint32_t save_wait_ms;       /* how long news of a match waits for its save */
    uint32_t renew_ms;           /* how often the lease is renewed; well below what it lasts */
    uint32_t drain_ms;           /* how long a round may go on once the process was asked to stop */
    uint32_t suggests_per_s;     /* 10 */
    uint32_t searches_per_s;     /* 10 */
    uint32_t ping_match_ms;      /* 5,000 */
    uint32_t ping_idle_ms;       /* 15,000 */
    uint32_t silence_match_ms;   /* 15,000 */
    uint32_t silence_idle_ms;    /* 30,000 */
    struct match_rules rules;
    struct matchmaker_rules matchmaker;
};

/* ---- events ---- */

enum hub_event_type {
    HUB_EV_TICK,
    HUB_EV_CATALOGUE, /* a newer catalogue took the place of the older one */
    HUB_EV_OPEN,      /* an authenticated connection or request */
    HUB_EV_CLOSED,    /* it is gone, for whatever reason; the last event of its reference */
    HUB_EV_MESSAGE,   /* a decoded client message */
    HUB_EV_PONG,      /* the answer to HUB_FX_PING */
    HUB_EV_PLAYER,    /* answers HUB_FX_LOAD_PLAYER */
    HUB_EV_QUEUE,     /* answers HUB_FX_QUEUE_JOIN */
    HUB_EV_QUEUE_LEFT,/* answers HUB_FX_QUEUE_LEAVE */
    HUB_EV_SAVED,     /* answers HUB_FX_SAVE */
    HUB_EV_SOUGHT,    /* answers HUB_FX_SEEK */
    HUB_EV_TAKEN,     /* one match that HUB_FX_SWEEP took over; before its HUB_EV_SWEPT */
    HUB_EV_SWEPT,     /* answers HUB_FX_SWEEP */
    HUB_EV_LOST,      /* one match that somebody took from us; before HUB_EV_LEASED */
    HUB_EV_LEASED,    /* answers HUB_FX_LEASE */
    HUB_EV_RELEASED,  /* answers HUB_FX_RELEASE */
    HUB_EV_LOCATED,   /* answers HUB_FX_LOCATE */
    HUB_EV_NUDGE,     /* another process did something that concerns us; a hint that may be lost */
    HUB_EV_FRAME,     /* answers HUB_FX_FRAME_SEAL */
    HUB_EV_CHECKED,   /* answers HUB_FX_CHECK */
    HUB_EV_STORED,    /* answers HUB_FX_STORE */
    HUB_EV_PUBLISHED, /* answers HUB_FX_PUBLISH */
    HUB_EV_STORE_UP,  /* a store can be asked (again) */
    HUB_EV_STORE_DOWN,
    HUB_EV_DRAIN,     /* the process was asked to stop: nobody new, everyone is told 1012 */
};

enum hub_door { HUB_DOOR_QUEUE, HUB_DOOR_MATCH, HUB_DOOR_ME, HUB_DOOR_SEARCH };

enum hub_reply { HUB_OK, HUB_REFUSED, HUB_UNAVAILABLE };

enum hub_store { HUB_POSTGRESQL, HUB_VALKEY };

struct hub_event_open {
    struct ref conn;
    enum hub_door door;
    struct text sub;    /* who, by token; or none and then by ticket: */
    uint8_t slot;       /* the seat of `match` that the ticket is good for */
    struct uuid match;  /* of HUB_DOOR_MATCH */
    struct text query;  /* of HUB_DOOR_SEARCH */
    uint32_t limit;
};

struct hub_event_player {
    struct ref player;
    enum hub_reply reply;
    struct uuid id; /* users.id */
    struct text name;
    struct text avatar;  /* or none */
    struct text country; /* or none */
    int32_t rating;
    uint32_t wins;
    uint32_t losses;
    uint32_t draws;
};

/* A match as Valkey keeps it. Only saved.h can read the blobs, and not all that comes is ours. */
struct hub_copy {
    uint64_t fence;      /* ours from now on */
    struct text card[2]; /* who sits where: saved_card() */
    struct text data;    /* saved_match(); none: the match was made and never begun */
};

struct hub_event_queue {
    struct ref player;
    enum hub_reply reply;
    uint32_t waiting;  /* people in the queue now */
    int64_t since_ms;  /* of the ticket: an older one that was still there keeps its place */
    bool matched;      /* the player is in a match, paired now or before; and out of the queue: */
    struct uuid match;
    uint8_t slot;      /* the player's seat */
    bool ours;         /* we own it; else it is for `node` to play */
    struct text node;
    struct hub_copy copy;
};

/* Where a match is that we do not have. */
enum hub_place {
    HUB_NOWHERE,   /* no such match is kept */
    HUB_ELSEWHERE, /* `node`, which is alive, has it */
    HUB_SUCCESSOR, /* a newer process under our own node's name has it: come again */
    HUB_FOREIGN,   /* the one who came is no player of it */
    HUB_OURS,      /* it is ours (now): `copy` */
};

struct hub_event_sought {
    struct ref conn;
    enum hub_reply reply;
    enum hub_place place;
    struct uuid match;
    struct text node;
    struct hub_copy copy;
};

struct hub_event_saved {
    struct ref match;
    enum hub_reply reply; /* HUB_REFUSED: it is somebody else's now, with a higher fence */
    uint64_t fence;       /* HUB_OK: of the save; higher than asked when it was taken back */
    struct text node;     /* HUB_REFUSED: of the new owner, or none when that is our node's name */
};

struct hub_event_located {
    struct ref conn;
    enum hub_reply reply;
    bool found;
    struct uuid match;
    struct text node;  /* or none: this one, or nobody's */
    struct text phase; /* as saved */
};

struct hub_event_frame {
    struct ref match;
    uint32_t round;
    bool ok;
    struct text token[2]; /* one for each seat, so that neither can use up the other's */
    uint8_t key[2][16];
    uint32_t size;    /* of the sealed body */
    struct text type; /* MIME */
};

struct hub_event_stored {
    struct ref result;
    enum hub_reply reply;
    bool rated;
    int32_t before[2];
    int32_t after[2];
};

struct hub_event {
    uint64_t now_us;               /* Unix epoch; never goes back */
    uint64_t entropy[HUB_ENTROPY]; /* fresh random bits: the only chance there is */
    enum hub_event_type type;
    union {
        const struct titles *titles; /* CATALOGUE */
        struct hub_event_open open;
        struct ref conn; /* CLOSED */
        struct {
            struct ref conn;
            const struct message *message;
        } message;
        struct {
            struct ref conn;
            uint32_t rtt_us;
        } pong;
        struct hub_event_player player;
        struct hub_event_queue queue;
        struct {
            struct ref player;
            enum hub_reply reply;
        } left; /* QUEUE_LEFT */
        struct hub_event_saved saved;
        struct hub_event_sought sought;
        struct {
            struct uuid match;
            struct hub_copy copy;
        } taken;
        struct {
            enum hub_reply reply;
            bool more; /* there may be others to take: ask again at once */
        } swept;
        struct {
            struct uuid match;
            struct text node; /* of the new owner, or none when that is our node's name */
        } lost;
        struct {
            enum hub_reply reply;
            bool was_there; /* the lease had not run out, and Valkey had not lost it */
            bool siblings;  /* processes of other nodes are alive */
        } leased;
        struct {
            struct uuid match;
            enum hub_reply reply;
        } released;
        struct hub_event_located located;
        struct uuid nudged; /* NUDGE: the player to join again, or none: renew the lease now */
        struct hub_event_frame frame;
        struct {
            struct ref match;
            enum hub_reply reply;
            bool stored;
        } checked;
        struct hub_event_stored stored;
        struct {
            struct ref result;
            enum hub_reply reply;
        } published;
        enum hub_store store; /* STORE_UP, STORE_DOWN */
    };
};

/* ---- effects ---- */

enum hub_effect_type {
    HUB_FX_SEND,        /* a message to a WebSocket */
    HUB_FX_CLOSE,       /* end a WebSocket after what was sent; HUB_EV_CLOSED follows */
    HUB_FX_PING,        /* a WebSocket ping, to measure its round trip */
    HUB_FX_REPLY,       /* the JSON answer to an HTTP request: ends it; HUB_EV_CLOSED follows */
    HUB_FX_REPLY_ERROR, /* the same, with an error */
    HUB_FX_LOAD_PLAYER, /* asks PostgreSQL: find or make the player of `sub` */
    HUB_FX_QUEUE_JOIN,  /* asks Valkey: put or renew the ticket, and pair it if somebody fits */
    HUB_FX_QUEUE_LEAVE, /* asks Valkey: take the ticket out */
    HUB_FX_SAVE,        /* asks Valkey: keep this match as it is now */
    HUB_FX_SEEK,        /* asks Valkey: a match that somebody came to play; ours if nobody has it */
    HUB_FX_SWEEP,       /* asks Valkey: some matches whose owner is dead are to be ours */
    HUB_FX_LEASE,       /* asks Valkey: we are alive, and so is the ownership of our matches */
    HUB_FX_RELEASE,     /* asks Valkey: this match came to nothing and is to be forgotten */
    HUB_FX_LOCATE,      /* asks Valkey: the match that a player is in, for HUB_DOOR_ME */
    HUB_FX_FRAME_SEAL,  /* asks frames: one picture, a fresh key and token for each seat */
    HUB_FX_FRAME_DROP,  /* the frames of this match are not served any more */
    HUB_FX_CHECK,       /* asks PostgreSQL: is a match that was taken over finished and stored? */
    HUB_FX_STORE,       /* asks PostgreSQL: the finished match, once */
    HUB_FX_PUBLISH,     /* asks Valkey: ranking and stream entry of a stored match, whose saved copy
                         * goes when keep_ms are over */
    HUB_FX_NOTE,        /* something worth a log line and a counter */
};

/* A message. What only io knows is left empty and filled in by it: `resume` (the ticket of match
 * and slot), `path` (of match) and `url` (of the frame's token, which stands there). */
struct hub_effect_send {
    struct ref conn;
    struct uuid match; /* for resume and path */
    uint8_t slot;
    struct text node;  /* for path: where the match is, or none: here */
    bool by_node;      /* paths and addresses name the node, since there are others */
    struct message message; /* only message_size(type) bytes of it are there */
};

/* One guess of a finished match. */
struct hub_guess {
    uint8_t round; /* 1… */
    uint8_t slot;
    bool is_video;
    bool correct;
    uint32_t seq;
    uint32_t similarity; /* millionths */
    uint32_t ms;
    uint32_t raw_ms;
    struct text text; /* or none when the log was full */
};

/* A finished match. Lives until the hub gets HUB_OK or HUB_REFUSED for the last effect that names
 * it. */
struct hub_result {
    struct uuid match;
    uint64_t fence; /* of several results of a match the one with the highest stands */
    struct uuid player[2]; /* users.id */
    bool rated;
    enum match_reason reason;
    int8_t winner;
    uint32_t best_of;
    uint32_t score[2];
    uint32_t points[2];
    int64_t started_ms;   /* Unix epoch */
    int64_t completed_ms; /* Unix epoch */
    uint32_t won_ms;      /* the winner's times over the rounds won, or MATCH_NO_TIME */
    uint32_t rounds_count;
    struct match_round rounds[MATCH_ROUNDS_MAX];
    struct uuid frames[MATCH_ROUNDS_MAX]; /* frames.id */
    struct text videos[MATCH_ROUNDS_MAX]; /* YouTube ids */
    struct text titles[MATCH_ROUNDS_MAX];
    uint32_t guesses_count;
    const struct hub_guess *guesses;
    int32_t after[2]; /* ratings as stored, for HUB_FX_PUBLISH */
};

/* Things that happen, for the log and the counters. Which fields are set is said in notes.def. */
enum hub_note {
#define NOTE(name, level, text) HUB_NOTE_##name,
#include <duel/hub/notes.def>
    HUB_NOTES /* not a note */
};

struct hub_effect {
    enum hub_effect_type type;
    union {
        struct {
            struct ref conn;
            uint16_t code;      /* RFC 6455 section 7.4, contract section 4 */
            struct text reason; /* at most 120 bytes; not of 4421, whose reason is the path of: */
            struct uuid match;
            struct text node;
        } close;
        struct ref conn; /* PING */
        struct {
            struct ref conn;
            uint16_t status;
            uint32_t retry_after_s; /* 0: no such header */
            struct text code;
            struct text message;
        } reply_error;
        struct {
            struct ref player;
            struct text sub;
        } load;
        struct {
            struct ref player;
            struct matchmaker_ticket ticket;
            int64_t expires_ms;
            struct text card;   /* who joins, for the process that will play the match */
            struct uuid match;  /* the id of the match if a pair is made now */
            uint8_t slot;       /* and the joining player's seat */
        } join;
        struct {
            struct ref player;
            struct uuid id;
        } leave;
        struct {
            struct ref match; /* whom HUB_EV_SAVED is for */
            struct uuid id;
            uint64_t fence;
            bool awake; /* players are here: another's claim without players does not stand */
            bool claim; /* or: the first player has come, and nobody was told anything here yet */
            bool hand_over; /* nobody's from now on: the first whom a player comes to takes it */
            bool over;      /* its players may be in another match */
            struct uuid player[2];
            struct text card[2];
            struct text data;
            struct text phase; /* for HUB_FX_LOCATE */
        } save;
        struct {
            struct ref conn;
            struct uuid match;
            struct uuid player; /* users.id of who came by token; none: a ticket proves a player */
        } seek;
        struct {
            uint32_t max; /* there is no room for more */
        } sweep;
        struct {
            uint32_t load; /* live matches */
            bool draining; /* no new match is to be placed here */
        } lease;
        struct {
            struct uuid match;
            struct uuid player[2];
        } release;
        struct {
            struct ref conn;
            struct uuid player;
        } locate;
        struct {
            struct ref match;
            struct uuid id;
        } check;
        struct {
            struct ref match;
            uint32_t round;
            struct text path; /* object key */
        } seal;
        struct ref match; /* FRAME_DROP */
        struct {
            struct ref result;
            const struct hub_result *data;
            uint32_t keep_ms; /* PUBLISH: how long the finished match can still be looked at */
        } store; /* STORE, PUBLISH */
        struct {
            enum hub_note note;
            struct uuid match;
            struct uuid player;
            struct text detail;
            int64_t value;
        } note;
        struct hub_effect_send send; /* SEND, REPLY: last, for its size */
    };
};

/* Allocates everything it will ever need. `seed` keys its hash tables. NULL: out of memory. */
struct hub *hub_create(const struct hub_limits *limits, uint64_t seed);
void hub_destroy(struct hub *hub);

void hub_step(struct hub *hub, const struct hub_event *event);
/* The next effect of the last step, NULL when there is none left. It may be written to. */
struct hub_effect *hub_take(struct hub *hub);
uint64_t hub_deadline_us(const struct hub *hub);
/* Asserts every invariant; slow, for tests and simulation. */
void hub_check(const struct hub *hub);

/* How long news waited for its save: bounds in microseconds of the buckets but the last. */
#define HUB_SAVE_WAITS 7
#define HUB_SAVE_WAIT_BOUNDS_US { 500, 1000, 2000, 5000, 20000, 100000 }

/* Gauges for metrics and readiness. */
struct hub_counts {
    uint32_t sessions;
    uint32_t players;
    uint32_t tickets;
    uint32_t matches;               /* live: not yet over */
    uint32_t matches_by_phase[MATCH_CLOSED + 1];
    uint32_t dormant;               /* of these: taken over, and no player has come yet */
    uint32_t unsaved;               /* whose copy in Valkey is behind */
    uint32_t results;               /* waiting for a store */
    int64_t result_oldest_ms;       /* when the oldest of them ended; 0 when none */
    uint64_t save_waits[HUB_SAVE_WAITS]; /* how many, by bucket */
    uint64_t save_waits_us;         /* their sum */
    uint64_t guess_log_bytes;       /* kept now, over all matches */
    uint64_t late;                  /* answers to something that was gone */
};
struct hub_counts hub_count(const struct hub *hub);

#endif
