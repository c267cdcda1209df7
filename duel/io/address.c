/* Addresses of callers. inet_pton is strict: no leading zeros, no zones, no short forms. */
#include <arpa/inet.h>
#include <duel/io/address.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define MAPPED_BITS 96 /* of ::ffff:0:0/96, RFC 4291 section 2.5.5.2 */
#define SUBNET_BYTES 8
#define TEXT_SIZE_MAX 64 /* more than the longest address with its port */

static const uint8_t mapped[MAPPED_BITS / 8] = { [10] = 0xff, [11] = 0xff };

static bool is_v4(const struct address *address)
{
    return memcmp(address->bytes, mapped, sizeof(mapped)) == 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_separator(char c)
{
    return c == ',' || is_blank(c);
}

static struct text trim(struct text text)
{
    while (text.size > 0 && is_blank(text.data[0])) {
        text.data++;
        text.size--;
    }
    while (text.size > 0 && is_blank(text.data[text.size - 1])) {
        text.size--;
    }
    return text;
}

/* ---- one address ---- */

/* Without port and brackets. *ret_is_v4: as it was written. */
static bool parse_bare(struct text text, struct address *ret_address, bool *ret_is_v4)
{
    char copy[TEXT_SIZE_MAX];
    if (text.size == 0 || text.size >= sizeof(copy) || memchr(text.data, '\0', text.size) != NULL) {
        return false;
    }
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    struct address address;
    memcpy(address.bytes, mapped, sizeof(mapped));
    bool v4 = inet_pton(AF_INET, copy, address.bytes + sizeof(mapped)) == 1;
    if (!v4 && inet_pton(AF_INET6, copy, address.bytes) != 1) {
        return false;
    }
    *ret_address = address;
    *ret_is_v4 = v4;
    return true;
}

static bool parse_number(struct text text, uint32_t max, uint32_t *ret_number)
{
    uint32_t number = 0;
    if (text.size == 0 || text.size > 5) {
        return false;
    }
    for (uint32_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        number = number * 10 + (uint32_t)(text.data[i] - '0');
    }
    *ret_number = number;
    return number <= max;
}

/* The text before the first `mark`; *ret_rest is what is behind it, or no text without one. */
static struct text split(struct text text, char mark, struct text *ret_rest)
{
    const char *at = text.size == 0 ? NULL : memchr(text.data, mark, text.size);
    *ret_rest = TEXT_NONE;
    if (at == NULL) {
        return text;
    }
    struct text head = { text.data, (uint32_t)(at - text.data) };
    *ret_rest = (struct text){ at + 1, text.size - head.size - 1 };
    return head;
}

static bool is_port(struct text text)
{
    uint32_t port;
    return parse_number(text, 65535, &port);
}

bool address_parse(struct text text, struct address *ret_address)
{
    bool v4;
    struct text port;
    struct address address;
    text = trim(text);
    if (text.size > 0 && text.data[0] == '[') {
        struct text rest;
        struct text inside = split((struct text){ text.data + 1, text.size - 1 }, ']', &rest);
        bool closed = rest.data != NULL;
        bool good_end = closed && (rest.size == 0 || (rest.data[0] == ':' &&
                        is_port((struct text){ rest.data + 1, rest.size - 1 })));
        if (!good_end || !parse_bare(inside, &address, &v4) || v4) {
            return false;
        }
        *ret_address = address;
        return true;
    }
    if (parse_bare(text, ret_address, &v4)) {
        return true;
    }
    text = split(text, ':', &port);
    if (port.data == NULL || !is_port(port) || !parse_bare(text, &address, &v4)) {
        return false;
    }
    *ret_address = address;
    return true;
}

bool address_from_socket(const struct sockaddr *peer, struct address *ret_address)
{
    if (peer->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, peer, sizeof(v4));
        memcpy(ret_address->bytes, mapped, sizeof(mapped));
        memcpy(ret_address->bytes + sizeof(mapped), &v4.sin_addr, sizeof(v4.sin_addr));
        return true;
    }
    if (peer->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, peer, sizeof(v6));
        memcpy(ret_address->bytes, &v6.sin6_addr, sizeof(v6.sin6_addr));
        return true;
    }
    return false;
}

/* ---- ranges ---- */

static bool has_prefix(const struct address *address, const struct address *prefix, uint32_t bits)
{
    uint32_t whole = bits / 8;
    if (memcmp(address->bytes, prefix->bytes, whole) != 0) {
        return false;
    }
    uint32_t mask = 0xff00U >> bits % 8; /* of the byte that is cut */
    return bits % 8 == 0 ||
           ((uint32_t)(address->bytes[whole] ^ prefix->bytes[whole]) & mask & 0xff) == 0;
}

