/* What the server costs: asked of its ops listener, or read of /proc where it has none. */
#ifndef LOAD_SCRAPE_H
#define LOAD_SCRAPE_H

#include <loadtest/load/http.h>
#include <loadtest/load/options.h>
#include <loadtest/load/stats.h>

struct scrape;

/* Where neither --ops nor --pid is given, nothing is known. NULL: out of memory. */
struct scrape *scrape_create(struct http *http, const struct options *options);
void scrape_destroy(struct scrape *scrape);
/* Begins to ask; the answer is in scrape_latest() some milliseconds later. */
void scrape_ask(struct scrape *scrape);
bool scrape_is_asking(const struct scrape *scrape);
const struct stats_server *scrape_latest(const struct scrape *scrape);
/* The value of a metric without labels in Prometheus' text format; -1 when it is not there. */
double scrape_find(const char *text, const char *name);

#endif
