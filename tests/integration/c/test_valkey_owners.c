/* Whose a live match is in Valkey: sought, taken over from the dead, forgotten, stored. Needs
 * VALKEY_URL; see valkey_server.h and valkey_world.h. */
#include "valkey_world.h"

/* ---- seeking ---- */

static void check_sought(uint32_t index, uint32_t match, enum hub_place place, const char *node)
{
    struct hub_event_sought sought = seek_at(index, match);
    CHECK_INT(sought.reply, HUB_OK);
    CHECK_INT(sought.place, place);
    CHECK_TEXT(sought.node, node);
}

TEST(a_match_is_sought)
{
    set_up_processes();
    check_sought(0, 1, HUB_NOWHERE, "");
    CHECK_INT(save_at(0, 1, 10, true).reply, HUB_OK);
    check_sought(1, 1, HUB_ELSEWHERE, "a");
    CHECK(seek_at(0, 1).copy.fence == 10); /* still its own */
    CHECK_TEXT(locate_at(1, 1).node, "a");
    CHECK(locate_at(0, 1).node.data == NULL);
    CHECK_TEXT(locate_at(0, 2).phase, "round");
    check_sought(2, 1, HUB_OURS, ""); /* the newer process of the same node */
    CHECK(fence_of(1) > 10);
    check_sought(0, 1, HUB_SUCCESSOR, "");
    (void)lease_at(0);
    CHECK_INT(world_hub.records_count, 2);
    CHECK(world_hub.records[0].event.lost.node.data == NULL);
    uint64_t before = fence_of(1);
    die(2);
    check_sought(1, 1, HUB_OURS, "");
    CHECK(fence_of(1) > before);
    CHECK_STRING(server_ask("EXISTS duel:owned:%s duel:owned:%s", boot_of(0), boot_of(2)), "0");
    CHECK_STRING(server_ask("HGET duel:match:%s dormant", match_name(1)), "1");
    tear_down_processes();
}

/* Found by review: a process that slept stores the end of a match that goes on elsewhere. */
TEST(a_result_with_a_lower_fence_leaves_alone_what_is_played)
{
    set_up_processes();
    struct hub_result result;
    make_result(&result, 1);
    result.fence = 10;
    CHECK_INT(save_at(1, 1, 20, true).reply, HUB_OK);
    CHECK_INT(publish_at(0, &result, 1000), HUB_OK);
    CHECK_INT(fence_of(1), 20);
    CHECK_INT(save_at(1, 1, 20, true).reply, HUB_OK);
    tear_down_processes();
}

TEST(nothing_is_taken_for_a_stranger)
{
    set_up_processes();
    CHECK_INT(save_at(0, 1, 10, true).reply, HUB_OK);
    die(0);
    asked = &processes[1];
    struct hub_effect *effect = world_ask(HUB_FX_SEEK);
    effect->seek.conn = (struct ref){ 5, 1 };
    effect->seek.match = match_id(1);
    effect->seek.player = player_id(3);
    CHECK_INT(answer_of(HUB_EV_SOUGHT)->event.sought.place, HUB_FOREIGN);
    CHECK_INT(fence_of(1), 10);
    tear_down_processes();
}

/* Found by chaos: Valkey was away, and one node was back at it before the other. */
TEST(after_valkey_was_away_a_lease_that_ran_out_is_not_believed)
{
    set_up_processes();
    CHECK_INT(save_at(0, 1, 10, true).reply, HUB_OK);
    die(0);
    (void)server_ask("ZADD duel:boots 1 %s", boot_of(0));
    (void)server_ask("SET duel:settling:%s 1", boot_of(1));
    check_sought(1, 1, HUB_SUCCESSOR, "");
    CHECK(!join_at(1, 1, 1000).ours);
    CHECK_INT(sweep_at(1)->reply, HUB_OK);
    CHECK_INT(world_hub.records_count, 1);
    CHECK_INT(fence_of(1), 10);
    settle(1);
    (void)sweep_at(1);
    CHECK_INT(world_hub.records_count, 2);
    tear_down_processes();
}

