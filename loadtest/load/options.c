/* The command line of duel-load; see the header. */
#include <loadtest/load/options.h>

#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USAGE_STATUS 64
#define MATCHES_MAX 30000
#define SECONDS_MAX 1e6
#define MS_MAX 3600000
#define EPHEMERAL_PORTS 10000 /* so many connections fit one source address with room to spare */
#define SOURCES_FOR_MANY 4

static const char *const mode_names[] = { "realistic", "saturation", "storm",
                                          "idle",      "pairing",    "soak" };

const char *options_mode_name(enum mode mode)
{
    return mode_names[mode];
}

static const char help_text[] =
    "duel-load: plays duels against a Duel server, measures it, checks that it keeps the rules.\n"
    "\n"
    "  duel-load --server HOST:PORT --key KEY.pem --kid KID --issuer URL --audience URL [options]\n"
    "\n"
    "What is measured\n"
    "  --server HOST:PORT     the public listener (127.0.0.1:4100)\n"
    "  --base-path PATH       where it serves (/api/duel)\n"
    "  --ops HOST:PORT        its ops listener: the server's CPU and memory are then known too\n"
    "  --pid N                instead: its process on this machine, read of /proc\n"
    "  --direct               no tokens and no queue: for the reference servers of the benchmark\n"
    "Who plays (one of --key, --tokens, --direct)\n"
    "  --key FILE             private key (PEM) of the issuer's key set: tokens are minted\n"
    "  --kid KID --issuer URL --audience URL    as the server is set up\n"
    "  --tokens FILE          given tokens instead, one a line, two for each match\n"
    "  --sub-prefix TEXT      subjects are TEXT and a number (load)\n"
    "How much\n"
    "  --mode MODE            realistic (people play), saturation (no time to think), storm (all\n"
    "                         come back at once), idle (held sockets), pairing (all join at\n"
    "                         once), soak (people who drop, leave and play again) (realistic)\n"
    "  --matches N            live at a time; two sockets each (100)\n"
    "  --ramp S               seconds in which they begin (5)\n"
    "  --seconds S            the time that is judged, after that; at most so long for a storm\n"
    "                         and for pairing (30)\n"
    "  --sources N            take turns with source addresses 127.0.0.1 to 127.0.0.N, for more\n"
    "                         sockets than one address has ports (by itself where needed)\n"
    "How they play\n"
    "  --answer TEXT          a text that is right in every round: a catalogue of re-uploads\n"
    "  --frames               fetch and open each picture, and read the answer of it\n"
    "  --right PERCENT        of guesses that are right, where the answer is known (50)\n"
    "  --think MIN-MAX        ms before a guess, uniform; else as people do, 2.5 s or so\n"
    "  --suggest PERCENT      of guesses that are typed with a question for each key (0)\n"
    "  --drops N              a minute and player: the line is cut, and is back soon (0)\n"
    "  --leave PERCENT        of matches that somebody leaves (0)\n"
    "  --rematch PERCENT      of matches that are played again (0)\n"
    "  --invite PERCENT       of players who play with a friend they invite (0)\n"
    "                         (soak: 0.5 drops, 2 % left, 30 % played again unless given)\n"
    "Whether it is fair\n"
    "  --line MS[+-MS][,LOSS] delay each way, jitter, percent lost: of every second player\n"
    "  --even                 all answer right and take equally long, by --think, from when they\n"
    "                         saw the round; matches are played again unless --rematch says\n"
    "Storms\n"
    "  --storm-by WHAT        ticket or token (ticket)\n"
    "  --playing N            so many more matches, which go on being played (0)\n"
    "What is told\n"
    "  --json FILE            all figures; - is standard output\n"
    "  --report FILE          a page with charts, complete in one file\n"
    "  --quiet                no progress on the terminal\n"
    "  --seed N               of all that is drawn (1)\n"
    "  --help                 this text\n"
    "\n"
    "Exit status: 0; 1 after errors or a broken rule; 64 for a wrong option; 69 when the server\n"
    "cannot be reached. Ctrl-C ends a run early, with its summary; twice: at once.\n"
    "\n"
    "Examples\n"
    "  duel-load --server 127.0.0.1:4100 --ops 127.0.0.1:4190 --key key.pem --kid k1 \\\n"
    "      --issuer http://127.0.0.1:3001/oidc --audience https://api.example \\\n"
    "      --matches 1000 --ramp 10 --think 1000-5000 --frames --report run.html\n"
    "  duel-load ... --mode storm --matches 9800 --ramp 30 --json -\n"
    "  duel-load --server 127.0.0.1:5000 --direct --pid 4711 --mode saturation --matches 200\n";

