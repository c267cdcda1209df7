/* Connections: what they may say, when silence means they are gone, the ways out. How they come in
 * is door.h's business; what a queue or a match does with a message, theirs. Private to
 * duel/hub. */
#ifndef DUEL_HUB_SESSION_H
#define DUEL_HUB_SESSION_H

#include <duel/hub/state.h>

#define SESSION_RETRY_S 5 /* for Retry-After and `until` when a store is gone */

/* The session of a connection, or NULL when that has gone. */
struct session *session_get(struct hub *hub, struct ref conn);

void session_closed(struct hub *hub, struct ref conn);
void session_message(struct hub *hub, struct ref conn, const struct message *message);
void session_pong(struct hub *hub, struct ref conn, uint32_t rtt_us);
void session_timer(struct hub *hub, struct session *session);
/* Nobody was silent while the process was away. */
void session_shift(struct hub *hub, uint64_t us);
/* Everybody is told to come back elsewhere: in the timers of this and the next steps. */
void session_drain(struct hub *hub);

/* ---- for the rooms behind the doors ---- */

/* Sends a WebSocket ping and sets the next one. */
void session_ping(struct hub *hub, struct session *session);
/* Ends a WebSocket that no list holds any more. */
void session_end(struct hub *hub, struct session *session, uint16_t code, struct text reason);
/* The match is to be played elsewhere: 4421 when `node` has it, 1012 when there is none;
 * likewise. */
void session_redirect(struct hub *hub, struct session *session, const struct uuid *match,
                      struct text node);
/* `error` UNAVAILABLE and close 4503, likewise. */
void session_end_unavailable(struct hub *hub, struct session *session);

/* The error that answers a request. */
void session_refuse(struct hub *hub, struct session *session, uint16_t status,
                    enum hub_error error, uint32_t retry_after_s);

#endif
