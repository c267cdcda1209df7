/* Matches that are only looked at: to whom, and with nothing that was not told yet. */
#include <duel/hub/saved.h> /* before the fixture, whose names it would shadow */
#include "fixture.h"

static struct ref match_ref;
static struct uuid match_id;

static struct ref look_at(uint32_t index, const char *sub, const struct uuid *match)
{
    static uint32_t generation = 5000;
    struct hub_event event = { .type = HUB_EV_OPEN };
    event.open.conn = (struct ref){ index, ++generation };
    event.open.door = HUB_DOOR_LOOK;
    event.open.sub = text_from(sub);
    event.open.match = *match;
    step(event);
    return event.open.conn;
}

/* Which answers a look got, and at most one. */
static const struct msg_match_now *shown(struct ref conn)
{
    const struct hub_effect *effect = wanted(HUB_FX_REPLY);
    CHECK(ref_equal(effect->send.conn, conn));
    CHECK_INT(effect->send.message.type, MSG_match_now);
    return &effect->send.message.match_now;
}

static void check_refused(struct ref conn, uint16_t status, const char *code)
{
    const struct hub_effect *effect = wanted(HUB_FX_REPLY_ERROR);
    CHECK(ref_equal(effect->reply_error.conn, conn));
    CHECK_INT(effect->reply_error.status, status);
    CHECK_TEXT(effect->reply_error.code, code);
}

static void check_read(struct ref conn, bool unsure)
{
    const struct hub_effect *effect = wanted(HUB_FX_READ);
    CHECK(ref_equal(effect->read.conn, conn));
    CHECK_INT(effect->read.unsure, unsure);
}

/* Everything that tells a video, of the answer to `conn`. */
static uint32_t answers_shown(struct ref conn)
{
    const struct msg_match_now *now = shown(conn);
    uint32_t count = 0;
    for (uint32_t i = 0; i < now->rounds_count; i++) {
        count += now->rounds[i].answer.title.size != 0;
    }
    return count;
}

static struct ref seats[2];

static void begin_round(void)
{
    struct hub_limits limits = usual_limits();
    limits.save_wait_ms = 250;
    begin(limits);
    match_id = pair(&match_ref);
    sealed(match_ref, 1, true);
    seats[0] = open_seat(10, &match_id, 0);
    seats[1] = open_seat(11, &match_id, 1);
    pass(7000000); /* countdown, and the wait for `ready` */
    CHECK_INT(hub_count(hub).matches_by_phase[MATCH_ROUND], 1);
}

TEST(a_live_match_is_shown_to_its_players)
{
    begin(usual_limits());
    match_id = pair(&match_ref);
    const struct msg_match_now *now = shown(look_at(20, "ana", &match_id));
    CHECK(uuid_equal(&now->match, &match_id));
    CHECK_TEXT(now->phase, "waiting");
    CHECK(now->rated);
    CHECK_INT(now->best_of, 5);
    CHECK_INT(now->players_count, 2);
    CHECK_TEXT(now->players[now->you].name, "Ana");
    CHECK_TEXT(now->players[1 - now->you].name, "Bob");
    CHECK(!now->players[0].connected && !now->has_invitation);
    CHECK_INT(now->rounds_count, 0);
    int64_t ana = now->you;
    CHECK_INT(shown(look_at(21, "bob", &match_id))->you, 1 - ana);
    check_refused(look_at(22, "eve", &match_id), 403, "NOT_YOUR_MATCH");
    finish();
}

TEST(one_player_looks_ten_times_a_second)
{
    begin(usual_limits());
    struct uuid unknown = uuid_random(7, 7);
    open_door(0, HUB_DOOR_QUEUE, "ana");
    load_player("Ana", 1, 1000, HUB_OK);
    for (uint32_t i = 0; i < 10; i++) {
        (void)look_at(20 + i, "ana", &unknown);
        CHECK(wanted(HUB_FX_LOOK) != NULL);
    }
    check_refused(look_at(30, "ana", &unknown), 429, "SLOW_DOWN");
    CHECK(effect_of(HUB_FX_LOOK, 0) == NULL);
    (void)look_at(31, "bob", &unknown);
    CHECK(wanted(HUB_FX_LOOK) != NULL);
    pass(100000);
    (void)look_at(32, "ana", &unknown);
    CHECK(wanted(HUB_FX_LOOK) != NULL);
    finish();
}

