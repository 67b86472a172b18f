// Plan: evidence "commits" (structured_plan: refs, HEAD, index, remote, and the commits as text), evidence "changes" (git_diff, where files of the workspace change),
// state "bundle" (a git bundle of the new objects). Take-off: GitTakeOff.cs.
using System.Text;
using System.Text.Json.Nodes;
using CabinCrew.EngineSdk;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Engines.Git;

internal sealed class GitEngine : Engine
{
    public const string Commits = "commits", Changes = "changes", Bundle = "bundle";
    private const int TextBytesMax = 16 << 20;

    public override string Id => "git";

    protected override async Task<Outcome<Done>> PlanAsync(FlightPlan plan, CancellationToken ct)
    {
        if (!GitActions.Read(Settings.Of(plan.Config)).Try(out var actions, out var problem)) return problem;
        if (!ShadowRepository.Open(plan).Try(out var git, out problem)) return problem;
        var planner = new GitPlanner(git);
        foreach (var action in actions)
            if (await planner.DoAsync(action, ct) is { } refused) return refused;

        if (planner.Files is var (from, to))
        {
            if (!(await TreeMove.WritesAsync(git, planner, from, to, ct)).Try(out var writes, out problem)) return problem;
            if (writes.Count > 0) plan.DeclareChanges(Changes, writes, type: ArtifactTypes.GitDiff);
        }
        var moved = planner.Refs.Where(r => git.Refs.GetValueOrDefault(r.Key) != r.Value).ToDictionary(r => r.Key, r => new RefMove(git.Refs.GetValueOrDefault(r.Key), r.Value), StringComparer.Ordinal);
        if (!(await NewObjectsAsync(git, moved, ct)).Try(out var bundle, out problem)) return problem;
        if (bundle.Length > 0)
            plan.WriteArtifact(Bundle, new() { Type = "git_bundle", Action = "apply", Role = ArtifactRole.State, Mime = "application/x-git-bundle", Metadata = WireJson.ToElement(new JsonObject { ["size"] = bundle.Length }) }, bundle);
        if (!(await TextAsync(git, moved, ct)).Try(out var text, out problem)) return problem;
        plan.WriteArtifact(Commits, new()
        {
            Type = ArtifactTypes.StructuredPlan,
            Action = planner.Pushes.Count > 0 ? "push" : "update",
            Role = ArtifactRole.Evidence,
            Mime = text.Length > 0 ? "text/x-diff" : null,
            Metadata = WireJson.ToElement(Metadata(git, planner, moved)),
        }, text);
        return Done.Ok;
    }

    protected override Task<Outcome<Done>> TakeOffAsync(TakeOff takeOff, CancellationToken ct) => new GitTakeOff(takeOff).RunAsync(ct);

    private static JsonObject Metadata(ShadowRepository git, GitPlanner planner, Dictionary<string, RefMove> moved)
    {
        var metadata = new JsonObject
        {
            ["summary"] = string.Join("; ", planner.Story),
            ["steps"] = new JsonArray([.. planner.Story.Select(s => (JsonNode)s)]),
        };
        if (moved.Count > 0 || planner.Head != git.Head)
            metadata["git"] = new JsonObject
            {
                ["refs"] = Refs(moved),
                ["head"] = planner.Head == git.Head ? null : planner.Head,
                // The index follows HEAD's commit, path by path; nothing that is staged otherwise is lost.
                ["index"] = planner.HeadCommit != StartCommit(git),
            };
        if (planner.Pushes.Count > 0)
            metadata["outside"] = new JsonArray([.. planner.Pushes.Select(p => (JsonNode)new JsonObject { ["remote"] = p.Remote, ["refs"] = Refs(p.Refs) })]);
        return metadata;
    }

    public static string? StartCommit(ShadowRepository git) => git.Head.StartsWith("ref: ", StringComparison.Ordinal) ? git.Refs.GetValueOrDefault(git.Head[5..]) : git.Head;

