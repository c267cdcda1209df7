/* The witness's books: what it knows of each match, and of each process that plays or has played
 * it. Shared by the files of the witness. */
#ifndef DUEL_TESTS_WORLD_WITNESS_H
#define DUEL_TESTS_WORLD_WITNESS_H

#include <tests/sim/world/world.h>

#define GUESSES_MAX 200 /* intentions of one seat in one round */
#define RTTS 8

struct intention {
    uint32_t round;
    uint32_t seq;
    bool right;
    bool judged;
    bool correct;
    uint32_t ms;
    uint64_t at_us;
    bool is_video;
    uint32_t text_size;
    char text[64];
};

/* A round as one process played it. */
struct played {
    struct played *next; /* of the book's */
    uint32_t round;
    uint32_t row;
    struct uuid frame;
    bool started;
    bool ended;
    uint64_t ended_us; /* by the clock of its process, which is: */
    uint32_t life;
    int winner;
    uint32_t ms[2];
    uint32_t judged_count;
    struct intention judged[2 * MATCH_GUESSES_MAX];
    uint32_t judged_slot[2 * MATCH_GUESSES_MAX];
};

/* What a copy in Valkey says of a match: the finished rounds as they were at the end of the step
 * that asked for it. */
struct mark {
    struct mark *next; /* of the book's */
    struct mark *next_marked;
    struct book *book;
    struct view *view;
    uint32_t rounds_count;
    struct played *rounds[MATCH_ROUNDS_MAX];
    struct played *last; /* of one that is over: its last round, ended or not */
    bool begun, over, abandoned;
};

struct seat {
    struct ref conn; /* its newest socket that was welcomed and not closed */
    bool wants_again; /* a rematch: said so last */
    bool wanted_again;
    bool leaving;    /* said so in this step */
    uint64_t rtt_us[RTTS];
    uint32_t rtt_count;
    uint32_t intentions_count;
    struct intention intentions[GUESSES_MAX];
    uint32_t best_ms; /* of the round; UINT32_MAX */
    uint32_t first_writes; /* place of the round's key in the step's effects */
    bool told_end;
    bool end_rated;
};

/* A match as one process knows it. */
struct view {
    struct view *next; /* older ones */
    struct book *book;
    uint32_t life;
    bool gone; /* the process is, or has let the match go */
    struct ref hub_ref;
    bool taken;    /* from another process, or from before */
    bool awake;    /* a player has come to it */
    bool live, over, abandoned, restored;
    uint64_t over_us;
    struct ref result; /* under which it is stored */
    bool served; /* a frame of it can be fetched */
    bool begun;
    uint32_t round; /* running; 0: none */
    uint32_t rounds_started; /* here */
    uint32_t rounds_count;
    struct played *rounds[MATCH_ROUNDS_MAX];
    struct played *coming; /* or running, or the last */
    uint64_t round_start_us;
    uint32_t frame_index; /* in world->frames, + 1 */
    uint32_t score[2];
    struct mark *asked; /* the latest save */
    uint64_t asked_us;
    struct mark *acked;
    bool too_early;   /* told of in this step before it was saved */
    bool opening;     /* a welcome of this step has told of its round's start already */
    bool save_failed; /* the latest save that was answered */
    bool agreed;      /* a save has been answered well */
    bool unchecked;   /* PostgreSQL could not be asked whether it is over */
    bool played_before; /* by another process, whose copy was taken */
    bool disturbed;   /* a store went away while it was played */
    struct seat seats[2];
};

struct book {
    struct uuid id;
    uint32_t users[2];
    struct view *views; /* newest first */
    struct played *played;
    struct mark *marks;
    /* What was told, by whomever. */
    uint32_t told_count;
    struct played *told[MATCH_ROUNDS_MAX];
    bool told_early[MATCH_ROUNDS_MAX];
    bool end_told, end_early, end_abandoned;
    uint32_t end_score[2];
    char outcomes[2][8];
    bool rating_told[2];
    int32_t rating_after[2];
    bool evicted;  /* Valkey has no copy, since it lost one */
    bool was_evicted;
    bool apart;    /* paired while one of the two was still in another: one that Valkey has lost,
                    * at a process cut off from it, or one that somebody else had ended there */
    bool split;    /* two processes had players of it at once, one without Valkey */
    bool excused;  /* two things were lost at once */
    bool came_back; /* to a match that was taken over */
    bool begun;
    bool forgotten; /* nobody came back to it */
    /* What it is played for, as follows from how it was made; series by slot. */
    bool rated;
    uint32_t series[2];
    struct uuid next;        /* the rematch of it that was asked for last */
    uint32_t next_series[2]; /* and what it would be played for, by the slots of this one */
};

