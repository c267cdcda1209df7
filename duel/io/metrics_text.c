/* The metrics as Prometheus' text (exposition format 0.0.4) and as a page. Gauges are handed in;
 * what is counted comes from duel/io/metrics.c. */
#include <duel/io/metrics_private.h>

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define PHASES "duel_matches"
#define PHASES_HELP "Matches in memory, by phase."
#define OUTCOMES "duel_matches_ended_total"
#define OUTCOMES_HELP "Matches that were over here, by how they ended."
#define BUILD "duel_build_info"
#define BUILD_HELP "Always 1; the version is a label."

static const char *const phase_names[MATCH_CLOSED + 1] = {
    [MATCH_WAITING] = "waiting", [MATCH_COUNTDOWN] = "countdown",
    [MATCH_ROUND] = "round",     [MATCH_INTERMISSION] = "intermission",
    [MATCH_OVER] = "over",       [MATCH_CLOSED] = "closed",
};

static const char *const outcome_names[HUB_OUTCOMES] = {
    [HUB_ENDED_SCORE] = "score",         [HUB_ENDED_DRAW] = "draw",
    [HUB_ENDED_FORFEIT] = "forfeit",     [HUB_ENDED_NO_SHOW] = "no_show",
    [HUB_ENDED_LEFT] = "left",           [HUB_ENDED_BOTH_LEFT] = "both_left",
    [HUB_ENDED_NO_FRAMES] = "no_frames", [HUB_ENDED_OUTAGE] = "outage",
    [HUB_ENDED_VOID] = "void",
};

/* What the hub times. */
static const struct hub_times {
    struct metrics_histogram is;
    size_t at; /* in struct hub_counts */
} hub_times[] = {
    { { "duel_save_wait_seconds", "", "How long the news of a round's end waited for its save.",
        TALLY_SAVES }, offsetof(struct hub_counts, save_waits) },
    { { "duel_queue_wait_seconds", "", "How long players who got an opponent had waited.",
        TALLY_PEOPLE }, offsetof(struct hub_counts, queue_waits) },
    { { "duel_lag_credit_seconds", "", "Lag that a guess was credited.", TALLY_LINES },
      offsetof(struct hub_counts, lag_credits) },
};
#define HUB_TIMES (sizeof hub_times / sizeof hub_times[0])

/* ---- what is read when asked for ---- */

static double oldest_age_s(const struct metrics_gauges *gauges)
{
    int64_t oldest_ms = gauges->hub.result_oldest_ms;
    double age_s = (double)gauges->now_s - (double)oldest_ms / 1000;
    return oldest_ms == 0 || age_s < 0 ? 0 : age_s;
}

