/* The one place that reports a fault of ours and ends the process. */
#include <duel/base/assert.h>
#include <stdio.h>
#include <stdlib.h>

static char failed[256];

void assert_fail(const char *expression, const char *file, int line)
{
    snprintf(failed, sizeof failed, "%s at %s:%d", expression, file, line);
    fprintf(stderr, "assertion failed: %s\n", failed);
    abort();
}

const char *assert_failed(void)
{
    return failed[0] != '\0' ? failed : NULL;
}
