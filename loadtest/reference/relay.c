/* The first reference: a relay as one usually writes it with libwebsockets on libev. A list of
 * messages per socket, lws_callback_on_writable(), one lws_write() a message in WRITEABLE.
 *
 * Without any game (exchange.h). Its retry policy is all zero, which turns the validity timers off;
 * with --validity they are what the library does by default.
 *
 *   relay-reference --port PORT [--validity]     prints "ready" when it listens */
#include <ev.h>
#include <libwebsockets.h>
#include <loadtest/reference/exchange.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define RX_SIZE 1024
#define PATH_SIZE 256
#define ACCEPTS_MAX 64 /* a turn */
#define HEADERS_SIZE_MAX 4096
#define HEADERS_COUNT_MAX 4096

struct letter {
    struct letter *next;
    uint32_t size;
    uint8_t data[]; /* LWS_PRE bytes of the library's, then ours */
};

struct peer {
    struct lws *wsi;
    struct letter *first;
    struct letter **last;
    uint32_t place;
    bool joined;
};

static struct lws_context *context;
static struct lws_vhost *vhost;

static void queue_letter(void *connection, const uint8_t *data, uint32_t size)
{
    struct peer *peer = connection;
    struct letter *letter = malloc(sizeof(*letter) + LWS_PRE + size);
    if (letter == NULL) {
        abort();
    }
    letter->next = NULL;
    letter->size = size;
    memcpy(letter->data + LWS_PRE, data, size);
    *peer->last = letter;
    peer->last = &letter->next;
    lws_callback_on_writable(peer->wsi);
}

static void drop_first(struct peer *peer)
{
    struct letter *letter = peer->first;
    peer->first = letter->next;
    if (peer->first == NULL) {
        peer->last = &peer->first;
    }
    free(letter);
}

static int established(struct lws *wsi, struct peer *peer)
{
    char path[PATH_SIZE];
    int size = lws_hdr_copy(wsi, path, sizeof(path), WSI_TOKEN_GET_URI);
    peer->wsi = wsi;
    peer->first = NULL;
    peer->last = &peer->first;
    peer->joined = size > 0 && exchange_join((struct text){ path, (uint32_t)size }, peer,
                                             &peer->place);
    return peer->joined ? 0 : -1;
}

static int writeable(struct lws *wsi, struct peer *peer)
{
    struct letter *letter = peer->first;
    if (letter == NULL) {
        return 0;
    }
    int sent = lws_write(wsi, letter->data + LWS_PRE, letter->size, LWS_WRITE_BINARY);
    if (sent < (int)letter->size) {
        return -1;
    }
    drop_first(peer);
    if (peer->first != NULL) {
        lws_callback_on_writable(wsi);
    }
    return 0;
}

static void closed(struct peer *peer)
{
    if (peer->joined) {
        peer->joined = false;
        exchange_leave(peer->place);
        while (peer->first != NULL) {
            drop_first(peer);
        }
    }
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t size)
{
    struct peer *peer = user;
    switch ((int)reason) {
    case LWS_CALLBACK_ESTABLISHED:
        return established(wsi, peer);
    case LWS_CALLBACK_RECEIVE:
        if (lws_is_first_fragment(wsi) && lws_is_final_fragment(wsi)) {
            exchange_hear(peer->place, in, (uint32_t)size);
        }
        return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return writeable(wsi, peer);
    case LWS_CALLBACK_CLOSED:
        closed(peer);
        return 0;
    default:
        return 0;
    }
}

static const struct lws_protocols protocols[] = {
    { .name = "framedle.duel.v1", .callback = on_event,
      .per_session_data_size = sizeof(struct peer), .rx_buffer_size = RX_SIZE },
    { .name = NULL },
};

static bool create(struct ev_loop *loop, bool has_validity)
{
    static const lws_retry_bo_t no_validity;
    void *loops[] = { loop };
    struct lws_context_creation_info info;
    memset(&info, 0, sizeof(info));
    info.options = LWS_SERVER_OPTION_LIBEV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
    info.foreign_loops = loops;
    info.port = CONTEXT_PORT_NO_LISTEN;
    info.pcontext = &context;
    info.gid = (__typeof__(info.gid))-1; /* signed in one release, not in the next */
    info.uid = (__typeof__(info.uid))-1;
    info.retry_and_idle_policy = has_validity ? NULL : &no_validity;
    info.max_http_header_data = HEADERS_SIZE_MAX;
    info.max_http_header_pool = HEADERS_COUNT_MAX;
    info.protocols = protocols;
    info.vhost_name = "relay";
    lws_set_log_level(LLL_ERR, NULL);
    context = lws_create_context(&info);
    info.port = CONTEXT_PORT_NO_LISTEN_SERVER;
    vhost = context != NULL ? lws_create_vhost(context, &info) : NULL;
    return vhost != NULL;
}

static void waiting(struct ev_loop *loop, struct ev_io *listener, int events)
{
    (void)loop;
    (void)events;
    for (int i = 0; i < ACCEPTS_MAX; i++) {
        int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            return;
        }
        lws_adopt_socket_vhost(vhost, fd);
    }
}

static void stop(struct ev_loop *loop, struct ev_signal *signal, int events)
{
    (void)signal;
    (void)events;
    ev_break(loop, EVBREAK_ALL);
}

int main(int argc, char **argv)
{
    int fd = exchange_listen(argc, argv);
    struct ev_loop *loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
    if (fd < 0 || loop == NULL || !exchange_init(queue_letter) ||
        !create(loop, argc > 3 && strcmp(argv[3], "--validity") == 0)) {
        return 1;
    }
    struct ev_io listener;
    ev_io_init(&listener, waiting, fd, EV_READ);
    ev_io_start(loop, &listener);
    struct ev_signal terminate;
    ev_signal_init(&terminate, stop, SIGTERM);
    ev_signal_start(loop, &terminate);
    puts("ready");
    fflush(stdout);
    ev_run(loop, 0);
    ev_io_stop(loop, &listener);
    ev_signal_stop(loop, &terminate);
    lws_context_destroy(context);
    ev_loop_destroy(loop);
    return 0;
}
