// Replay: the state of a workflow is a pure fold over its log (ORC-04, ORC-05). An entry that does not fit is corruption, not a guess.
using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CabinCrew.Protocol;
using CabinCrew.Protocol.Wire;
using static CabinCrew.Protocol.LifecycleState;

namespace CabinCrew.Orchestrator.Workflows;

public static class FlightFold
{
    public static Outcome<FlightState> Replay(WorkflowId id, IReadOnlyList<WalEntry> entries)
    {
        FlightState? state = null;
        foreach (var entry in entries)
        {
            var next = Apply(id, state, entry.EntryType, entry.Data, entry.Sequence, entry.Timestamp);
            if (!next.Try(out state, out var problem)) return problem;
        }
        return state is not null ? state : Corrupt(id, -1, "the log is empty");
    }

    /// <summary>One entry more. <paramref name="state"/> is null before the first.</summary>
    internal static Outcome<FlightState> Apply(
        WorkflowId id, FlightState? state, string type, JsonElement data, long sequence, DateTimeOffset at)
    {
        try
        {
            if (state is null)
                return type == WalEntryTypes.WorkflowStarted ? Begin(id, Read(data, FlightJson.Default.WorkflowStartedData), at) : Corrupt(id, sequence, $"a log begins with {WalEntryTypes.WorkflowStarted}, not {type}");
            if (state.Ended is not null) return Corrupt(id, sequence, $"{type} after the end of the workflow");
            var next = Step(state, type, data, sequence);
            return next.Map(s => s with { UpdatedAt = at, Timeline = s.Timeline.Add(Tell(type, data, sequence, at)) });
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Checksums keep accidents out, not somebody who recomputes them: whatever such data breaks in here, it is corrupt, and harms no other flight.
            return Corrupt(id, sequence, $"{type} cannot be read: {e.Message}");
        }
    }

    private static Outcome<FlightState> Begin(WorkflowId id, WorkflowStartedData data, DateTimeOffset at) =>
        DefinitionSnapshot.Read(data.Extensions.Definition).Map(definition => new FlightState
        {
            Id = id,
            Definition = definition,
            Requester = data.Extensions.Requester,
            Unsandboxed = data.Extensions.Unsandboxed,
            Undoes = data.Extensions.Undoes,
            CreatedAt = at,
            UpdatedAt = at,
            Steps = definition.Steps.ToImmutableSortedDictionary(s => s.Id, s => new StepFlight { Id = s.Id }),
            Timeline = [new(at, 0, WalEntryTypes.WorkflowStarted, null, $"started by {data.Extensions.Requester}")],
        });

    // Each entry has the states in which it can be written; in any other it does not fit, whatever it says.
    private static Outcome<FlightState> Step(FlightState state, string type, JsonElement data, long sequence) => type switch
    {
        WalEntryTypes.StepStarted => Started(state, Read(data, FlightJson.Default.StepStartedData), type, sequence),
        WalEntryTypes.StateChanged => Moved(state, Read(data, FlightJson.Default.StateChangedData), sequence),
        WalEntryTypes.ArtifactCreated => Read(data, FlightJson.Default.ArtifactCreatedData).Extensions is var d
            ? On(state, d.StepId, [PlanGenerated], type, sequence, s => s) : state,
        WalEntryTypes.PlanFrozen => Read(data, FlightJson.Default.PlanFrozenData) is var d
            ? On(state, d.StepId, [PlanGenerated], type, sequence, s => s with { Plan = d.Plan }) : state,
        WalEntryTypes.TokenCreated => Read(data, FlightJson.Default.TokenCreatedData) is var d
            ? On(state, d.StepId, [ArtifactsValidated], type, sequence, s => s with { Token = d.Token }) : state,
        WalEntryTypes.PolicyEvaluated => Read(data, FlightJson.Default.PolicyEvaluatedData).Extensions is var d
            ? On(state, d.StepId, [PreFlightRunning], type, sequence, s => s with { Evaluations = s.Evaluations.Add(d.Evaluation) }) : state,
        WalEntryTypes.Judged => Read(data, FlightJson.Default.JudgedData) is var d
            ? On(state, d.StepId, [PreFlightRunning], type, sequence, s => s with { Judgement = d.Judgement, JudgedWith = d.Inputs }) : state,
        WalEntryTypes.ApprovalRequested => Read(data, FlightJson.Default.ApprovalRequestedData) is var d
            ? On(state, d.StepId, [PreflightComplete], type, sequence, s => s with { Request = d.Extensions.Request, Responses = [] }) : state,
        WalEntryTypes.ApprovalReceived => Read(data, FlightJson.Default.ApprovalReceivedData).Extensions is var d
            ? On(state, d.StepId, [AwaitingApproval], type, sequence, s => s with { Responses = s.Responses.Add(d.Response) }) : state,
        WalEntryTypes.TakeOffIntent => Read(data, FlightJson.Default.TakeOffIntentData) is var d
            ? On(state, d.StepId, [TakeoffRunning], type, sequence, s => s with { Intent = true }) : state,
        WalEntryTypes.TakeOffCommit => Read(data, FlightJson.Default.TakeOffCommitData) is var d
            ? On(state, d.StepId, [TakeoffRunning], type, sequence, s => s with { TakeOff = d.Record, Intent = false }) : state,
        WalEntryTypes.TakeOffInDoubt => Read(data, FlightJson.Default.TakeOffInDoubtData) is var d
            ? On(state, d.StepId, [TakeoffRunning], type, sequence, s => s with { InDoubt = d.Reason }) : state,
        WalEntryTypes.TakeOffResolved => Read(data, FlightJson.Default.TakeOffResolvedData) is var d
            ? On(state, d.StepId, [TakeoffRunning], type, sequence, s => s with { Resolution = d.Resolution, InDoubt = null, Intent = false }) : state,
        WalEntryTypes.StepCompleted => Read(data, FlightJson.Default.StepCompletedData) is var d
            ? On(state, d.StepId, [ExecutionComplete], type, sequence, s => s with { CompletedAt = sequence }) : state,
        WalEntryTypes.WorkflowCompleted => state.Steps.Values.All(s => s.State == Completed)
            ? state with { Ended = Completed }
            : Corrupt(state.Id, sequence, $"{type}, but not every step is completed"),
        WalEntryTypes.WorkflowFailed => FailedWith(state, Read(data, FlightJson.Default.WorkflowFailedData), sequence),
        _ => Corrupt(state.Id, sequence, $"unknown entry type '{type}'"),
    };

