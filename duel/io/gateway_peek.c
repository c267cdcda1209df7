/* Looks at what arrives before libwebsockets reads it: is the request line one, and where does the
 * head end.
 *
 * What libwebsockets does not like in a request line it answers with a page of its own, or not at
 * all, by release; CONNECT makes it forget about HTTP. So such requests do not get there.
 *
 * libwebsockets keeps what it read behind a request, and as long as it keeps something it can be
 * neither paused nor put off: it spins. So a request that has more behind it must not be made to
 * wait, and this finds out: it follows the bytes of a head, and compares where it ended with how
 * far libwebsockets read. */
#include <duel/base/assert.h>
#include <duel/io/gateway_private.h>
#include <ev.h>
#include <libwebsockets.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define METHOD_SIZE_MAX 7
#define PEEK_SIZE 4096 /* what libwebsockets reads at once */

enum line {
    LINE_METHOD,
    LINE_TARGET,
    LINE_PERCENT,
    LINE_PERCENT_0,   /* behind "%0" */
    LINE_PERCENT_ANY, /* behind another digit */
    LINE_REST,
};

struct peek {
    struct ev_io readable;
    struct loop *loop;
    struct lws *wsi;
    uint64_t seen;      /* bytes of the connection that were looked at */
    uint64_t head_end;  /* where the head ended, 0: not yet */
    uint32_t newlines;  /* in a row at `seen` */
    enum line line;     /* the part of the request line at `seen` */
    uint32_t bad;       /* the status that the request line earned, or 0 */
    uint32_t method_size;
    char method[METHOD_SIZE_MAX];
    bool missed_some;   /* libwebsockets was faster */
    bool fresh;         /* nothing has been read of the connection */
};

static uint64_t bytes_received(int fd)
{
    struct tcp_info info = { 0 };
    socklen_t size = sizeof(info);
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? info.tcpi_bytes_received : 0;
}

uint64_t peek_bytes_read_at_least(struct lws *wsi)
{
    int fd = (int)lws_get_socket_fd(wsi);
    uint64_t received = bytes_received(fd);
    int unread = 0; /* what arrives in the meantime is among it, too */
    ioctl(fd, FIONREAD, &unread);
    return received > (uint64_t)unread ? received - (uint64_t)unread : 0;
}

uint64_t peek_bytes_read(struct lws *wsi)
{
    int fd = (int)lws_get_socket_fd(wsi);
    uint64_t before, received = bytes_received(fd);
    int unread;
    do { /* what arrives between the questions would be counted in one answer alone */
        before = received;
        unread = 0;
        ioctl(fd, FIONREAD, &unread);
        received = bytes_received(fd);
    } while (before != received);
    return received > (uint64_t)unread ? received - (uint64_t)unread : 0;
}

/* Whether a known method is, or begins with, this. */
static bool is_known_method(struct text method, bool is_whole)
{
    static const struct text known[] = { { "GET", 3 },    { "HEAD", 4 },    { "POST", 4 },
                                         { "PUT", 3 },    { "PATCH", 5 },   { "DELETE", 6 },
                                         { "OPTIONS", 7 } };
    for (uint32_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        struct text start = { known[i].data, is_whole ? known[i].size : method.size };
        if (method.size <= known[i].size && text_equal(start, method)) {
            return true;
        }
    }
    return false;
}

/* As soon as it is none: libwebsockets does not wait for the end of the word either. */
static void follow_method(struct peek *peek, char byte)
{
    bool is_whole = byte == ' ';
    peek->line = is_whole ? LINE_TARGET : LINE_METHOD;
    if (!is_whole && (byte < 'A' || byte > 'Z')) {
        peek->bad = 400;
        return;
    }
    if (!is_whole && peek->method_size < METHOD_SIZE_MAX) {
        peek->method[peek->method_size++] = byte;
    } else if (!is_whole) {
        peek->bad = 405;
        return;
    }
    struct text method = { peek->method, peek->method_size };
    peek->bad = is_known_method(method, is_whole) ? 0 : 405;
}

static bool is_hex(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f') ||
           (byte >= 'A' && byte <= 'F');
}

