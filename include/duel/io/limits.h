/* How much one address may do at once and in a second.
 *
 * A bounded table of addresses, each with its connections, those of them that have not
 * authenticated, and an allowance of requests. Every step is O(1). It refuses to know sockets,
 * answers and clocks: time is given. */
#ifndef DUEL_IO_LIMITS_H
#define DUEL_IO_LIMITS_H

#include <duel/io/address.h>

#define LIMITS_NONE UINT32_MAX /* no entry */

/* 0: no bound. */
struct limits_bounds {
    uint32_t connections;
    uint32_t unauthenticated;
    uint32_t rate_per_s;
    uint32_t burst; /* requests at once, when none came for long; at least 1 counts */
};

struct limits;

/* `holds_max` bounds the connections that are held at once, of all addresses; a few thousand
 * addresses more are remembered, those that have spent something the longest. NULL: no memory. */
struct limits *limits_create(const struct limits_bounds *bounds, uint32_t holds_max, uint64_t seed);
void limits_destroy(struct limits *limits);

/* One more connection of `address` (as address_subnet() gives it). *ret_entry is held until
 * limits_leave(). False: it has as many as it may. */
bool limits_enter(struct limits *limits, const struct address *address, uint64_t now_us,
                  uint32_t *ret_entry);
/* LIMITS_NONE does nothing. */
void limits_leave(struct limits *limits, uint32_t entry);

/* One request out of the allowance. False: it is used up; *ret_wait_us is when there is one
 * again. */
bool limits_charge(struct limits *limits, uint32_t entry, uint64_t now_us, uint64_t *ret_wait_us);

/* A connection that begins or ceases to be unauthenticated; LIMITS_NONE does nothing. */
void limits_add_unauthenticated(struct limits *limits, uint32_t entry);
void limits_remove_unauthenticated(struct limits *limits, uint32_t entry);
bool limits_has_unauthenticated_room(const struct limits *limits, uint32_t entry);

/* Addresses that are known right now. */
uint32_t limits_addresses(const struct limits *limits);

#endif
