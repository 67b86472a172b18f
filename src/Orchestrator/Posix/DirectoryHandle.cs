// An open directory, walked by descriptor: no name is resolved twice, no link is followed (openat with O_NOFOLLOW).
using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace CabinCrew.Orchestrator.Posix;

public enum EntryKind { Directory, File, Link, Fifo, Socket, Device, Unknown }

/// <param name="Mode">Permission bits.</param>
/// <param name="LinkCount">Hard links: more than 1 on a regular file of an engine's output is suspicious.</param>
/// <param name="BlockBytes">Bytes that are really allocated (sparse files: less than Size).</param>
public sealed record EntryStat(string Name, EntryKind Kind, int Mode, long Size, long BlockBytes, int LinkCount, int Uid, long MtimeNanoseconds, ulong Inode, ulong Device);

/// <summary>A name as the kernel lists it. <see cref="Kind"/> is a hint: Unknown where the file system gives none.</summary>
internal readonly record struct ListedEntry(byte[] Name, EntryKind Kind)
{
    public static int Compare(ListedEntry a, ListedEntry b) => a.Name.AsSpan().SequenceCompareTo(b.Name);
}

/// <summary>Thread-safe but for <see cref="Dispose"/>. Failures of the kernel are <see cref="IOException"/>s that name the call and the entry.</summary>
public sealed partial class DirectoryHandle : IDisposable
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);
    private readonly SafeFileHandle descriptor;

    private DirectoryHandle(SafeFileHandle descriptor) => this.descriptor = descriptor;

    internal SafeFileHandle Descriptor => descriptor;

    public static DirectoryHandle Open(string path) => new(FileCalls.Open(null, path, FileCalls.ReadOnly | FileCalls.DirectoryOnly));

    /// <summary>Takes over a descriptor of a directory (O_PATH is enough).</summary>
    public static DirectoryHandle From(SafeFileHandle descriptor) => new(descriptor);

    /// <summary>Entries in ordinal order of their UTF-8 names. Throws <see cref="IOException"/>; a name that is not UTF-8 throws <see cref="InvalidDataException"/>.</summary>
    public IReadOnlyList<EntryStat> Entries(int countMax)
    {
        var listed = List(countMax);
        var entries = new List<EntryStat>(listed.Count);
        foreach (var entry in listed)
            if (Stat(NameOf(entry.Name)) is { } stat) entries.Add(stat);
        return entries;
    }

    public EntryStat? Stat(string name) => FileCalls.TryStatus(descriptor, Checked(name), out var status) ? StatOf(name, status) : null;

    public DirectoryHandle OpenDirectory(string name) =>
        new(FileCalls.Open(descriptor, Checked(name), FileCalls.ReadOnly | FileCalls.DirectoryOnly | FileCalls.NoFollow));

    /// <summary>Opens a regular file for reading (O_NOFOLLOW, O_NONBLOCK, checked by fstat to be regular).</summary>
    public SafeFileHandle OpenFile(string name) => OpenFile(name, out _);

    internal SafeFileHandle OpenFile(string name, out FileStatus status)
    {
        var file = FileCalls.Open(descriptor, Checked(name), FileCalls.ReadOnly | FileCalls.NoFollow | FileCalls.NonBlock);
        try
        {
            status = FileCalls.Status(file);
            return status.Kind == EntryKind.File ? file : throw new IOException($"'{name}' is no regular file");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public string ReadLink(string name) => NameOf(FileCalls.ReadLink(descriptor, Checked(name)));

    internal byte[] ReadLinkBytes(string name) => FileCalls.ReadLink(descriptor, Checked(name));

    internal SafeFileHandle CreateFile(string name, int mode) =>
        FileCalls.Open(descriptor, Checked(name), FileCalls.WriteOnly | FileCalls.Create | FileCalls.Exclusive | FileCalls.NoFollow, mode);

    internal void MakeDirectory(string name, int mode) => FileCalls.MakeDirectory(descriptor, Checked(name), mode);

    internal void MakeLink(string name, ReadOnlySpan<byte> target) => FileCalls.MakeLink(descriptor, Checked(name), target);

    internal void Remove(string name) => FileCalls.Remove(descriptor, Checked(name));

    internal void RemoveDirectory(string name) => FileCalls.RemoveDirectory(descriptor, Checked(name));

    internal void Rename(string name, DirectoryHandle to, string newName) => FileCalls.Rename(descriptor, Checked(name), to.descriptor, Checked(newName));

    internal void Flush() => FileCalls.Flush(descriptor);

    internal FileStatus Status() => FileCalls.Status(descriptor);

    internal bool TryStatus(string name, out FileStatus status) => FileCalls.TryStatus(descriptor, Checked(name), out status);

    /// <summary>Names in order of their bytes, without asking for each one's state.</summary>
    internal List<ListedEntry> List(int countMax)
    {
        const int recordHead = 19;
        var buffer = ArrayPool<byte>.Shared.Rent(32 * 1024);
        try
        {
            // A descriptor of its own: the position is not shared with another listing, and an O_PATH descriptor can be listed.
            using var own = FileCalls.Open(descriptor, ".", FileCalls.ReadOnly | FileCalls.DirectoryOnly);
            var entries = new List<ListedEntry>();
            for (int read; (read = FileCalls.ReadDirectory(own, buffer)) > 0;)
            {
                for (var at = 0; at < read;)
                {
                    var record = buffer.AsSpan(at, BinaryPrimitives.ReadUInt16LittleEndian(buffer.AsSpan(at + 16)));
                    at += record.Length;
                    var name = record[recordHead..];
                    name = name[..name.IndexOf((byte)0)];
                    if (name.SequenceEqual("."u8) || name.SequenceEqual(".."u8)) continue;
                    if (entries.Count == countMax) throw new TooManyEntriesException(countMax);
                    entries.Add(new(name.ToArray(), KindOf(record[18])));
                }
            }
            entries.Sort(ListedEntry.Compare);
            return entries;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The text of a name's bytes; throws <see cref="InvalidDataException"/> where they are not UTF-8.</summary>
    internal static string NameOf(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return Strict.GetString(bytes);
        }
        catch (ArgumentException)
        {
            throw new InvalidDataException($"a name is not UTF-8: '{Encoding.Latin1.GetString(bytes)}'");
        }
    }

    public void Dispose() => descriptor.Dispose();

    private static EntryStat StatOf(string name, in FileStatus s) => new(
        name, s.Kind, s.Permissions, (long)s.Size, (long)s.Blocks * 512, (int)s.LinkCount, (int)s.Uid,
        s.MtimeSeconds * 1_000_000_000 + s.MtimeNanoseconds, s.Inode, ((ulong)s.DevMajor << 32) | s.DevMinor);

    private static EntryKind KindOf(byte type) => type switch
    {
        1 => EntryKind.Fifo,
        2 or 6 => EntryKind.Device,
        4 => EntryKind.Directory,
        8 => EntryKind.File,
        10 => EntryKind.Link,
        12 => EntryKind.Socket,
        _ => EntryKind.Unknown,
    };

    // One component only: a separator would walk, and a NUL would cut the name short.
    private static string Checked(string name) => name is "" or "." or ".." || name.AsSpan().ContainsAny('/', '\0')
        ? throw new ArgumentException($"not the name of an entry: '{name}'", nameof(name))
        : name;
}

/// <summary>A directory has more entries than its reader allows.</summary>
internal sealed class TooManyEntriesException(int countMax) : IOException($"more than {countMax} entries");
