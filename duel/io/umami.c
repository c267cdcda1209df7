/* Events to Umami's /api/send, one after the other. When they come faster than they go they are
 * dropped: statistics are worth nothing that a player could feel. */
#include <duel/io/umami.h>

#include <duel/io/log.h>
#include <duel/io/metrics.h>
#include <duel/io/post.h>
#include <duel/io/settings.h>

#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define QUEUE_MAX 256
#define COMPLETED_MAX 256 /* matches told lately */
#define URL_SIZE_MAX 600
#define HOST_SIZE_MAX 256
#define VISITOR_SIZE 32
#define PURPOSE "framedle.duel.v1 umami"
/* Umami takes what looks like a program for a bot, says `beep boop`, and keeps nothing. */
#define USER_AGENT "Mozilla/5.0 (X11; Linux x86_64) framedle-duel/1.0"

struct umami {
    struct post *post;
    const char *website;
    char url[URL_SIZE_MAX];
    char host[HOST_SIZE_MAX];
    uint8_t secret[AUTH_SECRET_SIZE];
    bool has_secret;
    bool stopped;
    bool bot_told;
    bool refusal_told;
    char *queue[QUEUE_MAX]; /* a ring; the first is under way while the post is busy */
    uint32_t first;
    uint32_t queued;
    struct uuid completed[COMPLETED_MAX]; /* a ring */
    uint32_t completed_count;             /* ever */
};

/* ---- the queue ---- */

static void send_next(struct umami *umami)
{
    if (umami->queued > 0 && !post_is_busy(umami->post) && !umami->stopped) {
        char *body = umami->queue[umami->first];
        umami->first = (umami->first + 1) % QUEUE_MAX;
        umami->queued--;
        post_send(umami->post, body, strlen(body));
    }
}

static void answered(void *context, const struct post_answer *answer)
{
    struct umami *umami = context;
    bool is_bot = answer->accepted && strstr(answer->text, "\"beep\"") != NULL;
    if (is_bot && !umami->bot_told) {
        log_line(LOG_LEVEL_WARN, "Umami takes us for a bot and keeps nothing");
        umami->bot_told = true;
    }
    metrics_add(answer->accepted && !is_bot ? METRIC_UMAMI_SENT : METRIC_UMAMI_LOST, 1);
    bool is_refused = answer->status >= 400 && answer->status < 500 && answer->status != 429;
    if (is_refused && !umami->refusal_told) { /* a wrong UMAMI_WEBSITE_ID, most likely */
        log_text(LOG_LEVEL_WARN, "Umami refuses what is sent", "reason", answer->problem);
        umami->refusal_told = true;
    }
    if (!answer->accepted) {
        log_text(LOG_LEVEL_DEBUG, "Umami did not take an event", "reason", answer->problem);
        if (answer->status == 0) { /* away: what waits would only wait as long */
            while (umami->queued > 0) {
                metrics_add(METRIC_UMAMI_LOST, 1);
                free(umami->queue[umami->first]);
                umami->first = (umami->first + 1) % QUEUE_MAX;
                umami->queued--;
            }
        }
    }
    send_next(umami);
}

/* ---- life ---- */

/* The host of the page that invitations lead to: what Umami shows the events under. */
static void find_host(const char *invite_url, char ret_host[HOST_SIZE_MAX])
{
    const char *authority = strstr(invite_url, "://");
    size_t size = authority == NULL ? 0 : strcspn(authority + 3, "/:?#");
    bool good = strncmp(invite_url, "http", 4) == 0 && size > 0 && size < HOST_SIZE_MAX;
    snprintf(ret_host, HOST_SIZE_MAX, "%.*s", good ? (int)size : 4, good ? authority + 3 : "duel");
}

struct umami *umami_create(struct worker *worker, const struct settings *settings)
{
    struct umami *umami = calloc(1, sizeof *umami);
    if (umami == NULL) {
        return NULL;
    }
    size_t size = strlen(settings->umami_url);
    while (size > 0 && settings->umami_url[size - 1] == '/') {
        size--;
    }
    snprintf(umami->url, sizeof umami->url, "%.*s/api/send", (int)size, settings->umami_url);
    umami->website = settings->umami_website_id;
    find_host(settings->invite_url, umami->host);
    const char *const headers[] = { "Content-Type: application/json", "Expect:", NULL };
    umami->post = post_create(worker, umami->url, USER_AGENT, headers, answered, umami);
    if (umami->post == NULL) {
        free(umami);
        return NULL;
    }
    return umami;
}

