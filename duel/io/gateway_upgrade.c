/* Whether an HTTP request becomes a WebSocket (RFC 6455 section 4.2, contract sections 1 and 2).
 *
 * The decision cannot wait for anybody, so it is about the form, the origin, the ticket and the
 * room there is; a token is checked when the socket is open. */
#include <duel/io/gateway_http.h>
#include <libwebsockets.h>
#include <string.h>
#include <sys/socket.h>

#define SUBPROTOCOLS_SIZE_MAX 127 /* libwebsockets hangs up on who offers more */
#define KEY_SIZE 24               /* base64 of 16 bytes, RFC 6455 section 4.1 */

struct offer {
    bool has_ours;
    struct text ticket; /* or none */
};

/* What the client offers as subprotocols: ours, and perhaps a ticket. */
static struct offer read_offer(const char *list)
{
    struct offer offer = { false, TEXT_NONE };
    while (*list != '\0') {
        list += strspn(list, ", \t");
        uint32_t size = (uint32_t)strcspn(list, ", \t");
        struct text name = { list, size };
        if (text_equal(name, TEXT(GATEWAY_PROTOCOL))) {
            offer.has_ours = true;
        } else if (size >= 2 && memcmp(list, "r.", 2) == 0) {
            offer.ticket = (struct text){ list + 2, size - 2 };
        }
        list += size;
    }
    return offer;
}

static int refuse_upgrade(struct gateway *gateway, struct conn *conn, struct answer answer)
{
    char origin[HTTP_ORIGIN_SIZE_MAX + 1];
    answer_read_origin(gateway, conn->wsi, origin);
    uint32_t size;
    uint8_t *reply = answer_build(gateway, answer, origin, false, false, &size);
    /* Nothing waits on this socket, so it takes these few bytes; if not, they are lost. */
    ssize_t sent = send((int)lws_get_socket_fd(conn->wsi), reply, size, MSG_NOSIGNAL);
    (void)sent;
    free(reply);
    return 1;
}

static bool has_token(const char *list, struct text token)
{
    while (*list != '\0') {
        list += strspn(list, ", \t");
        size_t size = strcspn(list, ", \t");
        if (size == token.size && strncasecmp(list, token.data, size) == 0) {
            return true;
        }
        list += size;
    }
    return false;
}

/* What makes it no WebSocket of RFC 6455, where libwebsockets would hang up without a word. */
static const char *handshake_fault(struct lws *wsi)
{
    char connection[128];
    if (lws_hdr_copy(wsi, connection, sizeof(connection) - 1, WSI_TOKEN_CONNECTION) <= 0 ||
        !has_token(connection, TEXT("upgrade"))) {
        return "The header Connection is not Upgrade.";
    }
    if (lws_hdr_total_length(wsi, WSI_TOKEN_HOST) == 0) {
        return "The header Host is missing.";
    }
    if (lws_hdr_total_length(wsi, WSI_TOKEN_KEY) != KEY_SIZE) {
        return "The header Sec-WebSocket-Key is not 16 bytes in base64.";
    }
    if (lws_hdr_total_length(wsi, WSI_TOKEN_PROTOCOL) >= SUBPROTOCOLS_SIZE_MAX) {
        return "More than 126 bytes of subprotocols are offered.";
    }
    return NULL;
}

static bool is_header(struct lws *wsi, enum lws_token_indexes token, const char *value)
{
    char text[16];
    return lws_hdr_copy(wsi, text, sizeof(text), token) > 0 && strcasecmp(text, value) == 0;
}

static int8_t check_ticket(struct gateway *gateway, const struct conn *conn, struct text ticket)
{
    if (ticket.data == NULL || conn->door != HUB_DOOR_MATCH) {
        return CONN_TICKET_NONE;
    }
    if (!auth_has_secret(gateway->auth)) {
        return CONN_TICKET_TOO_EARLY;
    }
    int32_t slot = auth_check_ticket(gateway->auth, &conn->match, ticket);
    metrics_add(slot < 0 ? METRIC_TICKETS_REFUSED : METRIC_TICKETS_ACCEPTED, 1);
    return slot < 0 ? CONN_TICKET_BAD : (int8_t)slot;
}

