/* WebSockets of the gateway: who is calling (contract section 2), messages put together from their
 * parts, how many a second, and pongs.
 *
 * What a message means is the hub's business; here it only has a size, a shape and a sender. */
#include <duel/base/assert.h>
#include <duel/io/gateway_private.h>
#include <libwebsockets.h>
#include <string.h>

#define RATE_STEP_US (1000000ULL / GATEWAY_RATE_PER_S)
#define RATE_BURST_US (RATE_STEP_US * GATEWAY_RATE_BURST)
#define FRAME_HEAD_SIZE 6     /* of a masked frame with at most FRAME_SMALL bytes */
#define FRAME_HEAD_SIZE_BIG 8 /* with more; RFC 6455 section 5.2 */
#define FRAME_HEAD_SIZE_MAX 14
#define FRAME_SMALL 125

/* Messages that came while a token was being checked, each behind its size (2 bytes). */
struct backlog {
    uint32_t count;
    uint32_t size;
    uint8_t data[GATEWAY_BACKLOG_SIZE_MAX + 2 * GATEWAY_BACKLOG_COUNT_MAX];
};

void ws_release(struct conn *conn)
{
    free(conn->message);
    conn->message = NULL;
    conn->message_size = 0;
    free(conn->backlog);
    conn->backlog = NULL;
}

static void close_by_code(struct gateway *gateway, struct conn *conn, enum auth_code code)
{
    uint16_t status = code == AUTH_UNAVAILABLE ? 4503 : 4401;
    metrics_refused(text_from(auth_code_word(code)));
    conn_close(gateway, conn, status, text_from(auth_code_word(code)));
}

/* ---- who is calling ---- */

/* `sub` is none when the seat is known by ticket. */
static void open_to_hub(struct gateway *gateway, struct conn *conn, struct text sub)
{
    conn_enter(gateway, conn, CONN_OPEN);
    conn_set_deadline(gateway, conn, 0);
    conn->in_hub = true;
    struct hub_event event = {
        .type = HUB_EV_OPEN,
        .open = { .conn = conn_ref(gateway, conn),
                  .door = (enum hub_door)conn->door,
                  .sub = sub,
                  .slot = (uint8_t)(conn->slot < 0 ? 0 : conn->slot),
                  .match = conn->match },
    };
    loop_event(gateway->loop, &event);
}

static void check_token(struct gateway *gateway, struct conn *conn, struct text token)
{
    conn_enter(gateway, conn, CONN_CHECKING);
    conn_set_deadline(gateway, conn, 0); /* the answer is sure to come */
    auth_verify(gateway->auth, token, conn_ref(gateway, conn), ws_token_checked, gateway);
}

void ws_established(struct gateway *gateway, struct conn *conn)
{
    ASSERT(conn->state == CONN_ARRIVING);
    metrics_add(METRIC_UPGRADES, 1);
    conn->data_bytes = peek_head_end(conn->peek);
    conn->charged_us = loop_now_us(gateway->loop); /* counted first in a second from here */
    peek_destroy(conn->peek);
    conn->peek = NULL;
    if (conn->slot == CONN_TICKET_BAD || conn->slot == CONN_TICKET_TOO_EARLY) {
        close_by_code(gateway, conn,
                      conn->slot == CONN_TICKET_BAD ? AUTH_BAD_TICKET : AUTH_UNAVAILABLE);
        return;
    }
    if (conn->slot >= 0) {
        open_to_hub(gateway, conn, TEXT_NONE);
        return;
    }
    char buffer[HTTP_TOKEN_BUFFER_SIZE];
    struct text token = http_token(conn->wsi, buffer);
    if (token.data != NULL) {
        check_token(gateway, conn, token);
        return;
    }
    conn_enter(gateway, conn, CONN_UNKNOWN);
    conn_set_deadline(gateway, conn, (uint32_t)gateway->settings->auth_ms);
}

void ws_expired(struct gateway *gateway, struct conn *conn)
{
    ASSERT(conn->state == CONN_UNKNOWN);
    conn_close(gateway, conn, 4408, TEXT("no auth in time"));
}

