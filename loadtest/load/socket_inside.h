/* What the parts of the load generator's WebSocket share; nobody else includes it. */
#ifndef LOAD_SOCKET_INSIDE_H
#define LOAD_SOCKET_INSIDE_H

#include <loadtest/load/socket.h>
#include <netinet/in.h>

#define READ_SIZE 65536
#define FRAME_SIZE_MAX (1U << 20)
#define CONTROL_SIZE_MAX 125
#define CODE_NONE 1005 /* a close frame that names none; never on the wire itself */
/* Any nonce does for a test (RFC 6455 section 1.3 has this one, and the answer to it). */
#define NONCE "dGhlIHNhbXBsZSBub25jZQ=="
#define NONCE_ACCEPTED "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

enum opcode { OP_MORE = 0, OP_TEXT = 1, OP_BINARY = 2, OP_CLOSE = 8, OP_PING = 9, OP_PONG = 10 };
enum socket_state { SOCKET_CONNECTING, SOCKET_UPGRADING, SOCKET_OPEN, SOCKET_CLOSING, SOCKET_DEAD };

struct bytes {
    uint8_t *data;
    uint32_t size;
    uint32_t size_max;
};

/* What a slow line holds, one way. */
struct held {
    struct held *next;
    uint64_t due_us;
    uint32_t size;
    uint8_t data[];
};

struct way {
    struct line line;
    struct held *first;
    struct held **last;
};

struct slow {
    struct way in, out;
    struct ev_timer timer;
    bool ended; /* the server has closed; told once what is held has come out */
};

struct socket {
    struct wire *wire;
    struct socket *previous, *next;       /* all */
    struct socket *dirty_next;
    const struct socket_events *events;
    void *context;
    struct bytes in;  /* a frame (or the answer to the upgrade) of which more must come */
    struct bytes out; /* not taken by the kernel yet */
    struct bytes message; /* of a fragmented message */
    struct slow *slow;
    struct ev_io io;
    struct ev_timer deadline;
    uint16_t code; /* what `closed` tells */
    uint8_t state;
    bool dirty;
    bool busy; /* a callback is under way: freed after it */
    char *reason;
};

struct wire {
    struct ev_loop *loop;
    struct sockaddr_in server;
    char host[80];
    uint32_t sources;
    uint32_t source;
    struct codec *codec;
    struct rng rng;
    struct socket *first;
    struct socket *dirty;
    struct ev_prepare flush;
    struct wire_counts counts;
    uint8_t buffer[READ_SIZE];
};

/* socket_bytes.c: memory that is there only while something is in it. */
uint8_t *bytes_reserve(struct bytes *bytes, uint32_t more);
void bytes_append(struct bytes *bytes, const void *data, uint32_t size);
void bytes_drop(struct bytes *bytes);
void bytes_take(struct bytes *bytes, uint32_t size);

/* socket.c */
/* What `closed` will tell; the first that is said counts. */
void socket_remember_end(struct socket *socket, uint16_t code, struct text reason);
/* Tells it and frees the socket. */
void socket_end(struct socket *socket, uint16_t code, struct text reason);
/* The descriptor and all else; the struct itself when no callback is under way. */
void socket_bury(struct socket *socket);
void socket_set_deadline(struct socket *socket, double seconds);
/* Which of EV_READ and EV_WRITE it waits for. */
void socket_want(struct socket *socket, int events);

/* socket_write.c */
/* It has something to be written at the end of the turn. */
void socket_make_dirty(struct socket *socket);
void socket_write_out(struct socket *socket);
/* RFC 6455 section 5.2; the key is drawn for each frame. */
void socket_send_frame(struct socket *socket, enum opcode opcode, const uint8_t *data,
                       uint32_t size);
void socket_send_close(struct socket *socket, uint16_t code);
void wire_flush(struct ev_loop *loop, struct ev_prepare *prepare, int events);

/* socket_read.c: what has arrived. False: the socket is gone. */
bool socket_deliver(struct socket *socket, const uint8_t *data, uint32_t size);

/* socket_slow.c: a line that delays and loses. */
struct slow *slow_create(struct socket *socket, const struct line_settings *settings);
void slow_destroy(struct socket *socket);
void slow_hold(struct socket *socket, struct way *way, const void *data, uint32_t size);

#endif
