/* What the parts of a player know of each other; nobody else includes it. */
#ifndef LOAD_PLAYER_INSIDE_H
#define LOAD_PLAYER_INSIDE_H

#include <loadtest/load/player.h>

#define PLAYER_RETRY_US UINT64_C(200000)

/* player.c: its life */
extern const struct socket_events player_match_events; /* player_match.c */
void player_arm(struct player *player);
/* Forgets the match socket's state (not the match). */
void player_unwelcome(struct player *player);
void player_leave_bout(struct player *player);
void player_match_over(struct player *player, uint64_t pause_us);
/* A connection that did not work out: tried again a bounded number of times from `state`. */
void player_try_again(struct player *player, enum player_state state);
void player_keep_way(struct player *player, struct text path, struct text ticket);
struct player *player_mate(const struct player *player); /* NULL: not known, or gone */

/* player_guess.c: its rounds */
/* From `now_us`, when the round was seen; `guesses_left` 0: it only watches. */
void player_begin_round(struct player *player, uint32_t guesses_left, uint64_t now_us);
void player_guess_is_due(struct player *player);
void player_on_verdict(struct player *player, const struct msg_verdict *verdict,
                       uint64_t arrived_us);
/* player_frame.c */
/* Sends `ready`, where frames are fetched after it has come. */
void player_fetch_frame(struct player *player, const struct msg_frame *frame);
void player_open_frame(struct player *player, const uint8_t key[16]);
void player_forget_frame(struct player *player);
/* player_invite.c */
/* Whether it always plays with its neighbour, whom it invites. */
bool player_has_friend(const struct player *player);
void player_meet_friend(struct player *player);

#endif
