/* The server's side of Valkey: who we are there, the queue, and finished matches.
 *
 * It knows scripts and how their answers become events of the hub; how a call travels is
 * valkey_link's business, and keys are the scripts'. While there is no connection nothing is kept:
 * the answer is HUB_UNAVAILABLE, later in the same turn, and the hub asks again. */
#include <duel/base/assert.h>
#include <duel/io/valkey_private.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

struct valkey {
    struct loop *loop;
    struct valkey_self self;
    struct matchmaker_rules rules;
    bool swept;
    struct valkey_link *link;
    struct valkey_listen *listen;
    void (*up)(void *context, bool up);
    void *context;
};

struct loop *valkey_loop(const struct valkey *valkey)
{
    return valkey->loop;
}

const struct valkey_self *valkey_self(const struct valkey *valkey)
{
    return &valkey->self;
}

uint32_t valkey_lease_ms(const struct valkey *valkey)
{
    return valkey->self.lease_ms;
}

bool valkey_has_swept(const struct valkey *valkey)
{
    return valkey->swept;
}

void valkey_set_swept(struct valkey *valkey, bool swept)
{
    valkey->swept = swept;
}

void valkey_send(struct valkey *valkey, const struct valkey_call *call)
{
    if (!valkey_link_ask(valkey->link, &call->ask)) {
        struct hub_event event = call->ask.answer(valkey, &call->ask, HUB_UNAVAILABLE, NULL);
        loop_defer(valkey->loop, &event);
    }
}

bool valkey_try(struct valkey *valkey, const struct valkey_call *call)
{
    return valkey_link_ask(valkey->link, &call->ask);
}

static void on_told(void *context, const struct valkey_ask *ask, enum hub_reply reply,
                    const redisReply *answer)
{
    struct valkey *valkey = context;
    if (ask->inquiry != NULL) {
        valkey_inquired(ask, reply, answer);
        return;
    }
    if (ask->answer == NULL) {
        return;
    }
    struct hub_event event = ask->answer(valkey, ask, reply, answer);
    loop_event(valkey->loop, &event);
}

/* ---- the queue ---- */

/* {waiting, since, match, slot, ours, node, fence, card 0, card 1, data, terms}, or with an empty
 * match {waiting, since, "", later, ms to wait} */
static bool read_queue(const redisReply *answer, int64_t now_ms, struct hub_event_queue *queue)
{
    int64_t waiting, slot, ours, later, wait_ms;
    struct text match = valkey_text_at(answer, 2);
    if (!valkey_number_at(answer, 0, &waiting) || waiting < 0 || waiting > UINT32_MAX ||
        !valkey_number_at(answer, 1, &queue->since_ms) || match.data == NULL) {
        return false;
    }
    queue->waiting = (uint32_t)waiting;
    if (match.size == 0) {
        queue->later = valkey_number_at(answer, 3, &later) && later != 0;
        if (valkey_number_at(answer, 4, &wait_ms) && wait_ms > 0) {
            queue->cooldown_until_ms = now_ms + wait_ms;
        }
        return true;
    }
    if (!valkey_number_at(answer, 3, &slot) || slot < 0 || slot > 1 ||
        !valkey_number_at(answer, 4, &ours)) {
        return false;
    }
    queue->matched = true;
    queue->slot = (uint8_t)slot;
    queue->ours = ours != 0;
    return valkey_uuid_at(answer, 2, &queue->match) && valkey_node_at(answer, 5, &queue->node) &&
           queue->node.data != NULL && valkey_copy_at(answer, 6, &queue->copy);
}

static struct hub_event on_joined(struct valkey *valkey, const struct valkey_ask *ask,
                                  enum hub_reply reply, const redisReply *answer)
{
    int64_t now_ms = (int64_t)(loop_now_us(valkey->loop) / 1000);
    struct hub_event event = { .type = HUB_EV_QUEUE };
    event.queue.player = ask->ref;
    event.queue.reply = reply;
    if (reply == HUB_OK && !read_queue(answer, now_ms, &event.queue)) {
        /* Somebody else writes into the queue. */
        event.queue = (struct hub_event_queue){ .player = ask->ref, .reply = HUB_REFUSED };
    }
    return event;
}

void valkey_join(struct valkey *valkey, const struct hub_effect *effect)
{
    const struct matchmaker_rules *rules = &valkey->rules;
    const struct matchmaker_ticket *ticket = &effect->join.ticket;
    struct valkey_call call = { .ask = { .script = VALKEY_PAIR, .ref = effect->join.player,
                                         .answer = on_joined } };
    valkey_add_uuid(&call, &ticket->player);
    valkey_add_number(&call, ticket->rating);
    valkey_add_number(&call, ticket->since_ms);
    valkey_add_uuid(&call, &ticket->last_opponent);
    valkey_add_number(&call, (int64_t)(loop_now_us(valkey->loop) / 1000));
    valkey_add_number(&call, effect->join.expires_ms);
    valkey_add_number(&call, rules->window);
    valkey_add_number(&call, rules->step);
    valkey_add_number(&call, rules->step_ms);
    valkey_add_number(&call, rules->timeout_ms);
    valkey_add(&call, effect->join.card);
    valkey_add_uuid(&call, &effect->join.match);
    valkey_add_number(&call, effect->join.slot);
    valkey_send(valkey, &call);
}

