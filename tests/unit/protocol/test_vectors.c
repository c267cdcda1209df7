/* The golden vectors of protocol/vectors: bytes, their meaning, and what is refused and why.
 *
 *   test_vectors            checks them; run at the top of the checkout
 *   test_vectors --write    fills in the `hex` of messages.json from its `fields`
 *
 * vectors.test.mjs checks the same files with a MessagePack library of somebody else's. */
#include "test.h"

#include <duel/protocol/codec.h>
#include <protocol/fields.h>

#include <jansson.h>

#define MESSAGES "protocol/vectors/messages.json"
#define ACCEPTED "protocol/vectors/accepted.json"
#define REFUSED "protocol/vectors/refused.json"

struct bytes {
    uint32_t size;
    uint8_t data[MESSAGE_SERVER_SIZE_MAX];
};

static struct codec *codec;

static json_t *load(const char *path)
{
    json_error_t error;
    json_t *list = json_load_file(path, JSON_ALLOW_NUL, &error);
    if (list == NULL) {
        printf("  %s:%d: %s\n", path, error.line, error.text);
    }
    CHECK(json_is_array(list));
    return list;
}

static const char *get(const json_t *vector, const char *name)
{
    const char *value = json_string_value(json_object_get(vector, name));
    CHECK(value != NULL);
    return value;
}

static bool is_client(const json_t *vector)
{
    return strcmp(get(vector, "from"), "client") == 0;
}

static uint32_t from_hex(const char *hex, uint8_t *ret, size_t size_max)
{
    size_t size = strlen(hex) / 2;
    CHECK(size <= size_max && strlen(hex) % 2 == 0);
    for (size_t i = 0; i < size; i++) {
        unsigned int byte;
        CHECK(sscanf(hex + 2 * i, "%2x", &byte) == 1);
        ret[i] = (uint8_t)byte;
    }
    return (uint32_t)size;
}

static void bytes_of(const json_t *vector, struct bytes *ret)
{
    ret->size = from_hex(get(vector, "hex"), ret->data, sizeof ret->data);
}

static const struct message *decode(const json_t *vector, const void *data, uint32_t size,
                                    struct text *ret_reason)
{
    return is_client(vector) ? codec_decode_client(codec, data, size, ret_reason)
                             : codec_decode_server(codec, data, size, ret_reason);
}

/* ---- fields to struct, by the tables ---- */

static void fill(const struct record *record, const json_t *json, char *ret);

static int64_t int_of(const json_t *json)
{
    return json_is_null(json) || json == NULL ? MSG_NIL : json_integer_value(json);
}

static struct text text_of_json(const json_t *json)
{
    if (!json_is_string(json)) {
        return TEXT_NONE;
    }
    return (struct text){ json_string_value(json), (uint32_t)json_string_length(json) };
}

static void fill_list(const struct field *field, const json_t *json, char *ret)
{
    uint32_t *count = (void *)(ret + field->offset_flag);
    *count = (uint32_t)json_array_size(json);
    CHECK(*count <= field->max);
    for (uint32_t i = 0; i < *count; i++) {
        fill(field->of, json_array_get(json, i), ret + field->offset + i * field->of->size);
    }
}

static void fill_field(const struct field *field, const json_t *json, char *ret)
{
    char *at = ret + field->offset;
    switch (field->kind) {
    case FIELD_INT:
    case FIELD_INT_NIL:
        *(int64_t *)(void *)at = int_of(json);
        return;
    case FIELD_INT_PAIR:
    case FIELD_INT_PAIR_NIL:
        ((int64_t *)(void *)at)[0] = int_of(json_array_get(json, 0));
        ((int64_t *)(void *)at)[1] = int_of(json_array_get(json, 1));
        return;
    case FIELD_REAL:
        *(double *)(void *)at = json_number_value(json);
        return;
    case FIELD_BOOL:
        *(bool *)(void *)at = json_is_true(json);
        return;
    case FIELD_STRING:
    case FIELD_STRING_NIL:
    case FIELD_STRING_OPT:
        *(struct text *)(void *)at = text_of_json(json);
        return;
    case FIELD_UUID:
        CHECK(uuid_parse(text_of_json(json), (void *)at));
        return;
    case FIELD_BIN:
        CHECK_INT(from_hex(json_string_value(json), (void *)at, (size_t)field->max), field->max);
        return;
    case FIELD_SUB_NIL:
    case FIELD_SUB_OPT:
        *(bool *)(void *)(ret + field->offset_flag) = json_is_object(json);
        fill(field->of, json, at);
        return;
    case FIELD_SUB:
        fill(field->of, json, at);
        return;
    case FIELD_LIST:
        fill_list(field, json, ret);
        return;
    }
}

