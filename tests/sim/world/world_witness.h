/* The witness's book: what it knows of each match. Shared by the files of the witness. */
#ifndef DUEL_TESTS_WORLD_WITNESS_H
#define DUEL_TESTS_WORLD_WITNESS_H

#include <tests/sim/world/world.h>

#define GUESSES_MAX 200 /* intentions of one seat in one round */
#define RTTS 8
#define PLAYERS_MAX 1024

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

struct seat {
    uint32_t user;
    struct ref conn; /* its newest socket that was welcomed and not closed */
    bool leaving;    /* said so in this step */
    uint64_t rtt_us[RTTS];
    uint32_t rtt_count;
    uint32_t intentions_count;
    struct intention intentions[GUESSES_MAX];
    uint32_t best_ms; /* of the round; UINT32_MAX */
    uint32_t first_writes; /* place of the round's key in the step's effects */
    bool told_end;
    bool end_rated;
    char outcome[8];
};

struct book {
    struct uuid id;
    struct ref hub_ref;
    bool live, over, abandoned;
    uint64_t over_us;
    struct ref result; /* under which it is stored */
    bool served; /* a frame of it can be fetched */
    uint32_t players_known;
    uint32_t round; /* running; 0: none */
    uint32_t rounds_started;
    uint32_t rounds_count;
    uint64_t round_start_us;
    uint32_t row; /* of the running or coming round */
    uint32_t row_round;
    uint32_t rows[MATCH_ROUNDS_MAX];
    struct uuid frames[MATCH_ROUNDS_MAX];
    uint32_t frame_index; /* in world->frames, + 1 */
    int winners[MATCH_ROUNDS_MAX];
    uint32_t ms[MATCH_ROUNDS_MAX][2];
    uint32_t score[2];
    uint32_t verdicts; /* that count */
    struct seat seats[2];
};

struct witness {
    struct book *books[WORLD_MATCHES_MAX];
    uint32_t books_count;
    struct book *made;  /* in this step */
    struct ref closing; /* the connection that this step is told to be gone */
    enum hub_event_type event;
    struct ref settled;  /* the rated result that this step brings */
    struct ref unpaired; /* the player whose ticket was taken out by this step's answer */
    struct uuid joined[PLAYERS_MAX]; /* by the index of the hub's player: who joined the queue */
    uint32_t place; /* of the effect in the step */
};

/* The book of a match; one that was never made ends the run. */
struct book *witness_book(struct world *world, const struct uuid *id);
/* The book in which `conn` is a seat's socket, or NULL; and the seat. */
struct book *witness_book_of_conn(struct world *world, struct ref conn);
struct seat *witness_seat(struct book *book, struct ref conn);
/* Somebody has won enough rounds, or all are played. */
bool witness_is_decided(const struct world *world, const struct book *book);

/* One kind of effect each. */
void witness_send(struct world *world, const struct hub_effect_send *send, const uint8_t *bytes,
                  uint32_t size);
void witness_reply(struct world *world, struct ref conn);
void witness_close(struct world *world, const struct hub_effect *effect);
void witness_store(struct world *world, struct ref ref, const struct hub_result *result);

#endif
