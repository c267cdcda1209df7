/* Key sets: which keys are of use, and when a set is fetched. */
#include "unit/io/mint.h"
#include <duel/io/base64url.h>
#include <duel/io/jwks.h>
#include <test.h>

__attribute__((format(printf, 1, 2))) static struct jwks *parse(const char *format, ...)
{
    static char set[70000];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(set, sizeof(set), format, arguments);
    va_end(arguments);
    return jwks_parse(text_from(set));
}

/* How many keys of a set of one are of use. */
static int usable(const char *jwk)
{
    struct jwks *keys = parse("{\"keys\":[%s]}", jwk);
    int count = keys == NULL ? 0 : (int)jwks_count(keys);
    jwks_release(keys);
    return count;
}

static const char *jwk_of(EVP_PKEY *key, const char *more)
{
    static char jwk[MINT_JWK_MAX];
    mint_jwk(key, "k", more, jwk);
    EVP_PKEY_free(key);
    return jwk;
}

TEST(keys_of_use)
{
    CHECK_INT(usable(jwk_of(EVP_EC_gen("P-384"), "")), 1);
    CHECK_INT(usable(jwk_of(EVP_EC_gen("P-384"), ",\"use\":\"sig\",\"alg\":\"ES384\"")), 1);
    CHECK_INT(usable(jwk_of(EVP_EC_gen("P-384"), ",\"x5t\":\"abc\",\"anything\":{\"a\":[1]}")), 1);
    CHECK_INT(usable(jwk_of(EVP_EC_gen("P-384"), ",\"key_ops\":[\"verify\"]")), 1);
    CHECK_INT(usable(jwk_of(EVP_RSA_gen(2048), "")), 1);
    CHECK_INT(usable(jwk_of(EVP_RSA_gen(2048), ",\"alg\":\"RS256\"")), 1);
}

TEST(keys_of_no_use)
{
    CHECK_INT(usable(jwk_of(EVP_EC_gen("P-384"), ",\"use\":\"enc\"")), 0);
    CHECK_INT(usable(jwk_of(EVP_EC_gen("P-384"), ",\"use\":1")), 0);
    CHECK_INT(usable(jwk_of(EVP_EC_gen("P-384"), ",\"alg\":\"ES256\"")), 0);
    CHECK_INT(usable(jwk_of(EVP_EC_gen("P-384"), ",\"key_ops\":[\"deriveKey\"]")), 0);
    CHECK_INT(usable(jwk_of(EVP_EC_gen("P-256"), "")), 0);
    CHECK_INT(usable(jwk_of(EVP_EC_gen("P-521"), "")), 0);
    CHECK_INT(usable(jwk_of(EVP_RSA_gen(1024), "")), 0);
    CHECK_INT(usable(jwk_of(EVP_RSA_gen(2040), "")), 0);
    CHECK_INT(usable(jwk_of(EVP_RSA_gen(2048), ",\"alg\":\"PS256\"")), 0);
    CHECK_INT(usable("{\"kty\":\"oct\",\"kid\":\"k\",\"k\":\"c2VjcmV0\"}"), 0);
    CHECK_INT(usable("{\"kty\":\"EC\",\"crv\":\"P-384\",\"kid\":\"k\"}"), 0);
    CHECK_INT(usable("{}"), 0);
    CHECK_INT(usable("7"), 0);
    CHECK_INT(usable("null"), 0);
}

TEST(a_point_off_the_curve_is_no_key)
{
    char jwk[MINT_JWK_MAX];
    EVP_PKEY *key = EVP_EC_gen("P-384");
    mint_jwk(key, "k", "", jwk);
    EVP_PKEY_free(key);
    char *x = strstr(jwk, "\"x\":\"") + 10;
    *x = *x == 'A' ? 'B' : 'A';
    CHECK_INT(usable(jwk), 0);
}

TEST(an_exponent_of_one_is_no_key)
{
    char jwk[MINT_JWK_MAX];
    EVP_PKEY *key = EVP_RSA_gen(2048);
    mint_jwk(key, "k", "", jwk);
    EVP_PKEY_free(key);
    CHECK_INT(usable(jwk), 1);
    memcpy(strstr(jwk, "\"AQAB\""), "\"AAAB\"", 6);
    CHECK_INT(usable(jwk), 0);
}

TEST(a_set_is_a_set)
{
    CHECK(jwks_parse(TEXT("")) == NULL);
    CHECK(jwks_parse(TEXT("<html>not here</html>")) == NULL);
    CHECK(jwks_parse(TEXT("{}")) == NULL);
    CHECK(jwks_parse(TEXT("{\"keys\":[]}")) == NULL);
    CHECK(jwks_parse(TEXT("{\"keys\":{}}")) == NULL);
    CHECK(jwks_parse(TEXT("[]")) == NULL);
    char jwk[MINT_JWK_MAX];
    EVP_PKEY *key = EVP_EC_gen("P-384");
    mint_jwk(key, "k", "", jwk);
    EVP_PKEY_free(key);
    struct jwks *keys = parse("{\"keys\":[%s]} x", jwk);
    CHECK(keys == NULL);
    keys = parse("{\"keys\":[%s],\"keys\":[]}", jwk);
    CHECK(keys == NULL);
    /* One bad key does not spoil the others. */
    keys = parse("{\"v\":1,\"keys\":[{\"kty\":\"OKP\"},%s,{}]}", jwk);
    CHECK(keys != NULL);
    CHECK(jwks_find(keys, TEXT("k")) != NULL);
    CHECK(jwks_find(keys, TEXT_NONE) != NULL);
    CHECK(jwks_find(keys, TEXT("K")) == NULL);
    jwks_release(keys);
    /* Of two with one name the first. */
    keys = parse("{\"keys\":[%s,%s]}", jwk, jwk);
    CHECK(keys != NULL);
    CHECK_INT(jwks_count(keys), 1);
    jwks_release(keys);
}

