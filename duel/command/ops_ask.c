/* One question to the operators' listener of a server; see ops_ask.h. */
#include <duel/command/ops_ask.h>
#include <duel/io/listen.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TIMEOUT_MS 3000

const char *ops_ask(const char *address, const char *path, char *answer, size_t size_max)
{
    static const char good[] = "HTTP/1.1 200 ";
    char request[256];
    size_t size = 0;
    ssize_t got = 1;
    int fd = listen_connect(address, TIMEOUT_MS);
    if (fd < 0) {
        return NULL;
    }
    int length = snprintf(request, sizeof request, "GET %s HTTP/1.0\r\n\r\n", path);
    if (send(fd, request, (size_t)length, MSG_NOSIGNAL) == length) {
        while (got > 0 && size < size_max - 1) {
            got = recv(fd, answer + size, size_max - 1 - size, 0);
            size += got > 0 ? (size_t)got : 0;
        }
    }
    close(fd);
    answer[size] = '\0';
    const char *end = strstr(answer, "\r\n\r\n");
    return strncmp(answer, good, sizeof good - 1) == 0 && end != NULL ? end + 4 : NULL;
}
