/* A finished match as the JSON argument of duel_store_match() (contract section 7).
 *
 * `rounds` in it is stored as it stands. Texts of players are data: escaped, U+0000 (which jsonb
 * cannot hold) replaced by U+FFFD, and what is not UTF-8 left out, so that no guess can keep a
 * match from being stored. */
#include <duel/base/assert.h>
#include <duel/io/pg_private.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct json {
    char *data;
    size_t size;
    size_t size_max;
    bool failed; /* no memory; nothing is written any more */
};

static bool make_room(struct json *json, size_t more)
{
    if (json->failed || json->size_max - json->size > more) {
        return !json->failed;
    }
    size_t size_max = (json->size_max + more) * 2;
    char *data = realloc(json->data, size_max);
    if (data == NULL) {
        json->failed = true;
        return false;
    }
    json->data = data;
    json->size_max = size_max;
    return true;
}

/* At most 200 bytes at a time. */
__attribute__((format(printf, 2, 3))) static void put(struct json *json, const char *format, ...)
{
    if (!make_room(json, 256)) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(json->data + json->size, 256, format, arguments);
    va_end(arguments);
    ASSERT(size >= 0 && size < 256);
    json->size += (size_t)size;
}

/* One byte of a string; at most 6 are written. Returns how many. */
static size_t escape(unsigned char byte, char *ret_text)
{
    static const char hex[] = "0123456789abcdef";
    if (byte == 0) {
        memcpy(ret_text, "\\ufffd", 6);
        return 6;
    }
    if (byte < 0x20) {
        memcpy(ret_text, "\\u00", 4);
        ret_text[4] = hex[byte >> 4];
        ret_text[5] = hex[byte & 15];
        return 6;
    }
    size_t size = 0;
    if (byte == '"' || byte == '\\') {
        ret_text[size++] = '\\';
    }
    ret_text[size++] = (char)byte;
    return size;
}

static void put_text(struct json *json, struct text text)
{
    if (text.data == NULL || !text_is_utf8(text)) {
        put(json, "null");
        return;
    }
    put(json, "\"");
    if (!make_room(json, 6 * (size_t)text.size)) {
        return;
    }
    for (uint32_t i = 0; i < text.size; i++) {
        json->size += escape((unsigned char)text.data[i], json->data + json->size);
    }
    put(json, "\"");
}

static void put_uuid(struct json *json, const struct uuid *uuid)
{
    if (uuid_is_none(uuid)) {
        put(json, "null");
        return;
    }
    char text[UUID_TEXT_SIZE + 1];
    uuid_format(uuid, text);
    put(json, "\"%s\"", text);
}

static void put_ms(struct json *json, uint32_t ms)
{
    if (ms == MATCH_NO_TIME) {
        put(json, "null");
    } else {
        put(json, "%" PRIu32, ms);
    }
}

static void put_winner(struct json *json, int8_t winner)
{
    if (winner == MATCH_NOBODY) {
        put(json, "null");
    } else {
        put(json, "%d", winner);
    }
}

static const char *boolean(bool value)
{
    return value ? "true" : "false";
}

/* The last guess of a seat in a round as it was sent: its text, or the id of the video chosen. */
static struct text last_guess(const struct hub_result *result, uint32_t round, uint8_t slot)
{
    struct text last = TEXT_NONE;
    for (uint32_t i = 0; i < result->guesses_count; i++) {
        const struct hub_guess *guess = &result->guesses[i];
        if (guess->round == round && guess->slot == slot) {
            last = guess->text;
        }
    }
    return last;
}

