/* Progress and summary for a person; see the header.
 *
 * It judges nothing and computes only what a person would: differences, shares, rates. */
#include <loadtest/load/screen.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define FIGURE_SIZE 32
#define TITLE_WIDTH 33
#define COLUMN_WIDTH 10
#define ELSEWHERE_EVERY_S 10

/* ---- figures as people read them; each writes into `figure` and returns it ---- */

static const char *figure_count(char figure[static FIGURE_SIZE], uint64_t count)
{
    char digits[24];
    int size = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)count);
    int out = 0;
    for (int i = 0; i < size; i++) {
        figure[out++] = digits[i];
        if (i + 1 < size && (size - i - 1) % 3 == 0) {
            figure[out++] = ',';
        }
    }
    figure[out] = '\0';
    return figure;
}

static const char *figure_time(char figure[static FIGURE_SIZE], double us)
{
    if (us < 999.5) {
        snprintf(figure, FIGURE_SIZE, "%.0f µs", us);
    } else if (us < 999500) {
        snprintf(figure, FIGURE_SIZE, "%.*f ms", us < 9995 ? 2 : us < 99950 ? 1 : 0, us / 1e3);
    } else {
        snprintf(figure, FIGURE_SIZE, "%.*f s", us < 9995000 ? 2 : 1, us / 1e6);
    }
    return figure;
}

static const char *figure_memory(char figure[static FIGURE_SIZE], double bytes)
{
    snprintf(figure, FIGURE_SIZE, "%.1f MB", bytes / 1e6);
    return figure;
}

