/* Valkey (hiredis): the queue, live matches and whose they are, the ranking and the stream of
 * finished matches.
 *
 * All is asked through one RESP2 connection. Each question is a script, atomic for all processes,
 * called by its hash with a fallback for a script cache that was emptied. A command without an
 * answer for VALKEY_STALL_MS ends the connection (answers are positional); what was under way is
 * answered HUB_UNAVAILABLE, and a new connection is tried with back-off. Everything can be sent
 * again. A second connection only listens, for HUB_EV_NUDGE; that it is there is not waited for. */
#ifndef DUEL_IO_VALKEY_H
#define DUEL_IO_VALKEY_H

#include <duel/io/inquiry.h>
#include <duel/io/settings.h>
#include <duel/io/worker.h>

#define VALKEY_STALL_MS 3000

struct valkey;

struct valkey *valkey_create(struct loop *loop, struct worker *worker,
                             const struct settings *settings,
                             void (*up)(void *context, bool up), void *context);
void valkey_destroy(struct valkey *valkey);
bool valkey_is_up(const struct valkey *valkey);

/* Each carries out one effect of the hub that asks Valkey, and answers with the event named at it
 * in hub.h. The effect is one of that type; nothing of it is kept after the call. */
void valkey_join(struct valkey *valkey, const struct hub_effect *effect);
void valkey_leave(struct valkey *valkey, struct ref player, const struct uuid *id);
void valkey_save(struct valkey *valkey, const struct hub_effect *effect);
void valkey_seek(struct valkey *valkey, const struct hub_effect *effect);
void valkey_sweep(struct valkey *valkey, const struct hub_effect *effect);
void valkey_lease(struct valkey *valkey, const struct hub_effect *effect);
void valkey_release(struct valkey *valkey, const struct hub_effect *effect);
void valkey_locate(struct valkey *valkey, const struct hub_effect *effect);
void valkey_look(struct valkey *valkey, const struct hub_effect *effect);
void valkey_invite(struct valkey *valkey, const struct hub_effect *effect);
void valkey_withdraw(struct valkey *valkey, const struct hub_effect *effect);
void valkey_rematch(struct valkey *valkey, const struct hub_effect *effect);
/* Not answered. While there is no connection it is forgotten. */
void valkey_left(struct valkey *valkey, const struct hub_effect *effect);
/* Also lb:duels:elo and one entry of duel:events (contract section 7). */
void valkey_publish(struct valkey *valkey, const struct hub_effect *effect);
/* Asks ranking.lua, whose arguments these are, for `texts` texts; arguments are copied. False:
 * there is no connection, and nothing will be answered. */
bool valkey_inquire(struct valkey *valkey, struct inquiry *inquiry, const struct text *arguments,
                    uint32_t count, uint32_t texts);
/* Ends the lease, so that others need not wait for it to run out: the process stops, and asks
 * nothing more. Sent at once, so the loop need not run again. Best effort. */
void valkey_end_lease(struct valkey *valkey);

#endif
