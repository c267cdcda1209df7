/* Making a connection to PostgreSQL without ever holding the loop: the name is looked up
 * elsewhere, the handshake and the schema's conversation go on as the socket allows.
 *
 * It makes one attempt each time it is asked and says how that ended; when to try again is not
 * its business. A URL with several hosts is handed to libpq as it stands, which then looks the
 * names up itself (and may hold the loop): give addresses there. */
#include <duel/base/assert.h>
#include <duel/io/log.h>
#include <duel/io/pg_private.h>
#include <duel/io/resolve.h>
#include <ev.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define OPTIONS_MAX 80
#define PROBLEM_SIZE 256
#define OID_BYTEA 17

struct pg_dial {
    struct loop *loop;
    const char *url;
    pg_dialled *done;
    void *context;
    struct resolver *resolver;
    PGconn *conn;
    PGresult *answer; /* the last of the statements that were asked, or the first error */
    ev_io io;
    ev_timer timer;
    struct pg_schema schema;
    bool connected; /* the handshake is over */
    bool schema_ready;
    char problem[PROBLEM_SIZE]; /* of the last failure, so that it is logged once */
};

static void on_io(struct ev_loop *ev, ev_io *io, int events);

static void on_timer(struct ev_loop *ev, ev_timer *timer, int events);

static void watch(struct pg_dial *dial, int events)
{
    struct ev_loop *ev = loop_ev(dial->loop);
    int fd = PQsocket(dial->conn); /* may be another than the last time */
    if (ev_is_active(&dial->io) && dial->io.fd == fd && (dial->io.events & 3) == events) {
        return;
    }
    ev_io_stop(ev, &dial->io);
    ev_io_set(&dial->io, fd, events);
    ev_io_start(ev, &dial->io);
}

static void set_timer(struct pg_dial *dial, uint32_t ms)
{
    struct ev_loop *ev = loop_ev(dial->loop);
    ev_timer_stop(ev, &dial->timer);
    ev_timer_set(&dial->timer, ms / 1000.0, 0);
    ev_timer_start(ev, &dial->timer);
}

/* Lets go of everything but the connection. */
static void settle(struct pg_dial *dial)
{
    struct ev_loop *ev = loop_ev(dial->loop);
    ev_io_stop(ev, &dial->io);
    ev_timer_stop(ev, &dial->timer);
    resolver_forget(dial->resolver);
    PQclear(dial->answer);
    dial->answer = NULL;
    pg_schema_done(&dial->schema);
}

static void hang_up(struct pg_dial *dial)
{
    settle(dial);
    PQfinish(dial->conn);
    dial->conn = NULL;
}

/* `problem` holds no secret: libpq names host, port, user and database only. */
static void fail(struct pg_dial *dial, const char *problem)
{
    char line[PROBLEM_SIZE];
    (void)snprintf(line, sizeof line, "%.*s", (int)strcspn(problem, "\n"), problem);
    bool news = strcmp(line, dial->problem) != 0;
    memcpy(dial->problem, line, sizeof line);
    log_text(news ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG, "no connection to PostgreSQL", "reason",
             line);
    hang_up(dial);
    dial->done(dial->context, NULL, NULL);
}

static void succeed(struct pg_dial *dial, const PGresult *answer)
{
    uint8_t secret[AUTH_SECRET_SIZE];
    if (PQntuples(answer) != 1 || PQgetlength(answer, 0, 0) != AUTH_SECRET_SIZE) {
        fail(dial, "duel_secret() gave no secret");
        return;
    }
    memcpy(secret, PQgetvalue(answer, 0, 0), sizeof secret);
    if (PQenterPipelineMode(dial->conn) != 1) {
        fail(dial, PQerrorMessage(dial->conn));
        return;
    }
    if (dial->schema.applied > 0) {
        log_number(LOG_LEVEL_INFO, "database migrated", "files", dial->schema.applied);
    }
    PGconn *conn = dial->conn;
    dial->conn = NULL;
    dial->problem[0] = 0;
    settle(dial);
    dial->done(dial->context, conn, secret);
}

static void flush(struct pg_dial *dial)
{
    int left = PQflush(dial->conn);
    if (left < 0) {
        fail(dial, PQerrorMessage(dial->conn));
    } else {
        watch(dial, left > 0 ? EV_READ | EV_WRITE : EV_READ);
    }
}

