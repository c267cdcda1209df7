/* What the HTTP half of the gateway shares: where a path leads and what an answer is made of. For
 * duel/io/gateway_http.c, _route.c, _answer.c and _upgrade.c. */
#ifndef DUEL_IO_GATEWAY_HTTP_H
#define DUEL_IO_GATEWAY_HTTP_H

#include <duel/io/gateway_private.h>

#define HTTP_ORIGIN_SIZE_MAX 255

enum route { ROUTE_NONE, ROUTE_QUEUE, ROUTE_MATCH, ROUTE_ME, ROUTE_SEARCH, ROUTE_FRAME };

struct route_place {
    enum route route;
    struct text id; /* of MATCH and FRAME: not empty, without a slash */
};

/* Where a path leads: with the base path or without it (a proxy may have stripped it), and under
 * /n/<this node>. */
struct route_place route_find(const struct gateway *gateway, struct text path);

struct answer {
    uint32_t status;
    const char *code; /* of an error */
    const char *message;
    struct text body; /* or no text: then an error's JSON is built */
    const char *type; /* of the body; NULL: JSON */
    const char *cache; /* Cache-Control; NULL: no-store */
    const char *extra; /* header lines, each with its CRLF */
    uint32_t retry_after_s;
};

/* Framedle's envelope, in memory that lives until the next call. `data` is JSON, or no text: then
 * the error stands. */
struct text answer_envelope(struct gateway *gateway, struct text data, struct text code,
                            struct text message);
/* Head and body in memory of their own, to be freed. `origin`: an allowed one, or empty. `keep`:
 * another request may follow. `is_head`: the head alone. */
uint8_t *answer_build(struct gateway *gateway, struct answer answer, const char *origin, bool keep,
                      bool is_head, uint32_t *ret_size);
/* A request's Origin if it is on the allow-list, else empty. False: there is one and it is not. */
bool answer_read_origin(const struct gateway *gateway, struct lws *wsi,
                        char ret_origin[HTTP_ORIGIN_SIZE_MAX + 1]);

#endif