/* VALUE(name, type, help, value): `g` is the struct metrics_gauges. */
#define VALUES                                                                                    \
    VALUE("duel_ready", "gauge", "1 when players can be served: /readyz.", g->ready)              \
    VALUE("duel_connections", "gauge", "Sockets and requests that are open.", g->connections)     \
    VALUE("duel_connections_max", "gauge", "So many can be open.", g->connections_max)            \
    VALUE("duel_connections_unauthenticated", "gauge",                                            \
          "Sockets that have not authenticated yet.", g->unauthenticated)                         \
    VALUE("duel_sessions", "gauge", "Authenticated sockets and requests.", g->hub.sessions)       \
    VALUE("duel_players", "gauge", "Players in memory.", g->hub.players)                          \
    VALUE("duel_queue_tickets", "gauge", "Players of this node in the queue.", g->hub.tickets)    \
    VALUE("duel_matches_live", "gauge", "Matches that are not over.", g->hub.matches)             \
    VALUE("duel_matches_max", "gauge",                                                            \
          "So many can be in memory, those that are over included.", g->hub.matches_max)          \
    VALUE("duel_matches_dormant", "gauge",                                                        \
          "Matches taken over from a process that died, to which nobody has come yet.",           \
          g->hub.dormant)                                                                         \
    VALUE("duel_matches_unsaved", "gauge", "Matches whose copy in Valkey is behind.",             \
          g->hub.unsaved)                                                                         \
    VALUE("duel_results_waiting", "gauge", "Finished matches that wait for a store.",             \
          g->hub.results)                                                                         \
    VALUE("duel_results_max", "gauge", "So many can wait before no new match begins.",            \
          g->hub.results_max)                                                                     \
    VALUE("duel_results_oldest_age_seconds", "gauge",                                             \
          "How long the oldest of them has waited; 0 when none does.", oldest_age_s(g))           \
    VALUE("duel_guess_log_bytes", "gauge", "Bytes of guess texts kept for live matches.",         \
          g->hub.guess_log_bytes)                                                                 \
    VALUE("duel_late_answers_total", "counter", "Answers to something that was gone.",            \
          g->hub.late)                                                                            \
    VALUE("duel_postgresql_up", "gauge", "1 when PostgreSQL can be asked.", g->postgresql_up)     \
    VALUE("duel_valkey_up", "gauge", "1 when Valkey can be asked.", g->valkey_up)                 \
    VALUE("duel_frames_up", "gauge",                                                              \
          "0 until the S3 store of the frames has answered, and while it is down.", g->frames_up) \
    VALUE("duel_frames_waiting", "gauge", "Pictures that a round or a player waits for.",         \
          g->frames_waiting)                                                                      \
    VALUE("duel_keys_known", "gauge", "1 when Logto's key set was ever fetched.", g->keys_known)  \
    VALUE("duel_keys_age_seconds", "gauge", "Age of the key set; -1 when there is none.",         \
          g->keys_age_ms < 0 ? -1 : (double)g->keys_age_ms / 1000)                                \
    VALUE("duel_catalogue_videos", "gauge", "Videos in play.", g->catalogue_videos)               \
    VALUE("duel_loop_turns_total", "counter", "Turns of the loop.", g->loop.turns)                \
    VALUE("duel_loop_busy_seconds_total", "counter", "Seconds that turns of the loop took.",      \
          (double)g->loop.sum_us / 1e6)                                                           \
    VALUE("duel_loop_longest_turn_seconds", "gauge", "The longest turn of the loop so far.",      \
          (double)g->loop.longest_us / 1e6)                                                       \
    VALUE("process_resident_memory_bytes", "gauge", "Resident memory size in bytes.",             \
          g->memory_bytes)                                                                        \
    VALUE("process_cpu_seconds_total", "counter",                                                 \
          "Processor time of all threads, user and system.", g->cpu_s)                            \
    VALUE("process_start_time_seconds", "gauge", "When the process started, Unix epoch.",         \
          g->started_s)

/* ---- text ---- */

static void say(struct text_buffer *out, const char *words)
{
    text_append(out, text_from(words));
}

static void write_family(struct text_buffer *out, const char *name, const char *type,
                         const char *help)
{
    say(out, "# HELP ");
    say(out, name);
    say(out, " ");
    say(out, help);
    say(out, "\n# TYPE ");
    say(out, name);
    say(out, " ");
    say(out, type);
    say(out, "\n");
}

static void write_number(struct text_buffer *out, double value)
{
    char digits[32];
    int size = snprintf(digits, sizeof digits, " %.15g\n", value);
    text_append(out, (struct text){ digits, (uint32_t)size });
}

/* A label's value: backslash, quote and line feed are escaped. `before`: other labels, or empty. */
static void write_label(struct text_buffer *out, const char *before, const char *name,
                        const char *value)
{
    say(out, "{");
    say(out, before);
    say(out, before[0] != '\0' ? "," : "");
    say(out, name);
    say(out, "=\"");
    for (; *value != '\0'; value++) {
        if (*value == '\\' || *value == '"') {
            say(out, "\\");
        }
        text_append(out, *value == '\n' ? TEXT("\\n") : (struct text){ value, 1 });
    }
    say(out, "\"}");
}

