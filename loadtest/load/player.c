/* The life of a player; see the header. */
#include <loadtest/load/player_inside.h>

#include <errno.h>
#include <loadtest/load/think.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRIES_MAX 8
#define DROP_MIN_US 200000
#define DROP_SPAN_US 2800000
#define COOLING_US 30000000

static const struct socket_events queue_events;

/* ---- time ---- */

void player_arm(struct player *player)
{
    uint64_t due_us = TIMERQ_NEVER;
    const uint64_t all[] = { player->guess_us, player->drop_us, player->leave_us };
    for (uint32_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (all[i] != 0 && all[i] < due_us) {
            due_us = all[i];
        }
    }
    timerq_set(&player->all->timers, player->number, due_us);
}

static void come_at(struct player *player, enum player_state state, uint64_t due_us)
{
    player->state = (uint8_t)state;
    timerq_set(&player->all->timers, player->number, due_us);
}

/* ---- ends ---- */

void player_unwelcome(struct player *player)
{
    if (player->welcomed) {
        player->welcomed = false;
        player->all->live--;
    }
    player->guess_us = player->drop_us = player->leave_us = player->meant_us = 0;
    player->keys_left = 0;
    player->round = 0;
    player_forget_frame(player);
}

void player_leave_bout(struct player *player)
{
    struct bout *bout = player->bout;
    player->bout = NULL;
    player->resuming = false;
    if (bout == NULL) {
        return;
    }
    if (bout->players[player->slot] == player) {
        bout->players[player->slot] = NULL;
    }
    if (bout->players[0] == NULL && bout->players[1] == NULL) {
        player->all->bout_release(player->all, bout);
    }
}

/* Joins again, unless the run ends. */
void player_match_over(struct player *player, uint64_t pause_us)
{
    player_unwelcome(player);
    player_leave_bout(player);
    come_at(player, PLAYER_AWAY,
            player->all->stopping ? TIMERQ_NEVER : wire_now_us() + pause_us);
    player->all->gone(player);
}

void player_try_again(struct player *player, enum player_state state)
{
    uint64_t wait_us = PLAYER_RETRY_US << (player->again < 5 ? player->again : 5);
    wait_us = wait_us / 2 + rng_below(&player->all->rng, (uint32_t)wait_us / 2 + 1);
    if (player->all->stopping || ++player->again > TRIES_MAX) {
        if (!player->all->stopping) {
            stats_error(player->all->stats, "a player gave up after %d tries", TRIES_MAX);
        }
        player->again = 0;
        player_match_over(player, wait_us);
        return;
    }
    player_unwelcome(player);
    come_at(player, state, wire_now_us() + wait_us);
}

/* ---- connecting ---- */

void player_init(struct player *player, struct players *all, uint32_t number, char *token)
{
    *player = (struct player){ .all = all, .number = number, .token = token };
    if (all->options->direct) {
        snprintf(player->path, sizeof(player->path), "%s/match/00000000-0000-4000-8000-%012x",
                 all->options->base_path, number / 2);
    }
}

static void open_socket(struct player *player, const char *path, bool with_ticket,
                        const struct socket_events *events)
{
    struct players *all = player->all;
    struct socket_request request = { .path = path };
    if (with_ticket && player->ticket[0] != '\0') {
        request.ticket = player->ticket;
    } else if (!player->waits_to_auth) {
        request.token = player->token;
    }
    if (player->number % 2 == 1) {
        request.line = all->options->line;
    }
    player->socket = socket_open(all->wire, &request, events, player);
    if (player->socket == NULL) {
        stats_error(all->stats, "cannot connect: %s", strerror(errno));
        player_try_again(player, events == &queue_events ? PLAYER_AWAY : PLAYER_LOST);
    }
}

void player_join(struct player *player, uint64_t meant_us)
{
    struct players *all = player->all;
    player->joined_us = meant_us;
    player->new_match = true;
    if (all->options->direct) {
        player_connect(player, meant_us);
        return;
    }
    player->ticket[0] = '\0';
    stats_count(all->stats, COUNT_joins, 1);
    if (player_has_friend(player)) {
        come_at(player, PLAYER_FRIEND, TIMERQ_NEVER);
        player_meet_friend(player);
        return;
    }
    char path[PLAYER_PATH_SIZE];
    snprintf(path, sizeof(path), "%s/queue", all->options->base_path);
    come_at(player, PLAYER_QUEUE, TIMERQ_NEVER);
    player->queued = player->cooling = false;
    open_socket(player, path, false, &queue_events);
}

void player_auth(struct player *player, uint64_t meant_us)
{
    struct message message = { .type = MSG_auth };
    message.auth.token = text_from(player->token);
    player->joined_us = meant_us;
    if (player->socket != NULL) {
        socket_send(player->socket, &message);
    }
}

void player_connect(struct player *player, uint64_t meant_us)
{
    come_at(player, PLAYER_MATCH, TIMERQ_NEVER);
    player->connect_us = meant_us;
    open_socket(player, player->path, !player->by_token, &player_match_events);
}

