/* Valkey: carries out what it is asked, each as one script that nobody sees half done. */
#include <stdlib.h>
#include <string.h>
#include <tests/sim/world/world_valkey.h>

#define LIVE_MS 3600000
#define MADE_MS 120000
#define OVER_MS 86400000
#define DAY_MS 86400000
#define ENDED_MS 600000
#define TAKEN_MAX 16
#define OTHERS_WAIT_MS 3000

static struct hub_event *push(struct world_item *answer)
{
    return &answer->answers[answer->answers_count++];
}

/* ---- one match ---- */

static void refuse(struct world *world, const struct key *match, struct hub_event *event)
{
    event->saved.reply = HUB_REFUSED;
    uint32_t place = match == NULL ? 0 : valkey_place_of(world, match);
    if (place != 0 && place != world->valkey->here + 1) {
        event->saved.node = valkey_node_name(place - 1);
    }
}

static bool is_newer_than(struct world *world, uint64_t boot)
{
    const struct key *lease = key_find(world, KEY_LEASE, NULL, boot);
    uint64_t theirs_us = lease == NULL ? 0 : lease->born_us;
    const struct world_process *caller = world->valkey->caller;
    uint64_t mine_us = caller == NULL ? 0 : caller->clock_us;
    return mine_us != theirs_us ? mine_us > theirs_us : world->valkey->me > boot;
}

/* Whether it may be written, and then under which fence. */
static bool may_save(struct world *world, const struct hub_effect *effect, const struct key *stored,
                     uint64_t *fence, bool *dormant)
{
    bool awake = effect->save.awake && !effect->save.hand_over; /* that takes nothing back */
    if (stored == NULL) {
        return true;
    }
    if (stored->owner == world->valkey->me) {
        *fence = *fence > stored->fence ? *fence : stored->fence;
        *dormant = *dormant && stored->dormant;
    } else if (stored->fence > *fence) {
        bool successor = stored->node == world->valkey->here &&
                         valkey_is_alive(world, stored->owner) &&
                         !is_newer_than(world, stored->owner);
        *fence = stored->fence + 1;
        return awake && stored->dormant && !successor;
    } else if (!awake && !stored->dormant && valkey_is_alive(world, stored->owner)) {
        return false;
    }
    return true;
}

static void claim(struct world *world, const struct uuid *player, const struct uuid *match,
                  bool over)
{
    if (over) {
        valkey_stop_playing(world, player, match);
    } else if (valkey_has_note(world, world->valkey->me, player, match)) {
        key_put(world, KEY_PLAYING, player, 0, LIVE_MS)->player[0] = *match;
    }
}

static void save(struct world *world, const struct world_item *asked, struct hub_event *event)
{
    const struct hub_effect *effect = asked->effect;
    struct key *stored = valkey_match(world, &effect->save.id);
    uint64_t fence = effect->save.fence;
    bool dormant = !effect->save.awake || effect->save.hand_over;
    if (key_find(world, KEY_ENDED, &effect->save.id, 0) != NULL) {
        /* Nothing of it need be kept any more, and nobody is to play it on. */
        event->saved.fence = fence;
        if (!effect->save.over) {
            refuse(world, NULL, event);
        }
        return;
    }
    if (!may_save(world, effect, stored, &fence, &dormant)) {
        refuse(world, stored, event);
        return;
    }
    if (stored != NULL) {
        valkey_disown(world, stored);
    }
    struct key *key = key_put(world, KEY_MATCH, &effect->save.id, 0,
                              effect->save.over ? OVER_MS : LIVE_MS);
    key->owner = effect->save.hand_over ? 0 : world->valkey->me;
    key->node = world->valkey->here;
    key->fence = fence;
    key->dormant = dormant;
    key->over = effect->save.over;
    memset(key->phase, 0, sizeof key->phase);
    memcpy(key->phase, effect->save.phase.data, effect->save.phase.size);
    key_set_blob(key, 0, effect->save.card[0]);
    key_set_blob(key, 1, effect->save.card[1]);
    key_set_blob(key, 2, effect->save.data);
    key_set_blob(key, 3, TEXT_NONE); /* they are in the data */
    key->mark = asked->mark;
    witness_kept(world, asked->mark);
    for (uint32_t slot = 0; slot < 2; slot++) {
        key->player[slot] = effect->save.player[slot];
    }
    valkey_own(world, key);
    for (uint32_t slot = 0; slot < 2; slot++) {
        claim(world, &effect->save.player[slot], &effect->save.id, effect->save.over);
    }
    event->saved.reply = HUB_OK;
    event->saved.fence = fence;
}

