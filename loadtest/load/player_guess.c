/* How a player guesses: people in their time, a saturated pair as fast as the server answers. */
#include <loadtest/load/player_inside.h>

#include <loadtest/load/think.h>
#include <stdio.h>

#define KEYS_MIN 3
#define KEYS_MAX 15
#define LOCK_SLACK_US 1000
#define UNANSWERED_US 1000000U

/* Whether the picture of the running round was read. */
static bool knows_video(const struct player *player)
{
    return player->starts_at != 0 && player->video_starts_at == player->starts_at;
}

static void guess(struct player *player, bool right, uint64_t meant_us)
{
    struct players *all = player->all;
    struct message message = { .type = MSG_guess };
    char wrong[32];
    right = right && (knows_video(player) || all->options->answer != NULL);
    message.guess.round = player->round;
    message.guess.seq = ++player->seq;
    if (!right) {
        snprintf(wrong, sizeof(wrong), "no idea %u", rng_below(&all->rng, 100000));
        message.guess.text = text_from(wrong);
    } else if (knows_video(player)) {
        message.guess.video = text_from(player->video);
    } else {
        message.guess.text = text_from(all->options->answer);
    }
    if (!all->options->direct) {
        umpire_guess(&player->bout->umpire, player->slot, player->seq, right);
    }
    socket_send(player->socket, &message);
    player->meant_us = meant_us;
    stats_count(all->stats, COUNT_guesses, 1);
    uint64_t now_us = wire_now_us();
    stats_time(all->stats, LATENCY_late, now_us > meant_us ? now_us - meant_us : 0);
}

static void plan_guess(struct player *player, uint64_t at_us)
{
    player->guess_us = at_us;
    player->keys_left = 0;
    if (think_chance(&player->all->rng, player->all->options->suggest_percent)) {
        player->keys_left = KEYS_MIN + rng_below(&player->all->rng, KEYS_MAX - KEYS_MIN);
    }
    player_arm(player);
}

/* In each round one seat guesses wrong first, and when it knows, the other one right. */
static bool is_first(const struct player *player)
{
    return player->round % 2 == player->slot;
}

static void begin_at_once(struct player *player, uint64_t now_us)
{
    const struct player *mate = player_mate(player);
    bool mate_is_done = mate != NULL && mate->round == player->round && mate->seq > 0 &&
                        mate->meant_us == 0;
    if (player->seq == 0 && (is_first(player) || mate_is_done)) {
        guess(player, !is_first(player), now_us);
    }
}

void player_begin_round(struct player *player, uint32_t guesses_left, uint64_t now_us)
{
    const struct options *options = player->all->options;
    if (player->quiet || guesses_left == 0) {
        return;
    }
    if (options->mode == MODE_SATURATION) {
        begin_at_once(player, now_us);
    } else {
        plan_guess(player, now_us + think_guess_us(options, &player->all->rng));
    }
}

void player_wake(struct player *player)
{
    player->quiet = false;
    if (player->welcomed && player->round != 0) {
        player_begin_round(player, player->max_guesses, wire_now_us());
    }
}

/* Keys before the guess itself: each asks for suggestions. */
static void press_key(struct player *player)
{
    struct message message = { .type = MSG_suggest };
    message.suggest.seq = ++player->suggest_seq;
    message.suggest.q = TEXT("the river and the bridge");
    message.suggest.q.size = KEYS_MAX + 1 - player->keys_left;
    socket_send(player->socket, &message);
    stats_count(player->all->stats, COUNT_suggests, 1);
    player->suggest_us = player->guess_us;
    player->keys_left--;
    player->guess_us += think_key_us(&player->all->rng);
}

void player_guess_is_due(struct player *player)
{
    const struct options *options = player->all->options;
    if (player->keys_left > 0) {
        press_key(player);
        return;
    }
    uint64_t meant_us = player->guess_us;
    player->guess_us = 0;
    guess(player, options->even || think_chance(&player->all->rng, options->right_percent),
          meant_us);
}

static void after_wrong(struct player *player, uint64_t now_us)
{
    uint64_t lock_us = player->lockout_ms * 1000ULL + LOCK_SLACK_US;
    uint64_t think_us = think_guess_us(player->all->options, &player->all->rng);
    plan_guess(player, now_us + (think_us > lock_us ? think_us : lock_us));
}

void player_on_verdict(struct player *player, const struct msg_verdict *verdict,
                       uint64_t arrived_us)
{
    struct players *all = player->all;
    if (!all->options->direct) {
        umpire_verdict(&player->bout->umpire, player->slot, verdict);
    }
    if ((uint32_t)verdict->round != player->round || player->meant_us == 0) {
        return;
    }
    stats_time(all->stats, LATENCY_verdict, arrived_us - player->meant_us);
    stats_count(all->stats, COUNT_verdicts, 1);
    stats_count(all->stats, COUNT_correct, verdict->correct ? 1 : 0);
    player->meant_us = 0;
    struct player *mate = player_mate(player);
    if (all->options->mode == MODE_SATURATION) {
        if (is_first(player) && mate != NULL && mate->welcomed && !mate->quiet &&
            mate->round == player->round && mate->seq == 0) {
            guess(mate, true, arrived_us);
        }
    } else if (!verdict->correct && verdict->guesses_left > 0 && !all->options->even) {
        after_wrong(player, arrived_us);
    }
}

void player_unanswered(struct player *player, uint64_t now_us)
{
    if (player->socket == NULL || player->meant_us == 0 ||
        now_us < player->meant_us + UNANSWERED_US) {
        return;
    }
    stats_time(player->all->stats, LATENCY_verdict, now_us - player->meant_us);
    stats_error(player->all->stats, "a guess was still unanswered after %u s",
                UNANSWERED_US / 1000000);
}
