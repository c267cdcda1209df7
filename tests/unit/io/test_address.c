/* Addresses of callers: texts, ranges, and who is behind which proxy. */
#include "test.h"

#include <arpa/inet.h>
#include <duel/io/address.h>
#include <netinet/in.h>
#include <sys/socket.h>

static struct address parsed(const char *text)
{
    struct address address;
    if (!address_parse(text_from(text), &address)) {
        printf("  \"%s\" is no address\n", text);
        CHECK(false);
    }
    return address;
}

static bool same(struct address a, struct address b)
{
    return memcmp(&a, &b, sizeof(a)) == 0;
}

static struct address_ranges ranges(const char *list)
{
    static struct address_ranges parsed_ranges;
    if (!address_ranges_parse(text_from(list), &parsed_ranges)) {
        printf("  \"%s\" is no list\n", list);
        CHECK(false);
    }
    return parsed_ranges;
}

TEST(entries_as_proxies_write_them)
{
    static const char *const v4[] = { "1.2.3.4", "1.2.3.4:5678", " 1.2.3.4\t", "::ffff:1.2.3.4",
                                      "[::ffff:1.2.3.4]", "[::ffff:102:304]:1", "1.2.3.4:0" };
    static const char *const v6[] = { "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80",
                                      "2001:DB8:0:0:0:0:0:1", " [2001:db8::1]:65535 " };
    for (uint32_t i = 0; i < sizeof(v4) / sizeof(v4[0]); i++) {
        CHECK(same(parsed(v4[i]), parsed("1.2.3.4")));
    }
    for (uint32_t i = 0; i < sizeof(v6) / sizeof(v6[0]); i++) {
        CHECK(same(parsed(v6[i]), parsed("2001:db8::1")));
    }
}

TEST(what_is_no_address)
{
    static const char *const bad[] = {
        "", " ", "unknown", "_hidden", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4:",
        "1.2.3.4:x", "1.2.3.4:65536", "1.2.3.4:123456", "1.2.3.4 5", "1.2.3.4,5.6.7.8", "[1.2.3.4]",
        "[1.2.3.4]:80", "[2001:db8::1", "2001:db8::1]", "[2001:db8::1]80", "[2001:db8::1]:", "[]",
        "[]:80", "fe80::1%eth0", "2001:db8::1::2", ":::", "1.2.3.4/32", "0x7f000001", "2130706433",
        "\"1.2.3.4\"", "-1.2.3.4", "+1.2.3.4", "example.org", "example.org:80",
        "1111:2222:3333:4444:5555:6666:7777:8888:9999",
        "000000000000000000000000000000000000000000000000000000000000000000000000000000001.2.3.4",
    };
    struct address address = { { 7 } }, untouched = address;
    for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (address_parse(text_from(bad[i]), &address)) {
            printf("  \"%s\" was taken\n", bad[i]);
            CHECK(false);
        }
        CHECK(same(address, untouched));
    }
    CHECK(!address_parse(TEXT_NONE, &address));
    CHECK(!address_parse(TEXT("1.2.3.4\0"), &address));
    CHECK(!address_parse(TEXT("1.2.3.4\0:80"), &address));
}

TEST(of_a_socket)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x01020304) };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
    struct sockaddr other = { .sa_family = AF_UNIX };
    struct address address;
    CHECK(address_from_socket((struct sockaddr *)&v4, &address));
    CHECK(same(address, parsed("1.2.3.4")));
    inet_pton(AF_INET6, "2001:db8::1", &v6.sin6_addr);
    CHECK(address_from_socket((struct sockaddr *)&v6, &address));
    CHECK(same(address, parsed("2001:db8::1")));
    inet_pton(AF_INET6, "::ffff:1.2.3.4", &v6.sin6_addr); /* a dual-stack listener's */
    CHECK(address_from_socket((struct sockaddr *)&v6, &address));
    CHECK(same(address, parsed("1.2.3.4")));
    CHECK(!address_from_socket(&other, &address));
}

static bool holds(const char *list, const char *address)
{
    struct address_ranges all = ranges(list);
    struct address one = parsed(address);
    return address_ranges_hold(&all, &one);
}

