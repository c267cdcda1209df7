/* What the hub remembers: plain structs in pools of fixed size, private to duel/hub.
 *
 * Everything is reached through references (index and generation), never through kept pointers,
 * so an answer for something that has gone is recognised and counted. One timer queue holds all
 * deadlines; its ids are sessions, players, matches and records, in this order. */
#ifndef DUEL_HUB_STATE_H
#define DUEL_HUB_STATE_H

#include <duel/base/pool.h>
#include <duel/base/table.h>
#include <duel/base/timerq.h>
#include <duel/hub/out.h>

#define QUEUE_SOCKETS_MAX 4  /* of one player; the oldest makes room for a fifth */
#define LOADING_MAX 8        /* connections that wait for one player to be loaded */
#define RECENT_MAX 24        /* videos that a player met lately */
#define DRAWN_MAX (MATCH_ROUNDS_MAX * MATCH_FRAME_TRIES)
#define ENDED_MAX 4096       /* matches remembered as over */
#define WAITS_MAX 64         /* recent waits that make `eta_ms` */
#define NAME_CODE_POINTS_MAX 32
#define NAME_SIZE_MAX 128
#define AVATAR_SIZE_MAX 512
#define FRAME_TYPE_SIZE_MAX 32
#define NO_INDEX UINT32_MAX

/* ---- connections ---- */

enum session_state {
    SESSION_FREE,
    SESSION_LOADING, /* in the list of a player who is being loaded */
    SESSION_QUEUED,  /* one of a ticket's sockets */
    SESSION_PLAYING, /* a seat's socket */
    SESSION_CLOSING, /* told to end; HUB_EV_CLOSED will come */
};

struct session {
    struct ref conn;
    enum session_state state;
    enum hub_door door;
    uint8_t slot;      /* PLAYING */
    bool came_late;    /* PLAYING: after the end of the match */
    struct ref player; /* LOADING, QUEUED */
    struct ref match;  /* PLAYING */
    uint32_t next;     /* LOADING: the next of the list, or NO_INDEX */
    uint64_t heard_us; /* when it last sent anything */
    uint64_t pinged_us;
    uint64_t suggest_us; /* of the rate limit */
};

/* ---- players and their queue tickets ---- */

enum ticket_op { TICKET_IDLE, TICKET_JOINING, TICKET_LEAVING };

/* Exactly one operation is under way in Valkey at a time; what else is wanted waits for its
 * answer. */
struct ticket {
    enum ticket_op op;
    bool wanted; /* somebody waits; a player in a live match has no wanted ticket */
    bool again;  /* join (again) as soon as nothing is under way */
    bool kept;   /* may stand in Valkey */
    bool known;  /* a join was answered since it is wanted, so `waiting` is known */
    uint32_t waiting;
    int64_t since_ms;
    int64_t expires_ms;
    uint64_t renew_us;
    struct ref sockets[QUEUE_SOCKETS_MAX]; /* oldest first */
    uint32_t sockets_count;
    /* What the sockets were told last. */
    uint64_t told_us; /* 0: nothing yet */
    int64_t told_window;
    int64_t told_waiting;
    int64_t told_eta_ms;
};

struct player {
    char sub[HUB_SUB_SIZE_MAX];
    uint32_t sub_size;
    bool loaded;  /* the fields below are known */
    bool stale;   /* a match was stored since; wins, losses and draws are older */
    bool loading; /* HUB_FX_LOAD_PLAYER is under way */
    struct uuid id;
    char name[NAME_SIZE_MAX];
    uint32_t name_size;
    char avatar[AVATAR_SIZE_MAX];
    uint32_t avatar_size; /* 0: none */
    char country[2];
    uint32_t country_size; /* 0: none */
    int32_t rating;
    uint32_t wins;
    uint32_t losses;
    uint32_t draws;

    uint32_t refs;          /* sessions in LOADING and QUEUED, seats of matches not forgotten */
    uint32_t loading_first; /* sessions in LOADING, or NO_INDEX */
    uint32_t loading_count;
    struct ref match; /* the live match, none once it is over */
    struct ticket ticket;

    uint64_t search_us;     /* of the rate limit */
    int64_t old_since_ms;   /* of a match that the other never came to; 0: none */
    uint64_t old_until_us;  /* how long it is remembered */
    uint32_t recent[RECENT_MAX];
    uint32_t recent_count;  /* ever; the ring's next place is recent_count % RECENT_MAX */
    uint64_t keep_until_us; /* the record stays so long at least, if there is room */
    bool idle;              /* in the list of idle players: nobody needs it */
    uint32_t idle_next;
    uint32_t idle_previous;
};

/* ---- matches ---- */

