/* The ways in: who comes by which door, what has to be asked before they may enter, and the
 * requests that are answered at the door (`me`, `search`). Private to duel/hub. */
#ifndef DUEL_HUB_DOOR_H
#define DUEL_HUB_DOOR_H

#include <duel/hub/state.h>

void door_open(struct hub *hub, const struct hub_event_open *open);
/* The player that `session` waited for is there (`loaded`), was refused or cannot be had now. It
 * has been taken out of the player's list. */
void door_player(struct hub *hub, struct session *session, struct player *player,
                 enum hub_reply reply);
/* For requests. Puts the session on the list of those who wait for a player to be loaded; false:
 * that is full. */
bool door_wait_for_player(struct hub *hub, struct session *session, struct player *player);
/* Asks Valkey where the match of a loaded player is. */
void door_locate(struct hub *hub, struct session *session, struct player *player);
/* Valkey's answers about a match that is not here. */
void door_sought(struct hub *hub, const struct hub_event_sought *sought);
void door_located(struct hub *hub, const struct hub_event_located *located);

#endif