static struct hub_event on_left(struct valkey *valkey, const struct valkey_ask *ask,
                                enum hub_reply reply, const redisReply *answer)
{
    (void)valkey;
    (void)answer;
    struct hub_event event = { .type = HUB_EV_QUEUE_LEFT };
    event.left.player = ask->ref;
    event.left.reply = reply;
    return event;
}

void valkey_leave(struct valkey *valkey, struct ref player, const struct uuid *id)
{
    struct valkey_call call = { .ask = { .script = VALKEY_LEAVE, .ref = player,
                                         .answer = on_left } };
    valkey_add_uuid(&call, id);
    valkey_send(valkey, &call);
}

/* ---- finished matches ---- */

static struct hub_event on_published(struct valkey *valkey, const struct valkey_ask *ask,
                                     enum hub_reply reply, const redisReply *answer)
{
    (void)valkey;
    (void)answer;
    struct hub_event event = { .type = HUB_EV_PUBLISHED };
    event.published.result = ask->ref;
    event.published.reply = reply;
    return event;
}

void valkey_publish(struct valkey *valkey, const struct hub_effect *effect)
{
    const struct hub_result *data = effect->store.data;
    const struct uuid nobody = { .bytes = { 0 } };
    char score[24], points[24];
    (void)snprintf(score, sizeof score, "%" PRIu32 "-%" PRIu32, data->score[0], data->score[1]);
    (void)snprintf(points, sizeof points, "%" PRIu32 "-%" PRIu32, data->points[0],
                   data->points[1]);
    struct valkey_call call = { .ask = { .script = VALKEY_PUBLISH, .ref = effect->store.result,
                                         .answer = on_published } };
    valkey_add_flag(&call, data->rated && data->reason != MATCH_ABANDONED);
    valkey_add_uuid(&call, &data->player[0]);
    valkey_add_uuid(&call, &data->player[1]);
    valkey_add_number(&call, data->after[0]);
    valkey_add_number(&call, data->after[1]);
    valkey_add_uuid(&call, &data->match);
    valkey_add_uuid(&call, data->winner == MATCH_NOBODY ? &nobody : &data->player[data->winner]);
    valkey_add(&call, text_from(score));
    valkey_add(&call, text_from(points));
    valkey_add(&call, text_from(match_reason_word(data->reason)));
    valkey_add_number(&call, effect->store.keep_ms);
    valkey_add_number(&call, (int64_t)data->fence);
    valkey_send(valkey, &call);
}

/* ---- life ---- */

static bool introduce(struct valkey *valkey, const struct settings *settings)
{
    uint64_t bits;
    if (getrandom(&bits, sizeof bits, 0) != sizeof bits) {
        return false;
    }
    (void)snprintf(valkey->self.boot, sizeof valkey->self.boot, "%016" PRIx64, bits);
    valkey->self.node = text_from(settings->node_id);
    valkey->self.born_us = (int64_t)loop_wall_us(valkey->loop);
    return true;
}

static void on_up(void *context, bool up)
{
    struct valkey *valkey = context;
    valkey_listen_set(valkey->listen, up);
    valkey->up(valkey->context, up);
}

struct valkey *valkey_create(struct loop *loop, struct worker *worker,
                             const struct settings *settings,
                             void (*up)(void *context, bool up), void *context)
{
    struct valkey *valkey = calloc(1, sizeof *valkey);
    if (valkey == NULL) {
        return NULL;
    }
    valkey->loop = loop;
    valkey->rules = settings_limits(settings, 1).matchmaker;
    valkey->self.lease_ms = (uint32_t)settings->lease_ms;
    valkey->up = up;
    valkey->context = context;
    if (introduce(valkey, settings)) {
        valkey->link = valkey_link_create(loop, worker, settings, &valkey->self, on_told, on_up,
                                          valkey);
    }
    if (valkey->link != NULL) {
        valkey->listen = valkey_listen_create(loop, worker, settings, &valkey->self);
    }
    if (valkey->listen == NULL) {
        valkey_destroy(valkey);
        return NULL;
    }
    return valkey;
}

void valkey_destroy(struct valkey *valkey)
{
    if (valkey != NULL) {
        valkey_listen_destroy(valkey->listen);
        valkey_link_destroy(valkey->link);
        free(valkey);
    }
}

void valkey_end_lease(struct valkey *valkey)
{
    char key[sizeof "duel:lease:" + VALKEY_BOOT_SIZE];
    (void)snprintf(key, sizeof key, "duel:lease:%s", valkey->self.boot);
    valkey_link_delete(valkey->link, key);
}

bool valkey_is_up(const struct valkey *valkey)
{
    return valkey_link_is_up(valkey->link);
}

void valkey_set_stall(struct valkey *valkey, uint32_t stall_ms)
{
    valkey_link_set_stall(valkey->link, stall_ms);
}
