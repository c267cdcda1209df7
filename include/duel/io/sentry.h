/* Error reports to GlitchTip, in Sentry's envelope: faults of the log, and crashes of the process
 * before. Bounded in number, rate and memory; when the other end does not take them they are lost.
 * One thread: the loop's. */
#ifndef DUEL_IO_SENTRY_H
#define DUEL_IO_SENTRY_H

#include <duel/io/log.h>
#include <duel/io/worker.h>

#define SENTRY_URL_SIZE_MAX 600
#define SENTRY_KEY_SIZE 32

/* https://<key>@host/<project>, as GlitchTip shows it. */
struct sentry_dsn {
    char url[SENTRY_URL_SIZE_MAX]; /* of the envelopes */
    char key[SENTRY_KEY_SIZE + 1]; /* of hexadecimal digits */
};

bool sentry_dsn_parse(const char *text, struct sentry_dsn *ret_dsn);

struct sentry;

/* Who reports. The texts live as long as the process. */
struct sentry_about {
    const char *node;
    const char *release;
};

/* NULL: out of memory. */
struct sentry *sentry_create(struct loop *loop, struct worker *worker, const char *dsn,
                             const struct sentry_about *about);
/* Before and after worker_destroy(). */
void sentry_stop(struct sentry *sentry);
void sentry_destroy(struct sentry *sentry);

/* A line of level error was logged. `event` is one of ours and lives for ever: it is what reports
 * are grouped by. */
void sentry_error(struct sentry *sentry, const char *event, const struct log_field *fields);
/* Sends what crash.c left in this file, which is removed when that was accepted or makes no
 * sense. */
void sentry_crash(struct sentry *sentry, const char *path);

/* ---- the envelope: duel/io/sentry_event.c ---- */

/* Of malloc; NULL: out of memory. `suppressed`: so many of the same were not sent since the
 * last. */
char *sentry_error_envelope(const struct sentry_about *about, const char *event,
                            const struct log_field *fields, uint32_t suppressed, size_t *ret_size);
/* `text`: what a crash wrote. NULL also: it makes no sense. */
char *sentry_crash_envelope(struct text text, size_t *ret_size);

#endif
