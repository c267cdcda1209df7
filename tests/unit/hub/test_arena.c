/* A match through the hub: welcome, frames, rounds, guesses, the end, and the result's way. */
#include "fixture.h"

static struct ref match_ref;
static struct uuid match_id;
static struct ref seats[2];

/* Both are there, the countdown is over and round 1 runs. */
static void start_round(void)
{
    match_id = pair(&match_ref);
    sealed(match_ref, 1, true);
    seats[0] = open_seat(10, &match_id, 0);
    seats[1] = open_seat(11, &match_id, 1);
    struct message ready = { .type = MSG_ready };
    ready.ready.round = 1;
    say(seats[0], &ready);
    say(seats[1], &ready);
    pass(3000000);
}

/* The title of the video whose frame was sealed last in the current step. */
static struct text answer_of(const struct hub_effect *seal)
{
    for (uint32_t i = 0; i < VIDEOS; i++) {
        struct titles_video video = titles_get(titles, i);
        if (text_equal(video.frames[0].path, seal->seal.path)) {
            return video.title;
        }
    }
    return TEXT_NONE;
}

static struct text first_answer;

static void start_known_round(void)
{
    struct ref a = open_door(0, HUB_DOOR_QUEUE, "ana");
    load_player("Ana", 1, 1000, HUB_OK);
    joined(joining(), HUB_OK, 1, 0);
    struct ref b = open_door(1, HUB_DOOR_QUEUE, "bob");
    load_player("Bob", 2, 1010, HUB_OK);
    joined(joining(), HUB_OK, 2, 1);
    match_id = heard(a, MSG_matched)->matched.match;
    match_ref = wanted(HUB_FX_FRAME_SEAL)->seal.match;
    first_answer = answer_of(wanted(HUB_FX_FRAME_SEAL));
    gone(a);
    gone(b);
    sealed(match_ref, 1, true);
    seats[0] = open_seat(10, &match_id, 0);
    seats[1] = open_seat(11, &match_id, 1);
    pass(6000000); /* countdown, and the wait for `ready` */
    CHECK(told(seats[0], MSG_round) != NULL);
}

static void guess(uint8_t slot, uint32_t round, uint32_t seq, struct text text)
{
    struct message message = { .type = MSG_guess };
    message.guess.round = round;
    message.guess.seq = seq;
    message.guess.text = text;
    say(seats[slot], &message);
}

TEST(a_welcome_tells_the_state_and_never_the_key_before_the_round)
{
    begin(usual_limits());
    match_id = pair(&match_ref);
    seats[0] = open_seat(10, &match_id, 0);
    const struct msg_welcome *welcome = &heard(seats[0], MSG_welcome)->welcome;
    CHECK(effects[0]->type == HUB_FX_SEND); /* first of all */
    CHECK_INT(welcome->v, 1);
    CHECK_INT(welcome->you, 0);
    CHECK_TEXT(welcome->phase, "waiting");
    CHECK(welcome->players[0].connected && !welcome->players[1].connected);
    CHECK_TEXT(welcome->players[1].name, "Bob");
    CHECK(!welcome->has_round && !welcome->has_frame);
    sealed(match_ref, 1, true);
    CHECK(told(seats[0], MSG_frame) == NULL); /* told in the countdown */
    seats[1] = open_seat(11, &match_id, 1);
    CHECK(effect_of(HUB_FX_PING, 0) != NULL);
    CHECK(told(seats[0], MSG_countdown) != NULL && told(seats[1], MSG_countdown) != NULL);
    CHECK_TEXT(heard(seats[0], MSG_frame)->frame.url,
               "0000000000000000000000000000000000000000000");
    CHECK_TEXT(heard(seats[1], MSG_frame)->frame.url,
               "1111111111111111111111111111111111111111111");
    pass(6000000);
    CHECK_INT(heard(seats[0], MSG_round)->round.key[0], 'b');
    CHECK_INT(heard(seats[1], MSG_round)->round.key[0], 'B');
    struct ref newer = open_seat(12, &match_id, 0);
    CHECK_INT(ended(seats[0]), 4409);
    welcome = &heard(newer, MSG_welcome)->welcome;
    CHECK_TEXT(welcome->phase, "round");
    CHECK(welcome->has_round && welcome->round.key[0] == 'b');
    CHECK(welcome->has_frame && welcome->frame.round == 1);
    CHECK(told(seats[1], MSG_player) == NULL); /* never was away */
    finish();
}

