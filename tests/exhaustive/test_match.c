/* Every short sequence of events, from several points of a match, under small rules: after each
 * step, and each takeover by another process, the referee agrees, every invariant holds, and a
 * late clock changes nothing.
 *
 * test_match [--depth=N]: the length of the sequences; TEST_LONG=1 makes them longer. */
#include <duel/core/match.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tests/sim/world/referee.h>
#include <tests/sim/world/referee_text.h>

#define MS UINT64_C(1000)
#define START_US UINT64_C(1000000000)
#define DEPTH_MAX 10

static const struct match_rules rules = {
    .best_of = 3, .waiting_ms = 100, .countdown_ms = 10, .round_ms = 30, .intermission_ms = 10,
    .rematch_ms = 20, .grace_ms = 20, .grace_total_ms = 30, .max_guesses = 2, .lockout_ms = 5,
    .lag_cap_ms = 8, .ready_wait_ms = 4,
};

enum move {
    MOVE_CONNECT_0,
    MOVE_CONNECT_1,
    MOVE_DISCONNECT_0,
    MOVE_DISCONNECT_1,
    MOVE_LEAVE_1,
    MOVE_READY_0,
    MOVE_READY_1,
    MOVE_RIGHT_0,
    MOVE_WRONG_0,
    MOVE_RIGHT_1,
    MOVE_AGAIN_1,
    MOVE_RTT_0,
    MOVE_FRAME,
    MOVE_FRAME_BAD,
    MOVE_DEADLINE, /* a tick exactly at the deadline */
    MOVE_LATE,     /* the clock jumps, and nobody has told yet */
    MOVE_RESUME,   /* another process takes the match over */
    MOVES,
};

struct node {
    struct match match;
    struct referee referee;
    uint64_t now;
    uint32_t seq;
};

static uint64_t steps;
static const char *fault;
static struct {
    bool resume;
    struct match_event event;
} path[DEPTH_MAX + 64];
static uint32_t path_size;

static bool shape(const struct node *node, enum move move, struct match_event *event)
{
    static const struct match_event moves[MOVES] = {
        [MOVE_CONNECT_0] = { .type = MATCH_EV_CONNECT },
        [MOVE_CONNECT_1] = { .type = MATCH_EV_CONNECT, .slot = 1 },
        [MOVE_DISCONNECT_0] = { .type = MATCH_EV_DISCONNECT },
        [MOVE_DISCONNECT_1] = { .type = MATCH_EV_DISCONNECT, .slot = 1 },
        [MOVE_LEAVE_1] = { .type = MATCH_EV_LEAVE, .slot = 1 },
        [MOVE_READY_0] = { .type = MATCH_EV_READY },
        [MOVE_READY_1] = { .type = MATCH_EV_READY, .slot = 1 },
        [MOVE_RIGHT_0] = { .type = MATCH_EV_GUESS, .correct = true },
        [MOVE_WRONG_0] = { .type = MATCH_EV_GUESS },
        [MOVE_RIGHT_1] = { .type = MATCH_EV_GUESS, .slot = 1, .correct = true },
        [MOVE_AGAIN_1] = { .type = MATCH_EV_GUESS, .slot = 1, .seq = 1, .similarity = 7 },
        [MOVE_RTT_0] = { .type = MATCH_EV_RTT, .rtt_us = 6000 },
        [MOVE_FRAME] = { .type = MATCH_EV_FRAME, .ok = true, .video = 3 },
        [MOVE_FRAME_BAD] = { .type = MATCH_EV_FRAME },
        [MOVE_DEADLINE] = { .type = MATCH_EV_TICK },
    };
    *event = moves[move];
    event->now_us = node->now;
    event->round = node->match.round;
    if (event->type == MATCH_EV_GUESS && event->seq == 0) {
        event->seq = node->seq;
    }
    if (move == MOVE_DEADLINE) {
        event->now_us = match_deadline_us(&node->match);
    }
    return event->now_us != MATCH_NEVER;
}

static void step(struct node *node, const struct match_event *event)
{
    struct match_effects effects;
    static struct referee_sheet sheet;
    path[path_size].resume = false;
    path[path_size++].event = *event;
    node->now = event->now_us;
    match_step(&node->match, event, &effects);
    match_check(&node->match);
    steps++;
    fault = referee_watch(&node->referee, event, &effects, match_deadline_us(&node->match), &sheet);
    if (fault == NULL) {
        fault = referee_compare(&node->referee, &node->match);
    }
}

static bool resume(struct node *node)
{
    if (node->match.phase >= MATCH_OVER) {
        return false;
    }
    path[path_size++].resume = true;
    match_resume(&node->match, node->now);
    match_check(&node->match);
    referee_resume(&node->referee, node->now);
    steps++;
    fault = referee_compare(&node->referee, &node->match);
    return true;
}

static bool move_on(struct node *node, enum move move)
{
    struct match_event event;
    node->seq++;
    if (move == MOVE_RESUME) {
        return resume(node);
    }
    if (!shape(node, move, &event)) {
        return false;
    }
    step(node, &event);
    return true;
}

/* Clock ticks at every deadline bring a match to the same state as one late tick. A round starts
 * at the tick that starts it, so only a tick that starts none can be told from. */
