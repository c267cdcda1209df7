/* The catalogue, read page by page.
 *
 * A page is a statement like any other: results and players are served between two of them, and
 * each holds the loop for about a millisecond however many videos there are. Before the first
 * page a fingerprint of all of it is asked for; when that is the one of the last load, nothing
 * is read. Pages are not one snapshot: what changes between two of them changes the fingerprint
 * too, so the next load reads again. */
#include <duel/base/assert.h>
#include <duel/io/log.h>
#include <duel/io/pg_private.h>
#include <ev.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FINGERPRINT_SIZE 128

/* The bytes that the rows of one page point into. */
struct page {
    struct page *next;
    char bytes[];
};

struct rows {
    struct titles_row *list;
    uint32_t count;
    uint32_t count_max;
    struct page *pages;
};

struct pg_catalogue {
    struct loop *loop;
    struct pg_link *link;
    struct pg_callbacks callbacks;
    char difficulty[2][12];
    char loaded[FINGERPRINT_SIZE]; /* of what was handed out last; "" nothing yet */
    char found[FINGERPRINT_SIZE];
    struct rows rows;  /* handed out, or being collected */
    bool busy;
    ev_timer soon; /* answers from the loop when there is no connection */
};

/* Any difference in what a load reads changes this text. */
static const char fingerprint_sql[] =
    "select concat_ws('/', $1::text, $2::text,"
    " (select concat_ws('/', count(*), sum(hashtextextended(concat_ws(chr(31), video_id, title,"
    "   channel, coalesce(view_count, 0), coalesce(difficulty, 0), processed_at is null), 0)))"
    "  from public.videos),"
    " (select concat_ws('/', count(*), sum(hashtextextended(concat_ws(chr(31), id, video_id, rank,"
    "   r2_path), 0))) from public.frames))";

/* One row a video that has a frame; its frames as lines of id and path, best first. A path with
 * a line break in it is none. */
static const char page_sql[] =
    "select v.video_id, v.title, v.channel, greatest(coalesce(v.view_count, 0), 0),"
    " coalesce(v.difficulty between $2::text::int and $3::text::int, false),"
    " string_agg(f.id || f.r2_path, E'\\n' order by f.rank)"
    " from (select * from public.videos"
    "  where video_id > $1::text and processed_at is not null"
    "   and video_id in (select video_id from public.frames"
    "    where position(E'\\n' in r2_path) = 0)"
    "  order by video_id limit 250) v"
    " join public.frames f on f.video_id = v.video_id and position(E'\\n' in f.r2_path) = 0"
    " group by v.id, v.video_id, v.title, v.channel, v.view_count, v.difficulty"
    " order by v.video_id";

_Static_assert(PG_CATALOGUE_PAGE == 250, "the limit in page_sql");

static void free_rows(struct rows *rows)
{
    while (rows->pages != NULL) {
        struct page *page = rows->pages;
        rows->pages = page->next;
        free(page);
    }
    free(rows->list);
    *rows = (struct rows){ .list = NULL };
}

static void answer(struct pg_catalogue *catalogue, bool ok)
{
    const struct rows *rows = &catalogue->rows;
    catalogue->busy = false;
    if (ok) {
        memcpy(catalogue->loaded, catalogue->found, sizeof catalogue->loaded);
    }
    catalogue->callbacks.catalogue(catalogue->callbacks.context, ok, ok ? rows->list : NULL,
                                   ok ? rows->count : 0);
}

/* ---- pages ---- */

static bool make_room(struct rows *rows, uint32_t more)
{
    if (rows->count + more <= rows->count_max) {
        return true;
    }
    uint32_t count_max = rows->count_max * 2 + more;
    struct titles_row *list = realloc(rows->list, count_max * sizeof *list);
    if (list == NULL) {
        return false;
    }
    rows->list = list;
    rows->count_max = count_max;
    return true;
}

/* Copies a value of the answer to *at and moves it on. */
static struct text keep(const PGresult *page, int row, int column, char **at)
{
    struct text text = { *at, (uint32_t)PQgetlength(page, row, column) };
    memcpy(*at, PQgetvalue(page, row, column), text.size);
    *at += text.size;
    return text;
}

/* Lines of a UUID and a path, as page_sql writes them. */
static uint32_t split_frames(struct text lines, struct titles_frame *frames)
{
    uint32_t count = 0;
    while (lines.size > 0 && count < TITLES_FRAMES_MAX) {
        const char *end = memchr(lines.data, '\n', lines.size);
        uint32_t size = end != NULL ? (uint32_t)(end - lines.data) : lines.size;
        struct text id = { lines.data, size < UUID_TEXT_SIZE ? size : UUID_TEXT_SIZE };
        if (size > UUID_TEXT_SIZE && uuid_parse(id, &frames[count].id)) {
            frames[count].path = (struct text){ lines.data + UUID_TEXT_SIZE,
                                                size - UUID_TEXT_SIZE };
            count++;
        }
        uint32_t skip = end != NULL ? size + 1 : size;
        lines.data += skip;
        lines.size -= skip;
    }
    return count;
}

