// Makes of a landed flight a new one that puts back what it changed (a flight like any other: planned, judged, approved, applied, audited).
// Invariant: nothing is put back over later work. Each path and ref must stand as the take-off left it (or already as it was before), else all of it is refused.
using System.Text;
using CabinCrew.Ledger;
using CabinCrew.Orchestrator.Artifacts;
using CabinCrew.Orchestrator.Posix;
using CabinCrew.Orchestrator.Workflows.Stages;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Changes;
using CabinCrew.Protocol.Wire;
using static CabinCrew.Protocol.LifecycleState;

namespace CabinCrew.Orchestrator.Workflows;

internal sealed record UndoFlight(WorkflowDefinition Definition, UndoesRecord Undoes, IReadOnlyList<string> Notes);

internal sealed class UndoPlanner(LedgerRoom ledger, FlightState flight)
{
    private const int NamedMax = 50;
    private const int ShownBytesMax = 16 << 20;

    private readonly List<string> moved = [];
    private readonly List<string> notes = [];
    private readonly List<ReadOnlyMemory<byte>> blobs = [];

    private string Workspace => flight.Definition.Workspace;

    /// <param name="only">One step; null: all that landed.</param>
    public async Task<Outcome<UndoFlight>> PlanAsync(StepId? only, CancellationToken ct)
    {
        if (!Landed(only).Try(out var steps, out var problem)) return problem;
        var landed = new List<(StepFlight, DeclaredGit?)>();
        foreach (var step in steps)
        {
            if (!(await FrozenPlans.LoadAsync(ledger, TenantId.Local, flight, step.Id, ct).ConfigureAwait(false)).Try(out var frozen, out problem)) return problem;
            if (!frozen.Git().Try(out var git, out problem)) return problem;
            landed.Add((step, git.Git));
        }
        if (!UndoneChanges.Of(landed).Try(out var undone, out problem)) return problem.At($"workflow {flight.Id}");
        foreach (var step in steps) NoteOutside(step);
        try
        {
            if (!(await ListAsync(undone, ct).ConfigureAwait(false)).Try(out var list, out problem)) return problem.At($"workflow {flight.Id}");
            var bytes = list.ToBytes();
            blobs.Add(bytes);
            if (!(await ledger.Blobs.PutAheadAsync(TenantId.Local, blobs, ct).ConfigureAwait(false)).Try(out _, out problem)) return problem;
            return new UndoFlight(Definition(steps, Digest.Of(bytes)), new(flight.Id.ToString(), [.. steps.Select(s => s.Id.ToString())]), notes);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            return new Problem(ProblemCode.WorkspaceUnreadable, e.Message) { Where = Workspace };
        }
    }

    private Outcome<IReadOnlyList<StepFlight>> Landed(StepId? only)
    {
        var asked = flight.Steps.Values.Where(s => only is null || s.Id == only).ToList();
        if (asked.Count == 0) return new Problem(ProblemCode.NotFound, $"workflow {flight.Id} has no step '{only}'; it has {string.Join(", ", flight.Steps.Keys)}");
        var steps = asked.Where(s => s is { State: Completed, TakeOff: not null }).OrderBy(s => s.CompletedAt).ToList();
        if (steps.Count == 0) return Impossible(asked.Any(s => s.Resolution is { Applied: true })
            ? "its take-off counts as applied by a person's word; what it changed was not seen, and was not kept"
            : "no take-off of it landed, so nothing of it was applied");
        if (steps.TrueForAll(s => s.TakeOff!.Changes.Count == 0))
            return Impossible(steps.Exists(s => flight.DefinitionOf(s.Id).HasOutsideEffects)
                ? $"it changed nothing in the workspace; what it did outside ({Outside(steps)}) cannot be undone here, only where it happened"
                : "it changed nothing");
        return steps;
    }

    private async Task<Outcome<RestoreList>> ListAsync(UndoneChanges undone, CancellationToken ct)
    {
        var changes = new List<ChangeRecord>();
        var special = new Dictionary<string, FileChange>(StringComparer.Ordinal);
        using (var root = DirectoryHandle.Open(Workspace))
            foreach (var change in undone.Files)
            {
                var path = change.Path.ToString();
                var now = WorkspaceTree.StateOf(root, change.Path);
                if (now == change.Before && path != UndoneChanges.Index) notes.Add($"{path} stands as it was before already");
                else if (now == change.After && path is UndoneChanges.Head or UndoneChanges.Index) special[path] = change;
                else if (now == change.After) changes.Add(new ChangeRecord(path, ChangeRecord.From(change).After, ChangeRecord.From(change).Before));
                // Git writes the index anew at every look at the files: that is nobody's work, and nothing depends on its being put back.
                else if (path == UndoneChanges.Index) notes.Add("git's index has been written since and stays as it is; `git reset` brings it in line with HEAD");
                else moved.Add(path);
            }
        foreach (var change in changes)
            if (change.After is { } kept && (await ledger.Blobs.GetAsync(TenantId.Local, kept.Content, ct).ConfigureAwait(false)).Problem is { } lost)
                return lost.Code == ProblemCode.BlobMissing ? Impossible($"what {change.Path} held before was not kept: it is too large for a plan to put back, or the flight is older than undo") : lost;
        var git = Git(undone, special);
        if (moved.Count > 0)
            return new Problem(ProblemCode.UndoMovedOn, $"no longer as the take-off left it: {string.Join(", ", moved.Take(5))}{(moved.Count > 5 ? $" and {moved.Count - 5} more" : "")}")
                .With("paths", string.Join('\n', moved.Take(NamedMax))).With("paths_count", $"{moved.Count}");
        if (!git.Try(out var restored, out var problem)) return problem;
        if (restored.Index is { } index)
        {
            var kept = await ledger.Blobs.GetAsync(TenantId.Local, index, ct).ConfigureAwait(false);
            if (kept.Problem is { Code: not ProblemCode.BlobMissing } broken) return broken;
            var bytes = kept.Ok ? GitIndexTimes.Without(kept.Value.Span) : null;
            if (bytes is not null) blobs.Add(bytes);
            else notes.Add("git's index was not kept, or is none that we understand, and stays as it is; `git reset` brings it in line with HEAD");
            restored = restored with { Index = bytes is null ? null : Digest.Of(bytes) };
        }
        if (special.GetValueOrDefault(UndoneChanges.Head)?.Before is { } head)
        {
            if (!(await ledger.Blobs.GetAsync(TenantId.Local, head.Content, ct).ConfigureAwait(false)).Try(out var text, out problem)) return problem;
            restored = restored with { Head = Encoding.UTF8.GetString(text.Span).TrimEnd('\n') };
        }
        var any = restored.Refs.Count > 0 || restored.Head is not null || restored.Index is not null;
        return changes.Count > 0 || any ? new RestoreList(changes, any ? restored : null, notes) : Impossible("everything stands as it was before already");
    }

