/* duel-load: one run of the load generator, from its command line to its exit status. */
#include <errno.h>
#include <loadtest/load/crowd.h>
#include <loadtest/load/report.h>
#include <loadtest/load/screen.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define FAULTS_STATUS 1
#define USAGE_STATUS 64
#define UNREACHED_STATUS 69
#define FILES_BESIDE 200 /* that are no players' sockets: frames, the ops listener, our own */
#define CONNECT_S 5

static bool raise_files_limit(const struct options *options)
{
    struct rlimit limit;
    rlim_t wanted = 2 * ((rlim_t)options->matches + options->playing) + FILES_BESIDE;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return true;
    }
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max >= wanted) {
        return true;
    }
    fprintf(stderr,
            "duel-load: %u matches need %llu open files, and the hard limit is %llu: raise it "
            "(ulimit -Hn %llu as root, LimitNOFILE= of systemd) or ask for fewer --matches\n",
            options->matches, (unsigned long long)wanted, (unsigned long long)limit.rlim_max,
            (unsigned long long)wanted);
    return false;
}

static bool can_reach(const struct options *options)
{
    char port[8];
    struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM }, *found = NULL;
    snprintf(port, sizeof(port), "%u", options->port);
    int failed = getaddrinfo(options->host, port, &hints, &found);
    const char *why = failed != 0 ? gai_strerror(failed) : NULL;
    if (failed == 0) {
        struct timeval longest = { .tv_sec = CONNECT_S };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &longest, sizeof(longest));
        if (connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
            why = strerror(errno);
        }
        close(fd);
        freeaddrinfo(found);
    }
    if (why != NULL) {
        fprintf(stderr, "duel-load: %s:%u cannot be reached: %s\n", options->host, options->port,
                why);
    }
    return why == NULL;
}

typedef void report(FILE *out, const struct options *options, const struct stats *stats);

/* Opened before the run, so that a run is not lost for a wrong path. NULL: not asked for, or
 * (*ret_failed) impossible. */
static FILE *open_report(const char *path, bool *ret_failed)
{
    if (path == NULL) {
        return NULL;
    }
    FILE *file = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
    if (file == NULL) {
        fprintf(stderr, "duel-load: %s: %s\n", path, strerror(errno));
        *ret_failed = true;
    }
    return file;
}

static bool write_report(FILE *file, report *write, const struct options *options,
                         const struct stats *stats)
{
    if (file == NULL) {
        return true;
    }
    write(file, options, stats);
    bool fine = ferror(file) == 0 && (file == stdout ? fflush(file) : fclose(file)) == 0;
    if (!fine) {
        fprintf(stderr, "duel-load: a report cannot be written: %s\n", strerror(errno));
    }
    return fine;
}

static int run(const struct options *options, struct token_mint *mint)
{
    bool failed = false;
    FILE *json = open_report(options->json_path, &failed);
    FILE *page = open_report(options->report_path, &failed);
    struct stats *stats = failed ? NULL : stats_create();
    struct crowd *crowd = stats == NULL ? NULL : crowd_create(options, stats, mint);
    if (crowd == NULL) {
        stats_destroy(stats);
        return USAGE_STATUS;
    }
    crowd_run(crowd);
    crowd_destroy(crowd);
    screen_summary(options, stats);
    bool fine = stats_errors(stats) == 0 && stats_brokens(stats) == 0;
    fine = write_report(json, report_json, options, stats) && fine;
    fine = write_report(page, report_html, options, stats) && fine;
    stats_destroy(stats);
    return fine ? 0 : FAULTS_STATUS;
}

int main(int argc, char **argv)
{
    struct options options;
    int status;
    if (!options_read(&options, argc, argv, &status)) {
        return status;
    }
    signal(SIGPIPE, SIG_IGN);
    if (!raise_files_limit(&options)) {
        return USAGE_STATUS;
    }
    if (!can_reach(&options)) {
        return UNREACHED_STATUS;
    }
    struct token_mint *mint = NULL;
    if (!options.direct && (mint = token_mint_create(&options.token)) == NULL) {
        return USAGE_STATUS;
    }
    status = run(&options, mint);
    token_mint_destroy(mint);
    return status;
}
