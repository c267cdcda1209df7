/* Who may play whom (docs/rules.md, R-70 … R-72). It holds no queue: it judges tickets. */
#include <duel/base/assert.h>
#include <duel/core/matchmaker.h>
#include <string.h>

/* when the last third of the timeout begins, as time waited. */
static int64_t last_third_ms(const struct matchmaker_rules *rules)
{
    return ((int64_t)rules->timeout_ms * 2 + 2) / 3;
}

uint32_t matchmaker_window(const struct matchmaker_rules *rules, int64_t waited_ms)
{
    ASSERT(rules->step_ms > 0);
    if (waited_ms >= last_third_ms(rules)) {
        return MATCHMAKER_UNBOUNDED;
    }
    if (waited_ms <= 0) {
        return rules->window;
    }
    /* Below the last third waited_ms fits 32 bits, so nothing here overflows. */
    uint64_t steps = (uint64_t)waited_ms / rules->step_ms;
    uint64_t window = rules->window + rules->step * steps;
    return window < MATCHMAKER_UNBOUNDED ? (uint32_t)window : MATCHMAKER_UNBOUNDED;
}

int64_t matchmaker_next_ms(const struct matchmaker_rules *rules, int64_t since_ms, int64_t now_ms)
{
    int64_t waited_ms = now_ms > since_ms ? now_ms - since_ms : 0;
    if (matchmaker_window(rules, waited_ms) == MATCHMAKER_UNBOUNDED) {
        return INT64_MAX;
    }
    int64_t next_ms = since_ms + last_third_ms(rules);
    if (rules->step > 0) {
        int64_t step_ms = since_ms + (waited_ms / rules->step_ms + 1) * rules->step_ms;
        next_ms = step_ms < next_ms ? step_ms : next_ms;
    }
    return next_ms;
}

static uint64_t distance(const struct matchmaker_ticket *a, const struct matchmaker_ticket *b)
{
    int64_t difference = (int64_t)a->rating - b->rating;
    return (uint64_t)(difference < 0 ? -difference : difference);
}

bool matchmaker_fits(const struct matchmaker_rules *rules, const struct matchmaker_ticket *a,
                     const struct matchmaker_ticket *b, int64_t now_ms)
{
    uint32_t window_a = matchmaker_window(rules, now_ms - a->since_ms);
    uint32_t window_b = matchmaker_window(rules, now_ms - b->since_ms);
    if (window_a == MATCHMAKER_UNBOUNDED || window_b == MATCHMAKER_UNBOUNDED) {
        return true;
    }
    return distance(a, b) <= (window_a < window_b ? window_a : window_b);
}

static bool are_last_opponents(const struct matchmaker_ticket *a,
                               const struct matchmaker_ticket *b)
{
    return uuid_equal(&a->last_opponent, &b->player) || uuid_equal(&b->last_opponent, &a->player);
}

/* Whether `a` is the better choice for `ticket` than `b`. */
static bool is_better(const struct matchmaker_ticket *ticket, const struct matchmaker_ticket *a,
                      const struct matchmaker_ticket *b)
{
    bool again_a = are_last_opponents(ticket, a);
    bool again_b = are_last_opponents(ticket, b);
    if (again_a != again_b) {
        return again_b;
    }
    uint64_t distance_a = distance(ticket, a);
    uint64_t distance_b = distance(ticket, b);
    if (distance_a != distance_b) {
        return distance_a < distance_b;
    }
    if (a->since_ms != b->since_ms) {
        return a->since_ms < b->since_ms;
    }
    return memcmp(a->player.bytes, b->player.bytes, sizeof a->player.bytes) < 0;
}

int32_t matchmaker_choose(const struct matchmaker_rules *rules,
                          const struct matchmaker_ticket *ticket,
                          const struct matchmaker_ticket *others, uint32_t others_count,
                          int64_t now_ms)
{
    ASSERT(others_count <= INT32_MAX);
    int32_t best = -1;
    for (uint32_t i = 0; i < others_count; i++) {
        const struct matchmaker_ticket *other = &others[i];
        if (uuid_equal(&other->player, &ticket->player) ||
            !matchmaker_fits(rules, ticket, other, now_ms)) {
            continue;
        }
        if (best < 0 || is_better(ticket, other, &others[best])) {
            best = (int32_t)i;
        }
    }
    return best;
}
