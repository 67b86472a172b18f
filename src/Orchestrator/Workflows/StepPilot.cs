// Flies one step from state to state until it rests: done, failed, waiting for a person, or at the goal. The stage runner of the house:
// here a bug becomes FAILED with an audit event, and a cancelled run stays where its log says it is.
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
    /// <param name="share">See <see cref="TryShare"/>.</param>
    /// <param name="planning">Cancelled when a sibling failed: stops planning, never a take-off.</param>
    public static async Task<StageEnd> FlyAsync(StepContext c, FlightGoal goal, IDisposable? share, CancellationToken planning, CancellationToken ct)
    {
        await using var standby = new Standby(c, goal, ct);
        c = c with { Standby = standby };
        try
        {
            while (true)
            {
                StageEnd end;
                try
                {
                    if (IsPlanning(c.Flight.State)) share ??= await c.Gate.ShareAsync(planning).ConfigureAwait(false);
                    else Leave(ref share);
                    end = await StageAsync(c, goal, planning, ct).ConfigureAwait(false);
                }
                catch (OperationCanceledException)
                {
                    end = new Problem(ProblemCode.Cancelled, "interrupted").At($"step {c.Id}");
                }
                catch (Exception e) when (e is not OutOfMemoryException)
                {
                    end = Problem.Bug($"{e.GetType().Name}: {e.Message}").At($"step {c.Id}").With("stack", $"{e.StackTrace}");
                }

                if (end.Kind == StageEndKind.Moved) continue;
                if (end.Problem is { } problem) end = end with { Problem = c.Redacted(problem) };
                return end.Kind == StageEndKind.Refused ? await RefusedAsync(c, end).ConfigureAwait(false) : end;
            }
        }
        finally
        {
            share?.Dispose();
        }
    }

    /// <summary>Asked for all steps that start together, before one of them goes on: else the first could take off, all at a stretch, before the second has begun to plan. Null: there is none to be had now.</summary>
    public static IDisposable? TryShare(StepContext c) => IsPlanning(c.Flight.State) ? c.Gate.TryShare() : null;

    private static void Leave(ref IDisposable? share)
    {
        share?.Dispose();
        share = null;
    }

    // What is planned and judged is looked at on a workspace that no sibling changes meanwhile.
    private static bool IsPlanning(LifecycleState state) => state < PreflightComplete;

    private static async Task<StageEnd> RefusedAsync(StepContext c, StageEnd end)
    {
        var (flight, problem) = (c.Flight, end.Problem!);
        if (IsVerdict(problem))
        {
            // From the commit marker on there is no way back: a failure there is one of completing, and never sets the workspace free.
            if (flight is { State: TakeoffRunning or ExecutionComplete, TakeOff: not null }) return await TakeOffRecovery.UnfinishedAsync(c, problem).ConfigureAwait(false);
            // Whatever went wrong after an engine could reach outside: what it did there is not undone by failing.
            return flight is { State: TakeoffRunning, Intent: true } && !TakeOffStage.IsKnownOutcome(problem.Code)
                ? await TakeOffRecovery.InDoubtAsync(c, $"take-off may have had effects outside, and then failed: {problem.Message}", CancellationToken.None).ConfigureAwait(false)
                : await FailAsync(c, end).ConfigureAwait(false);
        }
        // Interrupted by a person, not by death: there is time to give the lock back.
        if (flight is { State: TakeoffRunning, Intent: false, TakeOff: null } && problem.Code == ProblemCode.Cancelled)
            await TakeOffRecovery.RollBackAsync(c, "interrupted", CancellationToken.None).ConfigureAwait(false);
        return end;
    }

    private static Task<StageEnd> StageAsync(StepContext c, FlightGoal goal, CancellationToken planning, CancellationToken ct) => c.Flight.State switch
    {
        Init or PlanRunning => FlightPlanStage.RunAsync(c, planning),
        PlanGenerated or ArtifactsValidated => BackToPlanAsync(c, planning),
        TokenCreated or PreFlightRunning => PreflightStage.RunAsync(c, planning),
        PreflightComplete => Task.FromResult<StageEnd>(new Problem(ProblemCode.PolicyDenied, "denied").At($"step {c.Id}")),
        AwaitingApproval => ApprovalStage.RunAsync(c, planning),
        Approved => MoveAsync(c, ReadyForTakeoff, null, planning),
        ReadyForTakeoff => goal == FlightGoal.Plan ? Task.FromResult(StageEnd.Resting) : TakeOffStage.RunAsync(c, ct),
        TakeoffRunning => TakeOffRecovery.RunAsync(c, ct),
        ExecutionComplete => TakeOffRecovery.CompleteAsync(c, ct),
        Completed or Failed => Task.FromResult(StageEnd.Resting),
    };

    private static Task<StageEnd> BackToPlanAsync(StepContext c, CancellationToken ct) => MoveAsync(c, PlanRunning, "the plan was not frozen before a restart", ct);

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
        problem.Code is not (ProblemCode.StoreFenced or ProblemCode.StoreMoved or ProblemCode.StoreUnavailable or ProblemCode.StoreCorrupt or ProblemCode.AuditUnwritable or ProblemCode.Cancelled);

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
