/* The bytes of an envelope: a line about itself, a line about its item, the event as one line of
 * JSON (Sentry's envelope and event payloads; what GlitchTip reads of them). */
#include <duel/io/sentry.h>

#include <duel/io/crash.h>
#include <duel/io/crumbs.h>

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define EVENT_ID_SIZE 32
#define DUMP_FLAGS (JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(14))

/* A version 4 UUID without hyphens. */
static bool make_event_id(char ret_id[EVENT_ID_SIZE + 1])
{
    uint64_t bits[2];
    if (getrandom(bits, sizeof bits, 0) != (ssize_t)sizeof bits) {
        return false;
    }
    struct uuid id = uuid_random(bits[0], bits[1]);
    for (uint32_t i = 0; i < sizeof id.bytes; i++) {
        snprintf(ret_id + 2 * i, 3, "%02x", id.bytes[i]);
    }
    return true;
}

/* Takes the event. */
static char *make_envelope(json_t *event, size_t *ret_size)
{
    char id[EVENT_ID_SIZE + 1], sent[32];
    struct tm date;
    time_t now = time(NULL);
    gmtime_r(&now, &date);
    strftime(sent, sizeof sent, "%Y-%m-%dT%H:%M:%SZ", &date);
    char *envelope = NULL;
    if (event != NULL && make_event_id(id)) {
        json_object_set_new(event, "event_id", json_string(id));
        char *payload = json_dumps(event, DUMP_FLAGS);
        int size = payload == NULL ? -1
                                   : asprintf(&envelope,
                                              "{\"event_id\":\"%s\",\"sent_at\":\"%s\"}\n"
                                              "{\"type\":\"event\",\"length\":%zu,"
                                              "\"content_type\":\"application/json\"}\n%s\n",
                                              id, sent, strlen(payload), payload);
        free(payload);
        envelope = size < 0 ? NULL : envelope;
        *ret_size = size < 0 ? 0 : (size_t)size;
    }
    json_decref(event);
    return envelope;
}

/* What all events have. */
static json_t *make_event(const char *level, double time_s, const char *node, const char *release,
                          const char *message)
{
    char version[128];
    snprintf(version, sizeof version, "framedle-duel@%s", release);
    return json_pack("{s:f, s:s, s:s, s:s, s:s, s:s, s:{s:s}, s:{s:s}}", "timestamp", time_s,
                     "platform", "native", "level", level, "logger", "duel", "server_name", node,
                     "release", version, "logentry", "formatted", message, "tags", "node", node);
}

static void set_tag(json_t *event, const char *key, const struct uuid *id)
{
    char text[UUID_TEXT_SIZE + 1];
    if (!uuid_is_none(id)) {
        uuid_format(id, text);
        json_object_set_new(json_object_get(event, "tags"), key, json_string(text));
    }
}

/* Takes the list. */
static void set_crumbs(json_t *event, json_t *crumbs)
{
    json_object_set_new(event, "breadcrumbs", json_pack("{s:o}", "values", crumbs));
}

static json_t *read_crumbs(void)
{
    json_t *list = json_array();
    const struct crumb *crumb;
    for (uint32_t i = 0; (crumb = crumbs_at(i)) != NULL; i++) {
        json_t *one = json_loadb(crumb->json, crumb->size, 0, NULL);
        if (one != NULL) {
            json_array_append_new(list, one);
        }
    }
    return list;
}

char *sentry_error_envelope(const struct sentry_about *about, const char *event,
                            const struct log_field *fields, uint32_t suppressed, size_t *ret_size)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    json_t *json = make_event("error", (double)now.tv_sec + (double)now.tv_nsec / 1e9, about->node,
                              about->release, event);
    json_t *extra = crumbs_fields(fields);
    if (json == NULL || extra == NULL) {
        json_decref(json);
        json_decref(extra);
        return NULL;
    }
    for (; fields != NULL && fields->key != NULL; fields++) {
        if (fields->kind == LOG_FIELD_UUID && strcmp(fields->key, "match") == 0) {
            set_tag(json, "match", &fields->uuid);
        }
    }
    json_object_set_new(extra, "suppressed", json_integer(suppressed));
    json_object_set_new(json, "extra", extra);
    json_object_set_new(json, "fingerprint", json_pack("[s]", event));
    set_crumbs(json, read_crumbs());
    return make_envelope(json, ret_size);
}

