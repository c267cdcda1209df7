/* Tokens and the key set together: who waits for a fetch, and who causes one (contract section
 * 2). The fetch itself is this test's. */
#include "unit/io/fake_io.h"
#include "unit/io/mint.h"
#include <duel/io/auth.h>
#include <duel/io/jwks.h>
#include <test.h>

#define PAYLOAD                                                                               \
    "{\"iss\":\"https://l/oidc\",\"aud\":\"https://api\",\"sub\":\"user\",\"exp\":1895356200}"

static const struct settings settings = {
    .issuer = "https://l/oidc",
    .jwks_url = "https://l/oidc/jwks",
    .logto_api_resource = "https://api",
    .scope = "",
    .secret = "",
};

static EVP_PKEY *key;
static struct auth *auth;
static char served[MINT_SET_MAX]; /* the key set; empty: Logto is away */
static int fetches;
static int answers;
static int accepted;
static enum auth_code last_code;
static char last_sub[65];
static struct ref last_conn;

struct jwks *jwks_fetch(const char *url, const atomic_bool *stop,
                        char ret_problem[JWKS_PROBLEM_SIZE])
{
    fetches++;
    strcpy(ret_problem, "away");
    bool away = atomic_load(stop) || strcmp(url, settings.jwks_url) != 0;
    return away ? NULL : jwks_parse(text_from(served));
}

/* Logto's set is now the one key under these names. */
static void serve(const char *kid, const char *second)
{
    char jwk[2][MINT_JWK_MAX];
    mint_jwk(key, kid, "", jwk[0]);
    mint_jwk(key, second, "", jwk[1]);
    snprintf(served, sizeof(served), "{\"keys\":[%s,%s]}", jwk[0], jwk[1]);
}

static void on_answer(void *context, struct ref conn, const struct auth_verdict *verdict)
{
    CHECK(context == &answers);
    answers++;
    accepted += verdict->code == AUTH_OK;
    last_code = verdict->code;
    last_conn = conn;
    last_sub[0] = '\0';
    if (verdict->sub.data != NULL) {
        memcpy(last_sub, verdict->sub.data, verdict->sub.size);
        last_sub[verdict->sub.size] = '\0';
    }
}

static void ask_text(const char *token)
{
    auth_verify(auth, text_from(token), (struct ref){ 3, 9 }, on_answer, &answers);
}

static void ask(const char *kid)
{
    char header[200];
    sprintf(header, "{\"alg\":\"ES384\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}", kid);
    char *token = mint_token(key, header, PAYLOAD);
    ask_text(token);
    free(token); /* auth has its copy */
}

static void start(void)
{
    if (key == NULL) {
        key = EVP_EC_gen("P-384");
    }
    fetches = 0;
    answers = 0;
    accepted = 0;
    served[0] = '\0';
    fake_log[0] = '\0';
    memset(fake_counts, 0, sizeof(fake_counts));
    auth = auth_create(NULL, NULL, NULL, &settings);
    CHECK(auth != NULL);
}

static void start_with_keys(void)
{
    start();
    serve("a", "b");
    fake_run_all();
    CHECK(auth_has_keys(auth));
    CHECK_INT(fetches, 1);
}

static void stop(void)
{
    auth_destroy(auth);
    fake_drop_all();
}

TEST(keys_are_fetched_at_the_start)
{
    start();
    CHECK(!auth_has_keys(auth));
    CHECK_INT(auth_keys_age_ms(auth), -1);
    serve("a", "b");
    fake_run_all();
    CHECK_INT(fetches, 1);
    CHECK(auth_has_keys(auth));
    fake_now_us += 5000;
    CHECK_INT(auth_keys_age_ms(auth), 5);
    ask("a");
    CHECK_INT(answers, 0); /* never inside the call */
    fake_run_all();
    CHECK_INT(answers, 1);
    CHECK_INT(last_code, AUTH_OK);
    CHECK(strcmp(last_sub, "user") == 0);
    CHECK(ref_equal(last_conn, (struct ref){ 3, 9 }));
    CHECK_INT(accepted, 1);
    stop();
}

TEST(whoever_comes_during_the_first_fetch_waits_for_it)
{
    start();
    struct worker_job *fetch = fake_take();
    ask("a");
    fake_run_all();
    CHECK_INT(answers, 0);
    serve("a", "b");
    fetch->run(fetch);
    fetch->done(fetch);
    fake_run_all();
    CHECK_INT(answers, 1);
    CHECK_INT(last_code, AUTH_OK);
    stop();
}

TEST(without_keys_tokens_are_told_to_come_back_and_cause_no_fetch)
{
    start();
    ask("a");
    fake_run_all();
    CHECK_INT(answers, 1);
    CHECK_INT(last_code, AUTH_UNAVAILABLE);
    for (int i = 0; i < 5; i++) {
        ask("a");
        fake_run_all();
        CHECK_INT(last_code, AUTH_UNAVAILABLE);
    }
    CHECK_INT(fetches, 1);
    ask_text("opaque");
    fake_run_all();
    CHECK_INT(last_code, AUTH_OPAQUE);
    stop();
}

TEST(an_unknown_kid_causes_one_fetch_in_30_s)
{
    start_with_keys();
    serve("b", "c");
    ask("c");
    ask("c");
    ask("nobody");
    fake_run_all();
    CHECK_INT(fetches, 2);
    CHECK_INT(answers, 3);
    CHECK_INT(accepted, 2);
    serve("d", "e");
    fake_now_us += 29000000;
    for (int i = 0; i < 20; i++) {
        ask("d");
        fake_run_all();
        CHECK_INT(last_code, AUTH_UNKNOWN_KEY);
    }
    CHECK_INT(fetches, 2);
    fake_now_us += 1000000;
    ask("d");
    fake_run_all();
    CHECK_INT(last_code, AUTH_OK);
    CHECK_INT(fetches, 3);
    stop();
}

