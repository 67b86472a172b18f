// Flies one claimed workflow: starts every step whose needs are met, side by side, until all of them rest (ORC-06).
using CabinCrew.Orchestrator.Workflows.Stages;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;

namespace CabinCrew.Orchestrator.Workflows;

internal sealed class FlightRunner(Journal journal, FlightAudit audit, Func<StepDefinition, StepContext> contextOf)
{
    /// <summary>Null: everything rests well (landed, or at the goal). Else the most telling reason why it does not.</summary>
    public async Task<Problem?> FlyAsync(FlightGoal goal, CancellationToken ct)
    {
        using var siblings = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var flying = new Dictionary<StepId, Task<StageEnd>>();
        var rested = new Dictionary<StepId, StageEnd>();
        while (true)
        {
            var ready = Ready(flying, rested).Select(contextOf).Select(c => (Step: c, Share: StepPilot.TryShare(c))).ToList();
            foreach (var (step, share) in ready) flying[step.Id] = Task.Run(() => StepPilot.FlyAsync(step, goal, share, siblings.Token, ct), CancellationToken.None);
            if (flying.Count == 0) break;
            var landed = await Task.WhenAny(flying.Values).ConfigureAwait(false);
            var id = flying.First(f => f.Value == landed).Key;
            flying.Remove(id);
            rested[id] = await landed.ConfigureAwait(false);
            if (rested[id].Kind == StageEndKind.Refused) await siblings.CancelAsync().ConfigureAwait(false);
        }
        return await EndAsync(rested).ConfigureAwait(false);
    }

    private List<StepDefinition> Ready(Dictionary<StepId, Task<StageEnd>> flying, Dictionary<StepId, StageEnd> rested)
    {
        var state = journal.State;
        var open = state.Definition.Steps.Where(s => !flying.ContainsKey(s.Id) && !rested.ContainsKey(s.Id) && !StateMachine.IsFinal(state.Steps[s.Id].State)).ToList();
        // A take-off that was cut off is brought to an end before anything else, and whatever became of its siblings: it holds the lock.
        if (open.Where(s => IsTakingOff(state.Steps[s.Id])).ToList() is { Count: > 0 } cut) return cut;
        if (rested.Values.Any(e => e.Kind == StageEndKind.Refused) || state.Steps.Values.Any(s => s.State == LifecycleState.Failed)) return [];
        return [.. open.Where(s => s.Needs.All(n => state.Steps[n].State == LifecycleState.Completed))];
    }

    private async Task<Problem?> EndAsync(Dictionary<StepId, StageEnd> rested)
    {
        var state = journal.State;
        // Its last step has said so already.
        if (state.Ended is not null) return null;
        // A flight does not end while one of its take-offs has no known outcome.
        if (state.Steps.Values.Any(IsTakingOff)) return Worst(rested);
        if (state.Steps.Values.FirstOrDefault(s => s.State == LifecycleState.Failed) is { } failed)
        {
            var record = failed.Problem ?? ProblemRecord.From(new(ProblemCode.WorkflowFailed, "a step failed"));
            var written = await journal.CommitAsync(_ => new()
            {
                Entries = [FlightEntries.Failed(record, failed.Id, failed.FailureLog)],
                Audit = [audit.Event(AuditEventTypes.WorkflowFailed, failed.Id, LifecycleState.Failed, $"{record.Code}: {record.Message}", Severity.Error)],
            }, CancellationToken.None).ConfigureAwait(false);
            return written.Problem ?? Worst(rested) ?? new Problem(ProblemCode.WorkflowFailed, record.Message) { Where = record.Where };
        }
        if (state.Steps.Values.All(s => s.State == LifecycleState.Completed))
        {
            var written = await journal.CommitAsync(s => new() { Entries = [FlightEntries.Landed(s)], Audit = audit.Landed(s) }, CancellationToken.None).ConfigureAwait(false);
            return written.Problem;
        }
        return Worst(rested);
    }

    private static bool IsTakingOff(StepFlight step) => step.State is LifecycleState.TakeoffRunning or LifecycleState.ExecutionComplete;

    // Doubt first, then refusals of the plan, then interruptions, then waiting.
    private static Problem? Worst(Dictionary<StepId, StageEnd> rested) => rested.Values
        .Where(e => e.Problem is not null)
        .OrderBy(e => e.Kind switch
        {
            StageEndKind.InDoubt => 0,
            StageEndKind.Refused => e.Problem!.Code == ProblemCode.Cancelled ? 2 : 1,
            StageEndKind.Waiting or StageEndKind.Resting or StageEndKind.Moved => 3,
        })
        .FirstOrDefault()?.Problem;
}