    private static Outcome<FlightState> Started(FlightState state, StepStartedData data, string type, long sequence) => data.Extensions.Mode == EngineMode.FlightPlan
        ? On(state, data.StepId, [PlanRunning], type, sequence, s => s with { PlanRuns = s.PlanRuns + 1, PlannedAt = sequence })
        : On(state, data.StepId, [TakeoffRunning], type, sequence, s => s with { TakeOffRuns = s.TakeOffRuns + 1 });

    private static Outcome<FlightState> FailedWith(FlightState state, WorkflowFailedData data, long sequence) =>
        state.Steps.Values.Any(s => s.State == Failed) && !state.Steps.Values.Any(s => s.State is TakeoffRunning or ExecutionComplete)
            ? state with
            {
                Ended = Failed,
                Problem = data.Extensions.Problem,
                FailureLog = data.Extensions.Log,
                FailedStep = data.FailedStep is null ? null : StepId.Parse(data.FailedStep),
            }
            : Corrupt(state.Id, sequence, "the workflow failed, but no step did, or one is taking off");

    private static Outcome<FlightState> Moved(FlightState state, StateChangedData data, long sequence)
    {
        var step = state.Steps[StepId.Parse(data.StepId)];
        if (step.State != data.From) return Corrupt(state.Id, sequence, $"step {data.StepId} is in {step.State.Word()}, not in {data.From.Word()}");
        if (!StateMachine.Allows(data.From, data.To))
            return new Problem(ProblemCode.IllegalTransition, $"{data.From.Word()} to {data.To.Word()} is no transition of the lifecycle").At($"workflow {state.Id}, step {data.StepId}, entry {sequence}");
        // A new plan forgets the old one whole: token, judgement, approvals.
        return On(state, data.StepId, [data.From], "the move", sequence, s => data.To == PlanRunning
            ? new StepFlight { Id = s.Id, State = PlanRunning, PlanRuns = s.PlanRuns, TakeOffRuns = s.TakeOffRuns }
            : s with { State = data.To, Problem = data.Problem, FailureLog = data.Log, InDoubt = data.To == Failed ? null : s.InDoubt, Intent = data.To != Failed && s.Intent });
    }

    private static Outcome<FlightState> On(FlightState state, string step, LifecycleState[] states, string type, long sequence, Func<StepFlight, StepFlight> change)
    {
        var id = StepId.Parse(step);
        var flight = state.Steps[id];
        return states.Contains(flight.State)
            ? state with { Steps = state.Steps.SetItem(id, change(flight)) }
            : Corrupt(state.Id, sequence, $"{type} while step {id} is in {flight.State.Word()}");
    }

    private static T Read<T>(JsonElement data, JsonTypeInfo<T> info) => data.Deserialize(info) ?? throw new JsonException("null");

    private static TimelineEntry Tell(string type, JsonElement data, long sequence, DateTimeOffset at)
    {
        StepId? step = data.TryGetProperty("step_id", out var s) && StepId.TryParse(s.GetString(), out var id) ? id : null;
        var text = type switch
        {
            WalEntryTypes.StateChanged => data.GetProperty("to").GetString() + (data.TryGetProperty("reason", out var why) ? $" ({why.GetString()})" : ""),
            WalEntryTypes.TokenCreated => data.GetProperty("token").GetProperty("token").GetString()!,
            WalEntryTypes.ArtifactCreated => data.GetProperty("artifact_id").GetString()!,
            WalEntryTypes.PolicyEvaluated => $"{data.GetProperty("policy_name").GetString()}: {data.GetProperty("decision").GetString()}",
            WalEntryTypes.ApprovalRequested => $"{data.GetProperty("approval_id").GetString()} needs {data.GetProperty("required_role").GetString()}",
            WalEntryTypes.ApprovalReceived => $"{(data.GetProperty("approved").GetBoolean() ? "approved" : "rejected")} by {data.GetProperty("approver").GetString()}",
            WalEntryTypes.TakeOffInDoubt => data.GetProperty("reason").GetString()!,
            WalEntryTypes.TakeOffResolved => data.GetProperty("resolution").Deserialize(FlightJson.Default.ResolutionRecord)!.Sentence,
            WalEntryTypes.WorkflowFailed => data.GetProperty("error").GetString()!,
            _ => type.Replace('_', ' '),
        };
        return new(at, sequence, type, step, text);
    }

    private static Problem Corrupt(WorkflowId id, long sequence, string what) =>
        new Problem(ProblemCode.StoreCorrupt, what).At($"workflow {id}, entry {sequence}");
}