static size_t count_bytes(const PGresult *answer_rows, int count)
{
    size_t bytes = 0;
    for (int row = 0; row < count; row++) {
        for (int column = 0; column < PQnfields(answer_rows); column++) {
            bytes += (size_t)PQgetlength(answer_rows, row, column);
        }
    }
    return bytes;
}

static bool collect(struct rows *rows, const PGresult *answer_rows)
{
    int count = PQntuples(answer_rows);
    struct page *page = malloc(sizeof *page + count_bytes(answer_rows, count));
    if (page == NULL || !make_room(rows, (uint32_t)count)) {
        free(page);
        return false;
    }
    page->next = rows->pages;
    rows->pages = page;
    char *at = page->bytes;
    for (int i = 0; i < count; i++) {
        struct titles_row *row = &rows->list[rows->count++];
        *row = (struct titles_row){
            .video = keep(answer_rows, i, 0, &at),
            .title = keep(answer_rows, i, 1, &at),
            .channel = keep(answer_rows, i, 2, &at),
            .views = strtoull(PQgetvalue(answer_rows, i, 3), NULL, 10),
            .drawn = PQgetvalue(answer_rows, i, 4)[0] == 't',
        };
        row->frames_count = split_frames(keep(answer_rows, i, 5, &at), row->frames);
    }
    return true;
}

static void on_page(const struct pg_ask *ask, enum hub_reply reply, const struct pg_result *page);

static void ask_page(struct pg_catalogue *catalogue)
{
    const struct rows *rows = &catalogue->rows;
    struct pg_ask ask = {
        .sql = page_sql,
        .params = { rows->count > 0 ? rows->list[rows->count - 1].video : TEXT(""),
                    text_from(catalogue->difficulty[0]), text_from(catalogue->difficulty[1]) },
        .params_count = 3,
        .answer = on_page,
        .context = catalogue,
    };
    if (pg_link_is_up(catalogue->link)) {
        pg_link_ask(catalogue->link, &ask);
    } else {
        answer(catalogue, false);
    }
}

static void on_page(const struct pg_ask *ask, enum hub_reply reply, const struct pg_result *page)
{
    struct pg_catalogue *catalogue = ask->context;
    if (reply != HUB_OK || !collect(&catalogue->rows, page)) {
        answer(catalogue, false);
    } else if (PQntuples(page) == PG_CATALOGUE_PAGE) {
        ask_page(catalogue);
    } else {
        answer(catalogue, true);
    }
}

/* ---- what is there ---- */

static void on_fingerprint(const struct pg_ask *ask, enum hub_reply reply,
                           const struct pg_result *found)
{
    struct pg_catalogue *catalogue = ask->context;
    if (reply != HUB_OK) {
        answer(catalogue, false);
        return;
    }
    (void)snprintf(catalogue->found, sizeof catalogue->found, "%s", PQgetvalue(found, 0, 0));
    if (catalogue->callbacks.catalogue_same != NULL &&
        strcmp(catalogue->found, catalogue->loaded) == 0) {
        catalogue->busy = false;
        catalogue->callbacks.catalogue_same(catalogue->callbacks.context);
        return;
    }
    free_rows(&catalogue->rows);
    ask_page(catalogue);
}

static void on_soon(struct ev_loop *ev, ev_timer *timer, int events)
{
    (void)ev;
    (void)events;
    answer(timer->data, false);
}

void pg_catalogue_load(struct pg_catalogue *catalogue)
{
    if (catalogue->busy) {
        return;
    }
    catalogue->busy = true;
    if (!pg_link_is_up(catalogue->link)) {
        ev_timer_set(&catalogue->soon, 0, 0);
        ev_timer_start(loop_ev(catalogue->loop), &catalogue->soon);
        return;
    }
    struct pg_ask ask = {
        .sql = fingerprint_sql,
        .params = { text_from(catalogue->difficulty[0]), text_from(catalogue->difficulty[1]) },
        .params_count = 2,
        .answer = on_fingerprint,
        .context = catalogue,
    };
    pg_link_ask(catalogue->link, &ask);
}

struct pg_catalogue *pg_catalogue_create(struct loop *loop, struct pg_link *link,
                                         const struct settings *settings,
                                         const struct pg_callbacks *callbacks)
{
    struct pg_catalogue *catalogue = calloc(1, sizeof *catalogue);
    if (catalogue == NULL) {
        return NULL;
    }
    catalogue->loop = loop;
    catalogue->link = link;
    catalogue->callbacks = *callbacks;
    (void)snprintf(catalogue->difficulty[0], sizeof catalogue->difficulty[0], "%d",
                   settings->difficulty_min);
    (void)snprintf(catalogue->difficulty[1], sizeof catalogue->difficulty[1], "%d",
                   settings->difficulty_max);
    ev_init(&catalogue->soon, on_soon);
    catalogue->soon.data = catalogue;
    return catalogue;
}

void pg_catalogue_destroy(struct pg_catalogue *catalogue)
{
    if (catalogue != NULL) {
        ev_timer_stop(loop_ev(catalogue->loop), &catalogue->soon);
        free_rows(&catalogue->rows);
        free(catalogue);
    }
}
