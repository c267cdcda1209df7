/* What lasts: saves and what waits for them, matches that come from another process and go to one,
 * the lease, and the way out (R-80 … R-87). */
#include "fixture.h"

#define BYTES_MAX 40000

static struct ref match_ref;
static struct uuid match_id;
static struct ref seats[2];
static struct text answer;

/* The latest save as Valkey has it. */
static struct {
    struct ref match;
    struct uuid id;
    uint64_t fence;
    bool hand_over;
    bool over;
    uint32_t sizes[3];
    char bytes[3][BYTES_MAX]; /* cards and data */
} kept;

/* The timers that are due now. */
static void tick(void)
{
    now_us++;
    step((struct hub_event){ .type = HUB_EV_TICK });
}

static struct hub_limits limits_of(uint32_t save_wait_ms)
{
    struct hub_limits limits = usual_limits();
    limits.save_wait_ms = save_wait_ms;
    limits.drain_ms = 20000;
    return limits;
}

/* Keeps what the last step saved. False: it saved nothing. */
static bool keep(void)
{
    const struct hub_effect *effect = effect_of(HUB_FX_SAVE, 0);
    if (effect == NULL) {
        return false;
    }
    const struct text texts[3] = { effect->save.card[0], effect->save.card[1], effect->save.data };
    kept.match = effect->save.match;
    kept.id = effect->save.id;
    kept.fence = effect->save.fence;
    kept.hand_over = effect->save.hand_over;
    kept.over = effect->save.over;
    for (uint32_t i = 0; i < 3; i++) {
        CHECK(texts[i].size <= BYTES_MAX);
        kept.sizes[i] = texts[i].size;
        memcpy(kept.bytes[i], texts[i].data, texts[i].size);
    }
    return true;
}

static struct hub_copy copy_of(uint64_t fence)
{
    return (struct hub_copy){ .fence = fence,
                              .card = { { kept.bytes[0], kept.sizes[0] },
                                        { kept.bytes[1], kept.sizes[1] } },
                              .data = { kept.bytes[2], kept.sizes[2] } };
}

static void saved(enum hub_reply reply, uint64_t fence, const char *node)
{
    struct hub_event event = { .type = HUB_EV_SAVED };
    event.saved.match = kept.match;
    event.saved.reply = reply;
    event.saved.fence = fence;
    event.saved.node = node != NULL ? text_from(node) : TEXT_NONE;
    step(event);
}

/* Answers the renewal of the lease. */
static void leased(bool was_there)
{
    struct hub_event event = { .type = HUB_EV_LEASED };
    event.leased.was_there = was_there;
    step(event);
}

/* Answers the CHECK of whether the match is stored. */
static void checked(struct ref match, enum hub_reply reply, bool is_stored)
{
    struct hub_event event = { .type = HUB_EV_CHECKED };
    event.checked.match = match;
    event.checked.reply = reply;
    event.checked.stored = is_stored;
    step(event);
}

/* Valkey and PostgreSQL agree that a match goes on here whose first player has just come. */
static void agree(void)
{
    struct ref match = wanted(HUB_FX_CHECK)->check.match;
    CHECK(keep());
    saved(HUB_OK, kept.fence, NULL);
    checked(match, HUB_OK, false);
}

static void sought(struct ref conn, enum hub_place place, uint64_t fence, const char *node)
{
    struct hub_event event = { .type = HUB_EV_SOUGHT };
    event.sought.conn = conn;
    event.sought.reply = HUB_OK;
    event.sought.place = place;
    event.sought.match = match_id;
    event.sought.node = node != NULL ? text_from(node) : TEXT_NONE;
    event.sought.copy = copy_of(fence);
    step(event);
}

static void swept_in(struct hub_copy copy)
{
    struct hub_event event = { .type = HUB_EV_TAKEN };
    event.taken.match = match_id;
    event.taken.copy = copy;
    step(event);
}

/* It is taken from a process that is gone; PostgreSQL knows of no end. */
static void taken(uint64_t fence)
{
    swept_in(copy_of(fence));
    const struct hub_effect *asked = effect_of(HUB_FX_CHECK, 0);
    if (asked != NULL) {
        checked(asked->check.match, HUB_OK, false);
    }
}

static void guess(uint8_t slot, uint32_t round, uint32_t seq, struct text text)
{
    struct message message = { .type = MSG_guess };
    message.guess.round = round;
    message.guess.seq = seq;
    message.guess.text = text;
    say(seats[slot], &message);
}

