/* What the server asks of Valkey: pairing, leaving the queue, publishing a finished match.
 *
 * It knows keys, scripts and how their answers become events of the hub; how a call travels is
 * valkey_link's business. While there is no connection nothing is kept: the answer is
 * HUB_UNAVAILABLE, later in the same turn, and the hub asks again. */
#include <duel/base/assert.h>
#include <duel/io/valkey_private.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TICKET_PREFIX "duel:ticket:"
#define LAST_PREFIX "duel:last:"
#define KEY_SIZE (sizeof TICKET_PREFIX + UUID_TEXT_SIZE)
#define NUMBER_SIZE 24

struct valkey {
    struct loop *loop;
    struct matchmaker_rules rules;
    struct valkey_link *link;
};

static void add(struct valkey_ask *ask, const char *argument)
{
    ASSERT(ask->count < VALKEY_ARGUMENTS_MAX);
    ask->arguments[ask->count++] = text_from(argument);
}

static void add_key(struct valkey_ask *ask, const char *key)
{
    ASSERT(ask->keys_count == ask->count); /* keys come first */
    add(ask, key);
    ask->keys_count++;
}

/* `memory` has NUMBER_SIZE bytes and lives until the call is sent. */
static void add_number(struct valkey_ask *ask, char *memory, int64_t number)
{
    (void)snprintf(memory, NUMBER_SIZE, "%" PRId64, number);
    add(ask, memory);
}

/* ---- the queue ---- */

static struct hub_event queue_event(struct ref player, enum hub_reply reply)
{
    struct hub_event event = { .type = HUB_EV_QUEUE };
    event.queue.player = player;
    event.queue.reply = reply;
    return event;
}

/* {waiting, opponent or ""} */
static bool read_pair(const redisReply *answer, struct hub_event_queue *queue)
{
    if (answer->type != REDIS_REPLY_ARRAY || answer->elements != 2 ||
        answer->element[0]->type != REDIS_REPLY_INTEGER ||
        answer->element[1]->type != REDIS_REPLY_STRING) {
        return false;
    }
    struct text opponent = { answer->element[1]->str, (uint32_t)answer->element[1]->len };
    queue->waiting = (uint32_t)answer->element[0]->integer;
    queue->paired = opponent.size != 0;
    return !queue->paired || uuid_parse(opponent, &queue->opponent);
}

static void on_joined(void *context, struct ref player, enum hub_reply reply,
                      const struct redisReply *answer)
{
    struct valkey *valkey = context;
    struct hub_event event = queue_event(player, reply);
    if (reply == HUB_OK && !read_pair(answer, &event.queue)) {
        event = queue_event(player, HUB_REFUSED); /* somebody else writes into duel:queue */
    }
    loop_event(valkey->loop, &event);
}

void valkey_join(struct valkey *valkey, struct ref player, const struct matchmaker_ticket *ticket,
                 int64_t expires_ms)
{
    const struct matchmaker_rules *rules = &valkey->rules;
    const int64_t now_ms = (int64_t)(loop_now_us(valkey->loop) / 1000);
    char id[UUID_TEXT_SIZE + 1], opponent[UUID_TEXT_SIZE + 1] = "";
    char ticket_key[KEY_SIZE], last_key[KEY_SIZE], numbers[8][NUMBER_SIZE];
    uuid_format(&ticket->player, id);
    if (!uuid_is_none(&ticket->last_opponent)) {
        uuid_format(&ticket->last_opponent, opponent);
    }
    (void)snprintf(ticket_key, sizeof ticket_key, TICKET_PREFIX "%s", id);
    (void)snprintf(last_key, sizeof last_key, LAST_PREFIX "%s", id);
    struct valkey_ask ask = { .script = VALKEY_PAIR, .ref = player, .answer = on_joined,
                              .context = valkey };
    add_key(&ask, "duel:queue");
    add_key(&ask, "duel:queue:since");
    add_key(&ask, ticket_key);
    add_key(&ask, last_key);
    add(&ask, id);
    add_number(&ask, numbers[0], ticket->rating);
    add_number(&ask, numbers[1], ticket->since_ms);
    add(&ask, opponent);
    add_number(&ask, numbers[2], now_ms);
    add_number(&ask, numbers[3], expires_ms);
    add_number(&ask, numbers[4], rules->window);
    add_number(&ask, numbers[5], rules->step);
    add_number(&ask, numbers[6], rules->step_ms);
    add_number(&ask, numbers[7], rules->timeout_ms);
    if (!valkey_link_ask(valkey->link, &ask)) {
        struct hub_event event = queue_event(player, HUB_UNAVAILABLE);
        loop_defer(valkey->loop, &event);
    }
}

