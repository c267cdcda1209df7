/* What can happen to the hub: one struct hub_event a step. How events and effects go together is
 * said in hub.h, by which this is read. */
#ifndef DUEL_HUB_EVENT_H
#define DUEL_HUB_EVENT_H

#include <duel/base/ref.h>
#include <duel/base/uuid.h>
#include <duel/core/titles.h>
#include <duel/protocol/messages.h>

#define HUB_SUB_SIZE_MAX 64    /* bytes of Logto's `sub` */
#define HUB_ENTROPY 4
#define HUB_OPPONENTS_MAX 10   /* so many are needed for a rated invitation */
#define HUB_MET_MAX 24
#define HUB_TOKEN_SIZE 43      /* a frame's token: 32 random bytes, base64url */
#define HUB_NOTICE_SIZE_MAX 300 /* bytes of what operators tell all players */
#define HUB_FOR_EVER INT64_MAX /* until_ms */

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
    HUB_EV_LOST,      /* one match that somebody took from us, or that Valkey misses; before
                       * HUB_EV_LEASED */
    HUB_EV_LEASED,    /* answers HUB_FX_LEASE */
    HUB_EV_RELEASED,  /* answers HUB_FX_RELEASE */
    HUB_EV_LOCATED,   /* answers HUB_FX_LOCATE */
    HUB_EV_LOOKED,    /* answers HUB_FX_LOOK */
    HUB_EV_INVITED,   /* answers HUB_FX_INVITE */
    HUB_EV_WITHDRAWN, /* answers HUB_FX_WITHDRAW */
    HUB_EV_REMATCHED, /* answers HUB_FX_REMATCH */
    HUB_EV_NUDGE,     /* another process did something that concerns us; a hint that may be lost */
    HUB_EV_FRAME,     /* answers HUB_FX_FRAME_SEAL */
    HUB_EV_CHECKED,   /* answers HUB_FX_CHECK */
    HUB_EV_STORED,    /* answers HUB_FX_STORE */
    HUB_EV_PUBLISHED, /* answers HUB_FX_PUBLISH */
    HUB_EV_STORE_UP,  /* a store can be asked (again) */
    HUB_EV_STORE_DOWN,
    HUB_EV_DRAIN,     /* the process was asked to stop: nobody new, everyone is told 1012 */
    HUB_EV_ACT,       /* what an operator did, for every node to apply; perhaps again */
};

enum hub_door {
    HUB_DOOR_QUEUE,    /* WebSocket */
    HUB_DOOR_MATCH,    /* WebSocket */
    HUB_DOOR_ME,       /* GET me */
    HUB_DOOR_SEARCH,   /* GET search */
    HUB_DOOR_JOIN,     /* POST queue */
    HUB_DOOR_POLL,     /* GET queue */
    HUB_DOOR_LEAVE,    /* DELETE queue */
    HUB_DOOR_LOOK,     /* GET match/:id */
    HUB_DOOR_INVITE,   /* POST invite */
    HUB_DOOR_WITHDRAW, /* DELETE invite/:id */
};

enum hub_reply { HUB_OK, HUB_REFUSED, HUB_UNAVAILABLE };

/* That of the frames counts as up until HUB_EV_STORE_DOWN, the others from HUB_EV_STORE_UP on. */
enum hub_store { HUB_POSTGRESQL, HUB_VALKEY, HUB_FRAMES };
#define HUB_STORES 3

struct hub_event_open {
    struct ref conn;
    enum hub_door door;
    struct text sub;    /* who, by token; or none and then by ticket: */
    uint8_t slot;       /* the seat of `match` that the ticket is good for */
    struct uuid match;  /* of HUB_DOOR_MATCH, _LOOK and _WITHDRAW */
    bool rated;         /* of HUB_DOOR_INVITE */
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
    uint32_t opponents; /* different people met in rated matches, counted up to HUB_OPPONENTS_MAX */
    int64_t banned_until_ms; /* or HUB_FOR_EVER; over: may play */
    uint32_t met_count;
    struct text met[HUB_MET_MAX]; /* YouTube ids of the latest matches' videos, newest first */
};

/* A match as Valkey keeps it. Only saved.h can read the blobs, and not all that comes is ours. */
struct hub_copy {
    uint64_t fence;      /* ours from now on */
    struct text card[2]; /* who sits where: saved_card() */
    struct text data;    /* saved_match(); none: the match was made and never begun */
    struct text terms;   /* saved_terms(), of one never begun; none: a match of the queue */
};

