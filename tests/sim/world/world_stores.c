/* PostgreSQL, Valkey and the store of frames, as far as the hub can tell them from the real
 * ones: they answer late, in any order, sometimes not at all, and sometimes do what they then do
 * not admit. */
#include <duel/core/rating.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tests/sim/world/world.h>

/* ---- the catalogue ---- */

static void word(struct world *world, char *ret, uint32_t letters)
{
    for (uint32_t i = 0; i < letters; i++) {
        ret[i] = (char)('a' + world_random(world, 26));
    }
    ret[letters] = '\0';
}

static void load_catalogue(struct world *world)
{
    static struct titles_row rows[WORLD_VIDEOS_MAX];
    for (uint32_t i = 0; i < world->rows_count; i++) {
        const struct world_row *row = &world->rows[i];
        rows[i] = (struct titles_row){ .video = text_from(row->video),
                                       .title = text_from(row->title),
                                       .channel = text_from(row->channel), .views = i,
                                       .frames_count = 2, .drawn = true };
        for (uint32_t f = 0; f < 2; f++) {
            rows[i].frames[f].path = text_from(row->paths[f]);
            rows[i].frames[f].id = uuid_random(i + 1, f + 1);
        }
    }
    /* Sometimes a video is gone for a while. */
    uint32_t count = world->rows_count - world_random(world, 3);
    struct titles *older = world->titles;
    struct titles *newer = titles_create(rows, count, older);
    if (newer == NULL) {
        abort();
    }
    world->titles = newer;
    struct hub_event event = { .type = HUB_EV_CATALOGUE };
    event.titles = newer;
    witness_event(world, &event, NULL);
    world_step(world, &event);
    titles_destroy(older);
}

uint32_t stores_row_of_video(const struct world *world, struct text video)
{
    for (uint32_t i = 0; i < world->rows_count; i++) {
        if (text_equal(text_from(world->rows[i].video), video)) {
            return i;
        }
    }
    return UINT32_MAX;
}

static void set_up(struct world *world, enum hub_store store, bool up)
{
    struct hub_event event = { .type = up ? HUB_EV_STORE_UP : HUB_EV_STORE_DOWN };
    world->up[store] = up;
    world->epoch[store] += !up;
    event.store = store;
    witness_event(world, &event, NULL);
    world_step(world, &event);
}

void stores_init(struct world *world)
{
    world->rows_count = 12 + world_random(world, WORLD_VIDEOS_MAX - 12);
    for (uint32_t i = 0; i < world->rows_count; i++) {
        struct world_row *row = &world->rows[i];
        char a[8], b[9], video[12];
        word(world, video, 11);
        memcpy(row->video, video, sizeof video);
        word(world, a, 7);
        word(world, b, 8);
        (void)snprintf(row->title, sizeof row->title, "%s ção %s %u", a, b, i);
        word(world, row->channel, 6);
        for (uint32_t f = 0; f < 2; f++) {
            (void)snprintf(row->paths[f], sizeof row->paths[f], "frames/%s/%u.webp", video, f);
        }
    }
    load_catalogue(world);
    set_up(world, HUB_POSTGRESQL, true);
    set_up(world, HUB_VALKEY, true);
}

/* ---- being asked ---- */

/* Valkey carries out and answers in the order of one connection: nothing overtakes. */
static uint64_t in_turn(struct world *world, enum hub_store store, uint64_t *last_us,
                        uint64_t delay_us)
{
    if (store == HUB_VALKEY) {
        uint64_t at_us = world->now_us + delay_us;
        *last_us = at_us > *last_us ? at_us : *last_us + 1;
        delay_us = *last_us - world->now_us;
    }
    return delay_us;
}

static struct world_item *ask(struct world *world, enum world_item_kind kind,
                              enum hub_store store, struct ref ref)
{
    uint32_t most_us = world_chance(world, 100) ? 2 * WORLD_SECOND_US : 20000;
    uint64_t delay_us = in_turn(world, store, &world->asked_us, 200 + world_random(world, most_us));
    struct world_item *item = world_plan(world, delay_us, kind);
    item->store = store;
    item->epoch = world->epoch[store];
    item->ref = ref;
    return item;
}

static uint32_t row_of_path(const struct world *world, struct text path, uint32_t *ret_frame)
{
    for (uint32_t i = 0; i < world->rows_count; i++) {
        for (uint32_t f = 0; f < 2; f++) {
            if (text_equal(text_from(world->rows[i].paths[f]), path)) {
                *ret_frame = f;
                return i;
            }
        }
    }
    return UINT32_MAX;
}

