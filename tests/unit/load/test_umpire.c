/* That the umpire lets a fair match pass and sees each rule that is broken. */
#include "test.h"
#include <loadtest/load/umpire.h>

static struct stats *stats;
static struct umpire umpire;

static struct msg_welcome a_welcome(int64_t slot)
{
    struct msg_welcome welcome = { .you = slot, .phase = TEXT("countdown") };
    welcome.rules.best_of = 5;
    return welcome;
}

static struct msg_round a_round(int64_t number)
{
    struct msg_round round = { .round = number, .starts_at = 1000 * number,
                               .ends_at = 1000 * number + 900 };
    round.key[0] = (uint8_t)number;
    return round;
}

static struct msg_verdict a_verdict(int64_t number, int64_t seq, bool correct)
{
    return (struct msg_verdict){ .round = number, .seq = seq, .correct = correct, .ms = 500,
                                 .raw_ms = 510, .similarity = correct ? 1 : 0,
                                 .locked_until = MSG_NIL };
}

/* Slot 0 won it, and all before it. */
static struct msg_round_end an_end(int64_t number)
{
    return (struct msg_round_end){ .round = number, .winner = 0, .ms = { 500, 700 },
                                   .score = { number, 0 }, .next_at = MSG_NIL };
}

static struct msg_match_end a_match_end(uint32_t slot)
{
    struct msg_match_end end = { .outcome = slot == 0 ? TEXT("win") : TEXT("loss"),
                                 .reason = TEXT("score"), .score = { 3, 0 }, .points = { 900, 0 },
                                 .has_rating = true, .rating = { .before = 1000 } };
    end.rating.after = slot == 0 ? 1016 : 984;
    return end;
}

static void begin(void)
{
    stats_destroy(stats);
    stats = stats_create();
    umpire_init(&umpire, stats);
    for (uint32_t slot = 0; slot < 2; slot++) {
        struct msg_welcome welcome = a_welcome(slot);
        umpire_welcome(&umpire, slot, &welcome);
    }
}

static void tell_round(int64_t number)
{
    struct msg_round round = a_round(number);
    umpire_round(&umpire, 0, &round);
    umpire_round(&umpire, 1, &round);
}

static void tell_end(int64_t number)
{
    struct msg_round_end end = an_end(number);
    umpire_round_end(&umpire, 0, &end);
    umpire_round_end(&umpire, 1, &end);
}

static void guess_and_hear(uint32_t slot, int64_t number, uint32_t seq, bool right, bool told)
{
    struct msg_verdict verdict = a_verdict(number, seq, told);
    umpire_guess(&umpire, slot, seq, right);
    umpire_verdict(&umpire, slot, &verdict);
}

static void play_three(void)
{
    for (int64_t number = 1; number <= 3; number++) {
        tell_round(number);
        guess_and_hear(1, number, 1, false, false);
        guess_and_hear(0, number, 1, true, true);
        tell_end(number);
    }
}

/* Whether exactly this was seen. */
static bool saw(const char *what)
{
    return stats->broken_count == 1 && strcmp(stats->broken[0].what, what) == 0;
}

static bool saw_something(void)
{
    return stats->broken_count > 0;
}

TEST(a_fair_match_passes)
{
    begin();
    play_three();
    for (uint32_t slot = 0; slot < 2; slot++) {
        struct msg_match_end end = a_match_end(slot);
        umpire_match_end(&umpire, slot, &end);
    }
    CHECK(!saw_something());
    CHECK(stats->checks > 40);
}

TEST(seats_are_told_the_same_times_and_key)
{
    begin();
    struct msg_round round = a_round(1);
    umpire_round(&umpire, 0, &round);
    round.ends_at++;
    umpire_round(&umpire, 1, &round);
    CHECK(saw("round: other times for the two seats"));
}

TEST(a_round_played_again_has_another_key)
{
    begin();
    tell_round(1);
    struct msg_round round = a_round(1);
    round.starts_at += 5000;
    round.ends_at += 5000;
    umpire_round(&umpire, 0, &round);
    CHECK(saw("round: played again with the same key"));
    begin();
    tell_round(1);
    round.key[0] = 99;
    umpire_round(&umpire, 0, &round);
    umpire_round(&umpire, 1, &round);
    CHECK(!saw_something());
}

TEST(rounds_come_in_order)
{
    begin();
    tell_round(2);
    CHECK(saw_something());
}

TEST(right_is_right_and_wrong_is_wrong)
{
    begin();
    tell_round(1);
    guess_and_hear(0, 1, 1, true, false);
    CHECK(saw("verdict: a right answer is wrong"));
    begin();
    tell_round(1);
    guess_and_hear(0, 1, 1, false, true);
    CHECK(saw("verdict: a wrong answer is right"));
}

