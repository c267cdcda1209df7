/* What the server asks of Valkey for live matches: that they are kept, and whose they are.
 *
 * It knows what the scripts are given and how their answers become events of the hub. What an
 * event points to lives as long as the reply; an event that is one of several is told before the
 * last. */
#include <duel/io/metrics.h>
#include <duel/io/valkey_private.h>
#include <hiredis/hiredis.h>

/* ---- saving ---- */

/* {fence, ""} or {0, node} */
static bool read_saved(const redisReply *answer, struct hub_event_saved *saved)
{
    int64_t fence;
    if (!valkey_number_at(answer, 0, &fence) || fence < 0 ||
        !valkey_node_at(answer, 1, &saved->node)) {
        return false;
    }
    saved->reply = fence != 0 ? HUB_OK : HUB_REFUSED;
    saved->fence = (uint64_t)fence;
    return true;
}

static struct hub_event on_saved(struct valkey *valkey, const struct valkey_ask *ask,
                                 enum hub_reply reply, const redisReply *answer)
{
    (void)valkey;
    struct hub_event event = { .type = HUB_EV_SAVED };
    event.saved.match = ask->ref;
    event.saved.reply = reply;
    if (reply == HUB_OK && !read_saved(answer, &event.saved)) {
        event.saved = (struct hub_event_saved){ .match = ask->ref, .reply = HUB_UNAVAILABLE };
    }
    return event;
}

void valkey_save(struct valkey *valkey, const struct hub_effect *effect)
{
    struct valkey_call call = { .ask = { .script = VALKEY_SAVE, .ref = effect->save.match,
                                         .answer = on_saved } };
    metrics_add(METRIC_SAVES, 1);
    valkey_add_uuid(&call, &effect->save.id);
    valkey_add_number(&call, (int64_t)effect->save.fence);
    valkey_add_number(&call, effect->save.claim ? 2 : effect->save.awake);
    valkey_add_flag(&call, effect->save.hand_over);
    valkey_add_flag(&call, effect->save.over);
    valkey_add_uuid(&call, &effect->save.player[0]);
    valkey_add_uuid(&call, &effect->save.player[1]);
    valkey_add(&call, effect->save.card[0]);
    valkey_add(&call, effect->save.card[1]);
    valkey_add(&call, effect->save.data);
    valkey_add(&call, effect->save.phase);
    valkey_send(valkey, &call);
}

/* ---- seeking ---- */

bool valkey_read_place(struct text word, enum hub_place *ret_place)
{
    static const struct text words[] = {
        [HUB_NOWHERE] = { "nowhere", 7 },
        [HUB_ELSEWHERE] = { "elsewhere", 9 },
        [HUB_SUCCESSOR] = { "successor", 9 },
        [HUB_FOREIGN] = { "foreign", 7 },
        [HUB_OURS] = { "ours", 4 },
        [HUB_INVITED] = { "invited", 7 },
        [HUB_EXPIRED] = { "expired", 7 },
        [HUB_WITHDRAWN] = { "withdrawn", 9 },
        [HUB_USED] = { "used", 4 },
        [HUB_BUSY] = { "busy", 4 },
        [HUB_COOLDOWN] = { "cooldown", 8 },
        [HUB_FULL] = { "full", 4 },
        [HUB_REPLACED] = { "replaced", 8 },
    };
    for (uint32_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (text_equal(word, words[i])) {
            *ret_place = (enum hub_place)i;
            return true;
        }
    }
    return false;
}

/* {place, node, fence, card 0, card 1, data, terms, time} */
static bool read_sought(const redisReply *answer, int64_t now_ms, struct hub_event_sought *sought)
{
    struct text word = valkey_text_at(answer, 0);
    sought->made = text_equal(word, TEXT("made"));
    if (!valkey_read_place(sought->made ? TEXT("ours") : word, &sought->place) ||
        !valkey_node_at(answer, 1, &sought->node) || !valkey_copy_at(answer, 2, &sought->copy) ||
        !valkey_number_at(answer, 7, &sought->until_ms)) {
        return false;
    }
    sought->until_ms += sought->place == HUB_COOLDOWN ? now_ms : 0;
    return sought->place != HUB_ELSEWHERE || sought->node.data != NULL;
}

static struct hub_event on_sought(struct valkey *valkey, const struct valkey_ask *ask,
                                  enum hub_reply reply, const redisReply *answer)
{
    int64_t now_ms = (int64_t)(loop_now_us(valkey_loop(valkey)) / 1000);
    struct hub_event event = { .type = HUB_EV_SOUGHT };
    event.sought.conn = ask->ref;
    event.sought.match = ask->uuid;
    event.sought.reply = reply;
    if (reply == HUB_OK && !read_sought(answer, now_ms, &event.sought)) {
        event.sought = (struct hub_event_sought){ .conn = ask->ref, .match = ask->uuid,
                                                  .reply = HUB_REFUSED };
    }
    return event;
}

