/* Entries of a match's log: what was written is read, whatever chunks it falls into. */
#include <duel/hub/entry.h>
#include <duel/hub/state.h>
#include <string.h>
#include "test.h"

enum { CHUNKS = 200 };

static struct hub hub;
static struct chain chain;

static void begin(void)
{
    memset(&hub, 0, sizeof hub);
    chain = (struct chain){ .size = 0 };
    hub.chunks_shared = CHUNKS;
    CHECK(pool_create(&hub.chunks, sizeof(struct chunk), CHUNKS));
}

/* Bytes that it took. */
static uint32_t add(const struct entry *entry)
{
    char bytes[ENTRY_SIZE_MAX + ENTRY_TEXT_SIZE_MAX];
    struct text_buffer packed;
    text_buffer_init(&packed, bytes, sizeof bytes);
    entry_put(&packed, entry);
    CHECK(chain_append(&hub, &chain, text_of(&packed)));
    return packed.size;
}

static void check_guess(const struct hub_guess *got, const struct hub_guess *put)
{
    CHECK(got->round == put->round && got->slot == put->slot);
    CHECK(got->is_video == put->is_video && got->correct == put->correct);
    CHECK(got->seq == put->seq && got->similarity == put->similarity);
    CHECK(got->ms == put->ms && got->raw_ms == put->raw_ms);
    CHECK(text_equal(got->text, put->text));
    CHECK((got->text.data == NULL) == (put->text.data == NULL));
}

TEST(a_usual_guess_takes_eleven_bytes_and_its_text)
{
    begin();
    struct entry entry = { .kind = ENTRY_GUESS, .guess = {
        .round = 3, .slot = 1, .seq = 17, .similarity = 412345, .raw_ms = 9876, .ms = 9801,
        .text = TEXT("Águas de Março"),
    } };
    CHECK_INT(add(&entry), 11 + entry.guess.text.size);
    pool_destroy(&hub.chunks);
}

/* Some of all there are. */
static struct hub_guess some_guess(uint32_t i, uint32_t k)
{
    static char longest[ENTRY_TEXT_SIZE_MAX];
    const struct text texts[] = { TEXT_NONE, TEXT(""), TEXT("a"), { longest, sizeof longest } };
    const uint32_t numbers[] = { 0, 1, 127, 128, 1000000, UINT32_MAX };
    memset(longest, 'x', sizeof longest);
    return (struct hub_guess){
        .round = (uint8_t)(k + 1),
        .slot = k & 1,
        .is_video = (k & 2) != 0,
        .correct = (k & 4) != 0,
        .seq = numbers[i],
        .similarity = numbers[(i + k) % 6],
        .ms = numbers[i] / (k + 1),
        .raw_ms = numbers[i],
        .text = texts[k / 4],
    };
}

TEST(guesses_are_read_as_they_were_written)
{
    struct entry entry = { .kind = ENTRY_GUESS };
    struct entry got;
    char text[ENTRY_TEXT_SIZE_MAX];
    for (uint32_t i = 0; i < 6; i++) {
        begin();
        for (uint32_t k = 0; k < 16; k++) {
            entry.guess = some_guess(i, k);
            CHECK(add(&entry) <= ENTRY_SIZE_MAX + entry.guess.text.size);
        }
        struct chain_reader reader = chain_read(&hub, &chain);
        for (uint32_t k = 0; k < 16; k++) {
            CHECK(entry_next(&reader, &got, text) && got.kind == ENTRY_GUESS);
            entry.guess = some_guess(i, k);
            check_guess(&got.guess, &entry.guess);
        }
        CHECK(!entry_next(&reader, &got, text));
        pool_destroy(&hub.chunks);
    }
}

TEST(frames_and_rounds_stand_between_guesses)
{
    const struct match_round rounds[] = {
        { 0, { 0, MATCH_NO_TIME }, 0, { true, false } },
        { UINT32_MAX, { 3600000, 3599999 }, 1, { false, true } },
        { 7, { MATCH_NO_TIME, MATCH_NO_TIME }, MATCH_NOBODY, { false, false } },
    };
    struct entry got;
    char text[ENTRY_TEXT_SIZE_MAX];
    begin();
    for (uint32_t i = 0; i < 3; i++) {
        uint8_t number = (uint8_t)(MATCH_ROUNDS_MAX - i);
        CHECK(add(&(struct entry){ .kind = ENTRY_FRAME, .round = number,
                                   .frame = uuid_random(i, 5) }) <= ENTRY_SIZE_MAX);
        CHECK(add(&(struct entry){ .kind = ENTRY_GUESS, .guess = { .round = number } }) > 0);
        CHECK(add(&(struct entry){ .kind = ENTRY_ROUND, .round = number,
                                   .played = rounds[i] }) <= ENTRY_SIZE_MAX);
    }
    struct chain_reader reader = chain_read(&hub, &chain);
    for (uint32_t i = 0; i < 3; i++) {
        struct uuid frame = uuid_random(i, 5);
        CHECK(entry_next(&reader, &got, text) && got.kind == ENTRY_FRAME);
        CHECK(got.round == MATCH_ROUNDS_MAX - i && uuid_equal(&got.frame, &frame));
        CHECK(entry_next(&reader, &got, text) && got.kind == ENTRY_GUESS);
        CHECK(entry_next(&reader, &got, text) && got.kind == ENTRY_ROUND);
        CHECK(got.round == MATCH_ROUNDS_MAX - i && got.played.video == rounds[i].video);
        CHECK(memcmp(got.played.ms, rounds[i].ms, sizeof rounds[i].ms) == 0);
        CHECK_INT(got.played.winner, rounds[i].winner);
        CHECK(memcmp(got.played.suspect, rounds[i].suspect, sizeof rounds[i].suspect) == 0);
    }
    CHECK(!entry_next(&reader, &got, text));
    pool_destroy(&hub.chunks);
}

TEST_MAIN
