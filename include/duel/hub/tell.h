/* The messages of a match, made from its state. Each goes to one seat; a seat without a socket
 * is passed over, because its next welcome tells everything. Private to duel/hub. */
#ifndef DUEL_HUB_TELL_H
#define DUEL_HUB_TELL_H

#include <duel/hub/state.h>

void tell_welcome(struct hub *hub, const struct live *live, uint8_t slot);
/* `welcome` to who waits in an own invitation: nobody has come yet. */
void tell_invited(struct hub *hub, struct ref conn, const struct uuid *match,
                  const struct player *player, const struct terms *terms, int64_t expires_ms);
void tell_player(struct hub *hub, const struct live *live, const struct match_effect *effect);
void tell_countdown(struct hub *hub, const struct live *live, uint8_t slot, uint64_t until_us);
void tell_frame(struct hub *hub, const struct live *live, uint8_t slot);
void tell_round(struct hub *hub, const struct live *live, uint8_t slot,
                const struct match_effect *effect);
void tell_verdict(struct hub *hub, const struct live *live, const struct match_effect *effect);
void tell_opponent(struct hub *hub, const struct live *live, const struct match_effect *effect);
void tell_round_end(struct hub *hub, const struct live *live, uint8_t slot, uint32_t round,
                    uint64_t until_us);
void tell_match_end(struct hub *hub, const struct live *live, uint8_t slot);
void tell_rating(struct hub *hub, const struct live *live, uint8_t slot);
/* `status` is what seat `slot` has done. `next`: the match that was made, or NULL. */
void tell_rematch(struct hub *hub, const struct live *live, uint8_t to, uint8_t slot,
                  struct text status, const struct live *next);
void tell_suggestions(struct hub *hub, struct ref conn, const struct msg_suggest *suggest);

/* One of the two players, and a finished round; `next_us` is when the next starts, or 0. */
void tell_describe_seat(struct hub *hub, const struct live *live, uint32_t slot,
                        struct msg_seat *seat);
void tell_describe_round(const struct hub *hub, const struct live *live, uint32_t round,
                         uint64_t next_us, struct msg_round_end *end);
/* `phase` of `welcome` and `me`. */
struct text tell_phase(enum match_phase phase);
/* The same of a phase as it was saved. */
struct text tell_known_phase(struct text saved);
/* The best titles for `query` into a list of at most `max` videos; returns how many. */
uint32_t tell_videos(const struct titles *titles, struct text query, uint32_t max,
                     struct msg_video ret_videos[TITLES_SUGGESTIONS_MAX]);

#endif
