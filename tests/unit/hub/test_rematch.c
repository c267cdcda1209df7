/* Rematches through the hub: offers and what becomes of them, who is free, the match
 * that is made. */
#include <duel/hub/saved.h> /* before the fixture, whose names it would shadow */
#include "fixture.h"

static struct ref match_ref;
static struct uuid match_id;
static struct ref seats[2];

/* Both sit in this match, and its first round runs. */
static void start(void)
{
    sealed(match_ref, 1, true);
    seats[0] = open_seat(10, &match_id, 0);
    seats[1] = open_seat(11, &match_id, 1);
    struct message ready = { .type = MSG_ready };
    ready.ready.round = 1;
    say(seats[0], &ready);
    say(seats[1], &ready);
    pass(3000000);
    CHECK(told(seats[0], MSG_round) != NULL || hub_count(hub).matches_by_phase[MATCH_ROUND] > 0);
}

/* Seat 1 gives up; the end is told. */
static void end_match(void)
{
    say_type(seats[1], MSG_leave);
    stored(wanted(HUB_FX_STORE)->store.result, HUB_OK);
    CHECK(told(seats[0], MSG_match_end) != NULL && told(seats[1], MSG_match_end) != NULL);
    struct hub_event published = { .type = HUB_EV_PUBLISHED };
    published.published.result = wanted(HUB_FX_PUBLISH)->store.result;
    step(published);
}

static void play_to_the_end(void)
{
    begin(usual_limits());
    match_id = pair(&match_ref);
    start();
    end_match();
}

static void rematch(uint32_t slot, bool accept)
{
    struct message message = { .type = MSG_client_rematch };
    message.client_rematch.accept = accept;
    say(seats[slot], &message);
}

/* Both were told this of `slot`. */
static void check_both(const char *status, int64_t slot)
{
    for (uint32_t i = 0; i < 2; i++) {
        const struct msg_server_rematch *said =
            &heard(seats[i], MSG_server_rematch)->server_rematch;
        CHECK_TEXT(said->status, status);
        CHECK_INT(said->slot, slot);
    }
}

static bool is_told(uint32_t slot)
{
    return told(seats[slot], MSG_server_rematch) != NULL;
}

/* What HUB_FX_REMATCH asked for last, kept beyond its step. */
static struct hub_event asked;
static struct uuid asked_players[2];
static struct terms asked_terms;

static void keep_asked(void)
{
    static char cards[2][SAVED_CARD_SIZE_MAX], terms[SAVED_TERMS_SIZE_MAX];
    const struct hub_effect *effect = wanted(HUB_FX_REMATCH);
    asked = (struct hub_event){ .type = HUB_EV_REMATCHED };
    asked.rematched.match = effect->rematch.match;
    asked.rematched.id = effect->rematch.id;
    asked.rematched.copy.fence = now_us;
    for (uint32_t i = 0; i < 2; i++) {
        memcpy(cards[i], effect->rematch.card[i].data, effect->rematch.card[i].size);
        asked.rematched.copy.card[i] = (struct text){ cards[i], effect->rematch.card[i].size };
        asked_players[i] = effect->rematch.player[i];
    }
    memcpy(terms, effect->rematch.terms.data, effect->rematch.terms.size);
    asked.rematched.copy.terms = (struct text){ terms, effect->rematch.terms.size };
    CHECK(saved_read_terms(asked.rematched.copy.terms, &asked_terms));
    CHECK_INT(asked_terms.rated, effect->rematch.rated);
}

static void answer(enum hub_reply reply)
{
    asked.rematched.reply = reply;
    step(asked);
}

static void agree(void)
{
    rematch(0, true);
    check_both("offered", 0);
    rematch(1, true);
    keep_asked();
}

