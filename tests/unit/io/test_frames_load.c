/* Pictures from a store: what is retried, what is told at once, when the store counts as down, and
 * that what was offered can be had. The store is the test's: it answers what and when it likes. */
#include "unit/io/fake_io.h"
#include <duel/io/frames_cache.h>
#include <duel/io/frames_health.h>
#include <duel/io/frames_load.h>
#include <duel/io/s3.h>
#include <test.h>

#define PICTURE "\x89PNG\r\n\x1a\n"
#define GETS_MAX 64
#define SECOND 1000000u

static struct settings settings = { .frames_bucket = "bucket", .frame_max = 40000,
                                    .frame_cache = 1500, .frame_wait_ms = 60000 };

void log_fields(enum log_level level, const char *event, const struct log_field *fields)
{
    size_t used = strlen(fake_log);
    snprintf(fake_log + used, sizeof(fake_log) - used, "%d %s %.*s\n", (int)level, event,
             TEXT_ARG(fields[1].text));
}

void log_line(enum log_level level, const char *event)
{
    log_text(level, event, "", "");
}

/* ---- the store ---- */

static struct {
    char key[64];
    s3_done *done;
    void *context;
} gets[GETS_MAX]; /* asked and not answered, in order */
static uint32_t gets_count;

struct s3 *s3_create(struct loop *loop, const struct s3_options *options)
{
    (void)loop;
    CHECK(strcmp(options->bucket, "bucket") == 0 && options->size_max == 40000);
    gets_count = 0;
    return (struct s3 *)gets;
}

void s3_destroy(struct s3 *s3)
{
    CHECK(s3 == (struct s3 *)gets);
    gets_count = 0;
}

void s3_get(struct s3 *s3, struct text key, s3_done *done, void *context)
{
    CHECK(s3 == (struct s3 *)gets && gets_count < GETS_MAX);
    snprintf(gets[gets_count].key, sizeof(gets[0].key), "%.*s", TEXT_ARG(key));
    gets[gets_count].done = done;
    gets[gets_count].context = context;
    gets_count++;
}

/* Answers what was asked first, which must have been `key`, with 1000 bytes when it has it. */
static void answer(const char *key, enum s3_outcome outcome, const char *head)
{
    struct s3_answer reply = { .outcome = outcome, .reason = "a reason" };
    CHECK(gets_count > 0);
    CHECK_TEXT(text_from(gets[0].key), key);
    s3_done *done = gets[0].done;
    void *context = gets[0].context;
    gets_count--;
    memmove(gets, gets + 1, gets_count * sizeof(gets[0]));
    if (outcome == S3_GOT) {
        reply.bytes = calloc(1, 1000);
        reply.size = 1000;
        memcpy(reply.bytes, head, strlen(head));
    }
    done(context, &reply);
    fake_run_all();
}

/* ---- who waits ---- */

struct person {
    struct frames_waiter waiter; /* first */
    uint32_t told;
    bool had;
};

static struct frames_loads *loads;
static struct person people[8];
static uint32_t ups;   /* how often the store was said to be there */
static uint32_t downs;

static void on_loaded(struct frames_waiter *waiter, struct frames_picture *picture)
{
    struct person *person = (struct person *)waiter;
    person->told++;
    person->had = picture != NULL;
    if (picture != NULL) {
        CHECK_INT(picture->size, 1000);
        CHECK_TEXT(text_from(picture->type), "image/png");
    }
    frames_picture_release(picture);
}

static void on_changed(void *context, bool up)
{
    CHECK(context == &ups);
    ups += up;
    downs += !up;
}

/* Nothing is known of the store. */
static void create(void)
{
    memset(people, 0, sizeof(people));
    memset(fake_counts, 0, sizeof(fake_counts));
    fake_log[0] = '\0';
    ups = 0;
    downs = 0;
    loads = frames_loads_create(NULL, NULL, &settings, on_changed, &ups);
    CHECK(loads != NULL && !frames_loads_is_up(loads));
}

/* Its catalogue has these objects, of which one was asked for: the store is there. */
static void start_knowing(uint32_t count)
{
    struct text known[] = { TEXT("k0"), TEXT("k1"), TEXT("k2") };
    create();
    frames_loads_know(loads, known, count);
    CHECK_INT(gets_count, 1);
    answer(count == 1 ? "k0" : "k1", S3_ABSENT, NULL);
    CHECK(frames_loads_is_up(loads));
    CHECK_INT(ups, 1);
    memset(fake_counts, 0, sizeof(fake_counts));
    fake_log[0] = '\0';
    fake_now_us += 5 * SECOND; /* the log has room again */
}

