/* The codec where vectors cannot say it: bounds of memory, the largest messages, what asserts. */
#include "test.h"

#include <duel/protocol/codec.h>
#include <protocol/fields.h>
#include <protocol/scan.h>

#include <jansson.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static struct message message; /* large */

static void start(enum message_type type)
{
    memset(&message, 0, sizeof message);
    message.type = type;
}

/* ---- a message that is as large as the tables allow ---- */

static char letters[4096];

static void fill_largest(const struct record *record, char *data)
{
    for (uint32_t i = 0; i < record->fields_count; i++) {
        const struct field *field = &record->fields[i];
        char *at = data + field->offset;
        switch (field->kind) {
        case FIELD_INT:
        case FIELD_INT_NIL:
            *(int64_t *)(void *)at = field->max;
            break;
        case FIELD_INT_PAIR:
        case FIELD_INT_PAIR_NIL:
            ((int64_t *)(void *)at)[0] = ((int64_t *)(void *)at)[1] = field->max;
            break;
        case FIELD_REAL:
            *(double *)(void *)at = 0.7;
            break;
        case FIELD_BOOL:
            *(bool *)(void *)at = true;
            break;
        case FIELD_STRING:
        case FIELD_STRING_NIL:
        case FIELD_STRING_OPT:
            *(struct text *)(void *)at = (struct text){ letters, (uint32_t)field->max };
            break;
        case FIELD_UUID:
        case FIELD_BIN:
            break;
        case FIELD_SUB_NIL:
        case FIELD_SUB_OPT:
            *(bool *)(void *)(data + field->offset_flag) = true;
            fill_largest(field->of, at);
            break;
        case FIELD_SUB:
            fill_largest(field->of, at);
            break;
        case FIELD_LIST:
            *(uint32_t *)(void *)(data + field->offset_flag) = (uint32_t)field->max;
            for (int64_t j = 0; j < field->max; j++) {
                fill_largest(field->of, at + (size_t)j * field->of->size);
            }
            break;
        }
    }
}

static void make_largest(enum message_type type)
{
    start(type);
    const struct message_kind *kind = fields_of(type);
    fill_largest(kind->record, (char *)&message + kind->offset);
}

TEST(the_size_bounds_suffice_for_every_message)
{
    memset(letters, 'x', sizeof letters);
    struct codec *codec = codec_create();
    CHECK(codec != NULL);
    for (uint32_t type = MSG_NONE + 1; type < MESSAGE_TYPES; type++) {
        make_largest((enum message_type)type);
        if (fields_of(message.type)->sender == FIELD_BY_REPLY) {
            continue;
        }
        static uint8_t data[MESSAGE_SERVER_SIZE_MAX];
        if (message.type == MSG_guess) {
            message.guess.video = TEXT_NONE;
        }
        uint32_t size = codec_encode(&message, data, sizeof data);
        CHECK(size != 0);
        bool client = message_is_client(message.type);
        CHECK(!client || size <= MESSAGE_CLIENT_SIZE_MAX);
        struct text reason = TEXT_NONE;
        CHECK((client ? codec_decode_client(codec, data, size, &reason)
                      : codec_decode_server(codec, data, size, &reason)) != NULL);
        /* One byte less is not enough, and nothing is written behind it. */
        uint8_t *less = malloc(size - 1);
        CHECK(less != NULL);
        CHECK_INT(codec_encode(&message, less, size - 1), 0);
        free(less);
    }
    codec_destroy(codec);
}

TEST(json_of_every_record_parses_and_knows_when_it_does_not_fit)
{
    memset(letters, '\x01', sizeof letters); /* the longest escape */
    for (uint32_t type = MSG_NONE + 1; type < MESSAGE_TYPES; type++) {
        make_largest((enum message_type)type);
        static char text[131072];
        uint32_t size = codec_json(&message, text, sizeof text);
        CHECK(size != 0);
        json_t *json = json_loadb(text, size, 0, NULL);
        CHECK(json != NULL);
        json_decref(json);
        CHECK_INT(codec_json(&message, text, size), size);
        CHECK_INT(codec_json(&message, text, size - 1), 0);
    }
}

static struct text json_of(char *memory, uint32_t size_max)
{
    return (struct text){ memory, codec_json(&message, memory, size_max) };
}

TEST(json_of_a_player)
{
    char memory[1024];
    start(MSG_me);
    message.me.name = TEXT("A \"B\" \\ \n\x1f\x7f é");
    message.me.rating = -3;
    message.me.queue = (struct msg_me_queue){
        .status = TEXT("idle"), .since = MSG_NIL, .rating = MSG_NIL, .window = MSG_NIL,
        .waiting = MSG_NIL, .eta_ms = MSG_NIL, .expires_at = MSG_NIL,
    };
    CHECK_TEXT(json_of(memory, sizeof memory),
               "{\"id\":\"00000000-0000-0000-0000-000000000000\","
               "\"name\":\"A \\\"B\\\" \\\\ \\n\\u001f\\u007f é\",\"avatar\":null,"
               "\"country\":null,\"rating\":-3,\"wins\":0,\"losses\":0,\"draws\":0,\"match\":null,"
               "\"queue\":{\"status\":\"idle\",\"since\":null,\"rating\":null,\"window\":null,"
               "\"waiting\":null,\"eta_ms\":null,\"expires_at\":null},\"notice\":null}");
}

