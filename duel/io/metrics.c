/* Counters kept here, gauges handed in, and the text that Prometheus reads (exposition format
 * 0.0.4). It refuses to know where any of them come from. */
#include <duel/io/metrics.h>

#include <duel/base/assert.h>

#include <stdio.h>
#include <string.h>

#define EVENTS "duel_events_total"
#define EVENTS_HELP "What happened, by event."
#define PHASES "duel_matches"
#define PHASES_HELP "Matches in memory, by phase."
#define BUILD "duel_build_info"
#define BUILD_HELP "Always 1; the version is a label."
#define SAVE_WAITS "duel_save_wait_seconds"
#define SAVE_WAITS_HELP "How long the news of a round's end waited for its save."
#define NAME_SIZE_MAX 64

static uint64_t counters[METRICS];
static uint64_t notes[HUB_NOTES];

/* The upper bounds of every histogram's buckets; the last holds the rest. */
#define BOUNDS_COUNT 13
static const uint32_t bounds_us[BOUNDS_COUNT - 1] = { 10,   20,   50,   100,   200,   500,
                                                      1000, 2000, 5000, 10000, 20000, 100000 };
static const char *const bounds[BOUNDS_COUNT] = { "1e-05", "2e-05", "5e-05", "0.0001", "0.0002",
                                                  "0.0005", "0.001", "0.002", "0.005", "0.01",
                                                  "0.02", "0.1", "+Inf" };

static struct {
    uint64_t counts[BOUNDS_COUNT];
    uint64_t sum_us;
} histograms[METRIC_HISTOGRAMS];

static const struct {
    const char *name;
    const char *help;
} histogram_texts[METRIC_HISTOGRAMS] = {
#define HISTOGRAM(name, prometheus, help) [METRIC_##name] = { prometheus, help },
#include <duel/io/metrics.def>
};

static const struct {
    const char *name;
    const char *help;
} counter_texts[METRICS] = {
#define COUNTER(name, prometheus, help) [METRIC_##name] = { prometheus, help },
#include <duel/io/metrics.def>
};

static const char *const note_names[HUB_NOTES] = {
#define NOTE(name, level, text) [HUB_NOTE_##name] = #name,
#include <duel/hub/notes.def>
};

static const char *const phase_names[MATCH_CLOSED + 1] = {
    [MATCH_WAITING] = "waiting", [MATCH_COUNTDOWN] = "countdown",
    [MATCH_ROUND] = "round",     [MATCH_INTERMISSION] = "intermission",
    [MATCH_OVER] = "over",       [MATCH_CLOSED] = "closed",
};

void metrics_add(enum metric metric, uint64_t count)
{
    ASSERT(metric < METRICS);
    counters[metric] += count;
}

uint64_t metrics_get(enum metric metric)
{
    ASSERT(metric < METRICS);
    return counters[metric];
}

void metrics_observe(enum metric_histogram histogram, uint64_t us)
{
    ASSERT(histogram < METRIC_HISTOGRAMS);
    uint32_t place = 0;
    while (place < BOUNDS_COUNT - 1 && us > bounds_us[place]) {
        place++;
    }
    histograms[histogram].counts[place]++;
    histograms[histogram].sum_us += us;
}

void metrics_note(enum hub_note note)
{
    ASSERT(note < HUB_NOTES);
    notes[note]++;
}

/* ---- what is read when asked for ---- */

static double oldest_age_s(const struct metrics_gauges *gauges)
{
    int64_t oldest_ms = gauges->hub.result_oldest_ms;
    double age_s = (double)gauges->now_s - (double)oldest_ms / 1000;
    return oldest_ms == 0 || age_s < 0 ? 0 : age_s;
}

/* VALUE(name, type, help, value): `g` is the struct metrics_gauges. */
#define VALUES                                                                                    \
    VALUE("duel_connections", "gauge", "Sockets and requests that are open.", g->connections)     \
    VALUE("duel_connections_unauthenticated", "gauge",                                            \
          "Sockets that have not authenticated yet.", g->unauthenticated)                         \
    VALUE("duel_sessions", "gauge", "Authenticated sockets and requests.", g->hub.sessions)       \
    VALUE("duel_players", "gauge", "Players in memory.", g->hub.players)                          \
    VALUE("duel_queue_tickets", "gauge", "Players of this node in the queue.", g->hub.tickets)    \
    VALUE("duel_matches_live", "gauge", "Matches that are not over.", g->hub.matches)             \
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
          "Processor time of all threads, user and system.", g->cpu_s)

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

/* A label's value: backslash, quote and line feed are escaped. */
static void write_label(struct text_buffer *out, const char *name, const char *value)
{
    say(out, "{");
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

static void event_name(enum hub_note note, char ret_name[NAME_SIZE_MAX])
{
    const char *name = note_names[note];
    uint32_t i = 0;
    for (; name[i] != '\0' && i < NAME_SIZE_MAX - 1; i++) {
        ret_name[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] - 'A' + 'a' : name[i]);
    }
    ret_name[i] = '\0';
}

