/* How a player comes by its picture (contract section 6). */
#include <loadtest/load/player_inside.h>

#include <duel/base/assert.h>
#include <loadtest/load/frame.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAME_SIZE_MAX (8U << 20)

static void send_ready(struct player *player, uint32_t round)
{
    struct message message = { .type = MSG_ready };
    message.ready.round = round;
    socket_send(player->socket, &message);
}

void player_forget_frame(struct player *player)
{
    if (player->fetch != NULL) {
        http_cancel(player->fetch);
        player->fetch = NULL;
    }
    free(player->sealed);
    player->sealed = NULL;
    player->sealed_round = 0;
}

static void frame_came(void *context, uint32_t status, uint8_t *body, uint32_t size)
{
    struct player *player = context;
    struct stats *stats = player->all->stats;
    player->fetch = NULL;
    if (status != 200) {
        stats_error(stats, "frame: HTTP status %u", status);
        return;
    }
    stats_time(stats, LATENCY_frame, wire_now_us() - player->fetch_us);
    stats_count(stats, COUNT_frames, 1);
    stats_count(stats, COUNT_frame_bytes, size);
    player->sealed = malloc(size);
    ASSERT(player->sealed != NULL);
    memcpy(player->sealed, body, size);
    player->sealed_size = size;
    if (player->socket != NULL) {
        send_ready(player, player->sealed_round);
    }
}

void player_fetch_frame(struct player *player, const struct msg_frame *frame)
{
    const struct options *options = player->all->options;
    if (!options->frames) {
        send_ready(player, (uint32_t)frame->round);
        return;
    }
    char url[512];
    player_forget_frame(player);
    snprintf(url, sizeof(url), "http://%s:%u%.*s", options->host, options->port,
             TEXT_ARG(frame->url));
    snprintf(player->frame_token, sizeof(player->frame_token), "%s", strrchr(url, '/') + 1);
    player->sealed_round = (uint32_t)frame->round;
    player->fetch_us = wire_now_us();
    player->fetch = http_ask(player->all->http, "GET", url, NULL, NULL, FRAME_SIZE_MAX,
                             frame_came, player);
}

void player_open_frame(struct player *player, const uint8_t key[16])
{
    if (player->sealed == NULL || player->sealed_round != player->round) {
        return;
    }
    const uint8_t *image;
    uint32_t size;
    const char *wrong =
        frame_open(player->sealed, player->sealed_size, player->frame_token, key, &image, &size);
    if (wrong != NULL) {
        stats_broken(player->all->stats, "%s", wrong);
    } else if (frame_read_video(image, size, player->video, sizeof(player->video))) {
        player->video_starts_at = player->starts_at;
    }
    free(player->sealed);
    player->sealed = NULL;
}
