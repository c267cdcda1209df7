/* The gateway's life and its callbacks from libwebsockets.
 *
 * libwebsockets runs on our loop and is not let listen: it cannot stop accepting while it serves,
 * nor accept within a bound. Its own timers are late on libev unless something re-arms them, so a
 * heartbeat does; no time of ours depends on them. */
#include <duel/base/assert.h>
#include <duel/io/gateway_private.h>
#include <duel/io/listen.h>
#include <duel/io/log.h>
#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <libwebsockets.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEARTBEAT_US 250000
#define ACCEPTS_MAX 64 /* a turn */
#define TX_PACKET_SIZE (2 * GATEWAY_OUT_SIZE_MAX) /* else each write is cut to GATEWAY_RX_SIZE */
#define HEADERS_SIZE_MAX 8192
#define HEADERS_COUNT_MAX 1024 /* handshakes under way at once; each holds HEADERS_SIZE_MAX */
#define HANDSHAKE_S 10
#define KEEP_ALIVE_S 65
#define LIBRARY_LINES_PER_S 5 /* a peer can make libwebsockets complain */

/* Debian compiles libwebsockets with its assertions: at each close it looks at every connection of
 * the context, 80 us and more where there are 19,600. So the connections are dealt out to several.
 * But each has tables of all descriptors. */
#define CONTEXTS_MAX 16
#define TABLE_ENTRY_SIZE 16
#define TABLES_SIZE_MAX (5u << 20) /* of all contexts */

struct share {
    struct gateway *gateway;
    struct lws_context *context;
    struct lws_vhost *vhost;
    lws_sorted_usec_list_t heartbeat;
};

struct lws_watch {
    struct gateway *gateway;
    struct share shares[CONTEXTS_MAX];
    uint32_t shares_count;
    uint32_t adopted; /* connections so far: the shares take turns */
    int listener;     /* -1: closed */
    struct ev_io acceptable;
    struct ev_timer deadline;
    uint64_t deadline_us; /* what `deadline` is set to */
};

/* ---- callbacks ---- */

static void peer_closes(struct gateway *gateway, struct conn *conn)
{
    if (conn->state != CONN_ENDING) {
        conn_enter(gateway, conn, CONN_ENDING);
        conn_set_deadline(gateway, conn, GATEWAY_CLOSE_MS);
    }
    conn_tell_gone(gateway, conn);
}

static void connection_gone(struct gateway *gateway, struct lws *wsi, struct conn *conn)
{
    conn_tell_gone(gateway, conn);
    lws_set_opaque_user_data(wsi, NULL);
    conn_release(gateway, conn);
}

static int on_http(struct gateway *gateway, struct conn *conn, enum lws_callback_reasons reason,
                   void *in, size_t size)
{
    switch ((int)reason) {
    case LWS_CALLBACK_HTTP:
        return http_request(gateway, conn, (struct text){ in, (uint32_t)size });
    case LWS_CALLBACK_HTTP_BODY:
        return http_body(gateway, conn, in, size);
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        return http_body_done(conn);
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return http_writeable(gateway, conn);
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return http_upgrade(gateway, conn);
    default:
        return 0;
    }
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t size)
{
    (void)user;
    struct conn *conn = lws_get_opaque_user_data(wsi);
    if (conn == NULL) {
        return 0; /* of the context, or before or after the connection's life */
    }
    struct gateway *gateway = lws_context_user(lws_get_context(wsi));
    switch ((int)reason) {
    case LWS_CALLBACK_ESTABLISHED:
        ws_established(gateway, conn);
        return 0;
    case LWS_CALLBACK_RECEIVE:
        ws_receive(gateway, conn, in, size);
        return 0;
    case LWS_CALLBACK_RECEIVE_PONG:
        ws_pong(gateway, conn, in, size);
        return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return conn_writeable(gateway, conn);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        peer_closes(gateway, conn);
        return 0;
    case LWS_CALLBACK_CLOSED:
    case LWS_CALLBACK_CLOSED_HTTP:
        peer_closes(gateway, conn);
        return 0;
    case LWS_CALLBACK_WSI_DESTROY:
        connection_gone(gateway, wsi, conn);
        return 0;
    default:
        return on_http(gateway, conn, reason, in, size);
    }
}

/* The first is bound to while a connection speaks HTTP; its name is none that a client could
 * offer. */
