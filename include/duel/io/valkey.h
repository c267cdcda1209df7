/* Valkey (hiredis): the queue, the ranking and the stream of finished matches.
 *
 * One RESP2 connection. Pairing is a script, atomic for all nodes, called by its hash with a
 * fallback for a script cache that was emptied. A command without an answer for VALKEY_STALL_MS
 * ends the connection (answers are positional); what was under way is answered HUB_UNAVAILABLE,
 * and a new connection is tried with back-off. Everything can be sent again. */
#ifndef DUEL_IO_VALKEY_H
#define DUEL_IO_VALKEY_H

#include <duel/io/settings.h>
#include <duel/io/worker.h>

#define VALKEY_STALL_MS 3000

struct valkey;

struct valkey *valkey_create(struct loop *loop, struct worker *worker,
                             const struct settings *settings,
                             void (*up)(void *context, bool up), void *context);
void valkey_destroy(struct valkey *valkey);
bool valkey_is_up(const struct valkey *valkey);

/* HUB_EV_QUEUE: puts or renews the ticket (a player has one), and takes the pair out of the
 * queue when somebody fits, by the rule of core/matchmaker. */
void valkey_join(struct valkey *valkey, struct ref player, const struct matchmaker_ticket *ticket,
                 int64_t expires_ms);
/* HUB_EV_QUEUE_LEFT */
void valkey_leave(struct valkey *valkey, struct ref player, const struct uuid *id);
/* HUB_EV_PUBLISHED: lb:duels:elo and one entry of duel:events (contract section 7). */
void valkey_publish(struct valkey *valkey, struct ref result, const struct hub_result *data);

#endif
