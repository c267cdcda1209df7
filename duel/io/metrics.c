/* What is counted and timed; duel/io/metrics_text.c tells it. It refuses to know where any of it
 * comes from. */
#include <duel/base/assert.h>
#include <duel/io/metrics_private.h>

#include <stdlib.h>
#include <string.h>

static uint64_t counters[METRICS];
static struct tally tallies[METRIC_HISTOGRAMS];
static uint64_t notes[HUB_NOTES];

const struct metrics_counter metrics_counters[METRICS] = {
#define COUNTER(name, prometheus, help) [METRIC_##name] = { prometheus, help },
#include <duel/io/metrics.def>
};

const struct metrics_histogram metrics_histograms[METRIC_HISTOGRAMS] = {
#define HISTOGRAM(name, prometheus, label, scale, help) \
    [METRIC_##name] = { prometheus, label, help, scale },
#include <duel/io/metrics.def>
};

/* Of each list the last counts what it does not name. */
static const char *const statuses[] = {
#define STATUS(number) #number,
#include <duel/io/metrics.def>
    "other"
};
static const char *const closes[] = {
#define CLOSE(number) #number,
#include <duel/io/metrics.def>
    "other"
};
static const char *const refusals[] = {
#define ERROR(code, message) #code,
#include <duel/hub/errors.def>
#define AUTH_CODE(name, word, sentence) word,
#include <duel/io/auth_codes.def>
#define REFUSAL(code) code,
#include <duel/io/metrics.def>
    "other"
};
#define STATUSES (sizeof statuses / sizeof statuses[0])
#define CLOSES (sizeof closes / sizeof closes[0])
#define REFUSALS (sizeof refusals / sizeof refusals[0])

static uint64_t answered[STATUSES];
static uint64_t closed[CLOSES];
static uint64_t refused[REFUSALS];

static const char *const note_names[HUB_NOTES] = {
#define NOTE(name, level, text) [HUB_NOTE_##name] = #name,
#include <duel/hub/notes.def>
};

/* The first place of `word`, or the last of all. */
static uint32_t place_of(struct text word, const char *const *words, size_t count)
{
    uint32_t at = 0;
    while (at < count - 1 && !text_equal(text_from(words[at]), word)) {
        at++;
    }
    return at;
}

static uint32_t place_of_number(uint32_t number, const char *const *words, size_t count)
{
    uint32_t at = 0;
    while (at < count - 1 && strtoul(words[at], NULL, 10) != number) {
        at++;
    }
    return at;
}

/* ---- counting ---- */

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
    tally_add(&tallies[histogram], metrics_histograms[histogram].scale, us);
}

const struct tally *metrics_tally(enum metric_histogram histogram)
{
    ASSERT(histogram < METRIC_HISTOGRAMS);
    return &tallies[histogram];
}

void metrics_note(enum hub_note note)
{
    ASSERT(note < HUB_NOTES);
    notes[note]++;
}

void metrics_answered(uint32_t status)
{
    answered[place_of_number(status, statuses, STATUSES)]++;
}

void metrics_closed(uint16_t code)
{
    closed[place_of_number(code, closes, CLOSES)]++;
}

void metrics_refused(struct text code)
{
    refused[place_of(code, refusals, REFUSALS)]++;
}

/* ---- the words of labels ---- */

const char *metrics_event_word(uint32_t note, char ret_word[METRICS_WORD_SIZE_MAX])
{
    const char *name = note_names[note];
    uint32_t i = 0;
    for (; name[i] != '\0' && i < METRICS_WORD_SIZE_MAX - 1; i++) {
        ret_word[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] - 'A' + 'a' : name[i]);
    }
    ret_word[i] = '\0';
    return ret_word;
}

static const char *status_word(uint32_t at, char ret_word[METRICS_WORD_SIZE_MAX])
{
    (void)ret_word;
    return statuses[at];
}

static const char *close_word(uint32_t at, char ret_word[METRICS_WORD_SIZE_MAX])
{
    (void)ret_word;
    return closes[at];
}

/* OK refuses nothing, and some codes are in several lists. */
static const char *refusal_word(uint32_t at, char ret_word[METRICS_WORD_SIZE_MAX])
{
    (void)ret_word;
    const char *word = refusals[at];
    bool is_first = place_of(text_from(word), refusals, REFUSALS) == at;
    return is_first && strcmp(word, "OK") != 0 ? word : NULL;
}

const struct metrics_family metrics_families[METRICS_FAMILIES] = {
    { "duel_events_total", "event", "What happened, by event.", HUB_NOTES, metrics_event_word,
      notes },
    { "duel_refusals_total", "reason",
      "What clients were refused, by the code they were told (docs/protocol.md).", REFUSALS,
      refusal_word, refused },
    { "duel_http_answers_total", "status", "Answers to HTTP requests, by status.", STATUSES,
      status_word, answered },
    { "duel_websockets_closed_total", "code", "WebSockets that the server closed, by close code.",
      CLOSES, close_word, closed },
};
