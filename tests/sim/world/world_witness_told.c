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

static void note_judged(struct view *view, uint32_t slot, const struct intention *intention)
{
    struct played *played = view->coming;
    if (played->judged_count < 2 * MATCH_GUESSES_MAX) {
        played->judged_slot[played->judged_count] = slot;
        played->judged[played->judged_count++] = *intention;
    }
}

static void on_verdict(struct world *world, struct view *view, struct seat *seat,
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
        uint64_t raw_us = found->at_us - view->round_start_us;
        if (view->round == 0 || view->round != verdict->round) {
            world_fault(world, "a verdict outside its round");
            return;
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
        note_judged(view, (uint32_t)(seat - view->seats), found);
        if (verdict->correct) {
            seat->best_ms = found->ms;
        }
    } else if (found->correct != verdict->correct || found->ms != verdict->ms) {
        world_fault(world, "a repeated guess got another verdict");
    }
}

static void check_round_end(struct world *world, struct view *view,
                            const struct msg_round_end *end)
{
    uint32_t index = (uint32_t)end->round - 1;
    int64_t score[2] = { 0, 0 };
    if (index >= view->rounds_count) {
        world_fault(world, "a round's end is told that has not ended");
        return;
    }
    for (uint32_t i = 0; i <= index; i++) {
        if (view->rounds[i]->winner >= 0) {
            score[view->rounds[i]->winner]++;
        }
    }
    const struct played *played = view->rounds[index];
    int64_t winner = played->winner < 0 ? MSG_NIL : played->winner;
    bool same_ms = true;
    for (uint32_t slot = 0; slot < 2; slot++) {
        uint32_t ms = played->ms[slot];
        same_ms = same_ms && end->ms[slot] == (ms == UINT32_MAX ? MSG_NIL : (int64_t)ms);
    }
    if (end->winner != winner || !same_ms) {
        world_fault(world, "the winner or the times of a round are told wrongly");
    }
    if (end->score[0] != score[0] || end->score[1] != score[1]) {
        world_fault(world, "a score is told wrongly");
    }
    if (stores_row_of_video(world, end->answer.video) != played->row) {
        world_fault(world, "another answer is told than was drawn");
    }
    witness_told_round(world, view, (uint32_t)end->round);
}

static const char *expected_outcome(const struct world *world, const struct view *view,
                                    uint32_t slot)
{
    if (view->abandoned) {
        return "none";
    }
    if (!witness_is_decided(world, view)) {
        return NULL; /* forfeit: either */
    }
    if (view->score[0] == view->score[1]) {
        return "draw";
    }
    return view->score[slot] > view->score[1 - slot] ? "win" : "loss";
}

static uint32_t bonus(const struct world *world, const struct view *view, uint32_t slot)
{
    static const uint32_t by_losses[] = { 300, 150, 50 };
    uint32_t lost = view->score[1 - slot];
    bool counts = world->limits.rules.best_of == 5 && view->score[slot] == 3 && !view->abandoned;
    return counts ? by_losses[lost] : 0;
}

static void check_rating(struct world *world, const struct view *view, uint32_t slot,
                         int64_t before, int64_t after)
{
    const struct world_stored *row = stores_find(world, &view->book->id);
    if (row == NULL || !row->rated || row->before[slot] != before || row->after[slot] != after) {
        world_fault(world, "a rating is told that is not stored");
    }
}

/* The end waits for its save and for its rating, each only so long. */
static void check_end_in_time(struct world *world, const struct view *view)
{
    const struct hub_limits *limits = &world->limits;
    uint64_t patience_us = 1000 * (uint64_t)(limits->settle_wait_ms + limits->save_wait_ms);
    enum hub_event_type event = world->witness->event;
    /* Or came in time, and Valkey took long to agree that the match is played here. */
    bool waited = (event == HUB_EV_SAVED || event == HUB_EV_CHECKED) && !view->begun;
    bool came_late =
        waited || event == HUB_EV_OPEN || event == HUB_EV_PLAYER || event == HUB_EV_SOUGHT;
    if (!came_late && !view->restored &&
        world->self->local_us > view->over_us + patience_us + world->late_us + 1000) {
        world_fault(world, "the end is told too late");
    }
}

static void on_match_end(struct world *world, struct view *view, uint32_t slot,
                         const struct msg_match_end *end)
{
    struct seat *seat = &view->seats[slot];
    struct seat *other = &view->seats[1 - slot];
    const char *expected = expected_outcome(world, view, slot);
    char outcome[8] = "";
    memcpy(outcome, end->outcome.data, end->outcome.size);
    if (!view->over) {
        world_fault(world, "the end is told before it came");
    }
    check_end_in_time(world, view);
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
    for (uint32_t i = 0; i < 2; i++) {
        if (end->score[i] != view->score[i] ||
            end->points[i] != 200 * view->score[i] + bonus(world, view, i)) {
            world_fault(world, "score or points of the match are told wrongly");
        }
    }
    witness_told_end(world, view, slot, outcome);
    if (end->has_rating) {
        check_rating(world, view, slot, end->rating.before, end->rating.after);
        witness_told_rating(world, view, slot, (int32_t)end->rating.after);
        seat->end_rated = true;
    }
    seat->told_end = true;
}

