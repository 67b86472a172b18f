// Reaching a path inside a workspace component by component: no link on the way is followed, so no path can lead outside.
using System.Buffers;
using System.Security.Cryptography;
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using Microsoft.Win32.SafeHandles;

namespace CabinCrew.Orchestrator.Workspaces;

internal static class WorkspaceTree
{
    /// <summary>A file that is read whole must fit into memory with room to spare.</summary>
    public const long FileBytesMax = 1L << 30;

    /// <summary>The directory that holds a path, and the path's last name; null where a component is missing, a link or no directory.</summary>
    public static DirectoryHandle? OpenParent(DirectoryHandle root, WorkspacePath path, out string name)
    {
        var segments = path.ToString().Split('/');
        name = segments[^1];
        return OpenPath(root, segments.AsSpan(0, segments.Length - 1));
    }

    /// <summary>A new handle, also for the root itself.</summary>
    public static DirectoryHandle? OpenPath(DirectoryHandle root, ReadOnlySpan<string> segments)
    {
        var at = DirectoryHandle.From(FileCalls.Open(root.Descriptor, ".", FileCalls.ReadOnly | FileCalls.DirectoryOnly));
        foreach (var segment in segments)
        {
            try
            {
                var next = at.OpenDirectory(segment);
                at.Dispose();
                at = next;
            }
            catch (FileCallException e) when (e.IsAbsent || e.IsNoWay)
            {
                at.Dispose();
                return null;
            }
            catch
            {
                at.Dispose();
                throw;
            }
        }
        return at;
    }

    /// <summary>A path's state now; null where there is no file or link (a directory is none).</summary>
    public static FileState? StateOf(DirectoryHandle root, WorkspacePath path)
    {
        using var parent = OpenParent(root, path, out var name);
        return parent is null ? null : StateOf(parent, name);
    }

    public static FileState? StateOf(DirectoryHandle parent, string name)
    {
        if (!parent.TryStatus(name, out var status) || status.Kind == EntryKind.Directory) return null;
        if (status.Kind == EntryKind.Link)
        {
            var target = parent.ReadLinkBytes(name);
            return new(FileKind.Link, Digest.Of(target), target.Length);
        }
        using var file = parent.OpenFile(name, out status);
        return new(status.IsExecutable ? FileKind.Executable : FileKind.Regular, DigestOf(file, out var size), size);
    }

    /// <summary>A path's kind and bytes; null where there is no file or link.</summary>
    public static FileContent? Read(DirectoryHandle root, WorkspacePath path)
    {
        using var parent = OpenParent(root, path, out var name);
        return parent is null ? null : Read(parent, name);
    }

    public static FileContent? Read(DirectoryHandle parent, string name)
    {
        if (!parent.TryStatus(name, out var status) || status.Kind == EntryKind.Directory) return null;
        if (status.Kind == EntryKind.Link) return new(FileKind.Link, parent.ReadLinkBytes(name));
        using var file = parent.OpenFile(name, out status);
        return new(status.IsExecutable ? FileKind.Executable : FileKind.Regular, ReadAll(file, (long)status.Size, FileBytesMax));
    }

    /// <summary>Reads to the end; refuses by the declared size before anything is read, and by what is read if it grows.</summary>
    public static byte[] ReadAll(SafeFileHandle file, long size, long bytesMax)
    {
        if (size > bytesMax) throw new IOException($"the file has {size} bytes, more than {bytesMax}");
        var bytes = new byte[size];
        var total = 0;
        while (total < bytes.Length)
        {
            var read = RandomAccess.Read(file, bytes.AsSpan(total), total);
            if (read == 0) throw new IOException("the file shrank while it was read");
            total += read;
        }
        Span<byte> beyond = stackalloc byte[1];
        return RandomAccess.Read(file, beyond, total) == 0 ? bytes : throw new IOException("the file grew while it was read");
    }

    public static Digest DigestOf(SafeFileHandle file, out long size)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(128 * 1024);
        size = 0;
        for (int read; (read = RandomAccess.Read(file, buffer, size)) > 0; size += read) hash.AppendData(buffer, 0, read);
        ArrayPool<byte>.Shared.Return(buffer);
        return Digest.FromHash(hash.GetCurrentHash());
    }
}
