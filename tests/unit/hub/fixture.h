/* One hub, a clock that the test sets, and what the last step wanted done. For the tests beside
 * it. */
#ifndef DUEL_TESTS_UNIT_HUB_FIXTURE_H
#define DUEL_TESTS_UNIT_HUB_FIXTURE_H

#include <duel/hub/hub.h>
#include <stdio.h>
#include <test.h>

#define VIDEOS 30
#define EFFECTS_MAX 16384

static struct hub *hub;
static struct titles *titles;
static uint64_t now_us = UINT64_C(1700000000000000);
static uint64_t entropy = 1;
static struct hub_effect *effects[EFFECTS_MAX];
static uint32_t effects_count;
static bool saves_by_hand; /* the test answers what is saved when a first player comes */
static bool unchecked; /* hub_check() takes too long for a crowd */

__attribute__((unused)) static struct hub_limits usual_limits(void)
{
    return (struct hub_limits){
        .connections_max = 64, .matches_max = 8, .results_max = 8, .guess_log_max = 16384,
        .settle_wait_ms = 1000, .suggests_per_s = 10, .searches_per_s = 10,
        /* Pings are not answered here, so silence is forgiven. */
        .ping_match_ms = 5000, .ping_idle_ms = 15000, .silence_match_ms = 1000000,
        .silence_idle_ms = 1000000,
        .rules = { .best_of = 5, .waiting_ms = 30000, .countdown_ms = 3000, .round_ms = 30000,
                   .intermission_ms = 3000, .rematch_ms = 30000, .grace_ms = 15000,
                   .grace_total_ms = 45000, .max_guesses = 6, .lockout_ms = 1000,
                   .lag_cap_ms = 250, .ready_wait_ms = 3000 },
        .matchmaker = { .window = 100, .step = 50, .step_ms = 5000, .timeout_ms = 30000 },
    };
}

/* The latest join of each player, so that pairs can be made of them as Valkey does. */
static struct {
    struct uuid id;
    struct ref player;
    struct uuid match;
    uint8_t slot;
    uint32_t card_size;
    char card[1024];
} joins[2048];
static uint32_t joins_count;
static struct text sealing; /* the path of the frame that was drawn last */

static uint32_t join_of(const struct uuid *id)
{
    uint32_t i = 0;
    while (i < joins_count && !uuid_equal(&joins[i].id, id)) {
        i++;
    }
    return i;
}

static void remember_join(const struct hub_effect *effect)
{
    uint32_t i = join_of(&effect->join.ticket.player);
    CHECK(i < sizeof joins / sizeof *joins && effect->join.card.size <= sizeof joins[i].card);
    joins_count += i == joins_count;
    joins[i].id = effect->join.ticket.player;
    joins[i].player = effect->join.player;
    joins[i].match = effect->join.match;
    joins[i].slot = effect->join.slot;
    joins[i].card_size = effect->join.card.size;
    memcpy(joins[i].card, effect->join.card.data, effect->join.card.size);
}

/* ---- steps ---- */

static void step(struct hub_event event)
{
    struct hub_effect *effect;
    event.now_us = now_us;
    for (uint32_t i = 0; i < HUB_ENTROPY; i++) {
        /* Odd: who waited gets seat 0. */
        event.entropy[i] = entropy++ * UINT64_C(0x9e3779b97f4a7c15) | 1;
    }
    hub_step(hub, &event);
    effects_count = 0;
    while ((effect = hub_take(hub)) != NULL) {
        CHECK(effects_count < EFFECTS_MAX);
        effects[effects_count++] = effect;
        if (effect->type == HUB_FX_QUEUE_JOIN) {
            remember_join(effect);
        }
        if (effect->type == HUB_FX_FRAME_SEAL) {
            sealing = effect->seal.path; /* the catalogue's */
        }
    }
    if (!unchecked) {
        hub_check(hub);
    }
}

/* Lets time pass, timer by timer; what the last timer wanted is there to be looked at. */
__attribute__((unused)) static void pass(uint64_t us)
{
    uint64_t until_us = now_us + us;
    while (hub_deadline_us(hub) < until_us) {
        now_us = hub_deadline_us(hub) > now_us ? hub_deadline_us(hub) : now_us;
        step((struct hub_event){ .type = HUB_EV_TICK });
    }
    now_us = until_us;
    step((struct hub_event){ .type = HUB_EV_TICK });
}

/* The nth (from 0) effect of this type of the last step, or NULL. */
static struct hub_effect *effect_of(enum hub_effect_type type, uint32_t nth)
{
    for (uint32_t i = 0; i < effects_count; i++) {
        if (effects[i]->type == type && nth-- == 0) {
            return effects[i];
        }
    }
    return NULL;
}

/* The same, the first of them, which has to be there. */
__attribute__((unused)) static struct hub_effect *wanted(enum hub_effect_type type)
{
    struct hub_effect *effect = effect_of(type, 0);
    CHECK(effect != NULL);
    return effect;
}