TEST(nothing_of_a_running_round_is_shown)
{
    begin_round();
    struct ref conn = look_at(20, "ana", &match_id);
    CHECK_TEXT(shown(conn)->phase, "round");
    CHECK(shown(conn)->players[0].connected && shown(conn)->players[1].connected);
    CHECK_INT(answers_shown(conn), 0);
    finish();
}

/* Lets time pass up to and with the step that wants this done. */
static struct hub_effect *pass_to(enum hub_effect_type type)
{
    while (effect_of(type, 0) == NULL) {
        now_us = hub_deadline_us(hub) > now_us ? hub_deadline_us(hub) : now_us;
        step((struct hub_event){ .type = HUB_EV_TICK });
    }
    return wanted(type);
}

/* the end of a round is kept before anybody is told. */
TEST(what_waits_for_its_save_is_not_shown)
{
    begin_round();
    struct hub_event saved = { .type = HUB_EV_SAVED };
    saved.saved.match = match_ref;
    /* The round is over, and its end is being saved. */
    saved.saved.fence = pass_to(HUB_FX_SAVE)->save.fence;
    CHECK(told(seats[0], MSG_round_end) == NULL);
    struct ref conn = look_at(20, "ana", &match_id);
    CHECK_TEXT(shown(conn)->phase, "round");
    CHECK_INT(answers_shown(conn), 0);
    step(saved);
    const struct msg_round_end *end = &heard(seats[0], MSG_round_end)->round_end;
    struct msg_video answer = end->answer;
    conn = look_at(21, "ana", &match_id);
    CHECK_TEXT(shown(conn)->phase, "intermission");
    CHECK_INT(answers_shown(conn), 1);
    CHECK(text_equal(shown(conn)->rounds[0].answer.video, answer.video));
    CHECK_INT(shown(conn)->rounds[0].round, 1);
    CHECK(shown(conn)->rounds[0].winner == MSG_NIL);
    finish();
}

TEST(what_is_over_is_read_once_it_is_stored)
{
    begin_round();
    say_type(seats[1], MSG_leave);
    struct ref conn = look_at(20, "ana", &match_id);
    CHECK_TEXT(shown(conn)->phase, "round"); /* its end is being saved */
    /* It took too long: told all the same. */
    struct ref result = pass_to(HUB_FX_STORE)->store.result;
    conn = look_at(21, "ana", &match_id);
    CHECK_TEXT(shown(conn)->phase, "over");
    check_refused(look_at(22, "eve", &match_id), 403, "NOT_YOUR_MATCH");
    stored(result, HUB_OK);
    check_read(look_at(23, "ana", &match_id), false);
    check_read(look_at(24, "eve", &match_id), false);
    finish();
}

TEST(without_valkey_nobody_can_be_sure)
{
    struct uuid other = uuid_random(77, 77);
    begin(usual_limits());
    store_is(HUB_VALKEY, false);
    check_read(look_at(20, "ana", &other), true);
    finish();
}

/* Ana looks at a match that is not here; Valkey says `looked`. */
static struct ref look_far(struct hub_event_looked looked)
{
    struct hub_event event = { .type = HUB_EV_LOOKED };
    begin(usual_limits());
    match_id = uuid_random(77, 78);
    struct ref conn = look_at(20, "ana", &match_id);
    CHECK(uuid_equal(&wanted(HUB_FX_LOOK)->look.match, &match_id));
    event.looked = looked;
    event.looked.conn = wanted(HUB_FX_LOOK)->look.conn;
    event.looked.match = match_id;
    step(event);
    return conn;
}

static struct text card_of(const char *sub, uint64_t id, char memory[SAVED_CARD_SIZE_MAX])
{
    struct text_buffer buffer;
    struct player player = { .sub = text_from(sub), .loaded = true, .id = uuid_random(id, id),
                             .name = text_from(sub) };
    text_buffer_init(&buffer, memory, SAVED_CARD_SIZE_MAX);
    return saved_card(&player, 1100, 0, &buffer);
}