void player_drop(struct player *player, uint64_t back_us)
{
    if (player->socket != NULL) {
        socket_cut(player->socket);
        player->socket = NULL;
    }
    player_unwelcome(player);
    if (player->all->options->direct) {
        player_leave_bout(player); /* a reference gives the seats anew */
    }
    come_at(player, PLAYER_LOST, back_us == UINT64_MAX ? TIMERQ_NEVER : back_us);
}

void player_done(struct player *player)
{
    if (player->socket != NULL) {
        socket_cut(player->socket);
        player->socket = NULL;
    }
    player_unwelcome(player);
    player_leave_bout(player);
    timerq_set(&player->all->timers, player->number, TIMERQ_NEVER);
    free(player->token);
    player->token = NULL;
}

struct player *player_mate(const struct player *player)
{
    return player->bout == NULL ? NULL : player->bout->players[1 - player->slot];
}

/* ---- what its timer is set for ---- */

static void act_in_match(struct player *player, uint64_t due_us)
{
    if (player->drop_us != 0 && player->drop_us <= due_us) {
        stats_count(player->all->stats, COUNT_drops, 1);
        player_drop(player, wire_now_us() + DROP_MIN_US +
                                rng_below(&player->all->rng, DROP_SPAN_US));
        return;
    }
    if (player->leave_us != 0 && player->leave_us <= due_us) {
        struct message message = { .type = MSG_leave };
        player->leave_us = 0;
        socket_send(player->socket, &message);
        stats_count(player->all->stats, COUNT_leaves, 1);
    }
    if (player->guess_us != 0 && player->guess_us <= due_us) {
        player_guess_is_due(player);
    }
    player_arm(player);
}

void player_due(struct player *player, uint64_t due_us)
{
    switch ((enum player_state)player->state) {
    case PLAYER_AWAY:
        if (!player->all->stopping) {
            player_join(player, due_us);
        }
        break;
    case PLAYER_LOST:
        player_connect(player, due_us);
        break;
    case PLAYER_MATCH:
        act_in_match(player, due_us);
        break;
    case PLAYER_FRIEND:
    case PLAYER_QUEUE:
    case PLAYER_FOUND:
        break;
    }
}

/* ---- the queue ---- */

static void queue_opened(void *context)
{
    struct player *player = context;
    if (player->waits_to_auth) {
        player->all->opened(player);
    }
}

void player_keep_way(struct player *player, struct text path, struct text ticket)
{
    snprintf(player->path, sizeof(player->path), "%.*s", TEXT_ARG(path));
    snprintf(player->ticket, sizeof(player->ticket), "%.*s", TEXT_ARG(ticket));
}

static void time_matched(struct player *player, uint64_t took_us)
{
    struct stats *stats = player->all->stats;
    if (player->joined_us < stats->measured_from_us) {
        return; /* the ramp's */
    }
    stats_time(stats, LATENCY_matched, took_us);
    if (!player->queued) {
        stats_time(stats, LATENCY_matched_fit, took_us);
    }
}

static void queue_message(void *context, const struct message *message, uint64_t arrived_us)
{
    struct player *player = context;
    struct stats *stats = player->all->stats;
    if (message->type == MSG_queued) {
        player->queued = true;
    } else if (message->type == MSG_matched) {
        time_matched(player, arrived_us - player->joined_us);
        player_keep_way(player, message->matched.path, message->matched.resume);
        player->state = PLAYER_FOUND;
        player->all->matched(player);
    } else if (message->type == MSG_error) {
        /* Who leaves often waits: that is the rule, and no fault. */
        player->cooling = text_equal(message->error.code, TEXT("COOLDOWN"));
        if (!player->cooling) {
            stats_error(stats, "queue: error %.*s", TEXT_ARG(message->error.code));
        }
    }
}

static void queue_closed(void *context, uint16_t code, struct text reason)
{
    struct player *player = context;
    struct players *all = player->all;
    player->socket = NULL;
    if (player->state == PLAYER_FOUND) {
        player->again = 0;
        if (!all->stay) {
            player_connect(player, wire_now_us());
        }
    } else if (player->cooling) {
        player_match_over(player, COOLING_US);
    } else if (code == 4408 && !player->waits_to_auth) {
        stats_count(all->stats, COUNT_queue_timeouts, 1);
        player_match_over(player, 0);
    } else if (code == 1012 || code == 1001) {
        player_try_again(player, PLAYER_AWAY); /* it is being restarted: that is no error */
    } else {
        if (!all->stopping) {
            stats_error(all->stats, "queue socket closed: %u %.*s", code, TEXT_ARG(reason));
        }
        if (code == 401 || code == 4401) {
            come_at(player, PLAYER_AWAY, TIMERQ_NEVER); /* its token becomes no better */
            all->refused++;
            all->gone(player);
        } else {
            player_try_again(player, PLAYER_AWAY);
        }
    }
}

static const struct socket_events queue_events = { queue_opened, queue_message, queue_closed };
