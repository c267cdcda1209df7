/* Sealed frames as a client opens them, sealed by the server's own half (contract section 6). */
#include <duel/io/frames_parts.h>
#include <loadtest/load/frame.h>
#include <test.h>

static const char picture[] = "\x89PNG\r\n\x1a\n....framedle-video=abcdefghijk\n....";

static uint8_t *seal(struct frames_seat *seat)
{
    static struct frames_dice dice;
    frames_draw_seat(&dice, seat);
    uint8_t *body = frames_seal_body(seat, (const uint8_t *)picture, sizeof(picture));
    CHECK(body != NULL);
    return body;
}

TEST(what_was_sealed_is_opened_and_read)
{
    struct frames_seat seat;
    uint8_t *body = seal(&seat);
    const uint8_t *image;
    uint32_t size;
    CHECK(frame_open(body, frames_sealed_size(sizeof(picture)), seat.token, seat.key, &image,
                     &size) == NULL);
    CHECK_INT(size, sizeof(picture));
    CHECK(memcmp(image, picture, size) == 0);
    char video[24];
    CHECK(frame_read_video(image, size, video, sizeof(video)));
    CHECK(strcmp(video, "abcdefghijk") == 0);
    CHECK(!frame_read_video(image, size, video, 11)); /* no room for its end */
    CHECK(!frame_read_video(image, 20, video, sizeof(video)));
    free(body);
}

TEST(another_key_token_or_byte_opens_nothing)
{
    for (uint32_t fault = 0; fault < 4; fault++) {
        struct frames_seat seat;
        uint8_t *body = seal(&seat);
        uint32_t size = frames_sealed_size(sizeof(picture));
        const uint8_t *image;
        uint32_t image_size;
        seat.key[0] ^= fault == 0;
        seat.token[0] = fault == 1 ? '!' : seat.token[0];
        body[40] ^= fault == 2;
        CHECK(frame_open(body, fault == 3 ? 31 : size, seat.token, seat.key, &image,
                         &image_size) != NULL);
        free(body);
    }
}

TEST_MAIN
