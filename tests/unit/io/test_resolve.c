/* Name look-ups: only what needs no name server. */
#include "unit/io/fake_io.h"
#include <duel/io/resolve.h>
#include <test.h>

static int answers;
static char last[RESOLVE_ADDRESS_SIZE];

static void on_address(void *context, const char *address)
{
    CHECK(context == &answers);
    answers++;
    strcpy(last, address == NULL ? "none" : address);
}

static const char *look_up(const char *host)
{
    answers = 0;
    resolve_start(NULL, host, on_address, &answers);
    CHECK_INT(answers, 0); /* never inside the call */
    fake_run_all();
    CHECK_INT(answers, 1);
    return last;
}

TEST(addresses_stay_what_they_are)
{
    CHECK(strcmp(look_up("192.0.2.7"), "192.0.2.7") == 0);
    CHECK(strcmp(look_up("2001:db8::1"), "2001:db8::1") == 0);
    CHECK(strcmp(look_up("2001:DB8:0:0:0:0:0:1"), "2001:db8::1") == 0);
}

TEST(names_give_ipv4_first)
{
    CHECK(strcmp(look_up("localhost"), "127.0.0.1") == 0);
}

TEST(what_is_no_name_gives_nothing)
{
    CHECK(strcmp(look_up(""), "none") == 0);
    CHECK(strcmp(look_up("no host"), "none") == 0);
    CHECK(strcmp(look_up("300.300.300.300.300"), "none") == 0);
}

TEST(a_look_up_that_was_dropped_is_answered)
{
    answers = 0;
    resolve_start(NULL, "localhost", on_address, &answers);
    fake_drop_all();
    CHECK_INT(answers, 1);
    CHECK(strcmp(last, "none") == 0);
}

TEST_MAIN