static void compare_late(const struct node *node, uint64_t until)
{
    struct match_effects effects;
    struct match ticked = node->match, late = node->match;
    struct match_event tick = { .type = MATCH_EV_TICK };
    while (match_deadline_us(&ticked) <= until) {
        tick.now_us = match_deadline_us(&ticked);
        match_step(&ticked, &tick, &effects);
        for (uint32_t i = 0; i < effects.count; i++) {
            if (effects.list[i].type == MATCH_FX_ROUND) {
                return;
            }
        }
    }
    tick.now_us = until;
    match_step(&ticked, &tick, &effects);
    match_step(&late, &tick, &effects);
    if (memcmp(&ticked, &late, sizeof late) != 0) {
        fault = "a late clock made a difference";
    }
}

static void explore(const struct node *from, int depth)
{
    for (enum move move = 0; move < MOVES && depth > 0; move++) {
        struct node node = *from;
        uint32_t size = path_size;
        if (move == MOVE_LATE) {
            node.seq++;
            node.now += depth % 2 == 0 ? 7 * MS : 23 * MS + 1;
            compare_late(from, node.now);
        } else if (!move_on(&node, move)) {
            continue;
        }
        if (fault == NULL && node.match.phase != MATCH_CLOSED) {
            explore(&node, depth - 1);
        }
        if (fault != NULL) {
            return;
        }
        path_size = size;
    }
}

/* ---- where to start from ---- */

static void make(struct node *node, const enum move *moves, uint32_t count)
{
    memset(node, 0, sizeof *node);
    path_size = 0;
    node->now = START_US;
    match_init(&node->match, &rules, START_US);
    referee_init(&node->referee, &rules, START_US);
    for (uint32_t i = 0; i < count && fault == NULL; i++) {
        move_on(node, moves[i]);
    }
}

#define TO_COUNTDOWN MOVE_CONNECT_0, MOVE_CONNECT_1
#define TO_ROUND TO_COUNTDOWN, MOVE_FRAME, MOVE_READY_0, MOVE_READY_1, MOVE_DEADLINE
#define TO_INTERMISSION TO_ROUND, MOVE_RIGHT_0, MOVE_DEADLINE
#define TO_MATCH_POINT TO_INTERMISSION, MOVE_FRAME, MOVE_READY_0, MOVE_READY_1, MOVE_DEADLINE
#define TO_AGAIN TO_INTERMISSION, MOVE_RESUME, MOVE_CONNECT_0, MOVE_CONNECT_1
#define FROM(...)                                                             \
    { (const enum move[]){ __VA_ARGS__ },                                     \
      sizeof((const enum move[]){ __VA_ARGS__ }) / sizeof(enum move) }

static const struct {
    const char *name;
    struct {
        const enum move *list;
        uint32_t count;
    } moves;
} starts[] = {
    { "the first event", FROM(MOVE_CONNECT_0) },
    { "the countdown", FROM(TO_COUNTDOWN) },
    { "a round", FROM(TO_ROUND) },
    { "a round, one gone", FROM(TO_ROUND, MOVE_DISCONNECT_0) },
    { "a round, one has lag", FROM(TO_ROUND, MOVE_RTT_0, MOVE_RIGHT_1) },
    { "an intermission", FROM(TO_INTERMISSION) },
    { "match point", FROM(TO_MATCH_POINT) },
    { "a void round", FROM(TO_ROUND, MOVE_RIGHT_0, MOVE_RESUME) },
    { "a match taken over", FROM(TO_AGAIN) },
    { "the same, one gone", FROM(TO_AGAIN, MOVE_DISCONNECT_0) },
    { "a round after a void one", FROM(TO_ROUND, MOVE_WRONG_0, MOVE_RESUME, MOVE_CONNECT_0,
                                       MOVE_CONNECT_1, MOVE_FRAME, MOVE_READY_0, MOVE_READY_1,
                                       MOVE_DEADLINE) },
    { "the end", FROM(TO_ROUND, MOVE_LEAVE_1) },
};

static void tell_path(void)
{
    char text[128];
    for (uint32_t i = 0; i < path_size; i++) {
        if (path[i].resume) {
            printf("    resume\n");
            continue;
        }
        referee_event_text(&path[i].event, START_US, text, sizeof text);
        printf("    %s\n", text);
    }
}

int main(int argc, char **argv)
{
    int depth = getenv("TEST_LONG") != NULL ? 6 : 5, passed = 0, failed = 0;
    if (argc > 1 && strncmp(argv[1], "--depth=", 8) == 0) {
        depth = atoi(argv[1] + 8);
        depth = depth > DEPTH_MAX ? DEPTH_MAX : depth;
    }
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        static struct node node;
        steps = 0;
        fault = NULL;
        make(&node, starts[i].moves.list, starts[i].moves.count);
        if (fault == NULL) {
            explore(&node, depth);
        }
        printf("from %-24s %" PRIu64 " steps\n", starts[i].name, steps);
        if (fault != NULL) {
            printf("FAULT: %s\n", fault);
            tell_path();
            failed++;
        } else {
            passed++;
        }
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
