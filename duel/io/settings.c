/* Settings out of the environment, by the table. It refuses to know who uses them; their shapes are
 * in settings_check.c. */
#include <duel/io/settings.h>

#include <duel/base/assert.h>
#include <duel/io/log.h>
#include <duel/io/settings_check.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROBLEM_SIZE_MAX 512
#define SHOWN_SIZE_MAX 80 /* of a wrong value */
#define ADDRESS_SIZE_MAX 600
#define NAME_COLUMN 26

/* Room is bounded by what the machine can hold and what one pairing needs; pools are sized by
 * these. */
#define MATCHES_SPARE 1024
#define MATCHES_MAX 100000
#define RESULTS_MAX 20000

enum kind { KIND_TEXT, KIND_SECRET, KIND_NUMBER };

struct entry {
    const char *name;
    const char *standard; /* TEXT, SECRET: NULL when required */
    const char *doc;
    int64_t number; /* NUMBER: default */
    int64_t min;
    int64_t max;
    enum kind kind;
    uint32_t offset; /* in struct settings */
};

static const struct entry entries[] = {
#define AT(field) (uint32_t)offsetof(struct settings, field)
#define TEXT_SETTING(field, name, standard, doc) \
    { name, standard, doc, 0, 0, 0, KIND_TEXT, AT(field) },
#define SECRET_SETTING(field, name, standard, doc) \
    { name, standard, doc, 0, 0, 0, KIND_SECRET, AT(field) },
#define NUMBER_SETTING(field, name, standard, min, max, doc) \
    { name, NULL, doc, standard, min, max, KIND_NUMBER, AT(field) },
#include <duel/io/settings.def>
};

#define ENTRIES (sizeof entries / sizeof entries[0])

static const struct {
    const char *name;
    const char *other;
} aliases[] = {
#define ALIAS(name, other) { name, other },
#include <duel/io/settings.def>
};

#define ALIASES (sizeof aliases / sizeof aliases[0])

static char problem_data[PROBLEM_SIZE_MAX];
static struct text_buffer problem;

/* ---- reading ---- */

/* The value in the environment, NULL when it is not set; set and empty counts as not set, as
 * compose files do it. *ret_name is the name it was found under. */
static const char *lookup(const char *name, const char **ret_name)
{
    *ret_name = name;
    const char *value = getenv(name);
    for (uint32_t i = 0; i < ALIASES && (value == NULL || value[0] == '\0'); i++) {
        if (strcmp(aliases[i].name, name) == 0) {
            value = getenv(aliases[i].other);
            *ret_name = aliases[i].other;
        }
    }
    if (value == NULL || value[0] == '\0') {
        *ret_name = name;
        return NULL;
    }
    return value;
}

static void say(const char *words)
{
    text_append(&problem, text_from(words));
}

/* The part of the line before what is wrong. A value is shown in printable ASCII, cut when long. */
static void say_value(const struct entry *entry, const char *name, const char *value)
{
    say(name);
    if (entry->kind == KIND_SECRET) {
        say(" ");
        return;
    }
    say(" is \"");
    uint32_t i = 0;
    for (; value[i] != '\0' && i < SHOWN_SIZE_MAX; i++) {
        char c = value[i] < ' ' || value[i] > '~' ? '?' : value[i];
        text_append(&problem, (struct text){ &c, 1 });
    }
    say(value[i] == '\0' ? "\": " : "…\": ");
}

static bool parse_number(const char *text, int64_t *ret_number)
{
    int64_t number = 0;
    uint32_t i = 0;
    for (; text[i] != '\0'; i++) {
        if (text[i] < '0' || text[i] > '9' || i == 18) {
            return false;
        }
        number = number * 10 + (text[i] - '0');
    }
    *ret_number = number;
    return i > 0;
}