/* No control characters, plain or as %00, and nothing but hexadecimal behind a percent sign. */
static void follow_target(struct peek *peek, char byte)
{
    if (byte == ' ') {
        peek->line = LINE_REST;
    } else if (byte == '%') {
        peek->line = LINE_PERCENT;
    } else if (byte == 127 || (byte >= 0 && byte < ' ')) {
        peek->bad = 400;
    }
}

static void follow_line(struct peek *peek, char byte)
{
    switch (peek->line) {
    case LINE_METHOD:
        follow_method(peek, byte);
        break;
    case LINE_TARGET:
        follow_target(peek, byte);
        break;
    case LINE_PERCENT:
        peek->bad = is_hex(byte) ? 0 : 400;
        peek->line = byte == '0' ? LINE_PERCENT_0 : LINE_PERCENT_ANY;
        break;
    case LINE_PERCENT_0:
        peek->bad = is_hex(byte) && byte != '0' ? 0 : 400;
        peek->line = LINE_TARGET;
        break;
    case LINE_PERCENT_ANY:
        peek->bad = is_hex(byte) ? 0 : 400;
        peek->line = LINE_TARGET;
        break;
    case LINE_REST:
        break;
    }
}

static void follow_head(struct peek *peek, const char *bytes, uint64_t size)
{
    for (uint64_t i = 0; i < size && peek->head_end == 0 && peek->bad == 0; i++) {
        peek->seen++;
        follow_line(peek, bytes[i]);
        if (bytes[i] == '\n') {
            peek->newlines++;
        } else if (bytes[i] != '\r') {
            peek->newlines = 0;
        }
        if (peek->newlines == 2) {
            peek->head_end = peek->seen;
        }
    }
}

static void bytes_arrived(struct ev_loop *ev, struct ev_io *readable, int events)
{
    (void)events;
    struct peek *peek = readable->data;
    char bytes[PEEK_SIZE];
    uint64_t read = peek->fresh ? 0 : peek_bytes_read(peek->wsi);
    ssize_t size = recv(readable->fd, bytes, sizeof(bytes), MSG_PEEK);
    peek->fresh = false;
    if (size <= 0 || peek->head_end != 0) {
        return;
    }
    if (read > peek->seen) {
        peek->missed_some = true;
        return;
    }
    uint64_t known = peek->seen - read;
    if (known < (uint64_t)size) {
        follow_head(peek, bytes + known, (uint64_t)size - known);
    }
    if (peek->bad != 0) {
        ev_io_stop(ev, readable);
        http_refuse_early(lws_context_user(lws_get_context(peek->wsi)),
                          lws_get_opaque_user_data(peek->wsi), peek->bad);
    }
}

/* Behind the first `seen` bytes. */
static void expect_head(struct peek *peek, uint64_t seen)
{
    peek->seen = seen;
    peek->head_end = 0;
    peek->newlines = 0;
    peek->line = LINE_METHOD;
    peek->method_size = 0;
    peek->bad = 0;
    peek->missed_some = false;
    ev_io_start(loop_ev(peek->loop), &peek->readable);
}

struct peek *peek_create(struct loop *loop, struct lws *wsi)
{
    struct peek *peek = calloc(1, sizeof(*peek));
    if (peek == NULL) {
        return NULL;
    }
    peek->loop = loop;
    peek->wsi = wsi;
    ev_io_init(&peek->readable, bytes_arrived, (int)lws_get_socket_fd(wsi), EV_READ);
    ev_set_priority(&peek->readable, EV_MAXPRI - 1); /* before libwebsockets' own watcher */
    peek->readable.data = peek;
    peek->fresh = true;
    expect_head(peek, 0);
    return peek;
}

void peek_destroy(struct peek *peek)
{
    if (peek != NULL) {
        peek_pause(peek);
        free(peek);
    }
}

void peek_pause(struct peek *peek)
{
    ev_io_stop(loop_ev(peek->loop), &peek->readable);
}

void peek_resume(struct peek *peek)
{
    expect_head(peek, peek_bytes_read(peek->wsi));
}

uint64_t peek_head_end(const struct peek *peek)
{
    return peek->missed_some || peek->head_end == 0 ? peek_bytes_read(peek->wsi) : peek->head_end;
}

bool peek_has_more(const struct peek *peek, uint32_t body_size)
{
    return !peek->missed_some && peek_bytes_read(peek->wsi) != peek->head_end + body_size;
}
