/* The state of the store: see the header. */
#include <duel/base/assert.h>
#include <duel/io/frames_health.h>
#include <duel/io/log.h>
#include <duel/io/metrics.h>

#include <stdlib.h>
#include <string.h>

#define LOG_EVERY_US 5000000u

static void keep(char **place, struct text path)
{
    free(*place);
    *place = strndup(path.data, path.size);
    ASSERT(*place != NULL);
}

void frames_health_destroy(struct frames_health *health)
{
    for (uint32_t i = 0; i < FRAMES_HEALTH_OBJECTS; i++) {
        free(health->failed[i]);
        free(health->known[i]);
    }
}

void frames_health_know(struct frames_health *health, const struct text *paths, uint32_t count)
{
    health->known_count = count < FRAMES_HEALTH_OBJECTS ? count : FRAMES_HEALTH_OBJECTS;
    for (uint32_t i = 0; i < health->known_count; i++) {
        keep(&health->known[i], paths[i]);
    }
}

bool frames_health_has_failed(const struct frames_health *health, struct text path)
{
    for (uint32_t i = 0; i < health->failed_count; i++) {
        if (text_equal(text_from(health->failed[i]), path)) {
            return true;
        }
    }
    return false;
}

struct text frames_health_next(struct frames_health *health)
{
    health->probe_next++;
    if (health->known_count > 0) {
        return text_from(health->known[health->probe_next % health->known_count]);
    }
    if (health->failed_count > 0) {
        return text_from(health->failed[health->probe_next % health->failed_count]);
    }
    return TEXT_NONE;
}

void frames_health_good(struct frames_health *health)
{
    health->failed_count = 0;
    if (health->state != FRAMES_HEALTH_UP) {
        log_line(LOG_LEVEL_INFO, health->state == FRAMES_HEALTH_DOWN
                                     ? "the store of the frames is back"
                                     : "the store of the frames answers");
        health->state = FRAMES_HEALTH_UP;
    }
}

static void go_down(struct frames_health *health, const char *reason, uint64_t now_us)
{
    health->state = FRAMES_HEALTH_DOWN;
    health->probe_wait_us = FRAMES_HEALTH_PROBE_MIN_US;
    health->probe_due_us = now_us + health->probe_wait_us;
    metrics_add(METRIC_STORE_OUTAGES, 1);
    log_text(LOG_LEVEL_WARN, "frames cannot be had: the store is down", "reason", reason);
}

void frames_health_bad(struct frames_health *health, struct text path, const char *reason,
                       uint64_t now_us)
{
    if (health->state == FRAMES_HEALTH_DOWN) {
        return;
    }
    if (!frames_health_has_failed(health, path)) {
        keep(&health->failed[health->failed_count++], path);
    }
    if (health->state == FRAMES_HEALTH_UNKNOWN || health->failed_count == FRAMES_HEALTH_OBJECTS) {
        go_down(health, reason, now_us);
    }
}

void frames_health_probed(struct frames_health *health, uint64_t now_us)
{
    health->probing = false;
    if (health->state == FRAMES_HEALTH_DOWN) {
        health->probe_wait_us *= 2;
        if (health->probe_wait_us > FRAMES_HEALTH_PROBE_MAX_US) {
            health->probe_wait_us = FRAMES_HEALTH_PROBE_MAX_US;
        }
        health->probe_due_us = now_us + health->probe_wait_us;
    }
}

void frames_health_log(struct frames_health *health, struct text path, const char *reason,
                       uint64_t now_us)
{
    if (now_us < health->log_due_us) {
        health->log_unsaid++;
        return;
    }
    const struct log_field fields[] = {
        { .key = "path", .kind = LOG_FIELD_TEXT, .text = path },
        { .key = "reason", .kind = LOG_FIELD_TEXT, .text = text_from(reason) },
        { .key = "unsaid", .kind = LOG_FIELD_INT, .number = health->log_unsaid },
        { .key = NULL },
    };
    log_fields(LOG_LEVEL_WARN, "picture not had from the store", fields);
    health->log_due_us = now_us + LOG_EVERY_US;
    health->log_unsaid = 0;
}