/* The title of the video whose frame was drawn last. */
static struct text answer_now(void)
{
    for (uint32_t i = 0; i < VIDEOS; i++) {
        if (text_equal(titles_get(titles, i).frames[0].path, sealing)) {
            return titles_get(titles, i).title;
        }
    }
    return TEXT_NONE;
}

/* Round 1 runs, and everything is saved. */
static void start(void)
{
    match_id = pair(&match_ref);
    answer = answer_now();
    sealed(match_ref, 1, true);
    saves_by_hand = true;
    seats[0] = open_seat(10, &match_id, 0);
    CHECK(keep());
    saved(HUB_OK, kept.fence, NULL);
    seats[1] = open_seat(11, &match_id, 1);
    pass(6000000);
    CHECK(told(seats[0], MSG_round) != NULL);
    now_us += 2000000;
}

/* Ana wins round 1; the save of that is under way. */
static void win_round(void)
{
    start();
    guess(0, 1, 1, answer);
    tick();
    CHECK(keep());
}

/* Another process, with the same catalogue. */
static void restart(struct hub_limits limits)
{
    begin(limits);
    saves_by_hand = true;
}

static uint32_t sent(enum message_type type)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < effects_count; i++) {
        count += effects[i]->type == HUB_FX_SEND && effects[i]->send.message.type == type;
    }
    return count;
}

TEST(the_end_of_a_round_is_told_when_it_is_saved) /* */
{
    begin(limits_of(250));
    win_round();
    CHECK_INT(sent(MSG_round_end), 0);
    sealed(match_ref, 2, true);
    CHECK_INT(sent(MSG_frame), 0); /* never before the end of the round before */
    saved(HUB_OK, kept.fence, NULL);
    CHECK_INT(heard(seats[0], MSG_round_end)->round_end.winner, 0);
    CHECK_INT(heard(seats[1], MSG_round_end)->round_end.score[0], 1);
    CHECK_INT(sent(MSG_frame), 2);
    CHECK(!noted(HUB_NOTE_SAVE_LATE));
    finish();
}

TEST(a_save_that_takes_too_long_is_not_waited_for) /* */
{
    begin(limits_of(250));
    win_round();
    pass(249000);
    CHECK_INT(sent(MSG_round_end), 0);
    now_us = hub_deadline_us(hub);
    step((struct hub_event){ .type = HUB_EV_TICK });
    CHECK_INT(sent(MSG_round_end), 2);
    CHECK(noted(HUB_NOTE_SAVE_LATE));
    saved(HUB_UNAVAILABLE, 0, NULL);
    CHECK_INT(sent(MSG_round_end), 0);
    CHECK(effect_of(HUB_FX_SAVE, 0) == NULL);
    pass(1000000);
    CHECK(keep()); /* again */
    finish();
}

TEST(without_valkey_play_goes_on_and_is_saved_when_it_is_back) /* */
{
    begin(limits_of(250));
    start();
    store_is(HUB_VALKEY, false);
    guess(0, 1, 1, answer);
    pass(1);
    CHECK_INT(hub_count(hub).unsaved, 1);
    CHECK(effect_of(HUB_FX_SAVE, 0) == NULL);
    sealed(match_ref, 2, true);
    CHECK_INT(sent(MSG_frame), 2); /* so the end was told before */
    store_is(HUB_VALKEY, true);
    tick();
    CHECK(keep());
    saved(HUB_OK, kept.fence, NULL);
    CHECK_INT(hub_count(hub).unsaved, 0);
    finish();
}

TEST(a_welcome_tells_nothing_that_is_not_saved)
{
    begin(limits_of(250));
    win_round();
    gone(seats[1]);
    seats[1] = open_seat(12, &match_id, 1);
    CHECK(told(seats[1], MSG_welcome) == NULL);
    saved(HUB_OK, kept.fence, NULL);
    CHECK_INT(heard(seats[1], MSG_welcome)->welcome.rounds_count, 1);
    CHECK(told(seats[1], MSG_round_end) == NULL && told(seats[0], MSG_round_end) != NULL);
    finish();
}

TEST(a_match_that_is_somebody_elses_is_let_go) /* */
{
    begin(limits_of(250));
    win_round();
    saved(HUB_REFUSED, 0, "b");
    CHECK_INT(sent(MSG_round_end), 0);
    const struct hub_effect *close = wanted(HUB_FX_CLOSE);
    CHECK_INT(close->close.code, 4421);
    CHECK_TEXT(close->close.node, "b");
    CHECK(uuid_equal(&close->close.match, &match_id));
    CHECK(effect_of(HUB_FX_STORE, 0) == NULL && hub_count(hub).matches == 0);
    finish();
}

