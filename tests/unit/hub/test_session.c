/* The doors: who comes in, what is answered, when a connection is given up. */
#include "fixture.h"

TEST(a_match_that_is_not_there_is_4404_and_not_ones_own_4403)
{
    struct ref match;
    begin(usual_limits());
    struct uuid id = pair(&match);
    struct uuid other = uuid_random(9, 9);
    /* A good ticket proves that there was such a match. */
    struct ref late = open_seat(2, &other, 0);
    nowhere(late, &other);
    CHECK_INT(ended(late), 4410);
    struct hub_event event = { .type = HUB_EV_OPEN };
    event.open.conn = (struct ref){ 3, 1 };
    event.open.door = HUB_DOOR_MATCH;
    event.open.match = other;
    event.open.sub = TEXT("eve");
    step(event);
    load_player("Eve", 9, 1000, HUB_OK); /* it has to be known who seeks */
    nowhere(event.open.conn, &other);
    CHECK_INT(ended(event.open.conn), 4404);
    gone(event.open.conn);
    event.open.conn = (struct ref){ 3, 3 };
    event.open.match = id;
    event.open.sub = TEXT("eve");
    step(event);
    CHECK_INT(ended(event.open.conn), 4403);
    event.open.conn = (struct ref){ 4, 1 };
    event.open.sub = TEXT("bob");
    step(event);
    grant_claim();
    CHECK(told(event.open.conn, MSG_welcome) != NULL);
    CHECK_INT(heard(event.open.conn, MSG_welcome)->welcome.you, 1);
    finish();
}

TEST(a_socket_is_pinged_at_once_and_again_and_given_up_when_silent)
{
    begin(usual_limits());
    struct ref conn = open_door(0, HUB_DOOR_QUEUE, "ana");
    CHECK(effect_of(HUB_FX_PING, 0) != NULL);
    load_player("Ana", 1, 1000, HUB_OK);
    joined(joining(), HUB_OK, 1, 0);
    pass(14999999);
    CHECK(effect_of(HUB_FX_PING, 0) == NULL);
    pass(1);
    CHECK(effect_of(HUB_FX_PING, 0) != NULL);
    struct hub_event pong = { .type = HUB_EV_PONG };
    pong.pong.conn = conn;
    step(pong);
    finish();

    /* A queue that outlives the silence. */
    struct hub_limits limits = usual_limits();
    limits.matchmaker.timeout_ms = 100000;
    limits.silence_idle_ms = 30000;
    begin(limits);
    conn = open_door(0, HUB_DOOR_QUEUE, "ana");
    load_player("Ana", 1, 1000, HUB_OK);
    pass(29999999);
    CHECK_INT(hub_count(hub).tickets, 1);
    pass(1);
    CHECK_INT(ended(conn), 1001);
    CHECK(noted(HUB_NOTE_SESSION_SILENT));
    CHECK_INT(hub_count(hub).tickets, 0);
    finish();
}

TEST(a_player_is_loaded_once_for_all_who_wait)
{
    begin(usual_limits());
    struct ref me = open_door(0, HUB_DOOR_ME, "ana");
    struct hub_effect *load = wanted(HUB_FX_LOAD_PLAYER);
    struct ref player = load->load.player;
    CHECK_TEXT(load->load.sub, "ana");
    open_door(1, HUB_DOOR_QUEUE, "ana");
    CHECK(effect_of(HUB_FX_LOAD_PLAYER, 0) == NULL);
    struct hub_event event = { .type = HUB_EV_PLAYER };
    event.player.player = player;
    event.player.id = uuid_random(1, 1);
    event.player.name = TEXT("A\nna with a name of more than 32 code points");
    event.player.rating = 1234;
    step(event);
    CHECK(effect_of(HUB_FX_QUEUE_JOIN, 0) != NULL);
    in_no_match();
    struct hub_effect *reply = wanted(HUB_FX_REPLY);
    CHECK(ref_equal(reply->send.conn, me));
    CHECK_TEXT(reply->send.message.me.name, "Ana with a name of more than 32 ");
    CHECK(reply->send.message.me.avatar.data == NULL);
    CHECK_INT(reply->send.message.me.rating, 1234);
    CHECK_TEXT(reply->send.message.me.queue.status, "queued");
    finish();
}