static void seal(struct world *world, const struct hub_effect *effect)
{
    uint32_t f = 0;
    uint32_t row = row_of_path(world, effect->seal.path, &f);
    if (row == UINT32_MAX) {
        world_fault(world, "a frame of no video is sealed");
        return;
    }
    if (world->frames_count == world->frames_max) {
        world->frames_max = world->frames_max == 0 ? 256 : 2 * world->frames_max;
        world->frames = realloc(world->frames, world->frames_max * sizeof *world->frames);
        if (world->frames == NULL) {
            abort();
        }
    }
    struct world_frame *frame = &world->frames[world->frames_count++];
    frame->round = effect->seal.round;
    frame->row = row;
    frame->frame_id = uuid_random(row + 1, f + 1);
    for (uint32_t slot = 0; slot < 2; slot++) {
        for (uint32_t i = 0; i < HUB_TOKEN_SIZE; i++) {
            frame->tokens[slot][i] = (char)('A' + world_random(world, 26));
        }
        for (uint32_t i = 0; i < 16; i++) {
            frame->keys[slot][i] = (uint8_t)world_random(world, 256);
        }
    }
    struct world_item *item = world_plan(world, 500 + world_random(world, 300000), ITEM_ANSWER);
    bool ok = !world_chance(world, world->faults.frame_fails);
    item->is_frame = true;
    memcpy(item->tokens, frame->tokens, sizeof item->tokens);
    item->answer.type = HUB_EV_FRAME;
    item->answer.frame.match = effect->seal.match;
    item->answer.frame.round = effect->seal.round;
    item->answer.frame.ok = ok;
    item->answer.frame.size = 32796;
    item->answer.frame.type = TEXT("image/webp");
    memcpy(item->answer.frame.key, frame->keys, sizeof frame->keys);
    witness_sealed(world, effect->seal.match, effect->seal.round, row, frame, &frame->match);
}

void stores_effect(struct world *world, const struct hub_effect *effect)
{
    struct world_item *item;
    switch (effect->type) {
    case HUB_FX_LOAD_PLAYER:
        item = ask(world, ITEM_PLAYER, HUB_POSTGRESQL, effect->load.player);
        for (item->bot = 0; item->bot < world->users_count; item->bot++) {
            if (text_equal(text_from(world->users[item->bot].sub), effect->load.sub)) {
                return;
            }
        }
        world_fault(world, "a player whom nobody knows is loaded");
        break;
    case HUB_FX_QUEUE_JOIN:
        item = ask(world, ITEM_JOIN, HUB_VALKEY, effect->join.player);
        item->ticket = effect->join.ticket;
        item->expires_ms = effect->join.expires_ms;
        break;
    case HUB_FX_QUEUE_LEAVE:
        item = ask(world, ITEM_LEAVE, HUB_VALKEY, effect->leave.player);
        item->ticket.player = effect->leave.id;
        break;
    case HUB_FX_STORE:
        item = ask(world, ITEM_STORE, HUB_POSTGRESQL, effect->store.result);
        item->result = effect->store.data;
        break;
    case HUB_FX_PUBLISH:
        item = ask(world, ITEM_PUBLISH, HUB_VALKEY, effect->store.result);
        item->result = effect->store.data;
        break;
    case HUB_FX_FRAME_SEAL:
        seal(world, effect);
        break;
    case HUB_FX_SEND:
    case HUB_FX_CLOSE:
    case HUB_FX_PING:
    case HUB_FX_REPLY:
    case HUB_FX_REPLY_ERROR:
    case HUB_FX_FRAME_DROP:
    case HUB_FX_NOTE:
        break;
    }
}

/* ---- doing it ---- */

static void load_player(struct world *world, const struct world_item *item,
                        struct hub_event *answer)
{
    const struct world_user *user = &world->users[item->bot];
    answer->player.id = user->id;
    answer->player.name = text_from(user->name);
    answer->player.country = TEXT("br");
    answer->player.rating = user->rating;
    answer->player.wins = user->wins;
    answer->player.losses = user->losses;
    answer->player.draws = user->draws;
}

struct world_stored *stores_find(struct world *world, const struct uuid *match)
{
    for (uint32_t i = 0; i < world->stored_count; i++) {
        if (uuid_equal(&world->stored[i].match, match)) {
            return &world->stored[i];
        }
    }
    return NULL;
}

