/* The composition root: the one file that knows everybody.
 *
 * It makes the parts, joins them, runs the loop, and takes them apart again in the opposite order.
 * What any of them does is their own business. */
#include <duel/base/assert.h>
#include <duel/command/command.h>
#include <duel/io/catalogue.h>
#include <duel/io/dispatch.h>
#include <duel/io/log.h>
#include <duel/io/ops_matches.h>
#include <duel/io/reading.h>
#include <ev.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#define DESCRIPTORS_SPARE 100 /* for stores, key sets, frames, operators and files */
#define CONNECTIONS_MAX_STANDARD 100000
#define CONNECTIONS_MIN 8
#define THREADS_MIN 2
#define THREADS_MAX 4
#define THREADS_FRAMES 2
#define THREADS_SLOW 4 /* one each for PostgreSQL, Valkey, Logto and the catalogue */
#define DRAIN_SPARE_MS 2000 /* for the last matches to be handed over */

struct server {
    struct settings settings;
    struct loop *loop;
    struct worker *checks; /* signatures */
    struct worker *frames; /* reading and sealing pictures */
    struct worker *slow;   /* what may take seconds: name look-ups, the key set, the catalogue */
    struct hub *hub;
    struct auth *auth;
    struct catalogue *catalogue;
    struct reading *reading;
    struct dispatch parts; /* gateway, stores, frames */
    struct ev_signal terminate;
    struct ev_signal interrupt;
    struct ev_timer drain_limit;
    uint32_t connections_max;
    double started_s; /* Unix epoch, by the system's clock */
    bool draining;
};

/* ---- what the parts tell each other ---- */

static void store_changed(struct server *server, enum hub_store store, bool up)
{
    struct hub_event event = { .type = up ? HUB_EV_STORE_UP : HUB_EV_STORE_DOWN, .store = store };
    loop_event(server->loop, &event);
    log_text(up ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, up ? "store is up" : "store is down", "store",
             store == HUB_POSTGRESQL ? "PostgreSQL" : "Valkey");
    reading_store_changed(server->reading, store, up);
}

static void postgresql_changed(void *context, bool up)
{
    struct server *server = context;
    if (up) {
        pg_read_acts(server->parts.pg);
    }
    store_changed(server, HUB_POSTGRESQL, up);
    if (up) {
        catalogue_start(server->catalogue, server->parts.pg);
    }
}

static void valkey_changed(void *context, bool up)
{
    store_changed(context, HUB_VALKEY, up);
}

/* The state of their store; it is logged there. */
static void frames_are(void *context, bool up)
{
    struct server *server = context;
    struct hub_event event = { .type = up ? HUB_EV_STORE_UP : HUB_EV_STORE_DOWN,
                               .store = HUB_FRAMES };
    loop_event(server->loop, &event);
}

static void secret_known(void *context, const uint8_t secret[AUTH_SECRET_SIZE])
{
    struct server *server = context;
    auth_set_secret(server->auth, secret);
    reports_set_secret(server->parts.reports, secret);
}

static void catalogue_arrived(void *context, bool ok, const struct titles_row *rows, uint32_t count)
{
    struct server *server = context;
    if (ok) {
        frames_know(server->parts.frames, rows, count);
    }
    catalogue_rows(server->catalogue, ok, rows, count);
}

static void catalogue_unchanged(void *context)
{
    struct server *server = context;
    catalogue_same(server->catalogue);
}

static bool is_ready(void *context, struct text *ret_why_not)
{
    struct server *server = context;
    if (server->draining) {
        *ret_why_not = TEXT("stopping");
    } else if (hub_is_closed(server->hub)) {
        *ret_why_not = TEXT("draining by operator");
    } else if (!pg_is_up(server->parts.pg)) {
        *ret_why_not = TEXT("PostgreSQL is away");
    } else if (!valkey_is_up(server->parts.valkey)) {
        *ret_why_not = TEXT("Valkey is away");
    } else if (!auth_has_keys(server->auth)) {
        *ret_why_not = TEXT("Logto's keys are not known yet");
    } else if (!auth_has_secret(server->auth)) {
        *ret_why_not = TEXT("the key of the tickets is not known yet");
    } else if (catalogue_drawn_count(server->catalogue) == 0) {
        *ret_why_not = TEXT("no video can be drawn yet");
    } else if (!frames_is_up(server->parts.frames)) {
        *ret_why_not = TEXT("frames cannot be had");
    } else {
        return true;
    }
    return false;
}

