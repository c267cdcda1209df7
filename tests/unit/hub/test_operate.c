/* What operators do: bans, void matches, a notice, no new matches. */
#include <duel/hub/saved.h> /* before the fixture, whose names it would shadow */
#include "fixture.h"
#include <duel/hub/view.h>

static struct ref match_ref;
static struct uuid match_id;
static struct ref seats[2];

static void act(struct hub_event_act what)
{
    step((struct hub_event){ .type = HUB_EV_ACT, .act = what });
}

static void ban(uint64_t player, int64_t until_ms)
{
    act((struct hub_event_act){ .act = HUB_ACT_BAN, .id = uuid_random(player, player),
                                .until_ms = until_ms });
}

static void notice(const char *text, int64_t until_ms)
{
    act((struct hub_event_act){ .act = HUB_ACT_NOTICE, .until_ms = until_ms,
                                .text = text_from(text) });
}

/* Ana and Bob in round 1. */
static void begin_round(void)
{
    begin(usual_limits());
    match_id = pair(&match_ref);
    sealed(match_ref, 1, true);
    seats[0] = open_seat(10, &match_id, 0);
    seats[1] = open_seat(11, &match_id, 1);
    pass(7000000);
    CHECK_INT(hub_count(hub).matches_by_phase[MATCH_ROUND], 1);
}

static int64_t in_an_hour_ms(void)
{
    return (int64_t)(now_us / 1000) + 3600000;
}

TEST(a_ban_forfeits_the_match_and_closes_the_socket_once)
{
    begin_round();
    int64_t until_ms = in_an_hour_ms();
    ban(1, until_ms);
    CHECK_INT(ended(seats[0]), 4403);
    CHECK_TEXT(heard(seats[0], MSG_error)->error.code, "BANNED");
    CHECK_INT(heard(seats[0], MSG_error)->error.until, until_ms);
    CHECK_INT(ended(seats[1]), 0);
    CHECK_INT(hub_count(hub).matches, 0);
    CHECK(noted(HUB_NOTE_PLAYER_BANNED));
    ban(1, until_ms); /* heard again */
    CHECK(!noted(HUB_NOTE_PLAYER_BANNED));
    finish();
}

TEST(who_is_banned_is_refused_until_it_is_over_or_taken_back)
{
    begin(usual_limits());
    struct ref queue = open_door(0, HUB_DOOR_QUEUE, "ana");
    load_player("Ana", 1, 1000, HUB_OK);
    joined(joining(), HUB_OK, 1, 0);
    ban(1, HUB_FOR_EVER);
    CHECK_INT(heard(queue, MSG_error)->error.until, MSG_NIL);
    CHECK_INT(ended(queue), 4403);
    CHECK(effect_of(HUB_FX_QUEUE_LEAVE, 0) != NULL);
    struct ref again = open_door(1, HUB_DOOR_QUEUE, "ana");
    CHECK_INT(ended(again), 4403);
    open_door(2, HUB_DOOR_JOIN, "ana");
    CHECK_INT(wanted(HUB_FX_REPLY_ERROR)->reply_error.status, 403);
    act((struct hub_event_act){ .act = HUB_ACT_UNBAN, .id = uuid_random(1, 1) });
    again = open_door(3, HUB_DOOR_QUEUE, "ana");
    CHECK_INT(ended(again), 0);
    ban(1, in_an_hour_ms());
    CHECK_INT(ended(again), 4403);
    now_us += UINT64_C(3600000000);
    again = open_door(4, HUB_DOOR_QUEUE, "ana");
    CHECK_INT(ended(again), 0);
    finish();
}

TEST(a_ban_comes_with_the_player_and_holds_who_polls_and_who_is_being_loaded)
{
    begin(usual_limits());
    struct ref conn = open_door(0, HUB_DOOR_QUEUE, "ana");
    struct hub_event event = { .type = HUB_EV_PLAYER };
    event.player.player = wanted(HUB_FX_LOAD_PLAYER)->load.player;
    event.player.id = uuid_random(1, 1);
    event.player.name = TEXT("Ana");
    event.player.banned_until_ms = HUB_FOR_EVER;
    step(event);
    CHECK_INT(ended(conn), 4403);
    open_door(1, HUB_DOOR_JOIN, "bob");
    load_player("Bob", 2, 1000, HUB_OK);
    joined(joining(), HUB_OK, 1, 0);
    CHECK_INT(hub_count(hub).tickets, 1);
    ban(2, HUB_FOR_EVER);
    CHECK_INT(hub_count(hub).tickets, 0);
    finish();
}

