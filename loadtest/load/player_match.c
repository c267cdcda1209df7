/* A player on its match socket: what it is told, and what that makes it do. */
#include <loadtest/load/player_inside.h>

#include <loadtest/load/think.h>
#include <stdio.h>

static void plan_accidents(struct player *player, uint64_t now_us)
{
    const struct options *options = player->all->options;
    if (player->quiet) {
        return;
    }
    if (options->drops_per_minute > 0 && player->drop_us == 0) {
        player->drop_us = now_us + think_next_us(&player->all->rng, options->drops_per_minute);
    }
    bool may_leave = player->new_match && player->slot == player->bout->match.bytes[14] % 2;
    if (may_leave && player->leave_us == 0 &&
        think_chance(&player->all->rng, options->leave_percent)) {
        player->leave_us = now_us + think_next_us(&player->all->rng, 3);
    }
    player_arm(player);
}

/* Its seat in what is known of the match; false: a rule is broken and it cannot go on. */
static bool take_seat(struct player *player, const struct msg_welcome *welcome)
{
    struct players *all = player->all;
    if (player->bout != NULL) {
        return uuid_equal(&player->bout->match, &welcome->match) && player->slot == welcome->you;
    }
    struct bout *bout = all->bout_get(all, &welcome->match);
    if (bout->players[welcome->you] != NULL) {
        return false;
    }
    player->slot = (uint8_t)welcome->you;
    player->bout = bout;
    bout->players[player->slot] = player;
    return true;
}

static void take_round_of_welcome(struct player *player, const struct msg_welcome *welcome,
                                  uint64_t arrived_us)
{
    const struct msg_round_now *round = &welcome->round;
    uint32_t guesses_left = player->max_guesses;
    /* A guess that was lost with the old socket keeps its number: under it only the same guess may
     * be sent again (contract section 4). */
    player->seq = player->starts_at == round->starts_at ? player->seq : 0;
    player->round = (uint32_t)round->round;
    player->round_us = 0;
    player->starts_at = round->starts_at;
    for (uint32_t i = 0; i < round->guesses_count; i++) {
        const struct msg_verdict *verdict = &round->guesses[i];
        player->seq = verdict->seq > player->seq ? (uint32_t)verdict->seq : player->seq;
        guesses_left = verdict->correct || guesses_left == 0 ? 0 : (uint32_t)verdict->guesses_left;
    }
    /* A lockout that still runs was told in a verdict; it is waited for from now. */
    uint64_t lock_us = round->guesses_count > 0 ? player->lockout_ms * 1000ULL : 0;
    player_begin_round(player, guesses_left, arrived_us + lock_us);
}

static void time_welcome(struct player *player, uint64_t arrived_us)
{
    struct players *all = player->all;
    if (player->connect_us == 0) {
        return; /* an invitation was taken up: `welcome` comes again */
    }
    stats_time(all->stats, LATENCY_welcome, arrived_us - player->connect_us);
    if (player->resuming) {
        stats_time(all->stats, LATENCY_resume, arrived_us - player->connect_us);
        stats_count(all->stats, COUNT_resumes, 1);
    }
    player->connect_us = 0;
}

static void on_welcome(struct player *player, const struct msg_welcome *welcome,
                       uint64_t arrived_us)
{
    struct players *all = player->all;
    time_welcome(player, arrived_us);
    if (!take_seat(player, welcome)) {
        stats_broken(all->stats, "welcome: another match or seat than was this player's");
        socket_close(player->socket, 1000);
        return;
    }
    player->resuming = true;
    player->again = 0;
    player->max_guesses = (uint32_t)welcome->rules.max_guesses;
    player->lockout_ms = (uint32_t)welcome->rules.lockout_ms;
    snprintf(player->ticket, sizeof(player->ticket), "%.*s", TEXT_ARG(welcome->resume));
    if (!all->options->direct) {
        umpire_welcome(&player->bout->umpire, player->slot, welcome);
    }
    if (welcome->has_round) {
        take_round_of_welcome(player, welcome, arrived_us);
    } else if (welcome->has_frame) {
        player_fetch_frame(player, &welcome->frame);
    }
    plan_accidents(player, arrived_us);
    if (!player->welcomed) {
        player->welcomed = true;
        all->live++;
        all->welcomed(player);
    }
}

static void time_round(struct player *player, uint64_t arrived_us)
{
    struct stats *stats = player->all->stats;
    const struct player *mate = player_mate(player);
    if (player->new_match) {
        player->new_match = false;
        if (player->joined_us >= stats->measured_from_us) {
            stats_time(stats, LATENCY_first_round, arrived_us - player->joined_us);
        }
        if (player->slot == 0) {
            stats_count(stats, COUNT_matches_started, 1);
        }
    }
    if (mate != NULL && mate->round == player->round && mate->round_us != 0 &&
        mate->starts_at == player->starts_at) {
        stats_time(stats, LATENCY_skew, arrived_us - mate->round_us);
    }
}

static void on_round(struct player *player, const struct msg_round *round, uint64_t arrived_us)
{
    player->round = (uint32_t)round->round;
    player->round_us = arrived_us;
    player->starts_at = round->starts_at;
    player->seq = 0;
    if (!player->all->options->direct) {
        umpire_round(&player->bout->umpire, player->slot, round);
    }
    time_round(player, arrived_us);
    player_open_frame(player, round->key);
    player_begin_round(player, player->max_guesses, arrived_us);
}

