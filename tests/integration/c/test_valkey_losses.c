/* Any key of Valkey may vanish at any time, any field may be garbage, and processes join, save, die
 * and come back in any order: nobody is in two matches, and one loss costs nothing but time. Needs
 * VALKEY_URL; see valkey_server.h and valkey_world.h. */
#include "valkey_world.h"
#include <duel/base/rng.h>

static void set_up(void)
{
    server_open();
    world_open();
    for (uint32_t i = 0; i < 2; i++) {
        process_open(i, server_url, i == 0 ? "a" : "b");
        CHECK(asked->valkey != NULL && world_run(asked_is_up));
        settle(i);
    }
}

static void tear_down(void)
{
    processes_close();
    server_close();
}

/* As at the start of both processes. */
static void begin(void)
{
    (void)server_ask("FLUSHALL");
    (void)server_ask("CONFIG RESETSTAT");
    tell_at(0);
    tell_at(1);
}

/* No script failed. */
static bool is_clean(void)
{
    const char *stats = server_ask("INFO errorstats");
    return strstr(stats, "errorstat_ERR") == NULL && strstr(stats, "errorstat_WRONG") == NULL;
}

static bool is_same(struct uuid a, struct uuid b)
{
    return uuid_equal(&a, &b);
}

/* ---- one key lost between two steps of a match's life ---- */

#define STEPS 9

static struct uuid found;  /* the match of players 1 and 2 */
static uint64_t own_fence; /* of the process that has it */
static bool is_gone;       /* the copy was lost and its owner died: two losses */

/* Both join again until they sit in one match. */
static void find_each_other(void)
{
    for (uint32_t tries = 0; tries < 3; tries++) {
        tell_at(0); /* as it does soon when everything has vanished */
        tell_at(1);
        struct hub_event_queue one = join_at(0, 1, 1000), two = join_at(0, 2, 1000);
        CHECK(one.reply == HUB_OK && two.reply == HUB_OK);
        if (one.matched && two.matched) {
            CHECK(uuid_equal(&one.match, &two.match) && one.slot != two.slot && two.ours);
            found = two.match;
            own_fence = two.copy.fence;
            return;
        }
    }
    printf("they never meet\n");
    CHECK(false);
}

static void save_found(uint32_t index, bool over)
{
    struct hub_effect *effect = ask_save(index, 1, own_fence);
    effect->save.id = found;
    effect->save.awake = true;
    effect->save.over = over;
    struct hub_event_saved event = saved();
    CHECK_INT(event.reply, HUB_OK);
    own_fence = event.fence;
}

static struct hub_event_sought ask_for_found(void)
{
    asked = &processes[1];
    world_ask(HUB_FX_SEEK)->seek.match = found;
    struct hub_event_sought sought = answer_of(HUB_EV_SOUGHT)->event.sought;
    CHECK_INT(sought.reply, HUB_OK);
    return sought;
}

static void seek_found(void)
{
    struct hub_event_sought sought = ask_for_found();
    if (sought.place == HUB_SUCCESSOR) { /* everything has vanished: come again */
        (void)server_ask("SET duel:since 1");
        sought = ask_for_found();
    }
    is_gone = sought.place == HUB_NOWHERE;
    if (!is_gone) {
        CHECK_INT(sought.place, HUB_OURS);
        CHECK(sought.copy.fence > own_fence);
        CHECK_TEXT(sought.copy.data, "data");
        own_fence = sought.copy.fence;
    }
}

static void step(uint32_t number)
{
    struct hub_result result;
    switch (number) {
    case 0:
        CHECK_INT(join_at(0, 1, 1000).reply, HUB_OK);
        break;
    case 1:
        find_each_other();
        break;
    case 2:
    case 3:
        save_found(0, false);
        break;
    case 4:
        die(0);
        break;
    case 5:
        seek_found();
        break;
    case 6:
    case 7:
        save_found(is_gone ? 0 : 1, number == 7); /* gone: the old owner comes back with it */
        break;
    default:
        make_result(&result, 1);
        result.match = found;
        CHECK_INT(publish_at(is_gone ? 0 : 1, &result, 0), HUB_OK);
    }
}

/* Plays a match whose life loses `key` ("": everything) before a step; NULL: gives the keys that
 * are there then. */
static void live(uint32_t at, const char *key, char *ret_keys, size_t keys_size)
{
    begin();
    for (uint32_t number = 0; number < STEPS; number++) {
        if (number == at && key == NULL) {
            (void)snprintf(ret_keys, keys_size, "%s", server_ask("KEYS *"));
            return;
        }
        if (number == at) {
            (void)server_ask(key[0] == 0 ? "FLUSHALL" : "DEL %s", key);
        }
        step(number);
    }
    CHECK(is_clean());
    CHECK_STRING(server_ask("KEYS duel:match:*"), "");
    CHECK_STRING(server_ask("KEYS duel:playing:*"), "");
    CHECK_STRING(server_ask("XLEN duel:events"), "1");
}