TEST(a_void_match_ends_for_both_and_nobody_has_left_early)
{
    begin_round();
    act((struct hub_event_act){ .act = HUB_ACT_VOID, .id = match_id });
    CHECK(noted(HUB_NOTE_MATCH_VOIDED));
    CHECK(effect_of(HUB_FX_LEFT, 0) == NULL);
    for (uint32_t slot = 0; slot < 2; slot++) {
        CHECK_TEXT(heard(seats[slot], MSG_error)->error.code, "MATCH_VOID");
        CHECK_INT(ended(seats[slot]), 0);
    }
    CHECK_INT(hub_count(hub).matches, 0);
    CHECK_INT(hub_count(hub).ended[HUB_ENDED_VOID], 1);
    act((struct hub_event_act){ .act = HUB_ACT_VOID, .id = match_id });
    CHECK(!noted(HUB_NOTE_MATCH_VOIDED));
    finish();
}

TEST(a_notice_is_told_once_to_each_and_behind_the_welcome)
{
    begin_round();
    notice("Back soon", in_an_hour_ms());
    pass(0);
    step((struct hub_event){ .type = HUB_EV_TICK });
    struct ref late = open_seat(12, &match_id, 0);
    CHECK_TEXT(heard(late, MSG_notice)->notice.message, "Back soon");
    CHECK(effects[effects_count - 1]->type != HUB_FX_SEND ||
          effects[effects_count - 1]->send.message.type != MSG_welcome);
    notice("Back soon", in_an_hour_ms()); /* heard again */
    notice("", HUB_FOR_EVER);
    step((struct hub_event){ .type = HUB_EV_TICK });
    CHECK(heard(late, MSG_notice)->notice.message.data == NULL);
    step((struct hub_event){ .type = HUB_EV_TICK });
    CHECK(told(late, MSG_notice) == NULL);
    notice("Late", (int64_t)(now_us / 1000) + 10);
    pass(20000);
    late = open_seat(13, &match_id, 1);
    CHECK(told(late, MSG_welcome) != NULL && told(late, MSG_notice) == NULL);
    finish();
}

TEST(a_closed_node_sends_away_who_waits_and_plays_on)
{
    begin_round();
    struct ref queue = open_door(0, HUB_DOOR_QUEUE, "cid");
    load_player("Cid", 3, 3000, HUB_OK);
    joined(joining(), HUB_OK, 1, 0);
    act((struct hub_event_act){ .act = HUB_ACT_CLOSE });
    CHECK(hub_is_closed(hub));
    step((struct hub_event){ .type = HUB_EV_TICK });
    CHECK_INT(ended(queue), 4503);
    CHECK_INT(hub_count(hub).matches, 1);
    CHECK_INT(ended(open_door(1, HUB_DOOR_QUEUE, "cid")), 4503);
    act((struct hub_event_act){ .act = HUB_ACT_REOPEN });
    CHECK_INT(ended(open_door(2, HUB_DOOR_QUEUE, "cid")), 0);
    finish();
}

TEST(operators_see_where_a_match_stands)
{
    struct hub_view view;
    uint32_t index = 0;
    begin_round();
    CHECK(hub_view_next(hub, &index, &view));
    CHECK(uuid_equal(&view.match, &match_id));
    CHECK_TEXT(view.phase, "round");
    CHECK_INT(view.round, 1);
    CHECK(view.seats[0].connected && view.seats[1].connected);
    CHECK(!hub_view_next(hub, &index, &view));
    CHECK(hub_view_match(hub, &match_id, &view));
    struct uuid other = uuid_random(77, 77);
    CHECK(!hub_view_match(hub, &other, &view));
    finish();
}

TEST_MAIN