static void check_welcome(struct world *world, struct view *view, const struct msg_welcome *welcome)
{
    if (welcome->rounds_count != view->rounds_count) {
        world_fault(world, "a welcome with other rounds than were played");
    }
    if (!text_equal(welcome->phase, TEXT("over"))) {
        witness_told_going_on(world, view);
    }
    for (uint32_t i = 0; i < welcome->rounds_count && i < view->rounds_count; i++) {
        check_round_end(world, view, &welcome->rounds[i]);
    }
    witness_told_count(world, view, welcome->rounds_count);
    if (welcome->has_round && view->round == 0 && view->coming != NULL &&
        view->coming->round == welcome->round.round && !view->coming->started) {
        view->opening = true;
        world->witness->expecting = true;
    } else if (welcome->has_round != (view->round != 0) ||
               (welcome->has_round && welcome->round.round != view->round)) {
        world_fault(world, "a welcome to another round");
    }
    if (welcome->has_frame &&
        (view->coming == NULL || welcome->frame.round != view->coming->round)) {
        world_fault(world, "a welcome with another round's frame");
    }
    if (welcome->score[0] != view->score[0] || welcome->score[1] != view->score[1]) {
        world_fault(world, "a welcome with another score");
    }
}

/* Nobody plays two matches at once, whatever key has vanished. */
static void check_one_match(struct world *world, const struct book *book, uint32_t user)
{
    const struct witness *witness = world->witness;
    for (uint32_t i = 0; i < witness->books_count; i++) {
        const struct book *other = witness->books[i];
        for (const struct view *view = other->views; view != NULL && other != book;
             view = view->next) {
            uint32_t slot = other->users[0] == user ? 0 : 1;
            if (other->users[slot] == user && !view->gone && view->live && view->awake &&
                !ref_is_none(view->seats[slot].conn) && !other->apart && !book->apart) {
                world_fault(world, "a player plays two matches");
            }
        }
    }
}

static void on_welcome(struct world *world, struct view *view, struct world_conn *conn,
                       struct ref ref, const struct msg_welcome *welcome)
{
    uint32_t slot = (uint32_t)welcome->you;
    if (view->book->users[slot] != conn->bot) {
        world_fault(world, "a welcome to the wrong seat");
    }
    world->tally->reconnects += view->begun;
    view->awake = true;
    view->seats[slot].conn = ref;
    check_welcome(world, view, welcome);
    witness_look_for_split(world, view->book);
    witness_told_terms(world, view->book, welcome);
    if (view->live) {
        check_one_match(world, view->book, conn->bot);
    }
    conn->welcomed = true;
}

/* Right after an outage it may be over: whoever takes it finds that out before anybody is
 * welcomed. */
static void on_matched(struct world *world, const struct uuid *match, uint32_t slot, uint32_t user)
{
    const struct book *book = witness_find(world, match);
    if (book == NULL || book->users[slot] != user) {
        world_fault(world, "matched for a match that is not theirs");
    }
}

/* ---- what nobody may see yet ---- */

static bool contains(const uint8_t *bytes, uint32_t size, const void *what, size_t what_size)
{
    return memmem(bytes, size, what, what_size) != NULL;
}

