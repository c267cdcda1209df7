/* The witness: sees each event that goes into the hub and each effect that comes out, keeps its
 * own book of every match, and says what cannot be. It knows docs/rules.md and the contract, and
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

void witness_destroy(struct witness *witness)
{
    for (uint32_t i = 0; i < witness->books_count; i++) {
        free(witness->books[i]);
    }
    free(witness);
}

struct book *witness_book(struct world *world, const struct uuid *id)
{
    struct witness *witness = world->witness;
    for (uint32_t i = witness->books_count; i-- > 0;) {
        if (uuid_equal(&witness->books[i]->id, id)) {
            return witness->books[i];
        }
    }
    world_fault(world, "a match that was never made");
    abort();
}

struct seat *witness_seat(struct book *book, struct ref conn)
{
    for (uint32_t slot = 0; slot < 2; slot++) {
        if (!ref_is_none(conn) && ref_equal(book->seats[slot].conn, conn)) {
            return &book->seats[slot];
        }
    }
    return NULL;
}

/* ---- events ---- */

static struct book *book_of_ref(const struct witness *witness, struct ref match)
{
    for (uint32_t i = witness->books_count; i-- > 0;) {
        if (ref_equal(witness->books[i]->hub_ref, match)) {
            return witness->books[i];
        }
    }
    return NULL;
}

struct book *witness_book_of_conn(struct world *world, struct ref conn)
{
    struct witness *witness = world->witness;
    for (uint32_t i = witness->books_count; i-- > 0;) {
        if (!ref_is_none(conn) && witness_seat(witness->books[i], conn) != NULL) {
            return witness->books[i];
        }
    }
    return NULL;
}

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
                                     .at_us = world->now_us, .is_video = say->is_video,
                                     .text_size = say->text_size };
    memcpy(intention->text, say->text, say->text_size);
}

void witness_event(struct world *world, const struct hub_event *event, const struct world_say *say)
{
    struct witness *witness = world->witness;
    witness->event = event->type;
    witness->place = 0;
    witness->made = NULL;
    witness->closing = REF_NONE;
    witness->settled = REF_NONE;
    witness->unpaired = REF_NONE;
    if (event->type == HUB_EV_PONG) {
        struct book *book = witness_book_of_conn(world, event->pong.conn);
        struct seat *seat = book == NULL ? NULL : witness_seat(book, event->pong.conn);
        if (seat != NULL) {
            seat->rtt_us[seat->rtt_count++ % RTTS] = event->pong.rtt_us;
        }
    } else if (event->type == HUB_EV_MESSAGE) {
        struct book *book = witness_book_of_conn(world, event->message.conn);
        struct seat *seat = book == NULL ? NULL : witness_seat(book, event->message.conn);
        if (seat != NULL && say->type == MSG_leave && book->live) {
            seat->leaving = true;
        } else if (seat != NULL && say->type == MSG_guess &&
                   (book->round == say->round || book->round == 0)) {
            note_guess(world, seat, say);
        }
    } else if (event->type == HUB_EV_CLOSED) {
        /* What a late timer does in the same step may still be told to it. */
        witness->closing = event->conn;
    } else if (event->type == HUB_EV_STORED && event->stored.reply == HUB_OK &&
               event->stored.rated) {
        witness->settled = event->stored.result;
    } else if (event->type == HUB_EV_QUEUE && event->queue.reply == HUB_OK &&
               event->queue.paired) {
        witness->unpaired = event->queue.player;
    } else if (event->type == HUB_EV_FRAME && event->frame.ok) {
        struct book *book = book_of_ref(witness, event->frame.match);
        if (book != NULL) {
            book->served = true;
        }
    }
}

void witness_sealed(struct world *world, struct ref match, uint32_t round, uint32_t row,
                    const struct world_frame *frame, struct uuid *ret_match)
{
    struct witness *witness = world->witness;
    if (witness->made != NULL && ref_is_none(witness->made->hub_ref)) {
        witness->made->hub_ref = match;
    }
    struct book *book = book_of_ref(witness, match);
    if (book == NULL) {
        world_fault(world, "a frame for no match");
        return;
    }
    *ret_match = book->id;
    for (uint32_t i = 0; i < book->rounds_count; i++) {
        if (book->rows[i] == row) {
            world_fault(world, "a video twice in a match");
        }
    }
    if (book->round != 0) {
        world_fault(world, "a frame is sealed while a round runs");
    }
    book->row = row;
    book->row_round = round;
    book->rows[round - 1] = row;
    book->frames[round - 1] = frame->frame_id;
    book->frame_index = (uint32_t)(frame - world->frames) + 1;
}

