/* Dialling while no name server answers: one look-up for each dial, however many attempts. */
#include "unit/io/fake_io.h"
#include <duel/io/pg_private.h>
#include <duel/io/resolve.h>
#include <duel/io/valkey_private.h>
#include <test.h>

#define LOOKUPS_MAX 8

static struct {
    resolve_done *done;
    void *context;
} lookups[LOOKUPS_MAX]; /* not answered yet */
static uint32_t lookups_count;
static uint32_t pg_ends, valkey_ends; /* attempts that are over */

void resolve_start(struct worker *worker, const char *host, resolve_done *done, void *context)
{
    (void)worker;
    CHECK(strcmp(host, "a.name") == 0 && lookups_count < LOOKUPS_MAX);
    lookups[lookups_count].done = done;
    lookups[lookups_count++].context = context;
}

static void answer_all(const char *address)
{
    uint32_t count = lookups_count;
    lookups_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        lookups[i].done(lookups[i].context, address);
    }
}

void log_line(enum log_level level, const char *event)
{
    log_text(level, event, "", "");
}

static void on_pg(void *context, struct pg_conn *conn, const uint8_t *secret)
{
    (void)context;
    (void)secret;
    CHECK(conn == NULL);
    pg_ends++;
}

static void on_valkey(void *context, struct redisAsyncContext *redis,
                      const struct valkey_hashes *hashes)
{
    (void)context;
    (void)hashes;
    CHECK(redis == NULL);
    valkey_ends++;
}

static void run_until_ends(uint32_t ends)
{
    while (pg_ends < ends || valkey_ends < ends) {
        ev_run(loop_ev(NULL), EVRUN_ONCE);
    }
    CHECK_INT(pg_ends, ends);
    CHECK_INT(valkey_ends, ends);
}

/* Two of each kind: number 0 is dialled again, number 1 is not. */
TEST(an_attempt_joins_the_look_up_of_the_one_before)
{
    /* Nobody listens on port 1. */
    struct settings settings = { .valkey_url = "redis://a.name:1", .node_id = "a" };
    struct pg_dial *pg[2];
    struct valkey_dial *valkey[2];
    for (int i = 0; i < 2; i++) {
        pg[i] = pg_dial_create(NULL, NULL, "postgresql://a.name:1/x", on_pg, NULL);
        valkey[i] = valkey_dial_create(NULL, NULL, &settings, on_valkey, NULL);
        pg_dial_start(pg[i]);
        valkey_dial_start(valkey[i]);
    }
    CHECK_INT(lookups_count, 4);
    run_until_ends(2); /* all give up */
    CHECK(strstr(fake_log, "refused") == NULL);
    pg_dial_start(pg[0]);
    valkey_dial_start(valkey[0]);
    CHECK_INT(lookups_count, 4);
    answer_all("127.0.0.1");
    run_until_ends(3); /* those that wait go on with the address, the others do nothing */
    CHECK(strstr(fake_log, "refused") != NULL);
    for (int i = 0; i < 2; i++) {
        pg_dial_start(pg[i]);
        valkey_dial_start(valkey[i]);
    }
    CHECK_INT(lookups_count, 4);
    for (int i = 0; i < 2; i++) {
        pg_dial_destroy(pg[i]);
        valkey_dial_destroy(valkey[i]);
    }
    answer_all(NULL); /* nobody is there any more */
    CHECK_INT(pg_ends, 3);
    CHECK_INT(valkey_ends, 3);
}

TEST_MAIN
