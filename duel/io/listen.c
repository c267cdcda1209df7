/* Listening sockets by the socket interface of POSIX. */
#include <arpa/inet.h>
#include <duel/io/listen.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define BACKLOG 4096
#define PROBLEM_SIZE 256

/* Bytes that the kernel holds for a peer before it is sent. What waits for a slow reader then
 * waits in our own buffers, where it is counted and bounded. */
#define NOT_SENT_MAX 16384

struct address {
    struct sockaddr_storage storage;
    socklen_t size;
};

static bool split(const char *text, char *ret_host, size_t host_size, const char **ret_port)
{
    const char *colon = strrchr(text, ':');
    if (colon == NULL || colon[1] == '\0') {
        return false;
    }
    const char *host = text;
    size_t size = (size_t)(colon - text);
    if (size >= 2 && host[0] == '[' && host[size - 1] == ']') {
        host++;
        size -= 2;
    }
    if (size == 0 || size >= host_size) {
        return false;
    }
    memcpy(ret_host, host, size);
    ret_host[size] = '\0';
    *ret_port = colon + 1;
    return true;
}

static bool parse(const char *text, struct address *ret_address)
{
    char host[64];
    const char *port;
    if (!split(text, host, sizeof(host), &port)) {
        return false;
    }
    struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                              .ai_socktype = SOCK_STREAM };
    struct addrinfo *found;
    const char *numeric = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    if (getaddrinfo(numeric, port, &hints, &found) != 0) {
        return false;
    }
    memcpy(&ret_address->storage, found->ai_addr, found->ai_addrlen);
    ret_address->size = found->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

/* Whether what was bound is what was asked for; any port will do where 0 was asked. */
static bool is_bound_to(int fd, const struct address *asked)
{
    struct address bound = { .size = sizeof(bound.storage) };
    if (getsockname(fd, (struct sockaddr *)&bound.storage, &bound.size) != 0 ||
        bound.storage.ss_family != asked->storage.ss_family) {
        return false;
    }
    if (asked->storage.ss_family == AF_INET6) {
        const struct sockaddr_in6 *a = (const struct sockaddr_in6 *)&asked->storage;
        const struct sockaddr_in6 *b = (const struct sockaddr_in6 *)&bound.storage;
        return memcmp(&a->sin6_addr, &b->sin6_addr, sizeof(a->sin6_addr)) == 0 &&
               (a->sin6_port == 0 || a->sin6_port == b->sin6_port);
    }
    const struct sockaddr_in *a = (const struct sockaddr_in *)&asked->storage;
    const struct sockaddr_in *b = (const struct sockaddr_in *)&bound.storage;
    return a->sin_addr.s_addr == b->sin_addr.s_addr &&
           (a->sin_port == 0 || a->sin_port == b->sin_port);
}

static bool bind_and_listen(int fd, const struct address *address)
{
    const int on = 1;
    const int not_sent_max = NOT_SENT_MAX;
    /* Accepted sockets inherit both TCP options. */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &not_sent_max, sizeof(not_sent_max)) != 0) {
        return false;
    }
    return bind(fd, (const struct sockaddr *)&address->storage, address->size) == 0 &&
           listen(fd, BACKLOG) == 0;
}

int listen_open(const char *address, struct text *ret_problem)
{
    static char problem[PROBLEM_SIZE];
    struct address asked;
    const char *reason = NULL;
    int fd = -1;
    if (!parse(address, &asked)) {
        reason = "not an address and port such as 127.0.0.1:4100";
    } else {
        fd = socket(asked.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0 || !bind_and_listen(fd, &asked)) {
            reason = strerror(errno);
        } else if (!is_bound_to(fd, &asked)) {
            reason = "the system bound another address";
        }
    }
    if (reason == NULL) {
        return fd;
    }
    if (fd >= 0) {
        close(fd);
    }
    snprintf(problem, sizeof(problem), "cannot listen on %s: %s", address, reason);
    *ret_problem = text_from(problem);
    return -1;
}

void listen_format(int fd, char ret_address[LISTEN_ADDRESS_SIZE])
{
    struct address bound = { .size = sizeof(bound.storage) };
    char host[NI_MAXHOST] = "?", port[NI_MAXSERV] = "?";
    if (getsockname(fd, (struct sockaddr *)&bound.storage, &bound.size) == 0) {
        getnameinfo((struct sockaddr *)&bound.storage, bound.size, host, sizeof(host), port,
                    sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV);
    }
    if (bound.storage.ss_family == AF_INET6) {
        snprintf(ret_address, LISTEN_ADDRESS_SIZE, "[%.60s]:%.8s", host, port);
    } else {
        snprintf(ret_address, LISTEN_ADDRESS_SIZE, "%.60s:%.8s", host, port);
    }
}

int listen_connect(const char *address, uint32_t timeout_ms)
{
    struct address target;
    if (!parse(address, &target)) {
        return -1;
    }
    struct sockaddr_in *v4 = (struct sockaddr_in *)&target.storage;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&target.storage;
    if (v4->sin_family == AF_INET && v4->sin_addr.s_addr == htonl(INADDR_ANY)) {
        v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    } else if (v6->sin6_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr)) {
        v6->sin6_addr = in6addr_loopback;
    }
    int fd = socket(target.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    struct timeval limit = { .tv_sec = timeout_ms / 1000,
                             .tv_usec = (suseconds_t)(timeout_ms % 1000) * 1000 };
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)); /* of connect() too */
    if (connect(fd, (struct sockaddr *)&target.storage, target.size) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}
