/* Cards and matches as bytes: what random play leaves behind is written by one hub and read by
 * another one with another catalogue; what is damaged is refused; what is forged and sums up well
 * is refused or is a match that can be played. */
#include "saved_fixture.h"
#include <duel/base/crc32.h>

/* ---- what lasts ---- */

static void compare_rounds(const struct process *a, const struct process *b)
{
    struct uuid frames[2][MATCH_ROUNDS_MAX];
    CHECK_INT(b->live->match.rounds_count, a->live->match.rounds_count);
    ledger_frames(a->hub, a->record, frames[0]);
    ledger_frames(b->hub, b->record, frames[1]);
    for (uint32_t i = 0; i < a->live->match.rounds_count; i++) {
        const struct match_round *was = &a->live->match.rounds[i];
        const struct match_round *is = &b->live->match.rounds[i];
        CHECK(text_equal(titles_get(a->titles, was->video).video,
                         titles_get(b->titles, is->video).video));
        CHECK(memcmp(was->ms, is->ms, sizeof was->ms) == 0);
        CHECK(memcmp(was->suspect, is->suspect, sizeof was->suspect) == 0);
        CHECK_INT(is->winner, was->winner);
        CHECK(uuid_equal(&frames[0][i], &frames[1][i]));
    }
}

static void compare_guesses(const struct process *a, const struct process *b)
{
    struct ledger_reader was = ledger_read(a->hub, a->record);
    struct ledger_reader is = ledger_read(b->hub, b->record);
    struct hub_guess old, new;
    uint32_t count = 0;
    while (ledger_next(&was, &old)) {
        if (old.round > a->live->match.rounds_count) {
            continue;
        }
        CHECK(ledger_next(&is, &new));
        count++;
        CHECK(new.round == old.round && new.slot == old.slot && new.seq == old.seq);
        CHECK(new.is_video == old.is_video && new.correct == old.correct);
        CHECK(new.similarity == old.similarity && new.ms == old.ms);
        CHECK_INT(new.raw_ms, old.raw_ms);
        CHECK(text_equal(new.text, old.text));
    }
    CHECK(!ledger_next(&is, &new));
    CHECK_INT(b->record->result.guesses_count, count);
}

/* How many drawn videos are kept of a match, so that the rest of it can draw. */
static uint32_t drawn_max(const struct match *match)
{
    return DRAWN_MAX - MATCH_FRAME_TRIES * (match->rules.best_of - match->rounds_count);
}

static void compare_drawn(const struct process *a, const struct process *b)
{
    if (a->live->drawn_count > drawn_max(&a->live->match)) {
        CHECK_INT(b->live->drawn_count, drawn_max(&a->live->match));
        return;
    }
    CHECK_INT(b->live->drawn_count, a->live->drawn_count);
    for (uint32_t i = 0; i < a->live->drawn_count; i++) {
        CHECK(text_equal(titles_get(a->titles, *live_drawn(a->hub, a->live, i)).video,
                         titles_get(b->titles, *live_drawn(b->hub, b->live, i)).video));
    }
}

static void compare(const struct process *a, const struct process *b)
{
    const struct match *was = &a->live->match;
    const struct match *is = &b->live->match;
    match_check(is);
    CHECK(memcmp(&was->rules, &is->rules, sizeof was->rules) == 0);
    compare_rounds(a, b);
    compare_guesses(a, b);
    compare_drawn(a, b);
    CHECK(is->begun == was->begun && b->live->played == a->live->played);
    CHECK_INT(b->record->result.best_of, was->rules.best_of);
    CHECK_INT(b->record->result.started_ms, a->record->result.started_ms);
    for (uint8_t slot = 0; slot < 2; slot++) {
        CHECK_INT(is->score[slot], was->score[slot]);
        CHECK_INT(is->seats[slot].grace_left_ms, was->seats[slot].grace_left_ms);
        CHECK_INT(match_points(is, slot), match_points(was, slot));
        CHECK(match_average_ms(is, slot) == match_average_ms(was, slot));
    }
    if (was->phase < MATCH_OVER) {
        CHECK_INT(is->phase, MATCH_WAITING);
        CHECK(is->resumed && match_deadline_us(is) == MATCH_NEVER);
        return;
    }
    CHECK_INT(is->phase, MATCH_OVER);
    CHECK(is->reason == was->reason && is->cause == was->cause && is->winner == was->winner);
    CHECK(is->resumed == was->resumed && is->round == was->round);
    CHECK_INT(b->record->result.completed_ms, a->record->result.completed_ms);
    if (a->live->rematch_until_us > a->hub->now_us) {
        CHECK_INT(b->live->rematch_until_us / 1000, a->live->rematch_until_us / 1000);
    }
}

