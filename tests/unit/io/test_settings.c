/* Settings: what is read, what is refused and with which line (contract section 8). */
#include "test.h"
#include "capture.h"

#include <duel/io/settings.h>
#include <duel/io/settings_check.h>

static struct settings settings;
static struct text problem;

/* An environment that will do, and nothing else. */
static void clean(void)
{
    clearenv();
    setenv("DATABASE_URL", "postgresql://duel:geheim@db/framedle", 1);
    setenv("VALKEY_URL", "redis://:geheim@valkey:6379/0", 1);
    setenv("LOGTO_ENDPOINT", "https://auth.example.org/", 1);
    setenv("LOGTO_API_RESOURCE", "https://api.example.org", 1);
    setenv("DUEL_FRAMES", "file:///tmp", 1);
}

static bool try_with(const char *name, const char *value)
{
    clean();
    setenv(name, value, 1);
    problem = TEXT_NONE;
    return settings_read(&settings, &problem);
}

/* Refused, by one line that starts with the name and holds no secret. */
static void check_refused(const char *name, const char *value)
{
    bool good = try_with(name, value);
    if (good) {
        printf("  %s=%s was taken\n", name, value);
    }
    CHECK(!good);
    CHECK(problem.size > strlen(name) && strncmp(problem.data, name, strlen(name)) == 0);
    CHECK(memchr(problem.data, '\n', problem.size) == NULL);
    CHECK(memmem(problem.data, problem.size, "geheim", 6) == NULL);
}

static void check_taken(const char *name, const char *value)
{
    if (!try_with(name, value)) {
        printf("  %s=%s: %.*s\n", name, value, TEXT_ARG(problem));
        CHECK(false);
    }
}

TEST(defaults)
{
    check_taken("DUEL_LISTEN", "");
    CHECK(strcmp(settings.listen, "0.0.0.0:4100") == 0);
    CHECK(strcmp(settings.ops_listen, "127.0.0.1:4190") == 0);
    CHECK(strcmp(settings.base_path, "/api/duel") == 0);
    CHECK(strcmp(settings.issuer, "https://auth.example.org/oidc") == 0);
    CHECK(strcmp(settings.jwks_url, "https://auth.example.org/oidc/jwks") == 0);
    CHECK(strcmp(settings.frames_dir, "/tmp") == 0);
    CHECK(strcmp(settings.secret, "") == 0);
    CHECK_INT(settings.difficulty_min, 4);
    CHECK_INT(settings.difficulty_max, 6);
    CHECK_INT(settings.round_ms, 30000);
    CHECK_INT(settings.best_of, 5);
}

TEST(values_as_set)
{
    check_taken("DUEL_ROUND_MS", "300");
    CHECK_INT(settings.round_ms, 300);
    check_taken("DUEL_DIFFICULTY", "1-10");
    CHECK_INT(settings.difficulty_min, 1);
    CHECK_INT(settings.difficulty_max, 10);
    check_taken("LOGTO_JWKS_URL", "http://127.0.0.1:9/keys");
    CHECK(strcmp(settings.jwks_url, "http://127.0.0.1:9/keys") == 0);
    check_taken("LOGTO_ENDPOINT", "http://[::1]:3001/tenant//");
    CHECK(strcmp(settings.issuer, "http://[::1]:3001/tenant/oidc") == 0);
}

TEST(what_is_required_must_be_set)
{
    static const char *const names[] = { "DATABASE_URL", "VALKEY_URL", "LOGTO_ENDPOINT",
                                         "LOGTO_API_RESOURCE", "DUEL_FRAMES" };
    for (uint32_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        check_refused(names[i], "");
        CHECK(memmem(problem.data, problem.size, " is not set: ", 13) != NULL);
    }
}

TEST(one_problem_leaves_the_result_alone)
{
    check_taken("DUEL_ROUND_MS", "300");
    CHECK(!try_with("DUEL_ROUND_MS", "x"));
    CHECK_INT(settings.round_ms, 300);
    CHECK_TEXT(problem, "DUEL_ROUND_MS is \"x\": must be a whole number from 1 to 3600000");
}

