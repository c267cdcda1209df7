/* A thousand matches whose timers are due at the same moment: what one step wants done is
 * bounded, the rest is done in the next steps, and nothing is left out. */
#include "fixture.h"

#define MATCHES 1000

static struct ref seats[2 * MATCHES];
static uint32_t steps;
static uint32_t effects_most;

/* Ticks without time passing until nothing is due any more; counts effects of this type. */
static uint32_t settle(enum hub_effect_type type, enum message_type message)
{
    uint32_t count = 0;
    steps = 0;
    do {
        step((struct hub_event){ .type = HUB_EV_TICK });
        steps++;
        effects_most = effects_count > effects_most ? effects_count : effects_most;
        for (uint32_t i = 0; i < effects_count; i++) {
            count += effects[i]->type == type &&
                     (type != HUB_FX_SEND || effects[i]->send.message.type == message);
        }
    } while (hub_deadline_us(hub) <= now_us);
    return count;
}

static void make_matches(void)
{
    for (uint32_t i = 0; i < MATCHES; i++) {
        char a[16], b[16];
        snprintf(a, sizeof a, "a%u", i);
        snprintf(b, sizeof b, "b%u", i);
        struct ref first = open_door(0, HUB_DOOR_QUEUE, a);
        load_player("A", 10000 + i, 1000, HUB_OK);
        joined(joining(), HUB_OK, 1, 0);
        struct ref second = open_door(1, HUB_DOOR_QUEUE, b);
        load_player("B", 20000 + i, 1000, HUB_OK);
        joined(joining(), HUB_OK, 2, 10000 + i);
        struct uuid id = heard(first, MSG_matched)->matched.match;
        struct ref match = wanted(HUB_FX_FRAME_SEAL)->seal.match;
        gone(first);
        gone(second);
        sealed(match, 1, true);
        seats[2 * i] = open_seat(2 + 2 * i, &id, 0);
        seats[2 * i + 1] = open_seat(3 + 2 * i, &id, 1);
    }
}

TEST(everything_due_at_once)
{
    struct hub_limits limits = usual_limits();
    limits.connections_max = 2 * MATCHES + 2;
    limits.matches_max = MATCHES;
    limits.results_max = MATCHES;
    limits.rules.best_of = 1;
    unchecked = true;
    begin(limits);
    make_matches();
    CHECK_INT(hub_count(hub).matches, MATCHES);
    now_us += 7000000; /* countdown and the wait for `ready`, of all of them */
    CHECK_INT(settle(HUB_FX_SEND, MSG_round), 2 * MATCHES);
    CHECK(steps > 1);
    uint32_t told_ends = 0;
    for (uint32_t i = 0; i < 8; i++) {
        now_us += 4000000; /* later than that the process would count as away */
        told_ends += settle(HUB_FX_SEND, MSG_round_end);
    }
    CHECK_INT(told_ends, 2 * MATCHES);
    now_us += 1000000;
    CHECK_INT(settle(HUB_FX_SEND, MSG_match_end), 2 * MATCHES);
    store_is(HUB_POSTGRESQL, false);
    store_is(HUB_POSTGRESQL, true);
    step((struct hub_event){ .type = HUB_EV_DRAIN });
    CHECK_INT(settle(HUB_FX_CLOSE, MSG_NONE), 2 * MATCHES);
    CHECK(effects_most < EFFECTS_MAX);
    CHECK_INT(hub_count(hub).results, MATCHES);
    hub_check(hub);
    finish();
}

TEST_MAIN
