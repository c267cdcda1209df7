/* Scenarios: a match as a list of lines, each a time in milliseconds, an event and all effects
 * that it must have. They are meant to be read next to docs/rules.md, whose numbers they carry
 * in their names.
 *
 *   connect SLOT            disconnect SLOT         leave SLOT            tick
 *   ready SLOT ROUND        guess SLOT ROUND seq N right|wrong
 *   rtt SLOT MICROSECONDS   frame ROUND ok|bad      resume
 *
 * At "resume" another process takes the match over; it has no effects of its own. Effects are
 * written as in tests/sim/world/referee_text.c; "" means that nothing happens. */
#ifndef DUEL_TESTS_SCENARIO_H
#define DUEL_TESTS_SCENARIO_H

#include <duel/core/match.h>
#include <test.h>
#include <tests/sim/world/referee.h>
#include <tests/sim/world/referee_text.h>

#define SCENARIO_START_US UINT64_C(1700000000000000)

struct line {
    double ms;
    const char *event;
    const char *effects;
};

static const struct match_rules usual = {
    .best_of = 5, .waiting_ms = 30000, .countdown_ms = 3000, .round_ms = 30000,
    .intermission_ms = 3000, .rematch_ms = 30000, .grace_ms = 15000, .grace_total_ms = 45000,
    .max_guesses = 6, .lockout_ms = 1000, .lag_cap_ms = 250, .ready_wait_ms = 3000,
};

/* Both connect at 0. */
#define BOTH_CONNECT                                          \
    { 0, "connect 0", "want frame 1 | player 0 here" },       \
    { 0, "connect 1", "player 1 here | countdown until 3000" }

/* The countdown, with frame and both ready: what follows may assume round 1 from 3000 to 33000. */
#define ROUND_1                                               \
    BOTH_CONNECT,                                             \
    { 100, "frame 1 ok", "offer frame 1" },                   \
    { 500, "ready 0 1", "" },                                 \
    { 600, "ready 1 1", "" },                                 \
    { 3000, "tick", "round 1 first 0 until 33000" }

static struct match_event scenario_event(const struct line *line)
{
    struct match_event event = { .now_us = SCENARIO_START_US + (uint64_t)(line->ms * 1000 + 0.5) };
    unsigned slot = 0;
    char word[8] = "";
    if (strcmp(line->event, "tick") == 0) {
        event.type = MATCH_EV_TICK;
    } else if (sscanf(line->event, "connect %u", &slot) == 1) {
        event.type = MATCH_EV_CONNECT;
    } else if (sscanf(line->event, "disconnect %u", &slot) == 1) {
        event.type = MATCH_EV_DISCONNECT;
    } else if (sscanf(line->event, "leave %u", &slot) == 1) {
        event.type = MATCH_EV_LEAVE;
    } else if (sscanf(line->event, "ready %u %u", &slot, &event.round) == 2) {
        event.type = MATCH_EV_READY;
    } else if (sscanf(line->event, "rtt %u %u", &slot, &event.rtt_us) == 2) {
        event.type = MATCH_EV_RTT;
    } else if (sscanf(line->event, "frame %u %7s", &event.round, word) == 2) {
        event.type = MATCH_EV_FRAME;
    } else if (sscanf(line->event, "guess %u %u seq %u %7s", &slot, &event.round, &event.seq,
                      word) == 4) {
        event.type = MATCH_EV_GUESS;
    } else {
        printf("  cannot read \"%s\"\n", line->event);
        test_fail(__FILE__, __LINE__);
    }
    event.slot = (uint8_t)slot;
    event.ok = strcmp(word, "ok") == 0;
    event.correct = strcmp(word, "right") == 0;
    return event;
}

static void scenario_resume(struct match *match, struct referee *referee, const struct line *line)
{
    uint64_t now_us = SCENARIO_START_US + (uint64_t)(line->ms * 1000 + 0.5);
    match_resume(match, now_us);
    referee_resume(referee, now_us);
    match_check(match);
    CHECK(match_deadline_us(match) == MATCH_NEVER);
    const char *fault = referee_compare(referee, match);
    if (fault != NULL) {
        printf("  at %.3f resume\n    the referee: %s\n", line->ms, fault);
        test_fail(__FILE__, __LINE__);
    }
}

static struct match scenario_play(const struct match_rules *rules, const struct line *lines,
                                  size_t count)
{
    static struct match match;
    static struct match_effects effects;
    static struct referee referee;
    static struct referee_sheet sheet;
    static char said[4096];
    match_init(&match, rules, SCENARIO_START_US);
    referee_init(&referee, rules, SCENARIO_START_US);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(lines[i].event, "resume") == 0) {
            scenario_resume(&match, &referee, &lines[i]);
            continue;
        }
        struct match_event event = scenario_event(&lines[i]);
        match_step(&match, &event, &effects);
        match_check(&match);
        referee_effects_text(&match, &effects, SCENARIO_START_US, said, sizeof said);
        if (strcmp(said, lines[i].effects) != 0) {
            printf("  line %zu: at %.3f %s\n    said     %s\n    expected %s\n", i + 1, lines[i].ms,
                   lines[i].event, said, lines[i].effects);
            test_fail(__FILE__, __LINE__);
        }
        uint64_t deadline_us = match_deadline_us(&match);
        const char *fault = referee_watch(&referee, &event, &effects, deadline_us, &sheet);
        fault = fault != NULL ? fault : referee_compare(&referee, &match);
        if (fault != NULL) {
            printf("  line %zu: at %.3f %s\n    the referee: %s\n", i + 1, lines[i].ms,
                   lines[i].event, fault);
            test_fail(__FILE__, __LINE__);
        }
    }
    return match;
}

/* Plays the lines under `rules` (a pointer); the match as it is then. */
#define PLAY(rules, ...)                                               \
    scenario_play(rules, (const struct line[]){ __VA_ARGS__ },         \
                  sizeof((const struct line[]){ __VA_ARGS__ }) / sizeof(struct line))

/* A test that is nothing but lines under the usual rules. */
#define SCENARIO(id, ...)      \
    TEST(id)                   \
    {                          \
        PLAY(&usual, __VA_ARGS__); \
    }

#endif
