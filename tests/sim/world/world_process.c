/* Server processes: each a hub with its own clock, stores and catalogue, which starts, is asked
 * to stop, and dies at any moment with all it knew. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tests/sim/world/world.h>

#define END_SLACK_US (3 * WORLD_SECOND_US) /* after the drain limit everything is over */

struct text process_node(const struct world_process *process)
{
    return process->node == 0 ? TEXT("a") : TEXT("b");
}

uint64_t process_clock(const struct world *world, const struct world_process *process)
{
    int64_t lived_us = (int64_t)(world->now_us - process->began_us);
    int64_t drifted_us = lived_us / 1000 * process->drift / 1000;
    return process->clock_us + (uint64_t)(lived_us + drifted_us);
}

/* The true time at which its clock says so, or a moment later. */
static uint64_t true_time(const struct world_process *process, uint64_t local_us)
{
    if (local_us <= process->clock_us) {
        return process->began_us;
    }
    int64_t lived_us = (int64_t)(local_us - process->clock_us);
    int64_t undrifted_us = lived_us / 1000 * process->drift / 1000;
    return process->began_us + (uint64_t)(lived_us - undrifted_us);
}

struct world_process *process_of(struct world *world, const struct world_item *item)
{
    if (item->process >= WORLD_PROCESSES_MAX) {
        return NULL; /* a store's own */
    }
    struct world_process *process = &world->processes[item->process];
    return process->alive && process->life == item->life ? process : NULL;
}

struct world_process *process_choose(struct world *world, uint32_t place)
{
    struct world_process *chosen = NULL;
    uint32_t count = 0;
    for (uint32_t i = 0; i < WORLD_PROCESSES_MAX; i++) {
        struct world_process *process = &world->processes[i];
        if (process->alive && (place == 0 || process->node == place - 1)) {
            /* One that is asked to stop is not ready at once: proxies hear of it late. */
            uint32_t weight = process->draining ? 1 : 4;
            count += weight;
            chosen = world_random(world, count) < weight ? process : chosen;
        }
    }
    return chosen;
}

/* ---- steps ---- */

static void mix(struct world *world, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    uint64_t hash = world->tally->hash;
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    }
    world->tally->hash = hash;
}

static struct text path_of(const struct world *world, struct text node)
{
    if (node.data == NULL) {
        node = process_node(world->self);
    }
    return text_equal(node, TEXT("a")) ? TEXT("/n/a") : TEXT("/n/b");
}

/* What io would fill in. */
static void fill(struct world *world, struct hub_effect_send *send, struct text *url,
                 char memory[64])
{
    struct message *message = &send->message;
    /* A ticket is good for a seat; which one is all that clients here need of it. */
    struct text resume = send->slot == 0 ? TEXT("0bcdefghijklmnopqrstuvwxyzabcdefghijklmnopq")
                                         : TEXT("1bcdefghijklmnopqrstuvwxyzabcdefghijklmnopq");
    if (url != NULL) {
        int size = snprintf(memory, 64, "/f/%.*s", TEXT_ARG(*url));
        *url = (struct text){ memory, (uint32_t)size };
    }
    if (message->type == MSG_matched) {
        message->matched.resume = resume;
        message->matched.path = path_of(world, send->node);
    } else if (message->type == MSG_queue_matched) {
        message->queue_matched.resume = resume;
        message->queue_matched.path = path_of(world, send->node);
    } else if (message->type == MSG_welcome) {
        message->welcome.resume = resume;
        message->welcome.invitation.url = TEXT("https://somewhere/");
    } else if (message->type == MSG_invite) {
        message->invite.path = TEXT("/match");
        message->invite.url = TEXT("https://somewhere/");
    } else if (message->type == MSG_server_rematch && message->server_rematch.match.size != 0) {
        message->server_rematch.resume = resume;
        message->server_rematch.path = path_of(world, send->node);
    } else if (message->type == MSG_me && message->me.has_match) {
        message->me.match.path = path_of(world, send->node);
    }
}