/* It is there, and there is nothing to compare a fault with. */
static void start(void)
{
    start_knowing(1);
    frames_loads_know(loads, NULL, 0);
}

static void stop(void)
{
    frames_loads_destroy(loads);
    fake_drop_all();
}

static void want(uint32_t person, const char *path)
{
    people[person].waiter = (struct frames_waiter){ .done = on_loaded,
                                                    .until_us = fake_now_us + 20 * SECOND,
                                                    .until_down_us = fake_now_us + 20 * SECOND };
    frames_load(loads, text_from(path), &people[person].waiter);
}

static void later(uint64_t wait_us)
{
    fake_now_us += wait_us;
    frames_loads_tick(loads);
}

static void check_told(uint32_t person, uint32_t told, bool had)
{
    CHECK_INT(people[person].told, told);
    CHECK(people[person].had == had);
}

/* All three attempts at the only object asked for fail. */
static void fail_object(uint32_t person, const char *path)
{
    want(person, path);
    answer(path, S3_BROKEN, NULL);
    later(FRAMES_LOAD_RETRY_US);
    answer(path, S3_UNREACHED, NULL);
    later(4 * FRAMES_LOAD_RETRY_US);
    answer(path, S3_BROKEN, NULL);
}

/* The store is down, nobody waits. */
static void bring_down(void)
{
    want(0, "x0");
    want(1, "x1");
    want(2, "x2");
    answer("x0", S3_REFUSED, NULL);
    answer("x1", S3_REFUSED, NULL);
    CHECK(frames_loads_is_up(loads));
    answer("x2", S3_REFUSED, NULL);
    CHECK(!frames_loads_is_up(loads));
    CHECK_INT(fake_counts[METRIC_STORE_OUTAGES], 1);
}

/* ---- tests ---- */

TEST(nothing_is_taken_for_granted_at_the_start)
{
    create();
    want(0, "a");
    later(0);
    CHECK_INT(gets_count, 1); /* the first that is wanted shows whether the store is there */
    want(1, "b");
    CHECK_INT(gets_count, 1);
    answer("a", S3_GOT, PICTURE);
    check_told(0, 1, true);
    CHECK(frames_loads_is_up(loads));
    CHECK_INT(ups, 1);
    answer("b", S3_GOT, PICTURE);
    check_told(1, 1, true);
    CHECK_INT(fake_counts[METRIC_STORE_OUTAGES], 0);
    stop();
}

TEST(a_store_that_is_away_at_the_start_is_known_at_once)
{
    struct text known[] = { TEXT("k0"), TEXT("k1"), TEXT("k2") };
    create();
    frames_loads_know(loads, known, 3);
    answer("k1", S3_REFUSED, NULL);
    CHECK(!frames_loads_is_up(loads));
    CHECK_INT(downs, 1);
    CHECK_INT(fake_counts[METRIC_STORE_OUTAGES], 1);
    CHECK(strstr(fake_log, "a reason") != NULL);
    frames_loads_know(loads, known, 3);
    CHECK_INT(gets_count, 0);
    later(FRAMES_HEALTH_PROBE_MIN_US);
    answer("k2", S3_GOT, PICTURE);
    CHECK(frames_loads_is_up(loads));
    CHECK_INT(ups, 1);
    stop();
}

TEST(what_fails_while_another_can_be_had_is_the_objects_fault)
{
    start_knowing(3);
    fail_object(0, "a");
    check_told(0, 0, false); /* the store may be away: that is not the object's fault */
    want(1, "a");
    answer("k2", S3_GOT, PICTURE);
    check_told(0, 1, false);
    check_told(1, 1, false);
    CHECK(frames_loads_is_up(loads));
    CHECK_INT(downs, 0);
    want(0, "b");
    want(1, "c");
    answer("b", S3_REFUSED, NULL);
    answer("c", S3_REFUSED, NULL); /* both are held, one question is for both */
    check_told(0, 1, false);
    CHECK_INT(gets_count, 1);
    answer("k0", S3_BROKEN, NULL);
    CHECK_INT(downs, 1);
    stop();
}

