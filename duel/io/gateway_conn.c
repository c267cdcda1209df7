/* The gateway's connections: their slots and states, what waits for each, and the flush that ends
 * a turn.
 *
 * A message is encoded at once into the connection's own buffer, behind room for the WebSocket
 * header and the array head, so that what a turn owes one socket leaves in one frame by one system
 * call. */
#include <duel/base/assert.h>
#include <duel/io/gateway_private.h>
#include <libwebsockets.h>
#include <string.h>

/* Frames of ours carry no mask (RFC 6455 section 5.1): first byte, size, and its 2 or 8 bytes
 * more. */
#define FRAME_HEAD_SIZE_MAX 10
#define FRAME_BINARY 0x82
#define FRAME_PING 0x89
#define FRAME_SMALL_MAX 125
#define PING_FRAME_SIZE (2 + PING_SIZE)
#define HEADROOM (PING_FRAME_SIZE + FRAME_HEAD_SIZE_MAX + CODEC_ARRAY_HEAD_SIZE_MAX)
#define CONTROL_CHECK_US 1000000 /* control frames are counted at a ping at most so often */
#define OUT_SIZE_FIRST 1024
#define OUT_SIZE_LAST (HEADROOM + GATEWAY_OUT_SIZE_MAX + MESSAGE_SERVER_SIZE_MAX)
#define PING_SIZE 8

static bool is_unauthenticated(enum conn_state state)
{
    return state == CONN_ARRIVING || state == CONN_UNKNOWN || state == CONN_CHECKING;
}

void conn_enter(struct gateway *gateway, struct conn *conn, enum conn_state state)
{
    /* By state: the states it may be left for. */
#define TO(state) (1U << (state))
    static const uint32_t successors[] = {
        [CONN_HTTP] = TO(CONN_REQUEST) | TO(CONN_ARRIVING) | TO(CONN_ENDING),
        [CONN_REQUEST] = TO(CONN_ENDING),
        [CONN_ARRIVING] =
            TO(CONN_UNKNOWN) | TO(CONN_CHECKING) | TO(CONN_OPEN) | TO(CONN_CLOSING) |
            TO(CONN_ENDING),
        [CONN_UNKNOWN] = TO(CONN_CHECKING) | TO(CONN_CLOSING) | TO(CONN_ENDING),
        [CONN_CHECKING] = TO(CONN_OPEN) | TO(CONN_CLOSING) | TO(CONN_ENDING),
        [CONN_OPEN] = TO(CONN_CLOSING) | TO(CONN_ENDING),
        [CONN_CLOSING] = TO(CONN_ENDING),
        [CONN_ENDING] = 0,
    };
#undef TO
    ASSERT((successors[conn->state] & 1U << state) != 0);
    bool waited = is_unauthenticated(conn->state), waits = is_unauthenticated(state);
    if (waited != waits) {
        gateway->unauthenticated = waits ? gateway->unauthenticated + 1
                                         : gateway->unauthenticated - 1;
        caller_waits(gateway, conn, waits);
    }
    conn->state = (uint8_t)state;
}

/* ---- the pool ---- */

struct conn *conn_acquire(struct gateway *gateway)
{
    struct ref ref;
    struct conn *conn = pool_acquire(&gateway->conns, &ref);
    if (conn != NULL) {
        conn->slot = CONN_TICKET_NONE;
        conn->caller.entry = LIMITS_NONE;
    }
    return conn;
}

struct conn *conn_get(const struct gateway *gateway, struct ref ref)
{
    return pool_get(&gateway->conns, ref);
}

struct ref conn_ref(const struct gateway *gateway, const struct conn *conn)
{
    return pool_ref(&gateway->conns, conn);
}

static void undirty(struct gateway *gateway, struct conn *conn)
{
    if (!conn->is_dirty) {
        return;
    }
    *(conn->dirty_before ? &conn->dirty_before->dirty_next : &gateway->dirty_first) =
        conn->dirty_next;
    *(conn->dirty_next ? &conn->dirty_next->dirty_before : &gateway->dirty_last) =
        conn->dirty_before;
    conn->is_dirty = false;
}

/* Behind the others: sockets are written to in the order in which the hub first had something for
 * them. */
static void dirty(struct gateway *gateway, struct conn *conn)
{
    if (conn->is_dirty) {
        return;
    }
    conn->is_dirty = true;
    conn->dirty_next = NULL;
    conn->dirty_before = gateway->dirty_last;
    *(gateway->dirty_last ? &gateway->dirty_last->dirty_next : &gateway->dirty_first) = conn;
    gateway->dirty_last = conn;
}

