/* WebSocket connections of the load generator; see the header.
 *
 * The framing is our own because a server's frames carry no mask and a bot needs little of RFC
 * 6455: nothing is kept for a connection that has no frame cut in two, and what a turn of the loop
 * has for a socket leaves in one system call. A generator must cost less than what it measures. */
#include <loadtest/load/socket.h>

#include <arpa/inet.h>
#include <duel/base/assert.h>
#include <duel/protocol/codec.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define READ_SIZE 65536
#define HEADER_SIZE_MAX 8192
#define FRAME_SIZE_MAX (1U << 20)
#define CONTROL_SIZE_MAX 125
#define CLOSE_S 5.0
#define CONNECT_S 10.0
#define OUT_SIZE_FIRST 256
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

uint64_t wire_now_us(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

/* ---- bytes ---- */

static uint8_t *bytes_reserve(struct bytes *bytes, uint32_t more)
{
    if (bytes->size_max - bytes->size < more) {
        uint32_t size_max = bytes->size_max == 0 ? OUT_SIZE_FIRST : bytes->size_max;
        while (size_max - bytes->size < more) {
            size_max *= 2;
        }
        bytes->data = realloc(bytes->data, size_max);
        ASSERT(bytes->data != NULL);
        bytes->size_max = size_max;
    }
    return bytes->data + bytes->size;
}

static void bytes_append(struct bytes *bytes, const void *data, uint32_t size)
{
    if (size > 0) {
        memcpy(bytes_reserve(bytes, size), data, size);
        bytes->size += size;
    }
}

static void bytes_drop(struct bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct bytes){ 0 };
}

static void bytes_take(struct bytes *bytes, uint32_t size)
{
    bytes->size -= size;
    if (bytes->size == 0) {
        bytes_drop(bytes); /* 20,000 idle sockets keep no buffers */
    } else {
        memmove(bytes->data, bytes->data + size, bytes->size);
    }
}

/* ---- end of life ---- */

static void drop_way(struct way *way)
{
    while (way->first != NULL) {
        struct held *held = way->first;
        way->first = held->next;
        free(held);
    }
    way->last = &way->first;
}

static void undirty(struct socket *socket)
{
    if (!socket->dirty) {
        return;
    }
    struct socket **place = &socket->wire->dirty;
    while (*place != socket) {
        place = &(*place)->dirty_next;
    }
    *place = socket->dirty_next;
    socket->dirty = false;
}

/* The descriptor and all else; the struct itself when no callback is under way. */
static void bury(struct socket *socket)
{
    struct wire *wire = socket->wire;
    if (socket->state != SOCKET_DEAD) {
        socket->state = SOCKET_DEAD;
        undirty(socket);
        ev_io_stop(wire->loop, &socket->io);
        ev_timer_stop(wire->loop, &socket->deadline);
        close(socket->io.fd);
        if (socket->previous != NULL) {
            socket->previous->next = socket->next;
        } else {
            wire->first = socket->next;
        }
        if (socket->next != NULL) {
            socket->next->previous = socket->previous;
        }
        wire->counts.sockets--;
    }
    if (socket->busy) {
        return;
    }
    if (socket->slow != NULL) {
        ev_timer_stop(wire->loop, &socket->slow->timer);
        drop_way(&socket->slow->in);
        drop_way(&socket->slow->out);
        free(socket->slow);
    }
    bytes_drop(&socket->in);
    bytes_drop(&socket->out);
    bytes_drop(&socket->message);
    free(socket->reason);
    free(socket);
}

static void remember_end(struct socket *socket, uint16_t code, struct text reason)
{
    if (socket->code == 0) {
        socket->code = code;
        socket->reason = strndup(reason.data == NULL ? "" : reason.data, reason.size);
    }
}

/* Tells it and frees the socket. */
static void end(struct socket *socket, uint16_t code, struct text reason)
{
    if (socket->state == SOCKET_DEAD) {
        return;
    }
    remember_end(socket, code, reason);
    bool busy = socket->busy;
    socket->busy = true;
    bury(socket);
    socket->events->closed(socket->context, socket->code,
                           text_from(socket->reason == NULL ? "" : socket->reason));
    socket->busy = busy;
    if (!busy) {
        bury(socket);
    }
}

