/* The witness: sees each event that goes into a hub and each effect that comes out, keeps its
 * own books of every match, and says what cannot be. It knows docs/rules.md and the contract, and
 * shares no code with the hub or the rules. */
#include <stdlib.h>
#include <string.h>
#include <tests/sim/world/world_witness.h>

struct witness *witness_create(void)
{
    struct witness *witness = calloc(1, sizeof *witness);
    if (witness == NULL) {
        abort();
    }
    return witness;
}

static void book_destroy(struct book *book)
{
    for (struct view *next, *view = book->views; view != NULL; view = next) {
        next = view->next;
        free(view);
    }
    for (struct played *next, *played = book->played; played != NULL; played = next) {
        next = played->next;
        free(played);
    }
    for (struct mark *next, *mark = book->marks; mark != NULL; mark = next) {
        next = mark->next;
        free(mark);
    }
    free(book);
}

void witness_destroy(struct witness *witness)
{
    for (uint32_t i = 0; i < witness->books_count; i++) {
        book_destroy(witness->books[i]);
    }
    free(witness);
}

/* ---- books ---- */

struct book *witness_find(struct world *world, const struct uuid *id)
{
    struct witness *witness = world->witness;
    for (uint32_t i = witness->books_count; i-- > 0;) {
        if (uuid_equal(&witness->books[i]->id, id)) {
            return witness->books[i];
        }
    }
    return NULL;
}

static bool is_cut_off(const struct world *world, uint32_t life)
{
    for (uint32_t i = 0; i < WORLD_PROCESSES_MAX; i++) {
        const struct world_process *process = &world->processes[i];
        if (process->alive && process->life == life) {
            return !process->up[HUB_VALKEY];
        }
    }
    return false;
}

static bool plays_apart(struct world *world, uint32_t user)
{
    const struct witness *witness = world->witness;
    for (uint32_t i = 0; i < witness->books_count; i++) {
        const struct book *book = witness->books[i];
        for (const struct view *view = book->views; view != NULL; view = view->next) {
            bool plays = book->users[0] == user || book->users[1] == user;
            if (plays && view->live && !view->gone && book->was_evicted &&
                (is_cut_off(world, view->life) || valkey_has_ended(world, &book->id))) {
                return true;
            }
        }
    }
    return false;
}

void witness_paired(struct world *world, const struct uuid *id, const struct uuid players[2])
{
    struct witness *witness = world->witness;
    struct book *book = calloc(1, sizeof *book);
    if (book == NULL || witness->books_count == WORLD_MATCHES_MAX) {
        abort();
    }
    book->id = *id;
    book->users[0] = postgresql_user(world, &players[0]);
    book->users[1] = postgresql_user(world, &players[1]);
    book->apart = plays_apart(world, book->users[0]) || plays_apart(world, book->users[1]);
    witness->books[witness->books_count++] = book;
    witness_made(world, book);
}

static struct view *view_in(const struct book *book, uint32_t life)
{
    struct view *view = book == NULL ? NULL : book->views;
    while (view != NULL && (view->life != life || view->gone)) {
        view = view->next;
    }
    return view;
}

struct view *witness_view(struct world *world, const struct uuid *id)
{
    struct book *book = witness_find(world, id);
    struct view *view = view_in(book, world->self->life);
    if (view == NULL) {
        world_fault(world, "a process speaks of a match that it does not have");
        abort();
    }
    return view;
}

struct seat *witness_seat(struct view *view, struct ref conn)
{
    for (uint32_t slot = 0; slot < 2; slot++) {
        if (!ref_is_none(conn) && ref_equal(view->seats[slot].conn, conn)) {
            return &view->seats[slot];
        }
    }
    return NULL;
}

struct view *witness_view_or_none(struct world *world, const struct uuid *id)
{
    return view_in(witness_find(world, id), world->self->life);
}