TEST(a_match_goes_on_in_another_process) /* */
{
    begin(limits_of(250));
    win_round();
    saved(HUB_OK, kept.fence, NULL);
    sealed(match_ref, 2, true);
    pass(6000000); /* round 2 runs, and dies with its process */
    restart(limits_of(250));
    seats[1] = open_seat(21, &match_id, 1);
    CHECK(uuid_equal(&wanted(HUB_FX_SEEK)->seek.match, &match_id));
    sought(seats[1], HUB_OURS, kept.fence + 5, NULL);
    struct ref match = wanted(HUB_FX_CHECK)->check.match;
    CHECK(told(seats[1], MSG_welcome) == NULL); /* first it must be known that it goes on here */
    CHECK(keep());
    pass(5000000); /* however long that takes */
    saved(HUB_OK, kept.fence, NULL);
    CHECK(told(seats[1], MSG_welcome) == NULL);
    checked(match, HUB_OK, false);
    const struct msg_welcome *welcome = &heard(seats[1], MSG_welcome)->welcome;
    CHECK_TEXT(welcome->phase, "waiting");
    CHECK_INT(welcome->rounds_count, 1);
    CHECK_INT(welcome->score[0], 1);
    CHECK_INT(welcome->rounds[0].winner, 0);
    CHECK_TEXT(welcome->players[0].name, "Ana");
    CHECK(!welcome->has_round);
    seats[0] = open_seat(20, &match_id, 0);
    CHECK(told(seats[1], MSG_countdown) != NULL);
    finish();
}

TEST(the_void_round_is_played_again) /* */
{
    begin(limits_of(0));
    win_round();
    sealed(match_ref, 2, true);
    pass(6000000);
    guess(1, 2, 1, TEXT("something else"));
    restart(limits_of(0));
    taken(kept.fence + 1);
    CHECK_INT(hub_count(hub).dormant, 1);
    CHECK(effect_of(HUB_FX_FRAME_SEAL, 0) == NULL);
    seats[0] = open_seat(20, &match_id, 0);
    agree();
    struct ref match = wanted(HUB_FX_FRAME_SEAL)->seal.match;
    CHECK_INT(wanted(HUB_FX_FRAME_SEAL)->seal.round, 2);
    answer = answer_now();
    seats[1] = open_seat(21, &match_id, 1);
    sealed(match, 2, true);
    pass(6000000);
    CHECK_INT(heard(seats[0], MSG_round)->round.round, 2);
    guess(1, 2, 1, answer); /* the same seq as in the round that is void */
    CHECK(heard(seats[1], MSG_verdict)->verdict.correct);
    finish();
}

TEST(nobody_loses_by_an_outage) /* */
{
    begin(limits_of(0));
    win_round();
    restart(limits_of(0));
    taken(kept.fence + 1);
    pass(UINT64_C(500000000)); /* no deadline runs */
    CHECK_INT(hub_count(hub).dormant, 1);
    seats[0] = open_seat(20, &match_id, 0);
    agree();
    pass(29000000);
    CHECK_INT(hub_count(hub).matches, 1);
    now_us += 1000000;
    step((struct hub_event){ .type = HUB_EV_TICK });
    CHECK(wanted(HUB_FX_STORE)->store.data->reason == MATCH_ABANDONED);
    CHECK_INT(wanted(HUB_FX_STORE)->store.data->rounds_count, 1);
    CHECK(told(seats[0], MSG_match_end) == NULL); /* a better end may be stored */
    pass(1000000);
    CHECK_TEXT(heard(seats[0], MSG_match_end)->match_end.outcome, "none");
    CHECK_TEXT(heard(seats[0], MSG_match_end)->match_end.reason, "abandoned");
    finish();
}

TEST(a_match_that_nobody_comes_back_to_is_forgotten)
{
    begin(limits_of(0));
    win_round();
    restart(limits_of(0));
    taken(kept.fence + 1);
    pass(UINT64_C(601000000));
    CHECK_INT(hub_count(hub).matches, 0);
    CHECK_INT(hub_count(hub).results, 0);
    finish();
}

