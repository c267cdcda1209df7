/* From what the hub wants done to who does it. */
#include <duel/io/dispatch.h>
#include <duel/io/log.h>

static void report(const struct hub_effect *effect)
{
    static const struct {
        enum log_level level;
        const char *event;
    } lines[] = {
#define NOTE(name, level, text) [HUB_NOTE_##name] = { LOG_LEVEL_##level, text },
#include <duel/hub/notes.def>
    };
    struct log_field fields[5];
    uint32_t count = 0;
    if (!uuid_is_none(&effect->note.match)) {
        fields[count++] = (struct log_field){ .key = "match", .kind = LOG_FIELD_UUID,
                                              .uuid = effect->note.match };
    }
    if (!uuid_is_none(&effect->note.player)) {
        fields[count++] = (struct log_field){ .key = "player", .kind = LOG_FIELD_UUID,
                                              .uuid = effect->note.player };
    }
    if (effect->note.detail.data != NULL) {
        fields[count++] = (struct log_field){ .key = "detail", .kind = LOG_FIELD_TEXT,
                                              .text = effect->note.detail };
    }
    if (effect->note.value != 0) {
        fields[count++] = (struct log_field){ .key = "value", .kind = LOG_FIELD_INT,
                                              .number = effect->note.value };
    }
    fields[count] = (struct log_field){ .key = NULL };
    metrics_note(effect->note.note);
    log_fields(lines[effect->note.note].level, lines[effect->note.note].event, fields);
}

/* The effects that Valkey carries out as they are. */
static void (*const asks_valkey[])(struct valkey *valkey, const struct hub_effect *effect) = {
    [HUB_FX_QUEUE_JOIN] = valkey_join,
    [HUB_FX_SAVE] = valkey_save,
    [HUB_FX_SEEK] = valkey_seek,
    [HUB_FX_SWEEP] = valkey_sweep,
    [HUB_FX_LEASE] = valkey_lease,
    [HUB_FX_RELEASE] = valkey_release,
    [HUB_FX_LOCATE] = valkey_locate,
    [HUB_FX_LOOK] = valkey_look,
    [HUB_FX_INVITE] = valkey_invite,
    [HUB_FX_WITHDRAW] = valkey_withdraw,
    [HUB_FX_REMATCH] = valkey_rematch,
    [HUB_FX_LEFT] = valkey_left,
    [HUB_FX_PUBLISH] = valkey_publish,
};

void dispatch_perform(void *context, struct hub_effect *effect)
{
    struct dispatch *to = context;
    reports_effect(to->reports, effect);
    switch (effect->type) {
    case HUB_FX_SEND:
        gateway_send(to->gateway, &effect->send);
        break;
    case HUB_FX_CLOSE:
        gateway_close(to->gateway, effect);
        break;
    case HUB_FX_PING:
        gateway_ping(to->gateway, effect->conn);
        break;
    case HUB_FX_REPLY:
        gateway_reply(to->gateway, &effect->send);
        break;
    case HUB_FX_REPLY_ERROR:
        gateway_reply_error(to->gateway, effect->reply_error.conn, effect->reply_error.status,
                            effect->reply_error.code, effect->reply_error.message,
                            effect->reply_error.retry_after_s);
        break;
    case HUB_FX_LOAD_PLAYER:
        pg_load_player(to->pg, effect->load.player, effect->load.sub);
        break;
    case HUB_FX_QUEUE_JOIN:
    case HUB_FX_SAVE:
    case HUB_FX_SEEK:
    case HUB_FX_SWEEP:
    case HUB_FX_LEASE:
    case HUB_FX_RELEASE:
    case HUB_FX_LOCATE:
    case HUB_FX_LOOK:
    case HUB_FX_INVITE:
    case HUB_FX_WITHDRAW:
    case HUB_FX_REMATCH:
    case HUB_FX_LEFT:
    case HUB_FX_PUBLISH:
        asks_valkey[effect->type](to->valkey, effect);
        break;
    case HUB_FX_QUEUE_LEAVE:
        valkey_leave(to->valkey, effect->leave.player, &effect->leave.id);
        break;
    case HUB_FX_READ:
        gateway_read(to->gateway, effect->read.conn, effect->read.unsure);
        break;
    case HUB_FX_REPLY_ELSEWHERE:
        gateway_reply_elsewhere(to->gateway, effect);
        break;
    case HUB_FX_FRAME_SEAL:
        frames_seal(to->frames, effect->seal.match, effect->seal.round, effect->seal.path);
        break;
    case HUB_FX_FRAME_DROP:
        frames_drop(to->frames, effect->match);
        break;
    case HUB_FX_CHECK:
        pg_check(to->pg, effect->check.match, &effect->check.id);
        break;
    case HUB_FX_STORE:
        pg_store(to->pg, effect->store.result, effect->store.data);
        break;
    case HUB_FX_NOTE:
        report(effect);
        break;
    }
}