static void time_is_up(struct ev_loop *loop, struct ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    struct socket *socket = timer->data;
    end(socket, 1006, socket->state == SOCKET_CLOSING ? TEXT("no answer to close")
                                                      : TEXT("no answer to the upgrade"));
}

static void set_deadline(struct socket *socket, double seconds)
{
    ev_timer_stop(socket->wire->loop, &socket->deadline);
    ev_timer_set(&socket->deadline, seconds, 0.0);
    ev_timer_start(socket->wire->loop, &socket->deadline);
}

/* ---- sending ---- */

static void make_dirty(struct socket *socket)
{
    if (!socket->dirty) {
        socket->dirty = true;
        socket->dirty_next = socket->wire->dirty;
        socket->wire->dirty = socket;
    }
}

static void want(struct socket *socket, int events)
{
    if ((socket->io.events & (EV_READ | EV_WRITE)) != events) {
        ev_io_stop(socket->wire->loop, &socket->io);
        ev_io_set(&socket->io, socket->io.fd, events);
        ev_io_start(socket->wire->loop, &socket->io);
    }
}

static void write_out(struct socket *socket)
{
    if (socket->out.size == 0 || socket->state == SOCKET_CONNECTING) {
        return;
    }
    struct wire_counts *counts = &socket->wire->counts;
    ssize_t sent = send(socket->io.fd, socket->out.data, socket->out.size, MSG_NOSIGNAL);
    counts->writes++;
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        return; /* reading tells what became of it */
    }
    if (sent > 0) {
        counts->bytes_out += (uint64_t)sent;
        bytes_take(&socket->out, (uint32_t)sent);
    }
    want(socket, socket->out.size == 0 ? EV_READ : EV_READ | EV_WRITE);
}

static void arm_slow(struct socket *socket)
{
    struct slow *slow = socket->slow;
    uint64_t due_us = UINT64_MAX;
    if (slow->in.first != NULL) {
        due_us = slow->in.first->due_us;
    }
    if (slow->out.first != NULL && slow->out.first->due_us < due_us) {
        due_us = slow->out.first->due_us;
    }
    ev_timer_stop(socket->wire->loop, &slow->timer);
    if (due_us != UINT64_MAX) {
        uint64_t now_us = wire_now_us();
        ev_now_update(socket->wire->loop);
        ev_timer_set(&slow->timer, due_us > now_us ? (double)(due_us - now_us) / 1e6 : 0.0, 0.0);
        ev_timer_start(socket->wire->loop, &slow->timer);
    }
}

static void hold(struct socket *socket, struct way *way, const void *data, uint32_t size)
{
    struct held *held = malloc(sizeof(*held) + size);
    ASSERT(held != NULL);
    held->next = NULL;
    held->due_us = line_pass(&way->line, &socket->wire->rng, wire_now_us());
    held->size = size;
    memcpy(held->data, data, size);
    *way->last = held;
    way->last = &held->next;
    arm_slow(socket);
}

static void flush(struct ev_loop *loop, struct ev_prepare *prepare, int events)
{
    (void)loop;
    (void)events;
    struct wire *wire = prepare->data;
    while (wire->dirty != NULL) {
        struct socket *socket = wire->dirty;
        wire->dirty = socket->dirty_next;
        socket->dirty = false;
        if (socket->slow != NULL && socket->state != SOCKET_CONNECTING) {
            hold(socket, &socket->slow->out, socket->out.data, socket->out.size);
            bytes_drop(&socket->out);
        } else {
            write_out(socket);
        }
    }
}

/* RFC 6455 section 5.2; the key is drawn for each frame. */
static void send_frame(struct socket *socket, enum opcode opcode, const uint8_t *data,
                       uint32_t size)
{
    uint8_t *place = bytes_reserve(&socket->out, size + 8);
    uint32_t key = (uint32_t)rng_next(&socket->wire->rng);
    uint32_t head = 2;
    place[0] = (uint8_t)(0x80 | opcode);
    if (size <= CONTROL_SIZE_MAX) {
        place[1] = (uint8_t)(0x80 | size);
    } else {
        ASSERT(size <= UINT16_MAX);
        place[1] = 0x80 | 126;
        place[2] = (uint8_t)(size >> 8);
        place[3] = (uint8_t)size;
        head = 4;
    }
    uint8_t mask[4];
    memcpy(mask, &key, sizeof(mask));
    memcpy(place + head, mask, sizeof(mask));
    head += 4;
    for (uint32_t i = 0; i < size; i++) {
        place[head + i] = data[i] ^ mask[i & 3];
    }
    socket->out.size += head + size;
    make_dirty(socket);
}

