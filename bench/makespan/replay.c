/*
 * replay RECORDS PLAN N - follows the curve in line N of PLAN, and exits 0.
 *
 * A line is "NAME MS:MIB,MS:MIB,…": corners, joined by straight lines. Memory is really touched, and given back. Its
 * time is its own: a step counts as what it took, but at most as MOST_STEP_MS, so that a task that was stopped has not
 * gone on meanwhile. It sleeps between its steps, so that processors hardly matter.
 *
 * RECORDS is a file of records that all tasks share, made beforehand and full of zeros: what each attempt has done so
 * far, also of one that was killed. Its readers are in records.ts.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { STEP_MS = 100, MOST_STEP_MS = 250, MOST_CORNERS = 64 };
static const size_t CHUNK = 2u << 20, PAGE = 4096;

struct record { /* 64 bytes, little-endian */
    uint32_t task, pid, state, mib_now; /* state: 1 under way, 2 at its end */
    uint64_t begun_ms, ended_ms;        /* of CLOCK_MONOTONIC; ended: the last step so far */
    uint64_t own_ms, mib_ms;            /* of its curve; memory over time */
    uint32_t mib_most, unused[3];
};

struct corner { double ms, mib; };

static void fail(const char *what) {
    fprintf(stderr, "replay: %s: %s\n", what, errno ? strerror(errno) : "not as expected");
    exit(70);
}

static uint64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static int read_curve(const char *plan, long number, struct corner *corners) {
    FILE *file = fopen(plan, "r");
    if (!file) fail(plan);
    char *line = NULL;
    size_t size = 0;
    for (long at = 0; at < number; at++)
        if (getline(&line, &size, file) < 0) fail("the plan has no such line");
    fclose(file);
    char *text = strchr(line, ' ');
    int count = 0;
    while (text && count < MOST_CORNERS) {
        if (sscanf(text + 1, "%lf:%lf", &corners[count].ms, &corners[count].mib) != 2) fail("a corner");
        count++;
        text = strchr(text + 1, ',');
    }
    if (count == 0) fail("a curve");
    free(line);
    return count;
}

static double mib_at(const struct corner *corners, int count, double ms) {
    if (ms <= corners[0].ms) return corners[0].mib;
    for (int at = 1; at < count; at++)
        if (ms < corners[at].ms) {
            const struct corner *a = &corners[at - 1], *b = &corners[at];
            return a->mib + (b->mib - a->mib) * (ms - a->ms) / (b->ms - a->ms);
        }
    return corners[count - 1].mib;
}

static struct record *new_record(const char *path) {
    int fd = open(path, O_RDWR | O_CLOEXEC);
    struct stat about;
    if (fd < 0 || fstat(fd, &about) < 0) fail(path);
    size_t count = (size_t)about.st_size / sizeof(struct record);
    struct record *records = mmap(NULL, (size_t)about.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (records == MAP_FAILED) fail(path);
    close(fd);
    /* The first one counts the others. */
    uint32_t place = __atomic_add_fetch(&records[0].task, 1, __ATOMIC_RELAXED);
    errno = 0;
    if (place >= count) fail("no place for a record");
    return &records[place];
}

int main(int argc, char **argv) {
    if (argc != 4) {
        fprintf(stderr, "usage: replay RECORDS PLAN N\n");
        return 2;
    }
    struct corner corners[MOST_CORNERS];
    long number = atol(argv[3]);
    int count = read_curve(argv[2], number, corners);
    double length_ms = corners[count - 1].ms, most_mib = 0;
    for (int at = 0; at < count; at++)
        if (corners[at].mib > most_mib) most_mib = corners[at].mib;

    size_t size = ((size_t)most_mib / 2 + 2) * CHUNK;
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) fail("mmap");
    madvise(memory, size, MADV_HUGEPAGE); /* where there are none, small ones do */
    memory += (CHUNK - (uintptr_t)memory % CHUNK) % CHUNK;

    struct record *record = new_record(argv[1]);
    uint64_t last_us = now_us();
    record->task = (uint32_t)number;
    record->pid = (uint32_t)getpid();
    record->begun_ms = record->ended_ms = last_us / 1000;
    __atomic_store_n(&record->state, 1, __ATOMIC_RELEASE);

    double own_ms = 0, area = 0;
    size_t held = 0;
    while (own_ms < length_ms) {
        size_t wanted = (size_t)(mib_at(corners, count, own_ms) / 2 + 0.5);
        for (; held < wanted; held++)
            for (size_t at = 0; at < CHUNK; at += PAGE) ((volatile char *)memory)[held * CHUNK + at] = 1;
        if (held > wanted) {
            if (madvise(memory + wanted * CHUNK, (held - wanted) * CHUNK, MADV_DONTNEED)) fail("madvise");
            held = wanted;
        }
        record->mib_now = (uint32_t)(2 * held);
        if (record->mib_now > record->mib_most) record->mib_most = record->mib_now;

        uint64_t after_us = now_us();
        double left_ms = STEP_MS - (double)(after_us - last_us) / 1000;
        if (left_ms > length_ms - own_ms) left_ms = length_ms - own_ms;
        if (left_ms > 0) {
            struct timespec pause = {0, (long)(left_ms * 1e6)};
            nanosleep(&pause, NULL);
        }
        uint64_t step_us = now_us();
        double step_ms = (double)(step_us - last_us) / 1000;
        if (step_ms > MOST_STEP_MS) step_ms = MOST_STEP_MS;
        own_ms += step_ms;
        area += step_ms * 2 * (double)held;
        last_us = step_us;
        record->own_ms = (uint64_t)own_ms;
        record->mib_ms = (uint64_t)area;
        record->ended_ms = step_us / 1000;
    }
    record->mib_now = 0;
    __atomic_store_n(&record->state, 2, __ATOMIC_RELEASE);
    return 0;
}
