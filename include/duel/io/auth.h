/* Who is calling: Logto access tokens (contract section 2; RFC 7519, RFC 9068) and resume tickets.
 *
 * Tokens are checked on a worker thread against keys that were parsed once; the key set is fetched
 * there too, at start, every 10 minutes, and for an unknown `kid` at most every 30 s. The last good
 * key set survives an outage. The algorithm follows from the key, never from the token alone. */
#ifndef DUEL_IO_AUTH_H
#define DUEL_IO_AUTH_H

#include <duel/io/settings.h>
#include <duel/io/worker.h>

#define AUTH_TOKEN_SIZE_MAX 3500
#define AUTH_TICKET_SIZE 43  /* base64url of 32 bytes; offered as subprotocol "r." and this */
#define AUTH_SECRET_SIZE 32

struct auth;

enum auth_code {
#define AUTH_CODE(name, text, doc) AUTH_##name,
#include <duel/io/auth_codes.def>
    AUTH_CODES /* not a code */
};

struct auth_verdict {
    enum auth_code code; /* AUTH_OK, or why not */
    struct text sub;     /* when AUTH_OK; lives until the callback returns */
};

/* Called on the loop, exactly once for each auth_verify(). */
typedef void auth_done(void *context, struct ref conn, const struct auth_verdict *verdict);

/* Begins to fetch the key set. `settings` outlives it. NULL: out of memory. Signatures are checked
 * on `checks`, the key set is fetched on `slow`, so that a fetch that hangs holds up no token whose
 * key is known. */
struct auth *auth_create(struct loop *loop, struct worker *checks, struct worker *slow,
                         const struct settings *settings);
/* What is under way is dropped without an answer. May come before worker_destroy() (better: a fetch
 * that hangs is told to end) or after it; the loop outlives both. */
void auth_destroy(struct auth *auth);
/* Tells a fetch that is under way to stop and begins no other: before its worker is destroyed. */
void auth_stop(struct auth *auth);

/* Checks a token; `token` is copied. Never answers inside the call. A token whose key is not known
 * while a fetch may still bring it waits for that fetch. */
void auth_verify(struct auth *auth, struct text token, struct ref conn, auth_done *done,
                 void *context);
/* The stable word of a code ("AUTH_EXPIRED"), and a sentence for developers. */
const char *auth_code_word(enum auth_code code);
const char *auth_code_message(enum auth_code code);

/* Tokens and fetches that the workers have now. */
uint32_t auth_jobs(const struct auth *auth);
/* Whether a key set was ever fetched, and how old it is (-1: none). */
bool auth_has_keys(const struct auth *auth);
int64_t auth_keys_age_ms(const struct auth *auth);

/* The key of the tickets: from DUEL_SECRET (hashed) or PostgreSQL. Until it is set no ticket is
 * good, and none may be made. Where DUEL_SECRET is set it stands, and this changes nothing. */
void auth_set_secret(struct auth *auth, const uint8_t secret[AUTH_SECRET_SIZE]);
bool auth_has_secret(const struct auth *auth);
/* HMAC-SHA256 over match and slot, base64url: a ticket needs no state and is good on every node. */
void auth_make_ticket(const struct auth *auth, const struct uuid *match, uint8_t slot,
                      char ret_ticket[AUTH_TICKET_SIZE + 1]);
/* The slot (0 or 1) that a ticket is good for, or -1. Constant time in the ticket. */
int32_t auth_check_ticket(const struct auth *auth, const struct uuid *match, struct text ticket);

#endif
