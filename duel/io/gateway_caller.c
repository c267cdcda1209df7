/* Who is calling from where (contract section 8), and the bounds for each address.
 *
 * A connection of a peer that is no proxy is counted from accept() on. Behind a proxy many callers
 * share a connection one after another, so there each request is counted for its own caller while
 * it lasts, and a WebSocket as long as it is open. */
#include <duel/io/gateway_http.h>
#include <duel/io/log.h>
#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define FORWARDED_SIZE_MAX 8192 /* libwebsockets keeps no longer head */
#define JOINTS_SIZE_MAX 1024    /* commas that it adds between lines */
#define CONNECTING_IP_SIZE_MAX 64

static const char connecting_ip[] = "cf-connecting-ip:"; /* libwebsockets' name for it */

struct callers {
    struct address_trust trust;
    struct limits *limits;
    uint32_t burst;
};

struct callers *callers_create(const struct settings *settings, uint32_t connections_max)
{
    struct callers *callers = calloc(1, sizeof(*callers));
    uint64_t seed = 0;
    if (callers == NULL || getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed) ||
        !address_ranges_parse(text_from(settings->trusted_proxies), &callers->trust.proxies) ||
        !address_ranges_parse(text_from(settings->cloudflare_ranges),
                              &callers->trust.cloudflare)) {
        free(callers);
        return NULL;
    }
    struct limits_bounds bounds = {
        .connections = (uint32_t)settings->address_connections,
        .unauthenticated = (uint32_t)settings->address_unauthenticated,
        .rate_per_s = (uint32_t)settings->address_rate,
        .burst = (uint32_t)settings->address_burst,
    };
    callers->limits = limits_create(&bounds, connections_max, seed);
    if (callers->limits == NULL) {
        free(callers);
        return NULL;
    }
    return callers;
}

void callers_destroy(struct callers *callers)
{
    if (callers != NULL) {
        limits_destroy(callers->limits);
        free(callers);
    }
}

static void note(enum metric metric, const struct address *address)
{
    metrics_add(metric, 1);
    char network[ADDRESS_NETWORK_SIZE];
    address_format_network(address, network);
    log_text(LOG_LEVEL_DEBUG, "an address is over a limit", "network", network);
}

static bool enter(struct gateway *gateway, struct conn *conn, const struct address *address)
{
    struct address subnet = address_subnet(address);
    if (limits_enter(gateway->callers->limits, &subnet, loop_now_us(gateway->loop),
                     &conn->caller.entry)) {
        return true;
    }
    note(METRIC_ADDRESS_CONNECTIONS_REFUSED, address);
    return false;
}

bool caller_arrives(struct gateway *gateway, struct conn *conn, const struct sockaddr *peer)
{
    struct caller *caller = &conn->caller;
    if (!address_from_socket(peer, &caller->peer)) {
        return false;
    }
    caller->is_proxied = address_is_proxy(&gateway->callers->trust, &caller->peer);
    return caller->is_proxied || enter(gateway, conn, &caller->peer);
}

void caller_leaves(struct gateway *gateway, struct conn *conn)
{
    limits_leave(gateway->callers->limits, conn->caller.entry);
    conn->caller.entry = LIMITS_NONE;
}

struct caller caller_take(struct gateway *gateway, struct conn *conn)
{
    if (conn->caller.is_proxied) {
        caller_leaves(gateway, conn);
    }
    struct caller caller = conn->caller;
    conn->caller.entry = LIMITS_NONE;
    return caller;
}

void caller_waits(struct gateway *gateway, const struct conn *conn, bool waits)
{
    (waits ? limits_add_unauthenticated : limits_remove_unauthenticated)(gateway->callers->limits,
                                                                         conn->caller.entry);
}

static struct address find_caller(const struct gateway *gateway, const struct conn *conn)
{
    char forwarded[FORWARDED_SIZE_MAX + JOINTS_SIZE_MAX];
    char cloudflare[CONNECTING_IP_SIZE_MAX];
    int forwarded_size = lws_hdr_copy(conn->wsi, forwarded, FORWARDED_SIZE_MAX,
                                      WSI_TOKEN_X_FORWARDED_FOR);
    int cloudflare_size = lws_hdr_custom_copy(conn->wsi, cloudflare, sizeof(cloudflare),
                                              connecting_ip, (int)sizeof(connecting_ip) - 1);
    return address_find_caller(
        &gateway->callers->trust, &conn->caller.peer,
        forwarded_size > 0 ? (struct text){ forwarded, (uint32_t)forwarded_size } : TEXT_NONE,
        cloudflare_size > 0 ? (struct text){ cloudflare, (uint32_t)cloudflare_size } : TEXT_NONE);
}

static struct answer refusal(uint64_t wait_us)
{
    return (struct answer){ .status = 429, .code = "TOO_MANY_REQUESTS",
                            .message = "Too much at once from this network: wait a moment.",
                            .retry_after_s = (uint32_t)((wait_us + 999999) / 1000000) };
}

bool caller_asks(struct gateway *gateway, struct conn *conn, struct answer *ret_refusal)
{
    struct address address = conn->caller.peer;
    uint64_t wait_us = 1;
    if (conn->caller.is_proxied) {
        address = find_caller(gateway, conn);
        caller_leaves(gateway, conn); /* never counted twice */
        if (!enter(gateway, conn, &address)) {
            *ret_refusal = refusal(wait_us);
            return false;
        }
    }
    if (!limits_charge(gateway->callers->limits, conn->caller.entry, loop_now_us(gateway->loop),
                       &wait_us)) {
        note(METRIC_ADDRESS_REQUESTS_REFUSED, &address);
        *ret_refusal = refusal(wait_us);
        return false;
    }
    return true;
}

bool caller_may_wait(struct gateway *gateway, const struct conn *conn, struct answer *ret_refusal)
{
    if (limits_has_unauthenticated_room(gateway->callers->limits, conn->caller.entry)) {
        return true;
    }
    metrics_add(METRIC_ADDRESS_UNAUTHENTICATED_REFUSED, 1);
    *ret_refusal = refusal(1);
    return false;
}
