// The kernel's file calls that .NET does not offer: everything relative to a descriptor, nothing through a link.
// Invariant: EINTR is retried here and nowhere else; every failure carries its errno.
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CabinCrew.Orchestrator.Posix;

/// <summary>A file call that failed, with the kernel's reason.</summary>
internal sealed class FileCallException(string call, string name, int errno)
    : IOException($"{call} '{TextOf(name)}': {Marshal.GetPInvokeErrorMessage(errno)}")
{
    public int Errno { get; } = errno;

    public bool IsAbsent => Errno == FileCalls.ENOENT;

    /// <summary>A component of the way is a link, or no directory.</summary>
    public bool IsNoWay => Errno is FileCalls.ELOOP or FileCalls.ENOTDIR;

    private static string TextOf(string name) => new([.. name.Select(c => char.IsControl(c) ? '?' : c)]);
}

/// <summary>The fields of struct statx that are used; its layout is the same on every architecture.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct FileStatus
{
    [FieldOffset(16)] public uint LinkCount;
    [FieldOffset(20)] public uint Uid;
    [FieldOffset(24)] public uint Gid;
    [FieldOffset(28)] public ushort Mode;
    [FieldOffset(32)] public ulong Inode;
    [FieldOffset(40)] public ulong Size;
    [FieldOffset(48)] public ulong Blocks;
    [FieldOffset(96)] public long ChangedSeconds;
    [FieldOffset(104)] public uint ChangedNanoseconds;
    [FieldOffset(112)] public long MtimeSeconds;
    [FieldOffset(120)] public uint MtimeNanoseconds;
    [FieldOffset(128)] public uint RdevMajor;
    [FieldOffset(132)] public uint RdevMinor;
    [FieldOffset(136)] public uint DevMajor;
    [FieldOffset(140)] public uint DevMinor;

    public readonly EntryKind Kind => (Mode & 0xF000) switch
    {
        0x4000 => EntryKind.Directory,
        0x8000 => EntryKind.File,
        0xA000 => EntryKind.Link,
        0x1000 => EntryKind.Fifo,
        0xC000 => EntryKind.Socket,
        0x2000 or 0x6000 => EntryKind.Device,
        _ => EntryKind.Unknown,
    };

    public readonly int Permissions => Mode & 0xFFF;

    /// <summary>Executable as git means it: by its owner.</summary>
    public readonly bool IsExecutable => (Mode & 0x40) != 0;

    /// <summary>How overlayfs writes a deletion: character device 0/0.</summary>
    public readonly bool IsWhiteout => (Mode & 0xF000) == 0x2000 && RdevMajor == 0 && RdevMinor == 0;
}

internal static partial class FileCalls
{
    public const int ENOENT = 2, EINTR = 4, ENXIO = 6, EEXIST = 17, EXDEV = 18, ENOTDIR = 20, EISDIR = 21, EINVAL = 22, ENOSYS = 38, ENOTEMPTY = 39, ELOOP = 40, ENODATA = 61, ENOTSUP = 95;
    public const int ReadOnly = 0, WriteOnly = 1, Create = 0x40, Exclusive = 0x80, NonBlock = 0x800, CloseOnExec = 0x80000;
    public const int AtEmptyPath = 0x1000;
    public const uint StatxBasic = 0x7ff;
    private const int AtSymlinkNoFollow = 0x100, AtRemoveDir = 0x200;

    private static readonly bool IsArm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;
    public static readonly int DirectoryOnly = IsArm ? 0x4000 : 0x10000;
    public static readonly int NoFollow = IsArm ? 0x8000 : 0x20000;

    public static SafeFileHandle Open(SafeFileHandle? at, string name, int flags, int mode = 0)
    {
        while (true)
        {
            var fd = at is null ? openat(-100, name, flags | CloseOnExec, mode) : openat(at, name, flags | CloseOnExec, mode);
            if (fd >= 0) return new SafeFileHandle(fd, ownsHandle: true);
            Fail("open", name);
        }
    }

    public static FileStatus Status(SafeFileHandle file)
    {
        FileStatus status;
        while (statx(file, "", AtEmptyPath, StatxBasic, out status) != 0) Fail("stat", "");
        return status;
    }

