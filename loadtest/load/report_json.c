/* The report for programs; see the header. */
#include <loadtest/load/report.h>

#include <duel/base/assert.h>
#include <loadtest/load/report_data.h>

void report_json(FILE *out, const struct options *options, const struct stats *stats)
{
    json_t *data = report_data(options, stats);
    ASSERT(data != NULL);
    json_dumpf(data, out, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
    fputc('\n', out);
    json_decref(data);
}