TEST(a_sweep_takes_no_more_than_there_is_room_for)
{
    set_up_processes();
    for (uint32_t match = 1; match <= 5; match++) {
        CHECK_INT(save_at(0, match, 10, true).reply, HUB_OK);
    }
    die(0);
    asked = &processes[2]; /* of the same node */
    world_ask(HUB_FX_SWEEP)->sweep.max = 2;
    CHECK(answer_of(HUB_EV_SWEPT)->event.swept.more);
    CHECK_INT(world_hub.records_count, 3);
    tear_down_processes();
}

TEST(a_match_that_was_made_for_another_node_is_taken_there)
{
    set_up_processes();
    (void)lease_with(0, 5, false);
    (void)join_at(0, 1, 1000);
    CHECK_TEXT(join_at(0, 2, 1000).node, "b");
    CHECK_TEXT(locate_at(0, 1).node, "b");
    CHECK(locate_at(1, 1).node.data == NULL);
    struct hub_event_sought sought = seek_at(1, 2);
    CHECK(sought.place == HUB_OURS && sought.copy.data.data == NULL);
    CHECK_TEXT(sought.copy.card[1], "c1");
    CHECK_TEXT(sought.copy.card[0], "c2");
    check_sought(0, 2, HUB_ELSEWHERE, "b");
    die(1);
    struct hub_event_queue again = join_at(0, 1, 1000); /* nobody lives there: it is taken */
    CHECK(again.matched && again.ours && again.copy.fence > sought.copy.fence);
    tear_down_processes();
}

/* Else the two of a rolling deployment would take it from each other, again and again. */
TEST(a_match_goes_to_the_newer_process_of_the_same_node)
{
    set_up_processes();
    CHECK_INT(save_at(0, 1, 10, true).reply, HUB_OK);
    check_sought(2, 1, HUB_OURS, ""); /* from one that lives: it is told */
    CHECK_STRING(server_ask("LLEN duel:lost:%s", boot_of(0)), "1");
    CHECK_INT(save_at(0, 1, 10, true).reply, HUB_REFUSED); /* though it has players */
    (void)lease_at(0);
    CHECK_INT(world_hub.records_count, 2);
    die(2);
    CHECK_INT(save_at(0, 1, 10, true).reply, HUB_OK); /* nobody came there */
    tear_down_processes();
}

/* ---- sweeping ---- */

static uint32_t sweep_all(uint32_t index)
{
    uint32_t taken = 0;
    for (bool more = true; more;) {
        more = sweep_at(index)->event.swept.more;
        for (uint32_t i = 0; i + 1 < world_hub.records_count; i++) {
            CHECK_INT(world_hub.records[i].type, HUB_EV_TAKEN);
            CHECK_TEXT(world_hub.records[i].event.taken.copy.data, "data");
        }
        taken += world_hub.records_count - 1;
    }
    return taken;
}

TEST(what_the_dead_leave_is_taken)
{
    set_up_processes();
    for (uint32_t match = 1; match <= 40; match++) {
        CHECK_INT(save_at(0, match, match, true).reply, HUB_OK);
    }
    CHECK_INT(sweep_all(1) + sweep_all(2), 0);
    die(0);
    CHECK_INT(sweep_all(1), 0); /* of another node: not yet */
    CHECK(sweep_at(2)->event.swept.more); /* 16 at a call */
    CHECK_INT(world_hub.records_count, 17);
    CHECK(world_hub.records[0].event.taken.copy.fence > 1000);
    die_long_ago(0);
    CHECK_INT(sweep_all(1), 24);
    CHECK_INT(sweep_all(2), 0);
    CHECK_STRING(server_ask("SCARD duel:owned:%s", boot_of(2)), "16");
    CHECK_STRING(server_ask("SCARD duel:owned:%s", boot_of(1)), "24");
    CHECK_STRING(server_ask("ZSCORE duel:boots %s", boot_of(0)), ""); /* forgotten */
    (void)lease_at(0);
    CHECK_INT(world_hub.records_count, 1); /* it was dead: its saves tell it */
    CHECK(!world_hub.records[0].event.leased.was_there);
    tear_down_processes();
}

