// Take-off: unpacks the bundle's objects, applies the file changes, writes exactly the declared refs, HEAD and index entries, pushes exactly the declared objects.
// Nothing else in .git is touched: no gc, no config, no FETCH_HEAD or ORIG_HEAD (ENG-08, ENG-09).
using System.Text;
using System.Text.Json;
using CabinCrew.EngineSdk;
using CabinCrew.Protocol;

namespace CabinCrew.Engines.Git;

internal sealed class GitTakeOff(TakeOff takeOff)
{
    public async Task<Outcome<Done>> RunAsync(CancellationToken ct)
    {
        if (!takeOff.Artifacts.TryGetValue(GitEngine.Commits, out var commits) || commits.Document.Metadata is not { } metadata) return ShadowRepository.Refuse("there is no artifact 'commits'");
        if (!ShadowRepository.Open(takeOff).Try(out var git, out var problem)) return problem;
        var refs = new Dictionary<string, RefMove>(StringComparer.Ordinal);
        string? head = null;
        var index = false;
        if (metadata.TryGetProperty("git", out var declared))
        {
            refs = ReadRefs(declared.GetProperty("refs"));
            head = declared.GetProperty("head").GetString();
            index = declared.GetProperty("index").GetBoolean();
        }
        foreach (var (name, move) in refs)
            if (git.Refs.GetValueOrDefault(name) != move.Before) return ShadowRepository.Refuse($"{name} is not where the plan began");

        if (await UnpackAsync(git, ct) is { } unpacked) return unpacked;
        if (takeOff.Artifacts.ContainsKey(GitEngine.Changes) && takeOff.ApplyPatch(GitEngine.Changes).Problem is { } unapplied) return unapplied;
        var start = GitEngine.StartCommit(git);
        var headRef = (head ?? git.Head) is var now && now.StartsWith("ref: ", StringComparison.Ordinal) ? now[5..] : null;
        var end = headRef is null ? now : refs.GetValueOrDefault(headRef)?.After ?? git.Refs.GetValueOrDefault(headRef);
        if (index && end is not null && await UpdateIndexAsync(git, start, end, ct) is { } indexed) return indexed;
        foreach (var (name, move) in refs.OrderBy(r => r.Key, StringComparer.Ordinal)) WriteFile(git, name, move.After);
        if (head is not null) WriteFile(git, "HEAD", head);
        return metadata.TryGetProperty("outside", out var outside) ? await PushAsync(git, outside, ct) : Done.Ok;
    }

    private static Dictionary<string, RefMove> ReadRefs(JsonElement refs) =>
        refs.EnumerateObject().ToDictionary(r => r.Name, r => new RefMove(r.Value.GetProperty("before").GetString(), r.Value.GetProperty("after").GetString()!), StringComparer.Ordinal);

    private async Task<Problem?> UnpackAsync(ShadowRepository git, CancellationToken ct)
    {
        if (!takeOff.Artifacts.TryGetValue(GitEngine.Bundle, out var bundle) || bundle.Body is null) return null;
        var file = Path.Join(takeOff.TempDirectory, "bundle");
        File.WriteAllBytes(file, bundle.Body);
        if (!(await git.RunAsync(["bundle", "verify", "--quiet", file], ct)).Try(out _, out var problem)) return problem;
        // Git writes the pack where its objects are: the workspace's own directory, one pack with its index.
        var into = new Dictionary<string, string> { ["GIT_OBJECT_DIRECTORY"] = Path.Join(git.WorkspaceGit, "objects") };
        return (await git.RunAsync(["bundle", "unbundle", file], ct, variables: into)).Try(out _, out problem) ? null : problem;
    }

    /// <summary>Tells the workspace's index of the paths that differ between the two commits; other entries stay as they are.</summary>
    private static async Task<Problem?> UpdateIndexAsync(ShadowRepository git, string? start, string end, CancellationToken ct)
    {
        if (!(await TreeMove.DiffAsync(git, start, end, ct)).Try(out var entries, out var problem)) return problem;
        var lines = string.Concat(entries.Select(e => e.Mode == "000000" ? $"0 {git.Zero}\t{e.Path}\0" : $"{e.Mode} {e.Id}\t{e.Path}\0"));
        var index = new Dictionary<string, string> { ["GIT_INDEX_FILE"] = Path.Join(git.WorkspaceGit, "index") };
        return (await git.RunAsync(["update-index", "-z", "--index-info"], ct, Encoding.UTF8.GetBytes(lines), index)).Try(out _, out problem) ? null : problem;
    }

    // As git does it: a lock file beside, then a rename, so that no reader sees half a ref.
    private static void WriteFile(ShadowRepository git, string name, string content)
    {
        var path = Path.Join(git.WorkspaceGit, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using (var file = new FileStream(path + ".lock", FileMode.CreateNew, FileAccess.Write)) file.Write(Encoding.ASCII.GetBytes(content + "\n"));
        File.Move(path + ".lock", path, overwrite: true);
    }

    private static async Task<Outcome<Done>> PushAsync(ShadowRepository git, JsonElement outside, CancellationToken ct)
    {
        foreach (var push in outside.EnumerateArray())
        {
            var remote = push.GetProperty("remote").GetString()!;
            var refs = ReadRefs(push.GetProperty("refs"));
            var leases = refs.Select(r => $"--force-with-lease={r.Key}:{r.Value.Before}");
            var ran = await git.RunAsync(["push", "--porcelain", "--no-verify", "--atomic", "--no-signed", "--no-follow-tags", "--recurse-submodules=no", .. leases, "--", remote, .. refs.Select(r => $"{r.Value.After}:{r.Key}")], ct);
            if (!ran.Try(out _, out var problem)) return problem;
        }
        return Done.Ok;
    }
}
