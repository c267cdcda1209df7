/* What the hub wants done. How events and effects go together is said in hub.h, by which this is
 * read. */
#ifndef DUEL_HUB_EFFECT_H
#define DUEL_HUB_EFFECT_H

#include <duel/core/match.h>
#include <duel/core/matchmaker.h>
#include <duel/hub/event.h>

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
    HUB_FX_LOOK,        /* asks Valkey: a match that is only looked at */
    HUB_FX_INVITE,      /* asks Valkey: keep an invitation */
    HUB_FX_WITHDRAW,    /* asks Valkey: take an invitation back */
    HUB_FX_REMATCH,     /* asks Valkey: a match of these two, ours, if both are free for it */
    HUB_FX_LEFT,        /* tells Valkey: this player left a rated match early */
    HUB_FX_READ,        /* the match of a HUB_DOOR_LOOK is not live: PostgreSQL may have it. Ends
                         * the hub's part of the request; HUB_EV_CLOSED follows */
    HUB_FX_REPLY_ELSEWHERE, /* another node can answer a request; HUB_EV_CLOSED follows */
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

/* One of its rounds. */
struct hub_round {
    struct match_round played;
    struct uuid frame; /* frames.id */
    struct text video; /* YouTube id */
    struct text title;
};

/* A finished match. */
struct hub_result {
    struct uuid match;
    uint64_t fence; /* of several results of a match the one with the highest stands */
    struct uuid player[2]; /* users.id */
    bool rated;
    int8_t winner;
    enum match_reason reason;
    uint32_t best_of;
    uint32_t score[2];
    uint32_t points[2];
    uint32_t won_ms;      /* the winner's times over the rounds won, or MATCH_NO_TIME */
    int64_t started_ms;   /* Unix epoch */
    int64_t completed_ms; /* Unix epoch */
    uint32_t rounds_count;
    uint32_t guesses_count;
    int32_t after[2]; /* ratings as stored, for HUB_FX_PUBLISH */
    const struct hub_round *rounds;
    const struct hub_guess *guesses;
    struct text journal; /* that runs the match again (duel/core/journal.h), or none */
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
            bool unsure; /* it may be live somewhere all the same */
        } read;
        struct {
            struct ref conn;
            struct text node;
            struct uuid match; /* that is asked for; none: the queue */
        } reply_elsewhere;
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
            uint8_t slot;       /* of the ticket */
            bool parked;        /* has waited here since he made the invitation of this id */
            bool rated;         /* may play for rating by invitation */
            struct text card;   /* of who came by token; empty: no match can be made here now */
            struct text terms;  /* of one that is not for rating */
        } seek;
        struct {
            uint32_t max; /* there is no room for more */
        } sweep;
        struct {
            uint32_t load; /* live matches */
            bool draining; /* no new match is to be placed here */
            bool told;     /* since we learned of a loss all our matches have been saved again */
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
            struct ref conn;
            struct uuid match;
        } look;
        struct {
            struct ref conn;
            struct uuid match; /* its id, and the match's when it comes to one */
            struct uuid player;
            struct text card;
            struct text terms;
            bool rated;
            int64_t expires_ms;
        } invite;
        struct {
            struct ref conn;
            struct uuid player;
            struct uuid match;
        } withdraw;
        struct {
            struct ref match; /* the finished one */
            struct uuid id;   /* of the new one */
            struct uuid player[2];
            struct text card[2];
            struct text terms;
            bool rated;
        } rematch;
        struct {
            struct uuid player;
            struct uuid match;
        } left;
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
            const struct hub_result *data; /* until the next effect is taken */
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

#endif
