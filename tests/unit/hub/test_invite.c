/* Invitations (R-93 … R-96): made and taken back by request, waited in, accepted; what Valkey would
 * say is said by the test. Ana (id 1) invites, Bob (id 2) comes. */
#include <duel/hub/saved.h>

#include "fixture.h"

#define EXPIRES_MS ((int64_t)(now_us / 1000) + 52000)

static struct uuid match_id;
/* What Valkey would keep of the invitation. */
static char card_bytes[2][1024], terms_bytes[64];
static struct hub_copy kept;

static struct hub_limits limits_of_invites(void)
{
    struct hub_limits limits = usual_limits();
    limits.invite_ms = 600000;
    limits.rated_invites = true;
    return limits;
}

static struct text keep(char *bytes, struct text text)
{
    memcpy(bytes, text.data, text.size);
    return (struct text){ bytes, text.size };
}

static struct ref open_with(uint32_t index, enum hub_door door, const char *sub, bool rated)
{
    static uint32_t generation = 5000;
    struct hub_event event = { .type = HUB_EV_OPEN };
    event.open.conn = (struct ref){ index, ++generation };
    event.open.door = door;
    event.open.sub = text_from(sub);
    event.open.match = match_id;
    event.open.rated = rated;
    step(event);
    return event.open.conn;
}

/* Answers the LOAD_PLAYER of the last step. */
static void load_known(const char *name, uint64_t id, uint32_t opponents)
{
    struct hub_event event = { .type = HUB_EV_PLAYER };
    event.player.player = wanted(HUB_FX_LOAD_PLAYER)->load.player;
    event.player.id = uuid_random(id, id);
    event.player.name = text_from(name);
    event.player.rating = 1200;
    event.player.opponents = opponents;
    step(event);
}

static void made(struct ref conn, enum hub_reply reply)
{
    struct hub_event event = { .type = HUB_EV_INVITED };
    event.invited.conn = conn;
    event.invited.reply = reply;
    event.invited.match = match_id;
    step(event);
}

static void withdrawn(struct ref conn, enum hub_reply reply, bool found)
{
    struct hub_event event = { .type = HUB_EV_WITHDRAWN };
    event.withdrawn.conn = conn;
    event.withdrawn.reply = reply;
    event.withdrawn.found = found;
    step(event);
}

/* The code of the error that answered `conn` in the last step, and its status; or 0. */
static uint32_t refused(struct ref conn, const char *code)
{
    const struct hub_effect *effect = effect_of(HUB_FX_REPLY_ERROR, 0);
    if (effect == NULL || !ref_equal(effect->reply_error.conn, conn)) {
        return 0;
    }
    CHECK_TEXT(effect->reply_error.code, code);
    return effect->reply_error.status;
}

/* Ana makes an invitation; the request is answered and gone. */
static void invite(bool rated)
{
    struct ref conn = open_with(1, HUB_DOOR_INVITE, "ana", rated);
    load_known("Ana", 1, HUB_OPPONENTS_MAX);
    const struct hub_effect *effect = wanted(HUB_FX_INVITE);
    match_id = effect->invite.match;
    kept = (struct hub_copy){ .fence = now_us };
    kept.card[0] = keep(card_bytes[0], effect->invite.card);
    kept.terms = keep(terms_bytes, effect->invite.terms);
    made(conn, HUB_OK);
    CHECK_INT(wanted(HUB_FX_REPLY)->send.message.type, MSG_invite);
    gone(conn);
}

static void sought(struct ref conn, enum hub_place place)
{
    struct hub_event event = { .type = HUB_EV_SOUGHT };
    event.sought.conn = conn;
    event.sought.match = match_id;
    event.sought.place = place;
    event.sought.node = place == HUB_ELSEWHERE ? TEXT("b") : TEXT_NONE;
    event.sought.copy = kept;
    event.sought.until_ms = EXPIRES_MS;
    step(event);
}

/* Ana's socket, which waits. */
static struct ref park(uint32_t index)
{
    struct ref conn = open_seat(index, &match_id, 0);
    sought(conn, HUB_INVITED);
    CHECK(told(conn, MSG_welcome) != NULL);
    /* Asked once more: a nudge may have come before the socket waited. */
    CHECK(wanted(HUB_FX_SEEK)->seek.parked);
    sought(conn, HUB_INVITED);
    CHECK(effect_of(HUB_FX_SEEK, 0) == NULL);
    return conn;
}

