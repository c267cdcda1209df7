/* The part of `duel-server check` that looks from outside: the whole chain of proxies, as clients
 * meet it. It refuses to know which proxies those are, but for Cloudflare, which shows itself. */
#include <duel/command/check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AREA "public"
#define URL_SIZE (CHECK_TEXT_SIZE + 32)
#define STRANGER "https://duel-check.invalid" /* RFC 6761: no site has this name */

static void check_leaderboard(struct checks *checks, const char *base, struct check_answer *answer)
{
    char url[URL_SIZE];
    (void)snprintf(url, sizeof url, "%s/leaderboard", base);
    bool secure = strncmp(base, "https://", 8) == 0;
    if (!check_get(url, NULL, answer)) {
        checks_add(checks, CHECK_FAIL, AREA, "https",
                   answer->untrusted ? "let the proxy get a certificate for this host (Traefik:"
                                       " certresolver; Cloudflare: Full (strict))"
                                     : "look at the host's DNS record, the proxy and the firewall",
                   "%s", answer->problem);
        return;
    }
    checks_add(checks, secure ? CHECK_OK : CHECK_WARN, AREA, "https",
               "let clients come by https only: tokens travel here", "%s",
               secure ? "the certificate is good" : "plain http");
    bool ours = answer->status == 200 && strncmp(answer->body, "{\"data\":", 8) == 0;
    const char *cure =
        answer->status == 404   ? "let the proxy route /api/duel here before anything else"
                                  " (priority), and wait until the container is healthy"
        : answer->status >= 500 ? "look whether the container is healthy and on the proxy's network"
        : answer->status == 403 ? "switch Bot Fight Mode and Under Attack off: no program passes"
                                : "look who answers there: it is not this server";
    checks_add(checks, ours ? CHECK_OK : CHECK_FAIL, AREA, "leaderboard", cure,
               "HTTP status %ld%s", answer->status,
               ours                    ? ""
               : answer->status == 200 ? ", but not from this server"
                                       : "");
    checks_add(checks, answer->cloudflare ? CHECK_OK : CHECK_WARN, AREA, "Cloudflare",
               "nothing to do if you do without; else make the DNS record proxied", "%s",
               answer->cloudflare ? "in front" : "not in front: the machine's address is public");
}

static void check_socket(struct checks *checks, const char *url)
{
    struct check_upgrade upgrade;
    check_upgrade(url, NULL, &upgrade);
    if (upgrade.status != 101 || !upgrade.subprotocol) {
        checks_add(checks, CHECK_FAIL, AREA, "WebSocket",
                   "switch WebSockets on (Cloudflare: Network) and let every proxy pass Upgrade"
                   " and Sec-WebSocket-Protocol",
                   upgrade.status == 0     ? "%s%.0d"
                   : upgrade.status == 101 ? "%s101 without our subprotocol%.0d"
                                           : "%sHTTP status %d in place of 101",
                   upgrade.status == 0 ? upgrade.problem : "", upgrade.status);
        return;
    }
    bool good = upgrade.close_code == 4401 || upgrade.close_code == 4408;
    checks_add(checks, good ? CHECK_OK : CHECK_FAIL, AREA, "WebSocket",
               "let no proxy buffer or rewrite what travels on a WebSocket",
               good ? "101; a bad token is answered by %d"
                    : "101, but a bad token is answered by %d in place of 4401",
               upgrade.close_code);
}

static void check_origin(struct checks *checks, const char *url)
{
    struct check_upgrade upgrade;
    check_upgrade(url, STRANGER, &upgrade);
    checks_add(checks, upgrade.status == 403 ? CHECK_OK : CHECK_FAIL, AREA, "origin",
               "let the proxies leave the Origin header as it is",
               "a page that is not in DUEL_ALLOWED_ORIGINS gets %d", upgrade.status);
}

/* Whether what is for operators only can be read at this address. */
static bool shows_metrics(const char *url, struct check_answer *answer)
{
    return check_get(url, NULL, answer) && strstr(answer->body, "duel_") != NULL &&
           answer->status == 200;
}

static void check_metrics(struct checks *checks, const char *base, struct check_answer *answer)
{
    char url[URL_SIZE], site[URL_SIZE];
    const char *host = strstr(base, "://") + 3;
    (void)snprintf(url, sizeof url, "%s/metrics", base);
    (void)snprintf(site, sizeof site, "%.*s/metrics",
                   (int)(host - base) + (int)strcspn(host, "/"), base);
    bool shown = shows_metrics(url, answer) || shows_metrics(site, answer);
    checks_add(checks, shown ? CHECK_FAIL : CHECK_OK, AREA, "/metrics",
               "publish no port of DUEL_OPS_LISTEN and route only DUEL_LISTEN's", "%s",
               shown ? "everybody can read it" : "cannot be reached");
}

void check_public(struct checks *checks, const struct settings *settings, const char *url)
{
    char queue[URL_SIZE];
    struct check_answer *answer = malloc(sizeof *answer);
    size_t size = strlen(url), path = strlen(settings->base_path);
    if (answer == NULL) {
        checks_add(checks, CHECK_FAIL, AREA, "https", "give this machine memory", "out of memory");
        return;
    }
    if (size < path || strcmp(url + size - path, settings->base_path) != 0) {
        checks_add(checks, CHECK_WARN, AREA, "path",
                   "end --url with DUEL_BASE_PATH, if the proxies do not change the path",
                   "does not end with %s", settings->base_path);
    }
    check_leaderboard(checks, url, answer);
    if (answer->status != 0) {
        (void)snprintf(queue, sizeof queue, "%s/queue", url);
        check_socket(checks, queue);
        check_origin(checks, queue);
        check_metrics(checks, url, answer);
    }
    free(answer);
}