TEST(json_of_a_list_is_the_list)
{
    char memory[1024];
    start(MSG_search);
    CHECK_TEXT(json_of(memory, sizeof memory), "[]");
    message.search.items_count = 2;
    message.search.items[0] = (struct msg_video){ TEXT("a"), TEXT("B"), TEXT("C"), 0 };
    message.search.items[1] = (struct msg_video){ TEXT("d"), TEXT(""), TEXT("/"), 0 };
    CHECK_TEXT(json_of(memory, sizeof memory),
               "[{\"video\":\"a\",\"title\":\"B\",\"channel\":\"C\"},"
               "{\"video\":\"d\",\"title\":\"\",\"channel\":\"/\"}]");
}

TEST(array_heads)
{
    uint8_t head[CODEC_ARRAY_HEAD_SIZE_MAX];
    CHECK_INT(codec_array_head(2, head), 1);
    CHECK_INT(head[0], 0x92);
    CHECK_INT(codec_array_head(15, head), 1);
    CHECK_INT(codec_array_head(16, head), 3);
    CHECK(memcmp(head, "\xdc\x00\x10", 3) == 0);
    CHECK_INT(codec_array_head(65536, head), 5);
    CHECK(memcmp(head, "\xdd\x00\x01\x00\x00", 5) == 0);
}

TEST(names_and_sizes)
{
    CHECK(strcmp(message_name(MSG_client_rematch), "rematch") == 0);
    CHECK(strcmp(message_name(MSG_server_rematch), "rematch") == 0);
    CHECK(message_is_client(MSG_client_rematch) && !message_is_client(MSG_server_rematch));
    CHECK(!message_is_client(MSG_me));
    CHECK(message_size(MSG_pong) < 40);
    CHECK(message_size(MSG_welcome) > 1000 && message_size(MSG_welcome) <= sizeof message);
}

/* ---- what asserts ---- */

static bool aborts(void (*act)(void))
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        if (freopen("/dev/null", "w", stderr) == NULL) {
            _exit(1);
        }
        act();
        _exit(0);
    }
    int status = 0;
    return waitpid(child, &status, 0) == child && WIFSIGNALED(status) &&
           WTERMSIG(status) == SIGABRT;
}

static void encode(void)
{
    uint8_t data[4096];
    codec_encode(&message, data, sizeof data);
}

TEST(what_is_out_of_bounds_is_not_sent)
{
    start(MSG_rating);
    CHECK(!aborts(encode));
    message.rating.after = 100001;
    CHECK(aborts(encode));
    message.rating.after = MSG_NIL; /* not a field that may be nil */
    CHECK(aborts(encode));
    start(MSG_opponent);
    message.opponent.round = 1;
    CHECK(aborts(encode)); /* no status */
    message.opponent.status = TEXT("12345678901234567");
    CHECK(aborts(encode));
    message.opponent.status.size = 16;
    CHECK(!aborts(encode));
    start(MSG_suggestions);
    message.suggestions.items_count = 11;
    CHECK(aborts(encode));
    start(MSG_me); /* no message of a socket */
    CHECK(aborts(encode));
    start(MSG_NONE);
    CHECK(aborts(encode));
}

/* ---- the scan alone ---- */

/* msgpack-c would reserve gigabytes; the scan reads what is there and no more (ASan looks on). */
TEST(no_head_is_followed_beyond_the_end)
{
    for (uint32_t first = 0; first < 256; first++) {
        for (uint32_t size = 1; size <= 8; size++) {
            uint8_t *exact = malloc(size);
            CHECK(exact != NULL);
            memset(exact, 0xff, size);
            exact[0] = (uint8_t)first;
            struct text key;
            const char *wrong = scan_message(exact, size, &key);
            CHECK((wrong == NULL) == (first == 0x80 && size == 1));
            free(exact);
        }
    }
}

/* Keys that are all different cost the most: the bound on fields keeps that small. */
TEST(a_message_full_of_keys_is_refused_early)
{
    uint8_t data[MESSAGE_CLIENT_SIZE_MAX];
    memset(data, 0xc0, sizeof data);
    memcpy(data, "\xde\x04\x00", 3); /* 1,024 pairs */
    struct text key;
    const char *wrong = scan_message(data, sizeof data, &key);
    CHECK(wrong != NULL && strcmp(wrong, "too many fields") == 0);
}

TEST_MAIN
