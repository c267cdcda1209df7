/* The operators' listener: /healthz, /readyz, /metrics (contract section 1) and /matches, on a
 * port of its own.
 *
 * It shares nothing with the public listener, so it answers when that one is full or flooded.
 * HTTP/1.1, one request a connection, OPS_CONNECTIONS_MAX at once. */
#ifndef DUEL_IO_OPS_H
#define DUEL_IO_OPS_H

#include <duel/io/gateway.h>

#define OPS_CONNECTIONS_MAX 16

struct ops;

/* `listener` is a bound socket, closed by ops_destroy(). NULL: out of memory. */
struct ops *ops_create(struct loop *loop, int listener, const struct gateway_ops *answers);
void ops_destroy(struct ops *ops);

#endif