    /// <summary>False where there is nothing of that name.</summary>
    public static bool TryStatus(SafeFileHandle at, string name, out FileStatus status)
    {
        while (statx(at, name, AtSymlinkNoFollow, StatxBasic, out status) != 0)
        {
            if (Marshal.GetLastPInvokeError() == ENOENT) return false;
            Fail("stat", name);
        }
        return true;
    }

    /// <summary>Fills the buffer with directory records; 0 at the end.</summary>
    public static int ReadDirectory(SafeFileHandle directory, byte[] buffer)
    {
        while (true)
        {
            var read = (int)getdents64(directory, buffer, (nuint)buffer.Length);
            if (read >= 0) return read;
            Fail("list", "");
        }
    }

    public static byte[] ReadLink(SafeFileHandle at, string name)
    {
        var buffer = new byte[4097];
        while (true)
        {
            var length = (int)readlinkat(at, name, buffer, (nuint)buffer.Length);
            if (length >= buffer.Length) throw new InvalidDataException($"the target of link '{name}' is too long");
            if (length >= 0) return buffer[..length];
            Fail("read link", name);
        }
    }

    public static void MakeDirectory(SafeFileHandle at, string name, int mode)
    {
        while (mkdirat(at, name, (uint)mode) != 0) Fail("make directory", name);
    }

    public static void Remove(SafeFileHandle at, string name)
    {
        while (unlinkat(at, name, 0) != 0) Fail("remove", name);
    }

    public static void RemoveDirectory(SafeFileHandle at, string name)
    {
        while (unlinkat(at, name, AtRemoveDir) != 0) Fail("remove directory", name);
    }

    public static void MakeLink(SafeFileHandle at, string name, ReadOnlySpan<byte> target)
    {
        if (target.Contains((byte)0)) throw new InvalidDataException($"the target of link '{name}' holds a NUL");
        byte[] terminated = [.. target, 0];
        while (symlinkat(terminated, at, name) != 0) Fail("make link", name);
    }

    public static void Rename(SafeFileHandle from, string oldName, SafeFileHandle to, string newName)
    {
        while (renameat(from, oldName, to, newName) != 0) Fail("rename", newName);
    }

    public static void SetMode(SafeFileHandle file, int mode)
    {
        while (fchmod(file, (uint)mode) != 0) Fail("set mode", "");
    }

    /// <summary>By name, for a directory that cannot be opened yet. Follows a link: only where nobody else writes.</summary>
    public static void SetModeAt(SafeFileHandle at, byte[] name, int mode)
    {
        while (fchmodat(at, [.. name, 0], (uint)mode, 0) != 0) Fail("set mode", Shown(name));
    }

    /// <summary>Removes whatever is no directory, by the bytes of its name; false where it is one.</summary>
    public static bool TryRemove(SafeFileHandle at, byte[] name)
    {
        while (unlinkat(at, [.. name, 0], 0) != 0)
        {
            if (Marshal.GetLastPInvokeError() is EISDIR) return false;
            if (Marshal.GetLastPInvokeError() is ENOENT) return true;
            Fail("remove", Shown(name));
        }
        return true;
    }

    /// <summary>Removes an empty directory; false where it is not empty.</summary>
    public static bool TryRemoveDirectory(SafeFileHandle at, byte[] name)
    {
        while (unlinkat(at, [.. name, 0], AtRemoveDir) != 0)
        {
            if (Marshal.GetLastPInvokeError() is ENOTEMPTY or EEXIST) return false;
            if (Marshal.GetLastPInvokeError() is ENOENT) return true;
            Fail("remove", Shown(name));
        }
        return true;
    }

    public static void Rename(SafeFileHandle from, byte[] oldName, SafeFileHandle to, string newName)
    {
        while (renameat(from, [.. oldName, 0], to, newName) != 0) Fail("rename", Shown(oldName));
    }

    private static string Shown(byte[] name) => System.Text.Encoding.Latin1.GetString(name);

    /// <summary>Copies to the end; the kernel shares blocks where it can.</summary>
    public static void CopyContent(SafeFileHandle from, SafeFileHandle to, long size)
    {
        long copied = 0;
        while (copied < size)
        {
            var moved = copy_file_range(from, 0, to, 0, (nuint)Math.Min(size - copied, 1 << 30), 0);
            if (moved == 0) break;
            if (moved > 0)
            {
                copied += moved;
                continue;
            }
            if (Marshal.GetLastPInvokeError() is not (EXDEV or EINVAL or ENOSYS or ENOTSUP)) Fail("copy", "");
            CopyByReading(from, to, copied);
            return;
        }
        if (copied != size) throw new IOException("a file changed while it was copied");
    }

