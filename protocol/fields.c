/* messages.def as tables. It refuses to know how a field is written down. */
#include <protocol/fields.h>

#include <duel/base/assert.h>
#include <duel/protocol/codec.h>

#include <stddef.h>
#include <string.h>

/* An empty entry ends each list: a record without fields is still an array. */
#define RECORD(r, text)                          \
    static const char doc_##r[] = text;          \
    static const struct field fields_##r[] = {
#define AT(r, f) (uint32_t)offsetof(struct msg_##r, f)
#define PLAIN(r, f, k, low, high, text)                                              \
    { .name = #f, .doc = text, .min = low, .max = high, .kind = k, .offset = AT(r, f) },
#define INT(r, f, low, high, text) PLAIN(r, f, FIELD_INT, low, high, text)
#define INT_NIL(r, f, low, high, text) PLAIN(r, f, FIELD_INT_NIL, low, high, text)
#define INT_PAIR(r, f, low, high, text) PLAIN(r, f, FIELD_INT_PAIR, low, high, text)
#define INT_PAIR_NIL(r, f, low, high, text) PLAIN(r, f, FIELD_INT_PAIR_NIL, low, high, text)
#define REAL(r, f, text) PLAIN(r, f, FIELD_REAL, 0, 0, text)
#define BOOL(r, f, text) PLAIN(r, f, FIELD_BOOL, 0, 0, text)
#define STRING(r, f, high, text) PLAIN(r, f, FIELD_STRING, 0, high, text)
#define STRING_NIL(r, f, high, text) PLAIN(r, f, FIELD_STRING_NIL, 0, high, text)
#define STRING_OPT(r, f, high, text) PLAIN(r, f, FIELD_STRING_OPT, 0, high, text)
#define UUID(r, f, text) PLAIN(r, f, FIELD_UUID, 0, 0, text)
#define BIN(r, f, bytes, text) PLAIN(r, f, FIELD_BIN, 0, bytes, text)
#define INNER(r, f, k, what, flag_at, high, text)                                       \
    { .name = #f, .doc = text, .of = &record_##what, .max = high, .kind = k,            \
      .offset = AT(r, f), .offset_flag = flag_at },
#define SUB(r, f, what, text) INNER(r, f, FIELD_SUB, what, 0, 0, text)
#define SUB_NIL(r, f, what, text) INNER(r, f, FIELD_SUB_NIL, what, AT(r, has_##f), 0, text)
#define SUB_OPT(r, f, what, text) INNER(r, f, FIELD_SUB_OPT, what, AT(r, has_##f), 0, text)
#define LIST(r, f, what, high, text) INNER(r, f, FIELD_LIST, what, AT(r, f##_count), high, text)
#define END(r)                                                               \
    { .name = NULL } };                                                      \
    static const struct record record_##r = {                                \
        #r, doc_##r, fields_##r, sizeof(fields_##r) / sizeof(struct field) - 1, \
        sizeof(struct msg_##r) };
#include <protocol/messages.def>

static const struct message_kind kinds[MESSAGE_TYPES] = {
#define IN_MESSAGE(r) (uint32_t)offsetof(struct message, r)
#define CLIENT(r, wire) [MSG_##r] = { wire, &record_##r, IN_MESSAGE(r), FIELD_BY_CLIENT },
#define SERVER(r, wire) [MSG_##r] = { wire, &record_##r, IN_MESSAGE(r), FIELD_BY_SERVER },
#define REPLY(r) [MSG_##r] = { #r, &record_##r, IN_MESSAGE(r), FIELD_BY_REPLY },
#include <protocol/messages.def>
};

static const struct record *const records[] = {
#define RECORD(r, text) &record_##r,
#include <protocol/messages.def>
};

const struct message_kind *fields_of(enum message_type type)
{
    ASSERT(type > MSG_NONE && type < MESSAGE_TYPES);
    return &kinds[type];
}

enum message_type fields_find(struct text name, enum field_sender sender)
{
    for (uint32_t i = MSG_NONE + 1; i < MESSAGE_TYPES; i++) {
        if (kinds[i].sender == sender && text_equal(name, text_from(kinds[i].name))) {
            return (enum message_type)i;
        }
    }
    return MSG_NONE;
}

const struct record *fields_record(uint32_t index)
{
    return index < sizeof(records) / sizeof(records[0]) ? records[index] : NULL;
}

const char *message_name(enum message_type type)
{
    return fields_of(type)->name;
}

uint32_t message_size(enum message_type type)
{
    const struct message_kind *kind = fields_of(type);
    return kind->offset + kind->record->size;
}

bool message_is_client(enum message_type type)
{
    return fields_of(type)->sender == FIELD_BY_CLIENT;
}
