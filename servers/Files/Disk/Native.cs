// The calls of the kernel that the framework does not offer: opening by a path that cannot lead out (openat2), and changing a name by its directory.
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CabinCrew.Servers.Files.Disk;

/// <summary>A call that the kernel refused, with its error number.</summary>
internal sealed class KernelException(string what, int error) : IOException($"{what}: {Marshal.GetPInvokeErrorMessage(error)}")
{
    public int Error => error;

    public bool IsAbsent => error == Native.ENOENT;
}

internal static unsafe partial class Native
{
    public const int ENOENT = 2, EEXIST = 17, EXDEV = 18, ENOTDIR = 20, EINVAL = 22, ENOTEMPTY = 39, ELOOP = 40;
    public const int ReadOnly = 0, WriteOnly = 1, Create = 0x40, Exclusive = 0x80, NonBlock = 0x800;

    private const int EINTR = 4, EAGAIN = 11, CloseOnExec = 0x80000, NoReplace = 1, RemoveDirectoryFlag = 0x200, SymlinkNoFollow = 0x100, EmptyPath = 0x1000, BasicStats = 0x7ff;
    private const int OpenAt2Call = 437, ResolveNoMagicLinks = 2, ResolveNoLinks = 4, ResolveBeneath = 8, TriesMax = 128;

    private static readonly bool Arm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    /// <summary>The one flag bit whose number differs between the processors.</summary>
    public static int DirectoryOnly => Arm ? 0x4000 : 0x10000;
    public static int NoFollow => Arm ? 0x8000 : 0x20000;

    [StructLayout(LayoutKind.Sequential)]
    private struct How
    {
        public ulong Flags, Mode, Resolve;
    }

    /// <summary>Opens what a relative path names beneath a directory. The kernel sees to it that nothing outside is reached, whatever links and renames there are.</summary>
    /// <param name="links">Links that stay beneath are followed.</param>
    public static SafeFileHandle Open(SafeFileHandle directory, string path, int flags, int mode = 0, bool links = true)
    {
        var how = new How { Flags = (ulong)(uint)(flags | CloseOnExec), Mode = (ulong)mode, Resolve = (ulong)(ResolveBeneath | ResolveNoMagicLinks | (links ? 0 : ResolveNoLinks)) };
        for (var tries = 0; ; tries++)
        {
            var descriptor = (int)openat2(OpenAt2Call, directory, path.Length == 0 ? "." : path, ref how, (nuint)sizeof(How));
            if (descriptor >= 0) return new(descriptor, ownsHandle: true);
            // A rename elsewhere in the tree made the kernel unsure; it asks to be asked again.
            if (Marshal.GetLastPInvokeError() is var error && (error is not (EINTR or EAGAIN) || tries == TriesMax)) throw new KernelException($"'{path}' cannot be opened", error);
        }
    }

    public static SafeFileHandle OpenRoot(string path)
    {
        var descriptor = open(path, ReadOnly | DirectoryOnly | CloseOnExec);
        return descriptor >= 0 ? new(descriptor, ownsHandle: true) : throw new KernelException($"'{path}' cannot be opened", Marshal.GetLastPInvokeError());
    }

    /// <summary>An entry of a directory, never what a link leads to. Null: it is not there.</summary>
    public static Status? TryStatus(SafeFileHandle directory, string name)
    {
        var buffer = stackalloc byte[256];
        if (statx(directory, name, SymlinkNoFollow, BasicStats, buffer) == 0) return Status.From(buffer);
        var error = Marshal.GetLastPInvokeError();
        return error is ENOENT or ENOTDIR ? null : throw new KernelException($"'{name}' cannot be looked at", error);
    }

    public static Status StatusOf(SafeFileHandle file)
    {
        var buffer = stackalloc byte[256];
        return statx(file, "", EmptyPath, BasicStats, buffer) == 0 ? Status.From(buffer) : throw new KernelException("an open file cannot be looked at", Marshal.GetLastPInvokeError());
    }

    public static string ReadLink(SafeFileHandle directory, string name)
    {
        var buffer = stackalloc byte[4096];
        var length = readlinkat(directory, name, buffer, 4096);
        return length >= 0 ? System.Text.Encoding.UTF8.GetString(buffer, (int)length) : throw new KernelException($"the link '{name}' cannot be read", Marshal.GetLastPInvokeError());
    }

    public static void MakeDirectory(SafeFileHandle directory, string name) => Check(mkdirat(directory, name, 0x1FF), $"the directory '{name}' cannot be made");

    public static void Rename(SafeFileHandle from, string name, SafeFileHandle to, string newName) => Check(renameat(from, name, to, newName), $"'{name}' cannot become '{newName}'");

    /// <summary>Refused with <see cref="EEXIST"/> where there is something of the new name.</summary>
    public static void RenameToNew(SafeFileHandle from, string name, SafeFileHandle to, string newName)
    {
        if (renameat2(from, name, to, newName, NoReplace) == 0) return;
        var error = Marshal.GetLastPInvokeError();
        // A file system without the flag: then what was looked at a moment ago has to do.
        if (error != EINVAL) throw new KernelException($"'{name}' cannot become '{newName}'", error);
        if (TryStatus(to, newName) is not null) throw new KernelException($"'{newName}' is there", EEXIST);
        Rename(from, name, to, newName);
    }

    public static void Remove(SafeFileHandle directory, string name, bool isDirectory) => Check(unlinkat(directory, name, isDirectory ? RemoveDirectoryFlag : 0), $"'{name}' cannot be removed");

    public static void Flush(SafeFileHandle file) => Check(fsync(file), "a file could not be brought to the disk");

    private static void Check(int result, string what)
    {
        if (result != 0) throw new KernelException(what, Marshal.GetLastPInvokeError());
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint openat2(nint number, SafeFileHandle directory, string path, ref How how, nuint size);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(SafeFileHandle directory, string path, int flags, uint mask, byte* buffer);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint readlinkat(SafeFileHandle directory, string path, byte* buffer, nuint size);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkdirat(SafeFileHandle directory, string path, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int renameat(SafeFileHandle from, string path, SafeFileHandle to, string newPath);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int renameat2(SafeFileHandle from, string path, SafeFileHandle to, string newPath, uint flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int unlinkat(SafeFileHandle directory, string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeFileHandle file);
}

internal enum EntryKind { File, Directory, Link, Other }

/// <summary>What the kernel says of an entry (statx(2)).</summary>
internal readonly record struct Status(EntryKind Kind, UnixFileMode Mode, long Size, ulong Inode, DateTimeOffset Modified, uint ModifiedNanoseconds)
{
    public bool IsExecutable => (Mode & UnixFileMode.UserExecute) != 0;

    public string Word => Kind switch { EntryKind.File => "file", EntryKind.Directory => "directory", EntryKind.Link => "link", _ => "special file" };

    internal static unsafe Status From(byte* statx)
    {
        var mode = *(ushort*)(statx + 28);
        var kind = (mode & 0xF000) switch { 0x8000 => EntryKind.File, 0x4000 => EntryKind.Directory, 0xA000 => EntryKind.Link, _ => EntryKind.Other };
        return new(kind, (UnixFileMode)(mode & 0xFFF), *(long*)(statx + 40), *(ulong*)(statx + 32), DateTimeOffset.FromUnixTimeSeconds(*(long*)(statx + 112)), *(uint*)(statx + 120));
    }
}
