/* The witness reads every result that goes to be stored. */
#include <string.h>
#include <tests/sim/world/world_witness.h>

static void check_result_guesses(struct world *world, const struct book *book,
                                 const struct hub_result *result)
{
    uint32_t last = result->rounds_count;
    if (result->guesses_count != book->verdicts) {
        world_fault(world, "a result without some of its guesses");
        return;
    }
    /* The intentions of the last round that was started are still in the book. */
    for (uint32_t i = 0; i < result->guesses_count; i++) {
        const struct hub_guess *guess = &result->guesses[i];
        if (guess->slot > 1 || guess->round < 1 || guess->round > last + 1) {
            world_fault(world, "a guess of no seat or round");
            return;
        }
        const struct seat *seat = &book->seats[guess->slot];
        bool found = guess->round != book->rounds_started;
        for (uint32_t k = 0; k < seat->intentions_count && !found; k++) {
            const struct intention *intention = &seat->intentions[k];
            found = intention->judged && intention->seq == guess->seq &&
                    intention->correct == guess->correct && intention->ms == guess->ms &&
                    intention->is_video == guess->is_video &&
                    (guess->text.data == NULL
                         ? world->limits.guess_log_max < 16384
                         : guess->text.size == intention->text_size &&
                               memcmp(guess->text.data, intention->text, guess->text.size) == 0);
        }
        if (!found) {
            world_fault(world, "a guess is stored that was not made so");
        }
    }
}

void witness_store(struct world *world, struct ref ref, const struct hub_result *result)
{
    struct book *book = witness_book(world, &result->match);
    book->result = ref;
    if (!book->over || book->rounds_started == 0) {
        world_fault(world, "a result is stored that should not be");
    }
    bool same = result->rounds_count == book->rounds_count;
    for (uint32_t i = 0; i < result->rounds_count && same; i++) {
        const struct world_row *row = &world->rows[book->rows[i]];
        same = result->rounds[i].winner == book->winners[i] &&
               result->rounds[i].ms[0] == book->ms[i][0] &&
               result->rounds[i].ms[1] == book->ms[i][1] &&
               uuid_equal(&result->frames[i], &book->frames[i]) &&
               text_equal(result->videos[i], text_from(row->video)) &&
               text_equal(result->titles[i], text_from(row->title));
    }
    for (uint32_t slot = 0; slot < 2; slot++) {
        same = same && result->score[slot] == book->score[slot] &&
               uuid_equal(&result->player[slot], &world->users[book->seats[slot].user].id);
    }
    if (!same || result->rated == book->abandoned) {
        world_fault(world, "a result differs from what was played");
    }
    check_result_guesses(world, book, result);
    for (uint32_t slot = 0; slot < 2; slot++) {
        const char *outcome = book->seats[slot].outcome;
        bool won = result->winner == (int8_t)slot;
        if (book->seats[slot].told_end && !book->abandoned &&
            (strcmp(outcome, "win") == 0) != won) {
            world_fault(world, "another winner is stored than was told");
        }
    }
}