static void fill(const struct record *record, const json_t *json, char *ret)
{
    if (!json_is_object(json)) {
        return;
    }
    for (uint32_t i = 0; i < record->fields_count; i++) {
        const struct field *field = &record->fields[i];
        fill_field(field, json_object_get(json, field->name), ret);
    }
}

/* What the codec makes of a vector's fields. */
static void encode(const json_t *vector, struct bytes *ret)
{
    const json_t *fields = json_object_get(vector, "fields");
    enum message_type type = fields_find(text_of_json(json_object_get(fields, "t")),
                                         is_client(vector) ? FIELD_BY_CLIENT : FIELD_BY_SERVER);
    CHECK(type != MSG_NONE);
    static struct message message;
    memset(&message, 0, sizeof message);
    message.type = type;
    fill(fields_of(type)->record, fields, (char *)&message + fields_of(type)->offset);
    ret->size = codec_encode(&message, ret->data, sizeof ret->data);
    CHECK(ret->size != 0);
}

/* ---- struct to fields, by codec_json ---- */

/* Drops what is null or left out on either side: which of both travelled is checked by the
 * bytes. */
static json_t *without_nulls(const json_t *json)
{
    if (json_is_array(json)) {
        json_t *list = json_array();
        for (size_t i = 0; i < json_array_size(json); i++) {
            json_array_append_new(list, without_nulls(json_array_get(json, i)));
        }
        return list;
    }
    if (!json_is_object(json)) {
        return json_is_number(json) ? json_real(json_number_value(json)) : json_deep_copy(json);
    }
    json_t *object = json_object();
    void *place = json_object_iter((json_t *)(uintptr_t)json);
    for (; place != NULL; place = json_object_iter_next((json_t *)(uintptr_t)json, place)) {
        const char *key = json_object_iter_key(place);
        if (!json_is_null(json_object_iter_value(place)) && strcmp(key, "t") != 0) {
            json_object_set_new(object, key, without_nulls(json_object_iter_value(place)));
        }
    }
    return object;
}

static void check_meaning(const json_t *vector, const struct message *message)
{
    static char text[MESSAGE_SERVER_SIZE_MAX];
    uint32_t size = codec_json(message, text, sizeof text);
    CHECK(size != 0);
    json_error_t error;
    json_t *told = json_loadb(text, size, JSON_ALLOW_NUL, &error);
    CHECK(told != NULL);
    const json_t *fields = json_object_get(vector, "fields");
    CHECK_TEXT(text_of_json(json_object_get(fields, "t")), message_name(message->type));
    json_t *a = without_nulls(told), *b = without_nulls(fields);
    if (!json_equal(a, b)) {
        printf("  %s: read as %.*s\n", get(vector, "note"), (int)size, text);
        CHECK(json_equal(a, b));
    }
    json_decref(a);
    json_decref(b);
    json_decref(told);
}

static void check_read(const json_t *vector)
{
    static struct bytes bytes;
    bytes_of(vector, &bytes);
    struct text reason = TEXT_NONE;
    const struct message *message = decode(vector, bytes.data, bytes.size, &reason);
    if (message == NULL) {
        printf("  %s: refused: %.*s\n", get(vector, "note"), TEXT_ARG(reason));
    }
    CHECK(message != NULL);
    memset(&bytes, 0xee, sizeof bytes); /* texts do not point into what was handed in */
    check_meaning(vector, message);
}

/* ---- tests ---- */

TEST(messages_are_written_as_the_vectors_say)
{
    json_t *list = load(MESSAGES);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *vector = json_array_get(list, i);
        static struct bytes told, expected;
        encode(vector, &told);
        bytes_of(vector, &expected);
        bool equal = told.size == expected.size && !memcmp(told.data, expected.data, told.size);
        if (!equal) {
            printf("  %s\n", get(vector, "note"));
        }
        CHECK(equal);
    }
    json_decref(list);
}

