/* HTTP requests of the gateway: who asks for what, and getting the answer out (contract section
 * 1).
 *
 * Answers are sent on the socket itself, not through libwebsockets: that would copy what the
 * socket does not take, and would spin while a client that does not read goes on sending. */
#include <duel/base/assert.h>
#include <duel/io/gateway_http.h>
#include <errno.h>
#include <ev.h>
#include <libwebsockets.h>
#include <string.h>
#include <sys/socket.h>

#define QUERY_SIZE_MAX TITLES_QUERY_SIZE_MAX
#define SEARCH_LIMIT 10
#define BODY_SIZE_MAX (1U << 20) /* of a body that nobody wants, before the client is cut off */
#define LINGER_MS 2000           /* for a client to see its answer and stop sending */

struct request {
    struct gateway *gateway;
    struct ref conn;
    struct ev_io writable; /* while the socket takes no more */
    uint8_t *reply;        /* head and body, NULL until it is known */
    uint32_t reply_size;
    uint32_t reply_sent;
    uint32_t body_read;
    bool is_head;   /* HEAD: the answer's head alone */
    bool keep;      /* another request may follow */
    bool has_body;  /* which is read and thrown away */
    bool body_done;
    bool has_more;  /* more than a request arrived: libwebsockets cannot be made to wait */
    bool lingers;   /* answered; only waits for the client to stop sending */
    bool is_search;
    uint32_t limit;
    uint32_t query_size;
    char query[QUERY_SIZE_MAX];
    struct reading_question question; /* or READING_NOTHING: the hub is asked */
    char origin[HTTP_ORIGIN_SIZE_MAX + 1]; /* an allowed one, or empty */
};

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

static void answer_request(struct gateway *gateway, struct conn *conn, const struct answer *answer)
{
    struct request *request = conn->request;
    ASSERT(conn->state == CONN_REQUEST && request->reply == NULL);
    request->reply = answer_build(gateway, *answer, request->origin, request->keep,
                                  request->is_head, &request->reply_size);
    conn_set_deadline(gateway, conn, GATEWAY_REPLY_MS);
    lws_rx_flow_control(conn->wsi, 1);
    lws_callback_on_writable(conn->wsi);
}

static void answer_error(struct gateway *gateway, struct conn *conn, uint32_t status,
                         const char *code, const char *message, const char *extra)
{
    struct answer answer = { .status = status, .code = code, .message = message, .extra = extra };
    answer_request(gateway, conn, &answer);
}

/* Nothing is read until the answer is known: libwebsockets would spin over bytes that it does not
 * take. */
static void wait_for_answer(struct gateway *gateway, struct conn *conn)
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
        ev_is_active(&request->writable)) {
        return 0;
    }
    switch (send_reply(request, (int)lws_get_socket_fd(conn->wsi))) {
    case PROGRESS_DONE:
        return finish_request(gateway, conn);
    case PROGRESS_BLOCKED:
        lws_rx_flow_control(conn->wsi, 0);
        ev_io_start(loop_ev(gateway->loop), &request->writable);
        return 0;
    case PROGRESS_BROKEN:
        return -1;
    }
    return -1;
}

int http_body(struct conn *conn, size_t size)
{
    if (conn->state != CONN_REQUEST || size > BODY_SIZE_MAX - conn->request->body_read) {
        return -1;
    }
    conn->request->body_read += (uint32_t)size;
    return 0;
}

int http_body_done(struct conn *conn)
{
    if (conn->state != CONN_REQUEST) {
        return -1;
    }
    conn->request->body_done = true;
    return conn->request->lingers ? -1 : 0;
}

void http_release(struct gateway *gateway, struct conn *conn)
{
    struct request *request = conn->request;
    if (request == NULL) {
        return;
    }
    conn->request = NULL;
    ev_io_stop(loop_ev(gateway->loop), &request->writable);
    free(request->reply);
    free(request);
}

void http_expired(struct gateway *gateway, struct conn *conn)
{
    if (conn->request->reply != NULL) {
        conn_kill(gateway, conn);
        return;
    }
    conn_tell_gone(gateway, conn);
    struct answer answer = { .status = 503, .code = "UNAVAILABLE",
                             .message = "The answer took too long.", .retry_after_s = 1 };
    answer_request(gateway, conn, &answer);
}

/* ---- requests ---- */

struct text http_token(struct lws *wsi, char buffer[HTTP_TOKEN_BUFFER_SIZE])
{
    static const char scheme[] = "bearer ";
    const uint32_t scheme_size = sizeof(scheme) - 1;
    int size = lws_hdr_copy(wsi, buffer, HTTP_TOKEN_BUFFER_SIZE, WSI_TOKEN_HTTP_AUTHORIZATION);
    if (size <= (int)scheme_size || strncasecmp(buffer, scheme, scheme_size) != 0) {
        return TEXT_NONE;
    }
    struct text token = { buffer + scheme_size, (uint32_t)size - scheme_size };
    while (token.size > 0 && token.data[0] == ' ') {
        token.data++;
        token.size--;
    }
    if (token.size > AUTH_TOKEN_SIZE_MAX) {
        token.size = AUTH_TOKEN_SIZE_MAX + 1;
    }
    return token;
}

