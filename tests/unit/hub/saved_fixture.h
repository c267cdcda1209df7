/* Matches that are played in one hub, saved, and read in another one. For the tests of saved.h. */
#ifndef DUEL_TESTS_UNIT_HUB_SAVED_FIXTURE_H
#define DUEL_TESTS_UNIT_HUB_SAVED_FIXTURE_H

#include <duel/hub/hub.h>
#include <duel/hub/ledger.h>
#include <duel/hub/players.h>
#include <duel/hub/saved.h>
#include <stdio.h>
#include <stdlib.h>
#include <test.h>

#define VIDEOS 100
#define START_US UINT64_C(1700000000000000)
#define BLOB_MAX (SAVED_MATCH_SIZE_MAX + 16384)

static const struct match_rules usual = {
    .best_of = 5, .waiting_ms = 30000, .countdown_ms = 3000, .round_ms = 30000,
    .intermission_ms = 3000, .rematch_ms = 30000, .grace_ms = 15000, .grace_total_ms = 45000,
    .max_guesses = 6, .lockout_ms = 1000, .lag_cap_ms = 250, .ready_wait_ms = 3000,
};

static struct rng rng;

static bool chance(uint32_t of_100)
{
    return rng_below(&rng, 100) < of_100;
}

static struct uuid any_uuid(void)
{
    return uuid_random(rng_next(&rng), rng_next(&rng));
}

/* ---- a process ---- */

struct process {
    struct hub *hub;
    struct titles *titles;
    struct live *live;
    struct record *record;
    uint32_t guesses; /* made here so far */
    bool frame_due;
};

/* The same videos, but in another order: each has another index. `less`: some are not known. */
static struct titles *catalogue(bool reversed, uint32_t less)
{
    static char texts[VIDEOS][2][40];
    struct titles_row rows[VIDEOS];
    uint32_t count = 0;
    for (uint32_t i = less; i < VIDEOS; i++) {
        uint32_t n = reversed ? VIDEOS - 1 + less - i : i;
        snprintf(texts[n][0], sizeof texts[n][0], "video-%u", n);
        snprintf(texts[n][1], sizeof texts[n][1], "The title of number %u", n);
        rows[count++] = (struct titles_row){ .video = text_from(texts[n][0]),
                                             .title = text_from(texts[n][1]),
                                             .channel = TEXT("channel"), .drawn = true,
                                             .frames = { { .path = TEXT("some.webp") } },
                                             .frames_count = 1 };
    }
    return titles_create(rows, count, NULL);
}

static void open_process(struct process *process, const struct match_rules *rules,
                         struct titles *titles)
{
    struct hub_limits limits = {
        .connections_max = 4, .matches_max = 2, .results_max = 2, .guess_log_max = 16384,
        .settle_wait_ms = 1000, .save_wait_ms = 250, .renew_ms = 600, .drain_ms = 20000,
        .suggests_per_s = 10, .searches_per_s = 10, .ping_match_ms = 5000, .ping_idle_ms = 15000,
        .silence_match_ms = 15000, .silence_idle_ms = 30000, .rules = *rules,
        .matchmaker = { .window = 100, .step = 50, .step_ms = 5000, .timeout_ms = 30000 },
    };
    memset(process, 0, sizeof *process);
    process->hub = hub_create(&limits, 1);
    CHECK(process->hub != NULL && titles != NULL);
    process->titles = titles;
    process->hub->titles = titles;
    process->hub->now_us = START_US;
    process->hub->now_ms = START_US / 1000;
}

/* A match without anything, as who is to play it finds it. */
static void seat(struct process *process)
{
    struct hub *hub = process->hub;
    struct ref ref;
    process->live = pool_acquire(&hub->matches, &ref);
    CHECK(process->live != NULL);
    for (uint32_t slot = 0; slot < 2; slot++) {
        struct player *player = pool_acquire(&hub->players, &process->live->seats[slot].player);
        CHECK(player != NULL);
        player->id = any_uuid();
    }
    process->live->id = any_uuid();
    process->record = ledger_open(hub, ref, process->live);
    process->live->record = pool_ref(&hub->records, process->record);
}

static void forget(struct process *process)
{
    struct hub *hub = process->hub;
    ledger_discard(hub, process->record);
    CHECK_INT(ledger_log_bytes(hub), 0);
    pool_release(&hub->players, process->live->seats[0].player);
    pool_release(&hub->players, process->live->seats[1].player);
    pool_release(&hub->matches, pool_ref(&hub->matches, process->live));
    process->live = NULL;
}

static void close_process(struct process *process)
{
    if (process->live != NULL) {
        forget(process);
    }
    hub_destroy(process->hub);
    titles_destroy(process->titles);
}

