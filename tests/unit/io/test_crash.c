/* What a dying process leaves, for each way to die, and the report that is made of it; and of what
 * was cut or was never ours. Each dies in a child, on the main thread and on a worker's. */
#include <duel/base/assert.h>
#include <duel/io/crash.h>
#include <duel/io/crumbs.h>
#include <duel/io/sentry.h>
#include <duel/io/worker.h>
#include <ev.h>

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

static char dir[] = "/tmp/duel-crash-XXXXXX";
static char path[CRASH_PATH_SIZE_MAX];
static const struct uuid match = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 } };

static void read_nowhere(void)
{
    volatile uintptr_t nowhere = 8;
    *(volatile char *)nowhere = 1;
}

static void divide(void)
{
    raise(SIGFPE);
}

static void fail(void)
{
    ASSERT(path[0] == 'x');
}

/* Only the handler's own stack is left then. */
__attribute__((noinline)) static uint32_t dig(volatile uint32_t *above)
{
    volatile uint32_t room[1024];
    room[0] = above[0] + 1;
    return room[0] == UINT32_MAX ? 0 : dig(room) + room[0];
}

static void overflow(void)
{
    volatile uint32_t first = 0;
    (void)dig(&first);
}

struct job {
    struct worker_job base;
    void (*die)(void);
};

static void run(struct worker_job *base)
{
    ((struct job *)base)->die();
}

static void done(struct worker_job *base)
{
    (void)base;
}

static void die(void (*how)(void), bool elsewhere)
{
    const struct rlimit no_core = { 0, 0 };
    setrlimit(RLIMIT_CORE, &no_core);
    CHECK(crash_watch(dir, "n1", "1.2-test", &match, NULL, NULL));
    const struct log_field fields[] = {
        { .key = "match", .kind = LOG_FIELD_UUID, .uuid = match },
        { .key = "reason", .kind = LOG_FIELD_TEXT,
          .text = TEXT("a \"secret\" of 'secret' \n it isn't") },
        { .key = "json", .kind = LOG_FIELD_TEXT, .text = TEXT("secret") },
        { .key = NULL },
    };
    for (uint32_t i = 0; i < CRUMBS + 3; i++) {
        crumbs_add(LOG_LEVEL_INFO, "match made", fields);
    }
    crumbs_add(LOG_LEVEL_DEBUG, "not worth it", NULL);
    if (!elsewhere) {
        how();
        _exit(0);
    }
    struct job job = { { .run = run, .done = done }, how };
    struct loop *loop = loop_create();
    struct worker *worker = worker_create(loop, 1);
    CHECK(worker != NULL);
    worker_submit(worker, &job.base);
    loop_run(loop);
    _exit(0);
}

static uint32_t read_left(char *ret_text)
{
    FILE *file = fopen(path, "re");
    CHECK(file != NULL);
    size_t size = fread(ret_text, 1, CRASH_SIZE_MAX, file);
    fclose(file);
    return (uint32_t)size;
}

static json_t *parse_envelope(const char *envelope)
{
    const char *payload = strchr(strchr(envelope, '\n') + 1, '\n') + 1;
    json_t *event = json_loads(payload, 0, NULL);
    CHECK(event != NULL);
    return event;
}

static const char *word(json_t *event, const char *of, const char *key)
{
    json_t *exception = json_array_get(json_object_get(json_object_get(event, "exception"),
                                                       "values"), 0);
    return json_string_value(json_object_get(
        of == NULL ? exception : json_object_get(event, of), key));
}

