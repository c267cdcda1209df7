/* Key sets with jansson and OpenSSL: see the header. Keys become EVP_PKEYs here, once, because
 * decoding one costs as much as half a signature check. */
#include <duel/base/assert.h>
#include <duel/io/base64url.h>
#include <duel/io/jwks.h>

#include <jansson.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

#define P384_SIZE 48        /* bytes of a coordinate, of r and of s */
#define RSA_SIZE_MAX 1024   /* bytes of a modulus */
#define RSA_BITS_MIN 2048   /* RFC 7518 section 3.3 */
#define EXPONENT_SIZE_MAX 8 /* larger ones only cost time */

struct jwks_key {
    EVP_PKEY *pkey;
    bool is_rsa;
    uint32_t kid_size;
    char kid[JWKS_KID_SIZE_MAX];
};

struct jwks {
    atomic_uint references;
    uint32_t count;
    struct jwks_key keys[JWKS_KEYS_MAX];
};

static struct text member(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_string(value)) {
        return TEXT_NONE;
    }
    return (struct text){ json_string_value(value), (uint32_t)json_string_length(value) };
}

static bool member_is(const json_t *object, const char *name, const char *expected)
{
    return text_equal(member(object, name), text_from(expected));
}

/* A member that may be left out but must not say anything else. */
static bool member_allows(const json_t *object, const char *name, const char *expected)
{
    return json_object_get(object, name) == NULL || member_is(object, name, expected);
}

/* Builds a public key of `type`; frees `builder`. NULL: OpenSSL does not take it (a point that
 * is not on the curve, for example). */
static EVP_PKEY *build_key(const char *type, OSSL_PARAM_BLD *builder)
{
    EVP_PKEY *pkey = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
    if (context == NULL || params == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        pkey = NULL;
    }
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(context);
    return pkey;
}

static EVP_PKEY *parse_p384(const json_t *jwk)
{
    uint8_t point[1 + 2 * P384_SIZE] = { 4 }; /* SEC 1 section 2.3.3, uncompressed */
    uint32_t x_size = 0, y_size = 0;
    if (!base64url_decode(member(jwk, "x"), P384_SIZE, point + 1, &x_size) ||
        !base64url_decode(member(jwk, "y"), P384_SIZE, point + 1 + P384_SIZE, &y_size) ||
        x_size != P384_SIZE || y_size != P384_SIZE) {
        return NULL;
    }
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    if (builder == NULL ||
        OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "secp384r1", 0) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point,
                                         sizeof(point)) != 1) {
        OSSL_PARAM_BLD_free(builder);
        return NULL;
    }
    return build_key("EC", builder);
}

