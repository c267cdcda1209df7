/* The crowd; see the header.
 *
 * A run is a ramp, in which all come, a window that is judged, and its end. At both ends of the
 * window the server is asked what it has cost so far; it begins and ends with the answer. */
#include <loadtest/load/crowd_inside.h>

#include <duel/base/assert.h>
#include <loadtest/load/screen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define HTTP_CONNECTIONS_MAX 128
#define SECOND_US UINT64_C(1000000)
#define STUCK_US (15 * SECOND_US)
#define ANSWER_US (2 * SECOND_US)
#define NOTICE_US (SECOND_US * 3 / 2) /* that the server has to see who was cut */

static void enter(struct crowd *crowd, enum phase phase)
{
    crowd->phase = (uint8_t)phase;
    crowd->phase_us = wire_now_us();
}

/* ---- matches ---- */

static struct bout *bout_get(struct players *players, const struct uuid *match)
{
    struct crowd *crowd = players->context;
    uint32_t index;
    if (table_get(&crowd->by_match, match->bytes, sizeof(match->bytes), &index)) {
        struct ref found = { index, crowd->bouts.generations[index] };
        return pool_get(&crowd->bouts, found);
    }
    struct ref ref;
    struct bout *bout = pool_acquire(&crowd->bouts, &ref);
    ASSERT(bout != NULL); /* there are as many as players */
    bout->match = *match;
    umpire_init(&bout->umpire, crowd->stats);
    table_put(&crowd->by_match, match->bytes, sizeof(match->bytes), ref.index);
    return bout;
}

static void bout_release(struct players *players, struct bout *bout)
{
    struct crowd *crowd = players->context;
    table_remove(&crowd->by_match, bout->match.bytes, sizeof(bout->match.bytes));
    pool_release(&crowd->bouts, pool_ref(&crowd->bouts, bout));
}

static void ignore(struct player *player)
{
    (void)player;
}

/* ---- phases ---- */

/* Whether all have come; of people some are always between two matches, or in a tunnel. */
static bool has_ramped(struct crowd *crowd, uint64_t now_us)
{
    enum mode mode = crowd->options->mode;
    bool hold = mode == MODE_STORM || mode == MODE_IDLE;
    uint32_t there = mode == MODE_PAIRING ? crowd->came : hold ? crowd->all.live : crowd->arrived;
    if (there > crowd->progress) {
        crowd->progress = there;
        crowd->progress_us = now_us;
    }
    if (now_us < crowd->ramp_end_us) {
        return false;
    }
    bool all = there + crowd->all.refused >= crowd->count;
    if (!all && now_us > crowd->progress_us + STUCK_US &&
        now_us > crowd->ramp_end_us + STUCK_US) {
        stats_error(crowd->stats, "not all players had come when the window began");
        return true;
    }
    return all;
}

static bool is_window_over(const struct crowd *crowd, uint64_t now_us)
{
    const struct options *options = crowd->options;
    if (crowd->interrupted ||
        now_us >= crowd->phase_us + (uint64_t)(options->seconds * (double)SECOND_US)) {
        return true;
    }
    return (options->mode == MODE_STORM && crowd->came == crowd->called_count) ||
           (options->mode == MODE_PAIRING && crowd->stats->pairing_to_us != 0);
}

static bool has_answered(const struct crowd *crowd, uint64_t now_us)
{
    return !scrape_is_asking(crowd->scrape) || now_us > crowd->phase_us + ANSWER_US;
}

static void begin_window(struct crowd *crowd, uint64_t now_us)
{
    stats_begin(crowd->stats, now_us);
    crowd->stats->first = *scrape_latest(crowd->scrape);
    enter(crowd, PHASE_WINDOW);
    if (crowd->options->mode == MODE_STORM) {
        crowd_begin_storm(crowd);
    } else if (crowd->options->mode == MODE_PAIRING) {
        crowd_begin_pairing(crowd);
    }
}

