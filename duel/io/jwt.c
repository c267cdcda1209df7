/* The checks of an access token, in this order: form, header, key, signature, and only then the
 * claims, so that nothing in the payload is looked at before somebody we know has vouched for
 * it. */
#include <duel/io/base64url.h>
#include <duel/io/jwt.h>

#include <jansson.h>
#include <string.h>
#include <strings.h>

#define PART_SIZE_MAX (AUTH_TOKEN_SIZE_MAX * 3 / 4)

enum { HEADER, PAYLOAD, SIGNATURE, PARTS };

struct part {
    struct text text;
    uint32_t size;
    uint8_t bytes[PART_SIZE_MAX];
};

/* False: not exactly two dots. */
static bool split(struct text token, struct part parts[PARTS])
{
    uint32_t part = 0, start = 0;
    for (uint32_t i = 0; i <= token.size; i++) {
        if (i < token.size && token.data[i] != '.') {
            continue;
        }
        if (part == PARTS) {
            return false;
        }
        parts[part++].text = (struct text){ token.data + start, i - start };
        start = i + 1;
    }
    return part == PARTS;
}

static json_t *parse_object(const struct part *part)
{
    json_t *root = json_loadb((const char *)part->bytes, part->size, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(root)) {
        json_decref(root);
        return NULL;
    }
    return root;
}

/* A member that must be a text when it is there. False: it is something else. */
static bool get_text(const json_t *object, const char *name, struct text *ret_text)
{
    const json_t *value = json_object_get(object, name);
    if (value == NULL) {
        *ret_text = TEXT_NONE;
        return true;
    }
    if (!json_is_string(value)) {
        return false;
    }
    *ret_text = (struct text){ json_string_value(value), (uint32_t)json_string_length(value) };
    return true;
}

/* A NumericDate (RFC 7519 section 2), which may have a fraction. False: it is something else. */
static bool get_time(const json_t *object, const char *name, double standard, double *ret_s)
{
    const json_t *value = json_object_get(object, name);
    if (value != NULL && !json_is_number(value)) {
        return false;
    }
    *ret_s = value == NULL ? standard : json_number_value(value);
    return true;
}

/* Media types are compared without regard to case, and "application/" may be left out (RFC 7515
 * section 4.1.9, RFC 9068 section 4). */
static bool is_access_token(struct text type)
{
    static const char long_form[] = "application/at+jwt";
    const char *expected = type.size == sizeof(long_form) - 1 ? long_form : "at+jwt";
    return type.size == strlen(expected) && strncasecmp(type.data, expected, type.size) == 0;
}

/* Finds the key that the header names. */
static enum auth_code check_header(const json_t *header, const struct jwks *keys,
                                   const struct jwks_key **ret_key, struct jwt_answer *answer)
{
    struct text type, algorithm, kid;
    if (!get_text(header, "typ", &type) || !get_text(header, "alg", &algorithm) ||
        !get_text(header, "kid", &kid) || kid.size > JWKS_KID_SIZE_MAX) {
        return AUTH_MALFORMED;
    }
    if (!is_access_token(type)) {
        return AUTH_BAD_TYPE;
    }
    if (json_object_get(header, "crit") != NULL) {
        return AUTH_MALFORMED; /* RFC 7515 section 4.1.11: we know no extension */
    }
    if (!text_equal(algorithm, TEXT("ES384")) && !text_equal(algorithm, TEXT("RS256"))) {
        return AUTH_BAD_ALGORITHM;
    }
    const struct jwks_key *key = keys != NULL ? jwks_find(keys, kid) : NULL;
    if (key == NULL) {
        answer->newer_keys_may_help = keys == NULL || kid.data != NULL;
        return AUTH_UNKNOWN_KEY;
    }
    if (!text_equal(algorithm, text_from(jwks_key_algorithm(key)))) {
        return AUTH_BAD_ALGORITHM;
    }
    *ret_key = key;
    return AUTH_OK;
}

/* `aud` is one audience or an array of them (RFC 7519 section 4.1.3). */
static bool has_audience(const json_t *aud, const char *expected)
{
    if (json_is_string(aud)) {
        return strcmp(json_string_value(aud), expected) == 0;
    }
    size_t i;
    const json_t *one;
    json_array_foreach(aud, i, one)
    {
        if (json_is_string(one) && strcmp(json_string_value(one), expected) == 0) {
            return true;
        }
    }
    return false;
}