static EVP_PKEY *parse_rsa(const json_t *jwk)
{
    uint8_t modulus[RSA_SIZE_MAX], exponent[EXPONENT_SIZE_MAX];
    uint32_t modulus_size = 0, exponent_size = 0;
    if (!base64url_decode(member(jwk, "n"), RSA_SIZE_MAX, modulus, &modulus_size) ||
        !base64url_decode(member(jwk, "e"), EXPONENT_SIZE_MAX, exponent, &exponent_size)) {
        return NULL;
    }
    BIGNUM *n = BN_bin2bn(modulus, (int)modulus_size, NULL);
    BIGNUM *e = BN_bin2bn(exponent, (int)exponent_size, NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY *pkey = NULL;
    /* An exponent of 1 would make every signature its own plain text. */
    if (n != NULL && e != NULL && builder != NULL && BN_num_bits(n) >= RSA_BITS_MIN &&
        BN_is_odd(n) && BN_is_odd(e) && !BN_is_one(e) &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1) {
        pkey = build_key("RSA", builder);
    } else {
        OSSL_PARAM_BLD_free(builder);
    }
    BN_free(n);
    BN_free(e);
    return pkey;
}

static bool may_verify(const json_t *jwk)
{
    const json_t *operations = json_object_get(jwk, "key_ops");
    if (operations == NULL) {
        return true;
    }
    size_t i;
    const json_t *operation;
    json_array_foreach(operations, i, operation)
    {
        const char *word = json_string_value(operation);
        if (word != NULL && strcmp(word, "verify") == 0) {
            return true;
        }
    }
    return false;
}

/* Adds one key of the set, if it is of use. */
static void add_key(struct jwks *keys, const json_t *jwk)
{
    struct text kid = member(jwk, "kid");
    if (!json_is_object(jwk) || !member_allows(jwk, "use", "sig") || !may_verify(jwk) ||
        kid.size > JWKS_KID_SIZE_MAX || keys->count == JWKS_KEYS_MAX) {
        return;
    }
    for (uint32_t i = 0; i < keys->count && kid.data != NULL; i++) {
        if (text_equal(kid, (struct text){ keys->keys[i].kid, keys->keys[i].kid_size })) {
            return; /* of two with one name the first, which is the current one at Logto's */
        }
    }
    struct jwks_key *key = &keys->keys[keys->count];
    *key = (struct jwks_key){ .is_rsa = member_is(jwk, "kty", "RSA"), .kid_size = kid.size };
    if (key->is_rsa && member_allows(jwk, "alg", "RS256")) {
        key->pkey = parse_rsa(jwk);
    } else if (member_is(jwk, "kty", "EC") && member_is(jwk, "crv", "P-384") &&
               member_allows(jwk, "alg", "ES384")) {
        key->pkey = parse_p384(jwk);
    }
    if (key->pkey != NULL) {
        if (kid.size > 0) {
            memcpy(key->kid, kid.data, kid.size);
        }
        keys->count++;
    }
}

struct jwks *jwks_parse(struct text body)
{
    if (body.data == NULL || body.size > JWKS_BODY_SIZE_MAX) {
        return NULL;
    }
    json_t *root = json_loadb(body.data, body.size, JSON_REJECT_DUPLICATES, NULL);
    struct jwks *keys = calloc(1, sizeof(*keys));
    if (root == NULL || keys == NULL) {
        json_decref(root);
        free(keys);
        return NULL;
    }
    atomic_init(&keys->references, 1);
    size_t i;
    const json_t *jwk;
    json_array_foreach(json_object_get(root, "keys"), i, jwk)
    {
        add_key(keys, jwk);
    }
    json_decref(root);
    if (keys->count == 0) {
        jwks_release(keys);
        return NULL;
    }
    return keys;
}

struct jwks *jwks_hold(struct jwks *keys)
{
    if (keys != NULL) {
        atomic_fetch_add(&keys->references, 1);
    }
    return keys;
}

void jwks_release(struct jwks *keys)
{
    if (keys == NULL || atomic_fetch_sub(&keys->references, 1) != 1) {
        return;
    }
    for (uint32_t i = 0; i < keys->count; i++) {
        EVP_PKEY_free(keys->keys[i].pkey);
    }
    free(keys);
}

uint32_t jwks_count(const struct jwks *keys)
{
    return keys->count;
}

const struct jwks_key *jwks_find(const struct jwks *keys, struct text kid)
{
    if (kid.data == NULL) {
        return keys->count == 1 ? &keys->keys[0] : NULL;
    }
    for (uint32_t i = 0; i < keys->count; i++) {
        const struct jwks_key *key = &keys->keys[i];
        if (kid.size > 0 && text_equal(kid, (struct text){ key->kid, key->kid_size })) {
            return key;
        }
    }
    return NULL;
}

const char *jwks_key_algorithm(const struct jwks_key *key)
{
    return key->is_rsa ? "RS256" : "ES384";
}

/* r and s side by side (RFC 7518 section 3.4) as the DER that OpenSSL wants. 0: impossible. */
static uint32_t to_der(const uint8_t *signature, uint8_t **ret_der)
{
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature, P384_SIZE, NULL);
    BIGNUM *s = BN_bin2bn(signature + P384_SIZE, P384_SIZE, NULL);
    int size = 0;
    if (pair != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(pair, r, s) == 1) {
        size = i2d_ECDSA_SIG(pair, ret_der);
    } else {
        BN_free(r);
        BN_free(s);
    }
    ECDSA_SIG_free(pair);
    return size > 0 ? (uint32_t)size : 0;
}

bool jwks_key_verify(const struct jwks_key *key, struct text text, const uint8_t *signature,
                     uint32_t signature_size)
{
    uint8_t *der = NULL;
    if (!key->is_rsa) {
        if (signature_size != 2 * P384_SIZE) {
            return false;
        }
        signature_size = to_der(signature, &der);
        signature = der;
        if (signature_size == 0) {
            return false;
        }
    }
    /* RSA: the padding is PKCS #1 v1.5 unless asked for otherwise, and a wrong length is
     * refused. */
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = context != NULL &&
              EVP_DigestVerifyInit_ex(context, NULL, key->is_rsa ? "SHA256" : "SHA384", NULL, NULL,
                                      key->pkey, NULL) == 1 &&
              EVP_DigestVerify(context, signature, signature_size, (const uint8_t *)text.data,
                               text.size) == 1;
    EVP_MD_CTX_free(context);
    OPENSSL_free(der);
    return ok;
}
