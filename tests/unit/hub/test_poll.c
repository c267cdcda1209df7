/* Who waits for an opponent by asking again and again (R-110 … R-113). */
#include <duel/hub/saved.h> /* before the fixture, whose names it would shadow */
#include "fixture.h"

/* The answer that the last step gave to a request, or NULL. */
static const struct hub_effect_send *answered(struct ref conn)
{
    for (uint32_t i = 0; i < effects_count; i++) {
        if (effects[i]->type == HUB_FX_REPLY && ref_equal(effects[i]->send.conn, conn)) {
            return &effects[i]->send;
        }
    }
    return NULL;
}

/* The same, which has to be there. */
static const struct hub_effect_send *answer_to(struct ref conn)
{
    const struct hub_effect_send *send = answered(conn);
    CHECK(send != NULL);
    return send;
}

static void check_answer(struct ref conn, enum message_type type)
{
    CHECK_INT(answer_to(conn)->message.type, type);
}

/* The status with which the last step refused a request; 0: it did not. */
static uint32_t refused(struct ref conn)
{
    for (uint32_t i = 0; i < effects_count; i++) {
        if (effects[i]->type == HUB_FX_REPLY_ERROR &&
            ref_equal(effects[i]->reply_error.conn, conn)) {
            return effects[i]->reply_error.status;
        }
    }
    return 0;
}

/* Ana (id 1) has joined by a request and was answered. */
static struct ref ana_polls(void)
{
    struct ref conn = open_door(0, HUB_DOOR_JOIN, "ana");
    load_player("Ana", 1, 1000, HUB_OK);
    CHECK(answered(conn) == NULL);
    struct ref player = joining();
    joined(player, HUB_OK, 1, 0);
    check_answer(conn, MSG_queue_queued);
    gone(conn);
    CHECK_INT(hub_count(hub).tickets, 1);
    return player;
}

static void ask(enum hub_door door, enum message_type answer)
{
    struct ref conn = open_door(1, door, "ana");
    check_answer(conn, answer);
    gone(conn);
}

static void check_gone(void)
{
    CHECK_INT(hub_count(hub).tickets, 0);
    CHECK(noted(HUB_NOTE_PLAYER_LEFT_QUEUE));
    CHECK(effect_of(HUB_FX_QUEUE_LEAVE, 0) != NULL);
}

TEST(a_request_is_answered_with_the_first_thing_known)
{
    begin(usual_limits());
    int64_t now_ms = (int64_t)(now_us / 1000);
    ana_polls();
    struct ref conn = open_door(1, HUB_DOOR_POLL, "ana");
    const struct msg_queue_queued *queued = &answer_to(conn)->message.queue_queued;
    CHECK_TEXT(queued->status, "queued");
    CHECK_INT(queued->since, now_ms);
    CHECK_INT(queued->expires_at, now_ms + 30000);
    CHECK_INT(queued->rating, 1000);
    CHECK_INT(queued->window, 100);
    CHECK_INT(queued->waiting, 1);
    CHECK(queued->eta_ms == MSG_NIL);
    gone(conn);
    /* Joined again: the same ticket, and nothing is asked of Valkey. */
    conn = open_door(1, HUB_DOOR_JOIN, "ana");
    CHECK_INT(answer_to(conn)->message.queue_queued.since, now_ms);
    CHECK(effect_of(HUB_FX_QUEUE_JOIN, 0) == NULL);
    gone(conn);
    /* A pair is told to whoever asks next. */
    struct ref bob = open_door(2, HUB_DOOR_JOIN, "bob");
    load_player("Bob", 2, 1010, HUB_OK);
    joined(joining(), HUB_OK, 2, 1);
    const struct hub_effect_send *send = answer_to(bob);
    CHECK_INT(send->message.type, MSG_queue_matched);
    CHECK_TEXT(send->message.queue_matched.status, "matched");
    CHECK_TEXT(send->message.queue_matched.opponent.name, "Ana");
    CHECK(uuid_equal(&send->match, &send->message.queue_matched.match));
    uint8_t slot = send->slot;
    CHECK_INT(hub_count(hub).tickets, 0);
    static const enum hub_door doors[] = { HUB_DOOR_POLL, HUB_DOOR_JOIN, HUB_DOOR_LEAVE };
    for (uint32_t i = 0; i < 3; i++) {
        conn = open_door(3 + i, doors[i], "ana");
        check_answer(conn, MSG_queue_matched);
        CHECK_INT(answer_to(conn)->slot, 1 - slot);
        CHECK_TEXT(answer_to(conn)->message.queue_matched.opponent.name, "Bob");
        CHECK_INT(answer_to(conn)->message.queue_matched.opponent.rating, 1010);
    }
    finish();
}

