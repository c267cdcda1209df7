/* Builds a catalogue, looks videos up and draws them. It knows nothing of where rows come from. */
#include <duel/base/assert.h>
#include <duel/core/titles_catalogue.h>
#include <duel/core/titles_normal.h>
#include <stdlib.h>
#include <string.h>

/* Random tries before the drawn videos are gone through one by one. */
#define DRAW_TRIES 64

static bool copy_text(struct titles_arena *arena, struct text text, struct text *ret)
{
    char *copy = titles_arena_take(arena, text.size + 1);
    if (copy == NULL) {
        return false;
    }
    if (text.size != 0) {
        memcpy(copy, text.data, text.size);
    }
    copy[text.size] = '\0'; /* not part of the text; kind to debuggers */
    *ret = (struct text){ copy, text.size };
    return true;
}

static bool copy_frames(struct titles_arena *arena, const struct titles_frame *frames,
                        uint32_t count, struct titles_item *item)
{
    item->frames = NULL;
    item->frames_count = 0;
    if (count == 0) {
        return true;
    }
    item->frames = titles_arena_take(arena, (uint32_t)(count * sizeof(*frames)));
    for (uint32_t i = 0; item->frames != NULL && i < count; i++) {
        item->frames[i].id = frames[i].id;
        if (!copy_text(arena, frames[i].path, &item->frames[i].path)) {
            return false;
        }
    }
    item->frames_count = count;
    return item->frames != NULL;
}

/* Moves what a retired video holds from the older catalogue's memory into ours. */
static bool adopt_item(struct titles_arena *arena, struct titles_item *item)
{
    return copy_text(arena, item->video, &item->video) &&
           copy_text(arena, item->title, &item->title) &&
           copy_text(arena, item->channel, &item->channel) &&
           copy_text(arena, item->normal, &item->normal) &&
           copy_frames(arena, item->frames, item->frames_count, item);
}

static bool fill_item(struct titles_arena *arena, const struct titles_row *row,
                      struct titles_item *item)
{
    char memory[TITLES_NORMAL_SIZE_MAX];
    struct text_buffer normal;
    struct text title = normal_cut(row->title, TITLES_TITLE_SIZE_MAX);
    struct text channel = normal_cut(row->channel, TITLES_CHANNEL_SIZE_MAX);
    text_buffer_init(&normal, memory, sizeof(memory));
    /* One that does not fit leaves an empty form: such a title is guessed by its video alone. */
    (void)titles_normalise(title, &normal);
    item->views = row->views;
    item->in_play = true;
    item->drawn = row->drawn && row->frames_count != 0;
    return copy_text(arena, row->video, &item->video) &&
           copy_text(arena, title, &item->title) &&
           copy_text(arena, channel, &item->channel) &&
           copy_text(arena, text_of(&normal), &item->normal) &&
           copy_frames(arena, row->frames, row->frames_count, item);
}

static bool is_usable(const struct titles_row *row)
{
    ASSERT(row->frames_count <= TITLES_FRAMES_MAX);
    return row->video.size != 0 && row->video.size <= TITLES_VIDEO_ID_SIZE_MAX &&
           row->title.size != 0 && text_is_utf8(row->video) && text_is_utf8(row->title) &&
           text_is_utf8(row->channel);
}

/* Adds a row under its old index or a new one. False: out of memory. */
static bool add_row(struct titles *titles, const struct titles_row *row)
{
    if (!is_usable(row)) {
        return true;
    }
    uint32_t index = titles_find(titles, row->video);
    bool known = index != TITLES_NONE;
    if (known && titles->items[index].in_play) {
        return true; /* the same id twice: the first row counts */
    }
    if (!known) {
        if (titles->items_count == TITLES_KNOWN_MAX) {
            return true;
        }
        index = titles->items_count;
    }
    if (!fill_item(&titles->arena, row, &titles->items[index])) {
        return false;
    }
    if (!known) {
        titles->items_count++;
        titles_map_put(&titles->by_video, titles_hash(TITLES_HASH_START, row->video), index);
    }
    titles->in_play_count++;
    return true;
}

/* Starts with all that was known, as retired: rows bring back into play what is still there. */
static bool start_items(struct titles *titles, uint32_t rows_count, const struct titles *older)
{
    uint32_t older_count = older == NULL ? 0 : older->items_count;
    uint32_t room = TITLES_KNOWN_MAX - older_count;
    uint32_t count_max = older_count + (rows_count < room ? rows_count : room);
    titles->items = calloc(count_max + 1, sizeof(*titles->items));
    titles->drawn = calloc(count_max + 1, sizeof(*titles->drawn));
    if (titles->items == NULL || titles->drawn == NULL ||
        !titles_map_create(&titles->by_video, count_max) ||
        !titles_map_create(&titles->by_normal, count_max)) {
        return false;
    }
    for (uint32_t i = 0; i < older_count; i++) {
        struct titles_item *item = &titles->items[i];
        *item = older->items[i];
        item->in_play = false;
        item->drawn = false;
        titles_map_put(&titles->by_video, titles_hash(TITLES_HASH_START, item->video), i);
    }
    titles->items_count = older_count;
    return true;
}

