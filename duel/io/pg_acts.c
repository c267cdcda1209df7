/* What operators did, as PostgreSQL keeps it: see pg_private.h.
 *
 * Read by number every ACTS_MS and applied in that order, so a node that was cut off for an hour
 * applies what it missed. Knows the rows, nothing of what an act means to the hub. */
#include <duel/base/assert.h>
#include <duel/io/log.h>
#include <duel/io/pg_private.h>
#include <ev.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ACTS_S 2.0
#define PAGE 100 /* as duel_acts_after() gives at most */

enum { ID, ACT, SUBJECT, UNTIL, MESSAGE, RATINGS };

struct pg_acts {
    struct loop *loop;
    struct pg_link *link;
    const char *node;
    struct ev_timer timer;
    long long last; /* applied; below 0: none yet */
    bool asked;
};

static struct text value(const PGresult *rows, int row, int column)
{
    return (struct text){ PQgetvalue(rows, row, column), (uint32_t)PQgetlength(rows, row, column) };
}

static bool is_act(const PGresult *rows, int row, const char *act)
{
    return strcmp(PQgetvalue(rows, row, ACT), act) == 0;
}

/* ---- applying ---- */

static void tell(struct pg_acts *acts, const struct hub_event_act *act)
{
    struct hub_event event = { .type = HUB_EV_ACT, .act = *act };
    loop_event(acts->loop, &event);
}

/* "<player>:<rating>" with blanks between, after a void match. */
static void tell_ratings(struct pg_acts *acts, const char *text)
{
    while (*text != '\0') {
        struct hub_event_act act = { .act = HUB_ACT_RATING };
        const char *colon = strchr(text, ':');
        char *end;
        if (colon == NULL ||
            !uuid_parse((struct text){ text, (uint32_t)(colon - text) }, &act.id)) {
            return;
        }
        act.rating = (int32_t)strtol(colon + 1, &end, 10);
        tell(acts, &act);
        text = *end == ' ' ? end + 1 : end;
        if (end == colon + 1) {
            return;
        }
    }
}

static void log_act(const PGresult *rows, int row)
{
    const struct log_field fields[] = {
        { .key = "number", .kind = LOG_FIELD_TEXT, .text = value(rows, row, ID) },
        { .key = "act", .kind = LOG_FIELD_TEXT, .text = value(rows, row, ACT) },
        { .key = "subject", .kind = LOG_FIELD_TEXT, .text = value(rows, row, SUBJECT) },
        { .key = NULL },
    };
    log_fields(LOG_LEVEL_INFO, "an operator's act", fields);
}

/* Acts that another version knows, and those that concern no node, are passed over. */
static void apply(struct pg_acts *acts, const PGresult *rows, int row)
{
    struct hub_event_act act = { .until_ms = HUB_FOR_EVER };
    struct text subject = value(rows, row, SUBJECT);
    bool ours = strcmp(subject.data, "*") == 0 || strcmp(subject.data, acts->node) == 0;
    bool has_id = uuid_parse(subject, &act.id);
    if (!PQgetisnull(rows, row, UNTIL)) {
        act.until_ms = strtoll(PQgetvalue(rows, row, UNTIL), NULL, 10);
    }
    log_act(rows, row);
    if (is_act(rows, row, "notice")) {
        act.act = HUB_ACT_NOTICE;
        act.text = value(rows, row, MESSAGE);
        if (act.text.size <= HUB_NOTICE_SIZE_MAX && text_is_utf8(act.text)) {
            tell(acts, &act);
        }
    } else if (ours && (is_act(rows, row, "drain") || is_act(rows, row, "undrain"))) {
        act.act = is_act(rows, row, "drain") ? HUB_ACT_CLOSE : HUB_ACT_REOPEN;
        tell(acts, &act);
    } else if (has_id && is_act(rows, row, "void")) {
        act.act = HUB_ACT_VOID;
        tell(acts, &act);
        tell_ratings(acts, PQgetvalue(rows, row, RATINGS));
    } else if (has_id && (is_act(rows, row, "ban") || is_act(rows, row, "unban"))) {
        act.act = is_act(rows, row, "ban") ? HUB_ACT_BAN : HUB_ACT_UNBAN;
        tell(acts, &act);
    }
}

static void on_answer(const struct pg_ask *asked, enum hub_reply reply,
                      const struct pg_result *rows)
{
    struct pg_acts *acts = asked->context;
    acts->asked = false;
    if (reply != HUB_OK) {
        return; /* asked again */
    }
    int count = PQntuples(rows);
    for (int row = 0; row < count; row++) {
        if (!is_act(rows, row, "start")) {
            apply(acts, rows, row);
        }
        acts->last = strtoll(PQgetvalue(rows, row, ID), NULL, 10);
    }
    if (count >= PAGE) {
        pg_acts_ask(acts);
    }
}

/* ---- asking ---- */

void pg_acts_ask(struct pg_acts *acts)
{
    char after[24];
    if (acts->asked || !pg_link_is_up(acts->link)) {
        return;
    }
    snprintf(after, sizeof after, "%lld", acts->last);
    struct pg_ask asked = { .sql = "select id, act, subject, until_ms, message, ratings"
                                   " from public.duel_acts_after($1::bigint)",
                            .params = { text_from(after) }, .params_count = 1,
                            .answer = on_answer, .context = acts };
    acts->asked = true;
    pg_link_ask(acts->link, &asked);
}

static void time_to_ask(struct ev_loop *ev, struct ev_timer *timer, int events)
{
    (void)ev;
    (void)events;
    pg_acts_ask(timer->data);
}

/* ---- life ---- */

struct pg_acts *pg_acts_create(struct loop *loop, struct pg_link *link, const char *node)
{
    struct pg_acts *acts = calloc(1, sizeof *acts);
    if (acts != NULL) {
        acts->loop = loop;
        acts->link = link;
        acts->node = node;
        acts->last = -1;
        ev_timer_init(&acts->timer, time_to_ask, ACTS_S, ACTS_S);
        acts->timer.data = acts;
        ev_timer_start(loop_ev(loop), &acts->timer);
    }
    return acts;
}

void pg_acts_destroy(struct pg_acts *acts)
{
    if (acts != NULL) {
        ev_timer_stop(loop_ev(acts->loop), &acts->timer);
        free(acts);
    }
}