/* ---- play ---- */

static struct msg_guess any_guess(char *memory, uint32_t size)
{
    static const char *const letters[] = { "a", "é", "漢", "⚔", " ", "7" };
    struct msg_guess guess = { .text = TEXT_NONE, .video = TEXT_NONE };
    struct text_buffer buffer;
    text_buffer_init(&buffer, memory, size);
    if (chance(30)) {
        text_append(&buffer, TEXT("video-"));
        text_append_int(&buffer, rng_below(&rng, 1000));
        guess.video = text_of(&buffer);
        return guess;
    }
    for (uint32_t n = rng_below(&rng, chance(10) ? 200 : 20); n > 0; n--) {
        text_append(&buffer, text_from(letters[rng_below(&rng, 6)]));
    }
    guess.text = text_of(&buffer);
    return guess;
}

static void draw(struct process *process, uint32_t round)
{
    struct live *live = process->live;
    struct uuid frame = any_uuid();
    CHECK(live->drawn_count < DRAWN_MAX);
    uint32_t avoid[DRAWN_MAX];
    for (uint32_t i = 0; i < live->drawn_count; i++) {
        avoid[i] = *live_drawn(process->hub, live, i);
    }
    uint32_t video = titles_draw(process->titles, &rng, avoid, live->drawn_count,
                                 live->drawn_count);
    CHECK(video != TITLES_NONE);
    live->drawing = video;
    *live_drawn(process->hub, live, live->drawn_count++) = video;
    ledger_frame(process->hub, process->record, round, &frame);
    process->frame_due = true;
}

/* One event, with what the hub does about its effects. */
static void step(struct process *process, struct match_event event, const struct msg_guess *guess)
{
    static struct match_effects effects;
    struct live *live = process->live;
    event.now_us = process->hub->now_us;
    event.video = live->drawing;
    recorder_step(process->hub, live, &event, &effects);
    match_check(&live->match);
    for (uint32_t i = 0; i < effects.count; i++) {
        const struct match_effect *effect = &effects.list[i];
        if (effect->type == MATCH_FX_WANT_FRAME) {
            draw(process, effect->round);
        } else if (effect->type == MATCH_FX_ROUND) {
            live->played = true;
            ledger_started(process->hub, process->record, effect->round);
        } else if (effect->type == MATCH_FX_VERDICT && !effect->again) {
            ledger_guess(process->hub, process->record, effect, effect->round, guess);
        } else if (effect->type == MATCH_FX_OVER) {
            live->rematch_until_us = effect->until_us;
            process->record->result.completed_ms = process->hub->now_ms;
        }
    }
}

/* Whole milliseconds pass, or, when both are there, the time up to the match's deadline. */
static void pass(struct process *process)
{
    struct hub *hub = process->hub;
    const struct match *match = &process->live->match;
    uint64_t deadline_us = match_deadline_us(match);
    bool both = match->seats[0].connected && match->seats[1].connected;
    if (chance(both ? 30 : 1) && deadline_us != MATCH_NEVER) {
        hub->now_us = (deadline_us + 999) / 1000 * 1000;
    } else {
        hub->now_us += rng_below(&rng, 700) * 1000;
    }
    hub->now_ms = (int64_t)(hub->now_us / 1000);
}

static void act(struct process *process, uint32_t reliable)
{
    struct match *match = &process->live->match;
    struct match_event event = { .slot = (uint8_t)rng_below(&rng, 2), .round = match->round };
    char memory[800];
    struct msg_guess guess = any_guess(memory, TITLES_GUESS_SIZE_MAX);
    const struct match_seat *here = &match->seats[event.slot];
    if (process->frame_due && chance(50)) {
        process->frame_due = false;
        event.type = MATCH_EV_FRAME;
        event.ok = chance(80);
    } else if (!here->connected && chance(reliable)) {
        event.type = MATCH_EV_CONNECT;
    } else if (chance(5) && !chance(reliable)) {
        event.type = chance(90) ? MATCH_EV_DISCONNECT : MATCH_EV_LEAVE;
    } else if (match->phase == MATCH_ROUND) {
        event.type = MATCH_EV_GUESS;
        event.seq = ++process->guesses;
        event.correct = chance(15);
        event.similarity = rng_below(&rng, 1000001);
    } else {
        event.type = chance(60) ? MATCH_EV_READY : MATCH_EV_RTT;
        event.rtt_us = rng_below(&rng, 300000);
    }
    step(process, event, &guess);
}

__attribute__((unused)) static void play(struct process *process, uint32_t steps)
{
    uint32_t reliable = chance(70) ? 100 : 60;
    for (uint32_t i = 0; i < steps && process->live->match.phase < MATCH_OVER; i++) {
        pass(process);
        act(process, reliable);
    }
}

