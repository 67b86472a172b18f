// One flush for many files: of the whole file system that they lie on. A thousand files cost as many waits for the disk one by one, and one wait this way.
// Invariant: when it returns, everything written to that file system before is durable; a failure of the disk was told.
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CabinCrew.Ledger;

public static partial class WholeFlush
{
    /// <summary>From so many files on it is worth flushing what others have written with them.</summary>
    private const int FilesMin = 64;

    // Before it, syncfs(2) did not tell of failed writes.
    private static readonly bool KernelTells = Environment.OSVersion.Version >= new Version(5, 8);

    // Where a file system is not known to wait for its disk (network, FUSE), each file is flushed by itself.
    private static readonly long[] Known = [0xEF53 /* ext4 */, 0x58465342 /* XFS */, 0x9123683E /* Btrfs */];

    /// <summary>False: it cannot be done where this file or directory lies, or is not worth it; flush each file by itself.</summary>
    public static bool Serves(SafeFileHandle at, int files) => files >= FilesMin && KernelTells && FStatFs(at, out var status) == 0 && Known.Contains((long)status.Type);

    /// <summary>Of the file system of any open file or directory. A failed write is an <see cref="IOException"/>.</summary>
    public static void Of(SafeFileHandle at)
    {
        if (SyncFs(at) != 0) throw new IOException($"the file system cannot be flushed: errno {Marshal.GetLastPInvokeError()}");
    }

    // struct statfs: the type comes first, and is a word, on every 64-bit architecture.
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct FileSystemStatus
    {
        [FieldOffset(0)] public nint Type;
    }

    [LibraryImport("libc", EntryPoint = "fstatfs", SetLastError = true)]
    private static partial int FStatFs(SafeFileHandle file, out FileSystemStatus status);

    [LibraryImport("libc", EntryPoint = "syncfs", SetLastError = true)]
    private static partial int SyncFs(SafeFileHandle file);
}
