/* Suggestions: what a person means comes first. */
#include "unit/core/test_titles.h"

static const struct titles_row rows[] = {
    ROW("despacito", "Luis Fonsi - Despacito ft. Daddy Yankee", "LuisFonsiVEVO", 8000),
    ROW("shape", "Ed Sheeran - Shape of You (Official Music Video)", "Ed Sheeran", 6000),
    ROW("lights", "The Weeknd - Blinding Lights (Official Video)", "TheWeekndVEVO", 700),
    ROW("lightsup", "Harry Styles - Lights Up", "HarryStylesVEVO", 200),
    ROW("cancao", "Canção da América", "Milton Nascimento", 50),
    ROW("cancao2", "Canção da América", "Outro Canal", 40),
    ROW("cancaocopy", "Canção da América", "Milton Nascimento", 60),
    ROW("spider", "Homem-Aranha: Sem Volta Para Casa", "Sony Pictures", 500),
    ROW("aranha", "Aranha gigante em casa", "Bichos", 5),
    ROW("rio", "Rio", "Filmes", 10),
    ROW("rio2", "Rio 2", "Filmes", 900),
    ROW("rioja", "Riojana viva", "Vinhos", 5000),
    ROW("samba", "O samba do rio", "Samba TV", 9000),
    ROW("obra", "Obra de arte", "Museu", 9999),
    ROW("obd", "O Bom Dia", "Jornal", 3),
    ROW("natal", "Natal", "Porta dos Fundos", 80),
    ROW("ceia", "Ceia em família", "Porta dos Fundos", 90),
    ROW("chinese", "我爱北京天安门", "音乐", 30),
    ROW("korean", "강남스타일", "officialpsy", 4000),
    ROW("russian", "Москва слезам не верит", "Мосфильм", 70),
    ROW("emoji", "🔥🔥🔥", "Fogo Alto", 15),
    ROW("dont", "Don't Stop Me Now", "Queen Official", 400),
    ROW("equal1", "Duas Iguais Longas", "x", 1),
    ROW("equal2", "Duas Iguais", "x", 1),
};
static struct titles *titles;
static uint32_t out[TITLES_SUGGESTIONS_MAX];
static uint32_t count;

__attribute__((constructor)) static void create(void)
{
    titles = titles_create(rows, COUNT(rows), NULL);
}

__attribute__((destructor)) static void destroy(void)
{
    titles_destroy(titles);
}

static void suggest(const char *query)
{
    count = titles_suggest(titles, text_from(query), out, TITLES_SUGGESTIONS_MAX);
}

static struct text place(uint32_t number)
{
    return number < count ? titles_get(titles, out[number]).video : TEXT("(none)");
}

static uint32_t find(const char *video)
{
    for (uint32_t i = 0; i < count; i++) {
        if (text_equal(place(i), text_from(video))) {
            return i;
        }
    }
    return TITLES_NONE;
}

TEST(accents_and_case_do_not_matter)
{
    suggest("CANCAO da ame");
    CHECK_TEXT(place(0), "cancaocopy");
    suggest("cançâo");
    CHECK_TEXT(place(0), "cancaocopy");
}

TEST(what_looks_the_same_is_shown_once)
{
    suggest("cancao");
    CHECK_TEXT(place(0), "cancaocopy"); /* the more popular of the two */
    CHECK_TEXT(place(1), "cancao2");    /* another channel's is another line */
    CHECK_INT(find("cancao"), TITLES_NONE);
}

TEST(exact_then_beginning_then_words)
{
    suggest("rio");
    CHECK_TEXT(place(0), "rio");   /* the title itself, though hardly seen */
    CHECK_TEXT(place(1), "rioja"); /* beginnings by popularity */
    CHECK_TEXT(place(2), "rio2");
    CHECK_TEXT(place(3), "samba"); /* a word, though the most popular */
}

TEST(a_space_completes_a_word)
{
    suggest("rio ");
    CHECK_TEXT(place(0), "rio");
    CHECK_TEXT(place(1), "rio2");
    CHECK_TEXT(place(2), "rioja");
}