enum choice {
    OPTION_SERVER = 256, OPTION_BASE_PATH, OPTION_OPS, OPTION_PID, OPTION_DIRECT, OPTION_KEY,
    OPTION_KID, OPTION_ISSUER, OPTION_AUDIENCE, OPTION_TOKENS, OPTION_SUB_PREFIX, OPTION_MODE,
    OPTION_MATCHES, OPTION_RAMP, OPTION_SECONDS, OPTION_SOURCES, OPTION_ANSWER, OPTION_FRAMES,
    OPTION_RIGHT, OPTION_THINK, OPTION_SUGGEST, OPTION_DROPS, OPTION_LEAVE, OPTION_REMATCH,
    OPTION_INVITE, OPTION_LINE, OPTION_EVEN, OPTION_STORM_BY, OPTION_PLAYING, OPTION_JSON,
    OPTION_REPORT, OPTION_QUIET, OPTION_SEED, OPTION_HELP
};

static const struct option long_options[] = {
    { "server", required_argument, NULL, OPTION_SERVER },
    { "base-path", required_argument, NULL, OPTION_BASE_PATH },
    { "ops", required_argument, NULL, OPTION_OPS },
    { "pid", required_argument, NULL, OPTION_PID },
    { "direct", no_argument, NULL, OPTION_DIRECT },
    { "key", required_argument, NULL, OPTION_KEY },
    { "kid", required_argument, NULL, OPTION_KID },
    { "issuer", required_argument, NULL, OPTION_ISSUER },
    { "audience", required_argument, NULL, OPTION_AUDIENCE },
    { "tokens", required_argument, NULL, OPTION_TOKENS },
    { "sub-prefix", required_argument, NULL, OPTION_SUB_PREFIX },
    { "mode", required_argument, NULL, OPTION_MODE },
    { "matches", required_argument, NULL, OPTION_MATCHES },
    { "ramp", required_argument, NULL, OPTION_RAMP },
    { "seconds", required_argument, NULL, OPTION_SECONDS },
    { "sources", required_argument, NULL, OPTION_SOURCES },
    { "answer", required_argument, NULL, OPTION_ANSWER },
    { "frames", no_argument, NULL, OPTION_FRAMES },
    { "right", required_argument, NULL, OPTION_RIGHT },
    { "think", required_argument, NULL, OPTION_THINK },
    { "suggest", required_argument, NULL, OPTION_SUGGEST },
    { "drops", required_argument, NULL, OPTION_DROPS },
    { "leave", required_argument, NULL, OPTION_LEAVE },
    { "rematch", required_argument, NULL, OPTION_REMATCH },
    { "invite", required_argument, NULL, OPTION_INVITE },
    { "line", required_argument, NULL, OPTION_LINE },
    { "even", no_argument, NULL, OPTION_EVEN },
    { "storm-by", required_argument, NULL, OPTION_STORM_BY },
    { "playing", required_argument, NULL, OPTION_PLAYING },
    { "json", required_argument, NULL, OPTION_JSON },
    { "report", required_argument, NULL, OPTION_REPORT },
    { "quiet", no_argument, NULL, OPTION_QUIET },
    { "seed", required_argument, NULL, OPTION_SEED },
    { "help", no_argument, NULL, OPTION_HELP },
    { NULL, 0, NULL, 0 },
};