    private Outcome<RestoredGit> Git(UndoneChanges undone, Dictionary<string, FileChange> special)
    {
        var refs = new SortedDictionary<string, RestoredRef>(StringComparer.Ordinal);
        var text = new MemoryStream();
        var index = special.GetValueOrDefault(UndoneChanges.Index)?.Before?.Content;
        if (undone.Refs.Count == 0) return new RestoredGit(refs, null, index, null);
        var now = GitReferences.Of(Workspace);
        using var repository = GitRepository.Open(Workspace, []);
        var history = new GitHistory(repository);
        foreach (var (name, (then, left)) in undone.Refs)
        {
            var stands = now.GetValueOrDefault(name);
            if (stands == then) notes.Add($"{name} stands as it was before already");
            else if (stands != left) moved.Add(name);
            else if (then is null && now.GetValueOrDefault("HEAD") == $"ref: {name}" && !special.ContainsKey(UndoneChanges.Head)) moved.Add($"{name} (it is checked out)");
            else if (then is null && GitReferences.IsPacked(Workspace, name)) return Impossible($"git has packed {name} since; delete it with git");
            else if (then is not null && history.Peel(then) is not { }) return Impossible($"the commit {then} that {name} stood at is no longer in the repository");
            else
            {
                var forced = then is not null && left is not null && !(history.Peel(left) is { } old && history.Peel(then) is { } back && history.IsAncestor(old.Id, back));
                refs[name] = new(left, then, forced);
                if (then is not null && left is not null) Show(history, name, left, then, text);
            }
        }
        if (text.Length > ShownBytesMax) return Impossible($"what the references would change back is more than {ShownBytesMax} bytes, too much to be shown");
        if (text.Length == 0) return new RestoredGit(refs, null, index, null);
        blobs.Add(text.ToArray());
        return new RestoredGit(refs, null, index, Digest.Of(text.ToArray()));
    }

    private static void Show(GitHistory history, string name, string from, string to, MemoryStream into)
    {
        var (old, now) = (history.TreeOf(from), history.TreeOf(to));
        if (into.Length > 0) into.WriteByte((byte)'\n');
        into.Write(Encoding.UTF8.GetBytes($"ref {name} {from}..{to}\n"));
        into.Write(GitPatch.Write(history.Difference(old, now).Select(history.Write), history.Reader(old)));
    }

    private WorkflowDefinition Definition(IReadOnlyList<StepFlight> steps, Digest list)
    {
        var needs = steps.SelectMany(s => flight.DefinitionOf(s.Id).Approvals).GroupBy(n => n.Role, StringComparer.Ordinal).Select(g => new RoleNeed(g.Key, g.Max(n => n.Count)));
        return flight.Definition with
        {
            Name = NameFor(flight.Id),
            OnDrift = DriftAnswer.Fail,
            Steps =
            [
                new()
                {
                    Id = StepId.Parse("undo"),
                    Engine = Engines.EngineCatalog.Undo,
                    Config = StepDefinitionJson.JsonOf(w =>
                    {
                        w.WriteStartObject();
                        w.WriteString("undoes", flight.Id.ToString());
                        StepDefinitionJson.WriteStrings(w, "steps", steps.Select(s => s.Id.ToString()));
                        w.WriteString("restores", list.ToString());
                        w.WriteEndObject();
                    }),
                    Secrets = new Dictionary<string, SecretSource>(),
                    Needs = [],
                    Context = new Dictionary<string, ContextSource>(),
                    Approvals = [.. needs],
                    Restores = list,
                },
            ],
        };
    }

    public static string NameFor(WorkflowId undone) => $"undo-of-{undone}";

    private void NoteOutside(StepFlight step)
    {
        if (flight.DefinitionOf(step.Id).HasOutsideEffects)
            notes.Add($"what step {step.Id} did outside the workspace ({Outside([step])}) is NOT undone: that cannot be done from here");
    }

    private string Outside(IEnumerable<StepFlight> steps) => string.Join(", ", steps.Select(s => flight.DefinitionOf(s.Id)).SelectMany(d => d.UnrestrictedTakeOff || d.Network?.Reaches(EngineMode.TakeOff) == true ? d.Outside.Prepend("the network") : d.Outside).Distinct());

    private Problem Impossible(string why) => new(ProblemCode.UndoImpossible, why) { Where = $"workflow {flight.Id}" };
}
