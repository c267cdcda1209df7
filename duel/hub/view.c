/* What operators see of matches; see view.h. */
#include <duel/base/assert.h>
#include <duel/hub/players.h>
#include <duel/hub/tell.h>
#include <duel/hub/view.h>
#include <string.h>

static void describe_seat(const struct hub *hub, const struct live *live, uint32_t slot,
                          struct hub_view_seat *seat)
{
    const struct match_seat *state = &live->match.seats[slot];
    const struct player *player = pool_get(&hub->players, live->seats[slot].player);
    ASSERT(player != NULL);
    seat->id = player->id;
    seat->name = player_name(player);
    seat->rating = live->seats[slot].rating;
    seat->connected = state->connected;
    seat->ready = state->ready;
    seat->lag_us = match_lag_us(&live->match, (uint8_t)slot);
    seat->guesses_count = state->guesses_count;
    seat->guesses_round = live->match.guesses_round;
    for (uint32_t i = 0; i < state->guesses_count; i++) {
        seat->guesses[i] = match_guess_told(&live->match, (uint8_t)slot, i);
    }
}

static void describe(const struct hub *hub, const struct live *live, struct hub_view *view)
{
    const struct match *match = &live->match;
    const struct record *record = pool_get(&hub->records, live->record);
    *view = (struct hub_view){
        .match = live->id, .phase = tell_phase(match->phase),
        .phase_ends_us = match->phase_ends_us,
        .started_ms = record != NULL ? record->result.started_ms : 0, .round = match->round,
        .rated = live->terms.rated, .dormant = live->dormant, .disturbed = live->disturbed,
        .fence = live->fence, .best_of = match->rules.best_of,
        .score = { match->score[0], match->score[1] }, .rounds_count = match->rounds_count,
    };
    describe_seat(hub, live, 0, &view->seats[0]);
    describe_seat(hub, live, 1, &view->seats[1]);
    memcpy(view->rounds, match->rounds, sizeof view->rounds);
    for (uint32_t i = 0; i < match->rounds_count; i++) {
        view->videos[i] = titles_get(hub->titles, match->rounds[i].video).video;
    }
}

bool hub_view_next(const struct hub *hub, uint32_t *index, struct hub_view *ret_view)
{
    const struct live *live;
    while ((live = pool_next(&hub->matches, index)) != NULL) {
        if (live->match.phase < MATCH_OVER) {
            describe(hub, live, ret_view);
            return true;
        }
    }
    return false;
}

bool hub_view_match(const struct hub *hub, const struct uuid *id, struct hub_view *ret_view)
{
    uint32_t index = 0;
    const struct live *live;
    while ((live = pool_next(&hub->matches, &index)) != NULL) {
        if (uuid_equal(&live->id, id)) {
            describe(hub, live, ret_view);
            return true;
        }
    }
    return false;
}
