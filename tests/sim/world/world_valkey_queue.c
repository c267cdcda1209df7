/* Valkey's queue: tickets, and the pairs that are made of them. */
#include <stdlib.h>
#include <string.h>
#include <tests/sim/world/world_valkey.h>

#define TICKET_SLACK_MS 5000
#define MADE_MS 120000
#define DAY_MS 86400000

void model_take_out(struct world *world, const struct uuid *player)
{
    key_remove(world, key_find(world, KEY_QUEUE, NULL, 0), player, 0);
    key_drop(world, key_find(world, KEY_TICKET, player, 0));
}

bool model_is_queued(struct world *world, const struct uuid *player)
{
    const struct key *ticket = key_find(world, KEY_TICKET, player, 0);
    struct key *queue = key_find(world, KEY_QUEUE, NULL, 0);
    return key_has(queue, player) && ticket != NULL &&
           ticket->ticket_expires_ms > valkey_now_ms(world);
}

void model_leave(struct world *world, const struct uuid *player)
{
    model_take_out(world, player);
}

static uint32_t waiting(struct world *world)
{
    const struct key *queue = key_find(world, KEY_QUEUE, NULL, 0);
    return queue == NULL ? 0 : queue->members_count;
}

static void tell_matched(struct world *world, struct world_item *answer, const struct key *match,
                         uint8_t slot)
{
    struct hub_event *event = &answer->answers[0];
    uint32_t place = match->owner == world->valkey->me ? world->valkey->here + 1
                                                       : valkey_place_of(world, match);
    event->queue.matched = true;
    event->queue.match = match->id;
    event->queue.slot = slot;
    event->queue.ours = match->owner == world->valkey->me;
    event->queue.waiting = waiting(world);
    if (place != 0) {
        event->queue.node = valkey_node_name(place - 1);
    }
    valkey_copy(answer, match, &event->queue.copy);
    answer->marks[0] = match->mark;
}

/* The player's ticket; one that is still good keeps its place. */
static struct key *put_ticket(struct world *world, const struct hub_effect *effect, int64_t now_ms)
{
    const struct uuid *player = &effect->join.ticket.player;
    struct matchmaker_ticket ticket = effect->join.ticket;
    const struct key *kept = key_find(world, KEY_TICKET, player, 0);
    if (kept != NULL && kept->ticket_expires_ms > now_ms &&
        kept->ticket.since_ms < ticket.since_ms) {
        ticket.since_ms = kept->ticket.since_ms;
        world->tally->kept_place++;
    }
    const struct key *last = key_find(world, KEY_LAST, player, 0);
    if (last != NULL) {
        ticket.last_opponent = last->player[0];
    }
    int64_t lasts_ms = effect->join.expires_ms - now_ms;
    struct key *key = key_put(world, KEY_TICKET, player, 0,
                              (lasts_ms < 1 ? 1 : lasts_ms) + TICKET_SLACK_MS);
    key->ticket = ticket;
    key->ticket_expires_ms = effect->join.expires_ms;
    key->owner = world->valkey->me;
    key_set_blob(key, 0, effect->join.card);
    struct key_member member = { .id = *player, .score = ticket.since_ms };
    key_add(key_put(world, KEY_QUEUE, NULL, 0, 10 * (int64_t)DAY_MS), &member);
    return key;
}

/* Whom the player is paired with; those who do not wait any more are taken out. */
static struct key *choose(struct world *world, const struct key *own, int64_t now_ms)
{
    struct matchmaker_ticket others[WORLD_USERS_MAX];
    uint32_t count = 0;
    uint8_t slot;
    struct key *queue = key_find(world, KEY_QUEUE, NULL, 0);
    for (uint32_t i = queue->members_count; i-- > 0;) {
        struct uuid id = queue->members[i].id;
        const struct key *ticket = key_find(world, KEY_TICKET, &id, 0);
        if (uuid_equal(&id, &own->id)) {
            continue;
        }
        if (ticket == NULL || ticket->ticket_expires_ms <= now_ms ||
            valkey_playing(world, &id, &slot) != NULL || valkey_is_missed(world, &id)) {
            model_take_out(world, &id);
        } else {
            others[count++] = ticket->ticket;
        }
    }
    int32_t chosen = matchmaker_choose(&world->limits.matchmaker, &own->ticket, others, count,
                                       now_ms);
    return chosen < 0 ? NULL : key_find(world, KEY_TICKET, &others[chosen].player, 0);
}