/* A living process may own it, and is asked to save it again. */
static void seek_missed(struct world *world, const struct uuid *id, struct hub_event *event)
{
    uint64_t me = world->valkey->me;
    const struct key *boots = key_find(world, KEY_BOOTS, NULL, 0);
    event->sought.place = HUB_NOWHERE;
    key_remove(world, key_find(world, KEY_OWNED, NULL, me), id, 0);
    if (key_find(world, KEY_ENDED, id, 0) != NULL) {
        return;
    }
    for (uint32_t i = 0; boots != NULL && i < boots->members_count; i++) {
        uint64_t boot = boots->members[i].boot;
        const struct key *lease = key_find(world, KEY_LEASE, NULL, boot);
        if (boot != me && lease != NULL &&
            key_has(key_find(world, KEY_OWNED, NULL, boot), id)) {
            bool here = lease->node == world->valkey->here;
            event->sought.place = here ? HUB_SUCCESSOR : HUB_ELSEWHERE;
            event->sought.node = here ? TEXT_NONE : valkey_node_name(lease->node);
            valkey_remind(world, boot, id);
            return;
        }
    }
    if (valkey_is_untold(world, me)) {
        event->sought.place = HUB_SUCCESSOR;
    }
}

static void seek(struct world *world, const struct hub_effect *effect, struct world_item *answer)
{
    struct hub_event *event = push(answer);
    struct key *match = valkey_match(world, &effect->seek.match);
    if (match == NULL) {
        if (model_is_used(world, &effect->seek.match)) {
            seek_missed(world, &effect->seek.match, event);
        }
        if (event->sought.place == HUB_NOWHERE) {
            model_come(world, effect, answer);
        }
        return;
    }
    if (match->owner == world->valkey->me) {
        valkey_own(world, match);
    } else {
        if (valkey_is_alive(world, match->owner) && match->node != world->valkey->here) {
            event->sought.place = HUB_ELSEWHERE;
            event->sought.node = valkey_node_name(match->node);
            return;
        }
        if (valkey_is_alive(world, match->owner) && !is_newer_than(world, match->owner)) {
            event->sought.place = HUB_SUCCESSOR;
            return;
        }
        if (!valkey_is_alive(world, match->owner) && !valkey_is_abandoned(world, match)) {
            event->sought.place = HUB_SUCCESSOR; /* come again */
            return;
        }
        valkey_take(world, match);
    }
    event->sought.place = HUB_OURS;
    valkey_copy(answer, match, &event->sought.copy);
    answer->marks[answer->answers_count - 1] = match->mark;
}

/* It is gone for good; one that vanished looks the same otherwise. */
static void set_ended(struct world *world, const struct uuid *id)
{
    key_put(world, KEY_ENDED, id, 0, ENDED_MS);
}

static void release(struct world *world, const struct hub_effect *effect)
{
    const struct uuid *id = &effect->release.match;
    struct key *match = valkey_match(world, id);
    key_remove(world, key_find(world, KEY_OWNED, NULL, world->valkey->me), id, 0);
    for (uint32_t slot = 0; slot < 2; slot++) {
        valkey_forget_note(world, world->valkey->me, &effect->release.player[slot], id);
    }
    if (match != NULL && match->owner != world->valkey->me && match->owner != 0) {
        return;
    }
    set_ended(world, id);
    valkey_stop_playing(world, &effect->release.player[0], id);
    valkey_stop_playing(world, &effect->release.player[1], id);
    key_drop(world, match);
}

static void locate(struct world *world, const struct hub_effect *effect, struct world_item *answer)
{
    struct hub_event *event = push(answer);
    uint8_t slot;
    const struct key *match = valkey_playing(world, &effect->locate.player, &slot);
    if (match != NULL) {
        uint32_t place = valkey_place_of(world, match);
        event->located.found = true;
        event->located.match = match->id;
        event->located.phase = world_keep(answer, text_from(match->phase));
        event->located.slot = slot;
        event->located.card = world_keep(answer, match->texts[1 - slot]);
        if (place != 0 && place != world->valkey->here + 1) {
            event->located.node = valkey_node_name(place - 1);
        }
    } else {
        (void)valkey_is_missed(world, &effect->locate.player);
    }
}

static void look(struct world *world, const struct hub_effect *effect, struct world_item *answer)
{
    struct hub_event *event = push(answer);
    const struct key *match = key_find(world, KEY_MATCH, &effect->look.match, 0);
    uint32_t place = match == NULL ? 0 : valkey_place_of(world, match);
    event->looked.place = HUB_NOWHERE;
    if (place != 0 && place != world->valkey->here + 1) {
        event->looked.place = HUB_ELSEWHERE;
        event->looked.node = valkey_node_name(place - 1);
    } else if (match != NULL && !match->over) {
        event->looked.place = HUB_OURS;
        event->looked.begun = match->texts[2].size != 0;
        event->looked.card[0] = world_keep(answer, match->texts[0]);
        event->looked.card[1] = world_keep(answer, match->texts[1]);
        event->looked.terms = world_keep(answer, match->texts[3]);
    }
}