TEST(ranges_hold_what_they_say)
{
    CHECK(holds("10.0.0.0/8", "10.255.255.255") && !holds("10.0.0.0/8", "11.0.0.0"));
    CHECK(holds("172.16.0.0/12", "172.31.255.255") && !holds("172.16.0.0/12", "172.32.0.0"));
    CHECK(!holds("172.16.0.0/12", "172.15.255.255"));
    CHECK(holds("192.0.2.7", "192.0.2.7") && !holds("192.0.2.7", "192.0.2.6"));
    CHECK(holds("192.0.2.6/31", "192.0.2.7") && !holds("192.0.2.6/31", "192.0.2.5"));
    CHECK(holds("10.0.0.0/8", "::ffff:10.1.2.3") && holds("::ffff:10.0.0.0/104", "10.1.2.3"));
    CHECK(holds("0.0.0.0/0", "203.0.113.9") && !holds("0.0.0.0/0", "2001:db8::1"));
    CHECK(holds("::/0", "2001:db8::1") && !holds("::/0", "203.0.113.9"));
    CHECK(holds("::1", "::1") && !holds("::1", "::2") && !holds("::/64", "127.0.0.1"));
    CHECK(holds("fc00::/7", "fdff::1") && !holds("fc00::/7", "fe00::1"));
    CHECK(holds("2a06:98c0::/29", "2a06:98c7:ffff::") && !holds("2a06:98c0::/29", "2a06:98c8::"));
    CHECK(holds("192.0.2.1, 10.0.0.0/8\t::1,,", "::1"));
    CHECK(!holds("none", "127.0.0.1") && !holds("", "127.0.0.1") && !holds(" , ", "127.0.0.1"));
}

TEST(lists_that_are_wrong)
{
    static const char *const bad[] = {
        "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8", "/8", "::/129", "10.0.0.1/8",
        "2001:db8::1/64", "10.0.0.0/08a", "10.0.0/8", "none 10.0.0.0/8", "10.0.0.0/8;::1", "any",
        "10.0.0.1:80", "[::1]", "10.0.0.0/255.0.0.0",
    };
    struct address_ranges ignored;
    for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (address_ranges_parse(text_from(bad[i]), &ignored)) {
            printf("  \"%s\" was taken\n", bad[i]);
            CHECK(false);
        }
    }
    char many[(ADDRESS_RANGES_MAX + 1) * 8] = "";
    for (uint32_t i = 0; i < ADDRESS_RANGES_MAX; i++) {
        strcat(many, "1.2.3.4 ");
    }
    CHECK(address_ranges_parse(text_from(many), &ignored));
    strcat(many, "1.2.3.4");
    CHECK(!address_ranges_parse(text_from(many), &ignored));
}

static struct address_trust trust;

static void set_trust(const char *proxies, const char *cloudflare)
{
    trust.proxies = ranges(proxies);
    trust.cloudflare = ranges(cloudflare);
}

static bool caller_is(const char *expected, const char *peer, const char *forwarded,
                      const char *cloudflare)
{
    struct address from = parsed(peer);
    struct address caller = address_find_caller(
        &trust, &from, forwarded == NULL ? TEXT_NONE : text_from(forwarded),
        cloudflare == NULL ? TEXT_NONE : text_from(cloudflare));
    return same(caller, parsed(expected));
}

#define CLIENT "203.0.113.9"
#define LIE "198.51.100.66"
#define EDGE "172.64.0.1"
#define TRAEFIK "10.0.1.5"

TEST(nobody_is_believed_who_is_no_proxy)
{
    set_trust("10.0.0.0/8", "172.64.0.0/13");
    CHECK(caller_is(CLIENT, CLIENT, NULL, NULL));
    CHECK(caller_is(CLIENT, CLIENT, LIE, LIE));
    CHECK(caller_is(CLIENT, CLIENT, TRAEFIK, LIE));
    CHECK(caller_is(CLIENT, CLIENT, EDGE ", " TRAEFIK, LIE));
    set_trust("none", "none");
    CHECK(caller_is("127.0.0.1", "127.0.0.1", LIE, LIE));
    CHECK(caller_is(TRAEFIK, TRAEFIK, LIE, LIE));
}

TEST(the_first_from_the_right_that_is_no_proxy)
{
    set_trust("10.0.0.0/8 ::1", "172.64.0.0/13");
    CHECK(caller_is(CLIENT, TRAEFIK, CLIENT, NULL));
    CHECK(caller_is(CLIENT, TRAEFIK, LIE ", " CLIENT, NULL));
    CHECK(caller_is(CLIENT, TRAEFIK, LIE "," CLIENT ",10.9.9.9 , 10.8.8.8", NULL));
    CHECK(caller_is(CLIENT, "::1", "10.1.1.1, " CLIENT ":4711", NULL));
    CHECK(caller_is("2001:db8::7", TRAEFIK, LIE ", [2001:db8::7]:80, 10.1.1.1", NULL));
    CHECK(caller_is(CLIENT, TRAEFIK, LIE ",, " CLIENT " , ,", NULL));
    CHECK(caller_is(CLIENT, "::ffff:" TRAEFIK, "::ffff:" CLIENT, NULL));
}

