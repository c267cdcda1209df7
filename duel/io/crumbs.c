/* The ring of breadcrumbs. It refuses to know where they go. */
#include <duel/io/crumbs.h>

#include <jansson.h>
#include <string.h>
#include <time.h>

#define TEXT_SIZE_MAX 200

static struct crumb ring[CRUMBS];
static volatile uint32_t count; /* ever */

static const char *const level_words[] = {
    [LOG_LEVEL_DEBUG] = "debug",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_WARN] = "warning",
    [LOG_LEVEL_ERROR] = "error",
};

/* Texts whose words are ours. Others may be an address, a path that names a video, or a result
 * with its guesses, which a log may hold that stays on the machine. */
static bool may_leave(const char *key)
{
    static const char *const keys[] = { "reason", "detail", "store", "version" };
    for (uint32_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(keys[i], key) == 0) {
            return true;
        }
    }
    return false;
}

/* Without what stands in quotes: PostgreSQL quotes values there, Valkey arguments. NULL: no
 * UTF-8. */
static json_t *without_quotations(struct text text)
{
    char words[TEXT_SIZE_MAX];
    uint32_t size = 0;
    char quote = '\0'; /* that is open */
    for (uint32_t i = 0; i < text.size && size < sizeof words; i++) {
        char c = text.data[i];
        bool after_blank = i == 0 || text.data[i - 1] == ' '; /* no apostrophe */
        bool begins = c == '"' || (c == '\'' && after_blank);
        bool is_quote = quote != '\0' ? c == quote : begins;
        if (is_quote) {
            quote = quote != '\0' ? '\0' : c;
        }
        if (is_quote || quote == '\0') {
            words[size++] = c;
        }
    }
    while (size > 0 && !text_is_utf8((struct text){ words, size })) {
        size--; /* cut within a character */
    }
    return json_stringn(words, size);
}

json_t *crumbs_fields(const struct log_field *fields)
{
    json_t *object = json_object();
    for (; fields != NULL && fields->key != NULL; fields++) {
        char id[UUID_TEXT_SIZE + 1];
        json_t *value = NULL;
        switch (fields->kind) {
        case LOG_FIELD_TEXT:
            value = fields->text.data != NULL && may_leave(fields->key)
                        ? without_quotations(fields->text)
                        : NULL;
            break;
        case LOG_FIELD_INT:
            value = json_integer(fields->number);
            break;
        case LOG_FIELD_UUID:
            /* Of matches alone: `forget` could not reach a player's there. */
            uuid_format(&fields->uuid, id);
            value = strcmp(fields->key, "match") == 0 && !uuid_is_none(&fields->uuid)
                        ? json_string(id)
                        : NULL;
            break;
        }
        if (value != NULL) {
            json_object_set_new(object, fields->key, value);
        }
    }
    return object;
}

void crumbs_add(enum log_level level, const char *event, const struct log_field *fields)
{
    if (level < LOG_LEVEL_INFO) {
        return;
    }
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    json_t *json = json_pack("{s:f, s:s, s:s, s:s, s:o}", "timestamp",
                             (double)now.tv_sec + (double)(now.tv_nsec / 1000000) / 1e3, "level",
                             level_words[level], "category", "log", "message", event, "data",
                             crumbs_fields(fields));
    struct crumb *crumb = &ring[count % CRUMBS];
    crumb->size = 0; /* a process that dies here leaves this one out */
    size_t size = json_dumpb(json, crumb->json, sizeof crumb->json,
                             JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(14));
    json_decref(json);
    crumb->size = size <= sizeof crumb->json ? (uint32_t)size : 0;
    count++;
}

const struct crumb *crumbs_at(uint32_t at)
{
    uint32_t kept = count < CRUMBS ? count : CRUMBS;
    return at < kept ? &ring[(count - kept + at) % CRUMBS] : NULL;
}
