/* What a request asks for, and of whom: the hub, who reads, the frames (contract section 1). How
 * it came and how its answer goes out is gateway_http.c's business. */
#include <duel/base/assert.h>
#include <duel/io/body.h>
#include <duel/io/gateway_http.h>
#include <libwebsockets.h>
#include <stdio.h>
#include <string.h>

#define SEARCH_LIMIT 10
#define LINES_SIZE 256 /* of header lines */

/* ---- who asks ---- */

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
    http_answer(gateway, conn, &answer);
}

static void ask_hub(struct gateway *gateway, struct conn *conn, struct text sub)
{
    struct request *request = conn->request;
    ASSERT(sub.size <= sizeof(request->sub));
    memcpy(request->sub, sub.data, sub.size);
    request->sub_size = sub.size;
    conn->in_hub = true;
    struct hub_event event = {
        .type = HUB_EV_OPEN,
        .open = { .conn = conn_ref(gateway, conn),
                  .door = request->door,
                  .sub = sub,
                  .match = request->match,
                  .rated = request->rated,
                  .query = { request->query, request->query_size },
                  .limit = request->limit },
    };
    loop_event(gateway->loop, &event);
}

static void caller_known(void *context, struct ref ref, const struct auth_verdict *verdict)
{
    struct gateway *gateway = context;
    struct conn *conn = conn_get(gateway, ref);
    if (conn == NULL || conn->state != CONN_REQUEST || conn->request->reply != NULL) {
        return;
    }
    const struct reading_question *question = &conn->request->question;
    if (verdict->code != AUTH_OK) {
        answer_auth_error(gateway, conn, verdict->code);
    } else if (question->what != READING_NOTHING && question->what != READING_MATCH) {
        read_ask(gateway, conn, question, verdict->sub);
    } else {
        ask_hub(gateway, conn, verdict->sub);
    }
}

/* The hub, or for what is only read who reads. */
static void ask_with(struct gateway *gateway, struct conn *conn, struct text token)
{
    /* A check takes a worker about a millisecond: bad tokens must not make the others wait for
     * long. */
    if (auth_jobs(gateway->auth) >= (uint32_t)gateway->settings->max_unauthenticated) {
        answer_auth_error(gateway, conn, AUTH_UNAVAILABLE);
        return;
    }
    http_wait(gateway, conn);
    auth_verify(gateway->auth, token, conn_ref(gateway, conn), caller_known, gateway);
}

static void ask_as_caller(struct gateway *gateway, struct conn *conn)
{
    char buffer[HTTP_TOKEN_BUFFER_SIZE];
    struct text token = http_token(conn->wsi, buffer);
    if (token.data == NULL) {
        answer_auth_error(gateway, conn, AUTH_MISSING);
    } else {
        ask_with(gateway, conn, token);
    }
}

static void ask_hub_for(struct gateway *gateway, struct conn *conn, enum hub_door door)
{
    conn->request->door = door;
    ask_as_caller(gateway, conn);
}

void gateway_read(struct gateway *gateway, struct ref ref, bool unsure)
{
    struct conn *conn = conn_get(gateway, ref);
    if (conn == NULL || conn->state != CONN_REQUEST || conn->request->reply != NULL) {
        return;
    }
    struct request *request = conn->request;
    request->unsure = unsure;
    conn_tell_gone_later(gateway, conn);
    read_ask(gateway, conn, &request->question, (struct text){ request->sub, request->sub_size });
}

/* ---- GET ---- */

static void frame_fetched(void *context, struct ref ref, uint8_t *body, uint32_t size)
{
    struct gateway *gateway = context;
    struct conn *conn = conn_get(gateway, ref);
    if (conn != NULL && conn->state == CONN_REQUEST && conn->request->reply == NULL) {
        if (body == NULL) {
            http_error(gateway, conn, 404, "NO_SUCH_FRAME", "There is no such frame.", NULL);
        } else {
            struct answer answer = { .status = 200,
                                     .type = "application/octet-stream",
                                     .cache = "private, no-store",
                                     .body = { (const char *)body, size } };
            metrics_add(METRIC_FRAMES_SERVED, 1);
            metrics_add(METRIC_FRAME_BYTES, size);
            http_answer(gateway, conn, &answer);
        }
    }
    free(body);
}

static void fetch_frame(struct gateway *gateway, struct conn *conn, struct text token)
{
    http_wait(gateway, conn);
    frames_fetch(gateway->frames, token, conn_ref(gateway, conn), frame_fetched, gateway);
}

static void search(struct gateway *gateway, struct conn *conn)
{
    struct request *request = conn->request;
    int32_t size = http_argument(conn->wsi, TEXT("q"), request->query, sizeof(request->query));
    if (size < 0 || !text_is_utf8((struct text){ request->query, (uint32_t)size })) {
        http_error(gateway, conn, 400, "BAD_QUERY", "q is a text of at most 100 bytes.", NULL);
        return;
    }
    request->query_size = (uint32_t)size;
    if (!http_number(conn->wsi, TEXT("limit"), SEARCH_LIMIT, &request->limit) ||
        request->limit == 0) {
        http_error(gateway, conn, 400, "BAD_LIMIT", "limit is a number from 1 to 10.", NULL);
        return;
    }
    request->limit = request->limit < SEARCH_LIMIT ? request->limit : SEARCH_LIMIT;
    ask_hub_for(gateway, conn, HUB_DOOR_SEARCH);
}

