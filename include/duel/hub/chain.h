/* Bytes that are only ever added to, such as the log of a match. They stand in chunks of one pool,
 * so what is short costs little whatever it may grow to.
 *
 * The pool has a part that everybody shares, and behind it a reserve for what must never be
 * refused: CHAIN_CHUNKS(size) for each chain, where `size` is all that chain_append_kept() ever
 * adds to it. Since chain_append() adds nothing while the shared part is full, no more than that
 * can be wanted of the reserve. hub.c adds it up. It refuses to know what the bytes mean. Private
 * to duel/hub. */
#ifndef DUEL_HUB_CHAIN_H
#define DUEL_HUB_CHAIN_H

#include <duel/base/ref.h>
#include <duel/base/text.h>

#define CHAIN_CHUNK_SIZE 112

#define CHAIN_CHUNKS(size) (((size) + CHAIN_CHUNK_SIZE - 1) / CHAIN_CHUNK_SIZE)

struct hub;

/* Zeroed it is empty. */
struct chain {
    struct ref first;
    struct ref last;
    uint32_t size; /* bytes */
};

/* Adds all of `bytes` or, when the shared part is full, nothing: false. */
bool chain_append(struct hub *hub, struct chain *chain, struct text bytes);
/* The same of bytes that have their place in the reserve. */
void chain_append_kept(struct hub *hub, struct chain *chain, struct text bytes);
/* Gives the chunks back; the chain is empty then. */
void chain_free(struct hub *hub, struct chain *chain);

/* Where somebody is in reading a chain. Only good until something is appended. */
struct chain_reader {
    const struct hub *hub;
    struct ref at;
    uint32_t place; /* in that chunk */
    uint32_t left;  /* bytes of the chain behind it */
};

struct chain_reader chain_read(const struct hub *hub, const struct chain *chain);
/* The next `size` bytes, which must be there. */
void chain_get(struct chain_reader *reader, void *ret_bytes, uint32_t size);

#endif
