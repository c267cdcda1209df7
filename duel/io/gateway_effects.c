/* What the hub wants done with connections; and the parts of its messages that only io knows:
 * tickets, paths and addresses. */
#include <duel/base/assert.h>
#include <duel/io/gateway_private.h>
#include <stdio.h>

/* Memory of what is filled into one message. */
struct filling {
    char resume[AUTH_TICKET_SIZE + 1];
    char path[GATEWAY_PATH_SIZE_MAX + 64];
    char url[GATEWAY_PATH_SIZE_MAX + 64];
};

static struct text make_resume(const struct gateway *gateway, const struct hub_effect_send *send,
                               const struct uuid *match, struct filling *filling)
{
    if (!auth_has_secret(gateway->auth)) {
        return TEXT(""); /* a token will be needed to come back */
    }
    auth_make_ticket(gateway->auth, match, send->slot, filling->resume);
    return text_from(filling->resume);
}

static struct text make_path(const struct gateway *gateway, struct text match,
                             struct filling *filling)
{
    int size = snprintf(filling->path, sizeof(filling->path), "%s/match/%.*s", gateway->base_path,
                        TEXT_ARG(match));
    return (struct text){ filling->path, (uint32_t)size };
}

static struct text make_match_path(const struct gateway *gateway, const struct uuid *match,
                                   struct filling *filling)
{
    char id[UUID_TEXT_SIZE + 1];
    uuid_format(match, id);
    return make_path(gateway, text_from(id), filling);
}

static struct text make_url(const struct gateway *gateway, struct text token,
                            struct filling *filling)
{
    int size = snprintf(filling->url, sizeof(filling->url), "%s/frame/%.*s", gateway->base_path,
                        TEXT_ARG(token));
    return (struct text){ filling->url, (uint32_t)size };
}

static void fill(const struct gateway *gateway, struct hub_effect_send *send,
                 struct filling *filling)
{
    struct message *message = &send->message;
    if (message->type == MSG_matched) {
        struct msg_matched *matched = &message->matched;
        matched->resume = make_resume(gateway, send, &matched->match, filling);
        matched->path = make_match_path(gateway, &matched->match, filling);
    } else if (message->type == MSG_welcome) {
        struct msg_welcome *welcome = &message->welcome;
        welcome->resume = make_resume(gateway, send, &welcome->match, filling);
        if (welcome->has_frame) {
            welcome->frame.url = make_url(gateway, welcome->frame.url, filling);
        }
    } else if (message->type == MSG_frame) {
        message->frame.url = make_url(gateway, message->frame.url, filling);
    } else if (message->type == MSG_server_rematch && message->server_rematch.match.data != NULL) {
        message->server_rematch.path = make_path(gateway, message->server_rematch.match, filling);
    } else if (message->type == MSG_me && message->me.has_match) {
        struct msg_me_match *match = &message->me.match;
        match->path = make_match_path(gateway, &match->match, filling);
    }
}

void gateway_send(struct gateway *gateway, struct hub_effect_send *send)
{
    struct conn *conn = conn_get(gateway, send->conn);
    if (conn == NULL || conn->state != CONN_OPEN) {
        return;
    }
    struct filling filling;
    fill(gateway, send, &filling);
    conn_send(gateway, conn, &send->message);
}

void gateway_close(struct gateway *gateway, struct ref ref, uint16_t code, struct text reason)
{
    struct conn *conn = conn_get(gateway, ref);
    if (conn != NULL) {
        conn_close(gateway, conn, code, reason);
    }
}

void gateway_ping(struct gateway *gateway, struct ref ref)
{
    struct conn *conn = conn_get(gateway, ref);
    if (conn != NULL) {
        conn_ping(gateway, conn);
    }
}

void gateway_reply(struct gateway *gateway, struct hub_effect_send *reply)
{
    struct conn *conn = conn_get(gateway, reply->conn);
    if (conn == NULL) {
        return;
    }
    struct filling filling;
    fill(gateway, reply, &filling);
    char json[MESSAGE_SERVER_SIZE_MAX];
    uint32_t size = codec_json(&reply->message, json, sizeof(json));
    ASSERT(size != 0);
    http_reply(gateway, conn, (struct text){ json, size });
}
