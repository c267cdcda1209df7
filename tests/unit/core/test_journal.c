/* The journal of a match: it runs again to the same match, whatever happened, and no bytes can
 * make the reader do what the rules assert against. */
#include <duel/base/rng.h>
#include <duel/core/journal.h>
#include <test.h>

#define START_US UINT64_C(1700000000000000)
#define BYTES_MAX 65536

static const struct match_rules usual = {
    .best_of = 5, .waiting_ms = 30000, .countdown_ms = 3000, .round_ms = 30000,
    .intermission_ms = 3000, .rematch_ms = 30000, .grace_ms = 15000, .grace_total_ms = 45000,
    .max_guesses = 6, .lockout_ms = 1000, .lag_cap_ms = 250, .ready_wait_ms = 3000,
};

/* A match that is played by chance, and its journal. */
struct played {
    struct match match;
    struct text_buffer buffer;
    uint64_t since_us;
    uint32_t verdicts;
    char bytes[BYTES_MAX];
};

static struct played played;
static struct journal_run run;
static struct journal_outcome outcome;

static void begin(const struct match_rules *rules)
{
    text_buffer_init(&played.buffer, played.bytes, BYTES_MAX);
    match_init(&played.match, rules, START_US);
    journal_put_head(&played.buffer, rules, START_US);
    played.since_us = START_US;
    played.verdicts = 0;
}

static void step(struct match_event event)
{
    struct match_effects effects;
    journal_put_event(&played.buffer, &event, played.since_us);
    played.since_us = event.now_us;
    match_step(&played.match, &event, &effects);
    for (uint32_t i = 0; i < effects.count; i++) {
        played.verdicts += effects.list[i].type == MATCH_FX_VERDICT && !effects.list[i].again;
    }
}

static void resume(uint64_t now_us)
{
    match_resume(&played.match, now_us);
    journal_put_resume(&played.buffer, now_us);
    played.since_us = now_us;
}

static void shift(uint64_t us)
{
    match_shift(&played.match, us);
    journal_put_shift(&played.buffer, us);
    played.since_us += us;
}

static enum journal_state replay(struct text bytes)
{
    memset(&outcome, 0, sizeof outcome);
    journal_open(&run, bytes);
    while (journal_next(&run)) {
        match_check(&run.match);
        journal_gather(&run, &outcome);
    }
    return run.state;
}

/* A video means nothing to the rules: in a replay it is the round. */
static void forget_videos(struct match *match)
{
    match->video = 0;
    for (uint32_t i = 0; i < MATCH_ROUNDS_MAX; i++) {
        match->rounds[i].video = 0;
    }
}

static void check_same(void)
{
    struct match ours = played.match, theirs = run.match;
    forget_videos(&ours);
    forget_videos(&theirs);
    CHECK(memcmp(&ours, &theirs, sizeof ours) == 0);
}

static struct match_event any_event(struct rng *rng)
{
    static const enum match_event_type types[] = {
        MATCH_EV_TICK, MATCH_EV_CONNECT, MATCH_EV_CONNECT, MATCH_EV_CONNECT, MATCH_EV_READY,
        MATCH_EV_READY, MATCH_EV_READY, MATCH_EV_GUESS, MATCH_EV_GUESS, MATCH_EV_GUESS,
        MATCH_EV_GUESS, MATCH_EV_RTT, MATCH_EV_FRAME, MATCH_EV_FRAME, MATCH_EV_FRAME,
        MATCH_EV_DISCONNECT,
    };
    struct match_event event = { .slot = (uint8_t)rng_below(rng, 2) };
    event.type = types[rng_below(rng, sizeof types / sizeof *types)];
    event.now_us = played.match.now_us + rng_below(rng, 3000000);
    event.round = played.match.round - (rng_below(rng, 9) == 0);
    event.seq = 1 + rng_below(rng, 1000);
    event.similarity = rng_below(rng, 1000001);
    event.correct = rng_below(rng, 4) == 0;
    event.ok = rng_below(rng, 9) != 0;
    event.video = rng_below(rng, 100000);
    event.rtt_us = rng_below(rng, 400000);
    if (rng_below(rng, 300) == 0) {
        event.type = rng_below(rng, 4) == 0 ? MATCH_EV_VOID : MATCH_EV_LEAVE;
    }
    return event;
}

static void play(struct rng *rng)
{
    struct match_rules rules = usual;
    rules.best_of = 1 + rng_below(rng, MATCH_ROUNDS_MAX);
    rules.max_guesses = 1 + rng_below(rng, MATCH_GUESSES_MAX);
    begin(&rules);
    while (played.match.phase < MATCH_OVER) {
        uint32_t odd = rng_below(rng, 200);
        if (odd == 0) {
            resume(played.match.now_us - rng_below(rng, 1000000000));
        } else if (odd == 1) {
            shift(rng_below(rng, 1000000000));
        } else {
            step(any_event(rng));
        }
    }
}

TEST(a_match_runs_again_from_its_journal)
{
    struct rng rng;
    rng_seed(&rng, 7);
    uint32_t verdicts = 0, rounds = 0;
    for (uint32_t i = 0; i < 500; i++) {
        play(&rng);
        CHECK_INT(replay(text_of(&played.buffer)), JOURNAL_WHOLE);
        check_same();
        CHECK(outcome.verdicts_count <= played.verdicts);
        verdicts += outcome.verdicts_count;
        rounds += outcome.match.rounds_count;
    }
    CHECK(verdicts > 500 && rounds > 500);
}

