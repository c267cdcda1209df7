/* Invitations in Valkey: how many are open, who comes to one, what becomes of it. The inviter is
 * player 1, his friend player 2, invitations have the numbers of matches. Needs VALKEY_URL; see
 * valkey_server.h and valkey_world.h. */
#include "valkey_world.h"

#define FAR 20u /* players who have nothing to do with the invitation */

static bool has_nudge(void)
{
    return world_hub.nudges > 0;
}

static enum hub_reply invite_for(uint32_t match, uint32_t player, int64_t expires_ms, bool rated)
{
    asked = &processes[0];
    struct hub_effect *effect = world_ask(HUB_FX_INVITE);
    effect->invite.conn = (struct ref){ 4, 1 };
    effect->invite.match = match_id(match);
    effect->invite.player = player_id(player);
    effect->invite.card = card_of(player);
    effect->invite.terms = rated ? TEXT("rated") : TEXT("friendly");
    effect->invite.rated = rated;
    effect->invite.expires_ms = expires_ms;
    return answer_of(HUB_EV_INVITED)->reply;
}

static enum hub_reply invite(uint32_t match, uint32_t player)
{
    return invite_for(match, player, SINCE_MS + 60000, false);
}

static bool withdraw(uint32_t match, uint32_t player)
{
    asked = &processes[0];
    struct hub_effect *effect = world_ask(HUB_FX_WITHDRAW);
    effect->withdraw.player = player_id(player);
    effect->withdraw.match = match_id(match);
    struct record *record = answer_of(HUB_EV_WITHDRAWN);
    CHECK_INT(record->reply, HUB_OK);
    return record->event.withdrawn.found;
}

/* Player 0: by a ticket for `slot`. */
static struct hub_effect *ask_come(uint32_t index, uint32_t match, uint32_t player, uint8_t slot)
{
    asked = &processes[index];
    struct hub_effect *effect = world_ask(HUB_FX_SEEK);
    effect->seek.conn = (struct ref){ 5, 1 };
    effect->seek.match = match_id(match);
    effect->seek.slot = slot;
    effect->seek.terms = TEXT("unrated");
    if (player != 0) {
        effect->seek.player = player_id(player);
        effect->seek.card = card_of(player);
    }
    return effect;
}

static struct hub_event_sought come(uint32_t index, uint32_t match, uint32_t player)
{
    (void)ask_come(index, match, player, 0);
    return answer_of(HUB_EV_SOUGHT)->event.sought;
}

static struct hub_event_sought come_rated(uint32_t match, uint32_t player)
{
    ask_come(0, match, player, 0)->seek.rated = true;
    return answer_of(HUB_EV_SOUGHT)->event.sought;
}

/* Who has waited there for a while asks again. */
static struct hub_event_sought ask_again(uint32_t index, uint32_t match, uint32_t player)
{
    ask_come(index, match, player, 0)->seek.parked = true;
    return answer_of(HUB_EV_SOUGHT)->event.sought;
}

static const char *state_of(uint32_t match)
{
    return server_ask("HGET duel:invite:%s state", match_name(match));
}

static void leave_early(uint32_t player)
{
    for (uint32_t match = 0; match < 3; match++) {
        (void)server_ask("ZADD duel:left:%s %lld %s", name(player), (long long)SINCE_MS,
                         match_name(900 + match));
    }
}

/* ---- made ---- */

TEST(three_are_open_at_most) /* */
{
    set_up_processes();
    for (uint32_t match = 1; match <= 3; match++) {
        CHECK_INT(invite(match, 1), HUB_OK);
    }
    CHECK_INT(invite(4, 1), HUB_REFUSED);
    CHECK_STRING(server_ask("EXISTS duel:invite:%s", match_name(4)), "0");
    CHECK_INT(invite(3, 1), HUB_OK); /* as after a lost answer */
    CHECK_INT(invite(5, 2), HUB_OK); /* somebody else's */
    CHECK(withdraw(2, 1));
    CHECK_INT(invite(4, 1), HUB_OK);
    CHECK_INT(invite(6, 1), HUB_REFUSED);
    (void)server_ask("HSET duel:invite:%s expires 5", match_name(1));
    CHECK_INT(invite(6, 1), HUB_OK);
    (void)server_ask("DEL duel:invite:%s", match_name(3)); /* evicted */
    CHECK_INT(invite(7, 1), HUB_OK);
    CHECK_STRING(server_ask("SCARD duel:invites:%s", name(1)), "3");
    tear_down_processes();
}

