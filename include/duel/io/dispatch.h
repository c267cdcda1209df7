/* Performs the hub's effects: each becomes one call of the adapter that can, a note becomes a log
 * line and a counter. */
#ifndef DUEL_IO_DISPATCH_H
#define DUEL_IO_DISPATCH_H

#include <duel/io/frames.h>
#include <duel/io/gateway.h>
#include <duel/io/pg.h>
#include <duel/io/reports.h>
#include <duel/io/valkey.h>

struct dispatch {
    struct gateway *gateway;
    struct pg *pg;
    struct valkey *valkey;
    struct frames *frames;
    struct reports *reports;
};

/* A loop_perform; `context` is a struct dispatch. */
void dispatch_perform(void *context, struct hub_effect *effect);

#endif
