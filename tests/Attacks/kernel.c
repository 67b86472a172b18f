// Attacks on the kernel: what it offers to everybody and no engine needs, namespaces and mounts, and other ways to make a system call.
#include "attack.h"
#include <linux/bpf.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <linux/io_uring.h>
#include <mqueue.h>
#include <sys/fanotify.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/personality.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#if defined __x86_64__
#include <asm/ldt.h>
#endif

#define CALL(...) do { if (syscall(__VA_ARGS__) < 0) return errno; } while (0)

static int no_user_namespaces(void)
{
    return geteuid() != 0 && switched_off("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 1);
}

static int new_user(void) { if (no_user_namespaces()) return OFF; TRY(unshare(CLONE_NEWUSER)); return WORKED; }
static int new_mounts(void) { if (no_user_namespaces()) return OFF; if (unshare(CLONE_NEWNS) == 0) return WORKED; TRY(unshare(CLONE_NEWUSER | CLONE_NEWNS)); return WORKED; }
static int new_network(void) { if (no_user_namespaces()) return OFF; if (unshare(CLONE_NEWNET) == 0) return WORKED; TRY(unshare(CLONE_NEWUSER | CLONE_NEWNET)); return WORKED; }

static int clone_user(void)
{
    if (no_user_namespaces()) return OFF;
    long child = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
    if (child == 0) _exit(0);
    return child > 0 ? WORKED : errno;
}

static int clone3_user(void)
{
    if (no_user_namespaces()) return OFF;
    struct { unsigned long long flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls; } how = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
    long child = syscall(SYS_clone3, &how, sizeof how);
    if (child == 0) _exit(0);
    return child > 0 ? WORKED : errno;
}

static int enter_namespace(void)
{
    int fd = opened("/proc/self/ns/uts", O_RDONLY);
    try_namespaces(CLONE_NEWUTS);
    int own = opened("/proc/self/ns/uts", O_RDONLY);
    close(fd);
    if (own < 0) return -own;
    TRY(setns(own, CLONE_NEWUTS));
    return WORKED;
}

static int new_mount(void)
{
    try_namespaces(CLONE_NEWNS);
    TRY(mount("none", setting("TEMP"), "tmpfs", 0, NULL));
    return WORKED;
}

static int bind_over(void)
{
    try_namespaces(CLONE_NEWNS);
    TRY(mount(setting("TEMP"), setting("WORKSPACE"), NULL, MS_BIND, NULL));
    return WORKED;
}

// Inside, the workspace is a mount that is read-only; outside it is made one first.
static int writable_again(void)
{
    try_namespaces(CLONE_NEWNS);
    mount(setting("WORKSPACE"), setting("WORKSPACE"), NULL, MS_BIND, NULL);
    TRY(mount(NULL, setting("WORKSPACE"), NULL, MS_REMOUNT | MS_BIND, NULL));
    return WORKED;
}

static int unmount(void)
{
    try_namespaces(CLONE_NEWNS);
    mount("none", setting("TEMP"), "tmpfs", 0, NULL);
    TRY(umount2(setting("TEMP"), MNT_DETACH));
    return WORKED;
}

static int open_tree_call(void) { try_namespaces(CLONE_NEWNS); CALL(428, AT_FDCWD, setting("TEMP"), 1 /* clone */); return WORKED; }
static int new_file_system(void) { try_namespaces(CLONE_NEWNS); CALL(430, "tmpfs", 0); return WORKED; }

static int change_root(void) { try_namespaces(CLONE_NEWNS); TRY(chroot(setting("TEMP"))); return WORKED; }

static int pivot(void)
{
    try_namespaces(CLONE_NEWNS);
    const char *root = setting("TEMP");
    mount("none", root, "tmpfs", 0, NULL);
    mkdir(in(root, "old"), 0700);
    CALL(SYS_pivot_root, root, in(root, "old"));
    return WORKED;
}

static int file_handle(void)
{
    struct { struct file_handle head; char bytes[128]; } handle = {.head.handle_bytes = 128};
    int mount_id;
    TRY(name_to_handle_at(AT_FDCWD, setting("WORKSPACE"), &handle.head, &mount_id, 0));
    return WORKED;
}

static int io_uring(void)
{
    if (switched_off("/proc/sys/kernel/io_uring_disabled", geteuid() == 0 ? 2 : 1)) return OFF;
    struct io_uring_params p = {0};
    CALL(SYS_io_uring_setup, 4, &p);
    return WORKED;
}

static int keyring_add(void) { CALL(SYS_add_key, "user", "attack", "x", 1L, KEY_SPEC_PROCESS_KEYRING); return WORKED; }
static int keyring_read(void) { CALL(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 1); return WORKED; }

static int bpf_map(void)
{
    union bpf_attr how = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};
    CALL(SYS_bpf, BPF_MAP_CREATE, &how, sizeof how);
    return WORKED;
}

