// What a plan says about refs against the real commits (ENG-09): where each stood, whether it moves forward, and that what its new commits change was shown.
// Invariant: a ref moves to nothing that reviewers were not shown, commit by commit or as one patch; a history that cannot be read counts as not shown.
using CabinCrew.Orchestrator.Artifacts;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;

namespace CabinCrew.Orchestrator.Workspaces;

internal static class GitClaims
{
    /// <summary>While planning: where refs stand, and what can be told of commits that are there already. The rest waits for the take-off, which brings its objects.</summary>
    public static Outcome<Done> CheckPlanned(ValidatedPlan plan, string workspace) => Check(plan, workspace, [], planning: true);

    /// <summary>At take-off, with everything that it adds, and before any of it is applied.</summary>
    public static Outcome<Done> CheckActual(ValidatedPlan plan, string workspace, IReadOnlyList<FileWrite> actual) => Check(plan, workspace, actual, planning: false);

    private static Outcome<Done> Check(ValidatedPlan plan, string workspace, IReadOnlyList<FileWrite> added, bool planning)
    {
        if (plan.Git is not { } git) return Done.Ok;
        try
        {
            var now = GitReferences.Of(workspace);
            using var repository = GitRepository.Open(workspace, added);
            var check = new RefCheck(plan, git, new(repository), GitEvidence.Of(plan), planning);
            foreach (var (name, (before, after)) in git.Refs)
            {
                var stands = now.GetValueOrDefault(name);
                if (stands != before) return Refuse(name, $"the plan says that it stands at {before ?? "nothing"}, but it stands at {stands ?? "nothing"}", planning);
                if (after is null && GitReferences.IsPacked(workspace, name)) return Refuse(name, "it is packed, so that deleting its file would only uncover the packed one", planning);
                if (after is not null && check.Fault(name, before, after) is { } why) return Refuse(name, why, planning);
            }
            if (git.Head is { } head && GitNames.IsObjectId(head) && check.Fault("HEAD", null, head) is { } fault) return Refuse("HEAD", fault, planning);
            return Done.Ok;
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            return Refuse("refs", $"the repository cannot be read: {e.Message}", planning);
        }
    }

    private static Problem Refuse(string name, string why, bool planning) =>
        new Problem(planning ? ProblemCode.ArtifactGitClaim : ProblemCode.TakeOffUndeclaredChange, $".git/{name}: {why}") { Where = $".git/{name}" }.With("ref", name);
}

/// <param name="planning">What is not there yet is no fault.</param>
internal sealed class RefCheck(ValidatedPlan plan, DeclaredGit git, GitHistory history, GitEvidence shown, bool planning)
{
    private readonly Dictionary<WorkspacePath, FileChange> declared = plan.Changes.ToDictionary(w => w.Change.Path, w => w.Change);

    /// <summary>Why this move is not what the plan says and shows; null: it is.</summary>
    public string? Fault(string name, string? before, string after)
    {
        if (planning && !history.Repository.Has(after)) return null;
        if (history.Peel(after) is not { } tip) return $"{after} is no commit, nor a tag of one, that can be read";
        if (before is not null && !git.Forced.Contains(name) && (history.Peel(before) is not { } old || !history.IsAncestor(old.Id, tip)))
            return $"it does not move forward: {before[..12]} would be lost from it, and the plan does not say that the move is forced";
        try
        {
            return NotShown(name, before, after, tip);
        }
        catch (InvalidDataException e)
        {
            return $"what the move changes cannot be compared with what the plan shows: {e.Message}";
        }
    }

    private string? NotShown(string name, string? before, string after, GitCommit tip)
    {
        var fresh = history.NewCommits(tip);
        var from = history.Base(tip);
        var whole = before is null ? from : history.Peel(before)?.Id ?? throw new InvalidDataException($"the commit {before} is not there");
        // One by one, from where the ref stood.
        if (fresh.Count > 0 && from == whole && fresh.All(c => shown.Commits.ContainsKey(c.Id)))
            return fresh.Select(c => Mismatch(shown.Commits[c.Id], c.Parents is [var first, ..] ? first : null, c.Id) is { } why ? $"the commit {c.Id[..12]} is not what the plan shows: {why}" : null).FirstOrDefault(w => w is not null);
        // As one change. What new commits do to each other would stay unseen, so there may be but one.
        if (fresh.Count > 1) return $"it brings {fresh.Count} new commits, and not each of them is shown";
        if (before is not null && shown.Refs.TryGetValue($"{name} {before}..{after}", out var patch)) return Mismatch(patch, whole, tip.Id) is { } why ? $"the move is not what the plan shows: {why}" : null;
        return Undeclared(whole, tip.Id);
    }

    /// <summary>The tree's change is, path by path, one that the plan declares for the workspace's files.</summary>
    private string? Undeclared(string? from, string to)
    {
        foreach (var change in history.Difference(history.TreeOf(from), history.TreeOf(to)))
        {
            var write = history.Write(change);
            if (!declared.TryGetValue(write.Change.Path, out var said)) return $"its new commit changes {change.Path}, which the plan does not show";
            if (said != write.Change) return $"its new commit has another {change.Path} than the plan shows";
        }
        return null;
    }

    private string? Mismatch(ReadOnlyMemory<byte> patch, string? from, string to)
    {
        var tree = history.TreeOf(from);
        var real = history.Difference(tree, history.TreeOf(to)).Select(history.Write).ToDictionary(w => w.Change.Path, w => w.Change);
        IReadOnlyList<FileWrite> said = [];
        if (!patch.IsEmpty && !GitPatch.Parse(patch).Then(set => GitPatch.Apply(set, history.Reader(tree))).Try(out said!, out var problem)) return $"the patch shown does not fit: {problem.Message}";
        foreach (var write in said)
        {
            if (!real.Remove(write.Change.Path, out var change)) return $"{write.Change.Path} is shown as changed, and is not";
            if (change != write.Change) return $"{write.Change.Path} becomes something else than is shown";
        }
        return real.Count > 0 ? $"{real.Keys.Order().First()} changes, and that is not shown" : null;
    }
}
