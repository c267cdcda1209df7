/* A simulated world around one hub: clients with bad lines, stores that fail, a clock that is
 * late, and a witness who checks everything that leaves the hub.
 *
 * One seed draws limits, rules, population and faults. A run has a safety phase with faults and
 * then a liveness phase without, at whose end everything must have come to rest. Only hub.h, the
 * protocol's messages, the catalogue and the pairing rule are shared with the server. */
#ifndef DUEL_TESTS_WORLD_H
#define DUEL_TESTS_WORLD_H

#include <duel/base/rng.h>
#include <duel/hub/hub.h>
#include <duel/protocol/codec.h>

#define WORLD_USERS_MAX 40
#define WORLD_CONNS_MAX 160
#define WORLD_MATCHES_MAX 4096
#define WORLD_VIDEOS_MAX 60
#define WORLD_TABS_MAX 6
/* A ticket that nobody wants is taken out so soon: Valkey may take two seconds to hear of it, and
 * the one before it has to be answered first. */
#define WORLD_LEAVE_MS 5000
#define WORLD_SECOND_US 1000000u

/* What the faults of a run are; in permille where it is a chance. All 0 in the liveness phase. */
struct world_faults {
    uint32_t late;          /* a timer comes late */
    uint32_t late_max_us;
    uint32_t lost;          /* a connection dies at a client's turn */
    uint32_t half_open;     /* of those: the server is not told */
    uint32_t unavailable;   /* a request to a store is not carried out */
    uint32_t unknown;       /* it is, but nobody learns of it */
    uint32_t vanish;        /* a key of Valkey is gone */
    uint32_t frame_fails;
    uint32_t rudeness;      /* leaving, not showing up, a second socket, odd messages */
    uint32_t outages;       /* a store goes down within a second */
};

/* A message as a client sends it. */
struct world_say {
    enum message_type type;
    int64_t round; /* or ts */
    int64_t seq;
    bool is_video;
    bool right; /* what its sender knows: it is the answer */
    uint32_t text_size;
    char text[200];
};

enum world_item_kind {
    ITEM_THINK,         /* bot */
    ITEM_OPEN,          /* conn arrives at the server */
    ITEM_SAY,           /* a client's message arrives */
    ITEM_PONG,
    ITEM_CLOSED,        /* the server learns that a connection is gone */
    ITEM_TO_CLIENT,     /* bytes arrive at a client */
    ITEM_CLIENT_CLOSED, /* a client learns that its connection is gone */
    ITEM_CLIENT_PING,
    ITEM_PLAYER,        /* requests, carried out … */
    ITEM_STORE,
    ITEM_JOIN,
    ITEM_LEAVE,
    ITEM_PUBLISH,
    ITEM_ANSWER,        /* … and answered */
    ITEM_STORE_UP,
    ITEM_TURN,          /* the world's own turn, each second */
};

struct world_item {
    uint64_t at_us;
    uint64_t order;
    enum world_item_kind kind;
    uint32_t bot;
    uint32_t epoch; /* of the store when it was asked */
    struct ref ref; /* connection, player or result */
    enum hub_store store;
    uint16_t code;
    uint64_t sent_us;
    uint8_t *bytes;
    uint32_t bytes_size;
    struct world_say say;
    struct matchmaker_ticket ticket;
    int64_t expires_ms;
    const struct hub_result *result;
    struct hub_event answer; /* ANSWER */
    bool is_frame;           /* ANSWER: tokens below */
    char tokens[2][HUB_TOKEN_SIZE];
};

struct world_user {
    char sub[24];
    char name[40];
    struct uuid id;
    int32_t rating;
    uint32_t wins, losses, draws;
};

struct world_conn {
    uint32_t generation;
    bool used;
    bool opened; /* the hub knows it */
    bool ending; /* the hub has ended it */
    bool dead;   /* nothing comes through any more */
    bool closed_planned;
    enum hub_door door;
    bool by_ticket;
    uint32_t bot;
    uint8_t slot;
    struct uuid match;
    uint64_t up_us;   /* latest arrival planned, each way: a stream keeps its order */
    uint64_t down_us;
    /* The witness's view. */
    bool welcomed;
    bool match_ended;
    uint64_t queued_us;
};

struct world_bot {
    uint32_t latency_us;
    uint32_t skill; /* percent */
    struct ref tabs[WORLD_TABS_MAX];
    uint32_t tabs_count;
    struct ref play;
    bool welcomed;
    bool has_match;
    bool over_seen;
    struct uuid match;
    uint8_t slot;
    uint32_t frame_round;
    char token[HUB_TOKEN_SIZE];
    uint32_t ready_round;
    uint32_t round; /* running; 0: none */
    int32_t answer; /* row of the video seen, -1 */
    int64_t seq;
    struct world_say last;
};

struct world_row {
    char video[12];
    char title[48];
    char channel[24];
    char paths[2][48];
};

/* A frame that was sealed. */
struct world_frame {
    struct uuid match;
    uint32_t round;
    uint32_t row;
    struct uuid frame_id;
    char tokens[2][HUB_TOKEN_SIZE];
    uint8_t keys[2][16];
};