/* Bob comes: Valkey is asked. */
static struct ref come_as_bob(uint32_t index)
{
    struct ref conn = open_with(index, HUB_DOOR_MATCH, "bob", false);
    load_known("Bob", 2, 0);
    const struct hub_effect *effect = wanted(HUB_FX_SEEK);
    kept.card[1] = keep(card_bytes[1], effect->seek.card);
    kept.terms = keep(terms_bytes, effect->seek.terms);
    return conn;
}

/* And has made the match. */
static void accepted(struct ref conn)
{
    struct hub_event event = { .type = HUB_EV_SOUGHT };
    event.sought.conn = conn;
    event.sought.match = match_id;
    event.sought.place = HUB_OURS;
    event.sought.made = true;
    event.sought.copy = kept;
    step(event);
}

static struct ref accept(uint32_t index)
{
    struct ref conn = come_as_bob(index);
    accepted(conn);
    return conn;
}

/* ---- made ---- */

TEST(an_invitation_is_an_id_that_valkey_keeps)
{
    begin(limits_of_invites());
    struct ref conn = open_with(1, HUB_DOOR_INVITE, "ana", false);
    load_known("Ana", 1, 0);
    const struct hub_effect *effect = wanted(HUB_FX_INVITE);
    struct uuid ana = uuid_random(1, 1), id = effect->invite.match;
    struct saved_card card;
    struct terms terms;
    CHECK(uuid_equal(&effect->invite.player, &ana) && !effect->invite.rated);
    CHECK_INT(effect->invite.expires_ms, (int64_t)(now_us / 1000) + 600000);
    CHECK(saved_read_card(effect->invite.card, &card) && card.since_ms == 0);
    CHECK_TEXT(card.name, "Ana");
    CHECK(saved_read_terms(effect->invite.terms, &terms) && !terms.rated);
    made(conn, HUB_OK);
    const struct msg_invite *reply = &wanted(HUB_FX_REPLY)->send.message.invite;
    CHECK(uuid_equal(&reply->match, &id) && !reply->rated);
    CHECK_INT(reply->expires_at, (int64_t)(now_us / 1000) + 600000);
    finish();
}

TEST(no_two_have_the_same_id)
{
    begin(limits_of_invites());
    (void)open_with(1, HUB_DOOR_INVITE, "ana", false);
    struct hub_effect *load = wanted(HUB_FX_LOAD_PLAYER);
    struct ref player = load->load.player;
    (void)open_with(2, HUB_DOOR_INVITE, "ana", false);
    struct hub_event event = { .type = HUB_EV_PLAYER };
    event.player.player = player;
    event.player.id = uuid_random(1, 1);
    event.player.name = TEXT("Ana");
    step(event); /* both are made in this step */
    const struct hub_effect *one = effect_of(HUB_FX_INVITE, 0);
    const struct hub_effect *two = effect_of(HUB_FX_INVITE, 1);
    CHECK(one != NULL && two != NULL && !uuid_equal(&one->invite.match, &two->invite.match));
    finish();
}

TEST(why_there_is_none) /* */
{
    struct hub_limits limits = limits_of_invites();
    begin(limits);
    struct ref conn = open_with(1, HUB_DOOR_INVITE, "ana", false);
    load_known("Ana", 1, 0);
    made(conn, HUB_REFUSED);
    CHECK_INT(refused(conn, "TOO_MANY_INVITES"), 409);
    conn = open_with(2, HUB_DOOR_INVITE, "ana", false);
    load_known("Ana", 1, 0);
    made(conn, HUB_UNAVAILABLE);
    CHECK_INT(refused(conn, "UNAVAILABLE"), 503);
    conn = open_with(3, HUB_DOOR_INVITE, "ana", true);
    load_known("Ana", 1, HUB_OPPONENTS_MAX - 1);
    CHECK_INT(refused(conn, "RATED_NEEDS_OPPONENTS"), 403);
    conn = open_with(4, HUB_DOOR_INVITE, "ana", true); /* has met another since: loaded anew */
    load_known("Ana", 1, HUB_OPPONENTS_MAX);
    CHECK(wanted(HUB_FX_INVITE)->invite.rated);
    gone(conn);
    made(conn, HUB_OK); /* nobody hears of it */
    CHECK_INT(hub_count(hub).late, 1);
    store_is(HUB_VALKEY, false);
    conn = open_with(5, HUB_DOOR_INVITE, "ana", false);
    CHECK_INT(refused(conn, "UNAVAILABLE"), 503);
    limits.rated_invites = false;
    begin(limits);
    conn = open_with(1, HUB_DOOR_INVITE, "ana", true);
    CHECK_INT(refused(conn, "RATED_OFF"), 403);
    conn = open_with(2, HUB_DOOR_INVITE, "ana", false);
    load_player("Ana", 1, 1000, HUB_REFUSED);
    CHECK_INT(refused(conn, "AUTH_BAD_SUBJECT"), 401);
    finish();
}

