/* The pairing script against the rule: thousands of queues, and for each the script must choose
 * whom matchmaker_choose chooses. Needs VALKEY_URL; see valkey_server.h. */
#include "valkey_server.h"
#include <duel/base/rng.h>

#define CASES 4000
#define OTHERS_MAX 200
#define NOW_MS INT64_C(1767225600000)

static struct rng rng;
static char sha[64];

static const struct matchmaker_rules rules = {
    .window = 100, .step = 50, .step_ms = 5000, .timeout_ms = 30001, /* not a multiple of three */
};

static size_t read_file(const char *path, char *memory, size_t size_max)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        server_give_up(path, "not found; run from the root of the checkout");
    }
    size_t size = fread(memory, 1, size_max, file);
    fclose(file);
    return size;
}

static void load_script(void)
{
    static char script[32768];
    size_t size = read_file("deploy/valkey/common.lua", script, sizeof script / 2);
    size += read_file("deploy/valkey/pair.lua", script + size, sizeof script / 2 - 1);
    script[size] = 0;
    (void)snprintf(sha, sizeof sha, "%s", server_ask("SCRIPT LOAD %s", script));
}

static void format(const struct uuid *id, char ret_text[UUID_TEXT_SIZE + 1])
{
    ret_text[0] = 0;
    if (!uuid_is_none(id)) {
        uuid_format(id, ret_text);
    }
}

/* Puts a ticket into the queue as the script does. */
static void seed(const struct matchmaker_ticket *ticket)
{
    char id[UUID_TEXT_SIZE + 1], last[UUID_TEXT_SIZE + 1], since[24];
    format(&ticket->player, id);
    format(&ticket->last_opponent, last);
    (void)snprintf(since, sizeof since, "%lld", (long long)ticket->since_ms);
    redisAppendCommand(server_admin, "ZADD duel:queue %d %s", ticket->rating, id);
    redisAppendCommand(server_admin, "ZADD duel:queue:since %s %s", since, id);
    redisAppendCommand(server_admin, "HSET duel:ticket:%s since %s last %s expires %lld card c", id,
                       since, last, (long long)NOW_MS + 1);
}

static void collect(uint32_t replies)
{
    for (uint32_t i = 0; i < replies; i++) {
        void *reply = NULL;
        if (redisGetReply(server_admin, &reply) != REDIS_OK) {
            server_give_up("Valkey", server_admin->errstr);
        }
        freeReplyObject(reply);
    }
}

/* How many wait then; and whom the match that was made is with. */
static long long call(const struct matchmaker_ticket *ticket, char *ret_opponent)
{
    char id[UUID_TEXT_SIZE + 1], last[UUID_TEXT_SIZE + 1];
    format(&ticket->player, id);
    format(&ticket->last_opponent, last);
    redisReply *reply = redisCommand(server_admin, "EVALSHA %s 0 b 1 a %s %d %lld %s %lld %lld"
        " %u %u %u %u c m 0", sha, id, ticket->rating, (long long)ticket->since_ms, last,
        (long long)NOW_MS, (long long)NOW_MS + 30000, rules.window, rules.step, rules.step_ms,
        rules.timeout_ms);
    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY) {
        server_give_up("pair.lua", reply != NULL && reply->str != NULL ? reply->str : "no answer");
    }
    long long waiting = reply->element[0]->integer;
    bool matched = strcmp(reply->element[2]->str, "m") == 0;
    (void)snprintf(ret_opponent, UUID_TEXT_SIZE + 1, "%s",
                   matched ? server_ask("HGET duel:match:m p1") : "");
    freeReplyObject(reply);
    return waiting;
}

/* Ratings close together or far apart, waits of all lengths (some from the future: clocks
 * differ), few people so that ties and last opponents are common. */
static void draw_ticket(struct matchmaker_ticket *ticket, uint32_t number, uint32_t people,
                        uint32_t spread, uint32_t wait_max)
{
    *ticket = (struct matchmaker_ticket){
        .player = uuid_random(rng_next(&rng), number),
        .rating = (int32_t)(1000 + rng_below(&rng, spread)),
        .since_ms = NOW_MS + 500 - (int64_t)rng_below(&rng, wait_max),
    };
    if (people > 0 && rng_below(&rng, 3) == 0) {
        ticket->since_ms = NOW_MS - 20001 + (int64_t)rng_below(&rng, 3); /* the edge of the third */
    }
}

