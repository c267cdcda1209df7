/* The witness remembers all that any player was told of any match, by whatever process, and what
 * was safe when: nothing told may be contradicted later, by a message or by what is stored.
 *
 * The exceptions are counted. Two processes had players of the match at once: then the higher fence
 * stands. Or two things were lost at once: the process, and Valkey's copy or the way to it (what
 * was told because Valkey was away for too long, and not kept by it until another took over). */
#include <stdlib.h>
#include <string.h>
#include <tests/sim/world/world_witness.h>

static void contradicted(struct world *world, struct book *book, bool early, const char *what)
{
    if (early || book->split || book->excused) {
        world->tally->contradicted++;
    } else {
        world_fault(world, what);
    }
}

/* A match that was taken over goes on once Valkey has agreed and PostgreSQL knows of no result. */
static void check_proven(struct world *world, const struct view *view)
{
    struct book *book = view->book;
    if (view->taken && !view->restored && !view->agreed && !book->split && !book->excused) {
        world_fault(world, "a match that was taken over is told of before Valkey agreed");
    }
    if (stores_find(world, &book->id) == NULL || view->over || book->split || book->excused) {
        return;
    }
    world->tally->resurrected++;
    if (view->unchecked) {
        book->excused = true; /* neither store could tell */
        world->tally->excused++;
    }
}

static bool is_same(const struct played *a, const struct played *b)
{
    return a == b || (a->winner == b->winner && a->ms[0] == b->ms[0] && a->ms[1] == b->ms[1] &&
                      a->row == b->row);
}

/* ---- saves ---- */

void witness_save_asked(struct world *world, const struct hub_effect *effect)
{
    struct view *view = witness_view(world, &effect->save.id);
    struct mark *mark = calloc(1, sizeof *mark);
    if (mark == NULL) {
        abort();
    }
    if (!ref_is_none(view->hub_ref) && !ref_equal(view->hub_ref, effect->save.match)) {
        world_fault(world, "a match under two references");
    }
    view->hub_ref = effect->save.match;
    mark->book = view->book;
    mark->view = view;
    mark->over = effect->save.over;
    mark->next = view->book->marks;
    view->book->marks = mark;
    mark->next_marked = world->witness->marked;
    world->witness->marked = mark;
    view->asked = mark;
    view->asked_us = world->self->local_us;
}

void *witness_mark(struct world *world, const struct hub_effect *effect)
{
    (void)effect;
    return world->witness->marked; /* the latest */
}

void witness_checked(struct world *world, const struct hub_event *event)
{
    const struct witness *witness = world->witness;
    for (uint32_t i = witness->books_count; i-- > 0;) {
        for (struct view *view = witness->books[i]->views; view != NULL; view = view->next) {
            if (view->life == world->self->life && !view->gone &&
                ref_equal(view->hub_ref, event->checked.match)) {
                view->unchecked = event->checked.reply != HUB_OK;
                return;
            }
        }
    }
}

void witness_save_answered(struct world *world, const struct hub_event *event)
{
    const struct witness *witness = world->witness;
    for (uint32_t i = witness->books_count; i-- > 0;) {
        for (struct view *view = witness->books[i]->views; view != NULL; view = view->next) {
            if (view->life == world->self->life && !view->gone &&
                ref_equal(view->hub_ref, event->saved.match)) {
                view->save_failed = event->saved.reply != HUB_OK;
                view->acked = event->saved.reply == HUB_OK ? view->asked : view->acked;
                view->agreed = view->agreed || event->saved.reply == HUB_OK;
                return;
            }
        }
    }
}

void witness_kept(struct world *world, void *what)
{
    (void)world;
    struct mark *mark = what;
    if (mark != NULL) {
        mark->book->evicted = false;
    }
}

static bool is_held(const struct book *book)
{
    for (const struct view *view = book->views; view != NULL; view = view->next) {
        if (!view->gone) {
            return true;
        }
    }
    return false;
}

/* Whether `mark` says all that was told. */
static bool covers(const struct book *book, const struct mark *mark)
{
    if (mark == NULL || mark->rounds_count < book->told_count || (book->end_told && !mark->over)) {
        return false;
    }
    for (uint32_t i = 0; i < book->told_count; i++) {
        if (!is_same(mark->rounds[i], book->told[i])) {
            return false;
        }
    }
    return true;
}

/* Something was told that Valkey had not kept. */
static bool early_of(const struct book *book)
{
    bool early = book->end_early;
    for (uint32_t i = 0; i < book->told_count; i++) {
        early = early || book->told_early[i];
    }
    return early;
}

/* The last who knew has gone. That is forgiven when Valkey's copy was lost too, or could not be
 * written. */
