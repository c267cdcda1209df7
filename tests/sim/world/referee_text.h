/* A match's events and effects as words, for traces and expected traces. */
#ifndef DUEL_TESTS_REFEREE_TEXT_H
#define DUEL_TESTS_REFEREE_TEXT_H

#include <duel/core/match.h>
#include <stddef.h>

/* Times are told in milliseconds after `start_us`. All write at most size - 1 characters and a
 * zero. */
void referee_event_text(const struct match_event *event, uint64_t start_us, char *ret, size_t size);
/* All effects of a step, joined by " | ". `match` is the match after the step. */
void referee_effects_text(const struct match *match, const struct match_effects *effects,
                          uint64_t start_us, char *ret, size_t size);

#endif
