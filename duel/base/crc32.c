/* CRC-32, four bits at a time: a table of 64 bytes instead of one of a kilobyte, which each blob of
 * a few hundred bytes would pull into the cache. */
#include <duel/base/crc32.h>

uint32_t crc32_sum(const void *data, uint32_t size)
{
    /* The remainders of all nibbles by the reflected polynomial 0xedb88320. */
    static const uint32_t remainders[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
        0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };
    const uint8_t *bytes = data;
    uint32_t sum = UINT32_MAX;
    for (uint32_t i = 0; i < size; i++) {
        sum ^= bytes[i];
        sum = remainders[sum & 15] ^ sum >> 4;
        sum = remainders[sum & 15] ^ sum >> 4;
    }
    return sum ^ UINT32_MAX;
}