/* ---- rounds ---- */

/* Those of earlier rounds. A guess that arrives in the step that starts its round belongs to it:
 * the timer was late. */
static void forget_guesses(const struct world *world, struct seat *seat, uint32_t round)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < seat->intentions_count; i++) {
        if (seat->intentions[i].round == round && seat->intentions[i].at_us == world->now_us) {
            seat->intentions[kept++] = seat->intentions[i];
        }
    }
    seat->intentions_count = kept;
}

static void round_started(struct world *world, struct book *book, int64_t round)
{
    if (!book->live || book->round != 0 || round != (int64_t)book->rounds_count + 1 ||
        book->row_round != (uint32_t)round) {
        world_fault(world, "a round starts that cannot");
    }
    book->round = (uint32_t)round;
    book->rounds_started = book->round;
    book->round_start_us = world->now_us;
    for (uint32_t slot = 0; slot < 2; slot++) {
        forget_guesses(world, &book->seats[slot], book->round);
        book->seats[slot].best_ms = UINT32_MAX;
        book->seats[slot].first_writes = 0;
    }
}

/* Who solved it faster has won it; the same millisecond is nobody's. */
static void round_ended(struct world *world, struct book *book, int64_t round)
{
    uint32_t a = book->seats[0].best_ms;
    uint32_t b = book->seats[1].best_ms;
    if (book->round != round || round < 1) {
        world_fault(world, "a round ends that did not run");
        return;
    }
    int winner = a == b ? -1 : a < b ? 0 : 1;
    book->winners[round - 1] = winner;
    book->ms[round - 1][0] = a;
    book->ms[round - 1][1] = b;
    if (winner >= 0) {
        book->score[winner]++;
    }
    book->rounds_count++;
    book->round = 0;
    world->tally->rounds++;
}

bool witness_is_decided(const struct world *world, const struct book *book)
{
    uint32_t best_of = world->limits.rules.best_of;
    return book->score[0] > best_of / 2 || book->score[1] > best_of / 2 ||
           book->rounds_count == best_of;
}

static void match_over(struct world *world, struct book *book, bool abandoned)
{
    if (!book->live) {
        world_fault(world, "a match ends twice");
    }
    if (witness_is_decided(world, book) && abandoned) {
        world_fault(world, "a decided match is abandoned");
    }
    book->live = false;
    book->over = true;
    book->over_us = world->now_us;
    book->abandoned = abandoned;
    book->round = 0;
    world->tally->abandoned += abandoned;
    world->tally->abandoned_stored += abandoned && book->rounds_started > 0;
    if (!abandoned) {
        world->tally->matches++;
        if (!witness_is_decided(world, book)) {
            world->tally->forfeits++;
        } else {
            world->tally->by_score++;
            world->tally->draws += book->score[0] == book->score[1];
        }
    }
}

static void note(struct world *world, const struct hub_effect *effect)
{
    struct witness *witness = world->witness;
    enum hub_note what = effect->note.note;
    if (what == HUB_NOTE_MATCH_MADE) {
        struct book *made = calloc(1, sizeof *made);
        if (made == NULL || witness->books_count == WORLD_MATCHES_MAX) {
            abort();
        }
        made->id = effect->note.match;
        made->live = true;
        witness->made = made;
        witness->books[witness->books_count++] = made;
    } else if (what == HUB_NOTE_ROUND_STARTED) {
        round_started(world, witness_book(world, &effect->note.match), effect->note.value);
    } else if (what == HUB_NOTE_ROUND_ENDED) {
        round_ended(world, witness_book(world, &effect->note.match), effect->note.value);
    } else if (what == HUB_NOTE_MATCH_ENDED || what == HUB_NOTE_MATCH_ABANDONED) {
        match_over(world, witness_book(world, &effect->note.match),
                   what == HUB_NOTE_MATCH_ABANDONED);
    } else if (what == HUB_NOTE_QUEUE_TIMEOUT) {
        world->tally->timeouts++;
    } else if (what == HUB_NOTE_SESSION_SILENT) {
        world->tally->silent++;
    } else if (what == HUB_NOTE_SESSION_REPLACED) {
        world->tally->replaced++;
    }
}