TEST(what_fails_when_the_store_goes_away_is_fetched_when_it_is_back)
{
    start_knowing(3);
    fail_object(0, "a");
    answer("k2", S3_UNREACHED, NULL);
    CHECK(frames_loads_is_up(loads));
    answer("k0", S3_UNREACHED, NULL);
    CHECK(!frames_loads_is_up(loads));
    CHECK_INT(downs, 1);
    want(1, "b");
    later(FRAMES_HEALTH_PROBE_MIN_US);
    check_told(0, 0, false);
    CHECK_INT(gets_count, 1);
    char key[64];
    memcpy(key, gets[0].key, sizeof(key));
    answer(key, S3_GOT, PICTURE);
    CHECK_INT(ups, 2);
    answer(strcmp(key, "a") == 0 ? "b" : "a", S3_GOT, PICTURE);
    check_told(0, 1, true);
    check_told(1, 1, true);
    stop();
}

TEST(two_objects_are_too_few_to_tell)
{
    start_knowing(1);
    want(0, "a");
    answer("a", S3_REFUSED, NULL);
    answer("k0", S3_REFUSED, NULL);
    check_told(0, 1, false);
    CHECK(frames_loads_is_up(loads));
    CHECK_INT(gets_count, 0);
    stop();
}

TEST(another_that_is_had_meanwhile_settles_it_too)
{
    start_knowing(3);
    want(1, "b");
    want(0, "a");
    s3_done *done = gets[0].done;
    void *context = gets[0].context;
    memmove(gets, gets + 1, sizeof(gets[0]));
    gets_count--; /* b is answered later */
    answer("a", S3_REFUSED, NULL);
    check_told(0, 0, false);
    struct s3_answer reply = { .outcome = S3_ABSENT, .reason = "a reason" };
    done(context, &reply);
    check_told(0, 1, false);
    check_told(1, 1, false);
    answer("k2", S3_BROKEN, NULL); /* nobody is under suspicion any more */
    CHECK(frames_loads_is_up(loads));
    CHECK_INT(gets_count, 0);
    stop();
}

TEST(a_store_that_goes_away_is_not_waited_for_as_long_as_a_slow_one)
{
    start_knowing(3);
    want(0, "a");
    want(1, "b");
    people[0].waiter.until_down_us = fake_now_us + SECOND;
    people[1].waiter.until_down_us = fake_now_us + 2 * SECOND;
    later(SECOND);
    check_told(0, 0, false);
    answer("a", S3_REFUSED, NULL);
    answer("b", S3_REFUSED, NULL);
    answer("k2", S3_REFUSED, NULL);
    CHECK(!frames_loads_is_up(loads));
    later(0);
    check_told(0, 1, false);
    check_told(1, 0, false);
    later(SECOND);
    check_told(1, 1, false);
    stop();
}

TEST(time_is_up_for_who_is_held)
{
    start_knowing(3);
    want(0, "a");
    answer("a", S3_REFUSED, NULL);
    later(20 * SECOND);
    check_told(0, 1, false);
    answer("k2", S3_GOT, PICTURE);
    CHECK(frames_loads_is_up(loads));
    CHECK_INT(gets_count, 0);
    stop();
}

TEST(one_object_is_fetched_once)
{
    start();
    want(0, "a/b.png");
    want(1, "a/b.png");
    want(2, "a/c.png");
    CHECK_INT(gets_count, 2);
    answer("a/b.png", S3_GOT, PICTURE);
    check_told(0, 1, true);
    check_told(1, 1, true);
    check_told(2, 0, false);
    answer("a/c.png", S3_GOT, PICTURE);
    check_told(2, 1, true);
    want(0, "a/b.png"); /* nothing is kept here */
    CHECK_INT(gets_count, 1);
    stop();
    check_told(0, 2, false);
}

TEST(what_is_wrong_with_an_object_is_told_at_once)
{
    static const struct {
        enum s3_outcome outcome;
        const char *head;
        enum metric metric;
    } cases[] = { { S3_ABSENT, NULL, METRIC_STORE_ABSENT },
                  { S3_TOO_LARGE, NULL, METRIC_STORE_UNFIT },
                  { S3_REFUSED, NULL, METRIC_STORE_REFUSED },
                  { S3_GOT, "<html>", METRIC_STORE_UNFIT } };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        start();
        want(0, "a");
        answer("a", cases[i].outcome, cases[i].head);
        check_told(0, 1, false);
        CHECK_INT(fake_counts[cases[i].metric], 1);
        CHECK_INT(gets_count, 0);
        stop();
    }
}

