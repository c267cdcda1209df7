/* CRC-32 against known sums (the check value of the catalogue of parametrised CRC algorithms; the
 * others as zlib gives them). */
#include <duel/base/crc32.h>
#include <test.h>

static uint32_t sum_of(const char *text)
{
    return crc32_sum(text, (uint32_t)strlen(text));
}

TEST(known_sums)
{
    CHECK_INT(sum_of("123456789"), 0xcbf43926);
    CHECK_INT(sum_of(""), 0);
    CHECK_INT(sum_of("a"), 0xe8b7be43);
    CHECK_INT(sum_of("The quick brown fox jumps over the lazy dog"), 0x414fa339);
    CHECK_INT(crc32_sum("\0\0\0\0", 4), 0x2144df1c);
    CHECK_INT(crc32_sum("\xff\xff\xff\xff", 4), 0xffffffff);
}

/* Bit by bit, as the division is defined. */
static uint32_t divide(const uint8_t *data, uint32_t size)
{
    uint32_t sum = UINT32_MAX;
    for (uint32_t bit = 0; bit < 8 * size; bit++) {
        uint32_t next = ((uint32_t)data[bit / 8] >> bit % 8 & 1u) ^ (sum & 1u);
        sum = sum >> 1 ^ (next != 0 ? 0xedb88320u : 0);
    }
    return sum ^ UINT32_MAX;
}

TEST(every_byte_at_every_place)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        for (uint32_t place = 0; place < 17; place++) {
            uint8_t data[17] = { 0 };
            data[place] = (uint8_t)byte;
            CHECK_INT(crc32_sum(data, sizeof(data)), divide(data, sizeof(data)));
        }
    }
}

TEST(every_size_at_every_alignment)
{
    uint8_t data[64];
    for (uint32_t i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)(i * 151 + 7);
    }
    for (uint32_t start = 0; start < 8; start++) {
        for (uint32_t size = 0; size <= sizeof(data) - start; size++) {
            CHECK_INT(crc32_sum(data + start, size), divide(data + start, size));
        }
    }
}

TEST_MAIN
