/* Keeps the catalogue of videos in step with PostgreSQL.
 *
 * Rows are loaded when PostgreSQL comes up and every DUEL_CATALOGUE_MS, built into a new catalogue
 * on a worker thread when something changed, and swapped in by HUB_EV_CATALOGUE; the older one is
 * freed then, for nobody holds more of it than indexes. */
#ifndef DUEL_IO_CATALOGUE_H
#define DUEL_IO_CATALOGUE_H

#include <duel/io/pg.h>

struct catalogue;

/* NULL: out of memory. */
struct catalogue *catalogue_create(struct loop *loop, struct worker *worker, uint32_t every_ms);
/* After worker_destroy(). The hub must not be stepped any more. */
void catalogue_destroy(struct catalogue *catalogue);

/* Looks for changes from now on: at once when nothing is loaded yet, else a little later, because
 * results and players that waited for PostgreSQL go first. */
void catalogue_start(struct catalogue *catalogue, struct pg *pg);
/* For struct pg_callbacks; `context` is the catalogue. */
void catalogue_rows(void *catalogue, bool ok, const struct titles_row *rows, uint32_t count);
void catalogue_same(void *catalogue);

/* Videos in play, and how many of them may be drawn; 0 before the first load. */
uint32_t catalogue_count(const struct catalogue *catalogue);
uint32_t catalogue_drawn_count(const struct catalogue *catalogue);

#endif
