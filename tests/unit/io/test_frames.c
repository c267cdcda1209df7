/* Sealed frames (contract section 6): what is read, how it is sealed, who gets it and how often. */
#include "unit/io/fake_io.h"
#include <duel/io/frames_cache.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <test.h>
#include <unistd.h>

#define PNG "\x89PNG\r\n\x1a\n"

static char directory[64];
static struct settings settings;
static struct frames *frames;
static const struct ref match = { 2, 1 };

/* frames_load.c has them linked in; pictures of a directory make no use of it. */
void log_fields(enum log_level level, const char *event, const struct log_field *fields)
{
    (void)fields;
    log_text(level, event, "", "");
}

void log_line(enum log_level level, const char *event)
{
    log_text(level, event, "", "");
}

static uint8_t *body;
static uint32_t body_size;
static uint32_t answers;

static void write_file(const char *name, const void *bytes, size_t size)
{
    char path[300];
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL);
    CHECK(fwrite(bytes, 1, size, file) == size);
    fclose(file);
}

/* A picture of `size` bytes that no other number makes. */
static void write_picture(const char *name, size_t size, uint8_t number)
{
    uint8_t *bytes = malloc(size);
    memset(bytes, number, size);
    memcpy(bytes, PNG, 8);
    write_file(name, bytes, size);
    free(bytes);
}

static void remove_directory(void)
{
    static const char *const names[] = { "secret.png", "in/a.png", "in/b.png", "in/sub/c.png",
                                         "in/link.png", "in/out", "in/pipe.png", "in/x.png",
                                         "in/sub", "in", "" };
    *strrchr(directory, '/') = '\0';
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[300];
        snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
        remove(path); /* not all are there at every end */
    }
}

static void make_directory(void)
{
    char path[300];
    if (directory[0] != '\0') {
        return;
    }
    strcpy(directory, "/tmp/duel-frames-XXXXXX");
    CHECK(mkdtemp(directory) != NULL);
    atexit(remove_directory);
    snprintf(path, sizeof(path), "%s/in", directory);
    CHECK(mkdir(path, 0700) == 0);
    snprintf(path, sizeof(path), "%s/in/sub", directory);
    CHECK(mkdir(path, 0700) == 0);
    write_picture("secret.png", 100, 1);
    write_picture("in/a.png", 1000, 2);
    write_picture("in/b.png", 1000, 3);
    write_picture("in/sub/c.png", 33000, 4);
    snprintf(path, sizeof(path), "%s/in/link.png", directory);
    CHECK(symlink("a.png", path) == 0);
    snprintf(path, sizeof(path), "%s/in/out", directory);
    CHECK(symlink("..", path) == 0);
    snprintf(path, sizeof(path), "%s/in/pipe.png", directory);
    CHECK(mkfifo(path, 0600) == 0);
    strcat(directory, "/in");
}

static void start(int64_t cache)
{
    make_directory();
    settings.frames_dir = directory;
    settings.frame_max = 40000;
    settings.frame_cache = cache;
    frames = frames_create(NULL, NULL, &settings, 4, NULL, NULL);
    CHECK(frames != NULL);
    fake_events = 0;
    answers = 0;
    memset(fake_counts, 0, sizeof(fake_counts));
}

static void stop(void)
{
    frames_destroy(frames);
    fake_drop_all();
    free(body);
    body = NULL;
}

/* Whether the picture can be had. */
static bool seal(const char *path)
{
    uint32_t events = fake_events;
    frames_seal(frames, match, 3, text_from(path));
    CHECK_INT(fake_events, events); /* never inside the call */
    fake_run_all();
    CHECK_INT(fake_events, events + 1);
    CHECK_INT(fake_event.type, HUB_EV_FRAME);
    CHECK(ref_equal(fake_event.frame.match, match));
    CHECK_INT(fake_event.frame.round, 3);
    return fake_event.frame.ok;
}

static void on_body(void *context, struct ref conn, uint8_t *sealed, uint32_t size)
{
    CHECK(context == &answers && ref_equal(conn, (struct ref){ 8, 8 }));
    CHECK((sealed == NULL) == (size == 0));
    free(body);
    body = sealed;
    body_size = size;
    answers++;
}

/* Whether something is served. */
static bool fetch(const char *token)
{
    uint32_t before = answers;
    frames_fetch(frames, text_from(token), (struct ref){ 8, 8 }, on_body, &answers);
    CHECK_INT(answers, before);
    fake_run_all();
    CHECK_INT(answers, before + 1);
    return body != NULL;
}

