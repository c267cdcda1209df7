/* Live matches of this process as JSON, for the operators' listener. Bounded; nothing in it is
 * secret from players but what both of them guessed. */
#ifndef DUEL_IO_OPS_MATCHES_H
#define DUEL_IO_OPS_MATCHES_H

#include <duel/hub/view.h>

/* {node, total, next, matches: […]}: at most 100 from index `from` (0: the first); `next` is the
 * index of those behind, or null. The size; 0: no room. */
uint32_t ops_matches_list(const struct hub *hub, const char *node, uint32_t from, char *ret_json,
                          uint32_t size_max);
/* One with its rounds and guesses so far. 0: not here. */
uint32_t ops_matches_one(const struct hub *hub, const char *node, const struct uuid *id,
                         char *ret_json, uint32_t size_max);

#endif