TEST(the_result_of_a_process_that_died_is_stored) /* */
{
    begin(limits_of(0));
    start();
    say_type(seats[1], MSG_leave);
    CHECK(keep());
    CHECK(kept.over);
    struct hub_result result = *wanted(HUB_FX_STORE)->store.data;
    restart(limits_of(0));
    taken(kept.fence + 1);
    const struct hub_result *again = wanted(HUB_FX_STORE)->store.data;
    CHECK(uuid_equal(&again->match, &result.match));
    CHECK(again->reason == MATCH_BY_FORFEIT && again->winner == 0);
    CHECK_INT(again->completed_ms, result.completed_ms);
    CHECK_INT(again->started_ms, result.started_ms);
    CHECK(again->fence > result.fence);
    struct ref stored_ref = wanted(HUB_FX_STORE)->store.result;
    seats[0] = open_seat(20, &match_id, 0);
    CHECK_TEXT(heard(seats[0], MSG_welcome)->welcome.phase, "over");
    CHECK_TEXT(heard(seats[0], MSG_match_end)->match_end.outcome, "win");
    CHECK(!heard(seats[0], MSG_match_end)->match_end.has_rating);
    stored(stored_ref, HUB_OK);
    CHECK_INT(heard(seats[0], MSG_rating)->rating.after, 1016);
    finish();
}

/* Found by simulation: the copy in Valkey may be older than the end that PostgreSQL has. */
TEST(a_match_that_is_stored_is_not_played_again)
{
    begin(limits_of(250));
    win_round();
    restart(limits_of(250));
    taken(kept.fence + 1);
    seats[0] = open_seat(20, &match_id, 0);
    struct ref match = wanted(HUB_FX_CHECK)->check.match;
    checked(match, HUB_OK, true);
    CHECK_INT(ended(seats[0]), 4410);
    CHECK(wanted(HUB_FX_RELEASE) != NULL && hub_count(hub).matches == 0);
    seats[1] = open_seat(21, &match_id, 1);
    CHECK_INT(ended(seats[1]), 4410);
    finish();
}

/* Found by chaos: who had been told its end was bound by an older copy of it. */
TEST(a_copy_that_is_older_than_the_end_binds_nobody)
{
    begin(limits_of(250));
    win_round();
    restart(limits_of(250));
    swept_in(copy_of(kept.fence + 1));
    struct ref match = wanted(HUB_FX_CHECK)->check.match;
    CHECK_INT(hub_count(hub).dormant, 1);
    checked(match, HUB_OK, true);
    CHECK(wanted(HUB_FX_RELEASE) != NULL && hub_count(hub).matches == 0);
    finish();
}

/* It may have been stored between that answer and Valkey's word that the match is ours. */
TEST(what_was_asked_before_the_player_came_proves_nothing)
{
    begin(limits_of(250));
    win_round();
    restart(limits_of(250));
    swept_in(copy_of(kept.fence + 1));
    struct ref match = wanted(HUB_FX_CHECK)->check.match;
    seats[0] = open_seat(20, &match_id, 0);
    CHECK(effect_of(HUB_FX_CHECK, 0) == NULL); /* one at a time */
    CHECK(keep());
    checked(match, HUB_OK, false);
    CHECK(told(seats[0], MSG_welcome) == NULL);
    saved(HUB_OK, kept.fence, NULL);
    CHECK(told(seats[0], MSG_welcome) == NULL);
    checked(wanted(HUB_FX_CHECK)->check.match, HUB_OK, false);
    CHECK(heard(seats[0], MSG_welcome) != NULL);
    finish();
}

TEST(without_valkeys_word_nobody_is_welcomed_to_a_match_that_was_taken_over)
{
    begin(limits_of(250));
    win_round();
    restart(limits_of(250));
    taken(kept.fence + 1);
    seats[0] = open_seat(20, &match_id, 0);
    struct ref match = wanted(HUB_FX_CHECK)->check.match;
    CHECK(keep());
    guess(0, 2, 1, answer); /* too early to be heard */
    saved(HUB_UNAVAILABLE, 0, NULL);
    CHECK_INT(ended(seats[0]), 4503);
    CHECK_INT(hub_count(hub).dormant, 1);
    checked(match, HUB_UNAVAILABLE, false);
    store_is(HUB_VALKEY, false);
    seats[0] = open_seat(21, &match_id, 0);
    CHECK_INT(ended(seats[0]), 4503);
    store_is(HUB_VALKEY, true);
    tick();
    CHECK(keep()); /* Valkey may have lost it: it is put there again as it is, asleep */
    CHECK(!wanted(HUB_FX_SAVE)->save.awake && !wanted(HUB_FX_SAVE)->save.claim);
    saved(HUB_OK, kept.fence, NULL);
    seats[0] = open_seat(22, &match_id, 0);
    agree();
    CHECK(told(seats[0], MSG_welcome) != NULL);
    finish();
}

