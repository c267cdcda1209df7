/* Who leaves rated matches early; what follows from it is Valkey's to say. Private to
 * duel/hub. */
#ifndef DUEL_HUB_LEAVERS_H
#define DUEL_HUB_LEAVERS_H

#include <duel/hub/state.h>

/* A match has begun to wait for its players here. */
void leavers_begin(const struct hub *hub, struct live *live);
/* A store or the process was away: nobody leaves the matches early that are played now. */
void leavers_disturb(struct hub *hub);
/* The match has ended: Valkey is told who left it early. */
void leavers_over(struct hub *hub, const struct live *live);

#endif