/* What had to be over by now. */
static void judge_haste(struct crowd *crowd, uint64_t now_us)
{
    struct stats *stats = crowd->stats;
    if (crowd->options->mode == MODE_STORM && stats->storm_from_us != 0) {
        stats->storm_to_us = now_us;
        if (crowd->came < crowd->called_count) {
            stats_error(stats, "the storm was not over in time");
            stats->storm_connections = crowd->came;
        }
    }
    if (crowd->options->mode == MODE_PAIRING && stats->pairing_to_us == 0 &&
        stats->pairing_from_us != 0) {
        stats_error(stats, "not all players were matched in time");
        stats->pairing_to_us = now_us;
    }
}

static void end_window(struct crowd *crowd, uint64_t now_us)
{
    struct stats *stats = crowd->stats;
    for (uint32_t i = 0; i < crowd->count; i++) {
        player_unanswered(&crowd->all.list[i], now_us);
    }
    stats_end(stats, now_us);
    stats->last = *scrape_latest(crowd->scrape);
    if (stats->storm_from_us != 0 && stats->first.cpu_s >= 0 && stats->last.cpu_s >= 0) {
        stats->storm_server_cpu_s = stats->last.cpu_s - stats->first.cpu_s;
    }
    enter(crowd, PHASE_DONE);
    ev_break(crowd->loop, EVBREAK_ALL);
}

static void ask_and_enter(struct crowd *crowd, enum phase phase)
{
    scrape_ask(crowd->scrape);
    enter(crowd, phase);
}

static void advance(struct crowd *crowd, uint64_t now_us)
{
    switch ((enum phase)crowd->phase) {
    case PHASE_RAMP:
        if (crowd->interrupted) {
            ask_and_enter(crowd, PHASE_END);
        } else if (has_ramped(crowd, now_us)) {
            if (crowd->options->mode == MODE_STORM) {
                crowd_cut(crowd);
                enter(crowd, PHASE_NOTICE);
            } else {
                ask_and_enter(crowd, PHASE_BEGIN);
            }
        }
        break;
    case PHASE_NOTICE:
        if (now_us >= crowd->phase_us + NOTICE_US) {
            ask_and_enter(crowd, PHASE_BEGIN);
        }
        break;
    case PHASE_BEGIN:
        if (has_answered(crowd, now_us)) {
            begin_window(crowd, now_us);
        }
        break;
    case PHASE_WINDOW:
        if (is_window_over(crowd, now_us)) {
            judge_haste(crowd, now_us);
            crowd->all.stopping = true;
            ask_and_enter(crowd, PHASE_END);
        }
        break;
    case PHASE_END:
        if (has_answered(crowd, now_us)) {
            end_window(crowd, now_us);
        }
        break;
    case PHASE_DONE:
        break;
    }
}

/* ---- the loop ---- */

