/* Lets the rules look at what happens in a match, and does what they want: frames are drawn,
 * both seats are told, the result goes into the ledger, the match is forgotten. Private to
 * duel/hub. */
#ifndef DUEL_HUB_STAGE_H
#define DUEL_HUB_STAGE_H

#include <duel/hub/state.h>

/* One event (its time is set here). False when the match is forgotten after it. `guess` is the
 * guess that `event` brings, or NULL. */
bool stage_step(struct hub *hub, struct live *live, struct match_event event,
                const struct msg_guess *guess);
/* Only time. False when the match is forgotten after it. */
bool stage_settle(struct hub *hub, struct live *live);
/* After whatever changed a match: saves what is due, tells what need not wait, sets the deadline.
 * False when the match is forgotten after it. */
bool stage_rest(struct hub *hub, struct live *live);
/* Sets the match's deadline. */
void stage_arm(struct hub *hub, struct live *live);
/* What waited for a save is told: a round's end, the coming frame, a welcome, and the end. */
void stage_tell_news(struct hub *hub, struct live *live);
/* `match_end` to both seats, once, when it may be told. */
void stage_try_end(struct hub *hub, struct live *live);
/* The process stops, and this match need not wait any longer: a round goes on until its end if
 * that comes in time, and an end is told. */
bool stage_is_to_be_drained(const struct hub *hub, const struct live *live);
/* Who comes back to this match is told that it is over. */
void stage_remember_end(struct hub *hub, const struct uuid *id);
/* The socket of a seat, which has none from here on. The match is not told. */
struct ref stage_empty_seat(struct live *live, uint32_t slot);
/* The match, whose seats have no sockets any more, is gone from here as if it had never been. */
void stage_forget(struct hub *hub, struct live *live);
/* Nothing of this match is served any more. */
void stage_drop_frames(struct hub *hub, struct ref match);

#endif
