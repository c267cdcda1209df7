/* Another match between the same two, once theirs is over (R-97 … R-99): offers, what the other
 * says to them, and the match that comes of it. Private to duel/hub. */
#ifndef DUEL_HUB_REMATCH_H
#define DUEL_HUB_REMATCH_H

#include <duel/hub/state.h>

/* A seat said `rematch`. */
void rematch_message(struct hub *hub, struct live *live, uint8_t slot, bool accept);
/* What stands is told to a seat that has come back, after `match_end`. */
void rematch_tell(struct hub *hub, const struct live *live, uint8_t slot);
/* Somebody has come back: what waited for that goes on. */
void rematch_proceed(struct hub *hub, struct live *live);
/* This player wants something else now: an offer of his is taken back. False: both have agreed, and
 * Valkey is making that match, which the queue will tell of, too. */
bool rematch_withdraw(struct hub *hub, struct player *player);
/* The time for it is over; the seats still have their sockets. */
void rematch_expire(struct hub *hub, struct live *live);

void rematch_answered(struct hub *hub, const struct hub_event_rematched *event);

#endif
