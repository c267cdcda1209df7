/* The stores of a process, as far as its hub can tell them from the real ones: catalogue, frames,
 * and the way to PostgreSQL and Valkey, which answer late, sometimes not at all, and sometimes do
 * what they then do not admit. */
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

static void load_catalogue(struct world *world, struct world_process *process)
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
    struct titles *older = process->titles;
    uint32_t count = world->rows_count - (older == NULL ? 0 : world_random(world, 3));
    struct titles *newer = titles_create(rows, count, older);
    if (newer == NULL) {
        abort();
    }
    process->titles = newer;
    struct hub_event event = { .type = HUB_EV_CATALOGUE };
    event.titles = newer;
    process_step(world, process, &event, NULL, NULL);
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

void stores_set_up(struct world *world, struct world_process *process, enum hub_store store,
                   bool up)
{
    struct hub_event event = { .type = up ? HUB_EV_STORE_UP : HUB_EV_STORE_DOWN };
    process->up[store] = up;
    process->epoch[store] += !up;
    event.store = store;
    if (up && store == HUB_VALKEY) {
        valkey_connected(world, process);
    }
    process_step(world, process, &event, NULL, NULL);
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
    valkey_init(world);
}

static void plan_up(struct world *world, const struct world_process *process, enum hub_store store,
                    uint64_t delay_us)
{
    struct world_item *item = world_plan(world, delay_us, ITEM_STORE_UP);
    item->store = store;
    item->process = (uint32_t)(process - world->processes);
    item->life = process->life;
}

void stores_process(struct world *world, struct world_process *process)
{
    load_catalogue(world, process);
    for (uint32_t store = 0; store < 2; store++) {
        if (world->away[store] || world_chance(world, 500)) {
            plan_up(world, process, store, world_random(world, WORLD_SECOND_US / 2));
        } else {
            stores_set_up(world, process, store, true);
        }
    }
}

/* ---- being asked ---- */

/* Valkey carries out and answers in the order of one connection: nothing overtakes. */
static uint64_t in_turn(const struct world *world, enum hub_store store, uint64_t *last_us,
                        uint64_t delay_us)
{
    if (store == HUB_VALKEY) {
        uint64_t at_us = world->now_us + delay_us;
        *last_us = at_us > *last_us ? at_us : *last_us + 1;
        delay_us = *last_us - world->now_us;
    }
    return delay_us;
}

static void keep_result(struct world_item *item)
{
    struct hub_effect *effect = item->effect;
    struct hub_result *result =
        world_keep_bytes(item, effect->store.data, sizeof *effect->store.data);
    struct hub_round *rounds =
        world_keep_bytes(item, result->rounds, result->rounds_count * sizeof *rounds);
    for (uint32_t i = 0; i < result->rounds_count; i++) {
        rounds[i].video = world_keep(item, rounds[i].video);
        rounds[i].title = world_keep(item, rounds[i].title);
    }
    result->rounds = rounds;
    result->guesses = NULL;
    result->guesses_count = 0;
    effect->store.data = result;
}

/* Processes die while what they asked is under way: nothing of theirs may be looked at later. */
static void keep_effect(struct world_item *item, const struct hub_effect *effect)
{
    enum { HEAD = offsetof(struct hub_effect, save) + sizeof effect->save };
    _Static_assert(sizeof effect->join <= sizeof effect->save &&
                       sizeof effect->seal <= sizeof effect->save &&
                       sizeof effect->rematch <= sizeof effect->save &&
                       sizeof effect->store <= sizeof effect->save,
                   "the head of an effect holds all that a store is asked");
    item->effect = calloc(1, sizeof *effect);
    if (item->effect == NULL) {
        abort();
    }
    memcpy(item->effect, effect, HEAD);
    struct hub_effect *copy = item->effect;
    if (copy->type == HUB_FX_QUEUE_JOIN) {
        copy->join.card = world_keep(item, copy->join.card);
    } else if (copy->type == HUB_FX_SAVE) {
        copy->save.card[0] = world_keep(item, copy->save.card[0]);
        copy->save.card[1] = world_keep(item, copy->save.card[1]);
        copy->save.data = world_keep(item, copy->save.data);
        copy->save.phase = world_keep(item, copy->save.phase);
    } else if (copy->type == HUB_FX_SEEK) {
        copy->seek.card = world_keep(item, copy->seek.card);
        copy->seek.terms = world_keep(item, copy->seek.terms);
    } else if (copy->type == HUB_FX_INVITE) {
        copy->invite.card = world_keep(item, copy->invite.card);
        copy->invite.terms = world_keep(item, copy->invite.terms);
    } else if (copy->type == HUB_FX_REMATCH) {
        copy->rematch.card[0] = world_keep(item, copy->rematch.card[0]);
        copy->rematch.card[1] = world_keep(item, copy->rematch.card[1]);
        copy->rematch.terms = world_keep(item, copy->rematch.terms);
    } else if (copy->type == HUB_FX_STORE || copy->type == HUB_FX_PUBLISH) {
        keep_result(item);
    } else if (copy->type == HUB_FX_LOAD_PLAYER) {
        copy->load.sub = world_keep(item, copy->load.sub);
    }
}

