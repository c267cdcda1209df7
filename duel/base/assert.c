/* The one place that reports a fault of ours and ends the process. */
#include <duel/base/assert.h>
#include <stdio.h>
#include <stdlib.h>

void assert_fail(const char *expression, const char *file, int line)
{
    fprintf(stderr, "assertion failed: %s at %s:%d\n", expression, file, line);
    abort();
}