static void write_counters(struct text_buffer *out)
{
    for (uint32_t i = 0; i < METRICS; i++) {
        const struct metrics_counter *counter = &metrics_counters[i];
        write_family(out, counter->name, "counter", counter->help);
        say(out, counter->name);
        write_number(out, (double)metrics_get((enum metric)i));
    }
}

static void write_labelled(struct text_buffer *out, const struct metrics_family *family)
{
    char memory[METRICS_WORD_SIZE_MAX];
    write_family(out, family->name, "counter", family->help);
    for (uint32_t i = 0; i < family->size; i++) {
        const char *word = family->word(i, memory);
        if (word != NULL) {
            say(out, family->name);
            write_label(out, "", family->label, word);
            write_number(out, (double)family->counts[i]);
        }
    }
}

static void write_matches(struct text_buffer *out, const struct hub_counts *hub)
{
    write_family(out, PHASES, "gauge", PHASES_HELP);
    for (uint32_t i = 0; i <= MATCH_CLOSED; i++) {
        say(out, PHASES);
        write_label(out, "", "phase", phase_names[i]);
        write_number(out, hub->matches_by_phase[i]);
    }
    write_family(out, OUTCOMES, "counter", OUTCOMES_HELP);
    for (uint32_t i = 0; i < HUB_OUTCOMES; i++) {
        say(out, OUTCOMES);
        write_label(out, "", "outcome", outcome_names[i]);
        write_number(out, (double)hub->ended[i]);
    }
}

static void write_end(struct text_buffer *out, const struct metrics_histogram *is, const char *what,
                      double value)
{
    say(out, is->name);
    say(out, what);
    if (is->label[0] != '\0') {
        say(out, "{");
        say(out, is->label);
        say(out, "}");
    }
    write_number(out, value);
}

static void write_histogram(struct text_buffer *out, const struct metrics_histogram *is,
                            const struct tally *tally)
{
    uint64_t count = 0;
    uint32_t bounds_count = tally_bounds_count(is->scale);
    for (uint32_t i = 0; i <= bounds_count; i++) {
        char upper[32] = "+Inf";
        if (i < bounds_count) {
            snprintf(upper, sizeof upper, "%g", (double)tally_bound_us(is->scale, i) / 1e6);
        }
        count += tally->counts[i];
        say(out, is->name);
        say(out, "_bucket");
        write_label(out, is->label, "le", upper);
        write_number(out, (double)count);
    }
    write_end(out, is, "_sum", (double)tally->sum_us / 1e6);
    write_end(out, is, "_count", (double)count);
}

/* Whether one of the same name comes before it. */
static bool is_continued(uint32_t histogram)
{
    return histogram > 0 && strcmp(metrics_histograms[histogram].name,
                                   metrics_histograms[histogram - 1].name) == 0;
}

static void write_histograms(struct text_buffer *out, const struct hub_counts *hub)
{
    for (uint32_t i = 0; i < HUB_TIMES; i++) {
        const char *counts = (const char *)hub;
        write_family(out, hub_times[i].is.name, "histogram", hub_times[i].is.help);
        write_histogram(out, &hub_times[i].is,
                        (const struct tally *)(const void *)(counts + hub_times[i].at));
    }
    for (uint32_t i = 0; i < METRIC_HISTOGRAMS; i++) {
        const struct metrics_histogram *is = &metrics_histograms[i];
        if (!is_continued(i)) {
            write_family(out, is->name, "histogram", is->help);
        }
        write_histogram(out, is, metrics_tally((enum metric_histogram)i));
    }
}