TEST(words_in_a_row_before_words_in_order_before_any_order)
{
    static const struct titles_row few[] = {
        ROW("any", "lights blinding", "x", 900),
        ROW("order", "blinding white lights", "x", 500),
        ROW("row", "so blinding lights", "x", 100),
    };
    struct titles *small = titles_create(few, COUNT(few), NULL);
    CHECK_INT(titles_suggest(small, TEXT("blinding ligh"), out, 10), 3);
    CHECK_INT(out[0], 2);
    CHECK_INT(out[1], 1);
    CHECK_INT(out[2], 0);
    titles_destroy(small);
}

TEST(typed_words_start_words)
{
    suggest("o b");
    CHECK_TEXT(place(0), "obd");
    CHECK(find("obra") == TITLES_NONE || find("obra") > 0);
    suggest("lights weeknd");
    CHECK_TEXT(place(0), "lights");
    suggest("weeknd lights");
    CHECK_TEXT(place(0), "lights");
}

TEST(earlier_words_are_complete_by_preference)
{
    static const struct titles_row few[] = {
        ROW("loose", "Carro novo azul", "x", 900),
        ROW("whole", "Car azul novo", "x", 1),
    };
    struct titles *small = titles_create(few, COUNT(few), NULL);
    CHECK_INT(titles_suggest(small, TEXT("car az"), out, 10), 2);
    CHECK_INT(out[0], 1);
    titles_destroy(small);
}

TEST(punctuation_parts_and_joins)
{
    suggest("homem aranha");
    CHECK_TEXT(place(0), "spider");
    suggest("homemaranha");
    CHECK_TEXT(place(0), "spider");
    suggest("homem-ara");
    CHECK_TEXT(place(0), "spider");
    suggest("aranha");
    CHECK_TEXT(place(0), "aranha"); /* its beginning */
    CHECK_TEXT(place(1), "spider"); /* a word */
    suggest("dont stop");
    CHECK_TEXT(place(0), "dont");
    suggest("don't stop");
    CHECK_TEXT(place(0), "dont");
    suggest("despa cito");
    CHECK_TEXT(place(0), "despacito");
}

TEST(channels)
{
    suggest("porta dos");
    CHECK_TEXT(place(0), "ceia");
    CHECK_TEXT(place(1), "natal");
    suggest("natal porta");
    CHECK_TEXT(place(0), "natal");
    suggest("fogo"); /* nothing of its title is left to type */
    CHECK_TEXT(place(0), "emoji");
    suggest("samba");
    CHECK_TEXT(place(0), "samba");
}

TEST(the_middle_of_a_word)
{
    suggest("pacito");
    CHECK_TEXT(place(0), "despacito");
    suggest("ight");
    CHECK_TEXT(place(0), "lights");
    CHECK_TEXT(place(1), "lightsup");
}

TEST(misspelt)
{
    suggest("despactio");
    CHECK_TEXT(place(0), "despacito");
    suggest("blindign lights");
    CHECK_TEXT(place(0), "lights");
    suggest("sheeren shape of you");
    CHECK_TEXT(place(0), "shape");
    suggest("homen aranha sem volta");
    CHECK_TEXT(place(0), "spider");
}

TEST(scripts_without_spaces_and_others)
{
    suggest("北京");
    CHECK_TEXT(place(0), "chinese");
    suggest("京");
    CHECK_TEXT(place(0), "chinese");
    suggest("강남");
    CHECK_TEXT(place(0), "korean");
    suggest("가"); /* the first letters of 강, as it is being typed */
    CHECK_TEXT(place(0), "korean");
    suggest("МОСК");
    CHECK_TEXT(place(0), "russian");
    suggest("слезам");
    CHECK_TEXT(place(0), "russian");
}

TEST(one_letter_is_a_beginning)
{
    suggest("r");
    CHECK_TEXT(place(0), "rioja");
    CHECK_TEXT(place(1), "rio2");
    CHECK_TEXT(place(2), "rio");
    suggest("z");
    CHECK_INT(count, 0); /* no letter out of the middle of a word */
}

TEST(equally_popular_shorter_first)
{
    suggest("duas");
    CHECK_TEXT(place(0), "equal2");
    CHECK_TEXT(place(1), "equal1");
}