static uint32_t code_points(const char *text)
{
    uint32_t count = 0;
    for (; *text != '\0'; text++) {
        count += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return count;
}

static void put_right(FILE *out, const char *text, uint32_t width)
{
    uint32_t size = code_points(text);
    fprintf(out, "%*s%s", size < width ? (int)(width - size) : 0, "", text);
}

/* ---- progress ---- */

static void append(char *line, size_t size_max, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void append(char *line, size_t size_max, const char *format, ...)
{
    size_t size = strlen(line);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line + size, size_max - size, format, arguments);
    va_end(arguments);
}

static void describe(char *line, size_t size_max, const struct stats *stats, const char *phase)
{
    const struct stats_sample *sample = &stats->samples[stats->samples_count - 1];
    char a[FIGURE_SIZE], b[FIGURE_SIZE];
    uint32_t at_s = (uint32_t)sample->at_s;
    line[0] = '\0';
    append(line, size_max, "%2u:%02u %-8s %s matches  %s sockets", at_s / 60, at_s % 60, phase,
           figure_count(a, sample->matches), figure_count(b, sample->sockets));
    if (sample->guesses_per_s > 0) {
        append(line, size_max, "  %s guesses/s",
               figure_count(a, (uint64_t)(sample->guesses_per_s + 0.5)));
        append(line, size_max, "  p50 %s  p99 %s", figure_time(a, (double)sample->verdict_p50_us),
               figure_time(b, (double)sample->verdict_p99_us));
    }
    if (sample->server_cpu >= 0) {
        append(line, size_max, "  server %.0f %%", 100 * sample->server_cpu);
    }
    if (sample->server_rss_bytes >= 0) {
        append(line, size_max, " %s", figure_memory(a, sample->server_rss_bytes));
    }
    append(line, size_max, "  load %.0f %%  %s errors", 100 * sample->load_cpu,
           figure_count(a, stats_errors(stats)));
    if (stats->broken_count > 0) {
        append(line, size_max, "  %s RULES BROKEN", figure_count(a, stats_brokens(stats)));
    }
}

/* Cuts after `columns` code points: a line that wraps cannot be rewritten in place. */
static void cut(char *line, uint32_t columns)
{
    uint32_t count = 0;
    for (char *at = line; *at != '\0'; at++) {
        if (((unsigned char)*at & 0xc0) != 0x80 && count++ == columns) {
            *at = '\0';
            return;
        }
    }
}

static uint32_t terminal_columns(void)
{
    struct winsize size;
    bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
    return known ? size.ws_col - 1U : 79;
}

static bool is_tenth(const struct stats *stats)
{
    uint32_t count = stats->samples_count;
    double before_s = count > 1 ? stats->samples[count - 2].at_s : 0;
    return (uint64_t)(stats->samples[count - 1].at_s / ELSEWHERE_EVERY_S) !=
           (uint64_t)(before_s / ELSEWHERE_EVERY_S);
}

void screen_progress(const struct options *options, const struct stats *stats, const char *phase)
{
    if (options->quiet || stats->samples_count == 0) {
        return;
    }
    char line[512];
    if (isatty(STDERR_FILENO)) {
        describe(line, sizeof(line), stats, phase);
        cut(line, terminal_columns());
        fprintf(stderr, "\r%s\033[K", line);
    } else if (is_tenth(stats)) {
        describe(line, sizeof(line), stats, phase);
        fprintf(stderr, "%s\n", line);
    }
    fflush(stderr);
}

/* ---- summary ---- */

static void put_head(FILE *out, const struct options *options, const struct stats *stats)
{
    char figure[FIGURE_SIZE];
    double window_s = stats_window_s(stats);
    fprintf(out, "%s, %s matches asked for, measured for %.1f s\n\n",
            options_mode_name(options->mode), figure_count(figure, options->matches), window_s);
}

static void put_latencies(FILE *out, const struct stats *stats)
{
    static const char *const titles[] = {
#define X(name, title) title,
        LATENCIES(X)
#undef X
    };
    static const char *const columns[] = { "count", "mean", "p50", "p90", "p99", "p99.9", "max" };
    static const uint32_t points[] = { 500000, 900000, 990000, 999000 };
    char figure[FIGURE_SIZE];
    bool headed = false;
    for (uint32_t i = 0; i < LATENCY_COUNT; i++) {
        const struct histogram *times = &stats->latency[i];
        if (times->count == 0) {
            continue;
        }
        if (!headed) {
            fprintf(out, "%*s", TITLE_WIDTH, "");
            for (uint32_t c = 0; c < sizeof(columns) / sizeof(columns[0]); c++) {
                put_right(out, columns[c], COLUMN_WIDTH);
            }
            headed = true;
        }
        fprintf(out, "\n%-*s", TITLE_WIDTH, titles[i]);
        put_right(out, figure_count(figure, times->count), COLUMN_WIDTH);
        put_right(out, figure_time(figure, histogram_mean_us(times)), COLUMN_WIDTH);
        for (uint32_t p = 0; p < sizeof(points) / sizeof(points[0]); p++) {
            double us = (double)histogram_at(times, points[p]);
            put_right(out, figure_time(figure, us), COLUMN_WIDTH);
        }
        put_right(out, figure_time(figure, (double)times->max_us), COLUMN_WIDTH);
    }
    fputs(headed ? "\n\n" : "", out);
}

static void put_counts(FILE *out, const struct stats *stats)
{
    static const char *const titles[] = {
#define X(name, title) title,
        COUNTS(X)
#undef X
    };
    char figure[FIGURE_SIZE];
    double window_s = stats_window_s(stats);
    for (uint32_t i = 0; i < COUNT_COUNT; i++) {
        if (stats->count[i] == 0) {
            continue;
        }
        fprintf(out, "%-*s", TITLE_WIDTH, titles[i]);
        put_right(out, figure_count(figure, stats->count[i]), 2 * COLUMN_WIDTH);
        if (window_s > 0) {
            fprintf(out, "   %.1f a second", (double)stats->count[i] / window_s);
        }
        fputc('\n', out);
    }
    fputc('\n', out);
}

static void put_server(FILE *out, const struct stats *stats)
{
    const struct stats_server *first = &stats->first, *last = &stats->last;
    char a[FIGURE_SIZE], b[FIGURE_SIZE];
    double span_s = (double)(last->read_us - first->read_us) / 1e6;
    uint64_t guesses = stats->count[COUNT_guesses];
    bool knows_span = last->read_us > first->read_us && first->read_us > 0;
    if (knows_span && first->cpu_s >= 0 && last->cpu_s >= 0) {
        double cpu_s = last->cpu_s - first->cpu_s;
        fprintf(out, "%-*s%.1f %% of a core", TITLE_WIDTH, "server: CPU", 100 * cpu_s / span_s);
        if (guesses > 0) {
            fprintf(out, ", %.1f µs a guess", cpu_s * 1e6 / (double)guesses);
        }
        fputc('\n', out);
    }
    if (last->rss_bytes >= 0) {
        fprintf(out, "%-*s%s", TITLE_WIDTH, "server: memory", figure_memory(a, last->rss_bytes));
        if (first->rss_bytes >= 0) {
            fprintf(out, ", %s when the window began", figure_memory(b, first->rss_bytes));
        }
        fputc('\n', out);
    }
    if (last->longest_turn_s >= 0) {
        fprintf(out, "%-*s%s since it started\n", TITLE_WIDTH, "server: longest turn of its loop",
                figure_time(a, last->longest_turn_s * 1e6));
    }
    if (knows_span && last->frame_bytes > first->frame_bytes && first->frame_bytes >= 0) {
        fprintf(out, "%-*s%.0f Mbit/s\n", TITLE_WIDTH, "server: frames",
                (last->frame_bytes - first->frame_bytes) * 8 / 1e6 / span_s);
    }
    if (guesses > 0 && last->writes >= 0 && first->writes >= 0 && first->messages_out >= 0) {
        fprintf(out, "%-*s%.2f writes, %.2f messages\n", TITLE_WIDTH, "server: for each guess",
                (last->writes - first->writes) / (double)guesses,
                (last->messages_out - first->messages_out) / (double)guesses);
    }
}

static void put_load(FILE *out, const struct stats *stats)
{
    double window_s = stats_window_s(stats);
    if (window_s > 0) {
        fprintf(out, "%-*s%.1f %% of a core\n", TITLE_WIDTH, "load generator: CPU",
                100 * (stats->load_cpu_last_s - stats->load_cpu_first_s) / window_s);
    }
}

static void put_special(FILE *out, const struct stats *stats)
{
    char a[FIGURE_SIZE], b[FIGURE_SIZE], c[FIGURE_SIZE];
    if (stats->storm_to_us > stats->storm_from_us) {
        double span_s = (double)(stats->storm_to_us - stats->storm_from_us) / 1e6;
        double count = stats->storm_connections;
        fprintf(out, "%-*s%s connections in %s: %s a second", TITLE_WIDTH, "storm",
                figure_count(a, stats->storm_connections), figure_time(b, span_s * 1e6),
                figure_count(c, (uint64_t)(count / span_s)));
        if (stats->storm_server_cpu_s >= 0 && count > 0) {
            fprintf(out, ", %.1f µs of the server's CPU each",
                    stats->storm_server_cpu_s * 1e6 / count);
        }
        fputc('\n', out);
    }
    if (stats->pairing_to_us > stats->pairing_from_us) {
        fprintf(out, "%-*s%s players joined and matched in %s\n", TITLE_WIDTH, "pairing",
                figure_count(a, stats->pairing_players),
                figure_time(b, (double)(stats->pairing_to_us - stats->pairing_from_us)));
    }
    uint64_t rounds = stats->won[0] + stats->won[1] + stats->won_by_nobody;
    if (rounds > 0) {
        double percent = 100 / (double)rounds;
        fprintf(out, "%-*s%s rounds: even-numbered players %.1f %%, odd %.1f %%, nobody %.1f %%\n",
                TITLE_WIDTH, "won", figure_count(a, rounds), (double)stats->won[0] * percent,
                (double)stats->won[1] * percent, (double)stats->won_by_nobody * percent);
    }
}

static void put_kinds(FILE *out, const char *none, const char *some, const struct stats_kind *kinds,
                      uint32_t kinds_count, uint64_t sum)
{
    char figure[FIGURE_SIZE];
    if (sum == 0) {
        fprintf(out, "%s\n", none);
        return;
    }
    fprintf(out, "%s: %s\n", some, figure_count(figure, sum));
    for (uint32_t i = 0; i < kinds_count; i++) {
        put_right(out, figure_count(figure, kinds[i].count), COLUMN_WIDTH + 2);
        fprintf(out, "  %s\n", kinds[i].what);
    }
}

void screen_summary(const struct options *options, const struct stats *stats)
{
    bool json_there = options->json_path != NULL && strcmp(options->json_path, "-") == 0;
    FILE *out = json_there ? stderr : stdout;
    char none[96], figure[FIGURE_SIZE];
    if (!options->quiet && isatty(STDERR_FILENO)) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
    }
    put_head(out, options, stats);
    put_latencies(out, stats);
    put_counts(out, stats);
    put_server(out, stats);
    put_load(out, stats);
    put_special(out, stats);
    fputc('\n', out);
    put_kinds(out, "no errors", "errors", stats->errors, stats->errors_count, stats_errors(stats));
    snprintf(none, sizeof(none), "no rule broken in %s checks",
             figure_count(figure, stats->checks));
    put_kinds(out, none, "broken rules", stats->broken, stats->broken_count, stats_brokens(stats));
    fflush(out);
}
