/* Client connections of the load generator against a server of a few lines that writes raw
 * bytes. */
#include <arpa/inet.h>
#include <duel/protocol/codec.h>
#include <loadtest/load/socket.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <test.h>
#include <unistd.h>

#define ACCEPTED                                                                    \
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" \
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
#define TURNS_MAX 10000 /* of the loop, a test */

static struct ev_loop *loop;
static struct wire *wire;
static struct socket *client;
static int listener, server;
static uint32_t opened, messages, closed;
static int64_t last_ts;
static uint16_t closed_code;
static char closed_reason[128];

static void on_opened(void *context)
{
    (void)context;
    opened++;
}

static void on_message(void *context, const struct message *message, uint64_t arrived_us)
{
    (void)context;
    CHECK(arrived_us > 0);
    messages++;
    last_ts = message->type == MSG_pong ? message->pong.ts : -1;
}

static void on_closed(void *context, uint16_t code, struct text reason)
{
    (void)context;
    closed++;
    closed_code = code;
    snprintf(closed_reason, sizeof(closed_reason), "%.*s", TEXT_ARG(reason));
    client = NULL;
}

static const struct socket_events events = { on_opened, on_message, on_closed };

static void turn(void)
{
    ev_run(loop, EVRUN_NOWAIT);
    usleep(100); /* gives way to the kernel; nothing is counted on it */
}

/* Until something has happened, or for ever too long. */
static void until(const uint32_t *count, uint32_t wanted)
{
    for (uint32_t i = 0; i < TURNS_MAX && *count < wanted; i++) {
        turn();
    }
    CHECK_INT(*count, wanted);
}

static void say(const void *data, size_t size)
{
    CHECK(send(server, data, size, MSG_NOSIGNAL) == (ssize_t)size);
}

/* What the client sends, up to what is asked for. */
static size_t hear(char *ret_data, size_t size, size_t wanted)
{
    size_t got = 0;
    for (uint32_t i = 0; i < TURNS_MAX && got < wanted; i++) {
        turn();
        ssize_t n = recv(server, ret_data + got, size - got, MSG_DONTWAIT);
        got += n > 0 ? (size_t)n : 0;
    }
    CHECK(got >= wanted);
    return got;
}

static void begin(const struct line_settings *line)
{
    loop = ev_loop_new(EVFLAG_AUTO);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = { .sin_family = AF_INET };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    CHECK(bind(listener, (struct sockaddr *)&address, size) == 0 && listen(listener, 4) == 0);
    CHECK(getsockname(listener, (struct sockaddr *)&address, &size) == 0);
    const struct wire_settings settings = { "127.0.0.1", ntohs(address.sin_port), 4 };
    wire = wire_create(loop, &settings);
    CHECK(wire != NULL);
    opened = messages = closed = 0;
    struct socket_request request = { .path = "/api/duel/queue", .token = "abc" };
    if (line != NULL) {
        request.line = *line;
    }
    client = socket_open(wire, &request, &events, NULL);
    CHECK(client != NULL);
    server = accept(listener, NULL, NULL);
    CHECK(server >= 0);
    char head[1024] = "";
    size_t got = 0;
    for (uint32_t i = 0; i < TURNS_MAX && strstr(head, "\r\n\r\n") == NULL; i++) {
        got += hear(head + got, sizeof(head) - 1 - got, 1);
    }
    CHECK(strstr(head, "GET /api/duel/queue HTTP/1.1\r\n") == head);
    CHECK(strstr(head, "Authorization: Bearer abc\r\n") != NULL);
    CHECK(strstr(head, "Sec-WebSocket-Protocol: framedle.duel.v1\r\n") != NULL);
}

static void end(void)
{
    wire_destroy(wire);
    close(server);
    close(listener);
    ev_loop_destroy(loop);
}

/* A frame of a server with one `pong`. */
static size_t pong(char *ret_data, int64_t ts)
{
    struct message message = { .type = MSG_pong };
    message.pong.ts = ts;
    message.pong.now = 5;
    uint32_t size = codec_encode(&message, (uint8_t *)ret_data + 2, 120);
    ret_data[0] = (char)0x82;
    ret_data[1] = (char)size;
    return size + 2;
}

TEST(messages_come_one_by_one_however_their_bytes_are_cut)
{
    begin(NULL);
    char data[256];
    say(ACCEPTED, strlen(ACCEPTED));
    size_t size = pong(data, 1);
    size += pong(data + size, 2);
    for (size_t i = 0; i < size; i++) {
        say(data + i, 1);
        turn();
    }
    until(&messages, 2);
    CHECK_INT(opened, 1);
    CHECK_INT(last_ts, 2);
    end();
}

TEST(an_array_holds_several_and_a_message_may_be_in_parts)
{
    begin(NULL);
    char one[128], data[300];
    size_t size = pong(one, 3) - 2;
    data[0] = (char)0x82;
    data[1] = (char)(1 + 2 * size);
    data[2] = (char)0x92;
    memcpy(data + 3, one + 2, size);
    memcpy(data + 3 + size, one + 2, size);
    say(ACCEPTED, strlen(ACCEPTED));
    say(data, 3 + 2 * size);
    until(&messages, 2);
    char parts[300] = { 0x02, 4 };
    memcpy(parts + 2, one + 2, 4);
    parts[6] = (char)0x80;
    parts[7] = (char)(size - 4);
    memcpy(parts + 8, one + 6, size - 4);
    say(parts, size + 4);
    until(&messages, 3);
    CHECK_INT(last_ts, 3);
    end();
}