TEST(a_fault_is_tried_three_times)
{
    start();
    want(0, "a");
    answer("a", S3_BROKEN, NULL);
    want(1, "a"); /* waits with the first */
    CHECK_INT(gets_count, 0);
    later(FRAMES_LOAD_RETRY_US - 1);
    CHECK_INT(gets_count, 0);
    later(1);
    answer("a", S3_UNREACHED, NULL);
    later(4 * FRAMES_LOAD_RETRY_US - 1);
    CHECK_INT(gets_count, 0);
    later(1);
    check_told(0, 0, false);
    answer("a", S3_GOT, PICTURE);
    check_told(0, 1, true);
    check_told(1, 1, true);
    fail_object(2, "b");
    check_told(2, 1, false);
    CHECK_INT(gets_count, 0);
    CHECK(frames_loads_is_up(loads));
    CHECK_INT(fake_counts[METRIC_STORE_BROKEN], 3);
    CHECK_INT(fake_counts[METRIC_STORE_UNREACHED], 2);
    CHECK_INT(fake_counts[METRIC_STORE_GOT], 1);
    stop();
}

TEST(three_objects_in_a_row_are_the_store)
{
    start();
    fail_object(0, "a");
    fail_object(1, "b");
    check_told(1, 1, false);
    CHECK(frames_loads_is_up(loads));
    fail_object(2, "c");
    CHECK(!frames_loads_is_up(loads));
    check_told(2, 0, false); /* held */
    want(3, "d");
    later(FRAMES_HEALTH_PROBE_MIN_US - 1);
    CHECK_INT(gets_count, 0); /* nobody asks a store that is down … */
    later(1);
    CHECK_INT(gets_count, 1); /* … but one */
    later(SECOND);
    CHECK_INT(gets_count, 1);
    char key[64];
    memcpy(key, gets[0].key, sizeof(key));
    CHECK(strcmp(key, "c") == 0 || strcmp(key, "d") == 0);
    answer(key, S3_GOT, PICTURE);
    CHECK(frames_loads_is_up(loads));
    CHECK_INT(gets_count, 1); /* the other goes on at once */
    answer(strcmp(key, "c") == 0 ? "d" : "c", S3_GOT, PICTURE);
    check_told(2, 1, true);
    check_told(3, 1, true);
    stop();
}

TEST(a_good_answer_between_is_no_outage)
{
    start();
    for (int i = 0; i < 4; i++) {
        fail_object(0, "a");
        fail_object(1, "b");
        want(2, "c");
        answer("c", i % 2 == 0 ? S3_ABSENT : S3_GOT, PICTURE);
    }
    CHECK(frames_loads_is_up(loads));
    stop();
}

TEST(one_bad_object_is_no_outage)
{
    start();
    for (uint32_t i = 0; i < 5; i++) {
        fail_object(0, "a");
        check_told(0, i + 1, false);
    }
    CHECK(frames_loads_is_up(loads));
    stop();
}

TEST(who_waits_for_a_store_that_is_down_waits_no_longer_than_told)
{
    start();
    bring_down();
    later(19 * SECOND);
    check_told(2, 0, false);
    want(3, "y");
    later(SECOND);
    check_told(2, 1, false);
    check_told(3, 0, false);
    later(19 * SECOND);
    check_told(3, 1, false);
    CHECK(!frames_loads_is_up(loads));
    stop();
}

TEST(time_is_up_while_the_store_is_asked)
{
    start();
    want(0, "a");
    later(20 * SECOND);
    check_told(0, 1, false);
    answer("a", S3_GOT, PICTURE);
    check_told(0, 1, false);
    want(0, "a");
    CHECK_INT(gets_count, 1);
    later(20 * SECOND);
    answer("a", S3_BROKEN, NULL); /* nobody wants it any more: not tried again */
    later(SECOND);
    CHECK_INT(gets_count, 0);
    stop();
}