static bool finish_items(struct titles *titles)
{
    for (uint32_t i = 0; i < titles->items_count; i++) {
        struct titles_item *item = &titles->items[i];
        if (!item->in_play) {
            if (!adopt_item(&titles->arena, item)) {
                return false;
            }
            continue;
        }
        if (item->drawn) {
            titles->drawn[titles->drawn_count++] = i;
        }
        if (item->normal.size != 0 && titles_find_normal(titles, item->normal) == TITLES_NONE) {
            titles_map_put(&titles->by_normal, titles_hash(TITLES_HASH_START, item->normal), i);
        }
    }
    return true;
}

struct titles *titles_create(const struct titles_row *rows, uint32_t rows_count,
                             const struct titles *older)
{
    struct titles *titles = calloc(1, sizeof(*titles));
    if (titles == NULL) {
        return NULL;
    }
    bool ok = start_items(titles, rows_count, older);
    for (uint32_t i = 0; ok && i < rows_count; i++) {
        ok = add_row(titles, &rows[i]);
    }
    ok = ok && finish_items(titles);
    if (ok) {
        titles->search = titles_search_create(titles);
    }
    if (titles->search == NULL) {
        titles_destroy(titles);
        return NULL;
    }
    return titles;
}

void titles_destroy(struct titles *titles)
{
    if (titles == NULL) {
        return;
    }
    titles_search_destroy(titles->search);
    titles_map_destroy(&titles->by_video);
    titles_map_destroy(&titles->by_normal);
    titles_arena_destroy(&titles->arena);
    free(titles->items);
    free(titles->drawn);
    free(titles);
}

uint32_t titles_count(const struct titles *titles)
{
    return titles->in_play_count;
}

uint32_t titles_drawn_count(const struct titles *titles)
{
    return titles->drawn_count;
}

struct titles_video titles_get(const struct titles *titles, uint32_t index)
{
    ASSERT(index < titles->items_count);
    const struct titles_item *item = &titles->items[index];
    return (struct titles_video){ .video = item->video,
                                  .title = item->title,
                                  .channel = item->channel,
                                  .frames = item->frames,
                                  .frames_count = item->frames_count };
}

uint32_t titles_find(const struct titles *titles, struct text video)
{
    const struct titles_map *map = &titles->by_video;
    uint32_t slot = titles_hash(TITLES_HASH_START, video) & map->mask;
    while (map->slots[slot] != 0) {
        if (text_equal(titles->items[map->slots[slot] - 1].video, video)) {
            return map->slots[slot] - 1;
        }
        slot = (slot + 1) & map->mask;
    }
    return TITLES_NONE;
}

uint32_t titles_find_normal(const struct titles *titles, struct text normal)
{
    const struct titles_map *map = &titles->by_normal;
    uint32_t slot = titles_hash(TITLES_HASH_START, normal) & map->mask;
    while (map->slots[slot] != 0) {
        if (text_equal(titles->items[map->slots[slot] - 1].normal, normal)) {
            return map->slots[slot] - 1;
        }
        slot = (slot + 1) & map->mask;
    }
    return TITLES_NONE;
}

static bool is_among(uint32_t index, const uint32_t *list, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (list[i] == index) {
            return true;
        }
    }
    return false;
}

/* Uniform among the drawn videos that are not in `avoid`. */
static uint32_t draw_outside(const struct titles *titles, struct rng *rng, const uint32_t *avoid,
                             uint32_t avoid_count)
{
    uint32_t chosen = TITLES_NONE;
    uint32_t seen = 0;
    if (titles->drawn_count == 0) {
        return TITLES_NONE;
    }
    for (uint32_t i = 0; i < DRAW_TRIES; i++) {
        uint32_t index = titles->drawn[rng_below(rng, titles->drawn_count)];
        if (!is_among(index, avoid, avoid_count)) {
            return index;
        }
    }
    /* Nearly all are to be avoided: the n-th that is left replaces the choice with chance 1/n. */
    for (uint32_t i = 0; i < titles->drawn_count; i++) {
        if (!is_among(titles->drawn[i], avoid, avoid_count) && rng_below(rng, ++seen) == 0) {
            chosen = titles->drawn[i];
        }
    }
    return chosen;
}

uint32_t titles_draw(const struct titles *titles, struct rng *rng, const uint32_t *avoid,
                     uint32_t avoid_count, uint32_t avoid_always)
{
    ASSERT(avoid_always <= avoid_count);
    uint32_t chosen = draw_outside(titles, rng, avoid, avoid_count);
    if (chosen == TITLES_NONE && avoid_always < avoid_count) {
        chosen = draw_outside(titles, rng, avoid, avoid_always);
    }
    return chosen;
}