static struct text *url_of(struct message *message)
{
    if (message->type == MSG_frame) {
        return &message->frame.url;
    }
    if (message->type == MSG_welcome && message->welcome.has_frame) {
        return &message->welcome.frame.url;
    }
    return NULL;
}

static const char *effect_name(enum hub_effect_type type)
{
    static const char *const names[] = {
        [HUB_FX_SEND] = "send",
        [HUB_FX_CLOSE] = "close",
        [HUB_FX_PING] = "ping",
        [HUB_FX_REPLY] = "reply",
        [HUB_FX_REPLY_ERROR] = "reply_error",
        [HUB_FX_LOAD_PLAYER] = "load_player",
        [HUB_FX_QUEUE_JOIN] = "queue_join",
        [HUB_FX_QUEUE_LEAVE] = "queue_leave",
        [HUB_FX_SAVE] = "save",
        [HUB_FX_SEEK] = "seek",
        [HUB_FX_SWEEP] = "sweep",
        [HUB_FX_LEASE] = "lease",
        [HUB_FX_RELEASE] = "release",
        [HUB_FX_LOCATE] = "locate",
        [HUB_FX_LOOK] = "look",
        [HUB_FX_READ] = "read",
        [HUB_FX_REPLY_ELSEWHERE] = "reply_elsewhere",
        [HUB_FX_INVITE] = "invite",
        [HUB_FX_WITHDRAW] = "withdraw",
        [HUB_FX_REMATCH] = "rematch",
        [HUB_FX_LEFT] = "left",
        [HUB_FX_FRAME_SEAL] = "frame_seal",
        [HUB_FX_FRAME_DROP] = "frame_drop",
        [HUB_FX_CHECK] = "check",
        [HUB_FX_STORE] = "store",
        [HUB_FX_PUBLISH] = "publish",
        [HUB_FX_NOTE] = "note",
    };
    return names[type];
}

static void tell_id(const struct uuid *id, char ret[9])
{
    (void)snprintf(ret, 9, "%02x%02x%02x%02x", id->bytes[0], id->bytes[1], id->bytes[2],
                   id->bytes[3]);
}

static void say_effect(const struct world *world, const struct hub_effect *effect)
{
    static const char *const notes[] = {
#define NOTE(name, level, text) #name,
#include <duel/hub/notes.def>
    };
    char id[9] = "";
    if (!world->talk) {
        return;
    }
    if (effect->type == HUB_FX_NOTE) {
        tell_id(&effect->note.match, id);
        world_say_line(world, "  note %s %s %lld %.*s", notes[effect->note.note], id,
                       (long long)effect->note.value, TEXT_ARG(effect->note.detail));
    } else if (effect->type == HUB_FX_SAVE) {
        tell_id(&effect->save.id, id);
        world_say_line(world, "  save %s as %u.%u fence %llu%s%s%s %.*s", id,
                       effect->save.match.index, effect->save.match.generation,
                       (unsigned long long)effect->save.fence, effect->save.awake ? " awake" : "",
                       effect->save.hand_over ? " hand_over" : "",
                       effect->save.over ? " over" : "", TEXT_ARG(effect->save.phase));
    } else if (effect->type == HUB_FX_CLOSE) {
        world_say_line(world, "  close %u.%u with %u %.*s to %.*s", effect->close.conn.index,
                       effect->close.conn.generation, effect->close.code,
                       TEXT_ARG(effect->close.reason), TEXT_ARG(effect->close.node));
    } else if (effect->type == HUB_FX_REPLY_ERROR) {
        world_say_line(world, "  reply_error on %u.%u: %u", effect->reply_error.conn.index,
                       effect->reply_error.conn.generation, effect->reply_error.status);
    } else if (effect->type == HUB_FX_SEEK) {
        tell_id(&effect->seek.match, id);
        world_say_line(world, "  seek %s for %u.%u", id, effect->seek.conn.index,
                       effect->seek.conn.generation);
    } else {
        world_say_line(world, "  %s %u.%u", effect_name(effect->type), effect->conn.index,
                       effect->conn.generation);
    }
}

