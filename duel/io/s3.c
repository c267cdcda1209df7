/* The S3 client: a thread with a libcurl multi handle, fed through a queue behind a mutex. Requests
 * come back over an ev_async watcher. It knows nothing of pictures. */
#include <duel/base/assert.h>
#include <duel/io/s3.h>
#include <duel/io/sigv4.h>

#include <curl/curl.h>
#include <ev.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define END_WAIT_S 3
#define POLL_MS 10000 /* libcurl's own timers and s3_get() end a poll earlier */
#define URL_SIZE_MAX 4096
#define HOST_SIZE_MAX 512
#define HEADER_SIZE_MAX (SIGV4_AUTHORIZATION_SIZE_MAX + 32)
#define CODE_SIZE_MAX 48 /* of the word in an error's XML */

struct request {
    struct request *next;
    s3_done *done;
    void *context;
    uint32_t size_max;
    CURL *curl;
    struct curl_slist *headers;
    struct s3_answer answer;
    uint32_t key_size;
    char key[];
};

struct requests {
    struct request *first;
    struct request **last; /* where the next one is linked */
};

struct s3 {
    struct s3_options options;
    char host[HOST_SIZE_MAX]; /* what is signed and sent as Host */
    struct loop *loop;
    struct ev_async wake;
    CURLM *multi;
    pthread_t thread;
    struct requests running; /* the thread's alone */
    uint32_t running_count;
    pthread_mutex_t mutex; /* guards what follows */
    struct requests todo;
    struct requests finished;
    bool stopping;
};

static void init(struct requests *requests)
{
    requests->first = NULL;
    requests->last = &requests->first;
}

static void put(struct requests *requests, struct request *request)
{
    request->next = NULL;
    *requests->last = request;
    requests->last = &request->next;
}

static struct request *take(struct requests *requests)
{
    struct request *request = requests->first;
    if (request != NULL) {
        requests->first = request->next;
        if (requests->first == NULL) {
            requests->last = &requests->first;
        }
    }
    return request;
}

static void take_out(struct requests *requests, const struct request *request)
{
    struct request **at = &requests->first;
    while (*at != request) {
        at = &(*at)->next;
    }
    *at = request->next;
    if (*at == NULL) {
        requests->last = at;
    }
}

static void lock(struct s3 *s3)
{
    int failed = pthread_mutex_lock(&s3->mutex);
    ASSERT(failed == 0);
}

static void unlock(struct s3 *s3)
{
    int failed = pthread_mutex_unlock(&s3->mutex);
    ASSERT(failed == 0);
}

/* ---- a request ---- */

static size_t on_bytes(char *bytes, size_t size, size_t count, void *context)
{
    struct request *request = context;
    struct s3_answer *answer = &request->answer;
    size *= count;
    if (size > request->size_max - answer->size) {
        return 0; /* ends the transfer */
    }
    memcpy(answer->bytes + answer->size, bytes, size);
    answer->size += (uint32_t)size;
    return size;
}

static void set_options(const struct s3 *s3, struct request *request, const char *url)
{
    CURLcode code = CURLE_OK;
#define SET(option, value) \
    code = code != CURLE_OK ? code : curl_easy_setopt(request->curl, option, value)
    SET(CURLOPT_URL, url);
    SET(CURLOPT_PATH_AS_IS, 1L);
    SET(CURLOPT_HTTPHEADER, request->headers);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_TIMEOUT_MS, (long)S3_TIMEOUT_MS);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)S3_CONNECT_TIMEOUT_MS);
    SET(CURLOPT_MAXFILESIZE, (long)request->size_max);
    SET(CURLOPT_NOSIGNAL, 1L); /* signals and threads do not mix */
    SET(CURLOPT_NOPROXY, "*");
    SET(CURLOPT_USERAGENT, "duel-server");
    SET(CURLOPT_WRITEFUNCTION, on_bytes);
    SET(CURLOPT_WRITEDATA, request);
    SET(CURLOPT_PRIVATE, request);
    if (s3->options.ca_file[0] != '\0') {
        SET(CURLOPT_CAINFO, s3->options.ca_file);
    }