TEST(verdicts_of_void_rounds_are_not_counted)
{
    begin(&usual);
    const struct match_event open[] = {
        { .type = MATCH_EV_CONNECT, .slot = 0 },
        { .type = MATCH_EV_CONNECT, .slot = 1 },
        { .type = MATCH_EV_FRAME, .round = 1, .ok = true },
        { .type = MATCH_EV_TICK },
        { .type = MATCH_EV_GUESS, .round = 1, .seq = 1, .similarity = 333333 },
    };
    for (uint32_t i = 0; i < 5; i++) {
        struct match_event event = open[i];
        event.now_us = START_US + i * UINT64_C(3100000);
        step(event);
    }
    CHECK_INT(played.verdicts, 1);
    CHECK_INT(replay(text_of(&played.buffer)), JOURNAL_WHOLE);
    CHECK_INT(outcome.verdicts_count, 1);
    CHECK_INT(outcome.verdicts[0].guess.similarity, 333333);
    resume(START_US);
    CHECK_INT(replay(text_of(&played.buffer)), JOURNAL_WHOLE);
    CHECK_INT(outcome.verdicts_count, 0);
    check_same();
}

TEST(the_sizes_that_are_said_are_kept)
{
    struct match_rules rules;
    memset(&rules, 0xff, sizeof rules);
    begin(&usual);
    played.buffer.size = 0;
    journal_put_head(&played.buffer, &rules, UINT64_C(253402300799999999));
    CHECK(played.buffer.size <= JOURNAL_HEAD_SIZE_MAX);
    played.buffer.size = 0;
    struct match_event event = { .type = MATCH_EV_GUESS, .now_us = UINT64_MAX, .slot = 1,
                                 .round = UINT32_MAX, .seq = UINT32_MAX,
                                 .similarity = UINT32_MAX };
    journal_put_event(&played.buffer, &event, 0);
    CHECK(played.buffer.size <= JOURNAL_ENTRY_SIZE_MAX);
}

TEST(a_journal_that_was_full_says_so)
{
    begin(&usual);
    step((struct match_event){ .type = MATCH_EV_CONNECT, .now_us = START_US + 1 });
    journal_put_truncated(&played.buffer);
    CHECK_INT(replay(text_of(&played.buffer)), JOURNAL_CUT);
    check_same();
}

/* Cut anywhere it is bad, or ends between two entries; and then it was run so far. */
TEST(a_journal_that_is_cut_is_refused_or_shorter)
{
    struct rng rng;
    rng_seed(&rng, 11);
    play(&rng);
    struct text whole = text_of(&played.buffer);
    for (uint32_t size = 0; size < whole.size; size++) {
        struct text part = { whole.data, size };
        enum journal_state state = replay(part);
        CHECK(state == JOURNAL_BAD || state == JOURNAL_WHOLE);
        CHECK(size > 20 || state == JOURNAL_BAD);
    }
    CHECK_INT(replay(TEXT_NONE), JOURNAL_BAD);
}

TEST(what_is_no_journal_is_refused)
{
    const struct text none[] = {
        TEXT(""), TEXT("\0"), TEXT("\2"), TEXT("\1"),
        TEXT("\1\0\1\0\0\1\0\0\0\0\1\0\0\0"),         /* at the time 0 */
        TEXT("\1\1\0\0\0\1\0\0\0\0\1\0\0\0"),         /* best of 0 */
        TEXT("\1\1\1\0\0\0\0\0\0\0\1\0\0\0"),         /* rounds of no time */
        TEXT("\1\1\1\0\0\1\0\0\0\0\15\0\0\0"),        /* 13 guesses */
        TEXT("\1\1\1\0\0\1\0\0\0\0\1\0\377\377\1\0"), /* a lag of a minute */
        TEXT("\1\1\1\0\0\1\0\0\0\0\1\0\0\0\11\0"),      /* kinds that there are not */
        TEXT("\1\1\1\0\0\1\0\0\0\0\1\0\0\0\100\0"),
        TEXT("\1\1\1\0\0\1\0\0\0\0\1\0\0\0\35\0"),    /* a shift with a slot */
        TEXT("\1\1\1\0\0\1\0\0\0\0\1\0\0\0\16\0"),    /* resumed at the time 0 */
        TEXT("\1\1\1\0\0\1\0\0\0\0\1\0\0\0\0\200\0"), /* a number longer than it need be */
        TEXT("\1\1\1\0\0\1\0\0\0\0\1\0\0\0\0\377\377\377\377\377\377\377\377\377\1"),
        TEXT("\1\1\1\0\0\1\0\0\0\0\1\0\0\0\0\377\377\377\377\377\377\377\377\377\3"),
        TEXT("\1\1\1\0\0\1\0\0\0\0\1\0\0\0\0\377\377\377\377\377\377\377\377\377\377\1"),
    };
    for (uint32_t i = 0; i < sizeof none / sizeof *none; i++) {
        CHECK_INT(replay(none[i]), JOURNAL_BAD);
    }
    CHECK_INT(replay(TEXT("\1\1\1\0\0\1\0\0\0\0\1\0\0\0")), JOURNAL_WHOLE);
}

/* Bytes of real journals, changed: the rules check themselves after each step. */
TEST(no_bytes_make_the_rules_assert)
{
    struct rng rng;
    rng_seed(&rng, 13);
    uint32_t run_through = 0;
    for (uint32_t i = 0; i < 3000; i++) {
        if (i % 10 == 0) {
            play(&rng);
        }
        static char bytes[BYTES_MAX];
        struct text text = text_of(&played.buffer);
        memcpy(bytes, text.data, text.size);
        for (uint32_t changes = 1 + rng_below(&rng, 4); changes > 0; changes--) {
            bytes[rng_below(&rng, text.size)] = (char)rng_next(&rng);
        }
        run_through += replay((struct text){ bytes, text.size }) == JOURNAL_WHOLE;
    }
    CHECK(run_through > 0);
}

TEST_MAIN
