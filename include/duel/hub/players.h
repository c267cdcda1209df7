/* Records of players: found by sub or users.id, loaded once, kept while somebody needs them and
 * a little longer. A record without anybody is idle; when the pool is full the longest idle one
 * makes room. Private to duel/hub. */
#ifndef DUEL_HUB_PLAYERS_H
#define DUEL_HUB_PLAYERS_H

#include <duel/hub/saved.h>
#include <duel/hub/state.h>

/* The record of `sub`, or NULL. */
struct player *players_find(struct hub *hub, struct text sub);
struct player *players_find_id(struct hub *hub, const struct uuid *id);
/* The same, made when there is none; NULL when the pool is full of needed ones. */
struct player *players_need(struct hub *hub, struct text sub);

/* The record of who has a seat in a match that comes from Valkey, filled in when nobody has yet.
 * NULL: the pool is full, or the card contradicts what is known. */
struct player *players_from_card(struct hub *hub, const struct saved_card *card);

/* Puts `session` on the list of those who wait for `player`, and asks for it when nobody has
 * yet. False when the list is full. */
bool players_wait(struct hub *hub, struct player *player, struct session *session);
void players_unwait(struct hub *hub, struct player *player, struct session *session);
void players_loaded(struct hub *hub, const struct hub_event_player *event);

void players_hold(struct hub *hub, struct player *player);
void players_drop(struct hub *hub, struct player *player);
/* Sets the record's deadline and whether it is idle; called after whatever may change either. */
void players_arm(struct hub *hub, struct player *player);
void players_timer(struct hub *hub, struct player *player);
/* The record stays until then, if there is room. */
void players_keep(struct player *player, uint64_t until_us);
/* A video was shown to this player. */
void players_met(struct player *player, uint32_t video);

struct text player_name(const struct player *player);
struct text player_avatar(const struct player *player);
struct text player_country(const struct player *player);
struct text player_sub(const struct player *player);

#endif
