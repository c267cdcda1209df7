/* What a catalogue is made of, shared by the files of titles.h. */
#ifndef DUEL_CORE_TITLES_CATALOGUE_H
#define DUEL_CORE_TITLES_CATALOGUE_H

#include <duel/core/titles.h>

#define TITLES_TITLE_SIZE_MAX 300
#define TITLES_CHANNEL_SIZE_MAX 100
/* Videos ever known; rows beyond are skipped. Bounds every size computed from counts. */
#define TITLES_KNOWN_MAX (1u << 20)
/* Trigrams of a normal form: one for each code point and one more for each word. */
#define TITLES_TRIGRAMS_MAX (2 * TITLES_NORMAL_SIZE_MAX)

/* One video ever known, by index. Texts point into the catalogue's own memory. */
struct titles_item {
    struct text video;
    struct text title;
    struct text channel;
    struct text normal; /* empty: nothing typed matches it */
    struct titles_frame *frames;
    uint32_t frames_count;
    uint64_t views;
    bool in_play;
    bool drawn; /* in play, with a frame, difficulty as set */
};

/* An open-addressed set of indexes, found by their text. At most half full. */
struct titles_map {
    uint32_t *slots; /* index + 1; 0: empty */
    uint32_t mask;
};

/* Memory that only grows and is freed at once; what is handed out never moves. */
struct titles_chunk;

struct titles_arena {
    struct titles_chunk *chunks;
};

struct titles_search;

struct titles {
    struct titles_item *items;
    uint32_t items_count;
    uint32_t in_play_count;
    uint32_t *drawn; /* indexes */
    uint32_t drawn_count;
    struct titles_map by_video;  /* every video ever known */
    struct titles_map by_normal; /* one video in play for each normal form */
    struct titles_search *search;
    struct titles_arena arena; /* texts and frames of `items` */
};

/* Aligned for any object of ours; NULL: out of memory. */
void *titles_arena_take(struct titles_arena *arena, uint32_t size);
void titles_arena_destroy(struct titles_arena *arena);

bool titles_map_create(struct titles_map *map, uint32_t count_max);
void titles_map_destroy(struct titles_map *map);
/* Adds an index that is not in the map yet. */
void titles_map_put(struct titles_map *map, uint32_t hash, uint32_t index);
/* FNV-1a, 32 bits; continues from `hash`. */
uint32_t titles_hash(uint32_t hash, struct text text);
#define TITLES_HASH_START 2166136261u
/* The video in play whose normal form this is (one of them), or TITLES_NONE. */
uint32_t titles_find_normal(const struct titles *titles, struct text normal);

/* The edit distance of two normal forms in code points, and the longer length. */
uint32_t titles_distance(struct text normal_a, struct text normal_b, uint32_t *ret_longer);

/* The distinct trigrams of a normal form as pg_trgm makes them (24 bits each), ascending; at most
 * TITLES_TRIGRAMS_MAX are written. Returns how many. */
uint32_t titles_trigrams(struct text normal, uint32_t ret_codes[TITLES_TRIGRAMS_MAX]);

/* The index of suggestions over the videos in play. NULL: out of memory. */
struct titles_search *titles_search_create(const struct titles *titles);
void titles_search_destroy(struct titles_search *search);

#endif
