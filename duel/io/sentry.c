/* When an error report goes, and when not: a queue, a rate for all and one for each kind. It knows
 * neither the format nor HTTP. */
#include <duel/io/sentry.h>

#include <duel/io/crash.h>
#include <duel/io/metrics.h>
#include <duel/io/post.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define QUEUE_MAX 20
#define KINDS_MAX 32
#define US_PER_S 1000000ULL
#define INTERVAL_US (10 * US_PER_S)
#define BURST 5
#define KIND_US (60 * US_PER_S)
#define PAUSE_S 30 /* after a failure that names no time */

struct report {
    char *body;
    size_t size;
    char *path; /* of a crash, or NULL */
};

struct kind {
    const char *event;
    uint64_t sent_us;
    uint32_t suppressed;
};

struct sentry {
    struct loop *loop;
    struct post *post;
    struct sentry_about about;
    struct sentry_dsn dsn;
    struct report queue[QUEUE_MAX]; /* [0] is under way while the post is busy */
    uint32_t queued;
    struct kind kinds[KINDS_MAX];
    uint64_t rate_us;
    uint64_t paused_until_us;
    bool stopped;
};

bool sentry_dsn_parse(const char *text, struct sentry_dsn *ret_dsn)
{
    const char *key = strstr(text, "://");
    bool web = strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0;
    if (!web) {
        return false;
    }
    key += 3;
    size_t size = strspn(key, "0123456789abcdefABCDEF");
    const char *host = key + size + 1;
    if (size != SENTRY_KEY_SIZE || key[size] != '@') {
        return false;
    }
    for (const char *c = host; *c != '\0'; c++) {
        if (*c <= ' ' || *c > '~' || strchr("@?#\"\\<>", *c) != NULL) {
            return false;
        }
    }
    const char *slash = strrchr(host, '/');
    if (slash == NULL || slash == host || slash[1] == '\0' ||
        strspn(slash + 1, "0123456789") != strlen(slash + 1)) {
        return false;
    }
    int written = snprintf(ret_dsn->url, sizeof ret_dsn->url, "%.*s%.*s/api/%s/envelope/",
                           (int)(key - text), text, (int)(slash - host), host, slash + 1);
    memcpy(ret_dsn->key, key, SENTRY_KEY_SIZE);
    ret_dsn->key[SENTRY_KEY_SIZE] = '\0';
    return written > 0 && (size_t)written < sizeof ret_dsn->url;
}

/* ---- the queue ---- */

static void drop_first(struct sentry *sentry)
{
    free(sentry->queue[0].body);
    free(sentry->queue[0].path);
    sentry->queued--;
    memmove(sentry->queue, sentry->queue + 1, sentry->queued * sizeof sentry->queue[0]);
}

static void send_next(struct sentry *sentry)
{
    if (sentry->queued > 0 && !post_is_busy(sentry->post) && !sentry->stopped) {
        struct report *report = &sentry->queue[0];
        post_send(sentry->post, report->body, report->size);
        report->body = NULL;
    }
}

/* What was to be sent meanwhile is lost: by its specification a client drops reports that are not
 * taken, and does not heap them up. */
static void pause_sending(struct sentry *sentry, uint32_t seconds)
{
    sentry->paused_until_us =
        loop_now_us(sentry->loop) + (seconds != 0 ? seconds : PAUSE_S) * US_PER_S;
    while (sentry->queued > 0) {
        metrics_add(METRIC_REPORTS_DROPPED, 1);
        drop_first(sentry);
    }
}

static void answered(void *context, const struct post_answer *answer)
{
    struct sentry *sentry = context;
    const char *path = sentry->queue[0].path;
    bool refused = answer->status >= 400 && answer->status < 500 && answer->status != 429;
    if (answer->accepted) {
        metrics_add(METRIC_REPORTS_SENT, 1);
        if (path != NULL) {
            unlink(path);
        }
        drop_first(sentry);
    } else {
        metrics_add(METRIC_REPORTS_FAILED, 1);
        /* Not a warning: that would be a breadcrumb of the next. */
        log_text(LOG_LEVEL_DEBUG, "an error report was not taken", "reason", answer->problem);
        drop_first(sentry);
        if (!refused || answer->status == 401 || answer->status == 403) {
            pause_sending(sentry, answer->retry_after_s);
        }
    }
    send_next(sentry);
}

