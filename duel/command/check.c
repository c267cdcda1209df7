/* `duel-server check`: tries each dependency with the real settings, and prints what is good, what
 * is not, and the cure. The table lives here; what is tried is in check_*.c. */
#include <duel/command/check.h>
#include <duel/command/command.h>
#include <duel/io/address.h>
#include <curl/curl.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct checks {
    json_t *rows; /* NULL: printed as they come */
    bool colour;
    int count[CHECK_FAIL + 1];
};

static const char *const state_words[] = { "ok", "warn", "FAIL" };

static void print_row(const struct checks *checks, enum check_state state, const char *area,
                      const char *what, const char *cure, const char *found)
{
    static const char *const colours[] = { "\033[32m", "\033[33m", "\033[31m" };
    const char *begin = checks->colour ? colours[state] : "";
    const char *end = checks->colour ? "\033[0m" : "";
    printf("%s%-4s%s  %-10s  %-13s  %s\n", begin, state_words[state], end, area, what, found);
    if (state != CHECK_OK) {
        printf("%33s-> %s\n", "", cure);
    }
    fflush(stdout);
}

void checks_add(struct checks *checks, enum check_state state, const char *area, const char *what,
                const char *cure, const char *found, ...)
{
    char text[CHECK_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, found);
    (void)vsnprintf(text, sizeof text, found, arguments);
    va_end(arguments);
    text[strcspn(text, "\r\n")] = '\0';
    checks->count[state]++;
    if (checks->rows == NULL) {
        print_row(checks, state, area, what, cure, text);
        return;
    }
    json_t *row = json_pack("{s:s, s:s, s:s, s:s*}", "area", area, "what", what, "state",
                            state_words[state], "cure", state != CHECK_OK ? cure : NULL);
    json_t *quoted = json_string(text);
    /* What others say need not be UTF-8. */
    json_object_set_new(row, "found", quoted != NULL ? quoted : json_string("?"));
    json_array_append_new(checks->rows, row);
}

/* ---- the settings ---- */

/* Whoever may name any address has as many as he likes. */
static bool trusts_everybody(const char *ranges)
{
    static const char *const strangers[] = { "198.51.100.7", "8.8.8.8", "2001:db8::7" };
    struct address_ranges list;
    struct address stranger;
    if (!address_ranges_parse(text_from(ranges), &list)) {
        return false;
    }
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
        if (address_parse(text_from(strangers[i]), &stranger) &&
            address_ranges_hold(&list, &stranger)) {
            return true;
        }
    }
    return false;
}

void check_settings(struct checks *checks, const struct settings *settings)
{
    checks_add(checks, CHECK_OK, "settings", "read", NULL, "node %s, path %s", settings->node_id,
               settings->base_path);
    if (settings->allowed_origins[0] == '\0') {
        checks_add(checks, CHECK_WARN, "settings", "origins",
                   "name the site in DUEL_ALLOWED_ORIGINS, as browsers write it:"
                   " https://framedle.wtf",
                   "none: no page may connect");
    } else {
        checks_add(checks, CHECK_OK, "settings", "origins", NULL, "%s", settings->allowed_origins);
    }
    if (trusts_everybody(settings->trusted_proxies)) {
        checks_add(checks, CHECK_FAIL, "settings", "proxies",
                   "leave DUEL_TRUSTED_PROXIES unset, or name only the networks of your own"
                   " proxies",
                   "everybody is believed who says for whom he calls");
    } else {
        checks_add(checks, CHECK_OK, "settings", "proxies", NULL, "%s",
                   settings->trusted_proxies);
    }
}

/* ---- the command ---- */

static void print_help(void)
{
    puts("usage: duel-server check [--url https://api.example/api/duel] [--json]");
    puts("  --url URL  also from outside: where clients reach the server");
    puts("  --json     for programs");
    puts("Exit status: 0 all ok or warn, 1 something is FAIL, 78 a setting is wrong.");
}

/* Without the slash at the end. False: no web address. */
static bool read_url(const char *text, char ret_url[CHECK_TEXT_SIZE])
{
    size_t size = strlen(text);
    bool web = strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0;
    while (size > 0 && text[size - 1] == '/') {
        size--;
    }
    if (!web || size >= CHECK_TEXT_SIZE - 32 || text[strcspn(text, " ?#@\\\"<>\r\n")] != '\0') {
        return false;
    }
    memcpy(ret_url, text, size);
    ret_url[size] = '\0';
    return true;
}

static void run_checks(struct checks *checks, const struct settings *settings, const char *url)
{
    char path[CHECK_TEXT_SIZE] = "";
    check_settings(checks, settings);
    check_issuer(checks, settings);
    check_postgresql(checks, settings, path);
    check_valkey(checks, settings);
    check_frames(checks, settings, path);
    if (url[0] != '\0') {
        check_public(checks, settings, url);
    }
}

static void print_end(struct checks *checks)
{
    if (checks->rows == NULL) {
        printf("%d ok, %d warn, %d FAIL\n", checks->count[CHECK_OK], checks->count[CHECK_WARN],
               checks->count[CHECK_FAIL]);
        return;
    }
    json_t *all = json_pack("{s:o, s:b}", "checks", checks->rows, "ok",
                            checks->count[CHECK_FAIL] == 0);
    json_dumpf(all, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(all);
}

int command_check(const struct settings *settings, int argc, char **argv)
{
    char url[CHECK_TEXT_SIZE] = "";
    bool json = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            print_help();
            return EXIT_SUCCESS;
        }
        if (strcmp(argv[i], "--json") == 0) {
            json = true;
        } else if (strcmp(argv[i], "--url") != 0 || i + 1 == argc || !read_url(argv[++i], url)) {
            fprintf(stderr, "duel-server check: cannot understand %s\n", argv[i]);
            return EXIT_USAGE;
        }
    }
    struct checks checks = { .rows = json ? json_array() : NULL,
                             .colour = isatty(STDOUT_FILENO) != 0 };
    curl_global_init(CURL_GLOBAL_DEFAULT);
    run_checks(&checks, settings, url);
    print_end(&checks);
    curl_global_cleanup();
    return checks.count[CHECK_FAIL] > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
