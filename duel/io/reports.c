/* Joins what reports: the log to the breadcrumbs and to GlitchTip, the crash before to GlitchTip,
 * the hub's effects to Umami. */
#include <duel/io/reports.h>

#include <duel/io/crash.h>
#include <duel/io/crumbs.h>
#include <duel/io/sentry.h>
#include <duel/io/ticket.h>
#include <duel/io/umami.h>

#include <stdlib.h>

#define THREADS 2 /* one may wait for either */

struct reports {
    struct worker *worker; /* NULL: nothing is sent */
    struct sentry *sentry; /* or NULL */
    struct umami *umami;   /* or NULL */
    bool secret_is_ours;
};

static void on_line(void *context, enum log_level level, const char *event,
                    const struct log_field *fields)
{
    struct reports *reports = context;
    crumbs_add(level, event, fields);
    if (level == LOG_LEVEL_ERROR && reports->sentry != NULL) {
        sentry_error(reports->sentry, event, fields);
    }
}

static void on_crash(void *context, const char *path)
{
    struct reports *reports = context;
    if (reports->sentry != NULL) {
        sentry_crash(reports->sentry, path);
    }
}

static bool create_senders(struct reports *reports, struct loop *loop,
                           const struct settings *settings, const char *release)
{
    bool errors = settings->sentry_dsn[0] != '\0';
    bool visits = settings->umami_url[0] != '\0';
    if (!errors && !visits) {
        return true;
    }
    const struct sentry_about about = { .node = settings->node_id, .release = release };
    reports->worker = worker_create(loop, THREADS);
    if (reports->worker == NULL) {
        return false;
    }
    if (errors) {
        reports->sentry = sentry_create(loop, reports->worker, settings->sentry_dsn, &about);
    }
    if (visits) {
        reports->umami = umami_create(reports->worker, settings);
    }
    return (!errors || reports->sentry != NULL) && (!visits || reports->umami != NULL);
}

struct reports *reports_create(struct loop *loop, const struct settings *settings,
                               const char *release, const struct uuid *match,
                               struct text *ret_problem)
{
    struct reports *reports = calloc(1, sizeof *reports);
    *ret_problem = TEXT("out of memory or threads");
    if (reports == NULL || !create_senders(reports, loop, settings, release)) {
        reports_destroy(reports);
        return NULL;
    }
    if (settings->secret[0] != '\0' && reports->umami != NULL) {
        uint8_t secret[AUTH_SECRET_SIZE];
        ticket_secret_from(text_from(settings->secret), secret);
        umami_set_secret(reports->umami, secret);
        reports->secret_is_ours = true;
    }
    if (settings->state_dir[0] != '\0' &&
        !crash_watch(settings->state_dir, settings->node_id, release, match, on_crash, reports)) {
        *ret_problem = TEXT("no file can be made in DUEL_STATE_DIR");
        reports_destroy(reports);
        return NULL;
    }
    if (reports->sentry != NULL || settings->state_dir[0] != '\0') {
        log_set_tap(on_line, reports);
    }
    return reports;
}

void reports_destroy(struct reports *reports)
{
    if (reports == NULL) {
        return;
    }
    log_set_tap(NULL, NULL);
    crash_unwatch();
    if (reports->sentry != NULL) {
        sentry_stop(reports->sentry);
    }
    if (reports->umami != NULL) {
        umami_stop(reports->umami);
    }
    worker_destroy(reports->worker);
    sentry_destroy(reports->sentry);
    umami_destroy(reports->umami);
    free(reports);
}

void reports_set_secret(struct reports *reports, const uint8_t secret[AUTH_SECRET_SIZE])
{
    if (reports->umami != NULL && !reports->secret_is_ours) {
        umami_set_secret(reports->umami, secret);
    }
}

void reports_effect(struct reports *reports, const struct hub_effect *effect)
{
    struct umami *umami = reports != NULL ? reports->umami : NULL;
    if (umami == NULL) {
        return;
    }
    if (effect->type == HUB_FX_STORE) {
        umami_completed(umami, effect->store.data);
    } else if (effect->type == HUB_FX_NOTE && effect->note.note == HUB_NOTE_PLAYER_JOINED_QUEUE) {
        umami_queued(umami, &effect->note.player);
    } else if (effect->type == HUB_FX_NOTE && effect->note.note == HUB_NOTE_PLAYER_MATCHED) {
        umami_matched(umami, &effect->note.player);
    }
}