TEST(a_match_that_ends_while_it_is_handed_over) /* found by simulation */
{
    begin(limits_of(250));
    match_id = pair(&match_ref);
    sealed(match_ref, 1, true);
    seats[0] = open_seat(10, &match_id, 0);
    step((struct hub_event){ .type = HUB_EV_DRAIN });
    tick();
    CHECK(keep());
    say_type(seats[0], MSG_leave);
    saved(HUB_OK, kept.fence, NULL);
    CHECK_INT(ended(seats[0]), 1012);
    finish();
}

/* Found by simulation: a match that was made may have been played without Valkey hearing of it. */
TEST(a_match_that_was_only_made_is_checked_too)
{
    begin(limits_of(250));
    win_round();
    restart(limits_of(250));
    kept.sizes[2] = 0;
    seats[0] = open_seat(20, &match_id, 0);
    sought(seats[0], HUB_OURS, kept.fence + 1, NULL);
    CHECK(told(seats[0], MSG_welcome) == NULL);
    agree();
    CHECK_TEXT(heard(seats[0], MSG_welcome)->welcome.phase, "waiting");
    CHECK(heard(seats[0], MSG_welcome)->welcome.phase_ends_at > (int64_t)(now_us / 1000));
    finish();
}

/* Found by simulation: taken, taken back, played on, handed over, and taken again. */
TEST(a_newer_copy_is_what_counts)
{
    begin(limits_of(250));
    start();
    restart(limits_of(250));
    taken(kept.fence + 1);
    finish();
    begin(limits_of(250));
    start();
    uint64_t fence = kept.fence;
    struct hub_copy older = copy_of(fence + 1);
    static char data[BYTES_MAX];
    memcpy(data, older.data.data, older.data.size);
    older.data.data = data;
    guess(0, 1, 1, answer);
    tick();
    CHECK(keep());
    restart(limits_of(250));
    swept_in(older);
    taken(fence + 3);
    CHECK_INT(hub_count(hub).dormant, 1);
    seats[0] = open_seat(20, &match_id, 0);
    agree();
    CHECK_INT(heard(seats[0], MSG_welcome)->welcome.rounds_count, 1);
    finish();
}

/* Found by review: who came back while the process was suspended was forfeited all the same. */
TEST(nobody_loses_by_the_sleep_of_the_process) /* */
{
    begin(limits_of(0));
    start();
    gone(seats[0]);
    now_us += 60000000; /* over the grace, and the round's time */
    seats[0] = open_seat(12, &match_id, 0);
    CHECK(noted(HUB_NOTE_PROCESS_AWAY));
    CHECK_TEXT(heard(seats[0], MSG_welcome)->welcome.phase, "round");
    guess(0, 1, 1, answer);
    CHECK(heard(seats[0], MSG_verdict)->verdict.correct);
    finish();
}

/* Found by review: a process that slept while its match went on elsewhere. */
TEST(an_end_that_is_not_ours_to_tell_is_neither_told_nor_stored)
{
    begin(limits_of(250));
    start();
    say_type(seats[1], MSG_leave);
    CHECK(keep());
    CHECK(kept.over && effect_of(HUB_FX_STORE, 0) == NULL); /* not before it is saved */
    saved(HUB_REFUSED, 0, "b");
    CHECK_INT(sent(MSG_match_end), 0);
    CHECK_INT(ended(seats[0]), 4421);
    CHECK(effect_of(HUB_FX_STORE, 0) == NULL && hub_count(hub).results == 0);
    finish();
}

TEST(an_abandoned_end_gives_way_to_a_completed_one) /* */
{
    begin(limits_of(0));
    win_round();
    restart(limits_of(0));
    taken(kept.fence + 1);
    seats[0] = open_seat(20, &match_id, 0);
    agree();
    pass(29000000);
    now_us += 1000000;
    step((struct hub_event){ .type = HUB_EV_TICK });
    stored(wanted(HUB_FX_STORE)->store.result, HUB_OK); /* rated: somebody else's */
    CHECK_INT(sent(MSG_match_end), 0);
    CHECK_INT(ended(seats[0]), 4410);
    finish();
}

/* Found by simulation: this process was cut off, and the match was played to its end elsewhere. */
TEST(a_match_that_was_just_made_needs_valkeys_word_too)
{
    begin(limits_of(250));
    match_id = pair(&match_ref);
    saves_by_hand = true;
    seats[0] = open_seat(10, &match_id, 0);
    CHECK(effect_of(HUB_FX_CHECK, 0) == NULL); /* nobody can have finished it */
    CHECK(keep());
    CHECK(told(seats[0], MSG_welcome) == NULL);
    saved(HUB_UNAVAILABLE, 0, NULL);
    CHECK_INT(ended(seats[0]), 4503);
    seats[0] = open_seat(11, &match_id, 0);
    CHECK(wanted(HUB_FX_CHECK) != NULL); /* now somebody can */
    CHECK(keep());
    saved(HUB_REFUSED, 0, "b");
    CHECK_INT(ended(seats[0]), 4421);
    finish();
}

