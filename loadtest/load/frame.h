/* Sealed frames as a client opens them (contract section 6). */
#ifndef LOAD_FRAME_H
#define LOAD_FRAME_H

#include <stdbool.h>
#include <stdint.h>

/* Opens `sealed` in place (IV ‖ ciphertext ‖ tag; AAD is the token, the last part of the frame's
 * URL); *ret_image points into it. NULL, or what is wrong: a text that lives for ever. */
const char *frame_open(uint8_t *sealed, uint32_t size, const char *token, const uint8_t key[16],
                       const uint8_t **ret_image, uint32_t *ret_image_size);
/* The video that a picture of a load test shows: pictures made for it carry "framedle-video=" and
 * an id, ended by a line feed, somewhere in their bytes. False: it carries none. */
bool frame_read_video(const uint8_t *image, uint32_t size, char *ret_video, uint32_t ret_size);

#endif
