/* Clients: they know the protocol and nothing else, guess well or badly, and behave badly now
 * and then. */
#include <stdio.h>
#include <string.h>
#include <tests/sim/world/world.h>

void bots_init(struct world *world)
{
    world->users_count = 4 + world_random(world, WORLD_USERS_MAX - 4);
    for (uint32_t i = 0; i < world->users_count; i++) {
        struct world_user *user = &world->users[i];
        (void)snprintf(user->sub, sizeof user->sub, "sub-%u", i);
        (void)snprintf(user->name, sizeof user->name, "Plàyer\t%u", i);
        user->id = uuid_random(rng_next(&world->rng), rng_next(&world->rng));
        user->start = 900 + (int32_t)world_random(world, 300);
        user->opponents = HUB_OPPONENTS_MAX - i % 3;
        user->rating = user->start;
        world->bots[i].latency_us = 1000 + world_random(world, 200000);
        world->bots[i].skill = world_random(world, 101);
        world->bots[i].answer = -1;
        world_plan(world, world_random(world, 2 * WORLD_SECOND_US), ITEM_THINK)->bot = i;
    }
}

static void say_type(struct world *world, struct ref conn, enum message_type type)
{
    struct world_say say = { .type = type, .round = 1 + world_random(world, 8) };
    net_say(world, conn, &say);
}

static void forget_match(struct world_bot *bot)
{
    bot->has_match = false;
    bot->has_ticket = false;
    bot->is_parked = false;
    bot->over_seen = false;
    bot->welcomed = false;
    bot->play = REF_NONE;
    bot->round = 0;
    bot->frame_round = 0;
    bot->ready_round = 0;
    bot->last.type = MSG_NONE;
    bot->tries = 0;
    bot->place = 0;
}

/* ---- the queue ---- */

static void go_to_match(struct world *world, struct world_bot *bot, const struct uuid *match,
                        struct text resume, struct text path)
{
    if (!bot->has_match || !uuid_equal(&bot->match, match)) {
        forget_match(bot);
        bot->has_match = true;
        bot->match = *match;
        bot->slot = (uint8_t)(resume.data[0] - '0');
        bot->has_ticket = true;
        bot->play_after_us = world->now_us;
    }
    bot->place = text_equal(path, TEXT("/n/a")) ? 1 : 2;
}

static void open_tab(struct world *world, uint32_t index)
{
    struct world_bot *bot = &world->bots[index];
    struct ref conn = bot->tabs_count < WORLD_TABS_MAX
                          ? net_open(world, index, HUB_DOOR_QUEUE, false, 0)
                          : REF_NONE;
    if (!ref_is_none(conn)) {
        bot->tabs[bot->tabs_count++] = conn;
    }
}

/* Asks, joins again, leaves, or loses interest without a word. */
static void think_polling(struct world *world, uint32_t index)
{
    uint32_t roll = world_random(world, 1000);
    if (roll < 60) {
        net_open(world, index, HUB_DOOR_POLL, false, 0);
    } else if (roll < 100) {
        net_open(world, index, HUB_DOOR_JOIN, false, 0);
    } else if (roll < 103) {
        net_open(world, index, HUB_DOOR_LEAVE, false, 0);
    } else if (roll < 106) {
        world->bots[index].polls = false;
    }
}

void bots_polled(struct world *world, uint32_t index, const struct message *message)
{
    struct world_bot *bot = &world->bots[index];
    bot->polls = message->type == MSG_queue_queued;
    if (message->type == MSG_queue_matched) {
        go_to_match(world, bot, &message->queue_matched.match, message->queue_matched.resume,
                    message->queue_matched.path);
    }
}

static void think_idle(struct world *world, uint32_t index)
{
    uint32_t roll = world_random(world, 100);
    if (!world->ending && world->bots[index].polls) {
        think_polling(world, index);
        return;
    }
    if (world->ending || world->now_us < world->bots[index].tabs_after_us) {
        return;
    }
    if (roll < 30) {
        open_tab(world, index);
    } else if (roll < 35) {
        net_open(world, index, HUB_DOOR_ME, false, 0);
    } else if (roll < 40) {
        net_open(world, index, HUB_DOOR_SEARCH, false, 0);
    } else if (roll < 48) {
        net_open(world, index, HUB_DOOR_INVITE, false, 0);
    } else if (roll < 58) {
        world->bots[index].polls = true;
        net_open(world, index, HUB_DOOR_JOIN, false, 0);
    }
}

