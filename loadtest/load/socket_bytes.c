/* Memory that is there only while something is in it: 20,000 idle sockets keep no buffers. */
#include <loadtest/load/socket_inside.h>

#include <duel/base/assert.h>
#include <stdlib.h>
#include <string.h>

#define SIZE_FIRST 256

uint8_t *bytes_reserve(struct bytes *bytes, uint32_t more)
{
    if (bytes->size_max - bytes->size < more) {
        uint32_t size_max = bytes->size_max == 0 ? SIZE_FIRST : bytes->size_max;
        while (size_max - bytes->size < more) {
            size_max *= 2;
        }
        bytes->data = realloc(bytes->data, size_max);
        ASSERT(bytes->data != NULL);
        bytes->size_max = size_max;
    }
    return bytes->data + bytes->size;
}

void bytes_append(struct bytes *bytes, const void *data, uint32_t size)
{
    if (size > 0) {
        memcpy(bytes_reserve(bytes, size), data, size);
        bytes->size += size;
    }
}

void bytes_drop(struct bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct bytes){ 0 };
}

void bytes_take(struct bytes *bytes, uint32_t size)
{
    bytes->size -= size;
    if (bytes->size == 0) {
        bytes_drop(bytes); /* 20,000 idle sockets keep no buffers */
    } else {
        memmove(bytes->data, bytes->data + size, bytes->size);
    }
}
