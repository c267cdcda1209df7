/* The part of `duel-server check` that is about Valkey: the way there, whether it keeps what it is
 * given, whether it runs the server's scripts, how quick it is. */
#include <duel/command/check.h>
#include <duel/command/stores.h>
#include <duel/io/valkey_private.h>
#include <duel/io/valkey_url.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define AREA "Valkey"
#define PINGS 100
#define PING_WARN_US 5000

static const struct {
    const char *said;
    const char *cure;
} cures[] = {
    { "certificate", "name the authority's file in VALKEY_CA_FILE, and the host as the certificate"
                     " has it" },
    { "WRONGPASS", "put the right user and password into VALKEY_URL, with % and such as %25" },
    { "NOAUTH", "put the password into VALKEY_URL: redis://:password@host:6379" },
    { "AUTH", "put the right user and password into VALKEY_URL, or leave both out" },
    { "NOPERM", "let this user use the keys duel:* and lb:duels:elo with scripts (ACL SETUSER)" },
    { "resolve", "use the host's name as this container knows it, on the same network" },
    { "", "start Valkey, and mend VALKEY_URL (rediss:// where it speaks TLS)" },
};

static const char *find_cure(const char *said)
{
    size_t i = 0;
    while (strstr(said, cures[i].said) == NULL) {
        i++;
    }
    return cures[i].cure;
}

/* The line's value, behind "name:" in what INFO says; "" when there is none. */
static void find_info(const char *info, const char *name, char *ret_value, size_t size_max)
{
    const char *line = strstr(info, name);
    ret_value[0] = '\0';
    if (line != NULL) {
        line += strlen(name);
        (void)snprintf(ret_value, size_max, "%.*s", (int)strcspn(line, "\r\n"), line);
    }
}

static void check_version(struct checks *checks, redisContext *valkey, bool tls)
{
    char version[32] = "", name[16] = "Valkey";
    redisReply *reply = redisCommand(valkey, "INFO server");
    if (reply != NULL && reply->type != REDIS_REPLY_ERROR && reply->str != NULL) {
        find_info(reply->str, "valkey_version:", version, sizeof version);
        if (version[0] == '\0') {
            find_info(reply->str, "redis_version:", version, sizeof version);
            memcpy(name, "Redis", sizeof "Redis");
        }
    }
    freeReplyObject(reply);
    bool old = version[0] != '\0' && strtol(version, NULL, 10) < 7;
    checks_add(checks, old ? CHECK_WARN : CHECK_OK, AREA, "connection",
               "use Valkey 7.2 or Redis 7 or newer: what is older was not tried", "%s %s, %s", name,
               version[0] != '\0' ? version : "of a version that it does not tell",
               tls ? "TLS" : "no TLS");
}

/* The value of a setting; "" when it may not be asked. */
static void get_config(redisContext *valkey, const char *name, char *ret_value, size_t size_max)
{
    redisReply *reply = redisCommand(valkey, "CONFIG GET %s", name);
    ret_value[0] = '\0';
    if (reply != NULL && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
        reply->element[1]->str != NULL) {
        (void)snprintf(ret_value, size_max, "%s", reply->element[1]->str);
    }
    freeReplyObject(reply);
}

static void check_policy(struct checks *checks, redisContext *valkey)
{
    char policy[32], memory[32], append[8];
    get_config(valkey, "maxmemory-policy", policy, sizeof policy);
    get_config(valkey, "maxmemory", memory, sizeof memory);
    get_config(valkey, "appendonly", append, sizeof append);
    if (policy[0] == '\0') {
        checks_add(checks, CHECK_WARN, AREA, "policy",
                   "make sure yourself that maxmemory-policy is noeviction and appendonly is yes",
                   "CONFIG GET is not allowed");
        return;
    }
    bool evicts = strncmp(policy, "allkeys-", 8) == 0;
    checks_add(checks, evicts ? CHECK_WARN : CHECK_OK, AREA, "policy",
               "give the duels a small Valkey of their own with maxmemory-policy noeviction and"
               " appendonly yes",
               "%s, maxmemory %s%s", policy, memory,
               evicts ? ": when full it forgets matches" : "");
    bool lasting = strcmp(append, "yes") == 0;
    checks_add(checks, lasting ? CHECK_OK : CHECK_WARN, AREA, "appendonly",
               "set appendonly yes and appendfsync everysec, so that its restart ends no match",
               "%s", append);
}