void socket_send(struct socket *socket, const struct message *message)
{
    if (socket->state != SOCKET_OPEN) {
        return;
    }
    uint8_t data[MESSAGE_CLIENT_SIZE_MAX];
    uint32_t size = codec_encode(message, data, sizeof(data));
    ASSERT(size != 0);
    socket->wire->counts.messages_out++;
    send_frame(socket, OP_BINARY, data, size);
}

static void send_close(struct socket *socket, uint16_t code)
{
    uint8_t data[2] = { (uint8_t)(code >> 8), (uint8_t)code };
    send_frame(socket, OP_CLOSE, data, code == CODE_NONE ? 0 : sizeof(data));
    socket->state = SOCKET_CLOSING;
    set_deadline(socket, CLOSE_S);
}

void socket_close(struct socket *socket, uint16_t code)
{
    if (socket->state == SOCKET_OPEN) {
        send_close(socket, code);
    } else if (socket->state == SOCKET_CONNECTING || socket->state == SOCKET_UPGRADING) {
        remember_end(socket, code, TEXT("closed before it was open"));
        socket->state = SOCKET_CLOSING;
        set_deadline(socket, 0.0);
    }
}

void socket_cut(struct socket *socket)
{
    if (socket->state == SOCKET_DEAD) {
        return;
    }
    struct linger linger = { .l_onoff = 1, .l_linger = 0 };
    setsockopt(socket->io.fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    bury(socket);
}

/* ---- receiving ---- */

static void tell(struct socket *socket, const uint8_t *data, uint32_t size, uint64_t arrived_us)
{
    struct text reason;
    const struct message *message =
        codec_decode_server(socket->wire->codec, data, size, &reason);
    if (message == NULL) {
        end(socket, 1002, reason);
        return;
    }
    socket->wire->counts.messages_in++;
    socket->events->message(socket->context, message, arrived_us);
}

/* One map, or an array of them that is never empty (contract section 3). */
static void take_message(struct socket *socket, const uint8_t *data, uint32_t size,
                         uint64_t arrived_us)
{
    uint32_t place = 0;
    uint32_t count = codec_read_array_head(data, size, &place);
    if (count == 0) {
        tell(socket, data, size, arrived_us);
        return;
    }
    while (count-- > 0 && socket->state != SOCKET_DEAD) {
        uint32_t part = codec_measure(data + place, size - place);
        if (part == 0 || (count == 0 && part != size - place)) {
            end(socket, 1002, TEXT("an array that is not one of maps"));
            return;
        }
        tell(socket, data + place, part, arrived_us);
        place += part;
    }
}

static void take_close(struct socket *socket, const uint8_t *data, uint32_t size)
{
    uint16_t code = (uint16_t)(size >= 2 ? data[0] << 8 | data[1] : CODE_NONE);
    struct text reason = size > 2 ? (struct text){ (const char *)data + 2, size - 2 } : TEXT("");
    remember_end(socket, code, reason);
    if (socket->state == SOCKET_OPEN) {
        send_close(socket, code);
    }
}

/* A whole frame. False: the socket is gone. */
static bool take_frame(struct socket *socket, uint8_t first, const uint8_t *data, uint32_t size,
                       uint64_t arrived_us)
{
    bool final = (first & 0x80) != 0;
    uint8_t opcode = first & 0x0f;
    socket->wire->counts.frames_in++;
    if (opcode == OP_PING) {
        socket->wire->counts.pings++;
        if (socket->state == SOCKET_OPEN) {
            send_frame(socket, OP_PONG, data, size);
        }
    } else if (opcode == OP_CLOSE) {
        take_close(socket, data, size);
    } else if (opcode == OP_BINARY && final && socket->message.size == 0) {
        take_message(socket, data, size, arrived_us);
    } else if (opcode == OP_BINARY || opcode == OP_MORE) {
        if (size > FRAME_SIZE_MAX - socket->message.size) {
            end(socket, 1002, TEXT("a message without end"));
            return false;
        }
        bytes_append(&socket->message, data, size);
        if (final) {
            struct bytes message = socket->message;
            socket->message = (struct bytes){ 0 };
            take_message(socket, message.data, message.size, arrived_us);
            bytes_drop(&message);
        }
    } else if (opcode != OP_PONG) {
        end(socket, 1002, TEXT("a frame of an unexpected kind"));
    }
    return socket->state != SOCKET_DEAD;
}

/* How long the head and the payload of the frame at `data` are; false: more must come. A frame that
 * no server may send has the size UINT32_MAX. */
static bool measure_frame(const uint8_t *data, uint32_t size, uint32_t *ret_head,
                          uint32_t *ret_payload)
{
    if (size < 2) {
        return false;
    }
    uint32_t head = 2, extra = 0;
    uint64_t payload = data[1] & 0x7f;
    bool masked = (data[1] & 0x80) != 0, reserved = (data[0] & 0x70) != 0;
    if (payload == 126) {
        extra = 2;
    } else if (payload == 127) {
        extra = 8;
    }
    if (extra > 0) {
        if (size < head + extra) {
            return false;
        }
        payload = 0;
        for (uint32_t i = 0; i < extra; i++) {
            payload = payload << 8 | data[head + i];
        }
        head += extra;
    }
    bool control = (data[0] & 0x08) != 0, part = (data[0] & 0x80) == 0;
    bool refused = masked || reserved || payload > FRAME_SIZE_MAX ||
                   (control && (part || payload > CONTROL_SIZE_MAX));
    *ret_head = head;
    *ret_payload = refused ? UINT32_MAX : (uint32_t)payload;
    return refused || size - head >= payload;
}

static bool take_upgrade(struct socket *socket, const uint8_t *data, uint32_t size,
                         uint32_t *ret_taken)
{
    const char *text = (const char *)data;
    const uint8_t *end_of_head = memmem(data, size, "\r\n\r\n", 4);
    if (end_of_head == NULL) {
        if (size > HEADER_SIZE_MAX) {
            end(socket, 1002, TEXT("a header without end"));
            return false;
        }
        *ret_taken = 0;
        return true;
    }
    uint32_t head_size = (uint32_t)(end_of_head - data) + 4;
    uint32_t status = 0;
    if (size > 12 && memcmp(text, "HTTP/1.", 7) == 0) {
        for (uint32_t i = 9; i < 12 && text[i] >= '0' && text[i] <= '9'; i++) {
            status = status * 10 + (uint32_t)(text[i] - '0');
        }
    }
    if (status != 101) {
        end(socket, status >= 200 && status < 600 ? (uint16_t)status : 1002,
            TEXT("upgrade refused"));
        return false;
    }
    if (memmem(data, head_size, NONCE_ACCEPTED, sizeof(NONCE_ACCEPTED) - 1) == NULL) {
        end(socket, 1002, TEXT("a wrong Sec-WebSocket-Accept"));
        return false;
    }
    *ret_taken = head_size;
    ev_timer_stop(socket->wire->loop, &socket->deadline);
    socket->state = SOCKET_OPEN;
    socket->events->opened(socket->context);
    return socket->state != SOCKET_DEAD;
}

/* Takes what is whole of `data` and returns how much that was. */
static uint32_t take_whole(struct socket *socket, const uint8_t *data, uint32_t size,
                           uint64_t arrived_us)
{
    uint32_t place = 0;
    if (socket->state == SOCKET_UPGRADING &&
        (!take_upgrade(socket, data, size, &place) || place == 0)) {
        return 0;
    }
    uint32_t head, payload;
    while (measure_frame(data + place, size - place, &head, &payload)) {
        if (payload == UINT32_MAX) {
            end(socket, 1002, TEXT("a frame that no server may send"));
            return 0;
        }
        uint8_t first = data[place];
        place += head;
        if (!take_frame(socket, first, data + place, payload, arrived_us)) {
            return 0;
        }
        place += payload;
    }
    return place;
}

/* While the socket is busy: what comes may end it. */
static void take_bytes(struct socket *socket, const uint8_t *data, uint32_t size)
{
    uint64_t arrived_us = wire_now_us();
    if (socket->in.size == 0) {
        uint32_t taken = take_whole(socket, data, size, arrived_us);
        if (socket->state != SOCKET_DEAD) {
            bytes_append(&socket->in, data + taken, size - taken);
        }
    } else {
        bytes_append(&socket->in, data, size);
        uint32_t taken = take_whole(socket, socket->in.data, socket->in.size, arrived_us);
        if (socket->state != SOCKET_DEAD && taken > 0) {
            bytes_take(&socket->in, taken);
        }
    }
}

/* False: the socket is gone. */
static bool deliver(struct socket *socket, const uint8_t *data, uint32_t size)
{
    socket->busy = true;
    take_bytes(socket, data, size);
    socket->busy = false;
    bool gone = socket->state == SOCKET_DEAD;
    if (gone) {
        bury(socket);
    }
    return !gone;
}

static void server_gone(struct socket *socket, struct text how)
{
    if (socket->slow != NULL && socket->slow->in.first != NULL) {
        socket->slow->ended = true;
        ev_io_stop(socket->wire->loop, &socket->io);
        return;
    }
    end(socket, 1006, how);
}

static void slow_is_due(struct ev_loop *loop, struct ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    struct socket *socket = timer->data;
    struct slow *slow = socket->slow;
    uint64_t now_us = wire_now_us();
    while (slow->out.first != NULL && slow->out.first->due_us <= now_us) {
        struct held *held = slow->out.first;
        slow->out.first = held->next;
        if (held->next == NULL) {
            slow->out.last = &slow->out.first;
        }
        bytes_append(&socket->out, held->data, held->size);
        free(held);
        write_out(socket);
    }
    while (slow->in.first != NULL && slow->in.first->due_us <= now_us) {
        struct held *held = slow->in.first;
        slow->in.first = held->next;
        if (held->next == NULL) {
            slow->in.last = &slow->in.first;
        }
        bool alive = deliver(socket, held->data, held->size);
        free(held);
        if (!alive) {
            return;
        }
    }
    if (slow->ended && slow->in.first == NULL) {
        end(socket, 1006, TEXT("cut"));
        return;
    }
    arm_slow(socket);
}

static bool connected(struct socket *socket)
{
    int failed = 0;
    socklen_t size = sizeof(failed);
    getsockopt(socket->io.fd, SOL_SOCKET, SO_ERROR, &failed, &size);
    if (failed != 0) {
        end(socket, 1006, text_from(strerror(failed)));
        return false;
    }
    socket->state = SOCKET_UPGRADING;
    make_dirty(socket); /* the request for the upgrade */
    want(socket, EV_READ);
    return true;
}

static void happened(struct ev_loop *loop, struct ev_io *io, int events)
{
    (void)loop;
    struct socket *socket = io->data;
    struct wire *wire = socket->wire;
    if (socket->state == SOCKET_CONNECTING && !connected(socket)) {
        return;
    }
    if ((events & EV_WRITE) != 0 && !socket->dirty) {
        write_out(socket);
    }
    if ((events & EV_READ) == 0) {
        return;
    }
    ssize_t got = recv(io->fd, wire->buffer, sizeof(wire->buffer), 0);
    wire->counts.reads++;
    if (got > 0) {
        wire->counts.bytes_in += (uint64_t)got;
        if (socket->slow != NULL) {
            hold(socket, &socket->slow->in, wire->buffer, (uint32_t)got);
        } else {
            deliver(socket, wire->buffer, (uint32_t)got);
        }
    } else if (got == 0) {
        server_gone(socket, TEXT("cut"));
    } else if (errno != EAGAIN && errno != EINTR) {
        server_gone(socket, text_from(strerror(errno)));
    }
}

/* ---- opening ---- */

static int dial(struct wire *wire)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    bool failed = false;
    if (wire->sources > 0) {
        struct sockaddr_in source = { .sin_family = AF_INET };
        source.sin_addr.s_addr = htonl(INADDR_LOOPBACK + wire->source);
        wire->source = (wire->source + 1) % wire->sources;
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
        failed = bind(fd, (struct sockaddr *)&source, sizeof(source)) != 0;
    }
    if (!failed && connect(fd, (struct sockaddr *)&wire->server, sizeof(wire->server)) != 0) {
        failed = errno != EINPROGRESS;
    }
    if (failed) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

static void ask_for_upgrade(struct socket *socket, const struct socket_request *request)
{
    char head[4096];
    bool token = request->token != NULL && !request->auth_message;
    int size = snprintf(head, sizeof(head),
                        "GET %s HTTP/1.1\r\nHost: %s\r\n"
                        "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Key: " NONCE "\r\nSec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Protocol: framedle.duel.v1%s%s\r\n%s%s%s\r\n",
                        request->path, socket->wire->host, request->ticket == NULL ? "" : ", r.",
                        request->ticket == NULL ? "" : request->ticket,
                        token ? "Authorization: Bearer " : "", token ? request->token : "",
                        token ? "\r\n" : "");
    ASSERT(size > 0 && (size_t)size < sizeof(head));
    bytes_append(&socket->out, head, (uint32_t)size);
    make_dirty(socket);
}

static struct slow *make_slow(struct socket *socket, const struct line_settings *settings)
{
    struct slow *slow = calloc(1, sizeof(*slow));
    ASSERT(slow != NULL);
    line_init(&slow->in.line, settings);
    line_init(&slow->out.line, settings);
    slow->in.last = &slow->in.first;
    slow->out.last = &slow->out.first;
    ev_timer_init(&slow->timer, slow_is_due, 0.0, 0.0);
    slow->timer.data = socket;
    return slow;
}

struct socket *socket_open(struct wire *wire, const struct socket_request *request,
                           const struct socket_events *events, void *context)
{
    int fd = dial(wire);
    if (fd < 0) {
        return NULL;
    }
    struct socket *socket = calloc(1, sizeof(*socket));
    ASSERT(socket != NULL);
    socket->wire = wire;
    socket->events = events;
    socket->context = context;
    socket->next = wire->first;
    if (socket->next != NULL) {
        socket->next->previous = socket;
    }
    wire->first = socket;
    wire->counts.sockets++;
    if (!line_is_straight(&request->line)) {
        socket->slow = make_slow(socket, &request->line);
    }
    ev_io_init(&socket->io, happened, fd, EV_WRITE | EV_READ);
    socket->io.data = socket;
    ev_io_start(wire->loop, &socket->io);
    ev_timer_init(&socket->deadline, time_is_up, 0.0, 0.0);
    socket->deadline.data = socket;
    set_deadline(socket, CONNECT_S);
    ask_for_upgrade(socket, request);
    return socket;
}

/* ---- the wire ---- */

static bool resolve(struct wire *wire, const struct wire_settings *settings)
{
    struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM }, *found = NULL;
    int failed = getaddrinfo(settings->host, NULL, &hints, &found);
    if (failed != 0) {
        fprintf(stderr, "duel-load: %s: %s\n", settings->host, gai_strerror(failed));
        return false;
    }
    memcpy(&wire->server, found->ai_addr, sizeof(wire->server));
    wire->server.sin_port = htons(settings->port);
    freeaddrinfo(found);
    return true;
}

struct wire *wire_create(struct ev_loop *loop, const struct wire_settings *settings)
{
    struct wire *wire = calloc(1, sizeof(*wire));
    ASSERT(wire != NULL);
    wire->codec = codec_create();
    ASSERT(wire->codec != NULL);
    wire->loop = loop;
    wire->sources = settings->sources;
    if (!resolve(wire, settings)) {
        codec_destroy(wire->codec);
        free(wire);
        return NULL;
    }
    snprintf(wire->host, sizeof(wire->host), "%s:%u", settings->host, settings->port);
    rng_seed(&wire->rng, wire_now_us());
    ev_prepare_init(&wire->flush, flush);
    wire->flush.data = wire;
    ev_prepare_start(loop, &wire->flush);
    return wire;
}

void wire_destroy(struct wire *wire)
{
    if (wire == NULL) {
        return;
    }
    while (wire->first != NULL) {
        socket_cut(wire->first);
    }
    ev_prepare_stop(wire->loop, &wire->flush);
    codec_destroy(wire->codec);
    free(wire);
}

struct ev_loop *wire_loop(const struct wire *wire)
{
    return wire->loop;
}

struct wire_counts wire_count(const struct wire *wire)
{
    return wire->counts;
}
