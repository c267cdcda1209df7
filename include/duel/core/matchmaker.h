/* Who may play whom (contract section 3): rating windows that widen while one waits.
 *
 * This is the rule as pure code. Valkey's pairing script carries it out atomically for all nodes,
 * and a test holds the two against each other; the hub uses it to tell a player the window searched
 * now and to know when asking again can help. */
#ifndef DUEL_CORE_MATCHMAKER_H
#define DUEL_CORE_MATCHMAKER_H

#include <duel/base/uuid.h>

#define MATCHMAKER_UNBOUNDED UINT32_MAX

struct matchmaker_rules {
    uint32_t window;     /* rating distance accepted at first (100) */
    uint32_t step;       /* added each step_ms (50) */
    uint32_t step_ms;    /* 5,000 */
    uint32_t timeout_ms; /* 30,000; in its last third the window is unbounded */
};

struct matchmaker_ticket {
    struct uuid player;
    struct uuid last_opponent; /* none: zeros */
    int64_t since_ms;          /* waiting since, Unix epoch */
    int32_t rating;
};

/* The rating distance that a player who has waited so long accepts. */
uint32_t matchmaker_window(const struct matchmaker_rules *rules, int64_t waited_ms);
/* When the window of a ticket next becomes wider; INT64_MAX when it is unbounded already. */
int64_t matchmaker_next_ms(const struct matchmaker_rules *rules, int64_t since_ms, int64_t now_ms);
/* Each stands inside the other's window, or one stands in its last third and the wider counts. */
bool matchmaker_fits(const struct matchmaker_rules *rules, const struct matchmaker_ticket *a,
                     const struct matchmaker_ticket *b, int64_t now_ms);
/* The best of `others` for `ticket`: among those who fit, the last opponent (either way round) only
 * when nobody else does; then the smallest rating distance, then who has waited longest, then the
 * smaller player id (byte order). Returns its index, or -1. `ticket`'s own player is passed
 * over. */
int32_t matchmaker_choose(const struct matchmaker_rules *rules,
                          const struct matchmaker_ticket *ticket,
                          const struct matchmaker_ticket *others, uint32_t others_count,
                          int64_t now_ms);

#endif
