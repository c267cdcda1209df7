/* Words for traces; see referee_text.h. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <tests/sim/world/referee_text.h>

struct line {
    char *text;
    size_t size;
    size_t used;
    uint64_t start_us;
};

__attribute__((format(printf, 2, 3))) static void add(struct line *line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int count = vsnprintf(line->text + line->used, line->size - line->used, format, arguments);
    va_end(arguments);
    if (count > 0) {
        size_t wanted = line->used + (size_t)count;
        line->used = wanted < line->size ? wanted : line->size - 1;
    }
}

static void add_time(struct line *line, const char *word, uint64_t at_us)
{
    if (at_us == 0) {
        return;
    }
    int64_t us = (int64_t)(at_us - line->start_us);
    add(line, " %s %" PRId64, word, us / 1000);
    if (us % 1000 != 0) {
        add(line, ".%03" PRId64, us % 1000);
    }
}

static void add_verdict(struct line *line, const struct match_effect *effect)
{
    const struct match_guess *guess = &effect->guess;
    add(line, "verdict %u seq %u %s %u/%u ms left %u", effect->slot, guess->seq,
        guess->correct ? "right" : "wrong", guess->ms, guess->raw_ms, guess->guesses_left);
    add_time(line, "locked", guess->locked_until_us);
    add(line, "%s", effect->again ? " again" : "");
}

static void add_winner(struct line *line, int winner)
{
    if (winner < 0) {
        add(line, " nobody");
    } else {
        add(line, " winner %d", winner);
    }
}

static void add_over(struct line *line, const struct match *match)
{
    static const char *const reasons[] = { "by score", "by forfeit", "abandoned" };
    static const char *const causes[] = { "",           " no show",  " left",
                                          " both gone", " no frame", " outage" };
    add(line, "over %s%s", reasons[match->reason], causes[match->cause]);
    if (match->reason != MATCH_ABANDONED) {
        add_winner(line, match->winner);
    }
    add(line, " %u-%u", match->score[0], match->score[1]);
}

static void add_effect(struct line *line, const struct match *match,
                       const struct match_effect *effect)
{
    static const char *const statuses[] = { "guessing", "solved", "out" };
    static const char *const rejects[] = { "NOT_IN_ROUND",    "LOCKED",  "ALREADY_SOLVED",
                                           "NO_GUESSES_LEFT", "BAD_SEQ", "MATCH_IS_OVER" };
    switch (effect->type) {
    case MATCH_FX_WANT_FRAME:
        add(line, "want frame %u", effect->round);
        break;
    case MATCH_FX_FRAME_OFFER:
        add(line, "offer frame %u", effect->round);
        break;
    case MATCH_FX_PLAYER:
        add(line, "player %u %s", effect->slot, effect->connected ? "here" : "gone");
        add_time(line, "until", effect->until_us);
        break;
    case MATCH_FX_COUNTDOWN:
        add(line, "countdown");
        add_time(line, "until", effect->until_us);
        break;
    case MATCH_FX_ROUND:
        add(line, "round %u first %u", effect->round, effect->slot);
        add_time(line, "until", effect->until_us);
        break;
    case MATCH_FX_VERDICT:
        add_verdict(line, effect);
        break;
    case MATCH_FX_OPPONENT:
        add(line, "tell %u opponent %s %u", effect->slot, statuses[effect->status], effect->count);
        break;
    case MATCH_FX_ROUND_END:
        add(line, "end of round %u", effect->round);
        add_winner(line, match->rounds[effect->round - 1].winner);
        add_time(line, "next", effect->until_us);
        break;
    case MATCH_FX_OVER:
        add_over(line, match);
        add_time(line, "until", effect->until_us);
        break;
    case MATCH_FX_REJECT:
        add(line, "reject %u %s", effect->slot, rejects[effect->reject]);
        break;
    case MATCH_FX_CLOSED:
        add(line, "closed");
        break;
    }
}

void referee_effects_text(const struct match *match, const struct match_effects *effects,
                          uint64_t start_us, char *ret, size_t size)
{
    struct line line = { ret, size, 0, start_us };
    ret[0] = '\0';
    for (uint32_t i = 0; i < effects->count; i++) {
        add(&line, "%s", i > 0 ? " | " : "");
        add_effect(&line, match, &effects->list[i]);
    }
}

void referee_event_text(const struct match_event *event, uint64_t start_us, char *ret, size_t size)
{
    struct line line = { ret, size, 0, start_us };
    ret[0] = '\0';
    switch (event->type) {
    case MATCH_EV_TICK:
        add(&line, "tick");
        break;
    case MATCH_EV_CONNECT:
        add(&line, "connect %u", event->slot);
        break;
    case MATCH_EV_DISCONNECT:
        add(&line, "disconnect %u", event->slot);
        break;
    case MATCH_EV_READY:
        add(&line, "ready %u %u", event->slot, event->round);
        break;
    case MATCH_EV_GUESS:
        add(&line, "guess %u %u seq %u %s", event->slot, event->round, event->seq,
            event->correct ? "right" : "wrong");
        break;
    case MATCH_EV_VOID:
        add(&line, "void");
        break;
    case MATCH_EV_LEAVE:
        add(&line, "leave %u", event->slot);
        break;
    case MATCH_EV_RTT:
        add(&line, "rtt %u %u", event->slot, event->rtt_us);
        break;
    case MATCH_EV_FRAME:
        add(&line, "frame %u %s", event->round, event->ok ? "ok" : "bad");
        break;
    }
    add_time(&line, "at", event->now_us);
}
