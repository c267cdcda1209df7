/* What goes to the operator's own services, if he has them: faults and crashes to GlitchTip, what
 * players do to Umami. Never tokens, tickets, guesses, titles or addresses. */
#ifndef DUEL_IO_REPORTS_H
#define DUEL_IO_REPORTS_H

#include <duel/hub/hub.h>
#include <duel/io/auth.h>
#include <duel/io/settings.h>

struct reports;
struct loop;

/* `match`: whose turn it was, for crashes; lives longer than this. NULL: out of memory or threads,
 * or DUEL_STATE_DIR cannot be written; *ret_problem says which. */
struct reports *reports_create(struct loop *loop, const struct settings *settings,
                               const char *release, const struct uuid *match,
                               struct text *ret_problem);
void reports_destroy(struct reports *reports);
/* The key that is kept in PostgreSQL; where DUEL_SECRET is set, that stands. */
void reports_set_secret(struct reports *reports, const uint8_t secret[AUTH_SECRET_SIZE]);

/* What the hub wants done, before it is: for those who count visitors. `reports` may be NULL. */
void reports_effect(struct reports *reports, const struct hub_effect *effect);

#endif
