/* CRC-32 (IEEE 802.3, reflected, as in zlib and PNG): recognises bytes that were damaged or cut. It
 * is no defence against who changes them on purpose. */
#ifndef DUEL_BASE_CRC32_H
#define DUEL_BASE_CRC32_H

#include <stdint.h>

/* The sum of `size` bytes; of none 0. */
uint32_t crc32_sum(const void *data, uint32_t size);

#endif