    private static void CopyByReading(SafeFileHandle from, SafeFileHandle to, long at)
    {
        var buffer = new byte[64 * 1024];
        for (int read; (read = RandomAccess.Read(from, buffer, at)) > 0; at += read) RandomAccess.Write(to, buffer.AsSpan(0, read), at);
    }

    public static void SetOwner(SafeFileHandle file, uint uid, uint gid)
    {
        while (fchown(file, uid, gid) != 0) Fail("set owner", "");
    }

    public static void SetLinkOwner(SafeFileHandle at, string name, uint uid, uint gid)
    {
        while (fchownat(at, name, uid, gid, AtSymlinkNoFollow) != 0) Fail("set owner", name);
    }

    /// <summary>Sets the modification time; the access time is left alone.</summary>
    public static void SetMtime(SafeFileHandle file, in FileStatus like)
    {
        const long omit = (1L << 30) - 2;
        long[] times = [0, omit, like.MtimeSeconds, like.MtimeNanoseconds];
        while (futimens(file, times) != 0) Fail("set time", "");
    }

    public static void Flush(SafeFileHandle file)
    {
        while (fsync(file) != 0) Fail("flush", "");
    }

    /// <summary>Takes an open directory or file for this process alone; false where another has it. It is given back when the descriptor is closed, at the latest by death.
    /// A file system without such locks says yes to everybody.</summary>
    public static bool TryHold(SafeFileHandle file)
    {
        const int exclusive = 2, withoutWaiting = 4, wouldBlock = 11;
        int errno;
        do
        {
            if (flock(file, exclusive | withoutWaiting) == 0) return true;
            errno = Marshal.GetLastPInvokeError();
        }
        while (errno == EINTR);
        return errno != wouldBlock;
    }

    /// <summary>Asks the kernel to begin writing a file back; a hint, whose failure means nothing.</summary>
    public static void BeginFlush(SafeFileHandle file) => _ = sync_file_range(file, 0, 0, 2);

    /// <summary>An extended attribute of an open file or directory; null where there is none.</summary>
    public static byte[]? Attribute(SafeFileHandle file, string name)
    {
        var buffer = new byte[256];
        while (true)
        {
            var length = (int)fgetxattr(file, name, buffer, (nuint)buffer.Length);
            if (length >= 0) return buffer[..length];
            if (Marshal.GetLastPInvokeError() is ENODATA or ENOTSUP) return null;
            Fail("read attribute", name);
        }
    }

    /// <summary>Nobody changes it while we run.</summary>
    public static readonly uint EffectiveUser = geteuid(), EffectiveGroup = getegid();

    private static void Fail(string call, string name)
    {
        var errno = Marshal.GetLastPInvokeError();
        if (errno != EINTR) throw new FileCallException(call, name, errno);
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int openat(int at, string name, int flags, int mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int openat(SafeFileHandle at, string name, int flags, int mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(SafeFileHandle at, string name, int flags, uint mask, out FileStatus status);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint getdents64(SafeFileHandle fd, [Out] byte[] buffer, nuint length);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint readlinkat(SafeFileHandle at, string name, [Out] byte[] buffer, nuint length);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkdirat(SafeFileHandle at, string name, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int unlinkat(SafeFileHandle at, string name, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int symlinkat(byte[] target, SafeFileHandle at, string name);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int renameat(SafeFileHandle from, string oldName, SafeFileHandle to, string newName);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchmod(SafeFileHandle fd, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int fchmodat(SafeFileHandle at, byte[] name, uint mode, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unlinkat(SafeFileHandle at, byte[] name, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int renameat(SafeFileHandle from, byte[] oldName, SafeFileHandle to, string newName);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint copy_file_range(SafeFileHandle from, nint fromOffset, SafeFileHandle to, nint toOffset, nuint length, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchown(SafeFileHandle fd, uint uid, uint gid);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int fchownat(SafeFileHandle at, string name, uint uid, uint gid, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int futimens(SafeFileHandle fd, long[] times);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int sync_file_range(SafeFileHandle fd, long offset, long length, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int flock(SafeFileHandle fd, int operation);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeFileHandle fd);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint fgetxattr(SafeFileHandle fd, string name, [Out] byte[] value, nuint size);

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc")]
    private static partial uint getegid();
}