void valkey_seek(struct valkey *valkey, const struct hub_effect *effect)
{
    struct valkey_call call = { .ask = { .script = VALKEY_SEEK, .ref = effect->seek.conn,
                                         .uuid = effect->seek.match, .answer = on_sought } };
    valkey_add_uuid(&call, &effect->seek.match);
    valkey_add_number(&call, valkey_self(valkey)->born_us);
    valkey_add_uuid(&call, &effect->seek.player);
    valkey_add_number(&call, effect->seek.slot);
    valkey_add(&call, effect->seek.card.size != 0 ? effect->seek.card : TEXT(""));
    valkey_add(&call, effect->seek.terms.size != 0 ? effect->seek.terms : TEXT(""));
    valkey_add_flag(&call, effect->seek.rated);
    valkey_add_flag(&call, effect->seek.parked);
    valkey_send(valkey, &call);
}

/* ---- sweeping ---- */

/* {more, then for each: match, fence, card 0, card 1, data, terms} */
static struct hub_event on_swept(struct valkey *valkey, const struct valkey_ask *ask,
                                 enum hub_reply reply, const redisReply *answer)
{
    (void)ask;
    struct hub_event event = { .type = HUB_EV_SWEPT };
    int64_t more = 0;
    event.swept.reply = reply;
    if (reply == HUB_OK && !valkey_number_at(answer, 0, &more)) {
        event.swept.reply = HUB_REFUSED;
    }
    event.swept.more = more != 0;
    valkey_set_swept(valkey, reply == HUB_OK);
    for (uint32_t at = 1; reply == HUB_OK && at < valkey_count(answer); at += 6) {
        struct hub_event taken = { .type = HUB_EV_TAKEN };
        if (valkey_uuid_at(answer, at, &taken.taken.match) &&
            valkey_copy_at(answer, at + 1, &taken.taken.copy)) {
            loop_event(valkey_loop(valkey), &taken);
        }
    }
    return event;
}

void valkey_sweep(struct valkey *valkey, const struct hub_effect *effect)
{
    struct valkey_call call = { .ask = { .script = VALKEY_SWEEP, .answer = on_swept } };
    valkey_add_number(&call, valkey_lease_ms(valkey));
    valkey_add_flag(&call, valkey_has_swept(valkey));
    valkey_add_number(&call, effect->sweep.max);
    valkey_send(valkey, &call);
}

/* ---- the lease ---- */

/* {kept, siblings, then for each match to look at: match, node, vanished} */
static struct hub_event on_leased(struct valkey *valkey, const struct valkey_ask *ask,
                                  enum hub_reply reply, const redisReply *answer)
{
    (void)ask;
    struct hub_event event = { .type = HUB_EV_LEASED };
    int64_t was_there = 0;
    int64_t siblings = 0;
    int64_t vanished;
    event.leased.reply = reply;
    if (reply == HUB_OK && !(valkey_number_at(answer, 0, &was_there) &&
                             valkey_number_at(answer, 1, &siblings))) {
        event.leased.reply = HUB_REFUSED;
    }
    event.leased.was_there = was_there != 0;
    event.leased.siblings = siblings != 0;
    for (uint32_t at = 2; reply == HUB_OK && at < valkey_count(answer); at += 3) {
        struct hub_event lost = { .type = HUB_EV_LOST };
        if (valkey_uuid_at(answer, at, &lost.lost.match) &&
            valkey_node_at(answer, at + 1, &lost.lost.node) &&
            valkey_number_at(answer, at + 2, &vanished)) {
            lost.lost.vanished = vanished != 0;
            loop_event(valkey_loop(valkey), &lost);
        }
    }
    return event;
}

void valkey_lease(struct valkey *valkey, const struct hub_effect *effect)
{
    struct valkey_call call = { .ask = { .script = VALKEY_LEASE, .answer = on_leased } };
    valkey_add_number(&call, valkey_lease_ms(valkey));
    valkey_add_number(&call, valkey_self(valkey)->born_us);
    valkey_add_number(&call, effect->lease.load);
    valkey_add_flag(&call, effect->lease.draining);
    valkey_add_flag(&call, effect->lease.told);
    valkey_send(valkey, &call);
}

/* ---- the rest ---- */

static struct hub_event on_released(struct valkey *valkey, const struct valkey_ask *ask,
                                    enum hub_reply reply, const redisReply *answer)
{
    (void)valkey;
    (void)answer;
    struct hub_event event = { .type = HUB_EV_RELEASED };
    event.released.match = ask->uuid;
    event.released.reply = reply;
    return event;
}

void valkey_release(struct valkey *valkey, const struct hub_effect *effect)
{
    struct valkey_call call = { .ask = { .script = VALKEY_RELEASE, .uuid = effect->release.match,
                                         .answer = on_released } };
    valkey_add_uuid(&call, &effect->release.match);
    valkey_add_uuid(&call, &effect->release.player[0]);
    valkey_add_uuid(&call, &effect->release.player[1]);
    valkey_send(valkey, &call);
}
