/* Valkey: the queue, publishing, and a server that goes away, freezes and comes back. Needs
 * VALKEY_URL; see valkey_server.h. */
#include "valkey_world.h"

static bool is_up(void)
{
    return world_hub.ups > world_hub.downs;
}

static bool is_down(void)
{
    return world_hub.ups == world_hub.downs;
}

static void open_valkey(const char *url)
{
    world_open();
    process_open(0, url, "a");
}

static void set_up(void)
{
    server_open();
    open_valkey(server_url);
    CHECK(asked->valkey != NULL && world_run(is_up));
    tell_at(0);
}

static void tear_down(void)
{
    processes_close();
    server_close();
}

static struct record *join(uint32_t player, int32_t rating)
{
    (void)ask_join(player, rating, SINCE_MS, SINCE_MS + 30000);
    return world_run_events(1) ? &world_hub.records[0] : NULL;
}

static struct record *leave(uint32_t player)
{
    struct hub_effect *effect = world_ask(HUB_FX_QUEUE_LEAVE);
    effect->leave.player = (struct ref){ player, 1 };
    effect->leave.id = player_id(player);
    return world_run_events(1) ? &world_hub.records[0] : NULL;
}

/* Its match is over, as far as the queue can tell. */
static void finish(uint32_t player)
{
    (void)server_ask("DEL duel:playing:%s", name(player));
    (void)server_ask("HDEL duel:players:%s %s", boot_of(0), name(player));
}

/* ---- the queue ---- */

TEST(two_who_fit_are_paired_and_gone)
{
    set_up();
    struct record first = *join(1, 1000);
    CHECK_INT(first.reply, HUB_OK);
    CHECK(!first.event.queue.matched);
    CHECK_INT(first.event.queue.waiting, 1);
    CHECK(ref_equal(first.ref, (struct ref){ 1, 1 }));
    CHECK(atoll(server_ask("PTTL duel:ticket:%s", name(1))) > 20000);
    struct record far = *join(2, 1101);
    CHECK(!far.event.queue.matched);
    CHECK_INT(far.event.queue.waiting, 2);
    struct record second = *join(3, 1050);
    CHECK(second.event.queue.matched);
    CHECK_INT(second.event.queue.waiting, 1);
    CHECK_STRING(server_ask("HGET duel:match:%s p0", match_name(3)), name(1)); /* 2 is farther */
    CHECK_STRING(server_ask("ZRANGE duel:queue 0 -1"), name(2));
    CHECK_STRING(server_ask("ZRANGE duel:queue:since 0 -1"), name(2));
    CHECK_STRING(server_ask("EXISTS duel:ticket:%s", name(1)), "0");
    CHECK_STRING(server_ask("GET duel:last:%s", name(1)), name(3));
    CHECK(atoll(server_ask("TTL duel:last:%s", name(1))) > 80000);
    tear_down();
}

TEST(a_player_has_one_ticket_and_can_take_it_out_twice)
{
    set_up();
    CHECK_INT(join(1, 1000)->event.queue.waiting, 1);
    CHECK_INT(join(1, 1010)->event.queue.waiting, 1);
    CHECK_STRING(server_ask("ZSCORE duel:queue %s", name(1)), "1010");
    CHECK_INT(leave(1)->reply, HUB_OK);
    CHECK_INT(leave(1)->reply, HUB_OK);
    CHECK_STRING(server_ask("KEYS duel:[qtm]*"), "");
    tear_down();
}

TEST(an_expired_or_vanished_ticket_is_dropped_when_met)
{
    set_up();
    (void)ask_join(1, 1000, SINCE_MS - 31000, SINCE_MS - 1000);
    CHECK(world_run_events(1));
    CHECK_INT(join(2, 1000)->event.queue.waiting, 1);
    CHECK_STRING(server_ask("ZRANGE duel:queue 0 -1"), name(2));
    (void)server_ask("DEL duel:ticket:%s", name(2)); /* as an eviction does */
    CHECK_INT(join(3, 1000)->event.queue.waiting, 1);
    CHECK_INT(join(4, 1000)->event.queue.matched, 1);
    tear_down();
}

TEST(the_last_opponent_is_avoided_while_somebody_else_fits)
{
    set_up();
    (void)join(1, 1000);
    CHECK(join(2, 1000)->event.queue.matched);
    finish(1);
    (void)join(1, 1000);
    (void)join(3, 1090);
    CHECK_INT(world_hub.records[0].event.queue.matched, 1); /* 1 and 3 */
    finish(1);
    finish(3);
    (void)join(1, 1000);
    CHECK(!world_hub.records[0].event.queue.matched);
    CHECK(join(3, 1000)->event.queue.matched); /* nobody else is there */
    tear_down();
}

/* ---- publishing ---- */

