/* Access tokens: what is accepted, and every reason to refuse one (contract section 2). */
#include "unit/io/mint.h"
#include <duel/io/jwt.h>
#include <test.h>

#define ISSUER "https://auth.framedle.wtf/oidc"
#define AUDIENCE "https://api.framedle.wtf"
#define NOW_S 1795352666LL
#define HEADER "{\"alg\":\"ES384\",\"typ\":\"at+jwt\",\"kid\":\"ec\"}"
#define GOOD                                                                           \
    "\"iss\":\"" ISSUER "\",\"aud\":\"" AUDIENCE "\",\"client_id\":\"app\""
#define TIMES "\"iat\":1795352600,\"exp\":1795356200"

static EVP_PKEY *ec_key;
static EVP_PKEY *rsa_key;
static struct jwks *keys;
static struct jwt_rules rules = { ISSUER, AUDIENCE, "" };
static struct jwt_answer last;

static void make_keys(void)
{
    if (keys != NULL) {
        return;
    }
    ec_key = EVP_EC_gen("P-384");
    rsa_key = EVP_RSA_gen(2048);
    char ec[MINT_JWK_MAX], rsa[MINT_JWK_MAX], set[MINT_SET_MAX];
    mint_jwk(ec_key, "ec", ",\"use\":\"sig\",\"alg\":\"ES384\"", ec);
    mint_jwk(rsa_key, "rsa", ",\"use\":\"sig\"", rsa);
    snprintf(set, sizeof(set), "{\"keys\":[%s,%s]}", ec, rsa);
    keys = jwks_parse(text_from(set));
    CHECK(keys != NULL);
    CHECK_INT(jwks_count(keys), 2);
}

static enum auth_code check_text(const char *token)
{
    make_keys();
    jwt_check(text_from(token), keys, &rules, NOW_S * 1000000, &last);
    return last.code;
}

/* Checks a token made by mint_*, and frees it. */
static enum auth_code check(char *token)
{
    enum auth_code code = check_text(token);
    free(token);
    return code;
}

static enum auth_code check_claims(const char *claims)
{
    make_keys();
    return check(mint_token(ec_key, HEADER, claims));
}

static enum auth_code check_header(const char *header)
{
    make_keys();
    return check(mint_token(ec_key, header, "{" GOOD "," TIMES ",\"sub\":\"user\"}"));
}

TEST(a_token_as_logto_makes_it_is_good)
{
    CHECK_INT(check_claims("{\"jti\":\"lmR8EV\",\"sub\":\"k3v9q1z7m2pd\"," TIMES
                           ",\"scope\":\"duel:play\"," GOOD "}"),
              AUTH_OK);
    CHECK_TEXT(((struct text){ last.sub, last.sub_size }), "k3v9q1z7m2pd");
}

TEST(rs256_is_good_with_an_rsa_key)
{
    make_keys();
    CHECK_INT(check(mint_token(rsa_key, "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"rsa\"}",
                               "{" GOOD "," TIMES ",\"sub\":\"user\"}")),
              AUTH_OK);
}

TEST(types_are_compared_as_media_types)
{
    CHECK_INT(check_header("{\"alg\":\"ES384\",\"typ\":\"AT+JWT\",\"kid\":\"ec\"}"), AUTH_OK);
    CHECK_INT(check_header("{\"alg\":\"ES384\",\"typ\":\"application/at+jwt\",\"kid\":\"ec\"}"),
              AUTH_OK);
    CHECK_INT(check_header("{\"alg\":\"ES384\",\"typ\":\"Application/At+Jwt\",\"kid\":\"ec\"}"),
              AUTH_OK);
    CHECK_INT(check_header("{\"alg\":\"ES384\",\"typ\":\"JWT\",\"kid\":\"ec\"}"), AUTH_BAD_TYPE);
    CHECK_INT(check_header("{\"alg\":\"ES384\",\"typ\":\"at+jwt2\",\"kid\":\"ec\"}"),
              AUTH_BAD_TYPE);
    CHECK_INT(check_header("{\"alg\":\"ES384\",\"typ\":\"\",\"kid\":\"ec\"}"), AUTH_BAD_TYPE);
    CHECK_INT(check_header("{\"alg\":\"ES384\",\"kid\":\"ec\"}"), AUTH_BAD_TYPE);
    CHECK_INT(check_header("{\"alg\":\"ES384\",\"typ\":1,\"kid\":\"ec\"}"), AUTH_MALFORMED);
}

