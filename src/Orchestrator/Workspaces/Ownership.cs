// Whether everything in a workspace belongs to us. An overlay can copy up only what its mounter owns: as root without capabilities that goes by
// user, in a user namespace by user and group (another owner has no name there: EOVERFLOW). In a copy everything is ours.
using CabinCrew.Orchestrator.Posix;

namespace CabinCrew.Orchestrator.Workspaces;

internal static class Ownership
{
    private const int DepthMax = 256;

    public static bool IsAllOurs(DirectoryHandle root) => IsOurs(root.Status()) && Below(root, 0);

    /// <summary>What the workspace's hash passes over, and a take-off may still write to.</summary>
    public static bool IsGitAllOurs(string workspace)
    {
        using var root = DirectoryHandle.Open(workspace);
        if (!root.TryStatus(".git", out var status) || status.Kind != EntryKind.Directory) return true;
        using var git = root.OpenDirectory(".git");
        return IsAllOurs(git);
    }

    public static bool IsOurs(in FileStatus status) =>
        status.Uid == FileCalls.EffectiveUser && (FileCalls.EffectiveUser == 0 || status.Gid == FileCalls.EffectiveGroup);

    private static bool Below(DirectoryHandle directory, int depth)
    {
        if (depth > DepthMax) return false;
        foreach (var entry in directory.List(int.MaxValue))
        {
            var name = DirectoryHandle.NameOf(entry.Name);
            if (!directory.TryStatus(name, out var status)) continue;
            if (!IsOurs(status)) return false;
            if (status.Kind != EntryKind.Directory) continue;
            using var inner = directory.OpenDirectory(name);
            if (!Below(inner, depth + 1)) return false;
        }
        return true;
    }
}
