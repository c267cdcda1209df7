/* What suggestions and verdicts cost, and what PostgreSQL's pg_trgm asks for the same keystrokes.
 *
 * bench_titles [titles]: 10,000 by default. The comparison needs DATABASE_URL. Prints one line for
 * each figure: bench <name> <value> <unit>. */
#include "bench/titles_corpus.h"
#include <libpq-fe.h>
#include <time.h>

#define SESSIONS 3000
#define KEYSTROKES_MAX (SESSIONS * 62)
#define COMPARED 1000 /* keystrokes that pg_trgm is asked as well */
#define SEED 2024

struct keystroke {
    char text[64];
    uint32_t size;
};

static struct keystroke keystrokes[KEYSTROKES_MAX];
static double times_us[KEYSTROKES_MAX];
static uint32_t keystrokes_count;

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void report(const char *name, double value, const char *unit)
{
    printf("bench %s %.3f %s\n", name, value, unit);
}

/* Every prefix of what somebody types; three in ten slip once. */
static void make_keystrokes(const struct corpus *corpus)
{
    struct rng rng;
    rng_seed(&rng, SEED);
    for (uint32_t i = 0; i < SESSIONS; i++) {
        char typed[TITLES_QUERY_SIZE_MAX + 2];
        if (!corpus_typed(&rng, &corpus->rows[corpus_skewed(&rng, corpus->count)], typed)) {
            continue;
        }
        if (rng_below(&rng, 10) < 3) {
            corpus_misspell(&rng, typed);
        }
        for (uint32_t size = 1; size <= strlen(typed) && size < 62; size++) {
            struct keystroke *keystroke = &keystrokes[keystrokes_count++];
            memcpy(keystroke->text, typed, size);
            keystroke->text[size] = '\0';
            keystroke->size = size;
        }
    }
}

