/* What the hub wants done with connections; and the parts of its messages that only io knows:
 * tickets, paths and addresses. */
#include <duel/base/assert.h>
#include <duel/io/gateway_private.h>
#include <stdio.h>
#include <string.h>

#define JSON_SIZE_MAX (128U << 10) /* of the largest answer, with escapes */
#define PATH_SIZE_MAX (GATEWAY_PATH_SIZE_MAX + 96)
#define INVITE_URL_SIZE_MAX 513 /* as messages.def bounds it; the template was checked */

/* Memory of what is filled into one message. */
struct filling {
    char resume[AUTH_TICKET_SIZE + 1];
    char path[PATH_SIZE_MAX];
    char url[PATH_SIZE_MAX];
    char invite_url[INVITE_URL_SIZE_MAX];
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

/* Below the base path, or below a node's own where there are several (contract section 1). */
static struct text print_path(const struct gateway *gateway, struct text node, const char *what,
                              struct text which, char memory[PATH_SIZE_MAX])
{
    int size = snprintf(memory, PATH_SIZE_MAX, "%s%s%.*s/%s%s%.*s", gateway->base_path,
                        node.size == 0 ? "" : "/n/", TEXT_ARG(node), what,
                        which.size == 0 ? "" : "/", TEXT_ARG(which));
    return (struct text){ memory, (uint32_t)size };
}

/* Whom the paths in a message name. */
static struct text node_of(const struct gateway *gateway, const struct hub_effect_send *send)
{
    if (send->node.size != 0) {
        return send->node;
    }
    return send->by_node ? text_from(gateway->settings->node_id) : TEXT_NONE;
}

static struct text make_path(const struct gateway *gateway, const struct hub_effect_send *send,
                             struct text match, struct filling *filling)
{
    return print_path(gateway, node_of(gateway, send), "match", match, filling->path);
}

static struct text make_match_path(const struct gateway *gateway,
                                   const struct hub_effect_send *send, const struct uuid *match,
                                   struct filling *filling)
{
    char id[UUID_TEXT_SIZE + 1];
    uuid_format(match, id);
    return make_path(gateway, send, text_from(id), filling);
}

static struct text make_url(const struct gateway *gateway, const struct hub_effect_send *send,
                            struct text token, struct filling *filling)
{
    return print_path(gateway, node_of(gateway, send), "frame", token, filling->url);
}

/* Where the friend is led. */
static struct text make_invite_url(const struct gateway *gateway, const struct uuid *match,
                                   struct filling *filling)
{
    const char *template = gateway->settings->invite_url;
    const char *place = strstr(template, "{match}");
    char id[UUID_TEXT_SIZE + 1];
    ASSERT(place != NULL);
    uuid_format(match, id);
    int size = snprintf(filling->invite_url, sizeof(filling->invite_url), "%.*s%s%s",
                        (int)(place - template), template, id, place + strlen("{match}"));
    return (struct text){ filling->invite_url, (uint32_t)size };
}

static void fill_invite(const struct gateway *gateway, const struct hub_effect_send *send,
                        struct msg_invite *invite, struct filling *filling)
{
    invite->path = make_match_path(gateway, send, &invite->match, filling);
    invite->url = make_invite_url(gateway, &invite->match, filling);
}

static void fill(const struct gateway *gateway, struct hub_effect_send *send,
                 struct filling *filling)
{
    struct message *message = &send->message;
    if (message->type == MSG_matched) {
        struct msg_matched *matched = &message->matched;
        matched->resume = make_resume(gateway, send, &matched->match, filling);
        matched->path = make_match_path(gateway, send, &matched->match, filling);
    } else if (message->type == MSG_welcome) {
        struct msg_welcome *welcome = &message->welcome;
        welcome->resume = make_resume(gateway, send, &welcome->match, filling);
        if (welcome->has_frame) {
            welcome->frame.url = make_url(gateway, send, welcome->frame.url, filling);
        }
        if (welcome->has_invitation) {
            welcome->invitation.url = make_invite_url(gateway, &welcome->match, filling);
        }
    } else if (message->type == MSG_frame) {
        message->frame.url = make_url(gateway, send, message->frame.url, filling);
    } else if (message->type == MSG_server_rematch && message->server_rematch.match.data != NULL) {
        message->server_rematch.path =
            make_path(gateway, send, message->server_rematch.match, filling);
        message->server_rematch.resume = make_resume(gateway, send, &send->match, filling);
    } else if (message->type == MSG_invite) {
        fill_invite(gateway, send, &message->invite, filling);
    } else if (message->type == MSG_queue_matched) {
        struct msg_queue_matched *matched = &message->queue_matched;
        matched->resume = make_resume(gateway, send, &matched->match, filling);
        matched->path = make_match_path(gateway, send, &matched->match, filling);
    } else if (message->type == MSG_me && message->me.has_match) {
        struct msg_me_match *match = &message->me.match;
        match->path = make_match_path(gateway, send, &match->match, filling);
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

/* 4421. Who asked for that very node by its name has come here because a proxy does not reach
 * it. */
static void redirect(struct gateway *gateway, struct conn *conn, const struct hub_effect *close)
{
    char id[UUID_TEXT_SIZE + 1], memory[PATH_SIZE_MAX];
    if (text_equal(text_from(conn->node), close->close.node)) {
        conn_close(gateway, conn, 4503, TEXT("the node that has this match cannot be reached"));
        return;
    }
    uuid_format(&close->close.match, id);
    struct text path = print_path(gateway, close->close.node, "match", text_from(id), memory);
    conn_close(gateway, conn, close->close.code, path);
}

void gateway_close(struct gateway *gateway, const struct hub_effect *close)
{
    struct conn *conn = conn_get(gateway, close->close.conn);
    if (conn == NULL) {
        return;
    }
    if (close->close.node.size != 0) {
        redirect(gateway, conn, close);
    } else {
        conn_close(gateway, conn, close->close.code, close->close.reason);
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
    char json[JSON_SIZE_MAX];
    uint32_t size = codec_json(&reply->message, json, sizeof(json));
    ASSERT(size != 0);
    http_reply(gateway, conn, (struct text){ json, size });
}

/* As with redirect(). */
void gateway_reply_elsewhere(struct gateway *gateway, const struct hub_effect *effect)
{
    struct ref ref = effect->reply_elsewhere.conn;
    struct text node = effect->reply_elsewhere.node;
    struct conn *conn = conn_get(gateway, ref);
    if (conn == NULL) {
        return;
    }
    if (text_equal(text_from(conn->node), node)) {
        gateway_reply_error(gateway, ref, 503, TEXT("UNAVAILABLE"),
                            TEXT("The node that knows this cannot be reached."), 5);
        return;
    }
    char id[UUID_TEXT_SIZE + 1] = "", memory[PATH_SIZE_MAX];
    if (uuid_is_none(&effect->reply_elsewhere.match)) {
        http_reply_elsewhere(gateway, conn,
                             print_path(gateway, node, "queue", TEXT_NONE, memory));
    } else {
        uuid_format(&effect->reply_elsewhere.match, id);
        http_reply_elsewhere(gateway, conn,
                             print_path(gateway, node, "match", text_from(id), memory));
    }
}