TEST(both_agree_and_play_on)
{
    play_to_the_end();
    agree();
    CHECK(!is_told(0) && !is_told(1)); /* Valkey is asked first */
    CHECK(asked_terms.rated);
    struct uuid ana = uuid_random(1, 1);
    uint32_t seat = uuid_equal(&asked_players[0], &ana) ? 0 : 1; /* of who won, in the next one */
    CHECK_INT(asked_terms.series[seat], 1);
    CHECK_INT(asked_terms.series[1 - seat], 0);
    struct saved_card card;
    CHECK(saved_read_card(asked.rematched.copy.card[seat], &card));
    CHECK_INT(card.rating, 1016); /* as it is now */
    CHECK_INT(card.since_ms, 0);
    answer(HUB_OK);
    check_both("accepted", 1);
    char id[UUID_TEXT_SIZE + 1];
    uuid_format(&asked.rematched.id, id);
    for (uint32_t i = 0; i < 2; i++) {
        CHECK_TEXT(heard(seats[i], MSG_server_rematch)->server_rematch.match, id);
    }
    for (uint32_t i = 0; i < effects_count; i++) {
        if (effects[i]->type == HUB_FX_SEND &&
            effects[i]->send.message.type == MSG_server_rematch) {
            bool to_ana = ref_equal(effects[i]->send.conn, seats[0]);
            CHECK(uuid_equal(&effects[i]->send.match, &asked.rematched.id)); /* for the ticket */
            CHECK_INT(effects[i]->send.slot, to_ana ? seat : 1 - seat);
        }
    }
    rematch(0, true);
    CHECK_TEXT(heard(seats[0], MSG_error)->error.code, "REMATCH_UNAVAILABLE");

    /* Who comes back to the old one is told again. */
    struct ref late = open_seat(12, &match_id, 0);
    CHECK_TEXT(heard(late, MSG_server_rematch)->server_rematch.status, "accepted");
    struct ref next = open_seat(13, &asked.rematched.id, (uint8_t)seat);
    const struct msg_welcome *welcome = &heard(next, MSG_welcome)->welcome;
    CHECK_INT(welcome->series[seat], 1);
    CHECK(welcome->rated && uuid_equal(&welcome->players[seat].id, &ana));
    CHECK_INT(welcome->players[seat].rating, 1016);
    pass(30000000); /* the old one closes; nobody came to the new one */
    CHECK_TEXT(heard(next, MSG_match_end)->match_end.reason, "abandoned");
    finish();
}

TEST(an_unrated_match_ends_without_waiting_for_a_rating_and_so_is_its_rematch)
{
    static char blob[SAVED_TERMS_SIZE_MAX];
    play_to_the_end();
    agree();
    struct terms terms = { .rated = false };
    struct text_buffer buffer;
    text_buffer_init(&buffer, blob, sizeof blob);
    asked.rematched.copy.terms = saved_terms(&terms, &buffer);
    answer(HUB_OK);
    match_id = asked.rematched.id;
    match_ref = wanted(HUB_FX_FRAME_SEAL)->seal.match;
    gone(seats[0]);
    gone(seats[1]);
    start();
    say_type(seats[1], MSG_leave);
    CHECK(!wanted(HUB_FX_STORE)->store.data->rated);
    CHECK(!heard(seats[0], MSG_match_end)->match_end.has_rating);
    CHECK(effect_of(HUB_FX_LEFT, 0) == NULL);
    agree();
    CHECK(!asked_terms.rated);
    finish();
}

TEST(an_offer_is_repeated_to_who_comes_back)
{
    play_to_the_end();
    rematch(0, true);
    rematch(0, true);
    CHECK(!is_told(0) && !is_told(1)); /* nothing new */
    seats[1] = open_seat(12, &match_id, 1);
    CHECK_TEXT(heard(seats[1], MSG_server_rematch)->server_rematch.status, "offered");
    CHECK_INT(heard(seats[1], MSG_server_rematch)->server_rematch.slot, 0);
    pass(30000000);
    finish();
}

TEST(nobody_is_put_into_a_match_while_away)
{
    play_to_the_end();
    rematch(0, true);
    gone(seats[0]);
    rematch(1, true);
    CHECK(effect_of(HUB_FX_REMATCH, 0) == NULL);
    CHECK_INT(heard(seats[1], MSG_server_rematch)->server_rematch.slot, 1);
    seats[0] = open_seat(12, &match_id, 0);
    keep_asked();
    answer(HUB_OK);
    check_both("accepted", 1);
    finish();
}

TEST(an_offer_runs_out)
{
    play_to_the_end();
    rematch(0, true);
    pass(29999000);
    CHECK_INT(ended(seats[0]), 0);
    pass(1000);
    check_both("expired", 0);
    CHECK_INT(ended(seats[0]), 1000);
    CHECK_INT(ended(seats[1]), 1000);
    finish();
}

TEST(a_declined_offer_is_not_made_again_but_the_other_may_ask)
{
    play_to_the_end();
    rematch(0, false);
    CHECK(!is_told(0) && told(seats[0], MSG_error) == NULL); /* there is nothing to decline */
    rematch(0, true);
    rematch(1, false);
    check_both("declined", 1);
    rematch(0, true);
    CHECK_TEXT(heard(seats[0], MSG_error)->error.code, "REMATCH_DECLINED");
    CHECK(!is_told(1));
    rematch(1, true);
    check_both("offered", 1);
    rematch(0, true);
    CHECK(effect_of(HUB_FX_REMATCH, 0) != NULL);
    finish();
}

TEST(who_takes_an_offer_back_may_make_another)
{
    play_to_the_end();
    rematch(1, true);
    rematch(1, false);
    check_both("declined", 1);
    rematch(0, true);
    check_both("offered", 0);
    rematch(0, false);
    rematch(0, true);
    check_both("offered", 0);
    finish();
}