/* Opens `body`; the size of the picture in it, or -1. */
static int64_t open_body(const char *token, const uint8_t *key, uint8_t *ret_picture)
{
    static uint8_t plain[1000000];
    int size = 0, more = 0;
    uint32_t cipher_size = body_size - 12 - 16;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    EVP_DecryptInit_ex(context, EVP_aes_128_gcm(), NULL, key, body);
    EVP_DecryptUpdate(context, NULL, &size, (const uint8_t *)token, (int)strlen(token));
    EVP_DecryptUpdate(context, plain, &size, body + 12, (int)cipher_size);
    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, 16, body + 12 + cipher_size);
    bool ok = EVP_DecryptFinal_ex(context, plain + size, &more) == 1;
    EVP_CIPHER_CTX_free(context);
    if (!ok) {
        return -1;
    }
    CHECK(cipher_size % 32768 == 0);
    uint32_t length = (uint32_t)plain[0] << 24 | (uint32_t)plain[1] << 16 |
                      (uint32_t)plain[2] << 8 | plain[3];
    CHECK(length <= cipher_size - 4 && cipher_size - 4 - length < 32768);
    for (uint32_t i = 4 + length; i < cipher_size; i++) {
        CHECK_INT(plain[i], 0);
    }
    memcpy(ret_picture, plain + 4, length);
    return length;
}

TEST(both_seats_get_the_picture_each_with_its_own_key)
{
    static uint8_t picture[1000000];
    char tokens[2][64];
    uint8_t keys[2][16];
    start(1000000);
    CHECK(seal("sub/c.png"));
    CHECK_TEXT(fake_event.frame.type, "image/png");
    CHECK_INT(fake_event.frame.size, 28 + 65536);
    memcpy(tokens, fake_tokens, sizeof(tokens));
    memcpy(keys, fake_event.frame.key, sizeof(keys));
    CHECK(strcmp(tokens[0], tokens[1]) != 0 && memcmp(keys[0], keys[1], 16) != 0);
    for (int seat = 0; seat < 2; seat++) {
        CHECK_INT(strlen(tokens[seat]), HUB_TOKEN_SIZE);
        CHECK(fetch(tokens[seat]));
        CHECK_INT(body_size, fake_event.frame.size);
        CHECK_INT(open_body(tokens[seat], keys[seat], picture), 33000);
        CHECK(memcmp(picture, PNG, 8) == 0 && picture[8] == 4 && picture[32999] == 4);
        CHECK_INT(open_body(tokens[seat], keys[1 - seat], picture), -1);
        CHECK_INT(open_body(tokens[1 - seat], keys[seat], picture), -1);
        body[40] ^= 1;
        CHECK_INT(open_body(tokens[seat], keys[seat], picture), -1);
    }
    stop();
}

TEST(a_body_is_what_the_contract_says_byte_for_byte)
{
    /* SHA-256 of bodies made by Node's crypto for the same key, IV, token and picture. */
    static const struct {
        uint32_t size, sealed;
        const char *sha256;
    } cases[] = {
        { 1000, 32796, "989c3809e64cbfafa464c3ac89e2c50424e9b3b1fffdf40b65b75c7c8101efa8" },
        { 32764, 32796, "32f28ae6c4b6a6cff8ae62b773a533c671b8549d28d4a190a9c995b88aa9f7fc" },
        { 32765, 65564, "e4afa16daa8d88c60965e5cb2a0399c06cd9c6c680cfd4154cb97cc122d8cfb4" },
    };
    struct frames_seat seat = { .token = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ" };
    uint8_t picture[32765], digest[FRAMES_DIGEST_SIZE];
    for (uint32_t i = 0; i < sizeof(picture); i++) {
        picture[i] = (uint8_t)(i * 7);
    }
    for (uint8_t i = 0; i < 16; i++) {
        seat.key[i] = i;
    }
    for (uint8_t i = 0; i < 12; i++) {
        seat.iv[i] = (uint8_t)(0xa0 + i);
    }
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char hex[65];
        uint8_t *sealed = frames_seal_body(&seat, picture, cases[i].size);
        CHECK_INT(frames_sealed_size(cases[i].size), cases[i].sealed);
        frames_digest(sealed, cases[i].sealed, digest);
        free(sealed);
        for (int j = 0; j < 32; j++) {
            snprintf(hex + 2 * j, 3, "%02x", digest[j]);
        }
        CHECK_TEXT(text_from(hex), cases[i].sha256);
    }
}

