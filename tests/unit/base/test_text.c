/* Text views, buffers, UTF-8 and names; UUIDs. */
#include "test.h"
#include <duel/base/text.h>
#include <duel/base/uuid.h>

TEST(a_missing_text_is_not_an_empty_one)
{
    CHECK(text_equal(TEXT("a"), TEXT("a")));
    CHECK(!text_equal(TEXT("a"), TEXT("b")));
    CHECK(!text_equal(TEXT("a"), TEXT("ab")));
    CHECK(text_equal(TEXT_NONE, TEXT_NONE));
    CHECK(!text_equal(TEXT_NONE, TEXT("")));
}

TEST(a_buffer_holds_what_fits_and_says_when_it_is_full)
{
    char memory[8];
    struct text_buffer buffer;
    text_buffer_init(&buffer, memory, sizeof memory);
    text_append(&buffer, TEXT("abc"));
    text_append_int(&buffer, -42);
    CHECK_TEXT(text_of(&buffer), "abc-42");
    text_append(&buffer, TEXT("xyz"));
    CHECK(buffer.full);
    text_append(&buffer, TEXT("x"));
    CHECK_TEXT(text_of(&buffer), "abc-42");
}

TEST(integers_to_their_ends)
{
    char memory[64];
    struct text_buffer buffer;
    text_buffer_init(&buffer, memory, sizeof memory);
    text_append_int(&buffer, INT64_MIN);
    CHECK_TEXT(text_of(&buffer), "-9223372036854775808");
    buffer.size = 0;
    text_append_int(&buffer, INT64_MAX);
    CHECK_TEXT(text_of(&buffer), "9223372036854775807");
    buffer.size = 0;
    text_append_int(&buffer, 0);
    CHECK_TEXT(text_of(&buffer), "0");
}

TEST(utf8_is_checked_by_rfc_3629)
{
    CHECK(text_is_utf8(TEXT("")));
    CHECK(text_is_utf8(TEXT("Cançã\xf0\x9f\x8f\x86\xf4\x8f\xbf\xbf")));
    CHECK(!text_is_utf8(TEXT("\x80")));
    CHECK(!text_is_utf8(TEXT("\xc0\xaf")));         /* overlong */
    CHECK(!text_is_utf8(TEXT("\xe0\x80\xaf")));     /* overlong */
    CHECK(!text_is_utf8(TEXT("\xf0\x80\x80\xaf"))); /* overlong */
    CHECK(!text_is_utf8(TEXT("\xed\xa0\x80")));     /* surrogate */
    CHECK(!text_is_utf8(TEXT("\xf4\x90\x80\x80"))); /* over U+10FFFF */
    CHECK(!text_is_utf8(TEXT("\xf5\x80\x80\x80")));
    CHECK(!text_is_utf8(TEXT("\xe2\x82")));         /* cut */
    CHECK(!text_is_utf8(TEXT("\xe2\x28\xa1")));
}

TEST(names_lose_control_characters_and_are_cut_in_code_points)
{
    char memory[64];
    struct text_buffer buffer;
    text_buffer_init(&buffer, memory, sizeof memory);
    text_append_name(&buffer, TEXT("A\x01n\xc2\x85\x7f" "a"), 32);
    CHECK_TEXT(text_of(&buffer), "Ana");
    buffer.size = 0;
    text_append_name(&buffer, TEXT("çãéõ"), 3);
    CHECK_TEXT(text_of(&buffer), "çãé");
    buffer.size = 0;
    text_append_name(&buffer, TEXT("x\xffy"), 32);
    CHECK_TEXT(text_of(&buffer), "x\xef\xbf\xbdy");
    buffer.size = 0;
    text_append_name(&buffer, TEXT("\xe2\x80\xae" "ana\xe2\x81\xa6"), 32); /* U+202E, U+2066 */
    CHECK_TEXT(text_of(&buffer), "ana");
}

TEST(uuids_there_and_back)
{
    struct uuid uuid;
    char text[UUID_TEXT_SIZE + 1];
    CHECK(uuid_parse(TEXT("0123ABCD-4567-89ef-0123-456789abcdef"), &uuid));
    uuid_format(&uuid, text);
    CHECK_TEXT(text_from(text), "0123abcd-4567-89ef-0123-456789abcdef");
    CHECK(!uuid_parse(TEXT("0123abcd-4567-89ef-0123-456789abcde"), &uuid));
    CHECK(!uuid_parse(TEXT("0123abcd-4567-89ef-0123-456789abcdeg"), &uuid));
    CHECK(!uuid_parse(TEXT("0123abcd04567-89ef-0123-456789abcdef"), &uuid));
    CHECK(!uuid_is_none(&uuid));
}

TEST(random_uuids_are_version_4)
{
    char text[UUID_TEXT_SIZE + 1];
    struct uuid uuid = uuid_random(UINT64_MAX, UINT64_MAX);
    uuid_format(&uuid, text);
    CHECK_TEXT(text_from(text), "ffffffff-ffff-4fff-bfff-ffffffffffff");
}

TEST_MAIN
