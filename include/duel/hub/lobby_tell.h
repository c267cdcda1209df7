/* What is told of the queue: to sockets as messages, to requests as their answers. Where a function
 * says that it ends a session, no list may hold that any more. Private to duel/hub. */
#ifndef DUEL_HUB_LOBBY_TELL_H
#define DUEL_HUB_LOBBY_TELL_H

#include <duel/hub/saved.h>

/* `queued` goes out at most once in this time (contract section 3). */
#define LOBBY_TELL_US 1000000u

/* The state of a ticket as `queued` tells it. */
void lobby_describe(const struct hub *hub, const struct player *player,
                    struct msg_queued *ret_queued);
/* Whether that is not what the sockets were told last. */
bool lobby_has_changed(const struct hub *hub, const struct player *player);
/* Tells them if it is, and time. Requests among them are answered with it, and are none any
 * more. */
void lobby_tell_changes(struct hub *hub, struct player *player);
/* Tells a socket; a request is answered with it, which ends it. */
void lobby_tell_queued(struct hub *hub, const struct player *player, struct session *session);

/* The player's live match. Ends the session. */
void lobby_tell_matched(struct hub *hub, struct player *player, struct session *session);
/* A match that another node plays, or nobody yet: the player's seat is `slot`, `card` is the
 * opponent's. Ends the session. */
void lobby_tell_elsewhere(struct hub *hub, struct session *session, const struct uuid *match,
                          uint8_t slot, struct text node, const struct saved_card *card);
/* A request is answered: not in the queue. */
void lobby_tell_idle(struct hub *hub, struct session *session);
/* Nobody came in time. Ends the session. */
void lobby_tell_timeout(struct hub *hub, struct session *session);
/* The player has left the queue. Ends the session. */
void lobby_tell_left(struct hub *hub, struct session *session);
/* The oldest of too many makes room. Ends the session. */
void lobby_tell_replaced(struct hub *hub, struct session *session);

#endif
