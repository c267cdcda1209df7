/* Structs to JSON (RFC 8259) by the field tables. It refuses to know routes and envelopes. */
#include <duel/protocol/codec.h>

#include <duel/base/assert.h>
#include <protocol/fields.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

static void write_record(struct text_buffer *out, const struct record *record, const void *data);

static const void *of_record(const void *record, uint32_t offset)
{
    return (const char *)record + offset;
}

static void write_escape(struct text_buffer *out, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    const char *shorter = c == '"'    ? "\\\""
                          : c == '\\' ? "\\\\"
                          : c == '\n' ? "\\n"
                          : c == '\r' ? "\\r"
                          : c == '\t' ? "\\t"
                                      : NULL;
    if (shorter != NULL) {
        text_append(out, text_from(shorter));
        return;
    }
    char longer[6] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };
    text_append(out, (struct text){ longer, sizeof longer });
}

void codec_json_string(struct text_buffer *buffer, struct text text)
{
    text_append(buffer, TEXT("\""));
    uint32_t plain = 0; /* start of what needs no escape */
    for (uint32_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c >= 0x20 && c != 0x7f && c != '"' && c != '\\') {
            continue;
        }
        text_append(buffer, (struct text){ text.data + plain, i - plain });
        write_escape(buffer, c);
        plain = i + 1;
    }
    if (plain < text.size) {
        text_append(buffer, (struct text){ text.data + plain, text.size - plain });
    }
    text_append(buffer, TEXT("\""));
}

static void write_text_or_null(struct text_buffer *out, struct text text)
{
    if (text.data == NULL) {
        text_append(out, TEXT("null"));
    } else {
        codec_json_string(out, text);
    }
}

static void write_int_or_null(struct text_buffer *out, int64_t value)
{
    if (value == MSG_NIL) {
        text_append(out, TEXT("null"));
    } else {
        text_append_int(out, value);
    }
}

static void write_pair(struct text_buffer *out, const int64_t values[2])
{
    text_append(out, TEXT("["));
    write_int_or_null(out, values[0]);
    text_append(out, TEXT(","));
    write_int_or_null(out, values[1]);
    text_append(out, TEXT("]"));
}

static void write_real(struct text_buffer *out, double value)
{
    ASSERT(isfinite(value));
    char digits[32];
    int size = snprintf(digits, sizeof digits, "%.15g", value);
    text_append(out, (struct text){ digits, (uint32_t)size });
}

static void write_hex(struct text_buffer *out, const uint8_t *data, uint32_t size)
{
    static const char hex[] = "0123456789abcdef";
    text_append(out, TEXT("\""));
    for (uint32_t i = 0; i < size; i++) {
        char pair[2] = { hex[data[i] >> 4], hex[data[i] & 15] };
        text_append(out, (struct text){ pair, 2 });
    }
    text_append(out, TEXT("\""));
}

static void write_uuid(struct text_buffer *out, const struct uuid *uuid)
{
    char text[UUID_TEXT_SIZE + 1];
    uuid_format(uuid, text);
    codec_json_string(out, (struct text){ text, UUID_TEXT_SIZE });
}

static void write_list(struct text_buffer *out, const struct field *field, const void *record)
{
    const uint32_t *count = of_record(record, field->offset_flag);
    ASSERT(*count <= field->max);
    text_append(out, TEXT("["));
    for (uint32_t i = 0; i < *count; i++) {
        if (i > 0) {
            text_append(out, TEXT(","));
        }
        write_record(out, field->of, of_record(record, field->offset + i * field->of->size));
    }
    text_append(out, TEXT("]"));
}

static void write_value(struct text_buffer *out, const struct field *field, const void *record)
{
    const void *at = of_record(record, field->offset);
    switch (field->kind) {
    case FIELD_INT:
    case FIELD_INT_NIL:
        write_int_or_null(out, *(const int64_t *)at);
        return;
    case FIELD_INT_PAIR:
    case FIELD_INT_PAIR_NIL:
        write_pair(out, at);
        return;
    case FIELD_REAL:
        write_real(out, *(const double *)at);
        return;
    case FIELD_BOOL:
        text_append(out, *(const bool *)at ? TEXT("true") : TEXT("false"));
        return;
    case FIELD_STRING:
    case FIELD_STRING_NIL:
    case FIELD_STRING_OPT:
        write_text_or_null(out, *(const struct text *)at);
        return;
    case FIELD_UUID:
        write_uuid(out, at);
        return;
    case FIELD_BIN:
        write_hex(out, at, (uint32_t)field->max);
        return;
    case FIELD_SUB_NIL:
    case FIELD_SUB_OPT:
        if (!*(const bool *)of_record(record, field->offset_flag)) {
            text_append(out, TEXT("null"));
            return;
        }
        write_record(out, field->of, at);
        return;
    case FIELD_SUB:
        write_record(out, field->of, at);
        return;
    case FIELD_LIST:
        write_list(out, field, record);
        return;
    }
}

static bool is_bare_list(const struct record *record)
{
    return record->fields_count == 1 && record->fields[0].kind == FIELD_LIST &&
           strcmp(record->fields[0].name, "items") == 0;
}

static void write_record(struct text_buffer *out, const struct record *record, const void *data)
{
    if (is_bare_list(record)) {
        write_list(out, &record->fields[0], data);
        return;
    }
    text_append(out, TEXT("{"));
    for (uint32_t i = 0; i < record->fields_count; i++) {
        if (i > 0) {
            text_append(out, TEXT(","));
        }
        codec_json_string(out, text_from(record->fields[i].name));
        text_append(out, TEXT(":"));
        write_value(out, &record->fields[i], data);
    }
    text_append(out, TEXT("}"));
}

uint32_t codec_json(const struct message *message, char *ret_data, uint32_t size_max)
{
    const struct message_kind *kind = fields_of(message->type);
    struct text_buffer out;
    text_buffer_init(&out, ret_data, size_max);
    write_record(&out, kind->record, of_record(message, kind->offset));
    return out.full ? 0 : out.size;
}
