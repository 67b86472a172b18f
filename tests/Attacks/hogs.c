// Programs that take more than they may: each says when it has taken more than its amount, goes on to a bound of its own, and then hangs.
#include "attack.h"
#include <pthread.h>

static long amount;

static long long now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int over(void)
{
    return fprintf(stderr, "over %lld\n", now());
}

static __attribute__((noreturn)) int hang(void) { for (;;) pause(); }

static long long cpu_of(int who)
{
    struct rusage u;
    getrusage(who, &u);
    return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000LL + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

static void burn(long microseconds) { while (cpu_of(RUSAGE_SELF) < microseconds) { } }

// Waits for its time, deaf to whoever asks it to stop. AMOUNT in seconds.
static int deaf(void)
{
    for (int s = 1; s < 32; s++) signal(s, SIG_IGN);
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    long long end = now() + amount * 1000000000LL;
    while (now() < end) usleep(1000);
    over();
    for (;;) usleep(1000000);
    return 0;
}

static int silent(void)
{
    long long end = now() + amount * 1000000000LL;
    while (now() < end) usleep(1000);
    over();
    for (int fd = 0; fd < 64; fd++) close(fd);
    return hang();
}

static int stopped(void)
{
    long long end = now() + amount * 1000000000LL;
    while (now() < end) usleep(1000);
    over();
    for (;;) kill(getpid(), SIGSTOP);
    return 0;
}

static int cpu(void) { burn(amount * 1000000); over(); for (;;) { } return 0; }

static int cpu_many(void)
{
    for (int i = 0; i < 4; i++)
        if (fork() == 0) { burn(amount * 1000000 / 4); if (i == 3) over(); for (;;) { } }
    return hang();
}

// The time of a child that nobody waits for is added to nobody's account.
static int cpu_unaccounted(void)
{
    signal(SIGCHLD, SIG_IGN);
    for (long done = 0; ; done += 150000) {
        if (done > amount * 1000000 && done <= amount * 1000000 + 150000) over();
        pid_t child = fork();
        if (child == 0) { burn(150000); _exit(0); }
        while (kill(child, 0) == 0) usleep(2000);
    }
    return 0;
}

static void *touched(size_t size, int flags)
{
    char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return NULL;
    for (size_t i = 0; i < size; i += 4096) p[i] = 1;
    return p;
}

static int memory(void)
{
    for (long got = 0; got < 3 * amount; got += 4 << 20) {
        if (!touched(4 << 20, MAP_PRIVATE)) hang();
        if (got <= amount && got + (4 << 20) > amount) over();
    }
    return hang();
}

static int processes(void);

static int memory_shared(void)
{
    if (!touched(amount + (8 << 20), MAP_SHARED)) return 1;
    over();
    return hang();
}

// Shared pages that no page table maps any more belong to nobody, and are there.
static int memory_hidden(void)
{
    for (long got = 0; got < 4 * amount; got += 8 << 20) {
        void *p = touched(8 << 20, MAP_SHARED);
        if (!p) hang();
        madvise(p, 8 << 20, MADV_DONTNEED);
        if (got <= amount && got + (8 << 20) > amount) over();
    }
    return hang();
}

// Whoever forbids to be looked at, by a word or by being a program that may only be run, must be counted all the same.
static int memory_unseen(void) { prctl(PR_SET_DUMPABLE, 0); return memory(); }

static int processes_unseen(void) { prctl(PR_SET_DUMPABLE, 0); return processes(); }

static int memory_children(void)
{
    for (int i = 0; i < 6; i++)
        if (fork() == 0) { touched(amount / 4, MAP_PRIVATE); if (i == 5) over(); hang(); }
    return hang();
}

// What lies in sockets is in no process.
static int memory_sockets(void)
{
    static char block[65536];
    for (long got = 0; got < 4 * amount; ) {
        int pair[2];
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) < 0) { if (fork() != 0) hang(); for (int fd = 3; fd < 4096; fd++) close(fd); continue; }
        for (int side = 0; side < 2; side++)
            for (ssize_t n; (n = write(pair[side], block, sizeof block)) > 0; got += n)
                if (got <= amount && got + n > amount) over();
    }
    return hang();
}

static void *sleeper(void *unused) { (void)unused; hang(); return NULL; }

static int threads(void)
{
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 65536);
    for (long i = 0; i < 4 * amount; i++) {
        pthread_t t;
        if (pthread_create(&t, &small, sleeper, NULL) != 0) usleep(1000);
        if (i == amount) over();
    }
    return hang();
}

static int processes(void)
{
    for (long i = 0; i < 4 * amount; i++) {
        pid_t child = fork();
        if (child == 0) hang();
        if (child < 0) usleep(1000);
        if (i == amount) over();
    }
    return hang();
}

// Each child has two, in sessions of their own, and its parent ends: a tree without a trunk. Bounded by its depth, should nothing else bound it.
static int bomb(void)
{
    int *count = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int depth = 0;
    signal(SIGCHLD, SIG_IGN);
    while ((1L << depth) < amount * 4) {
        depth++;
        for (int twice = 0; twice < 2; twice++)
            if (fork() == 0) {
                setsid();
                if (__atomic_add_fetch(count, 1, __ATOMIC_SEQ_CST) == amount + 1) over();
                goto next;
            }
        for (int s = 1; s < 32; s++) signal(s, SIG_IGN);
        hang();
    next:;
    }
    return hang();
}