TEST(any_key_may_vanish_before_any_step)
{
    static char keys[4096];
    uint32_t lives = 0;
    set_up();
    for (uint32_t at = 0; at < STEPS; at++) {
        live(at, "", NULL, 0);
        live(at, NULL, keys, sizeof keys); /* they have the same names in every life */
        char *rest = keys;
        for (char *key = strsep(&rest, " "); key != NULL; key = strsep(&rest, " ")) {
            live(at, key, NULL, 0);
            lives++;
        }
    }
    printf("%u lives\n", lives);
    CHECK(lives > 40);
    tear_down();
}

/* ---- garbage ---- */

static const char *const garbage[] = { "", "x", "-1", "nan", "inf", "1e400", "0x1p60", "1.5",
                                       "99999999999999999999", "\xff\xfe A:*?\r\n" };
#define GARBAGE_COUNT (sizeof garbage / sizeof garbage[0])

/* Everything that can be asked, at both processes; each is answered. */
static void ask_everything(void)
{
    struct hub_result result;
    for (uint32_t index = 0; index < 2; index++) {
        (void)join_at(index, 1 + index, 1000);
        (void)join_at(index, 3, 1000);
        (void)locate_at(index, 1);
        (void)seek_at(index, 1);
        CHECK(save_at(index, 1, 10, index == 0).reply != HUB_UNAVAILABLE);
        CHECK_INT(sweep_at(index)->reply, HUB_OK);
        CHECK_INT(lease_at(index)->reply, HUB_OK);
    }
    CHECK_INT(release_at(1, 1), HUB_OK);
    make_result(&result, 1);
    CHECK_INT(publish_at(0, &result, 30000), HUB_OK);
    CHECK(is_clean());
}

TEST(garbage_in_a_field_harms_nobody)
{
    static const struct {
        const char *key;
        uint32_t of; /* 0: match 1, 1: ticket of player 1, 2: lease of process 0 */
        const char *fields[12];
    } kinds[] = {
        { "duel:match:", 0, { "p0", "p1", "owner", "node", "fence", "dormant", "over", "phase",
                              "card0", "data" } },
        { "duel:ticket:", 1, { "since", "last", "expires", "card", "boot" } },
        { "duel:lease:", 2, { "node", "born", "load", "draining" } },
    };
    set_up();
    for (uint32_t kind = 0; kind < 3; kind++) {
        for (uint32_t i = 0; kinds[kind].fields[i] != NULL; i++) {
            for (uint32_t j = 0; j < GARBAGE_COUNT; j++) {
                begin();
                (void)join_at(0, 1, 1000);
                CHECK_INT(save_at(0, 1, 10, true).reply, HUB_OK);
                (void)server_ask("DEL duel:playing:%s", name(1));
                (void)join_at(1, 1, 3000);
                const char *of = kind == 0 ? match_name(1) : kind == 1 ? name(1) : boot_of(0);
                (void)server_ask("HSET %s%s %s %s", kinds[kind].key, of, kinds[kind].fields[i],
                                 garbage[j]);
                ask_everything();
            }
        }
    }
    tear_down();
}

TEST(garbage_in_lists_and_names_harms_nobody)
{
    set_up();
    for (uint32_t i = 0; i < GARBAGE_COUNT; i++) {
        begin();
        (void)server_ask("SADD duel:owned:gone %s", garbage[i]);
        (void)server_ask("ZADD duel:boots 1 gone 2 %s", garbage[i]);
        (void)server_ask("RPUSH duel:lost:%s %s", boot_of(0), garbage[i]);
        (void)server_ask("ZADD duel:queue 1000 %s", garbage[i]);
        (void)server_ask("ZADD duel:queue:since 1000 %s", garbage[i]);
        (void)server_ask("HSET duel:ticket:%s since 1 last x expires 1900000000000 card c boot b",
                         garbage[i]);
        (void)server_ask("SET duel:playing:%s %s", name(1), garbage[i]);
        (void)server_ask("SET duel:last:%s %s", name(2), garbage[i]);
        (void)server_ask("SET duel:conn:%s %s", boot_of(1), garbage[i]);
        ask_everything();
    }
    tear_down();
}

/* ---- everything in any order ---- */

#define PLAYERS 6
#define MATCHES_MAX 4096
#define RUNS 20
#define STEPS_OF_A_RUN 400

/* What a process believes to have. */
struct belief {
    bool has;
    uint64_t fence;
    uint32_t player[2];
};

