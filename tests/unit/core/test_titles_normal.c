/* Normal forms (contract section 5): what stays, what goes, what becomes one. */
#include "unit/core/test_titles.h"
#include <duel/core/titles_normal.h>

static char memory[TITLES_NORMAL_SIZE_MAX];

static struct text normal(const char *text)
{
    struct text_buffer buffer;
    text_buffer_init(&buffer, memory, sizeof(memory));
    CHECK(titles_normalise(text_from(text), &buffer));
    return text_of(&buffer);
}

static struct text split(const char *text)
{
    struct text_buffer buffer;
    text_buffer_init(&buffer, memory, sizeof(memory));
    CHECK(normal_split(text_from(text), &buffer));
    return text_of(&buffer);
}

TEST(accents_and_case_go)
{
    CHECK_TEXT(normal("Canção"), "cancao");
    CHECK_TEXT(normal("CANC\u0327A\u0303O"), "cancao"); /* decomposed already */
    CHECK_TEXT(normal("À ÉÍÓÚ Ñ ü"), "a eiou n u");
    CHECK_TEXT(normal("Straße STRASSE ẞ"), "strasse strasse ss");
    CHECK_TEXT(normal("İstanbul"), "istanbul");
    CHECK_TEXT(normal("ΣΊΣΥΦΟΣ σίσυφος"), "σισυφοσ σισυφοσ");
    CHECK_TEXT(normal("Москва"), "москва");
}

TEST(compatibility_forms_become_plain)
{
    CHECK_TEXT(normal("ＦＵＬＬ　ｗｉｄｔｈ　１２"), "full width 12");
    CHECK_TEXT(normal("ﬁnal ﬀ ĳ"), "final ff ij");
    CHECK_TEXT(normal("x² ½ ① 1º"), "x2 12 1 1o");
    CHECK_TEXT(normal("𝐁𝐨𝐥𝐝 𝟙𝟚"), "bold 12");
    CHECK_TEXT(normal("\uac00"), "\u1100\u1161"); /* Hangul into its letters */
}

TEST(letters_and_digits_of_every_script_stay)
{
    CHECK_TEXT(normal("中文 日本 ไทย"), "中文 日本 ไทย");
    CHECK_TEXT(normal("١٢٣"), "١٢٣");
    CHECK_TEXT(normal("が"), "か");       /* the voicing mark is a mark (Mn) */
    CHECK_TEXT(normal("हिन्दी"), "हनद"); /* vowel signs are marks (Mc) */
}

TEST(punctuation_symbols_and_format_characters_join)
{
    CHECK_TEXT(normal("Spider-Man: No Way Home!"), "spiderman no way home");
    CHECK_TEXT(normal("don't | stop"), "dont stop");
    CHECK_TEXT(normal("a\u200bb\u200dc\u00add\ufeffe"), "abcde");
    CHECK_TEXT(normal("🔥Fire🔥 $100 ©"), "fire 100");
    CHECK_TEXT(normal("a\x01" "b\x7f"), "ab");
    CHECK_TEXT(normal("a\ue000b"), "ab"); /* private use */
}

TEST(white_space_is_one_space)
{
    CHECK_TEXT(normal("  a \t\n b\u00a0\u3000c\u2028d\xc2\x85" "e  "), "a b c d e");
    CHECK_TEXT(normal("a - b"), "a b");
    CHECK_TEXT(normal("- a -"), "a");
}

TEST(nothing_is_left_of_some)
{
    CHECK_TEXT(normal(""), "");
    CHECK_TEXT(normal(" \t "), "");
    CHECK_TEXT(normal("?! 🔥 …"), "");
}

TEST(split_form_parts_at_punctuation)
{
    CHECK_TEXT(split("Spider-Man: No"), "spider man no");
    CHECK_TEXT(split("Rio🔥Canção (ao vivo)"), "rio cancao ao vivo");
    CHECK_TEXT(split("c\u0327a\u200bb"), "cab"); /* marks and format characters do not part */
}

TEST(what_does_not_fit_or_is_no_utf8_is_refused)
{
    char small[4];
    struct text_buffer buffer;
    text_buffer_init(&buffer, small, sizeof(small));
    CHECK(titles_normalise(TEXT("a b "), &buffer));
    CHECK_INT(buffer.size, 3);
    CHECK(!titles_normalise(TEXT("cd"), &buffer));
    CHECK_INT(buffer.size, 3);
    CHECK(titles_normalise(TEXT("d"), &buffer)); /* appended as a text of its own */
    CHECK_TEXT(text_of(&buffer), "a bd");
    text_buffer_init(&buffer, small, sizeof(small));
    CHECK(!titles_normalise(TEXT("\xff"), &buffer));
    CHECK(!titles_normalise(TEXT("a\xc3"), &buffer));
    CHECK_INT(buffer.size, 0);
}

TEST(digits_of_all_scripts_have_their_value)
{
    CHECK_INT(normal_digit('7'), 7);
    CHECK_INT(normal_digit(0x665), 5);   /* Arabic-Indic */
    CHECK_INT(normal_digit(0x96f), 9);   /* Devanagari */
    CHECK_INT(normal_digit(0xff10), 0);  /* full width */
    CHECK_INT(normal_digit(0x1d7e3), 1); /* mathematical, behind two other runs */
    CHECK_INT(normal_digit('a'), -1);
    CHECK_INT(normal_digit(0xb2), -1); /* superscript two is no decimal digit */
}

TEST(normal_form_is_its_own_normal_form)
{
    char text_memory[4 * 60];
    char again_memory[TITLES_NORMAL_SIZE_MAX];
    struct rng rng;
    rng_seed(&rng, 1);
    for (uint32_t i = 0; i < 20000; i++) {
        struct text text = random_text(&rng, text_memory, rng_below(&rng, 60), i % 4 != 0);
        struct text_buffer once, again;
        text_buffer_init(&once, memory, sizeof(memory));
        text_buffer_init(&again, again_memory, sizeof(again_memory));
        CHECK(titles_normalise(text, &once));
        CHECK(text_is_utf8(text_of(&once)));
        CHECK(titles_normalise(text_of(&once), &again));
        CHECK(text_equal(text_of(&once), text_of(&again)));
    }
}

TEST(split_form_without_spaces_is_normal_form_without_spaces)
{
    char text_memory[4 * 60];
    char split_memory[TITLES_NORMAL_SIZE_MAX];
    struct rng rng;
    rng_seed(&rng, 2);
    for (uint32_t i = 0; i < 5000; i++) {
        struct text text = random_text(&rng, text_memory, rng_below(&rng, 60), i % 2 != 0);
        struct text_buffer joined, parted;
        text_buffer_init(&joined, memory, sizeof(memory));
        text_buffer_init(&parted, split_memory, sizeof(split_memory));
        CHECK(titles_normalise(text, &joined) && normal_split(text, &parted));
        uint32_t at = 0;
        for (uint32_t k = 0; k < parted.size; k++) {
            if (parted.data[k] != ' ') {
                at += at < joined.size && joined.data[at] == ' ';
                CHECK(at < joined.size && joined.data[at] == parted.data[k]);
                at++;
            }
        }
        CHECK_INT(at, joined.size);
    }
}

TEST_MAIN
