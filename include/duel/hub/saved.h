/* A match, and who plays it, as bytes that outlive the process: what Valkey keeps of a live match.
 *
 * The blobs are those of duel/base/bytes.h. What cannot be read as a whole is refused: they come
 * from a store that others write to. A running round is not in it: it is void when its process
 * dies (contract section 5), so nothing of it is worth keeping. Videos are kept by their YouTube
 * ids, since another process has another catalogue.
 *
 * Knows what a match is made of; refuses to know who keeps the bytes, and when. Private to
 * duel/hub. */
#ifndef DUEL_HUB_SAVED_H
#define DUEL_HUB_SAVED_H

#include <duel/base/bytes.h>
#include <duel/hub/recorder.h>
#include <duel/hub/state.h>

#define SAVED_CARD_SIZE_MAX 1024
#define SAVED_TERMS_SIZE_MAX 64
#define SAVED_SERIES_MAX 1000 /* as clients can be told it */
#define SAVED_TIME_MS_MAX INT64_C(253402300799999) /* the end of the year 9999 */
/* Without the texts of guesses, which take limits.guess_log_max bytes at most, and 2 each. */
#define SAVED_MATCH_SIZE_MAX \
    (4096 + RECORDER_SIZE_MAX + 2 * MATCH_ROUNDS_MAX * MATCH_GUESSES_MAX * 32)

/* Who sits down: everything that another process must know of a player to play a match with. */
struct saved_card {
    struct uuid id;      /* users.id */
    struct text sub;
    struct text name;    /* as told */
    struct text avatar;  /* or none */
    struct text country; /* or none */
    int32_t rating;      /* when the ticket was joined or the match made */
    int64_t since_ms;    /* of the ticket */
};

/* Writes a card of `player`, or, of one who has a seat, with the seat's rating and since. The text
 * is in `buffer`, which has room for SAVED_CARD_SIZE_MAX. */
struct text saved_card(const struct player *player, int32_t rating, int64_t since_ms,
                       struct text_buffer *buffer);
/* Views into `blob`. False: it is no card of this version. */
bool saved_read_card(struct text blob, struct saved_card *ret_card);

/* Writes what a match is played for, for whoever will play it. `buffer` has room for
 * SAVED_TERMS_SIZE_MAX. */
struct text saved_terms(const struct terms *terms, struct text_buffer *buffer);
/* The same as a part of another blob. */
void saved_put_terms(struct text_buffer *buffer, const struct terms *terms);
struct terms saved_get_terms(struct bytes_reader *reader);
/* No blob: those of the queue's matches. False: they are none of this version. */
bool saved_read_terms(struct text blob, struct terms *ret_terms);

/* Writes what has to last of a match and of its record. `buffer` has room for SAVED_MATCH_SIZE_MAX
 * and the texts of guesses. */
struct text saved_match(const struct hub *hub, const struct live *live, const struct record *record,
                        struct text_buffer *buffer);
/* Restores what saved_match() wrote into a fresh `live` and `record` (zeroed but for seats, id and
 * fence): terms, the match as match_resume() left it or over, drawn videos, played, the result so
 * far with its guesses; of one that is over completed_ms too, and the time for a rematch, which
 * ends after now. False: unreadable, of another version, beyond this process's bounds, or a video
 * of it is in no catalogue here; what was written is then to be thrown away. */
bool saved_read_match(struct hub *hub, struct text blob, struct live *live, struct record *record);

#endif
