// An open directory, walked by descriptor: no name is resolved twice, no link is followed (openat with O_NOFOLLOW).
using Microsoft.Win32.SafeHandles;

namespace CabinCrew.Orchestrator.Posix;

public enum EntryKind { Directory, File, Link, Fifo, Socket, Device, Unknown }

/// <param name="Mode">Permission bits.</param>
/// <param name="LinkCount">Hard links: more than 1 on a regular file of an engine's output is suspicious.</param>
/// <param name="BlockBytes">Bytes that are really allocated (sparse files: less than Size).</param>
public sealed record EntryStat(string Name, EntryKind Kind, int Mode, long Size, long BlockBytes, int LinkCount, int Uid, long MtimeNanoseconds, ulong Inode, ulong Device);

public sealed partial class DirectoryHandle : IDisposable
{
    public static DirectoryHandle Open(string path) => throw new NotImplementedException();

    /// <summary>Takes over a descriptor.</summary>
    public static DirectoryHandle From(SafeFileHandle descriptor) => throw new NotImplementedException();

    /// <summary>Entries in ordinal order of their UTF-8 names. Throws <see cref="IOException"/>; a name that is not UTF-8 throws <see cref="InvalidDataException"/>.</summary>
    public IReadOnlyList<EntryStat> Entries(int countMax) => throw new NotImplementedException();

    public EntryStat? Stat(string name) => throw new NotImplementedException();

    public DirectoryHandle OpenDirectory(string name) => throw new NotImplementedException();

    /// <summary>Opens a regular file for reading (O_NOFOLLOW, O_NONBLOCK, checked by fstat to be regular).</summary>
    public SafeFileHandle OpenFile(string name) => throw new NotImplementedException();

    public string ReadLink(string name) => throw new NotImplementedException();

    public void Dispose() => throw new NotImplementedException();
}