static void put_guesses(struct json *json, const struct hub_result *result, uint32_t round)
{
    const char *comma = "";
    put(json, "[");
    for (uint32_t i = 0; i < result->guesses_count; i++) {
        const struct hub_guess *guess = &result->guesses[i];
        if (guess->round != round) {
            continue;
        }
        ASSERT(guess->slot < 2);
        put(json, "%s{\"slot\":%d,\"seq\":%" PRIu32 ",\"%s\":", comma, guess->slot, guess->seq,
            guess->is_video ? "video" : "text");
        put_text(json, guess->text);
        put(json, ",\"similarity\":%" PRIu32 ".%06" PRIu32, guess->similarity / 1000000,
            guess->similarity % 1000000);
        put(json, ",\"ms\":%" PRIu32 ",\"raw_ms\":%" PRIu32 "}", guess->ms, guess->raw_ms);
        comma = ",";
    }
    put(json, "]");
}

static void put_round(struct json *json, const struct hub_result *result, uint32_t index)
{
    const struct hub_round *round = &result->rounds[index];
    const struct match_round *played = &round->played;
    put(json, "{\"round\":%" PRIu32 ",\"frame_id\":", index + 1);
    put_uuid(json, &round->frame);
    put(json, ",\"video_id\":");
    put_text(json, round->video);
    put(json, ",\"title\":");
    put_text(json, round->title);
    put(json, ",\"p1_guess\":");
    put_text(json, last_guess(result, index + 1, 0));
    put(json, ",\"p2_guess\":");
    put_text(json, last_guess(result, index + 1, 1));
    put(json, ",\"p1_time\":");
    put_ms(json, played->ms[0]);
    put(json, ",\"p2_time\":");
    put_ms(json, played->ms[1]);
    put(json, ",\"winner\":");
    put_winner(json, played->winner);
    put(json, ",\"guesses\":");
    put_guesses(json, result, index + 1);
    put(json, ",\"suspect\":[%s,%s]}", boolean(played->suspect[0]), boolean(played->suspect[1]));
}

char *pg_json_result(const struct hub_result *result, uint32_t *ret_size)
{
    ASSERT(result->rounds_count <= MATCH_ROUNDS_MAX);
    ASSERT(!uuid_equal(&result->player[0], &result->player[1]));
    struct json json = { NULL, 0, 0, false };
    put(&json, "{\"match\":");
    put_uuid(&json, &result->match);
    put(&json, ",\"fence\":%" PRIu64, result->fence);
    put(&json, ",\"p1\":");
    put_uuid(&json, &result->player[0]);
    put(&json, ",\"p2\":");
    put_uuid(&json, &result->player[1]);
    put(&json, ",\"rated\":%s,\"reason\":\"%s\",\"winner\":", boolean(result->rated),
        match_reason_word(result->reason));
    put_winner(&json, result->winner);
    put(&json, ",\"best_of\":%" PRIu32 ",\"score\":[%" PRIu32 ",%" PRIu32 "]", result->best_of,
        result->score[0], result->score[1]);
    put(&json, ",\"points\":[%" PRIu32 ",%" PRIu32 "]", result->points[0], result->points[1]);
    put(&json, ",\"started_ms\":%" PRId64 ",\"completed_ms\":%" PRId64, result->started_ms,
        result->completed_ms);
    put(&json, ",\"won_ms\":");
    put_ms(&json, result->won_ms);
    put(&json, ",\"rounds\":[");
    for (uint32_t i = 0; i < result->rounds_count; i++) {
        put(&json, i == 0 ? "" : ",");
        put_round(&json, result, i);
    }
    put(&json, "]}");
    if (json.failed) {
        free(json.data);
        return NULL;
    }
    *ret_size = (uint32_t)json.size;
    return json.data;
}

char *pg_json_hex(struct text bytes)
{
    static const char hex[] = "0123456789abcdef";
    char *text = malloc(2 * (size_t)bytes.size + 1);
    if (text == NULL) {
        return NULL;
    }
    for (uint32_t i = 0; i < bytes.size; i++) {
        text[2 * i] = hex[(uint8_t)bytes.data[i] >> 4];
        text[2 * i + 1] = hex[(uint8_t)bytes.data[i] & 15];
    }
    text[2 * (size_t)bytes.size] = '\0';
    return text;
}
