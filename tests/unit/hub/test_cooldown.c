/* Who leaves rated matches early, and what the queue says to who did so too often. */
#include <duel/hub/saved.h> /* before the fixture, whose names it would shadow */
#include "fixture.h"

static struct ref match_ref;
static struct uuid match_id;
static struct ref seats[2];

static void begin_match(void)
{
    begin(usual_limits());
    match_id = pair(&match_ref);
    sealed(match_ref, 1, true);
}

static void begin_round(void)
{
    begin_match();
    seats[0] = open_seat(10, &match_id, 0);
    seats[1] = open_seat(11, &match_id, 1);
    pass(7000000); /* countdown, and the wait for `ready` */
    CHECK_INT(hub_count(hub).matches_by_phase[MATCH_ROUND], 1);
}

/* How many have left early in this step; the player of the first is looked at. */
static uint32_t leavers(uint64_t *ret_first)
{
    uint32_t count = 0;
    const struct hub_effect *effect;
    *ret_first = 0;
    while ((effect = effect_of(HUB_FX_LEFT, count)) != NULL) {
        struct uuid ana = uuid_random(1, 1);
        CHECK(uuid_equal(&effect->left.match, &match_id));
        if (count++ == 0) {
            *ret_first = uuid_equal(&effect->left.player, &ana) ? 1 : 2;
        }
    }
    return count;
}

static void check_leaver(uint64_t player)
{
    uint64_t first;
    CHECK_INT(leavers(&first), player == 0 ? 0 : 1);
    CHECK_INT(first, player);
}

/* Lets time pass up to and with the step in which the match ends. */
static void pass_to_the_end(void)
{
    while (effect_of(HUB_FX_STORE, 0) == NULL && !noted(HUB_NOTE_MATCH_ABANDONED)) {
        now_us = hub_deadline_us(hub);
        step((struct hub_event){ .type = HUB_EV_TICK });
    }
}

TEST(leaving_counts_before_and_after_the_first_round)
{
    begin_round();
    say_type(seats[1], MSG_leave);
    check_leaver(2);
    begin_match();
    seats[0] = open_seat(10, &match_id, 0);
    say_type(seats[0], MSG_leave);
    check_leaver(1);
    finish();
}

TEST(staying_away_counts)
{
    begin_round();
    gone(seats[0]);
    pass_to_the_end();
    check_leaver(1);
    begin(usual_limits());
    match_id = pair(&match_ref);
    seats[0] = open_seat(10, &match_id, 0);
    seats[1] = open_seat(11, &match_id, 1);
    gone(seats[1]); /* in the countdown, and without a frame no round comes */
    pass_to_the_end();
    CHECK(noted(HUB_NOTE_MATCH_ABANDONED));
    check_leaver(2);
    finish();
}

TEST(both_who_stay_away_count_unless_they_went_together)
{
    uint64_t first;
    begin_round();
    gone(seats[0]);
    pass(3000000);
    gone(seats[1]);
    pass_to_the_end();
    CHECK_INT(leavers(&first), 2);
    begin_round();
    gone(seats[0]);
    pass(1000000);
    gone(seats[1]);
    pass_to_the_end();
    CHECK(noted(HUB_NOTE_MATCH_ABANDONED));
    check_leaver(0);
    finish();
}

TEST(not_coming_counts_when_the_other_came)
{
    begin_match();
    seats[0] = open_seat(10, &match_id, 0);
    pass_to_the_end();
    check_leaver(2);
    begin_match();
    pass(31000000); /* nobody came */
    CHECK_INT(hub_count(hub).matches, 0);
    check_leaver(0);
    finish();
}

TEST(not_coming_does_not_count_when_the_other_could_not_be_let_in)
{
    begin_match();
    saves_by_hand = true; /* Valkey takes longer than the wait to say whose the match is */
    seats[0] = open_seat(10, &match_id, 0);
    pass_to_the_end();
    check_leaver(0);
    finish();
}

TEST(an_end_by_score_has_no_leavers)
{
    struct hub_limits limits = usual_limits();
    limits.rules.best_of = 1;
    limits.rules.round_ms = 20000;
    begin(limits);
    match_id = pair(&match_ref);
    sealed(match_ref, 1, true);
    seats[0] = open_seat(10, &match_id, 0);
    seats[1] = open_seat(11, &match_id, 1);
    pass(7000000);
    gone(seats[1]); /* for longer than his grace, which decides nothing while the other is away */
    pass(10000000);
    gone(seats[0]);
    pass_to_the_end();
    CHECK_INT(wanted(HUB_FX_STORE)->store.data->reason, MATCH_BY_SCORE);
    check_leaver(0);
    finish();
}

