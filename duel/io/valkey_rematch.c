/* What the server asks of Valkey for rematches, and what it tells it of who left early.
 *
 * It knows what the scripts are given and how their answers become events of the hub. */
#include <duel/io/valkey_private.h>
#include <hiredis/hiredis.h>

/* {outcome, fence, card 0, card 1, data, terms, player, ms}. What is asked again soon was not
 * carried out. */
static bool read_rematched(const redisReply *answer, int64_t now_ms,
                           struct hub_event_rematched *rematched)
{
    struct text outcome = valkey_text_at(answer, 0);
    int64_t wait_ms = 0;
    if (text_equal(outcome, TEXT("made"))) {
        return valkey_copy_at(answer, 1, &rematched->copy);
    }
    rematched->reply = text_equal(outcome, TEXT("refused")) ? HUB_REFUSED : HUB_UNAVAILABLE;
    if (rematched->reply == HUB_REFUSED) {
        if (!valkey_uuid_at(answer, 6, &rematched->player) ||
            !valkey_number_at(answer, 7, &wait_ms)) {
            return false;
        }
        rematched->cooldown_until_ms = wait_ms > 0 ? now_ms + wait_ms : 0;
    }
    return true;
}

static struct hub_event on_rematched(struct valkey *valkey, const struct valkey_ask *ask,
                                     enum hub_reply reply, const redisReply *answer)
{
    int64_t now_ms = (int64_t)(loop_now_us(valkey_loop(valkey)) / 1000);
    struct hub_event event = { .type = HUB_EV_REMATCHED };
    event.rematched.match = ask->ref;
    event.rematched.id = ask->uuid;
    if (reply != HUB_OK || !read_rematched(answer, now_ms, &event.rematched)) {
        event.rematched = (struct hub_event_rematched){ .match = ask->ref, .id = ask->uuid,
                                                        .reply = HUB_UNAVAILABLE };
    }
    return event;
}

void valkey_rematch(struct valkey *valkey, const struct hub_effect *effect)
{
    struct valkey_call call = { .ask = { .script = VALKEY_REMATCH, .ref = effect->rematch.match,
                                         .uuid = effect->rematch.id,
                                         .answer = on_rematched } };
    valkey_add_uuid(&call, &effect->rematch.id);
    valkey_add_uuid(&call, &effect->rematch.player[0]);
    valkey_add_uuid(&call, &effect->rematch.player[1]);
    valkey_add(&call, effect->rematch.card[0]);
    valkey_add(&call, effect->rematch.card[1]);
    valkey_add(&call, effect->rematch.terms);
    valkey_add_flag(&call, effect->rematch.rated);
    valkey_send(valkey, &call);
}

void valkey_left(struct valkey *valkey, const struct hub_effect *effect)
{
    struct valkey_call call = { .ask = { .script = VALKEY_LEFT } };
    valkey_add_uuid(&call, &effect->left.player);
    valkey_add_uuid(&call, &effect->left.match);
    (void)valkey_try(valkey, &call);
}