static void answer_auth_error(struct gateway *gateway, struct conn *conn, enum auth_code code)
{
    struct answer answer = { .status = 401, .code = auth_code_word(code),
                             .message = auth_code_message(code),
                             .extra = "WWW-Authenticate: Bearer\r\n" };
    if (code == AUTH_UNAVAILABLE) {
        answer.status = 503;
        answer.retry_after_s = 5;
        answer.extra = NULL;
    }
    answer_request(gateway, conn, &answer);
}

static void caller_known(void *context, struct ref ref, const struct auth_verdict *verdict)
{
    struct gateway *gateway = context;
    struct conn *conn = conn_get(gateway, ref);
    if (conn == NULL || conn->state != CONN_REQUEST || conn->request->reply != NULL) {
        return;
    }
    if (verdict->code != AUTH_OK) {
        answer_auth_error(gateway, conn, verdict->code);
        return;
    }
    struct request *request = conn->request;
    if (request->question.what != READING_NOTHING) {
        read_ask(gateway, conn, &request->question, verdict->sub);
        return;
    }
    conn->in_hub = true;
    struct hub_event event = {
        .type = HUB_EV_OPEN,
        .open = { .conn = ref,
                  .door = request->is_search ? HUB_DOOR_SEARCH : HUB_DOOR_ME,
                  .sub = verdict->sub,
                  .query = { request->query, request->query_size },
                  .limit = request->limit },
    };
    loop_event(gateway->loop, &event);
}

/* The hub, or for what is only read who reads. */
static void ask_as_caller(struct gateway *gateway, struct conn *conn)
{
    char buffer[HTTP_TOKEN_BUFFER_SIZE];
    struct text token = http_token(conn->wsi, buffer);
    if (token.data == NULL) {
        answer_auth_error(gateway, conn, AUTH_MISSING);
        return;
    }
    /* A check takes a worker about a millisecond: bad tokens must not make the others wait for
     * long. */
    if (auth_jobs(gateway->auth) >= (uint32_t)gateway->settings->max_unauthenticated) {
        answer_auth_error(gateway, conn, AUTH_UNAVAILABLE);
        return;
    }
    wait_for_answer(gateway, conn);
    auth_verify(gateway->auth, token, conn_ref(gateway, conn), caller_known, gateway);
}

static void frame_fetched(void *context, struct ref ref, uint8_t *body, uint32_t size)
{
    struct gateway *gateway = context;
    struct conn *conn = conn_get(gateway, ref);
    if (conn != NULL && conn->state == CONN_REQUEST && conn->request->reply == NULL) {
        if (body == NULL) {
            answer_error(gateway, conn, 404, "NO_SUCH_FRAME", "There is no such frame.", NULL);
        } else {
            struct answer answer = { .status = 200,
                                     .type = "application/octet-stream",
                                     .cache = "private, no-store",
                                     .body = { (const char *)body, size } };
            answer_request(gateway, conn, &answer);
        }
    }
    free(body);
}

static void fetch_frame(struct gateway *gateway, struct conn *conn, struct text token)
{
    wait_for_answer(gateway, conn);
    frames_fetch(gateway->frames, token, conn_ref(gateway, conn), frame_fetched, gateway);
}

static void search(struct gateway *gateway, struct conn *conn)
{
    struct request *request = conn->request;
    int32_t size = http_argument(conn->wsi, TEXT("q"), request->query, sizeof(request->query));
    if (size < 0 || !text_is_utf8((struct text){ request->query, (uint32_t)size })) {
        answer_error(gateway, conn, 400, "BAD_QUERY", "q is a text of at most 100 bytes.", NULL);
        return;
    }
    request->query_size = (uint32_t)size;
    if (!http_number(conn->wsi, TEXT("limit"), SEARCH_LIMIT, &request->limit) ||
        request->limit == 0) {
        answer_error(gateway, conn, 400, "BAD_LIMIT", "limit is a number from 1 to 10.", NULL);
        return;
    }
    request->limit = request->limit < SEARCH_LIMIT ? request->limit : SEARCH_LIMIT;
    request->is_search = true;
    ask_as_caller(gateway, conn);
}

static void answer_reader(struct gateway *gateway, struct conn *conn,
                          const struct route_place *place)
{
    struct reading_question *question = &conn->request->question;
    if (!read_question(gateway, conn, place, question)) {
        return;
    }
    if (place->route != ROUTE_LEADERBOARD) {
        ask_as_caller(gateway, conn);
        return;
    }
    wait_for_answer(gateway, conn);
    read_ask(gateway, conn, question, TEXT_NONE);
}

