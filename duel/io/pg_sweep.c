/* What is kept for a time only: journals of matches, and texts of guesses. Asks the database every
 * minute to delete what is too old, in steps that are short beside the statements behind them. It
 * refuses to know what is deleted. */
#include <duel/io/pg_private.h>
#include <ev.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

#define SWEEP_S 60.0
#define MORE_S 1.0
#define MOST 100 /* rows a step: some milliseconds */

struct pg_sweep {
    struct loop *loop;
    struct pg_link *link;
    int64_t events_days;
    int64_t text_days;
    struct ev_timer timer;
    bool asked;
};

static void on_swept(const struct pg_ask *asked, enum hub_reply reply,
                     const struct pg_result *rows)
{
    struct pg_sweep *sweep = asked->context;
    bool more = reply == HUB_OK && PQntuples(rows) == 1 && PQgetvalue(rows, 0, 0)[0] == 't';
    sweep->asked = false;
    sweep->timer.repeat = more ? MORE_S : SWEEP_S;
    ev_timer_again(loop_ev(sweep->loop), &sweep->timer);
}

static void time_to_sweep(struct ev_loop *ev, struct ev_timer *timer, int events)
{
    (void)ev;
    (void)events;
    struct pg_sweep *sweep = timer->data;
    char days[2][24];
    if (sweep->asked || !pg_link_is_up(sweep->link)) {
        return;
    }
    (void)snprintf(days[0], sizeof days[0], "%lld", (long long)sweep->events_days);
    (void)snprintf(days[1], sizeof days[1], "%lld", (long long)sweep->text_days);
    char most[24];
    (void)snprintf(most, sizeof most, "%d", MOST);
    struct pg_ask asked = {
        .sql = "select public.duel_sweep($1::integer, $2::integer, $3::integer)",
        .params = { text_from(days[0]), text_from(days[1]), text_from(most) },
        .params_count = 3, .answer = on_swept, .context = sweep,
    };
    sweep->asked = true;
    pg_link_ask(sweep->link, &asked);
}

struct pg_sweep *pg_sweep_create(struct loop *loop, struct pg_link *link,
                                 const struct settings *settings)
{
    struct pg_sweep *sweep = calloc(1, sizeof *sweep);
    if (sweep != NULL) {
        sweep->loop = loop;
        sweep->link = link;
        sweep->events_days = settings->events_days;
        sweep->text_days = settings->guess_text_days;
        ev_timer_init(&sweep->timer, time_to_sweep, MORE_S, SWEEP_S);
        sweep->timer.data = sweep;
        ev_timer_start(loop_ev(loop), &sweep->timer);
    }
    return sweep;
}

void pg_sweep_destroy(struct pg_sweep *sweep)
{
    if (sweep != NULL) {
        ev_timer_stop(loop_ev(sweep->loop), &sweep->timer);
        free(sweep);
    }
}