TEST(nothing_for_nothing)
{
    static char long_query[TITLES_QUERY_SIZE_MAX + 1];
    suggest("");
    CHECK_INT(count, 0);
    suggest("  ?! ");
    CHECK_INT(count, 0);
    suggest("xqzwkvjy");
    CHECK_INT(count, 0);
    CHECK_INT(titles_suggest(titles, TEXT("\xff"), out, 10), 0);
    memset(long_query, 'r', sizeof(long_query));
    CHECK_INT(titles_suggest(titles, (struct text){ long_query, sizeof(long_query) }, out, 10), 0);
    CHECK_INT(titles_suggest(titles, TEXT("rio"), out, 0), 0);
}

TEST(no_more_than_asked_and_the_same_beginning)
{
    uint32_t fewer[TITLES_SUGGESTIONS_MAX];
    suggest("o");
    CHECK(count > 3);
    for (uint32_t max = 1; max <= count; max++) {
        CHECK_INT(titles_suggest(titles, TEXT("o"), fewer, max), max);
        CHECK(memcmp(fewer, out, max * sizeof(out[0])) == 0);
    }
}

TEST(order_does_not_depend_on_the_rows_order)
{
    struct titles_row turned[COUNT(rows)];
    for (uint32_t i = 0; i < COUNT(rows); i++) {
        turned[i] = rows[COUNT(rows) - 1 - i];
    }
    struct titles *other = titles_create(turned, COUNT(rows), NULL);
    static const char *const queries[] = { "o", "rio", "cas", "of you", "canco", "video", "x" };
    for (uint32_t i = 0; i < COUNT(queries); i++) {
        uint32_t others[10];
        suggest(queries[i]);
        CHECK_INT(titles_suggest(other, text_from(queries[i]), others, 10), count);
        for (uint32_t k = 0; k < count; k++) {
            CHECK(text_equal(place(k), titles_get(other, others[k]).video));
        }
    }
    titles_destroy(other);
}

TEST(many_titles_in_several_blocks)
{
    enum { MANY = 40000 };
    static struct titles_row many[MANY];
    static char ids[MANY][16], names[MANY][40];
    for (uint32_t i = 0; i < MANY; i++) {
        snprintf(ids[i], sizeof(ids[i]), "m%u", i);
        snprintf(names[i], sizeof(names[i]), "common words zq%uqz tail", i);
        many[i] = (struct titles_row){ .video = text_from(ids[i]), .title = text_from(names[i]),
                                       .channel = TEXT("c"), .views = MANY - i };
    }
    struct titles *large = titles_create(many, MANY, NULL);
    CHECK_INT(titles_suggest(large, TEXT("zq39999q"), out, 10), 10);
    CHECK_INT(out[0], 39999);
    CHECK(titles_suggest(large, TEXT("q39999qz"), out, 10) > 0);
    CHECK_INT(out[0], 39999); /* the middle of a word, in the last block */
    CHECK(titles_suggest(large, TEXT("comon wrods zq17000qz tial"), out, 10) > 0);
    CHECK_INT(out[0], 17000); /* misspelt, in the second block */
    CHECK_INT(titles_suggest(large, TEXT("tail common"), out, 10), 10);
    CHECK_INT(out[0], 0);
    titles_destroy(large);
}

TEST(any_bytes_are_survived)
{
    char memory[4 * 40];
    struct rng rng;
    rng_seed(&rng, 9);
    for (uint32_t i = 0; i < 20000; i++) {
        struct text query = random_text(&rng, memory, rng_below(&rng, 25), i % 2 == 0);
        if (i % 3 == 0 && query.size != 0) {
            memory[rng_below(&rng, query.size)] = (char)rng_below(&rng, 256);
        }
        uint32_t found = titles_suggest(titles, query, out, 10);
        CHECK(found <= 10);
        for (uint32_t k = 0; k < found; k++) {
            CHECK(out[k] < COUNT(rows));
            for (uint32_t n = 0; n < k; n++) {
                CHECK(out[n] != out[k]);
            }
        }
    }
}

TEST_MAIN