TEST(a_player_who_cannot_be_loaded)
{
    begin(usual_limits());
    open_door(0, HUB_DOOR_ME, "ana");
    load_player("", 0, 0, HUB_UNAVAILABLE);
    CHECK_INT(wanted(HUB_FX_REPLY_ERROR)->reply_error.status, 503);
    CHECK_INT(wanted(HUB_FX_REPLY_ERROR)->reply_error.retry_after_s, 5);
    CHECK_TEXT(wanted(HUB_FX_REPLY_ERROR)->reply_error.code, "UNAVAILABLE");
    open_door(1, HUB_DOOR_ME, "bob");
    load_player("", 0, 0, HUB_REFUSED);
    CHECK_INT(wanted(HUB_FX_REPLY_ERROR)->reply_error.status, 401);
    struct ref queue = open_door(2, HUB_DOOR_QUEUE, "ana");
    load_player("", 0, 0, HUB_UNAVAILABLE);
    CHECK_TEXT(heard(queue, MSG_error)->error.code, "UNAVAILABLE");
    CHECK_INT(heard(queue, MSG_error)->error.until, (int64_t)(now_us / 1000) + 5000);
    CHECK_INT(ended(queue), 4503);
    queue = open_door(3, HUB_DOOR_QUEUE, "bob");
    load_player("", 0, 0, HUB_REFUSED);
    CHECK_INT(ended(queue), 4401);
    finish();
}

TEST(only_so_many_wait_for_one_player)
{
    begin(usual_limits());
    for (uint32_t i = 0; i < 8; i++) {
        open_door(i, HUB_DOOR_ME, "ana");
        CHECK(effect_of(HUB_FX_REPLY_ERROR, 0) == NULL);
    }
    open_door(8, HUB_DOOR_ME, "ana");
    CHECK_INT(wanted(HUB_FX_REPLY_ERROR)->reply_error.status, 429);
    struct ref queue = open_door(9, HUB_DOOR_QUEUE, "ana");
    CHECK_INT(ended(queue), 4429);
    finish();
}

TEST(search_is_answered_ten_times_a_second)
{
    begin(usual_limits());
    for (uint32_t i = 0; i < 10; i++) {
        struct ref conn = open_door(i, HUB_DOOR_SEARCH, "ana");
            CHECK_INT(wanted(HUB_FX_REPLY)->send.message.search.items_count, 10);
        gone(conn);
    }
    open_door(10, HUB_DOOR_SEARCH, "ana");
    CHECK_INT(wanted(HUB_FX_REPLY_ERROR)->reply_error.status, 429);
    CHECK_TEXT(wanted(HUB_FX_REPLY_ERROR)->reply_error.code, "SLOW_DOWN");
    open_door(11, HUB_DOOR_SEARCH, "bob");
    CHECK(effect_of(HUB_FX_REPLY, 0) != NULL);
    pass(100000);
    open_door(12, HUB_DOOR_SEARCH, "ana");
    CHECK(effect_of(HUB_FX_REPLY, 0) != NULL);
    pass(2000000);
    CHECK_INT(hub_count(hub).players, 0);
    finish();
}

TEST(right_shape_wrong_place)
{
    begin(usual_limits());
    struct ref conn = open_door(0, HUB_DOOR_QUEUE, "ana");
    say_type(conn, MSG_ready);
    CHECK_TEXT(heard(conn, MSG_error)->error.code, "WRONG_SOCKET");
    say_type(conn, MSG_auth);
    CHECK_TEXT(heard(conn, MSG_error)->error.code, "ALREADY_AUTHENTICATED");
    struct message ping = { .type = MSG_ping };
    ping.ping.ts = 77;
    say(conn, &ping);
    CHECK_INT(heard(conn, MSG_pong)->pong.ts, 77);
    CHECK_INT(heard(conn, MSG_pong)->pong.now, (int64_t)(now_us / 1000));
    say_type(conn, MSG_leave);
    CHECK_INT(ended(conn), 1000);
    say(conn, &ping);
    CHECK_INT(effects_count, 0);
    finish();
}

TEST(what_comes_for_a_connection_that_is_gone_is_counted)
{
    begin(usual_limits());
    struct ref conn = open_door(0, HUB_DOOR_QUEUE, "ana");
    gone(conn);
    say_type(conn, MSG_leave);
    gone(conn);
    CHECK_INT(hub_count(hub).late, 2);
    CHECK_INT(hub_count(hub).sessions, 0);
    finish();
}

TEST(a_stopping_server_tells_everybody)
{
    struct ref match;
    begin(usual_limits());
    struct uuid id = pair(&match);
    struct ref seat = open_seat(2, &id, 0);
    struct ref queue = open_door(3, HUB_DOOR_QUEUE, "eve");
    load_player("Eve", 3, 1000, HUB_OK);
    joined(joining(), HUB_OK, 1, 0);
    step((struct hub_event){ .type = HUB_EV_DRAIN });
    CHECK(hub_deadline_us(hub) <= now_us);
    step((struct hub_event){ .type = HUB_EV_TICK });
    CHECK_INT(ended(seat), 1012);
    CHECK_INT(ended(queue), 1012);
    CHECK(effect_of(HUB_FX_QUEUE_LEAVE, 0) == NULL); /* who comes back keeps his place */
    CHECK_INT(ended(open_seat(4, &id, 1)), 1012);
    struct ref late = open_door(5, HUB_DOOR_QUEUE, "eve");
    CHECK_TEXT(heard(late, MSG_error)->error.code, "UNAVAILABLE");
    CHECK_INT(ended(late), 4503);
    finish();
}

TEST_MAIN