TEST(a_verdict_stands_and_belongs_to_a_guess)
{
    begin();
    tell_round(1);
    guess_and_hear(0, 1, 1, false, false);
    struct msg_verdict verdict = a_verdict(1, 1, true);
    umpire_verdict(&umpire, 0, &verdict);
    CHECK(saw_something());
    begin();
    tell_round(1);
    umpire_verdict(&umpire, 0, &verdict);
    CHECK(saw("verdict: of a guess that was not made"));
}

TEST(credit_never_adds_time)
{
    begin();
    tell_round(1);
    struct msg_verdict verdict = a_verdict(1, 1, false);
    verdict.raw_ms = verdict.ms - 1;
    umpire_guess(&umpire, 0, 1, false);
    umpire_verdict(&umpire, 0, &verdict);
    CHECK(saw("verdict: credited time above the measured"));
}

TEST(solved_is_told_only_when_no_guess_can_win_any_more)
{
    struct msg_opponent opponent = { .round = 1, .status = TEXT("solved"), .guesses = 1 };
    begin();
    tell_round(1);
    umpire_opponent(&umpire, 1, &opponent);
    guess_and_hear(1, 1, 1, true, true);
    CHECK(saw("verdict: right after the round was told to be solved"));
}

TEST(both_are_told_one_end_of_a_round)
{
    begin();
    tell_round(1);
    struct msg_round_end end = an_end(1);
    umpire_round_end(&umpire, 0, &end);
    end.winner = 1;
    end.score[0] = 0;
    end.score[1] = 1;
    umpire_round_end(&umpire, 1, &end);
    CHECK(saw_something());
}

TEST(the_fastest_wins)
{
    begin();
    tell_round(1);
    struct msg_round_end end = an_end(1);
    end.ms[0] = 701;
    umpire_round_end(&umpire, 0, &end);
    CHECK(saw("round_end: the slower one wins"));
    begin();
    tell_round(1);
    end.ms[0] = MSG_NIL;
    umpire_round_end(&umpire, 0, &end);
    CHECK(saw_something());
    begin();
    tell_round(1);
    end = an_end(1);
    end.winner = MSG_NIL;
    end.score[0] = 0;
    umpire_round_end(&umpire, 0, &end);
    CHECK(saw("round_end: nobody's, though one was faster"));
}

TEST(the_score_counts_the_rounds_won)
{
    begin();
    tell_round(1);
    struct msg_round_end end = an_end(1);
    end.score[1] = 1;
    umpire_round_end(&umpire, 0, &end);
    CHECK(saw("the score is not the rounds that were won"));
}

TEST(a_welcome_contradicts_nothing)
{
    begin();
    tell_round(1);
    guess_and_hear(0, 1, 1, false, false);
    struct msg_round round = a_round(1);
    struct msg_welcome welcome = a_welcome(0);
    welcome.has_round = true;
    welcome.round.round = 1;
    welcome.round.starts_at = round.starts_at;
    welcome.round.ends_at = round.ends_at;
    memcpy(welcome.round.key, round.key, sizeof(round.key));
    welcome.round.guesses_count = 1;
    welcome.round.guesses[0] = a_verdict(1, 1, false);
    umpire_welcome(&umpire, 0, &welcome);
    CHECK(!saw_something());
    welcome.round.guesses_count = 0;
    umpire_welcome(&umpire, 0, &welcome);
    CHECK(saw("welcome: forgets a verdict, or tells another"));
}

TEST(a_welcome_brings_the_same_key)
{
    begin();
    tell_round(1);
    struct msg_round round = a_round(1);
    struct msg_welcome welcome = a_welcome(0);
    welcome.has_round = true;
    welcome.round.round = 1;
    welcome.round.starts_at = round.starts_at;
    welcome.round.ends_at = round.ends_at;
    welcome.round.key[0] = 55;
    umpire_welcome(&umpire, 0, &welcome);
    CHECK(saw("round: another key than before"));
}

TEST(a_welcome_forgets_no_round)
{
    begin();
    tell_round(1);
    tell_end(1);
    struct msg_welcome welcome = a_welcome(0);
    umpire_welcome(&umpire, 0, &welcome);
    CHECK(saw("welcome: forgets a round that was told to have ended"));
    begin();
    welcome = a_welcome(1);
    umpire_welcome(&umpire, 0, &welcome);
    CHECK(saw("welcome: another seat than before"));
}

