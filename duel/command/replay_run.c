/* A journal as lines that can be read: what reached the match, and what it made of it. */
#include <duel/command/replay.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINE_SIZE_MAX 256

__attribute__((format(printf, 4, 5))) static void say(struct replay *replay, uint64_t at_us,
                                                      int seat, const char *format, ...)
{
    char line[LINE_SIZE_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    json_array_append_new(replay->lines,
                          json_pack("{s:f,s:o,s:s}", "at_ms", (double)at_us / 1000.0, "seat",
                                    seat == 0 ? json_null() : json_integer(seat), "text", line));
}

static const char *reject_word(enum match_reject reject)
{
    static const char *const words[] = {
        [MATCH_NOT_IN_ROUND] = "no such round is being played",
        [MATCH_LOCKED] = "locked out",
        [MATCH_ALREADY_SOLVED] = "solved already",
        [MATCH_NO_GUESSES_LEFT] = "no guesses left",
        [MATCH_BAD_SEQ] = "its number is not a new one",
        [MATCH_IS_OVER] = "the match is over",
    };
    return words[reject];
}

static void say_event(struct replay *replay, const struct match_event *event, uint64_t at_us)
{
    int seat = event->slot + 1;
    switch (event->type) {
    case MATCH_EV_TICK:
        break;
    case MATCH_EV_CONNECT:
        say(replay, at_us, seat, "is here");
        break;
    case MATCH_EV_DISCONNECT:
        say(replay, at_us, seat, "has lost the connection");
        break;
    case MATCH_EV_READY:
        say(replay, at_us, seat, "is ready for round %" PRIu32, event->round);
        break;
    case MATCH_EV_GUESS:
        say(replay, at_us, seat, "guesses in round %" PRIu32 " (seq %" PRIu32 ")", event->round,
            event->seq);
        break;
    case MATCH_EV_LEAVE:
        say(replay, at_us, seat, "leaves");
        break;
    case MATCH_EV_RTT:
        say(replay, at_us, seat, "round trip %" PRIu32 ".%03" PRIu32 " ms", event->rtt_us / 1000,
            event->rtt_us % 1000);
        break;
    case MATCH_EV_FRAME:
        say(replay, at_us, 0, "frame of round %" PRIu32 ": %s", event->round,
            event->ok ? "ready" : "could not be had");
        break;
    case MATCH_EV_VOID:
        say(replay, at_us, 0, "an operator ends it");
        break;
    }
}

static void say_round_end(struct replay *replay, const struct match *match, uint32_t round,
                          uint64_t at_us)
{
    const struct match_round *ended = &match->rounds[round - 1];
    char times[2][16];
    for (int slot = 0; slot < 2; slot++) {
        if (ended->ms[slot] == MATCH_NO_TIME) {
            (void)snprintf(times[slot], sizeof times[slot], "-");
        } else {
            (void)snprintf(times[slot], sizeof times[slot], "%" PRIu32 " ms", ended->ms[slot]);
        }
    }
    say(replay, at_us, 0, "round %" PRIu32 " ends: %s and %s, %s%s; %d:%d", round, times[0],
        times[1],
        ended->winner == MATCH_NOBODY ? "nobody's"
        : ended->winner == 0          ? "seat 1's"
                                      : "seat 2's",
        ended->suspect[0] || ended->suspect[1] ? ", suspiciously fast" : "", match->score[0],
        match->score[1]);
}

static void say_verdict(struct replay *replay, const struct match_effect *effect, uint64_t at_us)
{
    const struct match_guess *guess = &effect->guess;
    say(replay, at_us, effect->slot + 1,
        "%s%s: similarity %" PRIu32 ".%06" PRIu32 ", %" PRIu32 " ms (%" PRIu32
        " ms before lag was credited), %u left",
        guess->correct ? "right" : "wrong", effect->again ? ", told again" : "",
        guess->similarity / 1000000, guess->similarity % 1000000, guess->ms, guess->raw_ms,
        guess->guesses_left);
}

static void say_effect(struct replay *replay, const struct journal_run *run,
                       const struct match_effect *effect, uint64_t at_us)
{
    const struct match *match = &run->match;
    switch (effect->type) {
    case MATCH_FX_COUNTDOWN:
        say(replay, at_us, 0, "both are here");
        break;
    case MATCH_FX_ROUND:
        say(replay, at_us, 0, "round %" PRIu32 " starts", effect->round);
        break;
    case MATCH_FX_VERDICT:
        say_verdict(replay, effect, at_us);
        break;
    case MATCH_FX_ROUND_END:
        say_round_end(replay, match, effect->round, at_us);
        break;
    case MATCH_FX_OVER:
        say(replay, at_us, 0, "over, %s, %s", match_reason_word(match->reason),
            match->winner == MATCH_NOBODY ? "nobody has won"
            : match->winner == 0          ? "seat 1 has won"
                                          : "seat 2 has won");
        break;
    case MATCH_FX_REJECT:
        say(replay, at_us, effect->slot + 1, "refused: %s", reject_word(effect->reject));
        break;
    case MATCH_FX_WANT_FRAME:
    case MATCH_FX_FRAME_OFFER:
    case MATCH_FX_PLAYER:
    case MATCH_FX_OPPONENT:
    case MATCH_FX_CLOSED:
        break;
    }
}

static void say_entry(struct replay *replay, const struct journal_run *run, uint64_t at_us)
{
    switch (run->entry.kind) {
    case JOURNAL_EVENT:
        say_event(replay, &run->entry.event, at_us);
        break;
    case JOURNAL_SHIFT:
        say(replay, at_us, 0, "the server was away for %" PRIu64 " ms", run->entry.us / 1000);
        break;
    case JOURNAL_RESUME:
        say(replay, at_us, 0, "another server goes on, after round %" PRIu32,
            run->match.rounds_count);
        break;
    case JOURNAL_TRUNCATED:
        break;
    }
    for (uint32_t i = 0; i < run->effects.count; i++) {
        say_effect(replay, run, &run->effects.list[i], at_us);
    }
}

void replay_run(struct replay *replay, struct text journal)
{
    static struct journal_run run;
    journal_open(&run, journal);
    uint64_t start_us = run.match.now_us;
    while (journal_next(&run)) {
        journal_gather(&run, &replay->outcome);
        /* Who goes on may have a clock that is behind. */
        uint64_t now_us = run.match.now_us;
        say_entry(replay, &run, now_us > start_us ? now_us - start_us : 0);
    }
    replay->state = run.state;
}
