/* Is a guess right: every sentence of contract section 5 about guesses. */
#include "unit/core/test_titles.h"
#include <duel/core/titles_catalogue.h>
#include <duel/core/titles_normal.h>

enum { CANCAO, EPISODE, OTHER_EPISODE, LONG, NEAR_LONG, EMOJI, EMOJI_TOO, REUPLOAD, ARABIC };

static const struct titles_row rows[] = {
    [CANCAO] = ROW("cancao", "Canção do Mar", "Dulce", 10),
    [EPISODE] = ROW("ep12", "Minha Novela Favorita Ep. 12", "Novelas", 10),
    [OTHER_EPISODE] = ROW("ep13", "Minha Novela Favorita Ep. 13", "Novelas", 10),
    [LONG] = ROW("long", "Abcdefghij Klmnopqrst", "x", 10), /* 21 code points */
    [NEAR_LONG] = ROW("near", "Abcdefghij Klmnopqrss", "x", 10),
    [EMOJI] = ROW("emoji", "🔥🔥🔥", "x", 10),
    [EMOJI_TOO] = ROW("emoji2", "!!!", "x", 10),
    [REUPLOAD] = ROW("again", "CANCAO, do mar!", "Somebody", 5),
    [ARABIC] = ROW("arabic", "abcdefghijklmnop ١٢", "x", 1),
};
static struct titles *titles;

__attribute__((constructor)) static void create(void)
{
    titles = titles_create(rows, COUNT(rows), NULL);
}

__attribute__((destructor)) static void destroy(void)
{
    titles_destroy(titles);
}

#define CHECK_TEXT_GUESS(answer, guess, is_correct, is_similarity)                            \
    do {                                                                                      \
        struct titles_verdict v = titles_judge_text(titles, answer, text_from(guess));        \
        CHECK_INT(v.correct, is_correct);                                                     \
        CHECK_INT(v.similarity, is_similarity);                                               \
    } while (0)

TEST(equal_normal_forms_are_right)
{
    CHECK_TEXT_GUESS(CANCAO, "Canção do Mar", true, 1000000);
    CHECK_TEXT_GUESS(CANCAO, "  cancao DO   mar?! ", true, 1000000);
}

TEST(at_least_085_is_right)
{
    /* 13 code points: one wrong is 12/13, two wrong are 11/13. */
    CHECK_TEXT_GUESS(CANCAO, "cansao do mar", true, 923076);
    CHECK_TEXT_GUESS(CANCAO, "cansao do mer", false, 846153);
    CHECK_TEXT_GUESS(CANCAO, "cancao", false, 461538);
    /* 21 code points: three wrong are 18/21 = 0.857142. */
    CHECK_TEXT_GUESS(LONG, "xbcdefghij klmnxpqrsx", true, 857142);
    CHECK_TEXT_GUESS(LONG, "xbcdefghij klmnxpqxsx", false, 809523);
}

TEST(exactly_085_is_right)
{
    static const struct titles_row exact[] = { ROW("a", "abcdefghijklmnopqrst", "x", 1) };
    struct titles *small = titles_create(exact, 1, NULL);
    struct titles_verdict v = titles_judge_text(small, 0, TEXT("abcdefghijklmnopq"));
    CHECK_INT(v.similarity, 850000);
    CHECK(v.correct);
    CHECK(!titles_judge_text(small, 0, TEXT("abcdefghijklmnop")).correct);
    titles_destroy(small);
}

TEST(another_title_is_wrong_with_its_exact_similarity)
{
    CHECK_TEXT_GUESS(LONG, "abcdefghij klmnopqrss", false, 952380);
    CHECK_TEXT_GUESS(LONG, "abcdefghij klmnopqrsx", true, 952380);
}

TEST(a_retired_title_is_no_other_title)
{
    struct titles *newer = titles_create(rows, LONG + 1, titles); /* NEAR_LONG has gone */
    struct titles_verdict v = titles_judge_text(newer, LONG, TEXT("abcdefghij klmnopqrss"));
    CHECK(v.correct);
    /* A retired answer is still judged, against the titles in play. */
    CHECK(titles_judge_text(newer, NEAR_LONG, TEXT("abcdefghij klmnopqrss")).correct);
    CHECK(!titles_judge_text(newer, NEAR_LONG, TEXT("abcdefghij klmnopqrst")).correct);
    titles_destroy(newer);
}

TEST(other_digits_are_wrong)
{
    CHECK_TEXT_GUESS(EPISODE, "minha novela favorita ep 12", true, 1000000);
    CHECK_TEXT_GUESS(EPISODE, "minha novela favorit ep 12", true, 962962);
    CHECK_TEXT_GUESS(EPISODE, "minha novela favorita ep 13", false, 962962);
    CHECK_TEXT_GUESS(EPISODE, "minha novela favorita ep 21", false, 925925);
    CHECK_TEXT_GUESS(EPISODE, "minha novela favorita ep 1", false, 962962);
    CHECK_TEXT_GUESS(EPISODE, "minha novela favorita ep 123", false, 964285);
    CHECK_TEXT_GUESS(EPISODE, "minha novela favorita ep", false, 888888);
    CHECK_TEXT_GUESS(CANCAO, "cancao do mar1", false, 928571);
    CHECK_TEXT_GUESS(ARABIC, "abcdefghijklmnop 12", true, 894736); /* the same digits */
    CHECK_TEXT_GUESS(ARABIC, "abcdefghijklmnop 13", false, 894736);
}

