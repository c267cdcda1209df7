/* HTTP requests of the gateway: their lives, and getting the answer out. What is asked for is
 * gateway_serve.c's business.
 *
 * Answers are sent on the socket itself, not through libwebsockets: that would copy what the
 * socket does not take, and would spin while a client that does not read goes on sending. */
#include <duel/base/assert.h>
#include <duel/io/gateway_http.h>
#include <errno.h>
#include <ev.h>
#include <libwebsockets.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define LINGER_MS 2000 /* for a client to see its answer and stop sending */

/* ---- sending ---- */

enum progress { PROGRESS_DONE, PROGRESS_BLOCKED, PROGRESS_BROKEN };

static enum progress send_reply(struct request *request, int fd)
{
    while (request->reply_sent < request->reply_size) {
        ssize_t sent = send(fd, request->reply + request->reply_sent,
                            request->reply_size - request->reply_sent, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR) {
            return errno == EAGAIN || errno == EWOULDBLOCK ? PROGRESS_BLOCKED : PROGRESS_BROKEN;
        }
        request->reply_sent += sent > 0 ? (uint32_t)sent : 0;
    }
    return PROGRESS_DONE;
}

static void socket_writable(struct ev_loop *ev, struct ev_io *writable, int events)
{
    (void)events;
    struct request *request = writable->data;
    struct conn *conn = conn_get(request->gateway, request->conn);
    ASSERT(conn != NULL && conn->request == request);
    if (send_reply(request, writable->fd) == PROGRESS_BLOCKED) {
        return;
    }
    /* Done, or broken, which libwebsockets finds out when it reads. */
    ev_io_stop(ev, writable);
    lws_rx_flow_control(conn->wsi, 1);
    lws_callback_on_writable(conn->wsi);
}

void http_answer(struct gateway *gateway, struct conn *conn, const struct answer *answer)
{
    struct request *request = conn->request;
    ASSERT(conn->state == CONN_REQUEST && request->reply == NULL);
    metrics_answered(answer->status);
    if (answer->code != NULL && answer->status >= 400) {
        metrics_refused(text_from(answer->code));
    }
    request->reply = answer_build(gateway, *answer, request->origin, request->keep,
                                  request->is_head, &request->reply_size);
    conn_set_deadline(gateway, conn, GATEWAY_REPLY_MS);
    lws_rx_flow_control(conn->wsi, 1);
    lws_callback_on_writable(conn->wsi);
}

void http_error(struct gateway *gateway, struct conn *conn, uint32_t status, const char *code,
                const char *message, const char *extra)
{
    struct answer answer = { .status = status, .code = code, .message = message, .extra = extra };
    http_answer(gateway, conn, &answer);
}

void http_wait(struct gateway *gateway, struct conn *conn)
{
    conn_set_deadline(gateway, conn, GATEWAY_REQUEST_MS);
    lws_rx_flow_control(conn->wsi, 0);
}

static int finish_request(struct gateway *gateway, struct conn *conn)
{
    struct request *request = conn->request;
    struct lws *wsi = conn->wsi;
    if (request->keep && !gateway->stopped) {
        conn_renew(gateway, conn);
        return lws_http_transaction_completed(wsi) != 0 ? -1 : 0;
    }
    if (!request->has_body || request->body_done) {
        return -1;
    }
    /* Closing now would take the answer away from a client that is still sending. */
    request->lingers = true;
    shutdown((int)lws_get_socket_fd(wsi), SHUT_WR);
    conn_set_deadline(gateway, conn, LINGER_MS);
    return 0;
}

int http_writeable(struct gateway *gateway, struct conn *conn)
{
    struct request *request = conn->request;
    if (conn->state != CONN_REQUEST || request->reply == NULL || request->lingers ||
        ev_is_active(request->writable)) {
        return 0;
    }
    switch (send_reply(request, (int)lws_get_socket_fd(conn->wsi))) {
    case PROGRESS_DONE:
        return finish_request(gateway, conn);
    case PROGRESS_BLOCKED:
        lws_rx_flow_control(conn->wsi, 0);
        ev_io_start(loop_ev(gateway->loop), request->writable);
        return 0;
    case PROGRESS_BROKEN:
        return -1;
    }
    return -1;
}

void http_release(struct gateway *gateway, struct conn *conn)
{
    struct request *request = conn->request;
    if (request == NULL) {
        return;
    }
    conn->request = NULL;
    ev_io_stop(loop_ev(gateway->loop), request->writable);
    free(request->writable);
    free(request->reply);
    http_body_release(request);
    free(request);
}

void http_expired(struct gateway *gateway, struct conn *conn)
{
    if (conn->request->reply != NULL) {
        conn_kill(gateway, conn);
        return;
    }
    if (http_body_is_awaited(conn->request)) {
        http_error(gateway, conn, 400, "BAD_REQUEST", "The body did not arrive in time.", NULL);
        return;
    }
    conn_tell_gone(gateway, conn);
    struct answer answer = { .status = 503, .code = "UNAVAILABLE",
                             .message = "The answer took too long.", .retry_after_s = 1 };
    http_answer(gateway, conn, &answer);
}

/* ---- requests ---- */

