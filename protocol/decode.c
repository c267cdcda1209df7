/* MessagePack to structs by the field tables.
 *
 * The pre-scan (scan.c) has seen every byte before msgpack-c does, so what is unpacked here is one
 * map of bounded size and depth whose keys are text. It refuses to know what a message means,
 * except that a guess is either a video or a text. */
#include <duel/protocol/codec.h>

#include <duel/base/assert.h>
#include <protocol/fields.h>
#include <protocol/scan.h>

#include <math.h>
#include <msgpack.h>
#include <string.h>

#define REASON_SIZE_MAX 100 /* a close frame takes 123 (RFC 6455 section 5.5) */
#define QUOTED_SIZE_MAX 32  /* of what a peer sent */
#define UNPACK_CHUNK_SIZE 16384

struct codec {
    struct message message;
    msgpack_zone *zone; /* of the unpacked map; kept, so that a message costs no malloc */
    uint8_t data[MESSAGE_SERVER_SIZE_MAX]; /* the input: texts of `message` point in here */
    char reason_data[REASON_SIZE_MAX];
    struct text_buffer reason; /* while decoding: where we are, "guess.seq" */
};

struct codec *codec_create(void)
{
    struct codec *codec = calloc(1, sizeof *codec);
    if (codec == NULL) {
        return NULL;
    }
    codec->zone = msgpack_zone_new(UNPACK_CHUNK_SIZE);
    if (codec->zone == NULL) {
        free(codec);
        return NULL;
    }
    return codec;
}

void codec_destroy(struct codec *codec)
{
    if (codec != NULL) {
        msgpack_zone_free(codec->zone);
        free(codec);
    }
}

static void *in_record(void *record, uint32_t offset)
{
    return (char *)record + offset;
}


/* ---- reasons ---- */

static void say(struct codec *codec, const char *words)
{
    text_append(&codec->reason, text_from(words));
}

/* Peer-controlled bytes: a part of them, printable ASCII or question marks. */
static void say_quoted(struct codec *codec, struct text text)
{
    char quoted[QUOTED_SIZE_MAX];
    uint32_t size = text.size < QUOTED_SIZE_MAX ? text.size : QUOTED_SIZE_MAX;
    for (uint32_t i = 0; i < size; i++) {
        char c = text.data[i];
        quoted[i] = c < ' ' || c > '~' || c == '"' || c == '\\' ? '?' : c;
    }
    say(codec, " \"");
    text_append(&codec->reason, (struct text){ quoted, size });
    say(codec, text.size > size ? "…\"" : "\"");
}

/* Ends the reason; always false, for `return refuse(…)`. */
static bool refuse(struct codec *codec, const char *why)
{
    say(codec, ": ");
    say(codec, why);
    return false;
}

static bool refuse_size(struct codec *codec, const char *why, int64_t number, const char *unit)
{
    refuse(codec, why);
    text_append_int(&codec->reason, number);
    say(codec, unit);
    return false;
}

/* ---- decoding ---- */

static bool read_record(struct codec *codec, const struct record *record,
                        const msgpack_object_map *map, void *ret);

static bool is_nil(const msgpack_object *object)
{
    return object->type == MSGPACK_OBJECT_NIL;
}

static bool read_int(struct codec *codec, const struct field *field, const msgpack_object *object,
                     int64_t *ret)
{
    bool positive = object->type == MSGPACK_OBJECT_POSITIVE_INTEGER;
    if (!positive && object->type != MSGPACK_OBJECT_NEGATIVE_INTEGER) {
        return refuse(codec, "not an integer");
    }
    bool fits = !positive || object->via.u64 <= INT64_MAX;
    if (!fits || object->via.i64 < field->min || object->via.i64 > field->max) {
        refuse_size(codec, "not from ", field->min, " to ");
        text_append_int(&codec->reason, field->max);
        return false;
    }
    *ret = object->via.i64;
    return true;
}

static bool read_int_or_nil(struct codec *codec, const struct field *field,
                            const msgpack_object *object, int64_t *ret)
{
    if (is_nil(object)) {
        *ret = MSG_NIL;
        return true;
    }
    return read_int(codec, field, object, ret);
}

static bool read_pair(struct codec *codec, const struct field *field, const msgpack_object *object,
                      int64_t ret[2])
{
    if (object->type != MSGPACK_OBJECT_ARRAY || object->via.array.size != 2) {
        return refuse(codec, "not a list of two");
    }
    const msgpack_object *items = object->via.array.ptr;
    if (field->kind == FIELD_INT_PAIR_NIL) {
        return read_int_or_nil(codec, field, &items[0], &ret[0]) &&
               read_int_or_nil(codec, field, &items[1], &ret[1]);
    }
    return read_int(codec, field, &items[0], &ret[0]) &&
           read_int(codec, field, &items[1], &ret[1]);
}