TEST(empty_matches_nothing)
{
    CHECK_TEXT_GUESS(CANCAO, "", false, 0);
    CHECK_TEXT_GUESS(CANCAO, " ?! ", false, 0);
    CHECK_TEXT_GUESS(EMOJI, "🔥🔥🔥", false, 0);
    CHECK_TEXT_GUESS(EMOJI, "a", false, 0);
    CHECK_TEXT_GUESS(CANCAO, "\xff\xfe", false, 0);
    CHECK(!titles_judge_text(titles, CANCAO, TEXT_NONE).correct);
}

TEST(a_guess_that_is_too_long_matches_nothing)
{
    char text[TITLES_GUESS_SIZE_MAX + 1];
    memset(text, 'a', sizeof(text));
    struct text guess = { text, sizeof(text) };
    struct titles_verdict v = titles_judge_text(titles, CANCAO, guess);
    CHECK(!v.correct);
    CHECK_INT(v.similarity, 0);
}

TEST(videos)
{
    CHECK(titles_judge_video(titles, CANCAO, TEXT("cancao")).correct);
    CHECK_INT(titles_judge_video(titles, CANCAO, TEXT("cancao")).similarity, 1000000);
    CHECK(titles_judge_video(titles, CANCAO, TEXT("again")).correct); /* a re-upload */
    CHECK(titles_judge_video(titles, REUPLOAD, TEXT("cancao")).correct);
    CHECK(!titles_judge_video(titles, EPISODE, TEXT("ep13")).correct);
    CHECK_INT(titles_judge_video(titles, EPISODE, TEXT("ep13")).similarity, 0);
    CHECK(!titles_judge_video(titles, EPISODE, TEXT("unknown")).correct);
    CHECK(!titles_judge_video(titles, EPISODE, TEXT("EP12")).correct); /* ids have case */
    CHECK(titles_judge_video(titles, EMOJI, TEXT("emoji")).correct);
    /* Empty forms are not equal. */
    CHECK(!titles_judge_video(titles, EMOJI, TEXT("emoji2")).correct);
}

/* The textbook's table, for comparison. */
static uint32_t naive_distance(struct text a, struct text b, uint32_t *ret_longer)
{
    static uint32_t code_points[2][TITLES_NORMAL_SIZE_MAX];
    static uint32_t row[TITLES_NORMAL_SIZE_MAX + 1];
    uint32_t n = 0, m = 0;
    for (uint32_t offset = 0; offset < a.size;) {
        code_points[0][n++] = normal_read(a, &offset);
    }
    for (uint32_t offset = 0; offset < b.size;) {
        code_points[1][m++] = normal_read(b, &offset);
    }
    for (uint32_t j = 0; j <= m; j++) {
        row[j] = j;
    }
    for (uint32_t i = 1; i <= n; i++) {
        uint32_t diagonal = row[0];
        row[0] = i;
        for (uint32_t j = 1; j <= m; j++) {
            uint32_t replace = diagonal + (code_points[0][i - 1] != code_points[1][j - 1]);
            uint32_t best = row[j] + 1 < row[j - 1] + 1 ? row[j] + 1 : row[j - 1] + 1;
            diagonal = row[j];
            row[j] = replace < best ? replace : best;
        }
    }
    *ret_longer = n > m ? n : m;
    return row[m];
}

TEST(distance_is_that_of_the_textbook)
{
    static char memory[2][4 * 300];
    struct rng rng;
    rng_seed(&rng, 3);
    for (uint32_t i = 0; i < 6000; i++) {
        uint32_t most = i % 3 == 0 ? 300 : i % 3 == 1 ? 80 : 12;
        uint32_t size = rng_below(&rng, most);
        struct text a = random_text(&rng, memory[0], size, i % 5 == 0);
        struct text b;
        if (i % 2 == 0) {
            b = random_text(&rng, memory[1], rng_below(&rng, most), i % 5 == 0);
        } else { /* nearly the same: a piece of it gone, the rest moved up */
            memcpy(memory[1], a.data, a.size);
            b = (struct text){ memory[1], a.size };
            for (uint32_t k = rng_below(&rng, 6); k > 0 && b.size > 8; k--) {
                b = normal_cut(b, b.size - 1 - rng_below(&rng, 3));
                uint32_t at = rng_below(&rng, b.size);
                if (((uint8_t)memory[1][at] & 0x80) == 0) {
                    memory[1][at] = 'q';
                }
            }
        }
        uint32_t longer, naive_longer;
        uint32_t distance = titles_distance(a, b, &longer);
        CHECK_INT(distance, naive_distance(a, b, &naive_longer));
        CHECK_INT(longer, naive_longer);
    }
}

TEST(distance_at_the_edges_of_blocks)
{
    static char a[200], b[200];
    for (uint32_t n = 62; n <= 130; n++) {
        for (uint32_t m = 62; m <= 130; m += 3) {
            for (uint32_t i = 0; i < 200; i++) {
                a[i] = (char)('a' + i % 7);
                b[i] = (char)('a' + i % 5);
            }
            uint32_t longer, naive_longer;
            struct text x = { a, n }, y = { b, m };
            CHECK_INT(titles_distance(x, y, &longer), naive_distance(x, y, &naive_longer));
            CHECK_INT(titles_distance(x, (struct text){ a, m }, &longer), n > m ? n - m : m - n);
        }
    }
}

TEST_MAIN
