/* The rules as players see them; see the header. Sections are those of the contract. */
#include <loadtest/load/umpire.h>

#include <string.h>

#define CHECK(umpire, holds, ...)                       \
    do {                                                \
        (umpire)->stats->checks++;                      \
        if (!(holds)) {                                 \
            stats_broken((umpire)->stats, __VA_ARGS__); \
        }                                               \
    } while (0)

void umpire_init(struct umpire *umpire, struct stats *stats)
{
    memset(umpire, 0, sizeof(*umpire));
    umpire->stats = stats;
}

static bool text_is(struct text text, const char *word)
{
    return text_equal(text, text_from(word));
}

/* What was told of a finished round is told the same to everybody, for ever (section 5). */
static void check_ended(struct umpire *umpire, const struct msg_round_end *end)
{
    struct umpire_round *round = &umpire->rounds[end->round - 1];
    int8_t winner = end->winner == MSG_NIL ? -1 : (int8_t)end->winner;
    if (!round->ended) {
        round->ended = true;
        round->winner = winner;
        memcpy(round->ms, end->ms, sizeof(round->ms));
    }
    CHECK(umpire, round->winner == winner, "round_end: another winner than told before");
    CHECK(umpire, memcmp(round->ms, end->ms, sizeof(round->ms)) == 0,
          "round_end: other times than told before");
    if (winner >= 0) {
        int64_t own = end->ms[winner], other = end->ms[1 - winner];
        CHECK(umpire, own != MSG_NIL, "round_end: a winner without a correct guess");
        CHECK(umpire, other == MSG_NIL || own < other, "round_end: the slower one wins");
    } else {
        CHECK(umpire,
              (end->ms[0] == MSG_NIL && end->ms[1] == MSG_NIL) || end->ms[0] == end->ms[1],
              "round_end: nobody's, though one was faster");
    }
}

static void check_score(struct umpire *umpire, const int64_t score[2], uint32_t rounds)
{
    int64_t won[2] = { 0, 0 };
    for (uint32_t i = 0; i < rounds; i++) {
        if (umpire->rounds[i].ended && umpire->rounds[i].winner >= 0) {
            won[umpire->rounds[i].winner]++;
        }
    }
    CHECK(umpire, won[0] == score[0] && won[1] == score[1],
          "the score is not the rounds that were won");
}

static void begin_round(struct umpire *umpire, uint32_t slot, uint32_t number)
{
    struct umpire_seat *seat = &umpire->seats[slot];
    if (number != seat->round) {
        seat->round = number;
        seat->guesses_count = 0;
    }
}

/* Both seats have the same times; each has its own sealed frame and key (section 6), which is
 * another one when the round is played again because a server died (section 5). */
static void check_start(struct umpire *umpire, uint32_t slot, uint32_t number, int64_t starts_at,
                        int64_t ends_at, const uint8_t key[UMPIRE_KEY_SIZE])
{
    struct umpire_round *round = &umpire->rounds[number - 1];
    bool again = round->starts_at != 0 && round->starts_at != starts_at && !round->ended;
    if (round->starts_at == 0 || again) {
        round->starts_at = starts_at;
        round->ends_at = ends_at;
        round->told[0] = round->told[1] = false;
        CHECK(umpire, !again || (memcmp(round->keys[0], key, UMPIRE_KEY_SIZE) != 0 &&
                                 memcmp(round->keys[1], key, UMPIRE_KEY_SIZE) != 0),
              "round: played again with the same key");
    }
    CHECK(umpire, round->starts_at == starts_at && round->ends_at == ends_at,
          "round: other times for the two seats");
    CHECK(umpire, !round->told[slot] || memcmp(round->keys[slot], key, UMPIRE_KEY_SIZE) == 0,
          "round: another key than before");
    round->told[slot] = true;
    memcpy(round->keys[slot], key, UMPIRE_KEY_SIZE);
}

void umpire_welcome(struct umpire *umpire, uint32_t slot, const struct msg_welcome *welcome)
{
    struct umpire_seat *seat = &umpire->seats[slot];
    umpire->best_of = (uint32_t)welcome->rules.best_of;
    CHECK(umpire, (uint32_t)welcome->you == slot, "welcome: another seat than before");
    for (uint32_t i = 0; i < welcome->rounds_count; i++) {
        CHECK(umpire, welcome->rounds[i].round == i + 1, "welcome: finished rounds out of order");
        check_ended(umpire, &welcome->rounds[i]);
    }
    CHECK(umpire, welcome->rounds_count >= seat->rounds_ended,
          "welcome: forgets a round that was told to have ended");
    check_score(umpire, welcome->score, welcome->rounds_count);
    CHECK(umpire, !seat->over || text_is(welcome->phase, "over"),
          "welcome: goes on after match_end");
    seat->rounds_ended = welcome->rounds_count;
    if (!welcome->has_round) {
        return;
    }
    bool same = (uint32_t)welcome->round.round == seat->round &&
                umpire->rounds[seat->round - 1].starts_at == welcome->round.starts_at;
    begin_round(umpire, slot, (uint32_t)welcome->round.round);
    check_start(umpire, slot, (uint32_t)welcome->round.round, welcome->round.starts_at,
                welcome->round.ends_at, welcome->round.key);
    if (!same) {
        seat->guesses_count = 0;
    }
    for (uint32_t i = 0; same && i < seat->guesses_count; i++) {
        bool found = !seat->guesses[i].judged;
        for (uint32_t j = 0; j < welcome->round.guesses_count; j++) {
            const struct msg_verdict *verdict = &welcome->round.guesses[j];
            found = found || (verdict->seq == seat->guesses[i].seq &&
                              verdict->correct == seat->guesses[i].correct);
        }
        CHECK(umpire, found, "welcome: forgets a verdict, or tells another");
    }
}