TEST(sets_are_bounded)
{
    static char set[70000];
    char jwk[MINT_JWK_MAX], kid[16];
    strcpy(set, "{\"keys\":[");
    for (int i = 0; i < 20; i++) {
        EVP_PKEY *key = EVP_EC_gen("P-384");
        sprintf(kid, "k%d", i);
        mint_jwk(key, kid, "", jwk);
        EVP_PKEY_free(key);
        strcat(strcat(set, i > 0 ? "," : ""), jwk);
    }
    strcat(set, "]}");
    struct jwks *keys = jwks_parse(text_from(set));
    CHECK(keys != NULL);
    CHECK_INT(jwks_count(keys), JWKS_KEYS_MAX);
    CHECK(jwks_find(keys, TEXT("k15")) != NULL);
    CHECK(jwks_find(keys, TEXT("k16")) == NULL);
    jwks_release(keys);
    size_t size = strlen(set);
    memset(set + size, ' ', JWKS_BODY_SIZE_MAX + 1 - size);
    set[JWKS_BODY_SIZE_MAX + 1] = '\0';
    CHECK(jwks_parse(text_from(set)) == NULL);
    set[JWKS_BODY_SIZE_MAX] = '\0';
    keys = jwks_parse(text_from(set));
    CHECK(keys != NULL);
    jwks_release(jwks_hold(keys));
    CHECK_INT(jwks_count(keys), JWKS_KEYS_MAX);
    jwks_release(keys);
}

TEST(fetches_are_ten_minutes_apart)
{
    struct jwks_schedule schedule;
    jwks_schedule_init(&schedule, 1000);
    CHECK(jwks_schedule_begin(&schedule, 1000));
    CHECK(!jwks_schedule_begin(&schedule, 1000));
    jwks_schedule_end(&schedule, 2000, true);
    CHECK(!jwks_schedule_begin(&schedule, 2000 + JWKS_REFRESH_US - 1));
    CHECK(jwks_schedule_begin(&schedule, 2000 + JWKS_REFRESH_US));
    CHECK_INT(JWKS_REFRESH_US, 600000000);
}

TEST(failures_back_off_and_success_ends_that)
{
    struct jwks_schedule schedule;
    jwks_schedule_init(&schedule, 0);
    uint64_t now_us = 0, wait_us = JWKS_RETRY_MIN_US;
    for (int i = 0; i < 10; i++) {
        CHECK(jwks_schedule_begin(&schedule, now_us));
        jwks_schedule_end(&schedule, now_us, false);
        CHECK(!jwks_schedule_begin(&schedule, now_us + wait_us - 1));
        now_us += wait_us;
        wait_us = wait_us * 2 > JWKS_RETRY_MAX_US ? JWKS_RETRY_MAX_US : wait_us * 2;
    }
    CHECK_INT(wait_us, JWKS_RETRY_MAX_US);
    CHECK(jwks_schedule_begin(&schedule, now_us));
    jwks_schedule_end(&schedule, now_us, true);
    now_us += JWKS_REFRESH_US;
    CHECK(jwks_schedule_begin(&schedule, now_us));
    jwks_schedule_end(&schedule, now_us, false);
    CHECK(jwks_schedule_begin(&schedule, now_us + JWKS_RETRY_MIN_US));
}

TEST(unknown_kids_fetch_once_in_30_s)
{
    struct jwks_schedule schedule;
    jwks_schedule_init(&schedule, 0);
    CHECK(jwks_schedule_begin(&schedule, 0));
    CHECK(!jwks_schedule_begin_unknown(&schedule, 5)); /* one at a time */
    jwks_schedule_end(&schedule, 10, true);
    CHECK(jwks_schedule_begin_unknown(&schedule, 20));
    jwks_schedule_end(&schedule, 30, true);
    CHECK(!jwks_schedule_begin_unknown(&schedule, 40));
    CHECK(!jwks_schedule_begin_unknown(&schedule, 20 + 29999999));
    CHECK(jwks_schedule_begin_unknown(&schedule, 20 + 30000000));
    /* One that failed counts too. */
    jwks_schedule_end(&schedule, 30000050, false);
    CHECK(!jwks_schedule_begin_unknown(&schedule, 30000060));
}

TEST(base64url_both_ways)
{
    static const char *const texts[] = { "", "Zg", "Zm8", "Zm9v", "Zm9vYg", "Zm9vYmE", "Zm9vYmFy" };
    for (uint32_t size = 0; size < 7; size++) {
        char text[10];
        uint8_t bytes[6];
        uint32_t decoded = 99;
        base64url_encode((const uint8_t *)"foobar", size, text);
        CHECK_TEXT(text_from(text), texts[size]); /* RFC 4648 section 10 */
        CHECK_INT(strlen(text), BASE64URL_SIZE(size));
        CHECK(base64url_decode(text_from(text), 6, bytes, &decoded));
        CHECK_INT(decoded, size);
        CHECK(memcmp(bytes, "foobar", size) == 0);
        CHECK(size == 0 || !base64url_decode(text_from(text), size - 1, bytes, &decoded));
    }
    uint8_t bytes[8];
    uint32_t size = 77;
    static const char *const bad[] = { "Z", "Zm9vY", "Zh", "Zm9=", "Zg==", "Z+==", "Zm+v", "Zm/v",
                                       " Zm9v", "Zm9v\n", "Zm9", "\xc3\xa9zz" };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK(!base64url_decode(text_from(bad[i]), 8, bytes, &size));
        CHECK_INT(size, 77);
    }
}

TEST_MAIN
