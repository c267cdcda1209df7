/* A simulated world of one or two nodes: server processes with clocks of their own that crash,
 * stop and start again, clients with bad lines, stores that fail and forget, timers that are late,
 * and a witness who checks everything that leaves a hub.
 *
 * One seed draws limits, rules, population and faults. A run has a safety phase with faults and
 * then a liveness phase without, at whose end everything must have come to rest. Only hub.h, the
 * protocol's messages, the catalogue, the pairing rule and the rating's figures are shared with
 * the server. */
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
#define WORLD_NODES_MAX 2
#define WORLD_PROCESSES_MAX 4 /* at once: two of each node while it is deployed */
#define WORLD_REST_MINUTES 32
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
    uint32_t vanish;        /* a key of Valkey is gone within a second */
    uint32_t emptied;       /* all keys of Valkey are, in tenths of a permille */
    uint32_t frame_fails;
    uint32_t rudeness;      /* leaving, not showing up, a second socket, odd messages */
    uint32_t outages;       /* a store goes down within a second */
    uint32_t partitions;    /* Valkey does for one process, while it holds its players */
    uint32_t crashes;       /* a process dies within a second, in tenths of a permille */
    uint32_t deploys;       /* a node is deployed within a second, in tenths of a permille */
    uint32_t deaf;          /* a nudge is lost */
};

/* A message as a client sends it. */
struct world_say {
    enum message_type type;
    int64_t round; /* or ts */
    int64_t seq;
    bool is_video;
    bool right; /* what its sender knows: it is the answer; of `rematch`: accept */
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
    ITEM_ASK,           /* a store is asked: it does it … */
    ITEM_ANSWER,        /* … and answers */
    ITEM_NUDGE,
    ITEM_STORE_UP,
    ITEM_START,         /* a process of the node */
    ITEM_CRASH,         /* the process dies */
    ITEM_DRAIN,         /* the process is asked to stop */
    ITEM_END,           /* it may end now, and must soon */
    ITEM_TURN,          /* the world's own turn, each second */
};

/* Memory that an item owns. */
struct world_kept {
    struct world_kept *next;
    char data[];
};

struct world_item {
    uint64_t at_us;
    uint64_t order;
    enum world_item_kind kind;
    uint32_t bot;
    uint32_t process; /* of asks, answers and what is done to a process, with: */
    uint32_t life;
    uint32_t node;    /* START */
    uint32_t epoch;   /* of the store when it was asked */
    struct ref ref;   /* connection */
    enum hub_store store;
    uint16_t code;
    uint32_t place;   /* CLIENT_CLOSED 4421: the node to go to, + 1 */
    uint64_t sent_us;
    uint8_t *bytes;
    uint32_t bytes_size;
    struct world_say say;
    struct uuid nudged;
    struct hub_effect *effect; /* ASK: without its message; texts are the item's own */
    void *mark;                /* ASK of a save: what the witness knows of it */
    bool heard;                /* ASK of a sweep: the answer of the one before has come */
    struct hub_event *answers; /* ANSWER: in their order; texts are the item's own */
    void **marks;              /* of the copies in them */
    uint32_t answers_count;
    struct world_kept *kept;
};

struct world_user {
    char sub[24];
    char name[40];
    struct uuid id;
    int32_t start; /* rating without any match */
    uint32_t opponents; /* met in rated matches, before */
    int32_t rating;
};

struct world_conn {
    uint32_t generation;
    bool used;
    uint32_t process;
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
    bool asking; /* Valkey is asked for its match */
    bool welcomed;
    bool match_ended;
    uint64_t queued_us;
};

