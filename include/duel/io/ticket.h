/* Resume tickets (contract sections 2 and 4): proof of a seat in a match, in place of a token.
 *
 * A ticket is HMAC-SHA256 over the match and the slot, so it needs no state, is good on every
 * node that shares the key, and lives as long as its match. Whose key it is, auth knows. */
#ifndef DUEL_IO_TICKET_H
#define DUEL_IO_TICKET_H

#include <duel/io/auth.h>

/* A secret made ready for use, which is most of what an HMAC costs. Used by one thread. */
struct ticket_key;

/* NULL: out of memory. */
struct ticket_key *ticket_key_create(const uint8_t secret[AUTH_SECRET_SIZE]);
void ticket_key_destroy(struct ticket_key *key);
void ticket_make(struct ticket_key *key, const struct uuid *match, uint8_t slot,
                 char ret_ticket[AUTH_TICKET_SIZE + 1]);
/* The slot (0 or 1) that `ticket` is good for, or -1. The time it takes does not depend on how
 * much of a ticket is right, nor on whose it is. */
int32_t ticket_check(struct ticket_key *key, const struct uuid *match, struct text ticket);
/* The key that DUEL_SECRET stands for: its SHA-256. */
void ticket_secret_from(struct text words, uint8_t ret_secret[AUTH_SECRET_SIZE]);

#endif
