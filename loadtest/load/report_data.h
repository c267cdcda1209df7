/* What both reports tell, as one JSON value. Known to the reports alone. */
#ifndef LOAD_REPORT_DATA_H
#define LOAD_REPORT_DATA_H

#include <jansson.h>
#include <loadtest/load/options.h>
#include <loadtest/load/stats.h>

/* The object that report.h describes; the caller releases it. NULL: out of memory. */
json_t *report_data(const struct options *options, const struct stats *stats);

#endif