TEST(who_stops_asking_is_out_after_ten_seconds) /* */
{
    struct hub_limits limits = usual_limits();
    limits.matchmaker.timeout_ms = 120000;
    begin(limits);
    struct ref player = ana_polls();
    for (uint32_t i = 0; i < 4; i++) {
        pass(9999999);
        CHECK_INT(hub_count(hub).tickets, 1);
        ask(i % 2 == 0 ? HUB_DOOR_POLL : HUB_DOOR_JOIN, MSG_queue_queued);
        joined(player, HUB_OK, 1, 0); /* what was asked meanwhile, to keep the ticket */
    }
    pass(9999999);
    CHECK_INT(hub_count(hub).tickets, 1);
    joined(player, HUB_OK, 1, 0);
    pass(1);
    check_gone();
    struct ref conn = open_door(1, HUB_DOOR_POLL, "ana");
    CHECK(answered(conn) == NULL);
    in_no_match();
    check_answer(conn, MSG_queue_idle);
    finish();
}

TEST(a_socket_keeps_the_ticket_and_so_do_requests_without_it)
{
    begin(usual_limits());
    struct ref player = ana_polls();
    struct ref tab = open_door(2, HUB_DOOR_QUEUE, "ana");
    CHECK(told(tab, MSG_queued) != NULL);
    pass(12000000);
    joined(player, HUB_OK, 1, 0);
    CHECK_INT(hub_count(hub).tickets, 1); /* the socket is there */
    gone(tab);
    check_gone(); /* and nobody has asked for too long */
    finish();

    begin(usual_limits());
    ana_polls();
    tab = open_door(2, HUB_DOOR_QUEUE, "ana");
    gone(tab);
    CHECK_INT(hub_count(hub).tickets, 1);
    finish();
}

/* The process was held up: the one who polls has been silent for too long, and the ticket has to be
 * renewed, in the same step. */
TEST(the_poller_and_the_renewal_are_due_together)
{
    begin(usual_limits());
    struct ref player = ana_polls();
    struct ref tab = open_door(2, HUB_DOOR_QUEUE, "ana");
    CHECK(told(tab, MSG_queued) != NULL);
    now_us += 12000000;
    step((struct hub_event){ .type = HUB_EV_TICK });
    CHECK(ref_equal(joining(), player));
    CHECK_INT(hub_count(hub).tickets, 1);
    finish();
}

TEST(looking_keeps_nobody_who_has_not_joined_by_a_request) /* */
{
    begin(usual_limits());
    struct ref tab = open_door(2, HUB_DOOR_QUEUE, "ana");
    load_player("Ana", 1, 1000, HUB_OK);
    struct ref player = joining();
    struct ref look = open_door(1, HUB_DOOR_POLL, "ana");
    CHECK(answered(look) == NULL); /* nothing is known yet */
    joined(player, HUB_OK, 1, 0);
    check_answer(look, MSG_queue_queued);
    gone(look);
    ask(HUB_DOOR_POLL, MSG_queue_queued);
    gone(tab);
    check_gone();
    finish();
}

