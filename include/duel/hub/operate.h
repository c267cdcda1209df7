/* What operators do while players play: bans, void matches, a notice for all, no new matches. Each
 * act may come twice and changes nothing then. Private to duel/hub. */
#ifndef DUEL_HUB_OPERATE_H
#define DUEL_HUB_OPERATE_H

#include <duel/hub/state.h>

void operate_act(struct hub *hub, const struct hub_event_act *act);

/* Whether `player` may not play now; then the session, which no list holds, was ended or
 * answered. */
bool operate_refuses(struct hub *hub, const struct player *player, struct session *session);
/* Until when the player of this users.id may not play, as far as acts said it lately; or 0. */
int64_t operate_banned_until_ms(const struct hub *hub, const struct uuid *id);

/* Tells a WebSocket that has been told where it is (`queued`, `welcome`) the notice that stands,
 * once. */
void operate_notice(struct hub *hub, struct session *session);
/* Whether it is to be told that something about the notice changed. */
bool operate_owes_notice(const struct hub *hub, const struct session *session);
/* The notice that stands; false: there is none. */
bool operate_describe_notice(const struct hub *hub, struct msg_notice *ret_notice);

#endif
