/* What arrives: the answer to the upgrade, frames of RFC 6455, messages. */
#include <loadtest/load/socket_inside.h>

#include <duel/protocol/codec.h>
#include <string.h>

#define HEADER_SIZE_MAX 8192

/* ---- messages ---- */

static void tell(struct socket *socket, const uint8_t *data, uint32_t size, uint64_t arrived_us)
{
    struct text reason;
    const struct message *message =
        codec_decode_server(socket->wire->codec, data, size, &reason);
    if (message == NULL) {
        socket_end(socket, 1002, reason);
        return;
    }
    socket->wire->counts.messages_in++;
    socket->events->message(socket->context, message, arrived_us);
}

/* One map, or an array of them that is never empty (contract section 3). */
static void take_message(struct socket *socket, const uint8_t *data, uint32_t size,
                         uint64_t arrived_us)
{
    uint32_t place = 0;
    uint32_t count = codec_read_array_head(data, size, &place);
    if (count == 0) {
        tell(socket, data, size, arrived_us);
        return;
    }
    while (count-- > 0 && socket->state != SOCKET_DEAD) {
        uint32_t part = codec_measure(data + place, size - place);
        if (part == 0 || (count == 0 && part != size - place)) {
            socket_end(socket, 1002, TEXT("an array that is not one of maps"));
            return;
        }
        tell(socket, data + place, part, arrived_us);
        place += part;
    }
}

/* ---- frames ---- */

static void take_close(struct socket *socket, const uint8_t *data, uint32_t size)
{
    uint16_t code = (uint16_t)(size >= 2 ? data[0] << 8 | data[1] : CODE_NONE);
    struct text reason = size > 2 ? (struct text){ (const char *)data + 2, size - 2 } : TEXT("");
    socket_remember_end(socket, code, reason);
    if (socket->state == SOCKET_OPEN) {
        socket_send_close(socket, code);
    }
}

/* A whole frame. False: the socket is gone. */
static bool take_frame(struct socket *socket, uint8_t first, const uint8_t *data, uint32_t size,
                       uint64_t arrived_us)
{
    bool final = (first & 0x80) != 0;
    uint8_t opcode = first & 0x0f;
    socket->wire->counts.frames_in++;
    if (opcode == OP_PING) {
        socket->wire->counts.pings++;
        if (socket->state == SOCKET_OPEN) {
            socket_send_frame(socket, OP_PONG, data, size);
        }
    } else if (opcode == OP_CLOSE) {
        take_close(socket, data, size);
    } else if (opcode == OP_BINARY && final && socket->message.size == 0) {
        take_message(socket, data, size, arrived_us);
    } else if (opcode == OP_BINARY || opcode == OP_MORE) {
        if (size > FRAME_SIZE_MAX - socket->message.size) {
            socket_end(socket, 1002, TEXT("a message without end"));
            return false;
        }
        bytes_append(&socket->message, data, size);
        if (final) {
            struct bytes message = socket->message;
            socket->message = (struct bytes){ 0 };
            take_message(socket, message.data, message.size, arrived_us);
            bytes_drop(&message);
        }
    } else if (opcode != OP_PONG) {
        socket_end(socket, 1002, TEXT("a frame of an unexpected kind"));
    }
    return socket->state != SOCKET_DEAD;
}

/* How long the head and the payload of the frame at `data` are; false: more must come. A frame that
 * no server may send has the size UINT32_MAX. */
