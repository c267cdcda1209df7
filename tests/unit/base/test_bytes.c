/* Blobs: what was put is got, and nothing is read beyond a bound. */
#include <duel/base/bytes.h>
#include <test.h>

#define VERSION 7

static char memory[400];

static struct text blob_of_all(const struct uuid *uuid)
{
    struct text_buffer buffer;
    text_buffer_init(&buffer, memory, sizeof memory);
    text_append(&buffer, TEXT("before"));
    uint32_t start = bytes_begin(&buffer, VERSION);
    bytes_put_u8(&buffer, 0xfe);
    bytes_put_u16(&buffer, 0xfedc);
    bytes_put_u32(&buffer, 0xfedcba98);
    bytes_put_u64(&buffer, UINT64_C(0xfedcba9876543210));
    bytes_put_uuid(&buffer, uuid);
    bytes_put_text(&buffer, TEXT("maçã"));
    bytes_put_text(&buffer, TEXT(""));
    bytes_put_text(&buffer, TEXT_NONE);
    bytes_put_u8(&buffer, 1);
    return bytes_end(&buffer, start);
}

TEST(what_was_put_is_got)
{
    struct uuid uuid = uuid_random(12, 34);
    struct text blob = blob_of_all(&uuid);
    struct bytes_reader reader;
    CHECK_INT(blob.size, 1 + 1 + 2 + 4 + 8 + 16 + 2 + 6 + 2 + 2 + 1 + 4);
    CHECK(memcmp(blob.data, "\x07\xfe\xdc\xfe\x98\xba\xdc\xfe\x10\x32", 10) == 0);
    CHECK(bytes_open(&reader, blob, VERSION));
    CHECK_INT(bytes_get_u8(&reader, 0xfe), 0xfe);
    CHECK_INT(bytes_get_u16(&reader, 0xfedc), 0xfedc);
    CHECK(bytes_get_u32(&reader, 0xfedcba98) == 0xfedcba98);
    CHECK(bytes_get_u64(&reader, UINT64_MAX) == UINT64_C(0xfedcba9876543210));
    struct uuid got = bytes_get_uuid(&reader);
    CHECK(uuid_equal(&got, &uuid));
    CHECK_TEXT(bytes_get_text(&reader, 6), "maçã");
    struct text empty = bytes_get_text(&reader, 0);
    CHECK(empty.data != NULL && empty.size == 0);
    CHECK(bytes_get_text(&reader, 0).data == NULL);
    CHECK(!bytes_is_done(&reader));
    CHECK(bytes_get_bool(&reader));
    CHECK(bytes_is_done(&reader));
    bytes_get_u8(&reader, UINT8_MAX);
    CHECK(!bytes_is_done(&reader));
}

/* A blob with one number or text in it, and a reader of it. */
static struct bytes_reader reader_of(uint32_t number, struct text text)
{
    struct text_buffer buffer;
    struct bytes_reader reader;
    text_buffer_init(&buffer, memory, sizeof memory);
    uint32_t start = bytes_begin(&buffer, VERSION);
    if (text.data != NULL) {
        bytes_put_text(&buffer, text);
    } else {
        bytes_put_u32(&buffer, number);
    }
    CHECK(bytes_open(&reader, bytes_end(&buffer, start), VERSION));
    return reader;
}

TEST(what_is_beyond_a_bound_is_bad)
{
    struct bytes_reader reader = reader_of(8, TEXT_NONE);
    CHECK_INT(bytes_get_u32(&reader, 7), 0);
    CHECK(!bytes_is_done(&reader));
    reader = reader_of(2, TEXT_NONE);
    CHECK(!bytes_get_bool(&reader) && reader.bad);
    reader = reader_of(2, TEXT_NONE);
    CHECK_INT(bytes_get_u64(&reader, UINT64_MAX), 0);
    CHECK(reader.bad);
    reader = reader_of(0, TEXT("four"));
    CHECK(bytes_get_text(&reader, 3).data == NULL && reader.bad);
    reader = reader_of(100, TEXT_NONE); /* a text of 100 bytes, of which 2 are there */
    CHECK(bytes_get_text(&reader, 100).data == NULL && reader.bad);
    reader = reader_of(0, TEXT("\xc3"));
    CHECK(bytes_get_text(&reader, 100).data == NULL && reader.bad);
}

TEST(once_bad_all_that_is_got_is_nothing)
{
    struct bytes_reader reader = reader_of(0x01010101, TEXT_NONE);
    bytes_get_u8(&reader, 0);
    CHECK_INT(bytes_get_u8(&reader, 255), 0);
    CHECK_INT(bytes_get_u16(&reader, UINT16_MAX), 0);
    CHECK(bytes_get_text(&reader, 100).data == NULL);
    struct uuid uuid = bytes_get_uuid(&reader);
    CHECK(uuid_is_none(&uuid) && !bytes_get_bool(&reader) && !bytes_is_done(&reader));
}

TEST(varints_are_as_short_as_they_can_be)
{
    const struct { uint64_t value; uint32_t size; } cases[] = {
        { 0, 1 }, { 127, 1 }, { 128, 2 }, { 16383, 2 }, { 16384, 3 }, { UINT32_MAX, 5 },
        { UINT64_MAX - 1, 10 }, { UINT64_MAX, 10 },
    };
    for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text_buffer buffer;
        text_buffer_init(&buffer, memory, sizeof memory);
        bytes_put_varint(&buffer, cases[i].value);
        CHECK_INT(buffer.size, cases[i].size);
        struct bytes_reader reader = { (const uint8_t *)memory, buffer.size, false };
        CHECK(bytes_get_varint(&reader, cases[i].value) == cases[i].value);
        CHECK(bytes_is_done(&reader));
        reader = (struct bytes_reader){ (const uint8_t *)memory, buffer.size - 1, false };
        CHECK(bytes_get_varint(&reader, UINT64_MAX) == 0 && reader.bad);
        reader = (struct bytes_reader){ (const uint8_t *)memory, buffer.size, false };
        CHECK(cases[i].value == 0 ||
              (bytes_get_varint(&reader, cases[i].value - 1) == 0 && reader.bad));
    }
}

TEST(a_varint_that_nobody_writes_is_bad)
{
    const struct text wrong[] = {
        TEXT_NONE, TEXT("\x80\x00"), TEXT("\xff\x80\x00"),
        TEXT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"),
        TEXT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x01"),
    };
    for (uint32_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct bytes_reader reader = { (const uint8_t *)wrong[i].data, wrong[i].size, false };
        CHECK(bytes_get_varint(&reader, UINT64_MAX) == 0 && reader.bad);
    }
}

TEST(another_version_or_sum_is_not_opened)
{
    struct uuid uuid = uuid_random(1, 2);
    struct text blob = blob_of_all(&uuid);
    struct bytes_reader reader;
    CHECK(!bytes_open(&reader, blob, VERSION + 1));
    CHECK(!bytes_open(&reader, TEXT_NONE, VERSION));
    for (uint32_t size = 0; size < blob.size; size++) {
        CHECK(!bytes_open(&reader, (struct text){ blob.data, size }, VERSION));
    }
    for (uint32_t bit = 0; bit < 8 * blob.size; bit++) {
        memory[6 + bit / 8] = (char)(memory[6 + bit / 8] ^ 1 << bit % 8);
        CHECK(!bytes_open(&reader, blob, VERSION));
        memory[6 + bit / 8] = (char)(memory[6 + bit / 8] ^ 1 << bit % 8);
    }
    CHECK(bytes_open(&reader, blob, VERSION));
}

TEST_MAIN