#undef SET
    ASSERT(code == CURLE_OK || code == CURLE_OUT_OF_MEMORY);
}

/* False: out of memory. */
static bool add_header(struct request *request, const char *name, const char *value)
{
    char line[HEADER_SIZE_MAX];
    int size = snprintf(line, sizeof(line), "%s: %s", name, value);
    struct curl_slist *longer = NULL;
    if (size > 0 && (size_t)size < sizeof(line)) {
        longer = curl_slist_append(request->headers, line);
    }
    OPENSSL_cleanse(line, sizeof(line));
    request->headers = longer != NULL ? longer : request->headers;
    return longer != NULL;
}

/* Signs for now and the object at `path`. */
static bool add_headers(const struct s3 *s3, struct request *request, struct text path)
{
    const struct sigv4_keys keys = { s3->options.access_key, s3->options.secret_key,
                                     s3->options.region, "s3" };
    char date[SIGV4_DATE_SIZE + 1];
    char authorization[SIGV4_AUTHORIZATION_SIZE_MAX];
    sigv4_date((uint64_t)time(NULL), date);
    const struct sigv4_header headers[] = { { "host", s3->host },
                                            { "x-amz-content-sha256", SIGV4_NO_BODY },
                                            { "x-amz-date", date } };
    const uint32_t count = sizeof(headers) / sizeof(headers[0]);
    bool ok = sigv4_authorize(&keys, date, path, headers, count, authorization) &&
              add_header(request, "Authorization", authorization);
    for (uint32_t i = 0; i < count && ok; i++) {
        ok = add_header(request, headers[i].name, headers[i].value);
    }
    return ok;
}

/* False: it could not be begun. */
static bool prepare(const struct s3 *s3, struct request *request)
{
    char memory[URL_SIZE_MAX];
    struct text_buffer url;
    text_buffer_init(&url, memory, sizeof(memory) - 1);
    bool secure = strncmp(s3->options.endpoint, "https:", 6) == 0;
    text_append(&url, secure ? TEXT("https://") : TEXT("http://"));
    text_append(&url, text_from(s3->host));
    uint32_t start = url.size;
    text_append(&url, TEXT("/"));
    text_append(&url, text_from(s3->options.bucket));
    text_append(&url, TEXT("/"));
    sigv4_append_path(&url, (struct text){ request->key, request->key_size });
    memory[url.size] = '\0';
    request->answer.bytes = malloc(request->size_max);
    request->curl = curl_easy_init();
    if (url.full || request->answer.bytes == NULL || request->curl == NULL ||
        !add_headers(s3, request, (struct text){ memory + start, url.size - start })) {
        return false;
    }
    set_options(s3, request, memory);
    return curl_multi_add_handle(s3->multi, request->curl) == CURLM_OK;
}

static void free_request(struct request *request)
{
    curl_easy_cleanup(request->curl);
    curl_slist_free_all(request->headers);
    free(request->answer.bytes);
    free(request);
}

/* ---- its outcome ---- */

/* The word in <Code>…</Code> of an error; nothing else of what a store says is believed or kept. */
static void find_code(const struct s3_answer *answer, char ret_code[CODE_SIZE_MAX])
{
    static const char tag[] = "<Code>";
    const char *text = (const char *)answer->bytes;
    const char *found = answer->size > 0 ? memmem(text, answer->size, tag, strlen(tag)) : NULL;
    uint32_t size = 0;
    if (found != NULL) {
        found += strlen(tag);
        while (found + size < text + answer->size && size < CODE_SIZE_MAX - 1 &&
               ((found[size] >= 'A' && found[size] <= 'Z') ||
                (found[size] >= 'a' && found[size] <= 'z'))) {
            size++;
        }
        memcpy(ret_code, found, size);
    }
    ret_code[size] = '\0';
}

static enum s3_outcome outcome_of_status(long status, const char *code)
{
    if (status >= 500 || status == 429 || status == 408 || status < 300) {
        return S3_BROKEN; /* a 2xx that is not 200 is no object */
    }
    return status == 404 && strcmp(code, "NoSuchBucket") != 0 ? S3_ABSENT : S3_REFUSED;
}

