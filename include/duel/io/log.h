/* Log lines on standard error, one event a line, in logfmt:
 *   time=2026-11-22T16:00:00.123Z level=info event="match made" match=… player=…
 *
 * Values with spaces or quotes are quoted and escaped, control characters too, so a peer cannot
 * forge a line. Tokens, tickets, guesses and titles of running rounds never go in. At most
 * LOG_LINE_SIZE_MAX bytes: long texts are cut, and a field that does not fit is left out and the
 * line marked cut=true. A text or UUID that is none is left out. */
#ifndef DUEL_IO_LOG_H
#define DUEL_IO_LOG_H

#include <duel/base/text.h>
#include <duel/base/uuid.h>

#define LOG_LINE_SIZE_MAX 1024

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

/* A field of a line; `key == NULL` ends the list. Keys and events are ours and plain. */
struct log_field {
    const char *key;
    enum { LOG_FIELD_TEXT, LOG_FIELD_INT, LOG_FIELD_UUID } kind;
    struct text text;
    int64_t number;
    struct uuid uuid;
};

void log_set_level(enum log_level level);
/* "debug", "info", "warn", "error"; false for anything else. */
bool log_parse_level(const char *word, enum log_level *ret_level);

/* Called with each line, written or not, before it is; one at a time; NULL: nobody. It may itself
 * log at LOG_LEVEL_DEBUG only. */
typedef void log_tap(void *context, enum log_level level, const char *event,
                     const struct log_field *fields);
void log_set_tap(log_tap *tap, void *context);

/* Writes one line. `fields` may be NULL, else ends with a field without key. */
void log_fields(enum log_level level, const char *event, const struct log_field *fields);
/* The common shapes. */
void log_line(enum log_level level, const char *event);
void log_text(enum log_level level, const char *event, const char *key, const char *value);
void log_number(enum log_level level, const char *event, const char *key, int64_t value);

#endif
