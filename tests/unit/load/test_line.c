/* The line of a load test's player: delay, jitter, loss, and that order is kept. */
#include <loadtest/load/line.h>
#include <test.h>

#define DRAWS 20000

static struct rng rng;

static struct line start(uint32_t delay_us, uint32_t jitter_us, uint32_t loss_per_mille)
{
    const struct line_settings settings = { delay_us, jitter_us, loss_per_mille };
    struct line line;
    rng_seed(&rng, 7);
    line_init(&line, &settings);
    return line;
}

TEST(a_straight_line_changes_nothing)
{
    struct line line = start(0, 0, 0);
    CHECK(line_is_straight(&line.settings));
    CHECK_INT(line_pass(&line, &rng, 1000), 1000);
    line = start(0, 1, 0);
    CHECK(!line_is_straight(&line.settings));
}

TEST(delay_is_added)
{
    struct line line = start(100000, 0, 0);
    CHECK_INT(line_pass(&line, &rng, 5), 100005);
    CHECK_INT(line_pass(&line, &rng, 9), 100009);
}

TEST(jitter_stays_in_its_bounds_and_has_its_mean)
{
    double sum = 0;
    for (uint32_t i = 0; i < DRAWS; i++) {
        struct line line = { .settings = { 100000, 60000, 0 } };
        rng_seed(&rng, i);
        uint64_t out_us = line_pass(&line, &rng, 0);
        CHECK(out_us >= 40000 && out_us <= 160000);
        sum += (double)out_us;
    }
    CHECK(sum / DRAWS > 98000 && sum / DRAWS < 102000);
}

TEST(nothing_overtakes)
{
    struct line line = start(100000, 90000, 100);
    uint64_t last_us = 0;
    for (uint64_t now_us = 0; now_us < 1000 * 1000; now_us += 1000) {
        uint64_t out_us = line_pass(&line, &rng, now_us);
        CHECK(out_us >= last_us && out_us >= now_us);
        last_us = out_us;
    }
}

/* RFC 6298: a lost segment comes a retransmission timeout later, at least 200 ms. */
TEST(what_is_lost_comes_later)
{
    uint32_t late = 0;
    rng_seed(&rng, 3);
    for (uint32_t i = 0; i < DRAWS; i++) {
        struct line line = { .settings = { 10000, 0, 20 } };
        uint64_t out_us = line_pass(&line, &rng, 0);
        CHECK(out_us == 10000 || out_us >= 210000);
        late += out_us != 10000;
    }
    CHECK(late > DRAWS / 50 * 8 / 10 && late < DRAWS / 50 * 12 / 10);
}

TEST_MAIN
