/* Plain HTTP; see the header. */
#include <loadtest/load/http.h>

#include <curl/curl.h>
#include <duel/base/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS 10000L

struct watch {
    struct http *http;
    struct ev_io io;
};

struct http_call {
    struct http *http;
    struct http_call *previous, *next;
    CURL *curl;
    struct curl_slist *headers;
    http_done *done;
    void *context;
    uint8_t *body;
    uint32_t size, size_allocated, size_max;
};

struct http {
    struct ev_loop *loop;
    CURLM *multi;
    struct ev_timer timer;
    struct http_call *first;
};

static void release(struct http_call *call)
{
    if (call->previous != NULL) {
        call->previous->next = call->next;
    } else {
        call->http->first = call->next;
    }
    if (call->next != NULL) {
        call->next->previous = call->previous;
    }
    curl_multi_remove_handle(call->http->multi, call->curl);
    curl_easy_cleanup(call->curl);
    curl_slist_free_all(call->headers);
    free(call->body);
    free(call);
}

static void tell_finished(struct http *http)
{
    int left;
    for (CURLMsg *message = curl_multi_info_read(http->multi, &left); message != NULL;
         message = curl_multi_info_read(http->multi, &left)) {
        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        struct http_call *call = NULL;
        long status = 0;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&call);
        curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
        if (code == CURLE_OK) {
            call->done(call->context, (uint32_t)status, call->body, call->size);
        } else {
            char reason[CURL_ERROR_SIZE];
            snprintf(reason, sizeof(reason), "%s", curl_easy_strerror(code));
            call->done(call->context, 0, (uint8_t *)reason, (uint32_t)strlen(reason));
        }
        release(call);
    }
}

static void act(struct http *http, curl_socket_t fd, int mask)
{
    int running;
    curl_multi_socket_action(http->multi, fd, mask, &running);
    tell_finished(http);
}

static void on_io(struct ev_loop *loop, struct ev_io *io, int events)
{
    (void)loop;
    struct watch *watch = io->data;
    act(watch->http, io->fd,
        ((events & EV_READ) != 0 ? CURL_CSELECT_IN : 0) |
            ((events & EV_WRITE) != 0 ? CURL_CSELECT_OUT : 0));
}

static void on_timer(struct ev_loop *loop, struct ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static int set_timer(CURLM *multi, long wait_ms, void *context)
{
    (void)multi;
    struct http *http = context;
    ev_timer_stop(http->loop, &http->timer);
    if (wait_ms >= 0) {
        ev_timer_set(&http->timer, (double)wait_ms / 1000, 0.0);
        ev_timer_start(http->loop, &http->timer);
    }
    return 0;
}

static int set_socket(CURL *curl, curl_socket_t fd, int what, void *context, void *socket_context)
{
    (void)curl;
    struct http *http = context;
    struct watch *watch = socket_context;
    if (watch != NULL) {
        ev_io_stop(http->loop, &watch->io);
    }
    if (what == CURL_POLL_REMOVE) {
        free(watch);
        return 0;
    }
    if (watch == NULL) {
        watch = calloc(1, sizeof(*watch));
        ASSERT(watch != NULL);
        watch->http = http;
        ev_init(&watch->io, on_io);
        watch->io.data = watch;
        curl_multi_assign(http->multi, fd, watch);
    }
    ev_io_set(&watch->io, fd,
              ((what & CURL_POLL_IN) != 0 ? EV_READ : 0) |
                  ((what & CURL_POLL_OUT) != 0 ? EV_WRITE : 0));
    ev_io_start(http->loop, &watch->io);
    return 0;
}

struct http *http_create(struct ev_loop *loop, uint32_t connections_max)
{
    struct http *http = calloc(1, sizeof(*http));
    if (http == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(http);
        return NULL;
    }
    http->loop = loop;
    http->multi = curl_multi_init();
    ASSERT(http->multi != NULL);
    ev_timer_init(&http->timer, on_timer, 0.0, 0.0);
    http->timer.data = http;
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
    curl_multi_setopt(http->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)connections_max);
    curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)connections_max);
    return http;
}

void http_destroy(struct http *http)
{
    if (http == NULL) {
        return;
    }
    while (http->first != NULL) {
        release(http->first);
    }
    curl_multi_cleanup(http->multi);
    ev_timer_stop(http->loop, &http->timer);
    free(http);
    curl_global_cleanup();
}

static size_t on_bytes(char *bytes, size_t size, size_t count, void *context)
{
    struct http_call *call = context;
    size *= count;
    if (size > call->size_max - call->size) {
        return 0; /* ends the transfer */
    }
    if (size > call->size_allocated - call->size) {
        uint32_t wanted = call->size + (uint32_t)size;
        uint32_t grown = call->size_allocated == 0 ? 4096 : 2 * call->size_allocated;
        call->size_allocated = grown > wanted ? grown : wanted;
        call->body = realloc(call->body, call->size_allocated);
        ASSERT(call->body != NULL);
    }
    memcpy(call->body + call->size, bytes, size);
    call->size += (uint32_t)size;
    return size;
}

static void add_header(struct http_call *call, const char *header)
{
    call->headers = curl_slist_append(call->headers, header);
    ASSERT(call->headers != NULL);
}

struct http_call *http_ask(struct http *http, const char *method, const char *url,
                           const char *token, const char *json, uint32_t size_max,
                           http_done *done, void *context)
{
    struct http_call *call = calloc(1, sizeof(*call));
    CURL *curl = curl_easy_init();
    if (call == NULL || curl == NULL) {
        free(call);
        curl_easy_cleanup(curl);
        return NULL;
    }
    *call = (struct http_call){ .http = http,
                                .next = http->first,
                                .curl = curl,
                                .done = done,
                                .context = context,
                                .size_max = size_max };
    if (call->next != NULL) {
        call->next->previous = call;
    }
    http->first = call;
    if (token != NULL) {
        char header[4096];
        snprintf(header, sizeof(header), "Authorization: Bearer %s", token);
        add_header(call, header);
    }
    if (json != NULL) {
        add_header(call, "Content-Type: application/json");
        curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, json);
    }
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, call->headers);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "duel-load");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, call);
    curl_easy_setopt(curl, CURLOPT_PRIVATE, call);
    curl_multi_add_handle(http->multi, curl);
    return call;
}

void http_cancel(struct http_call *call)
{
    release(call);
}
