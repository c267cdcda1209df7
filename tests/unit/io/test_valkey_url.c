/* VALKEY_URL in all its forms, and what is refused. */
#include "test.h"
#include <duel/base/text.h>
#include <duel/io/valkey_url.h>

static struct valkey_address address;

static bool parse(const char *url)
{
    memset(&address, 0, sizeof address);
    return valkey_url_parse(url, &address);
}

#define CHECK_PART(part, expected) CHECK_TEXT(text_from(address.part), expected)

TEST(host_and_port)
{
    CHECK(parse("redis://cache.example:6380"));
    CHECK_PART(host, "cache.example");
    CHECK_INT(address.port, 6380);
    CHECK_INT(address.database, 0);
    CHECK_PART(password, "");
    CHECK(parse("valkey://127.0.0.1/"));
    CHECK_PART(host, "127.0.0.1");
    CHECK_INT(address.port, 6379);
    CHECK(parse("redis://[::1]:7000/3"));
    CHECK_PART(host, "::1");
    CHECK_INT(address.port, 7000);
    CHECK_INT(address.database, 3);
}

TEST(user_and_password)
{
    CHECK(parse("redis://duel:s%40cret%2F:%3a@h"));
    CHECK_PART(user, "duel");
    CHECK_PART(password, "s@cret/::");
    CHECK(parse("redis://:only@h:1"));
    CHECK_PART(user, "");
    CHECK_PART(password, "only");
    CHECK(parse("redis://only@h"));
    CHECK_PART(password, "only");
    CHECK(parse("redis://u:a@b@h"));
    CHECK_PART(password, "a@b");
    CHECK_PART(host, "h");
}

TEST(unix_sockets)
{
    CHECK(parse("unix:///run/valkey/valkey.sock"));
    CHECK_PART(path, "/run/valkey/valkey.sock");
    CHECK_PART(host, "");
    CHECK(parse("unix://:pw@/s?db=5"));
    CHECK_PART(path, "/s");
    CHECK_PART(password, "pw");
    CHECK_INT(address.database, 5);
}

TEST(tls_is_a_scheme_of_its_own)
{
    CHECK(parse("rediss://:secret@host") && address.tls && address.port == 6379);
    CHECK(parse("valkeys://host:7000/2") && address.tls && address.database == 2);
    CHECK(parse("redis://host") && !address.tls);
    CHECK(parse("unix:///s") && !address.tls);
}

TEST(anything_else_is_refused)
{
    static const char *const wrong[] = {
        "", "localhost:6379", "http://h", "rediss://", "redis://", "redis://:6379", "redis://h:",
        "redis://h:0", "redis://h:65536", "redis://h:6379x", "redis://h/x", "redis://h/-1",
        "redis://[::1", "redis://[::1]x", "redis://u:%zz@h", "redis://u:%4@h", "redis://u:%00@h",
        "unix://relative", "unix:///", "unix:///s?db=", "unix:///s?other=1",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (parse(wrong[i])) {
            printf("  \"%s\" was taken\n", wrong[i]);
            CHECK(false);
        }
    }
    char long_path[160] = "unix:///";
    memset(long_path + 8, 'a', 120);
    CHECK(!parse(long_path));
}

TEST_MAIN
