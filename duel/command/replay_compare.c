/* What is stored of a match, held against what its journal comes to. */
#include <duel/command/replay.h>
#include <duel/core/titles.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void replay_differs(struct replay *replay, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    json_array_append_new(replay->differences, json_string(text));
}

/* -1: none (null, or no number). */
static int64_t number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? (int64_t)json_integer_value(value) : -1;
}

static int64_t number_at(const json_t *object, const char *key, size_t index)
{
    const json_t *value = json_array_get(json_object_get(object, key), index);
    return json_is_integer(value) ? (int64_t)json_integer_value(value) : -1;
}

__attribute__((format(printf, 4, 5))) static void expect(struct replay *replay, int64_t stored,
                                                         int64_t replayed, const char *format,
                                                         ...)
{
    char what[128];
    va_list arguments;
    if (stored == replayed) {
        return;
    }
    va_start(arguments, format);
    (void)vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    replay_differs(replay, "%s: stored %" PRId64 ", replayed %" PRId64, what, stored, replayed);
}

static int64_t time_of(uint32_t ms)
{
    return ms == MATCH_NO_TIME ? -1 : (int64_t)ms;
}

/* ---- guesses ---- */

/* The title that is stored, judged against the text that is stored. A text in which something was
 * replaced when it was stored, or that is not kept any more, says nothing. */
static void judge_again(struct replay *replay, const json_t *round, const json_t *guess,
                        const struct journal_verdict *verdict)
{
    const char *title = json_string_value(json_object_get(round, "title"));
    const char *text = json_string_value(json_object_get(guess, "text"));
    if (title == NULL || text == NULL || text[0] == '\0' || strstr(text, "\xef\xbf\xbd") != NULL) {
        return;
    }
    struct titles_row row = { .video = TEXT("answer"), .title = text_from(title) };
    struct titles *titles = titles_create(&row, 1, NULL);
    if (titles == NULL) {
        replay_differs(replay, "out of memory");
        return;
    }
    struct titles_verdict judged = titles_judge_text(titles, 0, text_from(text));
    titles_destroy(titles);
    replay->judged_again++;
    expect(replay, (int64_t)verdict->guess.similarity, (int64_t)judged.similarity,
           "round %" PRIu32 ", seat %d, seq %" PRIu32 ": similarity in millionths, judged again",
           verdict->round, verdict->slot + 1, verdict->guess.seq);
}

/* A right guess is the last of a seat that has a time. */
static bool is_correct(const json_t *round, const json_t *guesses, size_t index)
{
    int64_t slot = number(json_array_get(guesses, index), "slot");
    for (size_t i = index + 1; i < json_array_size(guesses); i++) {
        if (number(json_array_get(guesses, i), "slot") == slot) {
            return false;
        }
    }
    return number(round, slot == 0 ? "p1_time" : "p2_time") >= 0;
}

static void compare_guess(struct replay *replay, const json_t *round, size_t index,
                          const struct journal_verdict *verdict)
{
    const json_t *guesses = json_object_get(round, "guesses");
    const json_t *guess = json_array_get(guesses, index);
    const struct match_guess *ours = &verdict->guess;
    char what[64];
    (void)snprintf(what, sizeof what, "round %" PRIu32 ", guess %zu", verdict->round, index + 1);
    expect(replay, number(guess, "slot"), verdict->slot, "%s: slot", what);
    expect(replay, number(guess, "seq"), (int64_t)ours->seq, "%s: seq", what);
    expect(replay, number(guess, "ms"), (int64_t)ours->ms, "%s: ms", what);
    expect(replay, number(guess, "raw_ms"), (int64_t)ours->raw_ms, "%s: raw_ms", what);
    double similarity = json_number_value(json_object_get(guess, "similarity"));
    expect(replay, (int64_t)(similarity * 1e6 + 0.5), (int64_t)ours->similarity,
           "%s: similarity in millionths", what);
    expect(replay, is_correct(round, guesses, index), ours->correct, "%s: correct", what);
    judge_again(replay, round, guess, verdict);
}

static void compare_guesses(struct replay *replay, const json_t *round, uint32_t number_of_round)
{
    size_t count = 0;
    size_t stored = json_array_size(json_object_get(round, "guesses"));
    for (uint32_t i = 0; i < replay->outcome.verdicts_count; i++) {
        const struct journal_verdict *verdict = &replay->outcome.verdicts[i];
        if (verdict->round == number_of_round) {
            if (count < stored) {
                compare_guess(replay, round, count, verdict);
            }
            count++;
        }
    }
    expect(replay, (int64_t)stored, (int64_t)count, "round %" PRIu32 ": guesses",
           number_of_round);
}

/* ---- rounds and the match ---- */

static void compare_round(struct replay *replay, const json_t *round, uint32_t index)
{
    const struct match_round *ours = &replay->outcome.match.rounds[index];
    expect(replay, number(round, "p1_time"), time_of(ours->ms[0]), "round %u: p1_time",
           index + 1);
    expect(replay, number(round, "p2_time"), time_of(ours->ms[1]), "round %u: p2_time",
           index + 1);
    expect(replay, number(round, "winner"), ours->winner, "round %u: winner (-1: nobody)",
           index + 1);
    for (size_t slot = 0; slot < 2; slot++) {
        const json_t *suspect = json_array_get(json_object_get(round, "suspect"), slot);
        expect(replay, json_is_true(suspect), ours->suspect[slot], "round %u: suspect of seat %zu",
               index + 1, slot + 1);
    }
    compare_guesses(replay, round, index + 1);
}

void replay_compare(struct replay *replay, const json_t *stored)
{
    const struct match *match = &replay->outcome.match;
    const json_t *rounds = json_object_get(stored, "rounds");
    const char *reason = json_string_value(json_object_get(stored, "reason"));
    if (match->phase < MATCH_OVER) {
        replay_differs(replay, "the journal ends before the match does");
        return;
    }
    if (reason == NULL || strcmp(reason, match_reason_word(match->reason)) != 0) {
        replay_differs(replay, "reason: stored %s, replayed %s", reason != NULL ? reason : "none",
                       match_reason_word(match->reason));
    }
    expect(replay, number(stored, "winner"), match->winner, "winner (-1: nobody)");
    expect(replay, number(stored, "best_of"), (int64_t)match->rules.best_of, "best_of");
    for (uint8_t slot = 0; slot < 2; slot++) {
        expect(replay, number_at(stored, "score", slot), match->score[slot], "score of seat %d",
               slot + 1);
        expect(replay, number_at(stored, "points", slot), (int64_t)match_points(match, slot),
               "points of seat %d", slot + 1);
    }
    expect(replay, (int64_t)json_array_size(rounds), (int64_t)match->rounds_count, "rounds");
    for (uint32_t i = 0; i < match->rounds_count && i < json_array_size(rounds); i++) {
        compare_round(replay, json_array_get(rounds, i), i);
    }
}
