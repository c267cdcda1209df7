/* What reached a match, as bytes that run it again (docs/rules.md, "The journal").
 *
 * A match is a function of its rules and of its events with their times, so these are all that has
 * to be kept to show later why it ended as it did. A journal is a version (1 byte), the time and
 * the rules of match_init(), then entries: a byte of kind, slot and flag, the time since the entry
 * before in microseconds, and the fields of the kind. All numbers are varints (LEB128: 7 bits a
 * byte, lowest first).
 *
 * It holds numbers only: no texts of guesses, no titles, no names, no keys; not even which video
 * was shown, as the rules never look at it (a replay shows the number of the round instead). It
 * refuses to know who keeps it. */
#ifndef DUEL_CORE_JOURNAL_H
#define DUEL_CORE_JOURNAL_H

#include <duel/base/bytes.h>
#include <duel/core/match.h>

#define JOURNAL_VERSION 1
#define JOURNAL_HEAD_SIZE_MAX 72
#define JOURNAL_ENTRY_SIZE_MAX 28
#define JOURNAL_VERDICTS_MAX (2 * MATCH_ROUNDS_MAX * MATCH_GUESSES_MAX)

enum journal_kind {
    JOURNAL_EVENT,     /* match_step() */
    JOURNAL_SHIFT,     /* match_shift() */
    JOURNAL_RESUME,    /* match_resume() */
    JOURNAL_TRUNCATED, /* there was no room for what followed */
};

struct journal_entry {
    enum journal_kind kind;
    struct match_event event; /* EVENT */
    uint64_t us;              /* SHIFT: how far; RESUME: the time */
};

/* ---- writing ---- */

/* Each appends to `buffer`, which has room for what the size above says. */

void journal_put_head(struct text_buffer *buffer, const struct match_rules *rules,
                      uint64_t now_us);
/* `since_us`: the time of the entry before, moved on by JOURNAL_SHIFT like the match. */
void journal_put_event(struct text_buffer *buffer, const struct match_event *event,
                       uint64_t since_us);
void journal_put_shift(struct text_buffer *buffer, uint64_t us);
void journal_put_resume(struct text_buffer *buffer, uint64_t now_us);
void journal_put_truncated(struct text_buffer *buffer);

/* ---- running it again ---- */

enum journal_state {
    JOURNAL_RUNNING,
    JOURNAL_WHOLE, /* all of it was run */
    JOURNAL_CUT,   /* up to a JOURNAL_TRUNCATED */
    JOURNAL_BAD,   /* no journal that these rules can run from here on */
};

/* A run through a journal. `entry`, `effects` and `match` are of the latest step. */
struct journal_run {
    struct bytes_reader bytes; /* what is left */
    enum journal_state state;
    struct journal_entry entry;
    struct match_effects effects; /* of an EVENT; none otherwise */
    struct match match;
};

/* Any bytes may be given; they must live as long as the run. The match is new then, or the state
 * is JOURNAL_BAD. */
void journal_open(struct journal_run *run, struct text bytes);
/* Reads one entry and does it. False: there was none, and the state says why. */
bool journal_next(struct journal_run *run);

/* A verdict as a player was told it, in a round that counts. */
struct journal_verdict {
    uint32_t round;
    uint8_t slot;
    struct match_guess guess;
};

/* What came of it all. */
struct journal_outcome {
    struct match match;
    uint32_t verdicts_count; /* of finished rounds, in their order */
    struct journal_verdict verdicts[JOURNAL_VERDICTS_MAX];
};

/* Takes the effects of the latest step of `run` into `outcome`, which is zero before the first. */
void journal_gather(const struct journal_run *run, struct journal_outcome *outcome);

#endif