TEST(opaque_is_whatever_has_not_two_dots)
{
    CHECK_INT(check_text("lmR8EV_MjKl-8xPkVcFsRlmR8EV_MjKl-8xPkVcFsRab"), AUTH_OPAQUE);
    CHECK_INT(check_text("a.b"), AUTH_OPAQUE);
    CHECK_INT(check_text("a.b.c.d"), AUTH_OPAQUE);
    CHECK_INT(check_text("a.b.c.d.e"), AUTH_OPAQUE);
    CHECK_INT(check_text(""), AUTH_MISSING);
}

TEST(malformed_tokens)
{
    CHECK_INT(check_text(".."), AUTH_MALFORMED);
    CHECK_INT(check_text("a.b.c"), AUTH_MALFORMED);
    CHECK_INT(check_text("e30.e30."), AUTH_BAD_TYPE); /* {} and {} */
    CHECK_INT(check_text("W10.e30."), AUTH_MALFORMED); /* an array */
    CHECK_INT(check_text("e30=.e30."), AUTH_MALFORMED);
    CHECK_INT(check_text("e3 0.e30."), AUTH_MALFORMED);
    CHECK_INT(check_text("e30.e+0."), AUTH_MALFORMED);
    CHECK_INT(check_text("e31.e30."), AUTH_MALFORMED); /* unused bits that are set */
    CHECK_INT(check_header("{\"alg\":\"ES384\",\"typ\":\"at+jwt\",\"kid\":\"ec\"} x"),
              AUTH_MALFORMED);
    CHECK_INT(check_header("{\"alg\":\"ES384\",\"typ\":\"at+jwt\",\"kid\":7}"), AUTH_MALFORMED);
    CHECK_INT(check_header("{\"typ\":\"at+jwt\",\"kid\":\"ec\"}"), AUTH_BAD_ALGORITHM);
    CHECK_INT(check_header("{\"alg\":\"none\",\"alg\":\"ES384\",\"typ\":\"at+jwt\","
                           "\"kid\":\"ec\"}"),
              AUTH_MALFORMED);
    CHECK_INT(check_claims("[]"), AUTH_MALFORMED);
    CHECK_INT(check_claims("{" GOOD "," TIMES ",\"sub\":\"user\""), AUTH_MALFORMED);
    CHECK_INT(check_claims("{" GOOD "," TIMES ",\"sub\":\"user\",\"sub\":\"admin\"}"),
              AUTH_MALFORMED);
    CHECK_INT(check_claims("{" GOOD "," TIMES ",\"sub\":\"us\\u0000er\"}"), AUTH_MALFORMED);
    CHECK_INT(check_claims("{" GOOD "," TIMES ",\"sub\":\"us\xff\"}"), AUTH_MALFORMED);
}

TEST(deep_nesting_is_refused)
{
    char header[2200];
    memset(header, '[', sizeof(header) - 1);
    header[sizeof(header) - 1] = '\0';
    CHECK_INT(check_header(header), AUTH_MALFORMED);
}

TEST(a_token_of_3500_bytes_is_good_and_one_more_is_too_long)
{
    char claims[3000];
    for (int pad = 2300; pad < 2500; pad++) {
        sprintf(claims, "{" GOOD "," TIMES ",\"sub\":\"user\",\"pad\":\"%0*d\"}", pad - 100, 0);
        make_keys();
        char *token = mint_token(ec_key, HEADER, claims);
        size_t size = strlen(token);
        CHECK_INT(check(token), size <= 3500 ? AUTH_OK : AUTH_TOO_LONG);
    }
    char junk[4001];
    memset(junk, 'a', sizeof(junk) - 1);
    junk[sizeof(junk) - 1] = '\0';
    CHECK_INT(check_text(junk), AUTH_TOO_LONG);
}

TEST(the_algorithm_follows_from_the_key)
{
    CHECK_INT(check_header("{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"ec\"}"),
              AUTH_BAD_ALGORITHM);
    CHECK_INT(check_header("{\"alg\":\"ES384\",\"typ\":\"at+jwt\",\"kid\":\"rsa\"}"),
              AUTH_BAD_ALGORITHM);
    static const char *const others[] = { "none", "None", "NONE", "", "HS256", "HS384", "HS512",
                                          "ES256", "ES512", "PS256", "RS384", "EdDSA", "es384" };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        char header[100];
        sprintf(header, "{\"alg\":\"%s\",\"typ\":\"at+jwt\",\"kid\":\"ec\"}", others[i]);
        CHECK_INT(check_header(header), AUTH_BAD_ALGORITHM);
    }
    /* An algorithm we never accept is refused whatever the kid: it must not make us fetch. */
    CHECK_INT(check_header("{\"alg\":\"none\",\"typ\":\"at+jwt\",\"kid\":\"x\"}"),
              AUTH_BAD_ALGORITHM);
}

