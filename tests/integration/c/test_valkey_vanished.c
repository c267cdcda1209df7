/* Keys of a live match vanish: its players are in it all the same, whichever node they come to.
 * Needs VALKEY_URL; see valkey_server.h and valkey_world.h. */
#include "valkey_world.h"

static bool is_nudged(void)
{
    return world_hub.nudges > 0;
}

/* Players 1 and 2 play match 1 at process 0, node a; all listen. */
static void set_up(void)
{
    set_up_processes();
    for (uint32_t i = 0; i < PROCESSES_MAX; i++) {
        CHECK(run_until_it_listens(i));
    }
    CHECK_INT(save_at(0, 1, 10, true).reply, HUB_OK);
    CHECK_INT(join_at(1, 3, 1000).waiting, 1); /* somebody whom they would be paired with */
    world_hub.nudges = 0;
}

/* Process 0 is told that the match is to be saved again, and does it. */
static void save_again(void)
{
    CHECK(world_run(is_nudged));
    CHECK(lease_at(0)->event.leased.was_there);
    CHECK_INT(world_hub.records_count, 2);
    CHECK(is_match(world_hub.records[0].event.lost.match, 1));
    CHECK(world_hub.records[0].event.lost.vanished);
    CHECK_INT(save_at(0, 1, 10, true).reply, HUB_OK);
}

static void check_own(uint32_t player)
{
    struct hub_event_queue queue = join_at(1, player, 1000);
    CHECK(queue.matched && is_match(queue.match, 1) && !queue.ours && !queue.later);
    CHECK_TEXT(queue.node, "a");
}

TEST(the_players_own_key)
{
    set_up();
    (void)server_ask("DEL duel:playing:%s duel:playing:%s", name(1), name(2));
    check_own(1);
    CHECK(is_match(locate_at(1, 2).match, 1));
    (void)server_ask("DEL duel:boots"); /* another loss, and too much; until the next renewal: */
    (void)lease_at(0);
    check_own(2);
    tear_down_processes();
}

TEST(the_key_of_the_match)
{
    set_up();
    (void)server_ask("DEL duel:match:%s", match_name(1));
    struct hub_event_queue queue = join_at(1, 1, 1000);
    CHECK(!queue.matched && queue.later);
    CHECK(!locate_at(1, 2).found);
    CHECK(!join_at(2, 4, 1000).later); /* who has nothing to do with it: is paired with 3 */
    (void)server_ask("DEL duel:playing:%s", name(4));
    save_again();
    check_own(1);
    check_own(2);
    tear_down_processes();
}

TEST(a_waiting_ticket_of_one_whose_match_is_missed_is_not_paired)
{
    set_up();
    (void)server_ask("DEL duel:match:%s duel:ticket:%s", match_name(1), name(3));
    (void)server_ask("ZADD duel:queue 1000 %s", name(1)); /* left over from before */
    (void)server_ask("ZADD duel:queue:since 1 %s", name(1));
    (void)server_ask("HSET duel:ticket:%s since 1 last x expires 99999999999999 card c boot %s",
                     name(1), boot_of(1));
    CHECK(!join_at(1, 4, 1000).matched);
    CHECK_STRING(server_ask("EXISTS duel:ticket:%s", name(1)), "0");
    tear_down_processes();
}

TEST(who_comes_to_play_it_elsewhere_is_sent_to_its_owner)
{
    set_up();
    (void)server_ask("DEL duel:match:%s", match_name(1));
    struct hub_event_sought sought = seek_at(1, 1);
    CHECK_INT(sought.place, HUB_ELSEWHERE);
    CHECK_TEXT(sought.node, "a");
    CHECK_INT(seek_at(2, 1).place, HUB_SUCCESSOR); /* of the same node */
    save_again();
    CHECK_INT(seek_at(1, 1).place, HUB_ELSEWHERE);
    (void)server_ask("DEL duel:match:%s", match_name(1));
    CHECK_INT(seek_at(0, 1).place, HUB_NOWHERE); /* the owner itself does not know it any more */
    CHECK_INT(seek_at(1, 1).place, HUB_NOWHERE);
    tear_down_processes();
}

