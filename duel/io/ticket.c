/* Resume tickets with OpenSSL: see the header. */
#include <duel/base/assert.h>
#include <duel/io/base64url.h>
#include <duel/io/ticket.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

/* Says what the HMAC is for, so that the key can serve other purposes without one standing in
 * for another. */
#define PURPOSE "framedle.duel.v1 resume"
#define PURPOSE_SIZE (sizeof(PURPOSE) - 1)
#define MAC_SIZE 32

_Static_assert(BASE64URL_SIZE(MAC_SIZE) == AUTH_TICKET_SIZE, "a ticket is 32 bytes");

/* OpenSSL's types are no business of the header's: a key is an EVP_MAC_CTX. */
static EVP_MAC_CTX *context_of(struct ticket_key *key)
{
    return (EVP_MAC_CTX *)key;
}

struct ticket_key *ticket_key_create(const uint8_t secret[AUTH_SECRET_SIZE])
{
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = hmac != NULL ? EVP_MAC_CTX_new(hmac) : NULL;
    EVP_MAC_free(hmac); /* the context holds it */
    if (context == NULL || EVP_MAC_init(context, secret, AUTH_SECRET_SIZE, params) != 1) {
        EVP_MAC_CTX_free(context);
        return NULL;
    }
    return (struct ticket_key *)context;
}

void ticket_key_destroy(struct ticket_key *key)
{
    EVP_MAC_CTX_free(context_of(key));
}

void ticket_make(struct ticket_key *key, const struct uuid *match, uint8_t slot,
                 char ret_ticket[AUTH_TICKET_SIZE + 1])
{
    ASSERT(slot < 2);
    uint8_t claim[PURPOSE_SIZE + sizeof(match->bytes) + 1], mac[MAC_SIZE];
    memcpy(claim, PURPOSE, PURPOSE_SIZE);
    memcpy(claim + PURPOSE_SIZE, match->bytes, sizeof(match->bytes));
    claim[sizeof(claim) - 1] = slot;
    size_t mac_size = 0;
    /* Begun anew with the key that it has. */
    bool ok = EVP_MAC_init(context_of(key), NULL, 0, NULL) == 1 &&
              EVP_MAC_update(context_of(key), claim, sizeof(claim)) == 1 &&
              EVP_MAC_final(context_of(key), mac, &mac_size, sizeof(mac)) == 1;
    ASSERT(ok && mac_size == MAC_SIZE);
    base64url_encode(mac, MAC_SIZE, ret_ticket);
}

int32_t ticket_check(struct ticket_key *key, const struct uuid *match, struct text ticket)
{
    if (ticket.size != AUTH_TICKET_SIZE) {
        return -1;
    }
    char good[2][AUTH_TICKET_SIZE + 1];
    ticket_make(key, match, 0, good[0]);
    ticket_make(key, match, 1, good[1]);
    int first = CRYPTO_memcmp(good[0], ticket.data, AUTH_TICKET_SIZE);
    int second = CRYPTO_memcmp(good[1], ticket.data, AUTH_TICKET_SIZE);
    return first == 0 ? 0 : second == 0 ? 1 : -1;
}

void ticket_secret_from(struct text words, uint8_t ret_secret[AUTH_SECRET_SIZE])
{
    bool ok = EVP_Digest(words.data, words.size, ret_secret, NULL, EVP_sha256(), NULL) == 1;
    ASSERT(ok);
}
