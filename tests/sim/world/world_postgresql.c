/* PostgreSQL's settlement: one row a match, whatever is stored how often by whom. */
#include <duel/core/rating.h>
#include <stdlib.h>
#include <string.h>
#include <tests/sim/world/world.h>

struct world_stored *stores_find(struct world *world, const struct uuid *match)
{
    for (uint32_t i = 0; i < world->stored_count; i++) {
        if (uuid_equal(&world->stored[i].match, match)) {
            return &world->stored[i];
        }
    }
    return NULL;
}

uint32_t postgresql_user(struct world *world, const struct uuid *id)
{
    for (uint32_t i = 0; i < world->users_count; i++) {
        if (uuid_equal(&world->users[i].id, id)) {
            return i;
        }
    }
    world_fault(world, "a result of nobody");
    return 0;
}

static void rate(struct world *world, struct world_stored *row)
{
    struct world_user *users[2] = { &world->users[row->users[0]], &world->users[row->users[1]] };
    enum rating_outcome outcome = row->winner == 0   ? RATING_WIN
                                  : row->winner == 1 ? RATING_LOSS
                                                     : RATING_DRAW;
    int32_t change = rating_change(users[0]->rating, users[1]->rating, outcome);
    for (uint32_t slot = 0; slot < 2; slot++) {
        row->before[slot] = users[slot]->rating;
        users[slot]->rating += slot == 0 ? change : -change;
        row->after[slot] = users[slot]->rating;
    }
    row->rated_seq = ++world->rated_seq;
}

static void unrate(struct world *world, struct world_stored *row)
{
    for (uint32_t slot = 0; slot < 2; slot++) {
        world->users[row->users[slot]].rating -= row->after[slot] - row->before[slot];
        row->before[slot] = 0;
        row->after[slot] = 0;
    }
    row->rated_seq = 0;
}

static void write_row(struct world *world, struct world_stored *row,
                      const struct hub_result *result)
{
    row->match = result->match;
    row->fence = result->fence;
    row->completed = result->reason != MATCH_ABANDONED;
    row->rated = result->rated && row->completed;
    row->winner = result->winner;
    row->rounds_count = result->rounds_count;
    row->published = false;
    for (uint32_t slot = 0; slot < 2; slot++) {
        row->users[slot] = postgresql_user(world, &result->player[slot]);
        row->score[slot] = result->score[slot];
    }
    for (uint32_t i = 0; i < result->rounds_count; i++) {
        const struct hub_round *round = &result->rounds[i];
        row->rows[i] = stores_row_of_video(world, round->video);
        row->ms[i][0] = round->played.ms[0];
        row->ms[i][1] = round->played.ms[1];
        row->winners[i] = round->played.winner;
    }
    if (row->rated && row->rated_seq == 0) {
        rate(world, row);
    }
    witness_stored_row(world, row);
}

/* A completed one outranks an abandoned one; among equals the higher fence stands. What
 * stands is the answer. */
void postgresql_store(struct world *world, const struct hub_result *result,
                      struct hub_event *answer)
{
    struct world_stored *row = stores_find(world, &result->match);
    bool completed = result->reason != MATCH_ABANDONED;
    if (row == NULL) {
        if (world->stored_count == WORLD_MATCHES_MAX) {
            abort();
        }
        row = &world->stored[world->stored_count++];
        *row = (struct world_stored){ 0 };
        write_row(world, row, result);
        world->tally->stored++;
    } else if (completed != row->completed ? completed : result->fence > row->fence) {
        /* A change that was told stands as long as the outcome does. */
        bool same = completed && result->rated && result->winner == row->winner;
        if (row->rated_seq != 0 && !same) {
            unrate(world, row);
        }
        row->replaced++;
        world->tally->re_stored++;
        write_row(world, row, result);
    }
    answer->stored.rated = row->rated;
    memcpy(answer->stored.before, row->before, sizeof row->before);
    memcpy(answer->stored.after, row->after, sizeof row->after);
}

/* The books: what everybody has is what they began with and the changes that stand. */
void postgresql_end(struct world *world)
{
    int32_t ratings[WORLD_USERS_MAX];
    for (uint32_t i = 0; i < world->users_count; i++) {
        ratings[i] = world->users[i].start;
    }
    for (uint32_t i = 0; i < world->stored_count; i++) {
        const struct world_stored *row = &world->stored[i];
        for (uint32_t slot = 0; slot < 2; slot++) {
            ratings[row->users[slot]] += row->after[slot] - row->before[slot];
        }
        if (row->after[0] - row->before[0] + row->after[1] - row->before[1] != 0) {
            world_fault(world, "ratings do not add up to zero");
        }
        world->tally->unpublished += !row->published;
    }
    for (uint32_t i = 0; i < world->users_count; i++) {
        if (ratings[i] != world->users[i].rating) {
            world_fault(world, "a rating is not the sum of its changes");
        }
    }
}
