// The steps of one commit, in their order. Each does nothing where it has been done before, so that a crash anywhere is answered by running all again.
using CabinCrew.Ledger;
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using Microsoft.Win32.SafeHandles;

namespace CabinCrew.Orchestrator.Workspaces;

/// <param name="before">Called with the name of each step before it is taken.</param>
internal sealed class CommitWork(DirectoryHandle root, IReadOnlyList<FileChange> changes, Action<string> before) : IDisposable
{
    // Inside the store's directory: never part of the workspace, and nearly always on its file system, so that a rename is enough.
    private const string Store = WorkspaceHasher.StoreDirectory;
    private const string Staging = "commit";

    private readonly FileChange[] writes = [.. changes.Where(c => c.After is not null && !IsModeOnly(c)).OrderBy(Rank).ThenBy(c => c.Path)];
    private readonly HashSet<string> touched = new(StringComparer.Ordinal);
    private DirectoryHandle? staging;

    private static bool IsModeOnly(FileChange c) =>
        c is { Before: { } b, After: { } a } && a.Content == b.Content && a.Kind != FileKind.Link && b.Kind != FileKind.Link;

    // Git's objects before the refs that need them, and HEAD last: at every moment the repository is whole.
    private static int Rank(FileChange c) => c.Path.ToString() switch
    {
        var p when p.StartsWith(".git/objects/", StringComparison.Ordinal) => 0,
        var p when p.StartsWith(".git/refs/", StringComparison.Ordinal) => 2,
        ".git/index" => 3,
        ".git/HEAD" => 4,
        _ => 1,
    };

    /// <summary>Every new content, written and flushed beside the workspace. Nothing of the workspace has changed when this fails.</summary>
    public Outcome<Done> Stage(Func<Digest, Outcome<ReadOnlyMemory<byte>>> content, CancellationToken ct)
    {
        before("stage");
        OpenStaging();
        var whole = WholeFlush.Serves(staging!.Descriptor, writes.Length);
        var files = new List<SafeFileHandle>();
        try
        {
            for (var i = 0; i < writes.Length; i++)
            {
                ct.ThrowIfCancellationRequested();
                var after = writes[i].After!;
                if (!content(after.Content).Try(out var bytes, out var problem)) return problem.At(writes[i].Path.ToString());
                if (Digest.Of(bytes.Span) != after.Content) return new Problem(ProblemCode.BlobCorrupt, "the stored content is another") { Where = writes[i].Path.ToString() };
                before("stage file");
                StageOne(i, writes[i], bytes, files);
                if (files.Count >= 256) Close(files, flush: !whole);
            }
            before("stage flush");
            Close(files, flush: !whole);
            if (whole) WholeFlush.Of(staging.Descriptor);
            return Done.Ok;
        }
        finally
        {
            foreach (var file in files) file.Dispose();
        }
    }

    /// <summary>A last look, when all is ready and nothing is changed: a path that is in neither state is somebody's work of this very moment, and stays (TOK-06).</summary>
    public WorkspacePath? Moved()
    {
        foreach (var change in changes)
        {
            var state = WorkspaceTree.StateOf(root, change.Path);
            if (state != change.Before && state != change.After) return change.Path;
        }
        return null;
    }

    public void Delete()
    {
        var kept = new HashSet<string>(StringComparer.Ordinal);
        foreach (var change in changes)
            if (change.After is not null)
                foreach (var parent in Parents(change.Path.ToString())) kept.Add(parent);

        foreach (var change in changes)
        {
            if (change.After is not null) continue;
            var path = change.Path.ToString();
            using (var parent = WorkspaceTree.OpenParent(root, change.Path, out var name))
            {
                if (parent is not null && parent.TryStatus(name, out var status) && status.Kind != EntryKind.Directory)
                {
                    before("delete");
                    parent.Remove(name);
                }
            }
            Touch(path);
            foreach (var directory in Parents(path))
                if (kept.Contains(directory) || !TryRemoveEmpty(directory)) break;
        }
    }