TEST(players_here_outdo_a_claim_without_players) /* */
{
    begin(limits_of(250));
    start();
    struct hub_event event = { .type = HUB_EV_LOST };
    event.lost.match = match_id;
    event.lost.node = TEXT("b");
    step(event);
    CHECK(keep());
    saved(HUB_OK, kept.fence + 7, NULL); /* taken back */
    guess(0, 1, 1, answer);
    pass(1);
    CHECK_INT(wanted(HUB_FX_SAVE)->save.fence, kept.fence + 7);
    finish();
    begin(limits_of(250));
    start();
    gone(seats[0]);
    gone(seats[1]);
    event.lost.match = match_id;
    step(event);
    CHECK_INT(hub_count(hub).matches, 0);
    finish();
}

TEST(where_a_match_is_that_is_not_here)
{
    begin(limits_of(250));
    match_id = uuid_random(5, 6);
    struct ref conn = open_seat(20, &match_id, 0);
    CHECK_INT(ended(conn), 0);
    sought(conn, HUB_ELSEWHERE, 0, "b");
    CHECK_INT(ended(conn), 4421);
    conn = open_seat(21, &match_id, 0);
    sought(conn, HUB_SUCCESSOR, 0, NULL);
    CHECK_INT(ended(conn), 1012);
    conn = open_seat(22, &match_id, 0);
    sought(conn, HUB_NOWHERE, 0, NULL);
    CHECK_INT(ended(conn), 4410); /* the ticket is proof that there was one */
    struct hub_event event = { .type = HUB_EV_OPEN };
    event.open.conn = (struct ref){ 23, 1 };
    event.open.door = HUB_DOOR_MATCH;
    event.open.sub = TEXT("ana");
    event.open.match = match_id;
    step(event);
    load_player("Ana", 1, 1000, HUB_OK);
    struct uuid ana = uuid_random(1, 1);
    CHECK(uuid_equal(&wanted(HUB_FX_SEEK)->seek.player, &ana));
    sought(event.open.conn, HUB_NOWHERE, 0, NULL);
    CHECK_INT(ended(event.open.conn), 4404);
    event.open.conn = (struct ref){ 26, 1 };
    step(event);
    load_player("Ana", 1, 1000, HUB_OK);
    sought(event.open.conn, HUB_FOREIGN, 0, NULL);
    CHECK_INT(ended(event.open.conn), 4403);
    conn = open_seat(24, &match_id, 0);
    gone(conn);
    sought(conn, HUB_NOWHERE, 0, NULL);
    CHECK_INT(hub_count(hub).late, 1);
    store_is(HUB_VALKEY, false);
    conn = open_seat(25, &match_id, 0);
    CHECK_INT(ended(conn), 4503);
    finish();
}

/* Nor does it bind its players: they are told that it is over, and Valkey forgets it. */
TEST(a_copy_that_cannot_be_read_is_given_up)
{
    begin(limits_of(0));
    win_round();
    restart(limits_of(0));
    kept.bytes[2][40] ^= 1;
    seats[0] = open_seat(20, &match_id, 0);
    sought(seats[0], HUB_OURS, kept.fence + 1, NULL);
    CHECK(noted(HUB_NOTE_MATCH_UNREADABLE));
    CHECK_INT(ended(seats[0]), 4410);
    const struct hub_effect *effect = wanted(HUB_FX_RELEASE);
    CHECK(uuid_equal(&effect->release.match, &match_id));
    struct uuid ana = uuid_random(1, 1);
    CHECK(uuid_equal(&effect->release.player[0], &ana));
    seats[1] = open_seat(21, &match_id, 1);
    CHECK_INT(ended(seats[1]), 4410);
    kept.bytes[2][40] ^= 1;
    restart(limits_of(0));
    kept.bytes[0][10] ^= 1;
    seats[0] = open_seat(22, &match_id, 0);
    sought(seats[0], HUB_OURS, kept.fence + 1, NULL);
    CHECK(noted(HUB_NOTE_MATCH_UNREADABLE));
    CHECK_INT(ended(seats[0]), 4410);
    CHECK(uuid_equal(&wanted(HUB_FX_RELEASE)->release.match, &match_id));
    CHECK_INT(hub_count(hub).matches, 0);
    finish();
}

