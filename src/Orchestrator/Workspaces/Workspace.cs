// The workspace: hashed whole at every gate, shown to engines as a view, changed only by a redo log that a crash cannot tear (TOK-06, ENG-09).
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;

namespace CabinCrew.Orchestrator.Workspaces;

/// <param name="Hash">SHA-256 of the manifest (docs/reference/workspace-hash.md).</param>
/// <param name="AllOurs">Everything that was looked at belongs to us; what is inside .git was not.</param>
public sealed record WorkspaceSnapshot(Digest Hash, int Files, long Bytes, bool AllOurs);

/// <summary>A writable view of a workspace that leaves the workspace alone. Overlay where the kernel gives one, else a copy.</summary>
public interface IWorkspaceView : IDisposable
{
    /// <summary><c>overlay</c> or <c>copy</c>.</summary>
    string Kind { get; }

    /// <summary>Where the engine's launcher finds the merged view. For an overlay this is a mount that only the launched process sees: see <see cref="LaunchPrefix"/>.</summary>
    string Root { get; }

    /// <summary>Command and arguments put before the sandbox's own, to mount the view in a private mount namespace; empty for a copy.</summary>
    IReadOnlyList<string> LaunchPrefix { get; }

    /// <summary>Where on our side the changes come to lie while the run is going on.</summary>
    string Written { get; }

    /// <summary>Exactly what the run changed, with content; after every process of the run is gone. In path order.
    /// Changes inside .git are part of it. Anything that is no file, executable or link is a problem.</summary>
    Outcome<IReadOnlyList<FileWrite>> Changes(CancellationToken ct);
}
