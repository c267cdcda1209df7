/* Log lines: their shape, and that nobody outside can forge one. */
#include "test.h"
#include "capture.h"

#include <duel/io/log.h>

static char *line_of(enum log_level level, const char *event, const struct log_field *fields)
{
    struct capture capture;
    capture_begin(&capture, STDERR_FILENO);
    log_fields(level, event, fields);
    return capture_end(&capture);
}

/* What follows "level=info " when `value` is logged as k. */
static char *logged(struct text value)
{
    const struct log_field fields[] = {
        { .key = "k", .kind = LOG_FIELD_TEXT, .text = value },
        { .key = NULL },
    };
    char *line = line_of(LOG_LEVEL_INFO, "e", fields);
    const char *rest = strstr(line, "event=e");
    CHECK(rest != NULL);
    memmove(line, rest + 7, strlen(rest + 7) + 1);
    return line;
}

static void check_logged(struct text value, const char *expected)
{
    char *line = logged(value);
    CHECK_TEXT(text_from(line), expected);
    free(line);
}

TEST(a_line_has_time_level_event_and_fields)
{
    const struct log_field fields[] = {
        { .key = "match", .kind = LOG_FIELD_UUID, .uuid = { { 0xab, [15] = 1 } } },
        { .key = "player", .kind = LOG_FIELD_UUID }, /* none */
        { .key = "value", .kind = LOG_FIELD_INT, .number = -5 },
        { .key = "detail", .kind = LOG_FIELD_TEXT, .text = TEXT("two words") },
        { .key = "other", .kind = LOG_FIELD_TEXT }, /* none */
        { .key = NULL },
    };
    char *line = line_of(LOG_LEVEL_WARN, "match made", fields);
    int year, month, day, hour, minute, second, ms, end = 0;
    CHECK(sscanf(line, "time=%4d-%2d-%2dT%2d:%2d:%2d.%3dZ%n", &year, &month, &day, &hour, &minute,
                 &second, &ms, &end) == 7);
    CHECK_INT(end, 29);
    CHECK_TEXT(text_from(line + end),
               " level=warn event=\"match made\" match=ab000000-0000-0000-0000-000000000001"
               " value=-5 detail=\"two words\"\n");
    free(line);
}

TEST(plain_words_are_bare_and_others_quoted)
{
    check_logged(TEXT("plain/word.1-2_3:x"), " k=plain/word.1-2_3:x\n");
    check_logged(TEXT(""), " k=\"\"\n");
    check_logged(TEXT("a b"), " k=\"a b\"\n");
    check_logged(TEXT("a=b"), " k=\"a=b\"\n");
    check_logged(TEXT("say \"x\" \\"), " k=\"say \\\"x\\\" \\\\\"\n");
    check_logged(TEXT("Canção 東京 😀"), " k=\"Canção 東京 😀\"\n");
}

TEST(a_line_cannot_be_forged)
{
    check_logged(TEXT("x\ntime=2026 level=error event=forged"),
                 " k=\"x\\ntime=2026 level=error event=forged\"\n");
    check_logged(TEXT("x\r\ty"), " k=\"x\\r\\ty\"\n");
    check_logged(TEXT("x\" event=forged"), " k=\"x\\\" event=forged\"\n");
    check_logged((struct text){ "a\0b", 3 }, " k=\"a\\u0000b\"\n");
    check_logged(TEXT("\x1b[2J\x7f"), " k=\"\\u001b[2J\\u007f\"\n");
    check_logged(TEXT("\xc2\x85\u2028\u202e\ufeff"), " k=\"\\u0085\\u2028\\u202e\\ufeff\"\n");
    check_logged(TEXT("\xff\xc3(\xed\xa0\x80"), " k=\"\\ufffd\\ufffd(\\ufffd\\ufffd\\ufffd\"\n");
    check_logged(TEXT("\xf0\x9f\x98"), " k=\"\\ufffd\\ufffd\\ufffd\"\n");
}