TEST(it_is_taken_back_by_request)
{
    begin(limits_of_invites());
    invite(false);
    struct ref conn = open_with(2, HUB_DOOR_WITHDRAW, "ana", false);
    CHECK(uuid_equal(&wanted(HUB_FX_WITHDRAW)->withdraw.match, &match_id));
    withdrawn(conn, HUB_OK, true);
    CHECK_TEXT(wanted(HUB_FX_REPLY)->send.message.withdrawn.status, "withdrawn");
    conn = open_with(3, HUB_DOOR_WITHDRAW, "bob", false);
    load_known("Bob", 2, 0);
    withdrawn(conn, HUB_OK, false);
    CHECK_INT(refused(conn, "NO_SUCH_INVITE"), 404);
    conn = open_with(4, HUB_DOOR_WITHDRAW, "ana", false);
    withdrawn(conn, HUB_UNAVAILABLE, false);
    CHECK_INT(refused(conn, "UNAVAILABLE"), 503);
    finish();
}

/* ---- waited in ---- */

TEST(who_waits_is_told_what_for)
{
    begin(limits_of_invites());
    invite(true);
    struct ref conn = open_seat(3, &match_id, 0);
    CHECK(!wanted(HUB_FX_SEEK)->seek.parked && wanted(HUB_FX_SEEK)->seek.card.size == 0);
    sought(conn, HUB_INVITED);
    const struct msg_welcome *welcome = &heard(conn, MSG_welcome)->welcome;
    CHECK(uuid_equal(&welcome->match, &match_id) && welcome->rated && welcome->you == 0);
    CHECK_TEXT(welcome->phase, "waiting");
    CHECK(welcome->phase_ends_at == EXPIRES_MS && welcome->has_invitation);
    CHECK(welcome->invitation.expires_at == EXPIRES_MS);
    CHECK_TEXT(welcome->players[0].name, "Ana");
    CHECK_INT(welcome->players[0].rating, 1200);
    CHECK_TEXT(welcome->players[1].name, "");
    CHECK(uuid_is_none(&welcome->players[1].id) && !welcome->players[1].connected);
    sought(open_seat(4, &match_id, 0), HUB_INVITED);
    CHECK_INT(ended(conn), 4409);
    finish();
}

TEST(who_waits_asks_again)
{
    begin(limits_of_invites());
    invite(false);
    struct ref conn = park(3);
    struct hub_event nudge = { .type = HUB_EV_NUDGE };
    nudge.nudged = match_id;
    step(nudge);
    struct uuid ana = uuid_random(1, 1);
    CHECK(wanted(HUB_FX_SEEK)->seek.parked);
    CHECK(uuid_equal(&wanted(HUB_FX_SEEK)->seek.player, &ana));
    step(nudge);
    CHECK(effect_of(HUB_FX_SEEK, 0) == NULL); /* it is being asked */
    struct hub_event event = { .type = HUB_EV_SOUGHT };
    event.sought.conn = conn;
    event.sought.match = match_id;
    event.sought.reply = HUB_UNAVAILABLE;
    step(event);
    pass(14999000);
    CHECK(effect_of(HUB_FX_SEEK, 0) == NULL);
    pass(1000); /* with the idle ping */
    CHECK(wanted(HUB_FX_SEEK)->seek.parked);
    sought(conn, HUB_INVITED);
    CHECK(told(conn, MSG_welcome) == NULL && ended(conn) == 0);
    finish();
}

TEST(what_who_waits_may_be_told)
{
    static const struct {
        enum hub_place place;
        uint32_t code;
    } ends[] = {
        { HUB_NOWHERE, 4404 }, { HUB_EXPIRED, 4408 },  { HUB_WITHDRAWN, 4404 }, { HUB_USED, 4410 },
        { HUB_REPLACED, 4409 }, { HUB_ELSEWHERE, 4421 }, { HUB_SUCCESSOR, 1012 },
    };
    for (uint32_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        begin(limits_of_invites());
        invite(false);
        struct ref conn = park(3);
        struct hub_event nudge = { .type = HUB_EV_NUDGE };
        nudge.nudged = match_id;
        step(nudge);
        sought(conn, ends[i].place);
        CHECK_INT(ended(conn), ends[i].code);
        gone(conn);
        finish();
    }
}

