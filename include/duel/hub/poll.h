/* Who waits for an opponent by asking again and again (R-110 … R-113): POST, GET and DELETE queue,
 * on the tickets of the lobby. A request that joins is one of its ticket's sockets until it is
 * answered with the first thing there is to tell; between requests the ticket is kept for a while.
 * Private to duel/hub. */
#ifndef DUEL_HUB_POLL_H
#define DUEL_HUB_POLL_H

#include <duel/hub/state.h>

/* A request came: HUB_DOOR_JOIN, _POLL or _LEAVE. */
void poll_open(struct hub *hub, struct session *session, struct text sub);
/* The player that it waited for is there, was refused or cannot be had now. */
void poll_player(struct hub *hub, struct session *session, struct player *player,
                 enum hub_reply reply);
/* Valkey's answer to where that player's match or ticket is. No list holds the session. */
void poll_located(struct hub *hub, struct session *session, struct player *player,
                  const struct hub_event_located *located);

#endif
