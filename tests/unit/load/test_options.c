/* The command line of duel-load: what is taken, and that what is wrong is refused. */
#include "test.h"
#include <loadtest/load/options.h>

#define ARGS_MAX 32

static struct options options;
static int status;

/* Words with blanks between them. */
static bool read_words(const char *words)
{
    static char memory[1024];
    char *args[ARGS_MAX] = { (char[]){ "duel-load" } };
    int count = 1;
    char *rest = memory;
    snprintf(memory, sizeof(memory), "%s", words);
    for (char *word = strsep(&rest, " "); word != NULL && count < ARGS_MAX - 1;
         word = strsep(&rest, " ")) {
        args[count++] = word;
    }
    status = -1;
    return options_read(&options, count, args, &status);
}

static bool is_refused(const char *words)
{
    return !read_words(words) && status == 64;
}

TEST(defaults_are_sound)
{
    CHECK(read_words("--direct"));
    CHECK(options.mode == MODE_REALISTIC && options.direct);
    CHECK(strcmp(options.host, "127.0.0.1") == 0);
    CHECK_INT(options.port, 4100);
    CHECK_INT(options.matches, 100);
    CHECK_INT(options.ops_port, 0);
    CHECK_INT(options.sources, 0);
    CHECK(options.think_max_ms == 0 && options.json_path == NULL && !options.quiet);
}

TEST(all_is_taken)
{
    CHECK(read_words("--server play.example:80 --ops 10.0.0.1:4190 --key k --kid i --issuer u "
                     "--audience a --mode storm --matches 7 --ramp 0.5 --seconds 9 --playing 3 "
                     "--storm-by token --seed 12"));
    CHECK(strcmp(options.host, "play.example") == 0 && options.port == 80);
    CHECK(strcmp(options.ops_host, "10.0.0.1") == 0 && options.ops_port == 4190);
    CHECK(options.mode == MODE_STORM && options.storm_by == STORM_TOKEN);
    CHECK(options.matches == 7 && options.playing == 3 && options.seed == 12);
    CHECK(options.ramp_s < 0.51 && options.ramp_s > 0.49);
    CHECK(read_words("--tokens t --answer x --frames --right 70 --think 20-30 --suggest 5 --drops "
                     "1.5 --leave 2 --rematch 3 --invite 4 --json - --report r --quiet"));
    CHECK(options.think_min_ms == 20 && options.think_max_ms == 30 && options.right_percent == 70);
    CHECK(options.suggest_percent == 5 && options.leave_percent == 2);
    CHECK(options.rematch_percent == 3 && options.invite_percent == 4);
    CHECK(options.frames && options.quiet && strcmp(options.json_path, "-") == 0);
}

TEST(a_line_has_delay_jitter_and_loss)
{
    CHECK(read_words("--direct --line 100"));
    CHECK(options.line.delay_us == 100000 && options.line.jitter_us == 0);
    CHECK(read_words("--direct --line 50+-30,2"));
    CHECK(options.line.delay_us == 50000 && options.line.jitter_us == 30000);
    CHECK_INT(options.line.loss_per_mille, 20);
    CHECK(read_words("--direct --line 5,0.5"));
    CHECK_INT(options.line.loss_per_mille, 5);
    CHECK(is_refused("--direct --line"));
    CHECK(is_refused("--direct --line x"));
    CHECK(is_refused("--direct --line 5+-"));
    CHECK(is_refused("--direct --line 5,"));
    CHECK(is_refused("--direct --line -5"));
    CHECK(is_refused("--direct --line nan"));
    CHECK(is_refused("--direct --line 5,99"));
}

TEST(what_is_wrong_is_refused)
{
    CHECK(is_refused("--direct --matches 0"));
    CHECK(is_refused("--direct --matches 1e3"));
    CHECK(is_refused("--direct --matches 99999999999999999999"));
    CHECK(is_refused("--direct --matches"));
    CHECK(is_refused("--direct --seconds inf"));
    CHECK(is_refused("--direct --seconds -1"));
    CHECK(is_refused("--direct --right 101"));
    CHECK(is_refused("--direct --think 5-1"));
    CHECK(is_refused("--direct --think 0-0"));
    CHECK(is_refused("--direct --think 5"));
    CHECK(is_refused("--direct --server nowhere"));
    CHECK(is_refused("--direct --server :80"));
    CHECK(is_refused("--direct --server host:70000"));
    CHECK(is_refused("--direct --mode sleepy"));
    CHECK(is_refused("--direct --storm-by mail"));
    CHECK(is_refused("--direct --nonsense"));
    CHECK(is_refused("--direct more"));
    CHECK(is_refused("--direct --base-path duel"));
}

TEST(what_does_not_go_together_is_refused)
{
    CHECK(is_refused("--matches 5")); /* who plays? */
    CHECK(is_refused("--direct --tokens t"));
    CHECK(is_refused("--key k"));
    CHECK(is_refused("--direct --frames"));
    CHECK(is_refused("--direct --mode pairing"));
    CHECK(is_refused("--tokens t --mode saturation"));
    CHECK(is_refused("--tokens t --even"));
    CHECK(is_refused("--tokens t --mode storm --storm-by token"));
    CHECK(read_words("--tokens t --mode saturation --answer x"));
}

TEST(modes_bring_habits_that_can_be_changed)
{
    CHECK(read_words("--direct --mode soak"));
    CHECK(options.drops_per_minute > 0 && options.leave_percent > 0);
    CHECK_INT(options.rematch_percent, 30);
    CHECK(read_words("--direct --mode soak --drops 0 --leave 0 --rematch 0"));
    CHECK(!(options.drops_per_minute > 0) && options.leave_percent == 0);
    CHECK_INT(options.rematch_percent, 0);
    CHECK(read_words("--tokens t --answer x --even"));
    CHECK_INT(options.rematch_percent, 100);
}

TEST(many_sockets_on_loopback_take_more_source_addresses)
{
    CHECK(read_words("--direct --matches 9800"));
    CHECK(options.sources > 1);
    CHECK(read_words("--direct --matches 9800 --server play.example:80"));
    CHECK_INT(options.sources, 0);
}

TEST(help_is_no_error)
{
    CHECK(!read_words("--help"));
    CHECK_INT(status, 0);
}

TEST_MAIN