static void drop_out(struct conn *conn)
{
    free(conn->out);
    conn->out = NULL;
    conn->out_size = 0;
    conn->out_size_max = 0;
    conn->out_count = 0;
    conn->guessed_us = 0;
}

void conn_release(struct gateway *gateway, struct conn *conn)
{
    ASSERT(!conn->in_hub);
    if (conn->state != CONN_ENDING) {
        conn_enter(gateway, conn, CONN_ENDING);
    }
    caller_leaves(gateway, conn);
    undirty(gateway, conn);
    drop_out(conn);
    ws_release(conn);
    http_release(gateway, conn);
    peek_destroy(conn->peek);
    free(conn->close_reason);
    conn_set_deadline(gateway, conn, 0);
    pool_release(&gateway->conns, conn_ref(gateway, conn));
}

struct conn *conn_renew(struct gateway *gateway, struct conn *conn)
{
    ASSERT(conn->state == CONN_REQUEST);
    struct lws *wsi = conn->wsi;
    struct peek *peek = conn->peek;
    struct caller caller = caller_take(gateway, conn);
    conn->peek = NULL;
    conn_release(gateway, conn);
    struct conn *fresh = conn_acquire(gateway);
    ASSERT(fresh != NULL); /* a slot has just become free */
    fresh->wsi = wsi;
    fresh->peek = peek;
    fresh->caller = caller;
    peek_resume(peek);
    lws_set_opaque_user_data(wsi, fresh);
    return fresh;
}

void conn_set_deadline(struct gateway *gateway, struct conn *conn, uint32_t wait_ms)
{
    uint64_t deadline_us =
        wait_ms == 0 ? TIMERQ_NEVER : loop_now_us(gateway->loop) + wait_ms * 1000ULL;
    timerq_set(&gateway->deadlines, conn_ref(gateway, conn).index, deadline_us);
}

/* ---- the hub ---- */

static bool leave_hub(struct gateway *gateway, struct conn *conn, struct hub_event *ret_event)
{
    if (!conn->in_hub) {
        return false;
    }
    conn->in_hub = false;
    *ret_event = (struct hub_event){ .type = HUB_EV_CLOSED, .conn = conn_ref(gateway, conn) };
    return !gateway->destroyed;
}

void conn_tell_gone(struct gateway *gateway, struct conn *conn)
{
    struct hub_event event;
    if (leave_hub(gateway, conn, &event)) {
        loop_event(gateway->loop, &event);
    }
}

void conn_tell_gone_later(struct gateway *gateway, struct conn *conn)
{
    struct hub_event event;
    if (leave_hub(gateway, conn, &event)) {
        loop_defer(gateway->loop, &event);
    }
}

/* ---- closing ---- */

static void ask_writable(struct conn *conn)
{
    conn->asked_writable = true;
    lws_callback_on_writable(conn->wsi);
}

static bool is_socket(const struct conn *conn)
{
    return is_unauthenticated(conn->state) || conn->state == CONN_OPEN;
}

void conn_close(struct gateway *gateway, struct conn *conn, uint16_t code, struct text reason)
{
    if (!is_socket(conn)) {
        return;
    }
    metrics_closed(code);
    conn_enter(gateway, conn, CONN_CLOSING);
    ws_release(conn);
    conn->close_code = code;
    uint32_t size = reason.size < GATEWAY_REASON_SIZE_MAX ? reason.size : GATEWAY_REASON_SIZE_MAX;
    while (size < reason.size && size > 0 && (reason.data[size] & 0xc0) == 0x80) {
        size--; /* a reason is UTF-8: not cut inside a code point */
    }
    conn->close_reason = strndup(reason.data == NULL ? "" : reason.data, size);
    conn_set_deadline(gateway, conn, GATEWAY_CLOSE_MS);
    ask_writable(conn);
}