static void perform(struct world *world, struct hub_effect *effect)
{
    static uint8_t bytes[MESSAGE_SERVER_SIZE_MAX];
    uint32_t size = 0;
    mix(world, &effect->type, sizeof effect->type);
    if (effect->type == HUB_FX_SEND || effect->type == HUB_FX_REPLY) {
        char memory[64];
        fill(world, &effect->send, url_of(&effect->send.message), memory);
        size = effect->type == HUB_FX_SEND
                   ? codec_encode(&effect->send.message, bytes, sizeof bytes)
                   : codec_json(&effect->send.message, (char *)bytes, sizeof bytes);
        if (size == 0) {
            world_fault(world, "a message could not be encoded");
        }
        mix(world, &effect->send.conn, sizeof effect->send.conn);
        mix(world, bytes, size);
        char id[9];
        tell_id(&effect->send.match, id);
        world_say_line(world, "  %u.%u <- %s %s", effect->send.conn.index,
                       effect->send.conn.generation, message_name(effect->send.message.type), id);
        witness_effect(world, effect, bytes, size);
    } else {
        say_effect(world, effect);
        witness_effect(world, effect, NULL, 0);
    }
    net_effect(world, effect, bytes, size);
    stores_effect(world, effect);
}

static const char *event_name(enum hub_event_type type)
{
    static const char *const names[] = {
        [HUB_EV_TICK] = "tick",
        [HUB_EV_CATALOGUE] = "catalogue",
        [HUB_EV_OPEN] = "open",
        [HUB_EV_CLOSED] = "closed",
        [HUB_EV_MESSAGE] = "message",
        [HUB_EV_PONG] = "pong",
        [HUB_EV_PLAYER] = "player",
        [HUB_EV_QUEUE] = "queue",
        [HUB_EV_QUEUE_LEFT] = "queue_left",
        [HUB_EV_SAVED] = "saved",
        [HUB_EV_SOUGHT] = "sought",
        [HUB_EV_TAKEN] = "taken",
        [HUB_EV_SWEPT] = "swept",
        [HUB_EV_LOST] = "lost",
        [HUB_EV_LEASED] = "leased",
        [HUB_EV_RELEASED] = "released",
        [HUB_EV_LOCATED] = "located",
        [HUB_EV_LOOKED] = "looked",
        [HUB_EV_INVITED] = "invited",
        [HUB_EV_WITHDRAWN] = "withdrawn",
        [HUB_EV_REMATCHED] = "rematched",
        [HUB_EV_NUDGE] = "nudge",
        [HUB_EV_FRAME] = "frame",
        [HUB_EV_CHECKED] = "checked",
        [HUB_EV_STORED] = "stored",
        [HUB_EV_PUBLISHED] = "published",
        [HUB_EV_STORE_UP] = "store_up",
        [HUB_EV_STORE_DOWN] = "store_down",
        [HUB_EV_DRAIN] = "drain",
        [HUB_EV_ACT] = "act",
    };
    return names[type];
}

