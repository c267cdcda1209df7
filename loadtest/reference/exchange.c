/* The exchange of the reference servers. All but the verdict is encoded once. */
#include <loadtest/reference/exchange.h>

#include <arpa/inet.h>
#include <duel/protocol/codec.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define ROUNDS 25 /* the protocol's numbers; the first follows the last */
#define CANNED_SIZE_MAX 256
#define WELCOME_SIZE_MAX 1024
#define NUMBER_DIGITS 12
#define BACKLOG 4096

struct canned {
    uint8_t data[CANNED_SIZE_MAX];
    uint32_t size;
};

struct pair {
    void *connections[2];
    uint8_t round; /* 0: not begun */
    uint8_t guessed;
};

static struct pair pairs[EXCHANGE_MATCHES_MAX];
static struct canned rounds[ROUNDS + 1];
static struct canned ends[ROUNDS + 1];
static struct canned opponents[ROUNDS + 1];
static exchange_send *send_to;

static const struct text TICKET = { "v1canned-canned-canned-canned-canned-canned", 43 };
static const struct text TITLE = { "The Answer Of The Load Test", 27 };

static void encode(struct canned *canned, const struct message *message)
{
    canned->size = codec_encode(message, canned->data, sizeof(canned->data));
}

static void encode_round(int64_t number)
{
    struct message message = { .type = MSG_round };
    message.round = (struct msg_round){ .round = number, .starts_at = 1800000000000,
                                        .ends_at = 1800000030000 };
    encode(&rounds[number], &message);
    message.type = MSG_opponent;
    message.opponent = (struct msg_opponent){ .round = number, .status = TEXT("guessing"),
                                              .guesses = 1 };
    encode(&opponents[number], &message);
    message.type = MSG_round_end;
    message.round_end = (struct msg_round_end){
        .round = number, .winner = 0, .score = { 1, 0 }, .ms = { 1200, MSG_NIL },
        .next_at = 1800000003000,
        .answer = { .video = TEXT("loadvideo01"), .title = TITLE, .channel = TEXT("Channel") },
    };
    encode(&ends[number], &message);
}

bool exchange_init(exchange_send *send)
{
    send_to = send;
    bool ok = true;
    for (int64_t number = 1; number <= ROUNDS; number++) {
        encode_round(number);
        ok = ok && rounds[number].size > 0 && ends[number].size > 0 && opponents[number].size > 0;
    }
    return ok;
}

static void tell(void *connection, const struct canned *canned)
{
    if (connection != NULL) {
        send_to(connection, canned->data, canned->size);
    }
}

static void tell_both(const struct pair *pair, const struct canned *canned)
{
    tell(pair->connections[0], canned);
    tell(pair->connections[1], canned);
}

static void welcome(void *connection, struct text path, uint32_t seat)
{
    static uint8_t data[WELCOME_SIZE_MAX];
    struct message message = { .type = MSG_welcome };
    struct msg_seat player = { .name = TEXT("Player"), .rating = 1000, .connected = true };
    struct msg_welcome *welcome = &message.welcome;
    welcome->v = 1;
    uuid_parse((struct text){ path.data + path.size - UUID_TEXT_SIZE, UUID_TEXT_SIZE },
               &welcome->match);
    welcome->you = seat;
    welcome->rated = true;
    welcome->resume = TICKET;
    welcome->now = 1800000000000;
    welcome->phase = TEXT("waiting");
    welcome->phase_ends_at = 1800000030000;
    welcome->rules = (struct msg_rules){
        .best_of = ROUNDS, .round_ms = 30000, .countdown_ms = 3000, .intermission_ms = 3000,
        .max_guesses = 6, .lockout_ms = 1000, .grace_ms = 15000, .waiting_ms = 30000,
        .rematch_ms = 30000, .lag_cap_ms = 250,
    };
    welcome->players_count = 2;
    welcome->players[0] = player;
    welcome->players[1] = player;
    send_to(connection, data, codec_encode(&message, data, sizeof(data)));
}

