/* A Valkey of the test's own, so that it can be frozen, killed and started again: the program
 * that answers at VALKEY_URL, run once more on a socket in a folder of its own. */
#ifndef DUEL_TESTS_VALKEY_SERVER_H
#define DUEL_TESTS_VALKEY_SERVER_H

#include "test.h"
#include <duel/io/valkey_private.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char server_program[1024];
static char server_folder[64];
static char server_socket[96];
static char server_url[128];
static char server_port[8];
static pid_t server_pid;
static redisContext *server_admin;

_Noreturn static inline void server_give_up(const char *what, const char *why)
{
    printf("%s: %s\n", what, why);
    exit(1);
}

static inline redisContext *server_connect_given(void)
{
    struct valkey_address address;
    const char *url = getenv("VALKEY_URL");
    if (url == NULL || !valkey_url_parse(url, &address)) {
        server_give_up("VALKEY_URL", "not set to the address of a Valkey on this machine");
    }
    redisContext *given = address.path[0] != 0 ? redisConnectUnix(address.path)
                                               : redisConnect(address.host, address.port);
    if (given == NULL || given->err != 0) {
        server_give_up("VALKEY_URL", given != NULL ? given->errstr : "out of memory");
    }
    if (address.password[0] != 0) {
        const char *user = address.user[0] != 0 ? address.user : "default";
        freeReplyObject(redisCommand(given, "AUTH %s %s", user, address.password));
    }
    return given;
}

static inline void server_find_program(void)
{
    redisContext *given = server_connect_given();
    redisReply *info = redisCommand(given, "INFO server");
    const char *line = info != NULL && info->str != NULL ? strstr(info->str, "executable:") : NULL;
    if (line == NULL || sscanf(line, "executable:%1023[^\r\n]", server_program) != 1) {
        server_give_up("VALKEY_URL", "INFO does not name the program");
    }
    freeReplyObject(info);
    redisFree(given);
}

/* One that was free a moment ago. */
static inline void server_choose_port(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
        server_give_up("socket", "no port");
    }
    close(fd);
    (void)snprintf(server_port, sizeof server_port, "%d", ntohs(address.sin_port));
}

/* Starts it and waits until it answers. */
static inline void server_start(void)
{
    server_pid = fork();
    if (server_pid == 0) {
        int null = open("/dev/null", O_WRONLY);
        (void)dup2(null, 1);
        (void)dup2(null, 2);
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* also when the test breaks off */
        execl(server_program, server_program, "--bind", "127.0.0.1", "--port", server_port,
              "--unixsocket", server_socket, "--save", "", "--appendonly", "no", "--dir",
              server_folder, "--enable-debug-command", "yes", (char *)NULL);
        _exit(127);
    }
    do {
        if (waitpid(server_pid, NULL, WNOHANG) != 0) {
            server_give_up(server_program, "does not start");
        }
        redisFree(server_admin);
        server_admin = redisConnectUnix(server_socket);
    } while (server_admin == NULL || server_admin->err != 0);
}

static inline void server_kill(void)
{
    kill(server_pid, SIGKILL);
    waitpid(server_pid, NULL, 0);
}

static inline void server_open(void)
{
    server_find_program();
    (void)snprintf(server_folder, sizeof server_folder, "/tmp/duel-valkey-%d", (int)getpid());
    (void)mkdir(server_folder, 0700);
    (void)snprintf(server_socket, sizeof server_socket, "%s/socket", server_folder);
    (void)snprintf(server_url, sizeof server_url, "unix://%s", server_socket);
    server_choose_port();
    server_start();
}

static inline void server_close(void)
{
    redisFree(server_admin);
    server_admin = NULL;
    server_kill();
    (void)unlink(server_socket);
    (void)rmdir(server_folder);
}

/* Does a command and gives its answer as text: an integer, a string, or the elements with blanks
 * between (an error too). Lives until the next call. */
__attribute__((format(printf, 1, 2))) static inline const char *server_ask(const char *format, ...)
{
    static char text[4096];
    va_list arguments;
    va_start(arguments, format);
    redisReply *reply = redisvCommand(server_admin, format, arguments);
    va_end(arguments);
    text[0] = 0;
    if (reply == NULL) {
        return text;
    }
    size_t size = 0;
    if (reply->type == REDIS_REPLY_INTEGER) {
        (void)snprintf(text, sizeof text, "%lld", reply->integer);
    } else if (reply->type == REDIS_REPLY_ARRAY) {
        for (size_t i = 0; i < reply->elements && size < sizeof text; i++) {
            const redisReply *element = reply->element[i];
            size += (size_t)snprintf(text + size, sizeof text - size, "%s%s", i > 0 ? " " : "",
                                     element->str != NULL ? element->str : "(other)");
        }
    } else if (reply->str != NULL) {
        (void)snprintf(text, sizeof text, "%s", reply->str);
    }
    freeReplyObject(reply);
    return text;
}

#endif
