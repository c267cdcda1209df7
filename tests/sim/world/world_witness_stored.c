/* The witness reads every result that goes to be stored. */
#include <string.h>
#include <tests/sim/world/world_witness.h>

/* The round in which the guess was made, as this process knows it. */
static const struct played *played_of(const struct view *view, uint32_t round)
{
    if (round >= 1 && round <= view->rounds_count) {
        return view->rounds[round - 1];
    }
    bool last = view->coming != NULL && view->coming->round == round && view->coming->started;
    return last ? view->coming : NULL;
}

static bool was_made(const struct world *world, const struct played *played,
                     const struct hub_guess *guess)
{
    for (uint32_t i = 0; i < played->judged_count; i++) {
        const struct intention *judged = &played->judged[i];
        if (played->judged_slot[i] == guess->slot && judged->seq == guess->seq &&
            judged->correct == guess->correct && judged->ms == guess->ms &&
            judged->is_video == guess->is_video) {
            return guess->text.data == NULL
                       ? world->limits.guess_log_max < 16384
                       : guess->text.size == judged->text_size &&
                             memcmp(guess->text.data, judged->text, guess->text.size) == 0;
        }
    }
    return false;
}

static void check_result_guesses(struct world *world, const struct view *view,
                                 const struct hub_result *result)
{
    uint32_t expected = 0;
    for (uint32_t i = 0; i < view->rounds_count; i++) {
        expected += view->rounds[i]->judged_count;
    }
    /* A copy knows finished rounds only. */
    if (view->coming != NULL && view->coming->started && !view->coming->ended && !view->restored) {
        expected += view->coming->judged_count;
    }
    if (result->guesses_count != expected) {
        world_say_line(world, "match %02x%02x%02x%02x: %u guesses, not %u", result->match.bytes[0],
                       result->match.bytes[1], result->match.bytes[2], result->match.bytes[3],
                       result->guesses_count, expected);
        world_fault(world, "a result without some of its guesses, or with others");
        return;
    }
    for (uint32_t i = 0; i < result->guesses_count; i++) {
        const struct hub_guess *guess = &result->guesses[i];
        const struct played *played = played_of(view, guess->round);
        if (guess->slot > 1 || played == NULL || !was_made(world, played, guess)) {
            world_fault(world, "a guess is stored that was not made so");
            return;
        }
    }
}

void witness_store(struct world *world, struct ref ref, const struct hub_result *result)
{
    struct view *view = witness_view(world, &result->match);
    const struct book *book = view->book;
    view->result = ref;
    if (!view->over || !view->begun) {
        world_fault(world, "a result is stored that should not be");
    }
    bool same = result->rounds_count == view->rounds_count;
    for (uint32_t i = 0; i < result->rounds_count && same; i++) {
        const struct played *played = view->rounds[i];
        const struct world_row *row = &world->rows[played->row];
        const struct hub_round *round = &result->rounds[i];
        same = round->played.winner == played->winner &&
               round->played.ms[0] == played->ms[0] && round->played.ms[1] == played->ms[1] &&
               uuid_equal(&round->frame, &played->frame) &&
               text_equal(round->video, text_from(row->video)) &&
               text_equal(round->title, text_from(row->title));
    }
    for (uint32_t slot = 0; slot < 2; slot++) {
        same = same && result->score[slot] == view->score[slot] &&
               uuid_equal(&result->player[slot], &world->users[book->users[slot]].id);
    }
    if (!same || result->rated != (book->rated && !view->abandoned)) {
        world_fault(world, "a result differs from what was played");
    }
    check_result_guesses(world, view, result);
    witness_journal(world, result);
}