static int user_fault(void) { CALL(SYS_userfaultfd, O_CLOEXEC | 1 /* faults of user code only */); return WORKED; }

static int profiling(void)
{
    if (geteuid() != 0 && switched_off("/proc/sys/kernel/perf_event_paranoid", 3)) return OFF;
    struct perf_event_attr how = {.type = PERF_TYPE_SOFTWARE, .size = sizeof how, .config = PERF_COUNT_SW_CPU_CLOCK, .exclude_kernel = 1, .exclude_hv = 1};
    CALL(SYS_perf_event_open, &how, 0, -1, -1, 0L);
    return WORKED;
}

static int file_events(void) { TRY(fanotify_init(FAN_CLASS_NOTIF | 0x200 /* by file id: for everybody */, O_RDONLY)); return WORKED; }
static int compare_processes(void) { CALL(SYS_kcmp, getpid(), getpid(), 0, 0, 0); return WORKED; }

static int foreign_descriptor(void)
{
    pid_t child = fork();
    if (child == 0) { for (;;) pause(); }
    int fd = syscall(SYS_pidfd_open, child, 0);
    CALL(438 /* pidfd_getfd */, fd, 0, 0);
    return WORKED;
}

static int type_into_terminal(void)
{
    if (geteuid() != 0 && !switched_off("/proc/sys/dev/tty/legacy_tiocsti", 1) && access("/proc/sys/dev/tty/legacy_tiocsti", F_OK) == 0) return OFF;
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0) return errno;
    TRY(grantpt(master));
    TRY(unlockpt(master));
    setpgid(0, 0);
    if (fork() == 0) {
        setsid();
        int terminal = opened(ptsname(master), O_RDWR);
        if (terminal < 0) _exit(-terminal);
        if (ioctl(terminal, TIOCSCTTY, 0) < 0) _exit(errno);
        _exit(ioctl(terminal, TIOCSTI, "x") == 0 ? WORKED : errno);
    }
    int status;
    wait(&status);
    return WIFEXITED(status) ? WEXITSTATUS(status) : BROKEN;
}

static int kernel_log(void) { CALL(SYS_syslog, 10 /* size of the buffer */, NULL, 0); return WORKED; }
static int host_name(void) { struct utsname u; uname(&u); TRY(sethostname(u.nodename, strlen(u.nodename))); return WORKED; }
static int clock_read(void) { struct timex t = {0}; TRY(adjtimex(&t)); return WORKED; }
static int other_personality(void) { TRY(personality(ADDR_NO_RANDOMIZE)); return WORKED; }

static int memory_file(void) { CALL(SYS_memfd_create, "attack", 0); return WORKED; }
static int shared_segment(void) { int id = shmget(IPC_PRIVATE, 4096, 0600); if (id < 0) return errno; shmctl(id, IPC_RMID, NULL); return WORKED; }
static int message_queue(void) { int id = msgget(IPC_PRIVATE, 0600); if (id < 0) return errno; msgctl(id, IPC_RMID, NULL); return WORKED; }
static int semaphores(void) { int id = semget(IPC_PRIVATE, 32000, 0600); if (id < 0) return errno; semctl(id, 0, IPC_RMID); return WORKED; }

