/* The shapes of text settings (contract section 8). It refuses to know what any of them is used
 * for, and asks nobody: a host that does not answer is no wrong setting. */
#include <duel/io/settings_check.h>

#include <duel/base/text.h>
#include <duel/io/address.h>
#include <duel/io/log.h>
#include <duel/io/pg.h>
#include <duel/io/sentry.h>
#include <duel/io/settings.h>
#include <duel/io/valkey_tls.h>
#include <duel/io/valkey_url.h>

#include <arpa/inet.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define URL_SIZE_MAX 512
#define BASE_PATH_SIZE_MAX 100 /* `path` and `url` of a message have 256 bytes */
#define INVITE_URL_SIZE_MAX 480 /* `url` of an invitation has 512; an id is longer than {match} */
#define SECRET_SIZE_MIN 16
#define ADDRESS_SIZE_MAX 64

static bool is_in(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_letter(char c)
{
    return is_lower(c) || (c >= 'A' && c <= 'Z');
}

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* All of `text` is a decimal number up to `max`. */
static bool parse_number(const char *text, size_t size, uint32_t max, uint32_t *ret_number)
{
    uint32_t number = 0;
    for (size_t i = 0; i < size; i++) {
        if (!is_digit(text[i]) || i == 5) {
            return false;
        }
        number = number * 10 + (uint32_t)(text[i] - '0');
    }
    if (size == 0 || number > max) {
        return false;
    }
    *ret_number = number;
    return true;
}

static bool is_port(const char *text, size_t size)
{
    uint32_t port;
    return parse_number(text, size, 65535, &port) && port != 0;
}

static bool is_address(int family, const char *text, size_t size)
{
    char address[ADDRESS_SIZE_MAX];
    struct in6_addr ignored;
    if (size >= sizeof address) {
        return false;
    }
    memcpy(address, text, size);
    address[size] = '\0';
    return inet_pton(family, address, &ignored) == 1;
}

/* host, host:port, [v6] or [v6]:port, all of `text`; *ret_port_size is that of the port, 0 for
 * none. */
static bool is_authority(const char *text, size_t size, size_t *ret_port_size)
{
    size_t host = 0;
    if (size > 0 && text[0] == '[') {
        const char *end = memchr(text, ']', size);
        if (end == NULL || !is_address(AF_INET6, text + 1, (size_t)(end - text) - 1)) {
            return false;
        }
        host = (size_t)(end - text) + 1;
    } else {
        while (host < size && (is_letter(text[host]) || is_digit(text[host]) ||
                               is_in(text[host], ".-_"))) {
            host++;
        }
    }
    if (host == 0) {
        return false;
    }
    *ret_port_size = host == size ? 0 : size - host - 1;
    return host == size ||
           (text[host] == ':' && is_port(text + host + 1, size - host - 1));
}

/* Port 0 takes a free one. */
static const char *check_listen(const char *value)
{
    static const char right[] = "must be an IPv4 address and a port (0.0.0.0:4100) or an IPv6 one "
                                "in brackets and a port ([::1]:4100)";
    const char *colon = strrchr(value, ':');
    uint32_t port;
    if (colon == NULL || !parse_number(colon + 1, strlen(colon + 1), 65535, &port)) {
        return right;
    }
    size_t size = (size_t)(colon - value);
    if (value[0] == '[') {
        bool closed = size >= 2 && value[size - 1] == ']';
        return closed && is_address(AF_INET6, value + 1, size - 2) ? NULL : right;
    }
    bool local = size == strlen("localhost") && starts_with(value, "localhost");
    return local || is_address(AF_INET, value, size) ? NULL : right;
}

static const char *check_base_path(const char *value)
{
    size_t size = strlen(value);
    if (value[0] != '/' || size < 2 || size > BASE_PATH_SIZE_MAX || value[size - 1] == '/') {
        return "must start with / and not end with it (/api/duel), at most 100 characters";
    }
    for (size_t i = 0; i < size; i++) {
        if (!is_letter(value[i]) && !is_digit(value[i]) && !is_in(value[i], "/-_.~")) {
            return "must hold only letters, digits and / - _ . ~";
        }
        if (value[i] == '/' && (value[i + 1] == '/' || value[i + 1] == '.')) {
            return "must have no part that is empty or starts with a dot";
        }
    }
    return NULL;
}

static const char *check_node_id(const char *value)
{
    size_t size = strlen(value);
    bool good = size <= 16;
    for (size_t i = 0; i < size; i++) {
        good = good && (is_lower(value[i]) || is_digit(value[i]) || value[i] == '-');
    }
    return good ? NULL : "must be 1 to 16 of a-z, 0-9 and -";
}

static const char *check_database_url(const char *value)
{
    return pg_url_is_valid(value)
               ? NULL
               : "must be a libpq URL (postgresql://user:password@host:port/database, with % and"
                 " such as %25) or key=value list";
}

static const char *check_valkey_url(const char *value)
{
    struct valkey_address address;
    bool good = valkey_url_parse(value, &address);
    if (good && address.tls && !valkey_tls_is_available()) {
        return "asks for TLS, which the hiredis of this build does not have (1.0 and newer do, as"
               " in Debian 13 and the image): use redis:// or unix://";
    }
    return good ? NULL
                : "must be redis://[user:password@]host:port[/db] (or rediss:// for TLS) or"
                  " unix://[user:password@]/path[?db=N], with % / and such in a password as %25"
                  " %2F";
}

static const char *check_valkey_ca_file(const char *value)
{
    bool readable = strcmp(value, VALKEY_TLS_ANYBODY) == 0 || access(value, R_OK) == 0;
    return readable ? NULL : "must name a file that can be read, or none to take any certificate";
}

static const char *check_web_url(const char *value)
{
    static const char right[] = "must be an http:// or https:// URL without user, query and "
                                "fragment";
    const char *authority = starts_with(value, "https://")  ? value + strlen("https://")
                            : starts_with(value, "http://") ? value + strlen("http://")
                                                            : NULL;
    if (authority == NULL || strlen(value) > URL_SIZE_MAX) {
        return right;
    }
    size_t size = strcspn(authority, "/");
    size_t port_size;
    if (!is_authority(authority, size, &port_size)) {
        return right;
    }
    for (const char *c = authority + size; *c != '\0'; c++) {
        if (*c <= ' ' || *c > '~' || is_in(*c, "?#\"\\<>")) {
            return right;
        }
    }
    return NULL;
}

static const char *check_logto_endpoint(const char *value)
{
    const char *wrong = check_web_url(value);
    size_t size = strlen(value);
    while (size > 0 && value[size - 1] == '/') {
        size--;
    }
    if (wrong == NULL && size >= 5 && strncmp(value + size - 5, "/oidc", 5) == 0) {
        return "must be Logto's address without /oidc, which is added";
    }
    return wrong;
}

static const char *check_word(const char *value)
{
    for (const char *c = value; *c != '\0'; c++) {
        if (*c <= ' ' || *c > '~' || *c == '"' || *c == '\\') {
            return "must be one word of printable ASCII";
        }
    }
    return NULL;
}

/* The authority of `origin`, behind a scheme (RFC 3986 section 3.1) and "://", or NULL. */
static const char *find_authority(const char *origin, size_t size)
{
    size_t scheme = 0;
    while (scheme < size && (is_letter(origin[scheme]) || is_digit(origin[scheme]) ||
                             is_in(origin[scheme], "+-."))) {
        scheme++;
    }
    bool is_scheme = scheme > 0 && is_letter(origin[0]) && size - scheme > 3 &&
                     strncmp(origin + scheme, "://", 3) == 0;
    return is_scheme ? origin + scheme + 3 : NULL;
}

/* One origin as a browser writes it (RFC 6454 section 6.2). The scheme is free: the desktop app's
 * is tauri://localhost. */
static const char *check_origin(const char *origin, size_t size)
{
    const char *authority = find_authority(origin, size);
    size_t port_size = 0;
    if (authority == NULL ||
        !is_authority(authority, size - (size_t)(authority - origin), &port_size)) {
        return "must be a list of origins like https://framedle.wtf: scheme, host, port, no path";
    }
    for (size_t i = 0; i < size; i++) {
        if (is_letter(origin[i]) && !is_lower(origin[i])) {
            return "must be in lower case, as browsers write origins";
        }
    }
    const char *port = origin + size - port_size;
    const char *standard = starts_with(origin, "https:")  ? "443"
                           : starts_with(origin, "http:") ? "80"
                                                          : "";
    if (port_size > 0 && port_size == strlen(standard) && starts_with(port, standard)) {
        return "must leave out the ports 443 of https and 80 of http, as browsers do";
    }
    return NULL;
}

static const char *check_allowed_origins(const char *value)
{
    while (*value != '\0') {
        size_t size = strcspn(value, ", ");
        const char *wrong = size > 0 ? check_origin(value, size) : NULL;
        if (wrong != NULL) {
            return wrong;
        }
        value += size;
        value += strspn(value, ", ");
    }
    return NULL;
}

/* What R2, Garage and AWS all take. */
static const char *check_bucket(const char *value)
{
    static const char right[] = "must name a bucket with 3 to 63 of a-z, 0-9, - and ., without "
                                "anything behind it";
    size_t size = strlen(value);
    bool good = size >= 3 && size <= 63 && value[0] != '.' && value[0] != '-';
    for (size_t i = 0; i < size && good; i++) {
        good = is_lower(value[i]) || is_digit(value[i]) || value[i] == '-' ||
               (value[i] == '.' && value[i + 1] != '.');
    }
    return good ? NULL : right;
}

/* The bucket is DUEL_FRAMES' business; R2's own page shows an address with one behind it. */
static const char *check_r2_endpoint(const char *value)
{
    const char *wrong = check_web_url(value);
    if (wrong != NULL) {
        return wrong;
    }
    const char *path = strchr(strstr(value, "://") + 3, '/');
    return path == NULL || path[1] == '\0'
               ? NULL
               : "must be only scheme, host and port: the bucket goes into DUEL_FRAMES";
}

static const char *check_r2_region(const char *value)
{
    size_t size = strlen(value);
    bool good = size <= 64;
    for (size_t i = 0; i < size; i++) {
        good = good && (is_lower(value[i]) || is_digit(value[i]) || value[i] == '-');
    }
    return good ? NULL : "must be a region like auto, garage or us-east-1";
}

/* Stands in the Authorization header between "=" and "/". */
static const char *check_r2_access_key(const char *value)
{
    size_t size = strlen(value);
    bool good = size <= 128;
    for (size_t i = 0; i < size; i++) {
        good = good && value[i] > ' ' && value[i] <= '~' && !is_in(value[i], "/,=\"\\");
    }
    return good ? NULL : "must be an access key id: printable ASCII without / , = and spaces";
}

static const char *check_r2_secret_key(const char *value)
{
    size_t size = strlen(value);
    bool good = size <= 256;
    for (size_t i = 0; i < size; i++) {
        good = good && value[i] > ' ' && value[i] <= '~';
    }
    return good ? NULL : "must be a secret access key: printable ASCII without spaces";
}

static const char *check_r2_ca_file(const char *value)
{
    bool readable = value[0] == '\0' || access(value, R_OK) == 0;
    return readable ? NULL : "must name a file that can be read";
}

static const char *check_frames(const char *value)
{
    if (starts_with(value, "s3://")) {
        const char *bucket = value + strlen("s3://");
        return bucket[0] == '\0' ? NULL : check_bucket(bucket);
    }
    if (!starts_with(value, "file:///") || value[strlen("file:///")] == '\0') {
        return "must be s3://bucket or file:///directory";
    }
    struct stat status;
    if (stat(value + strlen("file://"), &status) != 0 || !S_ISDIR(status.st_mode)) {
        return "must name a directory that is there";
    }
    return NULL;
}

static const char *check_ranges(const char *value)
{
    struct address_ranges ignored;
    return address_ranges_parse(text_from(value), &ignored)
               ? NULL
               : "must be a list of addresses and ranges like 10.0.0.0/8 or fc00::/7, without bits "
                 "behind the prefix, at most 128, or none";
}

static const char *check_difficulty(const char *value)
{
    static const char right[] = "must be lowest-highest (4-6), within 1-10";
    const char *dash = strchr(value, '-');
    uint32_t lowest, highest;
    if (dash == NULL || !parse_number(value, (size_t)(dash - value), 10, &lowest) ||
        !parse_number(dash + 1, strlen(dash + 1), 10, &highest)) {
        return right;
    }
    return lowest >= 1 && lowest <= highest ? NULL : right;
}

static const char *check_secret(const char *value)
{
    return strlen(value) >= SECRET_SIZE_MIN ? NULL : "must have at least 16 characters";
}

/* A web page's address, or an app's own scheme. */
static const char *check_invite_url(const char *value)
{
    static const char right[] = "must be an address with {match} in it once, like "
                                "https://framedle.wtf/duel/{match} or framedle://duel/{match}";
    const char *authority = find_authority(value, strlen(value));
    const char *place = strstr(value, "{match}");
    if (authority == NULL || place == NULL || place < authority ||
        strlen(value) > INVITE_URL_SIZE_MAX || strstr(place + 1, "{match}") != NULL) {
        return right;
    }
    for (const char *c = value; *c != '\0'; c++) {
        if (*c <= ' ' || *c > '~' || is_in(*c, "\"\\<>^`|")) {
            return right;
        }
    }
    return NULL;
}

static const char *check_switch(const char *value)
{
    return strcmp(value, "on") == 0 || strcmp(value, "off") == 0 ? NULL : "must be on or off";
}

static const char *check_sentry_dsn(const char *value)
{
    struct sentry_dsn ignored;
    return sentry_dsn_parse(value, &ignored)
               ? NULL
               : "must be https://key@host/project, as GlitchTip shows it, with a key of 32 "
                 "hexadecimal digits";
}

static const char *check_state_dir(const char *value)
{
    struct stat status;
    bool good = strlen(value) <= URL_SIZE_MAX && stat(value, &status) == 0 &&
                S_ISDIR(status.st_mode) && access(value, W_OK | X_OK) == 0;
    return good ? NULL : "must name a directory that can be written";
}

static const char *check_umami_website_id(const char *value)
{
    struct uuid ignored;
    return uuid_parse(text_from(value), &ignored) ? NULL : "must be the website's id, a UUID";
}

static const char *check_log_level(const char *value)
{
    enum log_level level;
    return log_parse_level(value, &level) ? NULL : "must be debug, info, warn or error";
}

static const struct {
    const char *name;
    const char *(*check)(const char *value);
} checks[] = {
    { "DUEL_LISTEN", check_listen },
    { "DUEL_OPS_LISTEN", check_listen },
    { "DUEL_BASE_PATH", check_base_path },
    { "DUEL_NODE_ID", check_node_id },
    { "DATABASE_URL", check_database_url },
    { "VALKEY_URL", check_valkey_url },
    { "VALKEY_CA_FILE", check_valkey_ca_file },
    { "LOGTO_ENDPOINT", check_logto_endpoint },
    { "LOGTO_API_RESOURCE", check_word },
    { "LOGTO_JWKS_URL", check_web_url },
    { "DUEL_SCOPE", check_word },
    { "DUEL_ALLOWED_ORIGINS", check_allowed_origins },
    { "DUEL_TRUSTED_PROXIES", check_ranges },
    { "DUEL_CLOUDFLARE_RANGES", check_ranges },
    { "DUEL_FRAMES", check_frames },
    { "R2_ENDPOINT", check_r2_endpoint },
    { "R2_ACCESS_KEY", check_r2_access_key },
    { "R2_SECRET_KEY", check_r2_secret_key },
    { "R2_CA_FILE", check_r2_ca_file },
    { "R2_BUCKET", check_bucket },
    { "R2_REGION", check_r2_region },
    { "DUEL_DIFFICULTY", check_difficulty },
    { "DUEL_SECRET", check_secret },
    { "DUEL_INVITE_URL", check_invite_url },
    { "DUEL_RATED_INVITES", check_switch },
    { "SENTRY_DSN", check_sentry_dsn },
    { "DUEL_STATE_DIR", check_state_dir },
    { "UMAMI_URL", check_web_url },
    { "UMAMI_WEBSITE_ID", check_umami_website_id },
    { "LOG_LEVEL", check_log_level },
};

const char *settings_check(const char *name, const char *value)
{
    for (uint32_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        if (strcmp(checks[i].name, name) == 0) {
            return checks[i].check(value);
        }
    }
    return NULL;
}
