/* Cards and terms as bytes; see saved.h. */
#include <duel/base/assert.h>
#include <duel/base/bytes.h>
#include <duel/hub/players.h>
#include <duel/hub/saved.h>

#define VERSION 0xc1      /* another one when anything that is written changes */
#define TERMS_VERSION 0xc8
#define RATING_MAX 100000 /* as clients can be told it */

struct text saved_card(const struct player *player, int32_t rating, int64_t since_ms,
                       struct text_buffer *buffer)
{
    ASSERT(player->loaded && rating >= -RATING_MAX && rating <= RATING_MAX);
    uint32_t start = bytes_begin(buffer, VERSION);
    bytes_put_uuid(buffer, &player->id);
    bytes_put_text(buffer, player_sub(player));
    bytes_put_text(buffer, player_name(player));
    bytes_put_text(buffer, player_avatar(player));
    bytes_put_text(buffer, player_country(player));
    bytes_put_u32(buffer, (uint32_t)(rating + RATING_MAX));
    bytes_put_u64(buffer, (uint64_t)since_ms);
    return bytes_end(buffer, start);
}

bool saved_read_card(struct text blob, struct saved_card *ret_card)
{
    struct bytes_reader reader;
    struct saved_card card;
    if (!bytes_open(&reader, blob, VERSION)) {
        return false;
    }
    card.id = bytes_get_uuid(&reader);
    card.sub = bytes_get_text(&reader, HUB_SUB_SIZE_MAX);
    card.name = bytes_get_text(&reader, NAME_SIZE_MAX);
    card.avatar = bytes_get_text(&reader, AVATAR_SIZE_MAX);
    card.country = bytes_get_text(&reader, sizeof((struct player *)0)->country);
    card.rating = (int32_t)bytes_get_u32(&reader, 2 * RATING_MAX) - RATING_MAX;
    card.since_ms = (int64_t)bytes_get_u64(&reader, SAVED_TIME_MS_MAX);
    if (!bytes_is_done(&reader) || uuid_is_none(&card.id) || card.sub.size == 0 ||
        card.name.data == NULL) {
        return false;
    }
    *ret_card = card;
    return true;
}

void saved_put_terms(struct text_buffer *buffer, const struct terms *terms)
{
    bytes_put_u8(buffer, terms->rated);
    bytes_put_u32(buffer, terms->series[0]);
    bytes_put_u32(buffer, terms->series[1]);
}

struct terms saved_get_terms(struct bytes_reader *reader)
{
    struct terms terms;
    terms.rated = bytes_get_bool(reader);
    terms.series[0] = bytes_get_u32(reader, SAVED_SERIES_MAX);
    terms.series[1] = bytes_get_u32(reader, SAVED_SERIES_MAX);
    return terms;
}

struct text saved_terms(const struct terms *terms, struct text_buffer *buffer)
{
    uint32_t start = bytes_begin(buffer, TERMS_VERSION);
    saved_put_terms(buffer, terms);
    return bytes_end(buffer, start);
}

bool saved_read_terms(struct text blob, struct terms *ret_terms)
{
    struct bytes_reader reader;
    if (blob.size == 0) {
        *ret_terms = (struct terms){ .rated = true };
        return true;
    }
    if (!bytes_open(&reader, blob, TERMS_VERSION)) {
        return false;
    }
    struct terms terms = saved_get_terms(&reader);
    if (!bytes_is_done(&reader)) {
        return false;
    }
    *ret_terms = terms;
    return true;
}
