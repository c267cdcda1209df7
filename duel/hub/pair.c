/* What becomes of two who were paired; see pair.h. */
#include <duel/hub/arena.h>
#include <duel/hub/keeper.h>
#include <duel/hub/lobby.h>
#include <duel/hub/pair.h>
#include <duel/hub/players.h>
#include <duel/hub/saved.h>
#include <duel/hub/takeover.h>

/* The other seat's player if he waits here too. */
static struct player *waiting_opponent(struct hub *hub, const struct player *player,
                                       const struct saved_card *card)
{
    struct player *opponent = players_find_id(hub, &card->id);
    return opponent != NULL && opponent != player && opponent->ticket.wanted ? opponent : NULL;
}

/* Valkey took both tickets out. Who of the two still waits when the other does not any more, is
 * joined again with the old `since`. */
static void undo(struct hub *hub, struct player *player, const struct hub_event_queue *event,
                 struct player *opponent)
{
    struct uuid players[2] = { player->id, opponent->id };
    keeper_release(hub, &event->match, players);
    opponent->ticket.again = true;
    lobby_proceed(hub, opponent);
}

static void cannot_play(struct hub *hub, struct player *player, struct player *opponent)
{
    if (player->ticket.wanted) {
        lobby_stop_unavailable(hub, player);
    }
    if (opponent != NULL) {
        lobby_stop_unavailable(hub, opponent);
        lobby_proceed(hub, opponent);
    }
}

static void play_here(struct hub *hub, struct player *player, const struct hub_event_queue *event,
                      struct player *opponent)
{
    bool fresh = uuid_equal(&event->match, &player->ticket.match); /* made by this very join */
    if (fresh && !player->ticket.wanted && opponent != NULL) {
        undo(hub, player, event, opponent);
        return;
    }
    if (takeover_take(hub, &event->match, &event->copy, fresh) != NULL) {
        return; /* which tells both */
    }
    if (arena_has_ended(hub, &event->match)) {
        /* Valkey was not told of that yet. */
        struct uuid players[2] = { player->id, player->id };
        keeper_release(hub, &event->match, players);
        player->ticket.again = player->ticket.wanted;
    } else {
        cannot_play(hub, player, opponent);
    }
}

/* The player is in a match: a pair was made just now, or he was in one before. */
void pair_made(struct hub *hub, struct player *player, const struct hub_event_queue *event)
{
    struct saved_card card;
    uint8_t slot = event->slot;
    if (slot > 1 || !saved_read_card(event->copy.card[1 - slot], &card)) {
        out_note(&hub->out, HUB_NOTE_MATCH_UNREADABLE, &event->match, &player->id, TEXT("card"),
                 slot);
        if (player->ticket.wanted) {
            lobby_stop_unavailable(hub, player);
        }
        return;
    }
    player->ticket.kept = false;
    struct player *opponent = waiting_opponent(hub, player, &card);
    if (opponent != NULL && opponent->ticket.op == TICKET_IDLE) {
        opponent->ticket.kept = false;
    }
    if (event->ours) {
        play_here(hub, player, event, opponent);
        return;
    }
    if (player->ticket.wanted) {
        lobby_stop_elsewhere(hub, player, slot, event, &card);
    }
    if (opponent != NULL && saved_read_card(event->copy.card[slot], &card)) {
        lobby_stop_elsewhere(hub, opponent, 1 - slot, event, &card);
        lobby_proceed(hub, opponent);
    }
}