struct live_seat {
    struct ref player;
    struct ref conn; /* none: no socket */
    int32_t rating;  /* when the match was made */
    int64_t since_ms; /* of the ticket */
    char token[HUB_TOKEN_SIZE]; /* of the frame that is ready */
    uint8_t key[16];
};

struct live {
    struct match match;
    struct uuid id;
    struct ref record;
    struct live_seat seats[2];
    bool sealing; /* HUB_FX_FRAME_SEAL is under way */
    uint32_t frame_round; /* of the frame in tokens and keys; 0: none yet */
    uint32_t frame_size;
    char frame_type[FRAME_TYPE_SIZE_MAX];
    uint32_t frame_type_size;
    uint32_t drawing; /* the video whose frame is being sealed */
    uint32_t drawn[DRAWN_MAX];
    uint32_t drawn_count;
    bool played;   /* a round was started */
    bool end_told; /* match_end went out */
    bool settled;  /* the result is stored (or never will be) */
    bool rated;    /* settled, and the ratings are these: */
    int32_t before[2];
    int32_t after[2];
    uint64_t rematch_until_us;
    uint64_t end_due_us; /* OVER and not told: match_end goes out then at the latest */
    bool closed;
};

/* ---- results ---- */

enum record_state {
    RECORD_LIVE,        /* its match goes on */
    RECORD_UNSTORED,    /* to be stored (again) */
    RECORD_STORING,     /* HUB_FX_STORE is under way */
    RECORD_UNPUBLISHED, /* to be published (again) */
    RECORD_PUBLISHING,  /* HUB_FX_PUBLISH is under way */
};

#define CHUNK_TEXT_SIZE 236

/* Texts of guesses; none stands in two chunks. */
struct chunk {
    struct ref next;
    uint32_t used;
    char text[CHUNK_TEXT_SIZE];
};

struct record {
    struct hub_result result;
    enum record_state state;
    struct ref match; /* which may be forgotten already */
    struct ref chunk_first;
    struct ref chunk_last;
    uint32_t text_size; /* bytes of guess texts kept */
    uint32_t next;      /* in the list of finished ones, oldest first */
    uint32_t previous;
};

struct hub {
    struct hub_limits limits;
    struct out out;
    const struct hub_event *event; /* of the running step */
    uint64_t now_us;
    int64_t now_ms;
    uint32_t draws; /* random draws of the running step */
    const struct titles *titles;
    bool up[2]; /* by enum hub_store */
    bool draining;
    struct timerq timers;

    struct session *sessions; /* by the gateway's index */
    uint32_t sessions_count;

    struct pool players;
    struct table players_by_sub;
    struct table players_by_id;
    uint32_t idle_first;
    uint32_t idle_last;
    uint32_t tickets_count; /* wanted ones */
    uint32_t waits[WAITS_MAX];
    uint32_t waits_count; /* ever */
    int64_t eta_ms;       /* worked out of them; MSG_NIL until they are enough */

    struct pool matches;
    struct table matches_by_id;
    /* Ids of matches that were forgotten lately, so that who comes back is told "over" (4410) and
     * not "no such match". A ring; the oldest makes room. */
    struct uuid *ended;
    struct table ended_by_id;
    uint32_t ended_count; /* ever */

    struct pool records;
    struct pool chunks;
    struct hub_guess *guesses; /* guesses_max for each record */
    uint32_t guesses_max;
    uint32_t results_count;
    uint32_t results_first;
    uint32_t results_last;

    uint64_t late;
};

/* ---- deadlines ---- */

static inline uint32_t timer_of_session(const struct hub *hub, const struct session *session)
{
    return (uint32_t)(session - hub->sessions);
}

static inline uint32_t timer_of_player(const struct hub *hub, const struct player *player)
{
    return hub->limits.connections_max + pool_ref(&hub->players, player).index;
}

static inline uint32_t timer_of_match(const struct hub *hub, const struct live *live)
{
    return hub->limits.connections_max + hub->players.count_max +
           pool_ref(&hub->matches, live).index;
}

static inline uint32_t timer_of_record(const struct hub *hub, const struct record *record)
{
    return hub->limits.connections_max + hub->players.count_max + hub->matches.count_max +
           pool_ref(&hub->records, record).index;
}

/* One of at most `per_s` a second, with bursts of as many (generic cell rate algorithm). False: too
 * fast. `*at_us` is the whole memory of a limit; it starts at 0. */
static inline bool rate_take(uint64_t *at_us, uint64_t now_us, uint32_t per_s)
{
    uint64_t interval_us = per_s == 0 ? 1000000 : 1000000 / per_s;
    uint64_t at = *at_us > now_us ? *at_us : now_us;
    if (at - now_us + interval_us > 1000000) {
        return false;
    }
    *at_us = at + interval_us;
    return true;
}

#endif
