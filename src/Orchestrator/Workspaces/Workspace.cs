// The workspace: hashed whole at every gate, shown to engines as a view, changed only by a redo log that a crash cannot tear (TOK-06, ENG-09).
using CabinCrew.Orchestrator.Artifacts;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;

namespace CabinCrew.Orchestrator.Workspaces;

/// <param name="Hash">SHA-256 of the manifest (docs/reference/workspace-hash.md).</param>
public sealed record WorkspaceSnapshot(Digest Hash, int Files, long Bytes);

/// <summary>A writable view of a workspace that leaves the workspace alone. Overlay where the kernel gives one, else a copy.</summary>
public interface IWorkspaceView : IDisposable
{
    /// <summary><c>overlay</c> or <c>copy</c>.</summary>
    string Kind { get; }

    /// <summary>Where the engine's launcher finds the merged view. For an overlay this is a mount that only the launched process sees: see <see cref="LaunchPrefix"/>.</summary>
    string Root { get; }

    /// <summary>Command and arguments put before the sandbox's own, to mount the view in a private mount namespace; empty for a copy.</summary>
    IReadOnlyList<string> LaunchPrefix { get; }

    /// <summary>Exactly what the run changed, with content; after every process of the run is gone. In path order.
    /// Changes inside .git are part of it. Anything that is no file, executable or link is a problem.</summary>
    Outcome<IReadOnlyList<FileWrite>> Changes(CancellationToken ct);
}

public static partial class WorkspaceViews
{
    /// <param name="scratch">A directory of ours, outside the workspace, on a real disk where possible.</param>
    public static Outcome<IWorkspaceView> Create(string workspace, string scratch) => throw new NotImplementedException();
}

public static partial class ChangeComparison
{
    /// <summary>Declared against actual, path by path and byte by byte. <see cref="ProblemCode.TakeOffUndeclaredChange"/>, <see cref="ProblemCode.TakeOffMissingChange"/>,
    /// with the differences in the problem's evidence.</summary>
    public static Outcome<Done> Compare(ValidatedPlan declared, IReadOnlyList<FileWrite> actual) => throw new NotImplementedException();
}

public static partial class WorkspaceCommit
{
    /// <summary>Nothing has moved: every path of the changes is still in its before state, or (on redo) already in its after state.</summary>
    public static Outcome<Done> Precheck(string workspace, IReadOnlyList<FileChange> changes, bool redo) => throw new NotImplementedException();

    /// <summary>Applies: idempotent, so that after a crash it is simply run again to the end. Contents come from the blob store, durable before.
    /// Order: deletions, directories, writes by rename, modes; directories fsynced last.</summary>
    public static Outcome<Done> Apply(string workspace, IReadOnlyList<FileChange> changes, Func<Digest, Outcome<ReadOnlyMemory<byte>>> content, CancellationToken ct) => throw new NotImplementedException();
}
