/* What the server asks of PostgreSQL: players by their Logto `sub`, and finished matches to be
 * stored.
 *
 * It knows the statements and how their rows become events of the hub; how a statement travels
 * is pg_link's business, how a match becomes JSON pg_json's. While there is no connection
 * nothing is kept: the answer is HUB_UNAVAILABLE, later in the same turn, and the hub asks
 * again. */
#include <duel/base/assert.h>
#include <duel/io/log.h>
#include <duel/io/pg_private.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#define PIECE_SIZE_MAX 128 /* bytes of JSON: they fit a log line even if each takes six there */

struct pg {
    struct loop *loop;
    struct pg_link *link;
    struct pg_arrivals *arrivals;
    struct pg_catalogue *catalogue;
    struct pg_acts *acts;
    struct pg_sweep *sweep;
    bool keeps_events;
    const char *release;
};

static struct text value(const PGresult *rows, int column)
{
    if (PQgetisnull(rows, 0, column)) {
        return TEXT_NONE;
    }
    return (struct text){ PQgetvalue(rows, 0, column), (uint32_t)PQgetlength(rows, 0, column) };
}

static int32_t number(const PGresult *rows, int column)
{
    return (int32_t)strtol(PQgetvalue(rows, 0, column), NULL, 10);
}

static bool truth(const PGresult *rows, int column)
{
    return PQgetvalue(rows, 0, column)[0] == 't';
}

/* Asks for `ref`; `bare` makes the event of an answer that says nothing but this, here
 * HUB_UNAVAILABLE: there is no connection. */
static void ask(struct pg *pg, const char *sql, struct text param, struct ref ref,
                pg_answer *answer, struct hub_event (*bare)(struct ref, enum hub_reply))
{
    if (!pg_link_is_up(pg->link)) {
        struct hub_event event = bare(ref, HUB_UNAVAILABLE);
        loop_defer(pg->loop, &event);
        return;
    }
    struct pg_ask asked = { .sql = sql, .params = { param }, .params_count = 1, .ref = ref,
                            .answer = answer, .context = pg };
    pg_link_ask(pg->link, &asked);
}

void pg_load_player(struct pg *pg, struct ref player, struct text sub)
{
    pg_arrivals_ask(pg->arrivals, player, sub);
}

/* ---- results ---- */

static struct hub_event checked_event(struct ref match, enum hub_reply reply)
{
    struct hub_event event = { .type = HUB_EV_CHECKED };
    event.checked.match = match;
    event.checked.reply = reply;
    return event;
}

static void on_checked(const struct pg_ask *asked, enum hub_reply reply,
                       const struct pg_result *rows)
{
    struct pg *pg = asked->context;
    struct hub_event event = checked_event(asked->ref, reply);
    event.checked.stored = reply == HUB_OK && truth(rows, 0);
    loop_event(pg->loop, &event);
}

void pg_check(struct pg *pg, struct ref match, const struct uuid *id)
{
    char text[UUID_TEXT_SIZE + 1];
    uuid_format(id, text);
    ask(pg, "select exists (select 1 from public.duel_matches where id = $1::uuid)",
        text_from(text), match, on_checked, checked_event);
}

static struct hub_event stored_event(struct ref result, enum hub_reply reply)
{
    struct hub_event event = { .type = HUB_EV_STORED };
    event.stored.result = result;
    event.stored.reply = reply;
    return event;
}

/* Takes the next piece for a log line off the start of `text`, which is UTF-8 and stays so. */
static struct text cut_piece(struct text *text)
{
    uint32_t size = text->size < PIECE_SIZE_MAX ? text->size : PIECE_SIZE_MAX;
    while (size < text->size && ((uint8_t)text->data[size] & 0xc0) == 0x80) {
        size--;
    }
    ASSERT(size > 0);
    struct text piece = { text->data, size };
    text->data += size;
    text->size -= size;
    return piece;
}

/* All of a result that will never be stored, so that an operator can: it is in no other place once
 * the hub has let go of it. `part` counts from 1 and the lines follow each other. */
static void log_refused(struct text json)
{
    int64_t parts = 0;
    for (struct text left = json; left.size > 0; parts++) {
        (void)cut_piece(&left);
    }
    for (int64_t part = 1; part <= parts; part++) {
        const struct log_field fields[] = {
            { .key = "part", .kind = LOG_FIELD_INT, .number = part },
            { .key = "parts", .kind = LOG_FIELD_INT, .number = parts },
            { .key = "json", .kind = LOG_FIELD_TEXT, .text = cut_piece(&json) },
            { .key = NULL },
        };
        log_fields(LOG_LEVEL_ERROR, "a result that PostgreSQL refuses", fields);
    }
}