TEST(messages_are_read_as_the_vectors_say)
{
    json_t *list = load(MESSAGES);
    for (size_t i = 0; i < json_array_size(list); i++) {
        check_read(json_array_get(list, i));
    }
    json_decref(list);
}

TEST(other_forms_of_a_message_are_read_too)
{
    json_t *list = load(ACCEPTED);
    for (size_t i = 0; i < json_array_size(list); i++) {
        check_read(json_array_get(list, i));
    }
    json_decref(list);
}

TEST(every_message_has_a_vector)
{
    json_t *list = load(MESSAGES);
    for (uint32_t type = MSG_NONE + 1; type < MESSAGE_TYPES; type++) {
        const struct message_kind *kind = fields_of((enum message_type)type);
        const char *from = kind->sender == FIELD_BY_CLIENT ? "client" : "server";
        bool found = kind->sender == FIELD_BY_REPLY;
        for (size_t i = 0; i < json_array_size(list) && !found; i++) {
            const json_t *vector = json_array_get(list, i);
            const json_t *t = json_object_get(json_object_get(vector, "fields"), "t");
            found = strcmp(get(vector, "from"), from) == 0 &&
                    strcmp(json_string_value(t), kind->name) == 0;
        }
        if (!found) {
            printf("  %s has none\n", kind->name);
        }
        CHECK(found);
    }
    json_decref(list);
}

TEST(what_is_refused_is_refused_for_the_reason_given)
{
    json_t *list = load(REFUSED);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *vector = json_array_get(list, i);
        static struct bytes bytes;
        bytes_of(vector, &bytes);
        struct text reason = TEXT_NONE;
        bool refused = decode(vector, bytes.data, bytes.size, &reason) == NULL;
        if (!refused || !text_equal(reason, text_from(get(vector, "reason")))) {
            printf("  %s\n", get(vector, "note"));
        }
        CHECK(refused);
        CHECK_TEXT(reason, get(vector, "reason"));
        CHECK(reason.size <= 100 && text_is_utf8(reason));
    }
    json_decref(list);
}

/* Every prefix of a good message is refused, with every byte beyond it out of bounds (ASan looks
 * on). */
TEST(every_message_that_is_cut_off_is_refused)
{
    json_t *list = load(MESSAGES);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *vector = json_array_get(list, i);
        static struct bytes bytes;
        bytes_of(vector, &bytes);
        for (uint32_t size = 0; size < bytes.size; size++) {
            uint8_t *exact = malloc(size + 1);
            CHECK(exact != NULL);
            memcpy(exact, bytes.data, size);
            exact = realloc(exact, size == 0 ? 1 : size);
            struct text reason = TEXT_NONE;
            CHECK(decode(vector, exact, size, &reason) == NULL);
            CHECK_TEXT(reason, size == 0 ? "empty" : "cut off");
            free(exact);
        }
    }
    json_decref(list);
}

static void write_hex(void)
{
    json_t *list = load(MESSAGES);
    FILE *file = fopen(MESSAGES, "w");
    CHECK(file != NULL);
    fprintf(file, "[\n");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *vector = json_array_get(list, i);
        static struct bytes bytes;
        encode(vector, &bytes);
        json_t *note = json_object_get(vector, "note");
        char *quoted = json_dumps(note, JSON_ENCODE_ANY);
        char *fields = json_dumps(json_object_get(vector, "fields"), JSON_COMPACT);
        CHECK(quoted != NULL && fields != NULL);
        fprintf(file, " {\"note\": %s,\n  \"from\": \"%s\",\n", quoted, get(vector, "from"));
        fprintf(file, "  \"fields\": %s,\n  \"hex\": \"", fields);
        for (uint32_t j = 0; j < bytes.size; j++) {
            fprintf(file, "%02x", bytes.data[j]);
        }
        fprintf(file, "\"}%s\n", i + 1 < json_array_size(list) ? "," : "");
        free(quoted);
        free(fields);
    }
    fprintf(file, "]\n");
    CHECK(fclose(file) == 0);
    json_decref(list);
}

int main(int argc, char **argv)
{
    codec = codec_create();
    if (codec == NULL) {
        return 1;
    }
    int status = 0;
    if (argc > 1 && strcmp(argv[1], "--write") == 0) {
        status = setjmp(test_failed) == 0 ? (write_hex(), 0) : 1;
    } else {
        status = test_main(argc, argv);
    }
    codec_destroy(codec);
    return status;
}