static struct rng rng;
static struct belief beliefs[2][MATCHES_MAX];
static uint32_t matches_count; /* their numbers are 100… */
static bool with_losses;
static bool is_hurt; /* a key was lost since everything was saved */
static uint32_t told[5]; /* paired, given again, taken, refused, to ask again later */

static uint32_t number_of(struct uuid id)
{
    for (uint32_t i = 0; i < matches_count; i++) {
        if (is_same(id, match_id(100 + i))) {
            return i;
        }
    }
    printf("a match that nobody asked for\n");
    CHECK(false);
    return 0;
}

/* Who sits in a match, as its cards say. */
static void adopt(uint32_t index, uint32_t match, const struct hub_copy *copy)
{
    struct belief *belief = &beliefs[index][match];
    belief->has = true;
    belief->fence = copy->fence;
    for (uint32_t slot = 0; slot < 2; slot++) {
        CHECK(copy->card[slot].size == 2 && copy->card[slot].data[0] == 'c');
        belief->player[slot] = (uint32_t)(copy->card[slot].data[1] - '0');
    }
}

static void seek_and_adopt(uint32_t index, uint32_t match)
{
    struct hub_event_sought sought = seek_at(index, 100 + match);
    CHECK_INT(sought.reply, HUB_OK);
    if (sought.place == HUB_OURS) {
        adopt(index, match, &sought.copy);
        told[2]++;
    }
}

static void random_join(uint32_t index)
{
    uint32_t player = rng_below(&rng, PLAYERS);
    asked = &processes[index];
    struct hub_effect *effect = ask_join(player, 1000, SINCE_MS, SINCE_MS + 30000);
    effect->join.match = match_id(100 + matches_count);
    struct hub_event_queue queue = answer_of(HUB_EV_QUEUE)->event.queue;
    CHECK_INT(queue.reply, HUB_OK);
    told[4] += queue.later;
    if (!queue.matched) {
        return;
    }
    bool is_new = is_same(queue.match, match_id(100 + matches_count));
    matches_count += is_new;
    told[is_new ? 0 : 1]++;
    CHECK(queue.copy.card[queue.slot].data[1] == (char)('0' + player));
    if (queue.ours && (with_losses || rng_below(&rng, 4) != 0)) { /* else the answer was lost */
        adopt(index, number_of(queue.match), &queue.copy);
    } else if (is_new && with_losses) {
        seek_and_adopt(1 - index, number_of(queue.match));
    }
}

static struct hub_effect *ask_random_save(uint32_t index, uint32_t match)
{
    const struct belief *belief = &beliefs[index][match];
    struct hub_effect *effect = ask_save(index, 100 + match, belief->fence);
    for (uint32_t slot = 0; slot < 2; slot++) {
        effect->save.player[slot] = player_id(belief->player[slot]);
        effect->save.card[slot] = card_of(belief->player[slot]);
    }
    effect->save.awake = rng_below(&rng, 2) != 0;
    return effect;
}

static void take_saved(uint32_t index, uint32_t match, struct hub_event_saved event)
{
    CHECK(event.reply != HUB_UNAVAILABLE);
    if (event.reply == HUB_REFUSED) {
        beliefs[index][match].has = false;
        told[3]++;
    } else if (rng_below(&rng, 4) != 0) { /* else the answer was lost */
        beliefs[index][match].fence = event.fence;
    }
}

static void random_end(uint32_t index, uint32_t match)
{
    struct belief *belief = &beliefs[index][match];
    struct hub_result result;
    if (rng_below(&rng, 4) == 0) {
        asked = &processes[index];
        struct hub_effect *effect = world_ask(HUB_FX_RELEASE);
        effect->release.match = match_id(100 + match);
        effect->release.player[0] = player_id(belief->player[0]);
        effect->release.player[1] = player_id(belief->player[1]);
        CHECK_INT(answer_of(HUB_EV_RELEASED)->reply, HUB_OK);
    } else {
        ask_random_save(index, match)->save.over = true;
        take_saved(index, match, saved());
        make_result(&result, 100 + match);
        result.player[0] = player_id(belief->player[0]);
        result.player[1] = player_id(belief->player[1]);
        CHECK_INT(publish_at(index, &result, rng_below(&rng, 2) * 30000), HUB_OK);
    }
    belief->has = false;
}

static void save_all(uint32_t index)
{
    for (uint32_t match = 0; match < matches_count; match++) {
        if (beliefs[index][match].has) {
            (void)ask_random_save(index, match);
            take_saved(index, match, saved());
        }
    }
}

