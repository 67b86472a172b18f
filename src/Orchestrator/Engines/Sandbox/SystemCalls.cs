// Which system calls an engine may not make, by name and number (ENG-06). Numbers are the kernel's own and never change.
// What is not named here is allowed up to the last number that was reviewed; beyond that the kernel "does not have it".
using System.Runtime.InteropServices;

namespace CabinCrew.Orchestrator.Engines.Sandbox;

/// <param name="X64">-1: does not exist there.</param>
internal readonly record struct SystemCall(string Name, int X64, int Arm64);

internal static class SystemCalls
{
    /// <summary>mseal: the last one reviewed for this list.</summary>
    public const int LastReviewed = 462;

    /// <summary>Answered with EPERM.</summary>
    public static readonly IReadOnlyList<SystemCall> Forbidden =
    [
        // other processes
        new("ptrace", 101, 117), new("process_vm_readv", 310, 270), new("process_vm_writev", 311, 271), new("process_madvise", 440, 440),
        new("process_mrelease", 448, 448), new("kcmp", 312, 272), new("pidfd_getfd", 438, 438),
        // the kernel's keyring, programs in the kernel, profiling
        new("add_key", 248, 217), new("request_key", 249, 218), new("keyctl", 250, 219),
        new("bpf", 321, 280), new("userfaultfd", 323, 282), new("perf_event_open", 298, 241), new("lookup_dcookie", 212, 18),
        new("fanotify_init", 300, 262), new("fanotify_mark", 301, 263),
        // mounts and namespaces
        new("mount", 165, 40), new("umount2", 166, 39), new("move_mount", 429, 429), new("open_tree", 428, 428), new("fsopen", 430, 430),
        new("fsconfig", 431, 431), new("fsmount", 432, 432), new("fspick", 433, 433), new("mount_setattr", 442, 442), new("pivot_root", 155, 41),
        new("chroot", 161, 51), new("unshare", 272, 97), new("setns", 308, 268), new("statmount", 457, 457), new("listmount", 458, 458),
        new("name_to_handle_at", 303, 264), new("open_by_handle_at", 304, 265), new("quotactl", 179, 60), new("quotactl_fd", 443, 443),
        // the machine
        new("kexec_load", 246, 104), new("kexec_file_load", 320, 294), new("init_module", 175, 105), new("finit_module", 313, 273),
        new("delete_module", 176, 106), new("create_module", 174, -1), new("query_module", 178, -1), new("get_kernel_syms", 177, -1),
        new("swapon", 167, 224), new("swapoff", 168, 225), new("reboot", 169, 142), new("acct", 163, 89), new("syslog", 103, 116),
        new("settimeofday", 164, 170), new("adjtimex", 159, 171), new("clock_settime", 227, 112), new("clock_adjtime", 305, 266),
        new("sethostname", 170, 161), new("setdomainname", 171, 162), new("vhangup", 153, 58), new("nfsservctl", 180, 42),
        new("iopl", 172, -1), new("ioperm", 173, -1), new("modify_ldt", 154, -1), new("uselib", 134, -1), new("ustat", 136, -1),
        new("sysfs", 139, -1), new("_sysctl", 156, -1), new("migrate_pages", 256, 238), new("move_pages", 279, 239),
    ];

    /// <summary>Answered with ENOSYS, because programs then use something older that can be judged or limited: clone3 hides its flags from a filter;
    /// files, segments and semaphores in memory that no address space maps count against no limit.</summary>
    public static readonly IReadOnlyList<SystemCall> Absent =
    [
        new("clone3", 435, 435), new("io_uring_setup", 425, 425), new("io_uring_enter", 426, 426), new("io_uring_register", 427, 427),
        new("memfd_create", 319, 279), new("memfd_secret", 447, 447), new("shmget", 29, 194), new("msgget", 68, 186), new("semget", 64, 190),
    ];

    public static readonly SystemCall Clone = new("clone", 56, 220);
    public static readonly SystemCall Ioctl = new("ioctl", 16, 29);
    public static readonly SystemCall Socket = new("socket", 41, 198);
    public static readonly SystemCall FileControl = new("fcntl", 72, 25);
    public static readonly SystemCall MemoryMap = new("mmap", 9, 222);
    public static readonly SystemCall Personality = new("personality", 135, 92);

    // ---- the reduced isolation, which has no namespaces: everything below would reach the host's own things

    /// <summary>Answered by the orchestrator, which carries them out where the engine may write and nowhere else. Landlock does not know them.</summary>
    public static readonly IReadOnlyList<SystemCall> Supervised =
    [
        new("chmod", 90, -1), new("fchmod", 91, 52), new("fchmodat", 268, 53), new("fchmodat2", 452, 452), new("chown", 92, -1), new("lchown", 94, -1),
        new("fchown", 93, 55), new("fchownat", 260, 54), new("utimensat", 280, 88),
    ];

    /// <summary>ENOSYS: System V and POSIX queues and memory of other programs, watching other programs' files, older calls that the supervised ones replace.</summary>
    public static readonly IReadOnlyList<SystemCall> AbsentWhenReduced =
    [
        new("shmat", 30, 196), new("shmctl", 31, 195), new("semget", 64, 190), new("semop", 65, 193), new("semctl", 66, 191), new("semtimedop", 220, 192),
        new("msgsnd", 69, 189), new("msgrcv", 70, 188), new("msgctl", 71, 187), new("mq_open", 240, 180), new("mq_unlink", 241, 181),
        new("inotify_init", 253, -1), new("inotify_init1", 294, 26), new("inotify_add_watch", 254, 27), new("utime", 132, -1), new("utimes", 235, -1), new("futimesat", 261, -1),
    ];

    /// <summary>EOPNOTSUPP: extended attributes, of any file by name.</summary>
    public static readonly IReadOnlyList<SystemCall> AttributesWhenReduced =
    [
        new("setxattr", 188, 5), new("lsetxattr", 189, 6), new("fsetxattr", 190, 7), new("getxattr", 191, 8), new("lgetxattr", 192, 9), new("fgetxattr", 193, 10),
        new("listxattr", 194, 11), new("llistxattr", 195, 12), new("flistxattr", 196, 13), new("removexattr", 197, 14), new("lremovexattr", 198, 15), new("fremovexattr", 199, 16),
    ];

    /// <summary>Allowed for the caller itself (0) only: how other processes are scheduled.</summary>
    public static readonly IReadOnlyList<SystemCall> OwnOnlyWhenReduced =
        [new("sched_setparam", 142, 118), new("sched_setscheduler", 144, 119), new("sched_setaffinity", 203, 122), new("sched_setattr", 314, 274)];

    public static readonly SystemCall SetPriority = new("setpriority", 141, 140);
    public static readonly SystemCall SetIoPriority = new("ioprio_set", 251, 30);
    public static readonly SystemCall SetLimit = new("setrlimit", 160, 164);
    public static readonly SystemCall Limits = new("prlimit64", 302, 261);
    public static readonly SystemCall SocketPair = new("socketpair", 53, 199);

    public static string? NameOfSupervised(int number) =>
        Supervised.Where(c => (RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? c.Arm64 : c.X64) == number).Select(c => c.Name).FirstOrDefault();
}
