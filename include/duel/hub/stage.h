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
/* Sets the match's deadline. */
void stage_arm(struct hub *hub, struct live *live);
/* `match_end` to both seats, once. */
void stage_tell_end(struct hub *hub, struct live *live);
/* Nothing of this match is served any more. */
void stage_drop_frames(struct hub *hub, struct ref match);

#endif