TEST(a_match_ends_alike_for_both)
{
    begin();
    play_three();
    struct msg_match_end end = a_match_end(0);
    umpire_match_end(&umpire, 0, &end);
    end = a_match_end(1);
    end.rating.after = 985;
    umpire_match_end(&umpire, 1, &end);
    CHECK(saw("match_end: rating changes that are not zero-sum"));
    begin();
    play_three();
    end = a_match_end(0);
    end.points[0] = 600;
    umpire_match_end(&umpire, 0, &end);
    CHECK(saw("match_end: points that are not those of the rounds won"));
    begin();
    play_three();
    end = a_match_end(1);
    end.outcome = TEXT("win");
    umpire_match_end(&umpire, 1, &end);
    CHECK(saw("match_end: an outcome that is not the score's"));
}

TEST(nothing_goes_on_after_the_end)
{
    begin();
    play_three();
    struct msg_match_end end = a_match_end(0);
    umpire_match_end(&umpire, 0, &end);
    tell_round(4);
    CHECK(saw("round: after match_end"));
}

/* Whether this is among what was seen. */
static bool saw_also(const char *what)
{
    bool found = false;
    for (uint32_t i = 0; i < stats->broken_count; i++) {
        found = found || strcmp(stats->broken[i].what, what) == 0;
    }
    return found;
}

TEST(what_was_told_of_an_end_stands)
{
    begin();
    tell_round(1);
    struct msg_round_end end = an_end(1);
    umpire_round_end(&umpire, 0, &end);
    end.winner = 1;
    umpire_round_end(&umpire, 1, &end);
    CHECK(saw_also("round_end: another winner than told before"));
    begin();
    tell_round(1);
    end = an_end(1);
    umpire_round_end(&umpire, 0, &end);
    end.ms[1]++;
    umpire_round_end(&umpire, 1, &end);
    CHECK(saw("round_end: other times than told before"));
    umpire_round_end(&umpire, 1, &end);
    CHECK(saw_also("round_end: out of order"));
}

TEST(a_welcome_lists_rounds_in_order_and_ends_what_was_ended)
{
    begin();
    struct msg_welcome welcome = a_welcome(0);
    welcome.rounds_count = 1;
    welcome.rounds[0] = an_end(2);
    umpire_welcome(&umpire, 0, &welcome);
    CHECK(saw_also("welcome: finished rounds out of order"));
    begin();
    play_three();
    struct msg_match_end end = a_match_end(0);
    umpire_match_end(&umpire, 0, &end);
    welcome = a_welcome(0);
    welcome.rounds_count = 3;
    for (uint32_t i = 0; i < 3; i++) {
        welcome.rounds[i] = an_end(i + 1);
    }
    welcome.score[0] = 3;
    umpire_welcome(&umpire, 0, &welcome);
    CHECK(saw("welcome: goes on after match_end"));
    struct msg_round_end late = an_end(4);
    umpire_round_end(&umpire, 0, &late);
    CHECK(saw_also("round_end: after match_end"));
}

TEST(a_second_verdict_is_the_first)
{
    begin();
    tell_round(1);
    guess_and_hear(0, 1, 1, true, true);
    struct msg_verdict verdict = a_verdict(1, 1, false);
    umpire_verdict(&umpire, 0, &verdict);
    CHECK(saw_also("verdict: another than before"));
}

TEST(right_is_similar)
{
    begin();
    tell_round(1);
    struct msg_verdict verdict = a_verdict(1, 1, true);
    verdict.similarity = 0.8;
    umpire_guess(&umpire, 0, 1, true);
    umpire_verdict(&umpire, 0, &verdict);
    CHECK(saw("verdict: correct, and not similar"));
}

TEST(an_opponent_is_within_the_rules)
{
    struct msg_opponent opponent = { .round = 1, .status = TEXT("guessing"), .guesses = 13 };
    begin();
    tell_round(1);
    umpire_opponent(&umpire, 1, &opponent);
    CHECK(saw("opponent: too many guesses"));
    begin();
    opponent.guesses = 1;
    opponent.round = 2;
    umpire_opponent(&umpire, 1, &opponent);
    CHECK(saw("opponent: of a round to come"));
}

TEST(both_cannot_win)
{
    begin();
    play_three();
    struct msg_match_end end = a_match_end(0);
    end.reason = TEXT("forfeit");
    end.points[0] = 600;
    umpire_match_end(&umpire, 0, &end);
    end.rating.after = 984;
    umpire_match_end(&umpire, 1, &end);
    CHECK(saw("match_end: both say the same outcome"));
}

TEST_MAIN
