/* Client connections of the load generator: WebSockets (RFC 6455) to the server under load.
 *
 * One thread, one libev loop. What a player sends in a turn of the loop leaves at its end, joined
 * in one system call. It knows the contract's messages as bytes and nothing of what they mean. */
#ifndef LOAD_SOCKET_H
#define LOAD_SOCKET_H

#include <duel/protocol/messages.h>
#include <ev.h>
#include <loadtest/load/line.h>

/* The loop, the server's address and what all sockets share. */
struct wire;
struct socket;

struct wire_settings {
    const char *host; /* IPv4 address or name that resolves to one; loopback for load tests */
    uint16_t port;
    /* Bind to 127.0.0.1 … 127.0.0.n in turn, since one address has 28,000 ports; 0: never bind. */
    uint32_t sources;
};

struct socket_request {
    const char *path;      /* "/api/duel/queue", "/api/duel/match/<uuid>"; copied */
    const char *token;     /* Authorization: Bearer; NULL: none */
    const char *ticket;    /* 43 characters, offered as subprotocol r.<ticket>; NULL: none */
    bool auth_message;     /* the token travels as first message instead of a header */
    struct line_settings line; /* all zero: none */
};

struct socket_events {
    void (*opened)(void *context);
    /* `arrived_us`: monotonic time at which its bytes were read. Texts live until it returns. */
    void (*message)(void *context, const struct message *message, uint64_t arrived_us);
    /* Exactly once, unless socket_cut() came first; the socket is gone afterwards. `code`: of the
     * close frame; 1006: none came; 1002: the server broke a protocol (`reason` says how); for a
     * refused upgrade the HTTP status (100-599). */
    void (*closed)(void *context, uint16_t code, struct text reason);
};

/* NULL with a message on standard error: no such host, out of memory. */
struct wire *wire_create(struct ev_loop *loop, const struct wire_settings *settings);
void wire_destroy(struct wire *wire); /* cuts what is open */
struct ev_loop *wire_loop(const struct wire *wire);
/* CLOCK_MONOTONIC, read anew. */
uint64_t wire_now_us(void);
/* Sockets open or opening; bytes and system calls so far, both ways. */
struct wire_counts {
    uint32_t sockets;
    uint64_t bytes_in, bytes_out, reads, writes, frames_in, messages_in, messages_out, pings;
};
struct wire_counts wire_count(const struct wire *wire);

/* Never calls back inside the call. NULL: no descriptor or port left (errno). */
struct socket *socket_open(struct wire *wire, const struct socket_request *request,
                           const struct socket_events *events, void *context);
/* Encoded at once, written at the turn's end. After closing it is dropped. */
void socket_send(struct socket *socket, const struct message *message);
/* With a close frame; `closed` follows when the server has answered (5 s at most). */
void socket_close(struct socket *socket, uint16_t code);
/* At once and without a word (the TCP connection is reset): as a phone in a tunnel. No callback
 * follows. */
void socket_cut(struct socket *socket);

#endif
