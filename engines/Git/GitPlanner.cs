// Does the actions in the shadow repository, one after the other, and keeps what the workspace would have to be given: refs, HEAD, files.
using System.Globalization;
using System.Text;
using CabinCrew.Protocol;

namespace CabinCrew.Engines.Git;

/// <param name="Before">Null: not there.</param>
/// <param name="Forced">Commits that it holds now are left behind.</param>
internal sealed record RefMove(string? Before, string After, bool Forced = false);

internal sealed record PushPlan(string Remote, SortedDictionary<string, RefMove> Refs);

internal sealed class GitPlanner(ShadowRepository git)
{
    private int indexes;

    /// <summary>HEAD's content as the actions leave it.</summary>
    public string Head { get; private set; } = git.Head;

    public SortedDictionary<string, string> Refs { get; } = new(git.Refs.ToDictionary(), StringComparer.Ordinal);

    /// <summary>What the workspace's files must become: from one tree to another; null: they stay.</summary>
    public (string From, string To)? Files { get; private set; }

    public List<string> Story { get; } = [];

    public List<PushPlan> Pushes { get; } = [];

    private string? HeadRef => Head.StartsWith("ref: ", StringComparison.Ordinal) ? Head[5..] : null;

    public string? HeadCommit => HeadRef is { } name ? Refs.GetValueOrDefault(name) : Head;

    public Task<Problem?> DoAsync(GitAction action, CancellationToken ct) => action switch
    {
        CommitAction a => CommitAsync(a, ct),
        BranchAction a => BranchAsync(a, ct),
        MergeAction a => MergeAsync(a, ct),
        TagAction a => TagAsync(a, ct),
        PushAction a => PushAsync(a, ct),
        _ => throw new InvalidOperationException(),
    };

    private async Task<Problem?> CommitAsync(CommitAction a, CancellationToken ct)
    {
        if (Files is not null) return Refuse(a, "a commit cannot follow a merge or checkout in one plan: the files are not there yet");
        var target = a.Branch is null ? HeadRef : $"refs/heads/{a.Branch}";
        if (target is null) return Refuse(a, "HEAD is detached; name a branch");
        var parent = HeadCommit;
        if (Refs.TryGetValue(target, out var tip) && tip != parent) return Refuse(a, $"'{a.Branch}' is not where HEAD is; check it out first");

        var index = NewIndex();
        if (!(await git.RunAsync(parent is null ? ["read-tree", "--empty"] : ["read-tree", parent], ct, variables: index)).Try(out _, out var problem)) return problem;
        index["GIT_WORK_TREE"] = git.Session.Workspace;
        IReadOnlyList<string> what = a.Paths is null ? ["."] : [.. a.Paths.Select(p => p.ToString())];
        if (!(await git.RunAsync(["add", "-A", "--", .. what], ct, variables: index, directory: git.Session.Workspace)).Try(out _, out problem)) return problem.At(a.Place);
        if (!(await git.TextAsync(["write-tree"], ct, variables: index)).Try(out var tree, out problem)) return problem;
        if (parent is not null && tree == await git.ResolveAsync(parent, "tree", ct)) return Refuse(a, "there is nothing to commit");
        if (!(await CommitTreeAsync(tree, parent is null ? [] : [parent], a.Message, a.Author, a.Date, ct)).Try(out var commit, out problem)) return problem;
        Story.Add($"commit {commit[..12]} on {Short(target)}: {a.Message.Split('\n')[0]}");
        return await MoveAsync(target, commit, ct);
    }

    private async Task<Problem?> BranchAsync(BranchAction a, CancellationToken ct)
    {
        var name = $"refs/heads/{a.Name}";
        if (await InvalidAsync(name, ct)) return Refuse(a, $"'{a.Name}' is no name for a branch");
        if (Refs.ContainsKey(name)) return Refuse(a, $"the branch '{a.Name}' exists");
        if (await git.ResolveAsync(a.From, "commit", ct) is not { } from) return Refuse(a, $"there is no commit '{a.From}'");
        Story.Add($"branch {a.Name} at {from[..12]}{(a.Checkout ? ", checked out" : "")}");
        if (await MoveAsync(name, from, ct) is { } problem) return problem;
        return a.Checkout ? await CheckOutAsync($"ref: {name}", from, ct) : null;
    }

