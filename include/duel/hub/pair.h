/* What becomes of a player whom Valkey has put into a match: it is played here, or he is told
 * where. The pairing itself is Valkey's, atomic for all nodes. Private to duel/hub. */
#ifndef DUEL_HUB_PAIR_H
#define DUEL_HUB_PAIR_H

#include <duel/hub/state.h>

/* `event` says that the player is in a match: a pair was made just now, or he was in one before.
 * His ticket is out of the queue, and so is the other's. */
void pair_made(struct hub *hub, struct player *player, const struct hub_event_queue *event);

#endif
