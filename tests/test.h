/* A small test harness: TEST(name) { … CHECK(…) … }, and TEST_MAIN at the end of the file.
 *
 * Tests run in the order of the file. A failed CHECK ends its test. Each program ends with the line
 * "N passed, N failed" and exits 1 when one failed. With an argument only tests whose name contains
 * it run. */
#ifndef DUEL_TESTS_TEST_H
#define DUEL_TESTS_TEST_H

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct test_case {
    const char *name;
    void (*run)(void);
    struct test_case *next;
};

static struct test_case *test_first;
static struct test_case **test_last = &test_first;
static jmp_buf test_failed;

static inline void test_add(struct test_case *test)
{
    *test_last = test;
    test_last = &test->next;
}

#define TEST(id)                                                                       \
    static void test_run_##id(void);                                                   \
    static struct test_case test_case_##id = { #id, test_run_##id, NULL };             \
    __attribute__((constructor)) static void test_add_##id(void)                       \
    {                                                                                  \
        test_add(&test_case_##id);                                                     \
    }                                                                                  \
    static void test_run_##id(void)

_Noreturn static inline void test_fail(const char *file, int line)
{
    printf("  at %s:%d\n", file, line);
    longjmp(test_failed, 1);
}

#define CHECK(condition)                                      \
    do {                                                      \
        if (!(condition)) {                                   \
            printf("  CHECK(%s) is false\n", #condition);     \
            test_fail(__FILE__, __LINE__);                    \
        }                                                     \
    } while (0)

#define CHECK_INT(actual, expected)                                                     \
    do {                                                                                \
        long long test_a = (long long)(actual), test_e = (long long)(expected);         \
        if (test_a != test_e) {                                                         \
            printf("  %s is %lld, expected %lld\n", #actual, test_a, test_e);           \
            test_fail(__FILE__, __LINE__);                                              \
        }                                                                               \
    } while (0)

/* Compares a struct text with a C string. */
#define CHECK_TEXT(actual, expected)                                                    \
    do {                                                                                \
        struct text test_t = (actual);                                                  \
        const char *test_s = (expected);                                                \
        if (test_t.size != strlen(test_s) ||                                            \
            (test_t.size != 0 && memcmp(test_t.data, test_s, test_t.size) != 0)) {      \
            printf("  %s is \"%.*s\", expected \"%s\"\n", #actual, (int)test_t.size,    \
                   test_t.data ? test_t.data : "", test_s);                             \
            test_fail(__FILE__, __LINE__);                                              \
        }                                                                               \
    } while (0)

static inline int test_main(int argc, char **argv)
{
    static int passed, failed; /* static: setjmp may lose locals */
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (struct test_case *volatile test = test_first; test != NULL; test = test->next) {
        if (argc > 1 && strstr(test->name, argv[1]) == NULL) {
            continue;
        }
        if (setjmp(test_failed) == 0) {
            test->run();
            passed++;
        } else {
            printf("FAILED %s\n", test->name);
            failed++;
        }
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}

#define TEST_MAIN                       \
    int main(int argc, char **argv)     \
    {                                   \
        return test_main(argc, argv);   \
    }

#endif