__attribute__((format(printf, 1, 2))) static bool wrong(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("duel-load: ", stderr);
    vfprintf(stderr, format, arguments);
    fputs(" (--help lists the options)\n", stderr);
    va_end(arguments);
    return false;
}

/* ---- values ---- */

static bool read_whole(const char *name, const char *text, uint64_t min, uint64_t max,
                       uint64_t *ret_value)
{
    char *end;
    bool digits = *text >= '0' && *text <= '9';
    uint64_t value = strtoull(text, &end, 10);
    if (!digits || strlen(text) > 19 || *end != '\0' || value < min || value > max) {
        return wrong("--%s: not a whole number from %llu to %llu: %s", name,
                     (unsigned long long)min, (unsigned long long)max, text);
    }
    *ret_value = value;
    return true;
}

static bool read_u32(const char *name, const char *text, uint32_t min, uint32_t max,
                     uint32_t *ret_value)
{
    uint64_t value;
    if (!read_whole(name, text, min, max, &value)) {
        return false;
    }
    *ret_value = (uint32_t)value;
    return true;
}

static bool read_real(const char *name, const char *text, double max, double *ret_value)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(value) || value < 0 || value > max) {
        return wrong("--%s: not a number from 0 to %.0f: %s", name, max, text);
    }
    *ret_value = value;
    return true;
}

static bool read_address(const char *name, const char *text, char *ret_host, size_t size_max,
                         uint16_t *ret_port)
{
    const char *colon = strrchr(text, ':');
    uint64_t port;
    size_t size = colon == NULL ? 0 : (size_t)(colon - text);
    if (size == 0 || size >= size_max) {
        return wrong("--%s: not HOST:PORT: %s", name, text);
    }
    if (!read_whole(name, colon + 1, 1, UINT16_MAX, &port)) {
        return false;
    }
    memcpy(ret_host, text, size);
    ret_host[size] = '\0';
    *ret_port = (uint16_t)port;
    return true;
}

static bool read_word(const char *name, const char *text, const char *const *words, uint32_t count,
                      uint32_t *ret_place)
{
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(text, words[i]) == 0) {
            *ret_place = i;
            return true;
        }
    }
    return wrong("--%s: no such thing: %s", name, text);
}

static bool read_think(struct options *options, const char *text)
{
    unsigned min, max;
    int size = 0;
    if (sscanf(text, "%8u-%8u%n", &min, &max, &size) != 2 || text[size] != '\0' || max == 0 ||
        min > max || max > MS_MAX || strchr(text, '+') != NULL) {
        return wrong("--think: not MIN-MAX in ms, like 1000-5000: %s", text);
    }
    options->think_min_ms = min;
    options->think_max_ms = max;
    return true;
}

/* DELAY, DELAY+-JITTER, each with ",LOSS" behind it. */
static bool read_line(struct options *options, const char *text)
{
    char *end;
    double delay = strtod(text, &end), jitter = 0, loss = 0;
    bool fine = end != text;
    if (fine && strncmp(end, "+-", 2) == 0) {
        const char *at = end + 2;
        jitter = strtod(at, &end);
        fine = end != at;
    }
    if (fine && *end == ',') {
        const char *at = end + 1;
        loss = strtod(at, &end);
        fine = end != at;
    }
    if (!fine || *end != '\0' || !(delay >= 0 && delay <= 10000) ||
        !(jitter >= 0 && jitter <= 10000) || !(loss >= 0 && loss <= 50)) {
        return wrong("--line: not DELAY[+-JITTER][,LOSS] in ms and percent, like 50+-30,2: %s",
                     text);
    }
    options->line = (struct line_settings){ .delay_us = (uint32_t)(delay * 1000),
                                            .jitter_us = (uint32_t)(jitter * 1000),
                                            .loss_per_mille = (uint32_t)(loss * 10 + 0.5) };
    return true;
}

/* ---- options ---- */

