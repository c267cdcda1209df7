/* The room of a journal: nobody can fill it with what changes nothing, and when it is full it says
 * so, also where the match goes on. */
#include "saved_fixture.h"

#include <duel/core/journal.h>

static char memory[RECORDER_SIZE_MAX];

static struct text journal_of(const struct process *process)
{
    struct text_buffer buffer;
    text_buffer_init(&buffer, memory, sizeof memory);
    return recorder_text(process->hub, process->record, &buffer);
}

static enum journal_state replay(struct text journal, struct match *ret_match)
{
    static struct journal_run run;
    journal_open(&run, journal);
    while (journal_next(&run)) {
    }
    *ret_match = run.match;
    return run.state;
}

static void begin(struct process *process)
{
    rng_seed(&rng, 3);
    open_process(process, &usual, catalogue(false, 0));
    seat(process);
    match_init(&process->live->match, &usual, START_US);
    recorder_begin(process->hub, process->record, &process->live->match);
}

static void flood(struct process *process)
{
    for (uint32_t seq = 1; seq <= 10000; seq++) {
        step(process, (struct match_event){ .type = MATCH_EV_GUESS, .round = 1, .seq = seq }, NULL);
    }
}

TEST(what_changes_nothing_takes_half_of_the_room_at_most)
{
    struct process process;
    struct match match;
    begin(&process);
    flood(&process);
    uint32_t size = journal_of(&process).size;
    CHECK(size > RECORDER_SIZE_MAX / 2);
    CHECK(size <= RECORDER_SIZE_MAX / 2 + JOURNAL_ENTRY_SIZE_MAX);
    step(&process, (struct match_event){ .type = MATCH_EV_CONNECT, .slot = 1 }, NULL);
    flood(&process);
    CHECK(journal_of(&process).size > size);
    CHECK(journal_of(&process).size <= size + JOURNAL_ENTRY_SIZE_MAX);
    CHECK_INT(replay(journal_of(&process), &match), JOURNAL_WHOLE);
    CHECK(match.seats[1].connected);
    close_process(&process);
}

TEST(a_full_journal_says_so_here_and_elsewhere)
{
    struct process process, other;
    struct match match;
    begin(&process);
    for (uint32_t i = 0; i < 10000; i++) {
        step(&process, (struct match_event){ .type = MATCH_EV_CONNECT }, NULL);
        step(&process, (struct match_event){ .type = MATCH_EV_DISCONNECT }, NULL);
    }
    struct text journal = journal_of(&process);
    CHECK(journal.size <= RECORDER_SIZE_MAX);
    CHECK(journal.size > RECORDER_SIZE_MAX - 2 * JOURNAL_ENTRY_SIZE_MAX);
    CHECK_INT(replay(journal, &match), JOURNAL_CUT);
    uint32_t size = journal.size;
    open_process(&other, &usual, catalogue(false, 0));
    CHECK(read_match(&other, save(&process)));
    CHECK_INT(journal_of(&other).size, size);
    CHECK_INT(replay(journal_of(&other), &match), JOURNAL_CUT);
    close_process(&other);
    close_process(&process);
}

TEST_MAIN
