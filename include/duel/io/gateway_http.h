/* What the HTTP half of the gateway shares: a request on its way to its answer, where a path leads
 * and what an answer is made of. For duel/io/gateway_http.c, _serve.c, _body.c, _route.c, _read.c,
 * _answer.c and _upgrade.c. */
#ifndef DUEL_IO_GATEWAY_HTTP_H
#define DUEL_IO_GATEWAY_HTTP_H

#include <duel/io/gateway_private.h>

#define HTTP_ORIGIN_SIZE_MAX 255
#define HTTP_QUERY_SIZE_MAX TITLES_QUERY_SIZE_MAX

struct ev_io;    /* libev */
struct incoming; /* gateway_body.c */
struct json_t;   /* jansson */

struct request {
    struct gateway *gateway;
    struct ref conn;
    struct ev_io *writable;    /* while the socket takes no more */
    struct incoming *incoming; /* the body, of a route that takes one */
    uint8_t *reply;            /* head and body, NULL until it is known */
    uint32_t reply_size;
    uint32_t reply_sent;
    uint32_t body_read;
    bool is_head;   /* HEAD: the answer's head alone */
    bool may_keep;  /* the client would send another request behind this one */
    bool keep;      /* and may */
    bool has_body;  /* read, and thrown away where no route takes it */
    bool body_done;
    bool has_more;  /* more than a request arrived: libwebsockets cannot be made to wait */
    bool lingers;   /* answered; only waits for the client to stop sending */
    enum hub_door door; /* when the hub is asked, with: */
    struct uuid match;
    bool rated;
    uint32_t limit;
    uint32_t query_size;
    char query[HTTP_QUERY_SIZE_MAX];
    struct reading_question question; /* or READING_NOTHING: the hub is asked */
    bool unsure;                      /* what is not stored may be there all the same */
    uint32_t sub_size;                /* of who asks, for what the hub leaves to the reader */
    char sub[HUB_SUB_SIZE_MAX];
    char origin[HTTP_ORIGIN_SIZE_MAX + 1]; /* an allowed one, or empty */
};

/* ---- gateway_http.c ---- */

struct answer;

/* The answer to a request that has none yet. */
void http_answer(struct gateway *gateway, struct conn *conn, const struct answer *answer);
/* The same of an error; `extra` are header lines, each with its CRLF, or NULL. */
void http_error(struct gateway *gateway, struct conn *conn, uint32_t status, const char *code,
                const char *message, const char *extra);
/* Nothing is read until the answer is known: libwebsockets would spin over bytes that it does not
 * take. */
void http_wait(struct gateway *gateway, struct conn *conn);

/* ---- gateway_serve.c ---- */

/* Does what a request asks for; `method` is one of libwebsockets' LWSHUMETH_…. */
void http_serve(struct gateway *gateway, struct conn *conn, int method, struct text path);

/* ---- gateway_body.c ---- */

/* What a route does with the object that its body holds (an empty one: no members), which lives
 * until it returns. The request is its to answer. */
typedef void http_object(struct gateway *gateway, struct conn *conn, const struct json_t *object);

/* Reads the body of a POST and calls `then` once, perhaps at once; or answers what is wrong with
 * it. From within http_serve() only. `token` is copied for http_body_token(), since the head does
 * not outlive the callback. */
void http_read_body(struct gateway *gateway, struct conn *conn, struct text token,
                    http_object *then);
/* The token that http_read_body() was given; TEXT_NONE when no body was read. */
struct text http_body_token(const struct request *request);
/* Whether the body is still awaited. */
bool http_body_is_awaited(const struct request *request);
void http_body_release(struct request *request);

/* ---- gateway_route.c ---- */

enum route { ROUTE_NONE, ROUTE_QUEUE, ROUTE_MATCH, ROUTE_ME, ROUTE_SEARCH, ROUTE_FRAME,
             ROUTE_HISTORY, ROUTE_LEADERBOARD, ROUTE_OWN_RANK, ROUTE_INVITE, ROUTE_INVITATION };

enum route_method { ROUTE_GET = 1, ROUTE_POST = 2, ROUTE_DELETE = 4 }; /* a HEAD is a GET */

struct route_place {
    enum route route;
    struct text id;   /* of MATCH, FRAME and INVITATION: not empty, without a slash */
    struct text node; /* whom the path asks for by name, or none */
};

/* Set of enum route_method. */
uint32_t route_methods(enum route route);

/* Where a path leads: with the base path or without it (a proxy may have stripped it), and under
 * /n/<any node>. */
struct route_place route_find(const struct gateway *gateway, struct text path);

/* The id of MATCH and INVITATION. False: it is no UUID, or that of nothing. */
bool route_id(const struct route_place *place, struct uuid *ret_id);

/* ---- gateway_read.c ---- */

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

/* ---- gateway_answer.c ---- */

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