static void publish(struct world *world, const struct hub_effect *effect)
{
    const struct hub_result *result = effect->store.data;
    struct world_stored *row = stores_find(world, &result->match);
    if (row == NULL) {
        world_fault(world, "a result is published that is not stored");
        return;
    }
    row->published = true;
    struct key *match = valkey_match(world, &result->match);
    if (match != NULL) {
        valkey_disown(world, match);
    }
    if (match != NULL && match->over && effect->store.keep_ms > 0) {
        match->expires_ms = valkey_now_ms(world) + effect->store.keep_ms;
    } else {
        key_drop(world, match);
    }
    set_ended(world, &result->match);
    key_remove(world, key_find(world, KEY_OWNED, NULL, world->valkey->me), &result->match, 0);
    valkey_stop_playing(world, &result->player[0], &result->match);
    valkey_stop_playing(world, &result->player[1], &result->match);
}

/* ---- processes ---- */

static bool has_siblings(struct world *world)
{
    const struct key *boots = key_find(world, KEY_BOOTS, NULL, 0);
    for (uint32_t i = 0; boots != NULL && i < boots->members_count; i++) {
        const struct key *lease = key_find(world, KEY_LEASE, NULL, boots->members[i].boot);
        if (lease != NULL && lease->node != world->valkey->here) {
            return true;
        }
    }
    return false;
}

/* What somebody took from the caller, each told once. */
static void tell_losses(struct world *world, struct world_item *answer)
{
    struct key *lost = key_find(world, KEY_LOST, NULL, world->valkey->me);
    for (uint32_t i = 0; lost != NULL && i < lost->members_count && i < 60; i++) {
        const struct key *match = valkey_match(world, &lost->members[i].id);
        if (match != NULL && match->owner == world->valkey->me) {
            continue;
        }
        struct hub_event *event = push(answer);
        event->type = HUB_EV_LOST;
        event->lost.match = lost->members[i].id;
        event->lost.vanished =
            match == NULL && key_find(world, KEY_ENDED, &lost->members[i].id, 0) == NULL;
        uint32_t place = match == NULL ? 0 : valkey_place_of(world, match);
        if (place != 0 && place != world->valkey->here + 1) {
            event->lost.node = valkey_node_name(place - 1);
        }
    }
    key_drop(world, lost);
}

static void lease(struct world *world, const struct hub_effect *effect, struct world_item *answer)
{
    uint64_t me = world->valkey->me;
    bool was_there = key_find(world, KEY_LEASE, NULL, me) != NULL;
    was_there = valkey_renew_notes(world, effect->lease.told) && was_there;
    /* A process that is gone cannot say again when it was born; its lease runs out. */
    if (world->valkey->caller != NULL) {
        struct key *key = key_put(world, KEY_LEASE, NULL, me, world->lease_ms);
        key->node = world->valkey->here;
        key->born_us = world->valkey->caller->clock_us;
        key->load = effect->lease.load;
        key->draining = effect->lease.draining;
    }
    struct key_member member = { .boot = me, .score = valkey_now_ms(world) };
    key_add(key_put(world, KEY_BOOTS, NULL, 0, DAY_MS), &member);
    tell_losses(world, answer);
    struct hub_event *event = push(answer);
    event->leased.was_there = was_there;
    event->leased.siblings = has_siblings(world);
}

static void tell_taken(struct world_item *answer, const struct key *match)
{
    struct hub_event *event = push(answer);
    event->type = HUB_EV_TAKEN;
    event->taken.match = match->id;
    valkey_copy(answer, match, &event->taken.copy);
    answer->marks[answer->answers_count - 1] = match->mark;
}

/* What the sweep before took, whose answer was lost. */
static void tell_taken_again(struct world *world, uint32_t max, struct world_item *answer)
{
    const struct key *taken = key_find(world, KEY_TAKEN, NULL, world->valkey->me);
    for (uint32_t i = 0; taken != NULL && i < taken->members_count && i < max; i++) {
        const struct key *match = valkey_match(world, &taken->members[i].id);
        if (match != NULL && match->owner == world->valkey->me &&
            key_find(world, KEY_ENDED, &match->id, 0) == NULL) {
            tell_taken(answer, match);
        }
    }
}

