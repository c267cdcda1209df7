/* The queue: tickets, what is told, pairs that come to nothing. */
#include "fixture.h"

TEST(waiting_is_told_once_it_is_known_and_then_when_it_changed)
{
    begin(usual_limits());
    int64_t now_ms = (int64_t)(now_us / 1000);
    struct ref conn = open_door(0, HUB_DOOR_QUEUE, "ana");
    load_player("Ana", 1, 1000, HUB_OK);
    CHECK(told(conn, MSG_queued) == NULL);
    const struct matchmaker_ticket *ticket = &wanted(HUB_FX_QUEUE_JOIN)->join.ticket;
    CHECK_INT(ticket->rating, 1000);
    CHECK_INT(ticket->since_ms, now_ms);
    CHECK_INT(wanted(HUB_FX_QUEUE_JOIN)->join.expires_ms, now_ms + 30000);
    struct ref player = joining();
    joined(player, HUB_OK, 3, 0);
    const struct msg_queued *queued = &heard(conn, MSG_queued)->queued;
    CHECK_INT(queued->waiting, 3);
    CHECK_INT(queued->window, 100);
    CHECK_INT(queued->since, now_ms);
    CHECK_INT(queued->expires_at, now_ms + 30000);
    CHECK(queued->eta_ms == MSG_NIL);
    /* The window widens after 5 s: told, and asked again. */
    pass(4999999);
    CHECK(told(conn, MSG_queued) == NULL);
    pass(1);
    CHECK_INT(heard(conn, MSG_queued)->queued.window, 150);
    CHECK_INT(wanted(HUB_FX_QUEUE_JOIN)->join.ticket.since_ms, now_ms);
    joined(player, HUB_OK, 1, 0);
    CHECK(told(conn, MSG_queued) == NULL); /* not twice a second */
    pass(1000000);
    CHECK_INT(heard(conn, MSG_queued)->queued.waiting, 1);
    finish();
}

TEST(nobody_comes_in_time)
{
    begin(usual_limits());
    struct ref conn = open_door(0, HUB_DOOR_QUEUE, "ana");
    load_player("Ana", 1, 1000, HUB_OK);
    struct ref player = joining();
    for (uint32_t i = 0; i < 6; i++) {
        joined(player, HUB_OK, 1, 0);
        pass(5000000);
    }
    CHECK(told(conn, MSG_timeout) != NULL);
    CHECK_INT(ended(conn), 4408);
    CHECK(effect_of(HUB_FX_QUEUE_LEAVE, 0) != NULL);
    CHECK_INT(hub_count(hub).tickets, 0);
    finish();
}

TEST(one_ticket_for_all_tabs_and_the_fifth_replaces_the_first)
{
    struct ref tabs[5];
    begin(usual_limits());
    tabs[0] = open_door(0, HUB_DOOR_QUEUE, "ana");
    load_player("Ana", 1, 1000, HUB_OK);
    struct ref player = joining();
    joined(player, HUB_OK, 1, 0);
    for (uint32_t i = 1; i < 5; i++) {
        tabs[i] = open_door(i, HUB_DOOR_QUEUE, "ana");
        CHECK(told(tabs[i], MSG_queued) != NULL);
        CHECK(effect_of(HUB_FX_QUEUE_JOIN, 0) == NULL);
        CHECK_INT(ended(tabs[0]), i == 4 ? 4409 : 0);
    }
    CHECK_INT(hub_count(hub).tickets, 1);
    say_type(tabs[2], MSG_leave);
    for (uint32_t i = 1; i < 5; i++) {
        CHECK_INT(ended(tabs[i]), 1000);
    }
    CHECK(effect_of(HUB_FX_QUEUE_LEAVE, 0) != NULL);
    finish();
}