static void think_queued(struct world *world, uint32_t index)
{
    struct world_bot *bot = &world->bots[index];
    struct ref tab = bot->tabs[world_random(world, bot->tabs_count)];
    uint32_t roll = world_random(world, 1000);
    if (world_chance(world, world->faults.lost)) {
        net_lose(world, tab);
    } else if (world_chance(world, world->faults.rudeness)) {
        if (roll < 200) {
            say_type(world, tab, MSG_leave);
        } else if (roll < 400) {
            net_close(world, tab);
        } else if (roll < 800) {
            open_tab(world, index);
        } else {
            say_type(world, tab, MSG_ready);
        }
    } else if (roll < 20) {
        say_type(world, tab, MSG_ping);
    } else if (roll < 40) {
        net_open(world, index, HUB_DOOR_ME, false, 0);
    } else if (roll < 43) {
        net_open(world, index, HUB_DOOR_INVITE, false, 0);
    } else if (roll < 48) {
        net_open(world, index, roll < 46 ? HUB_DOOR_POLL : HUB_DOOR_JOIN, false, 0);
    }
}

/* ---- invitations ---- */

/* A link to a match, which may lead to somebody else's by now. */
static void follow_link(struct world *world, struct world_bot *bot, const struct uuid *match)
{
    forget_match(bot);
    bot->has_match = true;
    bot->match = *match;
    bot->play_after_us = world->now_us + world_random(world, 3 * WORLD_SECOND_US);
}

void bots_invited(struct world *world, uint32_t index, const struct uuid *match)
{
    struct world_bot *bot = &world->bots[index];
    if (!bot->has_match && world_chance(world, 900)) {
        follow_link(world, bot, match); /* else the friend finds nobody */
    }
    uint32_t first = world_random(world, world->users_count);
    uint32_t friends = world_chance(world, 200) ? 2 : 1; /* the second is one too many */
    for (uint32_t i = 0; i < world->users_count && friends > 0; i++) {
        uint32_t other = (first + i) % world->users_count;
        if (other != index && !world->bots[other].has_match) {
            follow_link(world, &world->bots[other], match);
            friends--;
        }
    }
}

static void think_parked(struct world *world, uint32_t index)
{
    const struct world_bot *bot = &world->bots[index];
    uint32_t roll = world_random(world, 1000);
    if (world->ending || roll < 10) {
        say_type(world, bot->play, MSG_leave);
    } else if (roll < 20) {
        net_open(world, index, HUB_DOOR_WITHDRAW, false, 0);
    } else if (roll < 30) {
        open_tab(world, index); /* withdraws it */
    } else if (roll < 60) {
        say_type(world, bot->play, MSG_suggest);
    }
}

/* By token, unless it is known in which seat. */
static struct ref open_match(struct world *world, uint32_t index, uint32_t place)
{
    bool by_ticket = world->bots[index].has_ticket && world_chance(world, 500);
    return net_open(world, index, HUB_DOOR_MATCH, by_ticket, place);
}

/* ---- a match ---- */

static void set_guess(struct world *world, struct world_bot *bot, bool right,
                      struct world_say *say)
{
    const struct world_row *row = &world->rows[bot->answer];
    uint32_t other = (uint32_t)bot->answer;
    while (other == (uint32_t)bot->answer) {
        other = world_random(world, world->rows_count);
    }
    const char *text;
    say->right = right;
    say->is_video = world_chance(world, 400);
    if (say->is_video) {
        text = right ? row->video : world->rows[other].video;
    } else {
        text = right ? row->title : world_chance(world, 300) ? world->rows[other].title
                                                             : "no idea what this could be";
    }
    say->text_size = (uint32_t)strlen(text);
    memcpy(say->text, text, say->text_size);
}

static void guess(struct world *world, struct world_bot *bot)
{
    struct world_say say = { .type = MSG_guess, .round = bot->round };
    if (world_chance(world, 80) && bot->last.type == MSG_guess &&
        bot->last.round == bot->round) {
        net_say(world, bot->play, &bot->last);
        return;
    }
    set_guess(world, bot, world_random(world, 100) < bot->skill, &say);
    say.seq = ++bot->seq;
    net_say(world, bot->play, &say);
    bot->last = say;
    if (world_chance(world, world->faults.rudeness)) {
        /* A number that is not above the last, or another round. */
        struct world_say odd = { .type = MSG_guess, .text_size = 5, .text = "hmmmm" };
        odd.seq = bot->seq > 3 ? bot->seq + 1 - world_random(world, 3) : bot->seq;
        odd.round = bot->round + world_random(world, 2);
        net_say(world, bot->play, &odd);
    }
}