/* The living process with the least to do, the caller first. */
static struct key *place(struct world *world)
{
    struct key *own = key_find(world, KEY_LEASE, NULL, world->valkey->me);
    struct key *chosen = own;
    const struct key *boots = key_find(world, KEY_BOOTS, NULL, 0);
    uint32_t load = own == NULL ? 0 : own->load;
    bool draining = own != NULL && own->draining;
    for (uint32_t i = 0; boots != NULL && i < boots->members_count; i++) {
        struct key *lease = key_find(world, KEY_LEASE, NULL, boots->members[i].boot);
        if (lease != NULL && lease->boot != world->valkey->me &&
            lease->node != world->valkey->here && !lease->draining &&
            (draining || lease->load < load)) {
            chosen = lease;
            load = lease->load;
            draining = false;
        }
    }
    if (chosen != NULL) {
        chosen->load++;
    }
    return chosen;
}

struct key *model_make(struct world *world, const struct uuid *id, const struct uuid players[2],
                       const struct text cards[2], const struct key *process, struct text terms)
{
    bool mine = process == NULL || process->boot == world->valkey->me;
    key_drop(world, valkey_match(world, id));
    struct key *match = key_put(world, KEY_MATCH, id, 0, MADE_MS);
    match->owner = mine ? world->valkey->me : 0;
    match->node = mine ? world->valkey->here : process->node;
    match->fence = (uint64_t)valkey_now_ms(world) * 1000 + world->now_us % 1000;
    match->dormant = true;
    memcpy(match->phase, "waiting", 8);
    key_set_blob(match, 3, terms);
    for (uint32_t i = 0; i < 2; i++) {
        key_set_blob(match, i, cards[i]);
        match->player[i] = players[i];
        key_put(world, KEY_PLAYING, &players[i], 0, MADE_MS)->player[0] = *id;
        key_put(world, KEY_LAST, &players[i], 0, DAY_MS)->player[0] = players[1 - i];
        valkey_note(world, mine ? world->valkey->me : process->boot, &players[i], id);
    }
    witness_paired(world, id, players);
    if (mine) {
        valkey_own(world, match);
    }
    return match;
}

static struct key *make(struct world *world, const struct hub_effect *effect,
                        const struct key *own, const struct key *opponent)
{
    const struct key *process = place(world);
    uint8_t slot = effect->join.slot;
    struct uuid players[2];
    struct text cards[2];
    players[slot] = own->id;
    players[1 - slot] = opponent->id;
    cards[slot] = own->texts[0];
    cards[1 - slot] = opponent->texts[0];
    world->tally->elsewhere += process != NULL && process->boot != world->valkey->me;
    return model_make(world, &effect->join.match, players, cards, process, TEXT_NONE);
}

void model_join(struct world *world, const struct hub_effect *effect, struct world_item *answer)
{
    const struct uuid *player = &effect->join.ticket.player;
    struct hub_event *event = &answer->answers[answer->answers_count++];
    const struct world_process *caller = world->valkey->caller;
    int64_t now_ms = caller == NULL ? (int64_t)(world->now_us / 1000)
                                    : (int64_t)(process_clock(world, caller) / 1000);
    uint8_t slot;
    struct key *current = valkey_playing(world, player, &slot);
    event->queue.since_ms = effect->join.ticket.since_ms;
    if (current != NULL) {
        model_take_out(world, player);
        if (valkey_is_abandoned(world, current) &&
            (current->node == world->valkey->here || valkey_place_of(world, current) == 0)) {
            valkey_take(world, current);
        }
        tell_matched(world, answer, current, slot);
        return;
    }
    if (valkey_is_missed(world, player)) {
        model_take_out(world, player);
        event->queue.waiting = waiting(world);
        event->queue.later = true;
        return;
    }
    int64_t wait_ms = model_cooldown_ms(world, player);
    if (wait_ms > 0) {
        model_take_out(world, player);
        event->queue.waiting = waiting(world);
        event->queue.cooldown_until_ms = now_ms + wait_ms;
        return;
    }
    const struct key *before = key_find(world, KEY_TICKET, player, 0);
    if (before == NULL || before->ticket_expires_ms <= now_ms) {
        model_withdraw_all(world, player); /* not those that he makes while he waits */
    }
    struct key *own = put_ticket(world, effect, now_ms);
    event->queue.since_ms = own->ticket.since_ms;
    if (valkey_is_untold(world, 0)) {
        event->queue.waiting = waiting(world);
        event->queue.later = true;
        return;
    }
    struct key *opponent = choose(world, own, now_ms);
    event->queue.waiting = waiting(world);
    if (opponent == NULL) {
        return;
    }
    struct key *match = make(world, effect, own, opponent);
    if (opponent->owner != world->valkey->me) {
        valkey_nudge(world, opponent->owner, &opponent->id);
    }
    struct uuid other = opponent->id;
    model_take_out(world, &other);
    model_take_out(world, player);
    tell_matched(world, answer, match, effect->join.slot);
}
