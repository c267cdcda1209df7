/* What a function prints on standard output or standard error. */
#ifndef DUEL_TESTS_CAPTURE_H
#define DUEL_TESTS_CAPTURE_H

#include "test.h"

#include <unistd.h>

struct capture {
    int fd; /* STDOUT_FILENO or STDERR_FILENO */
    int saved;
    FILE *file;
};

static inline void capture_begin(struct capture *capture, int fd)
{
    fflush(NULL);
    capture->fd = fd;
    capture->saved = dup(fd);
    capture->file = tmpfile();
    CHECK(capture->saved >= 0 && capture->file != NULL);
    CHECK(dup2(fileno(capture->file), fd) == fd);
}

/* What was printed since, terminated; the caller frees it. */
static inline char *capture_end(struct capture *capture)
{
    fflush(NULL);
    CHECK(dup2(capture->saved, capture->fd) == capture->fd);
    close(capture->saved);
    off_t size = lseek(fileno(capture->file), 0, SEEK_END);
    CHECK(size >= 0);
    char *text = malloc((size_t)size + 1);
    CHECK(text != NULL);
    CHECK(pread(fileno(capture->file), text, (size_t)size, 0) == size);
    text[size] = '\0';
    fclose(capture->file);
    return text;
}

#endif