TEST(a_pair_that_another_node_plays_is_told_where)
{
    begin(limits_of(0));
    struct ref a = open_door(0, HUB_DOOR_QUEUE, "ana");
    load_player("Ana", 1, 1000, HUB_OK);
    struct ref ana = joining();
    joined(ana, HUB_OK, 1, 0);
    struct ref b = open_door(1, HUB_DOOR_QUEUE, "bob");
    load_player("Bob", 2, 1010, HUB_OK);
    (void)joining();
    struct hub_event event = { .type = HUB_EV_NUDGE };
    event.nudged = uuid_random(1, 1);
    step(event);
    CHECK(ref_equal(joining(), ana)); /* asked at once */
    event = (struct hub_event){ .type = HUB_EV_QUEUE };
    event.queue.player = ana;
    event.queue.matched = true;
    event.queue.match = uuid_random(8, 9);
    event.queue.node = TEXT("b");
    event.queue.copy.card[0] = (struct text){ joins[0].card, joins[0].card_size };
    event.queue.copy.card[1] = (struct text){ joins[1].card, joins[1].card_size };
    step(event);
    CHECK_TEXT(heard(a, MSG_matched)->matched.opponent.name, "Bob");
    CHECK_TEXT(heard(b, MSG_matched)->matched.opponent.name, "Ana");
    for (uint32_t i = 0; i < effects_count; i++) {
        if (effects[i]->type == HUB_FX_SEND) {
            CHECK_TEXT(effects[i]->send.node, "b");
        }
    }
    CHECK(ended(a) == 1000 && ended(b) == 1000 && hub_count(hub).matches == 0);
    finish();
}

TEST(an_older_place_in_the_queue_is_kept)
{
    begin(limits_of(0));
    struct ref a = open_door(0, HUB_DOOR_QUEUE, "ana");
    load_player("Ana", 1, 1000, HUB_OK);
    struct hub_event event = { .type = HUB_EV_QUEUE };
    event.queue.player = joining();
    event.queue.waiting = 1;
    event.queue.since_ms = (int64_t)(now_us / 1000) - 7000;
    step(event);
    CHECK_INT(heard(a, MSG_queued)->queued.since, event.queue.since_ms);
    CHECK_INT(heard(a, MSG_queued)->queued.window, 150);
    finish();
}

TEST(me_tells_of_a_match_on_another_node)
{
    begin(limits_of(0));
    struct ref conn = open_door(0, HUB_DOOR_ME, "ana");
    load_player("Ana", 1, 1000, HUB_OK);
    struct hub_event event = { .type = HUB_EV_LOCATED };
    event.located.conn = wanted(HUB_FX_LOCATE)->locate.conn;
    CHECK(ref_equal(event.located.conn, conn));
    event.located.found = true;
    event.located.match = uuid_random(8, 9);
    event.located.node = TEXT("b");
    event.located.phase = TEXT("intermission");
    step(event);
    const struct hub_effect_send *reply = &wanted(HUB_FX_REPLY)->send;
    CHECK(reply->message.me.has_match);
    CHECK_TEXT(reply->message.me.match.phase, "intermission");
    CHECK_TEXT(reply->message.me.queue.status, "matched");
    CHECK_TEXT(reply->node, "b");
    finish();
}

TEST(the_lease_is_renewed_and_everything_saved_again_when_it_was_gone)
{
    struct hub_limits limits = limits_of(0);
    limits.renew_ms = 600;
    begin(limits);
    tick();
    CHECK(!wanted(HUB_FX_LEASE)->lease.told);
    leased(false);
    CHECK(!noted(HUB_NOTE_LEASE_LOST)); /* the first of all */
    tick();
    CHECK(effect_of(HUB_FX_SWEEP, 0) != NULL);
    CHECK(wanted(HUB_FX_LEASE)->lease.told);
    leased(true);
    step((struct hub_event){ .type = HUB_EV_SWEPT });
    match_id = pair(&match_ref);
    sealed(match_ref, 1, true);
    seats[0] = open_seat(10, &match_id, 0);
    seats[1] = open_seat(11, &match_id, 1);
    now_us += 600000;
    step((struct hub_event){ .type = HUB_EV_TICK });
    CHECK_INT(wanted(HUB_FX_LEASE)->lease.load, 1);
    CHECK(wanted(HUB_FX_LEASE)->lease.told);
    leased(false);
    CHECK(noted(HUB_NOTE_LEASE_LOST));
    tick();
    CHECK(keep());
    now_us += 100000; /* soon again, until all is told */
    step((struct hub_event){ .type = HUB_EV_TICK });
    CHECK(!wanted(HUB_FX_LEASE)->lease.told);
    leased(true);
    saved(HUB_OK, kept.fence, NULL);
    now_us += 100000;
    step((struct hub_event){ .type = HUB_EV_TICK });
    CHECK(!wanted(HUB_FX_LEASE)->lease.told); /* Valkey has to know that there was something */
    leased(true);
    tick();
    CHECK(wanted(HUB_FX_LEASE)->lease.told);
    finish();
}

