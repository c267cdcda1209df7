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
    HUB_EV_FRAME,     /* answers HUB_FX_FRAME_SEAL */
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

struct hub_event_queue {
    struct ref player;
    enum hub_reply reply;
    uint32_t waiting; /* people in the queue now */
    bool paired;
    struct uuid opponent; /* users.id of the other, whose ticket was taken out of the queue too */
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
        struct hub_event_frame frame;
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
    HUB_FX_FRAME_SEAL,  /* asks frames: one picture, a fresh key and token for each seat */
    HUB_FX_FRAME_DROP,  /* the frames of this match are not served any more */
    HUB_FX_STORE,       /* asks PostgreSQL: the finished match, once */
    HUB_FX_PUBLISH,     /* asks Valkey: ranking and stream entry of a stored match */
    HUB_FX_NOTE,        /* something worth a log line and a counter */
};

/* A message. What only io knows is left empty and filled in by it: `resume` (the ticket of match
 * and slot), `path` (of match) and `url` (of the frame's token, which stands there). */
struct hub_effect_send {
    struct ref conn;
    struct uuid match; /* for resume and path */
    uint8_t slot;
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
            struct text reason; /* at most 120 bytes */
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
        } join;
        struct {
            struct ref player;
            struct uuid id;
        } leave;
        struct {
            struct ref match;
            uint32_t round;
            struct text path; /* object key */
        } seal;
        struct ref match; /* FRAME_DROP */
        struct {
            struct ref result;
            const struct hub_result *data;
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

/* Gauges for metrics and readiness. */
struct hub_counts {
    uint32_t sessions;
    uint32_t players;
    uint32_t tickets;
    uint32_t matches;               /* live: not yet over */
    uint32_t matches_by_phase[MATCH_CLOSED + 1];
    uint32_t results;               /* waiting for a store */
    int64_t result_oldest_ms;       /* when the oldest of them ended; 0 when none */
    uint64_t guess_log_bytes;       /* kept now, over all matches */
    uint64_t late;                  /* answers to something that was gone */
};
struct hub_counts hub_count(const struct hub *hub);

#endif