static bool read_number(struct text path, uint64_t *ret_number)
{
    char digits[NUMBER_DIGITS + 1] = "";
    if (path.size <= UUID_TEXT_SIZE) {
        return false;
    }
    memcpy(digits, path.data + path.size - NUMBER_DIGITS, NUMBER_DIGITS);
    char *end;
    *ret_number = strtoull(digits, &end, 16);
    return *end == '\0';
}

bool exchange_join(struct text path, void *connection, uint32_t *ret_place)
{
    uint64_t number;
    if (!read_number(path, &number) || number >= EXCHANGE_MATCHES_MAX) {
        return false;
    }
    struct pair *pair = &pairs[number];
    uint32_t seat = pair->connections[0] != NULL;
    if (pair->connections[seat] != NULL) {
        return false;
    }
    pair->connections[seat] = connection;
    *ret_place = (uint32_t)number * 2 + seat;
    welcome(connection, path, seat);
    if (pair->connections[!seat] != NULL) {
        pair->round = 1;
        pair->guessed = 0;
        tell_both(pair, &rounds[pair->round]);
    }
    return true;
}

void exchange_leave(uint32_t place)
{
    pairs[place / 2].connections[place % 2] = NULL;
}

/* A small MessagePack integer that follows `key` (a text with its head). */
static bool read_int(const uint8_t *data, uint32_t size, const char *key, uint32_t *ret_value)
{
    const uint8_t *end = data + size;
    const uint8_t *at = memmem(data, size, key, strlen(key));
    if (at == NULL || (at += strlen(key)) >= end) {
        return false;
    }
    uint32_t value = *at;
    if (value >= 0x80) { /* 0xcc, 0xcd, 0xce: so many bytes follow */
        uint32_t bytes = value == 0xcc ? 1 : value == 0xcd ? 2 : value == 0xce ? 4 : 0;
        if (bytes == 0 || (uint32_t)(end - at) <= bytes) {
            return false;
        }
        value = 0;
        for (uint32_t i = 1; i <= bytes; i++) {
            value = value << 8 | at[i];
        }
    }
    *ret_value = value;
    return true;
}

static void judge(const struct pair *pair, uint32_t seat, uint32_t seq)
{
    struct canned verdict;
    struct message message = { .type = MSG_verdict };
    message.verdict = (struct msg_verdict){
        .round = pair->round, .seq = seq, .correct = pair->guessed != 0,
        .similarity = pair->guessed != 0 ? 1 : 0, .ms = 1200, .raw_ms = 1201, .guesses_left = 5,
        .locked_until = MSG_NIL,
    };
    encode(&verdict, &message);
    tell(pair->connections[seat], &verdict);
}

void exchange_hear(uint32_t place, const uint8_t *data, uint32_t size)
{
    struct pair *pair = &pairs[place / 2];
    uint32_t seat = place % 2;
    uint32_t seq;
    if (memmem(data, size, "\xa5guess", 6) == NULL || !read_int(data, size, "\xa3seq", &seq)) {
        return;
    }
    if (pair->round == 0) {
        return;
    }
    judge(pair, seat, seq);
    tell(pair->connections[!seat], &opponents[pair->round]);
    pair->guessed |= (uint8_t)(1u << seat);
    if (pair->guessed == 3) {
        tell_both(pair, &ends[pair->round]);
        pair->round = (uint8_t)(pair->round % ROUNDS + 1);
        pair->guessed = 0;
        tell_both(pair, &rounds[pair->round]);
    }
}

int exchange_listen(int argc, char **argv)
{
    long port = argc >= 3 && strcmp(argv[1], "--port") == 0 ? strtol(argv[2], NULL, 10) : 0;
    if (port <= 0 || port > UINT16_MAX) {
        fprintf(stderr, "usage: %s --port PORT\n", argv[0]);
        return -1;
    }
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    signal(SIGPIPE, SIG_IGN);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                   .sin_addr = { htonl(INADDR_LOOPBACK) } };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 || /* of those it accepts */
        bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, BACKLOG) != 0) {
        perror("listen");
        return -1;
    }
    return fd;
}
