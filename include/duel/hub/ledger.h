/* Records of matches: the log of guesses while one is played, then the result on its way into
 * PostgreSQL and Valkey, repeated until both have it. A record is taken when its match is made,
 * so that a finished match always has its place. Private to duel/hub. */
#ifndef DUEL_HUB_LEDGER_H
#define DUEL_HUB_LEDGER_H

#include <duel/hub/state.h>

/* How many matches that are made now are sure to find room for their results. */
uint32_t ledger_room(const struct hub *hub);
/* The record of a new match. */
struct record *ledger_open(struct hub *hub, struct ref match, const struct live *live);
/* A guess that counted. Its text is dropped when the log is full. */
void ledger_guess(struct hub *hub, struct record *record, const struct match_effect *verdict,
                  uint32_t round, const struct msg_guess *guess);
/* A guess of a finished round that another process logged. */
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
/* Texts of the catalogue are taken from the newer one. */
void ledger_catalogue(struct hub *hub);
/* Bytes that logs of guesses take now. */
uint64_t ledger_log_bytes(const struct hub *hub);

#endif