static void be_rude(struct world *world, uint32_t index)
{
    static const enum message_type odd[] = { MSG_auth, MSG_client_rematch, MSG_ready, MSG_ping };
    struct world_bot *bot = &world->bots[index];
    uint32_t roll = world_random(world, 100);
    if (roll < 3) {
        say_type(world, bot->play, MSG_leave);
    } else if (roll < 8) {
        net_close(world, bot->play); /* for good, perhaps */
    } else if (roll < 20) {
        struct ref second = open_match(world, index, bot->place);
        bot->play = ref_is_none(second) ? bot->play : second;
        bot->welcomed = false;
    } else if (roll < 40) {
        open_tab(world, index); /* leads to `matched` for the same match */
    } else if (roll < 50) {
        net_open(world, index, HUB_DOOR_LOOK, false, 0);
    } else if (roll < 55) {
        net_open(world, index, HUB_DOOR_POLL, false, 0); /* likewise */
    } else {
        say_type(world, bot->play, odd[world_random(world, 4)]);
    }
}

/* Wants another match of the same, or goes. */
static void think_over(struct world *world, struct world_bot *bot)
{
    uint32_t roll = world_random(world, 100);
    if (roll < 30 && !world->ending) {
        struct world_say say = { .type = MSG_client_rematch, .right = roll < 25 };
        net_say(world, bot->play, &say);
    } else if (roll < 45) {
        net_close(world, bot->play);
        forget_match(bot);
    }
}

static void think_playing(struct world *world, uint32_t index)
{
    struct world_bot *bot = &world->bots[index];
    if (world_chance(world, world->faults.lost)) {
        net_lose(world, bot->play);
    } else if (world_chance(world, world->faults.rudeness)) {
        be_rude(world, index);
    } else if (!bot->welcomed) {
        return;
    } else if (bot->is_parked) {
        think_parked(world, index);
    } else if (bot->over_seen) {
        think_over(world, bot);
    } else if (bot->frame_round > bot->ready_round && world_chance(world, 800)) {
        struct world_say say = { .type = MSG_ready, .round = bot->frame_round };
        bot->ready_round = bot->frame_round;
        net_say(world, bot->play, &say);
    } else if (bot->round != 0 && bot->answer >= 0 && world_chance(world, 500)) {
        guess(world, bot);
    } else if (world_chance(world, 150)) {
        struct world_say say = { .type = MSG_suggest, .seq = world_random(world, 1000),
                                 .text_size = 2, .text = "ab" };
        net_say(world, bot->play, &say);
    }
}

/* Tries longer and longer after each failure, and then also without the node's name: a node that
 * is gone for good must not keep a player from a match that another has by now. */
static void come_back(struct world *world, uint32_t index)
{
    struct world_bot *bot = &world->bots[index];
    uint32_t place = bot->tries >= 2 && world_chance(world, 500) ? 0 : bot->place;
    bot->play = open_match(world, index, place);
    bot->tries++;
    uint32_t shift = bot->tries < 5 ? bot->tries : 5;
    bot->play_after_us = world->now_us + world_random(world, 100000u << shift);
}

static void think_match(struct world *world, uint32_t index)
{
    struct world_bot *bot = &world->bots[index];
    if (!ref_is_none(bot->play)) {
        think_playing(world, index);
    } else if (world_chance(world, world->faults.rudeness / 2)) {
        forget_match(bot); /* does not come (back) */
    } else if (world->now_us >= bot->play_after_us && world_chance(world, 600)) {
        come_back(world, index);
    }
}

void bots_think(struct world *world, uint32_t index)
{
    struct world_bot *bot = &world->bots[index];
    world_plan(world, 20000 + world_random(world, 600000), ITEM_THINK)->bot = index;
    if (bot->has_match) {
        think_match(world, index);
    } else if (bot->tabs_count > 0) {
        think_queued(world, index);
    } else {
        think_idle(world, index);
    }
}

/* ---- what they are told ---- */

static void see_frame(struct world_bot *bot, const struct msg_frame *frame)
{
    bot->frame_round = (uint32_t)frame->round;
    memcpy(bot->token, frame->url.data + frame->url.size - HUB_TOKEN_SIZE, HUB_TOKEN_SIZE);
}