TEST(nobody_leaves_while_a_store_or_the_process_was_away)
{
    for (enum hub_store store = HUB_POSTGRESQL; store <= HUB_VALKEY; store++) {
        begin_round();
        store_is(store, false);
        store_is(store, true);
        say_type(seats[1], MSG_leave);
        check_leaver(0);
    }
    begin_round();
    now_us = hub_deadline_us(hub) + 6000000;
    step((struct hub_event){ .type = HUB_EV_TICK });
    CHECK(noted(HUB_NOTE_PROCESS_AWAY));
    say_type(seats[1], MSG_leave);
    check_leaver(0);
    begin(usual_limits());
    struct ref a = open_door(0, HUB_DOOR_QUEUE, "ana");
    load_player("Ana", 1, 1000, HUB_OK);
    joined(joining(), HUB_OK, 1, 0);
    open_door(1, HUB_DOOR_QUEUE, "bob");
    load_player("Bob", 2, 1000, HUB_OK);
    store_is(HUB_POSTGRESQL, false); /* since before it was made */
    joined(joins[1].player, HUB_OK, 2, 1);
    match_id = heard(a, MSG_matched)->matched.match;
    seats[0] = open_seat(10, &match_id, 0);
    say_type(seats[0], MSG_leave);
    CHECK(noted(HUB_NOTE_MATCH_ABANDONED));
    check_leaver(0);
    finish();
}

/* Placed here by another node, which never played it; then as if a third had played it; unrated. */
enum kind { KIND_PLACED, KIND_TAKEN_OVER, KIND_UNRATED };

TEST(nobody_leaves_a_match_that_was_taken_over_or_is_not_rated)
{
    static char cards[2][SAVED_CARD_SIZE_MAX], blob[SAVED_TERMS_SIZE_MAX], data[4096];
    uint32_t data_size = 0;
    for (enum kind kind = KIND_PLACED; kind <= KIND_UNRATED; kind++) {
        begin(usual_limits());
        struct hub_event event = { .type = HUB_EV_QUEUE };
        open_door(0, HUB_DOOR_QUEUE, "ana");
        load_player("Ana", 1, 1000, HUB_OK);
        struct ref ana = joining();
        joined(ana, HUB_OK, 1, 0);
        open_door(1, HUB_DOOR_QUEUE, "bob");
        load_player("Bob", 2, 1000, HUB_OK);
        struct ref bob = joining();
        event.queue.player = bob;
        event.queue.waiting = 1;
        event.queue.matched = event.queue.ours = true;
        event.queue.copy.fence = now_us;
        for (uint32_t i = 0; i < 2; i++) {
            memcpy(cards[i], joins[i].card, joins[i].card_size);
            event.queue.copy.card[i] = (struct text){ cards[i], joins[i].card_size };
        }
        event.queue.slot = 1;
        if (kind != KIND_UNRATED) {
            /* Not the id that this join has offered: it was made before. */
            event.queue.match = uuid_random(77, 77);
            if (kind == KIND_TAKEN_OVER) {
                event.queue.copy.data = (struct text){ data, data_size };
            }
        } else {
            struct terms terms = { .rated = false };
            struct text_buffer buffer;
            text_buffer_init(&buffer, blob, sizeof blob);
            event.queue.copy.terms = saved_terms(&terms, &buffer);
            event.queue.match = joins[1].match;
        }
        step(event);
        match_id = event.queue.match;
        saves_by_hand = true;
        seats[0] = open_seat(10, &match_id, 0);
        struct ref match = wanted(HUB_FX_SAVE)->save.match;
        data_size = wanted(HUB_FX_SAVE)->save.data.size;
        CHECK(data_size <= sizeof data);
        memcpy(data, wanted(HUB_FX_SAVE)->save.data.data, data_size);
        struct hub_event proof = { .type = HUB_EV_SAVED };
        proof.saved.match = match;
        proof.saved.fence = now_us;
        step(proof);
        if (kind != KIND_UNRATED) {
            proof = (struct hub_event){ .type = HUB_EV_CHECKED };
            proof.checked.match = match;
            step(proof);
        }
        CHECK_INT(heard(seats[0], MSG_welcome)->welcome.rated, kind != KIND_UNRATED);
        say_type(seats[0], MSG_leave);
        CHECK(noted(HUB_NOTE_MATCH_ABANDONED));
        check_leaver(kind == KIND_PLACED ? 1 : 0);
    }
    finish();
}

TEST(the_queue_sends_away_who_has_to_wait)
{
    begin(usual_limits());
    struct ref first = open_door(0, HUB_DOOR_QUEUE, "ana");
    load_player("Ana", 1, 1000, HUB_OK);
    struct hub_event event = { .type = HUB_EV_QUEUE };
    event.queue.player = joining();
    struct ref second = open_door(1, HUB_DOOR_QUEUE, "ana");
    event.queue.cooldown_until_ms = (int64_t)(now_us / 1000) + 100000;
    step(event);
    CHECK(noted(HUB_NOTE_PLAYER_COOLDOWN));
    CHECK_TEXT(heard(first, MSG_error)->error.code, "COOLDOWN");
    CHECK_INT(heard(second, MSG_error)->error.until, (int64_t)(now_us / 1000) + 100000);
    CHECK_INT(ended(first), 4429);
    CHECK_INT(ended(second), 4429);
    CHECK(told(first, MSG_queued) == NULL);
    CHECK(effect_of(HUB_FX_QUEUE_LEAVE, 0) == NULL); /* there is no ticket */
    CHECK_INT(hub_count(hub).tickets, 0);
    finish();
}

TEST_MAIN
