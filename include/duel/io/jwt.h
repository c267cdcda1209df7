/* Whether an access token is good (RFC 7519, RFC 9068, contract section 2): every reason to refuse
 * one, decided here and nowhere else.
 *
 * It has no clock, no settings and no way to fetch a key; it may run on any thread. */
#ifndef DUEL_IO_JWT_H
#define DUEL_IO_JWT_H

#include <duel/io/auth.h>
#include <duel/io/jwks.h>

#define JWT_LEEWAY_S 60 /* contract section 2 */

/* What a token must say. */
struct jwt_rules {
    const char *issuer;
    const char *audience;
    const char *scope; /* one word, or "" */
};

struct jwt_answer {
    enum auth_code code;
    /* With AUTH_UNKNOWN_KEY: a newer key set might have the key. */
    bool newer_keys_may_help;
    uint32_t sub_size;
    char sub[HUB_SUB_SIZE_MAX]; /* when AUTH_OK */
};

/* `now_us` since the Unix epoch. `keys` NULL: no key is known. Takes up to a millisecond. */
void jwt_check(struct text token, const struct jwks *keys, const struct jwt_rules *rules,
               uint64_t now_us, struct jwt_answer *ret_answer);

#endif
