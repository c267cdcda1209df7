/* The bodies of requests: read where a route takes one, thrown away elsewhere. It knows what
 * libwebsockets does with them; what is in one is the route's business.
 *
 * libwebsockets ends a body of a said length by itself, and takes what is behind it for the next
 * request. A chunked one it hands over as it came, and does not know its end; so behind that, as
 * behind one that was refused, the connection is closed. */
#include <duel/base/assert.h>
#include <duel/io/body.h>
#include <duel/io/gateway_http.h>
#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>

#define UNWANTED_SIZE_MAX (1U << 20) /* of a body that nobody reads: then the client is cut off */
#define FIELD_SIZE 128               /* of a head's field that says something of a body */

struct incoming {
    struct body body;
    http_object *then;
    uint32_t token_size;
    char token[AUTH_TOKEN_SIZE_MAX + 1];
};

/* One that is too long is none that means something here. */
static struct text read_field(struct lws *wsi, enum lws_token_indexes token,
                              char memory[FIELD_SIZE])
{
    if (lws_hdr_total_length(wsi, token) == 0) {
        return TEXT_NONE;
    }
    int size = lws_hdr_copy(wsi, memory, FIELD_SIZE, token);
    return size < 0 ? TEXT("too long") : (struct text){ memory, (uint32_t)size };
}

static void take_object(struct gateway *gateway, struct conn *conn)
{
    struct request *request = conn->request;
    const struct body *body = &request->incoming->body;
    request->body_done = true;
    if (peek_has_more(conn->peek, request->body_read)) {
        request->has_more = true;
        http_error(gateway, conn, 400, "ONE_AT_A_TIME",
                   "Wait for the answer before sending more.", NULL);
        return;
    }
    if (request->has_body && !body->is_chunked) {
        request->keep = request->may_keep;
    }
    struct json_t *object = body_object(body);
    if (object == NULL) {
        http_error(gateway, conn, 400, "BAD_JSON", "The body is no JSON object.", NULL);
        return;
    }
    request->incoming->then(gateway, conn, object);
    body_drop(object);
}

/* What the body has come to. */
static void follow(struct gateway *gateway, struct conn *conn)
{
    switch (conn->request->incoming->body.state) {
    case BODY_MORE:
        break;
    case BODY_WHOLE:
        take_object(gateway, conn);
        break;
    case BODY_TOO_LARGE:
        http_error(gateway, conn, 413, "BODY_TOO_LARGE", "A body has at most 4096 bytes.", NULL);
        break;
    case BODY_BAD_TYPE:
        http_error(gateway, conn, 415, "BAD_CONTENT_TYPE", "A body is application/json.",
                   "Accept: application/json\r\n");
        break;
    case BODY_BROKEN:
        http_error(gateway, conn, 400, "BAD_REQUEST", "Where the body ends cannot be told.", NULL);
        break;
    }
}

void http_read_body(struct gateway *gateway, struct conn *conn, struct text token,
                    http_object *then)
{
    struct lws *wsi = conn->wsi;
    char length[FIELD_SIZE], transfer[FIELD_SIZE], type[FIELD_SIZE], encoding[FIELD_SIZE];
    struct body_head head = {
        .length = read_field(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH, length),
        .transfer = read_field(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING, transfer),
        .type = read_field(wsi, WSI_TOKEN_HTTP_CONTENT_TYPE, type),
        .encoding = read_field(wsi, WSI_TOKEN_HTTP_CONTENT_ENCODING, encoding),
    };
    struct incoming *incoming = malloc(sizeof(*incoming));
    ASSERT(incoming != NULL && conn->request->incoming == NULL);
    ASSERT(token.data != NULL && token.size <= sizeof(incoming->token));
    incoming->then = then;
    incoming->token_size = token.size;
    memcpy(incoming->token, token.data, token.size);
    conn->request->incoming = incoming;
    conn_set_deadline(gateway, conn, GATEWAY_REQUEST_MS);
    body_begin(&incoming->body, &head);
    follow(gateway, conn);
}

struct text http_body_token(const struct request *request)
{
    const struct incoming *incoming = request->incoming;
    return incoming == NULL ? TEXT_NONE : (struct text){ incoming->token, incoming->token_size };
}

bool http_body_is_awaited(const struct request *request)
{
    return request->incoming != NULL && request->incoming->body.state == BODY_MORE;
}

void http_body_release(struct request *request)
{
    free(request->incoming);
    request->incoming = NULL;
}

/* ---- libwebsockets' callbacks ---- */

int http_body(struct gateway *gateway, struct conn *conn, const void *data, size_t size)
{
    if (conn->state != CONN_REQUEST || size > UNWANTED_SIZE_MAX - conn->request->body_read) {
        return -1;
    }
    struct request *request = conn->request;
    request->body_read += (uint32_t)size;
    if (request->reply == NULL && http_body_is_awaited(request)) {
        body_take(&request->incoming->body, data, size);
        follow(gateway, conn);
    }
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