TEST(none_without_a_signature)
{
    char *token = mint_unsigned("{\"alg\":\"none\",\"typ\":\"at+jwt\",\"kid\":\"ec\"}",
                                "{" GOOD "," TIMES ",\"sub\":\"user\"}");
    CHECK_INT(check(strcat(token, ".")), AUTH_BAD_ALGORITHM);
    token = mint_unsigned(HEADER, "{" GOOD "," TIMES ",\"sub\":\"user\"}");
    CHECK_INT(check(strcat(token, ".")), AUTH_BAD_SIGNATURE);
}

TEST(hs256_with_the_public_key_as_its_secret)
{
    make_keys();
    BIO *memory = BIO_new(BIO_s_mem());
    PEM_write_bio_PUBKEY(memory, ec_key);
    char *pem = NULL;
    long pem_size = BIO_get_mem_data(memory, &pem);
    char *token = mint_unsigned("{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"ec\"}",
                                "{" GOOD "," TIMES ",\"sub\":\"user\"}");
    unsigned char mac[32];
    HMAC(EVP_sha256(), pem, (int)pem_size, (unsigned char *)token, strlen(token), mac, NULL);
    BIO_free(memory);
    CHECK_INT(check(mint_add_signature(token, mac, 32)), AUTH_BAD_ALGORITHM);
    /* The same signature under the key's own algorithm. */
    token = mint_unsigned(HEADER, "{" GOOD "," TIMES ",\"sub\":\"user\"}");
    CHECK_INT(check(mint_add_signature(token, mac, 32)), AUTH_BAD_SIGNATURE);
}

TEST(no_critical_extension_is_known)
{
    CHECK_INT(check_header("{\"alg\":\"ES384\",\"typ\":\"at+jwt\",\"kid\":\"ec\","
                           "\"crit\":[\"b64\"],\"b64\":true}"),
              AUTH_MALFORMED);
    CHECK_INT(check_header("{\"alg\":\"ES384\",\"typ\":\"at+jwt\",\"kid\":\"ec\",\"crit\":[]}"),
              AUTH_MALFORMED);
}

TEST(keys_are_found_by_kid)
{
    CHECK_INT(check_header("{\"alg\":\"ES384\",\"typ\":\"at+jwt\",\"kid\":\"other\"}"),
              AUTH_UNKNOWN_KEY);
    CHECK(last.newer_keys_may_help);
    CHECK_INT(check_header("{\"alg\":\"ES384\",\"typ\":\"at+jwt\",\"kid\":\"\"}"),
              AUTH_UNKNOWN_KEY);
    /* Two keys and no kid: which one is not for us to guess, and a fetch would not help. */
    CHECK_INT(check_header("{\"alg\":\"ES384\",\"typ\":\"at+jwt\"}"), AUTH_UNKNOWN_KEY);
    CHECK(!last.newer_keys_may_help);

    char jwk[MINT_JWK_MAX], set[MINT_SET_MAX];
    mint_jwk(ec_key, "only", "", jwk);
    snprintf(set, sizeof(set), "{\"keys\":[%s]}", jwk);
    struct jwks *two = keys;
    keys = jwks_parse(text_from(set));
    enum auth_code code = check_header("{\"alg\":\"ES384\",\"typ\":\"at+jwt\"}");
    jwks_release(keys);
    keys = NULL;
    jwt_check(TEXT("eyJhbGciOiJFUzM4NCIsInR5cCI6ImF0K2p3dCJ9.e30."), NULL, &rules, 0, &last);
    keys = two;
    CHECK_INT(code, AUTH_OK);
    CHECK_INT(last.code, AUTH_UNKNOWN_KEY);
    CHECK(last.newer_keys_may_help);
}