TEST(who_comes_back_while_the_old_ticket_is_taken_out_is_joined_after_it)
{
    begin(usual_limits());
    struct ref conn = open_door(0, HUB_DOOR_QUEUE, "ana");
    load_player("Ana", 1, 1000, HUB_OK);
    struct ref player = joining();
    joined(player, HUB_OK, 1, 0);
    gone(conn);
    CHECK(effect_of(HUB_FX_QUEUE_LEAVE, 0) != NULL);
    open_door(1, HUB_DOOR_QUEUE, "ana");
    CHECK(effect_of(HUB_FX_QUEUE_JOIN, 0) == NULL);
    struct hub_event left = { .type = HUB_EV_QUEUE_LEFT };
    left.left.player = player;
    step(left);
    CHECK(ref_equal(joining(), player));
    finish();
}

TEST(a_survivor_is_joined_again_with_the_old_since)
{
    begin(usual_limits());
    int64_t since_ms = (int64_t)(now_us / 1000);
    struct ref conn = open_door(0, HUB_DOOR_QUEUE, "ana");
    load_player("Ana", 1, 1000, HUB_OK);
    struct ref player = joining();
    now_us += 300000;
    joined(player, HUB_OK, 1, 0);
    struct ref gone_one = open_door(1, HUB_DOOR_QUEUE, "bob");
    load_player("Bob", 2, 1000, HUB_OK);
    struct ref bob = joining();
    gone(gone_one);
    joined(bob, HUB_OK, 2, 1);
    CHECK(wanted(HUB_FX_RELEASE) != NULL); /* before the other joins again */
    CHECK(ref_equal(joining(), player));
    CHECK_INT(wanted(HUB_FX_QUEUE_JOIN)->join.ticket.since_ms, since_ms);
    CHECK(ended(conn) == 0 && hub_count(hub).matches == 0);
    finish();
}

TEST(both_are_sent_away_when_no_match_can_be_made)
{
    struct hub_limits limits = usual_limits();
    struct ref match;
    limits.matches_max = 1;
    begin(limits);
    pair(&match);
    struct ref a = open_door(2, HUB_DOOR_QUEUE, "cat");
    load_player("Cat", 3, 1000, HUB_OK);
    joined(joining(), HUB_OK, 1, 0);
    struct ref b = open_door(3, HUB_DOOR_QUEUE, "dan");
    load_player("Dan", 4, 1000, HUB_OK);
    joined(joining(), HUB_OK, 2, 3);
    CHECK_INT(ended(a), 4503);
    CHECK_INT(ended(b), 4503);
    CHECK(noted(HUB_NOTE_FULL));
    finish();
}

TEST(a_player_in_a_live_match_gets_that_match)
{
    struct ref match;
    begin(usual_limits());
    struct uuid id = pair(&match);
    struct ref conn = open_door(5, HUB_DOOR_QUEUE, "ana");
    CHECK(uuid_equal(&heard(conn, MSG_matched)->matched.match, &id));
    CHECK_TEXT(heard(conn, MSG_matched)->matched.opponent.name, "Bob");
    CHECK_INT(heard(conn, MSG_matched)->matched.opponent.rating, 1010);
    CHECK_INT(ended(conn), 1000);
    open_door(6, HUB_DOOR_ME, "ana");
    const struct msg_me *me = &wanted(HUB_FX_REPLY)->send.message.me;
    CHECK(me->has_match && uuid_equal(&me->match.match, &id));
    CHECK_TEXT(me->match.phase, "waiting");
    CHECK_TEXT(me->queue.status, "matched");
    /* No store is needed to find back. */
    store_is(HUB_VALKEY, false);
    struct ref again = open_door(7, HUB_DOOR_QUEUE, "ana");
    CHECK(uuid_equal(&heard(again, MSG_matched)->matched.match, &id));
    CHECK_INT(ended(again), 1000);
    finish();
}

