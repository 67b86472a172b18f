// What follows a take-off's engine: redo from the commit marker, completion, and what a node finds when the owner of a take-off died (ORC-05).
// Invariant: before the marker everything is thrown away, after it the change is completed; an outcome that nobody knows is in doubt, never guessed.
using CabinCrew.Governance.Files;
using CabinCrew.Ledger;
using CabinCrew.Ledger.Streams;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using static CabinCrew.Protocol.LifecycleState;

namespace CabinCrew.Orchestrator.Workflows.Stages;

internal static class TakeOffRecovery
{
    /// <summary>A step that was taking off when its owner died.</summary>
    public static async Task<StageEnd> RunAsync(StepContext c, CancellationToken ct)
    {
        using var alone = await c.Gate.AloneAsync(ct).ConfigureAwait(false);
        var step = c.Flight;
        if (step.InDoubt is { } doubt) return StageEnd.InDoubt(Doubt(c, doubt));
        if (step.TakeOff is not null) return await RedoAsync(c, redo: true, ct).ConfigureAwait(false);
        if (step.Intent) return await InDoubtAsync(c, "take-off was cut off and may have had effects outside", ct).ConfigureAwait(false);
        return await RollBackAsync(c, "rolled back after a restart", ct).ConfigureAwait(false);
    }

    /// <summary>Nothing outside, nothing committed: the view died with its process. Back to where the approval stands.</summary>
    public static async Task<StageEnd> RollBackAsync(StepContext c, string reason, CancellationToken ct)
    {
        (LifecycleState From, LifecycleState To)[] moves = c.Flight.Request is null
            ? [(TakeoffRunning, ReadyForTakeoff)]
            : [(TakeoffRunning, Approved), (Approved, ReadyForTakeoff)];
        var rolledBack = await c.Journal.CommitAsync(_ => new()
        {
            Entries = [.. moves.Select(m => FlightEntries.Moved(c.Id, m.From, m.To, m.From == TakeoffRunning ? reason : null))],
            Audit = [.. moves.Select(m => c.Audit.Moved(c.Id, m.From, m.To))],
            Lock = LockMove.Release,
        }, ct).ConfigureAwait(false);
        return rolledBack.Try(out _, out var problem) ? StageEnd.Moved : problem;
    }

    /// <summary>From the commit marker to the end: idempotent, so that after a crash it is simply run again.</summary>
    public static async Task<StageEnd> RedoAsync(StepContext c, bool redo, CancellationToken ct)
    {
        var workspace = c.WorkflowDefinition.Workspace;
        var changes = c.Flight.TakeOff!.Changes.Select(ch => ch.ToChange()).ToList();
        if (Elsewhere(workspace) is { } elsewhere) return await UnfinishedAsync(c, elsewhere).ConfigureAwait(false);
        if (redo) Failpoint.Reach("redo precheck");
        if (redo && !WorkspaceCommit.Precheck(workspace, changes, redo: true).Try(out _, out var problem)) return await UnfinishedAsync(c, problem).ConfigureAwait(false);
        if (redo) Failpoint.Reach("redo apply");
        var applied = WorkspaceCommit.Apply(workspace, changes, digest => c.Ledger.Blobs.GetAsync(StepContext.Tenant, digest, ct).GetAwaiter().GetResult(), () => c.Journal.StillOurs, CancellationToken.None);
        if (applied.Try(out _, out problem)) return await CompleteAsync(c, ct).ConfigureAwait(false);
        return problem.Code switch
        {
            ProblemCode.WorkspaceLocked => StageEnd.Waiting(problem.At($"step {c.Id}")),
            ProblemCode.StoreFenced => problem,
            _ => await UnfinishedAsync(c, problem).ConfigureAwait(false),
        };
    }

    /// <summary>The workspace is known by its path without links (WorkflowDefinition): with a link on the way now, another directory would be meant.</summary>
    public static Problem? Elsewhere(string workspace) => CanonicalPath.Of(workspace) == workspace ? null
        : new Problem(ProblemCode.WorkspaceDrift, "the workspace is gone from its place, or a link stands there now") { Where = workspace };

    /// <summary>A change that is half applied is neither undone nor forgotten: it keeps its marker and its lock, and resume goes on.</summary>
    public static async Task<StageEnd> UnfinishedAsync(StepContext c, Problem why)
    {
        var problem = c.Redacted(why.At($"step {c.Id}") with { Remedy = "Mend the cause, then `cabincrew resume`: the change will be completed." });
        var told = await c.Journal.CommitAsync(_ => Batch.Nothing with { Audit = [c.Audit.Problem(AuditEventTypes.ProblemReported, c.Id, TakeoffRunning, problem)] }, CancellationToken.None).ConfigureAwait(false);
        return told.Try(out _, out var unwritten) ? StageEnd.InDoubt(problem) : unwritten;
    }

    public static async Task<StageEnd> CompleteAsync(StepContext c, CancellationToken ct)
    {
        var done = await c.Journal.CommitAsync(state =>
        {
            var step = state.Steps[c.Id];
            var executed = step.State == TakeoffRunning;
            var isLast = state.Steps.Values.All(s => s.Id == step.Id || s.State == Completed);
            return new()
            {
                Entries =
                [
                    .. executed ? [FlightEntries.Moved(c.Id, TakeoffRunning, ExecutionComplete)] : Array.Empty<EntryDraft>(),
                    FlightEntries.StepCompleted(c.Id, [.. step.Plan!.Artifacts.Select(a => a.Name)]),
                    FlightEntries.Moved(c.Id, ExecutionComplete, Completed),
                    .. isLast ? [FlightEntries.Landed(state)] : Array.Empty<EntryDraft>(),
                ],
                Audit =
                [
                    .. executed ? [c.Audit.Moved(c.Id, TakeoffRunning, ExecutionComplete)] : Array.Empty<AuditEvent>(),
                    c.Audit.Moved(c.Id, ExecutionComplete, Completed),
                    .. isLast ? c.Audit.Landed(state) : [],
                ],
                Lock = LockMove.Release,
                // Lost in a power cut, the redo finds everything in its after state and says the same again. But the end of a flight is durable.
                Deferred = !isLast,
            };
        }, ct).ConfigureAwait(false);
        if (!done.Try(out _, out var problem)) return problem;
        c.Tell(Completed, $"applied exactly as declared, paths changed: {c.Flight.TakeOff!.Changes.Count}");
        return StageEnd.Moved;
    }

    public static async Task<StageEnd> InDoubtAsync(StepContext c, string reason, CancellationToken ct)
    {
        var doubt = Doubt(c, c.Ledger.Redactor.Redact(reason));
        var marked = await c.Journal.CommitAsync(_ => new()
        {
            Entries = [FlightEntries.TakeOffInDoubt(c.Id, reason)],
            Audit = [c.Audit.Problem(AuditEventTypes.TakeOffInDoubt, c.Id, TakeoffRunning, doubt)],
            MarkInDoubt = true,
        }, ct).ConfigureAwait(false);
        return marked.Try(out _, out var problem) ? StageEnd.InDoubt(doubt) : problem;
    }

    private static Problem Doubt(StepContext c, string reason) => new Problem(ProblemCode.TakeOffOutcomeUnknown, reason).At($"step {c.Id}");
}
