/* What the hub remembers: plain structs in pools of fixed size, private to duel/hub.
 *
 * Everything is reached through references (index and generation), never through kept pointers,
 * so an answer for something that has gone is recognised and counted. One timer queue holds all
 * deadlines; its ids are sessions, players, matches, records and the keeper, in this order. */
#ifndef DUEL_HUB_STATE_H
#define DUEL_HUB_STATE_H

#include <duel/base/pool.h>
#include <duel/base/rate.h>
#include <duel/base/table.h>
#include <duel/base/timerq.h>
#include <duel/core/waits.h>
#include <duel/hub/chain.h>
#include <duel/hub/out.h>

#define QUEUE_SOCKETS_MAX 4  /* of one player; the oldest makes room for a fifth */
#define LOADING_MAX 8        /* connections that wait for one player to be loaded */
#define RECENT_MAX 24        /* videos that a player met lately */
#define DRAWN_SPARE 8        /* rounds that were void, whose videos are still not drawn again */
#define DRAWN_MAX ((MATCH_ROUNDS_MAX + DRAWN_SPARE) * MATCH_FRAME_TRIES)
#define ENDED_MAX 4096       /* matches remembered as over */
#define NAME_CODE_POINTS_MAX 32
#define NAME_SIZE_MAX 128
#define AVATAR_SIZE_MAX 512
#define FRAME_TYPE_SIZE_MAX 32
#define NO_INDEX UINT32_MAX
#define BANS_MAX 64          /* latest ones, remembered for who comes by a saved match */

/* ---- connections ---- */

enum session_state {
    SESSION_FREE,
    SESSION_LOADING, /* in the list of a player who is being loaded */
    SESSION_ASKING,  /* Valkey is asked for its match */
    SESSION_QUEUED,  /* one of a ticket's sockets */
    SESSION_PLAYING, /* a seat's socket */
    SESSION_PARKED,  /* in an own invitation, until somebody comes */
    SESSION_CLOSING, /* told to end; HUB_EV_CLOSED will come */
};

struct session {
    struct ref conn;
    enum session_state state;
    enum hub_door door;
    uint8_t slot;      /* PLAYING; ASKING with a ticket */
    bool came_late;    /* PLAYING: after the end of the match */
    bool rated;        /* of HUB_DOOR_INVITE */
    bool asking;       /* PARKED: Valkey is asked whether somebody has come */
    bool leaving;      /* PARKED: HUB_FX_WITHDRAW is under way */
    struct ref player; /* LOADING, QUEUED, PARKED; ASKING with a token */
    struct ref match;  /* PLAYING */
    struct uuid sought; /* the match that has to be sought when the player is loaded; the invitation
                         * that is made or withdrawn, or that is waited in */
    int64_t expires_ms; /* of that */
    uint32_t next;     /* LOADING: the next of the list, or NO_INDEX */
    uint32_t noticed;  /* the latest notice that it was told; 0: none */
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
    bool wanted; /* somebody waits, or polls; a player in a live match has no wanted ticket */
    bool again;  /* join (again) as soon as nothing is under way */
    bool kept;   /* may stand in Valkey */
    bool known;  /* a join was answered since it is wanted, so `waiting` is known */
    uint32_t waiting;
    uint32_t sockets_count;
    struct uuid match;  /* the id that was offered with the latest join */
    int64_t since_ms;
    int64_t asked_ms; /* came to this process; since_ms may lie before a match that was none */
    int64_t expires_ms;
    uint64_t renew_us;
    uint64_t polled_until_us; /* somebody polls, and is waited for until then; 0: nobody does */
    struct ref sockets[QUEUE_SOCKETS_MAX]; /* oldest first; requests that wait, too */
    /* What the sockets were told last. */
    uint64_t told_us; /* 0: nothing yet */
    int64_t told_window;
    int64_t told_waiting;
    int64_t told_eta_ms;
};

#define PLAYER_TEXTS 3 /* kinds of room for the texts of a player, by size */

struct player {
    struct text sub; /* the key in players_by_sub */
    bool loaded;  /* the fields below are known */
    bool stale;   /* a match was stored since; wins, losses and draws are older */
    bool loading; /* HUB_FX_LOAD_PLAYER is under way */
    bool recalled; /* `recent` has what PostgreSQL knows, too */
    bool idle;     /* in the list of idle players: nobody needs it */
    uint8_t texts_kind;
    uint8_t country_size; /* 0: none */
    char country[2];
    struct uuid id;
    struct text name;
    struct text avatar; /* or none */
    struct ref texts;   /* where both stand; none while there are none */
    int32_t rating;
    uint32_t wins;
    uint32_t losses;
    uint32_t draws;
    int64_t banned_until_ms; /* over: may play */
    uint32_t opponents; /* met in rated matches, counted up to HUB_OPPONENTS_MAX */