/* ---- crashes ---- */

struct facts {
    int64_t signal; /* 0: none seen */
    int64_t time_s;
    uint64_t address;
    uint64_t pc;
    uint64_t base;
    uint64_t size;
    char node[40];
    char release[80];
    char build[48];
    char assertion[300];
    struct uuid match;
    json_t *crumbs;
    uint32_t frames_count;
    uint64_t frames[64];
};

static const char *signal_word(int64_t signal)
{
    return signal == SIGSEGV   ? "SIGSEGV"
           : signal == SIGBUS  ? "SIGBUS"
           : signal == SIGFPE  ? "SIGFPE"
           : signal == SIGILL  ? "SIGILL"
           : signal == SIGABRT ? "SIGABRT"
                               : NULL;
}

static void read_match(const char *hex, struct uuid *ret_match)
{
    for (uint32_t i = 0; i < sizeof ret_match->bytes && strlen(hex) == 32; i++) {
        unsigned byte = 0;
        if (sscanf(hex + 2 * i, "%2x", &byte) == 1) {
            ret_match->bytes[i] = (uint8_t)byte;
        }
    }
}

static void read_words(const char *key, const char *value, struct facts *facts)
{
    const struct {
        const char *key;
        char *to;
        size_t size;
    } words[] = {
        { "node", facts->node, sizeof facts->node },
        { "release", facts->release, sizeof facts->release },
        { "build", facts->build, sizeof facts->build },
        { "assertion", facts->assertion, sizeof facts->assertion },
    };
    for (uint32_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i].key, key) == 0) {
            snprintf(words[i].to, words[i].size, "%s", value);
        }
    }
}

static void read_fact(const char *key, const char *value, struct facts *facts)
{
    const struct {
        const char *key;
        uint64_t *to;
    } addresses[] = { { "address", &facts->address }, { "pc", &facts->pc },
                      { "base", &facts->base }, { "size", &facts->size } };
    for (uint32_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        if (strcmp(addresses[i].key, key) == 0) {
            *addresses[i].to = strtoull(value, NULL, 16);
        }
    }
    if (strcmp(key, "signal") == 0) {
        facts->signal = strtoll(value, NULL, 10);
    } else if (strcmp(key, "time") == 0) {
        facts->time_s = strtoll(value, NULL, 10);
    } else if (strcmp(key, "match") == 0) {
        read_match(value, &facts->match);
    } else if (strcmp(key, "frame") == 0 && facts->frames_count < 64) {
        facts->frames[facts->frames_count++] = strtoull(value, NULL, 16);
    } else if (strcmp(key, "crumb") == 0 && json_array_size(facts->crumbs) < CRUMBS) {
        json_t *crumb = json_loads(value, 0, NULL);
        if (json_is_object(crumb)) {
            json_array_append(facts->crumbs, crumb);
        }
        json_decref(crumb);
    }
    read_words(key, value, facts);
}

/* A last line without an end was cut, and is left out. */
static void read_facts(struct text text, struct facts *facts)
{
    while (text.size > 0) {
        const char *end = memchr(text.data, '\n', text.size);
        if (end == NULL) {
            return;
        }
        char line[CRUMB_SIZE_MAX + 32];
        uint32_t size = (uint32_t)(end - text.data);
        if (size < sizeof line && memchr(text.data, '\0', size) == NULL) {
            memcpy(line, text.data, size);
            line[size] = '\0';
            char *value = strchr(line, ' ');
            if (value != NULL) {
                *value = '\0';
                read_fact(line, value + 1, facts);
            }
        }
        text.data += size + 1;
        text.size -= size + 1;
    }
}

