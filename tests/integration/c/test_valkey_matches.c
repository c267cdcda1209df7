/* Live matches in Valkey as they are made and kept: pairs and where they are placed, nudges, saves.
 * Needs VALKEY_URL; see valkey_server.h and valkey_world.h. */
#include "valkey_world.h"

/* ---- pairs ---- */

TEST(a_match_is_there_at_once_with_both_cards)
{
    set_up_processes();
    (void)join_at(0, 1, 1000);
    struct hub_event_queue queue = join_at(0, 2, 1000);
    CHECK(queue.matched && queue.ours && is_match(queue.match, 2));
    CHECK_INT(queue.slot, 0);
    CHECK_TEXT(queue.node, "a");
    CHECK_TEXT(queue.copy.card[0], "c2");
    CHECK_TEXT(queue.copy.card[1], "c1");
    CHECK(queue.copy.data.data == NULL);
    CHECK(queue.copy.fence == fence_of(2) && queue.copy.fence > UINT64_C(1700000000000000));
    CHECK_STRING(owner_of(2), boot_of(0));
    CHECK_STRING(playing(1), match_name(2));
    CHECK_STRING(playing(2), match_name(2));
    CHECK(atoi(server_ask("TTL duel:match:%s", match_name(2))) > 100);
    CHECK(atoi(server_ask("TTL duel:playing:%s", name(1))) > 100);
    CHECK_STRING(server_ask("SMEMBERS duel:owned:%s", boot_of(0)), match_name(2));
    tear_down_processes();
}

TEST(who_is_in_a_match_gets_that_match_again)
{
    set_up_processes();
    (void)join_at(0, 1, 1000);
    (void)join_at(1, 3, 1000); /* the least loaded is the caller on a tie: b has it */
    for (uint32_t times = 0; times < 2; times++) { /* as after a lost answer */
        struct hub_event_queue one = join_at(0, 1, 1000), three = join_at(1, 3, 1200);
        CHECK(one.matched && is_match(one.match, 3) && !one.ours && one.slot == 0);
        CHECK_TEXT(one.node, "b");
        CHECK(three.matched && is_match(three.match, 3) && three.ours && three.slot == 1);
        CHECK_INT(three.waiting, 0);
        CHECK(three.copy.fence == fence_of(3));
    }
    CHECK_STRING(server_ask("EXISTS duel:ticket:%s duel:ticket:%s", name(1), name(3)), "0");
    ask_save(1, 3, fence_of(3))->save.over = true; /* and not once it is over */
    CHECK_INT(saved().reply, HUB_OK);
    (void)server_ask("SET duel:playing:%s %s", name(1), match_name(3));
    CHECK(!join_at(0, 1, 1000).matched);
    tear_down_processes();
}

TEST(an_older_place_in_the_queue_is_kept)
{
    set_up_processes();
    int64_t now = SINCE_MS;
    (void)ask_join(1, 1000, now - 7000, now + 20000);
    CHECK(answer_of(HUB_EV_QUEUE)->event.queue.since_ms == now - 7000);
    asked = &processes[1]; /* the process died, and the player came to another */
    (void)ask_join(1, 1000, now, now + 30000);
    CHECK(answer_of(HUB_EV_QUEUE)->event.queue.since_ms == now - 7000);
    CHECK(atoll(server_ask("ZSCORE duel:queue:since %s", name(1))) == now - 7000);
    CHECK_STRING(server_ask("HGET duel:ticket:%s boot", name(1)), boot_of(1));
    (void)server_ask("HSET duel:ticket:%s expires 5", name(1)); /* it was over long ago */
    (void)ask_join(1, 1000, now, now + 30000);
    CHECK(answer_of(HUB_EV_QUEUE)->event.queue.since_ms == now);
    tear_down_processes();
}

TEST(a_pair_is_placed_on_who_has_least_to_do)
{
    set_up_processes();
    (void)lease_with(0, 5, false);
    (void)lease_with(1, 3, false);
    CHECK(run_until_it_listens(0));
    static const char *const nodes[] = { "b", "b", "a", "b" }; /* ties are the caller's */
    for (uint32_t i = 0; i < 4; i++) {
        uint32_t player = 10 + 2 * i;
        (void)join_at(0, player, (int32_t)(1000 * i));
        struct hub_event_queue queue = join_at(0, player + 1, (int32_t)(1000 * i));
        CHECK(queue.matched);
        CHECK_TEXT(queue.node, nodes[i]);
        CHECK_INT(queue.ours, nodes[i][0] == 'a');
        CHECK_STRING(owner_of(player + 1), nodes[i][0] == 'a' ? boot_of(0) : "");
    }
    CHECK_INT(world_hub.nudges, 0); /* both are the caller's own */
    (void)lease_with(0, 0, true); /* draining: nothing more */
    (void)lease_with(1, 50, false);
    (void)join_at(0, 30, 7000);
    CHECK_TEXT(join_at(0, 31, 7000).node, "b");
    die(1); /* dead: nobody else is there */
    (void)join_at(0, 40, 9000);
    CHECK_TEXT(join_at(0, 41, 9000).node, "a");
    tear_down_processes();
}

