/* Small JSON bodies: what the head decides, chunks cut anywhere, bounds, and what is JSON. */
#include "test.h"

#include <duel/base/rng.h>
#include <duel/io/body.h>
#include <jansson.h>

static struct body body;

static struct text text_or_none(const char *text)
{
    return text == NULL ? TEXT_NONE : text_from(text);
}

static enum body_state begin(const char *length, const char *transfer, const char *type)
{
    struct body_head head = { text_or_none(length), text_or_none(transfer), text_or_none(type),
                              TEXT_NONE };
    return body_begin(&body, &head);
}

/* `bytes` at once and then byte by byte: the outcome is the same. */
static enum body_state take(const char *length, const char *transfer, const char *bytes)
{
    size_t size = strlen(bytes);
    CHECK_INT(begin(length, transfer, "application/json"), BODY_MORE);
    enum body_state at_once = body_take(&body, bytes, size);
    static struct body whole;
    whole = body;
    CHECK_INT(begin(length, transfer, "application/json"), BODY_MORE);
    for (size_t i = 0; i < size; i++) {
        body_take(&body, bytes + i, 1);
    }
    CHECK_INT(body.state, at_once);
    CHECK_INT(body.size, whole.size);
    CHECK(memcmp(body.data, whole.data, body.size) == 0);
    return at_once;
}

static bool holds(const char *expected)
{
    return text_equal((struct text){ body.data, body.size }, text_from(expected));
}

TEST(what_the_head_decides)
{
    CHECK_INT(begin(NULL, NULL, NULL), BODY_WHOLE);
    CHECK_INT(begin("0", NULL, NULL), BODY_WHOLE);
    CHECK_INT(begin("0", NULL, "text/plain"), BODY_WHOLE); /* of nothing */
    CHECK_INT(begin("2", NULL, "application/json"), BODY_MORE);
    CHECK_INT(begin("2", NULL, " Application/JSON ; charset=utf-8"), BODY_MORE);
    CHECK_INT(begin("4096", NULL, "application/json"), BODY_MORE);
    CHECK_INT(begin("4097", NULL, "application/json"), BODY_TOO_LARGE);
    CHECK_INT(begin("999999999999999999", NULL, "text/plain"), BODY_TOO_LARGE);
    CHECK_INT(begin(NULL, "chunked", "application/json"), BODY_MORE);
    CHECK_INT(begin(NULL, " Chunked ", "application/json"), BODY_MORE);
    static const char *const types[] = { NULL, "", "text/plain", "application/jsonx", "json",
                                         "application/x-www-form-urlencoded", "application",
                                         "application/json, text/plain", "multipart/form-data",
                                         "text/plain; application/json", "application/ld+json" };
    for (uint32_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        CHECK_INT(begin("2", NULL, types[i]), BODY_BAD_TYPE);
        CHECK_INT(begin(NULL, "chunked", types[i]), BODY_BAD_TYPE);
    }
}

TEST(lengths_that_are_none)
{
    static const char *const lengths[] = { "", "x", "-1", "+2", "2,2", "2, 2", "0x2", "2.0", "2 2",
                                           "9999999999999999999", "18446744073709551618" };
    for (uint32_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        CHECK_INT(begin(lengths[i], NULL, "application/json"), BODY_BROKEN);
    }
    CHECK_INT(begin("2", "chunked", "application/json"), BODY_BROKEN);
    CHECK_INT(begin("0", "chunked", "application/json"), BODY_BROKEN);
    static const char *const transfers[] = { "", "gzip", "gzip, chunked", "chunked, chunked",
                                             "identity", "xchunked" };
    for (uint32_t i = 0; i < sizeof(transfers) / sizeof(transfers[0]); i++) {
        CHECK_INT(begin(NULL, transfers[i], "application/json"), BODY_BROKEN);
    }
}

TEST(compressed_ones)
{
    struct body_head head = { TEXT("2"), TEXT_NONE, TEXT("application/json"), TEXT("gzip") };
    CHECK_INT(body_begin(&body, &head), BODY_BAD_TYPE);
    head.encoding = TEXT("identity");
    CHECK_INT(body_begin(&body, &head), BODY_MORE);
}

TEST(bodies_of_a_length)
{
    CHECK_INT(take("2", NULL, "{}"), BODY_WHOLE);
    CHECK(holds("{}"));
    CHECK_INT(take("3", NULL, "{}"), BODY_MORE);
    CHECK_INT(take("2", NULL, "{}x"), BODY_BROKEN); /* more than was said */
    CHECK_INT(body_take(&body, "y", 1), BODY_BROKEN);
}