/* A row of duel_matches. */
struct world_stored {
    struct uuid match;
    bool rated;
    int32_t before[2];
    int32_t after[2];
    bool published;
};

struct world_tally {
    uint64_t steps;
    uint64_t effects;
    uint64_t matches;
    uint64_t rounds;
    uint64_t verdicts;
    uint64_t stored;
    uint64_t by_score;
    uint64_t draws;
    uint64_t forfeits;
    uint64_t abandoned;
    uint64_t abandoned_stored;
    uint64_t reconnects;
    uint64_t replaced;
    uint64_t silent;
    uint64_t timeouts;
    uint64_t unavailable;
    uint64_t ratings_late;
    uint64_t outages;
    uint64_t drains;
    uint64_t late;
    uint64_t log_bytes_most;
    uint64_t hash;
};

struct witness;

struct world {
    uint64_t seed;
    uint64_t now_us;
    uint64_t start_us;
    struct rng rng;
    struct hub *hub;
    struct hub_limits limits;
    uint64_t asked_us;    /* when Valkey carries out what it was asked last */
    uint64_t answered_us; /* when its latest answer arrives */
    struct world_faults faults;
    uint64_t late_us; /* how late a timer may be; one set before the calm may fire in it */
    uint64_t calm_us; /* the liveness phase began; 0: not yet */
    bool ending;      /* bots go home */
    bool talk;
    const char *fault; /* what is wrong; the first thing found */
    struct world_item **items; /* a heap */
    uint32_t items_count, items_max;
    uint64_t order;
    uint64_t tick_us;
    uint64_t deadline_us;
    struct world_conn conns[WORLD_CONNS_MAX];
    struct world_bot bots[WORLD_USERS_MAX];
    struct world_user users[WORLD_USERS_MAX];
    uint32_t users_count;
    struct world_row rows[WORLD_VIDEOS_MAX];
    uint32_t rows_count;
    struct titles *titles;
    struct codec *codec;
    bool up[2];
    uint32_t epoch[2];
    struct matchmaker_ticket tickets[WORLD_USERS_MAX];
    int64_t tickets_expire_ms[WORLD_USERS_MAX];
    uint32_t tickets_count;
    struct world_stored stored[WORLD_MATCHES_MAX];
    uint32_t stored_count;
    struct world_frame *frames;
    uint32_t frames_count, frames_max;
    struct witness *witness;
    struct world_tally *tally;
};

/* Plays a whole run. NULL, or what was wrong. `minutes` of safety phase. */
const char *world_run(uint64_t seed, uint32_t minutes, bool talk, struct world_tally *ret_tally);

/* ---- between the files of the world ---- */

uint32_t world_random(struct world *world, uint32_t below);
bool world_chance(struct world *world, uint32_t permille);
void world_fault(struct world *world, const char *what);
struct world_item *world_plan(struct world *world, uint64_t delay_us, enum world_item_kind kind);
/* One event into the hub, and everything that comes out of it. */
void world_step(struct world *world, struct hub_event *event);
struct world_conn *world_conn_get(struct world *world, struct ref ref);

/* Lines: what clients do. */
struct ref net_open(struct world *world, uint32_t bot, enum hub_door door, bool by_ticket);
void net_say(struct world *world, struct ref conn, const struct world_say *say);
void net_close(struct world *world, struct ref conn);
void net_lose(struct world *world, struct ref conn);
/* What the hub does, and what arrives. */
void net_effect(struct world *world, const struct hub_effect *effect, const uint8_t *bytes,
                uint32_t size);
void net_item(struct world *world, struct world_item *item);

void stores_init(struct world *world);
void stores_effect(struct world *world, const struct hub_effect *effect);
void stores_item(struct world *world, struct world_item *item);
void stores_turn(struct world *world);
/* What a picture shows: a row, or -1 when token and key do not belong together. */
int32_t stores_open_frame(const struct world *world, const char *token, const uint8_t *key);
struct world_stored *stores_find(struct world *world, const struct uuid *match);
uint32_t stores_row_of_video(const struct world *world, struct text video);

void bots_init(struct world *world);
void bots_think(struct world *world, uint32_t bot);
void bots_receive(struct world *world, uint32_t bot, struct ref conn,
                  const struct message *message);
void bots_closed(struct world *world, uint32_t bot, struct ref conn, uint16_t code);

struct witness *witness_create(void);
void witness_destroy(struct witness *witness);
/* Before a step, each of its effects (a message with its bytes), and after. */
void witness_event(struct world *world, const struct hub_event *event, const struct world_say *say);
void witness_effect(struct world *world, const struct hub_effect *effect, const uint8_t *bytes,
                    uint32_t size);
void witness_after(struct world *world);
void witness_sealed(struct world *world, struct ref match, uint32_t round, uint32_t row,
                    const struct world_frame *frame, struct uuid *ret_match);
void witness_end(struct world *world);

#endif