static uint64_t resident_bytes(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file != NULL) {
        if (fscanf(file, "%*s %lu", &pages) != 1) {
            pages = 0;
        }
        fclose(file);
    }
    return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static double cpu_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void read_gauges(void *context, struct metrics_gauges *ret_gauges)
{
    struct server *server = context;
    struct text why_not;
    *ret_gauges = (struct metrics_gauges){
        .hub = hub_count(server->hub),
        .loop = loop_measure(server->loop),
        .connections = gateway_connections(server->parts.gateway),
        .connections_max = server->connections_max,
        .ready = is_ready(server, &why_not),
        .unauthenticated = gateway_unauthenticated(server->parts.gateway),
        .postgresql_up = pg_is_up(server->parts.pg),
        .valkey_up = valkey_is_up(server->parts.valkey),
        .frames_up = frames_is_up(server->parts.frames),
        .frames_waiting = frames_waiting(server->parts.frames),
        .keys_known = auth_has_keys(server->auth),
        .keys_age_ms = auth_keys_age_ms(server->auth),
        .catalogue_videos = catalogue_count(server->catalogue),
        .memory_bytes = resident_bytes(),
        .cpu_s = cpu_seconds(),
        .started_s = server->started_s,
        .now_s = (uint32_t)(loop_now_us(server->loop) / 1000000),
        .version = DUEL_VERSION,
    };
}

static uint32_t show_matches(void *context, const struct uuid *id, uint32_t from, char *ret_json,
                             uint32_t size_max)
{
    const struct server *server = context;
    const char *node = server->settings.node_id;
    return id != NULL ? ops_matches_one(server->hub, node, id, ret_json, size_max)
                      : ops_matches_list(server->hub, node, from, ret_json, size_max);
}

/* ---- stopping ---- */

static bool is_drained(const struct server *server)
{
    struct hub_counts counts = hub_count(server->hub);
    return gateway_connections(server->parts.gateway) == 0 && counts.matches == 0 &&
           counts.results == 0;
}

/* What is left is Valkey's: other processes need not wait until the lease has run out. */
static void stop(struct server *server)
{
    valkey_end_lease(server->parts.valkey);
    loop_stop(server->loop);
}

static void turn_ended(void *context)
{
    struct server *server = context;
    if (server->draining && is_drained(server)) {
        stop(server);
    }
}

static void drain_limit_reached(struct ev_loop *ev, struct ev_timer *timer, int events)
{
    (void)ev;
    (void)events;
    struct server *server = timer->data;
    log_number(LOG_LEVEL_WARN, "stopping with connections or results left", "connections",
               gateway_connections(server->parts.gateway));
    stop(server);
}

static void told_to_stop(struct ev_loop *ev, struct ev_signal *signal, int events)
{
    (void)events;
    struct server *server = signal->data;
    if (server->draining) {
        log_line(LOG_LEVEL_WARN, "told again: stopping at once");
        loop_stop(server->loop);
        return;
    }
    server->draining = true;
    log_number(LOG_LEVEL_INFO, "stopping", "connections",
               gateway_connections(server->parts.gateway));
    gateway_stop(server->parts.gateway);
    struct hub_event event = { .type = HUB_EV_DRAIN };
    loop_event(server->loop, &event);
    ev_timer_init(&server->drain_limit, drain_limit_reached,
                  (double)(server->settings.drain_ms + DRAIN_SPARE_MS) / 1000.0, 0.0);
    server->drain_limit.data = server;
    ev_timer_start(ev, &server->drain_limit);
}

static void watch_signals(struct server *server)
{
    struct ev_loop *ev = loop_ev(server->loop);
    ev_signal_init(&server->terminate, told_to_stop, SIGTERM);
    server->terminate.data = server;
    ev_signal_start(ev, &server->terminate);
    ev_signal_init(&server->interrupt, told_to_stop, SIGINT);
    server->interrupt.data = server;
    ev_signal_start(ev, &server->interrupt);
}

/* ---- life ---- */

static uint64_t connections_within(uint64_t descriptors)
{
    return descriptors > DESCRIPTORS_SPARE + CONNECTIONS_MIN ? descriptors - DESCRIPTORS_SPARE
                                                             : CONNECTIONS_MIN;
}

/* As many as the descriptors allow. The soft limit is set to what they need and no higher: in a
 * container it may be a million, and libwebsockets 4.1 as Debian builds it searches a table with a
 * place for each whenever a connection comes or goes. */
static uint32_t choose_connections_max(const struct settings *settings)
{
    struct rlimit limit = { 1024, 1024 };
    getrlimit(RLIMIT_NOFILE, &limit);
    uint64_t room = connections_within(limit.rlim_max);
    uint64_t asked = (uint64_t)settings->max_connections;
    uint64_t wanted = asked != 0 ? asked : CONNECTIONS_MAX_STANDARD;
    uint64_t given = wanted < room ? wanted : room;
    rlim_t needed = given + DESCRIPTORS_SPARE;
    struct rlimit fitting = { needed < limit.rlim_max ? needed : limit.rlim_max, limit.rlim_max };
    if (setrlimit(RLIMIT_NOFILE, &fitting) != 0) { /* forbidden here */
        room = connections_within(limit.rlim_cur);
        given = given < room ? given : room;
    }
    if (asked > given) {
        log_number(LOG_LEVEL_WARN, "DUEL_MAX_CONNECTIONS is over the descriptor limit", "allowed",
                   (int64_t)given);
    }
    return (uint32_t)given;
}