static struct record *publish(const struct hub_result *result)
{
    struct hub_effect *effect = world_ask(HUB_FX_PUBLISH);
    effect->store.result = (struct ref){ 9, 2 };
    effect->store.data = result;
    return world_run_events(1) ? &world_hub.records[0] : NULL;
}

TEST(a_finished_match_is_in_the_ranking_and_the_stream)
{
    struct hub_result result;
    char expected[512], ids[3][UUID_TEXT_SIZE + 1];
    set_up();
    make_result(&result, 1);
    struct record *published = publish(&result);
    CHECK_INT(published->reply, HUB_OK);
    CHECK(ref_equal(published->ref, (struct ref){ 9, 2 }));
    CHECK_STRING(server_ask("ZSCORE lb:duels:elo %s", name(1)), "984");
    CHECK_STRING(server_ask("ZSCORE lb:duels:elo %s", name(2)), "1016");
    uuid_format(&result.match, ids[0]);
    uuid_format(&result.player[0], ids[1]);
    uuid_format(&result.player[1], ids[2]);
    (void)snprintf(expected, sizeof expected, "type match_finished match %s p1 %s p2 %s winner %s"
                   " score 1-3 points 200-750 reason score", ids[0], ids[1], ids[2], ids[2]);
    const char *fields = "return redis.call('XRANGE', 'duel:events', '-', '+')[1][2]";
    CHECK_STRING(server_ask("EVAL %s 0", fields), expected);
    CHECK_INT(publish(&result)->reply, HUB_OK); /* at least once */
    CHECK_STRING(server_ask("XLEN duel:events"), "2");
    CHECK_STRING(server_ask("ZCARD lb:duels:elo"), "2");
    tear_down();
}

TEST(an_abandoned_match_is_in_the_stream_alone)
{
    struct hub_result result;
    set_up();
    make_result(&result, 1);
    result.winner = MATCH_NOBODY;
    result.reason = MATCH_ABANDONED;
    CHECK_INT(publish(&result)->reply, HUB_OK);
    CHECK_STRING(server_ask("EXISTS lb:duels:elo"), "0");
    CHECK_STRING(server_ask("XLEN duel:events"), "1");
    tear_down();
}

/* ---- errors ---- */

TEST(a_key_of_the_wrong_type_is_refused_and_a_full_memory_is_not)
{
    struct hub_result result;
    set_up();
    make_result(&result, 1);
    (void)server_ask("SET lb:duels:elo x");
    CHECK_INT(publish(&result)->reply, HUB_REFUSED);
    (void)server_ask("CONFIG SET maxmemory 1");
    CHECK_INT(join(1, 1000)->reply, HUB_UNAVAILABLE);
    (void)server_ask("CONFIG SET maxmemory 0");
    CHECK_INT(join(1, 1000)->reply, HUB_OK);
    CHECK_INT(world_hub.downs, 0);
    tear_down();
}

TEST(a_forgotten_script_is_sent_again)
{
    set_up();
    (void)server_ask("SCRIPT FLUSH");
    for (uint32_t i = 0; i < 5; i++) {
        (void)ask_join(i, (int32_t)(1000 + 1000 * i), SINCE_MS, SINCE_MS + 30000);
    }
    CHECK(world_run_events(5));
    for (uint32_t i = 0; i < 5; i++) {
        CHECK_INT(world_hub.records[i].reply, HUB_OK);
    }
    CHECK_INT(leave(1)->reply, HUB_OK);
    CHECK_STRING(server_ask("ZCARD duel:queue"), "4");
    tear_down();
}

TEST(a_bad_address_makes_no_valkey)
{
    open_valkey("http://elsewhere");
    CHECK(asked->valkey == NULL);
    world_close();
}

TEST(password_database_and_name_are_used)
{
    char url[256];
    server_open();
    (void)server_ask("CONFIG SET requirepass s@cret");
    (void)snprintf(url, sizeof url, "unix://:s%%40cret@%s?db=5", server_socket);
    open_valkey(url);
    CHECK(world_run(is_up));
    CHECK_INT(join(1, 1000)->reply, HUB_OK);
    CHECK(strstr(server_ask("CLIENT LIST"), "name=duel-server-a") != NULL);
    CHECK_STRING(server_ask("DBSIZE"), "0");
    (void)server_ask("SELECT 5");
    CHECK_STRING(server_ask("ZCARD duel:queue"), "1");
    tear_down();
}

TEST(a_host_is_looked_up_by_name)
{
    char url[64];
    server_open();
    (void)snprintf(url, sizeof url, "redis://localhost:%s", server_port);
    open_valkey(url);
    CHECK(world_run(is_up));
    CHECK_INT(join(1, 1000)->reply, HUB_OK);
    tear_down();
}