TEST(every_bit_of_token_and_signature_counts)
{
    make_keys();
    char *token = mint_token(ec_key, HEADER, "{" GOOD "," TIMES ",\"sub\":\"user\"}");
    CHECK_INT(check_text(token), AUTH_OK);
    size_t size = strlen(token);
    for (size_t i = 0; i < size; i += 3) {
        char kept = token[i];
        token[i] = kept == 'A' ? 'B' : kept == 'B' ? 'A' : kept == '.' ? '_' : 'A';
        CHECK(check_text(token) != AUTH_OK);
        token[i] = kept;
    }
    for (uint32_t size_cut = 1; size_cut < 9; size_cut++) {
        jwt_check((struct text){ token, (uint32_t)size - size_cut }, keys, &rules,
                  NOW_S * 1000000, &last);
        CHECK(last.code == AUTH_BAD_SIGNATURE || last.code == AUTH_MALFORMED);
    }
    CHECK_INT(check(strcat(token, "AAAA")), AUTH_BAD_SIGNATURE);
}

TEST(a_der_signature_is_not_a_jws_signature)
{
    make_keys();
    unsigned char der[256];
    size_t size = sizeof(der);
    char *token = mint_unsigned(HEADER, "{" GOOD "," TIMES ",\"sub\":\"user\"}");
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_DigestSignInit(context, NULL, EVP_sha384(), NULL, ec_key);
    EVP_DigestSign(context, der, &size, (const unsigned char *)token, strlen(token));
    EVP_MD_CTX_free(context);
    CHECK_INT(check(mint_add_signature(token, der, size)), AUTH_BAD_SIGNATURE);
    unsigned char zeros[96] = { 0 };
    token = mint_unsigned(HEADER, "{" GOOD "," TIMES ",\"sub\":\"user\"}");
    CHECK_INT(check(mint_add_signature(token, zeros, 96)), AUTH_BAD_SIGNATURE);
}

TEST(another_key_under_our_kid)
{
    EVP_PKEY *other = EVP_EC_gen("P-384");
    char *token = mint_token(other, HEADER, "{" GOOD "," TIMES ",\"sub\":\"user\"}");
    EVP_PKEY_free(other);
    CHECK_INT(check(token), AUTH_BAD_SIGNATURE);
}

TEST(issuer_is_exact)
{
    CHECK_INT(check_claims("{\"iss\":\"" ISSUER "/\",\"aud\":\"" AUDIENCE "\"," TIMES
                           ",\"sub\":\"user\"}"),
              AUTH_BAD_ISSUER);
    CHECK_INT(check_claims("{\"iss\":[\"" ISSUER "\"],\"aud\":\"" AUDIENCE "\"," TIMES
                           ",\"sub\":\"user\"}"),
              AUTH_BAD_ISSUER);
    CHECK_INT(check_claims("{\"aud\":\"" AUDIENCE "\"," TIMES ",\"sub\":\"user\"}"),
              AUTH_BAD_ISSUER);
}

TEST(audience_is_a_string_or_an_array)
{
#define WITH_AUD(aud) check_claims("{\"iss\":\"" ISSUER "\"," TIMES ",\"sub\":\"user\"" aud "}")
    CHECK_INT(WITH_AUD(",\"aud\":[\"" AUDIENCE "\"]"), AUTH_OK);
    CHECK_INT(WITH_AUD(",\"aud\":[\"other\",7,\"" AUDIENCE "\"]"), AUTH_OK);
    CHECK_INT(WITH_AUD(",\"aud\":[]"), AUTH_BAD_AUDIENCE);
    CHECK_INT(WITH_AUD(",\"aud\":[\"other\"]"), AUTH_BAD_AUDIENCE);
    CHECK_INT(WITH_AUD(",\"aud\":\"other\""), AUTH_BAD_AUDIENCE);
    CHECK_INT(WITH_AUD(",\"aud\":\"" AUDIENCE "/\""), AUTH_BAD_AUDIENCE);
    CHECK_INT(WITH_AUD(",\"aud\":{\"x\":\"" AUDIENCE "\"}"), AUTH_BAD_AUDIENCE);
    CHECK_INT(WITH_AUD(""), AUTH_BAD_AUDIENCE);
}

static enum auth_code check_times(const char *times)
{
    char claims[500];
    sprintf(claims, "{" GOOD ",\"sub\":\"user\"%s}", times);
    return check_claims(claims);
}

