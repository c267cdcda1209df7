/* Where a path leads, and which methods there are (contract section 1). */
#include <duel/io/gateway_http.h>
#include <string.h>

static bool take_prefix(struct text *path, struct text prefix)
{
    if (path->size < prefix.size || memcmp(path->data, prefix.data, prefix.size) != 0) {
        return false;
    }
    bool ends = path->size == prefix.size || path->data[prefix.size] == '/';
    if (ends) {
        path->data += prefix.size;
        path->size -= prefix.size;
    }
    return ends;
}

static bool take_name(struct text *path, struct text name)
{
    struct text rest = *path;
    if (rest.size == 0 || rest.data[0] != '/') {
        return false;
    }
    rest.data++;
    rest.size--;
    if (!take_prefix(&rest, name)) {
        return false;
    }
    *path = rest;
    return true;
}

/* "/n/<node>", of whatever node: a proxy that lacks one sends its requests to another. */
static struct text take_node(struct text *path)
{
    struct text rest = *path;
    if (!take_name(&rest, TEXT("n")) || rest.size < 2) {
        return TEXT_NONE;
    }
    struct text node = { rest.data + 1, 0 };
    while (node.size + 1 < rest.size && node.data[node.size] != '/') {
        node.size++;
    }
    if (node.size == 0 || node.size > SETTINGS_NODE_SIZE_MAX) {
        return TEXT_NONE;
    }
    path->data = node.data + node.size;
    path->size = rest.size - 1 - node.size;
    return node;
}

uint32_t route_methods(enum route route)
{
    switch (route) {
    case ROUTE_QUEUE:
        return ROUTE_GET | ROUTE_POST | ROUTE_DELETE;
    case ROUTE_INVITE:
        return ROUTE_POST;
    case ROUTE_INVITATION:
        return ROUTE_DELETE;
    case ROUTE_NONE:
    case ROUTE_MATCH:
    case ROUTE_ME:
    case ROUTE_SEARCH:
    case ROUTE_FRAME:
    case ROUTE_HISTORY:
    case ROUTE_LEADERBOARD:
    case ROUTE_OWN_RANK:
        break;
    }
    return ROUTE_GET;
}

struct route_place route_find(const struct gateway *gateway, struct text path)
{
    static const struct {
        struct text name;
        enum route route;
        bool has_id;
    } routes[] = {
        { { "queue", 5 }, ROUTE_QUEUE, false },   { { "match", 5 }, ROUTE_MATCH, true },
        { { "me", 2 }, ROUTE_ME, false },         { { "search", 6 }, ROUTE_SEARCH, false },
        { { "frame", 5 }, ROUTE_FRAME, true },    { { "history", 7 }, ROUTE_HISTORY, false },
        { { "leaderboard/me", 14 }, ROUTE_OWN_RANK, false },
        { { "leaderboard", 11 }, ROUTE_LEADERBOARD, false },
        { { "invite", 6 }, ROUTE_INVITE, false }, { { "invite", 6 }, ROUTE_INVITATION, true },
    };
    take_prefix(&path, text_from(gateway->base_path));
    struct text node = take_node(&path);
    for (uint32_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        struct text rest = path;
        if (!take_name(&rest, routes[i].name)) {
            continue;
        }
        if (!routes[i].has_id && rest.size == 0) {
            return (struct route_place){ routes[i].route, TEXT_NONE, node };
        }
        if (routes[i].has_id && rest.size > 1 &&
            memchr(rest.data + 1, '/', rest.size - 1) == NULL) {
            return (struct route_place){ routes[i].route, { rest.data + 1, rest.size - 1 }, node };
        }
    }
    return (struct route_place){ ROUTE_NONE, TEXT_NONE, node };
}

bool route_id(const struct route_place *place, struct uuid *ret_id)
{
    return uuid_parse(place->id, ret_id) && !uuid_is_none(ret_id);
}