TEST(it_is_kept_for_a_day_longer)
{
    set_up_processes();
    CHECK_INT(invite(1, 1), HUB_OK);
    int64_t ttl_s = atoll(server_ask("TTL duel:invite:%s", match_name(1)));
    CHECK(ttl_s > 86400 && ttl_s <= 86460);
    ttl_s = atoll(server_ask("TTL duel:invites:%s", name(1)));
    CHECK(ttl_s > 50 && ttl_s <= 60);
    CHECK_INT(invite_for(2, 1, SINCE_MS + 5000, false), HUB_OK);
    CHECK(atoll(server_ask("TTL duel:invites:%s", name(1))) > 50);
    tear_down_processes();
}

/* ---- who comes ---- */

TEST(the_inviter_waits_in_it)
{
    set_up_processes();
    int64_t expires_ms = SINCE_MS + 60000;
    CHECK_INT(invite_for(1, 1, expires_ms, true), HUB_OK);
    (void)server_ask("HSET duel:invite:%s card old", match_name(1));
    struct hub_event_sought sought = come(0, 1, 1);
    CHECK_INT(sought.place, HUB_INVITED);
    CHECK(sought.until_ms == expires_ms);
    CHECK_TEXT(sought.copy.card[0], "c1"); /* as he is now */
    CHECK_TEXT(sought.copy.terms, "rated");
    CHECK_STRING(server_ask("HGET duel:invite:%s boot", match_name(1)), boot_of(0));
    (void)ask_come(1, 1, 0, 0); /* by ticket, elsewhere */
    sought = answer_of(HUB_EV_SOUGHT)->event.sought;
    CHECK_INT(sought.place, HUB_INVITED);
    CHECK_TEXT(sought.copy.card[0], "c1");
    CHECK_STRING(server_ask("HGET duel:invite:%s boot", match_name(1)), boot_of(1));
    (void)ask_come(1, 1, 0, 1); /* a ticket that nobody can have yet */
    CHECK_INT(answer_of(HUB_EV_SOUGHT)->event.sought.place, HUB_NOWHERE);
    CHECK_STRING(server_ask("EXISTS duel:match:%s", match_name(1)), "0");
    tear_down_processes();
}

TEST(he_waits_where_he_came_last)
{
    set_up_processes();
    CHECK_INT(invite(1, 1), HUB_OK);
    CHECK(run_until_it_listens(0));
    CHECK_INT(come(0, 1, 1).place, HUB_INVITED);
    world_hub.nudges = 0;
    CHECK_INT(come(1, 1, 1).place, HUB_INVITED);
    CHECK(world_run(has_nudge));
    CHECK(is_match(world_hub.nudged, 1));
    CHECK_INT(ask_again(0, 1, 1).place, HUB_REPLACED);
    CHECK_INT(ask_again(1, 1, 1).place, HUB_INVITED);
    die(1);
    CHECK_INT(ask_again(0, 1, 1).place, HUB_INVITED);
    CHECK_STRING(server_ask("HGET duel:invite:%s boot", match_name(1)), boot_of(0));
    tear_down_processes();
}

TEST(the_friend_makes_the_match)
{
    set_up_processes();
    CHECK_INT(invite(1, 1), HUB_OK);
    CHECK_INT(come(0, 1, 1).place, HUB_INVITED);
    CHECK(run_until_it_listens(0));
    world_hub.nudges = 0;
    struct hub_event_sought sought = come(1, 1, 2);
    CHECK_INT(sought.place, HUB_OURS);
    CHECK(sought.made && sought.copy.fence == fence_of(1) && sought.copy.data.data == NULL);
    CHECK_TEXT(sought.copy.card[0], "c1");
    CHECK_TEXT(sought.copy.card[1], "c2");
    CHECK_TEXT(sought.copy.terms, "unrated");
    CHECK_STRING(owner_of(1), boot_of(1));
    CHECK_STRING(playing(1), match_name(1));
    CHECK_STRING(playing(2), match_name(1));
    CHECK_STRING(state_of(1), "used");
    CHECK_STRING(server_ask("EXISTS duel:invites:%s", name(1)), "0");
    CHECK(world_run(has_nudge)); /* the inviter's process */
    CHECK(is_match(world_hub.nudged, 1));
    struct hub_event_sought told = ask_again(0, 1, 1);
    CHECK_INT(told.place, HUB_ELSEWHERE);
    CHECK_TEXT(told.node, "b");
    sought = come(1, 1, 2); /* as after a lost answer */
    CHECK(sought.place == HUB_OURS && !sought.made && sought.copy.fence == fence_of(1));
    CHECK_INT(come(1, 1, 3).place, HUB_FOREIGN);
    CHECK(!withdraw(1, 1)); /* it is a match now */
    tear_down_processes();
}