struct view *witness_view_of_conn(struct world *world, struct ref ref)
{
    const struct world_conn *conn = world_conn_get(world, ref);
    if (conn == NULL || conn->door != HUB_DOOR_MATCH) {
        return NULL;
    }
    struct view *view =
        view_in(witness_find(world, &conn->match), world->processes[conn->process].life);
    return view != NULL && witness_seat(view, ref) != NULL ? view : NULL;
}

static struct view *view_of_ref(const struct world *world, struct ref match)
{
    const struct witness *witness = world->witness;
    for (uint32_t i = witness->books_count; i-- > 0;) {
        struct view *view = view_in(witness->books[i], world->self->life);
        if (view != NULL && ref_equal(view->hub_ref, match)) {
            return view;
        }
    }
    return NULL;
}

/* ---- events ---- */

static void note_guess(struct world *world, struct seat *seat, const struct world_say *say)
{
    for (uint32_t i = 0; i < seat->intentions_count; i++) {
        if (seat->intentions[i].round == (uint32_t)say->round &&
            seat->intentions[i].seq == say->seq && seat->intentions[i].judged) {
            return; /* it will get its first verdict again */
        }
    }
    if (seat->intentions_count == GUESSES_MAX) {
        return;
    }
    struct intention *intention = &seat->intentions[seat->intentions_count++];
    *intention = (struct intention){ .round = (uint32_t)say->round, .seq = (uint32_t)say->seq,
                                     .right = say->right,
                                     .at_us = world->self->local_us, .is_video = say->is_video,
                                     .text_size = say->text_size };
    memcpy(intention->text, say->text, say->text_size);
}

/* Also of a socket whose welcome waits for a save. */
static struct seat *seat_of_conn(struct world *world, struct ref ref, struct view **ret_view)
{
    const struct world_conn *conn = world_conn_get(world, ref);
    if (conn == NULL || conn->door != HUB_DOOR_MATCH || conn->ending ||
        conn->asking) {
        return NULL;
    }
    struct view *view = view_in(witness_find(world, &conn->match), world->self->life);
    if (view == NULL) {
        return NULL;
    }
    *ret_view = view;
    return conn->welcomed ? witness_seat(view, ref)
                          : &view->seats[view->book->users[0] == conn->bot ? 0 : 1];
}

static void hear(struct world *world, const struct hub_event *event, const struct world_say *say)
{
    struct view *view = NULL;
    struct seat *seat = seat_of_conn(world, event->message.conn, &view);
    if (seat == NULL || (view->taken && !view->awake)) {
        return; /* nothing counts before it is clear whose the match is */
    }
    if (event->type == HUB_EV_PONG && !world_conn_get(world, event->pong.conn)->welcomed) {
        /* Counts from the welcome on, which a late timer may bring in this very step. */
        world->witness->early_pong = event->pong.conn;
        world->witness->early_rtt_us = event->pong.rtt_us;
    } else if (event->type == HUB_EV_PONG) {
        seat->rtt_us[seat->rtt_count++ % RTTS] = event->pong.rtt_us;
    } else if (say->type == MSG_leave && view->live) {
        seat->leaving = true;
    } else if (say->type == MSG_client_rematch) {
        witness_said_rematch(view, seat, say->right);
    } else if (say->type == MSG_guess && (view->round == say->round || view->round == 0)) {
        note_guess(world, seat, say);
    }
}

