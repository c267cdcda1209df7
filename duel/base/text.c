/* Text views, bounded buffers, and UTF-8 checked by RFC 3629. */
#include <duel/base/assert.h>
#include <duel/base/text.h>
#include <string.h>

#define INT_DIGITS_MAX 20

struct text text_from(const char *terminated)
{
    if (terminated == NULL) {
        return TEXT_NONE;
    }
    return (struct text){ terminated, (uint32_t)strlen(terminated) };
}

bool text_equal(struct text a, struct text b)
{
    if (a.size != b.size || (a.data == NULL) != (b.data == NULL)) {
        return false;
    }
    return a.size == 0 || memcmp(a.data, b.data, a.size) == 0;
}

void text_buffer_init(struct text_buffer *buffer, char *memory, uint32_t size_max)
{
    *buffer = (struct text_buffer){ .data = memory, .size_max = size_max };
}

void text_append(struct text_buffer *buffer, struct text text)
{
    ASSERT(buffer->size <= buffer->size_max);
    if (buffer->full || text.size > buffer->size_max - buffer->size) {
        buffer->full = true;
        return;
    }
    if (text.size != 0) {
        memcpy(buffer->data + buffer->size, text.data, text.size);
    }
    buffer->size += text.size;
}

void text_append_int(struct text_buffer *buffer, int64_t value)
{
    char digits[INT_DIGITS_MAX];
    uint32_t place = INT_DIGITS_MAX;
    /* Unsigned, so that INT64_MIN has a magnitude. */
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[--place] = (char)('0' + magnitude % 10);
        magnitude /= 10;
    } while (magnitude != 0);
    if (value < 0) {
        digits[--place] = '-';
    }
    text_append(buffer, (struct text){ digits + place, INT_DIGITS_MAX - place });
}

struct text text_of(const struct text_buffer *buffer)
{
    return (struct text){ buffer->data, buffer->size };
}

/* Bytes of the code point that starts `text`, 0 when it is not well-formed (RFC 3629 section 4). */
static uint32_t code_point(struct text text, uint32_t *ret_value)
{
    ASSERT(text.size > 0);
    const uint8_t *bytes = (const uint8_t *)text.data;
    uint8_t lead = bytes[0];
    if (lead < 0x80) {
        *ret_value = lead;
        return 1;
    }
    uint32_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size < size) {
        return 0;
    }
    uint32_t value = lead & (0x7fU >> size);
    for (uint32_t i = 1; i < size; i++) {
        if ((bytes[i] & 0xc0) != 0x80) {
            return 0;
        }
        value = value << 6 | (bytes[i] & 0x3fU);
    }
    static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
    bool surrogate = value >= 0xd800 && value <= 0xdfff;
    if (value < smallest[size] || value > 0x10ffff || surrogate) {
        return 0;
    }
    *ret_value = value;
    return size;
}

bool text_is_utf8(struct text text)
{
    while (text.size > 0) {
        uint32_t value;
        uint32_t size = code_point(text, &value);
        if (size == 0) {
            return false;
        }
        text.data += size;
        text.size -= size;
    }
    return true;
}

/* C0, DEL and C1; and what turns the text around it (Unicode Bidirectional Algorithm, section 2),
 * with which a name could rewrite the line it stands in. */
static bool is_control(uint32_t value)
{
    return value < 0x20 || (value >= 0x7f && value <= 0x9f) ||
           (value >= 0x202a && value <= 0x202e) || (value >= 0x2066 && value <= 0x2069);
}

void text_append_name(struct text_buffer *buffer, struct text name, uint32_t code_points_max)
{
    uint32_t code_points = 0;
    while (name.size > 0 && code_points < code_points_max) {
        uint32_t value = 0;
        uint32_t size = code_point(name, &value);
        bool control = size != 0 && is_control(value);
        if (size == 0) {
            text_append(buffer, TEXT("\xef\xbf\xbd"));
            size = 1;
            code_points++;
        } else if (!control) {
            text_append(buffer, (struct text){ name.data, size });
            code_points++;
        }
        name.data += size;
        name.size -= size;
    }
}