static struct world_user *user_of(struct world *world, const struct uuid *id)
{
    for (uint32_t i = 0; i < world->users_count; i++) {
        if (uuid_equal(&world->users[i].id, id)) {
            return &world->users[i];
        }
    }
    world_fault(world, "a result of nobody");
    return &world->users[0];
}

static void store(struct world *world, const struct hub_result *result, struct hub_event *answer)
{
    struct world_stored *row = stores_find(world, &result->match);
    if (row == NULL) {
        struct world_user *users[2] = { user_of(world, &result->player[0]),
                                        user_of(world, &result->player[1]) };
        row = &world->stored[world->stored_count++];
        *row = (struct world_stored){ .match = result->match, .rated = result->rated };
        enum rating_outcome outcome = result->winner == 0   ? RATING_WIN
                                      : result->winner == 1 ? RATING_LOSS
                                                            : RATING_DRAW;
        int32_t change = row->rated ? rating_change(users[0]->rating, users[1]->rating, outcome)
                                    : 0;
        for (uint32_t slot = 0; slot < 2; slot++) {
            row->before[slot] = users[slot]->rating;
            users[slot]->rating += slot == 0 ? change : -change;
            row->after[slot] = users[slot]->rating;
        }
        world->tally->stored++;
    }
    answer->stored.rated = row->rated;
    memcpy(answer->stored.before, row->before, sizeof row->before);
    memcpy(answer->stored.after, row->after, sizeof row->after);
}

static void publish(struct world *world, const struct hub_result *result)
{
    struct world_stored *row = stores_find(world, &result->match);
    if (row == NULL) {
        world_fault(world, "a result is published that is not stored");
    } else {
        row->published = true;
        if (result->rated && (result->after[0] != row->after[0] ||
                              result->after[1] != row->after[1])) {
            world_fault(world, "other ratings are published than stored");
        }
    }
}

static uint32_t find_ticket(const struct world *world, const struct uuid *player)
{
    uint32_t i = 0;
    while (i < world->tickets_count && !uuid_equal(&world->tickets[i].player, player)) {
        i++;
    }
    return i;
}

static void drop_ticket(struct world *world, uint32_t index)
{
    if (index < world->tickets_count) {
        world->tickets_count--;
        world->tickets[index] = world->tickets[world->tickets_count];
        world->tickets_expire_ms[index] = world->tickets_expire_ms[world->tickets_count];
    }
}

static void join(struct world *world, const struct world_item *item, struct hub_event *answer)
{
    int64_t now_ms = (int64_t)(world->now_us / 1000);
    for (uint32_t i = world->tickets_count; i-- > 0;) {
        if (world->tickets_expire_ms[i] <= now_ms) {
            if (world->calm_us != 0 &&
                world->tickets[i].since_ms * 1000 > (int64_t)world->calm_us &&
                world->tickets_expire_ms[i] + WORLD_LEAVE_MS < now_ms) {
                world_fault(world, "a ticket that nobody wants was left to expire");
            }
            drop_ticket(world, i);
        }
    }
    drop_ticket(world, find_ticket(world, &item->ticket.player));
    answer->queue.waiting = world->tickets_count + 1;
    int32_t chosen = matchmaker_choose(&world->limits.matchmaker, &item->ticket, world->tickets,
                                       world->tickets_count, now_ms);
    if (chosen >= 0) {
        answer->queue.paired = true;
        answer->queue.opponent = world->tickets[chosen].player;
        drop_ticket(world, (uint32_t)chosen);
        return;
    }
    world->tickets_expire_ms[world->tickets_count] = item->expires_ms;
    world->tickets[world->tickets_count++] = item->ticket;
}

static void carry_out(struct world *world, const struct world_item *item, struct hub_event *answer)
{
    if (item->kind == ITEM_PLAYER) {
        load_player(world, item, answer);
    } else if (item->kind == ITEM_STORE) {
        store(world, item->result, answer);
    } else if (item->kind == ITEM_PUBLISH) {
        publish(world, item->result);
    } else if (item->kind == ITEM_JOIN) {
        join(world, item, answer);
    } else if (item->kind == ITEM_LEAVE) {
        drop_ticket(world, find_ticket(world, &item->ticket.player));
    }
}

