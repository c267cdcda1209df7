/* Logto's key set (RFC 7517): parsed once, then shared by threads and never changed; how it is
 * fetched, and when.
 *
 * Only keys that can check an access token are kept: P-384, which means ES384, and RSA of 2048
 * to 8192 bits, which means RS256 (contract section 2: the algorithm follows from the key's own
 * type). Everything else in a set is passed over: unknown members, other types, keys for
 * encryption. */
#ifndef DUEL_IO_JWKS_H
#define DUEL_IO_JWKS_H

#include <duel/base/text.h>
#include <stdatomic.h>

#define JWKS_BODY_SIZE_MAX 65536
#define JWKS_KEYS_MAX 16         /* usable keys; further ones are passed over */
#define JWKS_KID_SIZE_MAX 128
#define JWKS_PROBLEM_SIZE 128

/* A set of at least one key. References are counted; the last release frees it. */
struct jwks;
struct jwks_key;

/* NULL: no well-formed key set, or none of its keys is of use. */
struct jwks *jwks_parse(struct text body);
/* `keys` may be NULL in both. Safe from any thread. */
struct jwks *jwks_hold(struct jwks *keys);
void jwks_release(struct jwks *keys);
uint32_t jwks_count(const struct jwks *keys);

/* The key named `kid`. A `kid` of none finds the only key, if there is only one (RFC 7515
 * section 4.1.4 makes it optional). NULL: no such key. */
const struct jwks_key *jwks_find(const struct jwks *keys, struct text kid);
/* "ES384" or "RS256". */
const char *jwks_key_algorithm(const struct jwks_key *key);
/* Whether `signature`, as RFC 7518 sections 3.3 and 3.4 lay it out, is this key's over `text`.
 * Takes up to a millisecond. Safe from several threads at once. */
bool jwks_key_verify(const struct jwks_key *key, struct text text, const uint8_t *signature,
                     uint32_t signature_size);

/* Gets and parses the set; blocks for up to 5 s, so it belongs on a worker thread. Ends early
 * when `stop` is set. NULL: `ret_problem` says why. */
struct jwks *jwks_fetch(const char *url, const atomic_bool *stop,
                        char ret_problem[JWKS_PROBLEM_SIZE]);

/* When to fetch. Times are microseconds of one clock that never goes back. */
#define JWKS_REFRESH_US 600000000u /* after a fetch that worked */
#define JWKS_RETRY_MIN_US 500000u  /* after one that failed, doubled each time … */
#define JWKS_RETRY_MAX_US 30000000u /* … up to this */
#define JWKS_UNKNOWN_US 30000000u  /* between two fetches because of an unknown kid */

struct jwks_schedule {
    uint64_t due_us;     /* the next fetch without anyone asking */
    uint64_t retry_us;   /* how long to wait after the next failure */
    uint64_t unknown_us; /* from then on an unknown kid may cause a fetch */
    bool fetching;
};

/* Due at once. */
void jwks_schedule_init(struct jwks_schedule *schedule, uint64_t now_us);
/* True: a fetch is due and counts as begun. Never while one is under way. */
bool jwks_schedule_begin(struct jwks_schedule *schedule, uint64_t now_us);
/* The same, because of a kid that the set does not have. */
bool jwks_schedule_begin_unknown(struct jwks_schedule *schedule, uint64_t now_us);
/* The fetch that was begun has ended. */
void jwks_schedule_end(struct jwks_schedule *schedule, uint64_t now_us, bool ok);

#endif