/* The last message of this type that the last step sent to `conn`, or NULL. */
__attribute__((unused)) static const struct message *told(struct ref conn, enum message_type type)
{
    for (uint32_t i = effects_count; i-- > 0;) {
        if (effects[i]->type == HUB_FX_SEND && ref_equal(effects[i]->send.conn, conn) &&
            effects[i]->send.message.type == type) {
            return &effects[i]->send.message;
        }
    }
    return NULL;
}

/* The same, which has to be there. */
__attribute__((unused)) static const struct message *heard(struct ref conn,
                                                           enum message_type type)
{
    const struct message *message = told(conn, type);
    CHECK(message != NULL);
    return message;
}

/* The code with which the last step ended `conn`, or 0. */
__attribute__((unused)) static uint32_t ended(struct ref conn)
{
    for (uint32_t i = 0; i < effects_count; i++) {
        if (effects[i]->type == HUB_FX_CLOSE && ref_equal(effects[i]->close.conn, conn)) {
            return effects[i]->close.code;
        }
    }
    return 0;
}

__attribute__((unused)) static bool noted(enum hub_note note)
{
    for (uint32_t i = 0; i < effects_count; i++) {
        if (effects[i]->type == HUB_FX_NOTE && effects[i]->note.note == note) {
            return true;
        }
    }
    return false;
}

/* ---- a hub with a catalogue and both stores ---- */

__attribute__((unused)) static void store_is(enum hub_store store, bool up)
{
    struct hub_event event = { .type = up ? HUB_EV_STORE_UP : HUB_EV_STORE_DOWN };
    event.store = store;
    step(event);
}

static void load_titles(void)
{
    static struct titles_row rows[VIDEOS];
    static char ids[VIDEOS][12], names[VIDEOS][32], paths[VIDEOS][32];
    for (uint32_t i = 0; i < VIDEOS; i++) {
        snprintf(ids[i], sizeof ids[i], "video%06u", i);
        snprintf(names[i], sizeof names[i], "title number %c%c%c", 'a' + (int)i % 26,
                 'z' - (int)i % 26, 'a' + (int)i / 26);
        snprintf(paths[i], sizeof paths[i], "frames/%u.webp", i);
        rows[i] = (struct titles_row){ .video = text_from(ids[i]), .title = text_from(names[i]),
                                       .channel = TEXT("channel"), .frames_count = 1,
                                       .drawn = true };
        rows[i].frames[0] = (struct titles_frame){ uuid_random(i + 1, 7), text_from(paths[i]) };
    }
    titles = titles_create(rows, VIDEOS, NULL);
    struct hub_event event = { .type = HUB_EV_CATALOGUE };
    event.titles = titles;
    step(event);
}

__attribute__((unused)) static void finish(void)
{
    hub_destroy(hub);
    titles_destroy(titles);
    hub = NULL;
    titles = NULL;
    now_us += 1000000;
}

__attribute__((unused)) static void begin(struct hub_limits limits)
{
    finish(); /* what a failed test left behind */
    joins_count = 0;
    saves_by_hand = false;
    hub = hub_create(&limits, 42);
    CHECK(hub != NULL);
    load_titles();
    store_is(HUB_POSTGRESQL, true);
    store_is(HUB_VALKEY, true);
}

/* ---- connections and stores ---- */

__attribute__((unused)) static struct ref open_door(uint32_t index, enum hub_door door,
                                                    const char *sub)
{
    static uint32_t generation;
    struct hub_event event = { .type = HUB_EV_OPEN };
    event.open.conn = (struct ref){ index, ++generation };
    event.open.door = door;
    event.open.sub = text_from(sub);
    event.open.query = TEXT("title");
    event.open.limit = 10;
    step(event);
    return event.open.conn;
}

/* Valkey agrees that a match whose first player came in the last step is played here. */
__attribute__((unused)) static void grant_claim(void)
{
    const struct hub_effect *save = effect_of(HUB_FX_SAVE, 0);
    if (save != NULL && save->save.claim && !saves_by_hand) {
        struct hub_event event = { .type = HUB_EV_SAVED };
        event.saved.match = save->save.match;
        event.saved.fence = save->save.fence;
        step(event);
    }
}

__attribute__((unused)) static struct ref open_seat(uint32_t index, const struct uuid *match,
                                                    uint8_t slot)
{
    static uint32_t generation = 1000;
    struct hub_event event = { .type = HUB_EV_OPEN };
    event.open.conn = (struct ref){ index, ++generation };
    event.open.door = HUB_DOOR_MATCH;
    event.open.match = *match;
    event.open.slot = slot;
    step(event);
    grant_claim();
    return event.open.conn;
}

__attribute__((unused)) static void gone(struct ref conn)
{
    struct hub_event event = { .type = HUB_EV_CLOSED };
    event.conn = conn;
    step(event);
}