TEST(exp_holds_with_60_s_of_leeway)
{
    char times[100];
    sprintf(times, ",\"exp\":%lld", NOW_S - 59);
    CHECK_INT(check_times(times), AUTH_OK);
    sprintf(times, ",\"exp\":%lld", NOW_S - 60);
    CHECK_INT(check_times(times), AUTH_EXPIRED);
    sprintf(times, ",\"exp\":%lld.5", NOW_S - 60);
    CHECK_INT(check_times(times), AUTH_OK);
    CHECK_INT(check_times(",\"exp\":-1"), AUTH_EXPIRED);
    CHECK_INT(check_times(",\"exp\":1e300"), AUTH_OK);
    CHECK_INT(check_times(",\"exp\":1e999"), AUTH_MALFORMED);
    CHECK_INT(check_times(",\"exp\":\"1795356200\""), AUTH_MALFORMED);
    CHECK_INT(check_times(",\"exp\":true"), AUTH_MALFORMED);
    CHECK_INT(check_times(""), AUTH_MALFORMED);
}

TEST(iat_and_nbf_may_lie_60_s_ahead)
{
    char times[100];
    static const char *const names[] = { "iat", "nbf" };
    for (int i = 0; i < 2; i++) {
        sprintf(times, ",\"exp\":1795356200,\"%s\":%lld", names[i], NOW_S + 60);
        CHECK_INT(check_times(times), AUTH_OK);
        sprintf(times, ",\"exp\":1795356200,\"%s\":%lld", names[i], NOW_S + 61);
        CHECK_INT(check_times(times), AUTH_NOT_YET);
        sprintf(times, ",\"exp\":1795356200,\"%s\":null", names[i]);
        CHECK_INT(check_times(times), AUTH_MALFORMED);
    }
}

TEST(the_subject_is_a_player)
{
#define WITH_SUB(sub) check_claims("{" GOOD "," TIMES sub "}")
    CHECK_INT(WITH_SUB(""), AUTH_BAD_SUBJECT);
    CHECK_INT(WITH_SUB(",\"sub\":\"\""), AUTH_BAD_SUBJECT);
    CHECK_INT(WITH_SUB(",\"sub\":7"), AUTH_BAD_SUBJECT);
    CHECK_INT(WITH_SUB(",\"sub\":\"a b\""), AUTH_BAD_SUBJECT);
    CHECK_INT(WITH_SUB(",\"sub\":\"a\\nb\""), AUTH_BAD_SUBJECT);
    CHECK_INT(WITH_SUB(",\"sub\":\"\\u00e9\""), AUTH_BAD_SUBJECT);
    CHECK_INT(WITH_SUB(",\"sub\":\"0123456789012345678901234567890123456789"
                       "012345678901234567890123\""),
              AUTH_OK);
    CHECK_INT(last.sub_size, 64);
    CHECK_INT(WITH_SUB(",\"sub\":\"0123456789012345678901234567890123456789"
                       "0123456789012345678901234\""),
              AUTH_BAD_SUBJECT);
    CHECK_INT(WITH_SUB(",\"sub\":\"app\""), AUTH_MACHINE);
    CHECK_INT(check_claims("{\"iss\":\"" ISSUER "\",\"aud\":\"" AUDIENCE "\"," TIMES
                           ",\"client_id\":[\"u\"],\"sub\":\"u\"}"),
              AUTH_MALFORMED);
}

TEST(a_scope_that_is_asked_for)
{
#define WITH_SCOPE(scope) check_claims("{" GOOD "," TIMES ",\"sub\":\"user\"" scope "}")
    CHECK_INT(WITH_SCOPE(""), AUTH_OK);
    rules.scope = "duel:play";
    enum auth_code exact = WITH_SCOPE(",\"scope\":\"duel:play\"");
    enum auth_code among = WITH_SCOPE(",\"scope\":\"openid duel:play email\"");
    enum auth_code prefix = WITH_SCOPE(",\"scope\":\"duel:playground xduel:play\"");
    enum auth_code none = WITH_SCOPE("");
    enum auth_code list = WITH_SCOPE(",\"scope\":[\"duel:play\"]");
    rules.scope = "";
    CHECK_INT(exact, AUTH_OK);
    CHECK_INT(among, AUTH_OK);
    CHECK_INT(prefix, AUTH_BAD_SCOPE);
    CHECK_INT(none, AUTH_BAD_SCOPE);
    CHECK_INT(list, AUTH_MALFORMED);
}

TEST(claims_are_not_looked_at_before_the_signature)
{
    make_keys();
    EVP_PKEY *other = EVP_EC_gen("P-384");
    char *token = mint_token(other, HEADER, "{\"exp\":1}");
    EVP_PKEY_free(other);
    CHECK_INT(check(token), AUTH_BAD_SIGNATURE);
}

TEST_MAIN