static void put(struct sentry *sentry, char *body, size_t size, char *path)
{
    if (body == NULL || sentry->queued == QUEUE_MAX) {
        metrics_add(METRIC_REPORTS_DROPPED, 1);
        free(body);
        free(path);
        return;
    }
    sentry->queue[sentry->queued++] = (struct report){ body, size, path };
    send_next(sentry);
}

/* ---- life ---- */

struct sentry *sentry_create(struct loop *loop, struct worker *worker, const char *dsn,
                             const struct sentry_about *about)
{
    struct sentry *sentry = calloc(1, sizeof *sentry);
    if (sentry == NULL || !sentry_dsn_parse(dsn, &sentry->dsn)) {
        free(sentry);
        return NULL;
    }
    char auth[200];
    snprintf(auth, sizeof auth,
             "X-Sentry-Auth: Sentry sentry_version=7, sentry_client=duel-server/1, sentry_key=%s",
             sentry->dsn.key);
    const char *const headers[] = { auth, "Content-Type: application/x-sentry-envelope", "Expect:",
                                    NULL };
    sentry->loop = loop;
    sentry->about = *about;
    sentry->post = post_create(worker, sentry->dsn.url, "duel-server", headers, answered, sentry);
    if (sentry->post == NULL) {
        free(sentry);
        return NULL;
    }
    return sentry;
}

void sentry_stop(struct sentry *sentry)
{
    sentry->stopped = true;
    post_stop(sentry->post);
}

void sentry_destroy(struct sentry *sentry)
{
    if (sentry == NULL) {
        return;
    }
    post_destroy(sentry->post);
    while (sentry->queued > 0) {
        drop_first(sentry);
    }
    free(sentry);
}

/* ---- what is reported ---- */

static bool is_within_rate(struct sentry *sentry, uint64_t now_us)
{
    uint64_t at = sentry->rate_us > now_us ? sentry->rate_us : now_us;
    if (at - now_us > (BURST - 1) * INTERVAL_US) {
        return false;
    }
    sentry->rate_us = at + INTERVAL_US;
    return true;
}

/* That of `event`; the one of longest ago makes room for a new one. */
static struct kind *find_kind(struct sentry *sentry, const char *event)
{
    struct kind *oldest = &sentry->kinds[0];
    for (uint32_t i = 0; i < KINDS_MAX; i++) {
        struct kind *kind = &sentry->kinds[i];
        if (kind->event != NULL && strcmp(kind->event, event) == 0) {
            return kind;
        }
        oldest = kind->sent_us < oldest->sent_us ? kind : oldest;
    }
    *oldest = (struct kind){ .event = event };
    return oldest;
}

void sentry_error(struct sentry *sentry, const char *event, const struct log_field *fields)
{
    uint64_t now_us = loop_now_us(sentry->loop);
    struct kind *kind = find_kind(sentry, event);
    bool again = kind->sent_us != 0 && now_us - kind->sent_us < KIND_US;
    if (sentry->stopped || now_us < sentry->paused_until_us || again ||
        !is_within_rate(sentry, now_us)) {
        kind->suppressed++;
        metrics_add(METRIC_REPORTS_DROPPED, 1);
        return;
    }
    size_t size = 0;
    char *body = sentry_error_envelope(&sentry->about, event, fields, kind->suppressed, &size);
    kind->sent_us = now_us;
    kind->suppressed = 0;
    put(sentry, body, size, NULL);
}

void sentry_crash(struct sentry *sentry, const char *path)
{
    char *text = malloc(CRASH_SIZE_MAX);
    FILE *file = fopen(path, "re");
    size_t read = text != NULL && file != NULL ? fread(text, 1, CRASH_SIZE_MAX, file) : 0;
    if (file != NULL) {
        fclose(file);
    }
    size_t size = 0;
    const struct text left = { text, (uint32_t)read };
    char *body = read == 0 ? NULL : sentry_crash_envelope(left, &size);
    free(text);
    if (body == NULL) {
        log_line(LOG_LEVEL_WARN, "what a crash has left cannot be read; it is removed");
        unlink(path);
        return;
    }
    put(sentry, body, size, strdup(path));
}
