/* Keeps the journal of each match that goes on (duel/core/journal.h), in a chain of its record:
 * with the match it is saved, taken over and stored. When there is no more room for it, it says so
 * from there on. It refuses to know what the rules make of what it writes. Private to duel/hub. */
#ifndef DUEL_HUB_RECORDER_H
#define DUEL_HUB_RECORDER_H

#include <duel/hub/state.h>

/* Bytes of one journal, with its end. A usual best of 5 takes some 500. */
#define RECORDER_SIZE_MAX 8192u

/* `match` is as match_init() left it. */
void recorder_begin(struct hub *hub, struct record *record, const struct match *match);
/* match_step() of live->match, and its entry. The record is there, unless the match is over. */
void recorder_step(struct hub *hub, struct live *live, const struct match_event *event,
                   struct match_effects *effects);
/* match_shift() was called. */
void recorder_shift(struct hub *hub, const struct live *live, uint64_t us);
/* match_resume() was called, now. */
void recorder_resume(struct hub *hub, struct record *record);
/* The journal so far, or no text when there is none. `buffer` has room for RECORDER_SIZE_MAX. */
struct text recorder_text(const struct hub *hub, const struct record *record,
                          struct text_buffer *buffer);
/* Goes on with what recorder_text() gave in another process; it is not looked at. */
void recorder_restore(struct hub *hub, struct record *record, struct text journal, bool full);

#endif