static const struct lws_protocols protocols[] = {
    { .name = " http", .callback = on_event, .tx_packet_size = TX_PACKET_SIZE },
    { .name = GATEWAY_PROTOCOL,
      .callback = on_event,
      .rx_buffer_size = GATEWAY_RX_SIZE,
      .tx_packet_size = TX_PACKET_SIZE },
    { .name = NULL },
};

/* ---- time ---- */

static void expire(struct gateway *gateway, struct conn *conn)
{
    switch ((enum conn_state)conn->state) {
    case CONN_REQUEST:
        http_expired(gateway, conn);
        break;
    case CONN_UNKNOWN:
        ws_expired(gateway, conn);
        break;
    case CONN_CLOSING:
    case CONN_ENDING:
        conn_kill(gateway, conn);
        break;
    case CONN_HTTP:
    case CONN_ARRIVING:
    case CONN_CHECKING:
    case CONN_OPEN:
        ASSERT(false); /* these have no deadline */
    }
}

static void deadline_reached(struct ev_loop *ev, struct ev_timer *timer, int events)
{
    (void)ev;
    (void)events;
    struct gateway *gateway = timer->data;
    gateway->watch->deadline_us = TIMERQ_NEVER;
    uint32_t index;
    while (timerq_take(&gateway->deadlines, loop_now_us(gateway->loop), &index)) {
        uint32_t place = index;
        struct conn *conn = pool_next(&gateway->conns, &place);
        ASSERT(conn != NULL && conn_ref(gateway, conn).index == index);
        expire(gateway, conn);
    }
}

static void arm_deadline(struct gateway *gateway)
{
    struct lws_watch *watch = gateway->watch;
    struct ev_loop *ev = loop_ev(gateway->loop);
    uint64_t next_us = timerq_next(&gateway->deadlines);
    if (next_us == watch->deadline_us) {
        return;
    }
    watch->deadline_us = next_us;
    ev_timer_stop(ev, &watch->deadline);
    if (next_us != TIMERQ_NEVER) {
        uint64_t now_us = loop_now_us(gateway->loop);
        ev_timer_set(&watch->deadline, next_us > now_us ? (double)(next_us - now_us) / 1e6 : 0.0,
                     0.0);
        ev_timer_start(ev, &watch->deadline);
    }
}

static void end_turn(void *context)
{
    struct gateway *gateway = context;
    conn_flush_all(gateway);
    arm_deadline(gateway);
}

/* ---- accepting ---- */

static void adopt(struct gateway *gateway, int fd, const struct sockaddr *peer)
{
    struct conn *conn = conn_acquire(gateway);
    if (conn == NULL) {
        metrics_add(METRIC_REFUSED_FULL, 1);
        close(fd);
        return;
    }
    if (!caller_arrives(gateway, conn, peer)) {
        conn_release(gateway, conn);
        close(fd);
        return;
    }
    metrics_add(METRIC_ACCEPTED, 1);
    struct lws_watch *watch = gateway->watch;
    const struct share *share = &watch->shares[watch->adopted++ % watch->shares_count];
    struct lws *wsi = lws_adopt_socket_vhost(share->vhost, fd);
    if (wsi == NULL) { /* which has closed it */
        conn_release(gateway, conn);
        return;
    }
    conn->wsi = wsi;
    lws_set_opaque_user_data(wsi, conn);
    conn->peek = peek_create(gateway->loop, wsi);
    if (conn->peek == NULL) {
        conn_kill(gateway, conn);
    }
}

static void connection_waits(struct ev_loop *ev, struct ev_io *acceptable, int events)
{
    (void)events;
    struct gateway *gateway = acceptable->data;
    for (uint32_t i = 0; i < ACCEPTS_MAX; i++) {
        struct sockaddr_storage peer;
        socklen_t size = sizeof(peer);
        int fd = accept4(acceptable->fd, (struct sockaddr *)&peer, &size,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            adopt(gateway, fd, (const struct sockaddr *)&peer);
        } else if (errno != EINTR && errno != ECONNABORTED) {
            if (errno != EAGAIN && errno != EWOULDBLOCK) {
                ev_io_stop(ev, acceptable); /* out of descriptors or memory: until the heartbeat */
            }
            return;
        }
    }
}