static bool read_real(struct codec *codec, const msgpack_object *object, double *ret)
{
    double value;
    if (object->type == MSGPACK_OBJECT_POSITIVE_INTEGER) {
        value = (double)object->via.u64;
    } else if (object->type == MSGPACK_OBJECT_NEGATIVE_INTEGER) {
        value = (double)object->via.i64;
    } else if (object->type == MSGPACK_OBJECT_FLOAT32 || object->type == MSGPACK_OBJECT_FLOAT64) {
        value = object->via.f64;
    } else {
        return refuse(codec, "not a number");
    }
    if (!isfinite(value)) {
        return refuse(codec, "not a finite number");
    }
    *ret = value;
    return true;
}

static bool read_bool(struct codec *codec, const msgpack_object *object, bool *ret)
{
    if (object->type != MSGPACK_OBJECT_BOOLEAN) {
        return refuse(codec, "not a boolean");
    }
    *ret = object->via.boolean;
    return true;
}

static bool read_text(struct codec *codec, const struct field *field, const msgpack_object *object,
                      struct text *ret)
{
    if (object->type != MSGPACK_OBJECT_STR) {
        return refuse(codec, "not text");
    }
    struct text text = { object->via.str.ptr, object->via.str.size };
    if (text.size > field->max) {
        return refuse_size(codec, "longer than ", field->max, " bytes");
    }
    if (!text_is_utf8(text)) {
        return refuse(codec, "not UTF-8");
    }
    ASSERT(text.data != NULL); /* an empty text is not nil */
    *ret = text;
    return true;
}

static bool read_uuid(struct codec *codec, const msgpack_object *object, struct uuid *ret)
{
    if (object->type != MSGPACK_OBJECT_STR) {
        return refuse(codec, "not text");
    }
    struct text text = { object->via.str.ptr, object->via.str.size };
    return uuid_parse(text, ret) ? true : refuse(codec, "not a UUID");
}

static bool read_bin(struct codec *codec, const struct field *field, const msgpack_object *object,
                     uint8_t *ret)
{
    if (object->type != MSGPACK_OBJECT_BIN || object->via.bin.size != field->max) {
        return refuse_size(codec, "not ", field->max, " bytes of binary");
    }
    memcpy(ret, object->via.bin.ptr, object->via.bin.size);
    return true;
}

static bool read_sub(struct codec *codec, const struct field *field, const msgpack_object *object,
                     void *ret)
{
    if (object->type != MSGPACK_OBJECT_MAP) {
        return refuse(codec, "not a map");
    }
    return read_record(codec, field->of, &object->via.map, ret);
}

static bool read_list(struct codec *codec, const struct field *field, const msgpack_object *object,
                      void *record)
{
    if (object->type != MSGPACK_OBJECT_ARRAY) {
        return refuse(codec, "not a list");
    }
    uint32_t count = object->via.array.size;
    if (count > field->max) {
        return refuse_size(codec, "more than ", field->max, " items");
    }
    uint32_t *ret_count = in_record(record, field->offset_flag);
    for (uint32_t i = 0; i < count; i++) {
        void *item = in_record(record, field->offset + i * field->of->size);
        if (!read_sub(codec, field, &object->via.array.ptr[i], item)) {
            return false;
        }
        *ret_count = i + 1;
    }
    return true;
}

/* Whether the field may be nil or not there at all; then it is set to say so. */
static bool set_absent(const struct field *field, void *record)
{
    switch (field->kind) {
    case FIELD_INT_NIL: {
        int64_t *value = in_record(record, field->offset);
        *value = MSG_NIL;
        return true;
    }
    case FIELD_STRING_NIL:
    case FIELD_STRING_OPT: {
        struct text *text = in_record(record, field->offset);
        *text = TEXT_NONE;
        return true;
    }
    case FIELD_SUB_NIL:
    case FIELD_SUB_OPT: {
        bool *has = in_record(record, field->offset_flag);
        *has = false;
        return true;
    }
    case FIELD_INT:
    case FIELD_INT_PAIR:
    case FIELD_INT_PAIR_NIL:
    case FIELD_REAL:
    case FIELD_BOOL:
    case FIELD_STRING:
    case FIELD_UUID:
    case FIELD_BIN:
    case FIELD_SUB:
    case FIELD_LIST:
        return false;
    }
    return false;
}

static bool read_value(struct codec *codec, const struct field *field, const msgpack_object *object,
                       void *record)
{
    void *ret = in_record(record, field->offset);
    switch (field->kind) {
    case FIELD_INT:
    case FIELD_INT_NIL:
        return read_int(codec, field, object, ret);
    case FIELD_INT_PAIR:
    case FIELD_INT_PAIR_NIL:
        return read_pair(codec, field, object, ret);
    case FIELD_REAL:
        return read_real(codec, object, ret);
    case FIELD_BOOL:
        return read_bool(codec, object, ret);
    case FIELD_STRING:
    case FIELD_STRING_NIL:
    case FIELD_STRING_OPT:
        return read_text(codec, field, object, ret);
    case FIELD_UUID:
        return read_uuid(codec, object, ret);
    case FIELD_BIN:
        return read_bin(codec, field, object, ret);
    case FIELD_SUB_NIL:
    case FIELD_SUB_OPT: {
        bool *has = in_record(record, field->offset_flag);
        *has = true;
        return read_sub(codec, field, object, ret);
    }
    case FIELD_SUB:
        return read_sub(codec, field, object, ret);
    case FIELD_LIST:
        return read_list(codec, field, object, record);
    }
    return false;
}