TEST(a_verdict_leaves_in_the_step_of_its_guess)
{
    begin(usual_limits());
    start_known_round();
    now_us += 2000000;
    guess(0, 1, 1, TEXT("something else"));
    const struct msg_verdict *verdict = &heard(seats[0], MSG_verdict)->verdict;
    CHECK(!verdict->correct && verdict->raw_ms == 2000 && verdict->guesses_left == 5);
    CHECK_INT(verdict->locked_until, (int64_t)(now_us / 1000) + 1000);
    CHECK(told(seats[1], MSG_opponent) != NULL && told(seats[1], MSG_verdict) == NULL);
    guess(0, 1, 2, first_answer);
    CHECK_TEXT(heard(seats[0], MSG_error)->error.code, "LOCKED");
    CHECK_INT(heard(seats[0], MSG_error)->error.seq, 2);
    guess(0, 2, 1, first_answer);
    CHECK_TEXT(heard(seats[0], MSG_error)->error.code, "NOT_IN_ROUND");
    guess(0, 1, 1, TEXT("something else"));
    CHECK_INT(heard(seats[0], MSG_verdict)->verdict.raw_ms, 2000); /* the first one again */
    now_us += 1000000;
    guess(0, 1, 2, first_answer);
    CHECK(heard(seats[0], MSG_verdict)->verdict.correct);
    pass(1); /* the other has no lag, so nothing of his is in flight */
    const struct msg_round_end *end = &heard(seats[1], MSG_round_end)->round_end;
    CHECK(end->winner == 0 && end->ms[0] == 3000 && end->ms[1] == MSG_NIL && end->score[0] == 1);
    CHECK(text_equal(end->answer.title, first_answer));
    CHECK(effect_of(HUB_FX_FRAME_SEAL, 0) != NULL); /* the next one */
    CHECK(effect_of(HUB_FX_PING, 1) != NULL);
    finish();
}

TEST(suggestions_and_their_limit)
{
    begin(usual_limits());
    start_round();
    struct message suggest = { .type = MSG_suggest };
    suggest.suggest.q = TEXT("title");
    for (uint32_t i = 0; i < 10; i++) {
        suggest.suggest.seq = i;
        say(seats[0], &suggest);
        CHECK_INT(heard(seats[0], MSG_suggestions)->suggestions.seq, i);
        CHECK_INT(heard(seats[0], MSG_suggestions)->suggestions.items_count, 10);
    }
    say(seats[0], &suggest);
    CHECK_TEXT(heard(seats[0], MSG_error)->error.code, "SLOW_DOWN");
    CHECK_INT(heard(seats[0], MSG_error)->error.seq, 9);
    say(seats[1], &suggest);
    CHECK(told(seats[1], MSG_suggestions) != NULL);
    say_type(seats[0], MSG_client_rematch);
    CHECK_TEXT(heard(seats[0], MSG_error)->error.code, "NOT_OVER");
    finish();
}

/* Round 1 is won by seat 0, then seat 1 leaves. Returns the reference of the result. */
static struct ref play_and_leave(void)
{
    start_known_round();
    now_us += 4200000;
    guess(0, 1, 1, first_answer);
    pass(31000000 - 4200000);
    say_type(seats[1], MSG_leave);
    struct hub_effect *store = wanted(HUB_FX_STORE);
    CHECK(told(seats[0], MSG_match_end) == NULL); /* its rating is waited for */
    return store->store.result;
}