TEST(nothing_is_drawn_twice)
{
    char tokens[2][64];
    uint8_t keys[2][16];
    start(1000000);
    CHECK(seal("a.png"));
    memcpy(tokens, fake_tokens, sizeof(tokens));
    memcpy(keys, fake_event.frame.key, sizeof(keys));
    CHECK(seal("a.png")); /* the same picture, in the same round */
    for (int i = 0; i < 4; i++) {
        CHECK(strcmp(tokens[i / 2], fake_tokens[i % 2]) != 0);
        CHECK(memcmp(keys[i / 2], fake_event.frame.key[i % 2], 16) != 0);
    }
    stop();
}

/* More than are thrown at once. */
TEST(no_throw_of_the_dice_comes_again_or_stays)
{
    static struct frames_dice dice;
    static struct frames_seat seats[2 * FRAMES_DICE_COUNT + 1];
    static const uint8_t wiped[sizeof(dice.throws[0])];
    for (uint32_t i = 0; i < sizeof(seats) / sizeof(seats[0]); i++) {
        frames_draw_seat(&dice, &seats[i]);
        CHECK(memcmp(&dice.throws[dice.left], wiped, sizeof(wiped)) == 0);
        for (uint32_t j = 0; j < i; j++) {
            CHECK(strcmp(seats[i].token, seats[j].token) != 0);
            CHECK(memcmp(seats[i].key, seats[j].key, FRAMES_KEY_SIZE) != 0);
            CHECK(memcmp(seats[i].iv, seats[j].iv, FRAMES_IV_SIZE) != 0);
        }
    }
}

TEST(a_token_serves_five_times_the_same_bytes)
{
    start(1000000);
    CHECK(seal("a.png"));
    uint8_t *first = NULL;
    for (int i = 0; i < 5; i++) {
        CHECK(fetch(fake_tokens[0]));
        if (i == 0) {
            first = malloc(body_size);
            memcpy(first, body, body_size);
        }
        CHECK(memcmp(first, body, body_size) == 0);
    }
    free(first);
    CHECK(!fetch(fake_tokens[0]));
    CHECK(!fetch(fake_tokens[0]));
    CHECK(fetch(fake_tokens[1])); /* the other seat's is untouched */
    CHECK_INT(fake_counts[METRIC_FRAME_FAILURES], 0);
    stop();
}

TEST(six_at_once_are_five)
{
    start(1000000);
    CHECK(seal("a.png"));
    int served = 0;
    for (int i = 0; i < 6; i++) {
        frames_fetch(frames, text_from(fake_tokens[0]), (struct ref){ 8, 8 }, on_body, &answers);
    }
    while (fake_run_one()) {
        served += body != NULL;
    }
    CHECK_INT(served, 5);
    stop();
}