TEST(the_alias_counts_when_the_name_is_not_set)
{
    clean();
    unsetenv("VALKEY_URL");
    setenv("REDIS_URL", "redis://other", 1);
    CHECK(settings_read(&settings, &problem));
    CHECK(strcmp(settings.valkey_url, "redis://other") == 0);
    setenv("VALKEY_URL", "redis://first", 1);
    CHECK(settings_read(&settings, &problem));
    CHECK(strcmp(settings.valkey_url, "redis://first") == 0);
    unsetenv("VALKEY_URL");
    setenv("REDIS_URL", "http://geheim", 1);
    CHECK(!settings_read(&settings, &problem));
    CHECK(strncmp(problem.data, "REDIS_URL must be redis://", 26) == 0);
}

TEST(numbers)
{
    static const char *const wrong[] = { "-1", "+5", "5.0", " 5", "5 ", "5ms", "0x5", "1e3", "",
                                         "99999999999999999999999", "0", "26" };
    for (uint32_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (wrong[i][0] != '\0') {
            check_refused("DUEL_BEST_OF", wrong[i]);
        }
    }
    check_taken("DUEL_BEST_OF", "25");
    check_taken("DUEL_BEST_OF", "007");
}

TEST(addresses_to_listen_on)
{
    static const char *const right[] = { "127.0.0.1:1", "[::1]:4100", "[::]:65535", "1.2.3.4:0",
                                         "localhost:80" };
    static const char *const wrong[] = { "4100", ":4100", "0.0.0.0", "0.0.0.0:", "0.0.0.0:65536",
                                         "0.0.0.0:x", "1.2.3:4100", "example.org:4100",
                                         "::1:4100", "[::1]", "[1.2.3.4]:1", "[]:1",
                                         "0.0.0.0:4100 " };
    for (uint32_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        check_taken("DUEL_LISTEN", right[i]);
    }
    for (uint32_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        check_refused("DUEL_LISTEN", wrong[i]);
    }
    check_refused("DUEL_OPS_LISTEN", "0.0.0.0:4100");
}

TEST(shapes_that_are_right)
{
    check_taken("DUEL_BASE_PATH", "/duel");
    check_taken("DUEL_NODE_ID", "node-1");
    check_taken("DATABASE_URL", "host=/run/postgresql dbname=duel");
    check_taken("DATABASE_URL", "postgres:///duel?host=/tmp");
    check_taken("VALKEY_URL", "unix:///run/valkey.sock");
    check_taken("DATABASE_URL", "postgresql://u:p%25ss@h1:5432,h2:5433,h3/db?sslmode=require");
    check_taken("DATABASE_URL", "host=a,b port=5432,");
    check_taken("VALKEY_URL", "unix://user:pw@/run/valkey.sock?db=3");
    check_taken("VALKEY_URL", "redis://user:p@ss%2Fword@[::1]:6380/12");
    check_taken("VALKEY_URL", "redis://valkey");
    check_taken("VALKEY_URL", "valkey://:pw@valkey:6380/1");
    check_taken("DUEL_ALLOWED_ORIGINS", "https://framedle.wtf, http://localhost:3000 ");
    check_taken("DUEL_ALLOWED_ORIGINS", "http://[::1]:8080");
    check_taken("DUEL_ALLOWED_ORIGINS",
                "tauri://localhost http://tauri.localhost https://tauri.localhost");
    check_taken("DUEL_TRUSTED_PROXIES", settings.trusted_proxies); /* the defaults */
    check_taken("DUEL_CLOUDFLARE_RANGES", settings.cloudflare_ranges);
    check_taken("DUEL_TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.7 fc00::/7,::1");
    check_taken("DUEL_TRUSTED_PROXIES", "none");
    check_taken("DUEL_CLOUDFLARE_RANGES", "none");
    check_taken("DUEL_SECRET", "0123456789abcdef");
    check_taken("DUEL_INVITE_URL", "framedle://duel/{match}");
    check_taken("DUEL_INVITE_URL", "http://localhost:3000/?invite={match}#now");
    check_taken("DUEL_RATED_INVITES", "off");
    check_taken("DUEL_SCOPE", "duel:play");
    check_taken("LOG_LEVEL", "error");
}

