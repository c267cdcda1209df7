/* The ranking in Valkey (lb:duels:elo), kept what it is: a copy of duel_ratings in PostgreSQL
 * (contract section 7).
 *
 * It is gone through as a whole after every connection to Valkey, when a reader found it missing,
 * and every RANKING_PASS_MS: what is missing is filled in, then what differs or is stored no more
 * is corrected, in batches that wait for each other, so that the loop is never held. Ratings that
 * are published meanwhile stay (deploy/valkey/ranking.lua says how). It knows no reader. */
#ifndef DUEL_IO_RANKING_H
#define DUEL_IO_RANKING_H

#include <duel/io/pg.h>
#include <duel/io/valkey.h>

#define RANKING_PASS_MS 600000

struct ranking;

/* NULL: out of memory. The stores outlive every question, so they are destroyed first. */
struct ranking *ranking_create(struct loop *loop, struct pg *pg, struct valkey *valkey);
void ranking_destroy(struct ranking *ranking);

/* A store can be asked again, or no longer. */
void ranking_store_changed(struct ranking *ranking, enum hub_store store, bool up);
/* Whether it was gone through since Valkey was last connected, and has not been missed since: then
 * Valkey may be asked. */
bool ranking_is_good(const struct ranking *ranking);
/* Somebody asked Valkey and it was not there, or not whole. */
void ranking_missed(struct ranking *ranking);
/* Corrections as PostgreSQL made them from what Valkey gave ("<player>:<there>:<stored>" …). They
 * are a help, not a promise: while others are made they are left to the next reader. */
void ranking_correct(struct ranking *ranking, struct text corrections);

#endif
