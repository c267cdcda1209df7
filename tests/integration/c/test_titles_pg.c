/* Our trigrams against PostgreSQL's pg_trgm: the same figures, and the same titles found.
 *
 * DATABASE_URL names a server where a database may be created: the test makes one of its own, with
 * a character type that knows letters beyond ASCII, and drops it at the end. */
#include "bench/titles_corpus.h"
#include "unit/core/test_titles.h"
#include <libpq-fe.h>
#include <unistd.h>

#define PAIRS 12000
#define CATALOGUE 5000
#define QUERIES 300

static PGconn *admin;
static PGconn *pg;
static char database[64];

static bool run(PGconn *connection, const char *sql)
{
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);
    bool ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    if (!ok) {
        printf("  %s: %s", sql, PQerrorMessage(connection));
    }
    PQclear(result);
    return ok;
}

/* The connection string with `dbname` after it: the later one counts. */
static PGconn *connect_to(const char *url, const char *name)
{
    const char *keys[] = { "dbname", name == NULL ? NULL : "dbname", NULL };
    const char *values[] = { url, name, NULL };
    return PQconnectdbParams(keys, values, 1);
}

static void close_all(void)
{
    char sql[128];
    PQfinish(pg);
    if (admin != NULL && PQstatus(admin) == CONNECTION_OK) {
        snprintf(sql, sizeof(sql), "drop database if exists %s", database);
        run(admin, sql);
    }
    PQfinish(admin);
}

static bool open_all(void)
{
    char sql[256];
    const char *url = getenv("DATABASE_URL");
    if (url == NULL) {
        printf("DATABASE_URL is not set: this test needs a PostgreSQL with pg_trgm\n");
        return false;
    }
    atexit(close_all);
    admin = connect_to(url, NULL);
    if (PQstatus(admin) != CONNECTION_OK) {
        printf("%s", PQerrorMessage(admin));
        return false;
    }
    snprintf(database, sizeof(database), "duel_titles_%ld", (long)getpid());
    snprintf(sql, sizeof(sql),
             "create database %s template template0 encoding 'UTF8' lc_collate 'C' lc_ctype "
             "'C.UTF-8'", database);
    if (!run(admin, sql)) {
        return false;
    }
    pg = connect_to(url, database);
    if (PQstatus(pg) != CONNECTION_OK) {
        printf("%s", PQerrorMessage(pg));
        return false;
    }
    return run(pg, "create extension if not exists pg_trgm") &&
           run(pg, "create table pairs (number int, a text, b text)") &&
           run(pg, "create table titles (number int, normal text)");
}

/* Appends `text` to a line of COPY; normal forms need no escapes. */
static char *put_text(char *at, struct text text, char end)
{
    if (text.size != 0) {
        memcpy(at, text.data, text.size);
    }
    at[text.size] = end;
    return at + text.size + 1;
}

static struct text normal_of(struct text text, char memory[TITLES_NORMAL_SIZE_MAX])
{
    struct text_buffer buffer;
    text_buffer_init(&buffer, memory, TITLES_NORMAL_SIZE_MAX);
    CHECK(titles_normalise(text, &buffer));
    return text_of(&buffer);
}

/* A text of letters and digits of one script or several, some words of it those of `like`. */
static struct text random_words(struct rng *rng, char *memory, struct text like)
{
    static const uint32_t bases[][2] = { { 'a', 26 },     { 'a', 26 },      { 'a', 6 },
                                         { 0xe0, 30 },    { 0x430, 32 },    { 0x3b1, 24 },
                                         { 0x4e00, 200 }, { 0xac00, 2000 }, { 0x627, 20 },
                                         { 0x3042, 80 },  { 0x20000, 50 },  { '0', 10 } };
    uint32_t size = 0;
    uint32_t words = 1 + rng_below(rng, 7);
    for (uint32_t i = 0; i < words; i++) {
        if (like.size != 0 && rng_below(rng, 2) == 0) { /* a piece of the other one */
            uint32_t start = rng_below(rng, like.size);
            while (start > 0 && ((uint8_t)like.data[start] & 0xc0) == 0x80) {
                start--;
            }
            uint32_t end = start;
            while (end < like.size && size < 300 && (end - start < 9 ||
                   ((uint8_t)like.data[end] & 0xc0) == 0x80)) {
                memory[size++] = like.data[end++];
            }
        } else {
            const uint32_t *base = bases[rng_below(rng, COUNT(bases))];
            for (uint32_t k = rng_below(rng, 9); k > 0 && size < 300; k--) {
                size += put_code_point(memory + size, base[0] + rng_below(rng, base[1]));
            }
        }
        memory[size++] = ' ';
    }
    return (struct text){ memory, size };
}

