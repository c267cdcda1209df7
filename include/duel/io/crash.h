/* What a process that dies of a fault leaves behind, for the next one to report: a short text file
 * in DUEL_STATE_DIR, written by the signal handler with nothing but write().
 *
 * One line a fact, `key value`: signal, address, time, node, release, pc, base, size, build, match,
 * assertion, crumb (JSON), frame (each an absolute address, the innermost first). A file that ends
 * early is still good. */
#ifndef DUEL_IO_CRASH_H
#define DUEL_IO_CRASH_H

#include <duel/base/text.h>
#include <duel/base/uuid.h>

#define CRASH_SIZE_MAX 32768
#define CRASH_TRIES 3 /* starts at which a crash is tried to be reported */
#define CRASH_PATH_SIZE_MAX 600

/* Makes room for what former processes of this node left and calls `found` for each file that is to
 * be sent (NULL: only puts them in order); then opens this process's file and sets the handlers.
 * `match` is read when it crashes: whose turn it was. False: no file can be made there. */
bool crash_watch(const char *dir, const char *node, const char *release, const struct uuid *match,
                 void (*found)(void *context, const char *path), void *context);
/* The process ends well: the handlers are taken off and its file, which is empty, is removed. */
void crash_unwatch(void);

#endif