static void on_stored(const struct pg_ask *asked, enum hub_reply reply,
                      const struct pg_result *rows)
{
    struct pg *pg = asked->context;
    struct hub_event event = stored_event(asked->ref, reply);
    if (reply == HUB_REFUSED) {
        log_refused(asked->params[0]);
    }
    if (reply == HUB_OK) {
        ASSERT(PQntuples(rows) == 1);
        event.stored.rated = truth(rows, 0);
        for (int i = 0; event.stored.rated && i < 2; i++) {
            event.stored.before[i] = number(rows, 1 + i);
            event.stored.after[i] = number(rows, 3 + i);
        }
    }
    loop_event(pg->loop, &event);
}

void pg_store(struct pg *pg, struct ref result, const struct hub_result *data)
{
    uint32_t size = 0;
    bool is_up = pg_link_is_up(pg->link);
    char *json = is_up ? pg_json_result(data, &size) : NULL;
    char *events = is_up ? pg_json_hex(pg->keeps_events ? data->journal : TEXT_NONE) : NULL;
    if (json == NULL || events == NULL) {
        struct hub_event event = stored_event(result, HUB_UNAVAILABLE);
        loop_defer(pg->loop, &event);
    } else {
        struct pg_ask asked = {
            .sql = "select rated, p1_before, p2_before, p1_after, p2_after"
                   " from public.duel_store($1::jsonb, $2, $3)",
            .params = { { json, size }, text_from(events), text_from(pg->release) },
            .params_count = 3, .ref = result, .answer = on_stored, .context = pg,
        };
        pg_link_ask(pg->link, &asked);
    }
    free(json);
    free(events);
}

/* ---- for others ---- */

static void on_inquired(const struct pg_ask *asked, enum hub_reply reply,
                        const struct pg_result *rows)
{
    struct inquiry *inquiry = asked->context;
    struct text texts[INQUIRY_TEXTS_MAX] = { TEXT_NONE };
    if (reply == HUB_OK && PQntuples(rows) != 1) {
        reply = HUB_REFUSED;
    }
    for (int i = 0; reply == HUB_OK && i < PQnfields(rows) && i < INQUIRY_TEXTS_MAX; i++) {
        texts[i] = value(rows, i);
    }
    inquiry->done(inquiry, reply, texts);
}

bool pg_inquire(struct pg *pg, struct inquiry *inquiry, const char *sql, const struct text *params,
                uint32_t count)
{
    if (!pg_link_is_up(pg->link)) {
        return false;
    }
    struct pg_ask asked = { .sql = sql, .params_count = count, .answer = on_inquired,
                            .context = inquiry };
    ASSERT(count <= PG_PARAMS_MAX);
    memcpy(asked.params, params, count * sizeof params[0]);
    pg_link_ask(pg->link, &asked);
    return true;
}

/* ---- life ---- */

struct pg *pg_create(struct loop *loop, struct worker *worker, const struct settings *settings,
                     const struct pg_callbacks *callbacks)
{
    struct pg *pg = calloc(1, sizeof *pg);
    if (pg == NULL) {
        return NULL;
    }
    pg->loop = loop;
    pg->link = pg_link_create(loop, worker, settings->database_url, callbacks);
    if (pg->link != NULL) {
        pg->arrivals = pg_arrivals_create(loop, pg->link);
    }
    if (pg->arrivals != NULL) {
        pg->catalogue = pg_catalogue_create(loop, pg->link, settings, callbacks);
    }
    if (pg->catalogue != NULL) {
        pg->acts = pg_acts_create(loop, pg->link, settings->node_id);
    }
    if (pg->acts != NULL) {
        pg->sweep = pg_sweep_create(loop, pg->link, settings);
    }
    pg->keeps_events = settings->events_days > 0;
    pg->release = "";
    if (pg->sweep == NULL) {
        pg_destroy(pg);
        return NULL;
    }
    return pg;
}

void pg_destroy(struct pg *pg)
{
    if (pg == NULL) {
        return;
    }
    pg_link_destroy(pg->link);
    pg_arrivals_destroy(pg->arrivals);
    pg_catalogue_destroy(pg->catalogue);
    pg_acts_destroy(pg->acts);
    pg_sweep_destroy(pg->sweep);
    free(pg);
}

void pg_set_release(struct pg *pg, const char *release)
{
    pg->release = release;
}

bool pg_is_up(const struct pg *pg)
{
    return pg_link_is_up(pg->link);
}

void pg_read_acts(struct pg *pg)
{
    pg_acts_ask(pg->acts);
}

void pg_load_catalogue(struct pg *pg)
{
    pg_catalogue_load(pg->catalogue);
}

void pg_set_stall(struct pg *pg, uint32_t stall_ms)
{
    pg_link_set_stall(pg->link, stall_ms);
}
