// From one tree to another: what the workspace's files must become, as git would check them out, and what the index must be told.
using System.Text;
using CabinCrew.EngineSdk;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;

namespace CabinCrew.Engines.Git;

/// <param name="Mode">After; 000000 where the path goes.</param>
internal sealed record TreeEntry(string Path, string OldMode, string Mode, string Id);

internal static class TreeMove
{
    public static async Task<Outcome<IReadOnlyList<TreeEntry>>> DiffAsync(ShadowRepository git, string? from, string to, CancellationToken ct)
    {
        IReadOnlyList<string> trees = from is null ? ["--root", to] : [from, to];
        var listed = await git.RunAsync(["diff-tree", "-r", "-z", "--no-renames", "--raw", "--no-abbrev", "--no-commit-id", "--no-ext-diff", .. trees], ct);
        if (!listed.Try(out var result, out var problem)) return problem;
        var parts = Encoding.UTF8.GetString(result.Output).Split('\0');
        var entries = new List<TreeEntry>();
        for (var i = 0; i + 1 < parts.Length; i += 2)
        {
            var words = parts[i].TrimStart(':').Split(' ');
            if (words.Length != 5) return ShadowRepository.Refuse("git's list of differences is not readable");
            entries.Add(new(parts[i + 1], words[0], words[1], words[3]));
        }
        return entries;
    }

    /// <summary>The writes that take the workspace from one tree to the other; a path with local changes is refused, as git refuses it.</summary>
    public static async Task<Outcome<IReadOnlyList<FileWrite>>> WritesAsync(ShadowRepository git, GitPlanner planner, string from, string to, CancellationToken ct)
    {
        if (!(await DiffAsync(git, from, to, ct)).Try(out var entries, out var problem)) return problem;
        if (entries.FirstOrDefault(e => e.Mode == "160000" || e.OldMode == "160000") is { } module) return ShadowRepository.Refuse($"'{module.Path}' is a submodule; its checkout is not supported");
        if (!(await CheckOutAsync(git, planner, from, "from", entries.Where(e => e.OldMode != "000000"), ct)).Try(out var old, out problem)) return problem;
        if (!(await CheckOutAsync(git, planner, to, "to", entries.Where(e => e.Mode != "000000"), ct)).Try(out var now, out problem)) return problem;
        var writes = new List<FileWrite>();
        foreach (var entry in entries)
        {
            if (!WorkspacePath.TryParse(entry.Path, out var path)) return ShadowRepository.Refuse("a path of the commit is none that a plan can hold");
            var (before, after, here) = (WorkspaceFiles.Read(old, path), WorkspaceFiles.Read(now, path), git.Session.ReadWorkspace(path));
            if (before?.State != here?.State) return ShadowRepository.Refuse($"'{path}' has changes that are not committed, or is in the way");
            if (before?.State != after?.State) writes.Add(new(new(path, before?.State, after?.State), after?.Bytes));
        }
        return writes;
    }

    private static async Task<Outcome<string>> CheckOutAsync(ShadowRepository git, GitPlanner planner, string tree, string name, IEnumerable<TreeEntry> entries, CancellationToken ct)
    {
        var (directory, empty) = (Path.Join(git.Session.TempDirectory, name), Path.Join(git.Session.TempDirectory, "empty"));
        Directory.CreateDirectory(directory);
        Directory.CreateDirectory(empty);
        var index = planner.NewIndex();
        index["GIT_WORK_TREE"] = empty;
        if (!(await git.RunAsync(["read-tree", tree], ct, variables: index, directory: empty)).Try(out _, out var problem)) return problem;
        var paths = Encoding.UTF8.GetBytes(string.Concat(entries.Select(e => e.Path + '\0')));
        return (await git.RunAsync(["checkout-index", "-z", "--stdin", $"--prefix={directory}/"], ct, paths, index, empty)).Map(_ => directory);
    }
}
