/* What a player met before the process knew him is not drawn for him again. */
#include <duel/hub/players.h>
/* after it: names of the fixture stand in its parameters */
#include "fixture.h"

static struct text met[HUB_MET_MAX];
static uint32_t met_count;

/* The id that load_titles() gave the nth video. */
static struct text video_id(uint32_t number)
{
    static char ids[VIDEOS][12];
    snprintf(ids[number], sizeof ids[number], "video%06u", number);
    return text_from(ids[number]);
}

/* The video whose frame was drawn last. */
static uint32_t drawn(void)
{
    unsigned number = VIDEOS;
    char path[32];
    snprintf(path, sizeof path, "%.*s", TEXT_ARG(sealing));
    CHECK_INT(sscanf(path, "frames/%u.webp", &number), 1);
    return number;
}

static void load(const char *name, uint64_t id)
{
    struct hub_event event = { .type = HUB_EV_PLAYER };
    event.player.player = wanted(HUB_FX_LOAD_PLAYER)->load.player;
    event.player.id = uuid_random(id, id);
    event.player.name = text_from(name);
    event.player.rating = 1000;
    event.player.met_count = met_count;
    memcpy(event.player.met, met, sizeof met);
    step(event);
}

/* Two players come, of whom PostgreSQL says what is in `met` (the first) and nothing. */
static struct ref pair_who_met(void)
{
    struct ref a = open_door(0, HUB_DOOR_QUEUE, "ana");
    load("Ana", 1);
    joined(joining(), HUB_OK, 1, 0);
    struct ref b = open_door(1, HUB_DOOR_QUEUE, "bob");
    met_count = 0;
    load("Bob", 2);
    joined(joining(), HUB_OK, 2, 1);
    struct ref match = wanted(HUB_FX_FRAME_SEAL)->seal.match;
    gone(a);
    gone(b);
    return match;
}

TEST(R_13_a_video_met_before_a_restart_is_not_drawn)
{
    for (uint32_t round = 0; round < 8; round++) { /* other draws each time */
        begin(usual_limits());
        for (uint32_t i = 0; i < HUB_MET_MAX; i++) {
            met[i] = video_id(i + 3);
        }
        met_count = HUB_MET_MAX;
        struct ref match = pair_who_met();
        CHECK(drawn() < 3 || drawn() >= HUB_MET_MAX + 3);
        for (uint32_t i = 0; i < 2; i++) { /* MATCH_FRAME_TRIES */
            sealed(match, 1, false);
            CHECK(effect_of(HUB_FX_FRAME_SEAL, 0) != NULL);
            CHECK(drawn() < 3 || drawn() >= HUB_MET_MAX + 3);
        }
        finish();
    }
}

TEST(R_13_while_others_are_left_and_unknown_ones_do_not_count)
{
    bool seen[VIDEOS] = { false };
    uint32_t different = 0;
    for (uint32_t round = 0; round < 40; round++) {
        begin(usual_limits());
        for (uint32_t i = 0; i < HUB_MET_MAX; i++) {
            met[i] = i % 2 == 0 ? TEXT("nobodyknows") : TEXT_NONE;
        }
        met_count = HUB_MET_MAX;
        (void)pair_who_met();
        CHECK_INT(players_find(hub, TEXT("ana"))->recent_count, 0);
        different += !seen[drawn()];
        seen[drawn()] = true;
        finish();
    }
    CHECK(different > HUB_MET_MAX / 2); /* nothing was avoided */
}

static uint32_t known(uint32_t number)
{
    return titles_find(titles, video_id(number));
}

/* Who sat down here by the card of another process was never loaded. */
TEST(R_13_what_was_met_since_is_newer_and_only_the_first_load_counts)
{
    begin(usual_limits());
    struct saved_card card = { .id = uuid_random(1, 1), .sub = TEXT("ana"), .name = TEXT("Ana"),
                               .rating = 1000 };
    struct player *player = players_from_card(hub, &card);
    CHECK(player != NULL);
    players_met(player, known(1));
    players_met(player, known(2));
    met[0] = video_id(5);
    met[1] = video_id(4);
    met_count = 2;
    for (uint32_t i = 0; i < 2; i++) {
        open_door(i, HUB_DOOR_ME, "ana");
        load("Ana", 1);
        in_no_match();
        const uint32_t expected[] = { known(4), known(5), known(1), known(2) };
        CHECK_INT(player->recent_count, 4);
        CHECK(memcmp(player->recent, expected, sizeof expected) == 0);
    }
    finish();
}

TEST(R_13_the_oldest_make_room)
{
    begin(usual_limits());
    struct saved_card card = { .id = uuid_random(1, 1), .sub = TEXT("ana"), .name = TEXT("Ana"),
                               .rating = 1000 };
    struct player *player = players_from_card(hub, &card);
    CHECK(player != NULL);
    for (uint32_t i = 0; i < RECENT_MAX + 3; i++) { /* videos 3 … are left of these */
        players_met(player, known(i));
    }
    for (uint32_t i = 0; i < HUB_MET_MAX; i++) {
        met[i] = video_id(VIDEOS - 1);
    }
    met_count = HUB_MET_MAX;
    open_door(0, HUB_DOOR_ME, "ana");
    load("Ana", 1);
    in_no_match();
    for (uint32_t i = 0; i < RECENT_MAX; i++) {
        uint32_t at = (player->recent_count - RECENT_MAX + i) % RECENT_MAX;
        CHECK_INT(player->recent[at], known(i + 3));
    }
    finish();
}

TEST_MAIN
