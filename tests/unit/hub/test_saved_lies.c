/* What is written in good order and is not true, or not possible: each thing that the reader of a
 * saved match must not believe. */
#include "saved_fixture.h"

/* A match with one round that seat 0 has won, or, `over`, one that seat 0 has left after it, is
 * changed by the statements, and then written and read elsewhere. */
#define TELL(over, ...)                                                               \
    do {                                                                              \
        open_one_nil(&a);                                                             \
        if (over) {                                                                   \
            step(&a, (struct match_event){ .type = MATCH_EV_LEAVE }, NULL);           \
        }                                                                             \
        open_process(&b, &usual, catalogue(true, 0));                                 \
        match = &a.live->match;                                                       \
        result = &a.record->result;                                                   \
        take_guess();                                                                 \
        __VA_ARGS__;                                                                  \
        put_guesses();                                                                \
        is_read = read_match(&b, save(&a));                                           \
        close_process(&b);                                                            \
        close_process(&a);                                                            \
    } while (0)
#define TRUTH(over, ...) TELL(over, __VA_ARGS__); CHECK(is_read)
#define LIE(over, ...) TELL(over, __VA_ARGS__); CHECK(!is_read)

static struct process a, b; /* of TELL */
static struct match *match;
static struct hub_result *result;
static struct hub_guess guess[8];
static uint32_t guesses_count;
static char guessed[ENTRY_TEXT_SIZE_MAX];
static bool is_read;

/* The only guess, to be changed, */
static void take_guess(void)
{
    struct ledger_reader reader = ledger_read(a.hub, a.record);
    CHECK(ledger_next(&reader, &guess[0]));
    CHECK(guess[0].text.size > 0);
    memcpy(guessed, guess[0].text.data, guess[0].text.size);
    guess[0].text.data = guessed;
    CHECK(!ledger_next(&reader, &guess[1]));
    guesses_count = 1;
}

/* and the log with those that there are now in its place. */
static void put_guesses(void)
{
    struct record *record = a.record;
    struct uuid frames[MATCH_ROUNDS_MAX] = { 0 };
    ledger_frames(a.hub, record, frames);
    a.hub->log_bytes -= record->log.size;
    chain_free(a.hub, &record->log);
    record->text_size = 0;
    record->result.guesses_count = 0;
    record->state = RECORD_LIVE;
    ledger_frame(a.hub, record, 1, &frames[0]);
    for (uint32_t i = 0; i < guesses_count; i++) {
        ledger_copy_guess(a.hub, record, &guess[i]);
    }
}

/* Rounds after the first, won by seat 0 or by nobody. */
static void more_rounds(uint32_t count, bool won)
{
    for (uint32_t i = 0; i < count; i++) {
        struct match_round *round = &match->rounds[match->rounds_count++];
        *round = match->rounds[0];
        if (!won) {
            round->ms[0] = round->ms[1];
            round->winner = MATCH_NOBODY;
        }
    }
}

TEST(no_lie_about_rules_is_read)
{
    rng_seed(&rng, 17);
    TRUTH(false, (void)0);
    LIE(false, match->rules.best_of = 0);
    LIE(false, match->rules.best_of = 26);
    LIE(false, match->rules.max_guesses = 0);
    LIE(false, match->rules.max_guesses = 13);
    LIE(false, match->rules.round_ms = 0);
    LIE(false, match->rules.round_ms = 3600001);
    LIE(false, match->rules.waiting_ms = 86400001);
    LIE(false, match->rules.countdown_ms = 86400001);
    LIE(false, match->rules.intermission_ms = 86400001);
    LIE(false, match->rules.rematch_ms = 86400001);
    LIE(false, match->rules.grace_ms = 86400001);
    LIE(false, match->rules.grace_total_ms = 259200001);
    LIE(false, match->rules.lockout_ms = 3600001);
    LIE(false, match->rules.lag_cap_ms = 10001);
    LIE(false, match->rules.ready_wait_ms = 3600001);
    LIE(false, match->seats[1].grace_left_ms = 45001);
    LIE(false, match->begun = false);
    LIE(false, result->started_ms = -1);
    LIE(false, result->started_ms = SAVED_TIME_MS_MAX + 1);
}

TEST(no_lie_about_rounds_is_read)
{
    rng_seed(&rng, 18);
    LIE(false, match->rounds[0].winner = 1);
    LIE(false, match->rounds[0].winner = MATCH_NOBODY);
    LIE(false, match->rounds[0].ms[0] = 30251);
    LIE(false, match->rounds[0].ms[1] = match->rounds[0].ms[0]);
    TRUTH(false, more_rounds(1, true));
    LIE(false, more_rounds(2, true)); /* that would have been the end */
    TRUTH(false, more_rounds(3, false));
    LIE(false, more_rounds(4, false));
    LIE(true, more_rounds(5, false));
    TRUTH(true, more_rounds(4, false); match->reason = MATCH_BY_SCORE; match->winner = 0);
    TRUTH(true, more_rounds(2, true); match->reason = MATCH_BY_SCORE; match->winner = 0);
    LIE(true, more_rounds(3, true); match->reason = MATCH_BY_SCORE; match->winner = 0);
    LIE(true, more_rounds(2, true); more_rounds(1, false); match->reason = MATCH_BY_SCORE;
        match->winner = 0);
}

