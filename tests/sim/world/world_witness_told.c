/* The witness hears every message: right, in order, to the right seat, and nothing too early. */
#include <string.h>
#include <tests/sim/world/world_witness.h>

/* ---- a match's messages ---- */

static uint32_t credited(const struct world *world, const struct seat *seat, uint64_t raw_us)
{
    uint64_t lag_us = seat->rtt_count == 0 ? 0 : UINT64_MAX;
    uint32_t count = seat->rtt_count < RTTS ? seat->rtt_count : RTTS;
    for (uint32_t i = 0; i < count; i++) {
        lag_us = seat->rtt_us[i] < lag_us ? seat->rtt_us[i] : lag_us;
    }
    uint64_t cap_us = (uint64_t)world->limits.rules.lag_cap_ms * 1000;
    lag_us = lag_us < cap_us ? lag_us : cap_us;
    return raw_us > lag_us ? (uint32_t)((raw_us - lag_us) / 1000) : 0;
}

static void on_verdict(struct world *world, struct book *book, struct seat *seat,
                       const struct msg_verdict *verdict)
{
    struct intention *found = NULL;
    for (uint32_t i = 0; i < seat->intentions_count; i++) {
        struct intention *intention = &seat->intentions[i];
        if (intention->round == verdict->round && intention->seq == verdict->seq &&
            (found == NULL || !found->judged)) {
            found = intention;
        }
    }
    world->tally->verdicts++;
    if (found == NULL) {
        world_fault(world, "a verdict on nothing");
        return;
    }
    if (verdict->correct && verdict->similarity < 0.999) {
        world_fault(world, "right, but not told 1");
    }
    if (!found->judged) {
        uint64_t raw_us = found->at_us - book->round_start_us;
        if (book->round == 0 || book->round != verdict->round) {
            world_fault(world, "a verdict outside its round");
        }
        if (verdict->correct != found->right) {
            world_fault(world, "a guess was judged wrongly");
        }
        if (verdict->raw_ms != (int64_t)(raw_us / 1000)) {
            world_fault(world, "a response time was measured wrongly");
        }
        if (verdict->ms != credited(world, seat, raw_us)) {
            world_fault(world, "lag was credited wrongly");
        }
        if (found->right && seat->best_ms != UINT32_MAX) {
            world_fault(world, "a round solved twice by one seat");
        }
        found->judged = true;
        found->correct = verdict->correct;
        found->ms = (uint32_t)verdict->ms;
        book->verdicts++;
        if (verdict->correct) {
            seat->best_ms = found->ms;
        }
    } else if (found->correct != verdict->correct || found->ms != verdict->ms) {
        world_fault(world, "a repeated guess got another verdict");
    }
}

static void check_round_end(struct world *world, const struct book *book,
                            const struct msg_round_end *end)
{
    uint32_t index = (uint32_t)end->round - 1;
    int64_t score[2] = { 0, 0 };
    if (index >= book->rounds_count) {
        world_fault(world, "a round's end is told that has not ended");
        return;
    }
    for (uint32_t i = 0; i <= index; i++) {
        if (book->winners[i] >= 0) {
            score[book->winners[i]]++;
        }
    }
    int64_t winner = book->winners[index] < 0 ? MSG_NIL : book->winners[index];
    bool same_ms = true;
    for (uint32_t slot = 0; slot < 2; slot++) {
        uint32_t ms = book->ms[index][slot];
        same_ms = same_ms && end->ms[slot] == (ms == UINT32_MAX ? MSG_NIL : (int64_t)ms);
    }
    if (end->winner != winner || !same_ms) {
        world_fault(world, "the winner or the times of a round are told wrongly");
    }
    if (end->score[0] != score[0] || end->score[1] != score[1]) {
        world_fault(world, "a score is told wrongly");
    }
    if (stores_row_of_video(world, end->answer.video) != book->rows[index]) {
        world_fault(world, "another answer is told than was drawn");
    }
}

static const char *expected_outcome(const struct world *world, const struct book *book,
                                    uint32_t slot)
{
    if (book->abandoned) {
        return "none";
    }
    if (!witness_is_decided(world, book)) {
        return NULL; /* forfeit: either */
    }
    if (book->score[0] == book->score[1]) {
        return "draw";
    }
    return book->score[slot] > book->score[1 - slot] ? "win" : "loss";
}

static uint32_t bonus(const struct world *world, const struct book *book, uint32_t slot)
{
    static const uint32_t by_losses[] = { 300, 150, 50 };
    uint32_t lost = book->score[1 - slot];
    bool counts = world->limits.rules.best_of == 5 && book->score[slot] == 3 && !book->abandoned;
    return counts ? by_losses[lost] : 0;
}

static void check_rating(struct world *world, const struct book *book, uint32_t slot,
                         int64_t before, int64_t after)
{
    const struct world_stored *row = stores_find(world, &book->id);
    if (row == NULL || !row->rated || row->before[slot] != before || row->after[slot] != after) {
        world_fault(world, "a rating is told that is not stored");
    }
}

