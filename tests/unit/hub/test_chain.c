/* Chains of bytes, and what is kept for them when everybody else has taken all. */
#include <duel/hub/chain.h>
#include <duel/hub/state.h>
#include <string.h>
#include "test.h"

enum { SHARED = 6, KEPT_SIZE = 2 * CHAIN_CHUNK_SIZE + 10 };

static struct hub hub;
static char bytes[16 * CHAIN_CHUNK_SIZE];

static void begin(uint32_t chains)
{
    memset(&hub, 0, sizeof hub);
    hub.chunks_shared = SHARED;
    CHECK(pool_create(&hub.chunks, sizeof(struct chunk),
                      SHARED + chains * CHAIN_CHUNKS(KEPT_SIZE)));
    for (uint32_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (char)(i * 7 + i / 251);
    }
}

static void check_bytes(const struct chain *chain)
{
    char read[sizeof bytes];
    struct chain_reader reader = chain_read(&hub, chain);
    uint32_t done = 0;
    for (uint32_t step = 1; done < chain->size; step = step * 3 % 127) {
        uint32_t part = step < chain->size - done ? step : chain->size - done;
        chain_get(&reader, read + done, part);
        done += part;
    }
    CHECK_INT(reader.left, 0);
    CHECK(memcmp(read, bytes, chain->size) == 0);
}

TEST(what_was_added_in_pieces_is_read_in_other_pieces)
{
    struct chain chain = { .size = 0 };
    begin(1);
    check_bytes(&chain);
    for (uint32_t step = 1; chain.size + step <= SHARED * CHAIN_CHUNK_SIZE; step = step * 5 % 121) {
        CHECK(chain_append(&hub, &chain, (struct text){ bytes + chain.size, step }));
        CHECK_INT(hub.chunks.count, CHAIN_CHUNKS(chain.size));
        check_bytes(&chain);
    }
    chain_free(&hub, &chain);
    CHECK_INT(hub.chunks.count, 0);
    CHECK(chain.size == 0 && ref_is_none(chain.first));
    pool_destroy(&hub.chunks);
}

TEST(bytes_that_find_no_room_are_refused_as_a_whole)
{
    struct chain chain = { .size = 0 };
    begin(1);
    struct text whole = { bytes, SHARED * CHAIN_CHUNK_SIZE - 4 };
    CHECK(!chain_append(&hub, &chain, (struct text){ bytes, SHARED * CHAIN_CHUNK_SIZE + 1 }));
    CHECK(chain.size == 0 && hub.chunks.count == 0);
    CHECK(chain_append(&hub, &chain, whole));
    CHECK(!chain_append(&hub, &chain, (struct text){ bytes, 5 }));
    CHECK_INT(chain.size, whole.size);
    check_bytes(&chain);
    chain_free(&hub, &chain);
    pool_destroy(&hub.chunks);
}

/* Whoever takes the rest of a chunk that another's kept bytes have begun makes them begin one more:
 * the reserve must be enough all the same. */
TEST(kept_bytes_always_find_room)
{
    enum { CHAINS = 5 };
    struct chain chains[CHAINS] = { { .size = 0 } };
    uint32_t kept[CHAINS] = { 0 };
    uint32_t refused = 0;
    begin(CHAINS);
    for (uint32_t i = 0; i < 4000; i++) {
        struct chain *chain = &chains[i % CHAINS];
        uint32_t part = 1 + i % 9;
        if (part <= KEPT_SIZE - kept[i % CHAINS]) {
            kept[i % CHAINS] += part;
            chain_append_kept(&hub, chain, (struct text){ bytes + chain->size, part });
        }
        uint32_t rest = CHAIN_CHUNK_SIZE - chain->size % CHAIN_CHUNK_SIZE;
        refused += !chain_append(&hub, chain, (struct text){ bytes + chain->size, rest });
        check_bytes(chain);
        if (i % 613 == 612) { /* somebody goes, and the shared part has room again */
            kept[i % CHAINS] = 0;
            chain_free(&hub, chain);
        }
    }
    CHECK(refused > 100);
    for (uint32_t i = 0; i < CHAINS; i++) {
        chain_free(&hub, &chains[i]);
    }
    CHECK_INT(hub.chunks.count, 0);
    pool_destroy(&hub.chunks);
}

TEST_MAIN
