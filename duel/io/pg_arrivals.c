/* Players who come, asked for together: see pg_private.h.
 *
 * A statement costs more than a player in it. So while ASKED_MAX statements are under way, who
 * comes waits here and is asked for with the others; who comes alone is asked for at once.
 * One player may spoil the transaction of all: then each is asked for alone.
 *
 * Knows the statement and its rows, nothing of what a player is to the hub. */
#include <duel/base/assert.h>
#include <duel/io/pg_private.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#define ASKED_MAX 2     /* statements under way */
#define TOGETHER_MAX 64 /* players in one: the answer holds the loop for a few milliseconds */

/* A `sub` is printable (jwt.h), so no line feed is in it. */
static const char arrivals_sql[] =
    "select number, id, name, avatar, country, rating, wins, losses, draws, opponents, met, banned"
    " from public.duel_arrivals(string_to_array($1, E'\\n'))";

struct arrival {
    struct arrival *next;
    struct ref player;
    bool alone;
    uint32_t sub_size;
    char sub[];
};

struct question {
    struct pg_arrivals *arrivals;
    struct arrival *first; /* NULL: nothing is under way */
};

struct pg_arrivals {
    struct loop *loop;
    struct pg_link *link;
    struct arrival *waiting;
    struct arrival **last;
    struct question questions[ASKED_MAX];
};

/* ---- events ---- */

static struct hub_event event_of(struct ref player, enum hub_reply reply)
{
    struct hub_event event = { .type = HUB_EV_PLAYER };
    event.player.player = player;
    event.player.reply = reply;
    return event;
}

static struct text value(const PGresult *rows, int row, int column)
{
    if (PQgetisnull(rows, row, column)) {
        return TEXT_NONE;
    }
    return (struct text){ PQgetvalue(rows, row, column), (uint32_t)PQgetlength(rows, row, column) };
}

static int32_t number(const PGresult *rows, int row, int column)
{
    return (int32_t)strtol(PQgetvalue(rows, row, column), NULL, 10);
}

/* Ids with blanks between, as duel_videos_met() writes them. */
static uint32_t split_ids(struct text ids, struct text ret_ids[HUB_MET_MAX])
{
    uint32_t count = 0;
    while (ids.size > 0 && count < HUB_MET_MAX) {
        const char *end = memchr(ids.data, ' ', ids.size);
        uint32_t size = end != NULL ? (uint32_t)(end - ids.data) : ids.size;
        uint32_t skip = end != NULL ? size + 1 : size;
        ret_ids[count++] = (struct text){ ids.data, size };
        ids.data += skip;
        ids.size -= skip;
    }
    return count;
}

static void tell(struct pg_arrivals *arrivals, struct ref player, const PGresult *rows, int row)
{
    struct hub_event event = event_of(player, HUB_OK);
    bool parsed = uuid_parse(value(rows, row, 1), &event.player.id);
    ASSERT(parsed);
    event.player.name = value(rows, row, 2);
    event.player.avatar = value(rows, row, 3);
    event.player.country = value(rows, row, 4);
    event.player.rating = number(rows, row, 5);
    event.player.wins = (uint32_t)number(rows, row, 6);
    event.player.losses = (uint32_t)number(rows, row, 7);
    event.player.draws = (uint32_t)number(rows, row, 8);
    event.player.opponents = (uint32_t)number(rows, row, 9);
    int64_t banned = strtoll(PQgetvalue(rows, row, 11), NULL, 10);
    event.player.banned_until_ms = banned < 0 ? HUB_FOR_EVER : banned;
    event.player.met_count = split_ids(value(rows, row, 10), event.player.met);
    loop_event(arrivals->loop, &event);
}

static void tell_without(struct pg_arrivals *arrivals, struct ref player, enum hub_reply reply)
{
    struct hub_event event = event_of(player, reply);
    loop_event(arrivals->loop, &event);
}

/* ---- asking ---- */

static void wait_last(struct pg_arrivals *arrivals, struct arrival *arrival)
{
    arrival->next = NULL;
    *arrivals->last = arrival;
    arrivals->last = &arrival->next;
}

static struct arrival *take_first(struct pg_arrivals *arrivals)
{
    struct arrival *arrival = arrivals->waiting;
    arrivals->waiting = arrival->next;
    if (arrivals->waiting == NULL) {
        arrivals->last = &arrivals->waiting;
    }
    return arrival;
}

/* Takes those who are asked for next, `alone` or as many as may be together. */
static struct arrival *gather(struct pg_arrivals *arrivals, char *ret_names, uint32_t *ret_size)
{
    struct arrival *first = NULL, **link = &first;
    uint32_t size = 0, count = 0;
    do {
        struct arrival *arrival = take_first(arrivals);
        memcpy(ret_names + size, arrival->sub, arrival->sub_size);
        size += arrival->sub_size;
        ret_names[size++] = '\n';
        *link = arrival;
        link = &arrival->next;
        count++;
    } while (count < TOGETHER_MAX && !first->alone && arrivals->waiting != NULL &&
             !arrivals->waiting->alone);
    *link = NULL;
    *ret_size = size - 1;
    return first;
}