TEST(both_are_taken_out_of_the_queue)
{
    set_up_processes();
    (void)join_at(1, 1, 1000);
    CHECK_INT(invite(1, 1), HUB_OK); /* while he waits */
    (void)join_at(1, 1, 1000);       /* which renews his ticket and withdraws nothing */
    (void)join_at(1, 2, 5000);
    CHECK(run_until_it_listens(1));
    world_hub.nudges = 0;
    CHECK(come(0, 1, 2).made);
    CHECK_STRING(server_ask("EXISTS duel:ticket:%s duel:ticket:%s", name(1), name(2)), "0");
    CHECK_STRING(server_ask("ZCARD duel:queue"), "0");
    CHECK(world_run(has_nudge)); /* where they wait */
    struct hub_event_queue queue = join_at(1, 1, 1000);
    CHECK(queue.matched && is_match(queue.match, 1) && queue.slot == 0);
    tear_down_processes();
}

TEST(nobody_is_in_two_matches) /* */
{
    set_up_processes();
    CHECK_INT(invite(1, 1), HUB_OK);
    CHECK_INT(invite(2, 1), HUB_OK);
    CHECK_INT(invite(4, 4), HUB_OK);
    (void)join_at(0, FAR, 1000);
    CHECK(join_at(0, FAR + 1, 1000).matched);
    CHECK_INT(come(0, 1, FAR).place, HUB_BUSY); /* the friend plays */
    CHECK_STRING(state_of(1), "open");
    CHECK(come(0, 1, 2).made);
    CHECK_INT(come(0, 2, 3).place, HUB_BUSY); /* the inviter plays */
    CHECK_INT(come(0, 4, 1).place, HUB_BUSY);
    CHECK_STRING(state_of(2), "open");
    ask_save(0, 1, fence_of(1))->save.over = true;
    CHECK_INT(saved().reply, HUB_OK);
    CHECK(come(0, 2, 3).made);
    tear_down_processes();
}

TEST(without_room_nothing_is_made)
{
    set_up_processes();
    CHECK_INT(invite(1, 1), HUB_OK);
    ask_come(0, 1, 2, 0)->seek.card = TEXT("");
    CHECK_INT(answer_of(HUB_EV_SOUGHT)->event.sought.place, HUB_FULL);
    CHECK_STRING(state_of(1), "open");
    CHECK(come(1, 1, 2).made);
    tear_down_processes();
}

/* ---- for rating ---- */

TEST(it_is_rated_when_the_friend_may_play_for_it) /* */
{
    set_up_processes();
    CHECK_INT(invite_for(1, 1, SINCE_MS + 60000, true), HUB_OK);
    CHECK_INT(invite_for(2, 3, SINCE_MS + 60000, true), HUB_OK);
    CHECK_INT(invite_for(3, 5, SINCE_MS + 60000, false), HUB_OK);
    CHECK_TEXT(come_rated(1, 2).copy.terms, "rated");
    CHECK_TEXT(come(0, 2, 4).copy.terms, "unrated");
    CHECK_TEXT(come_rated(3, 6).copy.terms, "unrated");
    tear_down_processes();
}

