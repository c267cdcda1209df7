/* HTTP and the beginning of a WebSocket for `duel-server check`, with libcurl. What comes from the
 * other end is bounded in time and size. It refuses to know what any answer means. */
#include <duel/command/check.h>
#include <curl/curl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define CONNECT_TIMEOUT_MS 5000L
#define TIMEOUT_MS 10000L
#define HEAD_SIZE_MAX 4096
#define UPGRADE_WAIT_S 8 /* longer than the 5 s that a server gives a token */
#define CODE_CLOSE 8

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct check_answer *answer = context;
    size_t room = CHECK_BODY_SIZE_MAX - answer->size;
    size_t taken = size * count < room ? size * count : room;
    memcpy(answer->body + answer->size, bytes, taken);
    answer->size += (uint32_t)taken;
    return size * count;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
    struct check_answer *answer = context;
    char line[128];
    size_t length = size * count < sizeof line - 1 ? size * count : sizeof line - 1;
    memcpy(line, bytes, length);
    line[length] = '\0';
    if (strncasecmp(line, "date:", 5) == 0) {
        answer->date_s = (int64_t)curl_getdate(line + 5, NULL);
    }
    answer->cloudflare = answer->cloudflare || strncasecmp(line, "cf-ray:", 7) == 0;
    return size * count;
}

static CURL *open_handle(const char *url)
{
    CURL *curl = curl_easy_init();
    if (curl != NULL) {
        curl_easy_setopt(curl, CURLOPT_URL, url);
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
        curl_easy_setopt(curl, CURLOPT_USERAGENT, "duel-server");
    }
    return curl;
}

static bool is_about_certificate(CURLcode code)
{
    return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
           code == CURLE_SSL_ISSUER_ERROR || code == CURLE_SSL_INVALIDCERTSTATUS;
}

bool check_get(const char *url, const char *header, struct check_answer *ret_answer)
{
    ret_answer->status = 0;
    ret_answer->untrusted = false;
    ret_answer->problem[0] = '\0';
    ret_answer->date_s = -1;
    ret_answer->cloudflare = false;
    ret_answer->size = 0;
    CURL *curl = open_handle(url);
    struct curl_slist *headers = header != NULL ? curl_slist_append(NULL, header) : NULL;
    CURLcode code = CURLE_OUT_OF_MEMORY;
    if (curl != NULL) {
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, ret_answer);
        curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
        curl_easy_setopt(curl, CURLOPT_HEADERDATA, ret_answer);
        code = curl_easy_perform(curl);
    }
    if (code == CURLE_OK) {
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &ret_answer->status);
    } else {
        ret_answer->untrusted = is_about_certificate(code);
        (void)snprintf(ret_answer->problem, sizeof ret_answer->problem, "%s",
                       curl_easy_strerror(code));
    }
    ret_answer->body[ret_answer->size] = '\0';
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return ret_answer->status != 0;
}

/* ---- a WebSocket ---- */

/* Reads more behind the `size` bytes of `buffer`; gives the new size, the old one when nothing
 * comes before `until`. */
static size_t read_more(CURL *curl, time_t until, unsigned char *buffer, size_t size,
                        size_t size_max)
{
    curl_socket_t socket = CURL_SOCKET_BAD;
    curl_easy_getinfo(curl, CURLINFO_ACTIVESOCKET, &socket);
    while (size < size_max && time(NULL) < until) {
        size_t got = 0;
        CURLcode code = curl_easy_recv(curl, buffer + size, size_max - size, &got);
        if (code != CURLE_AGAIN) {
            return code == CURLE_OK ? size + got : size;
        }
        struct pollfd wait = { .fd = socket, .events = POLLIN };
        (void)poll(&wait, 1, 500);
    }
    return size;
}

static bool send_all(CURL *curl, const void *bytes, size_t size)
{
    size_t sent = 0;
    return curl_easy_send(curl, bytes, size, &sent) == CURLE_OK && sent == size;
}

