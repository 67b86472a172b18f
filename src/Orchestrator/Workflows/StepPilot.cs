// Flies one step from state to state until it rests: done, failed, waiting for a person, or at the goal. The stage runner of the house:
// here a bug becomes FAILED with an audit event, and a cancelled run stays where its log says it is.
using System.Collections.Immutable;
using CabinCrew.Ledger.Streams;
using CabinCrew.Orchestrator.Workflows.Stages;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using static CabinCrew.Protocol.LifecycleState;

namespace CabinCrew.Orchestrator.Workflows;

/// <summary>How far a flight is to go.</summary>
public enum FlightGoal
{
    /// <summary>Plan and judge; apply nothing.</summary>
    Plan,

    /// <summary>As far as approvals allow.</summary>
    Land,
}

internal static class StepPilot
{
    /// <param name="planning">Cancelled when a sibling failed: stops planning, never a take-off.</param>
    public static async Task<StageEnd> FlyAsync(StepContext c, FlightGoal goal, CancellationToken planning, CancellationToken ct)
    {
        while (true)
        {
            StageEnd end;
            try
            {
                end = await StageAsync(c, goal, planning, ct).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return new Problem(ProblemCode.Cancelled, "interrupted").At($"step {c.Id}");
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                end = Problem.Bug($"{e.GetType().Name}: {e.Message}").At($"step {c.Id}").With("stack", $"{e.StackTrace}");
            }

            if (end.Kind == StageEndKind.Moved) continue;
            if (end.Problem is { } said) end = end with { Problem = Redacted(c, said) };
            if (end.Kind != StageEndKind.Refused || !IsVerdict(end.Problem!)) return end;
            // From the commit marker on there is no way back: a failure there is one of completing, and never sets the workspace free.
            if (c.Flight is { State: TakeoffRunning or ExecutionComplete, TakeOff: not null })
                return StageEnd.Waiting(end.Problem! with { Remedy = "Mend the cause, then `cabincrew resume`: the change will be completed." });
            // Whatever went wrong after an engine could reach outside: what it did there is not undone by failing.
            if (c.Flight is { State: TakeoffRunning, Intent: true } && !TakeOffStage.IsKnownOutcome(end.Problem!.Code))
                return await TakeOffStage.InDoubtAsync(c, $"take-off may have had effects outside, and then failed: {end.Problem.Message}", CancellationToken.None).ConfigureAwait(false);
            return await FailAsync(c, end).ConfigureAwait(false);
        }
    }

    private static Task<StageEnd> StageAsync(StepContext c, FlightGoal goal, CancellationToken planning, CancellationToken ct) => c.Flight.State switch
    {
        Init or PlanRunning => FlightPlanStage.RunAsync(c, planning),
        PlanGenerated or ArtifactsValidated => BackToPlanAsync(c, planning),
        TokenCreated or PreFlightRunning => PreflightStage.RunAsync(c, planning),
        PreflightComplete => Task.FromResult<StageEnd>(new Problem(ProblemCode.PolicyDenied, "denied").At($"step {c.Id}")),
        AwaitingApproval => ApprovalStage.RunAsync(c, planning),
        Approved => ReadyAsync(c, planning),
        ReadyForTakeoff => goal == FlightGoal.Plan ? Task.FromResult(StageEnd.Resting) : TakeOffStage.RunAsync(c, ct),
        TakeoffRunning => TakeOffStage.RecoverAsync(c, ct),
        ExecutionComplete => TakeOffStage.CompleteAsync(c, ct),
        Completed or Failed => Task.FromResult(StageEnd.Resting),
    };

    private static Task<StageEnd> BackToPlanAsync(StepContext c, CancellationToken ct) => MoveAsync(c, PlanRunning, "the plan was not frozen before a restart", ct);

    private static Task<StageEnd> ReadyAsync(StepContext c, CancellationToken ct) => MoveAsync(c, ReadyForTakeoff, null, ct);

    private static async Task<StageEnd> MoveAsync(StepContext c, LifecycleState to, string? reason, CancellationToken ct)
    {
        var from = c.Flight.State;
        var moved = await c.Journal.CommitAsync(_ => new()
        {
            Entries = [FlightEntries.Moved(c.Id, from, to, reason)],
            Audit = [c.Audit.Moved(c.Id, from, to)],
        }, ct).ConfigureAwait(false);
        return moved.Try(out _, out var problem) ? StageEnd.Moved : problem;
    }

    // What says something about the plan fails the step; what says something about us (fenced, store away, interrupted) leaves it as it is.
    private static bool IsVerdict(Problem problem) =>
        problem.Code is not (ProblemCode.StoreFenced or ProblemCode.StoreUnavailable or ProblemCode.StoreCorrupt or ProblemCode.AuditUnwritable or ProblemCode.Cancelled);

    private static async Task<StageEnd> FailAsync(StepContext c, StageEnd end)
    {
        var (from, problem) = (c.Flight.State, end.Problem!);
        var failed = await c.Journal.CommitAsync(_ => new()
        {
            Entries = [FlightEntries.StepFailed(c.Id, from, problem, end.Log)],
            Audit = [c.Audit.Problem(EventOf(problem), c.Id, from, problem), c.Audit.Moved(c.Id, from, Failed)],
            Lock = from == TakeoffRunning ? LockMove.Release : LockMove.None,
            Intent = from == TakeoffRunning ? IntentMove.Clear : IntentMove.None,
        }, CancellationToken.None).ConfigureAwait(false);
        if (!failed.Try(out _, out var unwritten)) return unwritten;
        c.Tell(Failed, problem.ToString());
        return end;
    }

    // An engine's own words are part of many a problem, and go to terminals and CI logs as well as to the store.
    private static Problem Redacted(StepContext c, Problem problem) => problem with
    {
        Message = c.Ledger.Redactor.Redact(problem.Message),
        Where = problem.Where is { } where ? c.Ledger.Redactor.Redact(where) : null,
        Evidence = problem.Evidence.Select(e => KeyValuePair.Create(e.Key, c.Ledger.Redactor.Redact(e.Value))).ToImmutableSortedDictionary(StringComparer.Ordinal),
    };

    private static string EventOf(Problem problem) => problem.Code.Entry() switch
    {
        { Code: ProblemCode.TokenMismatch or ProblemCode.BlobCorrupt or ProblemCode.BlobMissing } => AuditEventTypes.TokenMismatch,
        { Code: ProblemCode.WorkspaceDrift } => AuditEventTypes.WorkspaceDrift,
        { Code: ProblemCode.ApprovalExpired } => AuditEventTypes.ApprovalExpired,
        { Code: ProblemCode.TakeOffUndeclaredChange or ProblemCode.TakeOffMissingChange or ProblemCode.TakeOffForbidden } => AuditEventTypes.TakeOffRefused,
        { Class: ProblemClass.Artifact } => AuditEventTypes.ArtifactRefused,
        _ => AuditEventTypes.ProblemReported,
    };
}
