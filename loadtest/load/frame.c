/* Sealed frames; see the header. */
#include <loadtest/load/frame.h>

#include <openssl/evp.h>
#include <string.h>

#define IV_SIZE 12
#define TAG_SIZE 16
#define LENGTH_SIZE 4
#define MARK "framedle-video="

static bool decrypt(EVP_CIPHER_CTX *context, uint8_t *sealed, uint32_t size, const char *token,
                    const uint8_t key[16])
{
    int got = 0;
    uint8_t *text = sealed + IV_SIZE;
    int text_size = (int)(size - IV_SIZE - TAG_SIZE);
    return EVP_DecryptInit_ex(context, EVP_aes_128_gcm(), NULL, key, sealed) == 1 &&
           EVP_DecryptUpdate(context, NULL, &got, (const uint8_t *)token, (int)strlen(token)) ==
               1 &&
           EVP_DecryptUpdate(context, text, &got, text, text_size) == 1 &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, TAG_SIZE, text + text_size) == 1 &&
           EVP_DecryptFinal_ex(context, text + got, &got) == 1;
}

const char *frame_open(uint8_t *sealed, uint32_t size, const char *token, const uint8_t key[16],
                       const uint8_t **ret_image, uint32_t *ret_image_size)
{
    if (size < IV_SIZE + LENGTH_SIZE + TAG_SIZE || size > INT32_MAX) {
        return "a sealed frame that is too small";
    }
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    bool fine = context != NULL && decrypt(context, sealed, size, token, key);
    EVP_CIPHER_CTX_free(context);
    if (!fine) {
        return "a sealed frame that its key does not open";
    }
    const uint8_t *plain = sealed + IV_SIZE;
    uint32_t image_size = (uint32_t)plain[0] << 24 | (uint32_t)plain[1] << 16 |
                          (uint32_t)plain[2] << 8 | plain[3];
    if (image_size > size - IV_SIZE - TAG_SIZE - LENGTH_SIZE) {
        return "a sealed frame with a length beyond its end";
    }
    *ret_image = plain + LENGTH_SIZE;
    *ret_image_size = image_size;
    return NULL;
}

bool frame_read_video(const uint8_t *image, uint32_t size, char *ret_video, uint32_t ret_size)
{
    const uint8_t *mark = memmem(image, size, MARK, sizeof(MARK) - 1);
    if (mark == NULL) {
        return false;
    }
    const uint8_t *video = mark + sizeof(MARK) - 1;
    const uint8_t *end = memchr(video, '\n', (size_t)(image + size - video));
    if (end == NULL || (size_t)(end - video) >= ret_size) {
        return false;
    }
    memcpy(ret_video, video, (size_t)(end - video));
    ret_video[end - video] = '\0';
    return true;
}
