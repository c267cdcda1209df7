/* Fuzz target of the codec: any bytes, taken for a message of either side.
 *
 * What must hold: a refusal has a reason that fits a close frame; what is accepted is within the
 * bounds of the tables (codec_encode asserts them), and comes back the same when it is encoded and
 * decoded again.
 *
 *   clang -fsanitize=fuzzer …   explores from here
 *   smoke_codec.c               a short run for every day, with any compiler */
#include <duel/base/assert.h>
#include <duel/protocol/codec.h>

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef const struct message *decode_function(struct codec *codec, const void *data, uint32_t size,
                                              struct text *ret_reason);

static void check_reason(struct text reason)
{
    ASSERT(reason.size > 0 && reason.size <= 100);
    ASSERT(text_is_utf8(reason));
    for (uint32_t i = 0; i < reason.size; i++) {
        ASSERT((unsigned char)reason.data[i] >= ' ' && reason.data[i] != '\x7f');
    }
}

static void check_decoded(struct codec *codec, decode_function *decode,
                          const struct message *message)
{
    static uint8_t once[MESSAGE_SERVER_SIZE_MAX];
    static uint8_t twice[MESSAGE_SERVER_SIZE_MAX];
    static char json[8 * MESSAGE_SERVER_SIZE_MAX];
    enum message_type type = message->type;
    uint32_t size = codec_encode(message, once, sizeof once);
    ASSERT(size != 0);
    ASSERT(codec_json(message, json, sizeof json) != 0);

    struct text reason = TEXT_NONE;
    const struct message *again = decode(codec, once, size, &reason);
    ASSERT(again != NULL && again->type == type);
    ASSERT(codec_encode(again, twice, sizeof twice) == size);
    ASSERT(memcmp(once, twice, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct codec *codec;
    if (codec == NULL) {
        codec = codec_create();
        ASSERT(codec != NULL);
    }
    static decode_function *const decoders[] = { codec_decode_client, codec_decode_server };
    for (uint32_t i = 0; i < 2; i++) {
        struct text reason = TEXT_NONE;
        const struct message *message = decoders[i](codec, data, (uint32_t)size, &reason);
        if (message == NULL) {
            check_reason(reason);
        } else {
            check_decoded(codec, decoders[i], message);
        }
    }
    return 0;
}
