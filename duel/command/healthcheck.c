/* `duel-server healthcheck`: asks the operators' listener of the server here whether it is alive.
 * It reads no other setting, so it works in an environment that has none. */
#include <duel/command/command.h>
#include <duel/io/listen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TIMEOUT_MS 3000

static const char *ops_address(void)
{
    const char *standard = NULL;
#define TEXT_SETTING(field, name, value, doc) \
    if (strcmp(name, "DUEL_OPS_LISTEN") == 0) { \
        standard = value; \
    }
#include <duel/io/settings.def>
    const char *set = getenv("DUEL_OPS_LISTEN");
    return set != NULL && set[0] != '\0' ? set : standard;
}

int command_healthcheck(const struct settings *settings, int argc, char **argv)
{
    static const char request[] = "GET /healthz HTTP/1.0\r\n\r\n";
    static const char good[] = "HTTP/1.1 200 ";
    char answer[sizeof(good)] = { 0 };
    (void)settings;
    (void)argv;
    if (argc != 1) {
        fputs("duel-server: healthcheck takes no argument\n", stderr);
        return EXIT_USAGE;
    }
    const char *address = ops_address();
    int fd = listen_connect(address, TIMEOUT_MS);
    bool alive = fd >= 0 && send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) > 0 &&
                 recv(fd, answer, sizeof(answer) - 1, MSG_WAITALL) == (ssize_t)sizeof(good) - 1 &&
                 strcmp(answer, good) == 0;
    if (fd >= 0) {
        close(fd);
    }
    if (!alive) {
        fprintf(stderr, "duel-server: no healthy server answers on %s\n", address);
    }
    return alive ? EXIT_SUCCESS : EXIT_FAILURE;
}