static const char *const wrong[][2] = {
    { "DUEL_BASE_PATH", "api" },
    { "DUEL_BASE_PATH", "/" },
    { "DUEL_BASE_PATH", "/api/" },
    { "DUEL_BASE_PATH", "/a//b" },
    { "DUEL_BASE_PATH", "/a/../b" },
    { "DUEL_BASE_PATH", "/a b" },
    { "DUEL_BASE_PATH", "/a?b" },
    { "DUEL_NODE_ID", "A" },
    { "DUEL_NODE_ID", "12345678901234567" },
    { "DATABASE_URL", "mysql://geheim" },
    { "DATABASE_URL", "geheim" },
    { "DATABASE_URL", "postgresql://u:geheim%zz@h/db" },
    { "DATABASE_URL", "host=x password=geheim bogus_key=1" },
    { "DATABASE_URL", "postgresql://u:geheim@h/db?bogus_key=1" },
    { "DATABASE_URL", "postgresql://u:geheim@h:notaport/db" },
    { "DATABASE_URL", "postgresql://u:geheim@h:0/db" },
    { "DATABASE_URL", "postgresql://u:geheim@h:65536/db" },
    { "DATABASE_URL", "postgresql://u:geheim@h1:5432,h2:x/db" },
    { "DATABASE_URL", "host=x port=99999999999999999999" },
    { "VALKEY_URL", "redis://:geheim%zz@localhost:6379" },
    { "VALKEY_URL", "redis://user:geheim/x@localhost:6379" },
    { "VALKEY_URL", "unix:///x?db=geheim" },
    { "VALKEY_URL", "rediss://:geheim%zz@host" },
    { "VALKEY_URL", "unix://geheim" },
    { "VALKEY_URL", "redis://" },
    { "VALKEY_URL", "redis://geheim@" },
    { "VALKEY_URL", "redis://host:0" },
    { "VALKEY_URL", "redis://host:6379/geheim" },
    { "VALKEY_URL", "host:6379" },
    { "LOGTO_ENDPOINT", "auth.example.org" },
    { "LOGTO_ENDPOINT", "ftp://auth.example.org" },
    { "LOGTO_ENDPOINT", "https://" },
    { "LOGTO_ENDPOINT", "https://a:b@auth.example.org" },
    { "LOGTO_ENDPOINT", "https://auth.example.org/?x" },
    { "LOGTO_ENDPOINT", "https://auth.example.org/oidc" },
    { "LOGTO_ENDPOINT", "https://auth.example.org/oidc/" },
    { "LOGTO_ENDPOINT", "https://auth.example.org:99999" },
    { "LOGTO_JWKS_URL", "file:///etc/passwd" },
    { "LOGTO_API_RESOURCE", "two words" },
    { "DUEL_FRAMES", "s3:/bucket" },
    { "DUEL_FRAMES", "s3://Bucket" },
    { "DUEL_FRAMES", "s3://bucket/frames" },
    { "R2_ENDPOINT", "garage:3900" },
    { "R2_ENDPOINT", "s3://garage:3900" },
    { "R2_ENDPOINT", "https://key:secret@garage:3900" },
    { "R2_ENDPOINT", "https://account.r2.cloudflarestorage.com/bucket" },
    { "R2_ENDPOINT", "http://garage:99999" },
    { "R2_BUCKET", "ab" },
    { "R2_BUCKET", "a..b" },
    { "R2_BUCKET", "-ab" },
    { "R2_BUCKET", "../x" },
    { "R2_REGION", "Auto" },
    { "R2_REGION", "a/b" },
    { "R2_ACCESS_KEY", "geheim/geheim" },
    { "R2_ACCESS_KEY", "geheim geheim" },
    { "R2_ACCESS_KEY", "geheim\r\nX: y" },
    { "R2_SECRET_KEY", "geheim geheim" },
    { "R2_SECRET_KEY", "geheim\n" },
    { "DUEL_FRAMES", "/srv/frames" },
    { "DUEL_FRAMES", "file://srv" },
    { "DUEL_FRAMES", "file:///" },
    { "DUEL_FRAMES", "file:///no/such/directory" },
    { "DUEL_FRAMES", "file:///etc/passwd" },
    { "DUEL_DIFFICULTY", "5" },
    { "DUEL_DIFFICULTY", "6-4" },
    { "DUEL_DIFFICULTY", "0-3" },
    { "DUEL_DIFFICULTY", "1-11" },
    { "DUEL_DIFFICULTY", "4-" },
    { "DUEL_DIFFICULTY", "-4" },
    { "DUEL_ALLOWED_ORIGINS", "*" },
    { "DUEL_ALLOWED_ORIGINS", "framedle.wtf" },
    { "DUEL_ALLOWED_ORIGINS", "https://framedle.wtf/" },
    { "DUEL_ALLOWED_ORIGINS", "https://framedle.wtf https://x/path" },
    { "DUEL_ALLOWED_ORIGINS", "https://Framedle.wtf" },
    { "DUEL_ALLOWED_ORIGINS", "https://framedle.wtf:443" },
    { "DUEL_ALLOWED_ORIGINS", "http://framedle.wtf:80" },
    { "DUEL_ALLOWED_ORIGINS", "https://" },
    { "DUEL_ALLOWED_ORIGINS", "null" },
    { "DUEL_TRUSTED_PROXIES", "traefik" },
    { "DUEL_TRUSTED_PROXIES", "10.0.0.1/8" },
    { "DUEL_TRUSTED_PROXIES", "10.0.0.0/33" },
    { "DUEL_TRUSTED_PROXIES", "none, 10.0.0.0/8" },
    { "DUEL_CLOUDFLARE_RANGES", "172.64.0.0/13;10.0.0.0/8" },
    { "DUEL_SECRET", "geheimgeheim" },
    { "DUEL_INVITE_URL", "https://framedle.wtf/duel" },
    { "DUEL_INVITE_URL", "/duel/{match}" },
    { "DUEL_INVITE_URL", "{match}://framedle.wtf" },
    { "DUEL_INVITE_URL", "https://framedle.wtf/{match}/{match}" },
    { "DUEL_INVITE_URL", "https://framedle.wtf/ {match}" },
    { "DUEL_INVITE_URL", "https://framedle.wtf/\"{match}" },
    { "DUEL_RATED_INVITES", "yes" },
    { "DUEL_RATED_INVITES", "On" },
    { "DUEL_SCOPE", "a b" },
    { "LOG_LEVEL", "INFO" },
};

