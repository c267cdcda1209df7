/* The subcommands of duel-server: short processes beside the server, each in a file of its own.
 *
 * They may wait for a store or a peer; nothing that plays does. command_line.c runs them. */
#ifndef DUEL_COMMAND_COMMAND_H
#define DUEL_COMMAND_COMMAND_H

#include <duel/io/settings.h>

#define EXIT_USAGE 64  /* sysexits.h: EX_USAGE */
#define EXIT_CONFIG 78 /* sysexits.h: EX_CONFIG */

/* Each runs its subcommand and gives the exit status. `settings` is NULL for one that reads none
 * (FREE in commands.def). argv[0] is the subcommand's word. */
#define COMMAND(word, function, needs, arguments, what) \
    int command_##function(const struct settings *settings, int argc, char **argv);
#include <duel/command/commands.def>
#undef COMMAND

/* Does what the command line says, and gives the exit status. */
int command_line(int argc, char **argv, const char *version,
                 int (*serve)(const struct settings *settings));

#endif