/* As the server does it: loaded, and one run. */
static void check_scripts(struct checks *checks, redisContext *valkey)
{
    static const char probe[] = "redis.call('SET', KEYS[1], ARGV[1], 'PX', 10000) "
                                "return redis.call('GET', KEYS[1])";
    char problem[160] = "";
    for (int i = 0; i < VALKEY_SCRIPTS && problem[0] == '\0'; i++) {
        redisReply *reply =
            redisCommand(valkey, "SCRIPT LOAD %s", valkey_script_text((enum valkey_script)i));
        if (reply == NULL || reply->type != REDIS_REPLY_STRING) {
            (void)snprintf(problem, sizeof problem, "%s",
                           reply != NULL && reply->str != NULL ? reply->str : valkey->errstr);
        }
        freeReplyObject(reply);
    }
    if (problem[0] == '\0') {
        redisReply *reply =
            redisCommand(valkey, "EVAL %s 1 duel:check:%d works", probe, (int)getpid());
        if (reply == NULL || reply->type != REDIS_REPLY_STRING ||
            strcmp(reply->str, "works") != 0) {
            (void)snprintf(problem, sizeof problem, "%s",
                           reply != NULL && reply->str != NULL ? reply->str : valkey->errstr);
        }
        freeReplyObject(reply);
        freeReplyObject(redisCommand(valkey, "DEL duel:check:%d", (int)getpid()));
    }
    const char *cure = strncmp(problem, "READONLY", 8) == 0
                           ? "name the primary in VALKEY_URL: this is a replica"
                           : "let this user write duel:* and lb:duels:elo and run EVALSHA and"
                             " SCRIPT LOAD";
    checks_add(checks, problem[0] != '\0' ? CHECK_FAIL : CHECK_OK, AREA, "scripts", cure,
               problem[0] != '\0' ? "%d cannot be used: %s" : "%d can be loaded and run%s",
               VALKEY_SCRIPTS, problem);
}

static int compare(const void *left, const void *right)
{
    const long *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

static void check_latency(struct checks *checks, redisContext *valkey)
{
    long took_us[PINGS];
    for (int i = 0; i < PINGS; i++) {
        struct timespec begin, end;
        clock_gettime(CLOCK_MONOTONIC, &begin);
        redisReply *reply = redisCommand(valkey, "PING");
        clock_gettime(CLOCK_MONOTONIC, &end);
        bool good = reply != NULL && reply->type == REDIS_REPLY_STATUS;
        freeReplyObject(reply);
        if (!good) {
            checks_add(checks, CHECK_FAIL, AREA, "latency", "look into Valkey's log",
                       "the connection was lost: %s", valkey->errstr);
            return;
        }
        took_us[i] = (end.tv_sec - begin.tv_sec) * 1000000 + (end.tv_nsec - begin.tv_nsec) / 1000;
    }
    qsort(took_us, PINGS, sizeof took_us[0], compare);
    long median_us = took_us[PINGS / 2];
    checks_add(checks, median_us > PING_WARN_US ? CHECK_WARN : CHECK_OK, AREA, "latency",
               "put Valkey next to the server: each save of a match waits for it",
               "%d pings: median %.2f ms, longest %.2f ms", PINGS, (double)median_us / 1000,
               (double)took_us[PINGS - 1] / 1000);
}

void check_valkey(struct checks *checks, const struct settings *settings)
{
    char problem[STORES_PROBLEM_SIZE];
    struct valkey_address address = { .tls = false };
    redisContext *valkey = stores_open_valkey(settings, problem);
    if (valkey == NULL) {
        checks_add(checks, CHECK_FAIL, AREA, "connection", find_cure(problem), "%s", problem);
        return;
    }
    (void)valkey_url_parse(settings->valkey_url, &address);
    check_version(checks, valkey, address.tls);
    check_policy(checks, valkey);
    check_scripts(checks, valkey);
    check_latency(checks, valkey);
    redisFree(valkey);
}