void witness_event(struct world *world, const struct hub_event *event, const struct world_say *say,
                   void *mark)
{
    struct witness *witness = world->witness;
    witness->event = event->type;
    witness->place = 0;
    witness->made = NULL;
    witness->offered = mark;
    witness->closing = REF_NONE;
    witness->early_pong = REF_NONE;
    witness->settled = REF_NONE;
    witness->expecting = false;
    witness->unnamed_frame = NULL;
    if (event->type == HUB_EV_PONG || event->type == HUB_EV_MESSAGE) {
        hear(world, event, say);
    } else if (event->type == HUB_EV_CLOSED) {
        /* What a late timer does in the same step may still be told to it. */
        witness->closing = event->conn;
    } else if (event->type == HUB_EV_STORED && event->stored.reply == HUB_OK &&
               event->stored.rated) {
        witness->settled = event->stored.result;
    } else if (event->type == HUB_EV_SOUGHT) {
        struct world_conn *conn = world_conn_get(world, event->sought.conn);
        if (conn != NULL) {
            conn->asking = false;
        }
    } else if (event->type == HUB_EV_STORE_DOWN) {
        witness_disturbed(world);
    } else if (event->type == HUB_EV_CHECKED) {
        witness_checked(world, event);
    } else if (event->type == HUB_EV_SAVED) {
        witness_save_answered(world, event);
    } else if (event->type == HUB_EV_FRAME && event->frame.ok) {
        struct view *view = view_of_ref(world, event->frame.match);
        if (view != NULL) {
            view->served = true;
        }
    }
}

/* ---- views ---- */

static struct view *open_view(struct world *world, struct book *book)
{
    if (view_in(book, world->self->life) != NULL) {
        world_fault(world, "a process makes or takes a match that it has");
    }
    struct view *view = calloc(1, sizeof *view);
    if (view == NULL) {
        abort();
    }
    view->next = book->views;
    view->book = book;
    view->life = world->self->life;
    view->live = true;
    book->views = view;
    return view;
}

static void take_over(struct world *world, struct book *book)
{
    const struct mark *mark = world->witness->offered;
    struct view *view = open_view(world, book);
    world->witness->made = view;
    view->taken = true;
    view->unchecked = true;
    world->tally->taken++;
    if (mark == NULL) {
        return; /* it was made and never begun, says the copy */
    }
    if (mark->book != book) {
        world_fault(world, "a match is taken over from another's copy");
        return;
    }
    view->played_before = true;
    view->acked = world->witness->offered;
    view->begun = mark->begun;
    view->coming = mark->last;
    view->rounds_count = mark->rounds_count;
    view->over = mark->over;
    view->live = !mark->over;
    view->restored = mark->over;
    view->abandoned = mark->abandoned;
    view->over_us = world->self->local_us;
    for (uint32_t i = 0; i < mark->rounds_count; i++) {
        view->rounds[i] = mark->rounds[i];
        if (mark->rounds[i]->winner >= 0) {
            view->score[mark->rounds[i]->winner]++;
        }
    }
}

/* ---- rounds ---- */

static void sealed(struct world *world, struct view *view, uint32_t round, uint32_t row,
                   const struct world_frame *frame)
{
    struct played *played = calloc(1, sizeof *played);
    if (played == NULL) {
        abort();
    }
    for (uint32_t i = 0; i < view->rounds_count; i++) {
        if (view->rounds[i]->row == row) {
            world_fault(world, "a video twice in a match");
        }
    }
    if (view->round != 0 || round != view->rounds_count + 1) {
        world_fault(world, "a frame is sealed for another round, or while one runs");
    }
    played->next = view->book->played;
    view->book->played = played;
    played->round = round;
    played->row = row;
    played->frame = frame->frame_id;
    view->coming = played;
    view->frame_index = (uint32_t)(frame - world->frames) + 1;
}

void witness_sealed(struct world *world, struct ref match, uint32_t round, uint32_t row,
                    const struct world_frame *frame)
{
    struct witness *witness = world->witness;
    if (witness->made != NULL && ref_is_none(witness->made->hub_ref)) {
        witness->made->hub_ref = match;
    }
    struct view *view = view_of_ref(world, match);
    if (view == NULL) {
        /* Taken over in an earlier step: its save in this one will name it. */
        witness->unnamed = match;
        witness->unnamed_frame = &world->frames[frame - world->frames];
        witness->unnamed_row = row;
        witness->unnamed_round = round;
    } else {
        sealed(world, view, round, row, frame);
    }
}

