/* Normal forms by utf8proc: the only file that knows Unicode's tables.
 *
 * Each code point is decomposed and folded until nothing changes any more (utf8proc does both in
 * one recursion), so a normal form is its own normal form. What is neither letter, number nor
 * white space goes: marks, punctuation, symbols, format and control characters as contract section
 * 5 says, and with them unassigned and private code points, which nobody can type. With the marks
 * gone no reordering of marks is left to do. */
#include <duel/base/assert.h>
#include <duel/core/titles.h>
#include <duel/core/titles_normal.h>
#include <string.h>
#include <utf8proc.h>

/* The longest decomposition of one code point is 18 (U+FDFA). */
#define DECOMPOSED_MAX 32

enum kind { KIND_KEPT, KIND_SPACE, KIND_DROPPED, KIND_SEPARATOR };

struct writer {
    struct text_buffer *buffer;
    uint32_t start; /* of this text in the buffer */
    bool split;     /* separators are spaces */
    bool gap;       /* white space since the last character kept */
    bool full;
};

static bool is_control_space(int32_t code_point)
{
    return (code_point >= 0x09 && code_point <= 0x0d) || code_point == 0x85;
}

static enum kind kind_of(int32_t code_point)
{
    switch (utf8proc_category(code_point)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
        return KIND_KEPT;
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
        return KIND_SPACE;
    case UTF8PROC_CATEGORY_PC:
    case UTF8PROC_CATEGORY_PD:
    case UTF8PROC_CATEGORY_PS:
    case UTF8PROC_CATEGORY_PE:
    case UTF8PROC_CATEGORY_PI:
    case UTF8PROC_CATEGORY_PF:
    case UTF8PROC_CATEGORY_PO:
    case UTF8PROC_CATEGORY_SM:
    case UTF8PROC_CATEGORY_SC:
    case UTF8PROC_CATEGORY_SK:
    case UTF8PROC_CATEGORY_SO:
        return KIND_SEPARATOR;
    case UTF8PROC_CATEGORY_CC:
        return is_control_space(code_point) ? KIND_SPACE : KIND_DROPPED;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CN:
        return KIND_DROPPED;
    }
    return KIND_DROPPED;
}

static enum kind kind_of_ascii(char c)
{
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
        return KIND_KEPT;
    }
    if (c == ' ' || is_control_space(c)) {
        return KIND_SPACE;
    }
    return c < ' ' || c == 0x7f ? KIND_DROPPED : KIND_SEPARATOR;
}

static void write_kept(struct writer *writer, const char *bytes, uint32_t size)
{
    struct text_buffer *buffer = writer->buffer;
    bool space = writer->gap && buffer->size != writer->start;
    if (buffer->size_max - buffer->size < size + space) {
        writer->full = true;
        return;
    }
    if (space) {
        buffer->data[buffer->size++] = ' ';
    }
    writer->gap = false;
    memcpy(buffer->data + buffer->size, bytes, size);
    buffer->size += size;
}

static void write_kind(struct writer *writer, enum kind kind, const char *bytes, uint32_t size)
{
    switch (kind) {
    case KIND_KEPT:
        write_kept(writer, bytes, size);
        return;
    case KIND_SPACE:
        writer->gap = true;
        return;
    case KIND_SEPARATOR:
        writer->gap = writer->gap || writer->split;
        return;
    case KIND_DROPPED:
        return;
    }
}

static void write_decomposed(struct writer *writer, uint32_t code_point)
{
    utf8proc_int32_t parts[DECOMPOSED_MAX];
    utf8proc_ssize_t count =
        utf8proc_decompose_char((utf8proc_int32_t)code_point, parts, DECOMPOSED_MAX,
                                UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD, NULL);
    ASSERT(count >= 0 && count <= DECOMPOSED_MAX);
    for (utf8proc_ssize_t i = 0; i < count; i++) {
        utf8proc_uint8_t bytes[4];
        utf8proc_ssize_t size = utf8proc_encode_char(parts[i], bytes);
        ASSERT(size > 0);
        write_kind(writer, kind_of(parts[i]), (const char *)bytes, (uint32_t)size);
    }
}

static bool normalise(struct text text, struct text_buffer *buffer, bool split)
{
    struct writer writer = { .buffer = buffer, .start = buffer->size, .split = split };
    if (!text_is_utf8(text)) {
        return false;
    }
    uint32_t offset = 0;
    while (offset < text.size && !writer.full) {
        char c = text.data[offset];
        if ((uint8_t)c < 0x80) {
            c = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
            write_kind(&writer, kind_of_ascii(c), &c, 1);
            offset++;
        } else {
            write_decomposed(&writer, normal_read(text, &offset));
        }
    }
    if (writer.full) {
        buffer->size = writer.start;
    }
    return !writer.full;
}

bool titles_normalise(struct text text, struct text_buffer *buffer)
{
    return normalise(text, buffer, false);
}

bool normal_split(struct text text, struct text_buffer *buffer)
{
    return normalise(text, buffer, true);
}

int32_t normal_digit(uint32_t code_point)
{
    if (code_point < 0x80) {
        return code_point >= '0' && code_point <= '9' ? (int32_t)code_point - '0' : -1;
    }
    int32_t zero = (int32_t)code_point;
    if (utf8proc_category(zero) != UTF8PROC_CATEGORY_ND) {
        return -1;
    }
    /* Unicode's decimal digits stand in runs 0…9, and neighbouring runs follow each other whole. */
    while (utf8proc_category(zero - 1) == UTF8PROC_CATEGORY_ND) {
        zero--;
    }
    return ((int32_t)code_point - zero) % 10;
}