TEST(who_left_matches_early_waits_for_a_rated_one)
{
    set_up_processes();
    CHECK_INT(invite_for(1, 1, SINCE_MS + 60000, true), HUB_OK);
    CHECK_INT(invite_for(2, 3, SINCE_MS + 60000, true), HUB_OK);
    leave_early(2);
    struct hub_event_sought sought = come_rated(1, 2);
    CHECK_INT(sought.place, HUB_COOLDOWN);
    CHECK(sought.until_ms > SINCE_MS + 110000 && sought.until_ms <= SINCE_MS + 120000);
    leave_early(3);
    CHECK_INT(come_rated(2, 4).place, HUB_BUSY);
    CHECK(come(0, 2, 4).made); /* he has too few opponents, so it is not for rating */
    CHECK_STRING(state_of(1), "open");
    tear_down_processes();
}

/* ---- its end ---- */

TEST(who_comes_too_late_is_told_why)
{
    set_up_processes();
    CHECK_INT(invite(1, 1), HUB_OK);
    CHECK_INT(invite(2, 1), HUB_OK);
    CHECK_INT(invite(3, 1), HUB_OK);
    (void)server_ask("HSET duel:invite:%s expires %lld", match_name(1), (long long)SINCE_MS - 1);
    CHECK(withdraw(2, 1));
    CHECK(withdraw(2, 1)); /* as after a lost answer */
    CHECK(!withdraw(1, 1));
    CHECK(come(0, 3, 2).made);
    CHECK_INT(release_at(0, 3), HUB_OK);
    static const enum hub_place places[] = { HUB_EXPIRED, HUB_WITHDRAWN, HUB_USED };
    for (uint32_t match = 1; match <= 3; match++) {
        CHECK_INT(come(1, match, 1).place, places[match - 1]);
        CHECK_INT(come(1, match, 2).place, places[match - 1]);
        CHECK_INT(ask_again(1, match, 1).place, places[match - 1]);
    }
    CHECK_INT(come(1, 3, 3).place, HUB_FOREIGN);
    CHECK_INT(come(1, 4, 3).place, HUB_NOWHERE);
    tear_down_processes();
}

TEST(nobody_else_withdraws_it)
{
    set_up_processes();
    CHECK_INT(invite(1, 1), HUB_OK);
    CHECK(!withdraw(1, 2));
    CHECK(!withdraw(9, 1));
    CHECK_STRING(state_of(1), "open");
    tear_down_processes();
}

TEST(all_are_withdrawn_by_joining_the_queue) /* */
{
    set_up_processes();
    CHECK_INT(invite(1, 1), HUB_OK);
    CHECK_INT(invite(2, 1), HUB_OK);
    CHECK_INT(invite(3, 2), HUB_OK);
    CHECK_INT(come(0, 1, 1).place, HUB_INVITED);
    CHECK(run_until_it_listens(0));
    world_hub.nudges = 0;
    (void)join_at(1, 1, 1000);
    CHECK(world_run(has_nudge));
    CHECK(is_match(world_hub.nudged, 1));
    CHECK_STRING(state_of(1), "withdrawn");
    CHECK_STRING(state_of(2), "withdrawn");
    CHECK_STRING(state_of(3), "open");
    CHECK_STRING(server_ask("EXISTS duel:invites:%s", name(1)), "0");
    CHECK_INT(invite(4, 1), HUB_OK);
    (void)join_at(0, 1, 1000);
    CHECK_STRING(state_of(4), "open"); /* made while he waits */
    tear_down_processes();
}

TEST(garbage_is_no_invitation)
{
    set_up_processes();
    (void)server_ask("HSET duel:invite:%s by x state open", match_name(1));
    (void)server_ask("HSET duel:invite:%s by x card c expires soon state open", match_name(2));
    (void)server_ask("HSET duel:invite:%s by x card c expires 5 state odd", match_name(3));
    (void)server_ask("SET duel:invite:%s text", match_name(4));
    for (uint32_t match = 1; match <= 3; match++) {
        CHECK_INT(come(0, match, 2).place, HUB_NOWHERE);
    }
    (void)ask_come(0, 4, 2, 0);
    CHECK_INT(answer_of(HUB_EV_SOUGHT)->reply, HUB_REFUSED);
    (void)server_ask("SADD duel:invites:%s nonsense", name(1));
    CHECK_INT(invite(5, 1), HUB_OK);
    CHECK(!withdraw(1, 1));
    (void)server_ask("SADD duel:invites:%s nonsense", name(1));
    (void)join_at(0, 1, 1000);
    CHECK_STRING(state_of(5), "withdrawn");
    tear_down_processes();
}

TEST_MAIN