void umami_stop(struct umami *umami)
{
    umami->stopped = true;
    post_stop(umami->post);
}

void umami_destroy(struct umami *umami)
{
    if (umami == NULL) {
        return;
    }
    post_destroy(umami->post);
    for (; umami->queued > 0; umami->queued--) {
        free(umami->queue[umami->first]);
        umami->first = (umami->first + 1) % QUEUE_MAX;
    }
    OPENSSL_cleanse(umami->secret, sizeof umami->secret);
    free(umami);
}

void umami_set_secret(struct umami *umami, const uint8_t secret[AUTH_SECRET_SIZE])
{
    memcpy(umami->secret, secret, AUTH_SECRET_SIZE);
    umami->has_secret = true;
}

/* ---- events ---- */

/* The same on every node, and nobody's who has not the key; from month to month another, as
 * Umami's own visitors are. */
static bool make_visitor(const struct umami *umami, const struct uuid *player,
                         char ret_visitor[VISITOR_SIZE + 1])
{
    char claim[64];
    struct tm date;
    time_t now = time(NULL);
    gmtime_r(&now, &date);
    size_t size = strftime(claim, sizeof claim, PURPOSE " %Y-%m", &date);
    memcpy(claim + size, player->bytes, sizeof player->bytes);
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned int mac_size = 0;
    if (HMAC(EVP_sha256(), umami->secret, AUTH_SECRET_SIZE, (const uint8_t *)claim,
             size + sizeof player->bytes, mac, &mac_size) == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < VISITOR_SIZE / 2; i++) {
        snprintf(ret_visitor + 2 * i, 3, "%02x", mac[i]);
    }
    return true;
}

/* Takes `data`, which may be NULL. */
static void tell(struct umami *umami, const char *name, const struct uuid *player, json_t *data)
{
    char visitor[VISITOR_SIZE + 1];
    char *body = NULL;
    if (umami->has_secret && !umami->stopped && umami->queued < QUEUE_MAX &&
        make_visitor(umami, player, visitor)) {
        json_t *event = json_pack("{s:s, s:{s:s, s:s, s:s, s:s, s:s, s:o*}}", "type", "event",
                                  "payload", "website", umami->website, "hostname", umami->host,
                                  "url", "/duel", "name", name, "id", visitor, "data",
                                  json_incref(data));
        body = event != NULL ? json_dumps(event, JSON_COMPACT) : NULL;
        json_decref(event);
    }
    json_decref(data);
    if (body == NULL) {
        metrics_add(METRIC_UMAMI_LOST, 1);
        return;
    }
    umami->queue[(umami->first + umami->queued++) % QUEUE_MAX] = body;
    send_next(umami);
}

void umami_queued(struct umami *umami, const struct uuid *player)
{
    tell(umami, "duel_queued", player, NULL);
}

void umami_matched(struct umami *umami, const struct uuid *player)
{
    tell(umami, "duel_matched", player, NULL);
}

static bool was_told(const struct umami *umami, const struct uuid *match)
{
    uint32_t kept =
        umami->completed_count < COMPLETED_MAX ? umami->completed_count : COMPLETED_MAX;
    for (uint32_t i = 0; i < kept; i++) {
        if (uuid_equal(&umami->completed[i], match)) {
            return true;
        }
    }
    return false;
}

void umami_completed(struct umami *umami, const struct hub_result *result)
{
    if (result->reason == MATCH_ABANDONED || was_told(umami, &result->match)) {
        return;
    }
    umami->completed[umami->completed_count++ % COMPLETED_MAX] = result->match;
    for (int slot = 0; slot < 2; slot++) {
        const char *outcome = result->winner < 0       ? "draw"
                              : result->winner == slot ? "win"
                                                       : "loss";
        json_t *data = json_pack("{s:b, s:s, s:s, s:i, s:I}", "rated", result->rated, "reason",
                                 match_reason_word(result->reason), "outcome", outcome, "rounds",
                                 (int)result->rounds_count, "seconds",
                                 (json_int_t)((result->completed_ms - result->started_ms) / 1000));
        tell(umami, "duel_completed", &result->player[slot], data);
    }
}