static void ask_schema(struct pg_dial *dial)
{
    if (pg_schema_is_slow(&dial->schema)) {
        set_timer(dial, PG_MIGRATE_MS);
    }
    if (PQsendQuery(dial->conn, dial->schema.sql) != 1) {
        fail(dial, PQerrorMessage(dial->conn));
        return;
    }
    flush(dial);
}

/* Offers a fresh secret; what comes back is the one that is in force. */
static void ask_secret(struct pg_dial *dial)
{
    uint8_t offered[AUTH_SECRET_SIZE];
    if (getrandom(offered, sizeof offered, 0) != (ssize_t)sizeof offered) {
        fail(dial, "no random bytes");
        return;
    }
    const Oid type = OID_BYTEA;
    const char *value = (const char *)offered;
    const int size = AUTH_SECRET_SIZE, binary = 1;
    set_timer(dial, PG_CONNECT_MS);
    if (PQsendQueryParams(dial->conn, "select public.duel_secret($1)", 1, &type, &value, &size,
                          &binary, 1) != 1) {
        fail(dial, PQerrorMessage(dial->conn));
        return;
    }
    flush(dial);
}

/* All answers to what was asked are there. */
static void answered(struct pg_dial *dial)
{
    PGresult *answer = dial->answer;
    dial->answer = NULL;
    if (answer == NULL) {
        fail(dial, PQerrorMessage(dial->conn));
        return;
    }
    if (!dial->schema_ready) {
        enum pg_schema_state state = pg_schema_step(&dial->schema, answer);
        dial->schema_ready = state == PG_SCHEMA_READY;
        if (state == PG_SCHEMA_PROBLEM) {
            fail(dial, dial->schema.problem);
        } else if (dial->schema_ready) {
            ask_secret(dial);
        } else {
            ask_schema(dial);
        }
    } else if (PQresultStatus(answer) == PGRES_TUPLES_OK) {
        succeed(dial, answer);
    } else {
        char problem[PROBLEM_SIZE];
        pg_describe(answer, problem, sizeof problem);
        fail(dial, problem);
    }
    PQclear(answer);
}

static void keep(struct pg_dial *dial, PGresult *answer)
{
    if (dial->answer != NULL && PQresultStatus(dial->answer) == PGRES_FATAL_ERROR) {
        PQclear(answer); /* the first error is the one that counts */
        return;
    }
    PQclear(dial->answer);
    dial->answer = answer;
}

static void go_on(struct pg_dial *dial)
{
    if (PQconsumeInput(dial->conn) != 1) {
        fail(dial, PQerrorMessage(dial->conn));
        return;
    }
    while (PQisBusy(dial->conn) == 0) {
        PGresult *answer = PQgetResult(dial->conn);
        if (answer == NULL) {
            answered(dial);
            return;
        }
        keep(dial, answer);
    }
    flush(dial);
}

static void ignore_notice(void *context, const PGresult *notice)
{
    (void)context;
    (void)notice;
}

static void shake_hands(struct pg_dial *dial)
{
    switch (PQconnectPoll(dial->conn)) {
    case PGRES_POLLING_READING:
        watch(dial, EV_READ);
        return;
    case PGRES_POLLING_WRITING:
        watch(dial, EV_WRITE);
        return;
    case PGRES_POLLING_OK:
        dial->connected = true;
        (void)PQsetnonblocking(dial->conn, 1);
        ask_schema(dial);
        return;
    case PGRES_POLLING_FAILED:
    case PGRES_POLLING_ACTIVE:
        fail(dial, PQerrorMessage(dial->conn));
        return;
    }
}

static void on_io(struct ev_loop *ev, ev_io *io, int events)
{
    (void)ev;
    (void)events;
    struct pg_dial *dial = io->data;
    if (dial->connected) {
        go_on(dial);
    } else {
        shake_hands(dial);
    }
}

static void on_timer(struct ev_loop *ev, ev_timer *timer, int events)
{
    (void)ev;
    (void)events;
    struct pg_dial *dial = timer->data;
    bool unnamed = resolver_is_asked(dial->resolver);
    fail(dial, unnamed ? "the name was not looked up in time" : "timed out");
}

