/* Plain HTTP of the load generator, on libcurl and the same loop: frames, REST calls, the ops
 * listener. */
#ifndef LOAD_HTTP_H
#define LOAD_HTTP_H

#include <ev.h>
#include <stdint.h>

struct http;
struct http_call;

/* `status` 0: no answer (`body` is then a text that says why). `body` lives until it returns and
 * may be written to. */
typedef void http_done(void *context, uint32_t status, uint8_t *body, uint32_t size);

struct http *http_create(struct ev_loop *loop, uint32_t connections_max);
void http_destroy(struct http *http); /* without calling back */
/* `method` "GET", "POST", "DELETE"; `token` and `json` may be NULL. Bodies of answers are bounded
 * to `size_max`; 10 s in all. Calls back once, never inside the call, unless cancelled. NULL: out
 * of memory. */
struct http_call *http_ask(struct http *http, const char *method, const char *url,
                           const char *token, const char *json, uint32_t size_max,
                           http_done *done, void *context);
void http_cancel(struct http_call *call);

#endif