static bool is_nudged(void)
{
    return world_hub.nudges > 0;
}

TEST(the_other_process_is_nudged)
{
    set_up_processes();
    CHECK(run_until_it_listens(1));
    (void)join_at(1, 1, 1000);
    CHECK(join_at(0, 2, 1000).matched);
    CHECK(world_run(is_nudged));
    struct uuid one = player_id(1);
    CHECK(uuid_equal(&world_hub.nudged, &one));
    world_hub.nudges = 0;
    (void)server_ask("PUBLISH duel:nudge:%s nonsense", boot_of(1));
    (void)server_ask("PUBLISH duel:nudge:%s %s", boot_of(1), "");
    CHECK(world_run(is_nudged));
    CHECK(world_hub.nudges == 1 && uuid_is_none(&world_hub.nudged));
    tear_down_processes();
}

static bool asked_is_down(void)
{
    return !asked_is_up();
}

TEST(a_lost_subscription_is_made_again)
{
    set_up_processes();
    CHECK(run_until_it_listens(0));
    (void)server_ask("CLIENT KILL TYPE pubsub");
    CHECK(run_until_it_listens(0));
    CHECK(valkey_is_up(processes[0].valkey) && world_hub.downs == 0);
    (void)server_ask("CLIENT KILL TYPE normal SKIPME yes"); /* with the link, it is made anew */
    asked = &processes[0];
    CHECK(world_run(asked_is_down) && world_run(asked_is_up));
    CHECK(run_until_it_listens(0));
    (void)server_ask("PUBLISH duel:nudge:%s %s", boot_of(0), "");
    CHECK(world_run(is_nudged));
    tear_down_processes();
}

TEST(a_ticket_of_one_who_plays_is_dropped)
{
    set_up_processes();
    (void)join_at(0, 1, 1000);
    CHECK_INT(save_at(1, 1, 10, true).reply, HUB_OK); /* the key had vanished meanwhile */
    struct hub_event_queue queue = join_at(0, 3, 1000);
    CHECK(!queue.matched && queue.waiting == 1);
    CHECK(is_match(join_at(0, 1, 1000).match, 1));
    tear_down_processes();
}

/* ---- saving ---- */

static void make_blob(char *memory, uint32_t size, uint32_t salt)
{
    for (uint32_t i = 0; i < size; i++) {
        memory[i] = (char)(i * 7 + salt);
    }
}

TEST(a_save_keeps_every_byte)
{
    static char card[1024], data[20000];
    set_up_processes();
    make_blob(card, sizeof card, 0);
    make_blob(data, sizeof data, 3);
    struct hub_effect *effect = ask_save(0, 1, 77);
    effect->save.card[0] = (struct text){ card, sizeof card };
    effect->save.data = (struct text){ data, sizeof data };
    struct record *record = answer_of(HUB_EV_SAVED);
    CHECK(record->reply == HUB_OK && record->event.saved.fence == 77);
    CHECK(ref_equal(record->ref, (struct ref){ 1, 1 }));
    CHECK(atoi(server_ask("TTL duel:match:%s", match_name(1))) > 3500);
    CHECK(atoi(server_ask("TTL duel:playing:%s", name(2))) > 3500);
    struct hub_event_sought sought = seek_at(0, 1);
    CHECK(sought.place == HUB_OURS && sought.copy.fence == 77 && is_match(sought.match, 1));
    CHECK(sought.copy.card[0].size == sizeof card && sought.copy.data.size == sizeof data);
    CHECK(memcmp(sought.copy.card[0].data, card, sizeof card) == 0);
    CHECK(memcmp(sought.copy.data.data, data, sizeof data) == 0);
    CHECK_TEXT(sought.copy.card[1], "c2");
    tear_down_processes();
}

TEST(the_higher_fence_owns_a_match)
{
    set_up_processes();
    CHECK_INT(save_at(0, 1, 10, true).reply, HUB_OK);
    die(0);
    struct hub_event_sought sought = seek_at(1, 1);
    CHECK(sought.place == HUB_OURS && sought.copy.fence > 10);
    CHECK_INT(save_at(1, 1, sought.copy.fence, true).reply, HUB_OK);
    struct hub_event_saved refused = save_at(0, 1, 10, true);
    CHECK_INT(refused.reply, HUB_REFUSED);
    CHECK_TEXT(refused.node, "b");
    CHECK_STRING(owner_of(1), boot_of(1));
    CHECK_INT(save_at(1, 1, sought.copy.fence, true).reply, HUB_OK); /* equal: its own */
    CHECK_INT(save_at(0, 1, sought.copy.fence + 1, true).reply, HUB_OK);
    CHECK_TEXT(save_at(1, 1, sought.copy.fence, true).node, "a");
    die(2);
    CHECK_TEXT(save_at(1, 1, sought.copy.fence, true).node, ""); /* nobody of that name lives */
    tear_down_processes();
}

