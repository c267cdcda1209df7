/* What leaves: frames of RFC 6455, joined at the end of a turn. */
#include <loadtest/load/socket_inside.h>

#include <duel/base/assert.h>
#include <duel/protocol/codec.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define CLOSE_S 5.0

void socket_make_dirty(struct socket *socket)
{
    if (!socket->dirty) {
        socket->dirty = true;
        socket->dirty_next = socket->wire->dirty;
        socket->wire->dirty = socket;
    }
}

void socket_write_out(struct socket *socket)
{
    if (socket->out.size == 0 || socket->state == SOCKET_CONNECTING) {
        return;
    }
    struct wire_counts *counts = &socket->wire->counts;
    ssize_t sent = send(socket->io.fd, socket->out.data, socket->out.size, MSG_NOSIGNAL);
    counts->writes++;
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        return; /* reading tells what became of it */
    }
    if (sent > 0) {
        counts->bytes_out += (uint64_t)sent;
        bytes_take(&socket->out, (uint32_t)sent);
    }
    socket_want(socket, socket->out.size == 0 ? EV_READ : EV_READ | EV_WRITE);
}

void wire_flush(struct ev_loop *loop, struct ev_prepare *prepare, int events)
{
    (void)loop;
    (void)events;
    struct wire *wire = prepare->data;
    while (wire->dirty != NULL) {
        struct socket *socket = wire->dirty;
        wire->dirty = socket->dirty_next;
        socket->dirty = false;
        if (socket->slow != NULL && socket->state != SOCKET_CONNECTING) {
            slow_hold(socket, &socket->slow->out, socket->out.data, socket->out.size);
            bytes_drop(&socket->out);
        } else {
            socket_write_out(socket);
        }
    }
}

void socket_send_frame(struct socket *socket, enum opcode opcode, const uint8_t *data,
                       uint32_t size)
{
    uint8_t *place = bytes_reserve(&socket->out, size + 8);
    uint32_t key = (uint32_t)rng_next(&socket->wire->rng);
    uint32_t head = 2;
    place[0] = (uint8_t)(0x80 | opcode);
    if (size <= CONTROL_SIZE_MAX) {
        place[1] = (uint8_t)(0x80 | size);
    } else {
        ASSERT(size <= UINT16_MAX);
        place[1] = 0x80 | 126;
        place[2] = (uint8_t)(size >> 8);
        place[3] = (uint8_t)size;
        head = 4;
    }
    uint8_t mask[4];
    memcpy(mask, &key, sizeof(mask));
    memcpy(place + head, mask, sizeof(mask));
    head += 4;
    for (uint32_t i = 0; i < size; i++) {
        place[head + i] = data[i] ^ mask[i & 3];
    }
    socket->out.size += head + size;
    socket_make_dirty(socket);
}

void socket_send(struct socket *socket, const struct message *message)
{
    if (socket->state != SOCKET_OPEN) {
        return;
    }
    uint8_t data[MESSAGE_CLIENT_SIZE_MAX];
    uint32_t size = codec_encode(message, data, sizeof(data));
    ASSERT(size != 0);
    socket->wire->counts.messages_out++;
    socket_send_frame(socket, OP_BINARY, data, size);
}

void socket_send_close(struct socket *socket, uint16_t code)
{
    uint8_t data[2] = { (uint8_t)(code >> 8), (uint8_t)code };
    socket_send_frame(socket, OP_CLOSE, data, code == CODE_NONE ? 0 : sizeof(data));
    socket->state = SOCKET_CLOSING;
    socket_set_deadline(socket, CLOSE_S);
}

void socket_close(struct socket *socket, uint16_t code)
{
    if (socket->state == SOCKET_OPEN) {
        socket_send_close(socket, code);
    } else if (socket->state == SOCKET_CONNECTING || socket->state == SOCKET_UPGRADING) {
        socket_remember_end(socket, code, TEXT("closed before it was open"));
        socket->state = SOCKET_CLOSING;
        socket_set_deadline(socket, 0.0);
    }
}
