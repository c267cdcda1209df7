/* Elo as integers (docs/rules.md, contract section 5): K = 32, start 1000, zero-sum, no floating
 * point, so every machine and PostgreSQL's settlement function agree. */
#ifndef DUEL_CORE_RATING_H
#define DUEL_CORE_RATING_H

#include <stdint.h>

#define RATING_START 1000
#define RATING_K 32

enum rating_outcome { RATING_LOSS, RATING_DRAW, RATING_WIN };

/* What `own` gains (or loses, negative) against `other`: 32·(s − 1/(1+10^((other−own)/400))),
 * rounded to the nearest integer. rating_change(a,b,WIN) == -rating_change(b,a,LOSS), likewise for
 * draws. */
int32_t rating_change(int32_t own, int32_t other, enum rating_outcome outcome);

/* The same after `wins` other wins of the winner over the loser that count by R-63: a win from the
 * 4th on moves both less, rounded towards 0. A draw is what it was. */
int32_t rating_change_repeated(int32_t own, int32_t other, enum rating_outcome outcome,
                               uint32_t wins);

#endif
