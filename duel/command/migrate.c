/* `duel-server migrate`: brings the database up to date, and says what it did. */
#include <duel/command/command.h>
#include <duel/io/pg.h>
#include <stdio.h>

int command_migrate(const struct settings *settings, int argc, char **argv)
{
    (void)argv;
    if (argc != 1) {
        fputs("duel-server: migrate takes no argument\n", stderr);
        return EXIT_USAGE;
    }
    return pg_migrate_command(settings);
}
