/* What the server asks of Valkey for live matches: that they are kept, and whose they are.
 *
 * It knows what the scripts are given and how their answers become events of the hub. What an
 * event points to lives as long as the reply; an event that is one of several is told before the
 * last. */
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

static bool read_place(struct text word, enum hub_place *ret_place)
{
    static const struct text words[] = {
        [HUB_NOWHERE] = { "nowhere", 7 },
        [HUB_ELSEWHERE] = { "elsewhere", 9 },
        [HUB_SUCCESSOR] = { "successor", 9 },
        [HUB_FOREIGN] = { "foreign", 7 },
        [HUB_OURS] = { "ours", 4 },
    };
    for (uint32_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (text_equal(word, words[i])) {
            *ret_place = (enum hub_place)i;
            return true;
        }
    }
    return false;
}

/* {place, node, fence, card 0, card 1, data} */
static bool read_sought(const redisReply *answer, struct hub_event_sought *sought)
{
    return read_place(valkey_text_at(answer, 0), &sought->place) &&
           valkey_node_at(answer, 1, &sought->node) && valkey_copy_at(answer, 2, &sought->copy) &&
           (sought->place != HUB_ELSEWHERE || sought->node.data != NULL);
}

static struct hub_event on_sought(struct valkey *valkey, const struct valkey_ask *ask,
                                  enum hub_reply reply, const redisReply *answer)
{
    (void)valkey;
    struct hub_event event = { .type = HUB_EV_SOUGHT };
    event.sought.conn = ask->ref;
    event.sought.match = ask->uuid;
    event.sought.reply = reply;
    if (reply == HUB_OK && !read_sought(answer, &event.sought)) {
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
    if (uuid_is_none(&effect->seek.player)) {
        valkey_add(&call, TEXT(""));
    } else {
        valkey_add_uuid(&call, &effect->seek.player);
    }
    valkey_send(valkey, &call);
}

/* ---- sweeping ---- */

/* {more, then for each: match, fence, card 0, card 1, data} */
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
    for (uint32_t at = 1; reply == HUB_OK && at < valkey_count(answer); at += 5) {
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

/* {was there, siblings, then for each match lost: match, node} */
static struct hub_event on_leased(struct valkey *valkey, const struct valkey_ask *ask,
                                  enum hub_reply reply, const redisReply *answer)
{
    (void)ask;
    struct hub_event event = { .type = HUB_EV_LEASED };
    int64_t was_there = 0;
    int64_t siblings = 0;
    event.leased.reply = reply;
    if (reply == HUB_OK && !(valkey_number_at(answer, 0, &was_there) &&
                             valkey_number_at(answer, 1, &siblings))) {
        event.leased.reply = HUB_REFUSED;
    }
    event.leased.was_there = was_there != 0;
    event.leased.siblings = siblings != 0;
    for (uint32_t at = 2; reply == HUB_OK && at < valkey_count(answer); at += 2) {
        struct hub_event lost = { .type = HUB_EV_LOST };
        if (valkey_uuid_at(answer, at, &lost.lost.match) &&
            valkey_node_at(answer, at + 1, &lost.lost.node)) {
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

/* {} or {match, node, phase} */
static bool read_located(const redisReply *answer, struct hub_event_located *located)
{
    if (answer->type != REDIS_REPLY_ARRAY) {
        return false;
    }
    if (valkey_count(answer) == 0) {
        return true;
    }
    located->found = true;
    located->phase = valkey_text_at(answer, 2);
    return valkey_uuid_at(answer, 0, &located->match) && valkey_node_at(answer, 1, &located->node);
}

static struct hub_event on_located(struct valkey *valkey, const struct valkey_ask *ask,
                                   enum hub_reply reply, const redisReply *answer)
{
    (void)valkey;
    struct hub_event event = { .type = HUB_EV_LOCATED };
    event.located.conn = ask->ref;
    event.located.reply = reply;
    if (reply == HUB_OK && !read_located(answer, &event.located)) {
        event.located = (struct hub_event_located){ .conn = ask->ref, .reply = HUB_REFUSED };
    }
    return event;
}

void valkey_locate(struct valkey *valkey, const struct hub_effect *effect)
{
    struct valkey_call call = { .ask = { .script = VALKEY_LOCATE, .ref = effect->locate.conn,
                                         .answer = on_located } };
    valkey_add_uuid(&call, &effect->locate.player);
    valkey_send(valkey, &call);
}