static void check_death(void (*how)(void), int signal, bool elsewhere)
{
    static char text[CRASH_SIZE_MAX];
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        CHECK(freopen("/dev/null", "w", stderr) != NULL);
        die(how, elsewhere);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == signal);
    uint32_t size = read_left(text);
    CHECK(size > 0 && size < CRASH_SIZE_MAX);
    size_t envelope_size;
    char *envelope = sentry_crash_envelope((struct text){ text, size }, &envelope_size);
    CHECK(envelope != NULL && strlen(envelope) == envelope_size);
    CHECK(strstr(envelope, "secret") == NULL);
    CHECK(strstr(envelope, "it isn't") != NULL);
    json_t *event = parse_envelope(envelope);
    CHECK_INT(json_array_size(json_object_get(event, "fingerprint")), 2);
    CHECK_INT(json_string_value(json_object_get(event, "event_id"))[12], '4');
    CHECK(strcmp(json_string_value(json_object_get(event, "release")),
                 "framedle-duel@1.2-test") == 0);
    CHECK(strcmp(word(event, "tags", "match"), "01020304-0506-0708-090a-0b0c0d0e0f10") == 0);
    CHECK(strncmp(word(event, NULL, "type"), "SIG", 3) == 0);
    if (how == fail) {
        CHECK(strstr(word(event, NULL, "value"), "path[0] == 'x' at tests/unit/io/test_crash.c:"));
    }
    CHECK(json_array_size(json_object_get(json_object_get(event, "breadcrumbs"), "values")) ==
          CRUMBS);
    CHECK(strstr(envelope, "\"instruction_addr\":\"0x") != NULL);
    json_decref(event);
    free(envelope);
}

static void check_cuts(void)
{
    static char text[CRASH_SIZE_MAX];
    uint32_t size = read_left(text);
    uint32_t good = 0;
    for (uint32_t cut = 0; cut <= size; cut += 7) {
        size_t envelope_size;
        char *envelope = sentry_crash_envelope((struct text){ text, cut }, &envelope_size);
        good += envelope != NULL;
        free(envelope);
    }
    CHECK(good > size / 14); /* what was written last is lost, not the rest */
    size_t ignored;
    CHECK(sentry_crash_envelope(TEXT(""), &ignored) == NULL);
    CHECK(sentry_crash_envelope(TEXT("signal 0\n"), &ignored) == NULL);
    const struct text odd = TEXT("\n \nsignal\nmatch zz\ncrumb {\nframe -1\n");
    CHECK(sentry_crash_envelope(odd, &ignored) == NULL);
}

static void check_dsn(void)
{
#define KEY "0123456789abcdef0123456789ABCDEF"
    struct sentry_dsn dsn;
    CHECK(sentry_dsn_parse("https://" KEY "@errors.example/1", &dsn));
    CHECK(strcmp(dsn.url, "https://errors.example/api/1/envelope/") == 0);
    CHECK(strcmp(dsn.key, KEY) == 0);
    CHECK(sentry_dsn_parse("http://" KEY "@[::1]:8000/under/it/42", &dsn));
    CHECK(strcmp(dsn.url, "http://[::1]:8000/under/it/api/42/envelope/") == 0);
    static const char *const wrong[] = {
        "", "https://", "https://" KEY, "https://" KEY "@", "https://" KEY "@/1",
        "https://" KEY "@host/", "https://" KEY "@host/a", "https://" KEY "0@host/1",
        "https://" KEY ":x@host/1", "ftp://" KEY "@host/1", "https://" KEY "@host/1?x",
        "https://" KEY "@ho st/1",
    };
    for (uint32_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        CHECK(!sentry_dsn_parse(wrong[i], &dsn));
    }
}

TEST(each_way_to_die_is_noted)
{
    CHECK(mkdtemp(dir) != NULL);
    snprintf(path, sizeof path, "%s/crash-n1", dir);
    check_death(read_nowhere, SIGSEGV, false);
    check_death(read_nowhere, SIGSEGV, true);
    check_death(divide, SIGFPE, true);
    check_death(overflow, SIGSEGV, false);
    check_death(fail, SIGABRT, true);
    check_death(fail, SIGABRT, false);
}

TEST(what_was_cut_is_read_as_far_as_it_goes)
{
    check_cuts();
    for (uint32_t number = 0; number <= CRASH_TRIES; number++) {
        char file[CRASH_PATH_SIZE_MAX + 8];
        snprintf(file, sizeof file, number == 0 ? "%s" : "%s.%u", path, number);
        unlink(file);
    }
    CHECK(rmdir(dir) == 0);
}

TEST(dsn)
{
    check_dsn();
}

TEST_MAIN
