/* What the words behind `duel-server` mean, and what it says to those that it does not know. */
#include <duel/command/command.h>
#include <duel/io/log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum needs_settings { FREE, NEEDED };

static const struct command {
    const char *word;
    int (*run)(const struct settings *settings, int argc, char **argv);
    enum needs_settings needs;
    const char *arguments;
    const char *what;
} commands[] = {
#define COMMAND(word, function, needs, arguments, what) \
    { word, command_##function, needs, arguments, what },
#include <duel/command/commands.def>
#undef COMMAND
};
#define COMMANDS (sizeof commands / sizeof commands[0])

static void print_line(FILE *to, const char *start, const char *arguments, const char *what)
{
    int width = (int)(strlen(start) + strlen(arguments));
    fprintf(to, "       duel-server %s%s%s", start, arguments[0] != '\0' ? " " : "", arguments);
    width += arguments[0] != '\0';
    if (width > 16) {
        fprintf(to, "\n%36s%s\n", "", what);
    } else {
        fprintf(to, "%*s%s\n", 17 - width, "", what);
    }
}

static void print_usage(FILE *to)
{
    fputs("usage: duel-server                  serve until SIGTERM or SIGINT\n", to);
    for (size_t i = 0; i < COMMANDS; i++) {
        print_line(to, commands[i].word, commands[i].arguments, commands[i].what);
    }
    print_line(to, "--check-config", "", "check the settings and print them");
    print_line(to, "--version", "", "print the version");
    print_line(to, "--help", "", "this, and all settings");
}

static int print_help(void)
{
    print_usage(stdout);
    puts("\nSettings are environment variables:");
    settings_print_help();
    return EXIT_SUCCESS;
}

static bool read_settings(struct settings *ret_settings)
{
    struct text problem;
    if (!settings_read(ret_settings, &problem)) {
        fprintf(stderr, "duel-server: %.*s\n", TEXT_ARG(problem));
        return false;
    }
    enum log_level level;
    if (log_parse_level(ret_settings->log_level, &level)) {
        log_set_level(level);
    }
    return true;
}

static int run_command(const struct command *command, int argc, char **argv)
{
    static struct settings settings;
    bool help = argc == 2 && strcmp(argv[1], "--help") == 0; /* wants no settings */
    if (help && command->arguments[0] == '\0') {
        printf("usage: duel-server %s\n%s\n", command->word, command->what);
        return EXIT_SUCCESS;
    }
    if (help || command->needs == FREE) {
        return command->run(NULL, argc, argv);
    }
    return read_settings(&settings) ? command->run(&settings, argc, argv) : EXIT_CONFIG;
}

static int print_settings(void)
{
    static struct settings settings;
    if (!read_settings(&settings)) {
        return EXIT_CONFIG;
    }
    settings_print_values(&settings);
    return EXIT_SUCCESS;
}

int command_line(int argc, char **argv, const char *version,
                 int (*serve)(const struct settings *settings))
{
    const char *word = argc > 1 ? argv[1] : "";
    if (argc == 1) {
        static struct settings settings;
        return read_settings(&settings) ? serve(&settings) : EXIT_CONFIG;
    }
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(word, commands[i].word) == 0) {
            return run_command(&commands[i], argc - 1, argv + 1);
        }
    }
    bool settings_wanted = strcmp(word, "--check-config") == 0;
    bool help_wanted = strcmp(word, "--help") == 0;
    bool version_wanted = strcmp(word, "--version") == 0;
    if (argc == 2 && settings_wanted) {
        return print_settings();
    }
    if (argc == 2 && help_wanted) {
        return print_help();
    }
    if (argc == 2 && version_wanted) {
        printf("duel-server %s\n", version);
        return EXIT_SUCCESS;
    }
    bool known = settings_wanted || help_wanted || version_wanted;
    fprintf(stderr, "duel-server: unknown argument: %s\n", known ? argv[2] : word);
    print_usage(stderr);
    return EXIT_USAGE;
}
