/* The buffer of effects; see out.h. It knows their sizes and nothing of their meaning. */
#include <duel/base/assert.h>
#include <duel/hub/out.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 16u

/* Stands before each effect and each text. */
struct entry {
    uint32_t size; /* of all of it, this head included; a multiple of ALIGNMENT */
    bool is_effect;
};

_Static_assert(sizeof(struct entry) <= ALIGNMENT, "an entry's head takes one unit");

/* Effects without a message need no more than this. */
#define SMALL_UNION_SIZE 176
#define SMALL_SIZE (offsetof(struct hub_effect, send) + SMALL_UNION_SIZE)
_Static_assert(sizeof(((struct hub_effect *)NULL)->note) <= SMALL_UNION_SIZE, "fits");
_Static_assert(sizeof(((struct hub_effect *)NULL)->join) <= SMALL_UNION_SIZE, "fits");
_Static_assert(sizeof(((struct hub_effect *)NULL)->reply_error) <= SMALL_UNION_SIZE, "fits");
_Static_assert(sizeof(((struct hub_effect *)NULL)->close) <= SMALL_UNION_SIZE, "fits");
_Static_assert(sizeof(((struct hub_effect *)NULL)->load) <= SMALL_UNION_SIZE, "fits");
_Static_assert(sizeof(((struct hub_effect *)NULL)->seal) <= SMALL_UNION_SIZE, "fits");
_Static_assert(sizeof(((struct hub_effect *)NULL)->save) <= SMALL_UNION_SIZE, "fits");
_Static_assert(sizeof(((struct hub_effect *)NULL)->rematch) <= SMALL_UNION_SIZE, "fits");

static const struct {
    struct text code;
    struct text message;
} errors[HUB_ERRORS] = {
#define ERROR(code, message) { { #code, sizeof #code - 1 }, { message, sizeof message - 1 } },
#include <duel/hub/errors.def>
};

/* Bytes of struct message that a message of this type uses. */
static const size_t message_sizes[MESSAGE_TYPES] = {
#define CLIENT(r, name) [MSG_##r] = offsetof(struct message, r) + sizeof(struct msg_##r),
#define SERVER(r, name) [MSG_##r] = offsetof(struct message, r) + sizeof(struct msg_##r),
#define REPLY(r) [MSG_##r] = offsetof(struct message, r) + sizeof(struct msg_##r),
#include <protocol/messages.def>
};

bool out_create(struct out *out, uint32_t save_size_max)
{
    *out = (struct out){ .size_max = OUT_SIZE + 2 * save_size_max };
    out->bytes = calloc(1, out->size_max);
    return out->bytes != NULL;
}

void out_destroy(struct out *out)
{
    free(out->bytes);
    *out = (struct out){ 0 };
}

static struct entry *entry_at(const struct out *out, uint32_t place)
{
    ASSERT(place % ALIGNMENT == 0 && place < out->used);
    return (struct entry *)(void *)(out->bytes + place);
}

