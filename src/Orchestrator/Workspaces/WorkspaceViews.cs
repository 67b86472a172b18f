// Chooses the view: overlay where a real mount of this workspace works here, else a copy. Tried once per workspace, disk and process.
using System.Collections.Concurrent;
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Workspaces;

public static partial class WorkspaceViews
{
    private static readonly ConcurrentDictionary<(string Workspace, ulong Disk), OverlayMode?> Tried = [];

    /// <param name="scratch">A directory of ours, outside the workspace, on a real disk where possible. Made if need be.</param>
    /// <param name="allOurs">Whether everything in the workspace belongs to us, where the caller knows or will see to it; null: it is looked at.</param>
    public static Outcome<IWorkspaceView> Create(string workspace, string scratch, bool? allOurs = null) => Made(workspace, scratch, () =>
        ModeFor(workspace, scratch, allOurs) is { } mode ? Outcome.Of<IWorkspaceView>(OverlayView.Prepare(mode, workspace, scratch)) : CopyView.Prepare(workspace, scratch));

    /// <summary>An overlay, or the reason why there is none: nothing is copied. That everything in the workspace belongs to us is for the caller to see to.</summary>
    public static Outcome<IWorkspaceView> Overlay(string workspace, string scratch) => Made(workspace, scratch, () =>
        ModeFor(workspace, scratch, allOurs: true) is { } mode
            ? Outcome.Of<IWorkspaceView>(OverlayView.Prepare(mode, workspace, scratch))
            : new Problem(ProblemCode.SandboxUnavailable, "no overlay of the workspace works here") { Where = scratch });

    private static Outcome<IWorkspaceView> Made(string workspace, string scratch, Func<Outcome<IWorkspaceView>> make)
    {
        try
        {
            Directory.CreateDirectory(scratch);
            return IsInside(workspace, scratch) || IsInside(scratch, workspace)
                ? new Problem(ProblemCode.InvalidArgument, "the scratch directory and the workspace may not lie in each other") { Where = scratch }
                : make();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Problem(ProblemCode.IoFailed, $"no view of the workspace can be made: {e.Message}") { Where = scratch };
        }
    }

    /// <summary>A view that was made before, perhaps by a process that is no more, with all that was changed in it.</summary>
    internal static Outcome<IWorkspaceView> Reopen(string workspace, string scratch)
    {
        try
        {
            if (CopyView.IsIn(scratch)) return Outcome.Of(CopyView.Reopen(workspace, scratch));
            return ModeFor(workspace, scratch, allOurs: true) is { } mode
                ? Outcome.Of(OverlayView.Reopen(mode, workspace, scratch))
                : new Problem(ProblemCode.WorkspaceUnreadable, "the view was an overlay, and none can be mounted here any more") { Where = scratch };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Problem(ProblemCode.WorkspaceUnreadable, $"the view cannot be opened again: {e.Message}") { Where = scratch };
        }
    }

    /// <summary>How an overlay of this workspace works here, or null. A real mount with a real write decides; no version is asked.</summary>
    private static OverlayMode? ModeFor(string workspace, string scratch, bool? allOurs)
    {
        // Who owns what may change from flight to flight; what the kernel can do does not.
        if (!(allOurs ?? LookedAt(workspace))) return null;
        // Some kernels would let an overlay lie on an overlay, and lose changes there.
        if (FileSystem.Of(scratch)?.UnfitForOverlay is not null) return null;
        return Tried.GetOrAdd((workspace, DiskOf(scratch)), static (key, scratch) => Try(key.Workspace, scratch, out _), scratch);
    }

    private static bool LookedAt(string workspace)
    {
        using var root = DirectoryHandle.Open(workspace);
        return Ownership.IsAllOurs(root);
    }

    // Every flight has a scratch directory of its own; what matters is the file system that it lies on.
    private static ulong DiskOf(string directory)
    {
        using var handle = DirectoryHandle.Open(directory);
        var status = handle.Status();
        return ((ulong)status.DevMajor << 32) | status.DevMinor;
    }

    /// <summary>Why no overlay works here, in the words of what was tried last; null where one works.</summary>
    internal static string? OverlayRefusal(string workspace, string scratch) =>
        FileSystem.Of(scratch) is { UnfitForOverlay: { } unfit } found ? $"{scratch} is on {found.Name}: {unfit}" : Try(workspace, scratch, out var why) is null ? why : null;

    private static OverlayMode? Try(string workspace, string scratch, out string? why)
    {
        why = null;
        OverlayMode[] modes = FileCalls.EffectiveUser == 0 ? [new(false), new(true)] : [new(true)];
        foreach (var mode in modes)
        {
            var trial = Path.Join(scratch, "trial");
            Directory.CreateDirectory(trial);
            try
            {
                using var view = OverlayView.Prepare(mode, workspace, trial);
                const string mark = ".cabincrew-trial";
                var command = (IReadOnlyList<string>)[.. view.LaunchPrefix, "/bin/sh", "-c", ": > \"$1\"", "sh", Path.Join(view.Root, mark)];
                why = OverlayTrial.Refusal(command);
                if (why is null && File.Exists(Path.Join(trial, "upper", mark))) return mode;
                why ??= "what was written did not come into the upper layer";
            }
            finally
            {
                Directory.Delete(trial, recursive: true);
            }
        }
        return null;
    }

    private static bool IsInside(string outer, string inner) => (inner + "/").StartsWith(outer.TrimEnd('/') + "/", StringComparison.Ordinal);
}
