/* A question to a store whose answer is a few texts, for who passes them on without looking into
 * them. Knows neither store. */
#ifndef DUEL_IO_INQUIRY_H
#define DUEL_IO_INQUIRY_H

#include <duel/hub/hub.h>

#define INQUIRY_TEXTS_MAX 6

/* Owned by who asks; it stays where it is until `done` is called, or the store's adapter is
 * destroyed. One question at a time. */
struct inquiry {
    /* On the loop, never inside the call that asks. With HUB_OK there are as many texts as were
     * asked for, TEXT_NONE where there is nothing; they live until the call returns. */
    void (*done)(struct inquiry *inquiry, enum hub_reply reply, const struct text *texts);
    void *context;
};

#endif