__attribute__((unused)) static void say(struct ref conn, const struct message *message)
{
    struct hub_event event = { .type = HUB_EV_MESSAGE };
    event.message.conn = conn;
    event.message.message = message;
    step(event);
}

__attribute__((unused)) static void say_type(struct ref conn, enum message_type type)
{
    static struct message message;
    memset(&message, 0, sizeof message);
    message.type = type;
    say(conn, &message);
}

/* Answers the LOAD_PLAYER of the last step. */
__attribute__((unused)) static void load_player(const char *name, uint64_t id, int32_t rating,
                                                enum hub_reply reply)
{
    struct hub_event event = { .type = HUB_EV_PLAYER };
    event.player.player = wanted(HUB_FX_LOAD_PLAYER)->load.player;
    event.player.reply = reply;
    event.player.id = uuid_random(id, id);
    event.player.name = text_from(name);
    event.player.country = TEXT("br");
    event.player.rating = rating;
    step(event);
}

/* Answers a QUEUE_JOIN: alone in the queue, or paired with the player of this id. */
__attribute__((unused)) static void joined(struct ref player, enum hub_reply reply,
                                           uint32_t waiting, uint64_t opponent)
{
    struct hub_event event = { .type = HUB_EV_QUEUE };
    event.queue.player = player;
    event.queue.reply = reply;
    event.queue.waiting = waiting;
    event.queue.matched = opponent != 0;
    if (opponent != 0) {
        struct uuid id = uuid_random(opponent, opponent);
        uint32_t own = 0;
        uint32_t other = join_of(&id);
        while (own < joins_count && !ref_equal(joins[own].player, player)) {
            own++;
        }
        CHECK(own < joins_count && other < joins_count);
        event.queue.match = joins[own].match;
        event.queue.slot = joins[own].slot;
        event.queue.ours = true;
        event.queue.copy.fence = now_us;
        event.queue.copy.card[joins[own].slot] =
            (struct text){ joins[own].card, joins[own].card_size };
        event.queue.copy.card[1 - joins[own].slot] =
            (struct text){ joins[other].card, joins[other].card_size };
    }
    step(event);
}

__attribute__((unused)) static struct ref joining(void)
{
    return wanted(HUB_FX_QUEUE_JOIN)->join.player;
}

/* Two players, "ana" (id 1, connection 0) and "bob" (id 2, connection 1), are paired. */
__attribute__((unused)) static struct uuid pair(struct ref *ret_match)
{
    struct ref a = open_door(0, HUB_DOOR_QUEUE, "ana");
    load_player("Ana", 1, 1000, HUB_OK);
    joined(joining(), HUB_OK, 1, 0);
    struct ref b = open_door(1, HUB_DOOR_QUEUE, "bob");
    load_player("Bob", 2, 1010, HUB_OK);
    joined(joining(), HUB_OK, 2, 1);
    CHECK(told(a, MSG_matched) != NULL && told(b, MSG_matched) != NULL);
    CHECK_INT(ended(a), 1000);
    CHECK_INT(ended(b), 1000);
    struct uuid match = heard(a, MSG_matched)->matched.match;
    *ret_match = wanted(HUB_FX_FRAME_SEAL)->seal.match;
    gone(a);
    gone(b);
    return match;
}

__attribute__((unused)) static void sealed(struct ref match, uint32_t round, bool ok)
{
    struct hub_event event = { .type = HUB_EV_FRAME };
    event.frame.match = match;
    event.frame.round = round;
    event.frame.ok = ok;
    event.frame.token[0] = TEXT("0000000000000000000000000000000000000000000");
    event.frame.token[1] = TEXT("1111111111111111111111111111111111111111111");
    memset(event.frame.key[0], 'a' + (int)round, 16);
    memset(event.frame.key[1], 'A' + (int)round, 16);
    event.frame.size = 32796;
    event.frame.type = TEXT("image/webp");
    step(event);
}

__attribute__((unused)) static void stored(struct ref result, enum hub_reply reply)
{
    struct hub_event event = { .type = HUB_EV_STORED };
    event.stored.result = result;
    event.stored.reply = reply;
    event.stored.rated = reply == HUB_OK;
    event.stored.before[0] = 1000;
    event.stored.before[1] = 1010;
    event.stored.after[0] = 1016;
    event.stored.after[1] = 994;
    step(event);
}

/* Answers a SEEK: nobody keeps this match. */
__attribute__((unused)) static void nowhere(struct ref conn, const struct uuid *match)
{
    struct hub_event event = { .type = HUB_EV_SOUGHT };
    event.sought.conn = conn;
    event.sought.match = *match;
    event.sought.place = HUB_NOWHERE;
    step(event);
}

/* Answers the LOCATE of the last step: the player is in no match. */
__attribute__((unused)) static void in_no_match(void)
{
    struct hub_event event = { .type = HUB_EV_LOCATED };
    event.located.conn = wanted(HUB_FX_LOCATE)->locate.conn;
    step(event);
}

#endif
