/* Listening sockets: an address from the settings becomes a bound, non-blocking socket.
 *
 * The libraries are not let listen: one of them binds every interface when asked for one, and none
 * can be told to stop accepting while it serves. */
#ifndef DUEL_IO_LISTEN_H
#define DUEL_IO_LISTEN_H

#include <duel/base/text.h>

#define LISTEN_ADDRESS_SIZE 80 /* "[…]:65535" and more */

/* Opens `address`, "IPv4:port", "[IPv6]:port" or "localhost:port"; port 0 takes a free one. What
 * was bound is read back and compared. Returns the socket, or -1: then *ret_problem says why, for
 * standard error, and lives until the next call. */
int listen_open(const char *address, struct text *ret_problem);
/* The address that a socket is bound to. */
void listen_format(int fd, char ret_address[LISTEN_ADDRESS_SIZE]);
/* A blocking connection to what listens on `address` ("any" addresses are reached by loopback),
 * with time limits for connecting, reading and writing. -1 when nobody answers. */
int listen_connect(const char *address, uint32_t timeout_ms);

#endif
