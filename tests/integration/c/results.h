/* A few hundred results of two players, asked to be stored again and again until PostgreSQL has
 * said that it has them, as the hub does. */
#ifndef DUEL_TESTS_RESULTS_H
#define DUEL_TESTS_RESULTS_H

#include "pg_world.h"

#define MATCHES 300 /* more than are under way at once */

static struct hub_result results[MATCHES];
static bool stored[MATCHES];

static inline void make_results(void)
{
    static char sql[512];
    char ids[2][UUID_TEXT_SIZE + 1];
    for (uint32_t i = 0; i < 2; i++) {
        struct uuid id = test_uuid(2, i);
        uuid_format(&id, ids[i]);
    }
    (void)snprintf(sql, sizeof sql, "insert into users (id, auth_provider_id) values ('%s', 'a'),"
                   " ('%s', 'b')", ids[0], ids[1]);
    database_do(database_admin, sql);
    memset(stored, 0, sizeof stored);
    for (uint32_t i = 0; i < MATCHES; i++) {
        results[i] = (struct hub_result){
            .match = test_uuid(1, i),
            .player = { test_uuid(2, i % 2), test_uuid(2, 1 - i % 2) },
            .rated = true,
            .winner = (int8_t)(i % 3 == 0),
            .best_of = 5,
            .score = { 3, 1 },
        };
    }
}

/* Asks for all that is not stored yet; `ref` says which. */
static inline uint32_t ask_stores(void)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < MATCHES; i++) {
        if (!stored[i]) {
            struct hub_effect *effect = world_ask(HUB_FX_STORE);
            effect->store.result = (struct ref){ i, 1 };
            effect->store.data = &results[i];
            count++;
        }
    }
    return count;
}

/* Each answer belongs to a question, and each question has one. */
static inline bool note_answers(uint32_t count)
{
    bool answered[MATCHES] = { false };
    for (uint32_t i = 0; i < count; i++) {
        const struct record *record = &world_hub.records[i];
        if (record->type != HUB_EV_STORED || answered[record->ref.index] ||
            stored[record->ref.index] || record->reply == HUB_REFUSED) {
            return false;
        }
        answered[record->ref.index] = true;
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct record *record = &world_hub.records[i];
        stored[record->ref.index] = record->reply == HUB_OK;
    }
    return world_hub.records_count == count;
}

static inline bool some_are_stored(void)
{
    return world_hub.records_count >= 20;
}

#endif
