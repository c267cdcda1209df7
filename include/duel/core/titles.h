/* The catalogue of videos in memory: is a guess right, what may the player mean, what is drawn.
 *
 * A catalogue is built once from rows (a long computation: not on the loop) and never changes; a
 * newer one is built on the older one, and a video keeps its index in every later catalogue of the
 * process, so matches hold indexes and never pointers. A video that has gone is kept as retired:
 * still judged and told, no longer drawn or suggested. One whose title or channel changed keeps
 * its index and has the new text. Reading needs no allocation and no lock, and may go on in one
 * thread while another one builds the next catalogue on this one.
 *
 * Normal form (contract section 5): NFKD, full case folding, marks, punctuation, symbols and
 * format characters removed, white space collapsed to single spaces; letters of every script stay.
 * Control, private and unassigned characters go too. How guesses are judged and suggestions
 * ranked, with the figures: docs/titles.md. */
#ifndef DUEL_CORE_TITLES_H
#define DUEL_CORE_TITLES_H

#include <duel/base/rng.h>
#include <duel/base/text.h>
#include <duel/base/uuid.h>

#define TITLES_GUESS_SIZE_MAX 200      /* bytes of a guess's text */
#define TITLES_QUERY_SIZE_MAX 100      /* bytes of a suggestion query */
#define TITLES_SUGGESTIONS_MAX 10
#define TITLES_VIDEO_ID_SIZE_MAX 20
#define TITLES_FRAMES_MAX 6            /* frames of one video */
#define TITLES_NORMAL_SIZE_MAX 2048    /* bytes of a normal form */
#define TITLES_EXACT 1000000           /* similarity of equal texts, in millionths */
#define TITLES_CORRECT 850000          /* at least this similar is right */
#define TITLES_NONE UINT32_MAX

struct titles;

struct titles_frame {
    struct uuid id;   /* frames.id */
    struct text path; /* object key; never leaves the server */
};

/* One row to build from. Views are copied. */
struct titles_row {
    struct text video;   /* YouTube id, 1…20 bytes */
    struct text title;   /* up to 300 bytes are kept, cut at a code point */
    struct text channel; /* up to 100 bytes are kept */
    uint64_t views;
    struct titles_frame frames[TITLES_FRAMES_MAX];
    uint32_t frames_count; /* 0: suggested and judged, never drawn */
    bool drawn;            /* difficulty as set: may be the answer of a round */
};

/* What the catalogue holds of a video; views live as long as the catalogue. */
struct titles_video {
    struct text video;
    struct text title;
    struct text channel;
    const struct titles_frame *frames;
    uint32_t frames_count;
};

/* Builds a catalogue of `rows`, keeping the indexes of `older` (may be NULL); nothing of `older`
 * is needed afterwards. Skipped are rows without id or title, with an id over its bound, or that
 * are not UTF-8, all but the first row of an id, and new videos when 2^20 were known already.
 * About 50 ms for 10,000 rows. NULL: out of memory. */
struct titles *titles_create(const struct titles_row *rows, uint32_t rows_count,
                             const struct titles *older);
void titles_destroy(struct titles *titles);

/* How many videos are in play (not retired), and how many of these may be drawn. */
uint32_t titles_count(const struct titles *titles);
uint32_t titles_drawn_count(const struct titles *titles);
/* `index` < the number ever known; from titles_find, titles_draw or titles_suggest. */
struct titles_video titles_get(const struct titles *titles, uint32_t index);
/* The video with this id, in play or retired, or TITLES_NONE. */
uint32_t titles_find(const struct titles *titles, struct text video);

struct titles_verdict {
    uint32_t similarity; /* millionths, exact */
    bool correct;
};

/* Judges a typed guess (contract section 5). A text over TITLES_GUESS_SIZE_MAX bytes, or that is
 * not UTF-8, matches nothing. "Another title" is one in play. A wrong guess still has its
 * similarity. */
struct titles_verdict titles_judge_text(const struct titles *titles, uint32_t answer,
                                        struct text text);
/* Judges a chosen video: the answer itself, or one whose normal title equals the answer's. */
struct titles_verdict titles_judge_video(const struct titles *titles, uint32_t answer,
                                         struct text video);

/* What the player may mean by `query`, best first: at most `ret_max` (<= TITLES_SUGGESTIONS_MAX)
 * indexes are written; returns how many. Only videos in play, and of those with the very same
 * title and channel only the most popular. Depends on query and catalogue alone, so it betrays no
 * answer. A query over TITLES_QUERY_SIZE_MAX bytes, or that is not UTF-8, finds nothing. A space
 * at its end tells that the last word is complete: do not trim it. */
uint32_t titles_suggest(const struct titles *titles, struct text query, uint32_t *ret_indexes,
                        uint32_t ret_max);

/* A random video that may be drawn and is not among `avoid`; when all are, one not among the first
 * `avoid_always` of them; TITLES_NONE when there is none at all. */
uint32_t titles_draw(const struct titles *titles, struct rng *rng, const uint32_t *avoid,
                     uint32_t avoid_count, uint32_t avoid_always);

/* Appends the normal form of `text` to `buffer`; false, and the buffer as it was, when it did not
 * fit or `text` is not UTF-8. */
bool titles_normalise(struct text text, struct text_buffer *buffer);
/* Trigram similarity of two normal forms (at most TITLES_NORMAL_SIZE_MAX bytes each) in
 * millionths, rounded, by the definition of PostgreSQL's pg_trgm (words padded with two spaces
 * before and one after, distinct trigrams, shared / all). */
uint32_t titles_trigram_similarity(struct text normal_a, struct text normal_b);

#endif