TEST(what_was_taken_and_not_told_is_told_again)
{
    set_up_processes();
    for (uint32_t match = 1; match <= 20; match++) {
        CHECK_INT(save_at(0, match, match, true).reply, HUB_OK);
    }
    die(0);
    CHECK(sweep_at(2)->event.swept.more);
    valkey_set_swept(processes[2].valkey, false); /* the answer was lost */
    CHECK(sweep_at(2)->event.swept.more);
    CHECK_INT(world_hub.records_count, 17); /* the same */
    CHECK_INT(sweep_all(2), 4);
    CHECK_INT(sweep_all(2), 0);
    CHECK_STRING(server_ask("EXISTS duel:taken:%s", boot_of(2)), "0");
    tear_down_processes();
}

TEST(not_everything_in_the_list_of_the_dead_is_taken)
{
    set_up_processes();
    (void)join_at(0, 11, 1000);
    CHECK(join_at(0, 12, 1000).ours); /* match 12: never begun */
    CHECK_INT(save_at(0, 1, 1, true).reply, HUB_OK);
    CHECK_INT(save_at(0, 2, 2, true).reply, HUB_OK);
    CHECK_INT(save_at(0, 3, 3, true).reply, HUB_OK);
    struct hub_effect *handed = ask_save(0, 4, 4);
    handed->save.hand_over = true;
    CHECK_INT(saved().reply, HUB_OK);
    ask_save(0, 5, 5)->save.over = true; /* its result is stored once more */
    CHECK_INT(saved().reply, HUB_OK);
    (void)server_ask("DEL duel:match:%s", match_name(1));
    (void)server_ask("HSET duel:match:%s owner %s node b", match_name(2), boot_of(1));
    (void)server_ask("SADD duel:owned:%s nonsense", boot_of(0));
    die(0);
    CHECK_INT(sweep_all(2), 3); /* 3, 4 and 5 */
    CHECK_STRING(owner_of(2), boot_of(1));
    CHECK_STRING(owner_of(3), boot_of(2));
    CHECK_STRING(owner_of(4), boot_of(2));
    CHECK_STRING(owner_of(5), boot_of(2));
    CHECK_STRING(owner_of(12), boot_of(0));
    CHECK_STRING(server_ask("EXISTS duel:owned:%s", boot_of(0)), "0");
    CHECK_INT(save_at(0, 6, 6, true).reply, HUB_OK);
    (void)server_ask("DEL duel:owned:%s", boot_of(0)); /* evicted: players find it themselves */
    CHECK_INT(sweep_all(2), 0);
    CHECK_INT(seek_at(2, 6).place, HUB_OURS);
    tear_down_processes();
}

/* ---- lease, release, publish ---- */

TEST(a_lease_tells_when_it_was_gone)
{
    set_up_processes();
    CHECK(lease_at(0)->event.leased.was_there);
    (void)server_ask("FLUSHALL");
    CHECK(!lease_at(0)->event.leased.was_there);
    CHECK(!lease_at(0)->event.leased.was_there); /* until it says that it knows */
    CHECK(lease_told(0, 0, false, false)->event.leased.was_there);
    CHECK_STRING(server_ask("HGET duel:players:%s whole", boot_of(0)), "0");
    CHECK(lease_at(0)->event.leased.was_there);
    CHECK_STRING(server_ask("HGET duel:players:%s whole", boot_of(0)), "1");
    (void)server_ask("DEL duel:players:%s", boot_of(0));
    CHECK(!lease_at(0)->event.leased.was_there);
    tell_at(0);
    CHECK(atoi(server_ask("PTTL duel:lease:%s", boot_of(0))) > 50000);
    CHECK_STRING(server_ask("HGET duel:lease:%s node", boot_of(0)), "a");
    valkey_end_lease(processes[0].valkey); /* the loop does not run any more */
    uint32_t looks = 0;
    while (atoi(server_ask("EXISTS duel:lease:%s", boot_of(0))) == 1) {
        CHECK(looks++ < 100000);
    }
    tear_down_processes();
}