static pg_answer on_answer;

static void ask(struct pg_arrivals *arrivals, struct question *question)
{
    char names[TOGETHER_MAX * (HUB_SUB_SIZE_MAX + 1)];
    uint32_t size;
    question->first = gather(arrivals, names, &size);
    struct pg_ask asked = { .sql = arrivals_sql, .params = { { names, size } }, .params_count = 1,
                            .answer = on_answer, .context = question };
    pg_link_ask(arrivals->link, &asked);
}

static void ask_more(struct pg_arrivals *arrivals)
{
    for (uint32_t i = 0; i < ASKED_MAX; i++) {
        if (arrivals->waiting != NULL && arrivals->questions[i].first == NULL) {
            ask(arrivals, &arrivals->questions[i]);
        }
    }
}

static void ask_each_alone(struct pg_arrivals *arrivals, struct arrival *first)
{
    for (struct arrival *arrival = first, *next; arrival != NULL; arrival = next) {
        next = arrival->next;
        arrival->alone = true;
        wait_last(arrivals, arrival);
    }
    ask_more(arrivals);
}

/* ---- answers ---- */

static void tell_all(struct pg_arrivals *arrivals, struct arrival *first, enum hub_reply reply,
                     const PGresult *rows)
{
    int row = 0;
    long place = 1;
    for (struct arrival *arrival = first, *next; arrival != NULL; arrival = next, place++) {
        next = arrival->next;
        if (reply != HUB_OK) {
            tell_without(arrivals, arrival->player, reply);
        } else if (row < PQntuples(rows) && number(rows, row, 0) == place) {
            tell(arrivals, arrival->player, rows, row++);
        } else {
            tell_without(arrivals, arrival->player, HUB_REFUSED); /* deleted */
        }
        free(arrival);
    }
}

static void tell_waiting(struct pg_arrivals *arrivals)
{
    struct arrival *waiting = arrivals->waiting;
    arrivals->waiting = NULL;
    arrivals->last = &arrivals->waiting;
    tell_all(arrivals, waiting, HUB_UNAVAILABLE, NULL);
}

/* Whoever waits does so for an answer, so a lost connection is noticed here. */
static void on_answer(const struct pg_ask *asked, enum hub_reply reply,
                      const struct pg_result *rows)
{
    struct question *question = asked->context;
    struct pg_arrivals *arrivals = question->arrivals;
    struct arrival *first = question->first;
    question->first = NULL;
    if (!pg_link_is_up(arrivals->link)) {
        tell_all(arrivals, first, reply, rows);
        tell_waiting(arrivals);
    } else if (reply != HUB_OK && first->next != NULL) {
        ask_each_alone(arrivals, first);
    } else {
        ask_more(arrivals); /* PostgreSQL works while the hub does */
        tell_all(arrivals, first, reply, rows);
    }
}

/* ---- use ---- */

void pg_arrivals_ask(struct pg_arrivals *arrivals, struct ref player, struct text sub)
{
    ASSERT(sub.size <= HUB_SUB_SIZE_MAX && memchr(sub.data, '\n', sub.size) == NULL);
    struct arrival *arrival = NULL;
    if (pg_link_is_up(arrivals->link)) {
        arrival = malloc(sizeof *arrival + sub.size);
    }
    if (arrival == NULL) {
        struct hub_event event = event_of(player, HUB_UNAVAILABLE);
        loop_defer(arrivals->loop, &event);
        return;
    }
    *arrival = (struct arrival){ .player = player, .sub_size = sub.size };
    memcpy(arrival->sub, sub.data, sub.size);
    wait_last(arrivals, arrival);
    ask_more(arrivals);
}

static void forget(struct arrival *arrival)
{
    while (arrival != NULL) {
        struct arrival *next = arrival->next;
        free(arrival);
        arrival = next;
    }
}

struct pg_arrivals *pg_arrivals_create(struct loop *loop, struct pg_link *link)
{
    struct pg_arrivals *arrivals = calloc(1, sizeof *arrivals);
    if (arrivals != NULL) {
        arrivals->loop = loop;
        arrivals->link = link;
        arrivals->last = &arrivals->waiting;
        for (uint32_t i = 0; i < ASKED_MAX; i++) {
            arrivals->questions[i].arrivals = arrivals;
        }
    }
    return arrivals;
}

void pg_arrivals_destroy(struct pg_arrivals *arrivals)
{
    if (arrivals == NULL) {
        return;
    }
    forget(arrivals->waiting);
    for (uint32_t i = 0; i < ASKED_MAX; i++) {
        forget(arrivals->questions[i].first);
    }
    free(arrivals);
}
