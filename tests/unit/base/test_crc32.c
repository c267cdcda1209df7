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
TEST(every_byte_by_the_definition)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint8_t data[2] = { (uint8_t)byte, (uint8_t)(255 - byte) };
        uint32_t sum = UINT32_MAX;
        for (uint32_t bit = 0; bit < 16; bit++) {
            uint32_t next = ((uint32_t)data[bit / 8] >> bit % 8 & 1u) ^ (sum & 1u);
            sum = sum >> 1 ^ (next != 0 ? 0xedb88320u : 0);
        }
        CHECK_INT(crc32_sum(data, 2), sum ^ UINT32_MAX);
    }
}

TEST_MAIN