TEST(shapes_that_are_wrong)
{
    for (uint32_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        check_refused(wrong[i][0], wrong[i][1]);
    }
}

/* An environment with a store; `without` is left out. */
static bool try_store(const char *frames, const char *without)
{
    clean();
    setenv("DUEL_FRAMES", frames, 1);
    setenv("R2_ENDPOINT", "http://garage:3900/", 1);
    setenv("R2_ACCESS_KEY", "GK31c2f218a2e44f485b94239e", 1);
    setenv("R2_SECRET_KEY", "geheim/+=\"\\", 1);
    setenv("R2_BUCKET", "other-bucket", 1);
    unsetenv(without);
    problem = TEXT_NONE;
    return settings_read(&settings, &problem);
}

TEST(frames_from_a_store)
{
    CHECK(try_store("s3://framedle-content", "R2_BUCKET"));
    CHECK(strcmp(settings.frames_bucket, "framedle-content") == 0);
    CHECK(settings.frames_dir == NULL);
    CHECK(strcmp(settings.r2_region, "auto") == 0);
    CHECK(try_store("s3://framedle-content", "none"));
    CHECK(strcmp(settings.frames_bucket, "framedle-content") == 0);
    CHECK(try_store("s3://", "none"));
    CHECK(strcmp(settings.frames_bucket, "other-bucket") == 0);
    static const char *const needed[] = { "R2_ENDPOINT", "R2_ACCESS_KEY", "R2_SECRET_KEY",
                                          "R2_BUCKET" };
    for (uint32_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        CHECK(!try_store("s3://", needed[i]));
        CHECK(strncmp(problem.data, needed[i], strlen(needed[i])) == 0);
        CHECK(memmem(problem.data, problem.size, " is not set: ", 13) != NULL);
        CHECK(memmem(problem.data, problem.size, "geheim", 6) == NULL);
    }
    CHECK(!try_store("s3://bucket", "R2_SECRET_KEY"));
    setenv("R2_SECRET_ACCESS_KEY", "geheim", 1);
    unsetenv("R2_ACCESS_KEY");
    setenv("R2_ACCESS_KEY_ID", "id", 1);
    CHECK(settings_read(&settings, &problem));
    CHECK(strcmp(settings.r2_secret_key, "geheim") == 0);
    CHECK(strcmp(settings.r2_access_key, "id") == 0);
    clean(); /* a directory needs none of them */
    CHECK(settings_read(&settings, &problem));
    CHECK(settings.frames_bucket == NULL);
}