static void serve(struct gateway *gateway, struct conn *conn, const uint8_t *data, uint32_t size);

static void serve_backlog(struct gateway *gateway, struct conn *conn)
{
    struct backlog *backlog = conn->backlog;
    conn->backlog = NULL;
    if (backlog == NULL) {
        return;
    }
    for (uint32_t place = 0; place < backlog->size && conn->state == CONN_OPEN;) {
        uint32_t size = (uint32_t)backlog->data[place] << 8 | backlog->data[place + 1];
        serve(gateway, conn, backlog->data + place + 2, size);
        place += 2 + size;
    }
    free(backlog);
}

void ws_token_checked(void *context, struct ref ref, const struct auth_verdict *verdict)
{
    struct gateway *gateway = context;
    struct conn *conn = conn_get(gateway, ref);
    if (conn == NULL || conn->state != CONN_CHECKING) {
        return;
    }
    if (verdict->code != AUTH_OK) {
        close_by_code(gateway, conn, verdict->code);
        return;
    }
    open_to_hub(gateway, conn, verdict->sub);
    serve_backlog(gateway, conn);
}

/* ---- messages ---- */

static void refuse_message(struct gateway *gateway, struct conn *conn, uint16_t code,
                           struct text reason)
{
    metrics_add(METRIC_BAD_MESSAGES, 1);
    conn_close(gateway, conn, code, reason);
}

/* A whole message of a socket that is UNKNOWN or OPEN. */
static void serve(struct gateway *gateway, struct conn *conn, const uint8_t *data, uint32_t size)
{
    struct text reason;
    const struct message *message = codec_decode_client(gateway->codec, data, size, &reason);
    if (message == NULL) {
        refuse_message(gateway, conn, 4400, reason);
        return;
    }
    metrics_add(METRIC_MESSAGES_IN, 1);
    if (conn->state == CONN_UNKNOWN) {
        if (message->type == MSG_auth) {
            check_token(gateway, conn, message->auth.token);
        } else {
            close_by_code(gateway, conn, AUTH_MISSING);
        }
    } else {
        struct hub_event event = { .type = HUB_EV_MESSAGE,
                                   .message = { conn_ref(gateway, conn), message } };
        loop_event(gateway->loop, &event);
    }
}

static void flood(struct gateway *gateway, struct conn *conn, struct text reason)
{
    metrics_add(METRIC_FLOODS, 1);
    conn_close(gateway, conn, 4429, reason);
}

static void keep_for_later(struct gateway *gateway, struct conn *conn, const uint8_t *data,
                           uint32_t size)
{
    if (conn->backlog == NULL) {
        conn->backlog = malloc(sizeof(*conn->backlog));
        ASSERT(conn->backlog != NULL);
        conn->backlog->count = 0;
        conn->backlog->size = 0;
    }
    struct backlog *backlog = conn->backlog;
    uint32_t heads_size = 2 * backlog->count;
    if (backlog->count == GATEWAY_BACKLOG_COUNT_MAX ||
        size > GATEWAY_BACKLOG_SIZE_MAX - (backlog->size - heads_size)) {
        flood(gateway, conn, TEXT("too many messages behind auth"));
        return;
    }
    uint8_t *place = backlog->data + backlog->size;
    place[0] = (uint8_t)(size >> 8);
    place[1] = (uint8_t)size;
    memcpy(place + 2, data, size);
    backlog->size += 2 + size;
    backlog->count++;
}

static void take_message(struct gateway *gateway, struct conn *conn, const uint8_t *data,
                         uint32_t size)
{
    if (conn->state == CONN_CHECKING) {
        keep_for_later(gateway, conn, data, size);
    } else {
        serve(gateway, conn, data, size);
    }
}

/* ---- how many a second ---- */

/* A bucket of GATEWAY_RATE_BURST that fills by GATEWAY_RATE_PER_S, kept as the time at which it
 * will be full. False: there was not enough in it. */
static bool charge(struct gateway *gateway, struct conn *conn, uint64_t frames)
{
    uint64_t now_us = loop_now_us(gateway->loop);
    if (conn->rate_us < now_us) {
        conn->rate_us = now_us;
    }
    conn->rate_us += frames * RATE_STEP_US;
    if (conn->rate_us - now_us <= RATE_BURST_US) {
        return true;
    }
    flood(gateway, conn, TEXT("too many messages"));
    return false;
}

