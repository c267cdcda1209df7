/* The list of effects that a step fills. It knows its bound and no rules. */
#include <duel/base/assert.h>
#include <duel/core/match_inside.h>
#include <string.h>

struct match_effect *match_emit(struct match_effects *effects, enum match_effect_type type)
{
    ASSERT(effects->count < MATCH_EFFECTS_MAX);
    struct match_effect *effect = &effects->list[effects->count++];
    memset(effect, 0, sizeof *effect);
    effect->type = type;
    return effect;
}

void match_reject(struct match_effects *effects, const struct match_event *event,
                  enum match_reject why)
{
    struct match_effect *effect = match_emit(effects, MATCH_FX_REJECT);
    effect->slot = event->slot;
    effect->reject = why;
    effect->seq = event->seq;
}
