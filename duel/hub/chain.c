/* Bytes in chunks; see chain.h. Every chunk of a chain but the last one is full, so where a byte
 * stands follows from the size alone. */
#include <duel/base/assert.h>
#include <duel/hub/chain.h>
#include <duel/hub/state.h>
#include <string.h>

/* Bytes that fit behind the last one without another chunk. */
static uint32_t room_in_last(const struct chain *chain)
{
    uint32_t used = chain->size % CHAIN_CHUNK_SIZE;
    return used == 0 ? 0 : CHAIN_CHUNK_SIZE - used;
}

static struct chunk *add_chunk(struct hub *hub, struct chain *chain)
{
    struct ref ref;
    struct chunk *chunk = pool_acquire(&hub->chunks, &ref);
    ASSERT(chunk != NULL);
    if (ref_is_none(chain->first)) {
        chain->first = ref;
    } else {
        struct chunk *last = pool_get(&hub->chunks, chain->last);
        ASSERT(last != NULL);
        last->next = ref;
    }
    chain->last = ref;
    return chunk;
}

void chain_append_kept(struct hub *hub, struct chain *chain, struct text bytes)
{
    while (bytes.size > 0) {
        uint32_t room = room_in_last(chain);
        struct chunk *chunk =
            room > 0 ? pool_get(&hub->chunks, chain->last) : add_chunk(hub, chain);
        ASSERT(chunk != NULL);
        room = room > 0 ? room : CHAIN_CHUNK_SIZE;
        uint32_t part = bytes.size < room ? bytes.size : room;
        memcpy(chunk->bytes + (CHAIN_CHUNK_SIZE - room), bytes.data, part);
        chain->size += part;
        bytes.data += part;
        bytes.size -= part;
    }
}

bool chain_append(struct hub *hub, struct chain *chain, struct text bytes)
{
    uint32_t room = room_in_last(chain);
    uint32_t beyond = bytes.size > room ? bytes.size - room : 0;
    uint32_t chunks = (beyond + CHAIN_CHUNK_SIZE - 1) / CHAIN_CHUNK_SIZE;
    if (hub->chunks.count > hub->chunks_shared ||
        chunks > hub->chunks_shared - hub->chunks.count) {
        return false;
    }
    chain_append_kept(hub, chain, bytes);
    return true;
}

void chain_free(struct hub *hub, struct chain *chain)
{
    struct ref ref = chain->first;
    while (!ref_is_none(ref)) {
        const struct chunk *chunk = pool_get(&hub->chunks, ref);
        ASSERT(chunk != NULL);
        struct ref next = chunk->next;
        pool_release(&hub->chunks, ref);
        ref = next;
    }
    *chain = (struct chain){ .size = 0 };
}

struct chain_reader chain_read(const struct hub *hub, const struct chain *chain)
{
    return (struct chain_reader){ .hub = hub, .at = chain->first, .left = chain->size };
}

void chain_get(struct chain_reader *reader, void *ret_bytes, uint32_t size)
{
    char *bytes = ret_bytes;
    ASSERT(size <= reader->left);
    reader->left -= size;
    while (size > 0) {
        const struct chunk *chunk = pool_get(&reader->hub->chunks, reader->at);
        ASSERT(chunk != NULL);
        uint32_t rest = CHAIN_CHUNK_SIZE - reader->place;
        uint32_t part = size < rest ? size : rest;
        memcpy(bytes, chunk->bytes + reader->place, part);
        bytes += part;
        size -= part;
        reader->place += part;
        if (reader->place == CHAIN_CHUNK_SIZE) {
            reader->at = chunk->next;
            reader->place = 0;
        }
    }
}
