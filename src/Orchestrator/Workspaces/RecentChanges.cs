// Names what changed in a workspace since a moment, by the change times that the kernel keeps. A hint for people about what hashes have found: it decides nothing (TOK-06).
using CabinCrew.Orchestrator.Posix;

namespace CabinCrew.Orchestrator.Workspaces;

internal static class RecentChanges
{
    private const int NamedMax = 5;

    // Of .git, what the workspace's hash looks at.
    private static readonly string[] GitEntries = ["HEAD", "packed-refs", "refs", "reftable"];

    /// <summary>Up to five paths and how many there are besides; a directory, with its slash, where only its names have changed. Null: nothing is to be seen.</summary>
    public static string? Describe(string workspace, DateTimeOffset since, CancellationToken ct)
    {
        var found = new List<string>();
        try
        {
            using var root = DirectoryHandle.Open(workspace);
            Look(root, "", 0, since, found, ct);
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            // It moves still: what was seen is told.
        }
        if (found.Count == 0) return null;
        found.Sort(StringComparer.Ordinal);
        return string.Join(", ", found.Take(NamedMax)) + (found.Count > NamedMax ? $" and {found.Count - NamedMax} more" : "");
    }

    private static void Look(DirectoryHandle directory, string path, int depth, DateTimeOffset since, List<string> found, CancellationToken ct)
    {
        var before = found.Count;
        var isGit = path == ".git/" || path.EndsWith("/.git/", StringComparison.Ordinal);
        foreach (var entry in directory.List(WorkspaceHasher.FilesMax))
        {
            ct.ThrowIfCancellationRequested();
            var name = DirectoryHandle.NameOf(entry.Name);
            if (depth > WorkspaceHasher.DepthMax || (depth == 0 && name == WorkspaceHasher.StoreDirectory) || (isGit && !GitEntries.Contains(name))) continue;
            if (!directory.TryStatus(name, out var status)) continue;
            if (status.Kind != EntryKind.Directory)
            {
                if (status.Changed > since) found.Add(path + name);
                continue;
            }
            using var below = directory.OpenDirectory(name);
            Look(below, $"{path}{name}/", depth + 1, since, found, ct);
        }
        // What is made or replaced is named itself; what is gone can only be missed.
        if (found.Count == before && !isGit && directory.Status().Changed > since) found.Add(path.Length == 0 ? "./" : path);
    }
}