    private static JsonObject Refs(IEnumerable<KeyValuePair<string, RefMove>> moves)
    {
        var refs = new JsonObject();
        foreach (var (name, move) in moves.OrderBy(m => m.Key, StringComparer.Ordinal))
        {
            var shown = new JsonObject { ["before"] = move.Before, ["after"] = move.After };
            if (move.Forced) shown["forced"] = true;
            refs[name] = shown;
        }
        return refs;
    }

    /// <summary>A bundle of what the workspace does not have yet; empty when there is nothing of the kind.</summary>
    private static async Task<Outcome<byte[]>> NewObjectsAsync(ShadowRepository git, Dictionary<string, RefMove> moved, CancellationToken ct)
    {
        // A ref on an object that is already there would make git refuse an empty bundle.
        var names = new List<string>();
        foreach (var (name, move) in moved)
            if (!await HasAsync(git, move.After, ct)) names.Add(name);
        if (names.Count == 0) return (byte[])[];
        names.Sort(StringComparer.Ordinal);
        var revisions = string.Concat(names.Concat(git.Refs.Values.Distinct().Order(StringComparer.Ordinal).Select(id => $"^{id}")).Select(r => r + "\n"));
        return (await git.RunAsync(["bundle", "create", "--quiet", "-", "--stdin"], ct, Encoding.UTF8.GetBytes(revisions), outputMax: 256 << 20))
            .Then(r => r.OutputCut ? ShadowRepository.Refuse("the bundle of new objects is larger than 256 MiB") : (Outcome<byte[]>)r.Output);
    }

    private static async Task<bool> HasAsync(ShadowRepository git, string id, CancellationToken ct) =>
        (await git.RunAsync(["cat-file", "-e", id], ct, variables: new Dictionary<string, string> { ["GIT_OBJECT_DIRECTORY"] = Path.Join(git.WorkspaceGit, "objects") }, allowed: [1, 128])).Try(out var result, out _) && result.ExitCode == 0;

    /// <summary>The new commits with their differences, oldest first, for reviewers and policies; then each ref that moves to a commit which is there already, as one difference.</summary>
    private static async Task<Outcome<byte[]>> TextAsync(ShadowRepository git, Dictionary<string, RefMove> moved, CancellationToken ct)
    {
        if (moved.Count == 0) return (byte[])[];
        var revisions = string.Concat(moved.Keys.Order(StringComparer.Ordinal).Concat(git.Refs.Values.Distinct().Order(StringComparer.Ordinal).Select(id => $"^{id}")).Select(r => r + "\n"));
        var log = await git.RunAsync(["log", "--stdin", "--topo-order", "--reverse", "--patch", "--diff-merges=first-parent", "--binary", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color",
            "--no-show-signature", "--no-notes", "--no-decorate", "--date=iso-strict", "--format=fuller"], ct, Encoding.UTF8.GetBytes(revisions), outputMax: TextBytesMax);
        if (!log.Try(out var told, out var problem)) return problem;
        var text = new MemoryStream();
        text.Write(told.Output);
        var cut = told.OutputCut;
        foreach (var (name, move) in moved.OrderBy(m => m.Key, StringComparer.Ordinal))
        {
            if (move.Before is null || !await HasAsync(git, move.After, ct)) continue;
            if (!(await git.RunAsync(["diff-tree", "-r", "-p", "--binary", "--full-index", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color", move.Before, move.After], ct, outputMax: TextBytesMax)).Try(out var difference, out problem)) return problem;
            cut |= difference.OutputCut;
            text.Write(Encoding.UTF8.GetBytes($"{(text.Length > 0 ? "\n" : "")}ref {name} {move.Before}..{move.After}\n"));
            text.Write(difference.Output);
        }
        return cut || text.Length > TextBytesMax ? ShadowRepository.Refuse($"the differences of the commits are larger than {TextBytesMax} bytes; plan fewer at once") : text.ToArray();
    }
}
