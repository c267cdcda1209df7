/* Names to addresses, off the loop (getaddrinfo blocks for seconds when a resolver is away). */
#ifndef DUEL_IO_RESOLVE_H
#define DUEL_IO_RESOLVE_H

#include <duel/io/worker.h>

#define RESOLVE_ADDRESS_SIZE 46 /* INET6_ADDRSTRLEN */

/* Called on the loop, exactly once; `address` is NULL when the name was not found. */
typedef void resolve_done(void *context, const char *address);

/* Looks up `host` (a name or an address; copied). IPv4 first. Never answers inside the call. */
void resolve_start(struct worker *worker, const char *host, resolve_done *done, void *context);

#endif