uint32_t metrics_text(const struct metrics_gauges *gauges, char *ret_text, uint32_t size_max)
{
    const struct metrics_gauges *g = gauges;
    struct text_buffer out;
    text_buffer_init(&out, ret_text, size_max);
    write_counters(&out);
    for (uint32_t i = 0; i < METRICS_FAMILIES; i++) {
        write_labelled(&out, &metrics_families[i]);
    }
#define VALUE(name, type, help, value)    \
    write_family(&out, name, type, help); \
    say(&out, name);                      \
    write_number(&out, (double)(value));
    VALUES
#undef VALUE
    write_matches(&out, &gauges->hub);
    write_histograms(&out, &gauges->hub);
    write_family(&out, BUILD, "gauge", BUILD_HELP);
    say(&out, BUILD);
    write_label(&out, "", "version", gauges->version);
    write_number(&out, 1);
    return out.full ? 0 : out.size;
}

/* ---- the page ---- */

static void print_row(const char *name, const char *label, const char *type, const char *help)
{
    printf("| `%s` | %s | %s | %s |\n", name, type, label, help);
}

static void print_labelled_row(const char *name, const char *label, const char *type,
                               const char *help)
{
    printf("| `%s` | %s | `%s` | %s |\n", name, type, label, help);
}

static void print_counters(void)
{
    for (uint32_t i = 0; i < METRICS; i++) {
        print_row(metrics_counters[i].name, "", "counter", metrics_counters[i].help);
    }
    for (uint32_t i = 0; i < METRICS_FAMILIES; i++) {
        print_labelled_row(metrics_families[i].name, metrics_families[i].label, "counter",
                           metrics_families[i].help);
    }
    print_labelled_row(OUTCOMES, "outcome", "counter", OUTCOMES_HELP);
}

static void print_histograms(void)
{
    for (uint32_t i = 0; i < HUB_TIMES; i++) {
        print_row(hub_times[i].is.name, "", "histogram", hub_times[i].is.help);
    }
    for (uint32_t i = 0; i < METRIC_HISTOGRAMS; i++) {
        const struct metrics_histogram *is = &metrics_histograms[i];
        if (!is_continued(i)) {
            print_row(is->name, is->label[0] != '\0' ? "`store`" : "", "histogram", is->help);
        }
    }
}

static void print_words(const char *title, const char *label, const char *const *words,
                        uint32_t count)
{
    printf("\n## %s\n\n`%s` is one of", title, label);
    for (uint32_t i = 0; i < count; i++) {
        printf("%s `%s`", i == 0 ? "" : ",", words[i]);
    }
    printf(".\n");
}

static void print_events(void)
{
    printf("\n## Events\n\n| event | log level | line |\n|---|---|---|\n");
#define NOTE(name, level, text)                                             \
    do {                                                                    \
        char event[METRICS_WORD_SIZE_MAX];                                  \
        printf("| `%s` | %s | %s |\n",                                      \
               metrics_event_word(HUB_NOTE_##name, event), #level, text);   \
    } while (0);
#include <duel/hub/notes.def>
}

void metrics_print_markdown(void)
{
    printf("# Metrics\n\n"
           "Generated from `include/duel/io/metrics.def`, `include/duel/hub/notes.def` and\n"
           "`duel/io/metrics*.c` by `make docs`: change those files.\n\n"
           "`GET /metrics` on the ops listener (`DUEL_OPS_LISTEN`), in Prometheus' text format.\n"
           "Counters start at 0 with the process. Histograms have the label `le` as well; their\n"
           "bounds are in `duel/base/tally.c`. What to make of all this:\n"
           "[alerts](operations.md#alerts), and the dashboard in `deploy/grafana`.\n\n"
           "| name | type | label | meaning |\n|---|---|---|---|\n");
    print_counters();
#define VALUE(name, type, help, value) print_row(name, "", type, help);
    VALUES
#undef VALUE
    print_labelled_row(PHASES, "phase", "gauge", PHASES_HELP);
    print_histograms();
    print_labelled_row(BUILD, "version", "gauge", BUILD_HELP);
    print_words("Outcomes", "outcome", outcome_names, HUB_OUTCOMES);
    print_events();
}
