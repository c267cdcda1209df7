/* Tokens that the load generator mints, taken apart and verified with OpenSSL. */
#include <duel/io/base64url.h>
#include <loadtest/load/token.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <test.h>
#include <unistd.h>

static char path[64];

static void write_key(EVP_PKEY *key)
{
    CHECK(key != NULL);
    strcpy(path, "/tmp/duel-key-XXXXXX");
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");
    CHECK(file != NULL);
    CHECK(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1);
    fclose(file);
}

static struct token_mint *open_mint(void)
{
    const struct token_settings settings = { .key_path = path,
                                             .kid = "k1",
                                             .issuer = "http://127.0.0.1/oidc",
                                             .audience = "https://api.test",
                                             .lifetime_s = 60,
                                             .sub_prefix = "load" };
    struct token_mint *mint = token_mint_create(&settings);
    unlink(path);
    return mint;
}

/* The three parts of a token, decoded. */
struct parts {
    char header[512];
    char claims[1024];
    uint8_t signature[512];
    uint32_t signature_size;
    uint32_t signed_size; /* of header and claims as they travel */
};

static void read_parts(const char *token, struct parts *parts)
{
    const char *first = strchr(token, '.'), *second = strchr(first + 1, '.');
    CHECK(second != NULL && strchr(second + 1, '.') == NULL);
    uint32_t size;
    CHECK(base64url_decode((struct text){ token, (uint32_t)(first - token) },
                           sizeof(parts->header) - 1, (uint8_t *)parts->header, &size));
    parts->header[size] = '\0';
    CHECK(base64url_decode((struct text){ first + 1, (uint32_t)(second - first - 1) },
                           sizeof(parts->claims) - 1, (uint8_t *)parts->claims, &size));
    parts->claims[size] = '\0';
    CHECK(base64url_decode(text_from(second + 1), sizeof(parts->signature), parts->signature,
                           &parts->signature_size));
    parts->signed_size = (uint32_t)(second - token);
}

TEST(a_token_has_the_claims_of_an_access_token)
{
    EVP_PKEY *key = EVP_EC_gen("P-384");
    write_key(key);
    EVP_PKEY_free(key);
    struct token_mint *mint = open_mint();
    CHECK(mint != NULL);
    CHECK_INT(token_count(mint), UINT32_MAX);
    char *token = token_make(mint, 7);
    struct parts parts;
    read_parts(token, &parts);
    CHECK(strcmp(parts.header, "{\"alg\":\"ES384\",\"typ\":\"at+jwt\",\"kid\":\"k1\"}") == 0);
    CHECK(strstr(parts.claims, "\"sub\":\"load000007\"") != NULL);
    CHECK(strstr(parts.claims, "\"iss\":\"http://127.0.0.1/oidc\"") != NULL);
    CHECK(strstr(parts.claims, "\"aud\":\"https://api.test\"") != NULL);
    CHECK_INT(parts.signature_size, 96);
    free(token);
    token_mint_destroy(mint);
}

TEST(rsa_signs_what_its_public_key_verifies)
{
    EVP_PKEY *key = EVP_RSA_gen(2048);
    write_key(key);
    struct token_mint *mint = open_mint();
    char *token = token_make(mint, 123456);
    struct parts parts;
    read_parts(token, &parts);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    CHECK(EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1);
    CHECK(EVP_DigestVerify(context, parts.signature, parts.signature_size,
                           (const uint8_t *)token, parts.signed_size) == 1);
    parts.signature[0] ^= 1;
    CHECK(EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1);
    CHECK(EVP_DigestVerify(context, parts.signature, parts.signature_size,
                           (const uint8_t *)token, parts.signed_size) != 1);
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    free(token);
    token_mint_destroy(mint);
}

TEST(a_file_of_tokens)
{
    strcpy(path, "/tmp/duel-tokens-XXXXXX");
    FILE *file = fdopen(mkstemp(path), "w");
    fputs("one\n\ntwo\n", file);
    fclose(file);
    const struct token_settings settings = { .tokens_path = path };
    struct token_mint *mint = token_mint_create(&settings);
    unlink(path);
    CHECK(mint != NULL);
    CHECK_INT(token_count(mint), 2);
    char *token = token_make(mint, 1);
    CHECK(strcmp(token, "two") == 0);
    free(token);
    CHECK(token_make(mint, 2) == NULL);
    token_mint_destroy(mint);
    CHECK(token_mint_create(&settings) == NULL); /* it is not there any more */
}

TEST_MAIN
