/* The queue as one player sees it: a ticket in Valkey, the sockets that wait with it, what they
 * are told. Pairing itself is Valkey's. Private to duel/hub. */
#ifndef DUEL_HUB_LOBBY_H
#define DUEL_HUB_LOBBY_H

#include <duel/hub/saved.h>

/* A loaded player's socket came to the queue. */
void lobby_enter(struct hub *hub, struct player *player, struct session *session);
/* One of the sockets has gone; the ticket goes with the last. */
void lobby_socket_gone(struct hub *hub, struct player *player, struct session *session);
/* The player said `leave`: all sockets end with 1000. */
void lobby_leave(struct hub *hub, struct player *player);

void lobby_joined(struct hub *hub, const struct hub_event_queue *event);
void lobby_left(struct hub *hub, struct ref player);
/* The player has a live match now: whoever waits is told. */
void lobby_taken(struct hub *hub, struct player *player);
/* Another process did something to this player's ticket (or, without one, to our matches). */
void lobby_nudged(struct hub *hub, const struct uuid *player);
/* All tickets are joined again. */
void lobby_valkey_up(struct hub *hub);

/* When lobby_timer() is due. */
uint64_t lobby_deadline_us(const struct hub *hub, const struct player *player);
void lobby_timer(struct hub *hub, struct player *player);

/* The state of a ticket as `queued` tells it. */
void lobby_describe(const struct hub *hub, const struct player *player,
                    struct msg_queued *ret_queued);
/* `matched` for the player's live match. */
void lobby_tell_matched(struct hub *hub, struct player *player, struct ref conn);

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
/* How long this player waited, for `eta_ms`. */
void lobby_remember_wait(struct hub *hub, const struct player *player);

#endif
