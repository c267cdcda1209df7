/* Pictures from a directory, and what is a picture. Paths come from the database, but are not
 * believed: whatever they say, nothing outside the directory is read. */
#include <duel/io/frames_parts.h>

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool begins(const uint8_t *bytes, uint32_t size, const char *magic, uint32_t magic_size)
{
    return size >= magic_size && memcmp(bytes, magic, magic_size) == 0;
}

const char *frames_type(const uint8_t *bytes, uint32_t size)
{
    if (begins(bytes, size, "RIFF", 4) && size >= 12 && memcmp(bytes + 8, "WEBP", 4) == 0) {
        return "image/webp";
    }
    if (begins(bytes, size, "\x89PNG\r\n\x1a\n", 8)) {
        return "image/png";
    }
    if (begins(bytes, size, "\xff\xd8\xff", 3)) {
        return "image/jpeg";
    }
    if (size >= 12 && (memcmp(bytes + 4, "ftypavif", 8) == 0 ||
                       memcmp(bytes + 4, "ftypavis", 8) == 0)) {
        return "image/avif";
    }
    if (begins(bytes, size, "GIF87a", 6) || begins(bytes, size, "GIF89a", 6)) {
        return "image/gif";
    }
    if (begins(bytes, size, "<svg", 4) || begins(bytes, size, "<?xml", 5)) {
        return "image/svg+xml";
    }
    return NULL;
}

/* Opens one step of the path below `parent`, which it closes. Symbolic links are refused at
 * every step, so there is no moment between a check and its use. */
static int open_step(int parent, struct text step, int flags)
{
    char name[NAME_MAX + 1];
    int fd = -1;
    if (step.size <= NAME_MAX) {
        memcpy(name, step.data, step.size);
        name[step.size] = '\0';
        fd = openat(parent, name, flags | O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    }
    close(parent);
    return fd;
}

bool frames_path_is_plain(struct text path)
{
    uint32_t start = 0;
    if (path.size == 0 || path.size > FRAMES_PATH_SIZE_MAX ||
        memchr(path.data, '\0', path.size) != NULL) {
        return false;
    }
    for (uint32_t i = 0; i <= path.size; i++) {
        if (i == path.size || path.data[i] == '/') {
            struct text step = { path.data + start, i - start };
            if (step.size == 0 || text_equal(step, TEXT(".")) || text_equal(step, TEXT(".."))) {
                return false;
            }
            start = i + 1;
        }
    }
    return true;
}

/* -1: not there, or not below `directory`. */
static int open_below(const char *directory, struct text path)
{
    if (!frames_path_is_plain(path)) {
        return -1;
    }
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    uint32_t start = 0;
    for (uint32_t i = 0; i <= path.size && fd >= 0; i++) {
        if (i == path.size || path.data[i] == '/') {
            struct text step = { path.data + start, i - start };
            /* O_NONBLOCK: a pipe that somebody put there must not hold the thread. */
            fd = open_step(fd, step, i == path.size ? O_NONBLOCK : O_DIRECTORY);
            start = i + 1;
        }
    }
    return fd;
}

/* All `size` bytes and not one more. */
static bool read_exactly(int fd, uint8_t *bytes, uint32_t size)
{
    uint32_t got = 0;
    while (got < size) {
        ssize_t n = read(fd, bytes + got, size - got);
        if (n <= 0) {
            return false;
        }
        got += (uint32_t)n;
    }
    uint8_t more;
    return read(fd, &more, 1) == 0;
}

/* Completes a picture whose bytes are there; frees one that is none. */
static struct frames_picture *describe(struct frames_picture *picture, struct text path)
{
    picture->type = frames_type(picture->bytes, picture->size);
    if (picture->type == NULL) {
        free(picture);
        return NULL;
    }
    frames_digest(path.data, path.size, picture->name);
    frames_digest(picture->bytes, picture->size, picture->digest);
    return picture;
}

static struct frames_picture *make_picture(uint32_t size)
{
    struct frames_picture *picture = malloc(sizeof(*picture) + size);
    if (picture != NULL) {
        *picture = (struct frames_picture){ .references = 1, .size = size };
    }
    return picture;
}

struct frames_picture *frames_picture_of(struct text path, const uint8_t *bytes, uint32_t size)
{
    struct frames_picture *picture = make_picture(size);
    if (picture == NULL) {
        return NULL;
    }
    memcpy(picture->bytes, bytes, size);
    return describe(picture, path);
}

struct frames_picture *frames_read(const char *directory, struct text path, uint32_t size_max)
{
    int fd = open_below(directory, path);
    if (fd < 0) {
        return NULL;
    }
    struct frames_picture *picture = NULL;
    struct stat about;
    if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode) && about.st_size > 0 &&
        about.st_size <= (off_t)size_max) {
        picture = make_picture((uint32_t)about.st_size);
    }
    if (picture != NULL && !read_exactly(fd, picture->bytes, picture->size)) {
        free(picture);
        picture = NULL;
    }
    close(fd);
    return picture != NULL ? describe(picture, path) : NULL;
}