static const msgpack_object *find(const msgpack_object_map *map, const char *name)
{
    size_t size = strlen(name);
    for (uint32_t i = 0; i < map->size; i++) {
        const msgpack_object_str *key = &map->ptr[i].key.via.str;
        if (key->size == size && memcmp(key->ptr, name, size) == 0) {
            return &map->ptr[i].val;
        }
    }
    return NULL;
}

/* Fields in the order of the table, so that the same faults give the same reason. */
static bool read_record(struct codec *codec, const struct record *record,
                        const msgpack_object_map *map, void *ret)
{
    for (uint32_t i = 0; i < record->fields_count; i++) {
        const struct field *field = &record->fields[i];
        const msgpack_object *object = find(map, field->name);
        if ((object == NULL || is_nil(object)) && set_absent(field, ret)) {
            continue;
        }
        uint32_t place = codec->reason.size;
        say(codec, ".");
        say(codec, field->name);
        if (object == NULL) {
            return refuse(codec, "missing");
        }
        if (!read_value(codec, field, object, ret)) {
            return false;
        }
        codec->reason.size = place;
    }
    return true;
}

/* The rule that the table cannot say. */
static bool check_guess(struct codec *codec, const struct msg_guess *guess)
{
    if (guess->video.data == NULL && guess->text.data == NULL) {
        say(codec, ".text");
        return refuse(codec, "missing, and no video");
    }
    if (guess->video.data != NULL && guess->text.data != NULL) {
        say(codec, ".video");
        return refuse(codec, "not together with text");
    }
    return true;
}

static bool decode_map(struct codec *codec, const msgpack_object_map *map, enum field_sender sender)
{
    const msgpack_object *t = find(map, "t");
    if (t == NULL || t->type != MSGPACK_OBJECT_STR) {
        say(codec, "t");
        return refuse(codec, t == NULL ? "missing" : "not text");
    }
    struct text name = { t->via.str.ptr, t->via.str.size };
    codec->message.type = fields_find(name, sender);
    if (codec->message.type == MSG_NONE) {
        say(codec, "unknown message");
        say_quoted(codec, name);
        return false;
    }
    const struct message_kind *kind = fields_of(codec->message.type);
    void *record = in_record(&codec->message, kind->offset);
    memset(record, 0, kind->record->size);
    say(codec, kind->name);
    if (!read_record(codec, kind->record, map, record)) {
        return false;
    }
    return codec->message.type != MSG_guess || check_guess(codec, &codec->message.guess);
}

/* Scans and unpacks the bytes in codec->data. */
static bool unpack(struct codec *codec, uint32_t size, msgpack_object *ret_object)
{
    struct text key;
    const char *wrong = scan_message(codec->data, size, &key);
    if (wrong != NULL) {
        say(codec, wrong);
        if (key.data != NULL) {
            say_quoted(codec, key);
        }
        return false;
    }
    msgpack_zone_clear(codec->zone);
    size_t end = 0;
    msgpack_unpack_return result = msgpack_unpack((const char *)codec->data, size, &end,
                                                  codec->zone, ret_object);
    if (result != MSGPACK_UNPACK_SUCCESS || end != size) {
        say(codec, "not MessagePack");
        return false;
    }
    ASSERT(ret_object->type == MSGPACK_OBJECT_MAP);
    return true;
}

static const struct message *decode(struct codec *codec, const void *data, uint32_t size,
                                    uint32_t size_max, enum field_sender sender,
                                    struct text *ret_reason)
{
    text_buffer_init(&codec->reason, codec->reason_data, sizeof codec->reason_data);
    bool ok = false;
    if (size > size_max) {
        say(codec, "longer than ");
        text_append_int(&codec->reason, size_max);
        say(codec, " bytes");
    } else {
        msgpack_object object;
        if (size != 0) {
            memcpy(codec->data, data, size);
        }
        ok = unpack(codec, size, &object) && decode_map(codec, &object.via.map, sender);
    }
    ASSERT(!codec->reason.full);
    if (!ok) {
        *ret_reason = text_of(&codec->reason);
        return NULL;
    }
    return &codec->message;
}

const struct message *codec_decode_client(struct codec *codec, const void *data, uint32_t size,
                                          struct text *ret_reason)
{
    return decode(codec, data, size, MESSAGE_CLIENT_SIZE_MAX, FIELD_BY_CLIENT, ret_reason);
}

const struct message *codec_decode_server(struct codec *codec, const void *data, uint32_t size,
                                          struct text *ret_reason)
{
    return decode(codec, data, size, MESSAGE_SERVER_SIZE_MAX, FIELD_BY_SERVER, ret_reason);
}