static int compare_times(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void bench_suggest(const struct titles *titles)
{
    double sum = 0;
    uint32_t out[TITLES_SUGGESTIONS_MAX];
    for (uint32_t i = 0; i < keystrokes_count; i++) {
        struct text query = { keystrokes[i].text, keystrokes[i].size };
        double start = now_us();
        titles_suggest(titles, query, out, TITLES_SUGGESTIONS_MAX);
        times_us[i] = now_us() - start;
        sum += times_us[i];
    }
    qsort(times_us, keystrokes_count, sizeof(times_us[0]), compare_times);
    report("suggest_keystrokes", keystrokes_count, "count");
    report("suggest_mean_us", sum / keystrokes_count, "us");
    report("suggest_p99_us", times_us[keystrokes_count * 99ul / 100], "us");
}

/* Guesses as people type them: part of the answer, with one slip. */
static void bench_judge(const struct titles *titles, const struct corpus *corpus)
{
    enum { GUESSES = 20000 };
    static char guesses[GUESSES][TITLES_QUERY_SIZE_MAX + 2];
    static uint32_t answers[GUESSES];
    struct rng rng;
    uint32_t count = 0;
    uint32_t correct = 0;
    rng_seed(&rng, SEED);
    while (count < GUESSES) {
        answers[count] = rng_below(&rng, corpus->count);
        if (corpus_typed(&rng, &corpus->rows[answers[count]], guesses[count])) {
            corpus_misspell(&rng, guesses[count++]);
        }
    }
    double start = now_us();
    for (uint32_t i = 0; i < GUESSES; i++) {
        correct += titles_judge_text(titles, answers[i], text_from(guesses[i])).correct;
    }
    report("judge_text_mean_us", (now_us() - start) / GUESSES, "us");
    report("judge_text_correct", (double)correct / GUESSES, "share");
}

static bool run(PGconn *pg, const char *sql)
{
    PGresult *result = PQexec(pg, sql);
    ExecStatusType status = PQresultStatus(result);
    bool ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_COPY_IN;
    if (!ok) {
        fprintf(stderr, "%s: %s", sql, PQerrorMessage(pg));
    }
    PQclear(result);
    return ok;
}

static bool load(PGconn *pg, const struct corpus *corpus)
{
    char memory[TITLES_NORMAL_SIZE_MAX];
    char line[TITLES_NORMAL_SIZE_MAX + 64];
    if (!run(pg, "set client_min_messages = warning") ||
        !run(pg, "create extension if not exists pg_trgm") ||
        !run(pg, "create temp table titles_bench (video text, normal text)") ||
        !run(pg, "copy titles_bench from stdin")) {
        return false;
    }
    for (uint32_t i = 0; i < corpus->count; i++) {
        struct text_buffer normal;
        text_buffer_init(&normal, memory, sizeof(memory));
        if (!titles_normalise(corpus->rows[i].title, &normal)) {
            continue;
        }
        int size = snprintf(line, sizeof(line), "%s\t%.*s\n", corpus->ids[i],
                            TEXT_ARG(text_of(&normal)));
        if (PQputCopyData(pg, line, size) != 1) {
            return false;
        }
    }
    PQputCopyEnd(pg, NULL);
    for (PGresult *result; (result = PQgetResult(pg)) != NULL;) {
        PQclear(result);
    }
    return run(pg, "create index on titles_bench using gin (normal gin_trgm_ops)") &&
           run(pg, "analyze titles_bench");
}

/* The same keystrokes to both, in the same loop; PostgreSQL with a prepared statement. */
static bool compare(PGconn *pg, const struct titles *titles)
{
    double ours = 0;
    double theirs = 0;
    uint32_t step = keystrokes_count / COMPARED + 1;
    uint32_t count = 0;
    PGresult *prepared = PQprepare(pg, "suggest",
                                   "select video from titles_bench where normal % $1 "
                                   "order by similarity(normal, $1) desc limit 10", 1, NULL);
    bool ok = PQresultStatus(prepared) == PGRES_COMMAND_OK;
    PQclear(prepared);
    for (uint32_t i = 0; ok && i < keystrokes_count; i += step, count++) {
        uint32_t out[TITLES_SUGGESTIONS_MAX];
        const char *values[] = { keystrokes[i].text };
        double start = now_us();
        titles_suggest(titles, (struct text){ keystrokes[i].text, keystrokes[i].size }, out,
                       TITLES_SUGGESTIONS_MAX);
        double middle = now_us();
        PGresult *result = PQexecPrepared(pg, "suggest", 1, values, NULL, NULL, 0);
        theirs += now_us() - middle;
        ours += middle - start;
        ok = PQresultStatus(result) == PGRES_TUPLES_OK;
        PQclear(result);
    }
    if (ok) {
        report("suggest_compared_mean_us", ours / count, "us");
        report("suggest_pgtrgm_mean_us", theirs / count, "us");
        report("suggest_pgtrgm_ratio", theirs / ours, "times");
    }
    return ok;
}

static bool bench_pgtrgm(const struct titles *titles, const struct corpus *corpus, const char *url)
{
    PGconn *pg = PQconnectdb(url);
    bool ok = PQstatus(pg) == CONNECTION_OK && load(pg, corpus) && compare(pg, titles);
    if (!ok) {
        fprintf(stderr, "bench_titles: %s\n", PQerrorMessage(pg));
    }
    PQfinish(pg);
    return ok;
}

int main(int argc, char **argv)
{
    struct corpus corpus;
    const char *url = getenv("DATABASE_URL");
    int wanted = argc > 1 ? atoi(argv[1]) : 10000;
    uint32_t count = wanted > 0 ? (uint32_t)wanted : 10000;
    corpus_init(&corpus, count, SEED);
    double start = now_us();
    struct titles *titles = titles_create(corpus.rows, count, NULL);
    if (titles == NULL) {
        fprintf(stderr, "bench_titles: out of memory\n");
        return 1;
    }
    report("titles_count", count, "count");
    report("titles_create_ms", (now_us() - start) / 1e3, "ms");
    make_keystrokes(&corpus);
    bench_suggest(titles);
    bench_judge(titles, &corpus);
    bool ok = url == NULL || bench_pgtrgm(titles, &corpus, url);
    if (url == NULL) {
        fprintf(stderr, "bench_titles: DATABASE_URL is not set: pg_trgm is not compared\n");
    }
    titles_destroy(titles);
    corpus_done(&corpus);
    return ok ? 0 : 1;
}
