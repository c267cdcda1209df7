/* Lines between clients and the server: they take time, keep their order, and die. */
#include <stdlib.h>
#include <string.h>
#include <tests/sim/world/world.h>

struct world_conn *world_conn_get(struct world *world, struct ref ref)
{
    if (ref.index >= WORLD_CONNS_MAX || ref_is_none(ref)) {
        return NULL;
    }
    struct world_conn *conn = &world->conns[ref.index];
    return conn->used && conn->generation == ref.generation ? conn : NULL;
}

static uint64_t latency(struct world *world, const struct world_conn *conn)
{
    uint32_t us = world->bots[conn->bot].latency_us;
    return us + world_random(world, us / 4 + 1);
}

/* The delay until something sent now arrives, behind everything sent before. */
static uint64_t delay(struct world *world, struct world_conn *conn, uint64_t *stream_us)
{
    uint64_t at_us = world->now_us + latency(world, conn);
    if (at_us < *stream_us) {
        at_us = *stream_us;
    }
    *stream_us = at_us;
    return at_us - world->now_us;
}

static struct world_item *plan_up(struct world *world, struct ref ref, struct world_conn *conn,
                                  enum world_item_kind kind)
{
    struct world_item *item = world_plan(world, delay(world, conn, &conn->up_us), kind);
    item->ref = ref;
    return item;
}

static struct world_item *plan_down(struct world *world, struct ref ref, struct world_conn *conn,
                                    enum world_item_kind kind)
{
    struct world_item *item = world_plan(world, delay(world, conn, &conn->down_us), kind);
    item->ref = ref;
    item->bot = conn->bot;
    return item;
}

/* ---- clients ---- */

struct ref net_open(struct world *world, uint32_t bot, enum hub_door door, bool by_ticket,
                    uint32_t place)
{
    struct world_process *process = process_choose(world, place);
    if (process == NULL) {
        return REF_NONE;
    }
    for (uint32_t i = 0; i < world->limits.connections_max; i++) {
        struct world_conn *conn = &world->conns[i];
        if (conn->used) {
            continue;
        }
        *conn = (struct world_conn){ .generation = conn->generation + 1, .used = true,
                                     .process = (uint32_t)(process - world->processes),
                                     .door = door, .by_ticket = by_ticket, .bot = bot,
                                     .match = world->bots[bot].match,
                                     .slot = world->bots[bot].slot };
        struct ref ref = { i, conn->generation };
        plan_up(world, ref, conn, ITEM_OPEN);
        return ref;
    }
    return REF_NONE;
}

void net_say(struct world *world, struct ref ref, const struct world_say *say)
{
    struct world_conn *conn = world_conn_get(world, ref);
    if (conn != NULL && !conn->dead) {
        plan_up(world, ref, conn, ITEM_SAY)->say = *say;
    }
}

static void plan_closed(struct world *world, struct ref ref, struct world_conn *conn)
{
    if (!conn->closed_planned) {
        conn->closed_planned = true;
        plan_up(world, ref, conn, ITEM_CLOSED);
    }
}

void net_close(struct world *world, struct ref ref)
{
    struct world_conn *conn = world_conn_get(world, ref);
    if (conn != NULL && !conn->dead) {
        plan_closed(world, ref, conn);
    }
}

void net_lose(struct world *world, struct ref ref)
{
    struct world_conn *conn = world_conn_get(world, ref);
    if (conn == NULL || conn->dead) {
        return;
    }
    conn->dead = true;
    if (!world_chance(world, world->faults.half_open)) {
        plan_closed(world, ref, conn);
    }
}

void net_process_gone(struct world *world, const struct world_process *process)
{
    for (uint32_t i = 0; i < WORLD_CONNS_MAX; i++) {
        struct world_conn *conn = &world->conns[i];
        if (conn->used && &world->processes[conn->process] == process) {
            conn->used = false;
            struct world_item *item = world_plan(world, world_random(world, WORLD_SECOND_US / 2),
                                                 ITEM_CLIENT_CLOSED);
            item->bot = conn->bot;
            item->ref = (struct ref){ i, conn->generation };
            item->code = 1006;
        }
    }
}

/* ---- what the hub does ---- */

/* The node that a 4421 sends the client to, + 1. */
static uint32_t place_of(struct world *world, const struct hub_effect *effect)
{
    if (effect->close.code != 4421) {
        return 0;
    }
    world->tally->redirects++;
    struct text node = effect->close.node;
    if (node.data == NULL || text_equal(node, process_node(world->self))) {
        world_fault(world, "a redirection to the node that answers");
    }
    return text_equal(node, TEXT("a")) ? 1 : 2;
}

/* A request has its answer: `message`, or NULL when it is an error or somebody else's. */
static void answered(struct world *world, struct ref ref, const struct message *message)
{
    struct world_conn *conn = world_conn_get(world, ref);
    if (conn == NULL) {
        return;
    }
    plan_closed(world, ref, conn);
    if (message == NULL) {
        return;
    }
    if (message->type == MSG_invite) {
        bots_invited(world, conn->bot, &message->invite.match);
    } else if (conn->door == HUB_DOOR_JOIN || conn->door == HUB_DOOR_POLL ||
               conn->door == HUB_DOOR_LEAVE) {
        bots_polled(world, conn->bot, message);
    }
    world->tally->looks += message->type == MSG_match_now;
}