TEST(it_expires_under_who_waits) /* */
{
    begin(limits_of_invites());
    invite(false);
    struct ref conn = park(3);
    for (uint32_t i = 0; i < 3; i++) {
        pass(15000000);
        sought(conn, HUB_INVITED);
        CHECK_INT(ended(conn), 0);
    }
    pass(6998000);
    CHECK_INT(ended(conn), 0);
    pass(2000);
    CHECK_INT(ended(conn), 4408);
    finish();
}

TEST(leave_waits_for_valkey)
{
    begin(limits_of_invites());
    invite(false);
    struct ref conn = park(3);
    say_type(conn, MSG_leave);
    CHECK(uuid_equal(&wanted(HUB_FX_WITHDRAW)->withdraw.match, &match_id));
    say_type(conn, MSG_leave);
    CHECK(effect_of(HUB_FX_WITHDRAW, 0) == NULL);
    withdrawn(conn, HUB_UNAVAILABLE, false);
    CHECK_TEXT(heard(conn, MSG_error)->error.code, "UNAVAILABLE");
    say_type(conn, MSG_leave);
    withdrawn(conn, HUB_OK, false); /* somebody has come just now */
    CHECK(wanted(HUB_FX_SEEK)->seek.parked);
    CHECK_INT(ended(conn), 0);
    sought(conn, HUB_INVITED);
    say_type(conn, MSG_leave);
    withdrawn(conn, HUB_OK, true);
    CHECK_INT(ended(conn), 1000);
    say_type(conn, MSG_leave);
    gone(conn);
    conn = park(4);
    say_type(conn, MSG_leave);
    gone(conn); /* before the answer */
    withdrawn(conn, HUB_OK, true);
    finish();
}

TEST(a_stopping_server_sends_who_waits_away)
{
    begin(limits_of_invites());
    invite(false);
    struct ref conn = park(3);
    step((struct hub_event){ .type = HUB_EV_DRAIN });
    step((struct hub_event){ .type = HUB_EV_TICK });
    CHECK_INT(ended(conn), 1012);
    finish();
}

/* ---- accepted ---- */

TEST(both_are_in_the_match_at_once)
{
    begin(limits_of_invites());
    invite(false);
    struct ref ana = park(3);
    struct ref bob = accept(4);
    grant_claim();
    const struct msg_welcome *one = &heard(ana, MSG_welcome)->welcome;
    const struct msg_welcome *two = &heard(bob, MSG_welcome)->welcome;
    CHECK(one->you == 0 && two->you == 1 && !one->has_invitation && !one->rated && !two->rated);
    CHECK(uuid_equal(&two->match, &match_id) && one->players[1].connected);
    CHECK_TEXT(two->players[0].name, "Ana");
    CHECK_INT(hub_count(hub).matches, 1);
    finish();
}

TEST(the_friend_has_to_be_able_to_play) /* */
{
    begin(limits_of_invites());
    invite(true);
    struct ref bob = open_with(4, HUB_DOOR_MATCH, "bob", false);
    load_known("Bob", 2, HUB_OPPONENTS_MAX);
    CHECK(wanted(HUB_FX_SEEK)->seek.rated && wanted(HUB_FX_SEEK)->seek.card.size > 0);
    sought(bob, HUB_BUSY);
    CHECK_TEXT(heard(bob, MSG_error)->error.code, "PLAYER_BUSY");
    CHECK_INT(ended(bob), 4503);
    bob = open_with(5, HUB_DOOR_MATCH, "bob", false);
    CHECK(wanted(HUB_FX_SEEK)->seek.rated); /* he is known */
    sought(bob, HUB_COOLDOWN);
    CHECK_TEXT(heard(bob, MSG_error)->error.code, "COOLDOWN");
    CHECK(heard(bob, MSG_error)->error.until == EXPIRES_MS);
    CHECK_INT(ended(bob), 4429);
    static const enum hub_place places[] = { HUB_EXPIRED, HUB_WITHDRAWN, HUB_USED, HUB_FULL };
    static const uint32_t codes[] = { 4404, 4404, 4410, 4503 };
    for (uint32_t i = 0; i < 4; i++) {
        bob = open_with(6 + i, HUB_DOOR_MATCH, "bob", false);
        sought(bob, places[i]);
        CHECK_INT(ended(bob), codes[i]);
    }
    struct ref eva = open_with(11, HUB_DOOR_MATCH, "eva", false);
    load_known("Eva", 3, HUB_OPPONENTS_MAX - 1);
    CHECK(!wanted(HUB_FX_SEEK)->seek.rated);
    gone(eva);
    store_is(HUB_FRAMES, false);
    (void)open_with(12, HUB_DOOR_MATCH, "bob", false);
    CHECK_INT(wanted(HUB_FX_SEEK)->seek.card.size, 0); /* nothing new is placed here */
    finish();
}