/* A timerfd, because epoll counts in milliseconds and that is what is measured here. */
static void arm(struct crowd *crowd)
{
    uint64_t next_us = timerq_next(&crowd->all.timers);
    uint64_t phase_us = UINT64_MAX;
    if (crowd->phase == PHASE_WINDOW) {
        phase_us = crowd->phase_us + (uint64_t)(crowd->options->seconds * (double)SECOND_US);
    } else if (crowd->phase == PHASE_NOTICE) {
        phase_us = crowd->phase_us + NOTICE_US;
    }
    next_us = phase_us < next_us ? phase_us : next_us;
    if (next_us == crowd->armed_us) {
        return;
    }
    crowd->armed_us = next_us;
    struct itimerspec when = { 0 };
    if (next_us != UINT64_MAX) {
        when.it_value.tv_sec = (time_t)(next_us / SECOND_US);
        when.it_value.tv_nsec = (long)(next_us % SECOND_US) * 1000 + 1; /* 0 would disarm */
    }
    timerfd_settime(crowd->alarm.fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static void on_turn(struct ev_loop *loop, struct ev_prepare *prepare, int events)
{
    (void)loop;
    (void)events;
    struct crowd *crowd = prepare->data;
    uint64_t now_us = wire_now_us();
    uint32_t number;
    while (timerq_take(&crowd->all.timers, now_us, &number)) {
        player_due(&crowd->all.list[number], crowd->all.timers.deadlines[number]);
    }
    for (uint8_t before = PHASE_DONE; before != crowd->phase;) {
        before = crowd->phase;
        advance(crowd, now_us);
    }
    arm(crowd);
}

static void on_alarm(struct ev_loop *loop, struct ev_io *io, int events)
{
    (void)loop;
    (void)events;
    struct crowd *crowd = io->data;
    uint64_t times;
    if (read(io->fd, &times, sizeof(times)) == (ssize_t)sizeof(times)) {
        crowd->armed_us = 0; /* it has gone off */
    }
}

static void on_second(struct ev_loop *loop, struct ev_timer *timer, int events)
{
    static const char *const names[] = { "ramp", "cut", "begin", "window", "end", "done" };
    (void)loop;
    (void)events;
    struct crowd *crowd = timer->data;
    stats_sample(crowd->stats, wire_now_us(), crowd->all.live / 2,
                 wire_count(crowd->all.wire).sockets, scrape_latest(crowd->scrape));
    screen_progress(crowd->options, crowd->stats, names[crowd->phase]);
    scrape_ask(crowd->scrape);
}

static void on_signal(struct ev_loop *loop, struct ev_signal *watcher, int events)
{
    (void)loop;
    (void)events;
    struct crowd *crowd = watcher->data;
    if (crowd->interrupted) {
        _exit(130);
    }
    crowd->interrupted = true;
}

/* ---- from beginning to end ---- */

static bool mint_tokens(struct crowd *crowd, struct token_mint *mint)
{
    const struct options *options = crowd->options;
    bool twice = options->mode == MODE_STORM && options->storm_by == STORM_TOKEN;
    if (mint != NULL && token_count(mint) < crowd->count) {
        fprintf(stderr, "duel-load: %u tokens, and %u players\n", token_count(mint), crowd->count);
        return false;
    }
    if (!options->quiet && mint != NULL && crowd->count > 1000) {
        fprintf(stderr, "making %u tokens\n", crowd->count * (twice ? 2 : 1));
    }
    crowd->fresh = twice ? calloc(crowd->count, sizeof(*crowd->fresh)) : NULL;
    for (uint32_t i = 0; i < crowd->count; i++) {
        player_init(&crowd->all.list[i], &crowd->all, i, mint == NULL ? NULL : token_make(mint, i));
        if (twice) {
            crowd->fresh[i] = token_make(mint, i);
        }
    }
    return true;
}

/* Neighbours come at the same time; who of them is first alternates, because seats go by that. */
static void plan_ramp(struct crowd *crowd)
{
    const struct options *options = crowd->options;
    uint64_t now_us = wire_now_us();
    double step_us = options->ramp_s * (double)SECOND_US / (crowd->count / 2.0);
    bool quiet = options->mode == MODE_IDLE || options->mode == MODE_STORM ||
                 options->mode == MODE_PAIRING;
    stats_start(crowd->stats, now_us);
    crowd->progress_us = now_us;
    crowd->ramp_end_us = now_us + (uint64_t)(options->ramp_s * (double)SECOND_US);
    for (uint32_t i = 0; i < crowd->count; i++) {
        struct player *player = &crowd->all.list[i];
        player->quiet = quiet;
        player->waits_to_auth = options->mode == MODE_PAIRING;
        if (options->mode == MODE_PAIRING) {
            crowd->called[crowd->called_count++] = player;
        } else {
            timerq_set(&crowd->all.timers, i,
                       now_us + (uint64_t)(i / 2 * step_us) + ((i ^ i / 2) & 1));
        }
    }
    if (options->mode == MODE_PAIRING) {
        crowd->ramp_end_us = now_us;
        crowd_call(crowd);
    }
}

static void start_watchers(struct crowd *crowd)
{
    ev_prepare_init(&crowd->turn, on_turn);
    ev_set_priority(&crowd->turn, EV_MAXPRI); /* before what it has sent is written */
    crowd->turn.data = crowd;
    ev_prepare_start(crowd->loop, &crowd->turn);
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    ASSERT(fd >= 0);
    ev_io_init(&crowd->alarm, on_alarm, fd, EV_READ);
    crowd->alarm.data = crowd;
    ev_io_start(crowd->loop, &crowd->alarm);
    ev_timer_init(&crowd->second, on_second, 1.0, 1.0);
    crowd->second.data = crowd;
    ev_timer_start(crowd->loop, &crowd->second);
    ev_signal_init(&crowd->interrupt, on_signal, SIGINT);
    ev_signal_init(&crowd->terminate, on_signal, SIGTERM);
    crowd->interrupt.data = crowd->terminate.data = crowd;
    ev_signal_start(crowd->loop, &crowd->interrupt);
    ev_signal_start(crowd->loop, &crowd->terminate);
}

struct crowd *crowd_create(const struct options *options, struct stats *stats,
                           struct token_mint *mint)
{
    struct crowd *crowd = calloc(1, sizeof(*crowd));
    ASSERT(crowd != NULL);
    struct players *all = &crowd->all;
    uint32_t count = 2 * (options->matches + (options->mode == MODE_STORM ? options->playing : 0));
    crowd->options = options;
    crowd->stats = stats;
    crowd->count = count;
    crowd->loop = ev_default_loop(EVFLAG_AUTO);
    struct wire_settings wire = { options->host, options->port, options->sources };
    all->wire = wire_create(crowd->loop, &wire);
    all->http = http_create(crowd->loop, HTTP_CONNECTIONS_MAX);
    all->list = calloc(count, sizeof(*all->list));
    crowd->called = calloc(count, sizeof(struct player *));
    bool fine = all->http != NULL && all->list != NULL && crowd->called != NULL &&
                timerq_create(&all->timers, count) &&
                pool_create(&crowd->bouts, sizeof(struct bout), count) &&
                table_create(&crowd->by_match, count, sizeof(struct uuid), options->seed);
    ASSERT(fine);
    crowd->scrape = scrape_create(all->http, options);
    ASSERT(crowd->scrape != NULL);
    rng_seed(&all->rng, options->seed);
    all->options = options;
    all->stats = stats;
    all->context = crowd;
    all->bout_get = bout_get;
    all->bout_release = bout_release;
    all->opened = all->gone = crowd_on_come;
    all->welcomed = crowd_on_welcomed;
    all->matched = options->mode == MODE_PAIRING ? crowd_on_matched : ignore;
    all->stay = options->mode == MODE_PAIRING;
    if (all->wire == NULL || !mint_tokens(crowd, mint)) {
        crowd_destroy(crowd);
        return NULL;
    }
    start_watchers(crowd);
    return crowd;
}

void crowd_run(struct crowd *crowd)
{
    plan_ramp(crowd);
    scrape_ask(crowd->scrape);
    ev_now_update(crowd->loop); /* minting took long, and the first turn begins before it is read */
    ev_run(crowd->loop, 0);
}

void crowd_destroy(struct crowd *crowd)
{
    crowd->all.stopping = true;
    for (uint32_t i = 0; i < crowd->count; i++) {
        if (crowd->all.list[i].all != NULL) {
            player_done(&crowd->all.list[i]);
        }
        if (crowd->fresh != NULL) {
            free(crowd->fresh[i]);
        }
    }
    if (ev_is_active(&crowd->alarm)) {
        ev_prepare_stop(crowd->loop, &crowd->turn);
        ev_io_stop(crowd->loop, &crowd->alarm);
        close(crowd->alarm.fd);
        ev_timer_stop(crowd->loop, &crowd->second);
        ev_signal_stop(crowd->loop, &crowd->interrupt);
        ev_signal_stop(crowd->loop, &crowd->terminate);
    }
    free(crowd->fresh);
    free(crowd->called);
    free(crowd->all.list);
    scrape_destroy(crowd->scrape);
    http_destroy(crowd->all.http);
    wire_destroy(crowd->all.wire);
    timerq_destroy(&crowd->all.timers);
    pool_destroy(&crowd->bouts);
    table_destroy(&crowd->by_match);
    ev_loop_destroy(crowd->loop);
    free(crowd);
}
