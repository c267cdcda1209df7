/* What the gateway's files share: the connections and who may do what with them. For
 * duel/io/gateway*.c.
 *   gateway.c       libwebsockets' callbacks, accepting, life cycle
 *   gateway_conn.c  the connections: states, what waits to be sent, the flush at the end of a turn
 *   gateway_caller.c  who is calling from where, and the bounds for each address
 *   gateway_http.c  requests; with gateway_serve.c, gateway_body.c, gateway_route.c,
 *                   gateway_read.c, gateway_answer.c and gateway_upgrade.c
 *   gateway_peek.c  where a request ends
 *   gateway_ws.c    authentication, reassembly, rates, pings
 *
 * A connection is one accepted TCP connection and has one slot of a pool; its reference is the one
 * that the hub knows. On a kept-alive HTTP connection each request gets a fresh slot, so that a
 * reference never outlives its HUB_EV_CLOSED. */
#ifndef DUEL_IO_GATEWAY_PRIVATE_H
#define DUEL_IO_GATEWAY_PRIVATE_H

#include <duel/base/pool.h>
#include <duel/base/timerq.h>
#include <duel/io/gateway.h>
#include <duel/io/limits.h>
#include <duel/io/ops.h>
#include <duel/io/reading.h>
#include <duel/protocol/codec.h>

#define GATEWAY_PROTOCOL "framedle.duel.v1"
#define GATEWAY_RX_SIZE 128          /* libwebsockets' buffer in each WebSocket; a guess fits */
#define GATEWAY_CLOSE_MS 5000        /* for what was sent and the close handshake */
#define GATEWAY_REQUEST_MS 10000     /* for the answer to a request to be known */
#define GATEWAY_REPLY_MS 60000       /* for the client to read it */
#define GATEWAY_BACKLOG_COUNT_MAX 16 /* messages kept while a token is being checked */
#define GATEWAY_BACKLOG_SIZE_MAX 8192
#define GATEWAY_REASON_SIZE_MAX 123 /* RFC 6455 section 5.5.1 */
#define GATEWAY_PATH_SIZE_MAX 256
#define GATEWAY_JSON_SIZE_MAX (READING_DATA_SIZE_MAX + 1024)

struct lws;
struct lws_watch; /* gateway.c: its libev watchers */
struct request;   /* gateway_http.c */
struct peek;      /* gateway_peek.c */
struct backlog;   /* gateway_ws.c */
struct callers;   /* gateway_caller.c */
struct answer;    /* duel/io/gateway_http.h */
struct sockaddr;

enum conn_state {
    CONN_HTTP,     /* no request under way */
    CONN_REQUEST,  /* a request is being answered */
    CONN_ARRIVING, /* an upgrade was accepted and is not done yet */
    CONN_UNKNOWN,  /* a WebSocket whose first message is awaited */
    CONN_CHECKING, /* a WebSocket whose token is being checked */
    CONN_OPEN,     /* a WebSocket that the hub knows */
    CONN_CLOSING,  /* it gets what waits for it and then a close; nothing more is read or queued */
    CONN_ENDING,   /* the close handshake is under way, or the end of the TCP connection */
};

enum conn_ticket {
    CONN_TICKET_NONE = -1,
    CONN_TICKET_BAD = -2,
    CONN_TICKET_TOO_EARLY = -3, /* the key of the tickets is not known yet */
};

/* Whose connection it is. */
struct caller {
    struct address peer;
    uint32_t entry;  /* of the limits, or LIMITS_NONE: counted for nobody */
    bool is_proxied; /* the peer is a proxy: each request has its own caller */
};

