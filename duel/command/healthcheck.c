/* `duel-server healthcheck`: asks the operators' listener of the server here whether it is alive.
 * It reads no other setting, so it works in an environment that has none. */
#include <duel/command/command.h>
#include <duel/command/ops_ask.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    char answer[1024];
    (void)settings;
    (void)argv;
    if (argc != 1) {
        fputs("duel-server: healthcheck takes no argument\n", stderr);
        return EXIT_USAGE;
    }
    const char *address = ops_address();
    bool alive = ops_ask(address, "/healthz", answer, sizeof answer) != NULL;
    if (!alive) {
        fprintf(stderr, "duel-server: no healthy server answers on %s\n", address);
    }
    return alive ? EXIT_SUCCESS : EXIT_FAILURE;
}
