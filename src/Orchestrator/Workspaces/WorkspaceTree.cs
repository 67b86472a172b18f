// Reaching a path inside a workspace component by component: no link on the way is followed, so no path can lead outside.
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;

namespace CabinCrew.Orchestrator.Workspaces;

internal static class WorkspaceTree
{
    /// <summary>The directory that holds a path, and the path's last name; null where a component is missing, a link or no directory.</summary>
    public static DirectoryHandle? OpenParent(DirectoryHandle root, WorkspacePath path, out string name)
    {
        var text = path.ToString();
        var slash = text.LastIndexOf('/');
        name = text[(slash + 1)..];
        return OpenPath(root, slash < 0 ? "" : text[..slash]);
    }

    public static DirectoryHandle? OpenPath(DirectoryHandle root, ReadOnlySpan<string> segments) => OpenPath(root, string.Join('/', segments));

    /// <summary>A new handle, also for the root itself (the empty path); null where a component is missing, a link or no directory.</summary>
    public static DirectoryHandle? OpenPath(DirectoryHandle root, string path)
    {
        if (path.Length > 0 && FileCalls.TryOpenDirectory(root.Descriptor, path, out var found)) return found is null ? null : DirectoryHandle.From(found);
        var at = DirectoryHandle.From(FileCalls.Open(root.Descriptor, ".", FileCalls.ReadOnly | FileCalls.DirectoryOnly));
        foreach (var segment in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
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
        return new(status.IsExecutable ? FileKind.Executable : FileKind.Regular, WholeFile.DigestOf(file, out var size), size);
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
        return new(status.IsExecutable ? FileKind.Executable : FileKind.Regular, WholeFile.Read(file, (long)status.Size, WholeFile.BytesMax));
    }
}