/* Those of earlier rounds. A guess that arrives in the step that starts its round belongs to it:
 * the timer was late. */
static void forget_guesses(const struct world *world, struct seat *seat, uint32_t round)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < seat->intentions_count; i++) {
        if (seat->intentions[i].round == round &&
            seat->intentions[i].at_us == world->self->local_us) {
            seat->intentions[kept++] = seat->intentions[i];
        }
    }
    seat->intentions_count = kept;
}

static void round_started(struct world *world, struct view *view, int64_t round)
{
    struct book *book = view->book;
    if (!view->live || view->round != 0 || round != (int64_t)view->rounds_count + 1 ||
        view->coming == NULL || view->coming->round != (uint32_t)round) {
        world_fault(world, "a round starts that cannot");
        abort();
    }
    for (const struct played *played = book->played; played != NULL; played = played->next) {
        if (played != view->coming && played->round == (uint32_t)round && played->started &&
            view->taken && view->rounds_started == 0) {
            world->tally->replayed++;
            break;
        }
    }
    view->too_early = false;
    view->opening = false;
    view->coming->started = true;
    view->round = (uint32_t)round;
    view->rounds_started = view->round;
    view->begun = true;
    book->begun = true;
    view->round_start_us = world->self->local_us;
    for (uint32_t slot = 0; slot < 2; slot++) {
        forget_guesses(world, &view->seats[slot], view->round);
        view->seats[slot].best_ms = UINT32_MAX;
        view->seats[slot].first_writes = 0;
    }
}

/* Who solved it faster has won it; the same millisecond is nobody's. */
static void round_ended(struct world *world, struct view *view, int64_t round)
{
    uint32_t a = view->seats[0].best_ms;
    uint32_t b = view->seats[1].best_ms;
    if (view->round != round || round < 1) {
        world_fault(world, "a round ends that did not run");
        return;
    }
    struct played *played = view->coming;
    played->winner = a == b ? -1 : a < b ? 0 : 1;
    played->ms[0] = a;
    played->ms[1] = b;
    played->ended = true;
    played->ended_us = world->self->local_us;
    played->life = world->self->life;
    if (played->winner >= 0) {
        view->score[played->winner]++;
    }
    view->rounds[view->rounds_count++] = played;
    view->round = 0;
    world->tally->rounds++;
}

bool witness_is_decided(const struct world *world, const struct view *view)
{
    uint32_t best_of = world->limits.rules.best_of;
    return view->score[0] > best_of / 2 || view->score[1] > best_of / 2 ||
           view->rounds_count == best_of;
}

static void match_over(struct world *world, struct view *view, bool abandoned)
{
    if (!view->live) {
        world_fault(world, "a match ends twice");
    }
    if (view->taken && !view->awake) {
        world_fault(world, "a match ends where no player came after it was taken over");
    }
    if (witness_is_decided(world, view) && abandoned) {
        world_fault(world, "a decided match is abandoned");
    }
    view->live = false;
    view->over = true;
    view->over_us = world->self->local_us;
    view->abandoned = abandoned;
    view->round = 0;
    world->tally->abandoned += abandoned;
    world->tally->abandoned_stored += abandoned && view->begun;
    if (!abandoned) {
        world->tally->matches++;
        if (!witness_is_decided(world, view)) {
            world->tally->forfeits++;
        } else {
            world->tally->by_score++;
            world->tally->draws += view->score[0] == view->score[1];
        }
    }
}

/* ---- notes ---- */

/* A process has let a match go. */
static void let_go(struct world *world, const struct uuid *id)
{
    struct view *view = witness_view(world, id);
    if (view->served && view->frame_index != 0) {
        world_say_line(world, "  (its frame is still served)");
    }
    view->gone = true;
    for (uint32_t slot = 0; slot < 2; slot++) {
        view->seats[slot].conn = REF_NONE;
    }
}

