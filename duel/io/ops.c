/* The operators' listener: a small HTTP server of its own on libev.
 *
 * Whoever connects gets OPS_TIME_S to send one request of at most REQUEST_SIZE_MAX bytes and to
 * read the answer. */
#include <duel/base/assert.h>
#include <duel/io/listen.h>
#include <duel/io/log.h>
#include <duel/io/ops.h>
#include <errno.h>
#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define OPS_TIME_S 5.0
#define REQUEST_SIZE_MAX 4096
#define ANSWER_SIZE_MAX 65536
#define HEAD_SIZE_MAX 256

struct visit {
    struct ops *ops;
    int fd; /* -1: this place is free */
    struct ev_io io;
    struct ev_timer limit;
    uint32_t request_size;
    char request[REQUEST_SIZE_MAX];
    uint32_t answer_size; /* 0: still reading */
    uint32_t answer_sent;
    char answer[HEAD_SIZE_MAX + ANSWER_SIZE_MAX];
};

struct ops {
    struct loop *loop;
    struct gateway_ops answers;
    int listener;
    struct ev_io acceptable;
    struct visit *visits; /* OPS_CONNECTIONS_MAX places */
};

static void end_visit(struct visit *visit)
{
    struct ev_loop *ev = loop_ev(visit->ops->loop);
    ev_io_stop(ev, &visit->io);
    ev_timer_stop(ev, &visit->limit);
    close(visit->fd);
    visit->fd = -1;
}

static void time_is_up(struct ev_loop *ev, struct ev_timer *limit, int events)
{
    (void)ev;
    (void)events;
    end_visit(limit->data);
}

/* ---- answers ---- */

static void answer(struct visit *visit, const char *status, const char *type, const char *body,
                   size_t body_size, bool is_head)
{
    int head_size = snprintf(visit->answer, HEAD_SIZE_MAX,
                             "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                             "Cache-Control: no-store\r\nConnection: close\r\n\r\n",
                             status, type, body_size);
    ASSERT(head_size > 0 && head_size < HEAD_SIZE_MAX && body_size <= ANSWER_SIZE_MAX);
    visit->answer_size = (uint32_t)head_size;
    if (!is_head) {
        memcpy(visit->answer + head_size, body, body_size);
        visit->answer_size += (uint32_t)body_size;
    }
}

static void answer_line(struct visit *visit, const char *status, struct text line, bool is_head)
{
    char body[256];
    int size = snprintf(body, sizeof(body), "%.*s\n", (int)(line.size < 250 ? line.size : 250),
                        line.data);
    answer(visit, status, "text/plain; charset=utf-8", body, (size_t)size, is_head);
}

static void answer_ready(struct visit *visit, bool is_head)
{
    const struct gateway_ops *answers = &visit->ops->answers;
    struct text why_not = TEXT_NONE;
    if (answers->is_ready(answers->context, &why_not)) {
        answer_line(visit, "200 OK", TEXT("ready"), is_head);
    } else {
        answer_line(visit, "503 Service Unavailable", why_not, is_head);
    }
}

static void answer_metrics(struct visit *visit, bool is_head)
{
    const struct gateway_ops *answers = &visit->ops->answers;
    static char text[ANSWER_SIZE_MAX];
    struct metrics_gauges gauges = { 0 };
    answers->gauges(answers->context, &gauges);
    uint32_t size = metrics_text(&gauges, text, sizeof(text));
    ASSERT(size != 0);
    answer(visit, "200 OK", "text/plain; version=0.0.4; charset=utf-8", text, size, is_head);
}

/* Of the path: nothing, "?from=<index>", or "/<match>". */
static void answer_matches(struct visit *visit, const char *rest, bool is_head)
{
    static char text[ANSWER_SIZE_MAX];
    const struct gateway_ops *answers = &visit->ops->answers;
    struct uuid id;
    uint32_t size = 0;
    if (rest[0] == '/') {
        const char *end = strchr(rest, ' ');
        if (end != NULL &&
            uuid_parse((struct text){ rest + 1, (uint32_t)(end - rest - 1) }, &id)) {
            size = answers->matches(answers->context, &id, 0, text, sizeof(text));
        }
    } else if (rest[0] == ' ' || strncmp(rest, "?from=", 6) == 0) {
        unsigned long from = rest[0] == '?' ? strtoul(rest + 6, NULL, 10) : 0;
        size = answers->matches(answers->context, NULL, (uint32_t)(from & UINT32_MAX), text,
                                sizeof(text));
    }
    if (size == 0) {
        answer_line(visit, "404 Not Found", TEXT("no such match here"), is_head);
    } else {
        answer(visit, "200 OK", "application/json; charset=utf-8", text, size, is_head);
    }
}

static bool starts_with(const char *request, const char *start)
{
    return strncmp(request, start, strlen(start)) == 0;
}

