/* Trigram similarity; the figures are those of PostgreSQL 15's similarity(). */
#include "unit/core/test_titles.h"
#include <duel/core/titles_catalogue.h>

TEST(figures_of_pg_trgm)
{
    CHECK_INT(titles_trigram_similarity(TEXT("word"), TEXT("two words")), 363636);
    CHECK_INT(titles_trigram_similarity(TEXT("cancao"), TEXT("cancao")), 1000000);
    CHECK_INT(titles_trigram_similarity(TEXT("cancao"), TEXT("xyz")), 0);
    CHECK_INT(titles_trigram_similarity(TEXT("a b c"), TEXT("c b a")), 1000000);
}

TEST(nothing_is_similar_to_nothing)
{
    CHECK_INT(titles_trigram_similarity(TEXT(""), TEXT("")), 0);
    CHECK_INT(titles_trigram_similarity(TEXT("a"), TEXT("")), 0);
}

TEST(trigrams_are_distinct_and_padded)
{
    uint32_t codes[TITLES_TRIGRAMS_MAX];
    CHECK_INT(titles_trigrams(TEXT("a"), codes), 2);    /* "  a", " a " */
    CHECK_INT(titles_trigrams(TEXT("abc"), codes), 4);  /* "  a", " ab", "abc", "bc " */
    CHECK_INT(titles_trigrams(TEXT("aaaaaaaa"), codes), 4);
    CHECK_INT(titles_trigrams(TEXT("a a a"), codes), 2);
    CHECK_INT(titles_trigrams(TEXT("中文"), codes), 3);
    for (uint32_t i = 1; i < 3; i++) {
        CHECK(codes[i - 1] < codes[i]);
    }
}

TEST(the_longest_text_fits)
{
    static char text[TITLES_NORMAL_SIZE_MAX];
    static uint32_t codes[TITLES_TRIGRAMS_MAX];
    for (uint32_t i = 0; i < sizeof(text); i++) {
        text[i] = i % 2 == 0 ? (char)('a' + i % 26) : ' ';
    }
    CHECK_INT(titles_trigrams((struct text){ text, sizeof(text) }, codes), 26);
}

TEST_MAIN