/* Both texts of a pair, in normal form. Every third pair is of titles as people write them. */
static void make_pair(struct rng *rng, const struct corpus *corpus, uint32_t number,
                      char memory[2][TITLES_NORMAL_SIZE_MAX], struct text ret[2])
{
    char raw[2][1024];
    struct text a, b;
    if (number % 3 == 0) {
        a = corpus->rows[rng_below(rng, corpus->count)].title;
        memcpy(raw[1], a.data, a.size + 1);
        corpus_misspell(rng, raw[1]);
        b = number % 2 == 0 ? corpus->rows[rng_below(rng, corpus->count)].title : a;
    } else {
        a = random_words(rng, raw[0], TEXT_NONE);
        b = random_words(rng, raw[1], number % 3 == 1 ? a : TEXT_NONE);
    }
    ret[0] = normal_of(a, memory[0]);
    ret[1] = normal_of(b, memory[1]);
}

TEST(similarity_is_pg_trgms)
{
    static char memory[2][TITLES_NORMAL_SIZE_MAX];
    static uint32_t ours[PAIRS];
    static char line[2 * TITLES_NORMAL_SIZE_MAX + 64];
    struct corpus corpus;
    struct rng rng;
    uint32_t alike = 0;
    double furthest = 0;
    rng_seed(&rng, 11);
    corpus_init(&corpus, 2000, 12);
    PQclear(PQexec(pg, "copy pairs (a, b, number) from stdin"));
    for (uint32_t i = 0; i < PAIRS; i++) {
        struct text pair[2];
        make_pair(&rng, &corpus, i, memory, pair);
        ours[i] = titles_trigram_similarity(pair[0], pair[1]);
        alike += ours[i] > 0 && ours[i] < TITLES_EXACT;
        char *end = put_text(put_text(line, pair[0], '\t'), pair[1], '\t');
        end += sprintf(end, "%u\n", i);
        CHECK(PQputCopyData(pg, line, (int)(end - line)) == 1);
    }
    CHECK(PQputCopyEnd(pg, NULL) == 1);
    PGresult *copied = PQgetResult(pg);
    CHECK(PQresultStatus(copied) == PGRES_COMMAND_OK);
    PQclear(copied);
    PQclear(PQgetResult(pg));
    PGresult *result = PQexec(pg, "select similarity(a, b)::float8 from pairs order by number");
    CHECK_INT(PQntuples(result), PAIRS);
    for (uint32_t i = 0; i < PAIRS; i++) {
        double theirs = strtod(PQgetvalue(result, (int)i, 0), NULL);
        double difference = theirs - ours[i] / 1e6;
        difference = difference < 0 ? -difference : difference;
        furthest = difference > furthest ? difference : furthest;
        if (difference > 1e-6) {
            printf("  pair %u: ours %u, theirs %.9f\n", i, ours[i], theirs);
        }
        CHECK(difference <= 1e-6);
    }
    PQclear(result);
    corpus_done(&corpus);
    printf("  %d pairs, %u of them partly alike, furthest %.2g apart\n", PAIRS, alike, furthest);
    CHECK(alike > PAIRS / 4);
}

static void load_titles(const struct corpus *corpus)
{
    static char memory[TITLES_NORMAL_SIZE_MAX];
    static char line[TITLES_NORMAL_SIZE_MAX + 64];
    PQclear(PQexec(pg, "copy titles (number, normal) from stdin"));
    for (uint32_t i = 0; i < corpus->count; i++) {
        char *end = line + sprintf(line, "%u\t", i);
        end = put_text(end, normal_of(corpus->rows[i].title, memory), '\n');
        CHECK(PQputCopyData(pg, line, (int)(end - line)) == 1);
    }
    CHECK(PQputCopyEnd(pg, NULL) == 1);
    PGresult *copied = PQgetResult(pg);
    CHECK(PQresultStatus(copied) == PGRES_COMMAND_OK);
    PQclear(copied);
    PQclear(PQgetResult(pg));
    CHECK(run(pg, "create index on titles using gin (normal gin_trgm_ops)"));
}

static PGresult *ask(const char *query)
{
    const char *values[] = { query };
    PGresult *result = PQexecParams(pg,
                                    "select number, similarity(normal, $1)::float8 from titles "
                                    "where normal % $1 order by 2 desc, number limit 3",
                                    1, NULL, values, NULL, NULL, 0);
    CHECK(PQresultStatus(result) == PGRES_TUPLES_OK);
    return result;
}

static bool is_same_title(const struct corpus *corpus, uint32_t a, uint32_t b)
{
    return strcmp(corpus->titles[a], corpus->titles[b]) == 0;
}

/* Whether one of the first `count` is the title that was meant; where, in `ret_place`. */
static bool finds(const struct corpus *corpus, const uint32_t *numbers, uint32_t count,
                  uint32_t meant, uint32_t *ret_place)
{
    for (uint32_t i = 0; i < count; i++) {
        if (is_same_title(corpus, numbers[i], meant)) {
            *ret_place = i;
            return true;
        }
    }
    return false;
}