TEST(where_the_walk_ends)
{
    set_trust("10.0.0.0/8", "none");
    CHECK(caller_is(TRAEFIK, TRAEFIK, NULL, NULL));
    CHECK(caller_is(TRAEFIK, TRAEFIK, "", NULL));
    CHECK(caller_is(TRAEFIK, TRAEFIK, " , ,", NULL));
    CHECK(caller_is("10.1.1.1", TRAEFIK, "10.1.1.1", NULL));
    CHECK(caller_is("10.1.1.1", TRAEFIK, LIE ", unknown, 10.1.1.1", NULL));
    CHECK(caller_is(TRAEFIK, TRAEFIK, LIE ", unknown", NULL));
    CHECK(caller_is(CLIENT, TRAEFIK, "unknown, " CLIENT, NULL));
    char chain[16 * 64] = LIE;
    for (uint32_t i = 0; i < ADDRESS_HOPS_MAX; i++) {
        strcat(chain, ", 10.0.0.1");
    }
    CHECK(caller_is("10.0.0.1", TRAEFIK, chain, NULL));
}

TEST(cloudflare_is_believed_where_it_is_the_last_proxy)
{
    set_trust("10.0.0.0/8", "172.64.0.0/13 2606:4700::/32");
    /* Traefik without trusted addresses of its own: it names the edge alone. */
    CHECK(caller_is(CLIENT, TRAEFIK, EDGE, CLIENT));
    CHECK(caller_is("2001:db8::7", TRAEFIK, EDGE, "2001:db8::7"));
    /* Traefik that trusts Cloudflare, and one that is reached past Cloudflare. */
    CHECK(caller_is(CLIENT, TRAEFIK, LIE ", " CLIENT ", " EDGE, CLIENT));
    CHECK(caller_is(CLIENT, TRAEFIK, CLIENT, LIE));
    CHECK(caller_is(CLIENT, TRAEFIK, EDGE ", " CLIENT, LIE));
    /* No proxy of ours in between. */
    CHECK(caller_is(CLIENT, EDGE, LIE, CLIENT));
    CHECK(caller_is(CLIENT, "2606:4700::9", NULL, CLIENT));
    /* A proxy of ours that is not Cloudflare's is not believed about this. */
    CHECK(caller_is(TRAEFIK, TRAEFIK, NULL, LIE));
    CHECK(caller_is("10.1.1.1", TRAEFIK, EDGE ", 10.1.1.1, unknown, 10.1.1.1", LIE));
    /* Without the header, or with one that is no address, the edge itself, or whom it names. */
    CHECK(caller_is(EDGE, TRAEFIK, EDGE, NULL));
    CHECK(caller_is(EDGE, TRAEFIK, EDGE, "unknown"));
    CHECK(caller_is(EDGE, TRAEFIK, EDGE, LIE ", " CLIENT));
    CHECK(caller_is(CLIENT, TRAEFIK, CLIENT ", " EDGE, ""));
    set_trust("10.0.0.0/8", "none");
    CHECK(caller_is(EDGE, TRAEFIK, EDGE, LIE));
}

/* Whatever is written on the left of what the proxies wrote changes nothing. */
TEST(what_a_client_writes_changes_nothing)
{
    static const char *const lies[] = { LIE, TRAEFIK, EDGE, "unknown", "::1", ",,,", "10.0.0.1:80",
                                        "[::1]:80", "\"", "10.0.0.0/8", "127.0.0.1, 127.0.0.1" };
    set_trust("10.0.0.0/8 127.0.0.0/8 ::1", "172.64.0.0/13");
    for (uint32_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        char forwarded[256];
        snprintf(forwarded, sizeof(forwarded), "%s, " CLIENT ", 10.1.1.1", lies[i]);
        CHECK(caller_is(CLIENT, TRAEFIK, forwarded, lies[i]));
        CHECK(caller_is(CLIENT, CLIENT, lies[i], lies[i]));
    }
}

TEST(subnets_and_networks)
{
    struct address v4 = parsed("203.0.113.9"), v6 = parsed("2001:db8:1:2:3:4:5:6");
    CHECK(same(address_subnet(&v4), v4));
    CHECK(same(address_subnet(&v6), parsed("2001:db8:1:2::")));
    char text[ADDRESS_NETWORK_SIZE];
    address_format_network(&v4, text);
    CHECK(strcmp(text, "203.0.113.0/24") == 0);
    address_format_network(&v6, text);
    CHECK(strcmp(text, "2001:db8:1::/48") == 0);
}

TEST_MAIN
