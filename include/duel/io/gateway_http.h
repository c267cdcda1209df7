/* What the HTTP half of the gateway shares: where a path leads and what an answer is made of. For
 * duel/io/gateway_http.c, _route.c, _read.c, _answer.c and _upgrade.c. */
#ifndef DUEL_IO_GATEWAY_HTTP_H
#define DUEL_IO_GATEWAY_HTTP_H

#include <duel/io/gateway_private.h>

#define HTTP_ORIGIN_SIZE_MAX 255

enum route { ROUTE_NONE, ROUTE_QUEUE, ROUTE_MATCH, ROUTE_ME, ROUTE_SEARCH, ROUTE_FRAME,
             ROUTE_HISTORY, ROUTE_LEADERBOARD, ROUTE_OWN_RANK };

struct route_place {
    enum route route;
    struct text id;   /* of MATCH and FRAME: not empty, without a slash */
    struct text node; /* whom the path asks for by name, or none */
};

/* Where a path leads: with the base path or without it (a proxy may have stripped it), and under
 * /n/<any node>. */
struct route_place route_find(const struct gateway *gateway, struct text path);

/* What a request that only reads asks for, by its path and query (gateway_read.c). False: nothing
 * that there is, and that has been answered. */
bool read_question(struct gateway *gateway, struct conn *conn, const struct route_place *place,
                   struct reading_question *ret_question);
/* Asks it, for the caller `sub`; exactly one answer follows, perhaps at once. */
void read_ask(struct gateway *gateway, struct conn *conn, const struct reading_question *question,
              struct text sub);
/* The value of a query argument, percent-decoded by libwebsockets. -1: not there; -2: too long. */
int32_t http_argument(struct lws *wsi, struct text name, char *ret_value, uint32_t size_max);
/* A number of at most nine digits, or `standard` where there is none. False: something else. */
bool http_number(struct lws *wsi, struct text name, uint32_t standard, uint32_t *ret_number);

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
