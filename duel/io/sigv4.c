/* The signature, step by step as the reference names the steps: canonical request, string to sign,
 * signing key. It refuses to know who is asked and what for. */
#include <duel/io/sigv4.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <time.h>

#define HASH_SIZE 32
#define DAY_SIZE 8 /* of the date */
#define CANONICAL_SIZE_MAX 8192
#define SECRET_SIZE_MAX 512
#define LAST_STEP "aws4_request"
#define ALGORITHM "AWS4-HMAC-SHA256"

void sigv4_date(uint64_t unix_s, char ret_date[SIGV4_DATE_SIZE + 1])
{
    time_t when = (time_t)unix_s;
    struct tm date;
    gmtime_r(&when, &date);
    strftime(ret_date, SIGV4_DATE_SIZE + 1, "%Y%m%dT%H%M%SZ", &date);
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '.' || c == '_' || c == '~';
}

void sigv4_append_path(struct text_buffer *buffer, struct text path)
{
    static const char hex[] = "0123456789ABCDEF";
    for (uint32_t i = 0; i < path.size; i++) {
        uint8_t byte = (uint8_t)path.data[i];
        char encoded[3] = { '%', hex[byte >> 4], hex[byte & 15] };
        bool plain = path.data[i] == '/' || is_unreserved(path.data[i]);
        text_append(buffer, plain ? (struct text){ &path.data[i], 1 }
                                  : (struct text){ encoded, sizeof(encoded) });
    }
}

static void append(struct text_buffer *buffer, const char *terminated)
{
    text_append(buffer, text_from(terminated));
}

static void append_hex(struct text_buffer *buffer, const uint8_t hash[HASH_SIZE])
{
    static const char hex[] = "0123456789abcdef";
    for (uint32_t i = 0; i < HASH_SIZE; i++) {
        char digits[2] = { hex[hash[i] >> 4], hex[hash[i] & 15] };
        text_append(buffer, (struct text){ digits, sizeof(digits) });
    }
}

static void append_names(struct text_buffer *buffer, const struct sigv4_header *headers,
                         uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        append(buffer, i > 0 ? ";" : "");
        append(buffer, headers[i].name);
    }
}

/* SHA-256 of the canonical request. */
static bool hash_request(struct text path, const struct sigv4_header *headers, uint32_t count,
                         uint8_t ret_hash[HASH_SIZE])
{
    char memory[CANONICAL_SIZE_MAX];
    struct text_buffer buffer;
    text_buffer_init(&buffer, memory, sizeof(memory));
    append(&buffer, "GET\n");
    text_append(&buffer, path);
    append(&buffer, "\n\n"); /* no query */
    for (uint32_t i = 0; i < count; i++) {
        append(&buffer, headers[i].name);
        append(&buffer, ":");
        append(&buffer, headers[i].value);
        append(&buffer, "\n");
    }
    append(&buffer, "\n");
    append_names(&buffer, headers, count);
    append(&buffer, "\n" SIGV4_NO_BODY);
    return !buffer.full && EVP_Digest(memory, buffer.size, ret_hash, NULL, EVP_sha256(), NULL) == 1;
}

static bool hmac(const uint8_t *key, uint32_t key_size, struct text text, uint8_t *ret_hash)
{
    return HMAC(EVP_sha256(), key, (int)key_size, (const uint8_t *)text.data, text.size, ret_hash,
                NULL) != NULL;
}

static bool sign(const struct sigv4_keys *keys, const char *date, struct text text,
                 uint8_t ret_signature[HASH_SIZE])
{
    char memory[SECRET_SIZE_MAX];
    struct text_buffer secret;
    uint8_t day[HASH_SIZE], region[HASH_SIZE], service[HASH_SIZE], key[HASH_SIZE];
    text_buffer_init(&secret, memory, sizeof(memory));
    append(&secret, "AWS4");
    append(&secret, keys->secret);
    bool ok = !secret.full &&
              hmac((uint8_t *)memory, secret.size, (struct text){ date, DAY_SIZE }, day) &&
              hmac(day, HASH_SIZE, text_from(keys->region), region) &&
              hmac(region, HASH_SIZE, text_from(keys->service), service) &&
              hmac(service, HASH_SIZE, TEXT(LAST_STEP), key) &&
              hmac(key, HASH_SIZE, text, ret_signature);
    OPENSSL_cleanse(memory, sizeof(memory));
    OPENSSL_cleanse(key, sizeof(key));
    return ok;
}

static void append_scope(struct text_buffer *buffer, const struct sigv4_keys *keys,
                         const char *date)
{
    text_append(buffer, (struct text){ date, DAY_SIZE });
    append(buffer, "/");
    append(buffer, keys->region);
    append(buffer, "/");
    append(buffer, keys->service);
    append(buffer, "/" LAST_STEP);
}

bool sigv4_authorize(const struct sigv4_keys *keys, const char *date, struct text path,
                     const struct sigv4_header *headers, uint32_t headers_count,
                     char ret_authorization[SIGV4_AUTHORIZATION_SIZE_MAX])
{
    char memory[SIGV4_AUTHORIZATION_SIZE_MAX];
    struct text_buffer buffer;
    uint8_t hash[HASH_SIZE], signature[HASH_SIZE];
    if (!hash_request(path, headers, headers_count, hash)) {
        return false;
    }
    text_buffer_init(&buffer, memory, sizeof(memory));
    append(&buffer, ALGORITHM "\n");
    append(&buffer, date);
    append(&buffer, "\n");
    append_scope(&buffer, keys, date);
    append(&buffer, "\n");
    append_hex(&buffer, hash);
    if (buffer.full || !sign(keys, date, text_of(&buffer), signature)) {
        return false;
    }
    text_buffer_init(&buffer, memory, SIGV4_AUTHORIZATION_SIZE_MAX - 1);
    append(&buffer, ALGORITHM " Credential=");
    append(&buffer, keys->access);
    append(&buffer, "/");
    append_scope(&buffer, keys, date);
    append(&buffer, ", SignedHeaders=");
    append_names(&buffer, headers, headers_count);
    append(&buffer, ", Signature=");
    append_hex(&buffer, signature);
    if (buffer.full) {
        return false;
    }
    memcpy(ret_authorization, memory, buffer.size);
    ret_authorization[buffer.size] = '\0';
    return true;
}