void witness_note(struct world *world, const struct hub_effect *effect)
{
    enum hub_note what = effect->note.note;
    const struct uuid *id = &effect->note.match;
    if (what == HUB_NOTE_MATCH_MADE) {
        struct book *book = witness_find(world, id);
        if (book == NULL) {
            world_fault(world, "a match is made of nobody");
            abort();
        }
        world->witness->made = open_view(world, book);
        if (book->begun) {
            world_fault(world, "a match that was begun is made anew");
        }
    } else if (what == HUB_NOTE_MATCH_TAKEN) {
        take_over(world, witness_find(world, id));
    } else if (what == HUB_NOTE_MATCH_RESUMED) {
        struct view *view = witness_view(world, id);
        world->tally->resumed++;
        view->awake = true;
        view->book->came_back = true;
        world->witness->made = view;
    } else if (what == HUB_NOTE_MATCH_UNREADABLE) {
        world_fault(world, "a saved match cannot be read");
    } else if (what == HUB_NOTE_MATCH_WAS_OVER) {
        world->tally->was_over++;
        let_go(world, id);
    } else if (what == HUB_NOTE_MATCH_LOST) {
        world->tally->lost++;
        let_go(world, id);
    } else if (what == HUB_NOTE_MATCH_HANDED_OVER) {
        world->tally->handed_over++;
        let_go(world, id);
    } else if (what == HUB_NOTE_MATCH_FORGOTTEN) {
        world->tally->forgotten++;
        witness_view(world, id)->book->forgotten = true;
        let_go(world, id);
    } else if (what == HUB_NOTE_ROUND_STARTED) {
        round_started(world, witness_view(world, id), effect->note.value);
    } else if (what == HUB_NOTE_ROUND_ENDED) {
        round_ended(world, witness_view(world, id), effect->note.value);
    } else if (what == HUB_NOTE_MATCH_ENDED || what == HUB_NOTE_MATCH_ABANDONED) {
        match_over(world, witness_view(world, id), what == HUB_NOTE_MATCH_ABANDONED);
    } else if (what == HUB_NOTE_QUEUE_TIMEOUT) {
        world->tally->timeouts++;
    } else if (what == HUB_NOTE_SESSION_SILENT) {
        world->tally->silent++;
    } else if (what == HUB_NOTE_SESSION_REPLACED) {
        world->tally->replaced++;
    }
}

/* ---- all of it ---- */

static void served_no_more(struct world *world, struct ref match)
{
    struct view *view = view_of_ref(world, match);
    if (view != NULL) {
        view->served = false;
    }
}

void witness_effect(struct world *world, const struct hub_effect *effect, const uint8_t *bytes,
                    uint32_t size)
{
    switch (effect->type) {
    case HUB_FX_SEND:
        witness_send(world, &effect->send, bytes, size);
        break;
    case HUB_FX_REPLY:
        witness_reply(world, effect->send.conn, &effect->send);
        break;
    case HUB_FX_REPLY_ERROR:
        witness_reply(world, effect->reply_error.conn, NULL);
        break;
    case HUB_FX_READ:
        witness_reply(world, effect->read.conn, NULL);
        break;
    case HUB_FX_REPLY_ELSEWHERE:
        witness_reply(world, effect->reply_elsewhere.conn, NULL);
        break;
    case HUB_FX_CLOSE:
        witness_close(world, effect);
        break;
    case HUB_FX_STORE:
        witness_store(world, effect->store.result, effect->store.data);
        break;
    case HUB_FX_NOTE:
        witness_note(world, effect);
        break;
    case HUB_FX_FRAME_DROP:
        served_no_more(world, effect->match);
        break;
    case HUB_FX_SAVE:
        witness_save_asked(world, effect);
        break;
    case HUB_FX_SEEK: {
        struct world_conn *conn = world_conn_get(world, effect->seek.conn);
        if (conn != NULL && !effect->seek.parked) {
            conn->asking = true;
        }
        break;
    }
    case HUB_FX_REMATCH:
        witness_asks_rematch(world, effect, view_of_ref(world, effect->rematch.match));
        break;
    case HUB_FX_LEFT:
        witness_left(world, effect);
        break;
    case HUB_FX_QUEUE_JOIN:
    case HUB_FX_PING:
    case HUB_FX_LOAD_PLAYER:
    case HUB_FX_QUEUE_LEAVE:
    case HUB_FX_SWEEP:
    case HUB_FX_LEASE:
    case HUB_FX_RELEASE:
    case HUB_FX_LOCATE:
    case HUB_FX_LOOK:
    case HUB_FX_INVITE:
    case HUB_FX_WITHDRAW:
    case HUB_FX_FRAME_SEAL:
    case HUB_FX_CHECK:
    case HUB_FX_PUBLISH:
        break;
    }
}

