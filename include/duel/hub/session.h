/* Connections: who comes in by which door, what they may say there, when silence means they are
 * gone. It does not know what a queue or a match does with a message. Private to duel/hub. */
#ifndef DUEL_HUB_SESSION_H
#define DUEL_HUB_SESSION_H

#include <duel/hub/state.h>

/* The session of a connection, or NULL when that has gone. */
struct session *session_get(struct hub *hub, struct ref conn);

void session_open(struct hub *hub, const struct hub_event_open *open);
void session_closed(struct hub *hub, struct ref conn);
void session_message(struct hub *hub, struct ref conn, const struct message *message);
void session_pong(struct hub *hub, struct ref conn, uint32_t rtt_us);
void session_timer(struct hub *hub, struct session *session);
/* Everybody is told to come back elsewhere: in the timers of this and the next steps. */
void session_drain(struct hub *hub);

/* ---- for the rooms behind the doors ---- */

/* The player it waited for is there (`loaded`), was refused or cannot be had now. It has been
 * taken out of the player's list. */
void session_player(struct hub *hub, struct session *session, struct player *player,
                    enum hub_reply reply);
/* Sends a WebSocket ping and sets the next one. */
void session_ping(struct hub *hub, struct session *session);
/* Ends a WebSocket that no list holds any more. */
void session_end(struct hub *hub, struct session *session, uint16_t code, struct text reason);
/* `error` UNAVAILABLE and close 4503, likewise. */
void session_end_unavailable(struct hub *hub, struct session *session);

#endif
