/* One question to the operators' listener of a server. Private to duel/command. */
#ifndef DUEL_COMMAND_OPS_ASK_H
#define DUEL_COMMAND_OPS_ASK_H

#include <stddef.h>

/* GET `path` at `address` (DUEL_OPS_LISTEN); `answer` is room for all that comes. The body when the
 * status is 200, or NULL: nobody answers in 3 s, or not so. */
const char *ops_ask(const char *address, const char *path, char *answer, size_t size_max);

#endif