static bool take_text(struct options *options, enum choice option, const char *text)
{
    const char **place = option == OPTION_BASE_PATH    ? &options->base_path
                         : option == OPTION_KEY        ? &options->token.key_path
                         : option == OPTION_KID        ? &options->token.kid
                         : option == OPTION_ISSUER     ? &options->token.issuer
                         : option == OPTION_AUDIENCE   ? &options->token.audience
                         : option == OPTION_TOKENS     ? &options->token.tokens_path
                         : option == OPTION_SUB_PREFIX ? &options->token.sub_prefix
                         : option == OPTION_ANSWER     ? &options->answer
                         : option == OPTION_JSON       ? &options->json_path
                         : option == OPTION_REPORT     ? &options->report_path
                                                       : NULL;
    if (place == NULL) {
        return false;
    }
    *place = text;
    return true;
}

static bool take_flag(struct options *options, enum choice option)
{
    bool *place = option == OPTION_DIRECT   ? &options->direct
                  : option == OPTION_FRAMES ? &options->frames
                  : option == OPTION_EVEN   ? &options->even
                  : option == OPTION_QUIET  ? &options->quiet
                                            : NULL;
    if (place == NULL) {
        return false;
    }
    *place = true;
    return true;
}

static bool take_percent(struct options *options, enum choice option, const char *name,
                         const char *text, bool *ret_fine)
{
    uint32_t *place = option == OPTION_RIGHT     ? &options->right_percent
                      : option == OPTION_SUGGEST ? &options->suggest_percent
                      : option == OPTION_LEAVE   ? &options->leave_percent
                      : option == OPTION_REMATCH ? &options->rematch_percent
                      : option == OPTION_INVITE  ? &options->invite_percent
                                                 : NULL;
    if (place == NULL) {
        return false;
    }
    *ret_fine = read_u32(name, text, 0, 100, place);
    return true;
}

static bool take_number(struct options *options, enum choice option, const char *name,
                        const char *text)
{
    switch ((int)option) {
    case OPTION_PID:
        return read_u32(name, text, 1, INT32_MAX, &options->pid);
    case OPTION_MATCHES:
        return read_u32(name, text, 1, MATCHES_MAX, &options->matches);
    case OPTION_PLAYING:
        return read_u32(name, text, 0, MATCHES_MAX, &options->playing);
    case OPTION_SOURCES:
        return read_u32(name, text, 1, 250, &options->sources);
    case OPTION_SEED:
        return read_whole(name, text, 0, UINT64_MAX, &options->seed);
    case OPTION_RAMP:
        return read_real(name, text, SECONDS_MAX, &options->ramp_s);
    case OPTION_SECONDS:
        return read_real(name, text, SECONDS_MAX, &options->seconds);
    case OPTION_DROPS:
        return read_real(name, text, 600, &options->drops_per_minute);
    }
    return false;
}

static bool take(struct options *options, enum choice option, const char *name, const char *text)
{
    static const char *const ways[] = { "ticket", "token" };
    uint32_t place = 0;
    bool fine;
    if (take_flag(options, option) || take_text(options, option, text)) {
        return true;
    }
    if (take_percent(options, option, name, text, &fine)) {
        return fine;
    }
    switch ((int)option) {
    case OPTION_SERVER:
        return read_address(name, text, options->host, sizeof(options->host), &options->port);
    case OPTION_OPS:
        return read_address(name, text, options->ops_host, sizeof(options->ops_host),
                            &options->ops_port);
    case OPTION_MODE:
        fine = read_word(name, text, mode_names, MODE_SOAK + 1, &place);
        options->mode = fine ? (enum mode)place : options->mode;
        return fine;
    case OPTION_STORM_BY:
        fine = read_word(name, text, ways, 2, &place);
        options->storm_by = fine ? (enum storm_by)place : options->storm_by;
        return fine;
    case OPTION_THINK:
        return read_think(options, text);
    case OPTION_LINE:
        return read_line(options, text);
    }
    return take_number(options, option, name, text);
}

/* ---- all in all ---- */