static void write_counters(struct text_buffer *out)
{
    for (uint32_t i = 0; i < METRICS; i++) {
        write_family(out, counter_texts[i].name, "counter", counter_texts[i].help);
        say(out, counter_texts[i].name);
        write_number(out, (double)counters[i]);
    }
    write_family(out, EVENTS, "counter", EVENTS_HELP);
    for (uint32_t i = 0; i < HUB_NOTES; i++) {
        char name[NAME_SIZE_MAX];
        event_name((enum hub_note)i, name);
        say(out, EVENTS);
        write_label(out, "event", name);
        write_number(out, (double)notes[i]);
    }
}

static void write_histogram(struct text_buffer *out, const char *name, const char *help,
                            const char *const *uppers, const uint64_t *counts,
                            uint32_t counts_count, uint64_t sum_us)
{
    uint64_t count = 0;
    char part[NAME_SIZE_MAX];
    write_family(out, name, "histogram", help);
    snprintf(part, sizeof(part), "%s_bucket", name);
    for (uint32_t i = 0; i < counts_count; i++) {
        count += counts[i];
        say(out, part);
        write_label(out, "le", uppers[i]);
        write_number(out, (double)count);
    }
    say(out, name);
    say(out, "_sum");
    write_number(out, (double)sum_us / 1e6);
    say(out, name);
    say(out, "_count");
    write_number(out, (double)count);
}

static void write_histograms(struct text_buffer *out, const struct hub_counts *hub)
{
    static const char *const save_bounds[HUB_SAVE_WAITS] = { "0.0005", "0.001", "0.002", "0.005",
                                                             "0.02",   "0.1",   "+Inf" };
    write_histogram(out, SAVE_WAITS, SAVE_WAITS_HELP, save_bounds, hub->save_waits, HUB_SAVE_WAITS,
                    hub->save_waits_us);
    for (uint32_t i = 0; i < METRIC_HISTOGRAMS; i++) {
        write_histogram(out, histogram_texts[i].name, histogram_texts[i].help, bounds,
                        histograms[i].counts, BOUNDS_COUNT, histograms[i].sum_us);
    }
}

uint32_t metrics_text(const struct metrics_gauges *gauges, char *ret_text, uint32_t size_max)
{
    const struct metrics_gauges *g = gauges;
    struct text_buffer out;
    text_buffer_init(&out, ret_text, size_max);
    write_counters(&out);
#define VALUE(name, type, help, value)    \
    write_family(&out, name, type, help); \
    say(&out, name);                      \
    write_number(&out, (double)(value));
    VALUES
#undef VALUE
    write_family(&out, PHASES, "gauge", PHASES_HELP);
    for (uint32_t i = 0; i <= MATCH_CLOSED; i++) {
        say(&out, PHASES);
        write_label(&out, "phase", phase_names[i]);
        write_number(&out, gauges->hub.matches_by_phase[i]);
    }
    write_histograms(&out, &gauges->hub);
    write_family(&out, BUILD, "gauge", BUILD_HELP);
    say(&out, BUILD);
    write_label(&out, "version", gauges->version);
    write_number(&out, 1);
    return out.full ? 0 : out.size;
}

static void print_row(const char *name, const char *label, const char *type, const char *help)
{
    printf("| `%s` | %s | %s | %s |\n", name, type, label, help);
}

void metrics_print_markdown(void)
{
    printf("# Metrics\n\n"
           "Generated from `include/duel/io/metrics.def`, `include/duel/hub/notes.def` and\n"
           "`duel/io/metrics.c` by `make docs`: change those files.\n\n"
           "`GET /metrics` on the ops listener (`DUEL_OPS_LISTEN`), in Prometheus' text format.\n"
           "Counters start at 0 with the process.\n\n"
           "| name | type | label | meaning |\n|---|---|---|---|\n");
    for (uint32_t i = 0; i < METRICS; i++) {
        print_row(counter_texts[i].name, "", "counter", counter_texts[i].help);
    }
    print_row(EVENTS, "`event`", "counter", EVENTS_HELP);
#define VALUE(name, type, help, value) print_row(name, "", type, help);
    VALUES
#undef VALUE
    print_row(PHASES, "`phase`", "gauge", PHASES_HELP);
    print_row(SAVE_WAITS, "`le`", "histogram", SAVE_WAITS_HELP);
    for (uint32_t i = 0; i < METRIC_HISTOGRAMS; i++) {
        print_row(histogram_texts[i].name, "`le`", "histogram", histogram_texts[i].help);
    }
    print_row(BUILD, "`version`", "gauge", BUILD_HELP);
    printf("\n## Events\n\n| event | log level | line |\n|---|---|---|\n");
#define NOTE(name, level, text)                    \
    do {                                           \
        char event[NAME_SIZE_MAX];                 \
        event_name(HUB_NOTE_##name, event);        \
        printf("| `%s` | %s | %s |\n", event, #level, text); \
    } while (0);
#include <duel/hub/notes.def>
}