struct conn {
    struct lws *wsi;
    struct request *request; /* REQUEST */
    struct peek *peek;       /* while it speaks HTTP */
    struct backlog *backlog; /* CHECKING, when something came behind `auth` */
    uint8_t *message;        /* the part of a message that has arrived, when it came in parts */
    uint8_t *out;            /* what waits to be sent, NULL when nothing does */
    char *close_reason;      /* CLOSING */
    struct conn *dirty_next; /* of the gateway's list, while is_dirty */
    struct conn *dirty_before;
    uint64_t rate_us;      /* when the sender's allowance is full again */
    uint64_t ping_sent_us; /* of the latest ping; 0: none is out */
    uint64_t ping_number;
    uint64_t guessed_us; /* when the guess came whose verdict is among what waits; 0: none is */
    uint64_t charged_us; /* when control frames were last counted at a ping */
    uint64_t control_bytes; /* of control frames, charged so far */
    uint64_t data_bytes;    /* of data frames and of the upgrade */
    struct uuid match;      /* of HUB_DOOR_MATCH */
    struct caller caller;
    uint32_t message_size;
    uint32_t out_size; /* bytes used, headroom included */
    uint32_t out_size_max;
    uint32_t out_count; /* messages */
    uint16_t close_code;
    uint8_t state; /* enum conn_state; written by conn_enter() alone */
    uint8_t door;  /* enum hub_door of a WebSocket */
    char node[SETTINGS_NODE_SIZE_MAX + 1]; /* whom the path asked for by name, or empty */
    int8_t slot;   /* the seat of a good ticket, or one of enum conn_ticket */
    bool in_hub;   /* HUB_EV_OPEN was delivered, HUB_EV_CLOSED was not */
    bool is_dirty;
    bool ping_due;
    uint8_t starts_round; /* its `round` is among what waits to be sent; 0: none is */
    bool asked_writable; /* of libwebsockets, by us */
};

#define GATEWAY_ROUND_WRITES 64

/* When a match's `round` was written to one seat; the other's comes soon. */
struct round_write {
    struct uuid match;
    uint8_t round;
    uint64_t at_us; /* 0: both were written */
};

struct gateway {
    struct loop *loop;
    struct auth *auth;
    struct frames *frames;
    struct reading *reading;
    const struct settings *settings;
    struct lws_watch *watch;
    struct ops *ops;
    struct codec *codec;
    struct callers *callers;
    struct pool conns;
    struct timerq deadlines; /* by a connection's index */
    struct conn *dirty_first;
    struct conn *dirty_last;
    struct round_write round_writes[GATEWAY_ROUND_WRITES]; /* the latest ones, round and round */
    uint32_t round_writes_next;
    uint64_t pings;
    uint32_t unauthenticated;
    uint32_t connections_max;
    bool stopped;   /* accepts nobody */
    bool destroyed; /* the hub hears nothing more */
    char base_path[GATEWAY_PATH_SIZE_MAX]; /* no slash at the end */
    char json[GATEWAY_JSON_SIZE_MAX];      /* to build answers in */
};

/* ---- gateway_conn.c ---- */

/* The one door to conn->state. */
void conn_enter(struct gateway *gateway, struct conn *conn, enum conn_state state);
/* NULL when there is no room. */
struct conn *conn_acquire(struct gateway *gateway);
/* Gives the slot and all that is held back. The hub must have been told. */
void conn_release(struct gateway *gateway, struct conn *conn);
/* The same connection under a fresh reference. */
struct conn *conn_renew(struct gateway *gateway, struct conn *conn);
struct conn *conn_get(const struct gateway *gateway, struct ref ref);
struct ref conn_ref(const struct gateway *gateway, const struct conn *conn);
/* `wait_ms` from now conn_expired() runs; 0: never. One deadline a connection. */
void conn_set_deadline(struct gateway *gateway, struct conn *conn, uint32_t wait_ms);

/* HUB_EV_CLOSED, if the hub knows the connection: at once from a library's callback, or later in
 * the turn from where effects are performed. */
void conn_tell_gone(struct gateway *gateway, struct conn *conn);
void conn_tell_gone_later(struct gateway *gateway, struct conn *conn);

/* Encodes `message` behind what waits; it leaves at the end of the turn. */
void conn_send(struct gateway *gateway, struct conn *conn, const struct message *message);
void conn_ping(struct gateway *gateway, struct conn *conn);
/* Begins to close a WebSocket; `reason` is cut at GATEWAY_REASON_SIZE_MAX bytes. */
void conn_close(struct gateway *gateway, struct conn *conn, uint16_t code, struct text reason);
/* Ends the TCP connection as it is. */
void conn_kill(struct gateway *gateway, struct conn *conn);
/* Writes what waits if that can be done now. */
void conn_flush(struct gateway *gateway, struct conn *conn);
void conn_flush_all(void *gateway);
/* LWS_CALLBACK_SERVER_WRITEABLE: what libwebsockets is to be returned. */
int conn_writeable(struct gateway *gateway, struct conn *conn);

/* ---- gateway_caller.c ---- */

/* NULL: out of memory. The settings have been checked. */
struct callers *callers_create(const struct settings *settings, uint32_t connections_max);
void callers_destroy(struct callers *callers);
/* A TCP connection that was accepted: counted for its peer, unless that is a proxy. False: the peer
 * has as many as it may. */
