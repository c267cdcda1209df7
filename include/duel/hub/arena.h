/* Live matches: seats and their sockets, frames, and what the rules want done. The rules
 * themselves are core/match; what is said and how is tell. Private to duel/hub. */
#ifndef DUEL_HUB_ARENA_H
#define DUEL_HUB_ARENA_H

#include <duel/hub/state.h>

/* The match with this id while it is remembered, or NULL. */
struct live *arena_find(struct hub *hub, const struct uuid *id);
/* Whether it is one of the latest that were forgotten. */
bool arena_has_ended(const struct hub *hub, const struct uuid *id);
/* Whether a match can be here: something to draw, room, not stopping. */
bool arena_has_room(const struct hub *hub);
/* Whether a new match is to be placed here: there are pictures for it too. One that is there
 * already, or that has to be taken over, waits for them. */
bool arena_takes_new(const struct hub *hub);
/* The process stops: matches are handed over as they can be. */
void arena_drain(struct hub *hub);

/* A socket for a seat: welcomes it, and closes the seat's earlier one with 4409. */
void arena_enter(struct hub *hub, struct live *live, struct session *session);
/* The seat's socket has gone. */
void arena_socket_gone(struct hub *hub, struct live *live, struct session *session);
void arena_message(struct hub *hub, struct live *live, struct session *session,
                   const struct message *message);
void arena_pong(struct hub *hub, struct live *live, struct session *session, uint32_t rtt_us);

void arena_frame(struct hub *hub, const struct hub_event_frame *frame);
/* The result of the match is in PostgreSQL (`stored`) or never will be. */
void arena_settled(struct hub *hub, struct live *live, const struct hub_event_stored *stored);
void arena_timer(struct hub *hub, struct live *live);
/* The process was away for so long. */
void arena_shift(struct hub *hub, uint64_t us);

#endif