/* As the hub does: what has vanished is saved again. */
static void renew(uint32_t index)
{
    const struct record *last = lease_at(index);
    CHECK_INT(last->reply, HUB_OK);
    bool is_missing = !last->event.leased.was_there;
    for (uint32_t i = 0; i + 1 < world_hub.records_count; i++) {
        const struct hub_event *event = &world_hub.records[i].event;
        is_missing = is_missing || event->lost.vanished;
        beliefs[index][number_of(event->lost.match)].has &= event->lost.vanished;
    }
    if (is_missing) {
        save_all(index);
        tell_at(index);
    }
}

static void random_takeover(uint32_t index)
{
    if (matches_count == 0) {
        return;
    }
    seek_and_adopt(index, rng_below(&rng, matches_count));
    (void)sweep_at(index);
    for (uint32_t i = 0; i + 1 < world_hub.records_count; i++) {
        const struct hub_event *event = &world_hub.records[i].event;
        adopt(index, number_of(event->taken.match), &event->taken.copy);
        told[2]++;
    }
}

/* One key, and not the next before all is whole again: that would be two losses at once. */
static void mend(void)
{
    for (uint32_t index = 0; index < 2 && is_hurt; index++) {
        renew(index);
        save_all(index);
    }
    is_hurt = false;
}

static void random_loss(void)
{
    mend();
    is_hurt = true;
    uint32_t index = rng_below(&rng, 2);
    switch (rng_below(&rng, 6)) {
    case 0:
    case 1:
        (void)server_ask("DEL duel:playing:%s", name(rng_below(&rng, PLAYERS)));
        break;
    case 2:
    case 3:
        if (matches_count > 0) {
            uint32_t match = matches_count - 1 - rng_below(&rng, matches_count) / 4;
            (void)server_ask("DEL duel:match:%s", match_name(100 + match));
        }
        break;
    case 4:
        (void)server_ask("DEL duel:players:%s", boot_of(index));
        break;
    default:
        (void)server_ask("DEL %s", rng_below(&rng, 2) == 0 ? "duel:boots" : "duel:since");
    }
}

/* Nobody is in two matches that go on. */
static void check_players(void)
{
    static const char *script =
        "local n = {} for _, k in ipairs(redis.call('KEYS', 'duel:match:*')) do"
        " local m = redis.call('HMGET', k, 'p0', 'p1', 'over')"
        " if m[3] == '0' then for i = 1, 2 do n[m[i]] = (n[m[i]] or 0) + 1 end end end"
        " local r = '' for i = 1, #ARGV do r = r .. (n[ARGV[i]] or 0) end return r";
    const char *counts = server_ask("EVAL %s 0 %s %s %s %s %s %s", script, name(0), name(1),
                                    name(2), name(3), name(4), name(5));
    for (uint32_t player = 0; player < PLAYERS; player++) {
        CHECK(counts[player] == '0' || counts[player] == '1');
    }
}

static void random_step(void)
{
    uint32_t index = rng_below(&rng, 2);
    uint32_t kind = rng_below(&rng, 16);
    if (kind < 6) {
        random_join(index);
    } else if (kind < 12) {
        for (uint32_t match = 0; match < matches_count; match++) {
            if (!beliefs[index][match].has || rng_below(&rng, 2) != 0) {
                continue;
            }
            if (kind == 6) {
                random_end(index, match);
            } else {
                (void)ask_random_save(index, match);
                take_saved(index, match, saved());
            }
        }
    } else if (kind == 12) {
        mend();
        is_hurt = with_losses; /* a dead process is a loss, too */
        (rng_below(&rng, 2) == 0 ? die : die_long_ago)(index);
    } else if (kind == 13) {
        random_takeover(index);
    } else if (kind == 14 && with_losses) {
        random_loss();
    } else {
        renew(index);
    }
}

static void run_randomly(bool losing)
{
    with_losses = losing;
    const char *given = getenv("DUEL_SEED");
    uint64_t seed = (uint64_t)(given != NULL ? atoll(given) : getpid());
    printf("seed %llu\n", (unsigned long long)seed);
    rng_seed(&rng, seed);
    memset(told, 0, sizeof told);
    set_up();
    for (uint32_t run = 0; run < RUNS; run++) {
        begin();
        memset(beliefs, 0, sizeof beliefs);
        matches_count = 0;
        is_hurt = false;
        for (uint32_t i = 0; i < STEPS_OF_A_RUN; i++) {
            random_step();
            check_players();
        }
        CHECK(is_clean());
    }
    tear_down();
    printf("%u paired, %u given again, %u taken, %u refused, %u later\n", told[0], told[1], told[2],
           told[3], told[4]);
    CHECK(told[0] > 0 && told[1] > 0 && told[2] > 0 && told[3] > 0);
    CHECK(with_losses == (told[4] > 0));
}

TEST(nobody_is_in_two_matches)
{
    run_randomly(false);
}

TEST(nobody_is_in_two_matches_whatever_key_vanishes)
{
    run_randomly(true);
}

TEST_MAIN