static void check_secrets(struct world *world, const struct view *view, uint32_t slot,
                          const struct hub_effect_send *send, const uint8_t *bytes, uint32_t size)
{
    enum message_type type = send->message.type;
    if (type == MSG_suggestions || view->frame_index == 0) {
        return;
    }
    const struct world_row *row = &world->rows[view->coming->row];
    const struct world_frame *frame = &world->frames[view->frame_index - 1];
    bool revealed = view->coming->ended;
    if (!revealed && (contains(bytes, size, row->title, strlen(row->title)) ||
                      contains(bytes, size, row->video, strlen(row->video)))) {
        world_fault(world, "the answer is told before the round's end");
    }
    if (contains(bytes, size, "frames/", 7)) {
        world_fault(world, "a frame's path is told");
    }
    bool running = view->round == view->coming->round || revealed ||
                   view->opening;
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

static void on_round(struct world *world, struct view *view, uint32_t slot,
                     const struct msg_round *round)
{
    struct seat *other = &view->seats[1 - slot];
    uint32_t first = (uint32_t)(round->round - 1) % 2;
    /* The round may be over already when the timer came very late. */
    if (view->rounds_started != round->round || view->round_start_us != world->self->local_us) {
        world_fault(world, "a key is handed out late");
    }
    view->seats[slot].first_writes = ++world->witness->place;
    if (other->first_writes != 0 && first == slot &&
        other->first_writes < view->seats[slot].first_writes) {
        world_fault(world, "the wrong seat is written to first");
    }
}

static void on_match_message(struct world *world, struct view *view, struct world_conn *conn,
                             struct seat *seat, const struct message *message)
{
    uint32_t slot = (uint32_t)(seat - view->seats);
    if (message->type == MSG_verdict) {
        on_verdict(world, view, seat, &message->verdict);
    } else if (message->type == MSG_round) {
        on_round(world, view, slot, &message->round);
    } else if (message->type == MSG_round_end) {
        check_round_end(world, view, &message->round_end);
    } else if (message->type == MSG_match_end) {
        if (conn->match_ended) {
            world_fault(world, "match_end twice on one socket");
        }
        conn->match_ended = true;
        on_match_end(world, view, slot, &message->match_end);
    } else if (message->type == MSG_rating) {
        if (!conn->match_ended || seat->end_rated) {
            world_fault(world, "a rating before match_end, or twice");
        }
        check_rating(world, view, slot, message->rating.before, message->rating.after);
        witness_told_rating(world, view, slot, (int32_t)message->rating.after);
        seat->end_rated = true;
        world->tally->ratings_late++;
    }
}

static void to_match(struct world *world, struct world_conn *conn,
                     const struct hub_effect_send *send, const uint8_t *bytes, uint32_t size)
{
    const struct message *message = &send->message;
    struct view *view = witness_view_or_none(world, &conn->match);
    if (message->type == MSG_welcome && message->welcome.has_invitation) {
        witness_told_invitation(world, conn, &message->welcome);
        return;
    }
    if (message->type == MSG_error && !conn->welcomed) {
        witness_told_cooldown(world, conn->bot, &message->error);
    }
    if (message->type == MSG_welcome && view != NULL) {
        on_welcome(world, view, conn, send->conn, &message->welcome);
    }
    struct seat *seat = view == NULL ? NULL : witness_seat(view, send->conn);
    if (!conn->welcomed || seat == NULL) {
        /* `pong` and what is wrong with a message depend on no match. */
        if (message->type != MSG_pong && message->type != MSG_error &&
            message->type != MSG_suggestions) {
            world_fault(world, "a match socket is told something before its welcome");
        }
        return;
    }
    check_secrets(world, view, (uint32_t)(seat - view->seats), send, bytes, size);
    if (message->type == MSG_server_rematch) {
        witness_told_rematch(world, view, conn, send);
    }
    on_match_message(world, view, conn, seat, message);
}

static void to_queue(struct world *world, struct world_conn *conn,
                     const struct hub_effect_send *send)
{
    const struct message *message = &send->message;
    if (message->type == MSG_matched) {
        on_matched(world, &message->matched.match, send->slot, conn->bot);
    } else if (message->type == MSG_queued) {
        int64_t now_ms = (int64_t)(world->self->local_us / 1000);
        if (conn->queued_us != 0 && world->self->local_us - conn->queued_us < WORLD_SECOND_US) {
            world_fault(world, "queued more than once a second");
        }
        conn->queued_us = world->self->local_us;
        if (message->queued.since > now_ms + world->skew_us / 1000 || message->queued.waiting < 1 ||
            message->queued.expires_at < message->queued.since) {
            world_fault(world, "queued with figures that cannot be");
        }
    } else if (message->type == MSG_error) {
        world->tally->unavailable += text_equal(message->error.code, TEXT("UNAVAILABLE"));
        witness_told_cooldown(world, conn->bot, &message->error);
    } else if (message->type != MSG_timeout && message->type != MSG_pong) {
        world_fault(world, "a message of the match on a queue socket");
    }
}

void witness_send(struct world *world, const struct hub_effect_send *send, const uint8_t *bytes,
                    uint32_t size)
{
    struct world_conn *conn = world_conn_get(world, send->conn);
    if (conn == NULL || !conn->opened || conn->ending ||
        &world->processes[conn->process] != world->self) {
        world_fault(world, "a message to a connection that is gone or ended");
    } else if (conn->door == HUB_DOOR_MATCH) {
        to_match(world, conn, send, bytes, size);
    } else if (conn->door == HUB_DOOR_QUEUE) {
        to_queue(world, conn, send);
    } else {
        world_fault(world, "a message to a request");
    }
}

void witness_reply(struct world *world, struct ref ref, const struct hub_effect_send *send)
{
    struct world_conn *conn = world_conn_get(world, ref);
    if (conn == NULL || !conn->opened || conn->ending ||
        conn->door == HUB_DOOR_QUEUE || conn->door == HUB_DOOR_MATCH) {
        world_fault(world, "an answer to no request");
        return;
    }
    conn->ending = true;
    if (send != NULL && send->message.type == MSG_queue_matched) {
        on_matched(world, &send->message.queue_matched.match, send->slot, conn->bot);
        world->tally->polled_matches++;
    }
    world->tally->polled += conn->door == HUB_DOOR_JOIN || conn->door == HUB_DOOR_POLL;
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
    struct view *view = witness_view_of_conn(world, effect->close.conn);
    struct seat *seat = view == NULL ? NULL : witness_seat(view, effect->close.conn);
    if (seat != NULL) {
        seat->conn = REF_NONE;
    }
}