TEST(what_valkey_says_of_it)
{
    check_read(look_far((struct hub_event_looked){ .place = HUB_NOWHERE }), false);
    finish();
    check_read(look_far((struct hub_event_looked){ .place = HUB_USED }), false);
    finish();
    check_read(look_far((struct hub_event_looked){ .reply = HUB_UNAVAILABLE }), true);
    finish();
    check_read(look_far((struct hub_event_looked){ .place = HUB_SUCCESSOR }), true);
    finish();
    struct ref conn =
        look_far((struct hub_event_looked){ .place = HUB_ELSEWHERE, .node = TEXT("b") });
    CHECK(ref_equal(wanted(HUB_FX_REPLY_ELSEWHERE)->reply_elsewhere.conn, conn));
    CHECK_TEXT(wanted(HUB_FX_REPLY_ELSEWHERE)->reply_elsewhere.node, "b");
    CHECK(uuid_equal(&wanted(HUB_FX_REPLY_ELSEWHERE)->reply_elsewhere.match, &match_id));
    finish();
    check_refused(look_far((struct hub_event_looked){ .place = HUB_EXPIRED }), 404,
                  "INVITE_EXPIRED");
    finish();
    check_refused(look_far((struct hub_event_looked){ .place = HUB_WITHDRAWN }), 404,
                  "INVITE_WITHDRAWN");
    finish();
    check_refused(look_far((struct hub_event_looked){ .place = HUB_FOREIGN }), 503,
                  "UNAVAILABLE");
    finish();
}

TEST(one_that_nobody_has_begun)
{
    static char memory[2][SAVED_CARD_SIZE_MAX];
    struct hub_event_looked looked = {
        .place = HUB_OURS,
        .card = { card_of("bob", 2, memory[0]), card_of("ana", 1, memory[1]) },
    };
    const struct msg_match_now *now = shown(look_far(looked));
    CHECK_TEXT(now->phase, "waiting");
    CHECK_INT(now->you, 1);
    CHECK(now->rated && now->players_count == 2);
    CHECK_TEXT(now->players[0].name, "bob");
    CHECK_INT(now->players[0].rating, 1100);
    finish();
    looked.card[1] = card_of("eve", 3, memory[1]);
    check_refused(look_far(looked), 403, "NOT_YOUR_MATCH");
    finish();
    looked.card[0] = TEXT("garbage");
    check_refused(look_far(looked), 503, "UNAVAILABLE");
    finish();
    looked.begun = true; /* somebody will take it over, who knows more */
    check_refused(look_far(looked), 503, "UNAVAILABLE");
    finish();
}

TEST(an_invitation_is_shown_to_whoever_has_its_id)
{
    static char memory[SAVED_CARD_SIZE_MAX];
    struct hub_event_looked looked = {
        .place = HUB_INVITED, .card = { card_of("bob", 2, memory) }, .expires_ms = 1234567,
    };
    const struct msg_match_now *now = shown(look_far(looked));
    CHECK(now->you == MSG_NIL && now->has_invitation);
    CHECK_INT(now->invitation.expires_at, 1234567);
    CHECK_INT(now->players_count, 1);
    CHECK_TEXT(now->players[0].name, "bob");
    finish();
    looked.card[0] = card_of("ana", 1, memory);
    CHECK_INT(shown(look_far(looked))->you, 0);
    finish();
}

TEST(who_is_gone_before_the_answer)
{
    struct uuid other = uuid_random(77, 79);
    begin(usual_limits());
    struct ref conn = look_at(20, "ana", &other);
    gone(conn);
    struct hub_event event = { .type = HUB_EV_LOOKED };
    event.looked.conn = conn;
    event.looked.place = HUB_ELSEWHERE;
    step(event);
    CHECK_INT(effects_count, 0);
    CHECK_INT(hub_count(hub).late, 1);
    finish();
}

TEST_MAIN
