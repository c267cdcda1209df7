/* VALKEY_URL taken apart. It knows texts, no connection; it never logs, because of the password. */
#include <duel/io/valkey_url.h>
#include <stdlib.h>
#include <string.h>

#define PORT_STANDARD 6379

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Copies a part, its percent-encoding undone. False: too long, broken, or a zero in it. */
static bool decode(const char *from, const char *end, char *ret_text, size_t size_max)
{
    size_t size = 0;
    while (from < end) {
        int byte = (unsigned char)*from;
        if (byte == '%') {
            int high = end - from > 2 ? hex_digit(from[1]) : -1;
            int low = high >= 0 ? hex_digit(from[2]) : -1;
            if (low < 0) {
                return false;
            }
            byte = high * 16 + low;
            from += 2;
        }
        if (byte == 0 || size + 1 >= size_max) {
            return false;
        }
        ret_text[size++] = (char)byte;
        from++;
    }
    ret_text[size] = 0;
    return true;
}

static bool parse_number(const char *from, const char *end, uint32_t max, uint32_t *ret_number)
{
    uint32_t number = 0;
    if (from == end || end - from > 9) {
        return false;
    }
    for (; from < end; from++) {
        if (*from < '0' || *from > '9') {
            return false;
        }
        number = number * 10 + (uint32_t)(*from - '0');
    }
    if (number > max) {
        return false;
    }
    *ret_number = number;
    return true;
}

/* The first `c` before `end`, or NULL. */
static const char *find(const char *from, const char *end, char c)
{
    while (from < end && *from != c) {
        from++;
    }
    return from < end ? from : NULL;
}

/* user:password, :password or password alone. */
static bool parse_user(const char *from, const char *end, struct valkey_address *address)
{
    const char *colon = find(from, end, ':');
    const char *password = colon != NULL ? colon + 1 : from;
    return (colon == NULL || decode(from, colon, address->user, sizeof address->user)) &&
           decode(password, end, address->password, sizeof address->password);
}

static bool parse_host(const char *from, const char *end, struct valkey_address *address)
{
    const char *host = from, *host_end;
    if (from < end && *from == '[') { /* IPv6 */
        host = from + 1;
        host_end = find(host, end, ']');
        if (host_end == NULL) {
            return false;
        }
        from = host_end + 1;
    } else {
        host_end = find(from, end, ':');
        host_end = host_end != NULL ? host_end : end;
        from = host_end;
    }
    uint32_t port = PORT_STANDARD;
    if (from < end && (*from != ':' || !parse_number(from + 1, end, 65535, &port) || port == 0)) {
        return false;
    }
    address->port = (uint16_t)port;
    return host_end > host && decode(host, host_end, address->host, sizeof address->host);
}

static bool parse_tcp(const char *from, struct valkey_address *address)
{
    const char *slash = strchr(from, '/');
    const char *end = slash != NULL ? slash : from + strlen(from);
    if (slash != NULL && slash[1] != 0 &&
        !parse_number(slash + 1, slash + strlen(slash), 65535, &address->database)) {
        return false;
    }
    return parse_host(from, end, address);
}

static bool parse_socket(const char *from, struct valkey_address *address)
{
    const char *query = strchr(from, '?');
    const char *end = query != NULL ? query : from + strlen(from);
    if (query != NULL) {
        if (strncmp(query, "?db=", 4) != 0 ||
            !parse_number(query + 4, query + strlen(query), 65535, &address->database)) {
            return false;
        }
    }
    return *from == '/' && end - from > 1 &&
           decode(from, end, address->path, sizeof address->path);
}

bool valkey_url_parse(const char *url, struct valkey_address *ret_address)
{
    static const struct {
        const char *text;
        bool is_socket;
        bool tls;
    } schemes[] = { { "redis://", false, false },  { "valkey://", false, false },
                    { "rediss://", false, true },  { "valkeys://", false, true },
                    { "unix://", true, false } };
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        size_t size = strlen(schemes[i].text);
        if (strncmp(url, schemes[i].text, size) != 0) {
            continue;
        }
        struct valkey_address address = { .tls = schemes[i].tls };
        const char *rest = url + size;
        const char *authority_end = rest + strcspn(rest, "/");
        const char *at = memrchr(rest, '@', (size_t)(authority_end - rest));
        if (at != NULL && !parse_user(rest, at, &address)) {
            return false;
        }
        rest = at != NULL ? at + 1 : rest;
        if (!(schemes[i].is_socket ? parse_socket(rest, &address) : parse_tcp(rest, &address))) {
            return false;
        }
        *ret_address = address;
        return true;
    }
    return false;
}