TEST(an_unknown_token_gets_nothing)
{
    start(1000000);
    CHECK(seal("a.png"));
    CHECK(!fetch(""));
    CHECK(!fetch("short"));
    CHECK(!fetch("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
    char longer[130];
    snprintf(longer, sizeof(longer), "%s%s", fake_tokens[0], fake_tokens[1]);
    CHECK(!fetch(longer));
    char token[64];
    memcpy(token, fake_tokens[0], sizeof(token));
    token[42] = token[42] == 'A' ? 'B' : 'A';
    CHECK(!fetch(token));
    CHECK(fetch(fake_tokens[0]));
    stop();
}

TEST(dropped_and_replaced_frames_are_gone)
{
    char old[64];
    start(1000000);
    CHECK(seal("a.png"));
    memcpy(old, fake_tokens[0], sizeof(old));
    CHECK(seal("b.png"));
    CHECK(!fetch(old));
    CHECK(fetch(fake_tokens[0]));
    frames_drop(frames, (struct ref){ match.index, match.generation + 2 }); /* another match's */
    CHECK(fetch(fake_tokens[0]));
    frames_drop(frames, match);
    CHECK(!fetch(fake_tokens[0]));
    CHECK(!fetch(fake_tokens[1]));
    frames_drop(frames, match);
    stop();
}

TEST(a_frame_dropped_while_it_is_read_is_not_served)
{
    start(1000000);
    frames_seal(frames, match, 1, TEXT("a.png"));
    frames_drop(frames, match);
    fake_run_all();
    CHECK_INT(fake_events, 1);
    CHECK(!fake_event.frame.ok);
    /* The older of two answers no, the newer yes. */
    frames_seal(frames, match, 1, TEXT("a.png"));
    frames_seal(frames, match, 2, TEXT("b.png"));
    fake_run_one();
    CHECK(!fake_event.frame.ok);
    fake_run_one();
    CHECK(fake_event.frame.ok);
    CHECK_INT(fake_event.frame.round, 2);
    CHECK_INT(fake_events, 3);
    stop();
}

TEST(a_body_under_way_outlives_its_frame)
{
    start(0);
    CHECK(seal("a.png"));
    frames_fetch(frames, text_from(fake_tokens[0]), (struct ref){ 8, 8 }, on_body, &answers);
    frames_drop(frames, match);
    fake_run_all();
    CHECK(body != NULL);
    stop();
}

TEST(all_matches_at_once)
{
    char tokens[4][64];
    start(1000000);
    for (uint32_t i = 0; i < 4; i++) {
        frames_seal(frames, (struct ref){ i, 1 }, 1, TEXT("a.png"));
        fake_run_all();
        CHECK(fake_event.frame.ok);
        memcpy(tokens[i], fake_tokens[1], 64);
    }
    for (uint32_t i = 0; i < 4; i++) {
        CHECK(fetch(tokens[i]));
    }
    stop();
}

TEST(paths_stay_in_the_directory)
{
    start(0);
    CHECK(seal("a.png"));
    CHECK(seal("sub/c.png"));
    static const char *const bad[] = { "../secret.png", "/etc/passwd", "sub/../a.png", "./a.png",
                                       "", "sub//c.png", "a.png/", "sub", "sub/", ".", "..",
                                       "link.png", "out/secret.png", "out/in/a.png", "pipe.png",
                                       "none.png", "a.png/x", "sub/../../secret.png", "/a.png" };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK(!seal(bad[i]));
    }
    frames_seal(frames, match, 3, (struct text){ "a.png\0.png", 10 });
    fake_run_all();
    CHECK(!fake_event.frame.ok);
    char path[5000];
    memset(path, 'a', sizeof(path));
    path[4999] = '\0';
    CHECK(!seal(path));
    path[300] = '\0';
    CHECK(!seal(path));
    stop();
}

TEST(only_pictures_of_the_right_size)
{
    start(0);
    write_picture("x.png", 40000, 9);
    CHECK(seal("x.png"));
    write_picture("x.png", 40001, 9);
    CHECK(!seal("x.png"));
    write_file("x.png", "", 0);
    CHECK(!seal("x.png"));
    write_file("x.png", "<html>", 6);
    CHECK(!seal("x.png"));
    CHECK_INT(fake_counts[METRIC_FRAME_FAILURES], 3);
    stop();
}

static const char *type_of(const char *bytes, uint32_t size)
{
    const char *type = frames_type((const uint8_t *)bytes, size);
    return type == NULL ? "none" : type;
}

TEST(types_are_known_by_their_first_bytes)
{
#define TYPE(literal) type_of(literal, sizeof(literal) - 1)
    CHECK(strcmp(TYPE("RIFF\x10\0\0\0WEBPVP8 "), "image/webp") == 0);
    CHECK(strcmp(TYPE(PNG "...."), "image/png") == 0);
    CHECK(strcmp(TYPE("\xff\xd8\xff\xe0"), "image/jpeg") == 0);
    CHECK(strcmp(TYPE("\0\0\0\x20" "ftypavif\0\0\0\0"), "image/avif") == 0);
    CHECK(strcmp(TYPE("\0\0\0\x20" "ftypavis\0\0\0\0"), "image/avif") == 0);
    CHECK(strcmp(TYPE("GIF87a"), "image/gif") == 0);
    CHECK(strcmp(TYPE("GIF89a"), "image/gif") == 0);
    CHECK(strcmp(TYPE("<svg xmlns='x'/>"), "image/svg+xml") == 0);
    CHECK(strcmp(TYPE("<?xml version='1.0'?><svg/>"), "image/svg+xml") == 0);
    CHECK(strcmp(TYPE("RIFF\x10\0\0\0WAVEfmt "), "none") == 0);
    CHECK(strcmp(TYPE("RIFF"), "none") == 0);
    CHECK(strcmp(TYPE("\0\0\0\x20" "ftypisom"), "none") == 0);
    CHECK(strcmp(TYPE("<!DOCTYPE html>"), "none") == 0);
    CHECK(strcmp(TYPE("\x7f" "ELF"), "none") == 0);
    CHECK(strcmp(TYPE("\x89PNG"), "none") == 0);
    CHECK(strcmp(TYPE(""), "none") == 0);
}

TEST(a_key_never_meets_two_pictures)
{
    start(0); /* nothing is kept, so every fetch reads again */
    write_picture("x.png", 1000, 7);
    CHECK(seal("x.png"));
    CHECK(fetch(fake_tokens[0]));
    write_picture("x.png", 1000, 8);
    CHECK(!fetch(fake_tokens[0]));
    CHECK_INT(fake_counts[METRIC_FRAME_FAILURES], 1);
    write_picture("x.png", 1000, 7);
    CHECK(fetch(fake_tokens[0]));
    stop();
}

TEST(pictures_are_kept_up_to_a_number_of_bytes)
{
    char a[64], b[64];
    start(1500); /* one of the two */
    CHECK(seal("a.png"));
    memcpy(a, fake_tokens[0], 64);
    frames_seal(frames, (struct ref){ 0, 1 }, 1, TEXT("b.png"));
    fake_run_all();
    memcpy(b, fake_tokens[0], 64);
    char kept[300], away[300];
    snprintf(kept, sizeof(kept), "%s/b.png", directory);
    snprintf(away, sizeof(away), "%s/x.png", directory);
    CHECK(rename(kept, away) == 0);
    CHECK(fetch(b)); /* from memory */
    CHECK(fetch(a)); /* read again: now b has gone */
    CHECK(!fetch(b));
    CHECK(rename(away, kept) == 0);
    CHECK(fetch(b));
    stop();
}

TEST(the_cache_forgets_what_was_unused_longest)
{
    struct frames_cache cache;
    struct frames_picture *pictures[3];
    static const char *const names[] = { "a", "b", "c" };
    CHECK(frames_cache_create(&cache, 100, 1));
    for (int i = 0; i < 3; i++) {
        pictures[i] = calloc(1, sizeof(struct frames_picture));
        pictures[i]->references = 1;
        pictures[i]->size = 50;
        frames_digest(names[i], 1, pictures[i]->name);
    }
    frames_cache_put(&cache, pictures[0]);
    frames_cache_put(&cache, pictures[0]);
    frames_cache_put(&cache, pictures[1]);
    CHECK_INT(cache.bytes, 100);
    frames_picture_release(frames_cache_get(&cache, TEXT("a")));
    frames_cache_put(&cache, pictures[2]);
    CHECK(frames_cache_get(&cache, TEXT("b")) == NULL);
    CHECK_INT(pictures[1]->references, 1); /* ours */
    CHECK_INT(pictures[0]->references, 2);
    CHECK_INT(cache.bytes, 100);
    pictures[1]->size = 101;
    frames_cache_put(&cache, pictures[1]);
    CHECK_INT(cache.bytes, 100);
    frames_cache_destroy(&cache);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(pictures[i]->references, 1);
        frames_picture_release(pictures[i]);
    }
}

TEST(destroyed_with_jobs_under_way)
{
    start(1000000);
    CHECK(seal("a.png"));
    frames_fetch(frames, text_from(fake_tokens[0]), (struct ref){ 8, 8 }, on_body, &answers);
    frames_seal(frames, (struct ref){ 0, 1 }, 1, TEXT("b.png"));
    frames_fetch(frames, TEXT("unknown"), (struct ref){ 8, 8 }, on_body, &answers);
    frames_destroy(frames);
    fake_run_one();
    fake_drop_all();
    CHECK_INT(answers, 0);
    CHECK_INT(fake_events, 1);
}

TEST(the_worker_destroyed_first)
{
    start(1000000);
    CHECK(seal("a.png"));
    frames_fetch(frames, text_from(fake_tokens[0]), (struct ref){ 8, 8 }, on_body, &answers);
    frames_seal(frames, (struct ref){ 0, 1 }, 1, TEXT("b.png"));
    fake_drop_all();
    CHECK_INT(answers, 1);
    CHECK(body == NULL);
    CHECK_INT(fake_events, 2);
    CHECK(!fake_event.frame.ok);
    stop();
}

TEST_MAIN
