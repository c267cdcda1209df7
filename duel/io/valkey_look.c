/* What the server asks of Valkey about matches that nobody plays here: the one that a player is in,
 * and one that is only looked at. Nothing changes hands.
 *
 * It knows what the scripts are given and how their answers become events of the hub. */
#include <duel/io/valkey_private.h>
#include <hiredis/hiredis.h>

/* {}, {node} or {match, node, phase, slot, card} */
static bool read_located(const redisReply *answer, struct hub_event_located *located)
{
    int64_t slot;
    if (answer->type != REDIS_REPLY_ARRAY) {
        return false;
    }
    if (valkey_count(answer) == 0) {
        return true;
    }
    if (valkey_count(answer) == 1) {
        return valkey_node_at(answer, 0, &located->queue_node);
    }
    if (!valkey_number_at(answer, 3, &slot) || slot < 0 || slot > 1) {
        return false;
    }
    located->found = true;
    located->phase = valkey_text_at(answer, 2);
    located->slot = (uint8_t)slot;
    located->card = valkey_text_at(answer, 4);
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

/* {place, node, begun, card 0, card 1, terms, expires} */
static bool read_looked(const redisReply *answer, struct hub_event_looked *looked)
{
    int64_t begun;
    if (!valkey_read_place(valkey_text_at(answer, 0), &looked->place) ||
        !valkey_node_at(answer, 1, &looked->node) || !valkey_number_at(answer, 2, &begun) ||
        !valkey_number_at(answer, 6, &looked->expires_ms)) {
        return false;
    }
    looked->begun = begun != 0;
    looked->card[0] = valkey_text_at(answer, 3);
    looked->card[1] = valkey_text_at(answer, 4);
    looked->terms = valkey_text_at(answer, 5);
    return looked->place != HUB_ELSEWHERE || looked->node.data != NULL;
}

static struct hub_event on_looked(struct valkey *valkey, const struct valkey_ask *ask,
                                  enum hub_reply reply, const redisReply *answer)
{
    (void)valkey;
    struct hub_event event = { .type = HUB_EV_LOOKED };
    event.looked.conn = ask->ref;
    event.looked.match = ask->uuid;
    event.looked.reply = reply;
    if (reply == HUB_OK && !read_looked(answer, &event.looked)) {
        event.looked = (struct hub_event_looked){ .conn = ask->ref, .match = ask->uuid,
                                                  .reply = HUB_REFUSED };
    }
    return event;
}

void valkey_look(struct valkey *valkey, const struct hub_effect *effect)
{
    struct valkey_call call = { .ask = { .script = VALKEY_LOOK, .ref = effect->look.conn,
                                         .uuid = effect->look.match, .answer = on_looked } };
    valkey_add_uuid(&call, &effect->look.match);
    valkey_send(valkey, &call);
}
