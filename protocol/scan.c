/* The pre-scan: msgpack-c reserves memory for whatever count a header claims (5 bytes ask for
 * gigabytes) and accepts trailing bytes, duplicate keys and keys of any type, so this looks first.
 *
 * One pass without recursion or allocation. It refuses to know messages and fields. */
#include <protocol/scan.h>

#include <duel/base/assert.h>
#include <duel/protocol/codec.h>
#include <protocol/fields.h>

enum scan_kind { SCAN_NEVER, SCAN_SCALAR, SCAN_STRING, SCAN_BYTES, SCAN_ARRAY, SCAN_MAP };

/* One MessagePack value: its head, taken off the front of the input. */
struct value {
    enum scan_kind kind;
    uint32_t count;      /* ARRAY: items, MAP: pairs, else: bytes that follow */
    const uint8_t *data; /* what follows */
};

/* A map or array that is being read. */
struct level {
    bool is_map;
    bool key_next;
    uint32_t left; /* items or pairs not yet begun */
    uint32_t keys_count;
    struct text keys[FIELDS_MAX];
};

struct scan {
    const uint8_t *at;
    const uint8_t *end;
    uint32_t depth;
    struct level levels[FIELDS_DEPTH_MAX];
    struct text key; /* what a complaint is about */
};

/* 0xc0…0xdf: kind, bytes of the count, and the count itself or what is to be added to it (an
 * extension has a byte for its type). */
static const struct {
    uint8_t kind;
    uint8_t count_size;
    uint8_t plus;
} heads[32] = {
    { SCAN_SCALAR, 0, 0 }, /* nil */
    { SCAN_NEVER, 0, 0 },  /* 0xc1 */
    { SCAN_SCALAR, 0, 0 }, /* false */
    { SCAN_SCALAR, 0, 0 }, /* true */
    { SCAN_BYTES, 1, 0 },  /* bin */
    { SCAN_BYTES, 2, 0 },
    { SCAN_BYTES, 4, 0 },
    { SCAN_BYTES, 1, 1 }, /* ext */
    { SCAN_BYTES, 2, 1 },
    { SCAN_BYTES, 4, 1 },
    { SCAN_SCALAR, 0, 4 }, /* float */
    { SCAN_SCALAR, 0, 8 },
    { SCAN_SCALAR, 0, 1 }, /* unsigned */
    { SCAN_SCALAR, 0, 2 },
    { SCAN_SCALAR, 0, 4 },
    { SCAN_SCALAR, 0, 8 },
    { SCAN_SCALAR, 0, 1 }, /* signed */
    { SCAN_SCALAR, 0, 2 },
    { SCAN_SCALAR, 0, 4 },
    { SCAN_SCALAR, 0, 8 },
    { SCAN_BYTES, 0, 2 }, /* fixext */
    { SCAN_BYTES, 0, 3 },
    { SCAN_BYTES, 0, 5 },
    { SCAN_BYTES, 0, 9 },
    { SCAN_BYTES, 0, 17 },
    { SCAN_STRING, 1, 0 },
    { SCAN_STRING, 2, 0 },
    { SCAN_STRING, 4, 0 },
    { SCAN_ARRAY, 2, 0 },
    { SCAN_ARRAY, 4, 0 },
    { SCAN_MAP, 2, 0 },
    { SCAN_MAP, 4, 0 },
};

static uint32_t left(const struct scan *scan)
{
    return (uint32_t)(scan->end - scan->at);
}

static const char *take_head(struct scan *scan, struct value *ret_value)
{
    if (left(scan) == 0) {
        return "cut off";
    }
    uint8_t first = *scan->at++;
    struct value value = { .kind = SCAN_SCALAR };
    uint64_t count = 0;
    if (first >= 0x80 && first <= 0x8f) {
        value.kind = SCAN_MAP;
        count = first & 0x0fU;
    } else if (first >= 0x90 && first <= 0x9f) {
        value.kind = SCAN_ARRAY;
        count = first & 0x0fU;
    } else if (first >= 0xa0 && first <= 0xbf) {
        value.kind = SCAN_STRING;
        count = first & 0x1fU;
    } else if (first >= 0xc0 && first <= 0xdf) {
        value.kind = (enum scan_kind)heads[first - 0xc0].kind;
        if (value.kind == SCAN_NEVER) {
            return "not MessagePack";
        }
        uint32_t count_size = heads[first - 0xc0].count_size;
        if (count_size > left(scan)) {
            return "cut off";
        }
        for (uint32_t i = 0; i < count_size; i++) {
            count = count << 8 | *scan->at++;
        }
        count += heads[first - 0xc0].plus;
    }
    /* Every item takes a byte at least, every pair two. */
    if (count > left(scan) / (value.kind == SCAN_MAP ? 2 : 1)) {
        return "cut off";
    }
    value.count = (uint32_t)count;
    value.data = scan->at;
    *ret_value = value;
    return NULL;
}

