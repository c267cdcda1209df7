/* Journals of matches that go on; see recorder.h. */
#include <duel/base/assert.h>
#include <duel/core/journal.h>
#include <duel/hub/recorder.h>
#include <string.h>

/* What changes nothing, like a guess that is refused, is good to know of later. But a player can
 * send as much of it as he likes, so half of the room is kept for the rest. */
#define IDLE_SIZE_MAX (RECORDER_SIZE_MAX / 2)

static void append(struct hub *hub, struct record *record, const struct text_buffer *entry)
{
    ASSERT(!entry->full);
    if (record->journal_full) {
        return;
    }
    /* One byte less, for the entry that says that it was full. */
    record->journal_full = record->journal.size + entry->size > RECORDER_SIZE_MAX - 1 ||
                           !chain_append(hub, &record->journal, text_of(entry));
}

void recorder_begin(struct hub *hub, struct record *record, const struct match *match)
{
    char bytes[JOURNAL_HEAD_SIZE_MAX];
    struct text_buffer entry;
    text_buffer_init(&entry, bytes, sizeof bytes);
    journal_put_head(&entry, &match->rules, match->now_us);
    record->journal_us = match->now_us;
    append(hub, record, &entry);
}

void recorder_step(struct hub *hub, struct live *live, const struct match_event *event,
                   struct match_effects *effects)
{
    char bytes[JOURNAL_ENTRY_SIZE_MAX];
    struct text_buffer entry;
    struct match before;
    memcpy(&before, &live->match, sizeof before);
    hub->at = live->id;
    match_step(&live->match, event, effects);
    if (before.phase >= MATCH_OVER) {
        return;
    }
    struct record *record = pool_get(&hub->records, live->record);
    ASSERT(record != NULL);
    before.now_us = live->match.now_us;
    bool has_changed = memcmp(&before, &live->match, sizeof before) != 0;
    if (!has_changed && (effects->count == 0 || record->journal.size > IDLE_SIZE_MAX)) {
        return;
    }
    text_buffer_init(&entry, bytes, sizeof bytes);
    journal_put_event(&entry, event, record->journal_us);
    record->journal_us = event->now_us;
    append(hub, record, &entry);
}

void recorder_shift(struct hub *hub, const struct live *live, uint64_t us)
{
    char bytes[JOURNAL_ENTRY_SIZE_MAX];
    struct text_buffer entry;
    struct record *record = pool_get(&hub->records, live->record);
    if (live->match.phase >= MATCH_OVER) {
        return;
    }
    ASSERT(record != NULL);
    text_buffer_init(&entry, bytes, sizeof bytes);
    journal_put_shift(&entry, us);
    record->journal_us += us;
    append(hub, record, &entry);
}

void recorder_resume(struct hub *hub, struct record *record)
{
    char bytes[JOURNAL_ENTRY_SIZE_MAX];
    struct text_buffer entry;
    text_buffer_init(&entry, bytes, sizeof bytes);
    journal_put_resume(&entry, hub->now_us);
    record->journal_us = hub->now_us;
    append(hub, record, &entry);
}

struct text recorder_text(const struct hub *hub, const struct record *record,
                          struct text_buffer *buffer)
{
    uint32_t start = buffer->size;
    struct chain_reader reader = chain_read(hub, &record->journal);
    while (reader.left > 0) {
        char part[CHAIN_CHUNK_SIZE];
        uint32_t size = reader.left < sizeof part ? reader.left : (uint32_t)sizeof part;
        chain_get(&reader, part, size);
        text_append(buffer, (struct text){ part, size });
    }
    if (record->journal_full && record->journal.size > 0) {
        journal_put_truncated(buffer);
    }
    ASSERT(!buffer->full);
    uint32_t size = buffer->size - start;
    return size == 0 ? TEXT_NONE : (struct text){ buffer->data + start, size };
}

void recorder_restore(struct hub *hub, struct record *record, struct text journal, bool full)
{
    struct text bytes = journal;
    if (full && bytes.size > 0) {
        bytes.size--; /* what says so is written again */
    }
    bool has_room = bytes.size > 0 && bytes.size < RECORDER_SIZE_MAX &&
                    chain_append(hub, &record->journal, bytes);
    record->journal_full = full || !has_room;
}
