/* The signal handler of faults. While one is handled nothing is called but write(), backtrace(),
 * whose library was loaded before, and what raises the signal again: status and core dump stay
 * what they are without us. */
#include <duel/io/crash.h>

#include <duel/base/assert.h>
#include <duel/io/crumbs.h>

#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define FRAMES_MAX 64
#define STACK_SIZE 65536
#define BUILD_SIZE_MAX 20
#define LIMIT_S 5 /* for writing it down; then the process ends without */

static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
#define SIGNALS (sizeof signals / sizeof signals[0])

static struct {
    int file; /* -1: not watching */
    char path[CRASH_PATH_SIZE_MAX];
    const char *node;
    const char *release;
    const struct uuid *match;
    uintptr_t base;
    uintptr_t size;
    uint8_t build[BUILD_SIZE_MAX];
    uint32_t build_size;
    _Alignas(16) char stack[STACK_SIZE];
} watch = { .file = -1 };

static atomic_flag dying = ATOMIC_FLAG_INIT;

/* ---- writing, in the handler ---- */

static void put(const char *text, size_t size)
{
    while (size > 0) {
        ssize_t written = write(watch.file, text, size);
        if (written <= 0) {
            return;
        }
        text += written;
        size -= (size_t)written;
    }
}

static void put_line(const char *key, const char *value, size_t size)
{
    put(key, strlen(key));
    put(" ", 1);
    put(value, size);
    put("\n", 1);
}