static void get(struct gateway *gateway, struct conn *conn, const struct route_place *place)
{
    switch (place->route) {
    case ROUTE_ME:
        ask_as_caller(gateway, conn);
        return;
    case ROUTE_SEARCH:
        search(gateway, conn);
        return;
    case ROUTE_FRAME:
        fetch_frame(gateway, conn, place->id);
        return;
    case ROUTE_MATCH:
    case ROUTE_HISTORY:
    case ROUTE_LEADERBOARD:
    case ROUTE_OWN_RANK:
        answer_reader(gateway, conn, place);
        return;
    case ROUTE_QUEUE:
    case ROUTE_NONE:
        break;
    }
    answer_error(gateway, conn, 426, "UPGRADE_REQUIRED", "Open this as a WebSocket.",
                 "Upgrade: websocket\r\n");
}

static void preflight(struct gateway *gateway, struct conn *conn)
{
    struct answer answer = { .status = 204 };
    if (conn->request->origin[0] != '\0') {
        answer.extra = "Access-Control-Allow-Methods: GET, HEAD, POST, DELETE, OPTIONS\r\n"
                       "Access-Control-Allow-Headers: Authorization, Content-Type\r\n"
                       "Access-Control-Max-Age: 600\r\n";
    }
    answer_request(gateway, conn, &answer);
}

static void serve_request(struct gateway *gateway, struct conn *conn, int method, struct text path)
{
    const struct request *request = conn->request;
    struct route_place place = route_find(gateway, path);
    struct answer refusal;
    if (!caller_asks(gateway, conn, &refusal)) {
        answer_request(gateway, conn, &refusal);
    } else if (request->has_more) {
        answer_error(gateway, conn, 400, "ONE_AT_A_TIME",
                     "Wait for the answer before sending more.", NULL);
    } else if (place.route == ROUTE_NONE) {
        answer_error(gateway, conn, 404, "NOT_FOUND", "There is nothing here.", NULL);
    } else if (method == LWSHUMETH_OPTIONS) {
        preflight(gateway, conn);
    } else if (request->has_body && (method == LWSHUMETH_GET || method == LWSHUMETH_HEAD)) {
        answer_error(gateway, conn, 400, "UNEXPECTED_BODY", "A GET has no body here.", NULL);
    } else if (method == LWSHUMETH_GET || method == LWSHUMETH_HEAD) {
        get(gateway, conn, &place);
    } else {
        answer_error(gateway, conn, 405, "METHOD_NOT_ALLOWED", "This is only read.",
                     "Allow: GET, HEAD, OPTIONS\r\n");
    }
}

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

int http_request(struct gateway *gateway, struct conn *conn, struct text path)
{
    if (conn->state != CONN_HTTP || conn->peek == NULL) {
        return -1;
    }
    struct request *request = calloc(1, sizeof(*request));
    if (request == NULL) {
        return -1;
    }
    struct lws *wsi = conn->wsi;
    char *ignored;
    int ignored_size;
    int method = lws_http_get_uri_and_method(wsi, &ignored, &ignored_size);
    request->gateway = gateway;
    request->conn = conn_ref(gateway, conn);
    ev_io_init(&request->writable, socket_writable, (int)lws_get_socket_fd(wsi), EV_WRITE);
    request->writable.data = request;
    request->is_head = method == LWSHUMETH_HEAD;
    bool has_chunks = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) != 0;
    bool takes_body = method == LWSHUMETH_POST || method == LWSHUMETH_PUT ||
                      method == LWSHUMETH_PATCH;
    /* Bodies mean nothing to any route yet: such a connection is closed after its answer. */
    request->has_body = takes_body || has_chunks || has_length(wsi);
    request->has_more = !request->has_body && peek_has_more(conn->peek);
    request->keep = !request->has_body && !request->has_more && wants_keep_alive(wsi) &&
                    !gateway->stopped;
    peek_pause(conn->peek);
    answer_read_origin(gateway, wsi, request->origin);
    conn->request = request;
    conn_enter(gateway, conn, CONN_REQUEST);
    lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0); /* we keep time by our own deadline */
    serve_request(gateway, conn, method, path);
    return 0;
}

void http_refuse_early(struct gateway *gateway, struct conn *conn, uint32_t status)
{
    struct answer answer = { .status = status };
    if (status == 405) {
        answer.code = "METHOD_NOT_ALLOWED";
        answer.message = "There is no such method here.";
        answer.extra = "Allow: GET, HEAD, OPTIONS\r\n";
    } else {
        answer.code = "BAD_REQUEST";
        answer.message = "This is not a request line of HTTP/1.1.";
    }
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
    answer_request(gateway, conn, &answer);
    conn_tell_gone_later(gateway, conn);
}

void http_reply(struct gateway *gateway, struct conn *conn, struct text data)
{
    if (conn->state != CONN_REQUEST || conn->request->reply != NULL) {
        return;
    }
    struct answer answer = { .status = 200 };
    answer.body = answer_envelope(gateway, data, TEXT_NONE, TEXT_NONE);
    answer_request(gateway, conn, &answer);
    conn_tell_gone_later(gateway, conn);
}