/* Found by the simulator. */
TEST(one_who_only_asked_was_the_last)
{
    begin(usual_limits());
    struct ref tab = open_door(2, HUB_DOOR_QUEUE, "ana");
    load_player("Ana", 1, 1000, HUB_OK);
    struct ref player = joining();
    struct ref look = open_door(1, HUB_DOOR_POLL, "ana");
    gone(tab);
    CHECK_INT(hub_count(hub).tickets, 1);
    joined(player, HUB_OK, 1, 0);
    check_answer(look, MSG_queue_queued);
    check_gone();
    finish();
}

TEST(a_request_that_is_cut_has_joined_all_the_same)
{
    begin(usual_limits());
    struct ref conn = open_door(0, HUB_DOOR_JOIN, "ana");
    load_player("Ana", 1, 1000, HUB_OK);
    struct ref player = joining();
    gone(conn);
    CHECK_INT(hub_count(hub).tickets, 1);
    joined(player, HUB_OK, 1, 0);
    ask(HUB_DOOR_POLL, MSG_queue_queued);
    pass(10000000);
    CHECK_INT(hub_count(hub).tickets, 0);
    finish();
}

TEST(leaving_ends_everything_that_waits)
{
    begin(usual_limits());
    struct ref tab = open_door(0, HUB_DOOR_QUEUE, "ana");
    load_player("Ana", 1, 1000, HUB_OK);
    struct ref player = joining();
    struct ref waiting = open_door(1, HUB_DOOR_JOIN, "ana");
    CHECK(answered(waiting) == NULL);
    struct ref leaving = open_door(2, HUB_DOOR_LEAVE, "ana");
    CHECK_INT(ended(tab), 1000);
    check_answer(waiting, MSG_queue_idle);
    check_answer(leaving, MSG_queue_idle);
    CHECK_INT(hub_count(hub).tickets, 0);
    joined(player, HUB_OK, 1, 0);
    CHECK(effect_of(HUB_FX_QUEUE_LEAVE, 0) != NULL); /* once the join is over */
    finish();
}

TEST(a_fifth_that_waits_makes_the_oldest_give_up)
{
    struct ref conns[5];
    begin(usual_limits());
    for (uint32_t i = 0; i < 5; i++) {
        conns[i] = open_door(i, HUB_DOOR_JOIN, "ana");
        if (i == 0) {
            load_player("Ana", 1, 1000, HUB_OK);
        }
        CHECK_INT(refused(conns[0]), i == 4 ? 429 : 0);
    }
    CHECK(effect_of(HUB_FX_QUEUE_JOIN, 0) == NULL);
    finish();
}

TEST(nobody_comes_in_time)
{
    now_us += 1000 - now_us % 1000;
    begin(usual_limits());
    struct ref player = ana_polls();
    for (uint32_t i = 0; i < 6; i++) {
        pass(5000000);
        if (i < 5) {
            joined(player, HUB_OK, 1, 0);
            ask(HUB_DOOR_POLL, MSG_queue_queued);
        }
    }
    CHECK(noted(HUB_NOTE_QUEUE_TIMEOUT));
    CHECK_INT(hub_count(hub).tickets, 0);
    finish();
}