TEST(a_match_that_came_to_nothing_is_forgotten)
{
    set_up_processes();
    CHECK_INT(save_at(0, 1, 10, true).reply, HUB_OK);
    (void)server_ask("SET duel:playing:%s other", name(2));
    CHECK_INT(release_at(0, 1), HUB_OK);
    CHECK_STRING(server_ask("EXISTS duel:match:%s duel:playing:%s duel:owned:%s", match_name(1),
                            name(1), boot_of(0)), "0");
    CHECK_STRING(playing(2), "other");
    CHECK_INT(release_at(0, 1), HUB_OK);
    CHECK_INT(save_at(1, 1, 10, true).reply, HUB_REFUSED); /* by one who had it before */
    CHECK_INT(save_at(0, 2, 10, true).reply, HUB_OK);
    CHECK_INT(release_at(1, 2), HUB_OK); /* not its own */
    CHECK_STRING(owner_of(2), boot_of(0));
    CHECK_STRING(playing(1), match_name(2));
    tear_down_processes();
}

TEST(a_stored_match_can_be_looked_at_for_a_while)
{
    struct hub_result result;
    set_up_processes();
    for (uint32_t match = 1; match <= 3; match++) { /* 3 is not over: an older copy */
        CHECK_INT(save_at(0, match, 10, true).reply, HUB_OK);
        ask_save(0, match, 10)->save.over = match != 3;
        CHECK_INT(saved().reply, HUB_OK);
        make_result(&result, match);
        CHECK_INT(publish_at(0, &result, match == 2 ? 0 : 30000), HUB_OK);
        bool stays = match == 1;
        CHECK_STRING(server_ask("EXISTS duel:match:%s", match_name(match)), stays ? "1" : "0");
        CHECK_STRING(server_ask("EXISTS duel:playing:%s duel:playing:%s duel:owned:%s", name(1),
                                name(2), boot_of(0)), "0");
    }
    CHECK(atoi(server_ask("PTTL duel:match:%s", match_name(1))) <= 30000);
    CHECK_STRING(server_ask("XLEN duel:events"), "3");
    tear_down_processes();
}

TEST(nobody_plays_on_what_is_stored)
{
    struct hub_result result;
    set_up_processes();
    CHECK_INT(save_at(1, 1, 10, true).reply, HUB_OK);
    make_result(&result, 1);
    CHECK_INT(publish_at(0, &result, 30000), HUB_OK);
    CHECK_STRING(server_ask("EXISTS duel:match:%s duel:owned:%s", match_name(1), boot_of(1)), "0");
    (void)lease_at(1);
    CHECK_INT(world_hub.records_count, 2);
    CHECK(is_match(world_hub.records[0].event.lost.match, 1));
    CHECK(world_hub.records[0].event.lost.node.data == NULL);
    CHECK_INT(save_at(1, 1, 10, true).reply, HUB_REFUSED); /* also when it missed that */
    ask_save(1, 1, 10)->save.over = true;
    CHECK_INT(saved().reply, HUB_OK);
    CHECK_STRING(server_ask("EXISTS duel:match:%s", match_name(1)), "0");
    tear_down_processes();
}

/* ---- late calls ---- */

TEST(a_call_of_an_earlier_connection_does_nothing)
{
    set_up_processes();
    CHECK_STRING(server_ask("GET duel:conn:%s", boot_of(0)), "1");
    CHECK_INT(save_at(0, 1, 10, true).reply, HUB_OK);
    (void)server_ask("SET duel:conn:%s 2", boot_of(0)); /* there is a later one */
    CHECK_INT(release_at(0, 1), HUB_UNAVAILABLE);
    CHECK_STRING(owner_of(1), boot_of(0));
    CHECK(!asked_is_up() && world_run(asked_is_up)); /* given up: the next is a later one */
    CHECK_STRING(server_ask("GET duel:conn:%s", boot_of(0)), "2");
    CHECK_INT(release_at(0, 1), HUB_OK);
    CHECK_STRING(server_ask("EXISTS duel:match:%s", match_name(1)), "0");
    tear_down_processes();
}

TEST_MAIN
