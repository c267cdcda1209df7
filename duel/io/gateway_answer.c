/* What the gateway's HTTP answers are made of: Framedle's envelope, heads, CORS. */
#include <duel/base/assert.h>
#include <duel/io/gateway_http.h>
#include <libwebsockets.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define HEAD_SIZE_MAX 1536

static const char *status_phrase(uint32_t status)
{
    switch (status) {
    case 200: return "OK";
    case 204: return "No Content";
    case 307: return "Temporary Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 409: return "Conflict";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 426: return "Upgrade Required";
    case 429: return "Too Many Requests";
    case 503: return "Service Unavailable";
    default: return "Answer";
    }
}

/* On every answer. Nothing here is a page: if one is opened as such, it may load nothing and be
 * framed by nobody. The resource policy is about requests without CORS (an <img>, a <script>);
 * those with it are decided by the allow-list. */
static const char for_browsers[] =
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
    "Vary: Origin\r\n";

static void append_terminated(struct text_buffer *buffer, const char *terminated)
{
    text_append(buffer, text_from(terminated));
}

struct text answer_envelope(struct gateway *gateway, struct text data, struct text code,
                            struct text message)
{
    struct text_buffer json;
    text_buffer_init(&json, gateway->json, sizeof(gateway->json));
    uint64_t now_ms = loop_now_us(gateway->loop) / 1000;
    time_t now_s = (time_t)(now_ms / 1000);
    struct tm utc;
    char time[32];
    gmtime_r(&now_s, &utc);
    size_t size = strftime(time, sizeof(time), "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(time + size, sizeof(time) - size, ".%03uZ", (unsigned)(now_ms % 1000));

    text_append(&json, TEXT("{\"data\":"));
    text_append(&json, data.data == NULL ? TEXT("null") : data);
    text_append(&json, TEXT(",\"error\":"));
    if (data.data != NULL) {
        text_append(&json, TEXT("null"));
    } else {
        text_append(&json, TEXT("{\"code\":"));
        codec_json_string(&json, code);
        text_append(&json, TEXT(",\"message\":"));
        codec_json_string(&json, message);
        text_append(&json, TEXT("}"));
    }
    text_append(&json, TEXT(",\"meta\":{\"timestamp\":\""));
    append_terminated(&json, time);
    text_append(&json, TEXT("\"}}"));
    ASSERT(!json.full);
    return text_of(&json);
}

static void append_head(struct text_buffer *head, const struct answer *answer, const char *origin,
                        bool keep)
{
    char line[160];
    char date[64];
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &utc);
    snprintf(line, sizeof(line), "HTTP/1.1 %u %s\r\nDate: %s\r\n", answer->status,
             status_phrase(answer->status), date);
    append_terminated(head, line);
    if (answer->status != 204) {
        snprintf(line, sizeof(line), "Content-Type: %s\r\nContent-Length: %u\r\n",
                 answer->type == NULL ? "application/json" : answer->type, answer->body.size);
        append_terminated(head, line);
    }
    snprintf(line, sizeof(line), "Cache-Control: %s\r\n",
             answer->cache == NULL ? "no-store" : answer->cache);
    append_terminated(head, line);
    append_terminated(head, for_browsers);
    if (origin[0] != '\0') {
        text_append(head, TEXT("Access-Control-Allow-Origin: "));
        append_terminated(head, origin);
        text_append(head, TEXT("\r\nAccess-Control-Expose-Headers: Retry-After\r\n"));
    }
    if (answer->retry_after_s != 0) {
        snprintf(line, sizeof(line), "Retry-After: %u\r\n", answer->retry_after_s);
        append_terminated(head, line);
    }
    append_terminated(head, answer->extra == NULL ? "" : answer->extra);
    text_append(head, keep ? TEXT("\r\n") : TEXT("Connection: close\r\n\r\n"));
    ASSERT(!head->full);
}

uint8_t *answer_build(struct gateway *gateway, struct answer answer, const char *origin, bool keep,
                      bool is_head, uint32_t *ret_size)
{
    char memory[HEAD_SIZE_MAX];
    struct text_buffer head;
    text_buffer_init(&head, memory, sizeof(memory));
    if (answer.body.data == NULL && answer.status != 204) {
        answer.body = answer_envelope(gateway, TEXT_NONE, text_from(answer.code),
                                      text_from(answer.message));
    }
    append_head(&head, &answer, origin, keep);
    uint32_t body_size = is_head ? 0 : answer.body.size;
    uint8_t *reply = malloc(head.size + body_size);
    ASSERT(reply != NULL);
    memcpy(reply, head.data, head.size);
    if (body_size != 0) {
        memcpy(reply + head.size, answer.body.data, body_size);
    }
    *ret_size = head.size + body_size;
    return reply;
}

bool answer_read_origin(const struct gateway *gateway, struct lws *wsi,
                        char ret_origin[HTTP_ORIGIN_SIZE_MAX + 1])
{
    ret_origin[0] = '\0';
    if (lws_hdr_total_length(wsi, WSI_TOKEN_ORIGIN) == 0) {
        return true;
    }
    char origin[HTTP_ORIGIN_SIZE_MAX + 1];
    if (lws_hdr_copy(wsi, origin, sizeof(origin), WSI_TOKEN_ORIGIN) < 0 ||
        !settings_allow_origin(gateway->settings, text_from(origin))) {
        return false;
    }
    memcpy(ret_origin, origin, sizeof(origin));
    return true;
}
