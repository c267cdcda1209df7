/* Friends: neighbours who always play each other, by invitation (contract section 1). */
#include <loadtest/load/player_inside.h>

#include <jansson.h>
#include <stdio.h>

#define ANSWER_SIZE_MAX 4096

bool player_has_friend(const struct player *player)
{
    return player->number / 2 * 61 % 100 < player->all->options->invite_percent; /* spread evenly */
}

static struct player *friend_of(const struct player *player)
{
    return &player->all->list[player->number ^ 1];
}

/* Where both connect. */
static bool read_path(struct player *player, const uint8_t *body, uint32_t size)
{
    json_t *answer = json_loadb((const char *)body, size, 0, NULL);
    const char *path = json_string_value(json_object_get(json_object_get(answer, "data"), "path"));
    if (path != NULL) {
        player_keep_way(player, text_from(path), TEXT(""));
        player_keep_way(friend_of(player), text_from(path), TEXT(""));
    }
    json_decref(answer);
    return path != NULL;
}

static void invited(void *context, uint32_t status, uint8_t *body, uint32_t size)
{
    struct player *player = context, *friend = friend_of(player);
    player->fetch = NULL;
    uint64_t now_us = wire_now_us();
    if (status >= 200 && status < 300 && read_path(player, body, size)) {
        player_connect(player, now_us);
        player_connect(friend, now_us);
        return;
    }
    stats_error(player->all->stats, "invite: HTTP status %u", status);
    player_try_again(player, PLAYER_AWAY);
    player_try_again(friend, PLAYER_AWAY);
}

void player_meet_friend(struct player *player)
{
    const struct options *options = player->all->options;
    if (friend_of(player)->state != PLAYER_FRIEND || player->all->stopping) {
        return;
    }
    char url[512];
    snprintf(url, sizeof(url), "http://%s:%u%s/invite", options->host, options->port,
             options->base_path);
    player->fetch = http_ask(player->all->http, "POST", url, player->token, "{}", ANSWER_SIZE_MAX,
                             invited, player);
}