static bool measure_frame(const uint8_t *data, uint32_t size, uint32_t *ret_head,
                          uint32_t *ret_payload)
{
    if (size < 2) {
        return false;
    }
    uint32_t head = 2, extra = 0;
    uint64_t payload = data[1] & 0x7f;
    bool masked = (data[1] & 0x80) != 0, reserved = (data[0] & 0x70) != 0;
    if (payload == 126) {
        extra = 2;
    } else if (payload == 127) {
        extra = 8;
    }
    if (extra > 0) {
        if (size < head + extra) {
            return false;
        }
        payload = 0;
        for (uint32_t i = 0; i < extra; i++) {
            payload = payload << 8 | data[head + i];
        }
        head += extra;
    }
    bool control = (data[0] & 0x08) != 0, part = (data[0] & 0x80) == 0;
    bool refused = masked || reserved || payload > FRAME_SIZE_MAX ||
                   (control && (part || payload > CONTROL_SIZE_MAX));
    *ret_head = head;
    *ret_payload = refused ? UINT32_MAX : (uint32_t)payload;
    return refused || size - head >= payload;
}

/* ---- bytes ---- */

static bool take_upgrade(struct socket *socket, const uint8_t *data, uint32_t size,
                         uint32_t *ret_taken)
{
    const char *text = (const char *)data;
    const uint8_t *end_of_head = memmem(data, size, "\r\n\r\n", 4);
    if (end_of_head == NULL) {
        if (size > HEADER_SIZE_MAX) {
            socket_end(socket, 1002, TEXT("a header without end"));
            return false;
        }
        *ret_taken = 0;
        return true;
    }
    uint32_t head_size = (uint32_t)(end_of_head - data) + 4;
    uint32_t status = 0;
    if (size > 12 && memcmp(text, "HTTP/1.", 7) == 0) {
        for (uint32_t i = 9; i < 12 && text[i] >= '0' && text[i] <= '9'; i++) {
            status = status * 10 + (uint32_t)(text[i] - '0');
        }
    }
    if (status != 101) {
        socket_end(socket, status >= 200 && status < 600 ? (uint16_t)status : 1002,
            TEXT("upgrade refused"));
        return false;
    }
    if (memmem(data, head_size, NONCE_ACCEPTED, sizeof(NONCE_ACCEPTED) - 1) == NULL) {
        socket_end(socket, 1002, TEXT("a wrong Sec-WebSocket-Accept"));
        return false;
    }
    *ret_taken = head_size;
    ev_timer_stop(socket->wire->loop, &socket->deadline);
    socket->state = SOCKET_OPEN;
    socket->events->opened(socket->context);
    return socket->state != SOCKET_DEAD;
}

/* Takes what is whole of `data` and returns how much that was. */
static uint32_t take_whole(struct socket *socket, const uint8_t *data, uint32_t size,
                           uint64_t arrived_us)
{
    uint32_t place = 0;
    if (socket->state == SOCKET_UPGRADING &&
        (!take_upgrade(socket, data, size, &place) || place == 0)) {
        return 0;
    }
    uint32_t head, payload;
    while (measure_frame(data + place, size - place, &head, &payload)) {
        if (payload == UINT32_MAX) {
            socket_end(socket, 1002, TEXT("a frame that no server may send"));
            return 0;
        }
        uint8_t first = data[place];
        place += head;
        if (!take_frame(socket, first, data + place, payload, arrived_us)) {
            return 0;
        }
        place += payload;
    }
    return place;
}

/* While the socket is busy: what comes may end it. */
static void take_bytes(struct socket *socket, const uint8_t *data, uint32_t size)
{
    uint64_t arrived_us = wire_now_us();
    if (socket->in.size == 0) {
        uint32_t taken = take_whole(socket, data, size, arrived_us);
        if (socket->state != SOCKET_DEAD) {
            bytes_append(&socket->in, data + taken, size - taken);
        }
    } else {
        bytes_append(&socket->in, data, size);
        uint32_t taken = take_whole(socket, socket->in.data, socket->in.size, arrived_us);
        if (socket->state != SOCKET_DEAD && taken > 0) {
            bytes_take(&socket->in, taken);
        }
    }
}

bool socket_deliver(struct socket *socket, const uint8_t *data, uint32_t size)
{
    socket->busy = true;
    take_bytes(socket, data, size);
    socket->busy = false;
    bool gone = socket->state == SOCKET_DEAD;
    if (gone) {
        socket_bury(socket);
    }
    return !gone;
}
