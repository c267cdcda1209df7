/* The queue as one player sees it: a ticket in Valkey, the sockets that wait with it, what they
 * are told. Pairing itself is Valkey's. Private to duel/hub. */
#ifndef DUEL_HUB_LOBBY_H
#define DUEL_HUB_LOBBY_H

#include <duel/hub/saved.h>

/* A loaded player's socket came to the queue. */
void lobby_enter(struct hub *hub, struct player *player, struct session *session);
/* The same when the player waits already: the session is told when something changes. */
void lobby_wait(struct hub *hub, struct player *player, struct session *session);
/* One of the sockets has gone; the ticket goes with the last, unless it is polled. */
void lobby_socket_gone(struct hub *hub, struct player *player, struct session *session);
/* The player said `leave`: all sockets end with 1000. */
void lobby_leave(struct hub *hub, struct player *player);

void lobby_joined(struct hub *hub, const struct hub_event_queue *event);
void lobby_left(struct hub *hub, struct ref player);
/* The player has a live match now: whoever waits is told. */
void lobby_taken(struct hub *hub, struct player *player);
/* Another process did something to this player's ticket (or, without one, to our matches). */
void lobby_nudged(struct hub *hub, const struct uuid *player);
/* Who polls is to ask another process: in the timers of this and the next steps. */
void lobby_drain(struct hub *hub);
/* All tickets are joined again. */
void lobby_join_all(struct hub *hub);
/* Whether somebody new may wait: the stores are there that a match needs from its beginning. */
bool lobby_is_open(const struct hub *hub);

/* When lobby_timer() is due. */
uint64_t lobby_deadline_us(const struct hub *hub, const struct player *player);
void lobby_timer(struct hub *hub, struct player *player);

/* ---- for what becomes of pairs ---- */

/* Asks Valkey what is to be asked next about the player's ticket, and tells what changed. A ticket
 * that nobody wants and that cannot be taken out does no harm: it expires. */
void lobby_proceed(struct hub *hub, struct player *player);
/* Who waits is told that it cannot go on now. */
void lobby_stop_unavailable(struct hub *hub, struct player *player);
/* Who waits is told of the match of `event`, which another node plays: his seat is `slot`, `card`
 * is the opponent's. */
void lobby_stop_elsewhere(struct hub *hub, struct player *player, uint8_t slot,
                          const struct hub_event_queue *event, const struct saved_card *card);

#endif