static bool wants_keep_alive(struct lws *wsi)
{
    char text[64];
    bool is_1_1 = lws_hdr_copy(wsi, text, sizeof(text), WSI_TOKEN_HTTP) > 0 &&
                  strcmp(text, "HTTP/1.1") == 0;
    if (lws_hdr_copy(wsi, text, sizeof(text), WSI_TOKEN_CONNECTION) > 0 &&
        strcasecmp(text, "close") == 0) {
        return false;
    }
    return is_1_1;
}

static bool has_length(struct lws *wsi)
{
    char digits[32];
    return lws_hdr_copy(wsi, digits, sizeof(digits), WSI_TOKEN_HTTP_CONTENT_LENGTH) > 0 &&
           strcmp(digits, "0") != 0;
}

/* libwebsockets does where no length is said, and takes what comes next for the body. */
static bool expects_body(struct lws *wsi, int method)
{
    return (method == LWSHUMETH_POST || method == LWSHUMETH_PUT || method == LWSHUMETH_PATCH) &&
           lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) == 0;
}

int http_request(struct gateway *gateway, struct conn *conn, struct text path)
{
    if (conn->state != CONN_HTTP || conn->peek == NULL) {
        return -1;
    }
    struct request *request = calloc(1, sizeof(*request));
    struct ev_io *writable = malloc(sizeof(*writable));
    if (request == NULL || writable == NULL) {
        free(request);
        free(writable);
        return -1;
    }
    struct lws *wsi = conn->wsi;
    char *ignored;
    int ignored_size;
    int method = lws_http_get_uri_and_method(wsi, &ignored, &ignored_size);
    request->gateway = gateway;
    request->conn = conn_ref(gateway, conn);
    request->writable = writable;
    ev_io_init(writable, socket_writable, (int)lws_get_socket_fd(wsi), EV_WRITE);
    writable->data = request;
    request->is_head = method == LWSHUMETH_HEAD;
    bool has_chunks = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) != 0;
    request->has_body = has_chunks || has_length(wsi);
    request->has_more = !request->has_body && peek_has_more(conn->peek, 0);
    request->may_keep = !has_chunks && !request->has_more && wants_keep_alive(wsi);
    /* Behind a body only where a route has read all of it. */
    request->keep = request->may_keep && !request->has_body && !expects_body(wsi, method);
    peek_pause(conn->peek);
    answer_read_origin(gateway, wsi, request->origin);
    conn->request = request;
    conn_enter(gateway, conn, CONN_REQUEST);
    lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0); /* we keep time by our own deadline */
    http_serve(gateway, conn, method, path);
    return 0;
}

void http_refuse_early(struct gateway *gateway, struct conn *conn, uint32_t status)
{
    struct answer answer = { .status = status };
    if (status == 405) {
        answer.code = "METHOD_NOT_ALLOWED";
        answer.message = "There is no such method here.";
        answer.extra = "Allow: GET, HEAD, POST, DELETE, OPTIONS\r\n";
    } else {
        answer.code = "BAD_REQUEST";
        answer.message = "This is not a request line of HTTP/1.1.";
    }
    metrics_answered(status);
    metrics_refused(text_from(answer.code));
    int fd = (int)lws_get_socket_fd(conn->wsi);
    char unread[4096];
    /* What is left unread would make the close a reset, and the answer would be lost. */
    ssize_t size = recv(fd, unread, sizeof(unread), 0);
    lws_rx_flow_control(conn->wsi, 0);
    uint32_t reply_size;
    uint8_t *reply = answer_build(gateway, answer, "", false, false, &reply_size);
    size = send(fd, reply, reply_size, MSG_NOSIGNAL); /* what does not fit is lost with the rest */
    (void)size;
    free(reply);
    shutdown(fd, SHUT_WR);
    conn_kill(gateway, conn);
}

/* ---- the hub's answers ---- */

void gateway_reply_error(struct gateway *gateway, struct ref ref, uint16_t status, struct text code,
                         struct text message, uint32_t retry_after_s)
{
    struct conn *conn = conn_get(gateway, ref);
    if (conn == NULL || conn->state != CONN_REQUEST || conn->request->reply != NULL) {
        return;
    }
    struct answer answer = { .status = status, .retry_after_s = retry_after_s };
    answer.body = answer_envelope(gateway, TEXT_NONE, code, message);
    metrics_refused(code);
    http_answer(gateway, conn, &answer);
    conn_tell_gone_later(gateway, conn);
}

void http_reply(struct gateway *gateway, struct conn *conn, struct text data)
{
    if (conn->state != CONN_REQUEST || conn->request->reply != NULL) {
        return;
    }
    struct answer answer = { .status = 200 };
    answer.body = answer_envelope(gateway, data, TEXT_NONE, TEXT_NONE);
    http_answer(gateway, conn, &answer);
    conn_tell_gone_later(gateway, conn);
}

void http_reply_elsewhere(struct gateway *gateway, struct conn *conn, struct text path)
{
    char line[GATEWAY_PATH_SIZE_MAX + 128];
    if (conn->state != CONN_REQUEST || conn->request->reply != NULL) {
        return;
    }
    snprintf(line, sizeof(line), "Location: %.*s\r\n", TEXT_ARG(path));
    http_error(gateway, conn, 307, "MOVED", "Another node knows this: ask there.", line);
    conn_tell_gone_later(gateway, conn);
}
