/* Sealed frames (contract section 6): pictures from the store, a fresh key and token for each seat.
 *
 * What is kept for a token is its key, IV and which picture it is, some hundred bytes; the body is
 * sealed when it is fetched, always to the same bytes. Pictures come from a directory, read on a
 * worker thread, or from an S3 store; a bounded cache keeps them. Those of a store are also kept
 * from the offer until each seat was served once, up to as many bytes as the cache has, so that a
 * store that goes away leaves no round without its picture. A token serves five times, then (as any
 * unknown token) nothing. */
#ifndef DUEL_IO_FRAMES_H
#define DUEL_IO_FRAMES_H

#include <duel/io/settings.h>
#include <duel/io/worker.h>

#define FRAMES_SERVES_MAX 5
#define FRAMES_PADDING 32768 /* plaintext is padded to a multiple of this */
/* How long a picture of a store is waited for: by a round DUEL_FRAME_WAIT_MS in all, as long as the
 * store is down, but each try has the first of these if it is there; by a player whose
 * picture was offered and is not in memory any more the second. */
#define FRAMES_TRY_WAIT_MS 20000
#define FRAMES_FETCH_WAIT_MS 5000

struct frames;

/* Called on the loop, exactly once for each frames_fetch(). `body` is NULL when there is no such
 * frame, else belongs to the callee, who frees it with free(). */
typedef void frames_done(void *context, struct ref conn, uint8_t *body, uint32_t size);

/* The store was found there (again), or down. Never of a directory, which is always there. */
typedef void frames_changed(void *context, bool up);

struct frames *frames_create(struct loop *loop, struct worker *worker,
                             const struct settings *settings, uint32_t matches_max,
                             frames_changed *changed, void *context);
/* What is under way is dropped without an answer. May come before worker_destroy() or after it. */
void frames_destroy(struct frames *frames);

/* The catalogue's rows, of which some pictures are remembered: they are asked for to learn whether
 * the store is there. */
void frames_know(struct frames *frames, const struct titles_row *rows, uint32_t count);

/* HUB_FX_FRAME_SEAL: answered by HUB_EV_FRAME. Replaces the match's earlier frames. A path that
 * has an empty, "." or ".." part, a file or object over DUEL_FRAME_MAX or one that is no WebP, PNG,
 * JPEG, AVIF, GIF or SVG picture is a frame that cannot be had. */
void frames_seal(struct frames *frames, struct ref match, uint32_t round, struct text path);
/* HUB_FX_FRAME_DROP. */
void frames_drop(struct frames *frames, struct ref match);
/* The sealed body of a token; never answers inside the call. */
void frames_fetch(struct frames *frames, struct text token, struct ref conn, frames_done *done,
                  void *context);
/* Whether pictures can be had: false until the store has answered, and while it is down. */
bool frames_is_up(const struct frames *frames);
/* Rounds and players whose picture is being waited for. */
uint32_t frames_waiting(const struct frames *frames);

#endif