static bool is_ours(const struct facts *facts, uint64_t at)
{
    return at >= facts->base && at - facts->base < facts->size;
}

/* The frame where it happened; the handler's own frames lie above it. */
static uint32_t find_first(const struct facts *facts)
{
    uint32_t first = 0;
    while (first < facts->frames_count && facts->frames[first] != facts->pc) {
        first++;
    }
    return first == facts->frames_count ? 0 : first;
}

/* Where in the program it happened: the same for the same fault, wherever the loader put us. */
static uint64_t find_place(const struct facts *facts)
{
    for (uint32_t i = find_first(facts); i < facts->frames_count; i++) {
        if (is_ours(facts, facts->frames[i])) {
            return facts->frames[i] - facts->base;
        }
    }
    return 0;
}

/* From the outermost to where it happened. */
static json_t *make_frames(const struct facts *facts)
{
    json_t *list = json_array();
    uint32_t first = find_first(facts);
    for (uint32_t i = facts->frames_count; i > first; i--) {
        uint64_t at = facts->frames[i - 1];
        bool ours = is_ours(facts, at);
        char address[24], function[48];
        snprintf(address, sizeof address, "0x%llx", (unsigned long long)at);
        snprintf(function, sizeof function, "%s0x%llx", ours ? "duel-server+" : "",
                 (unsigned long long)(ours ? at - facts->base : at));
        json_array_append_new(list, json_pack("{s:s, s:s, s:b}", "instruction_addr", address,
                                              "function", function, "in_app", ours));
    }
    return list;
}

static void set_exception(json_t *event, const struct facts *facts, const char *what)
{
    char value[400];
    if (facts->assertion[0] != '\0') {
        snprintf(value, sizeof value, "assertion failed: %s", facts->assertion);
    } else {
        snprintf(value, sizeof value, "%s at duel-server+0x%llx", what,
                 (unsigned long long)find_place(facts));
    }
    json_t *frames = make_frames(facts);
    json_t *exception = json_pack("{s:s, s:s, s:{s:s, s:b}}", "type", what, "value", value,
                                  "mechanism", "type", "signalhandler", "handled", 0);
    if (json_array_size(frames) > 0) { /* an empty stack trace is refused */
        json_object_set_new(exception, "stacktrace", json_pack("{s:O}", "frames", frames));
    }
    json_decref(frames);
    json_object_set_new(event, "exception", json_pack("{s:[o]}", "values", exception));
    json_object_set_new(event, "fingerprint", json_pack("[s, s]", "crash", value));
    char base[24], address[24];
    snprintf(address, sizeof address, "0x%llx", (unsigned long long)facts->address);
    json_object_set_new(event, "extra", json_pack("{s:s, s:s}", "address", address, "build",
                                                  facts->build));
    snprintf(base, sizeof base, "0x%llx", (unsigned long long)facts->base);
    json_object_set_new(event, "debug_meta",
                        json_pack("{s:[{s:s, s:s, s:I, s:s, s:s}]}", "images", "type", "elf",
                                  "image_addr", base, "image_size", (json_int_t)facts->size,
                                  "code_id", facts->build, "code_file", "duel-server"));
}

char *sentry_crash_envelope(struct text text, size_t *ret_size)
{
    struct facts facts = { .crumbs = json_array() };
    read_facts(text, &facts);
    const char *what = signal_word(facts.signal);
    if (what == NULL || facts.crumbs == NULL) {
        json_decref(facts.crumbs);
        return NULL;
    }
    json_t *event = make_event("fatal", (double)facts.time_s, facts.node, facts.release,
                               facts.assertion[0] != '\0' ? facts.assertion : what);
    if (event == NULL) { /* also when a text is no UTF-8 */
        json_decref(facts.crumbs);
        return NULL;
    }
    set_tag(event, "match", &facts.match);
    set_exception(event, &facts, what);
    set_crumbs(event, facts.crumbs);
    return make_envelope(event, ret_size);
}