static void check_risk(struct world *world, struct book *book)
{
    bool early = early_of(book);
    bool told = book->told_count > 0 || (book->end_told && book->begun);
    if (!told || book->excused || is_held(book) || stores_find(world, &book->id) != NULL) {
        return;
    }
    if ((book->evicted || early) && !covers(book, valkey_mark(world, &book->id))) {
        book->excused = true;
        world->tally->excused++;
    }
}

void witness_evicted(struct world *world, const struct uuid *match, bool whole)
{
    struct book *book = world->witness == NULL ? NULL : witness_find(world, match);
    if (book != NULL) {
        book->evicted = book->evicted || whole;
        book->was_evicted = true;
        check_risk(world, book);
    }
}

void witness_process_gone(struct world *world, const struct world_process *process)
{
    const struct witness *witness = world->witness;
    for (uint32_t i = 0; i < witness->books_count; i++) {
        struct book *book = witness->books[i];
        for (struct view *view = book->views; view != NULL; view = view->next) {
            if (view->life == process->life && !view->gone) {
                view->gone = true;
                check_risk(world, book);
            }
        }
    }
}

static bool has_player(const struct view *view)
{
    return !ref_is_none(view->seats[0].conn) || !ref_is_none(view->seats[1].conn);
}

void witness_look_for_split(struct world *world, struct book *book)
{
    uint32_t count = 0;
    for (const struct view *view = book->views; view != NULL; view = view->next) {
        count += !view->gone && view->awake && has_player(view);
    }
    if (count > 1 && !book->split) {
        book->split = true;
        world->tally->split++;
    }
}

/* ---- what is told ---- */

/* News waits for its save, unless that takes too long or Valkey is away. */
static bool told_early(struct world *world, struct view *view, bool safe, uint64_t since_us)
{
    const struct world_process *self = world->self;
    uint64_t wait_us = 1000ull * world->limits.save_wait_ms;
    /* Once nothing can be offered any more the match is closed, whatever it waits for. */
    uint64_t closes_us = view->over_us + 1000ull * world->limits.rules.rematch_ms;
    if (safe) {
        return false;
    }
    if (view->over && self->local_us + world->late_us + 1000 >= closes_us) {
        wait_us = 0;
    }
    bool away = !self->up[HUB_VALKEY] || world->witness->event == HUB_EV_STORE_UP;
    bool next_runs = view->round != 0; /* which did not wait for it */
    if (!away && !next_runs && !view->save_failed && self->local_us < since_us + wait_us) {
        view->too_early = true; /* unless its next round starts in this step */
        world->witness->expecting = true;
    }
    world->tally->told_early++;
    return true;
}

void witness_told_round(struct world *world, struct view *view, uint32_t round)
{
    struct book *book = view->book;
    struct played *played = view->rounds[round - 1];
    if (round <= book->told_count) {
        if (!is_same(book->told[round - 1], played)) {
            contradicted(world, book, book->told_early[round - 1],
                         "a round's end is contradicted");
        }
    } else if (round != book->told_count + 1) {
        /* Those before it went out to nobody: both were away. */
        for (uint32_t i = book->told_count; i + 1 < round; i++) {
            book->told[i] = view->rounds[i];
            book->told_early[i] = false;
        }
    }
    bool safe = (view->acked != NULL && view->acked->rounds_count >= round &&
                 view->acked->rounds[round - 1] == played) ||
                stores_find(world, &book->id) != NULL;
    bool again = round <= book->told_count && book->told[round - 1] == played;
    if (safe || !again) {
        book->told_early[round - 1] = told_early(world, view, safe, played->ended_us);
    }
    book->told[round - 1] = played;
    book->told_count = round > book->told_count ? round : book->told_count;
}

void witness_told_count(struct world *world, struct view *view, uint32_t count)
{
    struct book *book = view->book;
    if (count < book->told_count) {
        contradicted(world, book, book->told_early[count],
                     "a round that was told has disappeared");
        book->told_count = count;
    }
}

void witness_told_going_on(struct world *world, struct view *view)
{
    struct book *book = view->book;
    check_proven(world, view);
    if (book->end_told) {
        contradicted(world, book, book->end_early, "a match goes on whose end was told");
        book->end_told = false;
        memset(book->outcomes, 0, sizeof book->outcomes);
    }
}