static void judge_status(struct s3_answer *answer, long status)
{
    char code[CODE_SIZE_MAX];
    find_code(answer, code);
    answer->outcome = outcome_of_status(status, code);
    snprintf(answer->reason, sizeof(answer->reason), "HTTP status %ld%s%s", status,
             code[0] != '\0' ? " " : "", code);
}

static void judge(struct request *request, CURLcode code)
{
    struct s3_answer *answer = &request->answer;
    long status = 0;
    curl_easy_getinfo(request->curl, CURLINFO_RESPONSE_CODE, &status);
    bool too_large = code == CURLE_WRITE_ERROR || code == CURLE_FILESIZE_EXCEEDED;
    if (status != 0 && status != 200) {
        judge_status(answer, status);
    } else if (status == 200 && code == CURLE_OK) {
        answer->outcome = S3_GOT;
    } else if (status == 200 && too_large) {
        answer->outcome = S3_TOO_LARGE;
        snprintf(answer->reason, sizeof(answer->reason), "more than %u bytes", request->size_max);
    } else {
        bool broken = code == CURLE_PARTIAL_FILE || code == CURLE_RECV_ERROR ||
                      code == CURLE_GOT_NOTHING || code == CURLE_WEIRD_SERVER_REPLY ||
                      code == CURLE_UNSUPPORTED_PROTOCOL;
        answer->outcome = broken ? S3_BROKEN : S3_UNREACHED;
        snprintf(answer->reason, sizeof(answer->reason), "%s", curl_easy_strerror(code));
    }
}

/* Hands the request back to the loop. */
static void give_back(struct s3 *s3, struct request *request)
{
    if (request->answer.outcome != S3_GOT) {
        free(request->answer.bytes);
        request->answer.bytes = NULL;
        request->answer.size = 0;
    }
    curl_easy_cleanup(request->curl);
    curl_slist_free_all(request->headers);
    request->curl = NULL;
    request->headers = NULL;
    lock(s3);
    put(&s3->finished, request);
    if (!s3->stopping) { /* the loop may be gone by then */
        ev_async_send(loop_ev(s3->loop), &s3->wake);
    }
    unlock(s3);
}

/* ---- the thread ---- */

static struct request *take_todo(struct s3 *s3)
{
    struct request *request = NULL;
    lock(s3);
    if (s3->running_count < S3_REQUESTS_MAX && !s3->stopping) {
        request = take(&s3->todo);
    }
    unlock(s3);
    return request;
}

static void start_requests(struct s3 *s3)
{
    for (struct request *request = take_todo(s3); request != NULL; request = take_todo(s3)) {
        if (prepare(s3, request)) {
            put(&s3->running, request);
            s3->running_count++;
            continue;
        }
        request->answer.outcome = S3_UNREACHED;
        snprintf(request->answer.reason, sizeof(request->answer.reason), "out of memory");
        give_back(s3, request);
    }
}

static void end_requests(struct s3 *s3)
{
    int left = 0;
    for (CURLMsg *message = curl_multi_info_read(s3->multi, &left); message != NULL;
         message = curl_multi_info_read(s3->multi, &left)) {
        struct request *request = NULL;
        CURLcode code = message->data.result;
        ASSERT(message->msg == CURLMSG_DONE);
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&request);
        curl_multi_remove_handle(s3->multi, request->curl); /* `message` is dead now */
        take_out(&s3->running, request);
        s3->running_count--;
        judge(request, code);
        give_back(s3, request);
    }
}

static bool is_stopping(struct s3 *s3)
{
    lock(s3);
    bool stopping = s3->stopping;
    unlock(s3);
    return stopping;
}

static void *work(void *argument)
{
    struct s3 *s3 = argument;
    while (!is_stopping(s3)) {
        int running = 0;
        start_requests(s3);
        curl_multi_perform(s3->multi, &running);
        end_requests(s3);
        lock(s3);
        bool more = s3->todo.first != NULL && s3->running_count < S3_REQUESTS_MAX;
        unlock(s3);
        if (!more) {
            curl_multi_poll(s3->multi, NULL, 0, POLL_MS, NULL);
        }
    }
    for (struct request *request = take(&s3->running); request != NULL;
         request = take(&s3->running)) {
        curl_multi_remove_handle(s3->multi, request->curl);
        free_request(request);
    }
    return NULL;
}

