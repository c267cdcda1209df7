/* The messages of a match, made from its state. Each goes to one seat; a seat without a socket
 * is passed over, because its next welcome tells everything. Private to duel/hub. */
#ifndef DUEL_HUB_TELL_H
#define DUEL_HUB_TELL_H

#include <duel/hub/state.h>

void tell_welcome(struct hub *hub, const struct live *live, uint8_t slot);
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
void tell_suggestions(struct hub *hub, struct ref conn, const struct msg_suggest *suggest);

/* `phase` of `welcome` and `me`. */
struct text tell_phase(enum match_phase phase);
/* The same of a phase as it was saved. */
struct text tell_known_phase(struct text saved);
/* The best titles for `query` into a list of at most `max` videos; returns how many. */
uint32_t tell_videos(const struct titles *titles, struct text query, uint32_t max,
                     struct msg_video ret_videos[TITLES_SUGGESTIONS_MAX]);

#endif
