/* logfmt lines on standard error, each by one write(). It refuses to know what is worth a line. */
#include <duel/io/log.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define VALUE_SIZE_MAX 400 /* bytes of a text before escaping; the rest is cut */
#define ESCAPED_SIZE_MAX (6 * VALUE_SIZE_MAX + 8)
#define CUT " cut=true"

static enum log_level level_min = LOG_LEVEL_INFO;

static log_tap *tap;
static void *tap_context;

static const char *const level_words[] = {
    [LOG_LEVEL_DEBUG] = "debug",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_WARN] = "warn",
    [LOG_LEVEL_ERROR] = "error",
};

void log_set_level(enum log_level level)
{
    level_min = level;
}

void log_set_tap(log_tap *new_tap, void *context)
{
    tap = new_tap;
    tap_context = context;
}

bool log_parse_level(const char *word, enum log_level *ret_level)
{
    for (uint32_t i = 0; i < sizeof level_words / sizeof level_words[0]; i++) {
        if (strcmp(word, level_words[i]) == 0) {
            *ret_level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

/* ---- values ---- */

/* The code point at the start of `text` and its bytes; 0 bytes when it is not UTF-8. */
static uint32_t decode(struct text text, uint32_t *ret_code)
{
    uint8_t lead = (uint8_t)text.data[0];
    uint32_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (size > text.size || !text_is_utf8((struct text){ text.data, size })) {
        return 0;
    }
    uint32_t code = size == 1 ? lead : lead & (0x7fU >> size);
    for (uint32_t i = 1; i < size; i++) {
        code = code << 6 | ((uint8_t)text.data[i] & 0x3fU);
    }
    *ret_code = code;
    return size;
}

/* What would end a line, reorder it on a screen, or stay unseen. */
static bool is_hidden(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code <= 0xa0) || code == 0xad || code == 0x61c ||
           (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2060 && code <= 0x206f) || code == 0xfeff;
}

static void append_escape(struct text_buffer *out, uint32_t code)
{
    static const char hex[] = "0123456789abcdef";
    if (code == '\n' || code == '\r' || code == '\t') {
        text_append(out, code == '\n' ? TEXT("\\n") : code == '\r' ? TEXT("\\r") : TEXT("\\t"));
        return;
    }
    char escape[6] = { '\\', 'u', hex[code >> 12 & 15], hex[code >> 8 & 15], hex[code >> 4 & 15],
                       hex[code & 15] };
    text_append(out, (struct text){ escape, sizeof escape });
}

static bool is_bare(struct text text)
{
    for (uint32_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (c <= ' ' || c > '~' || c == '"' || c == '\\' || c == '=') {
            return false;
        }
    }
    return text.size > 0;
}

/* Bare when it is one plain word, else quoted with JSON's escapes. */
static void append_value(struct text_buffer *out, struct text text)
{
    if (is_bare(text) && text.size <= VALUE_SIZE_MAX) {
        text_append(out, text);
        return;
    }
    text_append(out, TEXT("\""));
    uint32_t left = VALUE_SIZE_MAX;
    while (text.size > 0) {
        uint32_t code = 0xfffd;
        uint32_t size = decode(text, &code);
        uint32_t step = size == 0 ? 1 : size;
        if (step > left) {
            text_append(out, TEXT("…"));
            break;
        }
        if (code == '"' || code == '\\') {
            text_append(out, TEXT("\\"));
        }
        if (size == 0 || is_hidden(code)) {
            append_escape(out, code);
        } else {
            text_append(out, (struct text){ text.data, size });
        }
        text.data += step;
        text.size -= step;
        left -= step;
    }
    text_append(out, TEXT("\""));
}

/* ---- lines ---- */

static void append_time(struct text_buffer *out)
{
    struct timespec now;
    struct tm date;
    char text[80];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &date);
    int size = snprintf(text, sizeof text, "time=%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
                        date.tm_year + 1900, date.tm_mon + 1, date.tm_mday, date.tm_hour,
                        date.tm_min, date.tm_sec, (int)(now.tv_nsec / 1000000));
    text_append(out, (struct text){ text, (uint32_t)size });
}

/* ` key=value`; nothing when there is no value. */
static void append_field(struct text_buffer *out, const struct log_field *field)
{
    char id[UUID_TEXT_SIZE + 1];
    bool absent = (field->kind == LOG_FIELD_TEXT && field->text.data == NULL) ||
                  (field->kind == LOG_FIELD_UUID && uuid_is_none(&field->uuid));
    if (absent) {
        return;
    }
    text_append(out, TEXT(" "));
    text_append(out, text_from(field->key));
    text_append(out, TEXT("="));
    switch (field->kind) {
    case LOG_FIELD_TEXT:
        append_value(out, field->text);
        return;
    case LOG_FIELD_INT:
        text_append_int(out, field->number);
        return;
    case LOG_FIELD_UUID:
        uuid_format(&field->uuid, id);
        text_append(out, (struct text){ id, UUID_TEXT_SIZE });
        return;
    }
}

static void write_all(const char *data, uint32_t size)
{
    while (size > 0) {
        ssize_t written = write(STDERR_FILENO, data, size);
        if (written <= 0) {
            return; /* nobody reads the log: there is nobody to tell */
        }
        data += written;
        size -= (uint32_t)written;
    }
}

void log_fields(enum log_level level, const char *event, const struct log_field *fields)
{
    if (tap != NULL) {
        tap(tap_context, level, event, fields);
    }
    if (level < level_min) {
        return;
    }
    char line[LOG_LINE_SIZE_MAX];
    struct text_buffer out;
    text_buffer_init(&out, line, sizeof line - strlen(CUT "\n"));
    append_time(&out);
    text_append(&out, TEXT(" level="));
    text_append(&out, text_from(level_words[level]));

    /* A field goes in whole or not at all, so that its end cannot be taken for something else. */
    struct log_field first = { .key = "event", .kind = LOG_FIELD_TEXT, .text = text_from(event) };
    const struct log_field *next = &first;
    bool cut = false;
    while (next != NULL && next->key != NULL) {
        char field[ESCAPED_SIZE_MAX];
        struct text_buffer one;
        text_buffer_init(&one, field, sizeof field);
        append_field(&one, next);
        if (one.full || one.size > out.size_max - out.size) {
            cut = true;
        } else {
            text_append(&out, text_of(&one));
        }
        next = next == &first ? fields : next + 1;
    }
    out.size_max = sizeof line;
    text_append(&out, cut ? TEXT(CUT "\n") : TEXT("\n"));
    write_all(out.data, out.size);
}

void log_line(enum log_level level, const char *event)
{
    log_fields(level, event, NULL);
}

void log_text(enum log_level level, const char *event, const char *key, const char *value)
{
    const struct log_field fields[] = {
        { .key = key, .kind = LOG_FIELD_TEXT, .text = text_from(value) },
        { .key = NULL },
    };
    log_fields(level, event, fields);
}

void log_number(enum log_level level, const char *event, const char *key, int64_t value)
{
    const struct log_field fields[] = {
        { .key = key, .kind = LOG_FIELD_INT, .number = value },
        { .key = NULL },
    };
    log_fields(level, event, fields);
}