/* What the other process goes on from begins with what this one wrote. */
static void compare_journals(struct process *a, struct process *b)
{
    static char bytes[2][RECORDER_SIZE_MAX];
    struct text_buffer buffers[2];
    text_buffer_init(&buffers[0], bytes[0], RECORDER_SIZE_MAX);
    text_buffer_init(&buffers[1], bytes[1], RECORDER_SIZE_MAX);
    struct text ours = recorder_text(a->hub, a->record, &buffers[0]);
    struct text theirs = recorder_text(b->hub, b->record, &buffers[1]);
    CHECK(ours.size > 0 && ours.size <= theirs.size);
    CHECK(memcmp(ours.data, theirs.data, ours.size) == 0);
    chain_free(b->hub, &b->record->journal);
    recorder_restore(b->hub, b->record, ours, a->record->journal_full);
}

/* What another process makes of it is the same, and it writes the same; then it plays on. */
TEST(R_81_what_lasts_of_a_match_is_the_same_elsewhere)
{
    uint32_t phases[MATCH_CLOSED + 1] = { 0 };
    uint32_t rounds[MATCH_ROUNDS_MAX + 1] = { 0 };
    rng_seed(&rng, 4);
    for (uint32_t i = 0; i < 1200; i++) {
        struct process a, b;
        open_played(&a);
        open_process(&b, &a.live->match.rules, catalogue(true, 0));
        b.hub->now_us = a.hub->now_us;
        b.hub->now_ms = a.hub->now_ms;
        phases[a.live->match.phase]++;
        rounds[a.live->match.rounds_count]++;
        struct text blob = save(&a);
        char *kept = alone(blob);
        CHECK(read_match(&b, blob));
        compare(&a, &b);
        b.live->rematch_until_us = a.live->rematch_until_us; /* it may have been over */
        compare_journals(&a, &b);
        struct text again = save(&b);
        if (b.live->drawn_count == a.live->drawn_count) {
            CHECK(again.size == blob.size && memcmp(kept, again.data, blob.size) == 0);
        }
        free(kept);
        play(&b, 300);
        close_process(&b);
        close_process(&a);
    }
    for (uint32_t i = 0; i <= MATCH_OVER; i++) {
        CHECK(phases[i] > 0);
    }
    for (uint32_t i = 0; i <= MATCH_ROUNDS_MAX; i++) {
        CHECK(rounds[i] > 0);
    }
}

/* The largest there can be: each round of 25 with 12 guesses of each seat. */
TEST(the_largest_match_has_room)
{
    struct match_rules rules = usual;
    struct process a, b;
    rng_seed(&rng, 5);
    rules.best_of = 25;
    rules.max_guesses = 12;
    rules.lockout_ms = 0;
    open_process(&a, &rules, catalogue(false, 0));
    seat(&a);
    match_init(&a.live->match, &rules, a.hub->now_us);
    for (uint32_t i = 0; a.live->match.phase < MATCH_OVER; i++) {
        struct msg_guess guess = { .text = TEXT("something wrong"), .video = TEXT_NONE };
        struct match_event event = { .type = MATCH_EV_TICK, .slot = i & 1,
                                     .round = a.live->match.round, .seq = i };
        enum match_phase phase = a.live->match.phase;
        a.hub->now_us += phase == MATCH_ROUND ? 1000 : 1000000;
        event.type = phase == MATCH_WAITING ? MATCH_EV_CONNECT
                     : phase == MATCH_ROUND ? MATCH_EV_GUESS
                                            : MATCH_EV_TICK;
        if (a.frame_due) {
            event.type = MATCH_EV_FRAME;
            event.ok = a.live->match.frame_tries == 2;
            a.frame_due = false;
        }
        step(&a, event, &guess);
    }
    CHECK_INT(a.live->match.rounds_count, 25);
    CHECK_INT(a.record->result.guesses_count, 600);
    CHECK_INT(a.live->drawn_count, MATCH_ROUNDS_MAX * MATCH_FRAME_TRIES);
    struct text blob = save(&a);
    CHECK(blob.size <= SAVED_MATCH_SIZE_MAX + a.record->text_size);
    open_process(&b, &rules, catalogue(true, 0));
    CHECK(read_match(&b, blob));
    compare_guesses(&a, &b);
    close_process(&b);
    close_process(&a);
}