    uint32_t refs;          /* sessions in LOADING and QUEUED, seats of matches not forgotten */
    uint32_t loading_first; /* sessions in LOADING, or NO_INDEX */
    uint32_t loading_count;
    struct ref match; /* the live match, none once it is over */
    struct ref offer; /* the match that is over in which his offer of a rematch stands */
    struct ticket ticket;

    uint64_t search_us;     /* of the rate limits: titles, */
    uint64_t look_us;       /* matches that are looked at, */
    uint64_t invite_us;     /* and invitations */
    int64_t old_since_ms;   /* of a match that the other never came to; 0: none */
    uint64_t old_until_us;  /* how long it is remembered */
    uint32_t recent[RECENT_MAX];
    uint32_t recent_count;  /* ever; the ring's next place is recent_count % RECENT_MAX */
    uint64_t keep_until_us; /* the record stays so long at least, if there is room */
    uint32_t idle_next;
    uint32_t idle_previous;
};

/* ---- matches ---- */

struct live_seat {
    struct ref player;
    struct ref conn; /* none: no socket */
    int64_t since_ms; /* of the ticket */
    int32_t rating;   /* when the match was made */
    char token[HUB_TOKEN_SIZE]; /* of the frame that is ready */
    uint8_t key[16];
    bool unwelcomed; /* its welcome waits for the save; nothing else is told before */
};

/* What a match is played for. */
struct terms {
    bool rated;
    uint32_t series[2]; /* matches that each seat won in this row of rematches, before this one */
};

/* What is said of another match between the same two, once theirs is over. */
struct rematch {
    bool offered[2];  /* this seat's offer stands */
    bool declined[2]; /* this seat's was declined: it makes no other */
    uint8_t accepter; /* who agreed last */
    bool asking;      /* HUB_FX_REMATCH is under way */
    bool doubted[2];  /* and this seat has declined since: heard if nothing comes of it now */
    bool made;
    struct uuid next; /* the match made; or asked for, and nobody knows whether it was; or none */
};

struct live {
    struct match match;
    struct uuid id;
    struct terms terms;
    struct ref record;
    uint64_t fence;
    struct live_seat seats[2];
    /* The copy in Valkey (keeper). */
    bool unsaved;  /* something has happened since the latest HUB_FX_SAVE that must last */
    bool saving;   /* HUB_FX_SAVE is under way */
    bool held;     /* news waits for a save, held_since_us and until held_until_us */
    bool dormant;  /* taken over, and no player has come since; until dormant_until_us */
    bool unproven; /* a player came to it, and it is not known yet whether it may go on here:
                    * nobody is welcomed before */
    bool claiming; /* the save under way asks Valkey to agree */
    bool claimed;  /* unproven: it has agreed */
    bool checking; /* HUB_FX_CHECK is under way */
    bool check_is_old; /* and was asked before the player came: its no does not count */
    bool checked;  /* unproven: it was answered */
    bool handing;  /* saves give the match away; without an answer it goes at handing_until_us */
    bool lost;     /* over, and somebody else's: not saved any more */
    bool untold;   /* not saved since Valkey may have lost it */
    bool news_frame; /* the frame of the coming round is among the news */
    bool sealing;    /* HUB_FX_FRAME_SEAL is under way */
    bool played;     /* a round was started */
    bool end_told;   /* match_end went out */
    bool settled;    /* the result is stored (or never will be) */
    bool has_rating; /* settled, and the ratings are `before` and `after` */
    bool taken;      /* another process has played it before */
    bool disturbed;  /* a store or the process was away while it was played */
    bool closed;
    uint8_t frame_type_size;
    char frame_type[FRAME_TYPE_SIZE_MAX];
    struct rematch rematch;
    uint64_t held_since_us;
    uint64_t held_until_us;
    uint64_t save_again_us; /* a save failed: when it is tried again; 0: none did */
    uint64_t dormant_until_us;
    uint64_t handing_until_us;
    /* The news: what is told as soon as it is not held any more. */
    uint64_t news_next_us; /* when the next round begins, or 0 */
    uint32_t news_round;   /* whose end it is; 0: none */
    uint32_t frame_round;  /* of the frame in tokens and keys; 0: none yet */
    uint32_t frame_size;
    uint32_t drawing;     /* the video whose frame is being sealed */
    uint32_t drawn_count; /* videos in live_drawn() */
    int32_t before[2];
    int32_t after[2];
    uint64_t rematch_until_us;
    uint64_t end_due_us; /* OVER and not told: match_end goes out then at the latest */
};

