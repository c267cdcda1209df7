/* The key set over HTTP, with libcurl. Everything that a server at the other end could do is
 * bounded: time, size, redirects, protocols. It knows nothing of tokens. */
#include <duel/base/assert.h>
#include <duel/io/jwks.h>

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FETCH_TIMEOUT_MS 5000L
#define CONNECT_TIMEOUT_MS 3000L
#define REDIRECTS_MAX 3L

struct download {
    const atomic_bool *stop;
    uint32_t size;
    char bytes[JWKS_BODY_SIZE_MAX];
};

static size_t on_bytes(char *bytes, size_t size, size_t count, void *context)
{
    struct download *download = context;
    size *= count;
    if (size > JWKS_BODY_SIZE_MAX - download->size) {
        return 0; /* ends the transfer */
    }
    memcpy(download->bytes + download->size, bytes, size);
    download->size += (uint32_t)size;
    return size;
}

static int on_progress(void *context, curl_off_t total, curl_off_t now, curl_off_t upload_total,
                       curl_off_t upload_now)
{
    (void)total;
    (void)now;
    (void)upload_total;
    (void)upload_now;
    const struct download *download = context;
    return atomic_load(download->stop);
}

static void set_options(CURL *curl, const char *url, struct download *download)
{
    /* A redirect must not lead from https to plain http. */
    const char *protocols = strncmp(url, "https:", 6) == 0 ? "https" : "http,https";
    CURLcode code = CURLE_OK;
#define SET(option, value) code = code != CURLE_OK ? code : curl_easy_setopt(curl, option, value)
    SET(CURLOPT_URL, url);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_REDIR_PROTOCOLS_STR, protocols);
    SET(CURLOPT_FOLLOWLOCATION, 1L);
    SET(CURLOPT_MAXREDIRS, REDIRECTS_MAX);
    SET(CURLOPT_TIMEOUT_MS, FETCH_TIMEOUT_MS);
    SET(CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    SET(CURLOPT_MAXFILESIZE, (long)JWKS_BODY_SIZE_MAX);
    SET(CURLOPT_NOSIGNAL, 1L); /* signals and threads do not mix */
    SET(CURLOPT_NOPROXY, "*");
    SET(CURLOPT_USERAGENT, "duel-server");
    SET(CURLOPT_WRITEFUNCTION, on_bytes);
    SET(CURLOPT_WRITEDATA, download);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_XFERINFOFUNCTION, on_progress);
    SET(CURLOPT_XFERINFODATA, download);
#undef SET
    ASSERT(code == CURLE_OK || code == CURLE_OUT_OF_MEMORY);
}

struct jwks *jwks_fetch(const char *url, const atomic_bool *stop,
                        char ret_problem[JWKS_PROBLEM_SIZE])
{
    struct jwks *keys = NULL;
    struct download *download = malloc(sizeof(*download));
    CURL *curl = curl_easy_init();
    if (download == NULL || curl == NULL) {
        snprintf(ret_problem, JWKS_PROBLEM_SIZE, "out of memory");
        free(download);
        curl_easy_cleanup(curl);
        return NULL;
    }
    download->stop = stop;
    download->size = 0;
    set_options(curl, url, download);
    CURLcode code = curl_easy_perform(curl);
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_WRITE_ERROR || code == CURLE_FILESIZE_EXCEEDED) {
        snprintf(ret_problem, JWKS_PROBLEM_SIZE, "more than %d bytes", JWKS_BODY_SIZE_MAX);
    } else if (code != CURLE_OK) {
        snprintf(ret_problem, JWKS_PROBLEM_SIZE, "%s", curl_easy_strerror(code));
    } else if (status != 200) {
        snprintf(ret_problem, JWKS_PROBLEM_SIZE, "HTTP status %ld", status);
    } else {
        keys = jwks_parse((struct text){ download->bytes, download->size });
        if (keys == NULL) {
            snprintf(ret_problem, JWKS_PROBLEM_SIZE, "no key set with a P-384 or RSA key in it");
        }
    }
    curl_easy_cleanup(curl);
    free(download);
    return keys;
}
