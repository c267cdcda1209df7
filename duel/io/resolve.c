/* Name look-ups by the system's resolver, on a worker thread: see the header. */
#include <duel/base/assert.h>
#include <duel/io/resolve.h>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

struct resolve_job {
    struct worker_job job;
    resolve_done *done;
    void *context;
    bool found;
    char address[RESOLVE_ADDRESS_SIZE];
    char host[]; /* terminated */
};

_Static_assert(RESOLVE_ADDRESS_SIZE == INET6_ADDRSTRLEN, "room for any address");

static const struct addrinfo *first_of(const struct addrinfo *list, int family)
{
    while (list != NULL && list->ai_family != family) {
        list = list->ai_next;
    }
    return list;
}

static void run(struct worker_job *job)
{
    struct resolve_job *resolve = (struct resolve_job *)job;
    const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
    struct addrinfo *list = NULL;
    if (getaddrinfo(resolve->host, NULL, &hints, &list) != 0) {
        return;
    }
    const void *bytes = NULL;
    int family = AF_INET;
    const struct addrinfo *info = first_of(list, AF_INET);
    if (info != NULL) {
        bytes = &((const struct sockaddr_in *)(const void *)info->ai_addr)->sin_addr;
    } else if ((info = first_of(list, AF_INET6)) != NULL) {
        bytes = &((const struct sockaddr_in6 *)(const void *)info->ai_addr)->sin6_addr;
        family = AF_INET6;
    }
    resolve->found = bytes != NULL && inet_ntop(family, bytes, resolve->address,
                                                RESOLVE_ADDRESS_SIZE) != NULL;
    freeaddrinfo(list);
}

static void done(struct worker_job *job)
{
    struct resolve_job *resolve = (struct resolve_job *)job;
    resolve->done(resolve->context, resolve->found ? resolve->address : NULL);
    free(resolve);
}

void resolve_start(struct worker *worker, const char *host, resolve_done *on_done, void *context)
{
    size_t size = strlen(host) + 1;
    struct resolve_job *resolve = calloc(1, sizeof(*resolve) + size);
    ASSERT(resolve != NULL);
    resolve->job = (struct worker_job){ .run = run, .done = done };
    resolve->done = on_done;
    resolve->context = context;
    memcpy(resolve->host, host, size);
    worker_submit(worker, &resolve->job);
}
