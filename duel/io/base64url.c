/* Base64url: see the header. */
#include <duel/io/base64url.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void base64url_encode(const uint8_t *bytes, uint32_t size, char *ret_text)
{
    uint32_t bits = 0, held = 0;
    for (uint32_t i = 0; i < size; i++) {
        held = held << 8 | bytes[i];
        bits += 8;
        while (bits >= 6) {
            bits -= 6;
            *ret_text++ = alphabet[held >> bits & 63];
        }
    }
    if (bits > 0) {
        *ret_text++ = alphabet[held << (6 - bits) & 63];
    }
    *ret_text = '\0';
}

/* 0…63, or -1. */
static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

static bool is_canonical(struct text text)
{
    for (uint32_t i = 0; i < text.size; i++) {
        if (value_of(text.data[i]) < 0) {
            return false;
        }
    }
    uint32_t rest = text.size % 4;
    if (rest == 0) {
        return true;
    }
    /* The last character of two carries 4 bits that stand for nothing, of three 2 bits. */
    int unused = rest == 2 ? 15 : 3;
    return rest != 1 && (value_of(text.data[text.size - 1]) & unused) == 0;
}

bool base64url_decode(struct text text, uint32_t size_max, uint8_t *ret_bytes, uint32_t *ret_size)
{
    uint32_t size = text.size / 4 * 3 + text.size % 4 * 3 / 4;
    if (size > size_max || !is_canonical(text)) {
        return false;
    }
    uint32_t bits = 0, held = 0;
    for (uint32_t i = 0; i < text.size; i++) {
        held = held << 6 | (uint32_t)value_of(text.data[i]);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            *ret_bytes++ = (uint8_t)(held >> bits);
        }
    }
    *ret_size = size;
    return true;
}