static void answer_reader(struct gateway *gateway, struct conn *conn,
                          const struct route_place *place)
{
    struct reading_question *question = &conn->request->question;
    if (!read_question(gateway, conn, place, question)) {
        return;
    }
    if (place->route == ROUTE_LEADERBOARD) {
        http_wait(gateway, conn);
        read_ask(gateway, conn, question, TEXT_NONE);
        return;
    }
    conn->request->match = question->id;
    ask_hub_for(gateway, conn, HUB_DOOR_LOOK); /* unless only the reader is asked */
}

static void get(struct gateway *gateway, struct conn *conn, const struct route_place *place)
{
    switch (place->route) {
    case ROUTE_ME:
        ask_hub_for(gateway, conn, HUB_DOOR_ME);
        return;
    case ROUTE_QUEUE:
        ask_hub_for(gateway, conn, HUB_DOOR_POLL);
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
    case ROUTE_INVITE:
    case ROUTE_INVITATION:
    case ROUTE_NONE:
        ASSERT(false); /* nothing to GET */
    }
}

/* ---- POST, DELETE ---- */

/* The body means nothing yet: what a queue is asked for is its path. */
static void join_queue(struct gateway *gateway, struct conn *conn, const struct json_t *object)
{
    (void)object;
    conn->request->door = HUB_DOOR_JOIN;
    ask_with(gateway, conn, http_body_token(conn->request));
}

static void invite(struct gateway *gateway, struct conn *conn, const struct json_t *object)
{
    struct request *request = conn->request;
    if (!body_member_bool(object, "rated", false, &request->rated)) {
        http_error(gateway, conn, 400, "BAD_FIELD", "rated is true or false.", NULL);
        return;
    }
    request->door = HUB_DOOR_INVITE;
    ask_with(gateway, conn, http_body_token(request));
}

static void post(struct gateway *gateway, struct conn *conn, const struct route_place *place)
{
    char buffer[HTTP_TOKEN_BUFFER_SIZE];
    struct text token = http_token(conn->wsi, buffer);
    if (token.data == NULL) {
        answer_auth_error(gateway, conn, AUTH_MISSING);
    } else {
        http_read_body(gateway, conn, token, place->route == ROUTE_QUEUE ? join_queue : invite);
    }
}

static void delete(struct gateway *gateway, struct conn *conn, const struct route_place *place)
{
    if (place->route == ROUTE_QUEUE) {
        ask_hub_for(gateway, conn, HUB_DOOR_LEAVE);
    } else if (route_id(place, &conn->request->match)) {
        ask_hub_for(gateway, conn, HUB_DOOR_WITHDRAW);
    } else {
        http_error(gateway, conn, 400, "BAD_ID", "An invitation's id is a UUID.", NULL);
    }
}

/* ---- by method ---- */

/* A line that names what there is at a place, and `more` lines. */
static void print_methods(uint32_t methods, const char *field, const char *more,
                          char memory[LINES_SIZE])
{
    snprintf(memory, LINES_SIZE, "%s: %s%s%sOPTIONS\r\n%s", field,
             methods & ROUTE_GET ? "GET, HEAD, " : "", methods & ROUTE_POST ? "POST, " : "",
             methods & ROUTE_DELETE ? "DELETE, " : "", more);
}

static void preflight(struct gateway *gateway, struct conn *conn, uint32_t methods)
{
    struct answer answer = { .status = 204 };
    char lines[LINES_SIZE];
    if (conn->request->origin[0] != '\0') {
        print_methods(methods, "Access-Control-Allow-Methods",
                      "Access-Control-Allow-Headers: Authorization, Content-Type\r\n"
                      "Access-Control-Max-Age: 600\r\n",
                      lines);
        answer.extra = lines;
    }
    http_answer(gateway, conn, &answer);
}

/* 0: none that any place has. */
static uint32_t method_of(int method)
{
    return method == LWSHUMETH_GET || method == LWSHUMETH_HEAD ? ROUTE_GET
           : method == LWSHUMETH_POST                          ? ROUTE_POST
           : method == LWSHUMETH_DELETE                        ? ROUTE_DELETE
                                                               : 0;
}

static void by_method(struct gateway *gateway, struct conn *conn, int method,
                      const struct route_place *place)
{
    uint32_t methods = route_methods(place->route);
    uint32_t asked = method_of(method);
    char allow[LINES_SIZE];
    if (method == LWSHUMETH_OPTIONS) {
        preflight(gateway, conn, methods);
    } else if ((methods & asked) == 0) {
        print_methods(methods, "Allow", "", allow);
        http_error(gateway, conn, 405, "METHOD_NOT_ALLOWED", "There is no such method here.",
                   allow);
    } else if (asked == ROUTE_POST) {
        post(gateway, conn, place);
    } else if (conn->request->has_body) {
        http_error(gateway, conn, 400, "UNEXPECTED_BODY", "Only a POST has a body here.", NULL);
    } else if (asked == ROUTE_DELETE) {
        delete(gateway, conn, place);
    } else {
        get(gateway, conn, place);
    }
}

void http_serve(struct gateway *gateway, struct conn *conn, int method, struct text path)
{
    struct route_place place = route_find(gateway, path);
    struct answer refusal;
    memcpy(conn->node, place.node.data == NULL ? "" : place.node.data, place.node.size);
    conn->node[place.node.size] = '\0';
    if (!caller_asks(gateway, conn, &refusal)) {
        http_answer(gateway, conn, &refusal);
    } else if (conn->request->has_more) {
        http_error(gateway, conn, 400, "ONE_AT_A_TIME",
                   "Wait for the answer before sending more.", NULL);
    } else if (place.route == ROUTE_NONE) {
        http_error(gateway, conn, 404, "NOT_FOUND", "There is nothing here.", NULL);
    } else {
        by_method(gateway, conn, method, &place);
    }
}