static void draw_case(struct matchmaker_ticket *own, struct matchmaker_ticket *others,
                      uint32_t count)
{
    static const uint32_t spreads[] = { 1, 8, 120, 400, 1500, 20000 };
    uint32_t spread = spreads[rng_below(&rng, 6)];
    uint32_t wait_max = rng_below(&rng, 3) == 0 ? 31000 : 20000;
    draw_ticket(own, 0, rng_below(&rng, 2), spread, wait_max);
    for (uint32_t i = 0; i < count; i++) {
        draw_ticket(&others[i], i + 1, rng_below(&rng, 8) == 0, spread, wait_max);
        if (rng_below(&rng, 4) == 0) {
            others[i].last_opponent = own->player;
        }
    }
    if (count > 0 && rng_below(&rng, 2) == 0) {
        own->last_opponent = others[rng_below(&rng, count)].player;
    }
}

TEST(the_script_chooses_as_the_rule_does)
{
    static struct matchmaker_ticket others[OTHERS_MAX];
    struct matchmaker_ticket own;
    const char *given = getenv("DUEL_SEED");
    uint64_t seed_number = (uint64_t)(given != NULL ? atoll(given) : getpid());
    uint32_t paired = 0, with_last = 0;
    printf("seed %llu\n", (unsigned long long)seed_number);
    rng_seed(&rng, seed_number);
    server_open();
    load_script();
    for (uint32_t i = 0; i < CASES; i++) {
        char opponent[UUID_TEXT_SIZE + 1], expected[UUID_TEXT_SIZE + 1] = "";
        uint32_t count = rng_below(&rng, i % 20 == 0 ? OTHERS_MAX : 8);
        draw_case(&own, others, count);
        redisAppendCommand(server_admin, "FLUSHDB");
        for (uint32_t j = 0; j < count; j++) {
            seed(&others[j]);
        }
        collect(1 + 3 * count);
        int32_t chosen = matchmaker_choose(&rules, &own, others, count, NOW_MS);
        long long waiting = call(&own, opponent);
        if (chosen >= 0) {
            format(&others[chosen].player, expected);
            paired++;
            with_last += uuid_equal(&others[chosen].player, &own.last_opponent);
        }
        if (strcmp(opponent, expected) != 0) {
            printf("  case %u of seed %llu, %u others\n", i, (unsigned long long)seed_number,
                   count);
        }
        CHECK_TEXT(text_from(opponent), expected);
        CHECK_INT(waiting, chosen >= 0 ? count - 1 : count + 1);
    }
    printf("%u cases, %u paired, %u of them with the last opponent\n", CASES, paired, with_last);
    CHECK(paired > CASES / 4 && paired < CASES && with_last > 0);
    server_close();
}

/* How long the server was busy with the slowest of the last two commands. */
static long long slowest_us(void)
{
    redisReply *log = redisCommand(server_admin, "SLOWLOG GET 2");
    long long us = -1;
    for (size_t i = 0; log != NULL && i < log->elements; i++) {
        long long one = log->element[i]->element[2]->integer;
        us = one > us ? one : us;
    }
    freeReplyObject(log);
    return us;
}

/* Not judged by time, only told: 10,000 people of whom nobody fits, and 10,000 who all stand in
 * the last third of the timeout (a node that died left them behind). */
TEST(a_long_queue_is_not_walked_to_its_end)
{
    struct matchmaker_ticket ticket;
    char opponent[UUID_TEXT_SIZE + 1];
    rng_seed(&rng, 1);
    server_open();
    load_script();
    for (int kind = 0; kind < 2; kind++) {
        redisAppendCommand(server_admin, "FLUSHDB");
        for (uint32_t i = 0; i < 10000; i++) {
            ticket = (struct matchmaker_ticket){
                .player = uuid_random(rng_next(&rng), i),
                .rating = kind == 0 ? (int32_t)(i * 300) : (int32_t)(i % 2000),
                .since_ms = kind == 0 ? NOW_MS : NOW_MS - 29000,
            };
            seed(&ticket);
        }
        collect(30001);
        (void)server_ask("CONFIG SET slowlog-log-slower-than 0");
        ticket = (struct matchmaker_ticket){ .player = uuid_random(1, 2), .rating = 900150,
                                             .since_ms = NOW_MS };
        long long waiting = call(&ticket, opponent);
        printf("10,000 waiting, %s: %lld us\n", kind == 0 ? "nobody fits" : "everybody fits",
               slowest_us());
        CHECK_INT(waiting, kind == 0 ? 10001 : 9999);
    }
    server_close();
}

TEST_MAIN