static void beat(lws_sorted_usec_list_t *heartbeat)
{
    struct share *share = lws_container_of(heartbeat, struct share, heartbeat);
    struct lws_watch *watch = share->gateway->watch;
    if (watch->listener >= 0) {
        ev_io_start(loop_ev(share->gateway->loop), &watch->acceptable);
    }
    lws_sul_schedule(share->context, 0, heartbeat, beat, HEARTBEAT_US);
}

static void stop_listening(struct gateway *gateway)
{
    struct lws_watch *watch = gateway->watch;
    if (watch->listener >= 0) {
        ev_io_stop(loop_ev(gateway->loop), &watch->acceptable);
        close(watch->listener);
        watch->listener = -1;
    }
}

/* ---- life ---- */

static void library_says(int level, const char *line)
{
    static time_t second;
    static uint32_t lines;
    time_t now = time(NULL);
    if (now != second) {
        second = now;
        lines = 0;
    }
    if (++lines > LIBRARY_LINES_PER_S) {
        return;
    }
    char text[256];
    snprintf(text, sizeof(text), "%s", line);
    text[strcspn(text, "\n")] = '\0';
    (void)level;
    log_text(LOG_LEVEL_WARN, "libwebsockets", "message", text);
}

static bool create_share(struct share *share, struct gateway *gateway, struct text *ret_problem)
{
    static const lws_retry_bo_t no_pings; /* those of libwebsockets cost a sorted list per packet */
    void *loops[] = { loop_ev(gateway->loop) };
    struct lws_context_creation_info info;
    memset(&info, 0, sizeof(info));
    info.options = LWS_SERVER_OPTION_LIBEV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
    info.foreign_loops = loops;
    info.port = CONTEXT_PORT_NO_LISTEN;
    info.pcontext = &share->context;
    info.user = gateway;
    info.gid = (__typeof__(info.gid))-1; /* signed in one release, not in the next */
    info.uid = (__typeof__(info.uid))-1;
    info.retry_and_idle_policy = &no_pings;
    info.max_http_header_data = HEADERS_SIZE_MAX;
    info.max_http_header_pool = HEADERS_COUNT_MAX;
    info.timeout_secs = HANDSHAKE_S;
    info.keepalive_timeout = KEEP_ALIVE_S;
    info.protocols = protocols;
    info.vhost_name = "duel";
    share->gateway = gateway;
    share->context = lws_create_context(&info);
    if (share->context == NULL) {
        *ret_problem = TEXT("libwebsockets does not start: is the package libwebsockets-evlib-ev "
                            "(its plugin for libev) installed?");
        return false;
    }
    info.port = CONTEXT_PORT_NO_LISTEN_SERVER;
    share->vhost = lws_create_vhost(share->context, &info);
    if (share->vhost == NULL) {
        *ret_problem = TEXT("libwebsockets refuses its virtual host");
        return false;
    }
    lws_sul_schedule(share->context, 0, &share->heartbeat, beat, HEARTBEAT_US);
    return true;
}

static uint32_t count_contexts(uint32_t connections_max)
{
    uint32_t count = TABLES_SIZE_MAX / TABLE_ENTRY_SIZE / connections_max;
    return count < 1 ? 1 : count > CONTEXTS_MAX ? CONTEXTS_MAX : count;
}

static bool create_shares(struct gateway *gateway, struct text *ret_problem)
{
    struct lws_watch *watch = gateway->watch;
    lws_set_log_level(LLL_ERR | LLL_WARN, library_says);
    watch->shares_count = count_contexts(gateway->connections_max);
    for (uint32_t i = 0; i < watch->shares_count; i++) {
        if (!create_share(&watch->shares[i], gateway, ret_problem)) {
            return false;
        }
    }
    return true;
}

static void destroy_share(struct share *share)
{
    if (share->context != NULL) {
        lws_sul_cancel(&share->heartbeat);
        lws_context_destroy(share->context); /* ends its connections, by their callbacks */
    }
}

static void start_watching(struct gateway *gateway)
{
    struct lws_watch *watch = gateway->watch;
    struct ev_loop *ev = loop_ev(gateway->loop);
    ev_io_init(&watch->acceptable, connection_waits, watch->listener, EV_READ);
    watch->acceptable.data = gateway;
    ev_io_start(ev, &watch->acceptable);
    ev_timer_init(&watch->deadline, deadline_reached, 0.0, 0.0);
    watch->deadline.data = gateway;
    watch->deadline_us = TIMERQ_NEVER;
    loop_at_turn_end(gateway->loop, end_turn, gateway);
}

