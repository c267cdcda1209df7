/* Matches that are only looked at in Valkey, and where a player's match or ticket is: nothing
 * changes hands by it. Needs VALKEY_URL; see valkey_server.h and valkey_world.h. */
#include "valkey_world.h"

static struct hub_event_looked look_at(uint32_t index, uint32_t match)
{
    asked = &processes[index];
    struct hub_effect *effect = world_ask(HUB_FX_LOOK);
    effect->look.conn = (struct ref){ 6, 1 };
    effect->look.match = match_id(match);
    struct record *record = answer_of(HUB_EV_LOOKED);
    CHECK(ref_equal(record->ref, effect->look.conn));
    CHECK(is_match(record->event.looked.match, match));
    return record->event.looked;
}

static void check_place(uint32_t index, uint32_t match, enum hub_place place, const char *node)
{
    struct hub_event_looked looked = look_at(index, match);
    CHECK_INT(looked.reply, HUB_OK);
    CHECK_INT(looked.place, place);
    CHECK_TEXT(looked.node, node);
}

TEST(a_match_that_is_played)
{
    set_up_processes();
    CHECK_INT(save_at(0, 1, 10, true).reply, HUB_OK);
    check_place(1, 1, HUB_ELSEWHERE, "a");
    struct hub_event_looked looked = look_at(0, 1);
    CHECK_INT(looked.place, HUB_OURS);
    CHECK(looked.begun);
    CHECK_TEXT(looked.card[0], "c1");
    CHECK_TEXT(looked.card[1], "c2");
    /* Its owner dies: nobody has it, and looking takes nothing. */
    die(0);
    die(2);
    CHECK_INT(look_at(1, 1).place, HUB_OURS);
    CHECK_INT(fence_of(1), 10);
    CHECK_STRING(owner_of(1), boot_of(0));
    tear_down_processes();
}

TEST(a_match_that_is_over_is_left_to_who_reads)
{
    set_up_processes();
    ask_save(0, 1, 10)->save.over = true;
    CHECK_INT(saved().reply, HUB_OK);
    check_place(0, 1, HUB_NOWHERE, "");
    check_place(1, 1, HUB_ELSEWHERE, "a"); /* who knows more until it is stored */
    check_place(0, 2, HUB_NOWHERE, "");
    tear_down_processes();
}

TEST(a_match_that_nobody_has_begun)
{
    set_up_processes();
    CHECK(!join_at(0, 1, 1000).matched);
    CHECK(join_at(0, 2, 1000).matched);
    struct hub_event_looked looked = look_at(0, 2);
    CHECK_INT(looked.place, HUB_OURS);
    CHECK(!looked.begun);
    CHECK_TEXT(looked.card[0], "c2");
    CHECK_TEXT(looked.card[1], "c1");
    CHECK_INT(looked.terms.size, 0);
    tear_down_processes();
}

TEST(a_match_of_which_the_key_has_vanished)
{
    set_up_processes();
    CHECK_INT(save_at(0, 1, 10, true).reply, HUB_OK);
    (void)server_ask("DEL duel:match:%s", match_name(1));
    check_place(1, 1, HUB_ELSEWHERE, "a");
    (void)server_ask("SET duel:ended:%s 1", match_name(1));
    check_place(1, 1, HUB_NOWHERE, "");
    tear_down_processes();
}

TEST(fields_that_are_garbage)
{
    set_up_processes();
    (void)server_ask("HSET duel:match:%s p0 x p1 y owner %s node NO/SUCH data d card0 c",
                     match_name(1), "nobody");
    CHECK_INT(look_at(1, 1).reply, HUB_OK);
    (void)server_ask("HSET duel:invite:%s by x card y expires soon state open", match_name(2));
    check_place(1, 2, HUB_NOWHERE, "");
    (void)server_ask("HSET duel:invite:%s by x card y expires 5 state strange", match_name(3));
    check_place(1, 3, HUB_NOWHERE, "");
    (void)server_ask("HSET duel:ticket:%s boot %s expires never", name(1), boot_of(0));
    CHECK(locate_at(1, 1).queue_node.data == NULL);
    tear_down_processes();
}

TEST(invitations)
{
    set_up_processes();
    int64_t until_ms = SINCE_MS + 60000;
    asked = &processes[0];
    struct hub_effect *effect = world_ask(HUB_FX_INVITE);
    effect->invite.match = match_id(5);
    effect->invite.player = player_id(1);
    effect->invite.card = card_of(1);
    effect->invite.terms = TEXT("friendly");
    effect->invite.expires_ms = until_ms;
    CHECK_INT(answer_of(HUB_EV_INVITED)->reply, HUB_OK);
    struct hub_event_looked looked = look_at(1, 5);
    CHECK_INT(looked.place, HUB_INVITED);
    CHECK_TEXT(looked.card[0], "c1");
    CHECK(looked.card[1].data == NULL);
    CHECK_TEXT(looked.terms, "friendly");
    CHECK_INT(looked.expires_ms, until_ms);
    (void)server_ask("HSET duel:invite:%s expires 1", match_name(5));
    check_place(1, 5, HUB_EXPIRED, "");
    (void)server_ask("HSET duel:invite:%s state withdrawn", match_name(5));
    check_place(1, 5, HUB_WITHDRAWN, "");
    (void)server_ask("HSET duel:invite:%s state used", match_name(5));
    check_place(1, 5, HUB_NOWHERE, "");
    tear_down_processes();
}

TEST(where_a_player_is)
{
    set_up_processes();
    CHECK(!locate_at(1, 1).found);
    CHECK(locate_at(1, 1).queue_node.data == NULL);
    CHECK(!join_at(0, 1, 1000).matched);
    struct hub_event_located located = locate_at(1, 1);
    CHECK(!located.found);
    CHECK_TEXT(located.queue_node, "a");
    CHECK(locate_at(0, 1).queue_node.data == NULL); /* its own */
    die(0);
    CHECK(locate_at(1, 1).queue_node.data == NULL); /* nobody's any more */
    CHECK(join_at(1, 2, 1000).matched);
    for (uint32_t player = 1; player <= 2; player++) {
        located = locate_at(1, player);
        CHECK(located.found && is_match(located.match, 2));
        CHECK_INT(located.slot, player == 1);
        CHECK_TEXT(located.card, player == 1 ? "c2" : "c1");
        CHECK_TEXT(located.phase, "waiting");
    }
    tear_down_processes();
}

TEST_MAIN
