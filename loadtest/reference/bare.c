/* The second reference: what the kernel alone costs. epoll, frames by hand, and at the end of each
 * turn one send() per socket with all that the turn owes it.
 *
 * Without any game (exchange.h), and with no more of HTTP and WebSocket than its own clients need:
 * a handshake arrives in one piece, a message in one frame of less than 64 KiB.
 *
 *   bare-reference --port PORT     prints "ready" when it listens */
#include <errno.h>
#include <loadtest/reference/exchange.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS_MAX 256
#define ACCEPTS_MAX 64 /* a turn */
#define INPUT_SIZE 16384
#define FRAME_HEAD_MAX 4
#define KEY_SIZE 24 /* of Sec-WebSocket-Key: 16 bytes in base64 */
#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

struct peer {
    int fd;
    uint32_t place;
    bool joined;    /* the handshake is done */
    bool owed;      /* is in the list of this turn */
    bool is_dead;   /* is freed at the turn's end */
    bool is_choked; /* waits for EPOLLOUT */
    uint32_t in_size, out_size, out_max;
    uint8_t *in;  /* the beginning of a frame whose rest is still to come; NULL: none */
    uint8_t *out; /* frames that wait for the turn's end; NULL: none */
    struct peer *next_owed;
};

static int poll_fd;
static struct peer *owed;
static volatile sig_atomic_t stopped;

static void on_stop(int number)
{
    (void)number;
    stopped = 1;
}

static void *must(void *memory)
{
    if (memory == NULL) {
        abort();
    }
    return memory;
}

/* ---- out ---- */

static void owe(struct peer *peer)
{
    if (!peer->owed) {
        peer->owed = true;
        peer->next_owed = owed;
        owed = peer;
    }
}

static void append(struct peer *peer, const void *data, uint32_t size)
{
    if (peer->out_size + size > peer->out_max) {
        peer->out_max = peer->out_size + size + 512;
        peer->out = must(realloc(peer->out, peer->out_max));
    }
    memcpy(peer->out + peer->out_size, data, size);
    peer->out_size += size;
    owe(peer);
}

static void append_frame(void *connection, const uint8_t *data, uint32_t size)
{
    uint8_t head[FRAME_HEAD_MAX] = { 0x82, (uint8_t)size };
    uint32_t head_size = 2;
    if (size > 125) {
        head[1] = 126;
        head[2] = (uint8_t)(size >> 8);
        head[3] = (uint8_t)size;
        head_size = 4;
    }
    append(connection, head, head_size);
    append(connection, data, size);
}

static void watch(const struct peer *peer, int how, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.ptr = (void *)(uintptr_t)peer };
    epoll_ctl(poll_fd, how, peer->fd, &event);
}

static void give_up(struct peer *peer)
{
    if (!peer->is_dead) {
        peer->is_dead = true;
        if (peer->joined) {
            exchange_leave(peer->place);
        }
        close(peer->fd);
        owe(peer);
    }
}

static void flush(struct peer *peer)
{
    ssize_t sent = send(peer->fd, peer->out, peer->out_size, 0);
    if (sent < 0 && errno != EAGAIN) {
        give_up(peer);
        return;
    }
    uint32_t gone = sent > 0 ? (uint32_t)sent : 0;
    peer->out_size -= gone;
    if (peer->out_size > 0) {
        memmove(peer->out, peer->out + gone, peer->out_size);
    } else {
        free(peer->out);
        peer->out = NULL;
        peer->out_max = 0;
    }
    bool is_choked = peer->out_size > 0;
    if (is_choked != peer->is_choked) {
        peer->is_choked = is_choked;
        watch(peer, EPOLL_CTL_MOD, is_choked ? EPOLLIN | EPOLLOUT : EPOLLIN);
    }
}

static void end_turn(void)
{
    while (owed != NULL) {
        struct peer *peer = owed;
        owed = peer->next_owed;
        peer->owed = false;
        if (!peer->is_dead && peer->out_size > 0) {
            flush(peer);
        }
        if (peer->is_dead && !peer->owed) {
            free(peer->in);
            free(peer->out);
            free(peer);
        }
    }
}

/* ---- in ---- */