static bool create_memory(struct gateway *gateway, uint32_t connections_max)
{
    gateway->watch = calloc(1, sizeof(*gateway->watch));
    gateway->codec = codec_create();
    gateway->callers = callers_create(gateway->settings, connections_max);
    bool made = gateway->watch != NULL && gateway->codec != NULL && gateway->callers != NULL &&
                pool_create(&gateway->conns, sizeof(struct conn), connections_max) &&
                timerq_create(&gateway->deadlines, connections_max);
    if (gateway->watch != NULL) {
        gateway->watch->gateway = gateway;
        gateway->watch->listener = -1;
    }
    return made;
}

static void set_paths(struct gateway *gateway)
{
    struct text base = text_from(gateway->settings->base_path);
    while (base.size > 0 && base.data[base.size - 1] == '/') {
        base.size--;
    }
    snprintf(gateway->base_path, sizeof(gateway->base_path), "%.*s", TEXT_ARG(base));
}

static bool open_listeners(struct gateway *gateway, const struct gateway_ops *ops,
                           struct text *ret_problem)
{
    int ops_listener = listen_open(gateway->settings->ops_listen, ret_problem);
    if (ops_listener < 0) {
        return false;
    }
    gateway->ops = ops_create(gateway->loop, ops_listener, ops);
    gateway->watch->listener = listen_open(gateway->settings->listen, ret_problem);
    return gateway->ops != NULL && gateway->watch->listener >= 0;
}

static void log_address(const char *event, int fd)
{
    char address[LISTEN_ADDRESS_SIZE];
    listen_format(fd, address);
    log_text(LOG_LEVEL_INFO, event, "address", address);
}

struct gateway *gateway_create(struct loop *loop, struct auth *auth, struct frames *frames,
                               struct reading *reading, const struct settings *settings,
                               uint32_t connections_max, const struct gateway_ops *ops,
                               struct text *ret_problem)
{
    *ret_problem = TEXT("out of memory");
    struct gateway *gateway = calloc(1, sizeof(*gateway));
    if (gateway == NULL) {
        return NULL;
    }
    gateway->loop = loop;
    gateway->auth = auth;
    gateway->frames = frames;
    gateway->reading = reading;
    gateway->settings = settings;
    gateway->connections_max = connections_max;
    set_paths(gateway);
    if (!create_memory(gateway, connections_max) || !create_shares(gateway, ret_problem) ||
        !open_listeners(gateway, ops, ret_problem)) {
        gateway_destroy(gateway);
        return NULL;
    }
    start_watching(gateway);
    log_address("listening", gateway->watch->listener);
    return gateway;
}

void gateway_destroy(struct gateway *gateway)
{
    if (gateway == NULL) {
        return;
    }
    gateway->destroyed = true;
    ops_destroy(gateway->ops);
    if (gateway->watch != NULL) {
        stop_listening(gateway);
        ev_timer_stop(loop_ev(gateway->loop), &gateway->watch->deadline);
        for (uint32_t i = 0; i < gateway->watch->shares_count; i++) {
            destroy_share(&gateway->watch->shares[i]);
        }
    }
    timerq_destroy(&gateway->deadlines);
    pool_destroy(&gateway->conns);
    codec_destroy(gateway->codec);
    callers_destroy(gateway->callers);
    free(gateway->watch);
    free(gateway);
}

/* What the hub does not know of goes at once; the rest is the hub's to end. */
void gateway_stop(struct gateway *gateway)
{
    gateway->stopped = true;
    stop_listening(gateway);
    uint32_t index = 0;
    for (struct conn *conn = pool_next(&gateway->conns, &index); conn != NULL;
         conn = pool_next(&gateway->conns, &index)) {
        if (conn->state == CONN_HTTP) {
            conn_kill(gateway, conn);
        } else if (!conn->in_hub) {
            conn_close(gateway, conn, 1012, TEXT("restarting"));
        }
    }
}

uint32_t gateway_connections(const struct gateway *gateway)
{
    return gateway->conns.count;
}

uint32_t gateway_unauthenticated(const struct gateway *gateway)
{
    return gateway->unauthenticated;
}