void net_effect(struct world *world, const struct hub_effect *effect, const uint8_t *bytes,
                uint32_t size)
{
    struct world_conn *conn;
    if (effect->type == HUB_FX_SEND) {
        conn = world_conn_get(world, effect->send.conn);
        if (conn != NULL && !conn->dead) {
            struct world_item *item = plan_down(world, effect->send.conn, conn, ITEM_TO_CLIENT);
            item->bytes = malloc(size);
            memcpy(item->bytes, bytes, size);
            item->bytes_size = size;
        }
    } else if (effect->type == HUB_FX_CLOSE) {
        conn = world_conn_get(world, effect->close.conn);
        if (conn != NULL) {
            struct world_item *item = plan_down(world, effect->close.conn, conn,
                                                ITEM_CLIENT_CLOSED);
            item->code = effect->close.code;
            item->place = place_of(world, effect);
            plan_closed(world, effect->close.conn, conn);
        }
    } else if (effect->type == HUB_FX_PING) {
        conn = world_conn_get(world, effect->conn);
        if (conn != NULL && !conn->dead) {
            plan_down(world, effect->conn, conn, ITEM_CLIENT_PING)->sent_us = world->now_us;
        }
    } else if (effect->type == HUB_FX_REPLY) {
        answered(world, effect->send.conn, &effect->send.message);
    } else if (effect->type == HUB_FX_REPLY_ERROR) {
        answered(world, effect->reply_error.conn, NULL);
    } else if (effect->type == HUB_FX_REPLY_ELSEWHERE) {
        answered(world, effect->reply_elsewhere.conn, NULL);
    } else if (effect->type == HUB_FX_READ) {
        answered(world, effect->read.conn, NULL);
    }
}

/* ---- what arrives ---- */

static void open(struct world *world, struct ref ref, struct world_conn *conn)
{
    const struct world_user *user = &world->users[conn->bot];
    struct hub_event event = { .type = HUB_EV_OPEN };
    event.open.conn = ref;
    event.open.door = conn->door;
    event.open.match = conn->match;
    event.open.slot = conn->slot;
    event.open.rated = conn->door == HUB_DOOR_INVITE && user->opponents >= HUB_OPPONENTS_MAX - 1;
    event.open.query = TEXT("a");
    event.open.limit = 10;
    if (!conn->by_ticket) {
        event.open.sub = text_from(user->sub);
    }
    conn->opened = true;
    process_step(world, &world->processes[conn->process], &event, NULL, NULL);
}

static void to_message(const struct world_say *say, struct message *message)
{
    struct text text = { say->text, say->text_size };
    memset(message, 0, sizeof *message);
    message->type = say->type;
    if (say->type == MSG_guess) {
        message->guess.round = say->round;
        message->guess.seq = say->seq;
        message->guess.video = say->is_video ? text : TEXT_NONE;
        message->guess.text = say->is_video ? TEXT_NONE : text;
    } else if (say->type == MSG_ready) {
        message->ready.round = say->round;
    } else if (say->type == MSG_suggest) {
        message->suggest.seq = say->seq;
        message->suggest.q = text;
    } else if (say->type == MSG_ping) {
        message->ping.ts = say->round;
    } else if (say->type == MSG_client_rematch) {
        message->client_rematch.accept = say->right;
    } else if (say->type == MSG_auth) {
        message->auth.token = text;
    }
}

static void arrive(struct world *world, const struct world_item *item, struct world_conn *conn)
{
    static struct message message;
    if (!conn->opened) {
        return;
    }
    struct hub_event event = { .type = HUB_EV_MESSAGE };
    if (item->kind == ITEM_PONG) {
        event.type = HUB_EV_PONG;
        event.pong.conn = item->ref;
        event.pong.rtt_us = (uint32_t)(world->now_us - item->sent_us);
    } else {
        to_message(&item->say, &message);
        event.message.conn = item->ref;
        event.message.message = &message;
    }
    process_step(world, &world->processes[conn->process], &event, &item->say, NULL);
}

static void closed(struct world *world, struct ref ref, struct world_conn *conn)
{
    uint32_t bot = conn->bot;
    bool told = conn->opened;
    if (told) {
        struct hub_event event = { .type = HUB_EV_CLOSED };
        event.conn = ref;
        process_step(world, &world->processes[conn->process], &event, NULL, NULL);
    }
    conn->used = false;
    struct world_item *item = world_plan(world, world_random(world, WORLD_SECOND_US / 2),
                                         ITEM_CLIENT_CLOSED);
    item->bot = bot;
    item->ref = ref;
    item->code = 1006;
}

void net_item(struct world *world, struct world_item *item)
{
    struct world_conn *conn = world_conn_get(world, item->ref);
    struct text reason;
    switch (item->kind) {
    case ITEM_OPEN:
        if (conn != NULL) {
            open(world, item->ref, conn);
        }
        break;
    case ITEM_SAY:
    case ITEM_PONG:
        if (conn != NULL) {
            arrive(world, item, conn);
        }
        break;
    case ITEM_CLOSED:
        if (conn != NULL) {
            closed(world, item->ref, conn);
        }
        break;
    case ITEM_CLIENT_PING:
        if (conn != NULL && !conn->dead) {
            plan_up(world, item->ref, conn, ITEM_PONG)->sent_us = item->sent_us;
        }
        break;
    case ITEM_TO_CLIENT: {
        const struct message *message =
            codec_decode_server(world->codec, item->bytes, item->bytes_size, &reason);
        if (message == NULL) {
            world_fault(world, "a message of the server does not decode");
        } else {
            bots_receive(world, item->bot, item->ref, message);
        }
        break;
    }
    case ITEM_CLIENT_CLOSED:
        bots_closed(world, item->bot, item->ref, item->code, item->place);
        break;
    case ITEM_THINK:
    case ITEM_ASK:
    case ITEM_ANSWER:
    case ITEM_NUDGE:
    case ITEM_STORE_UP:
    case ITEM_START:
    case ITEM_CRASH:
    case ITEM_DRAIN:
    case ITEM_END:
    case ITEM_TURN:
        abort();
    }
}