static struct address cut(const struct address *address, uint32_t bits)
{
    struct address start = { { 0 } };
    for (uint32_t i = 0; i * 8 < bits; i++) {
        uint32_t left = bits - i * 8;
        uint32_t mask = left >= 8 ? 0xff : 0xff00U >> left;
        start.bytes[i] = (uint8_t)(address->bytes[i] & mask);
    }
    return start;
}

static bool parse_range(struct text text, struct address_range *ret_range)
{
    struct text bits;
    struct text bare = split(text, '/', &bits);
    struct address_range range = { .bits = 128 };
    bool v4;
    if (!parse_bare(bare, &range.first, &v4)) {
        return false;
    }
    if (bits.data != NULL) {
        if (!parse_number(bits, v4 ? 32 : 128, &range.bits)) {
            return false;
        }
        range.bits += v4 ? MAPPED_BITS : 0;
    }
    struct address start = cut(&range.first, range.bits);
    if (memcmp(&start, &range.first, sizeof(start)) != 0) {
        return false;
    }
    *ret_range = range;
    return true;
}

bool address_ranges_parse(struct text list, struct address_ranges *ret_ranges)
{
    ret_ranges->count = 0;
    if (text_equal(trim(list), TEXT("none"))) {
        return true;
    }
    for (uint32_t at = 0; at < list.size;) {
        uint32_t size = 0;
        while (at + size < list.size && !is_separator(list.data[at + size])) {
            size++;
        }
        if (size > 0) {
            if (ret_ranges->count == ADDRESS_RANGES_MAX ||
                !parse_range((struct text){ list.data + at, size },
                             &ret_ranges->list[ret_ranges->count])) {
                return false;
            }
            ret_ranges->count++;
        }
        at += size + 1;
    }
    return true;
}

bool address_ranges_hold(const struct address_ranges *ranges, const struct address *address)
{
    bool v4 = is_v4(address);
    for (uint32_t i = 0; i < ranges->count; i++) {
        const struct address_range *range = &ranges->list[i];
        if ((!v4 || range->bits >= MAPPED_BITS) &&
            has_prefix(address, &range->first, range->bits)) {
            return true;
        }
    }
    return false;
}

bool address_is_proxy(const struct address_trust *trust, const struct address *peer)
{
    return address_ranges_hold(&trust->proxies, peer) ||
           address_ranges_hold(&trust->cloudflare, peer);
}

/* ---- who is calling ---- */

/* The last entry that is not empty, taken off the end; no text when there is none. */
static struct text take_last(struct text *list)
{
    while (list->size > 0) {
        uint32_t start = list->size;
        while (start > 0 && list->data[start - 1] != ',') {
            start--;
        }
        struct text entry = trim((struct text){ list->data + start, list->size - start });
        list->size = start > 0 ? start - 1 : 0;
        if (entry.size > 0) {
            return entry;
        }
    }
    return TEXT_NONE;
}

struct address address_find_caller(const struct address_trust *trust, const struct address *peer,
                                   struct text forwarded, struct text cloudflare)
{
    struct address caller = *peer;
    struct address proxy = *peer; /* the last on the way, if the peer is one */
    bool is_proxy = address_is_proxy(trust, peer);
    if (!is_proxy) {
        return caller;
    }
    for (uint32_t hops = 0; is_proxy && hops < ADDRESS_HOPS_MAX; hops++) {
        struct address entry;
        if (!address_parse(take_last(&forwarded), &entry)) {
            break;
        }
        caller = entry;
        is_proxy = address_is_proxy(trust, &entry);
        if (is_proxy) {
            proxy = entry;
        }
    }
    if (address_ranges_hold(&trust->cloudflare, &proxy)) {
        (void)address_parse(cloudflare, &caller); /* which leaves it as it is when it is none */
    }
    return caller;
}

struct address address_subnet(const struct address *address)
{
    return is_v4(address) ? *address : cut(address, SUBNET_BYTES * 8);
}

void address_format_network(const struct address *address, char ret_text[ADDRESS_NETWORK_SIZE])
{
    bool v4 = is_v4(address);
    struct address start = cut(address, v4 ? MAPPED_BITS + 24 : 48);
    char text[INET6_ADDRSTRLEN] = "";
    inet_ntop(v4 ? AF_INET : AF_INET6, start.bytes + (v4 ? sizeof(mapped) : 0), text, sizeof(text));
    (void)snprintf(ret_text, ADDRESS_NETWORK_SIZE, "%s/%d", text, v4 ? 24 : 48);
}