static void say_event(struct world *world, const struct hub_event *event)
{
    static const char *const replies[] = { "ok", "refused", "unavailable" };
    static const char *const places[] = { "nowhere", "elsewhere", "successor", "foreign", "ours",
                                          "invited", "expired", "withdrawn", "used", "busy",
                                          "cooldown", "full", "replaced" };
    char id[9] = "";
    if (!world->talk) {
        return;
    }
    switch ((int)event->type) {
    case HUB_EV_QUEUE:
        tell_id(&event->queue.match, id);
        world_say_line(world, "event queue of %u: %s%s %s%s at %.*s", event->queue.player.index,
                       replies[event->queue.reply], event->queue.matched ? " matched" : "", id,
                       event->queue.ours ? " ours" : "", TEXT_ARG(event->queue.node));
        break;
    case HUB_EV_SAVED:
        world_say_line(world, "event saved of %u.%u: %s fence %llu %.*s", event->saved.match.index,
                       event->saved.match.generation, replies[event->saved.reply],
                       (unsigned long long)event->saved.fence, TEXT_ARG(event->saved.node));
        break;
    case HUB_EV_SOUGHT:
        tell_id(&event->sought.match, id);
        world_say_line(world, "event sought %s for %u.%u: %s %s %.*s fence %llu", id,
                       event->sought.conn.index, event->sought.conn.generation,
                       replies[event->sought.reply], places[event->sought.place],
                       TEXT_ARG(event->sought.node), (unsigned long long)event->sought.copy.fence);
        break;
    case HUB_EV_TAKEN:
        tell_id(&event->taken.match, id);
        world_say_line(world, "event taken %s fence %llu%s", id,
                       (unsigned long long)event->taken.copy.fence,
                       event->taken.copy.data.data == NULL ? " made only" : "");
        break;
    case HUB_EV_LOST:
        tell_id(&event->lost.match, id);
        world_say_line(world, "event lost %s to %.*s", id, TEXT_ARG(event->lost.node));
        break;
    case HUB_EV_LEASED:
        world_say_line(world, "event leased: %s%s", replies[event->leased.reply],
                       event->leased.was_there ? " was there" : "");
        break;
    case HUB_EV_OPEN:
        tell_id(&event->open.match, id);
        world_say_line(world, "event open %u.%u door %u %s %s by %.*s", event->open.conn.index,
                       event->open.conn.generation, event->open.door, id,
                       event->open.sub.data == NULL ? "ticket" : "token",
                       TEXT_ARG(event->open.sub));
        break;
    default:
        world_say_line(world, "event %s of %u.%u", event_name(event->type), event->conn.index,
                       event->conn.generation);
    }
}

void process_step(struct world *world, struct world_process *process, struct hub_event *event,
                  const struct world_say *say, void *mark)
{
    struct hub_effect *effect;
    uint64_t clock_us = process_clock(world, process);
    process->local_us = clock_us > process->local_us ? clock_us : process->local_us;
    world->self = process;
    event->now_us = process->local_us;
    for (uint32_t i = 0; i < HUB_ENTROPY; i++) {
        event->entropy[i] = rng_next(&world->rng);
    }
    say_event(world, event);
    witness_event(world, event, say, mark);
    hub_step(process->hub, event);
    world->tally->steps++;
    while ((effect = hub_take(process->hub)) != NULL) {
        world->tally->effects++;
        perform(world, effect);
    }
    witness_after(world);
    if (world->tally->steps % 8 == 0) {
        hub_check(process->hub);
        uint64_t log_bytes = hub_count(process->hub).guess_log_bytes;
        if (log_bytes > world->tally->log_bytes_most) {
            world->tally->log_bytes_most = log_bytes;
        }
    }
    world->self = NULL;
}

/* ---- their clocks ---- */

static void set_tick(struct world *world, struct world_process *process)
{
    uint64_t deadline_us = hub_deadline_us(process->hub);
    if (deadline_us == process->deadline_us && process->tick_us > world->now_us) {
        return;
    }
    process->deadline_us = deadline_us;
    if (deadline_us == UINT64_MAX) {
        process->tick_us = UINT64_MAX;
        return;
    }
    uint64_t at_us = true_time(process, deadline_us);
    if (at_us <= world->now_us && process_clock(world, process) < deadline_us) {
        at_us = world->now_us + deadline_us - process_clock(world, process); /* rounding */
    }
    process->tick_us = at_us > world->now_us ? at_us : world->now_us;
    if (world_chance(world, world->faults.late)) {
        process->tick_us += world_random(world, world->faults.late_max_us);
    }
}

uint64_t processes_next_us(struct world *world)
{
    uint64_t next_us = UINT64_MAX;
    for (uint32_t i = 0; i < WORLD_PROCESSES_MAX; i++) {
        struct world_process *process = &world->processes[i];
        if (process->alive) {
            set_tick(world, process);
            next_us = process->tick_us < next_us ? process->tick_us : next_us;
        }
    }
    return next_us;
}

void processes_tick(struct world *world, uint64_t at_us)
{
    for (uint32_t i = 0; i < WORLD_PROCESSES_MAX; i++) {
        struct world_process *process = &world->processes[i];
        if (process->alive && process->tick_us == at_us) {
            process->deadline_us = 0;
            process_step(world, process, &(struct hub_event){ .type = HUB_EV_TICK }, NULL, NULL);
            return;
        }
    }
}

