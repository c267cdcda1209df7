/* Makes keys, key sets and tokens for the tests of jwks, jwt and auth, with OpenSSL alone: it
 * shares no code with what it tests. */
#ifndef DUEL_TESTS_UNIT_IO_MINT_H
#define DUEL_TESTS_UNIT_IO_MINT_H

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINT_TOKEN_MAX 8192
#define MINT_JWK_MAX 8192
#define MINT_SET_MAX (3 * MINT_JWK_MAX)

/* OpenSSL's base64, made url-safe and without padding. */
static inline void mint_base64(const void *bytes, size_t size, char *ret_text)
{
    EVP_EncodeBlock((unsigned char *)ret_text, bytes, (int)size);
    for (char *c = ret_text; *c != '\0'; c++) {
        *c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
        if (*c == '=') {
            *c = '\0';
            break;
        }
    }
}

static inline void mint_number(EVP_PKEY *key, const char *name, int size, char *ret_text)
{
    BIGNUM *number = NULL;
    unsigned char bytes[2048];
    EVP_PKEY_get_bn_param(key, name, &number);
    if (size == 0) {
        size = BN_num_bytes(number);
    }
    BN_bn2binpad(number, bytes, size);
    BN_free(number);
    mint_base64(bytes, (size_t)size, ret_text);
}

/* The JWK of a key; `more` is added to it as it stands (", \"use\":\"sig\""). */
static inline void mint_jwk(EVP_PKEY *key, const char *kid, const char *more,
                            char ret_json[MINT_JWK_MAX])
{
    char a[3000], b[3000];
    if (EVP_PKEY_is_a(key, "RSA")) {
        mint_number(key, OSSL_PKEY_PARAM_RSA_N, 0, a);
        mint_number(key, OSSL_PKEY_PARAM_RSA_E, 0, b);
        snprintf(ret_json, MINT_JWK_MAX,
                 "{\"kty\":\"RSA\",\"kid\":\"%s\",\"n\":\"%s\",\"e\":\"%s\"%s}", kid, a, b, more);
        return;
    }
    int size = (EVP_PKEY_get_bits(key) + 7) / 8;
    mint_number(key, OSSL_PKEY_PARAM_EC_PUB_X, size, a);
    mint_number(key, OSSL_PKEY_PARAM_EC_PUB_Y, size, b);
    snprintf(ret_json, MINT_JWK_MAX,
             "{\"kty\":\"EC\",\"crv\":\"P-%d\",\"kid\":\"%s\",\"x\":\"%s\",\"y\":\"%s\"%s}",
             EVP_PKEY_get_bits(key), kid, a, b, more);
}

static inline size_t mint_ecdsa(EVP_PKEY *key, const char *text, unsigned char *ret_signature)
{
    unsigned char der[256];
    const unsigned char *at = der;
    size_t size = sizeof(der);
    int half = (EVP_PKEY_get_bits(key) + 7) / 8;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_DigestSignInit(context, NULL, half == 48 ? EVP_sha384() : EVP_sha256(), NULL, key);
    EVP_DigestSign(context, der, &size, (const unsigned char *)text, strlen(text));
    EVP_MD_CTX_free(context);
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)size);
    BN_bn2binpad(ECDSA_SIG_get0_r(pair), ret_signature, half);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), ret_signature + half, half);
    ECDSA_SIG_free(pair);
    return 2 * (size_t)half;
}

static inline size_t mint_rsa(EVP_PKEY *key, const char *text, unsigned char *ret_signature)
{
    size_t size = 1024;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key);
    EVP_DigestSign(context, ret_signature, &size, (const unsigned char *)text, strlen(text));
    EVP_MD_CTX_free(context);
    return size;
}

/* header.payload, without a signature. */
static inline char *mint_unsigned(const char *header, const char *payload)
{
    char *token = malloc(MINT_TOKEN_MAX);
    mint_base64(header, strlen(header), token);
    strcat(token, ".");
    mint_base64(payload, strlen(payload), token + strlen(token));
    return token;
}

static inline char *mint_add_signature(char *token, const void *signature, size_t size)
{
    strcat(token, ".");
    mint_base64(signature, size, token + strlen(token));
    return token;
}

/* A whole token; the caller frees it. */
static inline char *mint_token(EVP_PKEY *key, const char *header, const char *payload)
{
    unsigned char signature[1024];
    char *token = mint_unsigned(header, payload);
    size_t size = EVP_PKEY_is_a(key, "RSA") ? mint_rsa(key, token, signature)
                                            : mint_ecdsa(key, token, signature);
    return mint_add_signature(token, signature, size);
}

#endif