void conn_kill(struct gateway *gateway, struct conn *conn)
{
    if (conn->state != CONN_ENDING) {
        conn_enter(gateway, conn, CONN_ENDING);
    }
    conn_set_deadline(gateway, conn, 0);
    lws_set_timeout(conn->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
}

/* A client that does not read gets nothing more: what waited is dropped, the hub is told at once,
 * and if it reads again before GATEWAY_CLOSE_MS it finds a close with 1008. */
static void give_up(struct gateway *gateway, struct conn *conn)
{
    metrics_add(METRIC_SLOW_READERS, 1);
    drop_out(conn);
    conn->ping_due = false;
    conn_close(gateway, conn, 1008, TEXT("too much waits to be read"));
    conn_tell_gone_later(gateway, conn);
}

/* ---- sending ---- */

static void grow_out(struct conn *conn)
{
    uint32_t size_max = conn->out == NULL ? OUT_SIZE_FIRST : conn->out_size_max * 4;
    size_max = size_max < OUT_SIZE_LAST ? size_max : (uint32_t)OUT_SIZE_LAST;
    ASSERT(size_max > conn->out_size_max); /* MESSAGE_SERVER_SIZE_MAX always suffices */
    uint8_t *out = realloc(conn->out, size_max);
    ASSERT(out != NULL);
    if (conn->out == NULL) {
        conn->out_size = HEADROOM;
    }
    conn->out = out;
    conn->out_size_max = size_max;
}

/* 0: there is not room enough. */
static uint32_t encode_behind(struct conn *conn, const struct message *message)
{
    return codec_encode(message, conn->out + conn->out_size, conn->out_size_max - conn->out_size);
}

void conn_send(struct gateway *gateway, struct conn *conn, const struct message *message)
{
    if (conn->state != CONN_OPEN) {
        return;
    }
    uint32_t size = conn->out == NULL ? 0 : encode_behind(conn, message);
    while (size == 0) {
        grow_out(conn);
        size = encode_behind(conn, message);
    }
    conn->out_size += size;
    conn->out_count++;
    if (message->type == MSG_round) {
        conn->starts_round = (uint8_t)message->round.round;
    } else if (message->type == MSG_verdict && conn->guessed_us == 0) {
        conn->guessed_us = loop_now_us(gateway->loop);
    } else if (message->type == MSG_error) {
        metrics_refused(message->error.code);
    }
    metrics_add(METRIC_MESSAGES_OUT, 1);
    if (conn->out_size - HEADROOM > GATEWAY_OUT_SIZE_MAX) {
        give_up(gateway, conn);
        return;
    }
    dirty(gateway, conn);
}

void conn_ping(struct gateway *gateway, struct conn *conn)
{
    if (conn->state == CONN_OPEN) {
        conn->ping_due = true;
        dirty(gateway, conn);
    }
}

/* Which seat is first alternates (contract section 5); by how much it is, is measured. */
static void note_round_write(struct gateway *gateway, struct conn *conn)
{
    uint64_t now_us = loop_read_us(gateway->loop);
    struct round_write own = { conn->match, conn->starts_round, now_us };
    conn->starts_round = 0;
    for (uint32_t i = 1; i <= GATEWAY_ROUND_WRITES; i++) {
        uint32_t place = (gateway->round_writes_next - i) % GATEWAY_ROUND_WRITES;
        struct round_write *write = &gateway->round_writes[place];
        if (write->at_us != 0 && write->round == own.round &&
            uuid_equal(&write->match, &own.match)) {
            metrics_observe(METRIC_ROUND_SKEW, now_us - write->at_us);
            write->at_us = 0;
            return;
        }
    }
    gateway->round_writes[gateway->round_writes_next++ % GATEWAY_ROUND_WRITES] = own;
}

/* Puts the head of a frame of `size` bytes before `start`, and returns where it begins. */
static uint8_t *put_frame_head(uint8_t *start, uint32_t size)
{
    uint8_t head[FRAME_HEAD_SIZE_MAX] = { FRAME_BINARY };
    uint32_t head_size = 2;
    if (size <= FRAME_SMALL_MAX) {
        head[1] = (uint8_t)size;
    } else if (size <= UINT16_MAX) {
        head[1] = 126;
        head[2] = (uint8_t)(size >> 8);
        head[3] = (uint8_t)size;
        head_size = 4;
    } else {
        head[1] = 127;
        for (uint32_t i = 0; i < 4; i++) {
            head[6 + i] = (uint8_t)(size >> (24 - 8 * i));
        }
        head_size = 10;
    }
    memcpy(start - head_size, head, head_size);
    return start - head_size;
}

/* The frame of the messages that wait, before which there is room for a ping. */
static uint8_t *frame_messages(struct conn *conn)
{
    uint8_t *start = conn->out + HEADROOM;
    uint32_t size = conn->out_size - (uint32_t)HEADROOM;
    if (conn->out_count > 1) {
        uint8_t head[CODEC_ARRAY_HEAD_SIZE_MAX];
        uint32_t head_size = codec_array_head(conn->out_count, head);
        start -= head_size;
        size += head_size;
        memcpy(start, head, head_size);
    }
    metrics_add(METRIC_WRITES, 1);
    return put_frame_head(start, size);
}

static void put_ping(struct gateway *gateway, struct conn *conn, uint8_t *ret_frame)
{
    uint64_t now_us = loop_read_us(gateway->loop);
    if (now_us - conn->charged_us >= CONTROL_CHECK_US) {
        conn->charged_us = now_us;
        ws_charge_control_frames(gateway, conn);
    }
    conn->ping_due = false;
    conn->ping_number = ++gateway->pings;
    conn->ping_sent_us = now_us;
    ret_frame[0] = FRAME_PING;
    ret_frame[1] = PING_SIZE;
    memcpy(ret_frame + 2, &conn->ping_number, PING_SIZE);
}

/* What waits leaves in one system call: the ping first, so that its round trip is that of the line,
 * and the messages as one frame. libwebsockets makes a call of each frame, so the frames are made
 * here, and it only passes bytes on (that is what it does with what is marked as HTTP). */
static bool write_waiting(struct gateway *gateway, struct conn *conn)
{
    uint8_t ping[PING_FRAME_SIZE];
    uint8_t *start = ping;
    uint32_t size = 0;
    bool starts_round = conn->starts_round != 0 && conn->out_count > 0;
    if (conn->out_count > 0) {
        start = frame_messages(conn);
        size = (uint32_t)(conn->out + conn->out_size - start);
    }
    if (conn->ping_due) {
        start = conn->out_count > 0 ? start - PING_FRAME_SIZE : ping;
        size += PING_FRAME_SIZE;
        put_ping(gateway, conn, start);
    }
    int written = lws_write(conn->wsi, start, size, LWS_WRITE_HTTP);
    if (conn->guessed_us != 0) {
        metrics_observe(METRIC_GUESS_VERDICT, loop_read_us(gateway->loop) - conn->guessed_us);
    }
    drop_out(conn); /* what the socket did not take, libwebsockets has copied */
    if (starts_round) {
        note_round_write(gateway, conn);
    }
    return written >= 0;
}

static bool has_waiting(const struct conn *conn)
{
    return conn->out_count > 0 || conn->ping_due;
}

void conn_flush(struct gateway *gateway, struct conn *conn)
{
    if (conn->state != CONN_OPEN && conn->state != CONN_CLOSING) {
        return;
    }
    if (conn->state == CONN_CLOSING) {
        conn->ping_due = false;
    }
    bool alive = true;
    /* A ping goes not behind something that waits: its round trip would be that of the queue. */
    if (has_waiting(conn) && !lws_partial_buffered(conn->wsi)) {
        alive = write_waiting(gateway, conn);
    }
    if (!alive) {
        conn_kill(gateway, conn);
    } else if (has_waiting(conn)) {
        ask_writable(conn);
    }
}

void conn_flush_all(void *context)
{
    struct gateway *gateway = context;
    while (gateway->dirty_first != NULL) {
        struct conn *conn = gateway->dirty_first;
        undirty(gateway, conn);
        uint32_t count = conn->out_count;
        conn_flush(gateway, conn);
        if (conn->out_count != 0) {
            metrics_add(METRIC_MESSAGES_LATE, count);
        }
    }
}

int conn_writeable(struct gateway *gateway, struct conn *conn)
{
    bool asked = conn->asked_writable;
    conn->asked_writable = false;
    if (!asked && is_socket(conn)) {
        /* libwebsockets asked for itself: it has just answered a ping. */
        ws_charge_control_frames(gateway, conn);
    }
    conn_flush(gateway, conn);
    if (conn->state != CONN_CLOSING || has_waiting(conn)) {
        return 0;
    }
    if (lws_partial_buffered(conn->wsi)) {
        ask_writable(conn); /* a close frame must not fall into the middle of another */
        return 0;
    }
    char *reason = conn->close_reason;
    lws_close_reason(conn->wsi, (enum lws_close_status)conn->close_code, (uint8_t *)reason,
                     reason == NULL ? 0 : strlen(reason));
    /* A second -1 would end the connection without the handshake, so this is the only one. */
    conn_enter(gateway, conn, CONN_ENDING);
    return -1;
}