static const char *check_key(struct scan *scan, struct level *level, const struct value *value)
{
    if (value->kind != SCAN_STRING) {
        return "a key that is not text";
    }
    struct text key = { (const char *)value->data, value->count };
    if (!text_is_utf8(key)) {
        return "a key that is not UTF-8";
    }
    for (uint32_t i = 0; i < level->keys_count; i++) {
        if (text_equal(level->keys[i], key)) {
            scan->key = key;
            return "duplicate key";
        }
    }
    ASSERT(level->keys_count < FIELDS_MAX);
    level->keys[level->keys_count++] = key;
    return NULL;
}

static const char *open_level(struct scan *scan, const struct value *value)
{
    if (scan->depth == FIELDS_DEPTH_MAX) {
        return "nested too deep";
    }
    bool is_map = value->kind == SCAN_MAP;
    if (is_map && value->count > FIELDS_MAX) {
        return "too many fields";
    }
    struct level *level = &scan->levels[scan->depth++];
    level->is_map = is_map;
    level->key_next = is_map;
    level->left = value->count;
    level->keys_count = 0;
    return NULL;
}

/* Reads one value, a key or an item of the innermost level. */
static const char *step(struct scan *scan)
{
    struct level *level = scan->depth == 0 ? NULL : &scan->levels[scan->depth - 1];
    struct value value;
    const char *wrong = take_head(scan, &value);
    if (wrong != NULL) {
        return wrong;
    }
    if (level == NULL && value.kind != SCAN_MAP) {
        return "not a map";
    }
    if (level != NULL && level->key_next) {
        wrong = check_key(scan, level, &value);
        if (wrong != NULL) {
            return wrong;
        }
        level->key_next = false;
    } else if (level != NULL) {
        level->left--;
        level->key_next = level->is_map;
    }
    if (value.kind == SCAN_ARRAY || value.kind == SCAN_MAP) {
        return open_level(scan, &value);
    }
    scan->at += value.count;
    return NULL;
}

/* The first map of `data`; NULL when it is one, and then where it ends. */
static const char *scan_map(const uint8_t *data, uint32_t size, uint32_t *ret_size,
                            struct text *ret_key)
{
    struct scan scan = { .at = data, .end = data + size };
    *ret_key = TEXT_NONE;
    if (size == 0) {
        return "empty";
    }
    do {
        const char *wrong = step(&scan);
        if (wrong != NULL) {
            *ret_key = scan.key;
            return wrong;
        }
        while (scan.depth > 0 && scan.levels[scan.depth - 1].left == 0) {
            scan.depth--;
        }
    } while (scan.depth > 0);
    *ret_size = (uint32_t)(scan.at - data);
    return NULL;
}

const char *scan_message(const uint8_t *data, uint32_t size, struct text *ret_key)
{
    uint32_t map_size = size;
    const char *wrong = scan_map(data, size, &map_size, ret_key);
    return wrong == NULL && map_size != size ? "more than one message" : wrong;
}

uint32_t codec_measure(const void *data, uint32_t size)
{
    uint32_t map_size = 0;
    struct text key;
    return scan_map(data, size, &map_size, &key) == NULL ? map_size : 0;
}

uint32_t codec_read_array_head(const void *data, uint32_t size, uint32_t *ret_head_size)
{
    struct scan scan = { .at = data, .end = (const uint8_t *)data + size };
    struct value value;
    if (take_head(&scan, &value) != NULL || value.kind != SCAN_ARRAY) {
        return 0;
    }
    *ret_head_size = (uint32_t)(scan.at - (const uint8_t *)data);
    return value.count;
}
