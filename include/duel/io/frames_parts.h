/* The two halves of frames that touch the world: reading a picture, and sealing it (contract
 * section 6).
 *
 * Both run on worker threads and know nothing of matches, tokens' lives or the cache. */
#ifndef DUEL_IO_FRAMES_PARTS_H
#define DUEL_IO_FRAMES_PARTS_H

#include <duel/io/frames.h>

#define FRAMES_PATH_SIZE_MAX 1024
#define FRAMES_DIGEST_SIZE 32
#define FRAMES_KEY_SIZE 16
#define FRAMES_IV_SIZE 12
#define FRAMES_TAG_SIZE 16

/* A picture in memory. Only the loop touches what is above `size`; the rest never changes. */
struct frames_picture {
    uint32_t references; /* jobs and the cache */
    bool cached;
    struct frames_picture *newer; /* neighbours by last use, while cached */
    struct frames_picture *older;
    uint8_t name[FRAMES_DIGEST_SIZE]; /* of the path: its key in the cache */
    uint32_t size;
    const char *type;                   /* MIME */
    uint8_t digest[FRAMES_DIGEST_SIZE]; /* of `bytes` */
    uint8_t bytes[];
};

/* What belongs to one seat's frame. */
struct frames_seat {
    char token[HUB_TOKEN_SIZE + 1];
    uint8_t key[FRAMES_KEY_SIZE];
    uint8_t iv[FRAMES_IV_SIZE];
    uint32_t serves;
};

#define FRAMES_TOKEN_BYTES 32
#define FRAMES_DICE_COUNT 64

/* Random bytes for the next seats, drawn ahead: a call costs far more than its bytes. All zero:
 * empty. What was used is wiped. Used by one thread. */
struct frames_dice {
    struct {
        uint8_t token[FRAMES_TOKEN_BYTES];
        uint8_t key[FRAMES_KEY_SIZE];
        uint8_t iv[FRAMES_IV_SIZE];
    } throws[FRAMES_DICE_COUNT];
    uint32_t left; /* the first ones */
};

/* Reads `path` below `directory`: a regular file of 1 to `size_max` bytes that is a picture,
 * reached without "..", "." or a symbolic link. NULL for anything else. Free with free(). */
struct frames_picture *frames_read(const char *directory, struct text path, uint32_t size_max);
/* The picture of a path, from bytes that are copied. NULL: they are no picture. */
struct frames_picture *frames_picture_of(struct text path, const uint8_t *bytes, uint32_t size);
/* Whether `path` has 1 to FRAMES_PATH_SIZE_MAX bytes, no NUL, and no part that is empty, "." or
 * "..". */
bool frames_path_is_plain(struct text path);
/* The MIME type by the first bytes, or NULL. */
const char *frames_type(const uint8_t *bytes, uint32_t size);

void frames_digest(const void *bytes, uint32_t size, uint8_t ret_digest[FRAMES_DIGEST_SIZE]);
/* Fresh token, key and IV. */
void frames_draw_seat(struct frames_dice *dice, struct frames_seat *ret_seat);
/* Size of the sealed body of a picture of `size` bytes. */
uint32_t frames_sealed_size(uint32_t size);
/* The sealed body, frames_sealed_size() bytes from malloc(). The same for the same arguments,
 * always: who calls makes sure that a key never meets two pictures. NULL: out of memory. */
uint8_t *frames_seal_body(const struct frames_seat *seat, const uint8_t *bytes, uint32_t size);

#endif