static struct hub_event left_event(struct ref player, enum hub_reply reply)
{
    struct hub_event event = { .type = HUB_EV_QUEUE_LEFT };
    event.left.player = player;
    event.left.reply = reply;
    return event;
}

static void on_left(void *context, struct ref player, enum hub_reply reply,
                    const struct redisReply *answer)
{
    (void)answer;
    struct valkey *valkey = context;
    struct hub_event event = left_event(player, reply);
    loop_event(valkey->loop, &event);
}

void valkey_leave(struct valkey *valkey, struct ref player, const struct uuid *id)
{
    char text[UUID_TEXT_SIZE + 1], ticket_key[KEY_SIZE];
    uuid_format(id, text);
    (void)snprintf(ticket_key, sizeof ticket_key, TICKET_PREFIX "%s", text);
    struct valkey_ask ask = { .script = VALKEY_LEAVE, .ref = player, .answer = on_left,
                              .context = valkey };
    add_key(&ask, "duel:queue");
    add_key(&ask, "duel:queue:since");
    add_key(&ask, ticket_key);
    add(&ask, text);
    if (!valkey_link_ask(valkey->link, &ask)) {
        struct hub_event event = left_event(player, HUB_UNAVAILABLE);
        loop_defer(valkey->loop, &event);
    }
}

/* ---- finished matches ---- */

static struct hub_event published_event(struct ref result, enum hub_reply reply)
{
    struct hub_event event = { .type = HUB_EV_PUBLISHED };
    event.published.result = result;
    event.published.reply = reply;
    return event;
}

static void on_published(void *context, struct ref result, enum hub_reply reply,
                         const struct redisReply *answer)
{
    (void)answer;
    struct valkey *valkey = context;
    struct hub_event event = published_event(result, reply);
    loop_event(valkey->loop, &event);
}

void valkey_publish(struct valkey *valkey, struct ref result, const struct hub_result *data)
{
    char players[2][UUID_TEXT_SIZE + 1], match[UUID_TEXT_SIZE + 1], ratings[2][NUMBER_SIZE];
    char score[NUMBER_SIZE], points[NUMBER_SIZE];
    uuid_format(&data->match, match);
    uuid_format(&data->player[0], players[0]);
    uuid_format(&data->player[1], players[1]);
    (void)snprintf(score, sizeof score, "%" PRIu32 "-%" PRIu32, data->score[0], data->score[1]);
    (void)snprintf(points, sizeof points, "%" PRIu32 "-%" PRIu32, data->points[0],
                   data->points[1]);
    bool rated = data->rated && data->reason != MATCH_ABANDONED;
    struct valkey_ask ask = { .script = VALKEY_PUBLISH, .ref = result, .answer = on_published,
                              .context = valkey };
    add_key(&ask, "lb:duels:elo");
    add_key(&ask, "duel:events");
    add(&ask, rated ? "1" : "0");
    add(&ask, players[0]);
    add(&ask, players[1]);
    add_number(&ask, ratings[0], data->after[0]);
    add_number(&ask, ratings[1], data->after[1]);
    add(&ask, match);
    add(&ask, data->winner == MATCH_NOBODY ? "" : players[data->winner]);
    add(&ask, score);
    add(&ask, points);
    add(&ask, match_reason_word(data->reason));
    if (!valkey_link_ask(valkey->link, &ask)) {
        struct hub_event event = published_event(result, HUB_UNAVAILABLE);
        loop_defer(valkey->loop, &event);
    }
}

/* ---- life ---- */

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
    valkey->link = valkey_link_create(loop, worker, settings, up, context);
    if (valkey->link == NULL) {
        free(valkey);
        return NULL;
    }
    return valkey;
}

void valkey_destroy(struct valkey *valkey)
{
    if (valkey != NULL) {
        valkey_link_destroy(valkey->link);
        free(valkey);
    }
}

bool valkey_is_up(const struct valkey *valkey)
{
    return valkey_link_is_up(valkey->link);
}

void valkey_set_stall(struct valkey *valkey, uint32_t stall_ms)
{
    valkey_link_set_stall(valkey->link, stall_ms);
}
