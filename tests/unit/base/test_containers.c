/* Pools, deadlines, tables and random numbers, each against a naive model. */
#include "test.h"
#include <duel/base/pool.h>
#include <duel/base/rng.h>
#include <duel/base/table.h>
#include <duel/base/timerq.h>

TEST(the_generator_is_the_published_one)
{
    struct rng rng;
    rng_seed(&rng, 0);
    CHECK(rng_next(&rng) == 0x99ec5f36cb75f2b4ULL);
}

TEST(bounded_draws_reach_every_value_evenly)
{
    struct rng rng;
    rng_seed(&rng, 7);
    uint32_t seen[6] = { 0 };
    for (uint32_t i = 0; i < 60000; i++) {
        seen[rng_below(&rng, 6)]++;
    }
    for (uint32_t i = 0; i < 6; i++) {
        CHECK(seen[i] > 9500 && seen[i] < 10500);
    }
}

TEST(a_dead_reference_is_recognised)
{
    struct pool pool;
    CHECK(pool_create(&pool, sizeof(uint64_t), 2));
    struct ref a, b, c;
    uint64_t *item = pool_acquire(&pool, &a);
    CHECK(item != NULL && *item == 0);
    *item = 5;
    CHECK(ref_equal(pool_ref(&pool, item), a));
    CHECK(pool_acquire(&pool, &b) != NULL);
    CHECK(pool_acquire(&pool, &c) == NULL);
    pool_release(&pool, a);
    CHECK(pool_get(&pool, a) == NULL);
    uint64_t *again = pool_acquire(&pool, &c);
    CHECK(again == item && *again == 0);
    CHECK(pool_get(&pool, a) == NULL);
    CHECK(pool_get(&pool, c) == again);
    CHECK(pool_get(&pool, REF_NONE) == NULL);
    uint32_t walk = 0, count = 0;
    while (pool_next(&pool, &walk) != NULL) {
        count++;
    }
    CHECK_INT(count, 2);
    pool_destroy(&pool);
}

TEST(deadlines_come_out_in_order_as_a_naive_search_finds_them)
{
    enum { IDS = 60 };
    struct timerq queue;
    uint64_t model[IDS];
    struct rng rng;
    rng_seed(&rng, 11);
    CHECK(timerq_create(&queue, IDS));
    for (uint32_t i = 0; i < IDS; i++) {
        model[i] = TIMERQ_NEVER;
    }
    for (uint32_t step = 0; step < 20000; step++) {
        uint32_t id = rng_below(&rng, IDS);
        uint32_t what = rng_below(&rng, 4);
        if (what < 2) {
            model[id] = what == 0 ? rng_below(&rng, 50) : TIMERQ_NEVER;
            timerq_set(&queue, id, model[id]);
        }
        uint32_t first = 0;
        for (uint32_t i = 1; i < IDS; i++) {
            first = model[i] < model[first] ? i : first;
        }
        CHECK(timerq_next(&queue) == model[first]);
        uint64_t now = rng_below(&rng, 50);
        uint32_t taken;
        bool is_due = model[first] <= now;
        if (what == 3) {
            CHECK(timerq_take(&queue, now, &taken) == is_due);
            if (is_due) {
                CHECK_INT(taken, first);
                model[first] = TIMERQ_NEVER;
            }
        }
    }
    timerq_destroy(&queue);
}

TEST(a_table_agrees_with_an_array)
{
    enum { KEYS = 200 };
    struct table table;
    uint32_t model[KEYS] = { 0 }; /* value + 1; 0: not there */
    struct rng rng;
    rng_seed(&rng, 13);
    CHECK(table_create(&table, KEYS, TABLE_KEY_SIZE_MAX, rng_next(&rng)));
    for (uint32_t step = 0; step < 50000; step++) {
        uint8_t key[3] = { 0 };
        uint32_t id = rng_below(&rng, KEYS);
        key[0] = (uint8_t)id;
        key[2] = (uint8_t)(id >> 1);
        uint32_t key_size = 1 + 2 * (id & 1);
        uint32_t what = rng_below(&rng, 3), value = 999;
        if (what == 0) {
            table_put(&table, key, key_size, step);
            model[id] = step + 1;
        } else if (what == 1) {
            table_remove(&table, key, key_size);
            model[id] = 0;
        }
        CHECK(table_get(&table, key, key_size, &value) == (model[id] != 0));
        CHECK_INT(value, model[id] != 0 ? model[id] - 1 : 999);
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < KEYS; i++) {
        count += model[i] != 0;
    }
    CHECK_INT(table.count, count);
    table_destroy(&table);
}

TEST_MAIN