TEST(chunks)
{
    CHECK_INT(take(NULL, "chunked", "2\r\n{}\r\n0\r\n\r\n"), BODY_WHOLE);
    CHECK(holds("{}"));
    CHECK_INT(take(NULL, "chunked", "1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"), BODY_WHOLE);
    CHECK(holds("{}"));
    CHECK_INT(take(NULL, "chunked", "00000002;a=b\r\n{}\r\n000;x\r\nA: b\r\nC: d\r\n\r\n"),
              BODY_WHOLE);
    CHECK(holds("{}"));
    CHECK_INT(take(NULL, "chunked", "0\r\n\r\n"), BODY_WHOLE);
    CHECK_INT(body.size, 0);
    CHECK_INT(take(NULL, "chunked", "A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n"), BODY_WHOLE);
    CHECK_INT(body.size, 20);
    CHECK_INT(take(NULL, "chunked", "2\r\n{}\r\n0\r\n"), BODY_MORE);
    static const char *const broken[] = {
        "\r\n", "x\r\n", "-1\r\n", "2\n{}", "2\r{}", "2\r\n{}x", "2\r\n{}\rx", "2\r\n{}\n",
        "000000002\r\n", "123456789\r\n", "2x\r\n", ";a\r\n", " 2\r\n", "0\r\n\rx", "0\r\n\n",
        "0\r\nA: b\n", "0\r\nA: b\rx", "0\r\n\r\nGET / HTTP/1.1", "2;a\n",
    };
    for (uint32_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        if (take(NULL, "chunked", broken[i]) != BODY_BROKEN) {
            printf("  %s\n", broken[i]);
            CHECK(false);
        }
    }
}

TEST(chunks_are_bounded)
{
    CHECK_INT(take(NULL, "chunked", "1001\r\n"), BODY_TOO_LARGE);
    CHECK_INT(take(NULL, "chunked", "ffffffff\r\n"), BODY_TOO_LARGE);
    begin(NULL, "chunked", "application/json");
    for (uint32_t i = 0; i < BODY_SIZE_MAX; i++) {
        CHECK_INT(body_take(&body, "1\r\n \r\n", 6), BODY_MORE);
    }
    CHECK_INT(body.size, BODY_SIZE_MAX);
    CHECK_INT(body_take(&body, "1\r\n \r\n", 6), BODY_TOO_LARGE);
    begin(NULL, "chunked", "application/json");
    body_take(&body, "1;", 2);
    for (uint32_t i = 0; i < 256; i++) {
        CHECK_INT(body_take(&body, "x", 1), BODY_MORE);
    }
    CHECK_INT(body_take(&body, "x", 1), BODY_BROKEN);
    begin(NULL, "chunked", "application/json");
    body_take(&body, "0\r\n", 3);
    uint32_t trailers = 0;
    while (body_take(&body, "A: b\r\n", 6) == BODY_MORE) {
        CHECK(++trailers < 1000);
    }
    CHECK_INT(body.state, BODY_BROKEN);
}

TEST(random_bytes_stay_inside)
{
    static const char alphabet[] = "0123456789abcdef\r\n; {}x";
    struct rng rng;
    rng_seed(&rng, 7);
    for (uint32_t run = 0; run < 20000; run++) {
        begin(NULL, "chunked", "application/json");
        for (uint32_t i = 0; i < 60 && body.state == BODY_MORE; i++) {
            char bytes[8];
            uint32_t size = 1 + rng_below(&rng, sizeof(bytes));
            for (uint32_t j = 0; j < size; j++) {
                bytes[j] = alphabet[rng_below(&rng, sizeof(alphabet) - 1)];
            }
            body_take(&body, bytes, size);
            CHECK(body.size <= BODY_SIZE_MAX);
        }
    }
}

static bool is_object(const char *json)
{
    char length[32];
    snprintf(length, sizeof(length), "%zu", strlen(json));
    CHECK_INT(take(length, NULL, json), BODY_WHOLE);
    json_t *object = body_object(&body);
    json_decref(object);
    return object != NULL;
}

TEST(what_is_json)
{
    CHECK(is_object("{}") && is_object(" {\"rated\": true, \"x\": {\"y\": [1, \"ç\"]}}\n"));
    static const char *const bad[] = { "{", "}", "[]", "null", "true", "1", "\"x\"", "{\"a\":1,}",
                                       "{'a':1}", "{}{}", "{} x", "{\"a\":1,\"a\":2}", " ",
                                       "{\"a\":\"\xff\"}", "{\"a\\u0000\":1}", "{\"a\":NaN}" };
    for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (is_object(bad[i])) {
            printf("  %s was taken\n", bad[i]);
            CHECK(false);
        }
    }
    char deep[BODY_SIZE_MAX + 1];
    memset(deep, '[', BODY_SIZE_MAX);
    deep[BODY_SIZE_MAX] = '\0';
    memcpy(deep, "{\"a\":", 5);
    CHECK(!is_object(deep));
    CHECK_INT(begin(NULL, NULL, NULL), BODY_WHOLE);
    json_t *nothing = body_object(&body);
    CHECK(nothing != NULL && json_object_size(nothing) == 0);
    json_decref(nothing);
}

TEST_MAIN