/* ---- the address ---- */

static const char *option_value(const PQconninfoOption *options, const char *name)
{
    for (; options->keyword != NULL; options++) {
        if (strcmp(options->keyword, name) == 0) {
            return options->val != NULL && options->val[0] != 0 ? options->val : NULL;
        }
    }
    return NULL;
}

/* What the URL does not say. GSS would be one more round trip, and dead peers must be noticed. */
static const struct {
    const char *name;
    const char *value;
} standards[] = {
    { "fallback_application_name", "duel-server" },
    { "gssencmode", "disable" },
    { "keepalives_idle", "30" },
    { "tcp_user_timeout", "5000" },
};

static void connect_to(struct pg_dial *dial, const PQconninfoOption *options, const char *address)
{
    const char *names[OPTIONS_MAX], *values[OPTIONS_MAX];
    int count = 0;
    for (size_t i = 0; i < sizeof standards / sizeof standards[0]; i++) {
        if (option_value(options, standards[i].name) == NULL) {
            names[count] = standards[i].name;
            values[count++] = standards[i].value;
        }
    }
    for (const PQconninfoOption *option = options; option->keyword != NULL; option++) {
        bool ours = strcmp(option->keyword, "client_encoding") == 0;
        if (!ours && option->val != NULL && count < OPTIONS_MAX - 3) {
            names[count] = option->keyword;
            values[count++] = option->val;
        }
    }
    if (address != NULL) { /* `host` stays, for TLS */
        names[count] = "hostaddr";
        values[count++] = address;
    }
    names[count] = "client_encoding";
    values[count++] = "UTF8";
    names[count] = NULL;
    values[count] = NULL;
    dial->conn = PQconnectStartParams(names, values, 0);
    if (dial->conn == NULL || PQstatus(dial->conn) == CONNECTION_BAD) {
        fail(dial, dial->conn != NULL ? PQerrorMessage(dial->conn) : "out of memory");
        return;
    }
    PQsetNoticeReceiver(dial->conn, ignore_notice, NULL);
    watch(dial, EV_WRITE);
}

static void on_address(void *context, const char *address)
{
    struct pg_dial *dial = context;
    PQconninfoOption *options = PQconninfoParse(dial->url, NULL);
    if (address == NULL || options == NULL) {
        fail(dial, "the name of the host was not found");
    } else {
        connect_to(dial, options, address);
    }
    PQconninfoFree(options);
}

static bool is_name(const PQconninfoOption *options, const char *host)
{
    return host != NULL && host[0] != '/' && host[0] != '@' && strchr(host, ',') == NULL &&
           option_value(options, "hostaddr") == NULL;
}

void pg_dial_start(struct pg_dial *dial)
{
    ASSERT(dial->conn == NULL && !resolver_is_asked(dial->resolver));
    pg_schema_init(&dial->schema);
    dial->connected = dial->schema_ready = false;
    set_timer(dial, PG_CONNECT_MS);
    PQconninfoOption *options = PQconninfoParse(dial->url, NULL);
    if (options == NULL) {
        fail(dial, "DATABASE_URL cannot be understood"); /* libpq's words may quote the password */
        return;
    }
    const char *host = option_value(options, "host");
    if (is_name(options, host)) {
        resolver_ask(dial->resolver, host);
    } else {
        connect_to(dial, options, NULL);
    }
    PQconninfoFree(options);
}

struct pg_dial *pg_dial_create(struct loop *loop, struct worker *worker, const char *url,
                               pg_dialled *done, void *context)
{
    struct pg_dial *dial = calloc(1, sizeof *dial);
    if (dial == NULL) {
        return NULL;
    }
    dial->resolver = resolver_create(worker, on_address, dial);
    if (dial->resolver == NULL) {
        free(dial);
        return NULL;
    }
    dial->loop = loop;
    dial->url = url;
    dial->done = done;
    dial->context = context;
    ev_init(&dial->io, on_io);
    ev_init(&dial->timer, on_timer);
    dial->io.data = dial;
    dial->timer.data = dial;
    return dial;
}

void pg_dial_destroy(struct pg_dial *dial)
{
    if (dial != NULL) {
        hang_up(dial);
        resolver_destroy(dial->resolver);
        free(dial);
    }
}
