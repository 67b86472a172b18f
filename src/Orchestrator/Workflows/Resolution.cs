// The end of a doubt (ORC-05): a person has looked at what a take-off did and says which it was. Both answers give the workspace free.
// Invariant: nothing is run, applied or undone here. "applied": the step counts as done, and what of its change is absent here is on record.
// "not-applied": the step failed. Either way what is missing is the business of a new plan.
using CabinCrew.Governance.Access;
using CabinCrew.Governance.Approvals;
using CabinCrew.Ledger;
using CabinCrew.Ledger.Streams;
using CabinCrew.Orchestrator.Workflows.Stages;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using static CabinCrew.Protocol.LifecycleState;

namespace CabinCrew.Orchestrator.Workflows;

/// <summary>What a person found out about a take-off in doubt.</summary>
/// <param name="Applied">Its effects outside took place; else they did not.</param>
public sealed record Finding(bool Applied, string Because)
{
    public const string AppliedWord = "applied", NotAppliedWord = "not-applied";

    public string Word => Applied ? AppliedWord : NotAppliedWord;
}

internal static class Resolution
{
    private const int NamedMax = 1000;

    /// <summary>Why this person may not, or need not, resolve; null: they may. As with approvals: a person with the role, and not who asked for the flight.</summary>
    public static Problem? Refuse(FlightState state, Caller caller, IdentityBook book, DateTimeOffset now, Finding finding)
    {
        if (string.IsNullOrWhiteSpace(finding.Because) || finding.Because.Length > ApprovalDesk.ReasonCharsMax || finding.Because.Any(c => char.IsControl(c) && c is not ('\n' or '\r' or '\t')))
            return new Problem(ProblemCode.InvalidArgument, $"say what you found: a text of at most {ApprovalDesk.ReasonCharsMax} characters, without control characters");
        var held = caller.Human && book.IsHuman(caller.Name) ? book.RolesOf(caller.Name, now).Where(h => h.Role == book.DefaultRole).ToList() : [];
        if (held.Count == 0) return new Problem(ProblemCode.ApprovalRoleMissing, $"'{caller.Name}' is no person with the role {book.DefaultRole}, who resolves what is in doubt");
        if (!book.SelfApproval && (Same(caller.Name, state.Requester) || held.TrueForAll(h => h.DelegatedFrom is { } from && Same(from, state.Requester))))
            return new Problem(ProblemCode.ApprovalBySelf, $"'{caller.Name}' requested this flight, or holds the role only in the name of who did, and cannot say what became of it");
        return Unresolved(state).Any() ? null
            : new Problem(ProblemCode.InvalidArgument, "no take-off of this flight is in doubt") { Remedy = $"See it with `cabincrew show {state.Id}`." };
    }

    /// <param name="absentOf">Of each unresolved step: the declared paths that do not stand as declared.</param>
    public static Batch Build(FlightState state, FlightAudit audit, Caller caller, Finding finding, IReadOnlyDictionary<StepId, IReadOnlyList<string>> absentOf)
    {
        var entries = new List<EntryDraft>();
        var events = new List<AuditEvent>();
        var after = state.Steps.ToDictionary(s => s.Key, s => s.Value.State);
        var absent = 0;
        Problem? failure = null;
        void Fail(StepFlight step, Problem problem)
        {
            entries.Add(FlightEntries.StepFailed(step.Id, step.State, problem, null));
            events.Add(audit.Moved(step.Id, step.State, Failed));
            after[step.Id] = Failed;
        }

        foreach (var step in Unresolved(state).ToList())
        {
            var paths = absentOf[step.Id];
            var record = new ResolutionRecord(finding.Applied, caller.Name, finding.Because, paths.Count, [.. paths.Take(NamedMax)]);
            absent += record.AbsentCount;
            entries.Add(FlightEntries.TakeOffResolved(step.Id, record));
            events.Add(audit.Event(AuditEventTypes.TakeOffResolved, step.Id, TakeoffRunning, record.Sentence, Severity.Warning, caller.Name, data: new()
            {
                ["outcome"] = finding.Word, ["because"] = finding.Because, ["absent"] = record.AbsentCount,
                ["absent_paths"] = new System.Text.Json.Nodes.JsonArray([.. record.Absent.Select(p => (System.Text.Json.Nodes.JsonNode)p)]),
            }));
            if (finding.Applied)
            {
                entries.AddRange(
                [
                    FlightEntries.Moved(step.Id, TakeoffRunning, ExecutionComplete, record.Sentence),
                    FlightEntries.StepCompleted(step.Id, [.. step.Plan!.Artifacts.Select(a => a.Name)]),
                    FlightEntries.Moved(step.Id, ExecutionComplete, Completed),
                ]);
                events.AddRange([audit.Moved(step.Id, TakeoffRunning, ExecutionComplete), audit.Moved(step.Id, ExecutionComplete, Completed)]);
                after[step.Id] = Completed;
            }
            else
            {
                Fail(step, failure ??= new Problem(ProblemCode.TakeOffNotApplied, record.Sentence).At($"step {step.Id}"));
            }
        }
        // The other steps were to fly over a workspace that has this change; it has not.
        if (absent > 0 && finding.Applied)
            foreach (var step in state.Steps.Values.Where(s => !StateMachine.IsFinal(after[s.Id])))
                Fail(step, new Problem(ProblemCode.TakeOffNotApplied, $"a step before it counts as applied, but {absent} path(s) of its change are not in the workspace").At($"step {step.Id}"));
        End(state, audit, after, failure, entries, events);
        return new() { Entries = entries, Audit = events, Lock = LockMove.Release, Intent = IntentMove.Clear };
    }

