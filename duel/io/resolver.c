/* One look-up at a time for who asks again and again: see resolve.h. */
#include <duel/base/assert.h>
#include <duel/io/resolve.h>
#include <stdlib.h>

struct resolver {
    struct worker *worker;
    resolve_done *done;
    void *context;
    bool is_under_way; /* a look-up is with the worker */
    bool is_wanted;    /* and its answer is waited for */
    bool destroyed;    /* kept only until that answer */
};

struct resolver *resolver_create(struct worker *worker, resolve_done *done, void *context)
{
    struct resolver *resolver = calloc(1, sizeof *resolver);
    if (resolver != NULL) {
        *resolver = (struct resolver){ .worker = worker, .done = done, .context = context };
    }
    return resolver;
}

void resolver_destroy(struct resolver *resolver)
{
    if (resolver == NULL) {
        return;
    }
    if (resolver->is_under_way) {
        resolver->destroyed = true;
    } else {
        free(resolver);
    }
}

static void answered(void *context, const char *address)
{
    struct resolver *resolver = context;
    ASSERT(resolver->is_under_way);
    resolver->is_under_way = false;
    if (resolver->destroyed) {
        free(resolver);
    } else if (resolver->is_wanted) {
        resolver->is_wanted = false;
        resolver->done(resolver->context, address);
    }
}

void resolver_ask(struct resolver *resolver, const char *host)
{
    ASSERT(!resolver->is_wanted);
    resolver->is_wanted = true;
    if (!resolver->is_under_way) {
        resolver->is_under_way = true;
        resolve_start(resolver->worker, host, answered, resolver);
    }
}

void resolver_forget(struct resolver *resolver)
{
    resolver->is_wanted = false;
}

bool resolver_is_asked(const struct resolver *resolver)
{
    return resolver->is_wanted;
}