TEST(no_lie_about_guesses_is_read)
{
    struct hub_guess other;
    char text[202];
    memset(text, 'x', sizeof text);
    rng_seed(&rng, 19);
    LIE(false, guess->round = 0);
    LIE(false, guess->slot = 2);
    LIE(false, guess->similarity = 1000001);
    LIE(false, guess->ms++; guess->raw_ms++); /* not that of the round */
    LIE(false, guess->raw_ms--);
    LIE(false, guess->raw_ms = 30251);
    LIE(false, guess->text = (struct text){ text, 201 });
    LIE(false, guess->text = TEXT("\xc3"); );
    TRUTH(false, guess->text = (struct text){ text, 200 });
    TRUTH(false, guess->text = TEXT_NONE);
    TRUTH(false, guess->is_video = true; guess->text = (struct text){ text, 20 });
    LIE(false, guess->is_video = true; guess->text = (struct text){ text, 21 });
    TRUTH(false, guess->correct = false);
    LIE(false, guess->correct = false; guess->ms = guess->raw_ms = 30251);
    LIE(false, guess[1] = guess[0]; guess[1].seq++; guesses_count = 2); /* after it */
    TRUTH(false, guess[0].correct = false; guess[1] = guess[0]; guess[1].seq++;
          guesses_count = 2);
    LIE(false, guess[0].correct = false; guess[1] = guess[0]; guesses_count = 2);
    TRUTH(false, guess[0].correct = false; guess[1] = guess[0]; guess[1].slot = 1;
          guesses_count = 2);
    for (uint32_t count = 6; count <= 7; count++) {
        TELL(false, other = guess[0]; other.correct = false; guesses_count = count;
             for (uint32_t i = 0; i < count; i++) { guess[i] = other; guess[i].seq = i; });
        CHECK(is_read == (count == 6));
    }
    /* In the order of rounds, each with its own numbers. */
    TRUTH(false, more_rounds(1, true); guess[1] = guess[0]; guess[1].round = 2;
          guesses_count = 2);
    LIE(false, more_rounds(1, true); guess[1] = guess[0]; guess[0].round = 2;
        guesses_count = 2);
}

TEST(no_lie_about_the_end_is_read)
{
    rng_seed(&rng, 20);
    TRUTH(true, (void)0);
    TRUTH(true, match->winner = 0);
    LIE(true, match->winner = MATCH_NOBODY);
    LIE(true, match->cause = MATCH_CAUSE_BOTH);
    LIE(true, match->reason = MATCH_BY_SCORE);
    LIE(true, more_rounds(2, true)); /* over before anybody could leave */
    LIE(true, more_rounds(2, true); match->reason = MATCH_BY_SCORE); /* won by who lost */
    LIE(true, more_rounds(2, true); match->reason = MATCH_BY_SCORE; match->winner = 0;
        match->cause = MATCH_CAUSE_FRAMES);
    LIE(true, result->completed_ms = -1);
    LIE(true, result->completed_ms = SAVED_TIME_MS_MAX + 1);
    for (enum match_cause cause = MATCH_CAUSE_NONE; cause <= MATCH_CAUSE_VOID; cause++) {
        for (uint32_t bits = 0; bits < 8; bits++) {
            bool begun = (bits & 1) != 0, resumed = (bits & 2) != 0, won = (bits & 4) != 0;
            bool can_be[] = {
                [MATCH_CAUSE_NONE] = false,
                [MATCH_CAUSE_NO_SHOW] = !begun && !resumed,
                [MATCH_CAUSE_LEFT] = !begun,
                [MATCH_CAUSE_BOTH] = begun,
                [MATCH_CAUSE_FRAMES] = true,
                [MATCH_CAUSE_OUTAGE] = resumed,
                [MATCH_CAUSE_VOID] = true,
            };
            TELL(true, match->reason = MATCH_ABANDONED; match->cause = cause;
                 match->begun = begun; match->resumed = resumed;
                 match->winner = won ? 1 : MATCH_NOBODY; match->rounds_count = begun;
                 guesses_count = begun);
            CHECK(is_read == (can_be[cause] && !won));
        }
    }
    /* Nobody wins by leaving what has not begun. */
    LIE(true, match->begun = false; match->rounds_count = 0; guesses_count = 0);
}

TEST(no_lie_on_a_card_is_read)
{
    struct player player;
    struct saved_card card;
    rng_seed(&rng, 21);
    player = any_player();
    CHECK(saved_read_card(card_of(&player, 1000, SAVED_TIME_MS_MAX), &card));
    CHECK(!saved_read_card(card_of(&player, 1000, SAVED_TIME_MS_MAX + 1), &card));
    CHECK(!saved_read_card(card_of(&player, 1000, -1), &card));
    player.id = (struct uuid){ { 0 } };
    CHECK(!saved_read_card(card_of(&player, 1000, 0), &card));
    player = any_player();
    player.sub.size = 0;
    CHECK(!saved_read_card(card_of(&player, 1000, 0), &card));
    player = any_player();
    player.sub.size = HUB_SUB_SIZE_MAX + 1;
    CHECK(!saved_read_card(card_of(&player, 1000, 0), &card));
    player = any_player();
    player.name = TEXT("cut \xc3");
    CHECK(!saved_read_card(card_of(&player, 1000, 0), &card));
}

TEST_MAIN
