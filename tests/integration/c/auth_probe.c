/* The server's token checks as a program of their own: the real loop, worker and fetch, for a
 * driver that mints the tokens and plays Logto (tests/integration/tokens).
 *
 * Environment: PROBE_ISSUER, PROBE_AUDIENCE, PROBE_JWKS_URL, PROBE_SCOPE ("" by default), and
 * PROBE_WORKER_FIRST=1 to end in the other order. Lines on standard input, answered on standard
 * output:
 *   token <id> <token>   →  token <id> <code> <sub or ->
 *   keys                 →  keys <1 or 0> <age in ms or -1>
 * At the end of input everything is taken down, whatever is under way, and "end" is printed. */
#include <duel/base/assert.h>
#include <duel/io/auth.h>
#include <duel/io/log.h>
#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_SIZE_MAX 65536

static struct loop *loop;
static struct auth *auth;
static char line[LINE_SIZE_MAX];
static size_t line_size;

static void answer(void *context, struct ref conn, const struct auth_verdict *verdict)
{
    ASSERT(context == &loop);
    printf("token %u %s %.*s\n", conn.index, auth_code_word(verdict->code),
           verdict->sub.data != NULL ? (int)verdict->sub.size : 1,
           verdict->sub.data != NULL ? verdict->sub.data : "-");
}

static void obey(char *words)
{
    uint32_t id = 0;
    int start = 0;
    if (sscanf(words, "token %u %n", &id, &start) == 1 && start > 0) {
        auth_verify(auth, text_from(words + start), (struct ref){ id, 1 }, answer, &loop);
    } else if (strcmp(words, "keys") == 0) {
        printf("keys %d %lld\n", auth_has_keys(auth), (long long)auth_keys_age_ms(auth));
    } else {
        printf("what? %s\n", words);
    }
}

static void on_input(struct ev_loop *ev, ev_io *watcher, int events)
{
    (void)events;
    ssize_t got = read(STDIN_FILENO, line + line_size, LINE_SIZE_MAX - line_size);
    if (got <= 0) {
        ev_io_stop(ev, watcher);
        loop_stop(loop);
        return;
    }
    line_size += (size_t)got;
    char *start = line, *end;
    while ((end = memchr(start, '\n', line_size - (size_t)(start - line))) != NULL) {
        *end = '\0';
        obey(start);
        start = end + 1;
    }
    line_size -= (size_t)(start - line);
    ASSERT(line_size < LINE_SIZE_MAX);
    memmove(line, start, line_size);
}

static const char *from_environment(const char *name, const char *standard)
{
    const char *value = getenv(name);
    ASSERT(value != NULL || standard != NULL);
    return value != NULL ? value : standard;
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    log_set_level(LOG_LEVEL_DEBUG);
    const struct settings settings = {
        .issuer = from_environment("PROBE_ISSUER", NULL),
        .logto_api_resource = from_environment("PROBE_AUDIENCE", NULL),
        .jwks_url = from_environment("PROBE_JWKS_URL", NULL),
        .scope = from_environment("PROBE_SCOPE", ""),
        .secret = "",
    };
    loop = loop_create();
    struct worker *worker = worker_create(loop, 3);
    ASSERT(loop != NULL && worker != NULL);
    auth = auth_create(loop, worker, worker, &settings);
    ASSERT(auth != NULL);
    ev_io input;
    ev_io_init(&input, on_input, STDIN_FILENO, EV_READ);
    ev_io_start(loop_ev(loop), &input);
    loop_run(loop);

    auth_stop(auth);
    if (strcmp(from_environment("PROBE_WORKER_FIRST", "0"), "1") == 0) {
        worker_destroy(worker);
        auth_destroy(auth);
    } else {
        auth_destroy(auth);
        worker_destroy(worker);
    }
    loop_destroy(loop);
    puts("end");
    return 0;
}
