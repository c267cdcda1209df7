/* Assertions that stay on in release builds.
 *
 * A failed ASSERT is a fault of ours, never of a peer or of the world: it prints the place and ends
 * the process (a restart is the recovery). Conditions have no side effects. */
#ifndef DUEL_BASE_ASSERT_H
#define DUEL_BASE_ASSERT_H

/* Prints the failed expression and its place on standard error and aborts. */
_Noreturn void assert_fail(const char *expression, const char *file, int line);

/* What has failed and where, for who buries the process; NULL: nothing. Safe in a signal
 * handler. */
const char *assert_failed(void);

#define ASSERT(condition) \
    ((condition) ? (void)0 : assert_fail(#condition, __FILE__, __LINE__))

#endif
