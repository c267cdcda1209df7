/* The ops listener's metrics; see the header. */
#include <loadtest/load/scrape.h>

#include <loadtest/load/socket.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define METRICS_SIZE_MAX (1U << 20)

struct scrape {
    struct http *http;
    char url[128]; /* "": nobody is asked */
    uint32_t pid;  /* 0: not known */
    bool asking;
    struct stats_server latest;
};

double scrape_find(const char *text, const char *name)
{
    size_t size = strlen(name);
    for (const char *line = text; line != NULL && *line != '\0';) {
        if (strncmp(line, name, size) == 0 && line[size] == ' ') {
            return strtod(line + size, NULL);
        }
        line = strchr(line, '\n');
        line = line == NULL ? NULL : line + 1;
    }
    return -1;
}

/* /proc, for a server on this machine that does not say it itself (proc(5)). */
static void read_proc(struct scrape *scrape)
{
    char path[64], line[1024];
    unsigned long user = 0, system = 0;
    long pages = 0;
    snprintf(path, sizeof(path), "/proc/%u/stat", scrape->pid);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return;
    }
    const char *rest = fgets(line, sizeof(line), file) != NULL ? strrchr(line, ')') : NULL;
    fclose(file);
    if (rest == NULL || sscanf(rest + 1,
                               " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu"
                               " %*d %*d %*d %*d %*d %*d %*u %*u %ld",
                               &user, &system, &pages) != 3) {
        return;
    }
    scrape->latest.cpu_s = (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
    scrape->latest.rss_bytes = (double)pages * (double)sysconf(_SC_PAGESIZE);
    scrape->latest.read_us = wire_now_us();
}

static void answered(void *context, uint32_t status, uint8_t *body, uint32_t size)
{
    struct scrape *scrape = context;
    scrape->asking = false;
    char *text = status == 200 ? strndup((const char *)body, size) : NULL;
    if (text == NULL) {
        return;
    }
    scrape->latest = (struct stats_server){
        .cpu_s = scrape_find(text, "process_cpu_seconds_total"),
        .rss_bytes = scrape_find(text, "process_resident_memory_bytes"),
        .matches = scrape_find(text, "duel_matches_live"),
        .connections = scrape_find(text, "duel_connections"),
        .longest_turn_s = scrape_find(text, "duel_loop_longest_turn_seconds"),
        .frame_bytes = scrape_find(text, "duel_frame_bytes_total"),
        .writes = scrape_find(text, "duel_writes_total"),
        .messages_out = scrape_find(text, "duel_messages_sent_total"),
        .read_us = wire_now_us(),
    };
    free(text);
    if (scrape->latest.cpu_s < 0 && scrape->pid != 0) {
        read_proc(scrape);
    }
}

struct scrape *scrape_create(struct http *http, const struct options *options)
{
    struct scrape *scrape = calloc(1, sizeof(*scrape));
    if (scrape == NULL) {
        return NULL;
    }
    scrape->http = http;
    scrape->pid = options->pid;
    scrape->latest = (struct stats_server){ -1, -1, -1, -1, -1, -1, -1, -1, 0 };
    if (options->ops_port != 0) {
        snprintf(scrape->url, sizeof(scrape->url), "http://%s:%u/metrics", options->ops_host,
                 options->ops_port);
    }
    return scrape;
}

void scrape_destroy(struct scrape *scrape)
{
    free(scrape);
}

void scrape_ask(struct scrape *scrape)
{
    if (scrape->url[0] != '\0' && !scrape->asking) {
        scrape->asking = http_ask(scrape->http, "GET", scrape->url, NULL, NULL, METRICS_SIZE_MAX,
                                  answered, scrape) != NULL;
    } else if (scrape->url[0] == '\0' && scrape->pid != 0) {
        read_proc(scrape);
    }
}

bool scrape_is_asking(const struct scrape *scrape)
{
    return scrape->asking;
}

const struct stats_server *scrape_latest(const struct scrape *scrape)
{
    return &scrape->latest;
}
