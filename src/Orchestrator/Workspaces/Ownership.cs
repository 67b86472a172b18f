// Whether everything in a workspace belongs to us. An overlay can copy up only what its mounter owns: as root without capabilities that goes by
// user, in a user namespace by user and group (another owner has no name there: EOVERFLOW). In a copy everything is ours.
using CabinCrew.Orchestrator.Posix;

namespace CabinCrew.Orchestrator.Workspaces;

internal static class Ownership
{
    private const int DepthMax = 256;

    public static bool IsAllOurs(DirectoryHandle root)
    {
        return IsOurs(root.Status()) && Below(root, 0);
    }

    private static bool IsOurs(in FileStatus status) =>
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
