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

/* Sets the session's deadline; called after whatever may change it. */
void session_arm(struct hub *hub, struct session *session);
/* Sends a WebSocket ping and sets the next one. */
void session_ping(struct hub *hub, struct session *session);
/* Ends a WebSocket that no list holds any more. */
void session_end(struct hub *hub, struct session *session, uint16_t code, struct text reason);
/* The match is to be played elsewhere: 4421 when `node` has it, 1012 when there is none;
 * likewise. */
void session_redirect(struct hub *hub, struct session *session, const struct uuid *match,
                      struct text node);
/* `error` UNAVAILABLE and close 4503, likewise; or the answer to a request. */
void session_end_unavailable(struct hub *hub, struct session *session);

/* Too many matches left early: `error` COOLDOWN and close 4429, likewise; or the answer to a
 * request. */
void session_end_cooldown(struct hub *hub, struct session *session, int64_t until_ms);

/* May not play until then, or for ever (HUB_FOR_EVER): `error` BANNED and close 4403, likewise; or
 * the answer to a request. */
void session_end_banned(struct hub *hub, struct session *session, int64_t until_ms);
/* The same, taken out of whatever list holds it. */
void session_banish(struct hub *hub, struct session *session, int64_t until_ms);

bool session_is_websocket(const struct session *session); /* else a request */
/* The answer to a request that no list holds any more, to be filled in. */
struct hub_effect_send *session_reply(struct hub *hub, struct session *session,
                                      enum message_type type);
/* Another node can answer it, likewise; `match` is what was asked for, or NULL for the queue. */
void session_ask_elsewhere(struct hub *hub, struct session *session, const struct uuid *match,
                           struct text node);
/* Who reads answers it, likewise; when nothing is stored, and `unsure`, nobody knows. */
void session_read(struct hub *hub, struct session *session, bool unsure);
/* The error that answers a request. */
void session_refuse(struct hub *hub, struct session *session, uint16_t status,
                    enum hub_error error, uint32_t retry_after_s);

#endif
