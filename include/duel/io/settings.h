/* Settings from the environment, by the table settings.def. Read once at start, then constant. */
#ifndef DUEL_IO_SETTINGS_H
#define DUEL_IO_SETTINGS_H

#include <duel/base/text.h>
#include <duel/hub/hub.h>

#define SETTINGS_NODE_SIZE_MAX 16 /* bytes of DUEL_NODE_ID */

struct settings {
#define TEXT_SETTING(field, name, standard, doc) const char *field;
#define SECRET_SETTING(field, name, standard, doc) const char *field;
#define NUMBER_SETTING(field, name, standard, min, max, doc) int64_t field;
#include <duel/io/settings.def>
    /* Worked out of the above. */
    const char *issuer;   /* LOGTO_ENDPOINT/oidc, no slash doubled */
    const char *jwks_url;
    const char *frames_dir;    /* of file://, else NULL */
    const char *frames_bucket; /* of s3://, else NULL */
    int32_t difficulty_min;
    int32_t difficulty_max;
};

/* Reads and checks every setting. False: *ret_problem is one line for standard error that names the
 * setting, what is wrong and what would be right, without secrets; it lives until the next call.
 * Texts in *ret_settings live as long as the process. */
bool settings_read(struct settings *ret_settings, struct text *ret_problem);
/* Logs a warning for each DUEL_ variable that is not in the table: a slip, or of another
 * version. */
void settings_warn_unknown(void);
/* The hub's limits as these settings say them. */
struct hub_limits settings_limits(const struct settings *settings, uint32_t connections_max);
/* Whether `origin` is on the allow-list (exact, RFC 6454 section 6.2). */
bool settings_allow_origin(const struct settings *settings, struct text origin);

/* Prints the table: for --help (name, default, meaning), for --check-config (name and value in
 * force, secrets as "(set)" or "(not set)") and for docs/settings.md (a Markdown table). */
void settings_print_help(void);
void settings_print_values(const struct settings *settings);
void settings_print_markdown(void);

#endif
