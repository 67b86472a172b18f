// At most one sandbox for a step's take-off, set up ahead of the decision whether it takes off at all. Where that is likely in vain it is not begun.
using CabinCrew.Orchestrator.Engines;
using CabinCrew.Protocol;

namespace CabinCrew.Orchestrator.Workflows.Stages;

/// <param name="ct">Of a take-off, not of planning.</param>
internal sealed class Standby(StepContext c, FlightGoal goal, CancellationToken ct) : IAsyncDisposable
{
    private Task<TakeOffSandbox?>? ahead;

    /// <summary>Called when the plan's own engine has ended and its plan is a good one: it is over when that is frozen, judged, and the workspace hashed. The first call counts.</summary>
    public void SetUp(ResolvedEngine engine)
    {
        if (IsLikelyFlown()) ahead ??= Task.Run(() => TakeOffSandbox.SetUpAhead(c, engine, ct), CancellationToken.None);
    }

    /// <summary>The sandbox, where there is one and it shows what is to be shown now; whoever takes it disposes of it.</summary>
    public async Task<TakeOffSandbox?> TakeAsync(ResolvedEngine engine)
    {
        if (Interlocked.Exchange(ref ahead, null) is not { } task) return null;
        await ((Task)task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // What could not be set up ahead is set up when it is needed, and then its reason is told.
        if (!task.IsCompletedSuccessfully || task.Result is not { } sandbox) return null;
        if (sandbox.IsUpToDate(c, engine)) return sandbox;
        c.Afterwards.Dispose(sandbox);
        return null;
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref ahead, null) is not { } task) return;
        await ((Task)task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (task.IsCompletedSuccessfully && task.Result is { } unused) c.Afterwards.Dispose(unused);
    }

    // Without isolation the plan's engine could reach what stands there. A person is asked, and may take days. What reaches outside is set up only under its lock. And where steps stand side by side, the first to take off
    // moves the workspace under all others: so many sandboxes would wait for nothing.
    private bool IsLikelyFlown()
    {
        var (flight, step) = (c.Journal.State, c.Definition);
        return goal == FlightGoal.Land && c.Runner is { HasMounts: true, Tier: not Tiers.None } && step is { HasOutsideEffects: false, Approvals.Count: 0 }
            && flight.Definition.Steps.Count(s => flight.Steps[s.Id].State != LifecycleState.Completed && s.Needs.All(n => flight.Steps[n].State == LifecycleState.Completed)) == 1;
    }
}
