/* Addresses of callers: text to address, lists of ranges, and who is behind a proxy (contract
 * section 8). Pure: it opens no socket and refuses to know what an address is good for. */
#ifndef DUEL_IO_ADDRESS_H
#define DUEL_IO_ADDRESS_H

#include <duel/base/text.h>

#define ADDRESS_RANGES_MAX 128
#define ADDRESS_HOPS_MAX 16 /* of X-Forwarded-For that are looked at */
#define ADDRESS_NETWORK_SIZE 64

struct sockaddr;

/* As IPv6; an IPv4 address is ::ffff:a.b.c.d, also where it was written so. */
struct address {
    uint8_t bytes[16];
};

struct address_range {
    struct address first;
    uint32_t bits; /* of `first` that count, 0 to 128 */
};

struct address_ranges {
    struct address_range list[ADDRESS_RANGES_MAX];
    uint32_t count;
};

struct address_trust {
    struct address_ranges proxies;    /* DUEL_TRUSTED_PROXIES */
    struct address_ranges cloudflare; /* DUEL_CLOUDFLARE_RANGES */
};

/* An entry of X-Forwarded-For: IPv4 or IPv6 with or without a port, IPv6 with or without brackets
 * (RFC 7239 section 6 allows both), blanks around it. False: it is none. */
bool address_parse(struct text text, struct address *ret_address);
/* Of a TCP peer. False: the family is another one. */
bool address_from_socket(const struct sockaddr *peer, struct address *ret_address);

/* Addresses and CIDR ranges (RFC 4632, RFC 4291) separated by commas or blanks; the word `none` is
 * an empty list. A range has no bits set behind its prefix. False: one entry is wrong, or there are
 * more than ADDRESS_RANGES_MAX. */
bool address_ranges_parse(struct text list, struct address_ranges *ret_ranges);
/* A range of IPv6 holds no IPv4 address, however wide it is. */
bool address_ranges_hold(const struct address_ranges *ranges, const struct address *address);
/* Whether what this peer says about whom it forwards for counts: a trusted proxy or Cloudflare. */
bool address_is_proxy(const struct address_trust *trust, const struct address *peer);

/* Who is calling. `forwarded` is X-Forwarded-For, all lines joined by commas in their order;
 * `cloudflare` is CF-Connecting-IP; either may be no text.
 *
 * What an untrusted peer says is ignored. Behind a trusted one X-Forwarded-For is walked from the
 * right as long as its entries are proxies themselves: the first that is none is the caller. A
 * malformed entry, the end of the list, or ADDRESS_HOPS_MAX end the walk at the last good one.
 * CF-Connecting-IP, when it is an address, stands above that if the last proxy on the way is
 * Cloudflare's: from anybody else it is forged. */
struct address address_find_caller(const struct address_trust *trust, const struct address *peer,
                                   struct text forwarded, struct text cloudflare);

/* What is counted as one: an IPv4 address, or an IPv6 network of 64 bits, which is the least that
 * a household gets. */
struct address address_subnet(const struct address *address);
/* Where somebody is and not who: "203.0.113.0/24", "2001:db8:1::/48". */
void address_format_network(const struct address *address,
                            char ret_text[ADDRESS_NETWORK_SIZE]);

#endif
