// The workspace moved under a plan (TOK-06): fail as stale, or plan anew where the workflow says so or its own sibling moved it.
// A new plan is always safe: it gets a new token, a new judgement and new approvals. But it is not made for ever.
using CabinCrew.Ledger.Streams;
using CabinCrew.Orchestrator.Workspaces;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using static CabinCrew.Protocol.LifecycleState;

namespace CabinCrew.Orchestrator.Workflows.Stages;

internal static class Drift
{
    /// <summary>Besides one plan for each step of the workflow, since each may move the workspace once.</summary>
    public const int PlansMax = 16;

    /// <param name="planned">The workspace's hash that the plan was made on.</param>
    /// <param name="cause">What came of it, when it was not found by looking.</param>
    public static async Task<StageEnd> AnswerAsync(StepContext c, Digest planned, Digest now, Problem? cause, CancellationToken ct)
    {
        var flight = c.Flight;
        var drift = new Problem(ProblemCode.WorkspaceDrift, "the workspace moved since the plan was made").At($"step {c.Id}")
            .With("planned", planned.ToString()).With("now", now.ToString());
        var begun = c.Journal.State.Timeline.FindLast(t => t.Sequence == flight.PlannedAt);
        if (begun is not null && RecentChanges.Describe(c.WorkflowDefinition.Workspace, begun.Timestamp, ct) is { } paths)
            drift = drift with { Message = $"{drift.Message}; newer than the plan: {paths}" };
        if (cause is not null) drift = drift.With("cause", cause.ToString());
        var sibling = c.Journal.State.Steps.Values.FirstOrDefault(s => s.Id != c.Id && s.CompletedAt > flight.PlannedAt);
        if (sibling is null && c.WorkflowDefinition.OnDrift == DriftAnswer.Fail) return drift;
        if (flight.PlanRuns >= PlansMax + c.WorkflowDefinition.Steps.Count)
            return drift with { Message = $"the workspace does not come to rest: it moved again after {flight.PlanRuns} plans", Remedy = "Stop what keeps changing it, then run the workflow again." };

        var reason = sibling is null ? "on_drift: replan" : $"step {sibling.Id} of this workflow took off since";
        List<(LifecycleState From, LifecycleState To, string Why)> moves = flight.State switch
        {
            PlanRunning => [],
            TakeoffRunning => [(TakeoffRunning, ReadyForTakeoff, "refused before the engine ran"), (ReadyForTakeoff, PlanRunning, reason)],
            var from => [(from, PlanRunning, reason)],
        };
        var replanned = await c.Journal.CommitAsync(_ => new()
        {
            Entries = [.. moves.Select(m => FlightEntries.Moved(c.Id, m.From, m.To, m.Why))],
            Audit = [c.Audit.Problem(AuditEventTypes.WorkspaceDrift, c.Id, flight.State, drift), .. moves.Select(m => c.Audit.Moved(c.Id, m.From, m.To))],
            Lock = flight.State == TakeoffRunning ? LockMove.Release : LockMove.None,
        }, ct).ConfigureAwait(false);
        if (!replanned.Try(out _, out var problem)) return problem;
        c.Tell(PlanRunning, $"the workspace moved ({reason}): planning anew");
        return StageEnd.Moved;
    }
}
