/* What is counted for operators; hub_count() hands it out. */
#ifndef DUEL_HUB_COUNTS_H
#define DUEL_HUB_COUNTS_H

#include <duel/hub/state.h>

/* A match is over. */
void counts_ended(struct hub *hub, const struct match *match);
/* A ticket's player has an opponent. */
void counts_matched(struct hub *hub, const struct ticket *ticket);
/* A guess was judged, for the first time. */
void counts_judged(struct hub *hub, const struct match_guess *guess);

#endif