struct hub_event_queue {
    struct ref player;
    enum hub_reply reply;
    uint32_t waiting;  /* people in the queue now */
    int64_t since_ms;  /* of the ticket: an older one that was still there keeps its place */
    int64_t cooldown_until_ms; /* not 0: left too many matches early; no ticket was put */
    bool later;        /* what Valkey has lost has to be told to it again first: join again soon */
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
    HUB_INVITED,   /* an open invitation, and who came has made it: card 0, terms, until_ms */
    HUB_EXPIRED,   /* an invitation whose time is over */
    HUB_WITHDRAWN, /* an invitation that was taken back */
    HUB_USED,      /* an invitation whose match is over, or came to nothing */
    HUB_BUSY,      /* an invitation, but one of the two is in another match */
    HUB_COOLDOWN,  /* an invitation for rating, but who came has to wait: until_ms */
    HUB_FULL,      /* an invitation, but there is no room for its match */
    HUB_REPLACED,  /* an invitation, but who made it waits elsewhere by now */
};

struct hub_event_sought {
    struct ref conn;
    enum hub_reply reply;
    enum hub_place place;
    struct uuid match;
    struct text node;
    bool made;          /* OURS: of an invitation, this very moment */
    struct hub_copy copy;
    int64_t until_ms;   /* INVITED: it expires then; COOLDOWN */
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
    uint8_t slot;      /* the player's seat */
    struct text card;  /* of the opponent: saved_card(), or anything */
    struct text queue_node; /* not found: where a living process has a ticket of his, or none */
};

/* Where a match is that is only looked at; nothing is taken over. What is over and ours, or was
 * invited to and played, is NOWHERE. */
struct hub_event_looked {
    struct ref conn;
    enum hub_reply reply;
    enum hub_place place; /* NOWHERE, ELSEWHERE (`node`), OURS (ours to play, or nobody's),
                           * INVITED, EXPIRED, WITHDRAWN */
    struct uuid match;
    struct text node;
    bool begun;           /* OURS: somebody has played it, and not here */
    struct text card[2];  /* OURS; INVITED: of the inviter alone */
    struct text terms;    /* likewise */
    int64_t expires_ms;   /* INVITED */
};

struct hub_event_invited {
    struct ref conn;
    enum hub_reply reply; /* REFUSED: too many open ones */
    struct uuid match;
};

struct hub_event_rematched {
    struct ref match;     /* the finished one */
    enum hub_reply reply; /* REFUSED: one of the two waits or plays elsewhere, or has to wait: */
    struct uuid player;   /* REFUSED: users.id of that one */
    int64_t cooldown_until_ms; /* not 0: that one left too many rated matches early */
    struct uuid id;       /* of the new match; ours */
    struct hub_copy copy;
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

enum hub_act {
    HUB_ACT_BAN,    /* player `id` may not play until until_ms; then or before: */
    HUB_ACT_UNBAN,
    HUB_ACT_VOID,   /* match `id`, if it is live here, ends */
    HUB_ACT_RATING, /* player `id` has another rating now */
    HUB_ACT_NOTICE, /* `text` is shown to all players until until_ms; none: nothing any more */
    HUB_ACT_CLOSE,  /* no new match is to be placed here, whoever waits is sent away */
    HUB_ACT_REOPEN,
};

struct hub_event_act {
    enum hub_act act;
    struct uuid id;
    int64_t until_ms; /* or HUB_FOR_EVER */
    int32_t rating;
    struct text text;
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
            bool vanished;    /* nobody took it: its key has vanished, so it is to be saved again */
        } lost;
        struct {
            enum hub_reply reply;
            bool was_there; /* the lease had not run out, and Valkey had lost neither that nor what
                             * it has noted of our players */
            bool siblings;  /* processes of other nodes are alive */
        } leased;
        struct {
            struct uuid match;
            enum hub_reply reply;
        } released;
        struct hub_event_located located;
        struct hub_event_looked looked;
        struct hub_event_invited invited;
        struct {
            struct ref conn;
            enum hub_reply reply;
            bool found; /* it is not open any more; else none of his, or used or expired */
        } withdrawn;
        struct hub_event_rematched rematched;
        struct uuid nudged; /* NUDGE: the player to join again, or the invitation whose sockets are
                             * to ask again, or none: renew the lease now */
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
        struct hub_event_act act;
    };
};

#endif
