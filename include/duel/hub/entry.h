/* What happened in a match, one thing after the other, as few bytes of a chain: guesses that
 * counted, pictures drawn, rounds played. Numbers are varints (duel/base/bytes.h).
 *
 * Nothing of it comes from outside or leaves the process, so what is read is asserted, not judged.
 * It refuses to know how many entries there are and whether there is room. Private to duel/hub. */
#ifndef DUEL_HUB_ENTRY_H
#define DUEL_HUB_ENTRY_H

#include <duel/hub/chain.h>
#include <duel/hub/effect.h>

#define ENTRY_SIZE_MAX 24 /* without the text of a guess */
#define ENTRY_TEXT_SIZE_MAX UINT8_MAX

enum entry_kind { ENTRY_GUESS, ENTRY_FRAME, ENTRY_ROUND };

struct entry {
    enum entry_kind kind;
    uint8_t round; /* 1…; of FRAME and ROUND, a guess has its own */
    union {
        struct hub_guess guess; /* its text at most ENTRY_TEXT_SIZE_MAX bytes, or none */
        struct uuid frame;
        struct match_round played;
    };
};

/* Appends to `buffer`, which has room for ENTRY_SIZE_MAX and the text. */
void entry_put(struct text_buffer *buffer, const struct entry *entry);
/* The next entry of a chain that holds nothing else. False: there are no more. A text is copied to
 * `text`, which has room for ENTRY_TEXT_SIZE_MAX. */
bool entry_next(struct chain_reader *log, struct entry *ret_entry, char *text);

#endif