    public void Write()
    {
        DirectoryHandle? directory = null;
        try
        {
            for (var i = 0; i < writes.Length; i++)
            {
                // Neighbours come one after the other, so a directory is opened once for all of its files.
                if (i == 0 || DirectoryOf(writes[i].Path) != DirectoryOf(writes[i - 1].Path))
                {
                    directory?.Dispose();
                    directory = MakeParents(writes[i].Path);
                }
                var name = writes[i].Path.ToString()[(writes[i].Path.ToString().LastIndexOf('/') + 1)..];
                if (directory!.TryStatus(name, out var status) && status.Kind == EntryKind.Directory) RemoveEmptyTree(directory, name);
                before("rename");
                Move(i, writes[i], directory, name);
                Touch(writes[i].Path.ToString());
            }
        }
        finally
        {
            directory?.Dispose();
        }
        foreach (var change in changes.Where(IsModeOnly))
        {
            using var parent = WorkspaceTree.OpenParent(root, change.Path, out var name) ?? throw new IOException($"the directory of {change.Path} is gone");
            using var file = parent.OpenFile(name, out var status);
            before("mode");
            FileCalls.SetMode(file, ModeFor(change, status.Permissions));
            FileCalls.Flush(file);
        }
    }

    public void Flush()
    {
        if (WholeFlush.Serves(root.Descriptor, writes.Length))
        {
            before("flush");
            WholeFlush.Of(root.Descriptor);
            return;
        }
        foreach (var directory in touched)
        {
            before("flush");
            using var handle = WorkspaceTree.OpenPath(root, directory);
            handle?.Flush();
        }
    }

    public void Unstage()
    {
        before("unstage");
        staging?.Dispose();
        staging = null;
        using (var store = root.OpenDirectory(Store)) Scratch.Remove(store, Staging);
        TryRemoveEmpty(Store);
    }

    public void Dispose() => staging?.Dispose();

    private void OpenStaging()
    {
        if (root.Stat(Store) is null) root.MakeDirectory(Store, 0x1C0);
        using var store = root.OpenDirectory(Store);
        // What an earlier attempt staged may be torn.
        Scratch.Remove(store, Staging);
        store.MakeDirectory(Staging, 0x1C0);
        staging = store.OpenDirectory(Staging);
    }

    private void StageOne(int number, FileChange change, ReadOnlyMemory<byte> bytes, List<SafeFileHandle> files)
    {
        if (change.After!.Kind == FileKind.Link)
        {
            staging!.MakeLink($"{number}", bytes.Span);
            return;
        }
        var file = staging!.CreateFile($"{number}", 0x180);
        files.Add(file);
        if (!bytes.IsEmpty) RandomAccess.Write(file, bytes.Span, 0);
        // Before the flush, which makes them durable together with the content.
        using var parent = NearestDirectory(change.Path, out var name);
        Dress(file, default, change, parent, name);
    }

    // The directory that the file is to stand in, or, while that is not there yet, the nearest one above it: new directories take after it.
    private DirectoryHandle NearestDirectory(WorkspacePath path, out string name)
    {
        if (WorkspaceTree.OpenParent(root, path, out name) is { } parent) return parent;
        name = "";
        foreach (var above in Parents(path.ToString()))
            if (WorkspaceTree.OpenPath(root, above) is { } directory) return directory;
        return WorkspaceTree.OpenPath(root, "")!;
    }

    // Owner and permissions are those of the file that is replaced, else those that its directory suggests. True: something had to be set.
    private static bool Dress(SafeFileHandle handle, FileStatus file, FileChange change, DirectoryHandle parent, string name)
    {
        var directory = parent.Status();
        FileStatus old = default;
        var exists = name.Length > 0 && parent.TryStatus(name, out old);
        var owner = exists ? old : directory;
        var mode = ModeFor(change, exists && old.Kind == EntryKind.File ? old.Permissions : NewMode(change) & directory.Permissions);
        var changesOwner = FileCalls.EffectiveUser == 0 && (file.Inode == 0 || file.Uid != owner.Uid || file.Gid != owner.Gid);
        if (!changesOwner && file.Inode != 0 && file.Permissions == mode) return false;
        if (changesOwner) FileCalls.SetOwner(handle, owner.Uid, owner.Gid);
        FileCalls.SetMode(handle, mode);
        return true;
    }

    private static void Close(List<SafeFileHandle> files, bool flush)
    {
        // All are on their way before the first is waited for: the file system then commits them in one go.
        foreach (var file in flush ? files : []) FileCalls.BeginFlush(file);
        foreach (var file in flush ? files : []) FileCalls.Flush(file);
        foreach (var file in files) file.Dispose();
        files.Clear();
    }

    private void Move(int number, FileChange change, DirectoryHandle parent, string name)
    {
        var staged = $"{number}";
        if (change.After!.Kind == FileKind.Link)
        {
            var owner = parent.TryStatus(name, out var old) ? old : parent.Status();
            if (FileCalls.EffectiveUser == 0) FileCalls.SetLinkOwner(staging!.Descriptor, staged, owner.Uid, owner.Gid);
        }
        else
        {
            // Nearly always as it was staged; where a directory made since then suggests something else, that must last too.
            using var file = staging!.OpenFile(staged, out var status);
            if (Dress(file, status, change, parent, name)) FileCalls.Flush(file);
        }
        try
        {
            staging!.Rename(staged, parent, name);
        }
        catch (FileCallException e) when (e.Errno == FileCalls.EXDEV)
        {
            MoveAcross(staged, change, parent, name);
        }
    }