/* Also without anybody who waits: else a node that nobody is sent to would never be back. */
TEST(a_store_that_is_down_is_asked_ever_more_rarely)
{
    static const uint64_t waits_us[] = { 500000, 1000000, 2000000, 4000000, 5000000, 5000000 };
    start();
    bring_down();
    later(0);
    people[2].waiter.until_us = fake_now_us;
    later(0);
    check_told(2, 1, false);
    for (size_t i = 0; i < sizeof(waits_us) / sizeof(waits_us[0]); i++) {
        later(waits_us[i] - 1);
        CHECK_INT(gets_count, 0);
        later(1);
        CHECK_INT(gets_count, 1);
        char key[64];
        memcpy(key, gets[0].key, sizeof(key));
        CHECK(key[0] == 'x' && strlen(key) == 2);
        answer(key, i % 2 == 0 ? S3_REFUSED : S3_UNREACHED, NULL);
        CHECK(!frames_loads_is_up(loads));
    }
    later(5 * SECOND);
    char key[64];
    memcpy(key, gets[0].key, sizeof(key));
    answer(key, S3_ABSENT, NULL); /* that one is missing, but the store is there */
    CHECK(frames_loads_is_up(loads));
    CHECK_INT(fake_counts[METRIC_STORE_OUTAGES], 1);
    stop();
}

TEST(paths_that_are_not_asked_for)
{
    static const char *const bad[] = { "", "/a", "a/", "a//b", "..", "a/../b", "./a", "a/." };
    start();
    for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        want(0, bad[i]);
        check_told(0, i + 1, false);
    }
    people[1].waiter.done = on_loaded;
    frames_load(loads, (struct text){ "a\0b", 3 }, &people[1].waiter);
    check_told(1, 1, false);
    CHECK_INT(gets_count, 0);
    stop();
}

TEST(failures_are_logged_now_and_then)
{
    start();
    for (uint32_t i = 0; i < 50; i++) {
        want(0, "a");
        answer("a", S3_ABSENT, NULL);
    }
    CHECK(strstr(fake_log, "a reason") != NULL);
    CHECK(strstr(strstr(fake_log, "a reason") + 1, "a reason") == NULL);
    later(5 * SECOND);
    want(0, "a");
    answer("a", S3_ABSENT, NULL);
    CHECK(strstr(strstr(fake_log, "a reason") + 1, "a reason") != NULL);
    stop();
}

TEST(taken_apart_with_a_picture_at_the_worker)
{
    start();
    want(0, "a");
    struct s3_answer reply = { .outcome = S3_GOT, .bytes = calloc(1, 1000), .size = 1000 };
    gets[0].done(gets[0].context, &reply);
    CHECK_INT(fake_jobs, 1);
    stop();
    check_told(0, 1, false);
}

/* ---- under frames.c ---- */

static struct frames *frames;
static uint32_t served;

static void on_body(void *context, struct ref conn, uint8_t *body, uint32_t size)
{
    (void)context;
    (void)conn;
    (void)size;
    served += body != NULL;
    free(body);
}

/* What main() does with it. */
static void create_frames(void)
{
    static const struct titles_row rows[] = {
        { .drawn = true, .frames_count = 1, .frames = { { .path = { "../k9", 5 } } } },
        { .drawn = true, .frames_count = 1, .frames = { { .path = { "k0", 2 } } } },
        { .drawn = false, .frames_count = 1, .frames = { { .path = { "no", 2 } } } },
        { .drawn = true, .frames_count = 1, .frames = { { .path = { "k1", 2 } } } },
    };
    fake_events = 0;
    served = 0;
    memset(fake_counts, 0, sizeof(fake_counts));
    frames = frames_create(NULL, NULL, &settings, 4, on_changed, &ups);
    CHECK(frames != NULL && !frames_is_up(frames));
    frames_know(frames, rows, 4);
    CHECK_INT(gets_count, 1);
}

static void start_frames(void)
{
    create_frames();
    answer("k1", S3_ABSENT, NULL);
    CHECK(frames_is_up(frames));
    frames_know(frames, NULL, 0);
}

static void seal(uint32_t match, const char *path)
{
    frames_seal(frames, (struct ref){ match, 1 }, 1, text_from(path));
    CHECK_INT(fake_events, 0);
    answer(path, S3_GOT, PICTURE);
    CHECK_INT(fake_events, 1);
    CHECK(fake_event.frame.ok);
    fake_events = 0;
}

static void fetch(const char *token)
{
    frames_fetch(frames, text_from(token), (struct ref){ 8, 8 }, on_body, NULL);
    fake_run_all();
}

