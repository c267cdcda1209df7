/* Matches that come from another process or go to one (R-81 … R-85): made of the copy that Valkey
 * keeps, asleep until a player comes, proven before anything is told, or given up. Private to
 * duel/hub. */
#ifndef DUEL_HUB_TAKEOVER_H
#define DUEL_HUB_TAKEOVER_H

#include <duel/hub/state.h>

/* The match of this id, which is ours: the one that is played here, or made of its copy. `is_new`:
 * it was made this very moment, so nobody can have played it. NULL: no room, the copy cannot be
 * read, or the match has ended here. */
struct live *takeover_take(struct hub *hub, const struct uuid *id, const struct hub_copy *copy,
                        bool is_new);
/* The same for one of a process that is gone. Its copy may be older than its end, and must not bind
 * its players until one of them comes: PostgreSQL is asked at once. */
void takeover_swept_in(struct hub *hub, const struct uuid *id, const struct hub_copy *copy);
/* It is somebody else's (`node`, or none: who has our node's name), or nobody's: whoever is here is
 * sent there, and nothing of it stays. Not of one whose end was told. */
void takeover_let_go(struct hub *hub, struct live *live, enum hub_note why, struct text node);
/* Gives a dormant match up whose players have not come in time. True: it is gone. */
bool takeover_expire(struct hub *hub, struct live *live);
/* The first player has come to a dormant match: asks whether it may go on here. */
void takeover_wake(struct hub *hub, struct live *live);
/* A match that was taken over goes on, if all that has to agree to it has. */
void takeover_prove(struct hub *hub, struct live *live);
/* It cannot be found out now: whoever came is sent away for a moment. */
void takeover_cannot_claim(struct hub *hub, struct live *live);
/* What this process would tell of the end is not what stands: whoever is here is sent away. */
void takeover_outranked(struct hub *hub, struct live *live);
void takeover_checked(struct hub *hub, struct ref match, enum hub_reply reply, bool is_stored);

#endif