static bool read_number(const struct entry *entry, int64_t *ret_number)
{
    const char *name;
    const char *value = lookup(entry->name, &name);
    int64_t number = entry->number;
    if (value != NULL &&
        (!parse_number(value, &number) || number < entry->min || number > entry->max)) {
        say_value(entry, name, value);
        say("must be a whole number from ");
        text_append_int(&problem, entry->min);
        say(" to ");
        text_append_int(&problem, entry->max);
        return false;
    }
    *ret_number = number;
    return true;
}

static bool read_text(const struct entry *entry, const char **ret_text)
{
    const char *name;
    const char *value = lookup(entry->name, &name);
    if (value == NULL && entry->standard == NULL) {
        say(entry->name);
        say(" is not set: ");
        say(entry->doc);
        return false;
    }
    const char *wrong = value != NULL ? settings_check(entry->name, value) : NULL;
    if (wrong != NULL) {
        say_value(entry, name, value);
        say(wrong);
        return false;
    }
    *ret_text = value != NULL ? value : entry->standard;
    return true;
}

static bool read_entry(const struct entry *entry, struct settings *settings)
{
    void *at = (char *)settings + entry->offset;
    return entry->kind == KIND_NUMBER ? read_number(entry, at) : read_text(entry, at);
}

/* `base` without slashes at its end, and `rest`. */
static const char *join(char memory[ADDRESS_SIZE_MAX], const char *base, const char *rest)
{
    size_t size = strlen(base);
    while (size > 0 && base[size - 1] == '/') {
        size--;
    }
    struct text_buffer buffer;
    text_buffer_init(&buffer, memory, ADDRESS_SIZE_MAX - 1);
    text_append(&buffer, (struct text){ base, (uint32_t)size });
    text_append(&buffer, text_from(rest));
    ASSERT(!buffer.full); /* settings_check bounds URLs */
    memory[buffer.size] = '\0';
    return memory;
}

static bool is_store(const struct settings *settings)
{
    return strncmp(settings->frames, "s3://", strlen("s3://")) == 0;
}

static const char *bucket_of(const struct settings *settings)
{
    const char *bucket = settings->frames + strlen("s3://");
    return bucket[0] != '\0' ? bucket : settings->r2_bucket;
}

/* A store takes more than DUEL_FRAMES. */
static bool check_store(const struct settings *settings)
{
    const char *missing = bucket_of(settings)[0] == '\0'      ? "R2_BUCKET"
                          : settings->r2_endpoint[0] == '\0'   ? "R2_ENDPOINT"
                          : settings->r2_access_key[0] == '\0' ? "R2_ACCESS_KEY"
                          : settings->r2_secret_key[0] == '\0' ? "R2_SECRET_KEY"
                                                               : NULL;
    if (missing != NULL) {
        say(missing);
        say(" is not set: the S3 store of DUEL_FRAMES needs address, bucket and keys");
    }
    return missing == NULL;
}

static void work_out(struct settings *settings)
{
    static char issuer[ADDRESS_SIZE_MAX], jwks_url[ADDRESS_SIZE_MAX];
    settings->issuer = join(issuer, settings->logto_endpoint, "/oidc");
    settings->jwks_url = settings->logto_jwks_url[0] != '\0'
                             ? settings->logto_jwks_url
                             : join(jwks_url, settings->logto_endpoint, "/oidc/jwks");
    bool store = is_store(settings);
    settings->frames_dir = store ? NULL : settings->frames + strlen("file://");
    settings->frames_bucket = store ? bucket_of(settings) : NULL;
    char *rest;
    settings->difficulty_min = (int32_t)strtol(settings->difficulty, &rest, 10);
    settings->difficulty_max = (int32_t)strtol(rest + 1, NULL, 10);
}