TEST(without_valkey)
{
    begin(usual_limits());
    struct ref conn = open_door(0, HUB_DOOR_QUEUE, "ana");
    load_player("Ana", 1, 1000, HUB_OK);
    struct ref player = joining();
    joined(player, HUB_UNAVAILABLE, 0, 0);
    CHECK_INT(ended(conn), 4503); /* a first join */
    /* It may have happened, so the ticket is taken out. */
    CHECK(effect_of(HUB_FX_QUEUE_LEAVE, 0) != NULL);
    struct hub_event left = { .type = HUB_EV_QUEUE_LEFT };
    left.left.player = player;
    left.left.reply = HUB_UNAVAILABLE;
    step(left);

    struct ref again = open_door(1, HUB_DOOR_QUEUE, "ana");
    joined(joining(), HUB_OK, 1, 0);
    store_is(HUB_VALKEY, false);
    struct ref eve = open_door(2, HUB_DOOR_QUEUE, "eve");
    CHECK_INT(ended(eve), 4503);
    pass(7000000);
    CHECK(effect_of(HUB_FX_QUEUE_JOIN, 0) == NULL);
    CHECK_INT(hub_count(hub).tickets, 1);
    store_is(HUB_VALKEY, true);
    pass(0);
    CHECK(ref_equal(joining(), player));
    joined(player, HUB_UNAVAILABLE, 0, 0); /* a later one: waits on */
    CHECK_INT(ended(again), 0);
    finish();
}

TEST(without_frames) /* */
{
    begin(usual_limits());
    struct ref conn = open_door(0, HUB_DOOR_QUEUE, "ana");
    load_player("Ana", 1, 1000, HUB_OK);
    struct ref player = joining();
    joined(player, HUB_OK, 1, 0);
    store_is(HUB_FRAMES, false);
    struct ref eve = open_door(1, HUB_DOOR_QUEUE, "eve");
    CHECK(heard(eve, MSG_error)->error.until > (int64_t)(now_us / 1000));
    CHECK_INT(ended(eve), 4503);
    CHECK_INT(ended(conn), 0); /* who waits already goes on waiting, without being joined again */
    pass(7000000);
    CHECK(effect_of(HUB_FX_QUEUE_JOIN, 0) == NULL);
    CHECK_INT(hub_count(hub).tickets, 1);
    /* Paired by another node: what that one did is asked for. */
    struct hub_event event = { .type = HUB_EV_NUDGE };
    event.nudged = uuid_random(1, 1);
    step(event);
    joined(joining(), HUB_OK, 1, 0);
    pass(7000000);
    CHECK(effect_of(HUB_FX_QUEUE_JOIN, 0) == NULL);
    store_is(HUB_FRAMES, true);
    step((struct hub_event){ .type = HUB_EV_TICK });
    CHECK(ref_equal(joining(), player));
    finish();
}

TEST(a_pair_that_was_made_when_the_frames_went_away_waits_for_them) /* */
{
    begin(usual_limits());
    struct ref a = open_door(0, HUB_DOOR_QUEUE, "ana");
    load_player("Ana", 1, 1000, HUB_OK);
    joined(joining(), HUB_OK, 1, 0);
    open_door(1, HUB_DOOR_QUEUE, "bob");
    load_player("Bob", 2, 1010, HUB_OK);
    struct ref bob = joining();
    store_is(HUB_FRAMES, false);
    joined(bob, HUB_OK, 2, 1);
    CHECK_INT(ended(a), 1000);
    CHECK(wanted(HUB_FX_FRAME_SEAL)->seal.round == 1);
    CHECK_INT(hub_count(hub).matches, 1);
    finish();
}

TEST(who_came_keeps_the_old_since_when_the_other_did_not)
{
    struct ref match;
    begin(usual_limits());
    int64_t since_ms = (int64_t)(now_us / 1000);
    struct uuid id = pair(&match);
    open_seat(2, &id, 0);
    sealed(match, 1, true);
    pass(30000000);
    open_door(3, HUB_DOOR_QUEUE, "ana");
    CHECK_INT(wanted(HUB_FX_QUEUE_JOIN)->join.ticket.since_ms, since_ms);
    CHECK_INT(wanted(HUB_FX_QUEUE_JOIN)->join.expires_ms,
              (int64_t)(now_us / 1000) + 30000);
    open_door(4, HUB_DOOR_QUEUE, "bob");
    CHECK_INT(wanted(HUB_FX_QUEUE_JOIN)->join.ticket.since_ms, (int64_t)(now_us / 1000));
    finish();
}

/* `a` waits so long for `b`, who is paired at once. Their connections take the places 2 * number
 * and the next. */
