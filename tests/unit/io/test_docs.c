/* The generated pages are what the tables say, and the table of codes is complete.
 *
 *   test_docs            compares; run at the top of the checkout
 *   test_docs --write    writes them (`make docs`) */
#include "test.h"
#include "capture.h"

#include <duel/io/metrics.h>
#include <duel/io/settings.h>
#include <duel/protocol/codec.h>

static const struct page {
    const char *path;
    void (*print)(void);
} pages[] = {
    { "protocol/reference.md", codec_print_reference },
    { "docs/settings.md", settings_print_markdown },
    { "docs/metrics.md", metrics_print_markdown },
};

static char *printed(const struct page *page)
{
    struct capture capture;
    capture_begin(&capture, STDOUT_FILENO);
    page->print();
    return capture_end(&capture);
}

TEST(the_committed_pages_are_fresh)
{
    for (uint32_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        char *expected = printed(&pages[i]);
        size_t size = strlen(expected);
        char *actual = calloc(1, size + 2);
        CHECK(actual != NULL && size > 1000);
        FILE *file = fopen(pages[i].path, "r");
        size_t read = file != NULL ? fread(actual, 1, size + 1, file) : 0;
        bool fresh = read == size && memcmp(actual, expected, size) == 0;
        if (!fresh) {
            printf("  %s is stale: run make docs\n", pages[i].path);
        }
        if (file != NULL) {
            fclose(file);
        }
        free(actual);
        free(expected);
        CHECK(fresh);
    }
}

/* docs/protocol.md is written by hand; its table of codes lacks none. */
TEST(every_code_is_explained)
{
    static const char *const codes[] = {
#define ERROR(code, message) #code,
#include <duel/hub/errors.def>
#define AUTH_CODE(name, word, sentence) word,
#include <duel/io/auth_codes.def>
    };
    static char page[65536];
    FILE *file = fopen("docs/protocol.md", "r");
    CHECK(file != NULL);
    CHECK(fread(page, 1, sizeof page - 1, file) > 1000);
    fclose(file);
    for (uint32_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        char quoted[64];
        snprintf(quoted, sizeof quoted, "`%s`", codes[i]);
        bool explained = strstr(page, quoted) != NULL || strcmp(codes[i], "OK") == 0;
        if (!explained) {
            printf("  docs/protocol.md does not explain %s\n", quoted);
        }
        CHECK(explained);
    }
}

static int write_pages(void)
{
    for (uint32_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        FILE *file = freopen(pages[i].path, "w", stdout);
        if (file == NULL) {
            perror(pages[i].path);
            return 1;
        }
        pages[i].print();
        if (fflush(stdout) != 0) {
            perror(pages[i].path);
            return 1;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--write") == 0) {
        return write_pages();
    }
    return test_main(argc, argv);
}
