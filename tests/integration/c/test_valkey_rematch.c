/* Rematches in Valkey, and who left rated matches early. Needs VALKEY_URL; see valkey_server.h and
 * valkey_world.h. */
#include "valkey_world.h"

/* Match `match` between players 1 (seat 0) and 2. */
static struct hub_event_rematched rematch_at(uint32_t index, uint32_t match, bool rated)
{
    asked = &processes[index];
    struct hub_effect *effect = world_ask(HUB_FX_REMATCH);
    effect->rematch.match = (struct ref){ 4, 7 };
    effect->rematch.id = match_id(match);
    effect->rematch.rated = rated;
    effect->rematch.terms = TEXT("terms");
    for (uint32_t slot = 0; slot < 2; slot++) {
        effect->rematch.player[slot] = player_id(slot + 1);
        effect->rematch.card[slot] = card_of(slot + 1);
    }
    return answer_of(HUB_EV_REMATCHED)->event.rematched;
}

/* Told to Valkey before this returns. */
static void leave_at(uint32_t index, uint32_t player, uint32_t match)
{
    asked = &processes[index];
    struct hub_effect *effect = world_ask(HUB_FX_LEFT);
    effect->left.player = player_id(player);
    effect->left.match = match_id(match);
    (void)locate_at(index, player);
}

static bool is_player(struct uuid id, uint32_t player)
{
    struct uuid expected = player_id(player);
    return uuid_equal(&id, &expected);
}

static void check_refused(const struct hub_event_rematched *event, uint32_t player, bool cooldown)
{
    CHECK_INT(event->reply, HUB_REFUSED);
    CHECK(is_player(event->player, player));
    CHECK_INT(event->cooldown_until_ms != 0, cooldown);
}

TEST(a_rematch_is_made_like_a_pair)
{
    set_up_processes();
    struct hub_event_rematched made = rematch_at(1, 50, true);
    CHECK_INT(made.reply, HUB_OK);
    CHECK(is_match(made.id, 50) && made.match.index == 4 && made.match.generation == 7);
    CHECK_TEXT(made.copy.card[0], "c1");
    CHECK_TEXT(made.copy.card[1], "c2");
    CHECK_TEXT(made.copy.terms, "terms");
    CHECK(made.copy.data.data == NULL && made.copy.fence == fence_of(50));
    CHECK_STRING(owner_of(50), boot_of(1));
    CHECK_STRING(playing(1), match_name(50));
    CHECK_STRING(playing(2), match_name(50));
    CHECK(atoi(server_ask("TTL duel:match:%s", match_name(50))) > 100);
    struct hub_event_queue queue = join_at(0, 2, 1000); /* whoever asks is told of it */
    CHECK(queue.matched && is_match(queue.match, 50) && !queue.ours && queue.slot == 1);
    CHECK_TEXT(queue.node, "b");
    CHECK_TEXT(queue.copy.terms, "terms");
    tear_down_processes();
}

TEST(asked_again_it_is_made_once)
{
    set_up_processes();
    uint64_t fence = rematch_at(0, 50, true).copy.fence;
    struct hub_event_rematched again = rematch_at(0, 50, true);
    CHECK(again.reply == HUB_OK && again.copy.fence == fence);
    CHECK_TEXT(again.copy.card[1], "c2");
    struct hub_event_rematched other = rematch_at(0, 51, true);
    check_refused(&other, 1, false);
    CHECK_STRING(server_ask("EXISTS duel:match:%s", match_name(51)), "0");
    CHECK_INT(release_at(0, 50), HUB_OK);
    CHECK_INT(rematch_at(0, 50, true).reply, HUB_UNAVAILABLE); /* a call that is done late */
    CHECK_INT(rematch_at(0, 51, true).reply, HUB_OK);
    tear_down_processes();
}

TEST(who_is_not_free_has_refused)
{
    set_up_processes();
    (void)join_at(1, 2, 1000); /* waits at another node */
    struct hub_event_rematched refused = rematch_at(0, 50, true);
    check_refused(&refused, 2, false);
    CHECK_STRING(server_ask("EXISTS duel:match:%s duel:playing:%s", match_name(50), name(1)), "0");
    CHECK_STRING(server_ask("ZCARD duel:queue"), "1"); /* and goes on waiting */
    CHECK(join_at(1, 3, 1000).matched);
    refused = rematch_at(0, 50, false);
    check_refused(&refused, 2, false); /* plays */
    ask_save(1, 3, fence_of(3))->save.over = true;
    world_hub.effects[world_hub.effects_count - 1].save.player[0] = player_id(3);
    CHECK_INT(saved().reply, HUB_OK);
    CHECK_INT(rematch_at(0, 50, true).reply, HUB_OK);
    tear_down_processes();
}