static void set_reply(struct hub_event *answer, struct ref ref, enum world_item_kind kind,
                      enum hub_reply reply)
{
    if (kind == ITEM_PLAYER) {
        answer->type = HUB_EV_PLAYER;
        answer->player.player = ref;
        answer->player.reply = reply;
    } else if (kind == ITEM_STORE) {
        answer->type = HUB_EV_STORED;
        answer->stored.result = ref;
        answer->stored.reply = reply;
    } else if (kind == ITEM_PUBLISH) {
        answer->type = HUB_EV_PUBLISHED;
        answer->published.result = ref;
        answer->published.reply = reply;
    } else if (kind == ITEM_JOIN) {
        answer->type = HUB_EV_QUEUE;
        answer->queue.player = ref;
        answer->queue.reply = reply;
    } else {
        answer->type = HUB_EV_QUEUE_LEFT;
        answer->left.player = ref;
        answer->left.reply = reply;
    }
}

static void execute(struct world *world, const struct world_item *item)
{
    struct hub_event answer = { .type = HUB_EV_TICK };
    enum hub_reply reply = HUB_UNAVAILABLE;
    bool reached = world->up[item->store] && world->epoch[item->store] == item->epoch &&
                   !world_chance(world, world->faults.unavailable);
    if (reached) {
        carry_out(world, item, &answer);
        reply = world_chance(world, world->faults.unknown) ? HUB_UNAVAILABLE : HUB_OK;
    }
    set_reply(&answer, item->ref, item->kind, reply);
    uint64_t delay_us =
        in_turn(world, item->store, &world->answered_us, 200 + world_random(world, 20000));
    struct world_item *later = world_plan(world, delay_us, ITEM_ANSWER);
    later->store = item->store;
    later->epoch = item->epoch;
    later->ref = item->ref;
    later->answer = answer;
}

/* What was under way when the connection went is answered "unavailable", done or not. */
static void answer(struct world *world, struct world_item *item)
{
    struct hub_event *event = &item->answer;
    if (item->is_frame) {
        for (uint32_t slot = 0; slot < 2; slot++) {
            event->frame.token[slot] = (struct text){ item->tokens[slot], HUB_TOKEN_SIZE };
        }
    } else if (item->epoch != world->epoch[item->store]) {
        enum world_item_kind kind = event->type == HUB_EV_PLAYER      ? ITEM_PLAYER
                                    : event->type == HUB_EV_STORED    ? ITEM_STORE
                                    : event->type == HUB_EV_PUBLISHED ? ITEM_PUBLISH
                                    : event->type == HUB_EV_QUEUE     ? ITEM_JOIN
                                                                      : ITEM_LEAVE;
        set_reply(event, item->ref, kind, HUB_UNAVAILABLE);
    }
    witness_event(world, event, NULL);
    world_step(world, event);
}

void stores_item(struct world *world, struct world_item *item)
{
    if (item->kind == ITEM_ANSWER) {
        answer(world, item);
    } else if (item->kind == ITEM_STORE_UP) {
        set_up(world, item->store, true);
    } else {
        execute(world, item);
    }
}

void stores_turn(struct world *world)
{
    for (uint32_t store_index = 0; store_index < 2; store_index++) {
        enum hub_store which = store_index == 0 ? HUB_POSTGRESQL : HUB_VALKEY;
        if (world->up[which] && world_chance(world, world->faults.outages)) {
            world->tally->outages++;
            set_up(world, which, false);
            uint32_t most_us = world_chance(world, 300) ? 20000 : 20 * WORLD_SECOND_US;
            world_plan(world, world_random(world, most_us), ITEM_STORE_UP)->store = which;
        }
    }
    if (world->tickets_count > 0 && world_chance(world, world->faults.vanish)) {
        drop_ticket(world, world_random(world, world->tickets_count));
    }
    if (!world->ending && world_chance(world, 100)) {
        load_catalogue(world);
    }
}

int32_t stores_open_frame(const struct world *world, const char *token, const uint8_t *key)
{
    for (uint32_t i = world->frames_count; i-- > 0;) {
        const struct world_frame *frame = &world->frames[i];
        for (uint32_t slot = 0; slot < 2; slot++) {
            if (memcmp(frame->tokens[slot], token, HUB_TOKEN_SIZE) == 0) {
                return memcmp(frame->keys[slot], key, 16) == 0 ? (int32_t)frame->row : -1;
            }
        }
    }
    return -1;
}