/* One match of a dead process. True: it is not in its list any more. */
static bool sweep_match(struct world *world, const struct uuid *id, bool late,
                        struct world_item *answer)
{
    struct key *match = valkey_match(world, id);
    if (match == NULL || valkey_is_alive(world, match->owner) || match->texts[2].data == NULL) {
        return true;
    }
    if ((!late && match->node != world->valkey->here) || !valkey_is_abandoned(world, match)) {
        return false;
    }
    valkey_take(world, match);
    tell_taken(answer, match);
    key_add(key_put(world, KEY_TAKEN, NULL, world->valkey->me, DAY_MS),
            &(struct key_member){ .id = *id });
    return true;
}

static bool sweep_boot(struct world *world, const struct key_member *boots, uint32_t max,
                       struct world_item *answer)
{
    uint64_t boot = boots->boot;
    bool late = valkey_now_ms(world) - boots->score > (int64_t)world->lease_ms + OTHERS_WAIT_MS;
    bool removed = false;
    struct key *owned = key_find(world, KEY_OWNED, NULL, boot);
    struct key_member members[64];
    uint32_t count = owned == NULL ? 0 : owned->members_count < 64 ? owned->members_count : 64;
    if (owned != NULL) {
        memcpy(members, owned->members, count * sizeof *members);
    }
    for (uint32_t i = 0; i < count && answer->answers_count < max; i++) {
        if (sweep_match(world, &members[i].id, late, answer)) {
            key_remove(world, key_find(world, KEY_OWNED, NULL, boot), &members[i].id, 0);
            removed = true;
        }
    }
    if (key_find(world, KEY_OWNED, NULL, boot) == NULL) {
        const struct key *notes = key_find(world, KEY_PLAYERS, NULL, boot);
        bool is_noted = notes != NULL && notes->members_count > 0 &&
                        valkey_now_ms(world) - boots->score < MADE_MS;
        if (!is_noted) {
            key_remove(world, key_find(world, KEY_BOOTS, NULL, 0), NULL, boot);
        }
        return false;
    }
    return removed;
}

static void sweep(struct world *world, const struct world_item *asked, struct world_item *answer)
{
    uint32_t max = asked->effect->sweep.max < TAKEN_MAX ? asked->effect->sweep.max : TAKEN_MAX;
    if (asked->heard) {
        key_drop(world, key_find(world, KEY_TAKEN, NULL, world->valkey->me));
    } else {
        tell_taken_again(world, max, answer);
    }
    struct key *boots = key_find(world, KEY_BOOTS, NULL, 0);
    struct key_member members[64];
    uint32_t count = boots == NULL ? 0 : boots->members_count < 64 ? boots->members_count : 64;
    bool more = false;
    if (boots != NULL) {
        memcpy(members, boots->members, count * sizeof *members);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!valkey_is_alive(world, members[i].boot)) {
            more = sweep_boot(world, &members[i], max, answer) || more;
        }
    }
    push(answer)->swept.more = more;
}

/* ---- all ---- */

void valkey_carry_out(struct world *world, struct world_item *asked, struct world_item *answer)
{
    const struct hub_effect *effect = asked->effect;
    const struct world_process *asker = &world->processes[asked->process];
    if (asker->life != asked->life) {
        /* Its place is taken already; whoever it was cannot be named any more. */
        answer->answers_count = 0;
        return;
    }
    world->valkey->me = asker->boot;
    world->valkey->here = asker->node;
    world->valkey->caller = process_of(world, asked);
    switch ((int)effect->type) {
    case HUB_FX_QUEUE_JOIN:
        model_join(world, effect, answer);
        break;
    case HUB_FX_QUEUE_LEAVE:
        model_leave(world, &effect->leave.id);
        push(answer);
        break;
    case HUB_FX_SAVE:
        save(world, asked, push(answer));
        break;
    case HUB_FX_SEEK:
        seek(world, effect, answer);
        break;
    case HUB_FX_SWEEP:
        sweep(world, asked, answer);
        break;
    case HUB_FX_LEASE:
        lease(world, effect, answer);
        break;
    case HUB_FX_RELEASE:
        release(world, effect);
        push(answer);
        break;
    case HUB_FX_LOCATE:
        locate(world, effect, answer);
        break;
    case HUB_FX_LOOK:
        look(world, effect, answer);
        break;
    case HUB_FX_INVITE:
        model_invite(world, effect, push(answer));
        break;
    case HUB_FX_WITHDRAW:
        model_withdraw(world, effect, push(answer));
        break;
    case HUB_FX_REMATCH:
        model_rematch(world, effect, answer);
        break;
    case HUB_FX_PUBLISH:
        publish(world, effect);
        push(answer);
        break;
    default:
        abort();
    }
    world->valkey->me = 0;
}