    // All done: landed. One failed: failed. Else the flight goes on with what is left.
    private static void End(FlightState state, FlightAudit audit, Dictionary<StepId, LifecycleState> after, Problem? failure, List<EntryDraft> entries, List<AuditEvent> events)
    {
        if (after.FirstOrDefault(s => s.Value == Failed) is { Value: Failed } failed)
        {
            var record = failure is not null ? ProblemRecord.From(failure)
                : state.Steps[failed.Key].Problem ?? ProblemRecord.From(new Problem(ProblemCode.TakeOffNotApplied, "a step could not fly any more").At($"step {failed.Key}"));
            entries.Add(FlightEntries.Failed(record, failed.Key, state.Steps[failed.Key].FailureLog));
            events.Add(audit.Event(AuditEventTypes.WorkflowFailed, failed.Key, Failed, $"{record.Code}: {record.Message}", Severity.Error));
        }
        else if (after.Values.All(s => s == Completed))
        {
            entries.Add(FlightEntries.Landed(state));
            events.Add(audit.Event(AuditEventTypes.WorkflowCompleted, null, Completed, "every step landed, or was found to be applied"));
        }
    }

    /// <summary>The declared paths that do not stand as declared: the view died with its run, so that is usually all of them.</summary>
    public static async Task<Outcome<IReadOnlyDictionary<StepId, IReadOnlyList<string>>>> AbsentAsync(LedgerRoom ledger, FlightState state, CancellationToken ct)
    {
        var found = new Dictionary<StepId, IReadOnlyList<string>>();
        var workspace = state.Definition.Workspace;
        try
        {
            foreach (var step in Unresolved(state))
            {
                IReadOnlyList<ChangeRecord> declared = step.TakeOff?.Changes ?? step.Plan?.Changes ?? [];
                List<string> absent = [.. WorkspaceCommit.Absent(workspace, [.. declared.Select(c => c.ToChange())]).Select(p => p.ToString())];
                if (step is { TakeOff: null, Plan: not null })
                {
                    if (!(await FrozenPlans.LoadAsync(ledger, StepContext.Tenant, state, step.Id, ct).ConfigureAwait(false)).Try(out var frozen, out var problem)) return problem;
                    if (!frozen.Git().Try(out var declaration, out problem)) return problem;
                    if (declaration.Git is { } git) absent.AddRange(GitReferences.NotMoved(git, GitReferences.Of(workspace)).Select(name => $".git/{name}"));
                }
                found[step.Id] = absent;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return new Problem(ProblemCode.WorkspaceUnreadable, e.Message) { Where = workspace };
        }
        return found;
    }

    // Also a change that was decided and can no longer be completed: the workspace was touched in between. While it can be, resume does it.
    private static IEnumerable<StepFlight> Unresolved(FlightState state) => state.Steps.Values.Where(s => s.State == TakeoffRunning
        && (s.InDoubt is not null || (s.TakeOff is { } record && WorkspaceCommit.Precheck(state.Definition.Workspace, [.. record.Changes.Select(c => c.ToChange())], redo: true).Problem is not null)));

    private static bool Same(string a, string b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);
}