/* ---- results ---- */

enum record_state {
    RECORD_LIVE,        /* its match goes on */
    RECORD_HELD,        /* it is over, and the save of that is waited for */
    RECORD_UNSTORED,    /* to be stored (again) */
    RECORD_STORING,     /* HUB_FX_STORE is under way */
    RECORD_UNPUBLISHED, /* to be published (again) */
    RECORD_PUBLISHING,  /* HUB_FX_PUBLISH is under way */
};

/* Of a chain. */
struct chunk {
    struct ref next;
    char bytes[CHAIN_CHUNK_SIZE];
};

struct record {
    struct hub_result result; /* without its rounds and guesses, which stand in the */
    struct chain log;
    struct chain journal; /* recorder.h */
    uint64_t journal_us;  /* of its latest entry */
    enum record_state state;
    struct ref match; /* which may be forgotten already */
    uint32_t text_size;   /* bytes of guess texts in it */
    bool journal_full;    /* nothing is added any more */
    uint32_t next;        /* in the list of finished ones, oldest first */
    uint32_t previous;
};

struct hub {
    struct hub_limits limits;
    struct out out;
    const struct hub_event *event; /* of the running step */
    uint64_t now_us;
    int64_t now_ms;
    struct uuid at; /* the match that was stepped last */
    uint32_t draws; /* random draws of the running step */
    const struct titles *titles;
    bool up[HUB_STORES]; /* by enum hub_store */
    bool closed; /* by an operator: no new match is to be placed here */
    bool draining;
    uint64_t drained_us; /* draining: when no round goes on any more */
    bool leasing;        /* HUB_FX_LEASE is under way */
    bool leased;         /* the lease was there once */
    bool telling;        /* Valkey may have lost what we play, and is told all of it again */
    bool siblings;       /* other nodes are alive */
    bool sweeping;       /* HUB_FX_SWEEP is under way */
    uint32_t sweep_room; /* kept free for what it takes */
    uint64_t renew_us;
    uint64_t sweep_us;
    uint64_t ended_by[HUB_OUTCOMES];
    struct tally save_waits;
    struct tally queue_waits;
    struct tally lag_credits;
    struct timerq timers;

    struct session *sessions; /* by the gateway's index */
    uint32_t sessions_count;
    struct table parked; /* by the invitation: which of them waits in it */
    char *scratch; /* a match is saved in here */
    uint32_t scratch_size;

    struct pool players;
    struct pool player_texts[PLAYER_TEXTS];
    struct table players_by_sub;
    struct table players_by_id;
    uint32_t idle_first;
    uint32_t idle_last;
    uint32_t tickets_count; /* wanted ones */
    struct waits waits;
    int64_t eta_ms; /* worked out of them; MSG_NIL until they are enough */

    struct pool matches;
    uint32_t *drawn; /* first the first video drawn of each match, then the second of each … */
    struct table matches_by_id;
    /* Ids of matches that were forgotten lately, so that who comes back is told "over" (4410) and
     * not "no such match". A ring; the oldest makes room. */
    struct uuid *ended;
    struct table ended_by_id;
    uint32_t ended_count; /* ever */

    struct pool records;
    struct pool chunks;
    uint32_t chunks_shared; /* of these; the others are a reserve */
    uint32_t guesses_max;   /* of a record */
    uint64_t log_bytes;     /* of all records */
    /* The result that was asked to be stored last, as a whole. */
    struct hub_result result;
    struct hub_round rounds[MATCH_ROUNDS_MAX];
    struct hub_guess *guesses;
    char *texts;
    char *journal;
    uint32_t results_count;
    uint32_t results_first;
    uint32_t results_last;

    uint64_t late;

    /* What operators want. */
    char notice[HUB_NOTICE_SIZE_MAX];
    uint32_t notice_size;
    int64_t notice_until_ms;
    uint32_t notice_number; /* rises with each; 0: there was none */
    struct {
        struct uuid id; /* users.id */
        int64_t until_ms;
    } bans[BANS_MAX]; /* a ring; a later one of a player is behind an earlier one */
    uint32_t bans_count; /* ever */
};

/* The `number`th video that was drawn for the match (0…). They lie apart from it, so that what is
 * not drawn costs no memory. */
static inline uint32_t *live_drawn(const struct hub *hub, const struct live *live, uint32_t number)
{
    return &hub->drawn[(size_t)number * hub->matches.count_max +
                       pool_ref(&hub->matches, live).index];
}

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

/* The lease's and the sweep's, the last. */
static inline uint32_t timer_of_keeper(const struct hub *hub)
{
    return hub->limits.connections_max + hub->players.count_max + hub->matches.count_max +
           hub->records.count_max;
}

#endif