bool settings_read(struct settings *ret_settings, struct text *ret_problem)
{
    struct settings settings;
    memset(&settings, 0, sizeof settings);
    text_buffer_init(&problem, problem_data, sizeof problem_data);
    bool good = true;
    for (uint32_t i = 0; i < ENTRIES && good; i++) {
        good = read_entry(&entries[i], &settings);
    }
    if (good && strcmp(settings.listen, settings.ops_listen) == 0 &&
        strcmp(strrchr(settings.listen, ':'), ":0") != 0) {
        say("DUEL_OPS_LISTEN must not be the same as DUEL_LISTEN");
        good = false;
    }
    if (good && (settings.umami_url[0] != '\0') != (settings.umami_website_id[0] != '\0')) {
        say("UMAMI_URL and UMAMI_WEBSITE_ID must be set together");
        good = false;
    }
    good = good && (!is_store(&settings) || check_store(&settings));
    if (!good) {
        *ret_problem = text_of(&problem);
        return false;
    }
    work_out(&settings);
    *ret_settings = settings;
    return true;
}

static bool is_known(const char *name, size_t size)
{
    for (uint32_t i = 0; i < ENTRIES; i++) {
        if (strlen(entries[i].name) == size && strncmp(entries[i].name, name, size) == 0) {
            return true;
        }
    }
    return false;
}

void settings_warn_unknown(void)
{
    static const char prefix[] = "DUEL_";
    for (char **at = environ; *at != NULL; at++) {
        size_t size = strcspn(*at, "=");
        if (strncmp(*at, prefix, strlen(prefix)) != 0 || is_known(*at, size)) {
            continue;
        }
        struct log_field fields[] = {
            { .key = "name", .kind = LOG_FIELD_TEXT, .text = { *at, (uint32_t)size } },
            { .key = NULL },
        };
        log_fields(LOG_LEVEL_WARN, "this version has no such setting", fields);
    }
}

/* ---- use ---- */

#define LEASE_RENEWALS 3 /* in the time that a lease lasts */