/* Who has the slow line wins how often: only where the other has it not. */
static void count_won(struct player *player, const struct msg_round_end *end)
{
    struct stats *stats = player->all->stats;
    const struct options *options = player->all->options;
    const struct player *mate = player_mate(player);
    bool is_asked = options->even || !line_is_straight(&options->line);
    if (!is_asked || mate == NULL || mate->number % 2 == player->number % 2) {
        return;
    }
    if (end->winner == MSG_NIL) {
        stats->won_by_nobody++;
    } else {
        stats->won[(end->winner == player->slot ? player : mate)->number % 2]++;
    }
}

static void on_round_end(struct player *player, const struct msg_round_end *end)
{
    if (!player->all->options->direct) {
        umpire_round_end(&player->bout->umpire, player->slot, end);
    }
    player->guess_us = player->meant_us = 0;
    player->keys_left = 0;
    player->round = 0;
    player_arm(player);
    if (player->slot == 0) {
        stats_count(player->all->stats, COUNT_rounds, 1);
        count_won(player, end);
    }
}

/* Both decide alike: by the match. */
static bool wants_rematch(const struct player *player)
{
    const struct player *mate = player_mate(player);
    return mate != NULL && mate->welcomed && !player->all->stopping &&
           (player->bout->match.bytes[15] * 100U >> 8) < player->all->options->rematch_percent;
}

static void on_match_end(struct player *player, const struct msg_match_end *end)
{
    bool again = player->bout->umpire.seats[player->slot].over; /* told after a resume too */
    umpire_match_end(&player->bout->umpire, player->slot, end);
    if (player->slot == 0 && !again) {
        stats_count(player->all->stats, COUNT_matches_finished, 1);
    }
    player->guess_us = player->drop_us = player->leave_us = 0;
    player_arm(player);
    if (text_equal(end->reason, TEXT("score")) && wants_rematch(player)) {
        struct message message = { .type = MSG_client_rematch };
        message.client_rematch.accept = true;
        socket_send(player->socket, &message);
    } else {
        socket_close(player->socket, 1000);
    }
}

static void on_rematch(struct player *player, const struct msg_server_rematch *rematch)
{
    if (text_equal(rematch->status, TEXT("accepted"))) {
        player_keep_way(player, rematch->path, rematch->resume);
        stats_count(player->all->stats, COUNT_rematches, player->slot == 0);
        player_unwelcome(player);
        player_leave_bout(player);
        player->new_match = true;
        player->joined_us = wire_now_us();
        player->state = PLAYER_FOUND;
        socket_close(player->socket, 1000);
    } else if (!text_equal(rematch->status, TEXT("offered"))) {
        socket_close(player->socket, 1000);
    }
}

static void on_error(struct player *player, const struct msg_error *error)
{
    /* A guess that crossed the end of its round is nobody's fault, nor an offer that crossed the
     * other's leaving. */
    if (!text_equal(error->code, TEXT("NOT_IN_ROUND")) &&
        !text_equal(error->code, TEXT("NOT_OVER"))) {
        stats_error(player->all->stats, "match: error %.*s", TEXT_ARG(error->code));
    }
    player->meant_us = 0;
}

static void match_message(void *context, const struct message *message, uint64_t arrived_us)
{
    struct player *player = context;
    struct stats *stats = player->all->stats;
    if (player->state == PLAYER_FOUND) {
        return; /* on its way into another match */
    }
    if (player->bout == NULL && message->type != MSG_welcome && message->type != MSG_error) {
        stats_broken(stats, "a message before welcome");
        return;
    }
    if (message->type == MSG_welcome) {
        on_welcome(player, &message->welcome, arrived_us);
    } else if (message->type == MSG_frame) {
        player_fetch_frame(player, &message->frame);
    } else if (message->type == MSG_round) {
        on_round(player, &message->round, arrived_us);
    } else if (message->type == MSG_verdict) {
        player_on_verdict(player, &message->verdict, arrived_us);
    } else if (message->type == MSG_opponent && !player->all->options->direct) {
        umpire_opponent(&player->bout->umpire, player->slot, &message->opponent);
    } else if (message->type == MSG_round_end) {
        on_round_end(player, &message->round_end);
    } else if (message->type == MSG_match_end) {
        on_match_end(player, &message->match_end);
    } else if (message->type == MSG_server_rematch) {
        on_rematch(player, &message->server_rematch);
    } else if (message->type == MSG_suggestions) {
        if (message->suggestions.seq == player->suggest_seq) {
            stats_time(stats, LATENCY_suggest, arrived_us - player->suggest_us);
        }
    } else if (message->type == MSG_error) {
        on_error(player, &message->error);
    }
}

static void match_opened(void *context)
{
    (void)context;
}

static void match_closed(void *context, uint16_t code, struct text reason)
{
    struct player *player = context;
    struct players *all = player->all;
    bool over = player->bout != NULL && player->bout->umpire.seats[player->slot].over;
    player->socket = NULL;
    if (player->state == PLAYER_FOUND) {
        player_connect(player, wire_now_us());
    } else if (over || code == 1000 || code == 4410) {
        player_match_over(player, 0);
    } else if (code == 4421) {
        stats_count(all->stats, COUNT_redirects, 1);
        snprintf(player->path, sizeof(player->path), "%.*s", TEXT_ARG(reason));
        player_try_again(player, PLAYER_LOST);
    } else if (code == 1012 || code == 1001) {
        player_try_again(player, PLAYER_LOST); /* it is being restarted: that is no error */
    } else {
        if (!all->stopping) {
            stats_error(all->stats, "match socket closed: %u %.*s", code, TEXT_ARG(reason));
        }
        if (code == 4404 || code == 4403 || code == 4408 || code == 4401) {
            player_match_over(player, PLAYER_RETRY_US);
        } else {
            player_try_again(player, PLAYER_LOST);
        }
    }
}

const struct socket_events player_match_events = { match_opened, match_message, match_closed };
