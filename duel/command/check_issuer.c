/* The part of `duel-server check` that is about Logto: its discovery, its keys, its clock. */
#include <duel/command/check.h>
#include <duel/io/jwks.h>
#include <duel/io/jwt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define AREA "Logto"
#define SKEW_WARN_S 5
#define SKEW_FAIL_S JWT_LEEWAY_S /* what the server forgives a token's times */

static void add_unreached(struct checks *checks, const char *what, const char *url,
                          const struct check_answer *answer)
{
    if (answer->status == 0) {
        checks_add(checks, CHECK_FAIL, AREA, what,
                   answer->untrusted
                       ? "give Logto a certificate that this machine trusts, for this name"
                       : "mend LOGTO_ENDPOINT, or set LOGTO_JWKS_URL to where this machine reaches"
                         " Logto",
                   "%s: %s", url, answer->problem);
    } else {
        checks_add(checks, CHECK_FAIL, AREA, what,
                   "LOGTO_ENDPOINT is Logto's own address (the one of sign-in), without /oidc",
                   "%s: HTTP status %ld", url, answer->status);
    }
}

static void judge_discovery(struct checks *checks, const struct settings *settings,
                            const struct check_answer *answer)
{
    json_t *root = json_loadb(answer->body, answer->size, 0, NULL);
    const char *issuer = json_string_value(json_object_get(root, "issuer"));
    if (issuer == NULL) {
        checks_add(checks, CHECK_FAIL, AREA, "issuer",
                   "LOGTO_ENDPOINT is Logto's own address (the one of sign-in), without /oidc",
                   "what answers at %s is no OpenID provider", settings->logto_endpoint);
    } else if (strcmp(issuer, settings->issuer) != 0) {
        checks_add(checks, CHECK_FAIL, AREA, "issuer",
                   "set LOGTO_ENDPOINT to what Logto calls itself (its own ENDPOINT), letter by"
                   " letter",
                   "Logto says %s, tokens are expected from %s", issuer, settings->issuer);
    } else {
        checks_add(checks, CHECK_OK, AREA, "issuer", NULL, "%s", issuer);
    }
    json_decref(root);
}

static void judge_clock(struct checks *checks, int64_t date_s)
{
    int64_t skew_s = (int64_t)time(NULL) - date_s;
    int64_t size_s = skew_s < 0 ? -skew_s : skew_s;
    if (date_s < 0) {
        return;
    }
    checks_add(checks,
               size_s > SKEW_FAIL_S   ? CHECK_FAIL
               : size_s > SKEW_WARN_S ? CHECK_WARN
                                      : CHECK_OK,
               AREA, "clock", "switch time synchronisation on, on both machines (timedatectl)",
               "%" PRId64 " s %s Logto's", size_s, skew_s < 0 ? "behind" : "before");
}

static bool check_discovery(struct checks *checks, const struct settings *settings,
                            struct check_answer *answer)
{
    char url[1024];
    (void)snprintf(url, sizeof url, "%s/.well-known/openid-configuration", settings->issuer);
    bool reached = check_get(url, NULL, answer) && answer->status == 200;
    if (reached) {
        judge_discovery(checks, settings, answer);
        judge_clock(checks, answer->date_s);
    } else if (strncmp(settings->jwks_url, settings->issuer, strlen(settings->issuer)) != 0) {
        checks_add(checks, CHECK_WARN, AREA, "issuer",
                   "nothing to do if this machine cannot reach Logto's public address: the keys"
                   " come from LOGTO_JWKS_URL",
                   "%s does not answer", settings->issuer);
    } else {
        add_unreached(checks, "issuer", url, answer);
    }
    return reached;
}

/* "kid (ES384)" of each key that is of use; how many others there are. */
static uint32_t list_keys(const struct jwks *keys, const struct check_answer *answer,
                          struct text_buffer *list)
{
    json_t *root = json_loadb(answer->body, answer->size, 0, NULL);
    uint32_t useless = 0;
    size_t i;
    const json_t *jwk;
    json_array_foreach(json_object_get(root, "keys"), i, jwk)
    {
        const char *kid = json_string_value(json_object_get(jwk, "kid"));
        const struct jwks_key *key = jwks_find(keys, kid != NULL ? text_from(kid) : TEXT_NONE);
        if (key == NULL) {
            useless++;
            continue;
        }
        text_append(list, list->size > 0 ? TEXT(", ") : TEXT(""));
        text_append(list, kid != NULL ? text_from(kid) : TEXT("nameless"));
        text_append(list, TEXT(" "));
        text_append(list, text_from(jwks_key_algorithm(key)));
    }
    json_decref(root);
    return useless;
}

static void check_keys(struct checks *checks, const struct settings *settings,
                       struct check_answer *answer)
{
    char memory[200];
    struct text_buffer list;
    if (!check_get(settings->jwks_url, NULL, answer) || answer->status != 200) {
        add_unreached(checks, "keys", settings->jwks_url, answer);
        return;
    }
    struct jwks *keys = jwks_parse((struct text){ answer->body, answer->size });
    if (keys == NULL) {
        checks_add(checks, CHECK_FAIL, AREA, "keys",
                   "let Logto sign with EC P-384 (its default) or RSA; look that LOGTO_JWKS_URL is"
                   " its key set",
                   "%s has no key that can check a token", settings->jwks_url);
        return;
    }
    text_buffer_init(&list, memory, sizeof memory - 1);
    uint32_t useless = list_keys(keys, answer, &list);
    memory[list.size] = '\0';
    checks_add(checks, CHECK_OK, AREA, "keys", NULL, "%u of use: %s%s", jwks_count(keys), memory,
               useless > 0 ? "; others passed over" : "");
    jwks_release(keys);
}

void check_issuer(struct checks *checks, const struct settings *settings)
{
    struct check_answer *answer = malloc(sizeof *answer);
    if (answer == NULL) {
        checks_add(checks, CHECK_FAIL, AREA, "issuer", "give this machine memory", "out of memory");
        return;
    }
    bool dated = check_discovery(checks, settings, answer);
    check_keys(checks, settings, answer);
    if (!dated && answer->status != 0) {
        judge_clock(checks, answer->date_s);
    }
    free(answer);
}