static void on_match_end(struct world *world, struct book *book, uint32_t slot,
                         const struct msg_match_end *end)
{
    struct seat *seat = &book->seats[slot];
    struct seat *other = &book->seats[1 - slot];
    const char *expected = expected_outcome(world, book, slot);
    char outcome[8] = "";
    memcpy(outcome, end->outcome.data, end->outcome.size);
    if (!book->over) {
        world_fault(world, "the end is told before it came");
    }
    uint64_t patience_us = 1000 * (uint64_t)world->limits.settle_wait_ms;
    if (world->witness->event != HUB_EV_OPEN &&
        world->now_us > book->over_us + patience_us + world->late_us) {
        world_fault(world, "the end is told too late");
    }
    if (expected != NULL ? strcmp(expected, outcome) != 0
                         : strcmp(outcome, "win") != 0 && strcmp(outcome, "loss") != 0) {
        world_fault(world, "an outcome is told wrongly");
    }
    if (expected == NULL && !text_equal(end->reason, TEXT("forfeit"))) {
        world_fault(world, "a reason is told wrongly");
    }
    /* Who is late to leave may find the match over. */
    if (expected == NULL && seat->leaving != other->leaving && world->faults.late == 0 &&
        strcmp(outcome, seat->leaving ? "loss" : "win") != 0) {
        world_fault(world, "who left has won");
    }
    if (seat->told_end && strcmp(seat->outcome, outcome) != 0) {
        world_fault(world, "the end is told in two ways");
    }
    if (other->told_end && expected == NULL && strcmp(other->outcome, outcome) == 0) {
        world_fault(world, "both are told the same of a forfeit");
    }
    for (uint32_t i = 0; i < 2; i++) {
        if (end->score[i] != book->score[i] ||
            end->points[i] != 200 * book->score[i] + bonus(world, book, i)) {
            world_fault(world, "score or points of the match are told wrongly");
        }
    }
    if (end->has_rating) {
        check_rating(world, book, slot, end->rating.before, end->rating.after);
        seat->end_rated = true;
    }
    seat->told_end = true;
    memcpy(seat->outcome, outcome, sizeof outcome);
}

static void on_welcome(struct world *world, struct book *book, struct world_conn *conn,
                       struct ref ref, const struct msg_welcome *welcome)
{
    uint32_t slot = (uint32_t)welcome->you;
    if (book->seats[slot].user != conn->bot) {
        world_fault(world, "a welcome to the wrong seat");
    }
    world->tally->reconnects += book->rounds_started > 0;
    book->seats[slot].conn = ref;
    if (welcome->rounds_count != book->rounds_count) {
        world_fault(world, "a welcome with other rounds than were played");
    }
    for (uint32_t i = 0; i < welcome->rounds_count; i++) {
        check_round_end(world, book, &welcome->rounds[i]);
    }
    if (welcome->has_round != (book->round != 0) ||
        (welcome->has_round && welcome->round.round != book->round)) {
        world_fault(world, "a welcome to another round");
    }
    if (welcome->has_frame && welcome->frame.round != book->row_round) {
        world_fault(world, "a welcome with another round's frame");
    }
    if (welcome->score[0] != book->score[0] || welcome->score[1] != book->score[1]) {
        world_fault(world, "a welcome with another score");
    }
    conn->welcomed = true;
}

static void on_matched(struct world *world, struct book *book, uint32_t slot, uint32_t user)
{
    struct witness *witness = world->witness;
    if (book == witness->made) {
        book->seats[slot].user = user;
        book->players_known |= 1u << slot;
        for (uint32_t i = 0; i + 1 < witness->books_count; i++) {
            const struct book *other = witness->books[i];
            if (other->live && other != book &&
                (other->seats[0].user == user || other->seats[1].user == user)) {
                world_fault(world, "a player in two matches");
            }
        }
    } else if (!book->live || book->seats[slot].user != user) {
        world_fault(world, "matched for a match that is not theirs or not live");
    }
}

/* ---- what nobody may see yet ---- */

static bool contains(const uint8_t *bytes, uint32_t size, const void *what, size_t what_size)
{
    return memmem(bytes, size, what, what_size) != NULL;
}

static void check_secrets(struct world *world, const struct book *book, uint32_t slot,
                          const struct hub_effect_send *send, const uint8_t *bytes, uint32_t size)
{
    enum message_type type = send->message.type;
    if (type == MSG_suggestions || book->frame_index == 0) {
        return;
    }
    const struct world_row *row = &world->rows[book->row];
    const struct world_frame *frame = &world->frames[book->frame_index - 1];
    bool revealed = book->row_round <= book->rounds_count;
    if (!revealed && (contains(bytes, size, row->title, strlen(row->title)) ||
                      contains(bytes, size, row->video, strlen(row->video)))) {
        world_fault(world, "the answer is told before the round's end");
    }
    if (contains(bytes, size, "frames/", 7)) {
        world_fault(world, "a frame's path is told");
    }
    bool running = book->round == book->row_round || revealed;
    for (uint32_t i = 0; i < 2; i++) {
        if (contains(bytes, size, frame->keys[i], 16) && (i != slot || !running)) {
            world_fault(world, "a key is told to the wrong seat or too early");
        }
        if (i != slot && contains(bytes, size, frame->tokens[i], HUB_TOKEN_SIZE)) {
            world_fault(world, "the other seat's frame is told");
        }
    }
}