TEST(what_was_offered_can_be_had_without_the_store)
{
    char a[2][64], b[2][64];
    start_frames();
    seal(0, "a");
    memcpy(a, fake_tokens, sizeof(a));
    seal(1, "b"); /* the cache has room for one, and so have those that are kept for offers */
    memcpy(b, fake_tokens, sizeof(b));
    seal(2, "c");
    fetch(a[0]);
    seal(2, "c2");
    fetch(a[1]);
    CHECK_INT(served, 2);
    CHECK_INT(gets_count, 0);
    fetch(b[0]); /* had no room */
    CHECK_INT(gets_count, 1);
    answer("b", S3_GOT, PICTURE);
    CHECK_INT(served, 3);
    seal(0, "d"); /* now a's place is free */
    memcpy(a, fake_tokens, sizeof(a));
    seal(1, "e");
    fetch(a[0]);
    fetch(a[1]);
    CHECK_INT(served, 5);
    CHECK_INT(gets_count, 0);
    frames_destroy(frames);
}

/* Time goes on, the timer rings, and whatever is asked for ends like this. */
static void pass(uint64_t wait_us, enum s3_outcome outcome)
{
    fake_now_us += wait_us;
    ev_run(loop_ev(NULL), EVRUN_ONCE);
    while (gets_count > 0) {
        char key[64];
        memcpy(key, gets[0].key, sizeof(key));
        answer(key, outcome, PICTURE);
    }
    fake_run_all();
}

/* */
TEST(the_tries_of_a_round_share_the_wait_for_a_store_that_is_down)
{
    const struct ref match = { 0, 1 };
    create_frames();
    answer("k1", S3_REFUSED, NULL);
    CHECK(!frames_is_up(frames));
    frames_seal(frames, match, 1, TEXT("a"));
    pass(59 * SECOND, S3_UNREACHED);
    CHECK_INT(fake_events, 0);
    CHECK_INT(frames_waiting(frames), 1);
    pass(SECOND, S3_UNREACHED);
    CHECK_INT(fake_events, 1);
    CHECK(!fake_event.frame.ok);
    CHECK_INT(frames_waiting(frames), 0);
    frames_seal(frames, match, 1, TEXT("b")); /* has no time left */
    pass(0, S3_UNREACHED);
    CHECK_INT(fake_events, 2);
    CHECK(!fake_event.frame.ok);
    frames_seal(frames, match, 2, TEXT("c")); /* the next round has its own */
    pass(54 * SECOND, S3_UNREACHED);
    CHECK_INT(fake_events, 2);
    pass(5 * SECOND, S3_GOT); /* the next probe */
    CHECK_INT(fake_events, 3);
    CHECK(fake_event.frame.ok);
    frames_destroy(frames);
}

TEST(a_try_after_the_wait_has_its_time_when_the_store_is_back)
{
    const struct ref match = { 0, 1 };
    create_frames();
    answer("k1", S3_REFUSED, NULL);
    frames_seal(frames, match, 1, TEXT("a"));
    pass(60 * SECOND, S3_UNREACHED);
    CHECK_INT(fake_events, 1);
    pass(5 * SECOND, S3_ABSENT);
    CHECK(frames_is_up(frames));
    frames_seal(frames, match, 1, TEXT("b"));
    CHECK_INT(gets_count, 1);
    pass(19 * SECOND, S3_GOT);
    CHECK_INT(fake_events, 2);
    CHECK(fake_event.frame.ok);
    frames_destroy(frames);
}

TEST(a_frame_that_the_store_does_not_have)
{
    start_frames();
    frames_seal(frames, (struct ref){ 0, 1 }, 1, TEXT("a"));
    answer("a", S3_ABSENT, NULL);
    CHECK_INT(fake_events, 1);
    CHECK(!fake_event.frame.ok);
    CHECK_INT(fake_counts[METRIC_FRAME_FAILURES], 1);
    CHECK(frames_is_up(frames));
    frames_destroy(frames);
}

TEST(taken_apart_while_the_store_is_asked)
{
    start_frames();
    seal(0, "a");
    fetch(fake_tokens[0]);
    frames_seal(frames, (struct ref){ 1, 1 }, 1, TEXT("b"));
    frames_seal(frames, (struct ref){ 3, 1 }, 1, TEXT("d"));
    frames_destroy(frames);
    fake_drop_all();
    CHECK_INT(fake_events, 0);
    CHECK_INT(served, 1);
}

TEST_MAIN
