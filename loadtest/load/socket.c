/* WebSocket connections of the load generator; see the header.
 *
 * The framing is our own because a server's frames carry no mask and a bot needs little of RFC
 * 6455: nothing is kept for a connection that has no frame cut in two, and what a turn of the loop
 * has for a socket leaves in one system call. A generator must cost less than what it measures. */
#include <loadtest/load/socket_inside.h>

#include <arpa/inet.h>
#include <duel/base/assert.h>
#include <duel/protocol/codec.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECT_S 10.0

uint64_t wire_now_us(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

/* ---- the end ---- */

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

void socket_bury(struct socket *socket)
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
    slow_destroy(socket);
    bytes_drop(&socket->in);
    bytes_drop(&socket->out);
    bytes_drop(&socket->message);
    free(socket->reason);
    free(socket);
}

void socket_remember_end(struct socket *socket, uint16_t code, struct text reason)
{
    if (socket->code == 0) {
        socket->code = code;
        socket->reason = strndup(reason.data == NULL ? "" : reason.data, reason.size);
    }
}

void socket_end(struct socket *socket, uint16_t code, struct text reason)
{
    if (socket->state == SOCKET_DEAD) {
        return;
    }
    socket_remember_end(socket, code, reason);
    bool busy = socket->busy;
    socket->busy = true;
    socket_bury(socket);
    socket->events->closed(socket->context, socket->code,
                           text_from(socket->reason == NULL ? "" : socket->reason));
    socket->busy = busy;
    if (!busy) {
        socket_bury(socket);
    }
}

void socket_cut(struct socket *socket)
{
    if (socket->state == SOCKET_DEAD) {
        return;
    }
    struct linger linger = { .l_onoff = 1, .l_linger = 0 };
    setsockopt(socket->io.fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    socket_bury(socket);
}

static void time_is_up(struct ev_loop *loop, struct ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    struct socket *socket = timer->data;
    socket_end(socket, 1006, socket->state == SOCKET_CLOSING ? TEXT("no answer to close")
                                                      : TEXT("no answer to the upgrade"));
}

void socket_set_deadline(struct socket *socket, double seconds)
{
    ev_timer_stop(socket->wire->loop, &socket->deadline);
    ev_timer_set(&socket->deadline, seconds, 0.0);
    ev_timer_start(socket->wire->loop, &socket->deadline);
}

void socket_want(struct socket *socket, int events)
{
    if ((socket->io.events & (EV_READ | EV_WRITE)) != events) {
        ev_io_stop(socket->wire->loop, &socket->io);
        ev_io_set(&socket->io, socket->io.fd, events);
        ev_io_start(socket->wire->loop, &socket->io);
    }
}

/* ---- life ---- */

static bool connected(struct socket *socket)
{
    int failed = 0;
    socklen_t size = sizeof(failed);
    getsockopt(socket->io.fd, SOL_SOCKET, SO_ERROR, &failed, &size);
    if (failed != 0) {
        socket_end(socket, 1006, text_from(strerror(failed)));
        return false;
    }
    socket->state = SOCKET_UPGRADING;
    socket_make_dirty(socket); /* the request for the upgrade */
    socket_want(socket, EV_READ);
    return true;
}

static void server_gone(struct socket *socket, struct text how)
{
    if (socket->slow != NULL && socket->slow->in.first != NULL) {
        socket->slow->ended = true;
        ev_io_stop(socket->wire->loop, &socket->io);
        return;
    }
    socket_end(socket, 1006, how);
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
        socket_write_out(socket);
    }
    if ((events & EV_READ) == 0) {
        return;
    }
    ssize_t got = recv(io->fd, wire->buffer, sizeof(wire->buffer), 0);
    wire->counts.reads++;
    if (got > 0) {
        wire->counts.bytes_in += (uint64_t)got;
        if (socket->slow != NULL) {
            slow_hold(socket, &socket->slow->in, wire->buffer, (uint32_t)got);
        } else {
            socket_deliver(socket, wire->buffer, (uint32_t)got);
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
    socket_make_dirty(socket);
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
        socket->slow = slow_create(socket, &request->line);
    }
    ev_io_init(&socket->io, happened, fd, EV_WRITE | EV_READ);
    socket->io.data = socket;
    ev_io_start(wire->loop, &socket->io);
    ev_timer_init(&socket->deadline, time_is_up, 0.0, 0.0);
    socket->deadline.data = socket;
    socket_set_deadline(socket, CONNECT_S);
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
    ev_prepare_init(&wire->flush, wire_flush);
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
