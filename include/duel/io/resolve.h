/* Names to addresses, off the loop (getaddrinfo blocks for seconds when a resolver is away). */
#ifndef DUEL_IO_RESOLVE_H
#define DUEL_IO_RESOLVE_H

#include <duel/io/worker.h>

#define RESOLVE_ADDRESS_SIZE 46 /* INET6_ADDRSTRLEN */

/* Called on the loop, exactly once; `address` is NULL when the name was not found. */
typedef void resolve_done(void *context, const char *address);

/* Looks up `host` (a name or an address; copied). IPv4 first. Never answers inside the call. */
void resolve_start(struct worker *worker, const char *host, resolve_done *done, void *context);

/* For who asks again and again for one name, as a dial does: while the name server is away at most
 * one look-up is under way, however many attempts are given up and begun. */
struct resolver;

/* NULL: out of memory. */
struct resolver *resolver_create(struct worker *worker, resolve_done *done, void *context);
/* What is under way is not answered any more. */
void resolver_destroy(struct resolver *resolver);
/* Looks up `host`, the same each time, or waits for the look-up that is under way. Not to be asked
 * again before the answer or resolver_forget(). */
void resolver_ask(struct resolver *resolver, const char *host);
/* The answer is not wanted any more. */
void resolver_forget(struct resolver *resolver);
/* Whether an answer is waited for. */
bool resolver_is_asked(const struct resolver *resolver);

#endif