TEST(a_match_that_valkey_misses_is_saved_again)
{
    begin(limits_of(250));
    start();
    gone(seats[0]);
    gone(seats[1]);
    struct hub_event event = { .type = HUB_EV_LOST };
    event.lost.match = match_id;
    event.lost.vanished = true;
    step(event); /* nobody took it, so it is not let go though its players are away */
    CHECK_INT(hub_count(hub).matches, 1);
    CHECK(keep());
    saved(HUB_OK, kept.fence, NULL);
    finish();
}

/* What the next lease says, which is renewed at once. */
static bool is_closed_to_new(void)
{
    tick();
    bool closed = wanted(HUB_FX_LEASE)->lease.draining;
    leased(true);
    tick();
    bool again = effect_of(HUB_FX_LEASE, 0) != NULL;
    if (effect_of(HUB_FX_SWEEP, 0) != NULL) { /* keeps room until it is answered */
        step((struct hub_event){ .type = HUB_EV_SWEPT });
    }
    if (again) { /* the first: now all is told */
        leased(true);
    }
    return closed;
}

TEST(without_frames_nothing_new_is_placed_here) /* */
{
    struct hub_limits limits = limits_of(0);
    limits.renew_ms = 600;
    begin(limits);
    CHECK(!is_closed_to_new());
    store_is(HUB_FRAMES, false);
    CHECK(is_closed_to_new());
    store_is(HUB_FRAMES, true);
    CHECK(!is_closed_to_new());
    finish();
}

TEST(a_process_that_stops_hands_over_what_can_be) /* */
{
    begin(limits_of(250));
    match_id = pair(&match_ref);
    seats[0] = open_seat(10, &match_id, 0);
    struct ref waiting = open_door(2, HUB_DOOR_QUEUE, "eva");
    load_player("Eva", 3, 1500, HUB_OK);
    joined(joining(), HUB_OK, 1, 0);
    step((struct hub_event){ .type = HUB_EV_DRAIN });
    tick();
    CHECK(keep());
    CHECK(kept.hand_over && effect_of(HUB_FX_QUEUE_LEAVE, 0) == NULL);
    CHECK_INT(ended(waiting), 1012);
    CHECK_INT(ended(seats[0]), 0);
    saved(HUB_OK, kept.fence, NULL);
    CHECK_INT(ended(seats[0]), 1012);
    CHECK_INT(hub_count(hub).matches, 0);
    finish();
}

TEST(a_round_is_played_to_its_end_while_stopping) /* */
{
    begin(limits_of(250));
    start();
    step((struct hub_event){ .type = HUB_EV_DRAIN });
    pass(1000000);
    CHECK(effect_of(HUB_FX_SAVE, 0) == NULL);
    guess(0, 1, 1, answer);
    tick();
    CHECK(keep());
    CHECK(!kept.hand_over);
    saved(HUB_OK, kept.fence, NULL);
    CHECK_INT(sent(MSG_round_end), 2); /* told before it is handed over */
    tick();
    CHECK(keep());
    CHECK(kept.hand_over);
    saved(HUB_OK, kept.fence, NULL);
    CHECK_INT(ended(seats[0]), 1012);
    CHECK_INT(ended(seats[1]), 1012);
    finish();
}

TEST(a_round_that_takes_too_long_is_handed_over) /* */
{
    begin(limits_of(250));
    start();
    step((struct hub_event){ .type = HUB_EV_DRAIN });
    pass(19999999);
    CHECK(effect_of(HUB_FX_SAVE, 0) == NULL);
    store_is(HUB_VALKEY, false);
    now_us += 1;
    for (uint32_t i = 0; i < 3 && hub_count(hub).matches > 0; i++) {
        step((struct hub_event){ .type = HUB_EV_TICK }); /* it ends without anybody's word */
    }
    CHECK_INT(hub_count(hub).matches, 0);
    finish();
}

TEST_MAIN