TEST(a_wrong_value_is_shown_on_one_line_and_cut)
{
    char value[400];
    memset(value, 'x', sizeof value);
    memcpy(value, "a\nb\x1b\xff", 5);
    value[sizeof value - 1] = '\0';
    check_refused("DUEL_NODE_ID", value);
    CHECK(problem.size < 200);
    CHECK(strncmp(problem.data, "DUEL_NODE_ID is \"a?b??xxx", 25) == 0);
}

TEST(origins_are_compared_exactly)
{
    check_taken("DUEL_ALLOWED_ORIGINS", " https://a.org,http://b.org:81  https://c.org,");
    CHECK(settings_allow_origin(&settings, TEXT("https://a.org")));
    CHECK(settings_allow_origin(&settings, TEXT("http://b.org:81")));
    CHECK(settings_allow_origin(&settings, TEXT("https://c.org")));
    CHECK(!settings_allow_origin(&settings, TEXT("https://a.or")));
    CHECK(!settings_allow_origin(&settings, TEXT("https://a.org.evil.example")));
    CHECK(!settings_allow_origin(&settings, TEXT("http://a.org")));
    CHECK(!settings_allow_origin(&settings, TEXT("https://a.org:443")));
    CHECK(!settings_allow_origin(&settings, TEXT("null")));
    CHECK(!settings_allow_origin(&settings, TEXT("")));
    check_taken("DUEL_ALLOWED_ORIGINS", "");
    CHECK(!settings_allow_origin(&settings, TEXT("https://a.org")));
    CHECK(!settings_allow_origin(&settings, TEXT("")));
}

TEST(limits_follow_the_settings)
{
    check_taken("DUEL_GRACE_MS", "400");
    struct hub_limits limits = settings_limits(&settings, 20000);
    CHECK_INT(limits.rules.grace_ms, 400);
    CHECK_INT(limits.rules.grace_total_ms, 1200);
    CHECK_INT(limits.connections_max, 20000);
    CHECK_INT(limits.matches_max, 21024);
    CHECK_INT(limits.matchmaker.timeout_ms, 30000);
    CHECK_INT(limits.silence_match_ms, 15000);
    CHECK_INT(settings_limits(&settings, 1000000).matches_max, 100000);
}

TEST(values_are_printed_without_secrets)
{
    check_taken("DUEL_SECRET", "geheimgeheimgeheim");
    struct capture capture;
    capture_begin(&capture, STDOUT_FILENO);
    settings_print_values(&settings);
    char *text = capture_end(&capture);
    CHECK(strstr(text, "geheim") == NULL);
    CHECK(strstr(text, "DATABASE_URL=(set)\n") != NULL);
    CHECK(strstr(text, "DUEL_SECRET=(set)\n") != NULL);
    CHECK(strstr(text, "DUEL_ROUND_MS=30000\n") != NULL);
    free(text);
    capture_begin(&capture, STDOUT_FILENO);
    settings_print_help();
    text = capture_end(&capture);
    CHECK(strstr(text, "VALKEY_URL") != NULL && strstr(text, "REDIS_URL") != NULL);
    CHECK(strstr(text, "[30000]") != NULL && strstr(text, "[required]") != NULL);
    free(text);
}

TEST(unknown_variables_are_reported_by_name_only)
{
    clean();
    setenv("DUEL_ROUNDS_MS", "geheim", 1);
    setenv("DUEL_", "geheim", 1);
    setenv("OTHER", "geheim", 1);
    struct capture capture;
    capture_begin(&capture, STDERR_FILENO);
    settings_warn_unknown();
    char *text = capture_end(&capture);
    CHECK(strstr(text, "name=DUEL_ROUNDS_MS\n") != NULL);
    CHECK(strstr(text, "name=DUEL_\n") != NULL);
    CHECK(strstr(text, "geheim") == NULL && strstr(text, "OTHER") == NULL);
    CHECK(strstr(text, "DUEL_FRAMES") == NULL);
    free(text);
}

TEST_MAIN