static const char *place(const char *variable) { const char *p = getenv(variable); return p ? p : "."; }

static int fill(const char *directory)
{
    static char block[65536];
    int fd = open(in(directory, "fill"), O_CREAT | O_WRONLY | O_TRUNC, 0600);
    memset(block, 'x', sizeof block);
    for (long got = 0; got < 3 * amount; ) {
        ssize_t n = write(fd, block, sizeof block);
        if (n <= 0) { usleep(1000); continue; }
        if (got <= amount && got + n > amount) { fsync(fd); over(); }
        got += n;
    }
    return hang();
}

// In many files, whose names are gone at once: nothing that one could find by looking.
static int fill_unnamed(const char *directory)
{
    static char block[65536];
    memset(block, 'x', sizeof block);
    for (long got = 0; got < 3 * amount; ) {
        int fd = open(in(directory, "unnamed"), O_CREAT | O_WRONLY | O_TRUNC, 0600);
        unlink(in(directory, "unnamed"));
        for (int i = 0; i < 64; i++) {
            ssize_t n = write(fd, block, sizeof block);
            if (n <= 0) { usleep(1000); continue; }
            if (got <= amount && got + n > amount) { fsync(fd); over(); }
            got += n;
        }
    }
    return hang();
}

static int flood(const char *directory)
{
    for (long i = 0; i < 3 * amount; i++) {
        char name[64];
        if (i % 1000 == 0) { snprintf(name, sizeof name, "d%ld", i / 1000); mkdir(in(directory, name), 0700); }
        snprintf(name, sizeof name, "d%ld/%ld", i / 1000, i);
        int fd = open(in(directory, name), O_CREAT | O_WRONLY, 0600);
        if (fd < 0) { usleep(1000); continue; }
        close(fd);
        if (i == amount) over();
    }
    return hang();
}

static int fill_temp(void) { return fill(place("CABINCREW_TEMP_DIR")); }
static int fill_artifacts(void) { return fill(place("CABINCREW_ARTIFACTS_DIR")); }
static int fill_workspace(void) { return fill(place("CABINCREW_WORKSPACE")); }
static int fill_workspace_unnamed(void) { return fill_unnamed(place("CABINCREW_WORKSPACE")); }
static int flood_temp(void) { return flood(place("CABINCREW_TEMP_DIR")); }
static int flood_shared(void) { return flood(getenv("SHARED_DIR") ? getenv("SHARED_DIR") : "/dev/shm"); }
static int flood_artifacts(void) { return flood(place("CABINCREW_ARTIFACTS_DIR")); }
static int flood_workspace(void) { return flood(place("CABINCREW_WORKSPACE")); }

static int sparse(void)
{
    int fd = open(in(place("CABINCREW_TEMP_DIR"), "sparse"), O_CREAT | O_RDWR, 0600);
    signal(SIGXFSZ, SIG_IGN);
    over();
    if (ftruncate(fd, amount) == 0) return hang();
    signal(SIGXFSZ, SIG_DFL);
    ftruncate(fd, amount);
    return 1;
}

static int endless(int fd)
{
    static char block[65536];
    memset(block, 'y', sizeof block);
    for (long got = 0; got < 64 * amount; ) {
        ssize_t n = write(fd, block, sizeof block);
        if (n <= 0) return 1;
        if (got <= amount && got + n > amount) over();
        got += n;
    }
    return hang();
}

static int endless_output(void) { return endless(1); }
static int endless_log(void) { return endless(2); }

int hog(const char *name, long taken)
{
    static const struct attack hogs[] = {
        {"deaf", deaf}, {"silent", silent}, {"stopped", stopped}, {"cpu", cpu}, {"cpu-many", cpu_many}, {"cpu-unaccounted", cpu_unaccounted},
        {"memory", memory}, {"memory-shared", memory_shared}, {"memory-hidden", memory_hidden}, {"memory-children", memory_children}, {"memory-unseen", memory_unseen}, {"memory-sockets", memory_sockets},
        {"threads", threads}, {"processes", processes}, {"processes-unseen", processes_unseen}, {"bomb", bomb},
        {"fill-temp", fill_temp}, {"fill-artifacts", fill_artifacts}, {"fill-workspace", fill_workspace}, {"fill-workspace-unnamed", fill_workspace_unnamed},
        {"flood-temp", flood_temp}, {"flood-shared", flood_shared}, {"flood-artifacts", flood_artifacts}, {"flood-workspace", flood_workspace},
        {"sparse", sparse}, {"endless-output", endless_output}, {"endless-log", endless_log},
        {0},
    };
    amount = taken;
    for (const struct attack *h = hogs; h->name; h++)
        if (strcmp(h->name, name) == 0) return h->run();
    fprintf(stderr, "no such program: %s\n", name);
    return 2;
}