static bool send_request(CURL *curl, const char *url, const char *origin)
{
    char request[HEAD_SIZE_MAX];
    const char *host = strstr(url, "://") + 3;
    size_t host_size = strcspn(host, "/");
    int size = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nHost: %.*s\r\nConnection: Upgrade\r\n"
                        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"
                        "Sec-WebSocket-Protocol: framedle.duel.v1\r\n"
                        "User-Agent: duel-server\r\n%s%s%s\r\n",
                        host + host_size, (int)host_size, host, origin != NULL ? "Origin: " : "",
                        origin != NULL ? origin : "", origin != NULL ? "\r\n" : "");
    return size > 0 && (size_t)size < sizeof request && send_all(curl, request, (size_t)size);
}

/* The code of the close frame among the frames (RFC 6455 section 5.2), or 0 while there is none. */
static int find_close(const unsigned char *bytes, size_t size)
{
    size_t at = 0;
    while (at + 2 <= size) {
        size_t length = bytes[at + 1] & 127;
        size_t head = 2;
        if (length == 126 && at + 4 <= size) {
            length = (size_t)bytes[at + 2] << 8 | bytes[at + 3];
            head = 4;
        } else if (length >= 126) {
            return 0;
        }
        if ((bytes[at] & 15) == CODE_CLOSE) {
            bool there = length >= 2 && at + head + 2 <= size;
            return there ? bytes[at + head] << 8 | bytes[at + head + 1] : 0;
        }
        at += head + length;
    }
    return 0;
}

/* {t: "auth", token: "no token"}, in a masked frame whose mask changes nothing. */
static const unsigned char bad_token[] = "\x82\x97\0\0\0\0\x82\xa1t\xa4"
                                         "auth\xa5token\xa8no token";

static void wait_for_close(CURL *curl, time_t until, unsigned char *buffer, size_t size,
                           struct check_upgrade *upgrade)
{
    if (!send_all(curl, bad_token, sizeof bad_token - 1)) {
        return;
    }
    upgrade->close_code = find_close(buffer, size);
    while (upgrade->close_code == 0) {
        size_t more = read_more(curl, until, buffer, size, HEAD_SIZE_MAX);
        if (more == size) {
            return;
        }
        size = more;
        upgrade->close_code = find_close(buffer, size);
    }
}

static void converse(CURL *curl, struct check_upgrade *upgrade)
{
    unsigned char buffer[HEAD_SIZE_MAX + 1];
    const time_t until = time(NULL) + UPGRADE_WAIT_S;
    size_t size = 0;
    const char *end = NULL;
    while (end == NULL) {
        size_t more = read_more(curl, until, buffer, size, HEAD_SIZE_MAX);
        if (more == size) {
            (void)snprintf(upgrade->problem, sizeof upgrade->problem, "no answer");
            return;
        }
        size = more;
        buffer[size] = '\0';
        end = memmem(buffer, size, "\r\n\r\n", 4);
    }
    if (sscanf((char *)buffer, "HTTP/1.%*1[01] %d", &upgrade->status) != 1) {
        (void)snprintf(upgrade->problem, sizeof upgrade->problem, "what answers is no HTTP/1.1");
        upgrade->status = 0;
        return;
    }
    const char *chosen = strcasestr((char *)buffer, "\r\nSec-WebSocket-Protocol: framedle.duel.v1");
    upgrade->subprotocol = chosen != NULL && chosen < end;
    size_t head = (size_t)(end + 4 - (char *)buffer);
    if (upgrade->status == 101) {
        memmove(buffer, buffer + head, size - head);
        wait_for_close(curl, until, buffer, size - head, upgrade);
    }
}

void check_upgrade(const char *url, const char *origin, struct check_upgrade *ret_upgrade)
{
    *ret_upgrade = (struct check_upgrade){ .status = 0 };
    CURL *curl = open_handle(url);
    CURLcode code = CURLE_OUT_OF_MEMORY;
    if (curl != NULL) {
        curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
        curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
        code = curl_easy_perform(curl);
    }
    if (code != CURLE_OK || !send_request(curl, url, origin)) {
        (void)snprintf(ret_upgrade->problem, sizeof ret_upgrade->problem, "%s",
                       code != CURLE_OK ? curl_easy_strerror(code) : "the connection was lost");
    } else {
        converse(curl, ret_upgrade);
    }
    curl_easy_cleanup(curl);
}