TEST(no_byte_breaks_the_line)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        char value[3] = { 'a', (char)byte, 'b' };
        char *line = logged((struct text){ value, 3 });
        size_t size = strlen(line);
        CHECK(size > 0 && line[size - 1] == '\n');
        for (size_t i = 0; i + 1 < size; i++) {
            CHECK((unsigned char)line[i] >= ' ' && line[i] != '\x7f');
        }
        free(line);
    }
}

TEST(long_texts_are_cut_at_a_code_point)
{
    char value[4000];
    for (uint32_t i = 0; i < sizeof value; i += 2) {
        memcpy(value + i, "é", 2);
    }
    char *line = logged((struct text){ value, sizeof value });
    CHECK(strlen(line) < LOG_LINE_SIZE_MAX);
    CHECK(text_is_utf8(text_from(line)));
    CHECK(strcmp(line + strlen(line) - 5, "…\"\n") == 0);
    free(line);
}

TEST(a_line_is_bounded_and_says_what_it_lacks)
{
    char value[4000];
    memset(value, '\x01', sizeof value);
    const struct text long_text = { value, sizeof value };
    const struct log_field fields[] = {
        { .key = "a", .kind = LOG_FIELD_TEXT, .text = long_text },
        { .key = "b", .kind = LOG_FIELD_INT, .number = 1 },
        { .key = NULL },
    };
    char *line = line_of(LOG_LEVEL_ERROR, "e", fields);
    CHECK(strstr(line, " event=e b=1 cut=true\n") != NULL);
    free(line);

    struct log_field many[101] = { 0 };
    memset(value, 'x', sizeof value);
    for (uint32_t i = 0; i < 100; i++) {
        many[i] = (struct log_field){ .key = "k", .kind = LOG_FIELD_TEXT, .text = { value, 37 } };
    }
    line = line_of(LOG_LEVEL_ERROR, "e", many);
    CHECK(strlen(line) <= LOG_LINE_SIZE_MAX && strlen(line) > LOG_LINE_SIZE_MAX - 60);
    CHECK(strcmp(line + strlen(line) - 10, " cut=true\n") == 0);
    free(line);
}

TEST(levels)
{
    enum log_level level = LOG_LEVEL_WARN;
    CHECK(!log_parse_level("Info", &level) && !log_parse_level("", &level));
    CHECK_INT(level, LOG_LEVEL_WARN);
    CHECK(log_parse_level("debug", &level) && level == LOG_LEVEL_DEBUG);
    char *line = line_of(LOG_LEVEL_DEBUG, "e", NULL);
    CHECK(line[0] == '\0');
    free(line);
    log_set_level(LOG_LEVEL_DEBUG);
    line = line_of(LOG_LEVEL_DEBUG, "e", NULL);
    CHECK(strstr(line, " level=debug event=e\n") != NULL);
    free(line);
    log_set_level(LOG_LEVEL_ERROR);
    line = line_of(LOG_LEVEL_WARN, "e", NULL);
    CHECK(line[0] == '\0');
    free(line);
    log_set_level(LOG_LEVEL_INFO);
}

TEST(short_forms)
{
    struct capture capture;
    capture_begin(&capture, STDERR_FILENO);
    log_line(LOG_LEVEL_INFO, "stopped");
    log_text(LOG_LEVEL_INFO, "listening", "address", "[::1]:4100");
    log_text(LOG_LEVEL_INFO, "none", "address", NULL);
    log_number(LOG_LEVEL_INFO, "read", "videos", 12);
    char *text = capture_end(&capture);
    CHECK(strstr(text, " level=info event=stopped\n") != NULL);
    CHECK(strstr(text, " event=listening address=[::1]:4100\n") != NULL);
    CHECK(strstr(text, " event=none\n") != NULL);
    CHECK(strstr(text, " event=read videos=12\n") != NULL);
    free(text);
}

TEST_MAIN