static bool shake_hands(struct peer *peer, const char *request)
{
    static const char NAME[] = "sec-websocket-key:";
    char joined[KEY_SIZE + sizeof(GUID)];
    unsigned char digest[SHA_DIGEST_LENGTH];
    unsigned char accept[32];
    char answer[256];
    const char *path = strchr(request, ' ');
    const char *path_end = path != NULL ? strchr(++path, ' ') : NULL;
    const char *key = strcasestr(request, NAME);
    if (path_end == NULL || key == NULL) {
        return false;
    }
    key += sizeof(NAME) - 1;
    key += strspn(key, " ");
    if (strcspn(key, "\r\n") != KEY_SIZE) {
        return false;
    }
    memcpy(joined, key, KEY_SIZE);
    memcpy(joined + KEY_SIZE, GUID, sizeof(GUID));
    SHA1((const unsigned char *)joined, strlen(joined), digest);
    EVP_EncodeBlock(accept, digest, sizeof(digest));
    int size = snprintf(answer, sizeof(answer),
                        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n"
                        "Sec-WebSocket-Protocol: framedle.duel.v1\r\n\r\n",
                        (const char *)accept);
    append(peer, answer, (uint32_t)size);
    peer->joined = exchange_join((struct text){ path, (uint32_t)(path_end - path) }, peer,
                                 &peer->place);
    return peer->joined;
}

/* One frame: its size, 0 when more has to come. It is unmasked in place. */
static uint32_t take_frame(struct peer *peer, uint8_t *data, uint32_t size)
{
    if (size < 2) {
        return 0;
    }
    uint32_t length = data[1] & 0x7f;
    uint32_t at = 2;
    if (length == 126 && size >= 4) {
        length = (uint32_t)data[2] << 8 | data[3];
        at = 4;
    }
    uint8_t *body = data + at + 4; /* behind the mask */
    if (length >= INPUT_SIZE / 2 || data[1] == 0xff || (data[1] & 0x80) == 0) {
        give_up(peer);
        return 0;
    }
    if (size < at + 4 + length) {
        return 0;
    }
    for (uint32_t i = 0; i < length; i++) {
        body[i] ^= data[at + i % 4];
    }
    switch (data[0] & 0x0f) {
    case 2:
        exchange_hear(peer->place, body, length);
        break;
    case 8:
        give_up(peer);
        break;
    default:
        break;
    }
    return at + 4 + length;
}

static uint32_t take_all(struct peer *peer, uint8_t *data, uint32_t size)
{
    uint32_t taken = 0;
    while (!peer->is_dead) {
        uint32_t frame = take_frame(peer, data + taken, size - taken);
        if (frame == 0) {
            break;
        }
        taken += frame;
    }
    return taken;
}

static void keep(struct peer *peer, const uint8_t *data, uint32_t size)
{
    free(peer->in);
    peer->in = NULL;
    peer->in_size = size;
    if (size > 0) {
        peer->in = must(malloc(size));
        memcpy(peer->in, data, size);
    }
}

static void readable(struct peer *peer)
{
    static uint8_t data[INPUT_SIZE + 1];
    uint32_t size = peer->in_size;
    if (size > 0) {
        memcpy(data, peer->in, size);
    }
    ssize_t got = recv(peer->fd, data + size, INPUT_SIZE - size, 0);
    if (got <= 0) {
        if (got == 0 || errno != EAGAIN) {
            give_up(peer);
        }
        return;
    }
    size += (uint32_t)got;
    uint32_t taken = 0;
    if (peer->joined) {
        taken = take_all(peer, data, size);
    } else {
        data[size] = '\0';
        taken = size;
        if (!shake_hands(peer, (const char *)data)) {
            give_up(peer);
        }
    }
    if (!peer->is_dead && (peer->in_size > 0 || taken < size)) {
        keep(peer, data + taken, size - taken);
    }
}

static void acceptable(int listener)
{
    for (int i = 0; i < ACCEPTS_MAX; i++) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            return;
        }
        struct peer *peer = must(calloc(1, sizeof(*peer)));
        peer->fd = fd;
        watch(peer, EPOLL_CTL_ADD, EPOLLIN);
    }
}

static void turn(int listener)
{
    struct epoll_event events[EVENTS_MAX];
    int count = epoll_wait(poll_fd, events, EVENTS_MAX, -1);
    for (int i = 0; i < count; i++) {
        struct peer *peer = events[i].data.ptr;
        if (peer == NULL) {
            acceptable(listener);
        } else if (!peer->is_dead) {
            if ((events[i].events & EPOLLOUT) != 0) {
                owe(peer);
            }
            readable(peer);
        }
    }
    end_turn();
}

int main(int argc, char **argv)
{
    int listener = exchange_listen(argc, argv);
    poll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (listener < 0 || poll_fd < 0 || !exchange_init(append_frame)) {
        return 1;
    }
    struct sigaction action = { .sa_handler = on_stop };
    sigaction(SIGTERM, &action, NULL);
    struct epoll_event event = { .events = EPOLLIN };
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, listener, &event);
    puts("ready");
    fflush(stdout);
    while (!stopped) {
        turn(listener);
    }
    return 0;
}
