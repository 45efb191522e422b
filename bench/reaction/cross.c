/*
 * Crosses a line of memory at a moment that it writes down. Three programs in one; N counts from 1.
 *
 *   cross keep FOLDER MIB COUNT                          holds so much until N.dead is there for all N
 *   cross victim FOLDER N BASE_MIB LINE_MIB TOP_MIB MS   goes slowly to BASE, waits, goes at once to TOP; its first run only
 *   cross watch FOLDER COUNT                             sees each victim end
 *
 * It leaves in FOLDER, in microseconds since 1970: N.crossed, when the victim's own memory was past LINE; N.signal, when it
 * was told to end; N.gone, when it was, and its memory free. Nobody can see a SIGKILL come: a child without memory of its
 * own gets it in the same moment, and is gone at once. N.dead is there when all of this is.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const size_t MIB = 1u << 20, PAGE = 4096;
static const char *folder;
static pid_t canary;

static void fail(const char *what) {
    fprintf(stderr, "cross: %s: %s\n", what, strerror(errno));
    exit(70);
}

static void pause_ms(long ms) {
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&t, &t) < 0 && errno == EINTR) {}
}

static void path_of(char *path, long n, const char *what) {
    snprintf(path, 4096, "%s/%ld.%s", folder, n, what);
}

static int is_there(long n, const char *what) {
    char path[4096];
    path_of(path, n, what);
    return access(path, F_OK) == 0;
}

static int write_number(int fd, uint64_t value) {
    char text[24];
    int at = sizeof text;
    do text[--at] = (char)('0' + value % 10); while (value /= 10);
    return write(fd, text + at, sizeof text - (size_t)at) > 0;
}

static uint64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* Written aside and moved into place, so that a file that is there is whole. */
static void leave(long n, const char *what, uint64_t value) {
    char path[4096], aside[4096];
    path_of(path, n, what);
    path_of(aside, n, "new");
    int fd = open(aside, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || !write_number(fd, value) || close(fd) < 0 || rename(aside, path) < 0) fail(path);
}

static void on_term(int number) { /* where only the main process of a task is told */
    (void)number;
    kill(canary, SIGKILL);
    _exit(143);
}

static pid_t start_canary(void) {
    pid_t parent = getpid(), pid = fork();
    if (pid < 0) fail("fork");
    if (pid > 0) return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (getppid() == parent) pause();
    _exit(0);
}

static char *room(long mib) {
    char *memory = mmap(NULL, (size_t)mib * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) fail("mmap");
    madvise(memory, (size_t)mib * MIB, MADV_NOHUGEPAGE);
    return memory;
}

static void touch(char *memory, long from_mib, long to_mib) {
    for (size_t at = (size_t)from_mib * MIB; at < (size_t)to_mib * MIB; at += PAGE) ((volatile char *)memory)[at] = 1;
}

static int keep(long mib, long count) {
    char *memory = room(mib);
    for (long at = 0; at < mib; at += 8) { /* slowly: fast growth is an alarm of its own */
        touch(memory, at, at + 8 < mib ? at + 8 : mib);
        pause_ms(40);
    }
    leave(0, "kept", 1);
    for (long n = 1; n <= count; n++)
        while (!is_there(n, "dead")) pause_ms(50);
    return 0;
}

static int victim(long n, long base, long line, long top, long wait_ms) {
    if (is_there(n, "crossed")) return 0;
    canary = start_canary();
    signal(SIGTERM, on_term);
    char *memory = room(top);
    while (!is_there(0, "kept")) pause_ms(50);
    leave(n, "canary", (uint64_t)canary);
    leave(n, "pid", (uint64_t)getpid());
    while (!is_there(n, "watched")) pause_ms(10);
    for (long at = 0; at < base; at++) {
        touch(memory, at, at + 1);
        pause_ms(12);
    }
    pause_ms(wait_ms);
    touch(memory, base, line);
    uint64_t crossed_us = now_us();
    leave(n, "crossed", crossed_us);
    touch(memory, line, top);
    pause_ms(60000);
    fprintf(stderr, "cross: nobody minded\n");
    return 1;
}

static int open_process(long n, const char *what) {
    char path[4096];
    path_of(path, n, what);
    FILE *file = fopen(path, "r");
    int pid = 0;
    if (!file || fscanf(file, "%d", &pid) != 1) fail(path);
    fclose(file);
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (fd < 0) fail("pidfd_open");
    return fd;
}

static int watch(long count) {
    for (long n = 1; n <= count; n++) {
        while (!is_there(n, "pid")) pause_ms(10);
        struct pollfd seen[2] = {{.fd = open_process(n, "canary"), .events = POLLIN},
                                 {.fd = open_process(n, "pid"), .events = POLLIN}};
        leave(n, "watched", 1);
        for (int left = 2; left > 0;) {
            if (poll(seen, 2, -1) < 0 && errno != EINTR) fail("poll");
            uint64_t us = now_us();
            for (int at = 0; at < 2; at++)
                if (seen[at].fd >= 0 && seen[at].revents) {
                    leave(n, at == 0 ? "signal" : "gone", us);
                    close(seen[at].fd);
                    seen[at].fd = -1; /* poll leaves it alone now */
                    left--;
                }
        }
        leave(n, "dead", 1);
    }
    return 0;
}

int main(int argc, char **argv) {
    if (argc < 4) return 2;
    folder = argv[2];
    long number[6] = {0};
    for (int at = 3; at < argc && at < 9; at++) number[at - 3] = atol(argv[at]);
    if (!strcmp(argv[1], "keep")) return keep(number[0], number[1]);
    if (!strcmp(argv[1], "victim")) return victim(number[0], number[1], number[2], number[3], number[4]);
    if (!strcmp(argv[1], "watch")) return watch(number[0]);
    return 2;
}