bool caller_arrives(struct gateway *gateway, struct conn *conn, const struct sockaddr *peer);
/* One request or upgrade. False: *ret_refusal is the answer. */
bool caller_asks(struct gateway *gateway, struct conn *conn, struct answer *ret_refusal);
/* Whether one more socket may be unauthenticated. False: *ret_refusal is the answer. */
bool caller_may_wait(struct gateway *gateway, const struct conn *conn, struct answer *ret_refusal);
/* The socket begins or ceases to be unauthenticated. */
void caller_waits(struct gateway *gateway, const struct conn *conn, bool waits);
void caller_leaves(struct gateway *gateway, struct conn *conn);
/* What goes on when a request is over and its connection is not. */
struct caller caller_take(struct gateway *gateway, struct conn *conn);

/* ---- gateway_http.c ---- */

/* LWS_CALLBACK_HTTP, _HTTP_WRITEABLE, _HTTP_BODY, _HTTP_BODY_COMPLETION: what is to be returned. */
int http_request(struct gateway *gateway, struct conn *conn, struct text path);
int http_writeable(struct gateway *gateway, struct conn *conn);
int http_body(struct gateway *gateway, struct conn *conn, const void *data, size_t size);
int http_body_done(struct conn *conn);
/* LWS_CALLBACK_HTTP_CONFIRM_UPGRADE: refuses with an answer of its own, or enters CONN_ARRIVING. */
int http_upgrade(struct gateway *gateway, struct conn *conn);
/* The answer to a request that the hub was asked; `data` is JSON. */
void http_reply(struct gateway *gateway, struct conn *conn, struct text data);
/* The same with 307: it is to be asked again at `path`. */
void http_reply_elsewhere(struct gateway *gateway, struct conn *conn, struct text path);
/* Answers what is not worth showing to libwebsockets, and ends the connection. */
void http_refuse_early(struct gateway *gateway, struct conn *conn, uint32_t status);
/* The deadline of CONN_REQUEST. */
void http_expired(struct gateway *gateway, struct conn *conn);
void http_release(struct gateway *gateway, struct conn *conn);
/* The bearer token of a request or upgrade into `buffer`; TEXT_NONE when there is none. One that
 * is longer than AUTH_TOKEN_SIZE_MAX comes back cut to AUTH_TOKEN_SIZE_MAX + 1 bytes. */
#define HTTP_TOKEN_BUFFER_SIZE 8192
struct text http_token(struct lws *wsi, char buffer[HTTP_TOKEN_BUFFER_SIZE]);

/* ---- gateway_peek.c ---- */

/* NULL: out of memory. Watches from the start. */
struct peek *peek_create(struct loop *loop, struct lws *wsi);
void peek_destroy(struct peek *peek);
/* While a request is answered nothing is looked at; resumed, it expects another head. */
void peek_pause(struct peek *peek);
void peek_resume(struct peek *peek);
/* When a head has been read, and `body_size` bytes behind it: whether libwebsockets has read more
 * than that. */
bool peek_has_more(const struct peek *peek, uint32_t body_size);
/* Bytes that libwebsockets has read from a connection so far; 0 when the kernel does not tell. */
uint64_t peek_bytes_read(struct lws *wsi);
/* The same for half the price, but what arrives while it is asked for may be missing. */
uint64_t peek_bytes_read_at_least(struct lws *wsi);
/* How many bytes the connection's heads so far had: what was read, if that is not known. */
uint64_t peek_head_end(const struct peek *peek);

/* ---- gateway_ws.c ---- */

/* LWS_CALLBACK_ESTABLISHED, _RECEIVE, _RECEIVE_PONG. */
void ws_established(struct gateway *gateway, struct conn *conn);
void ws_receive(struct gateway *gateway, struct conn *conn, const uint8_t *data, size_t size);
void ws_pong(struct gateway *gateway, struct conn *conn, const uint8_t *data, size_t size);
/* Counts control frames that were not told; called when the client seems to have sent some. */
void ws_charge_control_frames(struct gateway *gateway, struct conn *conn);
/* The deadline of CONN_UNKNOWN. */
void ws_expired(struct gateway *gateway, struct conn *conn);
void ws_release(struct conn *conn);
/* An auth_done. */
void ws_token_checked(void *gateway, struct ref conn, const struct auth_verdict *verdict);

#endif
