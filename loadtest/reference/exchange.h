/* What both reference servers say, without any game: contract messages with canned values.
 *
 * Two connections of one match's path are a pair. Each is welcomed; when both are there both get
 * `round`. A guess gets `verdict`, the other seat `opponent`; when both have guessed both get
 * `round_end` and the next `round` at once, for ever. It knows no sockets and judges nothing. */
#ifndef REFERENCE_EXCHANGE_H
#define REFERENCE_EXCHANGE_H

#include <duel/base/text.h>

#define EXCHANGE_MATCHES_MAX 16384

/* Has to copy what it is given. */
typedef void exchange_send(void *connection, const uint8_t *data, uint32_t size);

/* Encodes what will be sent. False: out of memory. */
bool exchange_init(exchange_send *send);
/* A connection opened `path`, whose last 12 hex digits are the match's number. False: no such path,
 * or both seats are taken. */
bool exchange_join(struct text path, void *connection, uint32_t *ret_place);
void exchange_leave(uint32_t place);
/* A whole message arrived; what is no guess is passed over. */
void exchange_hear(uint32_t place, const uint8_t *data, uint32_t size);
/* As many descriptors as allowed, no SIGPIPE, and a listening socket of 127.0.0.1; -1 with a
 * message on standard error. */
int exchange_listen(int argc, char **argv);

#endif