static uint32_t choose_threads(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return processors < THREADS_MIN ? THREADS_MIN
           : processors > THREADS_MAX ? THREADS_MAX
                                      : (uint32_t)processors;
}

static bool create_hub(struct server *server, const struct hub_limits *limits)
{
    uint64_t seed;
    if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed)) {
        return false;
    }
    server->hub = hub_create(limits, seed);
    return server->hub != NULL;
}

static bool create_stores(struct server *server)
{
    const struct pg_callbacks callbacks = { .context = server,
                                            .up = postgresql_changed,
                                            .secret = secret_known,
                                            .catalogue = catalogue_arrived,
                                            .catalogue_same = catalogue_unchanged };
    const struct settings *settings = &server->settings;
    server->catalogue =
        catalogue_create(server->loop, server->slow, (uint32_t)settings->catalogue_ms);
    server->parts.valkey =
        valkey_create(server->loop, server->slow, settings, valkey_changed, server);
    server->parts.pg = pg_create(server->loop, server->slow, settings, &callbacks);
    if (server->catalogue == NULL || server->parts.valkey == NULL || server->parts.pg == NULL) {
        return false;
    }
    pg_set_release(server->parts.pg, DUEL_VERSION);
    server->reading = reading_create(server->loop, server->parts.pg, server->parts.valkey);
    return server->reading != NULL;
}

static bool create_server(struct server *server, struct text *ret_problem)
{
    const struct settings *settings = &server->settings;
    uint32_t connections_max = choose_connections_max(settings);
    server->connections_max = connections_max;
    struct hub_limits limits = settings_limits(settings, connections_max);
    const struct gateway_ops ops = { .context = server,
                                     .is_ready = is_ready,
                                     .gauges = read_gauges,
                                     .matches = show_matches };
    *ret_problem = TEXT("out of memory or threads");
    server->loop = loop_create();
    if (server->loop == NULL) {
        return false;
    }
    server->started_s = (double)loop_wall_us(server->loop) / 1e6;
    server->checks = worker_create(server->loop, choose_threads());
    server->frames = worker_create(server->loop, THREADS_FRAMES);
    server->slow = worker_create(server->loop, THREADS_SLOW);
    if (server->checks == NULL || server->frames == NULL || server->slow == NULL ||
        !create_hub(server, &limits)) {
        return false;
    }
    server->parts.reports =
        reports_create(server->loop, settings, DUEL_VERSION, hub_at(server->hub), ret_problem);
    if (server->parts.reports == NULL) {
        return false;
    }
    *ret_problem = TEXT("out of memory or threads");
    loop_attach(server->loop, server->hub, dispatch_perform, &server->parts);
    server->auth = auth_create(server->loop, server->checks, server->slow, settings);
    server->parts.frames = frames_create(server->loop, server->frames, settings,
                                         limits.matches_max, frames_are, server);
    if (server->auth == NULL || server->parts.frames == NULL || !create_stores(server)) {
        return false;
    }
    server->parts.gateway = gateway_create(server->loop, server->auth, server->parts.frames,
                                           server->reading, settings, connections_max, &ops,
                                           ret_problem);
    if (server->parts.gateway == NULL) {
        return false;
    }
    loop_at_turn_end(server->loop, turn_ended, server);
    log_number(LOG_LEVEL_INFO, "room", "connections", connections_max);
    return true;
}

/* The workers first: what they give back is told to parts that are still there. */
static void destroy_server(struct server *server)
{
    if (server->auth != NULL) {
        auth_stop(server->auth);
    }
    worker_destroy(server->checks);
    worker_destroy(server->frames);
    worker_destroy(server->slow);
    gateway_destroy(server->parts.gateway);
    pg_destroy(server->parts.pg);
    valkey_destroy(server->parts.valkey);
    reading_destroy(server->reading);
    frames_destroy(server->parts.frames);
    auth_destroy(server->auth);
    catalogue_destroy(server->catalogue);
    reports_destroy(server->parts.reports);
    hub_destroy(server->hub);
    if (server->loop != NULL) {
        struct ev_loop *ev = loop_ev(server->loop);
        ev_timer_stop(ev, &server->drain_limit);
        ev_signal_stop(ev, &server->terminate);
        ev_signal_stop(ev, &server->interrupt);
    }
    loop_destroy(server->loop);
}

static int serve(struct server *server)
{
    settings_warn_unknown();
    log_text(LOG_LEVEL_INFO, "starting", "version", DUEL_VERSION);
    struct text problem;
    int status = EXIT_SUCCESS;
    if (create_server(server, &problem)) {
        watch_signals(server);
        loop_run(server->loop);
    } else {
        fprintf(stderr, "duel-server: %.*s\n", TEXT_ARG(problem));
        status = EXIT_FAILURE;
    }
    destroy_server(server);
    if (status == EXIT_SUCCESS) {
        log_line(LOG_LEVEL_INFO, "stopped");
    }
    return status;
}

static int run_server(const struct settings *settings)
{
    static struct server server;
    server.settings = *settings;
    return serve(&server);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    return command_line(argc, argv, DUEL_VERSION, run_server);
}