static void *add(struct out *out, size_t size, bool is_effect)
{
    ASSERT(size <= out->size_max - 2 * ALIGNMENT);
    uint32_t whole = (uint32_t)((ALIGNMENT + size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
    ASSERT(whole <= out->size_max - out->used);
    uint32_t place = out->used;
    out->used += whole;
    memset(out->bytes + place, 0, whole);
    *entry_at(out, place) = (struct entry){ .size = whole, .is_effect = is_effect };
    return out->bytes + place + ALIGNMENT;
}

struct hub_effect *out_take(struct out *out)
{
    while (out->taken < out->used) {
        struct entry *entry = entry_at(out, out->taken);
        void *body = out->bytes + out->taken + ALIGNMENT;
        ASSERT(entry->size >= ALIGNMENT && entry->size <= out->used - out->taken);
        out->taken += entry->size;
        if (entry->is_effect) {
            return body;
        }
    }
    return NULL;
}

void out_begin(struct out *out)
{
    ASSERT(out_take(out) == NULL);
    out->used = 0;
    out->taken = 0;
}

bool out_has_room_for_timers(const struct out *out)
{
    return out->used < OUT_TIMERS_SIZE;
}

struct text out_text(struct out *out, struct text text)
{
    if (text.data == NULL) {
        return TEXT_NONE;
    }
    if (text.size == 0) {
        return TEXT("");
    }
    char *copy = add(out, text.size, false);
    memcpy(copy, text.data, text.size);
    return (struct text){ copy, text.size };
}

struct text_buffer out_buffer(struct out *out, uint32_t size_max)
{
    struct text_buffer buffer;
    text_buffer_init(&buffer, add(out, size_max, false), size_max);
    return buffer;
}

struct hub_effect *out_effect(struct out *out, enum hub_effect_type type)
{
    ASSERT(type != HUB_FX_SEND && type != HUB_FX_REPLY);
    struct hub_effect *effect = add(out, SMALL_SIZE, true);
    effect->type = type;
    return effect;
}

struct hub_effect_send *out_send(struct out *out, enum hub_effect_type type, struct ref conn,
                                 enum message_type message)
{
    ASSERT(type == HUB_FX_SEND || type == HUB_FX_REPLY);
    ASSERT(message > MSG_NONE && message < MESSAGE_TYPES && message_sizes[message] != 0);
    size_t size = offsetof(struct hub_effect, send) + offsetof(struct hub_effect_send, message) +
                  message_sizes[message];
    struct hub_effect *effect = add(out, size, true);
    effect->type = type;
    effect->send.conn = conn;
    effect->send.message.type = message;
    return &effect->send;
}

void out_error(struct out *out, struct ref conn, enum hub_error error, int64_t until, int64_t seq)
{
    ASSERT(error < HUB_ERRORS);
    struct hub_effect_send *send = out_send(out, HUB_FX_SEND, conn, MSG_error);
    send->message.error.code = errors[error].code;
    send->message.error.message = errors[error].message;
    send->message.error.until = until;
    send->message.error.seq = seq;
}

void out_reply_error(struct out *out, struct ref conn, uint16_t status, enum hub_error error,
                     uint32_t retry_after_s)
{
    ASSERT(error < HUB_ERRORS && status >= 400);
    struct hub_effect *effect = out_effect(out, HUB_FX_REPLY_ERROR);
    effect->reply_error.conn = conn;
    effect->reply_error.status = status;
    effect->reply_error.retry_after_s = retry_after_s;
    effect->reply_error.code = errors[error].code;
    effect->reply_error.message = errors[error].message;
}

void out_close(struct out *out, struct ref conn, uint16_t code, struct text reason)
{
    ASSERT(code >= 1000 && code < 5000 && reason.size <= 120);
    struct hub_effect *effect = out_effect(out, HUB_FX_CLOSE);
    effect->close.conn = conn;
    effect->close.code = code;
    effect->close.reason = reason;
}

void out_close_elsewhere(struct out *out, struct ref conn, const struct uuid *match,
                         struct text node)
{
    struct text copy = out_text(out, node);
    struct hub_effect *effect = out_effect(out, HUB_FX_CLOSE);
    effect->close.conn = conn;
    effect->close.code = 4421;
    effect->close.match = *match;
    effect->close.node = copy;
}

void out_note(struct out *out, enum hub_note note, const struct uuid *match,
              const struct uuid *player, struct text detail, int64_t value)
{
    ASSERT(note < HUB_NOTES);
    struct hub_effect *effect = out_effect(out, HUB_FX_NOTE);
    effect->note.note = note;
    if (match != NULL) {
        effect->note.match = *match;
    }
    if (player != NULL) {
        effect->note.player = *player;
    }
    effect->note.detail = detail;
    effect->note.value = value;
}

struct text out_error_code(enum hub_error error)
{
    ASSERT(error < HUB_ERRORS);
    return errors[error].code;
}
