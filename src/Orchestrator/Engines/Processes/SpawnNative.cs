// The system calls behind processes, pipes and limits. Thin: every return value is checked by the caller.
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CabinCrew.Orchestrator.Engines.Processes;

internal static unsafe partial class SpawnNative
{
    public const int SigKill = 9;
    public const int CloseOnExec = 0x80000;
    public const int NonBlocking = 0x800;
    public const short PollIn = 1;

    // These three have the same number on every architecture that .NET runs on.
    private const nint PidfdSendSignalCall = 424;
    private const nint PidfdOpenCall = 434;
    private const nint CloseRangeCall = 436;

    [StructLayout(LayoutKind.Sequential)]
    public struct PollEntry
    {
        public int Descriptor;
        public short Events;
        public short Happened;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct Limit
    {
        public ulong Soft;
        public ulong Hard;
    }

    /// <summary>The head of struct statfs: the same on 64-bit Linux everywhere.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct FileSystemStat
    {
        public long Type, BlockSize;
        public ulong Blocks, BlocksFree, BlocksAvailable, Files, FilesFree;
        private fixed long rest[16];
    }

    [LibraryImport("libc", EntryPoint = "posix_spawn", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int PosixSpawn(out int pid, string path, void* fileActions, void* attributes, byte** argv, byte** envp);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    public static partial int FileActionsInit(void* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    public static partial void FileActionsDestroy(void* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    public static partial int FileActionsAddDup2(void* actions, int from, int to);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    public static partial int AttributesInit(void* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    public static partial void AttributesDestroy(void* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    public static partial int AttributesSetFlags(void* attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    public static partial int AttributesSetSignalDefaults(void* attributes, void* set);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    public static partial int AttributesSetSignalMask(void* attributes, void* set);

    [LibraryImport("libc", EntryPoint = "sigfillset")]
    public static partial void SignalSetFill(void* set);

    [LibraryImport("libc", EntryPoint = "sigemptyset")]
    public static partial void SignalSetEmpty(void* set);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    public static partial int Fcntl(int descriptor, int command, int argument);

    [LibraryImport("libc", EntryPoint = "pipe2", SetLastError = true)]
    public static partial int Pipe2(int* ends, int flags);

    [LibraryImport("libc", EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MemfdCreate(string name, uint flags);

    /// <summary>Waits for all of the time, also where a signal comes between: one tells of each child that ends, whichever thread it comes to, and whoever took it for the end of the time would give up on that very child.</summary>
    public static int Poll(PollEntry* entries, nuint count, int milliseconds)
    {
        const int interrupted = 4;
        var until = Environment.TickCount64 + milliseconds;
        int happened;
        while ((happened = PollOnce(entries, count, milliseconds)) < 0 && Marshal.GetLastPInvokeError() == interrupted)
            if (milliseconds > 0) milliseconds = (int)Math.Max(0, until - Environment.TickCount64);
        return happened;
    }

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int PollOnce(PollEntry* entries, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(int descriptor, byte* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int descriptor, byte* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial void Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "readlink", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint ReadLink(string path, byte* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    public static partial int WaitPid(int pid, out int status, int options);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "prlimit", SetLastError = true)]
    public static partial int PrLimit(int pid, int resource, Limit* limit, Limit* old);

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, uint who, int priority);

    /// <summary>Others come first: for a process and what it will start.</summary>
    public static void MakeNice(int pid) => _ = SetPriority(0, (uint)pid, 10);

    [LibraryImport("libc", EntryPoint = "fstatfs", SetLastError = true)]
    public static partial int FStatFs(int descriptor, out FileSystemStat stat);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SystemCall(nint number, nint a, nint b, nint c, nint d);

    /// <summary>A character device that everybody may use.</summary>
    public static bool MakeDevice(string path, int major, int minor)
    {
        const int here = -100, characterDevice = 0x2000 | 0x1B6;
        var text = Marshal.StringToCoTaskMemUTF8(path);
        var made = SystemCall(RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 33 : 259, here, text, characterDevice, (major << 8) | minor) == 0;
        Marshal.FreeCoTaskMem(text);
        return made;
    }

    public static int PidfdOpen(int pid) => (int)SystemCall(PidfdOpenCall, pid, 0, 0, 0);

    public static int PidfdSendSignal(int pidfd, int signal) => (int)SystemCall(PidfdSendSignalCall, pidfd, signal, 0, 0);

    /// <summary>Every descriptor from <paramref name="first"/> on is closed when this process's children exec.</summary>
    public static bool CloseOnExecFrom(int first) => SystemCall(CloseRangeCall, first, int.MaxValue, 4, 0) == 0;

    public static SafeFileHandle? Opened(int descriptor) => descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
}