void umpire_round(struct umpire *umpire, uint32_t slot, const struct msg_round *round)
{
    struct umpire_seat *seat = &umpire->seats[slot];
    uint32_t number = (uint32_t)round->round;
    CHECK(umpire, !seat->over, "round: after match_end");
    CHECK(umpire, number == seat->rounds_ended + 1, "round: out of order");
    if (umpire->rounds[number - 1].starts_at != round->starts_at) {
        seat->guesses_count = 0;
        seat->settled = 0;
    }
    begin_round(umpire, slot, number);
    check_start(umpire, slot, number, round->starts_at, round->ends_at, round->key);
}

void umpire_guess(struct umpire *umpire, uint32_t slot, uint32_t seq, bool right)
{
    struct umpire_seat *seat = &umpire->seats[slot];
    if (seat->guesses_count < UMPIRE_GUESSES_MAX) {
        seat->guesses[seat->guesses_count++] =
            (struct umpire_guess){ .seq = seq, .right = right };
    }
}

void umpire_verdict(struct umpire *umpire, uint32_t slot, const struct msg_verdict *verdict)
{
    struct umpire_seat *seat = &umpire->seats[slot];
    if ((uint32_t)verdict->round != seat->round) {
        return; /* of a round that was played again */
    }
    for (uint32_t i = 0; i < seat->guesses_count; i++) {
        struct umpire_guess *guess = &seat->guesses[i];
        if (guess->seq != verdict->seq) {
            continue;
        }
        CHECK(umpire, !guess->judged || guess->correct == verdict->correct,
              "verdict: another than before");
        guess->judged = true;
        guess->correct = verdict->correct;
        CHECK(umpire, guess->right == verdict->correct,
              guess->right ? "verdict: a right answer is wrong"
                           : "verdict: a wrong answer is right");
        CHECK(umpire, !verdict->correct || seat->settled != seat->round,
              "verdict: right after the round was told to be solved");
        CHECK(umpire, verdict->ms <= verdict->raw_ms, "verdict: credited time above the measured");
        CHECK(umpire, !verdict->correct || verdict->similarity >= 0.99,
              "verdict: correct, and not similar");
        return;
    }
    CHECK(umpire, false, "verdict: of a guess that was not made");
}

/* `solved` is told only once no guess of this seat could win any more (section 4). */
void umpire_opponent(struct umpire *umpire, uint32_t slot, const struct msg_opponent *opponent)
{
    struct umpire_seat *seat = &umpire->seats[slot];
    CHECK(umpire, opponent->guesses <= UMPIRE_GUESSES_MAX, "opponent: too many guesses");
    CHECK(umpire, (uint32_t)opponent->round <= seat->rounds_ended + 1,
          "opponent: of a round to come");
    if (text_is(opponent->status, "solved")) {
        seat->settled = (uint32_t)opponent->round;
    }
}

void umpire_round_end(struct umpire *umpire, uint32_t slot, const struct msg_round_end *end)
{
    struct umpire_seat *seat = &umpire->seats[slot];
    CHECK(umpire, !seat->over, "round_end: after match_end");
    CHECK(umpire, (uint32_t)end->round == seat->rounds_ended + 1, "round_end: out of order");
    check_ended(umpire, end);
    seat->rounds_ended = (uint32_t)end->round;
    check_score(umpire, end->score, seat->rounds_ended);
    memcpy(seat->score, end->score, sizeof(seat->score));
}

static int64_t outcome_of(struct text outcome)
{
    return text_is(outcome, "win") ? 1 : text_is(outcome, "loss") ? -1 : 0;
}

/* Section 5: 200 a round won, and a bonus for three wins in a best of five. */
static int64_t points_of(const struct umpire *umpire, const struct msg_match_end *end,
                         uint32_t slot)
{
    static const int64_t bonus[] = { 300, 150, 50 };
    int64_t own = end->score[slot], other = end->score[1 - slot];
    bool has_bonus = text_is(end->reason, "score") && umpire->best_of == 5 && own == 3 &&
                     other < 3;
    return 200 * own + (has_bonus ? bonus[other] : 0);
}

static void check_end(struct umpire *umpire, uint32_t slot, const struct msg_match_end *end)
{
    bool by_score = text_is(end->reason, "score"), abandoned = text_is(end->reason, "abandoned");
    int64_t own = end->score[slot], other = end->score[1 - slot];
    check_score(umpire, end->score, umpire->seats[slot].rounds_ended);
    CHECK(umpire, !by_score || outcome_of(end->outcome) == (own > other) - (own < other),
          "match_end: an outcome that is not the score's");
    for (uint32_t i = 0; i < 2; i++) {
        CHECK(umpire, abandoned || end->points[i] == points_of(umpire, end, i),
              "match_end: points that are not those of the rounds won");
    }
}

void umpire_match_end(struct umpire *umpire, uint32_t slot, const struct msg_match_end *end)
{
    struct umpire_seat *seat = &umpire->seats[slot], *other = &umpire->seats[1 - slot];
    check_end(umpire, slot, end);
    seat->over = true;
    seat->outcome = outcome_of(end->outcome);
    seat->has_rating = end->has_rating;
    seat->rating_change = end->has_rating ? end->rating.after - end->rating.before : 0;
    if (!other->over) {
        return;
    }
    CHECK(umpire, seat->outcome == -other->outcome, "match_end: both say the same outcome");
    CHECK(umpire, !seat->has_rating || !other->has_rating ||
              seat->rating_change == -other->rating_change,
          "match_end: rating changes that are not zero-sum");
}