TEST(a_ping_is_answered_and_a_close_too)
{
    begin(NULL);
    say(ACCEPTED "\x89\x03" "abc", strlen(ACCEPTED) + 5);
    char data[64];
    hear(data, sizeof(data), 9);
    CHECK((uint8_t)data[0] == 0x8a && (uint8_t)data[1] == 0x83);
    for (uint32_t i = 0; i < 3; i++) {
        CHECK_INT(data[6 + i] ^ data[2 + i], "abc"[i]);
    }
    say("\x88\x06\x0f\xa0" "over", 8);
    hear(data, sizeof(data), 8);
    CHECK((uint8_t)data[0] == 0x88);
    close(server);
    server = -1;
    until(&closed, 1);
    CHECK_INT(closed_code, 4000);
    CHECK(strcmp(closed_reason, "over") == 0);
    end();
}

TEST(what_no_server_may_send_ends_the_connection)
{
    static const struct {
        const char *bytes;
        size_t size;
        uint16_t code;
    } cases[] = {
#define CASE(bytes, code) { bytes, sizeof(bytes) - 1, code }
        CASE("HTTP/1.1 401 Unauthorized\r\n\r\n", 401),
        CASE("HTTP/1.1 101 X\r\nSec-WebSocket-Accept: wrong\r\n\r\n", 1002),
        CASE(ACCEPTED "\x82\x82", 1002),     /* masked */
        CASE(ACCEPTED "\xc2\x01\x80", 1002), /* a reserved bit */
        CASE(ACCEPTED "\x81\x01x", 1002),    /* text */
        CASE(ACCEPTED "\x82\x01\xc1", 1002), /* not MessagePack */
        CASE(ACCEPTED "\x82\x7f\x01\0\0\0\0\0\0\0", 1002), /* too large */
        CASE(ACCEPTED "\x82\x02\x92\x80", 1002), /* a cut array */
        CASE(ACCEPTED "\x89\x7e\x00\x80", 1002), /* a ping of 128 bytes */
        CASE(ACCEPTED "\x09\x00", 1002),         /* a ping in parts */
#undef CASE
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        begin(NULL);
        say(cases[i].bytes, cases[i].size);
        until(&closed, 1);
        CHECK_INT(closed_code, cases[i].code);
        CHECK_INT(messages, 0);
        end();
    }
}

TEST(what_a_turn_sends_leaves_together)
{
    begin(NULL);
    say(ACCEPTED, strlen(ACCEPTED));
    until(&opened, 1);
    struct message message = { .type = MSG_ping };
    uint64_t writes = wire_count(wire).writes;
    for (uint32_t i = 0; i < 3; i++) {
        message.ping.ts = i;
        socket_send(client, &message);
    }
    char data[256];
    hear(data, sizeof(data), 20);
    CHECK_INT(wire_count(wire).writes, writes + 1);
    CHECK_INT(wire_count(wire).messages_out, 3);
    socket_cut(client);
    CHECK_INT(wire_count(wire).sockets, 0);
    end();
    CHECK_INT(closed, 0);
}

TEST(a_slow_line_delays_both_ways)
{
    const struct line_settings line = { .delay_us = 20000 };
    uint64_t began_us = wire_now_us();
    begin(&line);
    say(ACCEPTED, strlen(ACCEPTED));
    until(&opened, 1);
    CHECK(wire_now_us() - began_us >= 40000); /* never less, however slow the machine is */
    char data[128];
    say(data, pong(data, 9));
    until(&messages, 1);
    close(server);
    server = -1;
    until(&closed, 1);
    CHECK_INT(closed_code, 1006);
    end();
}

TEST(a_slow_line_may_bring_what_ends_the_connection)
{
    const struct line_settings line = { .delay_us = 1000 };
    begin(&line);
    say(ACCEPTED "\x82\x01\xc1", strlen(ACCEPTED) + 3);
    until(&closed, 1);
    CHECK_INT(closed_code, 1002);
    end();
}

TEST(a_close_without_a_code_is_answered_by_one_without)
{
    begin(NULL);
    say(ACCEPTED "\x88\x00", strlen(ACCEPTED) + 2);
    char data[64];
    CHECK_INT(hear(data, sizeof(data), 6), 6);
    CHECK((uint8_t)data[0] == 0x88 && (uint8_t)data[1] == 0x80);
    close(server);
    server = -1;
    until(&closed, 1);
    CHECK_INT(closed_code, 1005);
    end();
}

TEST(a_message_in_parts_has_a_bound)
{
    begin(NULL);
    say(ACCEPTED, strlen(ACCEPTED));
    until(&opened, 1);
    static uint8_t part[4 + UINT16_MAX] = { 0x02, 126, 0xff, 0xff };
    for (uint32_t i = 0; i < 17 && closed == 0; i++) {
        for (size_t sent = 0; sent < sizeof(part) && closed == 0;) {
            ssize_t n = send(server, part + sent, sizeof(part) - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
            sent += n > 0 ? (size_t)n : 0;
            turn();
        }
        part[0] = 0x00;
    }
    until(&closed, 1);
    CHECK_INT(closed_code, 1002);
    end();
}

TEST_MAIN