/* ---- their lives ---- */

static uint32_t count_of(const struct world *world, uint32_t node, bool with_draining)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < WORLD_PROCESSES_MAX; i++) {
        const struct world_process *process = &world->processes[i];
        count += process->alive && process->node == node && (with_draining || !process->draining);
    }
    return count;
}

static struct world_process *start(struct world *world, uint32_t node)
{
    struct world_process *process = world->processes;
    while (process->alive) {
        process++;
    }
    if (process == world->processes + WORLD_PROCESSES_MAX) {
        abort();
    }
    uint64_t boot = rng_next(&world->rng);
    *process = (struct world_process){ .alive = true, .life = ++world->lives, .node = node,
                                       .boot = boot, .began_us = world->now_us,
                                       .clock_us = world->now_us };
    if (world->skew_us > 0) {
        process->clock_us += world_random(world, world->skew_us);
        process->clock_us -= world->skew_us / 2;
        process->drift = (int32_t)world_random(world, 400) - 200;
    }
    process->hub = hub_create(&world->limits, boot);
    if (process->hub == NULL) {
        abort();
    }
    world->self = process;
    world_say_line(world, "starts");
    stores_process(world, process);
    return process;
}

/* Nothing of it is left; what it has asked may be under way still. */
static void end(struct world *world, struct world_process *process)
{
    witness_process_gone(world, process);
    process->alive = false;
    net_process_gone(world, process);
    hub_destroy(process->hub);
    titles_destroy(process->titles);
    process->hub = NULL;
    process->titles = NULL;
    world->self = NULL;
}

static void crash(struct world *world, struct world_process *process)
{
    uint32_t node = process->node;
    world->tally->crashes++;
    world_say_line(world, "process %u of node %u crashes", process->life, node);
    end(world, process);
    if (count_of(world, node, true) == 0) {
        uint32_t most_us = world_chance(world, 200) ? 30 * WORLD_SECOND_US : WORLD_SECOND_US;
        world_plan(world, world_random(world, most_us), ITEM_START)->node = node;
    }
}

static void plan_for(struct world *world, uint64_t delay_us, enum world_item_kind kind,
                     const struct world_process *process)
{
    struct world_item *item = world_plan(world, delay_us, kind);
    item->process = (uint32_t)(process - world->processes);
    item->life = process->life;
    item->node = process->node;
}

static void ask_to_stop(struct world *world, struct world_process *process)
{
    process->draining = true;
    process->told_us = world->now_us;
    world->tally->drains++;
    world->stopped = world->calm_us != 0;
    process_step(world, process, &(struct hub_event){ .type = HUB_EV_DRAIN }, NULL, NULL);
    plan_for(world, 100000, ITEM_END, process);
}

/* It ends once nobody is connected and nothing is under way, and in any case soon after the
 * limit. */
static void may_end(struct world *world, struct world_process *process)
{
    uint64_t limit_us = 1000ull * world->limits.drain_ms + END_SLACK_US + world->late_us;
    struct hub_counts counts = hub_count(process->hub);
    bool late = world->now_us > process->told_us + limit_us;
    bool busy = counts.sessions > 0 || counts.results > 0 || counts.matches > 0;
    if (busy && !late) {
        plan_for(world, 100000, ITEM_END, process);
        return;
    }
    for (uint32_t i = 0; i < WORLD_CONNS_MAX && world->fault == NULL; i++) {
        const struct world_conn *conn = &world->conns[i];
        bool waits = conn->door != HUB_DOOR_QUEUE &&
                     conn->door != HUB_DOOR_MATCH; /* for its answer, which comes */
        if (conn->used && &world->processes[conn->process] == process && conn->opened &&
            !conn->ending && !waits && late) {
            world_fault(world, "somebody is not told that the server stops");
        }
    }
    world->tally->late += counts.late;
    if (!process->cut && !world->away[HUB_VALKEY]) {
        valkey_lease_ended(world, process);
    }
    uint32_t node = process->node;
    end(world, process);
    if (count_of(world, node, true) == 0) {
        world_plan(world, world_random(world, 3 * WORLD_SECOND_US), ITEM_START)->node = node;
    }
}