    private async Task<Problem?> MergeAsync(MergeAction a, CancellationToken ct)
    {
        var into = a.Into is null ? HeadRef : $"refs/heads/{a.Into}";
        if (into is null || !Refs.TryGetValue(into, out var ours)) return Refuse(a, "there is no branch to merge into");
        if (await git.ResolveAsync(a.Branch, "commit", ct) is not { } theirs) return Refuse(a, $"there is no commit '{a.Branch}'");
        if (await IsAncestorAsync(theirs, ours, ct)) return Refuse(a, $"'{a.Branch}' is already merged");
        var forward = await IsAncestorAsync(ours, theirs, ct);
        if (a.FastForward == "only" && !forward) return Refuse(a, $"'{a.Branch}' cannot be merged by moving forward only");
        var result = theirs;
        if (!forward || a.FastForward == "never")
        {
            if (a.Author is null) return Refuse(a, "this merge makes a commit, so it needs an author");
            if (!(await git.RunAsync(["merge-tree", "--write-tree", "--name-only", "--messages", ours, theirs], ct, allowed: [1])).Try(out var merged, out var problem)) return problem;
            var lines = Encoding.UTF8.GetString(merged.Output).Split('\n');
            if (merged.ExitCode == 1) return Refuse(a, $"the merge has conflicts: {string.Join(", ", lines.Skip(1).TakeWhile(l => l.Length > 0).Take(20))}");
            if (!(await CommitTreeAsync(lines[0], [ours, theirs], a.Message ?? $"Merge {a.Branch} into {Short(into)}", a.Author, a.Date, ct)).Try(out result, out problem)) return problem;
        }
        Story.Add($"merge {a.Branch} into {Short(into)}: {result[..12]}{(result == theirs ? " (fast-forward)" : "")}");
        if (await MoveAsync(into, result, ct) is { } moved) return moved;
        return into == HeadRef ? await FilesAsync(ours, result, ct) : null;
    }

    private async Task<Problem?> TagAsync(TagAction a, CancellationToken ct)
    {
        var name = $"refs/tags/{a.Name}";
        if (await InvalidAsync(name, ct)) return Refuse(a, $"'{a.Name}' is no name for a tag");
        if (Refs.ContainsKey(name)) return Refuse(a, $"the tag '{a.Name}' exists");
        if (await git.ResolveAsync(a.At, "commit", ct) is not { } at) return Refuse(a, $"there is no commit '{a.At}'");
        var id = at;
        if (a.Message is not null)
        {
            var date = a.Date ?? await DateAfterAsync([at], ct);
            var text = $"object {at}\ntype commit\ntag {a.Name}\ntagger {a.Author!.Name} <{a.Author.Email}> {date} +0000\n\n{a.Message.TrimEnd('\n')}\n";
            if (!(await git.TextAsync(["mktag"], ct, Encoding.UTF8.GetBytes(text))).Try(out id!, out var problem)) return problem;
        }
        Story.Add($"tag {a.Name} at {at[..12]}");
        return await MoveAsync(name, id, ct);
    }

    private async Task<Problem?> PushAsync(PushAction a, CancellationToken ct)
    {
        var refs = new SortedDictionary<string, RefMove>(StringComparer.Ordinal);
        foreach (var spec in a.Refspecs)
        {
            var parts = spec.Split(':');
            var source = Refs.Keys.FirstOrDefault(r => r == parts[0] || r == $"refs/heads/{parts[0]}" || r == $"refs/tags/{parts[0]}");
            if (source is null) return Refuse(a, $"there is no branch or tag '{parts[0]}'");
            var target = parts.Length == 1 ? source : parts[1].StartsWith("refs/", StringComparison.Ordinal) ? parts[1] : source[..(source.IndexOf('/', 5) + 1)] + parts[1];
            if (await InvalidAsync(target, ct)) return Refuse(a, $"'{target}' is no name for a ref");
            var known = a.Expect.TryGetValue(target, out var before);
            if (Remotes.IsPath(a.Remote))
            {
                if (!(await git.TextAsync(["ls-remote", "--refs", "--", a.Remote, target], ct)).Try(out var listed, out var problem)) return problem.At(a.Place);
                var now = listed.Split('\n').Select(l => l.Split('\t')).FirstOrDefault(p => p.Length == 2 && p[1] == target)?[0];
                if (known && now != before) return Refuse(a, $"the remote's {target} is {now ?? "not there"}, not {before ?? "absent"} as expected");
                before = now;
            }
            else if (!known) return Refuse(a, $"the remote cannot be asked while planning; say in 'expect' what {target} holds now");
            var after = Refs[source];
            if (before == after) continue;
            var forced = before is not null && !await IsAncestorAsync(before, after, ct);
            if (forced && !(a.Force && known)) return Refuse(a, $"{target} would not move forward; to replace it, set force and expect");
            if (!refs.TryAdd(target, new(before, after, forced))) return Refuse(a, $"{target} stands twice");
            Story.Add($"push {Short(source)} ({after[..12]}) to {a.Remote} as {target}{(before is null ? ", new" : $", from {before[..12]}")}{(forced ? ", FORCED: commits may be lost there" : "")}");
        }
        if (refs.Count == 0) return Refuse(a, "the remote has all of it already");
        Pushes.Add(new(a.Remote, refs));
        return null;
    }