static int posix_queue(void)
{
    mqd_t queue = mq_open("/cabincrew-attack", O_CREAT | O_RDWR, 0600, NULL);
    if (queue < 0) return errno;
    mq_unlink("/cabincrew-attack");
    return WORKED;
}

static int posix_memory(void) { int fd = shm_open(setting("SHARED"), O_RDWR, 0600); return fd < 0 ? errno : WORKED; }

static int huge_pages(void)
{
    if (!switched_off("/proc/sys/vm/nr_hugepages", 1)) return OFF;
    void *p = mmap(NULL, 2 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
    return p == MAP_FAILED ? errno : WORKED;
}

static int file_lease(void)
{
    int fd = opened(in(setting("WORKSPACE"), "file.txt"), O_RDONLY);
    if (fd < 0) return -fd;
    // Whoever then opens it for writing waits for us.
    TRY(fcntl(fd, F_SETLEASE, F_RDLCK));
    return WORKED;
}

#if defined __x86_64__
static sigjmp_buf no_door;
static void closed(int signal) { siglongjmp(no_door, signal); }

static int old_call(void)
{
    // Some virtual machines have no such door at all: whoever knocks is told by a signal.
    struct sigaction fault = {.sa_handler = closed}, before;
    long result;
    sigaction(SIGSEGV, &fault, &before);
    if (sigsetjmp(no_door, 1)) return sigaction(SIGSEGV, &before, NULL), OFF;
    // 20 is getpid for 32-bit programs; here it is writev, which the filter would see under another number.
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory", "r8", "r9", "r10", "r11");
    sigaction(SIGSEGV, &before, NULL);
    return result == getpid() ? WORKED : result == -ENOSYS ? OFF : NOTHING;
}
static int x32_call(void) { long result = syscall(0x40000000 | SYS_getpid); return result == getpid() ? WORKED : errno == ENOSYS ? OFF : errno; }
static int descriptor_table(void) { struct user_desc d = {.entry_number = 0, .limit = 1, .seg_not_present = 1, .read_exec_only = 1}; CALL(SYS_modify_ldt, 1, &d, sizeof d); return WORKED; }
#endif

const struct attack kernel_attacks[] = {
    {"new-user-namespace", new_user}, {"new-mount-namespace", new_mounts}, {"new-network-namespace", new_network}, {"clone-user-namespace", clone_user},
    {"clone3-user-namespace", clone3_user}, {"enter-namespace", enter_namespace}, {"mount", new_mount}, {"bind-mount", bind_over}, {"remount", writable_again}, {"unmount", unmount},
    {"open-tree", open_tree_call}, {"new-file-system", new_file_system}, {"chroot", change_root}, {"pivot-root", pivot}, {"file-handle", file_handle},
    {"io-uring", io_uring}, {"keyring-add", keyring_add}, {"keyring-read", keyring_read}, {"bpf", bpf_map}, {"userfaultfd", user_fault}, {"perf-event", profiling},
    {"fanotify", file_events}, {"kcmp", compare_processes}, {"foreign-descriptor", foreign_descriptor}, {"tiocsti", type_into_terminal},
    {"kernel-log", kernel_log}, {"host-name", host_name}, {"clock", clock_read}, {"personality", other_personality},
    {"memory-file", memory_file}, {"sysv-memory", shared_segment}, {"sysv-queue", message_queue}, {"sysv-semaphores", semaphores}, {"posix-queue", posix_queue},
    {"posix-memory", posix_memory}, {"huge-pages", huge_pages}, {"file-lease", file_lease},
#if defined __x86_64__
    {"int-80", old_call}, {"x32", x32_call}, {"descriptor-table", descriptor_table},
#endif
    {0},
};
