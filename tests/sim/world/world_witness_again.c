/* The witness looks at what comes after a match: rematches, what they are played for, and who left
 * early. */
#include <string.h>
#include <tests/sim/world/world_witness.h>

#define ANSWER_MS 10000 /* a store answers sooner, or not at all */

/* ---- what a match is played for ---- */

void witness_made(struct world *world, struct book *book)
{
    const struct witness *witness = world->witness;
    book->rated = true;
    for (uint32_t i = 0; i + 1 < witness->books_count; i++) {
        const struct book *before = witness->books[i];
        if (!uuid_equal(&before->next, &book->id)) {
            continue;
        }
        world->tally->rematches++;
        book->rated = before->rated;
        for (uint32_t slot = 0; slot < 2; slot++) {
            uint32_t old = before->users[0] == book->users[slot] ? 0 : 1;
            if (before->users[old] != book->users[slot]) {
                world_fault(world, "a rematch of others");
            }
            book->series[slot] = before->next_series[old];
        }
    }
}

void witness_told_terms(struct world *world, const struct book *book,
                        const struct msg_welcome *welcome)
{
    if (welcome->rated != book->rated || welcome->series[0] != book->series[0] ||
        welcome->series[1] != book->series[1]) {
        world_fault(world, "a match is played for something else than it was made for");
    }
}

/* ---- rematches ---- */

void witness_said_rematch(struct view *view, struct seat *seat, bool accept)
{
    if (view->over) {
        seat->wants_again = accept;
        seat->wanted_again = seat->wanted_again || accept;
    }
}

/* One that was over when it came here has said nothing yet that would name it. */
static struct view *over_between(struct world *world, const struct hub_effect *effect)
{
    const struct witness *witness = world->witness;
    uint32_t users[2] = { postgresql_user(world, &effect->rematch.player[0]),
                          postgresql_user(world, &effect->rematch.player[1]) };
    for (uint32_t i = witness->books_count; i-- > 0;) {
        const struct book *book = witness->books[i];
        struct view *view = witness_view_or_none(world, &book->id);
        bool theirs = (book->users[0] == users[0] && book->users[1] == users[1]) ||
                      (book->users[0] == users[1] && book->users[1] == users[0]);
        if (theirs && view != NULL && view->restored && ref_is_none(view->hub_ref)) {
            return view;
        }
    }
    return NULL;
}

void witness_asks_rematch(struct world *world, const struct hub_effect *effect, struct view *view)
{
    view = view != NULL ? view : over_between(world, effect);
    if (view == NULL || !view->over || view->abandoned) {
        world_fault(world, "a rematch of a match that is not over, or was none");
        return;
    }
    struct book *book = view->book;
    for (uint32_t slot = 0; slot < 2; slot++) {
        const struct seat *seat = &view->seats[slot];
        uint32_t user = postgresql_user(world, &effect->rematch.player[slot]);
        if (!seat->wants_again || ref_is_none(seat->conn)) {
            world_fault(world, "a rematch that not both want who are there");
        }
        if (user != book->users[0] && user != book->users[1]) {
            world_fault(world, "a rematch of others");
        }
        bool won = strcmp(book->outcomes[slot], "win") == 0;
        book->next_series[slot] = book->series[slot] + won;
    }
    if (effect->rematch.rated != book->rated) {
        world_fault(world, "a rematch is rated otherwise than its match");
    }
    book->next = effect->rematch.id;
}

static void check_accepted(struct world *world, const struct view *view,
                           const struct world_conn *conn, const struct hub_effect_send *send)
{
    const struct book *next = witness_find(world, &view->book->next);
    struct uuid id;
    if (next == NULL || witness_view_or_none(world, &next->id) == NULL ||
        !uuid_parse(send->message.server_rematch.match, &id) || !uuid_equal(&id, &next->id) ||
        !uuid_equal(&send->match, &next->id) || next->users[send->slot] != conn->bot) {
        world_fault(world, "a rematch is told that was not made, or to the wrong seat");
    }
}