    private async Task<Outcome<string>> CommitTreeAsync(string tree, IReadOnlyList<string> parents, string message, Person author, long? date, CancellationToken ct)
    {
        var at = $"{date ?? await DateAfterAsync(parents, ct)} +0000";
        var who = new Dictionary<string, string>
        {
            ["GIT_AUTHOR_NAME"] = author.Name, ["GIT_AUTHOR_EMAIL"] = author.Email, ["GIT_AUTHOR_DATE"] = at,
            ["GIT_COMMITTER_NAME"] = author.Name, ["GIT_COMMITTER_EMAIL"] = author.Email, ["GIT_COMMITTER_DATE"] = at,
        };
        return await git.TextAsync(["commit-tree", tree, .. parents.SelectMany(p => (string[])["-p", p]), "-F", "-"], ct, Encoding.UTF8.GetBytes(message.TrimEnd('\n') + "\n"), who);
    }

    /// <summary>No clock in a plan: one second after the newest parent, or the fixed epoch.</summary>
    private async Task<long> DateAfterAsync(IReadOnlyList<string> parents, CancellationToken ct)
    {
        long? newest = null;
        foreach (var parent in parents)
            if ((await git.TextAsync(["show", "-s", "--no-show-signature", "--format=%ct", parent], ct)).Try(out var text, out _) && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var at))
                newest = Math.Max(newest ?? 0, at);
        if (newest is { } found) return found + 1;
        return long.TryParse(Environment.GetEnvironmentVariable("SOURCE_DATE_EPOCH"), NumberStyles.None, CultureInfo.InvariantCulture, out var epoch) ? epoch : 0;
    }

    private async Task<Problem?> MoveAsync(string name, string to, CancellationToken ct)
    {
        var from = Refs.GetValueOrDefault(name) ?? git.Zero;
        if (!(await git.RunAsync(["update-ref", "--no-deref", name, to, from], ct)).Try(out _, out var problem)) return problem;
        Refs[name] = to;
        return null;
    }

    private async Task<Problem?> CheckOutAsync(string head, string commit, CancellationToken ct)
    {
        var from = HeadCommit;
        Head = head;
        File.WriteAllText(Path.Join(git.Directory, "HEAD"), head + "\n");
        return from is null ? ShadowRepository.Refuse("nothing can be checked out before the first commit") : await FilesAsync(from, commit, ct);
    }

    private async Task<Problem?> FilesAsync(string from, string to, CancellationToken ct)
    {
        if (await git.ResolveAsync(from, "tree", ct) is not { } old || await git.ResolveAsync(to, "tree", ct) is not { } now) return ShadowRepository.Refuse("a commit has no tree");
        if (old != now || Files is not null) Files = (Files?.From ?? old, now);
        return null;
    }

    private async Task<bool> IsAncestorAsync(string older, string newer, CancellationToken ct) =>
        (await git.RunAsync(["merge-base", "--is-ancestor", older, newer], ct, allowed: [1, 128])).Try(out var result, out _) && result.ExitCode == 0;

    private async Task<bool> InvalidAsync(string name, CancellationToken ct) => !(await git.RunAsync(["check-ref-format", name], ct)).Try(out _, out _);

    public Dictionary<string, string> NewIndex() => new() { ["GIT_INDEX_FILE"] = Path.Join(git.Session.TempDirectory, $"index-{indexes++}") };

    private static string Short(string name) => name.Replace("refs/heads/", "", StringComparison.Ordinal).Replace("refs/tags/", "", StringComparison.Ordinal);

    private static Problem Refuse(GitAction action, string why) => ShadowRepository.Refuse(why) with { Where = action.Place };
}