TEST(players_win_a_match_back_from_one_who_has_none)
{
    set_up_processes();
    CHECK(run_until_it_listens(1));
    CHECK_INT(save_at(0, 1, 10, true).reply, HUB_OK);
    die(0); /* frozen */
    uint64_t theirs = seek_at(1, 1).copy.fence;
    CHECK_INT(save_at(0, 1, 10, false).reply, HUB_REFUSED); /* it has nobody either */
    for (uint32_t times = 0; times < 2; times++) { /* the second as after a lost answer */
        struct hub_event_saved back = save_at(0, 1, 10, true);
        CHECK(back.reply == HUB_OK && back.fence == theirs + 1);
    }
    CHECK(world_run(is_nudged));
    struct record *leased = lease_at(1);
    CHECK(leased->event.leased.was_there && world_hub.records_count == 2);
    CHECK(is_match(world_hub.records[0].event.lost.match, 1));
    CHECK_TEXT(world_hub.records[0].event.lost.node, "a");
    (void)lease_at(1);
    CHECK_INT(world_hub.records_count, 1); /* told once */
    (void)lease_at(0);
    CHECK_INT(world_hub.records_count, 1);
    CHECK_INT(save_at(1, 1, theirs, true).reply, HUB_REFUSED);
    CHECK_TEXT(save_at(1, 1, theirs, false).node, "a");
    tear_down_processes();
}

TEST(one_without_players_leaves_a_match_to_one_who_has_them)
{
    set_up_processes();
    CHECK_INT(save_at(0, 1, 10, true).reply, HUB_OK);
    CHECK_INT(save_at(1, 1, 50, false).reply, HUB_REFUSED); /* the key had vanished in between */
    CHECK_INT(save_at(1, 1, 50, true).reply, HUB_OK);
    CHECK_INT(save_at(0, 1, 10, true).reply, HUB_REFUSED);
    tear_down_processes();
}

TEST(a_match_handed_over_is_anybodys)
{
    set_up_processes();
    for (uint32_t times = 0; times < 2; times++) {
        struct hub_effect *effect = ask_save(0, 1, 10);
        effect->save.hand_over = effect->save.awake = true;
        CHECK_INT(saved().reply, HUB_OK);
        CHECK_STRING(owner_of(1), "");
    }
    CHECK_STRING(playing(1), match_name(1));
    (void)lease_with(0, 0, true);
    CHECK_INT(seek_at(1, 1).place, HUB_OURS);
    struct hub_effect *late = ask_save(0, 1, 10); /* handed over again: the answer was lost */
    late->save.hand_over = late->save.awake = true;
    CHECK_INT(saved().reply, HUB_REFUSED);
    CHECK_STRING(owner_of(1), boot_of(1));
    tear_down_processes();
}

TEST(a_match_that_is_over_frees_its_players)
{
    set_up_processes();
    CHECK_INT(save_at(0, 1, 10, true).reply, HUB_OK);
    ask_save(0, 1, 10)->save.over = true;
    CHECK_INT(saved().reply, HUB_OK);
    CHECK_STRING(server_ask("EXISTS duel:playing:%s duel:playing:%s", name(1), name(2)), "0");
    CHECK(atoi(server_ask("TTL duel:match:%s", match_name(1))) > 86000);
    CHECK(!locate_at(0, 1).found);
    CHECK_INT(seek_at(0, 1).place, HUB_OURS); /* it can still be looked at */
    tear_down_processes();
}

TEST(a_save_leaves_a_player_in_a_newer_match)
{
    set_up_processes();
    CHECK_INT(save_at(0, 1, 10, true).reply, HUB_OK);
    /* Two losses, and the player plays elsewhere. */
    (void)server_ask("DEL duel:playing:%s", name(1));
    (void)server_ask("HDEL duel:players:%s %s", boot_of(0), name(1));
    (void)join_at(1, 1, 1000);
    CHECK(join_at(1, 5, 1000).matched);
    CHECK_INT(save_at(0, 1, 10, true).reply, HUB_OK);
    CHECK_STRING(playing(1), match_name(5));
    CHECK_STRING(playing(2), match_name(1));
    tear_down_processes();
}

TEST_MAIN