#define REFUSE(status_, code_, message_) \
    refuse_upgrade(gateway, conn, \
                   (struct answer){ .status = status_, .code = code_, .message = message_ })

/* The form of the handshake; 0: it is good. */
static int check_handshake(struct gateway *gateway, struct conn *conn)
{
    struct lws *wsi = conn->wsi;
    if (!is_header(wsi, WSI_TOKEN_UPGRADE, "websocket")) {
        return refuse_upgrade(gateway, conn,
                              (struct answer){ .status = 426, .code = "UPGRADE_REQUIRED",
                                               .message = "Only WebSockets are spoken here.",
                                               .extra = "Upgrade: websocket\r\n" });
    }
    const char *fault = handshake_fault(wsi);
    if (fault != NULL) {
        return REFUSE(400, "BAD_HANDSHAKE", fault);
    }
    if (!is_header(wsi, WSI_TOKEN_VERSION, "13")) {
        return refuse_upgrade(gateway, conn,
                              (struct answer){ .status = 426, .code = "UPGRADE_REQUIRED",
                                               .message = "Version 13 of WebSocket is spoken.",
                                               .extra = "Sec-WebSocket-Version: 13\r\n" });
    }
    char origin[HTTP_ORIGIN_SIZE_MAX + 1];
    if (!answer_read_origin(gateway, wsi, origin)) {
        return REFUSE(403, "BAD_ORIGIN", "This origin is not on the server's list.");
    }
    return 0;
}

int http_upgrade(struct gateway *gateway, struct conn *conn)
{
    struct lws *wsi = conn->wsi;
    if (conn->state != CONN_HTTP || lws_hdr_total_length(wsi, WSI_TOKEN_UPGRADE) == 0) {
        return -1; /* libwebsockets 4.1.6 answers an unknown upgrade itself and then still asks */
    }
    struct answer refusal;
    if (!caller_asks(gateway, conn, &refusal)) {
        return refuse_upgrade(gateway, conn, refusal);
    }
    char path[GATEWAY_PATH_SIZE_MAX];
    if (lws_hdr_copy(wsi, path, sizeof(path), WSI_TOKEN_GET_URI) <= 0) {
        return REFUSE(404, "NOT_FOUND", "There is nothing here.");
    }
    struct route_place place = route_find(gateway, text_from(path));
    if (place.route != ROUTE_QUEUE && place.route != ROUTE_MATCH) {
        return REFUSE(404, "NOT_FOUND", "There is no WebSocket here.");
    }
    if (place.route == ROUTE_MATCH && !uuid_parse(place.id, &conn->match)) {
        return REFUSE(400, "BAD_ID", "A match's id is a UUID.");
    }
    int refused = check_handshake(gateway, conn);
    if (refused != 0) {
        return refused;
    }
    char offered[SUBPROTOCOLS_SIZE_MAX + 1];
    lws_hdr_copy(wsi, offered, sizeof(offered), WSI_TOKEN_PROTOCOL);
    struct offer offer = read_offer(offered);
    if (!offer.has_ours) {
        return REFUSE(400, "BAD_SUBPROTOCOL", "The subprotocol " GATEWAY_PROTOCOL " is required.");
    }
    conn->door = place.route == ROUTE_QUEUE ? HUB_DOOR_QUEUE : HUB_DOOR_MATCH;
    conn->slot = check_ticket(gateway, conn, offer.ticket);
    (void)snprintf(conn->node, sizeof(conn->node), "%.*s", TEXT_ARG(place.node));
    bool is_full = gateway->unauthenticated >= (uint32_t)gateway->settings->max_unauthenticated;
    if (gateway->stopped || (is_full && conn->slot < 0)) {
        metrics_add(METRIC_REFUSED_FULL, 1);
        return refuse_upgrade(gateway, conn,
                              (struct answer){ .status = 503, .code = "UNAVAILABLE",
                                               .message = "There is no room right now.",
                                               .retry_after_s = 1 });
    }
    if (conn->slot < 0 && !caller_may_wait(gateway, conn, &refusal)) {
        return refuse_upgrade(gateway, conn, refusal);
    }
    conn_enter(gateway, conn, CONN_ARRIVING);
    return 0;
}