/* libwebsockets answers pings itself, drops most of a burst and tells nobody; empty pongs it
 * swallows. What was read and was not data were control frames: counted in their smallest size. */
void ws_charge_control_frames(struct gateway *gateway, struct conn *conn)
{
    uint64_t read = peek_bytes_read_at_least(conn->wsi);
    uint64_t held = lws_remaining_packet_payload(conn->wsi) != 0 ? GATEWAY_RX_SIZE : 0;
    uint64_t known = conn->data_bytes + conn->control_bytes + held + FRAME_HEAD_SIZE_MAX;
    if (read > known) {
        uint64_t frames = (read - known) / FRAME_HEAD_SIZE;
        conn->control_bytes += frames * FRAME_HEAD_SIZE;
        charge(gateway, conn, frames);
    }
}

/* ---- what arrives ---- */

static bool is_listening(const struct conn *conn)
{
    return conn->state == CONN_UNKNOWN || conn->state == CONN_CHECKING ||
           conn->state == CONN_OPEN;
}

static void append_part(struct conn *conn, const uint8_t *data, uint32_t size)
{
    uint8_t *grown = realloc(conn->message, conn->message_size + size + 1);
    ASSERT(grown != NULL);
    conn->message = grown;
    if (size != 0) {
        memcpy(conn->message + conn->message_size, data, size);
    }
    conn->message_size += size;
}

/* Parts are cut by the sender's fragments, by libwebsockets' buffer and by TCP, as it happens. */
void ws_receive(struct gateway *gateway, struct conn *conn, const uint8_t *data, size_t size)
{
    if (!is_listening(conn)) {
        return;
    }
    size_t still_to_come = lws_remaining_packet_payload(conn->wsi);
    conn->data_bytes += size;
    if (still_to_come == 0) {
        bool small = size <= FRAME_SMALL && conn->message_size <= FRAME_SMALL;
        conn->data_bytes += small ? FRAME_HEAD_SIZE : FRAME_HEAD_SIZE_BIG;
        if (!charge(gateway, conn, 1)) {
            return;
        }
    }
    if (!lws_frame_is_binary(conn->wsi)) {
        refuse_message(gateway, conn, 1003, TEXT("binary messages only"));
        return;
    }
    if (size + still_to_come > MESSAGE_CLIENT_SIZE_MAX - conn->message_size) {
        refuse_message(gateway, conn, 1009, TEXT("a message is at most 4096 bytes"));
        return;
    }
    bool whole = lws_is_final_fragment(conn->wsi) != 0;
    if (whole && conn->message == NULL) {
        take_message(gateway, conn, data, (uint32_t)size);
        return;
    }
    append_part(conn, data, (uint32_t)size);
    if (whole) {
        uint8_t *message = conn->message;
        uint32_t message_size = conn->message_size;
        conn->message = NULL;
        conn->message_size = 0;
        take_message(gateway, conn, message, message_size);
        free(message);
    }
}

void ws_pong(struct gateway *gateway, struct conn *conn, const uint8_t *data, size_t size)
{
    conn->data_bytes += size + FRAME_HEAD_SIZE;
    if (!is_listening(conn) || !charge(gateway, conn, 1)) {
        return;
    }
    uint64_t now_us = loop_read_us(gateway->loop);
    if (conn->state != CONN_OPEN || conn->ping_sent_us == 0 ||
        size != sizeof(conn->ping_number) || memcmp(data, &conn->ping_number, size) != 0) {
        return; /* not of the latest ping */
    }
    uint64_t rtt_us = now_us - conn->ping_sent_us;
    conn->ping_sent_us = 0;
    struct hub_event event = {
        .type = HUB_EV_PONG,
        .pong = { .conn = conn_ref(gateway, conn),
                  .rtt_us = rtt_us < UINT32_MAX ? (uint32_t)rtt_us : UINT32_MAX },
    };
    loop_event(gateway->loop, &event);
}