static struct world_item *ask(struct world *world, enum hub_store store,
                              const struct hub_effect *effect)
{
    struct world_process *self = world->self;
    uint32_t most_us = world_chance(world, 100) ? 2 * WORLD_SECOND_US : 20000;
    uint64_t delay_us = in_turn(world, store, &self->asked_us, 200 + world_random(world, most_us));
    struct world_item *item = world_plan(world, delay_us, ITEM_ASK);
    item->store = store;
    item->process = (uint32_t)(self - world->processes);
    item->life = self->life;
    item->epoch = self->epoch[store];
    keep_effect(item, effect);
    if (effect->type == HUB_FX_SWEEP) {
        item->heard = self->sweep_heard;
        self->sweep_heard = false;
    }
    return item;
}

static struct world_item *plan_answer(struct world *world, const struct world_item *asked,
                                      uint64_t delay_us, uint32_t answers_max)
{
    struct world_item *item = world_plan(world, delay_us, ITEM_ANSWER);
    item->store = asked->store;
    item->process = asked->process;
    item->life = asked->life;
    item->epoch = asked->epoch;
    item->answers = calloc(answers_max, sizeof *item->answers);
    item->marks = calloc(answers_max, sizeof *item->marks);
    if (item->answers == NULL || item->marks == NULL) {
        abort();
    }
    return item;
}

/* ---- frames ---- */

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

static struct world_frame *new_frame(struct world *world)
{
    if (world->frames_count == world->frames_max) {
        world->frames_max = world->frames_max == 0 ? 256 : 2 * world->frames_max;
        world->frames = realloc(world->frames, world->frames_max * sizeof *world->frames);
        if (world->frames == NULL) {
            abort();
        }
    }
    struct world_frame *frame = &world->frames[world->frames_count++];
    for (uint32_t slot = 0; slot < 2; slot++) {
        for (uint32_t i = 0; i < HUB_TOKEN_SIZE; i++) {
            frame->tokens[slot][i] = (char)('A' + world_random(world, 26));
        }
        for (uint32_t i = 0; i < 16; i++) {
            frame->keys[slot][i] = (uint8_t)world_random(world, 256);
        }
    }
    return frame;
}

