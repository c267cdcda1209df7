/* The report for people: the template with the data in it; see the header. */
#include <loadtest/load/report.h>

#include <duel/base/assert.h>
#include <loadtest/load/report_data.h>
#include <stdlib.h>
#include <string.h>

/* Where the data go: the template has it once. */
#define MARK "\"@DATA@\""

static const uint8_t template[] = {
#include <loadtest/load/report.html.inc>
    0
};

/* As JSON inside a <script> element: no text of a run may end it (`</script`) or open a comment in
 * it (`<!--`). JSON has '<' in strings only, where it may be written as an escape. */
static void put_data(FILE *out, const char *json)
{
    for (const char *at = json; *at != '\0'; at++) {
        if (*at == '<') {
            fputs("\\u003c", out);
        } else {
            fputc(*at, out);
        }
    }
}

void report_html(FILE *out, const struct options *options, const struct stats *stats)
{
    json_t *data = report_data(options, stats);
    char *json = data == NULL ? NULL : json_dumps(data, JSON_COMPACT | JSON_REAL_PRECISION(9));
    ASSERT(json != NULL);
    const char *page = (const char *)template;
    const char *mark = strstr(page, MARK);
    ASSERT(mark != NULL);
    fwrite(page, 1, (size_t)(mark - page), out);
    put_data(out, json);
    fputs(mark + strlen(MARK), out);
    free(json);
    json_decref(data);
}
