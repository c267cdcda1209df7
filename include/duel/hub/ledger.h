/* Records of matches: the log of guesses while one is played, then the result on its way into
 * PostgreSQL and Valkey, repeated until both have it. A record is taken when its match is made,
 * so that a finished match always has its place. Private to duel/hub. */
#ifndef DUEL_HUB_LEDGER_H
#define DUEL_HUB_LEDGER_H

#include <duel/hub/entry.h>
#include <duel/hub/state.h>

/* All that is kept of one match whatever others take. */
#define LEDGER_KEPT_SIZE(guesses_max) \
    (((guesses_max) + DRAWN_MAX + 2 * MATCH_ROUNDS_MAX) * ENTRY_SIZE_MAX)

/* Reads the guesses of a match, the first one first. */
struct ledger_reader {
    struct chain_reader log;
    char text[ENTRY_TEXT_SIZE_MAX];
};

struct ledger_reader ledger_read(const struct hub *hub, const struct record *record);
/* False: there are no more. The guess's text lives until the next call. */
bool ledger_next(struct ledger_reader *reader, struct hub_guess *ret_guess);
/* The frames of the rounds drawn so far; others are not touched. */
void ledger_frames(const struct hub *hub, const struct record *record,
                   struct uuid ret_frames[MATCH_ROUNDS_MAX]);

/* How many matches that are made now are sure to find room for their results. */
uint32_t ledger_room(const struct hub *hub);
/* The record of a new match. */
struct record *ledger_open(struct hub *hub, struct ref match, const struct live *live);
/* A guess that counted. Its text is dropped when the log is full. */
void ledger_guess(struct hub *hub, struct record *record, const struct match_effect *verdict,
                  uint32_t round, const struct msg_guess *guess);
/* A guess of a round that another process logged. */
void ledger_copy_guess(struct hub *hub, struct record *record, const struct hub_guess *guess);
/* A round was started: the first of them is when the duel began. */
void ledger_started(struct hub *hub, struct record *record, uint32_t round);
/* The frame drawn for a round. */
void ledger_frame(struct hub *hub, struct record *record, uint32_t round, const struct uuid *frame);
/* The match is over: the record goes into the stores, but not before ledger_store(). */
void ledger_finish(struct hub *hub, struct record *record, const struct live *live);
/* The end is saved, or could not be in time: it is stored now, if that was waited for. */
void ledger_store(struct hub *hub, struct record *record);
/* The result of a match that another process finished: the record goes into the stores. */
void ledger_restored(struct hub *hub, struct record *record, const struct live *live);
/* The match came to nothing, or is somebody else's: forgotten. Not when it was given to a store. */
void ledger_discard(struct hub *hub, struct record *record);

void ledger_stored(struct hub *hub, const struct hub_event_stored *stored);
void ledger_published(struct hub *hub, struct ref ref, enum hub_reply reply);
void ledger_store_up(struct hub *hub, enum hub_store store);
void ledger_timer(struct hub *hub, struct record *record);
/* All of a finished match; until the next call. */
const struct hub_result *ledger_result(struct hub *hub, struct ref record);
/* Bytes that logs of guesses take now. */
uint64_t ledger_log_bytes(const struct hub *hub);

#endif
