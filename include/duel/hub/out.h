/* What a step wants done: effects in order, each taking only the bytes it needs, and the texts
 * they point to. Everything in it lives until the next step begins.
 *
 * It is bounded: a step handles due timers only while less than OUT_TIMERS_SIZE is used, and
 * neither one timer nor one event can fill the rest (asserted). */
#ifndef DUEL_HUB_OUT_H
#define DUEL_HUB_OUT_H

#include <duel/hub/hub.h>

#define OUT_SIZE (768u * 1024) /* and two saved matches */
#define OUT_TIMERS_SIZE (256u * 1024)

struct out {
    uint8_t *bytes;
    uint32_t size_max;
    uint32_t used;
    uint32_t taken;
};

enum hub_error {
#define ERROR(code, message) HUB_ERROR_##code,
#include <duel/hub/errors.def>
    HUB_ERRORS /* not an error */
};

/* `save_size_max`: of one saved match. */
bool out_create(struct out *out, uint32_t save_size_max);
void out_destroy(struct out *out);
/* Forgets the effects of the step before; all of them must have been taken. */
void out_begin(struct out *out);
struct hub_effect *out_take(struct out *out);
bool out_has_room_for_timers(const struct out *out);

/* A copy of `text` that lives as long as the effects; TEXT_NONE stays TEXT_NONE. */
struct text out_text(struct out *out, struct text text);
/* A buffer of `size_max` bytes that lives as long as the effects. */
struct text_buffer out_buffer(struct out *out, uint32_t size_max);

/* A zeroed effect of any type but SEND and REPLY. */
struct hub_effect *out_effect(struct out *out, enum hub_effect_type type);
/* A zeroed message to `conn`, to be filled in. */
struct hub_effect_send *out_send(struct out *out, enum hub_effect_type type, struct ref conn,
                                 enum message_type message);
/* An `error` message. `until` and `seq` may be MSG_NIL. */
void out_error(struct out *out, struct ref conn, enum hub_error error, int64_t until, int64_t seq);
void out_reply_error(struct out *out, struct ref conn, uint16_t status, enum hub_error error,
                     uint32_t retry_after_s);
void out_close(struct out *out, struct ref conn, uint16_t code, struct text reason);
/* 4421: `node` has the match. */
void out_close_elsewhere(struct out *out, struct ref conn, const struct uuid *match,
                         struct text node);
/* `match` and `player` may be NULL. */
void out_note(struct out *out, enum hub_note note, const struct uuid *match,
              const struct uuid *player, struct text detail, int64_t value);
/* The stable word of an error. */
struct text out_error_code(enum hub_error error);

#endif