/* Taken over again and again, each time in a round: never more is drawn than there is room for, and
 * nothing that a round was played with is drawn again. */
TEST(R_81_a_match_can_be_taken_over_for_ever)
{
    struct match_rules rules = usual;
    struct process a, b;
    rng_seed(&rng, 16);
    rules.best_of = 24;
    open_process(&a, &rules, catalogue(false, 0));
    open_process(&b, &rules, catalogue(true, 0));
    seat(&a);
    match_init(&a.live->match, &rules, a.hub->now_us);
    for (uint32_t i = 0; i < 200 && a.live->match.phase < MATCH_OVER; i++) {
        play(&a, 20);
        b.hub->now_us = a.hub->now_us;
        CHECK(read_match(&b, save(&a)));
        forget(&a);
        struct process swap = a;
        a = b;
        b = swap;
        a.frame_due = false;
        for (uint32_t n = 0; n < a.live->match.rounds_count; n++) {
            uint32_t times = 0;
            for (uint32_t k = 0; k < a.live->drawn_count; k++) {
                times += *live_drawn(a.hub, a.live, k) == a.live->match.rounds[n].video;
            }
            CHECK_INT(times, 1);
        }
    }
    close_process(&b);
    close_process(&a);
}

/* ---- what another process does not know ---- */

TEST(a_round_whose_video_nobody_knows_cannot_be_told)
{
    struct process a, b;
    rng_seed(&rng, 6);
    open_one_nil(&a);
    struct text blob = save(&a);
    uint32_t video = a.live->match.rounds[0].video;
    open_process(&b, &usual, catalogue(true, video)); /* all before it are unknown */
    CHECK(read_match(&b, blob));
    forget(&b);
    close_process(&b);
    open_process(&b, &usual, catalogue(true, video + 1));
    CHECK(!read_match(&b, blob));
    close_process(&b);
    open_process(&b, &usual, catalogue(true, 0));
    b.hub->titles = NULL;
    CHECK(!read_match(&b, blob));
    close_process(&b);
    close_process(&a);
}

TEST(a_drawn_video_that_nobody_knows_is_left_out)
{
    struct process a, b;
    rng_seed(&rng, 7);
    open_one_nil(&a);
    uint32_t video = a.live->match.rounds[0].video;
    uint32_t known = 0;
    for (uint32_t i = 0; i < 3; i++) {
        known += *live_drawn(a.hub, a.live, i) >= video;
    }
    CHECK(known < 3); /* by the seed */
    open_process(&b, &usual, catalogue(true, video));
    CHECK(read_match(&b, save(&a)));
    CHECK_INT(b.live->drawn_count, known);
    close_process(&b);
    close_process(&a);
}

TEST(rules_beyond_what_this_process_has_room_for)
{
    struct match_rules small = usual;
    struct process a, b;
    rng_seed(&rng, 8);
    open_one_nil(&a);
    struct text blob = save(&a);
    small.max_guesses = 1;
    small.best_of = 1;
    open_process(&b, &small, catalogue(false, 0));
    CHECK(read_match(&b, blob)); /* guesses that find no room are dropped, not the match */
    CHECK_INT(b.live->match.rules.best_of, 5);
    play(&b, 1000);
    CHECK(b.record->result.guesses_count <= 2);
    close_process(&b);
    close_process(&a);
}

TEST(the_time_for_a_rematch_is_over_soon_and_never_late)
{
    struct process a, b;
    rng_seed(&rng, 9);
    open_one_nil(&a);
    step(&a, (struct match_event){ .type = MATCH_EV_LEAVE }, NULL);
    uint64_t until_us = a.live->rematch_until_us;
    struct text blob = save(&a);
    open_process(&b, &usual, catalogue(false, 0));
    b.hub->now_us = until_us - 5000000;
    CHECK(read_match(&b, blob));
    CHECK_INT(match_deadline_us(&b.live->match), until_us);
    forget(&b);
    b.hub->now_us = until_us + 5000000;
    CHECK(read_match(&b, blob));
    CHECK_INT(match_deadline_us(&b.live->match), until_us + 5000001);
    CHECK_INT(b.live->rematch_until_us, until_us + 5000001);
    forget(&b);
    b.hub->now_us = until_us - 90000000; /* another machine's clock */
    CHECK(read_match(&b, blob));
    CHECK_INT(match_deadline_us(&b.live->match), until_us - 60000000);
    close_process(&b);
    close_process(&a);
}