void witness_told_rematch(struct world *world, struct view *view, const struct world_conn *conn,
                          const struct hub_effect_send *send)
{
    const struct msg_server_rematch *rematch = &send->message.server_rematch;
    if (!conn->match_ended || view->abandoned) {
        world_fault(world, "a rematch is told of before the end, or of a match that was none");
    }
    if (text_equal(rematch->status, TEXT("accepted"))) {
        check_accepted(world, view, conn, send);
        return;
    }
    bool offered = text_equal(rematch->status, TEXT("offered"));
    bool expired = text_equal(rematch->status, TEXT("expired"));
    if ((offered || expired) && !view->seats[rematch->slot].wanted_again) {
        world_fault(world, "an offer that was not made");
    }
    world->tally->offers += offered;
    world->tally->expired += expired;
    world->tally->declined += !offered && !expired;
}

/* ---- leaving early ---- */

void witness_disturbed(struct world *world)
{
    const struct witness *witness = world->witness;
    for (uint32_t i = 0; i < witness->books_count; i++) {
        struct view *view = witness_view_or_none(world, &witness->books[i]->id);
        if (view != NULL) {
            view->disturbed = true;
        }
    }
}

void witness_left(struct world *world, const struct hub_effect *effect)
{
    const struct view *view = witness_view(world, &effect->left.match);
    uint32_t user = postgresql_user(world, &effect->left.player);
    const struct book *book = view->book;
    uint32_t slot = book->users[0] == user ? 0 : 1;
    const struct seat *seat = &view->seats[slot];
    if (book->users[slot] != user || !book->rated || !view->over ||
        witness_is_decided(world, view)) {
        world_fault(world, "somebody has left early who has not");
    }
    if (view->played_before || view->disturbed) {
        world_fault(world, "the server's fault is taken for a player's");
    }
    bool is_here = !ref_is_none(seat->conn) && !ref_equal(seat->conn, world->witness->closing);
    if (is_here && !seat->leaving) {
        world_fault(world, "somebody has left early who is here");
    }
    world->witness->left[user]++;
    world->tally->left_early++;
}

void witness_told_cooldown(struct world *world, uint32_t user, const struct msg_error *error)
{
    if (!text_equal(error->code, TEXT("COOLDOWN"))) {
        return;
    }
    world->tally->cooldowns++;
    /* It may have ended while Valkey's answer was on its way. */
    int64_t asked_ms = (int64_t)(world->self->local_us / 1000) - ANSWER_MS;
    if (world->witness->left[user] < 3 || error->until <= asked_ms) {
        world_fault(world, "somebody has to wait who need not");
    }
}

/* ---- invitations ---- */

/* Somebody is in that match now. */
static bool is_playing(const struct book *book, uint32_t user)
{
    uint32_t slot = book->users[0] == user ? 0 : 1;
    for (const struct view *view = book->views; view != NULL; view = view->next) {
        if (book->users[slot] == user && !view->gone && view->live && view->awake &&
            !ref_is_none(view->seats[slot].conn)) {
            return true;
        }
    }
    return false;
}

void witness_invited(struct world *world, const struct uuid *id, bool rated)
{
    struct witness *witness = world->witness;
    struct book *book = witness_find(world, id);
    for (uint32_t i = 0; i < witness->books_count; i++) {
        const struct book *other = witness->books[i];
        if (other != book && !other->was_evicted &&
            (is_playing(other, book->users[0]) || is_playing(other, book->users[1]))) {
            world_fault(world, "an invitation makes a match of who is in another");
        }
    }
    const struct world_user *users = world->users;
    book->rated = rated;
    for (uint32_t slot = 0; slot < 2; slot++) {
        if (rated && users[book->users[slot]].opponents < HUB_OPPONENTS_MAX) {
            world_fault(world, "rated by invitation with too few opponents");
        }
    }
    if (rated && !world->limits.rated_invites) {
        world_fault(world, "rated by invitation where that is off");
    }
}

void witness_told_invitation(struct world *world, const struct world_conn *conn,
                             const struct msg_welcome *welcome)
{
    if (conn->welcomed || welcome->you != 0 || !uuid_equal(&welcome->match, &conn->match) ||
        !uuid_equal(&welcome->players[0].id, &world->users[conn->bot].id)) {
        world_fault(world, "an invitation is waited in by somebody else");
    }
    world->tally->parked++;
}