struct witness {
    struct book *books[WORLD_MATCHES_MAX];
    uint32_t books_count;
    enum hub_event_type event;
    struct view *made;      /* in this step */
    struct mark *offered;   /* the copy that this step's event brings */
    struct ref closing;     /* the connection that this step is told to be gone */
    struct ref early_pong;  /* of a socket that was not welcomed before this step, and its */
    uint32_t early_rtt_us;
    struct ref settled;     /* the rated result that this step brings */
    bool expecting;         /* rounds to start in this step: views with `too_early` or `opening` */
    struct mark *marked;    /* list; in this step, to be filled in at its end */
    struct ref unnamed;     /* a match of this step that is not known by its id yet */
    struct world_frame *unnamed_frame;
    uint32_t unnamed_row, unnamed_round;
    uint32_t place; /* of the effect in the step */
    uint32_t left[WORLD_USERS_MAX]; /* how many rated matches a user left early */
};

/* The book of a match, or NULL. */
struct book *witness_find(struct world *world, const struct uuid *id);
/* What this step's process knows of it; when nothing, the run ends. */
struct view *witness_view(struct world *world, const struct uuid *id);
struct view *witness_view_or_none(struct world *world, const struct uuid *id);
/* The view in which `conn` is a seat's socket, or NULL; and the seat. */
struct view *witness_view_of_conn(struct world *world, struct ref conn);
struct seat *witness_seat(struct view *view, struct ref conn);
/* Somebody has won enough rounds, or all are played. */
bool witness_is_decided(const struct world *world, const struct view *view);

/* One kind of effect each. */
void witness_note(struct world *world, const struct hub_effect *effect);
void witness_send(struct world *world, const struct hub_effect_send *send, const uint8_t *bytes,
                  uint32_t size);
/* `send`: the answer to a request; NULL: an error, or somebody else's. */
void witness_reply(struct world *world, struct ref conn, const struct hub_effect_send *send);
void witness_close(struct world *world, const struct hub_effect *effect);
void witness_store(struct world *world, struct ref ref, const struct hub_result *result);
/* What its journal, run again, comes to. */
void witness_journal(struct world *world, const struct hub_result *result);

/* Afterwards: rematches, and who left early. */
void witness_made(struct world *world, struct book *book);
void witness_said_rematch(struct view *view, struct seat *seat, bool accept);
void witness_asks_rematch(struct world *world, const struct hub_effect *effect, struct view *view);
void witness_told_rematch(struct world *world, struct view *view, const struct world_conn *conn,
                          const struct hub_effect_send *send);
void witness_told_terms(struct world *world, const struct book *book,
                        const struct msg_welcome *welcome);
void witness_told_invitation(struct world *world, const struct world_conn *conn,
                             const struct msg_welcome *welcome);
void witness_left(struct world *world, const struct hub_effect *effect);
void witness_disturbed(struct world *world);
void witness_told_cooldown(struct world *world, uint32_t user, const struct msg_error *error);

/* What stands. A view has ended a round and tells it; tells the end; tells only what comes. */
void witness_told_round(struct world *world, struct view *view, uint32_t round);
void witness_told_count(struct world *world, struct view *view, uint32_t count);
void witness_told_end(struct world *world, struct view *view, uint32_t slot, const char *outcome);
void witness_told_going_on(struct world *world, struct view *view);
void witness_told_rating(struct world *world, struct view *view, uint32_t slot, int32_t after);
void witness_save_asked(struct world *world, const struct hub_effect *effect);
void witness_checked(struct world *world, const struct hub_event *event);
void witness_save_answered(struct world *world, const struct hub_event *event);
void witness_look_for_split(struct world *world, struct book *book);
void witness_end_of(struct world *world, struct book *book);

#endif