TEST(junk_causes_no_fetch)
{
    start_with_keys();
    ask_text("opaque");
    ask_text("a.b.c");
    ask_text("e30.e30.");
    /* {"alg":"HS256","typ":"at+jwt","kid":"x"} */
    ask_text("eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IngifQ.e30.");
    fake_run_all();
    CHECK_INT(answers, 4);
    CHECK_INT(fetches, 1);
    stop();
}

TEST(a_failed_fetch_keeps_the_last_good_set)
{
    start_with_keys();
    strcpy(served, "<html>502</html>");
    ask("c");
    fake_run_all();
    CHECK_INT(fetches, 2);
    CHECK_INT(last_code, AUTH_UNKNOWN_KEY);
    CHECK_INT(fake_counts[METRIC_JWKS_FETCHES], 2);
    CHECK_INT(fake_counts[METRIC_JWKS_FAILURES], 1);
    CHECK(auth_has_keys(auth));
    ask("a");
    fake_run_all();
    CHECK_INT(last_code, AUTH_OK);
    CHECK(strstr(fake_log, "reason=away") != NULL);
    CHECK(strstr(fake_log, "eyJ") == NULL); /* no token in the log */
    stop();
}

TEST(a_token_checked_against_an_older_set_is_checked_again)
{
    start_with_keys();
    ask("nobody");
    fake_run_one(); /* waits for a fetch, which is in the queue now */
    ask("c");
    struct worker_job *fetch = fake_take(), *token = fake_take();
    token->run(token); /* with the older set */
    serve("b", "c");
    fetch->run(fetch);
    fetch->done(fetch);
    token->done(token);
    CHECK_INT(answers, 0);
    fake_run_all();
    CHECK_INT(answers, 2);
    CHECK_INT(last_code, AUTH_OK);
    CHECK_INT(fetches, 2);
    stop();
}

TEST(those_who_wait_are_bounded)
{
    start_with_keys();
    for (int i = 0; i < 1100; i++) {
        ask("c");
    }
    for (int i = 0; i < 1100; i++) {
        fake_run_one();
    }
    CHECK_INT(fake_jobs, 1); /* the fetch that the first of them caused */
    CHECK_INT(answers, 100);
    CHECK_INT(last_code, AUTH_UNKNOWN_KEY);
    serve("b", "c");
    fake_run_all();
    CHECK_INT(answers, 1100);
    CHECK_INT(accepted, 1000);
    stop();
}

TEST(too_long_is_said_so_without_keeping_it)
{
    static char token[100001];
    start_with_keys();
    memset(token, 'a', sizeof(token) - 1);
    ask_text(token);
    fake_run_all();
    CHECK_INT(last_code, AUTH_TOO_LONG);
    ask_text("");
    fake_run_all();
    CHECK_INT(last_code, AUTH_MISSING);
    stop();
}

TEST(destroyed_with_jobs_under_way)
{
    start();
    ask("a");
    auth_destroy(auth);
    fake_run_all();
    CHECK_INT(answers, 0);

    start_with_keys();
    ask("a");
    ask("c");
    fake_run_one(); /* "a" is answered, */
    fake_run_one(); /* "c" waits for a fetch */
    CHECK_INT(answers, 1);
    CHECK_INT(fake_jobs, 1);
    auth_destroy(auth);
    fake_run_all();
    CHECK_INT(answers, 1);
}

TEST(the_worker_destroyed_first)
{
    start_with_keys();
    ask("a");
    ask("c");
    fake_run_one();
    fake_run_one();
    ask("b");
    fake_drop_all();
    CHECK_INT(answers, 3);
    CHECK_INT(accepted, 1);
    auth_destroy(auth);
    CHECK_INT(fake_jobs, 0);
}

TEST(tickets_need_a_secret)
{
    const struct uuid match = { { 1 } };
    char ticket[AUTH_TICKET_SIZE + 1];
    start();
    CHECK(!auth_has_secret(auth));
    memset(ticket, 'A', AUTH_TICKET_SIZE);
    CHECK_INT(auth_check_ticket(auth, &match, (struct text){ ticket, AUTH_TICKET_SIZE }), -1);
    const uint8_t secret[AUTH_SECRET_SIZE] = { 5 };
    auth_set_secret(auth, secret);
    CHECK(auth_has_secret(auth));
    auth_make_ticket(auth, &match, 1, ticket);
    CHECK_INT(auth_check_ticket(auth, &match, text_from(ticket)), 1);
    stop();
}

TEST(the_operators_secret_stands)
{
    struct settings with_secret = settings;
    with_secret.secret = "correct horse battery";
    const struct uuid match = { { 1 } };
    char before[AUTH_TICKET_SIZE + 1], after[AUTH_TICKET_SIZE + 1];
    start();
    stop();
    auth = auth_create(NULL, NULL, NULL, &with_secret);
    CHECK(auth_has_secret(auth));
    auth_make_ticket(auth, &match, 0, before);
    const uint8_t secret[AUTH_SECRET_SIZE] = { 5 };
    auth_set_secret(auth, secret);
    auth_make_ticket(auth, &match, 0, after);
    CHECK(strcmp(before, after) == 0);
    stop();
}

TEST(codes_have_words)
{
    CHECK(strcmp(auth_code_word(AUTH_OPAQUE), "AUTH_OPAQUE_TOKEN") == 0);
    CHECK(strcmp(auth_code_word(AUTH_BAD_TICKET), "AUTH_BAD_TICKET") == 0);
    CHECK(strstr(auth_code_message(AUTH_TOO_LONG), "3,500") != NULL);
}

TEST_MAIN
