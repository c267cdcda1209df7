/* What the server asks of Valkey for invitations: that one is kept, and that one is taken back. Who
 * comes to one seeks its match (valkey_matches.c).
 *
 * It knows what the scripts are given and how their answers become events of the hub. */
#include <duel/io/valkey_private.h>
#include <hiredis/hiredis.h>

/* Whether the answer is the number 1. */
static bool is_done(const redisReply *answer)
{
    return answer->type == REDIS_REPLY_INTEGER && answer->integer == 1;
}

static struct hub_event on_invited(struct valkey *valkey, const struct valkey_ask *ask,
                                   enum hub_reply reply, const redisReply *answer)
{
    (void)valkey;
    struct hub_event event = { .type = HUB_EV_INVITED };
    event.invited.conn = ask->ref;
    event.invited.match = ask->uuid;
    event.invited.reply = reply == HUB_OK && !is_done(answer) ? HUB_REFUSED
                          : reply == HUB_OK                   ? HUB_OK
                                                              : HUB_UNAVAILABLE;
    return event;
}

void valkey_invite(struct valkey *valkey, const struct hub_effect *effect)
{
    struct valkey_call call = { .ask = { .script = VALKEY_INVITE, .ref = effect->invite.conn,
                                         .uuid = effect->invite.match, .answer = on_invited } };
    valkey_add_uuid(&call, &effect->invite.match);
    valkey_add_uuid(&call, &effect->invite.player);
    valkey_add(&call, effect->invite.card);
    valkey_add(&call, effect->invite.terms);
    valkey_add_number(&call, effect->invite.expires_ms);
    valkey_add_flag(&call, effect->invite.rated);
    valkey_send(valkey, &call);
}

static struct hub_event on_withdrawn(struct valkey *valkey, const struct valkey_ask *ask,
                                     enum hub_reply reply, const redisReply *answer)
{
    (void)valkey;
    struct hub_event event = { .type = HUB_EV_WITHDRAWN };
    event.withdrawn.conn = ask->ref;
    event.withdrawn.reply = reply;
    event.withdrawn.found = reply == HUB_OK && is_done(answer);
    return event;
}

void valkey_withdraw(struct valkey *valkey, const struct hub_effect *effect)
{
    struct valkey_call call = { .ask = { .script = VALKEY_WITHDRAW, .ref = effect->withdraw.conn,
                                         .answer = on_withdrawn } };
    valkey_add_uuid(&call, &effect->withdraw.player);
    valkey_add_uuid(&call, &effect->withdraw.match);
    valkey_send(valkey, &call);
}
