/* What the tests of the PostgreSQL adapter share: the adapter with the stand-in hub of stores.h, on
 * a database of its own (database.h), and players and results asked of it one by one. */
#ifndef DUEL_TESTS_PG_WORLD_H
#define DUEL_TESTS_PG_WORLD_H

#include "database.h"
#include "stores.h"
#include <duel/io/pg_private.h>

#define CHECK_STRING(actual, expected) CHECK_TEXT(text_from(actual), expected)

static struct pg *pg;
static uint8_t pg_secret[AUTH_SECRET_SIZE];
static uint32_t pg_secrets; /* how often it was told: once after each connection */

/* What the last load of the catalogue brought. */
static struct {
    uint32_t loads, sames;
    bool ok;
    const struct titles_row *rows;
    uint32_t count;
} pg_told;

static void world_perform(void *context, struct hub_effect *effect)
{
    (void)context;
    if (effect->type == HUB_FX_LOAD_PLAYER) {
        pg_load_player(pg, effect->load.player, effect->load.sub);
    } else if (effect->type == HUB_FX_STORE) {
        pg_store(pg, effect->store.result, effect->store.data);
    } else if (effect->type == HUB_FX_CHECK) {
        pg_check(pg, effect->check.match, &effect->check.id);
    } else {
        pg_load_catalogue(pg);
    }
}

static inline void pg_on_secret(void *context, const uint8_t stored[AUTH_SECRET_SIZE])
{
    (void)context;
    memcpy(pg_secret, stored, sizeof pg_secret);
    pg_secrets++;
    world_look();
}

static inline void pg_on_catalogue(void *context, bool ok, const struct titles_row *rows,
                                   uint32_t count)
{
    (void)context;
    pg_told.loads++;
    pg_told.ok = ok;
    pg_told.rows = rows;
    pg_told.count = count;
    world_look();
}

static inline void pg_on_same(void *context)
{
    (void)context;
    pg_told.sames++;
    world_look();
}

/* Connected, and not only the last time. */
static inline bool pg_is_ready(void)
{
    return pg_secrets > world_hub.downs && pg_is_up(pg);
}

static inline void pg_begin(const char *url)
{
    static const struct pg_callbacks callbacks = { NULL, world_up, pg_on_secret, pg_on_catalogue,
                                                   pg_on_same };
    world_open();
    pg_secrets = 0;
    memset(&pg_told, 0, sizeof pg_told);
    world_settings.database_url = url;
    world_settings.difficulty_min = 4;
    world_settings.difficulty_max = 6;
    pg = pg_create(world_loop, world_worker, &world_settings, &callbacks);
}

static inline void pg_end(void)
{
    pg_destroy(pg);
    world_close();
}

/* The adapter connected to a database with Framedle's tables. */
static inline void pg_set_up(const char *purpose)
{
    database_open(purpose, true);
    pg_begin(database_url);
    CHECK(world_run(pg_is_ready));
}

static inline void tear_down(void)
{
    pg_end();
    database_close();
}

/* ---- players and results ---- */

static inline struct record *load_player(struct text sub)
{
    struct hub_effect *effect = world_ask(HUB_FX_LOAD_PLAYER);
    effect->load.player = (struct ref){ 7, 3 };
    effect->load.sub = sub;
    CHECK(world_run_events(1));
    return &world_hub.records[0];
}

static inline struct uuid make_player(const char *sub)
{
    return load_player(text_from(sub))->event.player.id;
}

static inline struct record *store(const struct hub_result *result)
{
    struct hub_effect *effect = world_ask(HUB_FX_STORE);
    effect->store.result = (struct ref){ 5, 1 };
    effect->store.data = result;
    CHECK(world_run_events(1));
    return &world_hub.records[0];
}

/* A rated match that `a` has won. */
static inline void make_result(struct hub_result *result, uint32_t number, struct uuid a,
                               struct uuid b)
{
    memset(result, 0, sizeof *result);
    result->match = test_uuid(1, number);
    result->player[0] = a;
    result->player[1] = b;
    result->rated = true;
    result->winner = 0;
    result->best_of = 5;
    result->score[0] = 3;
    result->points[0] = 900;
    result->started_ms = 1767225600123;
    result->completed_ms = 1767225660456;
    result->won_ms = 6000;
}

static inline const char *achievements(struct uuid player)
{
    char id[UUID_TEXT_SIZE + 1];
    uuid_format(&player, id);
    return database_ask("select coalesce(string_agg(achievement_id, ' ' order by achievement_id),"
                        " '') from user_achievements where user_id = '%s'", id);
}

static inline const char *rating_row(struct uuid player)
{
    char id[UUID_TEXT_SIZE + 1];
    uuid_format(&player, id);
    return database_ask("select concat_ws(' ', rating, wins, losses, draws) from duel_ratings"
                        " where user_id = '%s'", id);
}

#endif
