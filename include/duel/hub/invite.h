/* Invitations (R-93 … R-96): an id for a match that a friend may come to, made and taken back by
 * request; and the sockets of those who made one, which wait in it (SESSION_PARKED, one for each
 * invitation) until somebody comes, here or at another process. What is kept is Valkey's.
 * Private to duel/hub. */
#ifndef DUEL_HUB_INVITE_H
#define DUEL_HUB_INVITE_H

#include <duel/hub/state.h>

/* POST invite by a player who was loaded just now. No list holds the session. */
void invite_make(struct hub *hub, struct session *session, struct player *player);
void invite_made(struct hub *hub, const struct hub_event_invited *event);
/* DELETE invite/:id, likewise, of a loaded player. */
void invite_withdraw(struct hub *hub, struct session *session, struct player *player);
void invite_withdrawn(struct hub *hub, struct ref conn, enum hub_reply reply, bool found);

/* Asks Valkey for the match of this id, for one who came to play it: `player`, who is loaded, or
 * NULL when he has proved by a ticket to be in session->slot. If it is an invitation, that makes
 * the match. */
void invite_seek(struct hub *hub, const struct session *session, const struct player *player,
                 const struct uuid *match);
/* Who came has made the invitation that was sought: he waits in it. No list holds the session; the
 * player who sought it is still held. */
void invite_park(struct hub *hub, struct session *session, const struct hub_event_sought *sought);
/* What Valkey says to one who waits. A match that is ours was told by invite_accepted() before. */
void invite_sought(struct hub *hub, struct session *session,
                   const struct hub_event_sought *sought);
/* The match of an invitation is here: who waits for it enters. */
void invite_accepted(struct hub *hub, struct live *live);
/* It was made, and cannot be played here: nobody is bound by it. */
void invite_release(struct hub *hub, const struct hub_event_sought *sought);
/* Something happened to the invitation of this id, elsewhere. False: nobody waits in it here. */
bool invite_nudged(struct hub *hub, const struct uuid *match);

/* ---- for sessions that wait ---- */

void invite_message(struct hub *hub, struct session *session, const struct message *message);
/* A hint may have been lost: asks again. */
void invite_ask(struct hub *hub, struct session *session);
/* Its time is over. */
void invite_expire(struct hub *hub, struct session *session);
/* No list holds the session any more. */
void invite_unpark(struct hub *hub, struct session *session);

#endif