/* ---- all of it ---- */

void witness_effect(struct world *world, const struct hub_effect *effect, const uint8_t *bytes,
                    uint32_t size)
{
    struct witness *witness = world->witness;
    switch (effect->type) {
    case HUB_FX_SEND:
        witness_send(world, &effect->send, bytes, size);
        break;
    case HUB_FX_REPLY:
        witness_reply(world, effect->send.conn);
        break;
    case HUB_FX_REPLY_ERROR:
        witness_reply(world, effect->reply_error.conn);
        break;
    case HUB_FX_CLOSE:
        witness_close(world, effect);
        break;
    case HUB_FX_STORE:
        witness_store(world, effect->store.result, effect->store.data);
        break;
    case HUB_FX_NOTE:
        note(world, effect);
        break;
    case HUB_FX_FRAME_DROP: {
        struct book *book = book_of_ref(witness, effect->match);
        if (book != NULL) {
            book->served = false;
        }
        break;
    }
    case HUB_FX_QUEUE_JOIN:
        witness->joined[effect->join.player.index] = effect->join.ticket.player;
        if (ref_equal(effect->join.player, witness->unpaired)) {
            witness->unpaired = REF_NONE;
        }
        break;
    case HUB_FX_PING:
    case HUB_FX_LOAD_PLAYER:
    case HUB_FX_QUEUE_LEAVE:
    case HUB_FX_FRAME_SEAL:
    case HUB_FX_PUBLISH:
        break;
    }
}

/* Whose pair came to nothing and who still waits is joined again at once. */
static void check_unpaired(struct world *world)
{
    struct witness *witness = world->witness;
    if (ref_is_none(witness->unpaired) || witness->made != NULL || !world->up[HUB_VALKEY]) {
        return;
    }
    for (uint32_t i = 0; i < WORLD_CONNS_MAX; i++) {
        const struct world_conn *conn = &world->conns[i];
        if (conn->used && conn->opened && !conn->ending && conn->door == HUB_DOOR_QUEUE &&
            uuid_equal(&world->users[conn->bot].id,
                       &witness->joined[witness->unpaired.index])) {
            world_fault(world, "a survivor of a pair was not joined again");
        }
    }
}

/* Who was told the end without a rating hears it as soon as it is stored. */
static void check_settled(struct world *world)
{
    const struct witness *witness = world->witness;
    for (uint32_t i = 0; i < witness->books_count; i++) {
        const struct book *book = witness->books[i];
        for (uint32_t slot = 0; slot < 2; slot++) {
            const struct seat *seat = &book->seats[slot];
            if (!ref_is_none(witness->settled) && ref_equal(book->result, witness->settled) &&
                !ref_is_none(seat->conn) && !seat->end_rated) {
                world_fault(world, "a rating is stored and not told");
            }
        }
    }
}

void witness_after(struct world *world)
{
    check_unpaired(world);
    if (!ref_is_none(world->witness->settled)) {
        check_settled(world);
    }
    struct witness *witness = world->witness;
    if (witness->made != NULL && witness->made->players_known != 3) {
        world_fault(world, "a match whose players were not told");
    }
    witness->made = NULL;
    struct book *book = witness_book_of_conn(world, witness->closing);
    struct seat *seat = book == NULL ? NULL : witness_seat(book, witness->closing);
    if (seat != NULL) {
        seat->conn = REF_NONE;
    }
}

/* Everything that was played stands in the stores, once, and adds up. */
void witness_end(struct world *world)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < world->witness->books_count; i++) {
        const struct book *book = world->witness->books[i];
        const struct world_stored *row = stores_find(world, &book->id);
        if (!book->over) {
            world_fault(world, "a match never ended");
        } else if ((row != NULL) != (book->rounds_started > 0)) {
            world_fault(world, "a match was played and not stored, or stored and not played");
        } else if (row != NULL && !row->published) {
            world_fault(world, "a stored match was never published");
        }
        if (book->served) {
            world_fault(world, "a frame of a match that is over is still served");
        }
        if (row != NULL) {
            sum += row->after[0] - row->before[0] + row->after[1] - row->before[1];
        }
    }
    if (sum != 0) {
        world_fault(world, "ratings do not add up to zero");
    }
}