static void wait_for(uint32_t number, uint64_t us)
{
    char a[16], b[16];
    (void)snprintf(a, sizeof a, "a%u", number);
    (void)snprintf(b, sizeof b, "b%u", number);
    struct ref first = open_door(2 * number, HUB_DOOR_QUEUE, a);
    load_player("A", 100 + number, 1000, HUB_OK);
    joined(joining(), HUB_OK, 1, 0);
    now_us += us;
    struct ref second = open_door(2 * number + 1, HUB_DOOR_QUEUE, b);
    load_player("B", 200 + number, 1000, HUB_OK);
    joined(joining(), HUB_OK, 2, 100 + number);
    CHECK_INT(ended(first), 1000);
    CHECK_INT(ended(second), 1000);
    gone(first);
    gone(second);
}

/* Somebody comes, is told, and leaves after so long. */
static int64_t eta_told(uint64_t us)
{
    static uint32_t number;
    char name[16];
    number++;
    (void)snprintf(name, sizeof name, "eve%u", number);
    struct ref conn = open_door(30, HUB_DOOR_QUEUE, name);
    load_player("Eve", 300 + number, 1000, HUB_OK);
    joined(joining(), HUB_OK, 1, 0);
    int64_t eta_ms = heard(conn, MSG_queued)->queued.eta_ms;
    now_us += us;
    gone(conn);
    return eta_ms;
}

TEST(R_74_the_expected_wait_is_told_after_eight_waits)
{
    begin(usual_limits());
    for (uint32_t i = 0; i < 7; i++) {
        wait_for(i, 500000 * (i + 1));
    }
    CHECK(eta_told(100000) == MSG_NIL);
    /* Waits of 0.5 to 3.5 s, and some that were given up after 0.1 s and say little. Who was paired
     * at once does not count. */
    for (int i = 0; i < 3; i++) {
        CHECK_INT(eta_told(100000), 3000);
    }
    CHECK_INT(eta_told(4000000), 3000);
    /* Longer than all. */
    CHECK_INT(eta_told(0), 3500);
    finish();
}

TEST(R_74_a_match_that_was_none_is_no_wait)
{
    struct ref match;
    struct hub_limits limits = usual_limits();
    limits.matches_max = 16;
    begin(limits);
    struct uuid id = pair(&match); /* at once */
    open_seat(2, &id, 0);
    sealed(match, 1, true);
    pass(30000000);
    for (uint32_t i = 3; i < 10; i++) {
        wait_for(i, 500000 * (i - 2));
    }
    struct ref ana = open_door(24, HUB_DOOR_QUEUE, "ana");
    CHECK(wanted(HUB_FX_QUEUE_JOIN)->join.ticket.since_ms < (int64_t)(now_us / 1000) - 30000);
    joined(joining(), HUB_OK, 1, 0);
    now_us += 1000000;
    open_door(25, HUB_DOOR_QUEUE, "cat");
    load_player("Cat", 3, 1000, HUB_OK);
    joined(joining(), HUB_OK, 2, 1);
    CHECK_INT(ended(ana), 1000);
    CHECK_INT(eta_told(0), 3000); /* seven from 0.5 to 3.5 s and one of 1 s */
    finish();
}

TEST(who_is_to_ask_again_later_does_so_soon)
{
    begin(usual_limits());
    struct ref conn = open_door(0, HUB_DOOR_QUEUE, "ana");
    load_player("Ana", 1, 1000, HUB_OK);
    struct hub_event event = { .type = HUB_EV_QUEUE };
    event.queue.player = joining();
    event.queue.waiting = 1;
    event.queue.later = true;
    step(event);
    CHECK(told(conn, MSG_queued) != NULL);
    pass(249999);
    CHECK(effect_of(HUB_FX_QUEUE_JOIN, 0) == NULL);
    pass(1);
    joined(joining(), HUB_OK, 1, 0); /* not to ask again: only to renew the ticket */
    pass(4999999);
    CHECK(effect_of(HUB_FX_QUEUE_JOIN, 0) == NULL);
    finish();
}

TEST_MAIN