TEST(cooldown_and_stores_that_are_away)
{
    begin(usual_limits());
    struct ref conn = open_door(0, HUB_DOOR_JOIN, "ana");
    load_player("Ana", 1, 1000, HUB_OK);
    struct hub_event event = { .type = HUB_EV_QUEUE };
    event.queue.player = joining();
    event.queue.cooldown_until_ms = (int64_t)(now_us / 1000) + 61500;
    step(event);
    CHECK_INT(refused(conn), 429);
    CHECK_TEXT(wanted(HUB_FX_REPLY_ERROR)->reply_error.code, "COOLDOWN");
    CHECK_INT(wanted(HUB_FX_REPLY_ERROR)->reply_error.retry_after_s, 62);
    CHECK_INT(hub_count(hub).tickets, 0);
    gone(conn);

    conn = open_door(0, HUB_DOOR_JOIN, "ana");
    joined(joining(), HUB_UNAVAILABLE, 0, 0);
    CHECK_INT(refused(conn), 503);
    CHECK(wanted(HUB_FX_REPLY_ERROR)->reply_error.retry_after_s > 0);
    struct hub_event left = { .type = HUB_EV_QUEUE_LEFT };
    left.left.player = wanted(HUB_FX_QUEUE_LEAVE)->leave.player;
    step(left);
    gone(conn);

    store_is(HUB_VALKEY, false);
    static const enum hub_door doors[] = { HUB_DOOR_POLL, HUB_DOOR_JOIN, HUB_DOOR_LEAVE };
    for (uint32_t i = 0; i < 3; i++) {
        conn = open_door(i, doors[i], "ana");
        CHECK_INT(refused(conn), 503);
        gone(conn);
    }
    finish();
}

TEST(a_request_that_was_refused_keeps_nobody) /* */
{
    begin(usual_limits());
    struct ref socket = open_door(0, HUB_DOOR_QUEUE, "ana");
    load_player("Ana", 1, 1000, HUB_OK);
    struct ref player = joining(); /* not known yet */
    store_is(HUB_FRAMES, false);
    struct ref conn = open_door(1, HUB_DOOR_JOIN, "ana");
    CHECK_INT(refused(conn), 503);
    gone(conn);
    gone(socket);
    CHECK_INT(hub_count(hub).tickets, 0);
    joined(player, HUB_OK, 1, 0);
    CHECK(wanted(HUB_FX_QUEUE_LEAVE) != NULL);
    finish();
}

TEST(who_waits_already_is_told_so_while_valkey_is_away)
{
    begin(usual_limits());
    ana_polls();
    store_is(HUB_VALKEY, false);
    ask(HUB_DOOR_JOIN, MSG_queue_queued);
    ask(HUB_DOOR_POLL, MSG_queue_queued);
    ask(HUB_DOOR_LEAVE, MSG_queue_idle);
    finish();
}

TEST(a_player_who_cannot_be_loaded)
{
    begin(usual_limits());
    struct ref conn = open_door(0, HUB_DOOR_JOIN, "ana");
    load_player("Ana", 1, 1000, HUB_UNAVAILABLE);
    CHECK_INT(refused(conn), 503);
    conn = open_door(1, HUB_DOOR_POLL, "eve");
    load_player("Eve", 2, 1000, HUB_REFUSED);
    CHECK_INT(refused(conn), 401);
    finish();
}

/* Ana is loaded, and asks by `door` where her match is; that is answered with `located`. */
static struct ref locate(enum hub_door door, struct hub_event_located located)
{
    begin(usual_limits());
    struct ref conn = open_door(0, door, "ana");
    load_player("Ana", 1, 1000, HUB_OK);
    struct hub_event event = { .type = HUB_EV_LOCATED };
    event.located = located;
    event.located.conn = wanted(HUB_FX_LOCATE)->locate.conn;
    CHECK(ref_equal(event.located.conn, conn));
    step(event);
    return conn;
}