TEST(match_end_waits_for_its_rating)
{
    begin(usual_limits());
    struct ref result = play_and_leave();
    const struct hub_result *data = wanted(HUB_FX_STORE)->store.data;
    CHECK_INT(data->score[0], 1);
    CHECK_INT(data->winner, 0);
    CHECK_INT(data->points[0], 200);
    CHECK_INT(data->rounds_count, 1);
    CHECK_INT(data->won_ms, 4200);
    CHECK_INT(data->guesses_count, 1);
    CHECK(text_equal(data->guesses[0].text, first_answer));
    CHECK(text_equal(data->rounds[0].title, first_answer));
    CHECK(data->rated && data->reason == MATCH_BY_FORFEIT);
    stored(result, HUB_OK);
    const struct msg_match_end *end = &heard(seats[0], MSG_match_end)->match_end;
    CHECK_TEXT(end->outcome, "win");
    CHECK_TEXT(end->reason, "forfeit");
    CHECK(end->has_rating && end->rating.before == 1000 && end->rating.after == 1016);
    CHECK_INT(end->avg_ms, 4200);
    CHECK_TEXT(end->share, "⚔️ Framedle Duel\n🏆 W 1-0 vs @Bob\n⚡ Avg: 4.2s\nframedle.wtf");
    CHECK_TEXT(heard(seats[1], MSG_match_end)->match_end.share,
               "⚔️ Framedle Duel\n🏆 L 0-1 vs @Ana\nframedle.wtf");
    CHECK_INT(wanted(HUB_FX_PUBLISH)->store.data->after[1], 994);

    /* Until the rematch time is over a newcomer gets both messages; then everybody is sent home. */
    struct ref late = open_seat(12, &match_id, 1);
    CHECK_INT(ended(seats[1]), 4409);
    CHECK_TEXT(heard(late, MSG_welcome)->welcome.phase, "over");
    CHECK_INT(heard(late, MSG_welcome)->welcome.rounds_count, 1);
    CHECK_TEXT(heard(late, MSG_match_end)->match_end.outcome, "loss");
    pass(30000000);
    CHECK_INT(ended(seats[0]), 1000);
    CHECK_INT(ended(late), 4410);
    struct hub_event event = { .type = HUB_EV_OPEN };
    event.open.conn = (struct ref){ 13, 1 };
    event.open.door = HUB_DOOR_MATCH;
    event.open.match = match_id;
    event.open.sub = TEXT("ana");
    step(event);
    CHECK_INT(ended(event.open.conn), 4410);
    finish();
}

TEST(match_end_does_not_wait_for_ever)
{
    begin(usual_limits());
    struct ref result = play_and_leave();
    stored(result, HUB_UNAVAILABLE);
    pass(1000000);
    CHECK(!heard(seats[0], MSG_match_end)->match_end.has_rating);
    pass(4000000);
    CHECK(effect_of(HUB_FX_STORE, 0) != NULL); /* asked again */
    stored(result, HUB_OK);
    CHECK_INT(heard(seats[0], MSG_rating)->rating.after, 1016);
    CHECK_INT(heard(seats[1], MSG_rating)->rating.after, 994);
    CHECK(told(seats[0], MSG_match_end) == NULL);
    struct hub_event published = { .type = HUB_EV_PUBLISHED };
    published.published.result = result;
    published.published.reply = HUB_UNAVAILABLE;
    step(published);
    CHECK_INT(hub_count(hub).results, 1);
    store_is(HUB_VALKEY, false);
    pass(6000000);
    CHECK(effect_of(HUB_FX_PUBLISH, 0) == NULL);
    store_is(HUB_VALKEY, true);
    pass(0);
    CHECK(effect_of(HUB_FX_PUBLISH, 0) != NULL);
    published.published.reply = HUB_OK;
    step(published);
    CHECK_INT(hub_count(hub).results, 0);
    CHECK_INT(hub_count(hub).guess_log_bytes, 0);
    finish();
}

TEST(a_refused_result_is_dropped)
{
    begin(usual_limits());
    struct ref result = play_and_leave();
    stored(result, HUB_REFUSED);
    CHECK(noted(HUB_NOTE_RESULT_REFUSED));
    CHECK(!heard(seats[1], MSG_match_end)->match_end.has_rating);
    CHECK_INT(hub_count(hub).results, 0);
    finish();
}