struct tally {
    uint32_t asked;
    uint32_t ours;   /* times the title that was meant is among our first three */
    uint32_t theirs; /* … among pg_trgm's */
    uint32_t theirs_any;
    uint32_t best_suggested; /* times pg_trgm's most similar title is among our suggestions */
    uint32_t best_first;     /* … is our first */
};

static void ask_both(const struct titles *titles, const struct corpus *corpus, const char *query,
                     uint32_t meant, struct tally *tally)
{
    uint32_t ours[TITLES_SUGGESTIONS_MAX];
    uint32_t theirs[3];
    uint32_t place;
    uint32_t count = titles_suggest(titles, text_from(query), ours, TITLES_SUGGESTIONS_MAX);
    PGresult *result = ask(query);
    uint32_t theirs_count = (uint32_t)PQntuples(result);
    for (uint32_t i = 0; i < theirs_count; i++) {
        theirs[i] = (uint32_t)atoi(PQgetvalue(result, (int)i, 0));
    }
    PQclear(result);
    tally->asked++;
    tally->ours += finds(corpus, ours, count < 3 ? count : 3, meant, &place);
    tally->theirs += finds(corpus, theirs, theirs_count, meant, &place);
    if (theirs_count != 0) {
        tally->theirs_any++;
        if (finds(corpus, ours, count, theirs[0], &place)) {
            tally->best_suggested++;
            tally->best_first += place == 0;
        }
    }
}

/* A title's normal form as a query, with two slips; false when it is not ASCII, short or too
 * long. */
static bool misspelt_title(struct rng *rng, const struct titles_row *row, char *ret)
{
    char memory[TITLES_NORMAL_SIZE_MAX];
    struct text normal = normal_of(row->title, memory);
    if (normal.size < 8 || normal.size >= TITLES_QUERY_SIZE_MAX - 2) {
        return false;
    }
    for (uint32_t i = 0; i < normal.size; i++) {
        if (normal.data[i] < 0) {
            return false;
        }
        ret[i] = normal.data[i];
    }
    ret[normal.size] = '\0';
    corpus_misspell(rng, ret);
    corpus_misspell(rng, ret);
    return true;
}

/* Whole titles, misspelt: what pg_trgm finds most similar of all we suggest as well, and whoever
 * pg_trgm leads to the title that was meant, we do too. */
TEST(misspelt_titles_are_found_as_pg_trgm_finds_them)
{
    struct corpus corpus;
    struct rng rng;
    struct tally tally = { 0 };
    rng_seed(&rng, 13);
    corpus_init(&corpus, CATALOGUE, 14);
    struct titles *titles = titles_create(corpus.rows, CATALOGUE, NULL);
    load_titles(&corpus);
    while (tally.asked < QUERIES) {
        char query[TITLES_QUERY_SIZE_MAX + 2];
        uint32_t meant = rng_below(&rng, CATALOGUE);
        if (misspelt_title(&rng, &corpus.rows[meant], query)) {
            ask_both(titles, &corpus, query, meant, &tally);
        }
    }
    printf("  %u misspelt titles: meant one among the first three: ours %u, pg_trgm %u\n",
           tally.asked, tally.ours, tally.theirs);
    printf("  pg_trgm's most similar of %u: our first %u times, suggested %u times\n",
           tally.theirs_any, tally.best_first, tally.best_suggested);
    CHECK(tally.ours >= tally.theirs);
    CHECK(tally.best_suggested * 100 >= tally.theirs_any * 98);
    CHECK(tally.best_first * 100 >= tally.theirs_any * 90);
    titles_destroy(titles);
    corpus_done(&corpus);
}

/* Parts of titles, misspelt: here similarity() alone is misled by a title's length. */
TEST(misspelt_parts_are_found_at_least_as_often)
{
    struct corpus corpus;
    struct rng rng;
    struct tally tally = { 0 };
    rng_seed(&rng, 15);
    corpus_init(&corpus, CATALOGUE, 14);
    struct titles *titles = titles_create(corpus.rows, CATALOGUE, NULL);
    while (tally.asked < QUERIES) {
        char query[TITLES_QUERY_SIZE_MAX + 2];
        uint32_t meant = rng_below(&rng, CATALOGUE);
        if (corpus_typed(&rng, &corpus.rows[meant], query)) {
            corpus_misspell(&rng, query);
            ask_both(titles, &corpus, query, meant, &tally);
        }
    }
    printf("  %u misspelt parts: meant one among the first three: ours %u, pg_trgm %u\n",
           tally.asked, tally.ours, tally.theirs);
    CHECK(tally.ours >= tally.theirs);
    titles_destroy(titles);
    corpus_done(&corpus);
}

int main(int argc, char **argv)
{
    return open_all() ? test_main(argc, argv) : 1;
}
