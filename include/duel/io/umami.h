/* What players do, to Umami: queued, matched, completed. Nobody is named: a visitor is an HMAC of
 * the player's id, by another key each month. One thread: the loop's. */
#ifndef DUEL_IO_UMAMI_H
#define DUEL_IO_UMAMI_H

#include <duel/hub/hub.h>
#include <duel/io/auth.h>
#include <duel/io/worker.h>

struct umami;

/* NULL: out of memory. Nothing is sent before the secret is known. */
struct umami *umami_create(struct worker *worker, const struct settings *settings);
/* Before and after worker_destroy(). */
void umami_stop(struct umami *umami);
void umami_destroy(struct umami *umami);
void umami_set_secret(struct umami *umami, const uint8_t secret[AUTH_SECRET_SIZE]);

void umami_queued(struct umami *umami, const struct uuid *player);
void umami_matched(struct umami *umami, const struct uuid *player);
/* Both players; a match that was played to its end, and once, however often it is stored. */
void umami_completed(struct umami *umami, const struct hub_result *result);

#endif
