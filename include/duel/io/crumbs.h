/* The last lines of the log as breadcrumbs for error reports, ready as JSON, so that also a process
 * that is dying can write them down. What leaves the machine is a choice from the line: event,
 * ids, numbers, and the few texts that are ours. One thread: the loop's. */
#ifndef DUEL_IO_CRUMBS_H
#define DUEL_IO_CRUMBS_H

#include <duel/io/log.h>

#define CRUMBS 30
#define CRUMB_SIZE_MAX 400

struct crumb {
    uint32_t size;
    char json[CRUMB_SIZE_MAX];
};

struct json_t;

/* A log_tap: keeps the line if it is of info and above. */
void crumbs_add(enum log_level level, const char *event, const struct log_field *fields);
/* From the oldest, `at` 0, to the newest; NULL behind that. Safe in a signal handler. */
const struct crumb *crumbs_at(uint32_t at);

/* The fields of a line that may leave the machine, as a new JSON object; NULL: out of memory. */
struct json_t *crumbs_fields(const struct log_field *fields);

#endif