TEST(a_full_ledger_makes_no_more_matches)
{
    struct hub_limits limits = usual_limits();
    limits.results_max = 1;
    begin(limits);
    play_and_leave();
    struct ref a = open_door(20, HUB_DOOR_QUEUE, "cat");
    load_player("Cat", 3, 1000, HUB_OK);
    joined(joining(), HUB_OK, 1, 0);
    open_door(21, HUB_DOOR_QUEUE, "dan");
    load_player("Dan", 4, 1000, HUB_OK);
    joined(joining(), HUB_OK, 2, 3);
    CHECK_INT(ended(a), 4503);
    finish();
}

TEST(texts_of_guesses_are_bounded_and_the_guesses_stay)
{
    struct hub_limits limits = usual_limits();
    limits.guess_log_max = 20;
    begin(limits);
    start_known_round();
    guess(0, 1, 1, TEXT("0123456789"));
    pass(1000000);
    guess(0, 1, 2, TEXT("a text that is too long now"));
    pass(1000000);
    guess(0, 1, 3, TEXT("0123456789"));
    say_type(seats[1], MSG_leave);
    const struct hub_result *data = wanted(HUB_FX_STORE)->store.data;
    CHECK_INT(data->guesses_count, 3);
    CHECK_TEXT(data->guesses[0].text, "0123456789");
    CHECK(data->guesses[1].text.data == NULL);
    CHECK_TEXT(data->guesses[2].text, "0123456789");
    finish();
}

TEST(a_frame_that_cannot_be_had_is_drawn_again)
{
    begin(usual_limits());
    match_id = pair(&match_ref);
    seats[0] = open_seat(10, &match_id, 0);
    sealed(match_ref, 1, false);
    CHECK(noted(HUB_NOTE_FRAME_FAILED));
    CHECK(effect_of(HUB_FX_FRAME_SEAL, 0) != NULL);
    sealed(match_ref, 1, false);
    sealed(match_ref, 1, false);
    CHECK_TEXT(heard(seats[0], MSG_match_end)->match_end.outcome, "none");
    CHECK_TEXT(heard(seats[0], MSG_match_end)->match_end.reason, "abandoned");
    CHECK(effect_of(HUB_FX_STORE, 0) == NULL);
    CHECK(effect_of(HUB_FX_FRAME_DROP, 0) != NULL);
    CHECK_INT(hub_count(hub).matches, 0);
    CHECK_INT(ended(seats[0]), 4503);
    struct ref late = open_seat(11, &match_id, 0);
    CHECK_TEXT(heard(late, MSG_match_end)->match_end.reason, "abandoned");
    CHECK_INT(ended(late), 4503);
    finish();
}

TEST(a_frame_for_a_match_that_is_gone_is_dropped)
{
    struct hub_limits limits = usual_limits();
    limits.rules.rematch_ms = 0;
    begin(limits);
    match_id = pair(&match_ref);
    seats[0] = open_seat(10, &match_id, 0);
    say_type(seats[0], MSG_leave);
    pass(1000);
    sealed(match_ref, 1, true);
    CHECK(effect_of(HUB_FX_FRAME_DROP, 0) != NULL);
    CHECK_INT(hub_count(hub).late, 1);
    finish();
}

/* Found by simulation: closing one seat ended the round, whose ping put off the other's closing. */
TEST(a_round_that_ends_while_the_server_stops_keeps_nobody_here)
{
    begin(usual_limits());
    start_known_round();
    struct hub_event pong = { .type = HUB_EV_PONG };
    pong.pong.conn = seats[0];
    pong.pong.rtt_us = 200000;
    step(pong);
    guess(1, 1, 1, first_answer); /* seat 0's lag is waited for */
    step((struct hub_event){ .type = HUB_EV_DRAIN });
    step((struct hub_event){ .type = HUB_EV_TICK });
    CHECK_INT(ended(seats[0]), 1012);
    CHECK_INT(ended(seats[1]), 1012);
    finish();
}

TEST_MAIN
