/* The copies of live matches in Valkey: when one is saved, what waits for that, the lease by which
 * all of them are ours, and the search for matches whose owner is dead. What a copy holds is
 * saved.h's business, what a match that was taken over does is arena's. Private to duel/hub. */
#ifndef DUEL_HUB_KEEPER_H
#define DUEL_HUB_KEEPER_H

#include <duel/hub/state.h>

/* Something happened that must last; keeper_flush() has to follow. */
void keeper_changed(struct hub *hub, struct live *live);
/* The same, and what there is to tell of it waits for the save. */
void keeper_hold(struct hub *hub, struct live *live);
/* It need not wait any longer. */
void keeper_let_news_go(struct hub *hub, struct live *live);
/* Asks for the save that is due, and tells what need not wait (any longer). */
void keeper_flush(struct hub *hub, struct live *live);
/* When keeper_flush() is due, TIMERQ_NEVER when it waits for an answer. */
uint64_t keeper_deadline_us(const struct hub *hub, const struct live *live);
/* The process stops: gives the match to whomever a player comes to next. The seats are told when
 * that is saved, or when it cannot be until handing_until_us. */
void keeper_hand_over(struct hub *hub, struct live *live);
/* The match came to nothing. */
void keeper_release(struct hub *hub, const struct uuid *match, const struct uuid players[2]);

void keeper_saved(struct hub *hub, const struct hub_event_saved *saved);
/* `vanished`: it is nobody else's, but Valkey misses it; then `node` means nothing. */
void keeper_lost(struct hub *hub, const struct uuid *match, struct text node, bool vanished);
void keeper_leased(struct hub *hub, const struct hub_event *event);
void keeper_swept(struct hub *hub, enum hub_reply reply, bool more);
/* Valkey can be asked again: all that it should know is said again. */
void keeper_valkey_up(struct hub *hub);
/* The lease is to be renewed now. */
void keeper_renew(struct hub *hub);
void keeper_timer(struct hub *hub);

#endif