static void start_round(struct world *world, struct world_bot *bot, uint32_t round,
                        const uint8_t *key)
{
    if (bot->frame_round != round) {
        world_fault(world, "a round starts without its frame");
        return;
    }
    if (bot->round != round) {
        bot->seq = world_random(world, 3);
        bot->last.type = MSG_NONE; /* of another round, perhaps with the same number */
    }
    bot->round = round;
    bot->answer = stores_open_frame(world, bot->token, key);
    if (bot->answer < 0) {
        world_fault(world, "a key does not open the frame of its seat");
    }
}

static void on_welcome(struct world *world, uint32_t index, const struct msg_welcome *welcome)
{
    struct world_bot *bot = &world->bots[index];
    bot->welcomed = true;
    bot->tries = 0;
    bot->slot = (uint8_t)welcome->you;
    bot->has_ticket = true;
    bot->is_parked = welcome->has_invitation;
    bot->match = welcome->match;
    bot->round = welcome->has_round ? bot->round : 0;
    if (!uuid_equal(&welcome->players[welcome->you].id, &world->users[index].id)) {
        world_fault(world, "a welcome to somebody else");
    }
    if (welcome->has_frame) {
        see_frame(bot, &welcome->frame);
    }
    bot->ready_round = 0;
    if (welcome->has_round) {
        uint32_t count = welcome->round.guesses_count;
        start_round(world, bot, (uint32_t)welcome->round.round, welcome->round.key);
        if (count > 0 && welcome->round.guesses[count - 1].seq > bot->seq) {
            bot->seq = welcome->round.guesses[count - 1].seq;
        }
    }
}

static void on_rematch(struct world *world, struct world_bot *bot,
                       const struct msg_server_rematch *rematch)
{
    struct uuid match;
    if (!text_equal(rematch->status, TEXT("accepted"))) {
        return;
    }
    if (!uuid_parse(rematch->match, &match)) {
        world_fault(world, "a rematch without its match");
        return;
    }
    if (world_chance(world, 500)) {
        net_close(world, bot->play); /* else the server does */
    }
    go_to_match(world, bot, &match, rematch->resume, rematch->path);
}

void bots_receive(struct world *world, uint32_t index, struct ref conn,
                  const struct message *message)
{
    struct world_bot *bot = &world->bots[index];
    if (message->type == MSG_matched) {
        const struct msg_matched *matched = &message->matched;
        if (!uuid_equal(&bot->match, &matched->match)) {
            net_close(world, bot->play); /* an invitation's */
        }
        go_to_match(world, bot, &matched->match, matched->resume, matched->path);
        return;
    }
    if (!ref_equal(conn, bot->play)) {
        return;
    }
    if (message->type == MSG_server_rematch) {
        on_rematch(world, bot, &message->server_rematch);
        return;
    }
    if (message->type == MSG_welcome) {
        on_welcome(world, index, &message->welcome);
    } else if (message->type == MSG_frame) {
        see_frame(bot, &message->frame);
    } else if (message->type == MSG_round) {
        start_round(world, bot, (uint32_t)message->round.round, message->round.key);
    } else if (message->type == MSG_round_end) {
        bot->round = 0;
    } else if (message->type == MSG_match_end) {
        bot->round = 0;
        bot->over_seen = true;
    }
}

void bots_closed(struct world *world, uint32_t index, struct ref conn, uint16_t code,
                 uint32_t place)
{
    struct world_bot *bot = &world->bots[index];
    for (uint32_t i = 0; i < bot->tabs_count; i++) {
        if (ref_equal(bot->tabs[i], conn)) {
            bot->tabs[i] = bot->tabs[--bot->tabs_count];
            bot->tabs_after_us =
                code == 1012 ? world->now_us + world_random(world, WORLD_SECOND_US)
                : code == 4429 ? world->now_us + world_random(world, 20 * WORLD_SECOND_US)
                               : 0;
        }
    }
    if (!ref_equal(bot->play, conn)) {
        return;
    }
    bool was_parked = bot->is_parked;
    bot->play = REF_NONE;
    bot->welcomed = false;
    bot->is_parked = false;
    if ((was_parked && code == 4408) || (!bot->has_ticket && (code == 4503 || code == 4429))) {
        forget_match(bot);
    } else if (bot->over_seen || code == 4404 || code == 4403 || code == 1000 || code == 4410) {
        forget_match(bot);
    } else if (code == 4421) {
        bot->place = place;
    } else if (code == 1012) {
        bot->play_after_us = world->now_us + world_random(world, WORLD_SECOND_US);
    }
}
