/* The ranking, asked of Valkey: ranking.lua's arguments and its answers, which are texts, passed
 * on. It knows nothing of what they mean. */
#include <duel/base/assert.h>
#include <duel/io/valkey_private.h>
#include <hiredis/hiredis.h>

bool valkey_inquire(struct valkey *valkey, struct inquiry *inquiry, const struct text *arguments,
                    uint32_t count, uint32_t texts)
{
    ASSERT(texts <= INQUIRY_TEXTS_MAX && inquiry->done != NULL);
    struct valkey_call call = { .ask = { .script = VALKEY_RANKING, .inquiry = inquiry,
                                         .texts = texts } };
    for (uint32_t i = 0; i < count; i++) {
        valkey_add(&call, arguments[i]);
    }
    return valkey_try(valkey, &call);
}

void valkey_inquired(const struct valkey_ask *ask, enum hub_reply reply, const redisReply *answer)
{
    struct text texts[INQUIRY_TEXTS_MAX] = { TEXT_NONE };
    if (reply == HUB_OK && valkey_count(answer) == 0) {
        reply = HUB_REFUSED;
    }
    for (uint32_t i = 0; reply == HUB_OK && i < ask->texts; i++) {
        texts[i] = valkey_text_at(answer, i);
    }
    ask->inquiry->done(ask->inquiry, reply, texts);
}
