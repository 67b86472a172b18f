// Attacks on other processes: their memory, their signals, their rights, and the first process of the sandbox.
#include "attack.h"
#include <grp.h>

static pid_t sleeping_child(void)
{
    pid_t child = fork();
    if (child == 0) { for (;;) pause(); }
    return child;
}

static pid_t host(void) { return atoi(setting("HOST")); }
static pid_t victim(void) { return atoi(setting("VICTIM")); }

static int ptrace_child(void)
{
    pid_t child = sleeping_child();
    if (ptrace(PTRACE_ATTACH, child, 0, 0) == 0) { waitpid(child, NULL, 0); return WORKED; }
    return errno;
}

// Where only a parent may trace (Yama), nobody else gets anywhere.
static int no_tracing(void) { return geteuid() != 0 && switched_off("/proc/sys/kernel/yama/ptrace_scope", 1); }

static int ptrace_host(void) { if (no_tracing()) return OFF; TRY(ptrace(PTRACE_SEIZE, victim(), 0, 0)); return WORKED; }

static char shared_word[16] = "before";

static int write_child_memory(void)
{
    pid_t child = sleeping_child();
    struct iovec here = {"after", 6}, there = {shared_word, 6};
    return process_vm_writev(child, &here, 1, &there, 1, 0) == 6 ? WORKED : errno;
}

static int read_child_memory(void)
{
    char word[16];
    pid_t child = sleeping_child();
    struct iovec here = {word, 6}, there = {shared_word, 6};
    return process_vm_readv(child, &here, 1, &there, 1, 0) == 6 ? WORKED : errno;
}

// Where the orchestrator's secrets are: in its memory.
static int host_memory(void)
{
    char word[32] = {0}, path[64];
    if (no_tracing()) return OFF;
    snprintf(path, sizeof path, "/proc/%d/mem", host());
    int fd = opened(path, O_RDONLY);
    if (fd < 0) return -fd;
    return pread(fd, word, 14, strtoull(setting("ADDRESS"), NULL, 0)) == 14 && memcmp(word, "not to be seen", 14) == 0 ? WORKED : errno ? errno : NOTHING;
}

static int host_environment(void)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/environ", victim());
    int fd = opened(path, O_RDONLY);
    if (fd < 0) return -fd;
    static char text[65536];
    ssize_t length = read(fd, text, sizeof text);
    return length > 0 && memmem(text, length, "not to be seen", 14) ? WORKED : NOTHING;
}

// The first process runs no code of the engine's: to write its memory is to become it.
static int leader_memory(void)
{
    char path[64];
    if (no_tracing()) return OFF;
    snprintf(path, sizeof path, "/proc/%s/mem", setting("LEADER"));
    int fd = opened(path, O_RDWR);
    return fd < 0 ? -fd : WORKED;
}

static int signal_host(void) { TRY(kill(victim(), 0)); return WORKED; }
static int signal_host_group(void) { TRY(kill(-victim(), 0)); return WORKED; }
static int signal_by_descriptor(void)
{
    int fd = syscall(SYS_pidfd_open, victim(), 0);
    if (fd < 0) return errno;
    return syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0) == 0 ? WORKED : errno;
}

static int limit_host(void)
{
    struct rlimit limit;
    TRY(prlimit(victim(), RLIMIT_CORE, NULL, &limit));
    TRY(prlimit(victim(), RLIMIT_CORE, &limit, NULL));
    return WORKED;
}

// The least that there is: to ask for it is never refused, whatever the tests themselves run at.
static int priority_host(void) { TRY(setpriority(PRIO_PROCESS, victim(), 19)); return WORKED; }

// A program that belongs to another user and runs as its owner.
static int set_user(void)
{
    int out[2];
    pipe(out);
    pid_t child = fork();
    if (child == 0) {
        dup2(out[1], 1);
        dup2(out[1], 2);
        close(0);
        setenv("LD_SHOW_AUXV", "1", 1);
        execl(setting("SETUID"), setting("SETUID"), "--version", NULL);
        _exit(127);
    }
    close(out[1]);
    char text[8192];
    size_t length = 0;
    for (ssize_t n; length < sizeof text - 1 && (n = read(out[0], text + length, sizeof text - 1 - length)) > 0; ) length += n;
    text[length] = 0;
    int status;
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127) return BROKEN;
    // The loader does not obey the variable where the program runs with rights that its starter does not have.
    return strstr(text, "AT_SECURE") ? NOTHING : WORKED;
}

static int real_time(void)
{
    struct sched_param p = {.sched_priority = 1};
    TRY(sched_setscheduler(0, SCHED_FIFO, &p));
    return WORKED;
}

static int nicer(void) { TRY(setpriority(PRIO_PROCESS, 0, 19)); TRY(setpriority(PRIO_PROCESS, 0, 10)); return WORKED; }

static int lock_memory(void)
{
    size_t size = 64 << 20;
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return errno;
    TRY(mlock(p, size));
    return WORKED;
}

static int own_user(void) { TRY(setresuid(54320, 54320, 54320)); return WORKED; }
static int own_groups(void) { gid_t group = 54320; TRY(setgroups(1, &group)); return WORKED; }

const struct attack process_attacks[] = {
    {"ptrace-child", ptrace_child}, {"ptrace-host", ptrace_host}, {"write-child-memory", write_child_memory}, {"read-child-memory", read_child_memory},
    {"host-memory", host_memory}, {"host-environment", host_environment}, {"leader-memory", leader_memory},
    {"signal-host", signal_host}, {"signal-host-group", signal_host_group}, {"signal-by-descriptor", signal_by_descriptor}, {"limit-host", limit_host}, {"priority-host", priority_host},
    {"set-user", set_user}, {"real-time", real_time}, {"nicer", nicer}, {"lock-memory", lock_memory},
    {"own-user", own_user}, {"own-groups", own_groups},
    {0},
};
