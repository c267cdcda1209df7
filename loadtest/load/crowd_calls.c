/* Those of a crowd who come all at once: a storm of players who were cut off, and a queue that
 * everybody joins together. */
#include <loadtest/load/crowd_inside.h>

#include <stdlib.h>

#define IN_FLIGHT_MAX 256

void crowd_call(struct crowd *crowd)
{
    while (crowd->under_way < IN_FLIGHT_MAX && crowd->called_next < crowd->called_count) {
        struct player *player = crowd->called[crowd->called_next++];
        player->awaited = true;
        crowd->under_way++;
        if (crowd->options->mode == MODE_PAIRING) {
            player_join(player, wire_now_us());
        } else {
            player_connect(player, wire_now_us());
        }
    }
}

void crowd_on_come(struct player *player)
{
    struct crowd *crowd = player->all->context;
    if (player->awaited) {
        player->awaited = false;
        crowd->under_way--;
        crowd->came++;
        crowd_call(crowd);
    }
}

void crowd_on_welcomed(struct player *player)
{
    struct crowd *crowd = player->all->context;
    crowd->arrived += !player->arrived;
    player->arrived = true;
    crowd_on_come(player);
}

void crowd_on_matched(struct player *player)
{
    struct crowd *crowd = player->all->context;
    if (crowd->options->mode == MODE_PAIRING && ++crowd->stats->pairing_players == crowd->count) {
        crowd->stats->pairing_to_us = wire_now_us();
    }
}

void crowd_begin_pairing(struct crowd *crowd)
{
    uint64_t now_us = wire_now_us();
    crowd->stats->pairing_from_us = now_us;
    for (uint32_t i = 0; i < crowd->count; i++) {
        crowd->all.list[i].waits_to_auth = false;
        player_auth(&crowd->all.list[i], now_us);
    }
}

void crowd_cut(struct crowd *crowd)
{
    uint32_t playing = crowd->options->playing, index = 0;
    for (struct bout *bout = pool_next(&crowd->bouts, &index); bout != NULL && playing > 0;
         bout = pool_next(&crowd->bouts, &index)) {
        struct player **both = bout->players;
        if (both[0] != NULL && both[1] != NULL && both[0]->welcomed && both[1]->welcomed) {
            player_wake(both[0]);
            player_wake(both[1]);
            playing--;
        }
    }
    for (uint32_t i = 0; i < crowd->count; i++) {
        struct player *player = &crowd->all.list[i];
        if (player->quiet && player->welcomed) {
            player_drop(player, UINT64_MAX);
            crowd->called[crowd->called_count++] = player;
        }
    }
}

void crowd_begin_storm(struct crowd *crowd)
{
    struct stats *stats = crowd->stats;
    for (uint32_t i = 0; crowd->fresh != NULL && i < crowd->called_count; i++) {
        struct player *player = crowd->called[i];
        free(player->token);
        player->token = crowd->fresh[player->number];
        crowd->fresh[player->number] = NULL;
        player->by_token = true;
    }
    stats->storm_from_us = wire_now_us();
    stats->storm_connections = crowd->called_count;
    crowd_call(crowd);
}