TEST(a_ticket_that_outlived_its_player_is_not_in_the_way)
{
    set_up_processes();
    asked = &processes[0];
    (void)ask_join(1, 1000, SINCE_MS - 40000, SINCE_MS - 1000);
    (void)answer_of(HUB_EV_QUEUE);
    CHECK_STRING(server_ask("ZCARD duel:queue"), "1");
    CHECK_INT(rematch_at(0, 50, true).reply, HUB_OK);
    CHECK_STRING(server_ask("ZCARD duel:queue"), "0");
    tear_down_processes();
}

TEST(three_rated_matches_left_in_an_hour_are_waited_for)
{
    set_up_processes();
    leave_at(0, 1, 60);
    leave_at(1, 1, 61);
    (void)server_ask("ZADD duel:left:%s %lld %s", name(1), (long long)SINCE_MS - 1000,
                     match_name(61));
    leave_at(1, 1, 61); /* counts once, and when it did first */
    CHECK(atoll(server_ask("ZSCORE duel:left:%s %s", name(1), match_name(61))) < SINCE_MS - 900);
    leave_at(0, 2, 60);
    CHECK(join_at(0, 1, 1000).cooldown_until_ms == 0);
    CHECK(atoi(server_ask("TTL duel:left:%s", name(1))) > 3500);
    int64_t before_ms = SINCE_MS;
    leave_at(0, 1, 62);
    struct hub_event_queue queue = join_at(0, 1, 1000); /* whose ticket is taken out */
    CHECK_INT(queue.reply, HUB_OK);
    CHECK(!queue.matched && !queue.later);
    CHECK(queue.cooldown_until_ms > before_ms + 110000 &&
          queue.cooldown_until_ms <= SINCE_MS + 120000);
    CHECK_STRING(server_ask("EXISTS duel:ticket:%s", name(1)), "0");
    CHECK_STRING(server_ask("ZCARD duel:queue"), "0");
    struct hub_event_rematched refused = rematch_at(0, 50, true);
    check_refused(&refused, 1, true);
    CHECK(refused.cooldown_until_ms > before_ms + 110000);
    CHECK_INT(rematch_at(0, 50, false).reply, HUB_OK); /* not for rating */
    queue = join_at(0, 1, 1000);
    CHECK(queue.matched && queue.cooldown_until_ms == 0); /* that match is his all the same */
    tear_down_processes();
}

TEST(after_two_minutes_or_an_hour_it_is_over)
{
    set_up_processes();
    long long now_ms = SINCE_MS;
    for (uint32_t i = 0; i < 3; i++) { /* the latest two minutes ago */
        (void)server_ask("ZADD duel:left:%s %lld m%u", name(1), now_ms - 121000 - i, i);
    }
    CHECK(join_at(0, 1, 1000).cooldown_until_ms == 0);
    (void)server_ask("ZADD duel:left:%s %lld m3", name(1), now_ms - 60000);
    int64_t until_ms = join_at(0, 1, 1000).cooldown_until_ms;
    CHECK(until_ms >= now_ms + 60000 - 1000 && until_ms <= SINCE_MS + 60000);
    (void)server_ask("DEL duel:left:%s", name(1));
    CHECK(join_at(0, 1, 1000).cooldown_until_ms == 0); /* evicted: forgiven */
    (void)server_ask("ZADD duel:left:%s %lld m0 %lld m1 %lld m2", name(1), now_ms - 3601000,
                     now_ms - 50, now_ms - 20);
    CHECK(join_at(0, 1, 1000).cooldown_until_ms == 0); /* the first an hour ago */
    leave_at(0, 1, 63);
    CHECK_STRING(server_ask("ZCARD duel:left:%s", name(1)), "3"); /* which is gone now */
    CHECK(join_at(0, 1, 1000).cooldown_until_ms != 0);
    tear_down_processes();
}

TEST_MAIN
