/* The catalogue: building, refreshing, looking up, drawing. */
#include "unit/core/test_titles.h"

static struct titles_frame frame(const char *path, uint8_t id)
{
    return (struct titles_frame){ .id = { { id } }, .path = text_from(path) };
}

TEST(an_empty_catalogue)
{
    struct titles *titles = titles_create(NULL, 0, NULL);
    uint32_t out[10];
    struct rng rng;
    rng_seed(&rng, 1);
    CHECK_INT(titles_count(titles), 0);
    CHECK_INT(titles_drawn_count(titles), 0);
    CHECK_INT(titles_find(titles, TEXT("a")), TITLES_NONE);
    CHECK_INT(titles_find(titles, TEXT_NONE), TITLES_NONE);
    CHECK_INT(titles_suggest(titles, TEXT("something"), out, 10), 0);
    CHECK_INT(titles_draw(titles, &rng, NULL, 0, 0), TITLES_NONE);
    titles_destroy(titles);
    titles_destroy(NULL);
}

TEST(views_are_copied)
{
    char id[] = "abc", title[] = "A Title", channel[] = "Channel", path[] = "frames/abc/f01.webp";
    struct titles_row row = { .video = text_from(id), .title = text_from(title),
                              .channel = text_from(channel), .frames_count = 1, .drawn = true };
    row.frames[0] = frame(path, 7);
    struct titles *titles = titles_create(&row, 1, NULL);
    memset(id, 'x', 3), memset(title, 'x', 3), memset(channel, 'x', 3), memset(path, 'x', 3);
    struct titles_video video = titles_get(titles, titles_find(titles, TEXT("abc")));
    CHECK_TEXT(video.video, "abc");
    CHECK_TEXT(video.title, "A Title");
    CHECK_TEXT(video.channel, "Channel");
    CHECK_INT(video.frames_count, 1);
    CHECK_INT(video.frames[0].id.bytes[0], 7);
    CHECK_TEXT(video.frames[0].path, "frames/abc/f01.webp");
    titles_destroy(titles);
}

TEST(bad_rows_are_skipped)
{
    const struct titles_row rows[] = {
        ROW("ok", "Fine", "c", 1),        ROW("", "No id", "c", 1),
        ROW("a", "", "c", 1),             ROW("b", "\xff", "c", 1),
        ROW("c", "Bad channel", "\xc3", 1), ROW("\xff", "Bad id", "c", 1),
        ROW("ok", "The same id", "c", 1), ROW("123456789012345678901", "Long id", "c", 1),
        ROW("12345678901234567890", "Id of twenty", "c", 1), ROW("nochannel", "Fine", "", 1),
        { .video = TEXT_NONE, .title = TEXT_NONE, .channel = TEXT_NONE },
    };
    struct titles *titles = titles_create(rows, COUNT(rows), NULL);
    CHECK_INT(titles_count(titles), 3);
    CHECK_TEXT(titles_get(titles, titles_find(titles, TEXT("ok"))).title, "Fine");
    CHECK_INT(titles_find(titles, TEXT("b")), TITLES_NONE);
    CHECK_INT(titles_find(titles, TEXT("nochannel")), 2);
    titles_destroy(titles);
}

TEST(long_texts_are_cut_at_a_code_point)
{
    static char title[402], channel[202];
    for (uint32_t i = 0; i < 400; i += 2) {
        memcpy(title + 1 + i, "ç", 2); /* an odd offset: byte 300 is the first of two */
    }
    title[0] = 'a';
    for (uint32_t i = 0; i < 200; i += 2) {
        memcpy(channel + i, "ç", 2);
    }
    struct titles_row row = { .video = TEXT("v"), .title = text_from(title),
                              .channel = text_from(channel) };
    struct titles *titles = titles_create(&row, 1, NULL);
    CHECK_INT(titles_get(titles, 0).title.size, 299);
    CHECK_INT(titles_get(titles, 0).channel.size, 100);
    titles_destroy(titles);
}

TEST(a_title_whose_normal_form_is_too_long_is_kept)
{
    static char title[301];
    for (uint32_t i = 0; i < 300; i += 3) {
        memcpy(title + i, "\xef\xb7\xba", 3); /* U+FDFA: 18 code points each */
    }
    struct titles_row row = { .video = TEXT("v"), .title = text_from(title), .channel = TEXT("c") };
    struct titles *titles = titles_create(&row, 1, NULL);
    CHECK_INT(titles_count(titles), 1);
    CHECK(titles_judge_video(titles, 0, TEXT("v")).correct);
    CHECK(!titles_judge_text(titles, 0, text_from("\xef\xb7\xba")).correct);
    titles_destroy(titles);
}