static void put_hex(const char *key, const uint8_t *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    char text[2 * BUILD_SIZE_MAX];
    for (size_t i = 0; i < size; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    put_line(key, text, 2 * size);
}

static void put_number(const char *key, uint64_t number, unsigned base)
{
    char text[24];
    size_t at = sizeof text;
    do {
        text[--at] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number > 0);
    put_line(key, text + at, sizeof text - at);
}

static uintptr_t pc_of(const ucontext_t *context)
{
#if defined(__x86_64__)
    return (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return (uintptr_t)context->uc_mcontext.pc;
#else
    (void)context;
    return 0;
#endif
}

static void put_state(int signal, const siginfo_t *info, uintptr_t pc)
{
    put_number("signal", (uint64_t)signal, 10);
    bool sent = info->si_code <= 0; /* by a process: abort(), kill(2) */
    put_number("address", sent ? 0 : (uintptr_t)info->si_addr, 16);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    put_number("time", (uint64_t)now.tv_sec, 10);
    put_line("node", watch.node, strlen(watch.node));
    put_line("release", watch.release, strlen(watch.release));
    put_number("pc", pc, 16);
    put_number("base", watch.base, 16);
    put_number("size", watch.size, 16);
    put_hex("build", watch.build, watch.build_size);
    put_hex("match", watch.match->bytes, sizeof watch.match->bytes);
    const char *assertion = assert_failed();
    if (assertion != NULL) {
        put_line("assertion", assertion, strlen(assertion));
    }
}

static void on_fault(int signal, siginfo_t *info, void *context)
{
    if (atomic_flag_test_and_set(&dying)) {
        while (true) { /* another thread is at it, and ends us both */
            pause();
        }
    }
    int before = errno;
    /* A fault inside the loader or malloc may leave a lock that the unwinder waits for: a process
     * that hangs is worse than a report that is cut. */
    (void)sigaction(SIGALRM, &(const struct sigaction){ .sa_handler = SIG_DFL }, NULL);
    (void)alarm(LIMIT_S);
    uintptr_t pc = pc_of(context);
    put_state(signal, info, pc);
    const struct crumb *crumb;
    for (uint32_t i = 0; (crumb = crumbs_at(i)) != NULL; i++) {
        put_line("crumb", crumb->json, crumb->size);
    }
    void *frames[FRAMES_MAX]; /* last: it is what might fail */
    int count = backtrace(frames, FRAMES_MAX);
    for (int i = 0; i < count; i++) {
        put_number("frame", (uintptr_t)frames[i], 16);
    }
    errno = before;
    raise(signal); /* by its default action, when this returns (SA_RESETHAND) */
}

/* ---- before ---- */

/* The first object is the program itself. */
static int read_image(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    (void)context;
    watch.base = info->dlpi_addr;
    for (uint32_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type == PT_LOAD && part->p_vaddr + part->p_memsz > watch.size) {
            watch.size = part->p_vaddr + part->p_memsz;
        }
        if (part->p_type != PT_NOTE) {
            continue;
        }
        const char *at = (const char *)(info->dlpi_addr + part->p_vaddr);
        const char *end = at + part->p_memsz;
        while ((size_t)(end - at) >= sizeof(ElfW(Nhdr))) {
            ElfW(Nhdr) note;
            memcpy(&note, at, sizeof note);
            const char *name = at + sizeof note;
            const char *value = name + ((note.n_namesz + 3U) & ~3U);
            if (note.n_type == NT_GNU_BUILD_ID && note.n_descsz <= BUILD_SIZE_MAX) {
                memcpy(watch.build, value, note.n_descsz);
                watch.build_size = note.n_descsz;
            }
            at = value + ((note.n_descsz + 3U) & ~3U);
        }
    }
    return 1;
}

static void path_of_try(const char *dir, const char *node, uint32_t number,
                        char ret_path[CRASH_PATH_SIZE_MAX])
{
    snprintf(ret_path, CRASH_PATH_SIZE_MAX, "%s/crash-%s.%u", dir, node, number);
}

/* Each file is renamed to the number of its next try; what had its last one goes. */
static void move_on(const char *dir, const char *node)
{
    char from[CRASH_PATH_SIZE_MAX], to[CRASH_PATH_SIZE_MAX];
    path_of_try(dir, node, CRASH_TRIES, to);
    unlink(to);
    for (uint32_t number = CRASH_TRIES; number > 1; number--) {
        path_of_try(dir, node, number - 1, from);
        path_of_try(dir, node, number, to);
        (void)rename(from, to);
    }
    struct stat status;
    if (stat(watch.path, &status) == 0 && status.st_size > 0) {
        (void)rename(watch.path, from);
    }
}

static void set_handlers(void)
{
    const stack_t stack = { .ss_sp = watch.stack, .ss_size = sizeof watch.stack };
    sigaltstack(&stack, NULL);
    struct sigaction action = { .sa_sigaction = on_fault,
                                .sa_flags = SA_SIGINFO | SA_ONSTACK | (int)SA_RESETHAND };
    sigfillset(&action.sa_mask);
    sigdelset(&action.sa_mask, SIGALRM);
    for (uint32_t i = 0; i < SIGNALS; i++) {
        sigaction(signals[i], &action, NULL);
    }
}

bool crash_watch(const char *dir, const char *node, const char *release, const struct uuid *match,
                 void (*found)(void *context, const char *path), void *context)
{
    snprintf(watch.path, sizeof watch.path, "%s/crash-%s", dir, node);
    move_on(dir, node);
    for (uint32_t number = 1; number <= CRASH_TRIES && found != NULL; number++) {
        char path[CRASH_PATH_SIZE_MAX];
        path_of_try(dir, node, number, path);
        if (access(path, R_OK) == 0) {
            found(context, path);
        }
    }
    unlink(watch.path); /* empty, of one that was killed, or still runs under our node's name */
    watch.file = open(watch.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (watch.file < 0) {
        return false;
    }
    watch.node = node;
    watch.release = release;
    watch.match = match;
    dl_iterate_phdr(read_image, NULL);
    void *frame[1];
    (void)backtrace(frame, 1); /* loads what it needs, now */
    set_handlers();
    return true;
}

void crash_unwatch(void)
{
    if (watch.file < 0) {
        return;
    }
    for (uint32_t i = 0; i < SIGNALS; i++) {
        signal(signals[i], SIG_DFL);
    }
    struct stat mine, there;
    bool is_mine = fstat(watch.file, &mine) == 0 && stat(watch.path, &there) == 0 &&
                   mine.st_ino == there.st_ino && mine.st_dev == there.st_dev;
    close(watch.file);
    watch.file = -1;
    if (is_mine) { /* and not that of a process which has come in our place */
        unlink(watch.path);
    }
}