static enum auth_code check_times(const json_t *claims, uint64_t now_us)
{
    double now_s = (double)now_us / 1e6, exp_s, iat_s, nbf_s;
    if (json_object_get(claims, "exp") == NULL || !get_time(claims, "exp", 0, &exp_s) ||
        !get_time(claims, "iat", 0, &iat_s) || !get_time(claims, "nbf", 0, &nbf_s)) {
        return AUTH_MALFORMED;
    }
    if (now_s >= exp_s + JWT_LEEWAY_S) {
        return AUTH_EXPIRED;
    }
    return iat_s > now_s + JWT_LEEWAY_S || nbf_s > now_s + JWT_LEEWAY_S ? AUTH_NOT_YET : AUTH_OK;
}

/* `scope` is words with single spaces between them (RFC 8693 section 4.2). */
static bool has_scope(struct text scope, struct text expected)
{
    uint32_t start = 0;
    for (uint32_t i = 0; i <= scope.size; i++) {
        if (i < scope.size && scope.data[i] != ' ') {
            continue;
        }
        if (i > start && text_equal((struct text){ scope.data + start, i - start }, expected)) {
            return true;
        }
        start = i + 1;
    }
    return false;
}

static bool is_printable(struct text text)
{
    for (uint32_t i = 0; i < text.size; i++) {
        if (text.data[i] <= ' ' || text.data[i] > '~') {
            return false;
        }
    }
    return true;
}

static enum auth_code check_subject(const json_t *claims, const struct jwt_rules *rules,
                                    struct jwt_answer *answer)
{
    struct text sub, client, scope;
    if (!get_text(claims, "sub", &sub) || sub.size == 0 || sub.size > HUB_SUB_SIZE_MAX ||
        !is_printable(sub)) {
        return AUTH_BAD_SUBJECT;
    }
    if (!get_text(claims, "client_id", &client) || !get_text(claims, "scope", &scope)) {
        return AUTH_MALFORMED;
    }
    if (text_equal(sub, client)) {
        return AUTH_MACHINE;
    }
    if (rules->scope[0] != '\0' && !has_scope(scope, text_from(rules->scope))) {
        return AUTH_BAD_SCOPE;
    }
    memcpy(answer->sub, sub.data, sub.size);
    answer->sub_size = sub.size;
    return AUTH_OK;
}

static enum auth_code check_claims(const struct part *payload, const struct jwt_rules *rules,
                                   uint64_t now_us, struct jwt_answer *answer)
{
    json_t *claims = parse_object(payload);
    if (claims == NULL) {
        return AUTH_MALFORMED;
    }
    const char *issuer = json_string_value(json_object_get(claims, "iss"));
    enum auth_code code;
    if (issuer == NULL || strcmp(issuer, rules->issuer) != 0) {
        code = AUTH_BAD_ISSUER;
    } else if (!has_audience(json_object_get(claims, "aud"), rules->audience)) {
        code = AUTH_BAD_AUDIENCE;
    } else {
        code = check_times(claims, now_us);
    }
    if (code == AUTH_OK) {
        code = check_subject(claims, rules, answer);
    }
    json_decref(claims);
    return code;
}

static enum auth_code check(struct text token, const struct jwks *keys,
                            const struct jwt_rules *rules, uint64_t now_us,
                            struct jwt_answer *answer)
{
    struct part parts[PARTS];
    if (token.size == 0) {
        return AUTH_MISSING;
    }
    if (token.size > AUTH_TOKEN_SIZE_MAX) {
        return AUTH_TOO_LONG;
    }
    if (!split(token, parts)) {
        return AUTH_OPAQUE;
    }
    for (uint32_t i = 0; i < PARTS; i++) {
        if (!base64url_decode(parts[i].text, PART_SIZE_MAX, parts[i].bytes, &parts[i].size)) {
            return AUTH_MALFORMED;
        }
    }
    json_t *header = parse_object(&parts[HEADER]);
    if (header == NULL) {
        return AUTH_MALFORMED;
    }
    const struct jwks_key *key = NULL;
    enum auth_code code = check_header(header, keys, &key, answer);
    json_decref(header);
    if (code != AUTH_OK) {
        return code;
    }
    struct text vouched_for = { token.data, token.size - parts[SIGNATURE].text.size - 1 };
    if (!jwks_key_verify(key, vouched_for, parts[SIGNATURE].bytes, parts[SIGNATURE].size)) {
        return AUTH_BAD_SIGNATURE;
    }
    return check_claims(&parts[PAYLOAD], rules, now_us, answer);
}

void jwt_check(struct text token, const struct jwks *keys, const struct jwt_rules *rules,
               uint64_t now_us, struct jwt_answer *ret_answer)
{
    struct jwt_answer answer = { .code = AUTH_OK };
    answer.code = check(token, keys, rules, now_us, &answer);
    *ret_answer = answer;
}