struct world_bot {
    uint32_t latency_us;
    uint32_t skill; /* percent */
    struct ref tabs[WORLD_TABS_MAX];
    uint32_t tabs_count;
    uint64_t tabs_after_us; /* backs off so long before it queues again */
    struct ref play;
    uint64_t play_after_us; /* or comes back to its match */
    uint32_t tries;         /* that came to nothing, in a row */
    uint32_t place;         /* the node to connect to, + 1; 0: any */
    bool welcomed;
    bool polls; /* waits for an opponent by asking again and again */
    bool has_match;
    bool has_ticket; /* for it: `slot` is known */
    bool is_parked;  /* waits in an own invitation */
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
    uint32_t round;
    uint32_t row;
    struct uuid frame_id;
    char tokens[2][HUB_TOKEN_SIZE];
    uint8_t keys[2][16];
};

/* A row of duel_matches. */
struct world_stored {
    struct uuid match;
    uint64_t fence;
    bool completed;
    bool rated;
    uint32_t rated_seq;
    uint32_t users[2];
    int32_t before[2];
    int32_t after[2];
    int8_t winner;
    uint32_t score[2];
    uint32_t rounds_count;
    uint32_t rows[MATCH_ROUNDS_MAX];
    uint32_t ms[MATCH_ROUNDS_MAX][2];
    int8_t winners[MATCH_ROUNDS_MAX];
    uint32_t replaced; /* how often */
    bool published;    /* as it stands */
};

/* A server process. Its clock is its own, and never goes back. */
struct world_process {
    bool alive;
    uint32_t life; /* its number among all there ever were; 1… */
    uint32_t node;
    uint64_t boot;
    uint64_t began_us;
    uint64_t clock_us; /* what its clock said then */
    int32_t drift;     /* of its clock: millionths */
    uint64_t local_us; /* its clock, now */
    struct hub *hub;
    struct titles *titles;
    bool up[2];
    uint32_t epoch[2];
    bool cut;             /* from Valkey, which is there for others */
    uint64_t asked_us;    /* when Valkey carries out what it was asked last */
    uint64_t answered_us; /* when its latest answer arrives */
    uint32_t connections; /* to Valkey, so far */
    bool sweep_heard;     /* the answer to its latest sweep has come */
    uint64_t tick_us;
    uint64_t deadline_us;
    bool draining;
    uint64_t told_us; /* when it was asked to stop */
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
    /* Nothing told is lost. */
    uint64_t crashes;
    uint64_t deploys;
    uint64_t partitions;
    uint64_t evicted;     /* keys of Valkey that vanished */
    uint64_t emptied;
    uint64_t nodes_two;   /* runs with two nodes */
    uint64_t taken;       /* matches taken over */
    uint64_t resumed;     /* and come back to */
    uint64_t replayed;    /* rounds that were void */
    uint64_t lost;        /* matches given up to another process */
    uint64_t handed_over;
    uint64_t forgotten;
    uint64_t was_over;    /* matches taken over that were stored already */
    uint64_t redirects;   /* 4421 */
    uint64_t polled;      /* answers to who waits by asking */
    uint64_t polled_matches; /* of these: matched */
    uint64_t looks;       /* at a match, answered by who has it */
    uint64_t elsewhere;   /* matched for another node */
    uint64_t kept_place;  /* tickets that kept an older `since` */
    uint64_t told_early;  /* news told before it was saved, rightly */
    uint64_t re_stored;   /* rows that were replaced */
    uint64_t split;       /* matches that two processes played at once, with Valkey away */
    uint64_t contradicted;/* allowed: of those, or because two things were lost at once */
    uint64_t excused;     /* matches of which two things were lost at once */
    uint64_t vanished;    /* of those: without a trace */
    uint64_t unpublished; /* rows that stand without having been published */
    uint64_t resurrected; /* welcomes to a match whose result is stored */
    /* Afterwards. */
    uint64_t offers;      /* of a rematch, told */
    uint64_t declined;
    uint64_t expired;
    uint64_t rematches;   /* made */
    uint64_t left_early;
    uint64_t invites;
    uint64_t too_many_invites;
    uint64_t withdrawn;
    uint64_t parked;      /* welcomes to an own invitation */
    uint64_t accepted;
    uint64_t accepted_rated;
    uint64_t not_accepted;
    uint64_t cooldowns;   /* sent away from the queue for that */
};