static int64_t max(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static struct match_rules rules_of(const struct settings *settings)
{
    return (struct match_rules){
        .best_of = (uint32_t)settings->best_of,
        .waiting_ms = (uint32_t)settings->waiting_ms,
        .countdown_ms = (uint32_t)settings->countdown_ms,
        .round_ms = (uint32_t)settings->round_ms,
        .intermission_ms = (uint32_t)settings->intermission_ms,
        /* The end is saved and the rating told before the sockets are closed. */
        .rematch_ms = (uint32_t)max(settings->rematch_ms,
                                    max(settings->settle_wait_ms, settings->save_wait_ms)),
        .grace_ms = (uint32_t)settings->grace_ms,
        .grace_total_ms = 3 * (uint32_t)settings->grace_ms,
        .max_guesses = (uint32_t)settings->max_guesses,
        .lockout_ms = (uint32_t)settings->lockout_ms,
        .lag_cap_ms = (uint32_t)settings->lag_cap_ms,
        .ready_wait_ms = (uint32_t)settings->ready_wait_ms,
    };
}

struct hub_limits settings_limits(const struct settings *settings, uint32_t connections_max)
{
    /* A match has two connections; those that wait for one, or that are over and may be come back
     * to until their time for a rematch is up, have fewer. Room that is not used costs nothing. */
    uint32_t matches = connections_max + MATCHES_SPARE;
    return (struct hub_limits){
        .connections_max = connections_max,
        .matches_max = matches < MATCHES_MAX ? matches : MATCHES_MAX,
        .results_max = RESULTS_MAX,
        .guess_log_max = (uint32_t)settings->guess_log_max,
        .settle_wait_ms = (uint32_t)settings->settle_wait_ms,
        .save_wait_ms = (uint32_t)settings->save_wait_ms,
        .renew_ms = (uint32_t)settings->lease_ms / LEASE_RENEWALS,
        .drain_ms = (uint32_t)settings->drain_ms,
        .invite_ms = (uint32_t)settings->invite_ms,
        .rated_invites = strcmp(settings->rated_invites, "on") == 0,
        .suggests_per_s = 10,
        .searches_per_s = 10,
        .ping_match_ms = 5000,
        .ping_idle_ms = 15000,
        .silence_match_ms = 15000,
        .silence_idle_ms = 30000,
        .rules = rules_of(settings),
        .matchmaker = {
            .window = (uint32_t)settings->window,
            .step = (uint32_t)settings->window_step,
            .step_ms = (uint32_t)settings->window_step_ms,
            .timeout_ms = (uint32_t)settings->queue_timeout_ms,
        },
    };
}

bool settings_allow_origin(const struct settings *settings, struct text origin)
{
    const char *at = settings->allowed_origins + strspn(settings->allowed_origins, ", ");
    while (*at != '\0') {
        size_t size = strcspn(at, ", ");
        if (text_equal(origin, (struct text){ at, (uint32_t)size })) {
            return true;
        }
        at += size;
        at += strspn(at, ", ");
    }
    return false;
}

/* ---- printing ---- */

static const char *alias_of(const char *name)
{
    for (uint32_t i = 0; i < ALIASES; i++) {
        if (strcmp(aliases[i].name, name) == 0) {
            return aliases[i].other;
        }
    }
    return NULL;
}

void settings_print_help(void)
{
    for (uint32_t i = 0; i < ENTRIES; i++) {
        const struct entry *entry = &entries[i];
        printf("  %-*s %s", NAME_COLUMN, entry->name, entry->doc);
        if (alias_of(entry->name) != NULL) {
            printf(" (or %s)", alias_of(entry->name));
        }
        if (entry->kind == KIND_NUMBER) {
            printf(" [%" PRId64 "]\n", entry->number);
        } else if (entry->standard == NULL) {
            printf(" [required]\n");
        } else if (entry->standard[0] != '\0') {
            printf(" [%s]\n", entry->standard);
        } else {
            printf("\n");
        }
    }
}

void settings_print_values(const struct settings *settings)
{
    for (uint32_t i = 0; i < ENTRIES; i++) {
        const struct entry *entry = &entries[i];
        const void *at = (const char *)settings + entry->offset;
        printf("%s=", entry->name);
        if (entry->kind == KIND_NUMBER) {
            printf("%" PRId64 "\n", *(const int64_t *)at);
        } else if (entry->kind == KIND_SECRET) {
            printf("%s\n", (*(const char *const *)at)[0] != '\0' ? "(set)" : "(not set)");
        } else {
            printf("%s\n", *(const char *const *)at);
        }
    }
}

void settings_print_markdown(void)
{
    printf("# Settings\n\n"
           "Generated from `include/duel/io/settings.def` by `make docs`: change that file.\n\n"
           "All settings are environment variables. One that is set but empty counts as not "
           "set.\n"
           "A wrong or missing one is one line on standard error and exit status 78, before\n"
           "anything listens; `duel-server --check-config` tries them and prints those in\n"
           "force (secrets only as set or not). Durations are in milliseconds. A variable\n"
           "that starts with `DUEL_` and is not listed here is reported in the log and\n"
           "otherwise left alone.\n\n"
           "| name | default | meaning |\n|---|---|---|\n");
    for (uint32_t i = 0; i < ENTRIES; i++) {
        const struct entry *entry = &entries[i];
        printf("| `%s`", entry->name);
        if (alias_of(entry->name) != NULL) {
            printf(" or `%s`", alias_of(entry->name));
        }
        if (entry->kind == KIND_NUMBER) {
            printf(" | %" PRId64 " | %s; from %" PRId64 " to %" PRId64 " |\n", entry->number,
                   entry->doc, entry->min, entry->max);
        } else {
            printf(" | %s%s%s | %s%s |\n",
                   entry->standard != NULL && entry->standard[0] != '\0' ? "`" : "",
                   entry->standard != NULL ? entry->standard : "**required**",
                   entry->standard != NULL && entry->standard[0] != '\0' ? "`" : "", entry->doc,
                   entry->kind == KIND_SECRET ? "; a secret, never printed" : "");
        }
    }
}