static bool check_players(const struct options *options)
{
    const struct token_settings *token = &options->token;
    uint32_t ways = (uint32_t)(token->key_path != NULL) + (token->tokens_path != NULL) +
                    options->direct;
    if (ways != 1) {
        return wrong("give one of --key, --tokens and --direct: who plays");
    }
    if (token->key_path != NULL &&
        (token->kid == NULL || token->issuer == NULL || token->audience == NULL)) {
        return wrong("--key needs --kid, --issuer and --audience");
    }
    if (strlen(token->sub_prefix) > 64 || (token->kid != NULL && strlen(token->kid) > 128) ||
        (token->issuer != NULL && strlen(token->issuer) > 256) ||
        (token->audience != NULL && strlen(token->audience) > 256)) {
        return wrong("--kid, --issuer, --audience or --sub-prefix is too long");
    }
    return true;
}

static bool check(const struct options *options)
{
    if (strlen(options->base_path) > 128 ||
        (options->base_path[0] != '/' && options->base_path[0] != '\0')) {
        return wrong("--base-path: does not begin with / or is too long");
    }
    if (options->answer != NULL && strlen(options->answer) > 200) {
        return wrong("--answer: more than 200 bytes");
    }
    if (options->direct && (options->frames || options->mode == MODE_PAIRING)) {
        return wrong("--direct: a reference server has neither pictures nor a queue");
    }
    if (options->storm_by == STORM_TOKEN && options->token.key_path == NULL) {
        return wrong("--storm-by token needs --key: fresh tokens are minted");
    }
    if (options->mode == MODE_SATURATION && options->answer == NULL && !options->frames &&
        !options->direct) {
        return wrong("--mode saturation needs --answer or --frames: else no round is ever solved");
    }
    if (options->even && options->answer == NULL && !options->frames) {
        return wrong("--even needs --answer or --frames: both have to answer right");
    }
    return check_players(options);
}

static void complete(struct options *options, bool has_drops, bool has_leave, bool has_rematch)
{
    if (options->mode == MODE_SOAK) {
        options->drops_per_minute = has_drops ? options->drops_per_minute : 0.5;
        options->leave_percent = has_leave ? options->leave_percent : 2;
        options->rematch_percent = has_rematch ? options->rematch_percent : 30;
    }
    if (options->even && !has_rematch) {
        options->rematch_percent = 100; /* who has the slow line stays with who has it not */
    }
    bool local = strncmp(options->host, "127.", 4) == 0 || strcmp(options->host, "localhost") == 0;
    if (options->sources == 0 && local &&
        2 * (options->matches + options->playing) > EPHEMERAL_PORTS) {
        options->sources = SOURCES_FOR_MANY;
    }
}

bool options_read(struct options *options, int argc, char **argv, int *ret_status)
{
    bool given[OPTION_HELP + 1] = { false };
    *options = (struct options){ .host = "127.0.0.1", .port = 4100, .base_path = "/api/duel",
                                 .matches = 100, .ramp_s = 5, .seconds = 30, .right_percent = 50,
                                 .seed = 1 };
    options->token.sub_prefix = "load";
    options->token.lifetime_s = 86400;
    opterr = 0;
    optind = 0; /* glibc: begins anew */
    int place = 0;
    for (int option; (option = getopt_long(argc, argv, "", long_options, &place)) != -1;) {
        if (option == OPTION_HELP) {
            fputs(help_text, stdout);
            *ret_status = 0;
            return false;
        }
        if (option == '?') {
            wrong("no such option, or its value is missing: %s", argv[optind - 1]);
            *ret_status = USAGE_STATUS;
            return false;
        }
        given[option] = true;
        if (!take(options, (enum choice)option, long_options[place].name, optarg)) {
            *ret_status = USAGE_STATUS;
            return false;
        }
    }
    *ret_status = USAGE_STATUS;
    if (optind < argc) {
        return wrong("what is this for: %s", argv[optind]);
    }
    complete(options, given[OPTION_DROPS], given[OPTION_LEAVE], given[OPTION_REMATCH]);
    return check(options);
}