TEST(an_owner_that_does_not_save_it_again_is_not_waited_for_for_long)
{
    set_up();
    (void)server_ask("DEL duel:match:%s", match_name(1));
    CHECK(join_at(1, 1, 1000).later);
    CHECK(join_at(1, 1, 1000).later);
    (void)server_ask("HSET duel:players:%s %s %s", boot_of(0), name(1),
                     "00000001-0000-4001-8000-000000000001 1"); /* as three seconds later */
    CHECK(join_at(1, 1, 1000).matched);
    CHECK_STRING(server_ask("HEXISTS duel:players:%s %s", boot_of(0), name(1)), "0");
    tear_down_processes();
}

TEST(what_a_process_has_noted)
{
    set_up();
    (void)server_ask("DEL duel:players:%s", boot_of(0));
    check_own(1); /* the other key is there */
    CHECK(!lease_at(0)->event.leased.was_there);
    CHECK_INT(save_at(0, 1, 10, true).reply, HUB_OK);
    tell_at(0);
    (void)server_ask("DEL duel:playing:%s", name(1));
    check_own(1);
    tear_down_processes();
}

TEST(notes_go_when_the_match_is_over_or_another_s)
{
    set_up();
    CHECK_INT(seek_at(2, 1).place, HUB_OURS); /* the newer process of the same node */
    CHECK_STRING(server_ask("HGET duel:players:%s %s", boot_of(0), name(1)), "");
    CHECK_STRING(server_ask("HGET duel:players:%s %s", boot_of(2), name(1)), match_name(1));
    ask_save(2, 1, fence_of(1))->save.over = true;
    CHECK_INT(saved().reply, HUB_OK);
    CHECK_STRING(server_ask("HKEYS duel:players:%s", boot_of(2)), "whole");
    CHECK_INT(save_at(0, 5, 10, true).reply, HUB_OK);
    CHECK_INT(release_at(0, 5), HUB_OK);
    CHECK_STRING(server_ask("HKEYS duel:players:%s", boot_of(0)), "whole");
    tear_down_processes();
}

TEST(everything)
{
    set_up();
    (void)server_ask("FLUSHALL");
    CHECK(join_at(1, 1, 1000).later && join_at(1, 4, 1000).later); /* who plays is not known */
    CHECK_INT(seek_at(1, 1).place, HUB_SUCCESSOR);
    tell_at(1);
    tell_at(2);
    CHECK(!lease_at(0)->event.leased.was_there);
    CHECK(join_at(1, 1, 1000).later);
    CHECK(lease_told(0, 1, false, false)->event.leased.was_there);
    CHECK(join_at(1, 4, 1000).later);
    CHECK_INT(save_at(0, 1, 10, true).reply, HUB_OK);
    CHECK(lease_at(0)->event.leased.was_there);
    check_own(1);
    CHECK(!join_at(1, 2, 1000).later);
    CHECK_STRING(server_ask("ZRANGE duel:queue 0 -1"), name(4));
    CHECK(is_match(join_at(1, 3, 1000).match, 3));
    tear_down_processes();
}

TEST(everything_and_one_who_is_frozen)
{
    set_up();
    (void)server_ask("FLUSHALL");
    tell_at(1);
    tell_at(2);
    (void)join_at(1, 3, 1000);
    CHECK(join_at(1, 4, 1000).later);
    (void)server_ask("SET duel:since 1"); /* as three seconds later */
    CHECK(join_at(1, 4, 1000).matched);
    (void)server_ask("SET duel:since 99999999999999"); /* garbage: it counts as missing */
    CHECK(join_at(1, 6, 1000).later);
    tear_down_processes();
}

TEST_MAIN