TEST(a_name_that_nobody_knows_is_no_connection)
{
    open_valkey("redis://nowhere.invalid:1");
    CHECK_INT(join(1, 1000)->reply, HUB_UNAVAILABLE);
    processes_close(); /* while it is still being looked up */
}

/* ---- losses ---- */

/* Questions of which each has exactly one answer, whatever that is. */
static bool ask_many_and_check(uint32_t count)
{
    bool answered[RECORDS_MAX] = { false };
    world_target = count;
    if (!world_run(world_enough) || world_hub.records_count != count) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t player = world_hub.records[i].ref.index;
        if (answered[player] || world_hub.records[i].reply == HUB_REFUSED) {
            return false;
        }
        answered[player] = true;
    }
    return true;
}

TEST(a_killed_connection_answers_everything_and_comes_back)
{
    set_up();
    for (uint32_t i = 0; i < 500; i++) {
        (void)ask_join(i, (int32_t)(1000 + 1000 * i), SINCE_MS, SINCE_MS + 30000);
    }
    world_hub.records_count = 0;
    (void)server_ask("CLIENT KILL TYPE normal SKIPME yes");
    CHECK(ask_many_and_check(500));
    CHECK_INT(world_hub.downs, 1);
    CHECK(world_run(is_up));
    for (uint32_t i = 0; i < 500; i++) { /* again: who is in already stays in */
        (void)ask_join(i, (int32_t)(1000 + 1000 * i), SINCE_MS, SINCE_MS + 30000);
    }
    world_hub.records_count = 0;
    CHECK(ask_many_and_check(500));
    CHECK_STRING(server_ask("ZCARD duel:queue"), "500");
    tear_down();
}

TEST(a_frozen_server_is_noticed_with_work_under_way)
{
    set_up();
    valkey_set_stall(asked->valkey, 200);
    kill(server_pid, SIGSTOP);
    (void)ask_join(1, 1000, SINCE_MS, SINCE_MS + 30000);
    (void)ask_join(2, 1000, SINCE_MS, SINCE_MS + 30000);
    bool answered = world_run_events(2);
    kill(server_pid, SIGCONT);
    CHECK(answered);
    CHECK_INT(world_hub.records[0].reply, HUB_UNAVAILABLE);
    CHECK_INT(world_hub.records[1].reply, HUB_UNAVAILABLE);
    CHECK_INT(world_hub.downs, 1);
    CHECK(world_run(is_up));
    CHECK_INT(join(3, 5000)->reply, HUB_OK);
    tear_down();
}

TEST(a_frozen_server_is_noticed_without_work)
{
    set_up();
    valkey_set_stall(asked->valkey, 200);
    kill(server_pid, SIGSTOP);
    CHECK(world_run(is_down));
    kill(server_pid, SIGCONT);
    CHECK(world_run(is_up));
    tear_down();
}

TEST(a_busy_server_that_answers_late_is_not_mistaken_for_another_question)
{
    set_up();
    valkey_set_stall(asked->valkey, 200);
    redisAppendCommand(server_admin, "DEBUG SLEEP 1");
    int written = 0;
    (void)redisBufferWrite(server_admin, &written);
    (void)ask_join(1, 1000, SINCE_MS, SINCE_MS + 30000);
    world_hub.records_count = 0;
    CHECK(ask_many_and_check(1)); /* answered in time or unavailable, but once */
    CHECK(world_run(is_up));
    CHECK_INT(leave(1)->reply, HUB_OK);
    tear_down();
}

TEST(a_server_that_was_restarted_is_used_again)
{
    set_up();
    CHECK_INT(join(1, 1000)->reply, HUB_OK);
    server_kill();
    CHECK(world_run(is_down));
    CHECK(!valkey_is_up(asked->valkey));
    CHECK_INT(join(1, 1000)->reply, HUB_UNAVAILABLE);
    CHECK_INT(leave(1)->reply, HUB_UNAVAILABLE);
    struct hub_result result;
    make_result(&result, 1);
    CHECK_INT(publish(&result)->reply, HUB_UNAVAILABLE);
    server_start();
    CHECK(world_run(is_up));
    CHECK_INT(join(1, 1000)->event.queue.waiting, 1);
    /* It came back empty: others may be slower to find it. */
    CHECK(join(2, 1000)->event.queue.later);
    (void)server_ask("SET duel:since 1");
    CHECK(join(2, 1000)->event.queue.matched);
    tear_down();
}

TEST(without_a_server_it_keeps_trying)
{
    server_open();
    server_kill();
    open_valkey(server_url);
    CHECK_INT(join(1, 1000)->reply, HUB_UNAVAILABLE);
    CHECK_INT(world_hub.ups + world_hub.downs, 0);
    server_start();
    CHECK(world_run(is_up));
    tear_down();
}

TEST_MAIN