/* ---- messages ---- */

static void on_round(struct world *world, struct book *book, uint32_t slot,
                     const struct msg_round *round)
{
    struct seat *other = &book->seats[1 - slot];
    uint32_t first = (uint32_t)(round->round - 1) % 2;
    /* The round may be over already when the timer came very late. */
    if (book->rounds_started != round->round || book->round_start_us != world->now_us) {
        world_fault(world, "a key is handed out late");
    }
    book->seats[slot].first_writes = ++world->witness->place;
    if (other->first_writes != 0 && first == slot &&
        other->first_writes < book->seats[slot].first_writes) {
        world_fault(world, "the wrong seat is written to first");
    }
}

static void to_match(struct world *world, struct world_conn *conn,
                     const struct hub_effect_send *send, const uint8_t *bytes, uint32_t size)
{
    const struct message *message = &send->message;
    struct book *book = witness_book(world, &conn->match);
    if (message->type == MSG_welcome) {
        on_welcome(world, book, conn, send->conn, &message->welcome);
    }
    struct seat *seat = witness_seat(book, send->conn);
    if (!conn->welcomed || seat == NULL) {
        world_fault(world, "a match socket is told something before its welcome");
        return;
    }
    uint32_t slot = (uint32_t)(seat - book->seats);
    check_secrets(world, book, slot, send, bytes, size);
    if (message->type == MSG_verdict) {
        on_verdict(world, book, seat, &message->verdict);
    } else if (message->type == MSG_round) {
        on_round(world, book, slot, &message->round);
    } else if (message->type == MSG_round_end) {
        check_round_end(world, book, &message->round_end);
    } else if (message->type == MSG_match_end) {
        if (conn->match_ended) {
            world_fault(world, "match_end twice on one socket");
        }
        conn->match_ended = true;
        on_match_end(world, book, slot, &message->match_end);
    } else if (message->type == MSG_rating) {
        if (!conn->match_ended || seat->end_rated) {
            world_fault(world, "a rating before match_end, or twice");
        }
        check_rating(world, book, slot, message->rating.before, message->rating.after);
        seat->end_rated = true;
        world->tally->ratings_late++;
    }
}

static void to_queue(struct world *world, struct world_conn *conn,
                     const struct hub_effect_send *send)
{
    const struct message *message = &send->message;
    if (message->type == MSG_matched) {
        struct book *book = witness_book(world, &message->matched.match);
        on_matched(world, book, send->slot, conn->bot);
    } else if (message->type == MSG_queued) {
        int64_t now_ms = (int64_t)(world->now_us / 1000);
        if (conn->queued_us != 0 && world->now_us - conn->queued_us < WORLD_SECOND_US) {
            world_fault(world, "queued more than once a second");
        }
        conn->queued_us = world->now_us;
        if (message->queued.since > now_ms || message->queued.waiting < 1 ||
            message->queued.expires_at < message->queued.since) {
            world_fault(world, "queued with figures that cannot be");
        }
    } else if (message->type == MSG_error) {
        world->tally->unavailable += text_equal(message->error.code, TEXT("UNAVAILABLE"));
    } else if (message->type != MSG_timeout && message->type != MSG_pong) {
        world_fault(world, "a message of the match on a queue socket");
    }
}

void witness_send(struct world *world, const struct hub_effect_send *send, const uint8_t *bytes,
                    uint32_t size)
{
    struct world_conn *conn = world_conn_get(world, send->conn);
    if (conn == NULL || !conn->opened || conn->ending) {
        world_fault(world, "a message to a connection that is gone or ended");
    } else if (conn->door == HUB_DOOR_MATCH) {
        to_match(world, conn, send, bytes, size);
    } else if (conn->door == HUB_DOOR_QUEUE) {
        to_queue(world, conn, send);
    } else {
        world_fault(world, "a message to a request");
    }
}

void witness_reply(struct world *world, struct ref ref)
{
    struct world_conn *conn = world_conn_get(world, ref);
    if (conn == NULL || !conn->opened || conn->ending ||
        (conn->door != HUB_DOOR_ME && conn->door != HUB_DOOR_SEARCH)) {
        world_fault(world, "an answer to no request");
    } else {
        conn->ending = true;
    }
}

void witness_close(struct world *world, const struct hub_effect *effect)
{
    struct world_conn *conn = world_conn_get(world, effect->close.conn);
    if (conn == NULL || !conn->opened || conn->ending) {
        world_fault(world, "a connection is ended that is gone or ended already");
        return;
    }
    conn->ending = true;
    if (effect->close.code == 1001 && !conn->dead && !conn->closed_planned) {
        world_fault(world, "a connection that answers is given up as silent");
    }
    struct book *book = witness_book_of_conn(world, effect->close.conn);
    struct seat *seat = book == NULL ? NULL : witness_seat(book, effect->close.conn);
    if (seat != NULL) {
        seat->conn = REF_NONE;
    }
}