    // A directory of the workspace on another file system: the same by way of a name of our own beside the target.
    private void MoveAcross(string staged, FileChange change, DirectoryHandle parent, string name)
    {
        var own = $".cabincrew-{Digest.Of(System.Text.Encoding.UTF8.GetBytes(change.Path.ToString())).Hex[..16]}";
        if (parent.Stat(own) is not null) parent.Remove(own);
        if (change.After!.Kind == FileKind.Link)
        {
            parent.MakeLink(own, staging!.ReadLinkBytes(staged));
        }
        else
        {
            using var from = staging!.OpenFile(staged, out var status);
            using var to = parent.CreateFile(own, 0x180);
            FileCalls.CopyContent(from, to, (long)status.Size);
            if (FileCalls.EffectiveUser == 0) FileCalls.SetOwner(to, status.Uid, status.Gid);
            FileCalls.SetMode(to, status.Permissions);
            FileCalls.Flush(to);
        }
        parent.Rename(own, parent, name);
    }

    private static int NewMode(FileChange change) => change.Path.ToString().StartsWith(".git/objects/", StringComparison.Ordinal) ? 0x124 : 0x1A4;

    private static int ModeFor(FileChange change, int permissions)
    {
        const int readWrite = 0x1B6, ownerExecutes = 0x40, execute = 0x49;
        var read = permissions & readWrite;
        // Whoever may read an executable may run it, as git and chmod +x have it.
        return change.After!.Kind == FileKind.Executable ? read | ((read >> 2) & execute) | ownerExecutes : read;
    }

    private DirectoryHandle MakeParents(WorkspacePath path)
    {
        if (WorkspaceTree.OpenParent(root, path, out _) is { } standing) return standing;
        var segments = path.ToString().Split('/');
        var at = WorkspaceTree.OpenPath(root, "")!;
        for (var i = 0; i < segments.Length - 1; i++)
        {
            var parent = at;
            try
            {
                if (parent.Stat(segments[i]) is null)
                {
                    before("directory");
                    var owner = parent.Status();
                    parent.MakeDirectory(segments[i], 0x1ED);
                    if (FileCalls.EffectiveUser == 0) FileCalls.SetLinkOwner(parent.Descriptor, segments[i], owner.Uid, owner.Gid);
                }
                // Also where it stands already: an attempt that was cut off may have made it and not flushed its name.
                touched.Add(string.Join('/', segments[..i]));
                at = parent.OpenDirectory(segments[i]);
            }
            finally
            {
                parent.Dispose();
            }
        }
        return at;
    }

    private void Touch(string path) => touched.Add(DirectoryOf(path));

    private static string DirectoryOf(WorkspacePath path) => DirectoryOf(path.ToString());

    private static string DirectoryOf(string path) => path.LastIndexOf('/') is var slash and > 0 ? path[..slash] : "";

    /// <summary>False where the directory is not empty.</summary>
    private bool TryRemoveEmpty(string directory)
    {
        if (!WorkspacePath.TryParse(directory, out var path)) return false;
        using var parent = WorkspaceTree.OpenParent(root, path, out var name);
        // Gone already: an earlier attempt went further up, and so must this one.
        if (parent is null || !parent.TryStatus(name, out var status))
        {
            Touch(directory);
            return true;
        }
        if (status.Kind != EntryKind.Directory) return false;
        try
        {
            before("remove directory");
            parent.RemoveDirectory(name);
            Touch(directory);
            return true;
        }
        catch (FileCallException e) when (e.Errno is FileCalls.ENOTEMPTY or FileCalls.EEXIST)
        {
            return false;
        }
    }

    // Only directories: a file in there is somebody's, and stops the commit.
    private static void RemoveEmptyTree(DirectoryHandle parent, string name)
    {
        using (var own = parent.OpenDirectory(name))
            foreach (var entry in own.Entries(WorkspaceHasher.FilesMax))
                if (entry.Kind == EntryKind.Directory) RemoveEmptyTree(own, entry.Name);
        parent.RemoveDirectory(name);
    }

    private static IEnumerable<string> Parents(string path)
    {
        for (var slash = path.LastIndexOf('/'); slash > 0; slash = path.LastIndexOf('/', slash - 1)) yield return path[..slash];
    }
}