TEST(joining_the_queue_takes_an_offer_back)
{
    play_to_the_end();
    rematch(0, true);
    struct ref queue = open_door(20, HUB_DOOR_QUEUE, "ana");
    check_both("declined", 0);
    rematch(1, true);
    check_both("offered", 1);
    rematch(0, true); /* waits elsewhere */
    check_both("declined", 0);
    CHECK(effect_of(HUB_FX_REMATCH, 0) == NULL);
    gone(queue);
    rematch(1, true);
    rematch(0, true);
    CHECK(effect_of(HUB_FX_REMATCH, 0) != NULL);
    finish();
}

TEST(valkey_says_that_one_is_not_free)
{
    play_to_the_end();
    agree();
    asked.rematched.player = uuid_random(1, 1);
    answer(HUB_REFUSED);
    check_both("declined", 0);
    CHECK(told(seats[0], MSG_error) == NULL);
    agree(); /* it was no refusal of the player's own */
    asked.rematched.player = uuid_random(2, 2);
    asked.rematched.cooldown_until_ms = (int64_t)(now_us / 1000) + 90000;
    answer(HUB_REFUSED);
    check_both("declined", 1);
    CHECK_TEXT(heard(seats[1], MSG_error)->error.code, "COOLDOWN");
    CHECK_INT(heard(seats[1], MSG_error)->error.until, (int64_t)(now_us / 1000) + 90000);
    CHECK(told(seats[0], MSG_error) == NULL);
    finish();
}

TEST(what_cannot_be_made_now_can_be_asked_again_and_is_made_once)
{
    play_to_the_end();
    agree();
    struct uuid id = asked.rematched.id;
    answer(HUB_UNAVAILABLE);
    CHECK_TEXT(heard(seats[1], MSG_error)->error.code, "UNAVAILABLE");
    CHECK(!is_told(0) && !is_told(1)); /* the offer stands */
    rematch(1, true);
    keep_asked();
    CHECK(uuid_equal(&asked.rematched.id, &id));
    answer(HUB_UNAVAILABLE);
    rematch(1, false);
    check_both("declined", 1);
    CHECK(uuid_equal(&wanted(HUB_FX_RELEASE)->release.match, &id)); /* it may have been made */
    store_is(HUB_VALKEY, false);
    rematch(1, true);
    CHECK(is_told(0));
    finish();
}

TEST(a_refusal_while_valkey_is_asked_is_heard_when_nothing_comes_of_it)
{
    play_to_the_end();
    agree();
    rematch(0, false);
    CHECK(!is_told(0) && !is_told(1)); /* both had agreed */
    answer(HUB_UNAVAILABLE);
    check_both("declined", 0);
    agree();
    rematch(0, false);
    answer(HUB_OK);
    check_both("accepted", 1);
    finish();
}

TEST(without_room_or_valkey_only_the_agreement_is_void)
{
    play_to_the_end();
    rematch(0, true);
    store_is(HUB_VALKEY, false);
    rematch(1, true);
    CHECK_TEXT(heard(seats[1], MSG_error)->error.code, "UNAVAILABLE");
    store_is(HUB_VALKEY, true);
    rematch(1, true);
    keep_asked();
    step((struct hub_event){ .type = HUB_EV_DRAIN });
    CHECK_INT(ended(seats[0]) == 0 || ended(seats[0]) == 1012, true);
    answer(HUB_OK);
    CHECK(effect_of(HUB_FX_RELEASE, 0) != NULL); /* no new matches here */
    finish();
}

TEST(an_answer_after_the_end_undoes_the_match)
{
    play_to_the_end();
    pass(29000000);
    agree();
    pass(1000000);
    check_both("expired", 1);
    answer(HUB_OK);
    CHECK(uuid_equal(&wanted(HUB_FX_RELEASE)->release.match, &asked.rematched.id));
    CHECK_INT(hub_count(hub).matches, 0);
    finish();
}

TEST(only_after_an_end_that_was_one)
{
    begin(usual_limits());
    match_id = pair(&match_ref);
    start();
    rematch(0, true);
    CHECK_TEXT(heard(seats[0], MSG_error)->error.code, "NOT_OVER");
    say_type(seats[1], MSG_leave);
    rematch(0, true); /* match_end waits for its rating */
    CHECK_TEXT(heard(seats[0], MSG_error)->error.code, "NOT_OVER");
    begin(usual_limits());
    match_id = pair(&match_ref);
    seats[0] = open_seat(10, &match_id, 0);
    seats[1] = open_seat(11, &match_id, 1);
    say_type(seats[1], MSG_leave);
    CHECK_TEXT(heard(seats[0], MSG_match_end)->match_end.reason, "abandoned");
    rematch(0, true);
    CHECK_TEXT(heard(seats[0], MSG_error)->error.code, "REMATCH_UNAVAILABLE");
    finish();
}

TEST_MAIN
