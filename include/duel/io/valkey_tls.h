/* TLS to Valkey: rediss://. One context for each VALKEY_URL, one session for each connection.
 *
 * Who is at the other end is checked as a browser does it: by the chain to an authority, and by the
 * name (or address) in the URL. hiredis has TLS since 1.0, in a library of its own; built without
 * it everything here says that there is none. */
#ifndef DUEL_IO_VALKEY_TLS_H
#define DUEL_IO_VALKEY_TLS_H

#include <stdbool.h>
#include <stddef.h>

#define VALKEY_TLS_ANYBODY "none" /* as `ca_file`: whoever answers is taken */

struct redisContext; /* hiredis */
struct valkey_tls;

bool valkey_tls_is_available(void);
/* `ca_file`: PEM of the authorities; "": the system's. NULL: there is no TLS, the file is none, or
 * out of memory. */
struct valkey_tls *valkey_tls_create(const char *ca_file);
void valkey_tls_destroy(struct valkey_tls *tls);
/* The connection speaks TLS from here on; one that is not blocking goes on with the handshake as
 * it is read and written. False: it failed, and the connection is of no use. */
bool valkey_tls_begin(struct valkey_tls *tls, struct redisContext *redis, const char *host);
/* Why the last certificate that came was not taken, or NULL: it was, or none came. */
const char *valkey_tls_problem(const struct valkey_tls *tls);

#endif
