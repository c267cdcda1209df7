/* The reference page (protocol/reference.md) out of the field tables. It refuses to know prose. */
#include <duel/protocol/codec.h>

#include <protocol/fields.h>

#include <inttypes.h>
#include <stdio.h>

static void print_bounds(const struct field *field)
{
    printf("%" PRId64 " to %" PRId64, field->min, field->max);
}

static void print_type(const struct field *field)
{
    switch (field->kind) {
    case FIELD_INT:
        printf("integer | ");
        print_bounds(field);
        return;
    case FIELD_INT_NIL:
        printf("integer or nil | ");
        print_bounds(field);
        return;
    case FIELD_INT_PAIR:
        printf("two integers, by slot | ");
        print_bounds(field);
        return;
    case FIELD_INT_PAIR_NIL:
        printf("two of integer or nil, by slot | ");
        print_bounds(field);
        return;
    case FIELD_REAL:
        printf("float | ");
        return;
    case FIELD_BOOL:
        printf("boolean | ");
        return;
    case FIELD_STRING:
        printf("text | at most %" PRId64 " bytes", field->max);
        return;
    case FIELD_STRING_NIL:
        printf("text or nil | at most %" PRId64 " bytes", field->max);
        return;
    case FIELD_STRING_OPT:
        printf("text, may be left out | at most %" PRId64 " bytes", field->max);
        return;
    case FIELD_UUID:
        printf("text, a UUID | %d bytes", UUID_TEXT_SIZE);
        return;
    case FIELD_BIN:
        printf("binary | %" PRId64 " bytes", field->max);
        return;
    case FIELD_SUB:
        printf("[%s](#%s) | ", field->of->name, field->of->name);
        return;
    case FIELD_SUB_NIL:
        printf("[%s](#%s) or nil | ", field->of->name, field->of->name);
        return;
    case FIELD_SUB_OPT:
        printf("[%s](#%s), may be left out | ", field->of->name, field->of->name);
        return;
    case FIELD_LIST:
        printf("list of [%s](#%s) | at most %" PRId64 " items", field->of->name,
               field->of->name, field->max);
        return;
    }
}

static void print_record(const char *name, const struct record *record)
{
    printf("\n### %s\n\n%s.\n", name, record->doc);
    if (record->fields_count == 0) {
        printf("\nNo fields.\n");
        return;
    }
    printf("\n| field | type | bounds | meaning |\n|---|---|---|---|\n");
    for (uint32_t i = 0; i < record->fields_count; i++) {
        const struct field *field = &record->fields[i];
        printf("| `%s` | ", field->name);
        print_type(field);
        printf(" | %s |\n", field->doc);
    }
}

static void print_messages(const char *title, enum field_sender sender)
{
    printf("\n## %s\n", title);
    for (uint32_t i = MSG_NONE + 1; i < MESSAGE_TYPES; i++) {
        const struct message_kind *kind = fields_of((enum message_type)i);
        if (kind->sender == sender) {
            print_record(kind->name, kind->record);
        }
    }
}

static bool is_part(const struct record *record)
{
    for (uint32_t i = MSG_NONE + 1; i < MESSAGE_TYPES; i++) {
        if (fields_of((enum message_type)i)->record == record) {
            return false;
        }
    }
    return true;
}

void codec_print_reference(void)
{
    printf("# Messages\n\n"
           "Generated from `protocol/messages.def` by `make docs`: change that file. How messages\n"
           "travel and when they are sent is in [docs/protocol.md](../docs/protocol.md).\n\n"
           "A message is a MessagePack map with the text field `t`, which holds the message's\n"
           "name; it is not repeated below. Unknown fields are ignored by both sides, though the\n"
           "server counts them: at most %d fields a map, maps and lists at most %d deep, %d bytes\n"
           "in all. Where a field may be nil or left out, both are read alike.\n",
           FIELDS_MAX, FIELDS_DEPTH_MAX, MESSAGE_CLIENT_SIZE_MAX);
    print_messages("Client to server", FIELD_BY_CLIENT);
    print_messages("Server to client", FIELD_BY_SERVER);
    printf("\n## Parts of messages\n");
    for (uint32_t i = 0; fields_record(i) != NULL; i++) {
        if (is_part(fields_record(i))) {
            print_record(fields_record(i)->name, fields_record(i));
        }
    }
    print_messages("JSON answers (`data` of the envelope)", FIELD_BY_REPLY);
}