struct witness;
struct valkey_model;

struct world {
    uint64_t seed;
    uint64_t now_us; /* true time, which no process knows */
    uint64_t start_us;
    struct rng rng;
    struct hub_limits limits;
    uint32_t lease_ms;
    uint32_t nodes_count;
    struct world_process processes[WORLD_PROCESSES_MAX];
    struct world_process *self; /* whose step it is */
    uint32_t lives;
    uint32_t skew_us; /* how far clocks are apart at most */
    struct world_faults faults;
    uint64_t late_us; /* how late a timer may be; one set before the calm may fire in it */
    uint64_t calm_us; /* the liveness phase began; 0: not yet */
    bool ending;      /* bots go home */
    bool stopped;     /* a process was asked to stop, in the liveness phase */
    bool talk;
    const char *fault; /* what is wrong; the first thing found */
    struct world_item **items; /* a heap */
    uint32_t items_count, items_max;
    uint64_t order;
    struct world_conn conns[WORLD_CONNS_MAX];
    struct world_bot bots[WORLD_USERS_MAX];
    struct world_user users[WORLD_USERS_MAX];
    uint32_t users_count;
    struct world_row rows[WORLD_VIDEOS_MAX];
    uint32_t rows_count;
    struct codec *codec;
    bool away[2]; /* stores */
    struct valkey_model *valkey;
    struct world_stored stored[WORLD_MATCHES_MAX];
    uint32_t stored_count;
    uint32_t rated_seq;
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
/* Of 10,000. */
bool world_rarely(struct world *world, uint32_t of_ten_thousand);
uint32_t world_between(struct world *world, uint32_t low, uint32_t high);
void world_fault(struct world *world, const char *what);
/* With --talk. */
void world_say_line(const struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
struct world_item *world_plan(struct world *world, uint64_t delay_us, enum world_item_kind kind);
/* A copy that lives as long as the item. */
struct text world_keep(struct world_item *item, struct text text);
void *world_keep_bytes(struct world_item *item, const void *bytes, size_t size);
struct world_conn *world_conn_get(struct world *world, struct ref ref);
void world_draw(struct world *world);

/* Processes. */
void processes_init(struct world *world);
/* One event into its hub, and everything that comes out of it. */
void process_step(struct world *world, struct world_process *process, struct hub_event *event,
                  const struct world_say *say, void *mark);
/* The same process as when the item was planned, still alive; or NULL. */
struct world_process *process_of(struct world *world, const struct world_item *item);
/* A living one of the node (+ 1; 0: any), as a proxy would choose; NULL: nobody listens. */
struct world_process *process_choose(struct world *world, uint32_t place);
struct text process_node(const struct world_process *process);
uint64_t process_clock(const struct world *world, const struct world_process *process);
void processes_item(struct world *world, struct world_item *item);
void processes_turn(struct world *world);
/* Faults are over: every node has its process, and every process its stores. */
void processes_calm(struct world *world);
/* At the end of a run: a node is deployed and everybody is told. */
void processes_drain(struct world *world);
void processes_check_empty(struct world *world);
void processes_destroy(struct world *world);
/* When the next of them has to be told the time; steps it. */
uint64_t processes_next_us(struct world *world);
void processes_tick(struct world *world, uint64_t at_us);

/* Lines: what clients do. */
struct ref net_open(struct world *world, uint32_t bot, enum hub_door door, bool by_ticket,
                    uint32_t place);
void net_say(struct world *world, struct ref conn, const struct world_say *say);
void net_close(struct world *world, struct ref conn);
void net_lose(struct world *world, struct ref conn);
/* What the hub does, and what arrives. */
void net_effect(struct world *world, const struct hub_effect *effect, const uint8_t *bytes,
                uint32_t size);
void net_item(struct world *world, struct world_item *item);
/* All lines to a process that is gone. */
void net_process_gone(struct world *world, const struct world_process *process);

void stores_init(struct world *world);
void stores_process(struct world *world, struct world_process *process);
void stores_effect(struct world *world, const struct hub_effect *effect);
void stores_item(struct world *world, struct world_item *item);
void stores_turn(struct world *world);
void stores_set_up(struct world *world, struct world_process *process, enum hub_store store,
                   bool up);
/* What a picture shows: a row, or -1 when token and key do not belong together. */
int32_t stores_open_frame(const struct world *world, const char *token, const uint8_t *key);
struct world_stored *stores_find(struct world *world, const struct uuid *match);
uint32_t stores_row_of_video(const struct world *world, struct text video);
/* PostgreSQL's own functions. */
void postgresql_store(struct world *world, const struct hub_result *result,
                      struct hub_event *answer);
void postgresql_end(struct world *world);
uint32_t postgresql_user(struct world *world, const struct uuid *id);

/* Valkey: carries out what was asked, as the scripts do, and fills the answers. */
void valkey_init(struct world *world);
void valkey_destroy_model(struct world *world);
void valkey_carry_out(struct world *world, struct world_item *ask, struct world_item *answer);
void valkey_turn(struct world *world);
void valkey_end(struct world *world);
void valkey_connected(struct world *world, struct world_process *process);
void valkey_lease_ended(struct world *world, const struct world_process *process);
/* A player left a rated match early. */
void model_left(struct world *world, const struct uuid *player, const struct uuid *match);
/* The mark of the copy that it keeps of a match, or NULL. */
void *valkey_mark(struct world *world, const struct uuid *match);
/* Somebody has told it that the match is over, or came to nothing. */
bool valkey_has_ended(struct world *world, const struct uuid *match);

void bots_init(struct world *world);
void bots_think(struct world *world, uint32_t bot);
void bots_receive(struct world *world, uint32_t bot, struct ref conn,
                  const struct message *message);
/* `place`: with 4421, the node to go to, + 1. */
/* An invitation of his was made. */
void bots_invited(struct world *world, uint32_t bot, const struct uuid *match);
/* The answer to a request to the queue. */
void bots_polled(struct world *world, uint32_t bot, const struct message *message);
void bots_closed(struct world *world, uint32_t bot, struct ref conn, uint16_t code,
                 uint32_t place);

struct witness *witness_create(void);
void witness_destroy(struct witness *witness);
/* Before a step, each of its effects (a message with its bytes), and after. `mark`: of the copy
 * that the event brings. */
void witness_event(struct world *world, const struct hub_event *event, const struct world_say *say,
                   void *mark);
void witness_effect(struct world *world, const struct hub_effect *effect, const uint8_t *bytes,
                    uint32_t size);
void witness_after(struct world *world);
void witness_sealed(struct world *world, struct ref match, uint32_t round, uint32_t row,
                    const struct world_frame *frame);
/* What stands in the copy that goes to Valkey with this effect of the running step. */
void *witness_mark(struct world *world, const struct hub_effect *effect);
/* A process is gone, with all it knew. */
void witness_process_gone(struct world *world, const struct world_process *process);
/* Valkey has no copy of a match any more, or (not `whole`) not that a player is in it. */
void witness_evicted(struct world *world, const struct uuid *match, bool whole);
/* Valkey has made a pair, or keeps this copy. */
void witness_paired(struct world *world, const struct uuid *id, const struct uuid players[2]);
void witness_kept(struct world *world, void *mark);
/* The match that was just made is an invitation's. */
void witness_invited(struct world *world, const struct uuid *id, bool rated);
/* A row of PostgreSQL was written, or written anew. */
void witness_stored_row(struct world *world, const struct world_stored *row);
void witness_end(struct world *world);

#endif