TEST(who_cannot_be_loaded_now_is_known_from_before)
{
    begin(limits_of_invites());
    invite(false);
    struct ref bob = open_with(4, HUB_DOOR_MATCH, "bob", false);
    load_known("Bob", 2, 3);
    sought(bob, HUB_BUSY);
    gone(bob);
    bob = open_with(5, HUB_DOOR_MATCH, "bob", false);
    load_player("Bob", 2, 1000, HUB_UNAVAILABLE);
    CHECK(!wanted(HUB_FX_SEEK)->seek.rated);
    gone(bob);
    store_is(HUB_POSTGRESQL, false);
    (void)open_with(6, HUB_DOOR_MATCH, "bob", false);
    CHECK(effect_of(HUB_FX_SEEK, 0) != NULL);
    (void)open_with(7, HUB_DOOR_MATCH, "eva", false);
    load_player("Eva", 3, 1000, HUB_UNAVAILABLE);
    CHECK(effect_of(HUB_FX_SEEK, 0) == NULL);
    finish();
}

TEST(a_match_that_cannot_be_here_binds_nobody)
{
    begin(limits_of_invites());
    invite(false);
    struct ref conn = come_as_bob(4);
    step((struct hub_event){ .type = HUB_EV_DRAIN });
    accepted(conn);
    struct uuid ana = uuid_random(1, 1), bob = uuid_random(2, 2);
    CHECK(uuid_equal(&wanted(HUB_FX_RELEASE)->release.player[0], &ana));
    CHECK(uuid_equal(&wanted(HUB_FX_RELEASE)->release.player[1], &bob));
    CHECK_INT(hub_count(hub).matches, 0);
    finish();
}

TEST(it_is_no_reason_to_be_queued_with_an_old_since)
{
    struct hub_limits limits = limits_of_invites();
    begin(limits);
    invite(false);
    struct ref bob = accept(4); /* and Ana does not come */
    grant_claim();
    pass(30000000);
    CHECK_TEXT(heard(bob, MSG_match_end)->match_end.reason, "abandoned");
    gone(bob);
    (void)open_door(5, HUB_DOOR_QUEUE, "bob");
    CHECK_INT(wanted(HUB_FX_QUEUE_JOIN)->join.ticket.since_ms, (int64_t)(now_us / 1000));
    finish();
}

TEST(what_makes_no_sense_to_who_waits)
{
    begin(limits_of_invites());
    invite(false);
    struct ref conn = park(3);
    static const struct {
        enum message_type type;
        const char *code;
    } odd[] = { { MSG_guess, "NOT_IN_ROUND" }, { MSG_client_rematch, "NOT_OVER" },
                { MSG_auth, "ALREADY_AUTHENTICATED" } };
    for (uint32_t i = 0; i < 3; i++) {
        say_type(conn, odd[i].type);
        CHECK_TEXT(heard(conn, MSG_error)->error.code, odd[i].code);
    }
    say_type(conn, MSG_ready);
    CHECK(told(conn, MSG_error) == NULL);
    struct message suggest = { .type = MSG_suggest };
    suggest.suggest.q = TEXT("title");
    say(conn, &suggest);
    CHECK(told(conn, MSG_suggestions) != NULL);
    finish();
}

TEST(an_invitation_that_cannot_be_read_is_not_waited_in)
{
    begin(limits_of_invites());
    invite(false);
    card_bytes[0][12] ^= 1;
    struct ref conn = open_seat(3, &match_id, 0);
    sought(conn, HUB_INVITED);
    CHECK(noted(HUB_NOTE_MATCH_UNREADABLE));
    CHECK_INT(ended(conn), 4503);
    finish();
}

TEST_MAIN