/* The request line alone decides. */
static void answer_request(struct visit *visit)
{
    const char *request = visit->request;
    bool is_head = starts_with(request, "HEAD ");
    if (!is_head && !starts_with(request, "GET ")) {
        answer_line(visit, "405 Method Not Allowed", TEXT("only GET and HEAD"), false);
        return;
    }
    const char *path = strchr(request, ' ') + 1;
    if (starts_with(path, "/healthz ")) {
        answer_line(visit, "200 OK", TEXT("ok"), is_head);
    } else if (starts_with(path, "/readyz ")) {
        answer_ready(visit, is_head);
    } else if (starts_with(path, "/metrics ")) {
        answer_metrics(visit, is_head);
    } else if (starts_with(path, "/matches")) {
        answer_matches(visit, path + sizeof("/matches") - 1, is_head);
    } else {
        answer_line(visit, "404 Not Found", TEXT("/healthz, /readyz, /metrics or /matches"),
                    is_head);
    }
}

/* ---- the socket ---- */

static void watch(struct visit *visit, int events)
{
    struct ev_loop *ev = loop_ev(visit->ops->loop);
    ev_io_stop(ev, &visit->io);
    ev_io_set(&visit->io, visit->fd, events);
    ev_io_start(ev, &visit->io);
}

static void send_answer(struct visit *visit)
{
    while (visit->answer_sent < visit->answer_size) {
        ssize_t sent = send(visit->fd, visit->answer + visit->answer_sent,
                            visit->answer_size - visit->answer_sent, MSG_NOSIGNAL);
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            watch(visit, EV_WRITE);
            return;
        }
        if (sent < 0) {
            break;
        }
        visit->answer_sent += (uint32_t)sent;
    }
    end_visit(visit);
}

static void read_request(struct visit *visit)
{
    uint32_t room = REQUEST_SIZE_MAX - 1 - visit->request_size;
    ssize_t got = recv(visit->fd, visit->request + visit->request_size, room, 0);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
        return;
    }
    if (got <= 0) {
        end_visit(visit);
        return;
    }
    visit->request_size += (uint32_t)got;
    visit->request[visit->request_size] = '\0';
    if (strstr(visit->request, "\r\n\r\n") != NULL || strstr(visit->request, "\n\n") != NULL) {
        answer_request(visit);
    } else if (visit->request_size == REQUEST_SIZE_MAX - 1) {
        answer_line(visit, "431 Request Header Fields Too Large", TEXT("too long"), false);
    } else {
        return;
    }
    send_answer(visit);
}

static void socket_ready(struct ev_loop *ev, struct ev_io *io, int events)
{
    (void)ev;
    (void)events;
    struct visit *visit = io->data;
    if (visit->answer_size == 0) {
        read_request(visit);
    } else {
        send_answer(visit);
    }
}

static void begin_visit(struct visit *visit, int fd)
{
    struct ev_loop *ev = loop_ev(visit->ops->loop);
    visit->fd = fd;
    visit->request_size = 0;
    visit->answer_size = 0;
    visit->answer_sent = 0;
    ev_io_init(&visit->io, socket_ready, fd, EV_READ);
    visit->io.data = visit;
    ev_io_start(ev, &visit->io);
    ev_timer_init(&visit->limit, time_is_up, OPS_TIME_S, 0.0);
    visit->limit.data = visit;
    ev_timer_start(ev, &visit->limit);
}

static void visitor_waits(struct ev_loop *ev, struct ev_io *acceptable, int events)
{
    (void)ev;
    (void)events;
    struct ops *ops = acceptable->data;
    int fd = accept4(ops->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        return;
    }
    for (uint32_t i = 0; i < OPS_CONNECTIONS_MAX; i++) {
        if (ops->visits[i].fd < 0) {
            begin_visit(&ops->visits[i], fd);
            return;
        }
    }
    close(fd);
}

/* ---- life ---- */

struct ops *ops_create(struct loop *loop, int listener, const struct gateway_ops *answers)
{
    struct ops *ops = calloc(1, sizeof(*ops));
    if (ops == NULL) {
        close(listener);
        return NULL;
    }
    ops->loop = loop;
    ops->answers = *answers;
    ops->listener = listener;
    ops->visits = calloc(OPS_CONNECTIONS_MAX, sizeof(*ops->visits));
    if (ops->visits == NULL) {
        close(listener);
        free(ops);
        return NULL;
    }
    for (uint32_t i = 0; i < OPS_CONNECTIONS_MAX; i++) {
        ops->visits[i].ops = ops;
        ops->visits[i].fd = -1;
    }
    ev_io_init(&ops->acceptable, visitor_waits, listener, EV_READ);
    ops->acceptable.data = ops;
    ev_io_start(loop_ev(loop), &ops->acceptable);
    char address[LISTEN_ADDRESS_SIZE];
    listen_format(listener, address);
    log_text(LOG_LEVEL_INFO, "listening for operators", "address", address);
    return ops;
}

void ops_destroy(struct ops *ops)
{
    if (ops == NULL) {
        return;
    }
    for (uint32_t i = 0; i < OPS_CONNECTIONS_MAX; i++) {
        if (ops->visits[i].fd >= 0) {
            end_visit(&ops->visits[i]);
        }
    }
    ev_io_stop(loop_ev(ops->loop), &ops->acceptable);
    close(ops->listener);
    free(ops->visits);
    free(ops);
}
