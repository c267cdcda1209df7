/* A PostgreSQL of the test's own, with a Valkey beside it that nobody asks (deploy/local/stores),
 * so that it can be killed and started again. DATABASE_URL names it from then on. However the test
 * ends, a process that outlives it has both stores ended and their folder removed. */
#ifndef DUEL_TESTS_POSTGRES_SERVER_H
#define DUEL_TESTS_POSTGRES_SERVER_H

#include "database.h"
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

static char server_folder[64];
static pid_t server_pid;   /* the postmaster's */
static pid_t server_guard;
static int server_guarded; /* the guard waits for its closing */

/* Does `deploy/local/stores start` and reads what it prints. */
static inline void server_start(void)
{
    char command[128], line[1024];
    (void)snprintf(command, sizeof command, "deploy/local/stores start %s", server_folder);
    FILE *lines = popen(command, "re");
    if (lines == NULL) {
        database_give_up(command, "cannot be run");
    }
    while (fgets(line, sizeof line, lines) != NULL) {
        line[strcspn(line, "\n")] = 0;
        if (strncmp(line, "DATABASE_URL=", 13) == 0) {
            (void)setenv("DATABASE_URL", line + 13, 1);
        } else if (strncmp(line, "POSTGRES_PID=", 13) == 0) {
            server_pid = (pid_t)strtol(line + 13, NULL, 10);
        }
    }
    if (pclose(lines) != 0 || server_pid <= 1) {
        database_give_up(command, "failed; run from the root of the checkout");
    }
}

static inline void server_open(void)
{
    int ends[2];
    char byte;
    (void)snprintf(server_folder, sizeof server_folder, "build/test/postgres.%d", (int)getpid());
    if (pipe2(ends, O_CLOEXEC) != 0) {
        database_give_up("pipe", "cannot be made");
    }
    server_guard = fork();
    if (server_guard == 0) {
        (void)setsid(); /* what ends the test by its group must not end this */
        close(ends[1]);
        while (read(ends[0], &byte, 1) > 0) {
        }
        execl("deploy/local/stores", "stores", "remove", server_folder, (char *)NULL);
        _exit(127);
    }
    close(ends[0]);
    server_guarded = ends[1];
    server_start();
}

static inline void server_close(void)
{
    close(server_guarded);
    waitpid(server_guard, NULL, 0);
}

static inline pid_t server_parent_of(const char *pid)
{
    char path[64], stat[512] = "";
    int parent = 0;
    (void)snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
    FILE *file = fopen(path, "re");
    if (file != NULL) {
        size_t size = fread(stat, 1, sizeof stat - 1, file);
        stat[size] = 0;
        fclose(file);
    }
    const char *name_end = strrchr(stat, ')'); /* "pid (name) state parent …" */
    if (name_end == NULL || sscanf(name_end, ") %*c %d", &parent) != 1) {
        return 0;
    }
    return parent;
}

/* kill -9 for the postmaster and all that it started; it is stopped first, so that it starts no
 * more. */
static inline void server_kill(void)
{
    DIR *processes = opendir("/proc");
    if (processes == NULL || kill(server_pid, SIGSTOP) != 0) {
        database_give_up("PostgreSQL", "cannot be killed");
    }
    for (struct dirent *entry = readdir(processes); entry != NULL; entry = readdir(processes)) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid > 1 && server_parent_of(entry->d_name) == server_pid) {
            kill(pid, SIGKILL);
        }
    }
    closedir(processes);
    kill(server_pid, SIGKILL);
}

#endif