static struct match_rules any_rules(void)
{
    struct match_rules rules = usual;
    if (chance(60)) {
        rules.best_of = chance(40) ? MATCH_ROUNDS_MAX : 1 + rng_below(&rng, MATCH_ROUNDS_MAX);
        rules.max_guesses = 1 + rng_below(&rng, 12);
        rules.lockout_ms = chance(50) ? 0 : 1000;
        rules.rematch_ms = chance(20) ? 0 : 30000;
    }
    return rules;
}

__attribute__((unused)) static void open_played(struct process *process)
{
    struct match_rules rules = any_rules();
    open_process(process, &rules, catalogue(false, 0));
    seat(process);
    match_init(&process->live->match, &rules, process->hub->now_us);
    recorder_begin(process->hub, process->record, &process->live->match);
    if (chance(10)) {
        match_resume(&process->live->match, process->hub->now_us);
        recorder_resume(process->hub, process->record);
    }
    play(process, rng_below(&rng, chance(30) ? 8 : chance(50) ? 60 : 1500));
}

/* ---- blobs ---- */

static char blob_memory[BLOB_MAX];

__attribute__((unused)) static struct text save(const struct process *process)
{
    struct text_buffer buffer;
    text_buffer_init(&buffer, blob_memory, sizeof blob_memory);
    return saved_match(process->hub, process->live, process->record, &buffer);
}

/* The blob in memory of its very size, so that a sanitizer sees what is read beyond it. */
static char *alone(struct text blob)
{
    char *copy = malloc(blob.size != 0 ? blob.size : 1);
    CHECK(copy != NULL);
    memcpy(copy, blob.data, blob.size);
    return copy;
}

/* Reads a blob into a new match of the process; forgets it when it could not be read. */
__attribute__((unused)) static bool read_match(struct process *process, struct text blob)
{
    char *copy = alone(blob);
    seat(process);
    bool ok = saved_read_match(process->hub, (struct text){ copy, blob.size }, process->live,
                               process->record);
    free(copy); /* nothing may point into it */
    if (!ok) {
        forget(process);
    }
    return ok;
}

/* A match of the usual rules after its first round, which seat 0 has won. */
__attribute__((unused)) static void open_one_nil(struct process *process)
{
    struct msg_guess guess = { .text = TEXT("The title"), .video = TEXT_NONE };
    open_process(process, &usual, catalogue(false, 0));
    seat(process);
    match_init(&process->live->match, &usual, START_US);
    recorder_begin(process->hub, process->record, &process->live->match);
    step(process, (struct match_event){ .type = MATCH_EV_CONNECT }, NULL);
    step(process, (struct match_event){ .type = MATCH_EV_CONNECT, .slot = 1 }, NULL);
    step(process, (struct match_event){ .type = MATCH_EV_FRAME, .round = 1 }, NULL);
    step(process, (struct match_event){ .type = MATCH_EV_FRAME, .round = 1, .ok = true }, NULL);
    process->hub->now_us += 6000000;
    step(process, (struct match_event){ .type = MATCH_EV_TICK }, NULL);
    process->hub->now_us += 1000000;
    step(process, (struct match_event){ .type = MATCH_EV_GUESS, .round = 1, .seq = 1,
                                        .correct = true, .similarity = 1000000 }, &guess);
    process->hub->now_us += 1000;
    step(process, (struct match_event){ .type = MATCH_EV_TICK }, NULL);
    CHECK_INT(process->live->match.rounds_count, 1);
    CHECK_INT(process->live->drawn_count, 3);
}

/* ---- cards ---- */

__attribute__((unused)) static struct player any_player(void)
{
    struct player player = { .loaded = true, .id = any_uuid() };
    static char letters[AVATAR_SIZE_MAX + 1];
    memset(letters, 'a', sizeof letters);
    player.sub = (struct text){ letters, 1 + rng_below(&rng, HUB_SUB_SIZE_MAX) };
    player.name = (struct text){ letters, rng_below(&rng, NAME_SIZE_MAX + 1) };
    if (!chance(30)) {
        player.avatar = (struct text){ letters, 1 + rng_below(&rng, AVATAR_SIZE_MAX) };
    }
    player.country_size = chance(50) ? 2 : 0;
    memcpy(player.country, "BR", 2);
    return player;
}

__attribute__((unused)) static struct text card_of(const struct player *player, int32_t rating,
                                                   int64_t since_ms)
{
    struct text_buffer buffer;
    text_buffer_init(&buffer, blob_memory, SAVED_CARD_SIZE_MAX);
    return saved_card(player, rating, since_ms, &buffer);
}

#endif
