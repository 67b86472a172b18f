// Brings a workspace from before to after as a redo log does (ENG-09): everything staged and flushed first, then steps that can each be repeated.
// Invariant: up to the first deletion nothing has changed; from there on, running it again to the end gives the same tree. No link is followed.
using CabinCrew.Ledger;
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;

namespace CabinCrew.Orchestrator.Workspaces;

public static partial class WorkspaceCommit
{
    private const int HoldTries = 50;

    /// <summary>Nothing has moved: every path of the changes is still in its before state, or (on redo) already in its after state.</summary>
    public static Outcome<Done> Precheck(string workspace, IReadOnlyList<FileChange> changes, bool redo)
    {
        try
        {
            using var root = DirectoryHandle.Open(workspace);
            var byPath = changes.ToDictionary(c => c.Path);
            var obstacles = new Dictionary<string, string?>(StringComparer.Ordinal);
            foreach (var change in changes)
            {
                if (Moved(root, change, byPath, obstacles, redo) is not { } why) continue;
                return new Problem(ProblemCode.WorkspaceDrift, $"{change.Path} {why}") { Where = workspace }.With("path", change.Path.ToString());
            }
            return Done.Ok;
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            return new Problem(ProblemCode.WorkspaceUnreadable, e.Message) { Where = workspace };
        }
    }

    /// <summary>Applies: idempotent, so that after a crash it is simply run again to the end. Contents come from the blob store, durable before.
    /// Order: contents staged, deletions, directories, writes by rename, modes; directories flushed last. Cancelling is heard only before the first deletion.</summary>
    /// <param name="stillOurs">Asked once nobody else can be applying; false: nothing is done, <see cref="ProblemCode.StoreFenced"/>.</param>
    public static Outcome<Done> Apply(
        string workspace, IReadOnlyList<FileChange> changes, Func<Digest, Outcome<ReadOnlyMemory<byte>>> content, Func<bool> stillOurs, CancellationToken ct) =>
        Apply(workspace, changes, content, stillOurs, static step => { if (Failpoint.IsArmed) Failpoint.Reach(Failpoint.Workspace(step)); }, ct);

    internal static Outcome<Done> Apply(string workspace, IReadOnlyList<FileChange> changes, Func<Digest, Outcome<ReadOnlyMemory<byte>>> content, CancellationToken ct) =>
        Apply(workspace, changes, content, static () => true, ct);

    internal static Outcome<Done> Apply(
        string workspace, IReadOnlyList<FileChange> changes, Func<Digest, Outcome<ReadOnlyMemory<byte>>> content, Action<string> before, CancellationToken ct) =>
        Apply(workspace, changes, content, static () => true, before, ct);

    /// <param name="before">Called with the name of each step before it is taken; tests cut the work there.</param>
    private static Outcome<Done> Apply(
        string workspace, IReadOnlyList<FileChange> changes, Func<Digest, Outcome<ReadOnlyMemory<byte>>> content, Func<bool> stillOurs, Action<string> before, CancellationToken ct)
    {
        if (changes.Count == 0) return Done.Ok;
        try
        {
            using var root = DirectoryHandle.Open(workspace);
            if (!Hold(root)) return new Problem(ProblemCode.WorkspaceLocked, "another process is applying a change to the workspace right now") { Where = workspace, Remedy = "Wait for it, or end it if it hangs; then `cabincrew resume`." };
            if (!stillOurs()) return new Problem(ProblemCode.StoreFenced, "the flight went over to another process before this one began to apply it; nothing was changed") { Where = workspace };
            using var work = new CommitWork(root, changes, before);
            if (!work.Stage(content, ct).Try(out _, out var problem)) return problem.At(workspace);
            if (work.Moved() is { } moved)
            {
                work.Unstage();
                return new Problem(ProblemCode.WorkspaceDrift, $"{moved} was changed in the moment of take-off, and nothing is written over it") { Where = workspace }.With("path", moved.ToString());
            }
            work.Delete();
            work.Write();
            work.Flush();
            work.Unstage();
            before("done");
            return Done.Ok;
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            return new Problem(ProblemCode.IoFailed, $"the commit stopped: {e.Message}") { Where = workspace, Remedy = "Mend the cause, then run `cabincrew resume`; the commit goes on where it stopped." };
        }
    }

    /// <summary>The paths that are not in their after state.</summary>
    public static IReadOnlyList<WorkspacePath> Absent(string workspace, IReadOnlyList<FileChange> changes)
    {
        using var root = DirectoryHandle.Open(workspace);
        return [.. changes.Where(c => WorkspaceTree.StateOf(root, c.Path) != c.After).Select(c => c.Path)];
    }

    // An owner that was stopped in the middle of applying has lost its flight, and yet goes on when it is continued: so nobody applies beside it.
    // The kernel gives the hold back when the holder dies; the last calls of a killed process may take a moment.
    private static bool Hold(DirectoryHandle root)
    {
        for (var tries = 0; !FileCalls.TryHold(root.Descriptor); tries++)
        {
            if (tries == HoldTries) return false;
            Thread.Sleep(20);
        }
        return true;
    }

    private static string? Moved(DirectoryHandle root, FileChange change, Dictionary<WorkspacePath, FileChange> changes, Dictionary<string, string?> obstacles, bool redo)
    {
        var state = WorkspaceTree.StateOf(root, change.Path);
        if (state != change.Before && !(redo && state == change.After)) return "is not what the plan was made on";
        if (change.After is null) return null;
        var directory = change.Path.ToString()[..Math.Max(0, change.Path.ToString().LastIndexOf('/'))];
        if (!obstacles.TryGetValue(directory, out var obstacle)) obstacles[directory] = obstacle = Obstacle(root, change.Path, changes);
        if (obstacle is not null) return $"runs through {obstacle}, which is no directory";
        return Standing(root, change.Path, changes) is { } file ? $"is a directory that still holds {file}" : null;
    }

    // A parent that is a file or link must be about to go.
    private static string? Obstacle(DirectoryHandle root, WorkspacePath path, Dictionary<WorkspacePath, FileChange> changes)
    {
        var text = path.ToString();
        for (var slash = text.IndexOf('/'); slash > 0; slash = text.IndexOf('/', slash + 1))
        {
            var parent = WorkspacePath.Parse(text[..slash]);
            if (changes.TryGetValue(parent, out var own) && own.After is null) continue;
            using var holder = WorkspaceTree.OpenParent(root, parent, out var name);
            if (holder is null || !holder.TryStatus(name, out var status)) return null;
            if (status.Kind != EntryKind.Directory) return text[..slash];
        }
        return null;
    }

    // A directory where a file is to be: the changes must empty it.
    private static string? Standing(DirectoryHandle root, WorkspacePath path, Dictionary<WorkspacePath, FileChange> changes)
    {
        using var directory = WorkspaceTree.OpenPath(root, path.ToString());
        return directory is null ? null : Stays(directory, path.ToString());

        string? Stays(DirectoryHandle at, string prefix)
        {
            foreach (var entry in at.Entries(WorkspaceHasher.FilesMax))
            {
                var inner = $"{prefix}/{entry.Name}";
                if (entry.Kind == EntryKind.Directory)
                {
                    using var child = at.OpenDirectory(entry.Name);
                    if (Stays(child, inner) is { } found) return found;
                }
                else if (!WorkspacePath.TryParse(inner, out var own) || !changes.TryGetValue(own, out var change) || change.After is not null)
                {
                    return inner;
                }
            }
            return null;
        }
    }
}
