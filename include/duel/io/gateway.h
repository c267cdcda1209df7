/* Sockets and HTTP (libwebsockets): who connects, what they send, what they get.
 *
 * It accepts, authenticates, reassembles and decodes, bounds and rate-limits, and turns each
 * message into one hub event; what the hub sends is encoded at once and leaves joined at the end of
 * the turn, one frame for each socket. It holds no opinion about the game. */
#ifndef DUEL_IO_GATEWAY_H
#define DUEL_IO_GATEWAY_H

#include <duel/io/auth.h>
#include <duel/io/frames.h>
#include <duel/io/metrics.h>

#define GATEWAY_OUT_SIZE_MAX 65536 /* bytes that may wait for one client (contract section 4) */
#define GATEWAY_RATE_PER_S 40      /* messages */
#define GATEWAY_RATE_BURST 120

struct gateway;
struct reading;

/* What the ops listener answers with, asked each time. */
struct gateway_ops {
    void *context;
    bool (*is_ready)(void *context, struct text *ret_why_not);
    void (*gauges)(void *context, struct metrics_gauges *ret_gauges);
    /* JSON of live matches from index `from`, or of match `id`; the size, or 0: none. */
    uint32_t (*matches)(void *context, const struct uuid *id, uint32_t from, char *ret_json,
                        uint32_t size_max);
};

/* Opens both listeners; `reading` answers what is only read. NULL: *ret_problem says why, for
 * standard error. */
struct gateway *gateway_create(struct loop *loop, struct auth *auth, struct frames *frames,
                               struct reading *reading, const struct settings *settings,
                               uint32_t connections_max, const struct gateway_ops *ops,
                               struct text *ret_problem);
void gateway_destroy(struct gateway *gateway);

/* HUB_FX_SEND. Fills in resume, path and url. A connection that is gone or closing is passed
 * over. */
void gateway_send(struct gateway *gateway, struct hub_effect_send *send);
/* HUB_FX_CLOSE. Where another node has the match the reason is the path there. */
void gateway_close(struct gateway *gateway, const struct hub_effect *close);
void gateway_ping(struct gateway *gateway, struct ref conn);
void gateway_reply(struct gateway *gateway, struct hub_effect_send *reply);
void gateway_reply_error(struct gateway *gateway, struct ref conn, uint16_t status,
                         struct text code, struct text message, uint32_t retry_after_s);
/* HUB_FX_READ: what is asked for is read instead; when nothing is stored, and `unsure`, nobody
 * knows. */
void gateway_read(struct gateway *gateway, struct ref conn, bool unsure);
/* HUB_FX_REPLY_ELSEWHERE: 307. */
void gateway_reply_elsewhere(struct gateway *gateway, const struct hub_effect *effect);

/* Stops accepting; existing connections go on. */
void gateway_stop(struct gateway *gateway);
uint32_t gateway_connections(const struct gateway *gateway);
uint32_t gateway_unauthenticated(const struct gateway *gateway);

#endif
