/* GET match/:id: a match that is only looked at. One that is live is described to its two players,
 * with nothing that they have not been told; one that another node has is asked for there; what is
 * over is left to who reads. Private to duel/hub. */
#ifndef DUEL_HUB_LOOK_H
#define DUEL_HUB_LOOK_H

#include <duel/hub/state.h>

/* A request came. */
void look_open(struct hub *hub, struct session *session, const struct hub_event_open *open);
/* Valkey's answer about a match that is not here. */
void look_looked(struct hub *hub, const struct hub_event_looked *looked);

#endif