/* ---- the loop's side ---- */

static void woken(struct ev_loop *ev, struct ev_async *wake, int events)
{
    (void)ev;
    (void)events;
    struct s3 *s3 = wake->data;
    lock(s3);
    struct request *request = s3->finished.first;
    init(&s3->finished);
    unlock(s3);
    while (request != NULL) {
        struct request *next = request->next;
        struct s3_answer answer = request->answer;
        request->answer.bytes = NULL;
        request->done(request->context, &answer);
        free_request(request);
        request = next;
    }
}

void s3_get(struct s3 *s3, struct text key, s3_done *done, void *context)
{
    ASSERT(key.size > 0 && key.size <= S3_KEY_SIZE_MAX && done != NULL);
    struct request *request = calloc(1, sizeof(*request) + key.size);
    ASSERT(request != NULL);
    request->done = done;
    request->context = context;
    request->size_max = s3->options.size_max;
    request->key_size = key.size;
    memcpy(request->key, key.data, key.size);
    lock(s3);
    put(&s3->todo, request);
    unlock(s3);
    curl_multi_wakeup(s3->multi);
}

/* Of the endpoint, without the port that its scheme implies (RFC 9110 section 4.2.3). */
static bool find_host(const char *endpoint, char ret_host[HOST_SIZE_MAX])
{
    bool secure = strncmp(endpoint, "https://", 8) == 0;
    const char *host = endpoint + (secure ? 8 : 7);
    const char *standard = secure ? ":443" : ":80";
    size_t size = strcspn(host, "/");
    size_t port = strlen(standard);
    if (size > port && strncmp(host + size - port, standard, port) == 0) {
        size -= port;
    }
    if (size >= HOST_SIZE_MAX) {
        return false;
    }
    memcpy(ret_host, host, size);
    ret_host[size] = '\0';
    return true;
}

/* Signals belong to the loop's thread. */
static bool start_thread(struct s3 *s3)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool ok = pthread_create(&s3->thread, NULL, work, s3) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return ok;
}

struct s3 *s3_create(struct loop *loop, const struct s3_options *options)
{
    struct s3 *s3 = calloc(1, sizeof(*s3));
    /* Before there is a second thread that could do it at the same time. */
    bool ok = s3 != NULL && curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK &&
              find_host(options->endpoint, s3->host);
    if (ok) {
        s3->multi = curl_multi_init();
        ok = s3->multi != NULL;
    }
    if (!ok) {
        free(s3);
        return NULL;
    }
    s3->options = *options;
    s3->loop = loop;
    curl_multi_setopt(s3->multi, CURLMOPT_MAXCONNECTS, (long)S3_REQUESTS_MAX);
    init(&s3->running);
    init(&s3->todo);
    init(&s3->finished);
    pthread_mutex_init(&s3->mutex, NULL);
    if (!start_thread(s3)) {
        curl_multi_cleanup(s3->multi);
        pthread_mutex_destroy(&s3->mutex);
        free(s3);
        return NULL;
    }
    ev_async_init(&s3->wake, woken);
    s3->wake.data = s3;
    ev_async_start(loop_ev(loop), &s3->wake);
    return s3;
}

void s3_destroy(struct s3 *s3)
{
    if (s3 == NULL) {
        return;
    }
    lock(s3);
    s3->stopping = true;
    unlock(s3);
    curl_multi_wakeup(s3->multi);
    ev_async_stop(loop_ev(s3->loop), &s3->wake);
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += END_WAIT_S;
    if (pthread_timedjoin_np(s3->thread, NULL, &until) != 0) {
        return; /* a name look-up that takes its time: left behind, the process is ending */
    }
    for (struct request *request = take(&s3->todo); request != NULL; request = take(&s3->todo)) {
        free_request(request);
    }
    for (struct request *request = take(&s3->finished); request != NULL;
         request = take(&s3->finished)) {
        free_request(request);
    }
    curl_multi_cleanup(s3->multi);
    pthread_mutex_destroy(&s3->mutex);
    free(s3);
}
