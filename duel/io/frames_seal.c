/* Sealing with OpenSSL (contract section 6): IV, AES-128-GCM of the padded picture with the
 * token's text as AAD, tag. It reads no file and keeps nothing. */
#include <duel/base/assert.h>
#include <duel/io/base64url.h>
#include <duel/io/frames_parts.h>

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH_SIZE 4 /* the picture's size, big-endian */

_Static_assert(BASE64URL_SIZE(FRAMES_TOKEN_BYTES) == HUB_TOKEN_SIZE, "a token is 32 bytes");

void frames_digest(const void *bytes, uint32_t size, uint8_t ret_digest[FRAMES_DIGEST_SIZE])
{
    bool ok = EVP_Digest(bytes, size, ret_digest, NULL, EVP_sha256(), NULL) == 1;
    ASSERT(ok);
}

void frames_draw_seat(struct frames_dice *dice, struct frames_seat *ret_seat)
{
    if (dice->left == 0) {
        /* Without randomness there is no secret, and nothing sensible left to do. */
        bool ok = RAND_bytes((unsigned char *)dice->throws, sizeof(dice->throws)) == 1;
        ASSERT(ok);
        dice->left = FRAMES_DICE_COUNT;
    }
    uint32_t last = --dice->left;
    base64url_encode(dice->throws[last].token, FRAMES_TOKEN_BYTES, ret_seat->token);
    memcpy(ret_seat->key, dice->throws[last].key, FRAMES_KEY_SIZE);
    memcpy(ret_seat->iv, dice->throws[last].iv, FRAMES_IV_SIZE);
    ret_seat->serves = 0;
    OPENSSL_cleanse(&dice->throws[last], sizeof(dice->throws[last]));
}

static uint32_t padded_size(uint32_t size)
{
    uint32_t blocks = (LENGTH_SIZE + size + FRAMES_PADDING - 1) / FRAMES_PADDING;
    return blocks * FRAMES_PADDING;
}

uint32_t frames_sealed_size(uint32_t size)
{
    return FRAMES_IV_SIZE + padded_size(size) + FRAMES_TAG_SIZE;
}

/* Encrypts `size` bytes to *out and moves it on. */
static bool encrypt(EVP_CIPHER_CTX *context, const uint8_t *bytes, uint32_t size, uint8_t **out)
{
    int written = 0;
    if (EVP_EncryptUpdate(context, *out, &written, bytes, (int)size) != 1) {
        return false;
    }
    *out += written;
    return true;
}

static bool seal(EVP_CIPHER_CTX *context, const struct frames_seat *seat, const uint8_t *bytes,
                 uint32_t size, uint8_t *body)
{
    static const uint8_t zeros[FRAMES_PADDING];
    const uint8_t length[LENGTH_SIZE] = { (uint8_t)(size >> 24), (uint8_t)(size >> 16),
                                          (uint8_t)(size >> 8), (uint8_t)size };
    uint8_t *out = body + FRAMES_IV_SIZE;
    int ignored = 0;
    memcpy(body, seat->iv, FRAMES_IV_SIZE);
    return EVP_EncryptInit_ex(context, EVP_aes_128_gcm(), NULL, seat->key, seat->iv) == 1 &&
           EVP_EncryptUpdate(context, NULL, &ignored, (const uint8_t *)seat->token,
                             HUB_TOKEN_SIZE) == 1 &&
           encrypt(context, length, LENGTH_SIZE, &out) && encrypt(context, bytes, size, &out) &&
           encrypt(context, zeros, padded_size(size) - LENGTH_SIZE - size, &out) &&
           EVP_EncryptFinal_ex(context, out, &ignored) == 1 &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, FRAMES_TAG_SIZE, out) == 1;
}

uint8_t *frames_seal_body(const struct frames_seat *seat, const uint8_t *bytes, uint32_t size)
{
    uint8_t *body = malloc(frames_sealed_size(size));
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    if (body == NULL || context == NULL || !seal(context, seat, bytes, size, body)) {
        free(body);
        body = NULL;
    }
    EVP_CIPHER_CTX_free(context);
    return body;
}
