// The few system calls that .NET does not offer: directory flushes, atomic no-replace publication, the clock that counts through suspend.
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CabinCrew.Ledger;

/// <summary>CLOCK_BOOTTIME: monotonic, and it goes on while the machine sleeps. What leases of this process are measured by.</summary>
public static class BootClock
{
    public static TimeSpan Now() => Posix.BootTime();
}

internal static partial class Posix
{
    private const int ReadOnly = 0, CloseOnExec = 0x80000;
    private const int ClockBoottime = 7;
    private const int NoEntry = 2, NotAllowed = 13, FileExists = 17;

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }

    public static TimeSpan BootTime()
    {
        if (ClockGetTime(ClockBoottime, out var t) != 0) throw new IOException($"clock_gettime: errno {Marshal.GetLastPInvokeError()}");
        return new TimeSpan(t.Seconds * TimeSpan.TicksPerSecond + t.Nanoseconds / 100);
    }

    /// <summary>Makes the names in a directory durable.</summary>
    public static void FlushDirectory(string path) => FlushDirectory(path, mayBeClosed: false);

    /// <summary>Makes what was written durable, or throws. The framework's own flush to disk keeps silent about one that failed (.NET 10: EIO among others).</summary>
    public static void Flush(SafeFileHandle file)
    {
        if (Fsync(file) != 0) throw new IOException($"the disk did not confirm what was written: errno {Marshal.GetLastPInvokeError()}");
    }

    /// <summary>Makes what was written to a file durable, by whoever it was written; false where there is none.</summary>
    public static bool FlushFile(string path)
    {
        var descriptor = Open(path, ReadOnly | CloseOnExec);
        if (descriptor < 0) return Marshal.GetLastPInvokeError() == NoEntry ? false : throw new IOException($"cannot open '{path}': errno {Marshal.GetLastPInvokeError()}");
        try
        {
            return Fsync(descriptor) == 0 ? true : throw new IOException($"cannot flush '{path}': errno {Marshal.GetLastPInvokeError()}");
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    /// <summary>Makes what was written to a file durable, and of its attributes what one needs to read it back; throws.</summary>
    public static void FlushData(SafeFileHandle file)
    {
        if (Fdatasync(file) != 0) throw new IOException($"errno {Marshal.GetLastPInvokeError()}");
    }

    /// <summary>A descriptor of a file that is there, to flush it by; throws.</summary>
    public static SafeFileHandle OpenFile(string path)
    {
        var descriptor = Open(path, ReadOnly | CloseOnExec);
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw new IOException($"cannot open '{path}': errno {Marshal.GetLastPInvokeError()}");
    }

    private static void FlushDirectory(string path, bool mayBeClosed)
    {
        var descriptor = Open(path, ReadOnly | DirectoryFlag | CloseOnExec);
        if (descriptor < 0 && mayBeClosed && Marshal.GetLastPInvokeError() == NotAllowed) return;
        if (descriptor < 0) throw new IOException($"cannot open directory '{path}': errno {Marshal.GetLastPInvokeError()}");
        try
        {
            if (Fsync(descriptor) != 0) throw new IOException($"cannot flush directory '{path}': errno {Marshal.GetLastPInvokeError()}");
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    /// <summary>Throws where there is no such directory, or it may not be read.</summary>
    public static SafeFileHandle OpenDirectory(string path)
    {
        var descriptor = Open(path, ReadOnly | DirectoryFlag | CloseOnExec);
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw new IOException($"cannot open directory '{path}': errno {Marshal.GetLastPInvokeError()}");
    }

    /// <summary>Makes a directory and those above it that are missing, each durable under its name before anything is put into it.</summary>
    public static void MakeDirectory(string path, UnixFileMode mode)
    {
        if (Directory.Exists(path)) return;
        var parent = Path.GetDirectoryName(path)!;
        MakeDirectory(parent, mode);
        Directory.CreateDirectory(path, mode);
        FlushNameOf(path);
    }

    /// <summary>Makes the name of something durable in the directory that holds it. A directory that we may not read has no descriptor to flush it by; then its file system decides.</summary>
    public static void FlushNameOf(string path)
    {
        if (Path.GetDirectoryName(path) is { } parent) FlushDirectory(parent, mayBeClosed: true);
    }

    /// <summary>Gives a finished file its name, or says that somebody else was first.</summary>
    public static bool PublishNew(string from, string to)
    {
        if (Link(from, to) == 0) return true;
        var error = Marshal.GetLastPInvokeError();
        return error == FileExists ? false : throw new IOException($"cannot publish '{to}': errno {error}");
    }

    /// <summary>The uid that owns what stands at a path, links not followed; null where nothing stands.</summary>
    public static uint? OwnerOf(string path)
    {
        const int noEntry = 2, notADirectory = 20, currentDirectory = -100, noFollow = 0x100;
        const uint uidWanted = 0x8;
        // struct statx: the same on every architecture; stx_uid stands at byte 20.
        var facts = new byte[256];
        if (Statx(currentDirectory, path, noFollow, uidWanted, facts) == 0) return BitConverter.ToUInt32(facts, 20);
        var error = Marshal.GetLastPInvokeError();
        return error is noEntry or notADirectory ? null : throw new IOException($"cannot look at '{path}': errno {error}");
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int directory, string path, int flags, uint mask, byte[] result);

    // O_DIRECTORY differs between architectures.
    private static int DirectoryFlag => RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm ? 0x4000 : 0x10000;

    [LibraryImport("libc", EntryPoint = "clock_gettime", SetLastError = true)]
    private static partial int ClockGetTime(int clock, out TimeSpec time);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int Fdatasync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string from, string to);
}
