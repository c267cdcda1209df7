/* References across objects and time: an index and the generation it was handed out in.
 *
 * A reference to something that has gone is recognised (its generation is over) instead of being
 * followed, so a late answer for a dead object can never touch its successor. */
#ifndef DUEL_BASE_REF_H
#define DUEL_BASE_REF_H

#include <stdbool.h>
#include <stdint.h>

struct ref {
    uint32_t index;
    uint32_t generation; /* 0: refers to nothing */
};

#define REF_NONE ((struct ref){ 0, 0 })

static inline bool ref_equal(struct ref a, struct ref b)
{
    return a.index == b.index && a.generation == b.generation;
}

static inline bool ref_is_none(struct ref r)
{
    return r.generation == 0;
}

#endif
