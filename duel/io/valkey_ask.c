/* Calls of scripts put together, and their answers taken apart.
 *
 * What comes back was in a store that others write to: each value is looked at before it is used,
 * and blobs are passed on unread. It knows no script's order of arguments. */
#include <duel/base/assert.h>
#include <duel/io/valkey_private.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NUMBER_SIZE 24
#define NODE_SIZE_MAX 16

void valkey_add(struct valkey_call *call, struct text text)
{
    ASSERT(call->ask.count < VALKEY_ARGUMENTS_MAX);
    call->ask.arguments[call->ask.count++] = text;
}

static char *reserve(struct valkey_call *call, uint32_t size)
{
    ASSERT(call->used + size <= sizeof call->memory);
    char *memory = call->memory + call->used;
    call->used += size;
    return memory;
}

void valkey_add_number(struct valkey_call *call, int64_t number)
{
    char *memory = reserve(call, NUMBER_SIZE);
    int size = snprintf(memory, NUMBER_SIZE, "%" PRId64, number);
    valkey_add(call, (struct text){ memory, (uint32_t)size });
}

void valkey_add_flag(struct valkey_call *call, bool flag)
{
    valkey_add(call, flag ? TEXT("1") : TEXT("0"));
}

void valkey_add_uuid(struct valkey_call *call, const struct uuid *uuid)
{
    if (uuid_is_none(uuid)) {
        valkey_add(call, TEXT(""));
        return;
    }
    char *memory = reserve(call, UUID_TEXT_SIZE + 1);
    uuid_format(uuid, memory);
    valkey_add(call, (struct text){ memory, UUID_TEXT_SIZE });
}

/* ---- answers ---- */

uint32_t valkey_count(const redisReply *answer)
{
    return answer->type == REDIS_REPLY_ARRAY ? (uint32_t)answer->elements : 0;
}

struct text valkey_text_at(const redisReply *answer, uint32_t at)
{
    if (at >= valkey_count(answer) || answer->element[at]->type != REDIS_REPLY_STRING) {
        return TEXT_NONE;
    }
    return (struct text){ answer->element[at]->str, (uint32_t)answer->element[at]->len };
}

bool valkey_number_at(const redisReply *answer, uint32_t at, int64_t *ret_number)
{
    if (at >= valkey_count(answer) || answer->element[at]->type != REDIS_REPLY_INTEGER) {
        return false;
    }
    *ret_number = answer->element[at]->integer;
    return true;
}

bool valkey_uuid_at(const redisReply *answer, uint32_t at, struct uuid *ret_uuid)
{
    struct uuid uuid;
    if (!uuid_parse(valkey_text_at(answer, at), &uuid) || uuid_is_none(&uuid)) {
        return false;
    }
    *ret_uuid = uuid;
    return true;
}

bool valkey_node_at(const redisReply *answer, uint32_t at, struct text *ret_node)
{
    struct text node = valkey_text_at(answer, at);
    if (node.data == NULL || node.size > NODE_SIZE_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < node.size; i++) {
        char c = node.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) {
            return false;
        }
    }
    *ret_node = node.size != 0 ? node : TEXT_NONE;
    return true;
}

bool valkey_copy_at(const redisReply *answer, uint32_t at, struct hub_copy *ret_copy)
{
    int64_t fence;
    if (!valkey_number_at(answer, at, &fence) || fence < 0 || at + 5 > valkey_count(answer)) {
        return false;
    }
    *ret_copy = (struct hub_copy){
        .fence = (uint64_t)fence,
        .card = { valkey_text_at(answer, at + 1), valkey_text_at(answer, at + 2) },
        .data = valkey_text_at(answer, at + 3),
        .terms = valkey_text_at(answer, at + 4),
    };
    return true;
}
