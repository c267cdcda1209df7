/* Access tokens of a load test; see the header. */
#include <loadtest/load/token.h>

#include <duel/base/assert.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SIGNATURE_SIZE_MAX 1024
#define HALF_SIZE_MAX 48 /* of an ECDSA signature: P-384 */

struct token_mint {
    struct token_settings settings;
    EVP_PKEY *key;
    const EVP_MD *digest;
    const char *algorithm;
    uint32_t half_size; /* 0: RSA */
    char *given;        /* the file of tokens, its line feeds made ends */
    char **tokens;
    uint32_t tokens_count;
};

static bool fail(const char *path, const char *what)
{
    fprintf(stderr, "duel-load: %s: %s\n", path, what);
    return false;
}

static bool read_key(struct token_mint *mint, const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return fail(path, "cannot be read");
    }
    mint->key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    fclose(file);
    if (mint->key == NULL) {
        return fail(path, "not a private key in PEM");
    }
    int bits = EVP_PKEY_get_bits(mint->key);
    if (EVP_PKEY_is_a(mint->key, "RSA")) {
        mint->algorithm = "RS256";
        mint->digest = EVP_sha256();
    } else if (EVP_PKEY_is_a(mint->key, "EC") && (bits == 384 || bits == 256)) {
        mint->algorithm = bits == 384 ? "ES384" : "ES256";
        mint->digest = bits == 384 ? EVP_sha384() : EVP_sha256();
        mint->half_size = (uint32_t)bits / 8;
    } else {
        return fail(path, "neither RSA nor EC on P-256 or P-384");
    }
    return true;
}

static bool read_tokens(struct token_mint *mint, const char *path)
{
    FILE *file = fopen(path, "re");
    size_t size = 0;
    if (file == NULL || getdelim(&mint->given, &size, '\0', file) < 0) {
        if (file != NULL) {
            fclose(file);
        }
        return fail(path, "cannot be read");
    }
    fclose(file);
    char *rest = mint->given;
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
        if (*line == '\0') {
            continue;
        }
        if (strlen(line) > TOKEN_SIZE_MAX) {
            return fail(path, "a token of more than 3,500 bytes");
        }
        mint->tokens = realloc(mint->tokens, (mint->tokens_count + 1) * sizeof(*mint->tokens));
        ASSERT(mint->tokens != NULL);
        mint->tokens[mint->tokens_count++] = line;
    }
    return mint->tokens_count > 0 || fail(path, "holds no token");
}

struct token_mint *token_mint_create(const struct token_settings *settings)
{
    struct token_mint *mint = calloc(1, sizeof(*mint));
    ASSERT(mint != NULL);
    mint->settings = *settings;
    bool fine = settings->tokens_path != NULL ? read_tokens(mint, settings->tokens_path)
                                              : read_key(mint, settings->key_path);
    if (!fine) {
        token_mint_destroy(mint);
        return NULL;
    }
    return mint;
}

void token_mint_destroy(struct token_mint *mint)
{
    if (mint != NULL) {
        EVP_PKEY_free(mint->key);
        free(mint->tokens);
        free(mint->given);
        free(mint);
    }
}

uint32_t token_count(const struct token_mint *mint)
{
    return mint->key != NULL ? UINT32_MAX : mint->tokens_count;
}

/* base64url without padding (RFC 4648 section 5), behind `text`. */
static char *append_base64url(char *text, const void *data, size_t size)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const uint8_t *bytes = data;
    uint32_t bits = 0, count = 0;
    for (size_t i = 0; i < size; i++) {
        bits = bits << 8 | bytes[i];
        for (count += 8; count >= 6; count -= 6) {
            *text++ = letters[bits >> (count - 6) & 63];
        }
    }
    if (count > 0) {
        *text++ = letters[bits << (6 - count) & 63];
    }
    *text = '\0';
    return text;
}

/* DER as OpenSSL makes it, to r ‖ s (RFC 7518 section 3.4). */
static size_t flatten(const struct token_mint *mint, uint8_t *signature, size_t size)
{
    const uint8_t *der = signature;
    ECDSA_SIG *both = d2i_ECDSA_SIG(NULL, &der, (long)size);
    ASSERT(both != NULL);
    uint8_t flat[2 * HALF_SIZE_MAX];
    int half = (int)mint->half_size;
    BN_bn2binpad(ECDSA_SIG_get0_r(both), flat, half);
    BN_bn2binpad(ECDSA_SIG_get0_s(both), flat + half, half);
    ECDSA_SIG_free(both);
    memcpy(signature, flat, 2 * (size_t)half);
    return 2 * (size_t)half;
}

char *token_make(struct token_mint *mint, uint32_t player)
{
    if (mint->key == NULL) {
        return player < mint->tokens_count ? strdup(mint->tokens[player]) : NULL;
    }
    const struct token_settings *settings = &mint->settings;
    char header[256], claims[1024];
    char *token = malloc(TOKEN_SIZE_MAX);
    ASSERT(token != NULL);
    long long now = (long long)time(NULL);
    int header_size = snprintf(header, sizeof(header),
                               "{\"alg\":\"%s\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}",
                               mint->algorithm, settings->kid);
    int claims_size =
        snprintf(claims, sizeof(claims),
                 "{\"jti\":\"%08x%08llx\",\"sub\":\"%s%06u\",\"iat\":%lld,\"exp\":%lld,"
                 "\"client_id\":\"duelload0000\",\"iss\":\"%s\",\"aud\":\"%s\"}",
                 player, now, settings->sub_prefix, player, now, now + settings->lifetime_s,
                 settings->issuer, settings->audience);
    ASSERT(header_size < (int)sizeof(header) && claims_size < (int)sizeof(claims));
    char *end = append_base64url(token, header, (size_t)header_size);
    *end++ = '.';
    end = append_base64url(end, claims, (size_t)claims_size);
    uint8_t signature[SIGNATURE_SIZE_MAX];
    size_t size = sizeof(signature);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int fine = context != NULL &&
               EVP_DigestSignInit(context, NULL, mint->digest, NULL, mint->key) == 1 &&
               EVP_DigestSign(context, signature, &size, (const uint8_t *)token,
                              (size_t)(end - token)) == 1;
    ASSERT(fine);
    EVP_MD_CTX_free(context);
    if (mint->half_size > 0) {
        size = flatten(mint, signature, size);
    }
    *end++ = '.';
    append_base64url(end, signature, size);
    return token;
}
