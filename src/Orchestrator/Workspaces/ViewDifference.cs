// What a run changed, read from the upper layer of its view against the untouched lower one: one algorithm for overlay and copy.
// A copy is an upper layer in which every directory is opaque. Invariant: whatever is not understood is a problem, never "no change".
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;

namespace CabinCrew.Orchestrator.Workspaces;

/// <param name="opaqueAttribute">The attribute by which this overlay marks a directory that hides the lower one; null for a copy.
/// Only this one counts: an engine may be able to set the other.</param>
internal sealed class ViewDifference(string? opaqueAttribute, CancellationToken ct)
{
    private const int ChangesMax = 100_000;
    private const long BytesMax = 1L << 30;

    private readonly SortedDictionary<WorkspacePath, FileWrite> changes = [];
    private Problem? problem;
    private long bytes;

    public Outcome<IReadOnlyList<FileWrite>> Between(DirectoryHandle lower, DirectoryHandle upper)
    {
        try
        {
            Compare(lower, upper, "", opaqueAttribute is null, 0);
        }
        catch (InvalidDataException e)
        {
            return new Problem(ProblemCode.WorkspaceNameUnsupported, e.Message);
        }
        catch (IOException e)
        {
            return new Problem(ProblemCode.WorkspaceUnreadable, $"what the run left cannot be read: {e.Message}");
        }
        return problem is { } found ? found : Outcome.Of<IReadOnlyList<FileWrite>>([.. changes.Values]);
    }

    private void Compare(DirectoryHandle? lower, DirectoryHandle upper, string path, bool opaque, int depth)
    {
        if (depth > WorkspaceHasher.DepthMax) problem ??= new(ProblemCode.WorkspaceTooLarge, "directories are nested too deeply") { Where = path };
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in upper.List(WorkspaceHasher.FilesMax))
        {
            ct.ThrowIfCancellationRequested();
            if (problem is not null) return;
            var name = DirectoryHandle.NameOf(entry.Name);
            seen.Add(name);
            if (!upper.TryStatus(name, out var status)) throw new IOException($"'{name}' vanished");
            var below = depth == 0 && name == WorkspaceHasher.StoreDirectory ? null : lower;
            Enter(below, upper, name, Join(path, name), status, depth);
        }
        if (!opaque || lower is null) return;
        foreach (var entry in lower.List(WorkspaceHasher.FilesMax))
        {
            var name = DirectoryHandle.NameOf(entry.Name);
            if (!seen.Contains(name) && !(depth == 0 && name == WorkspaceHasher.StoreDirectory)) Gone(lower, name, Join(path, name), depth);
        }
    }

    private void Enter(DirectoryHandle? lower, DirectoryHandle upper, string name, string path, in FileStatus status, int depth)
    {
        switch (status.Kind)
        {
            case EntryKind.Device when opaqueAttribute is not null && status.IsWhiteout:
                if (lower is not null) Gone(lower, name, path, depth);
                break;
            case EntryKind.Directory:
                using (var own = upper.OpenDirectory(name))
                {
                    var opaque = IsOpaque(own, path);
                    if (lower is not null && lower.TryStatus(name, out var below) && below.Kind == EntryKind.Directory)
                    {
                        using var under = lower.OpenDirectory(name);
                        Compare(under, own, path, opaque, depth + 1);
                    }
                    else
                    {
                        if (lower is not null) Gone(lower, name, path, depth);
                        Compare(null, own, path, opaque: true, depth + 1);
                    }
                }
                break;
            case EntryKind.File or EntryKind.Link:
                Present(lower, upper, name, path, status, depth);
                break;
            default:
                problem ??= new Problem(ProblemCode.TakeOffUndeclaredChange, $"the run left a {status.Kind.ToString().ToLowerInvariant()}, which no plan can declare") { Where = path };
                break;
        }
    }

    private bool IsOpaque(DirectoryHandle directory, string path)
    {
        if (opaqueAttribute is null) return true;
        var mark = FileCalls.Attribute(directory.Descriptor, opaqueAttribute);
        if (mark is null) return false;
        if (!mark.AsSpan().SequenceEqual("y"u8)) problem ??= new(ProblemCode.SandboxFailed, "the overlay marked a directory in a way that is not understood") { Where = path };
        return true;
    }

    private void Present(DirectoryHandle? lower, DirectoryHandle upper, string name, string path, in FileStatus status, int depth)
    {
        FileState? before = null;
        if (lower is not null && lower.TryStatus(name, out var below))
        {
            if (below.Kind == EntryKind.Directory) Gone(lower, name, path, depth);
            else before = WorkspaceTree.StateOf(lower, name);
        }
        // A link's size is the length of its target; a sparse file is refused by what it says it is.
        if (status.Kind == EntryKind.File && bytes + (long)status.Size > BytesMax)
        {
            problem ??= new Problem(ProblemCode.LimitFiles, $"the run left more than {BytesMax} bytes of changed files") { Where = path }.With("size", $"{status.Size}");
            return;
        }
        if (WorkspaceTree.Read(upper, name) is not { } content) throw new IOException($"'{name}' vanished");
        var after = new FileState(content.Kind, Digest.Of(content.Bytes.Span), content.Bytes.Length);
        if (after == before) return;
        bytes += content.Bytes.Length;
        Add(path, before, after, content.Bytes);
    }

    private void Gone(DirectoryHandle lower, string name, string path, int depth)
    {
        if (!lower.TryStatus(name, out var status)) return;
        if (status.Kind == EntryKind.Directory)
        {
            if (depth > WorkspaceHasher.DepthMax) throw new IOException("directories are nested too deeply");
            using var own = lower.OpenDirectory(name);
            foreach (var entry in own.List(WorkspaceHasher.FilesMax))
            {
                var inner = DirectoryHandle.NameOf(entry.Name);
                Gone(own, inner, Join(path, inner), depth + 1);
            }
            return;
        }
        if (status.Kind is EntryKind.File or EntryKind.Link) Add(path, WorkspaceTree.StateOf(lower, name), null, null);
        else problem ??= new Problem(ProblemCode.TakeOffUndeclaredChange, $"the run removed a {status.Kind.ToString().ToLowerInvariant()}, which no plan can declare") { Where = path };
    }

    private void Add(string path, FileState? before, FileState? after, ReadOnlyMemory<byte>? content)
    {
        if (!WorkspacePath.TryParse(path, out var parsed))
            problem ??= new Problem(ProblemCode.WorkspaceNameUnsupported, "the run changed a file whose name no plan can declare") { Where = Artifacts.ArtifactProblem.Printable(path) };
        else if (changes.Count == ChangesMax)
            problem ??= new Problem(ProblemCode.LimitFiles, $"the run changed more than {ChangesMax} files");
        else
            changes[parsed] = new(new(parsed, before, after), content);
    }

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}/{name}";
}
