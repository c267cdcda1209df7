/* Entries of a match's log; see entry.h. An entry is its size (1 byte, itself and a text not
 * counted), its marks, and its fields; the text of a guess comes behind. */
#include <duel/base/assert.h>
#include <duel/base/bytes.h>
#include <duel/hub/entry.h>

#define KIND_MASK 0x03u
#define SLOT_BIT 0x04u
#define VIDEO_BIT 0x08u
#define CORRECT_BIT 0x10u
#define TEXT_BIT 0x20u

/* Of a round: who won, and whose solution is suspect. */
#define WINNER_MASK 0x03u /* the slot + 1 */
#define SUSPECT_BIT 0x04u /* of slot 0; of slot 1 the next one */

static void put_guess(struct text_buffer *buffer, const struct hub_guess *guess)
{
    ASSERT(guess->text.size <= ENTRY_TEXT_SIZE_MAX);
    bytes_put_u8(buffer, (uint8_t)(ENTRY_GUESS | (guess->slot != 0 ? SLOT_BIT : 0) |
                                   (guess->is_video ? VIDEO_BIT : 0) |
                                   (guess->correct ? CORRECT_BIT : 0) |
                                   (guess->text.data != NULL ? TEXT_BIT : 0)));
    bytes_put_u8(buffer, guess->round);
    bytes_put_varint(buffer, guess->seq);
    bytes_put_varint(buffer, guess->similarity);
    bytes_put_varint(buffer, guess->raw_ms);
    bytes_put_varint(buffer, guess->raw_ms - guess->ms); /* the lag that was credited */
    if (guess->text.data != NULL) {
        bytes_put_u8(buffer, (uint8_t)guess->text.size);
    }
}

static void put_round(struct text_buffer *buffer, uint8_t number, const struct match_round *round)
{
    bytes_put_u8(buffer, ENTRY_ROUND);
    bytes_put_u8(buffer, number);
    bytes_put_varint(buffer, round->video);
    bytes_put_varint(buffer, round->ms[0]);
    bytes_put_varint(buffer, round->ms[1]);
    bytes_put_u8(buffer, (uint8_t)((uint32_t)(round->winner + 1) |
                                   (round->suspect[0] ? SUSPECT_BIT : 0) |
                                   (round->suspect[1] ? SUSPECT_BIT << 1 : 0)));
}

void entry_put(struct text_buffer *buffer, const struct entry *entry)
{
    char bytes[ENTRY_SIZE_MAX];
    struct text_buffer fields;
    text_buffer_init(&fields, bytes, sizeof bytes);
    switch (entry->kind) {
    case ENTRY_GUESS:
        put_guess(&fields, &entry->guess);
        break;
    case ENTRY_FRAME:
        bytes_put_u8(&fields, ENTRY_FRAME);
        bytes_put_u8(&fields, entry->round);
        bytes_put_uuid(&fields, &entry->frame);
        break;
    case ENTRY_ROUND:
        put_round(&fields, entry->round, &entry->played);
        break;
    }
    ASSERT(!fields.full && fields.size < ENTRY_SIZE_MAX);
    bytes_put_u8(buffer, (uint8_t)fields.size);
    text_append(buffer, text_of(&fields));
    if (entry->kind == ENTRY_GUESS) {
        text_append(buffer, entry->guess.text);
    }
    ASSERT(!buffer->full);
}

static struct hub_guess get_guess(struct bytes_reader *fields, uint8_t marks)
{
    struct hub_guess guess = {
        .slot = (marks & SLOT_BIT) != 0,
        .is_video = (marks & VIDEO_BIT) != 0,
        .correct = (marks & CORRECT_BIT) != 0,
    };
    guess.round = bytes_get_u8(fields, MATCH_ROUNDS_MAX);
    guess.seq = (uint32_t)bytes_get_varint(fields, UINT32_MAX);
    guess.similarity = (uint32_t)bytes_get_varint(fields, UINT32_MAX);
    guess.raw_ms = (uint32_t)bytes_get_varint(fields, UINT32_MAX);
    guess.ms = guess.raw_ms - (uint32_t)bytes_get_varint(fields, UINT32_MAX);
    return guess;
}

static struct match_round get_round(struct bytes_reader *fields)
{
    struct match_round round;
    round.video = (uint32_t)bytes_get_varint(fields, UINT32_MAX);
    round.ms[0] = (uint32_t)bytes_get_varint(fields, UINT32_MAX);
    round.ms[1] = (uint32_t)bytes_get_varint(fields, UINT32_MAX);
    uint8_t marks = bytes_get_u8(fields, UINT8_MAX);
    round.winner = (int8_t)((int)(marks & WINNER_MASK) - 1);
    round.suspect[0] = (marks & SUSPECT_BIT) != 0;
    round.suspect[1] = (marks & SUSPECT_BIT << 1) != 0;
    return round;
}

bool entry_next(struct chain_reader *log, struct entry *ret_entry, char *text)
{
    uint8_t bytes[ENTRY_SIZE_MAX];
    uint8_t size;
    if (log->left == 0) {
        return false;
    }
    chain_get(log, &size, sizeof size);
    ASSERT(size < sizeof bytes);
    chain_get(log, bytes, size);
    struct bytes_reader fields = { bytes, size, false };
    uint8_t marks = bytes_get_u8(&fields, UINT8_MAX);
    ret_entry->kind = (enum entry_kind)(marks & KIND_MASK);
    switch (ret_entry->kind) {
    case ENTRY_GUESS:
        ret_entry->guess = get_guess(&fields, marks);
        if ((marks & TEXT_BIT) != 0) {
            ret_entry->guess.text = (struct text){ text, bytes_get_u8(&fields, UINT8_MAX) };
            chain_get(log, text, ret_entry->guess.text.size);
        }
        break;
    case ENTRY_FRAME:
        ret_entry->round = bytes_get_u8(&fields, MATCH_ROUNDS_MAX);
        ret_entry->frame = bytes_get_uuid(&fields);
        break;
    case ENTRY_ROUND:
        ret_entry->round = bytes_get_u8(&fields, MATCH_ROUNDS_MAX);
        ret_entry->played = get_round(&fields);
        break;
    }
    ASSERT(bytes_is_done(&fields));
    return true;
}
