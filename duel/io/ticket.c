/* Resume tickets with OpenSSL: see the header. */
#include <duel/base/assert.h>
#include <duel/io/base64url.h>
#include <duel/io/ticket.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

/* Says what the HMAC is for, so that the key can serve other purposes without one standing in
 * for another. */
#define PURPOSE "framedle.duel.v1 resume"
#define PURPOSE_SIZE (sizeof(PURPOSE) - 1)

_Static_assert(BASE64URL_SIZE(32) == AUTH_TICKET_SIZE, "a ticket is 32 bytes");

void ticket_make(const uint8_t secret[AUTH_SECRET_SIZE], const struct uuid *match, uint8_t slot,
                 char ret_ticket[AUTH_TICKET_SIZE + 1])
{
    ASSERT(slot < 2);
    uint8_t claim[PURPOSE_SIZE + sizeof(match->bytes) + 1], mac[EVP_MAX_MD_SIZE];
    memcpy(claim, PURPOSE, PURPOSE_SIZE);
    memcpy(claim + PURPOSE_SIZE, match->bytes, sizeof(match->bytes));
    claim[sizeof(claim) - 1] = slot;
    unsigned mac_size = 0;
    bool ok = HMAC(EVP_sha256(), secret, AUTH_SECRET_SIZE, claim, sizeof(claim), mac,
                   &mac_size) != NULL;
    ASSERT(ok && mac_size == 32);
    base64url_encode(mac, mac_size, ret_ticket);
}

int32_t ticket_check(const uint8_t secret[AUTH_SECRET_SIZE], const struct uuid *match,
                     struct text ticket)
{
    if (ticket.size != AUTH_TICKET_SIZE) {
        return -1;
    }
    char good[2][AUTH_TICKET_SIZE + 1];
    ticket_make(secret, match, 0, good[0]);
    ticket_make(secret, match, 1, good[1]);
    int first = CRYPTO_memcmp(good[0], ticket.data, AUTH_TICKET_SIZE);
    int second = CRYPTO_memcmp(good[1], ticket.data, AUTH_TICKET_SIZE);
    return first == 0 ? 0 : second == 0 ? 1 : -1;
}

void ticket_secret_from(struct text words, uint8_t ret_secret[AUTH_SECRET_SIZE])
{
    bool ok = EVP_Digest(words.data, words.size, ret_secret, NULL, EVP_sha256(), NULL) == 1;
    ASSERT(ok);
}