/* Who was told the end without a rating hears it as soon as it is stored. */
static void check_settled(struct world *world)
{
    const struct witness *witness = world->witness;
    for (uint32_t i = 0; i < witness->books_count; i++) {
        const struct view *view = view_in(witness->books[i], world->self->life);
        for (uint32_t slot = 0; slot < 2 && view != NULL; slot++) {
            const struct seat *seat = &view->seats[slot];
            bool settled = ref_equal(view->result, witness->settled) && !view->book->excused &&
                           !view->abandoned; /* what stands is then somebody else's */
            if (settled && !ref_is_none(seat->conn) && seat->told_end && !seat->end_rated) {
                world_fault(world, "a rating is stored and not told");
            }
        }
    }
}

static void name_sealed(struct world *world)
{
    struct witness *witness = world->witness;
    if (witness->unnamed_frame == NULL) {
        return;
    }
    struct view *view = view_of_ref(world, witness->unnamed);
    if (view == NULL) {
        world_fault(world, "a frame for no match");
        return;
    }
    sealed(world, view, witness->unnamed_round, witness->unnamed_row, witness->unnamed_frame);
}

/* The copies that this step asked Valkey to keep say what was so at its end. */
static void fill_marks(struct witness *witness)
{
    for (struct mark *mark = witness->marked; mark != NULL; mark = mark->next_marked) {
        const struct view *view = mark->view;
        mark->rounds_count = view->rounds_count;
        memcpy(mark->rounds, view->rounds, sizeof mark->rounds);
        mark->begun = view->begun;
        mark->abandoned = view->abandoned;
        mark->last = mark->over ? view->coming : NULL;
    }
    witness->marked = NULL;
}

/* What was told in this step because a round was about to start. */
static void check_expected(struct world *world)
{
    const struct witness *witness = world->witness;
    for (uint32_t i = 0; i < witness->books_count && witness->expecting; i++) {
        const struct view *view = view_in(witness->books[i], world->self->life);
        if (view != NULL && view->too_early) {
            world_fault(world, "news is told before it is saved");
        } else if (view != NULL && view->opening) {
            world_fault(world, "a welcome to a round that does not run");
        }
    }
}

static void count_early_pong(struct world *world)
{
    struct view *view = witness_view_of_conn(world, world->witness->early_pong);
    struct seat *seat = view == NULL ? NULL : witness_seat(view, world->witness->early_pong);
    if (seat != NULL) {
        seat->rtt_us[seat->rtt_count++ % RTTS] = world->witness->early_rtt_us;
    }
}

void witness_after(struct world *world)
{
    struct witness *witness = world->witness;
    count_early_pong(world);
    if (!ref_is_none(witness->settled)) {
        check_settled(world);
    }
    check_expected(world);
    name_sealed(world);
    fill_marks(witness);
    const struct world_conn *conn = world_conn_get(world, witness->closing);
    struct view *view = conn == NULL ? NULL : witness_view_of_conn(world, witness->closing);
    struct seat *seat = view == NULL ? NULL : witness_seat(view, witness->closing);
    if (seat != NULL) {
        seat->conn = REF_NONE;
    }
}