/* ---- what is damaged ---- */

TEST(no_damaged_blob_is_read)
{
    struct process a, b;
    rng_seed(&rng, 10);
    for (uint32_t i = 0; i < 4; i++) {
        open_played(&a);
        open_process(&b, &a.live->match.rules, catalogue(true, 0));
        struct text blob = save(&a);
        char *bytes = alone(blob);
        for (uint32_t place = 0; place < blob.size; place++) {
            for (uint32_t n = 0; n < 3; n++) {
                char was = bytes[place];
                bytes[place] = (char)(was ^ (char)(1 + rng_below(&rng, 255)));
                CHECK(!read_match(&b, (struct text){ bytes, blob.size }));
                bytes[place] = was;
            }
            CHECK(!read_match(&b, (struct text){ bytes, place }));
        }
        CHECK(read_match(&b, (struct text){ bytes, blob.size }));
        free(bytes);
        close_process(&b);
        close_process(&a);
    }
}

TEST(nothing_is_no_blob)
{
    struct process b;
    struct saved_card card;
    open_process(&b, &usual, catalogue(true, 0));
    CHECK(!read_match(&b, TEXT("")));
    seat(&b);
    CHECK(!saved_read_match(b.hub, TEXT_NONE, b.live, b.record));
    CHECK(!saved_read_card(TEXT_NONE, &card));
    CHECK(!saved_read_card(TEXT(""), &card));
    close_process(&b);
}

/* ---- what is forged ---- */

static void seal(char *blob, uint32_t size)
{
    uint32_t sum = crc32_sum(blob, size - 4);
    for (uint32_t i = 0; i < 4; i++) {
        blob[size - 4 + i] = (char)(uint8_t)(sum >> (8 * i));
    }
}

/* Changes a blob of `size` somehow; the new size, at most size + 8. */
static uint32_t forge(char *bytes, uint32_t size)
{
    static const uint8_t odd[] = { 0, 1, 2, 3, 4, 5, 6, 7, 25, 26, 127, 128, 254, 255 };
    uint32_t content = size - 4;
    uint32_t place = chance(60) ? rng_below(&rng, content < 160 ? content : 160)
                                : rng_below(&rng, content);
    uint32_t length = 1 + rng_below(&rng, 8);
    switch (rng_below(&rng, 5)) {
    case 0:
    case 1:
        bytes[place] = (char)odd[rng_below(&rng, sizeof odd)];
        break;
    case 2:
        bytes[place] = (char)(bytes[place] + 1 - 2 * (int)rng_below(&rng, 2));
        break;
    case 3: /* cut out */
        length = length > content - place ? content - place : length;
        memmove(bytes + place, bytes + place + length, content - place - length);
        size -= length;
        break;
    default: /* put in what stands elsewhere */
        memmove(bytes + place + length, bytes + place, content - place);
        memmove(bytes + place, bytes + rng_below(&rng, content), length);
        size += length;
        break;
    }
    return size;
}

TEST(a_forged_match_is_refused_or_can_be_played)
{
    static char bytes[BLOB_MAX + 100];
    uint32_t read = 0, refused = 0;
    rng_seed(&rng, 11);
    for (uint32_t i = 0; i < 200; i++) {
        struct process a, b;
        open_played(&a);
        open_process(&b, &a.live->match.rules, catalogue(true, 0));
        b.hub->now_us = a.hub->now_us;
        struct text blob = save(&a);
        char *kept = alone(blob);
        for (uint32_t n = 0; n < 100; n++) {
            uint32_t size = blob.size;
            memcpy(bytes, kept, size);
            for (uint32_t times = 1 + rng_below(&rng, 3); times > 0 && size > 20; times--) {
                size = forge(bytes, size);
            }
            seal(bytes, size);
            if (!read_match(&b, (struct text){ bytes, size })) {
                refused++;
                continue;
            }
            read++;
            match_check(&b.live->match);
            save(&b);
            play(&b, 40);
            save(&b);
            b.frame_due = false;
            forget(&b);
        }
        free(kept);
        close_process(&b);
        close_process(&a);
    }
    printf("  %u read, %u refused\n", read, refused);
    CHECK_INT(read + refused, 20000);
    CHECK(read > 1000 && refused > 1000);
}

