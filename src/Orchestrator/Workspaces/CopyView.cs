// A view by copying, where the kernel gives no overlay: slower, and the same to whoever runs in it. Sharing blocks is left to the file system.
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;

namespace CabinCrew.Orchestrator.Workspaces;

internal sealed class CopyView : IWorkspaceView
{
    private const string Copy = "copy";
    private readonly string workspace;
    private readonly string scratch;

    private CopyView(string workspace, string scratch)
    {
        this.workspace = workspace;
        this.scratch = scratch;
    }

    public string Kind => "copy";

    public string Root => Path.Join(scratch, Copy);

    public string Written => Root;

    public IReadOnlyList<string> LaunchPrefix => [];

    public static bool IsIn(string scratch) => Directory.Exists(Path.Join(scratch, Copy));

    public static IWorkspaceView Reopen(string workspace, string scratch) => new CopyView(workspace, scratch);

    /// <param name="scratch">Exists and is empty.</param>
    public static Outcome<IWorkspaceView> Prepare(string workspace, string scratch)
    {
        try
        {
            using var from = DirectoryHandle.Open(workspace);
            using var into = DirectoryHandle.Open(scratch);
            into.MakeDirectory(Copy, 0x1C0);
            using var root = into.OpenDirectory(Copy);
            CopyTree(from, root, 0);
            FileCalls.SetMode(root.Descriptor, from.Status().Permissions);
            return Outcome.Of<IWorkspaceView>(new CopyView(workspace, scratch));
        }
        catch (InvalidDataException e)
        {
            return new Problem(ProblemCode.WorkspaceNameUnsupported, e.Message);
        }
        catch (IOException e)
        {
            return new Problem(ProblemCode.WorkspaceUnreadable, $"the workspace cannot be copied: {e.Message}");
        }
    }

    public Outcome<IReadOnlyList<FileWrite>> Changes(CancellationToken ct)
    {
        try
        {
            using var lower = DirectoryHandle.Open(workspace);
            using var upper = DirectoryHandle.Open(Root);
            return new ViewDifference(null, ct).Between(lower, upper);
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
        Scratch.Remove(directory, Copy);
    }

    private static void CopyTree(DirectoryHandle from, DirectoryHandle into, int depth)
    {
        if (depth > WorkspaceHasher.DepthMax) throw new IOException("directories are nested too deeply");
        foreach (var entry in from.List(WorkspaceHasher.FilesMax))
        {
            var name = DirectoryHandle.NameOf(entry.Name);
            if (depth == 0 && name == WorkspaceHasher.StoreDirectory) continue;
            if (!from.TryStatus(name, out var status)) throw new IOException($"'{name}' vanished");
            switch (status.Kind)
            {
                case EntryKind.Directory:
                    into.MakeDirectory(name, 0x1C0);
                    using (var inner = from.OpenDirectory(name))
                    using (var copy = into.OpenDirectory(name))
                    {
                        CopyTree(inner, copy, depth + 1);
                        FileCalls.SetMode(copy.Descriptor, status.Permissions);
                    }
                    break;
                case EntryKind.Link:
                    into.MakeLink(name, from.ReadLinkBytes(name));
                    break;
                case EntryKind.File:
                    CopyFile(from, into, name);
                    break;
                default:
                    throw new IOException($"'{name}' is a {status.Kind.ToString().ToLowerInvariant()}");
            }
        }
    }

    private static void CopyFile(DirectoryHandle from, DirectoryHandle into, string name)
    {
        using var source = from.OpenFile(name, out var status);
        using var target = into.CreateFile(name, 0x180);
        FileCalls.CopyContent(source, target, (long)status.Size);
        // Build tools compare times; a copy that looks younger than its products would be built again.
        FileCalls.SetMtime(target, status);
        FileCalls.SetMode(target, status.Permissions & 0x1FF);
    }
}
