/* A short run of the codec's fuzz target without a fuzzer: the golden vectors, and mutations of
 * them.
 *
 *   smoke_codec [iterations [seed]]    run at the top of the checkout; prints both */
#include "fuzz_codec.c"

#include <duel/base/rng.h>

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define INPUTS_MAX 512
#define INPUT_SIZE_MAX 8192

struct input {
    uint32_t size;
    uint8_t *data;
};

static struct input inputs[INPUTS_MAX];
static uint32_t inputs_count;

static void add_input(const char *hex)
{
    ASSERT(inputs_count < INPUTS_MAX);
    struct input *input = &inputs[inputs_count++];
    input->size = (uint32_t)(strlen(hex) / 2);
    input->data = malloc(input->size + 1);
    ASSERT(input->data != NULL);
    for (uint32_t i = 0; i < input->size; i++) {
        char pair[3] = { hex[2 * i], hex[2 * i + 1], '\0' };
        input->data[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
}

static bool load(const char *path)
{
    json_error_t error;
    json_t *list = json_load_file(path, JSON_ALLOW_NUL, &error);
    if (list == NULL) {
        printf("%s: %s\n", path, error.text);
        return false;
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        add_input(json_string_value(json_object_get(json_array_get(list, i), "hex")));
    }
    json_decref(list);
    return true;
}

/* Bytes that mean most to a parser: heads of every kind, with counts of every size. */
static uint8_t nasty_byte(struct rng *rng)
{
    static const uint8_t bytes[] = { 0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1,
                                     0xc4, 0xc6, 0xc7, 0xc9, 0xcb, 0xcf, 0xd3, 0xd4, 0xd8, 0xd9,
                                     0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0xe0, 0xff };
    return rng_below(rng, 2) == 0 ? (uint8_t)rng_next(rng)
                                  : bytes[rng_below(rng, sizeof bytes)];
}

static void mutate(struct rng *rng, uint8_t *data, uint32_t *size)
{
    uint32_t place = *size == 0 ? 0 : rng_below(rng, *size);
    const struct input *other = &inputs[rng_below(rng, inputs_count)];
    switch (rng_below(rng, 6)) {
    case 0: /* flip a bit */
        data[place] ^= (uint8_t)(1U << rng_below(rng, 8));
        break;
    case 1: /* put a byte in place of another */
        data[place] = nasty_byte(rng);
        break;
    case 2: /* cut off */
        *size = place;
        break;
    case 3: /* insert a byte */
        if (*size < INPUT_SIZE_MAX) {
            memmove(data + place + 1, data + place, *size - place);
            data[place] = nasty_byte(rng);
            *size += 1;
        }
        break;
    case 4: /* leave a byte out */
        if (*size > 0) {
            memmove(data + place, data + place + 1, *size - place - 1);
            *size -= 1;
        }
        break;
    case 5: /* go on as another input does */
        if (other->size > 0 && place + other->size < INPUT_SIZE_MAX) {
            uint32_t from = rng_below(rng, other->size);
            memcpy(data + place, other->data + from, other->size - from);
            *size = place + other->size - from;
        }
        break;
    }
}

/* The copy has no byte to spare, so that a sanitizer sees a read behind the end. */
static void run(const uint8_t *data, uint32_t size)
{
    uint8_t *exact = malloc(size == 0 ? 1 : size);
    ASSERT(exact != NULL);
    memcpy(exact, data, size);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
}

int main(int argc, char **argv)
{
    uint64_t iterations = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : (uint64_t)time(NULL);
    printf("smoke_codec %" PRIu64 " %" PRIu64 "\n", iterations, seed);
    fflush(stdout);
    if (!load("protocol/vectors/messages.json") || !load("protocol/vectors/accepted.json") ||
        !load("protocol/vectors/refused.json")) {
        return 1;
    }
    for (uint32_t i = 0; i < inputs_count; i++) {
        run(inputs[i].data, inputs[i].size);
    }
    struct rng rng;
    rng_seed(&rng, seed);
    for (uint64_t i = 0; i < iterations; i++) {
        static uint8_t data[INPUT_SIZE_MAX + 1];
        const struct input *input = &inputs[rng_below(&rng, inputs_count)];
        uint32_t size = input->size;
        memcpy(data, input->data, size);
        for (uint32_t rounds = 1 + rng_below(&rng, 4); rounds > 0; rounds--) {
            mutate(&rng, data, &size);
        }
        run(data, size);
    }
    for (uint32_t i = 0; i < inputs_count; i++) {
        free(inputs[i].data);
    }
    printf("1 passed, 0 failed\n");
    return 0;
}