TEST(indexes_outlive_refreshes)
{
    struct titles_row first[] = { ROW("a", "Alpha", "c", 1), ROW("b", "Beta", "c", 1),
                                  ROW("c", "Gamma", "c", 1) };
    struct titles_row second[] = { ROW("d", "Delta", "c", 1), ROW("c", "Gamma Two", "cc", 1),
                                   ROW("a", "Alpha", "c", 1) };
    first[1].frames[0] = frame("frames/b/f01.webp", 9);
    first[1].frames_count = 1;
    struct titles *one = titles_create(first, 3, NULL);
    struct titles *two = titles_create(second, 3, one);
    titles_destroy(one);
    CHECK_INT(titles_find(two, TEXT("a")), 0);
    CHECK_INT(titles_find(two, TEXT("b")), 1); /* retired, still known */
    CHECK_INT(titles_find(two, TEXT("c")), 2);
    CHECK_INT(titles_find(two, TEXT("d")), 3);
    CHECK_INT(titles_count(two), 3);
    CHECK_TEXT(titles_get(two, 1).title, "Beta");
    CHECK_TEXT(titles_get(two, 1).frames[0].path, "frames/b/f01.webp");
    CHECK_TEXT(titles_get(two, 2).title, "Gamma Two"); /* a changed text is the new text */
    CHECK_TEXT(titles_get(two, 2).channel, "cc");
    CHECK(titles_judge_text(two, 1, TEXT("beta")).correct);
    uint32_t out[10];
    CHECK_INT(titles_suggest(two, TEXT("beta"), out, 10), 0);
    CHECK_INT(titles_drawn_count(two), 0);
    struct titles *three = titles_create(first, 3, two); /* and back again */
    titles_destroy(two);
    CHECK_INT(titles_find(three, TEXT("b")), 1);
    CHECK_INT(titles_count(three), 3);
    CHECK_INT(titles_drawn_count(three), 1);
    CHECK_INT(titles_suggest(three, TEXT("beta"), out, 10), 1);
    CHECK_INT(out[0], 1);
    CHECK_TEXT(titles_get(three, 3).title, "Delta");
    titles_destroy(three);
}

static struct titles *drawable(uint32_t count)
{
    static char ids[100][16];
    static struct titles_row rows[100];
    for (uint32_t i = 0; i < count; i++) {
        snprintf(ids[i], sizeof(ids[i]), "v%u", i);
        rows[i] = (struct titles_row){ .video = text_from(ids[i]), .title = text_from(ids[i]),
                                       .channel = TEXT("c"), .frames_count = 1, .drawn = true };
        rows[i].frames[0] = frame("frames/x/f01.webp", 1);
    }
    rows[count] = rows[0];
    rows[count].video = TEXT("hard"); /* of another difficulty */
    rows[count].drawn = false;
    rows[count + 1] = rows[0];
    rows[count + 1].video = TEXT("frameless");
    rows[count + 1].frames_count = 0;
    return titles_create(rows, count + 2, NULL);
}

TEST(draws_are_even_and_only_of_drawn_videos)
{
    struct titles *titles = drawable(20);
    uint32_t drawn[22] = { 0 };
    struct rng rng;
    rng_seed(&rng, 5);
    CHECK_INT(titles_count(titles), 22);
    CHECK_INT(titles_drawn_count(titles), 20);
    for (uint32_t i = 0; i < 20000; i++) {
        uint32_t index = titles_draw(titles, &rng, NULL, 0, 0);
        CHECK(index < 20);
        drawn[index]++;
    }
    for (uint32_t i = 0; i < 20; i++) {
        CHECK(drawn[i] > 800 && drawn[i] < 1200);
    }
    titles_destroy(titles);
}

TEST(draws_avoid)
{
    struct titles *titles = drawable(98);
    uint32_t avoid[98], drawn[98] = { 0 };
    struct rng rng;
    rng_seed(&rng, 6);
    for (uint32_t i = 0; i < 98; i++) {
        avoid[i] = 97 - i;
    }
    for (uint32_t i = 0; i < 3000; i++) { /* 0, 1 and 2 are left */
        drawn[titles_draw(titles, &rng, avoid, 95, 5)]++;
    }
    CHECK_INT(drawn[0] + drawn[1] + drawn[2], 3000);
    CHECK(drawn[0] > 800 && drawn[1] > 800 && drawn[2] > 800);
    /* None is left: the first five of the list stay away all the same. */
    for (uint32_t i = 0; i < 1000; i++) {
        uint32_t index = titles_draw(titles, &rng, avoid, 98, 5);
        CHECK(index < 93);
    }
    CHECK_INT(titles_draw(titles, &rng, avoid, 98, 97), 0);
    CHECK_INT(titles_draw(titles, &rng, avoid, 98, 98), TITLES_NONE);
    titles_destroy(titles);
}

TEST(the_same_seed_draws_the_same)
{
    struct titles *titles = drawable(50);
    struct rng a, b;
    rng_seed(&a, 7);
    rng_seed(&b, 7);
    for (uint32_t i = 0; i < 100; i++) {
        CHECK_INT(titles_draw(titles, &a, NULL, 0, 0), titles_draw(titles, &b, NULL, 0, 0));
    }
    titles_destroy(titles);
}

TEST_MAIN