void processes_item(struct world *world, struct world_item *item)
{
    struct world_process *process = process_of(world, item);
    if (item->kind == ITEM_START) {
        if (count_of(world, item->node, false) == 0 && count_of(world, item->node, true) < 2) {
            start(world, item->node);
        }
    } else if (process == NULL) {
        return;
    } else if (item->kind == ITEM_CRASH) {
        crash(world, process);
    } else if (item->kind == ITEM_DRAIN) {
        if (!process->draining) {
            ask_to_stop(world, process);
        }
    } else if (item->kind == ITEM_END) {
        may_end(world, process);
    }
}

/* The new one before or after the old one is asked to stop. */
static void deploy(struct world *world, struct world_process *old)
{
    world->tally->deploys++;
    if (count_of(world, old->node, true) == 1 && world_chance(world, 600)) {
        start(world, old->node);
        plan_for(world, world_random(world, 5 * WORLD_SECOND_US), ITEM_DRAIN, old);
    } else {
        ask_to_stop(world, old);
    }
}

void processes_turn(struct world *world)
{
    for (uint32_t i = 0; i < WORLD_PROCESSES_MAX; i++) {
        struct world_process *process = &world->processes[i];
        if (!process->alive) {
            continue;
        }
        if (world_rarely(world, world->faults.crashes)) {
            plan_for(world, world_random(world, WORLD_SECOND_US), ITEM_CRASH, process);
        } else if (world_rarely(world, world->faults.deploys) && !process->draining) {
            deploy(world, process);
        } else if (world_chance(world, world->faults.partitions) && process->up[HUB_VALKEY]) {
            world->tally->partitions++;
            process->cut = true;
            stores_set_up(world, process, HUB_VALKEY, false);
            struct world_item *item =
                world_plan(world, world_random(world, 20 * WORLD_SECOND_US), ITEM_STORE_UP);
            item->store = HUB_VALKEY;
            item->process = i;
            item->life = process->life;
        }
    }
}

void processes_calm(struct world *world)
{
    for (uint32_t node = 0; node < world->nodes_count; node++) {
        if (count_of(world, node, false) == 0 && count_of(world, node, true) < 2) {
            start(world, node);
        }
    }
}

void processes_drain(struct world *world)
{
    for (uint32_t i = 0; i < WORLD_PROCESSES_MAX; i++) {
        struct world_process *process = &world->processes[i];
        if (process->alive && !process->draining && count_of(world, process->node, true) == 1) {
            deploy(world, process);
            return;
        }
    }
}

void processes_init(struct world *world)
{
    for (uint32_t node = 0; node < world->nodes_count; node++) {
        start(world, node);
    }
}

void processes_check_empty(struct world *world)
{
    for (uint32_t i = 0; i < WORLD_PROCESSES_MAX; i++) {
        struct world_process *process = &world->processes[i];
        if (!process->alive) {
            continue;
        }
        hub_check(process->hub);
        struct hub_counts counts = hub_count(process->hub);
        if (counts.sessions != 0) {
            world_fault(world, "at the end: sessions are left");
        } else if (counts.tickets != 0) {
            world_fault(world, "at the end: tickets are left");
        } else if (counts.matches != 0 || counts.matches_by_phase[MATCH_OVER] != 0) {
            world_fault(world, "at the end: matches are left");
        } else if (counts.results != 0) {
            world_fault(world, "at the end: results are left");
        } else if (counts.players != 0) {
            world_fault(world, "at the end: players are left");
        } else if (counts.guess_log_bytes != 0) {
            world_fault(world, "at the end: texts of guesses are left");
        }
        world->tally->late += counts.late;
    }
}

void processes_destroy(struct world *world)
{
    for (uint32_t i = 0; i < WORLD_PROCESSES_MAX; i++) {
        hub_destroy(world->processes[i].hub);
        titles_destroy(world->processes[i].titles);
    }
}