/* ---- cards ---- */

TEST(a_card_is_the_same_elsewhere)
{
    rng_seed(&rng, 12);
    for (uint32_t i = 0; i < 500; i++) {
        struct player player = any_player();
        if (i == 0) { /* the largest */
            player.sub.size = HUB_SUB_SIZE_MAX;
            player.name.size = NAME_SIZE_MAX;
            player.avatar = (struct text){ player.name.data, AVATAR_SIZE_MAX };
        }
        int32_t rating = (int32_t)rng_below(&rng, 200001) - 100000;
        int64_t since_ms = (int64_t)rng_below(&rng, UINT32_MAX) * 400;
        struct saved_card card;
        CHECK(saved_read_card(card_of(&player, rating, since_ms), &card));
        CHECK(uuid_equal(&card.id, &player.id));
        CHECK(text_equal(card.sub, player_sub(&player)));
        CHECK(text_equal(card.name, player_name(&player)));
        CHECK(text_equal(card.avatar, player_avatar(&player)));
        CHECK(text_equal(card.country, player_country(&player)));
        CHECK_INT(card.rating, rating);
        CHECK_INT(card.since_ms, since_ms);
    }
}

TEST(no_damaged_card_is_read)
{
    rng_seed(&rng, 13);
    struct player player = any_player();
    struct saved_card card;
    struct text blob = card_of(&player, 1000, 1700000000000);
    for (uint32_t place = 0; place < blob.size; place++) {
        char *bytes = alone((struct text){ blob.data, place });
        CHECK(!saved_read_card((struct text){ bytes, place }, &card));
        free(bytes);
        bytes = alone(blob);
        for (uint32_t value = 1; value < 256; value++) {
            bytes[place] = (char)(blob.data[place] ^ (char)value);
            CHECK(!saved_read_card((struct text){ bytes, blob.size }, &card));
        }
        free(bytes);
    }
}

/* Within what a player's record holds and a client can be told. */
static void check_card(const struct saved_card *card)
{
    CHECK(!uuid_is_none(&card->id) && card->name.data != NULL);
    CHECK(card->sub.size >= 1 && card->sub.size <= HUB_SUB_SIZE_MAX);
    CHECK(card->name.size <= NAME_SIZE_MAX && card->avatar.size <= AVATAR_SIZE_MAX);
    CHECK(card->country.size <= 2);
    CHECK(text_is_utf8(card->name) && text_is_utf8(card->avatar) && text_is_utf8(card->sub));
    CHECK(card->rating >= -100000 && card->rating <= 100000);
    CHECK(card->since_ms >= 0 && card->since_ms <= SAVED_TIME_MS_MAX);
}

TEST(a_forged_card_is_refused_or_within_bounds)
{
    static char bytes[SAVED_CARD_SIZE_MAX + 100];
    uint32_t read = 0, refused = 0;
    rng_seed(&rng, 14);
    for (uint32_t i = 0; i < 20000; i++) {
        struct player player = any_player();
        struct saved_card card;
        struct text blob = card_of(&player, 1000, 1700000000000);
        uint32_t size = blob.size;
        memcpy(bytes, blob.data, size);
        for (uint32_t times = 1 + rng_below(&rng, 3); times > 0; times--) {
            size = forge(bytes, size);
        }
        seal(bytes, size);
        char *copy = alone((struct text){ bytes, size });
        if (saved_read_card((struct text){ copy, size }, &card)) {
            check_card(&card);
            read++;
        } else {
            refused++;
        }
        free(copy);
    }
    printf("  %u read, %u refused\n", read, refused);
    CHECK(read > 100 && refused > 100);
}

/* A card is not a match, nor a match a card. */
TEST(one_kind_is_not_the_other)
{
    struct process a, b;
    struct saved_card card;
    rng_seed(&rng, 15);
    open_one_nil(&a);
    CHECK(!saved_read_card(save(&a), &card));
    struct player player = any_player();
    open_process(&b, &usual, catalogue(true, 0));
    CHECK(!read_match(&b, card_of(&player, 1000, 1700000000000)));
    close_process(&b);
    close_process(&a);
}

TEST_MAIN