static void seal(struct world *world, const struct hub_effect *effect)
{
    uint32_t f = 0;
    uint32_t row = row_of_path(world, effect->seal.path, &f);
    if (row == UINT32_MAX) {
        world_fault(world, "a frame of no video is sealed");
        return;
    }
    struct world_frame *frame = new_frame(world);
    frame->round = effect->seal.round;
    frame->row = row;
    frame->frame_id = uuid_random(row + 1, f + 1);
    const struct world_item asked = { .store = HUB_POSTGRESQL, .life = world->self->life,
                                      .process = (uint32_t)(world->self - world->processes),
                                      .epoch = UINT32_MAX }; /* nobody's: it has no store */
    struct world_item *item =
        plan_answer(world, &asked, 500 + world_random(world, 300000), 1);
    struct hub_event *answer = &item->answers[item->answers_count++];
    answer->type = HUB_EV_FRAME;
    answer->frame.match = effect->seal.match;
    answer->frame.round = effect->seal.round;
    answer->frame.ok = !world_chance(world, world->faults.frame_fails);
    answer->frame.size = 32796;
    answer->frame.type = TEXT("image/webp");
    memcpy(answer->frame.key, frame->keys, sizeof frame->keys);
    for (uint32_t slot = 0; slot < 2; slot++) {
        struct text token = { frame->tokens[slot], HUB_TOKEN_SIZE };
        answer->frame.token[slot] = world_keep(item, token);
    }
    witness_sealed(world, effect->seal.match, effect->seal.round, row, frame);
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

void stores_effect(struct world *world, const struct hub_effect *effect)
{
    switch (effect->type) {
    case HUB_FX_LOAD_PLAYER:
    case HUB_FX_CHECK:
    case HUB_FX_STORE:
        ask(world, HUB_POSTGRESQL, effect);
        break;
    case HUB_FX_SAVE:
        ask(world, HUB_VALKEY, effect)->mark = witness_mark(world, effect);
        break;
    case HUB_FX_QUEUE_JOIN:
    case HUB_FX_QUEUE_LEAVE:
    case HUB_FX_SEEK:
    case HUB_FX_SWEEP:
    case HUB_FX_LEASE:
    case HUB_FX_RELEASE:
    case HUB_FX_LOCATE:
    case HUB_FX_LOOK:
    case HUB_FX_INVITE:
    case HUB_FX_WITHDRAW:
    case HUB_FX_REMATCH:
    case HUB_FX_PUBLISH:
        ask(world, HUB_VALKEY, effect);
        break;
    case HUB_FX_FRAME_SEAL:
        seal(world, effect);
        break;
    case HUB_FX_SEND:
    case HUB_FX_CLOSE:
    case HUB_FX_PING:
    case HUB_FX_REPLY:
    case HUB_FX_REPLY_ERROR:
    case HUB_FX_READ:
    case HUB_FX_REPLY_ELSEWHERE:
    case HUB_FX_FRAME_DROP:
    case HUB_FX_NOTE:
        break;
    case HUB_FX_LEFT: /* nobody waits for it: it arrives, or not */
        if (world->self->up[HUB_VALKEY] && !world_chance(world, world->faults.unavailable)) {
            model_left(world, &effect->left.player, &effect->left.match);
        }
        break;
    }
}

/* ---- doing it ---- */

static void load_player(struct world *world, const struct world_item *item,
                        struct hub_event *answer)
{
    for (uint32_t i = 0; i < world->users_count; i++) {
        const struct world_user *user = &world->users[i];
        if (text_equal(text_from(user->sub), item->effect->load.sub)) {
            answer->player.id = user->id;
            answer->player.name = text_from(user->name);
            answer->player.country = TEXT("br");
            answer->player.rating = user->rating;
            answer->player.opponents = user->opponents;
            return;
        }
    }
    world_fault(world, "a player whom nobody knows is loaded");
}

/* To what a connection or two players asked for. */
static void set_reply_to_request(const struct hub_effect *effect, enum hub_reply reply,
                                 struct hub_event *answer)
{
    switch ((int)effect->type) {
    case HUB_FX_INVITE:
        answer->type = HUB_EV_INVITED;
        answer->invited.conn = effect->invite.conn;
        answer->invited.match = effect->invite.match;
        answer->invited.reply = reply;
        break;
    case HUB_FX_WITHDRAW:
        answer->type = HUB_EV_WITHDRAWN;
        answer->withdrawn.conn = effect->withdraw.conn;
        answer->withdrawn.reply = reply;
        break;
    case HUB_FX_REMATCH:
        answer->type = HUB_EV_REMATCHED;
        answer->rematched.match = effect->rematch.match;
        answer->rematched.id = effect->rematch.id;
        answer->rematched.reply = reply;
        break;
    case HUB_FX_LOCATE:
        answer->type = HUB_EV_LOCATED;
        answer->located.conn = effect->locate.conn;
        answer->located.reply = reply;
        break;
    case HUB_FX_LOOK:
        answer->type = HUB_EV_LOOKED;
        answer->looked.conn = effect->look.conn;
        answer->looked.match = effect->look.match;
        answer->looked.reply = reply;
        break;
    default:
        abort();
    }
}

/* The event that answers, with all but what was found out. */
static void set_reply(const struct hub_effect *effect, enum hub_reply reply,
                      struct hub_event *answer)
{
    switch ((int)effect->type) {
    case HUB_FX_LOAD_PLAYER:
        answer->type = HUB_EV_PLAYER;
        answer->player.player = effect->load.player;
        answer->player.reply = reply;
        break;
    case HUB_FX_CHECK:
        answer->type = HUB_EV_CHECKED;
        answer->checked.match = effect->check.match;
        answer->checked.reply = reply;
        break;
    case HUB_FX_STORE:
        answer->type = HUB_EV_STORED;
        answer->stored.result = effect->store.result;
        answer->stored.reply = reply;
        break;
    case HUB_FX_PUBLISH:
        answer->type = HUB_EV_PUBLISHED;
        answer->published.result = effect->store.result;
        answer->published.reply = reply;
        break;
    case HUB_FX_QUEUE_JOIN:
        answer->type = HUB_EV_QUEUE;
        answer->queue.player = effect->join.player;
        answer->queue.reply = reply;
        break;
    case HUB_FX_QUEUE_LEAVE:
        answer->type = HUB_EV_QUEUE_LEFT;
        answer->left.player = effect->leave.player;
        answer->left.reply = reply;
        break;
    case HUB_FX_SAVE:
        answer->type = HUB_EV_SAVED;
        answer->saved.match = effect->save.match;
        answer->saved.reply = reply;
        break;
    case HUB_FX_SEEK:
        answer->type = HUB_EV_SOUGHT;
        answer->sought.conn = effect->seek.conn;
        answer->sought.match = effect->seek.match;
        answer->sought.reply = reply;
        break;
    case HUB_FX_SWEEP:
        answer->type = HUB_EV_SWEPT;
        answer->swept.reply = reply;
        break;
    case HUB_FX_LEASE:
        answer->type = HUB_EV_LEASED;
        answer->leased.reply = reply;
        break;
    case HUB_FX_RELEASE:
        answer->type = HUB_EV_RELEASED;
        answer->released.match = effect->release.match;
        answer->released.reply = reply;
        break;
    default:
        set_reply_to_request(effect, reply, answer);
    }
}

static void carry_out(struct world *world, struct world_item *asked, struct world_item *answer)
{
    struct hub_event *event = &answer->answers[0];
    if (asked->store == HUB_VALKEY) {
        valkey_carry_out(world, asked, answer);
    } else if (asked->effect->type == HUB_FX_STORE) {
        postgresql_store(world, asked->effect->store.data, event);
        answer->answers_count = 1;
    } else if (asked->effect->type == HUB_FX_CHECK) {
        event->checked.stored = stores_find(world, &asked->effect->check.id) != NULL;
        answer->answers_count = 1;
    } else {
        load_player(world, asked, event);
        answer->answers_count = 1;
    }
}

/* The delay of an answer, behind all earlier ones. */
static uint64_t answer_delay(struct world *world, const struct world_item *asked)
{
    struct world_process *process = process_of(world, asked);
    uint64_t none_us = 0;
    return in_turn(world, asked->store, process == NULL ? &none_us : &process->answered_us,
                   200 + world_random(world, 20000));
}

/* Valkey fills in HUB_REFUSED where it refuses; else all is well. The last event is the answer. */
static void execute(struct world *world, struct world_item *asked)
{
    enum { ANSWERS_MAX = 64 };
    const struct world_process *process = process_of(world, asked);
    const struct world_process *asker = &world->processes[asked->process];
    bool connected = process != NULL && process->up[asked->store] &&
                     process->epoch[asked->store] == asked->epoch;
    /* What was sent before the line or the process was gone may be carried out, or not. */
    bool reached = connected ? !world_chance(world, world->faults.unavailable)
                             : !world->away[asked->store] && world_chance(world, 500) &&
                                   !(asker->cut && asked->store == HUB_VALKEY);
    bool known = reached && connected && !world_chance(world, world->faults.unknown);
    struct world_item *answer = plan_answer(world, asked, answer_delay(world, asked), ANSWERS_MAX);
    if (reached) {
        carry_out(world, asked, answer);
    }
    if (!known) {
        answer->answers_count = 1;
        answer->answers[0] = (struct hub_event){ .type = HUB_EV_TICK };
        set_reply(asked->effect, HUB_UNAVAILABLE, &answer->answers[0]);
        answer->marks[0] = NULL;
    } else {
        struct hub_event *last = &answer->answers[answer->answers_count - 1];
        bool refused =
            (asked->effect->type == HUB_FX_SAVE && last->saved.reply == HUB_REFUSED) ||
            (asked->effect->type == HUB_FX_INVITE && last->invited.reply == HUB_REFUSED);
        bool rematch = asked->effect->type == HUB_FX_REMATCH;
        enum hub_reply reply = refused ? HUB_REFUSED : rematch ? last->rematched.reply : HUB_OK;
        set_reply(asked->effect, reply, last);
    }
    answer->effect = asked->effect;
    asked->effect = NULL;
    /* Its texts go with it. */
    while (asked->kept != NULL) {
        struct world_kept *kept = asked->kept;
        asked->kept = kept->next;
        kept->next = answer->kept;
        answer->kept = kept;
    }
}

/* What was under way when the connection went is answered "unavailable", done or not. */
static void answer(struct world *world, struct world_item *item)
{
    struct world_process *process = process_of(world, item);
    bool is_frame = item->effect == NULL;
    if (process == NULL) {
        return;
    }
    if (!is_frame && item->epoch != process->epoch[item->store]) {
        struct hub_event event = { .type = HUB_EV_TICK };
        set_reply(item->effect, HUB_UNAVAILABLE, &event);
        process_step(world, process, &event, NULL, NULL);
        return;
    }
    struct hub_event *last = &item->answers[item->answers_count - 1];
    if (last->type == HUB_EV_SWEPT && last->swept.reply == HUB_OK) {
        process->sweep_heard = true;
    }
    for (uint32_t i = 0; i < item->answers_count; i++) {
        process_step(world, process, &item->answers[i], NULL, item->marks[i]);
    }
}

static void store_up(struct world *world, struct world_item *item)
{
    struct world_process *process = process_of(world, item);
    if (process != NULL && !process->up[item->store]) {
        if (world->away[item->store]) {
            plan_up(world, process, item->store, WORLD_SECOND_US / 2);
            return;
        }
        process->cut = item->store == HUB_VALKEY ? false : process->cut;
        stores_set_up(world, process, item->store, true);
    }
}

void stores_item(struct world *world, struct world_item *item)
{
    struct world_process *process = process_of(world, item);
    if (item->kind == ITEM_ANSWER) {
        answer(world, item);
    } else if (item->kind == ITEM_ASK) {
        execute(world, item);
    } else if (item->kind == ITEM_NUDGE) {
        if (process != NULL && process->up[HUB_VALKEY]) {
            struct hub_event event = { .type = HUB_EV_NUDGE };
            event.nudged = item->nudged;
            process_step(world, process, &event, NULL, NULL);
        }
    } else if (item->process == UINT32_MAX) {
        world->away[item->store] = false;
    } else {
        store_up(world, item);
    }
}

/* ---- faults ---- */

/* A whole store goes, for everybody; each process finds it again by itself. */
static void go_away(struct world *world, enum hub_store store)
{
    uint32_t most_us = world_chance(world, 300) ? 20000 : 20 * WORLD_SECOND_US;
    uint64_t back_us = world_random(world, most_us);
    struct world_item *item = world_plan(world, back_us, ITEM_STORE_UP);
    world->tally->outages++;
    world->away[store] = true;
    item->store = store;
    item->process = UINT32_MAX;
    for (uint32_t i = 0; i < WORLD_PROCESSES_MAX; i++) {
        struct world_process *process = &world->processes[i];
        if (process->alive && process->up[store]) {
            stores_set_up(world, process, store, false);
            plan_up(world, process, store,
                    back_us + 1 + (world->nodes_count > 1 ? world_random(world, 300000) : 0));
        }
    }
}

void stores_turn(struct world *world)
{
    for (uint32_t store = 0; store < 2; store++) {
        if (!world->away[store] && world_chance(world, world->faults.outages)) {
            go_away(world, store);
        }
    }
    valkey_turn(world);
    for (uint32_t i = 0; i < WORLD_PROCESSES_MAX; i++) {
        struct world_process *process = &world->processes[i];
        if (process->alive && !world->ending && world_chance(world, 100)) {
            load_catalogue(world, process);
        }
    }
}
