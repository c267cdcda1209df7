/* Structs to MessagePack by the field tables.
 *
 * A value out of its table's bounds is a fault of ours and asserts: who fills a message cuts its
 * texts. It refuses to know what a message means. */
#include <duel/protocol/codec.h>

#include <duel/base/assert.h>
#include <protocol/fields.h>

#include <msgpack.h>
#include <string.h>

/* Where msgpack-c writes to: bounded memory of the caller. */
struct output {
    uint8_t *data;
    uint32_t size;
    uint32_t size_max;
};

static int output_write(void *context, const char *data, size_t size)
{
    struct output *output = context;
    if (size > output->size_max - output->size) {
        return -1;
    }
    memcpy(output->data + output->size, data, size);
    output->size += (uint32_t)size;
    return 0;
}

static bool write_record(msgpack_packer *packer, const struct record *record, const void *data,
                         const char *type);

static const void *of_record(const void *record, uint32_t offset)
{
    return (const char *)record + offset;
}

static bool write_text(msgpack_packer *packer, struct text text)
{
    return msgpack_pack_str(packer, text.size) == 0 &&
           msgpack_pack_str_body(packer, text.data, text.size) == 0;
}

static bool write_int(msgpack_packer *packer, const struct field *field, int64_t value)
{
    ASSERT(value >= field->min && value <= field->max);
    return msgpack_pack_int64(packer, value) == 0;
}

static bool write_int_or_nil(msgpack_packer *packer, const struct field *field, int64_t value)
{
    if (value == MSG_NIL) {
        return msgpack_pack_nil(packer) == 0;
    }
    return write_int(packer, field, value);
}

static bool write_pair(msgpack_packer *packer, const struct field *field, const int64_t values[2])
{
    if (msgpack_pack_array(packer, 2) != 0) {
        return false;
    }
    if (field->kind == FIELD_INT_PAIR_NIL) {
        return write_int_or_nil(packer, field, values[0]) &&
               write_int_or_nil(packer, field, values[1]);
    }
    return write_int(packer, field, values[0]) && write_int(packer, field, values[1]);
}

static bool write_string(msgpack_packer *packer, const struct field *field, struct text text)
{
    if (text.data == NULL && field->kind == FIELD_STRING_NIL) {
        return msgpack_pack_nil(packer) == 0;
    }
    ASSERT(text.data != NULL && text.size <= field->max);
    return write_text(packer, text);
}

static bool write_uuid(msgpack_packer *packer, const struct uuid *uuid)
{
    char text[UUID_TEXT_SIZE + 1];
    uuid_format(uuid, text);
    return write_text(packer, (struct text){ text, UUID_TEXT_SIZE });
}

static bool write_list(msgpack_packer *packer, const struct field *field, const void *record)
{
    const uint32_t *count = of_record(record, field->offset_flag);
    ASSERT(*count <= field->max);
    if (msgpack_pack_array(packer, *count) != 0) {
        return false;
    }
    for (uint32_t i = 0; i < *count; i++) {
        const void *item = of_record(record, field->offset + i * field->of->size);
        if (!write_record(packer, field->of, item, NULL)) {
            return false;
        }
    }
    return true;
}

static bool is_left_out(const struct field *field, const void *record)
{
    if (field->kind == FIELD_STRING_OPT) {
        const struct text *text = of_record(record, field->offset);
        return text->data == NULL;
    }
    if (field->kind == FIELD_SUB_OPT) {
        const bool *has = of_record(record, field->offset_flag);
        return !*has;
    }
    return false;
}

static bool write_value(msgpack_packer *packer, const struct field *field, const void *record)
{
    const void *at = of_record(record, field->offset);
    switch (field->kind) {
    case FIELD_INT:
        return write_int(packer, field, *(const int64_t *)at);
    case FIELD_INT_NIL:
        return write_int_or_nil(packer, field, *(const int64_t *)at);
    case FIELD_INT_PAIR:
    case FIELD_INT_PAIR_NIL:
        return write_pair(packer, field, at);
    case FIELD_REAL:
        return msgpack_pack_double(packer, *(const double *)at) == 0;
    case FIELD_BOOL:
        return (*(const bool *)at ? msgpack_pack_true(packer) : msgpack_pack_false(packer)) == 0;
    case FIELD_STRING:
    case FIELD_STRING_NIL:
    case FIELD_STRING_OPT:
        return write_string(packer, field, *(const struct text *)at);
    case FIELD_UUID:
        return write_uuid(packer, at);
    case FIELD_BIN:
        return msgpack_pack_bin(packer, (size_t)field->max) == 0 &&
               msgpack_pack_bin_body(packer, at, (size_t)field->max) == 0;
    case FIELD_SUB_NIL:
        if (!*(const bool *)of_record(record, field->offset_flag)) {
            return msgpack_pack_nil(packer) == 0;
        }
        return write_record(packer, field->of, at, NULL);
    case FIELD_SUB:
    case FIELD_SUB_OPT:
        return write_record(packer, field->of, at, NULL);
    case FIELD_LIST:
        return write_list(packer, field, record);
    }
    return false;
}

/* `type`: the text of `t`, NULL for a record inside another. False: no room. */
static bool write_record(msgpack_packer *packer, const struct record *record, const void *data,
                         const char *type)
{
    uint32_t count = type != NULL ? 1 : 0;
    for (uint32_t i = 0; i < record->fields_count; i++) {
        count += is_left_out(&record->fields[i], data) ? 0 : 1;
    }
    if (msgpack_pack_map(packer, count) != 0) {
        return false;
    }
    if (type != NULL && !(write_text(packer, TEXT("t")) && write_text(packer, text_from(type)))) {
        return false;
    }
    for (uint32_t i = 0; i < record->fields_count; i++) {
        const struct field *field = &record->fields[i];
        if (is_left_out(field, data)) {
            continue;
        }
        if (!write_text(packer, text_from(field->name)) || !write_value(packer, field, data)) {
            return false;
        }
    }
    return true;
}

uint32_t codec_encode(const struct message *message, uint8_t *ret_data, uint32_t size_max)
{
    const struct message_kind *kind = fields_of(message->type);
    ASSERT(kind->sender != FIELD_BY_REPLY);
    struct output output = { .data = ret_data, .size_max = size_max };
    msgpack_packer packer;
    msgpack_packer_init(&packer, &output, output_write);
    const void *record = of_record(message, kind->offset);
    return write_record(&packer, kind->record, record, kind->name) ? output.size : 0;
}

uint32_t codec_array_head(uint32_t count, uint8_t ret_data[CODEC_ARRAY_HEAD_SIZE_MAX])
{
    struct output output = { .data = ret_data, .size_max = CODEC_ARRAY_HEAD_SIZE_MAX };
    msgpack_packer packer;
    msgpack_packer_init(&packer, &output, output_write);
    ASSERT(msgpack_pack_array(&packer, count) == 0);
    return output.size;
}
