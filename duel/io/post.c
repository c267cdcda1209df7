/* POST with libcurl. It knows nothing of what is sent. */
#include <duel/base/assert.h>
#include <duel/io/post.h>

#include <curl/curl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS 5000L
#define CONNECT_TIMEOUT_MS 3000L
#define ANSWER_SIZE_MAX 65536 /* read at most; more ends the transfer */

struct post {
    struct worker_job job;
    struct worker *worker;
    const char *url;
    const char *user_agent;
    struct curl_slist *headers;
    CURL *curl; /* keeps its connection between two */
    post_answered *answered;
    void *context;
    atomic_bool stop;
    bool busy;
    char *body;
    size_t size;
    size_t received;
    struct post_answer answer;
};

static size_t on_bytes(char *bytes, size_t size, size_t count, void *context)
{
    struct post *post = context;
    size *= count;
    if (size > ANSWER_SIZE_MAX - post->received) {
        return 0; /* ends the transfer */
    }
    size_t room = post->received < POST_ANSWER_SIZE_MAX ? POST_ANSWER_SIZE_MAX - post->received : 0;
    size_t kept = size < room ? size : room;
    memcpy(post->answer.text + (POST_ANSWER_SIZE_MAX - room), bytes, kept);
    post->received += size;
    return size;
}

static int on_progress(void *context, curl_off_t total, curl_off_t now, curl_off_t upload_total,
                       curl_off_t upload_now)
{
    (void)total;
    (void)now;
    (void)upload_total;
    (void)upload_now;
    const struct post *post = context;
    return atomic_load(&post->stop);
}

/* Redirects are not followed: what is sent is for this address alone. */
static void set_options(struct post *post)
{
    CURL *curl = post->curl;
    CURLcode code = CURLE_OK;
#define SET(option, value) code = code != CURLE_OK ? code : curl_easy_setopt(curl, option, value)
    SET(CURLOPT_URL, post->url);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
    SET(CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    SET(CURLOPT_NOSIGNAL, 1L); /* signals and threads do not mix */
    SET(CURLOPT_NOPROXY, "*");
    SET(CURLOPT_USERAGENT, post->user_agent);
    SET(CURLOPT_HTTPHEADER, post->headers);
    SET(CURLOPT_POST, 1L);
    SET(CURLOPT_POSTFIELDS, post->body);
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)post->size);
    SET(CURLOPT_WRITEFUNCTION, on_bytes);
    SET(CURLOPT_WRITEDATA, post);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_XFERINFOFUNCTION, on_progress);
    SET(CURLOPT_XFERINFODATA, post);
#undef SET
    ASSERT(code == CURLE_OK || code == CURLE_OUT_OF_MEMORY);
}

static void run(struct worker_job *job)
{
    struct post *post = (struct post *)job;
    set_options(post);
    CURLcode code = curl_easy_perform(post->curl);
    long status = 0;
    curl_off_t retry_after = 0;
    if (code == CURLE_OK) {
        curl_easy_getinfo(post->curl, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(post->curl, CURLINFO_RETRY_AFTER, &retry_after);
        snprintf(post->answer.problem, sizeof post->answer.problem, "HTTP status %ld", status);
    } else {
        snprintf(post->answer.problem, sizeof post->answer.problem, "%s", curl_easy_strerror(code));
    }
    post->answer.status = (uint32_t)status;
    post->answer.accepted = status >= 200 && status < 300;
    post->answer.retry_after_s = retry_after <= 0       ? 0
                                 : retry_after > 86400 ? 86400
                                                       : (uint32_t)retry_after;
}

static void done(struct worker_job *job)
{
    struct post *post = (struct post *)job;
    free(post->body);
    post->body = NULL;
    post->busy = false;
    if (!atomic_load(&post->stop)) {
        post->answered(post->context, &post->answer);
    }
}

struct post *post_create(struct worker *worker, const char *url, const char *user_agent,
                         const char *const *headers, post_answered *answered, void *context)
{
    struct post *post = calloc(1, sizeof *post);
    if (post == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(post);
        return NULL;
    }
    *post = (struct post){ .job = { .run = run, .done = done },
                           .worker = worker,
                           .url = url,
                           .user_agent = user_agent,
                           .answered = answered,
                           .context = context };
    post->curl = curl_easy_init();
    bool ok = post->curl != NULL;
    for (; *headers != NULL && ok; headers++) {
        struct curl_slist *longer = curl_slist_append(post->headers, *headers);
        ok = longer != NULL;
        post->headers = ok ? longer : post->headers;
    }
    if (!ok) {
        post_destroy(post);
        return NULL;
    }
    return post;
}

void post_stop(struct post *post)
{
    atomic_store(&post->stop, true);
}

/* What is still busy has been left behind by its worker, with all that belongs to it. */
void post_destroy(struct post *post)
{
    if (post == NULL || post->busy) {
        return;
    }
    curl_easy_cleanup(post->curl);
    curl_slist_free_all(post->headers);
    curl_global_cleanup();
    free(post);
}

bool post_is_busy(const struct post *post)
{
    return post->busy;
}

void post_send(struct post *post, char *body, size_t size)
{
    ASSERT(!post->busy);
    post->busy = true;
    post->body = body;
    post->size = size;
    post->received = 0;
    memset(&post->answer, 0, sizeof post->answer);
    snprintf(post->answer.problem, sizeof post->answer.problem, "not sent");
    worker_submit(post->worker, &post->job);
}
