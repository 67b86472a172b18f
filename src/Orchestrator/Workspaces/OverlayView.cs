// A view by overlayfs: the launched process mounts it in a mount namespace of its own, and the upper directory is exactly the change.
// Nothing is mounted in ours, so nothing is left when the process is gone. The paths never stand in mount options, where ',' and ':' mean something:
// the workspace goes by a descriptor that only `mount` gets, and the upper directory is itself where the view is mounted.
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;

namespace CabinCrew.Orchestrator.Workspaces;

/// <param name="InUserNamespace">Mounted by an ordinary user, whose overlay keeps its marks in user.* attributes.</param>
internal sealed record OverlayMode(bool InUserNamespace)
{
    // volatile: the layer is thrown away after a crash, so it need not be flushed; without it every unmount waits for the disk.
    public string Options =>
        "lowerdir=/proc/self/fd/9,upperdir=upper,workdir=work,volatile,index=off,xino=off," + (InUserNamespace ? "userxattr" : "redirect_dir=nofollow,metacopy=off");

    public string OpaqueAttribute => InUserNamespace ? "user.overlay.opaque" : "trusted.overlay.opaque";

    private const string Script =
        """cd "$2" && /bin/mount -t overlay overlay -o "$3" upper 9<"$1" && cd / && shift 3 && exec "$@" """;

    public IReadOnlyList<string> Prefix(string workspace, string scratch) =>
    [
        "/usr/bin/unshare", .. InUserNamespace ? (string[])["--user", "--map-root-user"] : [], "--mount", "--propagation", "private", "--",
        "/bin/sh", "-c", Script.TrimEnd(), "sh", workspace, scratch, Options,
    ];
}

internal sealed class OverlayView : IWorkspaceView
{
    private static readonly string[] Parts = ["upper", "work"];
    private readonly OverlayMode mode;
    private readonly string workspace;
    private readonly string scratch;

    private OverlayView(OverlayMode mode, string workspace, string scratch)
    {
        this.mode = mode;
        this.workspace = workspace;
        this.scratch = scratch;
    }

    public string Kind => "overlay";

    public string Root => Path.Join(scratch, "upper");

    public string Written => Path.Join(scratch, "upper");

    public IReadOnlyList<string> LaunchPrefix => mode.Prefix(workspace, scratch);

    /// <param name="scratch">Exists and is empty.</param>
    public static OverlayView Prepare(OverlayMode mode, string workspace, string scratch)
    {
        using var directory = DirectoryHandle.Open(scratch);
        using var root = DirectoryHandle.Open(workspace);
        foreach (var part in Parts) directory.MakeDirectory(part, 0x1C0);
        // The merged root shows the upper directory's mode.
        using var upper = directory.OpenDirectory("upper");
        FileCalls.SetMode(upper.Descriptor, root.Status().Permissions);
        return new(mode, workspace, scratch);
    }

    /// <summary>With what an earlier mount left in its upper layer. The kernel marks the work directory of a volatile mount, so that nobody trusts it after a power
    /// cut; whoever reopens one has seen that the machine did not go down meanwhile, or has no better copy.</summary>
    public static IWorkspaceView Reopen(OverlayMode mode, string workspace, string scratch)
    {
        using var directory = DirectoryHandle.Open(scratch);
        Scratch.Remove(directory, "work");
        directory.MakeDirectory("work", 0x1C0);
        return new OverlayView(mode, workspace, scratch);
    }

    public Outcome<IReadOnlyList<FileWrite>> Changes(CancellationToken ct)
    {
        try
        {
            using var lower = DirectoryHandle.Open(workspace);
            using var upper = DirectoryHandle.Open(Path.Join(scratch, "upper"));
            return new ViewDifference(mode.OpaqueAttribute, ct).Between(lower, upper);
        }
        catch (IOException e)
        {
            return new Problem(ProblemCode.WorkspaceUnreadable, $"the view cannot be read: {e.Message}");
        }
    }

    public void Dispose()
    {
        if (!Directory.Exists(scratch)) return;
        using var directory = DirectoryHandle.Open(scratch);
        foreach (var part in Parts) Scratch.Remove(directory, part);
    }
}
