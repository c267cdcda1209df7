/* When the catalogue is looked up: at once while there is none, else after what is more urgent. */
#include "unit/io/fake_io.h"
#include <duel/io/catalogue.h>
#include <test.h>

#define EVERY_MS 100

static struct catalogue *catalogue;
static uint32_t loads;

void pg_load_catalogue(struct pg *pg)
{
    (void)pg;
    loads++;
}

void log_fields(enum log_level level, const char *event, const struct log_field *fields)
{
    (void)fields;
    log_text(level, event, "", "");
}

void log_line(enum log_level level, const char *event)
{
    log_text(level, event, "", "");
}

static void set_up(void)
{
    loads = 0;
    catalogue = catalogue_create(NULL, NULL, EVERY_MS);
    catalogue_start(catalogue, NULL);
}

static void arrive(void)
{
    catalogue_rows(catalogue, true, NULL, 0);
    fake_run_all();
}

/* Runs until the next load. */
static void await_load(void)
{
    uint32_t before = loads;
    while (loads == before) {
        ev_run(loop_ev(NULL), EVRUN_ONCE);
    }
}

TEST(the_first_is_loaded_at_once_and_again_when_the_link_was_lost)
{
    set_up();
    CHECK_INT(loads, 1);
    catalogue_rows(catalogue, false, NULL, 0);
    catalogue_start(catalogue, NULL);
    CHECK_INT(loads, 2);
    arrive();
    CHECK_INT(fake_event.type, HUB_EV_CATALOGUE);
    catalogue_destroy(catalogue);
}

TEST(with_one_loaded_a_new_link_serves_others_first)
{
    set_up();
    arrive();
    catalogue_start(catalogue, NULL);
    CHECK_INT(loads, 1);
    await_load();
    CHECK_INT(loads, 2);
    catalogue_same(catalogue);
    await_load();
    catalogue_destroy(catalogue);
}

TEST(a_load_that_failed_is_tried_again)
{
    set_up();
    catalogue_rows(catalogue, false, NULL, 0);
    await_load();
    catalogue_destroy(catalogue);
}

TEST_MAIN