TEST(a_match_elsewhere_is_told) /* */
{
    char memory[SAVED_CARD_SIZE_MAX];
    struct text_buffer buffer;
    struct player bob = { .sub = TEXT("bob"), .loaded = true, .id = uuid_random(2, 2),
                          .name = TEXT("Bob") };
    text_buffer_init(&buffer, memory, sizeof memory);
    struct hub_event_located located = {
        .found = true, .match = uuid_random(8, 9), .node = TEXT("b"), .phase = TEXT("round"),
        .slot = 1, .card = saved_card(&bob, 1234, 0, &buffer),
    };
    struct ref conn = locate(HUB_DOOR_POLL, located);
    const struct hub_effect_send *send = answer_to(conn);
    CHECK_INT(send->message.type, MSG_queue_matched);
    CHECK(uuid_equal(&send->message.queue_matched.match, &located.match));
    CHECK_TEXT(send->node, "b");
    CHECK_INT(send->slot, 1);
    CHECK_TEXT(send->message.queue_matched.opponent.name, "Bob");
    CHECK_INT(send->message.queue_matched.opponent.rating, 1234);
    finish();
    /* Others write to that store. */
    located.card = TEXT("garbage");
    CHECK_INT(refused(locate(HUB_DOOR_LEAVE, located)), 503);
    finish();
    located.slot = 7;
    CHECK_INT(refused(locate(HUB_DOOR_POLL, located)), 503);
    finish();
}

TEST(a_ticket_elsewhere_is_asked_for_there) /* */
{
    static const enum hub_door doors[] = { HUB_DOOR_POLL, HUB_DOOR_LEAVE };
    for (uint32_t i = 0; i < 2; i++) {
        struct hub_event_located located = { .queue_node = TEXT("b") };
        struct ref conn = locate(doors[i], located);
        const struct hub_effect *effect = wanted(HUB_FX_REPLY_ELSEWHERE);
        CHECK(ref_equal(effect->reply_elsewhere.conn, conn));
        CHECK_TEXT(effect->reply_elsewhere.node, "b");
        CHECK(uuid_is_none(&effect->reply_elsewhere.match));
        CHECK(effect_of(HUB_FX_QUEUE_LEAVE, 0) == NULL);
        finish();
    }
    /* One that a dead process left is taken out by who leaves. */
    struct hub_event_located nowhere_at_all = { .found = false };
    check_answer(locate(HUB_DOOR_LEAVE, nowhere_at_all), MSG_queue_idle);
    CHECK(effect_of(HUB_FX_QUEUE_LEAVE, 0) != NULL);
    finish();
    check_answer(locate(HUB_DOOR_POLL, nowhere_at_all), MSG_queue_idle);
    CHECK(effect_of(HUB_FX_QUEUE_LEAVE, 0) == NULL);
    finish();
    struct hub_event_located unknown = { .reply = HUB_UNAVAILABLE };
    CHECK_INT(refused(locate(HUB_DOOR_POLL, unknown)), 503);
    finish();
}

TEST(joined_while_it_is_asked_where_the_match_is)
{
    begin(usual_limits());
    struct ref look = open_door(0, HUB_DOOR_POLL, "ana");
    load_player("Ana", 1, 1000, HUB_OK);
    struct ref asked = wanted(HUB_FX_LOCATE)->locate.conn;
    struct ref conn = open_door(1, HUB_DOOR_JOIN, "ana");
    struct ref player = joining();
    struct hub_event event = { .type = HUB_EV_LOCATED };
    event.located.conn = asked;
    step(event);
    CHECK(answered(look) == NULL);
    joined(player, HUB_OK, 1, 0);
    check_answer(look, MSG_queue_queued);
    check_answer(conn, MSG_queue_queued);
    finish();
}

TEST(a_process_that_stops_keeps_nobody)
{
    begin(usual_limits());
    ana_polls();
    struct ref waiting = open_door(1, HUB_DOOR_JOIN, "bob");
    load_player("Bob", 2, 1000, HUB_OK);
    step((struct hub_event){ .type = HUB_EV_DRAIN });
    pass(0);
    CHECK_INT(refused(waiting), 503);
    CHECK_INT(hub_count(hub).tickets, 0);
    CHECK(effect_of(HUB_FX_QUEUE_LEAVE, 0) == NULL); /* another process keeps the place */
    struct ref conn = open_door(2, HUB_DOOR_JOIN, "ana");
    CHECK_INT(refused(conn), 503);
    finish();
}

TEST_MAIN
