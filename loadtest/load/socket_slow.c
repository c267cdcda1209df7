/* A slow line: what goes either way is held until its time has come. */
#include <loadtest/load/socket_inside.h>

#include <duel/base/assert.h>
#include <stdlib.h>
#include <string.h>

static void arm_slow(struct socket *socket)
{
    struct slow *slow = socket->slow;
    uint64_t due_us = UINT64_MAX;
    if (slow->in.first != NULL) {
        due_us = slow->in.first->due_us;
    }
    if (slow->out.first != NULL && slow->out.first->due_us < due_us) {
        due_us = slow->out.first->due_us;
    }
    ev_timer_stop(socket->wire->loop, &slow->timer);
    if (due_us != UINT64_MAX) {
        uint64_t now_us = wire_now_us();
        ev_now_update(socket->wire->loop);
        ev_timer_set(&slow->timer, due_us > now_us ? (double)(due_us - now_us) / 1e6 : 0.0, 0.0);
        ev_timer_start(socket->wire->loop, &slow->timer);
    }
}

void slow_hold(struct socket *socket, struct way *way, const void *data, uint32_t size)
{
    struct held *held = malloc(sizeof(*held) + size);
    ASSERT(held != NULL);
    held->next = NULL;
    held->due_us = line_pass(&way->line, &socket->wire->rng, wire_now_us());
    held->size = size;
    memcpy(held->data, data, size);
    *way->last = held;
    way->last = &held->next;
    arm_slow(socket);
}

static void slow_is_due(struct ev_loop *loop, struct ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    struct socket *socket = timer->data;
    struct slow *slow = socket->slow;
    uint64_t now_us = wire_now_us();
    while (slow->out.first != NULL && slow->out.first->due_us <= now_us) {
        struct held *held = slow->out.first;
        slow->out.first = held->next;
        if (held->next == NULL) {
            slow->out.last = &slow->out.first;
        }
        bytes_append(&socket->out, held->data, held->size);
        free(held);
        socket_write_out(socket);
    }
    while (slow->in.first != NULL && slow->in.first->due_us <= now_us) {
        struct held *held = slow->in.first;
        slow->in.first = held->next;
        if (held->next == NULL) {
            slow->in.last = &slow->in.first;
        }
        bool alive = socket_deliver(socket, held->data, held->size);
        free(held);
        if (!alive) {
            return;
        }
    }
    if (slow->ended && slow->in.first == NULL) {
        socket_end(socket, 1006, TEXT("cut"));
        return;
    }
    arm_slow(socket);
}

struct slow *slow_create(struct socket *socket, const struct line_settings *settings)
{
    struct slow *slow = calloc(1, sizeof(*slow));
    ASSERT(slow != NULL);
    line_init(&slow->in.line, settings);
    line_init(&slow->out.line, settings);
    slow->in.last = &slow->in.first;
    slow->out.last = &slow->out.first;
    ev_timer_init(&slow->timer, slow_is_due, 0.0, 0.0);
    slow->timer.data = socket;
    return slow;
}

static void drop_way(struct way *way)
{
    while (way->first != NULL) {
        struct held *held = way->first;
        way->first = held->next;
        free(held);
    }
    way->last = &way->first;
}

void slow_destroy(struct socket *socket)
{
    struct slow *slow = socket->slow;
    if (slow != NULL) {
        ev_timer_stop(socket->wire->loop, &slow->timer);
        drop_way(&slow->in);
        drop_way(&slow->out);
        free(slow);
    }
}