void witness_told_end(struct world *world, struct view *view, uint32_t slot, const char *outcome)
{
    struct book *book = view->book;
    bool forfeit = !view->abandoned && !witness_is_decided(world, view);
    bool other = book->end_told && (book->end_abandoned != view->abandoned ||
                                    book->end_score[0] != view->score[0] ||
                                    book->end_score[1] != view->score[1]);
    if (other || (book->outcomes[slot][0] != '\0' && strcmp(book->outcomes[slot], outcome) != 0)) {
        contradicted(world, book, book->end_early, "the end is told in two ways");
        memset(book->outcomes, 0, sizeof book->outcomes);
    }
    if (forfeit && strcmp(book->outcomes[1 - slot], outcome) == 0) {
        contradicted(world, book, book->end_early, "both are told the same of a forfeit");
    }
    bool safe = (view->acked != NULL && view->acked->over) ||
                stores_find(world, &book->id) != NULL;
    if (!view->begun) {
        book->end_early = true; /* came to nothing: not worth a save */
    } else if (safe || !book->end_told) {
        /* It may have been held since the last round's end. */
        const struct played *last =
            view->rounds_count == 0 ? NULL : view->rounds[view->rounds_count - 1];
        uint64_t since_us =
            last != NULL && last->life == view->life ? last->ended_us : view->over_us;
        if (view->over_us > since_us + 1000ull * world->limits.save_wait_ms) {
            since_us = view->over_us;
        }
        /* Once it was given up to wait for Valkey, the end does not wait either. */
        bool given_up = !safe && book->told_count > 0 && book->told_early[book->told_count - 1];
        book->end_early = given_up || told_early(world, view, safe, since_us);
    }
    book->end_told = true;
    book->end_abandoned = view->abandoned;
    book->end_score[0] = view->score[0];
    book->end_score[1] = view->score[1];
    memcpy(book->outcomes[slot], outcome, sizeof book->outcomes[slot]);
}

void witness_told_rating(struct world *world, struct view *view, uint32_t slot, int32_t after)
{
    struct book *book = view->book;
    if (book->rating_told[slot] && book->rating_after[slot] != after) {
        contradicted(world, book, book->end_early, "a rating is contradicted");
    }
    book->rating_told[slot] = true;
    book->rating_after[slot] = after;
}

/* ---- what is stored ---- */

static bool stores_what_was_told(const struct book *book, const struct world_stored *row)
{
    bool same = row->rounds_count >= book->told_count;
    for (uint32_t i = 0; i < book->told_count && same; i++) {
        const struct played *told = book->told[i];
        same = row->winners[i] == told->winner && row->ms[i][0] == told->ms[0] &&
               row->ms[i][1] == told->ms[1] && row->rows[i] == told->row;
    }
    if (book->end_told) {
        same = same && row->completed == !book->end_abandoned &&
               row->score[0] == book->end_score[0] && row->score[1] == book->end_score[1];
        for (uint32_t slot = 0; slot < 2; slot++) {
            const char *outcome = book->outcomes[slot];
            bool won = row->winner == (int8_t)slot;
            same = same && (outcome[0] == '\0' || book->end_abandoned ||
                            (strcmp(outcome, "win") == 0) == won);
        }
    }
    for (uint32_t slot = 0; slot < 2; slot++) {
        same = same && (!book->rating_told[slot] || row->after[slot] == book->rating_after[slot]);
    }
    return same;
}

void witness_stored_row(struct world *world, const struct world_stored *row)
{
    const struct book *book = witness_find(world, &row->match);
    world_say_line(world, "row %02x%02x%02x%02x %s fence %llu", row->match.bytes[0],
                   row->match.bytes[1], row->match.bytes[2], row->match.bytes[3],
                   row->completed ? "completed" : "abandoned", (unsigned long long)row->fence);
    if (book == NULL) {
        world_fault(world, "a row of a match that was never made");
    }
}

void witness_end_of(struct world *world, struct book *book)
{
    const struct world_stored *row = stores_find(world, &book->id);
    world_say_line(world, "at the end: match %02x%02x%02x%02x", book->id.bytes[0],
                   book->id.bytes[1], book->id.bytes[2], book->id.bytes[3]);
    for (const struct view *view = book->views; view != NULL; view = view->next) {
        if (!view->gone && view->live) {
            world_fault(world, "at the end: a match goes on");
        } else if (!view->gone && view->served) {
            world_fault(world, "a frame of a match that is over is still served");
        }
    }
    if (row != NULL) {
        if (!stores_what_was_told(book, row)) {
            contradicted(world, book, early_of(book), "something else is stored than was told");
        }
        if (!book->begun) {
            world_fault(world, "a match was stored and not played");
        }
    } else if (book->begun && book->end_told) {
        contradicted(world, book, book->end_early,
                     "the end of a match was told, and it was not stored");
    } else if (book->begun) {
        world->tally->vanished++;
        if (!book->excused && !book->forgotten && !early_of(book) && !book->was_evicted &&
            valkey_mark(world, &book->id) == NULL) {
            world_fault(world, "a match that was begun left no trace");
        }
    }
}

/* Everything that was told stands in the stores, once. */
void witness_end(struct world *world)
{
    for (uint32_t i = 0; i < world->witness->books_count && world->fault == NULL; i++) {
        witness_end_of(world, world->witness->books[i]);
    }
}
